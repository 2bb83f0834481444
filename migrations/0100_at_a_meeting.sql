-- +goose Up
-- Approval at a meeting: statements are tabled for one, decided while it is in session, and go out when it is closed.

ALTER TABLE meeting
	ADD COLUMN announced_on date,
	ADD COLUMN inputs_until date, -- the last day for input documents
	ADD COLUMN closed_by uuid REFERENCES person,
	ADD COLUMN closed_at timestamptz,
	ADD CONSTRAINT meeting_announced_before_it CHECK (announced_on <= held_from),
	ADD CONSTRAINT meeting_closed_by_somebody CHECK (num_nulls(closed_by, closed_at) IN (0, 2) AND (closed_by IS NULL OR state = 'closed'));

ALTER TABLE statement
	ADD COLUMN tabled_for uuid REFERENCES meeting,
	ADD COLUMN tabled_item integer,
	ADD COLUMN leaves_after uuid REFERENCES meeting, -- approved at it: the dispatch begins when it is closed
	ADD CONSTRAINT statement_tabled_for_a_meeting CHECK ((state = 'tabled') = (tabled_for IS NOT NULL) AND num_nulls(tabled_for, tabled_item) IN (0, 2)),
	ADD CONSTRAINT statement_tabled_under_an_item FOREIGN KEY (tabled_for, tabled_item) REFERENCES agenda_item (meeting_id, number) DEFERRABLE INITIALLY DEFERRED,
	ADD CONSTRAINT statement_tabled_has_no_approval CHECK (state <> 'tabled' OR approved_digest IS NULL),
	ADD CONSTRAINT statement_leaves_once_approved CHECK (leaves_after IS NULL OR state = 'approved' AND dispatch_at IS NOT NULL);
CREATE INDEX statement_tabled ON statement (tabled_for) WHERE tabled_for IS NOT NULL;
CREATE INDEX statement_leaves_after ON statement (leaves_after) WHERE leaves_after IS NOT NULL;
CALL widen_check('statement', 'statement_state', 'state', 'tabled');

-- The revision that was tabled, where the meeting approved another one, with edits.
ALTER TABLE decision
	ADD COLUMN tabled_revision integer,
	ADD CONSTRAINT decision_edited_what_was_tabled FOREIGN KEY (statement_id, tabled_revision) REFERENCES revision (statement_id, number),
	ADD CONSTRAINT decision_edited_at_a_meeting CHECK (tabled_revision IS NULL OR kind = 'approve' AND meeting_id IS NOT NULL AND tabled_revision < revision),
	ADD CONSTRAINT decision_at_a_meeting CHECK (mode IS DISTINCT FROM 'meeting' OR meeting_id IS NOT NULL AND given_on IS NOT NULL),
	ADD CONSTRAINT decision_with_minutes CHECK (entered_by IS NULL OR mode IS DISTINCT FROM 'meeting' OR evidence <> '');

-- +goose StatementBegin
-- Whatever the program says, a meeting approves what its own group sends, on its own days.
CREATE FUNCTION meeting_decision_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
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

-- A meeting that is closed stays as it is; it is not ended over what is tabled for it, nor moved away from what it decided.
CREATE FUNCTION meeting_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
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
-- +goose StatementEnd
CREATE INDEX decision_at_meeting ON decision (meeting_id) WHERE meeting_id IS NOT NULL;
CREATE TRIGGER meeting_decision_guard BEFORE INSERT ON decision FOR EACH ROW WHEN (NEW.mode = 'meeting') EXECUTE FUNCTION meeting_decision_guard();
CREATE TRIGGER meeting_guard BEFORE UPDATE OR DELETE ON meeting FOR EACH ROW EXECUTE FUNCTION meeting_guard();

CALL widen_check('event', 'event_kind', 'kind', 'tabled', 'put-off', 'meeting-entered', 'meeting-changed', 'meeting-opened', 'meeting-closed', 'meeting-cancelled');
CREATE INDEX event_of_meeting ON event (meeting_id, seq) WHERE meeting_id IS NOT NULL;
-- +goose StatementBegin
-- Events about a meeting are about no statement; whatever other kinds earlier steps allowed stay allowed.
DO $$
DECLARE
	kinds text[];
BEGIN
	SELECT array_agg(m[1]) INTO kinds
	FROM pg_constraint c, regexp_matches(pg_get_constraintdef(c.oid), '''([^'']+)''::text', 'g') AS m
	WHERE c.conrelid = 'event'::regclass AND c.conname = 'event_is_about_a_statement';
	ALTER TABLE event DROP CONSTRAINT event_is_about_a_statement;
	EXECUTE format('ALTER TABLE event ADD CONSTRAINT event_is_about_a_statement CHECK (statement_id IS NOT NULL OR kind IN (%s))',
		(SELECT string_agg(quote_literal(k), ', ') FROM unnest(kinds || ARRAY['meeting-entered', 'meeting-changed', 'meeting-opened', 'meeting-closed', 'meeting-cancelled']) k));
END $$;
-- +goose StatementEnd

CALL widen_check('transmission', 'transmission_letter', 'letter', 'tabled', 'put-off');
CALL widen_check('notice', 'notice_letter', 'letter', 'tabled', 'put-off');
CALL widen_check('notice_choice', 'notice_choice_letter', 'letter', 'tabled', 'put-off');

-- +goose StatementBegin
-- The pages enter meetings and their agendas. The worker locks the row of a meeting while it decides at it, which asks for the right
-- to write some column of it.
DO $$
BEGIN
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'liaison_app') THEN
		GRANT INSERT, UPDATE, DELETE ON agenda_item TO liaison_app;
	END IF;
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'liaison_worker') THEN
		GRANT UPDATE (version) ON meeting TO liaison_worker;
	END IF;
END $$;
-- +goose StatementEnd
