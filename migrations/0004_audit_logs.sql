-- +goose Up
-- The audit log for outsiders: signed checkpoints, a log after a restore, and roles that may do what they must and no more.

-- One row per log. There is one until the database is restored from a copy that is older than what was signed: then the old
-- log cannot go on, because outsiders hold checkpoints of leaves that are gone, and a new one begins whose first leaf names
-- the last checkpoint of the old one.
CREATE TABLE audit.log (
	number   smallint PRIMARY KEY CHECK (number > 0),
	begun_at timestamptz NOT NULL
);
INSERT INTO audit.log (number, begun_at) VALUES (1, now());
CALL public.append_only('audit.log');

ALTER TABLE audit.leaf ADD COLUMN log smallint NOT NULL DEFAULT 1 REFERENCES audit.log;
ALTER TABLE audit.leaf DROP CONSTRAINT leaf_pkey;
ALTER TABLE audit.leaf ADD PRIMARY KEY (log, index);
ALTER TABLE audit.leaf ALTER COLUMN log DROP DEFAULT;
ALTER TABLE audit.leaf ALTER COLUMN event_id DROP NOT NULL;
ALTER TABLE audit.leaf ADD CONSTRAINT leaf_stands_for_an_event CHECK (event_id IS NOT NULL OR (index = 0 AND log > 1));

ALTER TABLE audit.node ADD COLUMN log smallint NOT NULL DEFAULT 1 REFERENCES audit.log;
ALTER TABLE audit.node DROP CONSTRAINT node_pkey;
ALTER TABLE audit.node ADD PRIMARY KEY (log, level, index);
ALTER TABLE audit.node ALTER COLUMN log DROP DEFAULT;
-- Nodes in the order in which leaves complete them, for a verification that reads both side by side.
CREATE INDEX node_completed ON audit.node (log, ((index + 1) << level), level);

-- Checkpoints as they left the signer, with its signature and those of witnesses.
CREATE TABLE audit.checkpoint (
	log       smallint NOT NULL REFERENCES audit.log,
	size      bigint NOT NULL CHECK (size > 0),
	origin    text NOT NULL,
	root      bytea NOT NULL CHECK (length(root) = 32),
	vkey      text NOT NULL, -- of the log, for convenience; who verifies has it from elsewhere
	note      text NOT NULL,
	signed_at timestamptz NOT NULL,
	PRIMARY KEY (log, size)
);
CALL public.append_only('audit.checkpoint');

-- What verifications came to that were asked for on the pages.
CREATE TABLE audit.verification (
	id       uuid PRIMARY KEY,
	at       timestamptz NOT NULL,
	asked_by uuid NOT NULL REFERENCES public.person,
	size     bigint NOT NULL,
	root     text NOT NULL,
	problems text[] NOT NULL,
	notices  text[] NOT NULL
);
CREATE INDEX verification_at ON audit.verification (at DESC);
CALL public.append_only('audit.verification');

-- An auditor reads the log and the record of its verification, and no more of statements than anybody.
ALTER TABLE public.appointment DROP CONSTRAINT appointment_office;
ALTER TABLE public.appointment ADD CONSTRAINT appointment_office CHECK (office IN ('chair', 'vice-chair', 'secretary', 'editor', 'auditor'));

-- +goose StatementBegin
-- append adds one leaf per event to the newest log and returns the index of the first; see 0003.
CREATE OR REPLACE FUNCTION audit.append(event_ids uuid[], payloads bytea[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	current smallint;
	first   bigint;
BEGIN
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		RAISE EXCEPTION 'audit.append needs READ COMMITTED, not %', current_setting('transaction_isolation');
	END IF;
	IF coalesce(array_length(event_ids, 1), 0) <> coalesce(array_length(payloads, 1), 0) OR array_length(event_ids, 1) IS NULL THEN
		RAISE EXCEPTION 'audit.append needs one payload for each event and at least one';
	END IF;
	IF array_position(event_ids, NULL) IS NOT NULL OR array_position(payloads, NULL) IS NOT NULL THEN
		RAISE EXCEPTION 'audit.append takes no NULL';
	END IF;
	PERFORM set_config('synchronous_commit', 'on', true);
	PERFORM pg_advisory_xact_lock(7021310926410351); -- the log's, nobody else's
	SELECT log.number INTO STRICT current FROM audit.log ORDER BY log.number DESC LIMIT 1;
	SELECT coalesce(max(leaf.index) + 1, 0) INTO first FROM audit.leaf WHERE leaf.log = current;
	FOR i IN 1 .. array_length(event_ids, 1) LOOP
		PERFORM audit.add(current, first + i - 1, event_ids[i], payloads[i]);
	END LOOP;
	RETURN first;
END $$;

-- add writes one leaf and the subtrees that it completes. Only append and begin call it, under the log's lock.
CREATE FUNCTION audit.add(current smallint, at bigint, event_id uuid, payload bytea) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	idx bigint := at;
	lvl smallint := 0;
	h   bytea := sha256('\x00'::bytea || payload);
	l   bytea;
BEGIN
	INSERT INTO audit.leaf (log, index, event_id, payload, hash) VALUES (current, at, event_id, payload, h);
	WHILE idx & 1 = 1 LOOP
		IF lvl = 0 THEN
			SELECT leaf.hash INTO STRICT l FROM audit.leaf WHERE leaf.log = current AND leaf.index = idx - 1;
		ELSE
			SELECT node.hash INTO STRICT l FROM audit.node WHERE node.log = current AND node.level = lvl AND node.index = idx - 1;
		END IF;
		h := sha256('\x01'::bytea || l || h);
		lvl := lvl + 1;
		idx := idx >> 1;
		INSERT INTO audit.node (log, level, index, hash) VALUES (current, lvl, idx, h);
	END LOOP;
END $$;

-- begin starts a new log after a restore. Its first leaf stands for no event of the register: it names the last checkpoint
-- of the log before.
CREATE FUNCTION audit.begin(payload bytea) RETURNS smallint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	following smallint;
BEGIN
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		RAISE EXCEPTION 'audit.begin needs READ COMMITTED, not %', current_setting('transaction_isolation');
	END IF;
	PERFORM set_config('synchronous_commit', 'on', true);
	PERFORM pg_advisory_xact_lock(7021310926410351);
	SELECT log.number + 1 INTO STRICT following FROM audit.log ORDER BY log.number DESC LIMIT 1;
	INSERT INTO audit.log (number, begun_at) VALUES (following, statement_timestamp());
	PERFORM audit.add(following, 0::bigint, NULL::uuid, payload);
	RETURN following;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION audit.append(uuid[], bytea[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION audit.add(smallint, bigint, uuid, bytea) FROM PUBLIC;
REVOKE ALL ON FUNCTION audit.begin(bytea) FROM PUBLIC;

-- +goose StatementBegin
-- grant_roles makes the roles of the processes, as far as they are missing, and gives each what it needs. They cannot log
-- in: an operator makes a login for each process and grants it one of them. `liaison migrate` calls it every time.
--
-- Roles belong to the whole server. Who may not create them gets a warning with what to do; the owner of this database
-- then runs everything, and the program says so at its start.
CREATE PROCEDURE grant_roles() LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY ARRAY['liaison_app', 'liaison_worker', 'liaison_signer', 'liaison_auditor'] LOOP
		IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
			BEGIN
				EXECUTE format('CREATE ROLE %I NOLOGIN', name);
			EXCEPTION
				WHEN duplicate_object OR unique_violation THEN NULL; -- another database of this server was quicker
				WHEN insufficient_privilege THEN
					RAISE WARNING 'the role % is missing and % may not create it; run CREATE ROLE % NOLOGIN as a superuser and then liaison migrate again', name, current_user, name;
					RETURN;
			END;
		END IF;
	END LOOP;

	BEGIN
		EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
		EXECUTE 'REVOKE CREATE ON SCHEMA public FROM PUBLIC';
	EXCEPTION WHEN insufficient_privilege THEN
		RAISE WARNING 'everybody may still make temporary tables in this database; run REVOKE TEMPORARY ON DATABASE % FROM PUBLIC as its owner', current_database();
	END;

	-- What all of them read. The salts are what turns a commitment back into a name: who only verifies hashes has no need of them.
	GRANT USAGE ON SCHEMA audit TO liaison_app, liaison_worker, liaison_signer, liaison_auditor;
	GRANT SELECT ON audit.log, audit.leaf, audit.node, audit.checkpoint TO liaison_app, liaison_worker, liaison_signer, liaison_auditor;
	GRANT SELECT, INSERT ON audit.verification TO liaison_app;

	-- The pages: read everything, save drafts and files, keep sessions. What changes a state is the worker's.
	GRANT SELECT ON ALL TABLES IN SCHEMA public TO liaison_app;
	GRANT INSERT ON statement, draft, drafter, blob, event TO liaison_app;
	GRANT UPDATE (title, deadline, changed_at) ON statement TO liaison_app;
	GRANT UPDATE ON draft TO liaison_app;
	GRANT INSERT, UPDATE, DELETE ON session TO liaison_app;

	-- The worker: the one write path. It writes every table but people, bodies and sessions; it deletes nothing, and where
	-- rows never change it may only add.
	GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO liaison_worker;
	REVOKE INSERT, UPDATE ON body, person, appointment, terms_of_reference, goose_db_version FROM liaison_worker;
	REVOKE ALL ON session FROM liaison_worker;
	FOR name IN SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'append_only' AND tgrelid::regclass::text NOT LIKE 'audit.%' LOOP
		EXECUTE format('REVOKE UPDATE ON %s FROM liaison_worker', name);
	END LOOP;

	GRANT SELECT, INSERT ON audit.salt TO liaison_app, liaison_worker;
	GRANT EXECUTE ON FUNCTION audit.append(uuid[], bytea[]) TO liaison_app, liaison_worker;

	-- The signer: reads leaves, writes checkpoints.
	GRANT INSERT ON audit.checkpoint TO liaison_signer;

	-- The auditor: what verification and export read, and not what statements, drafts, files and messages say.
	GRANT SELECT ON event, decision, transmission, attempt, number_series, command, addressee, body, appointment, terms_of_reference, person TO liaison_auditor;
	GRANT SELECT (id, group_code, state, version, drafter_id, revision, digest, number, period, ref, approved_digest, approved_by, approved_as,
		approved_at, dispatched_at, created_at, changed_at) ON statement TO liaison_auditor;
	GRANT SELECT (statement_id, number, digest, submitted_by, submitted_at) ON revision TO liaison_auditor;
	GRANT SELECT (transmission_id, digest) ON message TO liaison_auditor;
	GRANT SELECT ON drafter, audit.salt TO liaison_auditor;

	-- Every process looks whether the schema is the one it knows.
	GRANT SELECT ON goose_db_version TO liaison_app, liaison_worker, liaison_signer, liaison_auditor;
END $$;
-- +goose StatementEnd
CALL grant_roles();

-- Receipts are asked for by message.
CREATE INDEX event_transmission ON public.event (transmission_id, seq) WHERE transmission_id IS NOT NULL;
