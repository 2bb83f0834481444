package parts

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
)

// missing skips on a laptop and fails on CI.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(what)
	}
	t.Skip("NOT TESTED: " + what)
}

func startPostgres(t *testing.T, dir string) *Postgres {
	t.Helper()
	p, err := StartPostgres(t.Context(), PostgresOptions{Dir: dir, NoFetch: true, Progress: func(s string) { t.Log(s) }})
	if errors.Is(err, ErrNoPostgres) && os.Getenv("CI") == "" {
		t.Skipf("NOT TESTED: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return p
}

func query[T any](t *testing.T, p *Postgres, database, sql string) T {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.URL(database))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var v T
	if err := conn.QueryRow(t.Context(), sql).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func execSQL(t *testing.T, p *Postgres, database, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.URL(database))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

func TestPostgres(t *testing.T) {
	dir := sharedDir(t)
	p := startPostgres(t, dir)

	t.Run("settings", func(t *testing.T) {
		want := map[string]string{
			"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "on", "server_encoding": "UTF8",
			"lc_collate": "C", "password_encryption": "scram-sha-256", "max_connections": "200", "shared_buffers": "64MB",
		}
		for name, value := range want {
			if name == "lc_collate" { // no setting any more from PostgreSQL 16 on
				if got := query[string](t, p, "postgres", `SELECT datcollate FROM pg_database WHERE datname = 'postgres'`); got != value {
					t.Errorf("%s = %q, want %q", name, got, value)
				}
				continue
			}
			if got := query[string](t, p, "postgres", "SHOW "+name); got != value {
				t.Errorf("%s = %q, want %q", name, got, value)
			}
		}
	})
	t.Run("the password is kept from others and needed", func(t *testing.T) {
		info, err := os.Stat(filepath.Join(dir, "postgres-password"))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v; want mode 0600", info, err)
		}
		_, err = pgx.Connect(t.Context(), strings.Replace(p.URL("postgres"), p.password, "wrong", 1))
		if !hasCode(err, "28P01") {
			t.Errorf("with a wrong password: %v", err)
		}
	})
	t.Run("does not run as root", func(t *testing.T) {
		uid, _, err := owner(filepath.Join("/proc", fmt.Sprint(p.Pid())))
		if err != nil || uid == 0 {
			t.Errorf("owner %d, %v", uid, err)
		}
	})
	t.Run("EnsureDatabase from several at once", func(t *testing.T) {
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if err := p.EnsureDatabase(t.Context(), `odd "name"`); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := query[int](t, p, "postgres", `SELECT count(*) FROM pg_database WHERE datname = 'odd "name"'`); n != 1 {
			t.Errorf("%d databases", n)
		}
	})
	t.Run("a second one on the directory is refused", func(t *testing.T) {
		_, err := StartPostgres(t.Context(), PostgresOptions{Dir: dir, NoFetch: true})
		if err == nil || !strings.Contains(err.Error(), "another liaison is running on "+dir) {
			t.Errorf("got %v", err)
		}
		if err := p.Start(t.Context()); err == nil {
			t.Error("Start of a running server was no error")
		}
	})

	execSQL(t, p, "postgres", `CREATE TABLE kept (n int)`)
	execSQL(t, p, "postgres", `INSERT INTO kept VALUES (1)`)
	port := p.Port()

	t.Run("killed with its backends and started again", func(t *testing.T) {
		// A busy backend has a session of its own and would outlive its server.
		conn, err := pgx.Connect(t.Context(), p.URL("postgres"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(t.Context())
		backend, ok := readProcess(int(conn.PgConn().PID()))
		if !ok {
			t.Fatal("no backend")
		}
		if err := p.Kill(); err != nil {
			t.Fatal(err)
		}
		if backend.alive() {
			t.Error("a backend outlived Kill")
		}
		if err := p.Err(); err == nil {
			t.Error("Err is nil after Kill")
		}
		if err := p.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := query[int](t, p, "postgres", `SELECT n FROM kept`); got != 1 || p.Port() != port {
			t.Errorf("n = %d on port %d, want 1 on %d", got, p.Port(), port)
		}
	})
	t.Run("stopped with a client connected", func(t *testing.T) {
		conn, err := pgx.Connect(t.Context(), p.URL("postgres"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(t.Context())
		if err := p.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if p.Err() != nil {
			t.Errorf("ended with %v", p.Err())
		}
	})
	t.Run("opened anew beside a server that a killed run left", func(t *testing.T) {
		// pg_ctl leaves a server that is nobody's child.
		opts := []string{"start", "-w", "-D", p.data, "-l", filepath.Join(p.data, "stale.log"), "-o",
			fmt.Sprintf("-c listen_addresses=127.0.0.1 -c unix_socket_directories= -c port=%d", port)}
		if err := p.run(t.Context(), "pg_ctl", opts...); err != nil {
			t.Fatal(err)
		}
		left, _ := processesIn(p.data, "postgres")
		if len(left) == 0 {
			t.Fatal("no server was left")
		}
		p2 := startPostgres(t, dir)
		for _, id := range left {
			if id.alive() {
				t.Errorf("process %d of the earlier server still lives", id.pid)
			}
		}
		if got := query[int](t, p2, "postgres", `SELECT n FROM kept`); got != 1 {
			t.Errorf("n = %d, want 1", got)
		}
		if err := p2.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("opened anew with a stranger's number in postmaster.pid", func(t *testing.T) {
		pidFile := filepath.Join(p.data, "postmaster.pid")
		if err := os.WriteFile(pidFile, fmt.Appendf(nil, "%d\n%s\n", os.Getpid(), p.data), 0o600); err != nil {
			t.Fatal(err)
		}
		if p.cred != nil {
			if err := os.Chown(pidFile, int(p.cred.Uid), int(p.cred.Gid)); err != nil {
				t.Fatal(err)
			}
		}
		p2 := startPostgres(t, dir)
		if got := query[int](t, p2, "postgres", `SELECT n FROM kept`); got != 1 {
			t.Errorf("n = %d, want 1", got)
		}
	})
}

func TestPostgresDiesWithItsKilledParent(t *testing.T) {
	dir := sharedDir(t)
	p := startPostgres(t, dir)
	execSQL(t, p, "postgres", `CREATE TABLE kept (n int)`)
	if err := p.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		server := killParent(t, "parent-of-postgres", dir)
		awaitGone(t, server)
	}
	// Killed again, and this time we do not wait for its end.
	killParent(t, "parent-of-postgres", dir)
	p = startPostgres(t, dir)
	if n := query[int](t, p, "postgres", `SELECT count(*) FROM kept`); n != 0 {
		t.Errorf("%d rows", n)
	}
}

func TestPostgresRefuses(t *testing.T) {
	tests := map[string]struct {
		root bool
		make func(t *testing.T, dir string)
		want string
	}{
		"a directory that is no cluster": {
			make: func(t *testing.T, dir string) { write(t, filepath.Join(dir, "postgres", "holiday.jpg"), "x") },
			want: "is no PostgreSQL cluster",
		},
		"data of another version": {
			make: func(t *testing.T, dir string) { write(t, filepath.Join(dir, "postgres", "PG_VERSION"), "99\n") },
			want: "was made by PostgreSQL 99, and of that version nothing was found",
		},
		"a cluster without its password": {
			make: func(t *testing.T, dir string) {
				found := postgresFolders(dir)
				if len(found) == 0 {
					missing(t, "PostgreSQL is not installed")
				}
				major, err := postgresVersion(t.Context(), found[0])
				if err != nil {
					t.Fatal(err)
				}
				write(t, filepath.Join(dir, "postgres", "PG_VERSION"), fmt.Sprintln(major))
			},
			want: "postgres-password is missing",
		},
		"a directory that the user cannot reach": {
			root: true,
			make: func(t *testing.T, dir string) {
				if err := os.Chmod(dir, 0o700); err != nil {
					t.Fatal(err)
				}
			},
			want: "cannot pass through the directory",
		},
		"programs that are not where they were said to be": {
			make: func(t *testing.T, _ string) { t.Setenv("LIAISON_POSTGRES_BIN", "/no/such/folder") },
			want: "where LIAISON_POSTGRES_BIN points: /no/such/folder has no postgres",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if tt.root && os.Geteuid() != 0 {
				t.Skip("only root drops to another user")
			}
			dir := sharedDir(t)
			tt.make(t, dir)
			p, err := StartPostgres(t.Context(), PostgresOptions{Dir: dir, NoFetch: true})
			if err == nil {
				_ = p.Kill()
				t.Fatal("it started")
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestPostgresPrograms(t *testing.T) {
	fake := func(version string) string {
		dir := filepath.Join(sharedDir(t), "bin")
		for _, program := range []string{"initdb", "pg_ctl", "postgres"} {
			write(t, filepath.Join(dir, program), "#!/bin/sh\necho 'postgres (PostgreSQL) "+version+"'\n")
			if err := os.Chmod(filepath.Join(dir, program), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	v13, v14, v16, v18 := fake("13.2"), fake("14.0"), fake("16.4 (Debian 16.4-1)"), fake("18beta1")
	tests := map[string]struct {
		folders []string
		major   int
		want    string
		wantErr string
	}{
		"the first that is new enough":       {folders: []string{v13, v16, v14}, want: v16},
		"a beta":                             {folders: []string{v18}, want: v18},
		"the one that made the data":         {folders: []string{v18, v16, v14}, major: 14, want: v14},
		"none that made the data":            {folders: []string{v18, v16}, major: 15, wantErr: "was made by PostgreSQL 15"},
		"only older ones":                    {folders: []string{v13}, wantErr: "apt-get install --no-install-recommends postgresql"},
		"nothing installed":                  {wantErr: "apt-get install --no-install-recommends postgresql"},
		"a folder without the programs":      {folders: []string{t.TempDir()}, wantErr: "has no postgres"},
		"nothing installed and data present": {major: 15, wantErr: "apt-get install"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := &Postgres{opts: PostgresOptions{Dir: t.TempDir(), NoFetch: true}}
			got, err := p.programs(t.Context(), tt.folders, tt.major)
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if tt.wantErr == "" && err != nil || tt.wantErr != "" && (err == nil || !strings.Contains(err.Error(), tt.wantErr)) {
				t.Errorf("got error %v, want %q", err, tt.wantErr)
			}
		})
	}
}

func TestVersionsSortByNumber(t *testing.T) {
	if versionIn("/usr/lib/postgresql/9.6/bin") >= versionIn("/usr/lib/postgresql/15/bin") || versionIn("/usr/local/pgsql/bin") != 0 {
		t.Error("9.6 is not older than 15")
	}
}

// TestFetchPostgres fetches from a repository on 127.0.0.1 whose PostgreSQL is a set of scripts that call the installed one.
func TestFetchPostgres(t *testing.T) {
	installed := postgresFolders(t.TempDir())
	if len(installed) == 0 {
		missing(t, "PostgreSQL is not installed")
	}
	xz, err := exec.LookPath("xz")
	if err != nil {
		missing(t, "xz is not installed")
	}
	major, err := postgresVersion(t.Context(), installed[0])
	if err != nil {
		t.Fatal(err)
	}
	jar := scriptJar(t, xz, installed[0])
	sum := sha256.Sum256(jar)
	var asked atomic.Int32
	var broken atomic.Bool
	mirror := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		switch {
		case broken.Load():
			http.NotFound(w, r)
		case strings.HasSuffix(r.URL.Path, ".sha256"):
			fmt.Fprint(w, hex.EncodeToString(sum[:]))
		default:
			w.Write(jar)
		}
	}))
	defer mirror.Close()
	t.Setenv("LIAISON_POSTGRES_MIRROR", mirror.URL)

	dir := sharedDir(t)
	p := &Postgres{opts: PostgresOptions{Dir: dir}, data: filepath.Join(dir, "postgres")}
	if p.cred, err = clusterUser(p.data); err != nil {
		t.Fatal(err)
	}
	said := make(chan string, 100)
	p.progress = func(s string) { said <- s }

	broken.Store(true)
	_, err = p.programs(t.Context(), nil, major)
	if !errors.Is(err, ErrNoPostgres) || !strings.Contains(err.Error(), "apt-get install --no-install-recommends postgresql") {
		t.Errorf("from a broken repository: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "postgres-*")); len(left) != 0 {
		t.Errorf("left over: %v", left)
	}

	broken.Store(false)
	bin, err := p.programs(t.Context(), nil, major)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(dir, "postgres-bin", "bin"); bin != want {
		t.Errorf("got %s, want %s", bin, want)
	}
	if first := <-said; !strings.Contains(first, "fetching version") {
		t.Errorf("said %q", first)
	}
	if n := asked.Load(); n != 3 { // in vain, the jar, its checksum
		t.Errorf("asked %d times", n)
	}
	t.Setenv("LIAISON_POSTGRES_BIN", bin)
	fetched := startPostgres(t, dir)
	if got := query[int](t, fetched, "postgres", `SELECT 1`); got != 1 {
		t.Errorf("SELECT 1 = %d", got)
	}
}

// scriptJar is a jar as embedded-postgres expects it: a zip around a tar.xz with bin/.
func scriptJar(t *testing.T, xz, bin string) []byte {
	t.Helper()
	var archive bytes.Buffer
	tw := tar.NewWriter(&archive)
	for _, program := range []string{"initdb", "pg_ctl", "postgres"} {
		script := fmt.Sprintf("#!/bin/sh\nexec %s \"$@\"\n", filepath.Join(bin, program))
		if err := tw.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "bin/" + program, Mode: 0o755, Size: int64(len(script))}); err != nil {
			t.Fatal(err)
		}
		if _, err := tw.Write([]byte(script)); err != nil {
			t.Fatal(err)
		}
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(xz, "--stdout")
	cmd.Stdin = &archive
	packed, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var jar bytes.Buffer
	zw := zip.NewWriter(&jar)
	f, err := zw.Create("postgres.txz")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(packed); err != nil {
		t.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	return jar.Bytes()
}

func TestRunFetchPostgresChecksItsArguments(t *testing.T) {
	for name, args := range map[string][]string{"none": nil, "one": {"x"}, "no number": {"x", "y"}, "unknown version": {"x", "9"}} {
		t.Run(name, func(t *testing.T) {
			if err := RunFetchPostgres(args); err == nil {
				t.Error("no error")
			}
		})
	}
}

func TestProgressSpeaksOnlyOfWhatTakesLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var said []string
		p := progress(func(s string) {
			mu.Lock()
			defer mu.Unlock()
			said = append(said, s)
		})
		begin := time.Now()
		wait := func(d time.Duration) { <-time.After(d) } // in the bubble's time
		done := p.during("short")
		wait(time.Second)
		done()
		done = p.during("long")
		wait(13 * time.Second)
		done()
		if diff := cmp.Diff([]string{"long (2 s so far)", "long (12 s so far)"}, said); diff != "" {
			t.Error(diff)
		}
		if took := time.Since(begin); took != 14*time.Second {
			t.Errorf("took %s", took)
		}
	})
}
