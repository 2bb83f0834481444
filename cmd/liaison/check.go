package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/jca-ml/liaison/internal/demo"
)

// check runs the main job on fresh data and prints what it came to as one line of JSON, the last one.
func (d demoCmd) check(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	dir, err := os.MkdirTemp("", "liaison-check-")
	if err != nil {
		return fmt.Errorf("make a directory for the data: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.Chmod(dir, 0o755); err != nil { // for the unprivileged user that PostgreSQL runs as
		return err
	}
	step := func(line string) { fmt.Fprintln(os.Stderr, "  "+line) }
	r, err := startDemo(ctx, dir, 0, step)
	if err != nil {
		return err
	}
	result, err := demo.Check(ctx, r.url, r.wired.store, r.servers, step)
	if err == nil {
		step("take and verify a receipt of every message")
		result.Receipts, err = receipts(ctx, r, filepath.Join(dir, "receipts"))
	}
	err = errors.Join(err, r.stop())
	if d.Keep != "" {
		err = errors.Join(err, keep(dir, d.Keep))
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(result)
}

// keep leaves the data directory as DIR/data, or the next free DIR/data-n, and each message as DIR/n.eml beside it.
func keep(data, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	messages, err := filepath.Glob(filepath.Join(data, "inbox", "*.eml"))
	if err != nil {
		return err
	}
	for _, name := range messages {
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), b, 0o600); err != nil {
			return err
		}
	}
	if err := keepReceipts(filepath.Join(data, "receipts"), dir); err != nil {
		return err
	}
	to := filepath.Join(dir, "data")
	for n := 2; exists(to); n++ { // what an earlier check left stays
		to = filepath.Join(dir, fmt.Sprintf("data-%d", n))
	}
	if os.Rename(data, to) == nil {
		return nil
	}
	if err := os.CopyFS(to, os.DirFS(data)); err != nil { // another file system
		return fmt.Errorf("keep the data: %w", err)
	}
	return nil
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}
