package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/jca-ml/liaison/liaison"
)

// RelayConfig says where messages are handed over.
type RelayConfig struct {
	Address  string // host:port
	Hello    string // our name in EHLO; "" is "localhost", which many relays refuse from elsewhere
	Username string // "" for a relay that knows us by address
	Password string
	TLS      string // "mandatory" (the default), "opportunistic" or "none"

	// Timeout bounds the dialogue up to each reply before the final dot; 2 minutes if zero. RFC 5321, 4.5.3.2 would
	// wait for 5: nothing is lost by giving up earlier, because nothing has been handed over.
	Timeout time.Duration

	// DotTimeout bounds the wait for the reply to the final dot; 10 minutes if zero, as RFC 5321, 4.5.3.2.6 demands.
	// Every shorter wait makes unknown outcomes and, where somebody sends again, duplicates. Shorter ones are for tests.
	DotTimeout time.Duration

	RootCAs *x509.CertPool // nil for the system's
}

// Relay is the mail server that takes our messages over. It is safe for concurrent use.
type Relay struct {
	config     RelayConfig
	host       string
	port       int
	policy     gomail.TLSPolicy
	timeout    time.Duration
	dotTimeout time.Duration
	dial       func(ctx context.Context, network, address string) (net.Conn, error)
}

// NewRelay checks the configuration. It opens no connection.
func NewRelay(c RelayConfig) (*Relay, error) {
	r := &Relay{config: c, timeout: c.Timeout, dotTimeout: c.DotTimeout, dial: new(net.Dialer).DialContext}
	host, port, err := net.SplitHostPort(c.Address)
	if err == nil {
		r.port, err = strconv.Atoi(port)
	}
	if err != nil || host == "" || r.port < 1 || r.port > 65535 {
		return nil, invalid("address", "The relay's address %q is not host:port, as in mail.example.org:587.", c.Address)
	}
	r.host = host
	switch c.TLS {
	case "", "mandatory":
		r.policy = gomail.TLSMandatory
	case "opportunistic":
		r.policy = gomail.TLSOpportunistic
	case "none":
		r.policy = gomail.NoTLS
	default:
		return nil, invalid("tls", "%q is no way to use TLS: choose mandatory, opportunistic or none.", c.TLS)
	}
	if c.Hello == "" {
		r.config.Hello = "localhost"
	}
	if strings.ContainsFunc(r.config.Hello, func(x rune) bool { return x <= ' ' || x > '~' }) {
		return nil, invalid("hello", "The name %q cannot be said in EHLO: write a host name.", c.Hello)
	}
	if (c.Username == "") != (c.Password == "") {
		return nil, invalid("username", "The relay needs both a user name and a password, or neither.")
	}
	if c.Username != "" && r.policy != gomail.TLSMandatory && !loopback(host) {
		return nil, invalid("tls", "A password is sent over TLS only: set the relay's TLS to mandatory.")
	}
	if c.Timeout < 0 || c.DotTimeout < 0 {
		return nil, invalid("timeout", "A timeout cannot be negative.")
	}
	if r.timeout == 0 {
		r.timeout = 2 * time.Minute
	}
	if r.dotTimeout == 0 {
		r.dotTimeout = 10 * time.Minute
	}
	return r, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Send hands one message to one recipient over a connection of its own. See [Session.Send], and [Pool] for many messages.
func (r *Relay) Send(ctx context.Context, env SMTPEnvelope, message []byte, beforeDot func(context.Context) error) Result {
	s, err := r.Open(ctx)
	if err != nil {
		return r.notOpened(err)
	}
	result := s.Send(ctx, env, message, beforeDot)
	s.Close() // whatever becomes of QUIT: the result stands
	return result
}

// notOpened is the result of a message for which no connection came about.
func (r *Relay) notOpened(err error) Result {
	code, reply := replyIn(err)
	return Result{Stage: liaison.StageConnect, Code: code, Enhanced: enhanced(reply), Reply: reply, Err: err, Witness: liaison.WitnessNone, Relay: r.config.Address}
}

// Address is where the relay is, host:port, and how the ledger calls it.
func (r *Relay) Address() string { return r.config.Address }

// Open connects, starts TLS and authenticates. The session must be closed. Cancelling ctx ends only the opening.
func (r *Relay) Open(ctx context.Context) (*Session, error) {
	var raw net.Conn
	stop := func() bool { return true }
	dial := func(dialing context.Context, network, address string) (net.Conn, error) {
		conn, err := r.dial(dialing, network, address)
		if err != nil {
			return nil, err
		}
		// go-mail looks at the context no more once it is connected, and leaves the socket open when the greeting, TLS or
		// the authentication fails; so both are ours. It cancels dialing itself when it is done: ctx is the caller's.
		raw = conn
		stop = context.AfterFunc(ctx, func() { _ = conn.Close() })
		return conn, nil
	}
	options := []gomail.Option{
		gomail.WithPort(r.port), gomail.WithHELO(r.config.Hello), gomail.WithTimeout(r.timeout),
		gomail.WithTLSPolicy(r.policy), gomail.WithDialContextFunc(dial),
		gomail.WithTLSConfig(&tls.Config{ServerName: r.host, MinVersion: tls.VersionTLS12, RootCAs: r.config.RootCAs}),
	}
	if r.config.Username != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover),
			gomail.WithUsername(r.config.Username), gomail.WithPassword(r.config.Password))
	}
	// A client of its own for each dialling: a shared one locks up and changes its settings while it dials.
	client, err := gomail.NewClient(r.host, options...)
	if err != nil {
		return nil, fmt.Errorf("set up the connection to %s: %w", r.config.Address, err)
	}
	smtp, err := client.DialToSMTPClientWithContext(ctx)
	if cancelled := !stop(); err == nil && cancelled {
		err = net.ErrClosed
	}
	if err != nil {
		if raw != nil {
			_ = raw.Close()
		}
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, fmt.Errorf("connect to %s: %w", r.config.Address, err)
	}
	s := &Session{relay: r, conn: raw, text: smtp.Text, tls: "none"}
	if state, err := smtp.GetTLSConnectionState(); err == nil {
		s.tls = tls.VersionName(state.Version)
	}
	s.eightBit, _ = smtp.Extension("8BITMIME")
	s.dsn, _ = smtp.Extension("DSN")
	return s, nil
}

// replyIn finds the server's reply in an error of opening a connection.
func replyIn(err error) (code int, reply string) {
	if e, ok := errors.AsType[*textproto.Error](err); ok {
		return e.Code, tidyReply(e.Msg)
	}
	return 0, ""
}
