package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/liaison"
)

// PutBlob stores a file's bytes under their digest; the same bytes are stored once.
func (s *Store) PutBlob(ctx context.Context, b []byte) (liaison.Digest, error) {
	d := liaison.DigestOf(b)
	if _, err := s.pool.Exec(ctx, `INSERT INTO blob (digest, bytes) VALUES ($1, $2) ON CONFLICT DO NOTHING`, d, b); err != nil {
		return "", unavailable(fmt.Errorf("store file: %w", err))
	}
	return d, nil
}

// Blob returns the bytes with the digest, or [liaison.NotFound].
func (s *Store) Blob(ctx context.Context, d liaison.Digest) ([]byte, error) {
	var b []byte
	err := s.pool.QueryRow(ctx, `SELECT bytes FROM blob WHERE digest = $1`, d).Scan(&b)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, liaison.Refuse(liaison.NotFound, "There is no file with this digest.")
	} else if err != nil {
		return nil, unavailable(fmt.Errorf("read file: %w", err))
	}
	return b, nil
}
