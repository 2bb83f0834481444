-- +goose Up
-- What comes in by e-mail, and what became known of our messages by it.

-- The bytes as they came, stored before the server that brings them is told that we have them. It may bring them again.
-- What was made of them is written once they are read; a person can link later what matched nothing.
CREATE TABLE inbound_message (
	id                 uuid PRIMARY KEY,
	digest             sha256hex NOT NULL,
	envelope_recipient text NOT NULL CHECK (length(envelope_recipient) <= 320),
	raw                bytea NOT NULL,
	source             text NOT NULL CONSTRAINT inbound_source CHECK (source IN ('smtp', 'lmtp', 'imap', 'file')),
	received_at        timestamptz NOT NULL,

	handled_at         timestamptz,
	kind               text CONSTRAINT inbound_kind CHECK (kind IN ('delivery-status', 'disposition-notification', 'auto-reply', 'reply', 'statement', 'unmatched')),
	understood         jsonb,
	matched_by         text CONSTRAINT inbound_matched_by CHECK (matched_by IN ('token', 'envelope-id', 'message-id', 'in-reply-to', 'references', 'person')),
	transmission_id    uuid REFERENCES transmission,
	statement_id       uuid REFERENCES statement,

	CONSTRAINT inbound_message_once UNIQUE (digest, envelope_recipient),
	CHECK (digest = encode(sha256(raw), 'hex')),
	CONSTRAINT inbound_message_handled_whole CHECK (num_nulls(handled_at, kind, understood) IN (0, 3)),
	CONSTRAINT inbound_message_matched_by_something CHECK ((statement_id IS NULL) = (matched_by IS NULL) AND (transmission_id IS NULL OR statement_id IS NOT NULL))
);
ALTER TABLE inbound_message ALTER COLUMN raw SET STORAGE EXTERNAL;
CREATE INDEX inbound_message_open ON inbound_message (received_at) WHERE handled_at IS NULL;
CREATE INDEX inbound_message_unmatched ON inbound_message (received_at DESC, id DESC) WHERE handled_at IS NOT NULL AND statement_id IS NULL;
CREATE INDEX inbound_message_statement ON inbound_message (statement_id, received_at) WHERE statement_id IS NOT NULL;

-- Facts about a message, in any order and number; none overwrites another.
CREATE TABLE transmission_fact (
	id              uuid PRIMARY KEY,
	transmission_id uuid NOT NULL REFERENCES transmission,
	kind            text NOT NULL CONSTRAINT transmission_fact_kind CHECK (kind IN ('witnessed', 'delayed', 'relayed', 'delivered', 'bounced', 'displayed', 'auto-replied', 'replied', 'acknowledged')),
	at              timestamptz NOT NULL,
	inbound_id      uuid REFERENCES inbound_message, -- the evidence; NULL for what a person said on a page
	recipient       text NOT NULL DEFAULT '' CHECK (length(recipient) <= 320), -- as the report names it
	status          text NOT NULL DEFAULT '' CHECK (length(status) <= 12),
	diagnostic      text NOT NULL DEFAULT '' CHECK (length(diagnostic) <= 1000),
	event_id        uuid NOT NULL UNIQUE REFERENCES event (id) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX transmission_fact_of ON transmission_fact (transmission_id, at);
CREATE UNIQUE INDEX transmission_fact_once ON transmission_fact (inbound_id, transmission_id, kind, recipient);
CALL append_only('transmission_fact');

-- +goose StatementBegin
CREATE FUNCTION inbound_message_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
	IF TG_OP = 'DELETE' THEN
		RAISE EXCEPTION 'what came in is never deleted' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'inbound_message_kept';
	END IF;
	IF (NEW.id, NEW.digest, NEW.envelope_recipient, NEW.source, NEW.received_at) IS DISTINCT FROM (OLD.id, OLD.digest, OLD.envelope_recipient, OLD.source, OLD.received_at)
		OR NEW.raw IS DISTINCT FROM OLD.raw OR OLD.handled_at IS NOT NULL AND NEW.handled_at IS NULL THEN
		RAISE EXCEPTION 'what came in does not change' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'inbound_message_fixed';
	END IF;
	IF OLD.statement_id IS NOT NULL AND (NEW.statement_id, NEW.transmission_id) IS DISTINCT FROM (OLD.statement_id, OLD.transmission_id) THEN
		RAISE EXCEPTION 'a message is linked once' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'inbound_message_linked_once';
	END IF;
	RETURN NEW;
END $$;

-- widen_check adds values to a CHECK that a column is one of a list, whatever other steps have added to it.
CREATE PROCEDURE widen_check(t regclass, constraint_name text, col text, VARIADIC more text[]) LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
	known text[];
BEGIN
	SELECT array_agg(m[1] ORDER BY n) INTO known
	FROM pg_constraint c, regexp_matches(pg_get_constraintdef(c.oid), '''([^'']+)''::text', 'g') WITH ORDINALITY AS x (m, n)
	WHERE c.conrelid = t AND c.conname = constraint_name;
	IF known IS NULL THEN
		RAISE EXCEPTION 'the table % has no list in a constraint %', t, constraint_name;
	END IF;
	SELECT known || array_agg(v) INTO known FROM unnest(more) v WHERE v <> ALL (known);
	EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', t, constraint_name);
	EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I CHECK (%I IN (%s))', t, constraint_name, col, (SELECT string_agg(quote_literal(v), ', ') FROM unnest(known) v));
END $$;

-- As in 0002; besides, an accepted message may come back, and that is an end too.
CREATE OR REPLACE FUNCTION transmission_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
	IF TG_OP = 'DELETE' THEN
		RAISE EXCEPTION 'transmissions are never deleted' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'transmission_kept';
	END IF;
	IF (NEW.id, NEW.statement_id, NEW.revision, NEW.letter, NEW.position, NEW.recipient_email, NEW.message_id, NEW.message_date, NEW.approval_id)
		IS DISTINCT FROM (OLD.id, OLD.statement_id, OLD.revision, OLD.letter, OLD.position, OLD.recipient_email, OLD.message_id, OLD.message_date, OLD.approval_id) THEN
		RAISE EXCEPTION 'what a transmission is does not change' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'transmission_fixed';
	END IF;
	-- accepted, refused, cancelled and bounced are ends: this is what keeps a message from being sent twice
	IF OLD.state IN ('accepted', 'refused', 'cancelled', 'bounced') AND NEW.state <> OLD.state AND NOT (OLD.state = 'accepted' AND NEW.state = 'bounced') THEN
		RAISE EXCEPTION 'transmission % is %, which is settled', OLD.id, OLD.state USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'transmission_settled';
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

CREATE TRIGGER inbound_message_guard BEFORE UPDATE OR DELETE ON inbound_message FOR EACH ROW EXECUTE FUNCTION inbound_message_guard();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON inbound_message FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CALL widen_check('transmission', 'transmission_state', 'state', 'bounced');
CALL widen_check('event', 'event_kind', 'kind', 'witnessed', 'delayed', 'relayed', 'delivered', 'bounced', 'displayed', 'auto-replied', 'replied', 'acknowledged');

-- +goose StatementBegin
-- The roles of 0004, where they are.
DO $$
DECLARE
	r text;
BEGIN
	FOREACH r IN ARRAY ARRAY['liaison_app', 'liaison_worker', 'liaison_auditor'] LOOP
		IF EXISTS (SELECT FROM pg_roles WHERE rolname = r) THEN
			EXECUTE format('GRANT SELECT ON transmission_fact TO %I', r);
			IF r = 'liaison_auditor' THEN -- never the bytes
				EXECUTE format('GRANT SELECT (id, digest, source, received_at, handled_at, kind, matched_by, transmission_id, statement_id) ON inbound_message TO %I', r);
			ELSE
				EXECUTE format('GRANT SELECT ON inbound_message TO %I', r);
			END IF;
			IF r = 'liaison_worker' THEN
				EXECUTE format('GRANT INSERT, UPDATE ON inbound_message TO %I', r);
				EXECUTE format('GRANT INSERT ON transmission_fact TO %I', r);
			END IF;
		END IF;
	END LOOP;
END $$;
-- +goose StatementEnd
