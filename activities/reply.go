package activities

import (
	"context"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// ReplyPlan reads what is next of a statement's replies, and whether they are all settled.
func (a *Activities) ReplyPlan(ctx context.Context, id liaison.StatementID) (store.ReplyPlan, error) {
	plan, err := a.Store.ReplyPlan(ctx, id)
	return plan, Fail(err)
}
