package web

import (
	"net/http"
	"net/url"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// absencesPage is the register of who cannot decide, or leaves it to a vice-chair, on which days.
type absencesPage struct {
	layout
	Group    liaison.Body
	Zone     string
	Now      []absenceView // that hold today or will
	Past     []absenceView
	Record   *absenceForm // nil for who may record none
	Problems problems
}

type absenceView struct {
	liaison.Absence
	Label  string
	Today  bool
	MayEnd bool
	Error  string
	Typed  string
}

// absenceForm records one more.
type absenceForm struct {
	ID       string // of the record to be
	Kind     liaison.AbsenceKind
	Officers []officerChoice // who may be absent or delegate
	Deputies []officerChoice
	Delegate bool // the profile has delegations
	From     input
	Until    input
	Evidence string
}

type officerChoice struct {
	ID      liaison.PersonID
	Label   string
	Current bool
}

var absencesTemplate = newPage[absencesPage]("absences")

func absencesAddress(group liaison.Code) string {
	return "/absences?" + url.Values{"group": {string(group)}}.Encode()
}

func (s *server) showAbsences(w http.ResponseWriter, r *http.Request, me *visitor) error {
	return s.writeAbsences(w, r, me, http.StatusOK, liaison.Code(r.FormValue("group")), liaison.Absence{ID: liaison.AbsenceID(newID()), Kind: liaison.Absent}, absenceExtra{})
}

// absenceExtra is what a refused form adds to the page.
type absenceExtra struct {
	problems problems
	ending   liaison.AbsenceID // whose form comes back
	typed    string
}

// writeAbsences shows the register of a group to its officers.
func (s *server) writeAbsences(w http.ResponseWriter, r *http.Request, me *visitor, status int, group liaison.Code, typed liaison.Absence, x absenceExtra) error {
	snap, err := s.store.GroupSnapshot(r.Context(), group)
	if err != nil {
		return err
	}
	if !officerOf(snap, me) {
		return liaison.Refuse(liaison.NotFound, "There is no such register that you may read.")
	}
	p := absencesPage{layout: s.layout(r, "Absences and delegations"), Group: snap.GroupBody, Zone: snap.Profile.TimeZone, Problems: x.problems}
	for i := len(snap.Absences) - 1; i >= 0; i-- {
		a := snap.Absences[i]
		v := absenceView{Absence: a, Label: a.Kind.Label(), Today: a.On(snap.Today)}
		if a.EndedOn != "" || a.Until < snap.Today {
			p.Past = append(p.Past, v)
			continue
		}
		_, err := a.MayEnd(snap.Snapshot, me.ID())
		v.MayEnd = err == nil
		if x.ending == a.ID {
			v.Error, v.Typed = x.problems.Of("f-reason-"+string(a.ID)), x.typed
		}
		p.Now = append(p.Now, v)
	}
	p.Record = recordAbsenceForm(snap, me, typed, x.problems)
	return absencesTemplate.write(w, status, p)
}

func officerOf(snap store.Snapshot, me *visitor) bool {
	return snap.CapacitiesOf(me.ID())[0] != liaison.AsReader
}

// recordAbsenceForm offers what the person may record: what concerns themselves, and to the secretariat all of it.
func recordAbsenceForm(snap store.Snapshot, me *visitor, typed liaison.Absence, ps problems) *absenceForm {
	f := &absenceForm{
		ID: string(typed.ID), Kind: typed.Kind, Evidence: typed.Evidence, Delegate: snap.Profile.Approval.DeputyMay,
		From:  input{ID: "f-from", Name: "from", Label: "First day", Kind: "date", Value: string(typed.From), Error: ps.Of("f-from")},
		Until: input{ID: "f-until", Name: "until", Label: "Last day", Hint: "Inclusive, to the end of the day in " + snap.Profile.TimeZone + ".", Kind: "date", Value: string(typed.Until), Error: ps.Of("f-until")},
	}
	if f.From.Value == "" {
		f.From.Value = string(snap.Today)
	}
	for _, o := range []liaison.Office{liaison.OfficeChair, liaison.OfficeViceChair} {
		for _, person := range snap.InOffice(o) {
			choice := officerChoice{person.ID, person.Name + ", " + o.Label(), person.ID == typed.Person.ID}
			if _, err := (liaison.Absence{Person: person}).MayEnd(snap.Snapshot, me.ID()); err == nil {
				f.Officers = append(f.Officers, choice)
			}
			if o == liaison.OfficeViceChair {
				choice.Current = person.ID == typed.Deputy.ID
				f.Deputies = append(f.Deputies, choice)
			}
		}
	}
	if len(f.Officers) == 0 {
		return nil
	}
	return f
}

func (s *server) recordAbsence(w http.ResponseWriter, r *http.Request, me *visitor) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	group := liaison.Code(r.PostFormValue("group"))
	a := liaison.Absence{
		ID: liaison.AbsenceID(r.PostFormValue("id")), Group: group, Kind: liaison.AbsenceKind(r.PostFormValue("kind")),
		Person: liaison.Person{ID: liaison.PersonID(r.PostFormValue("person"))}, Deputy: liaison.Person{ID: liaison.PersonID(r.PostFormValue("deputy"))},
		From: liaison.Date(r.PostFormValue("from")), Until: liaison.Date(r.PostFormValue("until")), Evidence: textOf(r.PostFormValue("evidence")),
	}
	if !isID(string(a.ID)) {
		return liaison.Refuse(liaison.Invalid, "The form was not made by this page. Open the page again and send it from there.")
	}
	if a.Kind != liaison.Delegation {
		a.Deputy = liaison.Person{}
	}
	err := s.store.RecordAbsence(r.Context(), me.ID(), a)
	if err == nil {
		http.Redirect(w, r, absencesAddress(group), http.StatusSeeOther)
		return nil
	}
	e := refusal(err)
	if e == nil || e.Code == liaison.Forbidden || e.Code == liaison.NotFound {
		return err
	}
	note(r.Context()).err = err
	return s.writeAbsences(w, r, me, statusOf(e.Code), group, a, absenceExtra{problems: problems{{fieldID(e.Field), unavailableWords(e)}}})
}

func (s *server) endAbsence(w http.ResponseWriter, r *http.Request, me *visitor) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	id, group, reason := liaison.AbsenceID(r.PathValue("id")), liaison.Code(r.PostFormValue("group")), textOf(r.PostFormValue("reason"))
	err := s.store.EndAbsence(r.Context(), me.ID(), id, reason)
	if err == nil {
		http.Redirect(w, r, absencesAddress(group), http.StatusSeeOther)
		return nil
	}
	e := refusal(err)
	if e == nil || e.Code == liaison.Forbidden || e.Code == liaison.NotFound {
		return err
	}
	note(r.Context()).err = err
	return s.writeAbsences(w, r, me, statusOf(e.Code), group, liaison.Absence{ID: liaison.AbsenceID(newID()), Kind: liaison.Absent},
		absenceExtra{problems: problems{{"f-reason-" + string(id), unavailableWords(e)}}, ending: id, typed: reason})
}
