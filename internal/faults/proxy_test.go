package faults

import (
	"bytes"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// proxy stands between the worker and PostgreSQL, and fails on request.
type proxy struct {
	l      net.Listener
	target string

	// every so many commits are lost, by turns before the server saw them and after it has carried them out; 0 loses none.
	every                   atomic.Int64
	commits, lost, doubtful atomic.Int64

	// From the moment at which the worker sends this, the database is away for it, until cut is nil again.
	cut     atomic.Pointer[string]
	away    atomic.Bool
	refused atomic.Int64 // connections, while it was away
}

// cutAt makes the database go away when the worker sends s, and says how many connections were refused since.
func (p *proxy) cutAt(s string) (refused func() int64, restore func()) {
	before := p.refused.Load()
	p.cut.Store(&s)
	return func() int64 { return p.refused.Load() - before }, func() { p.cut.Store(nil); p.away.Store(false) }
}

// commit is PostgreSQL's simple query "commit" (protocol 3.0, message Q), which is how pgx ends a transaction.
var commit = []byte("Q\x00\x00\x00\x0bcommit\x00")

func startProxy(t *testing.T, target string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{l: l, target: target}
	var open sync.WaitGroup
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			open.Go(func() { p.carry(c) })
		}
	}()
	t.Cleanup(func() { l.Close(); open.Wait() })
	return p
}

func (p *proxy) carry(client net.Conn) {
	defer client.Close()
	if p.away.Load() {
		p.refused.Add(1)
		return
	}
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer server.Close()
	var deaf atomic.Bool // the client is not to hear the next answer
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 64<<10)
		for {
			n, err := server.Read(buf)
			if err != nil || deaf.Load() { // the answer is here: the commit is done
				break
			}
			if _, err := client.Write(buf[:n]); err != nil {
				break
			}
		}
		client.Close()
		server.Close()
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := client.Read(buf)
		if err != nil {
			break
		}
		if s := p.cut.Load(); s != nil && bytes.Contains(buf[:n], []byte(*s)) {
			p.away.Store(true)
		}
		if p.away.Load() {
			break
		}
		if bytes.HasSuffix(buf[:n], commit) {
			at := p.commits.Add(1)
			if every := p.every.Load(); every > 0 && at%every == 0 {
				if at/every%2 == 0 {
					p.lost.Add(1)
					break
				}
				p.doubtful.Add(1)
				deaf.Store(true)
			}
		}
		if _, err := io.Copy(server, bytes.NewReader(buf[:n])); err != nil {
			break
		}
	}
	if !deaf.Load() {
		client.Close()
		server.Close()
	}
	<-done
}
