package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

type composePage struct {
	layout
	attached
	New        bool
	Address    string // that the form is sent to
	Statement  string // the address of the statement, "" for a new one
	ID         liaison.StatementID
	Group      liaison.Code
	GroupLabel string
	Version    int
	Problems   problems
	Notices    []string // addressees that were replaced by their successors

	Subject                  input
	InReplyTo                input
	Questions                input
	Meeting                  input
	Deadline                 input
	ReplyTo                  input
	Languages                []option
	Rows                     []addresseeInputs
	Copies                   []string // rows that follow from the others
	Relations                []relationInputs
	RelationError            string
	RelationWarn             string
	MoreEnvelope             moreStep
	MoreAddressees           moreStep
	MoreText, MoreFiles      moreStep
	AddresseeWarn            string
	ContactRoles             []option
	Script                   string
	Others                   []string // who else has the draft open
	warnings                 map[string]string
	AddresseeError           string
	Contacts                 []contactInputs
	Abstract, Text           string
	AbstractError, TextError string
	AbstractWords            int
	Language                 string

	Checked          bool // there is a check list
	Blocking, Advice []findingView
	Returned         *decisionView // why it came back
	SavedBy          string
	SavedAt          moment

	Theirs   []difference // what somebody else saved meanwhile
	TheirsBy string
	TheirsAt moment
}

type option struct {
	Value, Label string
	Selected     bool
}

type optionGroup struct {
	Label   string
	Options []option
}

type addresseeInputs struct {
	Number   int // from 1, for its label
	Index    int // in the form
	Bodies   []optionGroup
	Purposes []option
	Filled   bool
	Focus    bool // where the person goes on after the button
}

type relationInputs struct {
	Number, Index int
	Kinds         []option
	Ref           string
	Filled        bool
	Focus         bool
}

type contactInputs struct {
	Number, Index                             int
	ID                                        string
	Name, Organization, Country, Email, Phone input
	Role                                      input
	Removable                                 bool
	Error                                     string
}

type fileView struct {
	Name, MediaType string
	Size            int64
	Digest          liaison.Digest
	Sealed, Drop    string
	Title, Status   input
	Address         string
}

type findingView struct{ Message, Rule, Link string }

var composeTemplate = newPage[composePage]("compose")

func contactRoles() (out []option) {
	for _, x := range liaison.ContactRoles {
		out = append(out, option{Value: string(x.Role), Label: x.Label})
	}
	return out
}

func documentStatuses() (out []option) {
	for _, x := range liaison.DocumentStatuses {
		out = append(out, option{Value: string(x.Status), Label: x.Label})
	}
	return out
}

// languages are those that a text may be said to be in: the six of the Union.
var languages = []option{{"en", "English", false}, {"ar", "العربية (Arabic)", false}, {"zh", "中文 (Chinese)", false}, {"es", "Español (Spanish)", false}, {"fr", "Français (French)", false}, {"ru", "Русский (Russian)", false}}

// composing is a form on its way to the page.
type composing struct {
	form     composeForm
	snap     store.Snapshot // of the statement, or of the group for a new one
	new      bool
	named    *liaison.Content // what is on the check list, nil for no list
	problems problems
	notices  []string
	flash    string
	theirs   []difference
	stale    bool
}

func (s *server) writeCompose(w http.ResponseWriter, r *http.Request, me *visitor, status int, c composing) error {
	all, err := s.store.Bodies(r.Context())
	if err != nil {
		return err
	}
	f := c.form
	p := composePage{
		New: c.new, ID: f.ID, Group: f.Group, GroupLabel: c.snap.GroupBody.Label(), Version: f.Version, Problems: c.problems, Notices: c.notices,
		Abstract: f.Abstract, Text: f.Text, AbstractError: c.problems.Of("f-abstract"), TextError: c.problems.Of("f-text"), AddresseeError: c.problems.Of("f-addressees"),
		AbstractWords: liaison.AbstractWords, Language: f.Language, Theirs: c.theirs,
	}
	if c.new {
		p.layout, p.Address = s.layout(r, "New statement of "+p.GroupLabel), "/statements"
	} else {
		p.layout, p.Statement = s.layout(r, "Draft: "+titleOr(f.Title)), "/statements/"+string(f.ID)
		p.Address = p.Statement + "/edit"
		if err := s.addSaved(r.Context(), &p, c, me); err != nil {
			return err
		}
	}
	p.Flash, p.Script = c.flash, composeScriptAddress
	p.warnings = map[string]string{}
	if c.named != nil {
		p.Checked = true
		if p.Blocking, p.Advice, err = s.findings(r.Context(), *c.named, c.snap, ""); err != nil {
			return err
		}
		for _, x := range slices.Concat(p.Blocking, p.Advice) {
			id := strings.TrimPrefix(x.Link, "#")
			p.warnings[id] = strings.TrimSpace(p.warnings[id] + " " + x.Message)
		}
		for _, a := range c.named.Addressees {
			if a.CopyFor != "" {
				p.Copies = append(p.Copies, a.Name)
			}
		}
	}
	p.AddresseeWarn, p.RelationWarn, p.RelationError = p.warnings["f-addressees"], p.warnings["f-relations"], c.problems.Of("f-relations")
	p.relate(f)
	p.fields(f, c.problems)
	p.more(f, c.snap.Profile, c.problems)
	p.rows(f, all, c.snap)
	w.Header().Set("Content-Security-Policy", composePolicy)
	p.attached = attachedOf(f.ID, f.Files, c.snap.Content.Attachments, me, c.problems)
	return composeTemplate.write(w, status, p)
}

// Warn is what the check list says of the field with the id, for the places that are no input of their own.
func (p composePage) Warn(id string) string { return p.warnings[id] }

// addSaved says who saved the draft last, and why it came back if it did.
func (s *server) addSaved(ctx context.Context, p *composePage, c composing, me *visitor) error {
	zone, err := c.snap.Profile.Zone()
	if err != nil {
		return err
	}
	by, at, err := s.store.LastSaved(ctx, c.form.ID)
	if err != nil {
		return err
	}
	p.SavedBy, p.SavedAt = by, momentOf(at, zone)
	if p.Others, err = s.store.Present(ctx, c.form.ID, me.ID()); err != nil {
		return err
	}
	if c.stale {
		p.TheirsBy, p.TheirsAt = by, p.SavedAt
	}
	if c.snap.Revision > 0 {
		revisions, err := s.store.Revisions(ctx, c.form.ID)
		if err != nil {
			return err
		}
		if d := revisions[0].Decision; d != nil && d.Kind == liaison.DoReturn && c.snap.State == liaison.Draft {
			v := decisionViewOf(*d, c.snap, zone)
			p.Returned = &v
		}
	}
	return nil
}

func (p *composePage) fields(f composeForm, ps problems) {
	one := func(name, label, hint, value string) input {
		id := fieldID(name)
		return input{ID: id, Name: name, Label: label, Hint: hint, Value: value, Error: ps.Of(id), Warn: p.warnings[id]}
	}
	p.Subject = one("title", "Title", "Concise; a reply says what it replies to.", f.Title)
	p.InReplyTo = one("in_reply_to", "In reply to", "Source, number and date of the statement replied to, if it is a reply.", f.InReplyTo)
	p.Questions = one("questions", "Questions", "The Questions concerned, or N/A for a group that has none.", f.Questions)
	p.Meeting = one("meeting", "Meeting", "Where and when it was prepared. Leave it empty for correspondence.", f.Meeting)
	p.Deadline = one("deadline", "Reply required by", "Needed when somebody is asked to act.", f.Deadline)
	p.Deadline.Kind = "date"
	p.ReplyTo = one("reply_to", "Replies go to", "The group's functional mailbox.", f.ReplyTo)
	p.ReplyTo.Kind = "email"
	found := false
	for _, l := range languages {
		l.Selected = l.Value == f.Language
		found = found || l.Selected
		p.Languages = append(p.Languages, l)
	}
	if !found && f.Language != "" {
		p.Languages = append(p.Languages, option{f.Language, f.Language, true})
	}
	for i, c := range f.Contacts {
		id := fieldID(fmt.Sprintf("contacts.%d", i))
		sub := func(name, label, value, kind string) input {
			return input{ID: id + "-" + name, Name: "contact_" + name, Label: label, Value: value, Kind: kind}
		}
		p.Contacts = append(p.Contacts, contactInputs{
			Number: i + 1, Index: i, ID: id, Removable: len(f.Contacts) > 1, Error: ps.Of(id),
			Name: sub("name", "Name", c.Name, ""), Organization: sub("organization", "Organization", c.Organization, ""), Country: sub("country", "Country", c.Country, ""),
			Email: sub("email", "E-mail", c.Email, "email"), Phone: sub("phone", "Telephone", c.Phone, "tel"),
			Role: input{ID: id + "-role", Name: "contact_role", Label: "Role", Kind: "choice", Options: choose(contactRoles(), string(c.Role))},
		})
	}
}

// relate offers the relations that there are and a row for another one.
func (p *composePage) relate(f composeForm) {
	for i := range min(len(f.Relations)+1, liaison.MaxRelations+1) {
		row := relationInputs{Number: i + 1, Index: i, Focus: f.Action == "add-relation" && i == len(f.Relations)}
		typed := relationRow{Kind: string(liaison.RepliesTo)}
		if i < len(f.Relations) {
			typed, row.Filled = f.Relations[i], true
		}
		row.Ref = typed.Ref
		for _, k := range liaison.RelationKinds {
			row.Kinds = append(row.Kinds, option{string(k.Kind), k.Label, string(k.Kind) == typed.Kind})
		}
		p.Relations = append(p.Relations, row)
	}
}

func (p *composePage) rows(f composeForm, all []liaison.Body, snap store.Snapshot) {
	filled := f.Addressees
	for i := range len(filled) + f.Blank {
		row := addresseeInputs{Number: i + 1, Index: i, Focus: f.Action == "add-addressee" && i == len(filled)+f.Blank-1}
		typed := addresseeRow{}
		if i < len(filled) {
			typed, row.Filled = filled[i], true
		}
		row.Bodies = bodyOptions(all, snap, typed.Body)
		for _, purpose := range snap.Profile.Purposes {
			row.Purposes = append(row.Purposes, option{string(purpose), purpose.Label(), string(purpose) == typed.Purpose})
		}
		p.Rows = append(p.Rows, row)
	}
}

// bodyOptions offers every body but the source, those no longer in force last and marked.
func bodyOptions(all []liaison.Body, snap store.Snapshot, selected string) []optionGroup {
	groups, others, ended := optionGroup{Label: "Groups"}, optionGroup{Label: "External organizations"}, optionGroup{Label: "No longer in force"}
	labels := map[liaison.Code]string{}
	for _, b := range all {
		labels[b.Code] = b.Label()
	}
	found := selected == ""
	for _, b := range all {
		o := option{string(b.Code), b.Label(), string(b.Code) == selected}
		found = found || o.Selected
		if b.Title != "" {
			o.Label += " · " + b.Title
		} else if b.Name != o.Label {
			o.Label += " · " + b.Name
		}
		switch {
		case b.Code == snap.Group:
		case !b.InForce(snap.Today):
			o.Label = b.Label() + " · ended " + b.Until.String()
			if b.Successor != "" {
				o.Label += ", now " + labels[b.Successor]
			}
			ended.Options = append(ended.Options, o)
		case b.Kind == liaison.Group:
			groups.Options = append(groups.Options, o)
		default:
			others.Options = append(others.Options, o)
		}
	}
	out := []optionGroup{groups, others}
	if len(ended.Options) > 0 {
		out = append(out, ended)
	}
	if !found { // what was typed comes back even when there is no such body
		out = append(out, optionGroup{"Not in the register", []option{{selected, selected, true}}})
	}
	return out
}

// findings is the check list, each line with a link to its field on the page at edit.
func (s *server) findings(ctx context.Context, c liaison.Content, snap store.Snapshot, edit string) (blocking, advice []findingView, err error) {
	sending, err := s.post.Findings(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	snap.Content = c
	if err := s.store.Know(ctx, &snap); err != nil {
		return nil, nil, err
	}
	for _, f := range slices.Concat(snap.Check(), snap.CheckRelations(), sending) {
		v := findingView{f.Message, f.Rule, edit + "#" + fieldID(f.Field)}
		if f.Blocking {
			blocking = append(blocking, v)
		} else {
			advice = append(advice, v)
		}
	}
	return blocking, advice, nil
}

// draftable lists the groups that the person may draft for.
func (s *server) draftable(ctx context.Context, me *visitor) ([]store.Snapshot, error) {
	var out []store.Snapshot
	var seen []liaison.Code
	for _, o := range me.Offices {
		if slices.Contains(seen, o.Group) {
			continue
		}
		seen = append(seen, o.Group)
		snap, err := s.store.GroupSnapshot(ctx, o.Group)
		if code := liaison.CodeOf(err); code == liaison.NotFound || code == liaison.Invalid {
			continue // a group without terms of reference sends nothing
		} else if err != nil {
			return nil, err
		}
		if slices.Contains(liaison.May(snap.Snapshot, me.ID()), liaison.DoDraft) {
			out = append(out, snap)
		}
	}
	return out, nil
}

type chooseGroupPage struct {
	layout
	Groups []liaison.Body
}

var chooseGroupTemplate = newPage[chooseGroupPage]("choosegroup")

// showNew shows an empty form. Nothing is stored until it is saved.
func (s *server) showNew(w http.ResponseWriter, r *http.Request, me *visitor) error {
	groups, err := s.draftable(r.Context(), me)
	if err != nil {
		return err
	}
	wanted := liaison.Code(r.FormValue("group"))
	var snap store.Snapshot
	switch i := slices.IndexFunc(groups, func(g store.Snapshot) bool { return g.Group == wanted }); {
	case i >= 0:
		snap = groups[i]
	case wanted != "":
		return liaison.Refuse(liaison.Forbidden, "You cannot draft for %s: that is for its chair, vice-chair, secretariat and editors.", wanted)
	case len(groups) == 1:
		snap = groups[0]
	default:
		p := chooseGroupPage{layout: s.layout(r, "New statement")}
		for _, g := range groups {
			p.Groups = append(p.Groups, g.GroupBody)
		}
		status := http.StatusOK
		if len(groups) == 0 {
			status = http.StatusForbidden
		}
		return chooseGroupTemplate.write(w, status, p)
	}
	return s.writeCompose(w, r, me, http.StatusOK, composing{form: blankForm(snap, me), snap: snap, new: true})
}

// blankForm is what a new statement begins with: what is known is not asked again.
func blankForm(snap store.Snapshot, me *visitor) composeForm {
	f := formOf(liaison.StatementID(newID()), 0, liaison.Content{
		Source: snap.Group, ReplyTo: snap.GroupBody.Email, Questions: "N/A", Language: "en",
		Contacts: []liaison.Contact{{Name: me.Person.Name, Organization: me.Person.Affiliation, Email: me.Person.Email}},
	})
	f.Blank = 3
	return f
}

func (s *server) create(w http.ResponseWriter, r *http.Request, me *visitor) error {
	f, u, err := s.readCompose(w, r, me, "", nil)
	if err != nil {
		return err
	}
	there, err := s.store.Snapshot(r.Context(), f.ID)
	switch {
	case err == nil && there.Drafted(me.ID()): // the form was sent before: this is a repeat, or a change to what it made
		f.Version = max(f.Version, 1)
		return s.save(w, r, me, there, f, u)
	case err == nil:
		return liaison.Refuse(liaison.Conflict, "There is a statement under this id already. Open a new form.")
	case liaison.CodeOf(err) != liaison.NotFound:
		return err
	}
	if f.Group, err = liaison.ParseCode(string(f.Group)); err != nil {
		return err
	}
	snap, err := s.store.GroupSnapshot(r.Context(), f.Group)
	if err != nil {
		return err
	}
	if !slices.Contains(liaison.May(snap.Snapshot, me.ID()), liaison.DoDraft) {
		return liaison.Refuse(liaison.Forbidden, "You cannot draft for %s: that is for its chair, vice-chair, secretariat and editors.", snap.GroupBody.Label())
	}
	return s.save(w, r, me, snap, f, u)
}

func (s *server) showEdit(w http.ResponseWriter, r *http.Request, me *visitor) error {
	snap, err := s.readable(r, me)
	if err != nil {
		return err
	}
	if _, err := liaison.Next(snap.Snapshot, liaison.Command{Kind: liaison.DoEdit, Statement: snap.ID, Actor: me.ID()}); err != nil {
		return err
	}
	if snap.Content.Report != nil { // a report is written on a page of its own
		http.Redirect(w, r, "/statements/"+string(snap.ID)+"/report", http.StatusSeeOther)
		return nil
	}
	c := composing{form: formOf(snap.ID, snap.DraftVersion, snap.Content), snap: snap, named: &snap.Content}
	q := r.URL.Query()
	if q.Has("saved") {
		c.flash = "Draft saved."
	}
	if moved := q.Get("moved"); moved != "" {
		if c.notices, err = s.notices(r.Context(), strings.Split(moved, ","), snap.Today); err != nil {
			return err
		}
	}
	return s.writeCompose(w, r, me, http.StatusOK, c)
}

// notices says of bodies that ended who is addressed in their place.
func (s *server) notices(ctx context.Context, codes []string, today liaison.Date) ([]string, error) {
	bodies, err := s.bodies(ctx)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, code := range codes {
		_, notice, err := liaison.Resolve(liaison.Code(code), today, func(c liaison.Code) (liaison.Body, bool) { b, ok := bodies[c]; return b, ok })
		if err == nil && notice != "" {
			out = append(out, notice)
		}
	}
	return out, nil
}

func (s *server) bodies(ctx context.Context) (map[liaison.Code]liaison.Body, error) {
	all, err := s.store.Bodies(ctx)
	if err != nil {
		return nil, err
	}
	out := make(map[liaison.Code]liaison.Body, len(all))
	for _, b := range all {
		out[b.Code] = b
	}
	return out, nil
}

func (s *server) edit(w http.ResponseWriter, r *http.Request, me *visitor) error {
	snap, err := s.readable(r, me)
	if err != nil {
		return err
	}
	if !snap.Drafted(me.ID()) { // nobody but who may edit stores files here
		if _, err := liaison.Next(snap.Snapshot, liaison.Command{Kind: liaison.DoEdit, Statement: snap.ID, Actor: me.ID()}); err != nil {
			return err
		}
	}
	f, u, err := s.readCompose(w, r, me, snap.ID, snap.Content.Attachments)
	if err != nil {
		return err
	}
	f.Group = snap.Group
	return s.save(w, r, me, snap, f, u)
}

// save stores the draft, or brings the form back exactly as it was typed with what is wrong.
func (s *server) save(w http.ResponseWriter, r *http.Request, me *visitor, snap store.Snapshot, f composeForm, u *upload) error {
	directory, err := s.store.Directory(r.Context())
	if err != nil {
		return err
	}
	cited, err := s.store.Cited(r.Context(), me.ID(), f.refs())
	if err != nil {
		return err
	}
	stored := snap.ID != ""
	content, named, ps := f.content(directory, snap, cited)
	c := composing{form: f, snap: snap, new: !stored, problems: slices.Concat(u.problems, ps)}
	if stored {
		c.named = &named
	}
	if f.Action == "autosave" {
		return s.autosave(w, r, me, c, content, named)
	}
	if u.tooLarge {
		willLinger(w)
		err := s.writeCompose(w, r, me, http.StatusRequestEntityTooLarge, c)
		linger(w, u.rest)
		return err
	}
	if f.rearranges() && len(u.problems) == 0 {
		c.problems = nil // nobody is told off for a form that they are still filling in
		return s.writeCompose(w, r, me, http.StatusOK, c)
	}
	if len(c.problems) > 0 {
		return s.writeCompose(w, r, me, http.StatusUnprocessableEntity, c)
	}
	unchanged := stored && len(liaison.Compare(snap.Content, named)) == 0 && snap.State == liaison.Draft
	if !unchanged {
		if stored {
			_, err = s.store.Save(r.Context(), f.ID, me.ID(), f.Version, content)
		} else {
			_, err = s.store.Create(r.Context(), f.ID, me.ID(), content)
		}
	}
	if err != nil {
		return s.notSaved(w, r, me, c, named, err)
	}
	s.saved(w, r, f, content, named)
	return nil
}

// saved goes on to where the button leads.
func (s *server) saved(w http.ResponseWriter, r *http.Request, f composeForm, content, named liaison.Content) {
	page := "/statements/" + string(f.ID)
	if f.Action == "submit" {
		http.Redirect(w, r, page+"/submit", http.StatusSeeOther)
		return
	}
	q := url.Values{"saved": {""}}
	var moved []string
	for i, a := range content.Addressees {
		if a.Body != named.Addressees[i].Body {
			moved = append(moved, string(a.Body))
		}
	}
	if len(moved) > 0 {
		q.Set("moved", strings.Join(moved, ","))
	}
	anchor := ""
	if f.Action == "check" {
		anchor = "#check"
	}
	http.Redirect(w, r, page+"/edit?"+q.Encode()+anchor, http.StatusSeeOther)
}

// notSaved brings the form back. When somebody saved meanwhile, their text comes with it, and the form goes on from
// theirs: saving again is then a decision and no accident.
func (s *server) notSaved(w http.ResponseWriter, r *http.Request, me *visitor, c composing, named liaison.Content, err error) error {
	e := refusal(err)
	if e == nil {
		return err
	}
	note(r.Context()).err = err
	if e.Code == liaison.Stale {
		now, err := s.store.Snapshot(r.Context(), c.form.ID)
		if err != nil {
			return err
		}
		if len(liaison.Compare(now.Content, named)) == 0 { // the same form, twice
			s.saved(w, r, c.form, named, named)
			return nil
		}
		c.snap, c.stale, c.form.Version = now, true, now.DraftVersion
		c.theirs = differences(liaison.Compare(now.Content, named))
	}
	c.problems = problems{problemOf(e)}
	return s.writeCompose(w, r, me, statusOf(e.Code), c)
}
