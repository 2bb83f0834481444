package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// browser is a person at the pages, as far as forms go: it keeps its cookies, sends a form with all that the page put
// into it, and follows redirects.
type browser struct {
	client *http.Client
	base   string
}

func newBrowser(base string) (*browser, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	return &browser{client: &http.Client{Jar: jar}, base: base}, nil
}

// page is an answer: its status, where it came from after redirects, and its document.
type page struct {
	status int
	url    *url.URL
	root   *html.Node
	body   []byte
}

func (b *browser) get(ctx context.Context, path string) (*page, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.base+path, nil)
	if err != nil {
		return nil, err
	}
	return b.do(req)
}

func (b *browser) do(req *http.Request) (p *page, err error) {
	res, err := b.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	p = &page{status: res.StatusCode, url: res.Request.URL}
	if p.body, err = io.ReadAll(io.LimitReader(res.Body, 16<<20)); err != nil {
		return nil, err
	}
	p.root, err = html.Parse(bytes.NewReader(p.body))
	return p, err
}

// must is for a step that has to succeed.
func (p *page) must(what string, err error) (*page, error) {
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	if p.status != http.StatusOK {
		return nil, fmt.Errorf("%s: status %d at %s: %s", what, p.status, p.url.Path, p.words())
	}
	return p, nil
}

// words is the text of the page's main part, for a message.
func (p *page) words() string {
	var b strings.Builder
	for n := range p.root.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "style" {
			b.WriteString(n.Data + " ")
		}
	}
	s := strings.Join(strings.Fields(b.String()), " ")
	return s[:min(len(s), 600)]
}

// field is one name and value of a form, in the order of the page.
type field struct{ name, value string }

// form is a form of a page as it would be sent.
type form struct {
	action  string
	encoded string // its enctype
	fields  []field
}

// form finds the form that is sent to an address ending in to, and presses its button named action with this value, or its
// only one when button is "".
func (p *page) form(to, button string) (*form, error) {
	for n := range p.root.Descendants() {
		if n.Type != html.ElementNode || n.Data != "button" || button != "" && (attr(n, "name") != "action" || attr(n, "value") != button) {
			continue
		}
		for f := n.Parent; f != nil; f = f.Parent {
			if f.Data == "form" && attr(f, "method") == "post" && strings.HasSuffix(attr(f, "action"), to) {
				out := readForm(f)
				if button != "" {
					out.fields = append(out.fields, field{"action", button})
				}
				return out, nil
			}
		}
	}
	return nil, fmt.Errorf("the page %s has no form to %s with the button %q: %s", p.url.Path, to, button, p.words())
}

func readForm(f *html.Node) *form {
	out := &form{action: attr(f, "action"), encoded: attr(f, "enctype")}
	for n := range f.Descendants() {
		name := attr(n, "name")
		if n.Type != html.ElementNode || name == "" {
			continue
		}
		switch n.Data {
		case "input":
			switch attr(n, "type") {
			case "file", "submit":
			case "radio", "checkbox":
				if has(n, "checked") {
					out.fields = append(out.fields, field{name, attr(n, "value")})
				}
			default:
				out.fields = append(out.fields, field{name, attr(n, "value")})
			}
		case "textarea":
			text := ""
			for c := range n.ChildNodes() {
				text += c.Data
			}
			out.fields = append(out.fields, field{name, text})
		case "select":
			out.fields = append(out.fields, field{name, selected(n)})
		}
	}
	return out
}

func selected(n *html.Node) string {
	first, chosen, seen := "", "", false
	for o := range n.Descendants() {
		if o.Type == html.ElementNode && o.Data == "option" {
			if !seen {
				first, seen = attr(o, "value"), true
			}
			if has(o, "selected") {
				chosen = attr(o, "value")
			}
		}
	}
	if chosen == "" {
		return first
	}
	return chosen
}

// set changes the nth field of the name, counted from 0, and adds it where the page has it only as a choice.
func (f *form) set(name string, n int, value string) error {
	for i := range f.fields {
		if f.fields[i].name == name {
			if n == 0 {
				f.fields[i].value = value
				return nil
			}
			n--
		}
	}
	if n == 0 {
		f.fields = append(f.fields, field{name, value})
		return nil
	}
	return fmt.Errorf("the form %s has too few fields %s", f.action, name)
}

// count is how many fields of the name the form has.
func (f *form) count(name string) int {
	n := 0
	for _, x := range f.fields {
		if x.name == name {
			n++
		}
	}
	return n
}

type file struct{ field, name, content string }

func (b *browser) send(ctx context.Context, from *page, f *form, files ...file) (*page, error) {
	target, err := from.url.Parse(f.action)
	if err != nil {
		return nil, err
	}
	var body bytes.Buffer
	kind := "application/x-www-form-urlencoded"
	if f.encoded == "multipart/form-data" {
		m := multipart.NewWriter(&body)
		for _, x := range f.fields {
			if err := m.WriteField(x.name, x.value); err != nil {
				return nil, err
			}
		}
		for _, x := range files {
			w, err := m.CreateFormFile(x.field, x.name)
			if err != nil {
				return nil, err
			}
			if _, err := io.WriteString(w, x.content); err != nil {
				return nil, err
			}
		}
		if err := m.Close(); err != nil {
			return nil, err
		}
		kind = m.FormDataContentType()
	} else {
		v := url.Values{}
		for _, x := range f.fields {
			v.Add(x.name, x.value)
		}
		body.WriteString(v.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), &body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Origin", b.base) // as a browser does
	return b.do(req)
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}
