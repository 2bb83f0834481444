package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"

	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"

	"github.com/jca-ml/liaison/activities"
	"github.com/jca-ml/liaison/internal/config"
	"github.com/jca-ml/liaison/internal/engine"
	"github.com/jca-ml/liaison/internal/inbound"
	"github.com/jca-ml/liaison/internal/post"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail"
	"github.com/jca-ml/liaison/migrations"
	"github.com/jca-ml/liaison/worker"
)

// wired are the parts that every process shares.
type wired struct {
	config config.Config
	log    *slog.Logger
	store  *store.Store
	client client.Client
	engine *engine.Engine
	office *post.Office

	addresses inbound.Addresses
}

// sender is what messages carry of ours besides their letter: return addresses and a signature, each where it is configured.
func sender(cfg config.Config) (addresses inbound.Addresses, signer *mail.Signer, err error) {
	keys, err := cfg.InboundKeys()
	if err != nil {
		return addresses, nil, err
	}
	addresses = inbound.Addresses{Keys: keys, Domain: cfg.InboundDomain}
	if cfg.DKIMDomain == "" {
		return addresses, nil, nil
	}
	key, err := os.ReadFile(cfg.DKIMKey)
	if err != nil {
		return addresses, nil, fmt.Errorf("LIAISON_DKIM_KEY: %w", err)
	}
	signer, err = mail.NewSigner(cfg.DKIMDomain, cfg.DKIMSelector, key)
	return addresses, signer, err
}

// certificate is what signs messages to the bodies that want it; nil where none is configured.
func certificate(cfg config.Config) (*mail.SMIME, error) {
	if cfg.SMIMECert == "" && cfg.SMIMEKey == "" {
		return nil, nil
	}
	cert, err := os.ReadFile(cfg.SMIMECert)
	if err != nil {
		return nil, fmt.Errorf("LIAISON_SMIME_CERT: %w", err)
	}
	key, err := os.ReadFile(cfg.SMIMEKey)
	if err != nil {
		return nil, fmt.Errorf("LIAISON_SMIME_KEY: %w", err)
	}
	return mail.NewSMIME(cert, key, cfg.MailFrom)
}

// wire opens the parts. The database must have this program's schema; Temporal may be down, because reading works without it.
func wire(ctx context.Context, cfg config.Config, log io.Writer, open ...store.Option) (*wired, error) {
	if err := cfg.Need("LIAISON_DATABASE_URL", "LIAISON_MAIL_FROM"); err != nil {
		return nil, err
	}
	logger, err := newLogger(cfg, log)
	if err != nil {
		return nil, err
	}
	pending, err := migrations.Pending(ctx, cfg.DatabaseURL)
	if err != nil {
		return nil, err
	}
	if pending {
		return nil, liaison.Refuse(liaison.Invalid, "The database lacks steps of this program's schema. Run `liaison migrate` first.")
	}
	s, err := store.Open(ctx, cfg.DatabaseURL, open...)
	if err != nil {
		return nil, err
	}
	if s, err = underProfiles(ctx, s, cfg); err != nil {
		return nil, err
	}
	options, err := cfg.Temporal()
	if err != nil {
		s.Close()
		return nil, err
	}
	options.Logger = worker.Logger(logger)
	c, err := client.NewLazyClient(options)
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("configure temporal: %w", err)
	}
	addresses, signer, err := sender(cfg)
	if err != nil {
		s.Close()
		c.Close()
		return nil, err
	}
	smime, err := certificate(cfg)
	if err != nil {
		s.Close()
		c.Close()
		return nil, err
	}
	return &wired{
		config: cfg, log: logger, store: s, client: c, addresses: addresses,
		engine: &engine.Engine{Temporal: c, Store: s},
		office: &post.Office{Store: s, From: cfg.MailFrom, URL: cfg.URL, Signed: cfg.LogOrigin != "", Addresses: addresses, Signer: signer, SMIME: smime, Budget: int64(cfg.MailBudget)},
	}, nil
}

func (w *wired) close() {
	w.client.Close()
	w.store.Close()
}

// worker builds the Temporal worker.
func (w *wired) worker() (sdkworker.Worker, error) {
	cfg := w.config
	relay, err := mail.NewRelay(mail.RelayConfig{Address: cfg.SMTPAddress, Hello: cfg.SMTPHello, Username: cfg.SMTPUsername, Password: cfg.SMTPPassword, TLS: cfg.SMTPTLS})
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("read the host's name: %w", err)
	}
	return worker.New(w.client, &activities.Activities{
		Store: w.store, Office: w.office, Relay: mail.NewPool(relay, cfg.SMTPConnections), Runs: w.engine, From: cfg.MailFrom, Retry: cfg.Retry(),
		Worker: worker.Identity(host, os.Getpid()), Addresses: w.addresses,
		RelayName: relay.Address(), Settling: cfg.Settling(), Undo: cfg.DispatchUndo,
		AtOnce: cfg.SMTPConnections,
		Limits: &mail.Limits{AtOnce: cfg.MailAtOnce, PerMinute: cfg.MailPerMinute},
	}), nil
}

func newLogger(cfg config.Config, out io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(cfg.LogLevel)); err != nil {
		return nil, fmt.Errorf("LIAISON_LOG_LEVEL: %w", err)
	}
	options := &slog.HandlerOptions{Level: level}
	switch cfg.Log {
	case "text":
		return slog.New(slog.NewTextHandler(out, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(out, options)), nil
	}
	return nil, fmt.Errorf("LIAISON_LOG is %q; choose text or json", cfg.Log)
}

// onLoopback reports whether a listening address takes only connections from this machine.
func onLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

// overTLS reports whether people reach the pages by https.
func overTLS(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https"
}
