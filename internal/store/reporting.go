package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/internal/document"
	"github.com/jca-ml/liaison/liaison"
)

// DueReport is a meeting that a report is due for, and the report, as far as there is one.
type DueReport struct {
	ID        string
	Group     liaison.Code
	Meeting   liaison.Meeting
	Due       liaison.Date        // the last day on which it is in time
	Missed    liaison.Date        // the day on which the meeting closed without it, "" if it did not
	Statement liaison.StatementID // the report, or the revised one that took its place
	State     liaison.State       // of the report, "" while there is none
	Ref       string
	Sent      *time.Time // when its dispatch began
	Outcome   liaison.ReportOutcome
}

// outcomeEvents are the events that record what the parent group did with a report.
func outcomeEvents() []liaison.EventKind {
	out := []liaison.EventKind{}
	for _, x := range liaison.ReportOutcomes {
		if x.Event != "" {
			out = append(out, x.Event)
		}
	}
	return out
}

// Begun reports whether there is a report, or the draft of one: another begins once it was rejected or withdrawn.
func (d DueReport) Begun() bool {
	return d.Statement != "" && d.State != liaison.Rejected && d.State != liaison.Withdrawn
}

const dueSQL = `
	SELECT d.id, d.group_code, d.due::text, coalesce(d.missed_on::text, ''), coalesce(s.id::text, ''), coalesce(s.state, ''), coalesce(s.ref, ''), s.dispatched_at,
		coalesce((SELECT e.kind FROM event e WHERE e.statement_id = s.id AND e.kind IN ('presented', 'noted', 'accepted-by-parent', 'returned-by-parent') ORDER BY e.seq DESC LIMIT 1), ''),
		m.id, m.group_code, m.title, m.place, m.held_from::text, m.held_until::text, m.state
	FROM report_due d JOIN meeting m ON m.id = d.meeting_id LEFT JOIN statement first ON first.id = d.statement_id
	LEFT JOIN LATERAL (SELECT * FROM statement i WHERE i.id = first.id OR i.dispatched_at IS NOT NULL AND i.corrigendum = 0
			AND (i.group_code, i.kind, i.period, i.number) = (first.group_code, first.kind, first.period, first.number) ORDER BY i.rev DESC LIMIT 1) s ON true `

func scanDue(row pgx.CollectableRow) (DueReport, error) {
	var d DueReport
	var last liaison.EventKind
	err := row.Scan(&d.ID, &d.Group, &d.Due, &d.Missed, &d.Statement, &d.State, &d.Ref, &d.Sent, &last,
		&d.Meeting.ID, &d.Meeting.Group, &d.Meeting.Title, &d.Meeting.Place, &d.Meeting.From, &d.Meeting.Until, &d.Meeting.State)
	d.Outcome = liaison.OutcomeIn(last)
	return d, err
}

// DueReports lists what reports of a group were and are due, the latest day first.
func (s *Store) DueReports(ctx context.Context, group liaison.Code) ([]DueReport, error) {
	rows, err := s.pool.Query(ctx, dueSQL+`WHERE d.group_code = $1 ORDER BY d.due DESC, d.id LIMIT 200`, group)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read reports due: %w", err))
	}
	out, err := pgx.CollectRows(rows, scanDue)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read reports due: %w", err))
	}
	return out, nil
}

// DueReport returns what a report is due for, or [liaison.NotFound] for one that nobody awaits.
func (s *Store) DueReport(ctx context.Context, id liaison.StatementID) (DueReport, error) {
	rows, err := s.pool.Query(ctx, dueSQL+`WHERE d.statement_id = $1`, id)
	if err != nil {
		return DueReport{}, unavailable(fmt.Errorf("read the report due: %w", err))
	}
	d, err := pgx.CollectExactlyOneRow(rows, scanDue)
	if errors.Is(err, pgx.ErrNoRows) {
		return d, liaison.Refuse(liaison.NotFound, "The report is due for no meeting.")
	}
	return d, unavailable(err)
}

// RemindOfReports records, once for each of the profile's days however often it runs, that a report is due and not posted, or that
// the meeting closed without it. Its notices follow from the events. It returns the reports that were reminded of.
func (s *Store) RemindOfReports(ctx context.Context, group liaison.Code) ([]liaison.StatementID, error) {
	snap, err := s.GroupSnapshot(ctx, group)
	if err != nil {
		return nil, err
	}
	all, err := s.DueReports(ctx, group)
	if err != nil {
		return nil, err
	}
	var out []liaison.StatementID
	for _, d := range all {
		if d.Statement == "" || d.Sent != nil || d.Missed == "" && !d.Begun() {
			continue
		}
		days, kind := -1, liaison.EventReportMissed
		if d.Missed == "" {
			left := liaison.DaysBetween(snap.Today, d.Due)
			days, kind = nextReminder(snap.Profile.Reports.RemindDays, left), liaison.EventReportDue
			if days < 0 {
				continue
			}
		}
		fresh := false
		err := s.write(ctx, func(t *tx) error {
			now, _, err := snapshot(ctx, t, d.Statement, "", t.now, " FOR UPDATE OF s")
			if err != nil {
				return err
			}
			t.record(liaison.Event{Kind: kind, Statement: d.Statement, Version: now.Version, Acting: liaison.AsEngine, From: now.State, To: now.State})
			_, err = t.Exec(ctx, `INSERT INTO report_reminder (due_id, days, event_id) VALUES ($1, $2, $3)`, d.ID, days, t.events[len(t.events)-1].ID)
			fresh = err == nil
			return err
		})
		if violates(err, "report_reminder_pkey") { // reminded already
			continue
		} else if err != nil {
			return out, fmt.Errorf("remind of a report: %w", err)
		}
		if fresh {
			out = append(out, d.Statement)
		}
	}
	return out, nil
}

// nextReminder is the reminder that is due when so many days are left: the nearest one whose day has come. A report that was
// begun late gets that one and none of those that passed. -1 for none.
func nextReminder(days []int, left int) int {
	out := -1
	for _, d := range days {
		if d >= left && (out < 0 || d < out) {
			out = d
		}
	}
	if left < 0 {
		return -1
	}
	return out
}

// ReportGroups lists the groups that have terms of reference with a parent group to report to.
func (s *Store) ReportGroups(ctx context.Context) ([]liaison.Code, error) {
	rows, err := s.pool.Query(ctx, `SELECT DISTINCT group_code FROM terms_of_reference ORDER BY group_code`)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read groups that report: %w", err))
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[liaison.Code])
	return out, unavailable(err)
}

// ReckonReports works out which reports of a group are due: one for each planned meeting of the parent group, to be posted by
// the profile's day before it, and one after each meeting of the group itself, by the profile's day after it. A meeting of the
// parent that has closed without its report is written down as missed. Repeating it changes nothing.
func (s *Store) ReckonReports(ctx context.Context, group liaison.Code) error {
	return s.write(ctx, func(t *tx) error {
		snap, err := groupSnapshot(ctx, t, group, t.now)
		if err != nil {
			return err
		}
		rules := snap.Profile.Reports
		// A calendar that is moved moves what is not posted yet.
		_, err = t.Exec(ctx, `
			INSERT INTO report_due (id, group_code, meeting_id, due, created_at)
			SELECT gen_random_uuid(), $1, m.id, CASE WHEN m.group_code = $1 THEN m.held_until + $4::int ELSE m.held_from - $3::int END, $5
			FROM meeting m
			WHERE (m.group_code = $1 AND m.state <> 'cancelled' AND m.held_until < $6 AND m.held_until >= $6::date - 366
					OR m.group_code = (SELECT parent FROM terms_of_reference WHERE group_code = $1 AND in_force <= $6 ORDER BY in_force DESC, version DESC LIMIT 1)
						AND m.state IN ('planned', 'open') AND m.held_from >= $6::date AND m.held_from <= $6::date + 366)
				AND m.group_code IN ($1, $2)
			ON CONFLICT ON CONSTRAINT report_due_once DO UPDATE SET due = EXCLUDED.due WHERE report_due.due <> EXCLUDED.due AND report_due.missed_on IS NULL`,
			group, snap.GroupBody.Parent, rules.PostedDays, rules.AfterDays, t.now, snap.Today)
		if err != nil {
			return fmt.Errorf("reckon reports: %w", err)
		}
		_, err = t.Exec(ctx, `
			UPDATE report_due d SET missed_on = m.held_until FROM meeting m
			WHERE d.group_code = $1 AND d.meeting_id = m.id AND m.group_code <> $1 AND d.missed_on IS NULL AND m.state <> 'cancelled'
				AND (m.state = 'closed' OR m.held_until < $2)
				AND NOT EXISTS (SELECT FROM statement s WHERE s.id = d.statement_id AND s.dispatched_at IS NOT NULL)`, group, snap.Today)
		if err != nil {
			return fmt.Errorf("mark missed reports: %w", err)
		}
		return nil
	})
}

// ReportContent is what a report of a group for a meeting begins with: assembled from the day after the report before it, up to
// yesterday, the last day that is over, addressed to the parent group.
func (s *Store) ReportContent(ctx context.Context, group liaison.Code, meeting liaison.MeetingID) (liaison.Content, error) {
	now := s.now() // one for both, so that no midnight lies between the period's end and the reading
	snap, err := groupSnapshot(ctx, s.pool, group, now)
	if err != nil {
		return liaison.Content{}, err
	}
	from, err := s.reportFrom(ctx, snap)
	if err != nil {
		return liaison.Content{}, err
	}
	until := snap.Today.Plus(-1)
	facts, err := s.ReportFacts(ctx, ReportFor{Group: group, Meeting: meeting, From: min(from, until), Until: until, AsOf: now})
	if err != nil {
		return liaison.Content{}, err
	}
	if facts.Parent.Code == "" {
		return liaison.Content{}, liaison.Refuse(liaison.Invalid, "The terms of reference of %s name no parent group, so there is nobody to report to.", snap.GroupBody.Label())
	}
	r := liaison.Assemble(facts)
	c := liaison.Content{
		Source: group, Questions: "N/A", ReplyTo: snap.GroupBody.Email, Language: snap.GroupBody.Language, Report: &r,
		Title: document.Title(r, snap.GroupBody, snap.GroupBody.Language), Abstract: document.Abstract(r, snap.GroupBody, facts.Parent, snap.GroupBody.Language),
		Addressees: []liaison.Addressee{{Body: facts.Parent.Code, Purpose: liaison.ForInformation}},
	}
	for _, p := range append(snap.InOffice(liaison.OfficeChair), snap.InOffice(liaison.OfficeSecretary)...) {
		c.Contacts = append(c.Contacts, liaison.Contact{Name: p.Name, Organization: p.Affiliation, Email: p.Email})
	}
	return c, nil
}

// reportFrom is the first day of the next report: the day after the last one ended, or the group's first day in the study period.
func (s *Store) reportFrom(ctx context.Context, snap Snapshot) (liaison.Date, error) {
	var canonical []byte
	err := s.pool.QueryRow(ctx, `
		SELECT r.canonical FROM statement s JOIN revision r ON r.statement_id = s.id AND r.number = s.revision
		WHERE s.group_code = $1 AND s.kind = 'report' AND s.dispatched_at IS NOT NULL AND s.corrigendum = 0 ORDER BY s.period DESC, s.number DESC, s.rev DESC LIMIT 1`, snap.Group).Scan(&canonical)
	if err == nil {
		c, err := liaison.ParseCanonical(canonical)
		if err != nil {
			return "", err
		}
		return c.Report.Until.Plus(1), nil
	}
	if !errors.Is(err, pgx.ErrNoRows) {
		return "", unavailable(fmt.Errorf("read the last report: %w", err))
	}
	period, err := liaison.PeriodOn(snap.Today)
	return max(period.From, snap.GroupBody.From), err
}

// BeginReport starts the draft of a report that is due, under an id that the caller made, by a person who may draft for the
// group. Where there is a draft already it is refused with [liaison.Conflict].
func (s *Store) BeginReport(ctx context.Context, id liaison.StatementID, actor liaison.PersonID, due string) (Saved, error) {
	if err := validID(due); err != nil {
		return Saved{}, liaison.Refuse(liaison.NotFound, "No such report is due.")
	}
	rows, err := s.pool.Query(ctx, dueSQL+`WHERE d.id = $1`, due)
	if err != nil {
		return Saved{}, unavailable(fmt.Errorf("read the report due: %w", err))
	}
	d, err := pgx.CollectExactlyOneRow(rows, scanDue)
	if errors.Is(err, pgx.ErrNoRows) {
		return Saved{}, liaison.Refuse(liaison.NotFound, "No such report is due.")
	} else if err != nil {
		return Saved{}, unavailable(fmt.Errorf("read the report due: %w", err))
	}
	if d.Begun() && d.Statement != id {
		return Saved{}, liaison.Refuse(liaison.Conflict, "There is a draft of this report already. Open it from the list of reports.")
	}
	content, err := s.ReportContent(ctx, d.Group, d.Meeting.ID)
	if err != nil {
		return Saved{}, err
	}
	return s.create(ctx, newDraft{id: id, drafter: actor, actor: actor, due: due}, content)
}

// DraftReports begins the drafts of the reports of a group that are due within the days that its profile reminds of, in the name
// of the secretary in office, by the engine itself: so a report is drafted in time though nobody thinks of it. It returns the
// drafts that it began.
func (s *Store) DraftReports(ctx context.Context, group liaison.Code) ([]liaison.StatementID, error) {
	snap, err := s.GroupSnapshot(ctx, group)
	if err != nil {
		return nil, err
	}
	secretaries := snap.InOffice(liaison.OfficeSecretary)
	ahead := slices.Max(append([]int{0}, snap.Profile.Reports.RemindDays...))
	if len(secretaries) == 0 {
		return nil, nil // nobody could go on with it; the page says that the office is empty
	}
	all, err := s.DueReports(ctx, group)
	if err != nil {
		return nil, err
	}
	var out []liaison.StatementID
	for _, d := range all {
		if d.Statement != "" || d.Missed != "" || d.Due > snap.Today.Plus(ahead) {
			continue
		}
		content, err := s.ReportContent(ctx, group, d.Meeting.ID)
		if err != nil {
			return out, err
		}
		id := liaison.StatementID(newID())
		_, err = s.create(ctx, newDraft{id: id, drafter: secretaries[0].ID, due: d.ID}, content)
		if liaison.CodeOf(err) == liaison.Conflict { // somebody began it meanwhile
			continue
		} else if err != nil {
			return out, err
		}
		out = append(out, id)
	}
	return out, nil
}

// Reports lists the progress reports that the person may see, what changed last first.
func (s *Store) Reports(ctx context.Context, who liaison.PersonID, after string) (Page, error) {
	r, err := s.reader(ctx, who)
	if err != nil {
		return Page{}, err
	}
	changed, id, err := parseKey(after)
	if err != nil {
		return Page{}, err
	}
	const limit = 50
	return s.lines(ctx, limit, lineSQL+`
		WHERE s.kind = 'report' AND (s.changed_at, s.id) < ($1, $2)
			AND (s.group_code = ANY ($3) OR s.state = ANY ($4) AND NOT s.confidential OR s.id IN (SELECT statement_id FROM drafter WHERE person_id = $5))
		ORDER BY s.changed_at DESC, s.id DESC LIMIT $6`, changed, id, r.groups(), publicStates(), r.person, limit+1)
}
