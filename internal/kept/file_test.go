package kept

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOneWriterAndNoSurprise(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	f, err := Open(path)
	if err != nil || f.Bytes() != nil {
		t.Fatalf("%q %v", f.Bytes(), err)
	}
	if _, err := Open(path); !errors.Is(err, ErrBusy) {
		t.Errorf("a second writer: %v", err)
	}
	if err := f.Swap([]byte("one")); err != nil {
		t.Fatal(err)
	}
	if err := f.Swap([]byte("two")); err != nil || string(f.Bytes()) != "two" {
		t.Errorf("%q %v", f.Bytes(), err)
	}
	for name, meddle := range map[string]func() error{
		"changed": func() error { return os.WriteFile(path, []byte("three"), 0o600) },
		"emptied": func() error { return os.Truncate(path, 0) },
		"removed": func() error { return os.Remove(path) },
	} {
		if err := os.WriteFile(path, []byte("two"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := meddle(); err != nil {
			t.Fatal(err)
		}
		if err := f.Swap([]byte("four")); !errors.Is(err, ErrChanged) {
			t.Errorf("%s behind our back: %v", name, err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("five"), 0o600); err != nil {
		t.Fatal(err)
	}
	g, err := Open(path)
	if err != nil || string(g.Bytes()) != "five" {
		t.Errorf("%q %v", g.Bytes(), err)
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
}

// TestFailedWriteLeavesTheOldOne: what cannot be written leaves what was there, and nothing beside it.
func TestFailedWriteLeavesTheOldOne(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "state")
	if err := os.MkdirAll(filepath.Join(path, "in the way"), 0o755); err != nil { // a rename onto it fails
		t.Fatal(err)
	}
	if err := Write(path, []byte("x"), 0o600); err == nil {
		t.Error("a directory is written over")
	}
	if err := Write(filepath.Join(dir, "absent", "state"), []byte("x"), 0o600); err == nil {
		t.Error("a directory that is not there is written to")
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v %v", left, err)
	}
	if err := Write(filepath.Join(dir, "new"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, "new"))
	if err != nil || info.Mode().Perm() != 0o600 || strings.HasPrefix(info.Name(), ".") {
		t.Errorf("%v %v", info, err)
	}
}
