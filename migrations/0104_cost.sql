-- +goose Up
-- What a message costs: the same log and the same ledger, with less work for each entry.

-- +goose StatementBegin
-- append adds one leaf per event to the newest log and returns the index of the first; see 0003 and 0004. A transaction that many
-- messages share has many events, so each level of the tree is written by one statement.
CREATE OR REPLACE FUNCTION audit.append(event_ids uuid[], payloads bytea[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
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
-- +goose StatementEnd

-- +goose StatementBegin
-- Messages and contents are stored compressed. By the method that PostgreSQL takes by itself that was a third of the time that it spent
-- on a dispatch; lz4 is several times as fast. Where this server was built without it, or the database is not ours, it stays.
DO $$
BEGIN
	EXECUTE format('ALTER DATABASE %I SET default_toast_compression = lz4', current_database());
EXCEPTION WHEN invalid_parameter_value OR insufficient_privilege OR feature_not_supported THEN
	RAISE NOTICE 'large values are compressed as before: %', SQLERRM;
END $$;
-- +goose StatementEnd
