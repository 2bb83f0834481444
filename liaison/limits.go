package liaison

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits on what can be entered. Lengths count characters, sizes count bytes. The database holds the same limits on what
// it stores in columns.
const (
	MaxCode        = 64
	MaxTitle       = 400
	MaxAbstract    = 3_000
	MaxText        = 200_000
	MaxName        = 200
	MaxEmail       = 254 // RFC 5321, 4.5.3.1.3, less the angle brackets
	MaxReason      = 4_000
	MaxNote        = 400 // meeting, questions, in reply to
	MaxAddressees  = 200
	MaxContacts    = 20
	MaxAttachments = 20
	MaxRelations   = 20
	MaxIdentifiers = 20
	MaxLinks       = 20
	MaxKeywords    = 20
	MaxSentence    = 1_000
	MaxURL         = 2_000
	MaxFileName    = 150
	MaxMediaType   = 150
	MaxCommandID   = 80 // the ids of commands that follow from one, "…/dispatch/settle", fit in the database's 100

	AbstractWords = 200 // TSB's template for liaison statements: "under 200 words"

	// MaxAttachmentBytes bounds all attachments of one statement together. Encoded for mail they grow by 1.37, which
	// stays under the 10 MiB that most receivers take.
	MaxAttachmentBytes = 7 << 20
)

// field checks one field that was typed in: its length, that it is text, and that a field of one line is one line, so
// that nothing typed can start a new header or address.
func field(name, label, value string, limit int, lines bool) *Error {
	refuse := func(format string, args ...any) *Error {
		return &Error{Code: Invalid, Field: name, Message: fmt.Sprintf(format, args...)}
	}
	if !utf8.ValidString(value) {
		return refuse("%s holds bytes that are not text. Type it again.", label)
	}
	if n := utf8.RuneCountInString(value); n > limit {
		return refuse("%s has %d characters; at most %d fit. Shorten it by %d.", label, n, limit, n-limit)
	}
	for _, r := range value {
		switch {
		case r == '\n' && lines, r == '\t' && lines:
		case unicode.IsControl(r), r == '\u2028', r == '\u2029':
			if lines {
				return refuse("%s holds a control character (U+%04X). Remove it.", label, r)
			}
			return refuse("%s must be one line, without control characters (U+%04X found).", label, r)
		}
	}
	return nil
}

// CheckReason refuses what cannot stand as a reason on the record: nothing, too much, control characters.
func CheckReason(reason string) error {
	if strings.TrimSpace(reason) == "" {
		return &Error{Code: Invalid, Field: "reason", Message: "Give a reason: it goes into the record, and to whoever has to act on it."}
	}
	if err := field("reason", "The reason", reason, MaxReason, true); err != nil {
		return err
	}
	return nil
}

// tidy makes what a form or an editor sends into what is stored: line ends are LF, lines have no trailing space, and the
// text no blank lines around it.
func tidy(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.ReplaceAll(s, "\r", "\n")
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \t")
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}

// ParseEmail checks an address as it will stand in an SMTP envelope: one addr-spec of printable ASCII (RFC 5321, 4.1.2,
// without the quoted form), so that no CR, LF, space, angle bracket, comma or parameter can be smuggled along
// (CVE-2025-59937).
func ParseEmail(s string) (string, error) {
	refuse := Refuse(Invalid, "%q is not an e-mail address. Write it as name@example.org, without a display name.", s)
	local, domain, ok := cutLast(s, "@")
	if !ok || len(s) > MaxEmail || len(local) > 64 || !dotAtom(local) || !hostName(domain) {
		return "", refuse
	}
	return local + "@" + strings.ToLower(domain), nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return "", "", false
	}
	return s[:i], s[i+len(sep):], true
}

func dotAtom(s string) bool {
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" {
			return false
		}
		for _, r := range atom {
			if !isAlnum(r) && !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r) {
				return false
			}
		}
	}
	return true
}

func hostName(s string) bool {
	if len(s) > 253 || !strings.Contains(s, ".") {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, r := range label {
			if !isAlnum(r) && r != '-' {
				return false
			}
		}
	}
	// No top-level domain is a number: 192.0.2.1 is a host's address, which an envelope would take in brackets only.
	return strings.ContainsFunc(s[strings.LastIndexByte(s, '.')+1:], func(r rune) bool { return r < '0' || r > '9' })
}

func isAlnum(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}
