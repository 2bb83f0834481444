package activities

import (
	"cmp"
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/jca-ml/liaison/internal/inbound"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail"
)

// Transmission is what a workflow needs to know of a message.
type Transmission struct {
	ID      liaison.TransmissionID
	State   liaison.TransmissionState
	NextTry time.Time     // when a deferred one is tried again
	Held    bool          // it waits for a hold to be lifted, or for its turn, and nothing was attempted
	Wait    time.Duration // while it is in doubt and settles by itself: when to ask again
}

// Seal renders and stores the messages of a batch that are not stored yet, and lists all of them. Repeating it stores nothing
// twice.
func (a *Activities) Seal(ctx context.Context, batch liaison.CommandID) ([]Transmission, error) {
	ts, err := a.Store.Batch(ctx, batch)
	if err != nil {
		return nil, Fail(err)
	}
	messages := map[liaison.TransmissionID][]byte{}
	for _, t := range ts {
		if t.Digest == "" && !t.State.Settled() {
			if messages[t.ID], err = a.Office.Render(ctx, t); err != nil {
				return nil, Fail(err)
			}
		}
	}
	if len(messages) > 0 {
		if err := a.Store.Seal(ctx, batch, messages); err != nil {
			return nil, Fail(err)
		}
	}
	out := make([]Transmission, len(ts))
	for i, t := range ts {
		out[i] = transmission(t)
	}
	return out, nil
}

// Transmit makes one attempt to hand a message over and records how it ended. It must not be retried by Temporal: after an
// outcome that is not known a second attempt could send twice. It refuses nothing; what it finds is in the state.
//
// The attempt is claimed before the connection opens, and committed once more before the final dot; after the dot the
// answer is waited for and recorded whatever happens around it.
func (a *Activities) Transmit(ctx context.Context, id liaison.TransmissionID) (Transmission, error) {
	stop := heartbeat(ctx)
	defer stop()

	env, err := a.envelope(id)
	if err != nil {
		return Transmission{}, Fail(err)
	}
	done, wait, err := a.turn(ctx, id)
	if err != nil || wait > 0 {
		return Transmission{ID: id, State: liaison.TransmissionDeferred, NextTry: time.Now().Add(wait), Held: true}, Fail(err)
	}
	var result mail.Result
	defer func() { done(result) }()
	claimed, err := a.Store.ClaimFor(ctx, id, a.Worker, a.RelayName)
	if errors.Is(err, store.ErrHeld) {
		return Transmission{ID: id, State: liaison.TransmissionDeferred, NextTry: time.Now().Add(whileHeld), Held: true}, nil
	} else if liaison.CodeOf(err) == liaison.Conflict {
		return a.look(ctx, id)
	} else if err != nil {
		return Transmission{}, Fail(err)
	}
	env.To = claimed.Email
	result = a.Relay.Send(ctx, env, claimed.Bytes, func(ctx context.Context) error {
		claimed.Witness = mail.WitnessOf(ctx)
		return a.Store.Dot(ctx, claimed)
	})
	sent := store.Sent{Stage: result.Stage, Code: result.Code, Enhanced: result.Enhanced, Reply: result.Reply, Relay: result.Relay, TLS: result.TLS, Witness: result.Witness}
	if result.Err != nil {
		sent.Error = result.Err.Error()
	}
	if err := a.record(ctx, claimed, sent); err != nil {
		return Transmission{}, Fail(err)
	}
	return a.look(context.WithoutCancel(ctx), id)
}

// whileHeld is how long a message whose relay or body is held waits before it is tried again; lifting the hold wakes it.
const whileHeld = 5 * time.Minute

// turn waits for nothing: it says how long the message has to wait for its destination's turn, or takes the turn, which done
// ends.
func (a *Activities) turn(ctx context.Context, id liaison.TransmissionID) (done func(mail.Result), wait time.Duration, err error) {
	if a.Limits == nil {
		return func(mail.Result) {}, 0, nil
	}
	t, err := a.Store.Transmission(ctx, id)
	if err != nil {
		return nil, 0, err
	}
	done, wait = a.Limits.Take(t.Email)
	return done, wait, nil
}

// envelope is the message's, but for its recipient: it comes from an address of its own, so that what comes back tells which
// message it is about, and a copy of it goes to another.
func (a *Activities) envelope(id liaison.TransmissionID) (mail.SMTPEnvelope, error) {
	from, err := a.Addresses.Of(inbound.RoleBounce, id)
	if err != nil {
		return mail.SMTPEnvelope{}, err
	}
	witness, err := a.Addresses.Of(inbound.RoleWitness, id)
	if err != nil {
		return mail.SMTPEnvelope{}, err
	}
	envelopeID, err := a.Addresses.EnvelopeID(id)
	return mail.SMTPEnvelope{From: cmp.Or(from, a.From), Witness: witness, ID: envelopeID}, err
}

// record stores an outcome, and goes on trying while the database is away: it is known here and nowhere else. What bounds it is the
// activity's own deadline; what nobody understands is tried for a minute, and then the ledger says what is certain.
func (a *Activities) record(ctx context.Context, claimed store.Claimed, sent store.Sent) error {
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(time.Minute)
	}
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), deadline)
	defer cancel()
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for began := time.Now(); ; {
		_, err := a.Store.Record(ctx, claimed, sent, a.Retry)
		switch code := liaison.CodeOf(err); {
		case err == nil, code != liaison.Unavailable && code != liaison.Internal:
			return err
		case code == liaison.Internal && time.Since(began) > time.Minute:
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return err
		}
	}
}

// Abandon settles a message whose attempt ended without a word, because its worker is gone.
func (a *Activities) Abandon(ctx context.Context, id liaison.TransmissionID) (Transmission, error) {
	if _, err := a.Store.Abandon(ctx, id, a.Retry); err != nil {
		return Transmission{}, Fail(err)
	}
	return a.look(ctx, id)
}

func (a *Activities) look(ctx context.Context, id liaison.TransmissionID) (Transmission, error) {
	t, err := a.Store.Transmission(ctx, id)
	return transmission(t), Fail(err)
}

func transmission(t store.Transmission) Transmission {
	out := Transmission{ID: t.ID, State: t.State}
	if t.NextTry != nil {
		out.NextTry = *t.NextTry
	}
	return out
}

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
