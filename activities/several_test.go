package activities_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
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

// byAddress is the world: it answers each recipient by its own script, and counts how many messages are on their way at once.
type byAddress struct {
	mu     sync.Mutex
	now    int
	most   int
	sends  map[string]int
	answer func(to string, dot func() error) mail.Result
	meet   *sync.WaitGroup // nil, or what every message waits for
}

func (w *byAddress) Send(ctx context.Context, env mail.SMTPEnvelope, _ []byte, beforeDot func(context.Context) error) mail.Result {
	w.mu.Lock()
	w.now++
	w.most = max(w.most, w.now)
	if w.sends == nil {
		w.sends = map[string]int{}
	}
	w.sends[env.To]++
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		w.now--
		w.mu.Unlock()
	}()
	if w.meet != nil {
		w.meet.Done()
		w.meet.Wait()
	}
	return w.answer(env.To, func() error { return beforeDot(ctx) })
}

// TestTransmitFirst: what was released is sealed and sent in one go; the commands of which something is left are named.
func TestTransmitFirst(t *testing.T) {
	for name, test := range map[string]struct {
		answer func(to string) mail.Result
		most   int
		open   bool
		sent   int
	}{
		"everything is accepted": {func(string) mail.Result { return mail.Result{Stage: liaison.StageDot, Code: 250} }, 50, false, 3},
		"one is put off": {func(to string) mail.Result {
			if strings.Contains(to, "w3c") {
				return mail.Result{Stage: liaison.StageRcpt, Code: 450, Err: errors.New("not now")}
			}
			return mail.Result{Stage: liaison.StageDot, Code: 250}
		}, 50, true, 3},
		"one is in doubt": {func(to string) mail.Result {
			if strings.Contains(to, "w3c") {
				return mail.Result{Stage: liaison.StageDot, Err: errors.New("EOF")}
			}
			return mail.Result{Stage: liaison.StageDot, Code: 250}
		}, 50, true, 3},
		"edge 01: one is refused, which settles it": {func(to string) mail.Result {
			if strings.Contains(to, "w3c") {
				return mail.Result{Stage: liaison.StageRcpt, Code: 550, Err: errors.New("no")}
			}
			return mail.Result{Stage: liaison.StageDot, Code: 250}
		}, 50, false, 3},
		"edge 02: fewer are sent than there are": {func(string) mail.Result { return mail.Result{Stage: liaison.StageDot, Code: 250} }, 2, true, 2},
	} {
		t.Run(name, func(t *testing.T) {
			w := &byAddress{answer: func(to string, dot func() error) mail.Result {
				r := test.answer(to)
				if r.Stage == liaison.StageDot {
					if err := dot(); err != nil {
						return mail.Result{Stage: liaison.StageData, Err: err}
					}
				}
				return r
			}}
			_, env, _, _ := severalTo(t, w, "w3c", "khronos", "itu-t/sg17")
			value, err := env.ExecuteActivity("TransmitFirst", activities.FirstInput{Batches: []liaison.CommandID{"dispatch", "never given"}, Most: test.most})
			if err != nil {
				t.Fatal(err)
			}
			var open []liaison.CommandID
			if err := value.Get(&open); err != nil {
				t.Fatal(err)
			}
			if want := test.open; (len(open) == 1 && open[0] == "dispatch") != want || len(open) > 1 {
				t.Errorf("left open: %q, want dispatch among them: %t", open, want)
			}
			if len(w.sends) != test.sent {
				t.Errorf("sent to %v", w.sends)
			}
		})
	}
}

// severalTo is a dispatch to bodies, sealed.
func severalTo(t *testing.T, w *byAddress, bodies ...liaison.Code) (*activities.Activities, *testsuite.TestActivityEnvironment, []liaison.TransmissionID, map[string]liaison.TransmissionID) {
	t.Helper()
	s := store.New(testkit.Database(t, migrations.Up))
	if err := seed.Register(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	id := liaison.StatementID(uuid.NewString())
	c := liaison.Content{
		Source: seed.JCAML, Title: "Roadmap", Deadline: "2099-01-31", ReplyTo: "jca-ml@liaison.example", Language: "en", Abstract: "Asks.", Text: "Please review.",
		Contacts: []liaison.Contact{{Name: seed.Chair.Name, Email: seed.Chair.Email}},
	}
	for _, b := range bodies {
		c.Addressees = append(c.Addressees, liaison.Addressee{Body: b, Purpose: liaison.ForAction})
	}
	if _, err := s.Create(t.Context(), id, seed.Editor.ID, c); err != nil {
		t.Fatal(err)
	}
	a := &activities.Activities{
		Store: s, Relay: w, Office: &post.Office{Store: s, From: "liaison@liaison.example", URL: "http://127.0.0.1"}, From: "liaison@liaison.example",
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
	if _, err := env.ExecuteActivity(a.Seal, liaison.CommandID(liaison.DoDispatch)); err != nil {
		t.Fatal(err)
	}
	ts, err := s.Batch(t.Context(), liaison.CommandID(liaison.DoDispatch))
	if err != nil {
		t.Fatal(err)
	}
	var ids []liaison.TransmissionID
	at := map[string]liaison.TransmissionID{}
	for _, x := range ts {
		if x.Digest == "" || x.Size == 0 {
			t.Errorf("the message to %s is not sealed", x.Email)
		}
		ids = append(ids, x.ID)
		at[string(x.Body)] = x.ID
	}
	return a, env, ids, at
}

func several(t *testing.T, a *activities.Activities, env *testsuite.TestActivityEnvironment, ids []liaison.TransmissionID) map[liaison.TransmissionID]activities.Transmission {
	t.Helper()
	value, err := env.ExecuteActivity(a.TransmitSeveral, ids)
	var got []activities.Transmission
	if err == nil {
		err = value.Get(&got)
	}
	if err != nil || len(got) != len(ids) {
		t.Fatalf("came to %+v, %v", got, err)
	}
	out := map[liaison.TransmissionID]activities.Transmission{}
	for _, x := range got {
		out[x.ID] = x
	}
	return out
}

// TestTransmitSeveral: each has an attempt and an outcome of its own, and what goes wrong with one touches no other.
func TestTransmitSeveral(t *testing.T) {
	w := &byAddress{answer: func(to string, dot func() error) mail.Result {
		switch {
		case strings.HasPrefix(to, "sg13"):
			return mail.Result{Stage: liaison.StageRcpt, Code: 550, Reply: "no such mailbox", Err: errors.New("550")}
		case strings.HasPrefix(to, "sg17"):
			return mail.Result{Stage: liaison.StageDot, Err: errors.Join(dot(), errors.New("reset"))}
		}
		if err := dot(); err != nil {
			return mail.Result{Stage: liaison.StageData, Err: err}
		}
		return mail.Result{Stage: liaison.StageDot, Code: 250, Reply: "taken"}
	}}
	a, env, ids, at := severalTo(t, w, "itu-t/sg13", "itu-t/sg17", "w3c", "ieee", "itu-t/sg11")
	if err := a.Store.HoldBody(t.Context(), "ieee", "their server is being moved", ""); err != nil {
		t.Fatal(err)
	}
	gone, err := a.Store.Claim(t.Context(), at["itu-t/sg11"], "another worker")
	if err != nil {
		t.Fatal(err)
	}
	got := several(t, a, env, ids)
	for body, want := range map[string]liaison.TransmissionState{
		"itu-t/sg13": liaison.TransmissionRefused, "itu-t/sg17": liaison.TransmissionUnknown, "w3c": liaison.TransmissionAccepted,
		"ieee": liaison.TransmissionDeferred, "itu-t/sg11": liaison.TransmissionAttempting,
	} {
		if x := got[at[body]]; x.State != want || x.Held != (body == "ieee") {
			t.Errorf("%s: %+v, want %s", body, x, want)
		}
	}
	for body, n := range map[string]int{"itu-t/sg13": 1, "itu-t/sg17": 1, "w3c": 1, "ieee": 0} {
		attempts, err := a.Store.Attempts(t.Context(), at[body])
		if err != nil || len(attempts) != n {
			t.Errorf("%s: %d attempts, %v; want %d", body, len(attempts), err, n)
		}
	}
	if len(w.sends) != 3 {
		t.Errorf("sent were %v", w.sends)
	}
	// Repeated by whatever mistake, nothing that is settled or being sent is sent again.
	if several(t, a, env, ids); w.sends["w3c@w3c.example"] > 1 || len(w.sends) != 3 {
		t.Errorf("again: %v", w.sends)
	}
	value, err := env.ExecuteActivity(a.AbandonSeveral, ids)
	var after []activities.Transmission
	if err != nil || value.Get(&after) != nil || len(after) != len(ids) {
		t.Fatalf("abandoned: %+v, %v", after, err)
	}
	for _, x := range after {
		want := got[x.ID].State
		switch x.ID {
		case gone.ID:
			want = liaison.TransmissionDeferred // its dot was never written
		case at["ieee"]:
			want = liaison.TransmissionQueued
		}
		if x.State != want {
			t.Errorf("given up: %+v, want %s", x, want)
		}
	}
}

// TestSeveralAtOnce: no message waits for the answer to another; and no more are on their way than the worker may have.
func TestSeveralAtOnce(t *testing.T) {
	taken := func(_ string, dot func() error) mail.Result {
		if err := dot(); err != nil {
			return mail.Result{Stage: liaison.StageData, Err: err}
		}
		return mail.Result{Stage: liaison.StageDot, Code: 250, Reply: "taken"}
	}
	w := &byAddress{answer: taken, meet: &sync.WaitGroup{}}
	w.meet.Add(4) // would wait for ever if one waited for another
	a, env, ids, _ := severalTo(t, w, "itu-t/sg13", "itu-t/sg17", "w3c", "ieee")
	for id, x := range several(t, a, env, ids) {
		if x.State != liaison.TransmissionAccepted {
			t.Errorf("%s is %s", id, x.State)
		}
	}
	w = &byAddress{answer: taken}
	a, env, ids, _ = severalTo(t, w, "itu-t/sg13", "itu-t/sg17", "w3c", "ieee")
	a.AtOnce = 2
	several(t, a, env, ids)
	if w.most > 2 || len(w.sends) != 4 {
		t.Errorf("%d were on their way at once, %d were sent", w.most, len(w.sends))
	}
}
