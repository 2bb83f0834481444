-- +goose Up
-- A report tells what was linked when it was assembled, so when a person linked a message is kept. What was recognized by itself was linked
-- when it was handled, and so it stays NULL for that, as for what the release before this one links.
ALTER TABLE inbound_message ADD COLUMN linked_at timestamptz;

-- Of the earlier ones the log says when: with a reply, or by the first event of linking to that message after the one came in.
UPDATE inbound_message i SET linked_at = coalesce(
	(SELECT min(l.at) FROM reply_link l WHERE l.inbound_id = i.id AND l.person_id IS NOT NULL AND l.statement_id = i.statement_id),
	(SELECT min(e.at) FROM event e WHERE e.transmission_id = i.transmission_id AND e.kind = 'linked' AND e.at >= i.handled_at),
	i.handled_at)
WHERE i.matched_by = 'person';

ALTER TABLE inbound_message ADD CONSTRAINT inbound_message_linked_by_a_person CHECK (linked_at IS NULL OR matched_by = 'person');

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION inbound_message_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
	IF TG_OP = 'DELETE' THEN
		RAISE EXCEPTION 'what came in is never deleted' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'inbound_message_kept';
	END IF;
	IF (NEW.id, NEW.digest, NEW.envelope_recipient, NEW.source, NEW.received_at) IS DISTINCT FROM (OLD.id, OLD.digest, OLD.envelope_recipient, OLD.source, OLD.received_at)
		OR NEW.raw IS DISTINCT FROM OLD.raw OR OLD.handled_at IS NOT NULL AND NEW.handled_at IS NULL THEN
		RAISE EXCEPTION 'what came in does not change' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'inbound_message_fixed';
	END IF;
	IF OLD.statement_id IS NOT NULL AND (NEW.statement_id, NEW.transmission_id, NEW.linked_at) IS DISTINCT FROM (OLD.statement_id, OLD.transmission_id, OLD.linked_at) THEN
		RAISE EXCEPTION 'a message is linked once' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'inbound_message_linked_once';
	END IF;
	RETURN NEW;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
DO $$
BEGIN
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'liaison_app') THEN
		GRANT UPDATE (linked_at) ON inbound_message TO liaison_app;
	END IF;
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'liaison_auditor') THEN
		GRANT SELECT (linked_at) ON inbound_message TO liaison_auditor;
	END IF;
END $$;
-- +goose StatementEnd
