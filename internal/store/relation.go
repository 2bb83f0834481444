package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/liaison"
)

// related reads the statements of this register that the content relates to, as far as they are there. Nothing is asked for a
// statement that relates to none.
func related(ctx context.Context, q querier, snap Snapshot) ([]liaison.Related, error) {
	ids := []liaison.StatementID{}
	for _, r := range snap.Content.Relations {
		if r.Statement != "" && validID(string(r.Statement)) == nil {
			ids = append(ids, r.Statement)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := q.Query(ctx, `
		SELECT s.id, s.group_code, s.kind, s.state, s.confidential, coalesce(s.ref, ''), s.corrigendum > 0,
			coalesce((SELECT e.kind FROM event e WHERE e.statement_id = s.id AND e.kind = ANY ($2) ORDER BY e.seq DESC LIMIT 1), ''),
			coalesce((SELECT jsonb_agg(jsonb_build_object('body', a.body_code, 'name', a.name, 'email', a.email, 'purpose', a.purpose) ORDER BY a.position)
				FROM addressee a WHERE a.statement_id = s.id AND a.revision = s.revision), '[]')
		FROM statement s WHERE s.id = ANY ($1)`, ids, outcomeEvents())
	if err != nil {
		return nil, fmt.Errorf("read what it relates to: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r liaison.Related, err error) {
		var last liaison.EventKind
		err = row.Scan(&r.ID, &r.Group, &r.Kind, &r.State, &r.Confidential, &r.Ref, &r.Corrigendum, &last, &r.Addressees)
		r.Outcome = liaison.OutcomeIn(last)
		return r, err
	})
	if err != nil {
		return nil, fmt.Errorf("read what it relates to: %w", err)
	}
	by, err := marks(ctx, q, ids)
	for i := range out {
		for _, m := range by[out[i].ID] {
			if m.Statement != snap.ID { // what it did itself is no reason against doing it
				out[i].Marks = append(out[i].Marks, m)
			}
		}
	}
	return out, err
}

// Cited finds statements of this register by how they are cited, among those that the person may read: each by its number as it was
// given, or typed in small letters. Where two study periods have the same number it is the later one.
func (s *Store) Cited(ctx context.Context, who liaison.PersonID, refs []string) (map[string]liaison.Relation, error) {
	out := map[string]liaison.Relation{}
	if len(refs) == 0 {
		return out, nil
	}
	r, err := s.reader(ctx, who)
	if err != nil {
		return nil, err
	}
	rows, err := s.pool.Query(ctx, `
		SELECT x.cited, s.id, s.ref FROM unnest($1::text[]) x (cited) JOIN statement s ON s.ref IN (x.cited, upper(x.cited))
		WHERE s.group_code = ANY ($2) OR s.state = ANY ($3) AND NOT s.confidential OR s.id IN (SELECT statement_id FROM drafter WHERE person_id = $4)
		ORDER BY s.period, s.created_at`, refs, r.groups(), publicStates(), r.person)
	if err != nil {
		return nil, unavailable(fmt.Errorf("find what is cited: %w", err))
	}
	var cited string
	var found liaison.Relation
	_, err = pgx.ForEachRow(rows, []any{&cited, &found.Statement, &found.Ref}, func() error { out[cited] = found; return nil })
	return out, unavailable(err)
}

// marks are what statements that have left did to these, oldest first. What a confidential one did is told only of one that is so too: who
// reads the one may read the other.
func marks(ctx context.Context, q querier, ids []liaison.StatementID) (map[liaison.StatementID][]liaison.Mark, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := q.Query(ctx, `
		SELECT r.related_id, r.kind, s.id, coalesce(s.ref, ''), s.dispatched_at
		FROM relation r JOIN statement s ON s.id = r.statement_id AND s.revision = r.revision JOIN statement o ON o.id = r.related_id
		WHERE r.related_id = ANY ($1) AND s.state = ANY ($2) AND (o.confidential OR NOT s.confidential) ORDER BY s.dispatched_at, s.id`, ids, publicStates())
	if err != nil {
		return nil, fmt.Errorf("read what was done to it: %w", err)
	}
	out := map[liaison.StatementID][]liaison.Mark{}
	var id liaison.StatementID
	var m liaison.Mark
	_, err = pgx.ForEachRow(rows, []any{&id, &m.Kind, &m.Statement, &m.Ref, &m.At}, func() error {
		out[id] = append(out[id], m)
		return nil
	})
	return out, err
}

// recalled holds for the statement of that alias if one of which left holds, an n, tells its addressees to disregard it.
func recalled(alias, left string) string {
	return `EXISTS (SELECT FROM relation x JOIN statement n ON n.id = x.statement_id AND n.revision = x.revision
		WHERE x.related_id = ` + alias + `.id AND x.kind = 'recalls' AND ` + left + `)`
}

// Marks are what other statements that have left did to the statement: superseded, corrected, recalled, forwarded or answered it.
// They are there from the moment the other one's dispatch begins.
func (s *Store) Marks(ctx context.Context, id liaison.StatementID) ([]liaison.Mark, error) {
	if err := validID(string(id)); err != nil {
		return nil, err
	}
	m, err := marks(ctx, s.pool, []liaison.StatementID{id})
	return m[id], unavailable(err)
}

// numberBehind gives the next one behind the number of the statement that is corrected or revised. The row of the number's first holder is
// locked until the commit, so what goes out under one number is numbered one after the other.
func (w *writing) numberBehind(ctx context.Context, kind liaison.RelationKind, other liaison.StatementID) error {
	var ref string
	err := w.QueryRow(ctx, `
		SELECT f.number, f.period, f.ref, c.rev FROM statement c
		JOIN statement f ON (f.group_code, f.kind, f.period, f.number, f.rev, f.corrigendum) = (c.group_code, c.kind, c.period, c.number, 0, 0)
		WHERE c.id = $1 AND c.group_code = $2 AND c.kind = $3 FOR UPDATE OF f`, other, w.Group, w.Content.Kind()).Scan(&w.Number, &w.Period, &ref, &w.RevNumber)
	if errors.Is(err, pgx.ErrNoRows) {
		return liaison.Refuse(liaison.Conflict, "The one that this one takes up has no number.")
	} else if err != nil {
		return fmt.Errorf("lock what is taken up: %w", err)
	}
	same := []any{w.Group, w.Content.Kind(), w.Period, w.Number}
	if kind == liaison.Revises {
		err = w.QueryRow(ctx, `SELECT max(rev) + 1 FROM statement WHERE group_code = $1 AND kind = $2 AND period = $3 AND number = $4`, same...).Scan(&w.RevNumber)
	} else {
		err = w.QueryRow(ctx, `SELECT max(corrigendum) + 1 FROM statement WHERE group_code = $1 AND kind = $2 AND period = $3 AND number = $4 AND rev = $5`,
			append(same, w.RevNumber)...).Scan(&w.CorrigendumNumber)
	}
	if err != nil {
		return fmt.Errorf("give a number behind %s: %w", ref, err)
	}
	w.Ref = liaison.Cite(ref, w.RevNumber, w.CorrigendumNumber)
	return nil
}

// ThreadLine is a statement of a thread.
type ThreadLine struct {
	Line
	Relations []liaison.Relation // of its latest revision, to statements in or out of the register
}

// mostInThread bounds what a page shows of a thread.
const mostInThread = 100

// Thread lists the statements that are tied to this one by relations, in either direction and over any number of steps, as far as the
// person may read them: a statement that they may not read ends the way there. The oldest come first; this one is among them.
func (s *Store) Thread(ctx context.Context, who liaison.PersonID, id liaison.StatementID) ([]ThreadLine, error) {
	if err := validID(string(id)); err != nil {
		return nil, err
	}
	r, err := s.reader(ctx, who)
	if err != nil {
		return nil, err
	}
	page, err := s.lines(ctx, mostInThread, `
		WITH RECURSIVE thread (id) AS (
			SELECT $1::uuid
			UNION
			SELECT next.id FROM thread t CROSS JOIN LATERAL (
				SELECT x.related_id AS id FROM relation x JOIN statement o ON o.id = x.statement_id AND o.revision = x.revision WHERE x.statement_id = t.id
				UNION ALL
				SELECT x.statement_id FROM relation x JOIN statement o ON o.id = x.statement_id AND o.revision = x.revision WHERE x.related_id = t.id
			) next JOIN statement n ON n.id = next.id
			WHERE n.group_code = ANY ($2) OR n.state = ANY ($3) AND NOT n.confidential OR n.id IN (SELECT statement_id FROM drafter WHERE person_id = $4)
		)`+lineSQL+`
		WHERE s.id IN (SELECT id FROM thread) AND (s.group_code = ANY ($2) OR s.state = ANY ($3) AND NOT s.confidential OR s.id IN (SELECT statement_id FROM drafter WHERE person_id = $4))
		ORDER BY coalesce(s.dispatched_at, s.created_at), s.id LIMIT $5`, id, r.groups(), publicStates(), r.person, mostInThread+1)
	if err != nil {
		return nil, err
	}
	ids := []liaison.StatementID{}
	index := map[liaison.StatementID]int{}
	out := make([]ThreadLine, len(page.Lines))
	for i, l := range page.Lines {
		out[i].Line, index[l.ID] = l, i
		ids = append(ids, l.ID)
	}
	rows, err := s.pool.Query(ctx, `
		SELECT x.statement_id, x.kind, coalesce(x.related_id::text, ''), coalesce(o.ref, x.ref)
		FROM relation x JOIN statement s ON s.id = x.statement_id AND s.revision = x.revision LEFT JOIN statement o ON o.id = x.related_id
		WHERE x.statement_id = ANY ($1) AND (x.related_id IS NULL OR x.related_id = ANY ($1)) ORDER BY x.statement_id, x.position`, ids)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read relations: %w", err))
	}
	var from liaison.StatementID
	var rel liaison.Relation
	_, err = pgx.ForEachRow(rows, []any{&from, &rel.Kind, &rel.Statement, &rel.Ref}, func() error {
		l := &out[index[from]]
		l.Relations = append(l.Relations, rel)
		return nil
	})
	return out, unavailable(err)
}
