// Package post assembles letters from the register and renders them: the preview that the chair decides on and the
// messages that leave are made here, by the same code.
package post

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jca-ml/liaison/internal/inbound"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail"
)

// Office knows who we are as a sender.
type Office struct {
	Store *store.Store
	From  string // the address that messages come from, in a domain of our own
	URL   string // where the pages are, without a slash at the end

	Signed bool // a signer signs the audit log, so a message waits a moment for its first checkpoint

	Addresses inbound.Addresses // the Reply-To of each message
	Signer    *mail.Signer      // of messages; nil leaves it to the relay

	SMIME  *mail.SMIME // signs messages to the bodies that want it; nil where none is set up
	Budget int64       // bytes of files that a message carries, the others are linked to; [liaison.DefaultBudget] if zero

	shared *shared // what messages that are made at the same time have in common; nil for one by itself
}

// Render makes the exact bytes of a queued message. It is called once per message; what it returns is stored.
func (o *Office) Render(ctx context.Context, t store.Transmission) ([]byte, error) {
	message, err := o.render(ctx, t)
	if err != nil || o.Signer == nil {
		return message, err
	}
	return o.Signer.Sign(message)
}

func (o *Office) render(ctx context.Context, t store.Transmission) ([]byte, error) {
	snap, err := o.snapshot(ctx, t.Statement)
	if err != nil {
		return nil, err
	}
	env := o.envelope(snap)
	env.ToName, env.ToEmail, env.MessageID, env.Date = t.Name, t.Email, t.MessageID, t.Date
	if env.Language, err = o.language(ctx, t.Person, t.Body); err != nil {
		return nil, err
	}
	if err := o.replyTo(&env, t.ID); err != nil {
		return nil, err
	}
	page := o.URL + "/statements/" + string(t.Statement)
	if env.Checkpoint, env.Receipt, err = o.proof(ctx, page, t); err != nil {
		return nil, err
	}

	if t.Letter == liaison.LetterArrivalAsked {
		return o.arrivalAsked(ctx, snap, t, env)
	}
	if t.Position > 0 && t.Letter != liaison.LetterStatement {
		return o.owed(ctx, snap, t, env)
	}
	if t.Letter != liaison.LetterStatement {
		return o.notice(ctx, snap, t, env)
	}
	link, err := o.link(t.Statement, t.ID)
	if err != nil {
		return nil, err
	}
	if t.CopyOf != "" {
		first, err := o.Store.Transmission(ctx, t.CopyOf)
		if err != nil {
			return nil, err
		}
		env.References = []string{first.MessageID}
	}
	if env.Sign, err = o.signed(ctx, t.Body); err != nil {
		return nil, err
	}
	letter, err := o.statement(ctx, snap, t.Position, env, link)
	if err != nil {
		return nil, err
	}
	return o.compose(ctx, letter, env)
}

// compose makes the bytes of a message to an addressee.
func (o *Office) compose(ctx context.Context, letter mail.Statement, env mail.Envelope) ([]byte, error) {
	files, err := o.files(ctx, letter)
	if err != nil {
		return nil, err
	}
	return mail.Compose(letter, env, files)
}

// Preview returns the e-mail that the addressee at position, counted from 1, would get of the revision under decision, or
// the very bytes that it was sent. Before approval the number, the Message-ID, the date and the token in the Reply-To stand
// for themselves; a signature is made only of what is sent.
func (o *Office) Preview(ctx context.Context, snap store.Snapshot, position int) ([]byte, error) {
	draft, err := o.preview(ctx, snap, position)
	if err != nil {
		return nil, err
	}
	if draft.sealed != "" {
		return o.Store.Message(ctx, draft.sealed)
	}
	return o.compose(ctx, draft.letter, draft.env)
}

// draft is a message to an addressee before its bytes are made; sealed names it when they are.
type draft struct {
	letter mail.Statement
	env    mail.Envelope
	sealed liaison.TransmissionID
}

func (o *Office) preview(ctx context.Context, snap store.Snapshot, position int) (d draft, err error) {
	if position < 1 || position > len(snap.Content.Addressees) {
		return d, liaison.Refuse(liaison.NotFound, "The statement has no addressee number %d.", position)
	}
	d.env = o.envelope(snap)
	d.env.MessageID, d.env.Date = "given-on-approval@preview.invalid", time.Now()
	d.env.ReplyTo = firstOf(o.Addresses.Placeholder(inbound.RoleReply), d.env.ReplyTo)
	link := o.placeholder(snap.ID)
	if snap.ApprovedAt != nil && snap.Leaving() == snap.Digest {
		ts, err := o.transmissions(ctx, snap.ID)
		if err != nil {
			return d, err
		}
		for _, t := range ts {
			if t.Letter != liaison.LetterStatement || t.Revision != snap.Revision || t.Position != position {
				continue
			}
			if t.Digest != "" {
				d.sealed = t.ID
				return d, nil
			}
			d.env.MessageID, d.env.Date = t.MessageID, t.Date
			if err := o.replyTo(&d.env, t.ID); err != nil {
				return d, err
			}
			if link, err = o.link(snap.ID, t.ID); err != nil {
				return d, err
			}
		}
	}
	a := snap.Content.Addressees[position-1]
	d.env.ToName, d.env.ToEmail = a.Name, a.Email
	if d.env.Language, err = o.language(ctx, "", a.Body); err != nil {
		return d, err
	}
	d.letter, err = o.statement(ctx, snap, position, d.env, link)
	return d, err
}

func (o *Office) envelope(snap store.Snapshot) mail.Envelope {
	return mail.Envelope{
		FromName: snap.GroupBody.Label(), FromEmail: o.From, ReplyTo: firstOf(snap.Content.ReplyTo, snap.GroupBody.Email),
	}
}

// language is the one that the reader is written to in, a person or else a body. Where there are no words in it the message
// is in English, and the log says so.
func (o *Office) language(ctx context.Context, person liaison.PersonID, body liaison.Code) (string, error) {
	var tag string
	if person != "" {
		p, err := o.person(ctx, person)
		if err != nil {
			return "", err
		}
		tag = p.Language
	} else {
		b, err := o.body(ctx, body)
		if err != nil {
			return "", err
		}
		tag = b.Language
	}
	if !mail.Speaks(tag) {
		slog.WarnContext(ctx, "no words in the reader's language: the message is in English", "language", tag, "person", person, "body", body)
	}
	return tag, nil
}

// link is the one link that a message to an addressee carries: to a page where it can be acknowledged and answered. Without
// keys it leads to the record.
func (o *Office) link(statement liaison.StatementID, id liaison.TransmissionID) (string, error) {
	if len(o.Addresses.Keys) == 0 {
		return o.placeholder(statement), nil
	}
	token, err := o.Addresses.Keys.Token(id)
	if err != nil {
		return "", err
	}
	return o.URL + "/a/" + token, nil
}

// placeholder stands for that link where there is no message yet, or none that it could be of; it leads nowhere.
func (o *Office) placeholder(statement liaison.StatementID) string {
	if len(o.Addresses.Keys) == 0 {
		return o.URL + "/statements/" + string(statement)
	}
	return o.URL + "/a/given-on-approval"
}

// signed is what signs messages to a body, nil where they go unsigned; where they must not, and cannot be signed, it refuses.
func (o *Office) signed(ctx context.Context, body liaison.Code) (*mail.SMIME, error) {
	b, err := o.body(ctx, body)
	if err != nil || !b.Signed {
		return nil, err
	}
	return o.SMIME, o.SMIME.Valid(time.Now())
}

// Findings is what the check list of a statement says of the sending, before anything is decided.
func (o *Office) Findings(ctx context.Context, c liaison.Content) ([]liaison.Finding, error) {
	shared := o.sharing()
	var out []liaison.Finding
	for _, a := range c.Addressees {
		if a.Body == "" {
			continue
		}
		_, err := shared.signed(ctx, a.Body)
		switch refusal, refused := errors.AsType[*liaison.Error](err); {
		case refused && refusal.Code == liaison.Conflict:
			out = append(out, liaison.Finding{Field: "addressees", Message: a.Name + ": " + refusal.Message})
		case liaison.CodeOf(err) == liaison.NotFound: // which the list says itself
		case err != nil:
			return nil, err
		}
	}
	return out, nil
}

// replyTo has replies come to the message's own address, where it has one.
func (o *Office) replyTo(env *mail.Envelope, id liaison.TransmissionID) error {
	address, err := o.Addresses.Of(inbound.RoleReply, id)
	env.ReplyTo = firstOf(address, env.ReplyTo)
	return err
}

// statement is what a message to an addressee says.
func (o *Office) statement(ctx context.Context, snap store.Snapshot, position int, env mail.Envelope, link string) (letter mail.Statement, err error) {
	letter = mail.Statement{
		Ref: snap.Ref, Source: snap.GroupBody, Addressee: snap.Content.Addressees[position-1], Content: snap.Content,
		Copy: len(env.References) > 0, URL: link, Answers: len(o.Addresses.Keys) > 0,
	}
	wishes, err := o.body(ctx, letter.Addressee.Body)
	if err != nil {
		return letter, err
	}
	if letter.Answers { // else there is no page of the addressee's that could have the files
		budget := cmp.Or(o.Budget, liaison.DefaultBudget)
		if wishes.LinksOnly {
			budget = 0
		}
		_, letter.Linked = liaison.Carried(snap.Content.Attachments, budget)
	}
	if letter.Report, err = o.report(ctx, snap, snap.Content); err != nil {
		return letter, err
	}
	if letter.Copy {
		letter.Addressee.Email = env.ToEmail // the corrected one
	}
	if snap.GroupBody.Parent != "" {
		parent, err := o.body(ctx, snap.GroupBody.Parent)
		if err != nil {
			return letter, err
		}
		letter.Parent = parent.Label()
	}
	if snap.ApprovedAt != nil && snap.Leaving() == snap.Digest {
		by, err := o.person(ctx, snap.ApprovedBy)
		if err != nil {
			return letter, err
		}
		letter.Approval, err = o.approval(ctx, snap, by.Name)
		if err != nil {
			return letter, err
		}
	}
	return letter, nil
}

// files are the attachments that the message carries, with their octets.
func (o *Office) files(ctx context.Context, letter mail.Statement) ([]mail.File, error) {
	var files []mail.File
	for _, a := range letter.Content.Attachments {
		if letter.Link(a) != "" {
			continue
		}
		b, err := o.blob(ctx, a.Digest)
		if err != nil {
			return nil, fmt.Errorf("attach %s: %w", a.Name, err)
		}
		files = append(files, mail.File{Name: a.Name, MediaType: a.MediaType, Content: b})
	}
	return files, nil
}

// approval is the line that says on whose word the statement leaves: level, body, mode, place and the day on which it was given.
func (o *Office) approval(ctx context.Context, snap store.Snapshot, by string) (*mail.Approval, error) {
	a := snap.Approval
	line := &mail.Approval{Level: snap.Profile.ApprovalLevel, Name: by, Date: a.On, Acting: snap.ApprovedAs, Mode: a.Mode}
	if a.On == "" { // decided before the day was recorded
		zone, err := snap.Profile.Zone()
		if err != nil {
			return nil, err
		}
		line.Date = liaison.DateOf(*snap.ApprovedAt, zone)
	}
	if a.Meeting != "" {
		m, err := o.Store.Meeting(ctx, a.Meeting)
		if err != nil {
			return nil, err
		}
		line.Where = m.Where()
	}
	return line, nil
}

func (o *Office) dispatched(ctx context.Context, snap store.Snapshot, to liaison.Person, page string) (mail.Letter, error) {
	ts, err := o.transmissions(ctx, snap.ID)
	if err != nil {
		return nil, err
	}
	letter := mail.Dispatched{To: to, Group: snap.GroupBody, Ref: snap.Ref, Title: snap.Content.Title, Language: snap.Content.Language, Complete: true, URL: page, Settings: o.settings()}
	for _, t := range ts {
		if t.Letter != liaison.LetterStatement || t.Revision != snap.Revision {
			continue
		}
		if t.CopiedBy != "" { // the copy's row says what became of it
			continue
		}
		letter.Complete = letter.Complete && (t.State == liaison.TransmissionAccepted || t.State == liaison.TransmissionAssumed)
		letter.Rows = append(letter.Rows, mail.DispatchedRow{
			Name: t.Name, Email: t.Email, Purpose: snap.Content.Addressees[t.Position-1].Purpose.Label(), State: t.State, Reply: reply(t),
		})
	}
	return letter, nil
}

func (o *Office) revision(ctx context.Context, id liaison.StatementID, number int) (store.Revision, error) {
	revisions, err := o.Store.Revisions(ctx, id)
	if err != nil {
		return store.Revision{}, err
	}
	for _, r := range revisions {
		if r.Number == number {
			return r, nil
		}
	}
	return store.Revision{}, fmt.Errorf("there is no revision %d", number)
}

// reply is the server's answer as it is shown: the code, if there was one, and the words.
func reply(t store.Transmission) string {
	if t.Code == 0 {
		return t.Reply
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", t.Code, t.Reply))
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
