package document

import (
	"errors"
	"fmt"
	"html"
	"html/template"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing/fstest"
	"unicode"

	"github.com/carlos7ags/folio/font"
	"github.com/go-fonts/dejavu/dejavusans"
	"github.com/go-fonts/dejavu/dejavusansbold"

	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail/catalogue"
)

// Chinese are where Debian, Fedora, macOS and Windows keep a font with Chinese letters, the better ones first. The program has none of its
// own: the smallest is larger than everything else in it.
var Chinese = []string{
	"/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
	"/usr/share/fonts/google-noto-sans-cjk-fonts/NotoSansCJK-Regular.ttc", "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
	"/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc", "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf", "/usr/share/fonts/truetype/arphic/uming.ttc",
	"/System/Library/Fonts/PingFang.ttc", `C:\Windows\Fonts\msyh.ttc`,
}

// typeface is a font with the letters that it has.
type typeface struct {
	bytes []byte
	font.Face
}

func (f *typeface) has(r rune) bool { return f != nil && f.GlyphIndex(r) != 0 }

// ours is the font that is part of the program, with the letters of Latin, Cyrillic, Greek and Arabic script.
var ours = sync.OnceValues(func() (*typeface, error) { return parsed(dejavusans.TTF) })

func parsed(b []byte) (*typeface, error) {
	face, err := font.ParseFontForLanguage(b, "zh-Hans")
	if err != nil {
		return nil, fmt.Errorf("read a font: %w", err)
	}
	return &typeface{b, face}, nil
}

// chinese is the first font with Chinese letters on this machine, nil for none.
func chinese() (*typeface, error) {
	for _, path := range Chinese {
		b, err := os.ReadFile(filepath.Clean(path))
		if errors.Is(err, os.ErrNotExist) {
			continue
		} else if err != nil {
			return nil, fmt.Errorf("read the font for Chinese: %w", err)
		}
		return parsed(b)
	}
	return nil, nil
}

var errNoChinese = liaison.Refuse(liaison.Invalid, "There is no font with Chinese letters on the machine that the worker runs on, so the report cannot be made a PDF. The operator installs one (on Debian: fonts-wqy-microhei or fonts-noto-cjk).")

// CanSetChinese says why reports with Chinese letters cannot be made a PDF on this machine, nil if they can.
func CanSetChinese() error {
	face, err := chinese()
	if err == nil && !face.has('中') {
		return errNoChinese
	}
	return err
}

// typeset gives every letter of a page a font that has it: the font of its language, or the other one of ours and the machine's where that
// has not, by a span. A letter that no font has is written as its number, "[U+1F600]"; one of Chinese, Japanese or Korean is refused,
// because a font can be installed for it.
func typeset(page template.HTML, language string) (template.HTML, fstest.MapFS, error) {
	main, err := ours()
	if err != nil {
		return "", nil, err
	}
	fonts := fstest.MapFS{"text.ttf": {Data: dejavusans.TTF}, "bold.ttf": {Data: dejavusansbold.TTF}, "other.ttf": {Data: dejavusans.TTF}}
	other := main
	c, _ := catalogue.For(language)
	if strings.ContainsFunc(string(page), ideographic) {
		if other, err = chinese(); err != nil {
			return "", nil, err
		}
		if other == nil {
			return "", nil, errNoChinese
		}
		fonts["other.ttf"] = &fstest.MapFile{Data: other.bytes}
		if c.Tag() == "zh-Hans" && other.has('a') {
			main, other = other, main
			fonts["text.ttf"], fonts["bold.ttf"], fonts["other.ttf"] = fonts["other.ttf"], fonts["other.ttf"], fonts["text.ttf"]
		}
	}
	var b strings.Builder
	var missing []rune
	for i, part := range strings.SplitAfter(string(page), ">") {
		text, tag := part, ""
		if at := strings.LastIndexByte(part, '<'); at >= 0 { // a letter of the text is "&lt;"
			text, tag = part[:at], part[at:]
		}
		if i == 0 || strings.HasPrefix(tag, "</title") || strings.HasPrefix(tag, "</style") {
			b.WriteString(part)
			continue
		}
		missing = append(missing, write(&b, html.UnescapeString(text), main, other)...)
		b.WriteString(tag)
	}
	if len(missing) > 0 {
		return "", nil, liaison.Refuse(liaison.Invalid, "No font on this machine has the letters %s, so the report cannot be made a PDF. The operator installs one that has them (on Debian: fonts-noto-cjk).", string(missing[:min(len(missing), 10)]))
	}
	return template.HTML(b.String()), fonts, nil // every letter of the text was escaped again
}

// ideographic reports whether the letter is one that fonts with Chinese letters are for.
func ideographic(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo) || r >= 0x3000 && r <= 0x303f || r >= 0xff00 && r <= 0xffef
}

// write writes text as HTML, with a span around what the other font is needed for. It returns the letters that can be installed a font for.
func write(b *strings.Builder, text string, main, other *typeface) (missing []rune) {
	var run strings.Builder
	within := false
	flush := func() {
		if within {
			b.WriteString(`<span class="other">` + html.EscapeString(run.String()) + `</span>`)
		} else {
			b.WriteString(html.EscapeString(run.String()))
		}
		run.Reset()
	}
	for _, r := range text {
		written, needs := string(r), false
		switch {
		case r >= '\u064b' && r <= '\u0652': // vowel signs, which the library sets beside their letter; who reads Arabic reads without
			continue
		case within && unicode.IsSpace(r) && other.has(' '): // the words of one script stay together
			written, needs = " ", true
		case main.has(r):
		case unicode.IsSpace(r):
			written = " "
		case other.has(r):
			needs = true
		case ideographic(r):
			missing = append(missing, r)
		case unicode.In(r, unicode.Cf, unicode.Mn, unicode.Cc): // seen by no reader by itself: the isolates, a variation selector
			continue
		default:
			written = fmt.Sprintf("[U+%04X]", r)
		}
		if needs != within {
			flush()
			within = needs
		}
		run.WriteString(written)
	}
	flush()
	return missing
}
