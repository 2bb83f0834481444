-- +goose Up
-- Settling what is in doubt: our own copy beside every addressee, canaries that prove the way back to us, what a person
-- decides about a message, holds, and the moment of thought before a dispatch.

-- Whether the relay took our own copy's recipient beside the addressee. Known before the final dot, and committed with it.
ALTER TABLE attempt ADD COLUMN witness text NOT NULL DEFAULT 'none' CONSTRAINT attempt_witness CHECK (witness IN ('none', 'named', 'refused'));

-- A message to ourselves through the relay. That it comes back proves that a copy would have.
CREATE TABLE canary (
	id         uuid PRIMARY KEY,
	relay      text NOT NULL,
	sent_at    timestamptz NOT NULL,
	taken_at   timestamptz, -- when the relay took it over; NULL for one that it did not take, which proves nothing
	arrived_at timestamptz,
	reply      text NOT NULL DEFAULT '' CHECK (length(reply) <= 4000),
	CONSTRAINT canary_arrives_after_it_was_sent CHECK (arrived_at >= sent_at)
);
CREATE INDEX canary_sent ON canary (relay, sent_at DESC);

-- A copy is a second message to an addressee, in place of one that was refused or came back: a person's decision.
ALTER TABLE transmission ADD COLUMN copy_of uuid;
ALTER TABLE transmission ADD CONSTRAINT transmission_for_copies UNIQUE (id, statement_id, revision, position);
ALTER TABLE transmission ADD CONSTRAINT transmission_copy_is_to_the_same_addressee FOREIGN KEY (copy_of, statement_id, revision, position) REFERENCES transmission (id, statement_id, revision, position);
ALTER TABLE transmission ADD CONSTRAINT transmission_copied_once UNIQUE (copy_of);
ALTER TABLE transmission ADD CONSTRAINT transmission_only_statements_are_copied CHECK (copy_of IS NULL OR letter = 'statement');
DROP INDEX transmission_one_per_addressee;
CREATE UNIQUE INDEX transmission_one_per_addressee ON transmission (statement_id, revision, position) WHERE letter = 'statement' AND copy_of IS NULL;

-- Nothing of a relay or a body that is held leaves. A hold is lifted, never deleted.
CREATE TABLE hold (
	id          uuid PRIMARY KEY,
	relay       text CHECK (relay <> ''),
	body_code   text REFERENCES body,
	reason      text NOT NULL CHECK (reason <> '' AND length(reason) <= 4000),
	held_by     uuid REFERENCES person, -- NULL: the program itself, or whoever runs it
	held_at     timestamptz NOT NULL,
	lifted_by   uuid REFERENCES person,
	lifted_at   timestamptz,
	lift_reason text NOT NULL DEFAULT '' CHECK (length(lift_reason) <= 4000),
	CONSTRAINT hold_of_a_relay_or_a_body CHECK (num_nulls(relay, body_code) = 1),
	CONSTRAINT hold_lifted_after_it_was_held CHECK (lifted_at >= held_at),
	CONSTRAINT hold_lifted_for_a_reason CHECK ((lifted_at IS NULL) = (lift_reason = ''))
);
CREATE UNIQUE INDEX hold_one_per_relay ON hold (relay) WHERE lifted_at IS NULL;
CREATE UNIQUE INDEX hold_one_per_body ON hold (body_code) WHERE lifted_at IS NULL;

-- When an approved statement is dispatched by itself; NULL for one that is held.
ALTER TABLE statement ADD COLUMN dispatch_at timestamptz;

CALL widen_check('transmission', 'transmission_state', 'state', 'assumed');
CALL widen_check('event', 'event_kind', 'kind', 'absent', 'assumed', 'sent-again', 'copied', 'held');

-- +goose StatementBegin
CREATE FUNCTION hold_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
	IF TG_OP = 'DELETE' OR OLD.lifted_at IS NOT NULL
		OR (NEW.id, NEW.relay, NEW.body_code, NEW.reason, NEW.held_by, NEW.held_at) IS DISTINCT FROM (OLD.id, OLD.relay, OLD.body_code, OLD.reason, OLD.held_by, OLD.held_at) THEN
		RAISE EXCEPTION 'a hold is lifted once and otherwise stays as it is' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'hold_fixed';
	END IF;
	RETURN NEW;
END $$;

-- As in 0005; besides, evidence about an earlier attempt settles a deferred message, and a person may treat an unknown one as
-- sent and have a refused one sent again, each by a command that is on the record.
CREATE OR REPLACE FUNCTION transmission_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
	by_command text;
BEGIN
	IF TG_OP = 'DELETE' THEN
		RAISE EXCEPTION 'transmissions are never deleted' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'transmission_kept';
	END IF;
	IF (NEW.id, NEW.statement_id, NEW.revision, NEW.letter, NEW.position, NEW.recipient_email, NEW.message_id, NEW.message_date, NEW.approval_id, NEW.copy_of)
		IS DISTINCT FROM (OLD.id, OLD.statement_id, OLD.revision, OLD.letter, OLD.position, OLD.recipient_email, OLD.message_id, OLD.message_date, OLD.approval_id, OLD.copy_of) THEN
		RAISE EXCEPTION 'what a transmission is does not change' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'transmission_fixed';
	END IF;
	IF NEW.state <> OLD.state THEN
		SELECT kind INTO by_command FROM command WHERE id = NEW.batch AND NEW.batch IS DISTINCT FROM OLD.batch AND statement_id = NEW.statement_id;
		-- accepted, refused, cancelled, bounced and assumed are ends: this is what keeps a message from being sent twice
		IF OLD.state IN ('accepted', 'refused', 'cancelled', 'bounced', 'assumed')
			AND NOT (OLD.state = 'accepted' AND NEW.state = 'bounced')
			AND NOT (OLD.state = 'assumed' AND NEW.state IN ('accepted', 'refused'))
			AND NOT (OLD.state = 'refused' AND NEW.state = 'deferred' AND by_command IS NOT DISTINCT FROM 'send-again') THEN
			RAISE EXCEPTION 'transmission % is %, which is settled', OLD.id, OLD.state USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'transmission_settled';
		END IF;
		IF NEW.state = 'assumed' AND OLD.state <> 'unknown' THEN
			RAISE EXCEPTION 'transmission % is %, which is no doubt', OLD.id, OLD.state USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'transmission_assumed_in_doubt';
		END IF;
	END IF;
	IF NEW.state = 'bounced' AND OLD.state <> 'bounced' AND (OLD.state <> 'accepted' OR NOT EXISTS (SELECT FROM transmission_fact WHERE transmission_id = NEW.id AND kind = 'bounced')) THEN
		RAISE EXCEPTION 'transmission % has no report that it bounced', OLD.id USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'transmission_bounced_by_report';
	END IF;
	IF NEW.state = 'attempting' AND OLD.state NOT IN ('queued', 'deferred') THEN
		RAISE EXCEPTION 'transmission % is % and may not be attempted', OLD.id, OLD.state USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'transmission_not_twice';
	END IF;
	IF NEW.state = 'attempting' AND NOT EXISTS (SELECT FROM message WHERE transmission_id = NEW.id) THEN
		RAISE EXCEPTION 'transmission % has no sealed message', OLD.id USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'transmission_sealed_first';
	END IF;
	RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER hold_guard BEFORE UPDATE OR DELETE ON hold FOR EACH ROW EXECUTE FUNCTION hold_guard();

-- +goose StatementBegin
-- The pages hold and resume; no page sends.
DO $$
BEGIN
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'liaison_app') THEN
		GRANT INSERT, UPDATE ON hold TO liaison_app;
	END IF;
END $$;
-- +goose StatementEnd
