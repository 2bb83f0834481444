package store_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/jca-ml/liaison/internal/audit"
	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// noon is today's, so that the day is the same in every zone that groups are in.
func noon() time.Time {
	t, err := time.Parse(time.DateOnly, string(days(0)))
	if err != nil {
		panic(err)
	}
	return t.Add(12 * time.Hour)
}

func openAtNoon(t *testing.T) (*store.Store, *pgxpool.Pool) {
	t.Helper()
	s, pool := open(t)
	return s.At(noon), pool
}

// planned is a meeting of JCA-ML around today, with the twelve items of its first one, entered by the secretariat.
func planned(t *testing.T, s *store.Store) liaison.Meeting {
	t.Helper()
	m := liaison.Meeting{
		ID: liaison.MeetingID(uuid.NewString()), Group: seed.JCAML, Title: "Second meeting of JCA-ML", Place: "Geneva", From: days(-1), Until: days(2),
		Source: "TSB Circular 90", Announced: days(-40), Agenda: seed.Meetings()[1].Agenda,
	}
	if err := s.EnterMeeting(t.Context(), seed.Secretary.ID, m); err != nil {
		t.Fatal(err)
	}
	return m
}

func sitting(t *testing.T, s *store.Store) liaison.Meeting {
	t.Helper()
	m := planned(t, s)
	move(t, s, m, liaison.OpenMeeting)
	return m
}

func move(t *testing.T, s *store.Store, m liaison.Meeting, act liaison.MeetingAct) {
	t.Helper()
	if err := s.MoveMeeting(t.Context(), seed.Secretary.ID, m.ID, act, "because"); err != nil {
		t.Fatal(err)
	}
}

// table puts a new statement on the agenda.
func table(t *testing.T, s *store.Store, m liaison.Meeting, item int) liaison.StatementID {
	t.Helper()
	id := draft(t, s, "w3c", "ieee")
	carry(t, s, id, liaison.DoSubmit)
	do(t, s, tabling(t, s, id, m, item))
	return id
}

func tabling(t *testing.T, s *store.Store, id liaison.StatementID, m liaison.Meeting, item int) liaison.Command {
	cmd := as(t, s, id, liaison.DoTable, seed.Secretary)
	cmd.Meeting, cmd.Item = m.ID, item
	return cmd
}

// edited approves with edits.
func edited(t *testing.T, s *store.Store, id liaison.StatementID, change func(*liaison.Content)) liaison.Command {
	t.Helper()
	cmd := as(t, s, id, liaison.DoApproveEdited, seed.Chair)
	snap, err := s.Snapshot(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	c := snap.Content
	change(&c)
	canonical, err := liaison.Canonical(c)
	if err != nil {
		t.Fatal(err)
	}
	if cmd.Amended, err = s.PutBlob(t.Context(), canonical); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// TestWholeMeeting tables statements and decides on them in every way, closes, and sees that what was approved may leave, and nothing else.
func TestWholeMeeting(t *testing.T) {
	t.Parallel()
	s, pool := openAtNoon(t)
	m := planned(t, s)
	approved, changed, returned, rejected, putOff, kept := table(t, s, m, 9), table(t, s, m, 9), table(t, s, m, 9), table(t, s, m, 9), table(t, s, m, 9), table(t, s, m, 9)
	_, err := s.Do(t.Context(), give(t, s, approved, liaison.DoApprove))
	refused(t, err, liaison.Conflict) // it does not sit yet
	snap, _ := s.Snapshot(t.Context(), approved)
	if snap.State != liaison.Tabled || snap.TabledFor != m.ID || snap.TabledItem != 9 || snap.Meeting.Title != m.Title || len(snap.Meeting.Agenda) != 12 {
		t.Fatalf("tabled it is %+v for %+v", snap.Statement, snap.Meeting)
	}
	move(t, s, m, liaison.OpenMeeting)

	first := give(t, s, approved, liaison.DoApprove)
	answer := do(t, s, first)
	if again := do(t, s, first); answer.After != m.ID || !answer.DispatchAt.IsZero() || cmp.Diff(answer, again) != "" {
		t.Errorf("edge 19: the approval is answered with %+v, repeated with %+v", answer, again)
	}
	snap, _ = s.Snapshot(t.Context(), approved)
	want := liaison.Approval{Mode: liaison.AtMeeting, By: seed.Chair.ID, As: liaison.AsChair, On: snap.Today, Meeting: m.ID, Item: 9}
	if diff := cmp.Diff(want, snap.Approval); diff != "" || snap.LeavesAfter != m.ID || snap.DispatchAt == nil || snap.TabledFor != "" {
		t.Errorf("approved it is %+v (-want +got):\n%s", snap.Statement, diff)
	}
	before, _ := s.Snapshot(t.Context(), changed)
	do(t, s, edited(t, s, changed, func(c *liaison.Content) { c.Title += ", second edition" }))
	snap, _ = s.Snapshot(t.Context(), changed)
	if snap.Revision != 2 || snap.Digest == before.Digest || snap.ApprovedDigest != snap.Digest || !strings.HasSuffix(snap.Content.Title, "second edition") || queued(t, s, changed)[2] != 2 || queued(t, s, changed)[1] != 0 {
		t.Errorf("edge 14: with edits it is %+v, waiting %v", snap.Statement, queued(t, s, changed))
	}
	revisions, err := s.Revisions(t.Context(), changed)
	if err != nil || revisions[0].Decision == nil || revisions[0].Decision.Tabled != 1 || revisions[0].Decision.Meeting != "Second meeting of JCA-ML, Geneva" || revisions[1].Decision != nil {
		t.Errorf("the record has %+v, %v", revisions, err)
	}
	do(t, s, give(t, s, returned, liaison.DoReturn))
	do(t, s, give(t, s, rejected, liaison.DoReject))
	do(t, s, as(t, s, putOff, liaison.DoDefer, seed.Secretary))
	held := give(t, s, kept, liaison.DoApprove)
	held.Hold = true
	if answer := do(t, s, held); answer.After != "" {
		t.Errorf("approved and held is answered with %+v", answer)
	}

	waits := func() (out []liaison.StatementID) {
		t.Helper()
		for _, id := range []liaison.StatementID{approved, changed, returned, rejected, putOff, kept} {
			open, err := s.OpenBatches(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			if slices.ContainsFunc(open, func(b store.OpenBatch) bool { return !b.Due.IsZero() }) {
				out = append(out, id)
			}
		}
		return out
	}
	if got := waits(); len(got) != 0 {
		t.Fatalf("%v are about to leave, and the meeting still sits", got)
	}
	late := table(t, s, m, 9)
	err = s.MoveMeeting(t.Context(), seed.Secretary.ID, m.ID, liaison.CloseMeeting, "")
	refused(t, err, liaison.Conflict)
	if constraintOf(exec(t, pool, `UPDATE meeting SET state = 'closed' WHERE id = $1`, m.ID)) != "meeting_ends_with_nothing_tabled" {
		t.Error("the database closes a meeting over what is tabled")
	}
	do(t, s, as(t, s, late, liaison.DoDefer, seed.Chair))
	closing(t, s, m)
	if diff := cmp.Diff([]liaison.StatementID{approved, changed}, waits()); diff != "" {
		t.Errorf("what leaves at the end (-want +got):\n%s", diff)
	}
	unreleased := func() (out []liaison.StatementID) {
		t.Helper()
		open, err := s.Unreleased(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range open {
			if x.State == liaison.Approved {
				out = append(out, x.ID)
			}
		}
		return out
	}
	if got := unreleased(); !slices.Contains(got, approved) || !slices.Contains(got, changed) || slices.Contains(got, kept) {
		t.Errorf("asked for are %v", got)
	}
	batches, _ := s.OpenBatches(t.Context(), approved)
	due := batches[slices.IndexFunc(batches, func(b store.OpenBatch) bool { return !b.Due.IsZero() })]
	if due.Command != first.ID+"/dispatch" || due.Due.After(noon()) {
		t.Errorf("the dispatch is to be %+v", due)
	}
	do(t, s, liaison.Command{ID: due.Command, Kind: liaison.DoDispatch, Statement: approved})
	var byItself bool
	if err := pool.QueryRow(t.Context(), `SELECT actor IS NULL AND for_person = $2 FROM event WHERE statement_id = $1 AND kind = 'dispatching'`, approved, seed.Chair.ID).Scan(&byItself); err != nil || !byItself {
		t.Errorf("it is not on record as dispatched by itself, on the chair's approval: %v", err)
	}
	if got := unreleased(); slices.Contains(got, approved) {
		t.Error("what is being dispatched is asked for again")
	}

	outcomes, err := s.AtMeeting(t.Context(), m.ID)
	kinds := map[liaison.StatementID]string{}
	for _, o := range outcomes {
		kinds[o.Statement] = string(o.Kind) + " " + o.By
		if o.Edited {
			kinds[o.Statement] += ", edited"
		}
		if o.Waits {
			kinds[o.Statement] += ", waits"
		}
	}
	wantKinds := map[liaison.StatementID]string{
		approved: "approved Kangchan Lee", changed: "approved Kangchan Lee, edited, waits", returned: "returned Kangchan Lee", rejected: "rejected Kangchan Lee",
		putOff: "put-off " + seed.Secretary.Name, late: "put-off Kangchan Lee", kept: "approved Kangchan Lee",
	}
	if diff := cmp.Diff(wantKinds, kinds); diff != "" || err != nil {
		t.Errorf("the outcome is %v (-want +got):\n%s", err, diff)
	}
	verified(t, s)

	for name, sql := range map[string]string{
		"opened again":         `UPDATE meeting SET state = 'open', closed_by = NULL, closed_at = NULL WHERE id = $1`,
		"moved":                `UPDATE meeting SET held_until = held_until + 1 WHERE id = $1`,
		"taken away":           `DELETE FROM meeting WHERE id = $1`,
		"given another's name": `UPDATE meeting SET title = 'x' WHERE id = $1`,
	} {
		if got := constraintOf(exec(t, pool, sql, m.ID)); got != "meeting_fixed" {
			t.Errorf("a closed meeting is %s: %s", name, got)
		}
	}
	tamperMeeting(t, s, pool, `UPDATE meeting SET held_until = held_from WHERE id = '`+string(m.ID)+`'`)
}

// closing closes the meeting twice, which is once.
func closing(t *testing.T, s *store.Store, m liaison.Meeting) {
	t.Helper()
	move(t, s, m, liaison.CloseMeeting)
	move(t, s, m, liaison.CloseMeeting)
}

func exec(t *testing.T, pool *pgxpool.Pool, sql string, args ...any) error {
	t.Helper()
	_, err := pool.Exec(t.Context(), sql, args...)
	if err == nil {
		t.Errorf("the database carried it out: %s", sql)
	}
	return err
}

// tamperMeeting changes the register behind the back of its triggers, which the check of the log finds.
func tamperMeeting(t *testing.T, s *store.Store, pool *pgxpool.Pool, sql string) {
	t.Helper()
	if _, err := pool.Exec(t.Context(), `ALTER TABLE meeting DISABLE TRIGGER meeting_guard; `+sql); err != nil {
		t.Fatal(err)
	}
	report, err := s.Audit(t.Context(), nil)
	if err != nil || !slices.ContainsFunc(report.Problems, func(p audit.Problem) bool { return strings.Contains(p.String(), "meeting") }) {
		t.Errorf("a meeting that was tampered with was not found: %v, %v", report.Problems, err)
	}
}

// TestWhatAMeetingDecidedByItsMinutes: on the agenda or not, entered by the secretariat, held to the meeting's days.
func TestWhatAMeetingDecidedByItsMinutes(t *testing.T) {
	t.Parallel()
	s, pool := openAtNoon(t)
	m := planned(t, s)
	enter := func(id liaison.StatementID, g liaison.Given) (liaison.Answer, error) {
		cmd := as(t, s, id, liaison.DoEnterApproval, seed.Secretary)
		cmd.Given = &g
		return s.Do(t.Context(), cmd)
	}
	minuted := liaison.Given{By: seed.Chair.ID, On: days(0), Evidence: "JCA-ML-R2, clause 9", Meeting: m.ID}
	t.Run("edge 23: though it was not on the agenda", func(t *testing.T) {
		id := draft(t, s, "w3c")
		carry(t, s, id, liaison.DoSubmit)
		without := minuted
		without.Evidence = ""
		_, err := enter(id, without)
		refused(t, err, liaison.Invalid)
		other := minuted
		other.Meeting = liaison.MeetingID(uuid.NewString())
		_, err = enter(id, other)
		refused(t, err, liaison.Invalid)
		parents := minuted
		parents.Meeting, parents.On = seed.Meetings()[2].ID, "2027-03-02"
		_, err = enter(id, parents)
		refused(t, err, liaison.Invalid)
		answer, err := enter(id, minuted)
		if err != nil || answer.After != "" {
			t.Fatalf("entered: %+v, %v", answer, err)
		}
		snap, _ := s.Snapshot(t.Context(), id)
		want := liaison.Approval{Mode: liaison.AtMeeting, By: seed.Chair.ID, As: liaison.AsChair, On: days(0), Entered: seed.Secretary.ID, Evidence: "JCA-ML-R2, clause 9", Meeting: m.ID}
		if diff := cmp.Diff(want, snap.Approval); diff != "" {
			t.Errorf("the record (-want +got):\n%s", diff)
		}
	})
	t.Run("what is tabled, while it sits", func(t *testing.T) {
		id := table(t, s, m, 9)
		move(t, s, m, liaison.OpenMeeting)
		g := minuted
		g.Meeting = ""
		answer, err := enter(id, g)
		snap, _ := s.Snapshot(t.Context(), id)
		if err != nil || answer.After != m.ID || snap.Approval.Item != 9 || snap.Approval.Meeting != m.ID {
			t.Errorf("entered: %+v, %v; the record %+v", answer, err, snap.Approval)
		}
	})
	verified(t, s)
	t.Run("the database knows it too", func(t *testing.T) {
		id := table(t, s, m, 9)
		insert := `INSERT INTO decision (id, statement_id, revision, digest, kind, person_id, acting, drafted, reason, command_id, decided_at, mode, given_on, meeting_id, entered_by, evidence)
			SELECT gen_random_uuid(), s.id, s.revision, s.digest, 'approve', $2, 'chair', false, '', (SELECT id FROM command c WHERE c.statement_id = s.id LIMIT 1), now(), 'meeting', $3, $4, $5, $6 FROM statement s WHERE s.id = $1`
		secretary := seed.Secretary.ID
		for name, x := range map[string]struct {
			on       liaison.Date
			meeting  any
			entered  *liaison.PersonID
			evidence string
			want     string
		}{
			"on another day":                 {days(10), m.ID, nil, "", "decision_of_its_meeting"},
			"of another group":               {"2027-03-02", seed.Meetings()[2].ID, &secretary, "x", "decision_of_its_meeting"},
			"of a meeting that does not sit": {"2026-12-03", seed.Meetings()[3].ID, nil, "", "decision_of_its_meeting"},
			"of no meeting":                  {days(0), nil, nil, "", "decision_of_its_meeting"},
			"entered without the minutes":    {days(0), m.ID, &secretary, "", "decision_"},
		} {
			if got := constraintOf(exec(t, pool, insert, id, seed.Chair.ID, x.on, x.meeting, x.entered, x.evidence)); !strings.HasPrefix(got, x.want) {
				t.Errorf("%s: the database answered with %s", name, got)
			}
		}
		for name, sql := range map[string]string{
			"tabled for nothing":        `UPDATE statement SET tabled_for = NULL, tabled_item = NULL WHERE id = $1`,
			"tabled under no such item": `UPDATE statement SET tabled_item = 13 WHERE id = $1`,
			"waiting for a meeting":     `UPDATE statement SET leaves_after = tabled_for WHERE id = $1`,
		} {
			if got := constraintOf(exec(t, pool, sql, id)); !strings.HasPrefix(got, "statement_") {
				t.Errorf("%s: the database answered with %s", name, got)
			}
		}
	})
}

// TestMeetingIsNotClosedWhileItDecides has decisions and the close at the same moment: whatever wins, nothing is left tabled.
func TestMeetingIsNotClosedWhileItDecides(t *testing.T) {
	t.Parallel()
	s, pool := openAtNoon(t)
	m := sitting(t, s)
	ids := make([]liaison.StatementID, 6)
	for i := range ids {
		ids[i] = draft(t, s, "w3c")
		carry(t, s, ids[i], liaison.DoSubmit)
	}
	var wg sync.WaitGroup
	for _, id := range ids {
		cmd := tabling(t, s, id, m, 9)
		wg.Go(func() {
			if _, err := s.Do(t.Context(), cmd); err != nil && liaison.CodeOf(err) != liaison.Conflict {
				t.Error(err)
			}
		})
	}
	var closed error
	wg.Go(func() { closed = s.MoveMeeting(t.Context(), seed.Chair.ID, m.ID, liaison.CloseMeeting, "") })
	wg.Wait()
	var tabled int
	var state string
	if err := pool.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM statement WHERE tabled_for = $1), state FROM meeting WHERE id = $1`, m.ID).Scan(&tabled, &state); err != nil {
		t.Fatal(err)
	}
	if (closed == nil) != (state == "closed") || state == "closed" && tabled > 0 {
		t.Errorf("the meeting is %s, %v, and %d statements are tabled", state, closed, tabled)
	}
	verified(t, s)
}

func TestMeetingsAreOnTheRecord(t *testing.T) {
	t.Parallel()
	s, pool := openAtNoon(t)
	m := planned(t, s)
	if err := s.EnterMeeting(t.Context(), seed.Secretary.ID, m); err != nil { // again is nothing more
		t.Fatal(err)
	}
	other := m
	other.ID = liaison.MeetingID(uuid.NewString())
	refused(t, s.EnterMeeting(t.Context(), seed.Editor.ID, other), liaison.Forbidden)
	other.Title = " "
	refused(t, s.EnterMeeting(t.Context(), seed.Secretary.ID, other), liaison.Invalid)
	other.Title, other.With = "x", m.ID
	refused(t, s.EnterMeeting(t.Context(), seed.Secretary.ID, other), liaison.Invalid) // with one of the parent group only
	other.Group = "itu-t/sg13"
	if err := s.EnterMeeting(t.Context(), seed.Secretary.ID, other); err == nil {
		t.Error("a meeting of another group was entered")
	}

	id := table(t, s, m, 9)
	read, err := s.Meeting(t.Context(), m.ID)
	if err != nil {
		t.Fatal(err)
	}
	read.Place, read.With = "online", seed.Meetings()[2].ID
	shown := read
	if err := s.ChangeMeeting(t.Context(), seed.Chair.ID, read); err != nil {
		t.Fatal(err)
	}
	refused(t, s.ChangeMeeting(t.Context(), seed.Secretary.ID, shown), liaison.Stale)
	if read, err = s.Meeting(t.Context(), m.ID); err != nil || read.Place != "online" || read.Version != 2 || read.Announced != days(-40) {
		t.Fatalf("changed it is %+v, %v", read, err)
	}
	short := read
	short.Agenda = read.Agenda[:8]
	refused(t, s.ChangeMeeting(t.Context(), seed.Chair.ID, short), liaison.Conflict) // something is tabled under item 9
	longer := read
	longer.Agenda = append(slices.Clone(read.Agenda), liaison.AgendaItem{Title: "One more"})
	if err := s.ChangeMeeting(t.Context(), seed.Chair.ID, longer); err != nil {
		t.Error(err)
	}
	refused(t, s.MoveMeeting(t.Context(), seed.Editor.ID, m.ID, liaison.OpenMeeting, ""), liaison.Forbidden)
	refused(t, s.MoveMeeting(t.Context(), seed.Chair.ID, m.ID, liaison.CloseMeeting, ""), liaison.Conflict)
	refused(t, s.MoveMeeting(t.Context(), seed.Chair.ID, m.ID, liaison.CancelMeeting, "No quorum."), liaison.Conflict)
	move(t, s, m, liaison.OpenMeeting)
	do(t, s, give(t, s, id, liaison.DoApprove))
	if read, err = s.Meeting(t.Context(), m.ID); err != nil {
		t.Fatal(err)
	}
	read.From, read.Until, read.Announced = days(1), days(3), ""
	refused(t, s.ChangeMeeting(t.Context(), seed.Chair.ID, read), liaison.Conflict) // it decided today

	rows, err := pool.Query(t.Context(), `SELECT kind || ' ' || acting || ' ' || body_code FROM event WHERE statement_id IS NULL ORDER BY seq`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	want := []string{"meeting-entered secretary itu-t/jca-ml", "meeting-changed chair itu-t/jca-ml", "meeting-changed chair itu-t/jca-ml", "meeting-opened secretary itu-t/jca-ml"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	verified(t, s)
}

// TestAMeetingWithTheRightsThatThereAre: the pages enter, change, open and close it and decide nothing, the worker tables and decides.
func TestAMeetingWithTheRightsThatThereAre(t *testing.T) {
	t.Parallel()
	_, pool := open(t)
	pages, worker := pagesOf(t, pool).At(noon), roleOf(t, pool, "liaison_worker").At(noon)
	m := planned(t, pages)
	read, err := pages.Meeting(t.Context(), m.ID)
	if err != nil {
		t.Fatal(err)
	}
	read.Agenda = append(read.Agenda[:11], liaison.AgendaItem{Title: "Close"})
	if err := pages.ChangeMeeting(t.Context(), seed.Secretary.ID, read); err != nil {
		t.Fatal(err)
	}
	id, other := draft(t, pages, "w3c"), draft(t, pages, "w3c")
	for _, x := range []liaison.StatementID{id, other} {
		carry(t, worker, x, liaison.DoSubmit)
		do(t, worker, tabling(t, worker, x, m, 9))
	}
	move(t, pages, m, liaison.OpenMeeting)
	do(t, worker, give(t, worker, id, liaison.DoApprove))
	cmd := as(t, worker, other, liaison.DoApproveEdited, seed.Chair)
	snap, _ := worker.Snapshot(t.Context(), other)
	c := snap.Content
	c.Text += " Thank you."
	canonical, err := liaison.Canonical(c)
	if err != nil {
		t.Fatal(err)
	}
	if cmd.Amended, err = pages.PutBlob(t.Context(), canonical); err != nil {
		t.Fatal(err)
	}
	do(t, worker, cmd)
	move(t, pages, m, liaison.CloseMeeting)
	if open, err := worker.Unreleased(t.Context()); err != nil || len(open) == 0 {
		t.Errorf("nothing is asked to leave: %v, %v", open, err)
	}
	conn, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	if _, err := conn.Exec(t.Context(), `SET ROLE liaison_app`); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{`UPDATE statement SET leaves_after = NULL`, `UPDATE statement SET tabled_for = NULL`, `DELETE FROM meeting`} {
		if _, err := conn.Exec(t.Context(), sql); err == nil || !strings.Contains(err.Error(), "permission denied") {
			t.Errorf("%s: %v", sql, err)
		}
	}
	if _, err := conn.Exec(t.Context(), `RESET ROLE`); err != nil {
		t.Fatal(err)
	}
	verified(t, store.New(pool).At(noon))
}

// TestACalendarDoesNotCancelOverWhatIsTabled: an entry that is cancelled elsewhere is no end of a statement here.
func TestACalendarDoesNotCancelOverWhatIsTabled(t *testing.T) {
	t.Parallel()
	s, _ := openAtNoon(t)
	m := liaison.Meeting{ID: liaison.MeetingID(uuid.NewString()), Group: seed.JCAML, Title: "From a calendar", From: days(-1), Until: days(2), State: liaison.MeetingPlanned, UID: "1@calendar", Source: "calendar.ics"}
	bring := func() error {
		return s.ImportMeetings(t.Context(), seed.JCAML, seed.Secretary.ID, []liaison.Meeting{m})
	}
	if err := bring(); err != nil {
		t.Fatal(err)
	}
	read, err := s.Meeting(t.Context(), m.ID)
	if err != nil {
		t.Fatal(err)
	}
	read.Agenda = seed.Meetings()[1].Agenda
	if err := s.ChangeMeeting(t.Context(), seed.Secretary.ID, read); err != nil {
		t.Fatal(err)
	}
	id := table(t, s, m, 9)
	m.State = liaison.MeetingCancelled
	refused(t, bring(), liaison.Conflict)
	do(t, s, as(t, s, id, liaison.DoDefer, seed.Chair))
	if err := bring(); err != nil {
		t.Error(err)
	}
	m.State = liaison.MeetingPlanned // and taken back
	if err := bring(); err != nil {
		t.Error(err)
	}
	verified(t, s)
}

// TestAMeetingThatNobodyCloses: its secretariat is told on the morning after its last day, once, if something hangs on it, and again when it
// was given another last day; the pages list what is tabled as before.
func TestAMeetingThatNobodyCloses(t *testing.T) {
	t.Parallel()
	base, pool := open(t)
	now := noon()
	s := base.At(func() time.Time { return now })
	ctx := t.Context()
	opened, planned := sitting(t, s), planned(t, s)
	idle := planned
	idle.ID = liaison.MeetingID(uuid.NewString())
	if err := s.EnterMeeting(ctx, seed.Secretary.ID, idle); err != nil {
		t.Fatal(err)
	}
	first, second, tabled := table(t, s, opened, 9), table(t, s, opened, 9), table(t, s, planned, 9)
	for _, id := range []liaison.StatementID{first, second} {
		do(t, s, as(t, s, id, liaison.DoApprove, seed.Chair))
	}
	tell := func(want ...liaison.MeetingID) {
		t.Helper()
		got, err := s.TellUnclosed(ctx)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Fatalf("at %s: %v, told of (-want +got):\n%s", now, err, diff)
		}
	}
	tell()
	now = noon().AddDate(0, 0, 3) // its last day is the day after tomorrow
	tell(opened.ID, planned.ID)
	tell()
	if x, err := s.AtMeeting(ctx, planned.ID); err != nil || len(x) != 1 || x[0].Kind != liaison.EventTabled || x[0].Statement != tabled {
		t.Errorf("tabled is %+v, %v", x, err)
	}
	if x, err := s.AtMeeting(ctx, opened.ID); err != nil || len(x) != 2 || x[0].Kind != liaison.EventApproved || x[1].Kind != liaison.EventApproved {
		t.Errorf("decided is %+v, %v", x, err)
	}
	m, err := s.Meeting(ctx, planned.ID)
	if err != nil {
		t.Fatal(err)
	}
	m.Until = m.Until.Plus(7)
	if err := s.ChangeMeeting(ctx, seed.Secretary.ID, m); err != nil {
		t.Fatal(err)
	}
	tell()
	now = now.AddDate(0, 0, 7)
	tell(planned.ID)
	rows, err := pool.Query(ctx, `SELECT p.name FROM transmission t JOIN person p ON p.id = t.person_id WHERE t.letter = 'meeting-unclosed'`)
	if err != nil {
		t.Fatal(err)
	}
	told, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if diff := cmp.Diff(slices.Repeat([]string{seed.Secretary.Name}, 3), told); diff != "" || err != nil {
		t.Errorf("%v, told (-want +got):\n%s", err, diff)
	}
	move(t, s, opened, liaison.CloseMeeting)
	tell()
	verified(t, s)
}
