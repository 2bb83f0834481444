package post_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/jca-ml/liaison/internal/post"
	"github.com/jca-ml/liaison/internal/profile"
	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail"
)

// TestLettersAboutWindows renders the letters about two windows for objections, one of which approves by itself, and the statement
// that it approved.
func TestLettersAboutWindows(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "profile", "profiles", "jca-a1-clause-5.v2.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	text := strings.NewReplacer("version: 2", "version: 3", "from: 2026-11-01", "from: 2026-11-02", "[officer, meeting, correspondence]", "[officer, meeting, correspondence, no-objection]").Replace(string(b))
	if err := os.WriteFile(filepath.Join(dir, "3.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	rules, err := profile.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	s := store.New(testkit.Database(t, register)).At(func() time.Time { now = now.Add(time.Second); return now }).Under(rules)
	o := &post.Office{Store: s, From: "jca-ml@liaison.example", URL: "https://liaison.example"}
	give := func(id liaison.StatementID, kind liaison.CommandKind, actor liaison.PersonID, reason string) {
		t.Helper()
		cmd := liaison.Command{ID: liaison.CommandID(uuid.NewString()), Kind: kind, Statement: id, Actor: actor, Digest: snapshot(t, s, id).Digest, Reason: reason, Hold: true, Window: &liaison.Opening{Last: "2026-11-30"}}
		if _, err := s.Do(t.Context(), cmd); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
	}
	id := draft(t, s)
	do(t, s, id, liaison.DoSubmit, seed.Editor)
	give(id, liaison.DoOpenNoObjection, seed.Chair.ID, "")
	now = time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)
	give(id, liaison.DoRemindWindow, "", "")
	now = time.Date(2026, 11, 30, 23, 0, 0, 0, time.UTC)
	give(id, liaison.DoEndWindow, "", "")
	give(id, liaison.DoObject, seed.ViceChair.ID, "The second question is not for SG17.")
	seen := rendered(t, s, o, id, "windows")
	for _, l := range []liaison.Letter{liaison.LetterWindowOpened, liaison.LetterWindowClosing, liaison.LetterWindowClosed, liaison.LetterApproved, liaison.LetterObjectedLate} {
		if !seen[l] {
			t.Errorf("no letter %s was sent", l)
		}
	}
	message, err := o.Preview(t.Context(), snapshot(t, s, id), 1)
	if err != nil {
		t.Fatal(err)
	}
	plain, html, err := mail.Parts(message)
	for _, x := range []string{plain, html} {
		if words := strings.Join(strings.Fields(strings.NewReplacer("\u2068", "", "\u2069", "").Replace(x)), " "); err != nil || !strings.Contains(words, "by no objection") || !strings.Contains(words, "in the window of") {
			t.Errorf("edge 61: the statement does not say how it was approved, %v: %s", err, words)
		}
	}

	now = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	second := draft(t, s)
	do(t, s, second, liaison.DoSubmit, seed.Editor)
	give(second, liaison.DoOpenWindow, seed.Secretary.ID, "")
	give(second, liaison.DoObject, seed.ViceChair.ID, "The second question is not for SG17.")
	if seen := rendered(t, s, o, second, "windows/opposed"); !seen[liaison.LetterWindowClosed] || !seen[liaison.LetterWindowOpened] {
		t.Errorf("the letters are %v", seen)
	}
}
