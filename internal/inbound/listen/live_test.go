package listen

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/jca-ml/liaison/internal/inbound"
	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail"
	"github.com/jca-ml/liaison/migrations"
)

func register(ctx context.Context, url string) error {
	if err := migrations.Up(ctx, url); err != nil {
		return err
	}
	s, err := store.Open(ctx, url)
	if err != nil {
		return err
	}
	defer s.Close()
	return seed.Register(ctx, s)
}

// world is a register with one statement under way, and a desk that handles what comes in.
type world struct {
	*testing.T
	store     *store.Store
	desk      *Desk
	addresses inbound.Addresses
	statement liaison.StatementID
	messages  []store.Transmission
}

func newWorld(t *testing.T, to ...liaison.Code) *world {
	t.Helper()
	pool := testkit.Database(t, register)
	w := &world{T: t, store: store.New(pool), statement: liaison.StatementID(uuid.NewString())}
	w.addresses = inbound.Addresses{Keys: inbound.Keys{bytes.Repeat([]byte{7}, 32)}, Domain: "in.example"}
	w.desk = NewDesk(w.store, w.addresses.Keys, slog.New(slog.DiscardHandler))

	c := liaison.Content{
		Source: seed.JCAML, Title: "Roadmap", Questions: "N/A", Deadline: "2099-01-31", ReplyTo: "jca-ml@liaison.example", Language: "en", Abstract: "Asks.", Text: "Please review.",
		Contacts: []liaison.Contact{{Name: seed.Chair.Name, Organization: "ETRI", Country: "Rep. of Korea", Email: seed.Chair.Email}},
	}
	for _, code := range to {
		c.Addressees = append(c.Addressees, liaison.Addressee{Body: code, Purpose: liaison.ForAction})
	}
	if _, err := w.store.Create(t.Context(), w.statement, seed.Editor.ID, c); err != nil {
		t.Fatal(err)
	}
	var batch liaison.CommandID
	for _, kind := range []liaison.CommandKind{liaison.DoSubmit, liaison.DoApprove, liaison.DoDispatch} {
		snap, err := w.store.Snapshot(t.Context(), w.statement)
		if err != nil {
			t.Fatal(err)
		}
		actor := seed.Chair.ID
		if kind == liaison.DoSubmit {
			actor = seed.Editor.ID
		}
		batch = liaison.CommandID(uuid.NewString())
		if _, err := w.store.Do(t.Context(), liaison.Command{ID: batch, Kind: kind, Statement: w.statement, Actor: actor, Digest: snap.Digest, Consulted: seed.Consulted()}); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	if w.messages, err = w.store.Batch(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	sealed := map[liaison.TransmissionID][]byte{}
	for _, x := range w.messages {
		reply := w.address(inbound.RoleReply, x)
		sealed[x.ID] = fmt.Appendf(nil, "From: <jca-ml@sender.example>\r\nTo: <%s>\r\nReply-To: <%s>\r\nSubject: [JCA-ML-LS1] LS on a roadmap\r\nMessage-ID: <%s>\r\nDate: Tue, 03 Mar 2026 09:00:00 +0000\r\n\r\nText\r\n", x.Email, reply, x.MessageID)
	}
	if err := w.store.Seal(t.Context(), batch, sealed); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.desk.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *world) address(role inbound.Role, x store.Transmission) string {
	w.Helper()
	a, err := w.addresses.Of(role, x.ID)
	if err != nil {
		w.Fatal(err)
	}
	return a
}

// send hands a message to the relay as the worker does, for the address to, which stands for the addressee's.
func (w *world) send(relayAddress string, x store.Transmission, to string) {
	w.Helper()
	relay, err := mail.NewRelay(mail.RelayConfig{Address: relayAddress, Hello: "liaison.example", TLS: "none"})
	if err != nil {
		w.Fatal(err)
	}
	c, err := w.store.Claim(w.Context(), x.ID, "worker 1")
	if err != nil {
		w.Fatal(err)
	}
	id, err := w.addresses.EnvelopeID(x.ID)
	if err != nil {
		w.Fatal(err)
	}
	result := relay.Send(w.Context(), mail.SMTPEnvelope{From: w.address(inbound.RoleBounce, x), To: to, ID: id}, c.Bytes, func(ctx context.Context) error { return w.store.Dot(ctx, c) })
	if result.Err != nil {
		w.Fatalf("the relay did not take it: %+v", result)
	}
	if _, err := w.store.Record(w.Context(), c, store.Sent{Stage: result.Stage, Code: result.Code, Reply: result.Reply, Relay: result.Relay}, liaison.Retry{}); err != nil {
		w.Fatal(err)
	}
}

// knows waits until the facts about a message are these, whatever their order.
func (w *world) knows(x store.Transmission, state liaison.TransmissionState, log func() string, want ...liaison.Fact) []store.FactLine {
	w.Helper()
	var found []store.FactLine
	testkit.Eventually(w, 60*time.Second, func() error {
		lines, err := w.store.Facts(w.Context(), w.statement)
		if err != nil {
			return err
		}
		var got []liaison.Fact
		found = nil
		for _, l := range lines {
			if l.Transmission == x.ID {
				got, found = append(got, l.Fact), append(found, l)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		now, err := w.store.Transmission(w.Context(), x.ID)
		if err != nil {
			return err
		}
		if diff := cmp.Diff(want, slices.Compact(got)); diff != "" || now.State != state {
			return fmt.Errorf("%s is %s, want %s; facts (-want +got):\n%s\nlog of the relay:\n%s", x.Email, now.State, state, diff, log())
		}
		return nil
	})
	return found
}

// TestPostfixReports: reports that Postfix writes, live, come back to our listener and find their message.
func TestPostfixReports(t *testing.T) {
	w := newWorld(t, "itu-t/sg17", "w3c", "itu-t/sg13", "ieee")
	refused, taken, slow, plain := w.messages[0], w.messages[1], w.messages[2], w.messages[3]

	far := &box{}
	mailbox := serve(t, ServerConfig{}, far.deliver)
	nobody := refusing(t, "nobody", "550 5.1.1 there is no such mailbox")
	later := refusing(t, "later", "450 4.2.1 come back another day")
	old := refusing(t, "old", "") // it takes everything and has never heard of reports
	in := serve(t, ServerConfig{Domains: []string{"in.example"}}, w.desk.Deliver("smtp"))
	relay, log := testkit.Postfix(t, map[string]string{
		"in.example": "smtp:[127.0.0.1]:" + portOf(in.Addr()), "there.example": "smtp:[127.0.0.1]:" + portOf(mailbox.Addr()),
		"gone.example": "smtp:[127.0.0.1]:" + portOf(nobody), "slow.example": "smtp:[127.0.0.1]:" + portOf(later),
		"old.example": "smtp:[127.0.0.1]:" + portOf(old),
	})
	w.send(relay, refused, "desk@gone.example")
	w.send(relay, taken, "desk@there.example")
	w.send(relay, slow, "desk@slow.example")
	w.send(relay, plain, "desk@old.example")

	bounce := w.knows(refused, liaison.TransmissionBounced, log, liaison.FactBounced)[0]
	if bounce.Status != "5.1.1" || bounce.Recipient != "desk@gone.example" || !strings.Contains(bounce.Diagnostic, "there is no such mailbox") {
		t.Errorf("the bounce is %+v", bounce)
	}
	w.knows(plain, liaison.TransmissionAccepted, log, liaison.FactRelayed)
	w.knows(slow, liaison.TransmissionAccepted, log, liaison.FactDelayed)
	// Where the next server offers reports itself, Postfix passes the request on and reports nothing.
	w.knows(taken, liaison.TransmissionAccepted, log)
	if got := far.list(); len(got) != 1 || !strings.Contains(got[0], "<"+taken.MessageID+">") {
		t.Errorf("the addressee's server has %q", got)
	}
	list, err := w.store.InboundOf(t.Context(), w.statement)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range list {
		if m.MatchedBy != inbound.ByToken || m.Understood.Kind != inbound.DeliveryStatus || !m.Understood.NullSender || m.Understood.EnvelopeID == "" || len(m.Understood.ReturnedIDs) == 0 {
			t.Errorf("understood as %+v by %s", m.Understood, m.MatchedBy)
		}
	}
	tray, err := w.store.Tray(t.Context(), "", 10)
	if err != nil || len(tray) != 0 {
		t.Errorf("%d in the tray, %v", len(tray), err)
	}
}

// TestPostfixReportsInUTF8: the report about an address that is not ASCII has another form, and can only be handed to a server
// that takes SMTPUTF8.
func TestPostfixReportsInUTF8(t *testing.T) {
	w := newWorld(t, "itu-t/sg17")
	x := w.messages[0]
	in := serve(t, ServerConfig{Domains: []string{"in.example"}}, w.desk.Deliver("smtp"))
	relay, log := testkit.Postfix(t, map[string]string{
		"in.example": "smtp:[127.0.0.1]:" + portOf(in.Addr()), "gone.example": "smtp:[127.0.0.1]:" + portOf(refusing(t, "nobody", "550 5.1.1 there is no such mailbox")),
	})
	c, err := w.store.Claim(t.Context(), x.ID, "worker 1")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.store.Dot(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if _, err := w.store.Record(t.Context(), c, store.Sent{Stage: liaison.StageDot, Code: 250}, liaison.Retry{}); err != nil {
		t.Fatal(err)
	}
	client, err := smtp.Dial(relay)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.Mail(w.address(inbound.RoleBounce, x), &smtp.MailOptions{UTF8: true, Return: smtp.DSNReturnHeaders}); err != nil {
		t.Fatal(err)
	}
	if err := client.Rcpt("用户@gone.example", nil); err != nil {
		t.Fatal(err)
	}
	data, err := client.Data()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := data.Write(c.Bytes); err != nil {
		t.Fatal(err)
	}
	if err := data.Close(); err != nil {
		t.Fatal(err)
	}
	bounce := w.knows(x, liaison.TransmissionBounced, log, liaison.FactBounced)[0]
	if bounce.Recipient != "用户@gone.example" || !strings.HasPrefix(bounce.Status, "5.") {
		t.Errorf("the bounce is %+v", bounce)
	}
	_, raw, err := w.store.InboundMessage(t.Context(), bounce.Inbound)
	if err != nil || !bytes.Contains(raw, []byte("message/global-delivery-status")) {
		t.Errorf("the report, %v:\n%s", err, raw)
	}
}

// TestPostfixBringsItAgain: while our database is away Postfix keeps its report, and brings it when the database is back.
func TestPostfixBringsItAgain(t *testing.T) {
	w := newWorld(t, "itu-t/sg17")
	gate := &box{fail: func(string) error { return errAway }}
	deliver := w.desk.Deliver("smtp")
	refusals := make(chan struct{}, 100)
	in := serve(t, ServerConfig{Domains: []string{"in.example"}}, func(ctx context.Context, raw []byte, to string) error {
		if err := gate.deliver(ctx, raw, to); err != nil {
			refusals <- struct{}{}
			return err
		}
		return deliver(ctx, raw, to)
	})
	relay, log := testkit.Postfix(t, map[string]string{
		"in.example": "smtp:[127.0.0.1]:" + portOf(in.Addr()), "gone.example": "smtp:[127.0.0.1]:" + portOf(refusing(t, "nobody", "550 5.1.1 there is no such mailbox")),
	})
	w.send(relay, w.messages[0], "desk@gone.example")
	<-refusals
	gate.refuse(nil)
	w.knows(w.messages[0], liaison.TransmissionBounced, log, liaison.FactBounced)
}

// TestThroughDovecot: Postfix hands its reports to Dovecot by LMTP, and we read them from the mailbox.
func TestThroughDovecot(t *testing.T) {
	w := newWorld(t, "itu-t/sg17", "w3c")
	imapAddress, lmtp, dovecotLog := testkit.Dovecot(t)
	relay, postfixLog := testkit.Postfix(t, map[string]string{
		"in.example":   "lmtp:inet:[127.0.0.1]:" + portOf(lmtp),
		"gone.example": "smtp:[127.0.0.1]:" + portOf(refusing(t, "nobody", "550 5.1.1 there is no such mailbox")),
	})
	log := func() string { return postfixLog() + dovecotLog() }
	m, err := NewMailbox(MailboxConfig{Address: imapAddress, Username: "in@in.example", Password: "secret", TLS: "none", Poll: time.Hour, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	run(t, m, w.desk.Deliver("imap"))

	w.send(relay, w.messages[0], "desk@gone.example")
	w.knows(w.messages[0], liaison.TransmissionBounced, log, liaison.FactBounced)

	// A person answers to the Reply-To, by the same relay; the mailbox tells us at once, because nothing is polled for.
	w.send(relay, w.messages[1], "nobody@gone.example")
	w.knows(w.messages[1], liaison.TransmissionBounced, log, liaison.FactBounced)
	answer := "From: <desk@there.example>\r\nTo: <" + w.address(inbound.RoleReply, w.messages[1]) + ">\r\nSubject: Re: [JCA-ML-LS1] LS on a roadmap\r\nMessage-ID: <a@there.example>\r\n\r\nThanks\r\n"
	r, err := mail.NewRelay(mail.RelayConfig{Address: relay, Hello: "there.example", TLS: "none"})
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Send(t.Context(), mail.SMTPEnvelope{From: "desk@there.example", To: w.address(inbound.RoleReply, w.messages[1])}, []byte(answer), nil); got.Err != nil {
		t.Fatal(got.Err)
	}
	w.knows(w.messages[1], liaison.TransmissionBounced, log, liaison.FactBounced, liaison.FactReplied)
	list, err := w.store.InboundOf(t.Context(), w.statement)
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range list {
		if in.Source != "imap" || in.MatchedBy != inbound.ByToken {
			t.Errorf("it came by %s and was matched by %s", in.Source, in.MatchedBy)
		}
	}
}

func portOf(address string) string { return address[strings.LastIndexByte(address, ':')+1:] }

// refusing is a server that gives every recipient the same answer; "" takes everything.
func refusing(t *testing.T, name, answer string) (address string) {
	t.Helper()
	var refusal error
	var code int
	var enhanced smtp.EnhancedCode
	if answer != "" {
		if _, err := fmt.Sscanf(answer, "%d %d.%d.%d", &code, &enhanced[0], &enhanced[1], &enhanced[2]); err != nil {
			t.Fatal(err)
		}
		_, words, _ := strings.Cut(answer[4:], " ")
		refusal = &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: words}
	}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return refuser{refusal}, nil }))
	server.Domain, server.ErrorLog = name, slog.NewLogLogger(slog.DiscardHandler, 0)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return l.Addr().String()
}

type refuser struct{ answer error }

func (refuser) Mail(string, *smtp.MailOptions) error   { return nil }
func (r refuser) Rcpt(string, *smtp.RcptOptions) error { return r.answer }
func (refuser) Data(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}
func (refuser) Reset()        {}
func (refuser) Logout() error { return nil }
