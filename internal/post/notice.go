package post

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail"
)

// notice makes a letter to a person: its own, of one event, or the digest of several. It has one thread for each statement,
// and whoever answers it answers the engine's own address for it, where an answer leads to nothing (RFC 3834, 2).
func (o *Office) notice(ctx context.Context, snap store.Snapshot, t store.Transmission, env mail.Envelope) ([]byte, error) {
	to := liaison.Person{ID: t.Person, Name: t.Name, Email: t.Email}
	lines, err := o.Store.NoticesIn(ctx, t.ID)
	if err != nil {
		return nil, err
	}
	if t.Letter == liaison.LetterDigest {
		return o.digest(ctx, snap, t, to, lines, env)
	}
	if len(lines) != 1 {
		return nil, fmt.Errorf("render %s: it tells of %d events", t.Letter, len(lines))
	}
	if t.Letter == liaison.LetterTest {
		return o.test(ctx, snap, lines[0], env)
	}
	first, err := o.Store.FirstLetter(ctx, t)
	if err != nil {
		return nil, err
	}
	env.InReplyTo = first
	letter, err := o.letter(ctx, snap, to, lines[0])
	if err != nil {
		return nil, err
	}
	return mail.Compose(letter, env, nil)
}

// digest is the day's notices to one person in one letter. The statements that they are about can be several.
func (o *Office) digest(ctx context.Context, snap store.Snapshot, t store.Transmission, to liaison.Person, lines []store.NoticeLine, env mail.Envelope) ([]byte, error) {
	day, err := o.Store.DigestDay(ctx, t.ID)
	if err != nil {
		return nil, err
	}
	out := mail.Digest{To: to, Group: snap.GroupBody, Day: day, Settings: o.settings()}
	known := map[liaison.StatementID]store.Snapshot{snap.ID: snap}
	for _, l := range lines {
		of, ok := known[l.Event.Statement]
		if !ok {
			if of, err = o.Store.Snapshot(ctx, l.Event.Statement); err != nil {
				return nil, err
			}
			known[of.ID] = of
		}
		letter, err := o.letter(ctx, of, to, l)
		if err != nil {
			return nil, err
		}
		out.Letters = append(out.Letters, letter)
	}
	return mail.Compose(out, env, nil)
}

// test is the message that an addressee would get, to who asked to see it. It has no link to a page and no address of the
// message that it stands for.
func (o *Office) test(ctx context.Context, snap store.Snapshot, l store.NoticeLine, env mail.Envelope) ([]byte, error) {
	position := 1 + slices.IndexFunc(snap.Content.Addressees, func(a liaison.Addressee) bool { return a.Body == l.Event.Body })
	if position == 0 || snap.Revision != l.Event.Revision {
		return nil, liaison.Refuse(liaison.Conflict, "The statement was changed after the test was asked for; ask for another one.")
	}
	var err error
	if env.Language, err = o.language(ctx, "", l.Event.Body); err != nil {
		return nil, err
	}
	env.ReplyTo = firstOf(snap.Content.ReplyTo, snap.GroupBody.Email)
	letter, err := o.statement(ctx, snap, position, env, o.placeholder(snap.ID))
	if err != nil {
		return nil, err
	}
	files, err := o.files(ctx, letter)
	if err != nil {
		return nil, err
	}
	return mail.Compose(mail.Test{Statement: letter}, env, files)
}

// settings is the page where a person chooses what comes at once.
func (o *Office) settings() string { return o.URL + "/me" }

// letter is what one event is told by: every letter of [liaison.Notices] but the test.
func (o *Office) letter(ctx context.Context, snap store.Snapshot, to liaison.Person, l store.NoticeLine) (mail.Letter, error) {
	page, e := o.URL+"/statements/"+string(snap.ID), l.Event
	in, err := snap.Profile.Zone()
	if err != nil {
		return nil, err
	}
	m := mail.Matter{To: to, Group: snap.GroupBody, Ref: snap.Ref, Title: snap.Content.Title, Language: snap.Content.Language, URL: page, Settings: o.settings()}
	if l.About.ID != "" {
		m.URL = page + "/messages/" + string(l.About.ID)
	}
	by, words := "", e.Reply
	var asked liaison.Date
	if l.Said != nil {
		by, words, asked = l.Said.Name, l.Said.Text, l.Said.Date
	}
	addressee, address, day := l.About.Name, l.About.Email, liaison.DateOf(e.At, in)
	switch l.Letter {
	case liaison.LetterReview:
		r, err := o.revision(ctx, snap.ID, e.Revision)
		if err != nil {
			return nil, err
		}
		return mail.ReviewRequested{To: to, Group: snap.GroupBody, Content: r.Content, Revision: r.Number, Digest: r.Digest, Drafter: snap.DrafterPerson.Name, URL: page + "/review", Settings: o.settings()}, nil
	case liaison.LetterWaiting:
		m.URL = page + "/review"
		return mail.DecisionWaiting{Matter: m, Since: snap.SubmittedOn}, nil
	case liaison.LetterWindowOpened, liaison.LetterWindowClosing, liaison.LetterWindowClosed, liaison.LetterObjectedLate:
		return o.correspondence(ctx, snap, m, l)
	case liaison.LetterReplyDue, liaison.LetterOverdue:
		return o.awaited(ctx, snap, m, l)
	case liaison.LetterTabled:
		meeting, err := o.Store.Meeting(ctx, e.Meeting)
		if err != nil {
			return nil, err
		}
		item, _ := meeting.Item(e.Item)
		m.URL = page + "/review"
		return mail.Tabled{Matter: m, Meeting: meeting.Where(), From: meeting.From, Until: meeting.Until, Item: item.Cite()}, nil
	case liaison.LetterMeetingUnclosed:
		meeting, err := o.Store.Meeting(ctx, e.Meeting)
		if err != nil {
			return nil, err
		}
		m.Ref, m.Title, m.Language, m.URL = "", meeting.Where(), "", o.URL+"/meetings/"+string(meeting.ID)
		return mail.MeetingUnclosed{Matter: m, From: meeting.From, Until: e.Until, Opened: meeting.State != liaison.MeetingPlanned}, nil
	case liaison.LetterPutOff:
		meeting, err := o.Store.Meeting(ctx, e.Meeting)
		if err != nil {
			return nil, err
		}
		who, err := o.Store.Person(ctx, e.Actor)
		if err != nil {
			return nil, err
		}
		return mail.PutOff{Matter: m, Meeting: meeting.Where(), By: who.Name, Acting: e.Acting.Label(), Reason: e.Reason}, nil
	case liaison.LetterReturned, liaison.LetterRejected, liaison.LetterApproved:
		r, err := o.revision(ctx, snap.ID, e.Revision)
		if err != nil {
			return nil, err
		}
		d := r.Decision
		if d == nil {
			return nil, fmt.Errorf("render %s: revision %d has no decision", l.Letter, e.Revision)
		}
		switch l.Letter {
		case liaison.LetterApproved:
			return mail.Approved{Matter: m, By: d.By, Acting: d.Acting.Label(), Entered: d.EnteredBy, On: e.On, Evidence: d.Evidence, Mode: e.Mode}, nil
		case liaison.LetterRejected:
			return mail.Rejected{To: to, Group: snap.GroupBody, Title: r.Content.Title, Language: r.Content.Language, Revision: r.Number, By: d.By, Acting: d.Acting.Label(), Reason: d.Reason, URL: page, Settings: o.settings()}, nil
		}
		return mail.Returned{To: to, Group: snap.GroupBody, Title: r.Content.Title, Language: r.Content.Language, Revision: r.Number, By: d.By, Acting: d.Acting.Label(), Reason: d.Reason, URL: page, Settings: o.settings()}, nil
	case liaison.LetterVoided, liaison.LetterAmended:
		r, err := o.revision(ctx, snap.ID, e.Revision)
		if err != nil {
			return nil, err
		}
		by, err := o.Store.Person(ctx, e.Actor)
		if err != nil {
			return nil, err
		}
		m.Ref, m.Title, m.Language = e.Ref, r.Content.Title, r.Content.Language
		if l.Letter == liaison.LetterAmended {
			m.URL = fmt.Sprintf("%s/compare?from=%d&to=%d", page, e.Revision-1, e.Revision)
			return mail.Amended{Matter: m, By: by.Name, Acting: e.Acting.Label(), Reason: e.Reason}, nil
		}
		return mail.ApprovalVoid{Matter: m, By: by.Name, Acting: e.Acting.Label(), Reason: e.Reason}, nil
	case liaison.LetterSent:
		return o.dispatched(ctx, snap, to, page)
	case liaison.LetterRefused:
		return mail.Refused{Matter: m, Addressee: addressee, Address: address, Words: strings.TrimSpace(code(e) + e.Reply)}, nil
	case liaison.LetterBounced:
		return mail.Bounced{Matter: m, Addressee: addressee, Address: address, Words: e.Reply}, nil
	case liaison.LetterUnknown:
		known := e.Reply
		if known == "" {
			known = l.About.State.Label()
		}
		handed, err := o.handedOver(ctx, l.About.ID, e.Attempt, in)
		if err != nil {
			return nil, err
		}
		return mail.UnknownOutcome{Matter: m, Addressee: addressee, Address: address, Relay: e.Relay, HandedOver: handed, Known: known}, nil
	case liaison.LetterRelayHeld:
		m.URL = o.URL + "/dispatch"
		return mail.RelayHeld{Matter: m, Relay: e.Relay, Words: e.Reason}, nil
	case liaison.LetterAcknowledged:
		return mail.Acknowledged{Matter: m, Addressee: addressee, By: by, On: day}, nil
	case liaison.LetterReplied:
		reply := mail.Replied{Matter: m, Addressee: addressee, Reply: l.Subject, Asked: l.About.Letter == liaison.LetterArrivalAsked}
		if l.Said != nil {
			var names []string
			for _, f := range l.Said.Files {
				names = append(names, f.Name)
			}
			reply.Reply, reply.Words = strings.Join(names, ", "), l.Said.Text
		}
		if d := snap.Content.Deadline; d != "" && day > d {
			reply.Late = d
		}
		return reply, nil
	case liaison.LetterMisdirected:
		return mail.Misdirected{Matter: m, Addressee: addressee, By: by, Words: words}, nil
	case liaison.LetterExtensionAsked:
		return mail.ExtensionAsked{Matter: m, Addressee: addressee, By: by, Date: asked, Deadline: snap.Content.Deadline, Words: words}, nil
	case liaison.LetterDeclined:
		return mail.Declined{Matter: m, Addressee: addressee, By: by, Words: words}, nil
	case liaison.LetterReportDue, liaison.LetterReportLate, liaison.LetterReportMissed, liaison.LetterReportSubmitted, liaison.LetterReportPresented, liaison.LetterProposalAnswered:
		return o.aboutReport(ctx, snap, m, l)
	}
	return nil, fmt.Errorf("render: no letter of the kind %q", l.Letter)
}

// code is the server's reply code before its words, where there was one that the words do not begin with.
func code(e liaison.Event) string {
	if c := fmt.Sprint(e.Code); e.Code != 0 && !strings.HasPrefix(e.Reply, c) {
		return c + " "
	}
	return ""
}
