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

// InboundID names a message that came in.
type InboundID string

// Receive stores a message as it came in, and returns when it is committed: from then on the server that brought it may
// be told so. The same bytes for the same recipient are stored once; fresh says whether they were new. What the message
// means is worked out by [Store.HandleInbound], afterwards, so that nothing that can go wrong there loses a message.
func (s *Store) Receive(ctx context.Context, raw []byte, envelopeRecipient, source string) (id InboundID, fresh bool, err error) {
	digest := liaison.DigestOf(raw)
	envelopeRecipient = strings.ToValidUTF8(strings.ReplaceAll(envelopeRecipient, "\x00", ""), "\uFFFD")
	if r := []rune(envelopeRecipient); len(r) > 320 {
		envelopeRecipient = string(r[:320])
	}
	err = s.pool.QueryRow(ctx, `
		INSERT INTO inbound_message (id, digest, envelope_recipient, raw, source, received_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT ON CONSTRAINT inbound_message_once DO NOTHING RETURNING id`,
		newID(), digest, envelopeRecipient, raw, source, s.now()).Scan(&id)
	if err == nil {
		return id, true, nil
	}
	if errors.Is(err, pgx.ErrNoRows) { // it was brought before, and is never deleted
		err = s.pool.QueryRow(ctx, `SELECT id FROM inbound_message WHERE digest = $1 AND envelope_recipient = $2`, digest, envelopeRecipient).Scan(&id)
	}
	if err != nil {
		return "", false, unavailable(fmt.Errorf("store an inbound message: %w", err))
	}
	return id, false, nil
}

// Handled is what was made of a message that came in.
type Handled struct {
	ID           InboundID
	Understood   inbound.Understood
	MatchedBy    inbound.Evidence // "" for what matches nothing and waits in the tray
	Transmission liaison.TransmissionID
	Statement    liaison.StatementID
	Facts        []liaison.Fact // that were new
}

// HandleInbound understands a stored message, finds the transmission that it is about, and writes what follows in one
// transaction with its events. It sends nothing. A message that was handled before stays as it is, and has no new facts.
func (s *Store) HandleInbound(ctx context.Context, id InboundID, keys inbound.Keys) (h Handled, err error) {
	err = s.write(ctx, func(t *tx) error {
		var raw []byte
		var to string
		var done *time.Time
		var received time.Time
		h = Handled{ID: id}
		err := t.QueryRow(ctx, `
			SELECT raw, envelope_recipient, handled_at, coalesce(understood, '{}'), coalesce(matched_by, ''), coalesce(transmission_id::text, ''), coalesce(statement_id::text, ''), received_at
			FROM inbound_message WHERE id = $1 FOR UPDATE`, id).Scan(&raw, &to, &done, &h.Understood, &h.MatchedBy, &h.Transmission, &h.Statement, &received)
		if errors.Is(err, pgx.ErrNoRows) {
			return liaison.Refuse(liaison.NotFound, "There is no such inbound message.")
		} else if err != nil {
			return fmt.Errorf("read an inbound message: %w", err)
		}
		if done != nil {
			return nil
		}
		h.Understood = understand(raw, to)
		x, by, err := t.match(ctx, h.Understood, keys, received)
		if err != nil {
			return err
		}
		if x.ID != "" {
			h.MatchedBy, h.Transmission, h.Statement = by, x.ID, x.Statement
			if h.Facts, err = t.learn(ctx, x, id, h.Understood); err != nil {
				return err
			}
			if slices.Contains(h.Facts, liaison.FactReplied) {
				day, err := t.zonedDay(ctx, x.Statement, received)
				if err != nil {
					return err
				}
				if err := t.came(ctx, x, liaison.ReplyComes, evidence{inbound: id, day: day}, ""); err != nil {
					return err
				}
			}
		}
		if _, err := t.Exec(ctx, `
			UPDATE inbound_message SET handled_at = $2, kind = $3, understood = $4, matched_by = $5, transmission_id = $6, statement_id = $7 WHERE id = $1`,
			id, t.now, h.Understood.Kind, h.Understood, nullable(h.MatchedBy), nullable(h.Transmission), nullable(h.Statement)); err != nil {
			return fmt.Errorf("record what an inbound message means: %w", err)
		}
		return nil
	})
	return h, err
}

// understand is [inbound.Understand], which has no known way to fail. A defect there must not keep a message from the
// tray, nor everything behind it.
func understand(raw []byte, to string) (u inbound.Understood) {
	defer func() {
		if r := recover(); r != nil {
			u = inbound.Understood{Kind: inbound.Unmatched, Recipients: []inbound.Recipient{}}
		}
	}()
	return inbound.Understand(raw, to)
}

// HandleOpen handles up to limit messages that were stored and not handled, oldest first: after a crash, and after the
// database was away. One that cannot be handled does not keep the others waiting. It returns how many it handled.
func (s *Store) HandleOpen(ctx context.Context, keys inbound.Keys, limit int) (n int, err error) {
	rows, err := s.pool.Query(ctx, `SELECT id FROM inbound_message WHERE handled_at IS NULL ORDER BY received_at, id LIMIT $1`, limit)
	if err != nil {
		return 0, unavailable(fmt.Errorf("read open inbound messages: %w", err))
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[InboundID])
	if err != nil {
		return 0, unavailable(fmt.Errorf("read open inbound messages: %w", err))
	}
	var errs []error
	for _, id := range ids {
		if _, err := s.HandleInbound(ctx, id, keys); err != nil {
			errs = append(errs, fmt.Errorf("handle inbound message %s: %w", id, err))
			if liaison.CodeOf(err) == liaison.Unavailable {
				break
			}
			continue
		}
		n++
	}
	return n, errors.Join(errs...)
}

// match finds the transmission that a message is about, strongest evidence first, and locks it. A message that never left
// can have nothing said about it. The number in a subject is no match: everybody can write it. What comes after the message was
// known to be in other hands is for a person: see [tx.revoked].
func (t *tx) match(ctx context.Context, u inbound.Understood, keys inbound.Keys, received time.Time) (x Transmission, by inbound.Evidence, err error) {
	if x, by, err = t.found(ctx, u, keys); err != nil || x.ID == "" || u.Role == inbound.RoleWitness {
		return x, by, err
	}
	if revoked, err := t.revoked(ctx, x, received); err != nil || revoked {
		return Transmission{}, "", err
	}
	return x, by, nil
}

// revoked reports whether the link of the message was ended before something came. Whoever has the message has its addresses and its
// Message-ID as well, so neither an answer nor a report is its addressee's or its mail system's for that; and the letters about it
// that had been made until then are in the same hands. Our own copy stays one: it is the whole message, and comes only to us.
func (t *tx) revoked(ctx context.Context, x Transmission, received time.Time) (is bool, err error) {
	err = t.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM transmission_token_revoked r JOIN transmission m ON m.id = r.transmission_id
			WHERE r.at <= $2 AND (m.id = x.id OR x.letter <> 'statement' AND m.statement_id = x.statement_id AND m.position = x.position AND x.created_at <= r.at))
		FROM transmission x WHERE x.id = $1`, x.ID, received).Scan(&is)
	if err != nil {
		return false, fmt.Errorf("read whether a link was ended: %w", err)
	}
	return is, nil
}

func (t *tx) found(ctx context.Context, u inbound.Understood, keys inbound.Keys) (Transmission, inbound.Evidence, error) {
	for _, e := range []struct {
		by     inbound.Evidence
		tokens []string
		ids    []string
	}{
		{by: inbound.ByToken, tokens: u.Tokens},
		{by: inbound.ByEnvelopeID, tokens: []string{u.EnvelopeID}}, // we give the token for it
		{by: inbound.ByMessageID, ids: u.ReturnedIDs},
		{by: inbound.ByInReplyTo, ids: u.ReplyIDs},
		{by: inbound.ByReferences, ids: u.References},
	} {
		for _, token := range e.tokens {
			if id, err := keys.Verify(token); err == nil {
				x, err := t.lockWhere(ctx, `t.id = $1`, id)
				if err != nil || x.ID != "" {
					return x, e.by, err
				}
			}
		}
		for _, id := range e.ids {
			x, err := t.lockWhere(ctx, `t.message_id = $1`, id)
			if err != nil || x.ID != "" {
				return x, e.by, err
			}
		}
	}
	return Transmission{}, "", nil
}

// lockWhere locks the transmission that the condition names, if it was ever attempted, and then reads it.
func (t *tx) lockWhere(ctx context.Context, where string, arg any) (Transmission, error) {
	var id liaison.TransmissionID
	err := t.QueryRow(ctx, `SELECT t.id FROM transmission t WHERE `+where+` AND t.attempts > 0`, arg).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return Transmission{}, nil
	} else if err != nil {
		return Transmission{}, fmt.Errorf("find a transmission: %w", err)
	}
	if err := t.lock(ctx, id); err != nil {
		return Transmission{}, err
	}
	ts, err := transmissions(ctx, t, `WHERE t.id = $1`, id)
	if err != nil || len(ts) == 0 {
		return Transmission{}, err
	}
	return ts[0], nil
}

// learn records what a message says about a transmission: facts, each with its event, and what follows for its state. An
// unknown outcome is none any more, because every fact proves that some server took the message over.
func (t *tx) learn(ctx context.Context, x Transmission, from InboundID, u inbound.Understood) ([]liaison.Fact, error) {
	var known int
	err := t.QueryRow(ctx, `SELECT count(*) FROM transmission_fact WHERE transmission_id = $1`, x.ID).Scan(&known)
	if err != nil {
		return nil, fmt.Errorf("count facts: %w", err)
	}
	facts := factsIn(x, u)
	if len(facts) > 0 {
		if x.State, err = t.prove(ctx, x, facts[0]); err != nil {
			return nil, err
		}
	}
	facts = facts[:min(len(facts), max(0, maxFacts-known))]
	if len(facts) == 0 {
		return nil, nil
	}
	var version int
	if err := t.QueryRow(ctx, `SELECT version FROM statement WHERE id = $1`, x.Statement).Scan(&version); err != nil {
		return nil, fmt.Errorf("read statement: %w", err)
	}
	var kinds []liaison.Fact
	b := &pgx.Batch{}
	for _, f := range facts {
		e := transmissionEvent(x, f.kind.Event(), version)
		e.Reply = f.words
		t.record(e)
		b.Queue(`INSERT INTO transmission_fact (id, transmission_id, kind, at, inbound_id, recipient, status, diagnostic, event_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			newID(), x.ID, f.kind, t.now, from, f.recipient, f.status, f.diagnostic, t.events[len(t.events)-1].ID)
		kinds = append(kinds, f.kind)
	}
	if err := t.SendBatch(ctx, b).Close(); err != nil {
		return nil, fmt.Errorf("record facts: %w", err)
	}
	_, err = t.bounced(ctx, x)
	return kinds, err
}

// maxFacts bounds what is recorded of one message. Whoever has its token could fill the log for ever; what comes in beyond the
// bound is stored and linked all the same.
const maxFacts = 200

// fact is one fact before it is written.
type fact struct {
	kind                                 liaison.Fact
	recipient, status, diagnostic, words string
}

// factsIn lists what a message says about a transmission, each thing once.
func factsIn(x Transmission, u inbound.Understood) []fact {
	var out []fact
	add := func(f fact) {
		f.words = strings.TrimSpace(f.words)
		if f.kind != "" && !slices.ContainsFunc(out, func(o fact) bool { return o.kind == f.kind && o.recipient == f.recipient }) {
			out = append(out, f)
		}
	}
	if u.Role == inbound.RoleWitness {
		// Somebody may write to that address; only the message itself is a witness.
		if u.MessageID == x.MessageID {
			add(fact{kind: liaison.FactWitnessed, recipient: x.Email, diagnostic: u.TakenBy, words: u.TakenBy})
		}
		return out
	}
	switch u.Kind {
	case inbound.DeliveryStatus:
		for _, r := range u.Recipients {
			f := fact{kind: liaison.FactOf(r.Action), recipient: r.Recipient, status: r.Status, diagnostic: r.Diagnostic, words: strings.TrimSpace(r.Status + " " + r.Diagnostic)}
			if f.recipient == "" { // a report without fields; our token says whom we wrote to
				f.recipient = x.Email
			}
			if !strings.EqualFold(f.recipient, x.Email) {
				f.words = f.recipient + ": " + f.words // where the addressee's mailbox passed it on to
			}
			add(f)
		}
	case inbound.DispositionNotification:
		for _, r := range u.Recipients {
			if r.Action == "displayed" {
				add(fact{kind: liaison.FactDisplayed, recipient: firstOf(r.Recipient, x.Email), diagnostic: r.Diagnostic, words: r.Diagnostic})
			}
		}
	case inbound.AutoReply:
		add(fact{kind: liaison.FactAutoReplied, recipient: x.Email, words: u.Subject})
	case inbound.Reply:
		add(fact{kind: liaison.FactReplied, recipient: x.Email, words: "from " + u.From + ": " + u.Subject})
	}
	return out
}

// bounced moves an accepted message on when a report says that it came back, and returns the state that it is in now.
func (t *tx) bounced(ctx context.Context, x Transmission) (liaison.TransmissionState, error) {
	if x.State != liaison.TransmissionAccepted {
		return x.State, nil
	}
	tag, err := t.Exec(ctx, `
		UPDATE transmission SET state = 'bounced', changed_at = $2, reply = left(concat_ws(' ', nullif(f.status, ''), nullif(f.diagnostic, '')), 4000), code = 0
		FROM (SELECT status, diagnostic FROM transmission_fact WHERE transmission_id = $1 AND kind = 'bounced' ORDER BY at, id LIMIT 1) f
		WHERE transmission.id = $1 AND state = 'accepted'`, x.ID, t.now)
	if err != nil {
		return x.State, fmt.Errorf("record that a message bounced: %w", err)
	}
	if tag.RowsAffected() == 1 {
		return liaison.TransmissionBounced, nil
	}
	return x.State, nil
}

// FactLine is one fact as it is shown.
type FactLine struct {
	Transmission liaison.TransmissionID
	Fact         liaison.Fact
	At           time.Time
	Inbound      InboundID // the message that says so, "" for what a person said on a page
	Recipient    string
	Status       string
	Diagnostic   string
}

// Facts lists what became known of a statement's messages, oldest first.
func (s *Store) Facts(ctx context.Context, id liaison.StatementID) ([]FactLine, error) {
	if err := validID(string(id)); err != nil {
		return nil, err
	}
	rows, err := s.pool.Query(ctx, `
		SELECT f.transmission_id, f.kind, f.at, coalesce(f.inbound_id::text, ''), f.recipient, f.status, f.diagnostic
		FROM transmission_fact f JOIN transmission t ON t.id = f.transmission_id
		WHERE t.statement_id = $1 ORDER BY f.at, f.id`, id)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read facts: %w", err))
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[FactLine])
	return out, unavailable(err)
}

// Inbound is a message that came in, without its bytes.
type Inbound struct {
	ID                InboundID
	Digest            liaison.Digest
	EnvelopeRecipient string
	Source            string
	Size              int
	Received          time.Time
	Handled           *time.Time
	Understood        inbound.Understood
	MatchedBy         inbound.Evidence
	Transmission      liaison.TransmissionID
	Statement         liaison.StatementID
}

const inboundSQL = `
	SELECT id, digest, envelope_recipient, source, length(raw), received_at, handled_at, coalesce(understood, '{}'),
		coalesce(matched_by, ''), coalesce(transmission_id::text, ''), coalesce(statement_id::text, '')
	FROM inbound_message `

func (s *Store) inbound(ctx context.Context, where string, args ...any) ([]Inbound, error) {
	rows, err := s.pool.Query(ctx, inboundSQL+where, args...)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read inbound messages: %w", err))
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Inbound])
	return out, unavailable(err)
}

// Tray lists what came in and matched nothing, newest first: at most limit, older than the message with the id after, if
// one is given.
func (s *Store) Tray(ctx context.Context, after InboundID, limit int) ([]Inbound, error) {
	if after == "" {
		return s.inbound(ctx, `WHERE handled_at IS NOT NULL AND statement_id IS NULL ORDER BY received_at DESC, id DESC LIMIT $1`, limit)
	}
	if err := validID(string(after)); err != nil {
		return nil, err
	}
	return s.inbound(ctx, `
		WHERE handled_at IS NOT NULL AND statement_id IS NULL AND (received_at, id) < (SELECT received_at, id FROM inbound_message WHERE id = $1)
		ORDER BY received_at DESC, id DESC LIMIT $2`, after, limit)
}

// InboundOf lists what came in about a statement, oldest first.
func (s *Store) InboundOf(ctx context.Context, id liaison.StatementID) ([]Inbound, error) {
	if err := validID(string(id)); err != nil {
		return nil, err
	}
	return s.inbound(ctx, `WHERE statement_id = $1 ORDER BY received_at, id`, id)
}

// InboundMessage returns a message that came in and its exact bytes, or [liaison.NotFound]. They are as hostile as
// their sender.
func (s *Store) InboundMessage(ctx context.Context, id InboundID) (Inbound, []byte, error) {
	if err := validID(string(id)); err != nil {
		return Inbound{}, nil, err
	}
	list, err := s.inbound(ctx, `WHERE id = $1`, id)
	if err != nil {
		return Inbound{}, nil, err
	}
	if len(list) == 0 {
		return Inbound{}, nil, liaison.Refuse(liaison.NotFound, "There is no such inbound message.")
	}
	var raw []byte
	if err := s.pool.QueryRow(ctx, `SELECT raw FROM inbound_message WHERE id = $1`, id).Scan(&raw); err != nil {
		return Inbound{}, nil, unavailable(fmt.Errorf("read an inbound message: %w", err))
	}
	return list[0], raw, nil
}
