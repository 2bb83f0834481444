package liaison

import (
	"slices"
	"strings"
	"time"
)

// Between meetings a group is asked by correspondence: one exact revision lies open until the end of a day, and whoever is asked,
// or holds an office of the group, may object. One objection stops it. What nobody objected to
//
//   - the chair decides on, by correspondence: silence is no agreement, and no step of the record says that it were;
//   - the window itself approves, by no objection, where the group's profile allows that and whoever opened it could have
//     approved on the day of its opening and still can on that of its end. The record names it so, and on whose window.
//
// A window is never moved. It ends before its day by an objection, by being taken back, or with the revision itself. Sources: Rec.
// ITU-T A.1 (2019), clause 1.5 (between meetings, by correspondence, in consultation with the management team); rules of the field,
// 8.1 and 10, edge cases 24 to 26, 61 and 69.

// WindowID names a window.
type WindowID string

// Window is one time in which a revision lies open for objections.
type Window struct {
	ID       WindowID
	Revision int
	Digest   Digest
	Mode     ApprovalMode // [ByCorrespondence] or [ByNoObjection]
	OpenedBy Person
	OpenedAs Capacity
	Stands   AbsenceID // by which a vice-chair opened it
	Opened   time.Time
	OpenedOn Date
	Last     Date        // the last day for objections, inclusive, in the group's zone
	Ends     time.Time   // the moment at which that day is over there
	Hold     bool        // what it approves is not dispatched at once
	Asked    []Consulted // who was asked, whoever holds an office later
	Said     []Saying    // oldest first
	Reminded time.Time   // when those who are silent were reminded last
	Closed   bool        // its end is on the record
}

// Consulted is a person who was asked, and the office for which.
type Consulted struct {
	Person
	Office Office
}

// Saying is what somebody said in a window, or about it afterwards.
type Saying struct {
	Kind     EventKind // [EventObjected], [EventObjectedLate], [EventNoObjection] or [EventCommented]
	By       Person    // who said it; without an id for somebody who is not in the register
	As       Capacity
	Text     string
	On       Date // in the group's zone
	At       time.Time
	Entered  Person // who entered what was said outside
	Evidence string
	File     Digest // of the evidence
}

// Over reports whether the window's last day is over.
func (w Window) Over(now time.Time) bool { return !now.Before(w.Ends) }

// asked reports whether the person was asked in the window.
func (w *Window) asked(p PersonID) bool {
	return w != nil && slices.ContainsFunc(w.Asked, func(c Consulted) bool { return c.ID == p })
}

// Of lists what the person said.
func (w Window) Of(p PersonID) (out []Saying) {
	for _, x := range w.Said {
		if x.By.ID == p {
			out = append(out, x)
		}
	}
	return out
}

// Silent lists those who were asked and have said nothing. It means nothing but that.
func (w Window) Silent() (out []Consulted) {
	for _, c := range w.Asked {
		if len(w.Of(c.ID)) == 0 {
			out = append(out, c)
		}
	}
	return out
}

// Opening asks for a window.
type Opening struct {
	Last Date       // the last day for objections
	Also []PersonID // who is asked besides the management team
}

// Said is what somebody said outside and the secretariat enters.
type Said struct {
	By       PersonID // who, of those asked or in office; "" for somebody else
	Name     string   // of somebody else
	On       Date
	Evidence string
	File     Digest
}

// ConsultationKind is how the management team was consulted before a decision between meetings.
type ConsultationKind string

// The ways. There is none for silence: who was not asked was not consulted.
const (
	ConsultedByWindow ConsultationKind = "window"  // this very revision lay open for objections
	ConsultedOutside  ConsultationKind = "outside" // by mail, by telephone, at a management meeting
)

// Consultations lists every way with its words, as the database's CHECK does.
var Consultations = []struct {
	Kind  ConsultationKind
	Words string
}{
	{ConsultedByWindow, "the management team was asked by correspondence"},
	{ConsultedOutside, "the management team was consulted outside"},
}

// Words says it.
func (k ConsultationKind) Words() string {
	for _, x := range Consultations {
		if x.Kind == k {
			return x.Words
		}
	}
	return ""
}

// Consultation is how the management team was consulted.
type Consultation struct {
	Kind      ConsultationKind
	Reference string // what shows it, of a consultation outside
}

// team are the offices that make up a group's management team. Others who hold an office can be asked besides.
var team = []Office{OfficeChair, OfficeViceChair, OfficeSecretary}

// Team lists the management team as it is in office today, without the person who asks it, and those who can be asked besides.
func (s Snapshot) Team(opener PersonID) (asked, besides []Consulted) {
	seen := func(p PersonID) bool {
		is := func(c Consulted) bool { return c.ID == p }
		return p == opener || slices.ContainsFunc(asked, is) || slices.ContainsFunc(besides, is)
	}
	for _, o := range Offices {
		for _, p := range s.InOffice(o.Office) {
			switch {
			case seen(p.ID) || o.Office == OfficeAuditor:
			case slices.Contains(team, o.Office):
				asked = append(asked, Consulted{p, o.Office})
			default:
				besides = append(besides, Consulted{p, o.Office})
			}
		}
	}
	return asked, besides
}

// WindowDays are the first and the last day on which a window that is opened today can end, and the one that the profile proposes.
// There is none if first is after last: a deadline is too near.
func (s Snapshot) WindowDays() (first, last, proposed Date) {
	first, last = s.Today.Plus(1), s.Today.plusYear()
	if d := s.Content.Deadline; d != "" {
		last = min(last, d.Plus(-2)) // the day after the window is left to decide on, and a deadline is after that day
	}
	return first, last, max(first, min(last, s.Today.Plus(s.Profile.Approval.WindowDays)))
}

// opens makes the window that the command asks for, or refuses it.
func (s Snapshot) opens(r Rule, cmd Command, acting Capacity, stands AbsenceID) (*Window, error) {
	bad := func(field, format string, args ...any) (*Window, error) {
		err := Refuse(Invalid, format, args...)
		err.Field = field
		return nil, err
	}
	if cmd.Window == nil || cmd.Window.Last == "" {
		return bad("last", "Give the last day for objections, as in 2026-12-07.")
	}
	day, err := ParseDate(string(cmd.Window.Last))
	if err != nil {
		return bad("last", "Give the last day for objections, as in 2026-12-07.")
	}
	first, last, _ := s.WindowDays()
	switch {
	case day < first:
		return bad("last", "The last day for objections is %s at the earliest: those who are asked have a whole day at least.", first)
	case day > s.Today.plusYear():
		return bad("last", "The last day for objections is at most a year ahead, on %s.", s.Today.plusYear())
	case day > last:
		return bad("last", "The last day for objections is %s at the latest: a reply is required by %s, and a day is needed to decide before that. (%s)", last, s.Content.Deadline, sourceA1)
	}
	mode := s.modeOf(r)
	if mode == ByNoObjection && s.Content.OutsideScope != "" {
		return bad("last", "The statement is outside the terms of reference of the group. That is approved by the chair, with a reason, and never by no objection. (%s)", s.Profile.Source)
	}
	asked, besides := s.Team(cmd.Actor)
	for _, id := range cmd.Window.Also {
		i := slices.IndexFunc(besides, func(c Consulted) bool { return c.ID == id })
		if i < 0 {
			return bad("also", "Only who holds an office of the group can be asked besides the management team. Choose from the list.")
		}
		if !slices.Contains(asked, besides[i]) {
			asked = append(asked, besides[i])
		}
	}
	if len(asked) == 0 {
		return bad("also", "Nobody else of the management team is in office, so nobody would be asked.")
	}
	zone, err := s.Profile.Zone()
	if err != nil {
		return nil, err
	}
	return &Window{
		Revision: s.Revision, Digest: s.Digest, Mode: mode, OpenedBy: Person{ID: cmd.Actor}, OpenedAs: acting, Stands: stands,
		Opened: s.Now, OpenedOn: s.Today, Last: day, Ends: day.Over(zone), Hold: cmd.Hold, Asked: asked,
	}, nil
}

// plusYear is the same day a year later; of a 29 February, the 1 March.
func (d Date) plusYear() Date {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return ""
	}
	return Date(t.AddDate(1, 0, 0).Format(time.DateOnly))
}

// Over is the first moment at which the day is over in the zone: midnight, or when the clocks go forward at midnight the moment at
// which they do.
func (d Date) Over(zone *time.Location) time.Time {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return time.Time{}
	}
	over := time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, zone)
	for DateOf(over, zone) <= d { // there is no midnight, and Go came out before it
		over = over.Add(15 * time.Minute)
	}
	return over
}

// timed refuses what the time of the window does not allow, whoever asks; the pages' buttons follow it.
func (s Snapshot) timed(r Rule) error {
	for _, n := range r.Needs {
		switch n {
		case NeedWindow:
			if first, last, _ := s.WindowDays(); first > last {
				return Refuse(Conflict, "A reply is required by %s, which leaves no day for objections and one to decide. (%s)", s.Content.Deadline, sourceA1)
			}
		case NeedRunning:
			if s.Window == nil || s.Window.Over(s.Now) {
				return Refuse(Conflict, "The window for objections is over.")
			}
		case NeedOver:
			if s.Window == nil || !s.Window.Over(s.Now) {
				last := Date("")
				if s.Window != nil {
					last = s.Window.Last
				}
				return Refuse(Conflict, "Objections can be made until the end of %s (%s). It can be approved from %s on; until then it can be returned, rejected, or the window taken back.", last, s.Profile.TimeZone, last.Plus(1))
			}
		case NeedOpened:
			if s.Window == nil {
				return Refuse(Conflict, "It was not up for objections, so there is nothing to object to here.")
			}
		}
	}
	return nil
}

// unopposed refuses unless the window approves by itself: it is one that can, nobody objected, and who opened it could approve the
// statement today. It returns how that person can.
func (s Snapshot) unopposed() (Capacity, AbsenceID, error) {
	w := s.Window
	if w == nil || w.Mode != ByNoObjection {
		return "", "", Refuse(Conflict, "The chair decides after the window.")
	}
	if w.Closed {
		return "", "", Refuse(Conflict, "The end of the window is on record, and it was left to the chair.")
	}
	if slices.ContainsFunc(w.Said, func(x Saying) bool { return x.Kind == EventObjected || x.Kind == EventObjectedLate }) {
		return "", "", Refuse(Conflict, "Somebody objected.")
	}
	if s.Digest != w.Digest {
		return "", "", Refuse(Conflict, "Other bytes lay open than there are now.")
	}
	for _, r := range rules(DoApprove) {
		if slices.Contains(r.From, s.State) {
			return entitled(s, r, w.OpenedBy.ID)
		}
	}
	return "", "", Refuse(Conflict, "There is nothing to decide.")
}

// WindowDue is what the window asks for next by itself and when: those who are silent are reminded, and its end is recorded. It is
// "" when nothing is to come.
func (s Snapshot) WindowDue() (CommandKind, time.Time) {
	w := s.Window
	if s.State != InCorrespondence || w == nil || w.Closed {
		return "", time.Time{}
	}
	zone, err := s.Profile.Zone()
	if err != nil {
		return "", time.Time{} // a profile without a zone is refused when it is loaded
	}
	if w.Over(s.Now) {
		return DoEndWindow, w.Ends
	}
	for _, days := range slices.Backward(s.Profile.Approval.WindowRemindDays) { // the last one that is past is sent, once
		if at := w.Last.Plus(-days).at(RemindHour, zone); !at.After(s.Now) {
			if at.After(w.Opened) && w.Reminded.Before(at) && len(w.Silent()) > 0 {
				return DoRemindWindow, at
			}
			break
		}
	}
	for _, days := range s.Profile.Approval.WindowRemindDays {
		if at := w.Last.Plus(-days).at(RemindHour, zone); at.After(s.Now) {
			return DoRemindWindow, at
		}
	}
	return DoEndWindow, w.Ends
}

// at is the hour of the day in the zone.
func (d Date) at(hour int, zone *time.Location) time.Time {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return time.Time{}
	}
	return time.Date(t.Year(), t.Month(), t.Day(), hour, 0, 0, 0, zone)
}

// checkSaid refuses what is said without saying it, or entered without saying whose word it is and what shows it. It returns how it
// goes on record.
func (s Snapshot) checkSaid(r Rule, cmd Command, acting Capacity) (*Saying, error) {
	bad := func(field, format string, args ...any) (*Saying, error) {
		err := Refuse(Invalid, format, args...)
		err.Field = field
		return nil, err
	}
	x := &Saying{Kind: r.Event, By: Person{ID: cmd.Actor}, As: acting, Text: strings.TrimSpace(cmd.Reason), On: s.Today, At: s.Now}
	if said := cmd.Said; said != nil {
		if s.ActingAs(cmd.Actor, AsSecretary) != AsSecretary {
			return nil, Refuse(Forbidden, "What somebody else said is entered by the secretariat.")
		}
		x.By, x.As, x.On, x.Entered = Person{ID: said.By, Name: strings.TrimSpace(said.Name)}, AsReader, said.On, Person{ID: cmd.Actor}
		x.Evidence, x.File = strings.TrimSpace(said.Evidence), said.File
		switch {
		case (said.By == "") == (x.By.Name == ""):
			return bad("by", "Say who said it: choose a person, or write the name of somebody who is not on the list.")
		case said.By == cmd.Actor:
			return bad("by", "What you say yourself is not entered: say it under your own name.")
		case said.By != "":
			x.As = s.CapacitiesOf(said.By)[0]
			if x.As == AsReader || x.As == AsDrafter {
				return bad("by", "That person was not asked and holds no office of the group. Write the name instead.")
			}
		default:
			if err := field("name", "The name", x.By.Name, MaxName, false); err != nil {
				return nil, err
			}
		}
		switch _, err := ParseDate(string(said.On)); {
		case err != nil || said.On == "":
			return bad("on", "Give the day on which it was said, as in 2026-11-23.")
		case said.On > s.Today:
			return bad("on", "The day on which it was said, %s, is not here yet.", said.On)
		case s.Window != nil && said.On < s.Window.OpenedOn:
			return bad("on", "The window was opened on %s; what was said on %s is not about it.", s.Window.OpenedOn, said.On)
		}
		if x.Evidence == "" && x.File == "" {
			return bad("evidence", "Give the evidence: a reference to the message or the letter, or the file itself.")
		}
		if err := field("evidence", "The evidence", x.Evidence, MaxReason, true); err != nil {
			return nil, err
		}
		if x.File != "" && !x.File.valid() {
			return bad("evidence", "The file of the evidence did not arrive. Attach it again.")
		}
	}
	inTime := s.Window != nil && x.On <= s.Window.Last
	switch {
	case slices.Contains(r.Needs, NeedInTime) && !inTime:
		return nil, Refuse(Conflict, "The window for objections is over.")
	case slices.Contains(r.Needs, NeedLate) && inTime && s.State == InCorrespondence:
		return nil, Refuse(Conflict, "The window for objections is not over.")
	}
	return x, nil
}

// AsksConsultation reports whether the person, deciding between meetings, has to say how the others of the management team were consulted.
func (s Snapshot) AsksConsultation(p PersonID) bool {
	others, _ := s.Team(p)
	return s.State.Mode() == ByOfficer && s.Profile.Approval.Consulted && len(others) > 0
}

// AnsweredInWindow reports whether somebody said something in a window in which these bytes lay open. One that was taken back at once asked
// nobody in earnest.
func (s Snapshot) AnsweredInWindow() bool {
	return s.Window != nil && s.Window.Digest == s.Digest && len(s.Window.Said) > 0
}

// checkConsulted refuses a decision between meetings that does not say how the management team was consulted, where the profile asks
// for that, and what cannot be so. It returns what goes on record.
func (s Snapshot) checkConsulted(cmd Command) (Consultation, error) {
	bad := func(format string, args ...any) (Consultation, error) {
		return Consultation{}, &Error{Code: Invalid, Field: "consulted", Message: Refuse(Invalid, format, args...).Message}
	}
	if s.State.Mode() != ByOfficer || cmd.Given != nil && cmd.Given.Meeting != "" { // at a meeting everybody is there
		return Consultation{}, nil
	}
	if cmd.Consulted == nil || cmd.Consulted.Kind == "" {
		if !s.AsksConsultation(cmd.Actor) {
			return Consultation{}, nil
		}
		return bad("Say how the management team was consulted: a decision between meetings is made in consultation with it. Ask it by correspondence, or give the reference of the message or the call. (%s)", s.Profile.sourceOf("approval.consulted"))
	}
	c := *cmd.Consulted
	c.Reference = strings.TrimSpace(c.Reference)
	if err := field("consulted", "The reference", c.Reference, MaxNote, false); err != nil {
		return Consultation{}, err
	}
	switch c.Kind {
	case ConsultedOutside:
		if c.Reference == "" {
			return bad("Give the reference of the consultation: the message with its date, the call, the minutes.")
		}
	case ConsultedByWindow:
		if !s.AnsweredInWindow() {
			return bad("This revision was not up for objections, or the window was taken back before anybody had said anything, so the management team was not consulted that way.")
		}
	default:
		return bad("Say how the management team was consulted.")
	}
	return c, nil
}
