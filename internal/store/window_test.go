package store_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// clock is a register whose time a test sets, with approval by no objection among the group's ways.
type clock struct {
	*testing.T
	*store.Store
	pool *pgxpool.Pool
	now  time.Time
}

func newClock(t *testing.T) *clock {
	s, pool := open(t)
	c := &clock{T: t, pool: pool, now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	rules := under(t, t.TempDir(), []string{"version: 1", "version: 3", "from: 2019-09-13", "from: 2026-11-02", "[officer, meeting, correspondence]", "[officer, meeting, correspondence, no-objection]"})
	c.Store = s.Under(rules).At(func() time.Time { return c.now })
	return c
}

// opened is a statement that lies open until the end of 26 November, with the editor asked besides.
func (c *clock) opened(kind liaison.CommandKind) liaison.StatementID {
	c.Helper()
	id := draft(c.T, c.Store, "w3c", "ieee")
	carry(c.T, c.Store, id, liaison.DoSubmit)
	cmd := as(c.T, c.Store, id, kind, seed.Chair)
	cmd.Window = &liaison.Opening{Last: "2026-11-26", Also: []liaison.PersonID{seed.Editor.ID}}
	if a := do(c.T, c.Store, cmd); a.State != liaison.InCorrespondence || !a.Letters {
		c.Fatalf("opened as %+v", a)
	}
	return id
}

func (c *clock) over() { c.now = time.Date(2026, 11, 26, 23, 0, 0, 0, time.UTC) } // midnight in Geneva

func (c *clock) snap(id liaison.StatementID) store.Snapshot {
	c.Helper()
	snap, err := c.Snapshot(c.Context(), id)
	if err != nil {
		c.Fatal(err)
	}
	return snap
}

func (c *clock) waits(p liaison.Person, id liaison.StatementID) bool {
	c.Helper()
	lines, err := c.Waiting(c.Context(), p.ID)
	if err != nil {
		c.Fatal(err)
	}
	return slices.ContainsFunc(lines, func(l store.Line) bool { return l.ID == id })
}

func TestAWindowOnRecord(t *testing.T) {
	t.Parallel()
	c := newClock(t)
	id := c.opened(liaison.DoOpenWindow)
	snap := c.snap(id)
	w := snap.Window
	if w == nil || w.Digest != snap.Digest || w.Mode != liaison.ByCorrespondence || w.OpenedBy.ID != seed.Chair.ID || w.Last != "2026-11-26" || !w.Ends.Equal(time.Date(2026, 11, 26, 23, 0, 0, 0, time.UTC)) ||
		!slices.ContainsFunc(w.Asked, func(x liaison.Consulted) bool { return x.ID == seed.Editor.ID && x.Email != "" }) || slices.ContainsFunc(w.Asked, func(x liaison.Consulted) bool { return x.ID == seed.Chair.ID }) {
		t.Fatalf("on record is %+v", w)
	}
	for _, p := range []liaison.Person{seed.ViceChair, seed.Secretary, seed.Editor} {
		if !c.waits(p, id) {
			t.Errorf("it does not wait for %s, who was asked", p.Name)
		}
	}
	if c.waits(seed.Chair, id) {
		t.Error("it waits for the chair, who can only wait")
	}
	say := as(t, c.Store, id, liaison.DoNoObjection, seed.ViceChair)
	do(t, c.Store, say)
	if c.waits(seed.ViceChair, id) {
		t.Error("it waits for who has answered")
	}
	comment := as(t, c.Store, id, liaison.DoComment, seed.Secretary)
	comment.Reason = "The second annex is long."
	do(t, c.Store, comment)
	if _, err := c.Do(t.Context(), as(t, c.Store, id, liaison.DoApprove, seed.Chair)); liaison.CodeOf(err) != liaison.Conflict || !strings.Contains(err.Error(), "26 November 2026") {
		t.Errorf("approved before the end: %v", err)
	}
	c.over()
	if !c.waits(seed.Chair, id) || c.waits(seed.Editor, id) {
		t.Error("after the end it waits for the chair, and for nobody who was asked")
	}
	end := as(t, c.Store, id, liaison.DoEndWindow, liaison.Person{})
	do(t, c.Store, end)
	again := end
	again.ID = newCommand()
	if _, err := c.Do(t.Context(), again); liaison.CodeOf(err) != liaison.Conflict {
		t.Errorf("the end is recorded twice: %v", err)
	}
	do(t, c.Store, as(t, c.Store, id, liaison.DoApprove, seed.Chair))
	snap = c.snap(id)
	if a := snap.Approval; a.Mode != liaison.ByCorrespondence || a.Window != w.ID || snap.Window == nil || len(snap.Window.Said) != 2 || len(snap.Window.Silent()) != 1 {
		t.Errorf("the record is %+v with %+v", a, snap.Window)
	}
	late := as(t, c.Store, id, liaison.DoObject, seed.Editor)
	late.Reason = "Too late, I know."
	if a := do(t, c.Store, late); a.State != liaison.Approved {
		t.Errorf("edge 24: a late objection leads to %s", a.State)
	}
	told := map[liaison.Letter]int{}
	ts, err := c.Transmissions(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range ts {
		told[x.Letter]++
	}
	for letter, n := range map[liaison.Letter]int{liaison.LetterWindowOpened: 3, liaison.LetterObjectedLate: 2} {
		if told[letter] != n {
			t.Errorf("%d letters %s, want %d: %v", told[letter], letter, n, told)
		}
	}
	verified(t, c.Store)
}

// TestTwoAtOnce: of two who object, and of a chair and a window that approve, at the same moment, one is on record.
func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	at := func(c *clock, cmds ...liaison.Command) (carried int) {
		var wg sync.WaitGroup
		var mu sync.Mutex
		for _, cmd := range cmds {
			wg.Go(func() {
				_, err := c.Do(t.Context(), cmd)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					carried++
				} else if liaison.CodeOf(err) != liaison.Conflict {
					t.Errorf("%s: %v", cmd.Kind, err)
				}
			})
		}
		wg.Wait()
		return carried
	}
	count := func(c *clock, sql string, id liaison.StatementID) (n int) {
		if err := c.pool.QueryRow(t.Context(), sql, id).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	t.Run("edge 24: two objections", func(t *testing.T) {
		c := newClock(t)
		id := c.opened(liaison.DoOpenNoObjection)
		var cmds []liaison.Command
		for _, p := range []liaison.Person{seed.ViceChair, seed.Secretary, seed.Editor, seed.Chair} {
			cmd := as(t, c.Store, id, liaison.DoObject, p)
			cmd.Reason = "No."
			cmds = append(cmds, cmd)
		}
		if n := at(c, cmds...); n != 1 {
			t.Errorf("%d objections were carried out", n)
		}
		if n := count(c, `SELECT count(*) FROM correspondence_saying x JOIN correspondence_window w ON w.id = x.window_id WHERE w.statement_id = $1`, id); n != 1 || c.snap(id).State != liaison.InReview {
			t.Errorf("%d objections are on record, and it is %s", n, c.snap(id).State)
		}
		verified(t, c.Store)
	})
	t.Run("two approvals", func(t *testing.T) {
		c := newClock(t)
		id := c.opened(liaison.DoOpenNoObjection)
		c.over()
		if n := at(c, as(t, c.Store, id, liaison.DoEndWindow, liaison.Person{}), as(t, c.Store, id, liaison.DoApprove, seed.Chair), as(t, c.Store, id, liaison.DoApprove, seed.Chair), as(t, c.Store, id, liaison.DoEndWindow, liaison.Person{})); n != 1 {
			t.Errorf("%d approvals were carried out", n)
		}
		if n := count(c, `SELECT count(*) FROM decision WHERE kind = 'approve' AND statement_id = $1`, id); n != 1 || c.snap(id).State != liaison.Approved {
			t.Errorf("%d approvals are on record", n)
		}
		verified(t, c.Store)
	})
}

// TestTheDatabaseRefusesSilence: whatever the program does, no approval stands in the register before the end of its window, over an
// objection, or by a window that does not approve.
func TestTheDatabaseRefusesSilence(t *testing.T) {
	t.Parallel()
	c := newClock(t)
	insert := func(id liaison.StatementID, mode liaison.ApprovalMode, at time.Time, on liaison.Date) error {
		_, err := c.pool.Exec(t.Context(), `
			INSERT INTO decision (id, statement_id, revision, digest, kind, person_id, acting, drafted, reason, command_id, decided_at, mode, given_on, window_id)
			SELECT gen_random_uuid(), s.id, s.revision, s.digest, 'approve', $2, 'chair', false, '', w.command_id, $3, $4, $5, w.id
			FROM statement s JOIN correspondence_window w ON w.statement_id = s.id WHERE s.id = $1`, id, seed.Chair.ID, at, mode, on)
		return err
	}
	constraint := func(err error) string {
		if e, ok := errors.AsType[*pgconn.PgError](err); ok {
			return e.ConstraintName
		}
		return ""
	}
	id := c.opened(liaison.DoOpenWindow)
	after := time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	if got := constraint(insert(id, liaison.ByCorrespondence, c.now, "2026-11-27")); got != "decision_after_its_window" {
		t.Errorf("too early: %q", got)
	}
	if got := constraint(insert(id, liaison.ByCorrespondence, after, "2026-11-26")); got != "decision_after_its_window" {
		t.Errorf("of the last day: %q", got)
	}
	if got := constraint(insert(id, liaison.ByNoObjection, after, "2026-11-27")); got != "decision_by_no_objection" {
		t.Errorf("edge 61: by a window that does not approve: %q", got)
	}
	object := as(t, c.Store, id, liaison.DoObject, seed.Editor)
	object.Reason = "No."
	do(t, c.Store, object)
	if got := constraint(insert(id, liaison.ByCorrespondence, after, "2026-11-27")); got != "decision_over_an_objection" {
		t.Errorf("over an objection: %q", got)
	}
	for _, sql := range []string{`UPDATE correspondence_window SET last_day = last_day + 1`, `DELETE FROM correspondence_saying`, `DELETE FROM correspondence_person`} {
		if _, err := c.pool.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s is carried out", sql)
		}
	}
}

// TestConsultedPersonsOnly: who was asked may read the revision and nothing of another one; who was not may not.
func TestConsultedPersonsOnly(t *testing.T) {
	t.Parallel()
	c := newClock(t)
	id := c.opened(liaison.DoOpenWindow)
	if _, err := c.pool.Exec(t.Context(), `UPDATE appointment SET held_until = '2026-11-24' WHERE person_id = $1`, seed.Editor.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := c.pool.Exec(t.Context(), `UPDATE statement SET drafter_id = $2 WHERE id = $1`, id, seed.Secretary.ID); err != nil {
		t.Fatal(err)
	}
	c.now = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	snap := c.snap(id)
	snap.Drafters = nil
	if !snap.MayRead(seed.Editor.ID) || snap.MayRead(seed.Reader.ID) || !slices.Contains(liaison.May(snap.Snapshot, seed.Editor.ID), liaison.DoObject) {
		t.Errorf("edge 69: who was asked and left the office may read: %t, a reader: %t", snap.MayRead(seed.Editor.ID), snap.MayRead(seed.Reader.ID))
	}
	do(t, c.Store, as(t, c.Store, id, liaison.DoReturn, seed.Chair))
	changed := content("w3c", "ieee")
	changed.Text = "Another text."
	if _, err := c.Save(t.Context(), id, seed.Secretary.ID, c.snap(id).DraftVersion, changed); err != nil {
		t.Fatal(err)
	}
	do(t, c.Store, as(t, c.Store, id, liaison.DoSubmit, seed.Secretary))
	snap = c.snap(id)
	snap.Drafters = nil
	if snap.Window != nil || snap.MayRead(seed.Editor.ID) {
		t.Errorf("who was asked about one revision reads the next: %+v", snap.Window)
	}
}
