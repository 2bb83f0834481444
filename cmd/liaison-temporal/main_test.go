//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// runAsProgram makes the test binary the program itself, so that the tests meet real processes, signals and exit codes
// without a second link of two hundred megabytes.
const runAsProgram = "LIAISON_TEMPORAL_RUN"

func TestMain(m *testing.M) {
	if os.Getenv(runAsProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

func TestParse(t *testing.T) {
	defaults := options{
		ip: "127.0.0.1", port: 7233, namespaces: []string{"default"},
		attributes: map[string]enumspb.IndexedValueType{}, dynamic: map[string]any{},
		retention: 720 * time.Hour, postgresDB: "temporal", lockTimeout: 15 * time.Second,
		logLevel: "error", logFormat: "text",
	}
	with := func(change func(*options)) options {
		o := defaults
		change(&o)
		return o
	}
	for _, tt := range []struct {
		name string
		args string // after server start-dev
		want options
	}{
		{"nothing but the words", "", defaults},
		{"what the SDK's StartDevServer passes",
			"--ip 127.0.0.1 --port 5000 --namespace liaison --dynamic-config-value frontend.enableServerVersionCheck=false " +
				"--log-level warn --log-format pretty --headless --db-filename f.db --ui-port 8233 --search-attribute Ref=Keyword",
			with(func(o *options) {
				o.port, o.namespaces, o.dbFilename, o.logLevel, o.logFormat = 5000, []string{"liaison"}, "f.db", "warn", "pretty"
				o.dynamic = map[string]any{"frontend.enableServerVersionCheck": false}
				o.attributes = map[string]enumspb.IndexedValueType{"Ref": enumspb.INDEXED_VALUE_TYPE_KEYWORD}
			})},
		{"values after an equals sign", "--ip=127.0.0.2 --port=0 --namespace=a --namespace=b --headless=true",
			with(func(o *options) { o.ip, o.port, o.namespaces = "127.0.0.2", 0, []string{"a", "b"} })},
		{"short forms", "-p 1 -n a -f f.db",
			with(func(o *options) { o.port, o.namespaces, o.dbFilename = 1, []string{"a"}, "f.db" })},
		{"whole numbers stay whole", `--dynamic-config-value a=1000 --dynamic-config-value b="30s" --dynamic-config-value c=0.5 --dynamic-config-value d=[1]`,
			with(func(o *options) { o.dynamic = map[string]any{"a": 1000, "b": "30s", "c": 0.5, "d": []any{1}} })},
		{"localhost", "--ip localhost", defaults},
		{"loopback of version 6", "--ip ::1", with(func(o *options) { o.ip = "::1" })},
		{"our own", "--postgres postgres://u@127.0.0.1/ --postgres-db t1 --retention 1000h --lock-timeout 0s --parent-pid 7",
			with(func(o *options) {
				o.postgres, o.postgresDB = "postgres://u@127.0.0.1/", "t1"
				o.retention, o.lockTimeout, o.parentPID = 1000*time.Hour, 0, 7
			})},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parse(append([]string{"server", "start-dev"}, strings.Fields(tt.args)...), io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(options{})); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	for _, tt := range []struct{ name, args, want string }{
		{"no words", "", "server start-dev"},
		{"other words", "server start", "server start-dev"},
		{"unknown flag", "server start-dev --wat", "-wat"},
		{"argument left over", "server start-dev x", `"x"`},
		{"all addresses", "server start-dev --ip 0.0.0.0", "loopback"},
		{"another address", "server start-dev --ip=192.0.2.1", "loopback"},
		{"all addresses of version 6", "server start-dev --ip ::", "loopback"},
		{"no address", "server start-dev --ip nowhere", "not an IP address"},
		{"no port", "server start-dev --port 70000", "port"},
		{"short retention", "server start-dev --retention 24h", "less than"},
		{"two stores", "server start-dev --postgres postgres://h/ --db-filename f", "exclude"},
		{"database that needs quotes", "server start-dev --postgres-db A", "--postgres-db"},
		{"attribute without type", "server start-dev --search-attribute A", "name=type"},
		{"attribute of unknown type", "server start-dev --search-attribute A=Wat", "Keyword"},
		{"value that is not JSON", "server start-dev --dynamic-config-value a=30s", "JSON"},
		{"unknown level", "server start-dev --log-level wat", "--log-level"},
		{"unknown format", "server start-dev --log-format wat", "--log-format"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parse(strings.Fields(tt.args), io.Discard)
			if !errors.Is(err, errUsage) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want a usage error with %q in it", err, tt.want)
			}
		})
	}
}

func TestExitCodeOfUsage(t *testing.T) {
	for _, args := range [][]string{{"--wat"}, {"--ip", "0.0.0.0"}} {
		ended(t, 2, args...)
	}
}

func TestVersion(t *testing.T) {
	for _, arg := range []string{"version", "--version"} {
		var stdout bytes.Buffer
		if code := run([]string{arg}, &stdout, io.Discard); code != 0 || !strings.HasPrefix(stdout.String(), "liaison-temporal version ") {
			t.Errorf("%s: exit code %d, stdout %q", arg, code, stdout.String())
		}
	}
}

// The SDK starts it as it would start the temporal program.
func TestServesTheSDKAsExistingPath(t *testing.T) {
	t.Setenv(runAsProgram, "1")
	dev, err := testsuite.StartDevServer(t.Context(), testsuite.DevServerOptions{
		ExistingPath:     os.Args[0],
		ClientOptions:    &client.Options{Namespace: "liaison", Logger: silent{}},
		LogLevel:         "error",
		LogFormat:        "pretty",
		SearchAttributes: temporal.NewSearchAttributes(temporal.NewSearchAttributeKeyKeyword("LiaisonRef").ValueSet("")),
		ExtraArgs:        []string{"--parent-pid", strconv.Itoa(os.Getpid())},
		Stdout:           io.Discard,
	})
	if err != nil {
		t.Fatal(err)
	}
	wantNamespace(t, dev.Client(), 720*time.Hour, "LiaisonRef")
	dev.Client().Close()
	if err := dev.Stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
}

func TestFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "new folder", "temporal.db")
	p := start(t, "--db-filename", file, "--search-attribute", "A=Keyword")
	if err := refused(t, "--db-filename", file, "--lock-timeout", "0s"); !strings.Contains(err, "another server is using this store") {
		t.Errorf("second server on the same file: %q", err)
	}
	p.stop(t)
	if mode := journalMode(t, file); mode != 2 {
		t.Errorf("journal of the file: version %d, want 2 (WAL)", mode)
	}

	p = start(t, "--db-filename", file, "--retention", "1000h", "--search-attribute", "A=Keyword", "--search-attribute", "B=Int")
	c := dial(t, p)
	wantNamespace(t, c, 1000*time.Hour, "A", "B")
	p.stop(t)

	for _, other := range []string{"1.29.1", ""} {
		if err := os.WriteFile(file+".version", []byte(other), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := refused(t, "--db-filename", file); !strings.Contains(err, "not migrated") {
			t.Errorf("file of version %q: %q", other, err)
		}
	}
	if err := os.Remove(file + ".version"); err != nil {
		t.Fatal(err)
	}
	if err := refused(t, "--db-filename", file); !strings.Contains(err, "not migrated") {
		t.Errorf("file without a version: %q", err)
	}
}

// journalMode reads the write version of the file's header: 1 is a rollback journal, 2 is WAL
// (https://www.sqlite.org/fileformat.html, section 1.3).
func journalMode(t *testing.T, file string) byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil || len(b) < 100 {
		t.Fatalf("%s: %d bytes, %v", file, len(b), err)
	}
	return b[18]
}

func TestPortInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := refused(t, "--port", strconv.Itoa(l.Addr().(*net.TCPAddr).Port)); !strings.Contains(err, "address already in use") {
		t.Errorf("got %q", err)
	}
}

func TestEndsWithItsParent(t *testing.T) {
	parent := exec.Command("cat") // waits for the end of its input
	if _, err := parent.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	p := start(t, "--parent-pid", strconv.Itoa(parent.Process.Pid))
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	// The parent is a zombie until it is waited for, and that is gone enough.
	if code := p.wait(t); code != 0 {
		t.Errorf("exit code %d\n%s", code, p.stderr.String())
	}
	_ = parent.Wait()
}

func TestPostgres(t *testing.T) {
	server := os.Getenv("LIAISON_TEST_POSTGRES")
	if server == "" {
		server = newCluster(t).url()
	}
	prefix := fmt.Sprintf("lt_test_%d", os.Getpid())
	store := []string{"--postgres", server, "--postgres-db", prefix}
	t.Cleanup(func() { dropDatabases(t, server, prefix, prefix+"_visibility") })

	p := start(t, store...)
	if err := refused(t, append(store, "--lock-timeout", "0s")...); !strings.Contains(err, "another server is using this store") {
		t.Errorf("second server on the same databases: %q", err)
	}
	wantNamespace(t, dial(t, p), 720*time.Hour)
	p.stop(t)

	// Again on databases that are there, and through the migrations that have nothing to do.
	p = start(t, append(store, "--search-attribute", "A=Keyword")...)
	wantNamespace(t, dial(t, p), 720*time.Hour, "A")
	p.stop(t)
}

// PostgreSQL is killed under the server and comes back: an open workflow goes on, a new one starts, and the store is
// locked again, all without a restart of the server.
func TestPostgresKilled(t *testing.T) {
	db := newCluster(t)
	p := start(t, "--postgres", db.url())
	c := dial(t, p)
	w := worker.New(c, "test", worker.Options{})
	w.RegisterWorkflowWithOptions(waitForWord, workflow.RegisterOptions{Name: "wait"})
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	before := begin(t, ctx, c, "before")

	db.kill(t)
	p.awaitLog(t, "lost the connection that holds the lock of the store")
	short, cancelShort := context.WithTimeout(ctx, 2*time.Second)
	defer cancelShort()
	if _, err := c.ExecuteWorkflow(short, client.StartWorkflowOptions{ID: "during", TaskQueue: "test"}, "wait"); err == nil {
		t.Fatal("a workflow started while PostgreSQL was away")
	}
	db.start(t)
	back := time.Now()

	finish(t, ctx, c, before)
	finish(t, ctx, c, begin(t, ctx, c, "after"))
	t.Logf("both workflows finished %s after PostgreSQL was back", time.Since(back).Round(time.Millisecond))
	p.awaitLog(t, "acquired the lock of the store again")
	if err := refused(t, "--postgres", db.url(), "--lock-timeout", "0s"); !strings.Contains(err, "another server is using this store") {
		t.Errorf("second server after the restart: %q", err)
	}
	p.stop(t)
}

func waitForWord(ctx workflow.Context) (string, error) {
	var word string
	workflow.GetSignalChannel(ctx, "word").Receive(ctx, &word)
	return word, nil
}

func begin(t *testing.T, ctx context.Context, c client.Client, id string) client.WorkflowRun {
	t.Helper()
	r, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: id, TaskQueue: "test"}, "wait")
	if err != nil {
		t.Fatalf("starting workflow %s: %v", id, err)
	}
	return r
}

func finish(t *testing.T, ctx context.Context, c client.Client, r client.WorkflowRun) {
	t.Helper()
	if err := c.SignalWorkflow(ctx, r.GetID(), r.GetRunID(), "word", "done"); err != nil {
		t.Fatalf("signalling workflow %s: %v", r.GetID(), err)
	}
	var got string
	if err := r.Get(ctx, &got); err != nil || got != "done" {
		t.Fatalf("workflow %s: %q, %v", r.GetID(), got, err)
	}
}

// wantNamespace compares the namespace liaison with what the options asked for.
func wantNamespace(t *testing.T, c client.Client, retention time.Duration, attributes ...string) {
	t.Helper()
	ns, err := c.WorkflowService().DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: "liaison"})
	if err != nil {
		t.Fatal(err)
	}
	if got := ns.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration(); got != retention {
		t.Errorf("retention %s, want %s", got, retention)
	}
	has, err := c.OperatorService().ListSearchAttributes(t.Context(), &operatorservice.ListSearchAttributesRequest{Namespace: "liaison"})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range attributes {
		if _, ok := has.GetCustomAttributes()[a]; !ok {
			t.Errorf("search attribute %s is missing from %v", a, has.GetCustomAttributes())
		}
	}
}

// patience bounds every wait of these tests on a busy machine.
const patience = 60 * time.Second

// A program is a running liaison-temporal.
type program struct {
	cmd     *exec.Cmd
	address string
	stderr  *logBuffer
	exited  chan struct{}
}

// start runs the program with namespace liaison on a free port until the test ends, and waits for its ready line.
func start(t *testing.T, args ...string) *program {
	t.Helper()
	p := &program{stderr: newLogBuffer(), exited: make(chan struct{})}
	p.cmd = command(append([]string{"--port", "0", "--namespace", "liaison"}, args...)...)
	p.cmd.Stderr = p.stderr
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready := make(chan string, 1)
	go func() {
		defer close(p.exited)
		line, _ := bufio.NewReader(stdout).ReadString('\n')
		ready <- line
		_ = p.cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.exited
	})
	select {
	case line := <-ready:
		rest, ok := strings.CutPrefix(line, "liaison-temporal: ready on ")
		if !ok {
			<-p.exited
			t.Fatalf("no ready line but %q\n%s", line, p.stderr.String())
		}
		p.address, _, _ = strings.Cut(rest, " ")
	case <-time.After(patience):
		t.Fatalf("not ready after %s\n%s", patience, p.stderr.String())
	}
	return p
}

// command adds a guard: no program outlives a test binary that was killed.
func command(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], append([]string{"server", "start-dev"}, args...)...)
	cmd.Env = append(os.Environ(), runAsProgram+"=1")
	if !strings.Contains(strings.Join(args, " "), "--parent-pid") {
		cmd.Args = append(cmd.Args, "--parent-pid", strconv.Itoa(os.Getpid()))
	}
	return cmd
}

// stop asks the program to stop, as a person would, and wants it to end well and in time.
func (p *program) stop(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := p.wait(t); code != 0 {
		t.Errorf("exit code %d after SIGTERM\n%s", code, p.stderr.String())
	}
}

func (p *program) wait(t *testing.T) int {
	t.Helper()
	select {
	case <-p.exited:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		t.Fatalf("still running after %s\n%s", patience, p.stderr.String())
		return -1
	}
}

func (p *program) awaitLog(t *testing.T, words string) {
	t.Helper()
	deadline := time.After(patience)
	for !strings.Contains(p.stderr.String(), words) {
		select {
		case <-p.stderr.written:
		case <-p.exited:
			t.Fatalf("ended without %q in its log\n%s", words, p.stderr.String())
		case <-deadline:
			t.Fatalf("no %q in the log\n%s", words, p.stderr.String())
		}
	}
}

// refused runs the program on a free port, wants exit code 1 and returns what it said.
func refused(t *testing.T, args ...string) string {
	t.Helper()
	return ended(t, 1, append([]string{"--port", "0"}, args...)...)
}

// ended runs the program, wants the exit code and returns what it said on stderr.
func ended(t *testing.T, code int, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var stderr bytes.Buffer
	c := command(args...)
	cmd := exec.CommandContext(ctx, c.Path, c.Args[1:]...)
	cmd.Env, cmd.Stderr = c.Env, &stderr
	var exit *exec.ExitError
	if err := cmd.Run(); !errors.As(err, &exit) || exit.ExitCode() != code {
		t.Errorf("%q ended with %v, want exit code %d\n%s", args, err, code, stderr.String())
	}
	return stderr.String()
}

func dial(t *testing.T, p *program) client.Client {
	t.Helper()
	c, err := client.Dial(client.Options{HostPort: p.address, Namespace: "liaison", Logger: silent{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// A logBuffer can be read while a process writes it.
type logBuffer struct {
	mu      sync.Mutex
	buf     bytes.Buffer
	written chan struct{} // receives after a write
}

func newLogBuffer() *logBuffer { return &logBuffer{written: make(chan struct{}, 1)} }

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n, err := b.buf.Write(p)
	select {
	case b.written <- struct{}{}:
	default:
	}
	return n, err
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// A pgCluster is a throwaway PostgreSQL server on loopback.
type pgCluster struct {
	bin, dir string
	port     int
	owner    *syscall.SysProcAttr // initdb and postgres refuse to run as root
}

// newCluster makes and starts a server for this test. Without PostgreSQL on the machine the test is skipped; in CI it
// fails, as a test that nobody runs proves nothing.
func newCluster(t *testing.T) *pgCluster {
	t.Helper()
	bin := findInitdb()
	if bin == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("no initdb found: install PostgreSQL")
		}
		t.Skip("SKIPPED: no initdb found; install PostgreSQL, or set LIAISON_TEST_POSTGRES where one server is enough")
	}
	// t.TempDir is not for another user to enter, and too long a path for a socket.
	dir, err := os.MkdirTemp("", "lt")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	c := &pgCluster{bin: bin, dir: dir, port: freePort(t)}
	if os.Getuid() == 0 {
		c.owner = &syscall.SysProcAttr{Credential: credential(t, "postgres")}
		if err := os.Chown(dir, int(c.owner.Credential.Uid), int(c.owner.Credential.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	c.run(t, "initdb", "--pgdata", "data", "--username", "postgres", "--auth", "trust", "--no-sync", "--encoding", "UTF8", "--no-locale")
	c.start(t)
	t.Cleanup(func() { c.stop(t) })
	return c
}

func findInitdb() string {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path)
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		return ""
	}
	return filepath.Dir(found[len(found)-1])
}

func credential(t *testing.T, name string) *syscall.Credential {
	t.Helper()
	u, err := user.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.ParseUint(u.Uid, 10, 32)
	gid, _ := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func (c *pgCluster) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(c.bin, name), args...)
	cmd.Dir, cmd.SysProcAttr = c.dir, c.owner
	return cmd
}

func (c *pgCluster) run(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := c.command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

func (c *pgCluster) url() string {
	// A socket, so that a host that no URL can hold is tested too.
	q := url.Values{"host": {c.dir}, "port": {strconv.Itoa(c.port)}}
	return "postgres://postgres@/?" + q.Encode()
}

// start waits for the children of a killed server to leave: until then a new one refuses to start.
func (c *pgCluster) start(t *testing.T) {
	t.Helper()
	settings := fmt.Sprintf("-c listen_addresses=127.0.0.1 -c port=%d -c unix_socket_directories=%s -c fsync=off", c.port, c.dir)
	deadline := time.After(patience)
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		err := c.command("pg_ctl", "start", "--wait", "--silent", "--pgdata", "data", "--log", "log", "--options", settings).Run()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			out, _ := os.ReadFile(filepath.Join(c.dir, "log"))
			t.Fatalf("pg_ctl start: %v\n%s", err, out)
		}
	}
}

func (c *pgCluster) stop(t *testing.T) {
	t.Helper()
	c.run(t, "pg_ctl", "stop", "--wait", "--silent", "--pgdata", "data", "--mode", "immediate")
}

// kill ends the postmaster as a crash would.
func (c *pgCluster) kill(t *testing.T) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(c.dir, "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(b), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

func dropDatabases(t *testing.T, server string, names ...string) {
	t.Helper()
	pg, err := parsePostgres(server)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, pg.database("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	for _, name := range names {
		if _, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)"); err != nil {
			t.Errorf("dropping %s: %v", name, err)
		}
	}
}
