package workflows

import (
	"errors"

	"go.temporal.io/sdk/workflow"
)

// Mend sends ourselves a canary, and has those workflows look again whose messages can be settled by now: every few minutes,
// by a schedule.
func Mend(ctx workflow.Context) error {
	err := workflow.ExecuteActivity(periodic(ctx), do.Canary).Get(ctx, nil)
	return errors.Join(err, workflow.ExecuteActivity(periodic(ctx), do.Mend).Get(ctx, nil))
}
