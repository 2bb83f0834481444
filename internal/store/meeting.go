package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

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

// ImportMeetings takes meetings of a group or of its parent group from a calendar. One that is known by its UID gets the calendar's
// title, place and days, and is planned or cancelled as the calendar has it, unless it was opened or closed here. The group's
// secretariat and chair may.
func (s *Store) ImportMeetings(ctx context.Context, group liaison.Code, by liaison.PersonID, meetings []liaison.Meeting) error {
	snap, err := s.GroupSnapshot(ctx, group)
	if err != nil {
		return err
	}
	mine := snap.CapacitiesOf(by)
	if !slices.Contains(mine, liaison.AsSecretary) && !slices.Contains(mine, liaison.AsChair) {
		return liaison.Refuse(liaison.Forbidden, "Only the secretariat and the chair bring a calendar in.")
	}
	return s.write(ctx, func(t *tx) error {
		b := &pgx.Batch{}
		for _, m := range meetings {
			if m.Group != snap.GroupBody.Parent && m.Group != group {
				return liaison.Refuse(liaison.Invalid, "A calendar brought in here holds meetings of %s or of its parent group, %s.", strings.ToUpper(string(group)), strings.ToUpper(string(snap.GroupBody.Parent)))
			}
			for _, x := range []struct {
				label, value string
				limit        int
			}{{"title", m.Title, liaison.MaxTitle}, {"place", m.Place, liaison.MaxName}, {"UID", m.UID, liaison.MaxTitle}, {"source", m.Source, liaison.MaxTitle}} {
				if n := utf8.RuneCountInString(x.value); n > x.limit {
					return liaison.Refuse(liaison.Invalid, "The %s of the meeting from %s has %d characters; at most %d fit.", x.label, m.From, n, x.limit)
				}
			}
			b.Queue(`
				INSERT INTO meeting (id, group_code, title, place, held_from, held_until, state, uid, source)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
				ON CONFLICT (group_code, uid) WHERE uid <> '' DO UPDATE SET title = EXCLUDED.title, place = EXCLUDED.place, held_from = EXCLUDED.held_from, held_until = EXCLUDED.held_until,
					state = EXCLUDED.state, source = EXCLUDED.source, version = meeting.version + 1
				WHERE meeting.state IN ('planned', 'cancelled')
					AND (meeting.title, meeting.place, meeting.held_from, meeting.held_until, meeting.state) IS DISTINCT FROM (EXCLUDED.title, EXCLUDED.place, EXCLUDED.held_from, EXCLUDED.held_until, EXCLUDED.state)`,
				m.ID, m.Group, m.Title, m.Place, m.From, m.Until, m.State, m.UID, m.Source)
		}
		if err := t.SendBatch(ctx, b).Close(); err != nil {
			return fmt.Errorf("bring the calendar in: %w", err)
		}
		return nil
	})
}
