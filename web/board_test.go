package web

import (
	"archive/zip"
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"crypto/sha256"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/jca-ml/liaison/internal/inbound"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// mail brings in a message and has it understood.
func (w *world) mail(to, raw string) string {
	w.Helper()
	id, _, err := w.store.Receive(w.Context(), []byte(raw), to, "smtp")
	if err == nil {
		_, err = w.store.HandleInbound(w.Context(), id, linkKeys)
	}
	if err != nil {
		w.Fatal(err)
	}
	return string(id)
}

// delivery is a delivery report.
func delivery(action, status, recipient, diagnostic string) string {
	return "From: MAILER-DAEMON@relay.example\r\nSubject: Report\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nReport\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; relay.example\r\n\r\nFinal-Recipient: rfc822; " + recipient + "\r\nAction: " + action + "\r\nStatus: " + status + "\r\nDiagnostic-Code: smtp; " + diagnostic + "\r\n--b--\r\n"
}

// bounceTo is the address that reports about a message come to.
func bounceTo(t testing.TB, x store.Transmission) string {
	return inbound.Address(inbound.RoleBounce, strings.TrimPrefix(linkPath(t, x), "/a/"), "in.example")
}

func TestTheBoardSaysWhatIsKnown(t *testing.T) {
	w := newWorld(t)
	held := w.brought(liaison.Approved, "Held")
	part := w.brought(liaison.DispatchedInPart, "In part")
	withdrawn := w.draft(editor, content("Taken back"))
	w.do(withdrawn, liaison.DoSubmit, editor)
	w.do(withdrawn, liaison.DoApprove, chair)
	w.do(withdrawn, liaison.DoWithdraw, chair)
	ts := w.messagesTo(part)
	w.mail(bounceTo(t, ts[1]), delivery("failed", "5.1.1", "sg12@itu.example", "550 no such user"))
	form := with(answerFormOf(t, w.as("").at(linkPath(t, ts[2])), liaison.RespondAcknowledged), "name", "Irene")
	w.as("").send("POST", linkPath(t, ts[2]), form).is(t, http.StatusSeeOther)

	lena := w.as(secretary)
	page := lena.at("/dispatch").says(t, "Refused", "550 5.1.1 No such mailbox here", "It was refused for good after 1 attempt.", "Bounced", "could not be delivered", "Acknowledged", "Unmatched mail 0",
		"It is approved and held: nobody has dispatched the statement yet.")
	if strings.Contains(text(page.find("table")), "elivered to") {
		t.Error("the board calls something delivered that nobody reported as delivered")
	}
	rows := text(page.find("tbody"))
	if first, second := strings.Index(rows, "Refused"), strings.Index(rows, "approved and held"); first < 0 || second < first {
		t.Errorf("what needs a person does not come first: %s", rows)
	}
	// every message that was not sent says why
	all := 0
	for _, x := range w.messagesTo(held) {
		lena.at(statementPath(held, "/messages/"+string(x.ID))).says(t, "approved and held")
		all++
	}
	for _, x := range w.messagesTo(withdrawn) {
		if x.State != liaison.TransmissionAccepted && whyNot(x, w.snapshot(withdrawn).State) == "" {
			t.Errorf("a message that is %s does not say why it was not sent", x.State)
		}
	}
	for _, x := range liaison.TransmissionStates {
		if x.State != liaison.TransmissionAccepted && whyNot(store.Transmission{State: x.State}, liaison.Dispatching) == "" {
			t.Errorf("nothing says why a message that is %s was not sent", x.State)
		}
	}
	lena.at("/dispatch?state=bounced").says(t, "SG12").keepsQuiet(t, "No such mailbox here")
	lena.at("/dispatch?body=itu-t/sg13").says(t, "No such mailbox here").keepsQuiet(t, "no such user")
	lena.at("/dispatch?ref=jca-ml-ls1").says(t, "Held").keepsQuiet(t, "No such mailbox here")
	lena.get("/dispatch?state=nosuch").is(t, http.StatusNotFound)
	lena.get("/dispatch?after=nonsense").is(t, http.StatusUnprocessableEntity)
	w.as(outsider).get("/dispatch").is(t, http.StatusForbidden)
	w.as(editor).at("/dispatch").keepsQuiet(t, "Unmatched mail")
	w.as(editor).get("/dispatch/unmatched").is(t, http.StatusForbidden)

	message := lena.at(statementPath(part, "/messages/"+string(ts[1].ID))).says(t, "Bounced", "550 no such user", "The message that says so")
	var report string
	for n := range message.root.Descendants() {
		if strings.HasPrefix(attr(n, "href"), "/inbound/") {
			report = attr(n, "href")
		}
	}
	lena.at(report).says(t, "Delivery report", "failed 5.1.1", "550 no such user", "Found by: token.")
	if got := lena.at(report + "/raw"); !strings.HasPrefix(got.body, "From: MAILER-DAEMON") {
		t.Errorf("the raw report is %q", got.body)
	}
	w.as(outsider).at(statementPath(part, "/messages/"+string(ts[1].ID))).says(t, "Bounced").keepsQuiet(t, "/inbound/")
}

func TestTheBoardPagesByKey(t *testing.T) {
	w := newWorld(t)
	for i := range 6 {
		w.now = w.now.Add(time.Minute)
		w.brought([]liaison.State{liaison.Approved, liaison.DispatchedInPart, liaison.Dispatched}[i%3], fmt.Sprintf("Title %d", i))
	}
	var want, got []string
	lines, _, err := w.store.Board(t.Context(), chair, store.BoardFilter{Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		want = append(want, string(l.Transmission.ID))
	}
	after := ""
	for range 100 {
		lines, next, err := w.store.Board(t.Context(), chair, store.BoardFilter{Limit: 5, After: after})
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range lines {
			got = append(got, string(l.Transmission.ID))
		}
		if after = next; next == "" {
			break
		}
	}
	if diff := cmp.Diff(want, got); diff != "" || len(want) < 18 {
		t.Errorf("%d messages (-in one +by pages):\n%s", len(want), diff)
	}
	if lines, _, err := w.store.Board(t.Context(), outsider, store.BoardFilter{}); err != nil || len(lines) != 0 {
		t.Errorf("an outsider's board has %d messages, %v", len(lines), err)
	}
}

func TestLinkingWhatMatchedNothing(t *testing.T) {
	w := newWorld(t)
	id := w.brought(liaison.Dispatched, "Title")
	ts := w.messagesTo(id)
	raw := "From: Irene <irene@itu.example>\r\nTo: jca-ml@liaison.example\r\nSubject: Re: [JCA-ML-LS1] Title\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nشكرا\r\n"
	at := "/inbound/" + w.mail("jca-ml@liaison.example", raw)
	lena := w.as(secretary)
	lena.at("/dispatch/unmatched").says(t, "Re: [JCA-ML-LS1] Title", "Irene <irene@itu.example>")
	page := lena.at(at+"?ref=JCA-ML-LS1").says(t, "شكرا", "JCA-ML-LS1 to SG12")
	w.wellFormed(t, at, page)
	form := with(page.form(t, "/link"), "transmission", string(ts[1].ID))
	lena.send("POST", at+"/link", form).is(t, http.StatusUnprocessableEntity).says(t, "Give a reason:")
	lena.send("POST", at+"/link", with(form, "transmission", "x")).is(t, http.StatusUnprocessableEntity).says(t, "Choose the message")
	w.as(editor).send("POST", at+"/link", with(form, "reason", "x")).is(t, http.StatusNotFound)
	other := w.messagesTo(w.brought(liaison.Approved, "Not sent"))[0]
	lena.send("POST", at+"/link", with(form, "reason", "x", "transmission", string(other.ID))).is(t, http.StatusConflict)
	lena.send("POST", at+"/link", with(form, "reason", "Irene is SG12's secretary.")).is(t, http.StatusSeeOther)
	lena.at(at).says(t, "Found by: person.").keepsQuiet(t, "Link it")
	lena.send("POST", at+"/link", with(form, "reason", "Again.")).is(t, http.StatusConflict)
	lena.at("/dispatch/unmatched").says(t, "Nothing is unmatched.")
	lena.at(statementPath(id, "/history")).says(t, "Inbound message linked", "Irene is SG12's secretary.", "Reply received")
	w.as(editor).at(at)
	w.as(outsider).get(at).is(t, http.StatusNotFound)
	report, err := w.store.Audit(t.Context(), nil)
	if err != nil || len(report.Problems) > 0 {
		t.Errorf("the log does not verify: %v, %v", report.Problems, err)
	}
}

func TestTheEvidencePack(t *testing.T) {
	w := newWorld(t)
	c := content("Title")
	digest, err := w.store.PutBlob(t.Context(), []byte("%PDF-1.7 list"))
	if err != nil {
		t.Fatal(err)
	}
	c.Attachments = []liaison.Attachment{{Name: "a list.pdf", MediaType: "application/pdf", Size: 13, Digest: digest}}
	id := w.bring(liaison.DispatchedInPart, c)
	ts := w.messagesTo(id)
	report := delivery("failed", "5.1.1", "sg12@itu.example", "550 no such user")
	inboundID := w.mail(bounceTo(t, ts[1]), report)
	form := with(answerFormOf(t, w.as("").at(linkPath(t, ts[2])), liaison.RespondReplied), "name", "Irene", "text", "See the file.", "command", uuid.NewString())
	w.as("").upload(linkPath(t, ts[2]), form, file{"../../items.txt", "items"}).is(t, http.StatusSeeOther)

	got := w.as(secretary).at(statementPath(id, "/evidence.zip"))
	if again := w.as(editor).at(statementPath(id, "/evidence.zip")); again.body != got.body {
		t.Error("the same evidence is another archive")
	}
	w.as(outsider).get(statementPath(id, "/evidence.zip")).is(t, http.StatusForbidden)
	z, err := zip.NewReader(bytes.NewReader([]byte(got.body)), int64(len(got.body)))
	if err != nil {
		t.Fatal(err)
	}
	content := map[string]string{}
	var names []string
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		content[f.Name] = string(b)
		names = append(names, f.Name)
	}
	if names[0] != "README.txt" || names[len(names)-1] != "SHA256SUMS" {
		t.Errorf("the order is %v", names)
	}
	sums := strings.Split(strings.TrimSpace(content["SHA256SUMS"]), "\n")
	if len(sums) != len(names)-1 {
		t.Errorf("%d digests of %d files", len(sums), len(names)-1)
	}
	for _, line := range sums {
		sum, name, _ := strings.Cut(line, "  ")
		if s := sha256.Sum256([]byte(content[name])); hex.EncodeToString(s[:]) != sum {
			t.Errorf("the digest of %s is wrong", name)
		}
	}
	for name, says := range map[string]string{
		"statement.json": `"number": "JCA-ML-LS1"`, "revisions/1.json": "liaison-revision/1", "files/" + string(digest) + "-a list.pdf": "%PDF-1.7 list",
		"messages/01-itu-t-sg13/attempts.json": "550 5.1.1 No such mailbox here", "messages/01-itu-t-sg13/transmission.json": "refused for good", "messages/02-itu-t-sg12/known.json": "550 no such user",
		"messages/02-itu-t-sg12/reports/" + inboundID + ".eml": report, "messages/03-ieee/responses/1.json": "See the file.", "messages/03-ieee/responses/1-files/1-items.txt": "items", "events.jsonl": `\"kind\":\"replied\"`,
		"README.txt": "sha256sum -c SHA256SUMS",
	} {
		if !strings.Contains(content[name], says) {
			t.Errorf("%s does not say %q: %.300s", name, says, content[name])
		}
	}
	for i, x := range ts {
		b, err := w.store.Message(t.Context(), x.ID)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(names, func(n string) bool {
			return strings.HasPrefix(n, fmt.Sprintf("messages/%02d-", i+1)) && content[n] == string(b)
		}) {
			t.Errorf("message %d is not there as it was sent", i+1)
		}
	}
	for _, n := range names {
		if strings.Contains(n, "..") || strings.HasPrefix(n, "/") {
			t.Errorf("the archive has the name %q", n)
		}
	}
	if _, err := url.Parse(got.Header.Get("Content-Disposition")); err != nil || !strings.Contains(got.Header.Get("Content-Disposition"), "JCA-ML-LS1-dispatch.zip") {
		t.Errorf("it is called %q", got.Header.Get("Content-Disposition"))
	}
}
