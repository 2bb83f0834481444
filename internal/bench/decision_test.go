package bench

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/liaison"
)

// The floor: the same update-with-start, with the same argument and answer, to a workflow that does nothing but run one activity
// that does nothing.
const (
	floorQueue    = "floor"
	floorWorkflow = "Floor"
	floorUpdate   = "command"
)

// floorInput says how many updates a run takes before it ends, and how they run their activity.
type floorInput struct {
	Updates int
	Local   bool
}

func floor(ctx workflow.Context, in floorInput) error {
	done := 0
	err := workflow.SetUpdateHandlerWithOptions(ctx, floorUpdate, func(ctx workflow.Context, cmd liaison.Command) (answer liaison.Answer, err error) {
		if in.Local {
			local := workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: 30 * time.Second})
			err = workflow.ExecuteLocalActivity(local, nothing, cmd).Get(ctx, &answer)
		} else {
			remote := workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: 30 * time.Second})
			err = workflow.ExecuteActivity(remote, nothing, cmd).Get(ctx, &answer)
		}
		done++
		return answer, err
	}, workflow.UpdateHandlerOptions{Validator: func(ctx workflow.Context, cmd liaison.Command) error { return nil }})
	if err != nil {
		return err
	}
	if err := workflow.Await(ctx, func() bool { return done == in.Updates }); err != nil {
		return err
	}
	return workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
}

func nothing(_ context.Context, cmd liaison.Command) (liaison.Answer, error) {
	return liaison.Answer{Statement: cmd.Statement, State: liaison.InReview, Version: 2, Revision: 1, Ref: "JCA-ML-LS1"}, nil
}

// floorWorker polls as ours does.
func floorWorker(c client.Client) worker.Worker {
	w := worker.New(c, floorQueue, worker.Options{
		WorkflowTaskPollerBehavior: worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{InitialNumberOfPollers: 4, MinimumNumberOfPollers: 2, MaximumNumberOfPollers: 16}),
		ActivityTaskPollerBehavior: worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{InitialNumberOfPollers: 2, MinimumNumberOfPollers: 1, MaximumNumberOfPollers: 8}),
	})
	w.RegisterWorkflowWithOptions(floor, workflow.RegisterOptions{Name: floorWorkflow})
	w.RegisterActivity(nothing)
	return w
}

func (p *place) doFloor(ctx context.Context, id liaison.StatementID, cmd liaison.Command, in floorInput) error {
	workflowID := fmt.Sprintf("floor/%s/%t", id, in.Local)
	handle, err := p.client.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: p.client.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
			ID: workflowID, TaskQueue: floorQueue, WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		}, floorWorkflow, in),
		UpdateOptions: client.UpdateWorkflowOptions{
			UpdateID: string(cmd.ID), WorkflowID: workflowID, UpdateName: floorUpdate, Args: []any{cmd}, WaitForStage: client.WorkflowUpdateStageCompleted,
		},
	})
	if err != nil {
		return err
	}
	var answer liaison.Answer
	return handle.Get(ctx, &answer)
}

// lap is what one kind of decision cost, over all rounds.
type lap struct {
	samples []time.Duration
	elapsed time.Duration
}

func (l lap) rate() float64 { return float64(len(l.samples)) / l.elapsed.Seconds() }

// race has clients work through n items and times each.
func race(b *testing.B, clients, n int, do func(i int) error) lap {
	b.Helper()
	samples := make([]time.Duration, n)
	var next atomic.Int64
	var failed atomic.Pointer[error]
	var open sync.WaitGroup
	began := time.Now()
	for range clients {
		open.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && failed.Load() == nil; i = int(next.Add(1)) - 1 {
				start := time.Now()
				if err := do(i); err != nil {
					failed.Store(&err)
				}
				samples[i] = time.Since(start)
			}
		})
	}
	open.Wait()
	if err := failed.Load(); err != nil {
		b.Fatal(*err)
	}
	return lap{samples, time.Since(began)}
}

// BenchmarkDecisions: submit, approve and withdraw, each from the call of engine.Do to its answer. Aims: p99 under 250 ms at one
// client, 0.7 of the floor's rate.
//
// A submission has a letter sent to the chair, which is a workflow of its own and costs more than the decision. At one client
// the next decision waits, unmeasured, until the letter is through; at eight they are pressed, and the letters are their load.
func BenchmarkDecisions(b *testing.B) {
	p := begin(b)
	p.startWorker(b)
	out := newPage(b, "DECISIONS (engine.Do to answer; PostgreSQL syncs)")
	kinds := []liaison.CommandKind{liaison.DoSubmit, liaison.DoApprove, liaison.DoWithdraw}
	const (
		ours    = "liaison"
		local   = "floor: update, empty local activity"
		remote  = "for information: update, empty activity"
		pressed = "for information: submits pressed, letters sent beside"
	)

	for _, clients := range []int{1, 8} {
		laps := map[string]*lap{}
		statements, rounds := 20, 6
		if clients > 1 {
			statements, rounds = 80, 3
		}
		for round := range rounds + 1 { // the first warms up
			count := func(l lap, names ...string) {
				for _, name := range names {
					if laps[name] == nil {
						laps[name] = &lap{}
					}
					if round > 0 {
						laps[name].samples = append(laps[name].samples, l.samples...)
						laps[name].elapsed += l.elapsed
					}
				}
			}
			drafts := func() []liaison.StatementID {
				ids := make([]liaison.StatementID, statements)
				for i := range ids {
					ids[i] = p.draft(b, 2000, "itu-t/sg11", "itu-t/sg17", "iso-iec/jtc1/sc42", "w3c")
				}
				return ids
			}
			ids, digests := drafts(), make([]liaison.Digest, statements)
			submit := func(id liaison.StatementID) error {
				_, err := p.engine.Do(b.Context(), liaison.Command{ID: newCommand(), Kind: liaison.DoSubmit, Statement: id, Actor: seed.Editor.ID})
				return err
			}
			for _, in := range []floorInput{{len(kinds), true}, {len(kinds), false}} {
				name := local
				if !in.Local {
					name = remote
				}
				for n, kind := range kinds {
					l := race(b, clients, statements, func(i int) error {
						return p.doFloor(b.Context(), ids[i], liaison.Command{ID: newCommand(), Kind: kind, Statement: ids[i], Actor: seed.Chair.ID}, in)
					})
					count(l, name, fmt.Sprintf("%s, update %d", name, n+1))
				}
			}
			more := drafts()
			l := race(b, clients, statements, func(i int) error { return submit(more[i]) })
			count(l, pressed)
			p.quiet(b)

			if clients == 1 { // one after the other, each when the letter of the one before is sent
				for i := range ids {
					l := race(b, 1, 1, func(int) error { return submit(ids[i]) })
					count(l, ours, "submit")
					p.quiet(b)
				}
			} else {
				l := race(b, clients, statements, func(i int) error { return submit(ids[i]) })
				count(l, ours, "submit")
				p.quiet(b)
			}
			for i, id := range ids { // read, as the chair does, before deciding
				snap, err := p.store.Snapshot(b.Context(), id)
				if err != nil {
					b.Fatal(err)
				}
				digests[i] = snap.Digest
			}
			l = race(b, clients, statements, func(i int) error {
				_, err := p.engine.Do(b.Context(), liaison.Command{ID: newCommand(), Kind: liaison.DoApprove, Statement: ids[i], Actor: seed.Chair.ID, Digest: digests[i], Hold: true, Consulted: seed.Consulted()})
				return err
			})
			count(l, ours, "approve")
			l = race(b, clients, statements, func(i int) error {
				_, err := p.engine.Do(b.Context(), liaison.Command{ID: newCommand(), Kind: liaison.DoWithdraw, Statement: ids[i], Actor: seed.Editor.ID, Reason: "The end of a measurement."})
				return err
			})
			count(l, ours, "withdraw")
		}
		out.add("%-56s %7s %7s %7s %7s %8s", fmt.Sprintf("%d client(s)", clients), "count", "per s", "p50 ms", "p99 ms", "of floor")
		line := func(label, name, floor string) {
			l := laps[name]
			out.add("%-56s %7d %7.1f %7.1f %7.1f %8.2f", label, len(l.samples), l.rate(), ms(quantile(l.samples, .5)), ms(quantile(l.samples, .99)), l.rate()/laps[floor].rate())
		}
		line(local, local, local)
		line(remote, remote, local)
		line(ours, ours, local)
		line("  submit: starts the run, and a letter goes to the chair", "submit", local+", update 1")
		line("  approve, held: gives the number, queues the messages", "approve", local+", update 2")
		line("  withdraw: ends the run", "withdraw", local+", update 3")
		line(pressed, pressed, local+", update 1")
		suffix := fmt.Sprintf("-c%d", clients)
		b.ReportMetric(laps[ours].rate(), "decisions/s"+suffix)
		b.ReportMetric(laps[local].rate(), "floor/s"+suffix)
		b.ReportMetric(laps[ours].rate()/laps[local].rate(), "of-floor"+suffix)
		b.ReportMetric(ms(quantile(laps[ours].samples, .5)), "p50-ms"+suffix)
		b.ReportMetric(ms(quantile(laps[ours].samples, .99)), "p99-ms"+suffix)
	}
}
