package inbound

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Recipient is what a report says became of the message for one recipient. All of it is a claim of whoever wrote the
// report.
type Recipient struct {
	Recipient  string `json:"recipient"`  // Final-Recipient, else Original-Recipient; "" when the report names none in a field
	Action     string `json:"action"`     // failed, delayed, delivered, relayed, expanded; of a disposition: displayed, deleted, …
	Status     string `json:"status"`     // RFC 3463, as the report gives it: some systems write 5.0.0 for every failure
	Diagnostic string `json:"diagnostic"` // the words of the server that refused, as they came
	Original   string `json:"-"`          // Original-Recipient: what the message was addressed to
}

// Reason is the most telling status code: the server's own words are trusted over a report that says no more than "5.0.0".
func (r Recipient) Reason() string {
	if found := statusPattern.FindString(r.Diagnostic); found != "" && (r.Status == "" || strings.HasSuffix(r.Status, ".0.0") && found[0] == r.Status[0]) {
		return found
	}
	return r.Status
}

var (
	statusPattern = regexp.MustCompile(`\b[245]\.[0-9]{1,3}\.[0-9]{1,3}\b`)
	replyPattern  = regexp.MustCompile(`\b([45][0-9]{2})[ -](?:([45]\.[0-9]{1,3}\.[0-9]{1,3})\b)?.*`)
)

// report is the fields of a delivery report, or of a notification of its reading.
type report struct {
	found      bool
	envelopeID string
	recipients []Recipient
	messageIDs []string // the reported message's, where the fields name it
}

// readReport reads the fields of a message/delivery-status or a message/disposition-notification. Blocks of fields are
// separated by empty lines; where a system forgot them, a field that comes again begins the next recipient.
func readReport(body []byte) report {
	var r report
	for len(body) > 0 && len(r.recipients) < maxRecipients {
		var fields []field
		fields, body = readFields(body)
		seen := map[string]string{}
		flush := func() {
			if rec, ok := recipient(seen); ok && len(r.recipients) < maxRecipients {
				r.recipients = append(r.recipients, rec)
				r.found = true
			}
			seen = map[string]string{}
		}
		for _, f := range fields {
			name := strings.ToLower(f.name)
			switch name {
			case "reporting-mta", "reporting-ua":
				r.found = true
			case "original-envelope-id":
				if r.envelopeID == "" {
					r.envelopeID = oneLine(f.value, 100)
				}
			case "original-message-id", "x-original-message-id":
				r.messageIDs = append(r.messageIDs, messageIDs(f.value)...)
			case "final-recipient", "original-recipient", "action", "status", "disposition":
				if _, again := seen[name]; again {
					flush()
				}
				seen[name] = f.value
			case "diagnostic-code", "remote-mta", "error", "failure":
				if _, again := seen[name]; !again {
					seen[name] = f.value
				}
			}
		}
		flush()
	}
	return r
}

func recipient(f map[string]string) (Recipient, bool) {
	final, original := address(f["final-recipient"]), address(f["original-recipient"])
	_, hasFinal := f["final-recipient"]
	_, hasOriginal := f["original-recipient"]
	_, hasDisposition := f["disposition"]
	if !hasFinal && !hasOriginal && !hasDisposition {
		return Recipient{}, false
	}
	r := Recipient{Recipient: final, Original: original, Action: action(f["action"]), Status: status(f["status"]), Diagnostic: oneLine(f["diagnostic-code"], maxValue)}
	if r.Recipient == "" {
		r.Recipient = original
	}
	if hasDisposition {
		// Disposition: manual-action/MDN-sent-manually; displayed/error
		_, kind, _ := strings.Cut(f["disposition"], ";")
		kind, _, _ = strings.Cut(kind, "/")
		r.Action, r.Status = action(kind), ""
		r.Diagnostic = oneLine(f["disposition"], maxValue)
	}
	if r.Action == "" && r.Status != "" && !hasDisposition {
		r.Action = map[byte]string{'5': "failed", '4': "delayed"}[r.Status[0]]
	}
	return r, true
}

// address takes the address out of a typed one, "rfc822; someone@example.org". Only what has the form of one address is
// taken: a report is not a place where addresses are looked for.
func address(s string) string {
	if kind, rest, ok := strings.Cut(s, ";"); ok && !strings.Contains(kind, "@") {
		s = rest
	}
	s = strings.TrimSpace(s)
	if i, j := strings.IndexByte(s, '<'), strings.LastIndexByte(s, '>'); i >= 0 && j > i {
		s = s[i+1 : j]
	}
	s = unescape(strings.TrimSpace(s))
	local, domain, ok := strings.Cut(s, "@")
	if !ok || local == "" || !strings.ContainsFunc(domain, unicode.IsLetter) && !strings.HasPrefix(domain, "[") || strings.Contains(domain, "@") || len(s) > 320 ||
		strings.ContainsFunc(s, func(r rune) bool {
			return unicode.IsSpace(r) || !unicode.IsPrint(r) || strings.ContainsRune(`<>(),;:\"`, r) && !strings.HasPrefix(domain, "[")
		}) {
		return ""
	}
	return s
}

var unescapePattern = regexp.MustCompile(`\\x\{([0-9A-Fa-f]{1,6})\}`)

// unescape undoes \x{HEX} of utf-8-addr-xtext (RFC 6533, 3).
func unescape(s string) string {
	return unescapePattern.ReplaceAllStringFunc(s, func(m string) string {
		n, err := strconv.ParseUint(m[3:len(m)-1], 16, 32)
		if err != nil || !utf8.ValidRune(rune(n)) || unicode.IsControl(rune(n)) {
			return m
		}
		return string(rune(n))
	})
}

func action(s string) string {
	s, _, _ = strings.Cut(strings.ToLower(s), "(")
	s = strings.TrimSpace(s)
	if len(s) > 20 || strings.ContainsFunc(s, func(r rune) bool { return r != '-' && (r < 'a' || r > 'z') }) {
		return ""
	}
	return s
}

func status(s string) string {
	if found := statusPattern.FindString(s); found != "" && strings.HasPrefix(strings.TrimSpace(s), found) {
		return found
	}
	return ""
}

// explain finds, in the words written for people, what a system says of a recipient that its report named in a field, for
// the systems that leave the reason out of the fields: "<address>: reason", or the address on a line and the reason
// indented below.
func explain(text []byte, recipient string) string {
	if recipient == "" {
		return ""
	}
	lines := strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
	for i, line := range lines {
		if i > 500 {
			break
		}
		t := strings.TrimSpace(line)
		rest, ok := cutPrefixFold(strings.TrimPrefix(t, "<"), recipient)
		if !ok {
			continue
		}
		rest = strings.TrimPrefix(rest, ">")
		reason, colon := strings.CutPrefix(rest, ":")
		if rest != "" && !colon {
			continue
		}
		words := []string{strings.TrimSpace(reason)}
		for _, more := range lines[i+1:] {
			if strings.TrimSpace(more) == "" || indent(more) <= indent(line) || len(words) > 10 {
				break
			}
			words = append(words, strings.TrimSpace(more))
		}
		if out := oneLine(strings.Join(words, " "), maxValue); out != "" {
			return out
		}
	}
	return ""
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

func indent(s string) int { return len(s) - len(strings.TrimLeft(s, " \t")) }

var (
	failedWords  = regexp.MustCompile(`(?i)undeliver|could not be (delivered|reached)|couldn.t be delivered|delivery (has )?failed|delivery failure|failure notice|returned mail|not delivered|permanent (fatal )?error|mail system error|wasn.t able to deliver`)
	delayedWords = regexp.MustCompile(`(?i)delayed|will (keep|continue) (trying|to try)|still trying|not yet been delivered|temporary`)
)

// readWords reads a report that has no fields at all, as some systems write it: one sentence for people. It takes no
// address from there; who it is about only our own token can tell.
func readWords(subject string, text []byte) (Recipient, bool) {
	text = text[:min(len(text), 16<<10)]
	both := subject + "\n" + string(text)
	var r Recipient
	switch {
	case failedWords.MatchString(both):
		r.Action = "failed"
	case delayedWords.MatchString(both):
		r.Action = "delayed"
	default:
		return r, false
	}
	for line := range bytes.Lines(text) {
		if m := replyPattern.FindSubmatch(line); m != nil {
			r.Status, r.Diagnostic = string(m[2]), oneLine(string(m[0]), maxValue)
			break
		}
	}
	if r.Status == "" {
		r.Status = statusPattern.FindString(string(text))
	}
	if r.Action == "failed" && strings.HasPrefix(r.Status, "4") && delayedWords.MatchString(both) {
		r.Action = "delayed"
	}
	return r, true
}

// oneLine makes a value from outside into one line that can be stored and shown: no control characters, single spaces,
// not longer than limit.
func oneLine(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) > limit {
		s = strings.TrimSpace(string([]rune(s)[:limit]))
	}
	return s
}

var idPattern = regexp.MustCompile(`<([^<>\s"]{1,250}@[^<>\s"]{1,250})>`)

// messageIDs lists the Message-IDs in a header's value, without angle brackets. One that stands bare is taken too.
func messageIDs(s string) []string {
	if len(s) > maxHeader {
		s = s[:maxHeader]
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	var out []string
	for _, m := range idPattern.FindAllStringSubmatch(s, maxIDs) {
		if !strings.ContainsFunc(m[1], unprintable) {
			out = append(out, m[1])
		}
	}
	if t := strings.TrimSpace(s); out == nil && strings.Contains(t, "@") && len(t) <= 250 && !strings.ContainsAny(t, "<>\" \t") && !strings.ContainsFunc(t, unprintable) {
		out = []string{t}
	}
	return out
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) }
