package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/jca-ml/liaison/internal/document"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/worker"
)

type workerCmd struct{}

func (workerCmd) Run(ctx context.Context, c *cli) error {
	cfg, _, err := c.load()
	if err != nil {
		return err
	}
	w, err := wire(ctx, cfg, os.Stderr, store.ForWorker)
	if err != nil {
		return err
	}
	defer w.close()
	if err := checkRights(ctx, cfg, w.log, w.store, store.RoleWorker); err != nil {
		return err
	}
	worker.LimitMemory()
	return runWorker(ctx, w)
}

// runWorker works until ctx is cancelled or the worker fails for good, then finishes what it is doing.
func runWorker(ctx context.Context, w *wired) error {
	worker, err := w.worker()
	if err != nil {
		return err
	}
	if err := untilTemporal(ctx, w); err != nil {
		return err
	}
	if err := worker.Start(); err != nil {
		return fmt.Errorf("start the worker: %w", err)
	}
	w.log.Info("worker started", "temporal", w.config.TemporalAddress, "namespace", w.config.TemporalNamespace)
	if err := document.CanSetChinese(); err != nil {
		w.log.Warn("progress reports with Chinese letters will be refused", "err", err)
	}
	var g errgroup.Group
	g.Go(func() error { return w.engine.Schedule(ctx) })
	g.Go(func() error { return w.engine.ScheduleMending(ctx, w.config.MailCanary) })
	g.Go(func() error { return w.engine.ScheduleDigests(ctx) })
	g.Go(func() error { return w.engine.ScheduleReports(ctx) })
	g.Go(func() error { // what is older than the index
		n, err := w.store.Reindex(ctx)
		if n > 0 {
			w.log.Info("indexed for search", "statements", n)
		}
		return err
	})
	g.Go(func() error { return w.engine.SendLetters(ctx, time.Second, w.log) })
	<-ctx.Done()
	worker.Stop()
	w.log.Info("worker stopped")
	return g.Wait()
}

// untilTemporal waits for the Temporal server, which may come up after us.
func untilTemporal(ctx context.Context, w *wired) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for said := false; ; {
		probe, cancel := context.WithTimeout(ctx, 5*time.Second)
		err := w.engine.Ready(probe)
		cancel()
		if err == nil {
			return nil
		}
		if !said {
			w.log.Warn("waiting for temporal", "address", w.config.TemporalAddress, "err", err)
			said = true
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
