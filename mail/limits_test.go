package mail

import (
	"testing"
	"time"
)

// TestLimits: thirty a minute and two at once to one domain; another domain is not held up, and 421 halves it.
func TestLimits(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	l := &Limits{AtOnce: 2, PerMinute: 30, now: func() time.Time { return now }}
	send := func(to string, r Result) time.Duration {
		done, wait := l.Take(to)
		if done != nil {
			done(r)
		}
		return wait
	}
	for i := range 30 {
		if wait := send("a@slow.example", Result{Code: 250}); wait != 0 {
			t.Fatalf("message %d waits %s", i+1, wait)
		}
	}
	first, second := send("a@SLOW.example", Result{}), send("b@slow.example", Result{})
	if first != 2*time.Second || second != 4*time.Second {
		t.Errorf("the next two wait %s and %s, want 2 s and 4 s", first, second)
	}
	if wait := send("a@other.example", Result{Code: 250}); wait != 0 {
		t.Errorf("another domain waits %s", wait)
	}
	now = now.Add(2 * time.Second)
	if wait := send("a@slow.example", Result{Code: 421}); wait != 0 {
		t.Errorf("after two seconds it waits %s", wait)
	}
	now = now.Add(2 * time.Second) // half a token by now
	if wait := send("a@slow.example", Result{}); wait != 2*time.Second {
		t.Errorf("after 421 it waits %s, want 2 s", wait)
	}
	now = now.Add(quiet)
	if wait := send("a@slow.example", Result{Code: 250}); wait != 0 || l.place["slow.example"].rate != 30 {
		t.Errorf("after a quiet time it waits %s, at %v a minute", wait, l.place["slow.example"].rate)
	}
	one, _ := l.Take("x@third.example")
	two, _ := l.Take("x@third.example")
	if three, wait := l.Take("x@third.example"); three != nil || wait != time.Second {
		t.Errorf("a third connection is open at once; wait %s", wait)
	}
	one(Result{})
	if three, _ := l.Take("x@third.example"); three == nil {
		t.Error("after one ended there is no place")
	}
	two(Result{})

	free := &Limits{}
	for range 1000 {
		if done, wait := free.Take("a@slow.example"); done == nil || wait != 0 {
			t.Fatal("without limits something waits")
		}
	}
}

// TestLimitsWithoutABound: nothing waits until a destination asks for less, then it gets so much as it is content with, others are
// not held up, and after a while there is no bound again.
func TestLimitsWithoutABound(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	l := &Limits{now: func() time.Time { return now }}
	send := func(to string, r Result) time.Duration {
		done, wait := l.Take(to)
		if done != nil {
			done(r)
		}
		return wait
	}
	for i := range 1000 {
		if wait := send("a@many.example", Result{Code: 250}); wait != 0 {
			t.Fatalf("message %d waits %s", i+1, wait)
		}
	}
	if wait := send("a@many.example", Result{Code: 450, Enhanced: "4.7.1"}); wait != 0 {
		t.Fatalf("it waits %s", wait)
	}
	if wait := send("a@many.example", Result{Code: 250}); wait != 2*time.Second {
		t.Errorf("behind a 4.7.1 the next one waits %s, want 2 s", wait)
	}
	if wait := send("a@other.example", Result{Code: 250}); wait != 0 {
		t.Errorf("another domain waits %s", wait)
	}
	now = now.Add(2 * time.Second)
	if wait := send("a@many.example", Result{Code: 421}); wait != 0 {
		t.Errorf("after two seconds it waits %s", wait)
	}
	now = now.Add(2 * time.Second)
	if wait := send("a@many.example", Result{Code: 250}); wait != 2*time.Second {
		t.Errorf("halved once more, the next one waits %s, want 2 s", wait)
	}
	for range 6 {
		now = now.Add(quiet)
		send("a@many.example", Result{Code: 250})
	}
	for i := range 1000 {
		if wait := send("a@many.example", Result{Code: 250}); wait != 0 {
			t.Fatalf("after six quiet times message %d waits %s", i+1, wait)
		}
	}
}

// TestSentAwayForAsLongAsItTakes: where as many are on their way as may be and each takes a minute, those that come then are not told to
// ask again every second.
func TestSentAwayForAsLongAsItTakes(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	l := &Limits{AtOnce: 2, now: func() time.Time { return now }}
	for range 40 {
		done, _ := l.Take("a@slow.example")
		now = now.Add(time.Minute)
		done(Result{Code: 250})
	}
	for range 2 {
		l.Take("a@slow.example")
	}
	var last time.Duration
	for range 4 {
		if _, last = l.Take("a@slow.example"); last < 25*time.Second {
			t.Errorf("it is sent away for %s", last)
		}
	}
	if last < 110*time.Second || last > 2*time.Minute {
		t.Errorf("the fourth is sent away for %s, want about two minutes", last)
	}
}
