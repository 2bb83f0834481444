-- +goose Up
-- The addressee's side: what is said on the page that a message links to, and links that are good no more.

CREATE TABLE transmission_response (
	id              uuid PRIMARY KEY,
	transmission_id uuid NOT NULL REFERENCES transmission,
	kind            text NOT NULL CONSTRAINT transmission_response_kind CHECK (kind IN ('acknowledged', 'misdirected', 'extension-asked', 'declined', 'replied')),
	person_name     text NOT NULL CHECK (length(person_name) BETWEEN 1 AND 200), -- as it was typed: whoever has the link speaks for the addressee
	asked_date      date,
	canonical       bytea NOT NULL, -- all of it, as the digest in the log is of it
	digest          sha256hex NOT NULL,
	at              timestamptz NOT NULL,
	command_id      uuid NOT NULL CONSTRAINT transmission_response_once UNIQUE, -- made with the form
	event_id        uuid NOT NULL UNIQUE REFERENCES event (id) DEFERRABLE INITIALLY DEFERRED,
	CHECK (digest = encode(sha256(canonical), 'hex')),
	CONSTRAINT transmission_response_date CHECK ((kind = 'extension-asked') = (asked_date IS NOT NULL))
);
CREATE INDEX transmission_response_of ON transmission_response (transmission_id, at, id);
CALL append_only('transmission_response');

CREATE TABLE transmission_response_file (
	response_id uuid NOT NULL REFERENCES transmission_response,
	position    integer NOT NULL CHECK (position > 0),
	digest      sha256hex NOT NULL REFERENCES blob,
	PRIMARY KEY (response_id, position)
);
CALL append_only('transmission_response_file');

CREATE TABLE transmission_token_revoked (
	transmission_id uuid PRIMARY KEY REFERENCES transmission,
	person_id       uuid NOT NULL REFERENCES person,
	reason          text NOT NULL CHECK (length(reason) BETWEEN 1 AND 4000),
	at              timestamptz NOT NULL,
	event_id        uuid NOT NULL UNIQUE REFERENCES event (id) DEFERRABLE INITIALLY DEFERRED
);
CALL append_only('transmission_token_revoked');

CALL widen_check('event', 'event_kind', 'kind', 'misdirected', 'extension-asked', 'declined', 'link-revoked', 'linked');

-- The dispatch board reads what needs a person first, then what is under way, then the rest, each from the latest on.
CREATE INDEX transmission_board ON transmission ((CASE
	WHEN state IN ('unknown', 'refused', 'bounced') THEN 0
	WHEN state IN ('queued', 'attempting', 'deferred') THEN 1
	ELSE 2 END), changed_at DESC, id DESC);

-- +goose StatementBegin
-- The pages write what an addressee says; it moves no state.
DO $$
BEGIN
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'liaison_app') THEN
		GRANT SELECT, INSERT ON transmission_response, transmission_response_file, transmission_token_revoked, transmission_fact TO liaison_app;
		GRANT UPDATE (matched_by, transmission_id, statement_id) ON inbound_message TO liaison_app; -- a person links what matched nothing
	END IF;
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'liaison_worker') THEN
		GRANT SELECT ON transmission_response, transmission_response_file, transmission_token_revoked TO liaison_worker;
	END IF;
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'liaison_auditor') THEN -- never what was said
		GRANT SELECT (id, transmission_id, kind, digest, at, event_id) ON transmission_response TO liaison_auditor;
		GRANT SELECT ON transmission_response_file TO liaison_auditor;
		GRANT SELECT (transmission_id, person_id, at, event_id) ON transmission_token_revoked TO liaison_auditor;
	END IF;
END $$;
-- +goose StatementEnd
