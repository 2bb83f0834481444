package web

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"

	"github.com/jca-ml/liaison/internal/calendar"
	"github.com/jca-ml/liaison/liaison"
)

// reportsPage says which progress reports are due, where each stands, and what was sent.
type reportsPage struct {
	layout
	Problems problems
	Groups   []reportGroup
	Sent     []lineView
	Next     string
}

type reportGroup struct {
	Code     liaison.Code
	Label    string
	Parent   string
	May      bool   // the reader may begin one
	Enter    string // where the reader may enter a meeting of the parent group, "" for who may not
	Calendar bool   // the reader may bring the parent group's calendar in
	Due      []dueView
	Meetings []meetingView
	Office   bool // nobody holds the secretariat, so what is due is begun in the name of another officer
}

type dueView struct {
	ID       string
	Meeting  string
	Days     string
	Own      bool // after a meeting of the group itself
	Due      deadline
	Missed   liaison.Date
	Address  string // of the report, "" while there is none
	Again    bool   // it came to nothing, so another can begin
	Off      bool   // nothing is due any more
	Recalled bool
	Within   string // the report that tells of a meeting of the group itself
	There    string // where that is
	State    liaison.State
	Ref      string
	Outcome  string
	Command  string // the id that a draft would have
}

type meetingView struct{ Title, Place, Days, State, Address string }

var reportsTemplate = newPage[reportsPage]("reports")

func (s *server) showReports(w http.ResponseWriter, r *http.Request, me *visitor) error {
	return s.writeReports(w, r, me, http.StatusOK, nil, "")
}

func (s *server) writeReports(w http.ResponseWriter, r *http.Request, me *visitor, status int, ps problems, flash string) error {
	p := reportsPage{layout: s.layout(r, "Progress reports"), Problems: ps}
	p.Flash = flash
	var seen []liaison.Code
	for _, o := range me.Offices {
		if slices.Contains(seen, o.Group) || o.Office == liaison.OfficeAuditor {
			continue
		}
		seen = append(seen, o.Group)
		g, err := s.reportGroup(r, me, o.Group)
		if code := liaison.CodeOf(err); code == liaison.NotFound || code == liaison.Invalid {
			continue // a group without terms of reference reports to nobody
		} else if err != nil {
			return err
		}
		p.Groups = append(p.Groups, g)
	}
	page, err := s.store.Reports(r.Context(), me.ID(), r.URL.Query().Get("after"))
	if err != nil {
		return err
	}
	p.Sent = s.lineViews(page.Lines, me)
	if page.Next != "" {
		p.Next = "/reports?after=" + page.Next
	}
	return reportsTemplate.write(w, status, p)
}

func (s *server) reportGroup(r *http.Request, me *visitor, code liaison.Code) (reportGroup, error) {
	snap, err := s.store.GroupSnapshot(r.Context(), code)
	if err != nil {
		return reportGroup{}, err
	}
	g := reportGroup{Code: code, Label: snap.GroupBody.Label(), May: slices.Contains(liaison.May(snap.Snapshot, me.ID()), liaison.DoDraft), Office: len(snap.InOffice(liaison.OfficeSecretary)) == 0}
	mine := snap.CapacitiesOf(me.ID())
	g.Calendar = slices.Contains(mine, liaison.AsSecretary) || slices.Contains(mine, liaison.AsChair)
	if snap.GroupBody.Parent != "" {
		parent, err := s.store.Body(r.Context(), snap.GroupBody.Parent)
		if err != nil {
			return g, err
		}
		g.Parent = parent.Label()
		meetings, err := s.store.Meetings(r.Context(), parent.Code)
		if err != nil {
			return g, err
		}
		// A parent that decides here sees to its meetings itself.
		sees, err := s.store.MeetingGroup(r.Context(), parent.Code, me.ID())
		if err != nil && liaison.CodeOf(err) != liaison.NotFound {
			return g, err
		}
		ours := err == nil && sees.Group != parent.Code
		if ours && mayMeet(liaison.Meeting{Group: parent.Code}, sees, me, liaison.EnterMeeting) {
			g.Enter = "/meetings/new?" + url.Values{"group": {string(parent.Code)}}.Encode()
		}
		for _, m := range meetings {
			if m.Until < snap.Today && (m.State != liaison.MeetingPlanned || m.Until < snap.Today.Plus(-30)) { // for a while one that is over and is not said to be
				continue
			}
			v := meetingView{m.Title, m.Place, daysOf(m), m.State.Label(), ""}
			if ours {
				v.Address = meetingAddress(m.ID)
			}
			g.Meetings = append(g.Meetings, v)
		}
		slices.Reverse(g.Meetings)
	}
	due, err := s.store.DueReports(r.Context(), code)
	if err != nil {
		return g, err
	}
	for _, d := range due {
		v := dueView{ID: d.ID, Meeting: d.Meeting.Title, Days: daysOf(d.Meeting), Own: d.Own(), Missed: d.Missed, State: d.State, Ref: d.Ref, Recalled: d.Recalled, Command: newID()}
		v.Off = d.Off(snap) && d.Sent == nil && d.Missed == ""
		v.Due = deadlineOf(d.Due, snap.Today, d.Sent == nil && d.Missed == "" && !v.Off && d.Within.Statement == "")
		if w := d.Within; w.Statement != "" {
			v.Within, v.There = cmp.Or(w.Ref, "a draft"), "/statements/"+string(w.Statement)
		}
		if d.Statement != "" {
			v.Address, v.Again = "/statements/"+string(d.Statement), !d.Begun()
		}
		if d.Sent != nil {
			v.Outcome = d.Outcome.Label()
		}
		g.Due = append(g.Due, v)
	}
	return g, nil
}

func daysOf(m liaison.Meeting) string {
	if m.From == m.Until {
		return m.From.String()
	}
	return m.From.String() + " to " + m.Until.String()
}

// beginReport starts the draft of a report, for what it is due for or, without a meeting, up to today.
func (s *server) beginReport(w http.ResponseWriter, r *http.Request, me *visitor) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	command, err := commandID(r)
	if err != nil {
		return err
	}
	id := liaison.StatementID(command)
	if due := r.PostFormValue("due"); due != "" {
		_, err = s.store.BeginReport(r.Context(), id, me.ID(), due)
	} else {
		var content liaison.Content
		if content, err = s.store.ReportContent(r.Context(), liaison.Code(r.PostFormValue("group")), ""); err == nil {
			_, err = s.store.Create(r.Context(), id, me.ID(), content)
		}
	}
	if e := refusal(err); e != nil && e.Code == liaison.Conflict {
		note(r.Context()).err = err
		return s.writeReports(w, r, me, statusOf(e.Code), problems{{"main", e.Message}}, "")
	} else if err != nil {
		return err
	}
	http.Redirect(w, r, "/statements/"+string(id)+"/report", http.StatusSeeOther)
	return nil
}

// maxCalendar is how large a calendar may be, in bytes: a year of meetings is a few thousand.
const maxCalendar = 1 << 20

// importCalendar takes the meetings of the parent group, or of the group itself, from an iCalendar file: an entry that is known, by its UID, is brought up
// to date, and nothing is removed.
func (s *server) importCalendar(w http.ResponseWriter, r *http.Request, me *visitor) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxCalendar+64<<10)
	file, header, err := r.FormFile("calendar")
	if err != nil {
		if _, over := errors.AsType[*http.MaxBytesError](err); over {
			return liaison.Refuse(liaison.TooLarge, "The calendar is larger than 1 MiB. Export the meetings of one group and one year.")
		}
		return s.writeReports(w, r, me, http.StatusUnprocessableEntity, problems{{"f-calendar", "Choose the calendar file (.ics) first."}}, "")
	}
	defer file.Close()
	content, err := io.ReadAll(file)
	if err != nil {
		return liaison.Refuse(liaison.Invalid, "The file did not arrive whole. Choose it again.")
	}
	group := liaison.Code(r.PostFormValue("group"))
	snap, err := s.store.GroupSnapshot(r.Context(), group)
	if err != nil {
		return err
	}
	zone, err := snap.Profile.Zone()
	if err != nil {
		return err
	}
	of := snap.GroupBody.Parent
	if r.PostFormValue("of") == "own" {
		of = group
	}
	meetings, err := calendar.Read(content, of, header.Filename, zone)
	if err == nil {
		err = s.store.ImportMeetings(r.Context(), group, me.ID(), meetings)
	}
	if err == nil {
		err = s.store.ReckonReports(r.Context(), group)
	}
	if e := refusal(err); e != nil && e.Code == liaison.Invalid {
		note(r.Context()).err = err
		return s.writeReports(w, r, me, statusOf(e.Code), problems{{"f-calendar", e.Message}}, "")
	} else if err != nil {
		return err
	}
	return s.writeReports(w, r, me, http.StatusOK, nil, plural(len(meetings), "meeting")+" of the calendar are in the register.")
}
