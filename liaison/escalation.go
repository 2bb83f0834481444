package liaison

import "time"

// tells is which office a step of the escalation tells, as the table needs it.
var tells = map[Need]Office{NeedTellChair: OfficeChair, NeedTellDeputy: OfficeViceChair, NeedTellOffice: OfficeSecretary}

// Escalation returns the next step of the profile's escalation of a decision that waits, and when it is due: so many calendar
// days after the submission, at the same time of day in the group's zone. It is false when nothing waits or everybody was told.
func (s Snapshot) Escalation() (step Escalation, due time.Time, ok bool) {
	if s.State != InReview || s.SubmittedAt.IsZero() || s.Escalated >= len(s.Profile.Escalate) {
		return step, due, false
	}
	zone, err := s.Profile.Zone()
	if err != nil {
		return step, due, false // a profile without a zone is refused when it is loaded
	}
	step = s.Profile.Escalate[s.Escalated]
	return step, s.SubmittedAt.In(zone).AddDate(0, 0, step.AfterDays), true
}

// escalates refuses unless the next step tells that office and is due.
func (s Snapshot) escalates(n Need) error {
	step, due, ok := s.Escalation()
	if !ok || step.To != tells[n] || s.Now.Before(due) {
		return Refuse(Conflict, "Nobody has to be told yet that it waits.")
	}
	return nil
}
