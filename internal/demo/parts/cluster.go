package parts

// The data directory of a PostgreSQL server: making it, owning it, taking it back from a killed run.

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// acquire takes the directory for us alone. The kernel gives the lock back when we die.
func (p *Postgres) acquire() error {
	if p.lock != nil {
		return nil
	}
	name := filepath.Join(p.opts.Dir, "postgres.lock")
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("lock the data directory: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return fmt.Errorf("another liaison is running on %s: stop it or choose another data directory", p.opts.Dir)
		}
		return fmt.Errorf("lock %s: %w", name, err)
	}
	p.lock = f
	return nil
}

func (p *Postgres) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lock != nil {
		p.lock.Close()
		p.lock = nil
	}
}

// stopStale stops a server that an earlier run of ours, killed before it could, left on our cluster. We hold the
// directory's lock, so nobody is using that server.
func (p *Postgres) stopStale(ctx context.Context) error {
	pidFile := filepath.Join(p.data, "postmaster.pid")
	b, err := os.ReadFile(pidFile)
	if errors.Is(err, fs.ErrNotExist) {
		return p.awaitBackends(ctx)
	}
	if err != nil {
		return fmt.Errorf("look for an earlier PostgreSQL: %w", err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(strings.SplitN(string(b), "\n", 2)[0]))
	if err != nil || pid <= 0 {
		return fmt.Errorf("%s does not begin with a process id: remove it if no PostgreSQL runs on %s", pidFile, p.data)
	}
	living, known := processesIn(p.data, "postgres")
	if !known {
		// Not Linux: PostgreSQL's own check decides, and pg_ctl asks only the process that holds the file.
		if syscall.Kill(pid, 0) != nil {
			return nil
		}
		living = []processID{{pid: pid}}
	}
	at := slices.IndexFunc(living, func(id processID) bool { return id.pid == pid })
	if at < 0 {
		if err := p.awaitBackends(ctx); err != nil {
			return err
		}
		// The number in the file may belong to a stranger by now, and PostgreSQL would then refuse to start.
		if err := os.Remove(pidFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove the file of an earlier PostgreSQL: %w", err)
		}
		return nil
	}
	p.progress.say("stopping the PostgreSQL that an earlier run left running (process %d)", pid)
	if err := p.run(ctx, "pg_ctl", "stop", "-D", p.data, "-m", "immediate", "-w", "-t", "30"); err != nil {
		// A server whose parent was killed a moment ago ends by itself, perhaps before pg_ctl finds it.
		ended := waitUntil(ctx, 5*time.Second, func() error {
			if living[at].alive() {
				return err
			}
			return nil
		})
		if ended != nil {
			return fmt.Errorf("stop the PostgreSQL of an earlier run (process %d): %w", pid, ended)
		}
	}
	return p.awaitBackends(ctx)
}

// awaitBackends waits for the backends of a killed server to notice and end; until then a new one must not start.
func (p *Postgres) awaitBackends(ctx context.Context) error {
	defer p.progress.during("waiting for the last processes of an earlier PostgreSQL to end")()
	return waitUntil(ctx, 30*time.Second, func() error {
		if left, _ := processesIn(p.data, "postgres"); len(left) > 0 {
			return fmt.Errorf("%d processes of an earlier PostgreSQL still run on %s: stop them (first: %d)", len(left), p.data, left[0].pid)
		}
		return nil
	})
}

func (p *Postgres) passwordFile() string { return filepath.Join(p.opts.Dir, "postgres-password") }

func (p *Postgres) readPassword(clusterExists bool) (string, error) {
	b, err := os.ReadFile(p.passwordFile())
	if pw := strings.TrimSpace(string(b)); err == nil && pw != "" {
		return pw, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read the password of PostgreSQL: %w", err)
	}
	if clusterExists {
		return "", fmt.Errorf("%s is missing, so the cluster %s cannot be opened: restore it, or move the cluster away to begin anew",
			p.passwordFile(), p.data)
	}
	pw := rand.Text()
	if err := os.WriteFile(p.passwordFile(), []byte(pw+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("keep the password of PostgreSQL: %w", err)
	}
	return pw, nil
}

// initialise makes the cluster under another name and renames it when complete, so that an interrupted run leaves nothing
// that looks like a cluster.
func (p *Postgres) initialise(ctx context.Context) error {
	fresh, pwFile := p.data+".new", p.data+".new-password"
	if err := os.RemoveAll(fresh); err != nil {
		return fmt.Errorf("remove an unfinished cluster: %w", err)
	}
	if err := os.Mkdir(fresh, 0o700); err != nil {
		return fmt.Errorf("make the cluster's directory: %w", err)
	}
	defer os.Remove(pwFile)
	if err := os.WriteFile(pwFile, []byte(p.password+"\n"), 0o600); err != nil {
		return fmt.Errorf("hand the password to initdb: %w", err)
	}
	if p.cred != nil {
		for _, name := range []string{fresh, pwFile} {
			if err := os.Chown(name, int(p.cred.Uid), int(p.cred.Gid)); err != nil {
				return fmt.Errorf("give %s to user %d: %w", name, p.cred.Uid, err)
			}
		}
	}
	args := []string{"-D", fresh, "-U", postgresUser, "--pwfile=" + pwFile, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"}
	if p.opts.NoSync {
		args = append(args, "--no-sync")
	}
	done := p.progress.during("making a new PostgreSQL cluster in %s", p.data)
	err := p.run(ctx, "initdb", args...)
	done()
	if err != nil {
		return fmt.Errorf("make the cluster %s: %w", p.data, errors.Join(err, os.RemoveAll(fresh)))
	}
	if err := os.Rename(fresh, p.data); err != nil {
		return fmt.Errorf("put the new cluster in place: %w", err)
	}
	return nil
}

// own gives a cluster that belongs to root to the user who will run the server.
func (p *Postgres) own() error {
	if p.cred == nil {
		return nil
	}
	if uid, _, err := owner(p.data); err != nil || uid == p.cred.Uid {
		return err
	}
	return filepath.WalkDir(p.data, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, int(p.cred.Uid), int(p.cred.Gid))
	})
}

// clusterVersion is the major version of the cluster, 0 if there is none.
func clusterVersion(data string) (int, error) {
	b, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		if entries, err := os.ReadDir(data); err == nil && len(entries) > 0 {
			return 0, fmt.Errorf("%s is not empty and is no PostgreSQL cluster: move it away or choose another data directory", data)
		}
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the cluster's version: %w", err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return 0, fmt.Errorf("%s holds %q, which is no version of PostgreSQL", filepath.Join(data, "PG_VERSION"), b)
	}
	return major, nil
}

// clusterUser is whom to run the server as: nil means ourselves.
func clusterUser(data string) (*syscall.Credential, error) {
	uid, gid, err := owner(data)
	exists := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("look at the cluster %s: %w", data, err)
	}
	if me := os.Geteuid(); me != 0 {
		if exists && int(uid) != me {
			return nil, fmt.Errorf("the cluster %s belongs to user %d and we are user %d: run as that user or as root, or choose another data directory",
				data, uid, me)
		}
		return nil, nil
	}
	if exists && uid != 0 {
		return &syscall.Credential{Uid: uid, Gid: gid}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil && uid != 0 {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}
	return nil, errors.New("PostgreSQL refuses to run as root and there is neither a user postgres nor nobody: create one, or run as an ordinary user")
}

func owner(name string) (uid, gid uint32, err error) {
	info, err := os.Stat(name)
	if err != nil {
		return 0, 0, err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, fmt.Errorf("%s: the owner is not known", name)
	}
	return st.Uid, st.Gid, nil
}

// reachable checks that the user may pass through dir and every directory above it.
func reachable(dir string, cred *syscall.Credential) error {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return err
	}
	var all []string
	for d := real; ; d = filepath.Dir(d) {
		all = append(all, d)
		if d == filepath.Dir(d) {
			break
		}
	}
	slices.Reverse(all)
	for _, d := range all {
		info, err := os.Stat(d)
		if err != nil {
			return err
		}
		uid, gid, err := owner(d)
		if err != nil {
			return err
		}
		need := fs.FileMode(0o001)
		switch {
		case uid == cred.Uid:
			need = 0o100
		case gid == cred.Gid:
			need = 0o010
		}
		if info.Mode().Perm()&need == 0 {
			return fmt.Errorf("user %d cannot pass through the directory %s (mode %#o)", cred.Uid, d, info.Mode().Perm())
		}
	}
	return nil
}
