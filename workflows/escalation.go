package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/jca-ml/liaison/liaison"
)

// escalate tells one office after the other that the decision waits, each at its day.
func (s *statement) escalate(ctx workflow.Context) {
	workflow.Go(ctx, func(ctx workflow.Context) {
		s.keep(ctx, watch{name: "escalation of what is tabled", later: true, on: func() bool { return s.state == liaison.Tabled }, look: s.nextTold, lost: "a decision that waits was not escalated"})
	})
	s.keep(ctx, watch{name: "escalation", on: func() bool { return s.state == liaison.InReview || s.state == liaison.InCorrespondence }, look: s.nextTold, lost: "a decision that waits was not escalated"})
}

// nextTold is when the next office is to be told that the statement waits.
func (s *statement) nextTold(ctx workflow.Context) (cmd liaison.Command, next time.Time, err error) {
	if err := workflow.ExecuteLocalActivity(record(ctx), do.EscalationDue, s.id).Get(ctx, &next); err != nil {
		return cmd, next, err
	}
	if due(ctx, next) {
		cmd = liaison.Command{ID: s.own(ctx, "escalate"), Kind: liaison.DoEscalate}
	}
	return cmd, next, nil
}
