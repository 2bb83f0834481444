package listen

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

const (
	maxRecipients = 100              // the least that RFC 5321, 4.5.3.1.8 demands
	maxLine       = 2000             // twice what RFC 5321, 4.5.3.1.6 allows
	dialogue      = 5 * time.Minute  // RFC 5321, 4.5.3.2
	atOnce        = 8                // messages that are in memory together
	grace         = 20 * time.Second // for messages in transfer when we stop
)

// ServerConfig says where mail is taken.
type ServerConfig struct {
	Address string      // host:port, or unix:/path
	LMTP    bool        // RFC 2033: one answer for each recipient
	Name    string      // ours, in the greeting
	Domains []string    // mail for any other is refused, so that nobody takes us for a relay; none: all are taken
	TLS     *tls.Config // for STARTTLS; nil for none
	Log     *slog.Logger

	Timeout time.Duration // of each step; 5 minutes if zero. Shorter ones are for tests
}

// Server takes mail by SMTP or LMTP. It offers SMTPUTF8: a mail system that has to report about an address that is not
// ASCII could not hand the report over otherwise, and it would vanish.
type Server struct {
	config   ServerConfig
	listener net.Listener
	slots    chan struct{}
}

// NewServer starts to listen; connections are answered once [Server.Run] runs.
func NewServer(ctx context.Context, c ServerConfig) (*Server, error) {
	network, address := "tcp", c.Address
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		network, address = "unix", path
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, network, address)
	if err != nil {
		return nil, fmt.Errorf("listen for mail on %s: %w", c.Address, err)
	}
	if c.Name == "" {
		c.Name = "localhost"
	}
	if c.Timeout == 0 {
		c.Timeout = dialogue
	}
	return &Server{config: c, listener: l, slots: make(chan struct{}, atOnce)}, nil
}

// Addr is where it listens.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Run takes mail until ctx is cancelled. Messages in transfer then get a little time; one that is cut off was not
// answered, and its sender keeps it.
func (s *Server) Run(ctx context.Context, deliver Deliver) error {
	// A message whose last byte is here is stored even while we stop: its sender waits for the answer.
	storing, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var open sync.WaitGroup
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{server: s, conn: c, open: &open, stopping: ctx.Done(), store: func(raw []byte, to string) error {
			ctx, cancel := context.WithTimeout(storing, s.config.Timeout)
			defer cancel()
			return deliver(ctx, raw, to)
		}}, nil
	}))
	server.LMTP = s.config.LMTP
	server.Domain = s.config.Name
	server.TLSConfig = s.config.TLS
	server.MaxMessageBytes = MaxMessage
	server.MaxLineLength = maxLine
	server.MaxRecipients = maxRecipients
	server.ReadTimeout, server.WriteTimeout = s.config.Timeout, s.config.Timeout
	server.EnableSMTPUTF8, server.EnableDSN = true, true
	server.ErrorLog = slog.NewLogLogger(s.config.Log.Handler(), slog.LevelDebug)

	ended := make(chan error, 1)
	go func() { ended <- server.Serve(s.listener) }()
	s.config.Log.Info("taking mail", "address", s.Addr(), "lmtp", s.config.LMTP)
	var err error
	select {
	case err = <-ended:
		if errors.Is(err, net.ErrClosed) {
			err = nil
		}
	case <-ctx.Done():
	}
	_ = s.listener.Close() // it may be closed already
	quiet := make(chan struct{})
	go func() { open.Wait(); close(quiet) }()
	wait := time.NewTimer(grace)
	defer wait.Stop()
	select {
	case <-quiet:
	case <-wait.C:
		s.config.Log.Warn("messages in transfer were cut off; their senders keep them")
	}
	_ = server.Close()
	if err != nil {
		return fmt.Errorf("take mail on %s: %w", s.Addr(), err)
	}
	return nil
}

// ours reports whether mail for the address is taken here.
func (s *Server) ours(address string) bool {
	if len(s.config.Domains) == 0 {
		return true
	}
	domain := address[strings.LastIndexByte(address, '@')+1:]
	for _, d := range s.config.Domains {
		if strings.EqualFold(d, domain) {
			return true
		}
	}
	return strings.EqualFold(address, "postmaster") // RFC 5321, 4.5.1
}

var (
	errNotOurs = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "We relay for nobody; this domain is not ours"}
	errAbsent  = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "The message could not be stored; bring it again later"}
	errBroken  = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 4, 2}, Message: "The message did not arrive whole"}
	errStops   = &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "Shutting down; bring it again later"}
	errLine    = &smtp.SMTPError{Code: 500, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "A line is too long"}
)

// session is one connection; go-smtp calls its methods one at a time.
type session struct {
	server   *Server
	conn     *smtp.Conn
	open     *sync.WaitGroup // messages in transfer
	stopping <-chan struct{} // closed when nothing more is to be taken
	store    func(raw []byte, to string) error
	from     string
	to       []string
}

func (c *session) Mail(from string, _ *smtp.MailOptions) error {
	select {
	case <-c.stopping:
		return errStops
	default:
	}
	c.from, c.to = from, nil
	return nil
}

func (c *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if !c.server.ours(to) {
		return errNotOurs
	}
	c.to = append(c.to, to)
	return nil
}

func (c *session) Reset()        { c.from, c.to = "", nil }
func (c *session) Logout() error { return nil }

// Data stores the message for every recipient. If one fails all are brought again; those that were stored are known then.
func (c *session) Data(r io.Reader) error {
	return c.take(r, func(raw []byte) error {
		for _, to := range c.to {
			if err := c.put(raw, to); err != nil {
				return err
			}
		}
		return nil
	})
}

// LMTPData stores the message for every recipient, and answers for each.
func (c *session) LMTPData(r io.Reader, status smtp.StatusCollector) error {
	return c.take(r, func(raw []byte) error {
		for _, to := range c.to {
			status.SetStatus(to, c.put(raw, to))
		}
		return nil
	})
}

// take reads a message. Before its bytes it puts the Return-Path, as the last server does (RFC 5321, 4.4): without it
// nobody knew later that there was no sender. No Received line is put: with the time in it, the same message brought again
// would be another.
func (c *session) take(r io.Reader, then func(raw []byte) error) error {
	c.open.Add(1)
	defer c.open.Done()
	select {
	case c.server.slots <- struct{}{}:
		defer func() { <-c.server.slots }()
	case <-c.stopping:
		return errStops
	}
	var raw bytes.Buffer
	raw.WriteString("Return-Path: <" + c.from + ">\r\n")
	if _, err := raw.ReadFrom(r); err != nil {
		if answer, ok := errors.AsType[*smtp.SMTPError](err); ok { // too large
			return answer
		}
		// What comes after a part that could not be read must never be taken for commands.
		defer c.conn.Conn().Close()
		if errors.Is(err, smtp.ErrTooLongLine) {
			return errLine
		}
		return errBroken
	}
	return then(raw.Bytes())
}

// put stores the message for one recipient. An error is the answer that says so.
func (c *session) put(raw []byte, to string) error {
	if err := c.store(raw, to); err != nil {
		c.server.config.Log.Error("inbound mail not stored; its sender was asked to bring it again", "err", err)
		return errAbsent
	}
	return nil
}
