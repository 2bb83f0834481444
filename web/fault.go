package web

import (
	"crypto/rand"
	"errors"
	"net/http"

	"github.com/jca-ml/liaison/liaison"
)

// statusOf is the one place where a refusal becomes an HTTP status.
func statusOf(code liaison.ErrorCode) int {
	switch code {
	case liaison.Invalid:
		return http.StatusUnprocessableEntity
	case liaison.Forbidden:
		return http.StatusForbidden
	case liaison.NotFound:
		return http.StatusNotFound
	case liaison.Conflict, liaison.Stale:
		return http.StatusConflict
	case liaison.TooLarge:
		return http.StatusRequestEntityTooLarge
	case liaison.Unavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

// refusal returns the error that a person may read, or nil when err is none of those.
func refusal(err error) *liaison.Error {
	if e, ok := errors.AsType[*liaison.Error](err); ok && e.Code != liaison.Internal {
		return e
	}
	return nil
}

type errorPage struct {
	layout
	Heading, Message string
	Reference        string // that the log carries too
}

var errorTemplate = newPage[errorPage]("error")

var headings = map[liaison.ErrorCode]string{
	liaison.Invalid:     "That cannot be accepted as it stands",
	liaison.Forbidden:   "That is not yours to do",
	liaison.NotFound:    "There is no such page",
	liaison.Conflict:    "That is not possible now",
	liaison.Stale:       "It has changed since you saw it",
	liaison.TooLarge:    "That is too large",
	liaison.Unavailable: "Not available at the moment",
}

// statusGone is what the log says of a request that nobody waits for any more, as nginx does; nobody gets to see it.
const statusGone = 499

// fault answers with the page that fits err: what the domain says in its own words, or a reference number for
// everything else. Nothing of an internal error reaches the page.
func (s *server) fault(w http.ResponseWriter, r *http.Request, err error) {
	n := note(r.Context())
	n.err = err
	if r.Context().Err() != nil {
		w.WriteHeader(statusGone)
		return
	}
	if e := refusal(err); e != nil {
		s.refuse(w, r, e)
		return
	}
	n.reference = rand.Text()[:8]
	s.writeError(w, r, http.StatusInternalServerError, errorPage{
		Heading: "Something went wrong here", Message: "It is not your doing. Nothing half-done was kept; what you typed is still in your browser if you go back. If it happens again, tell the operator this number.",
		Reference: n.reference,
	})
}

func (s *server) refuse(w http.ResponseWriter, r *http.Request, e *liaison.Error) {
	s.showError(w, r, statusOf(e.Code), headings[e.Code], e.Message)
}

func (s *server) showError(w http.ResponseWriter, r *http.Request, status int, heading, message string) {
	s.writeError(w, r, status, errorPage{Heading: heading, Message: message})
}

// writeError must not depend on the database: it is what shows that the database is down.
func (s *server) writeError(w http.ResponseWriter, r *http.Request, status int, p errorPage) {
	p.layout = s.layout(r, p.Heading)
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
	}
	if err := errorTemplate.write(w, status, p); err != nil {
		note(r.Context()).err = errors.Join(note(r.Context()).err, err)
		http.Error(w, p.Heading, status)
	}
}
