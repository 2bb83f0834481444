package workflows_test

import (
	"errors"
	"testing"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/jca-ml/liaison/activities"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/workflows"
)

const day = 24 * time.Hour

// TestWaitsForTheNextThingAndClosesItself: one timer until a reminder is due, years ahead if need be; then the reply comes, and the
// statement closes.
func TestWaitsForTheNextThingAndClosesItself(t *testing.T) {
	b := newBench(t)
	began := b.Now()
	due, settled := began.Add(700*day), false
	var reminded time.Time
	b.o.plan = func(liaison.State) store.ReplyPlan {
		if reminded.IsZero() {
			return store.ReplyPlan{Next: due}
		}
		return store.ReplyPlan{Settled: settled}
	}
	b.o.beforeEach = func(cmd liaison.Command) {
		switch cmd.Kind {
		case liaison.DoRemind:
			reminded = b.Now()
		case liaison.DoLinkReply:
			settled = true
		}
	}
	b.give(800*day, liaison.Command{ID: "link", Kind: liaison.DoLinkReply, Evidence: "e"})
	if err := b.run(workflows.StatementInput{State: liaison.Dispatched}); err != nil {
		t.Fatal(err)
	}
	if !reminded.Equal(due) {
		t.Errorf("reminded at %s, want %s", reminded, due)
	}
	if b.o.state != liaison.Closed {
		t.Errorf("the statement is %s", b.o.state)
	}
	b.wantAsked("plan", "plan", "default-test-run-id/remind/1", "plan", "plan", "link", "plan", "default-test-run-id/settled/2")
}

// TestWhatComesInWithoutTheWorkflowIsTakenUp: a reply by mail settles the row in the register; the look that follows closes the
// statement.
func TestWhatComesInWithoutTheWorkflowIsTakenUp(t *testing.T) {
	b := newBench(t)
	settled := false
	b.o.plan = func(liaison.State) store.ReplyPlan {
		return store.ReplyPlan{Next: b.Now().Add(30 * day), Settled: settled}
	}
	b.RegisterDelayedCallback(func() { settled = true; b.SignalWorkflow(workflows.SignalMend, nil) }, day)
	if err := b.run(workflows.StatementInput{State: liaison.Dispatched}); err != nil {
		t.Fatal(err)
	}
	if b.o.state != liaison.Closed || b.Now().Sub(time.Time{}) < day {
		t.Errorf("the statement is %s", b.o.state)
	}
}

// TestARefusedReminderIsNoLoop: the clocks differ, or somebody was quicker. It is looked at again after a minute, not at once.
func TestARefusedReminderIsNoLoop(t *testing.T) {
	b := newBench(t)
	refused := 0
	b.o.plan = func(liaison.State) store.ReplyPlan {
		if refused < 5 {
			return store.ReplyPlan{Next: b.Now()}
		}
		return store.ReplyPlan{Settled: true}
	}
	began := b.Now()
	b.o.refuse = func(cmd liaison.Command) error {
		if cmd.Kind == liaison.DoRemind {
			refused++
			return liaison.Refuse(liaison.Conflict, "No date and no reminder is due.")
		}
		return nil
	}
	if err := b.run(workflows.StatementInput{State: liaison.Dispatched}); err != nil {
		t.Fatal(err)
	}
	if took := b.Now().Sub(began); refused != 5 || took < 5*time.Minute || took > 10*time.Minute {
		t.Errorf("refused %d times in %s", refused, took)
	}
}

// TestContinuesAsNewWhileItWaitsForADeadline: the timer is not carried along; the next run reads what is next.
func TestContinuesAsNewWhileItWaitsForADeadline(t *testing.T) {
	b := newBench(t)
	b.o.plan = func(liaison.State) store.ReplyPlan { return store.ReplyPlan{Next: b.Now().Add(300 * day)} }
	b.RegisterDelayedCallback(func() { b.SetContinueAsNewSuggested(true); b.SignalWorkflow(workflows.SignalMend, nil) }, day)
	err := b.run(workflows.StatementInput{State: liaison.Dispatched})
	if _, ok := errors.AsType[*workflow.ContinueAsNewError](err); !ok {
		t.Fatalf("ended with %v, want a new run", err)
	}
}

// TestNobodyGivesTheWorkflowsOwnCommands: a person cannot remind or settle by an update.
func TestNobodyGivesTheWorkflowsOwnCommands(t *testing.T) {
	b := newBench(t)
	b.o.plan = func(liaison.State) store.ReplyPlan { return store.ReplyPlan{} }
	got := b.give(0, liaison.Command{Kind: liaison.DoRemind, Actor: "-"})
	b.RegisterDelayedCallback(b.CancelWorkflow, time.Hour)
	if err := b.run(workflows.StatementInput{State: liaison.Dispatched}); err == nil {
		t.Error("the workflow ended as if nothing were left to wait for")
	}
	if liaison.CodeOf(activities.Cause(got.rejection)) != liaison.Forbidden {
		t.Errorf("refused with %v", got.rejection)
	}
}

// TestWhatClosedItselfIsFollowedAgain: the run had ended with the statement. The command that opens it again starts another one, which reminds and
// closes as the first one would have.
func TestWhatClosedItselfIsFollowedAgain(t *testing.T) {
	b := newBench(t)
	due, settled := b.Now().Add(30*day), false
	var reminded time.Time
	b.o.plan = func(liaison.State) store.ReplyPlan {
		if reminded.IsZero() {
			return store.ReplyPlan{Next: due}
		}
		return store.ReplyPlan{Settled: settled}
	}
	b.o.beforeEach = func(cmd liaison.Command) {
		switch cmd.Kind {
		case liaison.DoRemind:
			reminded = b.Now()
		case liaison.DoLinkReply:
			settled = true
		}
	}
	b.give(0, liaison.Command{ID: "interim", Kind: liaison.DoMarkInterim, Evidence: "e"})
	b.give(40*day, liaison.Command{ID: "link", Kind: liaison.DoLinkReply, Evidence: "e"})
	if err := b.run(workflows.StatementInput{State: liaison.Closed}); err != nil {
		t.Fatal(err)
	}
	if !reminded.Equal(due) || b.o.state != liaison.Closed {
		t.Errorf("reminded at %s, want %s; the statement is %s", reminded, due, b.o.state)
	}
	b.wantAsked("interim", "plan", "plan", "default-test-run-id/remind/1", "plan", "plan", "link", "plan", "default-test-run-id/settled/2")
}

// TestRepliesAreFollowedWhileAMessageWaits: one message is tried again for weeks, and what is due of the other addressees is done at its time. A run of
// an earlier procedure goes on as it began.
func TestRepliesAreFollowedWhileAMessageWaits(t *testing.T) {
	for procedure, want := range map[int]time.Duration{1: 30 * day, workflows.Procedure: 10 * day} {
		b := newBench(t)
		b.o.addressees = 2
		began := b.Now()
		b.o.sending = func(id liaison.TransmissionID, _ int) (liaison.TransmissionState, error) {
			if id == "to 1" && b.Now().Sub(began) < 30*day {
				return liaison.TransmissionDeferred, nil
			}
			return liaison.TransmissionAccepted, nil
		}
		var reminded time.Time
		b.o.plan = func(liaison.State) store.ReplyPlan {
			if reminded.IsZero() {
				return store.ReplyPlan{Next: began.Add(10 * day)}
			}
			return store.ReplyPlan{}
		}
		b.o.beforeEach = func(cmd liaison.Command) {
			if cmd.Kind == liaison.DoRemind {
				reminded = b.Now()
				if within := b.o.state == liaison.Dispatching; within != (want < 30*day) {
					t.Errorf("reminded while it was %s", b.o.state)
				}
			}
		}
		b.give(0, liaison.Command{Kind: liaison.DoApprove})
		b.give(40*day, liaison.Command{Kind: liaison.DoClose})
		if err := b.run(workflows.StatementInput{State: liaison.InReview, Procedure: procedure}); err != nil {
			t.Fatal(err)
		}
		if after := reminded.Sub(began); after < want || after > want+day {
			t.Errorf("by procedure %d it is reminded after %s, want %s", procedure, after, want)
		}
	}
}
