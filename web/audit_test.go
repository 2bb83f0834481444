package web

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jca-ml/liaison/internal/audit"
	"github.com/jca-ml/liaison/internal/receipt"
	"github.com/jca-ml/liaison/internal/signer"
	"github.com/jca-ml/liaison/internal/stamp"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
)

const auditor liaison.PersonID = "00000000-0000-4000-8000-000000000009"

// audited is a world with an auditor, a statement that left and one that is confidential, and a signer that has signed.
func audited(t *testing.T) (w *world, sent, secret liaison.StatementID, sg *signer.Signer) {
	t.Helper()
	w = newWorld(t)
	person := liaison.Person{ID: auditor, Name: "Ivo Auditor", Email: "ivo@audit.example", Affiliation: "External auditor"}
	if err := w.store.Enter(t.Context(), nil, []liaison.Person{person}, []liaison.Appointment{{Person: person, Group: group, Office: liaison.OfficeAuditor, From: "2023-02-08", Evidence: "the parent group"}}, nil); err != nil {
		t.Fatal(err)
	}
	sent, secret = w.brought(liaison.Dispatched, "What left"), w.brought(liaison.InReview, "What nobody outside may read")
	dir := filepath.Join(t.TempDir(), "signer")
	if _, err := signer.Init(dir, "liaison.example/log1", 1); err != nil {
		t.Fatal(err)
	}
	sg, err := signer.Open(t.Context(), signer.Config{Log: w.store, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sg.Close() })
	if _, err := sg.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w, sent, secret, sg
}

func TestAuditorReadsTheLogAndNotTheText(t *testing.T) {
	w, _, secret, _ := audited(t)
	b := w.as(auditor)
	page := b.at("/audit")
	for _, want := range []string{"Newest checkpoint", "liaison.example/log1", "Approved", "Message sealed", "liaison-leaf/1"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the log does not show %q", want)
		}
	}
	if strings.Contains(page.body, "What nobody outside may read") || strings.Contains(page.body, "What left") {
		t.Error("the log shows a title")
	}
	page = b.at("/statements/" + string(secret) + "/history")
	if strings.Contains(page.body, "/messages/") || strings.Contains(page.body, "evidence.zip") || !strings.Contains(page.body, "&#34;format&#34;:&#34;liaison-leaf/1&#34;") {
		t.Error("the history of a confidential statement leads to what is not to be read, or does not show the leaves' bytes")
	}
	if strings.Contains(page.body, "What nobody outside may read") || !strings.Contains(page.body, "Submitted for approval") {
		t.Error("the history of a confidential statement shows its title, or not what happened")
	}
	for _, path := range []string{"", "/review", "/edit", "/submit"} {
		if s := b.get("/statements/" + string(secret) + path); s.StatusCode == http.StatusOK {
			t.Errorf("the auditor reads %s of a confidential statement", path)
		}
	}
	if strings.Contains(b.at("/").body, "/statements/new") {
		t.Error("the auditor is offered to draft")
	}
	b.at("/audit?kind=sealed&body=itu-t%2Fsg13&actor=&from=2026-11-23&until=2026-11-23")
	if s := b.at("/audit?from=2026-11-23&until=2026-11-24"); !strings.Contains(s.body, `name="from" value="2026-11-23"`) || !strings.Contains(s.body, `name="until" value="2026-11-24"`) {
		t.Error("the form does not keep the days that were asked for")
	}
	if s := b.at("/audit?kind=sealed&body=ieee&from=2027-01-01"); !strings.Contains(s.body, "no such entry") {
		t.Error("entries of another day are shown")
	}
	if s := b.at("/audit?actor=" + string(chair)); strings.Contains(s.body, "<strong>Message sealed") || !strings.Contains(s.body, "<strong>Approved") {
		t.Error("the filter by actor does not filter")
	}
	if s := b.get("/audit?from=yesterday"); s.StatusCode != http.StatusUnprocessableEntity && s.StatusCode != http.StatusBadRequest {
		t.Errorf("a day that is none is answered with %d", s.StatusCode)
	}
	b.get("/audit?before=x.y").is(b, statusOf(liaison.Invalid))
	if err := w.store.HoldBody(t.Context(), "ieee", "They move to other servers", ""); err != nil {
		t.Fatal(err)
	}
	if s := b.at("/audit?kind=paused&body=ieee"); !strings.Contains(s.body, "about no statement") || strings.Contains(s.body, "/statements//") || strings.Contains(s.body, "They move") {
		t.Error("what is about no statement leads to one, or is shown with its reason")
	}

	b.send("POST", "/audit", url.Values{}).is(b, http.StatusSeeOther)
	if s := b.at("/audit"); !strings.Contains(s.body, "The log verifies") || !strings.Contains(s.body, "Ivo Auditor") {
		t.Error("the verification is not shown with its result")
	}
	for _, who := range []liaison.PersonID{chair, editor, outsider} {
		w.as(who).get("/audit").is(w, http.StatusForbidden)
		w.as(who).get("/audit/evidence.zip?from=2026-01-01").is(w, http.StatusForbidden)
	}
	w.as(outsider).get("/statements/"+string(secret)+"/receipts.zip").is(w, http.StatusNotFound)
}

// unzip reads an archive into memory.
func unzip(t *testing.T, s shown) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader([]byte(s.body)), int64(len(s.body)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name] = string(b)
	}
	return out
}

func TestEvidenceVerifiesByItself(t *testing.T) {
	w, sent, secret, sg := audited(t)
	policy := receipt.KeysOnly(sg.Key())
	check := func(files map[string]string) (receipts, messages int) {
		for name, content := range files {
			if base, ok := strings.CutSuffix(name, ".tlog-proof"); ok {
				receipts++
				v, err := policy.Verify([]byte(content), []byte(files[base+".leaf"]))
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
				if len(v.Leaf) == 0 {
					t.Errorf("%s: the receipt verifies without a leaf", name)
				}
			} else if strings.HasPrefix(name, "messages/") || strings.HasPrefix(name, "files/") {
				messages++
			}
		}
		return receipts, messages
	}
	for _, who := range []liaison.PersonID{chair, auditor, outsider} { // nothing confidential is in it: messages hold the addressees' links
		files := unzip(t, w.as(who).at("/statements/"+string(sent)+"/receipts.zip"))
		if receipts, messages := check(files); receipts < 10 || messages != 0 || files["checkpoint.txt"] == "" || files["README.txt"] == "" {
			t.Errorf("%s gets %d receipts and %d messages", who, receipts, messages)
		}
	}
	files := unzip(t, w.as(auditor).at("/statements/"+string(secret)+"/receipts.zip"))
	if receipts, messages := check(files); receipts != 2 || messages != 0 {
		t.Errorf("of a confidential statement the auditor gets %d receipts and %d messages", receipts, messages)
	}
	for name, content := range files {
		if strings.Contains(content, "What nobody outside may read") {
			t.Errorf("%s shows what the statement says", name)
		}
	}
}

// TestEvidenceOfAPeriod: the archive of some days holds everything of the statements that may be read, what happened to all, and what
// proves it, each piece checked by other means than ours where there are any.
func TestEvidenceOfAPeriod(t *testing.T) {
	w, _, secret, sg := audited(t)
	digest, err := w.store.PutBlob(t.Context(), []byte("%PDF-1.7 list"))
	if err != nil {
		t.Fatal(err)
	}
	c := content("With a file")
	c.Attachments = []liaison.Attachment{{Name: "a list.pdf", MediaType: "application/pdf", Size: 13, Digest: digest}}
	sent := w.bring(liaison.Dispatched, c)
	if _, err := sg.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.store.HoldBody(t.Context(), "ieee", "Their list is being moved.", secretary); err != nil { // an event that is about no statement
		t.Fatal(err)
	}
	if _, err := sg.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	tsa := testkit.NewTSA(t)
	pem, err := os.ReadFile(tsa.Roots)
	if err != nil {
		t.Fatal(err)
	}
	roots, err := stamp.ParseRoots(pem)
	if err != nil {
		t.Fatal(err)
	}
	st := &signer.Stamper{Log: w.store, Key: sg.Key(), Authority: stamp.Authority{URL: tsa.URL, Trust: stamp.Trust{Roots: roots}}, Logger: slog.New(slog.DiscardHandler), Now: time.Now}
	if _, err := st.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := w.as(auditor)
	b.at("/audit").says(t, "Time-stamped", "CN=Example Time-Stamping")
	got := b.at("/audit/evidence.zip?from=2026-11-23&until=2026-11-23")
	if again := b.at("/audit/evidence.zip?from=2026-11-23&until=2026-11-23"); again.body != got.body {
		t.Error("the same evidence is another archive")
	}
	files := unzip(t, got)
	snap, err := w.store.Snapshot(t.Context(), sent)
	if err != nil {
		t.Fatal(err)
	}
	dir := "statements/" + snap.Ref + "/"
	ts, err := w.store.Transmissions(t.Context(), sent)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := w.store.Message(t.Context(), ts[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if files[dir+"files/"+string(digest)+"-a list.pdf"] != "%PDF-1.7 list" || !strings.Contains(files[dir+"revisions/1.json"], "With a file") || !strings.Contains(files[dir+"statement.json"], snap.Ref) {
		t.Error("the statement, its revision or its file is not in it")
	}
	if !strings.Contains(files["events.jsonl"], "Their list is being moved.") {
		t.Error("the pause is not in it, or its reason is not opened")
	}
	found := false
	for name, content := range files {
		if strings.Contains(content, "What nobody outside may read") {
			t.Errorf("%s shows what a confidential statement says", name)
		}
		found = found || strings.HasPrefix(name, dir+"messages/") && content == string(sealed)
	}
	if !found || !strings.Contains(files["withheld.txt"], string(secret)) || strings.Contains(files["withheld.txt"], string(sent)) {
		t.Error("a message is not in it, or it does not say what was withheld")
	}
	// every event of the log is of that day, in this world
	policy, lines, opened, receipts := receipt.KeysOnly(sg.Key()), 0, 0, 0
	for line := range strings.Lines(files["events.jsonl"]) {
		var e struct {
			Log     int
			Index   int64
			Payload string
			Opens   map[string]struct {
				Salt  []byte
				Value string
			}
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		lines++
		if strings.Contains(e.Payload, string(secret)) && len(e.Opens) > 0 {
			t.Error("what was said about a confidential statement is opened")
		}
		for field, o := range e.Opens {
			opened++
			if !strings.Contains(e.Payload, `"`+field+`":{"sha256":"`+audit.Commitment(o.Salt, o.Value)) {
				t.Errorf("leaf %d: its %s is opened with something else", e.Index, field)
			}
		}
		proof := files[fmt.Sprintf("receipts/%d-%d.tlog-proof", e.Log, e.Index)]
		v, err := policy.Verify([]byte(proof), nil)
		if err != nil || string(v.Leaf) != e.Payload {
			t.Errorf("leaf %d: its receipt: %v", e.Index, err)
		}
		if err == nil {
			receipts++
			if note := files[fmt.Sprintf("checkpoints/1-%d.txt", v.Size)]; !strings.HasSuffix(proof, "\n\n"+note) {
				t.Errorf("the checkpoint of %d leaves is not in it", v.Size)
			}
		}
	}
	size, err := w.store.LogSize(t.Context())
	if err != nil || int64(lines) != size || receipts != lines || opened == 0 {
		t.Errorf("%d events with %d receipts, %d opened; the log has %d, %v", lines, receipts, opened, size, err)
	}
	stamps := 0
	for name, token := range files {
		if base, ok := strings.CutPrefix(name, "stamps/1-"); ok {
			stamps++
			n, _, _ := strings.Cut(base, "-")
			if err := tsa.Verify([]byte(files["checkpoints/1-"+n+".txt"]), []byte(token)); err != nil {
				t.Error(err)
			}
		}
	}
	if stamps != 1 || files["receipts/log.vkey"] != sg.Key().String()+"\n" || files["README.txt"] == "" {
		t.Errorf("%d time-stamps", stamps)
	}
	sums := strings.Split(strings.TrimSpace(files["SHA256SUMS"]), "\n")
	for _, line := range sums {
		sum, name, _ := strings.Cut(line, "  ")
		if got := sha256.Sum256([]byte(files[name])); hex.EncodeToString(got[:]) != sum {
			t.Errorf("the digest of %s is wrong", name)
		}
	}
	if len(sums) != len(files)-1 {
		t.Errorf("%d digests of %d files", len(sums), len(files)-1)
	}
	if files := unzip(t, b.at("/audit/evidence.zip?from=2027-01-01&until=2027-01-02")); files["events.jsonl"] != "" || files["period.json"] == "" {
		t.Error("a day on which nothing happened has events")
	}
}

// TestStampThatCannotBeHad is shown to the auditor, with what went wrong.
func TestStampThatCannotBeHad(t *testing.T) {
	w, _, _, _ := audited(t)
	for i := range 2 {
		f := store.StampFailure{At: time.Now().Add(time.Duration(i) * time.Minute), Authority: "https://tsa.example", Words: "it answers 503 <x>"}
		if err := w.store.AddStampFailure(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	w.as(auditor).at("/audit").says(t, "The time-stamping authority gave no token, 2 times.", "https://tsa.example", "it answers 503 <x>")
}

func TestReceiptIsOpenToWhoGotTheMessage(t *testing.T) {
	w, sent, secret, sg := audited(t)
	policy := receipt.KeysOnly(sg.Key())
	ts, err := w.store.Transmissions(t.Context(), sent)
	if err != nil {
		t.Fatal(err)
	}
	nobody := w.as("")
	for _, x := range ts {
		path := "/statements/" + string(sent) + "/messages/" + string(x.ID) + "/receipt"
		if x.Letter != liaison.LetterStatement {
			nobody.get(path).is(w, http.StatusNotFound)
			continue
		}
		for _, of := range []string{"", "?of=sealed", "?of=accepted"} {
			v, err := policy.Verify([]byte(nobody.at(path+of).body), nil)
			if err != nil || !strings.Contains(string(v.Leaf), string(x.Digest)) {
				t.Errorf("%s: %v", of, err)
			}
		}
		nobody.get(path+"?of=approved").is(w, http.StatusNotFound)
		nobody.get(strings.Replace(path, string(sent), string(secret), 1)).is(w, http.StatusNotFound)
	}
	if _, _, err := policy.Check([]byte(nobody.at("/checkpoint").body)); err != nil {
		t.Error(err)
	}
	if key := nobody.at("/log.vkey").body; key != sg.Key().String()+"\n" {
		t.Errorf("the key is %q", key)
	}
}
