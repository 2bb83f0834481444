package audit

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/jca-ml/liaison/liaison"
)

// absence is what the log says of an absence or delegation: between which days it holds, first of those in which it was on record.
type absence struct {
	Group  liaison.Code     `json:"g"`
	Person liaison.PersonID `json:"p"`
	Deputy liaison.PersonID `json:"d,omitempty"`
	From   liaison.Date     `json:"f"`
	Until  liaison.Date     `json:"u"` // shrinks when it is ended early
}

// issue is a number with what stands behind it: "R3 Rev.1 Corr.2".
type issue struct {
	Number      int `json:"number"`
	Rev         int `json:"rev"`
	Corrigendum int `json:"corrigendum"`
}

// before is the one that has to be there before this one; of a bare number there is none.
func (i issue) before() (issue, bool) {
	switch {
	case i.Corrigendum > 0:
		i.Corrigendum--
	case i.Rev > 0:
		i.Rev--
	default:
		return i, false
	}
	return i, true
}

// The rows of the register, as [Store.Export] writes them. Each is one JSON object with "export" naming its kind.
type (
	statementRow struct {
		ID       liaison.StatementID `json:"id"`
		Group    liaison.Code        `json:"group"`
		Kind     string              `json:"kind"` // numbers of reports have a series of their own
		State    liaison.State       `json:"state"`
		Version  int                 `json:"version"`
		Revision int                 `json:"revision"`
		Digest   liaison.Digest      `json:"digest"`
		issue
		Period   string           `json:"period"`
		Approved liaison.Digest   `json:"approved_digest"`
		By       liaison.PersonID `json:"approved_by"`
		Amended  liaison.Digest   `json:"amended_digest"`
	}
	amendmentRow struct {
		Statement liaison.StatementID `json:"statement"`
		Revision  int                 `json:"revision"`
		Digest    liaison.Digest      `json:"digest"`
	}
	revisionRow struct { // of the database alone
		Statement liaison.StatementID `json:"statement"`
		Number    int                 `json:"number"`
		Digest    liaison.Digest      `json:"digest"`
	}
	decisionRow struct {
		Statement liaison.StatementID `json:"statement"`
		Revision  int                 `json:"revision"`
		Digest    liaison.Digest      `json:"digest"`
		Kind      string              `json:"kind"`
		Person    liaison.PersonID    `json:"person"`
		Acting    liaison.Capacity    `json:"acting"`

		Mode    liaison.ApprovalMode `json:"mode"`
		Meeting liaison.MeetingID    `json:"meeting"`
		Item    int                  `json:"item"`
	}
	meetingRow struct {
		ID    liaison.MeetingID    `json:"id"`
		Group liaison.Code         `json:"group"`
		From  liaison.Date         `json:"from"`
		Until liaison.Date         `json:"until"`
		State liaison.MeetingState `json:"state"`
	}
	absenceRow struct {
		ID     liaison.AbsenceID `json:"id"`
		Group  liaison.Code      `json:"group"`
		Person liaison.PersonID  `json:"person"`
		Deputy liaison.PersonID  `json:"deputy"`
		Until  liaison.Date      `json:"until"`
		Ended  liaison.Date      `json:"ended"`
	}
	transmissionRow struct {
		ID        liaison.TransmissionID `json:"id"`
		Statement liaison.StatementID    `json:"statement"`
		Letter    liaison.Letter         `json:"letter"`
		State     string                 `json:"state"`
		Digest    liaison.Digest         `json:"message_digest"`
	}
	replyRow struct {
		Statement    liaison.StatementID    `json:"statement"`
		Transmission liaison.TransmissionID `json:"transmission"`
		State        liaison.ReplyState     `json:"state"`
		Due          liaison.Date           `json:"due"`
	}
	attemptRow struct {
		Transmission liaison.TransmissionID `json:"transmission"`
		N            int                    `json:"n"`
		Dot          bool                   `json:"dot"`
		Outcome      string                 `json:"outcome"`
		Code         int                    `json:"code"`
	}
	appointmentRow struct {
		Person liaison.PersonID `json:"person"`
		Group  liaison.Code     `json:"group"`
		Office liaison.Office   `json:"office"`
		From   liaison.Date     `json:"from"`
		Until  liaison.Date     `json:"until"`
	}
	seriesRow struct {
		Group  liaison.Code `json:"group"`
		Kind   string       `json:"kind"`
		Period string       `json:"period"`
		Last   int          `json:"last"`
	}
)

// Row takes a row of the register: a JSON object whose member "export" says which.
func (c *CrossCheck) Row(kind string, line []byte) error {
	var err error
	switch kind {
	case "statement":
		err = decode(line, func(r statementRow) {
			c.rows.statements = append(c.rows.statements, r)
			if r.Number > 0 {
				key := string(r.Group) + " " + r.Kind + " " + r.Period
				if c.numbers[key] == nil {
					c.numbers[key] = map[issue]bool{}
				}
				c.numbers[key][r.issue] = true
			}
		})
	case "decision":
		err = decode(line, func(r decisionRow) { c.rows.decisions = append(c.rows.decisions, r) })
	case "revision":
		err = decode(line, func(r revisionRow) { c.rows.revisions = append(c.rows.revisions, r) })
	case "amendment":
		err = decode(line, func(r amendmentRow) { c.rows.amendments = append(c.rows.amendments, r) })
	case "transmission":
		err = decode(line, c.transmission)
	case "reply":
		err = decode(line, c.reply)
	case "attempt":
		err = decode(line, c.attempt)
	case "appointment":
		err = decode(line, func(r appointmentRow) {
			key := string(r.Person) + " " + string(r.Group)
			c.appointments[key] = append(c.appointments[key], r)
		})
	case "absence":
		err = decode(line, c.absence)
	case "window":
		err = decode(line, c.windowOf)
	case "meeting":
		err = decode(line, func(r meetingRow) {
			c.held[r.ID] = r
			if m, ok := c.meetings[r.ID]; ok && m != (meeting{r.Group, r.From, r.Until, r.State}) {
				c.problem("", "", "the register has the meeting %s of %s otherwise than the log", r.ID, r.Group)
			}
		})
	case "series":
		err = decode(line, func(r seriesRow) { c.series = append(c.series, r) })
	}
	return err
}

func decode[T any](line []byte, take func(T)) error {
	var v T
	if err := json.Unmarshal(line, &v); err != nil {
		return fmt.Errorf("read a row of the register: %w", err)
	}
	take(v)
	return nil
}

func (c *CrossCheck) absence(r absenceRow) {
	a, ok := c.absences[r.ID]
	until := r.Until
	if r.Ended != "" {
		until = min(until, dayBefore(r.Ended))
	}
	if !ok || a.Group != r.Group || a.Person != r.Person || a.Deputy != r.Deputy || a.Until != until {
		c.problem("", "", "the register has the absence or delegation %s of %s otherwise than the log", r.ID, r.Group)
	}
}

func (c *CrossCheck) transmission(r transmissionRow) {
	m := c.messages[r.ID]
	if m == nil {
		if r.Digest != "" || r.State != string(liaison.TransmissionQueued) {
			c.problem(r.Statement, "", "the message %s is %s in the ledger and not in the log", r.ID, r.State)
		}
		return
	}
	m.Reported = true
	if r.Digest != m.Sealed {
		c.problem(r.Statement, m.Last, "the ledger keeps other bytes of the message %s than were sealed", r.ID)
	}
	if r.Statement != m.Statement || r.Letter != m.Letter {
		c.problem(r.Statement, m.Last, "the ledger has the message %s as %s of this statement, the log otherwise", r.ID, r.Letter)
	}
	switch r.State {
	case "accepted", "refused", "unknown", "assumed":
		if string(m.Outcome) != r.State {
			c.problem(r.Statement, m.Last, "the message %s is %s in the ledger and %s in the log", r.ID, r.State, orNothing(string(m.Outcome)))
		}
	case "bounced":
		if m.Accepted == 0 || !m.Bounced {
			c.problem(r.Statement, m.Last, "the message %s bounced by the ledger, and the log has no report of that", r.ID)
		}
	case "cancelled":
		if !m.Cancelled {
			c.problem(r.Statement, m.Last, "the message %s is cancelled in the ledger and %s in the log", r.ID, orNothing(string(m.Outcome)))
		}
	}
	if m.Accepted != 0 && r.State != "accepted" && r.State != "bounced" {
		c.problem(r.Statement, m.Last, "the log says that the message %s was accepted, the ledger says %s", r.ID, r.State)
	}
}

func (c *CrossCheck) reply(r replyRow) {
	m := c.messages[r.Transmission]
	if m == nil {
		m = &messageStory{}
	}
	m.Replied = true
	if logged := m.Reply; logged != r.State && !(logged == "" && r.State == liaison.ReplyNotAwaited) || m.Due != r.Due {
		c.problem(r.Statement, m.Last, "the reply to the message %s is %s in the register, and %s in the log", r.Transmission, r.State, orNothing(string(logged)))
	}
}

func orNothing(s string) string {
	if s == "" {
		return "without an outcome"
	}
	return s
}

func (c *CrossCheck) attempt(r attemptRow) {
	m := c.messages[r.Transmission]
	if m != nil {
		m.Rows = append(m.Rows, r.N)
	}
	switch logged := m != nil && slices.Contains(m.Attempted, r.N); {
	case r.Dot && !logged:
		c.problem(storyOf(m), "", "attempt %d of the message %s was handed over, by the ledger, and the log does not have it", r.N, r.Transmission)
	case !r.Dot && logged:
		c.problem(storyOf(m), m.Last, "attempt %d of the message %s was handed over, by the log, and the ledger does not have it", r.N, r.Transmission)
	case m != nil && (r.Outcome == "accepted") != (m.Accepted == r.N):
		c.problem(storyOf(m), m.Last, "attempt %d of the message %s ended %q in the ledger, and otherwise in the log", r.N, r.Transmission, r.Outcome)
	}
}

func storyOf(m *messageStory) liaison.StatementID {
	if m == nil {
		return ""
	}
	return m.Statement
}
