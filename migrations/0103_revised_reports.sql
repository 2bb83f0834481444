-- +goose Up
-- A report that the parent group returned is followed by a revised one under the same number, with Rev.1 behind it: "JCA-ML-R3 Rev.1". Both
-- are kept. A corrigendum of it is one of that revision.
ALTER TABLE statement ADD COLUMN rev integer NOT NULL DEFAULT 0 CHECK (rev >= 0);
ALTER TABLE statement DROP CONSTRAINT statement_number_once;
ALTER TABLE statement
	ADD CONSTRAINT statement_number_once UNIQUE (group_code, kind, period, number, rev, corrigendum),
	ADD CONSTRAINT statement_rev_of_a_report CHECK (rev = 0 OR number IS NOT NULL AND kind = 'report');

-- +goose StatementBegin
DO $$
BEGIN
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'liaison_auditor') THEN
		GRANT SELECT (rev) ON statement TO liaison_auditor;
	END IF;
END $$;
-- +goose StatementEnd
