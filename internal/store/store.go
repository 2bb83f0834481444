// Package store keeps the register, the ledger and the audit log in PostgreSQL, which is the truth. A public method is
// one transaction. What a command changes, its events and their leaves in the log are written together or not at all.
//
// Errors that a person can act on are [liaison.Error]; a database that does not answer is one with the code
// [liaison.Unavailable]; everything else is wrapped as it came.
package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/jca-ml/liaison/internal/audit"
	"github.com/jca-ml/liaison/internal/profile"
	"github.com/jca-ml/liaison/liaison"
)

// Store is the database. It is safe for concurrent use.
type Store struct {
	pool database
	now  func() time.Time
}

// database is the open pool, with the rules that what is read from it is judged by.
type database struct {
	*pgxpool.Pool
	profiles *profile.Set
}

func (d database) rules() *profile.Set { return d.profiles }

// Open connects to the database at url, a PostgreSQL connection string. It does not wait for the database to answer; the
// first use does.
func Open(ctx context.Context, url string, options ...Option) (*Store, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("read the database URL: %w", err)
	}
	// A statement held by a stalled client must not hold the log's lock for ever.
	cfg.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = "30s"
	cfg.ConnConfig.RuntimeParams["lock_timeout"] = "10s"
	// What we ask is answered in milliseconds; where the planner thinks otherwise, compiling takes longer than carrying out.
	cfg.ConnConfig.RuntimeParams["jit"] = "off"
	if cfg.ConnConfig.ConnectTimeout == 0 {
		cfg.ConnConfig.ConnectTimeout = 5 * time.Second
	}
	for _, o := range options {
		o(cfg)
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	return New(pool), nil
}

// Option is how a store is opened that is not for everything.
type Option func(*pgxpool.Config)

// ForWorker has PostgreSQL plan each statement once for a connection. A worker says the same few dozen statements all the time, each about
// one statement or one batch; planned anew for every id, as PostgreSQL likes to, they cost more to plan than to carry out. Searching needs
// the plans that this refuses.
func ForWorker(cfg *pgxpool.Config) {
	cfg.ConnConfig.RuntimeParams["plan_cache_mode"] = "force_generic_plan"
}

// New makes a store of an open pool, which [Store.Close] closes.
// It judges by the profiles that come with the program; see [Store.Under].
func New(pool *pgxpool.Pool) *Store {
	return &Store{pool: database{pool, profile.Embedded()}, now: time.Now}
}

// Under returns the same store with other profiles.
func (s *Store) Under(profiles *profile.Set) *Store {
	return &Store{pool: database{s.pool.Pool, profiles}, now: s.now}
}

// At returns the same store with another clock, for tests of what depends on the day.
func (s *Store) At(now func() time.Time) *Store { return &Store{pool: s.pool, now: now} }

// Close waits for running transactions and closes every connection.
func (s *Store) Close() { s.pool.Close() }

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return unavailable(s.pool.Ping(ctx)) }

// querier is what a read needs: the pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// judge is a querier that knows the profiles: what a snapshot is read with.
type judge interface {
	querier
	rules() *profile.Set
}

// tx is one writing transaction: its one now, and the events that its end will append to the log and tell people of.
type tx struct {
	pgx.Tx
	profiles *profile.Set
	now      time.Time
	events   []liaison.Event
	snap     Snapshot          // of the statement that the events are about, as far as it was read
	batch    liaison.CommandID // under which the letters that follow from them are released; "" leaves it to the worker
}

func (t *tx) rules() *profile.Set { return t.profiles }

// record adds an event to the transaction and returns its id. The id, if it has none, and the time are set here.
func (t *tx) record(e liaison.Event) liaison.EventID {
	e.At = t.now
	if e.ID == "" {
		e.ID = liaison.EventID(newID())
	}
	t.events = append(t.events, e)
	return e.ID
}

// write runs fn in a transaction and appends the events that fn recorded, last. READ COMMITTED is what the log's lock
// needs: what is read after the lock is the latest.
func (s *Store) write(ctx context.Context, fn func(*tx) error) (err error) {
	ptx, err := s.pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted})
	if err != nil {
		return unavailable(fmt.Errorf("begin: %w", err))
	}
	// A rollback after a commit is a no-op; after a lost connection it can only fail, and the server has done it.
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if rerr := ptx.Rollback(ctx); rerr != nil && !errors.Is(rerr, pgx.ErrTxClosed) && err == nil {
			err = unavailable(fmt.Errorf("roll back: %w", rerr))
		}
	}()
	t := &tx{Tx: ptx, profiles: s.pool.profiles, now: audit.Time(s.now())}
	if err := fn(t); err != nil {
		return unavailable(err)
	}
	if err := t.appendEvents(ctx); err != nil {
		return unavailable(err)
	}
	if err := ptx.Commit(ctx); err != nil {
		if err = unavailable(fmt.Errorf("commit: %w", err)); liaison.CodeOf(err) == liaison.Unavailable {
			err = fmt.Errorf("%w: %w", &liaison.Error{Code: liaison.Unavailable, Message: "The database went away just then, so it is not certain whether this was stored. Look whether it was, and do it again if not."}, err)
		}
		return err
	}
	return nil
}

// violates reports whether err is the violation of the constraint with that name.
func violates(err error, constraint string) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.ConstraintName == constraint
}
