package activities

import (
	"context"
	"time"

	"github.com/jca-ml/liaison/liaison"
)

// EscalationDue reads when the next office is to be told that a decision waits.
func (a *Activities) EscalationDue(ctx context.Context, id liaison.StatementID) (time.Time, error) {
	due, err := a.Store.EscalationDue(ctx, id)
	return due, Fail(err)
}
