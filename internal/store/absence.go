package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/liaison"
)

const absenceSQL = `
	SELECT b.id, b.group_code, b.kind, p.id, p.name, coalesce(d.id::text, ''), coalesce(d.name, ''), b.held_from::text, b.held_until::text, b.evidence,
		r.id, r.name, b.recorded_on::text, b.recorded_at, coalesce(e.id::text, ''), coalesce(e.name, ''), coalesce(b.ended_on::text, ''), b.end_reason
	FROM absence b JOIN person p ON p.id = b.person_id JOIN person r ON r.id = b.recorded_by
		LEFT JOIN person d ON d.id = b.deputy_id LEFT JOIN person e ON e.id = b.ended_by`

func scanAbsence(row pgx.CollectableRow) (liaison.Absence, error) {
	var a liaison.Absence
	err := row.Scan(&a.ID, &a.Group, &a.Kind, &a.Person.ID, &a.Person.Name, &a.Deputy.ID, &a.Deputy.Name, &a.From, &a.Until, &a.Evidence,
		&a.RecordedBy.ID, &a.RecordedBy.Name, &a.RecordedOn, &a.Recorded, &a.EndedBy.ID, &a.EndedBy.Name, &a.EndedOn, &a.EndReason)
	return a, err
}

// RecordAbsence records an absence or a delegation of the group that it names, with its event. Recording the same one again,
// by its id, changes nothing. It refuses as [liaison.Absence.Check] does.
func (s *Store) RecordAbsence(ctx context.Context, actor liaison.PersonID, a liaison.Absence) error {
	for _, id := range []string{string(a.ID), string(actor)} {
		if err := validID(id); err != nil {
			return err
		}
	}
	return s.write(ctx, func(t *tx) error {
		snap, err := groupSnapshot(ctx, t, a.Group, t.now)
		if err != nil {
			return err
		}
		a.Evidence = strings.TrimSpace(a.Evidence)
		acting, err := a.Check(snap.Snapshot, actor)
		if err != nil {
			return err
		}
		tag, err := t.Exec(ctx, `
			INSERT INTO absence (id, group_code, kind, person_id, deputy_id, held_from, held_until, evidence, recorded_by, recorded_on, recorded_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (id) DO NOTHING`,
			a.ID, a.Group, a.Kind, a.Person.ID, nullable(a.Deputy.ID), a.From, a.Until, a.Evidence, actor, snap.Today, t.now)
		if err != nil {
			return fmt.Errorf("record an absence: %w", err)
		}
		if tag.RowsAffected() == 1 {
			t.record(liaison.Event{
				Kind: liaison.EventAbsenceRecorded, Actor: actor, Acting: acting, Body: a.Group, Stands: a.ID, For: a.Person.ID, Deputy: a.Deputy.ID,
				On: max(a.From, snap.Today), Until: a.Until, Evidence: a.Evidence,
			})
		}
		return nil
	})
}

// EndAbsence ends one early: from today on it holds no more. Who could record it can end it.
func (s *Store) EndAbsence(ctx context.Context, actor liaison.PersonID, id liaison.AbsenceID, reason string) error {
	if err := validID(string(id)); err != nil {
		return err
	}
	reason = strings.TrimSpace(reason)
	if reason == "" {
		return &liaison.Error{Code: liaison.Invalid, Field: "reason", Message: "Say why it ends early: it goes into the record."}
	}
	return s.write(ctx, func(t *tx) error {
		rows, err := t.Query(ctx, absenceSQL+` WHERE b.id = $1 FOR UPDATE OF b`, id)
		if err != nil {
			return fmt.Errorf("read an absence: %w", err)
		}
		a, err := pgx.CollectExactlyOneRow(rows, scanAbsence)
		if errors.Is(err, pgx.ErrNoRows) {
			return liaison.Refuse(liaison.NotFound, "There is no such absence or delegation.")
		} else if err != nil {
			return fmt.Errorf("read an absence: %w", err)
		}
		snap, err := groupSnapshot(ctx, t, a.Group, t.now)
		if err != nil {
			return err
		}
		if a.EndedOn != "" || a.Until < snap.Today {
			return liaison.Refuse(liaison.Conflict, "It has ended already.")
		}
		acting, err := a.MayEnd(snap.Snapshot, actor)
		if err != nil {
			return err
		}
		if _, err := t.Exec(ctx, `UPDATE absence SET ended_by = $2, ended_on = $3, end_reason = $4 WHERE id = $1`, id, actor, snap.Today, reason); err != nil {
			return fmt.Errorf("end an absence: %w", err)
		}
		t.record(liaison.Event{Kind: liaison.EventAbsenceEnded, Actor: actor, Acting: acting, Body: a.Group, Stands: a.ID, For: a.Person.ID, Until: snap.Today, Reason: reason})
		return nil
	})
}

// TellStandIns tells the vice-chairs who stand in for the chair of each decision that waited before they did; see
// [liaison.Snapshot.LeftToDeputy]. It returns the statements of which it told. Repeating it tells nobody twice.
func (s *Store) TellStandIns(ctx context.Context) (out []liaison.StatementID, err error) {
	rows, err := s.pool.Query(ctx, `
		SELECT s.id FROM statement s
		WHERE s.state IN ('in-review', 'by-correspondence', 'tabled') AND EXISTS (
			SELECT FROM absence b
			WHERE b.group_code = s.group_code AND (b.kind = 'delegation' OR EXISTS (SELECT FROM appointment o WHERE o.group_code = b.group_code AND o.person_id = b.person_id AND o.office = 'chair'))
				AND b.ended_on IS NULL AND $1::date BETWEEN b.held_from - 1 AND b.held_until + 1 -- which day it is there, its zone says
				AND NOT EXISTS (SELECT FROM event e WHERE e.statement_id = s.id AND e.version = s.version AND e.kind = 'left-to-vice-chair' AND e.absence_id = b.id))
		ORDER BY s.id`, liaison.DateOf(s.now(), time.UTC))
	if err != nil {
		return nil, unavailable(fmt.Errorf("read what is left to a vice-chair: %w", err))
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[liaison.StatementID])
	if err != nil {
		return nil, unavailable(fmt.Errorf("read what is left to a vice-chair: %w", err))
	}
	return s.tell(ctx, ids, func(_ *tx, snap Snapshot) (liaison.Event, bool) {
		a, ok := snap.LeftToDeputy()
		return liaison.Event{Kind: liaison.EventLeftToDeputy, Stands: a.ID, Until: a.Until}, ok
	})
}
