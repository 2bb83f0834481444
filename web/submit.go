package web

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// submitPage is the last look before a statement goes to the chair.
type submitPage struct {
	layout
	Address          string // of the statement
	Content          contentView
	Blocking, Advice []findingView
	Ready            bool
	Version          int // of the draft that is looked at
	Command          string
	Approvers        string
	Problems         problems
}

var submitTemplate = newPage[submitPage]("submit")

func (s *server) showSubmit(w http.ResponseWriter, r *http.Request, me *visitor) error {
	snap, err := s.readable(r, me)
	if err != nil {
		return err
	}
	if err := maySubmit(snap, me); err != nil {
		return err
	}
	return s.writeSubmit(w, r, http.StatusOK, snap, newID(), nil)
}

// maySubmit judges the person and the state, and leaves what is missing to the check list.
func maySubmit(snap store.Snapshot, me *visitor) error {
	if slices.Contains(liaison.May(snap.Snapshot, me.ID()), liaison.DoSubmit) {
		return nil
	}
	_, err := liaison.Next(snap.Snapshot, liaison.Command{Kind: liaison.DoSubmit, Statement: snap.ID, Actor: me.ID()})
	return err
}

func (s *server) writeSubmit(w http.ResponseWriter, r *http.Request, status int, snap store.Snapshot, command string, ps problems) error {
	p := submitPage{
		layout: s.layout(r, "Check and submit"), Address: "/statements/" + string(snap.ID), Content: contentViewOf(snap.ID, snap.Content, snap),
		Version: snap.DraftVersion, Command: command, Problems: ps,
	}
	var err error
	if p.Blocking, p.Advice, err = s.findings(r.Context(), snap.Content, snap, p.Address+"/edit"); err != nil {
		return err
	}
	p.Ready = len(p.Blocking) == 0
	var names []string
	for _, x := range snap.Deciders() {
		names = append(names, x.Name)
	}
	p.Approvers = list(names)
	return submitTemplate.write(w, status, p)
}

func (s *server) submit(w http.ResponseWriter, r *http.Request, me *visitor) error {
	snap, id, err := s.asked(w, r, me)
	if err != nil {
		return err
	}
	version, err := strconv.Atoi(r.PostFormValue("version"))
	if err != nil || version < 1 {
		return liaison.Refuse(liaison.Invalid, "The form was not made by this page. Open the page again and send it from there.")
	}
	_, err = s.engine.Do(r.Context(), liaison.Command{ID: id, Kind: liaison.DoSubmit, Statement: snap.ID, Actor: me.ID(), Draft: version})
	if err == nil {
		s.done(w, r, snap.ID, id, "")
		return nil
	}
	e, err := s.notDone(w, r, me, err)
	if e == nil {
		return err
	}
	if e.Code != liaison.Unavailable { // what is shown is what a new form is about
		if snap, err = s.readable(r, me); err != nil {
			return err
		}
		id = liaison.CommandID(newID())
	}
	return s.writeSubmit(w, r, statusOf(e.Code), snap, string(id), problems{{"submit", unavailableWords(e)}})
}

// unavailableWords says of a part that is down what still works.
func unavailableWords(e *liaison.Error) string {
	if e.Code != liaison.Unavailable {
		return e.Message
	}
	return "This cannot be recorded at the moment. Reading still works, and nothing that you typed is lost: press the button again in a minute. It will be done once, however often you press."
}
