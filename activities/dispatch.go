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
	ts, err := a.seal(ctx, batch)
	if err != nil {
		return nil, Fail(err)
	}
	out := make([]Transmission, len(ts))
	for i, t := range ts {
		out[i] = transmission(t)
	}
	return out, nil
}

func (a *Activities) seal(ctx context.Context, batch liaison.CommandID) ([]store.Transmission, error) {
	ts, err := a.Store.Batch(ctx, batch)
	if err != nil {
		return nil, err
	}
	var open []store.Transmission
	for _, t := range ts {
		if t.Digest == "" && !t.State.Settled() {
			open = append(open, t)
		}
	}
	sizes := map[liaison.TransmissionID]int{}
	portion, size := map[liaison.TransmissionID][]byte{}, 0
	keep := func() error {
		if len(portion) == 0 {
			return nil
		}
		err := a.Store.Seal(ctx, batch, portion)
		portion, size = map[liaison.TransmissionID][]byte{}, 0
		return err
	}
	err = a.Office.RenderEach(ctx, open, func(t store.Transmission, message []byte) error {
		portion[t.ID], sizes[t.ID] = message, len(message)
		if size += len(message); size < sealTogether {
			return nil
		}
		return keep()
	})
	if err == nil {
		err = keep()
	}
	for i, t := range ts {
		if n, ok := sizes[t.ID]; ok {
			ts[i].Size = int64(n)
		}
	}
	return ts, err
}

// sealTogether is how many bytes of messages are sealed in one transaction, and held until then.
const sealTogether = 4 << 20

// Transmit makes one attempt to hand a message over and records how it ended. It must not be retried by Temporal: after an
// outcome that is not known a second attempt could send twice. It refuses nothing; what it finds is in the state.
//
// The attempt is claimed before the connection opens, and committed once more before the final dot; after the dot the
// answer is waited for and recorded whatever happens around it.
func (a *Activities) Transmit(ctx context.Context, id liaison.TransmissionID) (Transmission, error) {
	stop := heartbeat(ctx)
	defer stop()

	t, err := a.Store.Transmission(ctx, id)
	if err != nil {
		return Transmission{}, Fail(err)
	}
	begin, cancel := context.WithTimeout(ctx, beginWithin)
	defer cancel()
	out, record, err := a.handOver(ctx, begin, t, true)
	if err == nil && record != nil {
		err = record()
	}
	if err != nil {
		return Transmission{}, Fail(err)
	}
	if out != nil {
		return *out, nil
	}
	return a.look(context.WithoutCancel(ctx), id)
}

// handOver claims a message and hands it over, if its turn comes while begin lasts. record stores the outcome; it is nil when there was no attempt, and then out
// says how the message stands, or is nil when that has to be read. The message is again here if it was before, and comes before new ones.
func (a *Activities) handOver(ctx, begin context.Context, t store.Transmission, again bool) (out *Transmission, record func() error, err error) {
	env, err := a.envelope(t.ID)
	if err != nil {
		return nil, nil, err
	}
	turn, wait := a.turn(begin, t.Email, again)
	if wait > 0 {
		return later(t.ID, wait), nil, nil
	}
	var result mail.Result
	defer func() { turn.End(result) }()
	leave, err := a.enter(begin, t.Size)
	if err != nil { // others took all the time; it is as it was
		return nil, nil, context.Cause(ctx)
	}
	defer leave()
	claimed, err := a.ledger().Claim(ctx, t.ID, a.Worker, a.RelayName)
	if errors.Is(err, store.ErrHeld) {
		return later(t.ID, whileHeld), nil, nil
	} else if liaison.CodeOf(err) == liaison.Conflict {
		return nil, nil, nil
	} else if err != nil {
		return nil, nil, err
	}
	env.To = claimed.Email
	result = a.send(ctx, env, &claimed, turn)
	claimed.Bytes = nil // it may wait for its turn in the ledger
	sent := store.Sent{Stage: result.Stage, Code: result.Code, Enhanced: result.Enhanced, Reply: result.Reply, Relay: result.Relay, TLS: result.TLS, Witness: result.Witness}
	if result.Err != nil {
		sent.Error = result.Err.Error()
	}
	return nil, func() error { return a.record(ctx, claimed, sent) }, nil
}

// later is a message that was not attempted and is to be looked at again after a while.
func later(id liaison.TransmissionID, wait time.Duration) *Transmission {
	return &Transmission{ID: id, State: liaison.TransmissionDeferred, NextTry: time.Now().Add(wait), Held: true}
}

// whileHeld is how long a message whose relay or body is held waits before it is tried again; lifting the hold wakes it.
const whileHeld = 5 * time.Minute

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
		_, err := a.ledger().Record(ctx, claimed, sent, a.Retry)
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
