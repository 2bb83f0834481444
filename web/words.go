package web

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// words are the functions that templates may use.
var words = template.FuncMap{
	"lower": strings.ToLower,
	"size":  size,
	"newID": newID,
}

// moment is a point in time for a reader, with what a machine reads.
type moment struct{ ISO, Text, Exact string }

func momentOf(t time.Time, zone *time.Location) moment {
	t = t.In(zone)
	return moment{ISO: t.Format(time.RFC3339), Text: t.Format("2 January 2006, 15:04"), Exact: t.Format("2006-01-02 15:04:05 ") + zoneName(t)}
}

// zoneName names the zone at t: "Europe/Zurich (UTC+01:00)".
func zoneName(t time.Time) string {
	if t.Location() == time.UTC {
		return "UTC"
	}
	return t.Location().String() + t.Format(" (UTC-07:00)")
}

// ago says how long it is since t, in days of the zone of now.
func ago(t, now time.Time) string {
	switch n := daysBetween(liaison.DateOf(t, now.Location()), liaison.DateOf(now, now.Location())); {
	case n <= 0:
		return "today"
	case n == 1:
		return "yesterday"
	default:
		return fmt.Sprintf("%d days ago", n)
	}
}

func daysBetween(a, b liaison.Date) int {
	from, err1 := time.Parse(time.DateOnly, string(a))
	until, err2 := time.Parse(time.DateOnly, string(b))
	if err1 != nil || err2 != nil {
		return 0
	}
	return int(until.Sub(from).Hours() / 24)
}

// deadline is a day with how near it is.
type deadline struct {
	Day  liaison.Date
	Left string
	Near string // "late", "soon" or ""
}

// deadlineOf counts the days left; of a statement that nothing is expected of any more it gives the day alone.
func deadlineOf(day, today liaison.Date, open bool) deadline {
	d := deadline{Day: day}
	if day == "" || !open {
		return d
	}
	switch n := daysBetween(today, day); {
	case n < 0:
		d.Left, d.Near = plural(-n, "day")+" past", "late"
	case n == 0:
		d.Left, d.Near = "today", "soon"
	default:
		d.Left = plural(n, "day") + " left"
		if n <= 14 {
			d.Near = "soon"
		}
	}
	return d
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func size(bytes int64) string {
	switch {
	case bytes < 1000:
		return plural(int(bytes), "byte")
	case bytes < 1<<20:
		return fmt.Sprintf("%.0f KiB", float64(bytes)/(1<<10))
	default:
		return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
	}
}

// officesInWords is what a person is, today: "Chair of JCA-ML".
func officesInWords(offices []store.Office) string {
	var out []string
	for _, o := range offices {
		out = append(out, o.Office.Label()+" of "+o.GroupLabel)
	}
	if len(out) == 0 {
		return liaison.AsReader.Label()
	}
	return strings.Join(out, ", ")
}

func list(words []string) string {
	switch len(words) {
	case 0:
		return ""
	case 1:
		return words[0]
	default:
		return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
	}
}

// titleOr is what a statement without a title is called, so that a link is never empty.
func titleOr(title string) string {
	if strings.TrimSpace(title) == "" {
		return "Without a title yet"
	}
	return title
}

// lineView is a statement in a list.
type lineView struct {
	Address  string
	Ref      string
	Group    string
	Title    string
	Untitled bool
	State    liaison.State
	To       []liaison.Addressee // the first few
	More     int                 // how many more there are
	Deadline deadline
	Changed  moment
	Ago      string // "today", "3 days ago"
	Drafter  string
	Marks    []liaison.Mark
	Quotes   []store.Quote // of the text, with what was looked for marked
	Ask      string        // what the reader is asked to do, on the page of what waits
	AskAt    string        // where that is done
}

// addresseesShown is how many addressees a list names before it counts.
const addresseesShown = 3

func (s *server) lineView(l store.Line, me *visitor) lineView {
	now := s.now().In(me.Zone)
	v := lineView{
		Address: "/statements/" + string(l.ID), Ref: l.Ref, Group: l.Group, Title: titleOr(l.Title), Untitled: strings.TrimSpace(l.Title) == "", State: l.State,
		To: l.Addressees, Deadline: deadlineOf(l.Deadline, liaison.DateOf(now, me.Zone), !l.State.Final()),
		Changed: momentOf(l.Changed, me.Zone), Ago: ago(l.Changed, now), Drafter: l.Drafter, Marks: l.Marks,
	}
	if len(v.To) > addresseesShown+1 {
		v.To, v.More = v.To[:addresseesShown], len(v.To)-addresseesShown
	}
	return v
}

func (s *server) lineViews(lines []store.Line, me *visitor) []lineView {
	out := make([]lineView, len(lines))
	for i, l := range lines {
		out[i] = s.lineView(l, me)
	}
	return out
}
