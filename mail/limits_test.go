package mail

import (
	"testing"
	"time"
)

// limited is a destination's limits and a clock to move.
type limited struct {
	*Limits
	now time.Time
}

func limits(atOnce, perMinute int) *limited {
	l := &limited{Limits: &Limits{AtOnce: atOnce, PerMinute: perMinute}, now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	l.Limits.now = func() time.Time { return l.now }
	return l
}

// send sends a message, or is how long it is sent away for.
func (l *limited) send(to string, told bool, r Result) time.Duration {
	done, _ := l.Take(to, told)
	if done == nil {
		return l.Later(to)
	}
	done.End(r)
	return 0
}

// TestLimits: thirty a minute and two at once to one domain; another domain is not held up, and 421 halves it.
func TestLimits(t *testing.T) {
	l := limits(2, 30)
	for i := range 30 {
		if wait := l.send("a@slow.example", false, Result{Code: 250}); wait != 0 {
			t.Fatalf("message %d waits %s", i+1, wait)
		}
	}
	first, second := l.send("a@SLOW.example", false, Result{}), l.send("b@slow.example", false, Result{})
	if first != 2*time.Second || second != 4*time.Second {
		t.Errorf("the next two wait %s and %s, want 2 s and 4 s", first, second)
	}
	if wait := l.send("a@other.example", false, Result{Code: 250}); wait != 0 {
		t.Errorf("another domain waits %s", wait)
	}
	l.now = l.now.Add(2 * time.Second)
	if wait := l.send("c@slow.example", false, Result{}); wait != 4*time.Second {
		t.Errorf("a new one is before one that was told to wait: it waits %s", wait)
	}
	if wait := l.send("a@slow.example", true, Result{Code: 421}); wait != 0 {
		t.Errorf("after the two seconds that it was told it waits %s", wait)
	}
	l.now = l.now.Add(2 * time.Second) // half a token by now
	if done, wait := l.Take("a@slow.example", true); done != nil || wait != 4*time.Second {
		t.Errorf("after 421 it waits %s, want 4 s", wait)
	}
	l.now = l.now.Add(quiet)
	if wait := l.send("a@slow.example", false, Result{Code: 250}); wait != 0 || l.place["slow.example"].rate != 30 {
		t.Errorf("after a quiet time it waits %s, at %v a minute", wait, l.place["slow.example"].rate)
	}
	one, _ := l.Take("x@third.example", false)
	two, _ := l.Take("x@third.example", false)
	if three, wait := l.Take("x@third.example", false); three != nil || wait != 2*time.Second {
		t.Errorf("a third connection is open at once; wait %s", wait)
	}
	one.End(Result{})
	if three, _ := l.Take("x@third.example", false); three == nil {
		t.Error("after one ended there is no place")
	}
	two.End(Result{})

	free := &Limits{}
	for range 1000 {
		if done, wait := free.Take("a@slow.example", false); done == nil || wait != 0 {
			t.Fatal("without limits something waits")
		}
	}
}

// TestLimitsWithoutABound: nothing waits until a destination asks for less, then it gets so much as it is content with, others are
// not held up, and after a while there is no bound again.
func TestLimitsWithoutABound(t *testing.T) {
	l := limits(0, 0)
	for i := range 1000 {
		if wait := l.send("a@many.example", false, Result{Code: 250}); wait != 0 {
			t.Fatalf("message %d waits %s", i+1, wait)
		}
	}
	if wait := l.send("a@many.example", false, Result{Code: 450, Enhanced: "4.7.1"}); wait != 0 {
		t.Fatalf("it waits %s", wait)
	}
	if wait := l.send("a@many.example", false, Result{Code: 250}); wait != 2*time.Second {
		t.Errorf("behind a 4.7.1 the next one waits %s, want 2 s", wait)
	}
	if wait := l.send("a@other.example", false, Result{Code: 250}); wait != 0 {
		t.Errorf("another domain waits %s", wait)
	}
	l.now = l.now.Add(2 * time.Second)
	if wait := l.send("a@many.example", true, Result{Code: 421}); wait != 0 {
		t.Errorf("after two seconds it waits %s", wait)
	}
	if wait := l.send("a@many.example", false, Result{Code: 250}); wait != 4*time.Second {
		t.Errorf("halved once more, the next one waits %s, want 4 s", wait)
	}
	for range 6 {
		l.now = l.now.Add(quiet)
		l.send("a@many.example", false, Result{Code: 250})
	}
	for i := range 1000 {
		if wait := l.send("a@many.example", false, Result{Code: 250}); wait != 0 {
			t.Fatalf("after six quiet times message %d waits %s", i+1, wait)
		}
	}
}

// TestQuickOnesAreNotCounted: of a destination for which the relay takes no time any number may be on their way; when it begins to take long,
// no more than are set.
func TestQuickOnesAreNotCounted(t *testing.T) {
	l := limits(2, 0)
	one, _ := l.Take("a@quick.example", false)
	two, _ := l.Take("a@quick.example", false)
	if done, _ := l.Take("a@quick.example", false); done != nil {
		t.Fatal("three are on their way before it is known how long one takes")
	}
	one.End(Result{Code: 250, Took: 20 * time.Millisecond})
	two.End(Result{Code: 250, Took: 20 * time.Millisecond})
	var open []*Turn
	for range 100 {
		done, _ := l.Take("a@quick.example", false)
		if done == nil {
			t.Fatalf("%d are on their way, and no other one may", len(open))
		}
		open = append(open, done)
	}
	open[50].Begin()
	l.now = l.now.Add(2 * time.Second)
	if done, _ := l.Take("a@quick.example", false); done != nil {
		t.Error("one has been on its way for two seconds, and any number may follow it")
	}
	for _, done := range open {
		done.End(Result{Code: 250, Took: 3 * time.Second})
	}
	one, _ = l.Take("a@quick.example", false)
	two, _ = l.Take("a@quick.example", false)
	if done, _ := l.Take("a@quick.example", false); done != nil {
		t.Error("three are on their way to where each takes three seconds")
	}
	for range 100 {
		l.Later("a@quick.example")
	}
	one.End(Result{Code: 250, Took: time.Second})
	if done, _ := l.Take("a@quick.example", false); done != nil {
		t.Error("a new one is before those that were sent away")
	}
	two.End(Result{Code: 250, Took: time.Second})
	for range 40 { // it is quick again
		l.send("a@quick.example", true, Result{Code: 250, Took: 10 * time.Millisecond})
	}
	if done, wait := l.Take("a@quick.example", false); done == nil {
		t.Errorf("where there is place for all, a new one waits %s for those that were sent away", wait)
	}
}

// TestSentAwayOnce: a thousand messages come at once to a destination that takes two seconds for each. Whoever is sent away is told a time
// at which there is a place, so that each asks about once more, and new ones do not go before those that wait.
func TestSentAwayOnce(t *testing.T) {
	l := limits(8, 0)
	const messages, took = 1000, 2 * time.Second
	type message struct {
		at   time.Time
		told bool
		asks int
	}
	var waiting []*message
	for range messages {
		waiting = append(waiting, &message{at: l.now})
	}
	type flight struct {
		ends time.Time
		done *Turn
	}
	var open []flight
	begun, sent, asks, most := l.now, 0, 0, 0
	for sent < messages && l.now.Sub(begun) < time.Hour {
		var still []flight
		for _, f := range open {
			if f.ends.After(l.now) {
				still = append(still, f)
				continue
			}
			f.done.End(Result{Code: 250, Took: took})
			sent++
		}
		open = still
		var left []*message
		for _, m := range waiting {
			if m.at.After(l.now) {
				left = append(left, m)
				continue
			}
			m.asks++
			asks, most = asks+1, max(most, m.asks)
			done, _ := l.Take("a@slow.example", m.told)
			if done == nil {
				m.at, m.told = l.now.Add(l.Later("a@slow.example")), true
				left = append(left, m)
				continue
			}
			open = append(open, flight{l.now.Add(took), done})
		}
		waiting = left
		l.now = l.now.Add(50 * time.Millisecond)
	}
	if least := messages / 8 * took; l.now.Sub(begun) > least*5/4 {
		t.Errorf("they took %s, and %s is possible", l.now.Sub(begun), least)
	}
	if asks > 4*messages || most > 12 {
		t.Errorf("they asked %d times, one of them %d times", asks, most)
	}
	t.Logf("%d messages in %s, asked %d times, one %d times", messages, l.now.Sub(begun), asks, most)
}
