package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/liaison"
)

// CalendarLink is the state of the secret address under which a calendar reads a person's deadlines. Nobody has one who did not ask
// for it.
type CalendarLink struct {
	Generation int // how many were made and ended so far
	Open       bool
}

// CalendarLink reads the person's; of nobody it is closed.
func (s *Store) CalendarLink(ctx context.Context, who liaison.PersonID) (l CalendarLink, err error) {
	if err := validID(string(who)); err != nil {
		return l, err
	}
	err = s.pool.QueryRow(ctx, `SELECT n, open FROM calendar_link WHERE person_id = $1 ORDER BY n DESC LIMIT 1`, who).Scan(&l.Generation, &l.Open)
	if errors.Is(err, pgx.ErrNoRows) {
		return l, nil
	}
	return l, unavailable(err)
}

// SetCalendarLink makes the person a new address, or none; the one before is worth nothing from then on. l is what was known of it: if
// it has changed since, as in another window, nothing is done.
func (s *Store) SetCalendarLink(ctx context.Context, who liaison.PersonID, l CalendarLink, open bool) error {
	if !open && !l.Open {
		return nil // there is none to end
	}
	_, err := s.pool.Exec(ctx, `
		INSERT INTO calendar_link (person_id, n, open, at) SELECT $1, $2, $3, $4
		WHERE $2 - 1 = coalesce((SELECT max(n) FROM calendar_link WHERE person_id = $1), 0) ON CONFLICT DO NOTHING`, who, l.Generation+1, open, s.now())
	if err != nil {
		return unavailable(fmt.Errorf("make or end the address of a calendar: %w", err))
	}
	return nil
}
