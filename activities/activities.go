// Package activities is what workflows have done: each activity decodes, makes one call, and says which kind of error it met.
// Rules are in package liaison, effects in the packages that these call.
package activities

import (
	"context"
	"time"

	"github.com/jca-ml/liaison/internal/inbound"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail"
)

// Relay hands one message over; [mail.Relay] does.
type Relay interface {
	Send(ctx context.Context, env mail.SMTPEnvelope, message []byte, beforeDot func(context.Context) error) mail.Result
}

// Office renders messages; post.Office does.
type Office interface {
	RenderEach(ctx context.Context, ts []store.Transmission, keep func(store.Transmission, []byte) error) error
	Check(ctx context.Context, id liaison.StatementID) error
}

// Runs starts the workflow of a statement that has none; the engine does.
type Runs interface {
	Resume(ctx context.Context, id liaison.StatementID, state liaison.State) error
	// Nudge has the statement's workflow, started if need be, look at what is open.
	Nudge(ctx context.Context, id liaison.StatementID, state liaison.State) error
}

// Activities are methods of this, so that they share what they work with.
type Activities struct {
	Store  *store.Store
	Office Office
	Relay  Relay
	Runs   Runs
	From   string        // envelope sender of messages without a return address of their own
	Retry  liaison.Retry // of deferred messages
	Worker string        // who we are, on the record of each attempt

	Addresses inbound.Addresses // the return address of each message

	RelayName string           // what the ledger calls the relay: holds and canaries are of it
	Settling  liaison.Settling // of messages in doubt; without a window they are for a person at once
	Undo      time.Duration    // how long after its approval a statement is dispatched; at once if zero
	Limits    *mail.Limits     // of destinations; nil for none
	AtOnce    int              // messages on their way at the same time; 16 if zero

	hands hands
}
