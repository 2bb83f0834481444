package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// holdView is a relay or a body that nothing is sent through or to.
type holdView struct {
	What, Reason, By string
	At               moment
	Waits            int

	Resume string // where its form goes, for who may
	Field  string
	Typed  string
	Error  string
	Open   bool
}

// pauseForm is where a secretariat pauses the sending through a relay or to a body.
type pauseForm struct {
	What        []option
	Typed       string
	WhatBad     string
	Error       string
	Open        bool
	Reason      string // the id of its field
	Destination string // likewise
}

// pauseExtra is what a refused form adds to the board.
type pauseExtra struct {
	hold     string // whose resumption it is, "" for a new pause
	what     string
	reason   string
	problems problems
}

// mayPause reports whether the person is in a secretariat: a relay and a body are no group's.
func mayPause(me *visitor) bool {
	return slices.ContainsFunc(me.Offices, func(o store.Office) bool { return o.Office == liaison.OfficeSecretary })
}

// addPauses adds to the board what is paused, and the forms.
func (s *server) addPauses(r *http.Request, p *boardPage, me *visitor, bodies []liaison.Body, x pauseExtra) error {
	holds, err := s.store.Holds(r.Context())
	if err != nil {
		return err
	}
	paused := map[string]bool{}
	for _, h := range holds {
		v := holdView{What: "the relay " + h.Relay, Reason: h.Reason, By: h.ByName, At: momentOf(h.At, me.Zone), Waits: h.Waits, Field: "f-reason-" + h.ID}
		paused["relay "+h.Relay], paused["body "+string(h.Body)] = true, true
		for _, b := range bodies {
			if b.Code == h.Body {
				v.What = b.Label()
			}
		}
		if mayPause(me) {
			v.Resume = "/dispatch/paused/" + h.ID + "/resume"
		}
		if x.hold == h.ID {
			v.Typed, v.Error, v.Open = x.reason, x.problems.Of(v.Field), true
		}
		p.Holds = append(p.Holds, v)
	}
	if !mayPause(me) {
		return nil
	}
	f := &pauseForm{Reason: "f-reason-pause", Destination: "f-what"}
	if x.hold == "" && x.problems != nil {
		f.Typed, f.Error, f.WhatBad, f.Open = x.reason, x.problems.Of(f.Reason), x.problems.Of(f.Destination), true
	}
	f.What = append(f.What, option{"", "Choose a relay or a body", x.what == ""})
	if s.relay != "" && !paused["relay "+s.relay] {
		f.What = append(f.What, option{"relay " + s.relay, "the relay " + s.relay + ": everything", x.what == "relay "+s.relay})
	}
	for _, b := range bodies {
		if value := "body " + string(b.Code); !paused[value] && b.Email != "" {
			f.What = append(f.What, option{value, b.Label(), x.what == value})
		}
	}
	p.Pause = f
	return nil
}

// pause stops sending through a relay or to a body. The record says who, when and why.
func (s *server) pause(w http.ResponseWriter, r *http.Request, me *visitor) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	if !mayPause(me) {
		return liaison.Refuse(liaison.Forbidden, "Pausing and resuming is for a secretariat.")
	}
	what, reason := r.PostFormValue("what"), textOf(r.PostFormValue("reason"))
	x := pauseExtra{what: what, reason: reason}
	kind, name, _ := strings.Cut(what, " ")
	var err error
	switch {
	case kind == "relay" && name != "" && name == s.relay:
		err = s.store.HoldRelay(r.Context(), name, reason, me.ID())
	case kind == "body" && name != "":
		err = s.store.HoldBody(r.Context(), liaison.Code(name), reason, me.ID())
	default:
		x.problems = problems{{"f-what", "Choose what sending is to be paused to or through."}}
		return s.writeBoard(w, r, me, http.StatusUnprocessableEntity, x)
	}
	return s.paused(w, r, me, err, x)
}

// resume lifts a pause, and has what waited for it sent.
func (s *server) resume(w http.ResponseWriter, r *http.Request, me *visitor) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	x := pauseExtra{hold: r.PathValue("hold"), reason: textOf(r.PostFormValue("reason"))}
	waiting, err := s.store.Lift(r.Context(), x.hold, x.reason, me.ID())
	if err == nil {
		if err := s.engine.Wake(r.Context(), waiting); err != nil { // what waits looks again by itself, a few minutes later
			note(r.Context()).err = err
		}
	}
	return s.paused(w, r, me, err, x)
}

// paused answers a form about pausing.
func (s *server) paused(w http.ResponseWriter, r *http.Request, me *visitor, err error, x pauseExtra) error {
	e := refusal(err)
	switch {
	case err == nil:
		http.Redirect(w, r, "/dispatch", http.StatusSeeOther)
		return nil
	case e == nil || e.Code == liaison.Forbidden:
		return err
	case e.Field == "reason" && x.hold == "":
		x.problems = problems{{"f-reason-pause", e.Message}}
	case e.Field == "reason":
		x.problems = problems{{"f-reason-" + x.hold, e.Message}}
	default:
		x.problems = problems{{"main", e.Message}}
	}
	note(r.Context()).err = err
	return s.writeBoard(w, r, me, statusOf(e.Code), x)
}
