-- +goose Up
-- What a statement relates to, by the revision that says so: derived from its canonical bytes, as its addressees are. What the other
-- statement is marked with follows from here and from the states, and is stored nowhere.

CREATE TABLE relation (
	statement_id uuid NOT NULL,
	revision     integer NOT NULL,
	position     integer NOT NULL CHECK (position > 0),
	kind         text NOT NULL CONSTRAINT relation_kind CHECK (kind IN ('replies-to', 'revises', 'corrects', 'recalls', 'forwards')),
	related_id   uuid REFERENCES statement, -- NULL: a statement that is not in this register
	ref          text NOT NULL,
	PRIMARY KEY (statement_id, revision, position),
	FOREIGN KEY (statement_id, revision) REFERENCES revision (statement_id, number),
	CONSTRAINT relation_to_another CHECK (related_id <> statement_id),
	CONSTRAINT relation_names_something CHECK (related_id IS NOT NULL OR ref <> '')
);
CREATE INDEX relation_to ON relation (related_id) WHERE related_id IS NOT NULL;

INSERT INTO relation (statement_id, revision, position, kind, related_id, ref)
SELECT r.statement_id, r.number, x.n, x.v ->> 'kind', (x.v ->> 'statement')::uuid, coalesce(x.v ->> 'ref', '')
FROM revision r, jsonb_array_elements(convert_from(r.canonical, 'UTF8')::jsonb #> '{content,relations}') WITH ORDINALITY AS x (v, n)
WHERE convert_from(r.canonical, 'UTF8')::jsonb #> '{content,relations}' IS NOT NULL;
CALL append_only('relation');

-- A corrigendum goes out under the number of what it corrects, with a number of its own behind it.
ALTER TABLE statement ADD COLUMN corrigendum integer NOT NULL DEFAULT 0 CHECK (corrigendum >= 0);
ALTER TABLE statement DROP CONSTRAINT statement_number_once;
ALTER TABLE statement
	ADD CONSTRAINT statement_number_once UNIQUE (group_code, kind, period, number, corrigendum),
	ADD CONSTRAINT statement_corrigendum_has_number CHECK (corrigendum = 0 OR number IS NOT NULL);

-- +goose StatementBegin
DO $$
BEGIN
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'liaison_auditor') THEN
		GRANT SELECT ON relation TO liaison_auditor;
		GRANT SELECT (corrigendum) ON statement TO liaison_auditor;
	END IF;
END $$;
-- +goose StatementEnd
