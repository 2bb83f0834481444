package receipt

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// KeyType is the algorithm and the form of what a key signs (C2SP signed-note, "Signature types").
type KeyType byte

// The types that we know.
const (
	LogKey     KeyType = 1 // Ed25519 over the note's text: a log's signature
	WitnessKey KeyType = 4 // Ed25519 cosignature/v1 with a time: a witness's (C2SP tlog-cosignature)
)

// Key is a public key with the name it signs under. Its text is a verifier key, "name+id+base64".
type Key struct {
	Name   string
	Type   KeyType
	Public ed25519.PublicKey // 32 bytes
}

// ID is the first four bytes of a hash over name, type and key; with the name it tells which key made a signature.
func (k Key) ID() uint32 {
	h := sha256.New()
	h.Write([]byte(k.Name + "\n"))
	h.Write([]byte{byte(k.Type)})
	h.Write(k.Public)
	return binary.BigEndian.Uint32(h.Sum(nil))
}

func (k Key) String() string {
	return fmt.Sprintf("%s+%08x+%s", k.Name, k.ID(), base64.StdEncoding.EncodeToString(append([]byte{byte(k.Type)}, k.Public...)))
}

// ParseKey reads a verifier key.
func ParseKey(s string) (Key, error) {
	name, rest, _ := strings.Cut(s, "+")
	_, encoded, _ := strings.Cut(rest, "+")
	b, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || !validName(name) || len(b) != 1+ed25519.PublicKeySize {
		return Key{}, fmt.Errorf("%q is not a verifier key of the form name+id+base64 with an Ed25519 key", s)
	}
	k := Key{name, KeyType(b[0]), b[1:]}
	if k.Type != LogKey && k.Type != WitnessKey {
		return Key{}, fmt.Errorf("the key of %s has the type %d; this program knows 1 (Ed25519) and 4 (Ed25519 cosignature)", name, b[0])
	}
	if k.String() != s {
		return Key{}, fmt.Errorf("%q has another id, or another encoding, than its key gives; ask for it again", s)
	}
	return k, nil
}

// Secret is a key that can sign. It never prints its private part: see [Secret.Encode].
type Secret struct {
	Key
	private ed25519.PrivateKey
}

const secretPrefix = "PRIVATE+KEY+"

// NewSecret makes a key from the system's randomness.
func NewSecret(name string, t KeyType) (Secret, error) {
	if !validName(name) {
		return Secret{}, fmt.Errorf("%q cannot name a key: it must have no spaces and no plus sign, as in example.org/log1", name)
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return Secret{}, fmt.Errorf("make a key: %w", err)
	}
	return Secret{Key{name, t, public}, private}, nil
}

// Encode is the secret as it is kept in a file: "PRIVATE+KEY+name+id+base64", as golang.org/x/mod/sumdb/note writes it.
func (s Secret) Encode() string {
	return fmt.Sprintf("%s%s+%08x+%s", secretPrefix, s.Name, s.ID(), base64.StdEncoding.EncodeToString(append([]byte{byte(s.Type)}, s.private.Seed()...)))
}

// ParseSecret reads what [Secret.Encode] made. Its errors do not repeat what they were given.
func ParseSecret(encoded string) (Secret, error) {
	bad := errors.New("the key file does not hold a signing key of the form PRIVATE+KEY+name+id+base64")
	rest, ok := strings.CutPrefix(encoded, secretPrefix)
	name, rest, _ := strings.Cut(rest, "+")
	_, b64, _ := strings.Cut(rest, "+")
	b, err := base64.StdEncoding.DecodeString(b64)
	if !ok || err != nil || !validName(name) || len(b) != 1+ed25519.SeedSize {
		return Secret{}, bad
	}
	private := ed25519.NewKeyFromSeed(b[1:])
	s := Secret{Key{name, KeyType(b[0]), private.Public().(ed25519.PublicKey)}, private}
	if s.Encode() != encoded || s.Type != LogKey && s.Type != WitnessKey {
		return Secret{}, bad
	}
	return s, nil
}

// String is the public key, so that a secret that reaches a log by mistake stays one.
func (s Secret) String() string { return s.Key.String() }

// GoString is String.
func (s Secret) GoString() string { return s.Key.String() }

// validName is C2SP's rule for key names: not empty, no Unicode spaces, no plus sign.
func validName(s string) bool {
	return s != "" && utf8.ValidString(s) && !strings.Contains(s, "+") && !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r < 0x20 || r == 0x7f })
}
