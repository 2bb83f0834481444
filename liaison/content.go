package liaison

import (
	"fmt"
	"slices"
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
}

// Contact is a person named on the statement as its contact.
type Contact struct {
	Name         string `json:"name"`
	Organization string `json:"organization"`
	Country      string `json:"country"`
	Email        string `json:"email"`
	Phone        string `json:"phone"`
}

// Attachment names a file of the statement and fixes its bytes by their digest.
type Attachment struct {
	Name      string `json:"name"`
	MediaType string `json:"media_type"`
	Size      int64  `json:"size"` // bytes
	Digest    Digest `json:"digest"`
}

// Content is everything that a revision says: envelope, text and attachments. It is what the chair decides on; nothing
// that leaves is outside it, save what the approval itself adds (number, approval line, date).
//
// The order of the fields is the order of the canonical bytes. A field added later carries omitempty, so that what was
// approved before it existed keeps its digest.
type Content struct {
	Source      Code         `json:"source"`
	Title       string       `json:"title"`
	InReplyTo   string       `json:"in_reply_to"` // "source, number and date" of the statement replied to, or ""
	Questions   string       `json:"questions"`   // "N/A" for a JCA, which has none
	Meeting     string       `json:"meeting"`     // where and when it was prepared; "" for correspondence
	Addressees  []Addressee  `json:"addressees"`
	Deadline    Date         `json:"deadline"` // reply required by
	Contacts    []Contact    `json:"contacts"`
	ReplyTo     string       `json:"reply_to"` // the role address that replies go to
	Language    string       `json:"language"` // BCP 47, of the text
	Abstract    string       `json:"abstract"`
	Text        string       `json:"text"`
	Attachments []Attachment `json:"attachments"`
}

// Tidy returns the content as it is stored: surrounding space trimmed, line ends LF, lists never nil.
func (c Content) Tidy() Content {
	for _, s := range []*string{&c.Title, &c.InReplyTo, &c.Questions, &c.Meeting, &c.ReplyTo, &c.Language} {
		*s = strings.TrimSpace(*s)
	}
	c.Abstract, c.Text = tidy(c.Abstract), tidy(c.Text)
	c.Addressees = append([]Addressee{}, c.Addressees...)
	c.Attachments = append([]Attachment{}, c.Attachments...)
	contacts := []Contact{}
	for _, p := range c.Contacts {
		for _, s := range []*string{&p.Name, &p.Organization, &p.Country, &p.Email, &p.Phone} {
			*s = strings.TrimSpace(*s)
		}
		if p != (Contact{}) {
			contacts = append(contacts, p)
		}
	}
	c.Contacts = contacts
	return c
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
	add(field("meeting", "The meeting", c.Meeting, MaxNote, false))
	add(field("abstract", "The abstract", c.Abstract, MaxAbstract, true))
	add(field("text", "The text", c.Text, MaxText, true))
	add(field("language", "The language", c.Language, 35, false))
	if _, err := ParseDate(string(c.Deadline)); err != nil {
		add(&Error{Code: Invalid, Field: "deadline", Message: err.Error()})
	}
	add(email("reply_to", "Replies to", c.ReplyTo))
	if len(c.Addressees) > MaxAddressees {
		add(&Error{Code: Invalid, Field: "addressees", Message: fmt.Sprintf("There are %d addressees; at most %d fit.", len(c.Addressees), MaxAddressees)})
	}
	for _, a := range c.Addressees {
		add(field("addressees", "The addressee's code", string(a.Body), MaxCode, false))
		add(field("addressees", "The addressee's name", a.Name, MaxName, false))
		add(email("addressees", a.Name, a.Email))
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
	}
	if len(c.Attachments) > MaxAttachments {
		add(&Error{Code: Invalid, Field: "attachments", Message: fmt.Sprintf("There are %d attachments; at most %d fit.", len(c.Attachments), MaxAttachments)})
	}
	var total int64
	for _, a := range c.Attachments {
		add(field("attachments", "The attachment's name", a.Name, MaxFileName, false))
		add(field("attachments", "The attachment's media type", a.MediaType, MaxMediaType, false))
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

// Finding is one line of the check list that a drafter sees before submitting.
type Finding struct {
	Field    string
	Blocking bool   // submit is refused until it is settled
	Message  string // what is missing and what to do
	Rule     string // the source of the rule, or ""
}

// Check is the check list of what is missing under profile on day: what blocks a submission first, then what only
// deserves a look.
func (c Content) Check(p Profile, day Date) []Finding {
	var blocking, advice []Finding
	must := func(field, rule, format string, args ...any) {
		blocking = append(blocking, Finding{field, true, fmt.Sprintf(format, args...), rule})
	}
	should := func(field, rule, format string, args ...any) {
		advice = append(advice, Finding{field, false, fmt.Sprintf(format, args...), rule})
	}
	const a1 = "Rec. ITU-T A.1 (2019), clause 1.5"

	for _, err := range c.Limits() {
		must(err.Field, "", "%s", err.Message)
	}
	if c.Title == "" {
		must("title", a1, "The title is missing. Give a concise one; a reply says what it replies to.")
	}
	if len(c.Addressees) == 0 {
		must("addressees", a1, "There is no addressee. Add at least one body and say what the statement is for.")
	}
	if c.Text == "" && len(c.Attachments) == 0 {
		must("text", "RFC 4053, 2.2.1.2", "There is neither a text nor an attachment. Write the text, or attach the document.")
	}
	switch words := len(strings.Fields(c.Abstract)); {
	case c.Abstract == "":
		must("abstract", "TSB template T21", "The abstract is missing. Say in under %d words what the statement contains and asks.", AbstractWords)
	case words >= AbstractWords:
		should("abstract", "TSB template T21", "The abstract has %d words; the template asks for under %d.", words, AbstractWords)
	}
	if len(c.Contacts) == 0 || c.Contacts[0].Name == "" || c.Contacts[0].Email == "" {
		must("contacts.0", a1, "The contact is incomplete. Give at least a name and an e-mail address.")
	}
	if c.ReplyTo == "" {
		must("reply_to", "RFC 4053, 2.2.1.1", "There is no address for replies. Give the group's functional mailbox.")
	}
	seen := map[Code]Purpose{}
	needsDeadline := false
	for _, a := range c.Addressees {
		if !slices.Contains(p.Purposes, a.Purpose) {
			must("addressees", p.Name, "%s: %s is not a purpose of this group's profile.", a.Name, a.Purpose.Label())
		}
		if before, twice := seen[a.Body]; twice {
			must("addressees", "", "%s is addressed twice (%s and %s). Keep one row.", a.Name, before.Label(), a.Purpose.Label())
		}
		seen[a.Body] = a.Purpose
		if a.Email == "" {
			must("addressees", "", "No mailbox is recorded for %s. Record one on the body's page first.", a.Name)
		}
		if a.Body == c.Source {
			must("addressees", "", "%s is the source. Remove it from the addressees.", a.Name)
		}
		needsDeadline = needsDeadline || slices.Contains(p.DeadlineFor, a.Purpose)
	}
	switch {
	case needsDeadline && c.Deadline == "":
		must("deadline", a1, "A statement %s needs the date by which a reply is required.", purposesInWords(p.DeadlineFor))
	case c.Deadline != "" && c.Deadline <= day:
		must("deadline", "", "The deadline, %s, is not after today. Choose a later day.", c.Deadline)
	case !needsDeadline && c.Deadline != "":
		should("deadline", "", "No addressee is asked to reply, so the date is only a note; nobody will be reminded of it.")
	}
	return append(blocking, advice...)
}

func purposesInWords(ps []Purpose) string {
	words := make([]string, len(ps))
	for i, p := range ps {
		words[i] = strings.ToLower(p.Label())
	}
	return strings.Join(words, " or ")
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
	var addressees, contacts, attachments []string
	for _, a := range c.Addressees {
		addressees = append(addressees, fmt.Sprintf("%s <%s> (%s): %s", a.Name, a.Email, a.Body, strings.ToLower(a.Purpose.Label())))
	}
	for _, p := range c.Contacts {
		contacts = append(contacts, listed(p.Name, p.Organization, p.Country, p.Email, p.Phone))
	}
	for _, a := range c.Attachments {
		attachments = append(attachments, fmt.Sprintf("%s, %d bytes, sha256 %s", listed(a.Name, a.MediaType), a.Size, a.Digest))
	}
	return []line{
		{"source", "Source", string(c.Source)},
		{"title", "Title", c.Title},
		{"in_reply_to", "In reply to", c.InReplyTo},
		{"questions", "Questions", c.Questions},
		{"meeting", "Meeting", c.Meeting},
		{"addressees", "Addressees", strings.Join(addressees, "\n")},
		{"deadline", "Deadline", string(c.Deadline)},
		{"contacts", "Contacts", strings.Join(contacts, "\n")},
		{"reply_to", "Replies to", c.ReplyTo},
		{"language", "Language", c.Language},
		{"abstract", "Abstract", c.Abstract},
		{"text", "Text", c.Text},
		{"attachments", "Attachments", strings.Join(attachments, "\n")},
	}
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
