package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/liaison"
)

// Series is the numbers of a group in a study period.
type Series struct {
	Group  liaison.Code
	Label  string // of the group
	Kind   liaison.StatementKind
	Period string
	Last   int // the highest number that the reader knows of
}

// Series lists those in which the person may see a number, the newest period first. Who works for the group sees every number;
// others those up to the highest one that has left, because a number that is given says that something is about to leave.
func (s *Store) Series(ctx context.Context, who liaison.PersonID) ([]Series, error) {
	r, err := s.reader(ctx, who)
	if err != nil {
		return nil, err
	}
	rows, err := s.pool.Query(ctx, `
		SELECT n.group_code, coalesce(nullif(g.short_name, ''), g.name), n.kind, n.period, CASE WHEN n.group_code = ANY ($1) THEN n.last ELSE coalesce(seen.top, 0) END AS top
		FROM number_series n JOIN body g ON g.code = n.group_code
		LEFT JOIN LATERAL (SELECT number AS top FROM statement
			WHERE n.group_code <> ALL ($1) AND group_code = n.group_code AND kind = n.kind AND period = n.period AND state = ANY ($2) AND NOT confidential ORDER BY number DESC LIMIT 1) seen ON true
		ORDER BY n.period DESC, n.group_code, n.kind DESC`, r.groups(), publicStates())
	if err != nil {
		return nil, unavailable(fmt.Errorf("read the series of numbers: %w", err))
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Series])
	return slices.DeleteFunc(out, func(x Series) bool { return x.Last == 0 }), unavailable(err)
}

// NumberLine is a number with what became of it.
type NumberLine struct {
	Number      int
	Rev         int
	Corrigendum int
	Readable    bool // by the person; of what they may not read nothing but the number and whether it was withdrawn is told
	ID          liaison.StatementID
	Ref         string
	Title       string
	State       liaison.State
	Changed     time.Time
	Dispatched  *time.Time
	Reason      string // why it was withdrawn, rejected or taken back for changes, for who works on it
}

// NumbersOf lists the numbers of a series from the highest below before down, at most limit of them, with what went out under each.
// before is 0 for the highest.
func (s *Store) NumbersOf(ctx context.Context, who liaison.PersonID, x Series, before, limit int) ([]NumberLine, error) {
	r, err := s.reader(ctx, who)
	if err != nil {
		return nil, err
	}
	if before < 1 || before > x.Last+1 {
		before = x.Last + 1
	}
	rows, err := s.pool.Query(ctx, `
		SELECT s.number, s.rev, s.corrigendum, mine.mine OR s.state = ANY ($6) AND NOT s.confidential, s.id, s.ref, s.title, s.state, s.changed_at, s.dispatched_at,
			CASE WHEN mine.mine THEN coalesce((SELECT e.reason FROM event e WHERE e.statement_id = s.id AND e.kind IN ('withdrawn', 'rejected', 'reopened') ORDER BY e.seq DESC LIMIT 1), '') ELSE '' END
		FROM statement s CROSS JOIN LATERAL (SELECT s.group_code = ANY ($5) OR EXISTS (SELECT FROM drafter d WHERE d.statement_id = s.id AND d.person_id = $7) AS mine) mine
		WHERE s.group_code = $1 AND s.kind = $2 AND s.period = $3 AND s.number < $4 AND s.number >= $4 - $8
		ORDER BY s.number DESC, s.rev, s.corrigendum`, x.Group, x.Kind, x.Period, before, r.groups(), publicStates(), r.person, limit)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read numbers: %w", err))
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[NumberLine])
	if err != nil {
		return nil, unavailable(fmt.Errorf("read numbers: %w", err))
	}
	var out []NumberLine
	for n := before - 1; n > max(0, before-1-limit); n-- {
		of := slices.DeleteFunc(slices.Clone(list), func(l NumberLine) bool { return l.Number != n })
		if len(of) == 0 {
			of = []NumberLine{{Number: n}} // a gap, which the check of the log reports
		}
		for _, l := range of {
			if !l.Readable {
				if l.Rev > 0 || l.Corrigendum > 0 {
					continue // that there is a correction under way is not public
				}
				l = NumberLine{Number: l.Number, Ref: l.Ref, State: l.State}
			}
			out = append(out, l)
		}
	}
	return out, nil
}
