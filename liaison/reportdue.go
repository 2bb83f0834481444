package liaison

// ReportLate is what is recorded when an office is told that a report is not there on the day by which it is due: a profile names no other.
var ReportLate = map[Office]EventKind{
	OfficeChair: EventReportLateChair, OfficeViceChair: EventReportLateDeputy, OfficeSecretary: EventReportLateSecretariat,
}

// ReportReminder is something that is said once of a report that is due and not posted.
type ReportReminder struct {
	Event  EventKind
	Days   int    // before the day by which it is due; negative: after it
	Office Office // that is told after it, "" before
}

// Reminders lists what is to be said by today of a report that is not posted, whether it was said already or not: up to the day the nearest of
// the profile's days that has come, so that one that was begun late gets none of those that passed; after it every step that has come, as each
// tells another office.
func (r ReportRules) Reminders(due, today Date) (out []ReportReminder) {
	left := DaysBetween(today, due)
	if left >= 0 {
		nearest := -1
		for _, d := range r.RemindDays {
			if d >= left && (nearest < 0 || d < nearest) {
				nearest = d
			}
		}
		if nearest >= 0 {
			out = append(out, ReportReminder{Event: EventReportDue, Days: nearest})
		}
		return out
	}
	for _, step := range r.Overdue {
		if step.AfterDays <= -left {
			out = append(out, ReportReminder{ReportLate[step.To], -step.AfterDays, step.To})
		}
	}
	return out
}

// ReportDrafters are the offices in whose name the engine begins a report, the first in which somebody is: whoever may draft, so that there is a
// draft to remind of as long as the group has an officer.
var ReportDrafters = []Office{OfficeSecretary, OfficeEditor, OfficeViceChair, OfficeChair}
