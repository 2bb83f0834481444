package activities

import (
	"cmp"
	"context"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// sealWithin is how long a first attempt waits for its messages to be sealed, and sealAtOnce of how many commands a worker seals the
// messages at the same time.
const (
	sealWithin = 2 * time.Minute
	sealAtOnce = 4
)

// FirstInput names commands whose messages nobody has begun to send.
type FirstInput struct {
	Batches []liaison.CommandID
	Most    int // messages
}

// TransmitFirst seals what commands released and makes one attempt for each of the first messages, as [Activities.TransmitSeveral]
// does. It returns the commands of which something is left to do, because it was not sealed, not begun, or not taken, or because
// its outcome is not known. It must not be retried by Temporal.
func (a *Activities) TransmitFirst(ctx context.Context, in FirstInput) (open []liaison.CommandID, err error) {
	stop := heartbeat(ctx)
	defer stop()

	all := map[liaison.CommandID][]store.Transmission{}
	var first []store.Transmission
	for _, batch := range in.Batches {
		if all[batch], err = a.sealInTurn(ctx, batch); err != nil {
			activity.GetLogger(ctx).Warn("not sealed yet", "batch", batch, "err", err)
			open = append(open, batch)
			continue
		}
		for _, t := range all[batch] {
			if t.State == liaison.TransmissionQueued && len(first) < in.Most {
				first = append(first, t)
			}
		}
	}
	after, err := a.transmit(ctx, first)
	if err != nil {
		return nil, err
	}
	now := map[liaison.TransmissionID]liaison.TransmissionState{}
	for _, t := range after {
		now[t.ID] = t.State
	}
	for _, batch := range in.Batches {
		left := slices.ContainsFunc(all[batch], func(t store.Transmission) bool {
			state := cmp.Or(now[t.ID], t.State)
			return !state.Settled() || state == liaison.TransmissionUnknown
		})
		if left {
			open = append(open, batch)
		}
	}
	return open, nil
}

// sealInTurn seals while few others do, so that the memory does not grow with the number of dispatches.
func (a *Activities) sealInTurn(ctx context.Context, batch liaison.CommandID) ([]store.Transmission, error) {
	ctx, cancel := context.WithTimeout(ctx, sealWithin)
	defer cancel()
	if err := a.shared().seals.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer a.shared().seals.Release(1)
	return a.seal(ctx, batch)
}
