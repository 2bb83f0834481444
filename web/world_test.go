package web

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/net/html"

	"github.com/jca-ml/liaison/internal/inbound"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail"
	"github.com/jca-ml/liaison/migrations"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// The people of the tests.
const (
	chair     liaison.PersonID = "00000000-0000-4000-8000-000000000001"
	viceChair liaison.PersonID = "00000000-0000-4000-8000-000000000002"
	secretary liaison.PersonID = "00000000-0000-4000-8000-000000000003"
	editor    liaison.PersonID = "00000000-0000-4000-8000-000000000004"
	colleague liaison.PersonID = "00000000-0000-4000-8000-000000000005" // another editor
	outsider  liaison.PersonID = "00000000-0000-4000-8000-000000000006" // holds no office
)

// linkKeys make the links of messages in the tests.
var linkKeys = inbound.Keys{[]byte("0123456789abcdef0123456789abcdef")}

// The group of the tests.
const group liaison.Code = "itu-t/jca-ml"

// directEngine is the write path without the workflow: what a command comes to in the database is the same.
type directEngine struct {
	store *store.Store
	down  *bool // answers as if Temporal were down
}

func (e directEngine) Do(ctx context.Context, cmd liaison.Command) (liaison.Answer, error) {
	if *e.down {
		return liaison.Answer{}, liaison.Refuse(liaison.Unavailable, "The engine does not answer.")
	}
	a, err := e.store.Do(ctx, cmd)
	if err == nil && cmd.Kind == liaison.DoApprove && !cmd.Hold && a.After == "" {
		_, err = e.store.Do(ctx, liaison.Command{ID: cmd.ID + "-dispatch", Kind: liaison.DoDispatch, Statement: cmd.Statement, Actor: cmd.Actor})
	}
	return a, err
}

func (e directEngine) Wake(context.Context, []store.Waiting) error { return nil }

func (e directEngine) Ready(context.Context) error {
	if *e.down {
		return liaison.Refuse(liaison.Unavailable, "The engine does not answer.")
	}
	return nil
}

// composer makes the e-mails of the tests as the real office does.
type composer struct{ store *store.Store }

// Findings says what the real office does where no certificate is set up.
func (c composer) Findings(ctx context.Context, content liaison.Content) ([]liaison.Finding, error) {
	var out []liaison.Finding
	for _, a := range content.Addressees {
		b, err := c.store.Body(ctx, a.Body)
		if err == nil && b.Signed {
			out = append(out, liaison.Finding{Field: "addressees", Message: a.Name + ": " + (*mail.SMIME)(nil).Valid(time.Now()).Error()})
		}
	}
	return out, nil
}

func (c composer) Preview(ctx context.Context, snap store.Snapshot, position int) ([]byte, error) {
	var files []mail.File
	for _, a := range snap.Content.Attachments {
		b, err := c.store.Blob(ctx, a.Digest)
		if err != nil {
			return nil, err
		}
		files = append(files, mail.File{Name: a.Name, MediaType: a.MediaType, Content: b})
	}
	to := snap.Content.Addressees[position-1]
	letter := mail.Statement{Ref: snap.Ref, Source: snap.GroupBody, Addressee: to, Content: snap.Content}
	env := mail.Envelope{
		FromName: "JCA-ML", FromEmail: "liaison@jca-ml.example", ToName: to.Name, ToEmail: to.Email, ReplyTo: snap.Content.ReplyTo,
		MessageID: "given-on-approval@preview.invalid", Date: snap.Changed, Language: snap.Content.Language,
	}
	ts, err := c.store.Transmissions(ctx, snap.ID)
	if err != nil {
		return nil, err
	}
	for _, t := range ts {
		if t.Letter != liaison.LetterStatement || t.Revision != snap.Revision || t.Position != position {
			continue
		}
		if t.Digest != "" {
			return c.store.Message(ctx, t.ID)
		}
		token, err := linkKeys.Token(t.ID)
		if err != nil {
			return nil, err
		}
		letter.URL, letter.Answers, env.ReplyTo = "https://liaison.example.org/a/"+token, true, "r+"+token+"@in.example"
	}
	return mail.Compose(letter, env, files)
}

// world is a register with people in office, and the pages in front of it.
type world struct {
	testing.TB
	store *store.Store
	site  *httptest.Server
	now   time.Time
	down  bool // the engine
	log   *bytes.Buffer
	inbox *fakeWorldInbox
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{TB: t, now: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC), log: &bytes.Buffer{}, inbox: &fakeWorldInbox{}}
	w.store = store.New(testkit.Database(t, migrations.Up)).At(func() time.Time { return w.now })
	w.enter()
	s, err := newServer(Config{
		Store: w.store, Engine: directEngine{w.store, &w.down}, Post: composer{w.store}, Keys: linkKeys, Inbox: w.inbox, Demo: true, Log: slog.New(slog.NewJSONHandler(w.log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.now = func() time.Time { return w.now }
	w.site = httptest.NewServer(must(s.handler()))
	t.Cleanup(w.site.Close)
	return w
}

func (w *world) enter() {
	w.Helper()
	people := []liaison.Person{
		{ID: chair, Name: "Kangchan Lee", Email: "chair@jca-ml.example", Affiliation: "Electronics and Telecommunications Research Institute (ETRI), Rep. of Korea"},
		{ID: viceChair, Name: "Marco Carugi", Email: "vice-chair@jca-ml.example", Affiliation: "Huawei Technologies Co., Ltd., China"},
		{ID: secretary, Name: "TSB Secretariat", Email: "secretariat@jca-ml.example", Affiliation: "ITU TSB"},
		{ID: editor, Name: "Ada Editor", Email: "editor@jca-ml.example", Affiliation: "An institute"},
		{ID: colleague, Name: "Ben Editor", Email: "colleague@jca-ml.example", Affiliation: "Another institute"},
		{ID: outsider, Name: "Olga Reader", Email: "reader@elsewhere.example", Affiliation: "Somewhere else"},
	}
	in := func(i int, o liaison.Office) liaison.Appointment {
		return liaison.Appointment{Person: people[i], Group: group, Office: o, From: "2023-02-08", Evidence: "TSB Circular 72"}
	}
	officers := []liaison.Appointment{in(0, liaison.OfficeChair), in(1, liaison.OfficeViceChair), in(2, liaison.OfficeSecretary), in(3, liaison.OfficeEditor), in(4, liaison.OfficeEditor)}
	bs := []liaison.Body{
		{Code: group, Kind: liaison.Group, Name: "Joint Coordination Activity on Machine Learning", ShortName: "JCA-ML", Parent: "itu-t/sg13", Email: "tsbjcaml@itu.example", From: "2022-07-01"},
		{Code: "itu-t/sg13", Kind: liaison.Group, Name: "Study Group 13", ShortName: "SG13", Title: "Future networks and emerging network technologies", Email: "sg13@itu.example"},
		{Code: "itu-t/sg12", Kind: liaison.Group, Name: "Study Group 12", ShortName: "SG12", Title: "Performance, quality of service and quality of experience", Email: "sg12@itu.example"},
		{Code: "itu-t/sg17", Kind: liaison.Group, Name: "Study Group 17", ShortName: "SG17", Title: "Security", Email: "sg17@itu.example"},
		{Code: "itu-t/sg16", Kind: liaison.Group, Name: "Study Group 16", ShortName: "SG16", Title: "Multimedia and related digital technologies", Email: "sg16@itu.example", Until: "2024-12-31", Successor: "itu-t/sg21"},
		{Code: "itu-t/sg21", Kind: liaison.Group, Name: "Study Group 21", ShortName: "SG21", Title: "Technologies for multimedia, content delivery and cable television", Email: "sg21@itu.example", From: "2025-01-01"},
		{Code: "iso-iec/jtc1/sc42", Kind: liaison.Organization, Name: "ISO/IEC JTC 1/SC 42, Artificial intelligence", ShortName: "ISO/IEC JTC 1/SC 42", Email: "sc42@iso.example"},
		{Code: "ieee", Kind: liaison.Organization, Name: "Institute of Electrical and Electronics Engineers", ShortName: "IEEE", Email: "liaison@ieee.example"},
		{Code: "w3c", Kind: liaison.Organization, Name: "World Wide Web Consortium", ShortName: "W3C", Email: "team-liaisons@w3c.example"},
		{Code: "khronos", Kind: liaison.Organization, Name: "Khronos Group", ShortName: "Khronos"},
	}
	for i := range bs {
		bs[i].Source = "TSB Circular 72"
	}
	terms := []liaison.TermsOfReference{{
		Group: group, Version: 1, InForce: "2023-02-08", Parent: "itu-t/sg13", Scope: "Coordinates the work on machine learning across study groups and with other bodies.",
		Profile: "jca-a1-clause-5", ReviewedBy: "2025-01-01", Source: "TSB Circular 72, Annex 1",
	}}
	if err := w.store.Enter(w.Context(), bs, people, officers, terms); err != nil {
		w.Fatal(err)
	}
}

// content is a statement with nothing missing.
func content(title string, to ...liaison.Addressee) liaison.Content {
	if len(to) == 0 {
		to = []liaison.Addressee{{Body: "itu-t/sg13", Purpose: liaison.ForAction}, {Body: "itu-t/sg12", Purpose: liaison.ForInformation}, {Body: "ieee", Purpose: liaison.ForComment}}
	}
	return liaison.Content{
		Source: group, Title: title, Questions: "N/A", Addressees: to, Deadline: "2027-01-29", ReplyTo: "tsbjcaml@itu.example", Language: "en",
		Contacts: []liaison.Contact{{Name: "Kangchan Lee", Organization: "ETRI", Country: "Rep. of Korea", Email: "chair@jca-ml.example"}},
		Abstract: "Asks for a list of ongoing work items on machine learning.", Text: "JCA-ML keeps a roadmap of standards on machine learning.\n\nPlease send us your ongoing work items.",
	}
}

func (w *world) draft(by liaison.PersonID, c liaison.Content) liaison.StatementID {
	w.Helper()
	id := liaison.StatementID(uuid.NewString())
	if _, err := w.store.Create(w.Context(), id, by, c); err != nil {
		w.Fatal(err)
	}
	return id
}

// do carries out a command directly and returns the statement as it then is.
func (w *world) do(id liaison.StatementID, kind liaison.CommandKind, by liaison.PersonID, change ...func(*liaison.Command)) store.Snapshot {
	w.Helper()
	cmd := liaison.Command{ID: liaison.CommandID(uuid.NewString()), Kind: kind, Statement: id, Actor: by, Reason: "Because of the test.", Digest: w.snapshot(id).Digest, Consulted: &liaison.Consultation{Kind: liaison.ConsultedOutside, Reference: "E-mail of 22 November 2026"}}
	for _, f := range change {
		f(&cmd)
	}
	if _, err := w.store.Do(w.Context(), cmd); err != nil {
		w.Fatalf("%s: %v", kind, err)
	}
	return w.snapshot(id)
}

func (w *world) snapshot(id liaison.StatementID) store.Snapshot {
	w.Helper()
	snap, err := w.store.Snapshot(w.Context(), id)
	if err != nil {
		w.Fatal(err)
	}
	return snap
}

// brought takes a new statement to a state.
func (w *world) brought(to liaison.State, title string) liaison.StatementID {
	w.Helper()
	return w.bring(to, content(title))
}

func (w *world) bring(to liaison.State, c liaison.Content) liaison.StatementID {
	w.Helper()
	id := w.draft(editor, c)
	if to == liaison.Draft {
		return id
	}
	if to == liaison.Withdrawn {
		w.do(id, liaison.DoWithdraw, editor)
		return id
	}
	w.do(id, liaison.DoSubmit, editor)
	switch to {
	case liaison.InReview:
		return id
	case liaison.Rejected:
		w.do(id, liaison.DoReject, chair)
		return id
	case liaison.InCorrespondence:
		w.do(id, liaison.DoOpenWindow, chair, func(c *liaison.Command) { c.Window = &liaison.Opening{Last: w.snapshot(id).Today.Plus(3)} })
		return id
	}
	w.do(id, liaison.DoApprove, chair)
	if to == liaison.Approved {
		return id
	}
	w.do(id, liaison.DoDispatch, secretary)
	if to == liaison.Dispatching {
		return id
	}
	w.send(id, to == liaison.DispatchedInPart)
	w.do(id, liaison.DoSettle, "", func(c *liaison.Command) { c.Reason = "" })
	if to == liaison.Closed {
		w.do(id, liaison.DoClose, secretary)
	}
	return id
}

// send hands over every message of the statement; with refuse the first is refused.
func (w *world) send(id liaison.StatementID, refuse bool) {
	w.Helper()
	ts, err := w.store.Transmissions(w.Context(), id)
	if err != nil {
		w.Fatal(err)
	}
	snap := w.snapshot(id)
	for _, t := range ts {
		if t.Letter != liaison.LetterStatement || t.State == liaison.TransmissionCancelled {
			continue
		}
		b, err := composer{w.store}.Preview(w.Context(), snap, t.Position)
		if err == nil {
			err = w.store.Seal(w.Context(), t.Batch, map[liaison.TransmissionID][]byte{t.ID: b})
		}
		if err != nil {
			w.Fatal(err)
		}
		claimed, err := w.store.Claim(w.Context(), t.ID, "test")
		if err != nil {
			w.Fatal(err)
		}
		sent := store.Sent{Stage: liaison.StageDot, Code: 250, Reply: "250 2.0.0 Ok: queued as 4F1A", Relay: "relay.example:25", TLS: "TLS 1.3"}
		if refuse && t.Position == 1 {
			sent = store.Sent{Stage: liaison.StageRcpt, Code: 550, Reply: "550 5.1.1 No such mailbox here", Relay: "relay.example:25"}
		} else if err := w.store.Dot(w.Context(), claimed); err != nil {
			w.Fatal(err)
		}
		if _, err := w.store.Record(w.Context(), claimed, sent, liaison.Retry{}); err != nil {
			w.Fatal(err)
		}
	}
}

// browser is somebody in front of the pages.
type browser struct {
	*world
	client *http.Client
}

// shown is an answer with its page.
type shown struct {
	*http.Response
	body string
	root *html.Node
}

// as signs somebody in; "" is nobody.
func (w *world) as(id liaison.PersonID) *browser {
	w.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.Fatal(err)
	}
	b := &browser{w, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	if id != "" {
		b.send("POST", "/sign-in", url.Values{"person": {string(id)}}).is(w, http.StatusSeeOther)
	}
	return b
}

func (b *browser) get(path string) shown {
	b.Helper()
	return b.send("GET", path, nil)
}

// at gets a page that must be there.
func (b *browser) at(path string) shown {
	b.Helper()
	return b.get(path).is(b, http.StatusOK)
}

func (b *browser) send(method, path string, form url.Values) shown {
	b.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(b.Context(), method, b.site.URL+path, body)
	if err != nil {
		b.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return b.request(r)
}

func (b *browser) request(r *http.Request) shown {
	b.Helper()
	if r.Header.Get("Sec-Fetch-Site") == "" {
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	resp, err := b.client.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		b.Fatal(err)
	}
	root, err := html.Parse(bytes.NewReader(content))
	if err != nil {
		b.Fatal(err)
	}
	return shown{resp, string(content), root}
}

// file is one to upload.
type file struct{ name, content string }

// upload sends a form with files, as a browser does: fields first.
func (b *browser) upload(path string, form url.Values, files ...file) shown {
	b.Helper()
	return b.uploadAs("attachments", path, form, files...)
}

// uploadAs is upload with files in another field.
func (b *browser) uploadAs(field, path string, form url.Values, files ...file) shown {
	b.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	for name, values := range form {
		for _, v := range values {
			if err := m.WriteField(name, v); err != nil {
				b.Fatal(err)
			}
		}
	}
	for _, f := range files {
		part, err := m.CreateFormFile(field, f.name)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.WriteString(part, f.content); err != nil {
			b.Fatal(err)
		}
	}
	if err := m.Close(); err != nil {
		b.Fatal(err)
	}
	r, err := http.NewRequestWithContext(b.Context(), "POST", b.site.URL+path, &body)
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Content-Type", m.FormDataContentType())
	return b.request(r)
}

func (s shown) is(t testing.TB, status int) shown {
	t.Helper()
	if s.StatusCode != status {
		t.Fatalf("%s %s: status %d, want %d\n%s", s.Request.Method, s.Request.URL.Path, s.StatusCode, status, text(s.find("main")))
	}
	return s
}

func (s shown) says(t testing.TB, words ...string) shown {
	t.Helper()
	body := text(s.root)
	for _, w := range words {
		if !strings.Contains(body, w) {
			t.Errorf("%s %s does not say %q; it says:\n%s", s.Request.Method, s.Request.URL.Path, w, text(s.find("main")))
		}
	}
	return s
}

func (s shown) keepsQuiet(t testing.TB, words ...string) shown {
	t.Helper()
	for _, w := range words {
		if strings.Contains(s.body, w) {
			t.Errorf("%s %s says %q", s.Request.Method, s.Request.URL.Path, w)
		}
	}
	return s
}

// location is where a redirect leads.
func (s shown) location(t testing.TB) string {
	t.Helper()
	s.is(t, http.StatusSeeOther)
	return s.Header.Get("Location")
}

// find returns the first element with the name, and the attributes given as "name=value".
func (s shown) find(name string, attrs ...string) *html.Node { return find(s.root, name, attrs...) }

func find(root *html.Node, name string, attrs ...string) *html.Node {
	if root == nil {
		return nil
	}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && (name == "" || n.Data == name) && !slices.ContainsFunc(attrs, func(a string) bool {
			key, value, _ := strings.Cut(a, "=")
			return attr(n, key) != value
		}) {
			return n
		}
	}
	return nil
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// text is what a reader sees of a node, with single spaces.
func text(n *html.Node) string {
	if n == nil {
		return ""
	}
	var out strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode && d.Parent.Data != "style" {
			out.WriteString(d.Data + " ")
		}
	}
	return strings.Join(strings.Fields(out.String()), " ")
}

// form reads what a browser would send of the form whose action ends so, if its button with that value were pressed.
func (s shown) form(t testing.TB, action string) url.Values {
	t.Helper()
	var form *html.Node
	for n := range s.root.Descendants() {
		if n.Type == html.ElementNode && n.Data == "form" && strings.HasSuffix(attr(n, "action"), action) {
			form = n
			break
		}
	}
	if form == nil {
		t.Fatalf("%s has no form to %s:\n%s", s.Request.URL.Path, action, text(s.find("main")))
	}
	return fields(form)
}

func fields(form *html.Node) url.Values {
	values := url.Values{}
	for n := range form.Descendants() {
		if n.Type != html.ElementNode || attr(n, "name") == "" {
			continue
		}
		name := attr(n, "name")
		switch n.Data {
		case "input":
			switch attr(n, "type") {
			case "file":
			case "checkbox", "radio":
				if slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "checked" }) {
					values.Add(name, attr(n, "value"))
				}
			default:
				values.Add(name, attr(n, "value"))
			}
		case "textarea":
			content := ""
			for d := range n.Descendants() {
				content += d.Data
			}
			values.Add(name, content)
		case "select":
			chosen, first := "", true
			for o := range n.Descendants() {
				if o.Type == html.ElementNode && o.Data == "option" {
					if first || slices.ContainsFunc(o.Attr, func(a html.Attribute) bool { return a.Key == "selected" }) {
						chosen = attr(o, "value")
					}
					first = false
				}
			}
			values.Add(name, chosen)
		}
	}
	return values
}

func with(v url.Values, pairs ...string) url.Values {
	out := url.Values{}
	for k, vs := range v {
		out[k] = slices.Clone(vs)
	}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = []string{pairs[i+1]}
	}
	return out
}

func statementPath(id liaison.StatementID, rest string) string {
	return "/statements/" + string(id) + rest
}

// fakeWorldInbox stands for the mail servers of the world.
type fakeWorldInbox struct{ messages []InboxMessage }

func (in *fakeWorldInbox) List(_ context.Context, recipient, before string, limit int) (lines []InboxLine, next string, err error) {
	for _, m := range slices.Backward(in.messages) {
		if (before == "" || m.ID < before) && (recipient == "" || slices.Contains(m.Recipients, recipient)) {
			if len(lines) == limit {
				return lines, lines[limit-1].ID, nil
			}
			lines = append(lines, m.InboxLine)
		}
	}
	return lines, "", nil
}

func (in *fakeWorldInbox) Recipients(context.Context) ([]InboxRecipient, error) {
	counts := map[string]int{}
	for _, m := range in.messages {
		for _, r := range m.Recipients {
			counts[r]++
		}
	}
	var out []InboxRecipient
	for a, n := range counts {
		out = append(out, InboxRecipient{a, n})
	}
	slices.SortFunc(out, func(a, b InboxRecipient) int { return strings.Compare(a.Address, b.Address) })
	return out, nil
}

func (in *fakeWorldInbox) Get(_ context.Context, id string) (InboxMessage, error) {
	for _, m := range in.messages {
		if m.ID == id {
			return m, nil
		}
	}
	return InboxMessage{}, liaison.Refuse(liaison.NotFound, "There is no such message.")
}

// receive puts a message into the inbox.
func (in *fakeWorldInbox) receive(to, subject, text, html string, attachments ...InboxAttachment) {
	n := len(in.messages) + 1
	in.messages = append(in.messages, InboxMessage{
		InboxLine: InboxLine{
			ID: fmt.Sprintf("%06d", n), EnvelopeFrom: "liaison@jca-ml.example", Recipients: []string{to}, ReceivedAt: time.Date(2026, 11, 23, 9, n%60, 0, 0, time.UTC),
			Subject: subject, From: "JCA-ML <liaison@jca-ml.example>", To: to,
		},
		Headers: []InboxHeader{{"From", "JCA-ML <liaison@jca-ml.example>"}, {"To", to}, {"Subject", subject}}, Text: text, HTML: html, Attachments: attachments,
		Raw: []byte("Subject: " + subject + "\r\n\r\n" + text + "\r\n"),
	})
}
