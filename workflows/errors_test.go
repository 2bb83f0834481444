package workflows_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jca-ml/liaison/activities"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/workflows"
)

// TestErrorsThatNobodyThoughtOf: whatever is done about a message fails in a way that is no refusal and no part that is away, and
// panics. It is done again until it works, and the message comes to its end: an error that ended the dispatch would leave it
// being attempted for ever.
func TestErrorsThatNobodyThoughtOf(t *testing.T) {
	for _, activity := range []string{"OpenBatches", "Seal", "Abandon", "Settle", "Look"} {
		t.Run(activity, func(t *testing.T) {
			b := newBench(t)
			b.o.addressees = 2
			failed := 0
			b.o.stumbling = func(name string) error {
				if name != activity || failed == 4 {
					return nil
				}
				if failed++; failed == 3 {
					panic("a defect")
				}
				return activities.Fail(fmt.Errorf("read outcome: %w", errors.New("XX000")))
			}
			b.o.sending = func(id liaison.TransmissionID, n int) (liaison.TransmissionState, error) {
				switch {
				case id == "to 1" && n == 1: // the worker is gone behind the dot
					return liaison.TransmissionAttempting, errors.New("worker stopped")
				case id == "to 2" && n == 1:
					return liaison.TransmissionDeferred, nil
				}
				return liaison.TransmissionAccepted, nil
			}
			b.o.abandoning = func(_ liaison.TransmissionID, was liaison.TransmissionState) liaison.TransmissionState {
				if was == liaison.TransmissionAttempting {
					return liaison.TransmissionUnknown
				}
				return was
			}
			b.o.settling = func(_ liaison.TransmissionID, was activities.Transmission) activities.Transmission {
				was.State = liaison.TransmissionAccepted
				return was
			}
			b.give(0, liaison.Command{Kind: liaison.DoApprove})
			b.RegisterDelayedCallback(func() { // somebody asks for a look at what waits, and the mending looks
				if err := b.SignalWorkflowByID(workflows.DispatchWorkflowID(id, "approve/dispatch"), workflows.SignalLook, nil); err != nil {
					t.Error(err)
				}
				b.SignalWorkflow(workflows.SignalMend, nil)
			}, 10*time.Minute)
			b.RegisterDelayedCallback(func() {
				if b.o.state != liaison.Dispatched || b.o.tried["to 1"] != 1 || b.o.tried["to 2"] != 2 {
					t.Errorf("it is %s; sent %v", b.o.state, b.o.tried)
				}
			}, 2*time.Hour)
			b.give(3*time.Hour, liaison.Command{Kind: liaison.DoClose})
			if err := b.run(workflows.StatementInput{State: liaison.InReview}); err != nil {
				t.Fatal(err)
			}
			if failed != 4 {
				t.Errorf("%s failed %d times: this tested nothing", activity, failed)
			}
		})
	}
}

// TestDefectIsAnAnswer: a person who gives a command is told that it met a defect, and others can go on giving commands.
func TestDefectIsAnAnswer(t *testing.T) {
	b := newBench(t)
	b.o.refuse = func(cmd liaison.Command) error {
		if cmd.ID == "approve" {
			return errors.New("XX000")
		}
		return nil
	}
	approved := b.give(0, liaison.Command{Kind: liaison.DoApprove})
	rejected := b.give(time.Minute, liaison.Command{Kind: liaison.DoReject})
	if err := b.run(workflows.StatementInput{State: liaison.InReview}); err != nil {
		t.Fatal(err)
	}
	if approved.err == nil || liaison.CodeOf(activities.Cause(approved.err)) != liaison.Internal {
		t.Errorf("the defect was answered with %+v", approved)
	}
	if rejected.err != nil || rejected.answer.State != liaison.Rejected {
		t.Errorf("the next command was answered with %+v", rejected)
	}
}

// TestNotNowComesLate: a message was in doubt and left to a person; then its relay's temporary refusal comes after all. It
// was not taken over, so it is sent again: by a new run where its dispatch has ended, and by the same where that still waits
// for another message.
func TestNotNowComesLate(t *testing.T) {
	for name, others := range map[string]int{"the dispatch has ended": 0, "the dispatch waits for another message": 5} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.o.addressees = 2
			b.o.sending = func(id liaison.TransmissionID, n int) (liaison.TransmissionState, error) {
				switch {
				case id == "to 1" && n == 1:
					return liaison.TransmissionUnknown, nil
				case id == "to 2" && n <= others:
					return liaison.TransmissionDeferred, nil
				}
				return liaison.TransmissionAccepted, nil
			}
			b.give(0, liaison.Command{Kind: liaison.DoApprove})
			b.RegisterDelayedCallback(func() {
				b.o.mu.Lock()
				defer b.o.mu.Unlock()
				x := b.o.ledger["to 1"]
				x.State, x.NextTry = liaison.TransmissionDeferred, b.o.now().Add(5*time.Minute)
				b.o.ledger["to 1"] = x
				b.o.open = []store.OpenBatch{{Command: "approve/dispatch", Statement: true, Late: true}}
				b.SignalWorkflow(workflows.SignalMend, nil)
			}, time.Hour)
			b.RegisterDelayedCallback(func() {
				if b.o.tried["to 1"] != 2 {
					t.Errorf("ten minutes later it was sent %d times", b.o.tried["to 1"])
				}
			}, 70*time.Minute)
			b.RegisterDelayedCallback(func() {
				if b.o.state != liaison.Dispatched || b.o.tried["to 1"] != 2 || b.o.tried["to 2"] != others+1 {
					t.Errorf("it is %s; sent %v", b.o.state, b.o.tried)
				}
			}, 12*time.Hour)
			b.give(13*time.Hour, liaison.Command{Kind: liaison.DoClose})
			if err := b.run(workflows.StatementInput{State: liaison.InReview}); err != nil {
				t.Fatal(err)
			}
		})
	}
}
