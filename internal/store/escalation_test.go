package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/liaison"
)

// TestADecisionThatWaitsIsToldOnceToEach: chair, vice-chair, secretariat, each once, each at its day and by a letter; a new revision
// begins anew.
func TestADecisionThatWaitsIsToldOnceToEach(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	begin := time.Date(2026, 10, 20, 9, 0, 0, 0, time.UTC) // the clocks of Geneva go back on the 25th
	at := func(days, minutes int) time.Time {
		return begin.AddDate(0, 0, days).Add(time.Duration(minutes) * time.Minute)
	}
	now := begin
	s = s.At(func() time.Time { return now })
	id := draft(t, s, "w3c")
	carry(t, s, id, liaison.DoSubmit)
	escalate := func() error {
		_, err := s.Do(t.Context(), liaison.Command{ID: newCommand(), Kind: liaison.DoEscalate, Statement: id})
		return err
	}
	for _, days := range []int{7, 14, 21} {
		due, err := s.EscalationDue(t.Context(), id)
		if want := at(days, 60); err != nil || !due.Equal(want) { // the same time of day in Geneva is an hour later by UTC
			t.Fatalf("due %s, %v; want %s", due, err, want)
		}
		now = at(days, 59)
		refused(t, escalate(), liaison.Conflict)
		now = at(days, 60)
		if err := escalate(); err != nil {
			t.Fatal(err)
		}
		refused(t, escalate(), liaison.Conflict)
	}
	now = at(200, 0)
	refused(t, escalate(), liaison.Conflict)
	if due, err := s.EscalationDue(t.Context(), id); err != nil || !due.IsZero() {
		t.Errorf("still due %s, %v", due, err)
	}
	rows, err := pool.Query(t.Context(), `SELECT p.name FROM transmission t JOIN person p ON p.id = t.person_id WHERE t.statement_id = $1 AND t.letter = 'decision-waiting' ORDER BY t.created_at`, id)
	if err != nil {
		t.Fatal(err)
	}
	told, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if diff := cmp.Diff([]string{seed.Chair.Name, seed.ViceChair.Name, seed.Secretary.Name}, told); diff != "" || err != nil {
		t.Errorf("%v, told (-want +got):\n%s", err, diff)
	}
	carry(t, s, id, liaison.DoReturn)
	if due, err := s.EscalationDue(t.Context(), id); err != nil || !due.IsZero() {
		t.Errorf("a draft is due %s, %v", due, err)
	}
	carry(t, s, id, liaison.DoSubmit)
	if due, err := s.EscalationDue(t.Context(), id); err != nil || !due.Equal(now.AddDate(0, 0, 7)) {
		t.Errorf("the second revision is due %s, %v", due, err)
	}
	verified(t, s)
}
