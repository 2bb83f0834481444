package mail

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"github.com/emersion/go-msgauth/dkim"

	"github.com/jca-ml/liaison/liaison"
)

// Signer signs messages for a domain (DKIM, RFC 6376), where the relay does not. It signs the bytes that were composed
// and checked, so that go-mail need not hold them once more.
type Signer struct {
	options dkim.SignOptions
}

// signed are the headers that the signature covers. Each is named once more than it occurs, so that none can be added
// later (RFC 6376, 8.15).
var signed = []string{
	"From", "To", "Cc", "Subject", "Date", "Message-ID", "Reply-To", "In-Reply-To", "References", "MIME-Version", "Content-Type",
	"Content-Language", "Auto-Submitted", "List-Id",
}

const minRSA = 1024 // RFC 8301, 3.2; new keys have 2048

// NewSigner reads the private key, RSA or Ed25519 as PEM, and checks the rest. It returns [liaison.Invalid] for what the
// operator has to put right.
func NewSigner(domain, selector string, key []byte) (*Signer, error) {
	if _, err := liaison.ParseEmail("x@" + domain); err != nil {
		return nil, invalid("dkim", "%q is no domain that messages can be signed for.", domain)
	}
	if _, err := liaison.ParseEmail("x@" + selector + "." + domain); err != nil && selector != "" || selector == "" {
		return nil, invalid("dkim", "%q is no selector of a DKIM key.", selector)
	}
	signer, err := privateKey(key)
	if err != nil {
		return nil, invalid("dkim", "The DKIM key cannot be used: %s.", err)
	}
	return &Signer{options: dkim.SignOptions{
		Domain: domain, Selector: selector, Signer: signer, Hash: crypto.SHA256,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
	}}, nil
}

func privateKey(b []byte) (crypto.Signer, error) {
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, errors.New("it is not in PEM form")
	}
	var key any
	var err error
	switch block.Type {
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	default:
		return nil, fmt.Errorf("a block of the type %q is no private key", block.Type)
	}
	if err != nil {
		return nil, errors.New("its block cannot be read") // the error could hold parts of the key
	}
	switch k := key.(type) {
	case *rsa.PrivateKey:
		if k.N.BitLen() < minRSA {
			return nil, fmt.Errorf("%d bits are too few; make one of 2048", k.N.BitLen())
		}
		return k, nil
	case ed25519.PrivateKey:
		return k, nil
	}
	return nil, errors.New("it is neither RSA nor Ed25519")
}

// Sign returns the message with its signature in front. It has to end in CRLF and not be changed any more.
func (s *Signer) Sign(message []byte) ([]byte, error) {
	if err := wireForm(message); err != nil {
		return nil, err
	}
	options := s.options
	for _, name := range signed {
		options.HeaderKeys = append(options.HeaderKeys, name)
		for _, h := range Headers(message) {
			if strings.EqualFold(h.Name, name) {
				options.HeaderKeys = append(options.HeaderKeys, name)
			}
		}
	}
	var out bytes.Buffer
	out.Grow(len(message) + 2000)
	if err := dkim.Sign(&out, bytes.NewReader(message), &options); err != nil {
		return nil, fmt.Errorf("sign the message for %s: %w", options.Domain, err)
	}
	if err := wireForm(out.Bytes()); err != nil {
		return nil, fmt.Errorf("sign the message for %s: %w", options.Domain, err)
	}
	if !bytes.HasSuffix(out.Bytes(), message) {
		return nil, fmt.Errorf("sign the message for %s: the signing changed the message", options.Domain)
	}
	return out.Bytes(), nil
}
