package mail

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/jca-ml/liaison/liaison"
)

// smtpSink starts Postfix's smtp-sink (Debian: postfix), which shares no code with us, on a port of 127.0.0.1 with these further
// arguments. It returns its address, and the directory into which it writes each message.
func smtpSink(t *testing.T, args ...string) (address, dir string) {
	t.Helper()
	program := "/usr/sbin/smtp-sink"
	if _, err := os.Stat(program); err != nil && os.Getenv("CI") == "" {
		t.Skipf("NOT TESTED, a part is missing: %v; run scripts/parts mailservers as root", err)
	} else if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	if os.Getuid() == 0 { // it does not run as root; where it goes, its user has to get in
		args = append(args, "-u", "nobody")
		for _, d := range []string{filepath.Dir(dir), dir} {
			if err := os.Chmod(d, 0o777); err != nil {
				t.Fatal(err)
			}
		}
	}
	cmd := exec.CommandContext(t.Context(), program, append(args, "-d", filepath.Join(dir, "%s."), address, "100")...)
	cmd.Dir = dir
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	bound := time.NewTimer(30 * time.Second)
	defer bound.Stop()
	for { // until it listens
		if c, err := net.Dial("tcp", address); err == nil {
			_ = c.Close()
			return address, dir
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("smtp-sink ended: %v, %s", err, said.String())
		case <-bound.C:
			t.Fatal("smtp-sink does not listen")
		default:
		}
	}
}

// TestSMTPSink holds us to a server that we did not write: every letter arrives whole over one connection, and every way in which it
// can fail is classified by its stage.
func TestSMTPSink(t *testing.T) {
	pool := func(address string) *Pool {
		r, err := NewRelay(RelayConfig{Timeout: time.Minute, DotTimeout: time.Minute, Address: address, TLS: "none"})
		if err != nil {
			t.Fatal(err)
		}
		return NewPool(r, 1)
	}
	t.Run("takes everything", func(t *testing.T) {
		address, dir := smtpSink(t)
		p := pool(address)
		var sent [][]byte
		for _, letter := range letters() {
			message, err := Compose(letter, envelope(letter), filesOf(letter))
			if err != nil {
				t.Fatal(err)
			}
			mustBe(t, p.Send(t.Context(), someone, message, nil), liaison.StageDot, 250, liaison.TransmissionAccepted)
			sent = append(sent, message)
		}
		p.Close()
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil || len(files) != len(sent) {
			t.Fatalf("%d messages arrived, %d were sent, %v", len(files), len(sent), err)
		}
		var arrived [][]byte
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Contains(b, []byte("X-Rcpt-Args: <"+someone.To+">")) || bytes.Count(b, []byte("X-Rcpt-Args")) != 1 {
				t.Errorf("the envelope of %s is not what was said: %.300q", f, b)
			}
			arrived = append(arrived, b)
		}
		for _, message := range sent {
			n := 0
			for _, b := range arrived {
				if bytes.Contains(b, bytes.ReplaceAll(message, []byte("\r\n"), []byte("\n"))) {
					n++
				}
			}
			if n != 1 {
				t.Errorf("a message arrived %d times: %.100q", n, message)
			}
		}
	})
	for _, tt := range []struct {
		name  string
		args  []string
		stage liaison.Stage
		code  int
		state liaison.TransmissionState
	}{
		{"4xx at EHLO", []string{"-r", "ehlo,helo"}, liaison.StageConnect, 450, liaison.TransmissionDeferred},
		{"5xx at MAIL", []string{"-f", "mail"}, liaison.StageMail, 500, liaison.TransmissionDeferred},
		{"gone at MAIL", []string{"-q", "mail"}, liaison.StageMail, 0, liaison.TransmissionDeferred},
		{"4xx at RCPT", []string{"-r", "rcpt"}, liaison.StageRcpt, 450, liaison.TransmissionDeferred},
		{"5xx at RCPT", []string{"-f", "rcpt"}, liaison.StageRcpt, 500, liaison.TransmissionRefused},
		{"gone at RCPT", []string{"-q", "rcpt"}, liaison.StageRcpt, 0, liaison.TransmissionDeferred},
		{"421 at DATA", []string{"-Q", "data"}, liaison.StageData, 421, liaison.TransmissionDeferred},
		{"gone at DATA", []string{"-q", "data"}, liaison.StageData, 0, liaison.TransmissionDeferred},
		{"4xx at the dot", []string{"-r", "."}, liaison.StageDot, 450, liaison.TransmissionDeferred},
		{"5xx at the dot", []string{"-f", "."}, liaison.StageDot, 500, liaison.TransmissionRefused},
		{"gone behind the dot", []string{"-q", "."}, liaison.StageDot, 0, liaison.TransmissionUnknown},
		{"gone at QUIT", []string{"-q", "quit"}, liaison.StageDot, 250, liaison.TransmissionAccepted},
	} {
		t.Run(tt.name, func(t *testing.T) {
			address, _ := smtpSink(t, tt.args...)
			p := pool(address)
			defer p.Close()
			for range 2 { // the second time over a connection that was kept, or a new one
				mustBe(t, p.Send(t.Context(), someone, note, nil), tt.stage, tt.code, tt.state)
			}
		})
	}
}

// TestTLSFailsAtThePeer: whatever goes wrong with TLS, nothing is sent, in clear least of all, and nothing is in doubt.
func TestTLSFailsAtThePeer(t *testing.T) {
	hello := "250-peer.example\r\n250 STARTTLS"
	for name, on := range map[string]map[string]string{
		"a reply that is no handshake": {"EHLO": hello, "STARTTLS": "220 go on\r\n250 2.0.0 surely"},
		"gone after its 220":           {"EHLO": hello, "STARTTLS": "220 go on", "\x16": "drop"},
		"gone instead of it":           {"EHLO": hello, "STARTTLS": "drop"},
		"not now":                      {"EHLO": hello, "STARTTLS": "454 4.7.0 TLS not available"},
		"not at all":                   {"EHLO": hello, "STARTTLS": "501 5.5.4 what?"},
		"not offered":                  {},
	} {
		for _, way := range []string{"mandatory", "opportunistic"} {
			t.Run(name+", "+way, func(t *testing.T) {
				p := newPeer(on)
				r := p.relay(t, RelayConfig{TLS: way, Timeout: 2 * time.Second})
				result := NewPool(r, 1).Send(t.Context(), someone, note, nil)
				if way == "opportunistic" && name == "not offered" { // then there is none to fail
					mustBe(t, result, liaison.StageDot, 250, liaison.TransmissionAccepted)
					return
				}
				if result.Stage != liaison.StageConnect || result.State() != liaison.TransmissionDeferred || result.Err == nil {
					t.Errorf("came to %+v", result)
				}
				transcript, kept := p.seen()
				for _, line := range transcript {
					if len(line) > 4 && (line[:4] == "MAIL" || line[:4] == "RCPT") || len(kept) > 0 {
						t.Errorf("said in clear: %q", transcript)
					}
				}
			})
		}
	}
	config, pool := certificate(t)
	t.Run("a version that is too old", func(t *testing.T) {
		old := config.Clone()
		old.MaxVersion = 0x0302 // TLS 1.1
		srv, address := serve(t, old)
		r, err := NewRelay(RelayConfig{Timeout: time.Minute, DotTimeout: time.Minute, Address: address, RootCAs: pool})
		if err != nil {
			t.Fatal(err)
		}
		mustBe(t, r.Send(t.Context(), someone, note, nil), liaison.StageConnect, 0, liaison.TransmissionDeferred)
		if len(srv.messages) > 0 {
			t.Error("it was sent")
		}
	})
}
