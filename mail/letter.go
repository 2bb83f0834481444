package mail

import (
	"bytes"
	"embed"
	"fmt"
	htmltemplate "html/template"
	"regexp"
	"strings"
	"sync"
	texttemplate "text/template"
	"unicode/utf8"

	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail/catalogue"
)

// Letter is a message to one person or body: one of the structs of this package.
type Letter interface {
	kind() liaison.Letter
	automatic() bool // whether it is marked so that no out-of-office notice answers it (RFC 3834)
	in(*catalogue.Catalogue) sheet
}

var (
	_ Letter = Statement{}
	_ Letter = Test{}
	_ Letter = ReviewRequested{}
	_ Letter = Returned{}
	_ Letter = Rejected{}
	_ Letter = Dispatched{}

	_ Letter = Tabled{}
	_ Letter = PutOff{}
	_ Letter = MeetingUnclosed{}
	_ Letter = DecisionWaiting{}
	_ Letter = CorrespondenceOpened{}
	_ Letter = ObjectedLate{}
	_ Letter = CorrespondenceClosing{}
	_ Letter = CorrespondenceClosed{}
	_ Letter = Approved{}
	_ Letter = ApprovalVoid{}
	_ Letter = Amended{}
	_ Letter = Bounced{}
	_ Letter = Acknowledged{}
	_ Letter = ReplyDue{}
	_ Letter = Overdue{}
	_ Letter = Extension{}
	_ Letter = Extension{Granted: true}
	_ Letter = Replied{}
	_ Letter = IncomingRegistered{}
	_ Letter = IncomingAssigned{}
	_ Letter = IncomingRedirected{}
	_ Letter = ReportDue{}
	_ Letter = ReportMissed{}
	_ Letter = ReportLate{}
	_ Letter = ProposalAnswered{}
	_ Letter = ReportSubmitted{}
	_ Letter = ReportPresented{}
	_ Letter = LifetimeReview{}
	_ Letter = UnknownOutcome{}
	_ Letter = ArrivalAsked{}
	_ Letter = Refused{}
	_ Letter = RelayHeld{}
	_ Letter = Misdirected{}
	_ Letter = ExtensionAsked{}
	_ Letter = Declined{}
	_ Letter = Digest{}
)

// sheet is a letter in the words of one language, before it is set.
type sheet struct {
	template string // the pair that sets it
	subject  string
	data     any  // what the pair shows
	line     line // how it stands in a digest
}

// line is a letter in short.
type line struct {
	Head  string // what happened
	Ref   string // to which statement, "" before it has a number
	Title string
	Lead  string // in a sentence
	URL   string
}

//go:embed letters/*.tmpl
var letterFiles embed.FS

type pair struct {
	text *texttemplate.Template
	html *htmltemplate.Template
}

// templates are the pairs by name, for each language. They are read when the first letter in it is: all six take a tenth
// of a second, which most commands of the program need not wait for. A test reads all of them.
var templates = func() map[*catalogue.Catalogue]func() map[string]pair {
	out := map[*catalogue.Catalogue]func() map[string]pair{}
	for _, code := range catalogue.Languages {
		c, _ := catalogue.For(code)
		out[c] = sync.OnceValue(func() map[string]pair { return parseTemplates(c) })
	}
	return out
}()

// pairs names every pair of templates: one for each letter of a form of its own, and [notice] for all others.
var pairs = []string{"statement", "review-requested", "returned", "rejected", "dispatched", "notice", "digest"}

func parseTemplates(c *catalogue.Catalogue) map[string]pair {
	out := map[string]pair{}
	for _, name := range pairs {
		text, html := "letters/"+name+".txt.tmpl", "letters/"+name+".html.tmpl"
		out[name] = pair{
			text: texttemplate.Must(texttemplate.New(name+".txt.tmpl").Funcs(textWords(c)).ParseFS(letterFiles, text)),
			html: htmltemplate.Must(htmltemplate.New("layout.html.tmpl").Funcs(htmlWords(c)).ParseFS(letterFiles, "letters/layout.html.tmpl", html)),
		}
	}
	return out
}

// words are the functions that both kinds of templates may use. None of them changes what a statement says.
func words(c *catalogue.Catalogue) map[string]any {
	return map[string]any{
		"asked":        func(x liaison.Content, a liaison.Addressee) string { return asked(c, x, a, purpose(c, a.Purpose)) },
		"voice":        func() *catalogue.Catalogue { return c },
		"rtl":          c.RTL,
		"contactRole":  contactRole,
		"date":         c.Date,
		"document":     func(a liaison.Attachment) []string { return documentLines(c, a) },
		"dir":          catalogue.Direction,
		"language":     languageTag,
		"lines":        func(s string) []string { return strings.Split(s, "\n") },
		"lower":        strings.ToLower,
		"office":       func(acting string) string { return office(c, acting) },
		"paragraphs":   paragraphs,
		"plain":        c.Plain,
		"purpose":      func(p liaison.Purpose) string { return purpose(c, p) },
		"purposeLabel": func(label string) string { return purposeLabelled(c, label) },
	}
}

// textWords are those and what a text needs: lines of 72 columns, labels in a column, isolates.
func textWords(c *catalogue.Catalogue) texttemplate.FuncMap {
	out := words(c)
	out["ascii"] = ascii
	out["contact"] = func(x liaison.Contact) []string { return contactLines(c, x) }
	out["isolate"] = c.Isolate
	out["joined"] = func(lines []string) string { return strings.Join(lines, "\n") }
	out["label"] = func(key string) string { return c.Label(c.Say(key)) }
	out["link"] = func(label, url string) string { return link(c, label, url) }
	out["prose"] = func(s string) string { return catalogue.Wrap(s, Columns) }
	out["row"] = func(label string, value any) string { return row(c, c.Say(label), fmt.Sprint(value)) }
	out["say"] = c.Say
	out["size"] = func(n int64) string { return c.Say("size.bytes", "n", n) }
	out["upper"] = strings.ToUpper
	return out
}

// htmlWords are those and what HTML needs: isolates as <bdi>, and which side is which.
func htmlWords(c *catalogue.Catalogue) htmltemplate.FuncMap {
	out := words(c)
	out["contact"] = func(x liaison.Contact) []htmltemplate.HTML {
		var lines []htmltemplate.HTML
		for _, l := range contactLines(c, x) {
			lines = append(lines, mark(l))
		}
		return lines
	}
	out["isolate"] = func(s string) htmltemplate.HTML { return mark(c.Isolate(s)) }
	out["mark"] = mark
	out["say"] = func(key string, values ...any) htmltemplate.HTML { return mark(c.Say(key, values...)) }
	out["size"] = func(n int64) htmltemplate.HTML { return mark(c.Say("size.bytes", "n", n)) }
	out["tag"] = c.Tag
	out["startSide"] = func() string { return sides[c.RTL()][0] }
	out["endSide"] = func() string { return sides[c.RTL()][1] }
	out["way"] = func() string { return catalogue.Direction(c.Tag()) }
	return out
}

// sides are where a line begins and ends. Style sheets of letters name them left and right: half the mail programs do not
// know the logical words.
var sides = map[bool][2]string{false: {"left", "right"}, true: {"right", "left"}}

// Render returns the letter's subject and both its texts in English, with LF line ends. It reads nothing but the letter.
func Render(letter Letter) (subject, text, html string, err error) {
	return RenderIn(letter, catalogue.Default)
}

// RenderIn is [Render] in the reader's language, a language tag (BCP 47). One that there are no words for is English; see
// [Speaks].
func RenderIn(letter Letter, language string) (subject, text, html string, err error) {
	c, _ := catalogue.For(language)
	s := letter.in(c)
	t := templates[c]()[s.template]
	var plain, page bytes.Buffer
	if err := t.text.Execute(&plain, s.data); err != nil {
		return "", "", "", fmt.Errorf("render letter %s as text: %w", letter.kind(), err)
	}
	if err := t.html.Execute(&page, s.data); err != nil {
		return "", "", "", fmt.Errorf("render letter %s as HTML: %w", letter.kind(), err)
	}
	return oneLine(rightStart(c, s.subject)), plain.String(), page.String(), nil
}

// subjectIn is the letter's subject in the reader's language.
func subjectIn(letter Letter, language string) string {
	c, _ := catalogue.For(language)
	return oneLine(rightStart(c, letter.in(c).subject))
}

// Speaks reports whether there are words in the language of the tag. Where not, letters are in English, and who sends them
// logs it.
func Speaks(language string) bool {
	_, known := catalogue.For(language)
	return known
}

// rightStart makes a subject in a language from right to left begin with a letter of it or with a mark, because mail
// programs lay a line out by its first letter.
func rightStart(c *catalogue.Catalogue, subject string) string {
	first, _ := utf8.DecodeRuneInString(subject)
	if !c.RTL() || subject == "" || catalogue.RightToLeft(first) {
		return subject
	}
	return "\u200f" + subject // RIGHT-TO-LEFT MARK
}

// oneLine makes single spaces of runs of spaces. A header is folded at spaces, and a fold inside a run can leave a line
// that is nothing but white space, which RFC 5322, 3.2.2 forbids.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\t' }), " ")
}

// Columns is how wide a line is that a letter makes of its own words.
const Columns = 72

// row is a labelled line of a text; further lines of its value stand below the first.
func row(c *catalogue.Catalogue, label, value string) string {
	label = c.Label(label)
	pad := strings.Repeat(" ", max(1, c.Indent()-catalogue.Width(label)))
	return label + pad + strings.ReplaceAll(value, "\n", "\n"+strings.Repeat(" ", c.Indent()))
}

// link is a labelled address of a page in a text. Among words from right to left it has a line of its own, because an
// isolate beside it would be taken for a part of it.
func link(c *catalogue.Catalogue, label, url string) string {
	if c.RTL() {
		return c.Label(label) + "\n" + url
	}
	return c.Label(label) + " " + url
}

// ascii writes straight quotation marks where they are all that keeps a sentence from being plain ASCII.
func ascii(s string) string {
	straight := straighten.Replace(s)
	if strings.ContainsFunc(straight, func(r rune) bool { return r > '~' }) {
		return s
	}
	return straight
}

var straighten = strings.NewReplacer("“", `"`, "”", `"`)

// escape is html/template's, and curly quotation marks by name.
var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;", "+", "&#43;", "\x00", "\uFFFD",
	"“", "&ldquo;", "”", "&rdquo;")

// mark makes HTML of a text: everything in it is escaped, and its isolates become <bdi> elements, each with its end.
func mark(s string) htmltemplate.HTML {
	var out strings.Builder
	open := 0
	for {
		i := strings.IndexAny(s, "\u2068\u2069")
		if i < 0 {
			break
		}
		out.WriteString(escape.Replace(s[:i]))
		switch {
		case strings.HasPrefix(s[i:], "\u2068"):
			out.WriteString("<bdi>")
			open++
		case open > 0:
			out.WriteString("</bdi>")
			open--
		}
		s = s[i+len("\u2068"):]
	}
	out.WriteString(escape.Replace(s) + strings.Repeat("</bdi>", open))
	return htmltemplate.HTML(out.String()) //nolint:gosec // G203: escaped above, all of it
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

var languagePattern = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$`)

// languageTag is the tag if it has the form of one (BCP 47), and "" otherwise: an unknown language is said by no tag.
func languageTag(tag string) string {
	if !languagePattern.MatchString(tag) {
		return ""
	}
	return tag
}

// contactLines is a contact as the form of a liaison statement gives it: name, organization, country; then telephone and
// e-mail.
func contactLines(c *catalogue.Catalogue, x liaison.Contact) []string {
	var out []string
	var who []string
	for _, s := range []string{x.Name, x.Organization, x.Country} {
		if s != "" {
			who = append(who, c.Isolate(s))
		}
	}
	if len(who) > 0 {
		out = append(out, strings.Join(who, c.Say("about.comma")))
	}
	if x.Email != "" {
		out = append(out, c.Say("statement.email", "address", x.Email))
	}
	if x.Phone != "" {
		out = append(out, c.Say("statement.phone", "number", x.Phone))
	}
	return out
}

// purpose is the purpose in the reader's words, or "" for what is no purpose.
func purpose(c *catalogue.Catalogue, p liaison.Purpose) string {
	if key := "purpose." + string(p); c.Has(key) {
		return c.Say(key)
	}
	return p.Label()
}

// purposeLabelled is that for its label.
func purposeLabelled(c *catalogue.Catalogue, label string) string {
	for _, x := range liaison.Purposes {
		if x.Label == label {
			return purpose(c, x.Purpose)
		}
	}
	return label
}

// office is a capacity, given by its label, in the reader's words, as it stands inside a sentence.
func office(c *catalogue.Catalogue, label string) string {
	for _, x := range liaison.Capacities {
		if key := "capacity." + string(x.Capacity); x.Label == label && c.Has(key) {
			label = c.Say(key)
			break
		}
	}
	return strings.ToLower(label)
}

// asksReply reports whether an addressee with the purpose is asked for a reply.
func asksReply(p liaison.Purpose) bool { return p == liaison.ForAction || p == liaison.ForComment }

// asked is the purpose, in words, with the day by which the addressee is asked to reply.
func asked(c *catalogue.Catalogue, x liaison.Content, a liaison.Addressee, purpose string) string {
	if day := replyBy(x, a); day != "" {
		return c.Say("about.purpose-by", "purpose", purpose, "date", day)
	}
	return purpose
}

// replyBy is the day by which the addressee is asked to reply, "" if it is not asked or no day is set.
func replyBy(c liaison.Content, a liaison.Addressee) liaison.Date {
	if !asksReply(a.Purpose) {
		return ""
	}
	return c.Deadline
}
