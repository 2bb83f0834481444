package web

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// windowView is a window for objections: until when, who was asked, and what each said. Who said nothing is shown as that.
type windowView struct {
	NoObjection bool
	Open        bool // objections can be made
	Approved    bool // it, or the chair after it, approved
	Revision    int
	Last        liaison.Date
	Left        string
	Zone        string
	By, As      string
	At          moment
	Asked       []askedView
	Others      []sayingView // by persons who were not asked
	Late        []sayingView
}

type askedView struct {
	Name, Office string
	Said         []sayingView
}

type sayingView struct {
	By, As   string
	Label    string
	Text     string
	On       liaison.Date
	At       moment
	Entered  string
	Evidence string
	File     liaison.Digest
	FileAt   string
}

// sayingLabels are what was said, in words.
var sayingLabels = map[liaison.EventKind]string{
	liaison.EventObjected: "objects", liaison.EventObjectedLate: "objects, when the time for objections was over", liaison.EventNoObjection: "has no objection", liaison.EventCommented: "comments",
}

// windowViewOf tells of the window of the statement's bytes, nil for none.
func windowViewOf(snap store.Snapshot, zone *time.Location) *windowView {
	w := snap.Window
	if w == nil {
		return nil
	}
	v := &windowView{
		NoObjection: w.Mode == liaison.ByNoObjection, Open: snap.State == liaison.InCorrespondence && !w.Over(snap.Now), Approved: snap.ApprovedDigest == w.Digest && snap.Approval.Window == w.ID,
		Revision: w.Revision, Last: w.Last, Zone: snap.Profile.TimeZone, By: w.OpenedBy.Name, As: w.OpenedAs.Label(), At: momentOf(w.Opened, zone),
	}
	if v.Open {
		switch n := daysBetween(snap.Today, w.Last); n {
		case 0:
			v.Left = "today is the last day"
		default:
			v.Left = plural(n, "day") + " left"
		}
	}
	for _, c := range w.Asked {
		v.Asked = append(v.Asked, askedView{Name: c.Name, Office: c.Office.Label()})
	}
	for _, x := range w.Said {
		y := sayingView{
			By: x.By.Name, As: x.As.Label(), Label: sayingLabels[x.Kind], Text: x.Text, On: x.On, At: momentOf(x.At, zone),
			Entered: x.Entered.Name, Evidence: x.Evidence, File: x.File,
		}
		if x.File != "" {
			y.FileAt = "/statements/" + string(snap.ID) + "/approval/" + string(x.File)
		}
		i := slices.IndexFunc(w.Asked, func(c liaison.Consulted) bool { return c.ID == x.By.ID && x.By.ID != "" })
		switch {
		case x.Kind == liaison.EventObjectedLate:
			v.Late = append(v.Late, y)
		case i >= 0:
			y.By = "" // it stands below the name
			v.Asked[i].Said = append(v.Asked[i].Said, y)
		default:
			v.Others = append(v.Others, y)
		}
	}
	return v
}

// openForm puts a revision up for objections.
type openForm struct {
	Command     string
	Chair       bool // the chair decides afterwards
	NoObjection bool // the window can approve by itself
	Silent      bool // that is chosen
	Last        input
	Asked       []string
	Besides     []officerChoice
	Hold        bool
	Error       string
	Drawn       bool // it came back
}

// answerWindowForm is what a person who was asked, or holds an office, can say.
type answerWindowForm struct {
	Command string
	Only    bool // an objection, which comes late
	Silent  bool // a window that approves by itself
	Text    string
	Error   string
}

// saidForm is where the secretariat enters what somebody said outside.
type saidForm struct {
	Address  string // of the statement
	Command  string
	Who      []officerChoice
	Name     input
	On       input
	Kinds    []option
	Evidence input
	File     fileInput
	Text     string
	NoWho    string // what is wrong
	NoText   string
	Drawn    bool
}

func openFormOf(snap store.Snapshot, me *visitor, may []liaison.CommandKind, x reviewExtra) *openForm {
	f := &openForm{Command: newID(), Chair: slices.Contains(may, liaison.DoOpenWindow), NoObjection: slices.Contains(may, liaison.DoOpenNoObjection), Error: x.problems.Of("f-also")}
	if !f.Chair && !f.NoObjection {
		return nil
	}
	first, last, proposed := snap.WindowDays()
	typed := liaison.Opening{Last: proposed}
	f.Silent = !f.Chair
	if o := x.opening; o != nil {
		typed, f.Command, f.Hold, f.Silent, f.Drawn = *o.Window, string(o.ID), o.Hold, o.Kind == liaison.DoOpenNoObjection, true
	}
	f.Last = input{
		ID: "f-last", Name: "last", Label: "Last day for objections", Kind: "date", Value: string(typed.Last), Error: x.problems.Of("f-last"),
		Hint: "To the end of the day in " + snap.Profile.TimeZone + ". From " + first.String() + " to " + last.String() + ".",
	}
	asked, besides := snap.Team(me.ID())
	for _, c := range asked {
		f.Asked = append(f.Asked, c.Name+", "+c.Office.Label())
	}
	for _, c := range besides {
		f.Besides = append(f.Besides, officerChoice{c.ID, c.Name + ", " + c.Office.Label(), slices.Contains(typed.Also, c.ID)})
	}
	return f
}

func windowAnswerOf(snap store.Snapshot, may []liaison.CommandKind, x reviewExtra) *answerWindowForm {
	if !slices.Contains(may, liaison.DoObject) {
		return nil
	}
	f := &answerWindowForm{Command: newID(), Only: !slices.Contains(may, liaison.DoNoObjection), Silent: snap.Window.Mode == liaison.ByNoObjection}
	if x.answer != nil {
		f.Command, f.Text, f.Error = string(x.answer.ID), x.answer.Reason, x.problems.Of("f-said")
	}
	return f
}

// saidFormOf is the secretariat's form to enter what was said outside, nil for everybody else.
func saidFormOf(snap store.Snapshot, me *visitor, may []liaison.CommandKind, typed *liaison.Command, ps problems) *saidForm {
	if !slices.Contains(may, liaison.DoObject) || snap.ActingAs(me.ID(), liaison.AsSecretary) != liaison.AsSecretary {
		return nil
	}
	said := liaison.Said{On: snap.Today}
	f := &saidForm{Address: "/statements/" + string(snap.ID), Command: newID(), Kinds: []option{{Value: string(liaison.DoObject), Label: "An objection"}}, NoWho: ps.Of("f-told-by"), NoText: ps.Of("f-told-words")}
	if slices.Contains(may, liaison.DoNoObjection) {
		f.Kinds = append(f.Kinds, option{Value: string(liaison.DoNoObjection), Label: "No objection"}, option{Value: string(liaison.DoComment), Label: "A comment"})
	}
	if typed != nil {
		said, f.Command, f.Text, f.Drawn = *typed.Said, string(typed.ID), typed.Reason, true
		f.Kinds = choose(f.Kinds, string(typed.Kind))
	}
	f.Name = input{ID: "f-told-name", Name: "name", Label: "Or the name of somebody who is not on the list", Value: said.Name, Error: ps.Of("f-told-name")}
	f.On = input{ID: "f-told-on", Name: "on", Label: "The day on which it was said", Kind: "date", Value: string(said.On), Error: ps.Of("f-told-on")}
	f.Evidence = input{ID: "f-told-evidence", Name: "evidence", Label: "Evidence", Hint: "A reference that others can find: the message with its date, the letter. Or attach the file.", Value: said.Evidence, Error: ps.Of("f-told-evidence")}
	f.File = fileInput{ID: "f-told-attachments", Error: ps.Of("f-told-attachments"), Accept: accepted(), MaxMiB: liaison.MaxAttachmentBytes >> 20}
	add := func(p liaison.Person, office liaison.Office) {
		if p.ID != me.ID() && !slices.ContainsFunc(f.Who, func(c officerChoice) bool { return c.ID == p.ID }) {
			f.Who = append(f.Who, officerChoice{p.ID, p.Name + ", " + office.Label(), p.ID == said.By})
		}
	}
	for _, c := range snap.Window.Asked {
		add(c.Person, c.Office)
	}
	for _, o := range liaison.Offices {
		for _, p := range snap.InOffice(o.Office) {
			if o.Office != liaison.OfficeAuditor {
				add(p, o.Office)
			}
		}
	}
	return f
}

// correspond opens a window, takes an answer, or takes the window back.
func (s *server) correspond(w http.ResponseWriter, r *http.Request, me *visitor) error {
	snap, id, err := s.asked(w, r, me)
	if err != nil {
		return err
	}
	cmd := liaison.Command{ID: id, Statement: snap.ID, Actor: me.ID(), Digest: liaison.Digest(r.PostFormValue("digest")), Reason: textOf(r.PostFormValue("reason"))}
	extra := ""
	switch kind := liaison.CommandKind(r.PostFormValue("action")); kind {
	case "open":
		cmd.Kind, extra = liaison.DoOpenWindow, "opened"
		if r.PostFormValue("mode") == string(liaison.ByNoObjection) {
			cmd.Kind, cmd.Hold = liaison.DoOpenNoObjection, r.PostFormValue("hold") != ""
		}
		cmd.Window = &liaison.Opening{Last: liaison.Date(r.PostFormValue("last"))}
		for _, p := range r.PostForm["also"] {
			cmd.Window.Also = append(cmd.Window.Also, liaison.PersonID(p))
		}
	case liaison.DoObject, liaison.DoNoObjection, liaison.DoComment:
		cmd.Kind, extra = kind, "said"
	default:
		return liaison.Refuse(liaison.Invalid, "The form does not say what to do. Use one of its buttons.")
	}
	if _, err = s.engine.Do(r.Context(), cmd); err == nil {
		s.done(w, r, snap.ID, id, extra)
		return nil
	}
	return s.notDecided(w, r, me, cmd, err)
}

// enterSaid enters what somebody said outside about a window, with its evidence.
func (s *server) enterSaid(w http.ResponseWriter, r *http.Request, me *visitor) error {
	snap, err := s.readable(r, me)
	if err != nil {
		return err
	}
	if snap.ActingAs(me.ID(), liaison.AsSecretary) != liaison.AsSecretary {
		return liaison.Refuse(liaison.Forbidden, "What somebody said outside is entered by the secretariat.")
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
		ID: liaison.CommandID(command), Kind: liaison.CommandKind(u.values.Get("kind")), Statement: snap.ID, Actor: me.ID(), Reason: textOf(u.values.Get("reason")),
		Said: &liaison.Said{By: liaison.PersonID(u.values.Get("by")), Name: u.values.Get("name"), On: liaison.Date(u.values.Get("on")), Evidence: u.values.Get("evidence")},
	}
	switch cmd.Kind {
	case liaison.DoObject, liaison.DoNoObjection, liaison.DoComment:
	default:
		return liaison.Refuse(liaison.Invalid, "The form does not say what was said. Choose it from the list.")
	}
	if len(u.files) > 0 {
		cmd.Said.File = u.files[0].Digest
		if cmd.Said.Evidence == "" {
			cmd.Said.Evidence = u.files[0].Name
		}
	}
	if len(u.problems) > 0 {
		for i := range u.problems {
			u.problems[i].ID = "f-told-attachments"
		}
		return s.writeSaid(w, r, me, http.StatusUnprocessableEntity, snap, cmd, u.problems)
	}
	if _, err = s.engine.Do(r.Context(), cmd); err == nil {
		s.done(w, r, snap.ID, cmd.ID, "said")
		return nil
	}
	return s.notDecided(w, r, me, cmd, err)
}

// writeSaid shows the form with what was typed, where it stands: on the review page, or on the statement's when that is over.
func (s *server) writeSaid(w http.ResponseWriter, r *http.Request, me *visitor, status int, snap store.Snapshot, cmd liaison.Command, ps problems) error {
	if reviewable(snap.State) {
		return s.writeReview(w, r, me, status, snap, reviewExtra{command: newID(), said: &cmd, problems: ps})
	}
	return s.writeStatement(w, r, me, status, snap, statementExtra{said: &cmd, problems: ps})
}

// reviewable reports whether a statement in the state has a page on which it is decided.
func reviewable(state liaison.State) bool {
	return state.Mode() != ""
}

// consultation is what the form of a decision says of how the management team was consulted.
func consultation(v url.Values) *liaison.Consultation {
	if !v.Has("consulted") {
		return nil
	}
	c := liaison.Consultation{Kind: liaison.ConsultationKind(v.Get("consulted"))}
	if c.Kind == liaison.ConsultedOutside {
		c.Reference = v.Get("consultation")
	}
	return &c
}

// consultedForm asks how the management team was consulted, nil where the profile does not.
type consultedForm struct {
	ID      string // what the ids of its fields begin with
	Windows bool   // this revision was up for objections
	Outside bool   // the other is chosen
	Value   string
	Error   string
}

func consultedFormOf(snap store.Snapshot, me *visitor, id string, typed *liaison.Consultation, ps problems) *consultedForm {
	if !snap.AsksConsultation(me.ID()) {
		return nil
	}
	f := &consultedForm{ID: id, Windows: snap.AnsweredInWindow(), Error: ps.Of(id)}
	f.Outside = !f.Windows
	if typed != nil {
		f.Outside, f.Value = f.Outside || typed.Kind == liaison.ConsultedOutside, typed.Reference
	}
	return f
}
