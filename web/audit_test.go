package web

import (
	"archive/zip"
	"bytes"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jca-ml/liaison/internal/receipt"
	"github.com/jca-ml/liaison/internal/signer"
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

	b.send("POST", "/audit", url.Values{}).is(b, http.StatusSeeOther)
	if s := b.at("/audit"); !strings.Contains(s.body, "The log verifies") || !strings.Contains(s.body, "Ivo Auditor") {
		t.Error("the verification is not shown with its result")
	}
	for _, who := range []liaison.PersonID{chair, editor, outsider} {
		w.as(who).get("/audit").is(w, http.StatusForbidden)
		w.as(who).get("/audit/receipts.zip?from=2026-01-01").is(w, http.StatusForbidden)
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
	files = unzip(t, w.as(auditor).at("/audit/receipts.zip?from=2026-11-23&until=2026-11-23"))
	if receipts, _ := check(files); receipts < 10 {
		t.Errorf("the day has %d receipts", receipts)
	}
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
