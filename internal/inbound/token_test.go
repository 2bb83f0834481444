package inbound

import (
	"bytes"
	"strings"
	"testing"

	"github.com/jca-ml/liaison/liaison"
)

const id = liaison.TransmissionID("0199c7b2-7a64-7d3e-9f10-4cbb0dd2a111")

func TestToken(t *testing.T) {
	key, other := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	token, err := Keys{key}.Token(id)
	if err != nil || len(token) != TokenLength {
		t.Fatalf("token %q: %v", token, err)
	}
	if token != strings.ToLower(token) || len(Address(RoleBounce, token, "in.example")) > 64 {
		t.Errorf("the address %s", Address(RoleBounce, token, "in.example"))
	}
	for name, keys := range map[string]Keys{"its key": {key}, "its key, retired": {other, key}} {
		for _, spelling := range []string{token, strings.ToUpper(token)} {
			if got, err := keys.Verify(spelling); err != nil || got != id {
				t.Errorf("%s: %q, %v", name, got, err)
			}
		}
	}
	for name, keys := range map[string]Keys{"another key": {other}, "no key": nil, "an empty key": {{}}, "a short key": {[]byte("short")}} {
		if got, err := keys.Verify(token); liaison.CodeOf(err) != liaison.NotFound {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	role, split, ok := splitAddress(strings.ToUpper(Address(RoleReply, token, "in.example")))
	if role != RoleReply || split != token || !ok {
		t.Errorf("taken apart: %q, %q, %t", role, split, ok)
	}
}

// TestTokenHasOneSpelling: every other string of the same length is refused, the ones with other unused bits too.
func TestTokenHasOneSpelling(t *testing.T) {
	keys := Keys{bytes.Repeat([]byte{1}, 32)}
	token, err := keys.Token(id)
	if err != nil {
		t.Fatal(err)
	}
	for i := range token {
		for _, c := range "abcdefghijklmnopqrstuvwxyz234567-=018" {
			changed := token[:i] + string(c) + token[i+1:]
			if got, err := keys.Verify(changed); changed != token && err == nil {
				t.Errorf("%s is taken for %s", changed, got)
			}
		}
	}
	for _, bad := range []string{"", token[1:], token + "a", token + "=", strings.Repeat("a", 10_000), token + "\n"} {
		if _, err := keys.Verify(bad); err == nil {
			t.Errorf("%q is taken", bad[:min(len(bad), 50)])
		}
	}
}

func TestKeys(t *testing.T) {
	if _, err := ParseKeys(strings.Repeat("ab", 32), strings.Repeat("01", 16)); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"", "ab", "not hexadecimal, but long enough to be", strings.Repeat("ab", 15)} {
		if _, err := ParseKeys(bad); liaison.CodeOf(err) != liaison.Invalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := (Keys{}).Token(id); err == nil {
		t.Error("a token without a key")
	}
	if _, err := (Keys{make([]byte, 32)}).Token("12"); err == nil {
		t.Error("a token for what is no id")
	}
}

func TestPageToken(t *testing.T) {
	keys, other := Keys{bytes.Repeat([]byte{1}, 32)}, Keys{bytes.Repeat([]byte{2}, 32)}
	token, err := keys.PageToken(BodyPage, "itu-t/sg13", 0)
	if err != nil || len(token) != 24 {
		t.Fatalf("%q, %v", token, err)
	}
	both := Keys{other[0], keys[0]}
	for name, x := range map[string]struct {
		keys       Keys
		token      string
		whose      string
		generation int
		want       bool
	}{
		"its own":         {keys, token, "itu-t/sg13", 0, true},
		"in upper case":   {keys, strings.ToUpper(token), "itu-t/sg13", 0, true},
		"an older key":    {both, token, "itu-t/sg13", 0, true},
		"another body's":  {keys, token, "itu-t/sg1", 0, false},
		"revoked since":   {keys, token, "itu-t/sg13", 1, false},
		"another key":     {other, token, "itu-t/sg13", 0, false},
		"cut short":       {keys, token[:23], "itu-t/sg13", 0, false},
		"nothing at all":  {keys, "", "itu-t/sg13", 0, false},
		"no key to check": {nil, token, "itu-t/sg13", 0, false},
	} {
		if got := x.keys.VerifyPage(x.token, BodyPage, x.whose, x.generation); got != x.want {
			t.Errorf("%s: %t", name, got)
		}
	}
	if keys.VerifyPage(token, CalendarPage, "itu-t/sg13", 0) {
		t.Error("the link of one page opens another kind of page")
	}
	if _, err := (Keys{}).PageToken(BodyPage, "w3c", 0); err == nil {
		t.Error("a token was made without a key")
	}
}
