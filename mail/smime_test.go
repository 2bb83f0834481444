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
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jca-ml/liaison/liaison"
)

// authority signs certificates for e-mail.
type authority struct {
	cert *x509.Certificate
	key  crypto.Signer
	pem  []byte
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "An authority"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{cert, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

// issue makes a certificate and its key, each as PEM.
func (a authority) issue(t *testing.T, key crypto.Signer, change func(*x509.Certificate)) (cert, keyPEM []byte) {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "JCA-ML"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		EmailAddresses: []string{"liaison@jca-ml.example"}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection},
	}
	if change != nil {
		change(template)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})
}

func elliptical(t *testing.T) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// openssl asks somebody else whether a message is signed, and returns what was signed.
func openssl(t *testing.T, ca, message []byte) (content []byte, err error) {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("NOT TESTED, a part is missing: %v", err)
	}
	dir := t.TempDir()
	for name, b := range map[string][]byte{"ca.pem": ca, "message.eml": message} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out := filepath.Join(dir, "content")
	said, err := exec.CommandContext(t.Context(), "openssl", "cms", "-verify", "-in", filepath.Join(dir, "message.eml"), "-CAfile", filepath.Join(dir, "ca.pem"), "-out", out).CombinedOutput()
	if err != nil {
		t.Logf("openssl: %s", said)
		return nil, err
	}
	content, err = os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return content, nil
}

// TestSignedMessage: every letter, with every kind of key, is found signed by openssl, also under a DKIM signature; and one changed
// byte is found.
func TestSignedMessage(t *testing.T) {
	ca := newAuthority(t)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for kind, key := range map[string]crypto.Signer{"RSA": rsaKey, "ECDSA": elliptical(t)} {
		cert, keyPEM := ca.issue(t, key, nil)
		signer, err := NewSMIME(append(cert, ca.pem...), keyPEM, "liaison@jca-ml.example")
		if err != nil {
			t.Fatal(err)
		}
		if err := signer.Valid(time.Now()); err != nil {
			t.Error(err)
		}
		for name, letter := range letters() {
			t.Run(kind+"/"+name, func(t *testing.T) {
				env := envelope(letter)
				env.FromEmail, env.Sign = "liaison@jca-ml.example", signer
				message, err := Compose(letter, env, filesOf(letter))
				if err != nil {
					t.Fatal(err)
				}
				content, err := openssl(t, ca.pem, message)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Contains(content, []byte("multipart/")) || !bytes.Contains(content, []byte("text/html")) {
					t.Errorf("what is signed is %.200q", content)
				}
				text, _, err := Parts(message)
				if err != nil || strings.TrimSpace(text) == "" {
					t.Errorf("the pages cannot read its text: %v", err)
				}
				if name != "statement-arabic" {
					return
				}
				_, outerKey, err := ed25519.GenerateKey(rand.Reader)
				if err != nil {
					t.Fatal(err)
				}
				dkim, err := NewSigner("jca-ml.example", "ls2026", pemOf(t, outerKey))
				if err != nil {
					t.Fatal(err)
				}
				outer, err := dkim.Sign(message)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := openssl(t, ca.pem, outer); err != nil {
					t.Errorf("under a DKIM signature: %v", err)
				}
				changed := bytes.Replace(message, []byte("text/plain"), []byte("text/plane"), 1)
				if _, err := openssl(t, ca.pem, changed); err == nil {
					t.Error("a changed byte is not found: this tests nothing")
				}
				if _, err := openssl(t, newAuthority(t).pem, message); err == nil {
					t.Error("somebody else's authority will do")
				}
			})
		}
	}
}

func TestCertificateIsChecked(t *testing.T) {
	ca := newAuthority(t)
	key := elliptical(t)
	const from = "liaison@jca-ml.example"
	for name, tt := range map[string]struct {
		change func(*x509.Certificate)
		from   string
		says   string
	}{
		"as it should be":        {nil, from, ""},
		"in capitals":            {func(c *x509.Certificate) { c.EmailAddresses = []string{"Liaison@JCA-ML.example"} }, from, ""},
		"for another address":    {nil, "other@jca-ml.example", "messages come from other@jca-ml.example"},
		"for no address":         {func(c *x509.Certificate) { c.EmailAddresses = nil }, from, "mail programs would warn"},
		"for web servers":        {func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }, from, "not for e-mail"},
		"for encryption":         {func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }, from, "not for signing"},
		"for anything, any time": {func(c *x509.Certificate) { c.KeyUsage, c.ExtKeyUsage = 0, nil }, from, ""},
	} {
		cert, keyPEM := ca.issue(t, key, tt.change)
		_, err := NewSMIME(cert, keyPEM, tt.from)
		if tt.says == "" && err != nil || tt.says != "" && (liaison.CodeOf(err) != liaison.Invalid || !strings.Contains(err.Error(), tt.says)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	cert, _ := ca.issue(t, key, nil)
	_, other := ca.issue(t, elliptical(t), nil)
	if _, err := NewSMIME(cert, other, from); liaison.CodeOf(err) != liaison.Invalid {
		t.Errorf("with another's key: %v", err)
	}
	if _, err := NewSMIME([]byte("nonsense"), other, from); liaison.CodeOf(err) != liaison.Invalid {
		t.Errorf("nonsense: %v", err)
	}

	cert, keyPEM := ca.issue(t, key, nil)
	s, err := NewSMIME(cert, keyPEM, from)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		s    *SMIME
		at   time.Time
		says string
	}{
		"none":    {nil, time.Now(), "no certificate is set up"},
		"expired": {s, time.Now().Add(2 * time.Hour), "expired on"},
		"too new": {s, time.Now().Add(-2 * time.Hour), "in force only from"},
	} {
		if err := tt.s.Valid(tt.at); liaison.CodeOf(err) != liaison.Conflict || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	letter := statement(sg17)
	env := envelope(letter)
	env.FromEmail, env.Sign = "other@jca-ml.example", s
	if _, err := Compose(letter, env, filesOf(letter)); err == nil {
		t.Error("a message from another address was signed")
	}
}
