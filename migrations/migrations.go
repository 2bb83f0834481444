// Package migrations holds the database's schema as numbered steps and runs them. They go forward only: a release's code
// runs before and after the next release's steps, so a step adds, a later one drops. docs/schema.sql shows the result.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"

	_ "github.com/jackc/pgx/v5/stdlib" // goose speaks database/sql; everything else uses pgx directly
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed *.sql
var files embed.FS

// Up brings the database at url to the newest step.
func Up(ctx context.Context, url string) error {
	_, err := Run(ctx, url)
	return err
}

// Run brings the database at url to the newest step, under a lock in that database, and returns the names of the steps it
// ran. Several processes may call it at once; one runs, the others wait and find nothing left to do.
func Run(ctx context.Context, url string) (ran []string, err error) {
	p, done, err := provider(url)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, done()) }()
	results, err := p.Up(ctx)
	for _, r := range results {
		ran = append(ran, r.Source.Path)
	}
	if err != nil {
		return ran, fmt.Errorf("migrate: %w", err)
	}
	if len(ran) > 0 { // new tables, for the roles of the processes
		err = Grant(ctx, url)
	}
	return ran, err
}

// Grant gives the roles of the processes their rights, on every table that there is now; see grant_roles in 0004. Repeating
// it changes nothing.
func Grant(ctx context.Context, url string) (err error) {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, `CALL public.grant_roles()`); err != nil {
		return fmt.Errorf("grant rights to the roles: %w", err)
	}
	return nil
}

// Pending reports whether the database at url lacks a step of this program.
func Pending(ctx context.Context, url string) (pending bool, err error) {
	p, done, err := provider(url)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, done()) }()
	pending, err = p.HasPending(ctx)
	if err != nil {
		return false, fmt.Errorf("read schema version: %w", err)
	}
	return pending, nil
}

func provider(url string) (*goose.Provider, func() error, error) {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return nil, nil, fmt.Errorf("open database: %w", err)
	}
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	p, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithSessionLocker(locker))
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("read migrations: %w", err), db.Close())
	}
	return p, db.Close, nil
}
