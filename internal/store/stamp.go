package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/liaison"
)

// Stamp is a time-stamp token over a published checkpoint, as it is kept.
type Stamp struct {
	Log       int
	Size      int64
	At        time.Time // by the authority's clock
	Asked     time.Time // by ours
	Authority string    // subject of the certificate that signed it
	Token     []byte
	Note      string // of the checkpoint: the bytes that it is over
}

const stampSQL = `SELECT s.log, s.size, s.at, s.asked_at, s.authority, s.token, c.note FROM audit.stamp s JOIN audit.checkpoint c ON c.log = s.log AND c.size = s.size `

// AddStamp keeps a token. One of the same time over the same checkpoint that is there already stays as it is.
func (s *Store) AddStamp(ctx context.Context, x Stamp) error {
	_, err := s.pool.Exec(ctx, `INSERT INTO audit.stamp (log, size, at, asked_at, authority, token) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
		x.Log, x.Size, x.At, x.Asked, x.Authority, x.Token)
	if err != nil {
		return unavailable(fmt.Errorf("keep the time-stamp: %w", err))
	}
	return nil
}

// AddStampFailure keeps why an authority gave no token.
func (s *Store) AddStampFailure(ctx context.Context, f StampFailure) error {
	_, err := s.pool.Exec(ctx, `INSERT INTO audit.stamp_failure (at, authority, words) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, f.At, f.Authority, f.Words)
	if err != nil {
		return unavailable(fmt.Errorf("keep why there is no time-stamp: %w", err))
	}
	return nil
}

// StampFailure is that an authority gave no token, and why.
type StampFailure struct {
	At        time.Time
	Authority string // its address
	Words     string
}

// NewestStamp is the token that was asked for last, or [liaison.NotFound].
func (s *Store) NewestStamp(ctx context.Context) (Stamp, error) {
	rows, err := s.pool.Query(ctx, stampSQL+`ORDER BY s.asked_at DESC LIMIT 1`)
	if err != nil {
		return Stamp{}, unavailable(fmt.Errorf("read the time-stamp: %w", err))
	}
	x, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Stamp])
	if errors.Is(err, pgx.ErrNoRows) {
		return Stamp{}, liaison.Refuse(liaison.NotFound, "No checkpoint has a time-stamp of an authority.")
	}
	return x, unavailable(err)
}

// StampFailures is how often an authority gave no token after the moment, with the last of them.
func (s *Store) StampFailures(ctx context.Context, after time.Time) (n int, last StampFailure, err error) {
	err = s.pool.QueryRow(ctx, `SELECT count(*) OVER (), at, authority, words FROM audit.stamp_failure WHERE at > $1 ORDER BY at DESC LIMIT 1`, after).Scan(&n, &last.At, &last.Authority, &last.Words)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, StampFailure{}, nil
	} else if err != nil {
		return 0, StampFailure{}, unavailable(fmt.Errorf("read why there is no time-stamp: %w", err))
	}
	return n, last, nil
}

// Stamps lists the tokens over a log's checkpoints, by size and time.
func (s *Store) Stamps(ctx context.Context, log int) ([]Stamp, error) {
	return stamps(ctx, s.pool, log)
}

func stamps(ctx context.Context, q querier, log int) ([]Stamp, error) {
	rows, err := q.Query(ctx, stampSQL+`WHERE s.log = $1 ORDER BY s.size, s.at`, log)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read time-stamps: %w", err))
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Stamp])
	return out, unavailable(err)
}
