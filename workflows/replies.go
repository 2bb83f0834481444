package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// settledReason is the reason on the record when a statement closes itself.
const settledReason = "Every reply that was awaited is settled."

// follow sees to the replies while the statement is out: it has done what is due, at its time, and closes the statement when every
// reply that was awaited is settled. A deadline years ahead costs nothing until then.
func (s *statement) follow(ctx workflow.Context) {
	s.keep(ctx, watch{name: "replies", on: s.out, look: s.nextOfReplies, lost: "replies not looked after"})
}

// out reports whether the statement is with its addressees, so that their replies count. While it is dispatched nothing is looked at that may be settled
// in a moment, but where a message has to be tried again later the others have theirs.
func (s *statement) out() bool {
	if s.state == liaison.Dispatching {
		return s.procedure >= 2 && s.waiting > 0
	}
	return s.state.Out()
}

// nextOfReplies is what is due of them, or when the next thing will be.
func (s *statement) nextOfReplies(ctx workflow.Context) (cmd liaison.Command, next time.Time, err error) {
	var plan store.ReplyPlan
	if err := workflow.ExecuteLocalActivity(record(ctx), do.ReplyPlan, s.id).Get(ctx, &plan); err != nil {
		return cmd, next, err
	}
	switch {
	case plan.Settled:
		cmd = liaison.Command{ID: s.own(ctx, "settled"), Kind: liaison.DoClose, Reason: settledReason}
	case due(ctx, plan.Next):
		cmd = liaison.Command{ID: s.own(ctx, "remind"), Kind: liaison.DoRemind}
	}
	return cmd, plan.Next, nil
}
