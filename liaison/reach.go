package liaison

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Channel is the way by which statements reach a body.
type Channel string

// The channels. Whatever the channel, the register sends a message to the body's mailbox; any other way is taken by a person.
const (
	ByMail    Channel = "mail"    // its functional mailbox
	ByList    Channel = "list"    // a mailing list
	ByUpload  Channel = "upload"  // a page of its own that statements are entered on
	ByTracker Channel = "tracker" // an issue tracker, as of an open-source community
)

// Channels lists every channel with its label.
var Channels = []struct {
	Channel Channel
	Label   string
}{
	{ByMail, "Functional mailbox"},
	{ByList, "Mailing list"},
	{ByUpload, "Page on which statements are entered"},
	{ByTracker, "Issue tracker"},
}

// Label is the channel in words, or "" for what is none.
func (c Channel) Label() string {
	for _, x := range Channels {
		if x.Channel == c {
			return x.Label
		}
	}
	return ""
}

// Standing is what relationship a body has to our own organization (Rec. ITU-T A.24 (2024): qualified organizations).
type Standing string

// The standings.
const (
	StandingUnknown Standing = ""
	OwnGroup        Standing = "own"
	Qualified       Standing = "qualified"
	Unqualified     Standing = "unqualified"
)

// Standings lists every standing with its label.
var Standings = []struct {
	Standing Standing
	Label    string
}{
	{StandingUnknown, "Not recorded"},
	{OwnGroup, "Of our own organization"},
	{Qualified, "Qualified organization"},
	{Unqualified, "Not a qualified organization"},
}

// Label is the standing in words, or "" for what is none.
func (s Standing) Label() string {
	for _, x := range Standings {
		if x.Standing == s {
			return x.Label
		}
	}
	return ""
}

// Reach is a body's own profile: how it is reached, and what it asks of what is sent to it. Every change is a new version.
type Reach struct {
	Channel      Channel   `json:"channel"`
	Mailbox      string    `json:"mailbox,omitempty"`  // that messages to it go to; "" for the one that its row in the register came with
	Address      string    `json:"address,omitempty"`  // of the page, list or tracker
	Copies       []Code    `json:"copies,omitempty"`   // bodies that get a copy of whatever it gets
	Sentence     string    `json:"sentence,omitempty"` // that messages to it have to carry
	Formats      []string  `json:"formats,omitempty"`  // of attachments that it takes, as endings: "pdf"; none for any
	Publishes    bool      `json:"publishes,omitempty"`
	MembersOnly  bool      `json:"members_only,omitempty"` // its own working documents are for its members
	Standing     Standing  `json:"standing,omitempty"`
	Relationship string    `json:"relationship,omitempty"` // "Category A liaison"
	Formerly     []string  `json:"formerly,omitempty"`     // names and subjects that it had before, under the same code
	Contacts     []Contact `json:"contacts,omitempty"`
	Unlisted     bool      `json:"unlisted,omitempty"` // entered by the secretariat for one statement, confirmed by nobody
	Confirmed    Date      `json:"confirmed,omitempty"`
	Source       string    `json:"source,omitempty"`
}

// ConfirmEvery is after how many days a body is asked again whether what is recorded of it still holds (ISO/IEC review liaisons
// at least every second year; a year leaves time).
const ConfirmEvery = 365

// Stale reports whether it was confirmed longer ago than that; what was never confirmed is not stale, it is unconfirmed.
func (r Reach) Stale(today Date) bool {
	day, err := time.Parse(time.DateOnly, string(r.Confirmed))
	return err == nil && Date(day.AddDate(0, 0, ConfirmEvery).Format(time.DateOnly)) < today
}

// Tidy returns the profile as it is stored.
func (r Reach) Tidy() Reach {
	for _, s := range []*string{&r.Mailbox, &r.Address, &r.Sentence, &r.Relationship, &r.Source} {
		*s = strings.TrimSpace(*s)
	}
	r.Formats, r.Formerly = trimmed(r.Formats), trimmed(r.Formerly)
	for i, f := range r.Formats {
		r.Formats[i] = strings.ToLower(strings.TrimPrefix(f, "."))
	}
	r.Contacts = Content{Contacts: r.Contacts}.Tidy().Contacts
	if len(r.Contacts) == 0 {
		r.Contacts = nil
	}
	return r
}

// Limits refuses what a body's profile may not hold.
func (r Reach) Limits() (errs []*Error) {
	add := func(err *Error) {
		if err != nil {
			errs = append(errs, err)
		}
	}
	refuse := func(name, format string, args ...any) {
		errs = append(errs, &Error{Code: Invalid, Field: name, Message: fmt.Sprintf(format, args...)})
	}
	if r.Mailbox != "" {
		if _, err := ParseEmail(r.Mailbox); err != nil {
			refuse("mailbox", "%s", err)
		}
	}
	add(field("address", "The address", r.Address, MaxURL, false))
	add(field("sentence", "The sentence", r.Sentence, MaxSentence, false))
	add(field("relationship", "The relationship", r.Relationship, MaxNote, false))
	add(field("source", "The source", r.Source, MaxNote, false))
	if r.Channel.Label() == "" {
		refuse("channel", "%q is no way to reach a body. Choose one from the list.", r.Channel)
	}
	if r.Channel != ByMail && r.Address == "" {
		refuse("address", "Say where the %s is.", strings.ToLower(r.Channel.Label()))
	}
	if r.Standing.Label() == "" {
		refuse("standing", "%q is no standing. Choose one from the list.", r.Standing)
	}
	if _, err := ParseDate(string(r.Confirmed)); err != nil {
		refuse("confirmed", "%s", err)
	}
	if len(r.Formerly) > 20 {
		refuse("formerly", "At most 20 former names fit.")
	}
	for _, name := range r.Formerly {
		add(field("formerly", "A former name", name, MaxNote, false))
	}
	if len(r.Copies) > 10 || len(r.Formats) > 20 || len(r.Contacts) > MaxContacts {
		refuse("copies", "At most 10 copies, 20 formats and %d contacts fit.", MaxContacts)
	}
	for _, c := range r.Copies {
		if _, err := ParseCode(string(c)); err != nil {
			refuse("copies", "%s", err)
		}
	}
	for _, f := range r.Formats {
		if f == "" || len(f) > 10 || strings.ContainsFunc(f, func(c rune) bool { return !isAlnum(c) }) {
			refuse("formats", "%q is no ending of a file name. Write it as in pdf.", f)
		}
	}
	errs = append(errs, Content{Contacts: r.Contacts, Text: "-"}.Limits()...)
	return errs
}

// Canonical returns the bytes of the profile that its digest in the log is of.
func (r Reach) Canonical() ([]byte, error) {
	b, err := json.Marshal(struct {
		Format string `json:"format"`
		Reach  Reach  `json:"reach"`
	}{"liaison-reach/1", r.Tidy()})
	if err != nil {
		return nil, fmt.Errorf("encode the profile of a body: %w", err)
	}
	return b, nil
}

// ParseReach reads it back.
func ParseReach(b []byte) (Reach, error) {
	var v struct {
		Format string `json:"format"`
		Reach  Reach  `json:"reach"`
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return Reach{}, fmt.Errorf("decode the profile of a body: %w", err)
	}
	if v.Format != "liaison-reach/1" {
		return Reach{}, fmt.Errorf("decode the profile of a body: format is %q", v.Format)
	}
	return v.Reach, nil
}

// Directory is what is recorded of the bodies that statements can go to.
type Directory struct {
	Bodies  map[Code]Body
	Reaches map[Code]Reach // only of those that have a profile
}

// Body finds one.
func (d Directory) Body(code Code) (Body, bool) { b, ok := d.Bodies[code]; return b, ok }

// mailbox is the body's own, or that of what it is a part of: Questions and working parties are written to through their group.
func (d Directory) mailbox(b Body) string {
	for hops := 0; b.Email == "" && b.Parent != "" && hops < 10; hops++ {
		b = d.Bodies[b.Parent]
	}
	return b.Email
}

// reach is the body's own profile, or that of what it is a part of.
func (d Directory) reach(code Code) (Reach, bool) {
	for {
		if r, ok := d.Reaches[code]; ok {
			return r, true
		}
		i := strings.LastIndexByte(string(code), '/')
		if i < 0 {
			return Reach{}, false
		}
		code = code[:i]
	}
}

// Address fills in what the register knows of the addressees on day: who took over the work of those that ended, names and
// mailboxes, the sentence that each asks for, and the copies that have to go along, each as a row of its own. The notices say
// where a body was replaced by its successor.
func (d Directory) Address(c Content, p Profile, day Date) (Content, []string, error) {
	c = c.Tidy()
	var rows []Addressee
	var notices []string
	add := func(code Code, purpose Purpose, reason string, copyFor Code) error {
		b, notice, err := Resolve(code, day, d.Body)
		if err != nil {
			return err
		}
		if notice != "" {
			notices = append(notices, notice)
		}
		r, _ := d.reach(b.Code)
		sentence := strings.TrimSpace(p.Sentence + " " + r.Sentence)
		rows = append(rows, Addressee{Body: b.Code, Name: b.Label(), Email: d.mailbox(b), Purpose: purpose, Reason: reason, CopyFor: copyFor, Sentence: sentence})
		return nil
	}
	for _, a := range c.Addressees {
		if a.CopyFor != "" { // worked out anew below
			continue
		}
		if err := add(a.Body, a.Purpose, a.Reason, ""); err != nil {
			return c, nil, err
		}
	}
	typed := len(rows)
	along := func(copies []Code, of Code) error {
		for _, copied := range copies {
			now, _, err := Resolve(copied, day, d.Body) // who took over its work may be addressed already
			there := slices.ContainsFunc(rows, func(a Addressee) bool { return a.Body == now.Code })
			if err == nil && (there || now.Code == c.Source) {
				continue
			}
			if err := add(copied, ForCopy, "", of); err != nil {
				return Refuse(Invalid, "A copy has to go to %s by rule, and that is not possible: %s", copied, err)
			}
		}
		return nil
	}
	for i := range typed {
		r, _ := d.reach(rows[i].Body)
		if err := along(r.Copies, rows[i].Body); err != nil {
			return c, nil, err
		}
	}
	if typed > 0 {
		if err := along(p.Copies, c.Source); err != nil {
			return c, nil, err
		}
	}
	c.Addressees = append([]Addressee{}, rows...)
	if c.Report == nil {
		return c, notices, nil
	}
	report := *c.Report // proposals follow their groups
	report.Proposals = slices.Clone(report.Proposals)
	for i, x := range report.Proposals {
		report.Proposals[i].To = slices.Clone(x.To)
		for j, code := range x.To {
			b, _, err := Resolve(code, day, d.Body)
			if err != nil {
				return c, nil, err
			}
			report.Proposals[i].To[j] = b.Code
		}
	}
	c.Report = &report
	return c, notices, nil
}
