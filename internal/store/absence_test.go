package store_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// days is a day of now, so many days from it.
func days(n int) liaison.Date { return liaison.DateOf(time.Now().AddDate(0, 0, n), time.UTC) }

func absence(kind liaison.AbsenceKind, who, deputy liaison.Person) liaison.Absence {
	return liaison.Absence{ID: liaison.AbsenceID(uuid.NewString()), Group: seed.JCAML, Kind: kind, Person: who, Deputy: deputy, From: days(-1), Until: days(7), Evidence: "e-mail of the chair"}
}

func record(t *testing.T, s *store.Store, by liaison.Person, a liaison.Absence) liaison.Absence {
	t.Helper()
	if err := s.RecordAbsence(t.Context(), by.ID, a); err != nil {
		t.Fatal(err)
	}
	return a
}

// as is a command of the kind given by the person.
func as(t *testing.T, s *store.Store, id liaison.StatementID, kind liaison.CommandKind, p liaison.Person) liaison.Command {
	cmd := give(t, s, id, kind)
	cmd.Actor = p.ID
	return cmd
}

func TestAViceChairStandsIn(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		records []liaison.Absence
		allowed int // index of the record that the decision stands on, -1 for refused
	}{
		"edge 16: nothing on record":        {nil, -1},
		"edge 16: the chair is away":        {[]liaison.Absence{absence(liaison.Absent, seed.Chair, liaison.Person{})}, 0},
		"edge 16: the chair has delegated":  {[]liaison.Absence{absence(liaison.Delegation, seed.Chair, seed.ViceChair)}, 0},
		"edge 16: both are away":            {[]liaison.Absence{absence(liaison.Absent, seed.Chair, liaison.Person{}), absence(liaison.Absent, seed.ViceChair, liaison.Person{})}, -1},
		"edge 16: the vice-chair only away": {[]liaison.Absence{absence(liaison.Absent, seed.ViceChair, liaison.Person{})}, -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, pool := open(t)
			for _, a := range test.records {
				record(t, s, seed.Secretary, a)
				record(t, s, seed.Secretary, a) // a repeat is nothing more
			}
			id := draft(t, s, "w3c")
			carry(t, s, id, liaison.DoSubmit)
			_, err := s.Do(t.Context(), as(t, s, id, liaison.DoApprove, seed.ViceChair))
			if test.allowed < 0 {
				refused(t, err, liaison.Forbidden)
				_, err = s.Do(t.Context(), as(t, s, id, liaison.DoApprove, seed.Secretary))
				refused(t, err, liaison.Forbidden)
				verified(t, s)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			snap, err := s.Snapshot(t.Context(), id)
			want := liaison.Approval{Mode: liaison.ByOfficer, By: seed.ViceChair.ID, As: liaison.AsViceChair, On: snap.Today, Stands: test.records[test.allowed].ID, Consulted: *seed.Consulted()}
			if diff := cmp.Diff(want, snap.Approval); diff != "" || err != nil || snap.ApproverOutOfOffice {
				t.Errorf("%v, out of office: %t (-want +got):\n%s", err, snap.ApproverOutOfOffice, diff)
			}
			// What was decided stays decided when the absence ends early; the next statement is the chair's again.
			if err := s.EndAbsence(t.Context(), seed.Chair.ID, test.records[0].ID, "Back at my desk."); err != nil {
				t.Fatal(err)
			}
			refused(t, s.EndAbsence(t.Context(), seed.Chair.ID, test.records[0].ID, "Twice."), liaison.Conflict)
			if _, err := s.Do(t.Context(), as(t, s, id, liaison.DoDispatch, seed.Chair)); err != nil {
				t.Error(err)
			}
			another := draft(t, s, "w3c")
			carry(t, s, another, liaison.DoSubmit)
			_, err = s.Do(t.Context(), as(t, s, another, liaison.DoApprove, seed.ViceChair))
			refused(t, err, liaison.Forbidden)
			verified(t, s)

			// A decision by a vice-chair that nothing covers is found, and the database refuses it.
			if _, err := pool.Exec(t.Context(), `INSERT INTO decision (id, statement_id, revision, digest, kind, person_id, acting, drafted, reason, command_id, decided_at)
				SELECT gen_random_uuid(), id, revision, digest, 'approve', $2, 'vice-chair', false, '', (SELECT id FROM command WHERE statement_id = statement.id), now() FROM statement WHERE id = $1`, another, seed.ViceChair.ID); constraintOf(err) != "decision_of_a_vice_chair_is_covered" {
				t.Errorf("the database answered with %v", err)
			}
			if _, err := pool.Exec(t.Context(), `UPDATE absence SET held_until = held_until + 30`); constraintOf(err) != "absence_fixed" {
				t.Errorf("the database answered with %v", err)
			}
		})
	}
}

// TestWhoStandsInIsTold: who stands in is told of what is submitted then, and of what waited before, once.
func TestWhoStandsInIsTold(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	now := time.Date(2026, 12, 1, 11, 0, 0, 0, time.UTC)
	s = s.At(func() time.Time { return now })
	ctx := t.Context()
	before, decided := draft(t, s, "w3c"), draft(t, s, "w3c")
	carry(t, s, before, liaison.DoSubmit)
	carry(t, s, decided, liaison.DoSubmit, liaison.DoApprove)
	now = now.Add(time.Hour)
	a := absence(liaison.Absent, seed.Chair, liaison.Person{})
	a.From, a.Until = "2026-12-03", "2026-12-12"
	record(t, s, seed.Secretary, a)
	told := func(want ...liaison.StatementID) {
		t.Helper()
		got, err := s.TellStandIns(ctx)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Fatalf("at %s: %v, told of (-want +got):\n%s", now, err, diff)
		}
	}
	told() // the chair is here until the day after tomorrow
	now = time.Date(2026, 12, 3, 11, 0, 0, 0, time.UTC)
	told(before)
	told()
	since := draft(t, s, "w3c")
	carry(t, s, since, liaison.DoSubmit)
	told()
	rows, err := pool.Query(ctx, `SELECT t.letter || ' of ' || CASE t.statement_id WHEN $2 THEN 'what waited' WHEN $3 THEN 'what came' ELSE 'something else' END FROM transmission t WHERE t.person_id = $1 ORDER BY t.created_at`, seed.ViceChair.ID, before, since)
	if err != nil {
		t.Fatal(err)
	}
	letters, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if diff := cmp.Diff([]string{"decision-waiting of what waited", "review-requested of what came"}, letters); diff != "" || err != nil {
		t.Errorf("%v, the vice-chair got (-want +got):\n%s", err, diff)
	}
	verified(t, s)
}

func TestAbsencesAreOnTheRecord(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	a := record(t, s, seed.Chair, absence(liaison.Delegation, seed.Chair, seed.ViceChair))
	refused(t, s.RecordAbsence(t.Context(), seed.ViceChair.ID, absence(liaison.Absent, seed.Chair, liaison.Person{})), liaison.Forbidden)
	refused(t, s.EndAbsence(t.Context(), seed.ViceChair.ID, a.ID, "I would rather not."), liaison.Forbidden)
	refused(t, s.EndAbsence(t.Context(), seed.Chair.ID, a.ID, " "), liaison.Invalid)
	if err := s.EndAbsence(t.Context(), seed.Secretary.ID, a.ID, "The chair is back."); err != nil {
		t.Fatal(err)
	}
	rows, err := pool.Query(t.Context(), `SELECT kind || ' ' || acting || ' ' || body_code || ' ' || (for_person = $1) || ' ' || coalesce((deputy = $2)::text, 'nobody') || ' ' || evidence || reason FROM event WHERE statement_id IS NULL ORDER BY seq`, seed.Chair.ID, seed.ViceChair.ID)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	want := []string{"absence-recorded chair itu-t/jca-ml true true e-mail of the chair", "absence-ended secretary itu-t/jca-ml true nobody The chair is back."}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	verified(t, s)
	if _, err := pool.Exec(t.Context(), `ALTER TABLE absence DISABLE TRIGGER absence_guard; UPDATE absence SET held_until = held_until + 30, ended_on = NULL, ended_by = NULL, end_reason = ''`); err != nil {
		t.Fatal(err)
	}
	if report, err := s.Audit(t.Context(), nil); err != nil || len(report.Problems) == 0 {
		t.Errorf("a delegation that was stretched was not found: %v", err)
	}
}

func TestRecusal(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	employ(t, s, "ieee", "2020-01-01", "")
	employ(t, s, "khronos", "2019-01-01", "2019-12-31")
	never := employ(t, s, "w3c", "2020-01-01", "")
	if err := s.EndEmployment(t.Context(), seed.Secretary.ID, never.ID, "", "It was somebody else of that name."); err != nil {
		t.Fatal(err)
	}
	t.Run("edge 18: the employer is addressed", func(t *testing.T) {
		id := draft(t, s, "w3c", "ieee")
		carry(t, s, id, liaison.DoSubmit)
		_, err := s.Do(t.Context(), give(t, s, id, liaison.DoApprove))
		refused(t, err, liaison.Forbidden)
	})
	t.Run("edge 18: a former employer is addressed", func(t *testing.T) {
		id := draft(t, s, "khronos")
		carry(t, s, id, liaison.DoSubmit, liaison.DoApprove)
	})
	t.Run("edge 18: an employer that was ended is addressed", func(t *testing.T) {
		if err := s.EndEmployment(t.Context(), seed.Secretary.ID, employ(t, s, "khronos", "2021-01-01", "").ID, days(-1), "Left."); err != nil {
			t.Fatal(err)
		}
		id := draft(t, s, "khronos", "w3c")
		carry(t, s, id, liaison.DoSubmit, liaison.DoApprove)
	})
	t.Run("edge 18: an interest is declared, and a delegation lets the vice-chair decide", func(t *testing.T) {
		id := draft(t, s, "w3c")
		carry(t, s, id, liaison.DoSubmit)
		declare := as(t, s, id, liaison.DoRecuse, seed.Chair)
		declare.Reason = "It is about our product."
		if a := do(t, s, declare); a.State != liaison.InReview || a.Version != 2 {
			t.Errorf("led to %+v", a)
		}
		do(t, s, declare)
		_, err := s.Do(t.Context(), give(t, s, id, liaison.DoApprove))
		refused(t, err, liaison.Forbidden)
		again := declare
		again.ID = newCommand()
		_, err = s.Do(t.Context(), again)
		refused(t, err, liaison.Conflict)
		record(t, s, seed.Chair, absence(liaison.Delegation, seed.Chair, seed.ViceChair))
		do(t, s, as(t, s, id, liaison.DoApprove, seed.ViceChair))
	})
	verified(t, s)
}

func TestApprovalsGivenOutside(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	id := draft(t, s, "w3c")
	carry(t, s, id, liaison.DoSubmit)
	// The chair wants to know of approvals once a day; of those that others enter in the chair's name that does not hold.
	if err := s.Choose(t.Context(), seed.Chair.ID, []liaison.Letter{liaison.LetterApproved}, liaison.DigestTime{Hour: 23, Zone: "UTC"}); err != nil {
		t.Fatal(err)
	}
	file, err := s.PutBlob(t.Context(), []byte("From: chair\n\nI approve revision 1."))
	if err != nil {
		t.Fatal(err)
	}
	snap, err := s.Snapshot(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	enter := as(t, s, id, liaison.DoEnterApproval, seed.Secretary)
	enter.Given = &liaison.Given{By: seed.Chair.ID, On: snap.Today, Evidence: "approval.eml", File: file}
	if a := do(t, s, enter); a.State != liaison.Approved || a.Ref != "JCA-ML-LS1" {
		t.Fatalf("led to %+v", a)
	}
	told, err := s.Batch(t.Context(), enter.ID)
	if i := slices.IndexFunc(told, func(x store.Transmission) bool {
		return x.Person == seed.Chair.ID && x.Letter == liaison.LetterApproved
	}); i < 0 || err != nil {
		t.Errorf("the chair is not told at once of the approval that was entered in the chair's name: %+v, %v", told, err)
	}
	snap, err = s.Snapshot(t.Context(), id)
	want := liaison.Approval{Mode: liaison.ByOfficer, By: seed.Chair.ID, As: liaison.AsChair, On: snap.Today, Entered: seed.Secretary.ID, Evidence: "approval.eml", File: file, Consulted: *seed.Consulted()}
	if diff := cmp.Diff(want, snap.Approval); diff != "" || err != nil || snap.ApprovedBy != seed.Chair.ID {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	history, err := s.History(t.Context(), id)
	if e := history[len(history)-1]; err != nil || e.Kind != liaison.EventApproved || e.Actor != seed.Secretary.ID || e.Acting != liaison.AsSecretary || e.For != seed.Chair.ID || e.ForAs != liaison.AsChair || e.ForName != seed.Chair.Name || e.EvidenceFile != file {
		t.Errorf("the history has %+v, %v", e, err)
	}
	do(t, s, as(t, s, id, liaison.DoDispatch, seed.Secretary))
	verified(t, s)

	// An approval in the name of somebody who could not give it, made under the program, is found.
	if _, err := pool.Exec(t.Context(), `UPDATE appointment SET held_until = '2024-01-01' WHERE office = 'chair'`); err != nil {
		t.Fatal(err)
	}
	if report, err := s.Audit(t.Context(), nil); err != nil || len(report.Problems) == 0 {
		t.Errorf("an approval in the name of a former chair was not found: %v", err)
	}
	if snap, err := s.Snapshot(t.Context(), id); err != nil || !snap.ApproverOutOfOffice || liaison.MayLeave(snap.Snapshot, snap.Revision) == nil {
		t.Errorf("edge 22: it may leave although its approver held no office then: %v", err)
	}
}

// TestApprovedByTwoOfficersAtOnce is edge case 19 with two who may: one record.
func TestApprovedByTwoOfficersAtOnce(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	record(t, s, seed.Chair, absence(liaison.Delegation, seed.Chair, seed.ViceChair))
	t.Run("edge 19: chair and vice-chair approve at once", func(t *testing.T) {
		id := draft(t, s, "w3c")
		carry(t, s, id, liaison.DoSubmit)
		var all sync.WaitGroup
		errs := make([]error, 2)
		for i, p := range []liaison.Person{seed.Chair, seed.ViceChair} {
			cmd := as(t, s, id, liaison.DoApprove, p)
			all.Go(func() { _, errs[i] = s.Do(t.Context(), cmd) })
		}
		all.Wait()
		if (errs[0] == nil) == (errs[1] == nil) || liaison.CodeOf(errs[0]) != liaison.Conflict && liaison.CodeOf(errs[1]) != liaison.Conflict {
			t.Errorf("answered with %v and %v, want one approval and one conflict", errs[0], errs[1])
		}
		var n int
		if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM decision WHERE statement_id = $1`, id).Scan(&n); err != nil || n != 1 {
			t.Errorf("%d decisions, %v", n, err)
		}
	})
	verified(t, s)
}
