package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

type mailHeldCmd struct{}

// Run lists what is held.
func (mailHeldCmd) Run(ctx context.Context, c *cli) error {
	return withStore(ctx, c, func(s *store.Store) error {
		holds, err := s.Holds(ctx)
		if err != nil {
			return err
		}
		for _, h := range holds {
			if _, err := fmt.Fprintf(os.Stdout, "%s\t%s%s\tsince %s\t%d messages wait\t%s\n", h.ID, h.Relay, h.Body, h.At.UTC().Format(time.RFC3339), h.Waits, h.Reason); err != nil {
				return err
			}
		}
		return nil
	})
}

type mailHoldCmd struct {
	Relay  string `help:"The relay, as host:port." xor:"what" required:""`
	Body   string `help:"The body, by its code." xor:"what" required:""`
	Reason string `help:"Why; it goes into the record." required:""`
}

// Run holds a relay or a body in the operator's name.
func (m mailHoldCmd) Run(ctx context.Context, c *cli) error {
	return withStore(ctx, c, func(s *store.Store) error {
		if m.Relay != "" {
			return s.HoldRelay(ctx, m.Relay, m.Reason, "")
		}
		return s.HoldBody(ctx, liaison.Code(m.Body), m.Reason, "")
	})
}

type mailOfCmd struct {
	Body      string `arg:"" help:"The body, by its code."`
	LinksOnly bool   `help:"Its messages carry no files, only links to them."`
	Signed    bool   `help:"Its messages are signed by S/MIME, or not sent."`
}

// Run says how a body wants its mail.
func (m mailOfCmd) Run(ctx context.Context, c *cli) error {
	return withStore(ctx, c, func(s *store.Store) error {
		return s.SetMail(ctx, liaison.Code(m.Body), m.LinksOnly, m.Signed)
	})
}

type mailResumeCmd struct {
	ID     string `arg:"" help:"The hold, as liaison mail held lists it."`
	Reason string `help:"Why; it goes into the record." required:""`
}

// Run lifts a hold and wakes what waits for it.
func (m mailResumeCmd) Run(ctx context.Context, c *cli) error {
	cfg, _, err := c.load()
	if err != nil {
		return err
	}
	w, err := wire(ctx, cfg, os.Stderr)
	if err != nil {
		return err
	}
	defer w.close()
	waiting, err := w.store.Lift(ctx, m.ID, m.Reason, "")
	if err != nil {
		return err
	}
	return w.engine.Wake(ctx, waiting)
}

// withStore runs fn with the configured database.
func withStore(ctx context.Context, c *cli, fn func(*store.Store) error) error {
	cfg, _, err := c.load()
	if err != nil {
		return err
	}
	if err := cfg.Need("LIAISON_DATABASE_URL"); err != nil {
		return err
	}
	s, err := store.Open(ctx, cfg.DatabaseURL)
	if err != nil {
		return err
	}
	defer s.Close()
	return fn(s)
}
