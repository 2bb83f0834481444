package liaison_test

import (
	"testing"
	"time"

	"github.com/jca-ml/liaison/liaison"
)

// TestEscalation: days are of the group's own calendar, at the time of day of the submission, through daylight saving and a 29 February.
func TestEscalation(t *testing.T) {
	geneva, err := time.LoadLocation("Europe/Zurich")
	if err != nil {
		t.Fatal(err)
	}
	at := func(s string) time.Time {
		x, err := time.ParseInLocation("2006-01-02 15:04", s, geneva)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	for name, test := range map[string]struct {
		submitted string
		told      int
		state     liaison.State
		due       string // "" for never
		to        liaison.Office
	}{
		"the chair first":                           {"2026-11-02 10:00", 0, liaison.InReview, "2026-11-09 10:00", liaison.OfficeChair},
		"then the vice-chair":                       {"2026-11-02 10:00", 1, liaison.InReview, "2026-11-16 10:00", liaison.OfficeViceChair},
		"then the secretariat":                      {"2026-11-02 10:00", 2, liaison.InReview, "2026-11-23 10:00", liaison.OfficeSecretary},
		"then nobody":                               {"2026-11-02 10:00", 3, liaison.InReview, "", ""},
		"decided meanwhile":                         {"2026-11-02 10:00", 0, liaison.Approved, "", ""},
		"edge 26: the clocks go back in between":    {"2026-10-20 10:00", 0, liaison.InReview, "2026-10-27 10:00", liaison.OfficeChair},
		"edge 26: the clocks go forward in between": {"2027-03-25 10:00", 0, liaison.InReview, "2027-04-01 10:00", liaison.OfficeChair},
		"edge 26: a 29 February in between":         {"2028-02-25 10:00", 0, liaison.InReview, "2028-03-03 10:00", liaison.OfficeChair},
		"edge 26: no 29 February in between":        {"2027-02-25 10:00", 0, liaison.InReview, "2027-03-04 10:00", liaison.OfficeChair},
	} {
		t.Run(name, func(t *testing.T) {
			s := ready(test.state, liaison.DoEscalate)
			s.SubmittedAt, s.Escalated = at(test.submitted), test.told
			step, due, ok := s.Escalation()
			if test.due == "" {
				if ok {
					t.Fatalf("%s is told on %s", step.To, due)
				}
				return
			}
			if !ok || !due.Equal(at(test.due)) || step.To != test.to {
				t.Fatalf("%s is told on %s (%t), want %s on %s", step.To, due, ok, test.to, test.due)
			}
			cmd := command(liaison.DoEscalate, liaison.AsEngine)
			s.Now = due.Add(-time.Second)
			if _, err := liaison.Next(s, cmd); liaison.CodeOf(err) != liaison.Conflict {
				t.Errorf("a second early: %v", err)
			}
			s.Now = due
			change, err := liaison.Next(s, cmd)
			if err != nil || len(change.Letters) != 1 || change.Letters[0].Person.ID != liaison.PersonID(test.to) {
				t.Errorf("when it is due: %v, letters %+v", err, change.Letters)
			}
		})
	}
}

// TestEveryEscalableOfficeIsTold: whatever office a profile can name, the step that tells it is carried out.
func TestEveryEscalableOfficeIsTold(t *testing.T) {
	if len(liaison.Escalable) != 3 {
		t.Errorf("there are %v", liaison.Escalable)
	}
	for _, o := range liaison.Escalable {
		s := ready(liaison.InReview, liaison.DoEscalate)
		s.Profile.Escalate = []liaison.Escalation{{AfterDays: 7, To: o}}
		change, err := liaison.Next(s, command(liaison.DoEscalate, liaison.AsEngine))
		if err != nil || len(change.Letters) != 1 || change.Letters[0].Person.ID != liaison.PersonID(o) {
			t.Errorf("%s: %v, letters %+v", o, err, change.Letters)
		}
	}
}
