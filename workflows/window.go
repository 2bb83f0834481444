package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// correspond sees to the window while the statement is up for objections: those who are silent are reminded, and its end is
// recorded when it comes. What a window approves by itself is dispatched in the name of who opened it, unless that person holds it.
func (s *statement) correspond(ctx workflow.Context) {
	var plan store.WindowPlan
	s.keep(ctx, watch{
		name: "correspondence",
		on:   func() bool { return s.state == liaison.InCorrespondence },
		look: func(ctx workflow.Context) (cmd liaison.Command, next time.Time, err error) {
			if err := workflow.ExecuteLocalActivity(record(ctx), do.WindowPlan, s.id).Get(ctx, &plan); err != nil {
				return cmd, next, err
			}
			if plan.Kind != "" && due(ctx, plan.At) {
				cmd = liaison.Command{ID: s.own(ctx, string(plan.Kind)), Kind: plan.Kind}
			}
			return cmd, plan.At, nil
		},
		done: func(ctx workflow.Context, cmd liaison.Command, answer liaison.Answer) error {
			if answer.State != liaison.Approved || plan.Hold {
				return nil
			}
			cmd.Actor = plan.Opener
			_, err := s.leave(ctx, cmd, answer)
			return err
		},
		lost: "the window for objections was not seen to",
	})
}
