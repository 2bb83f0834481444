package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// TestADayBeginsWhereTheGroupIs: who holds an office, and who employs an officer, follows from the day in the zone of the group's profile, in
// lists as in decisions, whatever zone the database is in.
func TestADayBeginsWhereTheGroupIs(t *testing.T) {
	t.Parallel()
	base, _ := open(t)
	ctx := t.Context()
	goes := liaison.Person{ID: "0190c0de-0000-7000-8000-0000000000f1", Name: "In office until New Year's Eve", Email: "f1@other.example"}
	comes := liaison.Person{ID: "0190c0de-0000-7000-8000-0000000000f2", Name: "In office from New Year on", Email: "f2@other.example"}
	if err := base.Enter(ctx, nil, []liaison.Person{goes, comes}, []liaison.Appointment{
		{Person: goes, Group: seed.JCAML, Office: liaison.OfficeSecretary, From: "2023-01-01", Until: "2026-12-31", Evidence: "test"},
		{Person: comes, Group: seed.JCAML, Office: liaison.OfficeSecretary, From: "2027-01-01", Evidence: "test"},
	}, nil); err != nil {
		t.Fatal(err)
	}
	id := draft(t, base, "ieee")
	geneva, err := time.LoadLocation("Europe/Zurich")
	if err != nil {
		t.Fatal(err)
	}
	midnight := time.Date(2027, 1, 1, 0, 0, 0, 0, geneva)
	employer := liaison.Employment{ID: "0190c0de-0000-7000-8000-0000000000f3", Group: seed.JCAML, Person: seed.Chair, Body: "ieee", From: "2027-01-01", Evidence: "own word"}
	if err := base.At(func() time.Time { return midnight.AddDate(0, 0, -2) }).RecordEmployment(ctx, seed.Secretary.ID, employer); err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]struct {
		at       time.Time
		in, out  liaison.Person
		employed bool
	}{
		"half an hour before": {at: midnight.Add(-30 * time.Minute), in: goes, out: comes},
		"half an hour after":  {at: midnight.Add(30 * time.Minute), in: comes, out: goes, employed: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := base.At(func() time.Time { return x.at })
			snap, err := s.Snapshot(ctx, id)
			if err != nil || snap.CapacitiesOf(x.in.ID)[0] != liaison.AsSecretary || snap.CapacitiesOf(x.out.ID)[0] != liaison.AsReader {
				t.Fatalf("they act as %v and %v, %v", snap.CapacitiesOf(x.in.ID), snap.CapacitiesOf(x.out.ID), err)
			}
			if got := slices.Contains(snap.Employers[seed.Chair.ID], "ieee"); got != x.employed {
				t.Errorf("the chair is employed by who is addressed: %t, want %t", got, x.employed)
			}
			all, err := s.InOffice(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for p, want := range map[liaison.PersonID]bool{x.in.ID: true, x.out.ID: false} {
				if got := slices.ContainsFunc(all, func(o store.Office) bool { return o.Person.ID == p }); got != want {
					t.Errorf("%s is in office: %t", p, got)
				}
				v, err := s.Visitor(ctx, p)
				if err != nil || len(v.Offices) > 0 != want {
					t.Errorf("%s visits with %v, %v", p, v.Offices, err)
				}
				page, err := s.Statements(ctx, p, store.Filter{})
				if err != nil || len(page.Lines) > 0 != want {
					t.Errorf("%s is shown the draft: %t, %v", p, len(page.Lines) > 0, err)
				}
				reaches, err := s.Reaches(ctx, "w3c")
				if err != nil {
					t.Fatal(err)
				}
				version := 0
				if len(reaches) > 0 {
					version = reaches[0].Version
				}
				if err := s.SaveReach(ctx, "w3c", p, version, liaison.Reach{Channel: liaison.ByMail, Source: name}); (err == nil) != want {
					t.Errorf("%s keeps the address book: %v", p, err)
				}
			}
		})
	}
}
