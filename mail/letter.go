package mail

import (
	"bytes"
	"embed"
	"fmt"
	htmltemplate "html/template"
	"regexp"
	"strconv"
	"strings"
	texttemplate "text/template"
	"unicode"
	"unicode/utf8"

	"github.com/jca-ml/liaison/liaison"
)

// Letter is a message to one person or body: one of the structs of this package.
type Letter interface {
	kind() liaison.Letter // names the pair of templates
	subject() string
	automatic() bool // whether it is marked so that no out-of-office notice answers it (RFC 3834)
}

var (
	_ Letter = Statement{}
	_ Letter = ReviewRequested{}
	_ Letter = Returned{}
	_ Letter = Rejected{}
	_ Letter = Dispatched{}
)

//go:embed letters/*.tmpl
var letterFiles embed.FS

type pair struct {
	text *texttemplate.Template
	html *htmltemplate.Template
}

var templates = parseTemplates()

func parseTemplates() map[liaison.Letter]pair {
	out := map[liaison.Letter]pair{}
	for _, kind := range liaison.Letters {
		text, html := "letters/"+string(kind)+".txt.tmpl", "letters/"+string(kind)+".html.tmpl"
		out[kind] = pair{
			text: texttemplate.Must(texttemplate.New(string(kind)+".txt.tmpl").Funcs(words).ParseFS(letterFiles, text)),
			html: htmltemplate.Must(htmltemplate.New("layout.html.tmpl").Funcs(words).ParseFS(letterFiles, "letters/layout.html.tmpl", html)),
		}
	}
	return out
}

// words are the functions that templates may use. None of them changes what a statement says.
var words = map[string]any{
	"contact":    contactLines,
	"dir":        direction,
	"isolate":    isolate,
	"language":   languageTag,
	"lines":      func(s string) []string { return strings.Split(s, "\n") },
	"lower":      strings.ToLower,
	"paragraphs": paragraphs,
	"prose":      prose,
	"replyBy":    replyBy,
	"size":       size,
}

// Render returns the letter's subject and both its texts, with LF line ends. It reads nothing but the letter.
func Render(letter Letter) (subject, text, html string, err error) {
	t := templates[letter.kind()]
	var plain, page bytes.Buffer
	if err := t.text.Execute(&plain, letter); err != nil {
		return "", "", "", fmt.Errorf("render letter %s as text: %w", letter.kind(), err)
	}
	if err := t.html.Execute(&page, letter); err != nil {
		return "", "", "", fmt.Errorf("render letter %s as HTML: %w", letter.kind(), err)
	}
	return oneLine(letter.subject()), plain.String(), page.String(), nil
}

// oneLine makes single spaces of runs of spaces. A header is folded at spaces, and a fold inside a run can leave a line
// that is nothing but white space, which RFC 5322, 3.2.2 forbids.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\t' }), " ")
}

const columns = 72 // of a line that a template makes

// prose breaks a sentence of the template's own into lines. It is not for what people wrote: a statement's text stands
// as it was approved.
func prose(format string, args ...any) string {
	var out strings.Builder
	width := 0
	for word := range strings.FieldsSeq(fmt.Sprintf(format, args...)) {
		n := utf8.RuneCountInString(word)
		switch {
		case width == 0:
		case width+1+n > columns:
			out.WriteByte('\n')
			width = 0
		default:
			out.WriteByte(' ')
			width++
		}
		out.WriteString(word)
		width += n
	}
	return out.String()
}

// paragraphs splits a text at its blank lines and each paragraph at its line ends; a second blank line stays as an empty
// line, so nothing of the layout is lost.
func paragraphs(text string) [][]string {
	if text == "" {
		return nil
	}
	var out [][]string
	for p := range strings.SplitSeq(text, "\n\n") {
		out = append(out, strings.Split(p, "\n"))
	}
	return out
}

// size writes a number of bytes in full, in groups of three as the Union writes numbers: "48 213 bytes".
func size(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + " " + digits[i:]
	}
	return digits + " bytes"
}

var languagePattern = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$`)

// languageTag is the tag if it has the form of one (BCP 47), and "" otherwise: an unknown language is said by no tag.
func languageTag(tag string) string {
	if !languagePattern.MatchString(tag) {
		return ""
	}
	return tag
}

// direction is how a text in the language runs; "auto" leaves it to the first strong character.
func direction(tag string) string {
	primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
	switch primary {
	case "ar", "fa", "he", "ur", "ps", "yi", "dv", "ug", "sd", "ckb":
		return "rtl"
	case "":
		return "auto"
	}
	return "ltr"
}

// isolate puts what is written from right to left between FSI and PDI, so that it cannot reorder the line that a
// template sets it in (UAX #9, 2.7). Everything else stays as it is.
func isolate(s string) string {
	for _, r := range s {
		if unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana, unicode.Nko) {
			return "\u2068" + s + "\u2069"
		}
	}
	return s
}

// contactLines is a contact as the form of a liaison statement gives it: name, organization, country; then telephone and
// e-mail.
func contactLines(c liaison.Contact) []string {
	var out []string
	var who []string
	for _, s := range []string{c.Name, c.Organization, c.Country} {
		if s != "" {
			who = append(who, isolate(s))
		}
	}
	if len(who) > 0 {
		out = append(out, strings.Join(who, ", "))
	}
	if c.Email != "" {
		out = append(out, "E-mail: "+c.Email)
	}
	if c.Phone != "" {
		out = append(out, "Tel: "+c.Phone)
	}
	return out
}

// asksReply reports whether an addressee with the purpose is asked for a reply.
func asksReply(p liaison.Purpose) bool { return p == liaison.ForAction || p == liaison.ForComment }

// replyBy is the day by which the addressee is asked to reply, "" if it is not asked or no day is set.
func replyBy(c liaison.Content, a liaison.Addressee) liaison.Date {
	if !asksReply(a.Purpose) {
		return ""
	}
	return c.Deadline
}
