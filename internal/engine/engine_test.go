package engine_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/client"

	"github.com/jca-ml/liaison/activities"
	"github.com/jca-ml/liaison/internal/demo/parts"
	"github.com/jca-ml/liaison/internal/engine"
	"github.com/jca-ml/liaison/internal/post"
	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail"
	"github.com/jca-ml/liaison/migrations"
	"github.com/jca-ml/liaison/worker"
	"github.com/jca-ml/liaison/workflows"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// TestStatementFromDraftToInbox runs the main job on real parts: PostgreSQL, Temporal and SMTP.
func TestStatementFromDraftToInbox(t *testing.T) {
	e, s, received := start(t)
	ctx := t.Context()
	id := draft(t, s, "itu-t/sg17", "iso-iec/jtc1/sc42", "w3c")

	submitted := do(t, e, liaison.Command{ID: newCommand(), Kind: liaison.DoSubmit, Statement: id, Actor: seed.Editor.ID})
	if submitted.State != liaison.InReview || submitted.Revision != 1 {
		t.Fatalf("submit led to %+v", submitted)
	}
	snap, err := s.Snapshot(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	approve := liaison.Command{ID: newCommand(), Kind: liaison.DoApprove, Statement: id, Actor: seed.Editor.ID, Digest: snap.Digest, Consulted: seed.Consulted()}
	if _, err := e.Do(ctx, approve); liaison.CodeOf(err) != liaison.Forbidden {
		t.Fatalf("the drafter's approval was answered with %v, want forbidden", err)
	}
	approve.Actor, approve.ID = seed.Chair.ID, newCommand()
	answer := do(t, e, approve)
	if answer.State != liaison.Dispatching || answer.Ref != "JCA-ML-LS1" {
		t.Fatalf("approve led to %+v", answer)
	}
	testkit.Eventually(t, 30*time.Second, func() error {
		snap, err := s.Snapshot(ctx, id)
		if err == nil && snap.State != liaison.Dispatched {
			err = fmt.Errorf("the statement is %s", snap.State)
		}
		return err
	})
	again := do(t, e, approve)
	if again.Ref != answer.Ref {
		t.Errorf("the repeated approval was answered with %+v, want %+v", again, answer)
	}
	testkit.Eventually(t, 30*time.Second, func() error {
		if n := received(); n != 3+1+2+2 { // addressees, chair's review; drafter and secretariat of the approval and of the dispatch
			return fmt.Errorf("%d messages arrived, want 8", n)
		}
		return nil
	})
	report, err := s.Audit(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	if report.Size == 0 || len(report.Problems) > 0 {
		t.Errorf("the log has %d leaves and these problems: %v", report.Size, report.Problems)
	}
}

// TestGivenAgainWhatTheWorkflowNeverHeardOf: the approval and the dispatch are on record; worker and Temporal went away before the Update
// stood in a history. Whoever gives the approval again gets the first answer, and everything is sent.
func TestGivenAgainWhatTheWorkflowNeverHeardOf(t *testing.T) {
	e, s, received := start(t)
	ctx := t.Context()
	id := draft(t, s, "itu-t/sg17", "w3c")
	do(t, e, liaison.Command{ID: newCommand(), Kind: liaison.DoSubmit, Statement: id, Actor: seed.Editor.ID})
	snap, err := s.Snapshot(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	approve := liaison.Command{ID: newCommand(), Kind: liaison.DoApprove, Statement: id, Actor: seed.Chair.ID, Digest: snap.Digest, Consulted: seed.Consulted()}
	if _, err := s.Do(ctx, approve); err != nil {
		t.Fatal(err)
	}
	first, err := s.Do(ctx, liaison.Command{ID: workflows.DispatchCommandID(approve.ID), Kind: liaison.DoDispatch, Statement: id, Actor: seed.Chair.ID})
	if err != nil {
		t.Fatal(err)
	}
	if again := do(t, e, approve); again.State != first.State || again.Ref != first.Ref {
		t.Errorf("answered with %+v, want %+v", again, first)
	}
	testkit.Eventually(t, 30*time.Second, func() error {
		snap, err := s.Snapshot(ctx, id)
		if err == nil && snap.State != liaison.Dispatched {
			err = fmt.Errorf("the statement is %s", snap.State)
		}
		if n := received(); err == nil && n != 2+1+2+2 { // addressees, review, approval, dispatch
			err = fmt.Errorf("%d messages arrived", n)
		}
		return err
	})
}

// TestGivenAgainWhileItIsCarriedOut: the approval is on record and the dispatch that follows in the same breath is not. Whoever gives the
// approval again is told of the dispatch, every time alike.
func TestGivenAgainWhileItIsCarriedOut(t *testing.T) {
	e, s, _ := start(t)
	ctx := t.Context()
	id := draft(t, s, "w3c")
	do(t, e, liaison.Command{ID: newCommand(), Kind: liaison.DoSubmit, Statement: id, Actor: seed.Editor.ID})
	snap, err := s.Snapshot(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	approve := liaison.Command{ID: newCommand(), Kind: liaison.DoApprove, Statement: id, Actor: seed.Chair.ID, Digest: snap.Digest, Consulted: seed.Consulted()}
	if _, err := s.Do(ctx, approve); err != nil {
		t.Fatal(err)
	}
	if first, again := do(t, e, approve), do(t, e, approve); first.State != liaison.Dispatching || again.State != first.State || again.Version != first.Version {
		t.Errorf("answered with %+v, and then with %+v", first, again)
	}
}

// TestGivenAgainAfterItWasTakenBack: an approval that is given again when it was taken back and the statement submitted anew gets its first
// answer, sends nothing, and hinders no new decision.
func TestGivenAgainAfterItWasTakenBack(t *testing.T) {
	e, s, _ := start(t)
	ctx := t.Context()
	id := draft(t, s, "w3c")
	do(t, e, liaison.Command{ID: newCommand(), Kind: liaison.DoSubmit, Statement: id, Actor: seed.Editor.ID})
	snap, err := s.Snapshot(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	approve := liaison.Command{ID: newCommand(), Kind: liaison.DoApprove, Statement: id, Actor: seed.Chair.ID, Digest: snap.Digest, Consulted: seed.Consulted()}
	if _, err := s.Do(ctx, approve); err != nil { // its dispatch never came
		t.Fatal(err)
	}
	do(t, e, liaison.Command{ID: newCommand(), Kind: liaison.DoReopen, Statement: id, Actor: seed.Chair.ID, Reason: "A date is wrong."})
	if snap, err = s.Snapshot(ctx, id); err != nil {
		t.Fatal(err)
	}
	do(t, e, liaison.Command{ID: newCommand(), Kind: liaison.DoSubmit, Statement: id, Actor: seed.Editor.ID, Draft: snap.DraftVersion})
	if again := do(t, e, approve); again.State != liaison.Approved {
		t.Errorf("answered with %+v", again)
	}
	if snap, err = s.Snapshot(ctx, id); err != nil || snap.State != liaison.InReview {
		t.Errorf("the statement is %s, %v", snap.State, err)
	}
	do(t, e, liaison.Command{ID: newCommand(), Kind: liaison.DoReject, Statement: id, Actor: seed.Chair.ID, Digest: snap.Digest, Reason: "No longer needed."})
}

// TestTheNextCommandAfterOneThatTheWorkflowNeverHeardOf: nobody gives the lost command again, and what comes next is carried out.
func TestTheNextCommandAfterOneThatTheWorkflowNeverHeardOf(t *testing.T) {
	e, s, _ := start(t)
	ctx := t.Context()
	id := draft(t, s, "itu-t/sg17")
	do(t, e, liaison.Command{ID: newCommand(), Kind: liaison.DoSubmit, Statement: id, Actor: seed.Editor.ID})
	snap, err := s.Snapshot(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Do(ctx, liaison.Command{ID: newCommand(), Kind: liaison.DoApprove, Statement: id, Actor: seed.Chair.ID, Digest: snap.Digest, Hold: true, Consulted: seed.Consulted()}); err != nil {
		t.Fatal(err)
	}
	if answer := do(t, e, liaison.Command{ID: newCommand(), Kind: liaison.DoDispatch, Statement: id, Actor: seed.Secretary.ID}); answer.State != liaison.Dispatching {
		t.Errorf("answered with %+v", answer)
	}
	// What the register does not allow is refused as before, and at once.
	began := time.Now()
	if _, err := e.Do(ctx, liaison.Command{ID: newCommand(), Kind: liaison.DoReject, Statement: id, Actor: seed.Chair.ID, Digest: snap.Digest, Reason: "Too late."}); liaison.CodeOf(err) != liaison.Conflict || time.Since(began) > 5*time.Second {
		t.Errorf("answered with %v after %s", err, time.Since(began))
	}
}

// TestLettersThatNoCommandReleases: what an addressee says on the page is told within moments, and what somebody wants to have
// daily when the schedule runs, once.
func TestLettersThatNoCommandReleases(t *testing.T) {
	e, s, received := start(t)
	ctx := t.Context()
	if err := s.Choose(ctx, seed.Secretary.ID, []liaison.Letter{liaison.LetterAcknowledged}, liaison.DigestTime{Hour: 0, Zone: "UTC"}); err != nil {
		t.Fatal(err)
	}
	id := draft(t, s, "w3c")
	do(t, e, liaison.Command{ID: newCommand(), Kind: liaison.DoSubmit, Statement: id, Actor: seed.Editor.ID})
	snap, err := s.Snapshot(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	do(t, e, liaison.Command{ID: newCommand(), Kind: liaison.DoApprove, Statement: id, Actor: seed.Chair.ID, Digest: snap.Digest, Consulted: seed.Consulted()})
	arrive := func(want int) {
		t.Helper()
		testkit.Eventually(t, 30*time.Second, func() error {
			if n := received(); n != want {
				return fmt.Errorf("%d messages arrived, want %d", n, want)
			}
			return nil
		})
	}
	const before = 1 + 1 + 2 + 2 // the addressee; review; approval; dispatch
	arrive(before)
	ts, err := s.Transmissions(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Respond(ctx, ts[0].ID, newCommand(), liaison.Response{Kind: liaison.RespondAcknowledged, Name: "Irene"}); err != nil {
		t.Fatal(err)
	}
	sending, stop := context.WithCancel(ctx)
	stopped := make(chan error, 1)
	go func() { stopped <- e.SendLetters(sending, 50*time.Millisecond, slog.New(slog.DiscardHandler)) }()
	arrive(before + 1) // to the drafter; the secretariat's waits

	for range 2 { // each worker schedules it at its start
		if err := e.ScheduleDigests(ctx); err != nil {
			t.Fatal(err)
		}
	}
	schedule := e.Temporal.ScheduleClient().GetHandle(ctx, workflows.DigestID)
	for range 3 {
		if err := schedule.Trigger(ctx, client.ScheduleTriggerOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	arrive(before + 2)
	testkit.Eventually(t, 30*time.Second, func() error {
		d, err := schedule.Describe(ctx)
		if err == nil && len(d.Info.RunningWorkflows) > 0 {
			err = fmt.Errorf("a digest is still being made")
		}
		return err
	})
	stop()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	testkit.Eventually(t, 30*time.Second, func() error { // it arrives a moment before the ledger has the server's answer
		ts, err := s.Transmissions(ctx, id)
		digests := 0
		for _, x := range ts {
			if x.Letter == liaison.LetterDigest {
				digests++
				if x.Person != seed.Secretary.ID || x.State != liaison.TransmissionAccepted {
					err = fmt.Errorf("a digest to %s is %s", x.Name, x.State)
				}
			}
		}
		if err == nil && digests != 1 {
			err = fmt.Errorf("%d digests", digests)
		}
		return err
	})
}

func newCommand() liaison.CommandID { return liaison.CommandID(uuid.NewString()) }

func do(t *testing.T, e *engine.Engine, cmd liaison.Command) liaison.Answer {
	t.Helper()
	answer, err := e.Do(t.Context(), cmd)
	if err != nil {
		t.Fatalf("%s: %v", cmd.Kind, err)
	}
	return answer
}

func draft(t *testing.T, s *store.Store, to ...liaison.Code) liaison.StatementID {
	t.Helper()
	c := liaison.Content{
		Source: seed.JCAML, Title: "Roadmap of standards on machine learning", Questions: "N/A", Deadline: "2099-01-31",
		Contacts: []liaison.Contact{{Name: "Kangchan Lee", Organization: "ETRI", Email: "chair@jca-ml.example"}},
		ReplyTo:  "jca-ml@liaison.example", Language: "en", Abstract: "Asks for entries of the roadmap.", Text: "Please review the entries of your group.",
	}
	for _, code := range to {
		c.Addressees = append(c.Addressees, liaison.Addressee{Body: code, Purpose: liaison.ForAction})
	}
	id := liaison.StatementID(uuid.NewString())
	if _, err := s.Create(t.Context(), id, seed.Editor.ID, c); err != nil {
		t.Fatal(err)
	}
	return id
}

// start runs an engine and a worker on real parts and a mail server that takes everything.
func start(t *testing.T) (*engine.Engine, *store.Store, func() int) {
	t.Helper()
	s := store.New(testkit.Database(t, migrations.Up))
	if err := seed.Register(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	address, namespace := testkit.Temporal(t)
	c, err := client.DialContext(t.Context(), client.Options{HostPort: address, Namespace: namespace, Logger: worker.Logger(slog.New(slog.DiscardHandler))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	inbox, err := parts.OpenInbox(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	smtp, err := parts.StartMailServer(t.Context(), parts.MailServerOptions{Inbox: inbox})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := smtp.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	relay, err := mail.NewRelay(mail.RelayConfig{Address: smtp.Addr(), TLS: "none"})
	if err != nil {
		t.Fatal(err)
	}
	e := &engine.Engine{Temporal: c, Store: s}
	w := worker.New(c, &activities.Activities{
		Store: s, Relay: relay, Runs: e, From: "liaison@liaison.example", Worker: "test",
		Office: &post.Office{Store: s, From: "liaison@liaison.example", URL: "http://127.0.0.1"},
		Retry:  liaison.Retry{Delays: []time.Duration{time.Second}, GiveUp: time.Minute},
	})
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
	return e, s, inbox.Count
}

// TestExamplesOfReplies enters the examples of the demo and sees that one of them has replies in every state that a reader should
// see: awaited, extended, overdue, late, waived. The rest of the examples is tried by the demo's own check.
func TestExamplesOfReplies(t *testing.T) {
	e, s, _ := start(t)
	if err := seed.Statements(t.Context(), s, e, func(string) {}); err != nil {
		t.Fatal(err)
	}
	lines, _, err := s.Deadlines(t.Context(), seed.Chair.ID, store.DeadlineFilter{Kind: store.DeadlinesAll})
	if err != nil || len(lines) == 0 {
		t.Fatalf("%d deadlines, %v", len(lines), err)
	}
	testkit.Eventually(t, 30*time.Second, func() error {
		snap, err := s.Snapshot(t.Context(), lines[0].Statement)
		if err != nil {
			return err
		}
		got := map[liaison.ReplyState]int{}
		for _, r := range snap.Replies {
			got[r.State]++
		}
		want := map[liaison.ReplyState]int{liaison.ReplyOverdue: 2, liaison.ReplyLate: 1, liaison.ReplyWaived: 1, liaison.ReplyExtended: 1, liaison.ReplyNotAwaited: 1}
		if !maps.Equal(got, want) {
			return fmt.Errorf("its replies are %v, want %v", got, want)
		}
		return nil
	})
	report, err := s.Audit(t.Context(), nil)
	if err != nil || len(report.Problems) > 0 {
		t.Errorf("the log does not verify: %v, %v", report.Problems, err)
	}
}
