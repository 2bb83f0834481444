package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
)

// watched is how long the statements are watched that wait.
const watched = time.Minute

// waitingFor is how many statements wait: 10,000, or LIAISON_BENCH_WAITING.
func waitingFor() int {
	if n, err := strconv.Atoi(os.Getenv("LIAISON_BENCH_WAITING")); err == nil && n > 1 {
		return n
	}
	return 10_000
}

// BenchmarkWaiting: [waitingFor] statements out, each with a run that waits for a deadline, beside the same processes with none. Aims: no
// CPU to speak of while they wait, and under 1 GB in all processes together.
func BenchmarkWaiting(b *testing.B) {
	p := begin(b)
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	worker := p.run(b, "worker", self, nil, asWorker+"=1")
	n := waitingFor()
	out := newPage(b, fmt.Sprintf("WAITING FOR A DEADLINE (%d statements out, each with one timer)", n))
	parts := []struct {
		name string
		pid  int
	}{{"worker", worker.Pid()}, {"Temporal", p.temporal.Pid()}, {"PostgreSQL", p.pg.Pid()}}

	id := p.draft(b, 2000, "itu-t/sg17")
	p.do(b, liaison.Command{ID: newCommand(), Kind: liaison.DoSubmit, Statement: id, Actor: seed.Editor.ID})
	snap, err := p.store.Snapshot(b.Context(), id)
	if err != nil {
		b.Fatal(err)
	}
	p.do(b, liaison.Command{ID: newCommand(), Kind: liaison.DoApprove, Statement: id, Actor: seed.Chair.ID, Digest: snap.Digest, Consulted: seed.Consulted()})
	testkit.Eventually(b, time.Minute, func() error {
		snap, err := p.store.Snapshot(b.Context(), id)
		if err == nil && snap.State != liaison.Dispatched {
			err = fmt.Errorf("the first statement is %s", snap.State)
		}
		return err
	})
	p.quiet(b)
	calm(b, worker.Pid())

	type figure struct {
		cpu    time.Duration
		memory float64
	}
	watch := func() map[string]figure {
		before := map[string]time.Duration{}
		for _, x := range parts {
			before[x.name] = burnt(b, x.pid)
		}
		timer := time.NewTimer(watched)
		defer timer.Stop()
		<-timer.C
		got := map[string]figure{}
		for _, x := range parts {
			got[x.name] = figure{burnt(b, x.pid) - before[x.name], held(b, x.pid)}
		}
		return got
	}
	idle := watch()
	p.clone(b, id, n-1)
	began := time.Now()
	p.resumeAll(b, n)
	calm(b, worker.Pid())
	started := time.Since(began)
	waiting := watch()

	out.add("taking up %d runs, as after a lost Temporal store: %s", n, started.Round(time.Second))
	out.add("%-12s %26s %30s", "", "CPU in "+watched.String()+", none | "+strconv.Itoa(n), "memory MB, none | "+strconv.Itoa(n))
	var sum, sumIdle figure
	for _, x := range parts {
		i, w := idle[x.name], waiting[x.name]
		sum.cpu, sum.memory, sumIdle.cpu, sumIdle.memory = sum.cpu+w.cpu, sum.memory+w.memory, sumIdle.cpu+i.cpu, sumIdle.memory+i.memory
		out.add("%-12s %12.2fs | %9.2fs %14.0f | %9.0f", x.name, i.cpu.Seconds(), w.cpu.Seconds(), i.memory, w.memory)
	}
	out.add("%-12s %12.2fs | %9.2fs %14.0f | %9.0f", "together", sumIdle.cpu.Seconds(), sum.cpu.Seconds(), sumIdle.memory, sum.memory)
	b.ReportMetric(waiting["worker"].cpu.Seconds(), "worker-cpu-s/min")
	b.ReportMetric(idle["worker"].cpu.Seconds(), "worker-cpu-s/min-idle")
	b.ReportMetric(sum.memory, "MB")
}

// clone makes n more statements of one that is out, in the register alone.
func (p *place) clone(b *testing.B, id liaison.StatementID, n int) {
	b.Helper()
	err := pgx.BeginFunc(b.Context(), p.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(b.Context(), `CREATE TEMP TABLE clone ON COMMIT DROP AS
			SELECT n, gen_random_uuid() AS id, gen_random_uuid() AS decision, gen_random_uuid() AS message, 'clone-' || n AS command FROM generate_series(1, $1::integer) n`, n); err != nil {
			return err
		}
		for _, t := range []struct{ table, of, change string }{
			{"statement", "o.id = $1", `'id', c.id, 'number', 1000 + c.n, 'ref', 'JCA-ML-LS' || (1000 + c.n)`},
			{"revision", "o.statement_id = $1", `'statement_id', c.id`},
			{"addressee", "o.statement_id = $1", `'statement_id', c.id`},
			{"command", "o.statement_id = $1 AND o.kind = 'approve'", `'id', c.command, 'statement_id', c.id`},
			{"decision", "o.statement_id = $1", `'id', c.decision, 'statement_id', c.id, 'command_id', c.command`},
			{"transmission", "o.statement_id = $1 AND o.letter = 'statement'", `'id', c.message, 'statement_id', c.id, 'approval_id', c.decision, 'batch', c.command, 'message_id', c.message || '@jca.example'`},
			{"reply", "o.statement_id = $1", `'statement_id', c.id, 'transmission_id', c.message`},
		} {
			var columns string // that are not computed
			if err := tx.QueryRow(b.Context(), `SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
				WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''`, t.table).Scan(&columns); err != nil {
				return err
			}
			if _, err := tx.Exec(b.Context(), `INSERT INTO `+t.table+` (`+columns+`) SELECT `+columns+` FROM (
				SELECT (jsonb_populate_record(o, jsonb_build_object(`+t.change+`))).* FROM `+t.table+` o, clone c WHERE `+t.of+`) x`, id); err != nil {
				return fmt.Errorf("clone %s: %w", t.table, err)
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := p.pool.Exec(b.Context(), "VACUUM ANALYZE"); err != nil {
		b.Fatal(err)
	}
}

// resumeAll starts the run of every statement that is open in the register, as the reconciliation does, several at a time.
func (p *place) resumeAll(b *testing.B, n int) {
	b.Helper()
	open, err := p.store.OpenStatements(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	if len(open) != n {
		b.Fatalf("%d statements are open, want %d", len(open), n)
	}
	var next atomic.Int64
	var failed atomic.Pointer[error]
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(open) && failed.Load() == nil; i = int(next.Add(1)) - 1 {
				ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
				if err := p.engine.Resume(ctx, open[i].ID, open[i].State); err != nil {
					failed.Store(&err)
				}
				cancel()
			}
		})
	}
	all.Wait()
	if err := failed.Load(); err != nil {
		b.Fatal(*err)
	}
}

// calm waits until a process does next to nothing for a while.
func calm(b *testing.B, pid int) {
	b.Helper()
	last, at := burnt(b, pid), time.Now()
	quiet := 0
	testkit.Eventually(b, 10*time.Minute, func() error {
		if time.Since(at) < 2*time.Second {
			return fmt.Errorf("process %d is busy", pid)
		}
		now := burnt(b, pid)
		if now-last < 100*time.Millisecond {
			quiet++
		} else {
			quiet = 0
		}
		last, at = now, time.Now()
		if quiet < 4 {
			return fmt.Errorf("process %d is busy", pid)
		}
		return nil
	})
}

// family is a process and its descendants.
func family(pid int) []int {
	children := map[int][]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is well formed
	for _, name := range stats {
		if id, parent, _, ok := stat(name); ok {
			children[parent] = append(children[parent], id)
		}
	}
	out := []int{pid}
	for i := 0; i < len(out); i++ {
		out = append(out, children[out[i]]...)
	}
	return out
}

// stat reads id, parent and CPU time in clock ticks from proc_pid_stat(5), with that of children that have ended.
func stat(name string) (pid, parent int, ticks int64, ok bool) {
	text, err := os.ReadFile(name)
	if err != nil {
		return 0, 0, 0, false
	}
	head, rest, found := strings.Cut(string(text), "(")
	end := strings.LastIndex(rest, ")")
	if !found || end < 0 {
		return 0, 0, 0, false
	}
	f := strings.Fields(rest[end+1:])
	if len(f) < 15 {
		return 0, 0, 0, false
	}
	pid, err1 := strconv.Atoi(strings.TrimSpace(head))
	parent, err2 := strconv.Atoi(f[1])
	for _, x := range f[11:15] {
		n, err := strconv.ParseInt(x, 10, 64)
		if err != nil {
			return 0, 0, 0, false
		}
		ticks += n
	}
	return pid, parent, ticks, err1 == nil && err2 == nil
}

// burnt is the CPU time of a process and its descendants; Linux counts it in hundredths of a second.
func burnt(b *testing.B, pid int) time.Duration {
	b.Helper()
	var sum int64
	for _, id := range family(pid) {
		_, _, ticks, ok := stat(fmt.Sprintf("/proc/%d/stat", id))
		if !ok && id == pid {
			b.Skip("NOT MEASURED: there is no /proc, or the process is gone")
		}
		sum += ticks
	}
	return time.Duration(sum) * 10 * time.Millisecond
}

// held is the memory of a process and its descendants in MB, what they share divided among those who do (PSS).
func held(b *testing.B, pid int) (mb float64) {
	b.Helper()
	for _, id := range family(pid) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", id))
		if err != nil {
			continue // it has just ended
		}
		for line := range strings.Lines(string(text)) {
			if rest, ok := strings.CutPrefix(line, "Pss:"); ok {
				kb, err := strconv.Atoi(strings.Fields(rest)[0])
				if err != nil {
					b.Fatal(err)
				}
				mb += float64(kb) / 1024
			}
		}
	}
	return mb
}
