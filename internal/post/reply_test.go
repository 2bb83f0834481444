package post_test

import (
	"bytes"
	"fmt"
	netmail "net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/jca-ml/liaison/internal/inbound"
	"github.com/jca-ml/liaison/internal/post"
	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail"
)

// sentOut carries a statement to its dispatch, and is its messages.
func sentOut(t *testing.T, s *store.Store, c liaison.Content) (liaison.StatementID, []store.Transmission) {
	t.Helper()
	id := liaison.StatementID(uuid.NewString())
	c.Source, c.Title, c.Questions, c.ReplyTo, c.Language = seed.JCAML, "LS/o on terms and definitions for machine learning", "N/A", "jca-ml@liaison.example", "en"
	c.Contacts = []liaison.Contact{{Name: seed.Chair.Name, Organization: "ETRI", Country: "Rep. of Korea", Email: seed.Chair.Email}}
	if _, err := s.Create(t.Context(), id, seed.Editor.ID, c); err != nil {
		t.Fatal(err)
	}
	do(t, s, id, liaison.DoSubmit, seed.Editor)
	do(t, s, id, liaison.DoApprove, seed.Chair)
	sent, err := s.Batch(t.Context(), do(t, s, id, liaison.DoDispatch, seed.Chair))
	if err != nil {
		t.Fatal(err)
	}
	return id, sent
}

// handedOver renders, seals and attempts a message.
func handedOver(t *testing.T, s *store.Store, o *post.Office, x store.Transmission, answer store.Sent) {
	t.Helper()
	message, err := o.Render(t.Context(), x)
	if err == nil {
		err = s.Seal(t.Context(), x.Batch, map[liaison.TransmissionID][]byte{x.ID: message})
	}
	if err != nil {
		t.Fatal(err)
	}
	claimed, err := s.Claim(t.Context(), x.ID, "worker")
	if err == nil {
		err = s.Dot(t.Context(), claimed)
	}
	if err == nil {
		_, err = s.Record(t.Context(), claimed, answer, liaison.Retry{})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestLetterThatAsksWhetherAMessageArrived: it names the message so that it can be looked for, is in its thread, and has an address of its own
// for the answer, and no link behind which the message could be read.
func TestLetterThatAsksWhetherAMessageArrived(t *testing.T) {
	now := time.Date(2027, 1, 4, 9, 0, 0, 0, time.UTC)
	s := store.New(testkit.Database(t, register)).At(func() time.Time { return now })
	keys := inbound.Keys{bytes.Repeat([]byte{7}, 32)}
	o := &post.Office{Store: s, From: "jca-ml@liaison.example", URL: "https://liaison.example", Addresses: inbound.Addresses{Keys: keys, Domain: "in.example"}}
	id, sent := sentOut(t, s, liaison.Content{Abstract: "Tells of terms.", Text: "These are the terms.", Addressees: []liaison.Addressee{{Body: "w3c", Purpose: liaison.ForInformation}}})
	first := sent[0]
	handedOver(t, s, o, first, store.Sent{Stage: liaison.StageDot, Error: "the connection broke"})
	ask := liaison.Command{ID: liaison.CommandID(uuid.NewString()), Kind: liaison.DoAskBody, Statement: id, Actor: seed.Secretary.ID, Transmission: first.ID, Reason: "The relay keeps no log."}
	if _, err := s.Do(t.Context(), ask); err != nil {
		t.Fatal(err)
	}
	letters, err := s.Batch(t.Context(), ask.ID)
	if err != nil || len(letters) != 1 {
		t.Fatalf("the command sends %+v, %v", letters, err)
	}
	message, err := o.Render(t.Context(), letters[0])
	if err != nil {
		t.Fatal(err)
	}
	text, html, err := mail.Parts(message)
	if err != nil {
		t.Fatal(err)
	}
	m, err := netmail.ReadMessage(bytes.NewReader(message))
	if err != nil {
		t.Fatal(err)
	}
	own, err := keys.Token(letters[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Header.Get("Reply-To"); !strings.Contains(got, "r+"+own+"@in.example") {
		t.Errorf("an answer goes to %q", got)
	}
	if got := m.Header.Get("References"); got != "<"+first.MessageID+">" {
		t.Errorf("it is in the thread of %q", got)
	}
	if strings.Contains(text+html, "://") || strings.Contains(html, "href") {
		t.Errorf("it has a link:\n%s", text)
	}
	if strings.Contains(text, ask.Reason) {
		t.Error("it tells the body the reason, which is for the record")
	}
	if !strings.Contains(text, first.MessageID) {
		t.Error("it does not name the message")
	}
	golden(t, "arrival-asked", fmt.Sprintf("To: %s\nSubject: %s\n\n%s", letters[0].Name, header(message, "Subject"), strings.ReplaceAll(text, first.MessageID, "MESSAGE-ID")))
}

// golden compares a letter with the one that is kept.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "notices", name+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-file +rendered):\n%s", name, diff)
	}
}

// TestLettersAboutReplies goes through a statement whose addressees are reminded, get another date and none, and are late, and
// keeps each kind of letter about that, to an addressee and to who waits, as a golden file.
func TestLettersAboutReplies(t *testing.T) {
	now := time.Date(2027, 1, 4, 9, 0, 0, 0, time.UTC)
	s := store.New(testkit.Database(t, register)).At(func() time.Time { return now })
	keys := inbound.Keys{bytes.Repeat([]byte{7}, 32)}
	o := &post.Office{Store: s, From: "jca-ml@liaison.example", URL: "https://liaison.example", Addresses: inbound.Addresses{Keys: keys, Domain: "in.example"}}
	id, sent := sentOut(t, s, liaison.Content{
		Deadline: "2027-01-29", Abstract: "Asks for a review.", Text: "Please review the terms.",
		Addressees: []liaison.Addressee{{Body: "itu-t/sg17", Purpose: liaison.ForAction}, {Body: "itu-t/sg11", Purpose: liaison.ForComment}, {Body: "w3c", Purpose: liaison.ForInformation}},
	})
	give := func(kind liaison.CommandKind, by liaison.PersonID, message liaison.TransmissionID, reason string) {
		t.Helper()
		if _, err := s.Do(t.Context(), liaison.Command{ID: liaison.CommandID(uuid.NewString()), Kind: kind, Statement: id, Actor: by, Transmission: message, Reason: reason}); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
	}
	for _, x := range sent {
		handedOver(t, s, o, x, store.Sent{Stage: liaison.StageDot, Code: 250})
	}
	give(liaison.DoSettle, "", "", "")
	now = time.Date(2027, 1, 22, 9, 0, 0, 0, time.UTC)
	give(liaison.DoRemind, "", "", "")
	for _, x := range sent[:2] {
		if _, err := s.Respond(t.Context(), x.ID, liaison.CommandID(uuid.NewString()), liaison.Response{Kind: liaison.RespondExtensionAsked, Name: "Irene Papadaki", Text: "We meet in March.", Date: "2027-03-31"}); err != nil {
			t.Fatal(err)
		}
	}
	give(liaison.DoGrantExtension, seed.Chair.ID, sent[0].ID, "")
	give(liaison.DoRefuseExtension, seed.Secretary.ID, sent[1].ID, "JCA-ML meets in February and needs your comments there.")
	now = time.Date(2027, 1, 30, 9, 0, 0, 0, time.UTC)
	give(liaison.DoRemind, "", "", "")

	ts, err := s.Transmissions(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	ids := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	for _, x := range ts {
		switch x.Letter {
		case liaison.LetterReplyDue, liaison.LetterOverdue, liaison.LetterExtensionGranted, liaison.LetterExtensionRefused:
		default:
			continue
		}
		message, err := o.Render(t.Context(), x)
		if err != nil {
			t.Fatalf("%s to %s: %v", x.Letter, x.Name, err)
		}
		text, _, err := mail.Parts(message)
		if err != nil {
			t.Fatal(err)
		}
		name := string(x.Letter) + "-source"
		if x.Position > 0 {
			name = string(x.Letter)
			m, err := netmail.ReadMessage(bytes.NewReader(message))
			if err != nil {
				t.Fatal(err)
			}
			first := sent[x.Position-1]
			token, err := keys.Token(first.ID)
			if err != nil {
				t.Fatal(err)
			}
			own, err := keys.Token(x.ID)
			if err != nil {
				t.Fatal(err)
			}
			if got := m.Header.Get("References"); got != "<"+first.MessageID+">" {
				t.Errorf("%s is in the thread of %q", x.Letter, got)
			}
			if got := m.Header.Get("Reply-To"); !strings.Contains(got, "r+"+own+"@in.example") {
				t.Errorf("an answer to %s goes to %q", x.Letter, got)
			}
			if !strings.Contains(text, "https://liaison.example/a/"+token) {
				t.Errorf("%s has another link than the statement:\n%s", x.Letter, text)
			}
			text = strings.ReplaceAll(text, token, "TOKEN")
		}
		if seen[name]++; seen[name] > 1 {
			continue
		}
		got := fmt.Sprintf("To: %s\nSubject: %s\n\n%s", x.Name, header(message, "Subject"), ids.ReplaceAllString(text, "STATEMENT"))
		golden(t, name, got)
	}
	// Two addressees a week before; of them one is late, because the other has another date by then; who is only informed gets nothing.
	want := map[string]int{"reply-due": 2, "reply-due-source": 2, "overdue": 1, "overdue-source": 2, "extension-granted": 1, "extension-refused": 1}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("letters (-want +got):\n%s", diff)
	}
}
