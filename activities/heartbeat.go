package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"
)

// heartbeat tells Temporal every few seconds that this worker lives, so that a dead one is noticed long before the
// activity's own deadline. It never takes more than a quarter of the time after which the workflow calls the worker dead.
func heartbeat(ctx context.Context) (stop func()) {
	every := HeartbeatEvery
	if limit := activity.GetInfo(ctx).HeartbeatTimeout; limit > 0 {
		every = min(every, limit/4)
	}
	over, cancel := context.WithCancel(ctx)
	go func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				activity.RecordHeartbeat(ctx)
			case <-over.Done():
				return
			}
		}
	}()
	return cancel
}

// HeartbeatEvery is how often a running transmission says that its worker lives.
const HeartbeatEvery = 3 * time.Second
