package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/liaison"
)

// ReachVersion is one version of how a body is reached, and whose.
type ReachVersion struct {
	liaison.Reach
	Version int
	By      string // "" when it came with the register
	At      time.Time
}

// Directory reads what is recorded of all bodies.
func (s *Store) Directory(ctx context.Context) (liaison.Directory, error) {
	d, err := directory(ctx, s.pool)
	return d, unavailable(err)
}

func directory(ctx context.Context, q querier) (d liaison.Directory, err error) {
	all, err := bodies(ctx, q)
	if err != nil {
		return d, err
	}
	d = liaison.Directory{Bodies: make(map[liaison.Code]liaison.Body, len(all)), Reaches: map[liaison.Code]liaison.Reach{}}
	for _, b := range all {
		d.Bodies[b.Code] = b
	}
	rows, err := q.Query(ctx, `SELECT DISTINCT ON (body_code) body_code, canonical FROM body_reach ORDER BY body_code, version DESC`)
	if err != nil {
		return d, fmt.Errorf("read how bodies are reached: %w", err)
	}
	var code liaison.Code
	var canonical []byte
	_, err = pgx.ForEachRow(rows, []any{&code, &canonical}, func() error {
		r, err := liaison.ParseReach(canonical)
		d.Reaches[code] = r
		return err
	})
	if err != nil {
		return d, fmt.Errorf("read how bodies are reached: %w", err)
	}
	return d, nil
}

// Reaches lists the versions of how the body is reached, newest first.
func (s *Store) Reaches(ctx context.Context, code liaison.Code) ([]ReachVersion, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT r.version, r.canonical, coalesce(p.name, ''), r.at FROM body_reach r LEFT JOIN person p ON p.id = r.person_id
		WHERE r.body_code = $1 ORDER BY r.version DESC`, code)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read how a body is reached: %w", err))
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (v ReachVersion, err error) {
		var canonical []byte
		if err := row.Scan(&v.Version, &canonical, &v.By, &v.At); err != nil {
			return v, err
		}
		v.Reach, err = liaison.ParseReach(canonical)
		return v, err
	})
	return out, unavailable(err)
}

// SaveReach records a new version of how a body is reached. version is the one that the person started from, 0 for none;
// when somebody saved meanwhile it refuses with [liaison.Stale]. It is for the secretariats.
func (s *Store) SaveReach(ctx context.Context, code liaison.Code, by liaison.PersonID, version int, r liaison.Reach) error {
	return s.write(ctx, func(t *tx) error {
		if err := t.mayKeepAddresses(ctx, by); err != nil {
			return err
		}
		return t.saveReach(ctx, code, by, version, r)
	})
}

func (t *tx) mayKeepAddresses(ctx context.Context, by liaison.PersonID) error {
	return t.onlyFor(ctx, by, "The address book is kept by the secretariat. Tell it what has changed.", liaison.OfficeSecretary)
}

func (t *tx) saveReach(ctx context.Context, code liaison.Code, by liaison.PersonID, version int, r liaison.Reach) error {
	r = r.Tidy()
	if errs := r.Limits(); len(errs) > 0 {
		return errs[0]
	}
	var last int
	var before []byte
	err := t.QueryRow(ctx, `SELECT b.version, b.canonical FROM body_reach b WHERE b.body_code = $1 ORDER BY b.version DESC LIMIT 1`, code).Scan(&last, &before)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("read how a body is reached: %w", err)
	}
	canonical, err := r.Canonical()
	if err != nil {
		return err
	}
	switch {
	case string(before) == string(canonical):
		return nil // the same form, twice
	case last != version:
		return liaison.Refuse(liaison.Stale, "Somebody changed this body's profile after you opened it. Look at what it says now, and change it again.")
	}
	for _, c := range r.Copies {
		var there bool
		if err := t.QueryRow(ctx, `SELECT EXISTS (SELECT FROM body WHERE code = $1)`, c).Scan(&there); err != nil {
			return fmt.Errorf("read bodies: %w", err)
		}
		if !there || c == code {
			return &liaison.Error{Code: liaison.Invalid, Field: "copies", Message: fmt.Sprintf("A copy cannot go to %s: there is no other body with that code.", c)}
		}
	}
	digest := liaison.DigestOf(canonical)
	t.record(liaison.Event{Kind: liaison.EventBodyProfile, Actor: by, Body: code, Digest: digest})
	_, err = t.Exec(ctx, `INSERT INTO body_reach (body_code, version, canonical, digest, person_id, at, event_id) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		code, last+1, canonical, digest, nullable(by), t.now, t.events[len(t.events)-1].ID)
	switch {
	case violates(err, "body_reach_body_code_fkey"):
		return liaison.Refuse(liaison.NotFound, "There is no body with the code %s.", code)
	case violates(err, "body_reach_pkey"):
		return liaison.Refuse(liaison.Stale, "Somebody changed this body's profile just now. Look at what it says, and change it again.")
	case err != nil:
		return fmt.Errorf("record how a body is reached: %w", err)
	}
	return nil
}

// EnterReaches records how bodies are reached, as they come with a register; a body that has a profile keeps it.
func (s *Store) EnterReaches(ctx context.Context, all map[liaison.Code]liaison.Reach) error {
	return s.write(ctx, func(t *tx) error {
		for _, code := range slices.Sorted(maps.Keys(all)) {
			var there bool
			if err := t.QueryRow(ctx, `SELECT EXISTS (SELECT FROM body_reach WHERE body_code = $1)`, code).Scan(&there); err != nil {
				return fmt.Errorf("read how a body is reached: %w", err)
			}
			if there {
				continue
			}
			if err := t.saveReach(ctx, code, "", 0, all[code]); err != nil {
				return fmt.Errorf("%s: %w", code, err)
			}
		}
		return nil
	})
}

// AddBody enters a body that the register does not have, for the secretariats: how it is reached is entered with it, and it
// counts as unlisted until somebody confirms it on its page.
func (s *Store) AddBody(ctx context.Context, by liaison.PersonID, b liaison.Body) error {
	code, err := liaison.ParseCode(string(b.Code))
	if err != nil {
		return err
	}
	b.Code, b.Name, b.Email = code, strings.TrimSpace(b.Name), strings.TrimSpace(b.Email)
	if b.Name == "" || len([]rune(b.Name)) > liaison.MaxName {
		return &liaison.Error{Code: liaison.Invalid, Field: "name", Message: fmt.Sprintf("Give the body's name, in at most %d characters.", liaison.MaxName)}
	}
	if _, err := liaison.ParseEmail(b.Email); err != nil {
		return &liaison.Error{Code: liaison.Invalid, Field: "email", Message: err.Error()}
	}
	err = s.write(ctx, func(t *tx) error {
		if err := t.mayKeepAddresses(ctx, by); err != nil {
			return err
		}
		if _, err := t.Exec(ctx, `INSERT INTO body (code, kind, name, email, source, language) VALUES ($1, 'organization', $2, $3, 'entered by the secretariat', 'en')`, b.Code, b.Name, b.Email); err != nil {
			return err
		}
		t.record(liaison.Event{Kind: liaison.EventBodyAdded, Actor: by, Body: b.Code})
		return t.saveReach(ctx, b.Code, by, 0, liaison.Reach{Channel: liaison.ByMail, Unlisted: true})
	})
	if violates(err, "body_pkey") {
		return &liaison.Error{Code: liaison.Conflict, Field: "code", Message: "There is a body with this code already."}
	}
	return err
}

// Know fills in what the register knows for the check list of the snapshot's content.
func (s *Store) Know(ctx context.Context, snap *Snapshot) (err error) {
	if snap.Related, err = related(ctx, s.pool, *snap); err != nil { // the content may relate to others than what is stored
		return unavailable(err)
	}
	return unavailable(know(ctx, s.pool, snap))
}

func know(ctx context.Context, q querier, snap *Snapshot) (err error) {
	if snap.Known.Directory, err = directory(ctx, q); err != nil {
		return err
	}
	codes := make([]liaison.Code, len(snap.Content.Addressees))
	for i, a := range snap.Content.Addressees {
		codes[i] = a.Body
	}
	snap.Known.Meetings, snap.Known.SameTitle = map[liaison.Code]liaison.Meeting{}, nil
	b := &pgx.Batch{}
	b.Queue(`SELECT DISTINCT ON (group_code) group_code, title, held_from::text FROM meeting
		WHERE group_code = ANY ($1) AND held_from > $2 AND state <> 'cancelled' ORDER BY group_code, held_from`, codes, snap.Today).Query(func(rows pgx.Rows) error {
		var m liaison.Meeting
		_, err := pgx.ForEachRow(rows, []any{&m.Group, &m.Title, &m.From}, func() error { snap.Known.Meetings[m.Group] = m; return nil })
		return err
	})
	b.Queue(`SELECT coalesce(nullif(ref, ''), 'A statement that is ' || replace(state, '-', ' ')) FROM statement
		WHERE group_code = $1 AND md5(lower(title)) = md5(lower($2)) AND title <> '' AND id::text <> $3 AND state NOT IN ('withdrawn', 'rejected') ORDER BY created_at LIMIT 3`,
		snap.Group, snap.Content.Title, snap.ID).Query(func(rows pgx.Rows) (err error) {
		snap.Known.SameTitle, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	if err := q.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("read what the check list asks for: %w", err)
	}
	if snap.Content.Report != nil {
		snap.Known.Periods, err = reportPeriods(ctx, q, snap.Group)
	}
	return err
}

// editing is how long ago somebody may have had the form open to count as editing.
const editing = 3 * time.Minute

// Present notes that the person has the form of the draft open, and lists who else has.
func (s *Store) Present(ctx context.Context, id liaison.StatementID, who liaison.PersonID) ([]string, error) {
	if err := validID(string(id)); err != nil {
		return nil, err
	}
	now := s.now()
	b := &pgx.Batch{}
	b.Queue(`INSERT INTO draft_presence (statement_id, person_id, seen_at) VALUES ($1, $2, $3) ON CONFLICT (statement_id, person_id) DO UPDATE SET seen_at = excluded.seen_at`, id, who, now)
	var others []string
	b.Queue(`SELECT p.name FROM draft_presence d JOIN person p ON p.id = d.person_id WHERE d.statement_id = $1 AND d.person_id <> $2 AND d.seen_at > $3 ORDER BY p.name`,
		id, who, now.Add(-editing)).Query(func(rows pgx.Rows) (err error) {
		others, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	if err := s.pool.SendBatch(ctx, b).Close(); err != nil {
		return nil, unavailable(fmt.Errorf("note who edits: %w", err))
	}
	return others, nil
}
