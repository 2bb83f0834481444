package workflows

import "go.temporal.io/sdk/workflow"

// Reports sees to the progress reports of every group: what is due is drafted in time, reminded of, and written down if it is
// missed. A schedule runs it several times a day; each thing is done once all the same.
func Reports(ctx workflow.Context) error {
	return workflow.ExecuteActivity(prepare(ctx), do.Reports).Get(ctx, nil)
}
