package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/liaison"
)

// Transmission is one message to one recipient.
type Transmission struct {
	ID        liaison.TransmissionID
	Statement liaison.StatementID
	Revision  int
	Letter    liaison.Letter
	Position  int          // of the addressee, 0 for a person
	Body      liaison.Code // of the addressee, or ""
	Person    liaison.PersonID
	Name      string
	Email     string
	MessageID string // without angle brackets
	Date      time.Time
	Batch     liaison.CommandID // the command that released it, or ""
	State     liaison.TransmissionState
	Attempts  int
	NextTry   *time.Time
	Code      int
	Reply     string
	Changed   time.Time
	Created   time.Time
	Digest    liaison.Digest         // of its bytes, "" until sealed
	Size      int64                  // of its bytes, 0 until sealed
	CopyOf    liaison.TransmissionID // the message to the same addressee that this one was sent in place of, or ""
	CopiedBy  liaison.TransmissionID // the message that was sent in place of this one, or ""
	Overtaken string                 // it does not leave because the statement was "Recalled by JCA-ML-LS13", or superseded; or ""
}

const transmissionSQL = `
	SELECT t.id, t.statement_id, t.revision, t.letter, coalesce(t.position, 0), coalesce(t.body_code, ''), coalesce(t.person_id::text, ''),
		t.recipient_name, t.recipient_email, t.message_id, t.message_date, coalesce(t.batch, ''), t.state, t.attempts,
		t.next_try_at, t.code, t.reply, t.changed_at, t.created_at, coalesce(m.digest, ''), coalesce(octet_length(m.bytes), 0),
		coalesce(t.copy_of::text, ''), coalesce((SELECT c.id::text FROM transmission c WHERE c.copy_of = t.id), ''), t.overtaken
	FROM transmission t LEFT JOIN message m ON m.transmission_id = t.id `

func scanTransmission(row pgx.CollectableRow) (Transmission, error) {
	var t Transmission
	err := row.Scan(&t.ID, &t.Statement, &t.Revision, &t.Letter, &t.Position, &t.Body, &t.Person,
		&t.Name, &t.Email, &t.MessageID, &t.Date, &t.Batch, &t.State, &t.Attempts,
		&t.NextTry, &t.Code, &t.Reply, &t.Changed, &t.Created, &t.Digest, &t.Size, &t.CopyOf, &t.CopiedBy, &t.Overtaken)
	return t, err
}

func transmissions(ctx context.Context, q querier, where string, args ...any) ([]Transmission, error) {
	rows, err := q.Query(ctx, transmissionSQL+where, args...)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read transmissions: %w", err))
	}
	out, err := pgx.CollectRows(rows, scanTransmission)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read transmissions: %w", err))
	}
	return out, nil
}

// Transmissions lists the messages of a statement: those to its addressees first, in their order, then the letters to persons.
func (s *Store) Transmissions(ctx context.Context, id liaison.StatementID) ([]Transmission, error) {
	if err := validID(string(id)); err != nil {
		return nil, err
	}
	return transmissions(ctx, s.pool, `WHERE t.statement_id = $1 ORDER BY t.position NULLS LAST, t.created_at, t.id`, id)
}

// Batch lists the messages that a command released.
func (s *Store) Batch(ctx context.Context, batch liaison.CommandID) ([]Transmission, error) {
	return transmissions(ctx, s.pool, `WHERE t.batch = $1 ORDER BY t.position, t.id`, batch)
}

// These lists messages by their ids, in the order of their addressees. One that is not there is left out.
func (s *Store) These(ctx context.Context, ids []liaison.TransmissionID) ([]Transmission, error) {
	for _, id := range ids {
		if err := validID(string(id)); err != nil {
			return nil, err
		}
	}
	return transmissions(ctx, s.pool, `WHERE t.id = ANY ($1) ORDER BY t.statement_id, t.position, t.id`, ids)
}

// Transmission returns one message's row, or [liaison.NotFound].
func (s *Store) Transmission(ctx context.Context, id liaison.TransmissionID) (Transmission, error) {
	if err := validID(string(id)); err != nil {
		return Transmission{}, err
	}
	ts, err := transmissions(ctx, s.pool, `WHERE t.id = $1`, id)
	if err != nil {
		return Transmission{}, err
	}
	if len(ts) == 0 {
		return Transmission{}, liaison.Refuse(liaison.NotFound, "There is no such message.")
	}
	return ts[0], nil
}

// Message returns the exact bytes of a sealed message, or [liaison.NotFound].
func (s *Store) Message(ctx context.Context, id liaison.TransmissionID) ([]byte, error) {
	var b []byte
	err := s.pool.QueryRow(ctx, `SELECT bytes FROM message WHERE transmission_id = $1`, id).Scan(&b)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, liaison.Refuse(liaison.NotFound, "This message is not sealed yet, so it has no bytes.")
	} else if err != nil {
		return nil, unavailable(fmt.Errorf("read message: %w", err))
	}
	return b, nil
}

// Attempt is one try to hand a message over.
type Attempt struct {
	N        int
	Worker   string
	Started  time.Time
	Dot      *time.Time // when the whole message was handed over, nil when it was not
	Ended    *time.Time
	Outcome  liaison.TransmissionState // "" while it runs
	Stage    liaison.Stage
	Code     int
	Enhanced string
	Reply    string
	Error    string
	Relay    string
	TLS      string
	Witness  liaison.Witness
}

// Attempts lists the tries of a message, first to last.
func (s *Store) Attempts(ctx context.Context, id liaison.TransmissionID) ([]Attempt, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT n, worker, started_at, dot_at, ended_at, coalesce(outcome, ''), coalesce(stage, ''), code, enhanced, reply, error, relay, tls, witness
		FROM attempt WHERE transmission_id = $1 ORDER BY n`, id)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read attempts: %w", err))
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Attempt])
	if err != nil {
		return nil, unavailable(fmt.Errorf("read attempts: %w", err))
	}
	return out, nil
}

// Seal stores the exact bytes of the messages of a batch, once: bytes that are stored already stay. For a statement it
// first asks the procedure again whether these bytes are approved, by someone who may.
func (s *Store) Seal(ctx context.Context, batch liaison.CommandID, messages map[liaison.TransmissionID][]byte) error {
	return s.write(ctx, func(t *tx) error {
		ts, err := transmissions(ctx, t, `WHERE t.batch = $1 ORDER BY t.position, t.id`, batch)
		if err != nil {
			return err
		}
		var snap Snapshot
		var ids []liaison.TransmissionID
		var digests []string
		var all [][]byte
		for _, x := range ts {
			bytes, given := messages[x.ID]
			if !given || x.Digest != "" {
				continue
			}
			if snap.ID == "" {
				if snap, _, err = snapshot(ctx, t, x.Statement, "", t.now, " FOR SHARE OF s"); err != nil {
					return err
				}
			}
			if x.Letter == liaison.LetterStatement {
				if snap.Over != "" {
					if err := t.overtakeLast(ctx, snap, x.ID); err != nil {
						return err
					}
					continue
				}
				if err := liaison.MayLeave(snap.Snapshot, x.Revision); err != nil {
					return err
				}
			}
			digest := liaison.DigestOf(bytes)
			ids, digests, all = append(ids, x.ID), append(digests, string(digest)), append(all, bytes)
			t.record(liaison.Event{
				Kind: liaison.EventSealed, Statement: x.Statement, Version: snap.Version, Command: batch, Acting: liaison.AsEngine,
				Revision: x.Revision, Digest: snap.Digest, Ref: snap.Ref,
				Transmission: x.ID, Letter: x.Letter, Body: x.Body, Recipient: x.Email, MessageID: x.MessageID, MessageDigest: digest,
			})
		}
		_, err = t.Exec(ctx, `INSERT INTO message (transmission_id, digest, bytes) SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[])`, ids, digests, all)
		if err != nil && !violates(err, "message_pkey") {
			return fmt.Errorf("seal messages: %w", err)
		} else if err != nil {
			return liaison.Refuse(liaison.Unavailable, "Another worker is sealing these messages. Try again in a moment.")
		}
		return nil
	})
}

// Sent is what an attempt came to.
type Sent struct {
	Stage    liaison.Stage
	Code     int
	Enhanced string
	Reply    string
	Error    string
	Relay    string
	TLS      string
	Witness  liaison.Witness // "" when it is not known here
}

// Abandon settles a message whose worker is gone: not sent for certain when the attempt never came to the final dot,
// unknown when it did. A message that is not being attempted stays as it is. It returns the state that the message is in now.
func (s *Store) Abandon(ctx context.Context, id liaison.TransmissionID, retry liaison.Retry) (state liaison.TransmissionState, err error) {
	err = s.write(ctx, func(t *tx) error {
		if err := t.lock(ctx, id); err != nil {
			return err
		}
		var n int
		var dot bool
		err := t.QueryRow(ctx, `
			SELECT t.state, t.attempts, coalesce(a.dot_at IS NOT NULL, false) FROM transmission t
			LEFT JOIN attempt a ON a.transmission_id = t.id AND a.n = t.attempts
			WHERE t.id = $1`, id).Scan(&state, &n, &dot)
		if errors.Is(err, pgx.ErrNoRows) {
			return liaison.Refuse(liaison.NotFound, "There is no such message.")
		} else if err != nil {
			return fmt.Errorf("read transmission: %w", err)
		}
		if state != liaison.TransmissionAttempting {
			return nil
		}
		sent := Sent{Stage: liaison.StageData, Error: "the worker stopped before the final dot; the message did not leave"}
		if dot {
			sent = Sent{Stage: liaison.StageDot, Error: "the worker stopped after the final dot and before the answer"}
		}
		state, err = t.settle(ctx, id, n, liaison.Classify(sent.Stage, 0), sent, retry)
		return err
	})
	return state, err
}

// lock orders everything that is done about one message: claim, dot, answer and giving up. What is read after it, by a
// statement of its own, is the latest; a join in the same statement would still see the row of the attempt as it was before
// the wait, and a message could be given up while its final dot is written.
//
// Several are locked in the order of their ids, so that two who lock some of the same wait and do not block each other.
func (t *tx) lock(ctx context.Context, ids ...liaison.TransmissionID) error {
	if _, err := t.Exec(ctx, `SELECT FROM transmission WHERE id = ANY ($1) ORDER BY id FOR UPDATE`, ids); err != nil {
		return fmt.Errorf("lock transmission: %w", err)
	}
	return nil
}

// settle writes the outcome of attempt n and moves the message.
func (t *tx) settle(ctx context.Context, id liaison.TransmissionID, n int, outcome liaison.TransmissionState, sent Sent, retry liaison.Retry) (liaison.TransmissionState, error) {
	if err := t.lock(ctx, id); err != nil {
		return "", err
	}
	ts, err := transmissions(ctx, t, `WHERE t.id = $1`, id)
	if err != nil {
		return "", err
	}
	x := ts[0]
	if n < x.Attempts && outcome == liaison.TransmissionAccepted {
		return t.late(ctx, x, n, sent)
	}
	if x.Attempts != n || !x.State.May(outcome) && x.State != liaison.TransmissionAssumed || x.State == liaison.TransmissionDeferred && outcome == liaison.TransmissionUnknown {
		return x.State, nil // a later attempt runs, or this one is settled, or its doubt is: the row says so, and stays
	}
	tag, err := t.Exec(ctx, `
		UPDATE attempt SET ended_at = $3, outcome = $4, stage = $5, code = $6, enhanced = $7, reply = $8, error = $9,
			relay = coalesce(nullif($10, ''), relay), tls = coalesce(nullif($11, ''), tls), witness = coalesce(nullif($12, ''), witness)
		WHERE transmission_id = $1 AND n = $2 AND (outcome IS NULL OR outcome = 'unknown')`,
		id, n, t.now, outcome, sent.Stage, sent.Code, sent.Enhanced, sent.Reply, sent.Error, sent.Relay, sent.TLS, sent.Witness)
	if err != nil {
		return "", fmt.Errorf("record attempt: %w", err)
	}
	if tag.RowsAffected() != 1 {
		return x.State, nil
	}
	signs, err := t.signs(ctx, id) // none, where an answer is there that settles the only doubt
	if err != nil {
		return "", err
	}
	came := signs[id]
	if came.proves && outcome != liaison.TransmissionAccepted && outcome != liaison.TransmissionUnknown { // this attempt came to nothing, and an earlier one is known by now
		return t.accept(ctx, x, came.attempt, came.known())
	}
	before := x.State
	x.State, x.Code, x.Reply, x.NextTry = outcome, sent.Code, firstOf(sent.Reply, sent.Error), nil
	switch {
	case before == liaison.TransmissionAssumed && outcome == liaison.TransmissionDeferred:
		// A person treats it as sent, and now it is certain that it was not: again for a person, and not sent by itself.
		x.State = liaison.TransmissionRefused
	case before == liaison.TransmissionAssumed && outcome == liaison.TransmissionUnknown:
		x.State = before
	case outcome == liaison.TransmissionDeferred:
		released := x.Created
		if err := t.QueryRow(ctx, `SELECT greatest($2, c.done_at) FROM command c WHERE c.id = $1 AND c.kind = 'send-again'`, x.Batch, x.Created).Scan(&released); err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return "", fmt.Errorf("read when it was released: %w", err)
		}
		if delay, ok := retry.After(n, t.now.Sub(released)); ok {
			next := t.now.Add(delay)
			x.NextTry = &next
		} else {
			x.State = liaison.TransmissionRefused
			x.Reply = fmt.Sprintf("given up after %d attempts; the last answer was: %s", n, x.Reply)
		}
	}
	var version int
	if err := t.QueryRow(ctx, `
		UPDATE transmission SET state = $2, code = $3, reply = $4, next_try_at = $5, changed_at = $6
		FROM statement s WHERE transmission.id = $1 AND s.id = transmission.statement_id RETURNING s.version`,
		id, x.State, x.Code, x.Reply, x.NextTry, t.now).Scan(&version); err != nil {
		return "", fmt.Errorf("record outcome: %w", err)
	}
	e := transmissionEvent(x, liaison.EventKind(x.State), version)
	e.Stage, e.Code, e.Reply, e.Relay = sent.Stage, sent.Code, x.Reply, sent.Relay
	t.record(e)
	if came.proves && outcome != liaison.TransmissionAccepted { // a copy can be faster than the record of the doubt
		return t.accept(ctx, x, came.attempt, came.known())
	}
	return t.bounced(ctx, x) // a report can be faster than the record of the acceptance
}

func transmissionEvent(x Transmission, kind liaison.EventKind, version int) liaison.Event {
	return liaison.Event{
		Kind: kind, Statement: x.Statement, Version: version, Command: x.Batch, Acting: liaison.AsEngine, Revision: x.Revision,
		Transmission: x.ID, Letter: x.Letter, Body: x.Body, Recipient: x.Email, MessageID: x.MessageID, MessageDigest: x.Digest, Attempt: x.Attempts,
	}
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// OpenBatch is a command that released messages which are not all settled.
type OpenBatch struct {
	Command   liaison.CommandID
	Statement bool // it is the dispatch of the statement itself, not a letter to a person

	Due   time.Time `json:",omitzero"`  // of a dispatch that has not begun: when it does, by itself
	Waits bool      `json:",omitempty"` // it is waited for
	Late  bool      `json:",omitempty"` // a message of it is deferred and a minute past its time, or does not leave any more
}

// OpenBatches lists them for a statement, oldest first. Letters that no command released are released first.
func (s *Store) OpenBatches(ctx context.Context, id liaison.StatementID) ([]OpenBatch, error) {
	if err := s.write(ctx, func(t *tx) error { return t.release(ctx, id) }); err != nil {
		return nil, err
	}
	rows, err := s.pool.Query(ctx, `
		SELECT t.batch, bool_or(t.letter = 'statement'), min(t.created_at), NULL::timestamptz, bool_or(t.state = 'deferred' AND t.next_try_at < $2 OR t.overtaken <> '') FROM transmission t
		JOIN statement s ON s.id = t.statement_id
		WHERE t.statement_id = $1 AND t.batch IS NOT NULL
			AND (t.state IN ('queued', 'attempting', 'deferred') OR t.letter = 'statement' AND s.state = 'dispatching'
				OR t.state = 'unknown' AND EXISTS (SELECT FROM attempt a WHERE a.transmission_id = t.id AND a.n = t.attempts AND a.witness = 'named')
				OR t.letter = 'statement' AND s.state = 'dispatched-in-part' AND `+allAccepted+`)
		GROUP BY t.batch
		UNION ALL
		SELECT d.command_id || '/dispatch', true, d.decided_at, greatest(s.dispatch_at, m.closed_at), false
		FROM statement s LEFT JOIN meeting m ON m.id = s.leaves_after,
			LATERAL (SELECT * FROM decision d WHERE d.statement_id = s.id AND d.digest = s.approved_digest AND d.kind = 'approve' ORDER BY d.revision DESC LIMIT 1) d
		WHERE s.id = $1 AND s.state = 'approved' AND s.dispatch_at IS NOT NULL AND (s.leaves_after IS NULL OR m.state = 'closed')
		ORDER BY 3`, id, s.now().Add(-time.Minute))
	if err != nil {
		return nil, unavailable(fmt.Errorf("read open batches: %w", err))
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (b OpenBatch, err error) {
		var due, since *time.Time
		if err = row.Scan(&b.Command, &b.Statement, &since, &due, &b.Late); due != nil {
			b.Due = *due
		}
		return b, err
	})
	return out, unavailable(err)
}

// OpenStatement is a statement whose workflow should be running.
type OpenStatement struct {
	ID    liaison.StatementID
	State liaison.State
}

// OpenStatements lists the statements whose workflow should be running: those under way, and those with messages not settled. A draft
// that nothing was asked of yet has none.
func (s *Store) OpenStatements(ctx context.Context) ([]OpenStatement, error) {
	var final []liaison.State
	for _, x := range liaison.States {
		if x.Final {
			final = append(final, x.State)
		}
	}
	rows, err := s.pool.Query(ctx, `
		SELECT s.id, s.state FROM statement s
		WHERE s.state <> ALL ($1) AND (s.state <> 'draft' OR s.revision > 0)
			OR EXISTS (SELECT FROM transmission t WHERE t.statement_id = s.id AND t.batch IS NOT NULL AND t.state IN ('queued', 'attempting', 'deferred'))
		ORDER BY s.id`, final)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read open statements: %w", err))
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[OpenStatement])
	return out, unavailable(err)
}
