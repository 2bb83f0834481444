// Package worker builds the Temporal worker: what it runs, how it polls, how it stops.
package worker

import (
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"

	"github.com/jca-ml/liaison/activities"
	"github.com/jca-ml/liaison/workflows"
)

// StopWithin bounds how long a stopping worker waits for what it is doing. A transmission that has written its final dot
// is waited for so long; a longer one is settled by the ledger, as after a crash.
const StopWithin = 20 * time.Second

// New makes a worker that runs everything. Start it, and Stop it before the store and the client are closed.
func New(c client.Client, a *activities.Activities) worker.Worker {
	w := worker.New(c, workflows.TaskQueue, worker.Options{
		// With the default of two fixed pollers the 95th percentile under load was three times as high.
		WorkflowTaskPollerBehavior: worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{InitialNumberOfPollers: 4, MinimumNumberOfPollers: 2, MaximumNumberOfPollers: 16}),
		ActivityTaskPollerBehavior: worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{InitialNumberOfPollers: 2, MinimumNumberOfPollers: 1, MaximumNumberOfPollers: 8}),

		MaxConcurrentActivityExecutionSize: 64, // connections to relays; each holds one message in memory
		// The default would hold heartbeats back until four fifths of the timeout have passed: a Temporal that is away for three
		// seconds just then would make a living worker dead and an answer that is on its way a doubt.
		MaxHeartbeatThrottleInterval: activities.HeartbeatEvery,

		WorkerStopTimeout:           StopWithin,
		DisableRegistrationAliasing: true,
	})
	workflows.Register(w, a)
	return w
}

// memory is what the process of a worker is meant to stay below, in bytes, of what Go counts; the rest of what the system counts
// comes on top.
const memory = 96 << 20

// runsInMemory is how many runs a worker keeps between their tasks, at some 40 kB each. A statement that waits for weeks needs no
// place: its run is read again when its time comes. With the SDK's 10,000 the collector never came to rest under the limit of
// [memory]: a worker that only waited burnt 14 seconds of CPU in a minute.
const runsInMemory = 500

// LimitMemory has the garbage of large messages collected before it adds up, unless GOMEMLIMIT says otherwise. It is no bound: what
// is needed is had. It comes before the first worker of the process is made.
func LimitMemory() {
	worker.SetStickyWorkflowCacheSize(runsInMemory)
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memory)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200) // what lives is little, so collecting at twice as much is collecting all the time
	}
}

// Logger makes Temporal's messages ours, without what the SDK says at every start and stop.
func Logger(l *slog.Logger) log.Logger {
	return quiet{log.NewStructuredLogger(l.With("part", "temporal"))}
}

type quiet struct{ log.Logger }

func (q quiet) Info(msg string, keyvals ...any) { q.Logger.Debug(msg, keyvals...) }

// Identity names this process on the record of each attempt.
func Identity(host string, pid int) string { return fmt.Sprintf("%s/%d", host, pid) }
