-- +goose Up
-- Texts, messages and files are kept beside their SHA-256, and a CHECK holds the one to the other when a row is written. Who owns the
-- database can drop that CHECK and change the bytes. This hashes all of them again, and says how much it read and which rows are not what
-- their digests say: enough for a verification, also for auditors, who may not read the bytes. The program knows this text by its hash, so
-- what comes after it gets another name.
-- +goose StatementBegin
CREATE FUNCTION audit.rehash(OUT what text, OUT number bigint, OUT size bigint, OUT wrong text[]) RETURNS SETOF record
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
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
-- +goose StatementEnd
REVOKE ALL ON FUNCTION audit.rehash() FROM PUBLIC;

-- +goose StatementBegin
DO $$
DECLARE
	r text;
BEGIN
	FOREACH r IN ARRAY ARRAY['liaison_app', 'liaison_auditor'] LOOP
		IF EXISTS (SELECT FROM pg_roles WHERE rolname = r) THEN
			EXECUTE format('GRANT EXECUTE ON FUNCTION audit.rehash() TO %I', r);
		END IF;
	END LOOP;
END $$;
-- +goose StatementEnd
