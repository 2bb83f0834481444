package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/jca-ml/liaison/internal/inbound"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// linkPath is the path of the link in a message.
func linkPath(t testing.TB, x store.Transmission) string {
	t.Helper()
	token, err := linkKeys.Token(x.ID)
	if err != nil {
		t.Fatal(err)
	}
	return "/a/" + token
}

// messagesTo are the messages to a statement's addressees.
func (w *world) messagesTo(id liaison.StatementID) (out []store.Transmission) {
	w.Helper()
	ts, err := w.store.Transmissions(w.Context(), id)
	if err != nil {
		w.Fatal(err)
	}
	for _, x := range ts {
		if x.Letter == liaison.LetterStatement {
			out = append(out, x)
		}
	}
	return out
}

// answerForm reads the form for one kind of answer.
func answerFormOf(t testing.TB, s shown, kind liaison.ResponseKind) url.Values {
	t.Helper()
	for n := range s.root.Descendants() {
		if n.Data == "form" && find(n, "input", "name=kind", "value="+string(kind)) != nil {
			return fields(n)
		}
	}
	t.Fatalf("there is no form for %s", kind)
	return nil
}

func TestTheAddresseesPage(t *testing.T) {
	w := newWorld(t)
	c := content("طلب معلومات عن بنود العمل الجارية")
	c.Language = "ar"
	digest, err := w.store.PutBlob(t.Context(), []byte("%PDF-1.7 list"))
	if err != nil {
		t.Fatal(err)
	}
	c.Attachments = []liaison.Attachment{{Name: "list of items.pdf", MediaType: "application/pdf", Size: 13, Digest: digest}}
	id := w.bring(liaison.Dispatched, c)
	ts := w.messagesTo(id)
	nobody := w.as("")
	page := nobody.at(linkPath(t, ts[0])).says(t, "Liaison statement to SG13", "JCA-ML-LS1", c.Title, "Please send us your ongoing work items.", "For action", "29 January 2027", "67 days left", "SG12 For information", "IEEE For comment",
		"JCA-ML Chair, between meetings: Kangchan Lee as Chair", "list of items.pdf", "No account is needed")
	w.wellFormed(t, "/a/…", page)
	if h := page.find("h1"); attr(h, "dir") != "auto" || attr(h, "lang") != "ar" {
		t.Error("the title does not turn by its language")
	}
	if page.Header.Get("X-Robots-Tag") == "" || len(page.Cookies()) != 0 {
		t.Errorf("robots %q, cookies %v", page.Header.Get("X-Robots-Tag"), page.Cookies())
	}
	for n := range page.root.Descendants() {
		if to := attr(n, "href"); strings.HasPrefix(to, "/statements") || strings.HasPrefix(to, "/bodies") {
			t.Errorf("the page leads to %s, where the addressee cannot go", to)
		}
	}
	// who is asked nothing is given no date
	nobody.at(linkPath(t, ts[1])).says(t, "no reply asked for", "It is for your information").keepsQuiet(t, "67 days left")

	file := nobody.at(linkPath(t, ts[0]) + "/files/" + string(digest) + "/" + url.PathEscape("list of items.pdf"))
	if file.body != "%PDF-1.7 list" || file.Header.Get("Content-Security-Policy") != filePolicy {
		t.Errorf("the file is %q under %q", file.body, file.Header.Get("Content-Security-Policy"))
	}
	secret, err := w.store.PutBlob(t.Context(), []byte("of another statement"))
	if err != nil {
		t.Fatal(err)
	}
	nobody.get(linkPath(t, ts[0])+"/files/"+string(secret)+"/"+url.PathEscape("list of items.pdf")).is(t, http.StatusNotFound)

	// whoever is signed in sees the addressee's page as the addressee does
	signedIn := w.as(chair).at(linkPath(t, ts[0]))
	signedIn.keepsQuiet(t, "Sign out", "Waiting for you", "Switch person")
	if strings.Contains(w.log.String(), strings.TrimPrefix(linkPath(t, ts[0]), "/a/")) {
		t.Error("the log has the token")
	}
}

func TestEachAnswerIsRecordedOnce(t *testing.T) {
	w := newWorld(t)
	id := w.brought(liaison.Dispatched, "Title")
	ts := w.messagesTo(id)
	path := linkPath(t, ts[0])
	nobody := w.as("")
	for _, tc := range []struct {
		kind  liaison.ResponseKind
		typed []string
		says  string
		words string // in the history
	}{
		{liaison.RespondAcknowledged, []string{"name", "Anne O'Connor"}, "Your acknowledgement is recorded.", "Anne O'Connor"},
		{liaison.RespondMisdirected, []string{"name", "Bruno", "text", "Please ask SG11 <sg11@itu.example>"}, "that this should go to somebody else", "Please ask SG11 <sg11@itu.example>"},
		{liaison.RespondExtensionAsked, []string{"name", "Chen", "date", "2027-03-15", "text", "Our meeting is in March."}, "Your request for 15 March 2027 is recorded.", "Chen, until 15 March 2027: Our meeting is in March."},
		{liaison.RespondDeclined, []string{"name", "Dee", "text", "Not in our scope."}, "It is recorded that you decline.", "Not in our scope."},
		{liaison.RespondReplied, []string{"name", "Eve", "text", "We have\r\ntwo items."}, "Your reply is recorded.", "two items."},
	} {
		t.Run(string(tc.kind), func(t *testing.T) {
			page := nobody.at(path)
			form := with(answerFormOf(t, page, tc.kind), tc.typed...)
			before := w.everything(t)
			var all sync.WaitGroup
			answers := make([]shown, 5) // a double click, and more
			for i := range answers {
				all.Go(func() { answers[i] = w.as("").send("POST", path, form) })
			}
			all.Wait()
			for _, got := range answers {
				to := got.location(t)
				nobody.at(to).says(t, tc.says)
			}
			said, err := w.store.ResponsesTo(t.Context(), ts[0].ID)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, x := range said {
				if x.Kind == tc.kind {
					n++
				}
			}
			if n != 1 {
				t.Errorf("%d answers were recorded", n)
			}
			if now := w.snapshot(id); now.State != liaison.Dispatched || before == w.everything(t) {
				t.Errorf("the statement is %s", now.State)
			}
			w.as(editor).at(statementPath(id, "")).says(t, tc.kind.Label(), tc.typed[1])
			w.as(editor).at(statementPath(id, "/history")).says(t, tc.kind.Label(), tc.words, "what was said")
			w.as(editor).at(statementPath(id, "/messages/"+string(ts[0].ID))).says(t, tc.kind.Label(), tc.typed[1])
			// readers learn that, not who and what
			w.as(outsider).at(statementPath(id, "")).says(t, tc.kind.Label()).keepsQuiet(t, tc.typed[1], tc.words)
			w.as(outsider).at(statementPath(id, "/history")).says(t, tc.kind.Label()).keepsQuiet(t, tc.words)
			w.as(outsider).at(statementPath(id, "/messages/"+string(ts[0].ID))).says(t, tc.kind.Label()).keepsQuiet(t, tc.words)
		})
		w.now = w.now.Add(5 * time.Minute)
	}
	facts, err := w.store.Facts(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []liaison.Fact
	for _, f := range facts {
		kinds = append(kinds, f.Fact)
	}
	if diff := cmp.Diff([]liaison.Fact{liaison.FactAcknowledged, liaison.FactReplied}, kinds); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	report, err := w.store.Audit(t.Context(), nil)
	if err != nil || len(report.Problems) > 0 {
		t.Errorf("the log does not verify: %v, %v", report.Problems, err)
	}
	// another addressee sees none of it
	nobody.at(linkPath(t, ts[1])).keepsQuiet(t, "What you have said", "Anne")
	nobody.at(path).says(t, "What you have said", "Anne O'Connor", "two items.")
}

func TestAnAnswerWithSomethingMissingComesBack(t *testing.T) {
	w := newWorld(t)
	ts := w.messagesTo(w.brought(liaison.Dispatched, "Title"))
	path := linkPath(t, ts[0])
	nobody := w.as("")
	for _, tc := range []struct {
		name  string
		kind  liaison.ResponseKind
		typed []string
		says  string
	}{
		{"nobody", liaison.RespondAcknowledged, []string{"name", "  "}, "Write your name"},
		{"a name of two lines", liaison.RespondAcknowledged, []string{"name", "a\nb"}, "must be one line"},
		{"a long name", liaison.RespondAcknowledged, []string{"name", strings.Repeat("x", 201)}, "at most 200 fit"},
		{"nowhere", liaison.RespondMisdirected, []string{"name", "A", "text", " "}, "Write to whom it should go"},
		{"no date", liaison.RespondExtensionAsked, []string{"name", "A", "text", "Why"}, "Choose the date"},
		{"no such date", liaison.RespondExtensionAsked, []string{"name", "A", "text", "Why", "date", "2027-02-30"}, "is not a date"},
		{"today", liaison.RespondExtensionAsked, []string{"name", "A", "text", "Why", "date", "2026-11-23"}, "not in the future"},
		{"no reason for a date", liaison.RespondExtensionAsked, []string{"name", "A", "date", "2027-02-20"}, "why you need another date"},
		{"no reason", liaison.RespondDeclined, []string{"name", "A"}, "Write why you decline."},
		{"an empty reply", liaison.RespondReplied, []string{"name", "A"}, "Write the reply or attach it."},
		{"a reply that is too long", liaison.RespondReplied, []string{"name", "A", "text", strings.Repeat("x", liaison.MaxText+1)}, "at most 200000 fit"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w.now = w.now.Add(2 * time.Minute)
			form := with(answerFormOf(t, nobody.at(path), tc.kind), tc.typed...)
			page := nobody.upload(path, form).is(t, http.StatusUnprocessableEntity).says(t, tc.says)
			w.wellFormed(t, "/a/…", page)
			back := answerFormOf(t, page, tc.kind)
			for i := 2; i < len(tc.typed); i += 2 {
				if got := back.Get(tc.typed[i]); strings.TrimSpace(got) != strings.TrimSpace(tc.typed[i+1]) {
					t.Errorf("%s came back as %.40q", tc.typed[i], got)
				}
			}
			if back.Get("command") != form.Get("command") {
				t.Error("it came back as another command")
			}
		})
	}
	w.now = w.now.Add(2 * time.Minute)
	form := answerFormOf(t, nobody.at(path), liaison.RespondAcknowledged)
	nobody.send("POST", path, with(form, "name", "A", "kind", "approved")).is(t, http.StatusUnprocessableEntity).says(t, "Choose what you want to say.")
	nobody.send("POST", path, with(form, "name", "A", "command", "x")).is(t, http.StatusUnprocessableEntity).says(t, "not made by this page")
	if said, err := w.store.ResponsesTo(t.Context(), ts[0].ID); err != nil || len(said) != 0 {
		t.Errorf("recorded are %v, %v", said, err)
	}
}

// TestFilesThatAreNotStored: files are kept for ever, so none is before it is known that the form can be taken at all.
func TestFilesThatAreNotStored(t *testing.T) {
	w := newWorld(t)
	ts := w.messagesTo(w.brought(liaison.Dispatched, "Title"))
	nobody := w.as("")
	fresh := func(kind liaison.ResponseKind) url.Values {
		return with(answerFormOf(t, nobody.at(linkPath(t, ts[0])), kind), "name", "Eve", "text", "Here.")
	}
	for range 50 {
		if _, err := w.store.Respond(t.Context(), ts[1].ID, liaison.CommandID(uuid.NewString()), liaison.Response{Kind: liaison.RespondReplied, Name: "Eve", Text: "Here."}); err != nil {
			t.Fatal(err)
		}
	}
	much := with(answerFormOf(t, nobody.at(linkPath(t, ts[1])), liaison.RespondReplied), "name", "Eve")
	for name, tc := range map[string]struct {
		of     int
		form   url.Values
		status int
		says   string
	}{
		"a form that nobody made":         {0, with(fresh(liaison.RespondReplied), "command", "1"), http.StatusUnprocessableEntity, "The form was not made by this page"},
		"a form that takes none":          {0, fresh(liaison.RespondAcknowledged), http.StatusUnprocessableEntity, "Files come with a reply"},
		"a form of no kind":               {0, with(fresh(liaison.RespondReplied), "kind", "shouted"), http.StatusUnprocessableEntity, "Choose what you want to say"},
		"where much has been said before": {1, much, http.StatusUnprocessableEntity, "Much has been said here"},
	} {
		t.Run(name, func(t *testing.T) {
			content := "%PDF-1.7 " + name
			nobody.upload(linkPath(t, ts[tc.of]), tc.form, file{"items.pdf", content}).is(t, tc.status).says(t, tc.says)
			if _, err := w.store.Blob(t.Context(), liaison.DigestOf([]byte(content))); liaison.CodeOf(err) != liaison.NotFound {
				t.Errorf("the file is stored: %v", err)
			}
		})
	}
	nobody.upload(linkPath(t, ts[0]), fresh(liaison.RespondReplied), file{"items.pdf", "%PDF-1.7"}).location(t)
}

func TestAReplyByFiles(t *testing.T) {
	w := newWorld(t)
	id := w.brought(liaison.Dispatched, "Title")
	ts := w.messagesTo(id)
	path := linkPath(t, ts[0])
	nobody := w.as("")
	form := with(answerFormOf(t, nobody.at(path), liaison.RespondReplied), "name", "Eve")
	page := nobody.upload(path, form, file{"items.pdf", "%PDF-1.7 items"}, file{"run.exe", "MZ"}).is(t, http.StatusUnprocessableEntity).says(t, "run.exe was not attached", "items.pdf").keepsQuiet(t, "Write the reply or attach it")
	back := answerFormOf(t, page, liaison.RespondReplied)

	// what is kept between two requests is good for this link only, and cannot be made up
	other := with(answerFormOf(t, nobody.at(linkPath(t, ts[1])), liaison.RespondReplied), "name", "Eve", "file", back.Get("file"))
	nobody.upload(linkPath(t, ts[1]), other).is(t, http.StatusUnprocessableEntity).says(t, "1 file could not be kept")
	forged := (&visitor{key: []byte("guessed")}).seal(id, liaison.Attachment{Name: "x.pdf", MediaType: "application/pdf", Size: 1, Digest: liaison.DigestOf([]byte("secret"))})
	nobody.upload(path, with(form, "file", forged)).is(t, http.StatusUnprocessableEntity).says(t, "1 file could not be kept")

	nobody.upload(path, form, file{"large.pdf", "%PDF-1.7" + strings.Repeat("x", liaison.MaxAttachmentBytes)}).is(t, http.StatusRequestEntityTooLarge).says(t, "large.pdf does not fit")
	to := nobody.upload(path, back, file{"more.txt", "text"}).location(t)
	nobody.at(to).says(t, "Your reply is recorded.", "items.pdf", "more.txt")
	said, err := w.store.ResponsesTo(t.Context(), ts[0].ID)
	if err != nil || len(said) != 1 || len(said[0].Files) != 2 {
		t.Fatalf("recorded are %v, %v", said, err)
	}
	f := said[0].Files[0]
	at := statementPath(id, "/messages/"+string(ts[0].ID)+"/responses/"+said[0].ID+"/"+string(f.Digest))
	if got := w.as(secretary).at(at); got.body != "%PDF-1.7 items" {
		t.Errorf("the secretariat reads %q", got.body)
	}
	w.as(outsider).get(at).is(t, http.StatusNotFound)
	nobody.at(path + "/files/" + string(f.Digest) + "/items.pdf")
	nobody.get(linkPath(t, ts[1])+"/files/"+string(f.Digest)+"/items.pdf").is(t, http.StatusNotFound)
}

func TestALinkThatLeadsNowhere(t *testing.T) {
	w := newWorld(t)
	id := w.brought(liaison.Dispatched, "Title")
	ts := w.messagesTo(id)
	good := linkPath(t, ts[0])
	approved := w.messagesTo(w.brought(liaison.Approved, "Not sent yet"))[0]
	var letter store.Transmission
	all, err := w.store.Transmissions(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range all {
		if x.Letter != liaison.LetterStatement {
			letter = x
		}
	}
	other, err := (inbound.Keys{[]byte("another key of thirty-two bytes.")}).Token(ts[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.store.RevokeLink(t.Context(), ts[2].ID, editor, "x"); liaison.CodeOf(err) != liaison.Forbidden {
		t.Errorf("an editor ends a link: %v", err)
	}
	lena := w.as(secretary)
	message := statementPath(id, "/messages/"+string(ts[2].ID))
	form := lena.at(message).form(t, "/link/revoke")
	lena.send("POST", message+"/link/revoke", form).is(t, http.StatusUnprocessableEntity)
	w.as(outsider).send("POST", message+"/link/revoke", with(form, "reason", "x")).is(t, http.StatusForbidden)
	nobody := w.as("")
	nobody.at(linkPath(t, ts[2]))
	lena.send("POST", message+"/link/revoke", with(form, "reason", "It was forwarded to a list.")).is(t, http.StatusSeeOther)
	lena.at(message).says(t, "Ended by TSB Secretariat", "It was forwarded to a list.")
	w.as(outsider).at(message).keepsQuiet(t, "It was forwarded to a list.")

	want := nobody.get("/a/nonsense").is(t, http.StatusNotFound)
	want.says(t, "Copy the whole link from the message")
	for name, path := range map[string]string{
		"one letter wrong": good[:len(good)-1] + map[bool]string{true: "b", false: "a"}[good[len(good)-1] == 'a'], "cut off": good[:20], "of another key": "/a/" + other, "of no message": linkPath(t, store.Transmission{ID: liaison.TransmissionID(uuid.NewString())}),
		"of a message that never left": linkPath(t, approved), "of a letter to a person": linkPath(t, letter), "revoked": linkPath(t, ts[2]), "a placeholder": "/a/given-on-approval", "NUL": "/a/%00", "long": "/a/" + strings.Repeat("a", 5000),
	} {
		t.Run(name, func(t *testing.T) {
			w.now = w.now.Add(time.Minute)
			for _, method := range []string{"GET", "POST"} {
				got := nobody.send(method, path, with(form, "kind", "acknowledged", "name", "Mallory")).is(t, http.StatusNotFound)
				if got.body != want.body {
					t.Errorf("%s gets another page:\n%s", method, text(got.find("main")))
				}
			}
			nobody.get(path+"/files/"+strings.Repeat("0", 64)+"/x").is(t, http.StatusNotFound)
		})
	}
	nobody.at("/a/" + strings.ToUpper(strings.TrimPrefix(good, "/a/"))) // the same token
}

func TestHowOftenALinkMayBeUsed(t *testing.T) {
	w := newWorld(t)
	ts := w.messagesTo(w.brought(liaison.Dispatched, "Title"))
	from := func(address, path string) shown {
		r, err := http.NewRequestWithContext(t.Context(), "GET", w.site.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Forwarded-For", "203.0.113.99, "+address)
		return w.as("").request(r)
	}
	last := 0
	for i := range visitsBurst + 1 { // guessing
		last = from("192.0.2.1", fmt.Sprintf("/a/guess%d", i)).StatusCode
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("guess %d got %d", visitsBurst+1, last)
	}
	got := from("192.0.2.1", linkPath(t, ts[0])).is(t, http.StatusTooManyRequests).says(t, "Wait a minute")
	if got.Header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After is %q", got.Header.Get("Retry-After"))
	}
	from("192.0.2.2", linkPath(t, ts[0])).is(t, http.StatusOK)
	for i := range linkBurst - 1 { // one link from everywhere
		from(fmt.Sprintf("198.51.100.%d", i), linkPath(t, ts[0])).is(t, http.StatusOK)
	}
	from("192.0.2.3", linkPath(t, ts[0])).is(t, http.StatusTooManyRequests)
	from("192.0.2.3", linkPath(t, ts[1])).is(t, http.StatusOK)
	w.now = w.now.Add(linkEvery)
	from("192.0.2.3", linkPath(t, ts[0])).is(t, http.StatusOK)

	w.now = w.now.Add(10 * time.Minute)
	form := with(answerFormOf(t, w.as("").at(linkPath(t, ts[0])), liaison.RespondAcknowledged), "name", "A")
	for range saysBurst {
		w.as("").send("POST", linkPath(t, ts[0]), with(form, "command", uuid.NewString())).is(t, http.StatusSeeOther)
	}
	w.as("").send("POST", linkPath(t, ts[0]), with(form, "command", uuid.NewString())).is(t, http.StatusTooManyRequests)
}

func TestTheLimiterIsBounded(t *testing.T) {
	now := time.Now()
	l := newLimiter(2, time.Second, 10, func() time.Time { return now })
	for i := range 1000 {
		l.allow(fmt.Sprint(i))
	}
	if len(l.buckets) != 10 {
		t.Errorf("%d buckets", len(l.buckets))
	}
	if ok, _ := l.allow("new"); ok {
		t.Error("who is new has more than what all that are new share")
	}
	now = now.Add(time.Minute)
	if ok, _ := l.allow("newer"); !ok || len(l.buckets) != 1 {
		t.Errorf("after a minute %d buckets are left", len(l.buckets))
	}
}

func TestOtherSitesCannotAnswer(t *testing.T) {
	w := newWorld(t)
	ts := w.messagesTo(w.brought(liaison.Dispatched, "Title"))
	form := with(answerFormOf(t, w.as("").at(linkPath(t, ts[0])), liaison.RespondAcknowledged), "name", "A")
	r, err := http.NewRequestWithContext(t.Context(), "POST", w.site.URL+linkPath(t, ts[0]), strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	w.as("").request(r).is(t, http.StatusForbidden)
	if said, err := w.store.ResponsesTo(t.Context(), ts[0].ID); err != nil || len(said) != 0 {
		t.Errorf("recorded are %v, %v", said, err)
	}
}

func TestReadersDoNotGetTheLink(t *testing.T) {
	w := newWorld(t)
	id := w.brought(liaison.Dispatching, "Title")
	x := w.messagesTo(id)[0]
	token := strings.TrimPrefix(linkPath(t, x), "/a/")
	c := w.snapshot(id).Content
	raw := "From: a@b.example\r\nTo: c@d.example\r\nReply-To: r+" + token + "@in.example\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nhttps://liaison.example/a/" + token[:9] + "=\r\n" + token[9:] + "\r\n--b\r\nContent-Type: text/html\r\n\r\n<a href=\"https://liaison.example/a/" + token + "\">" + c.Title + "</a>\r\n--b--\r\n"
	if err := w.store.Seal(t.Context(), x.Batch, map[liaison.TransmissionID][]byte{x.ID: []byte(raw)}); err != nil {
		t.Fatal(err)
	}
	message := statementPath(id, "/messages/"+string(x.ID))
	olga := w.as(outsider)
	olga.at(message).says(t, "is not shown to readers", "r+"+strings.Repeat("*", 34)).keepsQuiet(t, token, token[9:])
	olga.at(message+"/html").keepsQuiet(t, token)
	olga.get(message+"/raw").is(t, http.StatusForbidden)
	w.as(secretary).at(message).says(t, token)
	if got := w.as(secretary).at(message + "/raw"); got.body != raw {
		t.Error("who works on it does not get the exact bytes")
	}
}
