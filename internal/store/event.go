package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/internal/audit"
	"github.com/jca-ml/liaison/liaison"
)

// appendEvents writes, in one batch, the letters that tell of the transaction's events, the events and their salts and then, as
// the last statement before the commit, their leaves.
func (t *tx) appendEvents(ctx context.Context) error {
	if len(t.events) == 0 {
		return nil
	}
	var ids []string
	var payloads [][]byte
	b := &pgx.Batch{}
	if err := t.notify(ctx, b); err != nil {
		return err
	}
	for _, e := range t.events {
		b.Queue(`
			INSERT INTO event (id, kind, at, statement_id, version, command_id, actor, acting, drafted, from_state, to_state,
				revision, digest, ref, reason, transmission_id, letter, body_code, recipient, message_id, message_digest,
				attempt, stage, code, reply, relay, amends, changed)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28)`,
			e.ID, e.Kind, e.At, nullable(e.Statement), e.Version, e.Command, nullable(e.Actor), e.Acting, e.Drafted, e.From, e.To,
			e.Revision, e.Digest, e.Ref, e.Reason, nullable(e.Transmission), e.Letter, e.Body, e.Recipient, e.MessageID, e.MessageDigest,
			e.Attempt, e.Stage, e.Code, e.Reply, e.Relay, e.Amends, e.Changed)
		payload, salts := audit.NewLeaf(e)
		for field, salt := range salts {
			b.Queue(`INSERT INTO audit.salt (event_id, field, salt) VALUES ($1, $2, $3)`, e.ID, field, salt)
		}
		ids, payloads = append(ids, string(e.ID)), append(payloads, payload)
	}
	b.Queue(`SELECT audit.append($1, $2)`, ids, payloads)
	if err := t.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("append events: %w", err)
	}
	return nil
}

// HistoryLine is one event as a reader sees it.
type HistoryLine struct {
	liaison.Event
	ActorName string
	BodyName  string
	Leaf      int64 // index in the audit log
}

const eventColumns = `event.id, event.kind, event.at, coalesce(event.statement_id::text, ''), event.version, event.command_id,
	coalesce(event.actor::text, ''), event.acting, event.drafted, event.from_state, event.to_state, event.revision, event.digest,
	event.ref, event.reason, coalesce(event.transmission_id::text, ''), event.letter, event.body_code, event.recipient,
	event.message_id, event.message_digest, event.attempt, event.stage, event.code, event.reply, event.relay, event.amends, event.changed`

// eventFields are the places that eventColumns are scanned into.
func eventFields(e *liaison.Event) []any {
	return []any{&e.ID, &e.Kind, &e.At, &e.Statement, &e.Version, &e.Command, &e.Actor, &e.Acting, &e.Drafted, &e.From, &e.To,
		&e.Revision, &e.Digest, &e.Ref, &e.Reason, &e.Transmission, &e.Letter, &e.Body, &e.Recipient,
		&e.MessageID, &e.MessageDigest, &e.Attempt, &e.Stage, &e.Code, &e.Reply, &e.Relay, &e.Amends, &e.Changed}
}

// History lists what happened to a statement, oldest first.
func (s *Store) History(ctx context.Context, id liaison.StatementID) ([]HistoryLine, error) {
	if err := validID(string(id)); err != nil {
		return nil, err
	}
	rows, err := s.pool.Query(ctx, `
		SELECT `+eventColumns+`, coalesce(person.name, ''), coalesce(nullif(body.short_name, ''), body.name, ''), leaf.index
		FROM event
		JOIN audit.leaf ON leaf.event_id = event.id
		LEFT JOIN person ON person.id = event.actor
		LEFT JOIN body ON body.code = event.body_code
		WHERE event.statement_id = $1
		ORDER BY event.seq`, id)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read history: %w", err))
	}
	lines, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (HistoryLine, error) {
		var l HistoryLine
		err := row.Scan(append(eventFields(&l.Event), &l.ActorName, &l.BodyName, &l.Leaf)...)
		return l, err
	})
	if err != nil {
		return nil, unavailable(fmt.Errorf("read history: %w", err))
	}
	return lines, nil
}
