package mail

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"github.com/jca-ml/liaison/liaison"
)

func pemOf(t *testing.T, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// record is the DNS record of a key.
func record(t *testing.T, key crypto.Signer) string {
	t.Helper()
	if k, ok := key.Public().(ed25519.PublicKey); ok {
		return "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(k)
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der)
}

// holds reports whether every signature of the message verifies against the record.
func holds(t *testing.T, message []byte, record string) bool {
	t.Helper()
	found, err := dkim.VerifyWithOptions(bytes.NewReader(message), &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
		if name != "ls2026._domainkey.liaison.example" {
			return nil, fmt.Errorf("asked for %s", name)
		}
		return []string{record}, nil
	}})
	if err != nil || len(found) != 1 || found[0].Domain != "liaison.example" {
		t.Fatalf("found %v, %v", found, err)
	}
	return found[0].Err == nil
}

const longMessage = "From: JCA-ML <jca-ml@liaison.example>\r\nTo: SG17 <sg17@itu.example>\r\nSubject: =?UTF-8?b?2KjZitin2YY=?= a subject that goes\r\n on\r\n" +
	"Date: Tue, 03 Mar 2026 09:00:00 +0000\r\nMessage-ID: <k3@liaison.example>\r\nReply-To: <r+x@in.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" +
	"Text  with  spaces \t\r\n.\r\n\r\n\r\nthe end\r\n\r\n\r\n"

func TestSigned(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	old := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(rsaKey)})
	for name, tt := range map[string]struct {
		pem []byte
		key crypto.Signer
	}{"RSA": {pemOf(t, rsaKey), rsaKey}, "RSA, PKCS #1": {old, rsaKey}, "Ed25519": {pemOf(t, edKey), edKey}} {
		t.Run(name, func(t *testing.T) {
			s, err := NewSigner("liaison.example", "ls2026", tt.pem)
			if err != nil {
				t.Fatal(err)
			}
			message, err := s.Sign([]byte(longMessage))
			if err != nil {
				t.Fatal(err)
			}
			if !holds(t, message, record(t, tt.key)) {
				t.Error("the signature does not hold")
			}
			// Whatever is changed or added afterwards breaks it; what a relay may do does not.
			for what, broken := range map[string][]byte{
				"the text":           bytes.Replace(message, []byte("the end"), []byte("the End"), 1),
				"the subject":        bytes.Replace(message, []byte("goes"), []byte("went"), 1),
				"reply-to":           bytes.Replace(message, []byte("r+x@"), []byte("r+y@"), 1),
				"a second From":      append([]byte("From: other@elsewhere.example\r\n"), message...),
				"a Cc":               append([]byte("Cc: other@elsewhere.example\r\n"), message...),
				"an Auto-Submitted":  append([]byte("Auto-Submitted: auto-replied\r\n"), message...),
				"a Content-Language": append([]byte("Content-Language: fr\r\n"), message...),
			} {
				if bytes.Equal(broken, message) || holds(t, broken, record(t, tt.key)) {
					t.Errorf("it holds although %s was changed or added", what)
				}
			}
			relayed := append([]byte("Received: from a by b; Tue, 03 Mar 2026 09:00:01 +0000\r\n"), bytes.Replace(message, []byte("Text  with"), []byte("Text with"), 1)...)
			if !holds(t, relayed, record(t, tt.key)) {
				t.Error("it does not hold behind a relay")
			}
		})
	}
}

// TestComposedAndSigned is what leaves: a letter, composed, signed, and still the message that was composed.
func TestComposedAndSigned(t *testing.T) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSigner("liaison.example", "ls2026", pemOf(t, key))
	if err != nil {
		t.Fatal(err)
	}
	composed := []byte(strings.ReplaceAll(longMessage, "the end", strings.Repeat("x", 900)))
	message, err := s.Sign(composed)
	if err != nil || !bytes.HasSuffix(message, composed) || !bytes.HasPrefix(message, []byte("DKIM-Signature: ")) {
		t.Fatalf("signed as %.200q, %v", message, err)
	}
	var names []string
	for _, h := range Headers(message) {
		names = append(names, h.Name)
	}
	if !slices.Contains(names, "Subject") || names[0] != "DKIM-Signature" {
		t.Errorf("headers %v", names)
	}
	for _, bad := range []string{"", "Subject: x\n\nbare\n", "Subject: x\r\n\r\nno end"} {
		if _, err := s.Sign([]byte(bad)); err == nil {
			t.Errorf("%q is signed", bad)
		}
	}
}

func TestKeysThatAreNone(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := pemOf(t, ed)
	for name, tt := range map[string]struct {
		domain, selector string
		key              []byte
	}{
		"no domain": {"", "s", good}, "a domain with a space": {"a b.example", "s", good}, "no selector": {"liaison.example", "", good},
		"a selector that is a header": {"liaison.example", "s;\r\nX", good}, "no PEM": {"liaison.example", "s", []byte("key")},
		"a public key":       {"liaison.example", "s", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte("x")})},
		"a broken key":       {"liaison.example", "s", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")})},
		"another kind of it": {"liaison.example", "s", pemOf(t, ec)},
	} {
		if _, err := NewSigner(tt.domain, tt.selector, tt.key); liaison.CodeOf(err) != liaison.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}
