package web

import (
	"context"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/jca-ml/liaison/internal/document"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// reportPage is where a progress report is written: what the register says stands under each heading, and beside it what its
// editor adds. Assembling it again changes the former and never the latter.
type reportPage struct {
	layout
	attached
	Address    string
	Statement  string
	Version    int
	Group      string
	Parent     string
	Corrects   string // the report that this one corrects, "" for one of its own
	Meeting    string
	AsOf       moment
	Problems   problems
	Subject    input
	From       input
	Until      input
	Period     string // what is wrong with the two
	Abstract   string
	AbsError   string
	Provision  bool // the profile lets it leave before the group approved it
	Marked     bool
	Sections   []reportSection
	Rows       []reportAddressee
	RowError   string
	Proposals  []proposalInputs
	Blocking   []findingView
	Advice     []findingView
	Theirs     []difference
	TheirsBy   string
	Assembled  bool // what is shown was made just now and is not saved yet
	Returned   *decisionView
	ParentCode liaison.Code
}

type reportSection struct {
	Key     liaison.SectionKey
	Name    string // of its textarea
	ID      string
	Heading string
	HTML    template.HTML
	Note    string
	Error   string
	Editors bool // the register has no rows for it
}

type reportAddressee struct {
	Index  int
	Number int
	Parent bool
	Label  string // of the parent group
	Bodies []optionGroup
	Reason input
}

type proposalInputs struct {
	Index, Number int
	Title         input
	Text          string
	TextID        string
	To            []option
	ToName        string
	Error         string
}

var reportTemplate = newPage[reportPage]("report")

// reportForm is what somebody typed, exactly.
type reportForm struct {
	Version   int
	Action    string
	Content   liaison.Content // addressees without names, the rest as typed
	Blank     int             // empty addressee rows
	BlankProp int             // empty proposals
}

// reportOf reads the report of the address for somebody who may edit it.
func (s *server) reportOf(r *http.Request, me *visitor) (store.Snapshot, error) {
	snap, err := s.readable(r, me)
	if err != nil {
		return snap, err
	}
	if snap.Content.Report == nil {
		return snap, liaison.Refuse(liaison.NotFound, "This is no progress report.")
	}
	_, err = liaison.Next(snap.Snapshot, liaison.Command{Kind: liaison.DoEdit, Statement: snap.ID, Actor: me.ID()})
	return snap, err
}

func (s *server) showReport(w http.ResponseWriter, r *http.Request, me *visitor) error {
	snap, err := s.reportOf(r, me)
	if err != nil {
		return err
	}
	flash := map[string]string{"saved": "Draft saved.", "assembled": "Draft saved. What stands under the headings was assembled anew for the period."}[r.URL.RawQuery]
	return s.writeReport(w, r, me, http.StatusOK, snap, reportForm{Version: snap.DraftVersion, Content: snap.Content}, nil, flash, nil, false)
}

func (s *server) writeReport(w http.ResponseWriter, r *http.Request, me *visitor, status int, snap store.Snapshot, f reportForm, ps problems, flash string, theirs []difference, assembled bool) error {
	bodies, err := s.bodies(r.Context())
	if err != nil {
		return err
	}
	all, err := s.store.Bodies(r.Context())
	if err != nil {
		return err
	}
	c, rep := f.Content, *f.Content.Report
	p := reportPage{
		layout: s.layout(r, "Draft: "+titleOr(c.Title)), Statement: "/statements/" + string(snap.ID), Address: "/statements/" + string(snap.ID) + "/report", Version: f.Version,
		Group: snap.GroupBody.Label(), Parent: bodies[rep.Parent].Label(), ParentCode: rep.Parent, AsOf: momentOf(rep.AsOf, me.Zone), Problems: ps, Abstract: c.Abstract, AbsError: ps.Of("f-abstract"),
		Provision: snap.Profile.Reports.MayProvisional, Marked: rep.Provisional, Theirs: theirs, Assembled: assembled, RowError: ps.Of("f-addressees"),
	}
	p.Flash = flash
	if rep.MeetingName != "" {
		p.Meeting = rep.MeetingName + ", from " + rep.MeetingFrom.String()
	}
	one := func(name, label, hint, kind, value string) input {
		return input{ID: fieldID(name), Name: name, Label: label, Hint: hint, Kind: kind, Value: value, Error: ps.Of(fieldID(name))}
	}
	p.Subject = one("title", "Title", "", "", c.Title)
	p.From = one("from", "From", "First day of the period.", "date", string(rep.From))
	p.Until = one("until", "Until", "Last day of the period. Another period is assembled anew when the draft is saved.", "date", string(rep.Until))
	p.Period = ps.Of(fieldID("report.period"))
	if c.IsCorrigendum() {
		p.Corrects = c.Relations[0].Ref
	}
	if err := p.sections(f, snap, bodies, ps); err != nil {
		return err
	}
	p.addressees(f, all, snap, ps)
	p.proposals(f, bodies, ps)
	p.attached = attachedOf(snap.ID, rep.Own(c.Attachments), snap.Content.Attachments, me, ps)
	if err := s.addReturned(r.Context(), &p, snap, me); err != nil {
		return err
	}
	if len(ps) == 0 && len(theirs) == 0 && !assembled {
		if p.Blocking, p.Advice, err = s.findings(r.Context(), snap.Content, snap, ""); err != nil {
			return err
		}
	}
	return reportTemplate.write(w, status, p)
}

// addReturned says why it came back, and who saved last where two texts stand side by side.
func (s *server) addReturned(ctx context.Context, p *reportPage, snap store.Snapshot, me *visitor) error {
	if len(p.Theirs) > 0 {
		by, _, err := s.store.LastSaved(ctx, snap.ID)
		if err != nil {
			return err
		}
		p.TheirsBy = by
	}
	if snap.Revision == 0 {
		return nil
	}
	revisions, err := s.store.Revisions(ctx, snap.ID)
	if err != nil {
		return err
	}
	if d := revisions[0].Decision; d != nil && d.Kind == liaison.DoReturn {
		v := decisionViewOf(*d, snap, me.Zone)
		p.Returned = &v
	}
	return nil
}

// sections sets each heading with what the register says under it and what the editor does.
func (p *reportPage) sections(f reportForm, snap store.Snapshot, bodies map[liaison.Code]liaison.Body, ps problems) error {
	bare := f.Content
	rep := *f.Content.Report
	rep.Notes, rep.Proposals = nil, nil
	bare.Report, bare.Text, bare.Attachments = &rep, "", nil // what is attached stands in the form
	d, err := document.Outline(bare, document.About{Group: snap.GroupBody, Parent: bodies[rep.Parent], Ref: snap.Ref, Report: snap.ID, Bodies: bodies})
	if err != nil {
		return err
	}
	under := map[string][]document.Block{}
	headings := map[string]string{}
	last := ""
	for _, b := range d.Blocks {
		if b.Heading != nil && b.Heading.Level == 1 {
			last = b.Heading.ID
			headings[last] = b.Heading.Text
			continue
		}
		under[last] = append(under[last], b)
	}
	for _, key := range append([]liaison.SectionKey{""}, liaison.Sections...) {
		name := "report.note." + string(key)
		x := reportSection{Key: key, Name: name, ID: fieldID(name), Heading: headings[string(key)], Note: f.Content.Report.NoteOf(key), Error: ps.Of(fieldID(name)), Editors: slices.Contains(liaison.EditorsSections, key)}
		if key == "" {
			if x.Heading = "Introduction"; bare.IsCorrigendum() {
				x.Heading = "What is to be read otherwise"
			}
		} else if bare.IsCorrigendum() {
			continue
		} else {
			part := d
			part.Blocks = under[string(key)]
			if x.Editors {
				part.Blocks = nil
			}
			if x.HTML, err = document.HTML(part, true, "", 0); err != nil {
				return err
			}
		}
		p.Sections = append(p.Sections, x)
	}
	return nil
}

func (p *reportPage) addressees(f reportForm, all []liaison.Body, snap store.Snapshot, ps problems) {
	rows := f.Content.Addressees
	for i := range len(rows) + f.Blank {
		row := reportAddressee{Index: i, Number: i + 1}
		a := liaison.Addressee{}
		if i < len(rows) {
			a = rows[i]
		}
		if a.Body == f.Content.Report.Parent {
			row.Parent, row.Label = true, p.Parent
		} else {
			row.Bodies = bodyOptions(all, snap, string(a.Body))
		}
		row.Reason = input{ID: fmt.Sprintf("f-reason-%d", i), Name: "reason", Label: "Why it gets the report", Value: a.Reason}
		p.Rows = append(p.Rows, row)
	}
}

func (p *reportPage) proposals(f reportForm, bodies map[liaison.Code]liaison.Body, ps problems) {
	list := slices.Clone(f.Content.Report.Proposals)
	for range f.BlankProp {
		list = append(list, liaison.Proposal{})
	}
	for i, x := range list {
		id := fieldID(fmt.Sprintf("report.proposal.%d", i))
		v := proposalInputs{Index: i, Number: i + 1, Text: x.Text, TextID: id + "-text", ToName: fmt.Sprintf("proposal_to_%d", i), Error: ps.Of(id)}
		v.Title = input{ID: id, Name: "proposal_title", Label: "What is proposed, in one line", Value: x.Title}
		for _, a := range f.Content.Addressees {
			if b, ok := bodies[a.Body]; ok {
				v.To = append(v.To, option{string(a.Body), b.Label(), slices.Contains(x.To, a.Body)})
			}
		}
		p.Proposals = append(p.Proposals, v)
	}
}

// readReport reads the form onto what is stored: what is assembled is never taken from a form, nor the files that are made of it.
func readReport(u *upload, me *visitor, snap store.Snapshot) reportForm {
	v := u.values
	f := reportForm{Action: v.Get("action"), Content: snap.Content}
	if _, err := fmt.Sscan(v.Get("version"), &f.Version); err != nil {
		f.Version = 0 // as if somebody had saved since: both texts are shown
	}
	rep := *snap.Content.Report
	if !snap.Content.IsCorrigendum() { // which is of the period of what it corrects
		rep.From, rep.Until = liaison.Date(v.Get("from")), liaison.Date(v.Get("until"))
	}
	rep.Provisional = v.Get("provisional") != ""
	rep.Notes, rep.Proposals = nil, nil
	for _, key := range append([]liaison.SectionKey{""}, liaison.Sections...) {
		if text := textOf(v.Get("report.note." + string(key))); text != "" {
			rep.Notes = append(rep.Notes, liaison.Note{Section: key, Text: text})
		}
	}
	f.Content.Title, f.Content.Abstract = v.Get("title"), textOf(v.Get("abstract"))
	f.Content.Addressees = nil
	reasons := v["reason"]
	for i, code := range v["body"] {
		if code == "" || f.Action == fmt.Sprintf("drop-addressee-%d", i) && liaison.Code(code) != rep.Parent {
			continue
		}
		a := liaison.Addressee{Body: liaison.Code(code), Purpose: liaison.ForInformation}
		if i < len(reasons) {
			a.Reason = reasons[i]
		}
		f.Content.Addressees = append(f.Content.Addressees, a)
	}
	texts := v["proposal_text"]
	for i, title := range v["proposal_title"] {
		x := liaison.Proposal{Number: len(rep.Proposals) + 1, Title: title}
		if i < len(texts) {
			x.Text = textOf(texts[i])
		}
		for _, code := range v[fmt.Sprintf("proposal_to_%d", i)] {
			x.To = append(x.To, liaison.Code(code))
		}
		if x.Title == "" && x.Text == "" && len(x.To) == 0 || f.Action == fmt.Sprintf("drop-proposal-%d", i) {
			continue
		}
		rep.Proposals = append(rep.Proposals, x)
	}
	own, lost := keptFiles(v, me, snap.ID, snap.Content.Attachments)
	if lost > 0 {
		u.problems = append(u.problems, problem{fieldID("attachments"), fmt.Sprintf("%s could not be kept, because you signed in anew since. Attach again what is missing below.", plural(lost, "file"))})
	}
	f.Content.Attachments = slices.DeleteFunc(slices.Clone(snap.Content.Attachments), func(a liaison.Attachment) bool { return !slices.Contains(rep.Forms, a.Digest) })
	for _, a := range slices.Concat(own, u.files) {
		if !slices.ContainsFunc(f.Content.Attachments, func(b liaison.Attachment) bool { return a.Digest == b.Digest && a.Name == b.Name }) {
			f.Content.Attachments = append(f.Content.Attachments, a)
		}
	}
	f.Content.Report = &rep
	return f
}

// editReport saves the draft, assembles it again, or only makes room in the form.
func (s *server) editReport(w http.ResponseWriter, r *http.Request, me *visitor) error {
	snap, err := s.reportOf(r, me)
	if err != nil {
		return err
	}
	u, err := s.readUpload(w, r, func(v url.Values) (n int, size int64) {
		kept, _ := keptFiles(v, me, snap.ID, snap.Content.Attachments)
		for _, a := range kept {
			size += a.Size
		}
		return len(kept), size
	})
	if err != nil {
		return err
	}
	f := readReport(u, me, snap)
	if u.tooLarge {
		willLinger(w)
		err := s.writeReport(w, r, me, http.StatusRequestEntityTooLarge, snap, f, u.problems, "", nil, true)
		linger(w, u.rest)
		return err
	}
	switch {
	case len(u.problems) > 0:
		return s.writeReport(w, r, me, http.StatusUnprocessableEntity, snap, f, u.problems, "", nil, true)
	case f.Action == "add-proposal":
		f.BlankProp = 1
		return s.writeReport(w, r, me, http.StatusOK, snap, f, nil, "", nil, true)
	case f.Action == "add-addressee":
		f.Blank = 1
		return s.writeReport(w, r, me, http.StatusOK, snap, f, nil, "", nil, true)
	case strings.HasPrefix(f.Action, "drop-"):
		return s.writeReport(w, r, me, http.StatusOK, snap, f, nil, "", nil, true)
	}
	var ps problems
	for _, e := range f.Content.Tidy().Limits() {
		ps = append(ps, problemOf(e))
	}
	if len(ps) > 0 {
		return s.writeReport(w, r, me, http.StatusUnprocessableEntity, snap, f, ps, "", nil, true)
	}
	done := "saved"
	if was, rep := snap.Content.Report, f.Content.Report; !snap.Content.IsCorrigendum() && (f.Action == "assemble" || rep.From != was.From || rep.Until != was.Until) {
		if err := liaison.CheckPeriod(rep.From, rep.Until, snap.Today); err != nil {
			return s.writeReport(w, r, me, http.StatusUnprocessableEntity, snap, f, problems{problemOf(err)}, "", nil, true)
		}
		done = "assembled"
		if f.Content, err = s.assembled(r.Context(), snap, f.Content); err != nil {
			return err
		}
	}
	if _, err := s.store.Save(r.Context(), snap.ID, me.ID(), f.Version, f.Content); err != nil {
		return s.reportNotSaved(w, r, me, f, err)
	}
	if f.Action == "submit" {
		http.Redirect(w, r, "/statements/"+string(snap.ID)+"/submit", http.StatusSeeOther)
		return nil
	}
	http.Redirect(w, r, "/statements/"+string(snap.ID)+"/report?"+done, http.StatusSeeOther)
	return nil
}

// assembled is the content with what the register says now of the period that was asked for. A period never stands over what was
// assembled for another one: whoever changes it gets this, and with it a title and an abstract of the new one where nobody gave others.
func (s *server) assembled(ctx context.Context, snap store.Snapshot, c liaison.Content) (liaison.Content, error) {
	was, rep := *snap.Content.Report, c.Report
	_, revises := snap.Content.Keeps()
	now, err := s.store.Assemble(ctx, store.ReportFor{Group: snap.Group, Meeting: rep.Meeting, From: rep.From, Until: rep.Until, Revises: revises})
	if err != nil {
		return c, err
	}
	parents, err := s.store.BodiesOf(ctx, []liaison.Code{was.Parent, now.Parent})
	if err != nil {
		return c, err
	}
	parent := func(code liaison.Code) (b liaison.Body) {
		if i := slices.IndexFunc(parents, func(b liaison.Body) bool { return b.Code == code }); i >= 0 {
			b = parents[i]
		}
		return b
	}
	c = c.Reassembled(now)
	fresh := *c.Report
	if c.Title == document.Title(was, snap.GroupBody, c.Language) {
		c.Title = document.Title(fresh, snap.GroupBody, c.Language)
	}
	if c.Abstract == document.Abstract(was, snap.GroupBody, parent(was.Parent), c.Language) {
		c.Abstract = document.Abstract(fresh, snap.GroupBody, parent(fresh.Parent), c.Language)
	}
	return c, nil
}

// reportNotSaved brings the form back; when somebody saved meanwhile, with what they have otherwise.
func (s *server) reportNotSaved(w http.ResponseWriter, r *http.Request, me *visitor, f reportForm, err error) error {
	e := refusal(err)
	if e == nil {
		return err
	}
	note(r.Context()).err = err
	now, err := s.store.Snapshot(r.Context(), liaison.StatementID(r.PathValue("id")))
	if err != nil {
		return err
	}
	var theirs []difference
	if e.Code == liaison.Stale {
		f.Version = now.DraftVersion
		theirs = differences(liaison.Compare(now.Content, f.Content.Tidy()))
	}
	return s.writeReport(w, r, me, statusOf(e.Code), now, f, problems{problemOf(e)}, "", theirs, true)
}
