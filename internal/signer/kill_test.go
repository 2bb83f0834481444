package signer_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/jca-ml/liaison/internal/audit"
	"github.com/jca-ml/liaison/internal/demo/parts"
	"github.com/jca-ml/liaison/internal/receipt"
	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/signer"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
)

// kills is how often the database is killed: 100 with LIAISON_AUDIT_KILLS=100, as the issue asks; a few times otherwise.
func kills() int {
	if n, err := strconv.Atoi(os.Getenv("LIAISON_AUDIT_KILLS")); err == nil && n > 0 {
		return n
	}
	return 4
}

// TestDatabaseKilledDuringAppends kills every process of PostgreSQL at once while four clients append and the signer signs.
// No event that was acknowledged may be lost, and every checkpoint that was published must agree with what is there after.
// The control runs the same with synchronous_commit off and a function that does not force it on: there the harness has to
// report losses, or it sees none.
func TestDatabaseKilledDuringAppends(t *testing.T) {
	if testing.Short() {
		t.Skip("NOT TESTED with -short: kills of PostgreSQL")
	}
	for _, test := range []struct {
		name string
		safe bool
		n    int
	}{{"as it is", true, kills()}, {"control without synchronous_commit", false, max(4, kills()/4)}} {
		t.Run(test.name, func(t *testing.T) {
			k := startKilling(t, test.safe)
			lost, bad := 0, 0
			for n := range test.n {
				l, b := k.round(t, n)
				lost, bad = lost+l, bad+b
				if !test.safe && lost > 0 {
					break
				}
			}
			t.Logf("%d events acknowledged, %d lost; %d checkpoints shown outside, %d bad", len(k.acked), lost, len(k.shown), bad)
			if len(k.acked) < 20*test.n && test.safe {
				t.Errorf("only %d events were acknowledged: that shows little", len(k.acked))
			}
			if test.safe && (lost > 0 || bad > 0) {
				t.Error("what was acknowledged or published is gone")
			}
			if !test.safe && lost == 0 {
				t.Error("the control lost nothing: this harness would not see a loss")
			}
		})
	}
}

type killing struct {
	pg    *parts.Postgres
	url   string
	dir   string // the signer's
	safe  bool
	acked map[string]bool
	shown [][]byte
}

func startKilling(t *testing.T, safe bool) *killing {
	t.Helper()
	pg, err := parts.StartPostgres(t.Context(), parts.PostgresOptions{Dir: testkit.Dir(t), NoFetch: true})
	if err != nil {
		if errors.Is(err, parts.ErrNoPostgres) && os.Getenv("CI") == "" {
			t.Skipf("NOT TESTED: %v", err)
		}
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pg.Stop(context.WithoutCancel(t.Context())) })
	if err := pg.EnsureDatabase(t.Context(), "killed"); err != nil {
		t.Fatal(err)
	}
	k := &killing{pg: pg, url: pg.URL("killed"), dir: filepath.Join(t.TempDir(), "signer"), safe: safe, acked: map[string]bool{}}
	if err := register(t.Context(), k.url); err != nil {
		t.Fatal(err)
	}
	if _, err := signer.Init(k.dir, origin, 1); err != nil {
		t.Fatal(err)
	}
	if !safe {
		pool := k.pool(t)
		exec(t, pool, `DO $$ BEGIN
			EXECUTE replace(pg_get_functiondef('audit.append(uuid[],bytea[])'::regprocedure), '''synchronous_commit'', ''on''', '''synchronous_commit'', ''off''');
			EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database());
		END $$`)
		exec(t, pool, `ALTER SYSTEM SET wal_writer_delay = '10s'`)
		exec(t, pool, `SELECT pg_reload_conf()`)
		pool.Close()
	}
	return k
}

func (k *killing) pool(t *testing.T) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), k.url)
	if err != nil {
		t.Fatal(err)
	}
	return pool
}

// round appends and signs until the kill, starts the server again, and counts what is missing.
func (k *killing) round(t *testing.T, n int) (lost, bad int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	pool := k.pool(t)
	s := store.New(pool)
	sg, err := signer.Open(ctx, signer.Config{Log: s, Dir: k.dir})
	if err != nil && k.safe {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for ctx.Err() == nil {
				id := newUUID()
				if appendOne(ctx, pool, id) != nil {
					return // killed
				}
				mu.Lock()
				k.acked[id] = true
				mu.Unlock()
			}
		})
	}
	if sg != nil {
		all.Go(func() {
			clock := time.NewTicker(5 * time.Millisecond) // a signer works by the clock
			defer clock.Stop()
			for ; ctx.Err() == nil; <-clock.C {
				if _, err := sg.Step(ctx); err != nil {
					return
				}
				mu.Lock()
				if b := sg.Newest(); b != nil {
					k.shown = append(k.shown, b)
				}
				mu.Unlock()
			}
		})
	}
	mu.Lock()
	before := len(k.acked)
	mu.Unlock()
	look := time.NewTicker(time.Duration(20+7*(n%7)) * time.Millisecond)
	defer look.Stop()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); { // not before something can be lost, and at another moment each time
		<-look.C
		mu.Lock()
		enough := len(k.acked) >= before+25
		mu.Unlock()
		if enough {
			break
		}
	}
	if err := k.pg.Kill(); err != nil {
		t.Fatal(err)
	}
	all.Wait()
	cancel()
	pool.Close()
	if sg != nil {
		_ = sg.Close()
	}
	if err := k.pg.Start(t.Context()); err != nil {
		t.Fatalf("the server does not come up again: %v", err)
	}
	pool = k.pool(t)
	defer pool.Close()
	return k.missing(t, pool)
}

func appendOne(ctx context.Context, pool *pgxpool.Pool, id string) error {
	tx, err := pool.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // after a commit, or a kill, it does nothing
	e := liaison.Event{ID: liaison.EventID(id), Kind: liaison.EventEdited, At: audit.Time(time.Now()), Statement: sentStatement, Version: 5, Actor: seed.Editor.ID, Acting: liaison.AsEditor, Digest: liaison.DigestOf([]byte(id))}
	payload, _ := audit.NewLeaf(e)
	if _, err := tx.Exec(ctx, `INSERT INTO event (id, kind, at, statement_id, version, actor, acting, digest) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		e.ID, e.Kind, e.At, e.Statement, e.Version, e.Actor, e.Acting, e.Digest); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `SELECT audit.append($1, $2)`, []string{id}, [][]byte{payload}); err != nil {
		return err
	}
	return tx.Commit(ctx)
}

// missing counts acknowledged events that are not in the log, and checkpoints that do not agree with it. It asks by id, not
// by number: numbers are used again by whoever comes after a loss.
func (k *killing) missing(t *testing.T, pool *pgxpool.Pool) (lost, bad int) {
	t.Helper()
	ids := make([]string, 0, len(k.acked))
	for id := range k.acked {
		ids = append(ids, id)
	}
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM unnest($1::uuid[]) AS want (id) WHERE NOT EXISTS (SELECT FROM audit.leaf WHERE event_id = want.id)`, ids).Scan(&lost); err != nil {
		t.Fatal(err)
	}
	r, err := store.New(pool).AuditWith(t.Context(), store.AuditOptions{Outside: k.shown})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range r.Problems {
		if bad++; k.safe {
			t.Error(fmt.Sprint(p))
		}
	}
	if k.safe {
		key := keyOf(t, k.dir)
		for _, b := range k.shown {
			if _, _, err := receipt.KeysOnly(key).Check(b); err != nil {
				t.Error(err)
			}
		}
	}
	return lost, bad
}
