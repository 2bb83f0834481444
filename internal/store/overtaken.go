package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/liaison"
)

// overtakeOthers takes back, with the dispatch of a statement that recalls or supersedes another one, what of that one has not left. A
// message that is with a server just now is looked at when it is to be tried again, see [tx.claim]; and so is one that was in doubt.
func (w *writing) overtakeOthers(ctx context.Context) error {
	for _, r := range w.Related {
		for _, to := range w.Content.Relations {
			if to.Statement != r.ID || !to.Kind.Ends() {
				continue
			}
			ref := w.Ref
			if w.Content.Confidentiality != liaison.Public && !r.Confidential {
				ref = ""
			}
			events, err := w.overtake(ctx, r.ID, to.Kind.Overtaken(ref), "")
			if err != nil {
				return err
			}
			for i := range events {
				events[i].Command = w.cmd.ID
			}
			w.after = append(w.after, events...)
		}
	}
	return nil
}

// overtakeLast takes back one message of a statement that counts no more. One that may have left in an earlier attempt is refused: nobody
// can say of it that nothing was sent.
func (t *tx) overtakeLast(ctx context.Context, snap Snapshot, id liaison.TransmissionID) error {
	by, err := marks(ctx, t, []liaison.StatementID{snap.ID})
	if err != nil {
		return err
	}
	words := snap.Over.Overtaken("")
	if m := liaison.Ended(by[snap.ID]); m != nil {
		words = m.Kind.Overtaken(m.Ref)
	}
	events, err := t.overtake(ctx, snap.ID, words, id)
	for _, e := range events {
		t.record(e)
	}
	if err != nil || len(events) > 0 {
		return err
	}
	ts, err := transmissions(ctx, t, `WHERE t.id = $1 AND t.state = 'deferred'`, id)
	if err != nil || len(ts) == 0 {
		return err
	}
	x := ts[0]
	x.State, x.Reply = liaison.TransmissionRefused, "given up: the statement is "+strings.ToLower(words[:1])+words[1:]+"; an earlier attempt was in doubt"
	if _, err := t.Exec(ctx, `UPDATE transmission SET state = 'refused', overtaken = $2, reply = $3, code = 0, next_try_at = NULL, changed_at = $4 WHERE id = $1`, id, words, x.Reply, t.now); err != nil {
		return fmt.Errorf("give up a message of a statement that counts no more: %w", err)
	}
	e := transmissionEvent(x, liaison.EventRefused, snap.Version)
	e.Reply = x.Reply
	t.record(e)
	return nil
}

// overtake cancels the messages of a statement of which certainly nothing has left, or one of them, and returns what is to go on the record:
// the words say what overtook it. Whom such a message was to ask was asked nothing.
func (t *tx) overtake(ctx context.Context, id liaison.StatementID, words string, only liaison.TransmissionID) ([]liaison.Event, error) {
	var version int
	if err := t.QueryRow(ctx, `SELECT version FROM statement WHERE id = $1`, id).Scan(&version); err != nil {
		return nil, fmt.Errorf("read what counts no more: %w", err)
	}
	ts, err := transmissions(ctx, t, `
		WHERE t.statement_id = $1 AND t.letter = 'statement' AND t.state IN ('queued', 'deferred') AND ($2 = '' OR t.id::text = $2)
			AND NOT EXISTS (SELECT FROM attempt a WHERE a.transmission_id = t.id AND a.dot_at IS NOT NULL AND a.outcome = 'unknown')
		ORDER BY t.id FOR UPDATE OF t`, id, only)
	if err != nil || len(ts) == 0 {
		return nil, err
	}
	var ids []liaison.TransmissionID
	var positions []int
	var events []liaison.Event
	for _, x := range ts {
		ids, positions = append(ids, x.ID), append(positions, x.Position)
		x.State = liaison.TransmissionCancelled
		e := transmissionEvent(x, liaison.EventCancelled, version)
		e.Reason = words + "."
		events = append(events, e)
	}
	b := &pgx.Batch{}
	b.Queue(`UPDATE transmission SET state = 'cancelled', overtaken = $2, next_try_at = NULL, changed_at = $3 WHERE id = ANY ($1)`, ids, words, t.now)
	b.Queue(`SELECT FROM reply WHERE statement_id = $1 AND position = ANY ($2) ORDER BY position FOR UPDATE`, id, positions)
	if err := t.SendBatch(ctx, b).Close(); err != nil {
		return nil, fmt.Errorf("cancel what counts no more: %w", err)
	}
	owed, err := replies(ctx, t, `t.position = ANY ($2)`, id, positions)
	if err != nil {
		return nil, err
	}
	moves := &pgx.Batch{}
	for _, r := range owed {
		if !r.State.Counts() {
			continue
		}
		after, rule, err := r.After(liaison.ReplyTakenBack, liaison.ReplyDetail{})
		if err != nil {
			return nil, err
		}
		x, err := t.firstTo(ctx, r.Transmission)
		if err != nil {
			return nil, err
		}
		moves.Queue(moveSQL, moveArgs(id, after, t.now)...)
		events = append(events, replyEvent(x, r, after, rule, version))
	}
	if err := t.SendBatch(ctx, moves).Close(); err != nil {
		return nil, fmt.Errorf("take back what was not asked: %w", err)
	}
	return events, nil
}
