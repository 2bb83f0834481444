package parts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/emersion/go-smtp"
)

// The special local parts: mail to them, at any domain and with or without a +tag, behaves as mail in the world does.
//
//	bounce@   550 5.1.1 at RCPT
//	full@     452 4.2.2 at RCPT, always
//	busy@     450 4.2.1 at RCPT for the first two tries of a sender and recipient, then accepted
//	slow@     accepted, but the answer to the final dot takes SlowDelay; stored just before it
//	drop@     stored, then the connection is closed instead of an answer to the final dot: the unknown outcome
//	ack@      accepted; OnMessage may answer it with an acknowledgement
//	silent@   accepted; nobody ever answers
const (
	specialBounce = "bounce"
	specialFull   = "full"
	specialBusy   = "busy"
	specialSlow   = "slow"
	specialDrop   = "drop"
	specialAck    = "ack"
	specialSilent = "silent"
)

const (
	// maxMessageBytes is the advertised SIZE limit (RFC 1870).
	maxMessageBytes = 30 << 20
	// maxLineBytes is twice what RFC 5321, section 4.5.3.1.6, allows in a line.
	maxLineBytes = 2000
	// maxRecipients is the least that RFC 5321, section 4.5.3.1.8, demands.
	maxRecipients = 100
	// busyTries is how often busy@ refuses; maxBusy bounds the pairs that are remembered.
	busyTries, maxBusy = 2, 100_000
	smtpTimeout        = 5 * time.Minute // RFC 5321, section 4.5.3.2
)

// MailServerOptions configure a MailServer. Inbox is required.
type MailServerOptions struct {
	Inbox *Inbox
	// Port on 127.0.0.1; 0 takes a free one.
	Port int
	// SlowDelay is how long slow@ takes; the default is 5 s.
	SlowDelay time.Duration
	// MaxBytes is the greatest size of a message; the default is 30 MiB.
	MaxBytes int64
	// OnMessage is called once for each stored message, after its sender was answered, in a goroutine of its own; Stop
	// cancels its ctx and waits for it. May be nil.
	OnMessage func(ctx context.Context, s Summary)
	// Log may be nil.
	Log *slog.Logger
}

// MailServer is an SMTP server for the demo: it takes mail for any address, keeps it in the Inbox and relays nothing.
// A message is on disk before it is answered with 250.
type MailServer struct {
	opts     MailServerOptions
	smtp     *smtp.Server
	listener net.Listener
	addr     string

	onMessage  func(Summary) // never nil
	cancelHook context.CancelFunc
	served     chan struct{}
	closing    chan struct{}
	stopOnce   sync.Once

	mu    sync.Mutex
	open  int           // transactions between DATA and their answer, and hooks
	idle  chan struct{} // closed when open falls to 0 while closing
	tries map[[2]string]int
}

// StartMailServer listens on 127.0.0.1 and serves until Stop.
func StartMailServer(ctx context.Context, opts MailServerOptions) (*MailServer, error) {
	if opts.SlowDelay == 0 {
		opts.SlowDelay = 5 * time.Second
	}
	if opts.MaxBytes == 0 {
		opts.MaxBytes = maxMessageBytes
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Port == 0 {
		port, err := freePort()
		if err != nil {
			return nil, err
		}
		opts.Port = port
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", loopback(opts.Port))
	if err != nil {
		return nil, fmt.Errorf("start the mail server: %w", err)
	}
	s := &MailServer{
		opts: opts, listener: l, addr: l.Addr().String(),
		served: make(chan struct{}), closing: make(chan struct{}), idle: make(chan struct{}),
		tries: map[[2]string]int{},
	}
	hookCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.cancelHook = cancel
	s.onMessage = func(sum Summary) {
		if opts.OnMessage != nil {
			opts.OnMessage(hookCtx, sum)
		}
	}
	s.smtp = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{server: s, conn: c}, nil
	}))
	s.smtp.Domain = "localhost"
	s.smtp.MaxMessageBytes = opts.MaxBytes
	s.smtp.MaxLineLength = maxLineBytes
	s.smtp.MaxRecipients = maxRecipients
	s.smtp.ReadTimeout, s.smtp.WriteTimeout = smtpTimeout, smtpTimeout
	s.smtp.EnableSMTPUTF8, s.smtp.EnableDSN = true, true
	s.smtp.ErrorLog = slog.NewLogLogger(opts.Log.Handler(), slog.LevelDebug)
	go func() {
		defer close(s.served)
		err := s.smtp.Serve(l)
		if err != nil && !errors.Is(err, net.ErrClosed) {
			opts.Log.Error("mail server ended", "err", err)
		}
	}()
	return s, nil
}

// Addr is host:port of the server.
func (s *MailServer) Addr() string { return s.addr }

// Done is closed when the server takes no more connections, because of Stop or an error of the network.
func (s *MailServer) Done() <-chan struct{} { return s.served }

// Stop takes no further connections, lets messages in transfer and hooks finish until ctx ends, and closes the rest.
func (s *MailServer) Stop(ctx context.Context) error {
	var err error
	s.stopOnce.Do(func() {
		s.mu.Lock()
		close(s.closing)
		if s.open == 0 {
			close(s.idle)
		}
		s.mu.Unlock()
		s.cancelHook()
		_ = s.listener.Close()
		<-s.served
		select {
		case <-s.idle:
		case <-ctx.Done():
			err = fmt.Errorf("stop the mail server: messages in transfer were cut off: %w", ctx.Err())
		}
		_ = s.smtp.Close() // its error is the listener's, closed above
	})
	return err
}

// enter counts something that Stop waits for; it refuses once Stop was called.
func (s *MailServer) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.closing:
		return false
	default:
		s.open++
		return true
	}
}

func (s *MailServer) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	select {
	case <-s.closing:
		if s.open == 0 {
			close(s.idle)
		}
	default:
	}
}

// busy counts one more try and says whether it is to be refused.
func (s *MailServer) busy(from, to string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.tries) >= maxBusy {
		clear(s.tries)
	}
	key := [2]string{strings.ToLower(from), strings.ToLower(to)}
	if s.tries[key] >= busyTries {
		return false
	}
	s.tries[key]++
	return true
}

// special is the special local part of an address, "" if it has none.
func special(address string) string {
	local := address
	if at := strings.LastIndexByte(address, '@'); at >= 0 {
		local = address[:at]
	}
	local, _, _ = strings.Cut(strings.ToLower(strings.Trim(local, `"`)), "+")
	switch local {
	case specialBounce, specialFull, specialBusy, specialSlow, specialDrop, specialAck, specialSilent:
		return local
	}
	return ""
}

var (
	errNoMailbox = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such mailbox here (demo)"}
	errFull      = &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 2, 2}, Message: "Mailbox full (demo)"}
	errBusy      = &smtp.SMTPError{Code: 450, EnhancedCode: smtp.EnhancedCode{4, 2, 1}, Message: "Mailbox busy, try again later (demo)"}
	errLine      = &smtp.SMTPError{Code: 500, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "A line is too long"}
	errSpace     = &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 3, 1}, Message: "Insufficient system storage"}
	errStore     = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "The message could not be stored"}
	errClosing   = &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "Shutting down"}
)

// session is one SMTP connection; go-smtp calls its methods one at a time, but for Logout.
type session struct {
	server *MailServer
	conn   *smtp.Conn

	mu         sync.Mutex
	from       string
	recipients []string
	active     bool     // entered and not yet left
	stored     *Summary // to be handed to OnMessage after the answer
}

func (c *session) Mail(from string, _ *smtp.MailOptions) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.from, c.recipients = from, nil
	return nil
}

func (c *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch special(to) {
	case specialBounce:
		return errNoMailbox
	case specialFull:
		return errFull
	case specialBusy:
		if c.server.busy(c.from, to) {
			return errBusy
		}
	}
	c.recipients = append(c.recipients, to)
	return nil
}

// Data stores the message. go-smtp writes the answer after it returns and calls Reset after that.
func (c *session) Data(r io.Reader) error {
	if !c.server.enter() {
		return errClosing
	}
	c.mu.Lock()
	c.active = true
	env := Envelope{From: c.from, Recipients: slices.Clone(c.recipients), Special: specialOf(c.recipients)}
	c.mu.Unlock()

	st, err := c.server.opts.Inbox.stage(r)
	if err != nil {
		return c.refuse(err)
	}
	if slices.Contains(env.Special, specialSlow) {
		delay := time.NewTimer(c.server.opts.SlowDelay)
		defer delay.Stop()
		select {
		case <-delay.C:
		case <-c.server.closing:
			c.server.opts.Inbox.discard(st)
			return errClosing
		}
	}
	sum, err := c.server.opts.Inbox.commit(env, st)
	if err != nil {
		return c.refuse(err)
	}
	c.mu.Lock()
	c.stored = &sum
	c.mu.Unlock()
	if slices.Contains(env.Special, specialDrop) {
		// Closed beneath go-smtp, so that its answer has nowhere to go.
		_ = c.conn.Conn().Close()
	}
	return nil
}

// refuse finds the answer for an error.
func (c *session) refuse(err error) error {
	var answer *smtp.SMTPError
	switch {
	case errors.As(err, &answer):
		return answer
	case errors.Is(err, smtp.ErrTooLongLine):
		return errLine
	case errors.Is(err, smtp.ErrDataReset), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return errStore // the sender has gone
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		c.server.opts.Log.Error("mail server: no space for a message", "err", err)
		return errSpace
	default:
		c.server.opts.Log.Error("mail server: message not stored", "err", err)
		return errStore
	}
}

// Reset ends a transaction: after the answer to DATA was written, on RSET and on a second EHLO.
func (c *session) Reset() {
	c.mu.Lock()
	active, stored := c.active, c.stored
	c.from, c.recipients, c.active, c.stored = "", nil, false, nil
	c.mu.Unlock()
	s := c.server
	if stored != nil && s.enter() {
		go func() {
			defer s.leave()
			s.onMessage(*stored)
		}()
	}
	if active {
		s.leave()
	}
}

func (c *session) Logout() error {
	c.Reset()
	return nil
}
