package liaison

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ReportFacts is what the register knows that a progress report tells of. The store reads it as it stood at the end of the period,
// or at AsOf if that comes first: what was recorded later is not in it, so a report can be recomputed at any time. Of a reply counts
// the day on which it came, if it was linked by AsOf.
type ReportFacts struct {
	Group, Parent  Body
	Profile        Profile
	Zone           *time.Location // days begin and end here
	From, Until    Date           // the period, inclusive
	AsOf           time.Time
	For            Meeting // that the report is due for
	Meetings       []Meeting
	ParentMeetings []Meeting
	Officers       []Appointment // of the group, former ones too
	Terms          []TermsOfReference
	Out            []OutFact
	In             []InFact
	Waiting        map[State]int // open statements by state
	Unanswered     []OpenProposal
}

// OutFact is an outgoing statement with its addressees.
type OutFact struct {
	ID         StatementID
	Ref        string
	Title      string
	Closed     bool // confidential: its title stands in no report
	State      State
	Level      string    // of the approval
	Approval   Approval  // how it was approved, as far as the record says
	Override   Override  // of what is outside the scope
	Submitted  time.Time // first
	Approved   time.Time
	Dispatched time.Time // zero if it was not
	Ended      time.Time // when it was closed, recalled or superseded: from then on nothing is awaited; zero before
	To         []OutAddressee
}

// Override is why a statement left although it is outside the scope of the group: why it was sent, in the words of who drafted it, why it was
// approved all the same, and by whom. The zero Override is of a statement within the scope.
type Override struct {
	Reason  string
	Because string
	By      string // name
}

// OutAddressee is one addressee of it.
type OutAddressee struct {
	Body     Code
	Name     string
	Kind     BodyKind
	Purpose  Purpose
	Sent     time.Time // when a server first took its message over, or refused it; zero if neither
	Failed   bool      // it came back, or was refused, so that nothing is awaited
	Due      Date      // the day by which a reply is awaited, "" for none
	Answer   AnswerKind
	Answered time.Time // when the reply came, whoever linked it and when, or when it was declined or waived; zero while there is none
}

// AnswerKind is where an awaited reply stands, a key of the catalogue of words.
type AnswerKind string

// Where a reply can stand. Whether it came in time is what the register says of it (decision 0060).
const (
	AnswerNone       AnswerKind = "" // none is awaited, or none has come
	AnswerOnTime     AnswerKind = "on-time"
	AnswerLate       AnswerKind = "late"
	AnswerDeclined   AnswerKind = "declined"
	AnswerWaived     AnswerKind = "waived"
	AnswerMissing    AnswerKind = "no-reply" // none had come when the statement was closed, recalled or superseded
	AnswerOpen       AnswerKind = "open"
	AnswerRedirected AnswerKind = "redirected" // it is awaited from elsewhere, and nothing is counted against the addressee
	AnswerOverdue    AnswerKind = "overdue"
)

// Answers lists them in the order of the report.
var Answers = []AnswerRule{
	{Kind: AnswerOnTime, Replied: true, Judged: true},
	{Kind: AnswerLate, Replied: true, Judged: true},
	{Kind: AnswerDeclined},
	{Kind: AnswerWaived},
	{Kind: AnswerMissing, Judged: true}, // unless it ended by its day
	{Kind: AnswerOpen, Open: true, Judged: true},
	{Kind: AnswerRedirected, Open: true},
	{Kind: AnswerOverdue, Open: true, Judged: true},
}

// AnswerRule is what follows from where a reply stands.
type AnswerRule struct {
	Kind    AnswerKind
	Replied bool // one came
	Open    bool // one is still awaited
	Judged  bool // it counts in the share of those that came in time, or did not
}

func (k AnswerKind) rule() AnswerRule {
	for _, x := range Answers {
		if x.Kind == k {
			return x
		}
	}
	return AnswerRule{}
}

// InFact is a statement that came in.
type InFact struct {
	Received    time.Time
	From        string // the address, as the message names it
	Title       string
	Closed      bool        // it is about a confidential statement, so neither its title nor its sender stands in a report
	Statement   StatementID // that it was linked to, "" for none
	Disposition string      // a key of the catalogue of words
}

// OpenProposal is a proposal of an earlier report that a group has not answered.
type OpenProposal struct {
	Statement StatementID // the report
	Ref       string
	Proposal  Proposal
	Body      Body
}

// Assemble makes the report of the register's facts. It is the same for the same facts, to the byte.
func Assemble(f ReportFacts) Report {
	a := assembly{ReportFacts: f}
	r := Report{
		Parent: f.Parent.Code, Meeting: f.For.ID, MeetingName: f.For.Title, MeetingFrom: f.For.From,
		From: f.From, Until: f.Until, AsOf: f.AsOf.UTC().Truncate(time.Microsecond), AsOn: DateOf(f.AsOf, f.Zone),
	}
	r.OfFrom, r.OfUntil = f.From, f.Until
	make := map[SectionKey]func() Section{
		SectionMeetings: a.meetings, SectionTerms: a.terms, SectionIncoming: a.incoming, SectionOutgoing: a.outgoing,
		SectionGroups:    func() Section { return a.bodies(TableGroups, Group) },
		SectionExternal:  func() Section { return a.bodies(TableExternal, Organization) },
		SectionProposals: a.proposals, SectionFigures: a.figures, SectionNext: a.next, SectionLifetime: a.lifetime, SectionAnnexes: a.annexes,
	}
	for _, key := range Sections {
		s := Section{}
		if m := make[key]; m != nil {
			s = m()
		}
		s.Key = key
		r.Sections = append(r.Sections, s)
	}
	return r
}

// Nil reports whether the period had no meeting of the group, so that the report says so.
func (r Report) Nil() bool {
	t, _ := r.Table(TableMeetings)
	return len(t.Rows) == 0
}

type assembly struct{ ReportFacts }

func (a assembly) within(t time.Time) bool {
	return !t.IsZero() && DateOf(t, a.Zone).Within(a.From, a.Until)
}

func text(s string) Cell   { return Cell{Text: s} }
func word(key string) Cell { return Cell{Word: key} }
func day(d Date) Cell      { return Cell{Date: d} }
func days(from, until Date) Cell {
	if from == until {
		return Cell{Date: from}
	}
	return Cell{Date: from, Until: until}
}
func number(n int) Cell { return Cell{Number: &n} }

func (a assembly) meetings() Section {
	t := ReportTable{Key: TableMeetings, Rows: []Row{}}
	for _, m := range inOrder(a.Meetings) {
		if a.held(m) {
			t.Rows = append(t.Rows, meetingRow(m))
		}
	}
	return Section{Tables: []ReportTable{t}}
}

// held reports whether the meeting of the group was held in the period.
func (a assembly) held(m Meeting) bool {
	return m.State != MeetingCancelled && m.Until.Within(a.From, a.Until) && m.Until <= DateOf(a.AsOf, a.Zone)
}

func meetingRow(m Meeting) Row {
	return Row{Cells: []Cell{text(m.Title), text(m.Place), days(m.From, m.Until), text(m.Source)}}
}

func inOrder(ms []Meeting) []Meeting {
	return slices.SortedFunc(slices.Values(ms), func(x, y Meeting) int { return cmp.Or(cmp.Compare(x.From, y.From), cmp.Compare(x.ID, y.ID)) })
}

// terms tells who came into office and left it, and which terms of reference came into force.
func (a assembly) terms() Section {
	officers := ReportTable{Key: TableOfficers, Rows: []Row{}}
	for _, o := range a.Officers {
		if o.Office != OfficeChair && o.Office != OfficeViceChair && o.Office != OfficeSecretary {
			continue
		}
		if o.From.Within(a.From, a.Until) || o.Until != "" && o.Until.Within(a.From, a.Until) {
			officers.Rows = append(officers.Rows, Row{Body: o.Group, Cells: []Cell{text(o.Person.Name), word("progress.office-" + string(o.Office)), day(o.From), day(o.Until), text(o.Evidence)}})
		}
	}
	terms := ReportTable{Key: TableTerms, Rows: []Row{}}
	for _, t := range a.Terms {
		if t.InForce.Within(a.From, a.Until) {
			terms.Rows = append(terms.Rows, Row{Body: t.Group, Cells: []Cell{number(t.Version), day(t.InForce), text(a.label(t.Parent)), text(t.Source)}})
		}
	}
	return Section{Tables: []ReportTable{officers, terms}}
}

// label names the parent group as it is known, and a former one by its code.
func (a assembly) label(code Code) string {
	if code == a.Parent.Code {
		return a.Parent.Label()
	}
	return strings.ToUpper(string(code))
}

func (a assembly) incoming() Section {
	t := ReportTable{Key: TableIncoming, Rows: []Row{}}
	for _, in := range a.In {
		if a.within(in.Received) {
			t.Rows = append(t.Rows, Row{Statement: in.about(), Cells: []Cell{day(DateOf(in.Received, a.Zone)), told(in.Closed, in.From), told(in.Closed, in.Title), word(in.Disposition)}})
		}
	}
	return Section{Tables: []ReportTable{t}}
}

// sent are the statements whose dispatch began in the period, in the order of their dispatch.
func (a assembly) sent() []OutFact {
	var out []OutFact
	for _, s := range a.Out {
		if a.within(s.Dispatched) {
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(x, y OutFact) int { return cmp.Or(x.Dispatched.Compare(y.Dispatched), cmp.Compare(x.ID, y.ID)) })
	return out
}

// told is what a report says of a statement: what is confidential is counted, and neither its title nor whom it went to or came from is told.
func told(closed bool, words string) Cell {
	if closed {
		return word("progress.confidential")
	}
	return text(words)
}

// about is the statement that the row leads to.
func (in InFact) about() StatementID {
	if in.Closed {
		return ""
	}
	return in.Statement
}

func (s OutFact) told(words string) Cell { return told(s.Closed, words) }

func (s OutFact) title() Cell { return s.told(s.Title) }

func (s OutFact) body(to OutAddressee) Code {
	if s.Closed {
		return ""
	}
	return to.Body
}

// approvedOn is the day on which the approval was given, which can be before that of its entry.
func (a assembly) approvedOn(s OutFact) Date {
	return cmp.Or(s.Approval.On, DateOf(s.Approved, a.Zone))
}

// way says how it was approved: by whom between meetings, at a meeting, by a window; and on whose word, if the secretariat entered it.
func (s OutFact) way() Cell {
	if s.Approval.Mode == "" {
		return Cell{}
	}
	key := string(s.Approval.Mode)
	if s.Approval.Mode == ByOfficer {
		key += "-" + string(s.Approval.As)
	}
	if s.Approval.Entered != "" {
		key = "entered-" + key
	}
	return word("progress.way-" + key)
}

// office is the office in which it was approved.
func (s OutFact) office() Cell {
	if s.Approval.As == "" {
		return Cell{}
	}
	return word("progress.office-" + string(s.Approval.As))
}

func (a assembly) outgoing() Section {
	sent, override, awaited := ReportTable{Key: TableOutgoing, Rows: []Row{}}, ReportTable{Key: TableOverride, Rows: []Row{}}, ReportTable{Key: TableAwaited, Rows: []Row{}}
	months := ReportTable{Key: TableByMonth, Rows: []Row{}}
	byMonth := map[string][2]int{}
	for _, s := range a.sent() {
		names := make([]string, len(s.To))
		month := string(DateOf(s.Dispatched, a.Zone)[:7])
		count := byMonth[month]
		for i, to := range s.To {
			names[i] = to.Name
			if to.Kind == Group {
				count[0]++
			} else {
				count[1]++
			}
		}
		byMonth[month] = count
		sent.Rows = append(sent.Rows, Row{Statement: s.ID, Cells: []Cell{text(s.Ref), s.title(), day(a.approvedOn(s)), text(s.Level), s.way(), s.told(strings.Join(names, "; ")), word("progress.state-" + string(s.State))}})
		if o := s.Override; o.Reason != "" {
			override.Rows = append(override.Rows, Row{Statement: s.ID, Cells: []Cell{text(s.Ref), s.title(), s.told(o.Reason), s.told(o.Because), text(o.By), s.office()}})
		}
	}
	for _, month := range slices.Sorted(maps.Keys(byMonth)) {
		months.Rows = append(months.Rows, Row{Cells: []Cell{day(Date(month + "-01")), number(byMonth[month][0]), number(byMonth[month][1])}})
	}
	for _, s := range a.Out {
		for _, to := range s.To {
			if answer := a.awaited(s, to); answer != AnswerNone {
				awaited.Rows = append(awaited.Rows, Row{Statement: s.ID, Body: s.body(to), Cells: []Cell{text(s.Ref), s.told(to.Name), word("purpose." + string(to.Purpose)), day(to.Due), answer.word()}})
			}
		}
	}
	slices.SortStableFunc(awaited.Rows, func(x, y Row) int { return cmp.Compare(x.Cells[3].Date, y.Cells[3].Date) })
	return Section{Tables: []ReportTable{sent, override, months, awaited}}
}

// stands says where the reply of an addressee stood at the end of the period, [AnswerNone] if none was awaited. A day that was not over
// at AsOf makes nothing overdue.
func (a assembly) stands(s OutFact, to OutAddressee) AnswerKind {
	by := func(t time.Time) bool { return !t.IsZero() && DateOf(t, a.Zone) <= a.Until }
	switch {
	case to.Due == "" || to.Failed || !by(to.Sent):
		return AnswerNone
	case by(to.Answered):
		return to.Answer
	case by(s.Ended):
		return AnswerMissing
	case to.Answer == AnswerRedirected:
		return AnswerRedirected
	case to.Due < min(a.Until, DateOf(a.AsOf, a.Zone)):
		return AnswerOverdue
	}
	return AnswerOpen
}

// awaited is where the reply stood, [AnswerNone] too if that was settled before the period.
func (a assembly) awaited(s OutFact, to OutAddressee) AnswerKind {
	answer, settled := a.stands(s, to), to.Answered
	if answer == AnswerMissing {
		settled = s.Ended
	}
	if answer != AnswerNone && !answer.rule().Open && DateOf(settled, a.Zone) < a.From {
		return AnswerNone
	}
	return answer
}

// word names it, and is nothing for none.
func (k AnswerKind) word() Cell {
	if k == AnswerNone {
		return Cell{}
	}
	return word("progress.answer-" + string(k))
}

// bodies counts what went to each group, or each organization, and what came of it.
func (a assembly) bodies(key TableKey, kind BodyKind) Section {
	type count struct {
		name                                 string
		sent, awaited, onTime, late, overdue int
	}
	counts := map[Code]*count{}
	of := func(to OutAddressee) *count {
		c := counts[to.Body]
		if c == nil {
			c = &count{}
			counts[to.Body] = c
		}
		c.name = to.Name
		return c
	}
	for _, s := range a.Out {
		for _, to := range s.To {
			if to.Kind != kind || s.Closed {
				continue
			}
			if a.within(s.Dispatched) {
				of(to).sent++
			}
			switch a.awaited(s, to) {
			case AnswerOverdue:
				of(to).overdue++
			case AnswerOpen, AnswerRedirected:
				of(to).awaited++
			case AnswerLate:
				of(to).late++
			case AnswerOnTime:
				of(to).onTime++
			}
		}
	}
	t := ReportTable{Key: key, Rows: []Row{}}
	for _, code := range slices.Sorted(maps.Keys(counts)) {
		c := counts[code]
		t.Rows = append(t.Rows, Row{Body: code, Cells: []Cell{text(c.name), number(c.sent), number(c.awaited), number(c.onTime), number(c.late), number(c.overdue)}})
	}
	return Section{Tables: []ReportTable{t}}
}

func (a assembly) proposals() Section {
	t := ReportTable{Key: TableUnanswered, Rows: []Row{}}
	for _, p := range a.Unanswered {
		n := text(strconv.Itoa(p.Proposal.Number) + ". " + p.Proposal.Title)
		t.Rows = append(t.Rows, Row{Statement: p.Statement, Body: p.Body.Code, Cells: []Cell{text(p.Ref), n, text(p.Body.Label())}})
	}
	return Section{Tables: []ReportTable{t}}
}

// next are the meetings to come, of the group and of its parent.
func (a assembly) next() Section {
	t := ReportTable{Key: TableNext, Rows: []Row{}}
	for _, m := range inOrder(slices.Concat(a.Meetings, a.ParentMeetings)) {
		if m.State == MeetingPlanned && m.Until > a.Until {
			t.Rows = append(t.Rows, meetingRow(m))
		}
	}
	return Section{Tables: []ReportTable{t}}
}

// lifetime tells by when the group's continuation is to be decided, from the terms of reference in force.
func (a assembly) lifetime() Section {
	t := ReportTable{Key: TableTerms, Rows: []Row{}}
	var now TermsOfReference
	for _, x := range a.Terms {
		if x.InForce <= a.Until && x.InForce >= now.InForce {
			now = x
		}
	}
	if now.Version > 0 {
		state := "progress.review-none"
		switch {
		case now.ReviewedBy == "":
		case now.ReviewedBy <= a.Until:
			state = "progress.review-overdue"
		default:
			state = "progress.review-ahead"
		}
		t.Key = TableLifetime
		t.Rows = append(t.Rows, Row{Body: now.Group, Cells: []Cell{number(now.Version), day(now.ReviewedBy), word(state), text(now.Source)}})
	}
	return Section{Tables: []ReportTable{t}}
}

// annexes are the agendas of the meetings that were held. Documents that the editor attached stand there too, from the content.
func (a assembly) annexes() Section {
	t := ReportTable{Key: TableAgenda, Rows: []Row{}}
	for _, m := range inOrder(a.Meetings) {
		if a.held(m) {
			for _, x := range m.Agenda {
				t.Rows = append(t.Rows, Row{Cells: []Cell{text(m.Title), number(x.Number), text(x.Title)}})
			}
		}
	}
	return Section{Tables: []ReportTable{t}}
}
