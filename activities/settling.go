package activities

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/jca-ml/liaison/internal/inbound"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail"
)

// SettleInput names a message in doubt and the batch that the workflow which asks is sending.
type SettleInput struct {
	Transmission liaison.TransmissionID
	Batch        liaison.CommandID
}

// Settle looks what has become of a message in doubt. It comes back as accepted when something came in that proves it, as
// deferred when it is proven not to have been taken over, and else as unknown: with a time to wait, or for a person. While
// it waits, canaries are sent. A message that a person has had sent by another batch is none of ours any more.
func (a *Activities) Settle(ctx context.Context, in SettleInput) (Transmission, error) {
	got, err := a.Store.Settle(ctx, in.Transmission, a.Settling)
	if err != nil {
		return Transmission{}, Fail(err)
	}
	if got.Batch != in.Batch && !got.State.Settled() {
		return Transmission{ID: in.Transmission, State: liaison.TransmissionUnknown}, nil
	}
	if got.Wait > 0 {
		if err := a.sendCanary(ctx, got.Relay, a.Settling.Every()); err != nil {
			return Transmission{}, Fail(err)
		}
	}
	t, err := a.look(ctx, in.Transmission)
	t.Wait = got.Wait
	return t, err
}

// Look says where a message stands.
func (a *Activities) Look(ctx context.Context, id liaison.TransmissionID) (Transmission, error) {
	return a.look(ctx, id)
}

// Canary sends ourselves a message, if none was sent for a while.
func (a *Activities) Canary(ctx context.Context) error {
	return Fail(a.sendCanary(ctx, a.RelayName, a.Settling.Canary/2))
}

// sendCanary sends ourselves a message through the relay, unless one was sent a shorter time ago than every. What becomes of it
// is on its record; that it could not be sent is no error of ours.
func (a *Activities) sendCanary(ctx context.Context, relay string, every time.Duration) error {
	if !a.Addresses.Given() || relay == "" || relay != a.RelayName {
		return nil
	}
	id, err := a.Store.StartCanary(ctx, relay, every)
	if err != nil || id == "" {
		return err
	}
	token, err := a.Addresses.EnvelopeID(id)
	if err != nil {
		return err
	}
	to := inbound.Address(inbound.RoleCanary, token, a.Addresses.Domain)
	sending, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	result := a.Relay.Send(sending, mail.SMTPEnvelope{From: to, To: to}, canary(a.From, to, inbound.CanaryID(id, a.Addresses.Domain)), func(context.Context) error { return nil })
	reply := result.Reply
	if result.Err != nil {
		reply = result.Err.Error()
	}
	return a.Store.EndCanary(context.WithoutCancel(ctx), id, result.Err == nil, reply)
}

// canary is a message from us to us, which nobody reads.
func canary(from, to, id string) []byte {
	var b bytes.Buffer
	for _, line := range []string{
		"From: <" + from + ">", "To: <" + to + ">", "Subject: Test message of ours; nobody has to read it",
		"Date: " + time.Now().UTC().Format(time.RFC1123Z), "Message-ID: <" + id + ">", "Auto-Submitted: auto-generated",
		"MIME-Version: 1.0", "Content-Type: text/plain; charset=us-ascii", "",
		"This message shows that mail comes back to the program that sends liaison statements.",
	} {
		fmt.Fprintf(&b, "%s\r\n", line)
	}
	return b.Bytes()
}

// Mend does what is due of no statement's own run: it takes up what came in by the pages and moves messages, tells who came to stand in for
// the chair while a decision waits, and who has a meeting to close; and it nudges the statements whose messages want another look: in doubt
// and settling by now, deferred with nobody waiting, or all accepted and the statement not told. What cannot be done keeps nothing else
// waiting: else, when there are many and the time is over before their end, it would be the same ones each time that nobody comes to.
func (a *Activities) Mend(ctx context.Context) (int, error) {
	_, late := a.Store.TakeUp(ctx) // before Ripe, which finds what follows from it
	_, untold := a.Store.TellStandIns(ctx)
	_, unclosed := a.Store.TellUnclosed(ctx)
	ripe, err := a.Store.Ripe(ctx, a.Settling)
	rand.Shuffle(len(ripe), func(i, j int) { ripe[i], ripe[j] = ripe[j], ripe[i] })
	var g errgroup.Group
	g.SetLimit(mendAtOnce)
	for _, st := range ripe {
		g.Go(func() error { return a.Runs.Nudge(ctx, st.ID, st.State) })
	}
	if err := errors.Join(err, g.Wait(), late, untold, unclosed); err != nil {
		return 0, Fail(err)
	}
	return len(ripe), nil
}

// mendAtOnce is how many statements are nudged at the same time.
const mendAtOnce = 8
