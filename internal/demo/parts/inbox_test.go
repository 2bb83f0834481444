package parts

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func openInbox(t *testing.T, dir string) *Inbox {
	t.Helper()
	in, err := OpenInbox(dir)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func add(t *testing.T, in *Inbox, env Envelope, raw string) Summary {
	t.Helper()
	s, err := in.Add(env, strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// crlf makes the line breaks of a literal those of mail.
func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

func TestInboxKeepsWhatItTook(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "inbox")
	in := openInbox(t, dir)
	raw := crlf("From: Chair <chair@jca-ml.example>\nTo: a@x.example\nSubject: =?utf-8?q?R=C3=A9ponse?=\nMessage-ID: <1@x>\n\nhello\n")
	want := add(t, in, Envelope{From: "chair@jca-ml.example", Recipients: []string{"a@x.example", "A@x.example"}, Special: []string{"drop"}}, raw)
	add(t, in, Envelope{Recipients: []string{"b@x.example"}}, "no message\n")

	// What a power cut in the middle of Add can leave.
	write(t, filepath.Join(dir, "tmp-1.eml"), "half")
	write(t, filepath.Join(dir, "000007.eml"), "no .json yet")

	in = openInbox(t, dir)
	if n := in.Count(); n != 2 {
		t.Errorf("Count = %d, want 2", n)
	}
	if _, err := os.Stat(filepath.Join(dir, "tmp-1.eml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the unfinished message is still there: %v", err)
	}
	got, err := in.Get("000001")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.Summary, cmpopts.IgnoreUnexported(Summary{})); diff != "" {
		t.Errorf("summary after reopening (-want +got):\n%s", diff)
	}
	if got.Subject != "Réponse" || got.MessageID != "1@x" || got.Text != "hello\n" {
		t.Errorf("got %q, %q, %q", got.Subject, got.MessageID, got.Text)
	}
	if b, err := in.Raw("000001"); err != nil || string(b) != raw {
		t.Errorf("Raw = %q, %v", b, err)
	}
	if diff := cmp.Diff(map[string]int{"a@x.example": 2, "b@x.example": 1}, in.CountByRecipient()); diff != "" {
		t.Error(diff)
	}
	if s := add(t, in, Envelope{}, raw); s.ID != "000008" {
		t.Errorf("the next message is %s, want 000008", s.ID)
	}
}

func TestInboxUnknownMessages(t *testing.T) {
	in := openInbox(t, t.TempDir())
	add(t, in, Envelope{}, "Subject: x\r\n\r\n")
	for _, id := range []string{"", "1", "000002", "0000001", "../000001", "000001.eml", "-00001", "+00001", "99999999999999999999999"} {
		if _, err := in.Get(id); !errors.Is(err, ErrNoMessage) {
			t.Errorf("Get(%q): %v", id, err)
		}
		if _, err := in.Raw(id); !errors.Is(err, ErrNoMessage) {
			t.Errorf("Raw(%q): %v", id, err)
		}
	}
	if _, _, err := in.List(t.Context(), "x", 1); !errors.Is(err, ErrNoMessage) {
		t.Errorf("List: %v", err)
	}
}

func TestInboxList(t *testing.T) {
	in := openInbox(t, t.TempDir())
	for range 5 {
		add(t, in, Envelope{}, "Subject: x\r\n\r\n")
	}
	var got [][]string
	before := ""
	for {
		page, next, err := in.List(t.Context(), before, 2)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, s := range page {
			ids = append(ids, s.ID)
		}
		got = append(got, ids)
		add(t, in, Envelope{}, "") // a later message does not move the following pages
		if before = next; next == "" {
			break
		}
	}
	if diff := cmp.Diff([][]string{{"000005", "000004"}, {"000003", "000002"}, {"000001"}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestInboxFromManyAtOnce(t *testing.T) {
	dir := t.TempDir()
	in := openInbox(t, dir)
	const n = 40
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			s, err := in.Add(Envelope{From: fmt.Sprint(i)}, strings.NewReader(fmt.Sprintf("Subject: %d\r\n\r\n%d", i, i)))
			if err != nil {
				t.Error(err)
				return
			}
			if m, err := in.Get(s.ID); err != nil || m.Subject != fmt.Sprint(i) || m.EnvelopeFrom != fmt.Sprint(i) {
				t.Errorf("%+v, %v; want %d", m, err, i)
			}
			if _, _, err := in.List(t.Context(), "", 3); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, in := range []*Inbox{in, openInbox(t, dir)} {
		page, _, err := in.List(t.Context(), "", 0)
		if err != nil || len(page) != n {
			t.Fatalf("%d messages, %v; want %d", len(page), err, n)
		}
		for i, s := range page {
			if want := messageID(uint64(n - i)); s.ID != want {
				t.Errorf("message %d is %s, want %s", i, s.ID, want)
			}
		}
	}
}

func TestInboxAddThatFailsLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	in := openInbox(t, dir)
	cut := errors.New("cut")
	if _, err := in.Add(Envelope{}, io.MultiReader(strings.NewReader("Subject: x"), iotest.ErrReader(cut))); err != cut {
		t.Errorf("got %v, want the reader's error", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 0 || in.Count() != 0 {
		t.Errorf("%v, %v, %d messages", entries, err, in.Count())
	}
}

func TestInboxDamagedFile(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "000001.json"), "{")
	if _, err := OpenInbox(dir); err == nil || !strings.Contains(err.Error(), "000001.json is damaged") {
		t.Errorf("got %v", err)
	}
}

func TestParse(t *testing.T) {
	tests := map[string]struct {
		raw  string
		want Message // Headers are compared in TestParseHeaders
	}{
		"plain": {
			raw:  crlf("Subject: x\n\nhello\n"),
			want: Message{Text: "hello\n"},
		},
		"plain with bare line feeds": {
			raw:  "Subject: x\n\nhello\n",
			want: Message{Text: "hello\n"},
		},
		"latin 1, quoted-printable": {
			raw:  crlf("Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nGen=E8ve\n"),
			want: Message{Text: "Genève\n"},
		},
		"shift_jis, 8bit": {
			raw:  crlf("Content-Type: text/plain; charset=Shift_JIS\n\n\x93\xfa\x96{\n"),
			want: Message{Text: "日本\n"},
		},
		"alternative": {
			raw: crlf(`Content-Type: multipart/alternative; boundary="b"

--b
Content-Type: text/plain; charset=utf-8

text
--b
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64

PHA+aHRtbDwvcD4=
--b--
`),
			want: Message{Text: "text", HTML: "<p>html</p>"},
		},
		"attachments keep their bytes": {
			raw: crlf(`Content-Type: multipart/mixed; boundary=b

--b

text
--b
Content-Type: text/plain; charset=iso-8859-1; name="=?utf-8?q?Entwurf_=C3=A4.txt?="
Content-Disposition: attachment
Content-Transfer-Encoding: base64

5A0K
--b
Content-Type: application/pdf
Content-Disposition: attachment; filename*=utf-8''..%2F..%2Fetc%2Fl%C3%A4nge.pdf

%PDF
--b
Content-Type: image/png
Content-Disposition: inline
Content-ID: <logo@x>

png
--b
Content-Type: message/rfc822

Subject: inner

inner text
--b--
`),
			want: Message{Text: "text", Attachments: []Attachment{
				{Name: "Entwurf ä.txt", Type: "text/plain", Size: 3, Content: []byte("\xe4\r\n")},
				{Name: "länge.pdf", Type: "application/pdf", Size: 4, Content: []byte("%PDF")},
				{Name: "part-3", Type: "image/png", Size: 3, Content: []byte("png"), Inline: true, ContentID: "logo@x"},
				{Name: "part-4.eml", Type: "message/rfc822", Size: 28, Content: []byte(crlf("Subject: inner\n\ninner text"))},
			}},
		},
		"unknown character set": {
			raw:  crlf("Content-Type: text/plain; charset=klingon\n\nabc\xff\n"),
			want: Message{Text: "abc\uFFFD\n", Problem: `the character set "klingon" is not known`},
		},
		"unknown transfer encoding": {
			raw:  crlf("Content-Type: text/plain\nContent-Transfer-Encoding: rot13\n\nnop\n"),
			want: Message{Text: "nop\n", Problem: `a part is encoded in a way that is not known: encoding error: unhandled encoding "rot13"`},
		},
		"damaged base64": {
			raw:  crlf("Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\naGVsbG8g!!\n"),
			want: Message{Text: "hello ", Problem: "a part is damaged: unexpected EOF"},
		},
		"multipart that ends early": {
			raw:  crlf("Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n"),
			want: Message{Text: "text", Problem: "a part is damaged: unexpected EOF"},
		},
		"multipart without a boundary": {
			raw:  crlf("Content-Type: multipart/mixed\n\ntext\n"),
			want: Message{Attachments: []Attachment{{Name: "part-1", Type: "multipart/mixed", Size: 6, Content: []byte("text\r\n")}}},
		},
		"no message at all": {
			raw:  "hello\r\nworld\x00\r\n",
			want: Message{Text: "hello\nworld\n", Problem: "the message has no header"},
		},
		"nothing": {
			raw:  "",
			want: Message{Problem: "this is not a well-formed message, so it is shown as it came"},
		},
		"a line in the header that is none": {
			raw:  "Subject: x\r\nwhat is this\r\n\r\nhello\r\n",
			want: Message{Text: "Subject: x\nwhat is this\n\nhello\n", Problem: "a line of the header is no header field"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := parse([]byte(tt.raw))
			if diff := cmp.Diff(&tt.want, got, cmpopts.IgnoreFields(Message{}, "Headers"), cmpopts.IgnoreUnexported(Summary{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseHeaders(t *testing.T) {
	got := parse([]byte(crlf("Received: b\nReceived: a;\n\ttoday\nSUBJECT: =?iso-8859-1?q?Gen=E8ve?=\n =?utf-8?b?IMOg?= 10 h\nX-Ctl: a\x1b[31mb\nBad: =?klingon?q?x?=\n\n")))
	want := []Header{
		{Name: "Received", Raw: "Received: b", Value: "b"},
		{Name: "Received", Raw: "Received: a;\n\ttoday", Value: "a; today"},
		{Name: "SUBJECT", Raw: "SUBJECT: =?iso-8859-1?q?Gen=E8ve?=\n =?utf-8?b?IMOg?= 10 h", Value: "Genève à 10 h"},
		{Name: "X-Ctl", Raw: "X-Ctl: a[31mb", Value: "a[31mb"},
		{Name: "Bad", Raw: "Bad: =?klingon?q?x?=", Value: "=?klingon?q?x?="},
	}
	if diff := cmp.Diff(want, got.Headers); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParseBoundsParts(t *testing.T) {
	var deep strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&deep, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	wide := "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\nContent-Type: x/y\r\n\r\nz\r\n", 10_000) + "--b--\r\n"
	for name, raw := range map[string]string{"deep": deep.String(), "wide": wide} {
		t.Run(name, func(t *testing.T) {
			m := parse([]byte(raw))
			if m.Problem != "the message has too many parts to show them all" || len(m.Attachments) > maxParts {
				t.Errorf("%d attachments, problem %q", len(m.Attachments), m.Problem)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b--\r\n"))
	f.Add([]byte("Subject: =?utf-8?q?=C3?=\r\n\r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := parse(raw)
		for _, a := range m.Attachments {
			if a.Name == "" || strings.ContainsAny(a.Name, "/\\\r\n") {
				t.Errorf("attachment named %q", a.Name)
			}
		}
	})
}
