package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

type registerPage struct {
	layout
	State    liaison.State // the filter, "" for all
	Meaning  string        // of that state
	Filters  []stateFilter
	Form     registerForm
	Filtered bool // by more than a state
	Searched bool
	Newest   bool   // the words are common: the newest come first
	Found    string // how many, in words
	Lines    []lineView
	Next     string // the address of the next page
	Later    bool   // this is not the first page
	First    string // the address of the first
	Views    []viewLink
	Query    string // of the address, for the form that keeps it
	Problems problems
}

// registerForm is the form above the list, as it was sent.
type registerForm struct {
	Query               input
	Body, Purpose, Turn []option
	Since, Until, Due   input
	Open                bool
	State               liaison.State // stays chosen
}

type stateFilter struct {
	Label, Address string
	State          liaison.State
	Count          string
	Current        bool
}

// viewLink is a filter that the person keeps.
type viewLink struct {
	Name, Address string
	Current       bool
}

var registerTemplate = newPage[registerPage]("register")

func (s *server) showRegister(w http.ResponseWriter, r *http.Request, me *visitor) error {
	return s.writeRegister(w, r, me, http.StatusOK, r.URL.Query(), nil)
}

// writeRegister shows what the query of the address chooses. Every filter is in the address, so that it can be kept and sent.
func (s *server) writeRegister(w http.ResponseWriter, r *http.Request, me *visitor, status int, q url.Values, ps problems) error {
	filter, err := s.filterOf(q, me)
	if err != nil {
		return err
	}
	p := registerPage{layout: s.layout(r, "Statements"), State: liaison.State(q.Get("state")), Later: filter.After != "", Searched: filter.Query != "", Problems: ps}
	if i := slices.IndexFunc(liaison.States, func(x liaison.StateRow) bool { return x.State == p.State }); i >= 0 {
		p.Meaning = liaison.States[i].Meaning
	}
	if p.Form, err = s.registerForm(r, q, filter); err != nil {
		return err
	}
	if err := s.addCounts(r, &p, me, q); err != nil {
		return err
	}
	page, quotes := store.Page{}, map[liaison.StatementID][]store.Quote{}
	if p.Searched {
		found, err := s.store.Search(r.Context(), me.ID(), filter)
		switch e := refusal(err); {
		case e != nil && e.Code == liaison.Invalid && e.Field == "q":
			p.Problems, status = append(p.Problems, problem{"f-q", e.Message}), statusOf(e.Code)
			p.Form.Query.Error = e.Message
		case err != nil:
			return err
		}
		page, quotes, p.Newest, p.Found = found.Page, found.Quotes, found.Newest, foundWords(found)
	} else if page, err = s.store.Statements(r.Context(), me.ID(), filter); err != nil {
		return err
	}
	for _, l := range page.Lines {
		v := s.lineView(l, me)
		v.Quotes = quotes[l.ID]
		p.Lines = append(p.Lines, v)
	}
	here := cleared(q, "after")
	p.Query, p.First, p.Filtered = here.Encode(), registerAddress(here), len(here) > 1 || len(here) == 1 && p.State == ""
	if page.Next != "" {
		here.Set("after", page.Next)
		p.Next = registerAddress(here)
	}
	views, err := s.store.SavedViews(r.Context(), me.ID())
	if err != nil {
		return err
	}
	for _, v := range views {
		p.Views = append(p.Views, viewLink{v.Name, "/statements?" + v.Query, v.Query == p.Query})
	}
	return registerTemplate.write(w, status, p)
}

// filterOf reads the filter of an address. What no form makes is refused.
func (s *server) filterOf(q url.Values, me *visitor) (store.Filter, error) {
	f := store.Filter{
		Query: strings.TrimSpace(first(q.Get("q"), 400)), Body: liaison.Code(q.Get("body")), Purpose: liaison.Purpose(q.Get("purpose")), Turn: liaison.Capacity(q.Get("waiting")),
		After: q.Get("after"), Limit: 50,
	}
	if f.Query != "" {
		f.Limit = 20
	}
	if state := liaison.State(q.Get("state")); state != "" {
		if !slices.ContainsFunc(liaison.States, func(x liaison.StateRow) bool { return x.State == state }) {
			return f, liaison.Refuse(liaison.NotFound, "There is no state called %q. Choose one on the list of statements.", state)
		}
		f.States = []liaison.State{state}
	}
	if f.Purpose != "" && f.Purpose.Label() == "" {
		return f, liaison.Refuse(liaison.NotFound, "There is no purpose called %q. Choose one on the list of statements.", f.Purpose)
	}
	if f.Turn != "" && f.Turn.Label() == string(f.Turn) {
		return f, liaison.Refuse(liaison.NotFound, "Nothing waits for a %q. Choose whom on the list of statements.", f.Turn)
	}
	for name, set := range map[string]func(liaison.Date){
		"since": func(d liaison.Date) { f.Since = dayIn(d, me.Zone, 0) }, "until": func(d liaison.Date) { f.Until = dayIn(d, me.Zone, 1) }, "due": func(d liaison.Date) { f.Due = d },
	} {
		day, err := liaison.ParseDate(q.Get(name))
		if err != nil {
			return f, err
		}
		if day != "" {
			set(day)
		}
	}
	return f, nil
}

func first(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}

// dayIn is when the day begins in the zone, or days later.
func dayIn(d liaison.Date, zone *time.Location, days int) time.Time {
	t, err := time.ParseInLocation(time.DateOnly, string(d), zone)
	if err != nil {
		return time.Time{}
	}
	return t.AddDate(0, 0, days)
}

func (s *server) registerForm(r *http.Request, q url.Values, f store.Filter) (registerForm, error) {
	form := registerForm{
		Query: input{ID: "f-q", Name: "q", Label: "Words, a number, a body or a file", Value: q.Get("q")},
		Since: input{ID: "f-since", Name: "since", Label: "Changed from", Kind: "date", Value: q.Get("since")},
		Until: input{ID: "f-until", Name: "until", Label: "Changed until", Kind: "date", Value: q.Get("until")},
		Due:   input{ID: "f-due", Name: "due", Label: "Reply required by", Kind: "date", Value: q.Get("due")},
		Open:  f.Body != "" || f.Purpose != "" || f.Turn != "" || !f.Since.IsZero() || !f.Until.IsZero() || f.Due != "",
		State: liaison.State(q.Get("state")),
	}
	bodies, err := s.store.Bodies(r.Context())
	if err != nil {
		return form, err
	}
	form.Body = append(form.Body, option{"", "any body", f.Body == ""})
	for _, b := range bodies {
		form.Body = append(form.Body, option{string(b.Code), b.Label(), b.Code == f.Body})
	}
	form.Purpose = append(form.Purpose, option{"", "any purpose", f.Purpose == ""})
	for _, x := range liaison.Purposes {
		form.Purpose = append(form.Purpose, option{string(x.Purpose), x.Label, x.Purpose == f.Purpose})
	}
	form.Turn = append(form.Turn, option{"", "anybody or nobody", f.Turn == ""})
	for _, c := range liaison.Capacities {
		if slices.ContainsFunc(liaison.States, func(x liaison.StateRow) bool { return slices.Contains(x.Turn, c.Capacity) }) {
			form.Turn = append(form.Turn, option{string(c.Capacity), c.Label, c.Capacity == f.Turn})
		}
	}
	return form, nil
}

// addCounts adds the states with how many statements are in each; choosing one keeps the rest of the filter.
func (s *server) addCounts(r *http.Request, p *registerPage, me *visitor, q url.Values) error {
	counts, err := s.store.Counts(r.Context(), me.ID())
	if err != nil {
		return err
	}
	byState, total := stateCounts(counts)
	if p.State != "" && counts[p.State] == 0 {
		byState = append(byState, stateCount{State: p.State}) // what is chosen is shown, also when there is none
	}
	rest := cleared(q, "after", "state")
	p.Filters = append(p.Filters, stateFilter{Label: "All", Address: registerAddress(rest), Count: total, Current: p.State == ""})
	for _, c := range byState {
		here := cleared(rest)
		here.Set("state", string(c.State))
		p.Filters = append(p.Filters, stateFilter{c.State.Label(), registerAddress(here), c.State, c.Words(), c.State == p.State})
	}
	return nil
}

// cleared is a copy without these and without what is empty.
func cleared(q url.Values, without ...string) url.Values {
	out := url.Values{}
	for k, v := range q {
		if !slices.Contains(without, k) && len(v) > 0 && v[0] != "" {
			out[k] = v[:1]
		}
	}
	return out
}

func foundWords(f store.Found) string {
	switch {
	case f.Newest:
		return "Many statements have these words. The newest come first; add a word to find fewer."
	case f.Total >= f.Most:
		return fmt.Sprintf("More than %d statements have these words; the best of %d are shown. Add a word to find fewer.", f.Most-1, f.Most)
	case f.Total == 0:
		return ""
	default:
		return plural(f.Total, "statement") + " found, what fits best first."
	}
}

// saveView keeps the filter of the page under a name, or takes one out.
func (s *server) saveView(w http.ResponseWriter, r *http.Request, me *visitor) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	name := strings.TrimSpace(r.PostFormValue("name"))
	if r.PostFormValue("action") == "drop" {
		if err := s.store.DropView(r.Context(), me.ID(), name); err != nil {
			return err
		}
		http.Redirect(w, r, "/statements", http.StatusSeeOther)
		return nil
	}
	q, err := url.ParseQuery(r.PostFormValue("query"))
	if err != nil {
		return liaison.Refuse(liaison.Invalid, "The form was not made by this page. Open the page again and send it from there.")
	}
	q = cleared(q, "after")
	if _, err := s.filterOf(q, me); err != nil {
		return err
	}
	err = s.store.SaveView(r.Context(), me.ID(), store.SavedView{Name: name, Query: q.Encode()})
	if e := refusal(err); e != nil && e.Field == "name" {
		return s.writeRegister(w, r, me, statusOf(e.Code), q, problems{{"f-name", e.Message}})
	} else if err != nil {
		return err
	}
	http.Redirect(w, r, registerAddress(q), http.StatusSeeOther)
	return nil
}

func registerAddress(q url.Values) string {
	if len(q) == 0 {
		return "/statements"
	}
	return "/statements?" + q.Encode()
}
