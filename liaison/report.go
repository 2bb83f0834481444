package liaison

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Report is what makes a statement a progress report: the register of a period, assembled for the parent group, and what
// its editor says besides. It is part of the [Content], so it goes through the same gate as every statement: revisions,
// digest, approval, number, dispatch (terms of reference of JCA-ML, clause 5; Rec. ITU-T A.1 (2019), clause 5).
//
// What is assembled stands in Sections and can be made again at any time; what the editor adds stands in Notes and
// Proposals and is never touched by that.
type Report struct {
	Parent      Code       `json:"parent"`
	Meeting     MeetingID  `json:"meeting,omitempty"` // the meeting that it is due for
	MeetingName string     `json:"meeting_name,omitempty"`
	MeetingFrom Date       `json:"meeting_from,omitempty"`
	From        Date       `json:"from"` // of the period, inclusive
	Until       Date       `json:"until"`
	AsOf        time.Time  `json:"as_of"` // what was recorded later is not in it
	Provisional bool       `json:"provisional,omitempty"`
	Notes       []Note     `json:"notes,omitempty"`
	Sections    []Section  `json:"sections"`
	Proposals   []Proposal `json:"proposals,omitempty"`
}

// StatementKind is what a statement is.
type StatementKind string

// The kinds.
const (
	LiaisonStatement StatementKind = "statement"
	ProgressReport   StatementKind = "report"
)

// StatementKinds lists every kind with its label, as the database's CHECK does.
var StatementKinds = []struct {
	Kind  StatementKind
	Label string
}{
	{LiaisonStatement, "Liaison statement"},
	{ProgressReport, "Progress report"},
}

// Label is the kind in words.
func (k StatementKind) Label() string {
	for _, x := range StatementKinds {
		if x.Kind == k {
			return x.Label
		}
	}
	return string(k)
}

// Kind is what the content makes the statement.
func (c Content) Kind() StatementKind {
	if c.Report != nil {
		return ProgressReport
	}
	return LiaisonStatement
}

// SectionKey names a section of a report.
type SectionKey string

// The sections. What a report tells follows the reports that JCAs have written: meetings, officers and terms of reference,
// statements in and out, where each group stands, overlaps, the roadmap, proposals, key figures (Rec. ITU-T A.18 (2025),
// Appendix I asks for them), the next meetings, the review of the group's lifetime.
const (
	SectionMeetings  SectionKey = "meetings"
	SectionTerms     SectionKey = "terms"
	SectionIncoming  SectionKey = "incoming"
	SectionOutgoing  SectionKey = "outgoing"
	SectionGroups    SectionKey = "groups"
	SectionExternal  SectionKey = "external"
	SectionOverlaps  SectionKey = "overlaps"
	SectionRoadmap   SectionKey = "roadmap"
	SectionProposals SectionKey = "proposals"
	SectionFigures   SectionKey = "figures"
	SectionNext      SectionKey = "next"
	SectionLifetime  SectionKey = "lifetime"
)

// Sections lists every section in the order of the report. Overlaps and the roadmap have no rows in the register yet; what
// there is to say of them is the editor's.
var Sections = []SectionKey{
	SectionMeetings, SectionTerms, SectionIncoming, SectionOutgoing, SectionGroups, SectionExternal, SectionOverlaps, SectionRoadmap,
	SectionProposals, SectionFigures, SectionNext, SectionLifetime,
}

// Section is what the register says under one heading.
type Section struct {
	Key     SectionKey    `json:"key"`
	Tables  []ReportTable `json:"tables,omitempty"`
	Figures []Figure      `json:"figures,omitempty"`
}

// Note is what the editor says under one heading, "" being the introduction.
type Note struct {
	Section SectionKey `json:"section"`
	Text    string     `json:"text"`
}

// TableKey names a table of a report. Its columns are in [TableColumns].
type TableKey string

// The tables.
const (
	TableMeetings   TableKey = "meetings"
	TableOfficers   TableKey = "officers"
	TableTerms      TableKey = "terms"
	TableIncoming   TableKey = "incoming"
	TableOutgoing   TableKey = "outgoing"
	TableOverride   TableKey = "override"
	TableAwaited    TableKey = "awaited"
	TableGroups     TableKey = "groups"
	TableExternal   TableKey = "external"
	TableByMonth    TableKey = "by-month"
	TableReplies    TableKey = "replies"
	TableWaiting    TableKey = "waiting"
	TableUnanswered TableKey = "unanswered"
	TableNext       TableKey = "next"
	TableOpenByAge  TableKey = "open-by-age"
	TableLifetime   TableKey = "lifetime"
	TableBehind     TableKey = "behind" // the rows that a key figure was counted from; see [FigureRows]
)

// TableColumns are the columns of each table, as keys of the catalogue of words.
var TableColumns = map[TableKey][]string{
	TableMeetings:   {"meeting", "place", "days", "source"},
	TableOfficers:   {"person", "office", "from", "until", "source"},
	TableTerms:      {"version", "in-force", "parent", "source"},
	TableIncoming:   {"received", "from-address", "title", "disposition"},
	TableOutgoing:   {"number", "title", "approved", "level", "addressees", "state"},
	TableOverride:   {"number", "title", "reason"},
	TableAwaited:    {"number", "addressee", "purpose", "due", "answer"},
	TableGroups:     {"addressee", "sent", "awaited", "on-time", "late", "overdue"},
	TableExternal:   {"addressee", "sent", "awaited", "on-time", "late", "overdue"},
	TableByMonth:    {"month", "groups", "organizations"},
	TableReplies:    {"answer", "count"},
	TableWaiting:    {"state", "count"},
	TableUnanswered: {"report", "proposal", "addressee"},
	TableNext:       {"meeting", "place", "days", "source"},
	TableOpenByAge:  {"age", "count"},
	TableBehind:     {"number", "title", "addressee", "from", "until", "answer"},
	TableLifetime:   {"version", "review-by", "review", "source"},
}

// ReportTable is rows of the register.
type ReportTable struct {
	Key  TableKey `json:"key"`
	Rows []Row    `json:"rows"`
}

// Row is one row, with what it is about, so that a reader can go there.
type Row struct {
	Statement StatementID `json:"statement,omitempty"`
	Body      Code        `json:"body,omitempty"`
	Cells     []Cell      `json:"cells"`
}

// Cell is one value: exactly one of its fields, so that it can be said in any language. The zero Cell is nothing.
type Cell struct {
	Text   string `json:"text,omitempty"`
	Word   string `json:"word,omitempty"` // a key of the catalogue of words
	Date   Date   `json:"date,omitempty"`
	Until  Date   `json:"until,omitempty"` // with Date: the last of several days
	Number *int   `json:"number,omitempty"`
}

// FigureKey names a key figure.
type FigureKey string

// The key figures, each defined in [Figures].
const (
	FigureSent       FigureKey = "sent"
	FigureReceived   FigureKey = "received"
	FigureToApprove  FigureKey = "to-approve"
	FigureToAnswer   FigureKey = "to-answer"
	FigureOnTime     FigureKey = "on-time"
	FigureOverdue    FigureKey = "overdue"
	FigureBounced    FigureKey = "bounced"
	FigureOpen       FigureKey = "open"
	FigureUnanswered FigureKey = "unanswered"
)

// FigureKind is how a figure is said.
type FigureKind string

// The kinds of figure: a number of things, a share of a number of things, and a median of days.
const (
	FigureCount FigureKind = "count"
	FigureShare FigureKind = "share"
	FigureDays  FigureKind = "days"
)

// Figures lists every key figure in the order of the report, with its kind and its definition. The definitions are ours:
// the text of Appendix I of Rec. ITU-T A.18 (2025) was not at hand.
var Figures = []struct {
	Key        FigureKey
	Kind       FigureKind
	Definition string
}{
	{FigureSent, FigureCount, "statements whose dispatch began in the period"},
	{FigureReceived, FigureCount, "statements that came in during the period"},
	{FigureToApprove, FigureDays, "days from the first submission to the approval: the median over the statements approved in the period"},
	{FigureToAnswer, FigureDays, "days from the dispatch to the final reply: the median over the replies of the period"},
	{FigureOnTime, FigureShare, "of the replies that were due in the period, those that came by their day"},
	{FigureOverdue, FigureCount, "replies that were due before the end of the period and had not come by then"},
	{FigureBounced, FigureShare, "of the messages to addressees that were handed over in the period, those that came back or were refused"},
	{FigureOpen, FigureCount, "addressees that a reply was still awaited from at the end of the period"},
	{FigureUnanswered, FigureCount, "proposals of earlier reports that a study group had not answered by the end of the period"},
}

// Figure is a key figure of one period. A share is Count of Of; a median of days is in tenths of a day, over Of values; with
// nothing to count it is not known, and no zero is made up.
type Figure struct {
	Key    FigureKey `json:"key"`
	Count  int       `json:"count"`
	Of     int       `json:"of,omitempty"`
	Tenths int       `json:"tenths,omitempty"`
}

// Kind is how the figure is said.
func (f Figure) Kind() FigureKind {
	for _, x := range Figures {
		if x.Key == f.Key {
			return x.Kind
		}
	}
	return FigureCount
}

// Known reports whether there was anything to count.
func (f Figure) Known() bool { return f.Kind() == FigureCount || f.Of > 0 }

// Proposal is something that a report proposes to study groups. Each of them that receives the report answers it.
type Proposal struct {
	Number int    `json:"number"` // from 1, within the report
	Title  string `json:"title"`
	Text   string `json:"text"`
	To     []Code `json:"to"`
}

// Answer is what a study group says to a proposal. No answer is no answer: silence is never taken for agreement.
type ProposalAnswer string

// The answers.
const (
	ProposalAccepted ProposalAnswer = "accepted"
	ProposalNoted    ProposalAnswer = "noted"
	ProposalRejected ProposalAnswer = "rejected"
)

// ProposalReply is one answer, as it is recorded. Its canonical bytes are what the log's digest is of.
type ProposalReply struct {
	Proposal int            `json:"proposal"`
	Body     Code           `json:"body"`
	Answer   ProposalAnswer `json:"answer"`
	Name     string         `json:"name"`               // of who says it, as it was typed
	Text     string         `json:"text,omitempty"`     // what goes with it
	Evidence string         `json:"evidence,omitempty"` // how the secretariat knows, if it records the answer
}

// Tidy returns the reply as it is stored.
func (r ProposalReply) Tidy() ProposalReply {
	r.Name, r.Text, r.Evidence = strings.TrimSpace(r.Name), tidy(r.Text), tidy(r.Evidence)
	return r
}

// Check refuses a reply that is none to a proposal of the report. byPerson says that the secretariat records it, which needs
// evidence.
func (r ProposalReply) Check(report Report, byPerson bool) []*Error {
	var errs []*Error
	bad := func(field, message string, args ...any) {
		errs = append(errs, &Error{Code: Invalid, Field: field, Message: fmt.Sprintf(message, args...)})
	}
	i := slices.IndexFunc(report.Proposals, func(p Proposal) bool { return p.Number == r.Proposal })
	switch {
	case i < 0:
		bad("proposal", "The report has no proposal number %d.", r.Proposal)
	case !slices.Contains(report.Proposals[i].To, r.Body):
		bad("proposal", "Proposal %d is not made to %s.", r.Proposal, strings.ToUpper(string(r.Body)))
	}
	if r.Answer.Label() == "" {
		bad("answer", "Choose one: accepted, noted or rejected.")
	}
	if r.Name == "" {
		bad("name", "Say who answers: a name, and the office if there is one.")
	}
	if byPerson && r.Evidence == "" {
		bad("evidence", "Say how this is known: the document, the meeting, the message.")
	}
	for _, e := range []*Error{field("name", "The name", r.Name, MaxName, false), field("text", "The text", r.Text, MaxReason, true), field("evidence", "The evidence", r.Evidence, MaxReason, true)} {
		if e != nil {
			errs = append(errs, e)
		}
	}
	return errs
}

// Canonical returns the bytes that the reply is.
func (r ProposalReply) Canonical() ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r.Tidy()); err != nil {
		return nil, fmt.Errorf("encode answer: %w", err)
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

// ProposalAnswers lists every answer with its label, as the database's CHECK does.
var ProposalAnswers = []struct {
	Answer ProposalAnswer
	Label  string
}{
	{ProposalAccepted, "Accepted"},
	{ProposalNoted, "Noted"},
	{ProposalRejected, "Rejected"},
}

// Label is the answer in words, "" for what is none.
func (a ProposalAnswer) Label() string {
	for _, x := range ProposalAnswers {
		if x.Answer == a {
			return x.Label
		}
	}
	return ""
}

// ReportOutcome is what the parent group did with a report.
type ReportOutcome string

// The outcomes.
const (
	ReportOpen      ReportOutcome = ""
	ReportPresented ReportOutcome = "presented"
	ReportNoted     ReportOutcome = "noted"
	ReportAccepted  ReportOutcome = "accepted"
	ReportReturned  ReportOutcome = "returned"
)

// ReportOutcomes lists every outcome with its label and what can follow, as the database's CHECK does.
var ReportOutcomes = []struct {
	Outcome ReportOutcome
	Label   string
	Command CommandKind // that records it, by an event
	Event   EventKind
	Next    []ReportOutcome
}{
	{ReportOpen, "Not presented yet", "", "", []ReportOutcome{ReportPresented, ReportNoted, ReportAccepted, ReportReturned}},
	{ReportPresented, "Presented", DoPresent, EventPresented, []ReportOutcome{ReportNoted, ReportAccepted, ReportReturned}},
	{ReportNoted, "Noted by the parent group", DoNote, EventNoted, nil},
	{ReportAccepted, "Accepted by the parent group", DoAccept, EventAcceptedByParent, nil},
	{ReportReturned, "Returned by the parent group", DoSendBack, EventReturnedByParent, nil},
}

// Label is the outcome in words.
func (o ReportOutcome) Label() string {
	for _, x := range ReportOutcomes {
		if x.Outcome == o {
			return x.Label
		}
	}
	return string(o)
}

// May reports whether next can follow o.
func (o ReportOutcome) May(next ReportOutcome) bool {
	for _, x := range ReportOutcomes {
		if x.Outcome == o {
			return slices.Contains(x.Next, next)
		}
	}
	return false
}

// OutcomeOf is the outcome that a command records, "" for any other command.
func OutcomeOf(k CommandKind) ReportOutcome {
	for _, x := range ReportOutcomes {
		if x.Command == k && k != "" {
			return x.Outcome
		}
	}
	return ReportOpen
}

// OutcomeIn is the outcome that an event records, "" for any other event.
func OutcomeIn(e EventKind) ReportOutcome {
	for _, x := range ReportOutcomes {
		if x.Event == e && e != "" {
			return x.Outcome
		}
	}
	return ReportOpen
}

// NoteOf is the editor's text under a heading, "" for none.
func (r Report) NoteOf(key SectionKey) string {
	for _, n := range r.Notes {
		if n.Section == key {
			return n.Text
		}
	}
	return ""
}

// Figure returns a key figure of the report.
func (r Report) Figure(key FigureKey) (Figure, bool) {
	for _, s := range r.Sections {
		for _, f := range s.Figures {
			if f.Key == key {
				return f, true
			}
		}
	}
	return Figure{}, false
}

// Table returns a table of the report.
func (r Report) Table(key TableKey) (ReportTable, bool) {
	for _, s := range r.Sections {
		for _, t := range s.Tables {
			if t.Key == key {
				return t, true
			}
		}
	}
	return ReportTable{}, false
}

// Reassembled is the report with what the register says by now; notes and proposals stay as they are.
func (r Report) Reassembled(now Report) Report {
	now.Notes, now.Proposals, now.Provisional = r.Notes, r.Proposals, r.Provisional
	return now
}

// tidy is the report as it is stored: empty notes are none, notes stand in the order of the sections, proposals count from 1.
func (r Report) tidy() Report {
	var notes []Note
	for _, n := range r.Notes {
		if n.Text = tidy(n.Text); n.Text != "" {
			notes = append(notes, n)
		}
	}
	slices.SortStableFunc(notes, func(x, y Note) int { return slices.Index(Sections, x.Section) - slices.Index(Sections, y.Section) })
	r.Notes = notes
	var proposals []Proposal
	for _, p := range r.Proposals {
		p.Title, p.Text = strings.TrimSpace(p.Title), tidy(p.Text)
		if p.Title == "" && p.Text == "" && len(p.To) == 0 {
			continue
		}
		p.Number, p.To = len(proposals)+1, slices.Clone(p.To)
		proposals = append(proposals, p)
	}
	r.Proposals = proposals
	r.AsOf = r.AsOf.UTC().Truncate(time.Microsecond) // what the database keeps
	r.Sections = append([]Section{}, r.Sections...)
	return r
}

// Limits of a report.
const (
	MaxProposals    = 50
	MaxProposalText = 20_000
	MaxReportNote   = 50_000
)

// limits refuses what may not be stored of a report.
func (r Report) limits() []*Error {
	var errs []*Error
	add := func(err *Error) {
		if err != nil {
			errs = append(errs, err)
		}
	}
	for _, n := range r.Notes {
		add(field("report.note."+string(n.Section), "The text", n.Text, MaxReportNote, true))
	}
	if len(r.Proposals) > MaxProposals {
		add(Refuse(Invalid, "There are %d proposals; at most %d fit.", len(r.Proposals), MaxProposals))
	}
	for i, p := range r.Proposals {
		name := "report.proposal." + strconv.Itoa(i)
		add(field(name, "The proposal's title", p.Title, MaxTitle, false))
		add(field(name, "The proposal's text", p.Text, MaxProposalText, true))
	}
	for _, d := range []Date{r.From, r.Until} {
		if _, err := ParseDate(string(d)); err != nil || d == "" {
			add(&Error{Code: Invalid, Field: "report.period", Message: "The report's period needs a first and a last day, as in 2026-11-23."})
		}
	}
	if r.From > r.Until {
		add(&Error{Code: Invalid, Field: "report.period", Message: "The report's period ends before it begins."})
	}
	return errs
}

// check is the part of the check list that is about a report.
func (r Report) check(c Content, p Profile, must func(field, rule, format string, args ...any), should func(field, rule, format string, args ...any)) {
	const tor = "terms of reference, clause 5"
	addressed := func(code Code) bool {
		return slices.ContainsFunc(c.Addressees, func(a Addressee) bool { return a.Body == code })
	}
	if !addressed(r.Parent) {
		must("addressees", tor, "The report is not addressed to the parent group, %s. A report always goes there.", strings.ToUpper(string(r.Parent)))
	}
	for _, a := range c.Addressees {
		if a.Body != r.Parent && a.Reason == "" {
			must("addressees", tor, "%s is no parent group: say why it gets the report.", a.Name)
		}
	}
	for i, x := range r.Proposals {
		name := "report.proposal." + strconv.Itoa(i)
		switch {
		case x.Title == "":
			must(name, "", "Proposal %d has no title. Say in one line what is proposed.", x.Number)
		case len(x.To) == 0:
			must(name, "", "Proposal %d is made to nobody. Choose the study groups that are asked.", x.Number)
		}
		for _, code := range x.To {
			if !addressed(code) {
				must(name, "", "Proposal %d is made to %s, which does not get the report. Add it to the addressees or choose another group.", x.Number, strings.ToUpper(string(code)))
			}
		}
	}
	if r.Provisional && !p.Reports.MayProvisional {
		must("report.provisional", p.Name, "This group's profile does not let a report leave before the group has approved it.")
	}
	if r.Provisional {
		should("report.provisional", p.Name, "It is marked everywhere as provisional, not yet approved by the group.")
	}
}

// lines are what two reports are compared by: the period and each section, each note and each proposal as it stands. Nothing
// that enters the digest is left out. A statement that is no report has them too, empty.
func (r *Report) lines() []line {
	if r == nil {
		r = &Report{}
	}
	encode := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil { // of strings and numbers only, so there is none
			return err.Error()
		}
		return string(b)
	}
	about := *r
	about.Notes, about.Sections, about.Proposals = nil, nil, nil
	out := []line{{"report.period", "Report", ""}}
	if r.Parent != "" {
		out[0].value = encode(about)
	}
	notes := func(of func(SectionKey) bool) string {
		var out []string
		for _, n := range r.Notes {
			if of(n.Section) {
				out = append(out, n.Text)
			}
		}
		return strings.Join(out, "\n\n")
	}
	out = append(out, line{"report.note.", "Introduction", notes(func(k SectionKey) bool { return k == "" })})
	for _, key := range Sections {
		out = append(out, line{"report.section." + string(key), "Section on " + string(key) + ", from the register", r.plain(key)},
			line{"report.note." + string(key), "Section on " + string(key) + ", by the editor", notes(func(k SectionKey) bool { return k == key })})
	}
	out = append(out, line{"report.section.", "Sections that this program does not know", r.plain("")},
		line{"report.note.other", "Notes on sections that this program does not know", notes(func(k SectionKey) bool { return k != "" && !slices.Contains(Sections, k) })})
	var proposals []string
	for _, p := range r.Proposals {
		to := make([]string, len(p.To))
		for i, code := range p.To {
			to[i] = string(code)
		}
		proposals = append(proposals, listed(strconv.Itoa(p.Number), p.Title, p.Text, "to "+strings.Join(to, " ")))
	}
	return append(out, line{"report.proposals", "Proposals", strings.Join(proposals, "\n")})
}

// plain is all that stands under a heading, as it is for a comparison; under "" what stands under no heading that is known.
func (r Report) plain(key SectionKey) string {
	var out []string
	for _, s := range r.Sections {
		if s.Key == key || key == "" && !slices.Contains(Sections, s.Key) {
			out = append(out, s.plain()...)
		}
	}
	return strings.Join(out, "\n")
}

func (s Section) plain() []string {
	out := []string{string(s.Key)}
	for _, f := range s.Figures {
		out = append(out, fmt.Sprintf("%s: %d of %d, %d tenths of a day", f.Key, f.Count, f.Of, f.Tenths))
	}
	for _, t := range s.Tables {
		out = append(out, string(t.Key))
		for _, row := range t.Rows {
			cells := []string{string(t.Key), string(row.Statement), string(row.Body)}
			for _, c := range row.Cells {
				n := ""
				if c.Number != nil {
					n = strconv.Itoa(*c.Number)
				}
				cells = append(cells, c.Text+c.Word+string(c.Date)+string(c.Until)+n)
			}
			out = append(out, listed(cells...))
		}
	}
	return out
}
