package workflows

import "go.temporal.io/sdk/workflow"

// Mend sends ourselves a canary, and has those workflows look again whose messages can be settled by now: every few minutes,
// by a schedule.
func Mend(ctx workflow.Context) error {
	if err := workflow.ExecuteActivity(prepare(ctx), do.Canary).Get(ctx, nil); err != nil {
		return err
	}
	return workflow.ExecuteActivity(prepare(ctx), do.Mend).Get(ctx, nil)
}
