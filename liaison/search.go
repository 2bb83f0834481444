package liaison

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// What people look for is words, in six languages, and codes: "JCA-ML-LS12", "SG13", "Y.3172". A word is found in its other forms
// too; a code is found as it is written and no other way, so that LS1 does not find LS12.

var codePieces = regexp.MustCompile(`[\p{L}\p{N}]+(?:[-./][\p{L}\p{N}]+)*`)

// piecesAtMost bounds how many parts of one code are indexed together: a code has few, an address in a text many.
const piecesAtMost = 6

// SearchCodes lists the codes in the texts, in lower case, each once: every run of letters and digits that - . or / hold together, if
// there is a digit or a hyphen in it, and each part of it at such a border ("jca-ml-ls12", "jca-ml", "ls12").
func SearchCodes(texts ...string) []string {
	seen := map[string]bool{}
	for _, text := range texts {
		for _, run := range codePieces.FindAllString(strings.ToLower(hyphens.Replace(text)), -1) {
			if !strings.ContainsFunc(run, unicode.IsDigit) && !strings.Contains(run, "-") {
				continue
			}
			borders := []int{0}
			for i, r := range run {
				if strings.ContainsRune("-./", r) {
					borders = append(borders, i+1)
				}
			}
			borders = append(borders, len(run)+1)
			for i := range borders {
				for j := i + 1; j < len(borders) && j-i <= piecesAtMost; j++ {
					if part := run[borders[i] : borders[j]-1]; strings.ContainsFunc(part, unicode.IsDigit) || strings.Contains(part, "-") {
						seen[part] = true
					}
				}
			}
		}
	}
	out := make([]string, 0, len(seen))
	for code := range seen {
		out = append(out, code)
	}
	slices.Sort(out)
	return out
}

// SearchQuery is what somebody looks for: codes that have to be there as they are, and words in the language of a search box: "a phrase",
// or, -not.
type SearchQuery struct {
	Codes   []string
	Words   string
	Without string // words and phrases that must not be there, with or between
}

// ParseSearch tells codes from words. A code has a digit, or is in capitals with a hyphen ("JCA-ML"); between quotation marks, or
// taken out by a minus sign, it is left to the words. Runs of a script without spaces become phrases.
func ParseSearch(s string) SearchQuery {
	var q SearchQuery
	var words strings.Builder
	var without []string
	not := false
	for i, part := range strings.Split(hyphens.Replace(s), `"`) {
		if i%2 == 1 {
			if phrase := ` "` + part + `" `; not {
				without = append(without, phrase)
			} else {
				words.WriteString(phrase)
			}
			continue
		}
		not = strings.HasSuffix(part, "-") && (part == "-" || strings.HasSuffix(part, " -"))
		for _, word := range strings.Fields(part) {
			if bare := strings.TrimLeft(word, "-"); bare != word {
				if bare != "" {
					without = append(without, phrased(bare))
				}
				continue
			}
			if codePieces.FindString(word) == word && isCode(word) {
				q.Codes = append(q.Codes, strings.ToLower(word))
				continue
			}
			words.WriteString(" " + phrased(word))
		}
	}
	q.Words, q.Without = strings.TrimSpace(words.String()), strings.Join(without, " or ")
	return q
}

func isCode(word string) bool {
	letters := strings.ContainsFunc(word, unicode.IsLetter)
	return letters && strings.ContainsFunc(word, unicode.IsDigit) || strings.Contains(word, "-") && letters && word == strings.ToUpper(word)
}

// phrased puts quotation marks round each run of a script without spaces, whose characters are found only behind one another.
func phrased(word string) string {
	var b strings.Builder
	in := false
	for _, r := range word {
		if now := unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai); now != in {
			b.WriteString(` "`)
			if in {
				b.WriteString(" ")
			}
			in = now
		}
		b.WriteRune(r)
	}
	if in {
		b.WriteString(`"`)
	}
	return strings.TrimSpace(b.String())
}
