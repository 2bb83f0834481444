package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/liaison"
)

const meetingColumns = `id, group_code, title, place, held_from::text, held_until::text, state, coalesce(held_with::text, ''), uid, source,
	coalesce(announced_on::text, ''), coalesce(inputs_until::text, ''), version`

func scanMeeting(row pgx.CollectableRow) (liaison.Meeting, error) {
	var m liaison.Meeting
	err := row.Scan(&m.ID, &m.Group, &m.Title, &m.Place, &m.From, &m.Until, &m.State, &m.With, &m.UID, &m.Source, &m.Announced, &m.Inputs, &m.Version)
	return m, err
}

var errNoMeeting = liaison.Refuse(liaison.NotFound, "There is no such meeting.")

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
	m, err := meeting(ctx, s.pool, id, "")
	return m, unavailable(err)
}

// meeting reads one with its agenda. lock is "", or how its row is locked: " FOR SHARE" while something is decided at it, so that
// nobody closes it meanwhile.
func meeting(ctx context.Context, q querier, id liaison.MeetingID, lock string) (m liaison.Meeting, err error) {
	if validID(string(id)) != nil {
		return m, errNoMeeting
	}
	b := &pgx.Batch{}
	b.Queue(`SELECT `+meetingColumns+` FROM meeting WHERE id = $1`+lock, id).Query(func(rows pgx.Rows) (err error) {
		m, err = pgx.CollectExactlyOneRow(rows, scanMeeting)
		return err
	})
	b.Queue(`SELECT number, title FROM agenda_item WHERE meeting_id = $1 ORDER BY number`, id).Query(func(rows pgx.Rows) (err error) {
		m.Agenda, err = pgx.CollectRows(rows, pgx.RowToStructByPos[liaison.AgendaItem])
		return err
	})
	err = q.SendBatch(ctx, b).Close()
	if errors.Is(err, pgx.ErrNoRows) {
		return m, errNoMeeting
	} else if err != nil {
		return m, fmt.Errorf("read meeting: %w", err)
	}
	return m, nil
}

// MeetingGroup is the group whose officers see to the meetings of a group: itself if it decides here, else one that reports to it and that the
// person is an officer of. It refuses with [liaison.NotFound] where there is none for the person.
func (s *Store) MeetingGroup(ctx context.Context, of liaison.Code, who liaison.PersonID) (Snapshot, error) {
	snap, err := meetingGroup(ctx, s.pool, of, who, s.now())
	return snap, unavailable(err)
}

func meetingGroup(ctx context.Context, q judge, of liaison.Code, who liaison.PersonID, now time.Time) (Snapshot, error) {
	days, err := todays(q.rules(), now)
	if err != nil {
		return Snapshot{}, err
	}
	rows, err := q.Query(ctx, `
		SELECT group_code FROM (SELECT DISTINCT ON (group_code) group_code, parent FROM terms_of_reference WHERE in_force <= `+dayUnder("$2")+` ORDER BY group_code, in_force DESC, version DESC) t
		WHERE group_code = $1 OR parent = $1 ORDER BY group_code <> $1, group_code`, of, days)
	if err != nil {
		return Snapshot{}, fmt.Errorf("read who sees to a meeting: %w", err)
	}
	groups, err := pgx.CollectRows(rows, pgx.RowTo[liaison.Code])
	if err != nil {
		return Snapshot{}, fmt.Errorf("read who sees to a meeting: %w", err)
	}
	if len(groups) > 0 && groups[0] == of {
		groups = groups[:1]
	}
	var found Snapshot
	for _, group := range groups {
		snap, err := groupSnapshot(ctx, q, group, now)
		switch {
		case group != of && err != nil && liaison.CodeOf(err) != liaison.Unavailable && liaison.CodeOf(err) != liaison.Internal: // that one's own trouble
			continue
		case err != nil || group == of || snap.ActingAs(who, liaison.MeetingOfficers...) != liaison.AsReader:
			return snap, err
		case found.Group == "" && snap.CapacitiesOf(who)[0] != liaison.AsReader: // who may look, if there is no group for which they may act
			found = snap
		}
	}
	if found.Group == "" {
		return found, errNoMeeting
	}
	return found, nil
}

// EnterMeeting enters a meeting of a group that decides here, or of the parent of one, in the name of the actor, under an id that the caller made: entering
// the same one again changes nothing. It refuses as [liaison.Meeting.Judge] and [liaison.Meeting.Check] do.
func (s *Store) EnterMeeting(ctx context.Context, actor liaison.PersonID, m liaison.Meeting) error {
	for _, id := range []string{string(m.ID), string(actor)} {
		if err := validID(id); err != nil {
			return err
		}
	}
	return s.write(ctx, func(t *tx) error {
		m, m.State = m.Tidy(), ""
		acting, err := t.judgeMeeting(ctx, m, liaison.EnterMeeting, actor, 0, "")
		if err != nil {
			return err
		}
		tag, err := t.Exec(ctx, `
			INSERT INTO meeting (id, group_code, title, place, held_from, held_until, state, held_with, uid, source, announced_on, inputs_until)
			VALUES ($1, $2, $3, $4, $5, $6, 'planned', $7, '', $8, $9, $10) ON CONFLICT (id) DO NOTHING`,
			m.ID, m.Group, m.Title, m.Place, m.From, m.Until, nullable(m.With), m.Source, nullable(m.Announced), nullable(m.Inputs))
		if err != nil {
			return fmt.Errorf("enter a meeting: %w", err)
		}
		if tag.RowsAffected() == 0 {
			return nil
		}
		if err := t.writeAgenda(ctx, m); err != nil {
			return err
		}
		t.aboutMeeting(m, liaison.EventMeetingEntered, actor, acting, "")
		return nil
	})
}

// ChangeMeeting changes what is said of a meeting. m.Version is the one that was shown; another one refuses with [liaison.Stale]. An
// item of the agenda under which something is tabled or was decided keeps its number and its title.
func (s *Store) ChangeMeeting(ctx context.Context, actor liaison.PersonID, m liaison.Meeting) error {
	return s.write(ctx, func(t *tx) error {
		before, err := meeting(ctx, t, m.ID, " FOR UPDATE")
		if err != nil {
			return err
		}
		m = m.Tidy()
		m.Group, m.State, m.UID = before.Group, before.State, before.UID
		acting, err := t.judgeMeeting(ctx, m, liaison.ChangeMeeting, actor, 0, "")
		if err != nil {
			return err
		}
		if m.Version != before.Version {
			return liaison.Refuse(liaison.Stale, "Somebody changed this meeting after you opened it. Compare with what it says now, then save again.")
		}
		if err := t.keepsItems(ctx, before, m); err != nil {
			return err
		}
		if _, err := t.Exec(ctx, `
			UPDATE meeting SET title = $2, place = $3, held_from = $4, held_until = $5, held_with = $6, source = $7, announced_on = $8, inputs_until = $9, version = version + 1
			WHERE id = $1`,
			m.ID, m.Title, m.Place, m.From, m.Until, nullable(m.With), m.Source, nullable(m.Announced), nullable(m.Inputs)); err != nil {
			return meetingRefusal(err)
		}
		if err := t.writeAgenda(ctx, m); err != nil {
			return err
		}
		t.aboutMeeting(m, liaison.EventMeetingChanged, actor, acting, "")
		return nil
	})
}

// MoveMeeting opens, closes or cancels a meeting. What is so already stays so, and that is no fault. What was approved at a meeting
// and waits for its end is dispatched from the moment in which this commits: see [Store.OpenBatches] and [Store.Unreleased].
func (s *Store) MoveMeeting(ctx context.Context, actor liaison.PersonID, id liaison.MeetingID, act liaison.MeetingAct, reason string) error {
	return s.write(ctx, func(t *tx) error {
		m, err := meeting(ctx, t, id, " FOR UPDATE")
		if err != nil {
			return err
		}
		tabled := 0
		if err := t.QueryRow(ctx, `SELECT count(*) FROM statement WHERE tabled_for = $1`, id).Scan(&tabled); err != nil {
			return fmt.Errorf("count what is tabled: %w", err)
		}
		reason = strings.TrimSpace(reason)
		rule := act.Rule()
		switch {
		case act != liaison.OpenMeeting && act != liaison.CloseMeeting && act != liaison.CancelMeeting:
			return liaison.Refuse(liaison.Invalid, "A meeting is opened, closed or cancelled.")
		case m.State == rule.To:
			return nil
		}
		acting, err := t.judgeMeeting(ctx, m, act, actor, tabled, reason)
		if err != nil {
			return err
		}
		var by *liaison.PersonID
		var at *time.Time
		if rule.To == liaison.MeetingClosed {
			by, at = &actor, &t.now
		}
		if _, err := t.Exec(ctx, `UPDATE meeting SET state = $2, closed_by = $3, closed_at = $4, version = version + 1 WHERE id = $1`, id, rule.To, by, at); err != nil {
			return meetingRefusal(err)
		}
		t.aboutMeeting(m, rule.Event, actor, acting, reason)
		return nil
	})
}

// TellUnclosed tells the secretariats of the meetings whose days are over and that nobody closed, while something is tabled for them or
// waits for their close; see [liaison.Meeting.Unclosed]. What it records is about one of the statements that hang on the meeting. It
// returns the meetings. Repeating it tells nobody twice.
func (s *Store) TellUnclosed(ctx context.Context) (out []liaison.MeetingID, err error) {
	rows, err := s.pool.Query(ctx, `
		SELECT m.id, x.id FROM meeting m JOIN LATERAL (
			SELECT s.id FROM statement s WHERE s.tabled_for = m.id OR s.leaves_after = m.id ORDER BY s.tabled_for IS NULL, s.tabled_item, s.id LIMIT 1) x ON true
		WHERE m.state IN ('planned', 'open') AND m.held_until < $1::date + 1 -- which day it is there, its zone says
			AND NOT EXISTS (SELECT FROM event e WHERE e.kind = 'meeting-unclosed' AND e.meeting_id = m.id AND e.until_day = m.held_until)
		ORDER BY m.id`, liaison.DateOf(s.now(), time.UTC))
	if err != nil {
		return nil, unavailable(fmt.Errorf("read meetings that nobody closed: %w", err))
	}
	on := map[liaison.StatementID]liaison.MeetingID{} // that it hangs on: never more than one
	var ids []liaison.StatementID
	var m liaison.MeetingID
	var id liaison.StatementID
	if _, err := pgx.ForEachRow(rows, []any{&m, &id}, func() error { on[id], ids = m, append(ids, id); return nil }); err != nil {
		return nil, unavailable(fmt.Errorf("read meetings that nobody closed: %w", err))
	}
	told, err := s.tell(ctx, ids, func(t *tx, snap Snapshot) (liaison.Event, bool) {
		zone, err := snap.Profile.Zone()
		m := snap.Meeting
		return liaison.Event{Kind: liaison.EventMeetingUnclosed, Meeting: m.ID, Until: m.Until}, err == nil && m.ID == on[snap.ID] && m.Unclosed(t.now, zone)
	})
	for _, id := range told {
		out = append(out, on[id])
	}
	return out, err
}

// judgeMeeting asks who may, and for what is entered whether it can be.
func (t *tx) judgeMeeting(ctx context.Context, m liaison.Meeting, act liaison.MeetingAct, actor liaison.PersonID, tabled int, reason string) (liaison.Capacity, error) {
	snap, err := meetingGroup(ctx, t, m.Group, actor, t.now)
	if err != nil {
		return "", err
	}
	_, acting, err := m.Judge(snap.Snapshot, act, actor, tabled, reason)
	if err != nil {
		return "", err
	}
	if act != liaison.EnterMeeting && act != liaison.ChangeMeeting {
		return acting, nil
	}
	for _, err := range m.Check() {
		return "", err
	}
	if m.With != "" {
		with, err := meeting(ctx, t, m.With, "")
		if err != nil || m.Group != snap.Group || with.Group != snap.Parent || with.ID == m.ID {
			return "", &liaison.Error{Code: liaison.Invalid, Field: "with", Message: "Choose a meeting of the parent group that it is held together with, or none."}
		}
	}
	return acting, nil
}

// aboutMeeting records an event about a meeting, which is about no statement.
func (t *tx) aboutMeeting(m liaison.Meeting, kind liaison.EventKind, actor liaison.PersonID, acting liaison.Capacity, reason string) {
	t.record(liaison.Event{Kind: kind, Actor: actor, Acting: acting, Body: m.Group, Meeting: m.ID, On: m.From, Until: m.Until, Evidence: m.Source, Reason: reason})
}

func (t *tx) writeAgenda(ctx context.Context, m liaison.Meeting) error {
	b := &pgx.Batch{}
	b.Queue(`DELETE FROM agenda_item WHERE meeting_id = $1 AND number > $2`, m.ID, len(m.Agenda))
	for _, a := range m.Agenda {
		b.Queue(`INSERT INTO agenda_item (meeting_id, number, title) VALUES ($1, $2, $3) ON CONFLICT (meeting_id, number) DO UPDATE SET title = EXCLUDED.title`, m.ID, a.Number, a.Title)
	}
	if err := t.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("write the agenda: %w", err)
	}
	return nil
}

// keepsItems refuses another title, or none, for an item under which something is tabled or was decided.
func (t *tx) keepsItems(ctx context.Context, before, after liaison.Meeting) error {
	rows, err := t.Query(ctx, `
		SELECT tabled_item FROM statement WHERE tabled_for = $1
		UNION SELECT agenda_item FROM decision WHERE meeting_id = $1 AND agenda_item > 0 ORDER BY 1`, before.ID)
	if err != nil {
		return fmt.Errorf("read the items that are used: %w", err)
	}
	used, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		return fmt.Errorf("read the items that are used: %w", err)
	}
	for _, n := range used {
		was, _ := before.Item(n)
		if is, ok := after.Item(n); !ok || is != was {
			return &liaison.Error{Code: liaison.Conflict, Field: "agenda", Message: fmt.Sprintf("Something is tabled or was decided under item %s, so it keeps its number and its title.", was.Cite())}
		}
	}
	return nil
}

// meetingRefusal says in words what the database refused of a change.
func meetingRefusal(err error) error {
	switch {
	case violates(err, "meeting_keeps_the_days_of_its_decisions"):
		return &liaison.Error{Code: liaison.Conflict, Field: "from", Message: "The meeting took decisions on days that would not be its own any more."}
	case violates(err, "meeting_ends_with_nothing_tabled"):
		return liaison.Refuse(liaison.Conflict, "Statements are tabled for the meeting: decide on each or put it off first.")
	}
	return fmt.Errorf("change a meeting: %w", err)
}

// AtMeeting is a statement that was tabled for a meeting or decided at it, with what is known of it there.
type AtMeeting struct {
	Statement liaison.StatementID
	Title     string
	Ref       string
	State     liaison.State
	Revision  int
	Item      int
	Tabled    int // the revision that was first tabled for the meeting, 0 for one that was not on its agenda
	Kind      liaison.EventKind
	By        string // who did that, as
	Acting    liaison.Capacity
	At        time.Time
	Reason    string
	Edited    bool // approved with edits
	Waits     bool // its dispatch begins when the meeting is closed
}

// AtMeeting lists what was tabled for a meeting and what it decided, each statement once, by what happened to it there last, in
// the order of the agenda and of the tabling. A statement that was put off and tabled for another meeting stays in the list.
func (s *Store) AtMeeting(ctx context.Context, id liaison.MeetingID) ([]AtMeeting, error) {
	if validID(string(id)) != nil {
		return nil, errNoMeeting
	}
	rows, err := s.pool.Query(ctx, `
		SELECT s.id, s.title, coalesce(s.ref, ''), s.state, last.revision, last.agenda_item, coalesce(first.revision, 0), last.kind, coalesce(p.name, ''), last.acting, last.at, last.reason, last.kind = 'approved' AND last.amends <> '',
			coalesce(s.leaves_after = $1, false)
		FROM (SELECT DISTINCT statement_id FROM event WHERE meeting_id = $1 AND statement_id IS NOT NULL) x JOIN statement s ON s.id = x.statement_id
			CROSS JOIN LATERAL (SELECT * FROM event e WHERE e.meeting_id = $1 AND e.statement_id = s.id AND e.kind <> 'meeting-unclosed' ORDER BY e.seq DESC LIMIT 1) last
			LEFT JOIN LATERAL (SELECT e.revision, e.seq FROM event e WHERE e.meeting_id = $1 AND e.statement_id = s.id AND e.kind = 'tabled' ORDER BY e.seq LIMIT 1) first ON true
			LEFT JOIN person p ON p.id = coalesce(last.for_person, last.actor)
		ORDER BY last.agenda_item = 0, last.agenda_item, coalesce(first.seq, last.seq), s.id`, id)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read what a meeting decided: %w", err))
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[AtMeeting])
	return out, unavailable(err)
}

// Reviewed is a statement that waits in review and can be tabled.
type Reviewed struct {
	ID        liaison.StatementID
	Title     string
	Revision  int
	Digest    liaison.Digest
	Submitted time.Time
}

// Reviewed lists those of a group, longest first, at most 200. Who sees it has to hold an office of the group.
func (s *Store) Reviewed(ctx context.Context, group liaison.Code) ([]Reviewed, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT s.id, s.title, s.revision, s.digest, r.submitted_at FROM statement s JOIN revision r ON r.statement_id = s.id AND r.number = s.revision
		WHERE s.group_code = $1 AND s.state = 'in-review' ORDER BY r.submitted_at, s.id LIMIT 200`, group)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read what waits in review: %w", err))
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Reviewed])
	return out, unavailable(err)
}

// EnterMeetings enters meetings with their agendas; one that is there already, by its id, stays as it is.
func (s *Store) EnterMeetings(ctx context.Context, meetings []liaison.Meeting) error {
	return s.write(ctx, func(t *tx) error {
		b := &pgx.Batch{}
		for _, m := range meetings {
			b.Queue(`
				INSERT INTO meeting (id, group_code, title, place, held_from, held_until, state, held_with, uid, source, announced_on, inputs_until)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (id) DO NOTHING`,
				m.ID, m.Group, m.Title, m.Place, m.From, m.Until, m.State, nullable(m.With), m.UID, m.Source, nullable(m.Announced), nullable(m.Inputs))
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
	acting := snap.ActingAs(by, liaison.MeetingOfficers...)
	if acting == liaison.AsReader {
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
					AND (meeting.title, meeting.place, meeting.held_from, meeting.held_until, meeting.state) IS DISTINCT FROM (EXCLUDED.title, EXCLUDED.place, EXCLUDED.held_from, EXCLUDED.held_until, EXCLUDED.state)
				RETURNING id, version`,
				m.ID, m.Group, m.Title, m.Place, m.From, m.Until, m.State, m.UID, m.Source).Query(func(rows pgx.Rows) error {
				version, kind := 0, liaison.EventMeetingEntered
				_, err := pgx.ForEachRow(rows, []any{&m.ID, &version}, func() error {
					switch {
					case m.State == liaison.MeetingCancelled:
						kind = liaison.EventMeetingCancelled
					case version > 1:
						kind = liaison.EventMeetingChanged
					}
					t.aboutMeeting(m, kind, by, acting, "")
					return nil
				})
				return err
			})
		}
		if err := t.SendBatch(ctx, b).Close(); err != nil {
			return meetingRefusal(err)
		}
		return nil
	})
}
