package liaison

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// MeetingID names a meeting.
type MeetingID string

// MeetingState is where a meeting stands.
type MeetingState string

// The states of a meeting.
const (
	MeetingPlanned   MeetingState = "planned"
	MeetingOpen      MeetingState = "open"
	MeetingClosed    MeetingState = "closed"
	MeetingCancelled MeetingState = "cancelled"
)

// MeetingStates lists every state with its label and what it means, as the database's CHECK does.
var MeetingStates = []struct {
	State   MeetingState
	Label   string
	Meaning string
}{
	{MeetingPlanned, "Planned", "statements can be tabled for it"},
	{MeetingOpen, "In session", "what is tabled is decided, and more can be tabled"},
	{MeetingClosed, "Closed", "what was approved at it has gone out or is on its way"},
	{MeetingCancelled, "Cancelled", "nothing was decided at it"},
}

// Label is the state in words.
func (s MeetingState) Label() string {
	for _, x := range MeetingStates {
		if x.State == s {
			return x.Label
		}
	}
	return string(s)
}

// MeetingAct is something that can be done with a meeting.
type MeetingAct string

// The acts.
const (
	EnterMeeting  MeetingAct = "enter"
	ChangeMeeting MeetingAct = "change"
	OpenMeeting   MeetingAct = "open"
	CloseMeeting  MeetingAct = "close"
	CancelMeeting MeetingAct = "cancel"
)

// MeetingRule is one row of [MeetingTable].
type MeetingRule struct {
	Act   MeetingAct
	From  []MeetingState // "" for a meeting that is not there yet
	To    MeetingState   // "" if it stays
	Label string         // on the button
	Event EventKind
}

// MeetingTable is what can be done with a meeting of a group that decides here, from where, by its secretariat and its chair
// ([MeetingOfficers]). Nothing leads out of a meeting that is closed or cancelled: a decision that it took all the same is entered
// with the minutes.
var MeetingTable = []MeetingRule{
	{EnterMeeting, []MeetingState{""}, MeetingPlanned, "Enter the meeting", EventMeetingEntered},
	{ChangeMeeting, []MeetingState{MeetingPlanned, MeetingOpen}, "", "Change it", EventMeetingChanged},
	{OpenMeeting, []MeetingState{MeetingPlanned}, MeetingOpen, "Open the meeting", EventMeetingOpened},
	{CloseMeeting, []MeetingState{MeetingOpen}, MeetingClosed, "Close the meeting", EventMeetingClosed},
	{CancelMeeting, []MeetingState{MeetingPlanned}, MeetingCancelled, "Cancel the meeting", EventMeetingCancelled},
}

// ParentMeetingTable is what can be done with a meeting of a parent group that decides nothing here, so that nobody of its own sees to it:
// the officers of a group that reports to it enter it where no calendar does, follow what becomes of it, and say that it is over.
var ParentMeetingTable = []MeetingRule{
	{EnterMeeting, []MeetingState{""}, MeetingPlanned, "Enter the meeting", EventMeetingEntered},
	{ChangeMeeting, []MeetingState{MeetingPlanned}, "", "Change it", EventMeetingChanged},
	{CloseMeeting, []MeetingState{MeetingPlanned}, MeetingClosed, "Record that it is over", EventMeetingClosed},
	{CancelMeeting, []MeetingState{MeetingPlanned}, MeetingCancelled, "Cancel the meeting", EventMeetingCancelled},
}

// rules are the rows for the meeting as the group sees it, none for a meeting that is neither its own nor of its parent.
func (m Meeting) rules(s Snapshot) []MeetingRule {
	switch m.Group {
	case s.Group:
		return MeetingTable
	case s.Parent:
		return ParentMeetingTable
	}
	return nil
}

// MeetingOfficers are the capacities in which somebody enters, changes, opens, closes and cancels a meeting.
var MeetingOfficers = []Capacity{AsSecretary, AsChair}

// Rule is the act's row.
func (a MeetingAct) Rule() MeetingRule {
	for _, r := range MeetingTable {
		if r.Act == a {
			return r
		}
	}
	return MeetingRule{Act: a}
}

// Meeting is one meeting of a group: of one that decides on statements here, or of its parent, to which it reports.
type Meeting struct {
	ID        MeetingID
	Group     Code
	Title     string // "First meeting of JCA-ML"
	Place     string // "Geneva", "online"
	From      Date   // first day
	Until     Date   // last day, inclusive
	State     MeetingState
	With      MeetingID // the meeting that it is held together with, or ""
	UID       string    // RFC 5545 UID of the calendar entry that it was read from, or ""
	Source    string    // the document that announces it: "TSB Circular 72"
	Announced Date      // the day on which it was announced, "" while it is not or nobody knows
	Inputs    Date      // the last day for input documents, "" for none
	Agenda    []AgendaItem
	Version   int // counts changes of its own data, so that two editors are told of each other
}

// AgendaItem is one line of a meeting's agenda.
type AgendaItem struct {
	Number int // from 1
	Title  string
}

// MaxAgenda is how many items an agenda holds.
const MaxAgenda = 100

// Where names the meeting with its place: "First meeting of JCA-ML, Geneva".
func (m Meeting) Where() string {
	if m.Place == "" {
		return m.Title
	}
	return m.Title + ", " + m.Place
}

// Days are the meeting's days in words.
func (m Meeting) Days() string {
	if m.From == m.Until {
		return m.From.String()
	}
	return m.From.String() + " to " + m.Until.String()
}

// Item is the agenda's item of the number, with whether there is one.
func (m Meeting) Item(number int) (AgendaItem, bool) {
	i := slices.IndexFunc(m.Agenda, func(a AgendaItem) bool { return a.Number == number })
	if i < 0 {
		return AgendaItem{}, false
	}
	return m.Agenda[i], true
}

// Cite is an item of the agenda as it is cited: "9. Approval of outgoing liaison statements".
func (a AgendaItem) Cite() string { return strconv.Itoa(a.Number) + ". " + a.Title }

// Tables reports whether statements can be put on the agenda.
func (m Meeting) Tables() bool { return m.State == MeetingPlanned || m.State == MeetingOpen }

// InSession reports whether the meeting decides on that day: it was opened and not closed, and the day is one of its own.
func (m Meeting) InSession(day Date) bool {
	return m.State == MeetingOpen && day.Within(m.From, m.Until)
}

// Unclosed reports whether the meeting's days are over and nobody closed it, or opened it at all, from the hour of reminders of the next day
// on. The secretariat is told once of each last day while something hangs on the meeting: what it approved leaves only when it is
// closed, and what is tabled for it is decided by nobody any more.
func (m Meeting) Unclosed(now time.Time, zone *time.Location) bool {
	return m.Tables() && m.Until != "" && !now.Before(m.Until.Plus(1).at(RemindHour, zone))
}

// Judge refuses an act that the actor may not do, or not now; else it returns its row and the capacity. s is of the meeting's group or, where
// that decides nothing here, of one that reports to it; tabled says how many statements wait on its agenda for their decision. A meeting
// is closed only when each of them is decided or put
// off, so that no statement is decided by silence; decision 57.
func (m Meeting) Judge(s Snapshot, act MeetingAct, actor PersonID, tabled int, reason string) (MeetingRule, Capacity, error) {
	rules := m.rules(s)
	r := act.Rule()
	i := slices.IndexFunc(rules, func(x MeetingRule) bool { return x.Act == act })
	if i >= 0 {
		r = rules[i]
	}
	bad := func(code ErrorCode, field, format string, args ...any) (MeetingRule, Capacity, error) {
		err := Refuse(code, format, args...)
		err.Field = field
		return r, "", err
	}
	acting := s.ActingAs(actor, MeetingOfficers...)
	if acting == AsReader || rules == nil {
		return bad(Forbidden, "", "%s is for the secretariat and the chair of %s.", cmp.Or(r.Label, string(act)), strings.ToUpper(string(s.Group)))
	}
	if i < 0 {
		return bad(Conflict, "", "%s is not for a meeting of the parent group, at which nothing is decided here.", cmp.Or(r.Label, string(act)))
	}
	if !slices.Contains(r.From, m.State) {
		return bad(Conflict, "", "%s is not possible: the meeting is %s.", cmp.Or(r.Label, string(act)), strings.ToLower(m.State.Label()))
	}
	if act == CancelMeeting || reason != "" {
		if err := CheckReason(reason); err != nil {
			return r, "", err
		}
	}
	switch {
	case act == OpenMeeting && !s.Today.Within(m.From, m.Until):
		return bad(Conflict, "", "The meeting is from %s, and today is %s. Change its days if it is held today; what it decided without having been opened here is entered with the minutes.", m.Days(), s.Today)
	case act == CloseMeeting && m.Group != s.Group && s.Today < m.From:
		return bad(Conflict, "", "The meeting is from %s, and today is %s. Change its days if it was held before, or cancel it.", m.Days(), s.Today)
	case (act == CloseMeeting || act == CancelMeeting) && tabled > 0:
		return bad(Conflict, "", "%s: decide on each or put it off first. No statement is decided by the end of a meeting.", stillTabled(tabled))
	}
	return r, acting, nil
}

func stillTabled(n int) string {
	if n == 1 {
		return "One statement is still tabled"
	}
	return fmt.Sprintf("%d statements are still tabled", n)
}

// MayMeet lists what the person may do with the meeting now, in the order of the table: the pages' buttons.
func (m Meeting) MayMeet(s Snapshot, actor PersonID) []MeetingAct {
	var out []MeetingAct
	for _, r := range m.rules(s) {
		if _, _, err := m.Judge(s, r.Act, actor, 0, "asked"); err == nil {
			out = append(out, r.Act)
		}
	}
	return out
}

// Tidy is the meeting as it is stored: without spaces around, empty items left out, the items numbered in their order.
func (m Meeting) Tidy() Meeting {
	m.Title, m.Place, m.Source = strings.TrimSpace(m.Title), strings.TrimSpace(m.Place), strings.TrimSpace(m.Source)
	var agenda []AgendaItem
	for _, a := range m.Agenda {
		if a.Title = strings.TrimSpace(a.Title); a.Title != "" {
			a.Number = len(agenda) + 1
			agenda = append(agenda, a)
		}
	}
	m.Agenda = agenda
	if m.Until == "" {
		m.Until = m.From
	}
	return m
}

// Check lists what is wrong with the meeting's own data, with the fields that it is wrong in.
func (m Meeting) Check() []*Error {
	var out []*Error
	add := func(name, format string, args ...any) {
		out = append(out, &Error{Code: Invalid, Field: name, Message: fmt.Sprintf(format, args...)})
	}
	for _, x := range []struct {
		name, label, value string
		limit              int
	}{{"title", "The title", m.Title, MaxTitle}, {"place", "The place", m.Place, MaxName}, {"source", "The announcement", m.Source, MaxTitle}} {
		if err := field(x.name, x.label, x.value, x.limit, false); err != nil {
			out = append(out, err)
		}
	}
	if m.Title == "" {
		add("title", "Give the meeting a title, as in “First meeting of JCA-ML”.")
	}
	day := func(name, what string, d Date, needed bool) bool {
		if _, err := ParseDate(string(d)); err != nil || d == "" && needed {
			add(name, "Give %s as in 2023-03-16.", what)
			return false
		}
		return d != ""
	}
	from := day("from", "the first day", m.From, true)
	if until := day("until", "the last day", m.Until, true); from && until && m.Until < m.From {
		add("until", "The last day, %s, is before the first, %s.", m.Until, m.From)
	}
	if day("announced", "the day of the announcement", m.Announced, false) && from && m.Announced > m.From {
		add("announced", "It was announced on %s at the latest, the day on which it begins.", m.From)
	}
	if day("inputs", "the last day for input documents", m.Inputs, false) && from && m.Inputs > m.Until {
		add("inputs", "The last day for input documents is after the meeting.")
	}
	if len(m.Agenda) > MaxAgenda {
		add("agenda", "An agenda holds at most %d items; this one has %d.", MaxAgenda, len(m.Agenda))
	}
	for _, a := range m.Agenda {
		if err := field("agenda."+strconv.Itoa(a.Number-1), "Item "+strconv.Itoa(a.Number), a.Title, MaxTitle, false); err != nil {
			out = append(out, err)
		}
	}
	return out
}

// Advice is what is worth a look and refuses nothing: an announcement later than the profile asks for, an agenda without the item
// under which statements are decided, days outside those of the meeting that it is held together with, which is "" for none.
func (m Meeting) Advice(p Profile, with Meeting) []string {
	var out []string
	if m.State == MeetingClosed || m.State == MeetingCancelled {
		return nil
	}
	if late := m.late(p); late != "" {
		out = append(out, late)
	}
	if _, ok := m.Item(p.Approval.MeetingItem); p.Approval.MeetingItem > 0 && !ok {
		out = append(out, fmt.Sprintf("The profile %q decides on statements under item %d, and the agenda has no item of that number.", p.Name, p.Approval.MeetingItem))
	}
	if with.ID != "" && (m.From < with.From || m.Until > with.Until) {
		out = append(out, fmt.Sprintf("It is held together with %s, whose days are %s: its own are not all among them.", with.Where(), with.Days()))
	}
	return out
}

// Late reports whether the meeting lies ahead and was announced later than the profile asks for, or not at all.
func (m Meeting) Late(p Profile) bool { return m.State == MeetingPlanned && m.late(p) != "" }

func (m Meeting) late(p Profile) string {
	notice, latest := p.Approval.NoticeDays, m.From.Plus(-p.Approval.NoticeDays)
	source := p.noteOn("approval.notice_days")
	switch {
	case notice == 0:
		return ""
	case m.Announced == "":
		return fmt.Sprintf("It is not said when it was announced. The profile %q asks for %d days, so by %s.%s", p.Name, notice, latest, source)
	case m.Announced > latest:
		return fmt.Sprintf("It was announced on %s, %d days before it begins; the profile %q asks for %d, so by %s.%s", m.Announced, DaysBetween(m.Announced, m.From), p.Name, notice, latest, source)
	}
	return ""
}

// noteOn is what the profile says of where one of its values comes from, as a sentence to put behind another, or "".
func (p Profile) noteOn(path string) string {
	for _, n := range p.Notes {
		if n.Path == path {
			return fmt.Sprintf(" (%s; confidence: %s)", cmp.Or(n.Source, cmp.Or(n.Note, "no source")), cmp.Or(string(n.Confidence), "not said"))
		}
	}
	return ""
}

// What a meeting does with a statement.

// fixedAtMeeting are the fields that no meeting edits while it approves: what would need other addressees, other files or other
// relations goes back to its drafter. All of a progress report is, too, because its files were made when it was submitted.
var fixedAtMeeting = []string{"source", "relations", "addressees", "attachments", "confidentiality", "embargo", "outside_scope"}

// FixedAtMeeting reports whether a meeting cannot change the field, as [Compare] names it, while it approves.
func FixedAtMeeting(field string) bool {
	return slices.Contains(fixedAtMeeting, field) || strings.HasPrefix(field, "report.")
}

// Edits lists what a meeting changed from what was tabled to what it approves, or refuses where nothing differs, or a field that it
// cannot change.
func Edits(before, after Content) ([]Difference, error) {
	if before.Report != nil {
		return nil, Refuse(Conflict, "The files of a progress report were made when it was submitted, so it is not edited at a meeting. Return it for changes, or put it off.")
	}
	changes := Compare(before.Tidy(), after.Tidy())
	if len(changes) == 0 {
		return nil, Refuse(Invalid, "Nothing is edited: this is the text that was tabled. Approve it as it is, or change it first.")
	}
	for _, d := range changes {
		if FixedAtMeeting(d.Field) {
			return nil, &Error{Code: Invalid, Field: d.Field, Message: "“" + d.Label + "” is not changed at a meeting while it approves. Return the statement for changes: its drafter submits it again."}
		}
	}
	return changes, nil
}

// checkTabling refuses unless the statement can be put on the agenda of the meeting that was read for the command.
func (s Snapshot) checkTabling(cmd Command) error {
	bad := func(field, format string, args ...any) error {
		err := Refuse(Invalid, format, args...)
		err.Field = field
		return err
	}
	m := s.Meeting
	switch {
	case !slices.Contains(s.Profile.Approval.Modes, AtMeeting):
		return Refuse(Forbidden, "The profile %q has no approval %s. Decide in another way.", s.Profile.Name, strings.ToLower(AtMeeting.Label()))
	case cmd.Meeting == "" || m.ID != cmd.Meeting || m.Group != s.Group:
		return bad("meeting", "Choose a meeting of %s. One is entered under Meetings.", strings.ToUpper(string(s.Group)))
	case !m.Tables() || m.Until < s.Today:
		return &Error{Code: Conflict, Field: "meeting", Message: fmt.Sprintf("%s (%s) is %s, so nothing is tabled for it any more. Choose another one; what it decided is entered with the minutes.", m.Where(), m.Days(), orOver(m, s.Today))}
	}
	if _, ok := m.Item(cmd.Item); !ok {
		return bad("item", "Choose an item of the agenda of %s. The agenda is entered with the meeting.", m.Title)
	}
	if n := s.Profile.Approval.MeetingItem; n > 0 && cmd.Item != n {
		return bad("item", "The profile %q decides on statements under item %d of the agenda. Table it under that one, or change the agenda first. (%s)", s.Profile.Name, n, s.Profile.sourceOf("approval.meeting_item"))
	}
	return nil
}

func orOver(m Meeting, today Date) string {
	if m.Tables() && m.Until < today {
		return "over"
	}
	return strings.ToLower(m.State.Label())
}

// inSession refuses a decision on what is tabled while its meeting does not sit.
func (s Snapshot) inSession() error {
	m := s.Meeting
	switch {
	case m.InSession(s.Today):
		return nil
	case m.State == MeetingOpen:
		return Refuse(Conflict, "%s was opened, and its days are %s. Change its days if it goes on, or close it.", m.Where(), m.Days())
	}
	return Refuse(Conflict, "It is tabled for %s (%s), which is %s. It is decided while the meeting is in session; to decide otherwise, put it off first.", m.Where(), m.Days(), strings.ToLower(m.State.Label()))
}

// checkMinuted refuses an approval that is entered as one of a meeting unless it can have been: a meeting of the group, held on that
// day, and the minutes that say so. It need not have been on the agenda (rules of the field, edge case 23).
func (s Snapshot) checkMinuted(g Given) *Error {
	bad := func(field, format string, args ...any) *Error {
		err := Refuse(Invalid, format, args...)
		err.Field = field
		return err
	}
	m := s.Meeting
	switch {
	case g.Meeting == "" || m.ID != g.Meeting || m.Group != s.Group:
		return bad("meeting", "Choose a meeting of %s.", strings.ToUpper(string(s.Group)))
	case s.State == Tabled && g.Meeting != s.TabledFor:
		return bad("meeting", "The statement is tabled for %s. Put it off first if another meeting decided.", m.Where())
	case m.State == MeetingCancelled:
		return bad("meeting", "%s was cancelled, so it decided nothing.", m.Where())
	case !g.On.Within(m.From, m.Until):
		return bad("on", "%s was held from %s; an approval of %s is not its own.", m.Where(), m.Days(), g.On)
	case strings.TrimSpace(g.Evidence) == "":
		return bad("evidence", "Give the reference of the minutes: what a meeting decided is entered only with it.")
	}
	if _, ok := m.Item(g.Item); g.Item != 0 && !ok {
		return bad("item", "The agenda of %s has no item %d. Choose one, or that it was not on the agenda.", m.Title, g.Item)
	}
	return nil
}

// given is what the secretariat enters, with the meeting that it is tabled for where nothing else is said.
func (s Snapshot) given(g Given) Given {
	if s.State == Tabled && g.Meeting == "" {
		g.Meeting, g.Item = s.TabledFor, s.TabledItem
	}
	return g
}
