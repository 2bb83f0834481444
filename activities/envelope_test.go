package activities

import (
	"bytes"
	"testing"

	"github.com/jca-ml/liaison/internal/inbound"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail"
)

// TestEnvelope: each message comes from an address of its own, where there is a domain for what comes back.
func TestEnvelope(t *testing.T) {
	const id = liaison.TransmissionID("0199c7b2-7a64-7d3e-9f10-4cbb0dd2a111")
	keys := inbound.Keys{bytes.Repeat([]byte{1}, 32)}
	token, err := keys.Token(id)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		addresses inbound.Addresses
		want      mail.SMTPEnvelope
	}{
		"without a domain": {inbound.Addresses{}, mail.SMTPEnvelope{From: "liaison@liaison.example"}},
		"with one":         {inbound.Addresses{Keys: keys, Domain: "in.example"}, mail.SMTPEnvelope{From: "b+" + token + "@in.example", ID: token, Witness: "w+" + token + "@in.example"}},
	} {
		a := &Activities{From: "liaison@liaison.example", Addresses: tt.addresses}
		got, err := a.envelope(id)
		if err != nil || got != tt.want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if _, err := liaison.ParseEmail(got.From); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := (&Activities{Addresses: inbound.Addresses{Domain: "in.example"}}).envelope(id); err == nil {
		t.Error("an address without a key")
	}
}
