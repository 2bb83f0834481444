package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/liaison"
)

// Line is a statement as lists show it.
type Line struct {
	ID         liaison.StatementID
	Group      string // label
	State      liaison.State
	Ref        string
	Title      string
	Deadline   liaison.Date
	Drafter    string
	Changed    time.Time
	Addressees []liaison.Addressee // of the latest revision
	Marks      []liaison.Mark      // what other statements that left did to this one
}

// Filter chooses statements of the register. Its zero value is everything that the reader may see.
type Filter struct {
	States  []liaison.State
	Body    liaison.Code     // among the addressees
	Purpose liaison.Purpose  // of one of them, or of Body
	Turn    liaison.Capacity // whose turn it is
	Since   time.Time        // changed then or later
	Until   time.Time        // changed before
	Due     liaison.Date     // deadline on this day or before
	Query   string           // for [Store.Search]
	After   string           // the key that the page before ended with
	Limit   int              // at most 200; 50 when not given
}

// Page is one page of a list and the key of the next, "" at the end.
type Page struct {
	Lines []Line
	Next  string
}

// reader is what decides which statements a person sees: the groups they hold an office in, today.
type reader struct {
	person  liaison.PersonID
	offices []liaison.Appointment
}

func (s *Store) reader(ctx context.Context, p liaison.PersonID) (reader, error) {
	if err := validID(string(p)); err != nil {
		return reader{}, err
	}
	days, err := todays(s.pool.rules(), s.now())
	if err != nil {
		return reader{}, err
	}
	rows, err := s.pool.Query(ctx, appointmentSQL+` WHERE a.person_id = $1 AND `+todayIn("$2", "a.group_code")+` BETWEEN a.held_from AND coalesce(a.held_until, 'infinity')`, p, days)
	if err != nil {
		return reader{}, unavailable(fmt.Errorf("read appointments: %w", err))
	}
	offices, err := pgx.CollectRows(rows, scanAppointment)
	return reader{p, offices}, unavailable(err)
}

func (r reader) groups() []liaison.Code {
	out := []liaison.Code{}
	for _, a := range r.offices {
		if a.Office != liaison.OfficeAuditor && !slices.Contains(out, a.Group) {
			out = append(out, a.Group)
		}
	}
	return out
}

// publicStates are those whose statements every signed-in person may read.
func publicStates() []liaison.State {
	var out []liaison.State
	for _, x := range liaison.States {
		if x.Public {
			out = append(out, x.State)
		}
	}
	return out
}

const lineSQL = `
	SELECT s.id, coalesce(nullif(g.short_name, ''), g.name), s.state, coalesce(s.ref, ''), s.title, coalesce(s.deadline::text, ''), p.name, s.changed_at, s.revision
	FROM statement s JOIN body g ON g.code = s.group_code JOIN person p ON p.id = s.drafter_id `

// Statements lists the register, what changed last first.
func (s *Store) Statements(ctx context.Context, who liaison.PersonID, f Filter) (Page, error) {
	r, err := s.reader(ctx, who)
	if err != nil {
		return Page{}, err
	}
	if f.Limit <= 0 || f.Limit > 200 {
		f.Limit = 50
	}
	changed, id, err := parseKey(f.After)
	if err != nil {
		return Page{}, err
	}
	q := f.chosen(r)
	q.add(`(s.changed_at, s.id) < (?, ?)`, changed, id)
	sql := q.bind(lineSQL+`WHERE `+q.where()+` ORDER BY s.changed_at DESC, s.id DESC LIMIT ?`, f.Limit+1)
	return s.lines(ctx, f.Limit, sql, append([]any{planned}, q.args...)...)
}

// Waiting lists what waits for the person, longest first: the statements in a state in which it is the turn of a
// capacity that the person has.
func (s *Store) Waiting(ctx context.Context, who liaison.PersonID) ([]Line, error) {
	r, err := s.reader(ctx, who)
	if err != nil {
		return nil, err
	}
	standing, err := s.standing(ctx, r)
	if err != nil {
		return nil, err
	}
	var groups []liaison.Code
	var states, mine []liaison.State
	for _, x := range liaison.States {
		for _, a := range r.offices {
			if slices.Contains(x.Turn, liaison.Capacity(a.Office)) || standing[a.Group] && slices.Contains(x.Turn, liaison.AsChair) {
				groups, states = append(groups, a.Group), append(states, x.State)
			}
		}
		if slices.Contains(x.Turn, liaison.AsDrafter) {
			mine = append(mine, x.State)
		}
	}
	// Three ways in, each along an index: what waits is a small part of the register.
	page, err := s.lines(ctx, 200, lineSQL+`
		WHERE s.id = ANY (ARRAY(
			(SELECT w.id FROM unnest($1::text[], $2::text[]) AS turn (group_code, state) CROSS JOIN LATERAL (
				SELECT id FROM statement WHERE group_code = turn.group_code AND statement.state = turn.state
					AND (turn.state <> 'by-correspondence' OR NOT `+openWindow("statement")+`) ORDER BY changed_at, id LIMIT 200) w)
			UNION
			(SELECT c.id FROM correspondence_person p JOIN correspondence_window v ON v.id = p.window_id JOIN statement c ON c.id = v.statement_id
				WHERE p.person_id = $3 AND c.state = 'by-correspondence' AND v.ends_at > $5 AND v.opened_at = (SELECT max(opened_at) FROM correspondence_window WHERE statement_id = c.id)
					AND NOT EXISTS (SELECT FROM correspondence_saying x WHERE x.window_id = v.id AND x.person_id = $3) ORDER BY c.changed_at, c.id LIMIT 200)
			UNION
			(SELECT d.statement_id FROM drafter d JOIN statement m ON m.id = d.statement_id WHERE d.person_id = $3 AND m.state = ANY ($4) ORDER BY m.changed_at, m.id LIMIT 200)))
		ORDER BY s.changed_at, s.id LIMIT 200`, groups, states, r.person, mine, s.now())
	return page.Lines, err
}

// openWindow is a condition on a statement: its window for objections is not over at $5.
func openWindow(statement string) string {
	return `EXISTS (SELECT FROM correspondence_window o WHERE o.statement_id = ` + statement + `.id AND o.ends_at > $5
		AND o.opened_at = (SELECT max(opened_at) FROM correspondence_window WHERE statement_id = ` + statement + `.id))`
}

// standing finds the groups in which the person, a vice-chair, decides in the chair's place today.
func (s *Store) standing(ctx context.Context, r reader) (map[liaison.Code]bool, error) {
	out := map[liaison.Code]bool{}
	for _, a := range r.offices {
		if a.Office != liaison.OfficeViceChair {
			continue
		}
		snap, err := s.GroupSnapshot(ctx, a.Group)
		if err != nil {
			return nil, err
		}
		out[a.Group] = snap.StandsIn(r.person)
	}
	return out, nil
}

// CountedAtMost is where counting stops: a larger number is "99+". So a count costs the same however large the register is.
const CountedAtMost = 100

// Counts says how many statements the person may see in each state, at most [CountedAtMost].
func (s *Store) Counts(ctx context.Context, who liaison.PersonID) (map[liaison.State]int, error) {
	r, err := s.reader(ctx, who)
	if err != nil {
		return nil, err
	}
	states := make([]liaison.State, len(liaison.States))
	for i, x := range liaison.States {
		states[i] = x.State
	}
	// The order is that of an index, so that a state which few statements are in is not looked for among all of them.
	rows, err := s.pool.Query(ctx, `
		SELECT state, n FROM unnest($4::text[]) AS state CROSS JOIN LATERAL (SELECT count(*) AS n FROM (
			(SELECT s.id FROM statement s WHERE s.state = state.state AND state.state = ANY ($2) AND NOT s.confidential ORDER BY s.changed_at DESC, s.id DESC LIMIT $5)
			UNION
			(SELECT s.id FROM unnest($1::text[]) AS mine CROSS JOIN LATERAL (SELECT id FROM statement WHERE group_code = mine AND statement.state = state.state ORDER BY changed_at DESC, id DESC LIMIT $5) s LIMIT $5)
			UNION
			(SELECT s.id FROM drafter d JOIN statement s ON s.id = d.statement_id WHERE d.person_id = $3 AND s.group_code <> ALL ($1) AND s.state = state.state LIMIT $5)
			LIMIT $5) counted) c WHERE n > 0`, r.groups(), publicStates(), r.person, states, CountedAtMost)
	if err != nil {
		return nil, unavailable(fmt.Errorf("count statements: %w", err))
	}
	counts := map[liaison.State]int{}
	var state liaison.State
	var n int
	_, err = pgx.ForEachRow(rows, []any{&state, &n}, func() error { counts[state] = n; return nil })
	return counts, unavailable(err)
}

// lines reads a list and the addressees of its statements in two queries.
func (s *Store) lines(ctx context.Context, limit int, sql string, args ...any) (Page, error) {
	rows, err := s.pool.Query(ctx, sql, args...)
	if err != nil {
		return Page{}, unavailable(fmt.Errorf("list statements: %w", err))
	}
	page := Page{}
	index := map[liaison.StatementID]int{}
	var ids []liaison.StatementID
	var revisions []int
	var l Line
	var revision int
	_, err = pgx.ForEachRow(rows, []any{&l.ID, &l.Group, &l.State, &l.Ref, &l.Title, &l.Deadline, &l.Drafter, &l.Changed, &revision}, func() error {
		if len(page.Lines) == limit {
			last := page.Lines[limit-1]
			page.Next = key(last.Changed, last.ID)
			return nil
		}
		index[l.ID] = len(page.Lines)
		page.Lines = append(page.Lines, l)
		ids, revisions = append(ids, l.ID), append(revisions, revision)
		return nil
	})
	if err != nil {
		return Page{}, unavailable(fmt.Errorf("list statements: %w", err))
	}
	rows, err = s.pool.Query(ctx, `
		SELECT a.statement_id, a.body_code, a.name, a.email, a.purpose
		FROM unnest($1::uuid[], $2::int[]) AS l (id, revision)
		JOIN addressee a ON a.statement_id = l.id AND a.revision = l.revision
		ORDER BY a.statement_id, a.position`, ids, revisions)
	if err != nil {
		return Page{}, unavailable(fmt.Errorf("list addressees: %w", err))
	}
	var id liaison.StatementID
	var a liaison.Addressee
	_, err = pgx.ForEachRow(rows, []any{&id, &a.Body, &a.Name, &a.Email, &a.Purpose}, func() error {
		line := &page.Lines[index[id]]
		line.Addressees = append(line.Addressees, a)
		return nil
	})
	if err != nil {
		return page, unavailable(err)
	}
	marks, err := marks(ctx, s.pool, ids)
	for id, m := range marks {
		page.Lines[index[id]].Marks = m
	}
	return page, unavailable(err)
}

func key(changed time.Time, id liaison.StatementID) string {
	return changed.UTC().Format(time.RFC3339Nano) + "," + string(id)
}

func parseKey(s string) (changed any, id string, err error) {
	if s == "" {
		return "infinity", "ffffffff-ffff-ffff-ffff-ffffffffffff", nil
	}
	at, id, _ := strings.Cut(s, ",")
	t, err := time.Parse(time.RFC3339Nano, at)
	if err != nil || validID(id) != nil {
		return nil, "", liaison.Refuse(liaison.Invalid, "This page of the list does not exist. Begin with the first one.")
	}
	return t, id, nil
}

// Revision is one submitted revision.
type Revision struct {
	Number      int
	Digest      liaison.Digest
	Content     liaison.Content
	SubmittedBy string
	SubmittedAt time.Time
	Decision    *Decision
}

// Decision is what was decided on a revision.
type Decision struct {
	Kind    liaison.CommandKind
	By      string
	Acting  liaison.Capacity
	Drafted bool
	Reason  string
	At      time.Time

	Mode      liaison.ApprovalMode // of an approval, "" before it was recorded
	On        liaison.Date         // the day of an approval, in the group's zone
	Stands    liaison.AbsenceKind  // whether a vice-chair decided by an absence of the chair or by a delegation
	EnteredBy string               // who entered an approval that was given outside
	Evidence  string
	File      liaison.Digest // of the evidence
	Meeting   string         // with its place
	Item      int            // of its agenda
	Tabled    int            // the revision that was tabled, where a meeting approved this one with edits; else 0

	Window    liaison.WindowID     // for objections, after or by which it was approved
	Consulted liaison.Consultation // of a decision between meetings
}

// Revisions lists the submitted revisions of a statement with what was decided on each, newest first.
func (s *Store) Revisions(ctx context.Context, id liaison.StatementID) ([]Revision, error) {
	if err := validID(string(id)); err != nil {
		return nil, err
	}
	rows, err := s.pool.Query(ctx, `
		SELECT r.number, r.digest, r.canonical, p.name, r.submitted_at,
			coalesce(d.kind, ''), coalesce(q.name, ''), coalesce(d.acting, ''), coalesce(d.drafted, false), coalesce(d.reason, ''), coalesce(d.decided_at, r.submitted_at),
			coalesce(d.mode, ''), coalesce(d.given_on::text, ''), coalesce(b.kind, ''), coalesce(e.name, ''), coalesce(d.evidence, ''), coalesce(d.evidence_file, ''),
			coalesce(m.title || CASE m.place WHEN '' THEN '' ELSE ', ' || m.place END, ''), coalesce(d.agenda_item, 0), coalesce(d.tabled_revision, 0),
			coalesce(d.window_id::text, ''), coalesce(d.consulted, ''), coalesce(d.consultation, '')
		FROM revision r JOIN person p ON p.id = r.submitted_by
		LEFT JOIN decision d ON d.statement_id = r.statement_id AND d.revision = r.number
		LEFT JOIN person q ON q.id = d.person_id
		LEFT JOIN person e ON e.id = d.entered_by
		LEFT JOIN absence b ON b.id = d.absence_id
		LEFT JOIN meeting m ON m.id = d.meeting_id
		WHERE r.statement_id = $1 ORDER BY r.number DESC`, id)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read revisions: %w", err))
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Revision, error) {
		var r Revision
		var d Decision
		var canonical []byte
		if err := row.Scan(&r.Number, &r.Digest, &canonical, &r.SubmittedBy, &r.SubmittedAt, &d.Kind, &d.By, &d.Acting, &d.Drafted, &d.Reason, &d.At,
			&d.Mode, &d.On, &d.Stands, &d.EnteredBy, &d.Evidence, &d.File, &d.Meeting, &d.Item, &d.Tabled,
			&d.Window, &d.Consulted.Kind, &d.Consulted.Reference); err != nil {
			return r, err
		}
		if d.Kind != "" {
			r.Decision = &d
		}
		var err error
		r.Content, err = liaison.ParseCanonical(canonical)
		return r, err
	})
	return out, unavailable(err)
}

// LastSaved says who saved the working draft last, and when.
func (s *Store) LastSaved(ctx context.Context, id liaison.StatementID) (by string, at time.Time, err error) {
	err = s.pool.QueryRow(ctx, `SELECT p.name, d.saved_at FROM draft d JOIN person p ON p.id = d.saved_by WHERE d.statement_id = $1`, id).Scan(&by, &at)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", at, liaison.Refuse(liaison.NotFound, "There is no such draft.")
	}
	return by, at, unavailable(err)
}

// ReferencesBlob reports whether the statement's working draft or one of its revisions has the file attached.
func (s *Store) ReferencesBlob(ctx context.Context, id liaison.StatementID, d liaison.Digest) (bool, error) {
	revisions, err := s.Revisions(ctx, id)
	if err != nil {
		return false, err
	}
	snap, err := s.Snapshot(ctx, id)
	if err != nil {
		return false, err
	}
	contents := []liaison.Content{snap.Content}
	for _, r := range revisions {
		contents = append(contents, r.Content)
	}
	for _, c := range contents {
		for _, a := range c.Attachments {
			if a.Digest == d {
				return true, nil
			}
		}
	}
	return false, nil
}
