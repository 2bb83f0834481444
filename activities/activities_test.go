package activities_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/jca-ml/liaison/activities"
	"github.com/jca-ml/liaison/internal/post"
	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail"
	"github.com/jca-ml/liaison/migrations"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// TestFailAndCause: what the domain says in an activity is what the caller of a command reads, through everything that
// Temporal wraps around it; a refusal is not tried again, everything else is.
func TestFailAndCause(t *testing.T) {
	for _, code := range []liaison.ErrorCode{liaison.Invalid, liaison.Forbidden, liaison.NotFound, liaison.Conflict, liaison.Stale, liaison.TooLarge, liaison.Unavailable, liaison.Internal} {
		given := &liaison.Error{Code: code, Field: "title", Message: "The title has 401 characters."}
		carried := activities.Fail(fmt.Errorf("submit: %w", given))
		app, ok := errors.AsType[*temporal.ApplicationError](carried)
		if !ok || app.NonRetryable() != (code != liaison.Unavailable && code != liaison.Internal) || app.Type() != string(code) {
			t.Fatalf("%s is carried as %#v", code, carried)
		}
		back := activities.Cause(fmt.Errorf("update failed: %w", carried))
		if code == liaison.Internal {
			if liaison.CodeOf(back) != liaison.Internal {
				t.Errorf("an internal error came back as %v", back)
			}
			continue
		}
		if diff := cmp.Diff(error(given), back); diff != "" {
			t.Errorf("%s (-given +back):\n%s", code, diff)
		}
	}
	if activities.Fail(nil) != nil {
		t.Error("no error became one")
	}
	plain := errors.New("disk full")
	if app, ok := errors.AsType[*temporal.ApplicationError](activities.Fail(plain)); !ok || app.NonRetryable() || app.Type() != string(liaison.Internal) {
		t.Errorf("a defect is carried as %v", activities.Fail(plain))
	}
	if back := activities.Cause(plain); back != plain {
		t.Errorf("an error that is not ours came back as %v", back)
	}
}

// relay stands at the edge of the world: it says when the final dot comes and how the attempt ended.
type relay func(beforeDot func() error) mail.Result

func (r relay) Send(ctx context.Context, _ mail.SMTPEnvelope, _ []byte, beforeDot func(context.Context) error) mail.Result {
	return r(func() error { return beforeDot(ctx) })
}

// bench is one message that is ready to leave.
func bench(t *testing.T, r relay) (*activities.Activities, *testsuite.TestActivityEnvironment, store.Transmission) {
	t.Helper()
	return benchOn(t, testkit.Database(t, migrations.Up), r)
}

func benchOn(t *testing.T, pool *pgxpool.Pool, r relay) (*activities.Activities, *testsuite.TestActivityEnvironment, store.Transmission) {
	t.Helper()
	s := store.New(pool)
	if err := seed.Register(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	id := liaison.StatementID(uuid.NewString())
	if _, err := s.Create(t.Context(), id, seed.Editor.ID, liaison.Content{
		Source: seed.JCAML, Title: "Roadmap", Deadline: "2099-01-31", ReplyTo: "jca-ml@liaison.example", Language: "en", Abstract: "Asks.", Text: "Please review.",
		Addressees: []liaison.Addressee{{Body: "w3c", Purpose: liaison.ForAction}}, Contacts: []liaison.Contact{{Name: seed.Chair.Name, Email: seed.Chair.Email}},
	}); err != nil {
		t.Fatal(err)
	}
	a := &activities.Activities{
		Store: s, Relay: r, Office: &post.Office{Store: s, From: "liaison@liaison.example", URL: "http://127.0.0.1"}, From: "liaison@liaison.example",
		Retry: liaison.Retry{Delays: []time.Duration{time.Hour}, GiveUp: 96 * time.Hour}, Worker: "test",
	}
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(a)
	for _, kind := range []liaison.CommandKind{liaison.DoSubmit, liaison.DoApprove, liaison.DoDispatch} {
		snap, err := s.Snapshot(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		actor := seed.Chair.ID
		if kind == liaison.DoSubmit {
			actor = seed.Editor.ID
		}
		if _, err := env.ExecuteActivity(a.Decide, liaison.Command{ID: liaison.CommandID(kind), Kind: kind, Statement: id, Actor: actor, Digest: snap.Digest, Consulted: seed.Consulted()}); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
	}
	for range 2 { // repeating it stores nothing twice
		if _, err := env.ExecuteActivity(a.Seal, liaison.CommandID(liaison.DoDispatch)); err != nil {
			t.Fatal(err)
		}
	}
	ts, err := s.Batch(t.Context(), liaison.CommandID(liaison.DoDispatch))
	if err != nil || len(ts) != 1 || ts[0].Digest == "" {
		t.Fatalf("%+v, %v", ts, err)
	}
	return a, env, ts[0]
}

func TestTransmit(t *testing.T) {
	accepted := mail.Result{Stage: liaison.StageDot, Code: 250, Reply: "taken"}
	for name, test := range map[string]struct {
		relay relay
		want  liaison.TransmissionState
		dot   bool
	}{
		"accepted": {func(dot func() error) mail.Result {
			if err := dot(); err != nil {
				return mail.Result{Stage: liaison.StageData, Err: err}
			}
			return accepted
		}, liaison.TransmissionAccepted, true},
		"refused": {func(func() error) mail.Result { return mail.Result{Stage: liaison.StageRcpt, Code: 550, Reply: "no"} }, liaison.TransmissionRefused, false},
		"no server": {func(func() error) mail.Result {
			return mail.Result{Stage: liaison.StageConnect, Err: errors.New("connection refused")}
		}, liaison.TransmissionDeferred, false},
		"our own credentials": {func(func() error) mail.Result {
			return mail.Result{Stage: liaison.StageConnect, Code: 535, Reply: "who are you"}
		}, liaison.TransmissionDeferred, false},
		"lost before the dot": {func(func() error) mail.Result { return mail.Result{Stage: liaison.StageData, Err: errors.New("reset")} }, liaison.TransmissionDeferred, false},
		"lost after the dot": {func(dot func() error) mail.Result {
			return mail.Result{Stage: liaison.StageDot, Err: errors.Join(dot(), errors.New("reset"))}
		}, liaison.TransmissionUnknown, true},
	} {
		t.Run(name, func(t *testing.T) {
			sends := 0
			a, env, x := bench(t, func(dot func() error) mail.Result { sends++; return test.relay(dot) })
			value, err := env.ExecuteActivity(a.Transmit, x.ID)
			if err != nil {
				t.Fatal(err)
			}
			var got activities.Transmission
			if err := value.Get(&got); err != nil || got.ID != x.ID || got.State != test.want || got.NextTry.IsZero() != (test.want != liaison.TransmissionDeferred) {
				t.Errorf("came to %+v, %v; want %s", got, err, test.want)
			}
			attempts, err := a.Store.Attempts(t.Context(), x.ID)
			if err != nil || len(attempts) != 1 || (attempts[0].Dot != nil) != test.dot || attempts[0].Worker != "test" {
				t.Errorf("on the record stands %+v, %v", attempts, err)
			}
			if test.want.Settled() { // repeated by whatever mistake, it only looks
				again, err := env.ExecuteActivity(a.Transmit, x.ID)
				if err != nil || again.Get(&got) != nil || got.State != test.want || sends != 1 {
					t.Errorf("again: %+v, %v, sent %d times", got, err, sends)
				}
			}
		})
	}
}

// TestNoDotAfterGivingUp: while the relay was slow, the attempt was given up; the final dot is not written.
func TestNoDotAfterGivingUp(t *testing.T) {
	var a *activities.Activities
	var x store.Transmission
	wrote := false
	r := func(dot func() error) mail.Result {
		if _, err := a.Store.Abandon(t.Context(), x.ID, a.Retry); err != nil {
			t.Error(err)
		}
		err := dot()
		wrote = err == nil
		return mail.Result{Stage: liaison.StageData, Err: err}
	}
	var env *testsuite.TestActivityEnvironment
	a, env, x = bench(t, r)
	value, err := env.ExecuteActivity(a.Transmit, x.ID)
	var got activities.Transmission
	if err != nil || value.Get(&got) != nil || got.State != liaison.TransmissionDeferred || wrote {
		t.Errorf("came to %+v, %v; the dot was written: %t", got, err, wrote)
	}
}

// TestOutcomeIsKeptThroughErrors: the answer is known to this activity alone; an error of the database that nobody has thought of
// is no reason to forget it.
func TestOutcomeIsKeptThroughErrors(t *testing.T) {
	pool := testkit.Database(t, migrations.Up)
	a, env, x := benchOn(t, pool, func(dot func() error) mail.Result {
		if err := dot(); err != nil {
			t.Error(err)
		}
		if _, err := pool.Exec(t.Context(), `
			CREATE SEQUENCE tries;
			CREATE FUNCTION stumble() RETURNS trigger LANGUAGE plpgsql AS $$
			BEGIN
				IF nextval('tries') < 3 THEN RAISE EXCEPTION 'nobody has thought of this' USING ERRCODE = 'XX000'; END IF;
				RETURN NEW;
			END $$;
			CREATE TRIGGER stumble BEFORE UPDATE ON attempt FOR EACH ROW EXECUTE FUNCTION stumble()`); err != nil {
			t.Error(err)
		}
		return mail.Result{Stage: liaison.StageDot, Code: 250, Reply: "taken"}
	})
	value, err := env.ExecuteActivity(a.Transmit, x.ID)
	var got activities.Transmission
	if err != nil || value.Get(&got) != nil || got.State != liaison.TransmissionAccepted {
		t.Errorf("came to %+v, %v", got, err)
	}
	var tries int
	if err := pool.QueryRow(t.Context(), `SELECT last_value FROM tries`).Scan(&tries); err != nil || tries < 3 {
		t.Errorf("stumbled over %d tries, %v: this tested nothing", tries, err)
	}
}

func TestAbandonAndAdopt(t *testing.T) {
	a, env, x := bench(t, nil)
	c, err := a.Store.Claim(t.Context(), x.ID, "a worker that is gone")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Store.Dot(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	value, err := env.ExecuteActivity(a.Abandon, x.ID)
	var got activities.Transmission
	if err != nil || value.Get(&got) != nil || got.State != liaison.TransmissionUnknown {
		t.Errorf("abandoned after the dot: %+v, %v", got, err)
	}
	started := runs{}
	a.Runs = started
	value, err = env.ExecuteActivity(a.Adopt)
	var n int
	if err != nil || value.Get(&n) != nil || n != 1 || started[x.Statement] != liaison.Dispatching {
		t.Errorf("adopted %d: %v, %v", n, started, err)
	}
	value, err = env.ExecuteActivity(a.OpenBatches, x.Statement)
	var open []store.OpenBatch
	if err != nil || value.Get(&open) != nil || len(open) != 3 { // the letters of two commands, and the statement
		t.Errorf("open batches are %+v, %v", open, err)
	}
	_, err = env.ExecuteActivity(a.Abandon, liaison.TransmissionID(uuid.NewString()))
	if liaison.CodeOf(activities.Cause(err)) != liaison.NotFound {
		t.Errorf("a message that is not there: %v", err)
	}
}

// runs takes down which workflows are asked for.
type runs map[liaison.StatementID]liaison.State

func (r runs) Resume(_ context.Context, id liaison.StatementID, state liaison.State) error {
	r[id] = state
	return nil
}

func (r runs) Nudge(_ context.Context, id liaison.StatementID, state liaison.State) error {
	r[id] = state
	return nil
}
