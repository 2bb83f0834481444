package web

import (
	"net/http"
	"strings"
)

// livez says that the process answers, whatever else is down.
func (s *server) livez(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n"))
}

// readyz says whether the parts that pages need answer, and names those that do not. The reasons are in the log only.
func (s *server) readyz(w http.ResponseWriter, r *http.Request) {
	var down []string
	for _, part := range []struct {
		name string
		err  error
	}{
		{"database", withDeadline(r.Context(), s.store.Ping)},
		{"engine", withDeadline(r.Context(), s.engine.Ready)},
	} {
		if part.err != nil {
			down = append(down, part.name)
			note(r.Context()).err = part.err
		}
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if len(down) > 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte("down: " + strings.Join(down, ", ") + "\n"))
		return
	}
	_, _ = w.Write([]byte("ok\n"))
}
