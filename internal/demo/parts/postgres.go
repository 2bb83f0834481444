package parts

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// ErrNoPostgres means that no usable PostgreSQL programs are installed and none could be fetched; the error around it says
// what to install.
var ErrNoPostgres = errors.New("PostgreSQL (14 or newer) is not installed")

// FetchPostgresCommand is the hidden first argument under which main calls RunFetchPostgres with the arguments after it.
const FetchPostgresCommand = "internal-fetch-postgres"

const (
	oldestPostgres   = 14
	postgresUser     = "liaison"
	howToGetPostgres = "install it (Debian, Ubuntu: apt-get install --no-install-recommends postgresql) or name the folder of its " +
		"programs in LIAISON_POSTGRES_BIN"
)

// fetchVersions are the versions that embedded-postgres offers, by major version; a new cluster gets fetchMajor.
var fetchVersions = map[int]embeddedpostgres.PostgresVersion{
	14: embeddedpostgres.V14, 15: embeddedpostgres.V15, 16: embeddedpostgres.V16, 17: embeddedpostgres.V17, 18: embeddedpostgres.V18,
}

const fetchMajor = 17

// PostgresOptions say where the server keeps its data. Dir is required.
type PostgresOptions struct {
	// Dir holds all of it: postgres/ (the cluster), postgres-password, postgres.log, postgres.lock and, where they had to be
	// fetched, postgres-bin/. It is made if absent and kept. When root, an unprivileged user must be able to reach it.
	Dir string
	// Port on 127.0.0.1; 0 takes a free one.
	Port int
	// Progress is told what takes more than two seconds; nil is silent.
	Progress func(string)
	// NoSync gives up durability for speed. For tests that throw the data away.
	NoSync bool
	// NoFetch fails with ErrNoPostgres instead of downloading.
	NoFetch bool
}

// Postgres is a PostgreSQL server of our own. After Stop, Kill or an unexpected end it can be started again with Start.
type Postgres struct {
	opts     PostgresOptions
	progress progress
	bin      string
	data     string
	password string
	cred     *syscall.Credential

	mu   sync.Mutex
	port int
	proc *Process
	lock *os.File
}

// StartPostgres finds the programs (LIAISON_POSTGRES_BIN, PATH, the usual folders, else it fetches them into Dir), makes the
// cluster on the first run, stops a server that a killed run of ours left on it, starts the server and returns when it
// answers. When root it runs everything as an unprivileged user: the cluster's owner, else postgres, else nobody.
func StartPostgres(ctx context.Context, opts PostgresOptions) (*Postgres, error) {
	dir, err := filepath.Abs(opts.Dir)
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	opts.Dir = dir
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the directory for PostgreSQL: %w", err)
	}
	p := &Postgres{opts: opts, progress: opts.Progress, data: filepath.Join(dir, "postgres"), port: opts.Port}
	if err := p.acquire(); err != nil {
		return nil, err
	}
	if err := p.prepare(ctx); err != nil {
		p.release()
		return nil, err
	}
	if err := p.Start(ctx); err != nil {
		p.release()
		return nil, err
	}
	return p, nil
}

// prepare settles user, programs, password and cluster.
func (p *Postgres) prepare(ctx context.Context) error {
	var err error
	if p.cred, err = clusterUser(p.data); err != nil {
		return err
	}
	if p.cred != nil {
		if err := reachable(p.opts.Dir, p.cred); err != nil {
			return fmt.Errorf("%w; PostgreSQL refuses to run as root, so choose a data directory that other users can reach", err)
		}
	}
	major, err := clusterVersion(p.data)
	if err != nil {
		return err
	}
	if p.bin, err = p.programs(ctx, postgresFolders(p.opts.Dir), major); err != nil {
		return err
	}
	if p.password, err = p.readPassword(major != 0); err != nil {
		return err
	}
	if major == 0 {
		return p.initialise(ctx)
	}
	return p.own()
}

// Start starts the server again after Stop, Kill or an unexpected end, on the same port.
func (p *Postgres) Start(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.proc != nil {
		select {
		case <-p.proc.Done():
		default:
			return errors.New("start PostgreSQL: it is already running")
		}
	}
	if err := p.acquire(); err != nil {
		return err
	}
	if err := p.stopStale(ctx); err != nil {
		return err
	}
	for attempt := 1; ; attempt++ {
		if p.port == 0 {
			port, err := freePort()
			if err != nil {
				return err
			}
			p.port = port
		}
		err := p.launch(ctx)
		if err == nil {
			return nil
		}
		// Between our look and the server's bind somebody else may take a free port.
		if taken := strings.Contains(err.Error(), "Address already in use"); !taken || p.opts.Port != 0 || attempt == 3 {
			return err
		}
		p.port = 0
	}
}

func (p *Postgres) launch(ctx context.Context) error {
	args := []string{
		"-D", p.data,
		"-c", "port=" + strconv.Itoa(p.port),
		"-c", "listen_addresses=127.0.0.1",
		"-c", "unix_socket_directories=",
		"-c", "logging_collector=off",
		"-c", "shared_buffers=64MB",
		"-c", "max_connections=200",
	}
	if p.opts.NoSync {
		args = append(args, "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
	} else {
		args = append(args, "-c", "fsync=on")
	}
	proc, err := StartProcess(p.process(filepath.Join(p.bin, "postgres"), args...))
	if err != nil {
		return err
	}
	p.proc = proc
	done := p.progress.during("waiting for PostgreSQL to answer on 127.0.0.1:%d", p.port)
	defer done()
	err = waitUntil(ctx, 2*time.Minute, func() error {
		select {
		case <-proc.Done():
			return finalError{proc.ended()}
		default:
		}
		try, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		conn, err := pgx.Connect(try, p.URL("postgres"))
		if err != nil {
			if hasCode(err, "28P01") {
				return finalError{fmt.Errorf("the password in %s is not the one of the cluster %s: %w", p.passwordFile(), p.data, err)}
			}
			return err
		}
		return conn.Close(try)
	})
	if err != nil {
		return errors.Join(fmt.Errorf("wait for PostgreSQL: %w", err), proc.Kill())
	}
	return nil
}

// process fills in what is the same for the server, initdb and pg_ctl.
func (p *Postgres) process(path string, args ...string) ProcessOptions {
	return ProcessOptions{
		Path: path, Args: args,
		Env:        []string{"LC_ALL=C", "LANG=C", "PATH=" + os.Getenv("PATH"), "HOME=" + p.opts.Dir},
		Dir:        p.opts.Dir,
		LogFile:    filepath.Join(p.opts.Dir, "postgres.log"),
		Credential: p.cred,
		// "Fast" shutdown: open transactions are rolled back, the data is left clean.
		StopSignal:  syscall.SIGINT,
		StopTimeout: 30 * time.Second,
		// "Immediate" shutdown: the server takes its backends along; the next start recovers from the log.
		DeathSignal: syscall.SIGQUIT,
	}
}

// run runs one of PostgreSQL's programs to its end.
func (p *Postgres) run(ctx context.Context, program string, args ...string) error {
	return runToEnd(ctx, p.process(filepath.Join(p.bin, program), args...))
}

func runToEnd(ctx context.Context, opts ProcessOptions) error {
	proc, err := StartProcess(opts)
	if err != nil {
		return err
	}
	select {
	case <-proc.Done():
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("%s: %w", filepath.Base(opts.Path), ctx.Err()), proc.Kill())
	}
	if err := proc.Err(); err != nil {
		return fmt.Errorf("%s: %w; its log %s ends:\n%s", filepath.Base(opts.Path), err, opts.LogFile, proc.LogTail())
	}
	return nil
}

// URL is the address of a database for the cluster's owner, with the password: do not log it.
func (p *Postgres) URL(database string) string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(postgresUser, p.password),
		Host: loopback(p.port), Path: "/" + database, RawQuery: "sslmode=disable",
	}
	return u.String()
}

// Port is the port on 127.0.0.1.
func (p *Postgres) Port() int { return p.port }

// Pid is the server's process id.
func (p *Postgres) Pid() int { return p.current().Pid() }

// Done is closed when the running server has ended, by whatever cause; after Start ask again.
func (p *Postgres) Done() <-chan struct{} { return p.current().Done() }

// Err is how the server ended; nil while it runs.
func (p *Postgres) Err() error { return p.current().Err() }

func (p *Postgres) current() *Process {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.proc
}

// Stop shuts the server down cleanly, rolling back open transactions, and gives up the data directory.
func (p *Postgres) Stop(ctx context.Context) error {
	defer p.release()
	return p.current().Stop(ctx)
}

// Kill ends the server and all its backends with SIGKILL, as a power cut would. For tests of faults.
func (p *Postgres) Kill() error { return p.current().Kill() }

// EnsureDatabase creates the database if it does not exist.
func (p *Postgres) EnsureDatabase(ctx context.Context, name string) error {
	conn, err := pgx.Connect(ctx, p.URL("postgres"))
	if err != nil {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var exists bool
	if err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, name).Scan(&exists); err != nil {
		return fmt.Errorf("look for database %s: %w", name, err)
	}
	if exists {
		return nil
	}
	_, err = conn.Exec(ctx, `CREATE DATABASE `+pgx.Identifier{name}.Sanitize())
	// Two of us may create it at once: duplicate_database, or unique_violation inside the catalogue.
	if err != nil && !hasCode(err, "42P04") && !hasCode(err, "23505") {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	return nil
}

func hasCode(err error, code string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == code
}
