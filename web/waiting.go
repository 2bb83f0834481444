package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

type waitingPage struct {
	layout
	Lines    []lineView
	Counts   []stateCount
	Total    string
	MayDraft bool
	Next     *lineView // the nearest deadline, when nothing waits
}

type stateCount struct {
	State liaison.State
	Count int
}

func (c stateCount) Words() string { return countWords(c.Count) }

// countWords is the number, "99+" where counting stopped.
func countWords(n int) string {
	if n >= store.CountedAtMost {
		return fmt.Sprintf("%d+", store.CountedAtMost-1)
	}
	return strconv.Itoa(n)
}

var waitingTemplate = newPage[waitingPage]("waiting")

// asks says, by state, what is asked of whose turn it is, and where they do it.
var asks = map[liaison.State]struct{ words, at string }{
	liaison.Draft:            {"Finish your draft", "/edit"},
	liaison.InReview:         {"Review and decide", "/review"},
	liaison.InCorrespondence: {"Read it and answer, or decide", "/review"},
	liaison.Tabled:           {"Decide at the meeting", "/review"},
	liaison.Approved:         {"Dispatch", ""},
	liaison.DispatchedInPart: {"See what was not accepted", ""},
}

func (s *server) showWaiting(w http.ResponseWriter, r *http.Request, me *visitor) error {
	lines, err := s.store.Waiting(r.Context(), me.ID())
	if err != nil {
		return err
	}
	counts, err := s.store.Counts(r.Context(), me.ID())
	if err != nil {
		return err
	}
	p := waitingPage{layout: s.layout(r, "Waiting for you"), MayDraft: len(me.Offices) > 0}
	for _, l := range lines {
		v := s.lineView(l, me)
		ask := asks[l.State]
		v.Ask, v.AskAt = ask.words, v.Address+ask.at
		p.Lines = append(p.Lines, v)
	}
	p.Counts, p.Total = stateCounts(counts)
	if len(lines) == 0 {
		if p.Next, err = s.nextDeadline(r, me); err != nil {
			return err
		}
	}
	return waitingTemplate.write(w, http.StatusOK, p)
}

// nextDeadline finds the nearest deadline ahead among what is under way, for the page of somebody that nothing waits for.
func (s *server) nextDeadline(r *http.Request, me *visitor) (*lineView, error) {
	var open []liaison.State
	for _, x := range liaison.States {
		if !x.Final && x.State != liaison.Draft {
			open = append(open, x.State)
		}
	}
	page, err := s.store.Statements(r.Context(), me.ID(), store.Filter{States: open, Limit: 200})
	if err != nil {
		return nil, err
	}
	today := liaison.DateOf(s.now(), me.Zone)
	ahead := slices.DeleteFunc(page.Lines, func(l store.Line) bool { return l.Deadline < today })
	if len(ahead) == 0 {
		return nil, nil
	}
	nearest := slices.MinFunc(ahead, func(a, b store.Line) int {
		if a.Deadline < b.Deadline {
			return -1
		}
		return 1
	})
	v := s.lineView(nearest, me)
	return &v, nil
}

// stateCounts puts counts into the order of the procedure.
func stateCounts(counts map[liaison.State]int) (out []stateCount, total string) {
	sum, more := 0, ""
	for _, x := range liaison.States {
		if n := counts[x.State]; n > 0 {
			out = append(out, stateCount{x.State, n})
			if sum += n; n >= store.CountedAtMost {
				sum, more = sum-1, "+"
			}
		}
	}
	return out, strconv.Itoa(sum) + more
}
