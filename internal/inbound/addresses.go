package inbound

import "github.com/jca-ml/liaison/liaison"

// Addresses makes the addresses of ours that a message carries. Its zero value makes none: the sender then is the one
// address of the configuration, and what comes back is found by its headers alone.
type Addresses struct {
	Keys   Keys
	Domain string
}

// Given reports whether messages get addresses of their own.
func (a Addresses) Given() bool { return a.Domain != "" }

// Of is the address for the role of the transmission's message; "" where none are given.
func (a Addresses) Of(role Role, id liaison.TransmissionID) (string, error) {
	token, err := a.EnvelopeID(id)
	if err != nil || token == "" {
		return "", err
	}
	return Address(role, token, a.Domain), nil
}

// EnvelopeID is what a message's envelope is called (ENVID, RFC 3461, 4.4): the token, because the id of a row is no
// secret and a report that names it would prove nothing. It is "" where no addresses are given.
func (a Addresses) EnvelopeID(id liaison.TransmissionID) (string, error) {
	if !a.Given() {
		return "", nil
	}
	return a.Keys.Token(id)
}

// Placeholder stands for an address whose message has no row yet: in a preview before the approval.
func (a Addresses) Placeholder(role Role) string {
	if !a.Given() {
		return ""
	}
	return Address(role, "given-on-approval", a.Domain)
}
