package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/jca-ml/liaison/liaison"
)

// noted is what a request's one line in the log says besides the request itself. Handlers add to it; nothing else logs.
type noted struct {
	person    liaison.PersonID
	reference string // told to the person in place of the error
	err       error
}

type notedKey struct{}

func note(ctx context.Context) *noted {
	if n, ok := ctx.Value(notedKey{}).(*noted); ok {
		return n
	}
	return &noted{}
}

// logged writes one line per request and turns a panic into an internal error.
func (s *server) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := s.now()
		n := &noted{}
		r = r.WithContext(context.WithValue(r.Context(), notedKey{}, n))
		c := &counted{ResponseWriter: w}
		defer func() { s.finish(c, r, n, began, recover()) }()
		next.ServeHTTP(c, r)
	})
}

// finish answers for a handler that panicked, and writes the line.
func (s *server) finish(c *counted, r *http.Request, n *noted, began time.Time, cause any) {
	if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(cause)
	}
	if cause != nil {
		err := fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		if c.status == 0 {
			s.fault(c, r, err)
		} else {
			n.err = err
		}
	}
	attrs := []slog.Attr{
		slog.String("method", r.Method), slog.String("path", loggedPath(r.URL.Path)), slog.Int("status", c.status), slog.Int64("bytes", c.bytes),
		slog.Duration("took", s.now().Sub(began)), slog.String("actor", string(n.person)),
	}
	if n.reference != "" {
		attrs = append(attrs, slog.String("reference", n.reference))
	}
	if n.err != nil {
		attrs = append(attrs, slog.Any("err", n.err))
	}
	level := slog.LevelInfo
	if c.status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	s.log.LogAttrs(r.Context(), level, "request", attrs...)
}

// loggedPath is the path as the log may have it: the link of a message, of a body or of a calendar opens its page, so it stands in no log.
func loggedPath(path string) string {
	for _, secret := range []string{"/a/", "/own/", "/calendar/"} {
		if strings.HasPrefix(path, secret) {
			return secret + "…"
		}
	}
	return path
}

// counted remembers what was answered.
type counted struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (c *counted) WriteHeader(status int) {
	if c.status == 0 {
		c.status = status
	}
	c.ResponseWriter.WriteHeader(status)
}

func (c *counted) Write(b []byte) (int, error) {
	if c.status == 0 {
		c.status = http.StatusOK
	}
	n, err := c.ResponseWriter.Write(b)
	c.bytes += int64(n)
	return n, err
}

// Unwrap is how [http.ResponseController] reaches what this one does not have.
func (c *counted) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// policy is the Content-Security-Policy of every page: nothing runs, nothing is loaded from elsewhere, no form goes
// elsewhere, nobody frames us.
const policy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-src 'self'; base-uri 'none'; frame-ancestors 'none'"

// composePolicy is that of the form of a draft: our own script may run there, and ask us alone.
const composePolicy = policy + "; script-src 'self'; connect-src 'self'"

// mailPolicy is that of an e-mail's HTML, which is as hostile as its sender: shown only in our frame, in a sandbox without
// an origin, loading nothing.
const mailPolicy = "default-src 'none'; style-src 'unsafe-inline'; sandbox; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

// filePolicy is that of a file that somebody uploaded, should a browser show it after all.
const filePolicy = "default-src 'none'; sandbox; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func (s *server) headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		// Not no-store: a browser that goes back has to have what was typed.
		h.Set("Cache-Control", "private, no-cache")
		if s.secure {
			h.Set("Strict-Transport-Security", "max-age=63072000")
		}
		next.ServeHTTP(w, r)
	})
}

// sameOrigin refuses what another site makes a browser send. A request that brings our cookie has to say where it comes
// from, so that an old browser, which says nothing, is not a way round.
func (s *server) sameOrigin(next http.Handler) (http.Handler, error) {
	refused := errors.New("cross-origin request")
	crossOrigin := http.NewCrossOriginProtection()
	if s.origin != "" { // behind a proxy the host of a request may be another name of ours
		if err := crossOrigin.AddTrustedOrigin(s.origin); err != nil {
			return nil, fmt.Errorf("web: trust our own origin: %w", err)
		}
	}
	crossOrigin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		note(r.Context()).err = refused
		s.refuse(w, r, liaison.Refuse(liaison.Forbidden, "This came from another site, so nothing was done. Open the page here and do it again."))
	}))
	return crossOrigin.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		safe := r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
		_, noCookie := r.Cookie(s.sessions.Cookie.Name)
		if !safe && noCookie == nil && r.Header.Get("Origin") == "" && r.Header.Get("Sec-Fetch-Site") == "" {
			s.refuse(w, r, liaison.Refuse(liaison.Forbidden, "The request does not say which site it comes from (no Origin and no Sec-Fetch-Site), so nothing was done. Use a current browser."))
			return
		}
		next.ServeHTTP(w, r)
	})), nil
}

// orError gives the mux's own answers, no such page and no such method, our look.
func (s *server) orError(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		probe := &headerOnly{header: http.Header{}}
		h.ServeHTTP(probe, r)
		if probe.status == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", probe.header.Get("Allow"))
			s.showError(w, r, http.StatusMethodNotAllowed, "This address does not take that", "Nothing was done. Open the page and use its buttons.")
			return
		}
		s.showError(w, r, http.StatusNotFound, "There is no such page", "The address may be mistyped, or be of something that you may not see.")
	})
}

type headerOnly struct {
	header http.Header
	status int
}

func (h *headerOnly) Header() http.Header         { return h.header }
func (h *headerOnly) Write(b []byte) (int, error) { return len(b), nil }
func (h *headerOnly) WriteHeader(status int)      { h.status = status }

// withDeadline bounds how long one probe may take.
func withDeadline(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	return f(ctx)
}
