package bench

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/migrations"
)

// BenchmarkReport: assembling a report over 10,000 statements with four addressees each and some 100,000 events, aim under 2 s,
// beside the reading of its facts alone.
func BenchmarkReport(b *testing.B) {
	const statements, addressees = 10_000, 4
	pool := testkit.Database(b, func(ctx context.Context, url string) error {
		if err := migrations.Up(ctx, url); err != nil {
			return err
		}
		s, err := store.Open(ctx, url)
		if err != nil {
			return err
		}
		defer s.Close()
		return seed.Register(ctx, s)
	})
	began := time.Now()
	err := pgx.BeginFunc(b.Context(), pool, func(tx pgx.Tx) error {
		for _, sql := range []string{
			`SET LOCAL session_replication_role = replica`, // rows without the decisions and bytes behind them: only what a report reads
			`CREATE TEMP TABLE s AS SELECT i, gen_random_uuid() AS id, now() - interval '200 days' + i * interval '20 minutes' AS at, repeat('a', 64) AS d FROM generate_series(1, ` + fmt.Sprint(statements) + `) i`,
			`INSERT INTO statement (id, group_code, state, version, drafter_id, title, deadline, revision, digest, number, period, ref, approved_digest, approved_by, approved_as, approved_at, dispatched_at, created_at, changed_at)
				SELECT id, 'itu-t/jca-ml', 'dispatched', 4, '` + string(seed.Editor.ID) + `', 'LS/o on the roadmap, part ' || i, (at + interval '30 days')::date, 1, d, i, '2025-2028', 'JCA-ML-LS' || i, d, '` + string(seed.Chair.ID) + `', 'chair', at, at, at, at FROM s`,
			`INSERT INTO revision (statement_id, number, digest, canonical, submitted_by, submitted_at) SELECT id, 1, encode(sha256('x'), 'hex'), 'x', '` + string(seed.Editor.ID) + `', at - interval '2 days' FROM s`,
			`CREATE TEMP TABLE a AS SELECT s.id, s.at, b.code, b.name, row_number() OVER (PARTITION BY s.id ORDER BY b.code) AS position, gen_random_uuid() AS t
				FROM s CROSS JOIN (SELECT code, name FROM body WHERE email <> '' ORDER BY code LIMIT ` + fmt.Sprint(addressees) + `) b`,
			`INSERT INTO addressee (statement_id, revision, position, body_code, name, email, purpose) SELECT id, 1, position, code, name, 'x@body.example', 'action' FROM a`,
			`INSERT INTO transmission (id, statement_id, revision, letter, position, body_code, recipient_name, recipient_email, message_id, message_date, approval_id, approval_kind, state, attempts, batch, changed_at, created_at)
				SELECT t, id, 1, 'statement', position, code, name, 'x@body.example', t || '@x', at, gen_random_uuid(), 'approve', 'accepted', 1, 'b', at, at FROM a`,
			`INSERT INTO event (id, kind, at, statement_id, version, to_state, from_state) SELECT gen_random_uuid(), 'dispatched', at, id, 4, 'dispatched', 'dispatching' FROM s`,
			`INSERT INTO event (id, kind, at, statement_id, version, transmission_id) SELECT gen_random_uuid(), 'accepted', at, id, 4, t FROM a`,
			`INSERT INTO event (id, kind, at, statement_id, version, transmission_id, reply_to, due) SELECT gen_random_uuid(), 'reply-awaited', at, id, 4, t, 'awaiting', ((at + interval '30 days')::date)::text FROM a`,
			`INSERT INTO event (id, kind, at, statement_id, version, transmission_id, reply_from, reply_to, due)
				SELECT gen_random_uuid(), 'reply-linked', at + position * interval '4 days', id, 4, t, 'awaiting', CASE WHEN position > 7 THEN 'replied-late' ELSE 'replied' END, ((at + interval '30 days')::date)::text FROM a WHERE position % 3 <> 0`,
			`CREATE TEMP TABLE y AS SELECT gen_random_uuid() AS response, a.*, at + position * interval '4 days' AS came FROM a WHERE position % 3 <> 0`,
			`INSERT INTO transmission_response (id, transmission_id, kind, person_name, canonical, digest, at, command_id, event_id)
				SELECT response, t, 'replied', 'Irene', 'x', encode(sha256('x'), 'hex'), came, gen_random_uuid(), gen_random_uuid() FROM y`,
			`INSERT INTO reply_link (statement_id, position, kind, response_id, came_on, stood, at, event_id)
				SELECT id, position, 'reply', response, came::date, 'dispatched', came, gen_random_uuid() FROM y`,
		} {
			if _, err := tx.Exec(b.Context(), sql); err != nil {
				return fmt.Errorf("%.70s: %w", sql, err)
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := pool.Exec(b.Context(), `VACUUM ANALYZE`); err != nil {
		b.Fatal(err)
	}
	out := newPage(b, fmt.Sprintf("PROGRESS REPORT (%d statements, %d addressees each; stored in %.0f s)", statements, addressees, time.Since(began).Seconds()))
	s := store.New(pool)
	today := liaison.DateOf(time.Now(), time.UTC)
	what := store.ReportFor{Group: seed.JCAML, From: today.Plus(-365), Until: today}
	var events int
	if err := pool.QueryRow(b.Context(), `SELECT count(*) FROM event`).Scan(&events); err != nil {
		b.Fatal(err)
	}
	var reading, whole []time.Duration
	for range 5 {
		began := time.Now()
		facts, err := s.ReportFacts(b.Context(), what)
		if err != nil {
			b.Fatal(err)
		}
		if len(facts.Out) != statements {
			b.Fatalf("%d statements were read", len(facts.Out))
		}
		read := time.Since(began)
		r := liaison.Assemble(facts)
		if f, _ := r.Figure(liaison.FigureSent); f.Count != statements {
			b.Fatalf("the report counts %+v", f)
		}
		if f, _ := r.Figure(liaison.FigureToAnswer); f.Of == 0 {
			b.Fatal("no reply came that counts")
		}
		reading, whole = append(reading, read), append(whole, time.Since(began))
	}
	read, all := quantile(reading, .5), quantile(whole, .5)
	rows := statements*addressees + events
	out.add("%-34s %9.0f ms %12.0f rows/s", "its facts read (floor)", ms(read), float64(rows)/read.Seconds())
	out.add("%-34s %9.0f ms %12.0f rows/s   %.2f of the floor's rate (aim: under 2,000 ms)", "assembled", ms(all), float64(rows)/all.Seconds(), read.Seconds()/all.Seconds())
	b.ReportMetric(ms(all), "assemble-ms")
}
