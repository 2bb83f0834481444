-- +goose Up
-- Notices: who is told of which event by which letter, at once or in a daily digest, as each person chooses. And what the
-- log says of sending being paused, which is about no statement.

-- A notice is made in the transaction of its event. transmission_id is the letter that it goes out in: its own, made with it,
-- or the digest that takes it along later. One whose reader may not read the statement any more is withheld.
CREATE TABLE notice (
	id              uuid PRIMARY KEY,
	event_id        uuid NOT NULL REFERENCES event (id) DEFERRABLE INITIALLY DEFERRED,
	statement_id    uuid NOT NULL REFERENCES statement,
	letter          text NOT NULL CONSTRAINT notice_letter CHECK (letter IN ('review-requested')),
	person_id       uuid NOT NULL REFERENCES person,
	about           uuid REFERENCES transmission, -- the message to an addressee
	made_at         timestamptz NOT NULL,
	transmission_id uuid REFERENCES transmission,
	withheld_at     timestamptz,
	CONSTRAINT notice_once UNIQUE (event_id, letter, person_id),
	CONSTRAINT notice_sent_or_withheld CHECK (transmission_id IS NULL OR withheld_at IS NULL)
);
CREATE INDEX notice_waiting ON notice (person_id, made_at) WHERE transmission_id IS NULL AND withheld_at IS NULL;
CREATE INDEX notice_of_a_letter ON notice (transmission_id);
CREATE INDEX notice_of_a_message ON notice (about, person_id, letter, made_at);

CREATE TABLE notice_choice (
	person_id uuid NOT NULL REFERENCES person,
	letter    text NOT NULL CONSTRAINT notice_choice_letter CHECK (letter IN ('review-requested')),
	pace      text NOT NULL CONSTRAINT notice_choice_pace CHECK (pace IN ('at-once', 'daily')),
	chosen_at timestamptz NOT NULL,
	PRIMARY KEY (person_id, letter)
);

CREATE TABLE digest_time (
	person_id uuid PRIMARY KEY REFERENCES person,
	hour      smallint NOT NULL CHECK (hour BETWEEN 0 AND 23),
	zone      text NOT NULL CHECK (length(zone) BETWEEN 1 AND 64),
	chosen_at timestamptz NOT NULL
);

-- One digest a day for each person and group, however often somebody looks whether it is time.
CREATE TABLE digest (
	person_id       uuid NOT NULL REFERENCES person,
	group_code      text NOT NULL REFERENCES body,
	day             date NOT NULL, -- where the person is
	transmission_id uuid NOT NULL UNIQUE REFERENCES transmission,
	CONSTRAINT digest_once_a_day PRIMARY KEY (person_id, group_code, day)
);
CALL append_only('digest');

CALL widen_check('transmission', 'transmission_letter', 'letter', 'test', 'digest', 'approved', 'refused', 'bounced', 'unknown-outcome', 'relay-held',
	'acknowledged', 'replied', 'misdirected', 'extension-asked', 'declined');
CALL widen_check('notice', 'notice_letter', 'letter', 'returned', 'rejected', 'dispatched', 'approval-void', 'amended', 'test', 'approved', 'refused', 'bounced', 'unknown-outcome', 'relay-held',
	'acknowledged', 'replied', 'misdirected', 'extension-asked', 'declined');
CALL widen_check('notice_choice', 'notice_choice_letter', 'letter', 'returned', 'rejected', 'dispatched', 'approval-void', 'amended', 'approved', 'refused', 'bounced', 'unknown-outcome',
	'acknowledged', 'replied', 'misdirected', 'extension-asked', 'declined');
CALL widen_check('event', 'event_kind', 'kind', 'unsettled', 'tested', 'paused', 'resumed');

-- Letters of other events than a command's have no command that releases them; the worker releases them, together.
ALTER TABLE transmission ALTER COLUMN state SET DEFAULT 'queued';
DROP INDEX transmission_one_per_letter; -- notice_once and digest_once_a_day hold it, for letters of any origin
CREATE INDEX transmission_unreleased ON transmission (statement_id) WHERE batch IS NULL AND letter <> 'statement' AND state = 'queued';

-- Pausing is about a relay or a body, and no statement.
ALTER TABLE event ALTER COLUMN statement_id DROP NOT NULL;
ALTER TABLE event ADD CONSTRAINT event_is_about_a_statement CHECK (statement_id IS NOT NULL OR kind IN ('paused', 'resumed'));

-- +goose StatementBegin
CREATE FUNCTION notice_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
	IF TG_OP = 'DELETE' OR OLD.transmission_id IS NOT NULL OR OLD.withheld_at IS NOT NULL
		OR (NEW.id, NEW.event_id, NEW.statement_id, NEW.letter, NEW.person_id, NEW.about, NEW.made_at)
			IS DISTINCT FROM (OLD.id, OLD.event_id, OLD.statement_id, OLD.letter, OLD.person_id, OLD.about, OLD.made_at) THEN
		RAISE EXCEPTION 'a notice goes out once and otherwise stays as it is' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'notice_fixed';
	END IF;
	RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER notice_guard BEFORE UPDATE OR DELETE ON notice FOR EACH ROW EXECUTE FUNCTION notice_guard();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON notice FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose StatementBegin
-- The pages write what people choose, and, with what an addressee says, the letters that tell of it: to persons only, because
-- the columns that a message to an addressee needs are not theirs to write, and queued, because the state is not either.
DO $$
BEGIN
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'liaison_app') THEN
		GRANT SELECT ON notice, notice_choice, digest_time, digest TO liaison_app;
		GRANT INSERT, UPDATE ON notice_choice, digest_time TO liaison_app;
		GRANT INSERT ON notice TO liaison_app;
		GRANT INSERT (id, statement_id, revision, letter, person_id, recipient_name, recipient_email, message_id, message_date, changed_at, created_at) ON transmission TO liaison_app;
	END IF;
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'liaison_worker') THEN
		GRANT SELECT ON notice, notice_choice, digest_time, digest TO liaison_worker;
		GRANT INSERT, UPDATE ON notice TO liaison_worker;
		GRANT INSERT ON digest TO liaison_worker;
	END IF;
END $$;
-- +goose StatementEnd
