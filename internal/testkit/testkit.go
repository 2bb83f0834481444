// Package testkit gives tests the real parts: a PostgreSQL with a database of their own, and a Temporal server. Only tests
// import it, and it imports nothing of ours but internal/demo/parts, so that every package's tests may use it.
//
//	func TestMain(m *testing.M) { testkit.Main(m) }
//
//	func TestSomething(t *testing.T) {
//		pool := testkit.Database(t, store.Migrate)
//		address, namespace := testkit.Temporal(t)
//	}
//
// Each server is started once per test binary, by the first test that asks, and stopped by Main. A server that is not
// installed makes the test skip on a laptop and fail where CI is set in the environment; one that is installed and does not
// start makes it fail everywhere.
package testkit

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/jca-ml/liaison/internal/demo/parts"
)

// startBound is how long starting or stopping one server may take.
const startBound = 3 * time.Minute

// dirPrefix begins the name of every temporary directory of ours.
const dirPrefix = "liaison-testkit-"

var kit struct {
	main atomic.Bool // Main is running, so that what is started will be stopped

	postgres once[*postgresServer]
	temporal once[*parts.Temporal]

	mu        sync.Mutex
	stop      []func(context.Context) error // in the order of starting
	templates map[uintptr]*once[string]
	serial    int
}

// once is a value made at most once, with its error.
type once[T any] struct {
	sync.Once
	value T
	err   error
}

func (o *once[T]) get(f func() (T, error)) (T, error) {
	o.Do(func() { o.value, o.err = f() })
	return o.value, o.err
}

// Main runs the tests, stops what they started and exits. Every test binary that uses this package calls it from TestMain.
func Main(m *testing.M) {
	kit.main.Store(true)
	code := m.Run()
	if err := stopAll(); err != nil {
		fmt.Fprintln(os.Stderr, "testkit:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

func stopAll() error {
	kit.mu.Lock()
	defer kit.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), startBound)
	defer cancel()
	var errs []error
	for i := len(kit.stop) - 1; i >= 0; i-- {
		errs = append(errs, kit.stop[i](ctx))
	}
	kit.stop = nil
	return errors.Join(errs...)
}

func atEnd(f func(context.Context) error) {
	kit.mu.Lock()
	defer kit.mu.Unlock()
	kit.stop = append(kit.stop, f)
}

func needMain(t testing.TB) {
	t.Helper()
	if !kit.main.Load() {
		t.Fatal("testkit: this package needs func TestMain(m *testing.M) { testkit.Main(m) }, or its servers would outlive the tests")
	}
}

// orSkip ends the test because of err: it skips when the part is not installed and we are not on CI, else it fails.
func orSkip(t testing.TB, err error) {
	t.Helper()
	if (errors.Is(err, parts.ErrNoPostgres) || errors.Is(err, parts.ErrNoTemporal)) && os.Getenv("CI") == "" {
		t.Skipf("NOT TESTED, a part is missing: %v", err)
	}
	t.Fatal(err)
}

// ---- PostgreSQL

type postgresServer struct {
	base *url.URL
}

func (s *postgresServer) url(database string) string {
	u := *s.base
	u.Path = "/" + database
	return u.String()
}

func (s *postgresServer) exec(ctx context.Context, sql string) error {
	conn, err := pgx.Connect(ctx, s.base.String())
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, err = conn.Exec(ctx, sql)
	return err
}

// Postgres is the URL of a server on which the test may do as it likes with databases that it creates. It is the one named
// in LIAISON_TEST_POSTGRES, whose user must be allowed to create databases, else a throwaway cluster without fsync, shared
// by the tests of this binary.
func Postgres(t testing.TB) string {
	t.Helper()
	return postgres(t).base.String()
}

func postgres(t testing.TB) *postgresServer {
	t.Helper()
	needMain(t)
	s, err := kit.postgres.get(func() (*postgresServer, error) {
		if given := os.Getenv("LIAISON_TEST_POSTGRES"); given != "" {
			return parseServer(given)
		}
		dir, err := tempDir()
		if err != nil {
			return nil, err
		}
		ctx, cancel := context.WithTimeout(context.Background(), startBound)
		defer cancel()
		pg, err := parts.StartPostgres(ctx, parts.PostgresOptions{Dir: dir, NoSync: true, NoFetch: true})
		if err != nil {
			return nil, errors.Join(err, os.RemoveAll(dir))
		}
		atEnd(func(ctx context.Context) error { return errors.Join(pg.Stop(ctx), os.RemoveAll(dir)) })
		return parseServer(pg.URL("postgres"))
	})
	if err != nil {
		orSkip(t, err)
	}
	return s
}

func parseServer(s string) (*postgresServer, error) {
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return nil, errors.New("LIAISON_TEST_POSTGRES is no URL of the form postgres://user:password@host:port/database")
	}
	return &postgresServer{base: u}, nil
}

// Database is a pool on a database of the test's own, migrated, dropped when the test ends. migrate runs once per test
// binary, on a template from which the databases are cloned; it is told apart by its code, so pass a named function rather
// than closures over different values. nil gives an empty database.
func Database(t testing.TB, migrate func(ctx context.Context, url string) error) *pgxpool.Pool {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), startBound)
	defer cancel()
	cfg, err := pgxpool.ParseConfig(DatabaseURL(t, migrate))
	if err != nil {
		t.Fatal(err)
	}
	cfg.ConnConfig.RuntimeParams["jit"] = "off" // as the program has it
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // before the database is dropped
		closed := make(chan struct{})
		go func() { defer close(closed); pool.Close() }()
		bound := time.NewTimer(10 * time.Second)
		defer bound.Stop()
		select {
		case <-closed:
		case <-bound.C:
			t.Errorf("testkit: the test did not give back %d connections of its pool", pool.Stat().AcquiredConns())
		}
	})
	return pool
}

// DatabaseURL is Database for code that makes its own connections.
func DatabaseURL(t testing.TB, migrate func(ctx context.Context, url string) error) string {
	t.Helper()
	s := postgres(t)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), startBound)
	defer cancel()

	template := "template1"
	if migrate != nil {
		var err error
		if template, err = templateFor(migrate).get(func() (string, error) { return makeTemplate(ctx, s, migrate) }); err != nil {
			t.Fatal(err)
		}
	}
	name := newName()
	if err := s.exec(ctx, "CREATE DATABASE "+quote(name)+" TEMPLATE "+quote(template)); err != nil {
		t.Fatalf("testkit: create a database for the test: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), startBound)
		defer cancel()
		if err := s.drop(ctx, name); err != nil {
			t.Errorf("testkit: drop the test's database: %v", err)
		}
	})
	return s.url(name)
}

func (s *postgresServer) drop(ctx context.Context, name string) error {
	return s.exec(ctx, "DROP DATABASE IF EXISTS "+quote(name)+" WITH (FORCE)")
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

func templateFor(migrate func(context.Context, string) error) *once[string] {
	kit.mu.Lock()
	defer kit.mu.Unlock()
	key := reflect.ValueOf(migrate).Pointer()
	if kit.templates == nil {
		kit.templates = map[uintptr]*once[string]{}
	}
	if kit.templates[key] == nil {
		kit.templates[key] = new(once[string])
	}
	return kit.templates[key]
}

func makeTemplate(ctx context.Context, s *postgresServer, migrate func(context.Context, string) error) (string, error) {
	name := newName()
	if err := s.exec(ctx, "CREATE DATABASE "+quote(name)); err != nil {
		return "", fmt.Errorf("testkit: create the template database: %w", err)
	}
	// On a server that is not ours it would stay.
	atEnd(func(ctx context.Context) error { return s.drop(ctx, name) })
	if err := migrate(ctx, s.url(name)); err != nil {
		return "", fmt.Errorf("testkit: migrate the template database: %w", err)
	}
	// No database can be cloned while somebody is connected to it.
	if err := s.exec(ctx, "ALTER DATABASE "+quote(name)+" ALLOW_CONNECTIONS false"); err != nil {
		return "", fmt.Errorf("testkit: close the template database: %w", err)
	}
	return name, nil
}

// runName tells this test binary's databases from those of others on the same server.
var runName = sync.OnceValue(func() string { return strings.ToLower(rand.Text()[:10]) })

// newName is a database name that nobody else uses.
func newName() string {
	kit.mu.Lock()
	defer kit.mu.Unlock()
	kit.serial++
	return fmt.Sprintf("liaison_test_%s_%d", runName(), kit.serial)
}

// ---- Temporal

// Temporal is the address and the namespace of a Temporal server without memory, shared by the tests of this binary: name
// task queues and workflows after the test.
func Temporal(t testing.TB) (address, namespace string) {
	t.Helper()
	needMain(t)
	s, err := kit.temporal.get(func() (*parts.Temporal, error) {
		dir, err := tempDir()
		if err != nil {
			return nil, err
		}
		ctx, cancel := context.WithTimeout(context.Background(), startBound)
		defer cancel()
		s, err := parts.StartTemporal(ctx, parts.TemporalOptions{Dir: dir, InMemory: true})
		if err != nil {
			return nil, errors.Join(err, os.RemoveAll(dir))
		}
		atEnd(func(ctx context.Context) error { return errors.Join(s.Stop(ctx), os.RemoveAll(dir)) })
		return s, nil
	})
	if err != nil {
		orSkip(t, err)
	}
	return s.Address(), s.Namespace()
}

// ---- waiting and directories

// Eventually asks cond at once and then every 10 ms until it returns nil; after the timeout the test ends with cond's last
// error.
func Eventually(t testing.TB, timeout time.Duration, cond func() error) {
	t.Helper()
	end := time.NewTimer(timeout)
	defer end.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := cond()
		if err == nil {
			return
		}
		select {
		case <-end.C:
			t.Fatalf("not within %s: %v", timeout, err)
		case <-tick.C:
		}
	}
}

// Dir is a temporary directory for parts.StartPostgres: unlike t.TempDir, an unprivileged user can reach it. It is removed
// when the test ends.
func Dir(t testing.TB) string {
	t.Helper()
	dir, err := tempDir()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("testkit: %v", err)
		}
	})
	return dir
}

var removeLeftOnce sync.Once

func tempDir() (string, error) {
	removeLeftOnce.Do(removeLeft)
	dir, err := os.MkdirTemp("", dirPrefix+"*")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o711)
}

// removeLeft removes the clusters of test binaries that were killed before they could. A living one holds its lock, which it
// takes within seconds of making its directory.
func removeLeft() {
	left, _ := filepath.Glob(filepath.Join(os.TempDir(), dirPrefix+"*")) // the pattern is well formed
	for _, dir := range left {
		info, err := os.Stat(dir)
		if err != nil || time.Since(info.ModTime()) < time.Hour {
			continue
		}
		f, err := os.Open(filepath.Join(dir, "postgres.lock"))
		if err != nil {
			continue // not a cluster, or not ours to open
		}
		if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			_ = os.RemoveAll(dir)
		}
		f.Close()
	}
}
