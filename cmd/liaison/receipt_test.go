package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jca-ml/liaison/liaison"
)

// TestTheSealedMessageInWhatWasReceived: servers put headers in front of it, and who puts others there shows another message.
func TestTheSealedMessageInWhatWasReceived(t *testing.T) {
	const sealed = "DKIM-Signature: v=1; d=liaison.example\r\nAuto-Submitted: no\r\nFrom: JCA-ML <liaison@jca-ml.example>\r\nSubject: Roadmap\r\n\tof standards\r\nContent-Type: text/plain\r\nPrecedence: list\r\n\r\nPlease review.\r\n\r\nSubject: in the text\r\n"
	digest := liaison.DigestOf([]byte(sealed))
	servers := "Return-Path: <b+1@in.example>\r\nDelivered-To: sg13@itu.example\r\nReceived: from relay.example\r\n\tby mx.itu.example;\r\n Mon, 23 Nov 2026 09:30:00 +0000\r\nDKIM-Signature: v=1; d=relay.example\r\nX-Spam-Status: No\r\nARC-Seal: i=1\r\n"
	for name, front := range map[string]string{
		"as it was sent": "", "by servers": servers, "twice received": servers + servers, "from a mailbox file": "From b+1@in.example Mon Nov 23 09:30:00 2026\r\n" + servers,
		"in another script": "X-Folder: \u6536\u4ef6\u7bb1\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			want := strings.Split(strings.TrimSuffix(front, "\r\n"), "\r\n")
			if front == "" {
				want = nil
			}
			for as, received := range map[string]string{"as received": front + sealed, "as saved": strings.ReplaceAll(front+sealed, "\r\n", "\n")} {
				got, err := sealedBytes([]byte(received), digest)
				if err != nil {
					t.Fatalf("%s: %v", as, err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s: what is in front (-want +got):\n%s", as, diff)
				}
			}
		})
	}
	for name, front := range map[string]string{
		"another sender":            "From: chair@elsewhere.example\r\n",
		"in other letters":          "fROM: chair@elsewhere.example\r\n",
		"a space before the colon":  "Subject : It is withdrawn\r\n",
		"another date":              "Date: Mon, 1 Jan 2001 00:00:00 +0000\r\n",
		"on behalf of another":      "Sender: chair@elsewhere.example\r\n",
		"answers go elsewhere":      "Reply-To: chair@elsewhere.example\r\n",
		"resent":                    "Resent-From: chair@elsewhere.example\r\n",
		"another content":           "Content-Type: text/html\r\n",
		"another encoding":          "Content-Transfer-Encoding: base64\r\n",
		"what the sealed one has":   "Precedence: bulk\r\n",
		"another receipt":           "Liaison-Receipt: https://elsewhere.example\r\n",
		"the content as text":       "X-A: b\r\n\r\n",
		"a line of spaces":          "X-A: b\r\n \t\r\n",
		"a bare line end":           "X-A: b\nSubject: It is withdrawn\r\n",
		"a bare carriage return":    "X-A: b\rSubject: It is withdrawn\r\n",
		"no header":                 "It is withdrawn.\r\n",
		"a space after From":        "From : chair@elsewhere.example\r\n",
		"a mailbox line further on": "X-A: b\r\nFrom chair@elsewhere.example\r\n",
		"a null":                    "X-A: b\x00\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := sealedBytes([]byte(servers+front+sealed), digest); err == nil {
				t.Errorf("behind servers' headers it is called the sealed one, after %q", got)
			}
			if got, err := sealedBytes([]byte(front+servers+sealed), digest); err == nil {
				t.Errorf("before servers' headers it is called the sealed one, after %q", got)
			}
		})
	}
	if got, err := sealedBytes([]byte(" b\r\n"+servers+sealed), digest); err == nil {
		t.Errorf("with a fold of nothing it is called the sealed one, after %q", got)
	}
	if _, err := sealedBytes([]byte(strings.Replace(sealed, "Please", "please", 1)), digest); err == nil {
		t.Error("another message is called the sealed one")
	}
}
