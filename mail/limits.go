package mail

import (
	"math"
	"strings"
	"sync"
	"time"

	"github.com/jca-ml/liaison/liaison"
)

// Limits bounds what one worker sends to one destination: so many messages on their way at once where each takes long, so many messages a
// minute. A destination that asks for less gets half, down to one a minute, and after a quiet time twice as much again. Where no bound is
// set, one that asks for less gets [slowed], and after some quiet times none again. It is safe for concurrent use.
type Limits struct {
	AtOnce    int // messages on their way to a destination for which the relay takes long, or of which nobody knows yet; 0 for no bound
	PerMinute int // messages to it; 0 for no bound

	now   func() time.Time
	mu    sync.Mutex
	place map[string]*destination
}

type destination struct {
	open   int
	flying map[*Turn]time.Time // those that the relay is being given, and since when
	rate   float64             // messages a minute; infinite for no bound
	tokens float64
	filled time.Time
	calm   time.Time     // when the rate was changed last
	told   time.Time     // when the last of those that were sent away is to come
	took   time.Duration // by one message, about; 0 before the first
}

const (
	// long is what a message takes of the relay's time from which on a destination could keep others waiting. Those that are quicker
	// make place soon enough by themselves.
	long = time.Second

	// quiet is how long a destination has to be content before it gets more again.
	quiet = 10 * time.Minute

	// slowed is how many messages a minute go to a destination that asks for less where no bound is set, and enough from how many
	// on there is none again.
	slowed = 30
	enough = 16 * slowed

	// A message is sent away for a while between these, and asks again at least so much later.
	awayAtLeast = time.Second
	awayAtMost  = 5 * time.Minute
	askAgain    = 20 * time.Millisecond
)

// Turn is that of a message at its destination. A nil one is bound by nothing.
type Turn struct {
	limits *Limits
	of     *destination
}

// Take takes a turn for a message to the address, to be ended by [Turn.End]; or it is nil, and wait says when one may be had. A message that
// was sent away by [Limits.Later] has been told when to come, and comes before those that are new.
func (l *Limits) Take(address string, told bool) (turn *Turn, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock()
	d := l.destination(address, now)
	quick := d.quick(now)
	full := d.tokens < 1 || l.AtOnce > 0 && d.open >= l.AtOnce && !quick
	others := d.told.After(now) && !(quick && math.IsInf(d.rate, 1)) // were told to come before; where there is place for all, that is no matter
	switch {
	case told && full:
		return nil, max(d.each(l), askAgain)
	case !told && (full || others):
		return nil, max(d.told.Sub(now), 0) + max(d.each(l), askAgain)
	}
	d.open++
	d.tokens--
	return &Turn{l, d}, 0
}

// Begin says that the relay is given the message now.
func (t *Turn) Begin() {
	if t == nil {
		return
	}
	t.limits.mu.Lock()
	defer t.limits.mu.Unlock()
	t.of.flying[t] = t.limits.clock()
}

// End ends the turn with what came of it.
func (t *Turn) End(r Result) {
	if t == nil {
		return
	}
	l, d := t.limits, t.of
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock()
	d.open--
	delete(d.flying, t)
	switch {
	case r.Took == 0: // nothing was tried
	case d.took == 0:
		d.took = r.Took
	default:
		d.took += (r.Took - d.took) / 8
	}
	if liaison.SlowsDestination(r.Code, r.Enhanced) {
		if math.IsInf(d.rate, 1) {
			d.rate, d.tokens, d.filled = slowed, 0, now
		} else {
			d.rate = max(1, d.rate/2)
		}
		d.calm = now
		d.tokens = min(d.tokens, d.rate)
	}
}

// quick reports whether the relay is known to take little time for the destination's messages, those that it has just now among them.
func (d *destination) quick(now time.Time) bool {
	for _, began := range d.flying {
		if now.Sub(began) >= long {
			return false
		}
	}
	return d.took > 0 && d.took < long
}

// Later sends a message away that got no turn, and says after which time it is to come again: behind those that were sent away before, at
// the pace at which turns come free. So whoever waits asks about once, however many wait.
func (l *Limits) Later(address string) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock()
	d := l.destination(address, now)
	if d.told.Before(now) {
		d.told = now
	}
	d.told = d.told.Add(d.each(l))
	if latest := now.Add(awayAtMost); d.told.After(latest) {
		d.told = latest
	}
	return max(d.told.Sub(now), awayAtLeast)
}

// destination is that of an address, with what it may have by now.
func (l *Limits) destination(address string, now time.Time) *destination {
	domain := strings.ToLower(address[strings.LastIndexByte(address, '@')+1:])
	d := l.place[domain]
	if d == nil {
		if l.place == nil {
			l.place = map[string]*destination{}
		}
		d = &destination{flying: map[*Turn]time.Time{}, rate: l.most(), tokens: l.most(), filled: now, calm: now}
		l.place[domain] = d
	}
	if d.rate < l.most() && now.Sub(d.calm) >= quiet {
		d.rate, d.calm = min(2*d.rate, l.most()), now
		if l.PerMinute == 0 && d.rate > enough {
			d.rate, d.tokens = l.most(), l.most()
		}
	}
	if bound := !math.IsInf(d.rate, 1); bound {
		d.tokens, d.filled = min(d.rate, d.tokens+d.rate*now.Sub(d.filled).Minutes()), now
	}
	return d
}

// each is how long after one turn the next one comes free, about.
func (d *destination) each(l *Limits) (wait time.Duration) {
	if !math.IsInf(d.rate, 1) {
		wait = time.Duration(float64(time.Minute) / d.rate)
	}
	if l.AtOnce > 0 {
		took := d.took
		if took == 0 {
			took = long // for all that is known
		}
		wait = max(wait, took/time.Duration(l.AtOnce))
	}
	return wait
}

// most is the rate that is set.
func (l *Limits) most() float64 {
	if l.PerMinute == 0 {
		return math.Inf(1)
	}
	return float64(l.PerMinute)
}

func (l *Limits) clock() time.Time {
	if l.now != nil {
		return l.now()
	}
	return time.Now()
}
