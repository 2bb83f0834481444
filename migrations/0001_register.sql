-- +goose Up
-- The register: bodies, people in office, statements and what was decided on them. The database defends itself: what the
-- program must never do, it cannot do here either.

-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RAISE EXCEPTION '% rows are never changed or deleted; a correction is a new row', TG_TABLE_NAME
		USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only';
END $$;

-- append_only makes a table refuse UPDATE, DELETE and TRUNCATE, for its owner too.
CREATE PROCEDURE append_only(t regclass) LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
	EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION public.refuse_change()', t);
	EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change()', t);
END $$;
-- +goose StatementEnd

CREATE DOMAIN sha256hex AS text CHECK (VALUE ~ '^[0-9a-f]{64}$');

CREATE TABLE body (
	code           text PRIMARY KEY CHECK (code ~ '^[a-z0-9]+(-[a-z0-9]+)*(/[a-z0-9]+(-[a-z0-9]+)*)*$' AND length(code) <= 64),
	kind           text NOT NULL CONSTRAINT body_kind CHECK (kind IN ('group', 'organization')),
	name           text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
	short_name     text NOT NULL DEFAULT '' CHECK (length(short_name) <= 200),
	title          text NOT NULL DEFAULT '' CHECK (length(title) <= 400),
	parent         text REFERENCES body,
	email          text NOT NULL DEFAULT '' CHECK (length(email) <= 254),
	in_force_from  date,
	in_force_until date,
	successor      text REFERENCES body,
	source         text NOT NULL,
	CHECK (in_force_from <= in_force_until),
	CHECK (successor IS NULL OR in_force_until IS NOT NULL),
	CHECK (successor <> code)
);

CREATE TABLE person (
	id          uuid PRIMARY KEY,
	name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
	email       text NOT NULL CHECK (length(email) <= 254),
	affiliation text NOT NULL DEFAULT '' CHECK (length(affiliation) <= 200)
);
CREATE UNIQUE INDEX person_email ON person (lower(email));

CREATE TABLE appointment (
	person_id  uuid NOT NULL REFERENCES person,
	group_code text NOT NULL REFERENCES body,
	office     text NOT NULL CONSTRAINT appointment_office CHECK (office IN ('chair', 'vice-chair', 'secretary', 'editor')),
	held_from  date NOT NULL,
	held_until date,
	evidence   text NOT NULL,
	PRIMARY KEY (group_code, office, person_id, held_from),
	CHECK (held_from <= held_until)
);
CREATE INDEX appointment_person ON appointment (person_id);

CREATE TABLE terms_of_reference (
	group_code  text NOT NULL REFERENCES body,
	version     integer NOT NULL CHECK (version > 0),
	in_force    date NOT NULL,
	parent      text NOT NULL REFERENCES body,
	scope       text NOT NULL,
	profile     text NOT NULL,
	reviewed_by date,
	source      text NOT NULL,
	PRIMARY KEY (group_code, version)
);

-- Files, by what they are.
CREATE TABLE blob (
	digest sha256hex PRIMARY KEY,
	bytes  bytea NOT NULL,
	CHECK (digest = encode(sha256(bytes), 'hex'))
);
ALTER TABLE blob ALTER COLUMN bytes SET STORAGE EXTERNAL; -- most attachments are compressed already
CALL append_only('blob');

CREATE TABLE statement (
	id              uuid PRIMARY KEY,
	group_code      text NOT NULL REFERENCES body,
	state           text NOT NULL CONSTRAINT statement_state CHECK (state IN ('draft', 'in-review', 'approved', 'dispatching', 'dispatched', 'dispatched-in-part', 'closed', 'rejected', 'withdrawn')),
	version         integer NOT NULL CHECK (version > 0),
	drafter_id      uuid NOT NULL REFERENCES person,
	title           text NOT NULL CHECK (length(title) <= 400), -- of the working draft, then of the latest revision
	deadline        date,
	revision        integer NOT NULL DEFAULT 0 CHECK (revision >= 0),
	digest          sha256hex,
	number          integer CHECK (number > 0),
	period          text,
	ref             text,
	approved_digest sha256hex,
	approved_by     uuid REFERENCES person,
	approved_as     text,
	approved_at     timestamptz,
	dispatched_at   timestamptz,
	created_at      timestamptz NOT NULL,
	changed_at      timestamptz NOT NULL,
	CHECK (num_nulls(number, period, ref) IN (0, 3)),
	CHECK (num_nulls(approved_digest, approved_by, approved_as, approved_at) IN (0, 4)),
	CONSTRAINT statement_revision_has_digest CHECK ((revision = 0) = (digest IS NULL)),
	CONSTRAINT statement_decided_on_a_revision CHECK (state IN ('draft', 'withdrawn') OR revision > 0),
	CONSTRAINT statement_approved_has_approval CHECK (state NOT IN ('approved', 'dispatching', 'dispatched', 'dispatched-in-part', 'closed') OR (number IS NOT NULL AND approved_digest = digest)),
	CONSTRAINT statement_dispatched_has_time CHECK (state NOT IN ('dispatching', 'dispatched', 'dispatched-in-part', 'closed') OR dispatched_at IS NOT NULL),
	UNIQUE (group_code, period, number),
	UNIQUE (group_code, period, ref)
);
-- The register is read newest first, whole, by state, and by who has to act; each page is one index scan.
CREATE INDEX statement_newest ON statement (changed_at DESC, id DESC);
CREATE INDEX statement_by_state ON statement (state, changed_at DESC, id DESC);

CREATE TABLE draft (
	statement_id uuid PRIMARY KEY REFERENCES statement,
	version      integer NOT NULL CHECK (version > 0),
	canonical    bytea NOT NULL,
	saved_by     uuid NOT NULL REFERENCES person,
	saved_at     timestamptz NOT NULL
);

-- Everyone who drafted or edited; none of them counts as a second person.
CREATE TABLE drafter (
	statement_id uuid NOT NULL REFERENCES statement,
	person_id    uuid NOT NULL REFERENCES person,
	PRIMARY KEY (statement_id, person_id)
);
CREATE INDEX drafter_person ON drafter (person_id);

CREATE TABLE revision (
	statement_id uuid NOT NULL REFERENCES statement,
	number       integer NOT NULL CHECK (number > 0),
	digest       sha256hex NOT NULL,
	canonical    bytea NOT NULL,
	submitted_by uuid NOT NULL REFERENCES person,
	submitted_at timestamptz NOT NULL,
	PRIMARY KEY (statement_id, number),
	UNIQUE (statement_id, number, digest),
	CHECK (digest = encode(sha256(canonical), 'hex'))
);
CALL append_only('revision');

ALTER TABLE statement ADD CONSTRAINT statement_current_revision
	FOREIGN KEY (id, revision, digest) REFERENCES revision (statement_id, number, digest) DEFERRABLE INITIALLY DEFERRED;

CREATE TABLE addressee (
	statement_id uuid NOT NULL,
	revision     integer NOT NULL,
	position     integer NOT NULL CHECK (position > 0),
	body_code    text NOT NULL REFERENCES body,
	name         text NOT NULL,
	email        text NOT NULL CHECK (email <> ''),
	purpose      text NOT NULL CONSTRAINT addressee_purpose CHECK (purpose IN ('action', 'comment', 'information', 'response')),
	PRIMARY KEY (statement_id, revision, position),
	UNIQUE (statement_id, revision, body_code),
	FOREIGN KEY (statement_id, revision) REFERENCES revision (statement_id, number)
);
CREATE INDEX addressee_body ON addressee (body_code);
CALL append_only('addressee');

CREATE TABLE number_series (
	group_code text NOT NULL REFERENCES body,
	period     text NOT NULL,
	last       integer NOT NULL CHECK (last > 0),
	PRIMARY KEY (group_code, period)
);

-- One row per command carried out. Its id is made by the caller: a repeat finds its first answer here.
CREATE TABLE command (
	id           text PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 100),
	statement_id uuid NOT NULL REFERENCES statement,
	kind         text NOT NULL,
	answer       jsonb NOT NULL,
	done_at      timestamptz NOT NULL
);
CALL append_only('command');

CREATE TABLE decision (
	id           uuid PRIMARY KEY,
	statement_id uuid NOT NULL,
	revision     integer NOT NULL,
	digest       sha256hex NOT NULL,
	kind         text NOT NULL CONSTRAINT decision_kind CHECK (kind IN ('approve', 'return', 'reject')),
	person_id    uuid NOT NULL REFERENCES person,
	acting       text NOT NULL,
	drafted      boolean NOT NULL,
	reason       text NOT NULL CHECK (length(reason) <= 4000),
	command_id   text NOT NULL UNIQUE REFERENCES command,
	decided_at   timestamptz NOT NULL,
	FOREIGN KEY (statement_id, revision, digest) REFERENCES revision (statement_id, number, digest),
	UNIQUE (id, statement_id, revision, kind),
	CONSTRAINT decision_negative_has_reason CHECK (kind = 'approve' OR reason <> '')
);
CREATE UNIQUE INDEX decision_one_per_revision ON decision (statement_id, revision);
CALL append_only('decision');

CREATE TABLE event (
	seq             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	id              uuid NOT NULL UNIQUE,
	kind            text NOT NULL CONSTRAINT event_kind CHECK (kind IN ('drafted', 'edited', 'submitted', 'returned', 'approved', 'rejected', 'withdrawn', 'dispatching', 'sealed', 'attempted', 'accepted', 'refused', 'deferred', 'unknown', 'cancelled', 'dispatched', 'dispatched-in-part', 'closed')),
	at              timestamptz NOT NULL,
	statement_id    uuid NOT NULL REFERENCES statement,
	version         integer NOT NULL,
	command_id      text NOT NULL DEFAULT '',
	actor           uuid REFERENCES person,
	acting          text NOT NULL DEFAULT '',
	drafted         boolean NOT NULL DEFAULT false,
	from_state      text NOT NULL DEFAULT '',
	to_state        text NOT NULL DEFAULT '',
	revision        integer NOT NULL DEFAULT 0,
	digest          text NOT NULL DEFAULT '',
	ref             text NOT NULL DEFAULT '',
	reason          text NOT NULL DEFAULT '',
	transmission_id uuid,
	letter          text NOT NULL DEFAULT '',
	body_code       text NOT NULL DEFAULT '',
	recipient       text NOT NULL DEFAULT '',
	message_id      text NOT NULL DEFAULT '',
	message_digest  text NOT NULL DEFAULT '',
	attempt         integer NOT NULL DEFAULT 0,
	stage           text NOT NULL DEFAULT '',
	code            integer NOT NULL DEFAULT 0,
	reply           text NOT NULL DEFAULT '',
	relay           text NOT NULL DEFAULT ''
);
CREATE INDEX event_statement ON event (statement_id, seq);
-- A change of state has exactly one event.
CREATE UNIQUE INDEX event_one_per_version ON event (statement_id, version) WHERE to_state <> '' AND from_state <> to_state;
CALL append_only('event');

CREATE TABLE session (
	token   text PRIMARY KEY,
	data    bytea NOT NULL,
	expires timestamptz NOT NULL
);
CREATE INDEX session_expires ON session (expires);
