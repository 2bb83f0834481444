package post_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/jca-ml/liaison/internal/inbound"
	"github.com/jca-ml/liaison/internal/post"
	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail"
)

const sender = "liaison@jca-ml.example"

// wanting is a statement with two files to w3c, which wants its mail its own way, and to ieee, which does not.
func wanting(t *testing.T, linksOnly, signed bool) (*store.Store, *post.Office, store.Snapshot, []liaison.Attachment) {
	t.Helper()
	s, _ := open(t)
	o := &post.Office{Store: s, From: sender, URL: "https://liaison.example", Addresses: inbound.Addresses{Keys: inbound.Keys{bytes.Repeat([]byte{7}, 32)}}, Budget: 100}
	if err := s.SetMail(t.Context(), "w3c", linksOnly, signed); err != nil {
		t.Fatal(err)
	}
	var files []liaison.Attachment
	for _, f := range []struct {
		name string
		b    []byte
	}{{"small.txt", []byte("a small file")}, {"large file é.txt", bytes.Repeat([]byte("large "), 50)}} {
		d, err := s.PutBlob(t.Context(), f.b)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, liaison.Attachment{Name: f.name, MediaType: "text/plain", Size: int64(len(f.b)), Digest: d})
	}
	id := liaison.StatementID(uuid.NewString())
	if _, err := s.Create(t.Context(), id, seed.Editor.ID, liaison.Content{
		Source: seed.JCAML, Title: "Roadmap", Deadline: "2099-01-31", ReplyTo: "jca-ml@liaison.example", Language: "en", Abstract: "Asks.", Text: "Please review.", Attachments: files,
		Addressees: []liaison.Addressee{{Body: "w3c", Purpose: liaison.ForAction}, {Body: "ieee", Purpose: liaison.ForAction}},
		Contacts:   []liaison.Contact{{Name: seed.Chair.Name, Email: seed.Chair.Email}},
	}); err != nil {
		t.Fatal(err)
	}
	return s, o, snapshot(t, s, id), files
}

// TestFilesBeyondTheBudgetAreLinked: with name, size and digest, to the addressee's page; and where a body wants no files, all are.
func TestFilesBeyondTheBudgetAreLinked(t *testing.T) {
	_, o, snap, files := wanting(t, true, false)
	large := "https://liaison.example/a/given-on-approval/files/" + string(files[1].Digest) + "/large%20file%20%C3%A9.txt"
	small := "https://liaison.example/a/given-on-approval/files/" + string(files[0].Digest) + "/small.txt"
	for position, want := range map[int]struct{ linked, attached []string }{
		1: {[]string{small, large}, nil},
		2: {[]string{large}, []string{"small.txt"}},
	} {
		message, err := o.Preview(t.Context(), snap, position)
		if err != nil {
			t.Fatal(err)
		}
		text, html, err := mail.Parts(message)
		if err != nil {
			t.Fatal(err)
		}
		for _, link := range []string{small, large} {
			linked := strings.Count(strings.Join(want.linked, " "), link)
			if strings.Count(text, link) != linked || strings.Count(html, `href="`+link+`"`) != linked {
				t.Errorf("message %d: %s is in the text %d times, in the page %d times, want %d", position, link, strings.Count(text, link), strings.Count(html, `href="`+link+`"`), linked)
			}
		}
		for _, f := range files {
			if !strings.Contains(text, f.Name) || !strings.Contains(text, "sha256 "+string(f.Digest)) || !strings.Contains(html, string(f.Digest)) {
				t.Errorf("message %d does not name %s with its digest", position, f.Name)
			}
		}
		if n := bytes.Count(message, []byte("Content-Disposition: attachment")); n != len(want.attached) {
			t.Errorf("message %d carries %d files, want %q", position, n, want.attached)
		}
	}
	bare := &post.Office{Store: o.Store, From: o.From, URL: o.URL, Budget: o.Budget}
	message, err := bare.Preview(t.Context(), snap, 1)
	if err != nil || bytes.Count(message, []byte("Content-Disposition: attachment")) != 2 {
		t.Errorf("where addressees have no page, files are not carried: %v", err)
	}
}

// TestBodyThatWantsSignedMail: it gets signed messages or none, and whoever drafts is told before anything is decided.
func TestBodyThatWantsSignedMail(t *testing.T) {
	s, o, snap, _ := wanting(t, false, true)
	findings, err := o.Findings(t.Context(), snap.Content)
	if err != nil || len(findings) != 1 || !strings.Contains(findings[0].Message, "no certificate is set up") || !strings.HasPrefix(findings[0].Message, "W3C: ") {
		t.Errorf("the check list says %+v, %v", findings, err)
	}
	if err := o.Check(t.Context(), snap.ID); liaison.CodeOf(err) != liaison.Conflict || !strings.Contains(err.Error(), "no certificate is set up") {
		t.Errorf("the dispatch is not refused: %v", err)
	}
	do(t, s, snap.ID, liaison.DoSubmit, seed.Editor)
	do(t, s, snap.ID, liaison.DoApprove, seed.Chair)
	batch := do(t, s, snap.ID, liaison.DoDispatch, seed.Chair)
	ts, err := s.Batch(t.Context(), batch)
	if err != nil || len(ts) != 2 {
		t.Fatal(ts, err)
	}
	if _, err := o.Render(t.Context(), ts[0]); liaison.CodeOf(err) != liaison.Conflict {
		t.Errorf("a message was made unsigned: %v", err)
	}
	if message, err := o.Render(t.Context(), ts[1]); err != nil || bytes.Contains(message, []byte("pkcs7")) {
		t.Errorf("the other body's message: %v", err)
	}
	for _, tt := range []struct {
		name  string
		until time.Duration
		says  string
	}{{"expired", -time.Minute, "expired on"}, {"in force", time.Hour, ""}} {
		o.SMIME = selfSigned(t, time.Now().Add(tt.until))
		err := o.Check(t.Context(), snap.ID)
		message, rendered := o.Render(t.Context(), ts[0])
		if tt.says != "" {
			if err == nil || rendered == nil || !strings.Contains(err.Error(), tt.says) || !strings.Contains(rendered.Error(), tt.says) {
				t.Errorf("%s: %v, %v", tt.name, err, rendered)
			}
			continue
		}
		if err != nil || rendered != nil || !bytes.Contains(message, []byte("application/pkcs7-signature")) {
			t.Errorf("%s: %v, %v, signed: %t", tt.name, err, rendered, bytes.Contains(message, []byte("pkcs7")))
		}
		if findings, err := o.Findings(t.Context(), snap.Content); err != nil || len(findings) != 0 {
			t.Errorf("%s: the check list says %+v, %v", tt.name, findings, err)
		}
	}
}

func selfSigned(t *testing.T, until time.Time) *mail.SMIME {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: until.Add(-24 * time.Hour), NotAfter: until, EmailAddresses: []string{sender}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	out, err := mail.NewSMIME(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}), sender)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
