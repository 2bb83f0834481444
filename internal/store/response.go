package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/liaison"
)

// maxResponses is how much may be said about one message: whoever has the link cannot fill the log.
const maxResponses = 50

// MaxLinkBytes is how much may be stored of what comes in by one link, in bytes: files are kept for ever, also those of a form that
// is not sent again.
const MaxLinkBytes = 10 * liaison.MaxAttachmentBytes

var (
	errNotOurForm = liaison.Refuse(liaison.Invalid, "The form was not made by this page. Open the page again and send it from there.")
	errMuchSaid   = liaison.Refuse(liaison.Conflict, "Much has been said here about this statement already. Write to the address that the message came from instead.")
	errMuchSent   = liaison.Refuse(liaison.TooLarge, "Much has been sent here already, and no more files are taken. Write to the address that the message came from instead, and attach them there.")
)

// errNoLink is the one answer to every link that leads nowhere, whatever is wrong with it.
var errNoLink = liaison.Refuse(liaison.NotFound, "There is nothing under this address. Copy the whole link from the message, or write to the address that the message came from.")

// Addressed returns the message whose link somebody follows: one to an addressee, that was handed over at least once, and
// whose link is good. Everything else is refused alike with [liaison.NotFound], by the same read, also an id that is none.
func (s *Store) Addressed(ctx context.Context, id liaison.TransmissionID) (Transmission, error) {
	if validID(string(id)) != nil {
		id = "00000000-0000-0000-0000-000000000000"
	}
	ts, err := transmissions(ctx, s.pool, `
		WHERE t.id = $1 AND t.letter = 'statement' AND t.attempts > 0 AND NOT EXISTS (SELECT FROM transmission_token_revoked r WHERE r.transmission_id = t.id)`, id)
	if err != nil {
		return Transmission{}, err
	}
	if len(ts) == 0 {
		return Transmission{}, errNoLink
	}
	return ts[0], nil
}

// Response is one thing that an addressee said.
type Response struct {
	ID           string
	Transmission liaison.TransmissionID
	liaison.Response
	Digest  liaison.Digest // of Canonical
	Bytes   []byte         // the canonical form, which the log's digest is of
	At      time.Time
	Command liaison.CommandID
}

// Respond records what an addressee says, with its event. A repeat of the command is the first one again: fresh is false,
// and nothing is written. It moves no state; what is asked for is for a person to answer.
func (s *Store) Respond(ctx context.Context, id liaison.TransmissionID, command liaison.CommandID, r liaison.Response) (fresh bool, err error) {
	if err := validID(string(command)); err != nil {
		return false, errNotOurForm
	}
	x, err := s.Addressed(ctx, id)
	if err != nil {
		return false, err
	}
	snap, err := s.Snapshot(ctx, x.Statement)
	if err != nil {
		return false, err
	}
	r = r.Tidy()
	if problems := r.Check(snap.Today); len(problems) > 0 {
		return false, problems[0]
	}
	canonical, err := r.Canonical()
	if err != nil {
		return false, fmt.Errorf("encode response: %w", err)
	}
	err = s.write(ctx, func(t *tx) error {
		if again, err := mayRespond(ctx, t, x.ID, command); again || err != nil {
			return err
		}
		digest := liaison.DigestOf(canonical)
		e := transmissionEvent(x, r.Kind.Event(), snap.Version)
		e.Command, e.Digest, e.Reason = command, digest, r.Words()
		t.record(e)
		event, row := t.events[len(t.events)-1].ID, newID()
		b := &pgx.Batch{}
		b.Queue(`
			INSERT INTO transmission_response (id, transmission_id, kind, person_name, asked_date, canonical, digest, at, command_id, event_id)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, row, x.ID, r.Kind, r.Name, nullable(r.Date), canonical, digest, t.now, command, event)
		for i, a := range r.Files {
			b.Queue(`INSERT INTO transmission_response_file (response_id, position, digest) VALUES ($1, $2, $3)`, row, i+1, a.Digest)
		}
		if f := r.Kind.Fact(); f != "" {
			b.Queue(`INSERT INTO transmission_fact (id, transmission_id, kind, at, recipient, event_id) VALUES ($1, $2, $3, $4, $5, $6)`, newID(), x.ID, f, t.now, x.Email, event)
		}
		if err := t.SendBatch(ctx, b).Close(); err != nil {
			return fmt.Errorf("record response: %w", err)
		}
		fresh = true
		return t.came(ctx, x, liaison.ReplyActOf(r), evidence{response: row, day: snap.Today, asked: r.Date}, command)
	})
	if violates(err, "transmission_response_once") { // the other click was quicker
		return false, nil
	}
	return fresh && err == nil, err
}

// mayRespond refuses where too much was said by the link of a message, and reports whether the command is on record.
func mayRespond(ctx context.Context, q querier, id liaison.TransmissionID, command liaison.CommandID) (again bool, err error) {
	var said int
	var other string
	if err := q.QueryRow(ctx, `
		SELECT (SELECT count(*) FROM transmission_response WHERE transmission_id = $1),
			coalesce((SELECT transmission_id::text FROM transmission_response WHERE command_id = $2), '')`, id, command).Scan(&said, &other); err != nil {
		return false, fmt.Errorf("read responses: %w", err)
	}
	switch {
	case other == string(id):
		return true, nil
	case other != "":
		return false, errNotOurForm
	case said >= maxResponses:
		return false, errMuchSaid
	}
	return false, nil
}

// PutAnswer stores a file that came in by the link of a message, in a form with the command. It refuses, before anything is stored, what
// [Store.Respond] would refuse of any form, and with [liaison.TooLarge] what would be more than [MaxLinkBytes]. What is stored
// already counts nothing.
func (s *Store) PutAnswer(ctx context.Context, id liaison.TransmissionID, command liaison.CommandID, b []byte) (liaison.Digest, error) {
	if err := validID(string(command)); err != nil {
		return "", errNotOurForm
	}
	d := liaison.DigestOf(b)
	err := s.write(ctx, func(t *tx) error {
		if _, err := mayRespond(ctx, t, id, command); err != nil {
			return err
		}
		var have bool
		if err := t.QueryRow(ctx, `SELECT EXISTS (SELECT FROM blob WHERE digest = $1)`, d).Scan(&have); err != nil || have {
			return err
		}
		tag, err := t.Exec(ctx, `
			INSERT INTO link_upload AS u (transmission_id, bytes) VALUES ($1, $2)
			ON CONFLICT (transmission_id) DO UPDATE SET bytes = u.bytes + $2 WHERE u.bytes + $2 <= $3`, id, len(b), MaxLinkBytes)
		if err != nil {
			return fmt.Errorf("count what came in by a link: %w", err)
		}
		if tag.RowsAffected() == 0 {
			return errMuchSent
		}
		if _, err := t.Exec(ctx, `INSERT INTO blob (digest, bytes) VALUES ($1, $2) ON CONFLICT DO NOTHING`, d, b); err != nil {
			return fmt.Errorf("store file: %w", err)
		}
		return nil
	})
	return d, err
}

// Responses lists what the addressees of a statement said, oldest first.
func (s *Store) Responses(ctx context.Context, id liaison.StatementID) ([]Response, error) {
	if err := validID(string(id)); err != nil {
		return nil, err
	}
	return s.responses(ctx, `JOIN transmission t ON t.id = r.transmission_id WHERE t.statement_id = $1`, id)
}

// ResponsesTo lists what was said about one message, oldest first.
func (s *Store) ResponsesTo(ctx context.Context, id liaison.TransmissionID) ([]Response, error) {
	if err := validID(string(id)); err != nil {
		return nil, err
	}
	return s.responses(ctx, `WHERE r.transmission_id = $1`, id)
}

func (s *Store) responses(ctx context.Context, where string, args ...any) ([]Response, error) {
	rows, err := s.pool.Query(ctx, `SELECT r.id, r.transmission_id, r.canonical, r.digest, r.at, r.command_id FROM transmission_response r `+where+` ORDER BY r.at, r.id`, args...)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read responses: %w", err))
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Response, error) {
		var r Response
		if err := row.Scan(&r.ID, &r.Transmission, &r.Bytes, &r.Digest, &r.At, &r.Command); err != nil {
			return r, err
		}
		return r, json.Unmarshal(r.Bytes, &r.Response)
	})
	if err != nil {
		return nil, unavailable(fmt.Errorf("read responses: %w", err))
	}
	return out, nil
}

// Revoked is the end of a link.
type Revoked struct {
	By     string
	Reason string
	At     time.Time
}

// LinkRevoked says whether the link of a message leads nowhere any more; nil while it is good.
func (s *Store) LinkRevoked(ctx context.Context, id liaison.TransmissionID) (*Revoked, error) {
	var r Revoked
	err := s.pool.QueryRow(ctx, `SELECT p.name, r.reason, r.at FROM transmission_token_revoked r JOIN person p ON p.id = r.person_id WHERE r.transmission_id = $1`, id).Scan(&r.By, &r.Reason, &r.At)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	} else if err != nil {
		return nil, unavailable(fmt.Errorf("read the link: %w", err))
	}
	return &r, nil
}

// RevokeLink ends the link of a message to an addressee for good, and with it everything that whoever has the message can do in the
// addressee's name: mail about it that comes from now on is matched by nothing, and the link to the body's own page, which the page
// of the message shows, is worth nothing. The group's secretariat and chairs may; a repeat changes nothing.
func (s *Store) RevokeLink(ctx context.Context, id liaison.TransmissionID, by liaison.PersonID, reason string) error {
	x, err := s.Transmission(ctx, id)
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
	case x.Letter != liaison.LetterStatement:
		return liaison.Refuse(liaison.Invalid, "Only messages to addressees have a link.")
	case acting == liaison.AsReader:
		return liaison.Refuse(liaison.Forbidden, "Only the secretariat and the chairs end a link.")
	}
	if err := liaison.CheckReason(reason); err != nil {
		return err
	}
	err = s.write(ctx, func(t *tx) error {
		e := transmissionEvent(x, liaison.EventLinkRevoked, snap.Version)
		e.Actor, e.Acting, e.Drafted, e.Reason, e.Command = by, acting, snap.Drafted(by), reason, ""
		t.record(e)
		if _, err := t.Exec(ctx, `INSERT INTO transmission_token_revoked (transmission_id, person_id, reason, at, event_id) VALUES ($1, $2, $3, $4, $5)`,
			x.ID, by, reason, t.now, t.events[len(t.events)-1].ID); err != nil {
			return fmt.Errorf("revoke link: %w", err)
		}
		if x.Body == "" {
			return nil
		}
		return t.revokeBodyLink(ctx, x.Body, by)
	})
	if violates(err, "transmission_token_revoked_pkey") {
		return nil
	}
	return err
}
