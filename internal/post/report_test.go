package post_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
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

// TestNoticesOfReports plays a report from the day on which it is due to the day on which the parent group accepts it, and another
// one that is missed; the message to the parent group is a golden file too.
func TestNoticesOfReports(t *testing.T) {
	pool := testkit.Database(t, register)
	if _, err := pool.Exec(t.Context(), `UPDATE meeting SET state = 'cancelled' WHERE id = $1`, seed.Meetings()[3].ID); err != nil { // one of ours, which would be due too
		t.Fatal(err)
	}
	at := time.Date(2027, 1, 26, 9, 0, 0, 0, time.UTC) // SG13 meets from 1 to 12 March
	s := store.New(pool).At(func() time.Time { at = at.Add(time.Second); return at })
	keys := inbound.Keys{bytes.Repeat([]byte{7}, 32)}
	o := &post.Office{Store: s, From: "jca-ml@liaison.example", URL: "https://liaison.example", Addresses: inbound.Addresses{Keys: keys, Domain: "in.example"}}
	daily := func() []liaison.StatementID {
		t.Helper()
		if err := s.ReckonReports(t.Context(), seed.JCAML); err != nil {
			t.Fatal(err)
		}
		if _, err := s.DraftReports(t.Context(), seed.JCAML); err != nil {
			t.Fatal(err)
		}
		reminded, err := s.RemindOfReports(t.Context(), seed.JCAML)
		if err != nil {
			t.Fatal(err)
		}
		return reminded
	}
	reminded := daily()
	if len(reminded) != 1 {
		t.Fatalf("27 days before the day reminded of are %v", reminded)
	}
	id := reminded[0]
	for _, x := range []struct {
		day  int // of February
		want int
	}{{1, 0}, {8, 1}, {8, 0}, {14, 0}, {15, 1}, {19, 1}, {22, 1}, {22, 0}} {
		at = time.Date(2027, 2, x.day, 9, 0, 0, 0, time.UTC)
		if got := daily(); len(got) != x.want {
			t.Errorf("on %d February reminded of are %v, want %d", x.day, got, x.want)
		}
	}
	snap := snapshot(t, s, id)
	c := snap.Content
	c.Addressees = append(c.Addressees, liaison.Addressee{Body: "itu-t/sg17", Purpose: liaison.ForInformation, Reason: "proposal 1 concerns it"})
	c.Report.Proposals = []liaison.Proposal{{Title: "A common list of terms", Text: "To keep one.", To: []liaison.Code{"itu-t/sg17"}}}
	c.Report.Notes = []liaison.Note{{Text: "In short: nothing was overdue."}}
	c.Report.Provisional = true
	if _, err := s.Save(t.Context(), id, seed.Editor.ID, snap.DraftVersion, c); err != nil {
		t.Fatal(err)
	}
	do(t, s, id, liaison.DoSubmit, seed.Editor)
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
	goldenMessage(t, messages[ts[0].ID])
	if err := s.Seal(t.Context(), batch, messages); err != nil {
		t.Fatal(err)
	}
	for _, x := range ts {
		claimed, err := s.Claim(t.Context(), x.ID, "worker")
		if err == nil {
			err = s.Dot(t.Context(), claimed)
		}
		if err == nil {
			_, err = s.Record(t.Context(), claimed, store.Sent{Stage: liaison.StageDot, Code: 250, Reply: "2.0.0 queued"}, liaison.Retry{})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Do(t.Context(), liaison.Command{ID: liaison.CommandID(uuid.NewString()), Kind: liaison.DoSettle, Statement: id}); err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(ts, func(x store.Transmission) bool { return x.Body == "itu-t/sg17" })
	if err := s.AnswerProposal(t.Context(), ts[i].ID, liaison.CommandID(uuid.NewString()), liaison.ProposalReply{Proposal: 1, Answer: liaison.ProposalRejected, Name: "Irene Papadaki", Text: "SG17 has a list of its own."}); err != nil {
		t.Fatal(err)
	}
	do(t, s, id, liaison.DoPresent, seed.Secretary)
	if got := daily(); len(got) != 0 {
		t.Errorf("reminded of what was posted: %v", got)
	}
	seen := rendered(t, s, o, id, "report-notices")
	for _, l := range []liaison.Letter{liaison.LetterReportDue, liaison.LetterReportSubmitted, liaison.LetterReportPresented, liaison.LetterProposalAnswered} {
		if !seen[l] {
			t.Errorf("no letter %s was sent", l)
		}
	}

	// The next one is begun and never sent.
	m := liaison.Meeting{ID: liaison.MeetingID(uuid.NewString()), Group: "itu-t/sg13", Title: "Study Group 13 meeting", Place: "Geneva", From: "2027-07-05", Until: "2027-07-16", State: liaison.MeetingPlanned, Source: "test"}
	if err := s.EnterMeetings(t.Context(), []liaison.Meeting{m}); err != nil {
		t.Fatal(err)
	}
	at = time.Date(2027, 6, 20, 9, 0, 0, 0, time.UTC)
	late := daily()
	for _, x := range []struct {
		month time.Month
		day   int
		want  int
	}{{6, 29, 1}, {6, 30, 0}, {7, 1, 1}, {7, 5, 1}, {7, 16, 0}} { // due on 28 June; the chair, the vice-chair and the secretariat are told
		at = time.Date(2027, x.month, x.day, 9, 0, 0, 0, time.UTC)
		if got := daily(); len(got) != x.want {
			t.Errorf("on %s late are %v, want %d", at.Format("2 January"), got, x.want)
		}
	}
	at = time.Date(2027, 7, 17, 9, 0, 0, 0, time.UTC)
	missed := daily()
	if len(late) != 1 || !slices.Equal(late, missed) || len(daily()) != 0 {
		t.Fatalf("begun %v, missed %v", late, missed)
	}
	letters, err := s.Transmissions(t.Context(), missed[0])
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, x := range letters {
		if x.Letter != liaison.LetterReportLate {
			continue
		}
		told = append(told, x.Name)
		message, err := o.Render(t.Context(), x)
		if text, _, _ := mail.Parts(message); err != nil || !strings.Contains(strings.Join(strings.Fields(text), " "), "was due on 28 June 2027 and has not been sent") {
			t.Errorf("%v:\n%s", err, text)
		}
	}
	slices.Sort(told)
	if want := []string{seed.Chair.Name, seed.ViceChair.Name, seed.Secretary.Name}; !slices.Equal(told, slices.Sorted(slices.Values(want))) {
		t.Errorf("that it is late was told to %v, want %v", told, want)
	}
	i = slices.IndexFunc(letters, func(x store.Transmission) bool { return x.Letter == liaison.LetterReportMissed })
	if i < 0 {
		t.Fatal("nobody was told that it was missed")
	}
	message, err := o.Render(t.Context(), letters[i])
	if text, _, _ := mail.Parts(message); err != nil || !strings.Contains(text, "The meeting of ITU-T SG13 closed on 16 July 2027") {
		t.Errorf("%v:\n%s", err, text)
	}
}

// digests and tokens differ from run to run.
var digests = regexp.MustCompile(`[0-9a-f]{64}|/a/[^\s]+|\br\+[^@\s]+`)

// goldenMessage holds the message of a report to the parent group against its file.
func goldenMessage(t *testing.T, message []byte) {
	t.Helper()
	text, html, err := mail.Parts(message)
	if err != nil || !strings.Contains(html, "Progress report: JCA-ML-R1") || !strings.Contains(html, "not yet approved by JCA-ML") {
		t.Fatalf("%v:\n%s", err, html)
	}
	for name, got := range map[string]string{"report.txt": text} {
		path := filepath.Join("testdata", name)
		got = digests.ReplaceAllString(got, "DIGEST")
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
			t.Errorf("%s (-file +rendered):\n%s", name, diff)
		}
	}
}
