package web

import (
	"net/http"

	"github.com/jca-ml/liaison/liaison"
)

// act carries out what the statement's own page offers: withdraw, dispatch, close, take back for changes.
func (s *server) act(w http.ResponseWriter, r *http.Request, me *visitor) error {
	snap, err := s.readable(r, me)
	if err != nil {
		return err
	}
	if err := readForm(w, r); err != nil {
		return err
	}
	id, err := commandID(r)
	if err != nil {
		return err
	}
	kind, reason := liaison.CommandKind(r.PostFormValue("kind")), textOf(r.PostFormValue("reason"))
	switch kind {
	case liaison.DoWithdraw, liaison.DoDispatch, liaison.DoClose, liaison.DoReopen:
	default:
		return liaison.Refuse(liaison.Invalid, "That is not done on this page.")
	}
	_, err = s.engine.Do(r.Context(), liaison.Command{ID: id, Kind: kind, Statement: snap.ID, Actor: me.ID(), Reason: reason})
	if err == nil {
		s.done(w, r, snap.ID, id, "")
		return nil
	}
	e := refusal(err)
	switch {
	case e == nil || e.Code == liaison.Forbidden || e.Code == liaison.NotFound:
		return err
	case e.Code == liaison.Conflict:
		return s.decidedMeanwhile(w, r, me, e)
	}
	note(r.Context()).err = err
	field := "main"
	if e.Field == "reason" {
		field = "f-reason-" + string(kind)
	}
	return s.writeStatement(w, r, me, statusOf(e.Code), snap, statementExtra{
		problems: problems{{field, unavailableWords(e)}}, kind: kind, reason: reason, command: string(id),
	})
}
