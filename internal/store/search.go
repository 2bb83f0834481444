package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/liaison"
)

// Searching a large register has two sides. Words that a small part of the statements have are looked up in the index and the newest
// of their statements put in order by how well they fit. Words that every tenth statement has say little about which is meant: then the newest
// come first, and the list is gone through until a page is full. Which of the two it is, the newest statements tell. So both
// cost the same however large the register is.
const (
	sampled      = 200      // newest statements that are looked at first
	foundAtMost  = 5000     // statements that words are looked up in the index for; words of more say little
	rankedAtMost = 400      // found statements that are put in order, the newest of them
	bodyIndexed  = 100_000  // characters of a text
	bodyQuoted   = 20_000   // characters that a result quotes from
	startHit     = "\u0002" // control characters, which no stored text has
	stopHit      = "\u0003"
)

// index writes what a statement is found by, in the transaction that changes it.
func index(b *pgx.Batch, id liaison.StatementID, ref string, c liaison.Content) {
	var names []string
	for _, a := range c.Addressees {
		names = append(names, a.Name, string(a.Body))
	}
	for _, a := range c.Attachments {
		names = append(names, a.Name, a.Title)
	}
	for _, r := range c.Relations {
		names = append(names, r.Ref)
	}
	for _, x := range c.Identifiers {
		names = append(names, x.Value)
	}
	names = append(names, c.InReplyTo, string(c.Source), c.WorkItem, strings.Join(c.Keywords, " "))
	text := first(c.Text, bodyIndexed)
	b.Queue(`
		INSERT INTO search (statement_id, language, body, words) VALUES ($1, $2, $3, search_vector($2, $4, $5, $6, $7, $8))
		ON CONFLICT (statement_id) DO UPDATE SET language = excluded.language, body = excluded.body, words = excluded.words`,
		id, c.Language, first(strings.TrimSpace(c.Abstract+"\n"+c.Text), bodyQuoted), ref+" "+c.Title, strings.Join(names, " "), c.Abstract, text,
		liaison.SearchCodes(append(names, ref, c.Title, c.Abstract, text)...))
}

// indexBytes does that for canonical bytes.
func indexBytes(b *pgx.Batch, id liaison.StatementID, ref string, canonical []byte) error {
	c, err := liaison.ParseCanonical(canonical)
	if err == nil {
		index(b, id, ref, c)
	}
	return err
}

func first(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}

// Reindex writes what statements are found by where it is missing, and returns for how many it was: those that are older than the
// index. It may be repeated and run by several at once.
func (s *Store) Reindex(ctx context.Context) (n int, err error) {
	for {
		done := 0
		err := s.write(ctx, func(t *tx) error {
			rows, err := t.Query(ctx, `
				SELECT s.id, coalesce(s.ref, ''), coalesce(r.canonical, d.canonical) FROM statement s
				LEFT JOIN revision r ON s.state <> 'draft' AND r.statement_id = s.id AND r.number = s.revision LEFT JOIN draft d ON d.statement_id = s.id
				WHERE NOT EXISTS (SELECT FROM search x WHERE x.statement_id = s.id) LIMIT 500 FOR UPDATE OF s SKIP LOCKED`)
			if err != nil {
				return fmt.Errorf("look for what is not indexed: %w", err)
			}
			b := &pgx.Batch{}
			var id liaison.StatementID
			var ref string
			var canonical []byte
			if _, err := pgx.ForEachRow(rows, []any{&id, &ref, &canonical}, func() error {
				c, err := liaison.ParseCanonical(canonical)
				if err == nil {
					index(b, id, ref, c)
					done++
				}
				return err
			}); err != nil {
				return fmt.Errorf("look for what is not indexed: %w", err)
			}
			return t.SendBatch(ctx, b).Close()
		})
		n += done
		if err != nil || done == 0 {
			return n, err
		}
	}
}

// Found is what a search came to.
type Found struct {
	Page
	Quotes map[liaison.StatementID][]Quote // where the words stand in the text
	Newest bool                            // the words are common, so the newest come first and nothing is counted
	Total  int                             // how many were found, at most [Found.Most]
	Most   int
}

// Quote is a piece of a text: a word that was looked for, or what stands around it.
type Quote struct {
	Text string
	Hit  bool
}

// selection is the WHERE of a list, with its arguments.
type selection struct {
	conditions []string
	args       []any
}

// add adds a condition; each ? in it is an argument.
func (q *selection) add(condition string, args ...any) {
	q.conditions = append(q.conditions, q.bind(condition, args...))
}

// bind gives the arguments their numbers.
func (q *selection) bind(sql string, args ...any) string {
	for _, a := range args {
		q.args = append(q.args, a)
		sql = strings.Replace(sql, "?", "$"+strconv.Itoa(len(q.args)), 1)
	}
	return sql
}

func (q *selection) where() string { return strings.Join(q.conditions, " AND ") }

// chosen is what the filter and the reader's rights leave of the register.
func (f Filter) chosen(r reader) *selection {
	q := &selection{}
	q.add(`(s.group_code = ANY (?) OR s.state = ANY (?) AND NOT s.confidential OR EXISTS (SELECT FROM drafter d WHERE d.statement_id = s.id AND d.person_id = ?))`, r.groups(), publicStates(), r.person)
	states := f.States
	if f.Turn != "" {
		var turn []liaison.State
		for _, x := range liaison.States {
			if slices.Contains(x.Turn, f.Turn) && (len(states) == 0 || slices.Contains(states, x.State)) {
				turn = append(turn, x.State)
			}
		}
		states = append([]liaison.State{}, turn...)
		q.add(`s.state = ANY (?)`, states)
	} else if len(states) > 0 {
		q.add(`s.state = ANY (?)`, states)
	}
	switch {
	case f.Body != "" && f.Purpose != "":
		q.add(`EXISTS (SELECT FROM addressee a WHERE a.statement_id = s.id AND a.revision = s.revision AND a.body_code = ? AND a.purpose = ?)`, f.Body, f.Purpose)
	case f.Body != "":
		q.add(`EXISTS (SELECT FROM addressee a WHERE a.statement_id = s.id AND a.revision = s.revision AND a.body_code = ?)`, f.Body)
	case f.Purpose != "":
		q.add(`EXISTS (SELECT FROM addressee a WHERE a.statement_id = s.id AND a.revision = s.revision AND a.purpose = ?)`, f.Purpose)
	}
	if !f.Since.IsZero() {
		q.add(`s.changed_at >= ?`, f.Since)
	}
	if !f.Until.IsZero() {
		q.add(`s.changed_at < ?`, f.Until)
	}
	if f.Due != "" {
		q.add(`s.deadline <= ?`, string(f.Due))
	}
	return q
}

// Search lists the statements that have the words of f.Query and that the person may read. Where there is nothing to look for, as in
// a query of nothing but "the", it refuses with [liaison.Invalid].
func (s *Store) Search(ctx context.Context, who liaison.PersonID, f Filter) (found Found, err error) {
	r, err := s.reader(ctx, who)
	if err != nil {
		return found, err
	}
	if f.Limit <= 0 || f.Limit > 100 {
		f.Limit = 20
	}
	parsed := liaison.ParseSearch(f.Query)
	codes := append([]string{}, parsed.Codes...)
	var query string
	if err := s.pool.QueryRow(ctx, `SELECT search_query($1, $2, $3)::text`, parsed.Words, codes, parsed.Without).Scan(&query); err != nil {
		return found, unavailable(fmt.Errorf("read the query: %w", err))
	}
	if query == "" {
		return found, &liaison.Error{Code: liaison.Invalid, Field: "q", Message: "There is nothing in this to look for. Give a word that says more, a number, or the name of a body."}
	}
	found.Most = rankedAtMost
	switch {
	case strings.HasPrefix(f.After, "r,"):
		err = s.ranked(ctx, r, f, query, &found)
	case strings.HasPrefix(f.After, "n,"):
		err = s.newest(ctx, r, f, query, &found)
	default:
		var common bool
		if common, err = s.common(ctx, r, f, query); err != nil {
			return found, err
		}
		if common {
			err = s.newest(ctx, r, f, query, &found)
		} else if err = s.ranked(ctx, r, f, query, &found); errors.Is(err, errTooMany) {
			err = s.newest(ctx, r, f, query, &found)
		}
	}
	if err == nil {
		found.Quotes, err = s.quotes(ctx, query, found.Lines)
	}
	return found, unavailable(err)
}

// planned has a query planned for its very arguments: how common the words are decides how it is best done.
const planned = pgx.QueryExecModeCacheDescribe

// common reports whether the words are so frequent among the newest that a page of them is found by going through these.
func (s *Store) common(ctx context.Context, r reader, f Filter, query string) (bool, error) {
	q := f.chosen(r)
	// OFFSET 0 keeps the planner from beginning with the words, here and below: of a phrase each statement with its words would be read.
	sql := q.bind(`
		SELECT count(*) FROM (SELECT s.id FROM statement s WHERE `+q.where()+` ORDER BY s.changed_at DESC, s.id DESC LIMIT ?) newest
		CROSS JOIN LATERAL (SELECT FROM search x WHERE x.statement_id = newest.id AND x.words @@ ?::text::tsquery OFFSET 0) x`, sampled, query)
	var n int
	err := s.pool.QueryRow(ctx, sql, append([]any{planned}, q.args...)...).Scan(&n)
	return n > f.Limit, err
}

// newest goes through the register from the newest on.
func (s *Store) newest(ctx context.Context, r reader, f Filter, query string, found *Found) error {
	changed, id, err := parseKey(strings.TrimPrefix(f.After, "n,"))
	if err != nil {
		return err
	}
	found.Newest = true
	q := f.chosen(r)
	q.add(`(s.changed_at, s.id) < (?, ?)`, changed, id)
	sql := q.bind(lineSQL+`CROSS JOIN LATERAL (SELECT FROM search x WHERE x.statement_id = s.id AND x.words @@ ?::text::tsquery OFFSET 0) x
		WHERE `+q.where()+` ORDER BY s.changed_at DESC, s.id DESC LIMIT ?`, query, f.Limit+1)
	found.Page, err = s.lines(ctx, f.Limit, sql, append([]any{planned}, q.args...)...)
	if found.Next != "" {
		found.Next = "n," + found.Next
	}
	return err
}

// errTooMany says that the words are in more statements than are looked at.
var errTooMany = errors.New("too many statements have the words")

// ranked looks the words up and puts the newest of what is found in order: a number that is exactly what was asked for first, then by how
// well it fits. What the index names is read from the newest on, until enough of it is what is meant.
func (s *Store) ranked(ctx context.Context, r reader, f Filter, query string, found *Found) error {
	after, err := parseRank(f.After)
	if err != nil {
		return err
	}
	q := f.chosen(r)
	sql := q.bind(`WITH loose AS MATERIALIZED (SELECT search_loose(?::text::tsquery) AS query),
		named AS MATERIALIZED (SELECT x AS id FROM loose, search_hits(loose.query, ?) x),
		hits AS MATERIALIZED (SELECT n.id, n.changed_at, (h.fits + CASE WHEN lower(n.ref) = lower(?) THEN 10 ELSE 0 END)::float8 AS rank
			FROM (SELECT s.id, s.changed_at, s.ref FROM named n JOIN statement s ON s.id = n.id WHERE `+q.where()+` ORDER BY s.changed_at DESC, s.id DESC) n
			CROSS JOIN LATERAL (SELECT ts_rank(x.words, ?::text::tsquery) AS fits FROM search x
				WHERE x.statement_id = n.id AND ((SELECT query::text FROM loose) = ? OR x.words @@ ?::text::tsquery) OFFSET 0) h
			ORDER BY n.changed_at DESC, n.id DESC LIMIT ?)
		SELECT (SELECT count(*) FROM named), (SELECT count(*) FROM hits), h.id, h.changed_at, h.rank FROM (SELECT) one
			LEFT JOIN (SELECT * FROM hits WHERE (rank, changed_at, id) < (?, ?::timestamptz, ?::uuid) ORDER BY rank DESC, changed_at DESC, id DESC LIMIT ?) h ON true
		ORDER BY h.rank DESC, h.changed_at DESC, h.id DESC`, query, foundAtMost, strings.TrimSpace(f.Query), query, query, query, rankedAtMost, after.rank, after.changed, after.id, f.Limit+1)
	rows, err := s.pool.Query(ctx, sql, append([]any{planned}, q.args...)...)
	if err != nil {
		return fmt.Errorf("search: %w", err)
	}
	type hit struct {
		Named   int
		Total   int
		ID      *liaison.StatementID // of nothing in the one row of nothing found
		Changed *time.Time
		Rank    *float64
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[hit])
	if err != nil {
		return fmt.Errorf("search: %w", err)
	}
	if list[0].Named == foundAtMost && f.After == "" {
		return errTooMany
	}
	if found.Total = list[0].Total; list[0].ID == nil {
		return nil
	}
	next := ""
	if len(list) > f.Limit {
		list = list[:f.Limit]
		last := list[len(list)-1]
		next = "r," + strconv.FormatFloat(*last.Rank, 'g', -1, 64) + "," + key(*last.Changed, *last.ID)
	}
	ids := make([]liaison.StatementID, len(list))
	for i, h := range list {
		ids[i] = *h.ID
	}
	page, err := s.lines(ctx, len(ids), lineSQL+`WHERE s.id = ANY ($1) ORDER BY array_position($1, s.id)`, ids)
	found.Page = Page{Lines: page.Lines, Next: next}
	return err
}

type rankKey struct {
	rank        float64
	changed, id any
}

func parseRank(s string) (rankKey, error) {
	if s == "" {
		return rankKey{1e9, "infinity", "ffffffff-ffff-ffff-ffff-ffffffffffff"}, nil
	}
	refuse := liaison.Refuse(liaison.Invalid, "This page of the list does not exist. Begin with the first one.")
	rank, rest, _ := strings.Cut(strings.TrimPrefix(s, "r,"), ",")
	n, err := strconv.ParseFloat(rank, 64)
	if err != nil || rest == "" {
		return rankKey{}, refuse
	}
	changed, id, err := parseKey(rest)
	if err != nil {
		return rankKey{}, refuse
	}
	return rankKey{n, changed, id}, nil
}

// quotes are pieces of the texts of the lines, with the words marked.
func (s *Store) quotes(ctx context.Context, query string, lines []Line) (map[liaison.StatementID][]Quote, error) {
	ids := make([]liaison.StatementID, len(lines))
	for i, l := range lines {
		ids[i] = l.ID
	}
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := s.pool.Query(ctx, `
		SELECT statement_id, search_quote(language, body, $2::text::tsquery, search_stems($2::text::tsquery),
			'StartSel="`+startHit+`", StopSel="`+stopHit+`", ' || CASE WHEN search_config(language) = 'simple'::regconfig THEN 'MaxWords=70, MinWords=40' ELSE 'MaxWords=35, MinWords=18' END)
		FROM search WHERE statement_id = ANY ($1)`, ids, query)
	if err != nil {
		return nil, fmt.Errorf("quote: %w", err)
	}
	out := map[liaison.StatementID][]Quote{}
	var id liaison.StatementID
	var text string
	_, err = pgx.ForEachRow(rows, []any{&id, &text}, func() error { out[id] = quotesOf(text); return nil })
	return out, err
}

// quotesOf splits a marked text. The spaces that were put round characters of scripts without spaces are taken out again, and marks
// of neighbours become one.
func quotesOf(text string) []Quote {
	var out []Quote
	hit := false
	r := []rune(text)
	beside := func(i, step int) bool { // whether the next character in that direction is of such a script
		for i += step; i >= 0 && i < len(r); i += step {
			if s := string(r[i]); s != startHit && s != stopHit {
				return unspaced(r[i])
			}
		}
		return false
	}
	for i, x := range r {
		switch s := string(x); {
		case s == startHit:
			hit = true
		case s == stopHit:
			hit = false
		case x == ' ' && (beside(i, -1) || beside(i, 1)):
		case len(out) > 0 && out[len(out)-1].Hit == hit:
			out[len(out)-1].Text += s
		default:
			out = append(out, Quote{s, hit})
		}
	}
	return out
}

func unspaced(r rune) bool {
	return r >= 0x0e00 && r <= 0x0e7f || r >= 0x3040 && r <= 0x30ff || r >= 0x3400 && r <= 0x9fff || r >= 0xf900 && r <= 0xfaff
}

// SavedView is a filter of the register that a person keeps under a name: the query of its address.
type SavedView struct{ Name, Query string }

// SavedViews lists the person's, by name.
func (s *Store) SavedViews(ctx context.Context, who liaison.PersonID) ([]SavedView, error) {
	rows, err := s.pool.Query(ctx, `SELECT name, query FROM saved_view WHERE person_id = $1 ORDER BY lower(name), name LIMIT 100`, who)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read saved views: %w", err))
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[SavedView])
	return out, unavailable(err)
}

// viewsAtMost is how many one person keeps.
const viewsAtMost = 50

// SaveView keeps a filter under a name; one of that name is replaced.
func (s *Store) SaveView(ctx context.Context, who liaison.PersonID, v SavedView) error {
	if v.Name = strings.TrimSpace(v.Name); v.Name == "" || len([]rune(v.Name)) > 80 || strings.ContainsFunc(v.Name, func(r rune) bool { return r < ' ' }) {
		return &liaison.Error{Code: liaison.Invalid, Field: "name", Message: "Give the view a name of one line with at most 80 characters."}
	}
	if len(v.Query) > 2000 {
		return &liaison.Error{Code: liaison.Invalid, Field: "name", Message: "This filter is too long to be kept."}
	}
	tag, err := s.pool.Exec(ctx, `
		INSERT INTO saved_view (person_id, name, query, created_at)
		SELECT $1, $2, $3, $4 WHERE (SELECT count(*) FROM saved_view WHERE person_id = $1 AND name <> $2) < $5
		ON CONFLICT (person_id, name) DO UPDATE SET query = excluded.query`, who, v.Name, v.Query, s.now(), viewsAtMost)
	if err != nil {
		return unavailable(fmt.Errorf("save the view: %w", err))
	}
	if tag.RowsAffected() == 0 {
		return &liaison.Error{Code: liaison.Conflict, Field: "name", Message: fmt.Sprintf("You keep %d views already. Take one out first.", viewsAtMost)}
	}
	return nil
}

// DropView takes a view out; one that is not there is no error.
func (s *Store) DropView(ctx context.Context, who liaison.PersonID, name string) error {
	if _, err := s.pool.Exec(ctx, `DELETE FROM saved_view WHERE person_id = $1 AND name = $2`, who, name); err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return unavailable(fmt.Errorf("take out the view: %w", err))
	}
	return nil
}
