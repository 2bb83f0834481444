package parts

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain lets the test binary play the programs that re-run themselves.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case FetchPostgresCommand:
			if err := RunFetchPostgres(os.Args[2:]); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		case "parent-of-sleep":
			p, err := StartProcess(ProcessOptions{Path: "/bin/sleep", Args: []string{"600"}, LogFile: os.Args[2]})
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			fmt.Println(p.Pid())
			select {} // until killed
		case "parent-of-postgres":
			p, err := StartPostgres(context.Background(), PostgresOptions{Dir: os.Args[2], NoFetch: true})
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			fmt.Println(p.Pid())
			select {} // until killed
		}
	}
	os.Exit(m.Run())
}

// sharedDir is a temporary directory that an unprivileged user can reach.
func sharedDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "liaison-parts-*")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func awaitGone(t *testing.T, id processID) {
	t.Helper()
	err := waitUntil(t.Context(), 10*time.Second, func() error {
		if id.alive() {
			return fmt.Errorf("process %d still lives", id.pid)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestProcessDiesWithItsKilledParent(t *testing.T) {
	awaitGone(t, killParent(t, "parent-of-sleep", filepath.Join(t.TempDir(), "log")))
}

// killParent runs this test binary in a role, reads from it the number of the child it started, kills it with SIGKILL and
// returns the child.
func killParent(t *testing.T, role, arg string) processID {
	t.Helper()
	parent := exec.Command(os.Args[0], role, arg)
	parent.Stderr = os.Stderr
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	child, ok := readProcess(pid)
	if !ok {
		t.Fatalf("the child %d does not live", pid)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // "signal: killed"
	return child
}

func TestProcessStop(t *testing.T) {
	tests := map[string]struct {
		script  string
		wantErr string
	}{
		"ends on SIGTERM":          {script: `trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done`},
		"ends on SIGTERM with 3":   {script: `trap 'exit 3' TERM; echo ready; while :; do sleep 0.05; done`},
		"ignores SIGTERM":          {script: `trap '' TERM; echo ready; while :; do sleep 0.05; done`, wantErr: "was killed"},
		"has a child of its group": {script: `trap '' TERM; sleep 600 & echo ready; wait; sleep 600`, wantErr: "was killed"},
		"has a child of its own session": {
			script: `trap '' TERM; setsid sleep 600 & echo ready; wait; sleep 600`, wantErr: "was killed",
		},
		"has ended": {script: `echo ready`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := StartProcess(ProcessOptions{
				Path: "/bin/sh", Args: []string{"-c", tt.script}, LogFile: filepath.Join(t.TempDir(), "log"), StopTimeout: 300 * time.Millisecond,
			})
			if err != nil {
				t.Fatal(err)
			}
			var family []processID
			err = waitUntil(t.Context(), 10*time.Second, func() error {
				if p.LogTail() != "ready" {
					return fmt.Errorf("log: %q", p.LogTail())
				}
				if family = descendants(p.Pid()); strings.HasPrefix(name, "has a child") && len(family) == 0 {
					return errors.New("no child yet")
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			err = p.Stop(t.Context())
			if tt.wantErr == "" && err != nil || tt.wantErr != "" && (err == nil || !strings.Contains(err.Error(), tt.wantErr)) {
				t.Errorf("Stop: %v, want %q", err, tt.wantErr)
			}
			select {
			case <-p.Done():
			default:
				t.Error("Done is not closed after Stop")
			}
			for _, id := range family {
				awaitGone(t, id)
			}
			if err := p.Stop(t.Context()); err != nil {
				t.Errorf("second Stop: %v", err)
			}
			if err := p.Kill(); err != nil {
				t.Errorf("Kill after the end: %v", err)
			}
		})
	}
}

func TestProcessStopHeedsItsContext(t *testing.T) {
	p, err := StartProcess(ProcessOptions{
		Path: "/bin/sh", Args: []string{"-c", `trap '' TERM; echo ready; while :; do sleep 0.05; done`},
		LogFile: filepath.Join(t.TempDir(), "log"), StopTimeout: time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Stop(ctx); err != nil && !strings.Contains(err.Error(), "killed") {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if !errors.As(p.Err(), &exit) {
		t.Errorf("Err = %v, want an exit error", p.Err())
	}
}

func TestProcessHasAGroupOfItsOwn(t *testing.T) {
	p, err := StartProcess(ProcessOptions{Path: "/bin/sleep", Args: []string{"600"}, LogFile: filepath.Join(t.TempDir(), "log")})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Kill()
	if group, err := syscall.Getpgid(p.Pid()); err != nil || group != p.Pid() {
		t.Errorf("process group %d, %v; want %d", group, err, p.Pid())
	}
}

func TestProcessThatCannotStart(t *testing.T) {
	_, err := StartProcess(ProcessOptions{Path: "/no/such/program", LogFile: filepath.Join(t.TempDir(), "log")})
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	_, err = StartProcess(ProcessOptions{Path: "/bin/true", LogFile: filepath.Join(t.TempDir(), "absent", "log")})
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
