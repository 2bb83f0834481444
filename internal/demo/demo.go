// Package demo is the embedded default: a PostgreSQL, a Temporal and a mail server of our own on this machine, so that
// everything can be tried with nothing installed by hand, and the check that runs the main job on them without a person.
package demo

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/jca-ml/liaison/internal/demo/parts"
	"github.com/jca-ml/liaison/internal/kept"
	"github.com/jca-ml/liaison/migrations"
)

// database is the product's; Temporal has databases of its own beside it.
const database = "liaison"

// Servers are what the demo runs beside the program itself.
type Servers struct {
	Postgres *parts.Postgres
	Temporal *parts.Temporal
	Mail     *parts.MailServer
	Inbox    *parts.Inbox

	dir string
}

// Start starts the servers on the data in dir, which is made if absent, and brings the database to this program's schema.
// progress is told what takes longer than a moment. On an error nothing is left running.
func Start(ctx context.Context, dir string, progress func(string)) (s *Servers, err error) {
	s = &Servers{dir: dir}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Stop(context.WithoutCancel(ctx)))
		}
	}()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return s, fmt.Errorf("make the data directory: %w", err)
	}
	if s.Postgres, err = parts.StartPostgres(ctx, parts.PostgresOptions{Dir: dir, Progress: progress}); err != nil {
		return s, err
	}
	if err := s.Postgres.EnsureDatabase(ctx, database); err != nil {
		return s, err
	}
	if err := migrations.Up(ctx, s.Postgres.URL(database)); err != nil {
		return s, err
	}
	if s.Temporal, err = parts.StartTemporal(ctx, parts.TemporalOptions{
		PostgresURL: s.Postgres.URL("postgres"), PostgresDB: "temporal", Dir: dir, Namespace: "liaison", Progress: progress,
	}); err != nil {
		return s, err
	}
	if s.Inbox, err = parts.OpenInbox(filepath.Join(dir, "inbox")); err != nil {
		return s, err
	}
	if err := tokenKey(s.tokenKey()); err != nil {
		return s, err
	}
	s.Mail, err = parts.StartMailServer(ctx, parts.MailServerOptions{Inbox: s.Inbox})
	return s, err
}

func (s *Servers) tokenKey() string { return filepath.Join(s.dir, "token.key") }

// tokenKey makes the key of the links in messages once: a link has to work after a restart too.
func tokenKey(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return kept.Write(path, []byte(hex.EncodeToString(key)+"\n"), 0o600)
}

// Environment is what a process needs to work with the servers, as KEY=value. Deferred messages are tried again after seconds
// where a real relay would be given minutes.
func (s *Servers) Environment() []string {
	return []string{
		"LIAISON_DATABASE_URL=" + s.Postgres.URL(database),
		"LIAISON_DEMO=true",
		"TEMPORAL_ADDRESS=" + s.Temporal.Address(),
		"TEMPORAL_NAMESPACE=" + s.Temporal.Namespace(),
		"LIAISON_SMTP_ADDRESS=" + s.Mail.Addr(),
		"LIAISON_SMTP_TLS=none",
		"LIAISON_MAIL_FROM=jca-ml@liaison.example",
		"LIAISON_MAIL_RETRY=2s,4s,1m,30m",
		"LIAISON_MAIL_SETTLE=6s",
		"LIAISON_MAIL_AT_ONCE=0",
		"LIAISON_MAIL_PER_MINUTE=0",
		"LIAISON_DISPATCH_UNDO=0s",
		"LIAISON_LOG_ORIGIN=liaison.example/jca-ml/log1",
		"LIAISON_SIGNER_DIR=" + filepath.Join(s.dir, "signer"),
		"LIAISON_SIGNER_EVERY=500ms",
		"LIAISON_INBOUND_KEY_FILE=" + s.tokenKey(),
	}
}

// Failed delivers an error when one of the servers ends by itself.
func (s *Servers) Failed() <-chan error {
	failed := make(chan error, 3)
	watch := func(name string, done <-chan struct{}) {
		go func() {
			<-done
			failed <- fmt.Errorf("%s ended by itself; see its log in the data directory", name)
		}()
	}
	watch("PostgreSQL", s.Postgres.Done())
	watch("Temporal", s.Temporal.Done())
	watch("the mail server", s.Mail.Done())
	return failed
}

// Stop ends the servers, the last first.
func (s *Servers) Stop(ctx context.Context) error {
	var errs []error
	if s.Mail != nil {
		errs = append(errs, s.Mail.Stop(ctx))
	}
	if s.Temporal != nil {
		errs = append(errs, s.Temporal.Stop(ctx))
	}
	if s.Postgres != nil {
		errs = append(errs, s.Postgres.Stop(ctx))
	}
	return errors.Join(errs...)
}
