-- +goose Up
-- Which rules judged. A version of a profile that was published is never changed: its digest is kept, and a program that has
-- other rules under the same number does not start.
CREATE TABLE profile_version (
	key          text NOT NULL CHECK (length(key) BETWEEN 1 AND 100),
	version      integer NOT NULL CHECK (version > 0),
	name         text NOT NULL,
	in_force     date NOT NULL,
	digest       sha256hex NOT NULL, -- of what the file says
	published_at timestamptz NOT NULL,
	PRIMARY KEY (key, version)
);
CALL append_only('profile_version');

ALTER TABLE decision ADD COLUMN profile text;
ALTER TABLE decision ADD COLUMN profile_version integer;
ALTER TABLE decision ADD CONSTRAINT decision_judged_by FOREIGN KEY (profile, profile_version) REFERENCES profile_version (key, version);

-- What was approved under one version stays judged by it.
ALTER TABLE statement ADD COLUMN approved_profile text;
ALTER TABLE statement ADD COLUMN approved_profile_version integer;
ALTER TABLE statement ADD CONSTRAINT statement_judged_by FOREIGN KEY (approved_profile, approved_profile_version) REFERENCES profile_version (key, version);

-- +goose StatementBegin
DO $$
BEGIN
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'liaison_app') THEN
		GRANT SELECT, INSERT ON profile_version TO liaison_app;
	END IF;
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'liaison_worker') THEN
		GRANT SELECT, INSERT ON profile_version TO liaison_worker;
	END IF;
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'liaison_auditor') THEN
		GRANT SELECT ON profile_version TO liaison_auditor;
	END IF;
END $$;
-- +goose StatementEnd
