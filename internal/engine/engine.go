// Package engine is the one way to change a statement: every page, program, command line and import calls [Engine.Do].
//
//	Do ──> Temporal Update (starts the statement's workflow with the first command) ──> one activity ──> one transaction
package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/jca-ml/liaison/activities"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/workflows"
)

// Engine carries out commands. It is safe for concurrent use.
type Engine struct {
	Temporal client.Client
	Store    *store.Store
	Wait     time.Duration // for an answer; 10 s if zero
}

// Do carries out a command and returns what it led to. The command's id is the caller's: repeating a command, for
// whatever reason, gets the first answer and changes nothing more.
//
// A command that cannot succeed is refused here, before anything is started, with the [liaison.Error] that
// [liaison.Next] gives. [liaison.Unavailable] means that it is not known yet whether the command was carried out; the
// same command, with the same id, may be given again.
func (e *Engine) Do(ctx context.Context, cmd liaison.Command) (liaison.Answer, error) {
	wait := e.Wait
	if wait == 0 {
		wait = 10 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()

	snap, err := e.Store.SnapshotFor(ctx, cmd)
	if err != nil {
		return liaison.Answer{}, err
	}
	// What is missing from a draft is judged when it is submitted, with the mailboxes of that moment.
	if _, err := liaison.Next(snap.Snapshot, cmd); err != nil && (cmd.Kind != liaison.DoSubmit || liaison.CodeOf(err) != liaison.Invalid) {
		return e.orRecorded(ctx, cmd, err)
	}
	for pause := 50 * time.Millisecond; ; pause *= 2 {
		answer, err := e.update(ctx, cmd, snap.State)
		if err == nil {
			return answer, nil
		}
		refusal := e.explain(err)
		if liaison.CodeOf(refusal) != liaison.Conflict || pause > time.Second || !e.behind(ctx, cmd) {
			return e.orRecorded(ctx, cmd, refusal)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return liaison.Answer{}, refusal
		}
	}
}

// behind reports whether the statement's workflow refuses what the register allows: it has not heard of a command that is on record, see
// [Engine.rouse]. It is told to look then.
func (e *Engine) behind(ctx context.Context, cmd liaison.Command) bool {
	snap, err := e.Store.SnapshotFor(ctx, cmd)
	if err != nil {
		return false
	}
	if _, err := liaison.Next(snap.Snapshot, cmd); err != nil {
		return false
	}
	return e.Nudge(ctx, cmd.Statement, snap.State) == nil
}

// orRecorded looks, for a command that is refused, whether it was carried out before: then the first answer is the answer.
func (e *Engine) orRecorded(ctx context.Context, cmd liaison.Command, refusal error) (liaison.Answer, error) {
	if ctx.Err() != nil {
		return liaison.Answer{}, refusal
	}
	recorded, err := e.recorded(ctx, cmd)
	switch {
	case err != nil && liaison.CodeOf(refusal) == liaison.Unavailable:
		return liaison.Answer{}, refusal
	case err != nil:
		return liaison.Answer{}, err
	case recorded != nil:
		if e.goesOn(ctx, cmd, *recorded) { // the run that carries it out gives the whole answer, also one that has not heard of it yet
			if answer, err := e.update(ctx, cmd, recorded.State); err == nil {
				return answer, nil
			} else if err = e.explain(err); liaison.CodeOf(err) == liaison.Unavailable {
				return liaison.Answer{}, err
			}
		}
		if err := e.rouse(ctx, cmd.Statement, *recorded); err != nil {
			return liaison.Answer{}, err
		}
		return *recorded, nil
	}
	return liaison.Answer{}, refusal
}

// goesOn reports whether the dispatch that follows on the approval in the same breath is not on record yet, and nothing else has happened
// since either: what was taken back meanwhile is not gone on with.
func (e *Engine) goesOn(ctx context.Context, cmd liaison.Command, recorded liaison.Answer) bool {
	if !cmd.Kind.Approves() || cmd.Hold || recorded.State != liaison.Approved || !recorded.DispatchAt.IsZero() || recorded.After != "" {
		return false
	}
	snap, err := e.Store.SnapshotFor(ctx, cmd)
	return err == nil && snap.State == recorded.State && snap.Version == recorded.Version
}

// rouse has the statement's workflow look at what a command released that is on record, and that it may know nothing of. An Update
// stands in no history until the task is done that carries it out: when worker and Temporal, or Temporal's database, go away between our
// commit and that, the workflow has never heard of it. While Temporal is still away, whoever asks is told that
// it is not certain yet, and asks again; the mending comes to it as well, later.
func (e *Engine) rouse(ctx context.Context, id liaison.StatementID, answer liaison.Answer) error {
	if !answer.Letters && answer.DispatchAt.IsZero() {
		return nil
	}
	return e.Nudge(ctx, id, answer.State)
}

// recorded returns the answer that a command got, or nil. An approval that dispatched in the same breath was answered with the
// dispatch.
func (e *Engine) recorded(ctx context.Context, cmd liaison.Command) (*liaison.Answer, error) {
	if cmd.Kind.Approves() && !cmd.Hold {
		dispatch := liaison.Command{ID: workflows.DispatchCommandID(cmd.ID), Kind: liaison.DoDispatch, Statement: cmd.Statement}
		if dispatched, err := e.Store.RecordedAs(ctx, dispatch); dispatched != nil || err != nil {
			return dispatched, err
		}
	}
	return e.Store.RecordedAs(ctx, cmd)
}

// update sends the command to the statement's workflow, starting it where none is running. A run that ends or continues as new
// just then is no reason to fail: the command is sent again, with the same id.
func (e *Engine) update(ctx context.Context, cmd liaison.Command, state liaison.State) (answer liaison.Answer, err error) {
	pause := 20 * time.Millisecond
	for {
		start := e.Temporal.NewWithStartWorkflowOperation(options(cmd.Statement), workflows.StatementWorkflow, workflows.StatementInput{ID: cmd.Statement, State: state, Procedure: workflows.Procedure})
		var handle client.WorkflowUpdateHandle
		handle, err = e.Temporal.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
			StartWorkflowOperation: start,
			UpdateOptions: client.UpdateWorkflowOptions{
				UpdateID: string(cmd.ID), WorkflowID: workflows.StatementWorkflowID(cmd.Statement),
				UpdateName: workflows.UpdateCommand, Args: []any{cmd}, WaitForStage: client.WorkflowUpdateStageCompleted,
			},
		})
		if err == nil {
			err = handle.Get(ctx, &answer)
		}
		if err == nil || !between(err) {
			return answer, err
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
			pause = min(2*pause, time.Second)
		case <-ctx.Done():
			timer.Stop()
			return answer, err
		}
	}
}

func options(id liaison.StatementID) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID: workflows.StatementWorkflowID(id), TaskQueue: workflows.TaskQueue,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING, // the run that is there takes the command
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE, // the register decides what is still possible
	}
}

// between reports whether the update fell between two runs of the workflow.
func between(err error) bool {
	if _, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return false
	}
	_, notFound := errors.AsType[*serviceerror.NotFound](err)
	_, aborted := errors.AsType[*serviceerror.Aborted](err)
	_, failed := errors.AsType[*serviceerror.WorkflowNotReady](err)
	return notFound || aborted || failed
}

// explain turns what Temporal said into what a person is told.
func (e *Engine) explain(err error) error {
	if refusal := activities.Cause(err); liaison.CodeOf(refusal) != liaison.Internal {
		return refusal
	}
	if _, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return fmt.Errorf("carry out the command: %w", err)
	}
	return fmt.Errorf("%w: %w", &liaison.Error{
		Code:    liaison.Unavailable,
		Message: "The engine does not answer, so it is not certain yet whether this was done. Reading still works. Send the same form again in a moment: it is carried out once, however often it is sent.",
	}, err)
}

// Resume starts a statement's workflow where none is running, to take over what a lost run left unsent.
func (e *Engine) Resume(ctx context.Context, id liaison.StatementID, state liaison.State) error {
	_, err := e.Temporal.ExecuteWorkflow(ctx, options(id), workflows.StatementWorkflow, workflows.StatementInput{ID: id, State: state, Resume: true, Procedure: workflows.Procedure})
	if err != nil {
		return fmt.Errorf("resume statement %s: %w", id, e.explain(err))
	}
	return nil
}

// Nudge has a statement's workflow look at what is open: in doubt and ripe, waiting with nobody for it, or accepted meanwhile.
// Where none is running one is started.
func (e *Engine) Nudge(ctx context.Context, id liaison.StatementID, state liaison.State) error {
	_, err := e.Temporal.SignalWithStartWorkflow(ctx, workflows.StatementWorkflowID(id), workflows.SignalMend, nil, options(id),
		workflows.StatementWorkflow, workflows.StatementInput{ID: id, State: state, Resume: true, Procedure: workflows.Procedure})
	if err != nil {
		return fmt.Errorf("nudge statement %s: %w", id, e.explain(err))
	}
	return nil
}

// Wake tells the runs that send these batches to look at their messages now: a hold was lifted, or one was cancelled. Those
// that have ended need no telling.
func (e *Engine) Wake(ctx context.Context, waiting []store.Waiting) error {
	var errs []error
	for _, w := range waiting {
		err := e.Temporal.SignalWorkflow(ctx, workflows.DispatchWorkflowID(w.Statement, w.Batch), "", workflows.SignalLook, nil)
		if _, gone := errors.AsType[*serviceerror.NotFound](err); err != nil && !gone {
			errs = append(errs, fmt.Errorf("wake %s: %w", w.Batch, e.explain(err)))
		}
	}
	return errors.Join(errs...)
}

// Ready reports whether Temporal answers.
func (e *Engine) Ready(ctx context.Context) error {
	if _, err := e.Temporal.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		return fmt.Errorf("temporal: %w", err)
	}
	return nil
}

// ScheduleMending has canaries sent, and what became ripe looked at, every so often. It is called by each worker at its start;
// the schedule is there once, and follows the setting.
func (e *Engine) ScheduleMending(ctx context.Context, every time.Duration) error {
	return e.every(ctx, workflows.MendID, workflows.MendWorkflow, every)
}

// ScheduleReports has progress reports seen to now and several times a day from now on: a day begins at another hour in every group's zone. It is
// called by each worker at its start.
func (e *Engine) ScheduleReports(ctx context.Context) error {
	if err := e.every(ctx, workflows.ReportsID, workflows.ReportsWorkflow, 4*time.Hour); err != nil {
		return err
	}
	if err := e.Temporal.ScheduleClient().GetHandle(ctx, workflows.ReportsID).Trigger(ctx, client.ScheduleTriggerOptions{}); err != nil {
		return fmt.Errorf("see to the reports now: %w", err)
	}
	return nil
}

// ScheduleDigests has digests made every quarter of an hour: time zones differ by as little. It is called by each worker at
// its start.
func (e *Engine) ScheduleDigests(ctx context.Context) error {
	return e.every(ctx, workflows.DigestID, workflows.DigestWorkflow, 15*time.Minute)
}

// every has a workflow run every so often, one at a time. The schedule is there once, and follows the interval.
func (e *Engine) every(ctx context.Context, id, workflow string, interval time.Duration) error {
	spec := client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: interval}}}
	_, err := e.Temporal.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID: id, Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_SKIP, Spec: spec,
		Action: &client.ScheduleWorkflowAction{ID: id, Workflow: workflow, TaskQueue: workflows.TaskQueue},
	})
	if errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		err = e.Temporal.ScheduleClient().GetHandle(ctx, id).Update(ctx, client.ScheduleUpdateOptions{
			DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
				in.Description.Schedule.Spec = &spec
				return &client.ScheduleUpdate{Schedule: &in.Description.Schedule}, nil
			},
		})
	}
	if err != nil {
		return fmt.Errorf("schedule %s: %w", id, err)
	}
	return nil
}

// SendLetters looks every so often for letters that no command released (notices of what a server, an addressee or the clock
// did, and digests) and has their statements' workflows send them, until ctx is cancelled. A statement that was asked is asked
// again after half a minute, or when it has other letters. Each worker does it; asking twice does no harm.
func (e *Engine) SendLetters(ctx context.Context, every time.Duration, log *slog.Logger) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	asked := map[liaison.StatementID]time.Time{}
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
		open, err := e.Store.Unreleased(ctx)
		if err != nil {
			log.WarnContext(ctx, "letters that wait cannot be read; trying again", "err", err)
			continue
		}
		maps.DeleteFunc(asked, func(id liaison.StatementID, at time.Time) bool { // whose letters went may have others at once
			waits := slices.ContainsFunc(open, func(st store.OpenStatement) bool { return st.ID == id })
			return !waits || time.Since(at) > 30*time.Second
		})
		for _, st := range open {
			if _, just := asked[st.ID]; just {
				continue
			}
			if err := e.Nudge(ctx, st.ID, st.State); err != nil {
				log.WarnContext(ctx, "letters wait and their workflow cannot be asked; trying again", "statement", st.ID, "err", err)
				continue
			}
			asked[st.ID] = time.Now()
		}
	}
}

// Schedule has the register reconciled with Temporal now and once a day from now on. It is called by each worker at its start; the
// schedule is there once.
func (e *Engine) Schedule(ctx context.Context) error {
	action := &client.ScheduleWorkflowAction{ID: workflows.ReconcileID, Workflow: workflows.ReconcileWorkflow, TaskQueue: workflows.TaskQueue}
	_, err := e.Temporal.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID: workflows.ReconcileID, Action: action, Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_SKIP,
		Spec: client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: 24 * time.Hour}}}, TriggerImmediately: true,
	})
	if errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		err = e.Temporal.ScheduleClient().GetHandle(ctx, workflows.ReconcileID).Trigger(ctx, client.ScheduleTriggerOptions{})
	}
	if err != nil {
		return fmt.Errorf("schedule the reconciliation: %w", err)
	}
	return nil
}
