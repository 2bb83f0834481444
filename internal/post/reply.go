package post

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail"
)

// owed is a letter to an addressee about the reply that it owes. It has the link of the statement's own message and belongs to
// that message's thread. An answer comes back to the letter: it counts as the reply to the statement, and is no proof that the
// message arrived, because it may say that it did not.
func (o *Office) owed(ctx context.Context, snap store.Snapshot, t store.Transmission, env mail.Envelope) ([]byte, error) {
	i := slices.IndexFunc(snap.Replies, func(r liaison.Reply) bool { return r.Position == t.Position })
	if i < 0 || t.Position < 1 || t.Position > len(snap.Content.Addressees) {
		return nil, fmt.Errorf("render %s: addressee %d owes no reply", t.Letter, t.Position)
	}
	reply := snap.Replies[i]
	first, err := o.Store.Transmission(ctx, reply.Transmission)
	if err != nil {
		return nil, err
	}
	for first.CopiedBy != "" { // the message that reached it
		if first, err = o.Store.Transmission(ctx, first.CopiedBy); err != nil {
			return nil, err
		}
	}
	env.References = []string{first.MessageID}
	link, err := o.link(snap.ID, first.ID)
	if err != nil {
		return nil, err
	}
	matter := mail.Matter{To: liaison.Person{Name: t.Name, Email: t.Email}, Group: snap.GroupBody, Ref: snap.Ref, Title: snap.Content.Title, Language: snap.Content.Language, URL: link}
	switch t.Letter {
	case liaison.LetterExtensionGranted, liaison.LetterExtensionRefused:
		return o.extension(ctx, reply, t, matter, env)
	}
	m, err := o.Store.Reminder(ctx, t.ID)
	if err != nil {
		return nil, err
	}
	awaited := mail.Awaited{From: snap.GroupBody.Label(), Purpose: reply.Purpose, Deadline: m.Due}
	if t.Letter == liaison.LetterOverdue {
		return mail.Compose(mail.Overdue{Matter: matter, Awaited: awaited, Days: -m.Days}, env, nil)
	}
	return mail.Compose(mail.ReplyDue{Matter: matter, Awaited: awaited, Days: m.Days}, env, nil)
}

// arrivalAsked asks an addressee whether it has a message. It is in that message's thread; an answer comes back to the question, so that it
// counts neither as a reply to the statement nor as a proof that the message arrived.
func (o *Office) arrivalAsked(ctx context.Context, snap store.Snapshot, t store.Transmission, env mail.Envelope) ([]byte, error) {
	about, err := o.Store.AskedAbout(ctx, t)
	if err != nil {
		return nil, err
	}
	in, err := snap.Profile.Zone()
	if err != nil {
		return nil, err
	}
	handed, err := o.handedOver(ctx, about.ID, about.Attempts, in)
	if err != nil {
		return nil, err
	}
	env.References = []string{about.MessageID}
	matter := mail.Matter{To: liaison.Person{Name: t.Name, Email: t.Email}, Group: snap.GroupBody, Ref: snap.Ref, Title: snap.Content.Title, Language: snap.Content.Language}
	return mail.Compose(mail.ArrivalAsked{Matter: matter, Address: about.Email, HandedOver: handed, MessageID: about.MessageID}, env, nil)
}

// handedOver is when an attempt wrote the whole message, "" when it did not.
func (o *Office) handedOver(ctx context.Context, id liaison.TransmissionID, attempt int, in *time.Location) (string, error) {
	attempts, err := o.Store.Attempts(ctx, id)
	if err != nil {
		return "", err
	}
	for _, a := range attempts {
		if a.N == attempt && a.Dot != nil {
			return a.Dot.In(in).Format("2006-01-02 15:04:05 MST"), nil
		}
	}
	return "", nil
}

// awaited tells who waits for them of replies that are due, or overdue, by one date.
func (o *Office) awaited(ctx context.Context, snap store.Snapshot, m mail.Matter, l store.NoticeLine) (mail.Letter, error) {
	reminded, err := o.Store.RemindedOf(ctx, l.Event.Command, l.Event.Due)
	if err != nil {
		return nil, err
	}
	if len(reminded) == 0 {
		return nil, fmt.Errorf("render %s: nobody was reminded of %s by %s", l.Letter, l.Event.Due, l.Event.Command)
	}
	awaited := mail.Awaited{From: snap.GroupBody.Label(), Purpose: reminded[0].Purpose, Deadline: l.Event.Due}
	var names []string
	for _, r := range reminded {
		names = append(names, r.Name)
		if r.Purpose != awaited.Purpose {
			awaited.Purpose = ""
		}
	}
	awaited.Addressee = strings.Join(names, ", ")
	if l.Letter == liaison.LetterOverdue {
		return mail.Overdue{Matter: m, Awaited: awaited, Days: -reminded[0].Days}, nil
	}
	return mail.ReplyDue{Matter: m, Awaited: awaited, Days: reminded[0].Days}, nil
}

// extension is the answer to an addressee that asked for another date, as the record of the command has it.
func (o *Office) extension(ctx context.Context, reply liaison.Reply, t store.Transmission, matter mail.Matter, env mail.Envelope) ([]byte, error) {
	e, before, err := o.Store.ExtensionAnswer(ctx, t.Batch)
	if err != nil {
		return nil, err
	}
	return mail.Compose(mail.Extension{
		Matter: matter, Deadline: reply.Deadline, Before: before, Asked: e.Asked, Due: e.Due, Granted: t.Letter == liaison.LetterExtensionGranted, Reason: e.Reason,
	}, env, nil)
}
