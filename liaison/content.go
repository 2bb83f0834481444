package liaison

import (
	"fmt"
	"strconv"
	"strings"
)

// Purpose is what an addressee is asked to do with a statement. It is held per addressee (Rec. ITU-T A.1 (2019), clause
// 1.5: "per destination").
type Purpose string

// The purposes in use. Which of them a group offers is in its [Profile].
const (
	ForAction      Purpose = "action"
	ForComment     Purpose = "comment"
	ForInformation Purpose = "information"
	InResponse     Purpose = "response"
	ForCopy        Purpose = "copy" // the Cc of a statement: it is sent there too, and nothing is asked
)

// Purposes lists every purpose with its label, as the database's CHECK does.
var Purposes = []struct {
	Purpose Purpose
	Label   string
}{
	{ForAction, "For action"},
	{ForComment, "For comment"},
	{ForInformation, "For information"},
	{InResponse, "In response"},
	{ForCopy, "Copy"},
}

// Label is the purpose as the form of a liaison statement words it, or "" for what is no purpose.
func (p Purpose) Label() string {
	for _, x := range Purposes {
		if x.Purpose == p {
			return x.Label
		}
	}
	return ""
}

// Addressee is one row of the address matrix: who, where to, and what for. Name and Email are taken from the register of
// bodies when the revision is made and are part of what is approved.
type Addressee struct {
	Body    Code    `json:"body"`
	Name    string  `json:"name"`
	Email   string  `json:"email"`
	Purpose Purpose `json:"purpose"`

	// What the body's own profile asks for ([Reach]); taken from the register with name and mailbox.
	CopyFor  Code   `json:"copy_for,omitempty"` // the addressee that this copy goes with by rule
	Sentence string `json:"sentence,omitempty"` // that messages to the body have to carry
	Reason   string `json:"reason,omitempty"`   // why it gets a progress report, if it is not the parent group
}

// Contact is a person named on the statement as its contact.
type Contact struct {
	Name         string `json:"name"`
	Organization string `json:"organization"`
	Country      string `json:"country"`
	Email        string `json:"email"`
	Phone        string `json:"phone"`

	Role ContactRole `json:"role,omitempty"`
}

// Attachment names a file of the statement and fixes its bytes by their digest.
type Attachment struct {
	Name      string `json:"name"`
	MediaType string `json:"media_type"`
	Size      int64  `json:"size"` // bytes
	Digest    Digest `json:"digest"`

	Title  string         `json:"title,omitempty"`
	Status DocumentStatus `json:"status,omitempty"`
}

// Content is everything that a revision says: envelope, text and attachments. It is what the chair decides on; nothing
// that leaves is outside it, save what the approval itself adds (number, approval line, date).
//
// The order of the fields is the order of the canonical bytes. A field added later carries omitempty, so that what was
// approved before it existed keeps its digest.
type Content struct {
	Source           Code            `json:"source"`
	WorkingParties   string          `json:"working_parties,omitempty"` // of the source: "WP1/13"
	Title            string          `json:"title"`
	InReplyTo        string          `json:"in_reply_to"` // "source, number and date" of the statement replied to, or ""
	Relations        []Relation      `json:"relations,omitempty"`
	Questions        string          `json:"questions"`               // of the source; "N/A" for a JCA, which has none
	Meeting          string          `json:"meeting"`                 // where and when it was prepared; "" for correspondence
	Agreed           *Agreement      `json:"agreed,omitempty"`        // at a lower level, which is never an approval
	NextMeetings     string          `json:"next_meetings,omitempty"` // one a line
	Addressees       []Addressee     `json:"addressees"`
	Deadline         Date            `json:"deadline"` // reply required by
	Contacts         []Contact       `json:"contacts"`
	ReplyTo          string          `json:"reply_to"`                // the role address that replies go to
	ActionHolder     string          `json:"action_holder,omitempty"` // who is to see to it at the source
	Language         string          `json:"language"`                // BCP 47, of the text
	OriginalLanguage string          `json:"original_language,omitempty"`
	OtherLanguages   []string        `json:"other_languages,omitempty"` // that it is to be had in besides, as attachments
	Keywords         []string        `json:"keywords,omitempty"`
	Release          string          `json:"release,omitempty"`   // of 3GPP: "Rel-19"
	WorkItem         string          `json:"work_item,omitempty"` // of 3GPP, or of the addressee
	Identifiers      []Identifier    `json:"identifiers,omitempty"`
	Consensus        Consensus       `json:"consensus,omitempty"`
	Confidentiality  Confidentiality `json:"confidentiality,omitempty"`
	Embargo          Date            `json:"embargo,omitempty"`       // the first day on which it may be sent and seen
	OutsideScope     string          `json:"outside_scope,omitempty"` // why it is sent although the terms of reference do not cover it
	Abstract         string          `json:"abstract"`
	Text             string          `json:"text"`
	Attachments      []Attachment    `json:"attachments"`
	Links            []Link          `json:"links,omitempty"`
	Report           *Report         `json:"report,omitempty"` // makes it a progress report
}

// Tidy returns the content as it is stored: surrounding space trimmed, line ends LF, the lists that every content has never
// nil and the others nil when they are empty.
func (c Content) Tidy() Content {
	c.Agreed = c.Agreed.tidy()
	for _, s := range []*string{
		&c.WorkingParties, &c.Title, &c.InReplyTo, &c.Questions, &c.Meeting, &c.ReplyTo, &c.ActionHolder, &c.Language,
		&c.OriginalLanguage, &c.Release, &c.WorkItem,
	} {
		*s = strings.TrimSpace(*s)
	}
	c.Abstract, c.Text, c.NextMeetings, c.OutsideScope = tidy(c.Abstract), tidy(c.Text), tidy(c.NextMeetings), tidy(c.OutsideScope)
	c.Addressees = append([]Addressee{}, c.Addressees...)
	c.Attachments = append([]Attachment{}, c.Attachments...)
	contacts := []Contact{}
	for _, p := range c.Contacts {
		for _, s := range []*string{&p.Name, &p.Organization, &p.Country, &p.Email, &p.Phone} {
			*s = strings.TrimSpace(*s)
		}
		if p != (Contact{Role: p.Role}) {
			contacts = append(contacts, p)
		}
	}
	c.Contacts = contacts
	c.OtherLanguages, c.Keywords = trimmed(c.OtherLanguages), trimmed(c.Keywords)
	var relations []Relation
	for _, r := range c.Relations {
		if r.Ref = strings.TrimSpace(r.Ref); r.Ref != "" || r.Statement != "" {
			relations = append(relations, r)
		}
	}
	var identifiers []Identifier
	for _, i := range c.Identifiers {
		if i.Scheme, i.Value = strings.TrimSpace(i.Scheme), strings.TrimSpace(i.Value); i.Value != "" {
			identifiers = append(identifiers, i)
		}
	}
	var links []Link
	for _, l := range c.Links {
		if l.Title, l.URL = strings.TrimSpace(l.Title), strings.TrimSpace(l.URL); l.URL != "" {
			links = append(links, l)
		}
	}
	c.Relations, c.Identifiers, c.Links = relations, identifiers, links
	if c.Report != nil {
		r := c.Report.tidy()
		c.Report = &r
	}
	return c
}

// trimmed returns the words of list without surrounding space and without empty ones, nil for none.
func trimmed(list []string) (out []string) {
	for _, s := range list {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// AttachedSize is how large the attachments are together, in bytes.
func (c Content) AttachedSize() int64 {
	var n int64
	for _, a := range c.Attachments {
		n += a.Size
	}
	return n
}

// Limits refuses what may not even be stored as a draft: fields over their limits, control characters in one-line
// fields, addresses with anything smuggled in, dates that do not exist. The errors name the field; all are returned.
func (c Content) Limits() []*Error {
	var errs []*Error
	add := func(err *Error) {
		if err != nil {
			errs = append(errs, err)
		}
	}
	add(field("title", "The title", c.Title, MaxTitle, false))
	add(field("in_reply_to", "In reply to", c.InReplyTo, MaxNote, false))
	add(field("questions", "Questions", c.Questions, MaxNote, false))
	add(field("working_parties", "Working parties", c.WorkingParties, MaxNote, false))
	add(field("next_meetings", "The dates of the next meetings", c.NextMeetings, MaxAbstract, true))
	add(field("outside_scope", "Why it is sent although it is outside the terms of reference", c.OutsideScope, MaxReason, true))
	add(field("action_holder", "Who sees to it", c.ActionHolder, MaxName, false))
	add(field("release", "The release", c.Release, MaxNote, false))
	add(field("work_item", "The work item", c.WorkItem, MaxNote, false))
	add(field("meeting", "The meeting", c.Meeting, MaxNote, false))
	errs = append(errs, c.Agreed.limits()...)
	add(field("abstract", "The abstract", c.Abstract, MaxAbstract, true))
	add(field("text", "The text", c.Text, MaxText, true))
	add(field("language", "The language", c.Language, 35, false))
	add(language("original_language", "The original language", c.OriginalLanguage))
	for _, l := range c.OtherLanguages {
		add(language("other_languages", "Another language", l))
	}
	for _, d := range []struct {
		field string
		date  Date
	}{{"deadline", c.Deadline}, {"embargo", c.Embargo}} {
		if _, err := ParseDate(string(d.date)); err != nil {
			add(&Error{Code: Invalid, Field: d.field, Message: err.Error()})
		}
	}
	errs = append(errs, c.lists()...)
	add(email("reply_to", "Replies to", c.ReplyTo))
	if len(c.Addressees) > MaxAddressees {
		add(&Error{Code: Invalid, Field: "addressees", Message: fmt.Sprintf("There are %d addressees; at most %d fit.", len(c.Addressees), MaxAddressees)})
	}
	for _, a := range c.Addressees {
		add(field("addressees", "The addressee's code", string(a.Body), MaxCode, false))
		add(field("addressees", "The addressee's name", a.Name, MaxName, false))
		add(email("addressees", a.Name, a.Email))
		add(field("addressees", "The code of whose copy it is", string(a.CopyFor), MaxCode, false))
		add(field("addressees", "The sentence that the addressee asks for", a.Sentence, MaxSentence, false))
		add(field("addressees", "The reason", a.Reason, MaxNote, false))
		if a.Purpose.Label() == "" {
			add(&Error{Code: Invalid, Field: "addressees", Message: fmt.Sprintf("%s has no purpose. Choose one: for action, for comment, for information or in response.", a.Name)})
		}
	}
	if len(c.Contacts) > MaxContacts {
		add(&Error{Code: Invalid, Field: "contacts", Message: fmt.Sprintf("There are %d contacts; at most %d fit.", len(c.Contacts), MaxContacts)})
	}
	for i, p := range c.Contacts {
		name := fmt.Sprintf("contacts.%d", i)
		for _, s := range []struct{ label, value string }{{"The contact's name", p.Name}, {"The contact's organization", p.Organization}, {"The contact's country", p.Country}, {"The contact's telephone number", p.Phone}} {
			add(field(name, s.label, s.value, MaxName, false))
		}
		add(email(name, "The contact's e-mail", p.Email))
		if p.Role.Label() == "" {
			add(&Error{Code: Invalid, Field: name, Message: fmt.Sprintf("%q is no role of a contact. Choose contact, response contact or technical contact.", p.Role)})
		}
	}
	if len(c.Attachments) > MaxAttachments {
		add(&Error{Code: Invalid, Field: "attachments", Message: fmt.Sprintf("There are %d attachments; at most %d fit.", len(c.Attachments), MaxAttachments)})
	}
	if c.Report != nil {
		errs = append(errs, c.Report.limits()...)
	}
	var total int64
	for _, a := range c.Attachments {
		add(field("attachments", "The attachment's name", a.Name, MaxFileName, false))
		add(field("attachments", "The attachment's media type", a.MediaType, MaxMediaType, false))
		add(field("attachments", "The attachment's title", a.Title, MaxTitle, false))
		if a.Status.Label() == "" {
			add(&Error{Code: Invalid, Field: "attachments", Message: fmt.Sprintf("%q is no status of a document. Choose one from the list.", a.Status)})
		}
		if !a.Digest.valid() || a.Size < 0 {
			add(&Error{Code: Invalid, Field: "attachments", Message: fmt.Sprintf("%s does not say which bytes it is. Attach the file again.", a.Name)})
		}
		total += max(a.Size, 0)
	}
	if total > MaxAttachmentBytes {
		add(&Error{Code: TooLarge, Field: "attachments", Message: fmt.Sprintf("The attachments have %.1f MiB together; at most %d MiB can be sent by e-mail. Remove one or make it smaller.", float64(total)/(1<<20), MaxAttachmentBytes>>20)})
	}
	return errs
}

func email(name, label, value string) *Error {
	if value == "" {
		return nil
	}
	if _, err := ParseEmail(value); err != nil {
		return &Error{Code: Invalid, Field: name, Message: label + ": " + err.Error()}
	}
	return nil
}

// Difference is one field that two contents disagree on, in words for a reader.
type Difference struct {
	Field         string
	Label         string
	Before, After string
}

// Compare lists what differs from before to after, in the order of the form. Nothing that enters the digest is left out.
func Compare(before, after Content) []Difference {
	b, a := before.lines(), after.lines()
	var out []Difference
	for i := range a {
		if a[i].value != b[i].value {
			out = append(out, Difference{a[i].field, a[i].label, b[i].value, a[i].value})
		}
	}
	return out
}

type line struct{ field, label, value string }

func (c Content) lines() []line {
	var addressees, contacts, attachments, relations, identifiers, links []string
	for _, a := range c.Addressees {
		row := fmt.Sprintf("%s <%s> (%s): %s", a.Name, a.Email, a.Body, strings.ToLower(a.Purpose.Label()))
		if a.CopyFor != "" {
			row += " for " + string(a.CopyFor)
		}
		if a.Sentence != "" {
			row += "; with the sentence " + strconv.Quote(a.Sentence)
		}
		if a.Reason != "" {
			row += "; because " + strconv.Quote(a.Reason)
		}
		addressees = append(addressees, row)
	}
	for _, p := range c.Contacts {
		row := listed(p.Name, p.Organization, p.Country, p.Email, p.Phone)
		if p.Role != AnyContact {
			row = p.Role.Label() + ": " + row
		}
		contacts = append(contacts, row)
	}
	for _, a := range c.Attachments {
		row := fmt.Sprintf("%s, %d bytes, sha256 %s", listed(a.Name, a.MediaType), a.Size, a.Digest)
		if a.Title != "" {
			row += "; " + strconv.Quote(a.Title)
		}
		if a.Status != NoStatus {
			row += "; " + strings.ToLower(a.Status.Label())
		}
		attachments = append(attachments, row)
	}
	for _, r := range c.Relations {
		relations = append(relations, r.Kind.Label()+" "+listed(r.Ref, string(r.Statement)))
	}
	for _, i := range c.Identifiers {
		identifiers = append(identifiers, listed(i.Scheme, i.Value))
	}
	for _, l := range c.Links {
		links = append(links, listed(l.Title, l.URL))
	}
	lines := []line{
		{"source", "Source", string(c.Source)},
		{"working_parties", "Working parties", c.WorkingParties},
		{"title", "Title", c.Title},
		{"in_reply_to", "In reply to", c.InReplyTo},
		{"relations", "Relations to other statements", strings.Join(relations, "\n")},
		{"questions", "Questions", c.Questions},
		{"meeting", "Meeting", c.Meeting},
		{"agreed", "Agreed at a lower level", c.Agreed.String()},
		{"next_meetings", "Next meetings", c.NextMeetings},
		{"addressees", "Addressees", strings.Join(addressees, "\n")},
		{"deadline", "Deadline", string(c.Deadline)},
		{"contacts", "Contacts", strings.Join(contacts, "\n")},
		{"reply_to", "Replies to", c.ReplyTo},
		{"action_holder", "Action holder", c.ActionHolder},
		{"language", "Language", c.Language},
		{"original_language", "Original language", c.OriginalLanguage},
		{"other_languages", "Other languages", listed(c.OtherLanguages...)},
		{"keywords", "Keywords", listed(c.Keywords...)},
		{"release", "Release", c.Release},
		{"work_item", "Work item", c.WorkItem},
		{"identifiers", "External identifiers", strings.Join(identifiers, "\n")},
		{"consensus", "Consensus", c.Consensus.Label()},
		{"confidentiality", "Confidentiality", c.Confidentiality.Label()},
		{"embargo", "Embargo until", string(c.Embargo)},
		{"outside_scope", "Outside the terms of reference", c.OutsideScope},
		{"abstract", "Abstract", c.Abstract},
		{"text", "Text", c.Text},
		{"attachments", "Attachments", strings.Join(attachments, "\n")},
		{"links", "External documents", strings.Join(links, "\n")},
	}
	return append(lines, c.Report.lines()...)
}

// listed joins values with commas, so that no two lists read alike: a value that has a comma or a quotation mark itself
// stands in quotation marks.
func listed(values ...string) string {
	out := make([]string, len(values))
	for i, v := range values {
		if out[i] = v; strings.ContainsAny(v, `,"`) {
			out[i] = strconv.Quote(v)
		}
	}
	return strings.Join(out, ", ")
}
