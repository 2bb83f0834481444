package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// numbersPage lists every number of a study period and what became of it: there is no gap, and what was given and never left is
// explained.
type numbersPage struct {
	layout
	Series  []seriesLink
	Heading string
	Lines   []numberView
	Next    string
}

type seriesLink struct {
	Label, Address string
	Current        bool
}

type numberView struct {
	Ref     string
	Number  int
	Title   string
	Address string // "" for what the reader may not read
	State   liaison.State
	Words   string // what became of it
	Reason  string
	At      moment
	Missing bool
}

var numbersTemplate = newPage[numbersPage]("numbers")

// numbersShown is how many numbers a page has.
const numbersShown = 100

func (s *server) showNumbers(w http.ResponseWriter, r *http.Request, me *visitor) error {
	all, err := s.store.Series(r.Context(), me.ID())
	if err != nil {
		return err
	}
	p := numbersPage{layout: s.layout(r, "Numbers")}
	q := r.URL.Query()
	at := 0
	if q.Has("period") {
		at = slices.IndexFunc(all, func(x store.Series) bool {
			return string(x.Group) == q.Get("group") && x.Period == q.Get("period") && string(x.Kind) == q.Get("kind")
		})
		if at < 0 {
			return liaison.Refuse(liaison.NotFound, "No number was given in that study period. Choose one from the list.")
		}
	}
	for i, x := range all {
		label := x.Label + " " + x.Period
		if x.Kind == liaison.ProgressReport {
			label = "Progress reports of " + label
		}
		p.Series = append(p.Series, seriesLink{label, seriesAddress(x, 0), i == at})
	}
	if len(all) > 0 {
		x := all[at]
		p.Heading = p.Series[at].Label
		before, _ := strconv.Atoi(q.Get("before")) // what is no number is the first page
		if before < 1 || before > x.Last {
			before = x.Last + 1
		}
		lines, err := s.store.NumbersOf(r.Context(), me.ID(), x, before, numbersShown)
		if err != nil {
			return err
		}
		for _, l := range lines {
			p.Lines = append(p.Lines, numberViewOf(l, me))
		}
		if before-numbersShown > 1 {
			p.Next = seriesAddress(x, before-numbersShown)
		}
	}
	return numbersTemplate.write(w, http.StatusOK, p)
}

func seriesAddress(x store.Series, before int) string {
	q := url.Values{"group": {string(x.Group)}, "kind": {string(x.Kind)}, "period": {x.Period}}
	if before > 0 {
		q.Set("before", strconv.Itoa(before))
	}
	return "/statements/numbers?" + q.Encode()
}

func numberViewOf(l store.NumberLine, me *visitor) numberView {
	v := numberView{Ref: l.Ref, Number: l.Number, State: l.State, Reason: l.Reason}
	switch {
	case l.State == "":
		v.Missing, v.Words = true, "No statement has this number. That must not happen: have the log verified."
		return v
	case !l.Readable:
		v.Words = "Given, and not dispatched."
		if l.State == liaison.Withdrawn || l.State == liaison.Rejected {
			v.Words = "Given, and taken back before anything was sent. It is not used again."
		}
		v.State = ""
		return v
	}
	v.Title, v.Address, v.At = titleOr(l.Title), "/statements/"+string(l.ID), momentOf(l.Changed, me.Zone)
	switch l.State {
	case liaison.Draft:
		v.Words = "The approval is void: it is being changed, and keeps the number."
	case liaison.InReview, liaison.InCorrespondence:
		v.Words = "The approval became void: it waits for a new one, and keeps the number."
	case liaison.Tabled:
		v.Words = "The approval became void: a meeting is to decide again, and it keeps the number."
	case liaison.Approved:
		v.Words, v.Reason = "Approved; waits to be dispatched.", ""
	case liaison.Rejected:
		v.Words = "Rejected after it had been changed. The number is not used again."
	case liaison.Withdrawn:
		v.Words = "Withdrawn before anything was sent. The number is not used again."
	default:
		v.Words, v.Reason = "Dispatched.", ""
		switch {
		case l.Corrigendum > 0:
			v.Words = "Dispatched: it says what is to be read otherwise, under the number of what it corrects."
		case l.Rev > 0:
			v.Words = "Dispatched in the place of the one before it, which is kept under the same number."
		}
		if l.Dispatched != nil {
			v.At = momentOf(*l.Dispatched, me.Zone)
		}
	}
	return v
}
