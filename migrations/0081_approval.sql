-- +goose Up
-- Who decides when the chair cannot: absences and delegations with their days, employers, interests that approvers declare;
-- and what a decision says of how an approval was given.

-- Who cannot act, or leaves it to a vice-chair, on which days. An entry is ended once, early, and never deleted.
CREATE TABLE absence (
	id          uuid PRIMARY KEY,
	group_code  text NOT NULL REFERENCES body,
	kind        text NOT NULL CONSTRAINT absence_kind CHECK (kind IN ('absence', 'delegation')),
	person_id   uuid NOT NULL REFERENCES person,
	deputy_id   uuid REFERENCES person,
	held_from   date NOT NULL,
	held_until  date NOT NULL,
	evidence    text NOT NULL CHECK (evidence <> '' AND length(evidence) <= 4000),
	recorded_by uuid NOT NULL REFERENCES person,
	recorded_on date NOT NULL, -- in the group's zone
	recorded_at timestamptz NOT NULL,
	ended_by    uuid REFERENCES person,
	ended_on    date, -- from this day on it holds no more
	end_reason  text NOT NULL DEFAULT '' CHECK (length(end_reason) <= 4000),
	CONSTRAINT absence_ends_after_it_begins CHECK (held_from <= held_until),
	CONSTRAINT absence_delegation_names_a_deputy CHECK ((kind = 'delegation') = (deputy_id IS NOT NULL)),
	CONSTRAINT absence_not_delegated_to_oneself CHECK (deputy_id <> person_id),
	CONSTRAINT absence_ended_for_a_reason CHECK (num_nulls(ended_by, ended_on) IN (0, 2) AND (ended_on IS NULL) = (end_reason = ''))
);
CREATE INDEX absence_of_group ON absence (group_code, held_until);

-- +goose StatementBegin
CREATE FUNCTION absence_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
	IF TG_OP = 'DELETE' OR OLD.ended_on IS NOT NULL
		OR (NEW.id, NEW.group_code, NEW.kind, NEW.person_id, NEW.deputy_id, NEW.held_from, NEW.held_until, NEW.evidence, NEW.recorded_by, NEW.recorded_on, NEW.recorded_at)
			IS DISTINCT FROM (OLD.id, OLD.group_code, OLD.kind, OLD.person_id, OLD.deputy_id, OLD.held_from, OLD.held_until, OLD.evidence, OLD.recorded_by, OLD.recorded_on, OLD.recorded_at) THEN
		RAISE EXCEPTION 'an absence or delegation is ended once and otherwise stays as it is' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'absence_fixed';
	END IF;
	RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER absence_guard BEFORE UPDATE OR DELETE ON absence FOR EACH ROW EXECUTE FUNCTION absence_guard();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON absence FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Who works for which body: an approver whose employer is addressed is recused where the profile says so.
CREATE TABLE employment (
	person_id  uuid NOT NULL REFERENCES person,
	body_code  text NOT NULL REFERENCES body,
	held_from  date NOT NULL,
	held_until date,
	evidence   text NOT NULL CHECK (length(evidence) <= 4000),
	PRIMARY KEY (person_id, body_code, held_from),
	CHECK (held_from <= held_until)
);

-- An interest in one statement, on an approver's own word.
CREATE TABLE recusal (
	statement_id uuid NOT NULL REFERENCES statement,
	person_id    uuid NOT NULL REFERENCES person,
	reason       text NOT NULL CHECK (reason <> '' AND length(reason) <= 4000),
	command_id   text NOT NULL UNIQUE REFERENCES command,
	declared_at  timestamptz NOT NULL,
	PRIMARY KEY (statement_id, person_id)
);
CALL append_only('recusal');

ALTER TABLE decision ADD COLUMN mode text CONSTRAINT decision_mode CHECK (mode IN ('officer', 'meeting', 'correspondence', 'no-objection'));
ALTER TABLE decision ADD COLUMN given_on date;                           -- the day of an approval, in the group's zone
ALTER TABLE decision ADD COLUMN absence_id uuid REFERENCES absence;      -- by which a vice-chair decided
ALTER TABLE decision ADD COLUMN entered_by uuid REFERENCES person;       -- who entered what person_id decided outside
ALTER TABLE decision ADD COLUMN evidence text NOT NULL DEFAULT '' CHECK (length(evidence) <= 4000);
ALTER TABLE decision ADD COLUMN evidence_file sha256hex REFERENCES blob;
ALTER TABLE decision ADD COLUMN meeting_id uuid REFERENCES meeting;
ALTER TABLE decision ADD COLUMN agenda_item integer NOT NULL DEFAULT 0 CHECK (agenda_item >= 0);
ALTER TABLE decision ADD CONSTRAINT decision_of_a_vice_chair_is_covered CHECK (acting <> 'vice-chair' OR absence_id IS NOT NULL);
ALTER TABLE decision ADD CONSTRAINT decision_entered_has_evidence CHECK (entered_by IS NULL OR evidence <> '' OR evidence_file IS NOT NULL);
ALTER TABLE decision ADD CONSTRAINT decision_entered_by_another CHECK (entered_by <> person_id);

-- An absence is about a group.
-- +goose StatementBegin
-- Events about a body are about no statement; whatever other kinds earlier steps allowed stay allowed.
DO $$
DECLARE
	kinds text[];
BEGIN
	SELECT array_agg(m[1]) INTO kinds
	FROM pg_constraint c, regexp_matches(pg_get_constraintdef(c.oid), '''([^'']+)''::text', 'g') AS m
	WHERE c.conrelid = 'event'::regclass AND c.conname = 'event_is_about_a_statement';
	ALTER TABLE event DROP CONSTRAINT event_is_about_a_statement;
	EXECUTE format('ALTER TABLE event ADD CONSTRAINT event_is_about_a_statement CHECK (statement_id IS NOT NULL OR kind IN (%s))',
		(SELECT string_agg(quote_literal(k), ', ') FROM unnest(kinds || ARRAY['absence-recorded', 'absence-ended']) k));
END $$;
-- +goose StatementEnd
ALTER TABLE event ADD COLUMN mode text NOT NULL DEFAULT '';
ALTER TABLE event ADD COLUMN for_person uuid REFERENCES person;
ALTER TABLE event ADD COLUMN for_as text NOT NULL DEFAULT '';
ALTER TABLE event ADD COLUMN absence_id uuid REFERENCES absence;
ALTER TABLE event ADD COLUMN deputy uuid REFERENCES person;
ALTER TABLE event ADD COLUMN on_day date;
ALTER TABLE event ADD COLUMN until_day date;
ALTER TABLE event ADD COLUMN meeting_id uuid REFERENCES meeting;
ALTER TABLE event ADD COLUMN agenda_item integer NOT NULL DEFAULT 0;
ALTER TABLE event ADD COLUMN evidence text NOT NULL DEFAULT '';
ALTER TABLE event ADD COLUMN evidence_file text NOT NULL DEFAULT '';
CALL widen_check('event', 'event_kind', 'kind', 'recused', 'absence-recorded', 'absence-ended');

-- +goose StatementBegin
-- The pages record absences; decisions and declared interests are the worker's. Auditors see who stood in for whom, by whose id.
DO $$
DECLARE
	r text;
BEGIN
	FOREACH r IN ARRAY ARRAY['liaison_app', 'liaison_worker'] LOOP
		IF EXISTS (SELECT FROM pg_roles WHERE rolname = r) THEN
			EXECUTE format('GRANT SELECT ON absence, employment, recusal TO %I', r);
		END IF;
	END LOOP;
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'liaison_app') THEN
		GRANT INSERT ON absence TO liaison_app;
		GRANT UPDATE (ended_by, ended_on, end_reason) ON absence TO liaison_app;
	END IF;
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'liaison_worker') THEN
		GRANT INSERT ON recusal TO liaison_worker;
	END IF;
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'liaison_auditor') THEN
		GRANT SELECT (id, group_code, kind, person_id, deputy_id, held_from, held_until, recorded_by, recorded_on, recorded_at, ended_by, ended_on) ON absence TO liaison_auditor;
	END IF;
END $$;
-- +goose StatementEnd
