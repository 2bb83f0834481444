// Package kept keeps a small file through crashes: what a signer or a witness has said, and must never contradict.
//
// A change is written beside the file, synced, renamed over it, and the directory is synced; so after a crash at any moment
// the file is the old one or the new one, whole. One process has the file at a time, and it changes only what it has read.
package kept

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/jca-ml/liaison/liaison"
)

// File is a file that this process, and no other, may change.
type File struct {
	path string
	lock *os.File
	seen []byte // what it holds; nil if it does not exist
}

// ErrBusy says that another process has the file.
var ErrBusy = errors.New("another process uses it")

// ErrChanged says that somebody changed the file behind our back.
var ErrChanged = errors.New("it was changed by somebody else since it was read")

// Open takes the file; it need not exist yet. [File.Close] gives it back.
func Open(path string) (*File, error) {
	lock, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		return nil, fmt.Errorf("open %s: %w", path, ErrBusy)
	}
	f := &File{path: path, lock: lock}
	if f.seen, err = read(path); err != nil {
		lock.Close()
		return nil, err
	}
	return f, nil
}

// read returns nil for a file that does not exist.
func read(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if b == nil {
		b = []byte{}
	}
	return b, nil
}

// Bytes is what the file holds, nil if it does not exist.
func (f *File) Bytes() []byte { return bytes.Clone(f.seen) }

// Swap replaces the content, if it is still what this process read or wrote last. When it returns nil the new content
// survives a power cut; when it returns an error the file holds the old or the new one.
func (f *File) Swap(next []byte) error {
	now, err := read(f.path)
	if err != nil {
		return err
	}
	if !bytes.Equal(now, f.seen) || (now == nil) != (f.seen == nil) {
		return fmt.Errorf("write %s: %w", f.path, ErrChanged)
	}
	if err := Write(f.path, next, 0o600); err != nil {
		return err
	}
	f.seen = bytes.Clone(next)
	return nil
}

// Close gives the file back.
func (f *File) Close() error { return f.lock.Close() }

// Write puts the bytes in the file at path, whole or not at all, and returns when they are on the disk.
func Write(path string, b []byte, mode os.FileMode) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("write %s: %w", path, err)
		}
	}()
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreAbsent(os.Remove(tmp.Name())))
		}
	}()
	_, err = tmp.Write(b)
	if err = errors.Join(err, tmp.Chmod(mode), tmp.Sync()); err != nil {
		return errors.Join(err, tmp.Close())
	}
	if err := tmp.Close(); err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func ignoreAbsent(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// Secret reads a key that is on one line of a file, and refuses with [liaison.Invalid] where others can read the file.
func Secret(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("read the key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", liaison.Refuse(liaison.Invalid, "%s can be read by others (mode %o). Run chmod 600 on it, and think about who may have copied it.", path, info.Mode().Perm())
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read the key: %w", err)
	}
	return strings.TrimSuffix(string(b), "\n"), nil
}
