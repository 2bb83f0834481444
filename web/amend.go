package web

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// amendPage is where a text is changed in one step with a decision: by the secretariat, which corrects an approved statement editorially,
// and by a meeting, which approves with edits. First comes a look at the difference, then the command on exactly what was looked at.
type amendPage struct {
	layout
	Address  string
	To       string     // where the form goes
	Meeting  *tabledFor // that approves with edits, or
	Ref      string
	Revision int
	Digest   liaison.Digest // of the revision that is corrected
	Looked   liaison.Digest // of what the form makes of it, once there is a difference to look at
	Command  string
	Lines    []input // of one line
	Texts    []amendText
	Contacts []amendContact
	Language string
	Changes  []difference
	Reason   string
	Fixed    []string // what cannot be corrected here, in words
	Problems problems
}

type amendText struct {
	ID, Name, Label, Value, Error string
	Rows                          int
}

type amendContact struct {
	Number int
	Fields []input
}

var amendTemplate = newPage[amendPage]("amend")

// edit is which of the two is done.
type edit struct {
	kind    liaison.CommandKind
	page    string // behind the statement's address
	fixed   func(p liaison.Profile, field string) bool
	changes func(p liaison.Profile, before, after liaison.Content) ([]liaison.Difference, error)
	lines   []amendLine
}

var (
	editorially = edit{liaison.DoAmend, "/amend", liaison.Profile.IsSubstantive, liaison.Editorial, amendLines}
	atMeeting   = edit{
		liaison.DoApproveEdited, "/edits", func(_ liaison.Profile, field string) bool { return liaison.FixedAtMeeting(field) },
		func(_ liaison.Profile, before, after liaison.Content) ([]liaison.Difference, error) {
			return liaison.Edits(before, after)
		},
		slices.Insert(slices.Clone(amendLines), 1, amendLine{"deadline", "Reply required by", "date", func(c *liaison.Content) *string { return (*string)(&c.Deadline) }}),
	}
)

// amendLine is a field of one line that a form changes, where nothing fixes it.
type amendLine struct {
	field, label, kind string
	of                 func(*liaison.Content) *string
}

var amendLines = []amendLine{
	{"title", "Title", "", func(c *liaison.Content) *string { return &c.Title }},
	{"working_parties", "Working parties", "", func(c *liaison.Content) *string { return &c.WorkingParties }},
	{"in_reply_to", "In reply to", "", func(c *liaison.Content) *string { return &c.InReplyTo }},
	{"questions", "Questions", "", func(c *liaison.Content) *string { return &c.Questions }},
	{"meeting", "Meeting", "", func(c *liaison.Content) *string { return &c.Meeting }},
	{"reply_to", "Replies go to", "", func(c *liaison.Content) *string { return &c.ReplyTo }},
	{"action_holder", "Action holder", "", func(c *liaison.Content) *string { return &c.ActionHolder }},
}

var amendTexts = []struct {
	field, label string
	rows         int
	of           func(*liaison.Content) *string
}{
	{"next_meetings", "Next meetings", 3, func(c *liaison.Content) *string { return &c.NextMeetings }},
	{"abstract", "Abstract", 5, func(c *liaison.Content) *string { return &c.Abstract }},
	{"text", "Text", 22, func(c *liaison.Content) *string { return &c.Text }},
}

var contactFields = []struct {
	name, label, kind string
	of                func(*liaison.Contact) *string
}{
	{"name", "Name", "", func(c *liaison.Contact) *string { return &c.Name }},
	{"organization", "Organization", "", func(c *liaison.Contact) *string { return &c.Organization }},
	{"country", "Country", "", func(c *liaison.Contact) *string { return &c.Country }},
	{"email", "E-mail", "email", func(c *liaison.Contact) *string { return &c.Email }},
	{"phone", "Telephone", "tel", func(c *liaison.Contact) *string { return &c.Phone }},
}

func (s *server) showAmend(w http.ResponseWriter, r *http.Request, me *visitor) error {
	return s.showEditing(w, r, me, editorially)
}

func (s *server) showEdits(w http.ResponseWriter, r *http.Request, me *visitor) error {
	return s.showEditing(w, r, me, atMeeting)
}

func (s *server) amend(w http.ResponseWriter, r *http.Request, me *visitor) error {
	return s.carryEdit(w, r, me, editorially)
}

func (s *server) approveEdited(w http.ResponseWriter, r *http.Request, me *visitor) error {
	return s.carryEdit(w, r, me, atMeeting)
}

func (s *server) showEditing(w http.ResponseWriter, r *http.Request, me *visitor, e edit) error {
	snap, err := s.readable(r, me)
	if err != nil {
		return err
	}
	if err := e.may(snap, me); err != nil {
		return err
	}
	return s.writeAmend(w, r, http.StatusOK, snap, amending{edit: e, content: snap.Content, command: newID()})
}

// may judges the person and the state, and leaves the text to the form.
func (e edit) may(snap store.Snapshot, me *visitor) error {
	if snap.Content.Report != nil && e.kind == liaison.DoApproveEdited {
		_, err := liaison.Edits(snap.Content, snap.Content)
		return err
	}
	if slices.Contains(liaison.May(snap.Snapshot, me.ID()), e.kind) {
		return nil
	}
	_, err := liaison.Next(snap.Snapshot, liaison.Command{
		Kind: e.kind, Statement: snap.ID, Actor: me.ID(), Reason: "asked", Digest: snap.Digest, Amended: snap.Digest,
	})
	return err
}

// amending is a correction on its way to the page.
type amending struct {
	edit
	content  liaison.Content
	command  string
	reason   string
	looked   liaison.Digest
	changes  []liaison.Difference
	problems problems
}

func (s *server) writeAmend(w http.ResponseWriter, r *http.Request, status int, snap store.Snapshot, a amending) error {
	c := a.content
	p := amendPage{
		layout: s.layout(r, "Correct "+snap.Ref+" editorially"), Address: "/statements/" + string(snap.ID), To: "/statements/" + string(snap.ID) + a.page, Ref: snap.Ref, Revision: snap.Revision, Digest: snap.Digest,
		Looked: a.looked, Command: a.command, Language: c.Language, Changes: differences(a.changes), Reason: a.reason, Problems: a.problems,
	}
	if a.kind == liaison.DoApproveEdited {
		item, _ := snap.Meeting.Item(snap.TabledItem)
		p.Title = "Approve with edits"
		p.Meeting = &tabledFor{Address: meetingAddress(snap.TabledFor), Where: snap.Meeting.Where(), Days: snap.Meeting.Days(), Item: item.Cite()}
	}
	fixed := func(field string) bool { return a.fixed(snap.Profile, field) }
	for _, f := range a.lines {
		if fixed(f.field) {
			p.Fixed = append(p.Fixed, f.label)
			continue
		}
		p.Lines = append(p.Lines, input{ID: fieldID(f.field), Name: f.field, Label: f.label, Kind: f.kind, Value: *f.of(&c), Error: a.problems.Of(fieldID(f.field))})
	}
	for _, f := range amendTexts {
		if fixed(f.field) {
			p.Fixed = append(p.Fixed, f.label)
			continue
		}
		p.Texts = append(p.Texts, amendText{fieldID(f.field), f.field, f.label, *f.of(&c), a.problems.Of(fieldID(f.field)), f.rows})
	}
	if fixed("contacts") {
		p.Fixed = append(p.Fixed, "Contacts")
	} else {
		for i := range c.Contacts {
			x := amendContact{Number: i + 1}
			for _, f := range contactFields {
				name := fmt.Sprintf("contact.%d.%s", i, f.name)
				x.Fields = append(x.Fields, input{ID: fieldID(name), Name: name, Label: f.label, Kind: f.kind, Value: *f.of(&c.Contacts[i])})
			}
			p.Contacts = append(p.Contacts, x)
		}
	}
	return amendTemplate.write(w, status, p)
}

// read is the text as it is with what the form says in place of what may be corrected.
func (e edit) read(w http.ResponseWriter, r *http.Request, snap store.Snapshot) (c liaison.Content, err error) {
	if err := readFormUpTo(w, r, maxAmendForm); err != nil {
		return c, err
	}
	c = snap.Content
	c.Contacts = slices.Clone(c.Contacts)
	take := func(field, name string, to *string) {
		if v, there := r.PostForm[name]; there && !e.fixed(snap.Profile, field) {
			*to = textOf(v[0])
		}
	}
	for _, f := range e.lines {
		take(f.field, f.field, f.of(&c))
	}
	for _, f := range amendTexts {
		take(f.field, f.field, f.of(&c))
	}
	for i := range c.Contacts {
		for _, f := range contactFields {
			take("contacts", fmt.Sprintf("contact.%d.%s", i, f.name), f.of(&c.Contacts[i]))
		}
	}
	return c.Tidy(), nil
}

// maxAmendForm has room for a text of the greatest length, every character of it escaped.
const maxAmendForm = 12*liaison.MaxText + maxForm

func (s *server) carryEdit(w http.ResponseWriter, r *http.Request, me *visitor, x edit) error {
	snap, err := s.readable(r, me)
	if err != nil {
		return err
	}
	if err := x.may(snap, me); err != nil {
		return err
	}
	content, err := x.read(w, r, snap)
	if err != nil {
		return err
	}
	id, err := commandID(r)
	if err != nil {
		return err
	}
	a := amending{edit: x, content: content, command: string(id), reason: textOf(r.PostFormValue("reason"))}
	canonical, err := liaison.Canonical(content)
	if err != nil {
		return err
	}
	digest := liaison.DigestOf(canonical)
	a.changes, err = x.changes(snap.Profile, snap.Content, content)
	if e := refusal(err); e != nil {
		a.problems = problems{problemOf(e)}
		return s.writeAmend(w, r, statusOf(e.Code), snap, a)
	}
	a.looked = digest
	if r.PostFormValue("action") != string(x.kind) || liaison.Digest(r.PostFormValue("looked")) != digest {
		return s.writeAmend(w, r, http.StatusOK, snap, a) // nobody corrects what they have not looked at
	}
	if _, err := s.store.PutBlob(r.Context(), canonical); err != nil {
		return err
	}
	_, err = s.engine.Do(r.Context(), liaison.Command{
		ID: id, Kind: x.kind, Statement: snap.ID, Actor: me.ID(), Digest: liaison.Digest(r.PostFormValue("digest")), Amended: digest, Reason: a.reason,
	})
	if err == nil && x.kind == liaison.DoApproveEdited {
		goBack(w, r, meetingAddress(snap.TabledFor), id)
		return nil
	}
	if err == nil {
		s.done(w, r, snap.ID, id, "amended")
		return nil
	}
	e, err := s.notDone(w, r, me, err)
	if e == nil {
		return err
	}
	p := problemOf(e)
	p.Message = unavailableWords(e)
	a.problems = problems{p}
	if e.Code != liaison.Unavailable {
		a.command = newID()
	}
	if e.Code == liaison.Stale { // somebody corrected it meanwhile; what is typed is compared with that
		if snap, err = s.readable(r, me); err != nil {
			return err
		}
		a.changes, a.looked = liaison.Compare(snap.Content, content), ""
	}
	return s.writeAmend(w, r, statusOf(e.Code), snap, a)
}
