package signer

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/jca-ml/liaison/internal/audit"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// Beginner can begin a log; [store.Store] can, with the rights of the database's owner.
type Beginner interface {
	Log
	BeginLog(ctx context.Context, leaf []byte) (int, error)
	Checkpoints(ctx context.Context, log int) ([]store.Signed, error)
}

// NewOrigin begins a new log after a restore: from holds the files of the signer whose log lost leaves, to gets those of the
// new one. The first leaf of the new log names the last checkpoint of the old one, so that everybody who holds a receipt of
// it sees how the two belong together, and declares up to where the old log was still published: the restored database may have gone
// on before anybody noticed, and then other leaves stand where lost ones were. It refuses while the old log can go on. Repeating it after a crash does no harm.
func NewOrigin(ctx context.Context, db Beginner, from, to, origin string, now time.Time) (vkey string, err error) {
	b, err := os.ReadFile(filepath.Join(from, stateFile))
	if err != nil {
		return "", liaison.Refuse(liaison.Invalid, "the files of the old signer are not in %s: %s", from, err)
	}
	old, err := parseState(b)
	if err != nil {
		return "", err
	}
	if old.Origin == origin {
		return "", liaison.Refuse(liaison.Invalid, "the new log needs a name of its own; %s is the old one's. Count on: log1, log2.", origin)
	}
	if filepath.Clean(from) == filepath.Clean(to) {
		return "", liaison.Refuse(liaison.Invalid, "the new signer needs a directory of its own; the old one's files are evidence and stay as they are.")
	}
	all, err := db.Logs(ctx)
	if err != nil {
		return "", err
	}
	newest := all[len(all)-1]
	if done, err := begun(to, origin, newest); err != nil {
		return "", err
	} else if done {
		return Init(to, origin, newest.Number) // which finds them, and returns the key
	}
	if newest.Number != old.Log {
		return "", liaison.Refuse(liaison.Conflict, "the files in %s are of log %d, the newest one is %d.", from, old.Log, newest.Number)
	}
	s, err := Open(ctx, Config{Log: db, Dir: from})
	if err == nil {
		return "", errors.Join(liaison.Refuse(liaison.Conflict, "Everything that %s signed is still there, so it goes on. A new log is for a database that lost signed leaves.", old.Origin), s.Close())
	}
	if !errors.Is(err, ErrRollback) && !errors.Is(err, ErrFork) {
		return "", err
	}
	published, err := db.Checkpoints(ctx, old.Log)
	if err != nil {
		return "", err
	}
	kept := int64(0)
	for _, c := range published {
		kept = max(kept, c.Size)
	}
	number := newest.Number + 1
	if vkey, err = Init(to, origin, number); err != nil { // the key first: a log that nobody can sign would be a dead end
		return "", err
	}
	got, err := db.BeginLog(ctx, audit.Begin{Origin: origin, Previous: old.Note, Kept: &kept, At: now}.Leaf())
	if err == nil && got != number {
		err = liaison.Refuse(liaison.Conflict, "somebody else began a log at the same time. Remove %s and look what happened.", to)
	}
	return vkey, err
}

// begun reports whether an earlier call had come to the end.
func begun(to, origin string, newest store.Log) (bool, error) {
	b, err := os.ReadFile(filepath.Join(to, stateFile))
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	s, err := parseState(b)
	return err == nil && s.Origin == origin && s.Log == newest.Number, err
}
