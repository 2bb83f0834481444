package workflows

import (
	"strconv"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/jca-ml/liaison/activities"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// settledReason is the reason on the record when a statement closes itself.
const settledReason = "Every reply that was awaited is settled."

// follow sees to the replies while the statement is out: it has done what is due, at its time, and closes the statement when every
// reply that was awaited is settled. What is next it reads from the register, and waits for that one thing with one timer: a
// deadline years ahead costs nothing until then. Whatever changes makes it look again.
func (s *statement) follow(ctx workflow.Context) {
	for {
		if err := workflow.Await(ctx, s.out); err != nil {
			return // cancelled
		}
		if !knows(ctx, s.procedure, "replies") {
			return // a run that was out before replies were followed; the next one takes them up
		}
		seen := s.changes
		s.following = true
		next, err := s.replies(ctx)
		s.following = false
		if err != nil {
			return
		}
		changed := func() bool { return s.changes != seen }
		if next.IsZero() {
			err = workflow.Await(ctx, changed)
		} else {
			_, err = workflow.AwaitWithTimeout(ctx, next.Sub(workflow.Now(ctx)), changed)
		}
		if err != nil {
			return
		}
	}
}

// out reports whether the statement is with its addressees, so that their replies count.
func (s *statement) out() bool {
	return s.state == liaison.Dispatched || s.state == liaison.DispatchedInPart
}

// replies does what is due of them and returns when the next thing will be, zero for never.
func (s *statement) replies(ctx workflow.Context) (next time.Time, err error) {
	for {
		var plan store.ReplyPlan
		if err := workflow.ExecuteLocalActivity(record(ctx), do.ReplyPlan, s.id).Get(ctx, &plan); err != nil {
			return next, err
		}
		now := workflow.Now(ctx)
		cmd := liaison.Command{Statement: s.id}
		switch {
		case plan.Settled:
			cmd.ID, cmd.Kind, cmd.Reason = s.own(ctx, "settled"), liaison.DoClose, settledReason
		case plan.Next.IsZero() || plan.Next.After(now):
			return plan.Next, nil
		default:
			cmd.ID, cmd.Kind = s.own(ctx, "remind"), liaison.DoRemind
		}
		_, err := s.decide(ctx, cmd)
		if err == nil && plan.Settled {
			return next, nil
		}
		if err != nil { // somebody was quicker, or the clocks differ: it is looked at again, and not at once
			if liaison.CodeOf(activities.Cause(err)) != liaison.Conflict {
				workflow.GetLogger(ctx).Error("replies not looked after", "statement", s.id, "err", err)
			}
			return now.Add(time.Minute), nil
		}
	}
}

// own is the id of a command of the workflow itself: the same in every replay, another one each time.
func (s *statement) own(ctx workflow.Context, what string) liaison.CommandID {
	s.given++
	return liaison.CommandID(workflow.GetInfo(ctx).WorkflowExecution.RunID + "/" + what + "/" + strconv.Itoa(s.given))
}
