package bench

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/internal/demo/parts"
)

// spent is what was done up to a moment, and by whom: what wall time cannot tell on a machine that others use as well.
type spent struct {
	parts []string // in the order in which they are said
	cpu   map[string]time.Duration
	count map[string]int64
}

// Who spends CPU time.
const (
	theWorker   = "worker"
	theTemporal = "Temporal"
	theRegister = "PostgreSQL for the register"
	theHistory  = "PostgreSQL for Temporal"
	theTest     = "this test"
)

const blocks = "blocks that PostgreSQL touched for the register"

// What is counted, beside CPU time.
var counted = []struct{ name, sql string }{
	{"commits to the register", `SELECT xact_commit FROM pg_stat_database WHERE datname = 'liaison'`},
	{"commits of Temporal", `SELECT xact_commit FROM pg_stat_database WHERE datname = 'temporal'`},
	{"statements to the register", `SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements JOIN pg_database d ON d.oid = dbid WHERE datname = 'liaison'`},
	{"statements of Temporal", `SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements JOIN pg_database d ON d.oid = dbid WHERE datname = 'temporal'`},
	{"syncs of the write-ahead log", `SELECT wal_sync FROM pg_stat_wal`},
	{"KB of the write-ahead log", `SELECT (wal_bytes / 1024)::bigint FROM pg_stat_wal`},
	{blocks, `SELECT blks_hit + blks_read FROM pg_stat_database WHERE datname = 'liaison'`},
	{"events", `SELECT count(*) FROM event`},
	{"leaves", `SELECT count(*) FROM audit.leaf`},
}

// countStatements has PostgreSQL count them. It comes up anew for that, so it is called before anything else runs.
func (p *place) countStatements(b *testing.B) {
	b.Helper()
	exec := func(database, sql string) {
		b.Helper()
		conn, err := pgx.Connect(b.Context(), p.pg.URL(database))
		if err != nil {
			b.Fatal(err)
		}
		defer conn.Close(b.Context())
		if _, err := conn.Exec(b.Context(), sql); err != nil {
			b.Fatalf("%v: %s", err, sql)
		}
	}
	exec("postgres", `ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'`)
	stop(b, p.pg)
	if err := p.pg.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	exec("liaison", `CREATE EXTENSION pg_stat_statements`)
}

// spent reads what was done since the parts were started.
func (p *place) spent(b *testing.B, worker *parts.Process) spent {
	b.Helper()
	s := spent{parts: []string{theWorker, theTemporal, theRegister, theHistory, theTest}, cpu: map[string]time.Duration{}, count: map[string]int64{}}
	s.cpu[theWorker], s.cpu[theTemporal], s.cpu[theTest] = cpuOf(b, worker.Pid()), cpuOf(b, p.temporal.Pid()), cpuOf(b, os.Getpid())
	rows, err := p.pool.Query(b.Context(), `SELECT pid, datname FROM pg_stat_activity WHERE datname IS NOT NULL`)
	if err != nil {
		b.Fatal(err)
	}
	var pid int
	var database string
	if _, err := pgx.ForEachRow(rows, []any{&pid, &database}, func() error {
		name := theHistory
		if database == "liaison" {
			name = theRegister
		}
		s.cpu[name] += cpuOf(b, pid)
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	for _, c := range counted {
		var n int64
		if err := p.pool.QueryRow(b.Context(), c.sql).Scan(&n); err != nil {
			b.Fatal(err)
		}
		s.count[c.name] = n
	}
	return s
}

// cpuOf is the CPU time that a process has had, zero if it is gone.
func cpuOf(b *testing.B, pid int) time.Duration {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	f := strings.Fields(rest)
	var ticks int64
	for _, x := range f[11:13] { // utime and stime, in hundredths of a second
		n, err := strconv.ParseInt(x, 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

func (s spent) combine(o spent, f func(a, b int64) int64) spent {
	out := spent{parts: s.parts, cpu: map[string]time.Duration{}, count: map[string]int64{}}
	if out.parts == nil {
		out.parts = o.parts
	}
	for _, p := range out.parts {
		out.cpu[p] = time.Duration(f(int64(s.cpu[p]), int64(o.cpu[p])))
	}
	for _, c := range counted {
		out.count[c.name] = f(s.count[c.name], o.count[c.name])
	}
	return out
}

func (s spent) plus(o spent) spent { return s.combine(o, func(a, b int64) int64 { return a + b }) }

func (s spent) minus(o spent) spent { return s.combine(o, func(a, b int64) int64 { return a - b }) }

// say prints what one of n took.
func (s spent) say(p *page, n int) {
	var all time.Duration
	for _, part := range s.parts {
		all += s.cpu[part]
		p.add("  %-58s %9.3f ms of CPU for one", part, ms(s.cpu[part])/float64(n))
	}
	p.add("  %-58s %9.3f ms of CPU for one", "all of them", ms(all)/float64(n))
	for _, c := range counted {
		p.add("  %-58s %9.2f for one", c.name, float64(s.count[c.name])/float64(n))
	}
}
