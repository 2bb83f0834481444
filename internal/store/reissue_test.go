package store_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/jca-ml/liaison/internal/document"
	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// reissued begins what puts a report right.
func reissued(t *testing.T, s *store.Store, first liaison.StatementID, kind liaison.RelationKind) liaison.StatementID {
	t.Helper()
	snap, err := s.Snapshot(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	c := liaison.Follow(snap.Snapshot, kind)
	c.Abstract = "Puts it right."
	id := liaison.StatementID(uuid.NewString())
	if _, err := s.Create(t.Context(), id, seed.Editor.ID, c); err != nil {
		t.Fatal(err)
	}
	return id
}

// left carries a draft through the gate until every message is accepted.
func left(t *testing.T, s *store.Store, id liaison.StatementID) store.Snapshot {
	t.Helper()
	carry(t, s, id, liaison.DoSubmit, liaison.DoApprove)
	for _, x := range sealed(t, s, carry(t, s, id, liaison.DoDispatch)) {
		attempt(t, s, x.ID, liaison.TransmissionAccepted)
	}
	do(t, s, give(t, s, id, liaison.DoSettle))
	snap, err := s.Snapshot(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

func parent(t *testing.T, s *store.Store, id liaison.StatementID, kind liaison.CommandKind) {
	t.Helper()
	do(t, s, liaison.Command{ID: newCommand(), Kind: kind, Statement: id, Actor: seed.Secretary.ID, Reason: "Report of SG13, clause 7"})
}

// TestAReportIsPutRight: a returned one is followed by Rev.1 under its number, what was presented by a corrigendum; all are kept, each with
// its own approval, digest, messages and files.
func TestAReportIsPutRight(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	first, ts := reported(t, s)
	before, err := s.Snapshot(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	yes := liaison.ProposalReply{Proposal: 1, Answer: liaison.ProposalAccepted, Name: "Irene, Q7/13"}
	if err := s.AnswerProposal(t.Context(), ts[0].ID, newCommand(), yes); err != nil {
		t.Fatal(err)
	}
	parent(t, s, first, liaison.DoPresent)
	parent(t, s, first, liaison.DoSendBack)

	var rev liaison.StatementID
	t.Run("edge 65: returned, it is followed by Rev.1 with its number, and both are kept", func(t *testing.T) {
		_, err := s.Do(t.Context(), give(t, s, reissued(t, s, first, liaison.Corrects), liaison.DoSubmit))
		refused(t, err, liaison.Invalid)
		rev = reissued(t, s, first, liaison.Revises)
		draft, err := s.Snapshot(t.Context(), rev)
		if err != nil {
			t.Fatal(err)
		}
		what := store.ReportFor{Group: seed.JCAML, From: before.Content.Report.From, Until: draft.Today}
		for _, count := range []int{2, 0} { // the proposals that have no answer, as the next report would ask for them; and of itself none
			fresh, err := s.Assemble(t.Context(), what)
			if f, _ := fresh.Figure(liaison.FigureUnanswered); err != nil || f.Count != count {
				t.Errorf("assembled again, revising %q, it has %+v, %v", what.Revises, f, err)
			}
			_, what.Revises = draft.Content.Keeps()
		}
		snap := left(t, s, rev)
		if snap.Ref != before.Ref+" Rev.1" || snap.Number != before.Number || snap.Period != before.Period || snap.RevNumber != 1 || snap.CorrigendumNumber != 0 {
			t.Fatalf("it is %+v", snap.Statement)
		}
		if snap.Digest == before.Digest || snap.ApprovedDigest == before.ApprovedDigest || len(snap.Content.Attachments) != 2 {
			t.Errorf("it has no approval, digest or files of its own: %+v", snap.Statement)
		}
		if diff := cmp.Diff([]string{"Superseded by " + before.Ref + " Rev.1"}, words(t, s, first)); diff != "" {
			t.Error(diff)
		}
		old, err := s.Snapshot(t.Context(), first)
		if err != nil || old.Digest != before.Digest || old.Outcome != liaison.ReportReturned || old.State != liaison.Closed {
			t.Errorf("the first one is %+v, %v", old.Statement, err)
		}
		for _, x := range []liaison.StatementID{first, rev} {
			ts, err := s.Transmissions(t.Context(), x)
			if err != nil || len(ts) < 2 {
				t.Errorf("%s has %d messages, %v", x, len(ts), err)
			}
		}
	})

	t.Run("what a group said to the same words counts; it is not asked twice", func(t *testing.T) {
		later := s.At(func() time.Time { return time.Now().AddDate(0, 0, 2) })
		c, err := later.ReportContent(t.Context(), seed.JCAML, "")
		if err != nil {
			t.Fatal(err)
		}
		open, _ := c.Report.Table(liaison.TableUnanswered)
		var got []string
		for _, r := range open.Rows {
			got = append(got, r.Cells[0].Text+" "+r.Cells[1].Text+" "+string(r.Body))
		}
		want := []string{before.Ref + " Rev.1 1. A common list of terms itu-t/sg17", before.Ref + " Rev.1 2. A joint meeting itu-t/sg17"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("without an answer (-want +got):\n%s", diff)
		}
		for body, answered := range map[liaison.Code]int{"itu-t/sg13": 1, "itu-t/sg17": 0} {
			lines, err := s.Received(t.Context(), body)
			i := slices.IndexFunc(lines, func(l store.ReceivedLine) bool { return l.Ref == before.Ref+" Rev.1" })
			if err != nil || i < 0 {
				t.Fatalf("%s received %+v, %v", body, lines, err)
			}
			if l := lines[i]; l.Replies != answered || (l.Proposals > l.Replies) != (answered == 0) {
				t.Errorf("of %d proposals of Rev.1 %s is said to have answered %d", l.Proposals, body, l.Replies)
			}
		}
	})

	t.Run("returned again, it is followed by Rev.2", func(t *testing.T) {
		parent(t, s, rev, liaison.DoSendBack)
		second := reissued(t, s, rev, liaison.Revises)
		draft, err := s.Snapshot(t.Context(), second)
		if err != nil {
			t.Fatal(err)
		}
		again, err := s.Assemble(t.Context(), store.ReportFor{Group: seed.JCAML, From: before.Content.Report.From, Until: draft.Today, Revises: rev})
		if f, _ := again.Figure(liaison.FigureUnanswered); err != nil || f.Count != 0 {
			t.Errorf("assembled again, Rev.2 asks back of the first one and of Rev.1: %+v, %v", f, err)
		}
		if snap := left(t, s, second); snap.Ref != before.Ref+" Rev.2" {
			t.Errorf("it is %s", snap.Ref)
		}
		_, err = s.Do(t.Context(), give(t, s, reissued(t, s, first, liaison.Revises), liaison.DoSubmit))
		refused(t, err, liaison.Invalid) // the later one is what counts
		rev = second
	})

	var corr liaison.StatementID
	t.Run("edge 54: presented, a corrigendum keeps the number, and is approved at the same level", func(t *testing.T) {
		parent(t, s, rev, liaison.DoPresent)
		corr = reissued(t, s, rev, liaison.Corrects)
		carry(t, s, corr, liaison.DoSubmit)
		for _, who := range []liaison.PersonID{seed.Editor.ID, seed.Secretary.ID} {
			cmd := give(t, s, corr, liaison.DoApprove)
			cmd.Actor = who
			_, err := s.Do(t.Context(), cmd)
			refused(t, err, liaison.Forbidden)
		}
		carry(t, s, corr, liaison.DoApprove)
		for _, x := range sealed(t, s, carry(t, s, corr, liaison.DoDispatch)) {
			attempt(t, s, x.ID, liaison.TransmissionAccepted)
		}
		snap, err := s.Snapshot(t.Context(), corr)
		if err != nil || snap.Ref != before.Ref+" Rev.2 Corr.1" || snap.Content.Kind() != liaison.ProgressReport {
			t.Fatalf("it is %+v, %v", snap.Statement, err)
		}
		if diff := cmp.Diff([]string{"Corrected by " + snap.Ref}, words(t, s, rev)); diff != "" {
			t.Error(diff)
		}
		for _, a := range snap.Content.Attachments {
			if !slices.Contains(snap.Content.Report.Forms, a.Digest) {
				t.Errorf("%s is attached", a.Name)
			}
		}
	})

	t.Run("corrigenda approved at once have numbers of their own, without a gap", func(t *testing.T) {
		var ids []liaison.StatementID
		for range 6 {
			id := reissued(t, s, rev, liaison.Corrects)
			carry(t, s, id, liaison.DoSubmit)
			ids = append(ids, id)
		}
		var all sync.WaitGroup
		refs, errs := make([]string, len(ids)), make([]error, len(ids))
		for i, id := range ids {
			cmd := give(t, s, id, liaison.DoApprove)
			all.Go(func() {
				var answer liaison.Answer
				answer, errs[i] = s.Do(t.Context(), cmd)
				refs[i] = answer.Ref
			})
		}
		all.Wait()
		var want []string
		for n := range ids {
			want = append(want, fmt.Sprintf("%s Rev.2 Corr.%d", before.Ref, n+2))
		}
		slices.Sort(refs)
		if diff := cmp.Diff(want, refs); diff != "" {
			t.Errorf("%s\n%v", diff, errs)
		}
		do(t, s, liaison.Command{ID: newCommand(), Kind: liaison.DoWithdraw, Statement: ids[0], Actor: seed.Secretary.ID, Reason: "not needed"})
		do(t, s, liaison.Command{ID: newCommand(), Kind: liaison.DoReopen, Statement: ids[1], Actor: seed.Editor.ID, Reason: "x"})
		was, _ := s.Snapshot(t.Context(), ids[1])
		carry(t, s, ids[1], liaison.DoSubmit, liaison.DoApprove)
		if again, _ := s.Snapshot(t.Context(), ids[1]); again.Ref != was.Ref {
			t.Errorf("approved again, %s is %s", was.Ref, again.Ref)
		}
	})

	t.Run("the list of numbers explains them", func(t *testing.T) {
		series, err := s.Series(t.Context(), seed.Chair.ID)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(series, func(x store.Series) bool { return x.Kind == liaison.ProgressReport })
		if i < 0 || series[i].Last != 1 {
			t.Fatalf("the series are %+v", series)
		}
		refs := func(who liaison.PersonID) (out []string) {
			lines, err := s.NumbersOf(t.Context(), who, series[i], 0, 10)
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range lines {
				out = append(out, strings.TrimPrefix(l.Ref, before.Ref))
			}
			return out
		}
		want := []string{"", " Rev.1", " Rev.2", " Rev.2 Corr.1", " Rev.2 Corr.2", " Rev.2 Corr.3", " Rev.2 Corr.4", " Rev.2 Corr.5", " Rev.2 Corr.6", " Rev.2 Corr.7"}
		if diff := cmp.Diff(want, refs(seed.Chair.ID)); diff != "" {
			t.Errorf("for the chair (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(want[:4], refs(seed.Auditor.ID)); diff != "" { // what has not left is nobody else's business
			t.Errorf("for a reader from outside (-want +got):\n%s", diff)
		}
	})

	verified(t, s)
	if _, err := pool.Exec(t.Context(), `UPDATE statement SET corrigendum = 20 WHERE ref LIKE '%Rev.2 Corr.3'`); err != nil {
		t.Fatal(err)
	}
	report, err := s.Audit(t.Context(), nil)
	var said []string
	for _, p := range report.Problems {
		said = append(said, p.Message)
	}
	if err != nil || !strings.Contains(strings.Join(said, "\n"), "the one before it") {
		t.Errorf("a gap behind a number is found as %q, %v", said, err)
	}
	if _, err := pool.Exec(t.Context(), `UPDATE statement SET corrigendum = 1 WHERE ref LIKE '%Rev.2 Corr.3'`); err == nil {
		t.Error("two corrigenda have one number")
	}
}

// TestTheFilesOfAReport: they are of what is submitted, whoever saves meanwhile, and an attachment of the drafter's is never lost.
func TestTheFilesOfAReport(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	id := draftReport(t, s)
	snap, err := s.Snapshot(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	own := []byte("%PDF-1.7 annex")
	digest, err := s.PutBlob(t.Context(), own)
	if err != nil {
		t.Fatal(err)
	}
	annex := liaison.Attachment{Name: "progress-report-jca-ml-annex.pdf", MediaType: "application/pdf", Size: int64(len(own)), Digest: digest}
	c := snap.Content
	c.Attachments = []liaison.Attachment{annex}
	if _, err := s.Save(t.Context(), id, seed.Editor.ID, 1, c); err != nil {
		t.Fatal(err)
	}

	// Somebody saves while it is submitted, ever more slowly: making the files takes longer than a save, on a busy machine much longer.
	var all sync.WaitGroup
	all.Go(func() {
		for version := 2; ; version++ {
			c := c
			c.Title = fmt.Sprintf("Progress report, draft %d", version)
			if _, err := s.Save(t.Context(), id, seed.Secretary.ID, version, c); err != nil {
				return // submitted
			}
			<-time.After(time.Duration(version) * 20 * time.Millisecond)
		}
	})
	testEventuallySubmitted(t, s, id)
	all.Wait()

	if snap, err = s.Snapshot(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	files := func() (names []string) {
		for _, a := range snap.Content.Attachments {
			names = append(names, a.Name)
		}
		return names
	}
	until := string(snap.Content.Report.Until)
	want := []string{annex.Name, "progress-report-jca-ml-" + until + ".pdf", "progress-report-jca-ml-" + until + ".docx"}
	if diff := cmp.Diff(want, files()); diff != "" {
		t.Fatalf("attached (-want +got):\n%s", diff)
	}
	about := document.About{Group: snap.GroupBody, Bodies: map[liaison.Code]liaison.Body{}}
	bodies, err := s.Bodies(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range bodies {
		about.Bodies[b.Code] = b
	}
	about.Parent = about.Bodies[snap.Content.Report.Parent]
	d, err := document.Outline(snap.Content, about)
	if err != nil {
		t.Fatal(err)
	}
	word, err := document.Word(d)
	if err != nil || liaison.DigestOf(word) != snap.Content.Attachments[2].Digest {
		t.Errorf("the Word file is not of what was submitted, %q, %v", snap.Content.Title, err)
	}

	// Taken back and submitted again, its files are made anew, and the annex stays.
	do(t, s, liaison.Command{ID: newCommand(), Kind: liaison.DoReturn, Statement: id, Actor: seed.Chair.ID, Digest: snap.Digest, Reason: "x"})
	carry(t, s, id, liaison.DoSubmit, liaison.DoApprove)
	do(t, s, liaison.Command{ID: newCommand(), Kind: liaison.DoReopen, Statement: id, Actor: seed.Editor.ID, Reason: "x"})
	if snap, err = s.Snapshot(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	c = snap.Content
	c.Title = "Another title"
	if _, err := s.Save(t.Context(), id, seed.Editor.ID, snap.DraftVersion, c); err != nil {
		t.Fatal(err)
	}
	before := snap.Content.Attachments[2].Digest
	carry(t, s, id, liaison.DoSubmit)
	if snap, err = s.Snapshot(t.Context(), id); err != nil || snap.Content.Attachments[2].Digest == before {
		t.Errorf("the files are those of before, %v", err)
	}
	if diff := cmp.Diff(want, files()); diff != "" {
		t.Errorf("attached again (-want +got):\n%s", diff)
	}

	// One that has the very name is refused, and stays where it is.
	other := draftReport(t, s)
	if snap, err = s.Snapshot(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	c = snap.Content
	annex.Name = want[1]
	c.Attachments = []liaison.Attachment{annex}
	if _, err := s.Save(t.Context(), other, seed.Editor.ID, 1, c); err != nil {
		t.Fatal(err)
	}
	_, err = s.Do(t.Context(), give(t, s, other, liaison.DoSubmit))
	refused(t, err, liaison.Invalid)
	if snap, err = s.Snapshot(t.Context(), other); err != nil || len(snap.Content.Attachments) != 1 || !strings.HasSuffix(snap.Content.Attachments[0].Name, ".pdf") {
		t.Errorf("attached are %+v, %v", snap.Content.Attachments, err)
	}
	verified(t, s)
}

// testEventuallySubmitted submits, again after a refusal because of somebody who saves without pause.
func testEventuallySubmitted(t *testing.T, s *store.Store, id liaison.StatementID) {
	t.Helper()
	for range 100 {
		_, err := s.Do(t.Context(), give(t, s, id, liaison.DoSubmit))
		if err == nil {
			return
		}
		refused(t, err, liaison.Conflict)
	}
	t.Fatal("it was never submitted")
}

// TestWhatAReportSaysOfApprovals: how each statement was approved, and who let one leave that is outside the scope, and why.
func TestWhatAReportSaysOfApprovals(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	within := draft(t, s, "itu-t/sg13")
	carry(t, s, within, liaison.DoSubmit)
	snap, err := s.Snapshot(t.Context(), within)
	if err != nil {
		t.Fatal(err)
	}
	given := &liaison.Given{By: seed.Chair.ID, On: snap.SubmittedOn, Evidence: "Message of the chair"}
	do(t, s, liaison.Command{ID: newCommand(), Kind: liaison.DoEnterApproval, Statement: within, Actor: seed.Secretary.ID, Digest: snap.Digest, Given: given, Consulted: seed.Consulted()})
	carry(t, s, within, liaison.DoDispatch)

	outside := liaison.StatementID(uuid.NewString())
	c := content("itu-t/sg13")
	c.OutsideScope = "TSAG asked every group for it."
	if _, err := s.Create(t.Context(), outside, seed.Editor.ID, c); err != nil {
		t.Fatal(err)
	}
	carry(t, s, outside, liaison.DoSubmit)
	approve := give(t, s, outside, liaison.DoApprove)
	approve.Reason = "TSAG decides what is asked of everybody."
	do(t, s, approve)
	carry(t, s, outside, liaison.DoDispatch)

	tomorrow := s.At(func() time.Time { return time.Now().AddDate(0, 0, 1) }) // when today is over and can be told of
	r, err := tomorrow.ReportContent(t.Context(), seed.JCAML, "")
	if err != nil {
		t.Fatal(err)
	}
	ways := map[liaison.StatementID]string{}
	sent, _ := r.Report.Table(liaison.TableOutgoing)
	for _, row := range sent.Rows {
		ways[row.Statement] = row.Cells[4].Word
	}
	if diff := cmp.Diff(map[liaison.StatementID]string{within: "progress.way-entered-officer-chair", outside: "progress.way-officer-chair"}, ways); diff != "" {
		t.Errorf("ways of approval (-want +got):\n%s", diff)
	}
	override, _ := r.Report.Table(liaison.TableOverride)
	if len(override.Rows) != 1 {
		t.Fatalf("outside the scope are %+v", override.Rows)
	}
	got := override.Rows[0]
	want := []liaison.Cell{got.Cells[0], {Text: c.Title}, {Text: c.OutsideScope}, {Text: approve.Reason}, {Text: seed.Chair.Name}, {Word: "progress.office-chair"}}
	if diff := cmp.Diff(want, got.Cells); diff != "" || got.Statement != outside {
		t.Errorf("edge 29: outside the scope (-want +got):\n%s", diff)
	}
}
