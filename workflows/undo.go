package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// wait lets the moment pass in which an approved statement can still be held or withdrawn, and then dispatches it. That is our own act, on the
// approval that is on record: at the end of an embargo, or of a meeting, who gave it may be in office no more.
func (s *statement) wait(ctx workflow.Context, b *store.OpenBatch) {
	b.Waits = true
	workflow.Go(ctx, func(ctx workflow.Context) {
		overtaken := func() bool { return s.pending != b || s.state != liaison.Approved }
		stopped, err := workflow.AwaitWithTimeout(ctx, b.Due.Sub(workflow.Now(ctx)), overtaken)
		if err == nil && !stopped && !overtaken() {
			_, err = s.decide(ctx, liaison.Command{ID: b.Command, Kind: liaison.DoDispatch, Statement: s.id})
		}
		if err != nil { // the approval stands; the statement shows that it has not left
			workflow.GetLogger(ctx).Warn("approved and not dispatched", "statement", s.id, "err", err)
		}
		if s.pending == b {
			s.pending = nil
		}
	})
}

// tell has the run that sends a batch, if there is one, look at its messages.
func (s *statement) tell(ctx workflow.Context, batch liaison.CommandID) {
	err := workflow.SignalExternalWorkflow(ctx, DispatchWorkflowID(s.id, batch), "", SignalLook, nil).Get(ctx, nil)
	if err != nil {
		workflow.GetLogger(ctx).Debug("nothing to tell", "batch", batch, "err", err)
	}
}
