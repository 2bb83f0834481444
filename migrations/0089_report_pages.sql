-- +goose Up
-- +goose StatementBegin
-- The pages take the calendar of a parent group in and reckon what is due by it; neither moves the state of a statement.
DO $$
BEGIN
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'liaison_app') THEN
		GRANT INSERT, UPDATE ON meeting TO liaison_app;
		GRANT UPDATE ON report_due TO liaison_app;
	END IF;
END $$;
-- +goose StatementEnd

-- The link to a body's own page counts for as long as nobody has revoked it.
CREATE TABLE body_link_revoked (
	body_code text NOT NULL REFERENCES body,
	n         integer NOT NULL CHECK (n > 0),
	person_id uuid NOT NULL REFERENCES person,
	at        timestamptz NOT NULL,
	PRIMARY KEY (body_code, n)
);
CALL append_only('body_link_revoked');
-- +goose StatementBegin
DO $$
BEGIN
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'liaison_app') THEN
		GRANT SELECT, INSERT ON body_link_revoked TO liaison_app;
	END IF;
END $$;
-- +goose StatementEnd
