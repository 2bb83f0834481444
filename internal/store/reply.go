package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/liaison"
)

// replyColumns are what an addressee owes, from the tables t (its first message), a (the addressee) and r (the reply, or nothing).
const replyColumns = `t.id, t.position, coalesce(t.body_code, ''), t.recipient_name, a.purpose, coalesce(r.state, 'not-awaited'), coalesce(r.deadline::text, ''),
	coalesce(r.due::text, ''), coalesce(r.asked::text, ''), coalesce(r.redirected_to, ''), coalesce(r.since, t.created_at),
	(SELECT min(m.step) FROM reminder m WHERE m.statement_id = t.statement_id AND m.position = t.position AND m.due = r.due)`

const replyFrom = ` FROM transmission t
	JOIN statement s ON s.id = t.statement_id
	JOIN addressee a ON a.statement_id = t.statement_id AND a.revision = t.revision AND a.position = t.position
	LEFT JOIN reply r ON r.statement_id = t.statement_id AND r.position = t.position `

// overSQL is the relation by which another statement that has left says that a statement s counts no more, or ”; $2 are the states
// of what has left.
const overSQL = `coalesce((SELECT x.kind FROM relation x JOIN statement o ON o.id = x.statement_id AND o.revision = x.revision
	WHERE x.related_id = s.id AND x.kind IN ('recalls', 'revises') AND o.state = ANY ($2) ORDER BY x.kind LIMIT 1), '')`

// firstMessage holds for the first message to an addressee of what was dispatched, or withdrawn: a reply to that may come too.
const firstMessage = `t.letter = 'statement' AND t.copy_of IS NULL AND t.revision = s.revision AND (r.state IS NOT NULL OR s.state = 'withdrawn')`

func replyFields(r *liaison.Reply) []any {
	return []any{&r.Transmission, &r.Position, &r.Body, &r.Name, &r.Purpose, &r.State, &r.Deadline, &r.Due, &r.Asked, &r.Redirected, &r.Since, &r.Reminded}
}

func scanReply(row pgx.CollectableRow) (r liaison.Reply, err error) {
	err = row.Scan(replyFields(&r)...)
	return r, err
}

// replyEvent is an event about the reply of an addressee.
func replyEvent(x Transmission, before, after liaison.Reply, rule liaison.ReplyRule, version int) liaison.Event {
	e := transmissionEvent(x, rule.Event, version)
	e.Command, e.ReplyFrom, e.ReplyTo, e.Due, e.Asked = "", before.State, after.State, after.Due, after.Asked
	switch rule.Act {
	case liaison.ReplyBegins:
		e.ReplyFrom = ""
	case liaison.ReplyRefuses:
		e.Asked = before.Asked
	}
	return e
}

// moveSQL writes where a reply stands. What the pages may not write it leaves as it is.
const moveSQL = `UPDATE reply SET state = $3, asked = $4, redirected_to = $5, changed_at = $6 WHERE statement_id = $1 AND position = $2`

func moveArgs(id liaison.StatementID, r liaison.Reply, now time.Time) []any {
	return []any{id, r.Position, r.State, nullable(r.Asked), nullable(r.Redirected), now}
}

// evidence is what came in that a reply is judged by.
type evidence struct {
	response string
	inbound  InboundID
	day      liaison.Date // on which it came, in the group's zone
	asked    liaison.Date // that it asks for
	body     liaison.Code // who sent it, where that is not the addressee
	by       liaison.PersonID
	reason   string
}

// linkKinds are what a message is to a reply after an act; the database's CHECK follows it.
var linkKinds = map[liaison.ReplyAct]string{liaison.ReplyComes: "reply", liaison.ReplyInterim: "interim", liaison.ReplyUnlinked: "none"}

const linkSQL = `
	INSERT INTO reply_link (statement_id, position, kind, response_id, inbound_id, came_on, body_code, person_id, reason, stood, at, event_id)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`

func linkArgs(s Snapshot, r liaison.Reply, act liaison.ReplyAct, e evidence, now time.Time, event liaison.EventID) []any {
	return []any{s.ID, r.Position, linkKinds[act], nullable(e.response), nullable(e.inbound), e.day, nullable(e.body), nullable(e.by), e.reason, stood(s), now, event}
}

// stood is where a statement stands for who looks at a reply to it: its state, or that it was recalled or superseded.
func stood(s Snapshot) string {
	if s.Over != "" {
		return string(s.Over)
	}
	return string(s.State)
}

// came lets what came in about a message to an addressee act on the reply that is owed. What cannot act on it as it stands, a
// second "declined" say, stands on the record as what was said, and moves nothing.
func (t *tx) came(ctx context.Context, x Transmission, act liaison.ReplyAct, e evidence, command liaison.CommandID) error {
	if act == "" || x.Position == 0 || x.Letter == liaison.LetterArrivalAsked { // whether it arrived is not what the statement asks
		return nil
	}
	var at time.Time
	err := t.QueryRow(ctx, `SELECT r.changed_at FROM reply r WHERE r.statement_id = $1 AND r.position = $2 FOR UPDATE`, x.Statement, x.Position).Scan(&at)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	} else if err != nil {
		return fmt.Errorf("lock a reply: %w", err)
	}
	snap, _, err := snapshot(ctx, t, x.Statement, "", t.now, "")
	if err != nil {
		return err
	}
	i := slices.IndexFunc(snap.Replies, func(r liaison.Reply) bool { return r.Position == x.Position })
	if i < 0 {
		return nil
	}
	before := snap.Replies[i]
	if e.day == "" {
		e.day = snap.Today
	}
	after, rule, err := before.After(act, liaison.ReplyDetail{Day: e.day, Date: e.asked, Over: snap.State.Final()})
	if code := liaison.CodeOf(err); code == liaison.Conflict || code == liaison.Invalid {
		return nil
	} else if err != nil {
		return err
	}
	if x.ID != before.Transmission {
		if x, err = t.firstTo(ctx, before.Transmission); err != nil {
			return err
		}
	}
	event := replyEvent(x, before, after, rule, snap.Version)
	event.Command = command
	id := t.record(event)
	b := &pgx.Batch{}
	b.Queue(moveSQL, moveArgs(snap.ID, after, t.now)...)
	if linkKinds[act] != "" {
		b.Queue(linkSQL, linkArgs(snap, after, act, e, t.now, id)...)
	}
	if err := t.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("record what came for a reply: %w", err)
	}
	return nil
}

func (t *tx) firstTo(ctx context.Context, id liaison.TransmissionID) (Transmission, error) {
	ts, err := transmissions(ctx, t, `WHERE t.id = $1`, id)
	if err != nil || len(ts) == 0 {
		return Transmission{}, cmp.Or(err, fmt.Errorf("the message %s is gone", id))
	}
	return ts[0], nil
}

// zonedDay is the day on which something came, in the zone of the statement's group.
func (t *tx) zonedDay(ctx context.Context, id liaison.StatementID, at time.Time) (liaison.Date, error) {
	snap, _, err := snapshot(ctx, t, id, "", t.now, "")
	if err != nil {
		return "", err
	}
	return today(snap.Profile, at)
}

// ---- what commands do

// awaitReplies begins the track of each addressee, with the dispatch.
func (w *writing) awaitReplies() {
	var positions []int
	var states []string
	for i, a := range w.Content.Addressees {
		positions, states = append(positions, i+1), append(states, string(w.Profile.Awaits(w.Content, a)))
	}
	w.batch.Queue(`
		INSERT INTO reply (statement_id, revision, position, transmission_id, body_code, state, deadline, due, since, changed_at)
		SELECT t.statement_id, t.revision, t.position, t.id, t.body_code, x.state, $5::date, CASE WHEN x.state = 'awaiting' THEN $5::date END, $6, $6
		FROM unnest($3::integer[], $4::text[]) AS x (position, state)
		JOIN transmission t ON t.statement_id = $1 AND t.revision = $2 AND t.position = x.position AND t.letter = 'statement' AND t.copy_of IS NULL
		ORDER BY x.position RETURNING transmission_id, position, body_code, state`,
		w.ID, w.Revision, positions, states, nullable(w.Content.Deadline), w.now).Query(func(rows pgx.Rows) error {
		var r liaison.Reply
		_, err := pgx.ForEachRow(rows, []any{&r.Transmission, &r.Position, &r.Body, &r.State}, func() error {
			if r.State == liaison.ReplyAwaiting {
				r.Due = w.Content.Deadline
				_, rule, err := r.After(liaison.ReplyBegins, liaison.ReplyDetail{Day: w.Today})
				if err != nil {
					return err
				}
				x := Transmission{ID: r.Transmission, Statement: w.ID, Revision: w.Revision, Letter: liaison.LetterStatement, Body: r.Body, Email: w.Content.Addressees[r.Position-1].Email}
				w.after = append(w.after, replyEvent(x, liaison.Reply{}, r, rule, w.Version))
			}
			return nil
		})
		return err
	})
}

// move lets an act happen to a reply beside the command's own event.
func (w *writing) move(ctx context.Context, r liaison.Reply, act liaison.ReplyAct) error {
	after, rule, err := r.After(act, liaison.ReplyDetail{Day: w.Today})
	if err != nil {
		return err
	}
	x, err := w.firstTo(ctx, r.Transmission)
	if err != nil {
		return err
	}
	w.batch.Queue(moveSQL, moveArgs(w.ID, after, w.now)...)
	w.after = append(w.after, replyEvent(x, r, after, rule, w.Version))
	return nil
}

// endReplies notes, when the statement is closed, which replies had not come.
func (w *writing) endReplies(ctx context.Context) error {
	for _, r := range w.Replies {
		if r.State.Open() {
			if err := w.move(ctx, r, liaison.ReplyEnds); err != nil {
				return err
			}
		}
	}
	return nil
}

// takeBack notes that a message was cancelled before it was sent, so that nobody was asked.
func (w *writing) takeBack(ctx context.Context, position int) error {
	for _, r := range w.Replies {
		if r.Position == position && r.State.Counts() {
			return w.move(ctx, r, liaison.ReplyTakenBack)
		}
	}
	return nil
}

// aboutReply works out what a person decides about the reply of one addressee.
func (w *writing) aboutReply(ctx context.Context, act liaison.ReplyAct) (err error) {
	before, _ := w.ReplyOf(w.cmd.Transmission)
	if w.message, err = w.firstTo(ctx, before.Transmission); err != nil {
		return err
	}
	if _, err := w.Exec(ctx, `SELECT FROM reply WHERE statement_id = $1 AND position = $2 FOR UPDATE`, w.ID, before.Position); err != nil {
		return fmt.Errorf("lock a reply: %w", err)
	}
	if now, err := replies(ctx, w.tx, `t.id = $2`, w.ID, before.Transmission); err != nil {
		return err
	} else if len(now) != 1 || now[0].State != before.State || now[0].Asked != before.Asked {
		return liaison.Refuse(liaison.Conflict, "Something came in about this reply just now. Look at it again and decide then.")
	}
	d := liaison.ReplyDetail{Day: w.Today, Date: w.cmd.Date, Body: w.cmd.Body, Over: w.change.Rule.To.Final()}
	if d.Body != "" {
		var known bool
		if err := w.QueryRow(ctx, `SELECT EXISTS (SELECT FROM body WHERE code = $1)`, d.Body).Scan(&known); err != nil {
			return fmt.Errorf("read body: %w", err)
		} else if !known {
			return &liaison.Error{Code: liaison.Invalid, Field: "body", Message: "There is no body with that code. Choose one of the list, or none."}
		}
	}
	var e evidence
	var after liaison.Reply
	var rule liaison.ReplyRule
	if linkKinds[act] == "" {
		if after, rule, err = before.After(act, d); err != nil {
			return err
		}
	} else {
		var left []liaison.Date
		if e, left, err = w.evidence(ctx, before, act); err != nil {
			return err
		}
		switch {
		case act == liaison.ReplyComes:
			d.Day = e.day
			after, rule, err = before.After(act, d)
		case e.by == "": // it does not count so far
			after, rule, err = before.After(act, d)
		default:
			after, rule, err = before.Uncounted(d, left)
		}
		if err != nil {
			return err
		}
		e.by, e.reason, e.body = w.cmd.Actor, w.cmd.Reason, w.cmd.Body
	}
	if w.State == liaison.Withdrawn { // nothing was ever awaited of it
		w.batch.Queue(`
			INSERT INTO reply (statement_id, revision, position, transmission_id, body_code, state, deadline, since, changed_at)
			SELECT statement_id, revision, position, id, body_code, 'not-awaited', $2, $3, $3 FROM transmission WHERE id = $1 ON CONFLICT DO NOTHING`,
			before.Transmission, nullable(w.Content.Deadline), w.now)
	}
	w.reply = replyEvent(w.message, before, after, rule, w.Version)
	w.batch.Queue(moveSQL, moveArgs(w.ID, after, w.now)...)
	if after.Due != before.Due {
		w.reply.Asked = after.Due
		w.batch.Queue(`UPDATE reply SET due = $3, since = $4 WHERE statement_id = $1 AND position = $2`, w.ID, after.Position, after.Due, w.now)
	}
	if linkKinds[act] != "" {
		w.batch.Queue(linkSQL, linkArgs(w.Snapshot, after, act, e, w.now, w.event)...)
		w.batch.Queue(`UPDATE inbound_message SET matched_by = 'person', transmission_id = $2, statement_id = $3, linked_at = $4 WHERE id = $1 AND handled_at IS NOT NULL AND statement_id IS NULL`,
			nullable(e.inbound), before.Transmission, w.ID, w.now)
	}
	switch act {
	case liaison.ReplyGrants:
		w.write(before.Position, liaison.LetterExtensionGranted)
	case liaison.ReplyRefuses:
		w.write(before.Position, liaison.LetterExtensionRefused)
	}
	return nil
}

// evidence reads the message that a command about a reply names: when it came, whether it counts (then by is set), and the days of
// the others that count. One that counts already is not linked again, and one that does not count is not unlinked.
func (w *writing) evidence(ctx context.Context, r liaison.Reply, act liaison.ReplyAct) (e evidence, left []liaison.Date, err error) {
	refuse := &liaison.Error{Code: liaison.Invalid, Field: "evidence", Message: "There is no such message to link. Choose one that came in, or what was said on the addressee's page."}
	if validID(w.cmd.Evidence) != nil {
		return e, nil, refuse
	}
	var at time.Time
	var statement liaison.StatementID
	err = w.QueryRow(ctx, `
		SELECT r.id::text, '', r.at, t.statement_id FROM transmission_response r JOIN transmission t ON t.id = r.transmission_id WHERE r.id = $1 AND r.kind = 'replied'
		UNION ALL SELECT '', i.id::text, i.received_at, $2 FROM inbound_message i WHERE i.id = $1 AND i.handled_at IS NOT NULL AND i.kind IN ('reply', 'statement', 'unmatched')`, w.cmd.Evidence, w.ID).
		Scan(&e.response, &e.inbound, &at, &statement)
	if errors.Is(err, pgx.ErrNoRows) {
		return e, nil, refuse
	} else if err != nil {
		return e, nil, fmt.Errorf("read what is to be linked: %w", err)
	}
	if e.day, err = today(w.Profile, at); err != nil {
		return e, nil, err
	}
	was, left, err := linkedAs(ctx, w.tx, w.ID, r.Position, w.cmd.Evidence)
	if err != nil {
		return e, nil, err
	}
	switch {
	case was == linkKinds[act]:
		return e, nil, liaison.Refuse(liaison.Conflict, "The message is noted as that already.")
	case act == liaison.ReplyUnlinked && was == "":
		return e, nil, liaison.Refuse(liaison.Conflict, "The message is not linked to this addressee.")
	case was == "reply":
		e.by = w.cmd.Actor
	}
	return e, left, nil
}

// linkedAs is what a message was linked as to the reply of an addressee, "" for not at all, and the days on which the others came that count as
// the reply.
func linkedAs(ctx context.Context, q querier, id liaison.StatementID, position int, evidence string) (was string, others []liaison.Date, err error) {
	links, err := replyLinks(ctx, q, `l.statement_id = $1 AND l.position = $2`, id, position)
	for _, l := range links {
		switch {
		case l.Evidence() == evidence:
			was = l.Kind
		case l.Kind == linkKinds[liaison.ReplyComes]:
			others = append(others, l.Came)
		}
	}
	return was, others, err
}

// cited reads what the message that a command about a reply names is to it so far.
func cited(ctx context.Context, q querier, snap liaison.Snapshot, cmd liaison.Command) (c liaison.Cited, err error) {
	r, ok := snap.ReplyOf(cmd.Transmission)
	if !ok || !cmd.Kind.Requires(liaison.NeedEvidence) {
		return c, nil
	}
	was, left, err := linkedAs(ctx, q, snap.ID, r.Position, cmd.Evidence)
	return liaison.Cited{Counts: was == linkKinds[liaison.ReplyComes], Left: left}, err
}

// ---- reading

func replies(ctx context.Context, q querier, where string, args ...any) ([]liaison.Reply, error) {
	rows, err := q.Query(ctx, `SELECT `+replyColumns+replyFrom+`WHERE s.id = $1 AND `+firstMessage+` AND `+where+` ORDER BY t.position`, args...)
	if err != nil {
		return nil, fmt.Errorf("read replies: %w", err)
	}
	out, err := pgx.CollectRows(rows, scanReply)
	if err != nil {
		return nil, fmt.Errorf("read replies: %w", err)
	}
	return out, nil
}

// ReplyLink is what one message that came in is to a reply.
type ReplyLink struct {
	Transmission liaison.TransmissionID // the first message to the addressee
	Kind         string                 // "reply", "interim" or "none"
	Response     string                 // what was said on the addressee's page, or
	Inbound      InboundID              // the message that came in
	Came         liaison.Date           // in the group's zone
	Late         bool                   // after the date in force now
	Body         liaison.Code           // who replied, where that is not the addressee
	By           string                 // who said so, "" where it was recognized by itself
	Reason       string
	Stood        string // where the statement stood then: a state, or the relation by which it was recalled or superseded
	At           time.Time
}

// Evidence is the id of what came in.
func (l ReplyLink) Evidence() string { return cmp.Or(l.Response, string(l.Inbound)) }

// replyLinks lists what every message that was linked is now, in the order in which they came to be linked.
func replyLinks(ctx context.Context, q querier, where string, args ...any) ([]ReplyLink, error) {
	rows, err := q.Query(ctx, `
		SELECT r.transmission_id, l.kind, coalesce(l.response_id::text, ''), coalesce(l.inbound_id::text, ''), l.came_on::text, coalesce(l.came_on > r.due, false), coalesce(l.body_code, ''),
			coalesce(p.name, ''), l.reason, l.stood, l.at
		FROM reply_link l JOIN reply r ON r.statement_id = l.statement_id AND r.position = l.position LEFT JOIN person p ON p.id = l.person_id
		WHERE `+where+` AND NOT EXISTS (SELECT FROM reply_link n WHERE n.statement_id = l.statement_id AND n.position = l.position AND n.seq > l.seq
			AND (n.response_id = l.response_id OR n.inbound_id = l.inbound_id))
		ORDER BY l.seq`, args...)
	if err != nil {
		return nil, fmt.Errorf("read what was linked: %w", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ReplyLink])
	if err != nil {
		return nil, fmt.Errorf("read what was linked: %w", err)
	}
	return out, nil
}

// ReplyLinks lists what every message is that was linked to a reply of the statement.
func (s *Store) ReplyLinks(ctx context.Context, id liaison.StatementID) ([]ReplyLink, error) {
	if err := validID(string(id)); err != nil {
		return nil, err
	}
	links, err := replyLinks(ctx, s.pool, `l.statement_id = $1`, id)
	return links, unavailable(err)
}

// ReplyPlan is what a statement's workflow has to know of its replies.
type ReplyPlan struct {
	Next    time.Time // when the next thing is due, zero for never
	Settled bool      // every reply that was awaited is settled, and the statement is still out
}

// ReplyPlan reads it.
func (s *Store) ReplyPlan(ctx context.Context, id liaison.StatementID) (p ReplyPlan, err error) {
	snap, err := s.Snapshot(ctx, id)
	if err != nil {
		return p, err
	}
	p.Settled = (snap.State == liaison.Dispatched || snap.State == liaison.DispatchedInPart) && snap.RepliesSettled()
	_, p.Next, err = snap.DueReplies(snap.Now)
	return p, err
}

// ExtensionAnswer returns the event in which a command granted or refused another date, with the date that was in force before.
func (s *Store) ExtensionAnswer(ctx context.Context, command liaison.CommandID) (e liaison.Event, before liaison.Date, err error) {
	rows, err := s.pool.Query(ctx, `
		SELECT `+eventColumns+`, coalesce((SELECT b.due FROM event b WHERE b.transmission_id = event.transmission_id AND b.reply_to <> '' AND b.seq < event.seq ORDER BY b.seq DESC LIMIT 1), '')
		FROM event WHERE event.command_id = $1 AND event.kind IN ('extension-granted', 'extension-refused')`, command)
	if err != nil {
		return e, "", unavailable(fmt.Errorf("read an answer: %w", err))
	}
	_, err = pgx.CollectExactlyOneRow(rows, func(row pgx.CollectableRow) (struct{}, error) {
		return struct{}{}, row.Scan(append(eventFields(&e), &before)...)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return e, "", liaison.Refuse(liaison.NotFound, "There is no such answer.")
	}
	return e, before, unavailable(err)
}
