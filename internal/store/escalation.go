package store

import (
	"context"
	"time"

	"github.com/jca-ml/liaison/liaison"
)

// EscalationDue is when the next office is to be told that the statement waits for its decision, zero for never.
func (s *Store) EscalationDue(ctx context.Context, id liaison.StatementID) (time.Time, error) {
	snap, err := s.Snapshot(ctx, id)
	if err != nil {
		return time.Time{}, err
	}
	_, due, _ := snap.Escalation()
	return due, nil
}
