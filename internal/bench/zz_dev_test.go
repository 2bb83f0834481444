package bench

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/jackc/pgx/v5"
)

func BenchmarkDev(b *testing.B) {
	const statements, bodies = 15, 20
	p := begin(b)
	proc := p.startWorker(b)
	out := newPage(b, "DEV")
	codes := register(b, p, bodies)
	p.dispatchMany(b, statements, codes, nil) // warms up
	p.dispatchMany(b, statements, codes, nil) // warms up
	if os.Getenv("BENCH_PERF") != "" {
		rest := exec.Command("perf", "record", "-F", "199", "-g", "-a", "-o", os.Getenv("BENCH_PERF"), "sleep", "6")
		if err := rest.Start(); err != nil {
			b.Fatal(err)
		}
		defer rest.Wait()
	}
	p.analyze(b)
	approvals := p.waitingForApproval(b, statements, codes, nil)
	p.pool.Exec(b.Context(), `SELECT pg_stat_statements_reset()`)
	var seq int64
	p.pool.QueryRow(b.Context(), `SELECT max(seq) FROM event`).Scan(&seq)
	before := p.spent(b, proc)
	took := p.approved(b, approvals, bodies)
	p.spent(b, proc).minus(before).say(out, statements*bodies)
	out.add("rate %.1f", statements*bodies/took.Seconds())
	show := func(sql string, args ...any) {
		rows, err := p.pool.Query(b.Context(), sql, args...)
		if err != nil {
			b.Fatal(err)
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			b.Fatal(err)
		}
		for _, l := range lines {
			fmt.Println(l)
		}
	}
	show(`SELECT format('%s %s %s', kind, letter, count(*)) FROM event WHERE seq > $1 GROUP BY kind, letter ORDER BY count(*) DESC`, seq)
	for _, by := range []string{"total_exec_time", "calls"} {
		show(`SELECT format('%s %s calls, %s ms total, %s ms mean, rows %s: %s', datname, calls, round(total_exec_time::numeric, 1), round(total_plan_time::numeric, 1)||' plan '||plans, rows, left(regexp_replace(query, '\s+', ' ', 'g'), 170)) FROM pg_stat_statements JOIN pg_database d ON d.oid = dbid ORDER BY ` + by + ` DESC LIMIT 45`)
		fmt.Println()
	}
}
