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
	if err := checkReason(reason); err != nil {
		return err
	}
	_, err := s.pool.Exec(ctx, `INSERT INTO hold (id, relay, body_code, reason, held_by, held_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		newID(), nullable(relay), nullable(body), strings.TrimSpace(reason), nullable(by), s.now())
	switch {
	case violates(err, "hold_one_per_relay") || violates(err, "hold_one_per_body"):
		return liaison.Refuse(liaison.Conflict, "It is held already.")
	case violates(err, "hold_body_code_fkey"):
		return liaison.Refuse(liaison.NotFound, "There is no body %q.", body)
	}
	return unavailable(err)
}

func checkReason(reason string) error {
	switch reason = strings.TrimSpace(reason); {
	case reason == "":
		return &liaison.Error{Code: liaison.Invalid, Field: "reason", Message: "Give a reason: it goes into the record, and to whoever has to act on it."}
	case len([]rune(reason)) > liaison.MaxReason:
		return &liaison.Error{Code: liaison.Invalid, Field: "reason", Message: "The reason is too long."}
	}
	return nil
}

// Lift ends a hold, by its id, and lists the batches whose messages wait, so that they can be told.
func (s *Store) Lift(ctx context.Context, id, reason string, by liaison.PersonID) ([]Waiting, error) {
	if err := validID(id); err != nil {
		return nil, err
	}
	if err := checkReason(reason); err != nil {
		return nil, err
	}
	tag, err := s.pool.Exec(ctx, `UPDATE hold SET lifted_at = greatest(held_at, $2), lifted_by = $3, lift_reason = $4 WHERE id = $1 AND lifted_at IS NULL`, id, s.now(), nullable(by), strings.TrimSpace(reason))
	if err != nil {
		return nil, unavailable(fmt.Errorf("lift a hold: %w", err))
	}
	if tag.RowsAffected() == 0 {
		return nil, liaison.Refuse(liaison.NotFound, "There is no such hold; perhaps it was lifted just now.")
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
		SELECT h.id, coalesce(h.relay, ''), coalesce(h.body_code, ''), h.reason, coalesce(h.held_by::text, ''), h.held_at, h.lifted_at,
			(SELECT count(*) FROM transmission t WHERE t.batch IS NOT NULL AND t.state IN ('queued', 'deferred') AND (h.relay IS NOT NULL OR t.body_code = h.body_code))
		FROM hold h WHERE h.lifted_at IS NULL ORDER BY h.held_at, h.id`)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read holds: %w", err))
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Hold])
	return out, unavailable(err)
}

// heldBack refuses with [ErrHeld] while the relay or the body is held. What is held while a message is on its way stops the
// next one.
func (t *tx) heldBack(ctx context.Context, relay string, body liaison.Code) error {
	var reason string
	err := t.QueryRow(ctx, `SELECT reason FROM hold WHERE lifted_at IS NULL AND (relay = $1 OR body_code = $2) LIMIT 1`, relay, body).Scan(&reason)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("read holds: %w", err)
	}
	return fmt.Errorf("%w: %s", ErrHeld, reason)
}

// holdRelay stops sending through a relay that will have nothing from us.
func (t *tx) holdRelay(ctx context.Context, sent Sent) error {
	reason := fmt.Sprintf("at %s the relay answered %d %s", sent.Stage, sent.Code, sent.Reply)
	if r := []rune(reason); len(r) > liaison.MaxReason {
		reason = string(r[:liaison.MaxReason])
	}
	tag, err := t.Exec(ctx, `INSERT INTO hold (id, relay, reason, held_at) VALUES ($1, $2, $3, $4) ON CONFLICT (relay) WHERE lifted_at IS NULL DO NOTHING`, newID(), sent.Relay, reason, t.now)
	if err != nil {
		return fmt.Errorf("hold the relay: %w", err)
	}
	if tag.RowsAffected() == 1 {
		slog.ErrorContext(ctx, "the relay will have nothing from us; sending through it is held until somebody resumes it", "relay", sent.Relay, "stage", sent.Stage, "code", sent.Code)
	}
	return nil
}
