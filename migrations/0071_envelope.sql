-- +goose Up
-- How a body is reached, version by version; who has a draft open; what is not for every reader.
CREATE TABLE body_reach (
	body_code text NOT NULL REFERENCES body,
	version   integer NOT NULL CHECK (version > 0),
	canonical bytea NOT NULL,
	digest    sha256hex NOT NULL,
	person_id uuid REFERENCES person, -- NULL: entered with the register
	at        timestamptz NOT NULL,
	event_id  uuid NOT NULL UNIQUE REFERENCES event (id) DEFERRABLE INITIALLY DEFERRED,
	PRIMARY KEY (body_code, version),
	CHECK (digest = encode(sha256(canonical), 'hex'))
);
CALL append_only('body_reach');
CALL widen_check('event', 'event_kind', 'kind', 'body-profile', 'body-added');

-- +goose StatementBegin
-- Events about a body are about no statement; whatever other kinds earlier steps allowed stay allowed.
DO $$
DECLARE
	kinds text[];
BEGIN
	SELECT array_agg(m[1]) INTO kinds
	FROM pg_constraint c, regexp_matches(pg_get_constraintdef(c.oid), '''([^'']+)''::text', 'g') AS m
	WHERE c.conrelid = 'event'::regclass AND c.conname = 'event_is_about_a_statement';
	ALTER TABLE event DROP CONSTRAINT event_is_about_a_statement;
	EXECUTE format('ALTER TABLE event ADD CONSTRAINT event_is_about_a_statement CHECK (statement_id IS NOT NULL OR kind IN (%s))',
		(SELECT string_agg(quote_literal(k), ', ') FROM unnest(kinds || ARRAY['body-profile', 'body-added']) k));
END $$;
-- +goose StatementEnd

-- Who has had the form of a draft open lately, so that two editors are told of each other. Nothing leans on it.
CREATE TABLE draft_presence (
	statement_id uuid NOT NULL REFERENCES statement,
	person_id    uuid NOT NULL REFERENCES person,
	seen_at      timestamptz NOT NULL,
	PRIMARY KEY (statement_id, person_id)
);

-- A confidential statement is for the group's officers and those whom it was sent to, in every state.
ALTER TABLE statement ADD COLUMN confidential boolean NOT NULL DEFAULT false;
CREATE INDEX statement_title ON statement (group_code, md5(lower(title)));

-- +goose StatementBegin
DO $$
BEGIN
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'liaison_app') THEN
		GRANT SELECT, INSERT ON body_reach TO liaison_app;
		GRANT SELECT, INSERT, UPDATE ON draft_presence TO liaison_app;
		GRANT INSERT ON body TO liaison_app;
	END IF;
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'liaison_worker') THEN
		GRANT SELECT ON body_reach TO liaison_worker;
	END IF;
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'liaison_auditor') THEN -- never the addresses
		GRANT SELECT (body_code, version, digest, person_id, at, event_id) ON body_reach TO liaison_auditor;
	END IF;
END $$;
-- +goose StatementEnd
