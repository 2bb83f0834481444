package mail

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jca-ml/liaison/liaison"
)

// pooled is a pool whose nth connection goes to the nth peer; further ones fail.
func pooled(t *testing.T, connections int, peers ...*peer) *Pool {
	t.Helper()
	r := newPeer(nil).relay(t, RelayConfig{})
	var mu sync.Mutex
	r.dial = func(context.Context, string, string) (net.Conn, error) {
		mu.Lock()
		defer mu.Unlock()
		if len(peers) == 0 {
			return nil, errors.New("there is no peer left")
		}
		p := peers[0]
		peers = peers[1:]
		client, server := net.Pipe()
		p.conn = server
		go p.serve(server)
		return client, nil
	}
	return NewPool(r, connections)
}

// verbs are the commands that a peer read, without their arguments.
func verbs(p *peer) string {
	transcript, _ := p.seen()
	var out []string
	for _, line := range transcript {
		verb, _, _ := strings.Cut(line, " ")
		out = append(out, verb)
	}
	return strings.Join(out, " ")
}

func TestPoolReusesAConnection(t *testing.T) {
	p := newPeer(map[string]string{})
	pool := pooled(t, 2, p)
	for range 2 {
		mustBe(t, pool.Send(t.Context(), someone, note, nil), liaison.StageDot, 250, liaison.TransmissionAccepted)
	}
	p.on["RCPT"] = "550 5.1.1 no"
	mustBe(t, pool.Send(t.Context(), someone, note, nil), liaison.StageRcpt, 550, liaison.TransmissionRefused)
	delete(p.on, "RCPT")
	mustBe(t, pool.Send(t.Context(), someone, note, nil), liaison.StageDot, 250, liaison.TransmissionAccepted)
	pool.Close()
	if diff := cmp.Diff("EHLO MAIL RCPT DATA MAIL RCPT DATA MAIL RCPT RSET MAIL RCPT DATA QUIT", verbs(p)); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
	if _, kept := p.seen(); len(kept) != 3 || kept[2] != string(note) {
		t.Errorf("the server kept %q", kept)
	}
}

// TestDeadConnectionIsReplaced: only before MAIL is answered, and only a connection that was kept.
func TestDeadConnectionIsReplaced(t *testing.T) {
	for _, tt := range []struct {
		name     string
		harm     map[string]string // what the first connection does with the second message
		replaced bool
		stage    liaison.Stage // of the second message, where it is not replaced
		state    liaison.TransmissionState
	}{
		{"closed at MAIL", map[string]string{"MAIL": "drop"}, true, "", ""},
		{"421 at MAIL", map[string]string{"MAIL": "421 4.4.2 idle for too long"}, true, "", ""},
		{"two replies to MAIL", map[string]string{"MAIL": "421 4.4.2 idle for too long\r\n250 2.1.0 ok"}, true, "", ""},
		{"refused at MAIL", map[string]string{"MAIL": "550 5.7.1 not you"}, false, liaison.StageMail, liaison.TransmissionDeferred},
		{"closed at RCPT", map[string]string{"RCPT": "drop"}, false, liaison.StageRcpt, liaison.TransmissionDeferred},
		{"closed at DATA", map[string]string{"DATA": "drop"}, false, liaison.StageData, liaison.TransmissionDeferred},
		{"closed behind the dot", map[string]string{"BODY": "keep+drop"}, false, liaison.StageDot, liaison.TransmissionUnknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			first, second := newPeer(map[string]string{}), newPeer(nil)
			pool := pooled(t, 1, first, second)
			mustBe(t, pool.Send(t.Context(), someone, note, nil), liaison.StageDot, 250, liaison.TransmissionAccepted)
			for verb, do := range tt.harm {
				first.on[verb] = do
			}
			dots := 0
			got := pool.Send(t.Context(), someone, note, func(context.Context) error { dots++; return nil })
			_, kept := first.seen2(tt.replaced || tt.stage != liaison.StageMail)
			if tt.replaced {
				mustBe(t, got, liaison.StageDot, 250, liaison.TransmissionAccepted)
				if dots != 1 || len(kept) != 1 {
					t.Errorf("%d final dots, %d messages at the first connection", dots, len(kept))
				}
			} else if got.Stage != tt.stage || got.State() != tt.state {
				t.Errorf("got stage %s, %s, %v", got.Stage, got.State(), got.Err)
			}
			pool.Close()
			if dialled := second.conn != nil; dialled != tt.replaced {
				t.Errorf("there was a second connection: %t", dialled)
			}
		})
	}
	t.Run("a new connection that breaks at MAIL is not replaced", func(t *testing.T) {
		pool := pooled(t, 1, newPeer(map[string]string{"MAIL": "drop"}), newPeer(nil))
		mustBe(t, pool.Send(t.Context(), someone, note, nil), liaison.StageMail, 0, liaison.TransmissionDeferred)
	})
	t.Run("one that will not forget what was begun is replaced without QUIT", func(t *testing.T) {
		first, second := newPeer(map[string]string{"RCPT": "450 4.2.1 later", "RSET": "500 what?"}), newPeer(nil)
		pool := pooled(t, 1, first, second)
		mustBe(t, pool.Send(t.Context(), someone, note, nil), liaison.StageRcpt, 450, liaison.TransmissionDeferred)
		mustBe(t, pool.Send(t.Context(), someone, note, nil), liaison.StageDot, 250, liaison.TransmissionAccepted)
		pool.Close()
		if got := verbs(first); got != "EHLO MAIL RCPT RSET" {
			t.Errorf("the first connection heard %s", got)
		}
	})
}

// seen2 is seen where the connection has ended, else what it has seen so far.
func (p *peer) seen2(ended bool) (transcript, kept []string) {
	if ended {
		return p.seen()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.transcript), slices.Clone(p.kept)
}

func TestPoolIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var peers []*peer
		for range 3 {
			peers = append(peers, newPeer(map[string]string{"BODY": "hang"}))
		}
		pool := pooled(t, 2, peers...)
		results := make(chan Result, 3)
		for range 3 {
			go func() { results <- pool.Send(t.Context(), someone, note, nil) }()
		}
		synctest.Wait()
		if n := len(pool.places); n != 2 || peers[2].conn != nil {
			t.Errorf("%d connections are open, the third: %t", n, peers[2].conn != nil)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		why := errors.New("the worker stops")
		cancel(why)
		if got := pool.Send(ctx, someone, note, nil); got.Stage != liaison.StageConnect || !errors.Is(got.Err, why) {
			t.Errorf("cancelled while it waits for its turn: %+v", got)
		}
		for range 3 { // the first two give up after ten minutes, the third after ten more
			mustBe(t, <-results, liaison.StageDot, 0, liaison.TransmissionUnknown)
		}
		pool.Close()
	})
}

func TestIdleConnectionIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := newPeer(nil), newPeer(nil)
		pool := pooled(t, 2, first, second)
		begun := time.Now()
		mustBe(t, pool.Send(t.Context(), someone, note, nil), liaison.StageDot, 250, liaison.TransmissionAccepted)
		if got := verbs(first); got != "EHLO MAIL RCPT DATA QUIT" || time.Since(begun) != idleFor {
			t.Errorf("after %s it heard %s", time.Since(begun), got)
		}
		mustBe(t, pool.Send(t.Context(), someone, note, nil), liaison.StageDot, 250, liaison.TransmissionAccepted)
		pool.Close()
	})
}

func TestConnectionCarriesAHundredMessages(t *testing.T) {
	first, second := newPeer(nil), newPeer(nil)
	pool := pooled(t, 1, first, second)
	for range perConnection + 1 {
		mustBe(t, pool.Send(t.Context(), someone, note, nil), liaison.StageDot, 250, liaison.TransmissionAccepted)
	}
	pool.Close()
	_, one := first.seen()
	_, two := second.seen()
	if len(one) != perConnection || len(two) != 1 {
		t.Errorf("%d messages over the first connection, %d over the second", len(one), len(two))
	}
}
