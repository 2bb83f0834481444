package post

import (
	"context"
	"fmt"
	"slices"

	"github.com/jca-ml/liaison/internal/document"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail"
)

// reportRows is how many rows of a table stand in the message of a report; the rest is in the files that it carries.
const reportRows = 20

// report is a progress report in the words of its message, nil for a statement that is none.
func (o *Office) report(ctx context.Context, snap store.Snapshot, content liaison.Content) (*mail.Report, error) {
	if content.Report == nil {
		return nil, nil
	}
	about := document.About{Group: snap.GroupBody, Ref: snap.Ref, Bodies: map[liaison.Code]liaison.Body{}}
	all, err := o.Store.Bodies(ctx)
	if err != nil {
		return nil, err
	}
	for _, b := range all {
		about.Bodies[b.Code] = b
	}
	about.Parent = about.Bodies[content.Report.Parent]
	d, err := document.Outline(content, about)
	if err != nil {
		return nil, err
	}
	html, err := document.HTML(d, false, "", reportRows)
	if err != nil {
		return nil, err
	}
	return &mail.Report{Banner: d.Banner, Text: document.Text(d, mail.Columns), HTML: html}, nil
}

// aboutDue is a notice that a report is due, late or missed. The event says of which days; one from before it did asks what the report is due
// for now. Where a draft was put aside the reader is led to the list, from which another begins.
func (o *Office) aboutDue(ctx context.Context, snap store.Snapshot, m mail.Matter, parent string, l store.NoticeLine) (mail.Letter, error) {
	due, closed := l.Event.Due, l.Event.Until
	if due == "" {
		d, err := o.Store.DueReport(ctx, snap.ID)
		if err != nil {
			return nil, err
		}
		due, closed = d.Due, d.Meeting.Until
	}
	if snap.State == liaison.Rejected || snap.State == liaison.Withdrawn || snap.Over == liaison.Recalls {
		m.URL = o.URL + "/reports"
	}
	if l.Letter == liaison.LetterReportMissed {
		return mail.ReportMissed{Matter: m, Parent: parent, Closed: closed}, nil
	}
	in, err := snap.Profile.Zone()
	if err != nil {
		return nil, err
	}
	days := liaison.DaysBetween(liaison.DateOf(l.Event.At, in), due)
	if l.Letter == liaison.LetterReportLate {
		return mail.ReportLate{Matter: m, Parent: parent, Due: due, Days: -days}, nil
	}
	return mail.ReportDue{Matter: m, Parent: parent, Due: due, Days: max(0, days)}, nil
}

// aboutReport is a notice of what happened to a report.
func (o *Office) aboutReport(ctx context.Context, snap store.Snapshot, m mail.Matter, l store.NoticeLine) (mail.Letter, error) {
	r := snap.Content.Report
	if r == nil {
		return nil, fmt.Errorf("render %s: %s is no progress report", l.Letter, snap.ID)
	}
	parent, err := o.Store.Body(ctx, r.Parent)
	if err != nil {
		return nil, err
	}
	switch l.Letter {
	case liaison.LetterReportDue, liaison.LetterReportLate, liaison.LetterReportMissed:
		return o.aboutDue(ctx, snap, m, parent.Label(), l)
	case liaison.LetterReportSubmitted:
		return mail.ReportSubmitted{Matter: m, Parent: parent.Label(), Document: snap.Ref, Provisional: r.Provisional}, nil
	case liaison.LetterReportPresented:
		return mail.ReportPresented{Matter: m, Parent: parent.Label(), Document: snap.Ref, Meeting: r.MeetingName, Outcome: liaison.OutcomeIn(l.Event.Kind).Label() + ". " + l.Event.Reason}, nil
	}
	answers, err := o.Store.ProposalAnswers(ctx, snap.ID)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(answers, func(a store.AnsweredProposal) bool { return a.Event == l.Event.ID })
	if i < 0 {
		return nil, fmt.Errorf("render %s: the answer of event %s is not there", l.Letter, l.Event.ID)
	}
	body, err := o.Store.Body(ctx, answers[i].Body)
	if err != nil {
		return nil, err
	}
	return mail.ProposalAnswered{Matter: m, Proposal: answers[i].Proposal, Addressee: body.Label(), By: answers[i].Name, Answer: answers[i].Answer, Words: answers[i].Text}, nil
}
