-- +goose Up
-- Time-stamp tokens of an authority outside (RFC 3161) over published checkpoints: at most one a day that the signer asks for, kept
-- with the bytes that the authority signed. A checkpoint may have several, because a token is good for as long as its
-- certificate is, and what is to last longer is stamped again.
CREATE TABLE audit.stamp (
	log       smallint NOT NULL,
	size      bigint NOT NULL,
	at        timestamptz NOT NULL, -- by the authority's clock, as the token says
	asked_at  timestamptz NOT NULL, -- by ours
	authority text NOT NULL,        -- subject of the certificate that signed it
	token     bytea NOT NULL CHECK (length(token) BETWEEN 1 AND 65536),
	PRIMARY KEY (log, size, at),
	FOREIGN KEY (log, size) REFERENCES audit.checkpoint
);
CREATE INDEX stamp_asked ON audit.stamp (asked_at DESC);
CALL public.append_only('audit.stamp');

-- When none could be had, and why, so that the auditor's page can say so. The signer waits longer and longer, so these are few.
CREATE TABLE audit.stamp_failure (
	at        timestamptz PRIMARY KEY,
	authority text NOT NULL, -- where it was asked
	words     text NOT NULL
);
CALL public.append_only('audit.stamp_failure');

-- Evidence of a period is asked for by days; events lie nearly in the order of their times.
CREATE INDEX event_at ON public.event USING brin (at) WITH (autosummarize = on);

-- +goose StatementBegin
DO $$
DECLARE
	r text;
BEGIN
	FOREACH r IN ARRAY ARRAY['liaison_app', 'liaison_worker', 'liaison_signer', 'liaison_auditor'] LOOP
		IF EXISTS (SELECT FROM pg_roles WHERE rolname = r) THEN
			EXECUTE format('GRANT SELECT ON audit.stamp, audit.stamp_failure TO %I', r);
			IF r = 'liaison_signer' THEN
				EXECUTE format('GRANT INSERT ON audit.stamp, audit.stamp_failure TO %I', r);
			END IF;
		END IF;
	END LOOP;
END $$;
-- +goose StatementEnd
