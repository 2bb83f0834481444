package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/net/html"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// pages lists every page that can be opened, with who may read it.
func (w *world) pages(t *testing.T) map[string][]liaison.PersonID {
	everyone := []liaison.PersonID{chair, viceChair, secretary, editor, outsider}
	insiders := everyone[:4]
	c := content("A statement with a file")
	digest, err := w.store.PutBlob(t.Context(), []byte("%PDF-1.7 file"))
	if err != nil {
		t.Fatal(err)
	}
	c.Attachments = []liaison.Attachment{{Name: "a file & more.pdf", MediaType: "application/pdf", Size: 13, Digest: digest}}
	draft, inReview, sent, rejected := w.bring(liaison.Draft, c), w.bring(liaison.InReview, c), w.bring(liaison.DispatchedInPart, c), w.bring(liaison.Rejected, c)
	w.inbox.receive("sg13@itu.example", "A subject", "Text", "<p>HTML</p>", InboxAttachment{"a.pdf", "application/pdf", 8, []byte("%PDF-1.7")})
	file := "/files/" + string(digest) + "/" + url.PathEscape("a file & more.pdf")
	out := map[string][]liaison.PersonID{
		"/": everyone, "/statements": everyone, "/statements?state=draft": everyone, "/statements/numbers": everyone, "/statements?q=statement": everyone, "/statements?q=JCA-ML-LS1&body=ieee&since=2020-01-01": everyone, "/statements/new": insiders, "/bodies": everyone, "/me": everyone, "/bodies/itu-t/jca-ml": everyone, "/bodies/itu-t/sg16": everyone,
		"/bodies/itu-t/sg13": everyone, "/inbox": everyone, "/inbox?to=sg13@itu.example": everyone, "/inbox/000001": everyone, "/inbox/000001?show=html": everyone, "/inbox/000001?show=headers": everyone,
		"/inbox/000001?show=raw": everyone, "/inbox/000001?show=attachments": everyone, "/inbox/000001/html": everyone, "/inbox/000001/raw": everyone, "/inbox/000001/attachments/1/a.pdf": everyone, "/sign-in": everyone,
		statementPath(draft, "/edit"): insiders, statementPath(draft, "/submit"): {secretary, editor}, statementPath(inReview, "/review"): insiders,
	}
	employed := liaison.Employment{ID: liaison.EmploymentID(uuid.NewString()), Group: group, Person: liaison.Person{ID: chair}, Body: "khronos", From: "2020-01-01", Evidence: strings.Repeat("An-unbroken-word-", 30)}
	if err := w.store.RecordEmployment(t.Context(), secretary, employed); err != nil {
		t.Fatal(err)
	}
	if err := w.store.SetCalendarLink(t.Context(), chair, store.CalendarLink{}, true); err != nil {
		t.Fatal(err)
	}
	out["/employers?group=itu-t%2Fjca-ml"] = []liaison.PersonID{chair, secretary}
	linked, tray := w.mail("b+x@in.example", "Subject: About JCA-ML-LS1\r\nFrom: =?utf-8?q?=D8=A3?= <a@b.example>\r\nIn-Reply-To: <"+w.messagesTo(sent)[1].MessageID+">\r\n\r\nThank you.\r\n"), w.mail("", "Subject: Out of nowhere\r\nFrom: a@b.example\r\nContent-Type: text/html\r\n\r\n<p>Hello\r\n")
	for _, page := range []string{"", "/html", "/raw"} {
		out["/inbound/"+linked+page], out["/inbound/"+tray+page] = insiders, insiders[:3]
	}
	out["/inbound/"+tray+"?ref=JCA-ML-LS1"], out["/dispatch/unmatched"] = insiders[:3], insiders[:3]
	for _, q := range []string{"", "?state=accepted", "?state=unknown", "?body=itu-t/sg13&ref=jca-ml-ls1"} {
		out["/dispatch"+q] = insiders
	}
	for _, page := range []string{"", "?show=overdue&body=itu-t/sg13", "?show=all", "?day=2027-01-29", "?whose=mine", "/calendar", "/calendar?month=2027-01&show=all"} {
		out["/deadlines"+page] = everyone
	}
	out[statementPath(sent, "/replies/1")], out[statementPath(sent, "/replies/2")] = everyone, everyone
	corrected := w.corrected(c)
	out[statementPath(corrected, "/compare")], out[statementPath(corrected, "/amend")] = insiders, []liaison.PersonID{secretary}
	out[statementPath(sent, "/evidence.zip")], out[statementPath(draft, "/evidence.zip")] = insiders, insiders
	doubted, ts := w.inDoubt("A statement whose answer was lost") // and then known from somebody's private address
	private := "From: Jane Doe <jane@private.example>\r\nSubject: Between us\r\n\r\nWe have it.\r\n"
	for i, raw := range []string{private, "", delivery("failed", "5.1.1", "jane@private.example", "550 jane@private.example is not here")} {
		if raw != "" {
			w.mail(bounceTo(t, ts[i]), raw)
		}
	}
	sitting := w.sits()
	tabled := w.tabled(sitting, strings.Repeat("A-title-that-never-ends", 12))
	out["/meetings"], out[sitting], out[sitting+"/edit"], out["/meetings/new?group=itu-t/jca-ml"] = insiders, insiders, []liaison.PersonID{chair, secretary}, []liaison.PersonID{chair, secretary}
	out[statementPath(tabled, "/review")], out[statementPath(tabled, "/edits")] = insiders, []liaison.PersonID{chair}
	for id, who := range map[liaison.StatementID][]liaison.PersonID{draft: insiders, inReview: insiders, rejected: insiders, corrected: insiders, sent: everyone, doubted: everyone} {
		for _, page := range []string{"", "/history", "/receipts.zip"} {
			out[statementPath(id, page)] = who
		}
		if id != doubted {
			out[statementPath(id, file)] = who
		}
		for position := range c.Addressees {
			var deciding []liaison.PersonID // nobody, once it is decided
			if id == inReview {
				deciding = insiders
			}
			out[statementPath(id, fmt.Sprintf("/preview/%d/html", position+1))] = deciding
		}
		ts, err := w.store.Transmissions(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range ts {
			readers := who
			if x.Letter != liaison.LetterStatement {
				readers = insiders
			}
			out[statementPath(id, "/messages/"+string(x.ID))] = readers
			if x.Digest != "" {
				out[statementPath(id, "/messages/"+string(x.ID)+"/raw")], out[statementPath(id, "/messages/"+string(x.ID)+"/html")] = insiders, readers
				if x.Letter == liaison.LetterStatement {
					out[linkPath(t, x)] = everyone
				}
			}
		}
	}
	return out
}

func TestWhoReadsWhat(t *testing.T) {
	w := newWorld(t)
	pages := w.pages(t)
	before := w.everything(t)
	secrets := []string{"jane@private.example", "Between us"} // and those of the addressees' links and addresses
	for path := range pages {
		if link, ok := strings.CutPrefix(path, "/a/"); ok {
			secrets = append(secrets, link)
		}
	}
	for _, who := range []liaison.PersonID{chair, viceChair, secretary, editor, outsider} {
		b := w.as(who)
		for path, readers := range pages {
			got := b.get(path)
			if slices.Contains(readers, who) {
				if got.StatusCode != http.StatusOK {
					t.Errorf("%s at %s: status %d\n%s", who, path, got.StatusCode, text(got.find("main")))
				}
			} else if got.StatusCode != http.StatusNotFound && got.StatusCode != http.StatusForbidden {
				t.Errorf("%s at %s: status %d, want 403 or 404", who, path, got.StatusCode)
			}
			if strings.Contains(path, "/statements/") && !slices.Contains(readers, who) && strings.Contains(got.body, "A statement with a file") {
				t.Errorf("%s at %s reads the title of what is not public", who, path)
			}
			if who == outsider && !strings.HasPrefix(path, "/a/") {
				for _, secret := range secrets {
					if strings.Contains(got.body, secret) {
						t.Errorf("%s at %s reads what is the group's own: %s", who, path, secret)
					}
				}
			}
			if statement, ok := strings.CutSuffix(path, "/receipts.zip"); ok && got.StatusCode == http.StatusOK {
				history := b.at(statement + "/history")
				for name := range unzip(t, got) {
					if leaf, ok := strings.CutSuffix(strings.TrimPrefix(name, "leaves/"), ".leaf"); ok && !strings.Contains(history.body, "leaf <bdi>"+leaf+"</bdi>") {
						t.Errorf("%s gets leaf %s at %s, which the history does not show", who, leaf, path)
					}
				}
			}
			csp, looks := got.Header.Get("Content-Security-Policy"), got.Header.Get("X-Content-Type-Options")
			if !slices.Contains([]string{policy, composePolicy, mailPolicy, filePolicy}, csp) || looks != "nosniff" || got.Header.Get("Referrer-Policy") != "no-referrer" || got.Header.Get("Cross-Origin-Opener-Policy") == "" {
				t.Errorf("%s: policy %q, X-Content-Type-Options %q", path, csp, looks)
			}
			if strings.Contains(got.Header.Get("Content-Type"), "text/html") && (csp == policy || csp == composePolicy) {
				w.wellFormed(t, path, got)
			}
			head := b.send("HEAD", path, nil)
			if head.StatusCode != got.StatusCode || head.body != "" {
				t.Errorf("HEAD %s: status %d with %d bytes, GET has %d", path, head.StatusCode, len(head.body), got.StatusCode)
			}
		}
	}
	if after := w.everything(t); after != before {
		t.Errorf("opening pages changed the register:\n%s\nbefore:\n%s", after, before)
	}
}

// everything is what the register says of every statement, for telling whether anything has changed.
func (w *world) everything(t *testing.T) string {
	t.Helper()
	var out []string
	page, err := w.store.Statements(t.Context(), chair, store.Filter{Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range page.Lines {
		history, err := w.store.History(t.Context(), l.ID)
		if err != nil {
			t.Fatal(err)
		}
		ts, err := w.store.Transmissions(t.Context(), l.ID)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprint(l.ID, l.State, l.Changed, len(history), ts))
	}
	return strings.Join(out, "\n")
}

// wellFormed checks what every page of ours has to have.
func (w *world) wellFormed(t *testing.T, path string, s shown) {
	t.Helper()
	count := func(name string) (n int) {
		for x := range s.root.Descendants() {
			if x.Data == name && x.Type == html.ElementNode {
				n++
			}
		}
		return n
	}
	for _, name := range []string{"h1", "main", "title"} {
		if n := count(name); n != 1 {
			t.Errorf("%s has %d %s", path, n, name)
		}
	}
	if n := count("script"); n > 0 && (n > 1 || s.Header.Get("Content-Security-Policy") != composePolicy || s.find("script", "src="+composeScriptAddress) == nil) {
		t.Errorf("%s has %d scripts, or one that is not the form's", path, n)
	}
	for _, name := range []string{"style"} {
		if n := count(name); n != 0 {
			t.Errorf("%s has %d %s", path, n, name)
		}
	}
	if attr(s.find("html"), "lang") == "" || s.find("a", "href=#main", "class=skip") == nil {
		t.Errorf("%s has no language or no skip link", path)
	}
	ids := map[string]bool{}
	labelled := map[string]bool{}
	for n := range s.root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if id := attr(n, "id"); id != "" {
			if ids[id] {
				t.Errorf("%s has two elements with the id %s", path, id)
			}
			ids[id] = true
		}
		if n.Data == "label" {
			labelled[attr(n, "for")] = true
		}
		if attr(n, "style") != "" || strings.Contains(attr(n, "href"), "ZgotmplZ") || strings.Contains(attr(n, "src"), "ZgotmplZ") {
			t.Errorf("%s: <%s> has a style of its own or a refused address", path, n.Data)
		}
	}
	for n := range s.root.Descendants() {
		if n.Type != html.ElementNode || attr(n, "type") == "hidden" || attr(n, "type") == "radio" || attr(n, "type") == "checkbox" {
			continue
		}
		if (n.Data == "input" || n.Data == "select" || n.Data == "textarea") && !labelled[attr(n, "id")] {
			t.Errorf("%s: the %s %q has no label", path, n.Data, attr(n, "name"))
		}
		for _, ref := range []string{"aria-labelledby", "aria-describedby"} {
			for id := range strings.FieldsSeq(attr(n, ref)) {
				if !ids[id] {
					t.Errorf("%s: %s names %s, which is not there", path, ref, id)
				}
			}
		}
		if to, ok := strings.CutPrefix(attr(n, "href"), "#"); ok && !ids[to] {
			t.Errorf("%s: a link leads to #%s, which is not there", path, to)
		}
	}
}

func TestWhatIsNotThere(t *testing.T) {
	w := newWorld(t)
	id := w.brought(liaison.Dispatched, "Title")
	lee := w.as(chair)
	for _, path := range []string{
		"/nosuch", "/statements/" + uuid.NewString(), "/statements/1", "/statements/%00", statementPath(id, "/nosuch"), statementPath(id, "/messages/"+uuid.NewString()), statementPath(id, "/messages/x"),
		statementPath(id, "/files/"+strings.Repeat("0", 64)+"/x.pdf"), statementPath(id, "/preview/9/html"), statementPath(id, "/preview/x/html"), "/bodies/no/such", "/bodies/%00", "/bodies/", "/statements?state=nosuch",
		"/inbox/9", "/inbox/9/raw", "/static/nosuch.css", "/static/liaison.000000000000.css",
	} {
		lee.get(path).is(t, http.StatusNotFound)
	}
	lee.get("/statements?after=nonsense").is(t, http.StatusUnprocessableEntity)
	got := lee.send("POST", statementPath(id, "/history"), url.Values{}).is(t, http.StatusMethodNotAllowed)
	if allow := got.Header.Get("Allow"); !strings.Contains(allow, "GET") {
		t.Errorf("Allow is %q", allow)
	}
	got.says(t, "This address does not take that")
	lee.at(statementPath(id, "?done="+uuid.NewString())).keepsQuiet(t, `class="flash"`)
	lee.at(statementPath(id, "?done=%00"))
}

func TestReadersOutsideSeeWhatLeftAndNotWhatWentBefore(t *testing.T) {
	w := newWorld(t)
	id := w.draft(editor, content("Title"))
	w.do(id, liaison.DoSubmit, editor)
	w.do(id, liaison.DoReturn, chair, func(c *liaison.Command) { c.Reason = "An internal remark." })
	w.do(id, liaison.DoSubmit, editor)
	w.do(id, liaison.DoApprove, chair, func(c *liaison.Command) { c.Reason = "Another internal remark." })
	w.do(id, liaison.DoDispatch, secretary)
	w.send(id, false)
	olga := w.as(outsider)
	for _, page := range []string{"", "/history"} {
		olga.at(statementPath(id, page)).keepsQuiet(t, "internal remark", "Revision 1<", "Review requested")
		w.as(editor).at(statementPath(id, page)).says(t, "An internal remark.", "Another internal remark.")
	}
	olga.at(statementPath(id, "/history")).says(t, "are for the group and its drafters", "Approved by Kangchan Lee as Chair")
	olga.get("/statements/new").is(t, http.StatusForbidden).says(t, "You cannot draft for any group.")
	olga.get("/statements/new?group=itu-t/jca-ml").is(t, http.StatusForbidden)
	olga.at("/").says(t, "Nothing waits for you.", "The next deadline is 29 January 2027")
	form := typed(w.as(editor).at("/statements/new").form(t, "/statements"))
	olga.upload("/statements", form).is(t, http.StatusForbidden)
}

func TestSigningIn(t *testing.T) {
	w := newWorld(t)
	nobody := w.as("")
	if to := nobody.get("/statements?state=draft").location(t); to != "/sign-in?next=%2Fstatements%3Fstate%3Ddraft" {
		t.Errorf("who is not signed in is sent to %s", to)
	}
	nobody.send("POST", "/statements", url.Values{}).is(t, http.StatusForbidden).says(t, "You are signed out", "your browser still has what you typed")
	page := nobody.at("/sign-in?next=/bodies").says(t, "Kangchan Lee", "Chair of JCA-ML", "Olga Reader")
	form := page.form(t, "/sign-in")
	nobody.send("POST", "/sign-in", with(form, "person", "nonsense")).is(t, http.StatusUnprocessableEntity).says(t, "Choose who you are.")
	in := nobody.send("POST", "/sign-in", with(form, "person", string(chair)))
	if to := in.location(t); to != "/bodies" {
		t.Errorf("signing in leads to %s", to)
	}
	cookie := in.Cookies()[0]
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" {
		t.Errorf("the cookie is %v", cookie)
	}
	if _, found, err := w.store.FindSession(t.Context(), cookie.Value); err != nil || found {
		t.Error("the token itself is in the database")
	}
	nobody.at("/").says(t, "Demo: nothing leaves this machine. You are Kangchan Lee , Chair of JCA-ML.", "Switch person")

	next := nobody.send("POST", "/sign-in", url.Values{"person": {string(editor)}, "next": {"//evil.example/"}})
	if to := next.location(t); to != "/" || next.Cookies()[0].Value == cookie.Value {
		t.Errorf("signing in again leads to %s, with the token it had: %v", to, next.Cookies()[0].Value == cookie.Value)
	}
	old := w.as("")
	r, _ := http.NewRequestWithContext(t.Context(), "GET", w.site.URL+"/", nil)
	r.AddCookie(cookie)
	old.request(r).is(t, http.StatusSeeOther)
	nobody.send("POST", "/sign-out", url.Values{}).is(t, http.StatusSeeOther)
	nobody.get("/").is(t, http.StatusSeeOther)

	w.now = time.Now().Add(sessionIdle + time.Minute) // the library counts with the real clock
	idle := w.as("")
	r, _ = http.NewRequestWithContext(t.Context(), "GET", w.site.URL+"/", nil)
	r.AddCookie(next.Cookies()[0])
	idle.request(r).is(t, http.StatusSeeOther)
}

func TestNobodySignsInFromElsewhereOrWithoutTheDemo(t *testing.T) {
	w := newWorld(t)
	form := strings.NewReader(url.Values{"person": {string(chair)}}.Encode())
	for _, tc := range []struct {
		name  string
		alter func(*http.Request)
	}{
		{"another host", func(r *http.Request) { r.Host = "liaison.example.org" }},
		{"a name that resolves to us", func(r *http.Request) { r.Host = "127.0.0.1.example.org" }},
		{"another machine", func(r *http.Request) { r.RemoteAddr = "192.0.2.1:1234" }},
		{"by a proxy on this machine", func(r *http.Request) { r.Header.Set("X-Forwarded-For", "192.0.2.1") }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, method := range []string{"GET", "POST"} {
				r := httptest.NewRequestWithContext(t.Context(), method, "/sign-in", form)
				r.Host, r.RemoteAddr = "127.0.0.1:8080", "127.0.0.1:1234"
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				r.Header.Set("Sec-Fetch-Site", "same-origin")
				tc.alter(r)
				rec := httptest.NewRecorder()
				w.site.Config.Handler.ServeHTTP(rec, r)
				if method == "POST" && rec.Code != http.StatusNotFound || strings.Contains(rec.Body.String(), "Kangchan Lee") {
					t.Errorf("%s: status %d, and it names people: %v", method, rec.Code, strings.Contains(rec.Body.String(), "Kangchan Lee"))
				}
			}
		})
	}
	h, err := New(Config{Store: w.store, Engine: directEngine{w.store, &w.down}, Post: composer{w.store}, Inbox: w.inbox, Secure: true})
	if err != nil {
		t.Fatal(err)
	}
	site := httptest.NewServer(h)
	defer site.Close()
	real := &world{TB: t, store: w.store, site: site, now: w.now}
	b := real.as("")
	b.at("/sign-in").says(t, "identity provider").keepsQuiet(t, "Kangchan Lee", "Demo:")
	b.send("POST", "/sign-in", url.Values{"person": {string(chair)}}).is(t, http.StatusNotFound)
	if got := b.get("/inbox"); got.StatusCode != http.StatusNotFound || got.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("without the demo the inbox is %d, HSTS %q", got.StatusCode, got.Header.Get("Strict-Transport-Security"))
	}
}

func TestOtherSitesCannotAct(t *testing.T) {
	w := newWorld(t)
	id := w.brought(liaison.Draft, "Title")
	ada := w.as(editor)
	form := with(ada.at(statementPath(id, "")).form(t, "/do"), "kind", "withdraw", "reason", "x")
	for _, tc := range []struct{ name, header, value string }{
		{"a cross-site form", "Sec-Fetch-Site", "cross-site"},
		{"another origin", "Origin", "https://evil.example"},
		{"a sibling", "Sec-Fetch-Site", "same-site"},
		{"no word of where from", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, _ := http.NewRequestWithContext(t.Context(), "POST", w.site.URL+statementPath(id, "/do"), strings.NewReader(form.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if tc.header != "" {
				r.Header.Set(tc.header, tc.value)
			}
			resp, err := ada.client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != http.StatusForbidden || !strings.Contains(string(body), "nothing was done") {
				t.Errorf("status %d", resp.StatusCode)
			}
		})
	}
	if got := w.snapshot(id).State; got != liaison.Draft {
		t.Errorf("the state is %q", got)
	}
}

func TestOurOwnNameIsTrustedBehindAProxy(t *testing.T) {
	w := newWorld(t)
	if _, err := New(Config{Store: w.store, Engine: directEngine{w.store, &w.down}, Post: composer{w.store}, BaseURL: "liaison.example.org"}); err == nil {
		t.Error("a base URL without a scheme is accepted")
	}
	h, err := New(Config{Store: w.store, Engine: directEngine{w.store, &w.down}, Post: composer{w.store}, BaseURL: "https://liaison.example.org/", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	for origin, status := range map[string]int{"https://liaison.example.org": http.StatusSeeOther, "https://evil.example": http.StatusForbidden} {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/sign-out", nil)
		r.Host = "internal:8080"
		r.Header.Set("Origin", origin)
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		if rec.Code != status {
			t.Errorf("from %s: status %d, want %d", origin, rec.Code, status)
		}
	}
}

func TestTheDatabaseIsDown(t *testing.T) {
	w := newWorld(t)
	cookies := w.as(chair).client.Jar.Cookies(must(url.Parse(w.site.URL)))
	dead, err := store.Open(t.Context(), "postgres://nobody@127.0.0.1:1/nothing?connect_timeout=1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(dead.Close)
	h, err := New(Config{Store: dead, Engine: directEngine{dead, &w.down}, Post: composer{dead}, Demo: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		path   string
		status int
		says   string
	}{
		{"/", http.StatusServiceUnavailable, "The database does not answer."},
		{"/statements/new", http.StatusServiceUnavailable, "The database does not answer."},
		{"/readyz", http.StatusServiceUnavailable, "down: database"},
		{"/livez", http.StatusOK, "ok"},
		{styleAddress, http.StatusOK, "@layer"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", tc.path, nil)
		for _, c := range cookies {
			r.AddCookie(c)
		}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		if body := rec.Body.String(); rec.Code != tc.status || !strings.Contains(body, tc.says) || strings.Contains(body, "dial") {
			t.Errorf("%s: status %d: %s", tc.path, rec.Code, body)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// brokenPost fails with an error that nobody but the operator may see.
type brokenPost struct{ panics bool }

func (p brokenPost) Preview(context.Context, store.Snapshot, int) ([]byte, error) {
	if p.panics {
		panic("secret cause")
	}
	return nil, errors.New("secret cause")
}

func (brokenPost) Findings(context.Context, liaison.Content) ([]liaison.Finding, error) {
	return nil, nil
}

func TestAnInternalErrorIsANumberToThePersonAndWholeInTheLog(t *testing.T) {
	w := newWorld(t)
	id := w.brought(liaison.InReview, "Title")
	cookies := w.as(chair).client.Jar.Cookies(must(url.Parse(w.site.URL)))
	for _, panics := range []bool{false, true} {
		var log bytes.Buffer
		h, err := New(Config{Store: w.store, Engine: directEngine{w.store, &w.down}, Post: brokenPost{panics}, Log: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequestWithContext(t.Context(), "GET", statementPath(id, "/review"), nil)
		for _, c := range cookies {
			r.AddCookie(c)
		}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		root := must(html.Parse(rec.Body))
		reference := text(find(root, "code", "class=reference"))
		if rec.Code != http.StatusInternalServerError || reference == "" || strings.Contains(text(root), "secret") {
			t.Errorf("status %d, reference %q: %s", rec.Code, reference, text(root))
		}
		if lines := strings.Count(log.String(), "\n"); lines != 1 || !strings.Contains(log.String(), "reference="+reference) || !strings.Contains(log.String(), "secret cause") || !strings.Contains(log.String(), "actor="+string(chair)) {
			t.Errorf("the log has %d lines: %s", lines, log.String())
		}
	}
}
