-- +goose Up
-- The secret address under which a calendar reads a person's deadlines: the latest row says whether there is one. The address is made
-- of its number and a key, which the database does not have.
CREATE TABLE calendar_link (
	person_id uuid NOT NULL REFERENCES person,
	n         integer NOT NULL CHECK (n > 0),
	open      boolean NOT NULL,
	at        timestamptz NOT NULL,
	PRIMARY KEY (person_id, n)
);
CALL append_only('calendar_link');
-- +goose StatementBegin
DO $$
BEGIN
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'liaison_app') THEN
		GRANT SELECT, INSERT ON calendar_link TO liaison_app;
	END IF;
END $$;
-- +goose StatementEnd
