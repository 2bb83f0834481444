package mail

import (
	"bufio"
	"context"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/jca-ml/liaison/liaison"
)

// peer is a mail server that misbehaves by script. It talks over net.Pipe, which works in the fake time of
// testing/synctest: a timeout of ten minutes is tested in no time.
type peer struct {
	on map[string]string // verb ("GREETING", "EHLO", …, "BODY" for the final dot, "QUIT") to what it does
	// What it does is a reply of one or more lines, or one of: "drop" closes, "hang" answers nothing until the client
	// goes, "keep+drop" keeps the message and closes.

	mu         sync.Mutex
	transcript []string // the commands it read
	kept       []string // the messages it answers for, dots undone
	lastData   string   // what it read after DATA, though the dot may never have come
	closed     chan struct{}
	conn       net.Conn
}

func newPeer(on map[string]string) *peer { return &peer{on: on, closed: make(chan struct{})} }

// relay is a relay whose every connection goes to the peer.
func (p *peer) relay(t *testing.T, config RelayConfig) *Relay {
	t.Helper()
	config.Address = "relay.example:587"
	if config.TLS == "" {
		config.TLS = "none"
	}
	r, err := NewRelay(config)
	if err != nil {
		t.Fatal(err)
	}
	r.dial = func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		p.conn = server
		go p.serve(server)
		return client, nil
	}
	return r
}

var usual = map[string]string{
	"GREETING": "220 peer.example", "EHLO": "250-peer.example\r\n250-8BITMIME\r\n250 SMTPUTF8", "HELO": "250 peer.example", "MAIL": "250 2.1.0 ok",
	"RCPT": "250 2.1.5 ok", "DATA": "354 go on", "BODY": "250 2.0.0 kept as Q1", "RSET": "250 ok", "QUIT": "221 bye",
}

func (p *peer) serve(conn net.Conn) {
	defer close(p.closed)
	defer func() { _ = conn.Close() }()
	r := bufio.NewReader(conn)
	if !p.act(conn, r, "GREETING") {
		return
	}
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		p.mu.Lock()
		p.transcript = append(p.transcript, line)
		p.mu.Unlock()
		verb := strings.ToUpper(line)
		if i := strings.IndexAny(verb, " :"); i >= 0 {
			verb = verb[:i]
		}
		if !p.act(conn, r, verb) {
			return
		}
		if verb == "DATA" && strings.HasPrefix(p.does(verb), "354") && !p.data(conn, r) {
			return
		}
		if verb == "QUIT" {
			return
		}
	}
}

func (p *peer) does(verb string) string {
	if do, ok := p.on[verb]; ok {
		return do
	}
	if do, ok := usual[verb]; ok {
		return do
	}
	return "500 what?"
}

// act does what the script says; false ends the connection.
func (p *peer) act(conn net.Conn, r *bufio.Reader, verb string) bool {
	switch do := p.does(verb); do {
	case "drop", "keep+drop":
		return false
	case "hang":
		_, _ = r.ReadByte() // until the client closes
		return false
	default:
		_, err := conn.Write([]byte(strings.TrimSuffix(do, "\r\n") + "\r\n"))
		return err == nil
	}
}

func (p *peer) data(conn net.Conn, r *bufio.Reader) bool {
	var body strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			p.mu.Lock()
			p.lastData = body.String() + line
			p.mu.Unlock()
			return false
		}
		if line == ".\r\n" {
			break
		}
		body.WriteString(strings.TrimPrefix(line, "."))
	}
	if do := p.does("BODY"); strings.HasPrefix(do, "2") || do == "keep+drop" {
		p.mu.Lock()
		p.kept = append(p.kept, body.String())
		p.mu.Unlock()
	}
	return p.act(conn, r, "BODY")
}

// seen waits for the end of the connection and returns what the peer read and kept.
func (p *peer) seen() (transcript, kept []string) {
	<-p.closed
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.transcript, p.kept
}

// mustBe compares the outcome of an attempt.
func mustBe(t *testing.T, got Result, stage liaison.Stage, code int, state liaison.TransmissionState) {
	t.Helper()
	if got.Stage != stage || got.Code != code || got.State() != state {
		t.Errorf("got stage %s, code %d, %s; want stage %s, code %d, %s (%v)", got.Stage, got.Code, got.State(), stage, code, state, got.Err)
	}
	if (got.Err == nil) != (state == liaison.TransmissionAccepted) {
		t.Errorf("state %s with the error %v", state, got.Err)
	}
	if got.Relay == "" {
		t.Error("the result does not name the relay")
	}
}
