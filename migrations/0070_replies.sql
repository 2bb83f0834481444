-- +goose Up
-- What addressees owe: the reply of each one by itself, what counts as it, and the reminders of it.

-- From the dispatch on. deadline is the statement's; due is the date in force, which an extension moves and deadline never.
CREATE TABLE reply (
	statement_id    uuid NOT NULL,
	revision        integer NOT NULL,
	position        integer NOT NULL,
	transmission_id uuid NOT NULL UNIQUE REFERENCES transmission, -- the first message to the addressee, also where a copy was sent
	body_code       text NOT NULL REFERENCES body,
	state           text NOT NULL CONSTRAINT reply_state CHECK (state IN ('not-awaited', 'awaiting', 'extended', 'overdue', 'redirected', 'replied', 'replied-late', 'declined', 'waived', 'no-reply')),
	deadline        date,
	due             date,
	asked           date, -- another date that was asked for and not answered yet
	redirected_to   text REFERENCES body,
	since           timestamptz NOT NULL, -- the date in force counts from here on
	changed_at      timestamptz NOT NULL,
	PRIMARY KEY (statement_id, position),
	FOREIGN KEY (statement_id, revision, position) REFERENCES addressee (statement_id, revision, position),
	CONSTRAINT reply_is_awaited_by_a_date CHECK (state = 'not-awaited' OR due IS NOT NULL),
	CONSTRAINT reply_is_never_due_before_the_deadline CHECK (due >= deadline)
);
CREATE INDEX reply_open ON reply (due, statement_id, position) WHERE state IN ('awaiting', 'extended', 'overdue', 'redirected');
CREATE INDEX reply_by_date ON reply (due, statement_id, position) WHERE due IS NOT NULL;
CREATE INDEX reply_of_body ON reply (body_code, due, statement_id, position) WHERE due IS NOT NULL;

-- What came in counts for a reply as its latest row here says. One message can answer several statements, and several messages one.
CREATE TABLE reply_link (
	seq          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	statement_id uuid NOT NULL,
	position     integer NOT NULL,
	kind         text NOT NULL CONSTRAINT reply_link_kind CHECK (kind IN ('reply', 'interim', 'none')),
	response_id  uuid REFERENCES transmission_response,
	inbound_id   uuid REFERENCES inbound_message,
	came_on      date NOT NULL, -- in the group's zone
	body_code    text REFERENCES body, -- who replied, where that is not the addressee
	person_id    uuid REFERENCES person, -- who said so; NULL for what was recognized by itself
	reason       text NOT NULL DEFAULT '' CHECK (length(reason) <= 4000),
	stood        text NOT NULL, -- where the statement stood then
	at           timestamptz NOT NULL,
	event_id     uuid NOT NULL UNIQUE REFERENCES event (id) DEFERRABLE INITIALLY DEFERRED,
	FOREIGN KEY (statement_id, position) REFERENCES reply (statement_id, position),
	CONSTRAINT reply_link_to_one_message CHECK (num_nulls(response_id, inbound_id) = 1)
);
CREATE INDEX reply_link_of ON reply_link (statement_id, position, seq);
CREATE UNIQUE INDEX reply_link_once ON reply_link (statement_id, position, inbound_id) WHERE person_id IS NULL AND inbound_id IS NOT NULL;
CALL append_only('reply_link');

-- One row per reminder, made with the letter: the same step for the same date is never made again, however often anything runs.
CREATE TABLE reminder (
	statement_id    uuid NOT NULL,
	position        integer NOT NULL,
	due             date NOT NULL,
	step            integer NOT NULL, -- days before the date that the profile names; negative after it
	days            integer NOT NULL, -- left on that day
	command_id      text NOT NULL REFERENCES command,
	transmission_id uuid NOT NULL UNIQUE REFERENCES transmission,
	at              timestamptz NOT NULL,
	CONSTRAINT reminder_once PRIMARY KEY (statement_id, position, due, step),
	FOREIGN KEY (statement_id, position) REFERENCES reply (statement_id, position)
);
CALL append_only('reminder');

-- Letters to addressees about what they owe: besides the statement the only ones to them.
ALTER TABLE transmission DROP CONSTRAINT transmission_to_an_addressee_or_a_person;
CALL widen_check('transmission', 'transmission_letter', 'letter', 'reply-due', 'overdue', 'extension-granted', 'extension-refused');
ALTER TABLE transmission ADD CONSTRAINT transmission_to_an_addressee_or_a_person CHECK (
	(position IS NULL) = (person_id IS NOT NULL) AND (letter <> 'statement' OR position IS NOT NULL)
	AND (position IS NULL OR letter IN ('statement', 'reply-due', 'overdue', 'extension-granted', 'extension-refused')));

CALL widen_check('event', 'event_kind', 'kind', 'reply-awaited', 'reply-linked', 'reply-interim', 'reply-unlinked', 'reply-asked', 'extension-granted', 'extension-refused',
	'reply-declined', 'reply-redirected', 'reply-expected', 'reply-waived', 'reply-overdue', 'reply-missing', 'reply-taken-back', 'reminded', 'reminded-due', 'reminded-overdue');
CALL widen_check('notice', 'notice_letter', 'letter', 'reply-due', 'overdue');
CALL widen_check('notice_choice', 'notice_choice_letter', 'letter', 'reply-due', 'overdue');
ALTER TABLE event ADD COLUMN reply_from text NOT NULL DEFAULT '', ADD COLUMN reply_to text NOT NULL DEFAULT '',
	ADD COLUMN due text NOT NULL DEFAULT '', ADD COLUMN asked text NOT NULL DEFAULT '';

-- +goose StatementBegin
CREATE FUNCTION reply_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
	IF TG_OP = 'DELETE' THEN
		RAISE EXCEPTION 'what an addressee owes is never deleted' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'reply_kept';
	END IF;
	IF (NEW.statement_id, NEW.revision, NEW.position, NEW.transmission_id, NEW.body_code, NEW.deadline)
		IS DISTINCT FROM (OLD.statement_id, OLD.revision, OLD.position, OLD.transmission_id, OLD.body_code, OLD.deadline) THEN
		RAISE EXCEPTION 'who owes a reply, and the deadline of the statement, do not change' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'reply_fixed';
	END IF;
	IF NEW.due < OLD.due THEN
		RAISE EXCEPTION 'a date that was granted is not taken back' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'reply_due_only_later';
	END IF;
	RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER reply_guard BEFORE UPDATE OR DELETE ON reply FOR EACH ROW EXECUTE FUNCTION reply_guard();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON reply FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose StatementBegin
-- The pages write what an addressee says, and with it where its reply stands. No page moves a date.
DO $$
BEGIN
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'liaison_app') THEN
		GRANT SELECT ON reply, reply_link, reminder TO liaison_app;
		GRANT UPDATE (state, asked, redirected_to, changed_at) ON reply TO liaison_app;
		GRANT INSERT ON reply_link TO liaison_app;
	END IF;
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'liaison_worker') THEN
		GRANT SELECT, INSERT, UPDATE ON reply TO liaison_worker;
		GRANT SELECT, INSERT ON reply_link, reminder TO liaison_worker;
	END IF;
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'liaison_auditor') THEN -- never what was said
		GRANT SELECT ON reply, reminder TO liaison_auditor;
		GRANT SELECT (seq, statement_id, position, kind, response_id, inbound_id, came_on, body_code, person_id, stood, at, event_id) ON reply_link TO liaison_auditor;
	END IF;
END $$;
-- +goose StatementEnd
