package post

import (
	"context"
	"time"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// firstCheckpoint is how long the first message of all waits for the first checkpoint of all. Nothing else waits for a signer.
const firstCheckpoint = 5 * time.Second

// proof is what ties a message to the audit log: the newest signed checkpoint, which every mailbox then keeps a copy of, and
// where the message's own receipt can be had once a later checkpoint covers it. Without a signer there is neither.
func (o *Office) proof(ctx context.Context, page string, t store.Transmission) (checkpoint []byte, receipt string, err error) {
	checkpoint, err = o.checkpoint(ctx)
	if checkpoint != nil && t.Letter == liaison.LetterStatement {
		receipt = page + "/messages/" + string(t.ID) + "/receipt"
	}
	return checkpoint, receipt, err
}

// awaitCheckpoint is the newest signed checkpoint, nil for none.
func (o *Office) awaitCheckpoint(ctx context.Context) ([]byte, error) {
	wait := time.NewTimer(firstCheckpoint)
	defer wait.Stop()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		c, err := o.Store.Checkpoint(ctx)
		if err == nil {
			return []byte(c.Note), nil
		}
		if liaison.CodeOf(err) != liaison.NotFound {
			return nil, err
		}
		if !o.Signed {
			return nil, nil
		}
		select {
		case <-tick.C:
		case <-wait.C:
			return nil, nil // mail does not depend on a signer that never came up
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
