package liaison_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jca-ml/liaison/liaison"
)

// TestWhoDecidesIsTold: what waits for a decision is told to the chair and, while an absence or a delegation is on record, to who stands in.
func TestWhoDecidesIsTold(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*liaison.Snapshot)
		want   []liaison.PersonID
	}{
		"the chair is away":             {func(*liaison.Snapshot) {}, []liaison.PersonID{"chair", "vice-chair"}},
		"the chair is there":            {func(s *liaison.Snapshot) { s.Absences = nil }, []liaison.PersonID{"chair"}},
		"both are away":                 {func(s *liaison.Snapshot) { s.Absences = append(s.Absences, away("vice-chair")) }, []liaison.PersonID{"chair"}},
		"the absence is to come":        {func(s *liaison.Snapshot) { s.Absences[0].From = today.Plus(1) }, []liaison.PersonID{"chair"}},
		"the vice-chair drafted it":     {func(s *liaison.Snapshot) { s.Drafters = append(s.Drafters, "vice-chair") }, []liaison.PersonID{"chair"}},
		"the profile leaves it to them": {func(s *liaison.Snapshot) { s.Profile.Approval.DeputyMay = false }, []liaison.PersonID{"chair"}},
	} {
		for _, kind := range []liaison.EventKind{liaison.EventSubmitted, liaison.EventTabled, liaison.EventWindowEnded} {
			t.Run(name+", "+string(kind), func(t *testing.T) {
				s := ready(liaison.InReview, liaison.DoApprove)
				test.change(&s)
				got := []liaison.PersonID{}
				for _, n := range liaison.NoticesOn(kind) {
					for _, p := range n.Readers(s, liaison.Event{Kind: kind}) {
						if p.ID == "chair" || p.ID == "vice-chair" {
							got = append(got, p.ID)
						}
					}
				}
				slices.Sort(got)
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("told (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// TestEachStandInIsToldOnce: a vice-chair to whom the chair left decisions, and another one who stands in because the chair is absent, are each
// told by what empowers them.
func TestEachStandInIsToldOnce(t *testing.T) {
	s := ready(liaison.InReview, liaison.DoApprove)
	second := person("second vice-chair")
	s.Officers = append(s.Officers, liaison.Appointment{Person: second, Group: jca, Office: liaison.OfficeViceChair, From: "2020-01-01"})
	left := liaison.Absence{ID: "left", Group: jca, Kind: liaison.Delegation, Person: person("chair"), Deputy: second, From: today, Until: today, RecordedOn: today}
	s.Absences = append(s.Absences, left)
	for stands, want := range map[liaison.AbsenceID]liaison.PersonID{s.Absences[0].ID: "vice-chair", "left": "second vice-chair"} {
		var got []liaison.PersonID
		for _, n := range liaison.NoticesOn(liaison.EventLeftToDeputy) {
			for _, p := range n.Readers(s, liaison.Event{Kind: liaison.EventLeftToDeputy, Stands: stands}) {
				got = append(got, p.ID)
			}
		}
		if diff := cmp.Diff([]liaison.PersonID{want}, got); diff != "" {
			t.Errorf("told of %s (-want +got):\n%s", stands, diff)
		}
	}
}

// TestLeftToDeputy: an absence that comes to hold while a decision waits is told of once, and not in the night.
func TestLeftToDeputy(t *testing.T) {
	at := func(day liaison.Date, hour int) time.Time {
		zone, err := profile().Zone()
		if err != nil {
			t.Fatal(err)
		}
		x, err := time.ParseInLocation(time.DateOnly, string(day), zone)
		if err != nil {
			t.Fatal(err)
		}
		return x.Add(time.Duration(hour) * time.Hour)
	}
	for name, test := range map[string]struct {
		state  liaison.State
		change func(*liaison.Snapshot)
		want   bool
	}{
		"recorded after the submission":        {liaison.InReview, func(*liaison.Snapshot) {}, true},
		"recorded before it":                   {liaison.InReview, func(s *liaison.Snapshot) { s.SubmittedAt = at(today, 12) }, false},
		"put off into review since":            {liaison.InReview, func(s *liaison.Snapshot) { s.Since = at(today, 12) }, false},
		"recorded before it, and begins since": {liaison.InReview, func(s *liaison.Snapshot) { s.Absences[0].Recorded, s.Absences[0].From = at("2026-10-01", 9), today }, true},
		"begins today, and it is night":        {liaison.InReview, func(s *liaison.Snapshot) { s.Absences[0].From, s.Now = today, at(today, 3) }, false},
		"begins tomorrow":                      {liaison.InReview, func(s *liaison.Snapshot) { s.Absences[0].From = today.Plus(1) }, false},
		"told already":                         {liaison.InReview, func(s *liaison.Snapshot) { s.LeftBy = []liaison.AbsenceID{s.Absences[0].ID} }, false},
		"told of another absence":              {liaison.InReview, func(s *liaison.Snapshot) { s.LeftBy = []liaison.AbsenceID{"the one before"} }, true},
		"ended early":                          {liaison.InReview, func(s *liaison.Snapshot) { s.Absences[0].EndedOn = today }, false},
		"tabled":                               {liaison.Tabled, func(*liaison.Snapshot) {}, true},
		"objections can still be made":         {liaison.InCorrespondence, func(s *liaison.Snapshot) { s.Window.Ends = at(today, 24) }, false},
		"the window is over":                   {liaison.InCorrespondence, func(s *liaison.Snapshot) { s.Window.Ends = at(today, 0) }, true},
		"decided":                              {liaison.Approved, func(*liaison.Snapshot) {}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := ready(test.state, liaison.DoApprove)
			s.Now, s.Absences[0].Recorded = at(today, 13), at(today, 10)
			test.change(&s)
			a, ok := s.LeftToDeputy()
			if ok != test.want || ok && a.ID != s.Absences[0].ID {
				t.Errorf("told of %q: %t, want %t", a.ID, ok, test.want)
			}
		})
	}
}
