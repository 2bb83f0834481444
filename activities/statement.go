package activities

import (
	"context"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// Decide carries out one command in one transaction. Repeating it with the same command id returns the first answer.
//
// Before a dispatch begins, every message is rendered once to see that it can be: an attachment that is lost, say, refuses
// the dispatch and is not found out half-way.
func (a *Activities) Decide(ctx context.Context, cmd liaison.Command) (liaison.Answer, error) {
	if cmd.Kind == liaison.DoDispatch {
		if err := a.Office.Check(ctx, cmd.Statement); err != nil {
			return liaison.Answer{}, Fail(err)
		}
	}
	cmd.Undo = 0
	if cmd.Kind.Approves() || cmd.Kind == liaison.DoEndWindow {
		cmd.Undo = a.Undo
	}
	answer, err := a.Store.Do(ctx, cmd)
	return answer, Fail(err)
}

// OpenBatches lists the commands of a statement whose messages are not all settled, for a run that takes over from one
// that was lost.
func (a *Activities) OpenBatches(ctx context.Context, id liaison.StatementID) ([]store.OpenBatch, error) {
	batches, err := a.Store.OpenBatches(ctx, id)
	return batches, Fail(err)
}

// Standing is where a statement stands in the register.
type Standing struct {
	State liaison.State
	Open  []store.OpenBatch
}

// Standing is [Activities.OpenBatches] with the statement's state.
func (a *Activities) Standing(ctx context.Context, id liaison.StatementID) (now Standing, err error) {
	if now.Open, err = a.Store.OpenBatches(ctx, id); err != nil {
		return now, Fail(err)
	}
	snap, err := a.Store.Snapshot(ctx, id)
	now.State = snap.State
	return now, Fail(err)
}

// Adopt starts the workflow of every statement that is open in the register, where none is running. It returns how many
// statements it looked at.
func (a *Activities) Adopt(ctx context.Context) (int, error) {
	defer heartbeat(ctx)()
	open, err := a.Store.OpenStatements(ctx)
	if err != nil {
		return 0, Fail(err)
	}
	for _, st := range open {
		if err := a.Runs.Resume(ctx, st.ID, st.State); err != nil {
			return 0, Fail(err)
		}
	}
	return len(open), nil
}
