package faults

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jca-ml/liaison/internal/demo/parts"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
)

// harm is one kill in the middle of a dispatch.
type harm struct {
	at          moment
	free, count int // messages that pass the moment before, and that are caught in it
	kill        []string
	late        bool // what was caught goes on only when everything runs again
}

var (
	onlyWorker   = []string{theWorker}
	onlyTemporal = []string{theTemporal}
	onlyPostgres = []string{thePostgres}
	allThree     = []string{theWorker, theTemporal, thePostgres}
)

// Whatever is killed, and whenever, each of twenty messages is received exactly once or shown as unknown, and never twice
// (architecture.md, "Dispatch: never lost, never twice"). Here the moments are chosen.
func TestKillAtChosenMoments(t *testing.T) {
	t.Parallel()
	r := start(t, asForgetful+"=1")
	table := newTable(t, r)
	for _, s := range []struct {
		name  string
		harms []harm
		doubt bool // an outcome must be unknown to somebody: else the harm missed
	}{
		{"nothing is killed", nil, false},
		{"worker, attempts just committed", []harm{{claimed, 4, 5, onlyWorker, false}}, false},
		{"worker, before the dot", []harm{{written, 4, 5, onlyWorker, false}}, false},
		{"worker, dot in the ledger and not on the wire", []harm{{dotted, 4, 3, onlyWorker, false}}, true},
		{"worker, after the dot and before the answer", []harm{{stored, 4, 5, onlyWorker, false}}, true},
		{"worker, answer not recorded yet", []harm{{answered, 4, 5, onlyWorker, false}}, true},
		{"Temporal, answers come while it is down", []harm{{stored, 4, 5, onlyTemporal, false}}, false},
		{"Temporal, answers come after it is back", []harm{{stored, 4, 5, onlyTemporal, true}}, false},
		{"PostgreSQL, before the dot", []harm{{written, 4, 5, onlyPostgres, false}}, false},
		{"PostgreSQL, answers not recorded yet", []harm{{answered, 4, 5, onlyPostgres, false}}, false},
		{"all three, after the dot and before the answer", []harm{{stored, 4, 5, allThree, false}}, true},
	} {
		t.Run(s.name, func(t *testing.T) {
			began := time.Now()
			id := r.submitted(t)
			r.disturb(t, id, s.harms)
			n := r.examined(t, id)
			if s.doubt && n.Unknown == 0 {
				t.Error("nothing was in doubt, so this situation tested nothing")
			}
			table.add(s.name, n, began)
		})
	}
	t.Run("commits lost, and answers to commits lost", func(t *testing.T) {
		began := time.Now()
		id := r.submitted(t)
		r.proxy.every.Store(5)
		r.do(t, r.approval(t, id))
		r.finish(t, id)
		r.proxy.every.Store(0)
		n := r.examined(t, id)
		lost, doubtful := r.proxy.lost.Load(), r.proxy.doubtful.Load()
		if lost == 0 || doubtful == 0 {
			t.Errorf("%d commits were lost and %d answers: this tested nothing", lost, doubtful)
		}
		table.add(fmt.Sprintf("%d commits lost, and %d answers to commits", lost, doubtful), n, began)
	})
	t.Run("control: a naive sender sends twice", func(t *testing.T) {
		began := time.Now()
		id := r.submitted(t)
		r.kill(t, theWorker)
		r.startWorker(t, asNaive+"=1")
		hit, open := r.gate.hold(stored, r.of(t, id), 4, 5)
		defer open()
		r.do(t, r.approval(t, id))
		r.await(t, hit, "five messages are with the world")
		r.kill(t, theWorker)
		open()
		r.startWorker(t, asNaive+"=1")
		r.finish(t, id)
		n, problems := r.examine(t, id)
		r.kill(t, theWorker)
		r.startWorker(t)
		if n.Duplicates == 0 || !slices.ContainsFunc(problems, func(p string) bool { return strings.Contains(p, "received 2 times") }) {
			t.Errorf("the judge found %d duplicates and says %q; it cannot tell a sender that sends twice", n.Duplicates, problems)
		}
		table.add("CONTROL, naive sender: worker, before the answer", n, began)
	})
}

// TestKillAtRandom kills at moments that nobody thought of; LIAISON_FAULTS_ROUNDS says how often over.
func TestKillAtRandom(t *testing.T) {
	t.Parallel()
	r := start(t)
	table := newTable(t, r)
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	over := 1
	if s := os.Getenv("LIAISON_FAULTS_ROUNDS"); s != "" {
		var err error
		if over, err = strconv.Atoi(s); err != nil {
			t.Fatalf("LIAISON_FAULTS_ROUNDS: %v", err)
		}
	}
	for _, kills := range slices.Repeat([][][]string{
		{onlyWorker, onlyWorker, onlyWorker}, {onlyPostgres, onlyTemporal}, {allThree}, {onlyTemporal, onlyWorker, onlyPostgres},
	}, over) {
		name := fmt.Sprint(kills)
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			var harms []harm
			for _, kill := range kills {
				harms = append(harms, harm{moments[random.IntN(len(moments))], random.IntN(6), 1 + random.IntN(4), kill, random.IntN(2) == 0})
			}
			t.Logf("seed %d: %+v", seed, harms)
			id := r.submitted(t)
			r.disturb(t, id, harms)
			table.add(name, r.examined(t, id), began)
		})
	}
}

// TestStalledWorker: a worker that is only slow is taken for dead and another takes over; then it wakes up and goes on where it was.
func TestStalledWorker(t *testing.T) {
	t.Parallel()
	r := start(t, asForgetful+"=1")
	table := newTable(t, r)
	for _, s := range []struct {
		name   string
		at     moment
		answer string // the late one, "" for yes
	}{
		{"before the dot", written, ""},
		{"dot in the ledger and not on the wire", dotted, ""},
		{"the answer comes late", stored, ""},
		{"a no comes late", stored, ".554 5.6.0 No"},
		{"a not-now comes late", stored, ".451 4.3.0 Not now"},
	} {
		t.Run(s.name, func(t *testing.T) {
			began := time.Now()
			id := r.submitted(t)
			if s.answer != "" {
				for _, recipient := range r.addressees(t, id) {
					r.peer.say(recipient, s.answer)
				}
			}
			hit, open := r.gate.hold(s.at, r.of(t, id), 4, 3)
			defer open()
			r.do(t, r.approval(t, id))
			r.await(t, hit, "three messages are on their way")
			stalled := r.worker
			signal(t, stalled, syscall.SIGSTOP)
			defer func() {
				if err := stalled.Kill(); err != nil {
					t.Error(err)
				}
			}()
			r.startWorker(t)
			testkit.Eventually(t, soon, func() error { return r.takenOver(t.Context(), stalled.Pid()) })
			open()
			signal(t, stalled, syscall.SIGCONT)
			testkit.Eventually(t, soon, func() error { return r.noDoubt(t.Context(), id) }) // every answer came, if late
			table.add("worker stalls: "+s.name, r.examined(t, id), began)
		})
	}
}

func signal(t *testing.T, p *parts.Process, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(p.Pid(), s); err != nil {
		t.Fatal(err)
	}
}

// disturb approves a statement and does the harms while it is dispatched, one after the other.
func (r *rig) disturb(t *testing.T, id liaison.StatementID, harms []harm) {
	t.Helper()
	approve := r.approval(t, id)
	if len(harms) == 0 {
		r.do(t, approve)
		return
	}
	for i, h := range harms {
		hit, open := r.gate.hold(h.at, r.of(t, id), h.free, h.count)
		defer open()
		if i == 0 {
			r.do(t, approve)
		}
		testkit.Eventually(t, soon, func() error { // for a later harm there may be too few left to be caught
			select {
			case <-hit:
				return nil
			default:
			}
			if r.caught(t.Context(), id) {
				return nil
			}
			return r.settled(t.Context(), id, liaison.Dispatched, liaison.DispatchedInPart)
		})
		r.kill(t, h.kill...)
		if !h.late {
			open()
		}
		r.restart(t, h.kill...)
		open()
	}
}

// examined waits for the end of a statement and fails the test for everything that is not as promised.
func (r *rig) examined(t *testing.T, id liaison.StatementID) tally {
	t.Helper()
	r.finish(t, id)
	n, problems := r.examine(t, id)
	for _, p := range problems {
		t.Error(p)
	}
	return n
}

// table is what a test prints at its end.
type table struct{ lines []string }

func newTable(t *testing.T, r *rig) *table {
	x := &table{}
	t.Cleanup(func() {
		t.Logf("kill -9: %v\n%-52s %9s %9s %9s %9s %9s %9s %9s\n%s", r.kills,
			"situation", "messages", "attempts", "received", "accepted", "unknown", "twice", "took", strings.Join(x.lines, "\n"))
	})
	return x
}

func (x *table) add(name string, n tally, began time.Time) {
	x.lines = append(x.lines, fmt.Sprintf("%-52s %9d %9d %9d %9d %9d %9d %9s", name,
		n.Messages, n.Attempts, n.Received, n.Accepted, n.Unknown, n.Duplicates, time.Since(began).Round(100*time.Millisecond)))
}
