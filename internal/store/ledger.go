package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/liaison"
)

// Ledger writes down what happens to messages that are on their way at the same time: claims, final dots, outcomes. What is asked of it
// while a transaction is being committed goes into the next one, all of it together; each caller is answered when its own part
// is durable. So a worker that has many messages on their way at once commits once for many of them, and the rule stays
// that a final dot is in the ledger before it is on the wire.
//
// It is safe for concurrent use and holds nothing between its transactions.
type Ledger struct {
	store *Store

	mu      sync.Mutex
	waiting []*entry
	running bool
}

// NewLedger makes a ledger that writes to the store.
func NewLedger(s *Store) *Ledger { return &Ledger{store: s} }

// entry is one thing to be written down, and its answer.
type entry struct {
	id    liaison.TransmissionID
	claim *claiming
	dot   *dot
	sent  *outcome
	err   error // of this entry alone
	done  chan struct{}
}

type claiming struct {
	worker, relay string
	got           Claimed
}

type dot struct{ of Claimed }

type outcome struct {
	of    Claimed
	sent  Sent
	retry liaison.Retry
	state liaison.TransmissionState
}

const (
	atATime  = 64               // entries in one transaction, so that none waits long for others
	oneEntry = 30 * time.Second // longer than the database waits for a lock
)

// Claim is [Store.ClaimFor].
func (l *Ledger) Claim(ctx context.Context, id liaison.TransmissionID, worker, relay string) (Claimed, error) {
	e := &entry{id: id, claim: &claiming{worker: worker, relay: relay}}
	err := l.write(ctx, e)
	return e.claim.got, err
}

// Dot is [Store.Dot].
func (l *Ledger) Dot(ctx context.Context, c Claimed) error {
	return l.write(ctx, &entry{id: c.ID, dot: &dot{c}})
}

// Record is [Store.Record].
func (l *Ledger) Record(ctx context.Context, c Claimed, sent Sent, retry liaison.Retry) (liaison.TransmissionState, error) {
	e := &entry{id: c.ID, sent: &outcome{of: c, sent: sent, retry: retry}}
	err := l.write(ctx, e)
	return e.sent.state, err
}

// write has an entry written with others that come at the same time. It waits for the answer even when ctx is cancelled
// meanwhile: only the answer tells what is in the ledger.
func (l *Ledger) write(ctx context.Context, e *entry) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	e.done = make(chan struct{})
	l.mu.Lock()
	l.waiting = append(l.waiting, e)
	if !l.running {
		l.running = true
		go l.run(context.WithoutCancel(ctx))
	}
	l.mu.Unlock()
	<-e.done
	return e.err
}

// run writes until nothing waits.
func (l *Ledger) run(ctx context.Context) {
	for {
		l.mu.Lock()
		n := min(len(l.waiting), atATime)
		if n == 0 {
			l.running = false
			l.mu.Unlock()
			return
		}
		batch := slices.Clone(l.waiting[:n])
		l.waiting = slices.Delete(l.waiting, 0, n)
		l.mu.Unlock()
		l.store.enter(ctx, batch)
		for _, e := range batch {
			close(e.done)
		}
	}
}

// enter writes entries in one transaction. What goes wrong with one of them must not stop the others: then each is written by
// itself.
func (s *Store) enter(ctx context.Context, entries []*entry) {
	writing, cancel := context.WithTimeout(ctx, oneEntry)
	err := s.write(writing, func(t *tx) error { return t.enter(writing, entries) })
	cancel()
	switch {
	case err == nil:
	case len(entries) == 1 || liaison.CodeOf(err) == liaison.Unavailable: // nobody fares better alone
		for _, e := range entries {
			e.err = err
		}
	default:
		for _, e := range entries {
			e.err = nil
			s.enter(ctx, []*entry{e})
		}
	}
}

// Claimed is a message that this worker, and no other, may try to hand over now.
type Claimed struct {
	Transmission
	Bytes   []byte
	Witness liaison.Witness // what the relay said to our own copy's recipient, for [Store.Dot]; "" is none
}

// Claim takes a queued or deferred message for one attempt, committed before any connection is opened. It refuses with
// [liaison.Conflict] when the message is in any other state: being sent by another worker, or settled; and when something came
// in about an earlier attempt that is in doubt, by which it then is accepted, or in doubt again.
func (s *Store) Claim(ctx context.Context, id liaison.TransmissionID, worker string) (Claimed, error) {
	return s.ClaimFor(ctx, id, worker, "")
}

// ClaimFor is [Store.Claim] for sending through a relay. It refuses with [ErrHeld] while that relay or the body that the
// message is for is held; the message stays as it is, and no attempt is made of it.
func (s *Store) ClaimFor(ctx context.Context, id liaison.TransmissionID, worker, relay string) (Claimed, error) {
	e := &entry{id: id, claim: &claiming{worker: worker, relay: relay}}
	err := s.alone(ctx, e)
	return e.claim.got, err
}

// Dot commits that attempt n is about to write the final dot. It refuses with [liaison.Conflict] when the attempt was
// given up meanwhile, or something came in about an earlier one that is in doubt; then the dot must not be written.
func (s *Store) Dot(ctx context.Context, c Claimed) error {
	return s.alone(ctx, &entry{id: c.ID, dot: &dot{c}})
}

// Record stores the outcome of an attempt, classified by [liaison.Classify], and returns the state that the message is in now.
// An attempt whose outcome was called unknown meanwhile may still learn its answer; one that is settled stays as it is.
func (s *Store) Record(ctx context.Context, c Claimed, sent Sent, retry liaison.Retry) (liaison.TransmissionState, error) {
	e := &entry{id: c.ID, sent: &outcome{of: c, sent: sent, retry: retry}}
	err := s.alone(ctx, e)
	return e.sent.state, err
}

func (s *Store) alone(ctx context.Context, e *entry) error {
	if err := s.write(ctx, func(t *tx) error { return t.enter(ctx, []*entry{e}) }); err != nil {
		return err
	}
	return e.err
}

// enter writes entries: outcomes first, because what one of them holds counts for the claims beside it.
func (t *tx) enter(ctx context.Context, entries []*entry) error {
	var ids []liaison.TransmissionID
	var claims, dots, outcomes []*entry
	for _, e := range entries {
		ids = append(ids, e.id)
		switch {
		case e.claim != nil:
			claims = append(claims, e)
		case e.dot != nil:
			dots = append(dots, e)
		default:
			outcomes = append(outcomes, e)
		}
	}
	if err := t.lock(ctx, ids...); err != nil {
		return err
	}
	read, err := transmissions(ctx, t, `WHERE t.id = ANY ($1)`, ids)
	if err != nil {
		return err
	}
	rows := map[liaison.TransmissionID]Transmission{}
	for _, x := range read {
		rows[x.ID] = x
	}
	if err := t.outcomes(ctx, outcomes, rows); err != nil {
		return err
	}
	if err := t.dot(ctx, dots); err != nil {
		return err
	}
	return t.claim(ctx, claims, rows)
}

// claim takes those of the messages that may be attempted.
func (t *tx) claim(ctx context.Context, entries []*entry, rows map[liaison.TransmissionID]Transmission) error {
	if len(entries) == 0 {
		return nil
	}
	holds, err := t.holds(ctx)
	if err != nil {
		return err
	}
	var again []liaison.TransmissionID
	for _, e := range entries {
		if rows[e.id].Attempts > 0 {
			again = append(again, e.id)
		}
	}
	signs, err := t.signs(ctx, again...)
	if err != nil {
		return err
	}
	snaps := map[liaison.StatementID]Snapshot{}
	taken := map[liaison.TransmissionID]*entry{}
	var ids []liaison.TransmissionID
	var numbers []int
	var workers, relays []string
	for _, e := range entries {
		x, known := rows[e.id]
		switch {
		case !known:
			e.err = liaison.Refuse(liaison.NotFound, "There is no such message.")
			continue
		case !x.State.May(liaison.TransmissionAttempting) || taken[e.id] != nil:
			e.err = liaison.Refuse(liaison.Conflict, "The message is %s and is not sent now.", x.State.Label())
			continue
		}
		if came, some := signs[e.id]; some { // it waited to be sent again, and should not be
			if err := t.heed(ctx, x, came); err != nil {
				return err
			}
			delete(signs, e.id)
			x.State = liaison.TransmissionUnknown
			rows[e.id] = x
			e.err = liaison.Refuse(liaison.Conflict, "Something came in about an earlier attempt, so the message is not sent again.")
			continue
		}
		if moot, err := t.moot(ctx, x); err != nil {
			return err
		} else if moot {
			e.err = liaison.Refuse(liaison.Conflict, "The letter is cancelled: what it is about is settled.")
			continue
		}
		if reason, held := holds.of(e.claim.relay, x); held {
			e.err = fmt.Errorf("%w: %s", ErrHeld, reason)
			continue
		}
		if x.Letter == liaison.LetterStatement {
			snap, read := snaps[x.Statement]
			if !read {
				if snap, _, err = snapshot(ctx, t, x.Statement, "", t.now, " FOR SHARE OF s"); err != nil {
					return err
				}
				snaps[x.Statement] = snap
			}
			if e.err = liaison.MayLeave(snap.Snapshot, x.Revision); e.err != nil {
				if snap.Over != "" { // it was on its way when the other one's dispatch began, or is in doubt
					if err := t.overtakeLast(ctx, snap, x.ID); err != nil {
						return err
					}
				}
				continue
			}
		}
		x.Attempts++
		e.claim.got.Transmission = x
		taken[e.id] = e
		ids, numbers = append(ids, x.ID), append(numbers, x.Attempts)
		workers, relays = append(workers, e.claim.worker), append(relays, e.claim.relay) // the relay now: of an attempt whose worker is gone nobody says it later
	}
	if len(ids) == 0 {
		return nil
	}
	b := &pgx.Batch{}
	b.Queue(`UPDATE transmission SET state = 'attempting', attempts = x.n, next_try_at = NULL, changed_at = $3
		FROM unnest($1::uuid[], $2::integer[]) x (id, n) WHERE transmission.id = x.id`, ids, numbers, t.now)
	b.Queue(`INSERT INTO attempt (transmission_id, n, worker, relay, started_at) SELECT x.id, x.n, x.worker, x.relay, $5 FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::text[]) x (id, n, worker, relay)`,
		ids, numbers, workers, relays, t.now)
	b.Queue(`SELECT transmission_id, bytes FROM message WHERE transmission_id = ANY ($1)`, ids).Query(func(rows pgx.Rows) error {
		var id liaison.TransmissionID
		var bytes []byte
		_, err := pgx.ForEachRow(rows, []any{&id, &bytes}, func() error {
			taken[id].claim.got.Bytes = bytes
			return nil
		})
		return err
	})
	if err := t.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("claim transmissions: %w", err)
	}
	return nil
}

// dot writes down which attempts are about to write their final dot.
func (t *tx) dot(ctx context.Context, entries []*entry) error {
	if len(entries) == 0 {
		return nil
	}
	var again []liaison.TransmissionID
	for _, e := range entries {
		if e.dot.of.Attempts > 1 {
			again = append(again, e.id)
		}
	}
	signs, err := t.signs(ctx, again...) // that came while the message was on its way again
	if err != nil {
		return err
	}
	var ids []liaison.TransmissionID
	var numbers []int
	var witnesses []string
	for _, e := range entries {
		if _, some := signs[e.id]; some {
			e.err = liaison.Refuse(liaison.Conflict, "Something came in about an earlier attempt, so the message is not handed over again.")
			continue
		}
		ids, numbers = append(ids, e.id), append(numbers, e.dot.of.Attempts)
		witnesses = append(witnesses, firstOf(string(e.dot.of.Witness), string(liaison.WitnessNone)))
	}
	rows, err := t.Query(ctx, `
		UPDATE attempt SET dot_at = $4, witness = x.witness
		FROM unnest($1::uuid[], $2::integer[], $3::text[]) x (id, n, witness), transmission t, statement s
		WHERE attempt.transmission_id = x.id AND attempt.n = x.n AND outcome IS NULL AND dot_at IS NULL
			AND t.id = x.id AND t.state = 'attempting' AND t.attempts = x.n AND s.id = t.statement_id
		RETURNING t.id, attempt.n, s.version`, ids, numbers, witnesses, t.now)
	if err != nil {
		return fmt.Errorf("record the final dot: %w", err)
	}
	type attempt struct {
		id liaison.TransmissionID
		n  int
	}
	written := map[attempt]int{}
	var a attempt
	var version int
	if _, err := pgx.ForEachRow(rows, []any{&a.id, &a.n, &version}, func() error {
		written[a] = version
		return nil
	}); err != nil {
		return fmt.Errorf("record the final dot: %w", err)
	}
	for _, e := range entries {
		if e.err != nil {
			continue
		}
		a := attempt{e.id, e.dot.of.Attempts}
		version, ok := written[a]
		if !ok {
			e.err = liaison.Refuse(liaison.Conflict, "This attempt was given up; the message is not handed over.")
			continue
		}
		delete(written, a) // one dot for one attempt
		t.record(transmissionEvent(e.dot.of.Transmission, liaison.EventAttempted, version))
	}
	return nil
}

// outcomes writes down how attempts ended. Most are accepted, and are written together; [tx.settle] has the rules for all others.
func (t *tx) outcomes(ctx context.Context, entries []*entry, rows map[liaison.TransmissionID]Transmission) error {
	var accepted []*entry
	seen := map[liaison.TransmissionID]bool{}
	for _, e := range entries {
		o := e.sent
		x, known := rows[e.id]
		if !known {
			e.err = liaison.Refuse(liaison.NotFound, "There is no such message.")
			continue
		}
		state := liaison.Classify(o.sent.Stage, o.sent.Code)
		if state == liaison.TransmissionAccepted && x.State == liaison.TransmissionAttempting && x.Attempts == o.of.Attempts && !seen[e.id] {
			accepted, seen[e.id] = append(accepted, e), true
			continue
		}
		var err error
		if o.state, err = t.settle(ctx, e.id, o.of.Attempts, state, o.sent, o.retry); err != nil {
			return err
		}
		if liaison.PausesRelay(o.sent.Stage, o.sent.Code, o.sent.Enhanced) && o.sent.Relay != "" {
			if err := t.holdRelay(ctx, o.of.Transmission, o.sent); err != nil {
				return err
			}
		}
	}
	return t.accepted(ctx, accepted, rows)
}

// accepted writes down the acceptance of messages that are being attempted.
func (t *tx) accepted(ctx context.Context, entries []*entry, rows map[liaison.TransmissionID]Transmission) error {
	if len(entries) == 0 {
		return nil
	}
	var ids []liaison.TransmissionID
	var numbers, codes []int
	var stages, enhanced, replies, relays, tls, witnesses []string
	for _, e := range entries {
		s := e.sent.sent
		ids, numbers, codes = append(ids, e.id), append(numbers, e.sent.of.Attempts), append(codes, s.Code)
		stages, enhanced, replies = append(stages, string(s.Stage)), append(enhanced, s.Enhanced), append(replies, s.Reply)
		relays, tls, witnesses = append(relays, s.Relay), append(tls, s.TLS), append(witnesses, string(s.Witness))
	}
	rs, err := t.Query(ctx, `
		WITH x AS (SELECT * FROM unnest($1::uuid[], $2::integer[], $3::integer[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
				x (id, n, code, stage, enhanced, reply, relay, tls, witness)),
			ended AS (
				UPDATE attempt SET ended_at = $10, outcome = 'accepted', stage = x.stage, code = x.code, enhanced = x.enhanced, reply = x.reply, error = '',
					relay = coalesce(nullif(x.relay, ''), attempt.relay), tls = coalesce(nullif(x.tls, ''), attempt.tls), witness = coalesce(nullif(x.witness, ''), attempt.witness)
				FROM x WHERE attempt.transmission_id = x.id AND attempt.n = x.n AND outcome IS NULL RETURNING x.*)
		UPDATE transmission SET state = 'accepted', code = ended.code, reply = ended.reply, next_try_at = NULL, changed_at = $10
		FROM ended, statement s WHERE transmission.id = ended.id AND s.id = transmission.statement_id
		RETURNING transmission.id, s.version, EXISTS (SELECT FROM transmission_fact f WHERE f.transmission_id = transmission.id AND f.kind = 'bounced')`,
		ids, numbers, codes, stages, enhanced, replies, relays, tls, witnesses, t.now)
	if err != nil {
		return fmt.Errorf("record acceptances: %w", err)
	}
	type written struct {
		version int
		bounced bool
	}
	all := map[liaison.TransmissionID]written{}
	var id liaison.TransmissionID
	var w written
	if _, err := pgx.ForEachRow(rs, []any{&id, &w.version, &w.bounced}, func() error { all[id] = w; return nil }); err != nil {
		return fmt.Errorf("record acceptances: %w", err)
	}
	for _, e := range entries {
		w, ok := all[e.id]
		if !ok { // which the lock on the row and its state exclude
			return errors.New("record acceptances: an attempt that is under way has an outcome")
		}
		o, x := e.sent, rows[e.id]
		x.State, x.Code, x.Reply, x.NextTry = liaison.TransmissionAccepted, o.sent.Code, o.sent.Reply, nil
		o.state = x.State
		event := transmissionEvent(x, liaison.EventAccepted, w.version)
		event.Stage, event.Code, event.Reply, event.Relay = o.sent.Stage, o.sent.Code, x.Reply, o.sent.Relay
		t.record(event)
		if w.bounced { // a report can be faster than the record of the acceptance
			if o.state, err = t.bounced(ctx, x); err != nil {
				return err
			}
		}
	}
	return nil
}
