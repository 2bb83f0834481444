package parts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
)

// ErrNoTemporal means that there is no Temporal server to run; the error around it says how to get one.
var ErrNoTemporal = errors.New("no Temporal server found")

const (
	temporalProgram = "liaison-temporal"
	// modulePath is the module line by which our repository is recognised when the program is run from a test.
	modulePath = "github.com/jca-ml/liaison"
)

// TemporalOptions say where the server keeps its state. Dir is required, and PostgresURL or InMemory.
type TemporalOptions struct {
	// PostgresURL and PostgresDB, the prefix of its databases' names, are where our liaison-temporal stores.
	PostgresURL string
	PostgresDB  string
	// InMemory keeps nothing: for tests.
	InMemory bool
	// Dir takes temporal.log and, for the `temporal` command, temporal.db.
	Dir string
	// Port on 127.0.0.1; 0 takes a free one.
	Port int
	// Namespace is made if absent; the default is "default".
	Namespace string
	// Progress is told what takes more than two seconds; nil is silent.
	Progress func(string)
}

// Temporal is a Temporal server of our own. After Stop, Kill or an unexpected end it can be started again with Start.
type Temporal struct {
	opts     TemporalOptions
	progress progress
	path     string
	store    url.URL // PostgresURL

	mu   sync.Mutex
	proc *Process
}

// StartTemporal runs a Temporal server and returns when its namespace answers. The program is LIAISON_TEMPORAL_BIN, else
// `temporal` on PATH, else liaison-temporal beside our own program or in the bin folder of our repository.
func StartTemporal(ctx context.Context, opts TemporalOptions) (*Temporal, error) {
	dir, err := filepath.Abs(opts.Dir)
	if err != nil {
		return nil, fmt.Errorf("start Temporal: %w", err)
	}
	opts.Dir = dir
	if opts.Namespace == "" {
		opts.Namespace = "default"
	}
	if opts.PostgresURL == "" && !opts.InMemory {
		return nil, errors.New("start Temporal: give a PostgreSQL URL to store in, or say InMemory")
	}
	path, err := findTemporal()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the directory for Temporal: %w", err)
	}
	if opts.Port == 0 {
		if opts.Port, err = freePort(); err != nil {
			return nil, err
		}
	}
	t := &Temporal{opts: opts, progress: opts.Progress, path: path}
	if opts.PostgresURL != "" {
		u, err := url.Parse(opts.PostgresURL)
		if err != nil {
			return nil, errors.New("start Temporal: the URL of PostgreSQL cannot be read") // it may hold a password
		}
		t.store = *u
	}
	if err := t.Start(ctx); err != nil {
		return nil, err
	}
	return t, nil
}

// Start starts the server again after Stop, Kill or an unexpected end, on the same port.
func (t *Temporal) Start(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.proc != nil {
		select {
		case <-t.proc.Done():
		default:
			return errors.New("start Temporal: it is already running")
		}
	}
	args, env := t.command()
	proc, err := StartProcess(ProcessOptions{
		Path: t.path, Args: args, Env: env,
		Dir:     t.opts.Dir,
		LogFile: filepath.Join(t.opts.Dir, "temporal.log"),
	})
	if err != nil {
		return err
	}
	t.proc = proc
	done := t.progress.during("waiting for Temporal to answer on %s (the first start makes its tables)", t.Address())
	defer done()
	if err := t.await(ctx); err != nil {
		return errors.Join(fmt.Errorf("wait for Temporal (its log is %s): %w", filepath.Join(t.opts.Dir, "temporal.log"), err), proc.Kill())
	}
	return nil
}

// command is the words that `temporal server start-dev` takes, of which liaison-temporal takes a few more, and the
// environment (nil: ours). The password goes by the environment, because anybody on the machine can read a command line.
func (t *Temporal) command() (args, env []string) {
	args = []string{
		"server", "start-dev", "--ip", "127.0.0.1", "--port", strconv.Itoa(t.opts.Port),
		"--namespace", t.opts.Namespace, "--headless", "--log-level", "error",
	}
	if filepath.Base(t.path) == "temporal" {
		// Without it each step of a workflow waits for up to 50 ms to be picked up.
		args = append(args, "--dynamic-config-value", "history.transferProcessorMaxPollRPS=1000")
		if !t.opts.InMemory {
			args = append(args, "--db-filename", filepath.Join(t.opts.Dir, "temporal.db"))
		}
		return args, nil
	}
	args = append(args, "--parent-pid", strconv.Itoa(os.Getpid()))
	if t.opts.InMemory {
		return args, nil
	}
	shown := t.store
	if shown.User != nil {
		if password, ok := shown.User.Password(); ok {
			shown.User = url.User(shown.User.Username())
			env = append(os.Environ(), "PGPASSWORD="+password)
		}
	}
	args = append(args, "--postgres", shown.String())
	if t.opts.PostgresDB != "" {
		args = append(args, "--postgres-db", t.opts.PostgresDB)
	}
	return args, env
}

// await returns when the server takes connections and knows the namespace.
func (t *Temporal) await(ctx context.Context) error {
	ended := func() error {
		select {
		case <-t.proc.Done():
			return finalError{t.proc.ended()}
		default:
			return nil
		}
	}
	return waitUntil(ctx, 2*time.Minute, func() error {
		if err := ended(); err != nil {
			return err
		}
		// A plain connection first: a refused one answers at once, where the client would back off for seconds.
		conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", t.Address())
		if err != nil {
			return err
		}
		conn.Close()
		try, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		c, err := client.DialContext(try, client.Options{
			HostPort: t.Address(), Namespace: t.opts.Namespace, Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
		})
		if err != nil {
			return err
		}
		defer c.Close()
		_, err = c.WorkflowService().DescribeNamespace(try, &workflowservice.DescribeNamespaceRequest{Namespace: t.opts.Namespace})
		return err
	})
}

// Address is host:port of the frontend.
func (t *Temporal) Address() string { return loopback(t.opts.Port) }

// Namespace is the namespace that the server was started with.
func (t *Temporal) Namespace() string { return t.opts.Namespace }

// Program is the path of the server's program.
func (t *Temporal) Program() string { return t.path }

// Pid is the server's process id.
func (t *Temporal) Pid() int { return t.current().Pid() }

// Done is closed when the running server has ended, by whatever cause; after Start ask again.
func (t *Temporal) Done() <-chan struct{} { return t.current().Done() }

// Err is how the server ended; nil while it runs.
func (t *Temporal) Err() error { return t.current().Err() }

// Stop asks the server to end and waits, at most 15 s.
func (t *Temporal) Stop(ctx context.Context) error { return t.current().Stop(ctx) }

// Kill ends the server with SIGKILL. For tests of faults.
func (t *Temporal) Kill() error { return t.current().Kill() }

func (t *Temporal) current() *Process {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.proc
}

func findTemporal() (string, error) {
	if path := os.Getenv("LIAISON_TEMPORAL_BIN"); path != "" {
		path, err := exec.LookPath(path)
		if err != nil {
			return "", fmt.Errorf("%w: LIAISON_TEMPORAL_BIN: %w", ErrNoTemporal, err)
		}
		return filepath.Abs(path)
	}
	if path, err := exec.LookPath("temporal"); err == nil {
		return filepath.Abs(path)
	}
	if self, err := os.Executable(); err == nil {
		if path := filepath.Join(filepath.Dir(self), temporalProgram); executable(path) {
			return path, nil
		}
	}
	if root, err := repository(); err == nil {
		if path := filepath.Join(root, "bin", temporalProgram); executable(path) {
			return path, nil
		}
	}
	return "", fmt.Errorf("%w: run make build, which makes %s, or name a server's program in LIAISON_TEMPORAL_BIN", ErrNoTemporal, temporalProgram)
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}

// repository is our own repository if the working directory lies in it, as it does in tests.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		b, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil {
			line, _, _ := bytes.Cut(b, []byte("\n"))
			if string(bytes.TrimSpace(line)) == "module "+modulePath {
				return dir, nil
			}
		}
		if dir == filepath.Dir(dir) {
			return "", fs.ErrNotExist
		}
		dir = filepath.Dir(dir)
	}
}
