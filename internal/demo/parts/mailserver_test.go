package parts

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	netsmtp "net/smtp"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"
)

func startMail(t *testing.T, opts MailServerOptions) *MailServer {
	t.Helper()
	if opts.Inbox == nil {
		opts.Inbox = openInbox(t, t.TempDir())
	}
	s, err := StartMailServer(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
		defer cancel()
		if err := s.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return s
}

func dial(t *testing.T, s *MailServer) *smtp.Client {
	t.Helper()
	c, err := smtp.Dial(s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.Hello("client.example"); err != nil {
		t.Fatal(err)
	}
	return c
}

// send sends one message and returns the first error, at whatever step.
func send(c *smtp.Client, from, body string, to ...string) error {
	if err := c.Mail(from, nil); err != nil {
		return err
	}
	for _, r := range to {
		if err := c.Rcpt(r, nil); err != nil {
			return errors.Join(err, c.Reset())
		}
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, body); err != nil {
		return err
	}
	return w.Close()
}

const mailBody = "Subject: hello\r\n\r\n.leading dot\r\n"

func code(err error) string {
	var answer *smtp.SMTPError
	if !errors.As(err, &answer) {
		return fmt.Sprint(err)
	}
	return fmt.Sprintf("%d %d.%d.%d", answer.Code, answer.EnhancedCode[0], answer.EnhancedCode[1], answer.EnhancedCode[2])
}

func TestMailServerSpecialAddresses(t *testing.T) {
	tests := []struct {
		to         string
		want       []string // the answers to the tries
		wantStored int
	}{
		{"sg13@itu.example", []string{"<nil>", "<nil>"}, 2},
		{"bounce@itu.example", []string{"550 5.1.1", "550 5.1.1"}, 0},
		{"BOUNCE+tag.1@elsewhere.example", []string{"550 5.1.1"}, 0},
		{"full@itu.example", []string{"452 4.2.2", "452 4.2.2", "452 4.2.2"}, 0},
		{"busy@itu.example", []string{"450 4.2.1", "450 4.2.1", "<nil>", "<nil>"}, 2},
		{"busy+t@itu.example", []string{"450 4.2.1", "450 4.2.1", "<nil>"}, 1},
		{"ack@itu.example", []string{"<nil>"}, 1},
		{"silent@itu.example", []string{"<nil>"}, 1},
		{"slow@itu.example", []string{"<nil>"}, 1},
		{"bouncer@itu.example", []string{"<nil>"}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.to, func(t *testing.T) {
			t.Parallel()
			in := openInbox(t, t.TempDir())
			c := dial(t, startMail(t, MailServerOptions{Inbox: in, SlowDelay: 10 * time.Millisecond}))
			var got []string
			for range tt.want {
				got = append(got, code(send(c, "jca@itu.example", mailBody, tt.to)))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if n := in.Count(); n != tt.wantStored {
				t.Errorf("%d stored, want %d", n, tt.wantStored)
			}
		})
	}
}

func TestMailServerBusyCountsEachSender(t *testing.T) {
	c := dial(t, startMail(t, MailServerOptions{}))
	var got []string
	for _, from := range []string{"a@x.example", "b@x.example", "A@x.example", "a@x.example", "b@x.example"} {
		got = append(got, code(send(c, from, mailBody, "busy@y.example")))
	}
	if diff := cmp.Diff([]string{"450 4.2.1", "450 4.2.1", "450 4.2.1", "<nil>", "450 4.2.1"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMailServerStoresAndSpeaksOnlyThen(t *testing.T) {
	dir := t.TempDir()
	hooked := make(chan Summary, 1)
	s := startMail(t, MailServerOptions{Inbox: openInbox(t, dir), OnMessage: func(_ context.Context, s Summary) { hooked <- s }})
	// net/smtp, so that two clients of different authors have spoken to it.
	err := netsmtp.SendMail(s.Addr(), nil, "jca@itu.example", []string{"ack+1@x.example", "Silent@y.example", "z@z.example"}, []byte(mailBody))
	if err != nil {
		t.Fatal(err)
	}
	in := openInbox(t, dir) // from what is on disk
	m, err := in.Get("000001")
	if err != nil {
		t.Fatal(err)
	}
	if m.EnvelopeFrom != "jca@itu.example" || m.Text != ".leading dot\n" {
		t.Errorf("from %q, text %q", m.EnvelopeFrom, m.Text)
	}
	if diff := cmp.Diff([]string{"ack+1@x.example", "Silent@y.example", "z@z.example"}, m.Recipients); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"ack", "silent"}, m.Special); diff != "" {
		t.Error(diff)
	}
	if got := <-hooked; got.ID != m.ID {
		t.Errorf("OnMessage got %+v", got)
	}
}

func TestMailServerDropStoresAndDoesNotAnswer(t *testing.T) {
	in := openInbox(t, t.TempDir())
	s := startMail(t, MailServerOptions{Inbox: in})
	for _, chunking := range []bool{false, true} {
		before := in.Count()
		conn, err := textproto.Dial("tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		say := func(line string, want int) {
			t.Helper()
			if err := conn.PrintfLine("%s", line); err != nil {
				t.Fatal(err)
			}
			if _, _, err := conn.ReadResponse(want); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
		}
		if _, _, err := conn.ReadResponse(220); err != nil {
			t.Fatal(err)
		}
		say("EHLO client.example", 250)
		say("MAIL FROM:<a@x.example>", 250)
		say("RCPT TO:<drop@y.example>", 250)
		if chunking {
			err = conn.PrintfLine("BDAT 17 LAST\r\nSubject: x\r\n\r\nabc")
		} else {
			say("DATA", 354)
			err = conn.PrintfLine("Subject: x\r\n\r\nabc\r\n.")
		}
		if err != nil {
			t.Fatal(err)
		}
		if line, err := conn.ReadLine(); err == nil {
			t.Errorf("chunking %v: answered %q, want a lost connection", chunking, line)
		}
		if n := in.Count(); n != before+1 {
			t.Errorf("chunking %v: %d stored, want 1", chunking, n-before)
		}
	}
}

func TestMailServerSlow(t *testing.T) {
	const delay = 200 * time.Millisecond
	in := openInbox(t, t.TempDir())
	c := dial(t, startMail(t, MailServerOptions{Inbox: in, SlowDelay: delay}))
	begin := time.Now()
	if err := send(c, "a@x.example", mailBody, "slow@y.example"); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took < delay {
		t.Errorf("answered after %s, want at least %s", took, delay)
	}
}

func TestMailServerExtensions(t *testing.T) {
	c := dial(t, startMail(t, MailServerOptions{}))
	for _, want := range []string{"SMTPUTF8", "DSN", "8BITMIME", "SIZE", "PIPELINING", "ENHANCEDSTATUSCODES"} {
		ok, param := c.Extension(want)
		if !ok {
			t.Errorf("no %s", want)
		}
		if want == "SIZE" && param != "31457280" {
			t.Errorf("SIZE %s", param)
		}
	}
	err := c.Mail("", &smtp.MailOptions{UTF8: true, Body: smtp.Body8BitMIME, Return: smtp.DSNReturnHeaders, EnvelopeID: "t1"})
	if err != nil {
		t.Error(err)
	}
	if err := c.Rcpt("señor@dömäin.example", &smtp.RcptOptions{Notify: []smtp.DSNNotify{smtp.DSNNotifyFailure}}); err != nil {
		t.Error(err)
	}
}

func TestMailServerLimits(t *testing.T) {
	tests := map[string]struct {
		body string
		size int64
		want string
	}{
		"fits":              {body: mailBody, want: "<nil>"},
		"too large":         {body: strings.Repeat("0123456789abcdef\r\n", 100), want: "552 5.3.4"},
		"says it is larger": {body: mailBody, size: 5000, want: "552 5.3.4"},
		"a line too long":   {body: "Subject: x\r\n\r\n" + strings.Repeat("x", 5000) + "\r\n", want: "500 5.6.0"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			in := openInbox(t, dir)
			limit := int64(1000)
			if tt.want == "500 5.6.0" {
				limit = 1 << 20
			}
			c := dial(t, startMail(t, MailServerOptions{Inbox: in, MaxBytes: limit}))
			err := c.Mail("a@x.example", &smtp.MailOptions{Size: tt.size})
			if err == nil {
				if err := c.Rcpt("b@x.example", nil); err != nil {
					t.Fatal(err)
				}
				var w *smtp.DataCommand
				if w, err = c.Data(); err != nil {
					t.Fatal(err)
				}
				_, _ = io.WriteString(w, tt.body)
				err = w.Close()
			}
			if got := code(err); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if tt.want == "<nil>" {
				return
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
				t.Errorf("left over: %v, %v", left, err)
			}
		})
	}
}

func TestMailServerWithoutADisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "inbox")
	in := openInbox(t, dir)
	c := dial(t, startMail(t, MailServerOptions{Inbox: in}))
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if got := code(send(c, "a@x.example", mailBody, "b@x.example")); got != "451 4.3.0" {
		t.Errorf("got %s, want 451: nothing was stored", got)
	}
}

func TestMailServerSenderThatLeaves(t *testing.T) {
	dir := t.TempDir()
	in := openInbox(t, dir)
	s := startMail(t, MailServerOptions{Inbox: in})
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(conn)
	fmt.Fprint(conn, "EHLO x.example\r\nMAIL FROM:<a@x.example>\r\nRCPT TO:<b@x.example>\r\nDATA\r\n")
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(line, "354") {
			break
		}
	}
	fmt.Fprint(conn, "Subject: half")
	conn.Close()
	err = waitUntil(t.Context(), 10*time.Second, func() error {
		left, err := os.ReadDir(dir)
		s.mu.Lock()
		defer s.mu.Unlock()
		if err == nil && (len(left) != 0 || s.open != 0) {
			err = fmt.Errorf("left over: %v, %d transactions open", left, s.open)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestMailServerManyAtOnce(t *testing.T) {
	in := openInbox(t, t.TempDir())
	s := startMail(t, MailServerOptions{Inbox: in})
	const clients, each = 8, 5
	var wg sync.WaitGroup
	for range clients {
		c := dial(t, s)
		wg.Go(func() {
			for range each {
				if err := send(c, "a@x.example", mailBody, "b@x.example"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := in.Count(); n != clients*each {
		t.Errorf("%d stored, want %d", n, clients*each)
	}
}

func TestMailServerStop(t *testing.T) {
	in := openInbox(t, t.TempDir())
	hook := make(chan struct{})
	s, err := StartMailServer(t.Context(), MailServerOptions{
		Inbox: in, SlowDelay: time.Hour,
		OnMessage: func(ctx context.Context, _ Summary) {
			close(hook)
			<-ctx.Done()
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	dial(t, s) // idle, does not keep Stop waiting
	if err := send(dial(t, s), "a@x.example", mailBody, "ack@x.example"); err != nil {
		t.Fatal(err)
	}
	<-hook
	slow := dial(t, s)
	answered := make(chan error, 1)
	go func() { answered <- send(slow, "a@x.example", mailBody, "slow@x.example") }()
	err = waitUntil(t.Context(), 10*time.Second, func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.open != 2 {
			return fmt.Errorf("%d open, want the hook and the slow message", s.open)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if got := code(<-answered); got != "421 4.3.2" {
		t.Errorf("the slow message got %s, want 421", got)
	}
	if n := in.Count(); n != 1 {
		t.Errorf("%d stored, want 1: what was not answered with 250 is not there", n)
	}
	if _, err := net.Dial("tcp", s.Addr()); err == nil {
		t.Error("it still listens")
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Errorf("second Stop: %v", err)
	}
}

func TestSpecial(t *testing.T) {
	tests := map[string]string{
		"bounce@x": "bounce", "Bounce+a+b@x": "bounce", `"drop"@x`: "drop", "drop@x@y": "", "bounces@x": "", "x+bounce@x": "", "": "", "slow": "slow",
	}
	for address, want := range tests {
		if got := special(address); got != want {
			t.Errorf("special(%q) = %q, want %q", address, got, want)
		}
	}
}
