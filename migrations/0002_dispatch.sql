-- +goose Up
-- The dispatch ledger: one row per message to one recipient, its exact bytes, and every attempt to send it.

CREATE TABLE transmission (
	id              uuid PRIMARY KEY,
	statement_id    uuid NOT NULL REFERENCES statement,
	revision        integer NOT NULL,
	letter          text NOT NULL CONSTRAINT transmission_letter CHECK (letter IN ('statement', 'review-requested', 'returned', 'rejected', 'dispatched')),
	position        integer, -- of the addressee in the revision
	body_code       text REFERENCES body,
	person_id       uuid REFERENCES person,
	recipient_name  text NOT NULL,
	recipient_email text NOT NULL CHECK (recipient_email <> ''),
	message_id      text NOT NULL UNIQUE CHECK (length(message_id) <= 60),
	message_date    timestamptz NOT NULL,
	approval_id     uuid,
	approval_kind   text,
	batch           text REFERENCES command (id), -- the command that released it
	state           text NOT NULL CONSTRAINT transmission_state CHECK (state IN ('queued', 'attempting', 'accepted', 'refused', 'deferred', 'unknown', 'cancelled')),
	attempts        integer NOT NULL DEFAULT 0,
	next_try_at     timestamptz,
	code            integer NOT NULL DEFAULT 0,
	reply           text NOT NULL DEFAULT '',
	changed_at      timestamptz NOT NULL,
	created_at      timestamptz NOT NULL,
	CONSTRAINT transmission_to_an_addressee_or_a_person CHECK ((letter = 'statement') = (position IS NOT NULL) AND (position IS NULL) = (person_id IS NOT NULL)),
	FOREIGN KEY (statement_id, revision, position) REFERENCES addressee (statement_id, revision, position),
	-- Nothing leaves without a recorded approval of that very revision.
	CONSTRAINT transmission_statement_is_approved CHECK (letter <> 'statement' OR (approval_id IS NOT NULL AND approval_kind = 'approve')),
	FOREIGN KEY (approval_id, statement_id, revision, approval_kind) REFERENCES decision (id, statement_id, revision, kind),
	CONSTRAINT transmission_released_before_sent CHECK (state IN ('queued', 'cancelled') OR batch IS NOT NULL),
	CONSTRAINT transmission_deferred_has_time CHECK ((state = 'deferred') = (next_try_at IS NOT NULL))
);
-- One message per addressee of a revision, whatever is retried or repeated.
CREATE UNIQUE INDEX transmission_one_per_addressee ON transmission (statement_id, revision, position) WHERE letter = 'statement';
CREATE UNIQUE INDEX transmission_one_per_letter ON transmission (batch, letter, person_id) WHERE letter <> 'statement';
CREATE INDEX transmission_batch ON transmission (batch);
CREATE INDEX transmission_statement ON transmission (statement_id);
CREATE INDEX transmission_open ON transmission (changed_at) WHERE state IN ('queued', 'attempting', 'deferred', 'unknown');

-- The exact bytes, stored before the first attempt and never made again.
CREATE TABLE message (
	transmission_id uuid PRIMARY KEY REFERENCES transmission,
	digest          sha256hex NOT NULL,
	bytes           bytea NOT NULL,
	CHECK (digest = encode(sha256(bytes), 'hex'))
);
ALTER TABLE message ALTER COLUMN bytes SET STORAGE EXTERNAL;
CALL append_only('message');

-- One row per attempt. dot_at is committed before the final dot is written, and the dot is written only if that worked:
-- without it the message certainly did not leave, with it only a reply tells.
CREATE TABLE attempt (
	transmission_id uuid NOT NULL REFERENCES transmission,
	n               integer NOT NULL CHECK (n > 0),
	worker          text NOT NULL,
	started_at      timestamptz NOT NULL,
	dot_at          timestamptz,
	ended_at        timestamptz,
	outcome         text CONSTRAINT attempt_outcome CHECK (outcome IN ('accepted', 'refused', 'deferred', 'unknown')),
	stage           text CONSTRAINT attempt_stage CHECK (stage IN ('connect', 'mail', 'rcpt', 'data', 'dot')),
	code            integer NOT NULL DEFAULT 0,
	enhanced        text NOT NULL DEFAULT '',
	reply           text NOT NULL DEFAULT '',
	error           text NOT NULL DEFAULT '',
	relay           text NOT NULL DEFAULT '',
	tls             text NOT NULL DEFAULT '',
	PRIMARY KEY (transmission_id, n),
	CHECK (num_nulls(ended_at, outcome, stage) IN (0, 3)),
	CONSTRAINT attempt_accepted_after_the_dot CHECK (outcome <> 'accepted' OR (stage = 'dot' AND dot_at IS NOT NULL))
);

-- +goose StatementBegin
CREATE FUNCTION transmission_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
	IF TG_OP = 'DELETE' THEN
		RAISE EXCEPTION 'transmissions are never deleted' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'transmission_kept';
	END IF;
	IF (NEW.id, NEW.statement_id, NEW.revision, NEW.letter, NEW.position, NEW.recipient_email, NEW.message_id, NEW.message_date, NEW.approval_id)
		IS DISTINCT FROM (OLD.id, OLD.statement_id, OLD.revision, OLD.letter, OLD.position, OLD.recipient_email, OLD.message_id, OLD.message_date, OLD.approval_id) THEN
		RAISE EXCEPTION 'what a transmission is does not change' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'transmission_fixed';
	END IF;
	-- accepted, refused and cancelled are ends: this is what keeps a message from being sent twice
	IF OLD.state IN ('accepted', 'refused', 'cancelled') AND NEW.state <> OLD.state THEN
		RAISE EXCEPTION 'transmission % is %, which is settled', OLD.id, OLD.state USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'transmission_settled';
	END IF;
	IF NEW.state = 'attempting' AND OLD.state NOT IN ('queued', 'deferred') THEN
		RAISE EXCEPTION 'transmission % is % and may not be attempted', OLD.id, OLD.state USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'transmission_not_twice';
	END IF;
	IF NEW.state = 'attempting' AND NOT EXISTS (SELECT FROM message WHERE transmission_id = NEW.id) THEN
		RAISE EXCEPTION 'transmission % has no sealed message', OLD.id USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'transmission_sealed_first';
	END IF;
	RETURN NEW;
END $$;

CREATE FUNCTION attempt_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
	IF TG_OP = 'DELETE' THEN
		RAISE EXCEPTION 'attempts are never deleted' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'attempt_kept';
	END IF;
	-- evidence is added once; unknown may still learn the answer that came late
	IF OLD.outcome IS NOT NULL AND OLD.outcome <> 'unknown' OR OLD.dot_at IS NOT NULL AND NEW.dot_at IS DISTINCT FROM OLD.dot_at THEN
		RAISE EXCEPTION 'what is known of an attempt does not change' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'attempt_fixed';
	END IF;
	RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER transmission_guard BEFORE UPDATE OR DELETE ON transmission FOR EACH ROW EXECUTE FUNCTION transmission_guard();
CREATE TRIGGER attempt_guard BEFORE UPDATE OR DELETE ON attempt FOR EACH ROW EXECUTE FUNCTION attempt_guard();
