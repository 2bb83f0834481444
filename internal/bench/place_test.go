package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.temporal.io/sdk/client"

	"github.com/jca-ml/liaison/activities"
	"github.com/jca-ml/liaison/internal/config"
	"github.com/jca-ml/liaison/internal/demo/parts"
	"github.com/jca-ml/liaison/internal/engine"
	"github.com/jca-ml/liaison/internal/post"
	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail"
	"github.com/jca-ml/liaison/migrations"
	"github.com/jca-ml/liaison/worker"
)

// asWorker makes the test binary the worker, until it is killed; it runs the floor's workflow beside ours.
const asWorker = "BENCH_WORKER"

func TestMain(m *testing.M) {
	if os.Getenv(asWorker) != "" {
		fmt.Fprintln(os.Stderr, "worker ended:", work(context.Background()))
		os.Exit(1)
	}
	testkit.Main(m)
}

func work(ctx context.Context) error {
	worker.LimitMemory()
	cfg, _, err := config.Load("", os.Environ())
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, cfg.DatabaseURL, store.ForWorker)
	if err != nil {
		return err
	}
	relay, err := mail.NewRelay(mail.RelayConfig{Address: cfg.SMTPAddress, TLS: cfg.SMTPTLS})
	if err != nil {
		return err
	}
	options, err := cfg.Temporal()
	if err != nil {
		return err
	}
	options.Logger = worker.Logger(slog.New(slog.NewTextHandler(os.Stderr, nil)))
	c, err := client.DialContext(ctx, options)
	if err != nil {
		return err
	}
	w := worker.New(c, &activities.Activities{
		Store: s, Relay: mail.NewPool(relay, 0), Runs: &engine.Engine{Temporal: c, Store: s}, From: cfg.MailFrom, Retry: cfg.Retry(), Worker: "bench",
		Office: &post.Office{Store: s, From: cfg.MailFrom, URL: cfg.URL},
	})
	if err := w.Start(); err != nil {
		return err
	}
	return floorWorker(c).Run(make(chan any))
}

// place is everything that a benchmark runs on.
type place struct {
	pg       *parts.Postgres
	temporal *parts.Temporal
	sink     *sink
	env      []string // of our programs
	pool     *pgxpool.Pool
	store    *store.Store
	client   client.Client
	engine   *engine.Engine
	dir      string
}

func begin(b *testing.B) *place {
	b.Helper()
	ctx := b.Context()
	must := func(err error) {
		b.Helper()
		if (errors.Is(err, parts.ErrNoPostgres) || errors.Is(err, parts.ErrNoTemporal)) && os.Getenv("CI") == "" {
			b.Skipf("NOT MEASURED, a part is missing: %v", err)
		} else if err != nil {
			b.Fatal(err)
		}
	}
	p := &place{dir: testkit.Dir(b)}
	var err error
	p.pg, err = parts.StartPostgres(ctx, parts.PostgresOptions{Dir: p.dir, NoFetch: true})
	must(err)
	b.Cleanup(func() { stop(b, p.pg) })
	must(p.pg.EnsureDatabase(ctx, "liaison"))
	must(migrations.Up(ctx, p.pg.URL("liaison")))
	p.countStatements(b)
	p.temporal, err = parts.StartTemporal(ctx, parts.TemporalOptions{PostgresURL: p.pg.URL("postgres"), PostgresDB: "temporal", Dir: p.dir, Namespace: "liaison"})
	must(err)
	b.Cleanup(func() { stop(b, p.temporal) })
	p.pool, err = pgxpool.New(ctx, p.pg.URL("liaison"))
	must(err)
	b.Cleanup(p.pool.Close)
	p.store = store.New(p.pool)
	must(seed.Register(ctx, p.store))
	p.client, err = client.DialContext(ctx, client.Options{HostPort: p.temporal.Address(), Namespace: "liaison", Logger: worker.Logger(slog.New(slog.DiscardHandler))})
	must(err)
	b.Cleanup(p.client.Close)
	p.engine = &engine.Engine{Temporal: p.client, Store: p.store, Wait: time.Minute}
	p.sink = startSink(b)
	p.env = []string{
		"PATH=" + os.Getenv("PATH"), "LIAISON_DATABASE_URL=" + p.pg.URL("liaison"), "LIAISON_SMTP_ADDRESS=" + p.sink.address(), "LIAISON_SMTP_TLS=none",
		"LIAISON_MAIL_FROM=liaison@liaison.example", "TEMPORAL_ADDRESS=" + p.temporal.Address(), "TEMPORAL_NAMESPACE=liaison", "LIAISON_LOG_LEVEL=warn",
	}
	return p
}

func stop(b *testing.B, x interface{ Stop(context.Context) error }) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(b.Context()), time.Minute)
	defer cancel()
	if err := x.Stop(ctx); err != nil {
		b.Error(err)
	}
}

// run starts one of our programs, for the rest of the benchmark.
func (p *place) run(b *testing.B, name, path string, args []string, env ...string) *parts.Process {
	b.Helper()
	proc, err := parts.StartProcess(parts.ProcessOptions{Name: name, Path: path, Args: args, Env: append(slices.Clone(p.env), env...), LogFile: filepath.Join(p.dir, name+".log")})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if b.Failed() {
			b.Logf("the log of the %s ends:\n%s", name, proc.LogTail())
		}
		if err := proc.Kill(); err != nil {
			b.Error(err)
		}
	})
	return proc
}

// startWorker runs the worker, with the floor's workflow beside ours.
func (p *place) startWorker(b *testing.B) *parts.Process {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	return p.run(b, "worker", self, nil, asWorker+"=1")
}

func newCommand() liaison.CommandID { return liaison.CommandID(uuid.NewString()) }

func (p *place) do(b *testing.B, cmd liaison.Command) liaison.Answer {
	b.Helper()
	answer, err := p.engine.Do(b.Context(), cmd)
	if err != nil {
		b.Fatalf("%s: %v", cmd.Kind, err)
	}
	return answer
}

// draft prepares a statement to these bodies with a text of about so many bytes.
func (p *place) draft(b *testing.B, bytes int, to ...liaison.Code) liaison.StatementID {
	b.Helper()
	id := liaison.StatementID(uuid.NewString())
	if _, err := p.store.Create(b.Context(), id, seed.Editor.ID, content(bytes, to...)); err != nil {
		b.Fatal(err)
	}
	return id
}

func content(bytes int, to ...liaison.Code) liaison.Content {
	line := "JCA-ML keeps the roadmap of standards on machine learning; please review the entries of your group.\n"
	c := liaison.Content{
		Source: seed.JCAML, Title: "LS/o on review of the roadmap of standards on machine learning", Questions: "N/A", Deadline: "2099-01-31",
		Contacts: []liaison.Contact{{Name: "Kangchan Lee", Organization: "ETRI", Email: "chair@jca-ml.example"}},
		ReplyTo:  "jca-ml@liaison.example", Language: "en", Abstract: "Asks for entries of the roadmap.", Text: strings.Repeat(line, max(1, bytes/len(line))),
	}
	for _, code := range to {
		c.Addressees = append(c.Addressees, liaison.Addressee{Body: code, Purpose: liaison.ForAction})
	}
	return c
}

// quiet waits until no message is on its way, so that one round's letters are not the next one's load.
func (p *place) quiet(b *testing.B) {
	b.Helper()
	testkit.Eventually(b, 5*time.Minute, func() error {
		var n int
		err := p.pool.QueryRow(b.Context(), `SELECT count(*) FROM transmission WHERE batch IS NOT NULL AND state IN ('queued', 'attempting', 'deferred')`).Scan(&n)
		if err == nil && n > 0 {
			err = fmt.Errorf("%d messages are on their way", n)
		}
		return err
	})
}

// ---- figures

// quantile is the value that a share q of the samples does not exceed.
func quantile(samples []time.Duration, q float64) time.Duration {
	if len(samples) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(samples))
	return s[min(len(s)-1, int(q*float64(len(s))))]
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// load is how busy the machine is, all of it.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "load not known"
	}
	f := strings.Fields(string(text))
	return "load " + strings.Join(f[:min(3, len(f))], " ")
}

// page collects what a benchmark says in words, and prints it when it is over, beside what testing prints.
type page struct {
	b     *testing.B
	lines []string
}

func newPage(b *testing.B, title string) *page {
	p := &page{b: b}
	p.add("%s; before: %s", title, load())
	b.Cleanup(func() {
		p.add("after: %s", load())
		fmt.Println("\n" + strings.Join(p.lines, "\n"))
	})
	return p
}

func (p *page) add(format string, args ...any) {
	p.lines = append(p.lines, fmt.Sprintf(format, args...))
}

// ---- the sink

// sink is an SMTP server that takes everything and keeps nothing.
type sink struct {
	l     net.Listener
	taken atomic.Int64
	bytes atomic.Int64
	delay atomic.Int64 // of each answer, in nanoseconds
}

func startSink(b *testing.B) *sink {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	s := &sink{l: l}
	var open sync.WaitGroup
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			open.Go(func() { s.talk(c) })
		}
	}()
	b.Cleanup(func() { l.Close(); open.Wait() })
	return s
}

func (s *sink) address() string { return s.l.Addr().String() }

func (s *sink) talk(c net.Conn) {
	defer c.Close()
	r := bufio.NewReaderSize(c, 64<<10)
	say := func(line string) bool {
		if d := time.Duration(s.delay.Load()); d > 0 {
			<-time.After(d)
		}
		_, err := c.Write([]byte(line + "\r\n"))
		return err == nil
	}
	for ok := say("220 sink.example ESMTP"); ok; {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		switch strings.ToUpper(line[:min(4, len(line))]) {
		case "EHLO":
			ok = say("250-sink.example\r\n250 8BITMIME")
		case "DATA":
			if !say("354 Go on") {
				return
			}
			for {
				line, err := r.ReadSlice('\n')
				if err != nil {
					return
				}
				if string(line) == ".\r\n" {
					break
				}
				s.bytes.Add(int64(len(line)))
			}
			s.taken.Add(1)
			ok = say("250 2.0.0 Taken")
		case "QUIT":
			say("221 2.0.0 Bye")
			return
		default:
			ok = say("250 2.0.0 OK")
		}
	}
}

// program builds liaison, as a person would run it.
func program(b *testing.B, dir string) string {
	b.Helper()
	path := filepath.Join(dir, "liaison")
	build(b, path, "github.com/jca-ml/liaison/cmd/liaison")
	return path
}

// freeAddress is an address on which nobody listens yet.
func freeAddress(b *testing.B) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
