package web

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

type registerPage struct {
	layout
	State   liaison.State // the filter, "" for all
	Meaning string        // of that state
	Filters []stateFilter
	Lines   []lineView
	Next    string // the address of the next page
	Later   bool   // this is not the first page
	First   string // the address of the first
}

type stateFilter struct {
	Label, Address string
	State          liaison.State
	Count          int
	Current        bool
}

var registerTemplate = newPage[registerPage]("register")

func (s *server) showRegister(w http.ResponseWriter, r *http.Request, me *visitor) error {
	q := r.URL.Query()
	p := registerPage{layout: s.layout(r, "Statements"), State: liaison.State(q.Get("state")), Later: q.Get("after") != ""}
	filter := store.Filter{After: q.Get("after"), Limit: 50}
	if p.State != "" {
		i := slices.IndexFunc(liaison.States, func(x stateRow) bool { return x.State == p.State })
		if i < 0 {
			return liaison.Refuse(liaison.NotFound, "There is no state called %q. Choose one on the list of statements.", p.State)
		}
		p.Meaning, filter.States = liaison.States[i].Meaning, []liaison.State{p.State}
	}
	counts, err := s.store.Counts(r.Context(), me.ID())
	if err != nil {
		return err
	}
	list, err := s.store.Statements(r.Context(), me.ID(), filter)
	if err != nil {
		return err
	}
	byState, total := stateCounts(counts)
	if p.State != "" && counts[p.State] == 0 {
		byState = append(byState, stateCount{State: p.State}) // what is chosen is shown, also when there is none
	}
	p.Filters = append(p.Filters, stateFilter{Label: "All", Address: "/statements", Count: total, Current: p.State == ""})
	for _, c := range byState {
		p.Filters = append(p.Filters, stateFilter{c.State.Label(), registerAddress(c.State, ""), c.State, c.Count, c.State == p.State})
	}
	p.Lines = s.lineViews(list.Lines, me)
	p.First = registerAddress(p.State, "")
	if list.Next != "" {
		p.Next = registerAddress(p.State, list.Next)
	}
	return registerTemplate.write(w, http.StatusOK, p)
}

// stateRow is the type of an entry of [liaison.States].
type stateRow = struct {
	State   liaison.State
	Label   string
	Meaning string
	Turn    []liaison.Capacity
	Final   bool
	Public  bool
}

func registerAddress(state liaison.State, after string) string {
	q := url.Values{}
	if state != "" {
		q.Set("state", string(state))
	}
	if after != "" {
		q.Set("after", after)
	}
	if len(q) == 0 {
		return "/statements"
	}
	return "/statements?" + q.Encode()
}
