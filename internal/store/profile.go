package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/internal/profile"
	"github.com/jca-ml/liaison/liaison"
)

// PublishProfiles records the digest of every profile version that the program knows. It refuses with [liaison.Invalid] when
// a version that was published says something else now, or is gone although something leans on it: a rule is changed by a new
// version, never in place.
func (s *Store) PublishProfiles(ctx context.Context) error {
	all := s.pool.rules().All()
	return s.write(ctx, func(t *tx) error {
		b := &pgx.Batch{}
		for _, p := range all {
			publish(b, p, t.now)
		}
		var faults []string
		b.Queue(`SELECT v.key, v.version, v.digest, v.published_at,
				EXISTS (SELECT FROM decision d WHERE d.profile = v.key AND d.profile_version = v.version),
				EXISTS (SELECT FROM terms_of_reference r WHERE r.profile = v.key)
			FROM profile_version v ORDER BY v.key, v.version`).Query(func(rows pgx.Rows) error {
			var key string
			var version int
			var digest liaison.Digest
			var at time.Time
			var decided, pinned bool
			_, err := pgx.ForEachRow(rows, []any{&key, &version, &digest, &at, &decided, &pinned}, func() error {
				p, known := t.profiles.Version(key, version)
				since := at.UTC().Format(time.DateOnly)
				switch {
				case !known && (decided || pinned):
					faults = append(faults, fmt.Sprintf("The profile %s version %d, published on %s, is gone, and the register leans on it. Put its file back.", key, version, since))
				case known && p.Digest != digest:
					faults = append(faults, fmt.Sprintf("The profile %s version %d was published on %s and says something else now. Restore its file, and make the change as version %d with a later first day.", key, version, since, version+1))
				}
				return nil
			})
			return err
		})
		b.Queue(`SELECT DISTINCT profile FROM terms_of_reference ORDER BY profile`).Query(func(rows pgx.Rows) error {
			keys, err := pgx.CollectRows(rows, pgx.RowTo[string])
			for _, key := range keys {
				if _, known := newest(t.profiles, key); !known {
					faults = append(faults, fmt.Sprintf("Terms of reference pin the profile %q, of which there is no file. Add it (LIAISON_PROFILES).", key))
				}
			}
			return err
		})
		if err := t.SendBatch(ctx, b).Close(); err != nil {
			return fmt.Errorf("publish the profiles: %w", err)
		}
		if len(faults) > 0 {
			return liaison.Refuse(liaison.Invalid, "%s", strings.Join(faults, "\n"))
		}
		return nil
	})
}

// publish records a version of a profile, once.
func publish(b *pgx.Batch, p liaison.Profile, now time.Time) {
	b.Queue(`INSERT INTO profile_version (key, version, name, in_force, digest, published_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
		p.Key, p.Version, p.Name, p.From, p.Digest, now)
}

// newest is the last version of the profile, whether it is in force yet or not.
func newest(set *profile.Set, key string) (found liaison.Profile, ok bool) {
	for _, p := range set.All() {
		if p.Key == key {
			found, ok = p, true
		}
	}
	return found, ok
}

// Profile is the version of a profile that judges today, by the key that terms of reference pin.
func (s *Store) Profile(key string) (liaison.Profile, error) {
	return inForce(s.pool.rules(), key, s.now())
}

// Profiles lists every version of every profile.
func (s *Store) Profiles() []liaison.Profile { return s.pool.rules().All() }
