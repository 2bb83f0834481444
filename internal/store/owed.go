package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/liaison"
)

// Letters to addressees besides the statement itself: reminders of replies that they owe, and the question whether a message arrived.

// remind makes what is due: replies become overdue, and each addressee who owes one is reminded, once for each step.
func (w *writing) remind(ctx context.Context) error {
	due, _, err := w.DueReplies(w.now)
	if err != nil {
		return err
	}
	told := map[liaison.Event]bool{} // who waits is told once for each date
	for _, d := range due {
		if d.Overdue {
			if err := w.move(ctx, d.Reply, liaison.ReplyPasses); err != nil {
				return err
			}
		}
		if d.Remind == nil {
			continue
		}
		letter, event := liaison.LetterReplyDue, liaison.Event{Kind: liaison.EventRemindedDue}
		if d.Days < 0 {
			letter, event.Kind = liaison.LetterOverdue, liaison.EventRemindedOverdue
		}
		event.Statement, event.Version, event.Command, event.Acting, event.Revision, event.Ref, event.Due = w.ID, w.Version, w.cmd.ID, liaison.AsEngine, w.Revision, w.Ref, d.Reply.Due
		if !told[event] {
			told[event] = true
			w.after = append(w.after, event)
		}
		id := w.write(d.Reply.Position, letter)
		w.batch.Queue(`INSERT INTO reminder (statement_id, position, due, step, days, command_id, transmission_id, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			w.ID, d.Reply.Position, d.Reply.Due, d.Remind.Days, d.Days, w.cmd.ID, id, w.now)
	}
	return nil
}

// write queues a letter to an addressee, at the mailbox that the statement reached it at.
func (w *writing) write(position int, letter liaison.Letter) liaison.TransmissionID {
	id := liaison.TransmissionID(newID())
	w.letters = true
	w.batch.Queue(`
		INSERT INTO transmission (id, statement_id, revision, letter, position, body_code, recipient_name, recipient_email, message_id, message_date, batch, state, changed_at, created_at)
		SELECT $4, t.statement_id, t.revision, $5, t.position, t.body_code, t.recipient_name, t.recipient_email, $6, $7, $8, 'queued', $7, $7
		FROM transmission t WHERE t.statement_id = $1 AND t.revision = $2 AND t.position = $3 AND t.letter = 'statement' AND NOT EXISTS (SELECT FROM transmission c WHERE c.copy_of = t.id)`,
		w.ID, w.Revision, position, id, letter, messageID(w.GroupBody), w.now, w.cmd.ID)
	return id
}

// moot cancels a letter that has not left and has nothing to ask or to tell any more, and reports whether it did: a reminder whose
// reply is not awaited any more, or by another date, the question whether a message arrived of which that is known, and the word
// that a relay is paused when it is not.
func (t *tx) moot(ctx context.Context, x Transmission) (bool, error) {
	var open bool
	var version int
	var err error
	switch {
	case x.Letter == liaison.LetterRelayHeld:
		open, version, err = t.stillHeld(ctx, x)
	case x.Position == 0:
		return false, nil
	case x.Letter == liaison.LetterReplyDue || x.Letter == liaison.LetterOverdue:
		open, version, err = t.awaited(ctx, x.ID)
	case x.Letter == liaison.LetterArrivalAsked:
		open, version, err = t.doubted(ctx, x)
	default:
		return false, nil
	}
	if err != nil || open {
		return false, err
	}
	if n, err := t.doubtful(ctx, x.ID); err != nil || n > 0 {
		return false, err // it may have been taken over: cancelling would say that nothing left
	}
	if _, err := t.Exec(ctx, `UPDATE transmission SET state = 'cancelled', next_try_at = NULL, changed_at = $2 WHERE id = $1`, x.ID, t.now); err != nil {
		return false, fmt.Errorf("cancel a letter: %w", err)
	}
	x.State = liaison.TransmissionCancelled
	t.record(transmissionEvent(x, liaison.EventCancelled, version))
	return true, nil
}

// awaited reports whether the reply that a reminder is about is still awaited, by the date that it names.
func (t *tx) awaited(ctx context.Context, reminder liaison.TransmissionID) (open bool, version int, err error) {
	var state liaison.ReplyState
	var statement liaison.State
	var same bool
	err = t.QueryRow(ctx, `
		SELECT r.state, s.state, s.version, r.due = m.due AND `+overSQL+` = '' FROM reminder m JOIN reply r ON r.statement_id = m.statement_id AND r.position = m.position JOIN statement s ON s.id = r.statement_id
		WHERE m.transmission_id = $1`, reminder, publicStates()).Scan(&state, &statement, &version, &same)
	if err != nil {
		return false, 0, fmt.Errorf("read what a reminder is of: %w", err)
	}
	return same && state.Counts() && statement.Out(), version, nil
}

// doubted reports whether it is still not known that the message arrived which a letter asks about.
func (t *tx) doubted(ctx context.Context, letter Transmission) (open bool, version int, err error) {
	about, err := askedAbout(ctx, t, letter)
	if err == nil {
		err = t.QueryRow(ctx, `SELECT version FROM statement WHERE id = $1`, letter.Statement).Scan(&version)
	}
	if err != nil {
		return false, 0, fmt.Errorf("read what a letter asks about: %w", err)
	}
	return slices.Contains(liaison.AboutMessages[liaison.DoAskBody], about.State), version, nil
}

// AskedAbout is the message that a letter asks its addressee about: [liaison.LetterArrivalAsked].
func (s *Store) AskedAbout(ctx context.Context, letter Transmission) (Transmission, error) {
	return askedAbout(ctx, s.pool, letter)
}

func askedAbout(ctx context.Context, q querier, letter Transmission) (Transmission, error) {
	ts, err := transmissions(ctx, q, `WHERE t.id = (SELECT transmission_id FROM event WHERE statement_id = $1 AND command_id = $2 AND kind = 'arrival-asked')`, letter.Statement, letter.Batch)
	if err == nil && len(ts) == 0 {
		err = fmt.Errorf("no command %s asks whether a message arrived", letter.Batch)
	}
	if err != nil {
		return Transmission{}, err
	}
	return ts[0], nil
}

// Reminder is one reminder that was made.
type Reminder struct {
	Transmission liaison.TransmissionID // the letter to the addressee
	About        liaison.TransmissionID // the first message to it
	Due          liaison.Date
	Step         int // days before the date that the profile names
	Days         int // that were left
}

// Reminder returns what a reminder is of, by the letter, or [liaison.NotFound].
func (s *Store) Reminder(ctx context.Context, letter liaison.TransmissionID) (Reminder, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT m.transmission_id, r.transmission_id, m.due::text, m.step, m.days FROM reminder m JOIN reply r ON r.statement_id = m.statement_id AND r.position = m.position
		WHERE m.transmission_id = $1`, letter)
	if err != nil {
		return Reminder{}, unavailable(fmt.Errorf("read a reminder: %w", err))
	}
	m, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Reminder])
	if errors.Is(err, pgx.ErrNoRows) {
		return m, liaison.Refuse(liaison.NotFound, "There is no such reminder.")
	}
	return m, unavailable(err)
}

// Reminded is a reminder with the addressee that it went to.
type Reminded struct {
	Name    string
	Purpose liaison.Purpose
	Days    int // that were left until the date, negative after it
}

// RemindedOf lists what a command reminded of for one date, in the order of the addressees.
func (s *Store) RemindedOf(ctx context.Context, command liaison.CommandID, due liaison.Date) ([]Reminded, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT t.recipient_name, a.purpose, m.days FROM reminder m JOIN transmission t ON t.id = m.transmission_id
		JOIN addressee a ON a.statement_id = t.statement_id AND a.revision = t.revision AND a.position = t.position
		WHERE m.command_id = $1 AND m.due = $2 ORDER BY m.position`, command, due)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read reminders: %w", err))
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Reminded])
	return out, unavailable(err)
}
