package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/liaison"
)

// ReportFor says which report is wanted.
type ReportFor struct {
	Group   liaison.Code
	Meeting liaison.MeetingID // that it is due for, "" for none
	From    liaison.Date      // of the period, inclusive
	Until   liaison.Date
	AsOf    time.Time // what was recorded later is not in it; now if zero

	Revises liaison.StatementID // the report whose place it takes, "" for none: no report under that number is an earlier one
}

// then is the moment that its facts are taken at.
func (w ReportFor) then(zone *time.Location) time.Time {
	end := startOf(w.Until.Plus(1), zone).Add(-time.Microsecond) // what the database keeps
	if end.Before(w.AsOf) {
		return end
	}
	return w.AsOf
}

// Assemble makes a progress report of what the register knew at the time asked for. Notes and proposals are the editor's and
// not in it.
func (s *Store) Assemble(ctx context.Context, what ReportFor) (liaison.Report, error) {
	facts, err := s.ReportFacts(ctx, what)
	if err != nil {
		return liaison.Report{}, err
	}
	return liaison.Assemble(facts), nil
}

// ReportFacts reads what a report is assembled from, in one snapshot of the database.
func (s *Store) ReportFacts(ctx context.Context, what ReportFor) (f liaison.ReportFacts, err error) {
	if what.AsOf.IsZero() {
		what.AsOf = s.now()
	}
	read := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, s.pool, read, func(t pgx.Tx) error {
		f, err = reportFacts(ctx, &tx{Tx: t, profiles: s.pool.profiles, now: what.AsOf}, what)
		return err
	})
	return f, unavailable(err)
}

func reportFacts(ctx context.Context, q judge, what ReportFor) (liaison.ReportFacts, error) {
	group, err := groupSnapshot(ctx, q, what.Group, what.AsOf)
	if err != nil {
		return liaison.ReportFacts{}, err
	}
	zone, err := group.Profile.Zone()
	if err != nil {
		return liaison.ReportFacts{}, err
	}
	f := liaison.ReportFacts{Group: group.GroupBody, Profile: group.Profile, Zone: zone, From: what.From, Until: what.Until, AsOf: what.AsOf}
	b := &pgx.Batch{}
	b.Queue(`SET LOCAL jit = off`) // compiling these takes longer than carrying them out
	queueReportGroup(b, &f, what)
	then := what.then(zone)
	queueReportOut(b, &f, then)
	queueReportRest(b, &f, then)
	reports := queueReportProposals(b, &f, then, what.Revises)
	if err := q.SendBatch(ctx, b).Close(); err != nil {
		return f, fmt.Errorf("read the facts of a report: %w", err)
	}
	f.Unanswered, err = reports.unanswered()
	return f, err
}

// queueReportGroup adds the reads about the group itself: its parent, its officers and terms of reference, meetings.
func queueReportGroup(b *pgx.Batch, f *liaison.ReportFacts, what ReportFor) {
	read := liaison.DateOf(f.AsOf, f.Zone) // a report goes to who is the parent when it is made, whatever period it is of
	b.Queue(`SELECT `+bodyColumns+` FROM body WHERE code = (SELECT parent FROM terms_of_reference WHERE group_code = $1 AND in_force <= $2 ORDER BY in_force DESC, version DESC LIMIT 1)`,
		what.Group, read).Query(func(rows pgx.Rows) (err error) {
		parents, err := pgx.CollectRows(rows, scanBody)
		if len(parents) > 0 {
			f.Parent = parents[0]
		}
		return err
	})
	b.Queue(appointmentSQL+` WHERE a.group_code = $1 ORDER BY a.held_from, a.office, a.person_id`, what.Group).Query(func(rows pgx.Rows) (err error) {
		f.Officers, err = pgx.CollectRows(rows, scanAppointment)
		return err
	})
	b.Queue(termsSQL+` WHERE group_code = $1 ORDER BY version`, what.Group).Query(func(rows pgx.Rows) (err error) {
		f.Terms, err = pgx.CollectRows(rows, scanTerms)
		return err
	})
	b.Queue(`SELECT `+meetingColumns+` FROM meeting WHERE group_code = $1 ORDER BY held_from, id`, what.Group).Query(func(rows pgx.Rows) (err error) {
		f.Meetings, err = pgx.CollectRows(rows, scanMeeting)
		return err
	})
	b.Queue(`SELECT a.meeting_id, a.number, a.title FROM agenda_item a JOIN meeting m ON m.id = a.meeting_id WHERE m.group_code = $1 AND m.held_until BETWEEN $2 AND $3 ORDER BY a.meeting_id, a.number`,
		what.Group, what.From, what.Until).Query(func(rows pgx.Rows) error {
		var meeting liaison.MeetingID
		var item liaison.AgendaItem
		_, err := pgx.ForEachRow(rows, []any{&meeting, &item.Number, &item.Title}, func() error {
			if i := slices.IndexFunc(f.Meetings, func(m liaison.Meeting) bool { return m.ID == meeting }); i >= 0 {
				f.Meetings[i].Agenda = append(f.Meetings[i].Agenda, item)
			}
			return nil
		})
		return err
	})
	b.Queue(`SELECT `+meetingColumns+` FROM meeting WHERE group_code = (SELECT parent FROM terms_of_reference WHERE group_code = $1 AND in_force <= $2 ORDER BY in_force DESC, version DESC LIMIT 1)
		ORDER BY held_from, id`, what.Group, read).Query(func(rows pgx.Rows) (err error) {
		f.ParentMeetings, err = pgx.CollectRows(rows, scanMeeting)
		return err
	})
	if what.Meeting != "" {
		b.Queue(`SELECT `+meetingColumns+` FROM meeting WHERE id = $1`, what.Meeting).Query(func(rows pgx.Rows) (err error) {
			f.For, err = pgx.CollectExactlyOneRow(rows, scanMeeting)
			return err
		})
	}
}

// queueReportOut adds the read of the statements that a report can concern: approved by then, and approved or sent in the
// period, or with a day by which replies are awaited. Everything is as it stood then, as the log had it, also what each addressee
// owed. Which messages count as its reply is what was recorded by AsOf; each counts from the moment at which it came.
func queueReportOut(b *pgx.Batch, f *liaison.ReportFacts, then time.Time) {
	b.Queue(`
		WITH out AS (
			SELECT s.id, s.ref, s.title, s.confidential, s.revision, s.approved_at, s.dispatched_at, d.mode, d.acting, d.given_on, d.entered_by, o.outside, d.reason, p.name AS by,
				(SELECT min(r.submitted_at) FROM revision r WHERE r.statement_id = s.id) AS submitted_at, moved.state, moved.closed_at
			FROM statement s
			CROSS JOIN LATERAL (SELECT (array_agg(e.to_state ORDER BY e.seq DESC))[1] AS state, CASE WHEN (array_agg(e.to_state ORDER BY e.seq DESC))[1] = 'closed' THEN max(e.at) FILTER (WHERE e.to_state = 'closed' AND e.from_state <> e.to_state) END AS closed_at -- what was opened again has not ended
				FROM event e WHERE e.statement_id = s.id AND e.to_state <> '' AND e.at <= $3) moved
			LEFT JOIN LATERAL (SELECT * FROM decision d WHERE s.dispatched_at >= $2 AND d.statement_id = s.id AND d.kind = 'approve' AND d.digest = s.approved_digest ORDER BY d.revision DESC LIMIT 1) d ON true
			LEFT JOIN person p ON p.id = d.person_id
			LEFT JOIN LATERAL (SELECT convert_from(r.canonical, 'UTF8')::json #>> '{content,outside_scope}' AS outside FROM revision r
				WHERE s.dispatched_at >= $2 AND r.statement_id = s.id AND r.number = s.revision AND position('"outside_scope"'::bytea IN r.canonical) > 0) o ON true
			WHERE s.group_code = $1 AND s.kind = 'statement' AND s.approved_at <= $3
				AND (s.approved_at >= $2 OR s.dispatched_at >= $2 OR s.deadline IS NOT NULL)
		), over AS ( -- what another one recalled or took the place of
			SELECT x.related_id AS id, min(o.dispatched_at) AS at FROM relation x JOIN statement o ON o.id = x.statement_id AND o.revision = x.revision
			WHERE x.kind IN ('recalls', 'revises') AND o.dispatched_at <= $3 GROUP BY x.related_id
		), came AS ( -- when the first message came that counts as the reply
			SELECT l.statement_id, l.position, min(l.at) AS at
			FROM (SELECT DISTINCT ON (l.statement_id, l.position, l.response_id, l.inbound_id) l.statement_id, l.position, l.kind, coalesce(i.received_at, x.at) AS at
				FROM reply_link l JOIN out ON out.id = l.statement_id
				LEFT JOIN inbound_message i ON i.id = l.inbound_id LEFT JOIN transmission_response x ON x.id = l.response_id
				WHERE l.at <= $5 ORDER BY l.statement_id, l.position, l.response_id, l.inbound_id, l.seq DESC) l
			WHERE l.kind = 'reply' GROUP BY l.statement_id, l.position
		), known AS (
			SELECT e.transmission_id, min(e.at) FILTER (WHERE e.kind IN ('accepted', 'assumed', 'refused') AND e.at <= $3) AS sent_at,
				coalesce(bool_or(e.kind IN ('bounced', 'refused') AND e.at <= $3), false) AS failed,
				(array_agg(e.due ORDER BY e.seq DESC) FILTER (WHERE e.reply_to <> '' AND e.at <= $3))[1] AS due,
				(array_agg(e.reply_to ORDER BY e.seq DESC) FILTER (WHERE e.reply_to = ANY ($4)))[1] AS replied,
				(array_agg(e.reply_to ORDER BY e.seq DESC) FILTER (WHERE e.reply_to <> ALL ($4) AND e.reply_to <> '' AND e.at <= $3))[1] AS stood,
				max(e.at) FILTER (WHERE e.reply_to IN ('declined', 'waived') AND e.reply_from <> e.reply_to AND e.at <= $3) AS settled_at
			FROM event e JOIN out ON out.id = e.statement_id
			WHERE e.at <= $5 AND e.transmission_id IS NOT NULL AND (e.reply_to <> '' OR e.kind IN ('accepted', 'assumed', 'refused', 'bounced'))
			GROUP BY e.transmission_id
		), messages AS ( -- of an addressee whose message was sent again as a copy there are two: it failed if both did
			SELECT t.statement_id, t.revision, t.position, min(k.sent_at) AS sent_at, coalesce(bool_and(k.failed), false) AS failed,
				max(k.due) AS due, max(k.replied) AS replied, max(k.stood) AS stood, max(k.settled_at) AS settled_at
			FROM out JOIN transmission t ON t.statement_id = out.id AND t.revision = out.revision AND t.letter = 'statement'
			LEFT JOIN known k ON k.transmission_id = t.id
			GROUP BY t.statement_id, t.revision, t.position
		)
		SELECT out.id, out.ref, out.title, out.confidential, coalesce(out.state, ''), out.submitted_at, out.approved_at, CASE WHEN out.dispatched_at <= $3 THEN out.dispatched_at END, least(out.closed_at, over.at),
			coalesce(out.mode, ''), coalesce(out.acting, ''), coalesce(out.given_on::text, ''), coalesce(out.entered_by::text, ''), coalesce(out.outside, ''),
			CASE WHEN out.outside <> '' THEN out.reason ELSE '' END, CASE WHEN out.outside <> '' THEN out.by ELSE '' END,
			a.body_code, a.name, b.kind, a.purpose, m.sent_at, coalesce(m.failed, false), coalesce(m.due, ''),
			coalesce(CASE WHEN came.at <= $3 THEN m.replied END, m.stood, ''), CASE WHEN came.at <= $3 AND m.replied IS NOT NULL THEN came.at ELSE m.settled_at END
		FROM out JOIN addressee a ON a.statement_id = out.id AND a.revision = out.revision JOIN body b ON b.code = a.body_code
		LEFT JOIN over ON over.id = out.id
		LEFT JOIN messages m ON m.statement_id = a.statement_id AND m.revision = a.revision AND m.position = a.position
		LEFT JOIN came ON came.statement_id = a.statement_id AND came.position = a.position
		ORDER BY out.approved_at, out.id, a.position`,
		f.Group.Code, startOf(f.From, f.Zone), then, []liaison.ReplyState{liaison.ReplyOnTime, liaison.ReplyLate}, f.AsOf).Query(func(rows pgx.Rows) error {
		var s liaison.OutFact
		var to liaison.OutAddressee
		var reply liaison.ReplyState
		var dispatched, ended, sent, answered *time.Time
		_, err := pgx.ForEachRow(rows, []any{&s.ID, &s.Ref, &s.Title, &s.Closed, &s.State, &s.Submitted, &s.Approved, &dispatched, &ended,
			&s.Approval.Mode, &s.Approval.As, &s.Approval.On, &s.Approval.Entered, &s.Override.Reason, &s.Override.Because, &s.Override.By,
			&to.Body, &to.Name, &to.Kind, &to.Purpose, &sent, &to.Failed, &to.Due, &reply, &answered}, func() error {
			x, y := s, to
			x.Level, x.Dispatched, x.Ended, y.Sent = f.Profile.ApprovalLevel, orZero(dispatched), orZero(ended), orZero(sent)
			y.Answer = answerOf[reply]
			if y.Answer != liaison.AnswerNone && y.Answer != liaison.AnswerRedirected {
				y.Answered = orZero(answered)
			}
			if reply == liaison.ReplyNotAwaited {
				y.Due = ""
			}
			if n := len(f.Out); n == 0 || f.Out[n-1].ID != x.ID {
				f.Out = append(f.Out, x)
			}
			last := &f.Out[len(f.Out)-1]
			last.To = append(last.To, y)
			return nil
		})
		return err
	})
}

// answerOf is how an addressee has answered whose reply stands so; any other state is no answer. That none had come at the close follows
// from when the statement ended.
var answerOf = map[liaison.ReplyState]liaison.AnswerKind{
	liaison.ReplyOnTime: liaison.AnswerOnTime, liaison.ReplyLate: liaison.AnswerLate, liaison.ReplyDeclined: liaison.AnswerDeclined, liaison.ReplyWaived: liaison.AnswerWaived,
	liaison.ReplyRedirected: liaison.AnswerRedirected,
}

func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// startOf is the first moment of a day in zone.
func startOf(day liaison.Date, zone *time.Location) time.Time {
	t, err := time.ParseInLocation(time.DateOnly, string(day), zone)
	if err != nil {
		return time.Time{} // no day: from the beginning
	}
	return t
}

// queueReportRest adds the reads of what came in and of what waits where. A message that is linked is its statement's group's, by AsOf; another
// one that of the mailbox which it came to, or of the only group that there is. What concerns a confidential statement by now, or names its
// number, is told in no report that is made now.
func queueReportRest(b *pgx.Batch, f *liaison.ReportFacts, then time.Time) {
	b.Queue(`
		SELECT i.received_at, coalesce(i.understood->>'from', ''), coalesce(i.understood->>'subject', ''), coalesce(s.id::text, ''),
			coalesce(i.statement_id IN (SELECT o.id FROM statement o WHERE o.confidential), false)
				OR i.id IN (SELECT l.inbound_id FROM reply_link l JOIN statement o ON o.id = l.statement_id WHERE o.confidential AND l.inbound_id IS NOT NULL)
				OR coalesce(upper(i.understood->>'subject_ref') IN (SELECT upper(o.ref) FROM statement o WHERE o.confidential AND o.ref IS NOT NULL), false)
		FROM inbound_message i LEFT JOIN statement s ON s.id = i.statement_id AND coalesce(i.linked_at, i.handled_at) <= $4
		WHERE i.kind = 'statement' AND i.received_at >= $2 AND i.received_at <= $3 AND i.handled_at <= $4
			AND CASE WHEN s.id IS NOT NULL THEN s.group_code = $1
				ELSE lower(i.envelope_recipient) IN (SELECT lower(email) FROM body WHERE code = $1 UNION ALL SELECT lower(convert_from(canonical, 'UTF8')::jsonb #>> '{reach,mailbox}') FROM body_reach WHERE body_code = $1) OR NOT EXISTS (SELECT FROM terms_of_reference t WHERE t.group_code <> $1) END
		ORDER BY i.received_at, i.id`,
		f.Group.Code, startOf(f.From, f.Zone), then, f.AsOf).Query(func(rows pgx.Rows) error {
		var in liaison.InFact
		_, err := pgx.ForEachRow(rows, []any{&in.Received, &in.From, &in.Title, &in.Statement, &in.Closed}, func() error {
			x := in
			if x.Disposition = "progress.disposition-unassigned"; x.Statement != "" {
				x.Disposition = "progress.disposition-linked"
			}
			f.In = append(f.In, x)
			return nil
		})
		return err
	})
	b.Queue(`
		SELECT last.to_state, count(*)
		FROM statement s
		CROSS JOIN LATERAL (SELECT e.to_state FROM event e WHERE e.statement_id = s.id AND e.to_state <> '' AND e.at <= $2 ORDER BY e.seq DESC LIMIT 1) last
		WHERE s.group_code = $1 AND s.kind = 'statement' GROUP BY last.to_state`, f.Group.Code, then).Query(func(rows pgx.Rows) error {
		f.Waiting = map[liaison.State]int{}
		var state liaison.State
		var n int
		_, err := pgx.ForEachRow(rows, []any{&state, &n}, func() error { f.Waiting[state] = n; return nil })
		return err
	})
}

// earlier are the reports before this one, with what was answered to their proposals. What goes out under one number stands together,
// the latest last.
type earlier struct {
	reports  []earlierReport
	answered map[string]bool
	bodies   map[liaison.Code]liaison.Body
}

type earlierReport struct {
	id        liaison.StatementID
	ref       string
	number    string // with its period
	canonical []byte
}

// queueReportProposals adds the reads of earlier reports' proposals and of what was answered by then. What a report revises is the same
// report, and asks nothing back of itself.
func queueReportProposals(b *pgx.Batch, f *liaison.ReportFacts, then time.Time, revises liaison.StatementID) *earlier {
	e := &earlier{answered: map[string]bool{}, bodies: map[liaison.Code]liaison.Body{}}
	b.Queue(`
		SELECT s.id, s.ref, s.period || ' ' || s.number, r.canonical FROM statement s JOIN revision r ON r.statement_id = s.id AND r.number = s.revision
		WHERE s.group_code = $1 AND s.kind = 'report' AND s.corrigendum = 0 AND s.dispatched_at < $2
			AND NOT EXISTS (SELECT FROM statement o WHERE o.id = $3 AND (o.period, o.number) = (s.period, s.number))
			AND NOT `+recalled("s", `n.dispatched_at < $2`)+`
		ORDER BY s.period, s.number, s.rev`, f.Group.Code, then, nullable(revises)).Query(func(rows pgx.Rows) error {
		var x earlierReport
		_, err := pgx.ForEachRow(rows, []any{&x.id, &x.ref, &x.number, &x.canonical}, func() error { e.reports = append(e.reports, x); x.canonical = nil; return nil })
		return err
	})
	b.Queue(`
		SELECT DISTINCT a.statement_id, a.number, a.body_code FROM proposal_answer a JOIN statement s ON s.id = a.statement_id
		WHERE s.group_code = $1 AND a.at <= $2`, f.Group.Code, then).Query(func(rows pgx.Rows) error {
		var id, body string
		var n int
		_, err := pgx.ForEachRow(rows, []any{&id, &n, &body}, func() error { e.answered[proposalKey(id, n, body)] = true; return nil })
		return err
	})
	b.Queue(`SELECT ` + bodyColumns + ` FROM body`).Query(func(rows pgx.Rows) error {
		all, err := pgx.CollectRows(rows, scanBody)
		for _, x := range all {
			e.bodies[x.Code] = x
		}
		return err
	})
	return e
}

func proposalKey(statement string, number int, body string) string {
	return fmt.Sprintf("%s/%d/%s", statement, number, body)
}

// unanswered are the proposals that wait for an answer. A revised report asks in the place of the one that it revises; what a group said to
// the same words there counts.
func (e *earlier) unanswered() ([]liaison.OpenProposal, error) {
	var out []liaison.OpenProposal
	type said struct {
		proposal liaison.Proposal
		by       liaison.Code
	}
	var before []said // under the same number
	for i, r := range e.reports {
		c, err := liaison.ParseCanonical(r.canonical)
		if err != nil {
			return nil, err
		}
		if c.Report == nil {
			return nil, fmt.Errorf("the report %s holds none", r.id)
		}
		if i > 0 && e.reports[i-1].number != r.number {
			before = nil
		}
		revised := i+1 < len(e.reports) && e.reports[i+1].number == r.number
		for _, p := range c.Report.Proposals {
			for _, to := range p.To {
				switch {
				case e.answered[proposalKey(string(r.id), p.Number, string(to))]:
					before = append(before, said{p, to})
				case !revised && !slices.ContainsFunc(before, func(x said) bool { return x.by == to && x.proposal.Same(p) }):
					out = append(out, liaison.OpenProposal{Statement: r.id, Ref: r.ref, Proposal: p, Body: e.bodies[to]})
				}
			}
		}
	}
	return out, nil
}
