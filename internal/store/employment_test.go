package store_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// employ records that the chair works for a body.
func employ(t *testing.T, s *store.Store, body liaison.Code, from, until liaison.Date) liaison.Employment {
	t.Helper()
	e := liaison.Employment{ID: liaison.EmploymentID(uuid.NewString()), Group: seed.JCAML, Person: seed.Chair, Body: body, From: from, Until: until, Evidence: "own word"}
	if err := s.RecordEmployment(t.Context(), seed.Secretary.ID, e); err != nil {
		t.Fatal(err)
	}
	return e
}

func TestEmployersAreOnTheRecord(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	ctx := t.Context()
	enterOthers(t, s)
	e := employ(t, s, "ieee", "2020-01-01", "")
	if err := s.RecordEmployment(ctx, seed.Secretary.ID, e); err != nil { // the same form again
		t.Error(err)
	}
	twice := e
	twice.ID = liaison.EmploymentID(uuid.NewString())
	refused(t, s.RecordEmployment(ctx, seed.Secretary.ID, twice), liaison.Conflict)
	for name, test := range map[string]struct {
		change func(*liaison.Employment)
		field  string
	}{
		"no such body":           {func(e *liaison.Employment) { e.Body = "nobody" }, "body"},
		"no body":                {func(e *liaison.Employment) { e.Body = "" }, "body"},
		"no officer":             {func(e *liaison.Employment) { e.Person = otherEditor }, "person"},
		"an officer of before":   {func(e *liaison.Employment) { e.Person = former }, "person"},
		"no first day":           {func(e *liaison.Employment) { e.From = "" }, "from"},
		"ends before it begins":  {func(e *liaison.Employment) { e.Until = "2019-12-31" }, "until"},
		"a day that is none":     {func(e *liaison.Employment) { e.Until = "2026-02-30" }, "until"},
		"nothing that shows it":  {func(e *liaison.Employment) { e.Evidence = " " }, "evidence"},
		"more than fits into it": {func(e *liaison.Employment) { e.Evidence = strings.Repeat("e", 4001) }, "evidence"},
	} {
		bad := twice
		bad.From = "2021-01-01"
		test.change(&bad)
		err := s.RecordEmployment(ctx, seed.Secretary.ID, bad)
		if e, ok := errors.AsType[*liaison.Error](err); !ok || e.Code != liaison.Invalid || e.Field != test.field {
			t.Errorf("%s: %v, want a refusal about %s", name, err, test.field)
		}
	}
	for _, p := range []liaison.Person{seed.Chair, seed.Editor, otherEditor} {
		refused(t, s.RecordEmployment(ctx, p.ID, twice), liaison.Forbidden)
		refused(t, s.EndEmployment(ctx, p.ID, e.ID, "", "No."), liaison.Forbidden)
	}

	// Who sees it: the secretariat, the chair, the person, and nobody else.
	for _, p := range []liaison.Person{seed.Secretary, seed.Chair} {
		if list, err := s.Employers(ctx, p.ID, seed.JCAML); err != nil || len(list) != 1 || list[0].Body != "ieee" || list[0].RecordedBy.ID != seed.Secretary.ID {
			t.Errorf("%s sees %+v, %v", p.Name, list, err)
		}
	}
	for _, p := range []liaison.Person{seed.ViceChair, seed.Editor, seed.Auditor, otherEditor, former} {
		_, err := s.Employers(ctx, p.ID, seed.JCAML)
		refused(t, err, liaison.NotFound)
		if own, err := s.EmployersOf(ctx, p.ID); err != nil || len(own) != 0 {
			t.Errorf("%s is shown %+v as their own, %v", p.Name, own, err)
		}
	}
	if own, err := s.EmployersOf(ctx, seed.Chair.ID); err != nil || len(own) != 1 {
		t.Errorf("the chair's own: %+v, %v", own, err)
	}

	for last, why := range map[liaison.Date]string{"2019-12-31": "Left.", "2026-02-30": "Left.", days(-1): " "} {
		refused(t, s.EndEmployment(ctx, seed.Secretary.ID, e.ID, last, why), liaison.Invalid)
	}
	if err := s.EndEmployment(ctx, seed.Secretary.ID, e.ID, "2024-06-30", "Left."); err != nil {
		t.Fatal(err)
	}
	refused(t, s.EndEmployment(ctx, seed.Secretary.ID, e.ID, "2024-06-30", "Left."), liaison.Conflict)
	refused(t, s.EndEmployment(ctx, seed.Secretary.ID, liaison.EmploymentID(uuid.NewString()), "", "Left."), liaison.NotFound)
	if own, err := s.EmployersOf(ctx, seed.Chair.ID); err != nil || own[0].EndedOn != "2024-07-01" || own[0].EndReason != "Left." || own[0].On("2024-07-01") || !own[0].On("2024-06-30") {
		t.Errorf("after its end: %+v, %v", own, err)
	}
	rows, err := pool.Query(ctx, `SELECT kind || ' ' || acting || ' ' || body_code || ' ' || (for_person = $1) || ' ' || evidence || ' ' || reason FROM event WHERE statement_id IS NULL ORDER BY seq`, seed.Chair.ID)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	want := []string{"employer-recorded secretary itu-t/jca-ml true ieee: own word ", "employer-ended secretary itu-t/jca-ml true ieee Left."}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, sql := range []string{`UPDATE employment SET held_until = now()`, `UPDATE employment SET body_code = 'w3c'`, `DELETE FROM employment`} {
		if _, err := pool.Exec(ctx, sql); constraintOf(err) != "employment_fixed" {
			t.Errorf("%s: the database answered with %v", sql, err)
		}
	}
	verified(t, s)
}
