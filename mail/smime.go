package mail

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/jca-ml/liaison/liaison"
)

// SMIME signs messages with a person's or an office's certificate (S/MIME, RFC 8551), for the bodies that want it: their readers see
// who signed, whatever servers lay between. A message is signed when it is composed, once.
type SMIME struct {
	key          crypto.PrivateKey
	leaf         *x509.Certificate
	intermediate *x509.Certificate // nil for none
	from         string
}

// NewSMIME reads the certificate, with one intermediate behind it where there is one, and its key, RSA or ECDSA, each as PEM. The
// certificate has to be for mail and for the address that messages come from. Its dates are looked at when it is used: see
// [SMIME.Valid]. Errors are [liaison.Invalid] and for the operator.
func NewSMIME(certificate, key []byte, from string) (*SMIME, error) {
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return nil, invalid("smime", "The S/MIME certificate and its key cannot be used: %s.", strings.TrimPrefix(err.Error(), "tls: "))
	}
	s := &SMIME{key: pair.PrivateKey, from: from}
	switch s.key.(type) {
	case *rsa.PrivateKey, *ecdsa.PrivateKey:
	default:
		return nil, invalid("smime", "The S/MIME key is neither RSA nor ECDSA.")
	}
	if len(pair.Certificate) > 2 {
		return nil, invalid("smime", "The S/MIME certificate comes with %d others; give it and at most the one that signed it.", len(pair.Certificate)-1)
	}
	for i, der := range pair.Certificate {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, invalid("smime", "The S/MIME certificate cannot be read: %s.", err)
		}
		if i == 0 {
			s.leaf = c
		} else {
			s.intermediate = c
		}
	}
	if s.leaf.KeyUsage != 0 && s.leaf.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) == 0 {
		return nil, invalid("smime", "The S/MIME certificate is not for signing.")
	}
	if u := s.leaf.ExtKeyUsage; len(u) > 0 && !slices.Contains(u, x509.ExtKeyUsageEmailProtection) && !slices.Contains(u, x509.ExtKeyUsageAny) {
		return nil, invalid("smime", "The S/MIME certificate is not for e-mail.")
	}
	if !slices.ContainsFunc(s.leaf.EmailAddresses, func(a string) bool { return strings.EqualFold(a, from) }) {
		return nil, invalid("smime", "The S/MIME certificate is for %s, and messages come from %s: mail programs would warn of it. Have one made for that address.", strings.Join(s.leaf.EmailAddresses, ", "), from)
	}
	return s, nil
}

// Valid refuses, in words for whoever sends a statement, when nothing can be signed at a time: there is no certificate, or it is not
// in force.
func (s *SMIME) Valid(at time.Time) error {
	const ask = "Ask whoever runs this program; until then nothing is sent to that body, because it is to get nothing unsigned."
	switch {
	case s == nil:
		return liaison.Refuse(liaison.Conflict, "Its messages are to be signed by S/MIME, and no certificate is set up. %s", ask)
	case at.After(s.leaf.NotAfter):
		return liaison.Refuse(liaison.Conflict, "Its messages are to be signed by S/MIME, and the certificate expired on %s. %s", s.leaf.NotAfter.UTC().Format(time.DateOnly), ask)
	case at.Before(s.leaf.NotBefore):
		return liaison.Refuse(liaison.Conflict, "Its messages are to be signed by S/MIME, and the certificate is in force only from %s. %s", s.leaf.NotBefore.UTC().Format(time.DateOnly), ask)
	}
	return nil
}

// sign has go-mail sign the message when it is written.
func (s *SMIME) sign(msg *gomail.Msg, env Envelope) error {
	if !strings.EqualFold(env.FromEmail, s.from) {
		return fmt.Errorf("the message comes from %s and the certificate is for %s", env.FromEmail, s.from)
	}
	return msg.SignWithKeypair(s.key, s.leaf, s.intermediate)
}

// isSigned reports whether a message has the form of a signed one (RFC 8551, 3.5.3).
func isSigned(message []byte) bool {
	head, _, _ := bytes.Cut(message, []byte("\r\n\r\n"))
	for _, h := range Headers(append(slices.Clip(head), "\r\n\r\n"...)) {
		if h.Name == "Content-Type" {
			return strings.HasPrefix(h.Value, "multipart/signed;") && strings.Contains(h.Value, "application/pkcs7-signature")
		}
	}
	return false
}
