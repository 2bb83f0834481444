-- +goose Up
-- The secret address under which a calendar reads a person's deadlines: the latest row says whether there is one. The address is made
-- of its number and a key, which the database does not have.
CREATE TABLE calendar_link (
	person_id uuid NOT NULL REFERENCES person,
	n         integer NOT NULL CHECK (n > 0),
	open      boolean NOT NULL,
	at        timestamptz NOT NULL,
	PRIMARY KEY (person_id, n)
);
CALL append_only('calendar_link');

-- Who the officers of a group work for: who entered it and when, and who ended it, once, and why. ended_on is held_from for what never held.
ALTER TABLE employment DROP CONSTRAINT employment_pkey;
ALTER TABLE employment ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
	ADD COLUMN group_code  text NOT NULL REFERENCES body,
	ADD COLUMN recorded_by uuid NOT NULL REFERENCES person,
	ADD COLUMN recorded_at timestamptz NOT NULL,
	ADD COLUMN ended_by    uuid REFERENCES person,
	ADD COLUMN ended_on    date, -- from this day on it holds no more
	ADD COLUMN end_reason  text NOT NULL DEFAULT '' CHECK (length(end_reason) <= 4000),
	ADD CONSTRAINT employment_ended_for_a_reason CHECK (num_nulls(ended_by, ended_on) IN (0, 2) AND (ended_on IS NULL) = (end_reason = '')),
	ADD CONSTRAINT employment_ended_after_it_began CHECK (ended_on >= held_from);
CREATE UNIQUE INDEX employment_once ON employment (person_id, body_code, held_from) WHERE ended_on IS NULL;

-- +goose StatementBegin
CREATE FUNCTION employment_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
	IF TG_OP = 'DELETE' OR OLD.ended_on IS NOT NULL
		OR (NEW.id, NEW.group_code, NEW.person_id, NEW.body_code, NEW.held_from, NEW.held_until, NEW.evidence, NEW.recorded_by, NEW.recorded_at)
			IS DISTINCT FROM (OLD.id, OLD.group_code, OLD.person_id, OLD.body_code, OLD.held_from, OLD.held_until, OLD.evidence, OLD.recorded_by, OLD.recorded_at) THEN
		RAISE EXCEPTION 'an employer is ended once and otherwise stays as it is' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'employment_fixed';
	END IF;
	RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER employment_guard BEFORE UPDATE OR DELETE ON employment FOR EACH ROW EXECUTE FUNCTION employment_guard();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON employment FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CALL widen_check('event', 'event_kind', 'kind', 'employer-recorded', 'employer-ended');
-- +goose StatementBegin
DO $$
DECLARE
	kinds text[];
BEGIN
	SELECT array_agg(m[1]) INTO kinds
	FROM pg_constraint c, regexp_matches(pg_get_constraintdef(c.oid), '''([^'']+)''::text', 'g') AS m
	WHERE c.conrelid = 'event'::regclass AND c.conname = 'event_is_about_a_statement';
	ALTER TABLE event DROP CONSTRAINT event_is_about_a_statement;
	EXECUTE format('ALTER TABLE event ADD CONSTRAINT event_is_about_a_statement CHECK (statement_id IS NOT NULL OR kind IN (%s))',
		(SELECT string_agg(quote_literal(k), ', ') FROM unnest(kinds || ARRAY['employer-recorded', 'employer-ended']) k));
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
-- An entry in the register of employers is the secretariat's, on a page.
DO $$
BEGIN
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'liaison_app') THEN
		GRANT SELECT, INSERT ON calendar_link TO liaison_app;
		GRANT INSERT ON employment TO liaison_app;
		GRANT UPDATE (ended_by, ended_on, end_reason) ON employment TO liaison_app;
	END IF;
END $$;
-- +goose StatementEnd

-- Search. A query said the same thing once for every language that has the same stem of a word: six times the work, and six times as many
-- rows as there are in the planner's eyes, which then reads the whole table.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION search_query(words text, codes text[], without text) RETURNS tsquery LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, public SET client_min_messages = warning AS $$
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

-- search_loose is what of a query the index alone can tell: the words of its phrases anywhere, and nothing of what must not be there. Where
-- it is the query itself, what the index names need not be read to know that it is meant.
CREATE FUNCTION search_loose(query tsquery) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
	SELECT CASE WHEN tree IN ('', 'T') THEN query ELSE regexp_replace(tree, '<(-|[0-9]+)>', '&', 'g')::tsquery END FROM (SELECT querytree(query) AS tree) x
$$;

-- search_hits looks a query up in the index and nowhere else, whatever the planner thinks of it: it cannot know how many statements
-- two words have together.
CREATE FUNCTION search_hits(query tsquery, most integer) RETURNS SETOF uuid LANGUAGE sql STABLE PARALLEL SAFE ROWS 500
SET search_path = pg_catalog, public SET enable_seqscan = off AS $$
	SELECT statement_id FROM search WHERE words @@ query LIMIT most
$$;

CREATE FUNCTION search_folded(t text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
	SELECT translate(lower(t), 'áàâäãéèêëíìîïóòôöõúùûüñç', 'aaaaaeeeeiiiiooooouuuunc')
$$;

-- search_stems are the words and codes that a query wants, as they may begin in a text: without accents, and without the last letter of a
-- stem, which in English changes (study, studi).
CREATE FUNCTION search_stems(query tsquery) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, public AS $$
	SELECT coalesce(array_agg(DISTINCT CASE WHEN length(word) > 3 THEN left(word, -1) ELSE word END), '{}')
	FROM (SELECT search_folded(ltrim(replace(m[1], '''''', ''''), '=')) AS word FROM regexp_matches(querytree(query), '''((?:[^'']|'''')*)''', 'g') AS m) x WHERE word <> ''
$$;

-- search_quote is a piece of a text round the words of a query, which are marked. To read a whole text for it costs more than to find
-- it: so the words are looked for as they are written, and only what stands round them is read.
CREATE FUNCTION search_quote(language text, body text, query tsquery, stems text[], options text) RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, public AS $$
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
-- +goose StatementEnd

-- Nothing of the texts and vectors stands in the rows themselves, so that what has a word is gone through in a few pages.
ALTER TABLE search SET (toast_tuple_target = 128);
