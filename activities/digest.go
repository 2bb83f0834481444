package activities

import "context"

// Digests queues the digests whose hour has come, and says how many.
func (a *Activities) Digests(ctx context.Context) (int, error) {
	n, err := a.Store.Digests(ctx)
	return n, Fail(err)
}
