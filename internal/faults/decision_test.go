package faults

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
)

// auditLock is the lock that audit.append takes (migrations/0003_audit.sql). Who holds it stops every transaction of the register
// when all of it is written and nothing committed.
const auditLock = 7021310926410351

// TestDecisionUnderFaults: whoever decides while a part is down is told so in time, and the same command, given again, is
// carried out once.
func TestDecisionUnderFaults(t *testing.T) {
	t.Parallel()
	r := start(t)
	once := func(t *testing.T, id liaison.StatementID, approve liaison.Command) {
		t.Helper()
		first := r.do(t, approve)
		if diff := cmp.Diff(first, r.do(t, approve)); diff != "" {
			t.Errorf("the command, repeated, was answered differently (-first +second):\n%s", diff)
		}
		r.finish(t, id)
		r.examined(t, id)
		var commands int
		if err := r.pool.QueryRow(t.Context(), `SELECT count(*) FROM command WHERE statement_id = $1 AND kind = 'approve'`, id).Scan(&commands); err != nil {
			t.Fatal(err)
		}
		if commands != 1 {
			t.Errorf("%d approvals are on record", commands)
		}
	}
	unavailable := func(t *testing.T, cmd liaison.Command) {
		t.Helper()
		began := time.Now()
		_, err := r.engine.Do(t.Context(), cmd)
		if took := time.Since(began); took > r.engine.Wait+2*time.Second {
			t.Errorf("the answer took %s; %s were promised", took, r.engine.Wait)
		}
		if liaison.CodeOf(err) != liaison.Unavailable {
			t.Errorf("the answer was %v, want unavailable", err)
		}
	}

	t.Run("Temporal is down", func(t *testing.T) {
		id := r.submitted(t)
		approve := r.approval(t, id)
		r.kill(t, theTemporal)
		unavailable(t, approve)
		if snap, err := r.store.Snapshot(t.Context(), id); err != nil || snap.State != liaison.InReview {
			t.Errorf("reading the statement gave %s, %v", snap.State, err)
		}
		r.restart(t, theTemporal)
		once(t, id, approve)
	})
	for _, victim := range []string{thePostgres, theWorker} {
		t.Run(victim+" is killed in the middle of the transaction", func(t *testing.T) {
			id := r.submitted(t)
			approve := r.approval(t, id)
			release := r.lockLog(t)
			defer release()
			answer := make(chan error, 1)
			go func() {
				_, err := r.engine.Do(t.Context(), approve)
				answer <- err
			}()
			testkit.Eventually(t, soon, func() error { return r.waitingForLog(t.Context()) })
			r.kill(t, victim)
			release()
			if err := <-answer; liaison.CodeOf(err) != liaison.Unavailable {
				t.Errorf("the answer was %v, want unavailable", err)
			}
			r.restart(t, victim)
			once(t, id, approve)
		})
	}
	t.Run("the worker's database is away for longer than one try", func(t *testing.T) {
		id := r.submitted(t)
		approve := r.approval(t, id)
		refused, restore := r.proxy.cutAt(string(approve.ID))
		defer restore()
		unavailable(t, approve)
		testkit.Eventually(t, soon, func() error { return triedOn(refused()) })
		restore()
		// It was taken, so it is carried out, repeated or not.
		testkit.Eventually(t, soon, func() error {
			recorded, err := r.store.Recorded(t.Context(), approve.ID)
			if err == nil && recorded == nil {
				err = errors.New("the approval is not on record")
			}
			return err
		})
		once(t, id, approve)
	})
	t.Run("the worker's database is away when everything is sent", func(t *testing.T) {
		id := r.submitted(t)
		approve := r.approval(t, id)
		refused, restore := r.proxy.cutAt("/settle")
		defer restore()
		r.do(t, approve)
		testkit.Eventually(t, soon, func() error { return triedOn(refused()) })
		restore()
		once(t, id, approve)
	})
	t.Logf("kill -9: %v", r.kills)
}

// triedOn says whether the worker has tried, in vain, for longer than one try of a transaction may take: its pauses double from
// 200 ms, so the fourth try after the first begins 3 s later.
func triedOn(n int64) error {
	if n < 4 {
		return fmt.Errorf("the worker has tried %d times", n)
	}
	return nil
}

// lockLog holds the log's lock until release is called.
func (r *rig) lockLog(t *testing.T) (release func()) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), r.pg.URL("liaison"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), `SELECT pg_advisory_lock($1)`, int64(auditLock)); err != nil {
		t.Fatal(err)
	}
	return func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 5*time.Second)
		defer cancel()
		_ = conn.Close(ctx) // the server may be dead
	}
}

// waitingForLog reports whether a transaction waits for the log's lock.
func (r *rig) waitingForLog(ctx context.Context) error {
	var n int
	err := r.pool.QueryRow(ctx, `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = 'liaison')`).Scan(&n)
	if err == nil && n == 0 {
		err = errors.New("nobody waits for the log")
	}
	return err
}
