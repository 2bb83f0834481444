package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/internal/inbound"
	"github.com/jca-ml/liaison/liaison"
)

// LinkInbound says, on a person's word, which message of ours something is about that came in and matched nothing. What it
// reports becomes facts of that message, each with its event; it moves no state, which is the worker's: [Store.TakeUp], and
// whatever is done about the message before that. A message is linked once. Whoever works on the statement as its secretariat or chair may.
func (s *Store) LinkInbound(ctx context.Context, id InboundID, to liaison.TransmissionID, by liaison.PersonID, reason string) error {
	if err := validID(string(id)); err != nil {
		return err
	}
	x, err := s.Transmission(ctx, to)
	if err != nil {
		return err
	}
	snap, err := s.Snapshot(ctx, x.Statement)
	if err != nil {
		return err
	}
	acting := snap.HandlesMail(by)
	reason = strings.TrimSpace(reason)
	switch {
	case acting == liaison.AsReader:
		return liaison.Refuse(liaison.Forbidden, "Only the secretariat and the chairs link what came in.")
	case x.Attempts == 0:
		return liaison.Refuse(liaison.Conflict, "That message never left, so nothing can have come back about it.")
	}
	if err := liaison.CheckReason(reason); err != nil {
		return err
	}
	return s.write(ctx, func(t *tx) error {
		var u inbound.Understood
		var open bool
		var known int
		var received time.Time
		err := t.QueryRow(ctx, `SELECT coalesce(understood, '{}'), handled_at IS NOT NULL AND statement_id IS NULL, received_at FROM inbound_message WHERE id = $1 FOR UPDATE`, id).Scan(&u, &open, &received)
		if errors.Is(err, pgx.ErrNoRows) {
			return liaison.Refuse(liaison.NotFound, "There is no such inbound message.")
		} else if err != nil {
			return fmt.Errorf("read an inbound message: %w", err)
		}
		if !open {
			return liaison.Refuse(liaison.Conflict, "It is linked already, or still being read. Open it again.")
		}
		if err := t.QueryRow(ctx, `SELECT count(*) FROM transmission_fact WHERE transmission_id = $1`, x.ID).Scan(&known); err != nil {
			return fmt.Errorf("count facts: %w", err)
		}
		e := transmissionEvent(x, liaison.EventLinked, snap.Version)
		e.Actor, e.Acting, e.Drafted, e.Reason, e.Command = by, acting, snap.Drafted(by), reason, ""
		t.record(e)
		facts := factsIn(x, u)
		b := &pgx.Batch{}
		b.Queue(`UPDATE inbound_message SET matched_by = 'person', transmission_id = $2, statement_id = $3, linked_at = $4 WHERE id = $1`, id, x.ID, x.Statement, t.now)
		for _, f := range facts[:min(len(facts), max(0, maxFacts-known))] {
			e := transmissionEvent(x, f.kind.Event(), snap.Version)
			e.Reply = f.words
			t.record(e)
			b.Queue(`INSERT INTO transmission_fact (id, transmission_id, kind, at, inbound_id, recipient, status, diagnostic, event_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
				newID(), x.ID, f.kind, t.now, id, f.recipient, f.status, f.diagnostic, t.events[len(t.events)-1].ID)
		}
		if err := t.SendBatch(ctx, b).Close(); err != nil {
			return fmt.Errorf("link an inbound message: %w", err)
		}
		if !slices.ContainsFunc(facts, func(f fact) bool { return f.kind == liaison.FactReplied }) {
			return nil
		}
		day, err := today(snap.Profile, received)
		if err != nil {
			return err
		}
		return t.came(ctx, x, liaison.ReplyComes, evidence{inbound: id, day: day, by: by, reason: reason}, "")
	})
}
