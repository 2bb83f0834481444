package faults

import (
	"bufio"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// moment is a place on a message's way at which the harness can stop it.
type moment string

const (
	claimed  moment = "claimed"  // the attempt is committed; no connection is open
	written  moment = "written"  // all but the final dot is on the wire; the ledger knows nothing of a dot
	dotted   moment = "dotted"   // the ledger has the dot; the wire has not
	stored   moment = "stored"   // the world has the message; it has not answered
	answered moment = "answered" // the worker has the answer; the ledger has not

	started moment = "started" // a worker is polling
)

var moments = []moment{claimed, written, dotted, stored, answered}

// gate lets messages pass and holds some of them. The worker passes it by asking over TCP.
type gate struct {
	mu     sync.Mutex
	holds  map[moment]*hold
	caught int // messages that stand before a gate now
}

type hold struct {
	of    func(messageID string) bool // whose messages; nil for all
	free  int                         // how many may pass before
	count int                         // how many to catch
	hit   chan struct{}               // closed when count are caught
	open  chan struct{}               // closed to let everything go
}

// hold catches count messages of those that of picks at m, after the first free ones, until open is called. hit is closed when they
// are caught. Without of, letters of an earlier test that are still on their way would be caught in place of what is judged.
func (g *gate) hold(m moment, of func(messageID string) bool, free, count int) (hit <-chan struct{}, open func()) {
	h := &hold{of: of, free: free, count: count, hit: make(chan struct{}), open: make(chan struct{})}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.holds == nil {
		g.holds = map[moment]*hold{}
	}
	g.holds[m] = h
	return h.hit, sync.OnceFunc(func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.holds[m] == h {
			delete(g.holds, m)
		}
		close(h.open)
	})
}

// pass returns when the message may go on, or gone is closed.
func (g *gate) pass(m moment, messageID string, gone <-chan struct{}) {
	g.mu.Lock()
	h := g.holds[m]
	g.mu.Unlock()
	if h == nil || h.of != nil && !h.of(messageID) {
		return
	}
	g.mu.Lock()
	if g.holds[m] != h { // opened meanwhile
		g.mu.Unlock()
		return
	}
	h.free--
	if h.free >= 0 || h.count == 0 {
		g.mu.Unlock()
		return
	}
	if h.count--; h.count == 0 {
		close(h.hit)
	}
	g.caught++
	g.mu.Unlock()
	select {
	case <-h.open:
	case <-gone:
	}
	g.mu.Lock()
	g.caught--
	g.mu.Unlock()
}

// standing is how many messages stand before a gate now.
func (g *gate) standing() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.caught
}

// serve answers workers that ask to pass.
func (g *gate) serve(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			r := bufio.NewReader(c)
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			gone := make(chan struct{})
			go func() { // ends with the connection
				defer close(gone)
				_, _ = r.ReadByte()
			}()
			m, messageID, _ := strings.Cut(strings.TrimSpace(line), " ")
			g.pass(moment(m), messageID, gone)
			_, _ = io.WriteString(c, "\n")
		}()
	}
}

// ask passes the gate at address, from the worker's process. A gate that is not there holds nobody.
func ask(address string, m moment, messageID string) {
	c, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		return
	}
	defer c.Close()
	if _, err := io.WriteString(c, string(m)+" "+messageID+"\n"); err == nil {
		_, _ = bufio.NewReader(c).ReadByte()
	}
}
