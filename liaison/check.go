package liaison

import (
	"fmt"
	"slices"
	"strings"
)

// Finding is one line of the check list that a drafter sees before submitting.
type Finding struct {
	Field    string
	Blocking bool   // submit is refused until it is settled
	Message  string // what is missing and what to do
	Rule     string // the source of the rule, or ""
}

// LeavesLate says of what is approved and has not left that it leaves, now or by itself later, when the day by which a reply is required has come:
// then it is overdue the moment that it arrives. It is advice, because who dispatches it may know that the addressees know; nil for nothing to
// say.
func (s Snapshot) LeavesLate() *Finding {
	if s.State != Approved || s.Content.Deadline == "" || !slices.ContainsFunc(s.Content.Addressees, func(a Addressee) bool { return s.Profile.Awaits(s.Content, a) == ReplyAwaiting }) {
		return nil
	}
	day := s.Today
	if zone, err := s.Profile.Zone(); err == nil && s.DispatchAt != nil {
		day = max(day, DateOf(*s.DispatchAt, zone))
	}
	if s.Content.Deadline > day {
		return nil
	}
	return &Finding{"deadline", false, fmt.Sprintf("A reply is required by %s, and it leaves on %s at the earliest: a reply would be overdue as soon as it arrives. Take it back for changes and give a later date, or dispatch it all the same.", s.Content.Deadline, day), ""}
}

// Refusal is the finding as what a command is refused with: the rule, and where it comes from.
func (f Finding) Refusal() *Error {
	e := &Error{Code: Invalid, Field: f.Field, Message: f.Message}
	if f.Rule != "" {
		e.Message += " (" + f.Rule + ")"
	}
	return e
}

// Condition is a circumstance in which a field of the envelope has to be filled in.
type Condition string

// The conditions that profiles can name.
const (
	Always          Condition = ""
	WhenAsked       Condition = "asked"            // an addressee for a purpose that needs a deadline
	WhenReply       Condition = "reply"            // it replies to a statement
	WhenOutside     Condition = "outside"          // an addressee is of another organization
	WhenDraftOut    Condition = "draft-outside"    // a draft document goes to another organization
	WhenTo3GPP      Condition = "to-3gpp"          // an addressee is of 3GPP
	WhenTranslated  Condition = "translated"       // it is to be had in several languages
	WhenNotAttached Condition = "nothing-attached" // no document is attached
)

// Conditions lists every condition with its words, as in "needed when somebody is asked to reply".
var Conditions = []struct {
	Condition Condition
	Words     string
	holds     func(Content, Profile) bool
}{
	{WhenAsked, "somebody is asked to reply", func(c Content, p Profile) bool {
		return slices.ContainsFunc(c.Addressees, func(a Addressee) bool { return slices.Contains(p.DeadlineFor, a.Purpose) })
	}},
	{WhenReply, "it is a reply", func(c Content, _ Profile) bool {
		return c.Report == nil && (slices.ContainsFunc(c.Addressees, func(a Addressee) bool { return a.Purpose == InResponse }) ||
			slices.ContainsFunc(c.Relations, func(r Relation) bool { return r.Kind == RepliesTo }))
	}},
	{WhenOutside, "an addressee is of another organization", func(c Content, _ Profile) bool { return c.leavesHouse() }},
	{WhenDraftOut, "a draft document goes to another organization", func(c Content, _ Profile) bool {
		return c.leavesHouse() && slices.ContainsFunc(c.Attachments, func(a Attachment) bool { return a.Status == DraftDocument })
	}},
	{WhenTo3GPP, "an addressee is of 3GPP", func(c Content, _ Profile) bool {
		return slices.ContainsFunc(c.Addressees, func(a Addressee) bool { return a.Body.Organization() == "3gpp" })
	}},
	{WhenTranslated, "it is to be had in several languages", func(c Content, _ Profile) bool { return len(c.OtherLanguages) > 0 }},
	{WhenNotAttached, "no document is attached", func(c Content, _ Profile) bool { return len(c.Attachments) == 0 && c.Report == nil }},
}

// Holds reports whether the condition holds for the content; [Always] does.
func (w Condition) Holds(c Content, p Profile) bool {
	for _, x := range Conditions {
		if x.Condition == w {
			return x.holds(c, p)
		}
	}
	return w == Always
}

func (c Content) leavesHouse() bool {
	return slices.ContainsFunc(c.Addressees, func(a Addressee) bool { return a.Body.Organization() != c.Source.Organization() })
}

// Envelope lists the fields of [Content] that a person fills in, in the order of the form, with how each is called, and what
// is said when it is missing. Profiles say for each whether it is needed.
var Envelope = []struct {
	Field, Label string
	missing      string
	has          func(Content) bool
}{
	{"title", "Title", "The title is missing. Give a concise one; a reply says what it replies to.", func(c Content) bool { return c.Title != "" }},
	{"in_reply_to", "In reply to", "A reply names the statement that it replies to: source, number and date.", func(c Content) bool { return c.InReplyTo != "" }},
	{"relations", "Relations to other statements", "Say which statement this one is about, and how.", func(c Content) bool { return len(c.Relations) > 0 }},
	{"questions", "Questions", "The Questions are missing. Name those concerned, or N/A for a group that has none.", func(c Content) bool { return c.Questions != "" }},
	{"working_parties", "Working parties", "The working party is missing.", func(c Content) bool { return c.WorkingParties != "" }},
	{"meeting", "Meeting", "Say at which meeting it was prepared.", func(c Content) bool { return c.Meeting != "" }},
	{"agreed", "Agreed at a lower level", "Say which group of a lower level agreed it, and when.", func(c Content) bool { return c.Agreed != nil }},
	{"addressees", "Addressees", "There is no addressee. Add at least one body and say what the statement is for.", func(c Content) bool { return len(c.Addressees) > 0 }},
	{"deadline", "Reply required by", "", func(c Content) bool { return c.Deadline != "" }},
	{"reply_to", "Replies go to", "There is no address for replies. Give the group's functional mailbox.", func(c Content) bool { return c.ReplyTo != "" }},
	{"contacts", "Contacts", "The contact is incomplete. Give at least a name and an e-mail address.", func(c Content) bool {
		return len(c.Contacts) > 0 && c.Contacts[0].Name != "" && c.Contacts[0].Email != ""
	}},
	{"action_holder", "Action holder", "Say who sees to it.", func(c Content) bool { return c.ActionHolder != "" }},
	{"language", "Language of the text", "Say which language the text is in.", func(c Content) bool { return c.Language != "" }},
	{"original_language", "Original language", "It is to be had in several languages. Say which one is the original: that one counts.", func(c Content) bool { return c.OriginalLanguage != "" }},
	{"other_languages", "Other languages", "Say in which other languages it is to be had.", func(c Content) bool { return len(c.OtherLanguages) > 0 }},
	{"abstract", "Abstract", fmt.Sprintf("The abstract is missing. Say in under %d words what the statement contains and asks.", AbstractWords), func(c Content) bool { return c.Abstract != "" }},
	{"keywords", "Keywords", "Give a few keywords.", func(c Content) bool { return len(c.Keywords) > 0 }},
	{"text", "Text", "There is neither a text nor an attachment. Write the text, or attach the document.", func(c Content) bool { return c.Text != "" }},
	{"attachments", "Attachments", "Attach the document.", func(c Content) bool { return len(c.Attachments) > 0 }},
	{"links", "External documents", "Name the external document.", func(c Content) bool { return len(c.Links) > 0 }},
	{"identifiers", "External identifiers", "Give the number that it has elsewhere.", func(c Content) bool { return len(c.Identifiers) > 0 }},
	{"consensus", "Consensus", "Say how far the group stands behind what is said.", func(c Content) bool { return c.Consensus != NoConsensusStated }},
	{"confidentiality", "Confidentiality", "Say who may see it.", func(c Content) bool { return c.Confidentiality != Public }},
	{"embargo", "Embargo until", "Say from which day on it may be sent.", func(c Content) bool { return c.Embargo != "" }},
	{"outside_scope", "Outside the terms of reference", "Say why it is sent although it is outside the terms of reference.", func(c Content) bool { return c.OutsideScope != "" }},
	{"release", "Release", "3GPP routes by release. Name it, as in Rel-19.", func(c Content) bool { return c.Release != "" }},
	{"work_item", "Work item", "3GPP routes by work item. Name it, as in FS_AIML.", func(c Content) bool { return c.WorkItem != "" }},
	{"next_meetings", "Next meetings", "3GPP asks for the dates of your next meetings. Give them, one a line.", func(c Content) bool { return c.NextMeetings != "" }},
}

// Check is the check list of what is missing under profile on day: what blocks a submission first, then what only
// deserves a look. It judges by the content alone; [Snapshot.Check] also asks what the register knows.
func (c Content) Check(p Profile, day Date) []Finding {
	l := &checkList{}
	for _, err := range c.Limits() {
		l.must(err.Field, "", "%s", err.Message)
	}
	for _, x := range Envelope {
		rule := p.Rule(x.Field)
		missing := x.missing
		if x.Field == "deadline" {
			missing = fmt.Sprintf("A statement %s needs the date by which a reply is required.", purposesInWords(p.DeadlineFor))
		}
		name := x.Field
		if name == "contacts" {
			name = "contacts.0"
		}
		switch {
		case rule.Need == Unused && x.has(c) && x.Field != "confidentiality" && x.Field != "embargo":
			l.should(name, rule.Source, "%s is not a row of this group's statements. It is sent as it stands.", x.Label)
		case rule.Need == Unused && x.has(c):
			l.must(name, rule.Source, "This group's statements are public when they are sent: %s is not for it.", strings.ToLower(x.Label))
		case x.has(c), rule.Need == Optional, rule.Need == Unused, !rule.When.Holds(c, p):
		case rule.Need == Advised:
			l.should(name, rule.Source, "%s", missing)
		default:
			l.must(name, rule.Source, "%s", missing)
		}
	}
	if c.Report != nil {
		c.Report.check(c, p, l.must, l.should)
	}
	c.Agreed.check(l, p, day)
	c.checkAddressees(l, p)
	c.checkDates(l, p, day)
	c.checkDocuments(l, p)
	return l.findings()
}

const (
	sourceA1       = "Rec. ITU-T A.1 (2019), clause 1.5"
	sourceRFC4053  = "RFC 4053, 2.2.1.2"
	sourceTemplate = "TSB template T21"
)

// checkList collects findings.
type checkList struct{ blocking, advice []Finding }

func (l *checkList) must(field, rule, format string, args ...any) {
	l.blocking = append(l.blocking, Finding{field, true, fmt.Sprintf(format, args...), rule})
}

func (l *checkList) should(field, rule, format string, args ...any) {
	l.advice = append(l.advice, Finding{field, false, fmt.Sprintf(format, args...), rule})
}

func (l *checkList) findings() []Finding { return append(l.blocking, l.advice...) }

func (c Content) checkAddressees(l *checkList, p Profile) {
	seen := map[Code]Purpose{}
	organizations := map[string]bool{}
	for _, a := range c.Addressees {
		if !slices.Contains(p.Purposes, a.Purpose) && a.CopyFor == "" {
			l.must("addressees", p.Source, "%s: %s is not a purpose of this group's profile. It offers %s.", a.Name, a.Purpose.Label(), purposesInWords(p.Purposes))
		}
		if before, twice := seen[a.Body]; twice {
			l.must("addressees", sourceA1, "%s is addressed twice (%s and %s). Keep one row.", a.Name, before.Label(), a.Purpose.Label())
		}
		seen[a.Body] = a.Purpose
		if a.Email == "" {
			l.must("addressees", "", "No mailbox is recorded for %s. Record one on the body's page first.", a.Name)
		}
		if a.Body == c.Source {
			l.must("addressees", "", "%s is the source. Remove it from the addressees.", a.Name)
		}
		if a.Purpose != ForCopy {
			organizations[a.Body.Organization()] = true
		}
	}
	for _, child := range c.Addressees {
		for _, parent := range c.Addressees {
			if strings.HasPrefix(string(child.Body), string(parent.Body)+"/") {
				l.should("addressees", sourceA1, "%s is a part of %s, and both are addressed: each gets a message of its own. Keep one if one is enough.", child.Name, parent.Name)
			}
		}
	}
	if p.Separate && len(organizations) > 1 {
		l.should("addressees", p.sourceOf("separate"), "It goes to %d organizations. This group's rules advise a statement of its own for each.", len(organizations))
	}
}

func (c Content) checkDates(l *checkList, p Profile, day Date) {
	asked := WhenAsked.Holds(c, p)
	switch {
	case c.Deadline == "":
	case c.Deadline <= day:
		l.must("deadline", sourceA1, "The deadline, %s, is not after today. Choose a later day.", c.Deadline)
	case !asked:
		l.should("deadline", sourceA1, "No addressee is asked to reply, so the date is only a note; nobody will be reminded of it.")
	}
	if c.Embargo != "" && c.Deadline != "" && c.Embargo > c.Deadline {
		l.must("embargo", "", "The embargo, until %s, ends after the reply is due, %s. Nobody can reply to what was not sent: choose an earlier day, or a later deadline.", c.Embargo, c.Deadline)
	}
	if c.Embargo != "" && c.Embargo > day {
		l.should("embargo", "", "It is neither sent nor shown outside the group before %s, whenever it is approved.", c.Embargo)
	}
}

// proprietary are file forms that a reader needs one maker's program for; readable are those that nobody does (RFC 4053, 2.2.1.2).
var (
	proprietary = []string{".doc", ".docx", ".docm", ".ppt", ".pptx", ".xls", ".xlsx", ".vsd", ".vsdx", ".pages", ".key", ".numbers", ".mpp", ".one"}
	readable    = []string{".pdf", ".txt", ".html", ".htm", ".csv", ".odt", ".xml", ".md", ".png", ".svg"}
)

func extension(name string) string {
	if i := strings.LastIndexByte(name, '.'); i > 0 {
		return strings.ToLower(name[i:])
	}
	return ""
}

func (c Content) checkDocuments(l *checkList, p Profile) {
	switch words := len(strings.Fields(c.Abstract)); {
	case words >= AbstractWords:
		l.should("abstract", sourceTemplate, "The abstract has %d words; the template asks for under %d.", words, AbstractWords)
	}
	for _, a := range c.Attachments {
		ext := extension(a.Name)
		stem := a.Name[:len(a.Name)-len(ext)]
		copied := slices.ContainsFunc(c.Attachments, func(b Attachment) bool {
			e := extension(b.Name)
			return slices.Contains(readable, e) && strings.EqualFold(b.Name[:len(b.Name)-len(e)], stem)
		})
		if slices.Contains(proprietary, ext) && !copied {
			l.should("attachments", sourceRFC4053, "%s can be read with one maker's program only. Attach a PDF of the same name besides, %s.pdf.", a.Name, stem)
		}
		if a.Status == NoStatus && c.leavesHouse() && p.Rule("consensus").Need != Unused {
			l.should("attachments", "RFC 4053, 3.2.1.1", "%s goes to another organization. Say how far the document has come: a working document is marked as draft.", a.Name)
		}
	}
	for _, x := range c.Links {
		l.should("links", sourceRFC4053, "%s is named by its address only, as an external document: it may change or go after the statement was sent. Attach a copy if you may.", listed(x.URL))
	}
	if len(c.OtherLanguages) > 0 && c.OriginalLanguage != "" {
		l.should("other_languages", "", "The text in the original language (%s) is what is decided on. A translation is no new approval; where it differs, a corrigendum puts it right.", c.OriginalLanguage)
	}
	text := strings.ToLower(c.Title + "\n" + c.Abstract + "\n" + c.Text)
	if p.NoStudy {
		for _, phrase := range p.OutOfMandate {
			if strings.Contains(text, strings.ToLower(phrase)) {
				l.should("outside_scope", p.Source, "It says %q. A joint coordination activity coordinates: it does no technical studies and writes no Recommendations. Leave that to a study group, or say why it is sent all the same.", phrase)
				break
			}
		}
	}
}

// sourceOf is where the value at the path of the profile's file comes from.
func (p Profile) sourceOf(path string) string {
	for _, n := range p.Notes {
		if n.Path == path && n.Source != "" {
			return n.Source
		}
	}
	return p.Source
}

func purposesInWords(ps []Purpose) string {
	words := make([]string, len(ps))
	for i, p := range ps {
		words[i] = strings.ToLower(p.Label())
	}
	return strings.Join(words, " or ")
}
