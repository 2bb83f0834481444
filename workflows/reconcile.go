package workflows

import "go.temporal.io/sdk/workflow"

// Reconcile starts the workflow of every statement that is open in the register and has none. It runs daily, and when a worker
// starts: so a lost Temporal store is survived.
func Reconcile(ctx workflow.Context) error {
	return workflow.ExecuteActivity(sweep(ctx), do.Adopt).Get(ctx, nil)
}
