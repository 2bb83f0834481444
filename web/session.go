package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// How long a session lasts: unused, and at most.
const (
	sessionIdle = 12 * time.Hour
	sessionMost = 7 * 24 * time.Hour
)

// What a session holds. It is written at sign-in only, so that two tabs cannot overwrite each other's.
const (
	sessionPerson = "person"
	sessionKey    = "key" // seals what forms carry between two requests; see seal.go
)

func (s *server) newSessions() *scs.SessionManager {
	m := scs.New()
	m.Store = sessionStore{s.store}
	m.Codec = sessionCodec{}
	m.HashTokenInStore = true
	m.IdleTimeout, m.Lifetime = sessionIdle, sessionMost
	m.ErrorFunc = s.fault
	m.Cookie.Name = "liaison"
	m.Cookie.HttpOnly = true
	m.Cookie.SameSite = http.SameSiteLaxMode
	m.Cookie.Persist = false
	if s.secure {
		m.Cookie.Name, m.Cookie.Secure = "__Host-liaison", true
	}
	return m
}

// session loads the session of a request. Without a cookie there is nothing to load, and nothing is stored.
func (s *server) session(next http.Handler) http.Handler { return s.sessions.LoadAndSave(next) }

// sessionCodec writes the same bytes for the same session, so that the store sees when nothing has changed.
type sessionCodec struct{}

type sessionData struct {
	Deadline time.Time         `json:"deadline"`
	Values   map[string]string `json:"values"`
}

func (sessionCodec) Encode(deadline time.Time, values map[string]any) ([]byte, error) {
	d := sessionData{Deadline: deadline, Values: map[string]string{}}
	for k, v := range values {
		text, ok := v.(string)
		if !ok {
			return nil, fmt.Errorf("session value %s is no text", k)
		}
		d.Values[k] = text
	}
	return json.Marshal(d)
}

func (sessionCodec) Decode(b []byte) (time.Time, map[string]any, error) {
	var d sessionData
	if err := json.Unmarshal(b, &d); err != nil {
		return time.Time{}, nil, fmt.Errorf("decode session: %w", err)
	}
	values := map[string]any{}
	for k, v := range d.Values {
		values[k] = v
	}
	return d.Deadline, values, nil
}

// sessionStore keeps sessions in the database. The library hands it digests, never tokens.
type sessionStore struct{ store *store.Store }

func (s sessionStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	return s.store.FindSession(ctx, token)
}

func (s sessionStore) CommitCtx(ctx context.Context, token string, b []byte, expiry time.Time) error {
	return s.store.CommitSession(ctx, token, b, expiry)
}

func (s sessionStore) DeleteCtx(ctx context.Context, token string) error {
	return s.store.DeleteSession(ctx, token)
}

// The methods without a context are there because the library's interface lists them; it calls those above.
var errNoContext = errors.New("session store: called without a context")

func (sessionStore) Find(string) ([]byte, bool, error)      { return nil, false, errNoContext }
func (sessionStore) Commit(string, []byte, time.Time) error { return errNoContext }
func (sessionStore) Delete(string) error                    { return errNoContext }

// visitor is the person who asks for a page.
type visitor struct {
	store.Visitor
	Words string // the offices in words: "Chair of JCA-ML"

	Auditor bool   // holds that office; it is not among Offices, which are those that act
	key     []byte // of the session
}

func (v *visitor) ID() liaison.PersonID { return v.Person.ID }

type visitorKey struct{}

// visiting returns who asks, or nil.
func visiting(ctx context.Context) *visitor {
	v, _ := ctx.Value(visitorKey{}).(*visitor)
	return v
}

type openHandler func(w http.ResponseWriter, r *http.Request) error

type visitorHandler func(w http.ResponseWriter, r *http.Request, me *visitor) error

// open serves a page to anybody, and knows who it is if they are signed in.
func (s *server) open(h openHandler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r, _, err := s.who(r)
		if err == nil {
			err = h(w, r)
		}
		if err != nil {
			s.fault(w, r, err)
		}
	})
}

// signedIn serves a page to whoever is signed in, and sends everybody else to sign in first.
func (s *server) signedIn(h visitorHandler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r, me, err := s.who(r)
		switch {
		case err != nil:
			s.fault(w, r, err)
		case me != nil:
			if err := h(w, r, me); err != nil {
				s.fault(w, r, err)
			}
		case r.Method == http.MethodGet || r.Method == http.MethodHead:
			next := ""
			if r.URL.Path != "/" {
				next = "?next=" + url.QueryEscape(r.URL.RequestURI())
			}
			http.Redirect(w, r, "/sign-in"+next, http.StatusSeeOther)
		default:
			s.showError(w, r, http.StatusForbidden, "You are signed out",
				"Nothing was done. Sign in in another window, come back to this one and go back: your browser still has what you typed, and you can send it again.")
		}
	})
}

// who finds out who asks, from the session. A session of someone who is not there any more is nobody's.
func (s *server) who(r *http.Request) (*http.Request, *visitor, error) {
	ctx := r.Context()
	id := liaison.PersonID(s.sessions.GetString(ctx, sessionPerson))
	if id == "" {
		return r, nil, nil
	}
	v, err := s.store.Visitor(ctx, id)
	if liaison.CodeOf(err) == liaison.NotFound {
		return r, nil, nil
	} else if err != nil {
		return r, nil, err
	}
	me := &visitor{Visitor: v, Words: officesInWords(v.Offices), key: []byte(s.sessions.GetString(ctx, sessionKey))}
	me.Offices = slices.DeleteFunc(me.Offices, func(o store.Office) bool {
		me.Auditor = me.Auditor || o.Office == liaison.OfficeAuditor
		return o.Office == liaison.OfficeAuditor
	})
	note(ctx).person = id
	return r.WithContext(context.WithValue(ctx, visitorKey{}, me)), me, nil
}
