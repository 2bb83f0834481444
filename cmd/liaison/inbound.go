package main

import (
	"context"
	"log/slog"
	"os"

	"golang.org/x/sync/errgroup"

	"github.com/jca-ml/liaison/internal/config"
	mailin "github.com/jca-ml/liaison/internal/inbound/listen"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/migrations"
)

type inboundCmd struct{}

// Run takes inbound mail. It needs the database and nothing else: no Temporal, no relay.
func (inboundCmd) Run(ctx context.Context, c *cli) error {
	cfg, _, err := c.load()
	if err != nil {
		return err
	}
	if err := cfg.Need("LIAISON_DATABASE_URL"); err != nil {
		return err
	}
	log, err := newLogger(cfg, os.Stderr)
	if err != nil {
		return err
	}
	pending, err := migrations.Pending(ctx, cfg.DatabaseURL)
	if err != nil {
		return err
	}
	if pending {
		return liaison.Refuse(liaison.Invalid, "The database lacks steps of this program's schema. Run `liaison migrate` first.")
	}
	s, err := store.Open(ctx, cfg.DatabaseURL)
	if err != nil {
		return err
	}
	defer s.Close()
	keys, err := cfg.InboundKeys()
	if err != nil {
		return err
	}
	if err := checkRights(ctx, cfg, log, s, store.RoleWorker); err != nil {
		return err
	}
	desk := mailin.NewDesk(s, keys, log)
	g, ctx := errgroup.WithContext(ctx)
	sources, err := inboundSources(ctx, cfg, log)
	if err != nil {
		return err
	}
	if len(sources) == 0 {
		return liaison.Refuse(liaison.Invalid, "No way in is set: LIAISON_INBOUND_SMTP_LISTEN, LIAISON_INBOUND_LMTP_LISTEN or LIAISON_IMAP_ADDRESS.")
	}
	for name, source := range sources {
		g.Go(func() error { return source.Run(ctx, desk.Deliver(name)) })
	}
	g.Go(func() error { return desk.Run(ctx) })
	return g.Wait()
}

// inboundSources are the ways in that are configured, by the name under which the register keeps what came by them.
func inboundSources(ctx context.Context, cfg config.Config, log *slog.Logger) (map[string]mailin.Source, error) {
	sources := map[string]mailin.Source{}
	certificate, err := cfg.InboundTLS()
	if err != nil {
		return nil, err
	}
	for name, address := range map[string]string{"smtp": cfg.InboundSMTP, "lmtp": cfg.InboundLMTP} {
		if address == "" {
			continue
		}
		server, err := mailin.NewServer(ctx, mailin.ServerConfig{
			Address: address, LMTP: name == "lmtp", Name: cfg.InboundDomain, Domains: cfg.InboundDomains(), TLS: certificate, Log: log,
		})
		if err != nil {
			return nil, err
		}
		sources[name] = server
	}
	if cfg.IMAPAddress != "" {
		mailbox, err := mailin.NewMailbox(mailin.MailboxConfig{
			Address: cfg.IMAPAddress, Username: cfg.IMAPUsername, Password: cfg.IMAPPassword, Mailbox: cfg.IMAPMailbox,
			TLS: cfg.IMAPTLS, Poll: cfg.IMAPPoll, Log: log,
		})
		if err != nil {
			return nil, err
		}
		sources["imap"] = mailbox
	}
	return sources, nil
}
