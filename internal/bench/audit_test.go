package bench

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/mod/sumdb/tlog"
	"golang.org/x/sync/errgroup"

	"github.com/jca-ml/liaison/internal/audit"
	"github.com/jca-ml/liaison/internal/demo/parts"
	"github.com/jca-ml/liaison/internal/receipt"
	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/signer"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/migrations"
)

// auditEvents is how long the log is that is verified: a million, or LIAISON_BENCH_EVENTS.
func auditEvents() int {
	if n, err := strconv.Atoi(os.Getenv("LIAISON_BENCH_EVENTS")); err == nil && n > 0 {
		return n
	}
	return 1_000_000
}

// logPlace is a PostgreSQL that syncs, with a register and nothing else running.
type logPlace struct {
	*testing.B
	pg         *parts.Postgres
	pool       *pgxpool.Pool
	s          *store.Store
	statements []liaison.StatementID
}

func newLogPlace(b *testing.B) *logPlace {
	b.Helper()
	pg, err := parts.StartPostgres(b.Context(), parts.PostgresOptions{Dir: testkit.Dir(b), NoFetch: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = pg.Stop(context.WithoutCancel(b.Context())) })
	if err := pg.EnsureDatabase(b.Context(), "bench"); err != nil {
		b.Fatal(err)
	}
	if err := migrations.Up(b.Context(), pg.URL("bench")); err != nil {
		b.Fatal(err)
	}
	cfg, err := pgxpool.ParseConfig(pg.URL("bench"))
	if err != nil {
		b.Fatal(err)
	}
	cfg.MaxConns = 40
	pool, err := pgxpool.NewWithConfig(b.Context(), cfg)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	p := &logPlace{B: b, pg: pg, pool: pool, s: store.New(pool)}
	if err := seed.Register(b.Context(), p.s); err != nil {
		b.Fatal(err)
	}
	for range 64 {
		id := liaison.StatementID(uuid.NewString())
		if _, err := p.s.Create(b.Context(), id, seed.Editor.ID, liaison.Content{Source: seed.JCAML, Title: "T", Language: "en"}); err != nil {
			b.Fatal(err)
		}
		p.statements = append(p.statements, id)
	}
	return p
}

// edit is an event that changes no state; one in three has a reason, which is committed to.
func edit(id liaison.StatementID, n int) liaison.Event {
	e := liaison.Event{
		ID: liaison.EventID(uuid.Must(uuid.NewV7()).String()), Kind: liaison.EventEdited, At: audit.Time(time.Now()), Statement: id, Version: 1, Command: liaison.CommandID(uuid.NewString()),
		Actor: seed.Editor.ID, Acting: liaison.AsEditor, Digest: liaison.DigestOf([]byte(id)),
	}
	if n%3 == 0 {
		e.Reason = "for a reason that is free text"
	}
	return e
}

// change is the transaction of a state change, with the log or without.
func (p *logPlace) change(ctx context.Context, id liaison.StatementID, logged bool) error {
	e := edit(id, 0)
	return pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error {
		b := &pgx.Batch{}
		b.Queue(`SELECT FROM statement WHERE id = $1 FOR UPDATE`, id)
		b.Queue(`UPDATE statement SET changed_at = $2 WHERE id = $1`, id, e.At)
		b.Queue(`INSERT INTO event (id, kind, at, statement_id, version, command_id, actor, acting, digest, reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			e.ID, e.Kind, e.At, e.Statement, e.Version, e.Command, e.Actor, e.Acting, e.Digest, e.Reason)
		if logged {
			leaf, salts := audit.NewLeaf(e)
			for field, salt := range salts {
				b.Queue(`INSERT INTO audit.salt (event_id, field, salt) VALUES ($1, $2, $3)`, e.ID, field, salt)
			}
			b.Queue(`SELECT audit.append($1, $2)`, []string{string(e.ID)}, [][]byte{leaf})
		}
		return tx.SendBatch(ctx, b).Close()
	})
}

// rate is how many changes a second so many clients make, in one short round.
func (p *logPlace) rate(clients int, logged bool, length time.Duration) float64 {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.Context(), length)
	defer cancel()
	var n atomic.Int64
	var all sync.WaitGroup
	begin := time.Now()
	for c := range clients {
		all.Go(func() {
			for ctx.Err() == nil {
				if err := p.change(context.WithoutCancel(ctx), p.statements[c], logged); err != nil {
					p.Error(err)
					return
				}
				n.Add(1)
			}
		})
	}
	all.Wait()
	return float64(n.Load()) / time.Since(begin).Seconds()
}

// BenchmarkAuditAppend is the transaction of a change with its event in the log, beside the same without the log.
func BenchmarkAuditAppend(b *testing.B) {
	p := newLogPlace(b)
	for _, clients := range []int{1, 8, 32} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			var with, without float64
			const rounds = 4
			for range b.N {
				for range rounds { // in turns, so that a neighbour's load falls on both
					with += p.rate(clients, true, time.Second)
					without += p.rate(clients, false, time.Second)
				}
			}
			with, without = with/float64(rounds*b.N), without/float64(rounds*b.N)
			b.ReportMetric(with, "logged/s")
			b.ReportMetric(without, "unlogged/s")
			b.ReportMetric(with/without, "ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// fill appends n events by COPY, with the hashes that audit.append would make. The rows are right by construction, so the server does not
// look up their foreign keys, and the four tables are filled at the same time.
func (p *logPlace) fill(n int) {
	p.Helper()
	ctx := p.Context()
	first, err := p.s.LogSize(ctx)
	if err != nil {
		p.Fatal(err)
	}
	var tree receipt.Range
	if _, err := p.s.Leaves(ctx, 1, 0, func(leaf []byte) error { tree.Add(tlog.RecordHash(leaf)); return nil }); err != nil {
		p.Fatal(err)
	}
	g, ctx := errgroup.WithContext(ctx)
	table := func(name pgx.Identifier, columns ...string) chan<- []any {
		rows := make(chan []any, 1024)
		g.Go(func() error {
			defer func() { // so that who fills it never waits for who has failed
				for range rows {
				}
			}()
			return pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error {
				if _, err := tx.Exec(ctx, `SET LOCAL session_replication_role = replica`); err != nil {
					return err
				}
				_, err := tx.CopyFrom(ctx, name, columns, pgx.CopyFromFunc(func() ([]any, error) { return <-rows, nil }))
				return err
			})
		})
		return rows
	}
	events := table(pgx.Identifier{"event"}, "id", "kind", "at", "statement_id", "version", "command_id", "actor", "acting", "digest", "reason")
	leaves := table(pgx.Identifier{"audit", "leaf"}, "log", "index", "event_id", "payload", "hash")
	nodes := table(pgx.Identifier{"audit", "node"}, "log", "level", "index", "hash")
	salts := table(pgx.Identifier{"audit", "salt"}, "event_id", "field", "salt")
	for i := range n {
		e := edit(p.statements[i%len(p.statements)], i)
		leaf, salt := audit.NewLeaf(e)
		own := tlog.RecordHash(leaf)
		h, index := own, first+int64(i)
		events <- []any{uuid.MustParse(string(e.ID)), e.Kind, e.At, e.Statement, e.Version, e.Command, e.Actor, e.Acting, e.Digest, e.Reason}
		leaves <- []any{1, index, uuid.MustParse(string(e.ID)), leaf, own[:]}
		for field, x := range salt {
			salts <- []any{uuid.MustParse(string(e.ID)), field, x}
		}
		for level, at, last := 1, index, len(tree.Hashes)-1; at&1 == 1; level, last = level+1, last-1 {
			h = tlog.NodeHash(tree.Hashes[last], h)
			at >>= 1
			node := h
			nodes <- []any{1, level, at, node[:]}
		}
		tree.Add(own)
	}
	for _, rows := range []chan<- []any{events, leaves, nodes, salts} {
		close(rows)
	}
	if err := g.Wait(); err != nil {
		p.Fatal(err)
	}
	if _, err := p.pool.Exec(p.Context(), `VACUUM ANALYZE`); err != nil {
		p.Fatal(err)
	}
}

// BenchmarkAuditVerify is the verification of the whole log, from the database and from an export, beside bare SHA-256 over the
// same leaves; and the making and checking of receipts in it.
func BenchmarkAuditVerify(b *testing.B) {
	p := newLogPlace(b)
	begin := time.Now()
	p.fill(auditEvents())
	b.Logf("%d events were made in %s", auditEvents(), time.Since(begin).Round(time.Millisecond))
	dir := filepath.Join(b.TempDir(), "signer")
	if _, err := signer.Init(dir, "liaison.example/bench/log1", 1); err != nil {
		b.Fatal(err)
	}
	sg, err := signer.Open(b.Context(), signer.Config{Log: p.s, Dir: dir})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = sg.Close() })
	begin = time.Now()
	size, err := sg.Step(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("the signer read and signed %d leaves in %s", size, time.Since(begin).Round(time.Millisecond))
	policy := receipt.KeysOnly(sg.Key())
	export := filepath.Join(b.TempDir(), "export")

	bare := func(b *testing.B) { // SHA-256 over the bytes of every leaf, and nothing else
		f, err := os.Open(export)
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		scan := bufio.NewScanner(f)
		scan.Buffer(make([]byte, 1<<20), 1<<20)
		for scan.Scan() {
			sha256.Sum256(scan.Bytes())
		}
		if scan.Err() != nil {
			b.Fatal(scan.Err())
		}
	}
	// beside runs what is measured and the floor in turns, so that a neighbour's load falls on both, and takes the best round of each. On a
	// shared machine the processor's time says more than the clock: what ten million leaves would take if two cores had nothing else to do.
	beside := func(b *testing.B, run func()) {
		type round struct{ wall, ours, postgres time.Duration }
		measure := func(run func()) (r round) {
			all, postgres, begin := burnt(b, os.Getpid()), burnt(b, p.pg.Pid()), time.Now()
			run()
			r.wall, r.postgres = time.Since(begin), burnt(b, p.pg.Pid())-postgres
			r.ours = burnt(b, os.Getpid()) - all - r.postgres // the server is a child of this process
			return r
		}
		var took, floor []round
		const rounds = 3
		for range rounds * b.N {
			floor = append(floor, measure(func() { bare(b) }))
			took = append(took, measure(run))
		}
		quickest := func(rounds []round) round {
			return slices.MinFunc(rounds, func(x, y round) int { return cmp.Compare(x.wall, y.wall) })
		}
		least := func(rounds []round) round {
			return slices.MinFunc(rounds, func(x, y round) int { return cmp.Compare(x.ours+x.postgres, y.ours+y.postgres) })
		}
		leaves := float64(size)
		each := func(d time.Duration) float64 { return d.Seconds() * 1e6 / leaves }
		busy, idle := least(took), least(floor)
		b.ReportMetric(leaves/quickest(took).wall.Seconds(), "leaves/s")
		b.ReportMetric(leaves/quickest(floor).wall.Seconds(), "sha256/s")
		b.ReportMetric(each(busy.ours), "cpu-us/leaf")
		b.ReportMetric(each(busy.postgres), "postgres-cpu-us/leaf")
		b.ReportMetric(each(idle.ours), "sha256-cpu-us/leaf")
		b.ReportMetric(10*each(quickest(took).wall), "s/10M")
		b.ReportMetric(10*each(busy.ours+busy.postgres)/2, "s/10M-of-two-cores")
		b.ReportMetric(0, "ns/op")
		b.Log(load())
	}
	write := func(b *testing.B) {
		f, err := os.Create(export)
		if err != nil {
			b.Fatal(err)
		}
		if err := errors.Join(p.s.Export(b.Context(), f, store.ExportOptions{}), f.Close()); err != nil {
			b.Fatal(err)
		}
	}
	write(b)
	b.Run("database", func(b *testing.B) {
		beside(b, func() {
			r, err := p.s.AuditWith(b.Context(), store.AuditOptions{Policy: &policy})
			if err != nil || len(r.Problems) > 0 {
				b.Fatal(err, r.Problems)
			}
		})
	})
	b.Run("tables-copied", func(b *testing.B) { // the rows that a check reads, and nothing done with them
		beside(b, func() {
			for _, table := range []string{"audit.leaf", "audit.node", "event", "audit.salt"} {
				if err := p.pool.AcquireFunc(b.Context(), func(c *pgxpool.Conn) error {
					_, err := c.Conn().PgConn().CopyTo(b.Context(), io.Discard, `COPY `+table+` TO STDOUT (FORMAT binary)`)
					return err
				}); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
	b.Run("export-written", func(b *testing.B) { beside(b, func() { write(b) }) })
	b.Run("export-verified", func(b *testing.B) {
		beside(b, func() {
			f, err := os.Open(export)
			if err != nil {
				b.Fatal(err)
			}
			defer f.Close()
			r, err := audit.VerifyExport(f, audit.Outside{Policy: &policy}, nil)
			if err != nil || len(r.Problems) > 0 || r.Logs[0].Size != size {
				b.Fatal(err, r.Problems)
			}
		})
	})
	b.Run("receipts", func(b *testing.B) {
		const n = 500
		var made, checked time.Duration
		bytes := 0
		for i := range n * b.N {
			begin := time.Now()
			proof, leaf, err := p.s.Receipt(b.Context(), 1, int64(i)*7919%size)
			if err != nil {
				b.Fatal(err)
			}
			encoded := proof.Encode()
			made += time.Since(begin)
			begin = time.Now()
			if _, err := policy.Verify(encoded, leaf); err != nil {
				b.Fatal(err)
			}
			checked += time.Since(begin)
			bytes = max(bytes, len(encoded))
		}
		b.ReportMetric(float64(made.Microseconds())/float64(n*b.N), "us/made")
		b.ReportMetric(float64(checked.Microseconds())/float64(n*b.N), "us/checked")
		b.ReportMetric(float64(bytes), "bytes")
		b.ReportMetric(0, "ns/op")
	})
}
