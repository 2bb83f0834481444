// Package catalogue holds the fixed words of every letter in the six official languages of the Union, and says them.
//
//	en.json ─┐                  ┌─ plural form by CLDR ("one", "few", …; Arabic has six)
//	fr.json ─┤                  ├─ dates as the reader writes them
//	…        ├─> Catalogue.Say ─┤
//	ar.json ─┘                  └─ values isolated, so that none reorders the sentence around it
//
// One file is one language; those of progress reports are in a folder beside. A file has sections, a section has keys; what stands there is a sentence, or the same sentence
// in each plural form of the language. {name} is a place for a value; where the form depends on a number, it is {n}.
// Every file has every key, with the same places; tests hold that, and that every key is used.
//
// What people wrote (a statement's title and text, names, reasons) is a value: never translated, never changed.
package catalogue

import (
	"embed"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

	"github.com/jca-ml/liaison/liaison"
)

// Languages lists the six official languages of the Union. Each has a file here of that name.
var Languages = []string{"ar", "en", "es", "fr", "ru", "zh"}

// Default is spoken to readers whose language is not known or not one of [Languages].
const Default = "en"

//go:embed *.json report/*.json
var files embed.FS

// Catalogue is the words of one language. It does not change and may be used by many at once.
type Catalogue struct {
	code  string
	tag   language.Tag
	words map[string]entry // "section.key"
	width int              // of the widest label with its colon, in columns
}

// entry is a sentence, or its plural forms.
type entry struct {
	text  string
	forms map[plural.Form]string
}

var catalogues = readAll()

func readAll() map[string]*Catalogue {
	out := map[string]*Catalogue{}
	for _, code := range Languages {
		c, err := read(code)
		if err != nil {
			panic(err) // the files are part of the program, and a test reads them
		}
		out[code] = c
	}
	return out
}

var forms = map[string]plural.Form{
	"zero": plural.Zero, "one": plural.One, "two": plural.Two, "few": plural.Few, "many": plural.Many, "other": plural.Other,
}

func read(code string) (*Catalogue, error) {
	var sections map[string]map[string]json.RawMessage
	for _, name := range []string{code + ".json", "report/" + code + ".json"} { // into the same map: no section stands in both
		b, err := files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("catalogue: %w", err)
		}
		if err := json.Unmarshal(b, &sections); err != nil {
			return nil, fmt.Errorf("catalogue %s: %w", name, err)
		}
	}
	c := &Catalogue{code: code, tag: language.MustParse(code), words: map[string]entry{}}
	for section, keys := range sections {
		for key, raw := range keys {
			var e entry
			if json.Unmarshal(raw, &e.text) != nil {
				var byName map[string]string
				if err := json.Unmarshal(raw, &byName); err != nil {
					return nil, fmt.Errorf("catalogue %s: %s.%s: %w", code, section, key, err)
				}
				e.forms = map[plural.Form]string{}
				for name, text := range byName {
					f, ok := forms[name]
					if !ok {
						return nil, fmt.Errorf("catalogue %s: %s.%s: %q is no plural form", code, section, key, name)
					}
					e.forms[f] = text
				}
			}
			c.words[section+"."+key] = e
		}
	}
	for key := range c.words {
		if strings.HasPrefix(key, "label.") {
			c.width = max(c.width, Width(c.Label(c.Say(key))))
		}
	}
	return c, nil
}

// For returns the catalogue for a language tag (BCP 47); "" is [Default]. known is false where there is none for the
// language and the reader gets [Default] instead: the caller logs that.
func For(tag string) (c *Catalogue, known bool) {
	if tag == "" {
		return catalogues[Default], true
	}
	primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
	if c, known = catalogues[primary]; known {
		return c, true
	}
	return catalogues[Default], false
}

// Tag is the language as HTML and Content-Language name it. The Union's Chinese is in simplified characters.
func (c *Catalogue) Tag() string {
	if c.code == "zh" {
		return "zh-Hans"
	}
	return c.code
}

// RTL reports whether the language is written from right to left.
func (c *Catalogue) RTL() bool { return c.code == "ar" }

// Has reports whether there are words under the key.
func (c *Catalogue) Has(key string) bool { _, ok := c.words[key]; return ok }

// Keys lists what there are words under.
func (c *Catalogue) Keys() iter.Seq[string] { return maps.Keys(c.words) }

// Say returns the sentence under the key with its values, given as name and value in turn. Text is set in as it is,
// isolated where it could reorder the sentence; a number picks the plural form if its name is "n"; a day is written out.
// An unknown key or a value too few is a defect of the program: Say panics, and tests say every key.
func (c *Catalogue) Say(key string, values ...any) string { return c.say(key, true, values) }

// Plain is Say without isolates, for headers and titles, where they are not understood everywhere.
func (c *Catalogue) Plain(key string, values ...any) string { return c.say(key, false, values) }

func (c *Catalogue) say(key string, isolated bool, values []any) string {
	e, ok := c.words[key]
	if !ok {
		panic("catalogue " + c.code + ": no words for " + key)
	}
	sentence := e.text
	var pairs []string
	for i := 0; i+1 < len(values); i += 2 {
		name, value := values[i].(string), ""
		switch v := values[i+1].(type) {
		case string:
			value = v
		case int:
			value = c.Number(int64(v))
			if name == "n" && e.forms != nil {
				sentence = e.forms[c.form(int64(v))]
			}
		case int64:
			value = c.Number(v)
			if name == "n" && e.forms != nil {
				sentence = e.forms[c.form(v)]
			}
		case liaison.Date:
			value = c.Date(v)
		default:
			panic(fmt.Sprintf("catalogue: %s: no way to say a %T", key, v))
		}
		if isolated {
			value = c.Isolate(value)
		}
		pairs = append(pairs, "{"+name+"}", value)
	}
	if e.forms != nil && sentence == "" {
		panic("catalogue " + c.code + ": " + key + " needs the number n")
	}
	return fill(sentence, pairs)
}

// fill puts values into the places of a sentence: place, value, place, value. What a value holds is not looked at again.
// strings.Replacer does the same and took a third of the time in which a letter is made.
func fill(sentence string, pairs []string) string {
	var out strings.Builder
	for {
		i := strings.IndexByte(sentence, '{')
		if i < 0 {
			break
		}
		out.WriteString(sentence[:i])
		sentence = sentence[i:]
		n := 1
		for p := 0; p < len(pairs); p += 2 {
			if strings.HasPrefix(sentence, pairs[p]) {
				out.WriteString(pairs[p+1])
				sentence = sentence[len(pairs[p]):]
				n = 0
				break
			}
		}
		out.WriteString(sentence[:n])
		sentence = sentence[n:]
	}
	if out.Len() == 0 {
		return sentence
	}
	out.WriteString(sentence)
	return out.String()
}

// form is the plural form for a whole number.
func (c *Catalogue) form(n int64) plural.Form {
	const modulus = 10_000_000 // more digits do not matter to any rule
	i := int(max(n, -n) % modulus)
	return plural.Cardinal.MatchPlural(c.tag, i, 0, 0, 0, 0)
}

// Number writes a number in full, in groups of three as the Union writes numbers: "48 213".
func (c *Catalogue) Number(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + " " + digits[i:]
	}
	return digits
}

// Date writes a day with its month in words, or "" for none; what is no day is returned as it is.
func (c *Catalogue) Date(d liaison.Date) string {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return string(d)
	}
	day := strconv.Itoa(t.Day())
	if t.Day() == 1 {
		day = c.words["date.first"].text
	}
	return fill(c.words["date.pattern"].text, []string{"{day}", day, "{month}", c.words["date.month-"+strconv.Itoa(int(t.Month()))].text,
		"{year}", strconv.Itoa(t.Year())})
}

// Label puts the colon of the language after a label.
func (c *Catalogue) Label(label string) string { return c.Say("about.label", "label", label) }

// Indent is the column, in a text, at which the values of labelled lines begin.
func (c *Catalogue) Indent() int { return c.width + 2 }

const (
	fsi = "\u2068" // FIRST STRONG ISOLATE
	pdi = "\u2069" // POP DIRECTIONAL ISOLATE
)

// Isolate puts s between FSI and PDI where it could reorder the line that it stands in (UAX #9, 2.7): what runs against
// the language's direction, and among words from right to left also digits that are
// not all of it. Everything else stays as it is.
func (c *Catalogue) Isolate(s string) string {
	if strings.HasPrefix(s, fsi) && strings.Index(s, pdi) == len(s)-len(pdi) {
		return s // it stands alone already
	}
	number := !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsDigit(r) })
	for _, r := range s {
		if right := RightToLeft(r); right != c.RTL() && !number && (right || unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return fsi + s + pdi
		}
	}
	return s
}

// RightToLeft reports whether the character belongs to a script that is written from right to left.
func RightToLeft(r rune) bool {
	return unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana, unicode.Nko) && !unicode.IsDigit(r)
}

// Direction is how a text in the language of the tag runs; "auto", for no tag, leaves it to the first strong character.
func Direction(tag string) string {
	primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
	switch primary {
	case "ar", "fa", "he", "ur", "ps", "yi", "dv", "ug", "sd", "ckb":
		return "rtl"
	case "":
		return "auto"
	}
	return "ltr"
}
