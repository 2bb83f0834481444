package listen

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync/atomic"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/jca-ml/liaison/liaison"
)

// MailboxConfig says which mailbox is read.
type MailboxConfig struct {
	Address  string // host:port
	Username string
	Password string
	Mailbox  string        // INBOX if empty
	TLS      string        // "implicit" (the default), "starttls", or "none" on this machine only
	Poll     time.Duration // how often it is looked at even if the server says nothing; 1 minute if zero
	RootCAs  *x509.CertPool
	Log      *slog.Logger

	Retry time.Duration // the first wait before connecting again; 1 second if zero
}

// stored is the keyword that marks what we have. \Seen would not do: somebody may look into the mailbox before us.
const stored imap.Flag = "$LiaisonStored"

const step = 2 * time.Minute // bound on each exchange with the server, so that one that fell silent is noticed

// piece is how much of a message is asked for at once: the bound on an exchange is a bound on it, and not on a large message over a
// slow line.
const piece = 256 << 10

// A message that could not be read comes after all others; after so many times it is passed over for a while.
const (
	maxReads = 3
	passOver = time.Hour
)

// unread is a message that could not be read so far.
type unread struct {
	times int
	again time.Time // not before
}

// Mailbox reads a mailbox by IMAP: every message in it that does not carry our mark, at once by IDLE where the server
// offers it, and by looking now and then. A message is marked, and seen, only after it is safe with us. It is never moved or
// deleted.
type Mailbox struct {
	config MailboxConfig
	host   string

	failed   map[imap.UID]unread
	validity uint32 // of their numbers
}

// NewMailbox checks the configuration. It opens no connection.
func NewMailbox(c MailboxConfig) (*Mailbox, error) {
	host, _, err := net.SplitHostPort(c.Address)
	if err != nil || host == "" {
		return nil, liaison.Refuse(liaison.Invalid, "The IMAP server's address %q is not host:port, as in imap.example.org:993.", c.Address)
	}
	if c.Username == "" || c.Password == "" {
		return nil, liaison.Refuse(liaison.Invalid, "The IMAP server needs a user name and a password.")
	}
	ip := net.ParseIP(host)
	switch c.TLS {
	case "":
		c.TLS = "implicit"
	case "implicit", "starttls":
	case "none":
		if host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return nil, liaison.Refuse(liaison.Invalid, "A password is sent over TLS only: set the IMAP server's TLS to implicit or starttls.")
		}
	default:
		return nil, liaison.Refuse(liaison.Invalid, "%q is no way to use TLS with IMAP: choose implicit, starttls or none.", c.TLS)
	}
	if c.Mailbox == "" {
		c.Mailbox = "INBOX"
	}
	if c.Poll <= 0 {
		c.Poll = time.Minute
	}
	if c.Retry <= 0 {
		c.Retry = time.Second
	}
	return &Mailbox{config: c, host: host, failed: map[imap.UID]unread{}}, nil
}

// Run reads the mailbox until ctx is cancelled, and connects again whenever the connection ends, waiting longer each time
// it ends without having brought anything.
func (m *Mailbox) Run(ctx context.Context, deliver Deliver) error {
	wait := m.config.Retry
	for ctx.Err() == nil {
		var read atomic.Int64
		err := m.connected(ctx, func(ctx context.Context, raw []byte, to string) error {
			err := deliver(ctx, raw, to)
			if err == nil {
				read.Add(1)
			}
			return err
		})
		if read.Load() > 0 {
			wait = m.config.Retry
		}
		if ctx.Err() == nil {
			m.config.Log.Warn("the connection to the mailbox ended; connecting again", "address", m.config.Address, "err", err, "wait", wait)
		}
		pause := time.NewTimer(wait)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
		}
		wait = min(2*wait, time.Minute)
	}
	return nil
}

// connected reads the mailbox over one connection until that ends.
func (m *Mailbox) connected(ctx context.Context, deliver Deliver) error {
	news := make(chan struct{}, 1)
	c, err := m.dial(ctx, news)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = c.Close() })()
	defer func() { _ = c.Close() }()

	var mark imap.Flag
	var idle bool
	err = bounded(c, func() error {
		if err := c.Login(m.config.Username, m.config.Password).Wait(); err != nil {
			return fmt.Errorf("log in as %s: %w", m.config.Username, err)
		}
		box, err := c.Select(m.config.Mailbox, nil).Wait()
		if err != nil {
			return fmt.Errorf("open %s: %w", m.config.Mailbox, err)
		}
		if m.validity != box.UIDValidity {
			clear(m.failed)
			m.validity = box.UIDValidity
		}
		mark = imap.FlagSeen
		if slices.Contains(box.PermanentFlags, imap.FlagWildcard) || slices.Contains(box.PermanentFlags, stored) {
			mark = stored
		}
		idle = c.Caps().Has(imap.CapIdle)
		return nil
	})
	if err != nil {
		return err
	}
	m.config.Log.Info("reading the mailbox", "address", m.config.Address, "mailbox", m.config.Mailbox, "idle", idle, "mark", string(mark))
	for {
		if err := m.drain(ctx, c, mark, deliver); err != nil {
			return err
		}
		if err := m.await(ctx, c, idle, news); err != nil {
			return err
		}
	}
}

// bounded runs one exchange and closes the connection if it takes too long.
func bounded(c *imapclient.Client, f func() error) error {
	defer time.AfterFunc(step, func() { _ = c.Close() }).Stop()
	return f()
}

func (m *Mailbox) dial(ctx context.Context, news chan<- struct{}) (*imapclient.Client, error) {
	options := &imapclient.Options{
		TLSConfig: &tls.Config{ServerName: m.host, MinVersion: tls.VersionTLS12, RootCAs: m.config.RootCAs},
		UnilateralDataHandler: &imapclient.UnilateralDataHandler{Mailbox: func(data *imapclient.UnilateralDataMailbox) {
			if data.NumMessages != nil {
				select {
				case news <- struct{}{}:
				default:
				}
			}
		}},
	}
	dialing, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	var conn net.Conn
	var err error
	if m.config.TLS == "implicit" {
		options.TLSConfig.NextProtos = []string{"imap"}
		conn, err = (&tls.Dialer{Config: options.TLSConfig}).DialContext(dialing, "tcp", m.config.Address)
	} else {
		conn, err = (&net.Dialer{}).DialContext(dialing, "tcp", m.config.Address)
	}
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", m.config.Address, err)
	}
	if m.config.TLS != "starttls" {
		return imapclient.New(conn, options), nil
	}
	defer context.AfterFunc(dialing, func() { _ = conn.SetDeadline(time.Now()) })()
	c, err := imapclient.NewStartTLS(conn, options)
	if err != nil {
		return nil, fmt.Errorf("start TLS with %s: %w", m.config.Address, errors.Join(err, conn.Close()))
	}
	return c, nil
}

// await returns when the server says that something came, or after a while.
func (m *Mailbox) await(ctx context.Context, c *imapclient.Client, idle bool, news <-chan struct{}) error {
	var cmd *imapclient.IdleCommand
	if idle {
		err := bounded(c, func() (err error) { cmd, err = c.Idle(); return err })
		if err != nil {
			return fmt.Errorf("wait for mail: %w", err)
		}
	}
	poll := time.NewTimer(m.config.Poll)
	defer poll.Stop()
	select {
	case <-news:
	case <-poll.C:
	case <-ctx.Done():
		return ctx.Err()
	case <-c.Closed():
		return errors.New("the server closed the connection")
	}
	return bounded(c, func() error {
		if cmd == nil {
			return c.Noop().Wait()
		}
		return errors.Join(cmd.Close(), cmd.Wait())
	})
}

// drain takes over every message that does not carry the mark, one at a time: so there is one in memory, and what is
// marked is what is safe. What could not be read before comes last, so that nothing waits behind it.
func (m *Mailbox) drain(ctx context.Context, c *imapclient.Client, mark imap.Flag, deliver Deliver) error {
	var uids []imap.UID
	err := bounded(c, func() error {
		found, err := c.UIDSearch(&imap.SearchCriteria{NotFlag: []imap.Flag{mark}}, nil).Wait()
		if err == nil {
			uids = found.AllUIDs()
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("look for mail: %w", err)
	}
	slices.SortFunc(uids, func(a, b imap.UID) int {
		return cmp.Or(cmp.Compare(m.failed[a].times, m.failed[b].times), cmp.Compare(a, b))
	})
	for _, uid := range uids {
		if time.Now().Before(m.failed[uid].again) {
			continue
		}
		raw, found, err := fetch(c, uid)
		if err != nil {
			m.couldNot(ctx, uid, err)
			return fmt.Errorf("read message %d: %w", uid, err)
		}
		delete(m.failed, uid)
		if !found { // somebody removed it meanwhile
			continue
		}
		// There is no envelope here; the server's Delivered-To stands in the message.
		if err := deliver(ctx, raw, ""); err != nil {
			return fmt.Errorf("store message %d: %w", uid, err)
		}
		flags := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagSeen}}
		if mark != imap.FlagSeen {
			flags.Flags = append(flags.Flags, mark)
		}
		err = bounded(c, func() error { return c.Store(imap.UIDSetNum(uid), flags, nil).Close() })
		if err != nil { // it is brought again, and known then
			return fmt.Errorf("mark message %d: %w", uid, err)
		}
	}
	return nil
}

// couldNot remembers that a message could not be read.
func (m *Mailbox) couldNot(ctx context.Context, uid imap.UID, err error) {
	if ctx.Err() != nil { // we are told to stop
		return
	}
	f := m.failed[uid]
	if f.times++; f.times >= maxReads {
		f.again = time.Now().Add(passOver)
		m.config.Log.Error("a message in the mailbox cannot be read; it stays there and is passed over for a while", "uid", uid, "times", f.times, "again", f.again, "err", err)
	}
	m.failed[uid] = f
}

// fetch reads the bytes of a message without marking it. Of one that is larger than we take, it reads as much as we take:
// its beginning says what it is.
func fetch(c *imapclient.Client, uid imap.UID) (raw []byte, found bool, err error) {
	for len(raw) < MaxMessage {
		var part []byte
		ask := min(piece, MaxMessage-len(raw))
		err := bounded(c, func() (err error) { part, found, err = fetchPart(c, uid, len(raw), ask); return err })
		if err != nil || !found { // not found: somebody removed it meanwhile
			return nil, false, err
		}
		raw = append(raw, part...)
		if len(part) != ask { // its end
			break
		}
	}
	return raw[:min(len(raw), MaxMessage)], true, nil
}

func fetchPart(c *imapclient.Client, uid imap.UID, from, size int) (part []byte, found bool, err error) {
	section := &imap.FetchItemBodySection{Peek: true, Partial: &imap.SectionPartial{Offset: int64(from), Size: int64(size)}}
	list, err := c.Fetch(imap.UIDSetNum(uid), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}}).Collect()
	if err != nil {
		return nil, false, err
	}
	for _, msg := range list {
		if msg.UID == uid && len(msg.BodySection) > 0 {
			return msg.BodySection[0].Bytes, true, nil
		}
	}
	return nil, false, nil
}
