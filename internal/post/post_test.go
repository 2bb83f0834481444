package post_test

import (
	"bytes"
	"context"
	"fmt"
	netmail "net/mail"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/jca-ml/liaison/internal/post"
	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/migrations"
)

func open(t *testing.T) (*store.Store, *post.Office) {
	t.Helper()
	s := store.New(testkit.Database(t, migrations.Up))
	if err := seed.Register(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	return s, &post.Office{Store: s, From: "liaison@jca-ml.example", URL: "https://liaison.example"}
}

const file = "term;definition\nmachine learning;\n"

func draft(t *testing.T, s *store.Store) liaison.StatementID {
	t.Helper()
	digest, err := s.PutBlob(t.Context(), []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	id := liaison.StatementID(uuid.NewString())
	_, err = s.Create(t.Context(), id, seed.Editor.ID, liaison.Content{
		Source: seed.JCAML, Title: "Roadmap of standards on machine learning", Deadline: "2099-01-31", ReplyTo: "jca-ml@liaison.example", Language: "en",
		Addressees: []liaison.Addressee{{Body: "itu-t/sg17", Purpose: liaison.ForAction}, {Body: "w3c", Purpose: liaison.ForInformation}},
		Contacts:   []liaison.Contact{{Name: seed.Chair.Name, Email: seed.Chair.Email}},
		Abstract:   "Asks for entries of the roadmap.", Text: "Please review the entries of your group.",
		Attachments: []liaison.Attachment{{Name: "terms.csv", MediaType: "text/csv", Size: int64(len(file)), Digest: digest}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func do(t *testing.T, s *store.Store, id liaison.StatementID, kind liaison.CommandKind, actor liaison.Person) liaison.CommandID {
	t.Helper()
	cmd := liaison.Command{ID: liaison.CommandID(uuid.NewString()), Kind: kind, Statement: id, Actor: actor.ID, Digest: snapshot(t, s, id).Digest, Reason: "Please name the groups.", Consulted: seed.Consulted()}
	if _, err := s.Do(t.Context(), cmd); err != nil {
		t.Fatalf("%s: %v", kind, err)
	}
	return cmd.ID
}

func snapshot(t *testing.T, s *store.Store, id liaison.StatementID) store.Snapshot {
	t.Helper()
	snap, err := s.Snapshot(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

func preview(t *testing.T, o *post.Office, s *store.Store, id liaison.StatementID, position int) ([]byte, *netmail.Message) {
	t.Helper()
	b, err := o.Preview(t.Context(), snapshot(t, s, id), position)
	if err != nil {
		t.Fatal(err)
	}
	m, err := netmail.ReadMessage(bytes.NewReader(b))
	if err != nil {
		t.Fatalf("the preview is no message: %v", err)
	}
	return b, m
}

var boundary = regexp.MustCompile(`boundary="?([0-9a-f]{40,})`)

// unbound is a message without the lines between its parts, which are made by chance so that no text can hold them.
func unbound(message []byte) string {
	out := string(message)
	for i, m := range boundary.FindAllStringSubmatch(out, -1) {
		out = strings.ReplaceAll(out, m[1], fmt.Sprint("boundary ", i+1))
	}
	return out
}

// TestPreviewFromReviewToInbox follows what an addressee gets: as the chair sees it, as it is approved, as it was sent.
func TestPreviewFromReviewToInbox(t *testing.T) {
	s, o := open(t)
	id := draft(t, s)
	do(t, s, id, liaison.DoSubmit, seed.Editor)

	b, m := preview(t, o, s, id, 2)
	if got := m.Header.Get("Message-ID"); got != "<given-on-approval@preview.invalid>" {
		t.Errorf("before approval the Message-ID is %s", got)
	}
	if to := m.Header.Get("To"); !strings.Contains(to, "team-liaisons@w3c.example") {
		t.Errorf("the second addressee's message is to %s", to)
	}
	if strings.Contains(string(b), "JCA-ML-LS1") {
		t.Error("a number is shown before there is one")
	}

	do(t, s, id, liaison.DoApprove, seed.Chair)
	ts, err := s.Transmissions(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	queued := map[int]store.Transmission{}
	for _, x := range ts {
		if x.Letter == liaison.LetterStatement {
			queued[x.Position] = x
		}
	}
	approved := map[int][]byte{}
	for position := range 2 {
		b, m := preview(t, o, s, id, position+1)
		if got, want := m.Header.Get("Message-ID"), "<"+queued[position+1].MessageID+">"; got != want {
			t.Errorf("after approval the Message-ID is %s, want %s", got, want)
		}
		date, err := m.Header.Date()
		if err != nil || date.Unix() != queued[position+1].Date.Unix() {
			t.Errorf("dated %s, %v; want %s", date, err, queued[position+1].Date)
		}
		if !strings.Contains(string(b), "JCA-ML-LS1") {
			t.Error("the number is not in the message")
		}
		approved[position+1] = b
	}

	batch := do(t, s, id, liaison.DoDispatch, seed.Chair)
	if err := o.Check(t.Context(), id); err != nil {
		t.Errorf("check: %v", err)
	}
	messages := map[liaison.TransmissionID][]byte{}
	for position, x := range queued {
		if messages[x.ID], err = o.Render(t.Context(), x); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(unbound(approved[position]), unbound(messages[x.ID])); diff != "" {
			t.Errorf("what leaves for addressee %d is not what was shown after approval (-shown +leaves):\n%s", position, diff)
		}
		messages[x.ID] = append(messages[x.ID], "sealed with a mark\r\n"...)
	}
	if err := s.Seal(t.Context(), batch, messages); err != nil {
		t.Fatal(err)
	}
	for position, x := range queued {
		if b, _ := preview(t, o, s, id, position); !bytes.Equal(b, messages[x.ID]) {
			t.Errorf("after sealing the preview for addressee %d is made again instead of read", position)
		}
	}
	for _, position := range []int{-1, 0, 3} {
		if _, err := o.Preview(t.Context(), snapshot(t, s, id), position); liaison.CodeOf(err) != liaison.NotFound {
			t.Errorf("addressee %d: %v", position, err)
		}
	}
}

// TestEveryLetterToAPerson renders what each command sends, as it stands in the ledger.
func TestEveryLetterToAPerson(t *testing.T) {
	s, o := open(t)
	seen := map[liaison.Letter]bool{}
	render := func(batch liaison.CommandID, to liaison.Person, says ...string) {
		t.Helper()
		ts, err := s.Batch(t.Context(), batch)
		if err != nil || len(ts) == 0 {
			t.Fatalf("%d letters, %v", len(ts), err)
		}
		for _, x := range ts {
			seen[x.Letter] = true
			b, err := o.Render(t.Context(), x)
			if err != nil {
				t.Fatal(err)
			}
			again, err := o.Render(t.Context(), x)
			if err != nil || unbound(b) != unbound(again) {
				t.Errorf("%s is made of other bytes the second time, %v", x.Letter, err)
			}
			m, err := netmail.ReadMessage(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			if got := m.Header.Get("Message-ID"); got != "<"+x.MessageID+">" {
				t.Errorf("%s has the Message-ID %s", x.Letter, got)
			}
			if x.Person == to.ID {
				if !strings.Contains(m.Header.Get("To"), to.Email) {
					t.Errorf("%s is to %s, want %s", x.Letter, m.Header.Get("To"), to.Email)
				}
				for _, s := range says {
					if !strings.Contains(string(b), s) {
						t.Errorf("%s does not say %q:\n%s", x.Letter, s, b)
					}
				}
			}
		}
	}
	id := draft(t, s)
	render(do(t, s, id, liaison.DoSubmit, seed.Editor), seed.Chair, "https://liaison.example/statements/"+string(id))
	render(do(t, s, id, liaison.DoReturn, seed.Chair), seed.Editor, "Please name the groups.")
	do(t, s, id, liaison.DoSubmit, seed.Editor)
	do(t, s, id, liaison.DoApprove, seed.Chair)
	batch := do(t, s, id, liaison.DoDispatch, seed.Chair)
	render(batch, liaison.Person{})
	ts, err := s.Batch(t.Context(), batch)
	if err != nil {
		t.Fatal(err)
	}
	messages := map[liaison.TransmissionID][]byte{}
	for _, x := range ts {
		messages[x.ID] = []byte("x")
	}
	if err := s.Seal(t.Context(), batch, messages); err != nil {
		t.Fatal(err)
	}
	for _, x := range ts {
		c, err := s.Claim(t.Context(), x.ID, "test")
		if err != nil {
			t.Fatal(err)
		}
		sent := store.Sent{Stage: liaison.StageRcpt, Code: 550, Reply: "no such mailbox"}
		if _, err := s.Record(t.Context(), c, sent, liaison.Retry{}); err != nil {
			t.Fatal(err)
		}
	}
	settle := liaison.Command{ID: "settle", Kind: liaison.DoSettle, Statement: id}
	if _, err := s.Do(t.Context(), settle); err != nil {
		t.Fatal(err)
	}
	render("settle", seed.Secretary, "JCA-ML-LS1", "no such mailbox")
	other := draft(t, s)
	do(t, s, other, liaison.DoSubmit, seed.Editor)
	render(do(t, s, other, liaison.DoReject, seed.Chair), seed.Editor, "Please name the groups.")
	for _, l := range []liaison.Letter{liaison.LetterStatement, liaison.LetterReview, liaison.LetterReturned, liaison.LetterRejected, liaison.LetterSent} {
		if !seen[l] {
			t.Errorf("the letter %q was not rendered", l)
		}
	}
	if _, err := o.Render(context.WithoutCancel(t.Context()), store.Transmission{Statement: id, Letter: "nonsense"}); err == nil {
		t.Error("a letter that nobody knows was rendered")
	}
}

// TestALostAttachmentIsFoundBeforeAnythingLeaves: edge case 48.
func TestALostAttachmentIsFoundBeforeAnythingLeaves(t *testing.T) {
	pool := testkit.Database(t, migrations.Up)
	s := store.New(pool)
	if err := seed.Register(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	o := &post.Office{Store: s, From: "liaison@jca-ml.example", URL: "https://liaison.example"}
	id := draft(t, s)
	do(t, s, id, liaison.DoSubmit, seed.Editor)
	do(t, s, id, liaison.DoApprove, seed.Chair)
	if err := o.Check(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{`ALTER TABLE blob DISABLE TRIGGER ALL`, `DELETE FROM blob`} {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.Check(t.Context(), id); err == nil || !strings.Contains(err.Error(), "terms.csv") {
		t.Errorf("the lost attachment is not named: %v", err)
	}
}
