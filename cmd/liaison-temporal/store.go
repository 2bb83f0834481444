//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/headers"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	postgresschema "go.temporal.io/server/schema/postgresql/v12"
	"go.temporal.io/server/schema/sqlite"
	"go.temporal.io/server/tools/common/schema"
	toolsql "go.temporal.io/server/tools/sql"
)

// The number of shards is fixed for the life of a store: a server that comes with another number is not told so, it
// loses sight of what the other shards hold. Never change these two.
const (
	sqliteShards   = 1 // one writer at a time: more shards only wait for each other
	postgresShards = 4
)

// A store is where the server keeps its histories. It is locked, created and migrated when openStore returns it.
type store struct {
	name             string // for the ready line, without a password
	shards           int32
	main, visibility *config.SQL
	lost             <-chan error // receives once, if another server took the store; nil where that cannot happen
	close            func()       // gives the lock back
}

func openStore(ctx context.Context, o options, log *slog.Logger) (*store, error) {
	switch {
	case o.postgres != "":
		return openPostgres(ctx, o, log)
	case o.dbFilename != "":
		return openFile(ctx, o)
	default:
		return openMemory(), nil
	}
}

// openMemory keeps nothing: for tests. The server's plugin makes the schema itself.
func openMemory() *store {
	db := &config.SQL{
		PluginName: sqliteplugin.PluginName,
		// The name tells apart in-memory databases of one process.
		DatabaseName:      strconv.Itoa(os.Getpid()),
		ConnectAttributes: map[string]string{"mode": "memory", "cache": "shared"},
	}
	return &store{name: "memory", shards: sqliteShards, main: db, visibility: db, close: func() {}}
}

// openFile stores in one SQLite file. Beside FILE stand FILE.lock and FILE.version.
func openFile(ctx context.Context, o options) (*store, error) {
	path, err := filepath.Abs(o.dbFilename)
	if err != nil {
		return nil, fmt.Errorf("db file: %w", err)
	}
	if strings.ContainsAny(path, "?#%") {
		return nil, fmt.Errorf("db file %s: the name must not hold ?, # or %%: it becomes part of a URI", path)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fmt.Errorf("db file: %w", err)
	}
	unlock, err := lockFile(ctx, path, o.lockTimeout)
	if err != nil {
		return nil, err
	}
	db := &config.SQL{
		PluginName:   sqliteplugin.PluginName,
		DatabaseName: path,
		ConnectAttributes: map[string]string{
			"mode": "rwc",
			// Measured: three times the throughput of SQLite's defaults. The keys are pragmas and have no underscore in
			// front: the form _journal_mode is taken and has no effect.
			"journal_mode": "WAL",
			"synchronous":  "NORMAL",
		},
	}
	if err := prepareFile(path, db); err != nil {
		unlock()
		return nil, err
	}
	return &store{name: "sqlite " + path, shards: sqliteShards, main: db, visibility: db, close: unlock}, nil
}

// prepareFile makes the schema of a new file and refuses a file of another version: the server never migrates SQLite and
// does not check, so that an old file starts well and fails late (schedules hang on a table that is not there).
func prepareFile(path string, db *config.SQL) error {
	versionFile := path + ".version"
	fi, err := os.Stat(path)
	switch {
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("db file: %w", err)
	case err == nil && fi.Size() > 0:
		made, err := os.ReadFile(versionFile)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("db file: %w", err)
		}
		if v := strings.TrimSpace(string(made)); v != headers.ServerVersion {
			if v == "" {
				v = "an unknown version"
			}
			return fmt.Errorf("db file %s was made by %s of the server and this is %s, and SQLite files are not migrated: "+
				"delete it (with %[1]s-wal, %[1]s-shm and %[1]s.version) to start afresh, name another file, or use --postgres",
				path, v, headers.ServerVersion)
		}
		return nil
	}
	if err := sqlite.SetupSchema(db); err != nil {
		return fmt.Errorf("making the schema of %s: %w", path, err)
	}
	// Written last: a file whose schema is only half made has no version and is refused.
	if err := os.WriteFile(versionFile, []byte(headers.ServerVersion+"\n"), 0o640); err != nil {
		return fmt.Errorf("db file: %w", err)
	}
	return nil
}

// lockFile holds FILE.lock for the life of the process. The kernel gives it back however the process ends; the file stays,
// as deleting it would let two processes hold two files of the same name.
func lockFile(ctx context.Context, path string, timeout time.Duration) (unlock func(), err error) {
	f, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o640)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	err = tryFor(ctx, timeout, func() (bool, error) {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, syscall.EINTR) {
			return false, nil
		}
		return err == nil, err
	})
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("lock of %s: %w", path, err)
	}
	return func() { f.Close() }, nil
}

// errInUse: two servers on one store steal each other's shards.
var errInUse = errors.New("another server is using this store; stop it first, or name another store")

// tryFor tries at least once, then again until it is done, fails, or the time is over.
func tryFor(ctx context.Context, timeout time.Duration, try func() (bool, error)) error {
	deadline := time.NewTimer(timeout)
	defer deadline.Stop()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		if done, err := try(); done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline.C:
			return errInUse
		case <-tick.C:
		}
	}
}

// openPostgres stores in two databases of a PostgreSQL server, made if they are not there and migrated at each start.
func openPostgres(ctx context.Context, o options, log *slog.Logger) (*store, error) {
	pg, err := parsePostgres(o.postgres)
	if err != nil {
		return nil, err
	}
	visibilityDB := o.postgresDB + "_visibility"
	for _, name := range []string{o.postgresDB, visibilityDB} {
		if err := pg.createDatabase(ctx, name); err != nil {
			return nil, fmt.Errorf("database %s: %w", name, err)
		}
	}
	lock := &pgLock{cfg: pg.database(o.postgresDB), timeout: o.lockTimeout, log: log, lost: make(chan error, 1)}
	// The lock comes before the migrations: they are not made for two at once.
	if err := lock.acquire(ctx); err != nil {
		return nil, fmt.Errorf("lock of database %s: %w", o.postgresDB, err)
	}
	st := &store{
		name:   fmt.Sprintf("postgres %s:%d/%s", pg.cfg.Host, pg.cfg.Port, o.postgresDB),
		shards: postgresShards,
		// Each of the four services opens pools of its own: at most 4*(8+4) connections, where PostgreSQL has 100 to share.
		// PostgreSQL is the bottleneck long before eight.
		main:       pg.sqlConfig(o.postgresDB, 8),
		visibility: pg.sqlConfig(visibilityDB, 4),
		lost:       lock.lost,
		close:      lock.hold(ctx),
	}
	err = errors.Join(
		migrate(st.main, "postgresql/v12/temporal", postgresschema.Version),
		migrate(st.visibility, "postgresql/v12/visibility", postgresschema.VisibilityVersion))
	if err != nil {
		st.close()
		return nil, err
	}
	return st, nil
}

// migrate brings a database to the version this server wants, with the tasks behind the server's own temporal-sql-tool.
// The tool's entry, RunTool, either ends the process on an error or swallows it.
func migrate(db *config.SQL, name, version string) error {
	logger := log.NewNoopLogger()
	conn, err := toolsql.NewConnection(db, logger)
	if err != nil {
		return fmt.Errorf("schema of %s: %w", db.DatabaseName, err)
	}
	defer conn.Close()
	// Makes the tables that hold the version, and nothing where a version stands.
	if err := schema.NewSetupSchemaTask(conn, &schema.SetupConfig{InitialVersion: "0.0"}, logger).Run(); err != nil {
		return fmt.Errorf("schema of %s: %w", db.DatabaseName, err)
	}
	if err := schema.NewUpdateSchemaTask(conn, &schema.UpdateConfig{SchemaName: name}, logger).Run(); err != nil {
		return fmt.Errorf("migrating %s to %s: %w", db.DatabaseName, version, err)
	}
	return nil
}

// postgres is a PostgreSQL server: how pgx reaches it, and the same as the words the Temporal server wants.
type postgres struct {
	cfg        *pgx.ConnConfig
	attributes map[string]string
}

// parsePostgres reads a URL, as pgx does: with PGUSER, PGPASSWORD, the password file and so on for what it does not say.
func parsePostgres(s string) (*postgres, error) {
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		// The URL is not repeated: it may hold a password.
		return nil, errors.New("--postgres: want a URL such as postgres://user@127.0.0.1:5432/")
	}
	q := u.Query()
	if !q.Has("sslmode") && os.Getenv("PGSSLMODE") == "" {
		q.Set("sslmode", "prefer") // libpq's default; the Temporal server's is disable
	}
	if !q.Has("connect_timeout") {
		q.Set("connect_timeout", "5")
	}
	if !q.Has("application_name") {
		q.Set("application_name", "liaison-temporal")
	}
	u.RawQuery = q.Encode()
	cfg, err := pgx.ParseConfig(u.String())
	if err != nil {
		return nil, fmt.Errorf("--postgres: %w", err)
	}
	// The Temporal server builds a URL from host:port, user and password, which can say neither a socket's directory nor
	// every password. Parameters win over the URL's other parts, so everything goes there.
	a := map[string]string{"host": cfg.Host, "port": strconv.Itoa(int(cfg.Port)), "user": cfg.User}
	if cfg.Password != "" {
		a["password"] = cfg.Password
	}
	for k := range q {
		if _, ok := a[k]; !ok {
			a[k] = q.Get(k)
		}
	}
	delete(a, "database")
	delete(a, "dbname")
	return &postgres{cfg: cfg, attributes: a}, nil
}

// database returns the way to one database of the server.
func (p *postgres) database(name string) *pgx.ConnConfig {
	c := p.cfg.Copy()
	c.Database = name
	return c
}

// sqlConfig returns the same for the Temporal server. Its pool needs no more to live through a restart of PostgreSQL: the
// plugin opens the pool anew when a connection breaks.
func (p *postgres) sqlConfig(name string, conns int) *config.SQL {
	return &config.SQL{
		PluginName:        postgresql.PluginNamePGX,
		DatabaseName:      name,
		ConnectAddr:       "localhost:5432", // overridden by the attributes
		ConnectProtocol:   "tcp",
		ConnectAttributes: p.attributes,
		MaxConns:          conns,
		MaxIdleConns:      conns,
		MaxConnLifetime:   time.Hour,
	}
}

// createDatabase makes a database if it is not there. It looks first, so that a role that may not create databases can
// use those that were made for it.
func (p *postgres) createDatabase(ctx context.Context, name string) error {
	maintenance := p.cfg
	if maintenance.Database == "" {
		maintenance = p.database("postgres")
	}
	conn, err := connect(ctx, maintenance)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var there bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&there); err != nil {
		return err
	}
	if there {
		return nil
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize())
	var pe *pgconn.PgError
	// Duplicate database, or its unique index where two create it in the same moment.
	if errors.As(err, &pe) && (pe.Code == "42P04" || pe.Code == "23505") {
		return nil
	}
	return err
}

// connectTimeout is how long a PostgreSQL that is just starting is waited for.
const connectTimeout = 15 * time.Second

// connect waits for a server that is starting, and for nothing else: a wrong password stays wrong.
func connect(ctx context.Context, cfg *pgx.ConnConfig) (*pgx.Conn, error) {
	deadline := time.NewTimer(connectTimeout)
	defer deadline.Stop()
	for {
		conn, err := pgx.ConnectConfig(ctx, cfg)
		if err == nil || !isStarting(err) {
			return conn, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-deadline.C:
			return nil, err
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// isStarting says whether PostgreSQL is not yet there: nobody listens, no socket yet, or "the database system is starting
// up" (57P03).
func isStarting(err error) bool {
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		return pe.Code == "57P03"
	}
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ECONNRESET)
}

// lockKey is the advisory lock of a store; it counts within one database.
const lockKey int64 = 0x6c69616973_6f6e // "liaison"

// A pgLock is a session's advisory lock in the main database. PostgreSQL gives it back when the connection ends, however
// the process does.
type pgLock struct {
	cfg     *pgx.ConnConfig
	timeout time.Duration
	log     *slog.Logger
	conn    *pgx.Conn
	lost    chan error
}

// acquire connects and takes the lock, waiting for another server to leave.
func (l *pgLock) acquire(ctx context.Context) error {
	cfg := l.cfg.Copy()
	cfg.RuntimeParams["application_name"] = "liaison-temporal lock"
	// If this machine vanishes, the lock is free for its successor in seconds rather than in two hours. Without effect on a
	// Unix socket.
	cfg.RuntimeParams["tcp_keepalives_idle"] = "5"
	cfg.RuntimeParams["tcp_keepalives_interval"] = "2"
	cfg.RuntimeParams["tcp_keepalives_count"] = "3"
	conn, err := connect(ctx, cfg)
	if err != nil {
		return err
	}
	err = tryFor(ctx, l.timeout, func() (got bool, err error) {
		err = conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", lockKey).Scan(&got)
		return got, err
	})
	if err != nil {
		conn.Close(context.WithoutCancel(ctx))
		return err
	}
	l.conn = conn
	return nil
}

// hold watches the connection and takes the lock again when PostgreSQL was restarted; if another server has taken it
// meanwhile, that is sent to lost. The returned function gives the lock back.
func (l *pgLock) hold(ctx context.Context) (release func()) {
	// Stopping the server takes seconds, and it must not be without its lock then: only release ends the watch.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for l.watch(ctx) {
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// watch waits until the connection breaks and mends it; it returns false when there is nothing more to watch.
func (l *pgLock) watch(ctx context.Context) bool {
	var err error
	for err == nil {
		// Nobody notifies; this returns as soon as the connection ends.
		_, err = l.conn.WaitForNotification(ctx)
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	l.conn.Close(closing)
	if ctx.Err() != nil {
		return false
	}
	l.log.Warn("lost the connection that holds the lock of the store, acquiring it again", "err", err)
	for {
		err := l.acquire(ctx)
		switch {
		case err == nil:
			l.log.Info("acquired the lock of the store again")
			return true
		case ctx.Err() != nil:
			return false
		case errors.Is(err, errInUse):
			l.lost <- fmt.Errorf("lost the lock of the store: %w", err)
			return false
		}
		l.log.Warn("acquiring the lock of the store", "err", err)
		select {
		case <-ctx.Done():
			return false
		case <-time.After(time.Second):
		}
	}
}
