package web

import (
	"net/http"

	"github.com/jca-ml/liaison/liaison"
)

type bodiesPage struct {
	layout
	Groups   []bodyGroup
	Total    int
	Add      []input // the form of a new body, for the secretariat
	Problems problems
}

type bodyGroup struct {
	ID, Label string
	Bodies    []bodyRow
}

type bodyRow struct {
	liaison.Body
	Address string
	Next    *bodyLink // who took its work over
}

type bodyLink struct{ Label, Address string }

type bodyPage struct {
	layout
	Body       liaison.Body
	InForce    bool
	Parent     *bodyLink
	Successor  *bodyLink
	InPlace    *bodyLink  // that is addressed in its place, if the successor has ended too
	Namesakes  []bodyLink // that only their organization tells apart
	Before     []bodyLink // whose work it took over
	Parts      []bodyLink
	InOffice   []officerRow
	Former     []officerRow
	Absences   string // the address of their register, for the group's officers
	Employers  string // the same of who they work for, for the secretariat and the chair
	Terms      []termsView
	Overdue    liaison.Date // by when the continuation was to be decided, if that has passed
	Statements []lineView
	More       bool
	Reach      reachView
	OwnLink    bool // the reader may revoke the link to the body's own page
}

type officerRow struct {
	liaison.Appointment
	Label string
}

type termsView struct {
	liaison.TermsOfReference
	ParentLink  *bodyLink
	ProfileName string
	Current     bool
}

var (
	bodiesTemplate = newPage[bodiesPage]("bodies")
	bodyTemplate   = newPage[bodyPage]("body")
)

func bodyAddress(code liaison.Code) string { return "/bodies/" + string(code) }

func (s *server) showBodies(w http.ResponseWriter, r *http.Request, me *visitor) error {
	return s.writeBodies(w, r, me, http.StatusOK, liaison.Body{}, nil)
}

// writeBodies shows the list; typed is what somebody typed into the form of a new body.
func (s *server) writeBodies(w http.ResponseWriter, r *http.Request, me *visitor, status int, typed liaison.Body, ps problems) error {
	all, err := s.store.Bodies(r.Context())
	if err != nil {
		return err
	}
	byCode := map[liaison.Code]liaison.Body{}
	for _, b := range all {
		byCode[b.Code] = b
	}
	today := liaison.DateOf(s.now(), me.Zone)
	groups := []bodyGroup{{ID: "groups", Label: "Groups"}, {ID: "organizations", Label: "External organizations"}, {ID: "former", Label: "No longer in force"}}
	for _, b := range all {
		row := bodyRow{Body: b, Address: bodyAddress(b.Code), Next: linkTo(byCode, b.Successor)}
		i := 0
		switch {
		case !b.InForce(today):
			i = 2
		case b.Kind == liaison.Organization:
			i = 1
		}
		groups[i].Bodies = append(groups[i].Bodies, row)
	}
	p := bodiesPage{layout: s.layout(r, "Bodies"), Total: len(all), Problems: ps}
	if inSecretariat(me) {
		p.Add = newBodyFields(typed, ps)
	}
	for _, g := range groups {
		if len(g.Bodies) > 0 {
			p.Groups = append(p.Groups, g)
		}
	}
	return bodiesTemplate.write(w, status, p)
}

func linkTo(bodies map[liaison.Code]liaison.Body, code liaison.Code) *bodyLink {
	if code == "" {
		return nil
	}
	label := string(code)
	if b, ok := bodies[code]; ok {
		label = b.Label()
	}
	return &bodyLink{label, bodyAddress(code)}
}

// bodyStatements is how many statements a body's card lists.
const bodyStatements = 20

func (s *server) showBody(w http.ResponseWriter, r *http.Request, me *visitor) error {
	code, err := liaison.ParseCode(r.PathValue("code"))
	if err != nil {
		return liaison.Refuse(liaison.NotFound, "There is no such body. Choose one from the list of bodies.")
	}
	return s.writeBody(w, r, me, code, http.StatusOK, nil)
}

// writeBody shows the card of a body. form, if there is one, puts what was typed into the form of how it is reached.
func (s *server) writeBody(w http.ResponseWriter, r *http.Request, me *visitor, code liaison.Code, status int, form func(*reachView)) error {
	ctx := r.Context()
	b, err := s.store.Body(ctx, code)
	if err != nil {
		return err
	}
	all, err := s.store.Bodies(ctx)
	if err != nil {
		return err
	}
	bodies := map[liaison.Code]liaison.Body{}
	for _, x := range all {
		bodies[x.Code] = x
	}
	today := liaison.DateOf(s.now(), me.Zone)
	p := bodyPage{layout: s.layout(r, b.Label()), Body: b, InForce: b.InForce(today), Parent: linkTo(bodies, b.Parent), Successor: linkTo(bodies, b.Successor)}
	if now, _, err := liaison.Resolve(b.Code, today, func(c liaison.Code) (liaison.Body, bool) { x, ok := bodies[c]; return x, ok }); err == nil && now.Code != b.Code && now.Code != b.Successor {
		p.InPlace = linkTo(bodies, now.Code)
	}
	for _, x := range all {
		if x.Code != b.Code && x.Code.Part() == b.Code.Part() {
			p.Namesakes = append(p.Namesakes, bodyLink{x.Label(), bodyAddress(x.Code)})
		}
		if x.Successor == b.Code {
			p.Before = append(p.Before, bodyLink{x.Label(), bodyAddress(x.Code)})
		}
		if x.Parent == b.Code {
			p.Parts = append(p.Parts, bodyLink{x.Label(), bodyAddress(x.Code)})
		}
	}
	officers, err := s.store.Officers(ctx, b.Code)
	if err != nil {
		return err
	}
	for _, o := range officers {
		row := officerRow{o, o.Office.Label()}
		if today.Within(o.From, o.Until) {
			p.InOffice = append(p.InOffice, row)
		} else {
			p.Former = append(p.Former, row)
		}
	}
	for _, o := range me.Offices {
		if o.Group == b.Code {
			p.Absences = absencesAddress(b.Code)
		}
	}
	if officeOf(me, b.Code, liaison.OfficeSecretary, liaison.OfficeChair) {
		p.Employers = employersAddress(b.Code)
	}
	terms, err := s.store.TermsOfReference(ctx, b.Code)
	if err != nil {
		return err
	}
	for i, t := range terms {
		v := termsView{TermsOfReference: t, ParentLink: linkTo(bodies, t.Parent), ProfileName: t.Profile, Current: i == 0}
		if profile, err := s.store.Profile(t.Profile); err == nil {
			v.ProfileName = profile.Name
		}
		p.Terms = append(p.Terms, v)
	}
	if len(terms) > 0 && terms[0].ReviewedBy != "" && terms[0].ReviewedBy <= today && p.InForce {
		p.Overdue = terms[0].ReviewedBy // a decision to continue would be a newer version
	}
	lines, err := s.store.StatementsTo(ctx, me.ID(), b.Code, bodyStatements+1)
	if err != nil {
		return err
	}
	if len(lines) > bodyStatements {
		lines, p.More = lines[:bodyStatements], true
	}
	p.Statements = s.lineViews(lines, me)
	for _, o := range me.Offices {
		p.OwnLink = p.OwnLink || len(s.keys) > 0 && (o.Office == liaison.OfficeSecretary || o.Office == liaison.OfficeChair)
	}
	if r.URL.Query().Has("revoked") {
		p.Flash = "The link to its own page is revoked. Its next visit to a message shows a new one."
	}
	if p.Reach, err = s.reachOf(ctx, b.Code, me); err != nil {
		return err
	}
	if r.URL.Query().Has("saved") {
		p.Flash = "Recorded. It holds for what is saved and submitted from now on."
	}
	if form != nil {
		form(&p.Reach)
	}
	return bodyTemplate.write(w, status, p)
}
