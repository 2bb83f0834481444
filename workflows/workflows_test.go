package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/jca-ml/liaison/activities"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/workflows"
)

func TestMain(m *testing.M) { testkit.Main(m) }

const id liaison.StatementID = "0190c0de-0000-7000-8000-000000000100"

// office stands in for the activities at the border of a workflow: it carries out commands by the domain's own rules, in
// memory, and notes what it was asked for, in order. What an attempt to send comes to, the test says.
type office struct {
	t   *testing.T
	now func() time.Time

	stuck   bool // what is deferred once is not taken again, and its next time stays
	mu      sync.Mutex
	asked   []string
	actors  map[liaison.CommandID]liaison.PersonID // in whose name each command was carried out
	state   liaison.State
	busy    int
	answers map[liaison.CommandID]liaison.Answer
	batches map[liaison.CommandID][]liaison.TransmissionID
	ledger  map[liaison.TransmissionID]activities.Transmission
	tried   map[liaison.TransmissionID]int
	open    []store.OpenBatch

	plan func(state liaison.State) store.ReplyPlan // of the replies; nil for nothing that is ever due

	late  bool                     // what is tabled is escalated too: its meeting is over
	waits func(told int) time.Time // when the next office is told that the decision waits; nil for never
	told  int                      // how many were

	addressees int
	undo       time.Duration
	tells      bool                                                                      // somebody has to be told of an approval; who drafted and approves it himself has not
	about      func(cmd liaison.Command, a *liaison.Answer)                              // what a command about one message does
	beforeEach func(cmd liaison.Command)                                                 // in Decide
	refuse     func(cmd liaison.Command) error                                           // instead of Decide
	sealing    func(n int) error                                                         // of the nth Seal
	sending    func(id liaison.TransmissionID, n int) (liaison.TransmissionState, error) // the nth attempt
	abandoning func(id liaison.TransmissionID, was liaison.TransmissionState) liaison.TransmissionState
	sealed     int
	settling   func(id liaison.TransmissionID, was activities.Transmission) activities.Transmission // of a message in doubt; nil leaves it to a person
	stumbling  func(activity string) error                                                          // before whatever else it does
	several    func()                                                                               // before several messages are sent in one activity
}

// stumble fails or panics as the test says.
func (o *office) stumble(activity string) error {
	if o.stumbling == nil {
		return nil
	}
	return o.stumbling(activity)
}

func (o *office) note(format string, args ...any) {
	o.asked = append(o.asked, fmt.Sprintf(format, args...))
}

// Decide carries out a command.
func (o *office) Decide(_ context.Context, cmd liaison.Command) (liaison.Answer, error) {
	o.mu.Lock()
	if o.busy++; o.busy > 1 {
		o.t.Errorf("%s is carried out while another command is", cmd.Kind)
	}
	o.mu.Unlock()
	if o.beforeEach != nil {
		o.beforeEach(cmd)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.busy--
	o.note("%s", cmd.ID)
	if o.actors == nil {
		o.actors = map[liaison.CommandID]liaison.PersonID{}
	}
	o.actors[cmd.ID] = cmd.Actor
	if a, ok := o.answers[cmd.ID]; ok {
		return a, nil
	}
	if o.refuse != nil {
		if err := o.refuse(cmd); err != nil {
			return liaison.Answer{}, activities.Fail(err)
		}
	}
	rows := slices.DeleteFunc(slices.Clone(liaison.Table), func(r liaison.Rule) bool { return r.Command != cmd.Kind || !slices.Contains(r.From, o.state) })
	if len(rows) == 0 {
		return liaison.Answer{}, activities.Fail(liaison.Refuse(liaison.Conflict, "not now"))
	}
	row := rows[0]
	if cmd.Kind == liaison.DoSettle {
		for id, x := range o.ledger {
			switch {
			case !strings.HasPrefix(string(id), "to "): // a letter to a person
			case !x.State.Settled():
				return liaison.Answer{}, activities.Fail(liaison.Refuse(liaison.Conflict, "messages are on their way"))
			case x.State != liaison.TransmissionAccepted && x.State != liaison.TransmissionAssumed && len(rows) > 1:
				row = rows[1]
			case x.State != liaison.TransmissionAccepted && x.State != liaison.TransmissionAssumed:
				return liaison.Answer{}, activities.Fail(liaison.Refuse(liaison.Conflict, "not everything is accepted"))
			}
		}
	}
	if cmd.Kind == liaison.DoEscalate {
		o.told++
	}
	if row.Stays {
		row.To = o.state
	}
	letters := row.Command.Sends() || slices.ContainsFunc(liaison.NoticesOn(row.Event), func(n liaison.Notice) bool { return n.From == "" || n.From == o.state })
	o.state = row.To
	a := liaison.Answer{Statement: cmd.Statement, State: row.To, Letters: letters && (o.tells || cmd.Kind != liaison.DoApprove)}
	if cmd.Kind == liaison.DoApprove && o.undo > 0 && !cmd.Hold {
		a.DispatchAt = o.now().Add(o.undo)
	}
	if o.about != nil {
		o.about(cmd, &a)
	}
	for i := range o.addressees {
		if cmd.Kind == liaison.DoDispatch {
			o.add(cmd.ID, liaison.TransmissionID(fmt.Sprint("to ", i+1)))
		}
	}
	if a.Letters && cmd.Kind != liaison.DoDispatch {
		o.add(cmd.ID, liaison.TransmissionID("letter of "+string(cmd.ID)))
	}
	o.answers[cmd.ID] = a
	return a, nil
}

func (o *office) add(batch liaison.CommandID, id liaison.TransmissionID) {
	o.batches[batch] = append(o.batches[batch], id)
	o.ledger[id] = activities.Transmission{ID: id, State: liaison.TransmissionQueued}
}

// OpenBatches lists what a lost run left.
func (o *office) OpenBatches(context.Context, liaison.StatementID) ([]store.OpenBatch, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.note("open batches")
	if err := o.stumble("OpenBatches"); err != nil {
		return nil, err
	}
	return o.open, nil
}

// Standing says where the statement stands.
func (o *office) Standing(ctx context.Context, id liaison.StatementID) (now activities.Standing, err error) {
	now.Open, err = o.OpenBatches(ctx, id)
	o.mu.Lock()
	defer o.mu.Unlock()
	now.State = o.state
	return now, err
}

// ReplyPlan says what is due of the replies.
func (o *office) ReplyPlan(context.Context, liaison.StatementID) (store.ReplyPlan, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.plan == nil {
		return store.ReplyPlan{}, nil
	}
	o.note("plan")
	return o.plan(o.state), nil
}

// EscalationDue says when the next office is to be told that a decision waits.
func (o *office) EscalationDue(context.Context, liaison.StatementID) (time.Time, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.waits == nil || o.state != liaison.InReview && (o.state != liaison.Tabled || !o.late) {
		return time.Time{}, nil
	}
	return o.waits(o.told), nil
}

// Seal lists the messages of a batch.
func (o *office) Seal(_ context.Context, batch liaison.CommandID) ([]activities.Transmission, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sealed++
	o.note("seal %s", batch)
	if err := o.stumble("Seal"); err != nil {
		return nil, err
	}
	if o.sealing != nil {
		if err := o.sealing(o.sealed); err != nil {
			return nil, err
		}
	}
	var out []activities.Transmission
	for _, id := range o.batches[batch] {
		out = append(out, o.ledger[id])
	}
	return out, nil
}

// Transmit makes one attempt.
func (o *office) Transmit(ctx context.Context, id liaison.TransmissionID) (activities.Transmission, error) {
	if n := activity.GetInfo(ctx).Attempt; n != 1 {
		o.t.Errorf("Temporal repeated the transmission of %s: attempt %d", id, n)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.tried[id]++
	o.note("transmit %s", id)
	x := o.ledger[id]
	x.State = liaison.TransmissionAccepted
	var err error
	if o.sending != nil {
		x.State, err = o.sending(id, o.tried[id])
	}
	if x.State == liaison.TransmissionDeferred && (!o.stuck || x.NextTry.IsZero()) {
		x.NextTry = o.now().Add(30 * time.Minute)
	}
	o.ledger[id] = x
	return x, err
}

// TransmitSeveral makes one attempt for each.
func (o *office) TransmitSeveral(ctx context.Context, ids []liaison.TransmissionID) (after []activities.Transmission, err error) {
	if o.several != nil {
		o.several()
	}
	for _, id := range ids {
		x, failed := o.Transmit(ctx, id)
		after, err = append(after, x), errors.Join(err, failed)
	}
	return after, err
}

// TransmitFirst seals and makes one attempt for each.
func (o *office) TransmitFirst(ctx context.Context, in activities.FirstInput) (open []liaison.CommandID, err error) {
	for _, batch := range in.Batches {
		all, failed := o.Seal(ctx, batch)
		if failed != nil {
			open = append(open, batch)
			continue
		}
		settled := true
		for _, x := range all {
			if x.State == liaison.TransmissionQueued && in.Most > 0 {
				x, failed = o.Transmit(ctx, x.ID)
				err = errors.Join(err, failed)
				in.Most--
			}
			settled = settled && x.State.Settled() && x.State != liaison.TransmissionUnknown
		}
		if !settled {
			open = append(open, batch)
		}
	}
	return open, err
}

// AbandonSeveral settles attempts that ended without a word.
func (o *office) AbandonSeveral(ctx context.Context, ids []liaison.TransmissionID) (after []activities.Transmission, err error) {
	for _, id := range ids {
		x, failed := o.Abandon(ctx, id)
		after, err = append(after, x), errors.Join(err, failed)
	}
	return after, err
}

// Abandon settles an attempt that ended without a word.
func (o *office) Abandon(_ context.Context, id liaison.TransmissionID) (activities.Transmission, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.note("abandon %s", id)
	if err := o.stumble("Abandon"); err != nil {
		return activities.Transmission{}, err
	}
	x := o.ledger[id]
	if o.abandoning != nil {
		x.State = o.abandoning(id, x.State)
	}
	if x.State == liaison.TransmissionDeferred {
		x.NextTry = o.now().Add(30 * time.Minute)
	}
	o.ledger[id] = x
	return x, nil
}

// Settle looks what became of a message in doubt.
func (o *office) Settle(_ context.Context, in activities.SettleInput) (activities.Transmission, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	x := o.ledger[in.Transmission]
	if err := o.stumble("Settle"); err != nil {
		return x, err
	}
	if o.settling != nil {
		o.note("settle %s of %s", in.Transmission, in.Batch)
		x = o.settling(in.Transmission, x)
		o.ledger[in.Transmission] = x
	}
	return x, nil
}

// Look says where a message stands.
func (o *office) Look(_ context.Context, id liaison.TransmissionID) (activities.Transmission, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.note("look at %s", id)
	if err := o.stumble("Look"); err != nil {
		return activities.Transmission{}, err
	}
	return o.ledger[id], nil
}

// Adopt starts what should be running.
func (o *office) Adopt(context.Context) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.note("adopt")
	return 0, nil
}

type bench struct {
	*testsuite.TestWorkflowEnvironment
	t     *testing.T
	o     *office
	older bool // the run began before the procedure that runs begin with now
}

func newBench(t *testing.T) *bench {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet())
	env := suite.NewTestWorkflowEnvironment()
	o := &office{
		t: t, now: env.Now, state: liaison.Draft, addressees: 1, answers: map[liaison.CommandID]liaison.Answer{},
		batches: map[liaison.CommandID][]liaison.TransmissionID{}, ledger: map[liaison.TransmissionID]activities.Transmission{}, tried: map[liaison.TransmissionID]int{},
	}
	env.RegisterWorkflowWithOptions(workflows.Statement, workflow.RegisterOptions{Name: workflows.StatementWorkflow})
	env.RegisterWorkflowWithOptions(workflows.Dispatch, workflow.RegisterOptions{Name: workflows.DispatchWorkflow})
	env.RegisterWorkflowWithOptions(workflows.Reconcile, workflow.RegisterOptions{Name: workflows.ReconcileWorkflow})
	env.RegisterActivity(o)
	env.SetTestTimeout(20 * time.Second)
	return &bench{TestWorkflowEnvironment: env, t: t, o: o}
}

// told is how a command was answered.
type told struct {
	accepted  bool
	rejection error // by the validator, without a trace
	answer    liaison.Answer
	err       error
}

// give sends a command after a while of the workflow's time.
func (b *bench) give(after time.Duration, cmd liaison.Command) *told {
	if cmd.ID == "" {
		cmd.ID = liaison.CommandID(cmd.Kind)
	}
	cmd.Statement = id
	cmd.Reason = "because"
	if cmd.Digest == "" {
		cmd.Digest = liaison.DigestOf(nil)
	}
	if cmd.Actor == "" {
		cmd.Actor = "somebody"
	} else if cmd.Actor == "-" {
		cmd.Actor = ""
	}
	got := &told{}
	b.RegisterDelayedCallback(func() {
		b.UpdateWorkflow(workflows.UpdateCommand, string(cmd.ID), &testsuite.TestUpdateCallback{
			OnAccept: func() { got.accepted = true },
			OnReject: func(err error) { got.rejection = err },
			OnComplete: func(result any, err error) {
				if a, ok := result.(liaison.Answer); ok {
					got.answer = a
				}
				got.err = err
			},
		}, cmd)
	}, after)
	return got
}

func (b *bench) run(in workflows.StatementInput) error {
	b.t.Helper()
	in.ID = id
	switch {
	case b.older:
		in.Procedure = 0
	case in.Procedure == 0:
		in.Procedure = workflows.Procedure
	}
	b.o.state = in.State
	b.ExecuteWorkflow(workflows.StatementWorkflow, in)
	if !b.IsWorkflowCompleted() {
		b.t.Fatal("the workflow did not come to an end")
	}
	return b.GetWorkflowError()
}

func (b *bench) wantAsked(want ...string) {
	b.t.Helper()
	if diff := cmp.Diff(want, b.o.asked); diff != "" {
		b.t.Errorf("asked for (-want +got):\n%s", diff)
	}
}

func TestFromSubmissionToTheEnd(t *testing.T) {
	b := newBench(t)
	b.o.addressees = 2
	submitted := b.give(0, liaison.Command{Kind: liaison.DoSubmit})
	approved := b.give(time.Hour, liaison.Command{Kind: liaison.DoApprove})
	closed := b.give(24*time.Hour, liaison.Command{Kind: liaison.DoClose})
	if err := b.run(workflows.StatementInput{State: liaison.Draft}); err != nil {
		t.Fatal(err)
	}
	if submitted.answer.State != liaison.InReview || approved.answer.State != liaison.Dispatching || closed.answer.State != liaison.Closed {
		t.Errorf("answered with %+v, %+v, %+v", submitted, approved, closed)
	}
	got := slices.Clone(b.o.asked)
	slices.Sort(got[6:8]) // the two addressees have no order
	b.o.asked = got
	b.wantAsked("submit", "seal submit", "transmit letter of submit", "approve", "approve/dispatch", "seal approve/dispatch", "transmit to 1", "transmit to 2",
		"approve/dispatch/settle", "seal approve/dispatch/settle", "transmit letter of approve/dispatch/settle", "close")
}

// TestPeopleAreToldOfAnApprovalThatIsHeld: its letters leave, the statement does not.
func TestPeopleAreToldOfAnApprovalThatIsHeld(t *testing.T) {
	b := newBench(t)
	b.o.tells = true
	b.give(0, liaison.Command{Kind: liaison.DoApprove, Hold: true})
	b.give(8*24*time.Hour, liaison.Command{Kind: liaison.DoWithdraw})
	if err := b.run(workflows.StatementInput{State: liaison.InReview}); err != nil {
		t.Fatal(err)
	}
	b.wantAsked("approve", "seal approve", "transmit letter of approve", "withdraw")
}

func TestHeldApprovalWaits(t *testing.T) {
	b := newBench(t)
	approved := b.give(0, liaison.Command{Kind: liaison.DoApprove, Hold: true})
	b.RegisterDelayedCallback(func() {
		if b.o.sealed != 0 || b.o.state != liaison.Approved {
			t.Errorf("after a week it is %s, with %d batches sealed", b.o.state, b.o.sealed)
		}
	}, 7*24*time.Hour)
	dispatched := b.give(8*24*time.Hour, liaison.Command{Kind: liaison.DoDispatch})
	b.give(9*24*time.Hour, liaison.Command{Kind: liaison.DoClose})
	if err := b.run(workflows.StatementInput{State: liaison.InReview}); err != nil {
		t.Fatal(err)
	}
	if approved.answer.State != liaison.Approved || dispatched.answer.State != liaison.Dispatching {
		t.Errorf("answered with %+v, %+v", approved, dispatched)
	}
	b.wantAsked("approve", "dispatch", "seal dispatch", "transmit to 1", "dispatch/settle", "seal dispatch/settle", "transmit letter of dispatch/settle", "close")
}

// TestApprovalStandsWhenTheDispatchIsRefused: an attachment is lost, say. The approval is the answer, and nothing left.
func TestApprovalStandsWhenTheDispatchIsRefused(t *testing.T) {
	b := newBench(t)
	b.o.refuse = func(cmd liaison.Command) error {
		if cmd.Kind == liaison.DoDispatch {
			return liaison.Refuse(liaison.Invalid, "An attachment is lost.")
		}
		return nil
	}
	approved := b.give(0, liaison.Command{Kind: liaison.DoApprove})
	b.give(time.Hour, liaison.Command{Kind: liaison.DoWithdraw})
	if err := b.run(workflows.StatementInput{State: liaison.InReview}); err != nil {
		t.Fatal(err)
	}
	if approved.err != nil || approved.answer.State != liaison.Approved {
		t.Errorf("answered with %+v", approved)
	}
	b.wantAsked("approve", "approve/dispatch", "withdraw")
}

// TestTheValidatorRefusesWithoutATrace: no activity, no history, and the words of the domain.
func TestTheValidatorRefusesWithoutATrace(t *testing.T) {
	for name, test := range map[string]struct {
		state liaison.State
		cmd   liaison.Command
		code  liaison.ErrorCode
		says  string
	}{
		"approve a draft":     {liaison.Draft, liaison.Command{Kind: liaison.DoApprove}, liaison.Conflict, "Approve is not possible: the statement is draft. From here: save, submit for approval, withdraw."},
		"submit twice":        {liaison.InReview, liaison.Command{Kind: liaison.DoSubmit}, liaison.Conflict, "the statement is in review"},
		"withdraw what left":  {liaison.Dispatched, liaison.Command{Kind: liaison.DoWithdraw}, liaison.Conflict, "Recall it by a notice"},
		"nonsense":            {liaison.Draft, liaison.Command{Kind: "recall"}, liaison.Invalid, "recall"},
		"without a digest":    {liaison.InReview, liaison.Command{Kind: liaison.DoApprove, Digest: "x"}, liaison.Invalid, "which revision"},
		"by nobody":           {liaison.InReview, liaison.Command{Kind: liaison.DoApprove, Actor: "-"}, liaison.Forbidden, "needs a person"},
		"settle by nobody":    {liaison.Dispatching, liaison.Command{Kind: liaison.DoSettle, Actor: "-"}, liaison.Forbidden, "needs a person"},
		"with an id too long": {liaison.InReview, liaison.Command{Kind: liaison.DoApprove, ID: liaison.CommandID(strings.Repeat("x", 90))}, liaison.Invalid, "id"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			got := b.give(0, test.cmd)
			b.RegisterDelayedCallback(b.CancelWorkflow, time.Hour)
			if err := b.run(workflows.StatementInput{State: test.state}); err == nil {
				t.Error("the workflow ended as if nothing were left to wait for")
			}
			app, ok := errors.AsType[*temporal.ApplicationError](got.rejection)
			if !ok || got.accepted || app.Type() != string(test.code) || !strings.Contains(app.Message(), test.says) || !app.NonRetryable() {
				t.Errorf("refused with %v (accepted: %t), want %s with %q", got.rejection, got.accepted, test.code, test.says)
			}
			if back := activities.Cause(got.rejection); liaison.CodeOf(back) != test.code {
				t.Errorf("the caller reads %v", back)
			}
			b.wantAsked()
		})
	}
}

// TestOneCommandAtATime: the second of two commands waits until the first is carried out, though both were accepted.
func TestOneCommandAtATime(t *testing.T) {
	b := newBench(t)
	second := make(chan struct{})
	b.o.beforeEach = func(cmd liaison.Command) {
		if cmd.ID == "first" {
			<-second
		}
	}
	first := b.give(0, liaison.Command{ID: "first", Kind: liaison.DoReturn})
	var other told
	b.RegisterDelayedCallback(func() {
		b.UpdateWorkflow(workflows.UpdateCommand, "second", &testsuite.TestUpdateCallback{
			OnAccept:   func() { close(second) },
			OnReject:   func(err error) { t.Errorf("the second was refused at once: %v", err); close(second) },
			OnComplete: func(_ any, err error) { other.err = err },
		}, liaison.Command{ID: "second", Kind: liaison.DoReject, Statement: id, Actor: "somebody", Digest: liaison.DigestOf(nil), Reason: "because"})
	}, 0)
	b.give(time.Hour, liaison.Command{Kind: liaison.DoWithdraw})
	if err := b.run(workflows.StatementInput{State: liaison.InReview}); err != nil {
		t.Fatal(err)
	}
	if first.err != nil || first.answer.State != liaison.Draft {
		t.Errorf("the first was answered with %+v", first)
	}
	if liaison.CodeOf(activities.Cause(other.err)) != liaison.Conflict {
		t.Errorf("the second was answered with %v, want a conflict", other.err)
	}
}

// TestOnlyWhatIsLeftGetsARunOfItsOwn: the statement's run makes the first attempts itself. A run that is older does as it began.
func TestOnlyWhatIsLeftGetsARunOfItsOwn(t *testing.T) {
	dispatch, letter := workflows.DispatchWorkflowID(id, "approve/dispatch"), workflows.DispatchWorkflowID(id, "approve/dispatch/settle")
	for name, test := range map[string]struct {
		older      bool
		addressees int
		sending    func(id liaison.TransmissionID, n int) (liaison.TransmissionState, error)
		want       []string
	}{
		"everything is accepted": {want: nil},
		"one is deferred": {sending: func(id liaison.TransmissionID, n int) (liaison.TransmissionState, error) {
			if id == "to 2" && n == 1 {
				return liaison.TransmissionDeferred, nil
			}
			return liaison.TransmissionAccepted, nil
		}, want: []string{dispatch}},
		"one is in doubt": {sending: func(id liaison.TransmissionID, n int) (liaison.TransmissionState, error) {
			if id == "to 2" {
				return liaison.TransmissionUnknown, nil
			}
			return liaison.TransmissionAccepted, nil
		}, want: []string{dispatch}},
		"edge 01: more than one attempt takes": {addressees: 51, want: []string{dispatch}},
		"edge 02: the worker is gone in the middle": {sending: func(id liaison.TransmissionID, n int) (liaison.TransmissionState, error) {
			if id == "to 2" && n == 1 {
				return liaison.TransmissionAttempting, errors.New("worker stopped")
			}
			return liaison.TransmissionAccepted, nil
		}, want: []string{dispatch}},
		"edge 03: the run is older": {older: true, want: []string{dispatch, letter}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.older, b.o.addressees, b.o.sending = test.older, max(test.addressees, 3), test.sending
			b.o.abandoning = func(liaison.TransmissionID, liaison.TransmissionState) liaison.TransmissionState {
				return liaison.TransmissionDeferred
			}
			var runs []string
			b.SetOnChildWorkflowStartedListener(func(info *workflow.Info, _ workflow.Context, _ converter.EncodedValues) {
				runs = append(runs, info.WorkflowExecution.ID)
			})
			b.give(0, liaison.Command{Kind: liaison.DoApprove})
			b.give(24*time.Hour, liaison.Command{Kind: liaison.DoClose})
			if err := b.run(workflows.StatementInput{State: liaison.InReview}); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, runs); diff != "" {
				t.Errorf("runs of their own (-want +got):\n%s", diff)
			}
			for i := range b.o.addressees {
				to := liaison.TransmissionID(fmt.Sprint("to ", i+1))
				if x := b.o.ledger[to]; x.State != liaison.TransmissionAccepted && x.State != liaison.TransmissionUnknown {
					t.Errorf("the message %s is %s", to, x.State)
				}
			}
		})
	}
}

// TestWhatIsNotTakenIsNotAskedForAtOnce: the register refuses to have a message tried whose time has come. It is asked again, and not without
// a pause.
func TestWhatIsNotTakenIsNotAskedForAtOnce(t *testing.T) {
	const times = 20
	b := newBench(t)
	b.o.addressees, b.o.stuck = 3, true
	var first, last time.Time
	b.o.sending = func(id liaison.TransmissionID, n int) (liaison.TransmissionState, error) {
		switch {
		case id != "to 2" || n > times:
			return liaison.TransmissionAccepted, nil
		case n == 2:
			first = b.o.now()
		}
		last = b.o.now()
		return liaison.TransmissionDeferred, nil
	}
	b.give(0, liaison.Command{Kind: liaison.DoApprove})
	b.give(24*time.Hour, liaison.Command{Kind: liaison.DoClose})
	if err := b.run(workflows.StatementInput{State: liaison.InReview}); err != nil {
		t.Fatal(err)
	}
	if took := last.Sub(first); took < (times-2)*30*time.Second {
		t.Errorf("it was asked for %d times within %s", times-1, took)
	}
	if x := b.o.ledger["to 2"]; x.State != liaison.TransmissionAccepted {
		t.Errorf("the message is %s", x.State)
	}
}

// TestACommandThatTheRunNeverHeardOf: it is on record, its task was lost with the parts that ran it. When somebody has the run look, what
// the command released is sent and settled, and the run goes on from where the statement stands.
func TestACommandThatTheRunNeverHeardOf(t *testing.T) {
	b := newBench(t)
	b.RegisterDelayedCallback(func() {
		if _, err := b.o.Decide(context.Background(), liaison.Command{ID: "approve", Kind: liaison.DoApprove, Statement: id, Actor: "somebody"}); err != nil {
			t.Error(err)
		}
		if _, err := b.o.Decide(context.Background(), liaison.Command{ID: "approve/dispatch", Kind: liaison.DoDispatch, Statement: id, Actor: "somebody"}); err != nil {
			t.Error(err)
		}
		b.o.mu.Lock()
		b.o.open = []store.OpenBatch{{Command: "approve/dispatch", Statement: true}}
		b.o.mu.Unlock()
		b.SignalWorkflow(workflows.SignalMend, nil)
	}, time.Minute)
	closed := b.give(time.Hour, liaison.Command{Kind: liaison.DoClose})
	if err := b.run(workflows.StatementInput{State: liaison.InReview}); err != nil {
		t.Fatal(err)
	}
	if b.o.tried["to 1"] != 1 || !slices.Contains(b.o.asked, "approve/dispatch/settle") {
		t.Errorf("sent %v; asked for %q", b.o.tried, b.o.asked)
	}
	if closed.rejection != nil || closed.err != nil || closed.answer.State != liaison.Closed {
		t.Errorf("closing was answered with %+v", closed)
	}
}

func TestContinuesAsNewWithItsState(t *testing.T) {
	b := newBench(t)
	b.give(0, liaison.Command{Kind: liaison.DoSubmit})
	b.RegisterDelayedCallback(func() { b.SetContinueAsNewSuggested(true) }, 30*24*time.Hour)
	err := b.run(workflows.StatementInput{State: liaison.Draft})
	again, ok := errors.AsType[*workflow.ContinueAsNewError](err)
	if !ok {
		t.Fatalf("ended with %v, want a new run", err)
	}
	var in workflows.StatementInput
	if err := converter.GetDefaultDataConverter().FromPayloads(again.Input, &in); err != nil {
		t.Fatal(err)
	}
	if want := (workflows.StatementInput{ID: id, State: liaison.InReview, Procedure: workflows.Procedure}); in != want || again.WorkflowType.Name != workflows.StatementWorkflow {
		t.Errorf("the new run of %s begins with %+v, want %+v", again.WorkflowType.Name, in, want)
	}
	b.wantAsked("submit", "seal submit", "transmit letter of submit")
}

// TestContinuesAsNewOnlyWhenNothingIsUnderWay: while a message waits for its next attempt the run stays, whatever its length.
func TestContinuesAsNewOnlyWhenNothingIsUnderWay(t *testing.T) {
	b := newBench(t)
	b.o.sending = func(id liaison.TransmissionID, n int) (liaison.TransmissionState, error) {
		if id == "to 1" && n < 4 {
			return liaison.TransmissionDeferred, nil
		}
		return liaison.TransmissionAccepted, nil
	}
	b.give(0, liaison.Command{Kind: liaison.DoApprove})
	b.RegisterDelayedCallback(func() { b.SetContinueAsNewSuggested(true) }, time.Minute)
	b.give(2*time.Minute, liaison.Command{Kind: liaison.DoClose}) // wakes it, and is refused: it is being dispatched
	err := b.run(workflows.StatementInput{State: liaison.InReview})
	if _, ok := errors.AsType[*workflow.ContinueAsNewError](err); !ok {
		t.Fatalf("ended with %v, want a new run", err)
	}
	if b.o.state != liaison.Dispatched || b.o.tried["to 1"] != 4 {
		t.Errorf("the run ended when the statement was %s, after %d attempts", b.o.state, b.o.tried["to 1"])
	}
}

func TestDeferredMessageIsTriedAgainAtItsTime(t *testing.T) {
	b := newBench(t)
	b.o.addressees = 2
	at := map[liaison.TransmissionID][]time.Time{}
	b.o.sending = func(id liaison.TransmissionID, n int) (liaison.TransmissionState, error) {
		at[id] = append(at[id], b.Now())
		if id == "to 1" && n < 3 {
			return liaison.TransmissionDeferred, nil
		}
		return liaison.TransmissionAccepted, nil
	}
	b.give(0, liaison.Command{Kind: liaison.DoApprove})
	b.give(24*time.Hour, liaison.Command{Kind: liaison.DoClose})
	if err := b.run(workflows.StatementInput{State: liaison.InReview}); err != nil {
		t.Fatal(err)
	}
	if len(at["to 1"]) != 3 || len(at["to 2"]) != 1 {
		t.Fatalf("attempts at %v", at)
	}
	for i := 1; i < 3; i++ {
		if waited := at["to 1"][i].Sub(at["to 1"][i-1]); waited < 30*time.Minute || waited > 31*time.Minute {
			t.Errorf("attempt %d came after %s, want half an hour", i+1, waited)
		}
	}
	if waited := at["to 2"][0].Sub(at["to 1"][0]); waited > time.Minute {
		t.Errorf("the other addressee waited %s", waited)
	}
}

// TestLostWorker: an attempt that ends without a word is settled by the ledger. What certainly did not leave is tried again;
// what may have left is not, ever.
func TestLostWorker(t *testing.T) {
	for name, test := range map[string]struct {
		ledger liaison.TransmissionState
		tries  int
		end    liaison.State
	}{
		"before the dot":     {liaison.TransmissionDeferred, 2, liaison.Dispatched},
		"after the dot":      {liaison.TransmissionUnknown, 1, liaison.DispatchedInPart},
		"answered after all": {liaison.TransmissionAccepted, 1, liaison.Dispatched},
		"never claimed":      {liaison.TransmissionQueued, 2, liaison.Dispatched},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.o.sending = func(id liaison.TransmissionID, n int) (liaison.TransmissionState, error) {
				if id == "to 1" && n == 1 {
					return liaison.TransmissionAttempting, errors.New("the worker is gone") // of the kind that Temporal would repeat
				}
				return liaison.TransmissionAccepted, nil
			}
			b.o.abandoning = func(_ liaison.TransmissionID, _ liaison.TransmissionState) liaison.TransmissionState {
				return test.ledger
			}
			b.give(0, liaison.Command{Kind: liaison.DoApprove})
			b.give(24*time.Hour, liaison.Command{Kind: liaison.DoClose})
			if err := b.run(workflows.StatementInput{State: liaison.InReview}); err != nil {
				t.Fatal(err)
			}
			if b.o.tried["to 1"] != test.tries {
				t.Errorf("%d attempts, want %d", b.o.tried["to 1"], test.tries)
			}
			if got := b.o.answers["approve/dispatch/settle"].State; got != test.end {
				t.Errorf("settled as %s, want %s", got, test.end)
			}
			abandoned := 0
			for _, a := range b.o.asked {
				if a == "abandon to 1" {
					abandoned++
				}
			}
			if abandoned != 1 {
				t.Errorf("abandoned %d times: %v", abandoned, b.o.asked)
			}
		})
	}
}

// TestSealIsTriedUntilItIsPutRight: a refusal to render ends no dispatch.
func TestSealIsTriedUntilItIsPutRight(t *testing.T) {
	b := newBench(t)
	b.o.sealing = func(n int) error {
		if n < 4 {
			return activities.Fail(errors.New("a template is broken"))
		}
		return nil
	}
	b.give(0, liaison.Command{Kind: liaison.DoApprove})
	b.give(24*time.Hour, liaison.Command{Kind: liaison.DoClose})
	if err := b.run(workflows.StatementInput{State: liaison.InReview}); err != nil {
		t.Fatal(err)
	}
	if b.o.tried["to 1"] != 1 || b.o.sealed != 5 {
		t.Errorf("sealed %d times, tried %d times", b.o.sealed, b.o.tried["to 1"])
	}
}

func TestManyAddresseesGoEightAtATime(t *testing.T) {
	b := newBench(t)
	b.o.addressees = 40
	var mu sync.Mutex
	under, most := 0, 0
	b.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, _ converter.EncodedValues) {
		if info.ActivityType.Name == "Transmit" {
			mu.Lock()
			defer mu.Unlock()
			under++
			most = max(most, under)
		}
	})
	b.SetOnActivityCompletedListener(func(info *activity.Info, _ converter.EncodedValue, _ error) {
		if info.ActivityType.Name == "Transmit" {
			mu.Lock()
			defer mu.Unlock()
			under--
		}
	})
	b.give(0, liaison.Command{Kind: liaison.DoApprove})
	b.give(24*time.Hour, liaison.Command{Kind: liaison.DoClose})
	if err := b.run(workflows.StatementInput{State: liaison.InReview}); err != nil {
		t.Fatal(err)
	}
	if len(b.o.tried) != 42-1 || most > 8 { // and the letter that it is dispatched
		t.Errorf("%d messages, %d at once", len(b.o.tried), most)
	}
	for id, n := range b.o.tried {
		if n != 1 {
			t.Errorf("%s was tried %d times", id, n)
		}
	}
}

// TestResumeTakesOverOpenBatches: a run that was lost left a dispatch half done and a letter unsent.
func TestResumeTakesOverOpenBatches(t *testing.T) {
	b := newBench(t)
	b.o.open = []store.OpenBatch{{Command: "submit"}, {Command: "approve/dispatch", Statement: true}}
	b.o.add("submit", "letter of submit")
	b.o.add("approve/dispatch", "to 1")
	b.o.add("approve/dispatch", "to 2")
	b.o.add("approve/dispatch", "to 3")
	b.o.ledger["to 1"] = activities.Transmission{ID: "to 1", State: liaison.TransmissionAccepted}
	b.o.ledger["to 2"] = activities.Transmission{ID: "to 2", State: liaison.TransmissionAttempting}
	b.o.abandoning = func(liaison.TransmissionID, liaison.TransmissionState) liaison.TransmissionState {
		return liaison.TransmissionUnknown
	}
	b.give(24*time.Hour, liaison.Command{Kind: liaison.DoClose})
	if err := b.run(workflows.StatementInput{State: liaison.Dispatching, Resume: true}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[liaison.TransmissionID]int{"letter of submit": 1, "to 3": 1, "letter of approve/dispatch/settle": 1}, b.o.tried); diff != "" {
		t.Errorf("tried (-want +got):\n%s", diff)
	}
	if got := b.o.answers["approve/dispatch/settle"].State; got != liaison.DispatchedInPart {
		t.Errorf("settled as %s", got)
	}
	if b.o.asked[0] != "open batches" {
		t.Errorf("asked first for %s", b.o.asked[0])
	}
}

// TestWhatWasBegunWaitsForNoFirstAttempt: a message whose worker went away is settled while a slow server still keeps the first attempts of
// others waiting.
func TestWhatWasBegunWaitsForNoFirstAttempt(t *testing.T) {
	b := newBench(t)
	b.o.open = []store.OpenBatch{{Command: "approve/dispatch", Statement: true}}
	b.o.add("approve/dispatch", "to 1")
	b.o.add("approve/dispatch", "to 2")
	b.o.ledger["to 1"] = activities.Transmission{ID: "to 1", State: liaison.TransmissionAttempting}
	settled := make(chan struct{})
	b.o.abandoning = func(liaison.TransmissionID, liaison.TransmissionState) liaison.TransmissionState {
		close(settled)
		return liaison.TransmissionAccepted
	}
	b.o.several = func() {
		select {
		case <-settled:
		case <-time.After(10 * time.Second):
			t.Error("the message that was begun waits for those that were not")
		}
	}
	b.give(24*time.Hour, liaison.Command{Kind: liaison.DoClose})
	if err := b.run(workflows.StatementInput{State: liaison.Dispatching, Resume: true}); err != nil {
		t.Fatal(err)
	}
	if got := b.o.answers["approve/dispatch/settle"].State; got != liaison.Dispatched {
		t.Errorf("settled as %s", got)
	}
}

// TestWithoutResumeNothingIsTakenOver: only a run that takes over asks the ledger for it.
func TestWithoutResumeNothingIsTakenOver(t *testing.T) {
	b := newBench(t)
	b.o.open = []store.OpenBatch{{Command: "submit"}}
	b.give(time.Hour, liaison.Command{Kind: liaison.DoWithdraw})
	if err := b.run(workflows.StatementInput{State: liaison.InReview}); err != nil {
		t.Fatal(err)
	}
	b.wantAsked("withdraw")
}

// TestWaitsForAStudyPeriod: years between two commands are a wait like any other.
func TestWaitsForAStudyPeriod(t *testing.T) {
	b := newBench(t)
	begun := b.Now()
	b.give(0, liaison.Command{Kind: liaison.DoSubmit})
	const period = 4 * 366 * 24 * time.Hour
	b.give(period, liaison.Command{Kind: liaison.DoApprove})
	b.give(2*period, liaison.Command{Kind: liaison.DoClose})
	if err := b.run(workflows.StatementInput{State: liaison.Draft}); err != nil {
		t.Fatal(err)
	}
	if b.o.state != liaison.Closed || b.Now().Sub(begun) < 2*period {
		t.Errorf("after %s it is %s", b.Now().Sub(begun), b.o.state)
	}
}

// TestAnEndIsAnEnd: a run that is started for a statement at its end has nothing to wait for.
func TestAnEndIsAnEnd(t *testing.T) {
	for _, s := range liaison.States {
		if !s.Final {
			continue
		}
		b := newBench(t)
		if err := b.run(workflows.StatementInput{State: s.State}); err != nil {
			t.Errorf("%s: %v", s.State, err)
		}
		b.wantAsked()
	}
}

func TestReconcile(t *testing.T) {
	b := newBench(t)
	b.ExecuteWorkflow(workflows.ReconcileWorkflow)
	if err := b.GetWorkflowError(); err != nil || !b.IsWorkflowCompleted() {
		t.Fatal(err)
	}
	b.wantAsked("adopt")
}

// TestNames: they stand in histories that are still running.
func TestNames(t *testing.T) {
	for got, want := range map[string]string{
		workflows.StatementWorkflowID("x"): "ls/x", workflows.DispatchWorkflowID("x", "y/dispatch"): "ls/x/mail/y/dispatch",
		string(workflows.DispatchCommandID("y")): "y/dispatch", workflows.TaskQueue: "liaison", workflows.UpdateCommand: "command",
		workflows.StatementWorkflow: "Statement", workflows.DispatchWorkflow: "Dispatch", workflows.ReconcileWorkflow: "Reconcile", workflows.ReconcileID: "reconcile",
	} {
		if got != want {
			t.Errorf("%q is now %q", want, got)
		}
	}
}
