package workflows_test

import (
	"slices"
	"testing"
	"time"

	"github.com/jca-ml/liaison/activities"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/workflows"
)

// TestDoubtSettles: the outcome is unknown; after a while the copy is there, or it is proven that nothing was taken over and
// the message is sent again, or it is for a person. No Temporal retry is made of an attempt.
func TestDoubtSettles(t *testing.T) {
	for name, test := range map[string]struct {
		after []liaison.TransmissionState // of each look
		wait  bool                        // the last one leaves it unknown, and says to wait no more
		sends int
		want  liaison.State
	}{
		"the copy comes":                {[]liaison.TransmissionState{"unknown", "unknown", "accepted"}, false, 1, liaison.Dispatched},
		"proven absent, and sent again": {[]liaison.TransmissionState{"unknown", "deferred"}, false, 2, liaison.Dispatched},
		"a person treats it as sent":    {[]liaison.TransmissionState{"unknown", "assumed"}, false, 1, liaison.Dispatched},
		"it is for a person":            {[]liaison.TransmissionState{"unknown", "unknown", "unknown"}, true, 1, liaison.DispatchedInPart},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.o.sending = func(id liaison.TransmissionID, n int) (liaison.TransmissionState, error) {
				if id == "to 1" && n == 1 {
					return liaison.TransmissionUnknown, nil
				}
				return liaison.TransmissionAccepted, nil
			}
			looks := 0
			b.o.settling = func(_ liaison.TransmissionID, was activities.Transmission) activities.Transmission {
				was.State, was.Wait = test.after[looks], time.Minute
				looks++
				if looks == len(test.after) && test.wait {
					was.Wait = 0
				}
				return was
			}
			b.give(0, liaison.Command{Kind: liaison.DoApprove})
			b.RegisterDelayedCallback(func() {
				if b.o.state != test.want {
					t.Errorf("it is %s, want %s", b.o.state, test.want)
				}
			}, 20*time.Hour)
			b.give(24*time.Hour, liaison.Command{Kind: liaison.DoClose})
			if err := b.run(workflows.StatementInput{State: liaison.InReview}); err != nil {
				t.Fatal(err)
			}
			if looks != len(test.after) || b.o.tried["to 1"] != test.sends {
				t.Errorf("looked %d times and sent %d times; want %d and %d", looks, b.o.tried["to 1"], len(test.after), test.sends)
			}
		})
	}
}

// TestUndo: between the approval and the dispatch there is a moment in which it can be held, withdrawn, or hurried.
func TestUndo(t *testing.T) {
	for name, test := range map[string]struct {
		then  liaison.CommandKind
		after time.Duration
		asked []string
		end   liaison.CommandKind
	}{
		"nobody does anything": {"", 0, []string{"approve", "approve/dispatch"}, liaison.DoClose},
		"held":                 {liaison.DoHold, 30 * time.Second, []string{"approve", "hold", "withdraw"}, liaison.DoWithdraw},
		"withdrawn":            {liaison.DoWithdraw, 59 * time.Second, []string{"approve", "withdraw"}, ""},
		"dispatched by hand":   {liaison.DoDispatch, 10 * time.Second, []string{"approve", "dispatch"}, liaison.DoClose},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.o.undo = time.Minute
			approved := b.give(0, liaison.Command{Kind: liaison.DoApprove})
			b.RegisterDelayedCallback(func() {
				if test.then == "" && b.o.state != liaison.Approved {
					t.Errorf("after 59 seconds it is %s", b.o.state)
				}
			}, 59*time.Second)
			if test.then != "" {
				b.give(test.after, liaison.Command{Kind: test.then})
			}
			if test.end != "" {
				b.give(24*time.Hour, liaison.Command{Kind: test.end})
			}
			if err := b.run(workflows.StatementInput{State: liaison.InReview}); err != nil {
				t.Fatal(err)
			}
			if approved.answer.State != liaison.Approved || approved.answer.DispatchAt.IsZero() {
				t.Errorf("answered with %+v", approved.answer)
			}
			if test.then == "" && b.o.actors["approve/dispatch"] != "" {
				t.Errorf("it is dispatched in the name of %s, who may be out of office by then", b.o.actors["approve/dispatch"])
			}
			if got := b.o.asked[:min(len(test.asked), len(b.o.asked))]; !slices.Equal(got, test.asked) {
				t.Errorf("asked for %q, want it to begin %q", b.o.asked, test.asked)
			}
			if test.end != liaison.DoClose && b.o.sealed != 0 {
				t.Error("something was sealed")
			}
		})
	}
}

// TestSentAgainByAPerson: what was left in doubt is sent again as a batch of its own, and then the statement is complete.
func TestSentAgainByAPerson(t *testing.T) {
	b := newBench(t)
	b.o.addressees = 2
	b.o.sending = func(id liaison.TransmissionID, n int) (liaison.TransmissionState, error) {
		if id == "to 1" && n == 1 {
			return liaison.TransmissionUnknown, nil
		}
		return liaison.TransmissionAccepted, nil
	}
	b.o.about = func(cmd liaison.Command, a *liaison.Answer) {
		if cmd.Transmission == "" {
			return
		}
		a.Batch = "approve/dispatch"
		x := b.o.ledger[cmd.Transmission]
		x.State = liaison.TransmissionDeferred
		b.o.ledger[cmd.Transmission] = x
		b.o.batches[cmd.ID] = []liaison.TransmissionID{cmd.Transmission}
	}
	b.give(0, liaison.Command{Kind: liaison.DoApprove})
	again := b.give(time.Hour, liaison.Command{Kind: liaison.DoSendAgain, Transmission: "to 1"})
	b.RegisterDelayedCallback(func() {
		if b.o.state != liaison.Dispatched || b.o.tried["to 1"] != 2 || b.o.tried["to 2"] != 1 {
			t.Errorf("it is %s; sent %v", b.o.state, b.o.tried)
		}
	}, 2*time.Hour)
	b.give(3*time.Hour, liaison.Command{Kind: liaison.DoClose})
	if err := b.run(workflows.StatementInput{State: liaison.InReview}); err != nil {
		t.Fatal(err)
	}
	if again.err != nil || again.answer.State != liaison.DispatchedInPart {
		t.Errorf("answered with %+v", again)
	}
	if !slices.Contains(b.o.asked, "send-again/complete") {
		t.Errorf("asked for %q", b.o.asked)
	}
}

// TestNudgedByTheMending: the register has a batch open that nobody is sending.
func TestNudgedByTheMending(t *testing.T) {
	b := newBench(t)
	b.o.sending = func(id liaison.TransmissionID, n int) (liaison.TransmissionState, error) {
		if id == "to 1" && n == 1 {
			return liaison.TransmissionUnknown, nil
		}
		return liaison.TransmissionAccepted, nil
	}
	b.give(0, liaison.Command{Kind: liaison.DoApprove})
	b.RegisterDelayedCallback(func() {
		b.o.mu.Lock()
		defer b.o.mu.Unlock()
		b.o.open = append(b.o.open, store.OpenBatch{Command: "approve/dispatch", Statement: true})
		b.o.settling = func(_ liaison.TransmissionID, was activities.Transmission) activities.Transmission {
			was.State = liaison.TransmissionAccepted
			return was
		}
		b.SignalWorkflow(workflows.SignalMend, nil)
	}, time.Hour)
	b.RegisterDelayedCallback(func() {
		if b.o.state != liaison.Dispatched || b.o.tried["to 1"] != 1 {
			t.Errorf("it is %s; sent %v", b.o.state, b.o.tried)
		}
	}, 2*time.Hour)
	b.give(3*time.Hour, liaison.Command{Kind: liaison.DoClose})
	if err := b.run(workflows.StatementInput{State: liaison.InReview}); err != nil {
		t.Fatal(err)
	}
}
