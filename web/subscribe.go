package web

import (
	"crypto/sha256"
	"encoding/hex"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/jca-ml/liaison/internal/calendar"
	"github.com/jca-ml/liaison/internal/inbound"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// A calendar program reads the deadlines of a person under a secret address, again and again, without signing in. It is shown what
// that person may read when it asks, so whoever loses an office sees less from then on.

// subscriptions are the lists that a calendar can hold.
var subscriptions = []struct{ file, whose, label string }{
	{"group.ics", store.DeadlinesOfGroup, "Statements of your groups"},
	{"mine.ics", store.DeadlinesOfMine, "Statements that you drafted"},
}

// subscribedAtMost is how many deadlines a calendar holds, the nearest and what is overdue.
const subscribedAtMost = 5000

// subscribeView is what a person's page shows of the addresses.
type subscribeView struct {
	Off        bool // there is no key to make addresses with
	Open       bool
	Generation int
	Calendars  []subscription
}

type subscription struct {
	ID, Label, Address string
	Direct             template.URL // the same for a calendar program: a scheme that templates do not know
}

func (s *server) subscribeViewOf(r *http.Request, me liaison.PersonID) (subscribeView, error) {
	if len(s.keys) == 0 {
		return subscribeView{Off: true}, nil
	}
	link, err := s.store.CalendarLink(r.Context(), me)
	if err != nil {
		return subscribeView{}, err
	}
	v := subscribeView{Open: link.Open, Generation: link.Generation}
	if !link.Open {
		return v, nil
	}
	token, err := s.keys.PageToken(inbound.CalendarPage, string(me), link.Generation)
	if err != nil {
		return v, err
	}
	for _, x := range subscriptions {
		address := s.absolute(r, "/calendar/"+string(me)+"/"+token+"/"+x.file)
		_, rest, _ := strings.Cut(address, "://")
		v.Calendars = append(v.Calendars, subscription{"f-" + strings.TrimSuffix(x.file, ".ics"), x.label, address, template.URL("webcal://" + rest)}) //nolint:gosec // G203: our own origin and a token
	}
	return v, nil
}

// setSubscription makes a person's addresses, makes new ones, or ends them.
func (s *server) setSubscription(w http.ResponseWriter, r *http.Request, me *visitor) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	open := r.PostFormValue("do") == "open"
	shown, err := strconv.Atoi(r.PostFormValue("generation"))
	if err != nil || !open && r.PostFormValue("do") != "close" {
		return liaison.Refuse(liaison.Invalid, "The form was not made by this page. Open the page again and send it from there.")
	}
	link, err := s.store.CalendarLink(r.Context(), me.ID())
	if err != nil {
		return err
	}
	if link.Generation == shown { // else it was done already, by this form or in another window
		if err := s.store.SetCalendarLink(r.Context(), me.ID(), link, open); err != nil {
			return err
		}
	}
	http.Redirect(w, r, "/me?calendar#calendar", http.StatusSeeOther)
	return nil
}

// subscribed is the list that somebody's secret address leads to.
type subscribed struct {
	person liaison.PersonID
	whose  string
	label  string
}

func (s *server) followCalendar(r *http.Request) (subscribed, error) {
	x := subscribed{person: liaison.PersonID(r.PathValue("person"))}
	for _, c := range subscriptions {
		if c.file == r.PathValue("file") {
			x.whose, x.label = c.whose, c.label
		}
	}
	if x.label == "" || !isID(string(x.person)) {
		return x, errNoOwnPage
	}
	link, err := s.store.CalendarLink(r.Context(), x.person)
	if err != nil {
		return x, err
	}
	if !s.keys.VerifyPage(r.PathValue("token"), inbound.CalendarPage, string(x.person), link.Generation) || !link.Open {
		return x, errNoOwnPage
	}
	return x, nil
}

func (s *server) showSubscribed(w http.ResponseWriter, r *http.Request, x subscribed) error {
	f := store.DeadlineFilter{Kind: store.DeadlinesOpen, Whose: x.whose, Limit: 500}
	var entries []calendar.Entry
	for {
		lines, next, err := s.store.Deadlines(r.Context(), x.person, f)
		if err != nil {
			return err
		}
		for _, l := range lines {
			entries = append(entries, s.entryOf(r, l))
		}
		if f.After = next; next == "" || len(entries) >= subscribedAtMost {
			break
		}
	}
	serveCalendar(w, r, calendar.Write("Liaison: "+x.label, entries))
	return nil
}

// entryOf is a deadline as a calendar shows it.
func (s *server) entryOf(r *http.Request, l store.DeadlineLine) calendar.Entry {
	title := "Reply of " + l.Reply.Name + " to " + l.Ref + ": " + titleOr(l.Title)
	if l.Reply.State == liaison.ReplyOverdue {
		title = "Overdue: " + title
	}
	text := l.Group + " asked " + l.Reply.Name + ", " + strings.ToLower(l.Reply.Purpose.Label()) + ", to reply by " + l.Reply.Due.String() + ". " + l.Reply.State.Label() + "."
	if l.Reply.Due != l.Reply.Deadline && l.Reply.Deadline != "" {
		text += " It was asked by " + l.Reply.Deadline.String() + " at first."
	}
	if l.Reply.Asked != "" {
		text += " " + l.Reply.Asked.String() + " is asked for."
	}
	return calendar.Entry{UID: deadlineUID(l.Reply.Transmission), Title: title, Text: text, URL: s.absolute(r, replyAddress(l.Statement, l.Reply.Position)), Day: l.Reply.Due, Changed: l.Changed}
}

// deadlineUID names the deadline of one message in every calendar that has it.
func deadlineUID(id liaison.TransmissionID) string { return string(id) + "@liaison" }

// serveCalendar answers with a calendar. Whoever has these very bytes already is told so; nobody may keep them for others or
// show them without having asked again.
func serveCalendar(w http.ResponseWriter, r *http.Request, b []byte) {
	sum := sha256.Sum256(b)
	w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:16])+`"`)
	w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
	w.Header().Set("Content-Disposition", `inline; filename="deadlines.ics"`)
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(b)))
}
