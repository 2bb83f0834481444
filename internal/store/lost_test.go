package store_test

import (
	"context"
	"net"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
)

// wire stands between a store and PostgreSQL and breaks once, at one packet of the client's.
type wire struct {
	l      net.Listener
	target string
	how    breakage
	at     int64 // the packet at which it breaks, counted from 1 over all connections; 0 is never
	seen   atomic.Int64
	broken atomic.Bool
}

// breakage is how a connection ends.
type breakage int

const (
	beforeServer breakage = iota // the server never sees the packet, the client reads an end of file
	afterServer                  // the server carries it out, and its answer never comes
	insideAnswer                 // the answer stops in its middle
	resetClient                  // as afterServer, with a reset
)

func newWire(t *testing.T, target string, how breakage, at int64) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{l: l, target: target, how: how, at: at}
	var open sync.WaitGroup
	open.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			open.Go(func() { w.carry(c) })
		}
	})
	t.Cleanup(func() { l.Close(); open.Wait() })
	return w
}

func (w *wire) carry(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", w.target)
	if err != nil {
		return
	}
	defer server.Close()
	var cut atomic.Bool
	var back sync.WaitGroup
	defer back.Wait()
	back.Go(func() {
		defer client.Close()
		buf := make([]byte, 64<<10)
		for {
			n, err := server.Read(buf)
			if err != nil {
				return
			}
			if cut.Load() {
				switch w.how {
				case insideAnswer:
					_, _ = client.Write(buf[:(n+1)/2])
				case resetClient:
					_ = client.(*net.TCPConn).SetLinger(0)
				}
				return
			}
			if _, err := client.Write(buf[:n]); err != nil {
				return
			}
		}
	})
	defer server.Close()
	buf := make([]byte, 1<<20)
	for {
		n, err := client.Read(buf)
		if err != nil {
			return
		}
		if w.seen.Add(1) == w.at {
			w.broken.Store(true)
			if w.how == beforeServer {
				return
			}
			cut.Store(true)
		}
		if _, err := server.Write(buf[:n]); err != nil {
			return
		}
	}
}

// TestLostConnection: wherever the connection breaks, at whichever packet of whatever is done about a message, the error says
// that the database was away, and the same thing done again comes to its end. An error that said anything else would end the
// workflow that asked, with the message left where it was.
func TestLostConnection(t *testing.T) {
	t.Parallel()
	target := testkit.DatabaseURL(t, register)
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	server := u.Host
	healthy, err := store.Open(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(healthy.Close)

	type deed func(context.Context, *store.Store) (liaison.TransmissionState, error)
	accepted := answers[liaison.TransmissionAccepted]
	// made is a message, claimed and with its dot as wanted.
	made := func(t *testing.T, claimed, dotted bool) (c store.Claimed) {
		_, ts := dispatching(t, healthy, "w3c")
		c.Transmission = ts[0]
		if claimed {
			c = claim(t, healthy, ts[0].ID)
		}
		if dotted {
			if err := healthy.Dot(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
		return c
	}
	abandon := func(id liaison.TransmissionID) deed {
		return func(ctx context.Context, s *store.Store) (liaison.TransmissionState, error) {
			return s.Abandon(ctx, id, retry)
		}
	}
	for _, test := range []struct {
		name string
		// do makes what the deed is done about, and returns it; again is what is done when it failed, itself if nil.
		do   func(t *testing.T) (do, again deed)
		want []liaison.TransmissionState // after again
	}{
		{"claim", func(t *testing.T) (deed, deed) {
			c := made(t, false, false)
			return func(ctx context.Context, s *store.Store) (liaison.TransmissionState, error) {
				_, err := s.Claim(ctx, c.ID, "worker 1")
				return "", err
			}, abandon(c.ID)
		}, []liaison.TransmissionState{liaison.TransmissionQueued, liaison.TransmissionDeferred}},
		{"dot", func(t *testing.T) (deed, deed) {
			c := made(t, true, false)
			return func(ctx context.Context, s *store.Store) (liaison.TransmissionState, error) { return "", s.Dot(ctx, c) }, abandon(c.ID)
		}, []liaison.TransmissionState{liaison.TransmissionDeferred, liaison.TransmissionUnknown}},
		{"record", func(t *testing.T) (deed, deed) {
			c := made(t, true, true)
			return func(ctx context.Context, s *store.Store) (liaison.TransmissionState, error) {
				return s.Record(ctx, c, accepted, retry)
			}, nil
		}, []liaison.TransmissionState{liaison.TransmissionAccepted}},
		{"abandon", func(t *testing.T) (deed, deed) { return abandon(made(t, true, true).ID), nil }, []liaison.TransmissionState{liaison.TransmissionUnknown}},
		{"settle", func(t *testing.T) (deed, deed) {
			c := made(t, true, true)
			if _, err := healthy.Abandon(t.Context(), c.ID, retry); err != nil {
				t.Fatal(err)
			}
			return func(ctx context.Context, s *store.Store) (liaison.TransmissionState, error) {
				out, err := s.Settle(ctx, c.ID, liaison.Settling{})
				return out.State, err
			}, nil
		}, []liaison.TransmissionState{liaison.TransmissionUnknown}},
		{"seal", func(t *testing.T) (deed, deed) {
			id := draft(t, healthy, "w3c")
			batch := carry(t, healthy, id, liaison.DoSubmit, liaison.DoApprove, liaison.DoDispatch)
			return func(ctx context.Context, s *store.Store) (liaison.TransmissionState, error) {
				ts, err := s.Batch(ctx, batch)
				if err != nil {
					return "", err
				}
				return ts[0].State, s.Seal(ctx, batch, map[liaison.TransmissionID][]byte{ts[0].ID: []byte("Text")})
			}, nil
		}, []liaison.TransmissionState{liaison.TransmissionQueued}},
		{"command", func(t *testing.T) (deed, deed) {
			c := made(t, true, true)
			if _, err := healthy.Record(t.Context(), c, accepted, retry); err != nil {
				t.Fatal(err)
			}
			cmd := give(t, healthy, c.Statement, liaison.DoSettle)
			return func(ctx context.Context, s *store.Store) (liaison.TransmissionState, error) {
				answer, err := s.Do(ctx, cmd)
				return liaison.TransmissionState(answer.State), err
			}, nil
		}, []liaison.TransmissionState{liaison.TransmissionState(liaison.Dispatched)}},
		{"look", func(t *testing.T) (deed, deed) {
			c := made(t, false, false)
			return func(ctx context.Context, s *store.Store) (liaison.TransmissionState, error) {
				if _, err := s.OpenBatches(ctx, c.Statement); err != nil {
					return "", err
				}
				if _, err := s.Ripe(ctx, liaison.Settling{}); err != nil {
					return "", err
				}
				if _, err := s.Message(ctx, c.ID); err != nil {
					return "", err
				}
				x, err := s.Transmission(ctx, c.ID)
				return x.State, err
			}, nil
		}, []liaison.TransmissionState{liaison.TransmissionQueued}},
	} {
		for how, words := range []string{"before the server has it", "before the answer", "inside the answer", "reset before the answer"} {
			t.Run(test.name+" "+words, func(t *testing.T) {
				t.Parallel()
				broke := 0
				for at := int64(1); ; at++ {
					do, again := test.do(t)
					w := newWire(t, server, breakage(how), at)
					through := *u
					through.Host = w.l.Addr().String()
					s, err := store.Open(t.Context(), through.String())
					if err != nil {
						t.Fatal(err)
					}
					_, err = do(t.Context(), s)
					s.Close()
					if !w.broken.Load() {
						if err != nil {
							t.Fatalf("nothing broke: %v", err)
						}
						break
					}
					broke++
					if err != nil && liaison.CodeOf(err) != liaison.Unavailable {
						t.Errorf("packet %d: %v", at, err)
					}
					if again == nil {
						again = do
					}
					got, err := again(t.Context(), healthy)
					if err != nil || !slices.Contains(test.want, got) {
						t.Errorf("packet %d: done again it is %s, %v", at, got, err)
					}
				}
				if broke < 3 {
					t.Errorf("only %d packets: this tested little", broke)
				}
			})
		}
	}
}
