-- +goose Up
-- Progress reports: statements of another kind, with a series of numbers of their own; when one is due; and what study groups
-- say to its proposals.
ALTER TABLE statement ADD COLUMN kind text NOT NULL DEFAULT 'statement' CONSTRAINT statement_kind CHECK (kind IN ('statement', 'report'));
ALTER TABLE statement DROP CONSTRAINT statement_group_code_period_number_key;
ALTER TABLE statement ADD CONSTRAINT statement_number_once UNIQUE (group_code, kind, period, number);
CREATE INDEX statement_reports ON statement (group_code, changed_at DESC, id DESC) WHERE kind = 'report';

ALTER TABLE number_series ADD COLUMN kind text NOT NULL DEFAULT 'statement' CONSTRAINT number_series_kind CHECK (kind IN ('statement', 'report'));
ALTER TABLE number_series DROP CONSTRAINT number_series_pkey;
ALTER TABLE number_series ADD PRIMARY KEY (group_code, kind, period);

-- One report for each meeting that one is due for.
CREATE TABLE report_due (
	id           uuid PRIMARY KEY,
	group_code   text NOT NULL REFERENCES body,
	meeting_id   uuid NOT NULL REFERENCES meeting,
	due          date NOT NULL, -- the last day on which it is in time
	statement_id uuid UNIQUE REFERENCES statement,
	missed_on    date,
	created_at   timestamptz NOT NULL,
	CONSTRAINT report_due_once UNIQUE (group_code, meeting_id)
);
CREATE INDEX report_due_open ON report_due (due) WHERE missed_on IS NULL;

-- What a group says to a proposal, by the link in its message or as the secretariat records it. The latest counts; none is
-- overwritten.
CREATE TABLE proposal_answer (
	id              uuid PRIMARY KEY,
	statement_id    uuid NOT NULL REFERENCES statement,
	number          integer NOT NULL CHECK (number > 0),
	body_code       text NOT NULL REFERENCES body,
	answer          text NOT NULL CONSTRAINT proposal_answer_answer CHECK (answer IN ('accepted', 'noted', 'rejected')),
	canonical       bytea NOT NULL, -- all of it, as the digest in the log is of it
	digest          sha256hex NOT NULL,
	transmission_id uuid REFERENCES transmission, -- whose link was followed
	person_id       uuid REFERENCES person,       -- who recorded it
	at              timestamptz NOT NULL,
	command_id      uuid NOT NULL CONSTRAINT proposal_answer_once UNIQUE,
	event_id        uuid NOT NULL UNIQUE REFERENCES event (id) DEFERRABLE INITIALLY DEFERRED,
	CHECK (digest = encode(sha256(canonical), 'hex')),
	CONSTRAINT proposal_answer_by_link_or_by_a_person CHECK (num_nulls(transmission_id, person_id) = 1)
);
CREATE INDEX proposal_answer_of ON proposal_answer (statement_id, number, body_code, at);
CALL append_only('proposal_answer');

CALL widen_check('event', 'event_kind', 'kind', 'presented', 'noted', 'accepted-by-parent', 'returned-by-parent', 'proposal-answered');

-- +goose StatementBegin
-- The roles of 0004, where they are: the pages begin reports and write what is said to proposals; neither moves a state.
DO $$
BEGIN
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'liaison_app') THEN
		GRANT SELECT, INSERT ON proposal_answer, report_due TO liaison_app;
		GRANT UPDATE (statement_id) ON report_due TO liaison_app;
		GRANT SELECT ON meeting, agenda_item TO liaison_app;
	END IF;
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'liaison_worker') THEN
		GRANT SELECT ON proposal_answer TO liaison_worker;
		GRANT SELECT, INSERT, UPDATE ON report_due TO liaison_worker;
		GRANT SELECT ON meeting, agenda_item TO liaison_worker;
	END IF;
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'liaison_auditor') THEN -- never what was said
		GRANT SELECT (kind) ON statement TO liaison_auditor;
		GRANT SELECT (id, statement_id, number, body_code, answer, transmission_id, person_id, digest, at, event_id) ON proposal_answer TO liaison_auditor;
		GRANT SELECT ON report_due, meeting, agenda_item TO liaison_auditor;
	END IF;
END $$;
-- +goose StatementEnd
