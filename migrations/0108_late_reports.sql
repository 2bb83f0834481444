-- +goose Up
-- A reminder is of the day on which the report was due then: a meeting that is put off is reminded of again. After the day the offices that the
-- profile names are told, each once. The code of the release before says neither; the trigger says it for it.
ALTER TABLE report_reminder ADD COLUMN due date, ADD COLUMN office text NOT NULL DEFAULT ''; -- '' for a reminder before the day, and for one that was missed
ALTER TABLE report_reminder DISABLE TRIGGER append_only;
UPDATE report_reminder r SET due = d.due FROM report_due d WHERE d.id = r.due_id;
ALTER TABLE report_reminder ENABLE TRIGGER append_only;
ALTER TABLE report_reminder ALTER COLUMN due SET NOT NULL, DROP CONSTRAINT report_reminder_pkey, ADD PRIMARY KEY (due_id, due, days, office);

-- +goose StatementBegin
CREATE FUNCTION report_reminder_due() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
	IF NEW.due IS NULL THEN
		SELECT due INTO NEW.due FROM report_due WHERE id = NEW.due_id;
	END IF;
	RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER report_reminder_due BEFORE INSERT ON report_reminder FOR EACH ROW EXECUTE FUNCTION report_reminder_due();

CALL widen_check('event', 'event_kind', 'kind', 'report-late-chair', 'report-late-vice-chair', 'report-late-secretary');
CALL widen_check('transmission', 'transmission_letter', 'letter', 'report-late');
CALL widen_check('notice', 'notice_letter', 'letter', 'report-late');
CALL widen_check('notice_choice', 'notice_choice_letter', 'letter', 'report-late');

-- Where no report was begun, what happens about it is about the meeting.
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
		(SELECT string_agg(quote_literal(k), ', ')
		FROM unnest(kinds || ARRAY['report-due', 'report-missed', 'report-late-chair', 'report-late-vice-chair', 'report-late-secretary']) k));
END $$;
-- +goose StatementEnd
