package store_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
)

func TestOneAttemptFromClaimToAnswer(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	_, ts := dispatching(t, s, "itu-t/sg17")
	c := claim(t, s, ts[0].ID)
	if c.State != liaison.TransmissionQueued || c.Attempts != 1 || c.Email != "sg17@itu-t.example" || !strings.Contains(string(c.Bytes), c.MessageID) {
		t.Fatalf("claimed %+v", c)
	}
	if x := state(t, s, c.ID); x.State != liaison.TransmissionAttempting {
		t.Errorf("the ledger says %s", x.State)
	}
	_, err := s.Claim(t.Context(), c.ID, "worker 2")
	refused(t, err, liaison.Conflict)
	if err := s.Dot(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	refused(t, s.Dot(t.Context(), c), liaison.Conflict) // one dot for one attempt
	got, err := s.Record(t.Context(), c, answers[liaison.TransmissionAccepted], retry)
	if err != nil || got != liaison.TransmissionAccepted {
		t.Fatalf("recorded as %s, %v", got, err)
	}
	attempts, err := s.Attempts(t.Context(), c.ID)
	if err != nil || len(attempts) != 1 {
		t.Fatalf("%+v, %v", attempts, err)
	}
	a := attempts[0]
	if a.Worker != "worker 1" || a.Dot == nil || a.Ended == nil || a.Outcome != "accepted" || a.Stage != "dot" || a.Code != 250 || a.Enhanced != "2.0.0" || a.TLS != "TLS 1.3" || a.Relay != "relay:25" {
		t.Errorf("on the record stands %+v", a)
	}
	if x := state(t, s, c.ID); x.State != liaison.TransmissionAccepted || x.Code != 250 || x.Reply != "queued as 1" {
		t.Errorf("the ledger says %s", describe(x))
	}
	b, err := s.Message(t.Context(), c.ID)
	if err != nil || string(b) != string(c.Bytes) {
		t.Errorf("stored is %q, %v", b, err)
	}

	// What is accepted never leaves that state, whatever comes.
	before := count(t, pool)
	for outcome, sent := range answers {
		if got, err := s.Record(t.Context(), c, sent, retry); err != nil || got != liaison.TransmissionAccepted {
			t.Errorf("after a late %s it is %s, %v", outcome, got, err)
		}
	}
	if got, err := s.Abandon(t.Context(), c.ID, retry); err != nil || got != liaison.TransmissionAccepted {
		t.Errorf("abandoned it is %s, %v", got, err)
	}
	_, err = s.Claim(t.Context(), c.ID, "worker 2")
	refused(t, err, liaison.Conflict)
	if diff := cmp.Diff(before, count(t, pool)); diff != "" {
		t.Errorf("written after the end (-before +after):\n%s", diff)
	}
	verified(t, s)
}

func TestClaimedOnceByMany(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	_, ts := dispatching(t, s, "itu-t/sg17")
	errs := make([]error, 12)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { _, errs[i] = s.Claim(t.Context(), ts[0].ID, fmt.Sprint("worker ", i)) })
	}
	all.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else {
			refused(t, err, liaison.Conflict)
		}
	}
	if won != 1 {
		t.Errorf("%d workers claimed it", won)
	}
}

func TestAbandon(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	ctx := t.Context()
	id, ts := dispatching(t, s, "itu-t/sg17", "itu-t/sg13", "w3c", "ieee")
	early, late, idle, lost := ts[0].ID, ts[1].ID, ts[2].ID, ts[3].ID

	// Before the dot: certainly not sent, so tried again; and the worker that comes back may not go on.
	c := claim(t, s, early)
	if got, err := s.Abandon(ctx, early, retry); err != nil || got != liaison.TransmissionDeferred {
		t.Fatalf("abandoned before the dot it is %s, %v", got, err)
	}
	refused(t, s.Dot(ctx, c), liaison.Conflict)
	if got, err := s.Record(ctx, c, answers[liaison.TransmissionRefused], retry); err != nil || got != liaison.TransmissionDeferred {
		t.Errorf("what the lost worker says counts: %s, %v", got, err)
	}
	again := claim(t, s, early)
	if again.Attempts != 2 {
		t.Errorf("attempt %d, want 2", again.Attempts)
	}
	refused(t, s.Dot(ctx, c), liaison.Conflict) // of the first attempt, while the second runs
	if err := s.Dot(ctx, again); err != nil {
		t.Error(err)
	}
	if got, err := s.Record(ctx, c, answers[liaison.TransmissionAccepted], retry); err != nil || got != liaison.TransmissionAttempting {
		t.Errorf("an answer to the first attempt settles the second: %s, %v", got, err)
	}
	if got, err := s.Record(ctx, again, answers[liaison.TransmissionAccepted], retry); err != nil || got != liaison.TransmissionAccepted {
		t.Errorf("%s, %v", got, err)
	}

	// After the dot: unknown, never tried again by itself, and open for the answer that comes late.
	c = claim(t, s, late)
	if err := s.Dot(ctx, c); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got, err := s.Abandon(ctx, late, retry); err != nil || got != liaison.TransmissionUnknown {
			t.Fatalf("abandoned after the dot it is %s, %v", got, err)
		}
	}
	_, err := s.Claim(ctx, late, "worker 2")
	refused(t, err, liaison.Conflict)
	if got, err := s.Record(ctx, c, answers[liaison.TransmissionAccepted], retry); err != nil || got != liaison.TransmissionAccepted {
		t.Errorf("the late answer makes it %s, %v", got, err)
	}
	attempts, err := s.Attempts(ctx, late)
	if err != nil || len(attempts) != 1 || attempts[0].Outcome != liaison.TransmissionAccepted {
		t.Errorf("on the record stand %+v, %v", attempts, err)
	}

	// Not attempted at all: left alone.
	if got, err := s.Abandon(ctx, idle, retry); err != nil || got != liaison.TransmissionQueued {
		t.Errorf("abandoned without an attempt it is %s, %v", got, err)
	}
	attempt(t, s, idle, liaison.TransmissionRefused)

	// Unknown and a late 4xx: it was not taken, so it is tried again.
	c = claim(t, s, lost)
	if err := s.Dot(ctx, c); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Record(ctx, c, answers[liaison.TransmissionUnknown], retry); err != nil || got != liaison.TransmissionUnknown {
		t.Fatalf("%s, %v", got, err)
	}
	if got, err := s.Record(ctx, c, store.Sent{Stage: liaison.StageDot, Code: 451, Reply: "try later"}, retry); err != nil || got != liaison.TransmissionDeferred {
		t.Errorf("after a late 4xx it is %s, %v", got, err)
	}
	attempt(t, s, lost, liaison.TransmissionAccepted)
	if a := do(t, s, give(t, s, id, liaison.DoSettle)); a.State != liaison.DispatchedInPart {
		t.Errorf("settled as %s", a.State)
	}
	_, err = s.Abandon(ctx, liaison.TransmissionID(uuid.NewString()), retry)
	refused(t, err, liaison.NotFound)
	verified(t, s)
}

// TestDotAndAbandonAtOnce: a worker that was given up for dead comes to the final dot at the very moment in which it is
// given up. Whoever comes first, the message may not leave and be sent again.
func TestDotAndAbandonAtOnce(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"dot", "abandon"} {
		t.Run(first+" first", func(t *testing.T) {
			s, pool := open(t)
			_, ts := dispatching(t, s, "itu-t/sg17")
			c := claim(t, s, ts[0].ID)

			release := holdLog(t, pool)
			var dotted, abandoned error
			var after liaison.TransmissionState
			acts := map[string]func(){
				"dot":     func() { dotted = s.Dot(t.Context(), c) },
				"abandon": func() { after, abandoned = s.Abandon(t.Context(), c.ID, retry) },
			}
			var both sync.WaitGroup
			both.Go(acts[first])
			waiting(t, pool, 1)
			both.Go(acts[map[string]string{"dot": "abandon", "abandon": "dot"}[first]])
			waiting(t, pool, 2)
			release()
			both.Wait()

			want := liaison.TransmissionDeferred
			if dotted == nil {
				want = liaison.TransmissionUnknown
			} else {
				refused(t, dotted, liaison.Conflict)
			}
			if x := state(t, s, c.ID); abandoned != nil || x.State != want || after != want {
				t.Errorf("the dot was answered with %v and the message is %s (%s, %v), want %s", dotted, x.State, after, abandoned, want)
			}
			verified(t, s)
		})
	}
}

// holdLog stops every transaction before the end of its appending to the log, until release is called.
func holdLog(t *testing.T, pool *pgxpool.Pool) (release func()) {
	t.Helper()
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `SELECT pg_advisory_xact_lock(7021310926410351)`); err != nil {
		t.Fatal(err)
	}
	rollback := func() {
		if err := tx.Rollback(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}
	var once sync.Once
	release = func() { once.Do(rollback) }
	t.Cleanup(release)
	return release
}

// waiting returns when n connections of the database wait for a lock.
func waiting(t *testing.T, pool *pgxpool.Pool, n int) {
	t.Helper()
	testkit.Eventually(t, 10*time.Second, func() error {
		var is int
		err := pool.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&is)
		if err == nil && is != n {
			err = fmt.Errorf("%d connections wait for a lock, want %d", is, n)
		}
		return err
	})
}

func TestDeferredOnSchedule(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	id, ts := dispatching(t, s, "itu-t/sg17", "w3c")
	now := time.Now().UTC().Truncate(time.Microsecond)
	begun := state(t, s, ts[0].ID).Created
	for n, test := range []struct {
		wait time.Duration
		next time.Duration // behind the attempt; 0 when given up
	}{{0, 5 * time.Minute}, {5 * time.Minute, time.Hour}, {time.Hour, time.Hour}, {93 * time.Hour, time.Hour}, {2 * time.Hour, 0}} {
		now = now.Add(test.wait)
		then := s.At(func() time.Time { return now })
		c := claim(t, then, ts[0].ID)
		got, err := then.Record(t.Context(), c, answers[liaison.TransmissionDeferred], retry)
		if err != nil {
			t.Fatal(err)
		}
		x := state(t, s, c.ID)
		if test.next == 0 {
			if got != liaison.TransmissionRefused || x.State != got || x.NextTry != nil || !strings.Contains(x.Reply, "given up after 5 attempts; the last answer was: try later") {
				t.Errorf("attempt %d, %s after it was queued: %s", n+1, now.Sub(begun), describe(x))
			}
			continue
		}
		if got != liaison.TransmissionDeferred || x.State != got || x.NextTry == nil || !x.NextTry.Equal(now.Add(test.next)) || x.Attempts != n+1 {
			t.Errorf("attempt %d: %s, want another %s later", n+1, describe(x), test.next)
		}
	}
	attempts, err := s.Attempts(t.Context(), ts[0].ID)
	if err != nil || len(attempts) != 5 || attempts[4].Outcome != liaison.TransmissionDeferred {
		t.Errorf("attempts are %+v, %v", attempts, err)
	}
	// Edge case 46: one addressee's trouble is not the other's.
	if x := state(t, s, ts[1].ID); x.State != liaison.TransmissionQueued || x.Attempts != 0 {
		t.Errorf("the other message is %s", describe(x))
	}
	attempt(t, s, ts[1].ID, liaison.TransmissionAccepted)
	if a := do(t, s, give(t, s, id, liaison.DoSettle)); a.State != liaison.DispatchedInPart {
		t.Errorf("settled as %s", a.State)
	}
	verified(t, s)
}

func TestSealedOnce(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	ctx := t.Context()
	id := draft(t, s, "itu-t/sg17", "w3c")
	batch := carry(t, s, id, liaison.DoSubmit, liaison.DoApprove, liaison.DoDispatch)
	ts, err := s.Batch(ctx, batch)
	if err != nil || len(ts) != 2 {
		t.Fatalf("%v, %v", ts, err)
	}
	if _, err := s.Claim(ctx, ts[0].ID, "worker 1"); err == nil {
		t.Error("a message without bytes was claimed")
	}
	_, err = s.Message(ctx, ts[0].ID)
	refused(t, err, liaison.NotFound)
	// Two workers at once: one of them stores, the other finds it done or is told to try again.
	errs := make([]error, 4)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			errs[i] = s.Seal(ctx, batch, map[liaison.TransmissionID][]byte{ts[0].ID: fmt.Appendf(nil, "message %d", i), ts[1].ID: fmt.Appendf(nil, "another %d", i)})
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			refused(t, err, liaison.Unavailable)
		}
	}
	first, err := s.Message(ctx, ts[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	before := count(t, pool)
	if err := s.Seal(ctx, batch, map[liaison.TransmissionID][]byte{ts[0].ID: []byte("other bytes")}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, count(t, pool)); diff != "" {
		t.Errorf("sealed again (-before +after):\n%s", diff)
	}
	if b, err := s.Message(ctx, ts[0].ID); err != nil || string(b) != string(first) {
		t.Errorf("the bytes are now %q, %v", b, err)
	}
	if before["message"] != 2 {
		t.Errorf("%d messages", before["message"])
	}
	verified(t, s)
}

// TestNothingLeavesThatIsNotApproved goes round the commands: the ledger's own methods refuse too.
func TestNothingLeavesThatIsNotApproved(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	ctx := t.Context()
	id := draft(t, s, "itu-t/sg17")
	carry(t, s, id, liaison.DoSubmit, liaison.DoApprove)
	ts, err := s.Transmissions(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range ts {
		if x.Letter != liaison.LetterStatement {
			continue
		}
		if _, err := s.Claim(ctx, x.ID, "worker 1"); err == nil {
			t.Error("claimed before the dispatch began")
		}
	}
	batch := carry(t, s, id, liaison.DoDispatch)
	x := sealed(t, s, batch)[0]
	// The revision under the approval is exchanged by hand: what the engine does not do, a person with psql could.
	for _, sql := range []string{
		`INSERT INTO revision (statement_id, number, digest, canonical, submitted_by, submitted_at) SELECT statement_id, 2, encode(sha256('x'), 'hex'), 'x', submitted_by, now() FROM revision`,
		`ALTER TABLE statement DROP CONSTRAINT statement_approved_has_approval`,
		`UPDATE statement SET revision = 2, digest = encode(sha256('x'), 'hex')`,
	} {
		if _, err := pool.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Claim(ctx, x.ID, "worker 1"); err == nil {
		t.Error("a message left under an approval of other bytes")
	}
	if y := state(t, s, x.ID); y.State != liaison.TransmissionQueued || y.Attempts != 0 {
		t.Errorf("it is %s", describe(y))
	}
}

// TestLettersToPersons: they travel in the same ledger, once each.
func TestLettersToPersons(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	ctx := t.Context()
	id := draft(t, s, "itu-t/sg17")
	batch := carry(t, s, id, liaison.DoSubmit)
	ts := sealed(t, s, batch)
	if len(ts) != 1 || ts[0].Letter != liaison.LetterReview || ts[0].Person != seed.Chair.ID || ts[0].Position != 0 {
		t.Fatalf("letters are %+v", ts)
	}
	if open, err := s.OpenBatches(ctx, id); err != nil || len(open) != 1 || open[0] != (store.OpenBatch{Command: batch}) {
		t.Errorf("open batches are %+v, %v", open, err)
	}
	attempt(t, s, ts[0].ID, liaison.TransmissionAccepted)
	if open, err := s.OpenBatches(ctx, id); err != nil || len(open) != 0 {
		t.Errorf("open batches are %+v, %v", open, err)
	}
	told := sealed(t, s, carry(t, s, id, liaison.DoApprove))
	if len(told) != 2 || told[0].Letter != liaison.LetterApproved || told[1].Letter != liaison.LetterApproved {
		t.Errorf("told of the approval are %+v", told)
	}
	for _, x := range told {
		attempt(t, s, x.ID, liaison.TransmissionAccepted)
	}
	if open, err := s.OpenBatches(ctx, id); err != nil || len(open) != 0 {
		t.Errorf("what nobody dispatched is an open batch: %+v, %v", open, err)
	}
	batch = carry(t, s, id, liaison.DoDispatch)
	if open, err := s.OpenBatches(ctx, id); err != nil || len(open) != 1 || open[0] != (store.OpenBatch{Command: batch, Statement: true}) {
		t.Errorf("open batches are %+v, %v", open, err)
	}
	send(t, s, batch, liaison.TransmissionAccepted)
	// Everything is settled but the statement: its workflow has to say so still.
	if open, err := s.OpenBatches(ctx, id); err != nil || len(open) != 1 {
		t.Errorf("open batches are %+v, %v", open, err)
	}
	settled := carry(t, s, id, liaison.DoSettle)
	ts, err := s.Batch(ctx, settled)
	if err != nil || len(ts) != 2 || ts[0].Letter != liaison.LetterSent || ts[1].Letter != liaison.LetterSent {
		t.Errorf("copies go to %+v, %v", ts, err)
	}
	_, err = s.Transmission(ctx, liaison.TransmissionID(uuid.NewString()))
	refused(t, err, liaison.NotFound)
	verified(t, s)
}

func TestOpenStatements(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	untouched := draft(t, s, "w3c")
	want := map[liaison.StatementID]liaison.State{}
	for _, test := range []struct {
		kinds []liaison.CommandKind
		open  bool
	}{
		{[]liaison.CommandKind{"submit"}, true},
		{[]liaison.CommandKind{"submit", "return"}, true}, // the letter is not sent yet, and work goes on
		{[]liaison.CommandKind{"submit", "approve"}, true},
		{[]liaison.CommandKind{"submit", "approve", "dispatch"}, true},
		{[]liaison.CommandKind{"submit", "reject"}, true}, // an end, but the drafter has not been told
		{[]liaison.CommandKind{"withdraw"}, false},
	} {
		id := draft(t, s, "w3c")
		carry(t, s, id, test.kinds...)
		if test.open {
			snap, err := s.Snapshot(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			want[id] = snap.State
		}
	}
	open, err := s.OpenStatements(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := map[liaison.StatementID]liaison.State{}
	for _, o := range open {
		got[o.ID] = o.State
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("without the untouched draft %s (-want +got):\n%s", untouched, diff)
	}
}
