package mail

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jca-ml/liaison/liaison"
)

// TestWitness: the addressee's reply decides; what the relay says to our own copy's recipient is on the record and changes
// nothing, unless the connection goes with it.
func TestWitness(t *testing.T) {
	for _, tt := range []struct {
		name        string
		to, witness string // the replies
		state       liaison.TransmissionState
		want        liaison.Witness
		taken       int // recipients of what was accepted
	}{
		{"both taken", "250 ok", "250 ok", liaison.TransmissionAccepted, liaison.WitnessNamed, 2},
		{"copy refused for good", "250 ok", "550 5.7.1 not here", liaison.TransmissionAccepted, liaison.WitnessRefused, 1},
		{"copy refused for now", "250 ok", "451 4.7.1 later", liaison.TransmissionAccepted, liaison.WitnessRefused, 1},
		{"addressee refused", "550 5.1.1 nobody", "250 ok", liaison.TransmissionRefused, liaison.WitnessNone, 0},
		{"addressee deferred", "450 4.2.1 busy", "250 ok", liaison.TransmissionDeferred, liaison.WitnessNone, 0},
		{"the relay hangs up at the copy", "250 ok", "421 4.3.2 bye", liaison.TransmissionDeferred, liaison.WitnessNone, 0},
		{"the connection breaks at the copy", "250 ok", "", liaison.TransmissionDeferred, liaison.WitnessNone, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var recipients, taken []string
			ended := make(chan struct{})
			r, err := NewRelay(RelayConfig{Address: "relay.example:587", TLS: "none"})
			if err != nil {
				t.Fatal(err)
			}
			r.dial = func(context.Context, string, string) (net.Conn, error) {
				client, server := net.Pipe()
				go func() {
					defer close(ended)
					defer server.Close()
					in := bufio.NewReader(server)
					fmt.Fprint(server, "220 relay.example\r\n")
					for {
						line, err := in.ReadString('\n')
						if err != nil {
							return
						}
						reply := "250 ok"
						switch line = strings.TrimSpace(line); {
						case strings.HasPrefix(line, "EHLO"):
							reply = "250-relay.example\r\n250 DSN"
						case strings.HasPrefix(line, "RCPT"):
							recipients = append(recipients, line)
							if reply = tt.to; len(recipients) == 2 {
								reply = tt.witness
							}
							if reply == "" {
								return
							}
							if strings.HasPrefix(reply, "250") {
								taken = append(taken, line)
							}
						case line == "DATA":
							reply = "354 go on"
						case line == ".":
						case !strings.HasPrefix(line, "MAIL") && line != "QUIT":
							continue // the message
						}
						if _, err := fmt.Fprint(server, reply+"\r\n"); err != nil {
							return
						}
					}
				}()
				return client, nil
			}
			env := SMTPEnvelope{From: "b+x@in.example", To: "sg17@itu.example", Witness: "w+x@in.example", ID: "x"}
			seen := liaison.Witness("not asked")
			got := r.Send(t.Context(), env, []byte("Subject: x\r\n\r\nText\r\n"), func(ctx context.Context) error { seen = WitnessOf(ctx); return nil })
			<-ended
			if got.State() != tt.state || got.Witness != tt.want {
				t.Errorf("came to %s with our copy %s: %+v", got.State(), got.Witness, got)
			}
			if tt.state != liaison.TransmissionAccepted {
				if seen != "not asked" {
					t.Error("the dot was about to be written")
				}
				return
			}
			if seen != tt.want || len(taken) != tt.taken {
				t.Errorf("before the dot our copy was %s; recipients %q", seen, taken)
			}
			want := []string{"RCPT TO:<sg17@itu.example> NOTIFY=FAILURE,DELAY,SUCCESS ORCPT=rfc822;sg17@itu.example", "RCPT TO:<w+x@in.example> NOTIFY=NEVER"}
			if diff := cmp.Diff(want, recipients); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
