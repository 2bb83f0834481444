// Package web is the pages: what a chair, a secretariat, an editor and an auditor see and do.
//
//	request ──log, headers, cross-origin, session──> routes.go ──> one file per page ──read──> store
//	                                                                     │                └──do──> Engine
//	                                                                     └──> templates/NAME.html, in a buffer, then out
//
// One page is one Go file with its struct, its handler and its form, and one template of the same name. Pages judge
// nothing: what may be done now is [liaison.May]'s answer, what is refused is the engine's. Every page works without
// JavaScript; there is none.
package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/jca-ml/liaison/internal/inbound"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// Engine is the one write path. Do refuses with a [liaison.Error]; with the code [liaison.Unavailable] nothing was
// changed, or the same command may be tried again.
type Engine interface {
	Do(ctx context.Context, cmd liaison.Command) (liaison.Answer, error)
	Ready(ctx context.Context) error
	// Wake has the messages that waited looked at now, because sending was resumed.
	Wake(ctx context.Context, waiting []store.Waiting) error
}

// Post renders e-mails. Preview returns the exact message (RFC 5322) that addressee number position, from 1, would get
// of the snapshot's revision, or did get.
type Post interface {
	Preview(ctx context.Context, snap store.Snapshot, position int) ([]byte, error)
	Findings(ctx context.Context, c liaison.Content) ([]liaison.Finding, error) // what stands in the way of sending it
}

// Config is what the pages are built from. Store, Engine and Post are required.
type Config struct {
	Store   *store.Store
	Engine  Engine
	Post    Post
	Relay   string             // that messages leave through, as the ledger calls it; "" if the pages are not told
	Keys    inbound.Keys       // of the links in messages to addressees; without them there are none
	Audit   store.AuditOptions // keys and authorities that a check asked for on the page is held against; none for those that the database names
	Inbox   Inbox              // the demo's mail server; nil without one
	Demo    bool               // anybody on this machine may sign in as anybody; every page says so
	BaseURL string             // where browsers reach the pages, "https://liaison.example.org"; "" when that is what requests are addressed to
	Secure  bool               // reached over https only: the cookie and the browser are told so
	Log     *slog.Logger
}

type server struct {
	store    *store.Store
	engine   Engine
	post     Post
	relay    string
	keys     inbound.Keys
	audit    store.AuditOptions
	limits   addresseeLimits
	inbox    Inbox
	demo     bool
	origin   string // of BaseURL
	secure   bool
	log      *slog.Logger
	now      func() time.Time
	sessions *scs.SessionManager
}

// New returns the handler of every page.
func New(cfg Config) (http.Handler, error) {
	s, err := newServer(cfg)
	if err != nil {
		return nil, err
	}
	return s.handler()
}

func newServer(cfg Config) (*server, error) {
	if cfg.Store == nil || cfg.Engine == nil || cfg.Post == nil {
		return nil, errors.New("web: Store, Engine and Post are required")
	}
	s := &server{
		store: cfg.Store, engine: cfg.Engine, post: cfg.Post, relay: cfg.Relay, keys: cfg.Keys, audit: cfg.Audit, inbox: cfg.Inbox, demo: cfg.Demo, secure: cfg.Secure,
		log: cfg.Log, now: time.Now,
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	if cfg.BaseURL != "" {
		u, err := url.Parse(cfg.BaseURL)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, fmt.Errorf("web: the base URL %q is not of the form https://host", cfg.BaseURL)
		}
		s.origin = u.Scheme + "://" + u.Host
	}
	if !s.demo {
		s.inbox = nil
	}
	s.limits = newAddresseeLimits(func() time.Time { return s.now() })
	s.sessions = s.newSessions()
	return s, nil
}
