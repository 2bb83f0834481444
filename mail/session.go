package mail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/jca-ml/liaison/liaison"
)

// SMTPEnvelope is who a message is from and to as far as servers are concerned. There is one recipient, so that one
// reply is about one body; beside it only a mailbox of our own.
type SMTPEnvelope struct {
	From, To string
	Witness  string // our own copy goes there: the addressee's reply decides, and a refusal of this one does not matter; "" for none
	ID       string // what delivery reports call it (ENVID, RFC 3461), printable ASCII, at most 100 characters; "" for none
}

// Result is how an attempt to hand one message over ended, with the evidence.
type Result struct {
	Stage    liaison.Stage // how far it came
	Code     int           // the server's last reply, 0 if there was none to the last thing said
	Enhanced string        // its enhanced status code (RFC 3463), "5.1.1", or ""
	Reply    string        // its words, every line of them, without the code
	Err      error         // nil if and only if the message was accepted
	Witness  liaison.Witness
	Relay    string        // host:port
	TLS      string        // "TLS 1.3", "none", or "" when it did not come to it
	Took     time.Duration // of the relay's time; 0 where nothing was tried
}

// State is what is certain after the attempt.
func (r Result) State() liaison.TransmissionState { return liaison.Classify(r.Stage, r.Code) }

// Session is an open connection to a relay. It carries one message after the other and is not for concurrent use.
type Session struct {
	relay    *Relay
	conn     net.Conn // the socket itself, below TLS
	text     *textproto.Conn
	tls      string
	eightBit bool
	dsn      bool // the relay takes the parameters of RFC 3461
	used     bool // a transaction has begun and was not ended by an accepted message
	closed   bool
}

// errClosed is the end of a session that an earlier message has used up.
var errClosed = errors.New("the connection is closed")

// Send hands one message to one recipient. What is certain afterwards is in the result.
//
// When all of the message but its final dot is on the wire, beforeDot is called (nil for none): it records that the
// message is about to be handed over, and may refuse; [WitnessOf] tells it whether our own copy goes too. If it does, or if ctx is cancelled up to here, the socket is closed
// without the dot and nothing has been sent. From the dot on, ctx is ignored: the answer is waited for, because only the
// answer tells.
func (s *Session) Send(ctx context.Context, env SMTPEnvelope, message []byte, beforeDot func(context.Context) error) Result {
	t := transaction{Session: s}
	t.result = Result{Stage: liaison.StageConnect, Relay: s.relay.config.Address, TLS: s.tls, Witness: liaison.WitnessNone}
	t.stop = context.AfterFunc(ctx, func() { _ = s.conn.Close() })
	defer t.stop()
	t.result.Err = t.run(ctx, env, message, beforeDot)
	if t.result.Err != nil {
		t.result.Err = fmt.Errorf("%s: %w", t.result.Stage, t.result.Err)
	}
	return t.result
}

// ready reports whether the session can carry another message: what was begun and not ended is forgotten (RSET), and a
// session on which the relay will not do so is closed. Nothing of any message is lost by that.
func (s *Session) ready(ctx context.Context) bool {
	if s.closed || !s.used {
		return !s.closed
	}
	stop := context.AfterFunc(ctx, func() { _ = s.conn.Close() })
	defer stop()
	code := 0
	err := s.conn.SetDeadline(time.Now().Add(min(s.relay.timeout, patienceForRSET)))
	if err == nil && s.text.R.Buffered() == 0 {
		if err = s.text.PrintfLine("RSET"); err == nil {
			code, _, err = s.text.ReadResponse(0)
		}
	}
	if err != nil || code/100 != 2 {
		s.drop()
		return false
	}
	s.used = false
	return true
}

// Close says QUIT and closes the connection. What the server makes of QUIT is of no account.
func (s *Session) Close() {
	if s.closed {
		return
	}
	_ = s.conn.SetDeadline(time.Now().Add(min(s.relay.timeout, 5*time.Second)))
	if s.text.PrintfLine("QUIT") == nil {
		_, _, _ = s.text.ReadResponse(0)
	}
	s.drop()
}

// drop closes the socket without another word. In the middle of DATA a word more could end the message.
func (s *Session) drop() {
	s.closed = true
	_ = s.conn.Close()
}

// transaction is one message on its way.
type transaction struct {
	*Session
	stop   func() bool // ends the watch over ctx; false if it has closed the socket already
	result Result
}

func (t *transaction) run(ctx context.Context, env SMTPEnvelope, message []byte, beforeDot func(context.Context) error) error {
	from, err := liaison.ParseEmail(env.From)
	if err != nil {
		return fmt.Errorf("sender: %w", err)
	}
	to, err := liaison.ParseEmail(env.To)
	if err != nil {
		return fmt.Errorf("recipient: %w", err)
	}
	if err := wireForm(message); err != nil {
		return err
	}
	witness := ""
	if env.Witness != "" {
		if witness, err = liaison.ParseEmail(env.Witness); err != nil {
			return fmt.Errorf("our own copy: %w", err)
		}
	}
	mailDSN, rcptDSN, err := t.reports(env.ID, to)
	if err != nil {
		return err
	}
	if t.closed {
		return errClosed
	}

	// SMTPUTF8 is never asked for: ParseEmail lets only ASCII addresses through, and a server that has to find a way
	// for SMTPUTF8 mail may bounce what it could have forwarded.
	mail := "MAIL FROM:<" + from + ">"
	if bytes.ContainsFunc(message, func(r rune) bool { return r > unicode.MaxASCII }) {
		if !t.eightBit {
			t.result.Stage = liaison.StageMail
			return errors.New("the message has 8-bit lines and the relay does not take them")
		}
		mail += " BODY=8BITMIME"
	}
	mail += mailDSN
	if t.used {
		if err := t.command(ctx, liaison.StageMail, "RSET", 2); err != nil {
			return err
		}
	}
	t.used = true
	if err := t.command(ctx, liaison.StageMail, mail, 2); err != nil {
		return err
	}
	if err := t.command(ctx, liaison.StageRcpt, "RCPT TO:<"+to+">"+rcptDSN, 2); err != nil {
		return err
	}
	if witness != "" {
		if err := t.witness(ctx, witness); err != nil {
			return err
		}
	}
	if err := t.command(ctx, liaison.StageData, "DATA", 3); err != nil {
		return err
	}
	t.result.Code, t.result.Enhanced, t.result.Reply = 0, "", "" // 354 says nothing about the message

	if err := t.write(bytes.TrimSuffix(message, []byte("\r\n"))); err != nil { // which comes with the dot
		return t.broken(ctx, err)
	}
	if t.text.R.Buffered() > 0 {
		t.drop()
		return errOutOfTurn
	}
	if beforeDot != nil {
		if err := beforeDot(context.WithValue(ctx, witnessKey{}, t.result.Witness)); err != nil {
			t.drop()
			return fmt.Errorf("not handed over: %w", err)
		}
	}
	if err := t.deadline(t.relay.dotTimeout); err != nil {
		return t.broken(ctx, err)
	}
	if !t.stop() {
		t.drop()
		return context.Cause(ctx)
	}

	// The point of no return.
	t.result.Stage = liaison.StageDot
	if _, err := t.text.W.WriteString("\r\n.\r\n"); err != nil {
		t.drop()
		return err
	}
	if err := t.text.W.Flush(); err != nil {
		t.drop()
		return err
	}
	if err := t.reply(ctx, 2); err != nil {
		return err
	}
	t.used = false
	return nil
}

// witness names our own copy's recipient. No reports are wanted about it. Whatever the relay says to it is of no account,
// as long as the connection stands.
func (t *transaction) witness(ctx context.Context, to string) error {
	line := "RCPT TO:<" + to + ">"
	if t.dsn {
		line += " NOTIFY=NEVER"
	}
	err := t.command(ctx, liaison.StageRcpt, line, 2)
	switch {
	case err == nil:
		t.result.Witness = liaison.WitnessNamed
	case t.closed:
		return err
	default:
		t.result.Witness = liaison.WitnessRefused
	}
	return nil
}

type witnessKey struct{}

// WitnessOf tells a function that is called before the final dot whether our own copy goes with the message.
func WitnessOf(ctx context.Context) liaison.Witness {
	if w, ok := ctx.Value(witnessKey{}).(liaison.Witness); ok {
		return w
	}
	return liaison.WitnessNone
}

// reports are the parameters that ask for delivery reports (RFC 3461), "" where the relay does not offer them: the headers
// only, of failure and of delay; and of success, too, when there is an ID, because then somebody at our end reads them.
func (s *Session) reports(id, to string) (mail, rcpt string, err error) {
	if len(id) > 100 || strings.ContainsFunc(id, func(r rune) bool { return r < ' ' || r > '~' }) {
		return "", "", fmt.Errorf("%q cannot be an envelope id", id)
	}
	if !s.dsn {
		return "", "", nil
	}
	mail, rcpt = " RET=HDRS", " NOTIFY=FAILURE,DELAY"
	if id != "" {
		mail += " ENVID=" + xtext(id)
		rcpt += ",SUCCESS"
	}
	return mail, rcpt + " ORCPT=rfc822;" + xtext(to), nil
}

// xtext encodes a parameter's value (RFC 3461, 4).
func xtext(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c < '!' || c > '~' || c == '+' || c == '=' {
			fmt.Fprintf(&b, "+%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// errOutOfTurn is a server that spoke unasked. Its replies can no longer be told apart, and a reply that belongs to
// something else must not count as an acceptance.
var errOutOfTurn = errors.New("the server spoke out of turn")

// command says one line and reads the reply, which has to be of the given class.
func (t *transaction) command(ctx context.Context, stage liaison.Stage, line string, class int) error {
	t.result.Stage = stage
	t.result.Code, t.result.Enhanced, t.result.Reply = 0, "", ""
	if t.text.R.Buffered() > 0 {
		t.drop()
		return errOutOfTurn
	}
	err := t.deadline(t.relay.timeout)
	if err == nil {
		err = t.text.PrintfLine("%s", line)
	}
	if err != nil {
		return t.broken(ctx, err)
	}
	return t.reply(ctx, class)
}

// reply reads a reply of one or more lines. Half a reply is none.
func (t *transaction) reply(ctx context.Context, class int) error {
	code, words, err := t.text.ReadResponse(0)
	t.result.Reply = tidyReply(words)
	t.result.Enhanced = enhanced(t.result.Reply)
	if err != nil {
		return t.broken(ctx, err)
	}
	if t.result.Stage == liaison.StageDot && code/100 != 2 && code/100 != 4 && code/100 != 5 {
		t.drop()
		return fmt.Errorf("the server answered %d, which says neither yes nor no", code)
	}
	t.result.Code = code
	if code == 421 { // the server closes the connection (RFC 5321, 3.8)
		t.drop()
	}
	if code/100 != class {
		return &textproto.Error{Code: code, Msg: t.result.Reply}
	}
	return nil
}

// broken ends the session after a read or a write that failed, and names the cause.
func (t *transaction) broken(ctx context.Context, err error) error {
	t.drop()
	if t.result.Stage != liaison.StageDot && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// write puts the body on the wire, with a new deadline for each block (RFC 5321, 4.5.3.2.5), and doubles the dot at the
// beginning of a line (RFC 5321, 4.5.2). It makes no copy of the body, which can be large.
func (t *transaction) write(body []byte) error {
	const block = 64 << 10
	room := 0
	put := func(b []byte) error {
		for len(b) > 0 {
			if room == 0 {
				if err := t.deadline(t.relay.timeout); err != nil {
					return err
				}
				room = block
			}
			n := min(room, len(b))
			if _, err := t.text.W.Write(b[:n]); err != nil {
				return err
			}
			b, room = b[n:], room-n
		}
		return nil
	}
	dot := []byte(".")
	if bytes.HasPrefix(body, dot) {
		if err := put(dot); err != nil {
			return err
		}
	}
	lineAndDot := []byte("\r\n.")
	for {
		i := bytes.Index(body, lineAndDot)
		if i < 0 {
			break
		}
		i += len(lineAndDot)
		if err := put(body[:i]); err != nil {
			return err
		}
		if err := put(dot); err != nil {
			return err
		}
		body = body[i:]
	}
	if err := put(body); err != nil {
		return err
	}
	return t.text.W.Flush()
}

func (t *transaction) deadline(d time.Duration) error { return t.conn.SetDeadline(time.Now().Add(d)) }

var enhancedPattern = regexp.MustCompile(`^[245]\.[0-9]{1,3}\.[0-9]{1,3}\b`)

func enhanced(reply string) string { return enhancedPattern.FindString(reply) }

const maxReply = 4000 // characters of a server's words that are kept

// tidyReply makes a server's words into text that can be stored and shown; its lines stay lines.
func tidyReply(s string) string {
	s = strings.Map(func(r rune) rune {
		if r != '\n' && unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	if runes := []rune(s); len(runes) > maxReply {
		s = string(runes[:maxReply])
	}
	return strings.TrimSpace(s)
}
