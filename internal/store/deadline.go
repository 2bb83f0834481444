package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/internal/inbound"
	"github.com/jca-ml/liaison/liaison"
)

// Deadlines are the kinds of lists of deadlines.
const (
	DeadlinesOpen    = "open"    // a reply is still expected
	DeadlinesOverdue = "overdue" // its date has passed
	DeadlinesOurs    = "ours"    // it waits for us: another date was asked for, or it belongs elsewhere and nobody has noted where
	DeadlinesSettled = "settled"
	DeadlinesAll     = "all"
)

// deadlineKinds are their conditions on a reply r of a statement s. What was recalled or superseded is expected no more.
var deadlineKinds = map[string]string{
	DeadlinesOpen:    openReply + ` AND ` + notOver,
	DeadlinesOverdue: `r.state = 'overdue' AND ` + notOver,
	DeadlinesOurs:    openReply + ` AND (r.asked IS NOT NULL OR r.state = 'redirected' AND r.redirected_to IS NULL) AND ` + notOver,
	DeadlinesSettled: `r.due IS NOT NULL AND NOT ` + openReply,
	DeadlinesAll:     `r.due IS NOT NULL`,
}

const (
	openReply = `(r.state IN ('awaiting', 'extended', 'overdue', 'redirected'))`
	notOver   = `NOT EXISTS (SELECT FROM relation x JOIN statement o ON o.id = x.statement_id AND o.revision = x.revision
		WHERE x.related_id = s.id AND x.kind IN ('recalls', 'revises') AND o.state = ANY ($1))`
)

// Whose statements a list of deadlines is of.
const (
	DeadlinesOfAll   = ""
	DeadlinesOfGroup = "group" // of the groups that the person holds an office of
	DeadlinesOfMine  = "mine"  // that the person drafted
)

// DeadlineFilter chooses lines of the list of deadlines.
type DeadlineFilter struct {
	Kind        string       // one of the kinds; [DeadlinesOpen] when not given
	Whose       string       // of whose statements; [DeadlinesOfAll] when not given
	Body        liaison.Code // who owes the reply
	From, Until liaison.Date // inclusive; "" for no bound
	After       string       // the key that the page before ended with
	Limit       int          // at most 500; 50 when not given
}

// DeadlineLine is one reply that is or was awaited by a date.
type DeadlineLine struct {
	Statement liaison.StatementID
	Ref       string
	Title     string
	Group     string // label
	Changed   time.Time
	Reply     liaison.Reply
}

// Deadlines lists the replies that are awaited by a date, the nearest first: of statements that have left and that the person may
// read, which are all but the confidential ones of other groups. next is the key of the following page, "" at the end.
func (s *Store) Deadlines(ctx context.Context, who liaison.PersonID, f DeadlineFilter) (lines []DeadlineLine, next string, err error) {
	if f.Kind == "" {
		f.Kind = DeadlinesOpen
	}
	if f.Limit <= 0 || f.Limit > 500 {
		f.Limit = 50
	}
	due, id, position := "0001-01-01", "00000000-0000-0000-0000-000000000000", 0
	if f.After != "" {
		parts := strings.Split(f.After, ",")
		refuse := liaison.Refuse(liaison.Invalid, "This page of the list does not exist. Begin with the first one.")
		if len(parts) != 3 || validID(parts[1]) != nil {
			return nil, "", refuse
		}
		if _, err := time.Parse(time.DateOnly, parts[0]); err != nil {
			return nil, "", refuse
		}
		if position, err = strconv.Atoi(parts[2]); err != nil || position < 0 || position > 1<<20 {
			return nil, "", refuse
		}
		due, id = parts[0], parts[1]
	}
	r, err := s.reader(ctx, who)
	if err != nil {
		return nil, "", err
	}
	q, err := f.chosen(r)
	if err != nil {
		return nil, "", err
	}
	if f.From != "" {
		q.add(`r.due >= ?::date`, string(f.From))
	}
	if f.Until != "" {
		q.add(`r.due <= ?::date`, string(f.Until))
	}
	q.add(`(r.due, r.statement_id, r.position) > (?::date, ?::uuid, ?::integer)`, due, id, position)
	sql := q.bind(`
		SELECT s.id, coalesce(s.ref, ''), s.title, coalesce(nullif(g.short_name, ''), g.name), greatest(r.changed_at, r.since), `+replyColumns+`
		FROM reply r JOIN statement s ON s.id = r.statement_id JOIN body g ON g.code = s.group_code
		JOIN transmission t ON t.id = r.transmission_id
		JOIN addressee a ON a.statement_id = r.statement_id AND a.revision = r.revision AND a.position = r.position
		WHERE `+q.where()+` ORDER BY r.due, r.statement_id, r.position LIMIT ?`, f.Limit+1)
	rows, err := s.pool.Query(ctx, sql, append([]any{planned}, q.args...)...)
	if err != nil {
		return nil, "", unavailable(fmt.Errorf("read deadlines: %w", err))
	}
	lines, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (l DeadlineLine, err error) {
		err = row.Scan(append([]any{&l.Statement, &l.Ref, &l.Title, &l.Group, &l.Changed}, replyFields(&l.Reply)...)...)
		return l, err
	})
	if err != nil {
		return nil, "", unavailable(fmt.Errorf("read deadlines: %w", err))
	}
	if len(lines) > f.Limit {
		lines = lines[:f.Limit]
		last := lines[f.Limit-1]
		next = string(last.Reply.Due) + "," + string(last.Statement) + "," + strconv.Itoa(last.Reply.Position)
	}
	return lines, next, nil
}

// chosen is what the filter and the reader's rights leave of the replies r of statements s, in every day.
func (f DeadlineFilter) chosen(r reader) (*selection, error) {
	where, ok := deadlineKinds[f.Kind]
	if !ok {
		return nil, liaison.Refuse(liaison.NotFound, "There is no list of deadlines called %q. Choose one of those on the page.", f.Kind)
	}
	q := &selection{args: []any{publicStates()}}
	q.add(`s.state = ANY ($1) AND (NOT s.confidential OR s.group_code = ANY (?)) AND `+where, r.groups())
	switch f.Whose {
	case DeadlinesOfAll:
	case DeadlinesOfGroup:
		q.add(`s.group_code = ANY (?)`, r.groups())
	case DeadlinesOfMine:
		q.add(`EXISTS (SELECT FROM drafter d WHERE d.statement_id = s.id AND d.person_id = ?)`, r.person)
	default:
		return nil, liaison.Refuse(liaison.NotFound, "There is no list of deadlines of %q. Choose one of those on the page.", f.Whose)
	}
	if f.Body != "" {
		q.add(`r.body_code = ?`, f.Body)
	}
	return q, nil
}

// DeadlineCounts counts the lines of each kind that f would list in every day, at most [CountedAtMost].
func (s *Store) DeadlineCounts(ctx context.Context, who liaison.PersonID, f DeadlineFilter) (map[string]int, error) {
	r, err := s.reader(ctx, who)
	if err != nil {
		return nil, err
	}
	out := map[string]int{}
	b := &pgx.Batch{}
	for kind := range deadlineKinds {
		f.Kind = kind
		q, err := f.chosen(r)
		if err != nil {
			return nil, err
		}
		sql := q.bind(`SELECT count(*) FROM (SELECT FROM reply r JOIN statement s ON s.id = r.statement_id WHERE `+q.where()+` ORDER BY r.due LIMIT ?) counted`, CountedAtMost)
		b.Queue(sql, q.args...).QueryRow(func(row pgx.Row) error {
			var n int
			err := row.Scan(&n)
			out[kind] = n
			return err
		})
	}
	if err := s.pool.SendBatch(ctx, b).Close(); err != nil {
		return nil, unavailable(fmt.Errorf("count deadlines: %w", err))
	}
	return out, nil
}

// Candidate is something that came in and could be a reply.
type Candidate struct {
	ID      string // of an inbound message, or of what was said on an addressee's page
	Said    bool   // the latter
	From    string // an address, or a name as it was typed
	Subject string
	Of      string       // number of the statement that it is about, "" for none
	Kind    inbound.Kind // of an inbound message
	At      time.Time    // when it came
	Body    liaison.Code // of the addressee that said it
}

// Candidates lists what came in lately and could be a reply to a statement: about it, about others that the person works on, or
// about nothing that is known; the latest first.
func (s *Store) Candidates(ctx context.Context, who liaison.PersonID, id liaison.StatementID) ([]Candidate, error) {
	if err := validID(string(id)); err != nil {
		return nil, err
	}
	r, err := s.reader(ctx, who)
	if err != nil {
		return nil, err
	}
	rows, err := s.pool.Query(ctx, `
		(SELECT i.id::text, false, coalesce(i.understood->>'from', ''), coalesce(i.understood->>'subject', ''), coalesce(s.ref, ''), i.kind, i.received_at, ''
		FROM inbound_message i LEFT JOIN statement s ON s.id = i.statement_id
		WHERE i.handled_at IS NOT NULL AND i.kind IN ('reply', 'statement', 'unmatched') AND (i.statement_id IS NULL OR i.statement_id = $1 OR s.group_code = ANY ($2))
		ORDER BY i.received_at DESC LIMIT 100)
		UNION ALL
		(SELECT x.id::text, true, x.person_name, t.recipient_name, coalesce(s.ref, ''), '', x.at, coalesce(t.body_code, '')
		FROM transmission_response x JOIN transmission t ON t.id = x.transmission_id JOIN statement s ON s.id = t.statement_id
		WHERE x.kind = 'replied' AND (s.id = $1 OR s.group_code = ANY ($2))
		ORDER BY x.at DESC LIMIT 100)
		ORDER BY 7 DESC LIMIT 100`, id, r.groups())
	if err != nil {
		return nil, unavailable(fmt.Errorf("read what could be a reply: %w", err))
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Candidate])
	return out, unavailable(err)
}
