package workflows_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/jca-ml/liaison/activities"
	"github.com/jca-ml/liaison/internal/post"
	"github.com/jca-ml/liaison/internal/profile"
	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail"
	"github.com/jca-ml/liaison/migrations"
	"github.com/jca-ml/liaison/workflows"
)

// takesAll is a relay whose server takes every message over.
type takesAll struct{ sent atomic.Int64 }

func (r *takesAll) Send(ctx context.Context, _ mail.SMTPEnvelope, _ []byte, beforeDot func(context.Context) error) mail.Result {
	if err := beforeDot(ctx); err != nil {
		return mail.Result{Stage: liaison.StageData, Err: err}
	}
	r.sent.Add(1)
	return mail.Result{Stage: liaison.StageDot, Code: 250, Reply: "2.0.0 taken", Relay: "relay.example:25"}
}

// period is a study period of one group in the time of the test environment: the real register, rules, letters and workflows, and
// years that pass in seconds.
type period struct {
	*testsuite.TestWorkflowEnvironment
	t     *testing.T
	store *store.Store
	pool  *pgxpool.Pool
	relay *takesAll
	began time.Time
	ids   []liaison.StatementID
}

// newPeriod begins at a moment, under the rules that come with the program or others.
func newPeriod(t *testing.T, began time.Time, rules *profile.Set) *period {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet())
	p := &period{TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(), t: t, began: began, relay: &takesAll{}}
	p.SetStartTime(began)
	p.SetTestTimeout(8 * time.Minute)
	p.pool = testkit.Database(t, migrations.Up)
	p.store = store.New(p.pool).At(p.Now)
	if rules != nil {
		p.store = p.store.Under(rules)
	}
	if err := seed.Register(t.Context(), p.store); err != nil {
		t.Fatal(err)
	}
	p.RegisterWorkflowWithOptions(workflows.Statement, workflow.RegisterOptions{Name: workflows.StatementWorkflow})
	p.RegisterWorkflowWithOptions(workflows.Dispatch, workflow.RegisterOptions{Name: workflows.DispatchWorkflow})
	p.RegisterActivity(&activities.Activities{
		Store: p.store, Relay: p.relay, From: "liaison@liaison.example", Worker: "test",
		Office: &post.Office{Store: p.store, From: "liaison@liaison.example", URL: "http://127.0.0.1"},
		Retry:  liaison.Retry{Delays: []time.Duration{time.Minute}, GiveUp: time.Hour},
	})
	return p
}

// at has something done so many days after the beginning, at noon in Geneva or thereabouts.
func (p *period) at(days int, do func()) {
	p.RegisterDelayedCallback(do, time.Duration(days)*24*time.Hour)
}

// give sends a command to the statement's workflow, as the engine does.
func (p *period) give(id liaison.StatementID, kind liaison.CommandKind, by liaison.Person, change ...func(*liaison.Command)) {
	p.t.Helper()
	snap, err := p.store.Snapshot(p.t.Context(), id)
	if err != nil {
		p.t.Error(err)
		return
	}
	cmd := liaison.Command{ID: liaison.CommandID(uuid.NewString()), Kind: kind, Statement: id, Actor: by.ID, Digest: snap.Digest, Reason: "because", Consulted: seed.Consulted()}
	for _, f := range change {
		f(&cmd)
	}
	failed := func(err error) {
		if err != nil {
			p.t.Errorf("%s: %v", kind, err)
		}
	}
	err = p.UpdateWorkflowByID(workflows.StatementWorkflowID(id), workflows.UpdateCommand, string(cmd.ID), &testsuite.TestUpdateCallback{
		OnAccept: func() {}, OnReject: failed, OnComplete: func(_ any, err error) { failed(err) },
	}, cmd)
	failed(err)
}

// message is the message to the nth addressee of a statement.
func (p *period) message(id liaison.StatementID, n int) liaison.TransmissionID {
	p.t.Helper()
	snap, err := p.store.Snapshot(p.t.Context(), id)
	if err != nil || len(snap.Replies) < n {
		p.t.Errorf("%s has %d replies, %v", id, len(snap.Replies), err)
		return ""
	}
	return snap.Replies[n-1].Transmission
}

// says is what the nth addressee says on its page.
func (p *period) says(id liaison.StatementID, n int, r liaison.Response) {
	p.t.Helper()
	r.Name = "Irene"
	if _, err := p.store.Respond(p.t.Context(), p.message(id, n), liaison.CommandID(uuid.NewString()), r); err != nil {
		p.t.Errorf("%s: %v", r.Kind, err)
	}
}

// look is the round of the mending, which has the workflow take up what came in without it.
func (p *period) look(id liaison.StatementID) {
	p.t.Helper()
	if err := p.SignalWorkflowByID(workflows.StatementWorkflowID(id), workflows.SignalMend, nil); err != nil {
		p.t.Error(err)
	}
}

// TestAStudyPeriodOfFourYears: twelve statements from draft to the end in the years 2025 to 2028, one every four months, each to two
// addressees for action and one for information, with a deadline sixty days after its dispatch. They are answered in time, late,
// after another date, not at all; every letter is counted.
func TestAStudyPeriodOfFourYears(t *testing.T) {
	began := time.Date(2025, 1, 6, 11, 0, 0, 0, time.UTC)
	p := newPeriod(t, began, nil)
	relay := p.relay

	const statements, apart, answer = 12, 120, 60
	reply := liaison.Response{Kind: liaison.RespondReplied, Text: "Our answer."}
	want := map[string]int{}
	count := func(letter liaison.Letter, n int) { want[string(letter)] += n }
	for i := range statements {
		id, first := liaison.StatementID(uuid.NewString()), i*apart
		p.ids = append(p.ids, id)
		deadline := liaison.DateOf(began.AddDate(0, 0, first+2+answer), time.UTC)
		p.at(first, func() {
			c := liaison.Content{
				Source: seed.JCAML, Title: fmt.Sprintf("LS/o number %d of the study period", i+1), Questions: "N/A", Deadline: deadline, ReplyTo: "jca-ml@liaison.example", Language: "en",
				Contacts: []liaison.Contact{{Name: seed.Chair.Name, Organization: "ETRI", Country: "Rep. of Korea", Email: seed.Chair.Email}}, Abstract: "Asks.", Text: "Please answer.",
				Addressees: []liaison.Addressee{{Body: "itu-t/sg17", Purpose: liaison.ForAction}, {Body: "itu-t/sg11", Purpose: liaison.ForAction}, {Body: "w3c", Purpose: liaison.ForInformation}},
			}
			if _, err := p.store.Create(t.Context(), id, seed.Editor.ID, c); err != nil {
				t.Error(err)
			}
		})
		// The statement's workflow is started by its first command; here it waits from the beginning.
		p.at(first+1, func() { p.give(id, liaison.DoSubmit, seed.Editor) })
		p.at(first+2, func() { p.give(id, liaison.DoApprove, seed.Chair) })
		count(liaison.LetterStatement, 3)
		due := first + 2 + answer
		switch i % 4 {
		case 0: // both in time, after the reminders of 14, 7 and 4 days, or only the first
			p.at(due-10, func() { p.says(id, 1, reply) })
			p.at(due-3, func() { p.says(id, 2, reply); p.look(id) }) // that of three days is sent at nine, before noon
			count(liaison.LetterReplyDue, 1+4)
		case 1: // nobody in time: all seven reminders, then overdue notices; one answers after five days, the other's is waived after three
			p.at(due+3, func() {
				p.give(id, liaison.DoWaive, seed.Chair, func(c *liaison.Command) { c.Transmission = p.message(id, 1) })
			})
			p.at(due+5, func() { p.says(id, 2, reply); p.look(id) })
			count(liaison.LetterReplyDue, 7+7)
			count(liaison.LetterOverdue, 3+5)
		case 2: // one declines at once; the other asks for thirty days more, gets them, and is late nevertheless
			p.at(first+5, func() { p.says(id, 1, liaison.Response{Kind: liaison.RespondDeclined, Text: "Not ours."}) })
			p.at(due-5, func() {
				p.says(id, 2, liaison.Response{Kind: liaison.RespondExtensionAsked, Text: "We meet later.", Date: liaison.DateOf(began.AddDate(0, 0, due+30), time.UTC)})
			})
			p.at(due-4, func() {
				p.give(id, liaison.DoGrantExtension, seed.Chair, func(c *liaison.Command) { c.Transmission = p.message(id, 2) })
			})
			p.at(due+32, func() { p.says(id, 2, reply); p.look(id) })
			count(liaison.LetterReplyDue, 3+7)
			count(liaison.LetterOverdue, 2)
			count(liaison.LetterExtensionGranted, 1)
		case 3: // silence: at most fourteen notices, and a person closes; an answer comes long after
			p.at(due+20, func() { p.give(id, liaison.DoClose, seed.Secretary) })
			p.at(due+40, func() { p.says(id, 1, reply) })
			count(liaison.LetterReplyDue, 7+7)
			count(liaison.LetterOverdue, 14+14)
		}
	}
	p.ExecuteWorkflow(func(ctx workflow.Context) error {
		var runs []workflow.ChildWorkflowFuture
		for _, id := range p.ids {
			runs = append(runs, workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{WorkflowID: workflows.StatementWorkflowID(id)}),
				workflows.StatementWorkflow, workflows.StatementInput{ID: id, State: liaison.Draft}))
		}
		for _, run := range runs {
			if err := run.Get(ctx, nil); err != nil {
				return err
			}
		}
		return workflow.Sleep(ctx, began.AddDate(4, 0, 0).Sub(workflow.Now(ctx)))
	})
	if !p.IsWorkflowCompleted() || p.GetWorkflowError() != nil {
		t.Fatalf("the study period did not come to an end: %v", p.GetWorkflowError())
	}
	if years := p.Now().Sub(began).Hours() / 24 / 365; years < 4 {
		t.Errorf("only %.1f years passed", years)
	}

	ends := map[int][]liaison.ReplyState{
		0: {liaison.ReplyOnTime, liaison.ReplyOnTime, liaison.ReplyNotAwaited}, 1: {liaison.ReplyWaived, liaison.ReplyLate, liaison.ReplyNotAwaited},
		2: {liaison.ReplyDeclined, liaison.ReplyLate, liaison.ReplyNotAwaited}, 3: {liaison.ReplyLate, liaison.ReplyMissing, liaison.ReplyNotAwaited},
	}
	got := map[string]int{}
	for i, id := range p.ids {
		snap, err := p.store.Snapshot(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		var states []liaison.ReplyState
		for _, r := range snap.Replies {
			states = append(states, r.State)
		}
		if diff := cmp.Diff(ends[i%4], states); snap.State != liaison.Closed || diff != "" {
			t.Errorf("statement %d is %s (-want +got):\n%s", i+1, snap.State, diff)
		}
		if want := fmt.Sprintf("JCA-ML-LS%d", i+1); snap.Ref != want {
			t.Errorf("statement %d is %s", i+1, snap.Ref)
		}
		ts, err := p.store.Transmissions(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range ts {
			if x.Position == 0 {
				continue // what tells the secretariat of an answer after the end is released by the mending, which does not run here
			}
			got[string(x.Letter)]++
			if x.State != liaison.TransmissionAccepted {
				t.Errorf("%s to %s is %s", x.Letter, x.Name, x.State)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("letters to addressees (-want +got):\n%s", diff)
	}
	report, err := p.store.Audit(t.Context(), nil)
	if err != nil || len(report.Problems) > 0 {
		t.Errorf("the log: %v, %v", report.Problems, err)
	}
	t.Logf("%d messages sent in four years, %d leaves", relay.sent.Load(), report.Size)
}
