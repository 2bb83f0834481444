package store_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// followed begins a follow-up of a statement that left, with what is still to be said.
func followed(t *testing.T, s *store.Store, first liaison.StatementID, kind liaison.RelationKind) liaison.StatementID {
	t.Helper()
	snap, err := s.Snapshot(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	c := liaison.Follow(snap.Snapshot, kind)
	if c.Abstract == "" {
		c.Abstract, c.Text = "Says what is to be said.", "In JCA-ML-LS1, read a in place of b."
	}
	if len(c.Addressees) == 0 {
		c.Addressees = []liaison.Addressee{{Body: "ietf", Purpose: liaison.ForInformation}}
	}
	if c.Deadline == "" && kind != liaison.Recalls && kind != liaison.Corrects {
		c.Deadline = "2099-01-31"
	}
	id := liaison.StatementID(uuid.NewString())
	if _, err := s.Create(t.Context(), id, seed.Editor.ID, c); err != nil {
		t.Fatal(err)
	}
	return id
}

func words(t *testing.T, s *store.Store, id liaison.StatementID) []string {
	t.Helper()
	marks, err := s.Marks(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, m := range marks {
		out = append(out, m.Kind.Mark()+" "+m.Ref)
	}
	return out
}

// TestAfterTheDispatch: what left does not change; what is to be said is another statement, and marks the first.
func TestAfterTheDispatch(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	first, _ := dispatching(t, s, "w3c", "ieee")
	before, err := s.Snapshot(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}

	t.Run("edge 21: what has left is not withdrawn, but recalled", func(t *testing.T) {
		_, err := s.Do(t.Context(), give(t, s, first, liaison.DoWithdraw))
		refused(t, err, liaison.Conflict)
		for _, kind := range []liaison.CommandKind{liaison.DoReopen, liaison.DoAmend} {
			_, err := s.Do(t.Context(), liaison.Command{ID: newCommand(), Kind: kind, Statement: first, Actor: seed.Secretary.ID, Digest: before.Digest, Amended: before.Digest, Reason: "x"})
			refused(t, err, liaison.Conflict)
		}
	})

	t.Run("edge 54: a corrigendum keeps the number, and is approved at the same level", func(t *testing.T) {
		id := followed(t, s, first, liaison.Corrects)
		carry(t, s, id, liaison.DoSubmit)
		if got := words(t, s, first); len(got) != 0 {
			t.Errorf("marked before anything left: %v", got)
		}
		for _, who := range []liaison.PersonID{seed.Editor.ID, seed.Secretary.ID} {
			cmd := give(t, s, id, liaison.DoApprove)
			cmd.Actor = who
			_, err := s.Do(t.Context(), cmd)
			refused(t, err, liaison.Forbidden)
		}
		carry(t, s, id, liaison.DoApprove)
		snap, err := s.Snapshot(t.Context(), id)
		if err != nil || snap.Ref != before.Ref+" Corr.1" || snap.Number != before.Number || snap.CorrigendumNumber != 1 || snap.Period != before.Period || snap.ApprovedAs != before.ApprovedAs {
			t.Fatalf("it is %+v, %v", snap.Statement, err)
		}
		// Taken back and approved again it keeps that.
		do(t, s, liaison.Command{ID: newCommand(), Kind: liaison.DoReopen, Statement: id, Actor: seed.Editor.ID, Reason: "x"})
		carry(t, s, id, liaison.DoSubmit, liaison.DoApprove)
		if again, _ := s.Snapshot(t.Context(), id); again.Ref != snap.Ref {
			t.Errorf("approved again it is %s", again.Ref)
		}
		if got := words(t, s, first); len(got) != 0 {
			t.Errorf("marked before it left: %v", got)
		}
		carry(t, s, id, liaison.DoDispatch)
		if diff := cmp.Diff([]string{"Corrected by " + before.Ref + " Corr.1"}, words(t, s, first)); diff != "" {
			t.Error(diff)
		}
		for id, want := range map[liaison.StatementID]liaison.ReplyState{first: liaison.ReplyAwaiting, id: liaison.ReplyNotAwaited} { // each addressee owes one reply, not two
			now, err := s.Snapshot(t.Context(), id)
			if err != nil || len(now.Replies) != 2 || now.Replies[0].State != want || now.Replies[1].State != want {
				t.Errorf("the replies to %s are %+v, %v; want %s", now.Ref, now.Replies, err, want)
			}
		}
		other := draft(t, s, "w3c")
		carry(t, s, other, liaison.DoSubmit, liaison.DoApprove)
		if next, _ := s.Snapshot(t.Context(), other); next.Number != before.Number+1 {
			t.Errorf("a corrigendum took a number: the next one is %d", next.Number)
		}
	})

	t.Run("corrigenda of one statement, approved at once, have numbers of their own", func(t *testing.T) {
		var ids []liaison.StatementID
		for range 6 {
			id := followed(t, s, first, liaison.Corrects)
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
			want = append(want, fmt.Sprintf("%s Corr.%d", before.Ref, n+2))
		}
		slices.Sort(refs)
		if diff := cmp.Diff(want, refs); diff != "" {
			t.Errorf("%s\n%v", diff, errs)
		}
	})

	t.Run("edge 55: readers of the old one see that it is superseded", func(t *testing.T) {
		id := followed(t, s, first, liaison.Revises)
		carry(t, s, id, liaison.DoSubmit, liaison.DoApprove, liaison.DoDispatch)
		snap, _ := s.Snapshot(t.Context(), id)
		if got := words(t, s, first); !slices.Contains(got, "Superseded by "+snap.Ref) || snap.CorrigendumNumber != 0 || snap.Number == before.Number {
			t.Errorf("marked %v; the new one is %s", got, snap.Ref)
		}
		page, err := s.Statements(t.Context(), seed.Chair.ID, store.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range page.Lines {
			if l.ID == first && !slices.ContainsFunc(l.Marks, func(m liaison.Mark) bool { return m.Kind == liaison.Revises && m.Ref == snap.Ref }) {
				t.Errorf("the register does not show it: %+v", l)
			}
		}
		late := followed(t, s, first, liaison.Corrects)
		_, err = s.Do(t.Context(), give(t, s, late, liaison.DoSubmit))
		refused(t, err, liaison.Invalid) // the later one is what counts
		recall := followed(t, s, id, liaison.Recalls)
		carry(t, s, recall, liaison.DoSubmit, liaison.DoApprove, liaison.DoDispatch)
		if got := words(t, s, id); len(got) != 1 || got[0][:11] != "Recalled by" {
			t.Errorf("marked %v", got)
		}
		after, _ := s.Snapshot(t.Context(), first)
		if after.State != before.State || after.Digest != before.Digest {
			t.Error("what left was changed")
		}

		thread, err := s.Thread(t.Context(), seed.Chair.ID, recall)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(thread, func(l store.ThreadLine) bool { return l.ID == first }) {
			t.Error("the thread of the recall does not lead back to the first one")
		}
		outside, err := s.Thread(t.Context(), seed.Auditor.ID, recall)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range outside {
			if !l.State.Public() {
				t.Errorf("a thread shows %s, %s, to a reader from outside", l.Ref, l.State)
			}
		}
		if len(outside) != 4 || len(thread) <= len(outside) { // the first, the corrigendum that left, the revision, the recall
			t.Errorf("%d in the thread for a reader from outside, %d for the chair", len(outside), len(thread))
		}
	})
	verified(t, s)
	var n int
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM relation`).Scan(&n); err != nil || n == 0 {
		t.Errorf("%d relations, %v", n, err)
	}
}

// TestNothingLeavesOfWhatWasRecalled: from the dispatch of a recall on, nothing of the recalled statement is begun to be sent, whatever it waited
// for; each message says why it did not leave, and whom it was to ask owes nothing.
func TestNothingLeavesOfWhatWasRecalled(t *testing.T) {
	t.Parallel()
	for kind, says := range map[liaison.RelationKind]string{liaison.Recalls: "Recalled by ", liaison.Revises: "Superseded by "} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			s, pool := open(t)
			first, ts := dispatching(t, s, "itu-t/sg17", "itu-t/sg13", "itu-t/sg12", "w3c", "ieee", "ietf")
			accepted, deferred, queued, onItsWay, inDoubt, refusedFirst := ts[0], ts[1], ts[2], ts[3], ts[4], ts[5]
			attempt(t, s, accepted.ID, liaison.TransmissionAccepted)
			attempt(t, s, deferred.ID, liaison.TransmissionDeferred)
			attempt(t, s, inDoubt.ID, liaison.TransmissionUnknown)
			attempt(t, s, refusedFirst.ID, liaison.TransmissionRefused)
			c := claim(t, s, onItsWay.ID)
			before, err := s.Snapshot(t.Context(), first)
			if err != nil {
				t.Fatal(err)
			}

			recall := followed(t, s, first, kind)
			carry(t, s, recall, liaison.DoSubmit, liaison.DoApprove)
			if got := state(t, s, queued.ID); got.State != liaison.TransmissionQueued {
				t.Fatalf("it is %s before the recall has left", got.State)
			}
			choose(t, s, first, liaison.DoSendAgain, inDoubt.ID, "")
			carry(t, s, recall, liaison.DoDispatch)
			snap, err := s.Snapshot(t.Context(), recall)
			if err != nil {
				t.Fatal(err)
			}
			overtaken := says + snap.Ref

			for _, x := range []store.Transmission{deferred, queued} {
				if got := state(t, s, x.ID); got.State != liaison.TransmissionCancelled || got.Overtaken != overtaken || got.NextTry != nil {
					t.Errorf("%s is %s, %q", x.Body, got.State, got.Overtaken)
				}
			}
			// What was with a server when the recall began is not tried again, nor is what was in doubt.
			if got, err := s.Record(t.Context(), c, answers[liaison.TransmissionDeferred], retry); err != nil || got != liaison.TransmissionDeferred {
				t.Fatalf("recorded as %s, %v", got, err)
			}
			for _, x := range ts {
				_, err := s.Claim(t.Context(), x.ID, "worker 2")
				refused(t, err, liaison.Conflict)
			}
			if got := state(t, s, onItsWay.ID); got.State != liaison.TransmissionCancelled || got.Overtaken != overtaken {
				t.Errorf("what was on its way is %s, %q", got.State, got.Overtaken)
			}
			if got := state(t, s, inDoubt.ID); got.State != liaison.TransmissionRefused || got.Overtaken != overtaken {
				t.Errorf("what was in doubt is %s, %q: nobody can say that nothing left", got.State, got.Overtaken)
			}
			for _, kind := range []liaison.CommandKind{liaison.DoSendAgain, liaison.DoSendCopy} {
				_, err := s.Do(t.Context(), liaison.Command{ID: newCommand(), Kind: kind, Statement: first, Actor: seed.Secretary.ID, Reason: "x", Transmission: refusedFirst.ID, Email: "other@body.example"})
				refused(t, err, liaison.Conflict)
			}
			after, err := s.Snapshot(t.Context(), first)
			if err != nil || after.Over != kind {
				t.Fatalf("over: %q, %v", after.Over, err)
			}
			for i, r := range after.Replies {
				want := before.Replies[i].State
				if x := state(t, s, r.Transmission); x.State == liaison.TransmissionCancelled {
					want = liaison.ReplyNotAwaited
				}
				if r.State != want || before.Replies[i].State != liaison.ReplyAwaiting {
					t.Errorf("the reply of %s is %s, want %s", r.Body, r.State, want)
				}
			}
			// The run that sends it is told, because it would wait until each was to be tried again.
			if open, err := s.OpenBatches(t.Context(), first); err != nil || !slices.ContainsFunc(open, func(b store.OpenBatch) bool { return b.Statement && b.Late }) {
				t.Errorf("nobody is told: %+v, %v", open, err)
			}
			do(t, s, liaison.Command{ID: newCommand(), Kind: liaison.DoSettle, Statement: first})
			var n int
			if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM event WHERE statement_id = $1 AND kind = 'cancelled' AND reason = $2`, first, overtaken+".").Scan(&n); err != nil || n != 3 {
				t.Errorf("%d cancellations say why, %v", n, err)
			}
			verified(t, s)
		})
	}
}
