-- +goose Up
-- Reminders of a report that is due, each once, and the letters that go out about reports.
CREATE TABLE report_reminder (
	due_id    uuid NOT NULL REFERENCES report_due,
	days      integer NOT NULL, -- before the last day on which the report is in time; -1 for one that was missed
	event_id  uuid NOT NULL UNIQUE REFERENCES event (id) DEFERRABLE INITIALLY DEFERRED,
	PRIMARY KEY (due_id, days)
);
CALL append_only('report_reminder');

CALL widen_check('event', 'event_kind', 'kind', 'report-due', 'report-missed');
CALL widen_check('transmission', 'transmission_letter', 'letter', 'report-due', 'report-missed', 'report-submitted', 'report-presented', 'proposal-answered');
CALL widen_check('notice', 'notice_letter', 'letter', 'report-due', 'report-missed', 'report-submitted', 'report-presented', 'proposal-answered');
CALL widen_check('notice_choice', 'notice_choice_letter', 'letter', 'report-due', 'report-missed', 'report-submitted', 'report-presented', 'proposal-answered');

-- +goose StatementBegin
DO $$
BEGIN
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'liaison_worker') THEN
		GRANT SELECT, INSERT ON report_reminder TO liaison_worker;
	END IF;
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'liaison_app') THEN
		GRANT SELECT ON report_reminder TO liaison_app;
	END IF;
END $$;
-- +goose StatementEnd
