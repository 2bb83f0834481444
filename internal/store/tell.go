package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jca-ml/liaison/liaison"
)

// tell records what the engine has to tell of each of several statements as it stands, in a transaction of its own; about says what, or that
// it is nothing. Of which it told it returns. One that cannot be told of keeps no other waiting, and what somebody else told just now is told.
func (s *Store) tell(ctx context.Context, ids []liaison.StatementID, about func(t *tx, snap Snapshot) (liaison.Event, bool)) (told []liaison.StatementID, err error) {
	var errs []error
	for _, id := range ids {
		due := false
		err := s.write(ctx, func(t *tx) error {
			snap, _, err := snapshot(ctx, t, id, "", t.now, " FOR UPDATE OF s")
			if err != nil {
				return err
			}
			var e liaison.Event
			if e, due = about(t, snap); due {
				e.Statement, e.Version, e.Acting, e.From, e.To, e.Revision, e.Digest = id, snap.Version, liaison.AsEngine, snap.State, snap.State, snap.Revision, snap.Digest
				t.record(e)
			}
			return nil
		})
		switch {
		case violates(err, toldOnce):
		case err != nil:
			errs = append(errs, fmt.Errorf("tell of the statement %s: %w", id, err))
		case due:
			told = append(told, id)
		}
	}
	return told, errors.Join(errs...)
}

// toldOnce is the index by which nobody is told twice of a meeting that is not closed.
const toldOnce = "event_meeting_unclosed"
