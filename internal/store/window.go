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

// open puts the revision up for objections.
func (w *writing) open() {
	publish(w.batch, w.Profile, w.now)
	x := w.change.Window
	x.ID = liaison.WindowID(newID())
	w.batch.Queue(`
		INSERT INTO correspondence_window (id, statement_id, revision, digest, mode, opened_by, opened_as, absence_id, opened_at, opened_on, last_day, ends_at, hold, profile, profile_version, command_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
		x.ID, w.ID, w.Revision, w.Digest, x.Mode, w.cmd.Actor, x.OpenedAs, nullable(x.Stands), w.now, x.OpenedOn, x.Last, x.Ends, x.Hold, w.Profile.Key, w.Profile.Version, w.cmd.ID)
	for i, c := range x.Asked {
		w.batch.Queue(`INSERT INTO correspondence_person (window_id, position, person_id, office) VALUES ($1, $2, $3, $4)`, x.ID, i+1, c.ID, c.Office)
	}
	w.Window = x
	w.tx.snap.Window = x // those who are asked are told
}

// say keeps what somebody said in the window, or about it afterwards.
func (w *writing) say() {
	x := w.change.Said
	w.batch.Queue(`
		INSERT INTO correspondence_saying (id, window_id, kind, person_id, name, acting, words, said_on, said_at, entered_by, evidence, evidence_file, command_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		newID(), w.Window.ID, x.Kind, nullable(x.By.ID), x.By.Name, x.As, x.Text, x.On, w.now, nullable(x.Entered.ID), x.Evidence, nullable(x.File), w.cmd.ID)
}

// aboutWindow completes the command's event with the window that it is about.
func (w *writing) aboutWindow(e *liaison.Event) {
	if w.Window == nil || w.change.From != liaison.InCorrespondence && w.change.Rule.To != liaison.InCorrespondence && w.change.Said == nil {
		return
	}
	e.Window = w.Window.ID
	if x := w.change.Window; x != nil {
		e.Mode, e.On, e.Until, e.Rules = x.Mode, x.OpenedOn, x.Last, w.Profile.Cite()
		var ids []string
		for _, c := range x.Asked {
			ids = append(ids, string(c.ID))
		}
		e.People = strings.Join(ids, " ")
	}
	if x := w.change.Said; x != nil {
		e.On = x.On
		if x.Entered.ID != "" {
			e.For, e.ForAs, e.Named, e.Evidence, e.EvidenceFile = x.By.ID, x.As, x.By.Name, x.Evidence, x.File
		}
	}
}

// readWindow adds the read of the window in which the statement's bytes lie or lay open, the latest if there were several.
func readWindow(b *pgx.Batch, snap *Snapshot, id liaison.StatementID) {
	const latest = `(SELECT w.id FROM correspondence_window w JOIN statement s ON s.id = w.statement_id
		WHERE s.id = $1 AND w.digest IN (s.digest, s.approved_digest) ORDER BY w.opened_at DESC LIMIT 1)`
	b.Queue(`
		SELECT w.id, w.revision, w.digest, w.mode, `+personColumns("p")+`, w.opened_as, coalesce(w.absence_id::text, ''), w.opened_at, w.opened_on::text, w.last_day::text, w.ends_at, w.hold,
			(SELECT max(at) FROM event e WHERE e.statement_id = $1 AND e.window_id = w.id AND e.kind = 'window-closing'),
			EXISTS (SELECT FROM event e WHERE e.statement_id = $1 AND e.window_id = w.id AND e.kind = 'window-ended')
		FROM correspondence_window w JOIN person p ON p.id = w.opened_by WHERE w.id = `+latest, id).QueryRow(func(row pgx.Row) error {
		var w liaison.Window
		var reminded *time.Time
		err := row.Scan(append([]any{&w.ID, &w.Revision, &w.Digest, &w.Mode}, append(personFields(&w.OpenedBy), &w.OpenedAs, &w.Stands, &w.Opened, &w.OpenedOn, &w.Last, &w.Ends, &w.Hold, &reminded, &w.Closed)...)...)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if reminded != nil {
			w.Reminded = *reminded
		}
		snap.Window = &w
		return err
	})
	b.Queue(`SELECT `+personColumns("p")+`, c.office FROM correspondence_person c JOIN person p ON p.id = c.person_id WHERE c.window_id = `+latest+` ORDER BY c.position`, id).Query(func(rows pgx.Rows) error {
		asked, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (liaison.Consulted, error) {
			var c liaison.Consulted
			err := row.Scan(append(personFields(&c.Person), &c.Office)...)
			return c, err
		})
		if snap.Window != nil {
			snap.Window.Asked = asked
		}
		return err
	})
	b.Queue(`
		SELECT x.kind, coalesce(p.id::text, ''), coalesce(p.name, x.name), x.acting, x.words, x.said_on::text, x.said_at, coalesce(e.id::text, ''), coalesce(e.name, ''), x.evidence, coalesce(x.evidence_file, '')
		FROM correspondence_saying x LEFT JOIN person p ON p.id = x.person_id LEFT JOIN person e ON e.id = x.entered_by
		WHERE x.window_id = `+latest+` ORDER BY x.said_at, x.id`, id).Query(func(rows pgx.Rows) error {
		said, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (liaison.Saying, error) {
			var x liaison.Saying
			err := row.Scan(&x.Kind, &x.By.ID, &x.By.Name, &x.As, &x.Text, &x.On, &x.At, &x.Entered.ID, &x.Entered.Name, &x.Evidence, &x.File)
			return x, err
		})
		if snap.Window != nil {
			snap.Window.Said = said
		}
		return err
	})
}

func personColumns(of string) string {
	return of + `.id, ` + of + `.name, ` + of + `.email, ` + of + `.affiliation, ` + of + `.language`
}

func personFields(p *liaison.Person) []any {
	return []any{&p.ID, &p.Name, &p.Email, &p.Affiliation, &p.Language}
}

// Window reads a window for objections without what was said in it, or [liaison.NotFound].
func (s *Store) Window(ctx context.Context, id liaison.WindowID) (w liaison.Window, err error) {
	if err := validID(string(id)); err != nil {
		return w, err
	}
	err = s.pool.QueryRow(ctx, `SELECT w.id, w.revision, w.digest, w.mode, `+personColumns("p")+`, w.opened_as, w.opened_on::text, w.last_day::text, w.ends_at
		FROM correspondence_window w JOIN person p ON p.id = w.opened_by WHERE w.id = $1`, id).Scan(
		append([]any{&w.ID, &w.Revision, &w.Digest, &w.Mode}, append(personFields(&w.OpenedBy), &w.OpenedAs, &w.OpenedOn, &w.Last, &w.Ends)...)...)
	if errors.Is(err, pgx.ErrNoRows) {
		return w, liaison.Refuse(liaison.NotFound, "There is no such window for objections.")
	}
	return w, unavailable(err)
}

// WindowPlan is what a statement that is up for objections asks for next.
type WindowPlan struct {
	Kind   liaison.CommandKind // "" for nothing
	At     time.Time
	Opener liaison.PersonID // in whose name what the window approves is dispatched
	Hold   bool
}

// WindowPlan reads what is next of the window of a statement.
func (s *Store) WindowPlan(ctx context.Context, id liaison.StatementID) (p WindowPlan, err error) {
	snap, err := s.Snapshot(ctx, id)
	if err != nil {
		return p, fmt.Errorf("read the window: %w", err)
	}
	if p.Kind, p.At = snap.WindowDue(); snap.Window != nil {
		p.Opener, p.Hold = snap.Window.OpenedBy.ID, snap.Window.Hold
	}
	return p, nil
}
