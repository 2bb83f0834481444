package mail

import (
	"strings"

	"github.com/jca-ml/liaison/liaison"
)

// Statement is the liaison statement itself, to one addressee. It carries what Rec. ITU-T A.1 (2019), clause 1.5
// requires, with the purpose and the deadline of this addressee.
//
// The routing block comes first: who has to route it reads no further (it is what readers of the IETF's statements
// missed).
type Statement struct {
	Ref       string            // its number, "JCA-ML-LS12"; "" in a preview before approval
	Source    liaison.Body      // the group that sends it
	Parent    string            // how its parent group is named, "ITU-T SG13"; "" for none
	Addressee liaison.Addressee // the one this message goes to
	Content   liaison.Content   // what was approved
	Approval  *Approval         // nil in a preview before approval
	URL       string            // its record; "" for none
}

// Approval is the line that says on whose word a statement leaves.
type Approval struct {
	Level string // "JCA-ML Chair"
	Name  string
	Date  liaison.Date
}

func (Statement) kind() liaison.Letter { return liaison.LetterStatement }
func (Statement) automatic() bool      { return false }

func (s Statement) subject() string {
	purpose := s.Addressee.Purpose.Label()
	if day := s.ReplyBy(); day != "" {
		purpose += " by " + day.String()
	}
	return "[" + s.Number() + "] " + purpose + ": " + s.Content.Title
}

// attachments is what was approved; [Compose] holds the files against it.
func (s Statement) attachments() []liaison.Attachment { return s.Content.Attachments }

// Number is the statement's number, or the words that stand for it until it has one.
func (s Statement) Number() string {
	if s.Ref == "" {
		return "number given on approval"
	}
	return s.Ref
}

// ReplyBy is the day by which this addressee is asked to reply, "" for none.
func (s Statement) ReplyBy() liaison.Date { return replyBy(s.Content, s.Addressee) }

// Deadline is the deadline row for this addressee.
func (s Statement) Deadline() string {
	switch {
	case !asksReply(s.Addressee.Purpose):
		return "no reply is required"
	case s.Content.Deadline == "":
		return "none set"
	}
	return s.Content.Deadline.String()
}

// From names the group that sends it, in full.
func (s Statement) From() string {
	from := s.Source.Label()
	if s.Source.Name != "" && s.Source.Name != from {
		from += ", " + s.Source.Name
	}
	if s.Parent != "" {
		from += " (parent group: " + s.Parent + ")"
	}
	return from
}

// Meeting is where and when it was prepared.
func (s Statement) Meeting() string {
	if s.Content.Meeting == "" {
		return "by correspondence"
	}
	return s.Content.Meeting
}

// Others lists the other addressees, each with what it is asked.
func (s Statement) Others() []string {
	var out []string
	for _, a := range s.Content.Addressees {
		if a == s.Addressee {
			continue
		}
		line := isolate(a.Name) + ", " + strings.ToLower(a.Purpose.Label())
		if day := replyBy(s.Content, a); day != "" {
			line += " by " + day.String()
		}
		out = append(out, line)
	}
	return out
}

// Approved is the approval row.
func (s Statement) Approved() string {
	if s.Approval == nil {
		return "not yet approved"
	}
	var parts []string
	for _, x := range []string{s.Approval.Level, s.Approval.Name, s.Approval.Date.String()} {
		if x != "" {
			parts = append(parts, x)
		}
	}
	return strings.Join(parts, ", ")
}
