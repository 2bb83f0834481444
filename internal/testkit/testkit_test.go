package testkit_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.temporal.io/sdk/client"

	"github.com/jca-ml/liaison/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

var migrations atomic.Int32

func migrate(ctx context.Context, url string) error {
	migrations.Add(1)
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, `CREATE TABLE thing (n int)`)
	return err
}

func TestDatabaseIsTheTestsOwn(t *testing.T) {
	var mu sync.Mutex
	names := map[string]bool{}
	t.Run("tests", func(t *testing.T) {
		for i := range 6 {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				pool := testkit.Database(t, migrate)
				if _, err := pool.Exec(t.Context(), `INSERT INTO thing VALUES ($1)`, i); err != nil {
					t.Fatal(err)
				}
				var name string
				var n int
				if err := pool.QueryRow(t.Context(), `SELECT current_database(), sum(n) FROM thing`).Scan(&name, &n); err != nil {
					t.Fatal(err)
				}
				if n != i {
					t.Errorf("sum = %d, want %d: another test wrote here", n, i)
				}
				mu.Lock()
				defer mu.Unlock()
				names[name] = true
			})
		}
	})
	if n := migrations.Load(); n != 1 {
		t.Errorf("migrated %d times, want once", n)
	}
	if len(names) != 6 {
		t.Errorf("%d databases, want 6", len(names))
	}
	pool := testkit.Database(t, nil)
	for name := range names {
		var exists bool
		if err := pool.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, name).Scan(&exists); err != nil {
			t.Fatal(err)
		}
		if exists {
			t.Errorf("%s was not dropped", name)
		}
	}
}

func TestDatabaseURLIsDroppedUnderAnOpenConnection(t *testing.T) {
	var conn *pgx.Conn
	t.Run("inner", func(t *testing.T) {
		var err error
		if conn, err = pgx.Connect(t.Context(), testkit.DatabaseURL(t, migrate)); err != nil {
			t.Fatal(err)
		}
	})
	if conn == nil {
		t.Skip("no PostgreSQL")
	}
	if err := conn.Ping(t.Context()); err == nil {
		t.Error("the connection still works")
	}
}

func TestPostgresIsOneServer(t *testing.T) {
	if a, b := testkit.Postgres(t), testkit.Postgres(t); a != b {
		t.Error("two servers")
	}
	pool, err := pgxpool.New(t.Context(), testkit.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if err := pool.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestTemporal(t *testing.T) {
	address, namespace := testkit.Temporal(t)
	c, err := client.Dial(client.Options{HostPort: address, Namespace: namespace})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: t.Name()}, "nothing"); err != nil {
		t.Error(err)
	}
}

func TestEventually(t *testing.T) {
	n := 0
	testkit.Eventually(t, time.Minute, func() error {
		if n++; n < 3 {
			return errors.New("not yet")
		}
		return nil
	})
	if n != 3 {
		t.Errorf("asked %d times, want 3", n)
	}

	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() { // Fatalf ends the goroutine
		defer close(done)
		testkit.Eventually(r, 30*time.Millisecond, func() error { return errors.New("never") })
	}()
	<-done
	if !strings.Contains(r.said, "never") {
		t.Errorf("said %q, want the last error", r.said)
	}
}

// recorder is a test that fails quietly.
type recorder struct {
	testing.TB
	said string
}

func (r *recorder) Helper() {}

func (r *recorder) Fatalf(format string, args ...any) {
	r.said = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// TestMissingParts runs this test binary again without PostgreSQL: it skips on a laptop and fails on CI.
func TestMissingParts(t *testing.T) {
	for name, tt := range map[string]struct{ ci, want string }{
		"on a laptop": {"", "NOT TESTED, a part is missing"},
		"on CI":       {"1", "FAIL: TestPostgresIsOneServer"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.v", "-test.run=^TestPostgresIsOneServer$")
			cmd.Env = append(os.Environ(), "CI="+tt.ci, "LIAISON_TEST_POSTGRES=", "LIAISON_POSTGRES_BIN=/no/such/folder")
			out, err := cmd.CombinedOutput()
			if (err != nil) != (tt.ci != "") || !strings.Contains(string(out), tt.want) {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
