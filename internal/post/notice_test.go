package post_test

import (
	"bytes"
	"flag"
	"fmt"
	netmail "net/mail"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/jca-ml/liaison/internal/inbound"
	"github.com/jca-ml/liaison/internal/post"
	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail"
)

var update = flag.Bool("update", false, "write the golden files")

// notified is a statement that everything happened to which somebody is told of.
func notified(t *testing.T) (*store.Store, *pgxpool.Pool, *post.Office, liaison.StatementID) {
	t.Helper()
	pool := testkit.Database(t, register)
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	s := store.New(pool).At(func() time.Time { at = at.Add(time.Second); return at })
	keys := inbound.Keys{bytes.Repeat([]byte{7}, 32)}
	o := &post.Office{Store: s, From: "jca-ml@liaison.example", URL: "https://liaison.example", Addresses: inbound.Addresses{Keys: keys, Domain: "in.example"}}
	id := draft(t, s)
	if err := s.Choose(t.Context(), seed.Editor.ID, []liaison.Letter{liaison.LetterApproved, liaison.LetterReplied, liaison.LetterAcknowledged}, liaison.DigestTime{Hour: 0, Zone: "UTC"}); err != nil {
		t.Fatal(err)
	}
	do(t, s, id, liaison.DoSubmit, seed.Editor)
	ahead := seed.Meetings()[3]
	if _, err := s.Do(t.Context(), liaison.Command{ID: liaison.CommandID(uuid.NewString()), Kind: liaison.DoTable, Statement: id, Actor: seed.Secretary.ID, Digest: snapshot(t, s, id).Digest, Meeting: ahead.ID, Item: 9}); err != nil {
		t.Fatal(err)
	}
	do(t, s, id, liaison.DoDefer, seed.Secretary)
	do(t, s, id, liaison.DoReturn, seed.Chair)
	do(t, s, id, liaison.DoSubmit, seed.Editor)
	do(t, s, id, liaison.DoApprove, seed.Chair)
	approved := snapshot(t, s, id)
	corrected := approved.Content
	corrected.Abstract = "Asks for the entries of the roadmap."
	canonical, err := liaison.Canonical(corrected)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := s.PutBlob(t.Context(), canonical)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Do(t.Context(), liaison.Command{ID: liaison.CommandID(uuid.NewString()), Kind: liaison.DoAmend, Statement: id, Actor: seed.Secretary.ID, Digest: approved.Digest, Amended: digest, Reason: "An article was missing."}); err != nil {
		t.Fatal(err)
	}
	do(t, s, id, liaison.DoReopen, seed.Editor)
	do(t, s, id, liaison.DoSubmit, seed.Editor)
	if _, err := s.Do(t.Context(), liaison.Command{ID: liaison.CommandID(uuid.NewString()), Kind: liaison.DoTest, Statement: id, Actor: seed.Chair.ID, Position: 2}); err != nil {
		t.Fatal(err)
	}
	do(t, s, id, liaison.DoApprove, seed.Chair)
	batch := do(t, s, id, liaison.DoDispatch, seed.Chair)
	ts, err := s.Batch(t.Context(), batch)
	if err != nil {
		t.Fatal(err)
	}
	messages := map[liaison.TransmissionID][]byte{}
	for _, x := range ts {
		if messages[x.ID], err = o.Render(t.Context(), x); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Seal(t.Context(), batch, messages); err != nil {
		t.Fatal(err)
	}
	retry := liaison.Retry{Delays: []time.Duration{time.Minute}, GiveUp: time.Hour}
	for i, sent := range []store.Sent{
		{Stage: liaison.StageDot, Code: 250, Reply: "2.0.0 queued", Relay: "relay.example:25"},
		{Stage: liaison.StageRcpt, Code: 550, Enhanced: "5.1.1", Reply: "5.1.1 <team-liaisons@w3c.example>: no such mailbox", Relay: "relay.example:25"},
	} {
		c, err := s.Claim(t.Context(), ts[i].ID, "worker")
		if err != nil {
			t.Fatal(err)
		}
		if sent.Stage == liaison.StageDot {
			if err := s.Dot(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.Record(t.Context(), c, sent, retry); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range []liaison.Response{
		{Kind: liaison.RespondAcknowledged, Name: "Irene Papadaki"},
		{Kind: liaison.RespondMisdirected, Name: "Irene Papadaki", Text: "To SG11.\n\nIt has the question."},
		{Kind: liaison.RespondExtensionAsked, Name: "Irene Papadaki", Text: "SG17 meets in March.", Date: "2099-03-01"},
		{Kind: liaison.RespondDeclined, Name: "Irene Papadaki", Text: "SG17 has no such work."},
		{Kind: liaison.RespondReplied, Name: "Irene Papadaki", Text: "The entries are right."},
	} {
		if _, err := s.Respond(t.Context(), ts[0].ID, liaison.CommandID(uuid.NewString()), r); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Do(t.Context(), liaison.Command{ID: liaison.CommandID(uuid.NewString()), Kind: liaison.DoSettle, Statement: id}); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Digests(t.Context()); err != nil || n != 1 {
		t.Fatalf("%d digests, %v", n, err)
	}
	return s, pool, o, id
}

// TestNoticesAsTheyAreSent renders every letter that the life of one statement leads to, from what the register holds, and
// keeps one of each kind as a golden file.
func TestNoticesAsTheyAreSent(t *testing.T) {
	s, _, o, id := notified(t)
	seen := rendered(t, s, o, id, "notices")
	elsewhere := []liaison.Letter{liaison.LetterWaiting, // TestLetterAboutADecisionThatWaits
		liaison.LetterMeetingUnclosed,                                                                                   // TestLetterAboutAMeetingThatNobodyClosed
		liaison.LetterWindowOpened, liaison.LetterWindowClosing, liaison.LetterWindowClosed, liaison.LetterObjectedLate, // TestLettersAboutWindows
		liaison.LetterReplyDue, liaison.LetterOverdue, liaison.LetterExtensionGranted, liaison.LetterExtensionRefused, liaison.LetterArrivalAsked, // reply_test.go
		liaison.LetterReportDue, liaison.LetterReportLate, liaison.LetterReportMissed, liaison.LetterReportSubmitted, liaison.LetterReportPresented, liaison.LetterProposalAnswered} // TestNoticesOfReports
	for _, l := range liaison.Letters {
		if slices.Contains(elsewhere, l) {
			continue
		}
		if l != liaison.LetterStatement && l != liaison.LetterRejected && l != liaison.LetterBounced && l != liaison.LetterUnknown && l != liaison.LetterRelayHeld && !seen[l] {
			t.Errorf("no letter %s was sent", l)
		}
	}
}

// rendered renders every letter to a person about a statement, keeps one of each kind as a golden file, and says which there were.
func rendered(t *testing.T, s *store.Store, o *post.Office, id liaison.StatementID, folder string) map[liaison.Letter]bool {
	t.Helper()
	ts, err := s.Transmissions(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	first := map[liaison.PersonID]string{}
	seen := map[liaison.Letter]bool{}
	replace := strings.NewReplacer(string(id), "STATEMENT")
	ids := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	for _, x := range ts {
		if x.Letter == liaison.LetterStatement {
			continue
		}
		message, err := o.Render(t.Context(), x)
		if err != nil {
			t.Fatalf("%s to %s: %v", x.Letter, x.Name, err)
		}
		m, err := netmail.ReadMessage(bytes.NewReader(message))
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Header.Get("Auto-Submitted"); got != "auto-generated" {
			t.Errorf("%s: Auto-Submitted is %q", x.Letter, got)
		}
		want := first[x.Person]
		if x.Letter == liaison.LetterDigest || x.Letter == liaison.LetterTest {
			want = ""
		} else if want == "" {
			first[x.Person] = "<" + x.MessageID + ">"
		}
		if got := m.Header.Get("In-Reply-To"); got != want || m.Header.Get("References") != want {
			t.Errorf("%s to %s is in reply to %q, want %q", x.Letter, x.Name, got, want)
		}
		text, html, err := mail.Parts(message)
		if err != nil || html == "" {
			t.Fatalf("%s: %v", x.Letter, err)
		}
		if seen[x.Letter] {
			continue
		}
		seen[x.Letter] = true
		got := fmt.Sprintf("To: %s\nSubject: %s\n\n%s", x.Name, header(message, "Subject"), ids.ReplaceAllString(replace.Replace(text), "MESSAGE"))
		name := filepath.Join("testdata", folder, string(x.Letter)+".txt")
		if *update {
			if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		wanted, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(strings.Split(string(wanted), "\n"), strings.Split(got, "\n")); diff != "" {
			t.Errorf("%s (-file +rendered):\n%s", x.Letter, diff)
		}
	}
	return seen
}

// TestApprovalEnteredByOthers: who is said to have approved outside is told by whom that was entered, and what is said to show it.
func TestApprovalEnteredByOthers(t *testing.T) {
	s := store.New(testkit.Database(t, register)).At(func() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) })
	o := &post.Office{Store: s, From: "jca-ml@liaison.example", URL: "https://liaison.example"}
	id := draft(t, s)
	do(t, s, id, liaison.DoSubmit, seed.Editor)
	snap := snapshot(t, s, id)
	enter := liaison.Command{ID: liaison.CommandID(uuid.NewString()), Kind: liaison.DoEnterApproval, Statement: id, Actor: seed.Secretary.ID, Digest: snap.Digest,
		Consulted: seed.Consulted(), Given: &liaison.Given{By: seed.Chair.ID, On: snap.Today, Evidence: "Telephone, 23 November 2026, 09:40"}}
	if _, err := s.Do(t.Context(), enter); err != nil {
		t.Fatal(err)
	}
	ts, err := s.Batch(t.Context(), enter.ID)
	if err != nil {
		t.Fatal(err)
	}
	told := map[liaison.PersonID]string{}
	for _, x := range ts {
		message, err := o.Render(t.Context(), x)
		if err != nil {
			t.Fatal(err)
		}
		text, _, err := mail.Parts(message)
		if err != nil {
			t.Fatal(err)
		}
		told[x.Person] = strings.Join(strings.Fields(text), " ")
	}
	for _, want := range []string{seed.Secretary.Name + " entered that " + seed.Chair.Name + " (chair) approved this liaison statement on 23 November 2026.", "hold the dispatch at once", "Telephone, 23 November 2026, 09:40"} {
		if !strings.Contains(told[seed.Chair.ID], want) {
			t.Errorf("the chair is not told %q:\n%s", want, told[seed.Chair.ID])
		}
	}
	if told[seed.Secretary.ID] != "" || told[seed.Editor.ID] == "" {
		t.Errorf("told are %q; want the drafter, and not the secretary who did it", told)
	}
}

// TestATestHoldsNoToken: neither the link nor an address of the message that it stands for, nor of itself.
func TestATestHoldsNoToken(t *testing.T) {
	s, _, o, id := notified(t)
	ts, err := s.Transmissions(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	var tokens []string
	var message []byte
	for _, x := range ts {
		token, err := o.Addresses.Keys.Token(x.ID)
		if err != nil {
			t.Fatal(err)
		}
		if tokens = append(tokens, token); x.Letter == liaison.LetterTest {
			if message, err = o.Render(t.Context(), x); err != nil {
				t.Fatal(err)
			}
		}
	}
	text, html, err := mail.Parts(message)
	if err != nil {
		t.Fatal(err)
	}
	for _, token := range tokens {
		if strings.Contains(string(message)+text+html, token) {
			t.Error("the test holds a token")
		}
	}
	if !strings.HasPrefix(header(message, "Subject"), "TEST: [") || !strings.Contains(header(message, "To"), seed.Chair.Email) || header(message, "Reply-To") != "<jca-ml@liaison.example>" {
		t.Errorf("it goes to %s, answers to %s, about %q", header(message, "To"), header(message, "Reply-To"), header(message, "Subject"))
	}
	real, err := o.Preview(t.Context(), snapshot(t, s, id), 2)
	if err != nil {
		t.Fatal(err)
	}
	want, _, err := mail.Parts(real)
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(text, "LIAISON STATEMENT")
	_, wanted, _ := strings.Cut(want, "LIAISON STATEMENT")
	wanted = regexp.MustCompile(`/a/[^\s]+`).ReplaceAllString(wanted, "/a/given-on-approval")
	if diff := cmp.Diff(strings.Split(wanted, "\n"), strings.Split(body, "\n")); diff != "" {
		t.Errorf("it is not what the addressee gets (-addressee +test):\n%s", diff)
	}
}
