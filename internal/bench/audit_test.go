package bench

import (
	"bufio"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/mod/sumdb/tlog"

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

// auditEvents is how long the log is that is verified: a million with LIAISON_BENCH_EVENTS=1000000, as issue 5 asks.
func auditEvents() int {
	if n, err := strconv.Atoi(os.Getenv("LIAISON_BENCH_EVENTS")); err == nil && n > 0 {
		return n
	}
	return 100_000
}

// logPlace is a PostgreSQL that syncs, with a register and nothing else running.
type logPlace struct {
	*testing.B
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
	p := &logPlace{B: b, pool: pool, s: store.New(pool)}
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

// fill appends n events by COPY, with the hashes that audit.append would make.
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
	for done := 0; done < n; {
		k := min(n-done, 50_000)
		var es, leaves, nodes, salts [][]any
		for i := range k {
			e := edit(p.statements[i%len(p.statements)], done+i)
			leaf, salt := audit.NewLeaf(e)
			own := tlog.RecordHash(leaf)
			h := own
			index := first + int64(done+i)
			es = append(es, []any{e.ID, e.Kind, e.At, e.Statement, e.Version, e.Command, e.Actor, e.Acting, e.Digest, e.Reason})
			leaves = append(leaves, []any{1, index, e.ID, leaf, own[:]})
			for field, x := range salt {
				salts = append(salts, []any{e.ID, field, x})
			}
			parts := append([]tlog.Hash(nil), tree.Hashes...)
			for level, at := 1, index; at&1 == 1; level++ {
				last := len(parts) - 1
				h = tlog.NodeHash(parts[last], h)
				parts, at = parts[:last], at>>1
				node := h
				nodes = append(nodes, []any{1, level, at, node[:]})
			}
			tree.Add(tlog.RecordHash(leaf))
		}
		for _, x := range []struct {
			table   pgx.Identifier
			columns []string
			rows    [][]any
		}{
			{pgx.Identifier{"event"}, []string{"id", "kind", "at", "statement_id", "version", "command_id", "actor", "acting", "digest", "reason"}, es},
			{pgx.Identifier{"audit", "leaf"}, []string{"log", "index", "event_id", "payload", "hash"}, leaves},
			{pgx.Identifier{"audit", "node"}, []string{"log", "level", "index", "hash"}, nodes},
			{pgx.Identifier{"audit", "salt"}, []string{"event_id", "field", "salt"}, salts},
		} {
			if _, err := p.pool.CopyFrom(ctx, x.table, x.columns, pgx.CopyFromRows(x.rows)); err != nil {
				p.Fatal(err)
			}
		}
		done += k
	}
	if _, err := p.pool.Exec(ctx, `VACUUM ANALYZE`); err != nil {
		p.Fatal(err)
	}
}

// BenchmarkAuditVerify is the verification of the whole log, from the database and from an export, beside bare SHA-256 over the
// same leaves; and the making and checking of receipts in it.
func BenchmarkAuditVerify(b *testing.B) {
	p := newLogPlace(b)
	p.fill(auditEvents())
	dir := filepath.Join(b.TempDir(), "signer")
	if _, err := signer.Init(dir, "liaison.example/bench/log1", 1); err != nil {
		b.Fatal(err)
	}
	sg, err := signer.Open(b.Context(), signer.Config{Log: p.s, Dir: dir})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = sg.Close() })
	begin := time.Now()
	size, err := sg.Step(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("the signer read and signed %d leaves in %s", size, time.Since(begin).Round(time.Millisecond))
	policy := receipt.KeysOnly(sg.Key())
	export := filepath.Join(b.TempDir(), "export")

	perSecond := func(b *testing.B, begin time.Time) {
		b.ReportMetric(float64(size)*float64(b.N)/time.Since(begin).Seconds(), "leaves/s")
	}
	b.Run("database", func(b *testing.B) {
		begin := time.Now()
		for range b.N {
			r, err := p.s.AuditWith(b.Context(), store.AuditOptions{Policy: &policy})
			if err != nil || len(r.Problems) > 0 {
				b.Fatal(err, r.Problems)
			}
		}
		perSecond(b, begin)
	})
	b.Run("export-written", func(b *testing.B) {
		begin := time.Now()
		for range b.N {
			f, err := os.Create(export)
			if err != nil {
				b.Fatal(err)
			}
			if err := p.s.Export(b.Context(), f, store.ExportOptions{}); err != nil {
				b.Fatal(err)
			}
			if err := f.Close(); err != nil {
				b.Fatal(err)
			}
		}
		perSecond(b, begin)
	})
	b.Run("export-verified", func(b *testing.B) {
		begin := time.Now()
		for range b.N {
			f, err := os.Open(export)
			if err != nil {
				b.Fatal(err)
			}
			r, err := audit.VerifyExport(f, audit.Outside{Policy: &policy}, nil)
			if err != nil || len(r.Problems) > 0 || r.Logs[0].Size != size {
				b.Fatal(err, r.Problems)
			}
			f.Close()
		}
		perSecond(b, begin)
	})
	b.Run("floor-sha256", func(b *testing.B) {
		begin := time.Now()
		for range b.N {
			f, err := os.Open(export)
			if err != nil {
				b.Fatal(err)
			}
			scan := bufio.NewScanner(f)
			scan.Buffer(make([]byte, 1<<20), 1<<20)
			for scan.Scan() {
				sha256.Sum256(scan.Bytes())
			}
			f.Close()
		}
		perSecond(b, begin)
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
