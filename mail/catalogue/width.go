package catalogue

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// Width is how many columns the text takes in a font of fixed width: two for an ideograph, none for a mark or an isolate.
func Width(s string) int {
	n := 0
	for _, r := range s {
		n += columns(r)
	}
	return n
}

func columns(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case wide(r):
		return 2
	}
	return 1
}

func wide(r rune) bool {
	k := width.LookupRune(r).Kind()
	return k == width.EastAsianWide || k == width.EastAsianFullwidth
}

// Wrap breaks a sentence into lines of at most limit columns: at spaces, and between ideographs, where no line begins with
// closing or ends with opening punctuation (the Chinese rule of line breaking). A no-break space holds. A word that is
// longer than a line keeps a line to itself. An isolate that runs over the end of a line ends there and begins again, because
// a line is a paragraph to who lays it out.
func Wrap(s string, limit int) string {
	var out strings.Builder
	column, open := 0, 0
	for word := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ' ' || r == '\n' || r == '\t' }) {
		for i, piece := range pieces(word) {
			n, gap := Width(piece), 0
			if i == 0 && column > 0 {
				gap = 1
			}
			switch {
			case column > 0 && column+gap+n > limit:
				out.WriteString(strings.Repeat(pdi, open) + "\n" + strings.Repeat(fsi, open))
				column = 0
			case gap == 1:
				out.WriteByte(' ')
				column++
			}
			out.WriteString(piece)
			column += n
			open = max(0, open+strings.Count(piece, fsi)-strings.Count(piece, pdi))
		}
	}
	return out.String()
}

// pieces splits a word where a line may end inside it.
func pieces(word string) []string {
	var out []string
	runes := []rune(word)
	start := 0
	for i := 1; i < len(runes); i++ {
		before, after := runes[i-1], runes[i]
		if (wide(before) || wide(after)) && !strings.ContainsRune("，。：；、？！）」』】》”’,.:;)]%\u2069", after) && !strings.ContainsRune("（「『【《“‘([\u2068", before) {
			out = append(out, string(runes[start:i]))
			start = i
		}
	}
	return append(out, string(runes[start:]))
}
