package bench

import (
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	gomail "github.com/wneessen/go-mail"
	"golang.org/x/sync/errgroup"

	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail"
)

// BenchmarkTransmissions: from the chairs' approvals of statements to twenty bodies each, 5 KB of text, to the last acceptance in the
// ledger; beside go-mail making and sending as many of the same messages over one connection.
func BenchmarkTransmissions(b *testing.B) {
	const statements, bodies, rounds = 15, 20, 3
	p := begin(b)
	proc := p.startWorker(b)
	out := newPage(b, fmt.Sprintf("TRANSMISSIONS (%d statements to %d bodies, 5 KB of text, to one sink)", statements, bodies))
	codes := register(b, p, bodies)
	var ours, bare time.Duration
	p.dispatchMany(b, statements, codes, nil) // warms up
	p.bareMail(b, statements*bodies)
	p.analyze(b)
	var cost spent
	for range rounds {
		approvals := p.waitingForApproval(b, statements, codes, nil)
		before := p.spent(b, proc)
		ours += p.approved(b, approvals, len(codes))
		cost = cost.plus(p.spent(b, proc).minus(before))
		bare += p.bareMail(b, statements*bodies)
	}
	out.compare(b, float64(statements*bodies*rounds), ours, float64(statements*bodies*rounds), bare)
	cost.say(out, statements*bodies*rounds)
}

// BenchmarkTransmissionsFarAway: the same behind 50 ms of delay for each answer, where round trips are all that counts.
func BenchmarkTransmissionsFarAway(b *testing.B) {
	const statements, bodies, few = 5, 20, 10
	p := begin(b)
	p.startWorker(b)
	out := newPage(b, fmt.Sprintf("TRANSMISSIONS FAR AWAY (%d statements to %d bodies, a sink that answers after 50 ms)", statements, bodies))
	codes := register(b, p, bodies)
	p.dispatchMany(b, 1, codes, nil)
	p.sink.delay.Store(int64(50 * time.Millisecond))
	ours := p.dispatchMany(b, statements, codes, nil)
	bare := p.bareMail(b, few)
	out.compare(b, statements*bodies, ours, few, bare)
}

// BenchmarkTransmissionsStored: what a message costs with 1,000 and with 100,000 others stored, and which of the ledger's tables were
// read from end to end meanwhile.
func BenchmarkTransmissionsStored(b *testing.B) {
	const statements, bodies, rounds = 10, 20, 3
	p := begin(b)
	proc := p.startWorker(b)
	out := newPage(b, "TRANSMISSIONS STORED (what one costs)")
	codes := register(b, p, bodies)
	p.dispatchMany(b, statements, codes, nil)
	stored := func() (n int) {
		if err := p.pool.QueryRow(b.Context(), `SELECT count(*) FROM transmission`).Scan(&n); err != nil {
			b.Fatal(err)
		}
		return n
	}
	var costs []float64
	for _, want := range []int{1000, 100_000} {
		p.storeMore(b, (want-stored())/bodies)
		n := stored()
		p.dispatchMany(b, statements, codes, nil) // plans and caches are made anew
		before := p.scans(b)
		var took time.Duration
		var cost spent
		for range rounds {
			approvals := p.waitingForApproval(b, statements, codes, nil)
			start := p.spent(b, proc)
			took += p.approved(b, approvals, bodies)
			cost = cost.plus(p.spent(b, proc).minus(start))
		}
		const messages = statements * bodies * rounds
		ours := ms(cost.cpu[theWorker]+cost.cpu[theRegister]) / messages
		costs = append(costs, ours)
		out.add("%9d stored: %9.2f ms of CPU for a message in the worker and in PostgreSQL for the register, %.0f blocks touched there (%.2f ms by the clock); read from end to end: %s",
			n, ours, float64(cost.count[blocks])/messages, ms(took)/messages, p.scansSince(b, before))
	}
	out.add("%-60s %9.2f of the CPU time with 1,000", "with 100,000 stored", costs[1]/costs[0])
	b.ReportMetric(costs[1]/costs[0], "of-1000-stored")
}

// BenchmarkTransmissionsLarge: how much memory a worker has at most that sends 7 MiB of files to fifty bodies.
func BenchmarkTransmissionsLarge(b *testing.B) {
	const bodies = 50
	p := begin(b)
	proc := p.startWorker(b)
	out := newPage(b, fmt.Sprintf("TRANSMISSIONS LARGE (one statement with 7 MiB of files to %d bodies)", bodies))
	codes := register(b, p, bodies)
	p.dispatchMany(b, 1, codes[:1], nil)
	before := peak(b, proc.Pid())
	file := make([]byte, liaison.DefaultBudget)
	if _, err := rand.Read(file); err != nil {
		b.Fatal(err)
	}
	took := p.dispatchMany(b, 1, codes, file)
	most := peak(b, proc.Pid())
	out.add("%-60s %9.0f MB, and %.0f MB before it (at most; the aim is 150)", "memory of the worker", most, before)
	out.add("%-60s %9.1f messages/s", "rate", bodies/took.Seconds())
	b.ReportMetric(most, "MB")
}

// compare says how fast we are and how fast bare go-mail is.
func (p *page) compare(b *testing.B, n float64, ours time.Duration, m float64, bare time.Duration) {
	rate, floor := n/ours.Seconds(), m/bare.Seconds()
	p.add("%-60s %9.1f messages/s", "go-mail, one connection, nothing recorded", floor)
	p.add("%-60s %9.1f messages/s (%.3f of bare go-mail)", "liaison, approval to last acceptance in ledger and audit log", rate, rate/floor)
	b.ReportMetric(rate, "transmissions/s")
	b.ReportMetric(floor, "bare/s")
	b.ReportMetric(rate/floor, "of-bare")
}

// dispatchMany has so many statements to these bodies approved at once, and is how long it takes until all of it is accepted and recorded.
func (p *place) dispatchMany(b *testing.B, statements int, to []liaison.Code, file []byte) time.Duration {
	b.Helper()
	return p.approved(b, p.waitingForApproval(b, statements, to, file), len(to))
}

// waitingForApproval submits statements, and is the chair's approvals of them.
func (p *place) waitingForApproval(b *testing.B, statements int, to []liaison.Code, file []byte) (approvals []liaison.Command) {
	b.Helper()
	for range statements {
		id := p.draft(b, 5000, to...)
		if file != nil {
			p.attach(b, id, file)
		}
		p.do(b, liaison.Command{ID: newCommand(), Kind: liaison.DoSubmit, Statement: id, Actor: seed.Editor.ID})
		snap, err := p.store.Snapshot(b.Context(), id)
		if err != nil {
			b.Fatal(err)
		}
		approvals = append(approvals, liaison.Command{ID: newCommand(), Kind: liaison.DoApprove, Statement: id, Actor: seed.Chair.ID, Digest: snap.Digest, Consulted: seed.Consulted()})
	}
	p.quiet(b)
	return approvals
}

// approved gives approvals all at once, and is how long it takes until each of so many messages of each is accepted and recorded.
func (p *place) approved(b *testing.B, approvals []liaison.Command, each int) time.Duration {
	b.Helper()
	ids := make([]liaison.StatementID, len(approvals))
	before, began := p.sink.taken.Load(), time.Now()
	var g errgroup.Group
	g.SetLimit(4)
	for i, cmd := range approvals {
		ids[i] = cmd.Statement
		g.Go(func() error {
			_, err := p.engine.Do(b.Context(), cmd)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		b.Fatal(err)
	}
	want := len(approvals) * each
	testkit.Eventually(b, 5*time.Minute, func() error {
		if n := p.sink.taken.Load() - before; n < int64(want) { // cheap, so that asking does not slow what is asked about
			return fmt.Errorf("%d of %d arrived", n, want)
		}
		var n int
		err := p.pool.QueryRow(b.Context(), `SELECT count(*) FROM transmission WHERE statement_id = ANY ($1) AND letter = 'statement' AND state = 'accepted'`, ids).Scan(&n)
		if err == nil && n < want {
			err = fmt.Errorf("%d of %d are recorded as accepted", n, want)
		}
		return err
	})
	took := time.Since(began)
	p.quiet(b)
	return took
}

// analyze has PostgreSQL look at how much there is, as it does by itself every minute or so.
func (p *place) analyze(b *testing.B) {
	b.Helper()
	if _, err := p.pool.Exec(b.Context(), `ANALYZE`); err != nil {
		b.Fatal(err)
	}
}

// attach adds a file to a draft.
func (p *place) attach(b *testing.B, id liaison.StatementID, file []byte) {
	b.Helper()
	snap, err := p.store.Snapshot(b.Context(), id)
	if err != nil {
		b.Fatal(err)
	}
	d, err := p.store.PutBlob(b.Context(), file)
	if err != nil {
		b.Fatal(err)
	}
	c := snap.Content
	c.Attachments = append(c.Attachments, liaison.Attachment{Name: "roadmap.zip", MediaType: "application/zip", Size: int64(len(file)), Digest: d})
	if _, err := p.store.Save(b.Context(), id, seed.Editor.ID, snap.DraftVersion, c); err != nil {
		b.Fatal(err)
	}
}

// peak is the most memory that a process has had, in MB.
func peak(b *testing.B, pid int) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			var kb float64
			if _, err := fmt.Sscanf(rest, "%f kB", &kb); err == nil {
				return kb * 1024 / 1e6
			}
		}
	}
	b.Fatal("the system does not say how much memory the worker has had")
	return 0
}

// storeMore stores so many more statements, each a likeness of one that is dispatched already, with its messages, attempts and events.
func (p *place) storeMore(b *testing.B, n int) {
	b.Helper()
	conn, err := p.pool.Acquire(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Release()
	exec := func(sql string, args ...any) {
		b.Helper()
		if _, err := conn.Exec(b.Context(), sql, args...); err != nil {
			b.Fatalf("%v: %s", err, sql)
		}
	}
	like := func(table, from, row, changes string) {
		b.Helper()
		var columns string
		if err := conn.QueryRow(b.Context(), `SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns
			WHERE table_schema = 'public' AND table_name = $1 AND is_generated = 'NEVER' AND is_identity = 'NO'`, table).Scan(&columns); err != nil {
			b.Fatal(err)
		}
		exec(`INSERT INTO ` + table + ` (` + columns + `) SELECT ` + columns + ` FROM (SELECT (jsonb_populate_record(` + row + `, ` + changes + `)).* FROM ` + from + `) AS r`)
	}
	exec(`SET session_replication_role = replica`) // no triggers, no foreign keys: these are only there to be in the way
	exec(`DROP TABLE IF EXISTS s_like, t_like`)
	exec(`CREATE TEMP TABLE s_like AS SELECT n, s.id AS old, gen_random_uuid() AS new FROM (SELECT id FROM statement WHERE state = 'dispatched' LIMIT 1) s, generate_series(1, $1::integer) n`, n)
	exec(`CREATE TEMP TABLE t_like AS SELECT t.id AS old, gen_random_uuid() AS new, x.new AS statement FROM s_like x JOIN transmission t ON t.statement_id = x.old AND t.letter = 'statement'`)
	like("statement", "s_like x JOIN statement s ON s.id = x.old", "s", `jsonb_build_object('id', x.new, 'number', 1000000 + x.n + (SELECT count(*) FROM statement), 'ref', 'LIKE-' || x.new)`)
	like("transmission", "t_like x JOIN transmission t ON t.id = x.old", "t", `jsonb_build_object('id', x.new, 'statement_id', x.statement, 'batch', x.statement::text, 'message_id', replace(x.new::text, '-', '') || '@b.example')`)
	like("attempt", "t_like x JOIN attempt a ON a.transmission_id = x.old", "a", `jsonb_build_object('transmission_id', x.new)`)
	like("event", "t_like x JOIN event e ON e.transmission_id = x.old", "e", `jsonb_build_object('id', gen_random_uuid(), 'transmission_id', x.new, 'statement_id', x.statement)`)
	exec(`INSERT INTO message (transmission_id, digest, bytes) SELECT new, encode(sha256('a message'), 'hex'), 'a message' FROM t_like`)
	exec(`RESET session_replication_role`)
	exec(`ANALYZE`)
}

// scans is how often each of the ledger's tables was read from end to end.
func (p *place) scans(b *testing.B) map[string]int64 {
	b.Helper()
	rows, err := p.pool.Query(b.Context(), `SELECT relname, seq_scan FROM pg_stat_user_tables WHERE relname IN ('transmission', 'attempt', 'message', 'event', 'leaf', 'node', 'transmission_fact')`)
	if err != nil {
		b.Fatal(err)
	}
	out := map[string]int64{}
	var name string
	var n int64
	if _, err := pgx.ForEachRow(rows, []any{&name, &n}, func() error { out[name] = n; return nil }); err != nil {
		b.Fatal(err)
	}
	return out
}

func (p *place) scansSince(b *testing.B, before map[string]int64) string {
	b.Helper()
	var out []string
	for name, n := range p.scans(b) {
		if n > before[name] {
			out = append(out, fmt.Sprintf("%s %d times", name, n-before[name]))
		}
	}
	if len(out) == 0 {
		return "none"
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// register enters bodies to write to.
func register(b *testing.B, p *place, n int) []liaison.Code {
	b.Helper()
	var codes []liaison.Code
	var bodies []liaison.Body
	for i := range n {
		code := liaison.Code(fmt.Sprintf("bench/body%d", i))
		codes = append(codes, code)
		bodies = append(bodies, liaison.Body{Code: code, Kind: liaison.Organization, Name: fmt.Sprintf("Body %d", i), Email: fmt.Sprintf("liaisons@body%d.example", i), Source: "a benchmark"})
	}
	if err := p.store.Enter(b.Context(), bodies, nil, nil, nil); err != nil {
		b.Fatal(err)
	}
	return codes
}

// bareMail is how long go-mail takes to make and send n messages, one at a time over one connection: in two parts, the texts that our
// messages to twenty bodies have.
func (p *place) bareMail(b *testing.B, n int) time.Duration {
	b.Helper()
	host, port, err := net.SplitHostPort(p.sink.address())
	if err != nil {
		b.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		b.Fatal(err)
	}
	c, err := gomail.NewClient(host, gomail.WithPort(number), gomail.WithTLSPolicy(gomail.NoTLS), gomail.WithHELO("localhost"))
	if err != nil {
		b.Fatal(err)
	}
	var message []byte
	if err := p.pool.QueryRow(b.Context(), `SELECT m.bytes FROM message m JOIN transmission t ON t.id = m.transmission_id WHERE t.letter = 'statement' ORDER BY t.created_at DESC LIMIT 1`).Scan(&message); err != nil {
		b.Fatal(err)
	}
	text, html, err := mail.Parts(message)
	if err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	if err := c.DialWithContext(b.Context()); err != nil {
		b.Fatal(err)
	}
	for i := range n {
		m := gomail.NewMsg()
		if err := m.From("liaison@liaison.example"); err != nil {
			b.Fatal(err)
		}
		if err := m.To(fmt.Sprintf("liaisons@body%d.example", i)); err != nil {
			b.Fatal(err)
		}
		m.Subject("LS/o on review of the roadmap of standards on machine learning")
		m.SetMessageID()
		m.SetDate()
		m.SetBodyString(gomail.TypeTextPlain, text)
		m.AddAlternativeString(gomail.TypeTextHTML, html)
		if err := c.Send(m); err != nil {
			b.Fatal(err)
		}
	}
	took := time.Since(began)
	if err := c.Close(); err != nil {
		b.Fatal(err)
	}
	return took
}
