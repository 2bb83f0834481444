// Package parts holds the machinery of the embedded default: what `liaison demo` and the tests start beside our own code.
//
//	process.go     a child process for the life of the demo, which dies with it
//	postgres.go    a PostgreSQL server of our own, on installed or fetched programs
//	temporal.go    a Temporal server: LIAISON_TEMPORAL_BIN, `temporal`, or our liaison-temporal
//	mailserver.go  an SMTP server that accepts everything, relays nothing and misbehaves on request
//	inbox.go       where the mail server keeps what it accepted
//
// Nothing here knows the domain, the store, the engine or the pages, so that the tests of all of those may use it
// (through internal/testkit) without an import cycle. Everything binds to 127.0.0.1, keeps its data in the directory it is
// given, and stops only what it started.
package parts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// maxLogSize is the size in bytes above which a log file is set aside (as FILE.old) when its process is started anew.
const maxLogSize = 16 << 20

// ProcessOptions say what to run. Path and LogFile are required.
type ProcessOptions struct {
	// Name is what errors call the process; the default is the base name of Path.
	Name string
	Path string
	Args []string
	// Env is the whole environment; nil inherits ours.
	Env []string
	// Dir is the working directory; "" is ours.
	Dir string
	// LogFile takes stdout and stderr; it is appended to.
	LogFile string
	// Credential drops to another user; it needs root. nil stays.
	Credential *syscall.Credential
	// StopSignal asks the process to end; the default is SIGTERM.
	StopSignal syscall.Signal
	// StopTimeout is how long Stop waits before it kills; the default is 15 s.
	StopTimeout time.Duration
	// DeathSignal reaches the process when we die without stopping it (Linux only); the default is SIGKILL.
	DeathSignal syscall.Signal
}

// Process is a running child. Its methods may be called from any goroutine, and after the child has ended.
type Process struct {
	opts     ProcessOptions
	cmd      *exec.Cmd
	logStart int64
	done     chan struct{}
	err      error // valid once done is closed
}

// StartProcess starts a child in a process group of its own, so that a Ctrl-C in the terminal reaches only us. If we are
// killed, the kernel sends the child its DeathSignal.
func StartProcess(opts ProcessOptions) (*Process, error) {
	if opts.Name == "" {
		opts.Name = filepath.Base(opts.Path)
	}
	if opts.StopSignal == 0 {
		opts.StopSignal = syscall.SIGTERM
	}
	if opts.StopTimeout == 0 {
		opts.StopTimeout = 15 * time.Second
	}
	if opts.DeathSignal == 0 {
		opts.DeathSignal = syscall.SIGKILL
	}
	log, start, err := openLog(opts.LogFile)
	if err != nil {
		return nil, fmt.Errorf("open the log of %s: %w", opts.Name, err)
	}
	defer log.Close()

	p := &Process{opts: opts, logStart: start, done: make(chan struct{})}
	p.cmd = exec.Command(opts.Path, opts.Args...)
	p.cmd.Env = opts.Env
	p.cmd.Dir = opts.Dir
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.SysProcAttr = sysProcAttr(opts.Credential, opts.DeathSignal)

	started := make(chan error, 1)
	go func() {
		// The kernel sends the death signal when the THREAD that forked ends, not the process. So the thread is kept until
		// the child has ended; never unlocking makes the runtime discard it then.
		runtime.LockOSThread()
		if err := p.cmd.Start(); err != nil {
			started <- err
			return
		}
		started <- nil
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", opts.Name, err)
	}
	return p, nil
}

// Pid is the child's process id, also the id of its process group.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Done is closed when the child has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err is how the child ended: nil before its end and after exit status 0, else an *exec.ExitError.
func (p *Process) Err() error {
	select {
	case <-p.done:
		return p.err
	default:
		return nil
	}
}

// Stop asks the child to end and waits for it. When ctx or the StopTimeout runs out first, the child and all its descendants
// are killed and an error says so. Stopping a child that has ended is no error.
func (p *Process) Stop(ctx context.Context) error {
	if err := p.cmd.Process.Signal(p.opts.StopSignal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop %s: %w", p.opts.Name, err)
	}
	bound := time.NewTimer(p.opts.StopTimeout)
	defer bound.Stop()
	why := "did not stop within " + p.opts.StopTimeout.String()
	select {
	case <-p.done:
		return nil
	case <-bound.C:
	case <-ctx.Done():
		why = "did not stop in time"
	}
	if err := p.Kill(); err != nil {
		return err
	}
	return fmt.Errorf("%s %s and was killed; see %s", p.opts.Name, why, p.opts.LogFile)
}

// Kill ends the child, its process group and all its descendants at once (SIGKILL), also those in groups of their own as
// PostgreSQL's backends are, and returns when they are gone.
func (p *Process) Kill() error {
	var family []processID
	select {
	case <-p.done:
		return nil
	default:
		// Stopped, the child can start no further descendants while we look for them.
		if p.cmd.Process.Signal(syscall.SIGSTOP) == nil {
			family = descendants(p.Pid())
		}
		// The child has not been waited for, or is being waited for by us: its pid still names its group.
		_ = syscall.Kill(-p.Pid(), syscall.SIGKILL)
		_ = p.cmd.Process.Kill()
	}
	for _, id := range family {
		id.kill()
	}
	<-p.done
	return waitUntil(context.Background(), 10*time.Second, func() error {
		for _, id := range family {
			if id.alive() {
				return fmt.Errorf("process %d of %s is still there after SIGKILL", id.pid, p.opts.Name)
			}
		}
		return nil
	})
}

// LogTail is the end of what this child has written to its log, for error messages.
func (p *Process) LogTail() string {
	const most = 2000
	f, err := os.Open(p.opts.LogFile)
	if err != nil {
		return ""
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return ""
	}
	from := max(p.logStart, info.Size()-most)
	b, _ := io.ReadAll(io.NewSectionReader(f, from, most))
	return strings.TrimSpace(string(b))
}

// ended describes the unexpected end of a child while its start was awaited.
func (p *Process) ended() error {
	how := "with status 0"
	if err := p.Err(); err != nil {
		how = err.Error()
	}
	return fmt.Errorf("%s ended at once (%s); its log %s ends:\n%s", p.opts.Name, how, p.opts.LogFile, p.LogTail())
}

func openLog(name string) (*os.File, int64, error) {
	if info, err := os.Stat(name); err == nil && info.Size() > maxLogSize {
		if err := os.Rename(name, name+".old"); err != nil {
			return nil, 0, err
		}
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

// waitUntil asks cond at once and then every 20 ms until it returns nil; after the bound it returns cond's last error. When
// ctx ends first, the result is its error and cond's.
func waitUntil(ctx context.Context, bound time.Duration, cond func() error) error {
	end := time.NewTimer(bound)
	defer end.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := cond()
		if err == nil {
			return nil
		}
		var final finalError
		if errors.As(err, &final) {
			return final.error
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w; last: %w", ctx.Err(), err)
		case <-end.C:
			return fmt.Errorf("not within %s: %w", bound, err)
		case <-tick.C:
		}
	}
}

// finalError tells waitUntil that waiting longer is of no use.
type finalError struct{ error }

// progress reports what takes longer than a person likes to look at nothing.
type progress func(string)

func (p progress) say(format string, args ...any) {
	if p != nil {
		p(fmt.Sprintf(format, args...))
	}
}

// during says what is going on once it has taken 2 s, and again every 10 s, until the returned function is called.
func (p progress) during(format string, args ...any) (done func()) {
	if p == nil {
		return func() {}
	}
	what := fmt.Sprintf(format, args...)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		begin := time.Now()
		next := time.NewTimer(2 * time.Second)
		defer next.Stop()
		for {
			select {
			case <-stop:
				return
			case <-next.C:
				p.say("%s (%d s so far)", what, int(time.Since(begin).Seconds()))
				next.Reset(10 * time.Second)
			}
		}
	}()
	return func() { close(stop); <-stopped }
}

// freePort finds a port on 127.0.0.1 that nobody listens on, below the range from which systems take the ports of outgoing
// connections: so the port is still free when a killed server is started on it again.
func freePort() (int, error) {
	const low, high = 20000, 32000
	var last error
	for range 50 {
		port := low + rand.IntN(high-low)
		l, err := net.Listen("tcp", loopback(port))
		if err == nil {
			return port, l.Close()
		}
		last = err
	}
	return 0, fmt.Errorf("find a free port on 127.0.0.1: %w", last)
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
