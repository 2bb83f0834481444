package mail

import (
	"cmp"
	"html/template"
	"net/url"
	"slices"
	"strings"

	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail/catalogue"
)

// Statement is the liaison statement itself, to one addressee. It carries what Rec. ITU-T A.1 (2019), clause 1.5
// requires, with the purpose and the deadline of this addressee. Its fixed words are in the addressee's language; what
// was approved stands as it was approved.
//
// The routing block comes first: who has to route it reads no further (it is what readers of the IETF's statements
// missed).
type Statement struct {
	Ref       string               // its number, "JCA-ML-LS12"; "" in a preview before approval
	Source    liaison.Body         // the group that sends it
	Parent    string               // how its parent group is named, "ITU-T SG13"; "" for none
	Addressee liaison.Addressee    // the one this message goes to
	Content   liaison.Content      // what was approved
	Approval  *Approval            // nil in a preview before approval
	Copy      bool                 // it is sent in place of a message that did not get through, as the subject says
	URL       string               // where it can be acknowledged and answered, or its record; "" for none
	Answers   bool                 // it is the former
	Linked    []liaison.Attachment // those of its files that the message does not carry and that its page has
	Test      bool                 // it goes to somebody who wants to see it, and to no addressee; see [Test]
	Report    *Report              // what is set in the place of a text, for a progress report
}

// Approval is the line that says on whose word a statement leaves.
type Approval struct {
	Level  string // as the group's profile words it, in English: "JCA-ML Chair"
	Name   string
	Date   liaison.Date
	Acting liaison.Capacity // in which the approval was given; with it the level is said in other languages too
	Mode   liaison.ApprovalMode
	Where  string // the meeting with its place, "First meeting of JCA-ML, Geneva"; of an approval at a meeting only
}

func (Statement) kind() liaison.Letter { return liaison.LetterStatement }
func (Statement) automatic() bool      { return false }

func (s Statement) in(c *catalogue.Catalogue) sheet {
	subject := c.Plain("about.subject", "number", s.Number(c), "head", purpose(c, s.Addressee.Purpose), "title", s.Content.Title)
	if day := s.ReplyBy(); day != "" {
		subject = c.Plain("about.subject-by", "number", s.Number(c), "head", purpose(c, s.Addressee.Purpose), "date", day, "title", s.Content.Title)
	}
	if s.Copy {
		subject = c.Plain("about.copy", "subject", subject)
	}
	return sheet{template: "statement", subject: subject, data: s}
}

// Test is the message that an addressee would get, to a person who asked to see it in their own mailbox: marked in its subject
// and its first line, and of no use to answer the statement with.
type Test struct{ Statement }

func (Test) kind() liaison.Letter { return liaison.LetterTest }
func (Test) automatic() bool      { return true }

func (t Test) in(c *catalogue.Catalogue) sheet {
	t.Statement.Test = true
	out := t.Statement.in(c)
	out.subject = c.Plain("about.test", "subject", out.subject)
	return out
}

// Report is a progress report as it stands in its message, in the language that it was approved in.
type Report struct {
	Banner string // that it is provisional, "" if it is not
	Text   string
	HTML   template.HTML // made by internal/document, which escapes every word
}

// Kind says what the message is.
func (s Statement) Kind(c *catalogue.Catalogue) string {
	if s.Content.Report != nil {
		return c.Say("progress.title")
	}
	return c.Say("statement.kind")
}

// attachments is what was approved, less what is only linked to; [Compose] holds the files against it.
func (s Statement) attachments() []liaison.Attachment {
	return slices.DeleteFunc(slices.Clone(s.Content.Attachments), func(a liaison.Attachment) bool { return slices.Contains(s.Linked, a) })
}

// Link is where a file is to be fetched that the message does not carry, "" for one that it carries.
func (s Statement) Link(a liaison.Attachment) string {
	if !slices.Contains(s.Linked, a) {
		return ""
	}
	return s.URL + "/files/" + string(a.Digest) + "/" + url.PathEscape(a.Name)
}

// contentLanguage is the language of what was approved.
func (s Statement) contentLanguage() string { return languageTag(s.Content.Language) }

// Number is the statement's number, or the words that stand for it until it has one.
func (s Statement) Number(c *catalogue.Catalogue) string {
	if s.Ref == "" {
		return c.Say("statement.unnumbered")
	}
	return s.Ref
}

// LinkLabel is the key of the words beside the link: what it is for.
func (s Statement) LinkLabel() string {
	if s.Answers {
		return "statement.answer"
	}
	return "word.record"
}

// Headline names the message: what it is, and its number.
func (s Statement) Headline(c *catalogue.Catalogue) string {
	switch {
	case s.Content.Report != nil:
		return c.Say("about.titled", "head", c.Say("progress.title"), "title", s.Number(c))
	case s.Ref == "":
		return c.Say("statement.headline-preview", "number", s.Number(c))
	}
	return c.Say("statement.headline", "number", s.Ref)
}

// ReplyBy is the day by which this addressee is asked to reply, "" for none.
func (s Statement) ReplyBy() liaison.Date { return replyBy(s.Content, s.Addressee) }

// Deadline is the deadline row for this addressee.
func (s Statement) Deadline(c *catalogue.Catalogue) string {
	switch {
	case !asksReply(s.Addressee.Purpose):
		return c.Say("statement.no-reply")
	case s.Content.Deadline == "":
		return c.Say("word.no-deadline")
	}
	return c.Date(s.Content.Deadline)
}

// From names the group that sends it, in full.
func (s Statement) From(c *catalogue.Catalogue) string {
	from := s.Source.Label()
	if s.Source.Name != "" && s.Source.Name != from {
		from += ", " + s.Source.Name
	}
	if s.Parent != "" {
		return c.Say("statement.parent", "group", from, "parent", s.Parent)
	}
	return c.Isolate(from)
}

// Meeting is where and when it was prepared.
func (s Statement) Meeting(c *catalogue.Catalogue) string {
	if s.Content.Meeting == "" {
		return c.Say("word.by-correspondence")
	}
	return c.Isolate(s.Content.Meeting)
}

// Copies names those who get a copy and are asked nothing.
func (s Statement) Copies(c *catalogue.Catalogue) []string {
	var out []string
	for _, a := range s.Content.Addressees {
		if a.Body != s.Addressee.Body && a.Purpose == liaison.ForCopy {
			out = append(out, c.Isolate(a.Name))
		}
	}
	return out
}

// Envelope is what else the envelope says, in the order of the form; what is empty is no row.
func (s Statement) Envelope(c *catalogue.Catalogue) []fact {
	x := s.Content
	lines := func(list ...string) string {
		var out []string
		for _, v := range list {
			if v != "" {
				out = append(out, c.Isolate(v))
			}
		}
		return strings.Join(out, "\n")
	}
	say := func(section, value string) string {
		if value == "" {
			return ""
		}
		return c.Say(section + "." + value)
	}
	var relations, identifiers []string
	for _, r := range x.Relations {
		if r.Ref != "" {
			relations = append(relations, c.Say("relation."+string(r.Kind), "statement", r.Ref))
		}
	}
	for _, i := range x.Identifiers {
		identifiers = append(identifiers, strings.TrimSpace(i.Scheme+" "+i.Value))
	}
	outside := ""
	if x.OutsideScope != "" {
		outside = c.Say("word.outside-scope", "reason", strings.Join(strings.Fields(x.OutsideScope), " "))
	}
	return facts(
		fact{"label.working-parties", lines(x.WorkingParties), false},
		fact{"label.agreed", agreed(c, x.Agreed), true},
		fact{"label.relations", strings.Join(relations, "\n"), false},
		fact{"label.next-meetings", lines(strings.Split(x.NextMeetings, "\n")...), false},
		fact{"label.action-holder", lines(x.ActionHolder), false},
		fact{"label.language", s.languages(c), false},
		fact{"label.keywords", lines(strings.Join(x.Keywords, ", ")), false},
		fact{"label.release", lines(x.Release), false},
		fact{"label.work-item", lines(x.WorkItem), false},
		fact{"label.identifiers", lines(identifiers...), false},
		fact{"label.consensus", say("consensus", string(x.Consensus)), false},
		fact{"label.confidentiality", say("confidentiality", string(x.Confidentiality)), true},
		fact{"label.scope", outside, false},
	)
}

// agreed names who agreed it at a lower level, so that it cannot pass for an approval.
func agreed(c *catalogue.Catalogue, a *liaison.Agreement) string {
	if a == nil {
		return ""
	}
	who := a.By
	for _, x := range []string{a.Place, c.Date(a.On)} {
		if x != "" {
			who += c.Say("about.comma") + x
		}
	}
	return c.Say("word.agreed", "who", who)
}

// autonyms are the languages of the Union by their own names; any other is named by its tag.
var autonyms = map[string]string{"en": "English", "fr": "français", "es": "español", "ru": "русский", "zh": "中文", "ar": "العربية"}

// languages says which language is the original, where that is said or there are several.
func (s Statement) languages(c *catalogue.Catalogue) string {
	name := func(tag string) string { return c.Isolate(cmp.Or(autonyms[tag], tag)) }
	var out []string
	if x := s.Content.OriginalLanguage; x != "" {
		out = append(out, c.Say("word.original", "language", cmp.Or(autonyms[x], x)))
	}
	if len(s.Content.OtherLanguages) > 0 {
		var names []string
		for _, x := range s.Content.OtherLanguages {
			names = append(names, name(x))
		}
		out = append(out, c.Say("word.also-in", "languages", strings.Join(names, c.Say("about.comma"))))
	}
	return strings.Join(out, "\n")
}

// contactRole is the label of a contact's row.
func contactRole(x liaison.Contact) string {
	switch x.Role {
	case liaison.ResponseContact:
		return "label.response-contact"
	case liaison.TechnicalContact:
		return "label.technical-contact"
	}
	return "label.contact"
}

// documentLines are the title and the status of a document that is sent along, as far as they are said.
func documentLines(c *catalogue.Catalogue, a liaison.Attachment) []string {
	var out []string
	if a.Title != "" {
		out = append(out, c.Isolate(a.Title))
	}
	if a.Status != liaison.NoStatus {
		out = append(out, c.Say("status."+string(a.Status)))
	}
	return out
}

// Others lists the other addressees, each with what it is asked.
func (s Statement) Others(c *catalogue.Catalogue) []string {
	var out []string
	for _, a := range s.Content.Addressees {
		if a.Body == s.Addressee.Body || a.Purpose == liaison.ForCopy { // whatever its address, of a copy
			continue
		}
		out = append(out, c.Isolate(a.Name)+c.Say("about.comma")+asked(c, s.Content, a, strings.ToLower(purpose(c, a.Purpose))))
	}
	return out
}

// Approved is the approval row.
func (s Statement) Approved(c *catalogue.Catalogue) string {
	if s.Approval == nil {
		return c.Say("statement.unapproved")
	}
	a := s.Approval
	level := c.Isolate(a.Level)
	if key := "capacity." + string(a.Acting); c.Has(key) && (c.Tag() != catalogue.Default || a.Acting == liaison.AsViceChair) {
		level = c.Say("statement.office", "group", s.Source.Label(), "office", c.Say(key))
	}
	// Level, body, mode and place, date (Rec. ITU-T A.1 (2019), clause 1.5): a meeting approves as the group itself, and so does
	// a window in which nobody objected; else a person does.
	said := []string{level, c.Isolate(a.Name)}
	switch a.Mode {
	case liaison.ByOfficer:
		said = append(said, c.Say("word.between-meetings"))
	case liaison.AtMeeting:
		said = []string{c.Isolate(s.Source.Label()), c.Isolate(a.Where)}
	case liaison.ByCorrespondence:
		said = append([]string{c.Isolate(s.Source.Label()), c.Say("word.by-correspondence")}, said...)
	case liaison.ByNoObjection:
		said = []string{c.Isolate(s.Source.Label()), c.Say("word.by-no-objection"), c.Say("word.window-of", "by", a.Name), level}
	}
	var parts []string
	for _, x := range append(said, c.Isolate(c.Date(a.Date))) {
		if x != "" {
			parts = append(parts, x)
		}
	}
	return strings.Join(parts, c.Say("about.comma"))
}
