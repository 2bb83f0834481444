-- Made from the migrated database by go test ./migrations -run TestSchemaDocument -update. Do not edit.

CREATE SCHEMA audit;

CREATE DOMAIN public.language_tag AS text
	CONSTRAINT language_tag_check CHECK ((VALUE ~ '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$'::text));

CREATE DOMAIN public.sha256hex AS text
	CONSTRAINT sha256hex_check CHECK ((VALUE ~ '^[0-9a-f]{64}$'::text));

CREATE FUNCTION audit.add(current smallint, at bigint, event_id uuid, payload bytea) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

CREATE FUNCTION audit.append(event_ids uuid[], payloads bytea[]) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
	current smallint;
	first   bigint;
	n       integer := coalesce(array_length(event_ids, 1), 0);
	a       bigint;   -- the first index of this level that is new
	b       bigint;   -- and the last
	lvl     smallint := 0;
	hashes  bytea[];  -- from a to b
	l       bytea;    -- what stands left of a, where a parent needs it
BEGIN
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		RAISE EXCEPTION 'audit.append needs READ COMMITTED, not %', current_setting('transaction_isolation');
	END IF;
	IF n <> coalesce(array_length(payloads, 1), 0) OR n = 0 THEN
		RAISE EXCEPTION 'audit.append needs one payload for each event and at least one';
	END IF;
	IF array_position(event_ids, NULL) IS NOT NULL OR array_position(payloads, NULL) IS NOT NULL THEN
		RAISE EXCEPTION 'audit.append takes no NULL';
	END IF;
	SELECT array_agg(sha256('\x00'::bytea || x.payload) ORDER BY x.i) INTO hashes FROM unnest(payloads) WITH ORDINALITY x (payload, i);
	PERFORM set_config('synchronous_commit', 'on', true);
	PERFORM pg_advisory_xact_lock(7021310926410351); -- the log's, nobody else's
	SELECT log.number INTO STRICT current FROM audit.log ORDER BY log.number DESC LIMIT 1;
	SELECT coalesce(max(leaf.index) + 1, 0) INTO first FROM audit.leaf WHERE leaf.log = current;
	INSERT INTO audit.leaf (log, index, event_id, payload, hash)
		SELECT current, first + x.i - 1, x.event_id, x.payload, x.hash FROM unnest(event_ids, payloads, hashes) WITH ORDINALITY x (event_id, payload, hash, i);
	a := first;
	b := first + n - 1;
	WHILE b & 1 = 1 OR b > a LOOP -- some parent is complete
		l := NULL;
		IF a & 1 = 1 AND lvl = 0 THEN
			SELECT leaf.hash INTO STRICT l FROM audit.leaf WHERE leaf.log = current AND leaf.index = a - 1;
		ELSIF a & 1 = 1 THEN
			SELECT node.hash INTO STRICT l FROM audit.node WHERE node.log = current AND node.level = lvl AND node.index = a - 1;
		END IF;
		IF l IS NOT NULL THEN
			hashes := l || hashes;
			a := a - 1;
		END IF;
		SELECT array_agg(sha256('\x01'::bytea || hashes[2 * i + 1] || hashes[2 * i + 2]) ORDER BY i) INTO hashes FROM generate_series(0, (b - a + 1) / 2 - 1) i;
		a := a >> 1;
		b := a + array_length(hashes, 1) - 1;
		lvl := lvl + 1;
		INSERT INTO audit.node (log, level, index, hash)
			SELECT current, lvl, a + x.i - 1, x.hash FROM unnest(hashes) WITH ORDINALITY x (hash, i);
	END LOOP;
	RETURN first;
END $$;

CREATE FUNCTION audit.begin(payload bytea) RETURNS smallint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

CREATE FUNCTION audit.rehash(OUT what text, OUT number bigint, OUT size bigint, OUT wrong text[]) RETURNS SETOF record
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
	SELECT 'message', count(*), coalesce(sum(octet_length(bytes)), 0), coalesce(array_agg(transmission_id::text ORDER BY transmission_id) FILTER (WHERE digest <> encode(sha256(bytes), 'hex')), '{}') FROM public.message
	UNION ALL
	SELECT 'revision', count(*), coalesce(sum(octet_length(canonical)), 0), coalesce(array_agg(number || ' of the statement ' || statement_id ORDER BY statement_id, number) FILTER (WHERE digest <> encode(sha256(canonical), 'hex')), '{}') FROM public.revision
	UNION ALL
	SELECT 'file', count(*), coalesce(sum(octet_length(bytes)), 0), coalesce(array_agg(digest::text ORDER BY digest) FILTER (WHERE digest <> encode(sha256(bytes), 'hex')), '{}') FROM public.blob
	UNION ALL
	SELECT 'response', count(*), coalesce(sum(octet_length(canonical)), 0), coalesce(array_agg(id::text ORDER BY id) FILTER (WHERE digest <> encode(sha256(canonical), 'hex')), '{}') FROM public.transmission_response
	UNION ALL
	SELECT 'answer to a proposal', count(*), coalesce(sum(octet_length(canonical)), 0), coalesce(array_agg(id::text ORDER BY id) FILTER (WHERE digest <> encode(sha256(canonical), 'hex')), '{}') FROM public.proposal_answer
	UNION ALL
	SELECT 'profile of a body', count(*), coalesce(sum(octet_length(canonical)), 0), coalesce(array_agg(version || ' of ' || body_code ORDER BY body_code, version) FILTER (WHERE digest <> encode(sha256(canonical), 'hex')), '{}') FROM public.body_reach
	UNION ALL
	SELECT 'inbound message', count(*), coalesce(sum(octet_length(raw)), 0), coalesce(array_agg(id::text ORDER BY id) FILTER (WHERE digest <> encode(sha256(raw), 'hex')), '{}') FROM public.inbound_message
$$;

CREATE FUNCTION public.absence_guard() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
	IF TG_OP = 'DELETE' OR OLD.ended_on IS NOT NULL
		OR (NEW.id, NEW.group_code, NEW.kind, NEW.person_id, NEW.deputy_id, NEW.held_from, NEW.held_until, NEW.evidence, NEW.recorded_by, NEW.recorded_on, NEW.recorded_at)
			IS DISTINCT FROM (OLD.id, OLD.group_code, OLD.kind, OLD.person_id, OLD.deputy_id, OLD.held_from, OLD.held_until, OLD.evidence, OLD.recorded_by, OLD.recorded_on, OLD.recorded_at) THEN
		RAISE EXCEPTION 'an absence or delegation is ended once and otherwise stays as it is' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'absence_fixed';
	END IF;
	RETURN NEW;
END $$;

CREATE FUNCTION public.amendment_guard() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
	before jsonb;
	after  jsonb;
	name   text;
BEGIN
	SELECT convert_from(canonical, 'UTF8')::jsonb -> 'content' INTO STRICT before FROM revision WHERE statement_id = NEW.statement_id AND number = NEW.amends;
	SELECT convert_from(canonical, 'UTF8')::jsonb -> 'content' INTO STRICT after FROM revision WHERE statement_id = NEW.statement_id AND number = NEW.revision;
	FOREACH name IN ARRAY ARRAY['source', 'relations', 'agreed', 'addressees', 'deadline', 'confidentiality', 'embargo', 'attachments', 'report'] LOOP
		IF before -> name IS DISTINCT FROM after -> name THEN
			RAISE EXCEPTION 'a change of % is no editorial correction', name USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'amendment_is_editorial';
		END IF;
	END LOOP;
	RETURN NEW;
END $$;

CREATE PROCEDURE public.append_only(IN t regclass)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
	EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION public.refuse_change()', t);
	EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change()', t);
END $$;

CREATE FUNCTION public.attempt_guard() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
	IF TG_OP = 'DELETE' THEN
		RAISE EXCEPTION 'attempts are never deleted' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'attempt_kept';
	END IF;
	-- evidence is added once; unknown may still learn the answer that came late
	IF OLD.outcome IS NOT NULL AND OLD.outcome <> 'unknown' OR OLD.dot_at IS NOT NULL AND NEW.dot_at IS DISTINCT FROM OLD.dot_at THEN
		RAISE EXCEPTION 'what is known of an attempt does not change' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'attempt_fixed';
	END IF;
	RETURN NEW;
END $$;

CREATE FUNCTION public.decision_window_guard() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
	w correspondence_window;
BEGIN
	IF NEW.kind <> 'approve' OR NEW.mode IS NULL OR NEW.mode NOT IN ('correspondence', 'no-objection') THEN
		RETURN NEW;
	END IF;
	SELECT * INTO STRICT w FROM correspondence_window WHERE id = NEW.window_id;
	IF w.statement_id <> NEW.statement_id OR NEW.decided_at < w.ends_at OR NEW.given_on <= w.last_day THEN
		RAISE EXCEPTION 'it is approved before its time for objections is over' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'decision_after_its_window';
	END IF;
	IF EXISTS (SELECT FROM correspondence_saying s WHERE s.window_id = w.id AND (s.kind = 'objected' OR s.kind = 'objected-late' AND NEW.mode = 'no-objection')) THEN
		RAISE EXCEPTION 'somebody objected' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'decision_over_an_objection';
	END IF;
	IF NEW.mode = 'no-objection' AND (w.mode <> 'no-objection' OR w.opened_by <> NEW.person_id) THEN
		RAISE EXCEPTION 'the window does not approve by itself' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'decision_by_no_objection';
	END IF;
	RETURN NEW;
END $$;

CREATE FUNCTION public.employment_guard() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
	IF TG_OP = 'DELETE' OR OLD.ended_on IS NOT NULL
		OR (NEW.id, NEW.group_code, NEW.person_id, NEW.body_code, NEW.held_from, NEW.held_until, NEW.evidence, NEW.recorded_by, NEW.recorded_at)
			IS DISTINCT FROM (OLD.id, OLD.group_code, OLD.person_id, OLD.body_code, OLD.held_from, OLD.held_until, OLD.evidence, OLD.recorded_by, OLD.recorded_at) THEN
		RAISE EXCEPTION 'an employer is ended once and otherwise stays as it is' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'employment_fixed';
	END IF;
	RETURN NEW;
END $$;

CREATE PROCEDURE public.grant_roles()
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
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

CREATE FUNCTION public.hold_guard() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
	IF TG_OP = 'DELETE' OR OLD.lifted_at IS NOT NULL
		OR (NEW.id, NEW.relay, NEW.body_code, NEW.reason, NEW.held_by, NEW.held_at) IS DISTINCT FROM (OLD.id, OLD.relay, OLD.body_code, OLD.reason, OLD.held_by, OLD.held_at) THEN
		RAISE EXCEPTION 'a hold is lifted once and otherwise stays as it is' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'hold_fixed';
	END IF;
	RETURN NEW;
END $$;

CREATE FUNCTION public.inbound_message_guard() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
	IF TG_OP = 'DELETE' THEN
		RAISE EXCEPTION 'what came in is never deleted' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'inbound_message_kept';
	END IF;
	IF (NEW.id, NEW.digest, NEW.envelope_recipient, NEW.source, NEW.received_at) IS DISTINCT FROM (OLD.id, OLD.digest, OLD.envelope_recipient, OLD.source, OLD.received_at)
		OR NEW.raw IS DISTINCT FROM OLD.raw OR OLD.handled_at IS NOT NULL AND NEW.handled_at IS NULL THEN
		RAISE EXCEPTION 'what came in does not change' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'inbound_message_fixed';
	END IF;
	IF OLD.statement_id IS NOT NULL AND (NEW.statement_id, NEW.transmission_id, NEW.linked_at) IS DISTINCT FROM (OLD.statement_id, OLD.transmission_id, OLD.linked_at) THEN
		RAISE EXCEPTION 'a message is linked once' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'inbound_message_linked_once';
	END IF;
	RETURN NEW;
END $$;

CREATE FUNCTION public.meeting_decision_guard() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
	IF NOT EXISTS (
		SELECT FROM meeting m JOIN statement s ON s.group_code = m.group_code
		WHERE s.id = NEW.statement_id AND m.id = NEW.meeting_id AND m.state <> 'cancelled' AND NEW.given_on BETWEEN m.held_from AND m.held_until
			AND (NEW.entered_by IS NOT NULL OR m.state = 'open'))
	THEN
		RAISE EXCEPTION 'the meeting could not approve this statement on that day' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'decision_of_its_meeting';
	END IF;
	RETURN NEW;
END $$;

CREATE FUNCTION public.meeting_guard() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
	IF TG_OP = 'DELETE' OR OLD.state = 'closed' OR NEW.group_code <> OLD.group_code OR NEW.id <> OLD.id THEN
		RAISE EXCEPTION 'a meeting that is closed stays as it is, and none is taken away' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'meeting_fixed';
	END IF;
	IF NEW.state IN ('closed', 'cancelled') AND EXISTS (SELECT FROM statement WHERE tabled_for = NEW.id) THEN
		RAISE EXCEPTION 'statements are tabled for the meeting' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'meeting_ends_with_nothing_tabled';
	END IF;
	IF EXISTS (SELECT FROM decision WHERE meeting_id = NEW.id AND mode = 'meeting' AND (NEW.state = 'cancelled' OR given_on NOT BETWEEN NEW.held_from AND NEW.held_until)) THEN
		RAISE EXCEPTION 'the meeting decided on days that would not be its own' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'meeting_keeps_the_days_of_its_decisions';
	END IF;
	RETURN NEW;
END $$;

CREATE FUNCTION public.notice_guard() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
	IF TG_OP = 'DELETE' OR OLD.transmission_id IS NOT NULL OR OLD.withheld_at IS NOT NULL
		OR (NEW.id, NEW.event_id, NEW.statement_id, NEW.letter, NEW.person_id, NEW.about, NEW.made_at)
			IS DISTINCT FROM (OLD.id, OLD.event_id, OLD.statement_id, OLD.letter, OLD.person_id, OLD.about, OLD.made_at) THEN
		RAISE EXCEPTION 'a notice goes out once and otherwise stays as it is' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'notice_fixed';
	END IF;
	RETURN NEW;
END $$;

CREATE FUNCTION public.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
	RAISE EXCEPTION '% rows are never changed or deleted; a correction is a new row', TG_TABLE_NAME
		USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only';
END $$;

CREATE FUNCTION public.reply_guard() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
	IF TG_OP = 'DELETE' THEN
		RAISE EXCEPTION 'what an addressee owes is never deleted' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'reply_kept';
	END IF;
	IF (NEW.statement_id, NEW.revision, NEW.position, NEW.transmission_id, NEW.body_code, NEW.deadline)
		IS DISTINCT FROM (OLD.statement_id, OLD.revision, OLD.position, OLD.transmission_id, OLD.body_code, OLD.deadline) THEN
		RAISE EXCEPTION 'who owes a reply, and the deadline of the statement, do not change' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'reply_fixed';
	END IF;
	IF NEW.due < OLD.due THEN
		RAISE EXCEPTION 'a date that was granted is not taken back' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'reply_due_only_later';
	END IF;
	RETURN NEW;
END $$;

CREATE FUNCTION public.report_reminder_due() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
	IF NEW.due IS NULL THEN
		SELECT due INTO NEW.due FROM report_due WHERE id = NEW.due_id;
	END IF;
	RETURN NEW;
END $$;

CREATE FUNCTION public.search_config(language text) RETURNS regconfig
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog'
    AS $$
	SELECT CASE lower(split_part(language, '-', 1)) WHEN 'en' THEN 'english' WHEN 'fr' THEN 'french' WHEN 'es' THEN 'spanish'
		WHEN 'ru' THEN 'russian' WHEN 'ar' THEN 'arabic' ELSE 'simple' END::regconfig
$$;

CREATE FUNCTION public.search_folded(t text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog'
    AS $$
	SELECT translate(lower(t), 'áàâäãéèêëíìîïóòôöõúùûüñç', 'aaaaaeeeeiiiiooooouuuunc')
$$;

CREATE FUNCTION public.search_hits(query tsquery, most integer) RETURNS SETOF uuid
    LANGUAGE sql STABLE ROWS 500 PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'public'
    SET enable_seqscan TO 'off'
    AS $$
	SELECT statement_id FROM search WHERE words @@ query LIMIT most
$$;

CREATE FUNCTION public.search_loose(query tsquery) RETURNS tsquery
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog'
    AS $$
	SELECT CASE WHEN tree IN ('', 'T') THEN query ELSE regexp_replace(tree, '<(-|[0-9]+)>', '&', 'g')::tsquery END FROM (SELECT querytree(query) AS tree) x
$$;

CREATE FUNCTION public.search_query(words text, codes text[], without text) RETURNS tsquery
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'public'
    SET client_min_messages TO 'warning'
    AS $$
DECLARE
	wanted text := search_spaced(words);
	barred text := search_spaced(without);
	asked  tsquery := ''::tsquery;
	never  tsquery := ''::tsquery;
	read   tsquery;
	seen   text[] := '{}';
	unseen text[] := '{}';
	code   text;
	config regconfig;
BEGIN
	FOREACH config IN ARRAY ARRAY['simple', 'english', 'french', 'spanish', 'russian', 'arabic']::regconfig[] LOOP
		read := websearch_to_tsquery(config, wanted);
		IF read::text <> ALL (seen) THEN
			asked := asked || read;
			seen := seen || read::text;
		END IF;
		read := websearch_to_tsquery(config, barred);
		IF read::text <> ALL (unseen) THEN
			never := never || read; -- in no language
			unseen := unseen || read::text;
		END IF;
	END LOOP;
	FOREACH code IN ARRAY codes LOOP
		asked := asked && quote_literal('=' || code)::tsquery;
	END LOOP;
	IF numnode(asked) > 0 AND numnode(never) > 0 THEN
		asked := asked && !!never;
	END IF;
	RETURN asked;
END $$;

CREATE FUNCTION public.search_quote(language text, body text, query tsquery, stems text[], options text) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'public'
    AS $$
DECLARE
	config regconfig := search_config(language);
	folded text := search_folded(body);
	below  integer := 1; -- what is before this was looked at
	place  integer;
	piece  text;
	other  text;         -- the first in which some of the words stand, if nowhere all of them as they are asked for
BEGIN
	FOR i IN 1..4 LOOP
		SELECT min(p) + below - 1 INTO place FROM unnest(stems) AS stem, strpos(substr(folded, below), stem) AS p WHERE p > 0;
		EXIT WHEN place IS NULL;
		piece := substr(body, greatest(1, place - 60), 700);
		IF place > 61 THEN
			piece := '… ' || substr(piece, 1 + strpos(left(piece, 30), ' ')); -- from the beginning of a word on
		END IF;
		piece := search_spaced(piece);
		IF to_tsvector(config, piece) @@ query THEN
			RETURN ts_headline(config, piece, query, options);
		END IF;
		IF other IS NULL THEN
			other := ts_headline(config, piece, (SELECT string_agg(m[1], ' | ')::tsquery FROM regexp_matches(querytree(query), '(''(?:[^'']|'''')*'')', 'g') AS m), options);
			IF strpos(other, E'\x02') = 0 AND strpos(querytree(query), '''=') = 0 THEN
				other := NULL; -- another word that begins in the same way; a code is marked nowhere
			END IF;
		END IF;
		below := place + 640;
	END LOOP;
	RETURN coalesce(other, ts_headline(config, search_spaced(left(body, 3000)), query, options));
END $$;

CREATE FUNCTION public.search_spaced(t text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog'
    AS $$
	SELECT regexp_replace(t, '([\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff])', ' \1 ', 'g')
$$;

CREATE FUNCTION public.search_stems(query tsquery) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'public'
    AS $$
	SELECT coalesce(array_agg(DISTINCT CASE WHEN length(word) > 3 THEN left(word, -1) ELSE word END), '{}')
	FROM (SELECT search_folded(ltrim(replace(m[1], '''''', ''''), '=')) AS word FROM regexp_matches(querytree(query), '''((?:[^'']|'''')*)''', 'g') AS m) x WHERE word <> ''
$$;

CREATE FUNCTION public.search_vector(language text, title text, names text, abstract text, body text, codes text[]) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'public'
    AS $$
	SELECT setweight(to_tsvector('simple', t), 'A') || setweight(to_tsvector(c, t), 'A')
		|| setweight(to_tsvector('simple', n), 'B')
		|| setweight(to_tsvector('simple', a), 'C') || setweight(to_tsvector(c, a), 'C')
		|| setweight(to_tsvector('simple', b), 'D') || setweight(to_tsvector(c, b), 'D')
		|| array_to_tsvector((SELECT coalesce(array_agg('=' || code), '{}') FROM unnest(codes) AS code))
	FROM (SELECT search_config(language) AS c, search_spaced(title) AS t, search_spaced(names) AS n, search_spaced(abstract) AS a, search_spaced(body) AS b) x
$$;

CREATE FUNCTION public.transmission_guard() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
	by_command text;
BEGIN
	IF TG_OP = 'DELETE' THEN
		RAISE EXCEPTION 'transmissions are never deleted' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'transmission_kept';
	END IF;
	IF (NEW.id, NEW.statement_id, NEW.revision, NEW.letter, NEW.position, NEW.recipient_email, NEW.message_id, NEW.message_date, NEW.approval_id, NEW.copy_of)
		IS DISTINCT FROM (OLD.id, OLD.statement_id, OLD.revision, OLD.letter, OLD.position, OLD.recipient_email, OLD.message_id, OLD.message_date, OLD.approval_id, OLD.copy_of) THEN
		RAISE EXCEPTION 'what a transmission is does not change' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'transmission_fixed';
	END IF;
	IF NEW.state <> OLD.state THEN
		SELECT kind INTO by_command FROM command WHERE id = NEW.batch AND NEW.batch IS DISTINCT FROM OLD.batch AND statement_id = NEW.statement_id;
		-- accepted, refused, cancelled, bounced and assumed are ends: this is what keeps a message from being sent twice
		IF OLD.state IN ('accepted', 'refused', 'cancelled', 'bounced', 'assumed')
			AND NOT (OLD.state = 'accepted' AND NEW.state = 'bounced')
			AND NOT (OLD.state = 'assumed' AND NEW.state IN ('accepted', 'refused'))
			AND NOT (OLD.state = 'refused' AND NEW.state = 'deferred' AND by_command IS NOT DISTINCT FROM 'send-again') THEN
			RAISE EXCEPTION 'transmission % is %, which is settled', OLD.id, OLD.state USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'transmission_settled';
		END IF;
		IF NEW.state = 'assumed' AND OLD.state <> 'unknown' THEN
			RAISE EXCEPTION 'transmission % is %, which is no doubt', OLD.id, OLD.state USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'transmission_assumed_in_doubt';
		END IF;
	END IF;
	IF NEW.state = 'bounced' AND OLD.state <> 'bounced' AND (OLD.state <> 'accepted' OR NOT EXISTS (SELECT FROM transmission_fact WHERE transmission_id = NEW.id AND kind = 'bounced')) THEN
		RAISE EXCEPTION 'transmission % has no report that it bounced', OLD.id USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'transmission_bounced_by_report';
	END IF;
	IF NEW.state = 'attempting' AND OLD.state NOT IN ('queued', 'deferred') THEN
		RAISE EXCEPTION 'transmission % is % and may not be attempted', OLD.id, OLD.state USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'transmission_not_twice';
	END IF;
	IF NEW.state = 'attempting' AND NOT EXISTS (SELECT FROM message WHERE transmission_id = NEW.id) THEN
		RAISE EXCEPTION 'transmission % has no sealed message', OLD.id USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'transmission_sealed_first';
	END IF;
	RETURN NEW;
END $$;

CREATE PROCEDURE public.widen_check(IN t regclass, IN constraint_name text, IN col text, VARIADIC more text[])
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
	known text[];
BEGIN
	SELECT array_agg(m[1] ORDER BY n) INTO known
	FROM pg_constraint c, regexp_matches(pg_get_constraintdef(c.oid), '''([^'']+)''::text', 'g') WITH ORDINALITY AS x (m, n)
	WHERE c.conrelid = t AND c.conname = constraint_name;
	IF known IS NULL THEN
		RAISE EXCEPTION 'the table % has no list in a constraint %', t, constraint_name;
	END IF;
	SELECT known || array_agg(v) INTO known FROM unnest(more) v WHERE v <> ALL (known);
	EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', t, constraint_name);
	EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I CHECK (%I IN (%s))', t, constraint_name, col, (SELECT string_agg(quote_literal(v), ', ') FROM unnest(known) v));
END $$;

CREATE TABLE audit.checkpoint (
    log smallint NOT NULL,
    size bigint NOT NULL,
    origin text NOT NULL,
    root bytea NOT NULL,
    vkey text NOT NULL,
    note text NOT NULL,
    signed_at timestamp with time zone NOT NULL,
    CONSTRAINT checkpoint_root_check CHECK ((length(root) = 32)),
    CONSTRAINT checkpoint_size_check CHECK ((size > 0))
);

CREATE TABLE audit.leaf (
    index bigint NOT NULL,
    event_id uuid,
    payload bytea NOT NULL,
    hash bytea NOT NULL,
    log smallint NOT NULL,
    CONSTRAINT leaf_check CHECK ((hash = sha256(('\x00'::bytea || payload)))),
    CONSTRAINT leaf_index_check CHECK ((index >= 0)),
    CONSTRAINT leaf_stands_for_an_event CHECK (((event_id IS NOT NULL) OR ((index = 0) AND (log > 1))))
);

CREATE TABLE audit.log (
    number smallint NOT NULL,
    begun_at timestamp with time zone NOT NULL,
    CONSTRAINT log_number_check CHECK ((number > 0))
);

CREATE TABLE audit.node (
    level smallint NOT NULL,
    index bigint NOT NULL,
    hash bytea NOT NULL,
    log smallint NOT NULL,
    CONSTRAINT node_hash_check CHECK ((length(hash) = 32)),
    CONSTRAINT node_index_check CHECK ((index >= 0)),
    CONSTRAINT node_level_check CHECK ((level > 0))
);

CREATE TABLE audit.salt (
    event_id uuid NOT NULL,
    field text NOT NULL,
    salt bytea NOT NULL,
    CONSTRAINT salt_salt_check CHECK ((length(salt) = 16))
);

CREATE TABLE audit.stamp (
    log smallint NOT NULL,
    size bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    authority text NOT NULL,
    token bytea NOT NULL,
    CONSTRAINT stamp_token_check CHECK (((length(token) >= 1) AND (length(token) <= 65536)))
);

CREATE TABLE audit.stamp_failure (
    at timestamp with time zone NOT NULL,
    authority text NOT NULL,
    words text NOT NULL
);

CREATE TABLE audit.verification (
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    asked_by uuid NOT NULL,
    size bigint NOT NULL,
    root text NOT NULL,
    problems text[] NOT NULL,
    notices text[] NOT NULL
);

CREATE TABLE public.absence (
    id uuid NOT NULL,
    group_code text NOT NULL,
    kind text NOT NULL,
    person_id uuid NOT NULL,
    deputy_id uuid,
    held_from date NOT NULL,
    held_until date NOT NULL,
    evidence text NOT NULL,
    recorded_by uuid NOT NULL,
    recorded_on date NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    ended_by uuid,
    ended_on date,
    end_reason text DEFAULT ''::text NOT NULL,
    CONSTRAINT absence_delegation_names_a_deputy CHECK (((kind = 'delegation'::text) = (deputy_id IS NOT NULL))),
    CONSTRAINT absence_end_reason_check CHECK ((length(end_reason) <= 4000)),
    CONSTRAINT absence_ended_for_a_reason CHECK (((num_nulls(ended_by, ended_on) = ANY (ARRAY[0, 2])) AND ((ended_on IS NULL) = (end_reason = ''::text)))),
    CONSTRAINT absence_ends_after_it_begins CHECK ((held_from <= held_until)),
    CONSTRAINT absence_evidence_check CHECK (((evidence <> ''::text) AND (length(evidence) <= 4000))),
    CONSTRAINT absence_kind CHECK ((kind = ANY (ARRAY['absence'::text, 'delegation'::text]))),
    CONSTRAINT absence_not_delegated_to_oneself CHECK ((deputy_id <> person_id))
);

CREATE TABLE public.addressee (
    statement_id uuid NOT NULL,
    revision integer NOT NULL,
    "position" integer NOT NULL,
    body_code text NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    purpose text NOT NULL,
    CONSTRAINT addressee_email_check CHECK ((email <> ''::text)),
    CONSTRAINT addressee_position_check CHECK (("position" > 0)),
    CONSTRAINT addressee_purpose CHECK ((purpose = ANY (ARRAY['action'::text, 'comment'::text, 'information'::text, 'response'::text, 'copy'::text])))
);

CREATE TABLE public.agenda_item (
    meeting_id uuid NOT NULL,
    number integer NOT NULL,
    title text NOT NULL,
    CONSTRAINT agenda_item_number_check CHECK ((number > 0)),
    CONSTRAINT agenda_item_title_check CHECK (((length(title) >= 1) AND (length(title) <= 400)))
);

CREATE TABLE public.amendment (
    statement_id uuid NOT NULL,
    revision integer NOT NULL,
    digest public.sha256hex NOT NULL,
    amends integer NOT NULL,
    amends_digest public.sha256hex NOT NULL,
    approval_id uuid NOT NULL,
    approval_kind text DEFAULT 'approve'::text NOT NULL,
    approved_revision integer NOT NULL,
    changed text NOT NULL,
    person_id uuid NOT NULL,
    acting text NOT NULL,
    reason text NOT NULL,
    command_id text NOT NULL,
    amended_at timestamp with time zone NOT NULL,
    first_digest public.sha256hex GENERATED ALWAYS AS (
CASE
    WHEN (amends = approved_revision) THEN (amends_digest)::text
    ELSE NULL::text
END) STORED,
    earlier integer GENERATED ALWAYS AS (
CASE
    WHEN (amends <> approved_revision) THEN amends
    ELSE NULL::integer
END) STORED,
    CONSTRAINT amendment_approval_kind_check CHECK ((approval_kind = 'approve'::text)),
    CONSTRAINT amendment_changed_check CHECK ((changed <> ''::text)),
    CONSTRAINT amendment_follows CHECK (((revision = (amends + 1)) AND (amends >= approved_revision) AND ((digest)::text <> (amends_digest)::text))),
    CONSTRAINT amendment_reason_check CHECK (((reason <> ''::text) AND (length(reason) <= 4000)))
);

CREATE TABLE public.appointment (
    person_id uuid NOT NULL,
    group_code text NOT NULL,
    office text NOT NULL,
    held_from date NOT NULL,
    held_until date,
    evidence text NOT NULL,
    CONSTRAINT appointment_check CHECK ((held_from <= held_until)),
    CONSTRAINT appointment_office CHECK ((office = ANY (ARRAY['chair'::text, 'vice-chair'::text, 'secretary'::text, 'editor'::text, 'auditor'::text])))
);

CREATE TABLE public.attempt (
    transmission_id uuid NOT NULL,
    n integer NOT NULL,
    worker text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    dot_at timestamp with time zone,
    ended_at timestamp with time zone,
    outcome text,
    stage text,
    code integer DEFAULT 0 NOT NULL,
    enhanced text DEFAULT ''::text NOT NULL,
    reply text DEFAULT ''::text NOT NULL,
    error text DEFAULT ''::text NOT NULL,
    relay text DEFAULT ''::text NOT NULL,
    tls text DEFAULT ''::text NOT NULL,
    witness text DEFAULT 'none'::text NOT NULL,
    CONSTRAINT attempt_accepted_after_the_dot CHECK (((outcome <> 'accepted'::text) OR ((stage = 'dot'::text) AND (dot_at IS NOT NULL)))),
    CONSTRAINT attempt_check CHECK ((num_nulls(ended_at, outcome, stage) = ANY (ARRAY[0, 3]))),
    CONSTRAINT attempt_n_check CHECK ((n > 0)),
    CONSTRAINT attempt_outcome CHECK ((outcome = ANY (ARRAY['accepted'::text, 'refused'::text, 'deferred'::text, 'unknown'::text]))),
    CONSTRAINT attempt_stage CHECK ((stage = ANY (ARRAY['connect'::text, 'mail'::text, 'rcpt'::text, 'data'::text, 'dot'::text]))),
    CONSTRAINT attempt_witness CHECK ((witness = ANY (ARRAY['none'::text, 'named'::text, 'refused'::text])))
);

CREATE TABLE public.blob (
    digest public.sha256hex NOT NULL,
    bytes bytea NOT NULL,
    CONSTRAINT blob_check CHECK (((digest)::text = encode(sha256(bytes), 'hex'::text)))
);
ALTER TABLE ONLY public.blob ALTER COLUMN bytes SET STORAGE EXTERNAL;

CREATE TABLE public.body (
    code text NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    short_name text DEFAULT ''::text NOT NULL,
    title text DEFAULT ''::text NOT NULL,
    parent text,
    email text DEFAULT ''::text NOT NULL,
    in_force_from date,
    in_force_until date,
    successor text,
    source text NOT NULL,
    language public.language_tag DEFAULT 'en'::text NOT NULL,
    links_only boolean DEFAULT false NOT NULL,
    signed_mail boolean DEFAULT false NOT NULL,
    CONSTRAINT body_check CHECK ((in_force_from <= in_force_until)),
    CONSTRAINT body_check1 CHECK (((successor IS NULL) OR (in_force_until IS NOT NULL))),
    CONSTRAINT body_check2 CHECK ((successor <> code)),
    CONSTRAINT body_code_check CHECK (((code ~ '^[a-z0-9]+(-[a-z0-9]+)*(/[a-z0-9]+(-[a-z0-9]+)*)*$'::text) AND (length(code) <= 64))),
    CONSTRAINT body_email_check CHECK ((length(email) <= 254)),
    CONSTRAINT body_kind CHECK ((kind = ANY (ARRAY['group'::text, 'organization'::text]))),
    CONSTRAINT body_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
    CONSTRAINT body_short_name_check CHECK ((length(short_name) <= 200)),
    CONSTRAINT body_title_check CHECK ((length(title) <= 400))
);

CREATE TABLE public.body_link_revoked (
    body_code text NOT NULL,
    n integer NOT NULL,
    person_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT body_link_revoked_n_check CHECK ((n > 0))
);

CREATE TABLE public.body_reach (
    body_code text NOT NULL,
    version integer NOT NULL,
    canonical bytea NOT NULL,
    digest public.sha256hex NOT NULL,
    person_id uuid,
    at timestamp with time zone NOT NULL,
    event_id uuid NOT NULL,
    CONSTRAINT body_reach_check CHECK (((digest)::text = encode(sha256(canonical), 'hex'::text))),
    CONSTRAINT body_reach_version_check CHECK ((version > 0))
);

CREATE TABLE public.calendar_link (
    person_id uuid NOT NULL,
    n integer NOT NULL,
    open boolean NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT calendar_link_n_check CHECK ((n > 0))
);

CREATE TABLE public.canary (
    id uuid NOT NULL,
    relay text NOT NULL,
    sent_at timestamp with time zone NOT NULL,
    taken_at timestamp with time zone,
    arrived_at timestamp with time zone,
    reply text DEFAULT ''::text NOT NULL,
    CONSTRAINT canary_arrives_after_it_was_sent CHECK ((arrived_at >= sent_at)),
    CONSTRAINT canary_reply_check CHECK ((length(reply) <= 4000))
);

CREATE TABLE public.command (
    id text NOT NULL,
    statement_id uuid NOT NULL,
    kind text NOT NULL,
    answer jsonb NOT NULL,
    done_at timestamp with time zone NOT NULL,
    CONSTRAINT command_id_check CHECK (((length(id) >= 1) AND (length(id) <= 100)))
);

CREATE TABLE public.correspondence_person (
    window_id uuid NOT NULL,
    "position" integer NOT NULL,
    person_id uuid NOT NULL,
    office text NOT NULL,
    CONSTRAINT correspondence_person_position_check CHECK (("position" > 0))
);

CREATE TABLE public.correspondence_saying (
    id uuid NOT NULL,
    window_id uuid NOT NULL,
    kind text NOT NULL,
    person_id uuid,
    name text DEFAULT ''::text NOT NULL,
    acting text NOT NULL,
    words text NOT NULL,
    said_on date NOT NULL,
    said_at timestamp with time zone NOT NULL,
    entered_by uuid,
    evidence text DEFAULT ''::text NOT NULL,
    evidence_file public.sha256hex,
    command_id text NOT NULL,
    CONSTRAINT correspondence_saying_entered_by_another CHECK ((entered_by <> person_id)),
    CONSTRAINT correspondence_saying_entered_has_evidence CHECK (((entered_by IS NULL) OR (evidence <> ''::text) OR (evidence_file IS NOT NULL))),
    CONSTRAINT correspondence_saying_evidence_check CHECK ((length(evidence) <= 4000)),
    CONSTRAINT correspondence_saying_kind CHECK ((kind = ANY (ARRAY['objected'::text, 'objected-late'::text, 'no-objection'::text, 'commented'::text]))),
    CONSTRAINT correspondence_saying_name_check CHECK ((length(name) <= 200)),
    CONSTRAINT correspondence_saying_of_a_stranger_is_entered CHECK (((person_id IS NOT NULL) OR (entered_by IS NOT NULL))),
    CONSTRAINT correspondence_saying_of_somebody CHECK (((person_id IS NULL) = (name <> ''::text))),
    CONSTRAINT correspondence_saying_with_words CHECK (((kind = 'no-objection'::text) OR (words <> ''::text))),
    CONSTRAINT correspondence_saying_words_check CHECK ((length(words) <= 4000))
);

CREATE TABLE public.correspondence_window (
    id uuid NOT NULL,
    statement_id uuid NOT NULL,
    revision integer NOT NULL,
    digest public.sha256hex NOT NULL,
    mode text NOT NULL,
    opened_by uuid NOT NULL,
    opened_as text NOT NULL,
    absence_id uuid,
    opened_at timestamp with time zone NOT NULL,
    opened_on date NOT NULL,
    last_day date NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    hold boolean NOT NULL,
    profile text NOT NULL,
    profile_version integer NOT NULL,
    command_id text NOT NULL,
    CONSTRAINT correspondence_window_at_most_a_year CHECK ((last_day <= (opened_on + 366))),
    CONSTRAINT correspondence_window_lasts_a_day CHECK (((last_day > opened_on) AND (ends_at > opened_at))),
    CONSTRAINT correspondence_window_mode CHECK ((mode = ANY (ARRAY['correspondence'::text, 'no-objection'::text]))),
    CONSTRAINT correspondence_window_no_objection_of_who_approves CHECK (((mode <> 'no-objection'::text) OR (opened_as = ANY (ARRAY['chair'::text, 'vice-chair'::text])))),
    CONSTRAINT correspondence_window_of_a_vice_chair_is_covered CHECK (((opened_as <> 'vice-chair'::text) OR (absence_id IS NOT NULL)))
);

CREATE TABLE public.decision (
    id uuid NOT NULL,
    statement_id uuid NOT NULL,
    revision integer NOT NULL,
    digest public.sha256hex NOT NULL,
    kind text NOT NULL,
    person_id uuid NOT NULL,
    acting text NOT NULL,
    drafted boolean NOT NULL,
    reason text NOT NULL,
    command_id text NOT NULL,
    decided_at timestamp with time zone NOT NULL,
    profile text,
    profile_version integer,
    mode text,
    given_on date,
    absence_id uuid,
    entered_by uuid,
    evidence text DEFAULT ''::text NOT NULL,
    evidence_file public.sha256hex,
    meeting_id uuid,
    agenda_item integer DEFAULT 0 NOT NULL,
    tabled_revision integer,
    window_id uuid,
    consulted text,
    consultation text DEFAULT ''::text NOT NULL,
    CONSTRAINT decision_agenda_item_check CHECK ((agenda_item >= 0)),
    CONSTRAINT decision_at_a_meeting CHECK (((mode IS DISTINCT FROM 'meeting'::text) OR ((meeting_id IS NOT NULL) AND (given_on IS NOT NULL)))),
    CONSTRAINT decision_by_correspondence_names_its_window CHECK (((mode <> ALL (ARRAY['correspondence'::text, 'no-objection'::text])) OR (window_id IS NOT NULL))),
    CONSTRAINT decision_consultation_check CHECK ((length(consultation) <= 400)),
    CONSTRAINT decision_consulted CHECK ((consulted = ANY (ARRAY['window'::text, 'outside'::text]))),
    CONSTRAINT decision_consulted_by_a_window CHECK (((consulted <> 'window'::text) OR (window_id IS NOT NULL))),
    CONSTRAINT decision_consulted_outside_has_reference CHECK (((consulted <> 'outside'::text) OR (consultation <> ''::text))),
    CONSTRAINT decision_edited_at_a_meeting CHECK (((tabled_revision IS NULL) OR ((kind = 'approve'::text) AND (meeting_id IS NOT NULL) AND (tabled_revision < revision)))),
    CONSTRAINT decision_entered_by_another CHECK ((entered_by <> person_id)),
    CONSTRAINT decision_entered_has_evidence CHECK (((entered_by IS NULL) OR (evidence <> ''::text) OR (evidence_file IS NOT NULL))),
    CONSTRAINT decision_evidence_check CHECK ((length(evidence) <= 4000)),
    CONSTRAINT decision_kind CHECK ((kind = ANY (ARRAY['approve'::text, 'return'::text, 'reject'::text]))),
    CONSTRAINT decision_mode CHECK ((mode = ANY (ARRAY['officer'::text, 'meeting'::text, 'correspondence'::text, 'no-objection'::text]))),
    CONSTRAINT decision_negative_has_reason CHECK (((kind = 'approve'::text) OR (reason <> ''::text))),
    CONSTRAINT decision_of_a_vice_chair_is_covered CHECK (((acting <> 'vice-chair'::text) OR (absence_id IS NOT NULL))),
    CONSTRAINT decision_reason_check CHECK ((length(reason) <= 4000)),
    CONSTRAINT decision_with_minutes CHECK (((entered_by IS NULL) OR (mode IS DISTINCT FROM 'meeting'::text) OR (evidence <> ''::text)))
);

CREATE TABLE public.digest (
    person_id uuid NOT NULL,
    group_code text NOT NULL,
    day date NOT NULL,
    transmission_id uuid NOT NULL
);

CREATE TABLE public.digest_time (
    person_id uuid NOT NULL,
    hour smallint NOT NULL,
    zone text NOT NULL,
    chosen_at timestamp with time zone NOT NULL,
    CONSTRAINT digest_time_hour_check CHECK (((hour >= 0) AND (hour <= 23))),
    CONSTRAINT digest_time_zone_check CHECK (((length(zone) >= 1) AND (length(zone) <= 64)))
);

CREATE TABLE public.draft (
    statement_id uuid NOT NULL,
    version integer NOT NULL,
    canonical bytea NOT NULL,
    saved_by uuid NOT NULL,
    saved_at timestamp with time zone NOT NULL,
    CONSTRAINT draft_version_check CHECK ((version > 0))
);

CREATE TABLE public.draft_presence (
    statement_id uuid NOT NULL,
    person_id uuid NOT NULL,
    seen_at timestamp with time zone NOT NULL
);

CREATE TABLE public.drafter (
    statement_id uuid NOT NULL,
    person_id uuid NOT NULL
);

CREATE TABLE public.employment (
    person_id uuid NOT NULL,
    body_code text NOT NULL,
    held_from date NOT NULL,
    held_until date,
    evidence text NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    group_code text NOT NULL,
    recorded_by uuid NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    ended_by uuid,
    ended_on date,
    end_reason text DEFAULT ''::text NOT NULL,
    CONSTRAINT employment_check CHECK ((held_from <= held_until)),
    CONSTRAINT employment_end_reason_check CHECK ((length(end_reason) <= 4000)),
    CONSTRAINT employment_ended_after_it_began CHECK ((ended_on >= held_from)),
    CONSTRAINT employment_ended_for_a_reason CHECK (((num_nulls(ended_by, ended_on) = ANY (ARRAY[0, 2])) AND ((ended_on IS NULL) = (end_reason = ''::text)))),
    CONSTRAINT employment_evidence_check CHECK ((length(evidence) <= 4000))
);

CREATE TABLE public.event (
    seq bigint NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    at timestamp with time zone NOT NULL,
    statement_id uuid,
    version integer NOT NULL,
    command_id text DEFAULT ''::text NOT NULL,
    actor uuid,
    acting text DEFAULT ''::text NOT NULL,
    drafted boolean DEFAULT false NOT NULL,
    from_state text DEFAULT ''::text NOT NULL,
    to_state text DEFAULT ''::text NOT NULL,
    revision integer DEFAULT 0 NOT NULL,
    digest text DEFAULT ''::text NOT NULL,
    ref text DEFAULT ''::text NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    transmission_id uuid,
    letter text DEFAULT ''::text NOT NULL,
    body_code text DEFAULT ''::text NOT NULL,
    recipient text DEFAULT ''::text NOT NULL,
    message_id text DEFAULT ''::text NOT NULL,
    message_digest text DEFAULT ''::text NOT NULL,
    attempt integer DEFAULT 0 NOT NULL,
    stage text DEFAULT ''::text NOT NULL,
    code integer DEFAULT 0 NOT NULL,
    reply text DEFAULT ''::text NOT NULL,
    relay text DEFAULT ''::text NOT NULL,
    amends text DEFAULT ''::text NOT NULL,
    changed text DEFAULT ''::text NOT NULL,
    reply_from text DEFAULT ''::text NOT NULL,
    reply_to text DEFAULT ''::text NOT NULL,
    due text DEFAULT ''::text NOT NULL,
    asked text DEFAULT ''::text NOT NULL,
    mode text DEFAULT ''::text NOT NULL,
    for_person uuid,
    for_as text DEFAULT ''::text NOT NULL,
    absence_id uuid,
    deputy uuid,
    on_day date,
    until_day date,
    meeting_id uuid,
    agenda_item integer DEFAULT 0 NOT NULL,
    evidence text DEFAULT ''::text NOT NULL,
    evidence_file text DEFAULT ''::text NOT NULL,
    window_id uuid,
    people text DEFAULT ''::text NOT NULL,
    rules text DEFAULT ''::text NOT NULL,
    named text DEFAULT ''::text NOT NULL,
    consulted text DEFAULT ''::text NOT NULL,
    reference text DEFAULT ''::text NOT NULL,
    CONSTRAINT event_is_about_a_statement CHECK (((statement_id IS NOT NULL) OR (kind = ANY (ARRAY['paused'::text, 'resumed'::text, 'body-profile'::text, 'body-added'::text, 'absence-recorded'::text, 'absence-ended'::text, 'meeting-entered'::text, 'meeting-changed'::text, 'meeting-opened'::text, 'meeting-closed'::text, 'meeting-cancelled'::text, 'employer-recorded'::text, 'employer-ended'::text, 'report-due'::text, 'report-missed'::text, 'report-late-chair'::text, 'report-late-vice-chair'::text, 'report-late-secretary'::text])))),
    CONSTRAINT event_kind CHECK ((kind = ANY (ARRAY['drafted'::text, 'edited'::text, 'submitted'::text, 'returned'::text, 'approved'::text, 'rejected'::text, 'withdrawn'::text, 'dispatching'::text, 'sealed'::text, 'attempted'::text, 'accepted'::text, 'refused'::text, 'deferred'::text, 'unknown'::text, 'cancelled'::text, 'dispatched'::text, 'dispatched-in-part'::text, 'closed'::text, 'witnessed'::text, 'delayed'::text, 'relayed'::text, 'delivered'::text, 'bounced'::text, 'displayed'::text, 'auto-replied'::text, 'replied'::text, 'acknowledged'::text, 'misdirected'::text, 'extension-asked'::text, 'declined'::text, 'link-revoked'::text, 'linked'::text, 'absent'::text, 'assumed'::text, 'sent-again'::text, 'copied'::text, 'held'::text, 'presented'::text, 'noted'::text, 'accepted-by-parent'::text, 'returned-by-parent'::text, 'proposal-answered'::text, 'reopened'::text, 'amended'::text, 'unsettled'::text, 'tested'::text, 'paused'::text, 'resumed'::text, 'reply-awaited'::text, 'reply-linked'::text, 'reply-interim'::text, 'reply-unlinked'::text, 'reply-asked'::text, 'extension-granted'::text, 'extension-refused'::text, 'reply-declined'::text, 'reply-redirected'::text, 'reply-expected'::text, 'reply-waived'::text, 'reply-overdue'::text, 'reply-missing'::text, 'reply-taken-back'::text, 'reminded'::text, 'reminded-due'::text, 'reminded-overdue'::text, 'body-profile'::text, 'body-added'::text, 'report-due'::text, 'report-missed'::text, 'recused'::text, 'absence-recorded'::text, 'absence-ended'::text, 'waits-chair'::text, 'waits-vice-chair'::text, 'waits-secretary'::text, 'tabled'::text, 'put-off'::text, 'meeting-entered'::text, 'meeting-changed'::text, 'meeting-opened'::text, 'meeting-closed'::text, 'meeting-cancelled'::text, 'window-opened'::text, 'window-closing'::text, 'window-ended'::text, 'window-cancelled'::text, 'objected'::text, 'objected-late'::text, 'no-objection'::text, 'commented'::text, 'employer-recorded'::text, 'employer-ended'::text, 'arrival-asked'::text, 'report-late-chair'::text, 'report-late-vice-chair'::text, 'report-late-secretary'::text, 'left-to-vice-chair'::text, 'meeting-unclosed'::text])))
);

ALTER TABLE public.event ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.event_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.hold (
    id uuid NOT NULL,
    relay text,
    body_code text,
    reason text NOT NULL,
    held_by uuid,
    held_at timestamp with time zone NOT NULL,
    lifted_by uuid,
    lifted_at timestamp with time zone,
    lift_reason text DEFAULT ''::text NOT NULL,
    CONSTRAINT hold_lift_reason_check CHECK ((length(lift_reason) <= 4000)),
    CONSTRAINT hold_lifted_after_it_was_held CHECK ((lifted_at >= held_at)),
    CONSTRAINT hold_lifted_for_a_reason CHECK (((lifted_at IS NULL) = (lift_reason = ''::text))),
    CONSTRAINT hold_of_a_relay_or_a_body CHECK ((num_nulls(relay, body_code) = 1)),
    CONSTRAINT hold_reason_check CHECK (((reason <> ''::text) AND (length(reason) <= 4000))),
    CONSTRAINT hold_relay_check CHECK ((relay <> ''::text))
);

CREATE TABLE public.inbound_message (
    id uuid NOT NULL,
    digest public.sha256hex NOT NULL,
    envelope_recipient text NOT NULL,
    raw bytea NOT NULL,
    source text NOT NULL,
    received_at timestamp with time zone NOT NULL,
    handled_at timestamp with time zone,
    kind text,
    understood jsonb,
    matched_by text,
    transmission_id uuid,
    statement_id uuid,
    linked_at timestamp with time zone,
    CONSTRAINT inbound_kind CHECK ((kind = ANY (ARRAY['delivery-status'::text, 'disposition-notification'::text, 'auto-reply'::text, 'reply'::text, 'statement'::text, 'unmatched'::text]))),
    CONSTRAINT inbound_matched_by CHECK ((matched_by = ANY (ARRAY['token'::text, 'envelope-id'::text, 'message-id'::text, 'in-reply-to'::text, 'references'::text, 'person'::text]))),
    CONSTRAINT inbound_message_check CHECK (((digest)::text = encode(sha256(raw), 'hex'::text))),
    CONSTRAINT inbound_message_envelope_recipient_check CHECK ((length(envelope_recipient) <= 320)),
    CONSTRAINT inbound_message_handled_whole CHECK ((num_nulls(handled_at, kind, understood) = ANY (ARRAY[0, 3]))),
    CONSTRAINT inbound_message_linked_by_a_person CHECK (((linked_at IS NULL) OR (matched_by = 'person'::text))),
    CONSTRAINT inbound_message_matched_by_something CHECK ((((statement_id IS NULL) = (matched_by IS NULL)) AND ((transmission_id IS NULL) OR (statement_id IS NOT NULL)))),
    CONSTRAINT inbound_source CHECK ((source = ANY (ARRAY['smtp'::text, 'lmtp'::text, 'imap'::text, 'file'::text])))
);
ALTER TABLE ONLY public.inbound_message ALTER COLUMN raw SET STORAGE EXTERNAL;

CREATE TABLE public.link_upload (
    transmission_id uuid NOT NULL,
    bytes bigint NOT NULL,
    CONSTRAINT link_upload_bytes_check CHECK ((bytes > 0))
);

CREATE TABLE public.meeting (
    id uuid NOT NULL,
    group_code text NOT NULL,
    title text NOT NULL,
    place text DEFAULT ''::text NOT NULL,
    held_from date NOT NULL,
    held_until date NOT NULL,
    state text NOT NULL,
    held_with uuid,
    uid text DEFAULT ''::text NOT NULL,
    source text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    announced_on date,
    inputs_until date,
    closed_by uuid,
    closed_at timestamp with time zone,
    CONSTRAINT meeting_announced_before_it CHECK ((announced_on <= held_from)),
    CONSTRAINT meeting_closed_by_somebody CHECK (((num_nulls(closed_by, closed_at) = ANY (ARRAY[0, 2])) AND ((closed_by IS NULL) OR (state = 'closed'::text)))),
    CONSTRAINT meeting_ends_after_it_begins CHECK ((held_from <= held_until)),
    CONSTRAINT meeting_place_check CHECK ((length(place) <= 200)),
    CONSTRAINT meeting_source_check CHECK ((length(source) <= 400)),
    CONSTRAINT meeting_state CHECK ((state = ANY (ARRAY['planned'::text, 'open'::text, 'closed'::text, 'cancelled'::text]))),
    CONSTRAINT meeting_title_check CHECK (((length(title) >= 1) AND (length(title) <= 400))),
    CONSTRAINT meeting_uid_check CHECK ((length(uid) <= 400)),
    CONSTRAINT meeting_version_check CHECK ((version > 0))
);

CREATE TABLE public.message (
    transmission_id uuid NOT NULL,
    digest public.sha256hex NOT NULL,
    bytes bytea NOT NULL,
    CONSTRAINT message_check CHECK (((digest)::text = encode(sha256(bytes), 'hex'::text)))
);
ALTER TABLE ONLY public.message ALTER COLUMN bytes SET STORAGE EXTERNAL;

CREATE TABLE public.notice (
    id uuid NOT NULL,
    event_id uuid NOT NULL,
    statement_id uuid NOT NULL,
    letter text NOT NULL,
    person_id uuid NOT NULL,
    about uuid,
    made_at timestamp with time zone NOT NULL,
    transmission_id uuid,
    withheld_at timestamp with time zone,
    CONSTRAINT notice_letter CHECK ((letter = ANY (ARRAY['review-requested'::text, 'returned'::text, 'rejected'::text, 'dispatched'::text, 'approval-void'::text, 'amended'::text, 'test'::text, 'approved'::text, 'refused'::text, 'bounced'::text, 'unknown-outcome'::text, 'relay-held'::text, 'acknowledged'::text, 'replied'::text, 'misdirected'::text, 'extension-asked'::text, 'declined'::text, 'reply-due'::text, 'overdue'::text, 'report-due'::text, 'report-missed'::text, 'report-submitted'::text, 'report-presented'::text, 'proposal-answered'::text, 'decision-waiting'::text, 'tabled'::text, 'put-off'::text, 'correspondence-opened'::text, 'correspondence-closing'::text, 'correspondence-closed'::text, 'objected-late'::text, 'report-late'::text, 'meeting-unclosed'::text]))),
    CONSTRAINT notice_sent_or_withheld CHECK (((transmission_id IS NULL) OR (withheld_at IS NULL)))
);

CREATE TABLE public.notice_choice (
    person_id uuid NOT NULL,
    letter text NOT NULL,
    pace text NOT NULL,
    chosen_at timestamp with time zone NOT NULL,
    CONSTRAINT notice_choice_letter CHECK ((letter = ANY (ARRAY['review-requested'::text, 'returned'::text, 'rejected'::text, 'dispatched'::text, 'approval-void'::text, 'amended'::text, 'approved'::text, 'refused'::text, 'bounced'::text, 'unknown-outcome'::text, 'acknowledged'::text, 'replied'::text, 'misdirected'::text, 'extension-asked'::text, 'declined'::text, 'reply-due'::text, 'overdue'::text, 'report-due'::text, 'report-missed'::text, 'report-submitted'::text, 'report-presented'::text, 'proposal-answered'::text, 'decision-waiting'::text, 'tabled'::text, 'put-off'::text, 'correspondence-opened'::text, 'correspondence-closing'::text, 'correspondence-closed'::text, 'objected-late'::text, 'report-late'::text, 'meeting-unclosed'::text]))),
    CONSTRAINT notice_choice_pace CHECK ((pace = ANY (ARRAY['at-once'::text, 'daily'::text])))
);

CREATE TABLE public.number_series (
    group_code text NOT NULL,
    period text NOT NULL,
    last integer NOT NULL,
    kind text DEFAULT 'statement'::text NOT NULL,
    CONSTRAINT number_series_kind CHECK ((kind = ANY (ARRAY['statement'::text, 'report'::text]))),
    CONSTRAINT number_series_last_check CHECK ((last > 0))
);

CREATE TABLE public.person (
    id uuid NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    affiliation text DEFAULT ''::text NOT NULL,
    language public.language_tag DEFAULT 'en'::text NOT NULL,
    CONSTRAINT person_affiliation_check CHECK ((length(affiliation) <= 200)),
    CONSTRAINT person_email_check CHECK ((length(email) <= 254)),
    CONSTRAINT person_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)))
);

CREATE TABLE public.profile_version (
    key text NOT NULL,
    version integer NOT NULL,
    name text NOT NULL,
    in_force date NOT NULL,
    digest public.sha256hex NOT NULL,
    published_at timestamp with time zone NOT NULL,
    CONSTRAINT profile_version_key_check CHECK (((length(key) >= 1) AND (length(key) <= 100))),
    CONSTRAINT profile_version_version_check CHECK ((version > 0))
);

CREATE TABLE public.proposal_answer (
    id uuid NOT NULL,
    statement_id uuid NOT NULL,
    number integer NOT NULL,
    body_code text NOT NULL,
    answer text NOT NULL,
    canonical bytea NOT NULL,
    digest public.sha256hex NOT NULL,
    transmission_id uuid,
    person_id uuid,
    at timestamp with time zone NOT NULL,
    command_id uuid NOT NULL,
    event_id uuid NOT NULL,
    CONSTRAINT proposal_answer_answer CHECK ((answer = ANY (ARRAY['accepted'::text, 'noted'::text, 'rejected'::text]))),
    CONSTRAINT proposal_answer_by_link_or_by_a_person CHECK ((num_nulls(transmission_id, person_id) = 1)),
    CONSTRAINT proposal_answer_check CHECK (((digest)::text = encode(sha256(canonical), 'hex'::text))),
    CONSTRAINT proposal_answer_number_check CHECK ((number > 0))
);

CREATE TABLE public.recusal (
    statement_id uuid NOT NULL,
    person_id uuid NOT NULL,
    reason text NOT NULL,
    command_id text NOT NULL,
    declared_at timestamp with time zone NOT NULL,
    CONSTRAINT recusal_reason_check CHECK (((reason <> ''::text) AND (length(reason) <= 4000)))
);

CREATE TABLE public.relation (
    statement_id uuid NOT NULL,
    revision integer NOT NULL,
    "position" integer NOT NULL,
    kind text NOT NULL,
    related_id uuid,
    ref text NOT NULL,
    CONSTRAINT relation_kind CHECK ((kind = ANY (ARRAY['replies-to'::text, 'revises'::text, 'corrects'::text, 'recalls'::text, 'forwards'::text]))),
    CONSTRAINT relation_names_something CHECK (((related_id IS NOT NULL) OR (ref <> ''::text))),
    CONSTRAINT relation_position_check CHECK (("position" > 0)),
    CONSTRAINT relation_to_another CHECK ((related_id <> statement_id))
);

CREATE TABLE public.reminder (
    statement_id uuid NOT NULL,
    "position" integer NOT NULL,
    due date NOT NULL,
    step integer NOT NULL,
    days integer NOT NULL,
    command_id text NOT NULL,
    transmission_id uuid NOT NULL,
    at timestamp with time zone NOT NULL
);

CREATE TABLE public.reply (
    statement_id uuid NOT NULL,
    revision integer NOT NULL,
    "position" integer NOT NULL,
    transmission_id uuid NOT NULL,
    body_code text NOT NULL,
    state text NOT NULL,
    deadline date,
    due date,
    asked date,
    redirected_to text,
    since timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT reply_is_awaited_by_a_date CHECK (((state = 'not-awaited'::text) OR (due IS NOT NULL))),
    CONSTRAINT reply_is_never_due_before_the_deadline CHECK ((due >= deadline)),
    CONSTRAINT reply_state CHECK ((state = ANY (ARRAY['not-awaited'::text, 'awaiting'::text, 'extended'::text, 'overdue'::text, 'redirected'::text, 'replied'::text, 'replied-late'::text, 'declined'::text, 'waived'::text, 'no-reply'::text])))
);

CREATE TABLE public.reply_link (
    seq bigint NOT NULL,
    statement_id uuid NOT NULL,
    "position" integer NOT NULL,
    kind text NOT NULL,
    response_id uuid,
    inbound_id uuid,
    came_on date NOT NULL,
    body_code text,
    person_id uuid,
    reason text DEFAULT ''::text NOT NULL,
    stood text NOT NULL,
    at timestamp with time zone NOT NULL,
    event_id uuid NOT NULL,
    CONSTRAINT reply_link_kind CHECK ((kind = ANY (ARRAY['reply'::text, 'interim'::text, 'none'::text]))),
    CONSTRAINT reply_link_reason_check CHECK ((length(reason) <= 4000)),
    CONSTRAINT reply_link_to_one_message CHECK ((num_nulls(response_id, inbound_id) = 1))
);

ALTER TABLE public.reply_link ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.reply_link_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.report_due (
    id uuid NOT NULL,
    group_code text NOT NULL,
    meeting_id uuid NOT NULL,
    due date NOT NULL,
    statement_id uuid,
    missed_on date,
    created_at timestamp with time zone NOT NULL
);

CREATE TABLE public.report_reminder (
    due_id uuid NOT NULL,
    days integer NOT NULL,
    event_id uuid NOT NULL,
    due date NOT NULL,
    office text DEFAULT ''::text NOT NULL
);

CREATE TABLE public.revision (
    statement_id uuid NOT NULL,
    number integer NOT NULL,
    digest public.sha256hex NOT NULL,
    canonical bytea NOT NULL,
    submitted_by uuid NOT NULL,
    submitted_at timestamp with time zone NOT NULL,
    CONSTRAINT revision_check CHECK (((digest)::text = encode(sha256(canonical), 'hex'::text))),
    CONSTRAINT revision_number_check CHECK ((number > 0))
);

CREATE TABLE public.saved_view (
    person_id uuid NOT NULL,
    name text NOT NULL,
    query text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT saved_view_name_check CHECK (((length(name) >= 1) AND (length(name) <= 80))),
    CONSTRAINT saved_view_query_check CHECK ((length(query) <= 2000))
);

CREATE TABLE public.search (
    statement_id uuid NOT NULL,
    language text NOT NULL,
    body text NOT NULL,
    words tsvector NOT NULL
)
WITH (toast_tuple_target='128');

CREATE TABLE public.session (
    token text NOT NULL,
    data bytea NOT NULL,
    expires timestamp with time zone NOT NULL
);

CREATE TABLE public.statement (
    id uuid NOT NULL,
    group_code text NOT NULL,
    state text NOT NULL,
    version integer NOT NULL,
    drafter_id uuid NOT NULL,
    title text NOT NULL,
    deadline date,
    revision integer DEFAULT 0 NOT NULL,
    digest public.sha256hex,
    number integer,
    period text,
    ref text,
    approved_digest public.sha256hex,
    approved_by uuid,
    approved_as text,
    approved_at timestamp with time zone,
    dispatched_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    dispatch_at timestamp with time zone,
    kind text DEFAULT 'statement'::text NOT NULL,
    amended_digest public.sha256hex,
    approved_profile text,
    approved_profile_version integer,
    corrigendum integer DEFAULT 0 NOT NULL,
    confidential boolean DEFAULT false NOT NULL,
    tabled_for uuid,
    tabled_item integer,
    leaves_after uuid,
    rev integer DEFAULT 0 NOT NULL,
    CONSTRAINT statement_amended_after_approval CHECK (((amended_digest IS NULL) OR (approved_digest IS NOT NULL))),
    CONSTRAINT statement_approved_has_approval CHECK (((state <> ALL (ARRAY['approved'::text, 'dispatching'::text, 'dispatched'::text, 'dispatched-in-part'::text, 'closed'::text])) OR ((number IS NOT NULL) AND (NOT ((COALESCE(amended_digest, approved_digest))::text IS DISTINCT FROM (digest)::text))))),
    CONSTRAINT statement_check CHECK ((num_nulls(number, period, ref) = ANY (ARRAY[0, 3]))),
    CONSTRAINT statement_check1 CHECK ((num_nulls(approved_digest, approved_by, approved_as, approved_at) = ANY (ARRAY[0, 4]))),
    CONSTRAINT statement_corrigendum_check CHECK ((corrigendum >= 0)),
    CONSTRAINT statement_corrigendum_has_number CHECK (((corrigendum = 0) OR (number IS NOT NULL))),
    CONSTRAINT statement_decided_on_a_revision CHECK (((state = ANY (ARRAY['draft'::text, 'withdrawn'::text])) OR (revision > 0))),
    CONSTRAINT statement_dispatched_has_time CHECK (((state <> ALL (ARRAY['dispatching'::text, 'dispatched'::text, 'dispatched-in-part'::text, 'closed'::text])) OR (dispatched_at IS NOT NULL))),
    CONSTRAINT statement_draft_has_no_approval CHECK (((state <> ALL (ARRAY['draft'::text, 'in-review'::text, 'by-correspondence'::text, 'rejected'::text])) OR (approved_digest IS NULL))),
    CONSTRAINT statement_kind CHECK ((kind = ANY (ARRAY['statement'::text, 'report'::text]))),
    CONSTRAINT statement_leaves_once_approved CHECK (((leaves_after IS NULL) OR ((state = 'approved'::text) AND (dispatch_at IS NOT NULL)))),
    CONSTRAINT statement_number_check CHECK ((number > 0)),
    CONSTRAINT statement_rev_check CHECK ((rev >= 0)),
    CONSTRAINT statement_rev_of_a_report CHECK (((rev = 0) OR ((number IS NOT NULL) AND (kind = 'report'::text)))),
    CONSTRAINT statement_revision_check CHECK ((revision >= 0)),
    CONSTRAINT statement_revision_has_digest CHECK (((revision = 0) = (digest IS NULL))),
    CONSTRAINT statement_state CHECK ((state = ANY (ARRAY['draft'::text, 'in-review'::text, 'approved'::text, 'dispatching'::text, 'dispatched'::text, 'dispatched-in-part'::text, 'closed'::text, 'rejected'::text, 'withdrawn'::text, 'tabled'::text, 'by-correspondence'::text]))),
    CONSTRAINT statement_tabled_for_a_meeting CHECK ((((state = 'tabled'::text) = (tabled_for IS NOT NULL)) AND (num_nulls(tabled_for, tabled_item) = ANY (ARRAY[0, 2])))),
    CONSTRAINT statement_tabled_has_no_approval CHECK (((state <> 'tabled'::text) OR (approved_digest IS NULL))),
    CONSTRAINT statement_title_check CHECK ((length(title) <= 400)),
    CONSTRAINT statement_version_check CHECK ((version > 0))
);

CREATE TABLE public.terms_of_reference (
    group_code text NOT NULL,
    version integer NOT NULL,
    in_force date NOT NULL,
    parent text NOT NULL,
    scope text NOT NULL,
    profile text NOT NULL,
    reviewed_by date,
    source text NOT NULL,
    CONSTRAINT terms_of_reference_version_check CHECK ((version > 0))
);

CREATE TABLE public.transmission (
    id uuid NOT NULL,
    statement_id uuid NOT NULL,
    revision integer NOT NULL,
    letter text NOT NULL,
    "position" integer,
    body_code text,
    person_id uuid,
    recipient_name text NOT NULL,
    recipient_email text NOT NULL,
    message_id text NOT NULL,
    message_date timestamp with time zone NOT NULL,
    approval_id uuid,
    approval_kind text,
    batch text,
    state text DEFAULT 'queued'::text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    next_try_at timestamp with time zone,
    code integer DEFAULT 0 NOT NULL,
    reply text DEFAULT ''::text NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    copy_of uuid,
    approved_revision integer,
    approval_revision integer GENERATED ALWAYS AS (COALESCE(approved_revision, revision)) STORED,
    amended_revision integer GENERATED ALWAYS AS (
CASE
    WHEN (approved_revision IS NOT NULL) THEN revision
    ELSE NULL::integer
END) STORED,
    overtaken text DEFAULT ''::text NOT NULL,
    CONSTRAINT transmission_amended_after_approval CHECK (((approved_revision IS NULL) OR ((approved_revision < revision) AND (letter = 'statement'::text)))),
    CONSTRAINT transmission_deferred_has_time CHECK (((state = 'deferred'::text) = (next_try_at IS NOT NULL))),
    CONSTRAINT transmission_letter CHECK ((letter = ANY (ARRAY['statement'::text, 'review-requested'::text, 'returned'::text, 'rejected'::text, 'dispatched'::text, 'approval-void'::text, 'amended'::text, 'test'::text, 'digest'::text, 'approved'::text, 'refused'::text, 'bounced'::text, 'unknown-outcome'::text, 'relay-held'::text, 'acknowledged'::text, 'replied'::text, 'misdirected'::text, 'extension-asked'::text, 'declined'::text, 'reply-due'::text, 'overdue'::text, 'extension-granted'::text, 'extension-refused'::text, 'report-due'::text, 'report-missed'::text, 'report-submitted'::text, 'report-presented'::text, 'proposal-answered'::text, 'decision-waiting'::text, 'tabled'::text, 'put-off'::text, 'correspondence-opened'::text, 'correspondence-closing'::text, 'correspondence-closed'::text, 'objected-late'::text, 'arrival-asked'::text, 'report-late'::text, 'meeting-unclosed'::text]))),
    CONSTRAINT transmission_message_id_check CHECK ((length(message_id) <= 60)),
    CONSTRAINT transmission_only_statements_are_copied CHECK (((copy_of IS NULL) OR (letter = 'statement'::text))),
    CONSTRAINT transmission_overtaken_is_settled CHECK (((overtaken = ''::text) OR ((length(overtaken) <= 400) AND (state = ANY (ARRAY['cancelled'::text, 'refused'::text]))))),
    CONSTRAINT transmission_recipient_email_check CHECK ((recipient_email <> ''::text)),
    CONSTRAINT transmission_released_before_sent CHECK (((state = ANY (ARRAY['queued'::text, 'cancelled'::text])) OR (batch IS NOT NULL))),
    CONSTRAINT transmission_state CHECK ((state = ANY (ARRAY['queued'::text, 'attempting'::text, 'accepted'::text, 'refused'::text, 'deferred'::text, 'unknown'::text, 'cancelled'::text, 'bounced'::text, 'assumed'::text]))),
    CONSTRAINT transmission_statement_is_approved CHECK (((letter <> 'statement'::text) OR ((approval_id IS NOT NULL) AND (approval_kind = 'approve'::text)))),
    CONSTRAINT transmission_to_an_addressee_or_a_person CHECK (((("position" IS NULL) = (person_id IS NOT NULL)) AND ((letter <> 'statement'::text) OR ("position" IS NOT NULL)) AND (("position" IS NULL) OR (letter = ANY (ARRAY['statement'::text, 'reply-due'::text, 'overdue'::text, 'extension-granted'::text, 'extension-refused'::text, 'arrival-asked'::text])))))
);

CREATE TABLE public.transmission_fact (
    id uuid NOT NULL,
    transmission_id uuid NOT NULL,
    kind text NOT NULL,
    at timestamp with time zone NOT NULL,
    inbound_id uuid,
    recipient text DEFAULT ''::text NOT NULL,
    status text DEFAULT ''::text NOT NULL,
    diagnostic text DEFAULT ''::text NOT NULL,
    event_id uuid NOT NULL,
    CONSTRAINT transmission_fact_diagnostic_check CHECK ((length(diagnostic) <= 1000)),
    CONSTRAINT transmission_fact_kind CHECK ((kind = ANY (ARRAY['witnessed'::text, 'delayed'::text, 'relayed'::text, 'delivered'::text, 'bounced'::text, 'displayed'::text, 'auto-replied'::text, 'replied'::text, 'acknowledged'::text]))),
    CONSTRAINT transmission_fact_recipient_check CHECK ((length(recipient) <= 320)),
    CONSTRAINT transmission_fact_status_check CHECK ((length(status) <= 12))
);

CREATE TABLE public.transmission_response (
    id uuid NOT NULL,
    transmission_id uuid NOT NULL,
    kind text NOT NULL,
    person_name text NOT NULL,
    asked_date date,
    canonical bytea NOT NULL,
    digest public.sha256hex NOT NULL,
    at timestamp with time zone NOT NULL,
    command_id uuid NOT NULL,
    event_id uuid NOT NULL,
    CONSTRAINT transmission_response_check CHECK (((digest)::text = encode(sha256(canonical), 'hex'::text))),
    CONSTRAINT transmission_response_date CHECK (((kind = 'extension-asked'::text) = (asked_date IS NOT NULL))),
    CONSTRAINT transmission_response_kind CHECK ((kind = ANY (ARRAY['acknowledged'::text, 'misdirected'::text, 'extension-asked'::text, 'declined'::text, 'replied'::text]))),
    CONSTRAINT transmission_response_person_name_check CHECK (((length(person_name) >= 1) AND (length(person_name) <= 200)))
);

CREATE TABLE public.transmission_response_file (
    response_id uuid NOT NULL,
    "position" integer NOT NULL,
    digest public.sha256hex NOT NULL,
    CONSTRAINT transmission_response_file_position_check CHECK (("position" > 0))
);

CREATE TABLE public.transmission_token_revoked (
    transmission_id uuid NOT NULL,
    person_id uuid NOT NULL,
    reason text NOT NULL,
    at timestamp with time zone NOT NULL,
    event_id uuid NOT NULL,
    CONSTRAINT transmission_token_revoked_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 4000)))
);

ALTER TABLE ONLY audit.checkpoint
    ADD CONSTRAINT checkpoint_pkey PRIMARY KEY (log, size);

ALTER TABLE ONLY audit.leaf
    ADD CONSTRAINT leaf_event_id_key UNIQUE (event_id);

ALTER TABLE ONLY audit.leaf
    ADD CONSTRAINT leaf_pkey PRIMARY KEY (log, index);

ALTER TABLE ONLY audit.log
    ADD CONSTRAINT log_pkey PRIMARY KEY (number);

ALTER TABLE ONLY audit.node
    ADD CONSTRAINT node_pkey PRIMARY KEY (log, level, index);

ALTER TABLE ONLY audit.salt
    ADD CONSTRAINT salt_pkey PRIMARY KEY (event_id, field);

ALTER TABLE ONLY audit.stamp_failure
    ADD CONSTRAINT stamp_failure_pkey PRIMARY KEY (at);

ALTER TABLE ONLY audit.stamp
    ADD CONSTRAINT stamp_pkey PRIMARY KEY (log, size, at);

ALTER TABLE ONLY audit.verification
    ADD CONSTRAINT verification_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.absence
    ADD CONSTRAINT absence_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.addressee
    ADD CONSTRAINT addressee_pkey PRIMARY KEY (statement_id, revision, "position");

ALTER TABLE ONLY public.addressee
    ADD CONSTRAINT addressee_statement_id_revision_body_code_key UNIQUE (statement_id, revision, body_code);

ALTER TABLE ONLY public.agenda_item
    ADD CONSTRAINT agenda_item_pkey PRIMARY KEY (meeting_id, number);

ALTER TABLE ONLY public.amendment
    ADD CONSTRAINT amendment_command_id_key UNIQUE (command_id);

ALTER TABLE ONLY public.amendment
    ADD CONSTRAINT amendment_pkey PRIMARY KEY (statement_id, revision);

ALTER TABLE ONLY public.amendment
    ADD CONSTRAINT amendment_statement_id_revision_approval_id_digest_key UNIQUE (statement_id, revision, approval_id, digest);

ALTER TABLE ONLY public.amendment
    ADD CONSTRAINT amendment_statement_id_revision_approval_id_key UNIQUE (statement_id, revision, approval_id);

ALTER TABLE ONLY public.amendment
    ADD CONSTRAINT amendment_statement_id_revision_digest_key UNIQUE (statement_id, revision, digest);

ALTER TABLE ONLY public.appointment
    ADD CONSTRAINT appointment_pkey PRIMARY KEY (group_code, office, person_id, held_from);

ALTER TABLE ONLY public.attempt
    ADD CONSTRAINT attempt_pkey PRIMARY KEY (transmission_id, n);

ALTER TABLE ONLY public.blob
    ADD CONSTRAINT blob_pkey PRIMARY KEY (digest);

ALTER TABLE ONLY public.body_link_revoked
    ADD CONSTRAINT body_link_revoked_pkey PRIMARY KEY (body_code, n);

ALTER TABLE ONLY public.body
    ADD CONSTRAINT body_pkey PRIMARY KEY (code);

ALTER TABLE ONLY public.body_reach
    ADD CONSTRAINT body_reach_event_id_key UNIQUE (event_id);

ALTER TABLE ONLY public.body_reach
    ADD CONSTRAINT body_reach_pkey PRIMARY KEY (body_code, version);

ALTER TABLE ONLY public.calendar_link
    ADD CONSTRAINT calendar_link_pkey PRIMARY KEY (person_id, n);

ALTER TABLE ONLY public.canary
    ADD CONSTRAINT canary_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.command
    ADD CONSTRAINT command_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.correspondence_person
    ADD CONSTRAINT correspondence_person_pkey PRIMARY KEY (window_id, "position");

ALTER TABLE ONLY public.correspondence_person
    ADD CONSTRAINT correspondence_person_window_id_person_id_key UNIQUE (window_id, person_id);

ALTER TABLE ONLY public.correspondence_saying
    ADD CONSTRAINT correspondence_saying_command_id_key UNIQUE (command_id);

ALTER TABLE ONLY public.correspondence_saying
    ADD CONSTRAINT correspondence_saying_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.correspondence_window
    ADD CONSTRAINT correspondence_window_command_id_key UNIQUE (command_id);

ALTER TABLE ONLY public.correspondence_window
    ADD CONSTRAINT correspondence_window_id_digest_key UNIQUE (id, digest);

ALTER TABLE ONLY public.correspondence_window
    ADD CONSTRAINT correspondence_window_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.decision
    ADD CONSTRAINT decision_command_id_key UNIQUE (command_id);

ALTER TABLE ONLY public.decision
    ADD CONSTRAINT decision_for_amendments UNIQUE (id, digest);

ALTER TABLE ONLY public.decision
    ADD CONSTRAINT decision_id_statement_id_revision_kind_key UNIQUE (id, statement_id, revision, kind);

ALTER TABLE ONLY public.decision
    ADD CONSTRAINT decision_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.digest
    ADD CONSTRAINT digest_once_a_day PRIMARY KEY (person_id, group_code, day);

ALTER TABLE ONLY public.digest_time
    ADD CONSTRAINT digest_time_pkey PRIMARY KEY (person_id);

ALTER TABLE ONLY public.digest
    ADD CONSTRAINT digest_transmission_id_key UNIQUE (transmission_id);

ALTER TABLE ONLY public.draft
    ADD CONSTRAINT draft_pkey PRIMARY KEY (statement_id);

ALTER TABLE ONLY public.draft_presence
    ADD CONSTRAINT draft_presence_pkey PRIMARY KEY (statement_id, person_id);

ALTER TABLE ONLY public.drafter
    ADD CONSTRAINT drafter_pkey PRIMARY KEY (statement_id, person_id);

ALTER TABLE ONLY public.employment
    ADD CONSTRAINT employment_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.event
    ADD CONSTRAINT event_id_key UNIQUE (id);

ALTER TABLE ONLY public.event
    ADD CONSTRAINT event_pkey PRIMARY KEY (seq);

ALTER TABLE ONLY public.hold
    ADD CONSTRAINT hold_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.inbound_message
    ADD CONSTRAINT inbound_message_once UNIQUE (digest, envelope_recipient);

ALTER TABLE ONLY public.inbound_message
    ADD CONSTRAINT inbound_message_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.link_upload
    ADD CONSTRAINT link_upload_pkey PRIMARY KEY (transmission_id);

ALTER TABLE ONLY public.meeting
    ADD CONSTRAINT meeting_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.message
    ADD CONSTRAINT message_pkey PRIMARY KEY (transmission_id);

ALTER TABLE ONLY public.notice_choice
    ADD CONSTRAINT notice_choice_pkey PRIMARY KEY (person_id, letter);

ALTER TABLE ONLY public.notice
    ADD CONSTRAINT notice_once UNIQUE (event_id, letter, person_id);

ALTER TABLE ONLY public.notice
    ADD CONSTRAINT notice_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.number_series
    ADD CONSTRAINT number_series_pkey PRIMARY KEY (group_code, kind, period);

ALTER TABLE ONLY public.person
    ADD CONSTRAINT person_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.profile_version
    ADD CONSTRAINT profile_version_pkey PRIMARY KEY (key, version);

ALTER TABLE ONLY public.proposal_answer
    ADD CONSTRAINT proposal_answer_event_id_key UNIQUE (event_id);

ALTER TABLE ONLY public.proposal_answer
    ADD CONSTRAINT proposal_answer_once UNIQUE (command_id);

ALTER TABLE ONLY public.proposal_answer
    ADD CONSTRAINT proposal_answer_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.recusal
    ADD CONSTRAINT recusal_command_id_key UNIQUE (command_id);

ALTER TABLE ONLY public.recusal
    ADD CONSTRAINT recusal_pkey PRIMARY KEY (statement_id, person_id);

ALTER TABLE ONLY public.relation
    ADD CONSTRAINT relation_pkey PRIMARY KEY (statement_id, revision, "position");

ALTER TABLE ONLY public.reminder
    ADD CONSTRAINT reminder_once PRIMARY KEY (statement_id, "position", due, step);

ALTER TABLE ONLY public.reminder
    ADD CONSTRAINT reminder_transmission_id_key UNIQUE (transmission_id);

ALTER TABLE ONLY public.reply_link
    ADD CONSTRAINT reply_link_event_id_key UNIQUE (event_id);

ALTER TABLE ONLY public.reply_link
    ADD CONSTRAINT reply_link_pkey PRIMARY KEY (seq);

ALTER TABLE ONLY public.reply
    ADD CONSTRAINT reply_pkey PRIMARY KEY (statement_id, "position");

ALTER TABLE ONLY public.reply
    ADD CONSTRAINT reply_transmission_id_key UNIQUE (transmission_id);

ALTER TABLE ONLY public.report_due
    ADD CONSTRAINT report_due_once UNIQUE (group_code, meeting_id);

ALTER TABLE ONLY public.report_due
    ADD CONSTRAINT report_due_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.report_due
    ADD CONSTRAINT report_due_statement_id_key UNIQUE (statement_id);

ALTER TABLE ONLY public.report_reminder
    ADD CONSTRAINT report_reminder_event_id_key UNIQUE (event_id);

ALTER TABLE ONLY public.report_reminder
    ADD CONSTRAINT report_reminder_pkey PRIMARY KEY (due_id, due, days, office);

ALTER TABLE ONLY public.revision
    ADD CONSTRAINT revision_pkey PRIMARY KEY (statement_id, number);

ALTER TABLE ONLY public.revision
    ADD CONSTRAINT revision_statement_id_number_digest_key UNIQUE (statement_id, number, digest);

ALTER TABLE ONLY public.saved_view
    ADD CONSTRAINT saved_view_pkey PRIMARY KEY (person_id, name);

ALTER TABLE ONLY public.search
    ADD CONSTRAINT search_pkey PRIMARY KEY (statement_id);

ALTER TABLE ONLY public.session
    ADD CONSTRAINT session_pkey PRIMARY KEY (token);

ALTER TABLE ONLY public.statement
    ADD CONSTRAINT statement_group_code_period_ref_key UNIQUE (group_code, period, ref);

ALTER TABLE ONLY public.statement
    ADD CONSTRAINT statement_number_once UNIQUE (group_code, kind, period, number, rev, corrigendum);

ALTER TABLE ONLY public.statement
    ADD CONSTRAINT statement_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.terms_of_reference
    ADD CONSTRAINT terms_of_reference_pkey PRIMARY KEY (group_code, version);

ALTER TABLE ONLY public.transmission
    ADD CONSTRAINT transmission_copied_once UNIQUE (copy_of);

ALTER TABLE ONLY public.transmission_fact
    ADD CONSTRAINT transmission_fact_event_id_key UNIQUE (event_id);

ALTER TABLE ONLY public.transmission_fact
    ADD CONSTRAINT transmission_fact_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.transmission
    ADD CONSTRAINT transmission_for_copies UNIQUE (id, statement_id, revision, "position");

ALTER TABLE ONLY public.transmission
    ADD CONSTRAINT transmission_message_id_key UNIQUE (message_id);

ALTER TABLE ONLY public.transmission
    ADD CONSTRAINT transmission_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.transmission_response
    ADD CONSTRAINT transmission_response_event_id_key UNIQUE (event_id);

ALTER TABLE ONLY public.transmission_response_file
    ADD CONSTRAINT transmission_response_file_pkey PRIMARY KEY (response_id, "position");

ALTER TABLE ONLY public.transmission_response
    ADD CONSTRAINT transmission_response_once UNIQUE (command_id);

ALTER TABLE ONLY public.transmission_response
    ADD CONSTRAINT transmission_response_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.transmission_token_revoked
    ADD CONSTRAINT transmission_token_revoked_event_id_key UNIQUE (event_id);

ALTER TABLE ONLY public.transmission_token_revoked
    ADD CONSTRAINT transmission_token_revoked_pkey PRIMARY KEY (transmission_id);

CREATE INDEX node_completed ON audit.node USING btree (log, (((index + 1) << (level)::integer)), level);

CREATE INDEX stamp_asked ON audit.stamp USING btree (asked_at DESC);

CREATE INDEX verification_at ON audit.verification USING btree (at DESC);

CREATE INDEX absence_of_group ON public.absence USING btree (group_code, held_until);

CREATE INDEX addressee_body ON public.addressee USING btree (body_code);

CREATE INDEX appointment_person ON public.appointment USING btree (person_id);

CREATE INDEX canary_sent ON public.canary USING btree (relay, sent_at DESC);

CREATE INDEX correspondence_person_asked ON public.correspondence_person USING btree (person_id, window_id);

CREATE INDEX correspondence_saying_in ON public.correspondence_saying USING btree (window_id, said_at);

CREATE UNIQUE INDEX correspondence_stopped_once ON public.correspondence_saying USING btree (window_id) WHERE (kind = 'objected'::text);

CREATE INDEX correspondence_window_of_statement ON public.correspondence_window USING btree (statement_id, opened_at);

CREATE INDEX decision_at_meeting ON public.decision USING btree (meeting_id) WHERE (meeting_id IS NOT NULL);

CREATE UNIQUE INDEX decision_one_per_revision ON public.decision USING btree (statement_id, revision);

CREATE INDEX drafter_person ON public.drafter USING btree (person_id);

CREATE UNIQUE INDEX employment_once ON public.employment USING btree (person_id, body_code, held_from) WHERE (ended_on IS NULL);

CREATE INDEX event_at ON public.event USING brin (at) WITH (autosummarize='on');

CREATE INDEX event_held_against_rows ON public.event USING btree (kind) WHERE (kind = ANY (ARRAY['dispatching'::text, 'amended'::text, 'proposal-answered'::text, 'misdirected'::text, 'extension-asked'::text, 'declined'::text, 'body-profile'::text]));

CREATE UNIQUE INDEX event_meeting_unclosed ON public.event USING btree (meeting_id, until_day) WHERE (kind = 'meeting-unclosed'::text);

CREATE INDEX event_of_meeting ON public.event USING btree (meeting_id, seq) WHERE (meeting_id IS NOT NULL);

CREATE UNIQUE INDEX event_one_per_version ON public.event USING btree (statement_id, version) WHERE ((to_state <> ''::text) AND (from_state <> to_state));

CREATE INDEX event_statement ON public.event USING btree (statement_id, seq);

CREATE INDEX event_transmission ON public.event USING btree (transmission_id, seq) WHERE (transmission_id IS NOT NULL);

CREATE UNIQUE INDEX hold_one_per_body ON public.hold USING btree (body_code) WHERE (lifted_at IS NULL);

CREATE UNIQUE INDEX hold_one_per_relay ON public.hold USING btree (relay) WHERE (lifted_at IS NULL);

CREATE INDEX inbound_message_open ON public.inbound_message USING btree (received_at) WHERE (handled_at IS NULL);

CREATE INDEX inbound_message_statement ON public.inbound_message USING btree (statement_id, received_at) WHERE (statement_id IS NOT NULL);

CREATE INDEX inbound_message_unmatched ON public.inbound_message USING btree (received_at DESC, id DESC) WHERE ((handled_at IS NOT NULL) AND (statement_id IS NULL));

CREATE INDEX meeting_of_group ON public.meeting USING btree (group_code, held_from);

CREATE UNIQUE INDEX meeting_once_per_calendar_entry ON public.meeting USING btree (group_code, uid) WHERE (uid <> ''::text);

CREATE INDEX notice_of_a_letter ON public.notice USING btree (transmission_id);

CREATE INDEX notice_of_a_message ON public.notice USING btree (about, person_id, letter, made_at);

CREATE INDEX notice_waiting ON public.notice USING btree (person_id, made_at) WHERE ((transmission_id IS NULL) AND (withheld_at IS NULL));

CREATE UNIQUE INDEX person_email ON public.person USING btree (lower(email));

CREATE INDEX proposal_answer_of ON public.proposal_answer USING btree (statement_id, number, body_code, at);

CREATE INDEX relation_to ON public.relation USING btree (related_id) WHERE (related_id IS NOT NULL);

CREATE INDEX reply_by_date ON public.reply USING btree (due, statement_id, "position") WHERE (due IS NOT NULL);

CREATE INDEX reply_link_of ON public.reply_link USING btree (statement_id, "position", seq);

CREATE UNIQUE INDEX reply_link_once ON public.reply_link USING btree (statement_id, "position", inbound_id) WHERE ((person_id IS NULL) AND (inbound_id IS NOT NULL));

CREATE INDEX reply_of_body ON public.reply USING btree (body_code, due, statement_id, "position") WHERE (due IS NOT NULL);

CREATE INDEX reply_open ON public.reply USING btree (due, statement_id, "position") WHERE (state = ANY (ARRAY['awaiting'::text, 'extended'::text, 'overdue'::text, 'redirected'::text]));

CREATE INDEX report_due_open ON public.report_due USING btree (due) WHERE (missed_on IS NULL);

CREATE INDEX search_words ON public.search USING gin (words);

CREATE INDEX session_expires ON public.session USING btree (expires);

CREATE INDEX statement_by_group_state ON public.statement USING btree (group_code, state, changed_at DESC, id DESC);

CREATE INDEX statement_by_state ON public.statement USING btree (state, changed_at DESC, id DESC);

CREATE INDEX statement_leaves_after ON public.statement USING btree (leaves_after) WHERE (leaves_after IS NOT NULL);

CREATE INDEX statement_newest ON public.statement USING btree (changed_at DESC, id DESC);

CREATE INDEX statement_reports ON public.statement USING btree (group_code, changed_at DESC, id DESC) WHERE (kind = 'report'::text);

CREATE INDEX statement_tabled ON public.statement USING btree (tabled_for) WHERE (tabled_for IS NOT NULL);

CREATE INDEX statement_title ON public.statement USING btree (group_code, md5(lower(title)));

CREATE INDEX transmission_batch ON public.transmission USING btree (batch);

CREATE INDEX transmission_board ON public.transmission USING btree ((
CASE
    WHEN (state = ANY (ARRAY['unknown'::text, 'refused'::text, 'bounced'::text])) THEN 0
    WHEN (state = ANY (ARRAY['queued'::text, 'attempting'::text, 'deferred'::text])) THEN 1
    ELSE 2
END), changed_at DESC, id DESC);

CREATE INDEX transmission_doubted ON public.transmission USING btree (id) WHERE (state = ANY (ARRAY['unknown'::text, 'assumed'::text, 'deferred'::text]));

CREATE INDEX transmission_fact_bounced ON public.transmission_fact USING btree (transmission_id) WHERE (kind = 'bounced'::text);

CREATE INDEX transmission_fact_of ON public.transmission_fact USING btree (transmission_id, at);

CREATE UNIQUE INDEX transmission_fact_once ON public.transmission_fact USING btree (inbound_id, transmission_id, kind, recipient);

CREATE UNIQUE INDEX transmission_one_per_addressee ON public.transmission USING btree (statement_id, revision, "position") WHERE ((letter = 'statement'::text) AND (copy_of IS NULL));

CREATE INDEX transmission_open ON public.transmission USING btree (changed_at) WHERE (state = ANY (ARRAY['queued'::text, 'attempting'::text, 'deferred'::text, 'unknown'::text]));

CREATE INDEX transmission_response_of ON public.transmission_response USING btree (transmission_id, at, id);

CREATE INDEX transmission_statement ON public.transmission USING btree (statement_id);

CREATE INDEX transmission_unreleased ON public.transmission USING btree (statement_id) WHERE ((batch IS NULL) AND (letter <> 'statement'::text) AND (state = 'queued'::text));

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON audit.checkpoint FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON audit.leaf FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON audit.log FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON audit.node FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON audit.stamp FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON audit.stamp_failure FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON audit.verification FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON audit.checkpoint FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON audit.leaf FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON audit.log FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON audit.node FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON audit.stamp FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON audit.stamp_failure FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON audit.verification FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER absence_guard BEFORE DELETE OR UPDATE ON public.absence FOR EACH ROW EXECUTE FUNCTION public.absence_guard();

CREATE TRIGGER amendment_guard BEFORE INSERT ON public.amendment FOR EACH ROW EXECUTE FUNCTION public.amendment_guard();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.addressee FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.amendment FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.blob FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.body_link_revoked FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.body_reach FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.calendar_link FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.command FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.correspondence_person FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.correspondence_saying FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.correspondence_window FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.decision FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.digest FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.event FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.message FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.profile_version FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.proposal_answer FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.recusal FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.relation FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.reminder FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.reply_link FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.report_reminder FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.revision FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.transmission_fact FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.transmission_response FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.transmission_response_file FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.transmission_token_revoked FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.absence FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.addressee FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.amendment FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.blob FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.body_link_revoked FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.body_reach FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.calendar_link FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.command FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.correspondence_person FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.correspondence_saying FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.correspondence_window FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.decision FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.digest FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.employment FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.event FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.inbound_message FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.message FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.notice FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.profile_version FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.proposal_answer FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.recusal FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.relation FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.reminder FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.reply FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.reply_link FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.report_reminder FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.revision FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.transmission_fact FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.transmission_response FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.transmission_response_file FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.transmission_token_revoked FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER attempt_guard BEFORE DELETE OR UPDATE ON public.attempt FOR EACH ROW EXECUTE FUNCTION public.attempt_guard();

CREATE TRIGGER decision_window_guard BEFORE INSERT ON public.decision FOR EACH ROW EXECUTE FUNCTION public.decision_window_guard();

CREATE TRIGGER employment_guard BEFORE DELETE OR UPDATE ON public.employment FOR EACH ROW EXECUTE FUNCTION public.employment_guard();

CREATE TRIGGER hold_guard BEFORE DELETE OR UPDATE ON public.hold FOR EACH ROW EXECUTE FUNCTION public.hold_guard();

CREATE TRIGGER inbound_message_guard BEFORE DELETE OR UPDATE ON public.inbound_message FOR EACH ROW EXECUTE FUNCTION public.inbound_message_guard();

CREATE TRIGGER meeting_decision_guard BEFORE INSERT ON public.decision FOR EACH ROW WHEN ((new.mode = 'meeting'::text)) EXECUTE FUNCTION public.meeting_decision_guard();

CREATE TRIGGER meeting_guard BEFORE DELETE OR UPDATE ON public.meeting FOR EACH ROW EXECUTE FUNCTION public.meeting_guard();

CREATE TRIGGER notice_guard BEFORE DELETE OR UPDATE ON public.notice FOR EACH ROW EXECUTE FUNCTION public.notice_guard();

CREATE TRIGGER reply_guard BEFORE DELETE OR UPDATE ON public.reply FOR EACH ROW EXECUTE FUNCTION public.reply_guard();

CREATE TRIGGER report_reminder_due BEFORE INSERT ON public.report_reminder FOR EACH ROW EXECUTE FUNCTION public.report_reminder_due();

CREATE TRIGGER transmission_guard BEFORE DELETE OR UPDATE ON public.transmission FOR EACH ROW EXECUTE FUNCTION public.transmission_guard();

ALTER TABLE ONLY audit.checkpoint
    ADD CONSTRAINT checkpoint_log_fkey FOREIGN KEY (log) REFERENCES audit.log(number);

ALTER TABLE ONLY audit.leaf
    ADD CONSTRAINT leaf_event_id_fkey FOREIGN KEY (event_id) REFERENCES public.event(id);

ALTER TABLE ONLY audit.leaf
    ADD CONSTRAINT leaf_log_fkey FOREIGN KEY (log) REFERENCES audit.log(number);

ALTER TABLE ONLY audit.node
    ADD CONSTRAINT node_log_fkey FOREIGN KEY (log) REFERENCES audit.log(number);

ALTER TABLE ONLY audit.salt
    ADD CONSTRAINT salt_event_id_fkey FOREIGN KEY (event_id) REFERENCES public.event(id);

ALTER TABLE ONLY audit.stamp
    ADD CONSTRAINT stamp_log_size_fkey FOREIGN KEY (log, size) REFERENCES audit.checkpoint(log, size);

ALTER TABLE ONLY audit.verification
    ADD CONSTRAINT verification_asked_by_fkey FOREIGN KEY (asked_by) REFERENCES public.person(id);

ALTER TABLE ONLY public.absence
    ADD CONSTRAINT absence_deputy_id_fkey FOREIGN KEY (deputy_id) REFERENCES public.person(id);

ALTER TABLE ONLY public.absence
    ADD CONSTRAINT absence_ended_by_fkey FOREIGN KEY (ended_by) REFERENCES public.person(id);

ALTER TABLE ONLY public.absence
    ADD CONSTRAINT absence_group_code_fkey FOREIGN KEY (group_code) REFERENCES public.body(code);

ALTER TABLE ONLY public.absence
    ADD CONSTRAINT absence_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);

ALTER TABLE ONLY public.absence
    ADD CONSTRAINT absence_recorded_by_fkey FOREIGN KEY (recorded_by) REFERENCES public.person(id);

ALTER TABLE ONLY public.addressee
    ADD CONSTRAINT addressee_body_code_fkey FOREIGN KEY (body_code) REFERENCES public.body(code);

ALTER TABLE ONLY public.addressee
    ADD CONSTRAINT addressee_statement_id_revision_fkey FOREIGN KEY (statement_id, revision) REFERENCES public.revision(statement_id, number);

ALTER TABLE ONLY public.agenda_item
    ADD CONSTRAINT agenda_item_meeting_id_fkey FOREIGN KEY (meeting_id) REFERENCES public.meeting(id);

ALTER TABLE ONLY public.amendment
    ADD CONSTRAINT amendment_command_id_fkey FOREIGN KEY (command_id) REFERENCES public.command(id);

ALTER TABLE ONLY public.amendment
    ADD CONSTRAINT amendment_of_an_amendment FOREIGN KEY (statement_id, earlier, approval_id, amends_digest) REFERENCES public.amendment(statement_id, revision, approval_id, digest);

ALTER TABLE ONLY public.amendment
    ADD CONSTRAINT amendment_of_an_approval FOREIGN KEY (approval_id, statement_id, approved_revision, approval_kind) REFERENCES public.decision(id, statement_id, revision, kind);

ALTER TABLE ONLY public.amendment
    ADD CONSTRAINT amendment_of_what_was_approved FOREIGN KEY (approval_id, first_digest) REFERENCES public.decision(id, digest);

ALTER TABLE ONLY public.amendment
    ADD CONSTRAINT amendment_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);

ALTER TABLE ONLY public.amendment
    ADD CONSTRAINT amendment_statement_id_amends_amends_digest_fkey FOREIGN KEY (statement_id, amends, amends_digest) REFERENCES public.revision(statement_id, number, digest);

ALTER TABLE ONLY public.amendment
    ADD CONSTRAINT amendment_statement_id_revision_digest_fkey FOREIGN KEY (statement_id, revision, digest) REFERENCES public.revision(statement_id, number, digest);

ALTER TABLE ONLY public.appointment
    ADD CONSTRAINT appointment_group_code_fkey FOREIGN KEY (group_code) REFERENCES public.body(code);

ALTER TABLE ONLY public.appointment
    ADD CONSTRAINT appointment_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);

ALTER TABLE ONLY public.attempt
    ADD CONSTRAINT attempt_transmission_id_fkey FOREIGN KEY (transmission_id) REFERENCES public.transmission(id);

ALTER TABLE ONLY public.body_link_revoked
    ADD CONSTRAINT body_link_revoked_body_code_fkey FOREIGN KEY (body_code) REFERENCES public.body(code);

ALTER TABLE ONLY public.body_link_revoked
    ADD CONSTRAINT body_link_revoked_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);

ALTER TABLE ONLY public.body
    ADD CONSTRAINT body_parent_fkey FOREIGN KEY (parent) REFERENCES public.body(code);

ALTER TABLE ONLY public.body_reach
    ADD CONSTRAINT body_reach_body_code_fkey FOREIGN KEY (body_code) REFERENCES public.body(code);

ALTER TABLE ONLY public.body_reach
    ADD CONSTRAINT body_reach_event_id_fkey FOREIGN KEY (event_id) REFERENCES public.event(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.body_reach
    ADD CONSTRAINT body_reach_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);

ALTER TABLE ONLY public.body
    ADD CONSTRAINT body_successor_fkey FOREIGN KEY (successor) REFERENCES public.body(code);

ALTER TABLE ONLY public.calendar_link
    ADD CONSTRAINT calendar_link_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);

ALTER TABLE ONLY public.command
    ADD CONSTRAINT command_statement_id_fkey FOREIGN KEY (statement_id) REFERENCES public.statement(id);

ALTER TABLE ONLY public.correspondence_person
    ADD CONSTRAINT correspondence_person_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);

ALTER TABLE ONLY public.correspondence_person
    ADD CONSTRAINT correspondence_person_window_id_fkey FOREIGN KEY (window_id) REFERENCES public.correspondence_window(id);

ALTER TABLE ONLY public.correspondence_saying
    ADD CONSTRAINT correspondence_saying_command_id_fkey FOREIGN KEY (command_id) REFERENCES public.command(id);

ALTER TABLE ONLY public.correspondence_saying
    ADD CONSTRAINT correspondence_saying_entered_by_fkey FOREIGN KEY (entered_by) REFERENCES public.person(id);

ALTER TABLE ONLY public.correspondence_saying
    ADD CONSTRAINT correspondence_saying_evidence_file_fkey FOREIGN KEY (evidence_file) REFERENCES public.blob(digest);

ALTER TABLE ONLY public.correspondence_saying
    ADD CONSTRAINT correspondence_saying_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);

ALTER TABLE ONLY public.correspondence_saying
    ADD CONSTRAINT correspondence_saying_window_id_fkey FOREIGN KEY (window_id) REFERENCES public.correspondence_window(id);

ALTER TABLE ONLY public.correspondence_window
    ADD CONSTRAINT correspondence_window_absence_id_fkey FOREIGN KEY (absence_id) REFERENCES public.absence(id);

ALTER TABLE ONLY public.correspondence_window
    ADD CONSTRAINT correspondence_window_command_id_fkey FOREIGN KEY (command_id) REFERENCES public.command(id);

ALTER TABLE ONLY public.correspondence_window
    ADD CONSTRAINT correspondence_window_opened_by_fkey FOREIGN KEY (opened_by) REFERENCES public.person(id);

ALTER TABLE ONLY public.correspondence_window
    ADD CONSTRAINT correspondence_window_profile_profile_version_fkey FOREIGN KEY (profile, profile_version) REFERENCES public.profile_version(key, version);

ALTER TABLE ONLY public.correspondence_window
    ADD CONSTRAINT correspondence_window_statement_id_fkey FOREIGN KEY (statement_id) REFERENCES public.statement(id);

ALTER TABLE ONLY public.correspondence_window
    ADD CONSTRAINT correspondence_window_statement_id_revision_digest_fkey FOREIGN KEY (statement_id, revision, digest) REFERENCES public.revision(statement_id, number, digest);

ALTER TABLE ONLY public.decision
    ADD CONSTRAINT decision_absence_id_fkey FOREIGN KEY (absence_id) REFERENCES public.absence(id);

ALTER TABLE ONLY public.decision
    ADD CONSTRAINT decision_command_id_fkey FOREIGN KEY (command_id) REFERENCES public.command(id);

ALTER TABLE ONLY public.decision
    ADD CONSTRAINT decision_edited_what_was_tabled FOREIGN KEY (statement_id, tabled_revision) REFERENCES public.revision(statement_id, number);

ALTER TABLE ONLY public.decision
    ADD CONSTRAINT decision_entered_by_fkey FOREIGN KEY (entered_by) REFERENCES public.person(id);

ALTER TABLE ONLY public.decision
    ADD CONSTRAINT decision_evidence_file_fkey FOREIGN KEY (evidence_file) REFERENCES public.blob(digest);

ALTER TABLE ONLY public.decision
    ADD CONSTRAINT decision_judged_by FOREIGN KEY (profile, profile_version) REFERENCES public.profile_version(key, version);

ALTER TABLE ONLY public.decision
    ADD CONSTRAINT decision_meeting_id_fkey FOREIGN KEY (meeting_id) REFERENCES public.meeting(id);

ALTER TABLE ONLY public.decision
    ADD CONSTRAINT decision_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);

ALTER TABLE ONLY public.decision
    ADD CONSTRAINT decision_statement_id_revision_digest_fkey FOREIGN KEY (statement_id, revision, digest) REFERENCES public.revision(statement_id, number, digest);

ALTER TABLE ONLY public.decision
    ADD CONSTRAINT decision_window FOREIGN KEY (window_id, digest) REFERENCES public.correspondence_window(id, digest);

ALTER TABLE ONLY public.digest
    ADD CONSTRAINT digest_group_code_fkey FOREIGN KEY (group_code) REFERENCES public.body(code);

ALTER TABLE ONLY public.digest
    ADD CONSTRAINT digest_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);

ALTER TABLE ONLY public.digest_time
    ADD CONSTRAINT digest_time_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);

ALTER TABLE ONLY public.digest
    ADD CONSTRAINT digest_transmission_id_fkey FOREIGN KEY (transmission_id) REFERENCES public.transmission(id);

ALTER TABLE ONLY public.draft_presence
    ADD CONSTRAINT draft_presence_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);

ALTER TABLE ONLY public.draft_presence
    ADD CONSTRAINT draft_presence_statement_id_fkey FOREIGN KEY (statement_id) REFERENCES public.statement(id);

ALTER TABLE ONLY public.draft
    ADD CONSTRAINT draft_saved_by_fkey FOREIGN KEY (saved_by) REFERENCES public.person(id);

ALTER TABLE ONLY public.draft
    ADD CONSTRAINT draft_statement_id_fkey FOREIGN KEY (statement_id) REFERENCES public.statement(id);

ALTER TABLE ONLY public.drafter
    ADD CONSTRAINT drafter_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);

ALTER TABLE ONLY public.drafter
    ADD CONSTRAINT drafter_statement_id_fkey FOREIGN KEY (statement_id) REFERENCES public.statement(id);

ALTER TABLE ONLY public.employment
    ADD CONSTRAINT employment_body_code_fkey FOREIGN KEY (body_code) REFERENCES public.body(code);

ALTER TABLE ONLY public.employment
    ADD CONSTRAINT employment_ended_by_fkey FOREIGN KEY (ended_by) REFERENCES public.person(id);

ALTER TABLE ONLY public.employment
    ADD CONSTRAINT employment_group_code_fkey FOREIGN KEY (group_code) REFERENCES public.body(code);

ALTER TABLE ONLY public.employment
    ADD CONSTRAINT employment_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);

ALTER TABLE ONLY public.employment
    ADD CONSTRAINT employment_recorded_by_fkey FOREIGN KEY (recorded_by) REFERENCES public.person(id);

ALTER TABLE ONLY public.event
    ADD CONSTRAINT event_absence_id_fkey FOREIGN KEY (absence_id) REFERENCES public.absence(id);

ALTER TABLE ONLY public.event
    ADD CONSTRAINT event_actor_fkey FOREIGN KEY (actor) REFERENCES public.person(id);

ALTER TABLE ONLY public.event
    ADD CONSTRAINT event_deputy_fkey FOREIGN KEY (deputy) REFERENCES public.person(id);

ALTER TABLE ONLY public.event
    ADD CONSTRAINT event_for_person_fkey FOREIGN KEY (for_person) REFERENCES public.person(id);

ALTER TABLE ONLY public.event
    ADD CONSTRAINT event_meeting_id_fkey FOREIGN KEY (meeting_id) REFERENCES public.meeting(id);

ALTER TABLE ONLY public.event
    ADD CONSTRAINT event_statement_id_fkey FOREIGN KEY (statement_id) REFERENCES public.statement(id);

ALTER TABLE ONLY public.event
    ADD CONSTRAINT event_window_id_fkey FOREIGN KEY (window_id) REFERENCES public.correspondence_window(id);

ALTER TABLE ONLY public.hold
    ADD CONSTRAINT hold_body_code_fkey FOREIGN KEY (body_code) REFERENCES public.body(code);

ALTER TABLE ONLY public.hold
    ADD CONSTRAINT hold_held_by_fkey FOREIGN KEY (held_by) REFERENCES public.person(id);

ALTER TABLE ONLY public.hold
    ADD CONSTRAINT hold_lifted_by_fkey FOREIGN KEY (lifted_by) REFERENCES public.person(id);

ALTER TABLE ONLY public.inbound_message
    ADD CONSTRAINT inbound_message_statement_id_fkey FOREIGN KEY (statement_id) REFERENCES public.statement(id);

ALTER TABLE ONLY public.inbound_message
    ADD CONSTRAINT inbound_message_transmission_id_fkey FOREIGN KEY (transmission_id) REFERENCES public.transmission(id);

ALTER TABLE ONLY public.link_upload
    ADD CONSTRAINT link_upload_transmission_id_fkey FOREIGN KEY (transmission_id) REFERENCES public.transmission(id);

ALTER TABLE ONLY public.meeting
    ADD CONSTRAINT meeting_closed_by_fkey FOREIGN KEY (closed_by) REFERENCES public.person(id);

ALTER TABLE ONLY public.meeting
    ADD CONSTRAINT meeting_group_code_fkey FOREIGN KEY (group_code) REFERENCES public.body(code);

ALTER TABLE ONLY public.meeting
    ADD CONSTRAINT meeting_held_with_fkey FOREIGN KEY (held_with) REFERENCES public.meeting(id);

ALTER TABLE ONLY public.message
    ADD CONSTRAINT message_transmission_id_fkey FOREIGN KEY (transmission_id) REFERENCES public.transmission(id);

ALTER TABLE ONLY public.notice
    ADD CONSTRAINT notice_about_fkey FOREIGN KEY (about) REFERENCES public.transmission(id);

ALTER TABLE ONLY public.notice_choice
    ADD CONSTRAINT notice_choice_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);

ALTER TABLE ONLY public.notice
    ADD CONSTRAINT notice_event_id_fkey FOREIGN KEY (event_id) REFERENCES public.event(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.notice
    ADD CONSTRAINT notice_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);

ALTER TABLE ONLY public.notice
    ADD CONSTRAINT notice_statement_id_fkey FOREIGN KEY (statement_id) REFERENCES public.statement(id);

ALTER TABLE ONLY public.notice
    ADD CONSTRAINT notice_transmission_id_fkey FOREIGN KEY (transmission_id) REFERENCES public.transmission(id);

ALTER TABLE ONLY public.number_series
    ADD CONSTRAINT number_series_group_code_fkey FOREIGN KEY (group_code) REFERENCES public.body(code);

ALTER TABLE ONLY public.proposal_answer
    ADD CONSTRAINT proposal_answer_body_code_fkey FOREIGN KEY (body_code) REFERENCES public.body(code);

ALTER TABLE ONLY public.proposal_answer
    ADD CONSTRAINT proposal_answer_event_id_fkey FOREIGN KEY (event_id) REFERENCES public.event(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.proposal_answer
    ADD CONSTRAINT proposal_answer_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);

ALTER TABLE ONLY public.proposal_answer
    ADD CONSTRAINT proposal_answer_statement_id_fkey FOREIGN KEY (statement_id) REFERENCES public.statement(id);

ALTER TABLE ONLY public.proposal_answer
    ADD CONSTRAINT proposal_answer_transmission_id_fkey FOREIGN KEY (transmission_id) REFERENCES public.transmission(id);

ALTER TABLE ONLY public.recusal
    ADD CONSTRAINT recusal_command_id_fkey FOREIGN KEY (command_id) REFERENCES public.command(id);

ALTER TABLE ONLY public.recusal
    ADD CONSTRAINT recusal_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);

ALTER TABLE ONLY public.recusal
    ADD CONSTRAINT recusal_statement_id_fkey FOREIGN KEY (statement_id) REFERENCES public.statement(id);

ALTER TABLE ONLY public.relation
    ADD CONSTRAINT relation_related_id_fkey FOREIGN KEY (related_id) REFERENCES public.statement(id);

ALTER TABLE ONLY public.relation
    ADD CONSTRAINT relation_statement_id_revision_fkey FOREIGN KEY (statement_id, revision) REFERENCES public.revision(statement_id, number);

ALTER TABLE ONLY public.reminder
    ADD CONSTRAINT reminder_command_id_fkey FOREIGN KEY (command_id) REFERENCES public.command(id);

ALTER TABLE ONLY public.reminder
    ADD CONSTRAINT reminder_statement_id_position_fkey FOREIGN KEY (statement_id, "position") REFERENCES public.reply(statement_id, "position");

ALTER TABLE ONLY public.reminder
    ADD CONSTRAINT reminder_transmission_id_fkey FOREIGN KEY (transmission_id) REFERENCES public.transmission(id);

ALTER TABLE ONLY public.reply
    ADD CONSTRAINT reply_body_code_fkey FOREIGN KEY (body_code) REFERENCES public.body(code);

ALTER TABLE ONLY public.reply_link
    ADD CONSTRAINT reply_link_body_code_fkey FOREIGN KEY (body_code) REFERENCES public.body(code);

ALTER TABLE ONLY public.reply_link
    ADD CONSTRAINT reply_link_event_id_fkey FOREIGN KEY (event_id) REFERENCES public.event(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.reply_link
    ADD CONSTRAINT reply_link_inbound_id_fkey FOREIGN KEY (inbound_id) REFERENCES public.inbound_message(id);

ALTER TABLE ONLY public.reply_link
    ADD CONSTRAINT reply_link_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);

ALTER TABLE ONLY public.reply_link
    ADD CONSTRAINT reply_link_response_id_fkey FOREIGN KEY (response_id) REFERENCES public.transmission_response(id);

ALTER TABLE ONLY public.reply_link
    ADD CONSTRAINT reply_link_statement_id_position_fkey FOREIGN KEY (statement_id, "position") REFERENCES public.reply(statement_id, "position");

ALTER TABLE ONLY public.reply
    ADD CONSTRAINT reply_redirected_to_fkey FOREIGN KEY (redirected_to) REFERENCES public.body(code);

ALTER TABLE ONLY public.reply
    ADD CONSTRAINT reply_statement_id_revision_position_fkey FOREIGN KEY (statement_id, revision, "position") REFERENCES public.addressee(statement_id, revision, "position");

ALTER TABLE ONLY public.reply
    ADD CONSTRAINT reply_transmission_id_fkey FOREIGN KEY (transmission_id) REFERENCES public.transmission(id);

ALTER TABLE ONLY public.report_due
    ADD CONSTRAINT report_due_group_code_fkey FOREIGN KEY (group_code) REFERENCES public.body(code);

ALTER TABLE ONLY public.report_due
    ADD CONSTRAINT report_due_meeting_id_fkey FOREIGN KEY (meeting_id) REFERENCES public.meeting(id);

ALTER TABLE ONLY public.report_due
    ADD CONSTRAINT report_due_statement_id_fkey FOREIGN KEY (statement_id) REFERENCES public.statement(id);

ALTER TABLE ONLY public.report_reminder
    ADD CONSTRAINT report_reminder_due_id_fkey FOREIGN KEY (due_id) REFERENCES public.report_due(id);

ALTER TABLE ONLY public.report_reminder
    ADD CONSTRAINT report_reminder_event_id_fkey FOREIGN KEY (event_id) REFERENCES public.event(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.revision
    ADD CONSTRAINT revision_statement_id_fkey FOREIGN KEY (statement_id) REFERENCES public.statement(id);

ALTER TABLE ONLY public.revision
    ADD CONSTRAINT revision_submitted_by_fkey FOREIGN KEY (submitted_by) REFERENCES public.person(id);

ALTER TABLE ONLY public.saved_view
    ADD CONSTRAINT saved_view_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);

ALTER TABLE ONLY public.search
    ADD CONSTRAINT search_statement_id_fkey FOREIGN KEY (statement_id) REFERENCES public.statement(id);

ALTER TABLE ONLY public.statement
    ADD CONSTRAINT statement_amended_revision FOREIGN KEY (id, revision, amended_digest) REFERENCES public.amendment(statement_id, revision, digest) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.statement
    ADD CONSTRAINT statement_approved_by_fkey FOREIGN KEY (approved_by) REFERENCES public.person(id);

ALTER TABLE ONLY public.statement
    ADD CONSTRAINT statement_current_revision FOREIGN KEY (id, revision, digest) REFERENCES public.revision(statement_id, number, digest) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.statement
    ADD CONSTRAINT statement_drafter_id_fkey FOREIGN KEY (drafter_id) REFERENCES public.person(id);

ALTER TABLE ONLY public.statement
    ADD CONSTRAINT statement_group_code_fkey FOREIGN KEY (group_code) REFERENCES public.body(code);

ALTER TABLE ONLY public.statement
    ADD CONSTRAINT statement_judged_by FOREIGN KEY (approved_profile, approved_profile_version) REFERENCES public.profile_version(key, version);

ALTER TABLE ONLY public.statement
    ADD CONSTRAINT statement_leaves_after_fkey FOREIGN KEY (leaves_after) REFERENCES public.meeting(id);

ALTER TABLE ONLY public.statement
    ADD CONSTRAINT statement_tabled_for_fkey FOREIGN KEY (tabled_for) REFERENCES public.meeting(id);

ALTER TABLE ONLY public.statement
    ADD CONSTRAINT statement_tabled_under_an_item FOREIGN KEY (tabled_for, tabled_item) REFERENCES public.agenda_item(meeting_id, number) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.terms_of_reference
    ADD CONSTRAINT terms_of_reference_group_code_fkey FOREIGN KEY (group_code) REFERENCES public.body(code);

ALTER TABLE ONLY public.terms_of_reference
    ADD CONSTRAINT terms_of_reference_parent_fkey FOREIGN KEY (parent) REFERENCES public.body(code);

ALTER TABLE ONLY public.transmission
    ADD CONSTRAINT transmission_batch_fkey FOREIGN KEY (batch) REFERENCES public.command(id);

ALTER TABLE ONLY public.transmission
    ADD CONSTRAINT transmission_body_code_fkey FOREIGN KEY (body_code) REFERENCES public.body(code);

ALTER TABLE ONLY public.transmission
    ADD CONSTRAINT transmission_copy_is_to_the_same_addressee FOREIGN KEY (copy_of, statement_id, revision, "position") REFERENCES public.transmission(id, statement_id, revision, "position");

ALTER TABLE ONLY public.transmission_fact
    ADD CONSTRAINT transmission_fact_event_id_fkey FOREIGN KEY (event_id) REFERENCES public.event(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.transmission_fact
    ADD CONSTRAINT transmission_fact_inbound_id_fkey FOREIGN KEY (inbound_id) REFERENCES public.inbound_message(id);

ALTER TABLE ONLY public.transmission_fact
    ADD CONSTRAINT transmission_fact_transmission_id_fkey FOREIGN KEY (transmission_id) REFERENCES public.transmission(id);

ALTER TABLE ONLY public.transmission
    ADD CONSTRAINT transmission_of_its_amendment FOREIGN KEY (statement_id, amended_revision, approval_id) REFERENCES public.amendment(statement_id, revision, approval_id);

ALTER TABLE ONLY public.transmission
    ADD CONSTRAINT transmission_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);

ALTER TABLE ONLY public.transmission_response
    ADD CONSTRAINT transmission_response_event_id_fkey FOREIGN KEY (event_id) REFERENCES public.event(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.transmission_response_file
    ADD CONSTRAINT transmission_response_file_digest_fkey FOREIGN KEY (digest) REFERENCES public.blob(digest);

ALTER TABLE ONLY public.transmission_response_file
    ADD CONSTRAINT transmission_response_file_response_id_fkey FOREIGN KEY (response_id) REFERENCES public.transmission_response(id);

ALTER TABLE ONLY public.transmission_response
    ADD CONSTRAINT transmission_response_transmission_id_fkey FOREIGN KEY (transmission_id) REFERENCES public.transmission(id);

ALTER TABLE ONLY public.transmission
    ADD CONSTRAINT transmission_statement_id_fkey FOREIGN KEY (statement_id) REFERENCES public.statement(id);

ALTER TABLE ONLY public.transmission
    ADD CONSTRAINT transmission_statement_id_revision_position_fkey FOREIGN KEY (statement_id, revision, "position") REFERENCES public.addressee(statement_id, revision, "position");

ALTER TABLE ONLY public.transmission_token_revoked
    ADD CONSTRAINT transmission_token_revoked_event_id_fkey FOREIGN KEY (event_id) REFERENCES public.event(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.transmission_token_revoked
    ADD CONSTRAINT transmission_token_revoked_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);

ALTER TABLE ONLY public.transmission_token_revoked
    ADD CONSTRAINT transmission_token_revoked_transmission_id_fkey FOREIGN KEY (transmission_id) REFERENCES public.transmission(id);

ALTER TABLE ONLY public.transmission
    ADD CONSTRAINT transmission_under_its_approval FOREIGN KEY (approval_id, statement_id, approval_revision, approval_kind) REFERENCES public.decision(id, statement_id, revision, kind);

GRANT USAGE ON SCHEMA audit TO liaison_app;
GRANT USAGE ON SCHEMA audit TO liaison_worker;
GRANT USAGE ON SCHEMA audit TO liaison_signer;
GRANT USAGE ON SCHEMA audit TO liaison_auditor;

REVOKE ALL ON FUNCTION audit.add(current smallint, at bigint, event_id uuid, payload bytea) FROM PUBLIC;

REVOKE ALL ON FUNCTION audit.append(event_ids uuid[], payloads bytea[]) FROM PUBLIC;
GRANT ALL ON FUNCTION audit.append(event_ids uuid[], payloads bytea[]) TO liaison_app;
GRANT ALL ON FUNCTION audit.append(event_ids uuid[], payloads bytea[]) TO liaison_worker;

REVOKE ALL ON FUNCTION audit.begin(payload bytea) FROM PUBLIC;

REVOKE ALL ON FUNCTION audit.rehash(OUT what text, OUT number bigint, OUT size bigint, OUT wrong text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION audit.rehash(OUT what text, OUT number bigint, OUT size bigint, OUT wrong text[]) TO liaison_app;
GRANT ALL ON FUNCTION audit.rehash(OUT what text, OUT number bigint, OUT size bigint, OUT wrong text[]) TO liaison_auditor;

GRANT SELECT ON TABLE audit.checkpoint TO liaison_app;
GRANT SELECT ON TABLE audit.checkpoint TO liaison_worker;
GRANT SELECT,INSERT ON TABLE audit.checkpoint TO liaison_signer;
GRANT SELECT ON TABLE audit.checkpoint TO liaison_auditor;

GRANT SELECT ON TABLE audit.leaf TO liaison_app;
GRANT SELECT ON TABLE audit.leaf TO liaison_worker;
GRANT SELECT ON TABLE audit.leaf TO liaison_signer;
GRANT SELECT ON TABLE audit.leaf TO liaison_auditor;

GRANT SELECT ON TABLE audit.log TO liaison_app;
GRANT SELECT ON TABLE audit.log TO liaison_worker;
GRANT SELECT ON TABLE audit.log TO liaison_signer;
GRANT SELECT ON TABLE audit.log TO liaison_auditor;

GRANT SELECT ON TABLE audit.node TO liaison_app;
GRANT SELECT ON TABLE audit.node TO liaison_worker;
GRANT SELECT ON TABLE audit.node TO liaison_signer;
GRANT SELECT ON TABLE audit.node TO liaison_auditor;

GRANT SELECT,INSERT ON TABLE audit.salt TO liaison_app;
GRANT SELECT,INSERT ON TABLE audit.salt TO liaison_worker;
GRANT SELECT ON TABLE audit.salt TO liaison_auditor;

GRANT SELECT ON TABLE audit.stamp TO liaison_app;
GRANT SELECT ON TABLE audit.stamp TO liaison_worker;
GRANT SELECT,INSERT ON TABLE audit.stamp TO liaison_signer;
GRANT SELECT ON TABLE audit.stamp TO liaison_auditor;

GRANT SELECT ON TABLE audit.stamp_failure TO liaison_app;
GRANT SELECT ON TABLE audit.stamp_failure TO liaison_worker;
GRANT SELECT,INSERT ON TABLE audit.stamp_failure TO liaison_signer;
GRANT SELECT ON TABLE audit.stamp_failure TO liaison_auditor;

GRANT SELECT,INSERT ON TABLE audit.verification TO liaison_app;

GRANT SELECT,INSERT ON TABLE public.absence TO liaison_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.absence TO liaison_worker;

GRANT SELECT(id) ON TABLE public.absence TO liaison_auditor;

GRANT SELECT(group_code) ON TABLE public.absence TO liaison_auditor;

GRANT SELECT(kind) ON TABLE public.absence TO liaison_auditor;

GRANT SELECT(person_id) ON TABLE public.absence TO liaison_auditor;

GRANT SELECT(deputy_id) ON TABLE public.absence TO liaison_auditor;

GRANT SELECT(held_from) ON TABLE public.absence TO liaison_auditor;

GRANT SELECT(held_until) ON TABLE public.absence TO liaison_auditor;

GRANT SELECT(recorded_by) ON TABLE public.absence TO liaison_auditor;

GRANT SELECT(recorded_on) ON TABLE public.absence TO liaison_auditor;

GRANT SELECT(recorded_at) ON TABLE public.absence TO liaison_auditor;

GRANT UPDATE(ended_by) ON TABLE public.absence TO liaison_app;
GRANT SELECT(ended_by) ON TABLE public.absence TO liaison_auditor;

GRANT UPDATE(ended_on) ON TABLE public.absence TO liaison_app;
GRANT SELECT(ended_on) ON TABLE public.absence TO liaison_auditor;

GRANT UPDATE(end_reason) ON TABLE public.absence TO liaison_app;

GRANT SELECT ON TABLE public.addressee TO liaison_app;
GRANT SELECT,INSERT ON TABLE public.addressee TO liaison_worker;
GRANT SELECT ON TABLE public.addressee TO liaison_auditor;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.agenda_item TO liaison_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.agenda_item TO liaison_worker;
GRANT SELECT ON TABLE public.agenda_item TO liaison_auditor;

GRANT SELECT ON TABLE public.amendment TO liaison_app;
GRANT SELECT,INSERT ON TABLE public.amendment TO liaison_worker;

GRANT SELECT(statement_id) ON TABLE public.amendment TO liaison_auditor;

GRANT SELECT(revision) ON TABLE public.amendment TO liaison_auditor;

GRANT SELECT(digest) ON TABLE public.amendment TO liaison_auditor;

GRANT SELECT(amends) ON TABLE public.amendment TO liaison_auditor;

GRANT SELECT(amends_digest) ON TABLE public.amendment TO liaison_auditor;

GRANT SELECT(approval_id) ON TABLE public.amendment TO liaison_auditor;

GRANT SELECT(approved_revision) ON TABLE public.amendment TO liaison_auditor;

GRANT SELECT(changed) ON TABLE public.amendment TO liaison_auditor;

GRANT SELECT(person_id) ON TABLE public.amendment TO liaison_auditor;

GRANT SELECT(acting) ON TABLE public.amendment TO liaison_auditor;

GRANT SELECT(command_id) ON TABLE public.amendment TO liaison_auditor;

GRANT SELECT(amended_at) ON TABLE public.amendment TO liaison_auditor;

GRANT SELECT ON TABLE public.appointment TO liaison_app;
GRANT SELECT ON TABLE public.appointment TO liaison_worker;
GRANT SELECT ON TABLE public.appointment TO liaison_auditor;

GRANT SELECT ON TABLE public.attempt TO liaison_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.attempt TO liaison_worker;
GRANT SELECT ON TABLE public.attempt TO liaison_auditor;

GRANT SELECT,INSERT ON TABLE public.blob TO liaison_app;
GRANT SELECT,INSERT ON TABLE public.blob TO liaison_worker;

GRANT SELECT,INSERT ON TABLE public.body TO liaison_app;
GRANT SELECT ON TABLE public.body TO liaison_worker;
GRANT SELECT ON TABLE public.body TO liaison_auditor;

GRANT SELECT,INSERT ON TABLE public.body_link_revoked TO liaison_app;
GRANT SELECT,INSERT ON TABLE public.body_link_revoked TO liaison_worker;

GRANT SELECT,INSERT ON TABLE public.body_reach TO liaison_app;
GRANT SELECT,INSERT ON TABLE public.body_reach TO liaison_worker;

GRANT SELECT(body_code) ON TABLE public.body_reach TO liaison_auditor;

GRANT SELECT(version) ON TABLE public.body_reach TO liaison_auditor;

GRANT SELECT(digest) ON TABLE public.body_reach TO liaison_auditor;

GRANT SELECT(person_id) ON TABLE public.body_reach TO liaison_auditor;

GRANT SELECT(at) ON TABLE public.body_reach TO liaison_auditor;

GRANT SELECT(event_id) ON TABLE public.body_reach TO liaison_auditor;

GRANT SELECT,INSERT ON TABLE public.calendar_link TO liaison_app;
GRANT SELECT,INSERT ON TABLE public.calendar_link TO liaison_worker;

GRANT SELECT ON TABLE public.canary TO liaison_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.canary TO liaison_worker;

GRANT SELECT ON TABLE public.command TO liaison_app;
GRANT SELECT,INSERT ON TABLE public.command TO liaison_worker;
GRANT SELECT ON TABLE public.command TO liaison_auditor;

GRANT SELECT ON TABLE public.correspondence_person TO liaison_app;
GRANT SELECT,INSERT ON TABLE public.correspondence_person TO liaison_worker;
GRANT SELECT ON TABLE public.correspondence_person TO liaison_auditor;

GRANT SELECT ON TABLE public.correspondence_saying TO liaison_app;
GRANT SELECT,INSERT ON TABLE public.correspondence_saying TO liaison_worker;

GRANT SELECT(id) ON TABLE public.correspondence_saying TO liaison_auditor;

GRANT SELECT(window_id) ON TABLE public.correspondence_saying TO liaison_auditor;

GRANT SELECT(kind) ON TABLE public.correspondence_saying TO liaison_auditor;

GRANT SELECT(person_id) ON TABLE public.correspondence_saying TO liaison_auditor;

GRANT SELECT(acting) ON TABLE public.correspondence_saying TO liaison_auditor;

GRANT SELECT(said_on) ON TABLE public.correspondence_saying TO liaison_auditor;

GRANT SELECT(said_at) ON TABLE public.correspondence_saying TO liaison_auditor;

GRANT SELECT(entered_by) ON TABLE public.correspondence_saying TO liaison_auditor;

GRANT SELECT(evidence_file) ON TABLE public.correspondence_saying TO liaison_auditor;

GRANT SELECT(command_id) ON TABLE public.correspondence_saying TO liaison_auditor;

GRANT SELECT ON TABLE public.correspondence_window TO liaison_app;
GRANT SELECT,INSERT ON TABLE public.correspondence_window TO liaison_worker;
GRANT SELECT ON TABLE public.correspondence_window TO liaison_auditor;

GRANT SELECT ON TABLE public.decision TO liaison_app;
GRANT SELECT,INSERT ON TABLE public.decision TO liaison_worker;
GRANT SELECT ON TABLE public.decision TO liaison_auditor;

GRANT SELECT ON TABLE public.digest TO liaison_app;
GRANT SELECT,INSERT ON TABLE public.digest TO liaison_worker;

GRANT SELECT,INSERT,UPDATE ON TABLE public.digest_time TO liaison_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.digest_time TO liaison_worker;

GRANT SELECT,INSERT,UPDATE ON TABLE public.draft TO liaison_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.draft TO liaison_worker;

GRANT SELECT,INSERT,UPDATE ON TABLE public.draft_presence TO liaison_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.draft_presence TO liaison_worker;

GRANT SELECT,INSERT ON TABLE public.drafter TO liaison_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.drafter TO liaison_worker;
GRANT SELECT ON TABLE public.drafter TO liaison_auditor;

GRANT SELECT,INSERT ON TABLE public.employment TO liaison_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.employment TO liaison_worker;

GRANT UPDATE(ended_by) ON TABLE public.employment TO liaison_app;

GRANT UPDATE(ended_on) ON TABLE public.employment TO liaison_app;

GRANT UPDATE(end_reason) ON TABLE public.employment TO liaison_app;

GRANT SELECT,INSERT ON TABLE public.event TO liaison_app;
GRANT SELECT,INSERT ON TABLE public.event TO liaison_worker;
GRANT SELECT ON TABLE public.event TO liaison_auditor;

GRANT SELECT,INSERT,UPDATE ON TABLE public.hold TO liaison_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.hold TO liaison_worker;

GRANT SELECT ON TABLE public.inbound_message TO liaison_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.inbound_message TO liaison_worker;

GRANT SELECT(id) ON TABLE public.inbound_message TO liaison_auditor;

GRANT SELECT(digest) ON TABLE public.inbound_message TO liaison_auditor;

GRANT SELECT(source) ON TABLE public.inbound_message TO liaison_auditor;

GRANT SELECT(received_at) ON TABLE public.inbound_message TO liaison_auditor;

GRANT SELECT(handled_at) ON TABLE public.inbound_message TO liaison_auditor;

GRANT SELECT(kind) ON TABLE public.inbound_message TO liaison_auditor;

GRANT SELECT(matched_by) ON TABLE public.inbound_message TO liaison_auditor;
GRANT UPDATE(matched_by) ON TABLE public.inbound_message TO liaison_app;

GRANT SELECT(transmission_id) ON TABLE public.inbound_message TO liaison_auditor;
GRANT UPDATE(transmission_id) ON TABLE public.inbound_message TO liaison_app;

GRANT SELECT(statement_id) ON TABLE public.inbound_message TO liaison_auditor;
GRANT UPDATE(statement_id) ON TABLE public.inbound_message TO liaison_app;

GRANT UPDATE(linked_at) ON TABLE public.inbound_message TO liaison_app;
GRANT SELECT(linked_at) ON TABLE public.inbound_message TO liaison_auditor;

GRANT SELECT,INSERT ON TABLE public.link_upload TO liaison_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.link_upload TO liaison_worker;

GRANT UPDATE(bytes) ON TABLE public.link_upload TO liaison_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.meeting TO liaison_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.meeting TO liaison_worker;
GRANT SELECT ON TABLE public.meeting TO liaison_auditor;

GRANT UPDATE(version) ON TABLE public.meeting TO liaison_worker;

GRANT SELECT ON TABLE public.message TO liaison_app;
GRANT SELECT,INSERT ON TABLE public.message TO liaison_worker;

GRANT SELECT(transmission_id) ON TABLE public.message TO liaison_auditor;

GRANT SELECT(digest) ON TABLE public.message TO liaison_auditor;

GRANT SELECT,INSERT ON TABLE public.notice TO liaison_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.notice TO liaison_worker;

GRANT SELECT,INSERT,UPDATE ON TABLE public.notice_choice TO liaison_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.notice_choice TO liaison_worker;

GRANT SELECT ON TABLE public.number_series TO liaison_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.number_series TO liaison_worker;
GRANT SELECT ON TABLE public.number_series TO liaison_auditor;

GRANT SELECT ON TABLE public.person TO liaison_app;
GRANT SELECT ON TABLE public.person TO liaison_worker;
GRANT SELECT ON TABLE public.person TO liaison_auditor;

GRANT SELECT,INSERT ON TABLE public.profile_version TO liaison_app;
GRANT SELECT,INSERT ON TABLE public.profile_version TO liaison_worker;
GRANT SELECT ON TABLE public.profile_version TO liaison_auditor;

GRANT SELECT,INSERT ON TABLE public.proposal_answer TO liaison_app;
GRANT SELECT,INSERT ON TABLE public.proposal_answer TO liaison_worker;

GRANT SELECT(id) ON TABLE public.proposal_answer TO liaison_auditor;

GRANT SELECT(statement_id) ON TABLE public.proposal_answer TO liaison_auditor;

GRANT SELECT(number) ON TABLE public.proposal_answer TO liaison_auditor;

GRANT SELECT(body_code) ON TABLE public.proposal_answer TO liaison_auditor;

GRANT SELECT(answer) ON TABLE public.proposal_answer TO liaison_auditor;

GRANT SELECT(digest) ON TABLE public.proposal_answer TO liaison_auditor;

GRANT SELECT(transmission_id) ON TABLE public.proposal_answer TO liaison_auditor;

GRANT SELECT(person_id) ON TABLE public.proposal_answer TO liaison_auditor;

GRANT SELECT(at) ON TABLE public.proposal_answer TO liaison_auditor;

GRANT SELECT(event_id) ON TABLE public.proposal_answer TO liaison_auditor;

GRANT SELECT ON TABLE public.recusal TO liaison_app;
GRANT SELECT,INSERT ON TABLE public.recusal TO liaison_worker;

GRANT SELECT ON TABLE public.relation TO liaison_auditor;
GRANT SELECT ON TABLE public.relation TO liaison_app;
GRANT SELECT,INSERT ON TABLE public.relation TO liaison_worker;

GRANT SELECT ON TABLE public.reminder TO liaison_app;
GRANT SELECT,INSERT ON TABLE public.reminder TO liaison_worker;
GRANT SELECT ON TABLE public.reminder TO liaison_auditor;

GRANT SELECT ON TABLE public.reply TO liaison_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.reply TO liaison_worker;
GRANT SELECT ON TABLE public.reply TO liaison_auditor;

GRANT UPDATE(state) ON TABLE public.reply TO liaison_app;

GRANT UPDATE(asked) ON TABLE public.reply TO liaison_app;

GRANT UPDATE(redirected_to) ON TABLE public.reply TO liaison_app;

GRANT UPDATE(changed_at) ON TABLE public.reply TO liaison_app;

GRANT SELECT,INSERT ON TABLE public.reply_link TO liaison_app;
GRANT SELECT,INSERT ON TABLE public.reply_link TO liaison_worker;

GRANT SELECT(seq) ON TABLE public.reply_link TO liaison_auditor;

GRANT SELECT(statement_id) ON TABLE public.reply_link TO liaison_auditor;

GRANT SELECT("position") ON TABLE public.reply_link TO liaison_auditor;

GRANT SELECT(kind) ON TABLE public.reply_link TO liaison_auditor;

GRANT SELECT(response_id) ON TABLE public.reply_link TO liaison_auditor;

GRANT SELECT(inbound_id) ON TABLE public.reply_link TO liaison_auditor;

GRANT SELECT(came_on) ON TABLE public.reply_link TO liaison_auditor;

GRANT SELECT(body_code) ON TABLE public.reply_link TO liaison_auditor;

GRANT SELECT(person_id) ON TABLE public.reply_link TO liaison_auditor;

GRANT SELECT(stood) ON TABLE public.reply_link TO liaison_auditor;

GRANT SELECT(at) ON TABLE public.reply_link TO liaison_auditor;

GRANT SELECT(event_id) ON TABLE public.reply_link TO liaison_auditor;

GRANT SELECT,INSERT,UPDATE ON TABLE public.report_due TO liaison_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.report_due TO liaison_worker;
GRANT SELECT ON TABLE public.report_due TO liaison_auditor;

GRANT UPDATE(statement_id) ON TABLE public.report_due TO liaison_app;

GRANT SELECT,INSERT ON TABLE public.report_reminder TO liaison_worker;
GRANT SELECT ON TABLE public.report_reminder TO liaison_app;

GRANT SELECT ON TABLE public.revision TO liaison_app;
GRANT SELECT,INSERT ON TABLE public.revision TO liaison_worker;

GRANT SELECT(statement_id) ON TABLE public.revision TO liaison_auditor;

GRANT SELECT(number) ON TABLE public.revision TO liaison_auditor;

GRANT SELECT(digest) ON TABLE public.revision TO liaison_auditor;

GRANT SELECT(submitted_by) ON TABLE public.revision TO liaison_auditor;

GRANT SELECT(submitted_at) ON TABLE public.revision TO liaison_auditor;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.saved_view TO liaison_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.saved_view TO liaison_worker;

GRANT SELECT,INSERT,UPDATE ON TABLE public.search TO liaison_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.search TO liaison_worker;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.session TO liaison_app;

GRANT SELECT,INSERT ON TABLE public.statement TO liaison_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.statement TO liaison_worker;

GRANT SELECT(id) ON TABLE public.statement TO liaison_auditor;

GRANT SELECT(group_code) ON TABLE public.statement TO liaison_auditor;

GRANT SELECT(state) ON TABLE public.statement TO liaison_auditor;

GRANT SELECT(version) ON TABLE public.statement TO liaison_auditor;

GRANT SELECT(drafter_id) ON TABLE public.statement TO liaison_auditor;

GRANT UPDATE(title) ON TABLE public.statement TO liaison_app;

GRANT UPDATE(deadline) ON TABLE public.statement TO liaison_app;

GRANT SELECT(revision) ON TABLE public.statement TO liaison_auditor;

GRANT SELECT(digest) ON TABLE public.statement TO liaison_auditor;

GRANT SELECT(number) ON TABLE public.statement TO liaison_auditor;

GRANT SELECT(period) ON TABLE public.statement TO liaison_auditor;

GRANT SELECT(ref) ON TABLE public.statement TO liaison_auditor;

GRANT SELECT(approved_digest) ON TABLE public.statement TO liaison_auditor;

GRANT SELECT(approved_by) ON TABLE public.statement TO liaison_auditor;

GRANT SELECT(approved_as) ON TABLE public.statement TO liaison_auditor;

GRANT SELECT(approved_at) ON TABLE public.statement TO liaison_auditor;

GRANT SELECT(dispatched_at) ON TABLE public.statement TO liaison_auditor;

GRANT SELECT(created_at) ON TABLE public.statement TO liaison_auditor;

GRANT UPDATE(changed_at) ON TABLE public.statement TO liaison_app;
GRANT SELECT(changed_at) ON TABLE public.statement TO liaison_auditor;

GRANT SELECT(kind) ON TABLE public.statement TO liaison_auditor;

GRANT SELECT(amended_digest) ON TABLE public.statement TO liaison_auditor;

GRANT SELECT(corrigendum) ON TABLE public.statement TO liaison_auditor;

GRANT SELECT(rev) ON TABLE public.statement TO liaison_auditor;

GRANT SELECT ON TABLE public.terms_of_reference TO liaison_app;
GRANT SELECT ON TABLE public.terms_of_reference TO liaison_worker;
GRANT SELECT ON TABLE public.terms_of_reference TO liaison_auditor;

GRANT SELECT ON TABLE public.transmission TO liaison_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.transmission TO liaison_worker;
GRANT SELECT ON TABLE public.transmission TO liaison_auditor;

GRANT INSERT(id) ON TABLE public.transmission TO liaison_app;

GRANT INSERT(statement_id) ON TABLE public.transmission TO liaison_app;

GRANT INSERT(revision) ON TABLE public.transmission TO liaison_app;

GRANT INSERT(letter) ON TABLE public.transmission TO liaison_app;

GRANT INSERT(person_id) ON TABLE public.transmission TO liaison_app;

GRANT INSERT(recipient_name) ON TABLE public.transmission TO liaison_app;

GRANT INSERT(recipient_email) ON TABLE public.transmission TO liaison_app;

GRANT INSERT(message_id) ON TABLE public.transmission TO liaison_app;

GRANT INSERT(message_date) ON TABLE public.transmission TO liaison_app;

GRANT INSERT(changed_at) ON TABLE public.transmission TO liaison_app;

GRANT INSERT(created_at) ON TABLE public.transmission TO liaison_app;

GRANT SELECT,INSERT ON TABLE public.transmission_fact TO liaison_app;
GRANT SELECT,INSERT ON TABLE public.transmission_fact TO liaison_worker;
GRANT SELECT ON TABLE public.transmission_fact TO liaison_auditor;

GRANT SELECT,INSERT ON TABLE public.transmission_response TO liaison_app;
GRANT SELECT,INSERT ON TABLE public.transmission_response TO liaison_worker;

GRANT SELECT(id) ON TABLE public.transmission_response TO liaison_auditor;

GRANT SELECT(transmission_id) ON TABLE public.transmission_response TO liaison_auditor;

GRANT SELECT(kind) ON TABLE public.transmission_response TO liaison_auditor;

GRANT SELECT(digest) ON TABLE public.transmission_response TO liaison_auditor;

GRANT SELECT(at) ON TABLE public.transmission_response TO liaison_auditor;

GRANT SELECT(event_id) ON TABLE public.transmission_response TO liaison_auditor;

GRANT SELECT,INSERT ON TABLE public.transmission_response_file TO liaison_app;
GRANT SELECT,INSERT ON TABLE public.transmission_response_file TO liaison_worker;
GRANT SELECT ON TABLE public.transmission_response_file TO liaison_auditor;

GRANT SELECT,INSERT ON TABLE public.transmission_token_revoked TO liaison_app;
GRANT SELECT,INSERT ON TABLE public.transmission_token_revoked TO liaison_worker;

GRANT SELECT(transmission_id) ON TABLE public.transmission_token_revoked TO liaison_auditor;

GRANT SELECT(person_id) ON TABLE public.transmission_token_revoked TO liaison_auditor;

GRANT SELECT(at) ON TABLE public.transmission_token_revoked TO liaison_auditor;

GRANT SELECT(event_id) ON TABLE public.transmission_token_revoked TO liaison_auditor;
