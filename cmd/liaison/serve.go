package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/web"
)

type serveCmd struct{}

func (serveCmd) Run(ctx context.Context, c *cli) error {
	cfg, _, err := c.load()
	if err != nil {
		return err
	}
	w, err := wire(ctx, cfg, os.Stderr)
	if err != nil {
		return err
	}
	defer w.close()
	if err := checkRights(ctx, cfg, w.log, w.store, store.RoleApp); err != nil {
		return err
	}
	l, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("LIAISON_LISTEN: %w", err)
	}
	return serve(ctx, w, l, nil)
}

// serve answers on l until ctx is cancelled, then lets running requests finish. inbox is the demo's, or nil.
func serve(ctx context.Context, w *wired, l net.Listener, inbox web.Inbox) error {
	if w.config.Demo && !onLoopback(l.Addr().String()) {
		return liaison.Refuse(liaison.Invalid, "LIAISON_DEMO lets anybody sign in as anybody, so it works on a loopback address only, not on %s.", l.Addr())
	}
	checks, err := auditOptions(w.config)
	if err != nil {
		return err
	}
	handler, err := web.New(web.Config{
		Audit: checks,
		Store: w.store, Engine: w.engine, Post: w.office, Relay: w.config.SMTPAddress, Keys: w.addresses.Keys, Inbox: inbox, Demo: w.config.Demo,
		BaseURL: w.config.URL, Secure: overTLS(w.config.URL), Log: w.log,
	})
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 2 * time.Minute, WriteTimeout: 2 * time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10,
	}
	w.log.Info("pages served", "address", l.Addr().String(), "url", w.config.URL)
	stopped := make(chan error, 1)
	defer context.AfterFunc(ctx, func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
		defer cancel()
		stopped <- server.Shutdown(end)
	})()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return <-stopped
}
