package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jca-ml/liaison/liaison"
)

func TestProfileCheck(t *testing.T) {
	good, err := filepath.Glob(filepath.Join("..", "..", "internal", "profile", "profiles", "*.yaml"))
	if err != nil || len(good) < 4 {
		t.Fatalf("found %v, %v", good, err)
	}
	if err := (profileCheckCmd{Files: good}).Run(); err != nil {
		t.Errorf("our own files are refused: %v", err)
	}
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(bad, []byte("profile: bad\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	err = profileCheckCmd{Files: append(good, bad)}.Run()
	if exitCode(err) != 2 || liaison.CodeOf(err) != liaison.Invalid || !strings.Contains(err.Error(), fmt.Sprintf("1 of %d files", len(good)+1)) {
		t.Errorf("a bad file: %v", err)
	}
}
