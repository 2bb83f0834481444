package activities_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jca-ml/liaison/activities"
	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/migrations"
)

// TestWhatIsRefusedToOneGroupStopsNoOther: groups come in the order of their codes, and each gets what is its own.
func TestWhatIsRefusedToOneGroupStopsNoOther(t *testing.T) {
	s := store.New(testkit.Database(t, migrations.Up)).At(func() time.Time { return time.Date(2027, 1, 26, 9, 0, 0, 0, time.UTC) })
	if err := seed.Register(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	later := liaison.TermsOfReference{Group: "itu-t/aa", Version: 1, InForce: "2027-02-01", Parent: "itu-t/sg13", Profile: "jca-a1-clause-5", Source: "test"}
	unknown := liaison.TermsOfReference{Group: "itu-t/ab", Version: 1, InForce: "2026-01-01", Parent: "itu-t/sg13", Profile: "nobody-wrote-it", Source: "test"}
	groups := []liaison.Body{{Code: "itu-t/aa", Kind: liaison.Group, Name: "Not yet", Source: "test"}, {Code: "itu-t/ab", Kind: liaison.Group, Name: "Without rules", Source: "test"}}
	if err := s.Enter(t.Context(), groups, nil, nil, []liaison.TermsOfReference{later, unknown}); err != nil {
		t.Fatal(err)
	}
	a := &activities.Activities{Store: s}
	begun, err := a.Reports(t.Context())
	if err == nil || !strings.Contains(err.Error(), "itu-t/ab") || strings.Contains(err.Error(), "itu-t/aa") {
		t.Errorf("refused was %v; want the group without rules, and not the one whose terms are not in force yet", err)
	}
	due, dueErr := s.DueReports(t.Context(), seed.JCAML)
	if dueErr != nil || begun == 0 || len(due) == 0 || due[0].Statement == "" {
		t.Errorf("begun were %d, due is %+v, %v", begun, due, dueErr)
	}
}
