package liaison

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
)

// Digest is a SHA-256 in lower-case hexadecimal, 64 characters.
type Digest string

// DigestOf is the digest of b.
func DigestOf(b []byte) Digest {
	sum := sha256.Sum256(b)
	return Digest(hex.EncodeToString(sum[:]))
}

// valid reports whether d has the form of a digest.
func (d Digest) valid() bool {
	b, err := hex.DecodeString(string(d))
	return err == nil && len(b) == sha256.Size && strings.ToLower(string(d)) == string(d)
}

// Short is enough of the digest to compare two by eye.
func (d Digest) Short() string {
	if len(d) < 12 {
		return string(d)
	}
	return string(d[:12])
}

// canonicalFormat names the form of the canonical bytes; it is their first member, so that a reader in ten years knows
// what it has before it.
const canonicalFormat = "liaison-revision/1"

// Canonical returns the bytes that a revision is: JSON in the field order of [Content], UTF-8, one line, without HTML
// escaping. They are stored as they are and never made again from their parts, so a change of encoder cannot change
// what was approved. An error means that the content cannot be encoded at all.
func Canonical(c Content) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(struct {
		Format  string  `json:"format"`
		Content Content `json:"content"`
	}{canonicalFormat, c.Tidy()}); err != nil {
		return nil, fmt.Errorf("encode revision: %w", err)
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

// ParseCanonical reads a revision back and refuses bytes of another format.
func ParseCanonical(b []byte) (Content, error) {
	var v struct {
		Format  string  `json:"format"`
		Content Content `json:"content"`
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return Content{}, fmt.Errorf("decode revision: %w", err)
	}
	if v.Format != canonicalFormat {
		return Content{}, fmt.Errorf("decode revision: format is %q, this program reads %q", v.Format, canonicalFormat)
	}
	return v.Content, nil
}
