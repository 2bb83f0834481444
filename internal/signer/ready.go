package signer

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/jca-ml/liaison/internal/audit"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// Published is what was signed and published already; [store.Store] has it.
type Published interface {
	Logs(ctx context.Context) ([]store.Log, error)
	SignedBefore(ctx context.Context, log int, origin string) (store.Signed, error)
}

// Ready returns the verifier key of the log that is appended to. The key is made by [Init] the first time, and only then: where a
// checkpoint of that log, or under that name, was published and the files are not in dir, or are of before it, they were lost, and
// a signer that begins again would sign whatever the database holds by now.
func Ready(ctx context.Context, db Published, dir, origin string) (vkey string, err error) {
	all, err := db.Logs(ctx)
	if err != nil {
		return "", err
	}
	number := all[len(all)-1].Number
	signed, err := db.SignedBefore(ctx, number, origin)
	if liaison.CodeOf(err) == liaison.NotFound {
		return Init(dir, origin, number)
	} else if err != nil {
		return "", err
	}
	if _, err := os.Stat(filepath.Join(dir, keyFile)); errors.Is(err, fs.ErrNotExist) {
		return "", liaison.Refuse(liaison.Conflict, "%s has no key, and %s has signed log %d up to %d leaves. Bring its directory back: perhaps it is not mounted. Only if it is lost for good, choose a new name and a new directory and run `liaison signer new-origin --lost`.", dir, signed.Origin, signed.Log, signed.Size)
	}
	if vkey, err = Init(dir, origin, number); err != nil {
		return "", err
	}
	b, err := os.ReadFile(filepath.Join(dir, stateFile))
	if err != nil {
		return "", err
	}
	s, err := parseState(b)
	if err == nil && s.Log == signed.Log && s.Size < signed.Size {
		err = liaison.Refuse(liaison.Conflict, "%s knows of %d signed leaves, and %d are published: it is an old copy, which could sign another history. Bring the newest one back, or, if it is lost for good, choose a new name and a new directory and run `liaison signer new-origin --lost`.", filepath.Join(dir, stateFile), s.Size, signed.Size)
	}
	return vkey, err
}

// NewOriginOfLost begins a new log where the files of the old signer are lost, as [NewOrigin] does after a restore. What the old
// signer signed last is taken from what it published, which is all that is left of it.
func NewOriginOfLost(ctx context.Context, db interface {
	Beginner
	Published
}, to, origin string, now time.Time) (vkey string, err error) {
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
	last, err := db.SignedBefore(ctx, newest.Number, "")
	if liaison.CodeOf(err) == liaison.NotFound {
		return "", liaison.Refuse(liaison.Conflict, "Nothing of log %d is signed, so there is nothing to go on from. Make its key with `liaison signer init`.", newest.Number)
	} else if err != nil {
		return "", err
	}
	if used, err := db.SignedBefore(ctx, 0, origin); err == nil {
		return "", liaison.Refuse(liaison.Invalid, "the new log needs a name of its own; log %d was signed as %s. Count on: log1, log2.", used.Log, origin)
	} else if liaison.CodeOf(err) != liaison.NotFound {
		return "", err
	}
	number := newest.Number + 1
	if vkey, err = Init(to, origin, number); err != nil { // the key first: a log that nobody can sign would be a dead end
		return "", err
	}
	got, err := db.BeginLog(ctx, audit.Begin{Origin: origin, Previous: last.Note, At: now}.Leaf())
	if err == nil && got != number {
		err = liaison.Refuse(liaison.Conflict, "somebody else began a log at the same time. Remove %s and look what happened.", to)
	}
	return vkey, err
}
