// Package inbound understands what comes in by e-mail. It is pure: bytes in, words out, no I/O. It decides nothing and
// answers nobody; what is done with a message is the store's, and no mail is ever sent because a mail came in, so there
// can be no loop.
//
//	multipart/report, fields of RFC 3464, or a mail system's words ─> delivery-status           what became of a message
//	  (words without fields count only from a mail system's own sender, under a report's subject)
//	fields of RFC 8098                                             ─> disposition-notification   displayed, not agreed to
//	Auto-Submitted and its kin (RFC 3834), or no sender at all     ─> auto-reply                 never an acknowledgement
//	our token, In-Reply-To, References, or "Re:" and our number    ─> reply                      by a person
//	a liaison statement by its subject, its routing block, a file  ─> statement                  for the group
//	anything else                                                  ─> unmatched                  to the tray
//
// Which message of ours it is about is looked for in one order, strongest evidence first: the token in an address of
// ours, the envelope id, the Message-ID in what was returned, In-Reply-To, References, and our number in the subject,
// which is a suggestion only.
package inbound

import (
	"encoding/json"
	"mime"
	"regexp"
	"slices"
	"strings"

	"github.com/emersion/go-message"
)

// Kind is what an inbound message is.
type Kind string

// The kinds.
const (
	DeliveryStatus          Kind = "delivery-status"
	DispositionNotification Kind = "disposition-notification"
	AutoReply               Kind = "auto-reply"
	Reply                   Kind = "reply"
	Statement               Kind = "statement"
	Unmatched               Kind = "unmatched"
)

// Kinds lists every kind with its label, as the database's CHECK and the pages follow it.
var Kinds = []struct {
	Kind  Kind
	Label string
}{
	{DeliveryStatus, "Delivery report"},
	{DispositionNotification, "Reading notification"},
	{AutoReply, "Automatic reply"},
	{Reply, "Reply"},
	{Statement, "Incoming statement"},
	{Unmatched, "Other mail"},
}

// Evidence is by what a message was found to be about one of ours.
type Evidence string

// The evidence, strongest first.
const (
	ByToken      Evidence = "token"
	ByEnvelopeID Evidence = "envelope-id"
	ByMessageID  Evidence = "message-id" // in the returned headers
	ByInReplyTo  Evidence = "in-reply-to"
	ByReferences Evidence = "references"
	BySubject    Evidence = "subject" // our number in the subject: a suggestion, never a match
	ByPerson     Evidence = "person"  // somebody linked it
)

// Understood is what a message is understood as. Its values are bounded, of one line and valid UTF-8; they are claims of
// whoever wrote the message until something of ours confirms them.
type Understood struct {
	Kind       Kind        `json:"kind"`
	Recipients []Recipient `json:"recipients"`
	Token      string      `json:"token"` // the first of Tokens
	InReplyTo  string      `json:"in_reply_to"`
	MatchedBy  Evidence    `json:"matched_by"` // the strongest evidence that the message offers; confirming it is the store's

	Role        Role     `json:"role,omitempty"`         // of the address that the token stood in
	Tokens      []string `json:"tokens,omitempty"`       // candidates, strongest first
	EnvelopeID  string   `json:"envelope_id,omitempty"`  // Original-Envelope-Id
	ReturnedIDs []string `json:"returned_ids,omitempty"` // Message-IDs of the returned message
	ReplyIDs    []string `json:"reply_ids,omitempty"`    // of In-Reply-To
	References  []string `json:"references,omitempty"`   // the last one, which is the nearest, first
	SubjectRef  string   `json:"subject_ref,omitempty"`  // our number, as the subject has it
	MessageID   string   `json:"message_id,omitempty"`
	From        string   `json:"from,omitempty"` // as it is written, name and all
	Subject     string   `json:"subject,omitempty"`
	Files       []string `json:"files,omitempty"` // names of attachments
	Automatic   bool     `json:"automatic,omitempty"`
	NullSender  bool     `json:"null_sender,omitempty"`
	Fields      bool     `json:"fields,omitempty"`   // the report had fields, and not only words for people
	TakenBy     string   `json:"taken_by,omitempty"` // the Received line of the first server that took it over
}

// Inspection is what `liaison mail inspect` prints.
type Inspection struct {
	Kind       Kind        `json:"kind"`
	Recipients []Recipient `json:"recipients"`
	Token      string      `json:"token"`
	InReplyTo  string      `json:"in_reply_to"`
	MatchedBy  Evidence    `json:"matched_by"`
}

// Inspect is the part of it that is shown of a file.
func (u Understood) Inspect() Inspection {
	return Inspection{u.Kind, append([]Recipient{}, u.Recipients...), u.Token, u.InReplyTo, u.MatchedBy}
}

// String is the inspection as one line of JSON.
func (i Inspection) String() string {
	var out strings.Builder
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(i); err != nil { // strings and lists of strings only
		panic(err)
	}
	return strings.TrimSpace(out.String())
}

// Understand reads a message as it came in, and never fails: what cannot be read is [Unmatched]. envelopeRecipient is
// whom the envelope named, "" where it is not known. A Return-Path at the top, as the last server writes it, is believed.
func Understand(raw []byte, envelopeRecipient string) Understood {
	e := read(raw)
	h := e.header
	u := Understood{
		Recipients: []Recipient{},
		From:       oneLine(decodeWords(h.Get("From")), 400),
		Subject:    oneLine(decodeWords(h.Get("Subject")), 400),
		NullSender: nullSender(h),
	}
	if received := h.Values("Received"); len(received) > 0 { // each server puts its own on top
		u.TakenBy = oneLine(received[len(received)-1], 400)
	}
	if ids := messageIDs(h.Get("Message-Id")); len(ids) > 0 {
		u.MessageID = ids[0]
	}
	u.ReplyIDs = messageIDs(h.Get("In-Reply-To"))
	u.References = messageIDs(h.Get("References"))
	slices.Reverse(u.References)
	u.addresses(h, envelopeRecipient)
	u.Automatic = automatic(h)

	var text []byte // the first part for people
	for _, p := range e.parts {
		if p.attached || p.name != "" {
			if len(u.Files) < maxParts && p.name != "" {
				u.Files = append(u.Files, p.name)
			}
		} else if text == nil && (p.kind == "text/plain" || p.kind == "text/html") {
			text = p.body
		}
	}
	u.reports(e, text)
	u.subject()
	if u.Kind == "" {
		switch {
		case u.Automatic || u.NullSender:
			u.Kind = AutoReply
		case u.Role == RoleReply || u.Role == RoleBounce || len(u.ReplyIDs) > 0 || len(u.References) > 0 || u.SubjectRef != "" && rePattern.MatchString(u.Subject):
			u.Kind = Reply
		case looksLikeStatement(u.Subject, text, u.Files):
			u.Kind = Statement
		default:
			u.Kind = Unmatched
		}
	}
	u.match()
	return u
}

// reports finds out whether the message is a report by a mail system, and reads it.
//
// A person may forward a report. So fields count only in a multipart/report, or where the writer is a mail system by
// other signs: no sender, the name of one, or the address that only our envelopes carried.
func (u *Understood) reports(e entity, text []byte) {
	system := e.report || u.NullSender || u.Role == RoleBounce || daemonPattern.MatchString(e.header.Get("From"))
	if !system {
		return
	}
	var delivery, disposition report
	for _, p := range e.parts {
		switch p.kind {
		case "message/delivery-status", "message/global-delivery-status":
			delivery.add(readReport(p.body))
		case "message/disposition-notification", "message/global-disposition-notification":
			disposition.add(readReport(p.body))
		case "text/rfc822-headers", "message/rfc822", "message/global", "message/global-headers", "text/rfc822":
			returned, _ := splitHeader(p.body)
			u.ReturnedIDs = append(u.ReturnedIDs, messageIDs(returned.Get("Message-Id"))...)
			u.candidates(returned.Get("Return-Path"), returned.Get("Reply-To"))
		}
	}
	if !delivery.found && !disposition.found { // fields without the type that belongs to them
		for _, p := range e.parts {
			if r := readReport(p.body); len(r.recipients) > 0 && strings.HasPrefix(p.kind, "text/plain") {
				if strings.Contains(r.recipients[0].Diagnostic, "MDN-sent") {
					disposition.add(r)
				} else {
					delivery.add(r)
				}
			}
		}
	}
	switch {
	case delivery.found:
		u.Kind, u.Recipients, u.EnvelopeID, u.Fields = DeliveryStatus, append(u.Recipients, delivery.recipients...), delivery.envelopeID, true
		for i, r := range u.Recipients {
			if r.Diagnostic == "" && r.Action != "relayed" && r.Action != "delivered" {
				u.Recipients[i].Diagnostic = explain(text, firstOf(r.Recipient, r.Original))
			}
		}
		u.ReturnedIDs = append(delivery.messageIDs, u.ReturnedIDs...)
	case disposition.found:
		u.Kind, u.Recipients, u.Fields = DispositionNotification, append(u.Recipients, disposition.recipients...), true
		u.ReturnedIDs = append(disposition.messageIDs, u.ReturnedIDs...)
	case systemSender(u.From) && (e.report || reportSubject.MatchString(u.Subject)):
		// Not for a null sender alone: out-of-office replies have it, and say that an answer is delayed or that somebody
		// could not be reached.
		r, ok := readWords(u.Subject, text)
		if !ok {
			return
		}
		u.Kind, u.Recipients = DeliveryStatus, append(u.Recipients, r)
		// Some put the returned message's header into the text.
		for _, m := range textIDPattern.FindAllSubmatch(text[:min(len(text), maxHeader)], maxIDs) {
			u.ReturnedIDs = append(u.ReturnedIDs, messageIDs(string(m[1]))...)
		}
	}
	u.ReturnedIDs = u.ReturnedIDs[:min(len(u.ReturnedIDs), maxIDs)]
}

func (r *report) add(more report) {
	r.found = r.found || more.found
	r.envelopeID = firstOf(r.envelopeID, more.envelopeID)
	r.recipients = append(r.recipients, more.recipients...)
	r.recipients = r.recipients[:min(len(r.recipients), maxRecipients)]
	r.messageIDs = append(r.messageIDs, more.messageIDs...)
}

// addresses looks for tokens in what the message was addressed to, the envelope first.
func (u *Understood) addresses(h message.Header, envelope string) {
	u.candidates(envelope)
	for _, name := range []string{"Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To", "Cc"} {
		u.candidates(h.Values(name)...)
	}
	if len(u.Tokens) > 0 {
		u.Token = u.Tokens[0]
	}
}

// candidates adds the tokens in addresses. The role is that of the first.
func (u *Understood) candidates(values ...string) {
	for _, v := range values {
		for _, a := range addressPattern.FindAllStringSubmatch(v[:min(len(v), maxHeader)], 200) {
			role, token, ok := splitAddress(a[1])
			if !ok || len(u.Tokens) >= maxTokens || slices.Contains(u.Tokens, token) {
				continue
			}
			if len(u.Tokens) == 0 {
				u.Role = role
			}
			u.Tokens = append(u.Tokens, token)
		}
	}
}

// match says what the strongest evidence is.
func (u *Understood) match() {
	if u.Token == "" && len(u.Tokens) > 0 { // only in what was returned
		u.Token = u.Tokens[0]
	}
	switch {
	case len(u.ReplyIDs) > 0:
		u.InReplyTo = u.ReplyIDs[0]
	case (u.Kind == DeliveryStatus || u.Kind == DispositionNotification) && len(u.ReturnedIDs) > 0:
		u.InReplyTo = u.ReturnedIDs[0] // a report names what it is about there
	}
	switch {
	case u.Token != "":
		u.MatchedBy = ByToken
	case u.EnvelopeID != "":
		u.MatchedBy = ByEnvelopeID
	case len(u.ReturnedIDs) > 0:
		u.MatchedBy = ByMessageID
	case len(u.ReplyIDs) > 0:
		u.MatchedBy = ByInReplyTo
	case len(u.References) > 0:
		u.MatchedBy = ByReferences
	case u.SubjectRef != "":
		u.MatchedBy = BySubject
	}
}

// subject looks for a number of ours, "[JCA-ML-LS12]".
func (u *Understood) subject() {
	if m := refPattern.FindStringSubmatch(u.Subject); m != nil {
		u.SubjectRef = m[1]
	}
}

var (
	refPattern     = regexp.MustCompile(`\[([A-Za-z0-9][A-Za-z0-9/. -]{0,40}[- ]LS[- ]?[0-9]{1,5}|LS-[A-Za-z0-9-]{1,40})\]`)
	rePattern      = regexp.MustCompile(`(?i)^\s*(re|aw|sv|antw|rép|rif|回复|答复|ответ|رد)\s*(\[[0-9]+\])?\s*[:\x{FF1A}]`)
	addressPattern = regexp.MustCompile(`(?:^|[^A-Za-z0-9._+-])([BRWCbrwc]\+[A-Za-z0-9._=-]{1,62}@[A-Za-z0-9._-]{1,253})`)
	daemonPattern  = regexp.MustCompile(`(?i)(^|[<\s"])(mailer[-_ ]?daemon|mail[-_ ]daemon|postmaster|microsoftexchange[0-9a-f]+)@`)
	systemName     = regexp.MustCompile(`(?i)^\W*mail delivery (sub)?system\b`)
	reportSubject  = regexp.MustCompile(`(?i)undeliver|non-?deliver|deliver(y|ed|ing)?\b.*\b(fail|status|delay|notif|report|problem|error)|fail(ed|ure)\b.*\b(deliver|notice|mail|message)|failure notice|returned (mail|message)|return(ed|ing) .*to sender|not (yet )?(been )?delivered|could ?n[o']t be (sent|delivered)|message delayed|delayed (mail|message)|mail system error`)
	textIDPattern  = regexp.MustCompile(`(?im)^[ \t>]*Message-ID:[ \t]*(<[^<>\s]{1,250}>)`)
	statementWords = regexp.MustCompile(`\b(LS|Ls|ls)\s*[/\x{2215}\x{FF0F}]\s*(i|o|r|I|O|R)\b|(?i:\bliaison (statement|response|letter|report)\b)|^\W*(\[[^\]]*\]\W*)*((?i:reply|response)\s+)?LS\s+(on|to|from|in|regarding|about)\b`)
	fileWords      = regexp.MustCompile(`(?i)liaison|(^|[^a-z])ls([^a-z]|$)`)
	blockLine      = regexp.MustCompile(`(?i)^\W*(title|source|from|to|cc|for action( to)?|for comment( to)?|for information( to)?|purpose|deadline|contact|response contacts?|technical contacts?|attachments?|approval|agreed by|response to|in response to|liaison statement)\W*:`)
)

// looksLikeStatement reports whether the message reads like a liaison statement to us.
func looksLikeStatement(subject string, text []byte, files []string) bool {
	if statementWords.MatchString(subject) {
		return true
	}
	lines := 0
	for i, line := range strings.SplitN(string(text[:min(len(text), 32<<10)]), "\n", 81) {
		if i == 80 {
			break
		}
		if blockLine.MatchString(line[:min(len(line), 200)]) {
			lines++
		}
		if i < 40 && statementWords.MatchString(strings.TrimSpace(line[:min(len(line), 400)])) && len(line) < 120 {
			lines += 2
		}
	}
	if lines >= 4 {
		return true
	}
	return slices.ContainsFunc(files, fileWords.MatchString)
}

// automatic reports whether a program wrote the message (RFC 3834, 5). X-Auto-Response-Suppress is no such sign: people's
// mail carries it too.
func automatic(h message.Header) bool {
	for _, v := range h.Values("Auto-Submitted") {
		word, _, _ := strings.Cut(v, ";")
		word, _, _ = strings.Cut(word, "(")
		if word = strings.ToLower(strings.TrimSpace(word)); word != "" && word != "no" {
			return true
		}
	}
	for _, v := range h.Values("Precedence") {
		if v = strings.ToLower(strings.TrimSpace(v)); v == "auto_reply" || v == "auto-reply" {
			return true
		}
	}
	return h.Has("X-Autoreply") || h.Has("X-Autorespond")
}

// systemSender reports whether the name or the address of a sender is a mail system's.
func systemSender(from string) bool {
	return daemonPattern.MatchString(from) || systemName.MatchString(from)
}

// nullSender reports whether the topmost Return-Path is "<>".
func nullSender(h message.Header) bool {
	v := h.Values("Return-Path")
	return len(v) > 0 && strings.TrimSpace(v[0]) == "<>"
}

// decodeWords undoes encoded words (RFC 2047); what cannot be decoded stays as it is.
func decodeWords(s string) string {
	var d mime.WordDecoder
	if out, err := d.DecodeHeader(s[:min(len(s), maxHeader)]); err == nil {
		return out
	}
	return s
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
