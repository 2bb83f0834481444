package store

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/liaison"
)

// Recorded returns the answer that a command got when it was carried out, or nil.
func (s *Store) Recorded(ctx context.Context, id liaison.CommandID) (*liaison.Answer, error) {
	if id.Check() != nil {
		return nil, nil
	}
	var a liaison.Answer
	err := s.pool.QueryRow(ctx, `SELECT answer FROM command WHERE id = $1`, id).Scan(&a)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	} else if err != nil {
		return nil, unavailable(fmt.Errorf("read command: %w", err))
	}
	return &a, nil
}

// RecordedKind returns what the command with the id was, "" if none was carried out under it.
func (s *Store) RecordedKind(ctx context.Context, id liaison.CommandID) (kind liaison.CommandKind, err error) {
	err = s.pool.QueryRow(ctx, `SELECT kind FROM command WHERE id = $1`, id).Scan(&kind)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	return kind, unavailable(err)
}

// RecordedAs returns the answer that this very command got, by its id, kind and statement, or nil: another command under the same
// id has no part in its answer.
func (s *Store) RecordedAs(ctx context.Context, cmd liaison.Command) (*liaison.Answer, error) {
	if cmd.ID.Check() != nil {
		return nil, nil
	}
	var a liaison.Answer
	err := s.pool.QueryRow(ctx, `SELECT answer FROM command WHERE id = $1 AND kind = $2 AND statement_id = $3`, cmd.ID, cmd.Kind, cmd.Statement).Scan(&a)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	} else if err != nil {
		return nil, unavailable(fmt.Errorf("read command: %w", err))
	}
	return &a, nil
}

// Do carries out a command: it locks the statement, judges the command against what the register says now, and writes the new
// state, what follows from it, the event and its leaf in one transaction. A command that was carried out before, by its
// id, gets its first answer and changes nothing; another command under a used id is refused with [liaison.Conflict].
// Refusals are those of [liaison.Next].
func (s *Store) Do(ctx context.Context, cmd liaison.Command) (answer liaison.Answer, err error) {
	if err := validID(string(cmd.Statement)); err != nil {
		return answer, err
	}
	if err := cmd.ID.Check(); err != nil {
		return answer, err
	}
	if cmd.Kind == liaison.DoDraft || cmd.Kind == liaison.DoEdit {
		return answer, liaison.Refuse(liaison.Invalid, "A draft is created and saved, which changes no state; it is no command.")
	}
	for range 3 { // whoever saves a report just then has its files made again
		var made *forms
		if made, err = s.makeForms(ctx, cmd); err != nil {
			return answer, err
		}
		if answer, err = s.carryOut(ctx, cmd, made); !errors.Is(err, errOtherForms) {
			return answer, err
		}
	}
	return answer, liaison.Refuse(liaison.Conflict, "The report is being saved again and again just now. Submit it once that has come to rest.")
}

func (s *Store) carryOut(ctx context.Context, cmd liaison.Command, made *forms) (answer liaison.Answer, err error) {
	err = s.write(ctx, func(t *tx) error {
		snap, recorded, err := snapshot(ctx, t, cmd.Statement, cmd.ID, t.now, " FOR UPDATE OF s")
		if err != nil {
			return err
		}
		if recorded != nil {
			answer = *recorded
			return sameCommand(ctx, t, cmd)
		}
		if cmd.Kind == liaison.DoSubmit { // mailboxes are taken as they are on the day of submission
			if snap.Content, _, err = resolve(ctx, t, snap.Content, snap); err != nil {
				return err
			}
			if cmd.Draft != 0 && cmd.Draft != snap.DraftVersion {
				return liaison.Refuse(liaison.Stale, "Somebody saved this draft after you opened it. Read it again, then submit.")
			}
		}
		if err := bring(ctx, t, &snap, cmd, " FOR SHARE"); err != nil {
			return err
		}
		if cmd.Kind.Requires(liaison.NeedComplete) {
			if err := know(ctx, t, &snap); err != nil {
				return err
			}
		}
		change, err := liaison.Next(snap.Snapshot, cmd)
		if err != nil {
			return err
		}
		t.snap = snap // as the command found it: who approved what it takes back is told
		w := &writing{tx: t, Snapshot: snap, before: snap.Statement, cmd: cmd, change: change, batch: &pgx.Batch{}, event: liaison.EventID(newID()), forms: made}
		if err := w.apply(ctx); err != nil {
			return err
		}
		answer = liaison.Answer{
			Statement: cmd.Statement, State: change.Rule.To, Version: w.Version, Revision: w.Revision, Ref: w.Ref,
			Letters: cmd.Kind.Sends() || len(change.Letters) > 0 || w.letters, Batch: w.message.Batch,
		}
		if w.DispatchAt != nil && change.Rule.Approves() {
			answer.DispatchAt = *w.DispatchAt
		}
		if answer.After = w.LeavesAfter; answer.After != "" {
			answer.DispatchAt = time.Time{}
		}
		return w.finish(ctx, answer)
	})
	return answer, err
}

// sameCommand refuses unless what is recorded under the command's id is this command.
func sameCommand(ctx context.Context, t *tx, cmd liaison.Command) error {
	var same bool
	if err := t.QueryRow(ctx, `SELECT statement_id = $2 AND kind = $3 FROM command WHERE id = $1`, cmd.ID, cmd.Statement, cmd.Kind).Scan(&same); err != nil {
		return fmt.Errorf("read command: %w", err)
	}
	if !same {
		return liaison.Refuse(liaison.Conflict, "This form was used already, for something else. Open the page again and decide there.")
	}
	return nil
}

// writing is one command being carried out.
type writing struct {
	*tx
	Snapshot // becomes the statement as it will be
	before   liaison.Statement
	cmd      liaison.Command
	change   liaison.Change
	batch    *pgx.Batch      // what follows from the change; sent after the command's own row
	after    []liaison.Event // what follows from it, in the history
	message  Transmission    // that the command is about
	amended  []liaison.Difference
	tabled   int              // the revision that was tabled, where the meeting approves another
	judgedBy *liaison.Profile // the version that approved
	event    liaison.EventID  // of the command
	reply    liaison.Event    // what the command's event says of a reply
	letters  bool             // letters to addressees are queued
	forms    *forms           // of a report that is submitted
}

// apply works out what follows from the change besides the new state.
func (w *writing) apply(ctx context.Context) error {
	if w.change.From != w.change.Rule.To {
		w.Version++
	}
	if _, ok := liaison.AboutMessages[w.cmd.Kind]; ok {
		return w.aboutMessage(ctx)
	}
	if act, ok := liaison.AboutReplies[w.cmd.Kind]; ok {
		return w.aboutReply(ctx, act)
	}
	if w.change.Rule.To.Final() {
		if err := w.endReplies(ctx); err != nil {
			return err
		}
	}
	if w.cmd.Kind == liaison.DoHold || w.change.From != w.change.Rule.To {
		w.DispatchAt, w.LeavesAfter = nil, ""
	}
	if w.change.From != w.change.Rule.To {
		w.TabledFor, w.TabledItem = "", 0
	}
	switch w.cmd.Kind {
	case liaison.DoSubmit:
		if err := w.attach(ctx, w.forms); err != nil {
			return err
		}
		return w.revise()
	case liaison.DoApprove, liaison.DoEnterApproval, liaison.DoEndWindow:
		if w.change.Rule.Approves() {
			return w.approve(ctx)
		}
	case liaison.DoOpenWindow, liaison.DoOpenNoObjection:
		w.open()
	case liaison.DoObject, liaison.DoNoObjection, liaison.DoComment:
		w.say()
	case liaison.DoApproveEdited:
		return w.approveEdited(ctx)
	case liaison.DoTable:
		w.TabledFor, w.TabledItem = w.cmd.Meeting, w.cmd.Item
	case liaison.DoRecuse:
		w.batch.Queue(`INSERT INTO recusal (statement_id, person_id, reason, command_id, declared_at) VALUES ($1, $2, $3, $4, $5)`,
			w.ID, w.cmd.Actor, w.cmd.Reason, w.cmd.ID, w.now)
	case liaison.DoReturn, liaison.DoReject:
		w.decide(newID())
	case liaison.DoWithdraw:
		w.cancel()
	case liaison.DoReopen:
		return w.reopen()
	case liaison.DoAmend:
		return w.amend(ctx)
	case liaison.DoDispatch:
		w.batch.Queue(`UPDATE transmission SET batch = $3, changed_at = $4 WHERE statement_id = $1 AND revision = $2 AND letter = 'statement' AND state = 'queued'`,
			w.ID, w.Revision, w.cmd.ID, w.now)
		w.awaitReplies()
		return w.overtakeOthers(ctx)
	case liaison.DoRemind:
		return w.remind(ctx)
	}
	return nil
}

// cancel takes back the messages that an approval queued.
func (w *writing) cancel() {
	w.batch.Queue(`
		UPDATE transmission SET state = 'cancelled', changed_at = $2 WHERE statement_id = $1 AND letter = 'statement' AND state = 'queued'
		RETURNING id, revision, body_code, recipient_email, message_id`, w.ID, w.now).Query(func(rows pgx.Rows) error {
		x := Transmission{Statement: w.ID, Letter: liaison.LetterStatement, Batch: w.cmd.ID}
		_, err := pgx.ForEachRow(rows, []any{&x.ID, &x.Revision, &x.Body, &x.Email, &x.MessageID}, func() error {
			w.after = append(w.after, transmissionEvent(x, liaison.EventCancelled, w.Version))
			return nil
		})
		return err
	})
}

// revise makes the next revision of the working draft.
func (w *writing) revise() error {
	canonical, err := liaison.Canonical(w.Content)
	if err != nil {
		return err
	}
	w.Revision++
	w.Digest = liaison.DigestOf(canonical)
	w.batch.Queue(`INSERT INTO revision (statement_id, number, digest, canonical, submitted_by, submitted_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		w.ID, w.Revision, w.Digest, canonical, w.cmd.Actor, w.now)
	var bodies, names, emails, purposes []string
	for _, a := range w.Content.Addressees {
		bodies, names, emails, purposes = append(bodies, string(a.Body)), append(names, a.Name), append(emails, a.Email), append(purposes, string(a.Purpose))
	}
	w.batch.Queue(`
		INSERT INTO addressee (statement_id, revision, position, body_code, name, email, purpose)
		SELECT $1, $2, x.position, x.body, x.name, x.email, x.purpose FROM unnest($3::text[], $4::text[], $5::text[], $6::text[]) WITH ORDINALITY x (body, name, email, purpose, position)`,
		w.ID, w.Revision, bodies, names, emails, purposes)
	for i, r := range w.Content.Relations {
		w.batch.Queue(`INSERT INTO relation (statement_id, revision, position, kind, related_id, ref) VALUES ($1, $2, $3, $4, $5, $6)`,
			w.ID, w.Revision, i+1, r.Kind, nullable(r.Statement), r.Ref)
	}
	return nil
}

// approve gives the number, records the decision, and queues one message for each addressee, its Message-ID and date fixed from
// here on. A statement that was approved before, and taken back for changes, keeps the number that it has.
func (w *writing) approve(ctx context.Context) error {
	if w.Number == 0 {
		if err := w.number(ctx); err != nil {
			return err
		}
	}
	w.Approval = *w.change.Approval
	w.ApprovedDigest, w.ApprovedBy, w.ApprovedAs, w.ApprovedAt = w.Digest, w.Approval.By, w.Approval.As, &w.now
	if err := w.schedule(); err != nil {
		return err
	}
	w.judgedBy = &w.Profile
	approval := newID()
	w.decide(approval)
	w.queue(approval, 0)
	return nil
}

// schedule says when the dispatch begins by itself: a moment behind the approval in which it can be undone, not before the embargo
// ends, and, of what a meeting approves while it is in session, not before it is closed.
func (w *writing) schedule() error {
	if w.cmd.Hold || w.change.Approval.Mode == liaison.ByNoObjection && w.Window.Hold {
		return nil
	}
	at := w.now.Add(w.cmd.Undo)
	if w.Embargoed() {
		zone, err := w.Profile.Zone()
		if err != nil {
			return err
		}
		day, err := time.ParseInLocation(time.DateOnly, string(w.Content.Embargo), zone)
		if err != nil {
			return fmt.Errorf("read the embargo: %w", err)
		}
		at = day
	}
	if w.Approval.Mode == liaison.AtMeeting && w.Meeting.State == liaison.MeetingOpen {
		w.LeavesAfter = w.Approval.Meeting
	}
	if w.LeavesAfter != "" || at.After(w.now) {
		w.DispatchAt = &at
	}
	return nil
}

// number gives the next one, without a gap within group and study period. A corrigendum has that of the statement it corrects, a revised
// report that of the first one, and the next one behind it.
func (w *writing) number(ctx context.Context) error {
	if kind, other := w.Content.Keeps(); other != "" {
		return w.numberBehind(ctx, kind, other)
	}
	period, err := liaison.PeriodOn(w.Today)
	if err != nil {
		return err
	}
	// The row lock on the series holds until the commit, so numbers follow the order of the commits.
	err = w.QueryRow(ctx, `
		INSERT INTO number_series (group_code, kind, period, last) VALUES ($1, $2, $3, 1)
		ON CONFLICT (group_code, kind, period) DO UPDATE SET last = number_series.last + 1 RETURNING last`, w.Group, w.Content.Kind(), period.Name).Scan(&w.Number)
	if err != nil {
		return fmt.Errorf("give a number: %w", err)
	}
	w.Period, w.Ref = period.Name, w.Profile.Number(w.Content.Kind(), w.Number)
	return nil
}

// queue makes one message for each addressee of the revision, under the approval. approved is the revision that was approved,
// where an editorial correction made another of it, else 0.
func (w *writing) queue(approval string, approved int) {
	var ids, bodies, names, emails, messageIDs []string
	for _, a := range w.Content.Addressees {
		ids, messageIDs = append(ids, newID()), append(messageIDs, messageID(w.GroupBody))
		bodies, names, emails = append(bodies, string(a.Body)), append(names, a.Name), append(emails, a.Email)
	}
	w.batch.Queue(`
		INSERT INTO transmission (id, statement_id, revision, letter, position, body_code, recipient_name, recipient_email,
			message_id, message_date, approval_id, approval_kind, approved_revision, state, changed_at, created_at)
		SELECT x.id, $1, $2, 'statement', x.position, x.body, x.name, x.email, x.message_id, $3, $4, 'approve', $5, 'queued', $3, $3
		FROM unnest($6::uuid[], $7::text[], $8::text[], $9::text[], $10::text[]) WITH ORDINALITY x (id, body, name, email, message_id, position)`,
		w.ID, w.Revision, w.now, approval, nullable(approved), ids, bodies, names, emails, messageIDs)
}

// decide records a decision on the revision: an approval as it was given, by whoever it is entered.
func (w *writing) decide(id string) {
	publish(w.batch, w.Profile, w.now)
	a := liaison.Approval{By: w.cmd.Actor, As: w.change.Acting, Stands: w.change.Stands}
	kind := w.cmd.Kind
	if w.change.Approval != nil {
		a, kind = *w.change.Approval, liaison.DoApprove
	} else if w.change.From == liaison.Tabled {
		a.Meeting, a.Item = w.at()
	}
	w.batch.Queue(`
		INSERT INTO decision (id, statement_id, revision, digest, kind, person_id, acting, drafted, reason, command_id, decided_at,
			mode, given_on, absence_id, entered_by, evidence, evidence_file, meeting_id, agenda_item, profile, profile_version, tabled_revision,
			window_id, consulted, consultation)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)`,
		id, w.ID, w.Revision, w.Digest, kind, a.By, a.As, w.change.Drafted, w.cmd.Reason, w.cmd.ID, w.now,
		nullable(a.Mode), nullable(a.On), nullable(a.Stands), nullable(a.Entered), a.Evidence, nullable(a.File), nullable(a.Meeting), a.Item, w.Profile.Key, w.Profile.Version, nullable(w.tabled),
		nullable(a.Window), nullable(a.Consulted.Kind), a.Consulted.Reference)
}

// at is the meeting that the command is about, and the item of its agenda.
func (w *writing) at() (liaison.MeetingID, int) {
	switch {
	case w.cmd.Kind == liaison.DoTable:
		return w.cmd.Meeting, w.cmd.Item
	case w.change.From == liaison.Tabled && w.change.Rule.To != liaison.Tabled:
		return w.before.TabledFor, w.before.TabledItem
	}
	return "", 0
}

// finish writes the command, the statement and what follows. The letters to persons follow from the event, and are released
// by the command.
func (w *writing) finish(ctx context.Context, answer liaison.Answer) error {
	encoded, err := json.Marshal(answer)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	b := &pgx.Batch{}
	b.Queue(`INSERT INTO command (id, statement_id, kind, answer, done_at) VALUES ($1, $2, $3, $4, $5)`, w.cmd.ID, w.ID, w.cmd.Kind, encoded, w.now)
	b.QueuedQueries = append(b.QueuedQueries, w.batch.QueuedQueries...)
	b.Queue(`
		UPDATE statement SET state = $2, version = $3, revision = $4, digest = $5, number = $6, period = $7, ref = $8,
			approved_digest = $9, approved_by = $10, approved_as = $11, approved_at = $12,
			title = $13, deadline = $14, changed_at = $15, amended_digest = $18, corrigendum = $19, confidential = $20, rev = $21,
			dispatched_at = CASE WHEN $2 = 'dispatching' AND $17 THEN $15 ELSE dispatched_at END, dispatch_at = $16,
			tabled_for = $22, tabled_item = $23, leaves_after = $24
		WHERE id = $1`,
		w.ID, w.change.Rule.To, w.Version, w.Revision, nullable(w.Digest), nullable(w.Number), nullable(w.Period), nullable(w.Ref),
		nullable(w.ApprovedDigest), nullable(w.ApprovedBy), nullable(w.ApprovedAs), w.ApprovedAt,
		w.Content.Title, nullable(w.Content.Deadline), w.now, w.DispatchAt, w.change.From != w.change.Rule.To, nullable(w.AmendedDigest), w.CorrigendumNumber, w.Content.Confidentiality != liaison.Public, w.RevNumber,
		nullable(w.TabledFor), nullable(w.TabledItem), nullable(w.LeavesAfter))
	if p := w.judgedBy; p != nil {
		b.Queue(`UPDATE statement SET approved_profile = $2, approved_profile_version = $3 WHERE id = $1`, w.ID, p.Key, p.Version)
	}
	if k := w.cmd.Kind; w.change.Rule.Approves() || k == liaison.DoSubmit || k == liaison.DoAmend || k == liaison.DoReopen { // what it says, or its number, is another now
		index(b, w.ID, w.Ref, w.Content)
	}
	if err := w.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("carry out %s: %w", w.cmd.Kind, err)
	}
	e := liaison.Event{}
	switch {
	case w.message.ID != "":
		e = transmissionEvent(w.message, "", 0)
	case w.cmd.Kind == liaison.DoTest:
		e.Body = w.Content.Addressees[w.cmd.Position-1].Body
	}
	var amends liaison.Digest
	if w.amended != nil {
		amends = w.cmd.Digest
	}
	w.tx.batch = w.cmd.ID
	e = liaison.Event{
		Amends: amends, Changed: liaison.FieldsOf(w.amended),
		ID: w.event, ReplyFrom: w.reply.ReplyFrom, ReplyTo: w.reply.ReplyTo, Due: w.reply.Due, Asked: w.reply.Asked,
		Transmission: e.Transmission, Letter: e.Letter, Body: e.Body, Recipient: e.Recipient, MessageID: e.MessageID, MessageDigest: e.MessageDigest, Attempt: e.Attempt,
		Kind: w.change.Rule.Event, Statement: w.ID, Version: w.Version, Command: w.cmd.ID,
		Actor: w.cmd.Actor, Acting: w.change.Acting, Drafted: w.change.Drafted,
		From: w.change.From, To: w.change.Rule.To, Revision: w.Revision, Digest: w.Digest, Ref: w.Ref, Reason: w.cmd.Reason, Stands: w.change.Stands,
	}
	e.Meeting, e.Item = w.at()
	if w.cmd.Kind == liaison.DoDispatch && w.cmd.Actor == "" {
		e.For, e.ForAs = w.ApprovedBy, w.ApprovedAs // on whose word
	}
	if a := w.change.Approval; a != nil {
		e.Mode, e.On, e.Stands, e.Meeting, e.Item, e.Evidence, e.EvidenceFile = a.Mode, a.On, a.Stands, a.Meeting, a.Item, a.Evidence, a.File
		if a.Entered != "" || w.cmd.Actor == "" { // on whose word
			e.For, e.ForAs = a.By, a.As
		}
		e.Window, e.Consulted, e.Reference = a.Window, a.Consulted.Kind, a.Consulted.Reference
	}
	w.aboutWindow(&e)
	w.record(e)
	for _, e := range w.after {
		w.record(e)
	}
	return nil
}

// messageID makes a Message-ID that nobody can guess, because a receiver that has seen one drops the next message with the
// same. It is in the domain of the group's mailbox and stays within the 60 characters after which the header is folded.
func messageID(source liaison.Body) string {
	domain := source.Email[strings.LastIndex(source.Email, "@")+1:]
	if domain == "" || len(domain) > 33 {
		domain = "liaison.invalid"
	}
	return rand.Text() + "@" + domain
}
