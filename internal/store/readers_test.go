package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// others are a group and people who have nothing to do with JCA-ML, with everything that a group has.
var (
	otherGroup  liaison.Code = "itu-t/sg17"
	otherEditor              = liaison.Person{ID: "0190c0de-0000-7000-8000-0000000000e1", Name: "Editor of another group", Email: "e1@other.example"}
	former                   = liaison.Person{ID: "0190c0de-0000-7000-8000-0000000000e2", Name: "Editor until yesterday", Email: "e2@other.example"}
)

func enterOthers(t *testing.T, s *store.Store) {
	t.Helper()
	terms := seed.Terms()[0]
	terms.Group, terms.Parent = otherGroup, "itu-t"
	yesterday := liaison.DateOf(time.Now().AddDate(0, 0, -2), time.UTC)
	err := s.Enter(t.Context(), nil, []liaison.Person{otherEditor, former}, []liaison.Appointment{
		{Person: otherEditor, Group: otherGroup, Office: liaison.OfficeEditor, From: "2023-01-01", Evidence: "test"},
		{Person: former, Group: seed.JCAML, Office: liaison.OfficeEditor, From: "2023-01-01", Until: yesterday, Evidence: "test"},
	}, []liaison.TermsOfReference{terms})
	if err != nil {
		t.Fatal(err)
	}
}

// TestWhoSeesWhat: what is not public is not visible through any list, count or key.
func TestWhoSeesWhat(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	ctx := t.Context()
	enterOthers(t, s)
	ahead := planned(t, s)

	ours := map[liaison.State]liaison.StatementID{}
	for state, kinds := range map[liaison.State][]liaison.CommandKind{
		"draft": nil, "in-review": {"submit"}, "approved": {"submit", "approve"}, "dispatching": {"submit", "approve", "dispatch"},
		"rejected": {"submit", "reject"}, "withdrawn": {"submit", "withdraw"},
	} {
		ours[state] = draft(t, s, "w3c")
		carry(t, s, ours[state], kinds...)
	}
	for state, outcome := range map[liaison.State]liaison.TransmissionState{"dispatched": "accepted", "dispatched-in-part": "refused", "closed": "accepted"} {
		ours[state] = draft(t, s, "w3c")
		send(t, s, carry(t, s, ours[state], "submit", "approve", "dispatch"), outcome)
		carry(t, s, ours[state], "settle")
	}
	carry(t, s, ours["closed"], "close")
	ours["tabled"] = table(t, s, ahead, 9)
	theirs := liaison.StatementID(uuid.NewString())
	c := content("w3c")
	c.Source = otherGroup
	if _, err := s.Create(ctx, theirs, otherEditor.ID, c); err != nil {
		t.Fatal(err)
	}

	all := []liaison.State{"draft", "in-review", "tabled", "approved", "dispatching", "dispatched", "dispatched-in-part", "closed", "rejected", "withdrawn"}
	public := []liaison.State{"dispatching", "dispatched", "dispatched-in-part", "closed"}
	for name, test := range map[string]struct {
		who     liaison.PersonID
		sees    []liaison.State // of ours
		theirs  bool
		waiting []liaison.State
	}{
		"chair":                   {seed.Chair.ID, all, false, []liaison.State{"in-review", "tabled"}},
		"vice-chair":              {seed.ViceChair.ID, all, false, nil},
		"secretariat":             {seed.Secretary.ID, all, false, []liaison.State{"approved", "dispatched-in-part"}},
		"the editor who drafted":  {seed.Editor.ID, all, false, []liaison.State{"draft"}},
		"another editor":          {seed.Editor2.ID, all, false, nil},
		"a reader":                {seed.Reader.ID, public, false, nil},
		"editor until yesterday":  {former.ID, public, false, nil},
		"editor of another group": {otherEditor.ID, public, true, nil},
		"nobody we know":          {liaison.PersonID(uuid.NewString()), public, false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			want := []liaison.StatementID{}
			counts := map[liaison.State]int{}
			for _, state := range test.sees {
				want = append(want, ours[state])
				counts[state]++
			}
			if test.theirs {
				want = append(want, theirs)
				counts["draft"]++
			}
			page, err := s.Statements(ctx, test.who, store.Filter{})
			if err != nil {
				t.Fatal(err)
			}
			got := []liaison.StatementID{}
			for _, l := range page.Lines {
				got = append(got, l.ID)
				snap, err := s.Snapshot(ctx, l.ID)
				if err != nil || !snap.MayRead(test.who) {
					t.Errorf("the list shows %s, which is %s and may not be read, %v", l.ID, l.State, err)
				}
			}
			slices.Sort(want)
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("statements (-want +got):\n%s", diff)
			}
			gotCounts, err := s.Counts(ctx, test.who)
			if diff := cmp.Diff(counts, gotCounts); err != nil || diff != "" {
				t.Errorf("counts, %v (-want +got):\n%s", err, diff)
			}
			waiting, err := s.Waiting(ctx, test.who)
			var states []liaison.State
			for _, l := range waiting {
				if l.ID != theirs {
					states = append(states, l.State)
				} else if !test.theirs {
					t.Error("somebody else's draft waits for this person")
				}
			}
			slices.Sort(states)
			slices.Sort(test.waiting)
			if diff := cmp.Diff(test.waiting, states); err != nil || diff != "" {
				t.Errorf("waiting, %v (-want +got):\n%s", err, diff)
			}
			to, err := s.StatementsTo(ctx, test.who, "w3c", 50)
			visible := 0
			for _, state := range test.sees { // what was submitted once has addressees
				if state != "draft" {
					visible++
				}
			}
			if err != nil || len(to) != visible {
				t.Errorf("%d statements to the addressee, %v; want %d", len(to), err, visible)
			}
		})
	}
	if _, err := s.Statements(ctx, "'; --", store.Filter{}); liaison.CodeOf(err) != liaison.NotFound {
		t.Errorf("a person that cannot be: %v", err)
	}
	only, err := s.Statements(ctx, seed.Chair.ID, store.Filter{States: []liaison.State{"rejected", "withdrawn"}})
	if err != nil || len(only.Lines) != 2 || only.Next != "" {
		t.Errorf("by state: %d lines, next %q, %v", len(only.Lines), only.Next, err)
	}
}

func TestLinesShowTheLatestRevision(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	id := draft(t, s, "itu-t/sg17", "w3c")
	carry(t, s, id, "submit", "approve")
	page, err := s.Statements(t.Context(), seed.Chair.ID, store.Filter{})
	if err != nil || len(page.Lines) != 1 {
		t.Fatalf("%+v, %v", page, err)
	}
	l := page.Lines[0]
	if l.Group != "JCA-ML" || l.Ref != "JCA-ML-LS1" || l.Deadline != "2099-01-31" || l.Drafter != seed.Editor.Name || l.State != liaison.Approved ||
		len(l.Addressees) != 2 || l.Addressees[0].Body != "itu-t/sg17" || l.Addressees[1].Email != "team-liaisons@w3c.example" {
		t.Errorf("shown is %+v", l)
	}
}

// TestPagesWithoutLossOrRepeat reads 250 rows by key, many of them changed in the same microsecond, while others are added in
// front.
func TestPagesWithoutLossOrRepeat(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	ctx := t.Context()
	first := draft(t, s, "w3c")
	const rows = 250
	if _, err := pool.Exec(ctx, `
		INSERT INTO statement (id, group_code, state, version, drafter_id, title, created_at, changed_at)
		SELECT gen_random_uuid(), group_code, state, version, drafter_id, 'number ' || n, created_at, created_at - (n / 7) * interval '1 microsecond'
		FROM statement, generate_series(1, $2) n WHERE id = $1`, first, rows-1); err != nil {
		t.Fatal(err)
	}
	for _, limit := range []int{0, 1, 7, 100, 200, 1000} {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			size := limit
			if limit <= 0 || limit > 200 {
				size = 50
			}
			seen := map[liaison.StatementID]bool{}
			after, pages := "", 0
			var last time.Time
			for {
				page, err := s.Statements(ctx, seed.Chair.ID, store.Filter{After: after, Limit: limit})
				if err != nil {
					t.Fatal(err)
				}
				if len(page.Lines) > size || page.Next != "" && len(page.Lines) != size {
					t.Fatalf("a page of %d lines, want %d", len(page.Lines), size)
				}
				for _, l := range page.Lines {
					if seen[l.ID] {
						t.Fatalf("%s is listed twice", l.ID)
					}
					if seen[l.ID] = true; !last.IsZero() && l.Changed.After(last) {
						t.Errorf("%s is out of order", l.ID)
					}
					last = l.Changed
				}
				if pages++; page.Next == "" {
					break
				}
				after = page.Next
			}
			if len(seen) != rows || pages != (rows+size-1)/size {
				t.Errorf("%d statements on %d pages, want %d on %d", len(seen), pages, rows, (rows+size-1)/size)
			}
		})
	}
	page, err := s.Statements(ctx, seed.Chair.ID, store.Filter{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	draft(t, s, "w3c") // comes before the first page and moves nothing
	next, err := s.Statements(ctx, seed.Chair.ID, store.Filter{Limit: 100, After: page.Next})
	if err != nil || slices.ContainsFunc(next.Lines, func(l store.Line) bool {
		return slices.ContainsFunc(page.Lines, func(x store.Line) bool { return x.ID == l.ID })
	}) {
		t.Errorf("the second page repeats the first, %v", err)
	}
	for _, bad := range []string{"x", ",", "2026-01-01T00:00:00Z,x", "infinity," + string(first), "2026-01-01T00:00:00Z," + string(first) + "' OR true"} {
		_, err := s.Statements(ctx, seed.Chair.ID, store.Filter{After: bad})
		refused(t, err, liaison.Invalid)
	}
}

func TestRegisterIsRead(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	ctx := t.Context()
	if err := seed.Register(ctx, s); err != nil { // entering twice is harmless
		t.Fatal(err)
	}
	all, err := s.Bodies(ctx)
	if err != nil || len(all) != len(seed.Bodies()) {
		t.Fatalf("%d bodies, %v; want %d", len(all), err, len(seed.Bodies()))
	}
	order := map[liaison.Code]int{}
	for i, b := range all {
		order[b.Code] = i
	}
	if order["itu-t/sg2"] > order["itu-t/sg11"] || order["itu-t/sg3"] > order["itu-t/sg20"] {
		t.Error("study groups are not in the order of their numbers")
	}
	for _, want := range seed.Bodies() {
		got, err := s.Body(ctx, want.Code)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s, %v (-want +got):\n%s", want.Code, err, diff)
		}
	}
	_, err = s.Body(ctx, "itu-t/sg99")
	refused(t, err, liaison.NotFound)
	officers, err := s.Officers(ctx, seed.JCAML)
	if err != nil || len(officers) != len(seed.Officers()) || officers[0].Office != liaison.OfficeChair || officers[0].Person.Name != seed.Chair.Name || officers[0].From != "2023-02-08" {
		t.Errorf("officers are %+v, %v", officers, err)
	}
	terms, err := s.TermsOfReference(ctx, seed.JCAML)
	if diff := cmp.Diff(seed.Terms(), terms); err != nil || diff != "" {
		t.Errorf("terms of reference, %v (-want +got):\n%s", err, diff)
	}
	groups, err := s.Groups(ctx)
	if err != nil || len(groups) != 1 || groups[0].Code != seed.JCAML {
		t.Errorf("groups are %+v, %v", groups, err)
	}
	people, err := s.People(ctx)
	if err != nil || len(people) != len(seed.People()) {
		t.Errorf("%d people, %v", len(people), err)
	}
	p, err := s.Person(ctx, seed.Reader.ID)
	if diff := cmp.Diff(seed.Reader, p); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, nobody := range []liaison.PersonID{"x", liaison.PersonID(uuid.NewString())} {
		_, err = s.Person(ctx, nobody)
		refused(t, err, liaison.NotFound)
		_, err = s.Visitor(ctx, nobody)
		refused(t, err, liaison.NotFound)
	}
	mine, err := s.Appointments(ctx, seed.Chair.ID)
	if err != nil || len(mine) != 1 {
		t.Errorf("appointments are %+v, %v", mine, err)
	}
	v, err := s.Visitor(ctx, seed.Chair.ID)
	if err != nil || len(v.Offices) != 1 || v.Offices[0].GroupLabel != "JCA-ML" || v.Zone.String() != "Europe/Zurich" {
		t.Errorf("the chair comes as %+v, %v", v, err)
	}
	if v, err = s.Visitor(ctx, seed.Reader.ID); err != nil || len(v.Offices) != 0 || v.Zone != time.UTC {
		t.Errorf("the reader comes as %+v, %v", v, err)
	}
	inOffice, err := s.InOffice(ctx)
	if err != nil || len(inOffice) != len(seed.Officers()) || inOffice[0].Person.ID != seed.Chair.ID {
		t.Errorf("in office are %+v, %v", inOffice, err)
	}
	g, err := s.GroupSnapshot(ctx, seed.JCAML)
	if err != nil || !slices.Equal(liaison.May(g.Snapshot, seed.Editor.ID), []liaison.CommandKind{liaison.DoDraft}) || len(liaison.May(g.Snapshot, seed.Reader.ID)) != 0 {
		t.Errorf("who may draft: %+v, %v", g, err)
	}
}

func TestSessions(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	ctx := t.Context()
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	then := s.At(func() time.Time { return now })
	if err := then.CommitSession(ctx, "token", []byte("data"), now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	find := func() (string, bool) {
		t.Helper()
		data, ok, err := then.FindSession(ctx, "token")
		if err != nil {
			t.Fatal(err)
		}
		return string(data), ok
	}
	if data, ok := find(); !ok || data != "data" {
		t.Errorf("%q, %t", data, ok)
	}
	expires := func() (at time.Time) {
		t.Helper()
		if err := pool.QueryRow(ctx, `SELECT expires FROM session`).Scan(&at); err != nil {
			t.Fatal(err)
		}
		return at.UTC()
	}
	for _, test := range []struct {
		data  string
		until time.Duration
		want  time.Duration // what is written down afterwards
	}{{"data", 65 * time.Minute, time.Hour}, {"data", 71 * time.Minute, 71 * time.Minute}, {"more", 72 * time.Minute, 72 * time.Minute}, {"more", 30 * time.Minute, 30 * time.Minute}} {
		if err := then.CommitSession(ctx, "token", []byte(test.data), now.Add(test.until)); err != nil {
			t.Fatal(err)
		}
		if got := expires(); !got.Equal(now.Add(test.want)) {
			t.Errorf("a session with %q until %s is written until %s, want %s", test.data, test.until, got.Sub(now), test.want)
		}
	}
	now = now.Add(31 * time.Minute)
	if _, ok := find(); ok {
		t.Error("a session that has expired is found")
	}
	if err := then.DeleteSession(ctx, "another"); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := pool.QueryRow(ctx, `SELECT count(*) FROM session`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d expired sessions are left, %v", n, err)
	}
}
