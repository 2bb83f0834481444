package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/liaison"
)

// BoardFilter chooses lines of the dispatch board. Its zero value is all that the person may see.
type BoardFilter struct {
	State liaison.TransmissionState
	Body  liaison.Code
	Ref   string // the number of the statement
	After string // the key that the page before ended with
	Limit int    // at most 200; 50 when not given
}

// BoardLine is one message on the dispatch board.
type BoardLine struct {
	Transmission
	Ref            string
	Title          string
	StatementState liaison.State
	DispatchAt     *time.Time             // when the statement's dispatch begins by itself, if it is about to
	LeavesAfter    string                 // the meeting that it waits for, "" for none
	Facts          []liaison.Fact         // each once, in the order in which they became known
	Said           []liaison.ResponseKind // likewise
}

// boardRank is 0 for what needs a person, 1 for what is under way, 2 for the rest; migration 0007 has an index on it.
const boardRank = `(CASE
	WHEN t.state IN ('unknown', 'refused', 'bounced') THEN 0
	WHEN t.state IN ('queued', 'attempting', 'deferred') THEN 1
	ELSE 2 END)`

// boardSees is the condition that the person works on the statement: $1 the groups they hold an office in, $2 the person.
const boardSees = `(s.group_code = ANY ($1) OR EXISTS (SELECT FROM drafter d WHERE d.statement_id = s.id AND d.person_id = $2))`

// Board lists the messages of the statements that the person works on: what needs somebody first, then what is under way,
// then the rest, each from the latest change on. next is the key of the following page, "" at the end.
func (s *Store) Board(ctx context.Context, who liaison.PersonID, f BoardFilter) (lines []BoardLine, next string, err error) {
	r, err := s.reader(ctx, who)
	if err != nil {
		return nil, "", err
	}
	if f.Limit <= 0 || f.Limit > 200 {
		f.Limit = 50
	}
	rank, changed, id, err := boardKey(f.After)
	if err != nil {
		return nil, "", err
	}
	type row struct {
		ID      liaison.TransmissionID
		Rank    int
		Changed time.Time
		Ref     string
		Title   string
		State   liaison.State
		Leaves  *time.Time
		After   string
		Facts   []liaison.Fact
		Said    []liaison.ResponseKind
	}
	rows, err := s.pool.Query(ctx, `
		SELECT t.id, `+boardRank+`, t.changed_at, coalesce(s.ref, ''), s.title, s.state, s.dispatch_at, coalesce((SELECT m.title FROM meeting m WHERE m.id = s.leaves_after), ''),
			ARRAY(SELECT f.kind FROM transmission_fact f WHERE f.transmission_id = t.id GROUP BY f.kind ORDER BY min(f.at), f.kind),
			ARRAY(SELECT r.kind FROM transmission_response r WHERE r.transmission_id = t.id GROUP BY r.kind ORDER BY min(r.at), r.kind)
		FROM transmission t JOIN statement s ON s.id = t.statement_id
		WHERE `+boardSees+`
			AND ($3 = '' OR t.state = $3) AND ($4 = '' OR t.body_code = $4) AND ($5 = '' OR lower(s.ref) = lower($5))
			AND (`+boardRank+` > $6 OR `+boardRank+` = $6 AND (t.changed_at, t.id) < ($7, $8))
		ORDER BY `+boardRank+`, t.changed_at DESC, t.id DESC LIMIT $9`,
		r.groups(), r.person, f.State, f.Body, f.Ref, rank, changed, id, f.Limit+1)
	if err != nil {
		return nil, "", unavailable(fmt.Errorf("read the dispatch board: %w", err))
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[row])
	if err != nil {
		return nil, "", unavailable(fmt.Errorf("read the dispatch board: %w", err))
	}
	if len(found) > f.Limit {
		found = found[:f.Limit]
		last := found[f.Limit-1]
		next = strconv.Itoa(last.Rank) + "," + last.Changed.UTC().Format(time.RFC3339Nano) + "," + string(last.ID)
	}
	ids := make([]liaison.TransmissionID, len(found))
	for i, x := range found {
		ids[i] = x.ID
	}
	ts, err := transmissions(ctx, s.pool, `WHERE t.id = ANY ($1)`, ids)
	if err != nil {
		return nil, "", err
	}
	by := map[liaison.TransmissionID]Transmission{}
	for _, t := range ts {
		by[t.ID] = t
	}
	for _, x := range found {
		lines = append(lines, BoardLine{by[x.ID], x.Ref, x.Title, x.State, x.Leaves, x.After, x.Facts, x.Said})
	}
	return lines, next, nil
}

func boardKey(after string) (rank int, changed time.Time, id string, err error) {
	if after == "" {
		return -1, time.Time{}, "00000000-0000-0000-0000-000000000000", nil
	}
	parts := strings.Split(after, ",")
	refuse := liaison.Refuse(liaison.Invalid, "This page of the board does not exist. Begin with the first one.")
	if len(parts) != 3 || validID(parts[2]) != nil {
		return 0, changed, "", refuse
	}
	rank, err1 := strconv.Atoi(parts[0])
	changed, err2 := time.Parse(time.RFC3339Nano, parts[1])
	if err1 != nil || err2 != nil || rank < 0 || rank > 2 || changed.Year() < 1900 || changed.Year() > 9999 {
		return 0, changed, "", refuse
	}
	return rank, changed, parts[2], nil
}

// BoardCounts counts the messages on the person's board by their state.
func (s *Store) BoardCounts(ctx context.Context, who liaison.PersonID) (map[liaison.TransmissionState]int, error) {
	r, err := s.reader(ctx, who)
	if err != nil {
		return nil, err
	}
	rows, err := s.pool.Query(ctx, `SELECT t.state, count(*) FROM transmission t JOIN statement s ON s.id = t.statement_id WHERE `+boardSees+` GROUP BY t.state`, r.groups(), r.person)
	if err != nil {
		return nil, unavailable(fmt.Errorf("count messages: %w", err))
	}
	out := map[liaison.TransmissionState]int{}
	var state liaison.TransmissionState
	var n int
	_, err = pgx.ForEachRow(rows, []any{&state, &n}, func() error { out[state] = n; return nil })
	return out, unavailable(err)
}

// TrayCount counts what came in and matched nothing.
func (s *Store) TrayCount(ctx context.Context) (n int, err error) {
	err = s.pool.QueryRow(ctx, `SELECT count(*) FROM inbound_message WHERE handled_at IS NOT NULL AND statement_id IS NULL`).Scan(&n)
	return n, unavailable(err)
}
