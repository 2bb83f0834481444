package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/liaison"
)

// Person returns one person, or [liaison.NotFound].
func (s *Store) Person(ctx context.Context, id liaison.PersonID) (liaison.Person, error) {
	if err := validID(string(id)); err != nil {
		return liaison.Person{}, err
	}
	var p liaison.Person
	err := s.pool.QueryRow(ctx, `SELECT id, name, email, affiliation, language FROM person WHERE id = $1`, id).Scan(&p.ID, &p.Name, &p.Email, &p.Affiliation, &p.Language)
	if errors.Is(err, pgx.ErrNoRows) {
		return p, liaison.Refuse(liaison.NotFound, "There is no such person.")
	} else if err != nil {
		return p, unavailable(fmt.Errorf("read person: %w", err))
	}
	return p, nil
}

// People lists every person by name.
func (s *Store) People(ctx context.Context) ([]liaison.Person, error) {
	rows, err := s.pool.Query(ctx, `SELECT id, name, email, affiliation, language FROM person ORDER BY name`)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read people: %w", err))
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[liaison.Person])
	if err != nil {
		return nil, unavailable(fmt.Errorf("read people: %w", err))
	}
	return out, nil
}

// Appointments lists what a person is or was appointed to, newest first.
func (s *Store) Appointments(ctx context.Context, id liaison.PersonID) ([]liaison.Appointment, error) {
	rows, err := s.pool.Query(ctx, appointmentSQL+` WHERE a.person_id = $1 ORDER BY a.held_from DESC, a.office`, id)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read appointments: %w", err))
	}
	out, err := pgx.CollectRows(rows, scanAppointment)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read appointments: %w", err))
	}
	return out, nil
}

// onlyFor refuses, in these words, everybody who holds none of the offices today, in whatever group: a relay, a body and its link
// are no group's.
func (t *tx) onlyFor(ctx context.Context, by liaison.PersonID, refusal string, offices ...liaison.Office) error {
	if err := validID(string(by)); err != nil {
		return err
	}
	days, err := todays(t.rules(), t.now)
	if err != nil {
		return err
	}
	var may bool
	if err := t.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM appointment a WHERE a.person_id = $1 AND a.office = ANY($2) AND `+todayIn("$3", "a.group_code")+` BETWEEN a.held_from AND coalesce(a.held_until, 'infinity'))`,
		by, offices, days).Scan(&may); err != nil {
		return fmt.Errorf("read appointments: %w", err)
	}
	if !may {
		return liaison.Refuse(liaison.Forbidden, "%s", refusal)
	}
	return nil
}
