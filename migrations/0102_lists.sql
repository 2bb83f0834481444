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
