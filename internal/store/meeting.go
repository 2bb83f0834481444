package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/liaison"
)

const meetingColumns = `id, group_code, title, place, held_from::text, held_until::text, state, coalesce(held_with::text, ''), uid, source, version`

func scanMeeting(row pgx.CollectableRow) (liaison.Meeting, error) {
	var m liaison.Meeting
	err := row.Scan(&m.ID, &m.Group, &m.Title, &m.Place, &m.From, &m.Until, &m.State, &m.With, &m.UID, &m.Source, &m.Version)
	return m, err
}

// Meetings lists the meetings of a group, the latest first, without their agendas.
func (s *Store) Meetings(ctx context.Context, group liaison.Code) ([]liaison.Meeting, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+meetingColumns+` FROM meeting WHERE group_code = $1 ORDER BY held_from DESC, id`, group)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read meetings: %w", err))
	}
	out, err := pgx.CollectRows(rows, scanMeeting)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read meetings: %w", err))
	}
	return out, nil
}

// Meeting returns one meeting with its agenda, or [liaison.NotFound].
func (s *Store) Meeting(ctx context.Context, id liaison.MeetingID) (liaison.Meeting, error) {
	if err := validID(string(id)); err != nil {
		return liaison.Meeting{}, liaison.Refuse(liaison.NotFound, "There is no such meeting.")
	}
	var m liaison.Meeting
	b := &pgx.Batch{}
	b.Queue(`SELECT `+meetingColumns+` FROM meeting WHERE id = $1`, id).Query(func(rows pgx.Rows) (err error) {
		m, err = pgx.CollectExactlyOneRow(rows, scanMeeting)
		return err
	})
	b.Queue(`SELECT number, title FROM agenda_item WHERE meeting_id = $1 ORDER BY number`, id).Query(func(rows pgx.Rows) (err error) {
		m.Agenda, err = pgx.CollectRows(rows, pgx.RowToStructByPos[liaison.AgendaItem])
		return err
	})
	err := s.pool.SendBatch(ctx, b).Close()
	if errors.Is(err, pgx.ErrNoRows) {
		return m, liaison.Refuse(liaison.NotFound, "There is no such meeting.")
	} else if err != nil {
		return m, unavailable(fmt.Errorf("read meeting: %w", err))
	}
	return m, nil
}

// EnterMeetings enters meetings with their agendas; one that is there already, by its id, stays as it is.
func (s *Store) EnterMeetings(ctx context.Context, meetings []liaison.Meeting) error {
	return s.write(ctx, func(t *tx) error {
		b := &pgx.Batch{}
		for _, m := range meetings {
			var with *liaison.MeetingID
			if m.With != "" {
				with = &m.With
			}
			b.Queue(`
				INSERT INTO meeting (id, group_code, title, place, held_from, held_until, state, held_with, uid, source)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO NOTHING`,
				m.ID, m.Group, m.Title, m.Place, m.From, m.Until, m.State, with, m.UID, m.Source)
			for _, a := range m.Agenda {
				b.Queue(`INSERT INTO agenda_item (meeting_id, number, title) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, m.ID, a.Number, a.Title)
			}
		}
		if err := t.SendBatch(ctx, b).Close(); err != nil {
			return fmt.Errorf("enter meetings: %w", err)
		}
		return nil
	})
}
