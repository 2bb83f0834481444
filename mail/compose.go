package mail

import (
	"bytes"
	"encoding/base32"
	"encoding/base64"
	"fmt"
	"mime"
	netmail "net/mail"
	"net/textproto"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"

	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail/catalogue"
)

// Envelope is what the headers of a message say besides its subject. All of it is fixed before the first attempt, the
// date and the Message-ID too, so that every attempt sends the same bytes.
type Envelope struct {
	FromName, FromEmail string
	ToName, ToEmail     string
	ReplyTo             string   // an address; "" for none
	MessageID           string   // without angle brackets; see [MessageID]
	InReplyTo           string   // the message that this one follows, without angle brackets; "" for none
	References          []string // its thread so far, oldest first, likewise; In-Reply-To alone makes one of it
	Date                time.Time
	Checkpoint          []byte // the newest signed checkpoint of the audit log; nil for none
	Receipt             string // where the message's receipt is; "" for none
	Sign                *SMIME // signs the message; nil leaves it unsigned
	Language            string // the reader's (BCP 47); "" is "en", and so is one that there are no words for: see [Speaks]
}

// File is an attachment with its octets.
type File struct {
	Name      string
	MediaType string
	Content   []byte
}

// maxMessageID bounds "<id>": go-mail folds a longer one onto a second line, which some receivers do not read.
const maxMessageID = 60

// MessageID makes a Message-ID from 128 random bits, without angle brackets. It must not be guessable: who can predict it
// can make a receiver drop the message as a duplicate. The domain has at most 31 characters; [Compose] refuses more.
func MessageID(random [16]byte, domain string) string {
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(random[:])) + "@" + domain
}

// Compose renders the letter once to the bytes that are stored and sent: MIME with a text and an HTML part and the files
// attached, lines ending in CRLF as SMTP carries them. Only the MIME boundaries differ between two calls.
//
// Of a [Statement] the files must be exactly its attachments, byte for byte and in order. Errors are of code
// [liaison.Invalid] for what was given; any other means that the message came out other than it was meant, and it is not
// returned.
func Compose(letter Letter, env Envelope, files []File) ([]byte, error) {
	if s, ok := letter.(interface{ attachments() []liaison.Attachment }); ok {
		if err := sameFiles(s.attachments(), files); err != nil {
			return nil, err
		}
	}
	return compose(letter, env, files)
}

// Check composes the letter as [Compose] does, without any files, and returns why it cannot be.
func Check(letter Letter, env Envelope) error {
	_, err := compose(letter, env, nil)
	return err
}

// CheckHeaders returns why the headers of the letter cannot be written, nil if they can.
func CheckHeaders(letter Letter, env Envelope) error {
	return env.check(subjectIn(letter, env.Language))
}

func compose(letter Letter, env Envelope, files []File) ([]byte, error) {
	subject, text, html, err := RenderIn(letter, env.Language)
	if err != nil {
		return nil, err
	}
	if err := env.check(subject); err != nil {
		return nil, err
	}

	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(&netmail.Address{Name: oneLine(env.FromName), Address: env.FromEmail})
	msg.ToMailAddress(&netmail.Address{Name: oneLine(env.ToName), Address: env.ToEmail})
	want := []string{"Content-Language", "Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Subject", "To"}
	if env.ReplyTo != "" {
		msg.ReplyToMailAddress(&netmail.Address{Address: env.ReplyTo})
		want = append(want, "Reply-To")
	}
	msg.SetGenHeader(gomail.HeaderSubject, encodeSubject(subject))
	msg.SetGenHeader(gomail.HeaderContentLang, contentLanguage(letter, env))
	msg.SetMessageIDWithValue(env.MessageID)
	msg.SetDateWithValue(env.Date)
	for name, ids := range env.thread() {
		msg.SetGenHeader(gomail.Header(name), ids)
		want = append(want, name)
	}
	for name, value := range env.proof() {
		msg.SetGenHeader(gomail.Header(name), value)
		want = append(want, name)
	}
	if letter.automatic() {
		// Not SetBulk: "All" would also suppress the delivery reports that we want to hear of.
		msg.SetGenHeader("Auto-Submitted", "auto-generated")
		msg.SetGenHeader("X-Auto-Response-Suppress", "OOF, AutoReply")
		want = append(want, "Auto-Submitted", "X-Auto-Response-Suppress")
	}
	setPart(msg.SetBodyString, gomail.TypeTextPlain, text)
	setPart(msg.AddAlternativeString, gomail.TypeTextHTML, html)
	for _, f := range files {
		msg.AttachReadSeeker("", bytes.NewReader(f.Content), asFile(f))
	}

	if env.Sign != nil {
		if err := env.Sign.sign(msg, env); err != nil {
			return nil, fmt.Errorf("compose %s: %w", letter.kind(), err)
		}
	}

	var out bytes.Buffer
	size := 2 * (len(text) + len(html))
	for _, f := range files {
		size += len(f.Content) * 7 / 5 // in base64, with line ends
	}
	out.Grow(size)
	if _, err := msg.WriteTo(&out); err != nil {
		return nil, fmt.Errorf("compose %s: %w", letter.kind(), err)
	}
	if err := verify(out.Bytes(), subject, env, want); err != nil {
		return nil, fmt.Errorf("compose %s: %w", letter.kind(), err)
	}
	return out.Bytes(), nil
}

// check refuses what must not reach a header or an SMTP envelope. The domain has checked most of it before; this is the
// last place where it can be stopped.
func (e Envelope) check(subject string) error {
	for _, h := range []struct{ field, value string }{
		{"subject", subject}, {"from_name", e.FromName}, {"to_name", e.ToName},
	} {
		if err := headerValue(h.field, h.value); err != nil {
			return err
		}
	}
	for _, h := range []struct{ field, value string }{{"from_name", e.FromName}, {"to_name", e.ToName}} {
		if strings.Contains(h.value, "=?") {
			return invalid(h.field, "A name must not contain %q: mail programs would read it as an encoded word.", "=?")
		}
		if strings.Contains(h.value, `\`) {
			return invalid(h.field, "A name must not contain a backslash: mail programs read it in more than one way.")
		}
	}
	for _, h := range []struct{ field, value string }{
		{"from_email", e.FromEmail}, {"to_email", e.ToEmail}, {"reply_to", e.ReplyTo},
	} {
		if h.field == "reply_to" && h.value == "" {
			continue
		}
		if _, err := liaison.ParseEmail(h.value); err != nil {
			return invalid(h.field, "%s", err)
		}
	}
	if _, err := liaison.ParseEmail(e.MessageID); err != nil || len(e.MessageID)+2 > maxMessageID {
		return invalid("message_id", "%q cannot be a Message-ID: it needs the form id@domain and at most %d characters.", e.MessageID, maxMessageID-2)
	}
	for i, id := range append(slices.Clone(e.References), e.InReplyTo) {
		field := "references"
		if i == len(e.References) {
			if field = "in_reply_to"; id == "" {
				continue
			}
		}
		if len(id) > maxForeignID || !foreignID.MatchString(id) || strings.Contains(id, "=?") { // which would be read as an encoded word
			return invalid(field, "%q cannot be a Message-ID: it needs the form id@domain and at most %d characters.", id, maxForeignID)
		}
	}
	if len(e.References) > maxReferences {
		return invalid("references", "The thread has %d messages; name at most %d.", len(e.References), maxReferences)
	}
	if e.Language != "" && languageTag(e.Language) == "" {
		return invalid("language", "%q is not a language tag: write it as in en or zh-Hans.", e.Language)
	}
	if e.Date.IsZero() {
		return invalid("date", "The message has no date.")
	}
	return nil
}

// contentLanguage is the language of what a message is there to say: of the statement, or the reader's.
func contentLanguage(letter Letter, env Envelope) string {
	if s, ok := letter.(interface{ contentLanguage() string }); ok && s.contentLanguage() != "" {
		return s.contentLanguage()
	}
	c, _ := catalogue.For(env.Language)
	return c.Tag()
}

// thread is the headers that put the message into a thread (RFC 5322, 3.6.4).
func (e Envelope) thread() map[string]string {
	out := map[string]string{}
	references := e.References
	if e.InReplyTo != "" {
		out["In-Reply-To"] = "<" + e.InReplyTo + ">"
		if !slices.Contains(references, e.InReplyTo) {
			references = slices.Concat(references, []string{e.InReplyTo})
		}
	}
	if len(references) > 0 {
		out["References"] = "<" + strings.Join(references, "> <") + ">"
	}
	return out
}

// foreignID is the form of a Message-ID that others made: RFC 5322, 3.6.4, less the quoted and obsolete forms, and short
// enough to stand on a line.
var foreignID = regexp.MustCompile(`^[!#-\'*+\-./0-9:=?A-Z^-~]+@[!#-\'*+\-./0-9:=?A-Z^-~\[\]]+$`)

const (
	maxForeignID  = 250
	maxReferences = 50 // whoever has a longer thread names its first message and its latest
)

func invalid(field, format string, args ...any) *liaison.Error {
	return &liaison.Error{Code: liaison.Invalid, Field: field, Message: fmt.Sprintf(format, args...)}
}

// headerValue refuses what is not one line of text: CR, LF, NUL and every other control character, the line and
// paragraph separators of Unicode, and bytes that are not UTF-8.
func headerValue(field, value string) error {
	if !utf8.ValidString(value) {
		return invalid(field, "The header %s holds bytes that are not text.", field)
	}
	for _, r := range value {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return invalid(field, "The header %s must be one line without control characters (U+%04X found).", field, r)
		}
	}
	return nil
}

// encodeSubject writes what is not ASCII as encoded words (RFC 2047), short enough to be folded, and leaves the rest
// readable. What looks like an encoded word already is encoded too, so that no mail program decodes it to something
// else than was approved.
func encodeSubject(s string) string {
	list := strings.Split(s, " ")
	first, last := -1, -1
	for i, w := range list {
		if strings.Contains(w, "=?") || strings.ContainsFunc(w, func(r rune) bool { return r > unicode.MaxASCII }) {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	if first < 0 {
		return s
	}
	const chunk = 33 // bytes, so that a word has at most 56 characters and stands beside "Subject: " on one line
	var encoded []string
	rest := strings.Join(list[first:last+1], " ")
	for rest != "" {
		n := min(chunk, len(rest))
		for n < len(rest) && !utf8.RuneStart(rest[n]) { // every encoded word holds whole characters (RFC 2047, 5)
			n--
		}
		encoded = append(encoded, "=?UTF-8?b?"+base64.StdEncoding.EncodeToString([]byte(rest[:n]))+"?=")
		rest = rest[n:]
	}
	return strings.Join(slices.Concat(list[:first], encoded, list[last+1:]), " ")
}

// setPart adds a text part in the encoding that is shorter and more readable for its script.
func setPart(set func(gomail.ContentType, string, ...gomail.PartOption), contentType gomail.ContentType, content string) {
	foreign := 0
	for i := range len(content) {
		if content[i] >= utf8.RuneSelf {
			foreign++
		}
	}
	encoding := gomail.EncodingQP
	if foreign > len(content)/6 { // three bytes for one in quoted-printable, four for three in base64
		encoding = gomail.EncodingB64
	}
	// Text is encoded in its canonical form, with CRLF (RFC 2046, 4.1.1).
	set(contentType, strings.ReplaceAll(content, "\n", "\r\n"), gomail.WithPartEncoding(encoding))
}

func sameFiles(want []liaison.Attachment, files []File) error {
	if len(want) != len(files) {
		return invalid("attachments", "The statement lists %d attachments, %d files were given.", len(want), len(files))
	}
	for i, a := range want {
		f := files[i]
		if f.Name != a.Name || int64(len(f.Content)) != a.Size || liaison.DigestOf(f.Content) != a.Digest {
			return invalid("attachments", "The file %q is not the attachment %q that the statement lists: name, size or digest differ.", f.Name, a.Name)
		}
	}
	return nil
}

// asFile sets the headers of an attachment itself: go-mail does not check a file's content type and writes names that
// are not ASCII in a form that no standard knows.
func asFile(f File) gomail.FileOption {
	return func(file *gomail.File) {
		file.Header = textproto.MIMEHeader{
			"Content-Type":              {contentType(f.MediaType)},
			"Content-Transfer-Encoding": {string(gomail.EncodingB64)},
			"Content-Disposition":       {disposition(f.Name)},
		}
	}
}

func contentType(mediaType string) string {
	const unknown = "application/octet-stream"
	t, _, err := mime.ParseMediaType(mediaType)
	kind, _, _ := strings.Cut(t, "/")
	switch {
	case err != nil, len(t) > 127, mime.FormatMediaType(t, nil) == "":
		return unknown
	case kind == "message" || kind == "multipart": // may not be in base64 (RFC 2045, 6.4)
		return unknown
	}
	return t
}

// disposition names the file as RFC 2231 does, in sections of one line each, because a name of 150 characters can need
// 1800 once it is escaped and a line has at most 998.
func disposition(name string) string {
	name = strings.Map(func(r rune) rune {
		if r == '/' || r == '\\' || unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return '_'
		}
		return r
	}, strings.ToValidUTF8(name, "_"))
	if name == "" {
		name = "attachment"
	}
	if !strings.ContainsFunc(name, func(r rune) bool { return r > unicode.MaxASCII }) && len(name) <= 200 {
		return mime.FormatMediaType("attachment", map[string]string{"filename": name})
	}
	var sections []string
	section := ""
	for _, r := range name {
		escaped := strings.ReplaceAll(url.QueryEscape(string(r)), "+", "%20")
		if len(section)+len(escaped) > 54 {
			sections = append(sections, section)
			section = ""
		}
		section += escaped
	}
	sections = append(sections, section)
	if len(sections) == 1 {
		return "attachment;\r\n filename*=utf-8''" + sections[0]
	}
	out := "attachment"
	for i, s := range sections {
		charset := ""
		if i == 0 {
			charset = "utf-8''"
		}
		out += fmt.Sprintf(";\r\n filename*%d*=%s%s", i, charset, s)
	}
	return out
}

// verify reads the message back and compares it with what was meant: these headers and no other, these addresses, this
// subject, lines as SMTP carries them. A fault of a library, or a way round the checks, ends here and not at a receiver.
func verify(message []byte, subject string, env Envelope, names []string) error {
	if err := wireForm(message); err != nil {
		return err
	}
	if isSigned(message) != (env.Sign != nil) {
		return fmt.Errorf("whether it is signed came out as %t", env.Sign == nil)
	}
	var got []string
	values := map[string]string{}
	for _, h := range Headers(message) {
		got = append(got, h.Name)
		values[h.Name] = h.Value
	}
	slices.Sort(got)
	slices.Sort(names)
	if !slices.Equal(got, names) {
		return fmt.Errorf("the headers came out as %q, not as %q", got, names)
	}
	parsed, err := netmail.ReadMessage(bytes.NewReader(message))
	if err != nil {
		return fmt.Errorf("read back: %w", err)
	}
	for name, want := range map[string]netmail.Address{
		"From": {Name: oneLine(env.FromName), Address: env.FromEmail},
		"To":   {Name: oneLine(env.ToName), Address: env.ToEmail},
	} {
		list, err := parsed.Header.AddressList(name)
		if err != nil || len(list) != 1 || *list[0] != want {
			return fmt.Errorf("the header %s came out as %q", name, values[name])
		}
	}
	if values["Subject"] != subject {
		return fmt.Errorf("the subject came out as %q, not as %q", values["Subject"], subject)
	}
	for name, want := range env.thread() {
		if values[name] != want {
			return fmt.Errorf("the header %s came out as %q, not as %q", name, values[name], want)
		}
	}
	for name, want := range env.proof() {
		if values[name] != want {
			return fmt.Errorf("the header %s came out as %q, not as %q", name, values[name], want)
		}
	}
	if values["Message-ID"] != "<"+env.MessageID+">" {
		return fmt.Errorf("the Message-ID came out as %q", values["Message-ID"])
	}
	return nil
}

const maxLine = 998 // RFC 5321, 4.5.3.1.6, less the CRLF

// wireForm checks that the message can go over SMTP as it stands: lines end in CRLF and nothing else, none is too long,
// none holds NUL. A bare LF or CR is where messages are smuggled, so it is refused and never put right.
func wireForm(message []byte) error {
	if !bytes.HasSuffix(message, []byte("\r\n")) {
		return invalid("message", "The message does not end with CRLF.")
	}
	n := 0
	for line := range bytes.SplitSeq(message[:len(message)-2], []byte("\r\n")) {
		n++
		if i := bytes.IndexAny(line, "\r\n\x00"); i >= 0 {
			return invalid("message", "Line %d of the message holds a bare 0x%02x.", n, line[i])
		}
		if len(line) > maxLine {
			return invalid("message", "Line %d of the message has %d bytes; at most %d fit.", n, len(line), maxLine)
		}
	}
	return nil
}
