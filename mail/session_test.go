package mail

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"github.com/jca-ml/liaison/liaison"
)

var (
	someone = SMTPEnvelope{From: "jca-ml@itu.example", To: "sg17@itu.example"}
	note    = []byte("From: jca-ml@itu.example\r\nSubject: note\r\n\r\n.dot\r\n..two\r\n.\r\n\r\nend.\r\n")
)

func TestOutcomeByStage(t *testing.T) {
	const (
		accepted = liaison.TransmissionAccepted
		refused  = liaison.TransmissionRefused
		deferred = liaison.TransmissionDeferred
		unknown  = liaison.TransmissionUnknown
	)
	tests := []struct {
		name  string
		on    map[string]string
		stage liaison.Stage
		code  int
		state liaison.TransmissionState
	}{
		{"accepted", nil, liaison.StageDot, 250, accepted},

		{"greeting 4xx", map[string]string{"GREETING": "421 busy"}, liaison.StageConnect, 421, deferred},
		{"greeting 5xx", map[string]string{"GREETING": "554 no"}, liaison.StageConnect, 554, deferred},
		{"greeting drop", map[string]string{"GREETING": "drop"}, liaison.StageConnect, 0, deferred},
		{"greeting timeout", map[string]string{"GREETING": "hang"}, liaison.StageConnect, 0, deferred},
		{"hello 4xx", map[string]string{"EHLO": "450 later", "HELO": "450 later"}, liaison.StageConnect, 450, deferred},
		{"hello 5xx", map[string]string{"EHLO": "550 no", "HELO": "550 no"}, liaison.StageConnect, 550, deferred},
		{"hello drop", map[string]string{"EHLO": "drop"}, liaison.StageConnect, 0, deferred},
		{"hello timeout", map[string]string{"EHLO": "hang"}, liaison.StageConnect, 0, deferred},

		{"mail 4xx", map[string]string{"MAIL": "451 4.3.0 later"}, liaison.StageMail, 451, deferred},
		{"mail 5xx blames nobody", map[string]string{"MAIL": "550 5.7.1 not you"}, liaison.StageMail, 550, deferred},
		{"mail drop", map[string]string{"MAIL": "drop"}, liaison.StageMail, 0, deferred},
		{"mail timeout", map[string]string{"MAIL": "hang"}, liaison.StageMail, 0, deferred},

		{"rcpt 4xx", map[string]string{"RCPT": "450 4.2.1 greylisted"}, liaison.StageRcpt, 450, deferred},
		{"rcpt 5xx", map[string]string{"RCPT": "550 5.1.1 no such mailbox"}, liaison.StageRcpt, 550, refused},
		{"rcpt drop", map[string]string{"RCPT": "drop"}, liaison.StageRcpt, 0, deferred},
		{"rcpt timeout", map[string]string{"RCPT": "hang"}, liaison.StageRcpt, 0, deferred},
		{"rcpt half a reply", map[string]string{"RCPT": "550-5.1.1 and"}, liaison.StageRcpt, 0, deferred},

		{"data 4xx", map[string]string{"DATA": "451 later"}, liaison.StageData, 451, deferred},
		{"data 5xx", map[string]string{"DATA": "554 5.7.0 no"}, liaison.StageData, 554, refused},
		{"data drop", map[string]string{"DATA": "drop"}, liaison.StageData, 0, deferred},
		{"data timeout", map[string]string{"DATA": "hang"}, liaison.StageData, 0, deferred},
		{"data 250 is no leave to send", map[string]string{"DATA": "250 ok"}, liaison.StageData, 250, deferred},
		{"data with a second reply", map[string]string{"DATA": "354 go on\r\n250 2.0.0 kept"}, liaison.StageData, 0, deferred},

		{"dot 4xx", map[string]string{"BODY": "452 4.3.1 disk full"}, liaison.StageDot, 452, deferred},
		{"dot 421", map[string]string{"BODY": "421 4.3.2 shutting down"}, liaison.StageDot, 421, deferred},
		{"dot 5xx", map[string]string{"BODY": "552 5.3.4 too big"}, liaison.StageDot, 552, refused},
		{"dot drop", map[string]string{"BODY": "drop"}, liaison.StageDot, 0, unknown},
		{"dot kept and dropped", map[string]string{"BODY": "keep+drop"}, liaison.StageDot, 0, unknown},
		{"dot timeout", map[string]string{"BODY": "hang"}, liaison.StageDot, 0, unknown},
		{"dot half a reply", map[string]string{"BODY": "250-2.0.0 kept"}, liaison.StageDot, 0, unknown},
		{"dot nonsense", map[string]string{"BODY": "yes"}, liaison.StageDot, 0, unknown},
		{"dot 354", map[string]string{"BODY": "354 go on"}, liaison.StageDot, 0, unknown},

		{"quit drop", map[string]string{"QUIT": "drop"}, liaison.StageDot, 250, accepted},
		{"quit 421", map[string]string{"QUIT": "421 no"}, liaison.StageDot, 250, accepted},
		{"quit timeout", map[string]string{"QUIT": "hang"}, liaison.StageDot, 250, accepted},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPeer(tt.on)
				r := p.relay(t, RelayConfig{})
				asked := 0
				begun := time.Now()
				got := r.Send(t.Context(), someone, note, func(context.Context) error { asked++; return nil })
				took := time.Since(begun)
				mustBe(t, got, tt.stage, tt.code, tt.state)
				_, kept := p.seen()
				if handedOver := tt.stage == liaison.StageDot; asked > 1 || (asked == 1) != handedOver {
					t.Errorf("beforeDot was called %d times", asked)
				}
				if len(kept) > 0 && tt.state != accepted && tt.state != unknown {
					t.Errorf("the server kept %q, and the result says %s", kept, tt.state)
				}
				if tt.state == accepted && (len(kept) != 1 || kept[0] != string(note)) {
					t.Errorf("the server kept %q", kept)
				}
				if tt.name == "dot timeout" && took < 10*time.Minute {
					t.Errorf("gave up after %s; RFC 5321 wants 10 minutes", took)
				}
			})
		})
	}
}

func TestReplyIsKeptWhole(t *testing.T) {
	p := newPeer(map[string]string{"RCPT": "550-5.1.1 <x>: no such mailbox\r\n550-5.1.1 ask\x00\x07 at\r\n550 5.1.1 https://w3.example/mail"})
	got := p.relay(t, RelayConfig{}).Send(t.Context(), someone, note, nil)
	mustBe(t, got, liaison.StageRcpt, 550, liaison.TransmissionRefused)
	if want := "5.1.1 <x>: no such mailbox\n5.1.1 ask   at\n5.1.1 https://w3.example/mail"; got.Reply != want || got.Enhanced != "5.1.1" {
		t.Errorf("reply %q, enhanced %q", got.Reply, got.Enhanced)
	}
	if got.TLS != "none" || got.Relay != "relay.example:587" {
		t.Errorf("TLS %q, relay %q", got.TLS, got.Relay)
	}
}

func TestTranscript(t *testing.T) {
	p := newPeer(nil)
	mustBe(t, p.relay(t, RelayConfig{Hello: "liaison.example"}).Send(t.Context(), someone, note, nil), liaison.StageDot, 250, liaison.TransmissionAccepted)
	transcript, _ := p.seen()
	want := []string{"EHLO liaison.example", "MAIL FROM:<jca-ml@itu.example>", "RCPT TO:<sg17@itu.example>", "DATA", "QUIT"}
	if diff := cmp.Diff(want, transcript); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
}

func TestEightBitIsDeclaredOnlyWhenNeeded(t *testing.T) {
	message := []byte("Subject: x\r\n\r\ndéjà\r\n")
	p := newPeer(nil)
	mustBe(t, p.relay(t, RelayConfig{}).Send(t.Context(), someone, message, nil), liaison.StageDot, 250, liaison.TransmissionAccepted)
	if transcript, _ := p.seen(); transcript[1] != "MAIL FROM:<jca-ml@itu.example> BODY=8BITMIME" {
		t.Errorf("said %q", transcript[1])
	}
	p = newPeer(map[string]string{"EHLO": "250 peer.example"})
	mustBe(t, p.relay(t, RelayConfig{}).Send(t.Context(), someone, message, nil), liaison.StageMail, 0, liaison.TransmissionDeferred)
	if _, kept := p.seen(); len(kept) != 0 {
		t.Error("8-bit lines were sent to a server that does not take them")
	}
}

func TestBeforeDotRefuses(t *testing.T) {
	p := newPeer(nil)
	lost := errors.New("another worker has it")
	got := p.relay(t, RelayConfig{}).Send(t.Context(), someone, note, func(context.Context) error { return lost })
	mustBe(t, got, liaison.StageData, 0, liaison.TransmissionDeferred)
	if !errors.Is(got.Err, lost) {
		t.Errorf("the error %v does not hold the cause", got.Err)
	}
	transcript, kept := p.seen()
	if len(kept) != 0 || transcript[len(transcript)-1] != "DATA" {
		t.Errorf("after the refusal the server kept %q and heard %q", kept, transcript)
	}
	if !strings.HasSuffix(p.lastData, "\r\nend.") {
		t.Errorf("beforeDot was called before the body was on the wire: %q", p.lastData)
	}
}

func TestContextIsCancelled(t *testing.T) {
	why := errors.New("the worker stops")
	for _, stage := range []struct {
		verb  string
		stage liaison.Stage
	}{{"GREETING", liaison.StageConnect}, {"EHLO", liaison.StageConnect}, {"MAIL", liaison.StageMail}, {"RCPT", liaison.StageRcpt}, {"DATA", liaison.StageData}} {
		t.Run("while waiting for "+stage.verb, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPeer(map[string]string{stage.verb: "hang"})
				r := p.relay(t, RelayConfig{})
				ctx, cancel := context.WithCancelCause(t.Context())
				done := make(chan Result)
				go func() { done <- r.Send(ctx, someone, note, nil) }()
				synctest.Wait() // the peer hangs
				begun := time.Now()
				cancel(why)
				got := <-done
				if time.Since(begun) != 0 {
					t.Errorf("it took %s to stop", time.Since(begun))
				}
				mustBe(t, got, stage.stage, 0, liaison.TransmissionDeferred)
				if !errors.Is(got.Err, why) {
					t.Errorf("got %v", got.Err)
				}
				p.seen() // the socket is closed
			})
		})
	}
	t.Run("in beforeDot", func(t *testing.T) {
		p := newPeer(nil)
		ctx, cancel := context.WithCancelCause(t.Context())
		got := p.relay(t, RelayConfig{}).Send(ctx, someone, note, func(context.Context) error { cancel(why); return nil })
		mustBe(t, got, liaison.StageData, 0, liaison.TransmissionDeferred)
		if _, kept := p.seen(); len(kept) != 0 {
			t.Errorf("the server kept %q", kept)
		}
	})
	t.Run("after the dot", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			client, server := net.Pipe()
			p := newPeer(nil)
			r := p.relay(t, RelayConfig{})
			r.dial = func(context.Context, string, string) (net.Conn, error) {
				go p.serve(&afterDot{Conn: server, do: func() { cancel(why) }})
				return client, nil
			}
			got := r.Send(ctx, someone, note, nil)
			if ctx.Err() == nil {
				t.Fatal("the test did not cancel")
			}
			mustBe(t, got, liaison.StageDot, 250, liaison.TransmissionAccepted)
		})
	})
	t.Run("before it began", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(why)
		mustBe(t, newPeer(nil).relay(t, RelayConfig{}).Send(ctx, someone, note, nil), liaison.StageConnect, 0, liaison.TransmissionDeferred)
	})
}

// afterDot does something once the server has read the final dot, before it answers.
type afterDot struct {
	net.Conn
	do   func()
	tail []byte
}

func (c *afterDot) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.tail = append(c.tail, b[:n]...)
	return n, err
}

func (c *afterDot) Write(b []byte) (int, error) {
	if bytes.HasSuffix(c.tail, []byte("\r\n.\r\n")) {
		c.do()
		c.tail = nil
		synctest.Wait() // whatever the cancellation sets off has run
	}
	return c.Conn.Write(b)
}

func TestWritingFails(t *testing.T) {
	t.Run("before the dot", func(t *testing.T) {
		p := newPeer(map[string]string{"DATA": "354 go on"})
		r := p.relay(t, RelayConfig{})
		dial := r.dial
		r.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dial(ctx, network, address)
			return &failing{Conn: conn, at: "\r\nend."}, err
		}
		mustBe(t, r.Send(t.Context(), someone, note, func(context.Context) error { t.Error("beforeDot was called"); return nil }),
			liaison.StageData, 0, liaison.TransmissionDeferred)
		transcript, kept := p.seen()
		if len(kept) != 0 || transcript[len(transcript)-1] != "DATA" {
			t.Errorf("the server kept %q and heard %q", kept, transcript)
		}
	})
	t.Run("the dot", func(t *testing.T) {
		p := newPeer(nil)
		r := p.relay(t, RelayConfig{})
		dial := r.dial
		r.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dial(ctx, network, address)
			return &failing{Conn: conn, at: "\r\n.\r\n"}, err
		}
		mustBe(t, r.Send(t.Context(), someone, note, nil), liaison.StageDot, 0, liaison.TransmissionUnknown)
	})
}

// failing is a connection whose writing fails at a block that ends with at.
type failing struct {
	net.Conn
	at string
}

func (c *failing) Write(b []byte) (int, error) {
	if bytes.HasSuffix(b, []byte(c.at)) {
		return 0, io.ErrShortWrite
	}
	return c.Conn.Write(b)
}

// TestFailingDialClosesItsSocket: go-mail leaves it open in each of these cases.
func TestFailingDialClosesItsSocket(t *testing.T) {
	for name, tt := range map[string]struct {
		on     map[string]string
		config RelayConfig
	}{
		"hello refused":     {map[string]string{"EHLO": "450 later", "HELO": "450 later"}, RelayConfig{}},
		"no STARTTLS":       {nil, RelayConfig{TLS: "mandatory"}},
		"no authentication": {map[string]string{"EHLO": "250-peer.example\r\n250 STARTTLS", "STARTTLS": "454 4.7.0 not now"}, RelayConfig{TLS: "mandatory", Username: "u", Password: "p"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPeer(tt.on)
				begun := time.Now()
				got := p.relay(t, tt.config).Send(t.Context(), someone, note, nil)
				if got.Stage != liaison.StageConnect || got.State() != liaison.TransmissionDeferred {
					t.Errorf("got %+v", got)
				}
				p.seen() // returns only once the socket is closed
				if time.Since(begun) != 0 {
					t.Error("it was closed by a timeout")
				}
			})
		})
	}
}

func TestSessionCarriesSeveralMessages(t *testing.T) {
	p := newPeer(map[string]string{})
	s, err := p.relay(t, RelayConfig{}).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	mustBe(t, s.Send(t.Context(), someone, note, nil), liaison.StageDot, 250, liaison.TransmissionAccepted)
	p.on["RCPT"] = "550 5.1.1 no"
	mustBe(t, s.Send(t.Context(), someone, note, nil), liaison.StageRcpt, 550, liaison.TransmissionRefused)
	delete(p.on, "RCPT")
	mustBe(t, s.Send(t.Context(), someone, note, nil), liaison.StageDot, 250, liaison.TransmissionAccepted)
	mustBe(t, s.Send(t.Context(), someone, note, func(context.Context) error { return io.EOF }), liaison.StageData, 0, liaison.TransmissionDeferred)
	mustBe(t, s.Send(t.Context(), someone, note, nil), liaison.StageConnect, 0, liaison.TransmissionDeferred)
	s.Close()
	transcript, kept := p.seen()
	if len(kept) != 2 {
		t.Errorf("the server kept %d messages", len(kept))
	}
	var rsets int
	for _, c := range transcript {
		if c == "RSET" {
			rsets++
		}
	}
	if rsets != 1 {
		t.Errorf("RSET was said %d times: %q", rsets, transcript)
	}
}

func TestEnvelopeOfSMTPIsChecked(t *testing.T) {
	for what, value := range hostile {
		t.Run(what, func(t *testing.T) {
			for _, env := range []SMTPEnvelope{{From: value, To: someone.To}, {From: someone.From, To: value}} {
				p := newPeer(nil)
				got := p.relay(t, RelayConfig{}).Send(t.Context(), env, note, nil)
				if got.State() != liaison.TransmissionDeferred || liaison.CodeOf(got.Err) != liaison.Invalid {
					t.Errorf("%+v", got)
				}
				transcript, kept := p.seen()
				if diff := cmp.Diff([]string{"EHLO localhost", "QUIT"}, transcript); diff != "" || len(kept) > 0 {
					t.Errorf("commands (-want +got):\n%s", diff)
				}
			}
		})
	}
	t.Run("a message that is not in the form of the wire", func(t *testing.T) {
		got := newPeer(nil).relay(t, RelayConfig{}).Send(t.Context(), someone, []byte("Subject: x\r\n\r\nx\n.\r\nMAIL FROM:<evil@evil.example>\r\n"), nil)
		if got.Stage == liaison.StageDot || liaison.CodeOf(got.Err) != liaison.Invalid {
			t.Errorf("%+v", got)
		}
	})
}

func TestRelayConfigIsChecked(t *testing.T) {
	for name, c := range map[string]RelayConfig{
		"no port":                {Address: "mail.example"},
		"no host":                {Address: ":25"},
		"port zero":              {Address: "mail.example:0"},
		"port not a number":      {Address: "mail.example:smtp"},
		"unknown way of TLS":     {Address: "mail.example:25", TLS: "yes"},
		"name with a line end":   {Address: "mail.example:25", Hello: "a\r\nMAIL"},
		"user without password":  {Address: "mail.example:25", Username: "u"},
		"password in the clear":  {Address: "mail.example:25", Username: "u", Password: "p", TLS: "none"},
		"password perhaps clear": {Address: "mail.example:25", Username: "u", Password: "p", TLS: "opportunistic"},
		"negative timeout":       {Address: "mail.example:25", Timeout: -1},
	} {
		if _, err := NewRelay(c); liaison.CodeOf(err) != liaison.Invalid {
			t.Errorf("%s: got %v, want a refusal", name, err)
		}
	}
	r, err := NewRelay(RelayConfig{Address: "[::1]:25"})
	if err != nil {
		t.Fatal(err)
	}
	if r.dotTimeout < 10*time.Minute {
		t.Errorf("waits %s for the reply to the dot", r.dotTimeout)
	}
}

// server is a real SMTP server, emersion/go-smtp, on the loopback.
type server struct {
	mu       sync.Mutex
	messages []string
	from, to []string
	user     string
}

func (s *server) NewSession(*smtp.Conn) (smtp.Session, error) { return &serverSession{s: s}, nil }

type serverSession struct {
	s        *server
	from, to string
}

func (*serverSession) Reset()                                        {}
func (*serverSession) Logout() error                                 { return nil }
func (x *serverSession) Mail(from string, _ *smtp.MailOptions) error { x.from = from; return nil }
func (x *serverSession) Rcpt(to string, _ *smtp.RcptOptions) error   { x.to = to; return nil }
func (*serverSession) AuthMechanisms() []string                      { return []string{sasl.Plain} }
func (x *serverSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "liaison" || password != "secret" {
			return smtp.ErrAuthFailed
		}
		x.s.mu.Lock()
		defer x.s.mu.Unlock()
		x.s.user = user
		return nil
	}), nil
}

func (x *serverSession) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	x.s.messages, x.s.from, x.s.to = append(x.s.messages, string(b)), append(x.s.from, x.from), append(x.s.to, x.to)
	return nil
}

func serve(t *testing.T, config *tls.Config) (*server, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{}
	srv := smtp.NewServer(s)
	srv.Domain, srv.TLSConfig, srv.ErrorLog = "localhost", config, log.New(io.Discard, "", 0)
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close(); <-done })
	return s, l.Addr().String()
}

func certificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, pool
}

func TestRealServer(t *testing.T) {
	t.Run("every letter arrives byte for byte", func(t *testing.T) {
		srv, address := serve(t, nil)
		r, err := NewRelay(RelayConfig{Timeout: time.Minute, DotTimeout: time.Minute, Address: address, TLS: "none"})
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, letter := range letters() {
			message, err := Compose(letter, envelope(letter), filesOf(letter))
			if err != nil {
				t.Fatal(err)
			}
			mustBe(t, r.Send(t.Context(), someone, message, nil), liaison.StageDot, 250, liaison.TransmissionAccepted)
			want = append(want, string(message))
		}
		for _, body := range []string{string(note), "A: b\r\n\r\n" + strings.Repeat(".\r\n", 500), ".A: b\r\n\r\n.\r\n", "A: b\r\n\r\n\r\n\r\n", "A: b\r\n\r\n" + strings.Repeat(strings.Repeat("x", 76)+"\r\n", 40_000)} {
			mustBe(t, r.Send(t.Context(), someone, []byte(body), nil), liaison.StageDot, 250, liaison.TransmissionAccepted)
			want = append(want, body)
		}
		if diff := cmp.Diff(want, srv.messages); diff != "" {
			t.Errorf("messages (-sent +arrived):\n%s", diff)
		}
		if srv.from[0] != someone.From || srv.to[0] != someone.To {
			t.Errorf("from %q to %q", srv.from[0], srv.to[0])
		}
	})
	t.Run("TLS and authentication", func(t *testing.T) {
		config, pool := certificate(t)
		srv, address := serve(t, config)
		r, err := NewRelay(RelayConfig{Timeout: time.Minute, DotTimeout: time.Minute, Address: address, Username: "liaison", Password: "secret", RootCAs: pool})
		if err != nil {
			t.Fatal(err)
		}
		got := r.Send(t.Context(), someone, note, nil)
		mustBe(t, got, liaison.StageDot, 250, liaison.TransmissionAccepted)
		if got.TLS != "TLS 1.3" || srv.user != "liaison" || got.Enhanced != "2.0.0" {
			t.Errorf("TLS %q, user %q, enhanced %q", got.TLS, srv.user, got.Enhanced)
		}
	})
	t.Run("wrong password", func(t *testing.T) {
		config, pool := certificate(t)
		srv, address := serve(t, config)
		r, err := NewRelay(RelayConfig{Timeout: time.Minute, DotTimeout: time.Minute, Address: address, Username: "liaison", Password: "guess", RootCAs: pool})
		if err != nil {
			t.Fatal(err)
		}
		got := r.Send(t.Context(), someone, note, nil)
		mustBe(t, got, liaison.StageConnect, 535, liaison.TransmissionDeferred)
		if strings.Contains(fmt.Sprint(got), "guess") || len(srv.messages) > 0 {
			t.Errorf("got %v", got)
		}
	})
	t.Run("a certificate that nobody vouches for", func(t *testing.T) {
		config, _ := certificate(t)
		for _, way := range []string{"mandatory", "opportunistic"} {
			srv, address := serve(t, config)
			r, err := NewRelay(RelayConfig{Timeout: time.Minute, DotTimeout: time.Minute, Address: address, TLS: way})
			if err != nil {
				t.Fatal(err)
			}
			mustBe(t, r.Send(t.Context(), someone, note, nil), liaison.StageConnect, 0, liaison.TransmissionDeferred)
			if len(srv.messages) > 0 {
				t.Error("it was sent")
			}
		}
	})
	t.Run("nobody listens", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address := l.Addr().String()
		_ = l.Close()
		r, err := NewRelay(RelayConfig{Timeout: time.Minute, DotTimeout: time.Minute, Address: address, TLS: "none"})
		if err != nil {
			t.Fatal(err)
		}
		mustBe(t, r.Send(t.Context(), someone, note, nil), liaison.StageConnect, 0, liaison.TransmissionDeferred)
	})
	t.Run("many at once", func(t *testing.T) {
		srv, address := serve(t, nil)
		r, err := NewRelay(RelayConfig{Timeout: time.Minute, DotTimeout: time.Minute, Address: address, TLS: "none"})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				mustBe(t, r.Send(t.Context(), someone, note, nil), liaison.StageDot, 250, liaison.TransmissionAccepted)
			})
		}
		wg.Wait()
		if len(srv.messages) != 20 {
			t.Errorf("%d arrived", len(srv.messages))
		}
	})
}
