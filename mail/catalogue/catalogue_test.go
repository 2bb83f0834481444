package catalogue

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/feature/plural"

	"github.com/jca-ml/liaison/liaison"
)

var place = regexp.MustCompile(`\{[^{}]*\}`)

// places lists what a sentence leaves open.
func places(s string) []string {
	return slices.Compact(slices.Sorted(slices.Values(place.FindAllString(s, -1))))
}

// used lists the plural forms of the language: those that some number takes, and "other", which every language has.
func (c *Catalogue) used() []plural.Form {
	out := []plural.Form{plural.Other}
	for n := range int64(1000) {
		if f := c.form(n); !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	slices.Sort(out)
	return out
}

func TestPluralFormsOfTheLanguages(t *testing.T) {
	want := map[string]int{"ar": 6, "en": 2, "es": 2, "fr": 2, "ru": 4, "zh": 1}
	got := map[string]int{}
	for code, c := range catalogues {
		got[code] = len(c.used())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("number of plural forms (-CLDR +here):\n%s", diff)
	}
}

// TestEveryLanguageSaysEverything holds the catalogues against the English one.
func TestEveryLanguageSaysEverything(t *testing.T) {
	english := catalogues[Default]
	for code, c := range catalogues {
		if diff := cmp.Diff(slices.Sorted(maps.Keys(english.words)), slices.Sorted(maps.Keys(c.words))); diff != "" {
			t.Errorf("%s: keys (-en +%s):\n%s", code, code, diff)
			continue
		}
		for key, e := range c.words {
			model := english.words[key]
			if (e.forms == nil) != (model.forms == nil) {
				t.Errorf("%s: %s has plural forms in one language and none in the other", code, key)
				continue
			}
			if e.forms == nil {
				if diff := cmp.Diff(places(model.text), places(e.text)); diff != "" {
					t.Errorf("%s: %s: places (-en +%s):\n%s", code, key, code, diff)
				}
				check(t, code, key, e.text)
				continue
			}
			if diff := cmp.Diff(c.used(), slices.Sorted(maps.Keys(e.forms))); diff != "" {
				t.Errorf("%s: %s: plural forms (-CLDR +here):\n%s", code, key, diff)
			}
			for form, text := range e.forms {
				want, got := places(model.forms[plural.Other]), places(text)
				// A form for one number alone may say it in a word: Arabic "two days" is one word without a numeral.
				if exact := code == "ar" && (form == plural.Zero || form == plural.One || form == plural.Two); exact && !slices.Contains(got, "{n}") {
					got = slices.Sorted(slices.Values(append(got, "{n}")))
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s: %s: places of a plural form (-en +%s):\n%s", code, key, code, diff)
				}
				check(t, code, key, text)
			}
		}
	}
}

// delivered is what nobody ever told us, in each language.
var delivered = map[string]*regexp.Regexp{
	"ar": regexp.MustCompile(`تسليم|سُلم|سلّم|سُلّم`), "en": regexp.MustCompile(`(?i)deliver`), "es": regexp.MustCompile(`(?i)entreg`),
	"fr": regexp.MustCompile(`(?i)livr|remis|distribu`), "ru": regexp.MustCompile(`(?i)достав|вруч`), "zh": regexp.MustCompile(`送达|投递|交付`),
}

// check looks at one sentence by itself.
func check(t *testing.T, code, key, text string) {
	t.Helper()
	if strings.TrimSpace(text) == "" && key != "about.gap" || key != "about.comma" && key != "about.gap" && text != strings.TrimSpace(text) {
		t.Errorf("%s: %s is %q", code, key, text)
	}
	if key != "meaning.bounced" && delivered[code].MatchString(text) { // a report said not
		t.Errorf("%s: %s says delivered, which nobody told us: %s", code, key, text)
	}
	if key == "progress.title-of" || key == "progress.abstract-of" { // without isolates, as a title is stored: a mark keeps what follows apart from the name
		text = strings.ReplaceAll(text, "}\u200f", "}")
	}
	if strings.ContainsAny(text, "<>&\n\t\u200e\u200f\u2066\u2067\u2068\u2069") || strings.Contains(text, "  ") {
		t.Errorf("%s: %s holds markup, white space or marks that do not belong there: %q", code, key, text)
	}
	words := strings.NewReplacer("sha256", "", "E-mail", "").Replace(place.ReplaceAllString(text, ""))
	own := map[string]*unicode.RangeTable{"ar": unicode.Arabic, "ru": unicode.Cyrillic, "zh": unicode.Han}[code]
	for _, r := range words {
		if own != nil && unicode.IsLetter(r) && !unicode.Is(own, r) {
			t.Errorf("%s: %s has a letter of another script, %c: %s", code, key, r, text)
			break
		}
	}
}

// TestNothingIsSaidTwice: a JSON object silently takes the last of two equal keys.
func TestNothingIsSaidTwice(t *testing.T) {
	for _, code := range Languages {
		b, err := files.ReadFile(code + ".json")
		if err != nil {
			t.Fatal(err)
		}
		d := json.NewDecoder(strings.NewReader(string(b)))
		var seen []map[string]bool
		key := true
		for {
			token, err := d.Token()
			if err != nil {
				break
			}
			switch v := token.(type) {
			case json.Delim:
				if v == '{' {
					seen = append(seen, map[string]bool{})
				} else {
					seen = seen[:len(seen)-1]
				}
				key = true
			case string:
				if key {
					if seen[len(seen)-1][v] {
						t.Errorf("%s: %q stands twice", code, v)
					}
					seen[len(seen)-1][v] = true
				}
				key = !key
			}
		}
	}
}

// TestEnglishIsTheRegister's: pages and letters use the same words.
func TestEnglishIsTheRegisters(t *testing.T) {
	want := map[string]string{}
	for _, x := range liaison.Purposes {
		want["purpose."+string(x.Purpose)] = x.Label
	}
	for _, x := range liaison.Capacities {
		want["capacity."+string(x.Capacity)] = x.Label
	}
	for _, x := range liaison.TransmissionStates {
		want["state."+string(x.State)], want["meaning."+string(x.State)] = x.Label, x.Meaning
	}
	got := map[string]string{}
	for key, e := range catalogues[Default].words {
		switch section, _, _ := strings.Cut(key, "."); section {
		case "purpose", "capacity", "state", "meaning":
			got[key] = e.text
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("words of the register and of en.json (-register +en.json); a new one needs all six languages:\n%s", diff)
	}
}

func TestDates(t *testing.T) {
	for code, want := range map[string][2]string{
		"ar": {"1 يناير 2027", "12 أغسطس 2026"}, "en": {"1 January 2027", "12 August 2026"},
		"es": {"1 de enero de 2027", "12 de agosto de 2026"}, "fr": {"1er janvier 2027", "12 août 2026"},
		"ru": {"1 января 2027 года", "12 августа 2026 года"}, "zh": {"2027年1月1日", "2026年8月12日"},
	} {
		c := catalogues[code]
		if got := [2]string{c.Date("2027-01-01"), c.Date("2026-08-12")}; got != want {
			t.Errorf("%s: %q, want %q", code, got, want)
		}
	}
	for month := 1; month <= 12; month++ {
		d := liaison.Date("2027-" + string(rune('0'+month/10)) + string(rune('0'+month%10)) + "-09")
		if got, want := catalogues["en"].Date(d), d.String(); got != want {
			t.Errorf("%q, but the register says %q", got, want)
		}
	}
	if got := catalogues["fr"].Date("someday"); got != "someday" {
		t.Errorf("what is no day became %q", got)
	}
}

func TestPlural(t *testing.T) {
	for code, want := range map[string]map[int]string{
		"ar": {0: "الرد مستحق اليوم", 1: "الرد مستحق خلال يوم واحد", 2: "الرد مستحق خلال يومين", 3: "الرد مستحق خلال 3 أيام", 11: "الرد مستحق خلال 11 يوماً", 14: "الرد مستحق خلال 14 يوماً", 100: "الرد مستحق خلال 100 يوم", 102: "الرد مستحق خلال 102 يوم", 103: "الرد مستحق خلال 103 أيام"},
		"en": {1: "Reply due in 1 day", 2: "Reply due in 2 days"},
		"fr": {1: "Réponse attendue dans 1 jour", 14: "Réponse attendue dans 14 jours"},
		"ru": {1: "До срока ответа остался 1 день", 2: "До срока ответа осталось 2 дня", 7: "До срока ответа осталось 7 дней", 14: "До срока ответа осталось 14 дней", 21: "До срока ответа остался 21 день"},
		"zh": {1: "距回复截止日期还有 1 天"},
		"es": {1: "Respuesta prevista dentro de 1 día", 7: "Respuesta prevista dentro de 7 días"},
	} {
		for n, want := range want {
			if got := catalogues[code].Say("reply-due.head", "n", n); got != want {
				t.Errorf("%s, %d: %q, want %q", code, n, got, want)
			}
		}
	}
}

func TestFor(t *testing.T) {
	for tag, want := range map[string]string{"": "en", "en-GB": "en", "ZH": "zh", "zh-Hans": "zh", "zh-Hant-TW": "zh", "ar-EG": "ar"} {
		if c, known := For(tag); !known || c.code != want {
			t.Errorf("For(%q) = %s, %t", tag, c.code, known)
		}
	}
	for _, tag := range []string{"de", "x", "arc", "\r\n"} {
		if c, known := For(tag); known || c.code != Default {
			t.Errorf("For(%q) = %s, %t; want the default, not known", tag, c.code, known)
		}
	}
}

func TestIsolate(t *testing.T) {
	for _, x := range []struct{ code, s, want string }{
		{"en", "JCA-ML-LS12", "JCA-ML-LS12"},
		{"en", "طلب", "\u2068طلب\u2069"},
		{"en", "طلب (JCA-ML)", "\u2068طلب (JCA-ML)\u2069"},
		{"ar", "JCA-ML-LS12", "\u2068JCA-ML-LS12\u2069"},
		{"ar", "+82 42 000 0000", "\u2068+82 42 000 0000\u2069"},
		{"ar", "48 213", "\u206848 213\u2069"},
		{"ar", "14", "14"},
		{"ar", "طلب", "طلب"},
		{"ar", "\u2068JCA\u2069", "\u2068JCA\u2069"},
		{"ar", "\u2068a\u2069 b \u2068c\u2069", "\u2068\u2068a\u2069 b \u2068c\u2069\u2069"},
		{"ar", "", ""},
	} {
		if got := catalogues[x.code].Isolate(x.s); got != x.want {
			t.Errorf("%s: Isolate(%q) = %q, want %q", x.code, x.s, got, x.want)
		}
	}
}

// TestValuesAreNotSentences: what a value says is never read as a place for another value.
func TestValuesAreNotSentences(t *testing.T) {
	if got, want := catalogues["en"].Say("about.titled", "head", "{title}", "title", "{head}"), "{title}: {head}"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestWrap(t *testing.T) {
	for _, x := range []struct {
		name, s, want string
		limit         int
	}{
		{"at spaces", "aa bb  cc", "aa bb\ncc", 5},
		{"a long word keeps its line", "a bbbbbbbb c", "a\nbbbbbbbb\nc", 4},
		{"ideographs take two columns", "请在截止日期之前", "请在截\n止日期\n之前", 6},
		{"no line begins with closing punctuation", "请在截，止", "请在\n截，止", 6},
		{"no line ends with opening punctuation", "请在（截）", "请在\n（截）", 6},
		{"Latin words stay whole", "审查 JCA-ML-LS12 路线", "审查\nJCA-ML-LS12\n路线", 11},
		{"a no-break space holds", "a b\u00a0: c", "a\nb\u00a0:\nc", 3},
		{"an isolate ends with its line", "x \u2068aa bb\u2069 c", "x \u2068aa\u2069\n\u2068bb\u2069 c", 5},
		{"isolates take no column", "\u2068aa\u2069 bb", "\u2068aa\u2069 bb", 5},
	} {
		if got := Wrap(x.s, x.limit); got != x.want {
			t.Errorf("%s: %q, want %q", x.name, got, x.want)
		}
	}
}

func TestUnknownKeyIsADefect(t *testing.T) {
	for name, say := range map[string]func(){
		"no such key":     func() { catalogues["en"].Say("letter.nothing") },
		"number left out": func() { catalogues["en"].Say("reply-due.head") },
		"no such type":    func() { catalogues["en"].Say("reply-due.head", "n", 1.5) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("said without complaint")
				}
			}()
			say()
		})
	}
}
