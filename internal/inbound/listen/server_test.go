package listen

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"github.com/jca-ml/liaison/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// box is where deliveries go; while fail is set they are refused.
type box struct {
	mu   sync.Mutex
	got  []string // "recipient|bytes"
	fail func(to string) error
}

func (b *box) deliver(_ context.Context, raw []byte, to string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		if err := b.fail(to); err != nil {
			return err
		}
	}
	b.got = append(b.got, to+"|"+string(raw))
	return nil
}

func (b *box) list() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string{}, b.got...)
}

func (b *box) refuse(fail func(string) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fail = fail
}

var errAway = errors.New("the database does not answer")

// run starts a source and stops it when the test ends.
func run(t *testing.T, s Source, deliver Deliver) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx, deliver) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				t.Errorf("it ended with %v", err)
			}
		})
	}
	t.Cleanup(stop)
	return stop
}

func serve(t *testing.T, c ServerConfig, deliver Deliver) *Server {
	t.Helper()
	if c.Address == "" {
		c.Address = "127.0.0.1:0"
	}
	c.Log = slog.New(slog.DiscardHandler)
	s, err := NewServer(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	run(t, s, deliver)
	return s
}

// say says each line in turn and returns the first word of the answers.
func say(t *testing.T, network, address string, lines ...string) (answers []string) {
	t.Helper()
	conn, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(conn)
	read := func() {
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				answers = append(answers, "closed")
				return
			}
			if line[3] != '-' {
				answers = append(answers, line[:3])
				return
			}
		}
	}
	read()
	for _, l := range lines {
		n := 1
		if i := strings.IndexByte(l, '\x01'); i == 0 { // two answers: LMTP for two recipients
			n, l = 2, l[1:]
		}
		if _, err := fmt.Fprintf(conn, "%s\r\n", l); err != nil {
			return append(answers, "closed")
		}
		for range n {
			read()
		}
	}
	return answers
}

const report = "Subject: x\r\n\r\n..dot\r\n"

func TestSMTP(t *testing.T) {
	b := &box{}
	s := serve(t, ServerConfig{Domains: []string{"in.example"}}, b.deliver)
	got := say(t, "tcp", s.Addr(), "EHLO a", "MAIL FROM:<>", "RCPT TO:<b+x@IN.example>", "RCPT TO:<someone@elsewhere.example>", "RCPT TO:<r+x@in.example>", "DATA", report+".",
		"MAIL FROM:<a@b.example> SMTPUTF8", "RCPT TO:<用户@in.example>", "DATA", "Subject: y\r\n\r\n.", "QUIT")
	if diff := cmp.Diff(strings.Fields("220 250 250 250 550 250 354 250 250 250 354 250 221"), got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	want := []string{
		"b+x@IN.example|Return-Path: <>\r\nSubject: x\r\n\r\n.dot\r\n", "r+x@in.example|Return-Path: <>\r\nSubject: x\r\n\r\n.dot\r\n",
		"用户@in.example|Return-Path: <a@b.example>\r\nSubject: y\r\n\r\n",
	}
	if diff := cmp.Diff(want, b.list()); diff != "" {
		t.Errorf("delivered (-want +got):\n%s", diff)
	}
}

// TestNotStoredIsNotTaken: while the database is away the answer is temporary, and the same message is taken later.
func TestNotStoredIsNotTaken(t *testing.T) {
	b := &box{fail: func(string) error { return errAway }}
	s := serve(t, ServerConfig{}, b.deliver)
	lines := []string{"EHLO a", "MAIL FROM:<a@b.example>", "RCPT TO:<r+x@in.example>", "DATA", report + "."}
	if got := say(t, "tcp", s.Addr(), lines...); got[len(got)-1] != "451" || len(b.list()) != 0 {
		t.Errorf("answered %v", got)
	}
	b.refuse(nil)
	if got := say(t, "tcp", s.Addr(), lines...); got[len(got)-1] != "250" || len(b.list()) != 1 {
		t.Errorf("answered %v", got)
	}
}

func TestLMTPAnswersForEach(t *testing.T) {
	b := &box{fail: func(to string) error {
		if strings.HasPrefix(to, "r+") {
			return errAway
		}
		return nil
	}}
	path := filepath.Join(t.TempDir(), "lmtp")
	serve(t, ServerConfig{Address: "unix:" + path, LMTP: true}, b.deliver)
	got := say(t, "unix", path, "LHLO a", "MAIL FROM:<>", "RCPT TO:<b+x@in.example>", "RCPT TO:<r+x@in.example>", "DATA", "\x01"+report+".", "QUIT")
	if diff := cmp.Diff(strings.Fields("220 250 250 250 250 354 250 451 221"), got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	if len(b.list()) != 1 {
		t.Errorf("delivered %q", b.list())
	}
}

// TestCutOff: half a message is none, and what follows a part that could not be read is never taken for commands.
func TestCutOff(t *testing.T) {
	b := &box{}
	s := serve(t, ServerConfig{Timeout: 200 * time.Millisecond}, b.deliver)
	got := say(t, "tcp", s.Addr(), "EHLO a", "MAIL FROM:<a@b.example>", "RCPT TO:<r+x@in.example>", "DATA", "Subject: half", "MAIL FROM:<x@y.example>", "RCPT TO:<b+y@in.example>", "DATA", "smuggled\r\n.")
	if got[4] != "354" || got[len(got)-1] != "closed" || slices.ContainsFunc(got[5:], func(a string) bool { return a[0] == '2' || a[0] == '3' }) {
		t.Errorf("answers %v", got)
	}
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte("EHLO a\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<r+x@in.example>\r\nDATA\r\nSubject: half\r\n")); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	long := say(t, "tcp", s.Addr(), "EHLO a", "MAIL FROM:<a@b.example>", "RCPT TO:<r+x@in.example>", "DATA", strings.Repeat("x", 3000)+"\r\n.", "NOOP")
	if a := long[5]; a != "500" && a != "closed" {
		t.Errorf("a line that is too long: %v", long)
	}
	if len(b.list()) != 0 {
		t.Errorf("delivered %q", b.list())
	}
}

// TestBareDotsEndNothing: LF.CRLF and its kin do not end a message, so nothing behind them is a command.
func TestBareDotsEndNothing(t *testing.T) {
	b := &box{}
	s := serve(t, ServerConfig{}, b.deliver)
	for _, end := range []string{"\n.\n", "\n.\r\n", "\r.\r", "\r\n.\n"} {
		say(t, "tcp", s.Addr(), "EHLO a", "MAIL FROM:<a@b.example>", "RCPT TO:<r+x@in.example>", "DATA", "one"+end+"MAIL FROM:<x@y.example>\r\nRCPT TO:<b+y@in.example>\r\nDATA\r\ntwo\r\n.")
	}
	for _, got := range b.list() {
		if !strings.HasPrefix(got, "r+x@in.example|") || !strings.Contains(got, "two") {
			t.Errorf("delivered %q", got)
		}
	}
	if len(b.list()) != 4 {
		t.Errorf("%d delivered", len(b.list()))
	}
}

func TestTooLarge(t *testing.T) {
	b := &box{}
	s := serve(t, ServerConfig{}, b.deliver)
	c, err := smtp.Dial(s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Mail("a@b.example", nil); err != nil {
		t.Fatal(err)
	}
	if err := c.Rcpt("r+x@in.example", nil); err != nil {
		t.Fatal(err)
	}
	w, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	line := []byte(strings.Repeat("x", 998) + "\r\n")
	for range MaxMessage/len(line) + 10 {
		if _, err := w.Write(line); err != nil {
			t.Fatal(err)
		}
	}
	var answer *smtp.SMTPError
	if err := w.Close(); !errors.As(err, &answer) || answer.Code != 552 {
		t.Errorf("answered %v", err)
	}
	if len(b.list()) != 0 {
		t.Error("delivered")
	}
}

// TestStopWaits: a message whose last byte is here is stored and answered although we stop.
func TestStopWaits(t *testing.T) {
	started, release := make(chan struct{}), make(chan struct{})
	b := &box{}
	s, err := NewServer(t.Context(), ServerConfig{Address: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	stop := run(t, s, func(ctx context.Context, raw []byte, to string) error {
		close(started)
		<-release
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return b.deliver(ctx, raw, to)
	})
	answers := make(chan []string)
	go func() {
		answers <- say(t, "tcp", s.Addr(), "EHLO a", "MAIL FROM:<a@b.example>", "RCPT TO:<r+x@in.example>", "DATA", report+".")
	}()
	<-started
	stopped := make(chan struct{})
	go func() { stop(); close(stopped) }()
	testkit.Eventually(t, 5*time.Second, func() error { // it listens no more
		conn, err := net.Dial("tcp", s.Addr())
		if err == nil {
			conn.Close()
			return errors.New("it still listens")
		}
		return nil
	})
	close(release)
	<-stopped
	if got := <-answers; len(b.list()) != 1 || got[len(got)-1] != "250" && got[len(got)-1] != "closed" {
		t.Errorf("answers %v, delivered %d", got, len(b.list()))
	}
}
