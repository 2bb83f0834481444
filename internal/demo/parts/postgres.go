package parts

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"
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

// ---- the data directory

// acquire takes the directory for us alone. The kernel gives the lock back when we die.
func (p *Postgres) acquire() error {
	if p.lock != nil {
		return nil
	}
	name := filepath.Join(p.opts.Dir, "postgres.lock")
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("lock the data directory: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return fmt.Errorf("another liaison is running on %s: stop it or choose another data directory", p.opts.Dir)
		}
		return fmt.Errorf("lock %s: %w", name, err)
	}
	p.lock = f
	return nil
}

func (p *Postgres) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lock != nil {
		p.lock.Close()
		p.lock = nil
	}
}

// stopStale stops a server that an earlier run of ours, killed before it could, left on our cluster. We hold the
// directory's lock, so nobody is using that server.
func (p *Postgres) stopStale(ctx context.Context) error {
	pidFile := filepath.Join(p.data, "postmaster.pid")
	b, err := os.ReadFile(pidFile)
	if errors.Is(err, fs.ErrNotExist) {
		return p.awaitBackends(ctx)
	}
	if err != nil {
		return fmt.Errorf("look for an earlier PostgreSQL: %w", err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(strings.SplitN(string(b), "\n", 2)[0]))
	if err != nil || pid <= 0 {
		return fmt.Errorf("%s does not begin with a process id: remove it if no PostgreSQL runs on %s", pidFile, p.data)
	}
	living, known := processesIn(p.data, "postgres")
	if !known {
		// Not Linux: PostgreSQL's own check decides, and pg_ctl asks only the process that holds the file.
		if syscall.Kill(pid, 0) != nil {
			return nil
		}
		living = []processID{{pid: pid}}
	}
	at := slices.IndexFunc(living, func(id processID) bool { return id.pid == pid })
	if at < 0 {
		if err := p.awaitBackends(ctx); err != nil {
			return err
		}
		// The number in the file may belong to a stranger by now, and PostgreSQL would then refuse to start.
		if err := os.Remove(pidFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove the file of an earlier PostgreSQL: %w", err)
		}
		return nil
	}
	p.progress.say("stopping the PostgreSQL that an earlier run left running (process %d)", pid)
	if err := p.run(ctx, "pg_ctl", "stop", "-D", p.data, "-m", "immediate", "-w", "-t", "30"); err != nil {
		// A server whose parent was killed a moment ago ends by itself, perhaps before pg_ctl finds it.
		ended := waitUntil(ctx, 5*time.Second, func() error {
			if living[at].alive() {
				return err
			}
			return nil
		})
		if ended != nil {
			return fmt.Errorf("stop the PostgreSQL of an earlier run (process %d): %w", pid, ended)
		}
	}
	return p.awaitBackends(ctx)
}

// awaitBackends waits for the backends of a killed server to notice and end; until then a new one must not start.
func (p *Postgres) awaitBackends(ctx context.Context) error {
	defer p.progress.during("waiting for the last processes of an earlier PostgreSQL to end")()
	return waitUntil(ctx, 30*time.Second, func() error {
		if left, _ := processesIn(p.data, "postgres"); len(left) > 0 {
			return fmt.Errorf("%d processes of an earlier PostgreSQL still run on %s: stop them (first: %d)", len(left), p.data, left[0].pid)
		}
		return nil
	})
}

func (p *Postgres) passwordFile() string { return filepath.Join(p.opts.Dir, "postgres-password") }

func (p *Postgres) readPassword(clusterExists bool) (string, error) {
	b, err := os.ReadFile(p.passwordFile())
	if pw := strings.TrimSpace(string(b)); err == nil && pw != "" {
		return pw, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read the password of PostgreSQL: %w", err)
	}
	if clusterExists {
		return "", fmt.Errorf("%s is missing, so the cluster %s cannot be opened: restore it, or move the cluster away to begin anew",
			p.passwordFile(), p.data)
	}
	pw := rand.Text()
	if err := os.WriteFile(p.passwordFile(), []byte(pw+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("keep the password of PostgreSQL: %w", err)
	}
	return pw, nil
}

// initialise makes the cluster under another name and renames it when complete, so that an interrupted run leaves nothing
// that looks like a cluster.
func (p *Postgres) initialise(ctx context.Context) error {
	fresh, pwFile := p.data+".new", p.data+".new-password"
	if err := os.RemoveAll(fresh); err != nil {
		return fmt.Errorf("remove an unfinished cluster: %w", err)
	}
	if err := os.Mkdir(fresh, 0o700); err != nil {
		return fmt.Errorf("make the cluster's directory: %w", err)
	}
	defer os.Remove(pwFile)
	if err := os.WriteFile(pwFile, []byte(p.password+"\n"), 0o600); err != nil {
		return fmt.Errorf("hand the password to initdb: %w", err)
	}
	if p.cred != nil {
		for _, name := range []string{fresh, pwFile} {
			if err := os.Chown(name, int(p.cred.Uid), int(p.cred.Gid)); err != nil {
				return fmt.Errorf("give %s to user %d: %w", name, p.cred.Uid, err)
			}
		}
	}
	args := []string{"-D", fresh, "-U", postgresUser, "--pwfile=" + pwFile, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"}
	if p.opts.NoSync {
		args = append(args, "--no-sync")
	}
	done := p.progress.during("making a new PostgreSQL cluster in %s", p.data)
	err := p.run(ctx, "initdb", args...)
	done()
	if err != nil {
		return fmt.Errorf("make the cluster %s: %w", p.data, errors.Join(err, os.RemoveAll(fresh)))
	}
	if err := os.Rename(fresh, p.data); err != nil {
		return fmt.Errorf("put the new cluster in place: %w", err)
	}
	return nil
}

// own gives a cluster that belongs to root to the user who will run the server.
func (p *Postgres) own() error {
	if p.cred == nil {
		return nil
	}
	if uid, _, err := owner(p.data); err != nil || uid == p.cred.Uid {
		return err
	}
	return filepath.WalkDir(p.data, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, int(p.cred.Uid), int(p.cred.Gid))
	})
}

// clusterVersion is the major version of the cluster, 0 if there is none.
func clusterVersion(data string) (int, error) {
	b, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		if entries, err := os.ReadDir(data); err == nil && len(entries) > 0 {
			return 0, fmt.Errorf("%s is not empty and is no PostgreSQL cluster: move it away or choose another data directory", data)
		}
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the cluster's version: %w", err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return 0, fmt.Errorf("%s holds %q, which is no version of PostgreSQL", filepath.Join(data, "PG_VERSION"), b)
	}
	return major, nil
}

// clusterUser is whom to run the server as: nil means ourselves.
func clusterUser(data string) (*syscall.Credential, error) {
	uid, gid, err := owner(data)
	exists := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("look at the cluster %s: %w", data, err)
	}
	if me := os.Geteuid(); me != 0 {
		if exists && int(uid) != me {
			return nil, fmt.Errorf("the cluster %s belongs to user %d and we are user %d: run as that user or as root, or choose another data directory",
				data, uid, me)
		}
		return nil, nil
	}
	if exists && uid != 0 {
		return &syscall.Credential{Uid: uid, Gid: gid}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil && uid != 0 {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}
	return nil, errors.New("PostgreSQL refuses to run as root and there is neither a user postgres nor nobody: create one, or run as an ordinary user")
}

func owner(name string) (uid, gid uint32, err error) {
	info, err := os.Stat(name)
	if err != nil {
		return 0, 0, err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, fmt.Errorf("%s: the owner is not known", name)
	}
	return st.Uid, st.Gid, nil
}

// reachable checks that the user may pass through dir and every directory above it.
func reachable(dir string, cred *syscall.Credential) error {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return err
	}
	var all []string
	for d := real; ; d = filepath.Dir(d) {
		all = append(all, d)
		if d == filepath.Dir(d) {
			break
		}
	}
	slices.Reverse(all)
	for _, d := range all {
		info, err := os.Stat(d)
		if err != nil {
			return err
		}
		uid, gid, err := owner(d)
		if err != nil {
			return err
		}
		need := fs.FileMode(0o001)
		switch {
		case uid == cred.Uid:
			need = 0o100
		case gid == cred.Gid:
			need = 0o010
		}
		if info.Mode().Perm()&need == 0 {
			return fmt.Errorf("user %d cannot pass through the directory %s (mode %#o)", cred.Uid, d, info.Mode().Perm())
		}
	}
	return nil
}

// ---- the programs

// programs finds among folders one with the programs for a cluster of this major version (0: any from 14 on), fetching them if none
// are installed.
func (p *Postgres) programs(ctx context.Context, folders []string, major int) (string, error) {
	var unfit []string
	for _, dir := range folders {
		version, err := postgresVersion(ctx, dir)
		switch {
		case err != nil:
			unfit = append(unfit, err.Error())
		case version < oldestPostgres:
			unfit = append(unfit, fmt.Sprintf("%s is version %d", dir, version))
		case major != 0 && version != major:
			unfit = append(unfit, fmt.Sprintf("%s is version %d", dir, version))
		default:
			if p.cred != nil {
				if err := reachable(dir, p.cred); err != nil {
					unfit = append(unfit, err.Error())
					continue
				}
			}
			return dir, nil
		}
	}
	if os.Getenv("LIAISON_POSTGRES_BIN") != "" {
		return "", fmt.Errorf("%w where LIAISON_POSTGRES_BIN points: %s", ErrNoPostgres, strings.Join(unfit, "; "))
	}
	if major != 0 && len(unfit) > 0 {
		return "", fmt.Errorf("the data in %s was made by PostgreSQL %d, and of that version nothing was found (%s): install it, name its folder "+
			"in LIAISON_POSTGRES_BIN, or move the data away to begin anew", p.data, major, strings.Join(unfit, "; "))
	}
	found := ""
	if len(unfit) > 0 {
		found = " (" + strings.Join(unfit, "; ") + ")"
	}
	if p.opts.NoFetch {
		return "", fmt.Errorf("%w%s: %s", ErrNoPostgres, found, howToGetPostgres)
	}
	dir, err := p.fetch(ctx, major)
	if err != nil {
		return "", fmt.Errorf("%w%s and could not be fetched: %w; %s", ErrNoPostgres, found, err, howToGetPostgres)
	}
	return dir, nil
}

// postgresFolders are the folders that may hold PostgreSQL's programs, in the order in which they are tried.
func postgresFolders(dataDir string) []string {
	if dir := os.Getenv("LIAISON_POSTGRES_BIN"); dir != "" {
		return []string{dir}
	}
	var dirs []string
	add := func(dir string) {
		if info, err := os.Stat(filepath.Join(dir, "postgres")); err == nil && !info.IsDir() && !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	// A link on PATH leads to one program; the others lie beside what it points to.
	for _, program := range []string{"postgres", "pg_ctl", "initdb", "psql"} {
		if path, err := exec.LookPath(program); err == nil {
			if real, err := filepath.EvalSymlinks(path); err == nil {
				add(filepath.Dir(real))
			}
		}
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin", "/usr/libexec/postgresql*",
		"/opt/homebrew/opt/postgresql*/bin", "/usr/local/opt/postgresql*/bin", "/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
	} {
		found, _ := filepath.Glob(pattern) // the patterns are constants and well formed
		slices.SortFunc(found, func(a, b string) int { return versionIn(b) - versionIn(a) })
		for _, dir := range found {
			add(dir)
		}
	}
	add(filepath.Join(dataDir, "postgres-bin", "bin"))
	return dirs
}

var number = regexp.MustCompile(`\d+`)

// versionIn is the first number in a path, 0 without one.
func versionIn(path string) int {
	n, err := strconv.Atoi(number.FindString(path))
	if err != nil {
		return 0
	}
	return n
}

// postgresVersion asks the programs in dir for their major version, and checks that those we need are all there.
func postgresVersion(ctx context.Context, dir string) (int, error) {
	for _, program := range []string{"postgres", "initdb", "pg_ctl"} {
		if _, err := os.Stat(filepath.Join(dir, program)); err != nil {
			return 0, fmt.Errorf("%s has no %s", dir, program)
		}
	}
	out, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return 0, fmt.Errorf("%s/postgres --version: %w", dir, err)
	}
	// "postgres (PostgreSQL) 15.10 (Debian 15.10-0+deb12u1)"
	_, version, _ := strings.Cut(string(out), "(PostgreSQL)")
	major := versionIn(version)
	if major == 0 {
		return 0, fmt.Errorf("%s/postgres --version says %q", dir, strings.TrimSpace(string(out)))
	}
	return major, nil
}

// fetch downloads PostgreSQL's programs into DIR/postgres-bin. When root, a second run of our own program does it as the
// unprivileged user, because the library also runs what it downloaded.
func (p *Postgres) fetch(ctx context.Context, major int) (string, error) {
	if major == 0 {
		major = fetchMajor
	}
	if _, ok := fetchVersions[major]; !ok {
		return "", fmt.Errorf("version %d is not offered for download", major)
	}
	p.progress.say("PostgreSQL is not installed; fetching version %d (about 10 MB to 30 MB, once)", major)
	defer p.progress.during("still fetching PostgreSQL")()
	work := filepath.Join(p.opts.Dir, "postgres-fetch")
	if err := os.RemoveAll(work); err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	if err := os.Mkdir(work, 0o755); err != nil {
		return "", err
	}
	args := []string{work, strconv.Itoa(major)}
	if p.cred == nil {
		// The library knows no context: when ours ends, we leave it behind in a folder that is removed at the next start.
		fetched := make(chan error, 1)
		go func() { fetched <- RunFetchPostgres(args) }()
		select {
		case err := <-fetched:
			if err != nil {
				return "", err
			}
		case <-ctx.Done():
			return "", ctx.Err()
		}
	} else {
		if err := os.Chown(work, int(p.cred.Uid), int(p.cred.Gid)); err != nil {
			return "", err
		}
		self, err := ourselves()
		if err != nil {
			return "", err
		}
		opts := p.process(self, append([]string{FetchPostgresCommand}, args...)...)
		opts.Dir, opts.DeathSignal = work, syscall.SIGKILL
		opts.Env = append(fetchEnv(), "HOME="+work, "TMPDIR="+work)
		if err := runToEnd(ctx, opts); err != nil {
			return "", err
		}
	}
	final := filepath.Join(p.opts.Dir, "postgres-bin")
	if err := os.RemoveAll(final); err != nil {
		return "", err
	}
	if err := os.Rename(filepath.Join(work, "pg"), final); err != nil {
		return "", err
	}
	dir := filepath.Join(final, "bin")
	if _, err := postgresVersion(ctx, dir); err != nil {
		return "", err
	}
	return dir, nil
}

// fetchEnv is what a download may need of our environment; secrets stay here.
func fetchEnv() []string {
	env := []string{"LC_ALL=C"}
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		switch strings.ToUpper(name) {
		case "PATH", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "LIAISON_POSTGRES_MIRROR":
			env = append(env, kv)
		}
	}
	return env
}

// RunFetchPostgres is the body of the hidden command FetchPostgresCommand: args are the working directory, where the
// programs are left in pg/, and the major version. It refuses to run as root, because the library ends a fetch by running
// initdb and the server once. LIAISON_POSTGRES_MIRROR names another Maven repository to download from.
func RunFetchPostgres(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("%s takes a directory and a version", FetchPostgresCommand)
	}
	if os.Geteuid() == 0 {
		return fmt.Errorf("%s does not run as root", FetchPostgresCommand)
	}
	work := args[0]
	major, err := strconv.Atoi(args[1])
	if err != nil {
		return fmt.Errorf("%s: version %q: %w", FetchPostgresCommand, args[1], err)
	}
	version, ok := fetchVersions[major]
	if !ok {
		return fmt.Errorf("%s: version %d is not offered", FetchPostgresCommand, major)
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(work, "fetch.log"))
	if err != nil {
		return err
	}
	defer log.Close()
	config := embeddedpostgres.DefaultConfig().
		Version(version).
		Port(uint32(port)).
		Password(rand.Text()).
		CachePath(filepath.Join(work, "cache")).
		BinariesPath(filepath.Join(work, "pg")).
		RuntimePath(filepath.Join(work, "run")).
		DataPath(filepath.Join(work, "run", "data")).
		Locale("C").Encoding("UTF8").
		StartParameters(map[string]string{"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "shared_buffers": "16MB"}).
		Logger(log)
	if mirror := os.Getenv("LIAISON_POSTGRES_MIRROR"); mirror != "" {
		config = config.BinaryRepositoryURL(strings.TrimSuffix(mirror, "/"))
	}
	pg := embeddedpostgres.NewDatabase(config)
	if err := pg.Start(); err != nil {
		return fmt.Errorf("fetch PostgreSQL %s: %w", version, err)
	}
	if err := pg.Stop(); err != nil {
		return fmt.Errorf("stop the fetched PostgreSQL %s: %w", version, err)
	}
	return nil
}
