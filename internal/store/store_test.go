package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/migrations"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// register makes the database that every test gets a copy of: migrated, with the facts of the seed.
func register(ctx context.Context, url string) error {
	if err := migrations.Up(ctx, url); err != nil {
		return err
	}
	s, err := store.Open(ctx, url)
	if err != nil {
		return err
	}
	defer s.Close()
	return seed.Register(ctx, s)
}

// open is a register of the test's own, and the database under it.
func open(t *testing.T) (*store.Store, *pgxpool.Pool) {
	t.Helper()
	pool := testkit.Database(t, register)
	return store.New(pool), pool
}

func content(to ...liaison.Code) liaison.Content {
	c := liaison.Content{
		Source: seed.JCAML, Title: "Roadmap of standards on machine learning", Questions: "N/A", Deadline: "2099-01-31",
		Contacts: []liaison.Contact{{Name: seed.Chair.Name, Organization: "ETRI", Country: "Rep. of Korea", Email: seed.Chair.Email}},
		ReplyTo:  "jca-ml@liaison.example", Language: "en", Abstract: "Asks for entries of the roadmap.", Text: "Please review the entries of your group.",
	}
	for _, code := range to {
		c.Addressees = append(c.Addressees, liaison.Addressee{Body: code, Purpose: liaison.ForAction})
	}
	return c
}

func draft(t *testing.T, s *store.Store, to ...liaison.Code) liaison.StatementID {
	t.Helper()
	id := liaison.StatementID(uuid.NewString())
	saved, err := s.Create(t.Context(), id, seed.Editor.ID, content(to...))
	if err != nil || saved.Version != 1 {
		t.Fatalf("create: version %d, %v", saved.Version, err)
	}
	return id
}

func newCommand() liaison.CommandID { return liaison.CommandID(uuid.NewString()) }

// give makes a command of the kind by whom the procedure expects, with the digest that is current.
func give(t *testing.T, s *store.Store, id liaison.StatementID, kind liaison.CommandKind) liaison.Command {
	t.Helper()
	snap, err := s.Snapshot(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	actor := map[liaison.CommandKind]liaison.PersonID{
		liaison.DoSubmit: seed.Editor.ID, liaison.DoWithdraw: seed.Editor.ID, liaison.DoClose: seed.Secretary.ID, liaison.DoSettle: "",
		liaison.DoReturn: seed.Chair.ID, liaison.DoApprove: seed.Chair.ID, liaison.DoReject: seed.Chair.ID, liaison.DoDispatch: seed.Chair.ID,
	}[kind]
	cmd := liaison.Command{ID: newCommand(), Kind: kind, Statement: id, Actor: actor, Digest: snap.Digest, Consulted: seed.Consulted()}
	if kind.Requires(liaison.NeedReason) {
		cmd.Reason = "because"
	}
	return cmd
}

func do(t *testing.T, s *store.Store, cmd liaison.Command) liaison.Answer {
	t.Helper()
	answer, err := s.Do(t.Context(), cmd)
	if err != nil {
		t.Fatalf("%s: %v", cmd.Kind, err)
	}
	return answer
}

// carry gives the commands one after the other and returns the last command's id.
func carry(t *testing.T, s *store.Store, id liaison.StatementID, kinds ...liaison.CommandKind) (last liaison.CommandID) {
	t.Helper()
	for _, kind := range kinds {
		cmd := give(t, s, id, kind)
		do(t, s, cmd)
		last = cmd.ID
	}
	return last
}

// verified fails the test unless the whole log verifies.
func verified(t *testing.T, s *store.Store) store.AuditReport {
	t.Helper()
	report, err := s.Audit(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if report.Size == 0 {
		t.Error("the log is empty")
	}
	for _, p := range report.Problems {
		t.Errorf("the log does not verify: %s", p)
	}
	return report
}

func refused(t *testing.T, err error, code liaison.ErrorCode) {
	t.Helper()
	if liaison.CodeOf(err) != code {
		t.Errorf("answered with %v, want %s", err, code)
	}
}

// count is the number of rows in each table that a command writes to.
func count(t *testing.T, pool *pgxpool.Pool) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for _, table := range []string{"statement", "revision", "addressee", "command", "decision", "event", "transmission", "message", "attempt", "audit.leaf", "audit.node", "audit.salt"} {
		var n int
		if err := pool.QueryRow(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		counts[table] = n
	}
	return counts
}

func TestWholeLife(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	ctx := t.Context()
	id := draft(t, s, "itu-t/sg17", "w3c")

	c := content("itu-t/sg17", "w3c")
	c.Title = "Roadmap of standards on machine learning, second edition"
	saved, err := s.Save(ctx, id, seed.Editor2.ID, 1, c)
	if err != nil || saved.Version != 2 {
		t.Fatalf("save: version %d, %v", saved.Version, err)
	}
	cmd := give(t, s, id, liaison.DoSubmit)
	cmd.Draft = 2
	if a := do(t, s, cmd); a.State != liaison.InReview || a.Revision != 1 || a.Version != 2 || !a.Letters || a.Statement != id {
		t.Fatalf("submit led to %+v", a)
	}
	carry(t, s, id, liaison.DoReturn, liaison.DoSubmit)
	approval := give(t, s, id, liaison.DoApprove)
	a := do(t, s, approval)
	if want := (liaison.Answer{Statement: id, State: liaison.Approved, Version: 5, Revision: 2, Ref: "JCA-ML-LS1", Letters: true}); a != want {
		t.Fatalf("approve led to %+v, want %+v", a, want)
	}
	snap, err := s.Snapshot(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	if snap.ApprovedBy != seed.Chair.ID || snap.ApprovedAs != liaison.AsChair || snap.ApprovedDigest != snap.Digest || snap.Content.Title != c.Title || snap.Content.Addressees[0].Name != "ITU-T SG17" {
		t.Errorf("the register has %+v", snap)
	}
	batch := carry(t, s, id, liaison.DoDispatch)
	send(t, s, batch, liaison.TransmissionAccepted)
	a = do(t, s, give(t, s, id, liaison.DoSettle))
	if a.State != liaison.Dispatched || !a.Letters {
		t.Fatalf("settle led to %+v", a)
	}
	carry(t, s, id, liaison.DoClose)

	history, err := s.History(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []liaison.EventKind
	for i, l := range history {
		kinds = append(kinds, l.Kind)
		if l.Leaf != int64(i) {
			t.Errorf("event %d has leaf %d", i, l.Leaf)
		}
	}
	want := []liaison.EventKind{"drafted", "edited", "submitted", "returned", "submitted", "approved", "dispatching", "reply-awaited", "reply-awaited", "sealed", "sealed",
		"attempted", "accepted", "attempted", "accepted", "dispatched", "closed", "reply-missing", "reply-missing"}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
	if l := history[5]; l.ActorName != seed.Chair.Name || l.Acting != liaison.AsChair || l.Ref != "JCA-ML-LS1" || l.Version != 5 || l.Digest != snap.Digest {
		t.Errorf("the approval is recorded as %+v", l)
	}
	revisions, err := s.Revisions(ctx, id)
	if err != nil || len(revisions) != 2 || revisions[0].Decision.Kind != liaison.DoApprove || revisions[1].Decision.Reason != "because" {
		t.Errorf("revisions are %+v, %v", revisions, err)
	}
	by, _, err := s.LastSaved(ctx, id)
	if err != nil || by != seed.Editor2.Name {
		t.Errorf("saved last by %q, %v", by, err)
	}
	verified(t, s)
}

func TestOtherEnds(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	for name, kinds := range map[liaison.State][][]liaison.CommandKind{
		liaison.Rejected:  {{"submit", "reject"}},
		liaison.Withdrawn: {{"withdraw"}, {"submit", "withdraw"}, {"submit", "return", "withdraw"}, {"submit", "approve", "withdraw"}},
	} {
		for _, k := range kinds {
			id := draft(t, s, "itu-t/sg17")
			carry(t, s, id, k...)
			snap, err := s.Snapshot(t.Context(), id)
			if err != nil || snap.State != name {
				t.Errorf("%v led to %s, %v; want %s", k, snap.State, err, name)
			}
		}
	}
	// Edge case 20: a number that was given stays used, and its messages are taken back.
	var number, cancelled int
	if err := pool.QueryRow(t.Context(), `SELECT s.number, count(*) FROM statement s JOIN transmission t ON t.statement_id = s.id
		WHERE s.state = 'withdrawn' AND t.state = 'cancelled' AND t.letter = 'statement' GROUP BY s.number`).Scan(&number, &cancelled); err != nil || number != 1 || cancelled != 1 {
		t.Errorf("number %d, %d messages cancelled, %v", number, cancelled, err)
	}
	var kinds []string
	if err := pool.QueryRow(t.Context(), `SELECT array_agg(kind ORDER BY seq) FROM event WHERE statement_id = (SELECT statement_id FROM transmission WHERE state = 'cancelled')`).Scan(&kinds); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"drafted", "submitted", "approved", "withdrawn", "cancelled"}, kinds); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
	id := draft(t, s, "itu-t/sg17")
	carry(t, s, id, "submit")
	if a := do(t, s, give(t, s, id, liaison.DoApprove)); a.Ref != "JCA-ML-LS2" {
		t.Errorf("the next number is %s", a.Ref)
	}
	verified(t, s)
}

func TestRepeatedCommandWritesNothing(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	id := draft(t, s, "itu-t/sg17")
	for _, kind := range []liaison.CommandKind{liaison.DoSubmit, liaison.DoApprove, liaison.DoDispatch} {
		cmd := give(t, s, id, kind)
		first := do(t, s, cmd)
		before := count(t, pool)
		for range 3 {
			if again := do(t, s, cmd); again != first {
				t.Errorf("%s again: %+v, want %+v", kind, again, first)
			}
		}
		if diff := cmp.Diff(before, count(t, pool)); diff != "" {
			t.Errorf("repeating %s wrote (-before +after):\n%s", kind, diff)
		}
		recorded, err := s.Recorded(t.Context(), cmd.ID)
		if err != nil || recorded == nil || *recorded != first {
			t.Errorf("recorded is %+v, %v", recorded, err)
		}
	}
	if recorded, err := s.Recorded(t.Context(), "never given"); recorded != nil || err != nil {
		t.Errorf("a command that was never given is recorded as %+v, %v", recorded, err)
	}
}

// TestAnotherCommandUnderAUsedIDIsRefused: the first answer belongs to the command that it was given to.
func TestAnotherCommandUnderAUsedIDIsRefused(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	id, other := draft(t, s, "itu-t/sg17"), draft(t, s, "itu-t/sg17")
	carry(t, s, other, liaison.DoSubmit)
	used := carry(t, s, id, liaison.DoSubmit)
	before := count(t, pool)
	for name, cmd := range map[string]liaison.Command{
		"another kind":      give(t, s, id, liaison.DoReturn),
		"another statement": give(t, s, other, liaison.DoSubmit),
	} {
		t.Run(name, func(t *testing.T) {
			cmd.ID = used
			_, err := s.Do(t.Context(), cmd)
			refused(t, err, liaison.Conflict)
		})
	}
	for name, id := range map[string]liaison.CommandID{"no id": "", "a long id": liaison.CommandID(make([]byte, 200))} {
		t.Run(name, func(t *testing.T) {
			cmd := give(t, s, other, liaison.DoReturn)
			cmd.ID = id
			_, err := s.Do(t.Context(), cmd)
			refused(t, err, liaison.Invalid)
		})
	}
	if diff := cmp.Diff(before, count(t, pool)); diff != "" {
		t.Errorf("a refusal wrote (-before +after):\n%s", diff)
	}
}

// TestDraftsAreNotCommanded: drafting and editing change no state and go through Create and Save; as commands they would
// count a version without a change.
func TestDraftsAreNotCommanded(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	id := draft(t, s, "itu-t/sg17")
	before := count(t, pool)
	for _, kind := range []liaison.CommandKind{liaison.DoEdit, liaison.DoDraft} {
		if _, err := s.Do(t.Context(), liaison.Command{ID: newCommand(), Kind: kind, Statement: id, Actor: seed.Editor.ID}); err == nil {
			t.Errorf("%s was carried out", kind)
		}
	}
	if diff := cmp.Diff(before, count(t, pool)); diff != "" {
		t.Errorf("a refusal wrote (-before +after):\n%s", diff)
	}
	verified(t, s)
}

func TestRefusalWritesNothing(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	id := draft(t, s, "itu-t/sg17")
	carry(t, s, id, liaison.DoSubmit)
	before := count(t, pool)
	for name, test := range map[string]struct {
		change func(*liaison.Command)
		want   liaison.ErrorCode
	}{
		"by the drafter":         {func(c *liaison.Command) { c.Actor = seed.Editor.ID }, liaison.Forbidden},
		"by the vice-chair":      {func(c *liaison.Command) { c.Actor = seed.ViceChair.ID }, liaison.Forbidden},
		"by a stranger":          {func(c *liaison.Command) { c.Actor = liaison.PersonID(uuid.NewString()) }, liaison.Forbidden},
		"by no person":           {func(c *liaison.Command) { c.Actor = "x' OR 'a'='a" }, liaison.Forbidden},
		"of other bytes":         {func(c *liaison.Command) { c.Digest = liaison.DigestOf(nil) }, liaison.Stale},
		"out of order":           {func(c *liaison.Command) { c.Kind = liaison.DoDispatch }, liaison.Conflict},
		"of nothing":             {func(c *liaison.Command) { c.Statement = liaison.StatementID(uuid.NewString()) }, liaison.NotFound},
		"of what cannot be":      {func(c *liaison.Command) { c.Statement = "../../etc" }, liaison.NotFound},
		"with a reason too long": {func(c *liaison.Command) { c.Reason = string(make([]rune, 5000)) }, liaison.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := give(t, s, id, liaison.DoApprove)
			test.change(&cmd)
			_, err := s.Do(t.Context(), cmd)
			refused(t, err, test.want)
		})
	}
	// The chair's term ended yesterday, by the register, whatever the page showed.
	if _, err := pool.Exec(t.Context(), `UPDATE appointment SET held_until = current_date - 1 WHERE office = 'chair'`); err != nil {
		t.Fatal(err)
	}
	_, err := s.Do(t.Context(), give(t, s, id, liaison.DoApprove))
	refused(t, err, liaison.Forbidden)
	if diff := cmp.Diff(before, count(t, pool)); diff != "" {
		t.Errorf("a refusal wrote (-before +after):\n%s", diff)
	}
}

// TestApprovedAtOnceByTwo: edge case 19.
func TestApprovedAtOnceByTwo(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	for _, same := range []bool{true, false} {
		id := draft(t, s, "itu-t/sg17")
		carry(t, s, id, liaison.DoSubmit)
		cmds := []liaison.Command{give(t, s, id, liaison.DoApprove), give(t, s, id, liaison.DoApprove), give(t, s, id, liaison.DoApprove), give(t, s, id, liaison.DoApprove)}
		answers, errs := make([]liaison.Answer, len(cmds)), make([]error, len(cmds))
		var all sync.WaitGroup
		for i, cmd := range cmds {
			if same {
				cmd.ID = cmds[0].ID
			}
			all.Go(func() { answers[i], errs[i] = s.Do(t.Context(), cmd) })
		}
		all.Wait()
		won := 0
		for i, err := range errs {
			switch {
			case err == nil:
				won++
			case liaison.CodeOf(err) != liaison.Conflict:
				t.Errorf("answered with %v", err)
			}
			if same && answers[i] != answers[0] {
				t.Errorf("the same command was answered with %+v and %+v", answers[0], answers[i])
			}
		}
		if want := map[bool]int{true: 4, false: 1}[same]; won != want {
			t.Errorf("same id %t: %d were answered, want %d", same, won, want)
		}
		var decisions, events, messages int
		if err := pool.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM decision WHERE statement_id = $1), (SELECT count(*) FROM event WHERE statement_id = $1 AND kind = 'approved'),
			(SELECT count(*) FROM transmission WHERE statement_id = $1 AND letter = 'statement')`, id).Scan(&decisions, &events, &messages); err != nil || decisions != 1 || events != 1 || messages != 1 {
			t.Errorf("%d decisions, %d events, %d messages, %v; want one each", decisions, events, messages, err)
		}
	}
	var last int
	if err := pool.QueryRow(t.Context(), `SELECT last FROM number_series`).Scan(&last); err != nil || last != 2 {
		t.Errorf("the last number is %d, %v; want 2", last, err)
	}
	verified(t, s)
}

// TestNumbersUnderTwentyAtOnce: unique and without a gap, in the order of the log.
func TestNumbersUnderTwentyAtOnce(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	const n = 20
	cmds := make([]liaison.Command, n)
	for i := range cmds {
		id := draft(t, s, "itu-t/sg17", "w3c")
		carry(t, s, id, liaison.DoSubmit)
		cmds[i] = give(t, s, id, liaison.DoApprove)
		if i%5 == 4 {
			cmds[i].Digest = liaison.DigestOf(nil) // refused, and takes no number
		}
	}
	var all sync.WaitGroup
	errs := make([]error, n)
	for i, cmd := range cmds {
		all.Go(func() { _, errs[i] = s.Do(t.Context(), cmd) })
	}
	all.Wait()
	for i, err := range errs {
		if i%5 == 4 {
			refused(t, err, liaison.Stale)
		} else if err != nil {
			t.Error(err)
		}
	}
	rows, err := pool.Query(t.Context(), `SELECT s.number FROM statement s JOIN event e ON e.statement_id = s.id AND e.kind = 'approved' JOIN audit.leaf l ON l.event_id = e.id ORDER BY l.index`)
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	for rows.Next() {
		var number int
		if err := rows.Scan(&number); err != nil {
			t.Fatal(err)
		}
		if want++; number != want {
			t.Errorf("number %d stands where %d is expected", number, want)
		}
	}
	if rows.Err() != nil || want != 16 {
		t.Errorf("%d numbers, %v", want, rows.Err())
	}
	verified(t, s)
}

// TestNumbersRestartWithTheStudyPeriod: edge case 32.
func TestNumbersRestartWithTheStudyPeriod(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	for _, test := range []struct{ day, period, ref string }{
		{"2028-12-31T22:59:59Z", "2025-2028", "JCA-ML-LS1"},
		{"2028-12-31T23:00:00Z", "2029-2032", "JCA-ML-LS1"}, // new year in Geneva
		{"2029-01-01T09:00:00Z", "2029-2032", "JCA-ML-LS2"},
	} {
		at, err := time.Parse(time.RFC3339, test.day)
		if err != nil {
			t.Fatal(err)
		}
		then := s.At(func() time.Time { return at })
		id := draft(t, then, "itu-t/sg17")
		carry(t, then, id, liaison.DoSubmit, liaison.DoApprove)
		snap, err := then.Snapshot(t.Context(), id)
		if err != nil || snap.Period != test.period || snap.Ref != test.ref {
			t.Errorf("on %s: %s in %s, %v; want %s in %s", test.day, snap.Ref, snap.Period, err, test.ref, test.period)
		}
	}
	verified(t, s)
}

func TestCreate(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	ctx := t.Context()
	id := liaison.StatementID(uuid.NewString())
	for name, test := range map[string]struct {
		id    liaison.StatementID
		actor liaison.PersonID
		c     liaison.Content
		want  liaison.ErrorCode
	}{
		"by a reader":                            {id, seed.Reader.ID, content("w3c"), liaison.Forbidden},
		"by nobody":                              {id, "", content("w3c"), liaison.Forbidden},
		"for a group not there":                  {id, seed.Editor.ID, liaison.Content{Source: "itu-t/sg99"}, liaison.NotFound},
		"for a group without terms of reference": {id, seed.Editor.ID, liaison.Content{Source: "itu-t/sg13"}, liaison.Invalid},
		"to a body not there":                    {id, seed.Editor.ID, content("itu-t/sg99"), liaison.NotFound},
		"under an impossible id":                 {"x", seed.Editor.ID, content("w3c"), liaison.NotFound},
		"with a line end in the title":           {id, seed.Editor.ID, func() liaison.Content { c := content("w3c"); c.Title = "a\r\nBcc: b"; return c }(), liaison.Invalid},
		"with a file that nobody stored": {id, seed.Editor.ID, func() liaison.Content {
			c := content("w3c")
			c.Attachments = []liaison.Attachment{{Name: "a.txt", MediaType: "text/plain", Size: 1, Digest: liaison.DigestOf([]byte("a"))}}
			return c
		}(), liaison.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Create(ctx, test.id, test.actor, test.c)
			refused(t, err, test.want)
		})
	}
	if n := count(t, pool)["statement"]; n != 0 {
		t.Fatalf("refusals left %d statements", n)
	}
	// The same form, sent four times at once.
	errs := make([]error, 4)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { _, errs[i] = s.Create(ctx, id, seed.Editor.ID, content("w3c")) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Errorf("sent four times at once: %v", err)
	}
	if c := count(t, pool); c["statement"] != 1 || c["event"] != 1 {
		t.Errorf("there are %d statements and %d events, want one each", c["statement"], c["event"])
	}
	_, err := s.Create(ctx, id, seed.Editor2.ID, content("w3c"))
	refused(t, err, liaison.Conflict)
	verified(t, s)
}

func TestStaleSaveAndSubmit(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	ctx := t.Context()
	id := draft(t, s, "itu-t/sg17")
	mine, theirs := content("itu-t/sg17"), content("itu-t/sg17")
	theirs.Text, mine.Text = "Theirs.", "Mine."
	if _, err := s.Save(ctx, id, seed.Editor2.ID, 1, theirs); err != nil {
		t.Fatal(err)
	}
	before := count(t, pool)
	_, err := s.Save(ctx, id, seed.Editor.ID, 1, mine)
	refused(t, err, liaison.Stale)
	submit := give(t, s, id, liaison.DoSubmit)
	submit.Draft = 1
	_, err = s.Do(ctx, submit)
	refused(t, err, liaison.Stale)
	if diff := cmp.Diff(before, count(t, pool)); diff != "" {
		t.Errorf("a refusal wrote (-before +after):\n%s", diff)
	}
	snap, err := s.Snapshot(ctx, id)
	if err != nil || snap.Content.Text != "Theirs." || snap.DraftVersion != 2 {
		t.Errorf("the draft is %q, version %d, %v", snap.Content.Text, snap.DraftVersion, err)
	}
	_, err = s.Save(ctx, id, seed.Reader.ID, 2, mine)
	refused(t, err, liaison.Forbidden)
	carry(t, s, id, liaison.DoSubmit)
	_, err = s.Save(ctx, id, seed.Editor.ID, 2, mine)
	refused(t, err, liaison.Conflict) // edge case 10: nothing changes under a decision
	// Both who drafted and who edited are drafters, and the record shows it of a chair.
	if snap, err = s.Snapshot(ctx, id); err != nil || !snap.Drafted(seed.Editor2.ID) || snap.Drafted(seed.Chair.ID) {
		t.Errorf("drafters are %v, %v", snap.Drafters, err)
	}
	verified(t, s)
}

// TestSuccessorsAreAddressed: edge case 33. The draft was made while SG16 was there, the submission is later.
func TestSuccessorsAreAddressed(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	ctx := t.Context()
	day := func(d string) *store.Store {
		at, err := time.Parse(time.DateOnly, d)
		if err != nil {
			t.Fatal(err)
		}
		return s.At(func() time.Time { return at.Add(9 * time.Hour) })
	}
	id := draft(t, day("2024-12-31"), "itu-t/sg16", "w3c")
	snap, err := s.Snapshot(ctx, id)
	if err != nil || snap.Content.Addressees[0].Body != "itu-t/sg16" {
		t.Fatalf("the draft is to %v, %v", snap.Content.Addressees, err)
	}
	carry(t, day("2025-01-01"), id, liaison.DoSubmit)
	snap, err = s.Snapshot(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	want := liaison.Addressee{Body: "itu-t/sg21", Name: "ITU-T SG21", Email: "sg21@itu-t.example", Purpose: liaison.ForAction}
	if diff := cmp.Diff(want, snap.Content.Addressees[0]); diff != "" {
		t.Errorf("the revision is to (-want +got):\n%s", diff)
	}
	id = liaison.StatementID(uuid.NewString())
	saved, err := s.Create(ctx, id, seed.Editor.ID, content("itu-t/sg16"))
	if err != nil || len(saved.Notices) != 1 {
		t.Errorf("the drafter is told %q, %v", saved.Notices, err)
	}
	// Both at once would be addressed twice; the check list says so.
	both := draft(t, day("2024-12-31"), "itu-t/sg16", "itu-t/sg9")
	_, err = day("2025-01-01").Do(ctx, give(t, s, both, liaison.DoSubmit))
	refused(t, err, liaison.Invalid)
}

// TestABodyThatEndsWhileItWaits: what was submitted to it is approved by nobody; returned and submitted again, it goes to the successor.
func TestABodyThatEndsWhileItWaits(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	now := time.Date(2024, 12, 20, 9, 0, 0, 0, time.UTC)
	s = s.At(func() time.Time { return now })
	id := draft(t, s, "itu-t/sg16", "w3c")
	carry(t, s, id, liaison.DoSubmit)
	now = now.AddDate(0, 1, 0)
	_, err := s.Do(t.Context(), give(t, s, id, liaison.DoApprove))
	refused(t, err, liaison.Invalid)
	if !strings.Contains(err.Error(), "ITU-T SG16 ended on 31 December 2024") {
		t.Errorf("refused with: %v", err)
	}
	carry(t, s, id, liaison.DoReturn, liaison.DoSubmit)
	if _, err := pool.Exec(t.Context(), `UPDATE body SET email = 'another@w3c.example' WHERE code = 'w3c'`); err != nil {
		t.Fatal(err)
	}
	snap, err := s.Snapshot(t.Context(), id)
	if err == nil {
		err = s.Know(t.Context(), &snap)
	}
	if err != nil || !slices.ContainsFunc(snap.Check(), func(f liaison.Finding) bool {
		return !f.Blocking && strings.Contains(f.Message, "another@w3c.example is recorded now")
	}) {
		t.Errorf("%v, found %+v", err, snap.Check())
	}
	carry(t, s, id, liaison.DoApprove) // which is the approver's to judge
	if snap, err = s.Snapshot(t.Context(), id); err != nil || snap.Content.Addressees[0].Body != "itu-t/sg21" {
		t.Errorf("approved is %v, %v", snap.Content.Addressees, err)
	}
	verified(t, s)
}

// TestNamesAndMailboxesComeFromTheRegister: what a form says of an addressee besides its code is not believed.
func TestNamesAndMailboxesComeFromTheRegister(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	c := content("w3c")
	c.Addressees[0].Name, c.Addressees[0].Email = "Somebody", "somebody@evil.example"
	id := liaison.StatementID(uuid.NewString())
	if _, err := s.Create(t.Context(), id, seed.Editor.ID, c); err != nil {
		t.Fatal(err)
	}
	snap, err := s.Snapshot(t.Context(), id)
	if a := snap.Content.Addressees[0]; err != nil || a.Name != "W3C" || a.Email != "team-liaisons@w3c.example" {
		t.Errorf("addressed to %+v, %v", a, err)
	}
}

func TestBlobs(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	ctx := t.Context()
	d, err := s.PutBlob(ctx, []byte("term;definition\n"))
	if err != nil || d != liaison.DigestOf([]byte("term;definition\n")) {
		t.Fatalf("%s, %v", d, err)
	}
	if _, err := s.PutBlob(ctx, []byte("term;definition\n")); err != nil {
		t.Errorf("the same file again: %v", err)
	}
	b, err := s.Blob(ctx, d)
	if err != nil || string(b) != "term;definition\n" {
		t.Errorf("%q, %v", b, err)
	}
	_, err = s.Blob(ctx, liaison.DigestOf(nil))
	refused(t, err, liaison.NotFound)

	c := content("w3c")
	c.Attachments = []liaison.Attachment{{Name: "terms.csv", MediaType: "text/csv", Size: 16, Digest: d}}
	id := liaison.StatementID(uuid.NewString())
	if _, err := s.Create(ctx, id, seed.Editor.ID, c); err != nil {
		t.Fatal(err)
	}
	c.Attachments[0].Size = 1
	_, err = s.Save(ctx, id, seed.Editor.ID, 1, c) // what the form says of the size is not believed
	refused(t, err, liaison.Invalid)
	for digest, want := range map[liaison.Digest]bool{d: true, liaison.DigestOf(nil): false} {
		if got, err := s.ReferencesBlob(ctx, id, digest); err != nil || got != want {
			t.Errorf("the statement refers to %s: %t, %v", digest.Short(), got, err)
		}
	}
	if _, err := pool.Exec(ctx, `UPDATE blob SET bytes = 'x'`); err == nil {
		t.Error("a stored file was changed")
	}
}

// ---- sending

// send hands every message of a batch over, with the outcome for all of them.
func send(t *testing.T, s *store.Store, batch liaison.CommandID, outcome liaison.TransmissionState) {
	t.Helper()
	for _, x := range sealed(t, s, batch) {
		attempt(t, s, x.ID, outcome)
	}
}

// sealed stores bytes for the messages of a batch and lists them.
func sealed(t *testing.T, s *store.Store, batch liaison.CommandID) []store.Transmission {
	t.Helper()
	ts, err := s.Batch(t.Context(), batch)
	if err != nil {
		t.Fatal(err)
	}
	messages := map[liaison.TransmissionID][]byte{}
	for _, x := range ts {
		messages[x.ID] = []byte("To: " + x.Email + "\r\nMessage-ID: <" + x.MessageID + ">\r\n\r\nText\r\n")
	}
	if err := s.Seal(t.Context(), batch, messages); err != nil {
		t.Fatal(err)
	}
	return ts
}

var retry = liaison.Retry{Delays: []time.Duration{5 * time.Minute, time.Hour}, GiveUp: 96 * time.Hour}

// answers are what a server says for each outcome.
var answers = map[liaison.TransmissionState]store.Sent{
	liaison.TransmissionAccepted: {Stage: liaison.StageDot, Code: 250, Enhanced: "2.0.0", Reply: "queued as 1", Relay: "relay:25", TLS: "TLS 1.3"},
	liaison.TransmissionRefused:  {Stage: liaison.StageRcpt, Code: 550, Enhanced: "5.1.1", Reply: "no such mailbox", Relay: "relay:25", TLS: "none"},
	liaison.TransmissionDeferred: {Stage: liaison.StageRcpt, Code: 451, Reply: "try later", Relay: "relay:25"},
	liaison.TransmissionUnknown:  {Stage: liaison.StageDot, Error: "connection reset", Relay: "relay:25"},
}

func claim(t *testing.T, s *store.Store, id liaison.TransmissionID) store.Claimed {
	t.Helper()
	c, err := s.Claim(t.Context(), id, "worker 1")
	if err != nil {
		t.Fatalf("claim: %v", err)
	}
	return c
}

func attempt(t *testing.T, s *store.Store, id liaison.TransmissionID, outcome liaison.TransmissionState) store.Claimed {
	t.Helper()
	c := claim(t, s, id)
	if answers[outcome].Stage == liaison.StageDot {
		if err := s.Dot(t.Context(), c); err != nil {
			t.Fatalf("dot: %v", err)
		}
	}
	state, err := s.Record(t.Context(), c, answers[outcome], retry)
	if err != nil || state != outcome {
		t.Fatalf("recorded as %s, %v; want %s", state, err, outcome)
	}
	return c
}

func state(t *testing.T, s *store.Store, id liaison.TransmissionID) store.Transmission {
	t.Helper()
	x, err := s.Transmission(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// dispatching is a statement whose messages may leave, sealed.
func dispatching(t *testing.T, s *store.Store, to ...liaison.Code) (liaison.StatementID, []store.Transmission) {
	t.Helper()
	id := draft(t, s, to...)
	batch := carry(t, s, id, liaison.DoSubmit, liaison.DoApprove, liaison.DoDispatch)
	ts := sealed(t, s, batch)
	if len(ts) != len(to) {
		t.Fatalf("%d messages for %d addressees", len(ts), len(to))
	}
	return id, ts
}

func describe(x store.Transmission) string {
	return fmt.Sprintf("%s after %d attempts, %d %q, next at %v", x.State, x.Attempts, x.Code, x.Reply, x.NextTry)
}
