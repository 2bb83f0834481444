package receipt

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Note is a text with signatures (C2SP signed-note).
type Note struct {
	Text       string // ends in a newline
	Signatures []Signature
}

// Signature is one signature line. What it is worth shows only [Key.Check].
type Signature struct {
	Name  string
	ID    uint32
	Bytes []byte // of a witness, eight bytes of time come first
}

const (
	dash          = "— " // U+2014 and a space begin a signature line
	maxSignatures = 32
	maxNote       = 64 << 10
)

// ParseNote reads a note. It refuses what is not exactly what [Note.Encode] writes, and two signatures of one key.
func ParseNote(b []byte) (Note, error) {
	if len(b) > maxNote || !utf8.Valid(b) {
		return Note{}, errors.New("read note: it is not a signed note: too long, or not UTF-8")
	}
	s := string(b)
	cut := strings.LastIndex(s, "\n\n")
	if cut < 0 {
		return Note{}, errors.New("read note: no empty line before the signatures")
	}
	n := Note{Text: s[:cut+1]}
	for i := range len(n.Text) {
		if n.Text[i] < 0x20 && n.Text[i] != '\n' {
			return Note{}, errors.New("read note: a control character in the text")
		}
	}
	seen := map[string]bool{}
	for line := range strings.Lines(s[cut+2:]) {
		sig, err := ParseSignature(line)
		if err != nil {
			return Note{}, fmt.Errorf("read note: %w", err)
		}
		key := fmt.Sprint(sig.Name, "+", sig.ID)
		if seen[key] {
			return Note{}, fmt.Errorf("read note: two signatures of one key of %s", sig.Name)
		}
		seen[key] = true
		n.Signatures = append(n.Signatures, sig)
	}
	if len(n.Signatures) == 0 || len(n.Signatures) > maxSignatures {
		return Note{}, fmt.Errorf("read note: %d signatures; it needs at least one and has at most %d", len(n.Signatures), maxSignatures)
	}
	if string(n.Encode()) != s {
		return Note{}, errors.New("read note: it is not encoded as it must be")
	}
	return n, nil
}

// Encode is the note as it is kept and sent.
func (n Note) Encode() []byte {
	var b strings.Builder
	b.WriteString(n.Text + "\n")
	for _, s := range n.Signatures {
		b.WriteString(s.Line())
	}
	return []byte(b.String())
}

// Line is the signature as its line, with the newline.
func (s Signature) Line() string {
	return dash + s.Name + " " + base64.StdEncoding.EncodeToString(append(binary.BigEndian.AppendUint32(nil, s.ID), s.Bytes...)) + "\n"
}

// ParseSignature reads one signature line with its newline.
func ParseSignature(line string) (Signature, error) {
	rest, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), dash)
	name, encoded, _ := strings.Cut(rest, " ")
	b, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || !validName(name) || len(b) < 5 {
		return Signature{}, errors.New("a line is not a signature")
	}
	s := Signature{name, binary.BigEndian.Uint32(b), b[4:]}
	if s.Line() != line { // unused bits of the base64, a missing newline
		return Signature{}, fmt.Errorf("the signature of %s is not encoded as it must be", name)
	}
	return s, nil
}

// ErrOtherKey says that a signature is of another key than the one it was checked with.
var ErrOtherKey = errors.New("signed with another key")

// Check checks one signature of the text. It returns [ErrOtherKey] if the signature names another key, any other error if
// it is wrong. at is the time that a witness signed; for a log it is zero.
func (k Key) Check(text string, s Signature) (at time.Time, err error) {
	if s.Name != k.Name || s.ID != k.ID() {
		return at, ErrOtherKey
	}
	wrong := fmt.Errorf("the signature of %s is wrong: these are not the bytes that it signed", k.Name)
	switch {
	case k.Type == LogKey && len(s.Bytes) == ed25519.SignatureSize:
		if !ed25519.Verify(k.Public, []byte(text), s.Bytes) {
			return at, wrong
		}
		return at, nil
	case k.Type == WitnessKey && len(s.Bytes) == 8+ed25519.SignatureSize:
		seconds := binary.BigEndian.Uint64(s.Bytes)
		if seconds == 0 || seconds > 1<<40 || !ed25519.Verify(k.Public, cosigned(text, seconds), s.Bytes[8:]) {
			return at, wrong
		}
		return time.Unix(int64(seconds), 0).UTC(), nil
	}
	return at, wrong
}

// Sign makes the signature of a text: a log's plainly, a witness's with the time now.
func (s Secret) Sign(text string, now time.Time) Signature {
	sig := Signature{Name: s.Name, ID: s.ID()}
	if s.Type == LogKey {
		sig.Bytes = ed25519.Sign(s.private, []byte(text))
		return sig
	}
	seconds := uint64(now.Unix())
	sig.Bytes = append(binary.BigEndian.AppendUint64(nil, seconds), ed25519.Sign(s.private, cosigned(text, seconds))...)
	return sig
}

// cosigned is what a witness signs (C2SP tlog-cosignature, "Ed25519 signed message").
func cosigned(text string, seconds uint64) []byte {
	return fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", seconds, text)
}
