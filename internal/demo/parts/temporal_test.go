package parts

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/client"
)

func TestTemporalOnPostgres(t *testing.T) {
	if _, err := findTemporal(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("NOT TESTED: %v", err)
	}
	dir := sharedDir(t)
	pg := startPostgres(t, dir)
	s, err := StartTemporal(t.Context(), TemporalOptions{
		PostgresURL: pg.URL("postgres"), PostgresDB: "temporal_test", Dir: dir, Namespace: "liaison", Progress: func(s string) { t.Log(s) },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}()
	address := s.Address()
	start := func(id string) error {
		c, err := client.Dial(client.Options{HostPort: address, Namespace: "liaison"})
		if err != nil {
			return err
		}
		defer c.Close()
		_, err = c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: "nobody"}, "nothing")
		return err
	}
	known := func(id string) {
		t.Helper()
		c, err := client.Dial(client.Options{HostPort: address, Namespace: "liaison"})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.DescribeWorkflowExecution(t.Context(), id, ""); err != nil {
			t.Errorf("workflow %s: %v", id, err)
		}
	}
	if err := start("one"); err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err == nil {
		t.Error("Start of a running server was no error")
	}
	if err := s.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s.Address() != address {
		t.Errorf("it moved from %s to %s", address, s.Address())
	}
	known("one")
	if err := start("two"); err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	known("two")
}

func TestTemporalArguments(t *testing.T) {
	common := "server start-dev --ip 127.0.0.1 --port 7233 --namespace n --headless --log-level error "
	tests := map[string]struct {
		path     string
		inMemory bool
		want     string
		password bool
	}{
		"ours": {
			path: "/x/liaison-temporal", want: "--parent-pid PID --postgres postgres://u@h/d?sslmode=disable --postgres-db p", password: true,
		},
		"ours, in memory":  {path: "/x/liaison-temporal", inMemory: true, want: "--parent-pid PID"},
		"the command":      {path: "/x/temporal", want: "--dynamic-config-value history.transferProcessorMaxPollRPS=1000 --db-filename /d/temporal.db"},
		"the command, mem": {path: "/x/temporal", inMemory: true, want: "--dynamic-config-value history.transferProcessorMaxPollRPS=1000"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			store, err := url.Parse("postgres://u:secret@h/d?sslmode=disable")
			if err != nil {
				t.Fatal(err)
			}
			s := &Temporal{path: tt.path, store: *store, opts: TemporalOptions{
				PostgresDB: "p", Dir: "/d", Port: 7233, Namespace: "n", InMemory: tt.inMemory,
			}}
			args, env := s.command()
			if got := slices.Contains(env, "PGPASSWORD=secret"); got != tt.password {
				t.Errorf("the password is in the environment: %v, want %v", got, tt.password)
			}
			for i, a := range args {
				if i > 0 && args[i-1] == "--parent-pid" && a != "" {
					args[i] = "PID"
				}
			}
			if diff := cmp.Diff(common+tt.want, strings.Join(args, " ")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestTemporalThatEndsAtOnce(t *testing.T) {
	program := filepath.Join(t.TempDir(), "liaison-temporal")
	write(t, program, "#!/bin/sh\necho no room on this disk >&2\nexit 3\n")
	if err := os.Chmod(program, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("LIAISON_TEMPORAL_BIN", program)
	_, err := StartTemporal(t.Context(), TemporalOptions{Dir: t.TempDir(), InMemory: true})
	if err == nil || !strings.Contains(err.Error(), "no room on this disk") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("got %v", err)
	}
}

func TestTemporalIsAbsent(t *testing.T) {
	t.Setenv("LIAISON_TEMPORAL_BIN", "/no/such/program")
	if _, err := StartTemporal(t.Context(), TemporalOptions{Dir: t.TempDir(), InMemory: true}); !errors.Is(err, ErrNoTemporal) {
		t.Errorf("got %v", err)
	}
	t.Setenv("LIAISON_TEMPORAL_BIN", "")
	t.Setenv("PATH", "")
	t.Chdir(t.TempDir())
	_, err := StartTemporal(t.Context(), TemporalOptions{Dir: t.TempDir(), InMemory: true})
	if !errors.Is(err, ErrNoTemporal) || !strings.Contains(err.Error(), "make build") {
		t.Errorf("got %v", err)
	}
	if _, err := StartTemporal(t.Context(), TemporalOptions{Dir: t.TempDir()}); err == nil {
		t.Error("neither PostgreSQL nor memory was no error")
	}
}
