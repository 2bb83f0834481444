package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/jca-ml/liaison/internal/config"
	"github.com/jca-ml/liaison/internal/demo"
	"github.com/jca-ml/liaison/internal/seed"
)

type demoCmd struct {
	Data  string `help:"Directory that everything is kept in between runs." env:"LIAISON_DATA" placeholder:"DIR" type:"path"`
	Port  int    `help:"Port of the pages on 127.0.0.1; another one is taken if it is in use." default:"8080"`
	Check bool   `help:"Run the main job once through the pages, on fresh data, print one line of JSON and end."`
	Keep  string `help:"With --check: leave the data and each message as .eml in this directory." placeholder:"DIR" type:"path"`
}

func (d demoCmd) Run(ctx context.Context) error {
	if d.Check {
		return d.check(ctx)
	}
	dir, err := dataDir(d.Data)
	if err != nil {
		return err
	}
	r, err := startDemo(ctx, dir, d.Port, say)
	if err != nil {
		return err
	}
	err = seed.Statements(ctx, r.wired.store, r.wired.engine, func(title string) { say("  example: " + title) })
	if err == nil {
		fmt.Printf("\n  Open %s\n\n  Sign in as Amina Diallo to draft, as Kangchan Lee to approve; the inbox is at %s/inbox.\n  The mail server is at %s, the data in %s. Ctrl-C stops everything.\n\n", r.url, r.url, r.servers.Mail.Addr(), dir)
		err = r.wait(ctx)
	}
	if ctx.Err() != nil {
		err = nil
		say("stopping")
	}
	return errors.Join(err, r.stop())
}

func say(line string) { fmt.Println(line) }

// dataDir is where the demo keeps its data: as root a place that the unprivileged user, whom PostgreSQL has to run as, can
// reach.
func dataDir(given string) (string, error) {
	if given != "" {
		return filepath.Abs(given)
	}
	if os.Getuid() == 0 {
		return "/var/lib/liaison-demo", nil
	}
	if dir := os.Getenv("XDG_DATA_HOME"); dir != "" {
		return filepath.Join(dir, "liaison-demo"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find a place for the data; name one with --data: %w", err)
	}
	return filepath.Join(home, ".local", "share", "liaison-demo"), nil
}

// running is a demo that is up.
type running struct {
	url     string
	servers *demo.Servers
	wired   *wired
	log     io.Closer
	cancel  context.CancelFunc
	group   *errgroup.Group
	failed  <-chan struct{} // closed when the worker or the pages end
}

// startDemo starts the servers, then the worker and the pages in this process, configured as they would be anywhere.
func startDemo(ctx context.Context, dir string, port int, progress func(string)) (r *running, err error) {
	r = &running{}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.stop())
		}
	}()
	if r.servers, err = demo.Start(ctx, dir, progress); err != nil {
		return r, err
	}
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return r, fmt.Errorf("listen for the pages: %w", err)
		}
		progress(fmt.Sprintf("port %d is in use; taking %s", port, l.Addr()))
	}
	r.url = "http://" + l.Addr().String()
	cfg, _, err := config.Load("", append(r.servers.Environment(), "LIAISON_LISTEN="+l.Addr().String(), "LIAISON_URL="+r.url))
	if err != nil {
		return r, errors.Join(err, l.Close())
	}
	logFile, err := os.OpenFile(filepath.Join(dir, "liaison.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return r, errors.Join(fmt.Errorf("open the log: %w", err), l.Close())
	}
	r.log = logFile
	if r.wired, err = wire(ctx, cfg, logFile); err != nil {
		return r, errors.Join(err, l.Close())
	}
	if err := seed.Register(ctx, r.wired.store); err != nil {
		return r, errors.Join(err, l.Close())
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx)) // stopped in order, by stop
	r.cancel = cancel
	group, gctx := errgroup.WithContext(run)
	r.group, r.failed = group, gctx.Done()
	group.Go(func() error { return serve(gctx, r.wired, l, r.servers.InboxPages()) })
	group.Go(func() error { return runWorker(gctx, r.wired) })
	group.Go(func() error {
		err := runSigner(gctx, cfg, r.wired.store, r.wired.log)
		if gctx.Err() == nil { // it signs no more and says why; pages and mail go on
			r.wired.log.Error("the signer stopped", "err", err)
			err = nil
		}
		return err
	})
	return r, nil
}

// wait returns when ctx is cancelled, or with an error when a part ends by itself.
func (r *running) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-r.failed:
		return errors.New("the pages or the worker ended; see liaison.log in the data directory")
	case err := <-r.servers.Failed():
		return err
	}
}

// stop ends what startDemo started, the last first, and nothing else.
func (r *running) stop() error {
	var errs []error
	if r.cancel != nil {
		r.cancel()
		if err := r.group.Wait(); !errors.Is(err, context.Canceled) {
			errs = append(errs, err)
		}
	}
	if r.wired != nil {
		r.wired.close()
	}
	if r.log != nil {
		errs = append(errs, r.log.Close())
	}
	if r.servers != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		errs = append(errs, r.servers.Stop(ctx))
	}
	return errors.Join(errs...)
}
