package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/jca-ml/liaison/internal/store"

	"github.com/jca-ml/liaison/liaison"
)

// act carries out what the statement's own page offers (withdraw, dispatch, hold, close, take back for changes, declare an interest), what is
// offered beside one of its messages, on its page and on the dispatch board, and a test to oneself.
func (s *server) act(w http.ResponseWriter, r *http.Request, me *visitor) error {
	snap, id, err := s.asked(w, r, me)
	if err != nil {
		return err
	}
	kind, reason := liaison.CommandKind(r.PostFormValue("kind")), textOf(r.PostFormValue("reason"))
	if _, about := liaison.AboutMessages[kind]; about {
		return s.actOnMessage(w, r, me, snap, liaison.Command{ID: id, Kind: kind, Statement: snap.ID, Actor: me.ID(), Reason: reason,
			Transmission: liaison.TransmissionID(r.PostFormValue("transmission")), Email: strings.TrimSpace(r.PostFormValue("email"))})
	}
	position := 0
	cmd := liaison.Command{ID: id, Kind: kind, Statement: snap.ID, Actor: me.ID(), Reason: reason}
	switch kind {
	case liaison.DoTable:
		cmd.Meeting, cmd.Item = tablingOf(r.PostFormValue("on"))
		cmd.Digest = liaison.Digest(r.PostFormValue("digest"))
	case liaison.DoWithdraw, liaison.DoDispatch, liaison.DoClose, liaison.DoReopen, liaison.DoHold, liaison.DoRecuse, liaison.DoObject, liaison.DoCancelWindow, liaison.DoDefer, liaison.DoPresent, liaison.DoNote, liaison.DoAccept, liaison.DoSendBack:
	case liaison.DoTest:
		if position, err = strconv.Atoi(r.PostFormValue("position")); err != nil {
			return liaison.Refuse(liaison.Invalid, "The form was not made by this page. Open the page again and send it from there.")
		}
	default:
		return liaison.Refuse(liaison.Invalid, "That is not done on this page.")
	}
	cmd.Position = position
	_, err = s.engine.Do(r.Context(), cmd)
	if err == nil && (kind == liaison.DoTest || kind == liaison.DoTable || strings.HasPrefix(backTo(r, snap), "/meetings/")) {
		goBack(w, r, backTo(r, snap), id)
		return nil
	}
	if err == nil {
		extra := ""
		switch kind {
		case liaison.DoRecuse:
			extra = "recuse"
		case liaison.DoCancelWindow:
			extra = "back"
		case liaison.DoObject:
			extra = "said"
		}
		s.done(w, r, snap.ID, id, extra)
		return nil
	}
	if kind == liaison.DoCancelWindow { // which stands on the review page
		return s.notDecided(w, r, me, liaison.Command{ID: id, Kind: kind, Statement: snap.ID, Actor: me.ID(), Reason: reason}, err)
	}
	e, err := s.notDone(w, r, me, err)
	if e == nil {
		return err
	}
	field := "main"
	if e.Field == "reason" {
		field = "f-reason-" + string(kind)
	}
	return s.writeStatement(w, r, me, statusOf(e.Code), snap, statementExtra{
		problems: problems{{field, unavailableWords(e)}}, kind: kind, reason: reason, command: string(id),
	})
}

// actOnMessage carries out what is about one message. What is missing, and what cannot be done any more, comes back on the
// message's own page, with what was typed.
func (s *server) actOnMessage(w http.ResponseWriter, r *http.Request, me *visitor, snap store.Snapshot, cmd liaison.Command) error {
	t, err := s.store.Transmission(r.Context(), cmd.Transmission)
	if liaison.CodeOf(err) == liaison.NotFound || err == nil && t.Statement != snap.ID {
		return errNoMessage
	} else if err != nil {
		return err
	}
	_, err = s.engine.Do(r.Context(), cmd)
	if err == nil {
		goBack(w, r, backTo(r, snap), cmd.ID)
		return nil
	}
	e := refusal(err)
	if e == nil || e.Code == liaison.Forbidden || e.Code == liaison.NotFound {
		return err
	}
	note(r.Context()).err = err
	x := actionExtra{kind: cmd.Kind, command: string(cmd.ID), reason: cmd.Reason, email: cmd.Email}
	form := actionView{Kind: cmd.Kind, Message: t.ID}
	switch {
	case e.Field == "reason" || e.Field == "email":
		x.problems = problems{{form.Field(e.Field), e.Message}}
	case e.Code == liaison.Conflict: // somebody, or the server, was quicker: what is shown is what there is
		x = actionExtra{problems: problems{{"main", "Nothing was done. " + e.Message}}}
		if snap, t, err = s.letter(r, me); err != nil {
			return err
		}
	default:
		x.problems = problems{{"main", unavailableWords(e)}}
	}
	return s.writeMessage(w, r, me, statusOf(e.Code), snap, t, x)
}
