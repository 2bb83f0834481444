package post_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/jca-ml/liaison/internal/inbound"
	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail"
)

// TestAMessageHasOneLink: to the page of this very message, with a token that nobody else makes; a preview shows its form.
func TestAMessageHasOneLink(t *testing.T) {
	s, office := open(t)
	keys := inbound.Keys{bytes.Repeat([]byte("k"), 32)}
	office.Addresses.Keys = keys // without a domain for inbound mail
	id := draft(t, s)
	words := func(message []byte, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		text, html, err := mail.Parts(message)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(text+html, "/statements/") {
			t.Errorf("the message leads to pages that its reader has no account for:\n%s", text)
		}
		return text
	}
	snap, err := s.Snapshot(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if text := words(office.Preview(t.Context(), snap, 1)); !strings.Contains(text, "https://liaison.example/a/given-on-approval") {
		t.Errorf("the preview does not show the form of the link:\n%s", text)
	}
	for _, kind := range []liaison.CommandKind{liaison.DoSubmit, liaison.DoApprove} {
		by := map[liaison.CommandKind]liaison.PersonID{liaison.DoSubmit: seed.Editor.ID, liaison.DoApprove: seed.Chair.ID}[kind]
		if snap, err = s.Snapshot(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Do(t.Context(), liaison.Command{ID: liaison.CommandID(uuid.NewString()), Kind: kind, Statement: id, Actor: by, Digest: snap.Digest, Consulted: seed.Consulted()}); err != nil {
			t.Fatal(err)
		}
	}
	ts, err := s.Transmissions(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, x := range ts {
		if x.Letter != liaison.LetterStatement {
			continue
		}
		text := words(office.Render(t.Context(), x))
		_, rest, found := strings.Cut(text, "https://liaison.example/a/")
		if !found || len(rest) < inbound.TokenLength {
			t.Fatalf("there is no link:\n%s", text)
		}
		token := rest[:inbound.TokenLength]
		if got, err := keys.Verify(token); err != nil || got != x.ID || seen[token] || strings.Contains(rest, "/a/") {
			t.Errorf("the link is of %s, not of %s: %v", got, x.ID, err)
		}
		seen[token] = true
	}
	if len(seen) == 0 {
		t.Fatal("there is no message")
	}
}
