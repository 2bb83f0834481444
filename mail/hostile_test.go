package mail

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jca-ml/liaison/liaison"
)

// shards are what hostile strings are put together from: ends of lines as somebody may read them, headers, commands, addresses,
// quotes and encodings, and what comes before and behind.
var shards = []string{
	"\r\n", "\n", "\r", "\r\r\n", "\n\r", "\x00", "\x0b", "\x0c", "\x1c", "\x85", "\u0085", "\u2028", "\u2029", "\xc0\x8d\xc0\x8a", "%0d%0a", "=0D=0A", "\\r\\n", "&#13;&#10;", "\u560d\u560a", "\r\n ", "\r\n\t", "\r\n\r\n", "\r\n.\r\n", "\n.\n", "\n.\r\n", "\r.\r",
	"Bcc: victim@evil.example", "To: victim@evil.example", "From: chair@evil.example", "Content-Type: text/html", "X-Evil: 1", "Subject: other", "MIME-Version: 1.0",
	"MAIL FROM:<evil@evil.example>", "RCPT TO:<victim@evil.example>", "DATA", "RSET", "QUIT", "> SIZE=1", "> BODY=8BITMIME", " NOTIFY=NEVER", " ORCPT=rfc822;victim@evil.example",
	"victim@evil.example", "<victim@evil.example>", ", victim@evil.example", "; victim@evil.example", "a@b.example> RCPT TO:<victim@evil.example", "\"a\"@b.example", "@evil.example:a@b.example", "a%evil.example@b.example", "a@[127.0.0.1]", "a@b.example\r\n", "＠", "．",
	"=?utf-8?q?", "=?utf-8?b?DQpCY2M6IHZpY3RpbUBldmlsLmV4YW1wbGU=?=", "=?utf-8?q?=0D=0ABcc:_victim@evil.example?=", "?=", "=?utf-7?q?+AA0ACg-?=",
	"\"", "\\\"", "\\", "(", ")", "<", ">", "'", ";", "--", "\"; filename=\"evil.exe", "*=utf-8''evil%0d%0a", "../../etc/passwd", "\t", " ", "    ", "\u202e", "\u200f", "\ufeff", "\xff", "\xed\xa0\x80",
	"SG17", "a@b.example", "текст", "نص", "文本", strings.Repeat("x", 1000), strings.Repeat("长", 400), strings.Repeat(" ", 200), "2026-01-01",
}

// aThousand are strings of one to five shards, the same ones every time; each shard stands alone once.
func aThousand() []string {
	random := rand.New(rand.NewPCG(4, 2026))
	out := slices.Clone(shards)
	for len(out) < 1000 {
		var b strings.Builder
		for range 2 + random.IntN(4) {
			b.WriteString(shards[random.IntN(len(shards))])
		}
		if s := b.String(); !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// listener takes everything and writes down what it is told, by rules of its own: a line ends at LF, whatever is before it.
type listener struct {
	mu       sync.Mutex
	commands []string
	messages []string
}

func (l *listener) serve(conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	say := func(s string) { fmt.Fprintf(conn, "%s\r\n", s) }
	say("220 peer.example")
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		l.mu.Lock()
		l.commands = append(l.commands, strings.TrimSuffix(line, "\n"))
		l.mu.Unlock()
		switch verb := strings.ToUpper(line); {
		case strings.HasPrefix(verb, "EHLO"):
			say("250-peer.example\r\n250-DSN\r\n250 8BITMIME")
		case strings.HasPrefix(verb, "DATA"):
			say("354 go on")
			var message strings.Builder
			for {
				line, err := r.ReadString('\n')
				if err != nil {
					return
				}
				if line == ".\r\n" || line == ".\n" {
					break
				}
				message.WriteString(line)
			}
			l.mu.Lock()
			l.messages = append(l.messages, message.String())
			l.mu.Unlock()
			say("250 2.0.0 ok")
		case strings.HasPrefix(verb, "QUIT"):
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

// headersOf reads the names in a message's head as a server would that takes every LF for the end of a line.
func headersOf(message string) (names []string) {
	head, _, _ := strings.Cut(strings.ReplaceAll(strings.ReplaceAll(message, "\r\n", "\n"), "\r", "\n"), "\n\n")
	for line := range strings.SplitSeq(head, "\n") {
		if line == "" || line[0] == ' ' || line[0] == '\t' {
			continue
		}
		name, _, _ := strings.Cut(line, ":")
		names = append(names, textproto.CanonicalMIMEHeaderKey(name))
	}
	slices.Sort(names)
	return names
}

// TestAThousandHostileStrings puts each into every field that reaches a header or the envelope and sends what is not refused. What the
// relay hears is the same commands as of a harmless message, with the one addressee, and a head with the same headers. A composer
// that trusts what it is given is caught by the same comparison.
func TestAThousandHostileStrings(t *testing.T) {
	l := &listener{}
	r := newPeer(nil).relay(t, RelayConfig{})
	var connections sync.WaitGroup
	dials := 0
	r.dial = func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		dials++
		connections.Go(func() { l.serve(server) })
		return client, nil
	}
	pool := NewPool(r, 1)
	const witness = "w+token@in.example"
	// heard sends a message and returns what the relay heard of it.
	heard := func(env SMTPEnvelope, message []byte) (commands []string, messages []string, result Result) {
		l.mu.Lock()
		l.commands, l.messages = nil, nil
		l.mu.Unlock()
		result = pool.Send(t.Context(), env, message, nil)
		l.mu.Lock()
		defer l.mu.Unlock()
		return slices.DeleteFunc(l.commands, func(c string) bool { return strings.HasPrefix(c, "EHLO ") || c == "QUIT\r" }), l.messages, result
	}
	transcript := func(env SMTPEnvelope) []string {
		return []string{
			"MAIL FROM:<" + env.From + "> RET=HDRS ENVID=" + xtext(env.ID) + "\r", "RCPT TO:<" + env.To + "> NOTIFY=FAILURE,DELAY,SUCCESS ORCPT=rfc822;" + xtext(env.To) + "\r",
			"RCPT TO:<" + witness + "> NOTIFY=NEVER\r", "DATA\r",
		}
	}

	s := statement(sg17)
	harmless, err := Compose(s, envelope(s), attached)
	if err != nil {
		t.Fatal(err)
	}
	want := headersOf(string(harmless))
	withReply := envelope(s)
	withReply.InReplyTo = "a@b.example"
	threaded, err := Compose(s, withReply, attached)
	if err != nil {
		t.Fatal(err)
	}
	heads := [][]string{want, headersOf(string(threaded)), slices.DeleteFunc(slices.Clone(headersOf(string(threaded))), func(n string) bool { return n == "In-Reply-To" })}

	strs := aThousand()
	refused, sent, caught := 0, 0, 0
	for _, value := range strs {
		for field, set := range reachingHeaders {
			s, files := statement(sg17), append([]File{}, attached...)
			env := envelope(s)
			set(&s, &env, &files, value)
			message, err := Compose(s, env, files)
			if err != nil {
				refused++
				if liaison.CodeOf(err) != liaison.Invalid {
					t.Errorf("%s: %q is refused, but not as invalid: %v", field, value, err)
				}
				continue
			}
			sent++
			to := SMTPEnvelope{From: "b+token@in.example", To: "sg17@itu-t.example", Witness: witness, ID: "token"}
			commands, messages, result := heard(to, message)
			if diff := cmp.Diff(transcript(to), commands); diff != "" || len(messages) != 1 || result.State() != liaison.TransmissionAccepted {
				t.Fatalf("%s: %q: the relay heard of %d messages, %+v (-want +got):\n%s", field, value, len(messages), result, diff)
			}
			if got := headersOf(messages[0]); !slices.ContainsFunc(heads, func(h []string) bool { return slices.Equal(h, got) }) {
				t.Fatalf("%s: %q makes the headers %q", field, value, got)
			}
		}
		for field, set := range map[string]func(*SMTPEnvelope){
			"envelope sender":    func(e *SMTPEnvelope) { e.From = value },
			"envelope recipient": func(e *SMTPEnvelope) { e.To = value },
			"envelope witness":   func(e *SMTPEnvelope) { e.Witness = value },
			"envelope id":        func(e *SMTPEnvelope) { e.ID = value },
		} {
			env := SMTPEnvelope{From: "b+token@in.example", To: "sg17@itu-t.example", Witness: witness, ID: "token"}
			set(&env)
			commands, messages, result := heard(env, note)
			if result.Err != nil {
				refused++
				if len(commands) != 0 || len(messages) != 0 {
					t.Fatalf("%s: %q is refused, and the relay heard %q", field, value, commands)
				}
				continue
			}
			sent++
			want := transcript(env)
			want[2] = "RCPT TO:<" + env.Witness + "> NOTIFY=NEVER\r"
			if env.ID == "" || env.Witness == "" {
				t.Fatalf("%s: %q made nothing of it", field, value)
			}
			if diff := cmp.Diff(want, commands); diff != "" || len(messages) != 1 {
				t.Fatalf("%s: %q (-want +got):\n%s", field, value, diff)
			}
			for _, address := range []string{env.From, env.To, env.Witness} {
				if strings.ContainsAny(address, "<>\r\n \t") || strings.Count(address, "@") != 1 {
					t.Fatalf("%s: %q is said as an address", field, value)
				}
			}
		}
		naive := "From: <a@b.example>\r\nSubject: " + value + "\r\n\r\ntext\r\n" // what the comparison is there to find
		if got := headersOf(naive); !slices.Equal(got, []string{"From", "Subject"}) {
			caught++
		}
	}
	pool.Close()
	connections.Wait()
	t.Logf("%d strings: %d times refused, %d times sent over %d connections; a naive composer lets %d through", len(strs), refused, sent, dials, caught)
	if sent < len(strs) || refused < len(strs) || caught < len(strs)/10 {
		t.Errorf("%d sent, %d refused, %d found with a naive composer: this tested little", sent, refused, caught)
	}
}
