package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/liaison"
)

const employmentSQL = `
	SELECT x.id, x.group_code, p.id, p.name, x.body_code, coalesce(nullif(b.short_name, ''), b.name), x.held_from::text, coalesce(x.held_until::text, ''), x.evidence,
		r.id, r.name, x.recorded_at, coalesce(e.id::text, ''), coalesce(e.name, ''), coalesce(x.ended_on::text, ''), x.end_reason
	FROM employment x JOIN person p ON p.id = x.person_id JOIN body b ON b.code = x.body_code
		JOIN person r ON r.id = x.recorded_by LEFT JOIN person e ON e.id = x.ended_by`

func scanEmployment(row pgx.CollectableRow) (liaison.Employment, error) {
	var e liaison.Employment
	err := row.Scan(&e.ID, &e.Group, &e.Person.ID, &e.Person.Name, &e.Body, &e.BodyLabel, &e.From, &e.Until, &e.Evidence,
		&e.RecordedBy.ID, &e.RecordedBy.Name, &e.Recorded, &e.EndedBy.ID, &e.EndedBy.Name, &e.EndedOn, &e.EndReason)
	return e, err
}

// Employers lists who the officers of a group work for, by name and then the latest first, for its secretariat and its chair; nobody
// else may see it.
func (s *Store) Employers(ctx context.Context, who liaison.PersonID, group liaison.Code) ([]liaison.Employment, error) {
	snap, err := s.GroupSnapshot(ctx, group)
	if err != nil {
		return nil, err
	}
	if err := snap.MaySeeEmployers(who); err != nil {
		return nil, err
	}
	return s.employments(ctx, ` WHERE x.person_id IN (SELECT person_id FROM appointment WHERE group_code = $1)`, group)
}

// EmployersOf lists a person's own.
func (s *Store) EmployersOf(ctx context.Context, who liaison.PersonID) ([]liaison.Employment, error) {
	if err := validID(string(who)); err != nil {
		return nil, err
	}
	return s.employments(ctx, ` WHERE x.person_id = $1`, who)
}

func (s *Store) employments(ctx context.Context, where string, arg any) ([]liaison.Employment, error) {
	rows, err := s.pool.Query(ctx, employmentSQL+where+` ORDER BY p.name, p.id, x.held_from DESC, x.recorded_at DESC, x.id`, arg)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read employers: %w", err))
	}
	out, err := pgx.CollectRows(rows, scanEmployment)
	return out, unavailable(err)
}

// RecordEmployment enters who an officer works for, with its event. The same entry again, by its id, changes nothing. It refuses as
// [liaison.Employment.Check] does.
func (s *Store) RecordEmployment(ctx context.Context, actor liaison.PersonID, e liaison.Employment) error {
	for _, id := range []string{string(e.ID), string(actor)} {
		if err := validID(id); err != nil {
			return err
		}
	}
	return s.write(ctx, func(t *tx) error {
		snap, err := groupSnapshot(ctx, t, e.Group, t.now)
		if err != nil {
			return err
		}
		e.Evidence = strings.TrimSpace(e.Evidence)
		if err := e.Check(snap.Snapshot, actor); err != nil {
			return err
		}
		tag, err := t.Exec(ctx, `
			INSERT INTO employment (id, group_code, person_id, body_code, held_from, held_until, evidence, recorded_by, recorded_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING`,
			e.ID, e.Group, e.Person.ID, e.Body, e.From, nullable(e.Until), e.Evidence, actor, t.now)
		switch {
		case violates(err, "employment_once"):
			return &liaison.Error{Code: liaison.Conflict, Field: "from", Message: "The same employer from the same day on is recorded already. End that entry first if it is wrong."}
		case violates(err, "employment_body_code_fkey"):
			return &liaison.Error{Code: liaison.Invalid, Field: "body", Message: "There is no such body. Choose one of the list."}
		case err != nil:
			return fmt.Errorf("record an employer: %w", err)
		}
		if tag.RowsAffected() == 1 {
			t.record(liaison.Event{
				Kind: liaison.EventEmployerRecorded, Actor: actor, Acting: liaison.AsSecretary, Body: e.Group, For: e.Person.ID,
				On: e.From, Until: e.Until, Evidence: string(e.Body) + ": " + e.Evidence,
			})
		}
		return nil
	})
}

// EndEmployment ends an entry after its last day, or takes it for one that never held; see [liaison.Employment.End].
func (s *Store) EndEmployment(ctx context.Context, actor liaison.PersonID, id liaison.EmploymentID, last liaison.Date, reason string) error {
	if err := validID(string(id)); err != nil {
		return err
	}
	return s.write(ctx, func(t *tx) error {
		rows, err := t.Query(ctx, employmentSQL+` WHERE x.id = $1 FOR UPDATE OF x`, id)
		if err != nil {
			return fmt.Errorf("read an employer: %w", err)
		}
		e, err := pgx.CollectExactlyOneRow(rows, scanEmployment)
		if errors.Is(err, pgx.ErrNoRows) {
			return liaison.Refuse(liaison.NotFound, "There is no such entry.")
		} else if err != nil {
			return fmt.Errorf("read an employer: %w", err)
		}
		snap, err := groupSnapshot(ctx, t, e.Group, t.now)
		if err != nil {
			return err
		}
		if e, err = e.End(snap.Snapshot, actor, last, reason); err != nil {
			return err
		}
		if _, err := t.Exec(ctx, `UPDATE employment SET ended_by = $2, ended_on = $3, end_reason = $4 WHERE id = $1`, id, actor, e.EndedOn, e.EndReason); err != nil {
			return fmt.Errorf("end an employer: %w", err)
		}
		t.record(liaison.Event{
			Kind: liaison.EventEmployerEnded, Actor: actor, Acting: liaison.AsSecretary, Body: e.Group, For: e.Person.ID,
			On: e.From, Until: last, Reason: e.EndReason, Evidence: string(e.Body),
		})
		return nil
	})
}
