package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// outsideForm is where the secretariat enters an approval that was given outside: on paper, by telephone, by e-mail.
type outsideForm struct {
	Command  string
	By       []officerChoice
	On       input
	Evidence input
	File     fileInput
	Meeting  []optionGroup // that decided, by item, or none: it was given between meetings
	Tabled   bool
	Where    string // what is wrong with the meeting
	Reason   string
	Error    string // about who approved
	NoReason string // what is wrong with the reason

	Consulted *consultedForm
}

func (s *server) outsideFormOf(r *http.Request, snap store.Snapshot, me *visitor, x reviewExtra) (*outsideForm, error) {
	given := liaison.Given{On: snap.Today}
	if x.given != nil {
		given = *x.given
	}
	f := &outsideForm{
		Command: newID(), Error: x.problems.Of("f-by"), Where: x.problems.Of("f-at"), Tabled: snap.State == liaison.Tabled, NoReason: x.problems.Of("f-why"),
		On:       input{ID: "f-on", Name: "on", Label: "The day on which it was given", Kind: "date", Value: string(given.On), Error: x.problems.Of("f-on")},
		Evidence: input{ID: "f-evidence", Name: "evidence", Label: "Evidence", Hint: "A reference that others can find: the message with its date, the minutes. Or attach the file. Of a meeting, the reference of its minutes.", Value: given.Evidence, Error: x.problems.Of("f-evidence")},
		File:     fileInput{ID: "f-attachments", Error: x.problems.Of("f-attachments"), Accept: accepted(), MaxMiB: liaison.MaxAttachmentBytes >> 20},
	}
	typed := x.consulted
	if x.given == nil {
		typed = nil
	} else {
		f.Command, f.Reason = x.command, x.reason
	}
	f.Consulted = consultedFormOf(snap, me, "f-outside-consulted", typed, x.problems)
	for _, o := range []liaison.Office{liaison.OfficeChair, liaison.OfficeViceChair} {
		for _, a := range snap.Officers { // of the days since it was submitted
			if a.Office == o && a.From <= snap.Today && (a.Until == "" || a.Until >= snap.SubmittedOn) {
				f.By = append(f.By, officerChoice{a.Person.ID, a.Person.Name + ", " + o.Label(), a.Person.ID == given.By})
			}
		}
	}
	chosen := string(given.Meeting) + " " + strconv.Itoa(given.Item)
	if snap.State == liaison.Tabled && given.Meeting == "" {
		chosen = string(snap.TabledFor) + " " + strconv.Itoa(snap.TabledItem)
	}
	if !f.Tabled && slices.Contains(snap.Profile.Approval.Modes, liaison.ByOfficer) {
		f.Meeting = append(f.Meeting, optionGroup{"", []option{{"", "Between meetings, by the person named", given.Meeting == ""}}})
	}
	if !slices.Contains(snap.Profile.Approval.Modes, liaison.AtMeeting) {
		return f, nil
	}
	all, err := s.store.Meetings(r.Context(), snap.Group)
	if err != nil {
		return nil, err
	}
	for _, m := range all { // held since it was submitted
		if m.State == liaison.MeetingCancelled || m.From > snap.Today || m.Until < snap.SubmittedOn || f.Tabled && m.ID != snap.TabledFor {
			continue
		}
		if m, err = s.store.Meeting(r.Context(), m.ID); err != nil {
			return nil, err
		}
		options := append(agendaOptions(m), option{Value: string(m.ID) + " 0", Label: "not on the agenda"})
		for i := range options {
			options[i].Selected = options[i].Value == chosen
		}
		f.Meeting = append(f.Meeting, optionGroup{m.Where() + ", " + m.Days(), options})
	}
	return f, nil
}

// enterApproval enters an approval that was given outside, with its evidence.
func (s *server) enterApproval(w http.ResponseWriter, r *http.Request, me *visitor) error {
	snap, err := s.readable(r, me)
	if err != nil {
		return err
	}
	if !officerOf(snap, me) {
		return liaison.Refuse(liaison.Forbidden, "An approval is entered by the secretariat.")
	}
	u, err := s.readUpload(w, r, func(url.Values) (int, int64) { return liaison.MaxAttachments - 1, 0 })
	if err != nil {
		return err
	}
	command := u.values.Get("command")
	if !isID(command) {
		return liaison.Refuse(liaison.Invalid, "The form was not made by this page. Open the page again and send it from there.")
	}
	cmd := liaison.Command{
		ID: liaison.CommandID(command), Kind: liaison.DoEnterApproval, Statement: snap.ID, Actor: me.ID(), Digest: liaison.Digest(u.values.Get("digest")),
		Given:     &liaison.Given{By: liaison.PersonID(u.values.Get("by")), On: liaison.Date(u.values.Get("on")), Evidence: u.values.Get("evidence")},
		Consulted: consultation(u.values), Reason: textOf(u.values.Get("reason")), Hold: u.values.Get("action") == "hold",
	}
	cmd.Given.Meeting, cmd.Given.Item = tablingOf(u.values.Get("at"))
	if len(u.files) > 0 {
		cmd.Given.File = u.files[0].Digest
		if cmd.Given.Evidence == "" && cmd.Given.Meeting == "" {
			cmd.Given.Evidence = u.files[0].Name
		}
	}
	if len(u.problems) > 0 {
		return s.writeReview(w, r, me, http.StatusUnprocessableEntity, snap, reviewExtra{command: command, reason: cmd.Reason, given: cmd.Given, consulted: cmd.Consulted, problems: u.problems})
	}
	extra := ""
	if cmd.Hold {
		extra = "hold"
	}
	if _, err = s.engine.Do(r.Context(), cmd); err == nil {
		s.done(w, r, snap.ID, cmd.ID, extra)
		return nil
	}
	return s.notDecided(w, r, me, cmd, err)
}

// approvalEvidence sends the file that shows an approval which was given outside, or what somebody said about a window, to who works on the statement.
func (s *server) approvalEvidence(w http.ResponseWriter, r *http.Request, me *visitor) error {
	snap, err := s.readable(r, me)
	if err != nil {
		return err
	}
	digest := liaison.Digest(r.PathValue("digest"))
	shown := map[liaison.Digest]string{snap.Approval.File: snap.Approval.Evidence}
	if snap.Window != nil {
		for _, x := range snap.Window.Said {
			shown[x.File] = x.Evidence
		}
	}
	evidence, ok := shown[digest]
	if !insider(snap, me) && !me.Auditor || digest == "" || !ok {
		return errNoFile
	}
	content, err := s.store.Blob(r.Context(), digest)
	if err != nil {
		return err
	}
	name := fileName(evidence)
	mediaType, ok := documentType(name, content)
	if !ok {
		name, mediaType = "evidence", "application/octet-stream"
	}
	writeFile(w, name, mediaType, content)
	return nil
}
