package signer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jca-ml/liaison/internal/receipt"
	"github.com/jca-ml/liaison/internal/stamp"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// Stamps is what a stamper needs of the database; [store.Store] has it.
type Stamps interface {
	Checkpoint(ctx context.Context) (store.Signed, error)
	NewestStamp(ctx context.Context) (store.Stamp, error)
	AddStamp(ctx context.Context, x store.Stamp) error
	AddStampFailure(ctx context.Context, f store.StampFailure) error
}

// Stamper gets one time-stamp token a day (UTC) over the newest published checkpoint, also when nothing new was logged: the token
// covers everything before, and so what an older one says goes on being said when that one's certificate has ended.
//
// It works beside the signer and keeps nobody waiting. An authority that does not answer is asked again, less and less often,
// and each failure is on the record.
type Stamper struct {
	Log       Stamps
	Key       receipt.Key // of the log: a checkpoint with another signature is not stamped
	Authority stamp.Authority
	Logger    *slog.Logger
	Now       func() time.Time

	failures int // in a row
}

// stampWaits are the waits behind failures in a row, the last one from then on.
var stampWaits = []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour}

// Step asks for today's token unless it is there, and says when to come again. An error is of the database or of a checkpoint that
// is not the log's; what is wrong with the authority is recorded and is no error.
func (st *Stamper) Step(ctx context.Context) (again time.Duration, err error) {
	now := st.Now().UTC()
	c, err := st.Log.Checkpoint(ctx)
	if liaison.CodeOf(err) == liaison.NotFound {
		return stampWaits[0], nil
	} else if err != nil {
		return stampWaits[0], err
	}
	last, err := st.Log.NewestStamp(ctx)
	if err != nil && liaison.CodeOf(err) != liaison.NotFound {
		return stampWaits[0], err
	}
	tomorrow := now.Truncate(24 * time.Hour).Add(24 * time.Hour)
	if err == nil && last.Log == c.Log && !last.Asked.Before(tomorrow.Add(-24*time.Hour)) {
		return min(tomorrow.Sub(now), time.Hour), nil
	}
	own := receipt.KeysOnly(st.Key)
	own.IgnoreUnknown = true // cosignatures
	if _, _, err := own.Check([]byte(c.Note)); err != nil {
		return time.Hour, fmt.Errorf("the checkpoint of %d leaves is not time-stamped: %w", c.Size, err)
	}
	token, says, err := st.Authority.Stamp(ctx, []byte(c.Note))
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	if err != nil {
		wait := stampWaits[min(st.failures, len(stampWaits)-1)]
		st.failures++
		st.Logger.Warn("no time-stamp; trying again", "authority", st.Authority.URL, "wait", wait, "err", err)
		return wait, st.Log.AddStampFailure(ctx, store.StampFailure{At: now, Authority: st.Authority.URL, Words: err.Error()})
	}
	x := store.Stamp{Log: c.Log, Size: c.Size, At: says.At, Asked: now, Authority: says.Authority, Token: token}
	if err := st.Log.AddStamp(ctx, x); err != nil {
		return stampWaits[0], err
	}
	st.failures = 0
	st.Logger.Info("checkpoint time-stamped", "size", c.Size, "authority", says.Authority, "at", says.At)
	return min(tomorrow.Sub(now), time.Hour), nil
}

// Run stamps until ctx is cancelled.
func (st *Stamper) Run(ctx context.Context) error {
	for {
		again, err := st.Step(ctx)
		if err != nil && !errors.Is(err, ctx.Err()) {
			st.Logger.Warn("no time-stamp; trying again", "wait", again, "err", err)
		}
		select {
		case <-time.After(again):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
