package activities

import (
	"context"
	"time"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail"
)

// send hands a claimed message over when its turn at the relay comes.
func (a *Activities) send(ctx context.Context, env mail.SMTPEnvelope, claimed *store.Claimed, turn *mail.Turn) mail.Result {
	sends := a.shared().sends
	if err := sends.Acquire(ctx, 1); err != nil {
		return mail.Result{Stage: liaison.StageConnect, Err: context.Cause(ctx), Relay: a.RelayName, Witness: liaison.WitnessNone}
	}
	defer sends.Release(1)
	turn.Begin()
	began, ours := time.Now(), time.Duration(0)
	result := a.Relay.Send(ctx, env, claimed.Bytes, func(ctx context.Context) error {
		claimed.Witness = mail.WitnessOf(ctx)
		dot := time.Now()
		defer func() { ours = time.Since(dot) }()
		return a.ledger().Dot(ctx, *claimed)
	})
	result.Took = time.Since(began) - ours
	return result
}

// turn says how long the message has to wait for its destination's turn, or takes the turn. A turn that comes soon is
// waited for; nothing that others need is held meanwhile. A message that was told to wait before is again here.
func (a *Activities) turn(ctx context.Context, email string, again bool) (turn *mail.Turn, wait time.Duration) {
	if a.Limits == nil {
		return nil, 0
	}
	for until := time.Now().Add(turnSoon); ; {
		if turn, wait = a.Limits.Take(email, again); turn != nil {
			return turn, 0
		}
		if time.Now().Add(wait).After(until) {
			return nil, a.Limits.Later(email)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, a.Limits.Later(email)
		}
	}
}

// turnSoon is how long a destination's turn is waited for in the activity. It is short, because the activities of a worker are counted.
const turnSoon = 3 * time.Second
