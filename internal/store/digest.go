package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/liaison"
)

// digestHour is when the digest comes to who has not chosen an hour.
const digestHour = 7

// waitingReader is a person of a group for whom notices wait.
type waitingReader struct {
	Person liaison.PersonID
	Group  liaison.Code
	Name   string
	Email  string
	Hour   *int
	Zone   *string
}

// Digests queues the day's digest of each person whose hour has come and for whom notices wait: one for each group and day,
// however often it is called. It returns how many it made. Notices about what their reader may not read any more are
// withheld. One reader's trouble does not keep the others' digests back.
func (s *Store) Digests(ctx context.Context) (n int, err error) {
	rows, err := s.pool.Query(ctx, `
		SELECT DISTINCT p.id, s.group_code, p.name, p.email, d.hour, d.zone
		FROM notice n JOIN statement s ON s.id = n.statement_id JOIN person p ON p.id = n.person_id LEFT JOIN digest_time d ON d.person_id = p.id
		WHERE n.transmission_id IS NULL AND n.withheld_at IS NULL ORDER BY p.id, s.group_code`)
	if err != nil {
		return 0, unavailable(fmt.Errorf("read who waits for a digest: %w", err))
	}
	readers, err := pgx.CollectRows(rows, pgx.RowToStructByPos[waitingReader])
	if err != nil {
		return 0, unavailable(fmt.Errorf("read who waits for a digest: %w", err))
	}
	var errs []error
	for _, r := range readers {
		made, err := s.digest(ctx, r)
		switch {
		case violates(err, "digest_once_a_day"): // another worker was quicker
		case err != nil:
			errs = append(errs, fmt.Errorf("make the digest of %s: %w", r.Person, err))
		case made:
			n++
		}
	}
	return n, errors.Join(errs...)
}

func (s *Store) digest(ctx context.Context, r waitingReader) (made bool, err error) {
	group, err := s.GroupSnapshot(ctx, r.Group)
	if err != nil {
		return false, err
	}
	at := liaison.DigestTime{Hour: digestHour, Zone: group.Profile.TimeZone}
	if r.Hour != nil && r.Zone != nil {
		at = liaison.DigestTime{Hour: *r.Hour, Zone: *r.Zone}
	}
	day, due, err := at.Day(s.now())
	if err != nil || !due || r.Email == "" {
		return false, err
	}
	err = s.write(ctx, func(t *tx) error {
		var sent bool
		if err := t.QueryRow(ctx, `SELECT EXISTS (SELECT FROM digest WHERE person_id = $1 AND group_code = $2 AND day = $3)`, r.Person, r.Group, day).Scan(&sent); err != nil {
			return fmt.Errorf("read digests: %w", err)
		}
		if sent {
			return nil
		}
		var first Snapshot
		var tell, withhold []string
		waiting, err := t.waiting(ctx, r)
		if err != nil {
			return err
		}
		known := map[liaison.StatementID]Snapshot{}
		for _, w := range waiting {
			of, ok := known[w.Statement]
			if !ok {
				if of, _, err = snapshot(ctx, t, w.Statement, "", t.now, ""); err != nil {
					return err
				}
				known[w.Statement] = of
			}
			switch {
			case !of.MayRead(r.Person):
				withhold = append(withhold, w.ID)
			case first.ID == "":
				first = of
				fallthrough
			default:
				tell = append(tell, w.ID)
			}
		}
		b := &pgx.Batch{}
		b.Queue(`UPDATE notice SET withheld_at = $2 WHERE id = ANY ($1)`, withhold, t.now)
		if len(tell) > 0 {
			id := newID()
			b.Queue(`
				INSERT INTO transmission (id, letter, person_id, statement_id, revision, recipient_name, recipient_email, message_id, message_date, changed_at, created_at)
				VALUES ($1, 'digest', $2, $3, $4, $5, $6, $7, $8, $8, $8)`, id, r.Person, first.ID, first.Revision, r.Name, r.Email, messageID(first.GroupBody), t.now)
			b.Queue(`INSERT INTO digest (person_id, group_code, day, transmission_id) VALUES ($1, $2, $3, $4)`, r.Person, r.Group, day, id)
			b.Queue(`UPDATE notice SET transmission_id = $2 WHERE id = ANY ($1)`, tell, id)
		}
		made = len(tell) > 0
		return t.SendBatch(ctx, b).Close()
	})
	return made && err == nil, err
}

type waitingNotice struct {
	ID        string
	Statement liaison.StatementID
}

// waiting locks and lists the notices that wait for a reader, oldest first.
func (t *tx) waiting(ctx context.Context, r waitingReader) ([]waitingNotice, error) {
	rows, err := t.Query(ctx, `
		SELECT n.id, n.statement_id FROM notice n JOIN statement s ON s.id = n.statement_id
		WHERE n.person_id = $1 AND s.group_code = $2 AND n.transmission_id IS NULL AND n.withheld_at IS NULL
		ORDER BY n.made_at, n.id LIMIT 200 FOR UPDATE OF n`, r.Person, r.Group)
	if err != nil {
		return nil, fmt.Errorf("read notices: %w", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[waitingNotice])
	if err != nil {
		return nil, fmt.Errorf("read notices: %w", err)
	}
	return out, nil
}

// Habits is how a person wants to be told.
type Habits struct {
	Daily  []liaison.Letter // that wait for the digest; all others come at once
	Digest liaison.DigestTime
	Chosen bool // the time of the digest; else it is the usual one, in the zone that was given
	Waits  int  // notices, for the next digest
}

// Habits returns how a person wants to be told. zone is where they are unless they said otherwise.
func (s *Store) Habits(ctx context.Context, who liaison.PersonID, zone string) (h Habits, err error) {
	h.Digest = liaison.DigestTime{Hour: digestHour, Zone: zone}
	b := &pgx.Batch{}
	b.Queue(`SELECT letter FROM notice_choice WHERE person_id = $1 AND pace = 'daily' ORDER BY letter`, who).Query(func(rows pgx.Rows) (err error) {
		h.Daily, err = pgx.CollectRows(rows, pgx.RowTo[liaison.Letter])
		return err
	})
	b.Queue(`SELECT hour, zone FROM digest_time WHERE person_id = $1`, who).QueryRow(func(row pgx.Row) error {
		err := row.Scan(&h.Digest.Hour, &h.Digest.Zone)
		if h.Chosen = err == nil; errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	b.Queue(`SELECT count(*) FROM notice WHERE person_id = $1 AND transmission_id IS NULL AND withheld_at IS NULL`, who).QueryRow(func(row pgx.Row) error { return row.Scan(&h.Waits) })
	if err := s.pool.SendBatch(ctx, b).Close(); err != nil {
		return h, unavailable(fmt.Errorf("read how somebody wants to be told: %w", err))
	}
	return h, nil
}

// Choose records how a person wants to be told from now on. What waits already goes out in the next digest.
func (s *Store) Choose(ctx context.Context, who liaison.PersonID, daily []liaison.Letter, at liaison.DigestTime) error {
	if err := at.Check(); err != nil {
		return err
	}
	pace := map[liaison.Letter]liaison.Pace{}
	for _, l := range daily {
		if !l.MayWait() {
			return liaison.Refuse(liaison.Invalid, "The letter %q cannot wait for a digest.", l.Label())
		}
		pace[l] = liaison.Daily
	}
	now := s.now()
	return s.write(ctx, func(t *tx) error {
		b := &pgx.Batch{}
		for _, x := range liaison.Correspondence {
			if !x.MayWait {
				continue
			}
			chosen := liaison.AtOnce
			if pace[x.Letter] != "" {
				chosen = pace[x.Letter]
			}
			b.Queue(`
				INSERT INTO notice_choice (person_id, letter, pace, chosen_at) VALUES ($1, $2, $3, $4)
				ON CONFLICT (person_id, letter) DO UPDATE SET pace = EXCLUDED.pace, chosen_at = EXCLUDED.chosen_at WHERE notice_choice.pace <> EXCLUDED.pace`, who, x.Letter, chosen, now)
		}
		b.Queue(`
			INSERT INTO digest_time (person_id, hour, zone, chosen_at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (person_id) DO UPDATE SET hour = EXCLUDED.hour, zone = EXCLUDED.zone, chosen_at = EXCLUDED.chosen_at`, who, at.Hour, at.Zone, now)
		if err := t.SendBatch(ctx, b).Close(); err != nil {
			return fmt.Errorf("record how somebody wants to be told: %w", err)
		}
		return nil
	})
}

// DigestDay is the day that a digest is of, where its reader is.
func (s *Store) DigestDay(ctx context.Context, letter liaison.TransmissionID) (day liaison.Date, err error) {
	err = s.pool.QueryRow(ctx, `SELECT day::text FROM digest WHERE transmission_id = $1`, letter).Scan(&day)
	return day, unavailable(err)
}
