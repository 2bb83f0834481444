package post_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"testing"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/google/uuid"

	"github.com/jca-ml/liaison/internal/inbound"
	"github.com/jca-ml/liaison/internal/post"
	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail"
	"github.com/jca-ml/liaison/migrations"
)

func registerForReturns(ctx context.Context, url string) error {
	if err := migrations.Up(ctx, url); err != nil {
		return err
	}
	s, err := store.Open(ctx, url)
	if err != nil {
		return err
	}
	defer s.Close()
	return seed.Register(ctx, s)
}

func returnHeader(t *testing.T, message []byte, name string) string {
	t.Helper()
	found := ""
	for _, h := range mail.Headers(message) {
		if h.Name == name {
			found = h.Value
		}
	}
	return found
}

// TestReturnAddresses: replies come to an address of the message's own, in the preview as in what leaves.
func TestReturnAddresses(t *testing.T) {
	ctx := t.Context()
	s := store.New(testkit.Database(t, registerForReturns))
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := mail.NewSigner("liaison.example", "ls", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	if err != nil {
		t.Fatal(err)
	}
	plain := &post.Office{Store: s, From: "liaison@liaison.example", URL: "https://liaison.example"}
	o := &post.Office{Store: s, From: plain.From, URL: plain.URL, Signer: signer, Addresses: inbound.Addresses{Keys: inbound.Keys{bytes.Repeat([]byte{7}, 32)}, Domain: "in.example"}}

	id := liaison.StatementID(uuid.NewString())
	c := liaison.Content{
		Source: seed.JCAML, Title: "Roadmap", Questions: "N/A", Deadline: "2099-01-31", ReplyTo: "jca-ml@liaison.example", Language: "en", Abstract: "Asks.", Text: "Please review.",
		Contacts:   []liaison.Contact{{Name: seed.Chair.Name, Organization: "ETRI", Country: "Rep. of Korea", Email: seed.Chair.Email}},
		Addressees: []liaison.Addressee{{Body: "itu-t/sg17", Purpose: liaison.ForAction}},
	}
	if _, err := s.Create(ctx, id, seed.Editor.ID, c); err != nil {
		t.Fatal(err)
	}
	do := func(kind liaison.CommandKind, actor liaison.PersonID) liaison.CommandID {
		t.Helper()
		snap, err := s.Snapshot(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		cmd := liaison.Command{ID: liaison.CommandID(uuid.NewString()), Kind: kind, Statement: id, Actor: actor, Digest: snap.Digest, Consulted: seed.Consulted()}
		if _, err := s.Do(ctx, cmd); err != nil {
			t.Fatal(err)
		}
		return cmd.ID
	}
	preview := func(o *post.Office) string {
		t.Helper()
		snap, err := s.Snapshot(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		message, err := o.Preview(ctx, snap, 1)
		if err != nil {
			t.Fatal(err)
		}
		return returnHeader(t, message, "Reply-To")
	}
	do(liaison.DoSubmit, seed.Editor.ID)
	if got := preview(o); got != "<r+given-on-approval@in.example>" {
		t.Errorf("before the approval: %s", got)
	}
	if got := preview(plain); got != "<jca-ml@liaison.example>" {
		t.Errorf("without addresses of our own: %s", got)
	}
	do(liaison.DoApprove, seed.Chair.ID)
	batch := do(liaison.DoDispatch, seed.Chair.ID)
	ts, err := s.Batch(ctx, batch)
	if err != nil || len(ts) != 1 {
		t.Fatalf("%d messages, %v", len(ts), err)
	}
	want, err := o.Addresses.Of(inbound.RoleReply, ts[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if got := preview(o); got != "<"+want+">" {
		t.Errorf("after the approval: %s, want %s", got, want)
	}
	message, err := o.Render(ctx, ts[0])
	if err != nil {
		t.Fatal(err)
	}
	if got := returnHeader(t, message, "Reply-To"); got != "<"+want+">" {
		t.Errorf("what leaves: %s, want %s", got, want)
	}
	found, err := dkim.VerifyWithOptions(bytes.NewReader(message), &dkim.VerifyOptions{LookupTXT: func(string) ([]string, error) {
		return []string{"v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public)}, nil
	}})
	if err != nil || len(found) != 1 || found[0].Err != nil {
		t.Errorf("signatures: %+v, %v", found, err)
	}
	if unsigned, err := plain.Render(ctx, ts[0]); err != nil || returnHeader(t, unsigned, "DKIM-Signature") != "" || returnHeader(t, unsigned, "Reply-To") != "<jca-ml@liaison.example>" {
		t.Errorf("without: %v", err)
	}
	// What was sealed is what is shown from then on.
	if err := s.Seal(ctx, batch, map[liaison.TransmissionID][]byte{ts[0].ID: message}); err != nil {
		t.Fatal(err)
	}
	snap, err := s.Snapshot(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	if shown, err := o.Preview(ctx, snap, 1); err != nil || !bytes.Equal(shown, message) {
		t.Errorf("after sealing another message is shown, %v", err)
	}
}
