package liaison

import (
	"cmp"
	"slices"
	"strings"
)

// Known is what the register knows besides the content, for the check list. What is not filled in is not judged.
type Known struct {
	Directory
	SameTitle []string         // how the other statements of the group with the same title are cited
	Periods   []ReportPeriod   // of the reports of the group that count, for a report
	Meetings  map[Code]Meeting // the next meeting of each addressee
}

// Check is the check list of the statement: what its content lacks under the profile ([Content.Check]), and what the register
// knows of its addressees, its group and other statements. What blocks comes first.
func (s Snapshot) Check() []Finding {
	l := &checkList{}
	for _, f := range s.Content.Check(s.Profile, s.Today) {
		if f.Blocking {
			l.blocking = append(l.blocking, f)
		} else {
			l.advice = append(l.advice, f)
		}
	}
	s.checkGroup(l)
	for _, a := range s.Content.Addressees {
		s.checkBody(l, a)
	}
	for _, ref := range s.Known.SameTitle {
		l.should("title", "", "%s has the same title. Say in the title what is different, or leave it if the two belong together.", ref)
	}
	s.checkPeriod(l)
	return l.findings()
}

const sourceA24 = "Rec. ITU-T A.24 (2024)"

func (s Snapshot) checkGroup(l *checkList) {
	if err := s.inForce(); err != nil {
		l.must("", s.Profile.Source, "%s", err.Message)
	}
	if s.ReviewOverdue() {
		l.should("", s.Profile.Source, "The decision to continue or close the group was due before %s and is not recorded. It works on; the record says so.", s.ReviewedBy)
	}
	if s.Content.OutsideScope != "" {
		l.should("outside_scope", s.Profile.Source, "It is outside the terms of reference. The chair has to give a reason for approving it, and the progress report shows it.")
	}
}

// ReviewOverdue reports whether the day passed before which continuing or closing the group was to be decided.
func (s Snapshot) ReviewOverdue() bool { return s.ReviewedBy != "" && s.ReviewedBy <= s.Today }

// inForce refuses for a group that ended: it sends nothing any more.
func (s Snapshot) inForce() *Error {
	if s.GroupUntil == "" || s.Today <= s.GroupUntil {
		return nil
	}
	return Refuse(Conflict, "%s ended on %s and sends no new statements. Replies that come go to its parent group.", strings.ToUpper(string(s.Group)), s.GroupUntil)
}

func (s Snapshot) checkBody(l *checkList, a Addressee) {
	b, known := s.Known.Bodies[a.Body]
	s.checkWhere(l, a)
	r, profiled := s.Known.reach(a.Body)
	if m, ok := s.Known.Meetings[a.Body]; ok && slices.Contains(s.Profile.DeadlineFor, a.Purpose) && s.Content.Deadline != "" && s.Content.Deadline < m.From {
		l.should("deadline", sourceA1, "%s meets next on %s, after the reply is required. A later deadline gives it a meeting to agree on a reply.", a.Name, m.From)
	}
	if !profiled {
		if known && b.Kind == Organization && s.Known.Reaches != nil {
			l.should("addressees", sourceA24, "Nothing is recorded of how %s is to be reached. Look at its page before this leaves.", a.Name)
		}
		return
	}
	if r.Unlisted {
		l.should("addressees", "", "%s is not in the address book: the secretariat entered it for this purpose, and nobody confirmed the address.", a.Name)
	}
	if r.Standing == Unqualified {
		l.should("addressees", sourceA24, "%s is not a qualified organization. What is sent there needs the approver's attention; working documents are marked as draft.", a.Name)
	}
	if r.Channel != ByMail {
		l.should("addressees", "", "%s is reached by another way too, its %s: %s. The message goes to its mailbox; somebody has to do the rest.", a.Name, strings.ToLower(r.Channel.Label()), r.Address)
	}
	if r.Publishes && s.Content.Confidentiality != Public {
		l.must("confidentiality", "RFC 4053, 3.1", "%s publishes what it receives, and this is marked “%s”. Take it off the addressees, or do not mark it.", a.Name, s.Content.Confidentiality.Label())
	}
	if r.Stale(s.Today) && !r.Unlisted {
		l.should("addressees", "", "What is recorded of %s was last confirmed on %s. Ask whether it still holds.", a.Name, r.Confirmed)
	}
	if len(r.Formats) == 0 {
		return
	}
	for _, x := range s.Content.Attachments {
		if ext := strings.TrimPrefix(extension(x.Name), "."); !slices.Contains(r.Formats, ext) {
			l.should("attachments", sourceRFC4053, "%s takes %s only; %s is another form.", a.Name, strings.Join(r.Formats, ", "), x.Name)
		}
	}
}

// checkWhere holds a submitted revision against the address book of today: its addressees and their mailboxes are those of the day of its
// submission (rules of the field, edge case 33). A draft has its own worked out anew when it is saved and submitted.
func (s Snapshot) checkWhere(l *checkList, a Addressee) {
	b, known := s.Known.Bodies[a.Body]
	if !known || s.State == None || s.State == Draft {
		return
	}
	if b.Until != "" && s.Today > b.Until {
		next, _, err := Resolve(a.Body, s.Today, s.Known.Body)
		if err != nil {
			l.must("addressees", sourceA1, "%s ended on %s, after this was submitted, and no successor is recorded. Return it for changes: another body is to be addressed.", a.Name, b.Until)
			return
		}
		l.must("addressees", sourceA1, "%s ended on %s, after this was submitted; its work is with %s. Return it for changes: when it is submitted again, %s is addressed.", a.Name, b.Until, next.Label(), next.Label())
		return
	}
	if now := s.Known.mailbox(b); now != a.Email {
		l.should("addressees", sourceA1, "The mailbox of %s was changed after this was submitted: it would go to %s, and %s is recorded now. Return it for changes if it is to go there.", a.Name, a.Email, cmp.Or(now, "none"))
	}
}

// Embargoed reports whether the statement may not leave yet.
func (s Snapshot) Embargoed() bool { return s.Content.Embargo != "" && s.Today < s.Content.Embargo }
