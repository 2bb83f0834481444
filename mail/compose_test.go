package mail

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	netmail "net/mail"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/jca-ml/liaison/liaison"
)

// hostile are values that have broken mail programs, by what they try.
var hostile = map[string]string{
	"CRLF starts a header":        "x\r\nBcc: victim@evil.example",
	"LF starts a header":          "x\nBcc: victim@evil.example",
	"CR starts a header":          "x\rBcc: victim@evil.example",
	"blank line starts a body":    "x\r\n\r\n<script>",
	"NUL":                         "x\x00y",
	"parameter of MAIL":           "a@b.example> SIZE=1",
	"second address":              "a@b.example,victim@evil.example",
	"command after the address":   "a@b.example>\r\nRCPT TO:<victim@evil.example",
	"quoted local part":           "\"a b\"@c.example",
	"source route":                "@x.example:a@b.example",
	"line separator":              "x\u2028Bcc: victim@evil.example",
	"paragraph separator":         "x\u2029y",
	"next line":                   "x\u0085y",
	"vertical tab and form feed":  "x\v\fy",
	"not UTF-8":                   "x\xff\xfe",
	"overlong newline":            "x\xc0\x8ay",
	"fullwidth at and dot":        "a＠b．example",
	"encoded word with CRLF":      "=?utf-8?q?x=0D=0ABcc:_victim@evil.example?=",
	"encoded word in base64":      "=?utf-8?b?" + base64.StdEncoding.EncodeToString([]byte("x\r\nBcc: v@e.example")) + "?=",
	"very long":                   strings.Repeat("long ", 4000),
	"very long, no space":         strings.Repeat("long", 5000),
	"very long, not ASCII":        strings.Repeat("长", 5000),
	"many spaces":                 "a" + strings.Repeat(" ", 300) + "b",
	"quotes, backslashes, angles": `a" \" <x@y.example> (c) ; b`,
	"bidi override":               "x\u202egnp.exe",
	"end of data":                 "x\r\n.\r\nMAIL FROM:<evil@evil.example>",
}

// reachingHeaders are the fields that reach a header, each with how a value gets into it.
var reachingHeaders = map[string]func(*Statement, *Envelope, *[]File, string){
	"title":       func(s *Statement, _ *Envelope, _ *[]File, v string) { s.Content.Title = v },
	"number":      func(s *Statement, _ *Envelope, _ *[]File, v string) { s.Ref = v },
	"purpose":     func(s *Statement, _ *Envelope, _ *[]File, v string) { s.Addressee.Purpose = liaison.Purpose(v) },
	"deadline":    func(s *Statement, _ *Envelope, _ *[]File, v string) { s.Content.Deadline = liaison.Date(v) },
	"from name":   func(_ *Statement, e *Envelope, _ *[]File, v string) { e.FromName = v },
	"to name":     func(_ *Statement, e *Envelope, _ *[]File, v string) { e.ToName = v },
	"from":        func(_ *Statement, e *Envelope, _ *[]File, v string) { e.FromEmail = v },
	"to":          func(_ *Statement, e *Envelope, _ *[]File, v string) { e.ToEmail = v },
	"reply to":    func(_ *Statement, e *Envelope, _ *[]File, v string) { e.ReplyTo = v },
	"message id":  func(_ *Statement, e *Envelope, _ *[]File, v string) { e.MessageID = v },
	"in reply to": func(_ *Statement, e *Envelope, _ *[]File, v string) { e.InReplyTo = v },
	"references":  func(_ *Statement, e *Envelope, _ *[]File, v string) { e.References = []string{v} },
	"language":    func(_ *Statement, e *Envelope, _ *[]File, v string) { e.Language = v },
	"file name": func(s *Statement, _ *Envelope, f *[]File, v string) {
		s.Content.Attachments[0].Name, (*f)[0].Name = v, v
	},
	"media type": func(_ *Statement, _ *Envelope, f *[]File, v string) { (*f)[0].MediaType = v },
	"media type parameter": func(_ *Statement, _ *Envelope, f *[]File, v string) {
		(*f)[0].MediaType = "text/plain; charset=\"" + v + "\""
	},
	"body of the text": func(s *Statement, _ *Envelope, _ *[]File, v string) { s.Content.Text, s.Content.Abstract = v, v },
}

// TestHostileValues puts each into each field that reaches a header. It either is refused as invalid or stays inside its
// own field: the message has the same headers as a harmless one.
func TestHostileValues(t *testing.T) {
	clean := statement(sg17)
	harmless, err := Compose(clean, envelope(clean), attached)
	if err != nil {
		t.Fatal(err)
	}
	for field, set := range reachingHeaders {
		for what, value := range hostile {
			t.Run(field+"/"+what, func(t *testing.T) {
				s, files := statement(sg17), append([]File{}, attached...)
				env := envelope(s)
				set(&s, &env, &files, value)
				message, err := Compose(s, env, files)
				if err != nil {
					if liaison.CodeOf(err) != liaison.Invalid {
						t.Errorf("refused, but not as invalid: %v", err)
					}
					return
				}
				if diff := cmp.Diff(skeleton(t, harmless), skeleton(t, message)); diff != "" {
					t.Errorf("the message has another structure (-harmless +hostile):\n%s", diff)
				}
			})
		}
	}
}

// skeleton is the names of the headers and the parts of a message, without what they say.
func skeleton(t *testing.T, message []byte) []string {
	t.Helper()
	if err := wireForm(message); err != nil {
		t.Error(err)
	}
	var out []string
	for _, h := range Headers(message) {
		out = append(out, h.Name)
	}
	m, err := netmail.ReadMessage(bytes.NewReader(message))
	if err != nil {
		t.Fatal(err)
	}
	for name := range m.Header {
		if len(m.Header[name]) != 1 {
			t.Errorf("%s stands %d times", name, len(m.Header[name]))
		}
	}
	var walk func(contentType string, body io.Reader, indent string)
	walk = func(contentType string, body io.Reader, indent string) {
		mediaType, params, err := mime.ParseMediaType(contentType)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(mediaType, "multipart/") {
			return
		}
		r := multipart.NewReader(body, params["boundary"])
		for {
			p, err := r.NextRawPart()
			if err == io.EOF {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, indent+"part")
			if len(p.Header) < 1 || len(p.Header) > 3 {
				t.Errorf("a part has the headers %v", p.Header)
			}
			walk(p.Header.Get("Content-Type"), p, indent+"  ")
		}
	}
	walk(m.Header.Get("Content-Type"), m.Body, "  ")
	return out
}

func TestEnvelopeIsRefused(t *testing.T) {
	tests := map[string]struct {
		set   func(*Envelope)
		field string
	}{
		"no sender":            {func(e *Envelope) { e.FromEmail = "" }, "from_email"},
		"no recipient":         {func(e *Envelope) { e.ToEmail = "" }, "to_email"},
		"no Message-ID":        {func(e *Envelope) { e.MessageID = "" }, "message_id"},
		"a long Message-ID":    {func(e *Envelope) { e.MessageID = MessageID([16]byte{}, strings.Repeat("a", 24)+".example") }, "message_id"},
		"Message-ID in angles": {func(e *Envelope) { e.MessageID = "<a@b.example>" }, "message_id"},
		"no date":              {func(e *Envelope) { e.Date = time.Time{} }, "date"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := statement(sg17)
			env := envelope(s)
			tt.set(&env)
			_, err := Compose(s, env, attached)
			e, ok := errors.AsType[*liaison.Error](err)
			if !ok || e.Code != liaison.Invalid || e.Field != tt.field {
				t.Errorf("got %v, want a refusal of %s", err, tt.field)
			}
		})
	}
}

func TestFilesMustBeTheAttachments(t *testing.T) {
	other := []File{attached[0], {attached[1].Name, attached[1].MediaType, []byte("something else")}}
	for name, files := range map[string][]File{
		"none": nil, "one missing": attached[:1], "other order": {attached[1], attached[0]}, "other bytes": other,
		"one too many": append(append([]File{}, attached...), attached[0]),
	} {
		t.Run(name, func(t *testing.T) {
			s := statement(sg17)
			if _, err := Compose(s, envelope(s), files); liaison.CodeOf(err) != liaison.Invalid {
				t.Errorf("got %v, want a refusal", err)
			}
		})
	}
}

func TestAttachmentsArriveUnchanged(t *testing.T) {
	names := map[string]string{
		"plain.pdf":                         "plain.pdf",
		"with space; and \"quotes\".pdf":    "with space; and \"quotes\".pdf",
		"Übersicht der Normen.csv":          "Übersicht der Normen.csv",
		strings.Repeat("长文件名", 35) + ".pdf": strings.Repeat("长文件名", 35) + ".pdf",
		strings.Repeat("n", 146) + ".pdf":   strings.Repeat("n", 146) + ".pdf",
		"../../etc/passwd":                  ".._.._etc_passwd",
		"a+b%20c é.pdf":                     "a+b%20c é.pdf",
	}
	octets := make([]byte, 3000)
	for i := range octets {
		octets[i] = byte(i * 7)
	}
	copy(octets, "\r\n.\r\n\n.\n\r.\r\x00From x")
	for name, want := range names {
		t.Run(want, func(t *testing.T) {
			s := plain("T", "en", "x")
			s.Content.Attachments = []liaison.Attachment{{Name: name, MediaType: "message/rfc822", Size: int64(len(octets)), Digest: liaison.DigestOf(octets)}}
			message, err := Compose(s, envelope(s), []File{{name, "message/rfc822", octets}})
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.SplitSeq(string(message), "\r\n") {
				if strings.HasPrefix(line, " filename") && len(line) > 78 {
					t.Errorf("a header line of %d characters: %s", len(line), line)
				}
			}
			m, _ := netmail.ReadMessage(bytes.NewReader(message))
			_, params, _ := mime.ParseMediaType(m.Header.Get("Content-Type"))
			r := multipart.NewReader(m.Body, params["boundary"])
			if _, err := r.NextPart(); err != nil {
				t.Fatal(err)
			}
			part, err := r.NextPart()
			if err != nil {
				t.Fatal(err)
			}
			_, disposition, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
			if err != nil || disposition["filename"] != want {
				t.Errorf("file name %q, %v; want %q", disposition["filename"], err, want)
			}
			if got := part.Header.Get("Content-Type"); got != "application/octet-stream" {
				t.Errorf("a message in base64 is called %s, which RFC 2045 forbids", got)
			}
			got, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, part))
			if err != nil || !bytes.Equal(got, octets) {
				t.Errorf("the octets differ (%v)", err)
			}
		})
	}
}

func TestSubjectSurvives(t *testing.T) {
	for _, title := range []string{
		"plain", "关于审查机器学习标准化路线图的请求", "طلب مراجعة", "Réponse à la note de liaison (œuvre) de la CE 17",
		"=?utf-8?q?not_an_encoded_word?=", strings.Repeat("长", 400), strings.Repeat("w", 400), strings.Repeat("mot é ", 60),
		"emoji 👩‍🚀 in a title", "a  b   c",
	} {
		s := plain(title, "en", "x")
		message, err := Compose(s, envelope(s), nil)
		if err != nil {
			t.Errorf("%q: %v", title, err)
			continue
		}
		for _, h := range Headers(message) {
			if want := "[JCA-ML-LS12] For action by 12 January 2027: " + strings.Join(strings.Fields(title), " "); h.Name == "Subject" && h.Value != want {
				t.Errorf("Subject = %q, want %q", h.Value, want)
			}
		}
	}
}

func TestComposeDiffersOnlyInBoundaries(t *testing.T) {
	s := statement(sg17)
	a, err := Compose(s, envelope(s), attached)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Compose(s, envelope(s), attached)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(settled(a)), string(settled(b))); diff != "" {
		t.Errorf("two renderings (-first +second):\n%s", diff)
	}
}

func TestMarkOfAutomaticMail(t *testing.T) {
	for name, letter := range letters() {
		message, err := Compose(letter, envelope(letter), filesOf(letter))
		if err != nil {
			t.Fatal(err)
		}
		var got []Header
		for _, h := range Headers(message) {
			if h.Name == "Auto-Submitted" || h.Name == "X-Auto-Response-Suppress" {
				got = append(got, h)
			}
		}
		var want []Header
		if _, formal := letter.(Statement); !formal {
			want = []Header{{"Auto-Submitted", "auto-generated"}, {"X-Auto-Response-Suppress", "OOF, AutoReply"}}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestWireForm(t *testing.T) {
	for name, message := range map[string]string{
		"bare LF": "A: b\r\n\r\nx\ny\r\n", "bare CR": "A: b\r\n\r\nx\ry\r\n", "smuggled end": "A: b\r\n\r\nx\n.\r\n", "NUL": "A: b\r\n\r\n\x00\r\n",
		"no end": "A: b\r\n\r\nx", "CR CRLF": "A: b\r\r\n\r\n", "long line": "A: " + strings.Repeat("x", 1000) + "\r\n", "empty": "",
	} {
		if err := wireForm([]byte(message)); liaison.CodeOf(err) != liaison.Invalid {
			t.Errorf("%s: got %v, want a refusal", name, err)
		}
	}
	if err := wireForm([]byte("A: b\r\n\r\n.\r\n..\r\n\r\n")); err != nil {
		t.Error(err)
	}
}

func TestHeadersAndPartsOfForeignMessages(t *testing.T) {
	message := "Received: from a\n\tby b\nSubject: =?iso-8859-1?q?R=E9ponse?=\nnonsense\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: 8bit\n\nd\xe9j\xe0\n"
	want := []Header{{"Received", "from a\tby b"}, {"Subject", "Réponse"}, {"Content-Type", "text/plain; charset=iso-8859-1"}, {"Content-Transfer-Encoding", "8bit"}}
	if diff := cmp.Diff(want, Headers([]byte(message))); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	text, html, err := Parts([]byte(strings.Replace(message, "nonsense\n", "", 1)))
	if text != "déjà\n" || html != "" || err != nil {
		t.Errorf("parts = %q, %q, %v", text, html, err)
	}
	if _, _, err := Parts([]byte("no header")); err == nil {
		t.Error("what is no message was read")
	}
}

func TestEncodingFollowsTheScript(t *testing.T) {
	for name, want := range map[string]string{"statement-action": "quoted-printable", "statement-arabic": "base64"} {
		letter := letters()[name]
		message, err := Compose(letter, envelope(letter), filesOf(letter))
		if err != nil {
			t.Fatal(err)
		}
		_, body, _ := strings.Cut(string(message), "Content-Transfer-Encoding: ")
		got, body, _ := strings.Cut(body, "\r\n")
		if got != want {
			t.Errorf("%s: the text is in %s, want %s", name, got, want)
		}
		if got == "base64" {
			_, encoded, _ := strings.Cut(body, "\r\n\r\n")
			encoded, _, _ = strings.Cut(encoded, "\r\n--")
			text, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(encoded, "\r\n", ""))
			if err != nil || !bytes.Contains(text, []byte("\r\n")) || bytes.Contains(bytes.ReplaceAll(text, []byte("\r\n"), nil), []byte("\n")) {
				t.Errorf("%s: the text is not in its canonical form, with CRLF (%v)", name, err)
			}
		}
	}
}

// TestEncodedWordsStandAlone: readers decode each by itself, so none may end inside a character, and each fits a line.
func TestEncodedWordsStandAlone(t *testing.T) {
	for _, s := range []string{strings.Repeat("长", 100), "x" + strings.Repeat("长", 100), "xx" + strings.Repeat("é👩", 100)} {
		for word := range strings.FieldsSeq(encodeSubject(s)) {
			b, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(strings.TrimPrefix(word, "=?UTF-8?b?"), "?="))
			if err != nil || !utf8.Valid(b) || len(word) > 60 {
				t.Errorf("%q is no encoded word for itself (%v)", word, err)
			}
		}
	}
}
