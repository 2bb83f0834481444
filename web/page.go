package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

//go:embed templates/*.html
var templateFiles embed.FS

// page is a template bound to the struct that it shows. A test checks every template against its struct.
type page[T any] struct{ t *template.Template }

// checked lists every page with the zero value of its struct, for the test.
var checked []struct {
	name string
	t    *template.Template
	data any
}

func newPage[T any](name string) page[T] {
	t := template.Must(base.Clone())
	template.Must(t.ParseFS(templateFiles, "templates/"+name+".html"))
	t = t.Lookup("layout.html")
	var zero T
	checked = append(checked, struct {
		name string
		t    *template.Template
		data any
	}{name, t, zero})
	return page[T]{t}
}

var base = template.Must(template.New("layout.html").Funcs(words).ParseFS(templateFiles, "templates/layout.html", "templates/parts.html"))

// write renders into a buffer first, so that a page is there whole or not at all.
func (p page[T]) write(w http.ResponseWriter, status int, data T) error {
	var buf bytes.Buffer
	if err := p.t.Execute(&buf, data); err != nil {
		return fmt.Errorf("render page: %w", err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(buf.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(buf.Bytes()) // who asked has gone away; there is nobody to tell
	return nil
}

// layout is what is round every page.
type layout struct {
	Title       string
	Style, Icon string
	Demo        bool
	Me          *visitor
	Nav         []navItem
	Here        string // the address of the page, for "switch person" to come back to
	Flash       string // what has just been done
}

type navItem struct {
	Label, Address string
	Current        bool
}

func (s *server) layout(r *http.Request, title string) layout {
	l := layout{Title: title, Style: styleAddress, Icon: iconAddress, Demo: s.demo, Me: visiting(r.Context()), Here: r.URL.RequestURI()}
	if r.Method != http.MethodGet {
		l.Here = "/"
	}
	if l.Me == nil {
		return l
	}
	add := func(label, address string, current bool) { l.Nav = append(l.Nav, navItem{label, address, current}) }
	path := r.URL.Path
	add("Waiting for you", "/", path == "/")
	add("Statements", "/statements", strings.HasPrefix(path, "/statements") && path != "/statements/new")
	add("Reports", "/reports", strings.HasPrefix(path, "/reports"))
	if slices.ContainsFunc(l.Me.Offices, func(o store.Office) bool { return o.Office != liaison.OfficeAuditor }) {
		add("Meetings", "/meetings", strings.HasPrefix(path, "/meetings"))
	}
	if len(l.Me.Offices) > 0 {
		add("Dispatch", "/dispatch", strings.HasPrefix(path, "/dispatch") || strings.HasPrefix(path, "/inbound"))
	}
	add("Deadlines", "/deadlines", strings.HasPrefix(path, "/deadlines"))
	add("Bodies", "/bodies", strings.HasPrefix(path, "/bodies"))
	add("Notices", "/me", path == "/me")
	if l.Me.Auditor {
		add("Audit log", "/audit", strings.HasPrefix(path, "/audit"))
	}
	if s.inbox != nil {
		add("Demo inbox", "/inbox", strings.HasPrefix(path, "/inbox"))
	}
	return l
}
