package activities

import (
	"context"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// WindowPlan reads what a statement that is up for objections asks for next, and when.
func (a *Activities) WindowPlan(ctx context.Context, id liaison.StatementID) (store.WindowPlan, error) {
	plan, err := a.Store.WindowPlan(ctx, id)
	return plan, Fail(err)
}
