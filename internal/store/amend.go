package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/liaison"
)

// bring reads what a command names besides the statement: the meeting, locked against its end where lock says so, and the text that
// is proposed.
func bring(ctx context.Context, q querier, snap *Snapshot, cmd liaison.Command, lock string) (err error) {
	id := liaison.MeetingID("")
	switch {
	case cmd.Kind == liaison.DoTable:
		id = cmd.Meeting
	case cmd.Kind == liaison.DoEnterApproval && cmd.Given != nil:
		id = cmd.Given.Meeting
	}
	if id != "" && id != snap.Meeting.ID {
		if snap.Meeting, err = meeting(ctx, q, id, lock); liaison.CodeOf(err) == liaison.NotFound {
			snap.Meeting = liaison.Meeting{} // it is refused with the field that it was chosen in
		} else if err != nil {
			return err
		}
	}
	if snap.ClosedItself {
		if snap.Cited, err = cited(ctx, q, snap.Snapshot, cmd); err != nil {
			return err
		}
	}
	return propose(ctx, q, snap, cmd)
}

// propose reads what an editorial correction, or a meeting's edits, would make of the revision: canonical bytes that were stored as a
// file, so that the command carries their digest and nothing else. Other commands bring nothing.
func propose(ctx context.Context, q querier, snap *Snapshot, cmd liaison.Command) error {
	if !cmd.Kind.Proposes() || liaison.Permit(snap.State, cmd) != nil {
		return nil // refused by its form or for the state
	}
	refuse := &liaison.Error{Code: liaison.Invalid, Message: "The corrected text is not stored. Open the page again and correct it there."}
	var stored []byte
	err := q.QueryRow(ctx, `SELECT bytes FROM blob WHERE digest = $1`, cmd.Amended).Scan(&stored)
	if errors.Is(err, pgx.ErrNoRows) {
		return refuse
	} else if err != nil {
		return fmt.Errorf("read the correction: %w", err)
	}
	content, err := liaison.ParseCanonical(stored)
	if err != nil { // some other file: an attachment
		return refuse
	}
	again, err := liaison.Canonical(content)
	if err != nil {
		return err
	}
	if !bytes.Equal(again, stored) { // the revision would have other bytes than the file that was looked at
		return refuse
	}
	snap.Proposed = content
	return nil
}

// amend makes a revision of what the secretariat corrected, under the approval that there is. The messages that wait are of the
// revision before; each is taken back and another one queued in its place.
func (w *writing) amend(ctx context.Context) error {
	var approval string
	var approved int
	err := w.QueryRow(ctx, `
		SELECT d.id, d.revision FROM decision d
		WHERE d.statement_id = $1 AND d.kind = 'approve' AND d.digest = $2 ORDER BY d.revision DESC LIMIT 1`, w.ID, w.ApprovedDigest).Scan(&approval, &approved)
	if err != nil {
		return fmt.Errorf("find the approval: %w", err)
	}
	before, amends := w.Digest, w.Revision
	if w.amended, err = liaison.Editorial(w.Profile, w.Content, w.Proposed); err != nil {
		return err
	}
	w.Content = w.Proposed
	if err := w.revise(); err != nil {
		return err
	}
	w.AmendedDigest = w.Digest
	w.batch.Queue(`
		INSERT INTO amendment (statement_id, revision, digest, amends, amends_digest, approval_id, approved_revision, changed, person_id, acting, reason, command_id, amended_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		w.ID, w.Revision, w.Digest, amends, before, approval, approved, liaison.FieldsOf(w.amended), w.cmd.Actor, w.change.Acting, w.cmd.Reason, w.cmd.ID, w.now)
	w.cancel()
	w.queue(approval, approved)
	w.batch.Queue(`INSERT INTO drafter (statement_id, person_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, w.ID, w.cmd.Actor)
	return nil
}

// approveEdited makes a revision of what the meeting made of the text that was tabled, and approves that one. Who edited it counts as a
// drafter of it from here on.
func (w *writing) approveEdited(ctx context.Context) (err error) {
	if w.amended, err = liaison.Edits(w.Content, w.Proposed); err != nil {
		return err
	}
	w.tabled = w.Revision
	w.Content = w.Proposed
	if err := w.revise(); err != nil {
		return err
	}
	w.batch.Queue(`INSERT INTO drafter (statement_id, person_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, w.ID, w.cmd.Actor)
	return w.approve(ctx)
}

// reopen voids the approval: what it queued is taken back, and the draft begins with what was to leave. The number stays.
func (w *writing) reopen() error {
	canonical, err := liaison.Canonical(w.Content)
	if err != nil {
		return err
	}
	w.cancel()
	w.ApprovedDigest, w.ApprovedBy, w.ApprovedAs, w.ApprovedAt, w.AmendedDigest = "", "", "", nil, ""
	w.batch.Queue(`UPDATE draft SET version = version + 1, canonical = $2, saved_by = $3, saved_at = $4 WHERE statement_id = $1`, w.ID, canonical, w.cmd.Actor, w.now)
	return nil
}

// Amendment is one editorial correction of an approved statement.
type Amendment struct {
	Revision     int // that it made
	Digest       liaison.Digest
	Amends       int // the revision before it
	AmendsDigest liaison.Digest
	Approved     int // the revision that was approved
	Changed      string
	By           string
	Acting       liaison.Capacity
	Reason       string
	At           time.Time
}

// Amendments lists the editorial corrections of a statement, oldest first.
func (s *Store) Amendments(ctx context.Context, id liaison.StatementID) ([]Amendment, error) {
	if err := validID(string(id)); err != nil {
		return nil, err
	}
	rows, err := s.pool.Query(ctx, `
		SELECT m.revision, m.digest, m.amends, m.amends_digest, m.approved_revision, m.changed, p.name, m.acting, m.reason, m.amended_at
		FROM amendment m JOIN person p ON p.id = m.person_id
		WHERE m.statement_id = $1 ORDER BY m.revision`, id)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read corrections: %w", err))
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Amendment])
	return out, unavailable(err)
}
