package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/liaison"
)

// prove settles a message whose outcome is in doubt by a fact that has just become known, and returns the state that it is in
// now. A message that is being sent again just now is settled when that attempt has ended.
func (t *tx) prove(ctx context.Context, x Transmission, f fact) (liaison.TransmissionState, error) {
	switch x.State {
	case liaison.TransmissionUnknown, liaison.TransmissionAssumed, liaison.TransmissionDeferred:
	default:
		return x.State, nil
	}
	n, err := t.doubtful(ctx, x.ID)
	if err != nil || n == 0 {
		return x.State, err
	}
	if !slices.Contains(liaison.SystemFacts(), f.kind) {
		var led bool
		if err := t.QueryRow(ctx, `SELECT `+ledThereSQL+` FROM transmission x, (SELECT $2::timestamptz AS at) e WHERE x.id = $1`, x.ID, t.now).Scan(&led); err != nil {
			return x.State, fmt.Errorf("read what else was sent: %w", err)
		} else if led {
			return x.State, nil
		}
	}
	return t.accept(ctx, x, n, knownFrom(f.kind, f.words))
}

// knownFrom is what stands in the place of the answer that was lost.
func knownFrom(f liaison.Fact, words string) string {
	if f == answeredLate {
		return "the answer came when the message was being sent again: " + words
	}
	out := "the answer was lost; that the message was taken over is known from: " + strings.ToLower(f.Label())
	if words != "" {
		out += " (" + words + ")"
	}
	return out
}

// answeredLate is the sign that an answer is, which came when a later attempt had begun.
const answeredLate liaison.Fact = "accepted"

// sign is the best of what came in about a message that has an attempt in doubt, by whatever way: the server's own answer, what a
// mail system reports, what the addressee says by mail or on its page, what a person links. The zero value is none.
//
// What the pages write may move no state, and what comes while the message is being sent again has to wait. So everything that
// is done about a message in doubt looks at the rows of all ways, each time, under the lock of the message.
type sign struct {
	attempt int          // the latest in doubt
	kind    liaison.Fact // or the kind of what was said or done
	words   string
	proves  bool // that the message was taken over; else it speaks for it, and a person has to look
}

// known is what stands in the place of the answer that was lost.
func (s sign) known() string { return knownFrom(s.kind, s.words) }

// ledThereSQL holds for a message x when its reader may have spoken, at e.at, of another letter: reminders carry the link of the
// message that they are about, and earlier ones carried its address for the answer. A message that asks whether another one
// arrived carries neither.
const ledThereSQL = `(x.letter = 'statement' AND EXISTS (
	SELECT FROM transmission o JOIN attempt a ON a.transmission_id = o.id
	WHERE o.statement_id = x.statement_id AND o.position = x.position AND o.letter NOT IN ('statement', 'arrival-asked') AND a.dot_at BETWEEN x.created_at AND e.at))`

// signsSQL reads the signs of messages x; $1 are the facts that only a mail system can know. What proves nothing is left out when
// it is older than a person's command to send the message again: it was known then.
//
// A reply that a person links to the addressee is about the message that it has. One that came in as being about another message of
// the statement proves nothing: an answer to the question whether this one arrived may be no.
const signsSQL = `
	SELECT DISTINCT ON (x.id) x.id, d.n, e.kind, e.words, e.proves
	FROM transmission x
	JOIN LATERAL (
		SELECT coalesce(max(n) FILTER (WHERE code BETWEEN 200 AND 299), max(n)) AS n FROM attempt WHERE transmission_id = x.id AND dot_at IS NOT NULL AND outcome = 'unknown'
	) d ON d.n IS NOT NULL
	JOIN LATERAL (
		SELECT e.kind, e.words, e.at, coalesce(e.proves, e.kind = ANY ($1) OR NOT ` + ledThereSQL + `) AS proves FROM (
			SELECT 'accepted' AS kind, reply AS words, ended_at AS at, true AS proves FROM attempt WHERE transmission_id = x.id AND outcome = 'unknown' AND code BETWEEN 200 AND 299
			UNION ALL
			SELECT kind, diagnostic, at, NULL FROM transmission_fact WHERE transmission_id = x.id
			UNION ALL
			SELECT kind, '', at, NULL FROM transmission_response WHERE transmission_id = x.id
			UNION ALL
			SELECT 'replied', '', i.received_at, CASE WHEN EXISTS (
				SELECT FROM transmission_fact f JOIN transmission o ON o.id = f.transmission_id WHERE f.inbound_id = i.id AND o.statement_id = x.statement_id AND o.id <> x.id) THEN false END
			FROM reply_link l JOIN inbound_message i ON i.id = l.inbound_id
			WHERE x.letter = 'statement' AND l.statement_id = x.statement_id AND l.position = x.position
				AND l.kind IN ('reply', 'interim') AND l.person_id IS NOT NULL AND i.received_at >= x.created_at
				AND NOT EXISTS (SELECT FROM reply_link n WHERE n.statement_id = l.statement_id AND n.position = l.position AND n.inbound_id = l.inbound_id AND n.seq > l.seq)
			UNION ALL
			SELECT kind, '', at, false FROM event WHERE transmission_id = x.id AND kind = 'linked'
		) e
	) e ON e.proves OR e.at > coalesce((SELECT c.done_at FROM command c WHERE c.id = x.batch AND c.kind = 'send-again'), '-infinity') `

const bestSignSQL = ` ORDER BY x.id, e.proves DESC, e.at`

// signs reads the best sign of each of the messages that have one.
func (t *tx) signs(ctx context.Context, ids ...liaison.TransmissionID) (map[liaison.TransmissionID]sign, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	out := map[liaison.TransmissionID]sign{}
	rows, err := t.Query(ctx, signsSQL+`WHERE x.id = ANY ($2)`+bestSignSQL, liaison.SystemFacts(), ids)
	if err != nil {
		return nil, fmt.Errorf("read what came in: %w", err)
	}
	var id liaison.TransmissionID
	var s sign
	if _, err := pgx.ForEachRow(rows, []any{&id, &s.attempt, &s.kind, &s.words, &s.proves}, func() error { out[id] = s; return nil }); err != nil {
		return nil, fmt.Errorf("read what came in: %w", err)
	}
	return out, nil
}

// doubtful is the latest attempt whose final dot was written and whose answer is not known, 0 for none.
func (t *tx) doubtful(ctx context.Context, id liaison.TransmissionID) (latest int, err error) {
	err = t.QueryRow(ctx, `SELECT coalesce(max(n), 0) FROM attempt WHERE transmission_id = $1 AND dot_at IS NOT NULL AND outcome = 'unknown'`, id).Scan(&latest)
	if err != nil {
		return 0, fmt.Errorf("read attempts: %w", err)
	}
	return latest, nil
}

// late keeps an answer that comes when a later attempt has begun, with the attempt that it is about, as a sign that it was taken over.
func (t *tx) late(ctx context.Context, x Transmission, n int, sent Sent) (liaison.TransmissionState, error) {
	if _, err := t.Exec(ctx, `UPDATE attempt SET code = $3, enhanced = $4, reply = $5 WHERE transmission_id = $1 AND n = $2 AND outcome = 'unknown'`, x.ID, n, sent.Code, sent.Enhanced, sent.Reply); err != nil {
		return "", fmt.Errorf("record an answer that came late: %w", err)
	}
	return t.takeUp(ctx, x)
}

// heed keeps a message that waits to be sent again from it, by a sign of an earlier attempt: it is accepted, or in doubt again.
func (t *tx) heed(ctx context.Context, x Transmission, s sign) error {
	if s.proves {
		_, err := t.accept(ctx, x, s.attempt, s.known())
		return err
	}
	var version int
	x.State, x.Attempts = liaison.TransmissionUnknown, s.attempt
	x.Reply = "not sent again by itself: something came in about an earlier attempt (" + strings.ToLower(s.kind.Label()) + "), which does not prove that the message was taken over; a person has to look"
	if err := t.QueryRow(ctx, `
		UPDATE transmission SET state = 'unknown', code = 0, reply = $2, next_try_at = NULL, changed_at = $3
		FROM statement s WHERE transmission.id = $1 AND s.id = transmission.statement_id RETURNING s.version`, x.ID, x.Reply, t.now).Scan(&version); err != nil {
		return fmt.Errorf("record that a message is in doubt again: %w", err)
	}
	e := transmissionEvent(x, liaison.EventUnknown, version)
	e.Stage, e.Reply = liaison.StageDot, x.Reply
	t.record(e)
	return nil
}

// accept records that attempt n of a message was accepted, known from something else than the answer.
func (t *tx) accept(ctx context.Context, x Transmission, n int, words string) (liaison.TransmissionState, error) {
	if r := []rune(words); len(r) > 4000 {
		words = string(r[:4000])
	}
	var relay string
	var version int
	err := t.QueryRow(ctx, `
		UPDATE attempt SET ended_at = coalesce(ended_at, $3), outcome = 'accepted', stage = 'dot', reply = $4
		WHERE transmission_id = $1 AND n = $2 AND outcome = 'unknown' RETURNING relay`, x.ID, n, t.now, words).Scan(&relay)
	if err == nil {
		err = t.QueryRow(ctx, `
			UPDATE transmission SET state = 'accepted', code = 0, reply = $2, next_try_at = NULL, changed_at = $3
			FROM statement s WHERE transmission.id = $1 AND s.id = transmission.statement_id RETURNING s.version`, x.ID, words, t.now).Scan(&version)
	}
	if err != nil {
		return "", fmt.Errorf("record an acceptance that is known from elsewhere: %w", err)
	}
	x.State, x.Attempts = liaison.TransmissionAccepted, n
	e := transmissionEvent(x, liaison.EventAccepted, version)
	e.Stage, e.Reply, e.Relay = liaison.StageDot, words, relay
	t.record(e)
	return t.bounced(ctx, x)
}

// Settled is what is known of a message in doubt.
type Settled struct {
	State liaison.TransmissionState
	Batch liaison.CommandID // that it belongs to now
	Wait  time.Duration     // while it is unknown: when to ask again, 0 when it is for a person
	Relay string            // that it was handed to
}

// Settle looks at a message in doubt: it is accepted by what came in, or stays unknown, with a time to wait, or it is proven not
// to have been taken over and becomes deferred, to be sent again as it is. What came in and proves nothing leaves it to a person.
// A message that is not unknown stays as it is.
func (s *Store) Settle(ctx context.Context, id liaison.TransmissionID, rules liaison.Settling) (out Settled, err error) {
	err = s.write(ctx, func(t *tx) error {
		if err := t.lock(ctx, id); err != nil {
			return err
		}
		ts, err := transmissions(ctx, t, `WHERE t.id = $1`, id)
		if err != nil {
			return err
		}
		if len(ts) == 0 {
			return liaison.Refuse(liaison.NotFound, "There is no such message.")
		}
		x := ts[0]
		out = Settled{State: x.State, Batch: x.Batch}
		if x.State != liaison.TransmissionUnknown {
			return nil
		}
		signs, err := t.signs(ctx, id)
		if err != nil {
			return err
		}
		came, some := signs[id]
		if came.proves {
			out.State, err = t.accept(ctx, x, came.attempt, came.known())
			return err
		}
		var witness liaison.Witness
		var doubt time.Time
		var version int
		var unread bool
		err = t.QueryRow(ctx, `
			SELECT a.witness, a.relay, a.ended_at, s.version,
				EXISTS (SELECT FROM inbound_message i WHERE i.handled_at IS NULL AND (i.envelope_recipient = '' OR i.envelope_recipient ILIKE 'w+%'))
			FROM attempt a, statement s WHERE a.transmission_id = $1 AND a.n = $2 AND s.id = $3`, id, x.Attempts, x.Statement).Scan(&witness, &out.Relay, &doubt, &version, &unread)
		if err != nil {
			return fmt.Errorf("read the attempt in doubt: %w", err)
		}
		if some || witness != liaison.WitnessNamed {
			return t.unsettled(ctx, x, out.Relay, version)
		}
		canaries, err := canaries(ctx, t, out.Relay, doubt)
		if err != nil {
			return err
		}
		if unread || !rules.Absent(doubt, t.now, canaries) {
			if out.Wait = rules.Wait(doubt, t.now, canaries); out.Wait == 0 {
				return t.unsettled(ctx, x, out.Relay, version)
			}
			return nil
		}
		back := 0
		for _, c := range canaries {
			if c.Arrived != nil {
				back++
			}
		}
		x.State, x.Reply = liaison.TransmissionDeferred, fmt.Sprintf(
			"handed over to %s; the connection broke before the answer (%s). No copy of it came back in %s, although %d test messages did: it was not taken over, and is sent again as it is",
			out.Relay, x.Reply, t.now.Sub(doubt).Round(time.Second), back)
		if _, err := t.Exec(ctx, `UPDATE transmission SET state = 'deferred', reply = left($2, 4000), next_try_at = $3, changed_at = $3 WHERE id = $1`, id, x.Reply, t.now); err != nil {
			return fmt.Errorf("record that a message was not taken over: %w", err)
		}
		e := transmissionEvent(x, liaison.EventAbsent, version)
		e.Stage, e.Reply, e.Relay = liaison.StageDot, x.Reply, out.Relay
		t.record(e)
		out.State = x.State
		return nil
	})
	return out, err
}

// unsettled records, once for each attempt, that the outcome of a message is for a person to settle.
func (t *tx) unsettled(ctx context.Context, x Transmission, relay string, version int) error {
	var said bool
	if err := t.QueryRow(ctx, `SELECT EXISTS (SELECT FROM event WHERE transmission_id = $1 AND kind = 'unsettled' AND attempt = $2)`, x.ID, x.Attempts).Scan(&said); err != nil {
		return fmt.Errorf("read events: %w", err)
	}
	if !said {
		e := transmissionEvent(x, liaison.EventUnsettled, version)
		e.Stage, e.Reply, e.Relay = liaison.StageDot, x.Reply, relay
		t.record(e)
	}
	return nil
}

// canaries lists those that a relay took over, or that came back, and that were sent after a time.
func canaries(ctx context.Context, q querier, relay string, after time.Time) ([]liaison.Canary, error) {
	rows, err := q.Query(ctx, `SELECT sent_at, arrived_at FROM canary WHERE relay = $1 AND sent_at > $2 AND (taken_at IS NOT NULL OR arrived_at IS NOT NULL) ORDER BY sent_at`, relay, after)
	if err != nil {
		return nil, fmt.Errorf("read canaries: %w", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[liaison.Canary])
	if err != nil {
		return nil, fmt.Errorf("read canaries: %w", err)
	}
	return out, nil
}

// Canaries lists the test messages that a relay took over, or that came back, and that were sent after a time, oldest first.
func (s *Store) Canaries(ctx context.Context, relay string, after time.Time) ([]liaison.Canary, error) {
	out, err := canaries(ctx, s.pool, relay, after)
	return out, unavailable(err)
}

// StartCanary records that a test message is about to be sent, and returns its id; "" when one was sent a shorter time ago than
// every.
func (s *Store) StartCanary(ctx context.Context, relay string, every time.Duration) (id liaison.TransmissionID, err error) {
	now := s.now()
	err = s.pool.QueryRow(ctx, `
		INSERT INTO canary (id, relay, sent_at) SELECT $1, $2, $3
		WHERE NOT EXISTS (SELECT FROM canary WHERE relay = $2 AND sent_at > $4) RETURNING id`, newID(), relay, now, now.Add(-every)).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	} else if err != nil {
		return "", unavailable(fmt.Errorf("record a canary: %w", err))
	}
	return id, nil
}

// EndCanary records what the relay said to a test message, and whether it took it over.
func (s *Store) EndCanary(ctx context.Context, id liaison.TransmissionID, taken bool, reply string) error {
	var at *time.Time
	if now := s.now(); taken {
		at = &now
	}
	_, err := s.pool.Exec(ctx, `UPDATE canary SET taken_at = $2, reply = left($3, 4000) WHERE id = $1`, id, at, reply)
	return unavailable(err)
}

// CanaryArrived records that a test message came back. The first time counts.
func (s *Store) CanaryArrived(ctx context.Context, id liaison.TransmissionID) error {
	_, err := s.pool.Exec(ctx, `UPDATE canary SET arrived_at = greatest(sent_at, $2) WHERE id = $1 AND arrived_at IS NULL`, id, s.now())
	return unavailable(err)
}

// Ripe lists the statements whose messages want another look by their workflow: in doubt for longer than the window while
// canaries come back by now; deferred, and past their time; on their way for longer than an attempt can last, or waiting for the first
// one for as long as nobody would; all accepted while the statement is said to be dispatched in part; all settled while it is said to be
// dispatching. And approved statements that should have been dispatched. Where their workflow is at it, the look does no harm; where
// it has ended, or has met an error that nobody has thought of, nobody else would come back to them.
// Also those whose awaited replies are all settled, by what came in without their workflow, or of which something was due long ago.
func (s *Store) Ripe(ctx context.Context, rules liaison.Settling) ([]OpenStatement, error) {
	now := s.now()
	patience := 3 * max(rules.Canary, time.Second)
	rows, err := s.pool.Query(ctx, `
		SELECT s.id, s.state FROM statement s
		WHERE s.id IN (
				SELECT t.statement_id FROM transmission t JOIN attempt a ON a.transmission_id = t.id AND a.n = t.attempts
				WHERE t.state = 'unknown' AND a.witness = 'named' AND a.ended_at < $1
					AND EXISTS (SELECT FROM canary c WHERE c.relay = a.relay AND c.sent_at > a.ended_at AND c.sent_at > $2 AND c.arrived_at IS NOT NULL)
				UNION ALL
				SELECT t.statement_id FROM transmission t
				WHERE t.batch IS NOT NULL AND (t.state = 'deferred' AND t.next_try_at < $2
					OR t.state = 'attempting' AND t.changed_at < $3 OR t.state = 'queued' AND t.changed_at < $4))
			OR s.state = 'dispatching' AND s.changed_at < $2 AND NOT EXISTS (
				SELECT FROM transmission t WHERE t.statement_id = s.id AND t.letter = 'statement' AND (t.state IN ('queued', 'attempting', 'deferred') OR t.changed_at >= $2))
			OR s.state = 'dispatched-in-part' AND `+allAccepted+`
			OR s.state = 'approved' AND s.dispatch_at < $2 AND (s.leaves_after IS NULL OR EXISTS (SELECT FROM meeting m WHERE m.id = s.leaves_after AND m.state = 'closed'))
			OR s.state IN ('dispatched', 'dispatched-in-part') AND EXISTS (SELECT FROM reply r WHERE r.statement_id = s.id AND r.state <> 'not-awaited')
				AND NOT EXISTS (SELECT FROM reply r WHERE r.statement_id = s.id AND r.state IN ('awaiting', 'extended', 'overdue', 'redirected'))
				AND `+allThrough+`
		ORDER BY s.id`, now.Add(-2*rules.Window), now.Add(-patience), now.Add(-longestAttempt), now.Add(-longestQueue))
	if err != nil {
		return nil, unavailable(fmt.Errorf("read what is ripe: %w", err))
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[OpenStatement])
	return out, unavailable(err)
}

// TakeUp lets what came in by the pages act on messages, whose role may move none, and returns how many it moved: one in doubt is
// accepted, one that was accepted came back. One that cannot be moved keeps no other waiting.
func (s *Store) TakeUp(ctx context.Context) (n int, err error) {
	rows, err := s.pool.Query(ctx, `
		SELECT id FROM (`+signsSQL+`WHERE x.state IN ('unknown', 'assumed', 'deferred')`+bestSignSQL+`) doubted WHERE proves
		UNION ALL
		SELECT t.id FROM transmission t WHERE t.state = 'accepted' AND EXISTS (SELECT FROM transmission_fact f WHERE f.transmission_id = t.id AND f.kind = 'bounced')`, liaison.SystemFacts())
	if err != nil {
		return 0, unavailable(fmt.Errorf("read what is to be taken up: %w", err))
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[liaison.TransmissionID])
	if err != nil {
		return 0, unavailable(fmt.Errorf("read what is to be taken up: %w", err))
	}
	var errs []error
	for _, id := range ids {
		moved, err := s.takeUp(ctx, id)
		if moved {
			n++
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("take up what came in about %s: %w", id, err))
		}
	}
	return n, errors.Join(errs...)
}

func (s *Store) takeUp(ctx context.Context, id liaison.TransmissionID) (moved bool, err error) {
	err = s.write(ctx, func(t *tx) error {
		if err := t.lock(ctx, id); err != nil {
			return err
		}
		ts, err := transmissions(ctx, t, `WHERE t.id = $1`, id)
		if err != nil || len(ts) == 0 {
			return err
		}
		after, err := t.takeUp(ctx, ts[0])
		moved = after != ts[0].State
		return err
	})
	return moved && err == nil, err
}

// takeUp lets what came in act on a locked message, and returns the state that it is in now. One that is being sent waits for the
// end of that.
func (t *tx) takeUp(ctx context.Context, x Transmission) (liaison.TransmissionState, error) {
	switch x.State {
	case liaison.TransmissionUnknown, liaison.TransmissionAssumed, liaison.TransmissionDeferred:
		signs, err := t.signs(ctx, x.ID)
		if came := signs[x.ID]; err == nil && came.proves {
			return t.accept(ctx, x, came.attempt, came.known())
		}
		return x.State, err
	case liaison.TransmissionAccepted:
		return t.bounced(ctx, x)
	}
	return x.State, nil
}

const (
	longestAttempt = 20 * time.Minute // an attempt is given up by its workflow after a quarter of an hour
	longestQueue   = 30 * time.Minute // for the first attempt, behind others; a look at one that only waits for its turn does no harm
)

// allAccepted holds for a statement s none of whose messages, but those that another was sent in place of, is anything but sent; allThrough
// for one of whose messages a person may have cancelled some, as [liaison.Snapshot.RepliesSettled] has it.
var (
	allAccepted = allOf(`'accepted', 'assumed'`)
	allThrough  = allOf(`'accepted', 'assumed', 'cancelled'`)
)

func allOf(states string) string {
	return `NOT EXISTS (
	SELECT FROM transmission x WHERE x.statement_id = s.id AND x.revision = s.revision AND x.letter = 'statement' AND x.state NOT IN (` + states + `)
		AND NOT EXISTS (SELECT FROM transmission c WHERE c.copy_of = x.id))`
}
