package web

import (
	"bytes"
	_ "embed"
	"net/http"
	"time"

	"github.com/jca-ml/liaison/liaison"
)

//go:embed static/liaison.css
var styleSheet []byte

//go:embed static/compose.js
var composeScript []byte

//go:embed static/icon.svg
var icon []byte

// The names of static files hold their digest, so that a browser may keep them for ever.
var (
	styleAddress         = "/static/liaison." + liaison.DigestOf(styleSheet).Short() + ".css"
	composeScriptAddress = "/static/compose." + liaison.DigestOf(composeScript).Short() + ".js"
	iconAddress          = "/static/icon." + liaison.DigestOf(icon).Short() + ".svg"
)

func (s *server) static(w http.ResponseWriter, r *http.Request) {
	var content []byte
	switch r.URL.Path {
	case styleAddress:
		content = styleSheet
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
	case composeScriptAddress:
		content = composeScript
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	case iconAddress:
		content = icon
		w.Header().Set("Content-Type", "image/svg+xml")
	default:
		s.showError(w, r, http.StatusNotFound, headings[liaison.NotFound], "There is no such file.")
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}
