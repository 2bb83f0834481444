package workflows_test

import (
	"testing"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/workflows"
)

// TestApprovedAtAMeetingLeavesWhenItIsClosed: the approval dispatches nothing; once the register lists the dispatch, because the
// meeting was closed, a look begins it, once, however often somebody asks.
func TestApprovedAtAMeetingLeavesWhenItIsClosed(t *testing.T) {
	for name, state := range map[string]workflows.StatementInput{"in one run": {State: liaison.Tabled}, "taken over by another": {State: liaison.Approved, Resume: true}} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.o.state = state.State
			want := []string{"open batches", "open batches", "open batches", "approve/dispatch", "seal approve/dispatch", "transmit to 1", "approve/dispatch/settle", "seal approve/dispatch/settle", "transmit letter of approve/dispatch/settle", "open batches", "close"}
			if state.State == liaison.Tabled {
				b.o.about = func(cmd liaison.Command, a *liaison.Answer) {
					if cmd.Kind == liaison.DoApprove {
						a.After = "the meeting"
					}
				}
				approved := b.give(0, liaison.Command{Kind: liaison.DoApprove})
				want[0] = "approve"
				defer func() {
					if approved.answer.State != liaison.Approved || approved.answer.After != "the meeting" {
						t.Errorf("answered with %+v", approved)
					}
				}()
			}
			look := func() { b.SignalWorkflow(workflows.SignalMend, nil) }
			b.RegisterDelayedCallback(look, 24*time.Hour) // it still sits: nothing is listed
			b.RegisterDelayedCallback(func() {
				if b.o.sealed != 0 || b.o.state != liaison.Approved {
					t.Errorf("before it is closed it is %s, with %d batches sealed", b.o.state, b.o.sealed)
				}
				b.o.mu.Lock()
				b.o.open = []store.OpenBatch{{Command: "approve/dispatch", Statement: true, Due: b.Now()}}
				b.o.mu.Unlock()
				look()
			}, 48*time.Hour)
			b.RegisterDelayedCallback(look, 49*time.Hour)
			b.give(72*time.Hour, liaison.Command{Kind: liaison.DoClose})
			if err := b.run(state); err != nil {
				t.Fatal(err)
			}
			b.wantAsked(want...)
		})
	}
}

// TestNobodyIsToldThatTabledWaits: it waits for its meeting. When it was put off the clock of its submission counts.
func TestNobodyIsToldThatTabledWaits(t *testing.T) {
	b := newBench(t)
	begun := b.Now()
	b.o.waits = func(told int) time.Time {
		if told > 0 {
			return time.Time{}
		}
		return begun.Add(7 * 24 * time.Hour)
	}
	b.give(24*time.Hour, liaison.Command{Kind: liaison.DoTable})
	b.RegisterDelayedCallback(func() {
		if b.o.told != 0 {
			t.Errorf("%d offices were told of what is tabled", b.o.told)
		}
	}, 20*24*time.Hour)
	b.give(21*24*time.Hour, liaison.Command{Kind: liaison.DoDefer})
	b.RegisterDelayedCallback(func() {
		if b.o.told != 1 {
			t.Errorf("%d offices were told after it was put off, want 1", b.o.told)
		}
	}, 22*24*time.Hour)
	b.give(23*24*time.Hour, liaison.Command{Kind: liaison.DoWithdraw})
	if err := b.run(workflows.StatementInput{State: liaison.InReview}); err != nil {
		t.Fatal(err)
	}
}

// TestWhatIsTabledIsEscalatedAfterItsMeeting: by runs that come to be tabled from now on; one that was tabled before goes on as it began.
func TestWhatIsTabledIsEscalatedAfterItsMeeting(t *testing.T) {
	for name, test := range map[string]struct {
		version workflow.Version
		want    int
	}{
		"tabled now":    {1, 3},
		"tabled before": {workflow.DefaultVersion, 0},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			begun := b.Now()
			b.o.late = true
			b.o.waits = func(told int) time.Time {
				if told == 3 {
					return time.Time{}
				}
				return begun.AddDate(0, 0, 7*(told+1))
			}
			b.OnGetVersion("escalation of what is tabled", workflow.DefaultVersion, workflow.Version(1)).Return(test.version)
			b.give(24*time.Hour, liaison.Command{Kind: liaison.DoTable})
			b.RegisterDelayedCallback(func() {
				if b.o.told != test.want {
					t.Errorf("%d offices were told of what is tabled, want %d", b.o.told, test.want)
				}
			}, 40*24*time.Hour)
			b.give(41*24*time.Hour, liaison.Command{Kind: liaison.DoWithdraw})
			if err := b.run(workflows.StatementInput{State: liaison.InReview}); err != nil {
				t.Fatal(err)
			}
		})
	}
}
