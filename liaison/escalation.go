package liaison

import "time"

// tells is which office a step of the escalation tells, as the table needs it.
var tells = map[Need]Office{NeedTellChair: OfficeChair, NeedTellDeputy: OfficeViceChair, NeedTellOffice: OfficeSecretary}

// Escalable lists the offices that a profile's escalation can tell: those that [Table] has a row for. Another one in a profile would keep
// the next ones from being told for ever.
var Escalable = func() []Office {
	var out []Office
	for _, r := range rules(DoEscalate) {
		for _, n := range r.Needs {
			if o, ok := tells[n]; ok {
				out = append(out, o)
			}
		}
	}
	return out
}()

// Escalation returns the next step of the profile's escalation of a decision that waits, and when it is due: so many calendar
// days after it began to wait, at the same time of day in the group's zone: after the submission or its return into review, after
// the end of a window for objections, and after the last day of the meeting that it is tabled for. It is false when nothing waits or
// everybody was told.
func (s Snapshot) Escalation() (step Escalation, due time.Time, ok bool) {
	zone, err := s.Profile.Zone()
	if err != nil {
		return step, due, false // a profile without a zone is refused when it is loaded
	}
	since, ok := s.waitsSince()
	if s.State == Tabled { // the meeting decides on its own days; whoever decides after them has to be told
		since = s.Meeting.Until.Over(zone)
	}
	if !ok || since.IsZero() || s.Escalated >= len(s.Profile.Escalate) {
		return step, due, false
	}
	step = s.Profile.Escalate[s.Escalated]
	return step, since.In(zone).AddDate(0, 0, step.AfterDays), true
}

// escalates refuses unless the next step tells that office and is due.
func (s Snapshot) escalates(n Need) error {
	step, due, ok := s.Escalation()
	if !ok || step.To != tells[n] || s.Now.Before(due) {
		return Refuse(Conflict, "Nobody has to be told yet that it waits.")
	}
	return nil
}
