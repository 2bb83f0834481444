package migrations_test

import (
	"context"
	"errors"
	"flag"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/migrations"
)

func TestMain(m *testing.M) { testkit.Main(m) }

var update = flag.Bool("update", false, "write docs/schema.sql anew")

// steps are the files of this folder, in the order in which they run.
func steps(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob("[0-9]*.sql")
	if err != nil || len(names) == 0 {
		t.Fatalf("no steps: %v", err)
	}
	return names
}

func TestUpTwice(t *testing.T) {
	url := testkit.DatabaseURL(t, nil)
	pending, err := migrations.Pending(t.Context(), url)
	if err != nil || !pending {
		t.Errorf("an empty database lacks nothing: %t, %v", pending, err)
	}
	ran, err := migrations.Run(t.Context(), url)
	if diff := cmp.Diff(steps(t), ran); err != nil || diff != "" {
		t.Fatalf("ran, %v (-want +got):\n%s", err, diff)
	}
	ran, err = migrations.Run(t.Context(), url)
	if err != nil || len(ran) != 0 {
		t.Errorf("the second time ran %v, %v", ran, err)
	}
	if pending, err = migrations.Pending(t.Context(), url); err != nil || pending {
		t.Errorf("a step is pending: %t, %v", pending, err)
	}
}

func TestUpByFourAtOnce(t *testing.T) {
	url := testkit.DatabaseURL(t, nil)
	var all sync.WaitGroup
	ran, errs := make([][]string, 4), make([]error, 4)
	for i := range ran {
		all.Go(func() { ran[i], errs[i] = migrations.Run(t.Context(), url) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(steps(t), slices.Concat(ran...)); diff != "" {
		t.Errorf("each step runs once (-want +got):\n%s", diff)
	}
}

// TestStepsHaveNumbersOfTheirOwn: four digits, none twice. There are gaps where several people worked at once.
func TestStepsHaveNumbersOfTheirOwn(t *testing.T) {
	seen := map[string]string{}
	for _, name := range steps(t) {
		number, _, _ := strings.Cut(name, "_")
		if n, err := strconv.Atoi(number); err != nil || n < 1 || len(number) != 4 || seen[number] != "" {
			t.Errorf("%s has no number of its own: %v, %q", name, err, seen[number])
		}
		seen[number] = name
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(b), "-- +goose Up\n-- ") {
			t.Errorf("%s does not begin with what it is for", name)
		}
		if strings.Contains(string(b), "+goose Down") {
			t.Errorf("%s goes backwards; in production that is not done", name)
		}
	}
}

func TestUpSaysWhatIsWrong(t *testing.T) {
	if err := migrations.Up(t.Context(), "postgres://nobody@127.0.0.1:1/nothing?connect_timeout=2"); err == nil || !strings.Contains(err.Error(), "migrate: ") {
		t.Errorf("a database that is not there: %v", err)
	}
}

// TestSchemaDocument keeps docs/schema.sql what the steps make.
func TestSchemaDocument(t *testing.T) {
	name := filepath.Join("..", "docs", "schema.sql")
	got := dump(t, testkit.DatabaseURL(t, migrations.Up))
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatalf("%v; run go test ./migrations -run TestSchemaDocument -update", err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("docs/schema.sql is not what the steps make; run go test ./migrations -run TestSchemaDocument -update (-file +database):\n%s", diff)
	}
}

// dump is the schema of the database at the URL, without what depends on versions, owners and the day.
func dump(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := u.User.Password()
	user := u.User.Username()
	u.User = url.User(user)
	cmd := exec.CommandContext(t.Context(), pgDump(t, address), "--schema-only", "--no-owner", "--exclude-table=goose_db_version*", "--dbname="+u.String())
	cmd.Env = append(os.Environ(), "PGPASSWORD="+password)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("pg_dump: %v: %s", err, stderr.String())
	}
	var b strings.Builder
	b.WriteString("-- Made from the migrated database by go test ./migrations -run TestSchemaDocument -update. Do not edit.\n")
	blank := false
	for line := range strings.Lines(string(out)) {
		line = strings.TrimRight(line, " \n")
		switch {
		case line == "":
			blank = true
			continue
		case strings.HasPrefix(line, `\restrict`), strings.HasPrefix(line, `\unrestrict`), strings.HasPrefix(line, "SELECT pg_catalog.set_config"),
			varies.MatchString(line), line == "--", strings.HasPrefix(line, "-- "):
			continue
		}
		if blank {
			b.WriteByte('\n')
		}
		blank = false
		b.WriteString(strings.ReplaceAll(line, " TO "+user+";", " TO the_owner;") + "\n")
	}
	return b.String()
}

// varies are the settings that pg_dump begins with.
var varies = regexp.MustCompile(`^SET [a-z_]+ = .*;$`)

// pgDump finds a pg_dump that can read the server: of its major version if there is one, else of a later one.
func pgDump(t *testing.T, address string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var server int
	if err := conn.QueryRow(t.Context(), `SELECT current_setting('server_version_num')::int / 10000`).Scan(&server); err != nil {
		t.Fatal(err)
	}
	candidates, err := filepath.Glob("/usr/lib/postgresql/*/bin/pg_dump")
	if err != nil {
		t.Fatal(err)
	}
	if dir := os.Getenv("LIAISON_POSTGRES_BIN"); dir != "" {
		candidates = append(candidates, filepath.Join(dir, "pg_dump"))
	}
	if found, err := exec.LookPath("pg_dump"); err == nil {
		candidates = append(candidates, found)
	}
	best, bestMajor := "", 0
	for _, c := range candidates {
		out, err := exec.CommandContext(t.Context(), c, "--version").Output()
		m := regexp.MustCompile(` (\d+)`).FindSubmatch(out)
		if err != nil || m == nil {
			continue
		}
		if major, _ := strconv.Atoi(string(m[1])); major >= server && (best == "" || major < bestMajor) {
			best, bestMajor = c, major
		}
	}
	if best == "" {
		if os.Getenv("CI") != "" {
			t.Fatalf("no pg_dump for PostgreSQL %d", server)
		}
		t.Skipf("NOT TESTED: no pg_dump for PostgreSQL %d", server)
	}
	return best
}

// TestRightsAreGivenAgain: roles that lost every right, or were made later than the steps, have all of them after a migration.
func TestRightsAreGivenAgain(t *testing.T) {
	url := testkit.DatabaseURL(t, migrations.Up)
	db, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(context.WithoutCancel(t.Context()))
	rights := func() (out []string) {
		t.Helper()
		rows, err := db.Query(t.Context(), `
			SELECT acl FROM (
				SELECT relnamespace::regnamespace || '.' || relname || ' ' || a::text AS acl FROM pg_class, unnest(relacl) a WHERE a::text LIKE 'liaison\_%=%'
				UNION ALL
				SELECT relnamespace::regnamespace || '.' || relname || '.' || attname || ' ' || a::text FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid, unnest(attacl) a WHERE a::text LIKE 'liaison\_%=%'
			) x WHERE acl !~ ' liaison=' ORDER BY acl`)
		if err != nil {
			t.Fatal(err)
		}
		if out, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
			t.Fatal(err)
		}
		return out
	}
	before := rights()
	if _, err := db.Exec(t.Context(), `REVOKE ALL ON ALL TABLES IN SCHEMA public, audit FROM liaison_app, liaison_worker, liaison_signer, liaison_auditor`); err != nil {
		t.Fatal(err)
	}
	if left := rights(); len(before) < 100 || len(left) > 0 {
		t.Fatalf("%d rights before, %v left", len(before), left)
	}
	for range 2 {
		if err := migrations.Grant(t.Context(), url); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, rights()); diff != "" {
			t.Errorf("the rights are others than the steps gave (-before +after):\n%s", diff)
		}
	}
}
