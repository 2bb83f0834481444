// Package workflows is the procedure in time: what waits for whom, what happens next, what is tried again. Workflows hold ids,
// states and deadlines, nothing else; what they need they have an activity read, because PostgreSQL is the truth and
// Temporal's histories expire.
//
//	Statement   one run per statement, from the first command to its end; takes every command as an Update
//	Dispatch    child of Statement, one per command whose messages the first attempt did not settle; hands each one over, once
//	Mend        every few minutes: canaries, and another look at what is in doubt
//	Digest      several times an hour: each person's digest, when their hour has come
//	Reports     several times a day: progress reports that are due, their drafts and reminders
//	Reconcile   daily: starts the runs that should be there and are not
package workflows

import (
	"time"

	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/jca-ml/liaison/activities"
	"github.com/jca-ml/liaison/liaison"
)

// The names under which callers find what is here. They stand in histories and are never changed.
const (
	TaskQueue     = "liaison"
	UpdateCommand = "command"

	StatementWorkflow = "Statement"
	DispatchWorkflow  = "Dispatch"
	ReconcileWorkflow = "Reconcile"

	ReconcileID = "reconcile"

	MendWorkflow = "Mend"
	MendID       = "mend"

	DigestWorkflow = "Digest"
	DigestID       = "digest"

	ReportsWorkflow = "Reports"
	ReportsID       = "reports"

	SignalMend = "mend" // to Statement: look at what is open
	SignalLook = "look" // to Dispatch: look at the messages that wait
)

// StatementWorkflowID is the id of a statement's workflow. It is the only maker of it.
func StatementWorkflowID(id liaison.StatementID) string { return "ls/" + string(id) }

// DispatchWorkflowID is the id of the workflow that sends what a command released.
func DispatchWorkflowID(id liaison.StatementID, batch liaison.CommandID) string {
	return StatementWorkflowID(id) + "/mail/" + string(batch)
}

// DispatchCommandID is the id of the dispatch that an approval leads to in the same breath.
func DispatchCommandID(approval liaison.CommandID) liaison.CommandID { return approval + "/dispatch" }

// StatementInput starts a run of a statement's workflow. Fields are only ever added.
type StatementInput struct {
	ID     liaison.StatementID
	State  liaison.State // as the register has it
	Resume bool          // take over what a lost run left unsent

	// Procedure is what the run is started with and keeps: 0 in one that may be older than the changes that stand behind
	// GetVersion. Its marker is a write to what Temporal lists runs by, for each change in each run; this field costs nothing.
	Procedure int `json:",omitempty"`
}

// Procedure is that of the runs that are started now.
//
//	1  the statement's run makes the first attempt itself; nothing is asked of GetVersion that was there before
//	2  replies are followed also while a message waits to be tried again
const Procedure = 2

// knows reports whether a run has a change that was made before there were procedures. A later change takes the next number, and is asked
// for by that: a run with an earlier one goes on as it began.
func knows(ctx workflow.Context, procedure int, change string) bool {
	return procedure > 0 || workflow.GetVersion(ctx, change, workflow.DefaultVersion, 1) != workflow.DefaultVersion
}

// DispatchInput starts the sending of what a command released.
type DispatchInput struct {
	Statement liaison.StatementID
	Batch     liaison.CommandID
	Procedure int `json:",omitempty"` // see [StatementInput]
}

// Register puts every workflow and activity on a worker.
func Register(w worker.Registry, a *activities.Activities) {
	w.RegisterWorkflowWithOptions(Statement, workflow.RegisterOptions{Name: StatementWorkflow})
	w.RegisterWorkflowWithOptions(Dispatch, workflow.RegisterOptions{Name: DispatchWorkflow})
	w.RegisterWorkflowWithOptions(Reconcile, workflow.RegisterOptions{Name: ReconcileWorkflow})
	w.RegisterWorkflowWithOptions(Mend, workflow.RegisterOptions{Name: MendWorkflow})
	w.RegisterWorkflowWithOptions(Digest, workflow.RegisterOptions{Name: DigestWorkflow})
	w.RegisterWorkflowWithOptions(Reports, workflow.RegisterOptions{Name: ReportsWorkflow})
	w.RegisterActivity(a)
}

// do names the activities; it is never called on.
var do *activities.Activities

// Options by intent.

// record is for the one transaction of a command. A database that is away is waited for as long as it takes: the command was
// accepted, so it is carried out. Whoever gave it stops waiting sooner and may repeat it safely.
func record(ctx workflow.Context) workflow.Context {
	return workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		StartToCloseTimeout:    30 * time.Second,
		ScheduleToCloseTimeout: 10 * 365 * 24 * time.Hour, // not given, it is that of one try, and trying ends after 30 s
		RetryPolicy:            whileAway(),
	})
}

// read is for what a statement's workflow has to know before it goes on.
func read(ctx workflow.Context) workflow.Context {
	opts := workflow.GetLocalActivityOptions(record(ctx))
	opts.RetryPolicy = retryForever()
	return workflow.WithLocalActivityOptions(ctx, opts)
}

// periodic is for what comes again by a schedule.
func periodic(ctx workflow.Context) workflow.Context {
	opts := workflow.GetActivityOptions(prepare(ctx))
	opts.RetryPolicy = whileAway()
	return workflow.WithActivityOptions(ctx, opts)
}

// prepare is for reading and rendering: repeated until it works.
func prepare(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 2 * time.Minute,
		RetryPolicy:         retryForever(),
	})
}

// sweep is for going through the whole register: long, and told apart from a dead worker by its heartbeat.
func sweep(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 2 * time.Hour,
		HeartbeatTimeout:    10 * activities.HeartbeatEvery,
		RetryPolicy:         retryForever(),
	})
}

// handOver is for one attempt to send: never repeated by Temporal. The deadline is longer than the wait for the answer to
// the final dot (RFC 5321, 4.5.3.2.6).
func handOver(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 15 * time.Minute,
		HeartbeatTimeout:    4 * activities.HeartbeatEvery,
		RetryPolicy:         onlyOnce(),
	})
}
