package web

import (
	"net/http"
	"net/url"
	"time"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// deadlinesPage lists the replies that are awaited by a date, the nearest first.
type deadlinesPage struct {
	layout
	deadlineChoice
	Lines []deadlineLineView
	Next  string
	Later bool
	First string
}

// deadlineChoice is the filter, the same on the list and on the calendar.
type deadlineChoice struct {
	Kind     string
	Filters  []deadlineKind
	Bodies   []option
	Whose    []option
	List     string // the addresses of both, with this filter
	Calendar string
	Month    string // of the calendar, kept by the form
}

type deadlineKind struct {
	Label, Address string
	Count          string
	Current        bool
}

type deadlineLineView struct {
	Ref, Title string
	Statement  string // its address
	Reply      replyView
}

// deadlineLabels are the kinds in words, in their order.
var deadlineLabels = []struct{ kind, label string }{
	{store.DeadlinesOpen, "Awaited"}, {store.DeadlinesOverdue, "Overdue"}, {store.DeadlinesOurs, "Waits for us"}, {store.DeadlinesSettled, "Settled"}, {store.DeadlinesAll, "All"},
}

var (
	deadlinesTemplate = newPage[deadlinesPage]("deadlines")
	calendarTemplate  = newPage[calendarPage]("calendar")
)

// deadlineOwners are whose statements a list can be of, in words.
var deadlineOwners = []struct{ whose, label string }{
	{store.DeadlinesOfAll, "all that you may read"}, {store.DeadlinesOfGroup, "those of your groups"}, {store.DeadlinesOfMine, "those that you drafted"},
}

// deadlineAddress is the list or the calendar with a filter.
func deadlineAddress(path string, values map[string]string) string {
	q := url.Values{}
	for name, value := range values {
		if value != "" && !(name == "show" && value == store.DeadlinesOpen) {
			q.Set(name, value)
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// deadlineFilter reads the filter of a request and what the page shows of it. On the calendar everything is shown when
// nothing is chosen.
func (s *server) deadlineFilter(r *http.Request, me *visitor, path, month string) (store.DeadlineFilter, deadlineChoice, error) {
	q := r.URL.Query()
	f := store.DeadlineFilter{Kind: q.Get("show"), Body: liaison.Code(q.Get("body")), Whose: q.Get("whose")}
	if f.Kind == "" {
		f.Kind = store.DeadlinesOpen
	}
	c := deadlineChoice{Kind: f.Kind, Month: month}
	c.List = deadlineAddress("/deadlines", map[string]string{"show": f.Kind, "body": string(f.Body), "whose": f.Whose})
	c.Calendar = deadlineAddress("/deadlines/calendar", map[string]string{"show": f.Kind, "body": string(f.Body), "whose": f.Whose})
	counts, err := s.store.DeadlineCounts(r.Context(), me.ID(), f)
	if err != nil {
		return f, c, err
	}
	for _, x := range deadlineLabels {
		c.Filters = append(c.Filters, deadlineKind{x.label, deadlineAddress(path, map[string]string{"show": x.kind, "body": string(f.Body), "whose": f.Whose, "month": month}), countWords(counts[x.kind]), x.kind == f.Kind})
	}
	bodies, err := s.store.Bodies(r.Context())
	if err != nil {
		return f, c, err
	}
	c.Bodies = append(c.Bodies, option{"", "every addressee", f.Body == ""})
	for _, b := range bodies {
		c.Bodies = append(c.Bodies, option{string(b.Code), b.Label(), b.Code == f.Body})
	}
	for _, x := range deadlineOwners {
		c.Whose = append(c.Whose, option{x.whose, x.label, x.whose == f.Whose})
	}
	return f, c, nil
}

func deadlineLineOf(l store.DeadlineLine, today liaison.Date) deadlineLineView {
	return deadlineLineView{l.Ref, titleOr(l.Title), "/statements/" + string(l.Statement), replyViewOf(l.Statement, l.Reply, today)}
}

func (s *server) showDeadlines(w http.ResponseWriter, r *http.Request, me *visitor) error {
	f, choice, err := s.deadlineFilter(r, me, "/deadlines", "")
	if err != nil {
		return err
	}
	p := deadlinesPage{layout: s.layout(r, "Deadlines"), deadlineChoice: choice, First: choice.List}
	f.After = r.URL.Query().Get("after")
	p.Later = f.After != ""
	if day, err := liaison.ParseDate(r.URL.Query().Get("day")); err != nil {
		return err
	} else if day != "" {
		f.From, f.Until = day, day
	}
	lines, next, err := s.store.Deadlines(r.Context(), me.ID(), f)
	if err != nil {
		return err
	}
	today := liaison.DateOf(s.now(), me.Zone)
	for _, l := range lines {
		p.Lines = append(p.Lines, deadlineLineOf(l, today))
	}
	if next != "" {
		p.Next = deadlineAddress("/deadlines", map[string]string{"show": f.Kind, "body": string(f.Body), "whose": f.Whose, "day": string(f.From), "after": next})
	}
	return deadlinesTemplate.write(w, http.StatusOK, p)
}

// calendarPage is a month of deadlines, week by week from Monday on.
type calendarPage struct {
	layout
	deadlineChoice
	Name           string // "January 2027"
	Weekdays       []string
	Weeks          [][]calendarDay
	Before, Behind string // addresses of the months beside
	Today          string // address of this month
	None           bool   // there is none in the month
	More           bool   // there are more deadlines in the month than are shown
}

type calendarDay struct {
	Day     liaison.Date
	ISO     string
	Number  int
	Outside bool // of the month
	Today   bool
	Lines   []deadlineLineView
	More    int    // that are not shown
	List    string // the address of the day's list
}

// shownPerDay is how many deadlines a day of the calendar names before it counts.
const shownPerDay = 4

func (s *server) showCalendar(w http.ResponseWriter, r *http.Request, me *visitor) error {
	today := liaison.DateOf(s.now(), me.Zone)
	month := r.URL.Query().Get("month")
	if month == "" {
		month = string(today)[:7]
	}
	first, err := time.Parse("2006-01", month)
	if err != nil || first.Year() < 1865 || first.Year() > 9000 {
		return liaison.Refuse(liaison.NotFound, "There is no month %q. Write year and month, as in 2027-01.", month)
	}
	f, choice, err := s.deadlineFilter(r, me, "/deadlines/calendar", month)
	if err != nil {
		return err
	}
	p := calendarPage{layout: s.layout(r, "Deadlines in "+first.Format("January 2006")), deadlineChoice: choice, Name: first.Format("January 2006"),
		Weekdays: []string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}}
	at := func(t time.Time) string {
		return deadlineAddress("/deadlines/calendar", map[string]string{"show": f.Kind, "body": string(f.Body), "whose": f.Whose, "month": t.Format("2006-01")})
	}
	p.Before, p.Behind, p.Today = at(first.AddDate(0, -1, 0)), at(first.AddDate(0, 1, 0)), choice.Calendar
	begin := first.AddDate(0, 0, -int(first.Weekday()+6)%7)
	end := first.AddDate(0, 1, -1)
	end = end.AddDate(0, 0, int(7-end.Weekday())%7)
	f.From, f.Until, f.Limit = liaison.DateOf(begin, time.UTC), liaison.DateOf(end, time.UTC), 500
	lines, next, err := s.store.Deadlines(r.Context(), me.ID(), f)
	if err != nil {
		return err
	}
	p.More, p.None = next != "", len(lines) == 0
	by := map[liaison.Date][]deadlineLineView{}
	for _, l := range lines {
		by[l.Reply.Due] = append(by[l.Reply.Due], deadlineLineOf(l, today))
	}
	for day := begin; !day.After(end); day = day.AddDate(0, 0, 1) {
		if day.Weekday() == time.Monday {
			p.Weeks = append(p.Weeks, nil)
		}
		date := liaison.DateOf(day, time.UTC)
		d := calendarDay{Day: date, ISO: string(date), Number: day.Day(), Outside: day.Month() != first.Month(), Today: date == today, Lines: by[date],
			List: deadlineAddress("/deadlines", map[string]string{"show": f.Kind, "body": string(f.Body), "whose": f.Whose, "day": string(date)})}
		if len(d.Lines) > shownPerDay {
			d.More, d.Lines = len(d.Lines)-shownPerDay, d.Lines[:shownPerDay]
		}
		p.Weeks[len(p.Weeks)-1] = append(p.Weeks[len(p.Weeks)-1], d)
	}
	return calendarTemplate.write(w, http.StatusOK, p)
}
