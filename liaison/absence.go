package liaison

import (
	"slices"
	"strings"
	"time"
)

// AbsenceID names an entry in the register of absences and delegations.
type AbsenceID string

// AbsenceKind says why somebody stands in.
type AbsenceKind string

// The kinds.
const (
	Absent     AbsenceKind = "absence"    // the person cannot act on these days
	Delegation AbsenceKind = "delegation" // the chair can, and leaves it to a vice-chair
)

// AbsenceKinds lists every kind with its label, as the database's CHECK does.
var AbsenceKinds = []struct {
	Kind  AbsenceKind
	Label string
}{
	{Absent, "Absence"},
	{Delegation, "Delegation"},
}

// Label is the kind in words.
func (k AbsenceKind) Label() string {
	for _, x := range AbsenceKinds {
		if x.Kind == k {
			return x.Label
		}
	}
	return string(k)
}

// Absence is an entry in the register of who cannot act, or leaves it to somebody, on which days. It is the record by which
// a vice-chair decides in the chair's place (WTSA Resolution 1, 3.3; rules of the field, edge case 16).
type Absence struct {
	ID         AbsenceID
	Group      Code
	Kind       AbsenceKind
	Person     Person // who is absent, or delegates
	Deputy     Person // of a delegation: to whom
	From       Date   // first day
	Until      Date   // last day, inclusive
	Evidence   string // the message or document that says so
	RecordedBy Person
	RecordedOn Date // in the group's zone
	Recorded   time.Time
	EndedBy    Person
	EndedOn    Date // from this day on it holds no more; "" for one that was not ended early
	EndReason  string
}

// On reports whether the entry holds on the day. It says nothing about days before it was recorded: nobody is empowered
// after the fact.
func (a Absence) On(day Date) bool {
	return day.Within(a.From, a.Until) && a.RecordedOn <= day && (a.EndedOn == "" || day < a.EndedOn)
}

// Check refuses an entry that cannot be recorded by the actor, on the group as s has it; else it returns in which capacity
// the actor records it. Everyone records what concerns themselves, and the secretariat what it has evidence of.
func (a Absence) Check(s Snapshot, actor PersonID) (Capacity, error) {
	bad := func(field, format string, args ...any) (Capacity, error) {
		err := Refuse(Invalid, format, args...)
		err.Field = field
		return "", err
	}
	acting, err := a.MayEnd(s, actor)
	if err != nil {
		return "", err
	}
	if _, err := ParseDate(string(a.From)); err != nil || a.From == "" {
		return bad("from", "Give the first day, as in 2026-11-23.")
	}
	switch _, err := ParseDate(string(a.Until)); {
	case err != nil || a.Until == "":
		return bad("until", "Give the last day, as in 2026-11-30. An absence or delegation always has an end; it can be recorded again.")
	case a.Until < a.From:
		return bad("until", "The last day, %s, is before the first.", a.Until)
	case a.Until < s.Today:
		return bad("until", "The last day, %s, is past. What is recorded holds from the day of its recording on.", a.Until)
	}
	if strings.TrimSpace(a.Evidence) == "" {
		return bad("evidence", "Say what shows it: a message with its date, a circular, the minutes.")
	}
	if err := field("evidence", "The evidence", a.Evidence, MaxReason, true); err != nil {
		return "", err
	}
	first := max(a.From, s.Today)
	switch a.Kind {
	case Absent:
		if !s.holds(a.Person.ID, OfficeChair, first) && !s.holds(a.Person.ID, OfficeViceChair, first) {
			return bad("person", "An absence is recorded of the chair or of a vice-chair; the person named is neither on %s.", first)
		}
	case Delegation:
		switch {
		case !s.Profile.Approval.DeputyMay:
			return bad("kind", "The profile %q does not let a vice-chair decide in the chair's place.", s.Profile.Name)
		case !s.holds(a.Person.ID, OfficeChair, first) || !s.holds(a.Person.ID, OfficeChair, a.Until):
			return bad("person", "Only who holds the chair on all of these days can delegate; what was left to a vice-chair is not left on.")
		case a.Deputy.ID == a.Person.ID || !s.holds(a.Deputy.ID, OfficeViceChair, first) || !s.holds(a.Deputy.ID, OfficeViceChair, a.Until):
			return bad("deputy", "Choose a vice-chair who is in office on all of these days.")
		}
	default:
		return bad("kind", "Say whether it is an absence or a delegation.")
	}
	return acting, nil
}

// MayEnd returns the capacity in which the actor may record the entry or end it early, or refuses.
func (a Absence) MayEnd(s Snapshot, actor PersonID) (Capacity, error) {
	mine := s.CapacitiesOf(actor)
	switch {
	case actor == a.Person.ID && (mine[0] == AsChair || mine[0] == AsViceChair):
		return mine[0], nil
	case slices.Contains(mine, AsSecretary):
		return AsSecretary, nil
	}
	return "", Refuse(Forbidden, "An absence is recorded by who is absent or by the secretariat, a delegation by the chair or by the secretariat.")
}

// holds reports whether the person holds the office of the group on the day.
func (s Snapshot) holds(p PersonID, o Office, day Date) bool {
	return slices.ContainsFunc(s.Officers, func(a Appointment) bool {
		return a.Person.ID == p && a.Office == o && a.Group == s.Group && day.Within(a.From, a.Until)
	})
}

// standing finds the entry by which a vice-chair decides in the chair's place on the day, or says why there is none.
func (s Snapshot) standing(p PersonID, day Date) (AbsenceID, error) {
	if !s.Profile.Approval.DeputyMay {
		return "", Refuse(Forbidden, "The profile %q leaves decisions to the chair.", s.Profile.Name)
	}
	away := func(id PersonID) *Absence {
		for i, a := range s.Absences {
			if a.Kind == Absent && a.Person.ID == id && a.On(day) {
				return &s.Absences[i]
			}
		}
		return nil
	}
	if away(p) != nil {
		return "", Refuse(Forbidden, "Your own absence is recorded for %s, and what is left to a vice-chair is not left on. The statement waits until the chair or a vice-chair is back; the secretariat does not approve.", day)
	}
	found := AbsenceID("")
	all := true
	for _, a := range s.Officers {
		if a.Office != OfficeChair || a.Group != s.Group || !day.Within(a.From, a.Until) {
			continue
		}
		for _, d := range s.Absences {
			if d.Kind == Delegation && d.Person.ID == a.Person.ID && d.Deputy.ID == p && d.On(day) {
				return s.unlessDrafted(p, d.ID)
			}
		}
		if d := away(a.Person.ID); d != nil && found == "" {
			found = d.ID
		} else if d == nil {
			all = false
		}
	}
	if found == "" || !all {
		return "", Refuse(Forbidden, "A vice-chair decides only while the chair's absence or a delegation is recorded, and none is for %s. The chair or the secretariat can record it under Absences and delegations. (WTSA Resolution 1, 3.3)", day)
	}
	return s.unlessDrafted(p, found)
}

func (s Snapshot) unlessDrafted(p PersonID, id AbsenceID) (AbsenceID, error) {
	if s.Drafted(p) {
		return "", Refuse(Forbidden, "You drafted this statement. What the chair leaves to a vice-chair never goes to a drafter: the chair, or another vice-chair, has to decide.")
	}
	return id, nil
}

// StandsIn reports whether the person, a vice-chair, can decide in the chair's place today.
func (s Snapshot) StandsIn(p PersonID) bool {
	if !s.holds(p, OfficeViceChair, s.Today) {
		return false
	}
	_, err := s.standing(p, s.Today)
	return err == nil
}

// standIns lists the vice-chairs who can decide in the chair's place today.
func (s Snapshot) standIns() []Person {
	return slices.DeleteFunc(s.InOffice(OfficeViceChair), func(p Person) bool { return !s.StandsIn(p.ID) })
}

// standInsBy lists those of them whom an absence or a delegation empowers.
func (s Snapshot) standInsBy(id AbsenceID) []Person {
	return slices.DeleteFunc(s.standIns(), func(p Person) bool {
		by, err := s.standing(p.ID, s.Today)
		return err != nil || by != id
	})
}

// Deciders lists who is asked to decide today: who holds the chair, absent or not, and the vice-chairs who stand in.
func (s Snapshot) Deciders() []Person { return append(s.InOffice(OfficeChair), s.standIns()...) }

// LeftToDeputy is the absence or delegation by which a vice-chair came to decide in the chair's place on what waited before, so that
// nobody was told when it was submitted or tabled. It is false when nobody stands in, nothing waits, or the record has it that who
// stands in was told. Who is told early is told from the hour of reminders on.
func (s Snapshot) LeftToDeputy() (Absence, bool) {
	since, ok := s.waitsSince()
	zone, err := s.Profile.Zone()
	if !ok || err != nil { // a profile without a zone is refused when it is loaded
		return Absence{}, false
	}
	for _, p := range s.standIns() {
		id, err := s.standing(p.ID, s.Today)
		i := slices.IndexFunc(s.Absences, func(a Absence) bool { return a.ID == id })
		if err != nil || i < 0 || slices.Contains(s.LeftBy, id) {
			continue
		}
		a := s.Absences[i]
		if a.begins(0, zone).After(since) && !s.Now.Before(a.begins(RemindHour, zone)) {
			return a, true
		}
	}
	return Absence{}, false
}

// begins is the moment from which on the entry empowers: when it was recorded, or the hour of its first day.
func (a Absence) begins(hour int, zone *time.Location) time.Time {
	if day := a.From.at(hour, zone); day.After(a.Recorded) {
		return day
	}
	return a.Recorded
}

// waitsSince is since when a decision is asked of the chair, in whichever way, or false.
func (s Snapshot) waitsSince() (time.Time, bool) {
	switch {
	case s.State == InCorrespondence && s.Window != nil && s.Window.Over(s.Now):
		return s.Window.Ends, true
	case s.State == InReview || s.State == Tabled:
		if s.Since.After(s.SubmittedAt) {
			return s.Since, true
		}
		return s.SubmittedAt, !s.SubmittedAt.IsZero()
	}
	return time.Time{}, false
}

// recused says why the person may not decide on the statement, or nil. It follows from an employer that is addressed, where
// the profile says so, and from the person's own word.
func (s Snapshot) recused(p PersonID) *Error {
	if _, declared := s.Recused[p]; declared {
		return Refuse(Forbidden, "You declared that you have an interest in this statement, so somebody else has to decide. If nobody else can, the chair records a delegation to a vice-chair.")
	}
	if !s.Profile.Approval.Recusal {
		return nil
	}
	for _, e := range s.Employers[p] {
		for _, a := range s.Content.Addressees {
			if a.Body == e || strings.HasPrefix(string(a.Body), string(e)+"/") {
				return Refuse(Forbidden, "Your employer, %s, is addressed by this statement, so you may not decide on it. If nobody else can, the chair records a delegation to a vice-chair.", a.Name)
			}
		}
	}
	return nil
}
