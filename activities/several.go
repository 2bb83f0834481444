package activities

import (
	"context"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"golang.org/x/sync/semaphore"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

const (
	// atOnce is how many messages a worker has on their way at the same time when nothing else is said.
	atOnce = 16

	// inHand bounds the bytes of messages that a worker holds in memory; a single larger one is sent alone.
	inHand = 12 << 20

	// beginWithin is how long an activity that sends several messages begins with another one. The rest of its time is for the
	// answers: what is not begun is left as it is, for the next one.
	beginWithin = time.Minute
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
	out, record, err := s.a.handOver(ctx, s.begin, t, false)
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

// hands is what the sending activities of one worker share.
type hands struct {
	once   sync.Once
	ledger *store.Ledger
	lanes  *semaphore.Weighted // messages that are claimed
	sends  *semaphore.Weighted // those of them that the relay is being given
	bytes  *semaphore.Weighted // of messages in memory
	seals  *semaphore.Weighted
}

func (a *Activities) shared() *hands {
	a.hands.once.Do(func() {
		a.hands.ledger = store.NewLedger(a.Store)
		a.hands.lanes = semaphore.NewWeighted(int64(a.lanes()))
		a.hands.sends = semaphore.NewWeighted(int64(a.atOnce()))
		a.hands.bytes = semaphore.NewWeighted(inHand)
		a.hands.seals = semaphore.NewWeighted(sealAtOnce)
	})
	return &a.hands
}

func (a *Activities) ledger() *store.Ledger { return a.shared().ledger }

func (a *Activities) atOnce() int {
	if a.AtOnce > 0 {
		return a.AtOnce
	}
	return atOnce
}

// lanes is how many messages a worker has claimed at the same time. While as many as may be are with the relay, as many again are
// claimed and wait for a connection, so that their claims go into the ledger together with the final dots of those.
func (a *Activities) lanes() int { return 2 * a.atOnce() }

// enter waits until this worker may have one more message of so many bytes on its way, at most while ctx lasts. Those who
// wait come in turn, so that a statement to many keeps none to few waiting.
func (a *Activities) enter(ctx context.Context, size int64) (leave func(), err error) {
	h := a.shared()
	size = min(size, inHand)
	if err := h.lanes.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	if err := h.bytes.Acquire(ctx, size); err != nil {
		h.lanes.Release(1)
		return nil, err
	}
	return func() {
		h.bytes.Release(size)
		h.lanes.Release(1)
	}, nil
}
