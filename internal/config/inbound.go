package config

import (
	"crypto/tls"
	"fmt"
	"strings"

	"github.com/jca-ml/liaison/internal/inbound"
	"github.com/jca-ml/liaison/liaison"
)

// InboundKeys are the keys of the tokens in our return addresses and in the links of messages to addressees: none, when
// neither a key nor a domain for inbound mail is set. A key without a domain makes links only.
func (c Config) InboundKeys() (inbound.Keys, error) {
	if c.InboundDomain == "" && c.InboundKey == "" {
		return nil, nil
	}
	if _, err := liaison.ParseEmail("b@" + c.InboundDomain); err != nil && c.InboundDomain != "" {
		return nil, liaison.Refuse(liaison.Invalid, "LIAISON_INBOUND_DOMAIN is %q, which is no domain.", c.InboundDomain)
	}
	if c.InboundKey == "" {
		return nil, liaison.Refuse(liaison.Invalid, "LIAISON_INBOUND_KEY is not set; without it nobody could tell our return addresses from made-up ones. `openssl rand -hex 32` makes one.")
	}
	keys, err := inbound.ParseKeys(append([]string{c.InboundKey}, c.InboundKeyOld...)...)
	if err != nil {
		return nil, fmt.Errorf("LIAISON_INBOUND_KEY: %w", err)
	}
	return keys, nil
}

// InboundDomains are the domains that mail is taken for.
func (c Config) InboundDomains() []string {
	var out []string
	for _, d := range append([]string{c.InboundDomain}, c.InboundAlso...) {
		if d = strings.TrimSpace(d); d != "" {
			out = append(out, d)
		}
	}
	return out
}

// InboundTLS is what STARTTLS of the inbound servers is offered with; nil for none.
func (c Config) InboundTLS() (*tls.Config, error) {
	if c.InboundCert == "" && c.InboundTLSKey == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(c.InboundCert, c.InboundTLSKey)
	if err != nil {
		return nil, fmt.Errorf("LIAISON_INBOUND_TLS_CERT and LIAISON_INBOUND_TLS_KEY: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}
