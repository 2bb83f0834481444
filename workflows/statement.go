package workflows

import (
	"errors"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/jca-ml/liaison/activities"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// Statement is the life of one statement: it takes commands until the statement is at an end, and sees to it that what a
// command releases is sent. It waits for months; when its history has grown it continues as new.
func Statement(ctx workflow.Context, in StatementInput) error {
	s, err := setup(ctx, in)
	if err != nil {
		return err
	}
	return s.run(ctx)
}

type statement struct {
	id       liaison.StatementID
	state    liaison.State // as the register had it when the last command was carried out
	one      workflow.Mutex
	released []store.OpenBatch // commands whose messages are to be sent
	sending  int               // dispatches of the statement that are under way
}

func setup(ctx workflow.Context, in StatementInput) (*statement, error) {
	s := &statement{id: in.ID, state: in.State, one: workflow.NewMutex(ctx)}
	// Handlers come first: an update that starts the run is delivered with its first task.
	err := workflow.SetUpdateHandlerWithOptions(ctx, UpdateCommand, s.command, workflow.UpdateHandlerOptions{Validator: s.permit})
	if err != nil {
		return nil, err
	}
	if in.Resume {
		if err := workflow.ExecuteLocalActivity(record(ctx), do.OpenBatches, in.ID).Get(ctx, &s.released); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *statement) run(ctx workflow.Context) error {
	for {
		if err := workflow.Await(ctx, func() bool { return len(s.released) > 0 || s.idle() && (s.state.Final() || tooLong(ctx)) }); err != nil {
			return err
		}
		for len(s.released) > 0 {
			batch := s.released[0]
			s.released = s.released[1:]
			if err := s.send(ctx, batch); err != nil {
				return err
			}
		}
		if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }); err != nil {
			return err
		}
		switch {
		case len(s.released) > 0 || !s.idle():
		case s.state.Final():
			return nil
		case tooLong(ctx):
			return workflow.NewContinueAsNewError(ctx, StatementWorkflow, StatementInput{ID: s.id, State: s.state})
		}
	}
}

func (s *statement) idle() bool { return s.sending == 0 }

func tooLong(ctx workflow.Context) bool {
	return workflow.GetInfo(ctx).GetContinueAsNewSuggested()
}

// permit refuses at once, without a trace in the history, what the table does not allow.
func (s *statement) permit(ctx workflow.Context, cmd liaison.Command) error {
	if cmd.Actor == "" {
		return activities.Fail(liaison.Refuse(liaison.Forbidden, "A command needs a person."))
	}
	return activities.Fail(liaison.Permit(s.state, cmd))
}

// command carries out what a person asks. Approving dispatches in the same breath, in the name of who approved, unless
// the approver holds it.
func (s *statement) command(ctx workflow.Context, cmd liaison.Command) (liaison.Answer, error) {
	answer, err := s.decide(ctx, cmd)
	if err != nil || cmd.Kind != liaison.DoApprove || cmd.Hold {
		return answer, err
	}
	sent, err := s.decide(ctx, liaison.Command{ID: DispatchCommandID(cmd.ID), Kind: liaison.DoDispatch, Statement: s.id, Actor: cmd.Actor})
	if err != nil { // the approval stands and is the answer; the statement shows that it has not left
		workflow.GetLogger(ctx).Warn("approved and not dispatched", "statement", s.id, "err", err)
		return answer, nil
	}
	return sent, nil
}

// decide carries out one command at a time.
func (s *statement) decide(ctx workflow.Context, cmd liaison.Command) (answer liaison.Answer, err error) {
	if err := s.one.Lock(ctx); err != nil {
		return answer, err
	}
	defer s.one.Unlock()
	if err := workflow.ExecuteLocalActivity(record(ctx), do.Decide, cmd).Get(ctx, &answer); err != nil {
		return answer, err
	}
	s.state = answer.State
	if answer.Letters {
		s.released = append(s.released, store.OpenBatch{Command: cmd.ID, Statement: cmd.Kind == liaison.DoDispatch})
	}
	return answer, nil
}

// send starts the sending of a batch. Letters to persons go their own way; the dispatch of the statement is waited for,
// beside everything else, and settled.
func (s *statement) send(ctx workflow.Context, batch store.OpenBatch) error {
	if !batch.Statement {
		_, err := s.start(ctx, batch)
		return err
	}
	s.sending++
	workflow.Go(ctx, func(ctx workflow.Context) {
		defer func() { s.sending-- }()
		if err := s.dispatch(ctx, batch); err != nil {
			workflow.GetLogger(ctx).Error("dispatch not settled", "statement", s.id, "batch", batch.Command, "err", err)
		}
	})
	return nil
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
	_, err := s.decide(ctx, liaison.Command{ID: batch.Command + "/settle", Kind: liaison.DoSettle, Statement: s.id})
	return err
}

// start starts the sending of a batch and returns when it runs; nil when it was running already.
func (s *statement) start(ctx workflow.Context, batch store.OpenBatch) (workflow.ChildWorkflowFuture, error) {
	child := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:        DispatchWorkflowID(s.id, batch.Command),
		ParentClosePolicy: enumspb.PARENT_CLOSE_POLICY_ABANDON,
	}), DispatchWorkflow, DispatchInput{Statement: s.id, Batch: batch.Command})
	err := child.GetChildWorkflowExecution().Get(ctx, nil)
	if _, running := errors.AsType[*temporal.ChildWorkflowExecutionAlreadyStartedError](err); running {
		return nil, nil
	}
	return child, err
}
