package web

import (
	"net/http"
	"net/url"

	"github.com/jca-ml/liaison/liaison"
)

// employersPage is the register of who the officers of a group work for. Its secretariat and its chair see it.
type employersPage struct {
	layout
	Group    liaison.Body
	Recusal  bool // the group's rules bar whoever is employed by an addressee
	Now      []employmentView
	Past     []employmentView
	Record   *employerForm // nil for who enters none
	Problems problems
}

type employmentView struct {
	liaison.Employment
	Employer bodyLink
	MayEnd   bool
	Last     input // the form that ends it
	Reason   string
	Error    string // about the reason
}

// employerForm enters one more.
type employerForm struct {
	ID       string // of the entry to be
	Officers []officerChoice
	Bodies   []option
	From     input
	Until    input
	Evidence string
}

var employersTemplate = newPage[employersPage]("employers")

func employersAddress(group liaison.Code) string {
	return "/employers?" + url.Values{"group": {string(group)}}.Encode()
}

func (s *server) showEmployers(w http.ResponseWriter, r *http.Request, me *visitor) error {
	return s.writeEmployers(w, r, me, http.StatusOK, liaison.Code(r.FormValue("group")), liaison.Employment{ID: liaison.EmploymentID(newID())}, employerExtra{})
}

// employerExtra is what a refused form adds to the page.
type employerExtra struct {
	problems problems
	ending   liaison.EmploymentID // whose form comes back, with
	last     string
	reason   string
}

func (s *server) writeEmployers(w http.ResponseWriter, r *http.Request, me *visitor, status int, group liaison.Code, typed liaison.Employment, x employerExtra) error {
	snap, err := s.store.GroupSnapshot(r.Context(), group)
	if err != nil {
		return err
	}
	list, err := s.store.Employers(r.Context(), me.ID(), group)
	if err != nil {
		return err
	}
	p := employersPage{layout: s.layout(r, "Employers of officers"), Group: snap.GroupBody, Recusal: snap.Profile.Approval.Recusal, Problems: x.problems}
	enters := officeOf(me, group, liaison.OfficeSecretary)
	for _, e := range list {
		v := employmentView{Employment: e, Employer: bodyLink{e.BodyLabel, bodyAddress(e.Body)}}
		if e.EndedOn != "" || e.Until != "" && e.Until < snap.Today {
			p.Past = append(p.Past, v)
			continue
		}
		v.MayEnd = enters
		v.Last = input{ID: "f-last-" + string(e.ID), Name: "last", Label: "Last day", Hint: "Leave it empty if it never held, as after a mistake.", Kind: "date", Value: string(snap.Today)}
		if x.ending == e.ID {
			v.Last.Value, v.Last.Error, v.Reason, v.Error = x.last, x.problems.Of(v.Last.ID), x.reason, x.problems.Of("f-reason-"+string(e.ID))
		}
		p.Now = append(p.Now, v)
	}
	if enters {
		if p.Record, err = s.employerForm(r, snap.Snapshot, typed, x.problems); err != nil {
			return err
		}
	}
	return employersTemplate.write(w, status, p)
}

// officeOf reports whether the person holds one of the offices of the group today.
func officeOf(me *visitor, group liaison.Code, offices ...liaison.Office) bool {
	for _, a := range me.Offices {
		for _, o := range offices {
			if a.Group == group && a.Office == o {
				return true
			}
		}
	}
	return false
}

func (s *server) employerForm(r *http.Request, snap liaison.Snapshot, typed liaison.Employment, ps problems) (*employerForm, error) {
	f := &employerForm{
		ID: string(typed.ID), Evidence: typed.Evidence,
		From:  input{ID: "f-from", Name: "from", Label: "First day", Kind: "date", Value: string(typed.From), Error: ps.Of("f-from")},
		Until: input{ID: "f-until", Name: "until", Label: "Last day", Hint: "Empty while it lasts.", Kind: "date", Value: string(typed.Until), Error: ps.Of("f-until")},
	}
	listed := map[liaison.PersonID]bool{}
	for _, o := range liaison.Offices { // who decides stands first
		for _, a := range snap.Officers {
			if a.Office == o.Office && o.Office != liaison.OfficeAuditor && !listed[a.Person.ID] && (a.Until == "" || a.Until >= snap.Today) {
				listed[a.Person.ID] = true
				f.Officers = append(f.Officers, officerChoice{a.Person.ID, a.Person.Name + ", " + a.Office.Label(), a.Person.ID == typed.Person.ID})
			}
		}
	}
	bodies, err := s.store.Bodies(r.Context())
	if err != nil {
		return nil, err
	}
	f.Bodies = append(f.Bodies, option{"", "choose a body", typed.Body == ""})
	for _, b := range bodies {
		f.Bodies = append(f.Bodies, option{string(b.Code), b.Label(), b.Code == typed.Body})
	}
	return f, nil
}

func (s *server) recordEmployer(w http.ResponseWriter, r *http.Request, me *visitor) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	e := liaison.Employment{
		ID: liaison.EmploymentID(r.PostFormValue("id")), Group: liaison.Code(r.PostFormValue("group")), Person: liaison.Person{ID: liaison.PersonID(r.PostFormValue("person"))},
		Body: liaison.Code(r.PostFormValue("body")), From: liaison.Date(r.PostFormValue("from")), Until: liaison.Date(r.PostFormValue("until")), Evidence: textOf(r.PostFormValue("evidence")),
	}
	if !isID(string(e.ID)) {
		return liaison.Refuse(liaison.Invalid, "The form was not made by this page. Open the page again and send it from there.")
	}
	return s.afterEmployer(w, r, me, e.Group, s.store.RecordEmployment(r.Context(), me.ID(), e), func(refused *liaison.Error) (liaison.Employment, employerExtra) {
		return e, employerExtra{problems: problems{{fieldID(refused.Field), unavailableWords(refused)}}}
	})
}

func (s *server) endEmployer(w http.ResponseWriter, r *http.Request, me *visitor) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	id, group, last, reason := liaison.EmploymentID(r.PathValue("id")), liaison.Code(r.PostFormValue("group")), r.PostFormValue("last"), textOf(r.PostFormValue("reason"))
	return s.afterEmployer(w, r, me, group, s.store.EndEmployment(r.Context(), me.ID(), id, liaison.Date(last), reason), func(refused *liaison.Error) (liaison.Employment, employerExtra) {
		return liaison.Employment{ID: liaison.EmploymentID(newID())}, employerExtra{problems: problems{{fieldID(refused.Field) + "-" + string(id), unavailableWords(refused)}}, ending: id, last: last, reason: reason}
	})
}

// afterEmployer goes back to the register, or shows it with the form that was refused.
func (s *server) afterEmployer(w http.ResponseWriter, r *http.Request, me *visitor, group liaison.Code, err error, again func(*liaison.Error) (liaison.Employment, employerExtra)) error {
	if err == nil {
		http.Redirect(w, r, employersAddress(group), http.StatusSeeOther)
		return nil
	}
	e := refusal(err)
	if e == nil || e.Code == liaison.Forbidden || e.Code == liaison.NotFound {
		return err
	}
	note(r.Context()).err = err
	typed, extra := again(e)
	return s.writeEmployers(w, r, me, statusOf(e.Code), group, typed, extra)
}
