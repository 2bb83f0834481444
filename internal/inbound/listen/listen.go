// Package listen brings mail in: an SMTP or LMTP server that a mail system hands messages to, and a reader of an IMAP
// mailbox. Both are a [Source]. Whoever brings a message is told that we have it only when its bytes are committed; until
// then it stays theirs, and they bring it again.
//
//	mail system ──SMTP, LMTP──> Server ─┐
//	                                    ├─ deliver ─> Desk ─ Receive ─> committed ─> 250, LMTP 250, \Seen
//	mailbox ──────IMAP, IDLE──> Mailbox ┘                └── HandleOpen: what it means, afterwards
//
// Nothing here ever sends mail.
package listen

import (
	"context"
	"log/slog"
	"time"

	"github.com/jca-ml/liaison/internal/inbound"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// Deliver takes one message over. It returns nil when the message is safe, and only then.
type Deliver func(ctx context.Context, raw []byte, envelopeRecipient string) error

// Source brings messages until ctx is cancelled. It returns an error only for what will not get better by waiting.
type Source interface {
	Run(ctx context.Context, deliver Deliver) error
}

var (
	_ Source = (*Server)(nil)
	_ Source = (*Mailbox)(nil)
)

// MaxMessage is the size of message that is taken, in bytes: what most mail systems take.
const MaxMessage = 30 << 20

// Desk stores what comes in and works out what it means. Sources share one.
type Desk struct {
	store *store.Store
	keys  inbound.Keys
	log   *slog.Logger
	every time.Duration
	bell  chan struct{}
}

// NewDesk makes a desk; [Desk.Run] has to run for it to handle anything.
func NewDesk(s *store.Store, keys inbound.Keys, log *slog.Logger) *Desk {
	return &Desk{store: s, keys: keys, log: log, every: 30 * time.Second, bell: make(chan struct{}, 1)}
}

// Deliver makes the function that a source delivers with. source names the way in, as the register's table does.
func (d *Desk) Deliver(source string) Deliver {
	return func(ctx context.Context, raw []byte, envelopeRecipient string) error {
		if canary, back, ok := inbound.Canary(raw, envelopeRecipient, d.keys); ok { // every five minutes one; its time of arrival is all of it
			if !back {
				return nil
			}
			return d.store.CanaryArrived(ctx, canary)
		}
		id, fresh, err := d.store.Receive(ctx, raw, envelopeRecipient, source)
		if err != nil {
			return err
		}
		d.log.Info("mail received", "inbound", id, "source", source, "bytes", len(raw), "fresh", fresh)
		select {
		case d.bell <- struct{}{}:
		default: // it has been rung already
		}
		return nil
	}
}

// Run handles what was stored: at once when something comes in, and from time to time what a crash or the database's
// absence left behind. It returns when ctx is cancelled.
func (d *Desk) Run(ctx context.Context) error {
	tick := time.NewTicker(d.every)
	defer tick.Stop()
	const batch = 100
	for {
		n, err := d.store.HandleOpen(ctx, d.keys, batch)
		if err != nil && ctx.Err() == nil {
			d.log.Error("inbound mail not handled; it is stored and tried again", "err", err, "code", liaison.CodeOf(err))
		}
		if n > 0 {
			d.log.Info("inbound mail handled", "messages", n)
		}
		if n == batch && err == nil {
			continue
		}
		select {
		case <-d.bell:
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}
