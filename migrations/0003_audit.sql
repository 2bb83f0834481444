-- +goose Up
-- The audit log: an RFC 6962 Merkle tree. Every change appends its leaf in its own transaction, last, through
-- audit.append; the exact hashed bytes are stored.
CREATE SCHEMA audit;

CREATE TABLE audit.leaf (
	index    bigint PRIMARY KEY CHECK (index >= 0),
	event_id uuid NOT NULL UNIQUE REFERENCES public.event (id),
	payload  bytea NOT NULL,
	hash     bytea NOT NULL,
	CHECK (hash = sha256('\x00'::bytea || payload)) -- RFC 6962, 2.1
);

-- Hashes of the complete subtrees above the leaves: node (level, index) covers leaves index*2^level to
-- (index+1)*2^level-1. With them a proof over ten million leaves reads two dozen rows.
CREATE TABLE audit.node (
	level smallint NOT NULL CHECK (level > 0),
	index bigint NOT NULL CHECK (index >= 0),
	hash  bytea NOT NULL CHECK (length(hash) = 32),
	PRIMARY KEY (level, index)
);

-- Salts of the commitments in leaves. Names, addresses and free text stand in the log only as
-- SHA-256(salt, value); deleting a salt and its value erases them and leaves the log whole.
CREATE TABLE audit.salt (
	event_id uuid NOT NULL REFERENCES public.event (id),
	field    text NOT NULL,
	salt     bytea NOT NULL CHECK (length(salt) = 16),
	PRIMARY KEY (event_id, field)
);

-- +goose StatementBegin
-- append adds one leaf per event and returns the index of the first. It is called once per transaction, as its last
-- statement: it holds the lock that orders the log until the commit.
--
-- pg_temp stands last in search_path and every name is qualified, so that a temporary table cannot take a leaf.
-- synchronous_commit is forced on, so that what a caller was told is on disk. READ COMMITTED is required, because the
-- size read after the lock must be the latest one.
CREATE FUNCTION audit.append(event_ids uuid[], payloads bytea[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	first bigint;
	idx   bigint;
	lvl   smallint;
	h     bytea;
	l     bytea;
BEGIN
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		RAISE EXCEPTION 'audit.append needs READ COMMITTED, not %', current_setting('transaction_isolation');
	END IF;
	IF coalesce(array_length(event_ids, 1), 0) <> coalesce(array_length(payloads, 1), 0) OR array_length(event_ids, 1) IS NULL THEN
		RAISE EXCEPTION 'audit.append needs one payload for each event and at least one';
	END IF;
	PERFORM set_config('synchronous_commit', 'on', true);
	PERFORM pg_advisory_xact_lock(7021310926410351); -- the log's, nobody else's
	SELECT coalesce(max(leaf.index) + 1, 0) INTO first FROM audit.leaf;
	FOR i IN 1 .. array_length(event_ids, 1) LOOP
		idx := first + i - 1;
		h := sha256('\x00'::bytea || payloads[i]);
		INSERT INTO audit.leaf (index, event_id, payload, hash) VALUES (idx, event_ids[i], payloads[i], h);
		lvl := 0;
		WHILE idx & 1 = 1 LOOP
			IF lvl = 0 THEN
				SELECT leaf.hash INTO STRICT l FROM audit.leaf WHERE leaf.index = idx - 1;
			ELSE
				SELECT node.hash INTO STRICT l FROM audit.node WHERE node.level = lvl AND node.index = idx - 1;
			END IF;
			h := sha256('\x01'::bytea || l || h);
			lvl := lvl + 1;
			idx := idx >> 1;
			INSERT INTO audit.node (level, index, hash) VALUES (lvl, idx, h);
		END LOOP;
	END LOOP;
	RETURN first;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION audit.append(uuid[], bytea[]) FROM PUBLIC;

CALL public.append_only('audit.leaf');
CALL public.append_only('audit.node');
