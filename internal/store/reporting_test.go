package store_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// reporting is a register under a clock of the test's own, in which what is done several times a day about reports is done at once.
type reporting struct {
	*store.Store
	t    *testing.T
	pool *pgxpool.Pool
	now  time.Time
}

func openReporting(t *testing.T, day liaison.Date) *reporting {
	t.Helper()
	first, pool := open(t)
	if _, err := pool.Exec(t.Context(), `UPDATE meeting SET state = 'cancelled' WHERE id = $1`, seed.Meetings()[3].ID); err != nil { // one of the group itself, which would be due too
		t.Fatal(err)
	}
	r := &reporting{t: t, pool: pool}
	r.Store = first.At(func() time.Time { return r.now })
	r.on(day)
	return r
}

// on moves the clock to the morning of a day.
func (r *reporting) on(day liaison.Date) {
	r.t.Helper()
	at, err := time.Parse(time.DateOnly, string(day))
	if err != nil {
		r.t.Fatal(err)
	}
	r.now = at.Add(9 * time.Hour)
}

// daily is what the workflow of reports does, with the drafts that it began and the reports that it reminded of.
func (r *reporting) daily() (drafted, reminded []liaison.StatementID) {
	r.t.Helper()
	err := r.ReckonReports(r.t.Context(), seed.JCAML)
	if err == nil {
		drafted, err = r.DraftReports(r.t.Context(), seed.JCAML)
	}
	if err == nil {
		reminded, err = r.RemindOfReports(r.t.Context(), seed.JCAML)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return drafted, reminded
}

func (r *reporting) due(title string) store.DueReport {
	r.t.Helper()
	all, err := r.DueReports(r.t.Context(), seed.JCAML)
	if err != nil {
		r.t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(d store.DueReport) bool { return d.Meeting.Title == title })
	if i < 0 {
		return store.DueReport{}
	}
	return all[i]
}

// meet enters a meeting as a calendar has it.
func (r *reporting) meet(group liaison.Code, title string, from, until liaison.Date, state liaison.MeetingState) {
	r.t.Helper()
	m := liaison.Meeting{ID: liaison.MeetingID(uuid.NewString()), Group: group, Title: title, Place: "Geneva", From: from, Until: until, State: state, UID: title, Source: "test"}
	if err := r.ImportMeetings(r.t.Context(), seed.JCAML, seed.Secretary.ID, []liaison.Meeting{m}); err != nil {
		r.t.Fatal(err)
	}
}

// withdraw puts a draft of the engine's aside.
func (r *reporting) withdraw(id liaison.StatementID) {
	r.t.Helper()
	do(r.t, r.Store, liaison.Command{ID: newCommand(), Kind: liaison.DoWithdraw, Statement: id, Actor: seed.Secretary.ID, Reason: "with the next one"})
}

// period is what the report of a statement covers.
func (r *reporting) period(id liaison.StatementID) [2]liaison.Date {
	r.t.Helper()
	snap, err := r.Snapshot(r.t.Context(), id)
	if err != nil {
		r.t.Fatal(err)
	}
	return [2]liaison.Date{snap.Content.Report.From, snap.Content.Report.Until}
}

// advice is what the check list says of the period of a report.
func (r *reporting) advice(id liaison.StatementID) (said []string) {
	r.t.Helper()
	snap, err := r.Snapshot(r.t.Context(), id)
	if err == nil {
		err = r.Know(r.t.Context(), &snap)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	for _, f := range snap.Check() {
		if f.Field == "report.period" {
			said = append(said, f.Message)
		}
	}
	return said
}

// next is the first day of the next report.
func (r *reporting) next() liaison.Date {
	r.t.Helper()
	c, err := r.ReportContent(r.t.Context(), seed.JCAML, "")
	if err != nil {
		r.t.Fatal(err)
	}
	return c.Report.From
}

const sg13 = "Study Group 13 meeting"

// TestARecalledReportWasNeverSent: its addressees are to disregard it, so the next report tells of its days, nobody is asked for answers to its
// proposals, and what it was due for is due again, and missed.
func TestARecalledReportWasNeverSent(t *testing.T) {
	t.Parallel()
	r := openReporting(t, "2027-02-05")
	drafted, _ := r.daily()
	if len(drafted) != 1 {
		t.Fatalf("begun were %v", drafted)
	}
	first := drafted[0]
	snap, err := r.Snapshot(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	c := snap.Content
	c.Report.Proposals = []liaison.Proposal{{Title: "A common list of terms", To: []liaison.Code{"itu-t/sg13"}}}
	if _, err := r.Save(t.Context(), first, seed.Editor.ID, snap.DraftVersion, c); err != nil {
		t.Fatal(err)
	}
	sent := left(t, r.Store, first)
	r.on("2027-02-10")
	if from := r.next(); from != "2027-02-05" {
		t.Errorf("before the recall the next report begins on %s", from)
	}
	if d := r.due(sg13); d.Sent == nil || !d.Begun() {
		t.Errorf("before the recall it is %+v", d)
	}
	id := liaison.StatementID(uuid.NewString())
	if _, err := r.Create(t.Context(), id, seed.Editor.ID, recallOf(sent)); err != nil {
		t.Fatal(err)
	}
	carry(t, r.Store, id, liaison.DoSubmit, liaison.DoApprove)
	if from := r.next(); from != "2027-02-05" {
		t.Errorf("before the recall has left the next report begins on %s", from)
	}
	for _, x := range sealed(t, r.Store, carry(t, r.Store, id, liaison.DoDispatch)) {
		attempt(t, r.Store, x.ID, liaison.TransmissionAccepted)
	}
	do(t, r.Store, give(t, r.Store, id, liaison.DoSettle))

	r.on("2027-02-15")
	if from := r.next(); from != "2025-01-01" {
		t.Errorf("the next report begins on %s, and nobody tells of the days before", from)
	}
	next, err := r.ReportContent(t.Context(), seed.JCAML, "")
	if err != nil {
		t.Fatal(err)
	}
	if open, _ := next.Report.Table(liaison.TableUnanswered); len(open.Rows) != 0 {
		t.Errorf("asked again are %+v", open.Rows)
	}
	if d := r.due(sg13); d.Sent != nil || !d.Recalled || d.Begun() {
		t.Errorf("it is due as %+v", d)
	}
	if again, _ := r.daily(); len(again) != 0 {
		t.Errorf("the engine began %v in the place of what was recalled", again)
	}
	second := liaison.StatementID(uuid.NewString())
	if _, err := r.BeginReport(t.Context(), second, seed.Editor.ID, r.due(sg13).ID); err != nil {
		t.Fatal(err)
	}
	if d := r.due(sg13); d.Statement != second || !d.Begun() || d.Recalled {
		t.Errorf("with another draft it is due as %+v", d)
	}
	r.on("2027-03-13")
	if r.daily(); r.due(sg13).Missed != "2027-03-12" {
		t.Errorf("the meeting is over: %+v", r.due(sg13))
	}
	verified(t, r.Store)
}

func recallOf(s store.Snapshot) liaison.Content {
	c := liaison.Follow(s.Snapshot, liaison.Recalls)
	c.Abstract = "Recalls it."
	return c
}

// TestWhatIsRecalledAfterTheMeetingWasThere: the meeting did not close without it.
func TestWhatIsRecalledAfterTheMeetingWasThere(t *testing.T) {
	t.Parallel()
	r := openReporting(t, "2027-02-05")
	drafted, _ := r.daily()
	sent := left(t, r.Store, drafted[0])
	r.on("2027-03-13")
	id := liaison.StatementID(uuid.NewString())
	if _, err := r.Create(t.Context(), id, seed.Editor.ID, recallOf(sent)); err != nil {
		t.Fatal(err)
	}
	carry(t, r.Store, id, liaison.DoSubmit, liaison.DoApprove, liaison.DoDispatch)
	if r.daily(); r.due(sg13).Missed != "" || !r.due(sg13).Recalled {
		t.Errorf("it is %+v", r.due(sg13))
	}
}

// TestReportsFollowOneAnother: no two that are begun in the ordinary course tell of the same day, and where a person has it otherwise it is said.
func TestReportsFollowOneAnother(t *testing.T) {
	t.Parallel()
	r := openReporting(t, "2027-01-25")
	a, _ := r.daily()
	if len(a) != 1 || r.period(a[0]) != [2]liaison.Date{"2025-01-01", "2027-01-24"} {
		t.Fatalf("for SG13: %v", a)
	}
	r.meet(seed.JCAML, "Ninth meeting of JCA-ML", "2027-02-03", "2027-02-03", liaison.MeetingPlanned)
	r.on("2027-02-03")
	if b, _ := r.daily(); len(b) != 0 {
		t.Errorf("a report was begun on a meeting that is not over: %v", b)
	}
	r.on("2027-02-04")
	b, _ := r.daily()
	if len(b) != 1 || r.period(b[0]) != [2]liaison.Date{"2027-01-25", "2027-02-03"} {
		t.Fatalf("on our own meeting: %v of %v", b, r.period(b[0]))
	}
	want := []string{"1 January 2025 to 24 January 2027 is in a report that has not left yet. If that one is withdrawn, let this one begin with its days."}
	if diff := cmp.Diff(want, slices.Concat(r.advice(a[0]), r.advice(b[0]))); diff != "" {
		t.Errorf("of periods that follow one another is said (-want +got):\n%s", diff)
	}

	// Nothing is left of the day: the draft has no period that ends before it begins, and says what is wrong.
	c, err := r.ReportContent(t.Context(), seed.JCAML, "")
	if err != nil || c.Report.From != "2027-02-03" || c.Report.Until != "2027-02-03" {
		t.Fatalf("a third one on the same day is of %s to %s, %v", c.Report.From, c.Report.Until, err)
	}
	third := liaison.StatementID(uuid.NewString())
	if _, err := r.Create(t.Context(), third, seed.Editor.ID, c); err != nil {
		t.Fatal(err)
	}
	if said := strings.Join(r.advice(third), "\n"); !strings.Contains(said, "No day is left for this report") || !strings.Contains(said, "25 January 2027") {
		t.Errorf("of a report of no day is said %q", said)
	}
	carry(t, r.Store, third, liaison.DoWithdraw)

	// The later one is sent first; the next report begins after the last day that either tells of.
	left(t, r.Store, b[0])
	if from := r.next(); from != "2027-02-03" { // there is no day left, still
		t.Errorf("the next report begins on %s", from)
	}
	r.on("2027-02-20")
	left(t, r.Store, a[0])
	if from := r.next(); from != "2027-02-04" {
		t.Errorf("after both were sent the next report begins on %s", from)
	}

	// A person's period is checked against the others.
	c.Report.From, c.Report.Until = "2027-02-06", "2027-02-10"
	c.Report.OfFrom, c.Report.OfUntil = c.Report.From, c.Report.Until
	c.Report.AsOf = r.now
	fourth := liaison.StatementID(uuid.NewString())
	if _, err := r.Create(t.Context(), fourth, seed.Editor.ID, c); err != nil {
		t.Fatal(err)
	}
	want = []string{"4 February 2027 to 5 February 2027 is in no report: JCA-ML-R1 ends on 3 February 2027."}
	if diff := cmp.Diff(want, r.advice(fourth)); diff != "" {
		t.Errorf("a gap (-want +got):\n%s", diff)
	}
	c.Report.From, c.Report.OfFrom = "2027-01-20", "2027-01-20"
	if _, err := r.Save(t.Context(), fourth, seed.Editor.ID, 1, c); err != nil {
		t.Fatal(err)
	}
	if said := strings.Join(r.advice(fourth), "\n"); !strings.Contains(said, "20 January 2027 to 24 January 2027 is in JCA-ML-R2 too") || !strings.Contains(said, "25 January 2027 to 3 February 2027 is in JCA-ML-R1 too") || strings.Contains(said, "no report") {
		t.Errorf("an overlap is said as %q", said)
	}

	// What revises a report is not one beside it.
	do(t, r.Store, liaison.Command{ID: newCommand(), Kind: liaison.DoSendBack, Statement: a[0], Actor: seed.Secretary.ID, Reason: "Returned"})
	revised := reissued(t, r.Store, a[0], liaison.Revises)
	carry(t, r.Store, fourth, liaison.DoWithdraw)
	if said := r.advice(revised); len(said) != 0 {
		t.Errorf("of a revised report is said %q", said)
	}
	verified(t, r.Store)
}

// TestACalendarOfPastMeetings: it brings in a year of meetings of the group itself, and one report tells of them, not one each.
func TestACalendarOfPastMeetings(t *testing.T) {
	t.Parallel()
	r := openReporting(t, "2026-11-27")
	for _, day := range []liaison.Date{"2026-02-03", "2026-06-02", "2026-10-06", "2026-11-24"} {
		r.meet(seed.JCAML, "Meeting of "+day.String(), day, day, liaison.MeetingPlanned)
	}
	drafted, reminded := r.daily()
	if len(drafted) != 1 || r.period(drafted[0]) != [2]liaison.Date{"2025-01-01", "2026-11-26"} || r.due("Meeting of 24 November 2026").Statement != drafted[0] {
		t.Fatalf("begun were %v", drafted)
	}
	if len(reminded) != 1 || reminded[0] != drafted[0] {
		t.Errorf("reminded of are %v", reminded)
	}
	if d := r.due("Meeting of 3 February 2026"); d.Statement != "" || d.Within.Statement != drafted[0] {
		t.Errorf("the first meeting is told of in %+v", d)
	}
	verified(t, r.Store)
}

// TestAMeetingIsCancelledOrPutOff: nothing is due for the one, and the other is reminded of by its new days.
func TestAMeetingIsCancelledOrPutOff(t *testing.T) {
	t.Parallel()
	r := openReporting(t, "2027-06-01")
	r.meet("itu-t/sg13", "Cancelled at once", "2027-09-06", "2027-09-10", liaison.MeetingPlanned)
	r.meet("itu-t/sg13", "Cancelled late", "2027-07-12", "2027-07-16", liaison.MeetingPlanned)
	if r.daily(); r.due("Cancelled at once").ID == "" {
		t.Fatal("nothing is due")
	}
	r.meet("itu-t/sg13", "Cancelled at once", "2027-09-06", "2027-09-10", liaison.MeetingCancelled)
	if r.daily(); r.due("Cancelled at once").ID != "" {
		t.Errorf("for a cancelled meeting is due %+v", r.due("Cancelled at once"))
	}
	r.on("2027-06-08")
	if drafted, reminded := r.daily(); len(drafted) != 1 || len(reminded) != 1 {
		t.Fatalf("begun %v, reminded of %v", drafted, reminded)
	}
	r.meet("itu-t/sg13", "Cancelled late", "2027-07-12", "2027-07-16", liaison.MeetingCancelled)
	for _, day := range []liaison.Date{"2027-06-21", "2027-07-05", "2027-07-06", "2027-07-17", "2027-08-09"} {
		r.on(day)
		if drafted, reminded := r.daily(); len(drafted)+len(reminded) != 0 {
			t.Errorf("on %s begun %v, reminded of %v", day, drafted, reminded)
		}
	}
	if d := r.due("Cancelled late"); d.Statement == "" || d.Missed != "" {
		t.Errorf("the draft for a cancelled meeting is %+v", d)
	}
	verified(t, r.Store)
}

// TestANewParentGroup: what is due follows from the terms of reference of the day.
func TestANewParentGroup(t *testing.T) {
	t.Parallel()
	r := openReporting(t, "2027-01-10")
	terms := seed.Terms()[0]
	terms.Version, terms.InForce, terms.Parent = 2, "2027-01-20", "itu-t/tsag"
	if err := r.Enter(t.Context(), nil, nil, nil, []liaison.TermsOfReference{terms}); err != nil {
		t.Fatal(err)
	}
	if r.daily(); r.due(sg13).ID == "" {
		t.Fatal("before the day nothing is due for SG13")
	}
	r.on("2027-01-20")
	r.meet("itu-t/tsag", "TSAG meeting", "2027-02-22", "2027-02-26", liaison.MeetingPlanned)
	drafted, _ := r.daily()
	if len(drafted) != 1 || r.due("TSAG meeting").Statement != drafted[0] {
		t.Fatalf("begun were %v; due is %+v", drafted, r.due("TSAG meeting"))
	}
	snap, err := r.Snapshot(t.Context(), drafted[0])
	if err != nil || snap.Content.Report.Parent != "itu-t/tsag" || snap.Content.Addressees[0].Body != "itu-t/tsag" || snap.GroupBody.Parent != "itu-t/tsag" {
		t.Errorf("it goes to %+v, %v", snap.Content.Addressees, err)
	}
	other := liaison.Meeting{ID: liaison.MeetingID(uuid.NewString()), Group: "itu-t/sg13", Title: "x", From: "2027-05-01", Until: "2027-05-02", State: liaison.MeetingPlanned, UID: "x"}
	if err := r.ImportMeetings(t.Context(), seed.JCAML, seed.Secretary.ID, []liaison.Meeting{other}); liaison.CodeOf(err) != liaison.Invalid {
		t.Errorf("a calendar of the former parent: %v", err)
	}
	r.on("2027-03-13")
	if r.daily(); r.due(sg13).Missed != "" || r.due("TSAG meeting").Missed != "2027-02-26" {
		t.Errorf("missed are %+v, %+v", r.due(sg13), r.due("TSAG meeting"))
	}
	verified(t, r.Store)
}

// told lists what was recorded of a kind of event that begins so, with the day: of reports, and of meetings without one.
func (r *reporting) told(about string) (out []string) {
	r.t.Helper()
	rows, err := r.pool.Query(r.t.Context(), `
		SELECT to_char(at, 'MM-DD ') || kind || CASE WHEN statement_id IS NULL THEN ' ' || body_code ELSE '' END FROM event
		WHERE kind LIKE 'report-%' AND (statement_id::text = $1 OR meeting_id::text = $1) ORDER BY seq`, about)
	if err != nil {
		r.t.Fatal(err)
	}
	if out, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
		r.t.Fatal(err)
	}
	return out
}

// through runs what is done every day from a day to another.
func (r *reporting) through(from, until liaison.Date) {
	r.t.Helper()
	for day := from; day <= until; day = day.Plus(1) {
		r.on(day)
		r.daily()
	}
}

// TestALateReportIsToldOf: the offices of the profile one after the other, whether the draft was left lying, put aside or never begun, and on a
// meeting of the group itself too.
func TestALateReportIsToldOf(t *testing.T) {
	t.Parallel()
	before := []string{"06-08 report-due", "06-21 report-due", "06-28 report-due", "07-02 report-due", "07-04 report-due", "07-05 report-due"}
	after := []string{"07-06 report-late-chair", "07-08 report-late-vice-chair", "07-12 report-late-secretary"}
	t.Run("left lying", func(t *testing.T) {
		t.Parallel()
		r := openReporting(t, "2027-06-01")
		r.meet("itu-t/sg13", "July", "2027-07-12", "2027-07-16", liaison.MeetingPlanned)
		r.through("2027-06-07", "2027-07-20")
		want := slices.Concat([]string{"06-07 report-due"}, before[1:], after, []string{"07-17 report-missed"})
		if diff := cmp.Diff(want, r.told(string(r.due("July").Statement))); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
		verified(t, r.Store)
	})
	t.Run("put aside", func(t *testing.T) {
		t.Parallel()
		r := openReporting(t, "2027-06-01")
		r.meet("itu-t/sg13", "July", "2027-07-12", "2027-07-16", liaison.MeetingPlanned)
		r.on("2027-06-08")
		r.daily()
		r.withdraw(r.due("July").Statement)
		r.through("2027-06-09", "2027-07-20")
		if diff := cmp.Diff(slices.Concat(before, after, []string{"07-17 report-missed"}), r.told(string(r.due("July").Statement))); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
		verified(t, r.Store)
	})
	t.Run("never begun", func(t *testing.T) {
		t.Parallel()
		r := openReporting(t, "2027-06-01")
		if _, err := r.pool.Exec(t.Context(), `UPDATE appointment SET held_until = '2027-06-02' WHERE group_code = $1 AND (held_until IS NULL OR held_until > '2027-06-02')`, seed.JCAML); err != nil {
			t.Fatal(err)
		}
		r.meet("itu-t/sg13", "July", "2027-07-12", "2027-07-16", liaison.MeetingPlanned)
		r.on("2027-06-08")
		if drafted, reminded := r.daily(); len(drafted)+len(reminded) != 0 {
			t.Fatalf("without an officer begun %v, reminded of %v", drafted, reminded)
		}
		r.through("2027-06-09", "2027-07-20")
		var want []string
		for _, x := range slices.Concat(before, after, []string{"07-17 report-missed"}) {
			want = append(want, x+" itu-t/jca-ml")
		}
		if diff := cmp.Diff(want, r.told(string(r.due("July").Meeting.ID))); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
		verified(t, r.Store)
	})
	t.Run("on a meeting of the group itself, until another report tells of it", func(t *testing.T) {
		t.Parallel()
		r := openReporting(t, "2027-06-01")
		r.meet(seed.JCAML, "Ninth", "2027-06-21", "2027-06-21", liaison.MeetingPlanned)
		r.through("2027-06-22", "2027-07-08")
		id := r.due("Ninth").Statement
		r.withdraw(id)
		c, err := r.ReportContent(t.Context(), seed.JCAML, "")
		if err != nil {
			t.Fatal(err)
		}
		other := liaison.StatementID(uuid.NewString())
		if _, err := r.Create(t.Context(), other, seed.Editor.ID, c); err != nil {
			t.Fatal(err)
		}
		r.through("2027-07-09", "2027-07-30")
		want := []string{"06-22 report-due", "06-28 report-due", "07-02 report-due", "07-04 report-due", "07-05 report-due", "07-06 report-late-chair", "07-08 report-late-vice-chair"}
		if diff := cmp.Diff(want, r.told(string(id))); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
		if d := r.due("Ninth"); d.Within.Statement != other || d.Missed != "" {
			t.Errorf("it is told of in %+v", d)
		}
		verified(t, r.Store)
	})
}

// TestAReportIsBegunWithoutASecretary: in the name of the next who may draft, so that the chair is reminded of it.
func TestAReportIsBegunWithoutASecretary(t *testing.T) {
	t.Parallel()
	r := openReporting(t, "2027-02-05")
	if _, err := r.pool.Exec(t.Context(), `UPDATE appointment SET held_until = '2027-01-01' WHERE group_code = $1 AND office = 'secretary'`, seed.JCAML); err != nil {
		t.Fatal(err)
	}
	drafted, reminded := r.daily()
	if len(drafted) != 1 || len(reminded) != 1 {
		t.Fatalf("begun %v, reminded of %v", drafted, reminded)
	}
	if snap, err := r.Snapshot(t.Context(), drafted[0]); err != nil || snap.Drafter != seed.Editor.ID {
		t.Errorf("in the name of %+v, %v", snap.DrafterPerson, err)
	}
}

// TestAMeetingThatIsPutOffIsRemindedOfAgain: by the days before its new date, also when it was missed on the old one.
func TestAMeetingThatIsPutOffIsRemindedOfAgain(t *testing.T) {
	t.Parallel()
	r := openReporting(t, "2027-06-01")
	r.meet("itu-t/sg13", "July", "2027-07-12", "2027-07-16", liaison.MeetingPlanned)
	r.through("2027-07-04", "2027-07-05")
	r.meet("itu-t/sg13", "July", "2027-07-14", "2027-07-18", liaison.MeetingPlanned)
	r.through("2027-07-06", "2027-07-07")
	id := r.due("July").Statement
	want := []string{"07-04 report-due", "07-05 report-due", "07-06 report-due", "07-07 report-due"} // 1 and 0 days before, twice
	if diff := cmp.Diff(want, r.told(string(id))); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	r.on("2027-07-19")
	if r.daily(); r.due("July").Missed != "2027-07-18" {
		t.Fatalf("it is %+v", r.due("July"))
	}
	r.meet("itu-t/sg13", "July", "2027-08-09", "2027-08-13", liaison.MeetingPlanned)
	r.on("2027-08-01")
	if _, reminded := r.daily(); r.due("July").Missed != "" || r.due("July").Due != "2027-08-02" || !slices.Equal(reminded, []liaison.StatementID{id}) {
		t.Errorf("put off when it was over it is %+v, reminded of are %v", r.due("July"), reminded)
	}
	r.on("2027-08-14")
	if _, reminded := r.daily(); r.due("July").Missed != "2027-08-13" || len(reminded) != 1 {
		t.Errorf("missed again it is %+v, told of are %v", r.due("July"), reminded)
	}
	verified(t, r.Store)
}

// TestAMeetingOfTheParentGroupIsSeenTo by the group that reports to it, for as long as the parent does not decide here itself.
func TestAMeetingOfTheParentGroupIsSeenTo(t *testing.T) {
	t.Parallel()
	r := openReporting(t, "2027-06-01")
	m := liaison.Meeting{ID: liaison.MeetingID(uuid.NewString()), Group: "itu-t/sg13", Title: "July", From: "2027-07-12", Until: "2027-07-16", Source: "TSB Circular 90"}
	refused(t, r.EnterMeeting(t.Context(), seed.Editor.ID, m), liaison.Forbidden)
	for range 2 { // the form, sent twice
		if err := r.EnterMeeting(t.Context(), seed.Secretary.ID, m); err != nil {
			t.Fatal(err)
		}
	}
	if r.daily(); r.due("July").Due != "2027-07-05" {
		t.Errorf("due is %+v", r.due("July"))
	}
	m.Version, m.From, m.With = 1, "2027-07-14", seed.Meetings()[0].ID
	refused(t, r.ChangeMeeting(t.Context(), seed.Chair.ID, m), liaison.Invalid) // held together with a meeting of itself
	m.With = ""
	if err := r.ChangeMeeting(t.Context(), seed.Chair.ID, m); err != nil {
		t.Fatal(err)
	}
	if r.daily(); r.due("July").Due != "2027-07-07" {
		t.Errorf("moved it is due as %+v", r.due("July"))
	}
	r.on("2027-07-15")
	refused(t, r.MoveMeeting(t.Context(), seed.Secretary.ID, m.ID, liaison.OpenMeeting, ""), liaison.Conflict)
	if err := r.MoveMeeting(t.Context(), seed.Secretary.ID, m.ID, liaison.CloseMeeting, ""); err != nil {
		t.Fatal(err)
	}
	if r.daily(); r.due("July").Missed != "2027-07-16" {
		t.Errorf("closed before its last day it is %+v", r.due("July"))
	}
	if err := r.MoveMeeting(t.Context(), seed.Secretary.ID, seed.Meetings()[2].ID, liaison.CloseMeeting, ""); err != nil { // of its entering the log has nothing
		t.Fatal(err)
	}
	other := m
	other.ID, other.From, other.Until = liaison.MeetingID(uuid.NewString()), "2027-11-08", "2027-11-12"
	refused(t, r.EnterMeeting(t.Context(), seed.Secretary.ID, liaison.Meeting{ID: other.ID, Group: "itu-t/sg17", Title: "x", From: "2027-11-08", Until: "2027-11-08"}), liaison.NotFound)

	terms := seed.Terms()[0]
	terms.Group, terms.Parent, terms.InForce = "itu-t/sg13", "itu-t/tsag", "2027-07-15"
	if err := r.Enter(t.Context(), nil, nil, nil, []liaison.TermsOfReference{terms}); err != nil {
		t.Fatal(err)
	}
	refused(t, r.EnterMeeting(t.Context(), seed.Secretary.ID, other), liaison.Forbidden)
	verified(t, r.Store)
}
