package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// receipts leaves, in dir, a receipt of every message that was sealed, with its leaf beside it, and the log's key; then it
// verifies each of them from these files alone. It waits for the signer, which is a moment behind.
func receipts(ctx context.Context, r *running, dir string) (n int, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return 0, err
	}
	s := r.wired.store
	size, err := s.LogSize(ctx)
	if err != nil {
		return 0, err
	}
	c, err := signedUpTo(ctx, s, size)
	if err != nil {
		return 0, err
	}
	if err := os.WriteFile(filepath.Join(dir, besideReceipt), []byte(c.Key+"\n"), 0o644); err != nil {
		return 0, err
	}
	sealed, err := s.Sealed(ctx)
	if err != nil {
		return 0, err
	}
	for _, m := range sealed {
		p, leaf, err := s.Receipt(ctx, m.Log, m.Index)
		if err != nil {
			return n, err
		}
		to := strings.ReplaceAll(string(m.Body), "/", "-")
		if m.Letter != liaison.LetterStatement {
			to = string(m.Letter)
		}
		name := filepath.Join(dir, fmt.Sprintf("%03d-%s", m.Index, to))
		if err := errors.Join(os.WriteFile(name+".tlog-proof", p.Encode(), 0o644), os.WriteFile(name+".leaf", leaf, 0o644)); err != nil {
			return n, err
		}
		if _, _, err := (auditVerifyReceiptCmd{File: name + ".tlog-proof"}).verify(); err != nil {
			return n, fmt.Errorf("the message %s: %w", m.ID, err)
		}
		n++
	}
	if n == 0 {
		err = errors.New("no message has a receipt")
	}
	return n, err
}

// signedUpTo waits until the signer has published a checkpoint of at least size leaves.
func signedUpTo(ctx context.Context, s *store.Store, size int64) (store.Signed, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		c, err := s.Checkpoint(ctx)
		if err == nil && c.Size >= size {
			return c, nil
		} else if err != nil && liaison.CodeOf(err) != liaison.NotFound {
			return c, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return c, fmt.Errorf("the signer has published %d of %d leaves", c.Size, size)
		}
	}
}

// keepReceipts moves what receipts left to the directory that is kept.
func keepReceipts(from, to string) error {
	files, err := os.ReadDir(from)
	if errors.Is(err, os.ErrNotExist) {
		return nil // the check did not come so far
	} else if err != nil {
		return err
	}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(from, f.Name()))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, f.Name()), b, 0o644); err != nil {
			return err
		}
	}
	return nil
}
