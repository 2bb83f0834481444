package web

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/jca-ml/liaison/liaison"
)

// mePage is where a person chooses how they are told of what happens.
type mePage struct {
	layout
	Notices  []noticeChoice
	Hour     []option
	Zone     input
	Zones    []string // suggested
	Waits    int
	Always   []noticeChoice // that come at once whatever is chosen
	Calendar subscribeView
	Employed []employmentView // what is written of the person
	Problems problems
}

type noticeChoice struct {
	Letter      liaison.Letter
	Label, When string
	Daily       bool
}

var meTemplate = newPage[mePage]("me")

// someZones are suggested for the place of a person: the seat of the Union, and one of each offset that people mostly live in.
var someZones = []string{"Europe/Zurich", "UTC", "Africa/Cairo", "Africa/Johannesburg", "Africa/Lagos", "Africa/Nairobi", "America/Bogota", "America/Chicago", "America/Denver",
	"America/Los_Angeles", "America/Mexico_City", "America/New_York", "America/Sao_Paulo", "Asia/Bangkok", "Asia/Dubai", "Asia/Jakarta", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Riyadh",
	"Asia/Seoul", "Asia/Shanghai", "Asia/Tokyo", "Australia/Sydney", "Europe/London", "Europe/Moscow", "Europe/Paris", "Pacific/Auckland"}

func (s *server) showMe(w http.ResponseWriter, r *http.Request, me *visitor) error {
	h, err := s.store.Habits(r.Context(), me.ID(), me.Zone.String())
	if err != nil {
		return err
	}
	flash := ""
	switch q := r.URL.Query(); {
	case q.Has("saved"):
		flash = "Saved. It holds from the next notice on."
	case q.Has("calendar"):
		flash = "Done. An address of before, if there was one, is worth nothing from now on."
	}
	return s.writeMe(w, r, http.StatusOK, h.Daily, h.Digest, h.Waits, flash, nil)
}

func (s *server) writeMe(w http.ResponseWriter, r *http.Request, status int, daily []liaison.Letter, at liaison.DigestTime, waits int, flash string, ps problems) error {
	p := mePage{layout: s.layout(r, "How you are told"), Zones: someZones, Waits: waits, Problems: ps,
		Zone: input{ID: "f-zone", Name: "zone", Label: "Time zone", Hint: "As in Europe/Zurich or Asia/Seoul.", Value: at.Zone, Error: ps.Of("f-zone")}}
	p.Flash = flash
	var err error
	if p.Calendar, err = s.subscribeViewOf(r, visiting(r.Context()).ID()); err != nil {
		return err
	}
	employers, err := s.store.EmployersOf(r.Context(), visiting(r.Context()).ID())
	if err != nil {
		return err
	}
	for _, e := range employers {
		p.Employed = append(p.Employed, employmentView{Employment: e, Employer: bodyLink{e.BodyLabel, bodyAddress(e.Body)}})
	}
	for _, x := range liaison.Correspondence {
		c := noticeChoice{x.Letter, x.Label, x.When, slices.Contains(daily, x.Letter)}
		switch {
		case x.MayWait:
			p.Notices = append(p.Notices, c)
		case x.Letter == liaison.LetterTest || x.Letter == liaison.LetterRelayHeld:
			p.Always = append(p.Always, c)
		}
	}
	for hour := range 24 {
		p.Hour = append(p.Hour, option{strconv.Itoa(hour), strconv.Itoa(hour) + ":00", hour == at.Hour})
	}
	return meTemplate.write(w, status, p)
}

// chooseNotices records what a person chose.
func (s *server) chooseNotices(w http.ResponseWriter, r *http.Request, me *visitor) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	var daily []liaison.Letter
	for _, x := range liaison.Correspondence {
		if x.MayWait && r.PostForm.Get("pace-"+string(x.Letter)) == string(liaison.Daily) {
			daily = append(daily, x.Letter)
		}
	}
	at := liaison.DigestTime{Zone: r.PostForm.Get("zone")}
	var err error
	if at.Hour, err = strconv.Atoi(r.PostForm.Get("hour")); err != nil {
		at.Hour = -1
	}
	err = s.store.Choose(r.Context(), me.ID(), daily, at)
	if e := refusal(err); e != nil && e.Field != "" {
		h, err := s.store.Habits(r.Context(), me.ID(), me.Zone.String())
		if err != nil {
			return err
		}
		note(r.Context()).err = e
		return s.writeMe(w, r, statusOf(e.Code), daily, at, h.Waits, "", problems{problemOf(e)})
	} else if err != nil {
		return err
	}
	http.Redirect(w, r, "/me?saved", http.StatusSeeOther)
	return nil
}
