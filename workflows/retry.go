package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/jca-ml/liaison/liaison"
)

// retryForever repeats everything but a refusal. A message must not be left where it is because of an error, not even of one
// that nobody has thought of.
func retryForever() *temporal.RetryPolicy {
	return &temporal.RetryPolicy{InitialInterval: 200 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 10 * time.Second}
}

// whileAway repeats only what a part that was away did not answer: a defect is an answer where a person waits for one, or where
// the next time comes by itself.
func whileAway() *temporal.RetryPolicy {
	p := retryForever()
	p.NonRetryableErrorTypes = []string{string(liaison.Internal), "PanicError"}
	return p
}

func onlyOnce() *temporal.RetryPolicy { return &temporal.RetryPolicy{MaximumAttempts: 1} }
