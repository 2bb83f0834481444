-- +goose Up
-- How many bytes of files came in by the link of a message. Whoever has the link can send, and files are never deleted, so there is a
-- bound; a count, because what was sent and never said belongs to nothing else.
CREATE TABLE link_upload (
	transmission_id uuid PRIMARY KEY REFERENCES transmission,
	bytes           bigint NOT NULL CHECK (bytes > 0)
);

-- +goose StatementBegin
DO $$
BEGIN
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'liaison_app') THEN
		GRANT SELECT, INSERT ON link_upload TO liaison_app;
		GRANT UPDATE (bytes) ON link_upload TO liaison_app;
	END IF;
END $$;
-- +goose StatementEnd
