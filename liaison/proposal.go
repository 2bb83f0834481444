package liaison

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Proposal is something that a report proposes to study groups. Each of them that receives the report answers it.
type Proposal struct {
	Number int    `json:"number"` // from 1, within the report
	Title  string `json:"title"`
	Text   string `json:"text"`
	To     []Code `json:"to"`
}

// Same reports whether two reports propose the same in these two: what was said to the one is then said to the other.
func (p Proposal) Same(q Proposal) bool { return p.Title == q.Title && p.Text == q.Text }

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

// RecordsAnswers says in which capacity the person may record what a group said to a proposal elsewhere, or refuses.
func (s Snapshot) RecordsAnswers(p PersonID) (Capacity, error) {
	if c := s.ActingAs(p, AsChair, AsSecretary); c != AsReader {
		return c, nil
	}
	return "", Refuse(Forbidden, "Only the secretariat and the chair record an answer that was given elsewhere.")
}
