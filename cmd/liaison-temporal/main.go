//go:build unix

// Liaison-temporal is a Temporal server in one process, for Liaison's demo and tests.
//
// It takes the words that `temporal server start-dev` takes, so that either program serves: the demo may use a
// `temporal` it finds on PATH, and the SDK's testsuite.StartDevServer can start this one as its ExistingPath. What
// start-dev does not have: a store in PostgreSQL with versioned migrations, a lock against two servers on one store, a
// retention that outlives a demo, and an end when the parent is gone. What it does not have: a user interface.
//
//	liaison-temporal server start-dev --namespace liaison --postgres postgres://user@127.0.0.1:5432/
//
//	main.go    the words on the command line, and the life of the process
//	server.go  the configuration of the server, namespaces, readiness
//	store.go   where the histories are kept: schema, version, lock
//
// It listens on loopback only and knows no authentication: it is no production server. Production uses a Temporal cluster
// of its own.
//
// It is a module of its own because go.temporal.io/server links some 200 modules and lifts the go line to its own patch
// release; Liaison itself needs neither. Never import it from elsewhere.
//
// Exit codes: 0 stopped as asked, 1 it did not work, 2 the command line is wrong.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/server/common/headers"
)

const (
	// minRetention keeps closed runs long enough that a repeated command still meets the run it belongs to.
	minRetention = 30 * 24 * time.Hour
	// stopTimeout bounds the graceful end: a server that hangs in Stop must not keep its parent waiting.
	stopTimeout = 15 * time.Second
)

// gcPercent trades a little processor time for memory: the demo shares a small machine with PostgreSQL, the mail server,
// worker and web. GOGC in the environment wins.
const gcPercent = 50

// options is the command line, checked.
type options struct {
	ip          string
	port        int // 0: a free one
	namespaces  []string
	attributes  map[string]enumspb.IndexedValueType
	dynamic     map[string]any
	retention   time.Duration
	dbFilename  string // SQLite file; empty: in memory, unless postgres is set
	postgres    string // URL; empty: SQLite
	postgresDB  string // database; the visibility store is in postgresDB_visibility
	lockTimeout time.Duration
	parentPID   int // 0: none
	logLevel    string
	logFormat   string
}

// errUsage marks what the person at the command line can put right.
var errUsage = errors.New("usage")

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(args []string, stdout, stderr io.Writer) int {
	if isVersion(args) {
		fmt.Fprintf(stdout, "liaison-temporal version %s (Temporal server %s)\n", headers.ServerVersion, headers.ServerVersion)
		return 0
	}
	o, err := parse(args, stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "liaison-temporal: %v\n", err)
		return 2
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	// A second signal ends the process at once.
	context.AfterFunc(ctx, stop)

	if err := serve(ctx, o, stdout, newLogger(o, stderr)); err != nil {
		fmt.Fprintf(stderr, "liaison-temporal: %v\n", err)
		return 1
	}
	return 0
}

// serve runs the server until ctx ends, the parent is gone or the store is lost.
func serve(ctx context.Context, o options, stdout io.Writer, log *slog.Logger) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if o.parentPID != 0 {
		gone, err := watchProcess(ctx, o.parentPID)
		if err != nil {
			return err
		}
		go func() {
			select {
			case <-gone:
				log.Info("the parent is gone, stopping", "pid", o.parentPID)
				cancel()
			case <-ctx.Done():
			}
		}()
	}

	st, err := openStore(ctx, o, log)
	if err != nil {
		return notIfStopped(ctx, err)
	}
	defer st.close()

	srv, err := startServer(ctx, o, st)
	if err != nil {
		return notIfStopped(ctx, err)
	}
	if err := srv.awaitReady(ctx, o); err != nil {
		return errors.Join(notIfStopped(ctx, err), srv.stop())
	}
	fmt.Fprintf(stdout, "liaison-temporal: ready on %s (namespace %s, store %s)\n",
		srv.address, strings.Join(o.namespaces, ","), st.name)

	select {
	case <-ctx.Done():
		return srv.stop()
	case err := <-st.lost:
		return errors.Join(err, srv.stop())
	}
}

// notIfStopped drops an error that is only the echo of being asked to stop.
func notIfStopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func isVersion(args []string) bool {
	if len(args) != 1 {
		return false
	}
	switch args[0] {
	case "version", "--version", "-version", "-v":
		return true
	}
	return false
}

// parse reads the command line; help goes to w.
func parse(args []string, w io.Writer) (options, error) {
	var o options
	var attributes, dynamic list
	fs := flag.NewFlagSet("liaison-temporal server start-dev", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.StringVar(&o.ip, "ip", "127.0.0.1", "loopback `address` to listen on")
	fs.IntVar(&o.port, "port", 7233, "port of the frontend, 0 for a free one")
	fs.IntVar(&o.port, "p", 7233, "short for --port")
	fs.Var((*list)(&o.namespaces), "namespace", "`name` of a namespace to register, repeatable (default \"default\")")
	fs.Var((*list)(&o.namespaces), "n", "short for --namespace")
	fs.StringVar(&o.dbFilename, "db-filename", "", "SQLite `file` to store in; without it and without --postgres nothing is kept")
	fs.StringVar(&o.dbFilename, "f", "", "short for --db-filename")
	fs.StringVar(&o.postgres, "postgres", "", "`URL` of a PostgreSQL server to store in")
	fs.StringVar(&o.postgresDB, "postgres-db", "temporal", "`name` of the PostgreSQL database; the visibility store is in NAME_visibility")
	fs.DurationVar(&o.lockTimeout, "lock-timeout", 15*time.Second, "how long to wait for another server to leave the store")
	fs.DurationVar(&o.retention, "retention", minRetention, "how long closed runs are kept, at least 720h")
	fs.Var(&attributes, "search-attribute", "`name=type` of a search attribute, repeatable")
	fs.Var(&dynamic, "dynamic-config-value", "`key=JSON` of a dynamic configuration value, repeatable")
	fs.StringVar(&o.logLevel, "log-level", "error", "`level` of the server's log on stderr: debug, info, warn, error, never")
	fs.StringVar(&o.logFormat, "log-format", "text", "`format` of the log: text, json, pretty")
	fs.IntVar(&o.parentPID, "parent-pid", 0, "stop when the process with this `pid` is gone")
	// There is no user interface: these two are taken so that a command line for `temporal` serves.
	fs.Bool("headless", true, "ignored")
	fs.String("ui-port", "", "ignored")

	if len(args) > 0 && (args[0] == "-h" || args[0] == "--help" || args[0] == "help") {
		printUsage(w, fs)
		return o, flag.ErrHelp
	}
	if len(args) < 2 || args[0] != "server" || args[1] != "start-dev" {
		return o, fmt.Errorf("%w: liaison-temporal server start-dev [flags], or liaison-temporal version", errUsage)
	}
	if err := fs.Parse(args[2:]); errors.Is(err, flag.ErrHelp) {
		printUsage(w, fs)
		return o, err
	} else if err != nil {
		return o, fmt.Errorf("%w: %w", errUsage, err)
	}
	if fs.NArg() > 0 {
		return o, fmt.Errorf("%w: unexpected argument %q", errUsage, fs.Arg(0))
	}
	if len(o.namespaces) == 0 {
		o.namespaces = []string{"default"}
	}
	if err := o.check(attributes, dynamic); err != nil {
		return o, fmt.Errorf("%w: %w", errUsage, err)
	}
	return o, nil
}

func printUsage(w io.Writer, fs *flag.FlagSet) {
	fmt.Fprint(w, "Usage: liaison-temporal server start-dev [flags]\n       liaison-temporal version\n\n")
	fs.SetOutput(w)
	fs.PrintDefaults()
}

// check refuses values that cannot work and reads those that have a syntax of their own.
func (o *options) check(attributes, dynamic []string) error {
	var err error
	if o.ip, err = loopback(o.ip); err != nil {
		return err
	}
	if o.port < 0 || o.port > 65535 {
		return fmt.Errorf("--port %d is not a port", o.port)
	}
	if o.retention < minRetention {
		return fmt.Errorf("--retention %s is less than %s", o.retention, minRetention)
	}
	if o.postgres != "" && o.dbFilename != "" {
		return errors.New("--postgres and --db-filename exclude each other")
	}
	if !databaseName.MatchString(o.postgresDB) {
		return fmt.Errorf("--postgres-db %q: want lower-case letters, digits and _, at most 50", o.postgresDB)
	}
	if o.parentPID < 0 {
		return fmt.Errorf("--parent-pid %d is not a pid", o.parentPID)
	}
	switch o.logLevel {
	case "debug", "info", "warn", "error", "never":
	default:
		return fmt.Errorf("--log-level %q: want debug, info, warn, error or never", o.logLevel)
	}
	switch o.logFormat {
	case "text", "json", "pretty":
	default:
		return fmt.Errorf("--log-format %q: want text, json or pretty", o.logFormat)
	}
	if o.attributes, err = parseAttributes(attributes); err != nil {
		return err
	}
	o.dynamic, err = parseDynamic(dynamic)
	return err
}

// databaseName leaves room for "_visibility" in PostgreSQL's 63 bytes and needs no quoting.
var databaseName = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,49}$`)

// loopback refuses an address that others can reach: the server has no authentication.
func loopback(ip string) (string, error) {
	if ip == "localhost" {
		return "127.0.0.1", nil
	}
	p := net.ParseIP(ip)
	if p == nil {
		return "", fmt.Errorf("--ip %q is not an IP address", ip)
	}
	if !p.IsLoopback() {
		return "", fmt.Errorf("--ip %s is not a loopback address: this server has no authentication", ip)
	}
	return p.String(), nil
}

func parseAttributes(words []string) (map[string]enumspb.IndexedValueType, error) {
	m := map[string]enumspb.IndexedValueType{}
	for _, w := range words {
		name, typ, ok := strings.Cut(w, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("--search-attribute %q: want name=type", w)
		}
		t, err := enumspb.IndexedValueTypeFromString(typ)
		if err != nil || t == enumspb.INDEXED_VALUE_TYPE_UNSPECIFIED {
			return nil, fmt.Errorf("--search-attribute %q: unknown type; want Text, Keyword, Int, Double, Bool, Datetime or KeywordList", w)
		}
		m[name] = t
	}
	return m, nil
}

// parseDynamic reads values as JSON, as `temporal` does: false, 1000, "30s".
func parseDynamic(words []string) (map[string]any, error) {
	m := map[string]any{}
	for _, w := range words {
		key, value, ok := strings.Cut(w, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("--dynamic-config-value %q: want key=JSON", w)
		}
		if !json.Valid([]byte(value)) {
			return nil, fmt.Errorf("--dynamic-config-value %q: the value is not JSON (a string needs quotes)", w)
		}
		d := json.NewDecoder(strings.NewReader(value))
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err != nil {
			return nil, fmt.Errorf("--dynamic-config-value %q: %w", w, err)
		}
		m[key] = numbers(v)
	}
	return m, nil
}

// numbers makes whole numbers ints: a setting of the server that wants an int refuses 1000 as float64, silently.
func numbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := strconv.Atoi(v.String()); err == nil {
			return n
		}
		f, _ := v.Float64()
		return f
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = numbers(v[k])
		}
	}
	return v
}

// list is a repeatable flag.
type list []string

func (l *list) String() string     { return strings.Join(*l, ",") }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

// newLogger is for the program's own few lines; the level is the server's, but for "never" they are all written, as they
// say why the process waits or ends.
func newLogger(o options, w io.Writer) *slog.Logger {
	if o.logLevel == "never" {
		return slog.New(slog.DiscardHandler)
	}
	if o.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, nil))
	}
	return slog.New(slog.NewTextHandler(w, nil))
}

// watchProcess closes the channel when the process is gone, looking every second. A zombie is gone, and so is a process
// whose pid now belongs to another one: signal 0 would tell neither.
func watchProcess(ctx context.Context, pid int) (<-chan struct{}, error) {
	if _, err := processStart(os.Getpid()); err != nil {
		return nil, fmt.Errorf("--parent-pid needs /proc: %w", err)
	}
	gone := make(chan struct{})
	start, err := processStart(pid)
	if err != nil {
		close(gone)
		return gone, nil
	}
	go func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if now, err := processStart(pid); err != nil || now != start {
				close(gone)
				return
			}
		}
	}()
	return gone, nil
}

// processStart returns when a living process started, in clock ticks since boot (proc(5), /proc/pid/stat, field 22).
func processStart(pid int) (string, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", err
	}
	// The name, field 2, is in parentheses and may hold anything; field 3 is the state.
	_, rest, _ := strings.Cut(string(b[strings.LastIndexByte(string(b), ')')+1:]), " ")
	fields := strings.Fields(rest)
	if len(fields) < 20 {
		return "", fmt.Errorf("/proc/%d/stat is not as expected", pid)
	}
	if fields[0] == "Z" || fields[0] == "X" {
		return "", os.ErrProcessDone
	}
	return fields[19], nil
}
