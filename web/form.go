package web

import (
	"errors"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// maxForm bounds a form without files: a reason of the greatest length, every character of it escaped, fits.
const maxForm = 256 << 10

// newID makes the id that a form carries, so that a repeat of the form is the same command.
func newID() string { return uuid.NewString() }

// isID reports whether s has the form of one of our ids.
func isID(s string) bool {
	_, err := uuid.Parse(s)
	return err == nil
}

// readForm reads a form without files.
func readForm(w http.ResponseWriter, r *http.Request) error { return readFormUpTo(w, r, maxForm) }

func readFormUpTo(w http.ResponseWriter, r *http.Request, limit int64) error {
	r.Body = http.MaxBytesReader(w, r.Body, limit)
	if err := r.ParseForm(); err != nil {
		if _, over := errors.AsType[*http.MaxBytesError](err); over {
			return liaison.Refuse(liaison.TooLarge, "The form is larger than anything that fits into it. Go back: what you typed is still there; shorten it.")
		}
		return liaison.Refuse(liaison.Invalid, "The form did not arrive whole. Go back and send it again.")
	}
	return nil
}

// commandID reads the id that the form was made with.
func commandID(r *http.Request) (liaison.CommandID, error) {
	id, err := uuid.Parse(r.PostFormValue("command"))
	if err != nil {
		return "", liaison.Refuse(liaison.Invalid, "The form was not made by this page. Open the page again and send it from there.")
	}
	return liaison.CommandID(id.String()), nil
}

// asked reads what a form about the statement of the address begins with: the statement, the form, and the id that it was made with.
func (s *server) asked(w http.ResponseWriter, r *http.Request, me *visitor) (snap store.Snapshot, id liaison.CommandID, err error) {
	if snap, err = s.readable(r, me); err != nil {
		return snap, "", err
	}
	if err = readForm(w, r); err != nil {
		return snap, "", err
	}
	id, err = commandID(r)
	return snap, id, err
}

// notDone sorts out why a command was not carried out. What no form can mend it answers, and e is nil; else e is for the form that
// comes back.
func (s *server) notDone(w http.ResponseWriter, r *http.Request, me *visitor, err error) (e *liaison.Error, answer error) {
	e = refusal(err)
	switch {
	case e == nil || e.Code == liaison.Forbidden || e.Code == liaison.NotFound:
		return nil, err
	case e.Code == liaison.Conflict:
		return nil, s.decidedMeanwhile(w, r, me, e)
	}
	note(r.Context()).err = err
	return e, nil
}

// problem is one line of a form's error summary, which links to the field.
type problem struct {
	ID      string // of the field in the page
	Message string
}

// problems are the faults of a form, by field.
type problems []problem

// Has reports whether something is wrong with the field.
func (ps problems) Has(id string) bool { return ps.Of(id) != "" }

// Of is what is wrong with the field, or "".
func (ps problems) Of(id string) string {
	var out []string
	for _, p := range ps {
		if p.ID == id {
			out = append(out, p.Message)
		}
	}
	return strings.Join(out, " ")
}

// fieldID is the id in the page of a field as [liaison.Error] and [liaison.Finding] name it.
func fieldID(field string) string {
	if field == "" {
		return "main"
	}
	return "f-" + strings.NewReplacer(".", "-", "_", "-").Replace(field)
}

func problemOf(e *liaison.Error) problem { return problem{fieldID(e.Field), e.Message} }

// input is one field of a form as its template shows it.
type input struct {
	ID, Name, Label, Hint, Value, Error string
	Kind                                string // date, email, tel, text for several lines, choice; "" for a line
	Warn                                string // what the check list says of it
	Options                             []option
}

// Describe lists what explains the field to a screen reader.
func (i input) Describe() string {
	var ids []string
	if i.Hint != "" {
		ids = append(ids, i.ID+"-hint")
	}
	if i.Error != "" {
		ids = append(ids, i.ID+"-error")
	}
	if i.Warn != "" {
		ids = append(ids, i.ID+"-warn")
	}
	return strings.Join(ids, " ")
}

// textOf is what a textarea sent, with line ends as they are stored.
func textOf(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }
