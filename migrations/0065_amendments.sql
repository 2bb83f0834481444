-- +goose Up
-- What changes between the approval and the dispatch: a substantive change voids the approval; an editorial one is a revision of
-- its own under the same approval. From the approved digest to the one that leaves there is a chain of rows here, each
-- bound by foreign keys to what it amends, so that nothing leaves that is not at its end.

ALTER TABLE decision ADD CONSTRAINT decision_for_amendments UNIQUE (id, digest);

CREATE TABLE amendment (
	statement_id      uuid NOT NULL,
	revision          integer NOT NULL, -- that it made
	digest            sha256hex NOT NULL,
	amends            integer NOT NULL, -- the revision before it
	amends_digest     sha256hex NOT NULL,
	approval_id       uuid NOT NULL,
	approval_kind     text NOT NULL DEFAULT 'approve' CHECK (approval_kind = 'approve'),
	approved_revision integer NOT NULL,
	changed           text NOT NULL CHECK (changed <> ''), -- names of the fields, with spaces between
	person_id         uuid NOT NULL REFERENCES person,
	acting            text NOT NULL,
	reason            text NOT NULL CHECK (reason <> '' AND length(reason) <= 4000),
	command_id        text NOT NULL UNIQUE REFERENCES command,
	amended_at        timestamptz NOT NULL,
	-- Either the approved revision is amended, or one that an earlier row of the same approval made.
	first_digest      sha256hex GENERATED ALWAYS AS (CASE WHEN amends = approved_revision THEN amends_digest END) STORED,
	earlier           integer GENERATED ALWAYS AS (CASE WHEN amends <> approved_revision THEN amends END) STORED,
	PRIMARY KEY (statement_id, revision),
	UNIQUE (statement_id, revision, digest),
	UNIQUE (statement_id, revision, approval_id),
	UNIQUE (statement_id, revision, approval_id, digest),
	CONSTRAINT amendment_follows CHECK (revision = amends + 1 AND amends >= approved_revision AND digest <> amends_digest),
	FOREIGN KEY (statement_id, revision, digest) REFERENCES revision (statement_id, number, digest),
	FOREIGN KEY (statement_id, amends, amends_digest) REFERENCES revision (statement_id, number, digest),
	CONSTRAINT amendment_of_an_approval FOREIGN KEY (approval_id, statement_id, approved_revision, approval_kind) REFERENCES decision (id, statement_id, revision, kind),
	CONSTRAINT amendment_of_what_was_approved FOREIGN KEY (approval_id, first_digest) REFERENCES decision (id, digest),
	CONSTRAINT amendment_of_an_amendment FOREIGN KEY (statement_id, earlier, approval_id, amends_digest) REFERENCES amendment (statement_id, revision, approval_id, digest)
);

-- +goose StatementBegin
-- Whatever a profile says, who is asked, what for, until when and with which files is never an editorial matter.
CREATE FUNCTION amendment_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
	before jsonb;
	after  jsonb;
	name   text;
BEGIN
	SELECT convert_from(canonical, 'UTF8')::jsonb -> 'content' INTO STRICT before FROM revision WHERE statement_id = NEW.statement_id AND number = NEW.amends;
	SELECT convert_from(canonical, 'UTF8')::jsonb -> 'content' INTO STRICT after FROM revision WHERE statement_id = NEW.statement_id AND number = NEW.revision;
	FOREACH name IN ARRAY ARRAY['source', 'relations', 'addressees', 'deadline', 'confidentiality', 'embargo', 'attachments', 'report'] LOOP
		IF before -> name IS DISTINCT FROM after -> name THEN
			RAISE EXCEPTION 'a change of % is no editorial correction', name USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'amendment_is_editorial';
		END IF;
	END LOOP;
	RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER amendment_guard BEFORE INSERT ON amendment FOR EACH ROW EXECUTE FUNCTION amendment_guard();
CALL append_only('amendment');

ALTER TABLE statement ADD COLUMN amended_digest sha256hex;
ALTER TABLE statement DROP CONSTRAINT statement_approved_has_approval;
ALTER TABLE statement
	ADD CONSTRAINT statement_approved_has_approval CHECK (state NOT IN ('approved', 'dispatching', 'dispatched', 'dispatched-in-part', 'closed')
		OR (number IS NOT NULL AND coalesce(amended_digest, approved_digest) IS NOT DISTINCT FROM digest)),
	ADD CONSTRAINT statement_amended_after_approval CHECK (amended_digest IS NULL OR approved_digest IS NOT NULL),
	ADD CONSTRAINT statement_draft_has_no_approval CHECK (state NOT IN ('draft', 'in-review', 'rejected') OR approved_digest IS NULL),
	ADD CONSTRAINT statement_amended_revision FOREIGN KEY (id, revision, amended_digest) REFERENCES amendment (statement_id, revision, digest) DEFERRABLE INITIALLY DEFERRED;

-- A message is of the approved revision, or of one that amended it under that approval. NULL: the approval is of its own revision.
ALTER TABLE transmission
	ADD COLUMN approved_revision integer,
	ADD COLUMN approval_revision integer GENERATED ALWAYS AS (coalesce(approved_revision, revision)) STORED,
	ADD COLUMN amended_revision integer GENERATED ALWAYS AS (CASE WHEN approved_revision IS NOT NULL THEN revision END) STORED,
	ADD CONSTRAINT transmission_amended_after_approval CHECK (approved_revision IS NULL OR approved_revision < revision AND letter = 'statement'),
	DROP CONSTRAINT transmission_approval_id_statement_id_revision_approval_ki_fkey,
	ADD CONSTRAINT transmission_under_its_approval FOREIGN KEY (approval_id, statement_id, approval_revision, approval_kind) REFERENCES decision (id, statement_id, revision, kind),
	ADD CONSTRAINT transmission_of_its_amendment FOREIGN KEY (statement_id, amended_revision, approval_id) REFERENCES amendment (statement_id, revision, approval_id);

ALTER TABLE event ADD COLUMN amends text NOT NULL DEFAULT '', ADD COLUMN changed text NOT NULL DEFAULT '';

CALL widen_check('event', 'event_kind', 'kind', 'reopened', 'amended');
CALL widen_check('transmission', 'transmission_letter', 'letter', 'approval-void', 'amended');

-- +goose StatementBegin
DO $$
BEGIN
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'liaison_auditor') THEN
		GRANT SELECT (statement_id, revision, digest, amends, amends_digest, approval_id, approved_revision, changed, person_id, acting, command_id, amended_at) ON amendment TO liaison_auditor;
		GRANT SELECT (amended_digest) ON statement TO liaison_auditor;
	END IF;
END $$;
-- +goose StatementEnd
