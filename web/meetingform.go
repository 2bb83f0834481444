package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// meetingFormPage enters a meeting, or changes what is said of one.
type meetingFormPage struct {
	layout
	To       string // where the form goes
	Back     string
	Group    liaison.Body
	ID       string
	Version  int
	New      bool
	Parent   bool // of a parent group, at which nothing is decided here
	Days     []input
	Lines    []input
	With     input
	Agenda   string
	Hint     string
	Error    string // about the agenda
	Now      []difference
	Problems problems
}

var meetingFormTemplate = newPage[meetingFormPage]("meetingform")

func (s *server) newMeeting(w http.ResponseWriter, r *http.Request, me *visitor) error {
	m := liaison.Meeting{ID: liaison.MeetingID(newID()), Group: liaison.Code(r.FormValue("group"))}
	snap, err := s.meetingGroup(r, me, m)
	if err != nil {
		return err
	}
	if m.Group != snap.Group {
		return s.writeMeetingForm(w, r, http.StatusOK, m, snap, true, nil, nil)
	}
	m.Announced = snap.Today
	all, err := s.store.Meetings(r.Context(), m.Group)
	if err != nil {
		return err
	}
	for _, before := range all { // meetings of a group have much the same agenda
		if before, err = s.store.Meeting(r.Context(), before.ID); err != nil {
			return err
		}
		if m.Agenda = before.Agenda; len(m.Agenda) > 0 {
			break
		}
	}
	return s.writeMeetingForm(w, r, http.StatusOK, m, snap, true, nil, nil)
}

// meetingGroup reads the group that a meeting is entered for, by somebody who may.
func (s *server) meetingGroup(r *http.Request, me *visitor, m liaison.Meeting) (store.Snapshot, error) {
	snap, err := s.store.MeetingGroup(r.Context(), m.Group, me.ID())
	if err != nil || !officerOf(snap, me) {
		if liaison.CodeOf(err) == liaison.Unavailable {
			return snap, err
		}
		return snap, errNoMeeting
	}
	_, _, err = m.Judge(snap.Snapshot, liaison.EnterMeeting, me.ID(), 0, "")
	return snap, err
}

func (s *server) editMeeting(w http.ResponseWriter, r *http.Request, me *visitor) error {
	m, snap, err := s.meeting(r, me)
	if err != nil {
		return err
	}
	if _, _, err := m.Judge(snap.Snapshot, liaison.ChangeMeeting, me.ID(), 0, ""); err != nil {
		return err
	}
	return s.writeMeetingForm(w, r, http.StatusOK, m, snap, false, nil, nil)
}

func (s *server) writeMeetingForm(w http.ResponseWriter, r *http.Request, status int, m liaison.Meeting, snap store.Snapshot, fresh bool, ps problems, now *liaison.Meeting) error {
	of, err := s.store.Body(r.Context(), m.Group)
	if err != nil {
		return err
	}
	p := meetingFormPage{layout: s.layout(r, "Enter a meeting"), To: "/meetings", Back: "/meetings", Group: of, Parent: m.Group != snap.Group, ID: string(m.ID), Version: m.Version, New: fresh, Problems: ps}
	if !fresh {
		p.Title, p.To, p.Back = "Change the meeting", meetingAddress(m.ID)+"/edit", meetingAddress(m.ID)
	}
	field := func(name, label, hint, kind, value string) input {
		return input{ID: fieldID(name), Name: name, Label: label, Hint: hint, Kind: kind, Value: value, Error: ps.Of(fieldID(name))}
	}
	p.Lines = []input{
		field("title", "Title", "", "", m.Title),
		field("place", "Place", "A town, or “online”.", "", m.Place),
	}
	p.Days = []input{
		field("from", "First day", "In "+snap.Profile.TimeZone+".", "date", string(m.From)),
		field("until", "Last day", "The same, for a meeting of one day.", "date", string(m.Until)),
		field("announced", "Announced on", "", "date", string(m.Announced)),
		field("inputs", "Last day for input documents", "If there is one.", "date", string(m.Inputs)),
	}
	p.Lines = append(p.Lines, field("source", "Announced by", "The circular or message, as in “TSB Circular 72”.", "", m.Source))
	if p.Parent {
		if fresh {
			p.Back = "/reports"
		}
		return meetingFormTemplate.write(w, status, p.agenda(m, snap, ps, now))
	}
	p.With = field("with", "Held together with", "", "choice", "")
	p.With.Options = []option{{"", "no other meeting", m.With == ""}}
	if snap.GroupBody.Parent != "" {
		parents, err := s.store.Meetings(r.Context(), snap.GroupBody.Parent)
		if err != nil {
			return err
		}
		for _, x := range parents {
			if x.State != liaison.MeetingCancelled || x.ID == m.With {
				p.With.Options = append(p.With.Options, option{string(x.ID), x.Where() + ", " + x.Days(), x.ID == m.With})
			}
		}
	}
	return meetingFormTemplate.write(w, status, p.agenda(m, snap, ps, now))
}

// agenda is the page with the agenda, and with what the form would change of what somebody else saved.
func (p meetingFormPage) agenda(m liaison.Meeting, snap store.Snapshot, ps problems, now *liaison.Meeting) meetingFormPage {
	lines := make([]string, len(m.Agenda))
	for i, a := range m.Agenda {
		lines[i] = a.Title
	}
	p.Agenda, p.Hint, p.Error = strings.Join(lines, "\n"), "One item a line, in their order; the numbers follow.", ps.Of("f-agenda")
	if n := snap.Profile.Approval.MeetingItem; n > 0 && !p.Parent {
		p.Hint += " By the profile, statements are decided under item " + strconv.Itoa(n) + "."
	}
	if now != nil {
		p.Now = differences(compareMeetings(*now, m))
	}
	return p
}

// compareMeetings says what a form would change of a meeting.
func compareMeetings(a, b liaison.Meeting) []liaison.Difference {
	agenda := func(m liaison.Meeting) string {
		var out []string
		for _, x := range m.Agenda {
			out = append(out, x.Cite())
		}
		return strings.Join(out, "\n")
	}
	var out []liaison.Difference
	for _, x := range []liaison.Difference{
		{Field: "title", Label: "Title", Before: a.Title, After: b.Title}, {Field: "place", Label: "Place", Before: a.Place, After: b.Place},
		{Field: "from", Label: "First day", Before: string(a.From), After: string(b.From)}, {Field: "until", Label: "Last day", Before: string(a.Until), After: string(b.Until)},
		{Field: "announced", Label: "Announced on", Before: string(a.Announced), After: string(b.Announced)}, {Field: "inputs", Label: "Last day for input documents", Before: string(a.Inputs), After: string(b.Inputs)},
		{Field: "source", Label: "Announced by", Before: a.Source, After: b.Source}, {Field: "agenda", Label: "Agenda", Before: agenda(a), After: agenda(b)},
	} {
		if x.Before != x.After {
			out = append(out, x)
		}
	}
	return out
}

// maxMeetingForm has room for an agenda of the greatest length, every character of it escaped.
const maxMeetingForm = 12*liaison.MaxAgenda*liaison.MaxTitle + maxForm

func readMeetingForm(w http.ResponseWriter, r *http.Request, m liaison.Meeting) (liaison.Meeting, error) {
	if err := readFormUpTo(w, r, maxMeetingForm); err != nil {
		return m, err
	}
	v := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	m.Title, m.Place, m.Source, m.With = v("title"), v("place"), v("source"), liaison.MeetingID(v("with"))
	m.From, m.Until, m.Announced, m.Inputs = liaison.Date(v("from")), liaison.Date(v("until")), liaison.Date(v("announced")), liaison.Date(v("inputs"))
	m.Version, _ = strconv.Atoi(v("version")) // what is no number is no version that there is
	m.Agenda = nil
	for line := range strings.Lines(textOf(r.PostFormValue("agenda"))) {
		m.Agenda = append(m.Agenda, liaison.AgendaItem{Title: line})
	}
	return m.Tidy(), nil
}

// saveMeeting enters the meeting of the form, or changes the one of the address.
func (s *server) saveMeeting(w http.ResponseWriter, r *http.Request, me *visitor) error {
	var m liaison.Meeting
	var snap store.Snapshot
	var err error
	fresh := r.PathValue("id") == ""
	if fresh {
		if m, err = readMeetingForm(w, r, m); err != nil {
			return err
		}
		m.ID, m.Group = liaison.MeetingID(r.PostFormValue("id")), liaison.Code(r.PostFormValue("group"))
		if !isID(string(m.ID)) {
			return liaison.Refuse(liaison.Invalid, "The form was not made by this page. Open the page again and send it from there.")
		}
		if snap, err = s.meetingGroup(r, me, liaison.Meeting{Group: m.Group}); err != nil {
			return err
		}
	} else {
		if m, snap, err = s.meeting(r, me); err != nil {
			return err
		}
		if m, err = readMeetingForm(w, r, m); err != nil {
			return err
		}
	}
	var ps problems
	for _, e := range m.Check() {
		id := fieldID(e.Field)
		if strings.HasPrefix(e.Field, "agenda") {
			id = "f-agenda"
		}
		ps = append(ps, problem{id, e.Message})
	}
	if len(ps) > 0 {
		return s.writeMeetingForm(w, r, http.StatusUnprocessableEntity, m, snap, fresh, ps, nil)
	}
	save := s.store.ChangeMeeting
	if fresh {
		save = s.store.EnterMeeting
	}
	if err = save(r.Context(), me.ID(), m); err == nil {
		err = s.store.ReckonReports(r.Context(), snap.Group) // days of a meeting move what is due before or after it
	}
	if err == nil {
		http.Redirect(w, r, meetingAddress(m.ID), http.StatusSeeOther)
		return nil
	}
	e := refusal(err)
	if e == nil || e.Code == liaison.Forbidden || e.Code == liaison.NotFound {
		return err
	}
	note(r.Context()).err = err
	ps = problems{{fieldID(e.Field), unavailableWords(e)}}
	var now *liaison.Meeting
	if e.Code == liaison.Stale { // what is typed is compared with what somebody else saved
		current, err := s.store.Meeting(r.Context(), m.ID)
		if err != nil {
			return err
		}
		now, m.Version = &current, current.Version
		ps[0].ID = "now"
	}
	return s.writeMeetingForm(w, r, statusOf(e.Code), m, snap, fresh, ps, now)
}

// meetingsAhead are the meetings of the statement's group that it can be tabled for, the next first.
func (s *server) meetingsAhead(r *http.Request, snap store.Snapshot) ([]liaison.Meeting, error) {
	all, err := s.store.Meetings(r.Context(), snap.Group)
	if err != nil {
		return nil, err
	}
	slices.Reverse(all)
	var out []liaison.Meeting
	for _, m := range all {
		if m.Tables() && m.Until >= snap.Today {
			if m, err = s.store.Meeting(r.Context(), m.ID); err != nil {
				return nil, err
			}
			out = append(out, m)
		}
	}
	return out, nil
}
