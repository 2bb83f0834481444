package mail

import (
	"math"
	"strings"
	"sync"
	"time"

	"github.com/jca-ml/liaison/liaison"
)

// Limits bounds what one worker sends to one destination: so many messages on their way at once, so many messages a minute. A
// destination that asks for less gets half, down to one a minute, and after a quiet time twice as much again. Where no bound is
// set, one that asks for less gets [slowed], and after some quiet times none again. It is safe for concurrent use.
type Limits struct {
	AtOnce    int // messages on their way to a destination; 0 for no bound
	PerMinute int // messages to it; 0 for no bound

	now   func() time.Time
	mu    sync.Mutex
	place map[string]*destination
}

type destination struct {
	open   int
	rate   float64 // messages a minute; infinite for no bound
	tokens float64
	filled time.Time
	calm   time.Time     // when the rate was changed last
	queue  int           // messages that were sent away since one got its turn
	took   time.Duration // by one message, about
}

const (
	// quiet is how long a destination has to be content before it gets more again.
	quiet = 10 * time.Minute

	// slowed is how many messages a minute go to a destination that asks for less where no bound is set, and enough from how many
	// on there is none again.
	slowed = 30
	enough = 16 * slowed

	// awayAtMost is how long a message is sent away at most.
	awayAtMost = 5 * time.Minute
)

// Take takes a turn for a message to the address, to be ended by done with what came of it; or it says how long to wait before
// asking again, and done is nil.
func (l *Limits) Take(address string) (done func(Result), wait time.Duration) {
	domain := strings.ToLower(address[strings.LastIndexByte(address, '@')+1:])
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock()
	d := l.place[domain]
	if d == nil {
		if l.place == nil {
			l.place = map[string]*destination{}
		}
		d = &destination{rate: l.most(), tokens: l.most(), filled: now, calm: now}
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
	switch {
	case d.tokens < 1:
		d.queue++
		return nil, time.Duration((float64(d.queue) - d.tokens) / d.rate * float64(time.Minute))
	case l.AtOnce > 0 && d.open >= l.AtOnce:
		d.queue++
		return nil, min(max(time.Second, d.took*time.Duration(d.queue)/time.Duration(l.AtOnce)), awayAtMost)
	}
	d.open++
	d.tokens--
	d.queue = 0
	return func(r Result) { l.done(d, now, r) }, 0
}

// most is the rate that is set.
func (l *Limits) most() float64 {
	if l.PerMinute == 0 {
		return math.Inf(1)
	}
	return float64(l.PerMinute)
}

func (l *Limits) done(d *destination, began time.Time, r Result) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock()
	d.open--
	d.took += (now.Sub(began) - d.took) / 8
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

func (l *Limits) clock() time.Time {
	if l.now != nil {
		return l.now()
	}
	return time.Now()
}
