package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/jca-ml/liaison/liaison"
)

// A form that comes back has to carry the files that were uploaded with it. What it carries is sealed with the key of the
// session and for one statement, so that nobody attaches, and then downloads, a file of which they only know the digest.

// seal writes an attachment for a hidden field.
func (v *visitor) seal(id liaison.StatementID, a liaison.Attachment) string {
	b, err := json.Marshal(a)
	if err != nil {
		return "" // strings and a number: cannot fail
	}
	return base64.RawURLEncoding.EncodeToString(b) + "." + base64.RawURLEncoding.EncodeToString(v.mac(id, b))
}

// unseal reads it back; false for anything that this session did not seal for this statement.
func (v *visitor) unseal(id liaison.StatementID, sealed string) (a liaison.Attachment, ok bool) {
	content, mac, _ := strings.Cut(sealed, ".")
	b, err := base64.RawURLEncoding.DecodeString(content)
	if err != nil {
		return a, false
	}
	sum, err := base64.RawURLEncoding.DecodeString(mac)
	if err != nil || len(v.key) == 0 || !hmac.Equal(sum, v.mac(id, b)) {
		return a, false
	}
	return a, json.Unmarshal(b, &a) == nil
}

func (v *visitor) mac(id liaison.StatementID, b []byte) []byte {
	h := hmac.New(sha256.New, v.key)
	h.Write([]byte("attachment\x00" + string(id) + "\x00" + string(v.ID()) + "\x00"))
	h.Write(b)
	return h.Sum(nil)
}

// sealedName is the digest and name inside a sealed attachment, whether or not the seal is good.
func sealedName(sealed string) string {
	content, _, _ := strings.Cut(sealed, ".")
	b, err := base64.RawURLEncoding.DecodeString(content)
	if err != nil {
		return ""
	}
	var a liaison.Attachment
	if json.Unmarshal(b, &a) != nil {
		return ""
	}
	return string(a.Digest) + "/" + a.Name
}
