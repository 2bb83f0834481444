package liaison

import "slices"

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

// MeetingStates lists every state with its label, as the database's CHECK does.
var MeetingStates = []struct {
	State MeetingState
	Label string
	Next  []MeetingState
}{
	{MeetingPlanned, "Planned", []MeetingState{MeetingOpen, MeetingCancelled}},
	{MeetingOpen, "In session", []MeetingState{MeetingClosed}},
	{MeetingClosed, "Closed", nil},
	{MeetingCancelled, "Cancelled", nil},
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

// May reports whether a meeting can pass from s to next.
func (s MeetingState) May(next MeetingState) bool {
	for _, x := range MeetingStates {
		if x.State == s {
			return slices.Contains(x.Next, next)
		}
	}
	return false
}

// Meeting is one meeting of a group: of one that decides on statements here, or of its parent, to which it reports.
type Meeting struct {
	ID      MeetingID
	Group   Code
	Title   string // "First meeting of JCA-ML"
	Place   string // "Geneva", "online"
	From    Date   // first day
	Until   Date   // last day, inclusive
	State   MeetingState
	With    MeetingID // the meeting that it is held together with, or ""
	UID     string    // RFC 5545 UID of the calendar entry that it was read from, or ""
	Source  string    // the document that announces it: "TSB Circular 72"
	Agenda  []AgendaItem
	Version int // counts changes of its own data, so that two editors are told of each other
}

// AgendaItem is one line of a meeting's agenda.
type AgendaItem struct {
	Number int // from 1
	Title  string
}

// Where names the meeting with its place: "First meeting of JCA-ML, Geneva".
func (m Meeting) Where() string {
	if m.Place == "" {
		return m.Title
	}
	return m.Title + ", " + m.Place
}
