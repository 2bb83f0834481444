package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
)

func retryForever() *temporal.RetryPolicy {
	return &temporal.RetryPolicy{InitialInterval: 200 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 10 * time.Second}
}

func onlyOnce() *temporal.RetryPolicy { return &temporal.RetryPolicy{MaximumAttempts: 1} }
