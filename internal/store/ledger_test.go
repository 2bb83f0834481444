package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
)

// auditLock is the lock that audit.append takes: who holds it stops every transaction just before its commit.
const auditLock = 7021310926410351

const soon = 30 * time.Second

// gathered holds the log, has first written, waits until it is at its commit, has the rest written, and lets go: so the rest is
// written together.
func gathered(t *testing.T, pool *pgxpool.Pool, l *store.Ledger, first func(), rest ...func()) {
	t.Helper()
	conn, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	waiting := func(n int) error {
		var got int
		err := conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`).Scan(&got)
		if err == nil && got != n {
			err = fmt.Errorf("%d transactions wait for the log", got)
		}
		return err
	}
	if _, err := conn.Exec(t.Context(), `SELECT pg_advisory_lock($1)`, int64(auditLock)); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(first)
	testkit.Eventually(t, soon, func() error { return waiting(1) })
	for _, f := range rest {
		all.Go(f)
	}
	testkit.Eventually(t, soon, func() error {
		if n := l.Waiting(); n != len(rest) {
			return fmt.Errorf("%d of %d wait", n, len(rest))
		}
		return nil
	})
	if _, err := conn.Exec(t.Context(), `SELECT pg_advisory_unlock($1)`, int64(auditLock)); err != nil {
		t.Fatal(err)
	}
	all.Wait()
}

// TestLedgerWritesTogether: what is asked for at the same time is in few transactions, and each message has its own attempt, dot,
// outcome and leaves all the same.
func TestLedgerWritesTogether(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	ctx := t.Context()
	_, ts := dispatching(t, s, "itu-t/sg17", "itu-t/sg13", "w3c", "ieee")
	l := store.NewLedger(s)
	c := make([]store.Claimed, len(ts))
	for i, x := range ts {
		var err error
		if c[i], err = l.Claim(ctx, x.ID, "worker 1", "relay:25"); err != nil || c[i].Attempts != 1 || len(c[i].Bytes) == 0 {
			t.Fatalf("claimed %+v, %v", c[i], err)
		}
	}
	must := func(err error) {
		if err != nil {
			t.Error(err)
		}
	}
	taken := store.Sent{Stage: liaison.StageDot, Code: 250, Enhanced: "2.0.0", Reply: "queued", Relay: "relay:25", TLS: "TLS 1.3", Witness: liaison.WitnessNamed}
	record := func(i int, sent store.Sent, want liaison.TransmissionState) func() {
		return func() {
			if got, err := l.Record(ctx, c[i], sent, retry); err != nil || got != want {
				t.Errorf("message %d is recorded as %s, %v; want %s", i, got, err, want)
			}
		}
	}
	dot := func(i int) func() { return func() { must(l.Dot(ctx, c[i])) } }
	gathered(t, pool, l, dot(0), dot(1), dot(2))
	gathered(t, pool, l, dot(3), record(0, taken, liaison.TransmissionAccepted), record(1, store.Sent{Stage: liaison.StageDot, Code: 554, Reply: "no"}, liaison.TransmissionRefused),
		record(2, store.Sent{Stage: liaison.StageDot, Error: "reset"}, liaison.TransmissionUnknown))
	record(3, taken, liaison.TransmissionAccepted)()

	for i, want := range []liaison.TransmissionState{liaison.TransmissionAccepted, liaison.TransmissionRefused, liaison.TransmissionUnknown, liaison.TransmissionAccepted} {
		attempts, err := s.Attempts(ctx, ts[i].ID)
		if err != nil || len(attempts) != 1 || attempts[0].Outcome != want || attempts[0].Dot == nil || attempts[0].Ended == nil {
			t.Errorf("message %d: on the record stands %+v, %v", i, attempts, err)
		}
		if got := state(t, s, ts[i].ID).State; got != want {
			t.Errorf("message %d is %s, want %s", i, got, want)
		}
	}
	first, err := s.Attempts(ctx, ts[0].ID)
	if a := first[0]; err != nil || a.Relay != "relay:25" || a.TLS != "TLS 1.3" || a.Witness != liaison.WitnessNamed || a.Reply != "queued" || a.Enhanced != "2.0.0" || a.Stage != liaison.StageDot {
		t.Errorf("the evidence is %+v, %v", a, err)
	}
	var transactions int
	if err := pool.QueryRow(ctx, `SELECT count(DISTINCT at) FROM event WHERE kind IN ('attempted', 'accepted', 'refused', 'unknown')`).Scan(&transactions); err != nil || transactions != 5 {
		t.Errorf("eight events were written in %d transactions, want 5, %v", transactions, err) // the first dot, two, the fourth, three outcomes, the last
	}
	verified(t, s)
}

// TestLedgerRefusesOneAndWritesTheOthers: what is wrong with one message is answered to who asked about it.
func TestLedgerRefusesOneAndWritesTheOthers(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	ctx := t.Context()
	_, ts := dispatching(t, s, "itu-t/sg17", "itu-t/sg13", "w3c", "ieee")
	l := store.NewLedger(s)
	given, good, odd := claim(t, s, ts[0].ID), claim(t, s, ts[1].ID), claim(t, s, ts[2].ID)
	if _, err := s.Abandon(ctx, given.ID, retry); err != nil {
		t.Fatal(err)
	}
	if err := s.HoldBody(ctx, ts[3].Body, "their server is being moved", ""); err != nil {
		t.Fatal(err)
	}
	errs := map[string]error{}
	var mu sync.Mutex
	ask := func(name string, f func() error) func() {
		return func() {
			err := f()
			mu.Lock()
			defer mu.Unlock()
			errs[name] = err
		}
	}
	claiming := func(id liaison.TransmissionID) func() error {
		return func() error { _, err := l.Claim(ctx, id, "worker 2", "relay:25"); return err }
	}
	gathered(t, pool, l,
		ask("dot", func() error { return l.Dot(ctx, good) }),
		ask("dot of a given up attempt", func() error { return l.Dot(ctx, given) }),
		ask("a second dot", func() error { return l.Dot(ctx, good) }),
		ask("claim of what is being sent", claiming(odd.ID)),
		ask("claim of what is held", claiming(ts[3].ID)),
		ask("claim of nothing", claiming(liaison.TransmissionID(uuid.NewString()))),
		ask("an outcome that the database does not take", func() error {
			_, err := l.Record(ctx, odd, store.Sent{Stage: liaison.StageRcpt, Code: 450, Witness: "nonsense"}, retry)
			return err
		}),
	)
	for name, code := range map[string]liaison.ErrorCode{
		"dot of a given up attempt": liaison.Conflict, "a second dot": liaison.Conflict, "claim of what is being sent": liaison.Conflict,
		"claim of nothing": liaison.NotFound, "an outcome that the database does not take": liaison.Internal,
	} {
		if got := liaison.CodeOf(errs[name]); errs[name] == nil || got != code {
			t.Errorf("%s: %v, want %s", name, errs[name], code)
		}
	}
	if !errors.Is(errs["claim of what is held"], store.ErrHeld) {
		t.Errorf("held: %v", errs["claim of what is held"])
	}
	if errs["dot"] != nil {
		t.Errorf("the dot of a good attempt was not written: %v", errs["dot"])
	}
	if got, err := l.Record(ctx, good, answers[liaison.TransmissionAccepted], retry); err != nil || got != liaison.TransmissionAccepted {
		t.Errorf("%s, %v", got, err)
	}
	over, cancel := context.WithCancel(ctx)
	cancel()
	if err := l.Dot(over, odd); !errors.Is(err, context.Canceled) {
		t.Errorf("asked for when all is over: %v", err)
	}
	verified(t, s)
}
