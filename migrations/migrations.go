// Package migrations holds the database's schema as numbered steps and runs them. They go forward only: a release's code
// runs before and after the next release's steps, so a step adds, a later one drops. docs/schema.sql shows the result.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"

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

// Grant gives the roles of the processes their rights, on every table that there is now: what grant_roles of 0004 gives, and then what
// later steps give in blocks of their own, in their order. So roles that are made later than a step get its rights too. Repeating it
// changes nothing.
func Grant(ctx context.Context, url string) (err error) {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, `CALL public.grant_roles()`); err != nil {
		return fmt.Errorf("grant rights to the roles: %w", err)
	}
	steps, err := fs.Glob(files, "*.sql")
	if err != nil {
		return fmt.Errorf("list steps: %w", err)
	}
	for _, step := range steps {
		b, err := files.ReadFile(step)
		if err != nil {
			return fmt.Errorf("read %s: %w", step, err)
		}
		for _, block := range grants(string(b)) {
			if _, err := db.ExecContext(ctx, block); err != nil {
				return fmt.Errorf("grant rights to the roles, as %s does: %w", step, err)
			}
		}
	}
	return nil
}

// grants are the blocks of a step that give rights: DO blocks with nothing but GRANTs to the roles that are there.
func grants(step string) (blocks []string) {
	for _, part := range strings.Split(step, "-- +goose StatementBegin\n")[1:] {
		block, _, _ := strings.Cut(part, "-- +goose StatementEnd")
		for strings.HasPrefix(block, "--") { // what it is for
			_, block, _ = strings.Cut(block, "\n")
		}
		if strings.HasPrefix(block, "DO $$") && strings.Contains(block, "GRANT ") {
			blocks = append(blocks, block)
		}
	}
	return blocks
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
