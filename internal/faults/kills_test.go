package faults

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
)

// TestManyKills kills again and again, at moments that are nothing but random, while statements are dispatched. Everything is
// received once and known to be: what a kill left in doubt settles by our own copy.
func TestManyKills(t *testing.T) {
	t.Parallel()
	for _, s := range []struct {
		name            string
		victims         []string
		messages, kills int
	}{
		{"worker", onlyWorker, sized(600, 60), sized(150, 12)},
		{"worker, Temporal and PostgreSQL", allThree, sized(600, 60), sized(150, 9)},
	} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			r, c := startCut(t)
			began := time.Now()
			ids := r.harassed(t, c, s.victims, s.messages/twenty, s.kills)
			n := r.exactlyOnce(t, c, ids)
			known := r.counted(t)
			t.Logf("FIGURES killed at random, %s: %v; %s; %d doubts, %d proven absent, %d copies; took %s",
				s.name, r.kills, n, known.doubts, known.absent, known.copies, time.Since(began).Round(time.Second))
			if len(r.kills) != len(s.victims) || n.Attempts+known.doubts <= n.Messages {
				t.Errorf("the kills %v stood in the way of no message: this tested nothing", r.kills)
			}
		})
	}
}

// TestManyKillsControl: a sender that tries again whatever happened doubles what was killed behind the dot.
func TestManyKillsControl(t *testing.T) {
	t.Parallel()
	r, c := startCut(t, asNaive+"=1")
	began := time.Now()
	ids := r.harassed(t, c, onlyWorker, sized(600, 100)/twenty, sized(150, 20))
	for _, id := range ids {
		testkit.Eventually(t, 4*soon, func() error { return r.settled(t.Context(), id, liaison.Dispatched, liaison.DispatchedInPart) })
	}
	n, problems := judge(r.entries(t, soon, underway, ids...), c.world(), nil)
	t.Logf("FIGURES killed at random, CONTROL, plain retry: %v; %s; took %s", r.kills, n, time.Since(began).Round(time.Second))
	if n.Duplicates == 0 || !strings.Contains(fmt.Sprint(problems), "received 2 times") {
		t.Errorf("the naive sender doubled nothing (%d, %q): the test is broken", n.Duplicates, problems)
	}
}

// harassed approves statements to twenty each, and kills while they are dispatched: every part lives for a random while.
// The statements are spread over the kills, so that there is always something on its way.
func (r *rig) harassed(t *testing.T, c *cutter, victims []string, statements, kills int) []liaison.StatementID {
	t.Helper()
	c.set(false, false)
	c.answerWithin(time.Second)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	ids := r.submittedMany(t, statements)
	approved := make(chan error, statements)
	next := 0
	order := make([]string, kills)
	for i := range order {
		order[i] = victims[i%len(victims)]
	}
	random.Shuffle(kills, func(i, j int) { order[i], order[j] = order[j], order[i] })
	for i, victim := range order {
		for ; next*kills < (i+1)*statements && next < statements; next++ {
			cmd := r.approval(t, ids[next])
			go func() { approved <- r.give(t.Context(), cmd) }()
		}
		life := time.NewTimer(200*time.Millisecond + time.Duration(random.Int64N(int64(1300*time.Millisecond))))
		<-life.C
		r.kill(t, victim)
		r.restart(t, victim)
	}
	for range next {
		if err := <-approved; err != nil {
			t.Fatal(err)
		}
	}
	c.answerWithin(0)
	return ids
}

// answerWithin says how long the relay may take for an answer.
func (c *cutter) answerWithin(most time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.slow = most
}
