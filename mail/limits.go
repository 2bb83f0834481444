package mail

import (
	"strings"
	"sync"
	"time"

	"github.com/jca-ml/liaison/liaison"
)

// Limits bounds what one worker sends to one destination: so many connections at once, so many messages a minute. A
// destination that asks for less gets half, down to one a minute, and after a quiet time twice as much again. It is safe for
// concurrent use.
type Limits struct {
	AtOnce    int // connections to a destination; 0 for no bound
	PerMinute int // messages to it; 0 for no bound

	now   func() time.Time
	mu    sync.Mutex
	place map[string]*destination
}

type destination struct {
	open   int
	rate   float64 // messages a minute
	tokens float64
	filled time.Time
	calm   time.Time // when the rate was changed last
	queue  int       // messages that were sent away since one got its turn
}

// quiet is how long a destination has to be content before it gets more again.
const quiet = 10 * time.Minute

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
		d = &destination{rate: float64(l.PerMinute), tokens: float64(l.PerMinute), filled: now, calm: now}
		l.place[domain] = d
	}
	if d.rate < float64(l.PerMinute) && now.Sub(d.calm) >= quiet {
		d.rate, d.calm = min(2*d.rate, float64(l.PerMinute)), now
	}
	d.tokens, d.filled = min(d.rate, d.tokens+d.rate*now.Sub(d.filled).Minutes()), now
	switch {
	case l.PerMinute > 0 && d.tokens < 1:
		d.queue++
		return nil, time.Duration((float64(d.queue) - d.tokens) / d.rate * float64(time.Minute))
	case l.AtOnce > 0 && d.open >= l.AtOnce:
		d.queue++
		return nil, time.Second
	}
	d.open++
	d.tokens--
	d.queue = 0
	return func(r Result) { l.done(d, r) }, 0
}

func (l *Limits) done(d *destination, r Result) {
	l.mu.Lock()
	defer l.mu.Unlock()
	d.open--
	if liaison.SlowsDestination(r.Code, r.Enhanced) && l.PerMinute > 0 {
		d.rate, d.calm = max(1, d.rate/2), l.clock()
		d.tokens = min(d.tokens, d.rate)
	}
}

func (l *Limits) clock() time.Time {
	if l.now != nil {
		return l.now()
	}
	return time.Now()
}
