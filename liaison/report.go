package liaison

import (
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
	AsOf        time.Time  `json:"as_of"`             // what was recorded later is not in it
	AsOn        Date       `json:"as_on,omitempty"`   // the day of AsOf in the group's zone; "" in reports of earlier programs
	OfFrom      Date       `json:"of_from,omitempty"` // the period that Sections were assembled for; "" in reports from before this was kept
	OfUntil     Date       `json:"of_until,omitempty"`
	Provisional bool       `json:"provisional,omitempty"`
	Notes       []Note     `json:"notes,omitempty"`
	Sections    []Section  `json:"sections"`
	Proposals   []Proposal `json:"proposals,omitempty"`
	Forms       []Digest   `json:"forms,omitempty"` // of the attachments that were made of it when it was submitted; any other is its editor's
}

// SectionKey names a section of a report.
type SectionKey string

// The sections. What a report tells follows the reports that JCAs have written: meetings, officers and terms of reference,
// statements in and out, where each group stands, overlaps, the roadmap, proposals, key figures (Rec. ITU-T A.18 (2025),
// Appendix I asks for them), the next meetings, the review of the group's lifetime.
const (
	SectionMeetings   SectionKey = "meetings"
	SectionAttendance SectionKey = "attendance"
	SectionTerms      SectionKey = "terms"
	SectionIncoming   SectionKey = "incoming"
	SectionOutgoing   SectionKey = "outgoing"
	SectionGroups     SectionKey = "groups"
	SectionExternal   SectionKey = "external"
	SectionOverlaps   SectionKey = "overlaps"
	SectionRoadmap    SectionKey = "roadmap"
	SectionProposals  SectionKey = "proposals"
	SectionFigures    SectionKey = "figures"
	SectionNext       SectionKey = "next"
	SectionLifetime   SectionKey = "lifetime"
	SectionAnnexes    SectionKey = "annexes"
)

// Sections lists every section in the order of the report.
var Sections = []SectionKey{
	SectionMeetings, SectionAttendance, SectionTerms, SectionIncoming, SectionOutgoing, SectionGroups, SectionExternal, SectionOverlaps, SectionRoadmap,
	SectionProposals, SectionFigures, SectionNext, SectionLifetime, SectionAnnexes,
}

// EditorsSections are those that the register has no rows for: what there is to say of them is the editor's, and a report in which
// nothing is said says just that.
var EditorsSections = []SectionKey{SectionAttendance, SectionOverlaps, SectionRoadmap}

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
	TableAgenda     TableKey = "agenda"
	TableAnnexes    TableKey = "annexes" // the attachments of the editor's, which every form of the report names
	TableBehind     TableKey = "behind"  // the rows that a key figure was counted from; see [FigureRows]
)

// TableColumns are the columns of each table, as keys of the catalogue of words.
var TableColumns = map[TableKey][]string{
	TableMeetings:   {"meeting", "place", "days", "source"},
	TableOfficers:   {"person", "office", "from", "until", "source"},
	TableTerms:      {"version", "in-force", "parent", "source"},
	TableIncoming:   {"received", "from-address", "title", "disposition"},
	TableOutgoing:   {"number", "title", "approved", "level", "mode", "addressees", "state"},
	TableOverride:   {"number", "title", "reason", "because", "person", "office"},
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
	TableAgenda:     {"meeting", "item", "title"},
	TableAnnexes:    {"document", "title"},
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

// NoteOf is the editor's text under a heading, "" for none.
func (r Report) NoteOf(key SectionKey) string {
	for _, n := range r.Notes {
		if n.Section == key {
			return n.Text
		}
	}
	return ""
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
	now.Notes, now.Proposals, now.Provisional, now.Forms = r.Notes, r.Proposals, r.Provisional, r.Forms
	return now
}

// Reassembled is the content of a report with what the register says by now. It goes to the parent group of the day, in the place of the
// former one, as it always goes to that (terms of reference, clause 5).
func (c Content) Reassembled(now Report) Content {
	was, r := c.Report.Parent, c.Report.Reassembled(now)
	c.Report = &r
	if was == r.Parent || slices.ContainsFunc(c.Addressees, func(a Addressee) bool { return a.Body == r.Parent }) {
		return c
	}
	c.Addressees = slices.Clone(c.Addressees)
	for i, a := range c.Addressees {
		if a.Body == was && a.Reason == "" {
			c.Addressees[i] = Addressee{Body: r.Parent, Purpose: a.Purpose}
		}
	}
	return c
}

// Own are the attachments that its editor made: all but those that were made of the report.
func (r Report) Own(attachments []Attachment) []Attachment {
	return slices.DeleteFunc(slices.Clone(attachments), func(a Attachment) bool { return slices.Contains(r.Forms, a.Digest) })
}

// WithForms is the content with the files that were made of its report, in the place of those made before. An attachment of the
// editor's is never replaced: one that has the name of such a file is refused.
func (c Content) WithForms(made []Attachment) (Content, error) {
	r := *c.Report
	c.Attachments, r.Forms = r.Own(c.Attachments), nil
	for _, a := range made {
		if slices.ContainsFunc(c.Attachments, func(b Attachment) bool { return strings.EqualFold(a.Name, b.Name) }) {
			return c, &Error{Code: Invalid, Field: "attachments", Message: a.Name + " is attached already, and the report itself becomes a file of that name when it is submitted. Give the attachment another name and attach it again."}
		}
		c.Attachments, r.Forms = append(c.Attachments, a), append(r.Forms, a.Digest)
	}
	c.Report = &r
	return c, nil
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
	add(checkDays(r.From, r.Until))
	return errs
}

// checkDays refuses what is no period: a day that is missing or is none, or an end before the beginning.
func checkDays(from, until Date) *Error {
	for _, d := range []Date{from, until} {
		if _, err := ParseDate(string(d)); err != nil || d == "" {
			return &Error{Code: Invalid, Field: "report.period", Message: "The report's period needs a first and a last day, as in 2026-11-23."}
		}
	}
	if from > until {
		return &Error{Code: Invalid, Field: "report.period", Message: "The report's period ends before it begins."}
	}
	return nil
}

// CheckPeriod refuses a period of which no report can be assembled on a day, which is one in the group's zone. What happens on a day that
// is not over would stand in no report: it is not known yet, and the next report begins on the day after.
func CheckPeriod(from, until, on Date) *Error {
	if err := checkDays(from, until); err != nil || until < on {
		return err
	}
	return &Error{Code: Invalid, Field: "report.period", Message: fmt.Sprintf("The period ends on %s, and the register was read on %s, when that day was not over. Let it end on %s at the latest, or assemble it again when the day is over.", until, on, on.Plus(-1))}
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
	if c.IsCorrigendum() {
		if len(r.Proposals) > 0 || len(r.Sections) > 0 || r.Provisional {
			must("report.note.", "", "A corrigendum says what is to be read otherwise, and nothing else. Proposals and figures are for the next report.")
		}
		if r.NoteOf("") == "" {
			must("report.note.", "", "Say what is to be read in place of what.")
		}
		return
	}
	switch {
	case len(r.Sections) == 0:
		must("report.period", "", "Nothing of the register is in it. Assemble it again.")
	case r.OfFrom != "" && (r.OfFrom != r.From || r.OfUntil != r.Until):
		must("report.period", "", "What stands in it is of %s to %s, and the report is of %s to %s. Assemble it again.", r.OfFrom, r.OfUntil, r.From, r.Until)
	}
	if zone, err := p.Zone(); err != nil {
		must("report.period", p.Name, "%v", err)
	} else if err := CheckPeriod(r.From, r.Until, DateOf(r.AsOf, zone)); err != nil && checkDays(r.From, r.Until) == nil { // what is no period at all is said already
		must("report.period", "", "%s", err.Message)
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
	for _, key := range EditorsSections {
		if r.NoteOf(key) == "" && (key != SectionAttendance || !r.Nil()) {
			should("report.note."+string(key), tor, "The register has no rows for the section on %s, and nothing is written there. The report will say so.", key)
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
