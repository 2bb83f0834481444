-- +goose Up
-- Full text of every statement, written in the transaction that changes it: title, number, bodies, attachments, abstract, text. Words are
-- indexed twice, as they are and in the stems of the statement's language; scripts without spaces character by character, so that a
-- phrase of them is found; codes ("=jca-ml-ls12") as they are and no other way.

-- +goose StatementBegin
CREATE FUNCTION search_spaced(t text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
	SELECT regexp_replace(t, '([\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff])', ' \1 ', 'g')
$$;

CREATE FUNCTION search_config(language text) RETURNS regconfig LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
	SELECT CASE lower(split_part(language, '-', 1)) WHEN 'en' THEN 'english' WHEN 'fr' THEN 'french' WHEN 'es' THEN 'spanish'
		WHEN 'ru' THEN 'russian' WHEN 'ar' THEN 'arabic' ELSE 'simple' END::regconfig
$$;

CREATE FUNCTION search_vector(language text, title text, names text, abstract text, body text, codes text[]) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, public AS $$
	SELECT setweight(to_tsvector('simple', t), 'A') || setweight(to_tsvector(c, t), 'A')
		|| setweight(to_tsvector('simple', n), 'B')
		|| setweight(to_tsvector('simple', a), 'C') || setweight(to_tsvector(c, a), 'C')
		|| setweight(to_tsvector('simple', b), 'D') || setweight(to_tsvector(c, b), 'D')
		|| array_to_tsvector((SELECT coalesce(array_agg('=' || code), '{}') FROM unnest(codes) AS code))
	FROM (SELECT search_config(language) AS c, search_spaced(title) AS t, search_spaced(names) AS n, search_spaced(abstract) AS a, search_spaced(body) AS b) x
$$;

-- search_query reads the words of a search box in every language that there are stems for: which one is meant is not known.
CREATE FUNCTION search_query(words text, codes text[], without text) RETURNS tsquery LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, public AS $$
DECLARE
	wanted text := search_spaced(words);
	barred text := search_spaced(without);
	asked  tsquery := ''::tsquery;
	never  tsquery := ''::tsquery;
	code   text;
	config regconfig;
BEGIN
	FOREACH config IN ARRAY ARRAY['simple', 'english', 'french', 'spanish', 'russian', 'arabic']::regconfig[] LOOP
		asked := asked || websearch_to_tsquery(config, wanted);
		never := never || websearch_to_tsquery(config, barred); -- in no language
	END LOOP;
	FOREACH code IN ARRAY codes LOOP
		asked := asked && quote_literal('=' || code)::tsquery;
	END LOOP;
	IF numnode(asked) > 0 AND numnode(never) > 0 THEN
		asked := asked && !!never;
	END IF;
	RETURN asked;
END $$;
-- +goose StatementEnd

CREATE TABLE search (
	statement_id uuid PRIMARY KEY REFERENCES statement,
	language     text NOT NULL,
	body         text NOT NULL, -- what a result quotes from
	words        tsvector NOT NULL
);
CREATE INDEX search_words ON search USING gin (words);

-- What is listed by state and group, and by deadline.
CREATE INDEX statement_by_group_state ON statement (group_code, state, changed_at DESC, id DESC);

-- A filter of the register that somebody keeps under a name: the query of its address.
CREATE TABLE saved_view (
	person_id  uuid NOT NULL REFERENCES person,
	name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
	query      text NOT NULL CHECK (length(query) <= 2000),
	created_at timestamptz NOT NULL,
	PRIMARY KEY (person_id, name)
);

-- +goose StatementBegin
DO $$
BEGIN
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'liaison_app') THEN
		GRANT SELECT, INSERT, UPDATE ON search TO liaison_app;
		GRANT SELECT, INSERT, UPDATE, DELETE ON saved_view TO liaison_app;
	END IF;
END $$;
-- +goose StatementEnd
