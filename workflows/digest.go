package workflows

import "go.temporal.io/sdk/workflow"

// Digest has the digests queued whose readers' hour has come. The schedule runs it several times an hour; each reader gets one
// a day all the same.
func Digest(ctx workflow.Context) error {
	return workflow.ExecuteActivity(prepare(ctx), do.Digests).Get(ctx, nil)
}
