package workflows

import (
	"errors"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/jca-ml/liaison/activities"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// sendFirst makes the first attempt of what commands released, all of it in one activity. A workflow of its own is started only
// for what is not settled then: that one gives up what ended without a word, waits, and tries again.
func (s *statement) sendFirst(ctx workflow.Context, batches []store.OpenBatch) {
	s.sending++
	in := activities.FirstInput{Most: together}
	for _, b := range batches {
		s.under[b.Command] = true
		in.Batches = append(in.Batches, b.Command)
	}
	workflow.Go(ctx, func(ctx workflow.Context) {
		defer func() { s.sending-- }()
		var open []liaison.CommandID
		if err := workflow.ExecuteActivity(handOver(ctx), do.TransmitFirst, in).Get(ctx, &open); err != nil {
			open = in.Batches
		}
		for _, b := range batches {
			delete(s.under, b.Command)
			if slices.Contains(open, b.Command) {
				s.send(ctx, b)
			} else if !b.Statement {
				continue
			} else if err := s.settle(ctx, b.Command); err != nil {
				workflow.GetLogger(ctx).Error("dispatch not settled", "statement", s.id, "batch", b.Command, "err", err)
			}
		}
	})
}

// send starts the sending of a batch. Letters to persons go their own way; the dispatch of the statement is waited for,
// beside everything else, and settled.
func (s *statement) send(ctx workflow.Context, batch store.OpenBatch) {
	if !batch.Statement {
		child, err := s.start(ctx, batch)
		if err != nil {
			workflow.GetLogger(ctx).Error("letters not sent", "statement", s.id, "batch", batch.Command, "err", err)
		} else if child == nil {
			s.lookAgain(ctx, batch)
		}
		return
	}
	s.sending++
	s.waiting++
	s.under[batch.Command] = true
	workflow.Go(ctx, func(ctx workflow.Context) {
		defer func() { s.sending--; s.waiting--; delete(s.under, batch.Command) }()
		if err := s.dispatch(ctx, batch); err != nil {
			workflow.GetLogger(ctx).Error("dispatch not settled", "statement", s.id, "batch", batch.Command, "err", err)
		}
	})
}

// lookAgain tells a dispatch that runs already of a message in it that should have been tried again by now.
func (s *statement) lookAgain(ctx workflow.Context, batch store.OpenBatch) {
	if batch.Late && knows(ctx, s.procedure, "late") {
		s.tell(ctx, batch.Command)
	}
}

// dispatch sees the sending of the statement to its end and settles it. A run of it that a lost run of ours left behind is
// let finish first.
func (s *statement) dispatch(ctx workflow.Context, batch store.OpenBatch) error {
	for {
		child, err := s.start(ctx, batch)
		if err != nil {
			return err
		}
		if child != nil {
			if err := child.Get(ctx, nil); err != nil {
				return err
			}
			break
		}
		if err := workflow.Sleep(ctx, time.Minute); err != nil {
			return err
		}
	}
	return s.settle(ctx, batch.Command)
}

// settle says what the dispatch came to, as far as it can be said: while messages of another batch are on their way, or not
// everything is accepted of what was dispatched in part, it stays as it is.
func (s *statement) settle(ctx workflow.Context, after liaison.CommandID) error {
	cmd := liaison.Command{ID: after + "/settle", Kind: liaison.DoSettle, Statement: s.id}
	switch s.state {
	case liaison.Dispatching:
	case liaison.DispatchedInPart:
		cmd.ID = after + "/complete"
	default:
		return nil
	}
	_, err := s.decide(ctx, cmd)
	if err != nil && liaison.CodeOf(activities.Cause(err)) == liaison.Conflict {
		return nil
	}
	return err
}

// start starts the sending of a batch and returns when it runs; nil when it was running already.
func (s *statement) start(ctx workflow.Context, batch store.OpenBatch) (workflow.ChildWorkflowFuture, error) {
	child := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:        DispatchWorkflowID(s.id, batch.Command),
		ParentClosePolicy: enumspb.PARENT_CLOSE_POLICY_ABANDON,
	}), DispatchWorkflow, DispatchInput{Statement: s.id, Batch: batch.Command, Procedure: s.procedure})
	err := child.GetChildWorkflowExecution().Get(ctx, nil)
	if _, running := errors.AsType[*temporal.ChildWorkflowExecutionAlreadyStartedError](err); running {
		return nil, nil
	}
	return child, err
}
