package listen

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/google/go-cmp/cmp"

	"github.com/jca-ml/liaison/internal/testkit"
)

// imapServer speaks the real protocol; its connections can be cut.
type imapServer struct {
	address string
	user    *imapmemserver.User
	fetches func(uid imap.UID, asked *imap.SectionPartial) error // what happens before a part of a message is sent

	mu    sync.Mutex
	conns []net.Conn
	seen  int
}

func (s *imapServer) Accept(l net.Listener) (net.Conn, error) {
	conn, err := l.Accept()
	if err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.conns = append(s.conns, conn)
		s.seen++
	}
	return conn, err
}

type counted struct {
	net.Listener
	s *imapServer
}

func (c counted) Accept() (net.Conn, error) { return c.s.Accept(c.Listener) }

func (s *imapServer) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		_ = c.Close()
	}
	s.conns = nil
}

func newIMAP(t *testing.T, caps imap.CapSet) *imapServer {
	t.Helper()
	mem := imapmemserver.New()
	user := imapmemserver.NewUser("in", "secret")
	if err := user.Create("INBOX", nil); err != nil {
		t.Fatal(err)
	}
	mem.AddUser(user)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &imapServer{address: l.Addr().String(), user: user}
	server := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return fetching{mem.NewSession(), s}, nil, nil
		},
		Caps:         caps,
		InsecureAuth: true,
		Logger:       slog.NewLogLogger(slog.DiscardHandler, 0),
	})
	go func() { _ = server.Serve(counted{l, s}) }()
	t.Cleanup(func() { _ = server.Close() })
	return s
}

// fetching is a session with the in-memory server.
type fetching struct {
	imapserver.Session
	s *imapServer
}

func (x fetching) Fetch(w *imapserver.FetchWriter, set imap.NumSet, options *imap.FetchOptions) error {
	if uids, ok := set.(imap.UIDSet); ok && x.s.fetches != nil && len(options.BodySection) > 0 {
		all, _ := uids.Nums()
		if err := x.s.fetches(all[0], options.BodySection[0].Partial); err != nil {
			return err
		}
	}
	return x.Session.Fetch(w, set, options)
}

// lines is a log, line by line.
type lines chan string

func (l lines) Write(b []byte) (int, error) {
	l <- string(b)
	return len(b), nil
}

type literal struct{ *strings.Reader }

func (l literal) Size() int64 { return int64(l.Len()) }

func (s *imapServer) add(t *testing.T, subject string, flags ...imap.Flag) {
	t.Helper()
	if _, err := s.user.Append("INBOX", literal{strings.NewReader("Subject: " + subject + "\r\n\r\nText\r\n")}, &imap.AppendOptions{Flags: flags}); err != nil {
		t.Fatal(err)
	}
}

// flags lists the flags of each message.
func (s *imapServer) flags(t *testing.T) (out []string) {
	t.Helper()
	c, err := imapclient.DialInsecure(s.address, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Login("in", "secret").Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
		t.Fatal(err)
	}
	list, err := c.Fetch(imap.SeqSet{{Start: 1}}, &imap.FetchOptions{Flags: true}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range list {
		word := ""
		for _, f := range m.Flags {
			if strings.EqualFold(string(f), string(stored)) {
				word = "stored"
			}
		}
		out = append(out, word)
	}
	return out
}

func read(t *testing.T, s *imapServer, deliver Deliver) {
	t.Helper()
	readTelling(t, s, deliver, slog.New(slog.DiscardHandler))
}

// readTelling is read with a log.
func readTelling(t *testing.T, s *imapServer, deliver Deliver, log *slog.Logger) {
	t.Helper()
	m, err := NewMailbox(MailboxConfig{Address: s.address, Username: "in", Password: "secret", TLS: "none", Poll: 50 * time.Millisecond, Retry: time.Millisecond, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	run(t, m, deliver)
}

func subjects(b *box) (out []string) {
	for _, s := range b.list() {
		_, s, _ = strings.Cut(s, "Subject: ")
		s, _, _ = strings.Cut(s, "\r\n")
		out = append(out, s)
	}
	return out
}

func arrives(t *testing.T, b *box, want ...string) {
	t.Helper()
	testkit.Eventually(t, 20*time.Second, func() error {
		if diff := cmp.Diff(want, subjects(b)); diff != "" {
			return fmt.Errorf("delivered (-want +got):\n%s", diff)
		}
		return nil
	})
}

func TestMailbox(t *testing.T) {
	for name, caps := range map[string]imap.CapSet{"with IDLE": {imap.CapIMAP4rev1: {}, imap.CapIdle: {}}, "without": {imap.CapIMAP4rev1: {}}} {
		t.Run(name, func(t *testing.T) {
			s := newIMAP(t, caps)
			s.add(t, "before")
			s.add(t, "somebody has looked at it", imap.FlagSeen)
			b := &box{}
			read(t, s, b.deliver)
			arrives(t, b, "before", "somebody has looked at it")
			s.add(t, "after")
			arrives(t, b, "before", "somebody has looked at it", "after")
			testkit.Eventually(t, 10*time.Second, func() error {
				if diff := cmp.Diff([]string{"stored", "stored", "stored"}, s.flags(t)); diff != "" {
					return fmt.Errorf("flags (-want +got):\n%s", diff)
				}
				return nil
			})
		})
	}
}

// TestMailboxMarksOnlyWhatIsSafe: a message that could not be stored stays unmarked and is brought again, and so are those
// behind it, in order.
func TestMailboxMarksOnlyWhatIsSafe(t *testing.T) {
	s := newIMAP(t, imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapIdle: {}})
	for i := range 3 {
		s.add(t, fmt.Sprint(i))
	}
	tries := make(chan struct{}, 1000)
	b := &box{}
	b.fail = func(string) error {
		if len(b.got) >= 1 {
			tries <- struct{}{}
			return errAway
		}
		return nil
	}
	read(t, s, b.deliver)
	<-tries
	<-tries
	if diff := cmp.Diff([]string{"stored", "", ""}, s.flags(t)); diff != "" {
		t.Errorf("flags while the database is away (-want +got):\n%s", diff)
	}
	b.refuse(nil)
	arrives(t, b, "0", "1", "2")
}

// TestMailboxReadsInPieces: the bound on an exchange is for a piece, so a large message over a slow line is no exchange that is too long.
func TestMailboxReadsInPieces(t *testing.T) {
	s := newIMAP(t, imap.CapSet{imap.CapIMAP4rev1: {}})
	var mu sync.Mutex
	var asked []imap.SectionPartial
	s.fetches = func(_ imap.UID, p *imap.SectionPartial) error {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, *p)
		return nil
	}
	line := strings.Repeat("x", 62) + "\r\n"
	head := "Subject: %s\r\n\r\n"
	var want []string
	for subject, size := range map[string]int{"large": 3*piece + 1, "exact": 2 * piece, "more than is taken": MaxMessage + 64} {
		begins := fmt.Sprintf(head, subject)
		raw := (begins + strings.Repeat(line, size/len(line)+1))[:size]
		if _, err := s.user.Append("INBOX", literal{strings.NewReader(raw)}, &imap.AppendOptions{}); err != nil {
			t.Fatal(err)
		}
		want = append(want, raw[:min(size, MaxMessage)])
	}
	b := &box{}
	read(t, s, b.deliver)
	testkit.Eventually(t, 60*time.Second, func() error {
		got := b.list()
		if len(got) != len(want) {
			return fmt.Errorf("%d messages", len(got))
		}
		for i := range want {
			if !strings.HasSuffix(got[i], want[i]) {
				return fmt.Errorf("message %d is not what was sent: %d bytes, want %d", i, len(got[i]), len(want[i]))
			}
		}
		return nil
	})
	mu.Lock()
	defer mu.Unlock()
	for _, p := range asked {
		if p.Size > piece || p.Offset+p.Size > MaxMessage {
			t.Errorf("asked for %d bytes from %d at once", p.Size, p.Offset)
		}
	}
}

// TestMailboxGoesOnBehindWhatCannotBeRead: whatever keeps one message from being read, the others are.
func TestMailboxGoesOnBehindWhatCannotBeRead(t *testing.T) {
	for name, fail := range map[string]func(*imapServer) error{
		"the connection ends": func(s *imapServer) error { s.cut(); return nil },
		"the server refuses": func(*imapServer) error {
			return &imap.Error{Type: imap.StatusResponseTypeNo, Text: "the message is damaged"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newIMAP(t, imap.CapSet{imap.CapIMAP4rev1: {}})
			var mu sync.Mutex
			broken, tries := true, 0
			s.fetches = func(uid imap.UID, _ *imap.SectionPartial) error {
				mu.Lock()
				defer mu.Unlock()
				if uid != 1 || !broken {
					return nil
				}
				tries++
				return fail(s)
			}
			for _, subject := range []string{"broken", "one", "two"} {
				s.add(t, subject)
			}
			told := make(chan string, 100)
			b := &box{}
			readTelling(t, s, b.deliver, slog.New(slog.NewTextHandler(lines(told), &slog.HandlerOptions{Level: slog.LevelError})))
			arrives(t, b, "one", "two")
			if line := <-told; !strings.Contains(line, "cannot be read") || !strings.Contains(line, "uid=1 ") {
				t.Errorf("the operator is told %q", line)
			}
			s.add(t, "three") // and it is let alone
			arrives(t, b, "one", "two", "three")
			mu.Lock()
			defer mu.Unlock()
			if tries != maxReads {
				t.Errorf("it was asked for %d times", tries)
			}
		})
	}
}

func TestMailboxConnectsAgain(t *testing.T) {
	s := newIMAP(t, imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapIdle: {}})
	b := &box{}
	read(t, s, b.deliver)
	s.add(t, "one")
	arrives(t, b, "one")
	s.cut()
	s.add(t, "two")
	arrives(t, b, "one", "two")
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen < 2 {
		t.Errorf("%d connections", s.seen)
	}
}

func TestMailboxStopsAtOnce(t *testing.T) {
	s := newIMAP(t, imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapIdle: {}})
	s.add(t, "one")
	ctx, cancel := context.WithCancel(t.Context())
	m, err := NewMailbox(MailboxConfig{Address: s.address, Username: "in", Password: "secret", TLS: "none", Poll: time.Hour, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan struct{}, 1)
	done := make(chan error)
	go func() {
		done <- m.Run(ctx, func(context.Context, []byte, string) error { got <- struct{}{}; return nil })
	}()
	<-got
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it does not stop")
	}
}

func TestMailboxSettings(t *testing.T) {
	for name, c := range map[string]MailboxConfig{
		"no port":                   {Address: "imap.example", Username: "u", Password: "p"},
		"no password":               {Address: "imap.example:993", Username: "u"},
		"no TLS to elsewhere":       {Address: "imap.example:143", Username: "u", Password: "p", TLS: "none"},
		"a TLS that is no TLS":      {Address: "imap.example:143", Username: "u", Password: "p", TLS: "maybe"},
		"no TLS to a named machine": {Address: "localhost.example:143", Username: "u", Password: "p", TLS: "none"},
	} {
		if _, err := NewMailbox(c); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
