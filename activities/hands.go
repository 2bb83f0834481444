package activities

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/jca-ml/liaison/internal/store"
)

const (
	// atOnce is how many messages a worker has on their way at the same time when nothing else is said.
	atOnce = 16

	// inHand bounds the bytes of messages that a worker holds in memory; a single larger one is sent alone.
	inHand = 12 << 20

	// sealAtOnce is of how many commands a worker seals the messages at the same time.
	sealAtOnce = 4
)

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
