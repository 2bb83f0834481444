package bench

import (
	"fmt"
	"net"
	"strconv"
	"testing"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
)

// BenchmarkTransmissions: from the chair's approval of a statement to 200 bodies, 5 KB of text, to the last acceptance in the
// ledger; beside go-mail sending as many messages of that size over one connection.
func BenchmarkTransmissions(b *testing.B) {
	const bodies, size, rounds = 200, 5000, 3
	p := begin(b)
	p.startWorker(b)
	out := newPage(b, fmt.Sprintf("TRANSMISSIONS (%d messages of %d bytes of text to one sink)", bodies, size))
	codes := register(b, p, bodies)

	var ours, bare time.Duration
	for round := range rounds + 1 { // the first warms up
		id := p.draft(b, size, codes...)
		p.do(b, liaison.Command{ID: newCommand(), Kind: liaison.DoSubmit, Statement: id, Actor: seed.Editor.ID})
		p.quiet(b)
		snap, err := p.store.Snapshot(b.Context(), id)
		if err != nil {
			b.Fatal(err)
		}
		before := p.sink.taken.Load()
		began := time.Now()
		p.do(b, liaison.Command{ID: newCommand(), Kind: liaison.DoApprove, Statement: id, Actor: seed.Chair.ID, Digest: snap.Digest})
		testkit.Eventually(b, 5*time.Minute, func() error {
			if n := p.sink.taken.Load() - before; n < bodies { // cheap, so that asking does not slow what is asked about
				return fmt.Errorf("%d of %d arrived", n, bodies)
			}
			var n int
			err := p.pool.QueryRow(b.Context(), `SELECT count(*) FROM transmission WHERE statement_id = $1 AND letter = 'statement' AND state = 'accepted'`, id).Scan(&n)
			if err == nil && n < bodies {
				err = fmt.Errorf("%d of %d are recorded as accepted", n, bodies)
			}
			return err
		})
		took := time.Since(began)
		p.quiet(b)
		floor := p.bareMail(b, bodies, size)
		if round > 0 {
			ours, bare = ours+took, bare+floor
		}
	}
	const n = float64(bodies * rounds)
	out.add("%-60s %9.0f messages/s", "go-mail, one connection, nothing recorded", n/bare.Seconds())
	out.add("%-60s %9.0f messages/s (%.3f of bare go-mail)", "liaison, approval to last acceptance in ledger and audit log", n/ours.Seconds(), bare.Seconds()/ours.Seconds())
	b.ReportMetric(n/ours.Seconds(), "transmissions/s")
	b.ReportMetric(n/bare.Seconds(), "bare/s")
	b.ReportMetric(bare.Seconds()/ours.Seconds(), "of-bare")
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

// bareMail is how long go-mail takes to make and send n messages, one at a time over one connection.
func (p *place) bareMail(b *testing.B, n, size int) time.Duration {
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
	text := content(size).Text
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
