package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/jca-ml/liaison/activities"
	"github.com/jca-ml/liaison/liaison"
)

// escalate tells one office after the other that the decision waits, each at its day, with one timer. What was told it reads
// from the register, so a run that takes over tells nobody again.
func (s *statement) escalate(ctx workflow.Context) {
	for {
		if err := workflow.Await(ctx, func() bool { return s.state == liaison.InReview }); err != nil {
			return // cancelled
		}
		if !knows(ctx, s.procedure, "escalation") {
			return // a run that waited before decisions were escalated; the next one takes it up
		}
		seen := s.changes
		s.escalating = true
		next, err := s.tellWhoDecides(ctx)
		s.escalating = false
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

// tellWhoDecides tells whom it is time to tell and returns when the next one is to be told, zero for never.
func (s *statement) tellWhoDecides(ctx workflow.Context) (next time.Time, err error) {
	for {
		if err := workflow.ExecuteLocalActivity(record(ctx), do.EscalationDue, s.id).Get(ctx, &next); err != nil {
			return next, err
		}
		now := workflow.Now(ctx)
		if next.IsZero() || next.After(now) {
			return next, nil
		}
		if _, err := s.decide(ctx, liaison.Command{ID: s.own(ctx, "escalate"), Kind: liaison.DoEscalate, Statement: s.id}); err != nil { // somebody was quicker, or the clocks differ
			if liaison.CodeOf(activities.Cause(err)) != liaison.Conflict {
				workflow.GetLogger(ctx).Error("a decision that waits was not escalated", "statement", s.id, "err", err)
			}
			return now.Add(time.Minute), nil
		}
	}
}
