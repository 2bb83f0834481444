package inbound

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/jca-ml/liaison/liaison"
)

// The roles of an address of ours: what came to it, and so why somebody wrote there.
const (
	RoleBounce  Role = "b" // the envelope sender: delivery reports come here
	RoleReply   Role = "r" // Reply-To
	RoleWitness Role = "w" // our own copy of a message, named beside the addressee in the same transaction
	RoleCanary  Role = "c" // a message to ourselves, to see that it comes back
)

// Role is the letter before the plus sign of an address of ours.
type Role string

// Keys make and check tokens. The first makes; every one of them checks, so that a key can be replaced while messages
// with tokens of the old one are still out.
type Keys [][]byte

const (
	idSize  = 16
	macSize = 5 // 40 bits, on top of the random bits of the id
	minKey  = 16

	// TokenLength is the number of characters of a token.
	TokenLength = 34

	tokenPrefix = "liaison-token/1\x00"
)

var tokenEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// ParseKeys reads keys as the configuration gives them: each in hexadecimal, at least 32 digits (128 bits).
func ParseKeys(list ...string) (Keys, error) {
	var keys Keys
	for _, s := range list {
		b, err := hex.DecodeString(strings.TrimSpace(s))
		if err != nil || len(b) < minKey {
			return nil, liaison.Refuse(liaison.Invalid, "A token key is at least %d hexadecimal digits; `openssl rand -hex 32` makes one.", 2*minKey)
		}
		keys = append(keys, b)
	}
	return keys, nil
}

// Token is what stands in the addresses of a transmission's message, to the right of the plus sign:
//
//	base32( id, 16 bytes || HMAC-SHA256(key, id), its first 5 bytes )
//
// It is 34 characters in lower case and means the same in upper case, because local parts are often folded on their way.
// It names one transmission and cannot be made without the key. Revoking one is a matter of the database.
func (k Keys) Token(id liaison.TransmissionID) (string, error) {
	u, err := uuid.Parse(string(id))
	if err != nil {
		return "", liaison.Refuse(liaison.Invalid, "%q is not the id of a message.", id)
	}
	if len(k) == 0 || len(k[0]) < minKey {
		return "", liaison.Refuse(liaison.Invalid, "There is no key to make tokens with.")
	}
	return tokenEncoding.EncodeToString(append(u[:], mac(k[0], u[:])...)), nil
}

// Verify returns the transmission that the token was made for. It takes the same time for every token of the right form,
// and refuses with [liaison.NotFound].
func (k Keys) Verify(token string) (liaison.TransmissionID, error) {
	refuse := liaison.Refuse(liaison.NotFound, "This token is not one of ours.")
	token = strings.ToLower(token)
	b, err := tokenEncoding.DecodeString(token)
	if err != nil || len(b) != idSize+macSize || tokenEncoding.EncodeToString(b) != token { // one spelling only
		return "", refuse
	}
	good := 0
	for _, key := range k {
		if len(key) >= minKey {
			good |= subtle.ConstantTimeCompare(mac(key, b[:idSize]), b[idSize:])
		}
	}
	if good != 1 {
		return "", refuse
	}
	u, err := uuid.FromBytes(b[:idSize])
	if err != nil {
		return "", refuse
	}
	return liaison.TransmissionID(u.String()), nil
}

func mac(key, id []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(tokenPrefix))
	h.Write(id)
	return h.Sum(nil)[:macSize]
}

// Address is the address of ours for the role and the token, in the domain that our inbound mail comes to.
func Address(role Role, token, domain string) string {
	return string(role) + "+" + token + "@" + domain
}

// splitAddress takes an address of ours apart. What it calls a token is only where one would stand; [Keys.Verify] tells.
func splitAddress(address string) (role Role, token string, ok bool) {
	local, _, found := strings.Cut(strings.ToLower(address), "@")
	if !found || len(local) < 3 || len(local) > 64 || local[1] != '+' || !strings.ContainsRune("brwc", rune(local[0])) {
		return "", "", false
	}
	token = local[2:]
	if strings.Trim(token, "abcdefghijklmnopqrstuvwxyz0123456789.-_=") != "" {
		return "", "", false
	}
	return Role(local[:1]), token, true
}

// CanaryID is the Message-ID of a canary: what comes back under another is a report about it, or somebody's joke.
func CanaryID(id liaison.TransmissionID, domain string) string {
	return "canary." + string(id) + "@" + domain
}

// Canary recognises a canary by the token in its address. back says that it came back itself, and not a report about it.
func Canary(raw []byte, envelopeRecipient string, keys Keys) (id liaison.TransmissionID, back, ok bool) {
	const most = 64 << 10 // a report may carry it along
	if len(raw) > most || !bytes.Contains(raw, []byte("canary.")) {
		return "", false, false
	}
	u := Understand(raw, envelopeRecipient)
	if u.Role != RoleCanary {
		return "", false, false
	}
	id, err := keys.Verify(u.Token)
	if err != nil {
		return "", false, false
	}
	return id, u.Kind != DeliveryStatus && strings.HasPrefix(u.MessageID, "canary."+string(id)+"@"), true
}

// PageKind is a page that its link alone opens: for that kind of page, and for nothing else, its tokens are made.
type PageKind string

// The kinds.
const (
	BodyPage     PageKind = "liaison-body/1"     // what a body was sent
	CalendarPage PageKind = "liaison-calendar/1" // the deadlines of a person
)

const pageMacSize = 15 // 120 bits: nothing random stands beside it

// PageToken is what opens the page of whom it is made for, a body or a person. generation counts how often the link was revoked,
// which makes every one before it worth nothing.
func (k Keys) PageToken(kind PageKind, whose string, generation int) (string, error) {
	if len(k) == 0 || len(k[0]) < minKey {
		return "", liaison.Refuse(liaison.Invalid, "There is no key to make tokens with.")
	}
	return tokenEncoding.EncodeToString(pageMac(k[0], kind, whose, generation)), nil
}

// VerifyPage reports whether the token opens the page. It takes the same time for every token.
func (k Keys) VerifyPage(token string, kind PageKind, whose string, generation int) bool {
	b, err := tokenEncoding.DecodeString(strings.ToLower(token))
	if err != nil || len(b) != pageMacSize {
		b = make([]byte, pageMacSize)
	}
	good := 0
	for _, key := range k {
		if len(key) >= minKey {
			good |= subtle.ConstantTimeCompare(pageMac(key, kind, whose, generation), b)
		}
	}
	return good == 1 && err == nil
}

func pageMac(key []byte, kind PageKind, whose string, generation int) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(string(kind) + "\x00" + whose + "\x00" + strconv.Itoa(generation)))
	return h.Sum(nil)[:pageMacSize]
}
