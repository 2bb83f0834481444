package store_test

import (
	"sync"
	"testing"
	"time"

	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// TestEdgeCasesOfApprovalAndNumbers are those of the rules of the field, section 10, by their numbers; others stand in amend_test.go and
// relation_test.go.
func TestEdgeCasesOfApprovalAndNumbers(t *testing.T) {
	t.Parallel()

	t.Run("edge 14: approving another text than the one that was shown is refused", func(t *testing.T) {
		s, _ := open(t)
		id := draft(t, s, "w3c")
		carry(t, s, id, liaison.DoSubmit)
		old := give(t, s, id, liaison.DoApprove)
		carry(t, s, id, liaison.DoReturn)
		snap, err := s.Snapshot(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Save(t.Context(), id, seed.Editor.ID, snap.DraftVersion, content("w3c", "ieee")); err != nil {
			t.Fatal(err)
		}
		carry(t, s, id, liaison.DoSubmit)
		_, err = s.Do(t.Context(), old)
		refused(t, err, liaison.Stale)
	})

	t.Run("edge 19: approved twice, and by several at once, there is one record", func(t *testing.T) {
		s, pool := open(t)
		id := draft(t, s, "w3c")
		carry(t, s, id, liaison.DoSubmit)
		var all sync.WaitGroup
		for range 8 {
			cmd := give(t, s, id, liaison.DoApprove)
			all.Go(func() { _, _ = s.Do(t.Context(), cmd) }) // one is carried out; what the others are told is not the matter here
		}
		all.Wait()
		var decisions, events, numbers int
		err := pool.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM decision WHERE kind = 'approve'), (SELECT count(*) FROM event WHERE kind = 'approved'), (SELECT last FROM number_series)`).Scan(&decisions, &events, &numbers)
		if err != nil || decisions != 1 || events != 1 || numbers != 1 {
			t.Errorf("%d decisions, %d events, %d numbers, %v", decisions, events, numbers, err)
		}
		verified(t, s)
	})

	t.Run("edge 20: withdrawn after its approval it keeps the number, and the gap is explained", func(t *testing.T) {
		s, _ := open(t)
		first, second := draft(t, s, "w3c"), draft(t, s, "w3c")
		carry(t, s, first, liaison.DoSubmit, liaison.DoApprove, liaison.DoWithdraw)
		carry(t, s, second, liaison.DoSubmit, liaison.DoApprove)
		series, err := s.Series(t.Context(), seed.Chair.ID)
		if err != nil || len(series) != 1 || series[0].Last != 2 {
			t.Fatalf("%+v, %v", series, err)
		}
		lines, err := s.NumbersOf(t.Context(), seed.Chair.ID, series[0], 0, 10)
		if err != nil || len(lines) != 2 || lines[1].ID != first || lines[1].State != liaison.Withdrawn || lines[1].Reason != "because" || lines[0].Number != 2 {
			t.Errorf("%+v, %v", lines, err)
		}
		if outside, err := s.Series(t.Context(), seed.Auditor.ID); err != nil || len(outside) != 0 {
			t.Errorf("who works on nothing sees %+v, %v", outside, err)
		}
	})

	t.Run("edge 32: numbers begin anew with the study period, and stay apart", func(t *testing.T) {
		s, _ := open(t)
		at := func(year int) *store.Store {
			return s.At(func() time.Time { return time.Date(year, 6, 1, 12, 0, 0, 0, time.UTC) })
		}
		before, after := draft(t, s, "w3c"), draft(t, s, "w3c")
		carry(t, at(2028), before, liaison.DoSubmit, liaison.DoApprove)
		// Taken back in one period and approved again in the next, a statement keeps the number of the first.
		do(t, at(2028), liaison.Command{ID: newCommand(), Kind: liaison.DoReopen, Statement: before, Actor: seed.Editor.ID, Reason: "x"})
		carry(t, at(2029), before, liaison.DoSubmit, liaison.DoApprove)
		carry(t, at(2029), after, liaison.DoSubmit, liaison.DoApprove)
		a, _ := s.Snapshot(t.Context(), before)
		b, _ := s.Snapshot(t.Context(), after)
		if a.Number != 1 || a.Period != "2025-2028" || b.Number != 1 || b.Period != "2029-2032" || a.Ref != b.Ref || a.ID == b.ID {
			t.Errorf("%s of %s and %s of %s", a.Ref, a.Period, b.Ref, b.Period)
		}
		verified(t, s)
	})
}
