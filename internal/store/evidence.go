package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/liaison"
)

// LoggedEvent is one event as the audit log has it.
type LoggedEvent struct {
	Log     int
	Index   int64
	Payload []byte            // the exact bytes of the leaf
	Salts   map[string][]byte // by the field whose commitment they open
	Event   liaison.Event     // the fields as they are
}

// LoggedEvents lists a statement's events with their leaves, oldest first, and with what opens the commitments in them: it
// is for who may read all of it.
func (s *Store) LoggedEvents(ctx context.Context, id liaison.StatementID) ([]LoggedEvent, error) {
	if err := validID(string(id)); err != nil {
		return nil, err
	}
	return s.loggedEvents(ctx, `WHERE event.statement_id = $1 ORDER BY leaf.log, leaf.index`, id)
}

// LoggedEventsAt lists the events of leaves, in the order of the log, with what opens the commitments in them. Some hundred leaves
// at a time are a good portion.
func (s *Store) LoggedEventsAt(ctx context.Context, refs []LeafRef) ([]LoggedEvent, error) {
	logs, indexes := make([]int16, len(refs)), make([]int64, len(refs))
	for i, x := range refs {
		logs[i], indexes[i] = int16(x.Log), x.Index
	}
	return s.loggedEvents(ctx, `JOIN unnest($1::smallint[], $2::bigint[]) AS want (log, index) ON leaf.log = want.log AND leaf.index = want.index ORDER BY leaf.log, leaf.index`, logs, indexes)
}

func (s *Store) loggedEvents(ctx context.Context, where string, args ...any) ([]LoggedEvent, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT leaf.log, leaf.index, leaf.payload,
			(SELECT coalesce(json_object_agg(salt.field, encode(salt.salt, 'base64') ORDER BY salt.field), '{}') FROM audit.salt WHERE salt.event_id = event.id), `+eventColumns+`
		FROM audit.leaf JOIN event ON event.id = leaf.event_id `+where, args...)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read leaves with their events: %w", err))
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (LoggedEvent, error) {
		var e LoggedEvent
		err := row.Scan(append([]any{&e.Log, &e.Index, &e.Payload, &e.Salts}, eventFields(&e.Event)...)...)
		return e, err
	})
	return out, unavailable(err)
}

// RevisionBytes are the exact bytes that a revision is, as they were decided on.
func (s *Store) RevisionBytes(ctx context.Context, id liaison.StatementID, number int) ([]byte, error) {
	var b []byte
	if err := s.pool.QueryRow(ctx, `SELECT canonical FROM revision WHERE statement_id = $1 AND number = $2`, id, number).Scan(&b); err != nil {
		return nil, unavailable(fmt.Errorf("read a revision: %w", err))
	}
	return b, nil
}
