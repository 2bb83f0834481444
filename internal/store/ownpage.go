package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/liaison"
)

// ReceivedLine is one message that a body was sent, as its own page shows it.
type ReceivedLine struct {
	Transmission liaison.TransmissionID
	Kind         liaison.StatementKind
	Ref          string
	Title        string
	Group        string // label
	Purpose      liaison.Purpose
	Sent         time.Time
	Due          liaison.Date // the date in force, "" for none
	Changed      time.Time    // when where the reply stands was last changed
	Reply        liaison.ReplyState
	Answered     *time.Time // the last thing that the body said to it
	Said         liaison.EventKind
	Proposals    int                  // made to the body
	Replies      int                  // of those, answered, here or where a report before its revision asked the same
	Over         liaison.RelationKind // by which another one that has left says that this one counts no more, "" for none
	Marked       *time.Time           // when that one left
	Closed       bool                 // confidential: only the link of its own message leads to it
}

// Updated is when something of it last changed that the body sees.
func (l ReceivedLine) Updated() time.Time {
	last := l.Sent
	for _, at := range []*time.Time{&l.Changed, l.Answered, l.Marked} {
		if at != nil && at.After(last) {
			last = *at
		}
	}
	return last
}

// Waits reports whether something is awaited of the body.
func (l ReceivedLine) Waits() bool {
	return l.Over == "" && (l.Reply.Open() || l.Proposals > l.Replies)
}

// proposalsIn are those of the report in a revision.
func proposalsIn(revision string) string {
	return `coalesce(convert_from(` + revision + `.canonical, 'UTF8')::jsonb->'content'->'report'->'proposals', '[]')`
}

// Received lists what a body was sent and has, the latest first: messages whose server took them over, whose link is good. Which proposal of a
// report before its revision is the same is [liaison.Proposal.Same], said in SQL.
func (s *Store) Received(ctx context.Context, body liaison.Code) ([]ReceivedLine, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT t.id, s.kind, s.ref, s.title, coalesce(nullif(g.short_name, ''), g.name), a.purpose, t.message_date, coalesce(r.due::text, ''), coalesce(greatest(r.changed_at, r.since), t.message_date), coalesce(r.state, 'not-awaited'), said.at, coalesce(said.kind, ''),
			asked.made, asked.answered, `+overSQL+`,
			(SELECT max(o.dispatched_at) FROM relation x JOIN statement o ON o.id = x.statement_id AND o.revision = x.revision
				WHERE x.related_id = s.id AND x.kind IN ('recalls', 'revises') AND o.state = ANY ($2)), s.confidential
		FROM transmission t JOIN statement s ON s.id = t.statement_id JOIN body g ON g.code = s.group_code
		JOIN addressee a ON a.statement_id = t.statement_id AND a.revision = t.revision AND a.position = t.position
		JOIN revision v ON v.statement_id = t.statement_id AND v.number = t.revision
		LEFT JOIN reply r ON r.statement_id = t.statement_id AND r.position = t.position
		CROSS JOIN LATERAL (
			SELECT count(*) AS made, count(*) FILTER (WHERE EXISTS (
				SELECT FROM statement o JOIN revision w ON w.statement_id = o.id AND w.number = o.revision, jsonb_array_elements(`+proposalsIn("w")+`) q
					JOIN proposal_answer y ON y.number = (q->>'number')::integer
				WHERE o.group_code = s.group_code AND o.kind = 'report' AND o.period = s.period AND o.number = s.number AND o.corrigendum = 0 AND o.rev <= s.rev
					AND y.statement_id = o.id AND y.body_code = t.body_code
					AND CASE WHEN o.id = s.id THEN q->>'number' = p->>'number' ELSE q->>'title' = p->>'title' AND q->>'text' = p->>'text' END)) AS answered
			FROM jsonb_array_elements(`+proposalsIn("v")+`) p WHERE s.kind = 'report' AND p->'to' ? t.body_code) asked
		LEFT JOIN LATERAL (SELECT e.at, e.kind FROM event e WHERE e.transmission_id = t.id AND e.kind IN ('acknowledged', 'replied', 'misdirected', 'extension-asked', 'declined', 'proposal-answered') ORDER BY e.seq DESC LIMIT 1) said ON true
		WHERE t.body_code = $1 AND t.letter = 'statement' AND t.state IN ('accepted', 'assumed')
			AND NOT EXISTS (SELECT FROM transmission_token_revoked x WHERE x.transmission_id = t.id)
		ORDER BY t.message_date DESC, t.id LIMIT 500`, body, publicStates())
	if err != nil {
		return nil, unavailable(fmt.Errorf("read what a body received: %w", err))
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ReceivedLine])
	return out, unavailable(err)
}

// LinkGeneration is how often the link to a body's own page was revoked.
func (s *Store) LinkGeneration(ctx context.Context, body liaison.Code) (n int, err error) {
	err = s.pool.QueryRow(ctx, `SELECT n FROM body_link_revoked WHERE body_code = $1 ORDER BY n DESC LIMIT 1`, body).Scan(&n)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	return n, unavailable(err)
}

// RevokeBodyLink makes the link to a body's own page worth nothing; the next message carries a new one. Whoever holds the
// secretariat or the chair of a group may.
func (s *Store) RevokeBodyLink(ctx context.Context, body liaison.Code, by liaison.PersonID) error {
	return s.write(ctx, func(t *tx) error {
		if err := t.onlyFor(ctx, by, "Only a secretariat or a chair revokes the link of a body.", liaison.OfficeSecretary, liaison.OfficeChair); err != nil {
			return err
		}
		return t.revokeBodyLink(ctx, body, by)
	})
}

func (t *tx) revokeBodyLink(ctx context.Context, body liaison.Code, by liaison.PersonID) error {
	if _, err := t.Exec(ctx, `
		INSERT INTO body_link_revoked (body_code, n, person_id, at)
		SELECT $1, coalesce(max(n), 0) + 1, $2, $3 FROM body_link_revoked WHERE body_code = $1
		ON CONFLICT DO NOTHING`, body, by, t.now); err != nil { // somebody who revoked it at the same moment did what was asked
		return fmt.Errorf("revoke the link of a body: %w", err)
	}
	return nil
}
