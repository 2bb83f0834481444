package faults

import (
	"bufio"
	"bytes"
	"fmt"
	"maps"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
)

// letter is a message as the world has it.
type letter struct {
	MessageID string
	Recipient string
	Bytes     []byte
}

// peer is the world: an SMTP server (RFC 5321) that has a message on disk before it answers. It shares no code with the
// product.
type peer struct {
	gate *gate
	l    net.Listener

	mu       sync.Mutex
	file     *os.File
	received []letter
	refused  map[string]int      // replies other than 2xx, by recipient
	script   map[string][]string // replies to come, by recipient: at RCPT, or with a "." in front at the final dot
}

func startPeer(t *testing.T, g *gate) *peer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.CreateTemp(t.TempDir(), "world-*")
	if err != nil {
		t.Fatal(err)
	}
	p := &peer{gate: g, l: l, file: f, refused: map[string]int{}, script: map[string][]string{}}
	var open sync.WaitGroup
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			open.Go(func() { p.talk(c) })
		}
	}()
	t.Cleanup(func() { l.Close(); open.Wait(); f.Close() })
	return p
}

func (p *peer) address() string { return p.l.Addr().String() }

// next takes the next scripted reply for a recipient at RCPT or at the dot.
func (p *peer) next(recipient string, atDot bool) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.script[recipient]
	if len(s) == 0 || strings.HasPrefix(s[0], ".") != atDot {
		return ""
	}
	p.script[recipient] = s[1:]
	reply := strings.TrimPrefix(s[0], ".")
	p.refused[recipient]++
	return reply
}

// say scripts the replies for a recipient; what is not scripted is accepted.
func (p *peer) say(recipient string, replies ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.script[recipient] = replies
}

// messageID is what the header of a message says it is, without the brackets.
func messageID(message []byte) string {
	head, _, _ := bytes.Cut(message, []byte("\r\n\r\n"))
	for line := range strings.SplitSeq(string(head), "\r\n") {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(name, "Message-ID") {
			return strings.Trim(value, " <>")
		}
	}
	return ""
}

// take stores a message and returns when it would survive a crash.
func (p *peer) take(recipient string, message []byte) error {
	id := messageID(message)
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, err := fmt.Fprintf(p.file, "%s %s %d\n%s", id, recipient, len(message), message); err != nil {
		return err
	}
	if err := p.file.Sync(); err != nil {
		return err
	}
	p.received = append(p.received, letter{id, recipient, message})
	return nil
}

func (p *peer) world() []letter {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]letter(nil), p.received...)
}

// talk is one connection.
func (p *peer) talk(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	say := func(format string, args ...any) bool {
		_, err := fmt.Fprintf(c, format+"\r\n", args...)
		return err == nil
	}
	if !say("220 world.example ESMTP") {
		return
	}
	recipient := ""
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		reply := "250 2.0.0 OK"
		switch strings.ToUpper(verb) {
		case "EHLO":
			reply = "250-world.example\r\n250 8BITMIME"
		case "RCPT":
			_, address, _ := strings.Cut(rest, "<")
			recipient, _, _ = strings.Cut(address, ">")
			if s := p.next(recipient, false); s != "" {
				reply = s
			}
		case "DATA":
			if !say("354 Go on") {
				return
			}
			message, err := readMessage(r)
			if err != nil {
				return // the dot never came: nothing was handed over
			}
			if s := p.next(recipient, true); s != "" {
				p.gate.pass(stored, messageID(message), nil)
				reply = s
				break
			}
			if err := p.take(recipient, message); err != nil {
				reply = "451 4.3.0 Not stored"
				break
			}
			p.gate.pass(stored, messageID(message), nil)
		case "QUIT":
			say("221 2.0.0 Bye")
			return
		}
		if !say("%s", reply) {
			return
		}
	}
}

// readMessage reads a message up to its final dot and takes the stuffing out (RFC 5321, 4.5.2).
func readMessage(r *bufio.Reader) ([]byte, error) {
	var message []byte
	for {
		line, err := r.ReadBytes('\n')
		if err != nil {
			return nil, err
		}
		if string(line) == ".\r\n" {
			return message, nil
		}
		message = append(message, bytes.TrimPrefix(line, []byte("."))...)
	}
}

// refusals is how often the world said no to each recipient.
func (p *peer) refusals() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.refused)
}
