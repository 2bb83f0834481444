package mail

import (
	"context"
	"sync"
	"time"

	"github.com/jca-ml/liaison/liaison"
)

// Pool hands messages over through connections to a relay that it keeps open for the next message, so many at once and no
// more. It is safe for concurrent use. What it says to the relay about one message is what [Session.Send] says, and so is
// what is certain afterwards.
type Pool struct {
	relay  *Relay
	places chan struct{} // one for each connection that may be open; who waits for one gets it in turn

	mu      sync.Mutex
	idle    []*keptSession // the one used last is at the end
	closed  bool
	leaving sync.WaitGroup // connections that say QUIT
}

// keptSession is an open connection between two messages.
type keptSession struct {
	*Session
	carried int // messages so far
	expiry  *time.Timer
}

const (
	idleFor         = time.Minute // RFC 5321, 4.5.3.2.7 has servers wait 5 minutes for a command; many wait less
	perConnection   = 100         // messages; Postfix and others ask for a new connection after about as many
	defaultAtOnce   = 16          // connections
	patienceForRSET = 10 * time.Second
)

// NewPool makes a pool of at most so many connections, 16 if zero. It opens none before the first message.
func NewPool(relay *Relay, connections int) *Pool {
	if connections <= 0 {
		connections = defaultAtOnce
	}
	return &Pool{relay: relay, places: make(chan struct{}, connections)}
}

// Connections is how many may be open at once.
func (p *Pool) Connections() int { return cap(p.places) }

// Address is where the relay is, host:port, and how the ledger calls it.
func (p *Pool) Address() string { return p.relay.Address() }

// Send hands one message to one recipient over a connection that is open, or a new one; it waits for its turn where as many
// as may be are busy. A connection that was kept and turns out to be dead before the relay has answered MAIL is replaced
// without a word: of this message nothing was sent. From then on nothing is done twice. See [Session.Send].
func (p *Pool) Send(ctx context.Context, env SMTPEnvelope, message []byte, beforeDot func(context.Context) error) Result {
	select {
	case p.places <- struct{}{}:
	case <-ctx.Done():
		return p.relay.notOpened(context.Cause(ctx))
	}
	defer func() { <-p.places }()

	var result Result
	s := p.take(ctx)
	if s != nil {
		if result = s.Send(ctx, env, message, beforeDot); !s.dead(result) || ctx.Err() != nil {
			p.put(s)
			return result
		}
	}
	opened, err := p.relay.Open(ctx)
	if err != nil {
		return p.relay.notOpened(err)
	}
	s = &keptSession{Session: opened}
	result = s.Send(ctx, env, message, beforeDot)
	p.put(s)
	return result
}

// dead reports whether a connection broke, or was ended by the relay, before it had taken anything of a message.
func (s *keptSession) dead(r Result) bool {
	return s.closed && (r.Stage == liaison.StageConnect || r.Stage == liaison.StageMail)
}

// take returns a connection that is open and has no transaction begun, or nil for none.
func (p *Pool) take(ctx context.Context) *keptSession {
	for {
		p.mu.Lock()
		n := len(p.idle)
		if n == 0 {
			p.mu.Unlock()
			return nil
		}
		s := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		s.expiry.Stop()
		if s.ready(ctx) {
			return s
		}
	}
}

// put keeps a connection for the next message, or ends it.
func (p *Pool) put(s *keptSession) {
	if s.closed {
		return
	}
	s.carried++
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		s.drop() // whoever closed the pool waits no more
		return
	case s.carried >= perConnection:
		p.leaving.Go(s.Close)
		return
	}
	p.idle = append(p.idle, s)
	s.expiry = time.AfterFunc(idleFor, func() { p.expire(s) })
}

// expire ends a connection that nobody has used for long.
func (p *Pool) expire(s *keptSession) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, x := range p.idle {
		if x == s {
			p.idle = append(p.idle[:i], p.idle[i+1:]...)
			p.leaving.Go(s.Close)
			return
		}
	}
}

// Close says QUIT on every connection that is not in use and returns when they are closed; those in use are closed behind
// their messages, without QUIT.
func (p *Pool) Close() {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	for _, s := range idle {
		s.expiry.Stop()
		p.leaving.Go(s.Close)
	}
	p.mu.Unlock()
	p.leaving.Wait()
}
