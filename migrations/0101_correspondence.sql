-- +goose Up
-- Asking by correspondence: one exact revision lies open until the end of a day, and whoever is asked may object. What each said is
-- kept beside it; who said nothing has said nothing. An approval after or by a window names it, and the database refuses one
-- that came too early or over an objection. And: how the management team was consulted before a decision between meetings.
CALL widen_check('statement', 'statement_state', 'state', 'by-correspondence');
ALTER TABLE statement DROP CONSTRAINT statement_draft_has_no_approval,
	ADD CONSTRAINT statement_draft_has_no_approval CHECK (state NOT IN ('draft', 'in-review', 'by-correspondence', 'rejected') OR approved_digest IS NULL);

CREATE TABLE correspondence_window (
	id           uuid PRIMARY KEY,
	statement_id uuid NOT NULL REFERENCES statement,
	revision     integer NOT NULL,
	digest       sha256hex NOT NULL,
	mode         text NOT NULL CONSTRAINT correspondence_window_mode CHECK (mode IN ('correspondence', 'no-objection')),
	opened_by    uuid NOT NULL REFERENCES person,
	opened_as    text NOT NULL,
	absence_id   uuid REFERENCES absence, -- by which a vice-chair opened it
	opened_at    timestamptz NOT NULL,
	opened_on    date NOT NULL,        -- in the group's zone
	last_day     date NOT NULL,        -- for objections, inclusive
	ends_at      timestamptz NOT NULL, -- when that day is over in the group's zone
	hold         boolean NOT NULL,     -- what it approves is not dispatched at once
	profile         text NOT NULL,
	profile_version integer NOT NULL,
	command_id   text NOT NULL UNIQUE REFERENCES command,
	UNIQUE (id, digest),
	FOREIGN KEY (statement_id, revision, digest) REFERENCES revision (statement_id, number, digest),
	FOREIGN KEY (profile, profile_version) REFERENCES profile_version (key, version),
	CONSTRAINT correspondence_window_lasts_a_day CHECK (last_day > opened_on AND ends_at > opened_at),
	CONSTRAINT correspondence_window_at_most_a_year CHECK (last_day <= opened_on + 366),
	CONSTRAINT correspondence_window_no_objection_of_who_approves CHECK (mode <> 'no-objection' OR opened_as IN ('chair', 'vice-chair')),
	CONSTRAINT correspondence_window_of_a_vice_chair_is_covered CHECK (opened_as <> 'vice-chair' OR absence_id IS NOT NULL)
);
CREATE INDEX correspondence_window_of_statement ON correspondence_window (statement_id, opened_at);
CALL append_only('correspondence_window');

-- Who was asked, whoever holds an office later.
CREATE TABLE correspondence_person (
	window_id uuid NOT NULL REFERENCES correspondence_window,
	position  integer NOT NULL CHECK (position > 0),
	person_id uuid NOT NULL REFERENCES person,
	office    text NOT NULL,
	PRIMARY KEY (window_id, position),
	UNIQUE (window_id, person_id)
);
CREATE INDEX correspondence_person_asked ON correspondence_person (person_id, window_id);
CALL append_only('correspondence_person');

CREATE TABLE correspondence_saying (
	id            uuid PRIMARY KEY,
	window_id     uuid NOT NULL REFERENCES correspondence_window,
	kind          text NOT NULL CONSTRAINT correspondence_saying_kind CHECK (kind IN ('objected', 'objected-late', 'no-objection', 'commented')),
	person_id     uuid REFERENCES person, -- who said it
	name          text NOT NULL DEFAULT '' CHECK (length(name) <= 200), -- of somebody who is not in the register
	acting        text NOT NULL,
	words         text NOT NULL CHECK (length(words) <= 4000),
	said_on       date NOT NULL, -- in the group's zone
	said_at       timestamptz NOT NULL,
	entered_by    uuid REFERENCES person,
	evidence      text NOT NULL DEFAULT '' CHECK (length(evidence) <= 4000),
	evidence_file sha256hex REFERENCES blob,
	command_id    text NOT NULL UNIQUE REFERENCES command,
	CONSTRAINT correspondence_saying_of_somebody CHECK ((person_id IS NULL) = (name <> '')),
	CONSTRAINT correspondence_saying_with_words CHECK (kind = 'no-objection' OR words <> ''),
	CONSTRAINT correspondence_saying_entered_has_evidence CHECK (entered_by IS NULL OR evidence <> '' OR evidence_file IS NOT NULL),
	CONSTRAINT correspondence_saying_entered_by_another CHECK (entered_by <> person_id),
	CONSTRAINT correspondence_saying_of_a_stranger_is_entered CHECK (person_id IS NOT NULL OR entered_by IS NOT NULL)
);
CREATE INDEX correspondence_saying_in ON correspondence_saying (window_id, said_at);
CREATE UNIQUE INDEX correspondence_stopped_once ON correspondence_saying (window_id) WHERE kind = 'objected'; -- one objection stops it
CALL append_only('correspondence_saying');

ALTER TABLE decision ADD COLUMN window_id uuid;      -- after or by which it was approved, or in which the management team was asked
ALTER TABLE decision ADD COLUMN consulted text CONSTRAINT decision_consulted CHECK (consulted IN ('window', 'outside'));
ALTER TABLE decision ADD COLUMN consultation text NOT NULL DEFAULT '' CHECK (length(consultation) <= 400); -- reference to what shows that
ALTER TABLE decision ADD CONSTRAINT decision_window FOREIGN KEY (window_id, digest) REFERENCES correspondence_window (id, digest); -- of these very bytes
ALTER TABLE decision ADD CONSTRAINT decision_by_correspondence_names_its_window CHECK (mode NOT IN ('correspondence', 'no-objection') OR window_id IS NOT NULL);
ALTER TABLE decision ADD CONSTRAINT decision_consulted_outside_has_reference CHECK (consulted <> 'outside' OR consultation <> '');
ALTER TABLE decision ADD CONSTRAINT decision_consulted_by_a_window CHECK (consulted <> 'window' OR window_id IS NOT NULL);

-- +goose StatementBegin
-- Silence approves in one case only: in a window of that mode, when its time is over, on the word of who opened it, with no objection.
CREATE FUNCTION decision_window_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
	w correspondence_window;
BEGIN
	IF NEW.kind <> 'approve' OR NEW.mode IS NULL OR NEW.mode NOT IN ('correspondence', 'no-objection') THEN
		RETURN NEW;
	END IF;
	SELECT * INTO STRICT w FROM correspondence_window WHERE id = NEW.window_id;
	IF w.statement_id <> NEW.statement_id OR NEW.decided_at < w.ends_at OR NEW.given_on <= w.last_day THEN
		RAISE EXCEPTION 'it is approved before its time for objections is over' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'decision_after_its_window';
	END IF;
	IF EXISTS (SELECT FROM correspondence_saying s WHERE s.window_id = w.id AND (s.kind = 'objected' OR s.kind = 'objected-late' AND NEW.mode = 'no-objection')) THEN
		RAISE EXCEPTION 'somebody objected' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'decision_over_an_objection';
	END IF;
	IF NEW.mode = 'no-objection' AND (w.mode <> 'no-objection' OR w.opened_by <> NEW.person_id) THEN
		RAISE EXCEPTION 'the window does not approve by itself' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'decision_by_no_objection';
	END IF;
	RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER decision_window_guard BEFORE INSERT ON decision FOR EACH ROW EXECUTE FUNCTION decision_window_guard();

-- +goose StatementBegin
-- As in 0065; who agreed it at a lower level is never an editorial matter either.
CREATE OR REPLACE FUNCTION amendment_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
	before jsonb;
	after  jsonb;
	name   text;
BEGIN
	SELECT convert_from(canonical, 'UTF8')::jsonb -> 'content' INTO STRICT before FROM revision WHERE statement_id = NEW.statement_id AND number = NEW.amends;
	SELECT convert_from(canonical, 'UTF8')::jsonb -> 'content' INTO STRICT after FROM revision WHERE statement_id = NEW.statement_id AND number = NEW.revision;
	FOREACH name IN ARRAY ARRAY['source', 'relations', 'agreed', 'addressees', 'deadline', 'confidentiality', 'embargo', 'attachments', 'report'] LOOP
		IF before -> name IS DISTINCT FROM after -> name THEN
			RAISE EXCEPTION 'a change of % is no editorial correction', name USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'amendment_is_editorial';
		END IF;
	END LOOP;
	RETURN NEW;
END $$;
-- +goose StatementEnd

ALTER TABLE event ADD COLUMN window_id uuid REFERENCES correspondence_window;
ALTER TABLE event ADD COLUMN people text NOT NULL DEFAULT '';    -- who was asked, by their ids
ALTER TABLE event ADD COLUMN rules text NOT NULL DEFAULT '';     -- the profile's version under which a window was opened
ALTER TABLE event ADD COLUMN named text NOT NULL DEFAULT '';
ALTER TABLE event ADD COLUMN consulted text NOT NULL DEFAULT '';
ALTER TABLE event ADD COLUMN reference text NOT NULL DEFAULT '';
CALL widen_check('event', 'event_kind', 'kind', 'window-opened', 'window-closing', 'window-ended', 'window-cancelled', 'objected', 'objected-late', 'no-objection', 'commented');
CALL widen_check('transmission', 'transmission_letter', 'letter', 'correspondence-opened', 'correspondence-closing', 'correspondence-closed', 'objected-late');
CALL widen_check('notice', 'notice_letter', 'letter', 'correspondence-opened', 'correspondence-closing', 'correspondence-closed', 'objected-late');
CALL widen_check('notice_choice', 'notice_choice_letter', 'letter', 'correspondence-opened', 'correspondence-closing', 'correspondence-closed', 'objected-late');

-- +goose StatementBegin
DO $$
DECLARE
	r text;
BEGIN
	FOREACH r IN ARRAY ARRAY['liaison_app', 'liaison_worker'] LOOP
		IF EXISTS (SELECT FROM pg_roles WHERE rolname = r) THEN
			EXECUTE format('GRANT SELECT ON correspondence_window, correspondence_person, correspondence_saying TO %I', r);
		END IF;
	END LOOP;
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'liaison_worker') THEN
		GRANT INSERT ON correspondence_window, correspondence_person, correspondence_saying TO liaison_worker;
	END IF;
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'liaison_auditor') THEN
		GRANT SELECT ON correspondence_window, correspondence_person TO liaison_auditor;
		GRANT SELECT (id, window_id, kind, person_id, acting, said_on, said_at, entered_by, evidence_file, command_id) ON correspondence_saying TO liaison_auditor;
	END IF;
END $$;
-- +goose StatementEnd
