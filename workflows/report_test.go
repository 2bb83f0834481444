package workflows_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/jca-ml/liaison/activities"
	"github.com/jca-ml/liaison/internal/post"
	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/migrations"
	"github.com/jca-ml/liaison/workflows"
)

// reporting is a study period in which a group reports to its parent: the real register under the clock of the test environment, the
// workflow Reports once a day, and that of each report from its draft on.
type reporting struct {
	period
	follow []liaison.StatementID // reports whose workflow has not begun
}

// on has something done on a day, so many days before or after another, about noon in Geneva.
func (r *reporting) on(day liaison.Date, days int, do func()) {
	r.at(liaison.DaysBetween(liaison.DateOf(r.began, time.UTC), day)+days, do)
}

// due is what is due for the meeting.
func (r *reporting) due(meeting liaison.MeetingID) store.DueReport {
	r.t.Helper()
	all, err := r.store.DueReports(r.t.Context(), seed.JCAML)
	i := slices.IndexFunc(all, func(d store.DueReport) bool { return d.Meeting.ID == meeting })
	if err != nil || i < 0 {
		r.t.Errorf("nothing is due for the meeting %s, %v", meeting, err)
		return store.DueReport{}
	}
	return all[i]
}

// posted submits the report and approves it a while later, upon which it leaves.
func (r *reporting) posted(meeting liaison.MeetingID, submit liaison.Date, waits int) {
	r.on(submit, 0, func() { r.give(r.due(meeting).Statement, liaison.DoSubmit, seed.Secretary) })
	r.on(submit, waits, func() { r.give(r.due(meeting).Statement, liaison.DoApprove, seed.Chair) })
}

// record has the secretariat record what the parent group did on the last day of the meeting.
func (r *reporting) record(m liaison.Meeting, days int, kind liaison.CommandKind) {
	r.on(m.Until, days, func() { r.give(r.due(m.ID).Statement, kind, seed.Secretary) })
}

// change edits a draft.
func (r *reporting) change(id liaison.StatementID, by liaison.Person, f func(*liaison.Content)) {
	r.t.Helper()
	snap, err := r.store.Snapshot(r.t.Context(), id)
	if err != nil {
		r.t.Error(err)
		return
	}
	c := snap.Content
	f(&c)
	if _, err := r.store.Save(r.t.Context(), id, by.ID, snap.DraftVersion, c); err != nil {
		r.t.Error(err)
	}
}

// putRight begins what puts the report right, and carries it through on the following days.
func (r *reporting) putRight(m liaison.Meeting, days int, kind liaison.RelationKind) {
	id := liaison.StatementID(uuid.NewString())
	r.on(m.Until, days, func() {
		snap, err := r.store.Snapshot(r.t.Context(), r.due(m.ID).Statement)
		if err != nil {
			r.t.Error(err)
			return
		}
		c := liaison.Follow(snap.Snapshot, kind)
		c.Abstract = "Puts it right."
		if _, err := r.store.Create(r.t.Context(), id, seed.Secretary.ID, c); err != nil {
			r.t.Errorf("%s: %v", kind, err)
		}
		r.follow = append(r.follow, id)
	})
	r.on(m.Until, days+2, func() { r.give(id, liaison.DoSubmit, seed.Secretary) })
	r.on(m.Until, days+4, func() { r.give(id, liaison.DoApprove, seed.Chair) })
}

// reported is what became of a report, as a person would note it down.
type reportedAs struct {
	Due      liaison.Date
	Drafted  liaison.Date // by the engine
	Reminded int
	Told     []string // of a decision that waited
	Posted   liaison.Date
	Missed   liaison.Date
	Ref      string
	Outcome  liaison.ReportOutcome
	Nil      bool
}

// TestReportsOfAStudyPeriod: three meetings of the parent group a year from 2025 to 2028, and as many of the group itself. Each report is
// drafted in time, reminded of on the profile's days, and posted, or written down as missed; what comes of it follows.
func TestReportsOfAStudyPeriod(t *testing.T) {
	began := time.Date(2025, 1, 6, 11, 0, 0, 0, time.UTC)
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet())
	r := &reporting{period: period{TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(), t: t, began: began}}
	r.SetStartTime(began)
	r.SetTestTimeout(10 * time.Minute)
	r.store = store.New(testkit.Database(t, migrations.Up)).At(r.Now)
	if err := seed.Register(t.Context(), r.store); err != nil {
		t.Fatal(err)
	}
	r.RegisterWorkflowWithOptions(workflows.Reports, workflow.RegisterOptions{Name: workflows.ReportsWorkflow})
	r.RegisterWorkflowWithOptions(workflows.Statement, workflow.RegisterOptions{Name: workflows.StatementWorkflow})
	r.RegisterWorkflowWithOptions(workflows.Dispatch, workflow.RegisterOptions{Name: workflows.DispatchWorkflow})
	r.RegisterActivity(&activities.Activities{
		Store: r.store, Relay: &takesAll{}, From: "liaison@liaison.example", Worker: "test",
		Office: &post.Office{Store: r.store, From: "liaison@liaison.example", URL: "http://127.0.0.1"},
		Retry:  liaison.Retry{Delays: []time.Duration{time.Minute}, GiveUp: time.Hour},
	})

	var parent, own []liaison.Meeting
	for year := 2025; year <= 2028; year++ {
		for i, days := range [][3]string{{"03-10", "03-21", "01-28"}, {"07-14", "07-25", "06-02"}, {"11-10", "11-21", "09-29"}} {
			on := func(d string) liaison.Date { return liaison.Date(fmt.Sprintf("%d-%s", year, d)) }
			parent = append(parent, liaison.Meeting{ID: liaison.MeetingID(uuid.NewString()), Group: "itu-t/sg13", Title: fmt.Sprintf("SG13 meeting %d.%d", year, i+1), Place: "Geneva",
				From: on(days[0]), Until: on(days[1]), State: liaison.MeetingPlanned, UID: fmt.Sprintf("%d.%d@itu.example", year, i), Source: "test"})
			if year == 2027 && i == 1 {
				continue // a meeting that was not held
			}
			own = append(own, liaison.Meeting{ID: liaison.MeetingID(uuid.NewString()), Group: seed.JCAML, Title: fmt.Sprintf("JCA-ML meeting %d.%d", year, i+1), Place: "online",
				From: on(days[2]), Until: on(days[2]), State: liaison.MeetingPlanned, Source: "test"})
		}
	}
	known := map[liaison.MeetingID]bool{}
	for _, m := range slices.Concat(parent, own) {
		known[m.ID] = true
	}
	if err := r.store.EnterMeetings(t.Context(), slices.Concat(parent, own)); err != nil {
		t.Fatal(err)
	}
	onOwn := map[liaison.MeetingID]bool{} // reported on by a report of its own; the others with the next one to the parent group
	for i, m := range own {
		if onOwn[m.ID] = i%3 == 0 || i == len(own)-1; onOwn[m.ID] {
			r.posted(m.ID, m.Until.Plus(5), 2)
		} else {
			r.on(m.Until, 3, func() { r.give(r.due(m.ID).Statement, liaison.DoWithdraw, seed.Secretary) })
		}
	}

	want := map[string]reportedAs{}
	expect := func(m liaison.Meeting, w reportedAs) {
		if w.Due == "" {
			w.Due = m.From.Plus(-7)
		}
		if w.Drafted == "" {
			w.Drafted = w.Due.Plus(-28)
		}
		want[m.Title] = w
	}
	due := func(m liaison.Meeting) liaison.Date { return m.From.Plus(-7) }
	n := 0
	ref := func() string { n++; return fmt.Sprintf("JCA-ML-R%d", n) }
	inTime := func(m liaison.Meeting) { r.posted(m.ID, due(m).Plus(-10), 2) }

	ref()          // that on the first meeting of the group itself, so that this one has none to tell of
	m := parent[0] // in time
	inTime(m)
	r.record(m, 0, liaison.DoAccept)
	expect(m, reportedAs{Reminded: 2, Posted: due(m).Plus(-8), Ref: ref(), Outcome: liaison.ReportAccepted, Nil: true})

	m = parent[1] // nobody does anything: reminded on each day, and missed
	expect(m, reportedAs{Reminded: 6, Missed: m.Until})

	m = parent[2] // nobody decides: one office after the other is told
	r.posted(m.ID, due(m).Plus(-26), 25)
	r.record(m, 0, liaison.DoNote)
	expect(m, reportedAs{Reminded: 5, Told: []string{"waits-chair", "waits-vice-chair", "waits-secretary"}, Posted: due(m).Plus(-1), Ref: ref(), Outcome: liaison.ReportNoted})

	ref()
	m = parent[3] // it leaves before the group has approved it
	provisional := m
	r.on(due(m), -11, func() {
		r.change(r.due(provisional.ID).Statement, seed.Secretary, func(c *liaison.Content) { c.Report.Provisional = true })
	})
	inTime(m)
	r.record(m, -1, liaison.DoPresent)
	r.record(m, 0, liaison.DoAccept)
	expect(m, reportedAs{Reminded: 2, Posted: due(m).Plus(-8), Ref: ref(), Outcome: liaison.ReportAccepted, Nil: true})

	m = parent[4] // edge 65: returned, and revised
	inTime(m)
	r.record(m, -2, liaison.DoSendBack)
	r.putRight(m, 5, liaison.Revises)
	r.record(m, 20, liaison.DoAccept)
	expect(m, reportedAs{Posted: m.Until.Plus(9), Ref: ref() + " Rev.1", Outcome: liaison.ReportAccepted, Reminded: 2})

	m = parent[5] // edge 54: presented, and corrected
	corrected := m
	inTime(m)
	r.record(m, -1, liaison.DoPresent)
	r.putRight(m, 3, liaison.Corrects)
	expect(m, reportedAs{Reminded: 2, Posted: due(m).Plus(-8), Ref: ref(), Outcome: liaison.ReportPresented})

	ref()
	m = parent[6] // in time, and never taken up
	inTime(m)
	expect(m, reportedAs{Reminded: 2, Posted: due(m).Plus(-8), Ref: ref(), Nil: true})

	m = parent[7] // edge 63: no meeting was held since the last report
	inTime(m)
	r.record(m, 0, liaison.DoNote)
	expect(m, reportedAs{Reminded: 2, Posted: due(m).Plus(-8), Ref: ref(), Outcome: liaison.ReportNoted, Nil: true})

	m = parent[8] // late, and there before the meeting is over
	r.posted(m.ID, due(m).Plus(3), 2)
	r.record(m, 0, liaison.DoNote)
	expect(m, reportedAs{Reminded: 6, Told: []string{"report-late-chair", "report-late-vice-chair"}, Posted: due(m).Plus(5), Ref: ref(), Outcome: liaison.ReportNoted})

	m = parent[9] // rejected by the chair; the secretariat begins another one
	rejected := m
	r.on(due(m), -14, func() { r.give(r.due(rejected.ID).Statement, liaison.DoSubmit, seed.Secretary) })
	r.on(due(m), -12, func() { r.give(r.due(rejected.ID).Statement, liaison.DoReject, seed.Chair) })
	r.on(due(m), -11, func() {
		id := liaison.StatementID(uuid.NewString())
		if _, err := r.store.BeginReport(t.Context(), id, seed.Secretary.ID, r.due(rejected.ID).ID); err != nil {
			t.Error(err)
		}
		r.follow = append(r.follow, id)
	})
	inTime(m)
	expect(m, reportedAs{Drafted: due(m).Plus(-11), Reminded: 0, Posted: due(m).Plus(-8), Ref: ref()})

	m = parent[10] // the meeting is moved by three weeks after the draft was begun
	moved := m
	moved.From, moved.Until = m.From.Plus(21), m.Until.Plus(21)
	r.on(due(m), -20, func() {
		again := moved // as a calendar that is brought in again has it: known by its UID
		again.ID = liaison.MeetingID(uuid.NewString())
		if err := r.store.ImportMeetings(t.Context(), seed.JCAML, seed.Secretary.ID, []liaison.Meeting{again}); err != nil {
			t.Error(err)
		}
	})
	r.posted(m.ID, due(moved).Plus(-10), 2)
	ref()
	expect(m, reportedAs{Due: due(moved), Drafted: due(m).Plus(-28), Reminded: 3, Posted: due(moved).Plus(-8), Ref: ref(), Nil: true}) // 28 days before either date, and 14

	ref() // that on the last meeting of the group itself
	m = parent[11]
	inTime(m)
	r.record(m, 0, liaison.DoAccept)
	expect(m, reportedAs{Reminded: 2, Posted: due(m).Plus(-8), Ref: ref(), Outcome: liaison.ReportAccepted, Nil: true})

	followed := map[liaison.StatementID]bool{}
	r.ExecuteWorkflow(func(ctx workflow.Context) error {
		for i := 0; workflow.Now(ctx).Before(began.AddDate(4, 0, 0)); i++ {
			// An hour before whatever persons do that day.
			if err := workflow.Sleep(ctx, began.AddDate(0, 0, i+1).Add(-time.Hour).Sub(workflow.Now(ctx))); err != nil {
				return err
			}
			if err := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{WorkflowID: fmt.Sprintf("%s/%d", workflows.ReportsID, i)}), workflows.ReportsWorkflow).Get(ctx, nil); err != nil {
				return err
			}
			all, err := r.store.DueReports(t.Context(), seed.JCAML)
			if err != nil {
				return err
			}
			for _, d := range all {
				if d.Statement != "" {
					r.follow = append(r.follow, d.Statement)
				}
			}
			for _, id := range r.follow {
				if followed[id] {
					continue
				}
				followed[id] = true
				workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{WorkflowID: workflows.StatementWorkflowID(id)}),
					workflows.StatementWorkflow, workflows.StatementInput{ID: id, State: liaison.Draft})
			}
			r.follow = nil
		}
		return nil
	})
	if !r.IsWorkflowCompleted() || r.GetWorkflowError() != nil {
		t.Fatalf("the study period did not come to an end: %v", r.GetWorkflowError())
	}

	got := map[string]reportedAs{}
	all, err := r.store.DueReports(t.Context(), seed.JCAML)
	if err != nil {
		t.Fatal(err)
	}
	withdrawn := 0
	var periods []liaison.Report
	for _, d := range all {
		if d.Begun() {
			snap, err := r.store.Snapshot(t.Context(), d.Statement)
			if err != nil {
				t.Fatal(err)
			}
			periods = append(periods, *snap.Content.Report)
		}
		if !known[d.Meeting.ID] {
			continue // of the seed
		}
		if d.Meeting.Group == seed.JCAML {
			if !onOwn[d.Meeting.ID] {
				if d.State == liaison.Withdrawn && d.Missed == "" && d.Within.Statement != "" {
					withdrawn++
				}
			} else if d.Sent == nil || d.Due != d.Meeting.Until.Plus(14) || liaison.DateOf(*d.Sent, time.UTC) != d.Meeting.Until.Plus(7) {
				t.Errorf("%s: %+v", d.Meeting.Title, d)
			}
			continue
		}
		x := reportedAs{Due: d.Due, Missed: d.Missed, Ref: d.Ref, Outcome: d.Outcome}
		if d.Sent != nil {
			x.Posted = liaison.DateOf(*d.Sent, time.UTC)
		}
		snap, err := r.store.Snapshot(t.Context(), d.Statement)
		if err != nil {
			t.Fatal(err)
		}
		x.Nil = d.Sent != nil && snap.Content.Report.Nil()
		if want := d.Meeting.ID == provisional.ID; snap.Content.Report.Provisional != want {
			t.Errorf("edge 62: that %s is provisional is %t", d.Ref, !want)
		}
		first := d.Statement
		if _, other := snap.Content.Keeps(); other != "" {
			first = other
		}
		history, err := r.store.History(t.Context(), first)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range history {
			switch e.Kind {
			case liaison.EventDrafted:
				x.Drafted = liaison.DateOf(e.At, time.UTC)
			case liaison.EventReportDue:
				x.Reminded++
			case liaison.EventWaitsChair, liaison.EventWaitsDeputy, liaison.EventWaitsSecretariat, liaison.EventReportLateChair, liaison.EventReportLateDeputy, liaison.EventReportLateSecretariat:
				x.Told = append(x.Told, string(e.Kind))
			case liaison.EventReportMissed:
				if at := liaison.DateOf(e.At, time.UTC); at != d.Missed.Plus(1) {
					t.Errorf("%s: told on %s that it was missed on %s", d.Meeting.Title, at, d.Missed)
				}
			}
		}
		got[d.Meeting.Title] = x
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("reports to the parent group (-want +got):\n%s", diff)
	}
	lines, err := r.store.NumbersOf(t.Context(), seed.Chair.ID, store.Series{Group: seed.JCAML, Kind: liaison.ProgressReport, Period: "2025-2028", Last: n}, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var refs, wantRefs []string
	for _, l := range lines {
		refs = append(refs, l.Ref)
	}
	for i := n; i > 0; i-- {
		ref := fmt.Sprintf("JCA-ML-R%d", i)
		wantRefs = append(wantRefs, ref)
		if got[parent[4].Title].Ref == ref+" Rev.1" {
			wantRefs = append(wantRefs, ref+" Rev.1")
		}
		if got[corrected.Title].Ref == ref {
			wantRefs = append(wantRefs, ref+" Corr.1")
		}
	}
	if diff := cmp.Diff(wantRefs, refs); diff != "" {
		t.Errorf("numbers (-want +got):\n%s", diff)
	}
	if withdrawn != 6 {
		t.Errorf("%d of %d reports on meetings of the group itself were withdrawn, and told of by another one", withdrawn, len(own))
	}
	// What a day brought stands in one report, and in one only.
	slices.SortFunc(periods, func(a, b liaison.Report) int { return strings.Compare(string(a.From), string(b.From)) })
	for i, p := range periods {
		if i == 0 && p.From != "2025-01-01" || i > 0 && p.From != periods[i-1].Until.Plus(1) || p.Until < p.From {
			t.Errorf("a report of %s to %s comes after one until %s", p.From, p.Until, periods[max(0, i-1)].Until)
		}
	}
	if ofSeed := 2; len(periods) != len(parent)+len(own)-withdrawn+ofSeed {
		t.Errorf("%d reports have a period", len(periods))
	}
	report, err := r.store.Audit(t.Context(), nil)
	if err != nil || len(report.Problems) > 0 {
		t.Errorf("the log: %v, %v", report.Problems, err)
	}
}
