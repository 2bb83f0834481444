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
	Sent      *time.Time // when its dispatch began, nil too once it was recalled
	Recalled  bool
	Outcome   liaison.ReportOutcome
	Within    liaison.ReportPeriod // the report of another that tells of a meeting of the group itself
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

// Begun reports whether there is a report, or the draft of one: another begins once it was rejected, withdrawn or recalled.
func (d DueReport) Begun() bool {
	return d.Statement != "" && d.State != liaison.Rejected && d.State != liaison.Withdrawn && !d.Recalled
}

// Own reports whether it is on a meeting of the group itself.
func (d DueReport) Own() bool { return d.Meeting.Group == d.Group }

// Off reports whether nothing is due any more, as the group is today: the meeting was cancelled, is one of a former parent group, or one of
// the group itself that was put off.
func (d DueReport) Off(group Snapshot) bool {
	return d.Meeting.State == liaison.MeetingCancelled || !d.Own() && d.Meeting.Group != group.GroupBody.Parent || d.Own() && d.Meeting.Until >= group.Today
}

// told reports whether a meeting of the group itself needs no report of its own: another one tells of it, or it is before the days that the
// next report tells of, which begin after last.
func (d DueReport) told(last liaison.Date) bool {
	return d.Own() && !d.Begun() && (d.Within.Statement != "" || d.Meeting.Until <= last)
}

var dueSQL = `
	SELECT d.id, d.group_code, d.due::text, coalesce(d.missed_on::text, ''), coalesce(s.id::text, ''), coalesce(s.state, ''), coalesce(s.ref, ''),
		CASE WHEN NOT s.recalled THEN s.dispatched_at END, coalesce(s.recalled, false),
		coalesce((SELECT e.kind FROM event e WHERE e.statement_id = s.id AND e.kind IN ('presented', 'noted', 'accepted-by-parent', 'returned-by-parent') ORDER BY e.seq DESC LIMIT 1), ''),
		m.id, m.group_code, m.title, m.place, m.held_from::text, m.held_until::text, m.state
	FROM report_due d JOIN meeting m ON m.id = d.meeting_id LEFT JOIN statement first ON first.id = d.statement_id
	LEFT JOIN LATERAL (SELECT * FROM (SELECT i.*, ` + recalled("i", `n.dispatched_at IS NOT NULL`) + ` AS recalled FROM statement i
			WHERE i.id = first.id OR i.dispatched_at IS NOT NULL AND i.corrigendum = 0
				AND (i.group_code, i.kind, i.period, i.number) = (first.group_code, first.kind, first.period, first.number)) i
		ORDER BY i.recalled, i.rev DESC LIMIT 1) s ON true `

func scanDue(row pgx.CollectableRow) (DueReport, error) {
	var d DueReport
	var last liaison.EventKind
	err := row.Scan(&d.ID, &d.Group, &d.Due, &d.Missed, &d.Statement, &d.State, &d.Ref, &d.Sent, &d.Recalled, &last,
		&d.Meeting.ID, &d.Meeting.Group, &d.Meeting.Title, &d.Meeting.Place, &d.Meeting.From, &d.Meeting.Until, &d.Meeting.State)
	d.Outcome = liaison.OutcomeIn(last)
	return d, err
}

// DueReports lists what reports of a group were and are due, the latest day first. For a meeting that was cancelled before anything was
// begun none is.
func (s *Store) DueReports(ctx context.Context, group liaison.Code) ([]DueReport, error) {
	rows, err := s.pool.Query(ctx, dueSQL+`WHERE d.group_code = $1 AND (m.state <> 'cancelled' OR d.statement_id IS NOT NULL) ORDER BY d.due DESC, d.id LIMIT 200`, group)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read reports due: %w", err))
	}
	out, err := pgx.CollectRows(rows, scanDue)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read reports due: %w", err))
	}
	own := func(d DueReport) bool { return d.Own() && !d.Begun() }
	if !slices.ContainsFunc(out, own) {
		return out, nil
	}
	periods, err := reportPeriods(ctx, s.pool, group)
	for i, d := range out {
		if own(d) {
			out[i].Within, _ = liaison.ReportOn(periods, d.Meeting.Until)
		}
	}
	return out, unavailable(err)
}

// reportPeriods reads the periods of the reports of a group that are open, or were sent and not recalled, without corrigenda.
func reportPeriods(ctx context.Context, q querier, group liaison.Code) ([]liaison.ReportPeriod, error) {
	rows, err := q.Query(ctx, `
		SELECT s.id, coalesce(s.ref, ''), s.dispatched_at IS NOT NULL, coalesce(x.content #>> '{report,from}', ''), coalesce(x.content #>> '{report,until}', ''), coalesce(x.content -> 'relations', '[]')
		FROM statement s LEFT JOIN draft d ON d.statement_id = s.id LEFT JOIN revision r ON r.statement_id = s.id AND r.number = s.revision
		CROSS JOIN LATERAL (SELECT convert_from(CASE WHEN s.state = 'draft' OR r.canonical IS NULL THEN d.canonical ELSE r.canonical END, 'UTF8')::json -> 'content' AS content) x
		WHERE s.group_code = $1 AND s.kind = 'report' AND s.state NOT IN ('rejected', 'withdrawn') AND NOT `+recalled("s", `n.dispatched_at IS NOT NULL`)+`
		ORDER BY s.created_at, s.id`, group)
	if err != nil {
		return nil, fmt.Errorf("read the periods of reports: %w", err)
	}
	var out []liaison.ReportPeriod
	var p liaison.ReportPeriod
	var relations []liaison.Relation
	_, err = pgx.ForEachRow(rows, []any{&p.Statement, &p.Ref, &p.Sent, &p.From, &p.Until, &relations}, func() error {
		kind, other := liaison.Content{Relations: relations, Report: &liaison.Report{}}.Keeps()
		relations = nil
		if kind != liaison.Corrects {
			p.Keeps = other
			out = append(out, p)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the periods of reports: %w", err)
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

// RemindOfReports records what [liaison.ReportRules.Reminders] has to say by now of reports that are due and not posted, each once however often
// it runs, and that a meeting closed without its report. Notices follow from the events, which are about the report, put aside or not; where
// none was begun they are about the meeting. It returns the reports that were reminded of; one that is refused hinders no other.
func (s *Store) RemindOfReports(ctx context.Context, group liaison.Code) ([]liaison.StatementID, error) {
	snap, err := s.GroupSnapshot(ctx, group)
	if err != nil {
		return nil, err
	}
	all, err := s.DueReports(ctx, group)
	if err != nil {
		return nil, err
	}
	from, err := s.reportFrom(ctx, snap)
	if err != nil {
		return nil, err
	}
	var out []liaison.StatementID
	var errs []error
	for _, d := range all {
		if d.Sent != nil || d.Missed == "" && (d.Off(snap) || d.told(from.Plus(-1))) {
			continue
		}
		say := snap.Profile.Reports.Reminders(d.Due, snap.Today)
		if d.Missed != "" {
			say = []liaison.ReportReminder{{Event: liaison.EventReportMissed, Days: -1}}
		}
		for _, r := range say {
			fresh, err := s.remindOfReport(ctx, d, r)
			if err != nil {
				errs = append(errs, fmt.Errorf("remind of the report for %s: %w", d.Meeting.Title, err))
			} else if fresh && d.Statement != "" && !slices.Contains(out, d.Statement) {
				out = append(out, d.Statement)
			}
		}
	}
	return out, errors.Join(errs...)
}

// remindOfReport records one reminder, and reports whether it is a new one.
func (s *Store) remindOfReport(ctx context.Context, d DueReport, r liaison.ReportReminder) (fresh bool, err error) {
	err = s.write(ctx, func(t *tx) error {
		e := liaison.Event{Kind: r.Event, Acting: liaison.AsEngine, Due: d.Due, On: d.Meeting.From, Until: d.Meeting.Until}
		if d.Statement == "" {
			e.Body, e.Meeting = d.Group, d.Meeting.ID
		} else {
			now, _, err := snapshot(ctx, t, d.Statement, "", t.now, " FOR UPDATE OF s")
			if err != nil {
				return err
			}
			if now.Dispatched != nil && !d.Recalled { // meanwhile
				return nil
			}
			e.Statement, e.Version, e.From, e.To = d.Statement, now.Version, now.State, now.State
		}
		t.record(e)
		_, err := t.Exec(ctx, `INSERT INTO report_reminder (due_id, due, days, office, event_id) VALUES ($1, $2, $3, $4, $5)`, d.ID, d.Due, r.Days, r.Office, t.events[len(t.events)-1].ID)
		fresh = err == nil
		return err
	})
	if violates(err, "report_reminder_pkey") { // said already
		return false, nil
	}
	return fresh && err == nil, err
}

// ReportGroups lists the groups that have terms of reference in force, and so a parent group to report to.
func (s *Store) ReportGroups(ctx context.Context) ([]liaison.Code, error) {
	days, err := todays(s.pool.rules(), s.now())
	if err != nil {
		return nil, err
	}
	rows, err := s.pool.Query(ctx, `SELECT DISTINCT group_code FROM terms_of_reference WHERE in_force <= `+dayUnder("$1")+` ORDER BY group_code`, days)
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
		// A calendar that is moved moves what is due: a meeting that lies ahead again was not missed.
		_, err = t.Exec(ctx, `
			INSERT INTO report_due (id, group_code, meeting_id, due, created_at)
			SELECT gen_random_uuid(), $1, m.id, CASE WHEN m.group_code = $1 THEN m.held_until + $4::int ELSE m.held_from - $3::int END, $5
			FROM meeting m
			WHERE m.group_code = $1 AND m.state <> 'cancelled' AND m.held_until < $6 AND m.held_until >= $6::date - 366
				OR m.group_code = $2 AND m.state IN ('planned', 'open') AND m.held_from >= $6::date AND m.held_from <= $6::date + 366
			ON CONFLICT ON CONSTRAINT report_due_once DO UPDATE SET due = EXCLUDED.due, missed_on = NULL WHERE report_due.due <> EXCLUDED.due`,
			group, snap.GroupBody.Parent, rules.PostedDays, rules.AfterDays, t.now, snap.Today)
		if err != nil {
			return fmt.Errorf("reckon reports: %w", err)
		}
		// What was recalled before the meeting was over was not there; what is recalled later was.
		_, err = t.Exec(ctx, `
			UPDATE report_due d SET missed_on = m.held_until FROM meeting m
			WHERE d.group_code = $1 AND d.meeting_id = m.id AND m.group_code = $4 AND d.missed_on IS NULL AND m.state <> 'cancelled'
				AND (m.state = 'closed' OR m.held_until < $2)
				AND NOT EXISTS (SELECT FROM statement first JOIN statement s ON s.id = first.id
						OR s.corrigendum = 0 AND (s.group_code, s.kind, s.period, s.number) = (first.group_code, first.kind, first.period, first.number)
					WHERE first.id = d.statement_id AND s.dispatched_at IS NOT NULL AND NOT `+recalled("s", `(n.dispatched_at AT TIME ZONE $3)::date <= m.held_until`)+`)`,
			group, snap.Today, snap.Profile.TimeZone, snap.GroupBody.Parent)
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

// reportFrom is the first day of the next report: the day after the last one that any report tells of, one that is open too, or the
// group's first day in the study period.
func (s *Store) reportFrom(ctx context.Context, snap Snapshot) (liaison.Date, error) {
	periods, err := reportPeriods(ctx, s.pool, snap.Group)
	if err != nil {
		return "", unavailable(err)
	}
	if last := liaison.LastReported(periods); last != "" {
		return last.Plus(1), nil
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
// of the secretary in office, or of who is in the next of [liaison.ReportDrafters], by the engine itself: so a report is drafted in time though nobody thinks of it. None is begun on a
// meeting of the group that another report tells of. It returns the drafts that it began; one that is refused hinders no other.
func (s *Store) DraftReports(ctx context.Context, group liaison.Code) ([]liaison.StatementID, error) {
	snap, err := s.GroupSnapshot(ctx, group)
	if err != nil {
		return nil, err
	}
	var drafters []liaison.Person
	for _, office := range liaison.ReportDrafters {
		drafters = append(drafters, snap.InOffice(office)...)
	}
	ahead := slices.Max(append([]int{0}, snap.Profile.Reports.RemindDays...))
	if len(drafters) == 0 {
		return nil, nil // nobody could go on with it; the page says that the offices are empty
	}
	all, err := s.DueReports(ctx, group)
	if err != nil {
		return nil, err
	}
	// The parent group's come first: their reports tell of the meetings of the group too, which may need none of their own.
	slices.SortStableFunc(all, func(a, b DueReport) int {
		switch {
		case a.Own() == b.Own():
			return 0
		case a.Own():
			return 1
		}
		return -1
	})
	var out []liaison.StatementID
	var errs []error
	for _, d := range all {
		if d.Statement != "" || d.Missed != "" || d.Off(snap) || d.Due > snap.Today.Plus(ahead) {
			continue
		}
		from, err := s.reportFrom(ctx, snap)
		if err == nil && d.told(from.Plus(-1)) {
			continue
		}
		var content liaison.Content
		if err == nil {
			content, err = s.ReportContent(ctx, group, d.Meeting.ID)
		}
		id := liaison.StatementID(newID())
		if err == nil {
			_, err = s.create(ctx, newDraft{id: id, drafter: drafters[0].ID, due: d.ID}, content)
		}
		switch {
		case err == nil:
			out = append(out, id)
		case liaison.CodeOf(err) != liaison.Conflict: // else somebody began it meanwhile
			errs = append(errs, fmt.Errorf("draft the report for %s: %w", d.Meeting.Title, err))
		}
	}
	return out, errors.Join(errs...)
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
