package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/internal/profile"
	"github.com/jca-ml/liaison/liaison"
)

// Snapshot is what the register knows of a statement: what [liaison.Next] judges by, and the working draft's version.
type Snapshot struct {
	liaison.Snapshot
	DraftVersion int
	Dispatched   *time.Time
	Created      time.Time
	Changed      time.Time
	GroupBody    liaison.Body
}

// Snapshot reads a statement as it is now, or [liaison.NotFound]. It judges nothing about who asks: callers that show it
// to a person ask [liaison.Snapshot.MayRead] first.
func (s *Store) Snapshot(ctx context.Context, id liaison.StatementID) (Snapshot, error) {
	if err := validID(string(id)); err != nil {
		return Snapshot{}, err
	}
	snap, _, err := snapshot(ctx, s.pool, id, "", s.now(), "")
	return snap, unavailable(err)
}

// SnapshotFor is [Store.Snapshot] with what the command brings besides, so that [liaison.Next] can judge it.
func (s *Store) SnapshotFor(ctx context.Context, cmd liaison.Command) (Snapshot, error) {
	snap, err := s.Snapshot(ctx, cmd.Statement)
	if err == nil {
		err = unavailable(bring(ctx, s.pool, &snap, cmd, ""))
	}
	return snap, err
}

// snapshot reads everything about a statement in one round trip. With lock " FOR UPDATE OF s" the row is locked first, and what
// follows sees the state after the lock was had. answer is the recorded answer of the command, if there is one.
func snapshot(ctx context.Context, q judge, id liaison.StatementID, command liaison.CommandID, now time.Time, lock string) (snap Snapshot, answer *liaison.Answer, err error) {
	var submitted, since *time.Time
	var window *liaison.WindowID
	var consulted *liaison.ConsultationKind
	var reference *string
	b := &pgx.Batch{}
	var judged pinned
	b.Queue(`
		SELECT s.id, s.group_code, s.state, s.version, s.drafter_id, s.revision, coalesce(s.digest, ''),
			coalesce(s.number, 0), coalesce(s.period, ''), coalesce(s.ref, ''), s.rev, s.corrigendum,
			coalesce(s.approved_digest, ''), coalesce(s.approved_by::text, ''), coalesce(s.approved_as, ''), s.approved_at, coalesce(s.amended_digest, ''),
			s.approved_at IS NOT NULL AND (NOT EXISTS (SELECT FROM appointment a
				WHERE a.group_code = s.group_code AND a.person_id = s.approved_by AND a.office = s.approved_as
					AND a.held_from <= coalesce(d.given_on, s.approved_at::date + 1) AND coalesce(a.held_until, 'infinity') >= coalesce(d.given_on, s.approved_at::date - 1))
				OR s.approved_as = 'vice-chair' AND NOT EXISTS (SELECT FROM absence b
					WHERE b.id = d.absence_id AND b.group_code = s.group_code AND d.given_on BETWEEN greatest(b.held_from, b.recorded_on) AND b.held_until)),
			coalesce(d.mode, ''), coalesce(d.given_on::text, ''), coalesce(d.absence_id::text, ''), coalesce(d.entered_by::text, ''),
			coalesce(d.evidence, ''), coalesce(d.evidence_file, ''), coalesce(d.meeting_id::text, ''), coalesce(d.agenda_item, 0), r.submitted_at,
			(SELECT count(*) FROM event e WHERE e.statement_id = s.id AND e.version = s.version AND e.kind IN ('waits-chair', 'waits-vice-chair', 'waits-secretary')),
			ARRAY(SELECT e.absence_id::text FROM event e WHERE e.statement_id = s.id AND e.version = s.version AND e.kind = 'left-to-vice-chair'),
			(SELECT max(at) FROM event e WHERE e.statement_id = s.id AND e.version = s.version AND e.from_state <> e.to_state), d.window_id::text, d.consulted, d.consultation,
			s.state = 'closed' AND EXISTS (SELECT FROM event e WHERE e.statement_id = s.id AND e.version = s.version AND e.kind = 'closed' AND e.actor IS NULL),
			coalesce(s.tabled_for::text, ''), coalesce(s.tabled_item, 0), coalesce(s.leaves_after::text, ''),
			coalesce(s.approved_profile, ''), coalesce(s.approved_profile_version, 0), s.dispatched_at, s.dispatch_at, s.created_at, s.changed_at, p.name, p.email, p.affiliation, p.language
		FROM statement s JOIN person p ON p.id = s.drafter_id
			LEFT JOIN revision r ON r.statement_id = s.id AND r.number = s.revision
			LEFT JOIN LATERAL (SELECT * FROM decision d WHERE d.statement_id = s.id AND d.digest = s.approved_digest AND d.kind = 'approve' ORDER BY d.revision DESC LIMIT 1) d ON true
		WHERE s.id = $1`+lock, id).QueryRow(func(row pgx.Row) error {
		st, a := &snap.Statement, &snap.Approval
		err := row.Scan(&st.ID, &st.Group, &st.State, &st.Version, &st.Drafter, &st.Revision, &st.Digest,
			&st.Number, &st.Period, &st.Ref, &st.RevNumber, &st.CorrigendumNumber, &st.ApprovedDigest, &st.ApprovedBy, &st.ApprovedAs, &st.ApprovedAt, &st.AmendedDigest, &snap.ApproverOutOfOffice,
			&a.Mode, &a.On, &a.Stands, &a.Entered, &a.Evidence, &a.File, &a.Meeting, &a.Item, &submitted, &snap.Escalated, &snap.LeftBy,
			&since, &window, &consulted, &reference, &snap.ClosedItself,
			&st.TabledFor, &st.TabledItem, &st.LeavesAfter,
			&judged.key, &judged.version, &snap.Dispatched, &snap.DispatchAt, &snap.Created, &snap.Changed, &snap.DrafterPerson.Name, &snap.DrafterPerson.Email, &snap.DrafterPerson.Affiliation, &snap.DrafterPerson.Language)
		snap.DrafterPerson.ID = st.Drafter
		if since != nil {
			snap.Since = *since
		}
		if window != nil {
			a.Window = *window
		}
		if consulted != nil {
			a.Consulted = liaison.Consultation{Kind: *consulted, Reference: *reference}
		}
		a.By, a.As = st.ApprovedBy, st.ApprovedAs
		return err
	})
	b.Queue(`SELECT answer FROM command WHERE id = $1`, command).QueryRow(func(row pgx.Row) error {
		err := row.Scan(&answer)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	b.Queue(`SELECT person_id FROM drafter WHERE statement_id = $1`, id).Query(func(rows pgx.Rows) (err error) {
		snap.Drafters, err = pgx.CollectRows(rows, pgx.RowTo[liaison.PersonID])
		return err
	})
	var draft, revision []byte
	b.Queue(`SELECT d.version, CASE WHEN s.state = 'draft' OR s.revision = 0 THEN d.canonical END FROM draft d JOIN statement s ON s.id = d.statement_id WHERE s.id = $1`, id).QueryRow(func(row pgx.Row) error {
		err := row.Scan(&snap.DraftVersion, &draft)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	b.Queue(`SELECT r.canonical FROM revision r JOIN statement s ON s.id = r.statement_id AND s.revision = r.number WHERE s.id = $1`, id).QueryRow(func(row pgx.Row) error {
		err := row.Scan(&revision)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	reached := map[int]bool{}
	b.Queue(`
		SELECT t.id, t.position, t.state, coalesce(t.copy_of::text, ''), t.revision = (SELECT revision FROM statement WHERE id = $1)
		FROM transmission t WHERE t.statement_id = $1 AND t.letter = 'statement'`, id).Query(func(rows pgx.Rows) error {
		type message struct {
			id, copyOf liaison.TransmissionID
			position   int
			state      liaison.TransmissionState
			current    bool // of the revision that counts
		}
		var all []message
		copied := map[liaison.TransmissionID]bool{}
		var m message
		if _, err := pgx.ForEachRow(rows, []any{&m.id, &m.position, &m.state, &m.copyOf, &m.current}, func() error {
			all, copied[m.copyOf] = append(all, m), true
			return nil
		}); err != nil {
			return err
		}
		snap.Outcomes = map[liaison.TransmissionState]int{}
		snap.Messages = map[liaison.TransmissionID]liaison.MessageState{}
		for _, m := range all {
			if !m.current {
				continue
			}
			snap.Messages[m.id] = liaison.MessageState{State: m.state, Copied: copied[m.id]}
			if !copied[m.id] {
				reached[m.position] = reached[m.position] || m.state == liaison.TransmissionAccepted || m.state == liaison.TransmissionAssumed
				snap.Outcomes[m.state]++
			}
		}
		return nil
	})
	b.Queue(`
		SELECT e.kind FROM statement s, LATERAL (SELECT kind, seq FROM event WHERE statement_id = s.id AND kind = ANY ($2) OFFSET 0) e -- and not all events from the newest
		WHERE s.id = $1 AND s.kind = 'report' ORDER BY e.seq DESC LIMIT 1`, id, outcomeEvents()).QueryRow(func(row pgx.Row) error {
		var kind liaison.EventKind
		err := row.Scan(&kind)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		snap.Outcome = liaison.OutcomeIn(kind)
		return err
	})
	b.Queue(`SELECT `+overSQL+` FROM statement s WHERE s.id = $1`, id, publicStates()).QueryRow(func(row pgx.Row) error { return row.Scan(&snap.Over) })
	b.Queue(`SELECT `+replyColumns+replyFrom+`WHERE s.id = $1 AND `+firstMessage+` ORDER BY t.position`, id).Query(func(rows pgx.Rows) (err error) {
		snap.Replies, err = pgx.CollectRows(rows, scanReply)
		return err
	})
	readWindow(b, &snap, id)
	b.Queue(`SELECT person_id, reason FROM recusal WHERE statement_id = $1`, id).Query(func(rows pgx.Rows) error {
		snap.Recused = map[liaison.PersonID]string{}
		var p liaison.PersonID
		var reason string
		_, err := pgx.ForEachRow(rows, []any{&p, &reason}, func() error { snap.Recused[p] = reason; return nil })
		return err
	})
	group := `(SELECT group_code FROM statement WHERE id = $1)`
	var pins pinned
	if err := queueGroup(b, &snap, &pins, group, []any{id}, q.rules(), now); err != nil {
		return snap, nil, err
	}

	err = q.SendBatch(ctx, b).Close()
	if errors.Is(err, pgx.ErrNoRows) {
		return snap, nil, liaison.Refuse(liaison.NotFound, "There is no such statement.")
	} else if err != nil {
		return snap, nil, fmt.Errorf("read statement: %w", err)
	}
	content := revision
	if snap.State == liaison.Draft || revision == nil {
		content = draft
	}
	if snap.Content, err = liaison.ParseCanonical(content); err != nil {
		return snap, nil, err
	}
	for i, r := range snap.Replies {
		snap.Replies[i].Reached = reached[r.Position]
	}
	snap.Now = now
	if judged.key != "" && snap.ApprovedDigest != "" {
		pins = judged
	}
	if err := snap.judge(q.rules(), pins, now); err != nil {
		return snap, nil, err
	}
	if submitted != nil {
		snap.SubmittedAt = *submitted
		if snap.SubmittedOn, err = today(snap.Profile, *submitted); err != nil {
			return snap, nil, err
		}
	}
	if id := cmp.Or(snap.TabledFor, snap.LeavesAfter); id != "" {
		if lock != "" {
			lock = " FOR SHARE"
		}
		if snap.Meeting, err = meeting(ctx, q, id, lock); err != nil {
			return snap, nil, err
		}
	}
	snap.Related, err = related(ctx, q, snap)
	return snap, answer, err
}

// pinned is the profile that a group's terms of reference pin, or the very version that something was decided under.
type pinned struct {
	key     string
	version int // 0 for the one that is in force
}

// judge finds the profile and, in its zone, today.
func (s *Snapshot) judge(rules *profile.Set, pins pinned, now time.Time) error {
	p, ok := rules.Version(pins.key, pins.version)
	if !ok && pins.version > 0 {
		return fmt.Errorf("it was decided under the profile %s version %d, which this program does not have any more", pins.key, pins.version)
	}
	var err error
	if !ok {
		if p, err = inForce(rules, pins.key, now); err != nil {
			return err
		}
	}
	s.Profile, s.GroupUntil, s.Parent = p.For(s.GroupBody), s.GroupBody.Until, s.GroupBody.Parent
	s.Today, err = today(s.Profile, now)
	return err
}

// inForce is the version of a profile that judges now, the day being that of its own zone.
func inForce(rules *profile.Set, key string, now time.Time) (liaison.Profile, error) {
	p, err := rules.On(key, liaison.DateOf(now, time.UTC))
	if err != nil {
		return p, err
	}
	day, err := today(p, now)
	if err != nil {
		return p, err
	}
	return rules.On(key, day)
}

// queueGroup adds the reads about the group: its body, its officers with who employs them, their absences, and the profile that its terms
// of reference pin. group is an SQL expression for its code.
func queueGroup(b *pgx.Batch, snap *Snapshot, pins *pinned, group string, args []any, rules *profile.Set, now time.Time) error {
	days, err := todays(rules, now)
	if err != nil {
		return err
	}
	b.Queue(`SELECT `+bodyColumns+` FROM body WHERE code = `+group, args...).Query(func(rows pgx.Rows) (err error) {
		snap.GroupBody, err = pgx.CollectExactlyOneRow(rows, scanBody)
		return err
	})
	n := fmt.Sprint(len(args) + 1)
	b.Queue(appointmentSQL+` WHERE a.group_code = `+group+` ORDER BY a.office, a.held_from`, args...).Query(func(rows pgx.Rows) (err error) {
		snap.Officers, err = pgx.CollectRows(rows, scanAppointment)
		return err
	})
	b.Queue(absenceSQL+` WHERE b.group_code = `+group+` ORDER BY b.recorded_at, b.id`, args...).Query(func(rows pgx.Rows) (err error) {
		snap.Absences, err = pgx.CollectRows(rows, scanAbsence)
		return err
	})
	b.Queue(`
		SELECT e.person_id, e.body_code FROM employment e JOIN appointment a ON a.person_id = e.person_id
		WHERE a.group_code = `+group+` AND `+todayIn("$"+n, "a.group_code")+` BETWEEN e.held_from AND coalesce(e.held_until, 'infinity')
			AND coalesce(e.ended_on, 'infinity') > `+todayIn("$"+n, "a.group_code"),
		append(args, days)...).Query(func(rows pgx.Rows) error {
		snap.Employers = map[liaison.PersonID][]liaison.Code{}
		var p liaison.PersonID
		var code liaison.Code
		_, err := pgx.ForEachRow(rows, []any{&p, &code}, func() error { snap.Employers[p] = append(snap.Employers[p], code); return nil })
		return err
	})
	// Whom it reports to follows from the terms of reference in force, as its rules do; what its body says is of the day on which it was entered.
	b.Queue(`SELECT profile, parent, coalesce(reviewed_by::text, '') FROM terms_of_reference WHERE group_code = `+group+` AND in_force <= `+dayUnder("$"+n)+` ORDER BY in_force DESC, version DESC LIMIT 1`,
		append(args, days)...).QueryRow(func(row pgx.Row) error {
		if err := row.Scan(&pins.key, &snap.GroupBody.Parent, &snap.ReviewedBy); errors.Is(err, pgx.ErrNoRows) {
			return liaison.Refuse(liaison.Invalid, "The group has no terms of reference in force, so it cannot send statements.")
		} else if err != nil {
			return err
		}
		return nil
	})
	return nil
}

// GroupSnapshot is what a new statement of the group would start from: no statement yet, but its officers and profile,
// so that [liaison.May] tells whether a person may draft for it.
func (s *Store) GroupSnapshot(ctx context.Context, group liaison.Code) (Snapshot, error) {
	return groupSnapshot(ctx, s.pool, group, s.now())
}

func groupSnapshot(ctx context.Context, q judge, group liaison.Code, now time.Time) (snap Snapshot, err error) {
	b := &pgx.Batch{}
	var pins pinned
	if err := queueGroup(b, &snap, &pins, `$1`, []any{group}, q.rules(), now); err != nil {
		return snap, err
	}
	err = q.SendBatch(ctx, b).Close()
	if errors.Is(err, pgx.ErrNoRows) {
		return snap, liaison.Refuse(liaison.NotFound, "There is no group with the code %s.", group)
	} else if err != nil {
		return snap, unavailable(fmt.Errorf("read group: %w", err))
	}
	snap.Group = group
	return snap, snap.judge(q.rules(), pins, now)
}
