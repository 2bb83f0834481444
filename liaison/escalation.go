package liaison

import "time"

// tells is which office a step of the escalation tells, as the table needs it.
var tells = map[Need]Office{NeedTellChair: OfficeChair, NeedTellDeputy: OfficeViceChair, NeedTellOffice: OfficeSecretary}

// Escalation returns the next step of the profile's escalation of a decision that waits, and when it is due: so many calendar
// days after it began to wait, at the same time of day in the group's zone: after the submission or its return into review, and after
// the end of a window for objections. It is false when nothing waits or everybody was told.
func (s Snapshot) Escalation() (step Escalation, due time.Time, ok bool) {
	since := s.SubmittedAt
	switch {
	case s.State == InReview && s.Since.After(since):
		since = s.Since
	case s.State == InCorrespondence && s.Window != nil && s.Window.Over(s.Now):
		since = s.Window.Ends
	case s.State != InReview:
		return step, due, false
	}
	if since.IsZero() || s.Escalated >= len(s.Profile.Escalate) {
		return step, due, false
	}
	zone, err := s.Profile.Zone()
	if err != nil {
		return step, due, false // a profile without a zone is refused when it is loaded
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
