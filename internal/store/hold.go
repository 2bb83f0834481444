package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/liaison"
)

// ErrHeld is the refusal to send while the relay or the body is held.
var ErrHeld = errors.New("held")

// Hold is a relay or a body that nothing is sent through or to.
type Hold struct {
	ID     string
	Relay  string       // host:port, or ""
	Body   liaison.Code // or ""
	Reason string
	By     liaison.PersonID // "" for the program itself, or whoever runs it
	ByName string
	At     time.Time
	Lifted *time.Time
	Waits  int // messages to the body, or any for a relay, that are not settled
}

// HoldRelay stops sending through a relay, HoldBody to a body, until [Store.Lift]. by may be "" for an operator. It refuses
// with [liaison.Conflict] what is held already.
func (s *Store) HoldRelay(ctx context.Context, relay, reason string, by liaison.PersonID) error {
	return s.hold(ctx, relay, "", reason, by)
}

// HoldBody stops sending to a body; see [Store.HoldRelay].
func (s *Store) HoldBody(ctx context.Context, body liaison.Code, reason string, by liaison.PersonID) error {
	return s.hold(ctx, "", body, reason, by)
}

func (s *Store) hold(ctx context.Context, relay string, body liaison.Code, reason string, by liaison.PersonID) error {
	if err := liaison.CheckReason(reason); err != nil {
		return err
	}
	reason = strings.TrimSpace(reason)
	err := s.write(ctx, func(t *tx) error {
		if err := t.mayPause(ctx, by); err != nil {
			return err
		}
		if _, err := t.Exec(ctx, `INSERT INTO hold (id, relay, body_code, reason, held_by, held_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			newID(), nullable(relay), nullable(body), reason, nullable(by), t.now); err != nil {
			return err
		}
		t.record(pauseEvent(liaison.EventPaused, relay, body, reason, by))
		return nil
	})
	switch {
	case violates(err, "hold_one_per_relay") || violates(err, "hold_one_per_body"):
		return liaison.Refuse(liaison.Conflict, "It is paused already.")
	case violates(err, "hold_body_code_fkey"):
		return liaison.Refuse(liaison.NotFound, "There is no body %q.", body)
	}
	return err
}

// mayPause refuses everybody who is in no secretariat today. Whoever runs the program has no name here, and may.
func (t *tx) mayPause(ctx context.Context, by liaison.PersonID) error {
	if by == "" {
		return nil
	}
	return t.onlyFor(ctx, by, "Pausing and resuming is for a secretariat.", liaison.OfficeSecretary)
}

// stillHeld reports whether the pause that a letter tells of holds yet. Resuming is done by the pages, which have no right to touch
// what is to be sent: so the letter is taken back by who would send it; see [tx.moot].
func (t *tx) stillHeld(ctx context.Context, letter Transmission) (open bool, version int, err error) {
	err = t.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM notice n JOIN event e ON e.id = n.event_id JOIN hold h ON h.relay = e.relay AND h.held_at <= e.at WHERE n.transmission_id = $1 AND h.lifted_at IS NULL), s.version
		FROM statement s WHERE s.id = $2`, letter.ID, letter.Statement).Scan(&open, &version)
	if err != nil {
		return false, 0, fmt.Errorf("read which pause a letter tells of: %w", err)
	}
	return open, version, nil
}

// pauseEvent is about a relay or a body, and no statement. Who runs the program acts as the engine.
func pauseEvent(kind liaison.EventKind, relay string, body liaison.Code, reason string, by liaison.PersonID) liaison.Event {
	e := liaison.Event{Kind: kind, Body: body, Relay: relay, Reason: reason, Actor: by, Acting: liaison.AsEngine}
	if by != "" {
		e.Acting = liaison.AsSecretary
	}
	return e
}

// Lift ends a hold, by its id, and lists the batches whose messages wait, so that they can be told.
func (s *Store) Lift(ctx context.Context, id, reason string, by liaison.PersonID) ([]Waiting, error) {
	if err := validID(id); err != nil {
		return nil, err
	}
	if err := liaison.CheckReason(reason); err != nil {
		return nil, err
	}
	reason = strings.TrimSpace(reason)
	err := s.write(ctx, func(t *tx) error {
		if err := t.mayPause(ctx, by); err != nil {
			return err
		}
		var relay string
		var body liaison.Code
		err := t.QueryRow(ctx, `
			UPDATE hold SET lifted_at = greatest(held_at, $2), lifted_by = $3, lift_reason = $4 WHERE id = $1 AND lifted_at IS NULL
			RETURNING coalesce(relay, ''), coalesce(body_code, '')`, id, t.now, nullable(by), reason).Scan(&relay, &body)
		if errors.Is(err, pgx.ErrNoRows) {
			return liaison.Refuse(liaison.NotFound, "Sending is not paused there; perhaps somebody resumed it just now.")
		} else if err != nil {
			return fmt.Errorf("lift a hold: %w", err)
		}
		t.record(pauseEvent(liaison.EventResumed, relay, body, reason, by))
		return nil
	})
	if err != nil {
		return nil, err
	}
	rows, err := s.pool.Query(ctx, `SELECT DISTINCT statement_id, batch FROM transmission WHERE batch IS NOT NULL AND state IN ('queued', 'deferred')`)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read what waits: %w", err))
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Waiting])
	return out, unavailable(err)
}

// Waiting names a batch with messages that wait.
type Waiting struct {
	Statement liaison.StatementID
	Batch     liaison.CommandID
}

// Holds lists what is held now, the longest first.
func (s *Store) Holds(ctx context.Context) ([]Hold, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT h.id, coalesce(h.relay, ''), coalesce(h.body_code, ''), h.reason, coalesce(h.held_by::text, ''), coalesce((SELECT name FROM person WHERE id = h.held_by), ''), h.held_at, h.lifted_at,
			(SELECT count(*) FROM transmission t WHERE t.batch IS NOT NULL AND t.state IN ('queued', 'deferred') AND (h.relay IS NOT NULL OR t.body_code = h.body_code))
		FROM hold h WHERE h.lifted_at IS NULL ORDER BY h.held_at, h.id`)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read holds: %w", err))
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Hold])
	return out, unavailable(err)
}

// holds is what is held now. What is held while a message is on its way stops the next one.
type holds []Hold

// of returns the reason for which a message is not sent through the relay, or to its body.
//
// The letter that tells of a paused relay is tried all the same: where the relay refuses only some messages it gets through, and
// where it refuses everything, one more does no harm.
func (hs holds) of(relay string, x Transmission) (reason string, held bool) {
	if x.Letter == liaison.LetterRelayHeld {
		return "", false
	}
	for _, h := range hs {
		if h.Relay != "" && h.Relay == relay || h.Body != "" && h.Body == x.Body {
			return h.Reason, true
		}
	}
	return "", false
}

func (t *tx) holds(ctx context.Context) (holds, error) {
	rows, err := t.Query(ctx, `SELECT coalesce(relay, ''), coalesce(body_code, ''), reason FROM hold WHERE lifted_at IS NULL`)
	if err != nil {
		return nil, fmt.Errorf("read holds: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (h Hold, err error) {
		err = row.Scan(&h.Relay, &h.Body, &h.Reason)
		return h, err
	})
	if err != nil {
		return nil, fmt.Errorf("read holds: %w", err)
	}
	return out, nil
}

// holdRelay stops sending through a relay that will have nothing from us.
func (t *tx) holdRelay(ctx context.Context, x Transmission, sent Sent) error {
	reason := fmt.Sprintf("at %s the relay answered %d %s", sent.Stage, sent.Code, sent.Reply)
	if r := []rune(reason); len(r) > liaison.MaxReason {
		reason = string(r[:liaison.MaxReason])
	}
	tag, err := t.Exec(ctx, `INSERT INTO hold (id, relay, reason, held_at) VALUES ($1, $2, $3, $4) ON CONFLICT (relay) WHERE lifted_at IS NULL DO NOTHING`, newID(), sent.Relay, reason, t.now)
	if err != nil {
		return fmt.Errorf("hold the relay: %w", err)
	}
	if tag.RowsAffected() == 1 {
		var version int
		if err := t.QueryRow(ctx, `SELECT version FROM statement WHERE id = $1`, x.Statement).Scan(&version); err != nil {
			return fmt.Errorf("read statement: %w", err)
		}
		e := pauseEvent(liaison.EventPaused, sent.Relay, "", reason, "")
		e.Statement, e.Version, e.Revision = x.Statement, version, x.Revision
		t.record(e)
		slog.ErrorContext(ctx, "the relay will have nothing from us; sending through it is held until somebody resumes it", "relay", sent.Relay, "stage", sent.Stage, "code", sent.Code)
	}
	return nil
}
