package liaison

import (
	"slices"
	"strings"
	"time"
)

// EmploymentID names an entry in the register of employers.
type EmploymentID string

// Employment is an entry in the register of employers: that an officer of a group works for a body, on which days. It is asked for one
// thing alone: whoever decides on a statement must not be employed by a body that it addresses, where the profile says so (rules of the
// field, edge case 18). The secretariat enters it; the secretariat, the chair and the person see it, and nobody else.
type Employment struct {
	ID         EmploymentID
	Group      Code // whose secretariat entered it
	Person     Person
	Body       Code // the employer
	BodyLabel  string
	From       Date
	Until      Date // last day, inclusive; "" while it lasts
	Evidence   string
	RecordedBy Person
	Recorded   time.Time
	EndedBy    Person
	EndedOn    Date // from this day on it holds no more; [Employment.From] for what never held; "" for one that nobody ended
	EndReason  string
}

// On reports whether the person works there on the day, as far as is known.
func (e Employment) On(day Date) bool {
	return day.Within(e.From, e.Until) && (e.EndedOn == "" || day < e.EndedOn)
}

// Check refuses an entry that the actor cannot make in the group as s has it.
func (e Employment) Check(s Snapshot, actor PersonID) error {
	bad := func(field, format string, args ...any) error {
		err := Refuse(Invalid, format, args...)
		err.Field = field
		return err
	}
	if err := s.mayEnterEmployers(actor); err != nil {
		return err
	}
	if !slices.ContainsFunc(s.Officers, func(a Appointment) bool {
		return a.Person.ID == e.Person.ID && a.Group == s.Group && (a.Until == "" || a.Until >= s.Today)
	}) {
		return bad("person", "Choose somebody who holds an office of the group. Employers are asked of its officers alone.")
	}
	if e.Body == "" {
		return bad("body", "Choose the employer. A body that is not in the address book cannot be addressed, so nobody need be recused for it.")
	}
	if _, err := ParseDate(string(e.From)); err != nil || e.From == "" {
		return bad("from", "Give the first day, as in 2026-11-23.")
	}
	switch _, err := ParseDate(string(e.Until)); {
	case err != nil:
		return bad("until", "Give the last day as in 2026-11-30, or leave it empty while it lasts.")
	case e.Until != "" && e.Until < e.From:
		return bad("until", "The last day, %s, is before the first.", e.Until)
	}
	if strings.TrimSpace(e.Evidence) == "" {
		return bad("evidence", "Say what shows it: the person's own word with its date, an announcement.")
	}
	if err := field("evidence", "The evidence", e.Evidence, MaxReason, true); err != nil {
		return err
	}
	return nil
}

// End returns the entry as it is when the actor ends it after its last day; "" for what never held.
func (e Employment) End(s Snapshot, actor PersonID, last Date, reason string) (Employment, error) {
	bad := func(field, format string, args ...any) (Employment, error) {
		err := Refuse(Invalid, format, args...)
		err.Field = field
		return e, err
	}
	if err := s.mayEnterEmployers(actor); err != nil {
		return e, err
	}
	if e.EndedOn != "" {
		return e, Refuse(Conflict, "It has been ended already. Enter it again if it holds after all.")
	}
	switch _, err := ParseDate(string(last)); {
	case err != nil:
		return bad("last", "Give the last day as in 2026-11-30, or leave it empty if it never held.")
	case last != "" && (last < e.From || e.Until != "" && last >= e.Until):
		return bad("last", "Give a last day from %s on that is before the one on record. Leave it empty if it never held.", e.From)
	}
	if err := CheckReason(reason); err != nil {
		return e, err
	}
	if e.EndedOn = last.Plus(1); last == "" {
		e.EndedOn = e.From
	}
	e.EndedBy, e.EndReason = Person{ID: actor}, strings.TrimSpace(reason)
	return e, nil
}

func (s Snapshot) mayEnterEmployers(actor PersonID) error {
	if !slices.Contains(s.CapacitiesOf(actor), AsSecretary) {
		return Refuse(Forbidden, "Only the secretariat of the group enters who works for which body.")
	}
	return nil
}

// MaySeeEmployers refuses whoever may not see who its officers work for: all but its secretariat and its chair. Everybody sees their own.
func (s Snapshot) MaySeeEmployers(p PersonID) error {
	if c := s.CapacitiesOf(p); !slices.Contains(c, AsSecretary) && !slices.Contains(c, AsChair) {
		return Refuse(NotFound, "There is no such register that you may read.")
	}
	return nil
}
