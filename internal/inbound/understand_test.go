package inbound

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

// corpus is every message of testdata: the dialects of delivery reports, rebuilt in our own words, and what else comes in.
func corpus(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/*.eml")
	if err != nil || len(files) < 30 {
		t.Fatalf("found %d messages: %v", len(files), err)
	}
	out := map[string][]byte{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out[strings.TrimSuffix(filepath.Base(f), ".eml")] = b
	}
	return out
}

// TestUnderstand holds what is understood of each message against its golden file; read them when they change.
func TestUnderstand(t *testing.T) {
	got := map[string]json.RawMessage{}
	for name, raw := range corpus(t) {
		got[name] = json.RawMessage(Understand(raw, "").Inspect().String())
		// Servers and editors change line ends; the meaning stays.
		if lf := Understand(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")), "").Inspect().String(); lf != string(got[name]) {
			t.Errorf("%s with LF: %s\nwith CRLF: %s", name, lf, got[name])
		}
	}
	b, err := json.MarshalIndent(got, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/understood.json", append(b, '\n'))
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// TestKinds says what each message of the corpus is, by its name: the golden file alone could be updated without a thought.
func TestKinds(t *testing.T) {
	want := map[string]Kind{
		"postfix": DeliveryStatus, "exim": DeliveryStatus, "opensmtpd": DeliveryStatus, "nested": DeliveryStatus, "base64": DeliveryStatus,
		"words": DeliveryStatus, "global": DeliveryStatus, "id": DeliveryStatus, "broken": DeliveryStatus, "garbage": DeliveryStatus,
		"disposition": DispositionNotification, "vacation": AutoReply, "reply": Reply, "statement": Statement, "unmatched": Unmatched,
		"forwarded": Unmatched, "witness": Statement,
	}
	for name, raw := range corpus(t) {
		first, _, _ := strings.Cut(name, "-")
		u := Understand(raw, "")
		if u.Kind != want[first] {
			t.Errorf("%s is %s, want %s", name, u.Kind, want[first])
		}
		if action, ok := map[string]string{"failed": "failed", "refused": "failed", "unrouteable": "failed", "delayed": "delayed", "relayed": "relayed", "delivered": "delivered"}[lastWord(name)]; ok && first != "vacation" {
			if len(u.Recipients) != 1 || u.Recipients[0].Action != action {
				t.Errorf("%s: %+v, want one recipient with the action %s", name, u.Recipients, action)
			}
			if action == "failed" && u.Recipients[0].Diagnostic == "" {
				t.Errorf("%s: no diagnostic", name)
			}
		}
	}
}

func lastWord(name string) string { return name[strings.LastIndex(name, "-")+1:] }

func TestReason(t *testing.T) {
	for name, want := range map[string]string{"exim-refused": "5.1.1", "opensmtpd-failed": "5.1.1", "postfix-failed": "5.1.1", "exim-unrouteable": "5.0.0"} {
		if got := Understand(corpus(t)[name], "").Recipients[0].Reason(); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// TestOrderOfEvidence: the envelope goes before every header, and the strongest evidence is what is named.
func TestOrderOfEvidence(t *testing.T) {
	const head = "Return-Path: <a@b.example>\r\nFrom: a@b.example\r\n"
	tests := []struct {
		name, envelope, header string
		token                  string
		by                     Evidence
		role                   Role
	}{
		{"envelope", "b+one@in.example", "Delivered-To: r+two@in.example\r\nTo: r+three@in.example\r\n", "one", ByToken, RoleBounce},
		{"delivered-to", "group@in.example", "To: r+three@in.example\r\nX-Original-To: r+four@in.example\r\nDelivered-To: w+two@in.example\r\n", "two", ByToken, RoleWitness},
		{"x-original-to", "", "To: r+three@in.example\r\nX-Original-To: r+four@in.example\r\n", "four", ByToken, RoleReply},
		{"to", "", "To: Someone <x@y.example>, \"Us, them\" <R+Three@in.example>\r\nIn-Reply-To: <i@x.example>\r\n", "three", ByToken, RoleReply},
		{"cc", "", "To: x@y.example\r\nCc: r+three@in.example\r\n", "three", ByToken, RoleReply},
		{"in-reply-to", "", "To: x@y.example\r\nIn-Reply-To: <i@x.example>\r\nReferences: <j@x.example>\r\nSubject: Re: [GRP-LS1] a\r\n", "", ByInReplyTo, ""},
		{"references", "", "To: x@y.example\r\nReferences: <j@x.example>\r\nSubject: Re: [GRP-LS1] a\r\n", "", ByReferences, ""},
		{"subject", "", "To: x@y.example\r\nSubject: Re: [GRP-LS1] a\r\n", "", BySubject, ""},
		{"nothing", "x@y.example", "To: x+tag@y.example, br+a@y.example, b+@y.example\r\n", "", "", ""},
	}
	for _, tt := range tests {
		u := Understand([]byte(head+tt.header+"\r\nText\r\n"), tt.envelope)
		if u.Token != tt.token || u.MatchedBy != tt.by || u.Role != tt.role {
			t.Errorf("%s: token %q by %q as %q; want %q, %q, %q", tt.name, u.Token, u.MatchedBy, u.Role, tt.token, tt.by, tt.role)
		}
	}
	report := corpus(t)["id-in-returned-headers-only"]
	if u := Understand(report, ""); u.MatchedBy != ByMessageID || u.InReplyTo != "k3jq7x@sender.example" {
		t.Errorf("a report with only the returned headers: %q, %q", u.MatchedBy, u.InReplyTo)
	}
	report = bytes.Replace(report, []byte("Reporting-MTA:"), []byte("Original-Envelope-Id: e-1\r\nReporting-MTA:"), 1)
	if u := Understand(report, ""); u.MatchedBy != ByEnvelopeID || u.EnvelopeID != "e-1" {
		t.Errorf("a report with an envelope id: %q, %q", u.MatchedBy, u.EnvelopeID)
	}
}

func TestAutomatic(t *testing.T) {
	for header, want := range map[string]bool{
		"Auto-Submitted: auto-replied": true, "Auto-Submitted: AUTO-GENERATED; x=y": true, "auto-submitted: auto-notified (x)": true,
		"Auto-Submitted: no": false, "Auto-Submitted: No (by hand)": false, "Auto-Submitted:": false,
		"Precedence: auto_reply": true, "Precedence: list": false, "Precedence: bulk": false, "X-Autoreply: yes": true, "X-Autorespond: x": true,
		"X-Auto-Response-Suppress: All": false, "X-Auto-Response-Suppress: OOF, AutoReply": false,
	} {
		u := Understand([]byte(header+"\r\nFrom: a@b.example\r\nIn-Reply-To: <x@y.example>\r\n\r\nText\r\n"), "")
		if u.Automatic != want || (u.Kind == AutoReply) != want {
			t.Errorf("%q: automatic %t, %s", header, u.Automatic, u.Kind)
		}
	}
}

// TestInspectionIsAsTheIssueGivesIt: these members, none null.
func TestInspectionIsAsTheIssueGivesIt(t *testing.T) {
	want := `{"kind":"unmatched","recipients":[],"token":"","in_reply_to":"","matched_by":""}`
	if got := (Understood{Kind: Unmatched}).Inspect().String(); got != want {
		t.Errorf("got %s", got)
	}
	if got := Understand(nil, "").Inspect().String(); got != want {
		t.Errorf("got %s", got)
	}
	want = `{"kind":"delivery-status","recipients":[{"recipient":"a@b.example","action":"failed","status":"5.1.1","diagnostic":"smtp; <no>"}],"token":"t","in_reply_to":"m@x.example","matched_by":"token"}`
	got := Understood{Kind: DeliveryStatus, Recipients: []Recipient{{"a@b.example", "failed", "5.1.1", "smtp; <no>", "o"}}, Token: "t", InReplyTo: "m@x.example", MatchedBy: ByToken}.Inspect().String()
	if got != want {
		t.Errorf("got %s", got)
	}
}

// hostile are messages made to exhaust, confuse or smuggle.
func hostile() map[string][]byte {
	nest := func(n int) []byte {
		var b bytes.Buffer
		b.WriteString("From: MAILER-DAEMON@x.example\r\n")
		for i := range n {
			fmt.Fprintf(&b, "Content-Type: multipart/report; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
		}
		b.WriteString("Content-Type: message/delivery-status\r\n\r\nFinal-Recipient: rfc822; a@b.example\r\nAction: failed\r\n")
		return b.Bytes()
	}
	same := strings.Repeat("Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\n", 2000)
	const report = "From: MAILER-DAEMON@x.example\r\nContent-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
	return map[string][]byte{
		"empty":               {},
		"nul":                 bytes.Repeat([]byte{0}, 1<<16),
		"one line":            bytes.Repeat([]byte("a"), 4<<20),
		"colons":              bytes.Repeat([]byte(":"), 1<<20),
		"deep":                nest(5000),
		"deep, one boundary":  []byte("From: MAILER-DAEMON@x.example\r\n" + same),
		"many parts":          []byte("Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\n\r\nx\r\n", 200_000)),
		"many headers":        []byte(strings.Repeat("To: b+aaaa@in.example\r\n", 200_000) + "\r\n"),
		"long header":         []byte("To: " + strings.Repeat("r+a@b.example, ", 300_000) + "\r\n\r\n"),
		"folded for ever":     []byte("Subject: a\r\n" + strings.Repeat(" b\r\n", 500_000)),
		"many references":     []byte("References: " + strings.Repeat("<a@b.example> ", 300_000) + "\r\n\r\n"),
		"many recipients":     []byte(report + strings.Repeat("\r\nFinal-Recipient: rfc822; a@b.example\r\nAction: failed\r\n", 100_000)),
		"long diagnostic":     []byte(report + "\r\nFinal-Recipient: rfc822; a@b.example\r\nAction: failed\r\nDiagnostic-Code: smtp; " + strings.Repeat("x", 1<<20)),
		"control characters":  []byte(report + "\r\nFinal-Recipient: rfc822; a\x00b\x1b[31m@b.example\r\nAction: fa\x07iled\r\nStatus: 5.1.1\x00\r\nDiagnostic-Code: smtp; \x1b[2J\x00 a\rb\u2028c\r\n"),
		"bytes, not text":     []byte("Subject: \xff\xfe\xfd\r\nFrom: \x80\r\nMessage-ID: <\xff@\xfe>\r\nIn-Reply-To: <\xff@x>\r\n\r\n\xff"),
		"encoded word bomb":   []byte("Subject: " + strings.Repeat("=?utf-8?b?QUFBQUFBQUFBQUFB?= ", 200_000) + "\r\n\r\n"),
		"encoded newline":     []byte("Subject: =?utf-8?q?a=0D=0ABcc:_x@y.example?=\r\n\r\n"),
		"base64 without end":  []byte("From: MAILER-DAEMON@x.example\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n" + strings.Repeat("QUFB", 2<<20)),
		"quoted for ever":     []byte("Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + strings.Repeat("=\r\n", 1<<20)),
		"boundary of nothing": []byte("Content-Type: multipart/report; boundary=\"\"\r\n\r\n--\r\n--\r\n"),
		"boundary of spaces":  []byte("Content-Type: multipart/report; boundary=\"   \"\r\n\r\n--   \r\n\r\n--   --\r\n"),
		"type nobody parses":  []byte("Content-Type: multipart/report; boundary=a;;;=;boundary*0=\"\xff\r\n\r\n--a\r\n\r\n"),
		"report in a report":  []byte(report + "Content-Type: message/delivery-status\r\n\r\nContent-Type: message/delivery-status\r\n\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"),
		"loop of messages":    []byte("Content-Type: message/rfc822\r\n\r\n" + strings.Repeat("Content-Type: message/rfc822\r\n\r\n", 50_000)),
		"slow pattern":        []byte("Subject: " + strings.Repeat("liaison ", 50_000) + "\r\nFrom: " + strings.Repeat("mailer-daemon", 50_000) + "\r\n\r\n" + strings.Repeat("550 ", 100_000)),
		"token of markup":     []byte("To: <r+<script>@in.example>, r+a'b@in.example, r+a%0d%0ab@in.example\r\n\r\n"),
	}
}

func TestHostile(t *testing.T) {
	for name, raw := range hostile() {
		t.Run(name, func(t *testing.T) {
			begun := time.Now()
			u := Understand(raw, "")
			check(t, raw, u)
			if took := time.Since(begun); took > 20*time.Second { // milliseconds on a quiet machine; what is not linear takes minutes
				t.Errorf("took %s for %d bytes", took, len(raw))
			}
		})
	}
}

// check holds what must be true of everything that is understood, whatever came in.
func check(t testing.TB, raw []byte, u Understood) {
	t.Helper()
	known := false
	for _, k := range Kinds {
		known = known || k.Kind == u.Kind
	}
	if !known || u.Recipients == nil || len(u.Recipients) > maxRecipients || len(u.Tokens) > maxTokens || len(u.ReturnedIDs) > maxIDs || len(u.Files) > maxParts {
		t.Errorf("out of bounds: %s, %d recipients, %d tokens, %d ids, %d files", u.Kind, len(u.Recipients), len(u.Tokens), len(u.ReturnedIDs), len(u.Files))
	}
	b, err := json.Marshal(u)
	if err != nil {
		t.Fatal(err)
	}
	if len(b) > 1<<20 {
		t.Errorf("understood as %d bytes", len(b))
	}
	var back Understood
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	values := []string{u.Token, u.InReplyTo, u.EnvelopeID, u.Subject, u.From, u.MessageID, u.SubjectRef}
	for _, r := range u.Recipients {
		values = append(values, r.Recipient, r.Action, r.Status, r.Diagnostic, r.Original)
		// An address stands in the message, and not by accident of what surrounds it.
		if r.Recipient != "" && (strings.Count(r.Recipient, "@") != 1 || strings.ContainsAny(r.Recipient, " ,<>\"\r\n")) {
			t.Errorf("the recipient %q is no address", r.Recipient)
		}
	}
	values = slices.Concat(values, u.Tokens, u.ReturnedIDs, u.ReplyIDs, u.References, u.Files)
	for _, v := range values {
		if !utf8.ValidString(v) || strings.ContainsFunc(v, unicode.IsControl) {
			t.Errorf("the value %q is not one line of text", v)
		}
	}
	again := Understand(raw, "")
	if diff := cmp.Diff(u, again); diff != "" {
		t.Errorf("understood otherwise the second time:\n%s", diff)
	}
}

func FuzzUnderstand(f *testing.F) {
	for _, raw := range corpus(f) {
		f.Add(raw)
	}
	for _, raw := range hostile() {
		if len(raw) < 64<<10 {
			f.Add(raw)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) { check(t, raw, Understand(raw, "")) })
}
