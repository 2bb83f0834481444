package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/liaison"
)

// Saved says what storing a draft came to.
type Saved struct {
	Version int      // of the working draft now
	Notices []string // addressees that were replaced by their successors
}

// Create starts a draft under an id that the caller made; creating it again with the same id, by the same person, changes
// nothing. It refuses persons who may not draft for the group and content over its limits.
func (s *Store) Create(ctx context.Context, id liaison.StatementID, actor liaison.PersonID, content liaison.Content) (Saved, error) {
	if actor == "" { // only the engine itself begins a draft for nobody, by another way
		return Saved{}, liaison.Refuse(liaison.Forbidden, "Starting a draft needs a person.")
	}
	return s.create(ctx, newDraft{id: id, drafter: actor, actor: actor}, content)
}

// newDraft is a draft that begins.
type newDraft struct {
	id      liaison.StatementID
	drafter liaison.PersonID // who goes on with it
	actor   liaison.PersonID // who begins it: the drafter, or "" for the engine itself
	due     string           // the report that is due and that this is, "" for none
}

func (s *Store) create(ctx context.Context, d newDraft, content liaison.Content) (Saved, error) {
	saved, err := s.createOnce(ctx, d, content)
	if violates(err, "statement_pkey") { // the same form, sent twice at once: it is there now
		saved, err = s.createOnce(ctx, d, content)
	}
	return saved, err
}

func (s *Store) createOnce(ctx context.Context, d newDraft, content liaison.Content) (saved Saved, err error) {
	id, actor := d.id, d.drafter
	if err := validID(string(id)); err != nil {
		return saved, err
	}
	err = s.write(ctx, func(t *tx) error {
		var drafter liaison.PersonID
		err := t.QueryRow(ctx, `SELECT s.drafter_id, d.version FROM statement s JOIN draft d ON d.statement_id = s.id WHERE s.id = $1`, id).Scan(&drafter, &saved.Version)
		switch {
		case err == nil && drafter == actor:
			return nil
		case err == nil:
			return liaison.Refuse(liaison.Conflict, "There is a statement under this id already. Start a new one.")
		case !errors.Is(err, pgx.ErrNoRows):
			return fmt.Errorf("look for the draft: %w", err)
		}
		snap, err := groupSnapshot(ctx, t, content.Source, t.now)
		if err != nil {
			return err
		}
		change, err := liaison.Next(snap.Snapshot, liaison.Command{Kind: liaison.DoDraft, Statement: id, Actor: d.actor})
		if err != nil {
			return err
		}
		canonical, notices, err := draftBytes(ctx, t, content, snap)
		if err != nil {
			return err
		}
		saved = Saved{1, notices}
		b := &pgx.Batch{}
		b.Queue(`
			INSERT INTO statement (id, group_code, kind, state, version, drafter_id, title, deadline, created_at, changed_at)
			VALUES ($1, $2, $3, $4, 1, $5, $6, $7, $8, $8)`,
			id, content.Source, content.Kind(), change.Rule.To, actor, content.Tidy().Title, nullable(content.Deadline), t.now)
		b.Queue(`INSERT INTO draft (statement_id, version, canonical, saved_by, saved_at) VALUES ($1, 1, $2, $3, $4)`, id, canonical, actor, t.now)
		b.Queue(`INSERT INTO drafter (statement_id, person_id) VALUES ($1, $2)`, id, actor)
		if err := indexBytes(b, id, "", canonical); err != nil {
			return err
		}
		if err := t.SendBatch(ctx, b).Close(); err != nil {
			return fmt.Errorf("create draft: %w", err)
		}
		if d.due != "" {
			taken, err := t.Exec(ctx, `UPDATE report_due SET statement_id = $2 WHERE id = $1
				AND (statement_id IS NULL OR statement_id IN (SELECT s.id FROM statement s WHERE s.state IN ('rejected', 'withdrawn') OR `+recalled("s", `n.dispatched_at IS NOT NULL`)+`))`, d.due, id)
			if err != nil {
				return fmt.Errorf("take the report on: %w", err)
			}
			if taken.RowsAffected() == 0 {
				return liaison.Refuse(liaison.Conflict, "There is a draft of this report already. Open it from the list of reports.")
			}
		}
		t.record(liaison.Event{
			Kind: change.Rule.Event, Statement: id, Version: 1, Actor: d.actor, Acting: change.Acting, Drafted: d.actor != "",
			To: change.Rule.To, Digest: liaison.DigestOf(canonical),
		})
		return nil
	})
	return saved, err
}

// Save replaces the working draft. version is the one that the actor started from; when somebody else has saved since,
// it refuses with [liaison.Stale] and changes nothing, so that the caller can show both.
func (s *Store) Save(ctx context.Context, id liaison.StatementID, actor liaison.PersonID, version int, content liaison.Content) (saved Saved, err error) {
	if err := validID(string(id)); err != nil {
		return saved, err
	}
	err = s.write(ctx, func(t *tx) error {
		snap, _, err := snapshot(ctx, t, id, "", t.now, " FOR UPDATE OF s")
		if err != nil {
			return err
		}
		change, err := liaison.Next(snap.Snapshot, liaison.Command{Kind: liaison.DoEdit, Statement: id, Actor: actor})
		if err != nil {
			return err
		}
		if version != snap.DraftVersion {
			return liaison.Refuse(liaison.Stale, "Somebody saved this draft after you opened it. Both texts are below; nothing of yours is lost. Take over what you need and save again.")
		}
		content.Source = snap.Group
		if content.Kind() != snap.Content.Kind() {
			return liaison.Refuse(liaison.Invalid, "A progress report stays one, and a statement stays a statement. Open the draft again and edit it there.")
		}
		canonical, notices, err := draftBytes(ctx, t, content, snap)
		if err != nil {
			return err
		}
		saved = Saved{version + 1, notices}
		b := &pgx.Batch{}
		b.Queue(`UPDATE draft SET version = $2, canonical = $3, saved_by = $4, saved_at = $5 WHERE statement_id = $1`, id, saved.Version, canonical, actor, t.now)
		b.Queue(`UPDATE statement SET title = $2, deadline = $3, changed_at = $4 WHERE id = $1`, id, content.Tidy().Title, nullable(content.Deadline), t.now)
		b.Queue(`INSERT INTO drafter (statement_id, person_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, id, actor)
		if err := indexBytes(b, id, snap.Ref, canonical); err != nil {
			return err
		}
		if err := t.SendBatch(ctx, b).Close(); err != nil {
			return fmt.Errorf("save draft: %w", err)
		}
		t.record(liaison.Event{
			Kind: change.Rule.Event, Statement: id, Version: snap.Version, Actor: actor, Acting: change.Acting, Drafted: true,
			From: liaison.Draft, To: liaison.Draft, Digest: liaison.DigestOf(canonical),
		})
		return nil
	})
	return saved, err
}

// draftBytes checks the limits and that the files are there, takes names and mailboxes of the addressees from the
// register, and encodes.
func draftBytes(ctx context.Context, q querier, content liaison.Content, snap Snapshot) ([]byte, []string, error) {
	content, notices, err := resolve(ctx, q, content, snap)
	if err != nil {
		return nil, nil, err
	}
	if errs := content.Limits(); len(errs) > 0 {
		return nil, nil, errs[0]
	}
	if err := stored(ctx, q, content.Attachments); err != nil {
		return nil, nil, err
	}
	canonical, err := liaison.Canonical(content)
	return canonical, notices, err
}

// stored refuses attachments whose bytes are not in the register, or of another size than is said.
func stored(ctx context.Context, q querier, files []liaison.Attachment) error {
	if len(files) == 0 {
		return nil
	}
	digests := make([]liaison.Digest, len(files))
	for i, f := range files {
		digests[i] = f.Digest
	}
	rows, err := q.Query(ctx, `SELECT digest, octet_length(bytes) FROM blob WHERE digest = ANY ($1)`, digests)
	if err != nil {
		return fmt.Errorf("look for the files: %w", err)
	}
	sizes := map[liaison.Digest]int64{}
	var digest liaison.Digest
	var size int64
	if _, err := pgx.ForEachRow(rows, []any{&digest, &size}, func() error { sizes[digest] = size; return nil }); err != nil {
		return fmt.Errorf("look for the files: %w", err)
	}
	for _, f := range files {
		if size, there := sizes[f.Digest]; !there || size != f.Size {
			return &liaison.Error{Code: liaison.Invalid, Field: "attachments", Message: f.Name + " is not stored in full. Attach the file again."}
		}
	}
	return nil
}
