package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// sessionGrace is how much longer a session may be written down than it lives, so that reading a page rarely writes.
const sessionGrace = 10 * time.Minute

// FindSession returns the data of a session that has not expired. token is the digest of what the browser holds, so
// that who reads the table cannot act for anybody.
func (s *Store) FindSession(ctx context.Context, token string) (data []byte, found bool, err error) {
	err = s.pool.QueryRow(ctx, `SELECT data FROM session WHERE token = $1 AND expires > $2`, token, s.now()).Scan(&data)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, false, nil
	} else if err != nil {
		return nil, false, unavailable(fmt.Errorf("read session: %w", err))
	}
	return data, true, nil
}

// CommitSession stores a session. When nothing but its expiry changes, and that by less than ten minutes, nothing is
// written.
func (s *Store) CommitSession(ctx context.Context, token string, data []byte, expires time.Time) error {
	_, err := s.pool.Exec(ctx, `
		INSERT INTO session (token, data, expires)
		SELECT $1, $2, $3
		WHERE NOT EXISTS (SELECT FROM session WHERE token = $1 AND data = $2 AND expires BETWEEN $4 AND $3)
		ON CONFLICT (token) DO UPDATE SET data = EXCLUDED.data, expires = EXCLUDED.expires`,
		token, data, expires, expires.Add(-sessionGrace))
	if err != nil {
		return unavailable(fmt.Errorf("store session: %w", err))
	}
	return nil
}

// DeleteSession ends a session; one that does not exist is no error. Sessions that have expired go with it.
func (s *Store) DeleteSession(ctx context.Context, token string) error {
	if _, err := s.pool.Exec(ctx, `DELETE FROM session WHERE token = $1 OR expires < $2`, token, s.now()); err != nil {
		return unavailable(fmt.Errorf("end session: %w", err))
	}
	return nil
}
