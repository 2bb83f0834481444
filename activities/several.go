package activities

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

const (
	// beginWithin is how long an activity that sends several messages begins with another one. The rest of its time is for the
	// answers: what is not begun is left as it is, for the next one.
	beginWithin = time.Minute

	// sealWithin is how long a first attempt waits for its messages to be sealed.
	sealWithin = 2 * time.Minute
)

// TransmitSeveral makes one attempt for each of several messages, as [Activities.Transmit] does for one: claim, final dot and
// outcome of each are its own, and one that is slow keeps no other waiting. It must not be retried by Temporal. Those that it
// did not come to are as they were; one whose outcome could not be recorded is said to be attempting, and the ledger
// settles it.
func (a *Activities) TransmitSeveral(ctx context.Context, ids []liaison.TransmissionID) ([]Transmission, error) {
	stop := heartbeat(ctx)
	defer stop()

	read, err := a.Store.These(ctx, ids)
	if err != nil {
		return nil, Fail(err)
	}
	return a.transmit(ctx, read)
}

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

// transmit makes one attempt for each of several messages.
func (a *Activities) transmit(ctx context.Context, read []store.Transmission) ([]Transmission, error) {
	if len(read) == 0 {
		return nil, nil
	}
	begin, cancel := context.WithTimeout(ctx, beginWithin)
	defer cancel()
	s := &several{a: a, begin: begin, out: map[liaison.TransmissionID]Transmission{}}
	next := make(chan store.Transmission)
	for range min(len(read), a.lanes()) {
		s.lanes.Go(func() {
			for t := range next {
				s.handOver(ctx, t)
			}
		})
	}
feed:
	for _, t := range read {
		select {
		case next <- t:
		case <-activity.GetWorkerStopChannel(ctx):
			break feed
		case <-begin.Done():
			break feed
		}
	}
	close(next)
	s.lanes.Wait()
	s.records.Wait()
	ids := make([]liaison.TransmissionID, len(read))
	for i, t := range read {
		ids[i] = t.ID
	}
	out, err := a.these(context.WithoutCancel(ctx), ids)
	for i, t := range out {
		if said, ok := s.out[t.ID]; ok {
			out[i] = said
		}
	}
	return out, err
}

// AbandonSeveral is [Activities.Abandon] for several messages.
func (a *Activities) AbandonSeveral(ctx context.Context, ids []liaison.TransmissionID) ([]Transmission, error) {
	for _, id := range ids {
		if _, err := a.Store.Abandon(ctx, id, a.Retry); err != nil {
			return nil, Fail(err)
		}
	}
	return a.these(ctx, ids)
}

func (a *Activities) these(ctx context.Context, ids []liaison.TransmissionID) ([]Transmission, error) {
	read, err := a.Store.These(ctx, ids)
	out := make([]Transmission, len(read))
	for i, t := range read {
		out[i] = transmission(t)
	}
	return out, Fail(err)
}

// several is messages on their way.
type several struct {
	a       *Activities
	begin   context.Context // until when one may begin
	lanes   sync.WaitGroup
	records sync.WaitGroup

	mu  sync.Mutex
	out map[liaison.TransmissionID]Transmission // what the ledger does not say
}

// handOver hands one message over. Its outcome is recorded while the next one is on its way: both go into the ledger
// together, the outcome and the next one's final dot.
func (s *several) handOver(ctx context.Context, t store.Transmission) {
	out, record, err := s.a.handOver(ctx, s.begin, t)
	switch {
	case err != nil:
		s.say(Transmission{ID: t.ID, State: liaison.TransmissionAttempting}) // perhaps; who gives it up looks first
	case out != nil:
		s.say(*out)
	case record != nil:
		s.records.Go(func() {
			if err := record(); err != nil {
				s.say(Transmission{ID: t.ID, State: liaison.TransmissionAttempting})
			}
		})
	}
}

func (s *several) say(t Transmission) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out[t.ID] = t
}
