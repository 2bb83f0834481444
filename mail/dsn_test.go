package mail

import (
	"strings"
	"testing"

	"github.com/jca-ml/liaison/liaison"
)

// TestReportsAreAskedFor where the relay offers them, and only there.
func TestReportsAreAskedFor(t *testing.T) {
	const offered = "250-peer.example\r\n250-8BITMIME\r\n250 DSN"
	for name, tt := range map[string]struct {
		ehlo, id, mail, rcpt string
	}{
		"offered": {offered, "abc234", "MAIL FROM:<jca-ml@itu.example> RET=HDRS ENVID=abc234", "RCPT TO:<sg17+x=y@itu.example> NOTIFY=FAILURE,DELAY,SUCCESS ORCPT=rfc822;sg17+2Bx+3Dy@itu.example"},
		"offered, nobody of ours to read of successes": {offered, "", "MAIL FROM:<jca-ml@itu.example> RET=HDRS", "RCPT TO:<sg17+x=y@itu.example> NOTIFY=FAILURE,DELAY ORCPT=rfc822;sg17+2Bx+3Dy@itu.example"},
		"not offered":                  {"250 peer.example", "abc234", "MAIL FROM:<jca-ml@itu.example>", "RCPT TO:<sg17+x=y@itu.example>"},
		"an id that has to be encoded": {offered, "a b+c=d", "MAIL FROM:<jca-ml@itu.example> RET=HDRS ENVID=a+20b+2Bc+3Dd", "RCPT TO:<sg17+x=y@itu.example> NOTIFY=FAILURE,DELAY,SUCCESS ORCPT=rfc822;sg17+2Bx+3Dy@itu.example"},
	} {
		p := newPeer(map[string]string{"EHLO": tt.ehlo})
		mustBe(t, p.relay(t, RelayConfig{}).Send(t.Context(), SMTPEnvelope{From: someone.From, To: "sg17+x=y@itu.example", ID: tt.id}, note, nil), liaison.StageDot, 250, liaison.TransmissionAccepted)
		transcript, _ := p.seen()
		if transcript[1] != tt.mail || transcript[2] != tt.rcpt {
			t.Errorf("%s: said %q and %q", name, transcript[1], transcript[2])
		}
	}
	for _, bad := range []string{"a\r\nRCPT TO:<x@y.example>", "ü", strings.Repeat("a", 101), "\x00"} {
		p := newPeer(map[string]string{"EHLO": offered})
		mustBe(t, p.relay(t, RelayConfig{}).Send(t.Context(), SMTPEnvelope{From: someone.From, To: someone.To, ID: bad}, note, nil), liaison.StageConnect, 0, liaison.TransmissionDeferred)
		if transcript, _ := p.seen(); len(transcript) != 2 { // EHLO, QUIT
			t.Errorf("%q: said %q", bad, transcript)
		}
	}
}
