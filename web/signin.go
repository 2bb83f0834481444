package web

import (
	"crypto/rand"
	"net"
	"net/http"
	"strings"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

type signInPage struct {
	layout
	Choose  bool // the demo's choice of persons is offered
	People  []signInPerson
	Next    string
	Problem string
}

type signInPerson struct {
	ID, Name, Words, Affiliation, Can string
	Current                           bool
}

var signInTemplate = newPage[signInPage]("signin")

func (s *server) showSignIn(w http.ResponseWriter, r *http.Request) error {
	return s.writeSignIn(w, r, http.StatusOK, r.FormValue("next"), "")
}

func (s *server) writeSignIn(w http.ResponseWriter, r *http.Request, status int, next, problem string) error {
	p := signInPage{layout: s.layout(r, "Sign in"), Next: localAddress(next), Problem: problem, Choose: s.demo && loopback(r)}
	if p.Choose {
		people, err := s.store.People(r.Context())
		if err != nil {
			return err
		}
		offices, err := s.store.InOffice(r.Context())
		if err != nil {
			return err
		}
		p.People = signInPeople(people, offices, p.Me)
	}
	return signInTemplate.write(w, status, p)
}

// canDo says what there is to try as the holder of an office.
var canDo = map[liaison.Office]string{
	liaison.OfficeChair:     "sees exactly what would leave, and decides",
	liaison.OfficeViceChair: "reads everything of the group and drafts",
	liaison.OfficeSecretary: "dispatches, follows every message, closes",
	liaison.OfficeEditor:    "drafts, attaches and submits",
}

// signInPeople lists officers first, in the order of their offices, then everybody else.
func signInPeople(people []liaison.Person, offices []store.Office, me *visitor) []signInPerson {
	byPerson := map[liaison.PersonID][]store.Office{}
	for _, o := range offices {
		byPerson[o.Person.ID] = append(byPerson[o.Person.ID], o)
	}
	var out []signInPerson
	add := func(p liaison.Person, can string) {
		current := me != nil && me.ID() == p.ID || me == nil && len(out) == 0
		out = append(out, signInPerson{string(p.ID), p.Name, officesInWords(byPerson[p.ID]), p.Affiliation, can, current})
	}
	seen := map[liaison.PersonID]bool{}
	for _, o := range offices {
		if !seen[o.Person.ID] {
			seen[o.Person.ID] = true
			add(o.Person, canDo[o.Office])
		}
	}
	for _, p := range people {
		if !seen[p.ID] {
			add(p, "reads what has been dispatched")
		}
	}
	return out
}

// signIn begins a session as anybody, which only a demo allows, and only to who sits at this machine.
func (s *server) signIn(w http.ResponseWriter, r *http.Request) error {
	if !s.demo || !loopback(r) {
		return liaison.Refuse(liaison.NotFound, "Signing in without a password is part of the demo, on the machine that it runs on, and of nothing else.")
	}
	if err := readForm(w, r); err != nil {
		return err
	}
	person, err := s.store.Person(r.Context(), liaison.PersonID(r.PostFormValue("person")))
	if liaison.CodeOf(err) == liaison.NotFound {
		return s.writeSignIn(w, r, http.StatusUnprocessableEntity, r.PostFormValue("next"), "Choose who you are.")
	} else if err != nil {
		return err
	}
	ctx := r.Context()
	if err := s.sessions.Clear(ctx); err != nil {
		return err
	}
	// The token changes with the person, so that one who knew it before does not know it after.
	if err := s.sessions.RenewToken(ctx); err != nil {
		return err
	}
	s.sessions.Put(ctx, sessionPerson, string(person.ID))
	s.sessions.Put(ctx, sessionKey, rand.Text())
	http.Redirect(w, r, localAddress(r.PostFormValue("next")), http.StatusSeeOther) //nolint:gosec // G710: localAddress lets it lead to our own pages only
	return nil
}

func (s *server) signOut(w http.ResponseWriter, r *http.Request) error {
	if err := s.sessions.Destroy(r.Context()); err != nil {
		return err
	}
	http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
	return nil
}

// loopback reports whether the request comes from this machine and was meant for it. The Host is asked too, because a
// name of somebody else's that resolves to 127.0.0.1 would otherwise be us.
func loopback(r *http.Request) bool {
	if r.Header.Get("Forwarded") != "" || r.Header.Get("X-Forwarded-For") != "" {
		return false // a proxy on this machine is not the person at it
	}
	return loopbackHost(r.RemoteAddr) && loopbackHost(r.Host)
}

func loopbackHost(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// localAddress lets a redirect go to a page of ours and nowhere else.
func localAddress(next string) string {
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") || strings.HasPrefix(next, "/sign-in") {
		return "/"
	}
	return next
}
