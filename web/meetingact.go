package web

import (
	"context"
	"net/http"
	"slices"

	"github.com/jca-ml/liaison/liaison"
)

// actOnMeeting opens, closes or cancels it. What is still tabled when it is to be closed can be put off in the same breath, each
// statement by a command of its own; the meeting is closed when none is left.
func (s *server) actOnMeeting(w http.ResponseWriter, r *http.Request, me *visitor) error {
	m, group, err := s.meeting(r, me)
	if err != nil {
		return err
	}
	if err := readForm(w, r); err != nil {
		return err
	}
	act, reason := liaison.MeetingAct(r.PostFormValue("kind")), textOf(r.PostFormValue("reason"))
	x := meetingExtra{reason: reason}
	if act == liaison.CloseMeeting && r.PostFormValue("rest") == "put-off" {
		if err := liaison.CheckReason(reason); err != nil {
			x.problems = problems{{"f-reason-close", err.Error()}}
			return s.writeMeeting(w, r, me, http.StatusUnprocessableEntity, m, group, x)
		}
		x.outcomes, x.rest = s.several(r, me, liaison.DoDefer, reason)
		if slices.ContainsFunc(x.outcomes, func(o outcomeView) bool { return o.Failed }) {
			return s.writeMeeting(w, r, me, http.StatusConflict, m, group, x)
		}
	}
	err = s.store.MoveMeeting(r.Context(), me.ID(), m.ID, act, reason)
	if err == nil {
		if act == liaison.CloseMeeting {
			note(r.Context()).err = s.afterMeeting(r.Context(), group.Group) // the meeting is closed; the schedule comes to the report as well
		}
		http.Redirect(w, r, meetingAddress(m.ID), http.StatusSeeOther)
		return nil
	}
	e := refusal(err)
	if e == nil || e.Code == liaison.Forbidden || e.Code == liaison.NotFound {
		return err
	}
	note(r.Context()).err = err
	if m, group, err = s.meeting(r, me); err != nil {
		return err
	}
	id := "main"
	if e.Field == "reason" {
		id = "f-reason-" + string(act)
	}
	x.problems = problems{{id, unavailableWords(e)}}
	return s.writeMeeting(w, r, me, statusOf(e.Code), m, group, x)
}

// afterMeeting has the report on the meeting be due, and its draft begun, at once; the schedule of reports does so too, later.
func (s *server) afterMeeting(ctx context.Context, group liaison.Code) error {
	if err := s.store.ReckonReports(ctx, group); err != nil {
		return err
	}
	_, err := s.store.DraftReports(ctx, group)
	return err
}

// approveSeveral approves what was chosen, in the order of the agenda, each statement by a command of its own with the digest that was
// shown. One that cannot be approved hinders no other, and the page says of each what it came to.
func (s *server) approveSeveral(w http.ResponseWriter, r *http.Request, me *visitor) error {
	m, group, err := s.meeting(r, me)
	if err != nil {
		return err
	}
	if err := readForm(w, r); err != nil {
		return err
	}
	x := meetingExtra{}
	x.outcomes, x.batch = s.several(r, me, liaison.DoApprove, "")
	status := http.StatusOK
	if len(x.outcomes) == 0 {
		status, x.problems = http.StatusUnprocessableEntity, problems{{"several", "Choose the statements that are approved together first."}}
	}
	return s.writeMeeting(w, r, me, status, m, group, x)
}

// several gives one command for each statement that the form chose, and says what each came to. Those whose outcome is not known keep
// the id of their command, so that the form can be sent again.
func (s *server) several(r *http.Request, me *visitor, kind liaison.CommandKind, reason string) (out []outcomeView, again map[liaison.StatementID]string) {
	again = map[liaison.StatementID]string{}
	away := ""
	for _, value := range r.PostForm["statement"] {
		id := liaison.StatementID(value)
		snap, err := s.readableID(r.Context(), id, me)
		v := outcomeView{Address: "/statements/" + value, Title: titleOr(snap.Content.Title), Failed: true}
		command := r.PostFormValue("command." + value)
		switch {
		case err != nil || !isID(command):
			v.Title, v.Address = "A statement that was chosen", ""
			v.Words = "The form was not made by this page. Choose it here again."
		case away != "": // the rest would wait as long, each
			v.Words, again[id] = away, command
		default:
			answer, err := s.engine.Do(r.Context(), liaison.Command{
				ID: liaison.CommandID(command), Kind: kind, Statement: id, Actor: me.ID(), Digest: liaison.Digest(r.PostFormValue("digest." + value)), Reason: reason,
			})
			switch e := refusal(err); {
			case err == nil:
				v.Failed, v.Ref, v.Words = false, answer.Ref, doneWords(kind, answer)
			case e == nil:
				note(r.Context()).err = err
				v.Words, again[id] = "It is not known whether this was done. Choose it again below: it is done once, however often.", command
			case e.Code == liaison.Unavailable:
				away = unavailableWords(e)
				v.Words, again[id] = away, command
			default:
				v.Words = e.Message
			}
		}
		out = append(out, v)
	}
	return out, again
}

func doneWords(kind liaison.CommandKind, a liaison.Answer) string {
	switch {
	case kind == liaison.DoDefer:
		return "Put off, and in review again."
	case a.After != "":
		return "Approved as " + a.Ref + "; it goes out when the meeting is closed."
	}
	return "Approved as " + a.Ref + "."
}
