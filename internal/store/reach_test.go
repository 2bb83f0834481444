package store_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

func TestHowABodyIsReached(t *testing.T) {
	s, _ := open(t)
	before, err := s.Reaches(t.Context(), "w3c")
	if err != nil {
		t.Fatal(err)
	}
	start := 0
	if len(before) > 0 {
		start = before[0].Version
	}
	r := liaison.Reach{Channel: liaison.ByMail, Copies: []liaison.Code{"itu-t/tsb"}, Sentence: "For the Team.", Standing: liaison.Qualified, Confirmed: "2026-11-01"}
	refused(t, s.SaveReach(t.Context(), "w3c", seed.Editor.ID, start, r), liaison.Forbidden)
	if err := s.SaveReach(t.Context(), "w3c", seed.Secretary.ID, start, r); err != nil {
		t.Fatal(err)
	}
	if err := s.SaveReach(t.Context(), "w3c", seed.Secretary.ID, start, r); err != nil { // the same form, twice
		t.Errorf("the second time: %v", err)
	}
	r.Sentence = "For the Team only."
	refused(t, s.SaveReach(t.Context(), "w3c", seed.Secretary.ID, start, r), liaison.Stale)
	if err := s.SaveReach(t.Context(), "w3c", seed.Secretary.ID, start+1, r); err != nil {
		t.Fatal(err)
	}
	r.Copies = []liaison.Code{"itu-t/nobody"}
	refused(t, s.SaveReach(t.Context(), "w3c", seed.Secretary.ID, start+2, r), liaison.Invalid)
	r.Copies = nil
	refused(t, s.SaveReach(t.Context(), "nowhere", seed.Secretary.ID, 0, r), liaison.NotFound)
	versions, err := s.Reaches(t.Context(), "w3c")
	if err != nil || len(versions) != len(before)+2 || versions[0].Sentence != "For the Team only." || versions[1].Sentence != "For the Team." || versions[0].By != seed.Secretary.Name {
		t.Errorf("versions %+v, %v", versions, err)
	}

	id := draft(t, s, "w3c") // what the profile asks for is in the draft, and in what is approved
	snap, err := s.Snapshot(t.Context(), id)
	if err != nil || len(snap.Content.Addressees) != 2 || snap.Content.Addressees[0].Sentence != "For the Team only." || snap.Content.Addressees[1].CopyFor != "w3c" || snap.Content.Addressees[1].Purpose != liaison.ForCopy {
		t.Errorf("addressed as %+v, %v", snap.Content.Addressees, err)
	}
	batch := carry(t, s, id, liaison.DoSubmit, liaison.DoApprove, liaison.DoDispatch)
	if ts, err := s.Batch(t.Context(), batch); err != nil || len(ts) != 2 {
		t.Errorf("the copy has no message of its own: %+v, %v", ts, err)
	}
	verified(t, s)
}

// TestARecordedMailbox is where messages go from the next draft on, with its version, its event and its leaf; parts without one of their
// own are written to by it.
func TestARecordedMailbox(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	versions, err := s.Reaches(t.Context(), "itu-t/sg17")
	if err != nil {
		t.Fatal(err)
	}
	r := liaison.Reach{Channel: liaison.ByMail}
	last := 0
	if len(versions) > 0 {
		r, last = versions[0].Reach, versions[0].Version
	}
	old, err := s.Body(t.Context(), "itu-t/sg17")
	if err != nil || old.Email == "" {
		t.Fatalf("its mailbox is %q, %v", old.Email, err)
	}
	for i, mailbox := range []string{"one@itu-t.example", "two@itu-t.example", ""} {
		r.Mailbox = mailbox
		if err := s.SaveReach(t.Context(), "itu-t/sg17", seed.Secretary.ID, last+i, r); err != nil {
			t.Fatal(err)
		}
		want := mailbox
		if want == "" {
			want = old.Email
		}
		snap, err := s.Snapshot(t.Context(), draft(t, s, "itu-t/sg17"))
		if err != nil || snap.Content.Addressees[0].Email != want {
			t.Errorf("recorded %q, and addressed to %+v, %v", mailbox, snap.Content.Addressees, err)
		}
	}
	r.Mailbox = "nowhere"
	refused(t, s.SaveReach(t.Context(), "itu-t/sg17", seed.Secretary.ID, last+3, r), liaison.Invalid)
	verified(t, s)
}

func TestEdge9ABodyThatIsNotInTheAddressBook(t *testing.T) {
	s, _ := open(t)
	b := liaison.Body{Code: "openml/forum", Name: "OpenML forum", Email: "forum@openml.example"}
	refused(t, s.AddBody(t.Context(), seed.Editor.ID, b), liaison.Forbidden)
	if err := s.AddBody(t.Context(), seed.Secretary.ID, b); err != nil {
		t.Fatal(err)
	}
	refused(t, s.AddBody(t.Context(), seed.Secretary.ID, b), liaison.Conflict)
	for _, bad := range []liaison.Body{{Code: "Open ML", Name: "x", Email: "a@b.example"}, {Code: "openml/x", Email: "a@b.example"}, {Code: "openml/x", Name: "x", Email: "nobody"}} {
		refused(t, s.AddBody(t.Context(), seed.Secretary.ID, bad), liaison.Invalid)
	}
	snap, err := s.Snapshot(t.Context(), draft(t, s, "openml/forum"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Know(t.Context(), &snap); err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(snap.Check(), func(f liaison.Finding) bool {
		return strings.Contains(f.Message, "OpenML forum is not in the address book") && !f.Blocking
	}) {
		t.Errorf("nobody is told: %+v", snap.Check())
	}
	verified(t, s)
}

func TestEdge44TheSameTitle(t *testing.T) {
	s, _ := open(t)
	carry(t, s, draft(t, s, "w3c"), liaison.DoSubmit, liaison.DoApprove)
	second := draft(t, s, "w3c")
	snap, err := s.Snapshot(t.Context(), second)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Know(t.Context(), &snap); err != nil || len(snap.Known.SameTitle) != 1 || snap.Known.SameTitle[0] != "JCA-ML-LS1" {
		t.Errorf("the same title is found as %q, %v", snap.Known.SameTitle, err)
	}
	carry(t, s, second, liaison.DoSubmit, liaison.DoApprove) // it is a warning
}

func TestEdge51AnEmbargo(t *testing.T) {
	first, _ := open(t)
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	s := first.At(func() time.Time { return now })
	c := content("w3c")
	c.Embargo, c.Deadline = "2026-12-15", "2027-01-31"
	id := draft(t, s, "w3c")
	if _, err := s.Save(t.Context(), id, seed.Editor.ID, 1, c); err != nil {
		t.Fatal(err)
	}
	carry(t, s, id, liaison.DoSubmit)
	answer := do(t, s, give(t, s, id, liaison.DoApprove))
	if want := time.Date(2026, 12, 14, 23, 0, 0, 0, time.UTC); !answer.DispatchAt.Equal(want) { // midnight in Geneva
		t.Errorf("it is dispatched at %s, want %s", answer.DispatchAt, want)
	}
	_, err := s.Do(t.Context(), give(t, s, id, liaison.DoDispatch))
	refused(t, err, liaison.Conflict)
	snap, err := s.Snapshot(t.Context(), id)
	if err != nil || snap.MayRead(seed.Reader.ID) {
		t.Errorf("everybody reads it before its day: %v", err)
	}
	now = answer.DispatchAt
	do(t, s, give(t, s, id, liaison.DoDispatch))
}

// TestWhatWaitedLeavesWithoutItsApprover: the vice-chair approves for an absent chair, the embargo ends when the chair is back, and it leaves all the
// same, on the approval that was valid when it was given.
func TestWhatWaitedLeavesWithoutItsApprover(t *testing.T) {
	first, pool := open(t)
	now := time.Now()
	s := first.At(func() time.Time { return now })
	record(t, s, seed.Secretary, absence(liaison.Absent, seed.Chair, liaison.Person{}))
	c := content("w3c")
	c.Embargo = days(20)
	id := draft(t, s, "w3c")
	if _, err := s.Save(t.Context(), id, seed.Editor.ID, 1, c); err != nil {
		t.Fatal(err)
	}
	carry(t, s, id, liaison.DoSubmit)
	answer := do(t, s, as(t, s, id, liaison.DoApprove, seed.ViceChair))
	now = answer.DispatchAt
	_, err := s.Do(t.Context(), as(t, s, id, liaison.DoDispatch, seed.ViceChair))
	refused(t, err, liaison.Forbidden)
	open, err := s.OpenBatches(t.Context(), id)
	i := slices.IndexFunc(open, func(b store.OpenBatch) bool { return b.Due.Equal(answer.DispatchAt) })
	if err != nil || i < 0 {
		t.Fatalf("%+v, %v", open, err)
	}
	if answer := do(t, s, liaison.Command{ID: open[i].Command, Kind: liaison.DoDispatch, Statement: id}); answer.State != liaison.Dispatching {
		t.Errorf("it is %s", answer.State)
	}
	var acting, word, as string
	if err := pool.QueryRow(t.Context(), `SELECT acting, for_person::text, for_as FROM event WHERE statement_id = $1 AND kind = 'dispatching'`, id).Scan(&acting, &word, &as); err != nil ||
		acting != string(liaison.AsEngine) || word != string(seed.ViceChair.ID) || as != string(liaison.AsViceChair) {
		t.Errorf("on the record it was begun by %s on the word of %s as %s, %v", acting, word, as, err)
	}
	verified(t, s)
}

func TestEdge52AConfidentialStatementIsInNobodyElsesList(t *testing.T) {
	s, _ := open(t)
	open := draft(t, s, "w3c")
	closed := draft(t, s, "w3c")
	c := content("w3c")
	c.Confidentiality = liaison.Confidential
	if _, err := s.Save(t.Context(), closed, seed.Editor.ID, 1, c); err != nil {
		t.Fatal(err)
	}
	for _, id := range []liaison.StatementID{open, closed} {
		carry(t, s, id, liaison.DoSubmit, liaison.DoApprove, liaison.DoDispatch)
	}
	for who, want := range map[liaison.PersonID]int{seed.Reader.ID: 1, seed.Chair.ID: 2} {
		page, err := s.Statements(t.Context(), who, store.Filter{})
		if err != nil || len(page.Lines) != want {
			t.Errorf("%s sees %d statements, %v; want %d", who, len(page.Lines), err, want)
		}
		to, err := s.StatementsTo(t.Context(), who, "w3c", 10)
		if err != nil || len(to) != want {
			t.Errorf("%s sees %d statements to the body, %v; want %d", who, len(to), err, want)
		}
		counts, err := s.Counts(t.Context(), who)
		if err != nil || counts[liaison.Dispatching] != want {
			t.Errorf("%s counts %v, %v; want %d", who, counts, err, want)
		}
	}
}

func TestTwoEditorsAreToldOfEachOther(t *testing.T) {
	first, _ := open(t)
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	s := first.At(func() time.Time { return now })
	id := draft(t, s, "w3c")
	if others, err := s.Present(t.Context(), id, seed.Editor.ID); err != nil || len(others) > 0 {
		t.Errorf("alone, with %q, %v", others, err)
	}
	if others, err := s.Present(t.Context(), id, seed.Editor2.ID); err != nil || !slices.Equal(others, []string{seed.Editor.Name}) {
		t.Errorf("the second is told of %q, %v", others, err)
	}
	now = now.Add(4 * time.Minute)
	if others, err := s.Present(t.Context(), id, seed.Editor.ID); err != nil || len(others) > 0 {
		t.Errorf("after the other has gone: %q, %v", others, err)
	}
}
