package activities

import (
	"context"
	"time"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail"
)

// send hands a claimed message over when its turn at the relay comes.
func (a *Activities) send(ctx context.Context, env mail.SMTPEnvelope, claimed *store.Claimed) mail.Result {
	sends := a.shared().sends
	if err := sends.Acquire(ctx, 1); err != nil {
		return mail.Result{Stage: liaison.StageConnect, Err: context.Cause(ctx), Relay: a.RelayName, Witness: liaison.WitnessNone}
	}
	defer sends.Release(1)
	return a.Relay.Send(ctx, env, claimed.Bytes, func(ctx context.Context) error {
		claimed.Witness = mail.WitnessOf(ctx)
		return a.ledger().Dot(ctx, *claimed)
	})
}

// turn says how long the message has to wait for its destination's turn, or takes the turn, which done ends. A turn that comes soon is
// waited for; nothing that others need is held meanwhile.
func (a *Activities) turn(ctx context.Context, email string) (done func(mail.Result), wait time.Duration) {
	if a.Limits == nil {
		return func(mail.Result) {}, 0
	}
	for until := time.Now().Add(turnSoon); ; {
		if done, wait = a.Limits.Take(email); done != nil || time.Now().Add(wait).After(until) {
			return done, wait
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, wait
		}
	}
}

// turnSoon is how long a destination's turn is waited for in the activity. It is short, because the activities of a worker are counted.
const turnSoon = 3 * time.Second
