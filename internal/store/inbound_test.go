package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/jca-ml/liaison/internal/inbound"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

var tokenKeys = inbound.Keys{bytes.Repeat([]byte{7}, 32)}

func tokenOf(t *testing.T, id liaison.TransmissionID) string {
	t.Helper()
	token, err := tokenKeys.Token(id)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// receive brings a message and handles it.
func receive(t *testing.T, s *store.Store, to, message string) store.Handled {
	t.Helper()
	id, _, err := s.Receive(t.Context(), []byte(message), to, "smtp")
	if err != nil {
		t.Fatal(err)
	}
	h, err := s.HandleInbound(t.Context(), id, tokenKeys)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// report is a delivery report; more are header lines of the message that is returned.
func report(action, status, recipient string, more ...string) string {
	return "Return-Path: <>\r\nFrom: MAILER-DAEMON@relay.example\r\nSubject: Report\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n" +
		"--b\r\nContent-Type: text/plain\r\n\r\nWords.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; relay.example\r\n\r\n" +
		"Final-Recipient: rfc822; " + recipient + "\r\nAction: " + action + "\r\nStatus: " + status + "\r\nDiagnostic-Code: smtp; 550 no such mailbox\r\n\r\n" +
		"--b\r\nContent-Type: text/rfc822-headers\r\n\r\n" + strings.Join(more, "\r\n") + "\r\n\r\n--b--\r\n"
}

func kindsOf(t *testing.T, s *store.Store, id liaison.StatementID, message liaison.TransmissionID) (kinds []liaison.Fact) {
	t.Helper()
	lines, err := s.Facts(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		if l.Transmission == message {
			kinds = append(kinds, l.Fact)
		}
	}
	return kinds
}

func TestBounce(t *testing.T) {
	s, _ := open(t)
	id, ts := dispatching(t, s, "itu-t/sg17", "w3c")
	x, other := ts[0], ts[1]
	attempt(t, s, x.ID, liaison.TransmissionAccepted)
	attempt(t, s, other.ID, liaison.TransmissionAccepted)

	h := receive(t, s, inbound.Address(inbound.RoleBounce, strings.ToUpper(tokenOf(t, x.ID)), "in.example"), report("failed", "5.1.1", x.Email))
	if h.MatchedBy != inbound.ByToken || h.Transmission != x.ID || h.Statement != id || len(h.Facts) != 1 {
		t.Fatalf("handled as %+v", h)
	}
	if got := state(t, s, x.ID); got.State != liaison.TransmissionBounced || got.Reply != "5.1.1 smtp; 550 no such mailbox" {
		t.Errorf("the message is %s, %q", got.State, got.Reply)
	}
	if got := state(t, s, other.ID); got.State != liaison.TransmissionAccepted {
		t.Errorf("the other addressee's message is %s", got.State)
	}
	// The statement ends as dispatched in part, which a person looks at.
	if a := do(t, s, give(t, s, id, liaison.DoSettle)); a.State != liaison.DispatchedInPart {
		t.Errorf("settled as %s", a.State)
	}
	history, err := s.History(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, l := range history {
		if l.Kind == liaison.EventBounced {
			found++
			if l.Transmission != x.ID || l.MessageID != x.MessageID || l.MessageDigest == "" || !strings.Contains(l.Reply, "no such mailbox") {
				t.Errorf("the event is %+v", l)
			}
		}
	}
	if found != 1 {
		t.Errorf("%d events of bouncing", found)
	}
	verified(t, s)
}

// TestAnOutOfOfficeReplyMovesNothing: it has no sender, like a report, and words that a report has, too.
func TestAnOutOfOfficeReplyMovesNothing(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	id, ts := dispatching(t, s, "itu-t/sg17")
	x := ts[0]
	attempt(t, s, x.ID, liaison.TransmissionAccepted)
	for _, words := range []string{"If I could not be reached, write to Kim.", "My answer will be delayed.", "Delivery failed last week: 550 5.1.1 unknown."} {
		h := receive(t, s, inbound.Address(inbound.RoleBounce, tokenOf(t, x.ID), "in.example"), "Return-Path: <>\r\nFrom: desk@body.example\r\nSubject: Absence\r\nAuto-Submitted: auto-replied\r\n\r\n"+words+"\r\n")
		if h.Transmission != x.ID || h.Understood.Kind != inbound.AutoReply {
			t.Errorf("%q is handled as %+v", words, h)
		}
	}
	if got := state(t, s, x.ID); got.State != liaison.TransmissionAccepted {
		t.Errorf("the message is %s", describe(got))
	}
	if diff := cmp.Diff([]liaison.Fact{"auto-replied", "auto-replied", "auto-replied"}, kindsOf(t, s, id, x.ID)); diff != "" {
		t.Error(diff)
	}
}

// TestReportBeforeTheAnswerIsRecorded: the relay's report comes in while our worker has not yet recorded the relay's 250.
func TestReportBeforeTheAnswerIsRecorded(t *testing.T) {
	s, _ := open(t)
	id, ts := dispatching(t, s, "itu-t/sg17")
	x := ts[0]
	c := claim(t, s, x.ID)
	if err := s.Dot(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	receive(t, s, inbound.Address(inbound.RoleBounce, tokenOf(t, x.ID), "in.example"), report("failed", "5.1.1", x.Email))
	if got := state(t, s, x.ID); got.State != liaison.TransmissionAttempting {
		t.Errorf("before the answer the message is %s", got.State)
	}
	got, err := s.Record(t.Context(), c, answers[liaison.TransmissionAccepted], retry)
	if err != nil || got != liaison.TransmissionBounced {
		t.Errorf("recording the acceptance led to %s, %v", got, err)
	}
	if diff := cmp.Diff([]liaison.Fact{"bounced"}, kindsOf(t, s, id, x.ID)); diff != "" {
		t.Error(diff)
	}
	verified(t, s)
}

// TestEvidenceSettlesTheUnknown: whatever proves that a server took the message over.
func TestEvidenceSettlesTheUnknown(t *testing.T) {
	s, _ := open(t)
	tests := []struct {
		name, role string
		message    func(x store.Transmission) string
		want       liaison.TransmissionState
		facts      []liaison.Fact
	}{
		{"delivered", "b", func(x store.Transmission) string { return report("delivered", "2.0.0", x.Email) }, "accepted", []liaison.Fact{"delivered"}},
		{"failed", "b", func(x store.Transmission) string { return report("failed", "5.1.1", x.Email) }, "bounced", []liaison.Fact{"bounced"}},
		{"delayed", "b", func(x store.Transmission) string { return report("delayed", "4.4.1", x.Email) }, "accepted", []liaison.Fact{"delayed"}},
		{"reply", "r", func(store.Transmission) string { return "From: a@b.example\r\nSubject: Thanks\r\n\r\nText\r\n" }, "accepted", []liaison.Fact{"replied"}},
		{"auto-reply", "r", func(store.Transmission) string {
			return "From: a@b.example\r\nAuto-Submitted: auto-replied\r\n\r\nAway\r\n"
		}, "accepted", []liaison.Fact{"auto-replied"}},
		{"witness", "w", func(x store.Transmission) string {
			return "From: us@b.example\r\nMessage-ID: <" + x.MessageID + ">\r\nSubject: LS on x\r\n\r\nText\r\n"
		}, "accepted", []liaison.Fact{"witnessed"}},
		{"a letter to the witness's address", "w", func(store.Transmission) string {
			return "From: a@b.example\r\nMessage-ID: <other@b.example>\r\n\r\nText\r\n"
		}, "unknown", nil},
		{"an action nobody knows", "b", func(x store.Transmission) string { return report("vanished", "5.1.1", x.Email) }, "unknown", nil},
	}
	for _, tt := range tests {
		id, ts := dispatching(t, s, "itu-t/sg17")
		x := ts[0]
		attempt(t, s, x.ID, liaison.TransmissionUnknown)
		h := receive(t, s, tt.role+"+"+tokenOf(t, x.ID)+"@in.example", tt.message(x))
		if h.Transmission != x.ID {
			t.Errorf("%s: handled as %+v", tt.name, h)
		}
		if got := state(t, s, x.ID); got.State != tt.want {
			t.Errorf("%s: the message is %s, want %s", tt.name, got.State, tt.want)
		}
		if diff := cmp.Diff(tt.facts, kindsOf(t, s, id, x.ID)); diff != "" {
			t.Errorf("%s: facts (-want +got):\n%s", tt.name, diff)
		}
	}
	verified(t, s)
}

// TestFactsStandSideBySide: in any order, and what a report says never undoes what another said.
func TestFactsStandSideBySide(t *testing.T) {
	s, _ := open(t)
	id, ts := dispatching(t, s, "itu-t/sg17")
	x := ts[0]
	attempt(t, s, x.ID, liaison.TransmissionAccepted)
	bounce := inbound.Address(inbound.RoleBounce, tokenOf(t, x.ID), "in.example")
	reply := inbound.Address(inbound.RoleReply, tokenOf(t, x.ID), "in.example")
	receive(t, s, bounce, report("delayed", "4.4.1", x.Email))
	receive(t, s, bounce, report("delivered", "2.0.0", x.Email))
	receive(t, s, reply, "From: a@b.example\r\nAuto-Submitted: auto-replied\r\n\r\nAway\r\n")
	receive(t, s, reply, "From: a@b.example\r\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n\r\n--b\r\nContent-Type: message/disposition-notification\r\n\r\nFinal-Recipient: rfc822; "+x.Email+"\r\nDisposition: manual-action/MDN-sent-manually; displayed\r\n\r\n--b--\r\n")
	receive(t, s, reply, "From: a@b.example\r\nSubject: Re: yours\r\n\r\nThanks\r\n")
	receive(t, s, bounce, report("failed", "5.7.1", "behind@elsewhere.example"))
	receive(t, s, bounce, report("relayed", "2.0.0", x.Email))
	want := []liaison.Fact{"delayed", "delivered", "auto-replied", "displayed", "replied", "bounced", "relayed"}
	if diff := cmp.Diff(want, kindsOf(t, s, id, x.ID)); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	if got := state(t, s, x.ID); got.State != liaison.TransmissionBounced {
		t.Errorf("the message is %s", got.State)
	}
	list, err := s.InboundOf(t.Context(), id)
	if err != nil || len(list) != 7 || list[0].Understood.Kind != inbound.DeliveryStatus || list[0].Size == 0 {
		t.Errorf("%d messages, %v", len(list), err)
	}
	verified(t, s)
}

func TestOrderOfMatching(t *testing.T) {
	s, _ := open(t)
	_, ts := dispatching(t, s, "itu-t/sg17", "w3c", "itu-t/sg13", "ieee")
	for _, x := range ts {
		attempt(t, s, x.ID, liaison.TransmissionAccepted)
	}
	id := func(n int) string { return "<" + ts[n].MessageID + ">" }
	envelope := func(n int, message string) string {
		return strings.Replace(message, "Reporting-MTA:", "Original-Envelope-Id: "+tokenOf(t, ts[n].ID)+"\r\nReporting-MTA:", 1)
	}
	returned := report("relayed", "2.0.0", "x@y.example", "Message-ID: "+id(2))
	threaded := func(message string) string {
		return "In-Reply-To: " + id(3) + "\r\nReferences: " + id(2) + " " + id(3) + "\r\n" + message
	}
	tests := []struct {
		name, to, message string
		want              int
		by                inbound.Evidence
	}{
		{"token", "b+" + tokenOf(t, ts[0].ID) + "@in.example", envelope(1, threaded(returned)), 0, inbound.ByToken},
		{"a token that is none, then one", "b+nonsense@in.example", "To: r+" + tokenOf(t, ts[0].ID) + "@in.example\r\n" + envelope(1, returned), 0, inbound.ByToken},
		{"envelope id", "us@in.example", envelope(1, threaded(returned)), 1, inbound.ByEnvelopeID},
		{"the returned message's id", "us@in.example", threaded(returned), 2, inbound.ByMessageID},
		{"in-reply-to", "us@in.example", threaded("From: a@b.example\r\n\r\nText\r\n"), 3, inbound.ByInReplyTo},
		{"references, the nearest", "us@in.example", "References: " + id(1) + " <no@where.example> " + id(2) + "\r\nFrom: a@b.example\r\n\r\nText\r\n", 2, inbound.ByReferences},
		{"a number in the subject", "us@in.example", "From: a@b.example\r\nSubject: Re: [JCA-ML-LS1] x\r\n\r\nText\r\n", -1, ""},
		{"the id of a row, which is no secret", "us@in.example", strings.Replace(report("failed", "5.1.1", "x@y.example"), "Reporting-MTA:", "Original-Envelope-Id: "+string(ts[1].ID)+"\r\nReporting-MTA:", 1), -1, ""},
		{"a token made up", "b+" + strings.Repeat("a", 34) + "@in.example", report("failed", "5.1.1", "x@y.example"), -1, ""},
	}
	for _, tt := range tests {
		h := receive(t, s, tt.to, tt.message)
		want := liaison.TransmissionID("")
		if tt.want >= 0 {
			want = ts[tt.want].ID
		}
		if h.Transmission != want || h.MatchedBy != tt.by {
			t.Errorf("%s: matched %q by %q, want %q by %q", tt.name, h.Transmission, h.MatchedBy, want, tt.by)
		}
	}
	tray, err := s.Tray(t.Context(), "", 10)
	if err != nil || len(tray) != 3 {
		t.Fatalf("%d in the tray, %v", len(tray), err)
	}
	next, err := s.Tray(t.Context(), tray[0].ID, 10)
	if err != nil || len(next) != 2 || next[0].ID != tray[1].ID {
		t.Errorf("behind the first: %d, %v", len(next), err)
	}
	verified(t, s)
}

// TestNothingIsSaidOfWhatNeverLeft: a report about a message without an attempt is made up, whatever it knows.
func TestNothingIsSaidOfWhatNeverLeft(t *testing.T) {
	s, _ := open(t)
	_, ts := dispatching(t, s, "itu-t/sg17")
	h := receive(t, s, inbound.Address(inbound.RoleBounce, tokenOf(t, ts[0].ID), "in.example"), report("failed", "5.1.1", ts[0].Email))
	if h.Transmission != "" || h.MatchedBy != "" {
		t.Errorf("handled as %+v", h)
	}
}

// TestBroughtAgain: servers repeat what they are not sure to have got through.
func TestBroughtAgain(t *testing.T) {
	s, pool := open(t)
	_, ts := dispatching(t, s, "itu-t/sg17")
	attempt(t, s, ts[0].ID, liaison.TransmissionAccepted)
	to := inbound.Address(inbound.RoleBounce, tokenOf(t, ts[0].ID), "in.example")
	message := report("failed", "5.1.1", ts[0].Email)
	first := receive(t, s, to, message)
	before := count(t, pool)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			id, fresh, err := s.Receive(t.Context(), []byte(message), to, "imap")
			if err != nil || fresh || id != first.ID {
				t.Errorf("again: %s, fresh %t, %v", id, fresh, err)
			}
			h, err := s.HandleInbound(t.Context(), id, tokenKeys)
			if err != nil || len(h.Facts) != 0 || h.Transmission != ts[0].ID || h.Understood.Kind != inbound.DeliveryStatus {
				t.Errorf("again: %+v, %v", h, err)
			}
		})
	}
	wg.Wait()
	if diff := cmp.Diff(before, count(t, pool)); diff != "" {
		t.Errorf("bringing it again wrote (-before +after):\n%s", diff)
	}
	if _, fresh, err := s.Receive(t.Context(), []byte(message), "other@in.example", "smtp"); err != nil || !fresh {
		t.Errorf("for another recipient: fresh %t, %v", fresh, err)
	}
}

// TestHandledTogether: two workers at the same message.
func TestHandledTogether(t *testing.T) {
	s, _ := open(t)
	id, ts := dispatching(t, s, "itu-t/sg17")
	attempt(t, s, ts[0].ID, liaison.TransmissionAccepted)
	for i := range 5 {
		if _, _, err := s.Receive(t.Context(), []byte(report("delayed", "4.0."+fmt.Sprint(i), ts[0].Email)), "b+"+tokenOf(t, ts[0].ID)+"@in.example", "lmtp"); err != nil {
			t.Fatal(err)
		}
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, err := s.HandleOpen(t.Context(), tokenKeys, 100); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := kindsOf(t, s, id, ts[0].ID); len(got) != 5 {
		t.Errorf("%d facts of 5 messages", len(got))
	}
	if n, err := s.HandleOpen(t.Context(), tokenKeys, 100); n != 0 || err != nil {
		t.Errorf("%d left, %v", n, err)
	}
	verified(t, s)
}

// TestWhatCameInIsKept: the database refuses what the program never does.
func TestWhatCameInIsKept(t *testing.T) {
	s, pool := open(t)
	_, ts := dispatching(t, s, "itu-t/sg17", "w3c")
	for _, x := range ts {
		attempt(t, s, x.ID, liaison.TransmissionAccepted)
	}
	receive(t, s, "b+"+tokenOf(t, ts[0].ID)+"@in.example", report("failed", "5.1.1", ts[0].Email))
	for sql, constraint := range map[string]string{
		`UPDATE inbound_message SET raw = '', digest = encode(sha256(''), 'hex')`:                   "inbound_message_fixed",
		`UPDATE inbound_message SET received_at = now()`:                                            "inbound_message_fixed",
		`UPDATE inbound_message SET transmission_id = NULL, statement_id = NULL, matched_by = NULL`: "inbound_message_linked_once",
		`UPDATE inbound_message SET linked_at = now() WHERE statement_id IS NOT NULL`:               "inbound_message_linked_once",
		`DELETE FROM inbound_message`:                                                               "inbound_message_kept",
		`TRUNCATE inbound_message CASCADE`:                                                          "append_only",
		`DELETE FROM transmission_fact`:                                                             "transmission_fact_append_only",
		`UPDATE transmission SET state = 'accepted' WHERE state = 'bounced'`:                        "transmission_settled",
		`UPDATE transmission SET state = 'attempting' WHERE state = 'bounced'`:                      "transmission_settled",
		`UPDATE transmission SET state = 'bounced' WHERE state = 'accepted'`:                        "transmission_bounced_by_report",
	} {
		if _, err := pool.Exec(t.Context(), sql); !strings.Contains(constraintOf(err), constraint) {
			t.Errorf("%s: %v, want %s", sql, err, constraint)
		}
	}
	verified(t, s)
}

// TestFactsAreBounded: who has a token cannot fill the log.
func TestFactsAreBounded(t *testing.T) {
	s, _ := open(t)
	id, ts := dispatching(t, s, "itu-t/sg17")
	attempt(t, s, ts[0].ID, liaison.TransmissionAccepted)
	for range 3 {
		var many strings.Builder
		for i := range 150 {
			fmt.Fprintf(&many, "\r\n\r\nFinal-Recipient: rfc822; a%d@b.example\r\nAction: delayed\r\nStatus: 4.0.0", i)
		}
		message := strings.Replace(report("delayed", "4.0.0", "z@b.example"), "\r\n\r\n--b\r\nContent-Type: text/rfc822-headers", many.String()+"\r\n\r\n--b\r\nContent-Type: text/rfc822-headers", 1)
		if h := receive(t, s, "b+"+tokenOf(t, ts[0].ID)+"@in.example", "X: "+newID()+"\r\n"+message); h.Transmission != ts[0].ID {
			t.Errorf("handled as %+v", h)
		}
	}
	if got := kindsOf(t, s, id, ts[0].ID); len(got) != 200 {
		t.Errorf("%d facts", len(got))
	}
	verified(t, s)
}

func newID() string { return string(newCommand()) }

func TestHostileBytesAreStored(t *testing.T) {
	s, _ := open(t)
	for _, raw := range []string{"", "\x00\xff\xfe", "Subject: \x00\r\nIn-Reply-To: <a\x00b@c>\r\nFrom: \xff\r\n\r\n\x00", "Message-ID: <\xff\x00@\xed\xa0\x80>\r\n \xff\r\nReferences: <\x01@\x02>\r\n\r\n"} {
		h := receive(t, s, "group@in.example\x00\xff", raw)
		in, bytes, err := s.InboundMessage(t.Context(), h.ID)
		if err != nil || string(bytes) != raw || in.Handled == nil || in.Digest != liaison.DigestOf([]byte(raw)) {
			t.Errorf("%q: %+v, %v", raw, in, err)
		}
	}
}

func constraintOf(err error) string {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.ConstraintName
	}
	return ""
}
