package parts

// Finding the programs of PostgreSQL, or fetching them.

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
)

// programs finds among folders one with the programs for a cluster of this major version (0: any from 14 on), fetching them if none
// are installed.
func (p *Postgres) programs(ctx context.Context, folders []string, major int) (string, error) {
	var unfit []string
	for _, dir := range folders {
		version, err := postgresVersion(ctx, dir)
		switch {
		case err != nil:
			unfit = append(unfit, err.Error())
		case version < oldestPostgres:
			unfit = append(unfit, fmt.Sprintf("%s is version %d", dir, version))
		case major != 0 && version != major:
			unfit = append(unfit, fmt.Sprintf("%s is version %d", dir, version))
		default:
			if p.cred != nil {
				if err := reachable(dir, p.cred); err != nil {
					unfit = append(unfit, err.Error())
					continue
				}
			}
			return dir, nil
		}
	}
	if os.Getenv("LIAISON_POSTGRES_BIN") != "" {
		return "", fmt.Errorf("%w where LIAISON_POSTGRES_BIN points: %s", ErrNoPostgres, strings.Join(unfit, "; "))
	}
	if major != 0 && len(unfit) > 0 {
		return "", fmt.Errorf("the data in %s was made by PostgreSQL %d, and of that version nothing was found (%s): install it, name its folder "+
			"in LIAISON_POSTGRES_BIN, or move the data away to begin anew", p.data, major, strings.Join(unfit, "; "))
	}
	found := ""
	if len(unfit) > 0 {
		found = " (" + strings.Join(unfit, "; ") + ")"
	}
	if p.opts.NoFetch {
		return "", fmt.Errorf("%w%s: %s", ErrNoPostgres, found, howToGetPostgres)
	}
	dir, err := p.fetch(ctx, major)
	if err != nil {
		return "", fmt.Errorf("%w%s and could not be fetched: %w; %s", ErrNoPostgres, found, err, howToGetPostgres)
	}
	return dir, nil
}

// postgresFolders are the folders that may hold PostgreSQL's programs, in the order in which they are tried.
func postgresFolders(dataDir string) []string {
	if dir := os.Getenv("LIAISON_POSTGRES_BIN"); dir != "" {
		return []string{dir}
	}
	var dirs []string
	add := func(dir string) {
		if info, err := os.Stat(filepath.Join(dir, "postgres")); err == nil && !info.IsDir() && !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	// A link on PATH leads to one program; the others lie beside what it points to.
	for _, program := range []string{"postgres", "pg_ctl", "initdb", "psql"} {
		if path, err := exec.LookPath(program); err == nil {
			if real, err := filepath.EvalSymlinks(path); err == nil {
				add(filepath.Dir(real))
			}
		}
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin", "/usr/libexec/postgresql*",
		"/opt/homebrew/opt/postgresql*/bin", "/usr/local/opt/postgresql*/bin", "/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
	} {
		found, _ := filepath.Glob(pattern) // the patterns are constants and well formed
		slices.SortFunc(found, func(a, b string) int { return versionIn(b) - versionIn(a) })
		for _, dir := range found {
			add(dir)
		}
	}
	add(filepath.Join(dataDir, "postgres-bin", "bin"))
	return dirs
}

var number = regexp.MustCompile(`\d+`)

// versionIn is the first number in a path, 0 without one.
func versionIn(path string) int {
	n, err := strconv.Atoi(number.FindString(path))
	if err != nil {
		return 0
	}
	return n
}

// postgresVersion asks the programs in dir for their major version, and checks that those we need are all there.
func postgresVersion(ctx context.Context, dir string) (int, error) {
	for _, program := range []string{"postgres", "initdb", "pg_ctl"} {
		if _, err := os.Stat(filepath.Join(dir, program)); err != nil {
			return 0, fmt.Errorf("%s has no %s", dir, program)
		}
	}
	out, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return 0, fmt.Errorf("%s/postgres --version: %w", dir, err)
	}
	// "postgres (PostgreSQL) 15.10 (Debian 15.10-0+deb12u1)"
	_, version, _ := strings.Cut(string(out), "(PostgreSQL)")
	major := versionIn(version)
	if major == 0 {
		return 0, fmt.Errorf("%s/postgres --version says %q", dir, strings.TrimSpace(string(out)))
	}
	return major, nil
}

// fetch downloads PostgreSQL's programs into DIR/postgres-bin. When root, a second run of our own program does it as the
// unprivileged user, because the library also runs what it downloaded.
func (p *Postgres) fetch(ctx context.Context, major int) (string, error) {
	if major == 0 {
		major = fetchMajor
	}
	if _, ok := fetchVersions[major]; !ok {
		return "", fmt.Errorf("version %d is not offered for download", major)
	}
	p.progress.say("PostgreSQL is not installed; fetching version %d (about 10 MB to 30 MB, once)", major)
	defer p.progress.during("still fetching PostgreSQL")()
	work := filepath.Join(p.opts.Dir, "postgres-fetch")
	if err := os.RemoveAll(work); err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	if err := os.Mkdir(work, 0o755); err != nil {
		return "", err
	}
	args := []string{work, strconv.Itoa(major)}
	if p.cred == nil {
		// The library knows no context: when ours ends, we leave it behind in a folder that is removed at the next start.
		fetched := make(chan error, 1)
		go func() { fetched <- RunFetchPostgres(args) }()
		select {
		case err := <-fetched:
			if err != nil {
				return "", err
			}
		case <-ctx.Done():
			return "", ctx.Err()
		}
	} else {
		if err := os.Chown(work, int(p.cred.Uid), int(p.cred.Gid)); err != nil {
			return "", err
		}
		self, err := ourselves()
		if err != nil {
			return "", err
		}
		opts := p.process(self, append([]string{FetchPostgresCommand}, args...)...)
		opts.Dir, opts.DeathSignal = work, syscall.SIGKILL
		opts.Env = append(fetchEnv(), "HOME="+work, "TMPDIR="+work)
		if err := runToEnd(ctx, opts); err != nil {
			return "", err
		}
	}
	final := filepath.Join(p.opts.Dir, "postgres-bin")
	if err := os.RemoveAll(final); err != nil {
		return "", err
	}
	if err := os.Rename(filepath.Join(work, "pg"), final); err != nil {
		return "", err
	}
	dir := filepath.Join(final, "bin")
	if _, err := postgresVersion(ctx, dir); err != nil {
		return "", err
	}
	return dir, nil
}

// fetchEnv is what a download may need of our environment; secrets stay here.
func fetchEnv() []string {
	env := []string{"LC_ALL=C"}
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		switch strings.ToUpper(name) {
		case "PATH", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "LIAISON_POSTGRES_MIRROR":
			env = append(env, kv)
		}
	}
	return env
}

// RunFetchPostgres is the body of the hidden command FetchPostgresCommand: args are the working directory, where the
// programs are left in pg/, and the major version. It refuses to run as root, because the library ends a fetch by running
// initdb and the server once. LIAISON_POSTGRES_MIRROR names another Maven repository to download from.
func RunFetchPostgres(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("%s takes a directory and a version", FetchPostgresCommand)
	}
	if os.Geteuid() == 0 {
		return fmt.Errorf("%s does not run as root", FetchPostgresCommand)
	}
	work := args[0]
	major, err := strconv.Atoi(args[1])
	if err != nil {
		return fmt.Errorf("%s: version %q: %w", FetchPostgresCommand, args[1], err)
	}
	version, ok := fetchVersions[major]
	if !ok {
		return fmt.Errorf("%s: version %d is not offered", FetchPostgresCommand, major)
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(work, "fetch.log"))
	if err != nil {
		return err
	}
	defer log.Close()
	config := embeddedpostgres.DefaultConfig().
		Version(version).
		Port(uint32(port)).
		Password(rand.Text()).
		CachePath(filepath.Join(work, "cache")).
		BinariesPath(filepath.Join(work, "pg")).
		RuntimePath(filepath.Join(work, "run")).
		DataPath(filepath.Join(work, "run", "data")).
		Locale("C").Encoding("UTF8").
		StartParameters(map[string]string{"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "shared_buffers": "16MB"}).
		Logger(log)
	if mirror := os.Getenv("LIAISON_POSTGRES_MIRROR"); mirror != "" {
		config = config.BinaryRepositoryURL(strings.TrimSuffix(mirror, "/"))
	}
	pg := embeddedpostgres.NewDatabase(config)
	if err := pg.Start(); err != nil {
		return fmt.Errorf("fetch PostgreSQL %s: %w", version, err)
	}
	if err := pg.Stop(); err != nil {
		return fmt.Errorf("stop the fetched PostgreSQL %s: %w", version, err)
	}
	return nil
}
