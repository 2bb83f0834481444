package store_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/jca-ml/liaison/internal/inbound"
	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/liaison"
)

// TestWhatIsSentOnce: section 10 of the rules of the field, of what leaves.
func TestWhatIsSentOnce(t *testing.T) {
	t.Parallel()
	t.Run("edge 46: one of many bounces, and the others are not sent again", func(t *testing.T) {
		t.Parallel()
		s, pool := open(t)
		id, ts := dispatching(t, s, "itu-t/sg17", "w3c", "ieee")
		for _, x := range ts {
			attempt(t, s, x.ID, liaison.TransmissionAccepted)
		}
		receive(t, s, inbound.Address(inbound.RoleBounce, strings.ToUpper(tokenOf(t, ts[0].ID)), "in.example"), report("failed", "5.1.1", ts[0].Email))
		if a := do(t, s, give(t, s, id, liaison.DoSettle)); a.State != liaison.DispatchedInPart {
			t.Errorf("settled as %s", a.State)
		}
		copied := choose(t, s, id, liaison.DoSendCopy, ts[0].ID, "new-mailbox@itu-t.example")
		for _, x := range ts[1:] {
			if got := state(t, s, x.ID); got.State != liaison.TransmissionAccepted {
				t.Errorf("%s is %s", x.Name, got.State)
			}
			_, err := s.Claim(t.Context(), x.ID, "worker 2")
			refused(t, err, liaison.Conflict)
		}
		var messages, attempts int
		if err := pool.QueryRow(t.Context(), `SELECT count(*), (SELECT count(*) FROM attempt a JOIN transmission x ON x.id = a.transmission_id WHERE x.statement_id = $1)
			FROM transmission WHERE statement_id = $1 AND letter = 'statement'`, id).Scan(&messages, &attempts); err != nil || messages != 4 || attempts != 3 {
			t.Errorf("%d messages and %d attempts, %v; want those three, and the copy that waits", messages, attempts, err)
		}
		if copied.State != liaison.DispatchedInPart && copied.State != liaison.Dispatching {
			t.Errorf("with the copy on its way it is %s", copied.State)
		}
		verified(t, s)
	})
	t.Run("edge 47: a crash before the last dot is tried again in the same bytes, and one after it waits for evidence or a person", func(t *testing.T) {
		t.Parallel()
		s, pool := open(t)
		id, ts := dispatching(t, s, "itu-t/sg17", "w3c")
		before, after := claim(t, s, ts[0].ID), claim(t, s, ts[1].ID)
		if err := s.Dot(t.Context(), after); err != nil {
			t.Fatal(err)
		}
		// Both workers are gone.
		if got, err := s.Abandon(t.Context(), ts[0].ID, retry); err != nil || got != liaison.TransmissionDeferred {
			t.Errorf("before the dot: %s, %v", got, err)
		}
		if got, err := s.Abandon(t.Context(), ts[1].ID, retry); err != nil || got != liaison.TransmissionUnknown {
			t.Errorf("after the dot: %s, %v", got, err)
		}
		if err := s.Dot(t.Context(), before); err == nil {
			t.Error("the worker that came back wrote the dot after all")
		}
		_, err := s.Claim(t.Context(), ts[1].ID, "worker 2")
		refused(t, err, liaison.Conflict)
		again := attempt(t, s, ts[0].ID, liaison.TransmissionAccepted)
		if !bytes.Equal(again.Bytes, before.Bytes) || len(again.Bytes) == 0 {
			t.Error("sent again in other bytes")
		}
		// Only a person has the other one sent again.
		choose(t, s, id, liaison.DoSendAgain, ts[1].ID, "")
		attempt(t, s, ts[1].ID, liaison.TransmissionAccepted)
		var twice int
		if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM (SELECT FROM attempt WHERE stage = 'dot' AND code BETWEEN 200 AND 299 GROUP BY transmission_id HAVING count(*) > 1) x`).Scan(&twice); err != nil || twice > 0 {
			t.Errorf("%d messages were taken over twice, %v", twice, err)
		}
		verified(t, s)
	})
}

// TestEveryStepIsOnTheRecord: section 10 again, of the log.
func TestEveryStepIsOnTheRecord(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	id := draft(t, s, "w3c")
	carry(t, s, id, liaison.DoSubmit, liaison.DoReturn, liaison.DoSubmit)
	batch := carry(t, s, id, liaison.DoApprove, liaison.DoDispatch)
	send(t, s, batch, liaison.TransmissionAccepted)
	carry(t, s, id, liaison.DoSettle, liaison.DoClose)
	t.Run("edge 66: every change of state has actor, role, time, digest and a leaf, and what is negative a reason", func(t *testing.T) {
		history, err := s.History(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		moved := 0
		for _, e := range history {
			var leaves int
			if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM audit.leaf WHERE event_id = $1`, e.ID).Scan(&leaves); err != nil || leaves != 1 {
				t.Errorf("%s has %d leaves, %v", e.Kind, leaves, err)
			}
			if e.From == e.To {
				continue
			}
			moved++
			byOurselves := e.Kind == liaison.EventDispatched // the settling, which the workflow does
			if e.At.IsZero() || e.Digest == "" || e.Acting == "" || e.Actor == "" && !byOurselves {
				t.Errorf("%s lacks something: %+v", e.Kind, e.Event)
			}
			if (e.Kind == liaison.EventReturned || e.Kind == liaison.EventClosed) && e.Reason == "" {
				t.Errorf("%s has no reason", e.Kind)
			}
		}
		if moved != 8 { // drafted, submitted, returned, submitted, approved, dispatching, dispatched, closed
			t.Errorf("%d changes of state", moved)
		}
	})
	t.Run("edge 66: nothing of it is changed or deleted", func(t *testing.T) {
		for _, sql := range []string{
			`UPDATE event SET reason = 'another' WHERE statement_id = $1`, `DELETE FROM event WHERE statement_id = $1`, `UPDATE decision SET person_id = person_id WHERE statement_id = $1`,
			`DELETE FROM revision WHERE statement_id = $1`, `UPDATE revision SET canonical = canonical WHERE statement_id = $1`,
		} {
			if _, err := pool.Exec(t.Context(), sql, id); err == nil {
				t.Errorf("the database let it be: %s", sql)
			}
		}
	})
	if snap, err := s.Snapshot(t.Context(), id); err != nil || snap.State != liaison.Closed || snap.Approval.By != seed.Chair.ID {
		t.Errorf("%s, approved by %s, %v", snap.State, snap.Approval.By, err)
	}
	verified(t, s)
}
