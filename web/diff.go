package web

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/jca-ml/liaison/liaison"
)

// difference is one field that differs, with what was taken out and put in marked.
type difference struct {
	Label string
	Parts []part
}

// part is a run of text: kept, taken out ("del"), put in ("ins"), or left out of the page ("gap").
type part struct{ Kind, Text string }

func differences(ds []liaison.Difference) []difference {
	var out []difference
	for _, d := range ds {
		out = append(out, difference{d.Label, compareTexts(d.Before, d.After)})
	}
	return out
}

// What bounds a comparison: two lists that differ in more than changesAtMost places are shown whole, one behind the other, and words
// are looked at only where at least alikeAtLeast of a hundred characters stay, because a text made of scraps explains nothing.
const (
	changesAtMost = 2_000
	alikeAtLeast  = 40
	around        = 2 // unchanged lines shown round a change
)

// compareTexts compares by lines first, and what changed in them by words.
func compareTexts(before, after string) []part {
	if before == after {
		return nil
	}
	lines := fold(edits(strings.SplitAfter(before, "\n"), strings.SplitAfter(after, "\n")))
	var out []part
	for i := 0; i < len(lines); i++ {
		taken, put := "", ""
		for ; i < len(lines) && lines[i].Kind == "del"; i++ {
			taken += lines[i].Text
		}
		for ; i < len(lines) && lines[i].Kind == "ins"; i++ {
			put += lines[i].Text
		}
		out = append(out, compareWords(taken, put)...)
		if i < len(lines) && lines[i].Kind != "del" {
			out = append(out, lines[i])
		} else if i < len(lines) {
			i-- // another change begins
		}
	}
	return join(out)
}

func compareWords(before, after string) []part {
	whole := []part{{"del", before}, {"ins", after}}
	if before == "" || after == "" {
		return slices.DeleteFunc(whole, func(p part) bool { return p.Text == "" })
	}
	words := edits(splitWords(before), splitWords(after))
	alike := 0
	for _, p := range words {
		if p.Kind == "" {
			alike += len(p.Text)
		}
	}
	if alike*100 < max(len(before), len(after))*alikeAtLeast {
		return whole
	}
	return words
}

// unspaced are the scripts that put no spaces between words: there each character is compared for itself.
var unspaced = []*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Tibetan}

// splitWords cuts a text into words and what is between them.
func splitWords(s string) []string {
	const (
		word = iota
		space
		alone
	)
	kind := func(r rune) int {
		switch {
		case unicode.IsSpace(r):
			return space
		case unicode.In(r, unspaced...):
			return alone
		}
		return word
	}
	var out []string
	start, before := 0, word
	for i, r := range s {
		now := kind(r)
		if mark := unicode.Is(unicode.M, r); i > start && !mark && (now != before || now == alone || r == '\n') {
			out = append(out, s[start:i])
			start = i
		} else if mark {
			continue // belongs to the character before it
		}
		before = now
	}
	if start < len(s) {
		out = append(out, s[start:])
	}
	return out
}

// edits turns a into b with as few changes as there can be (E. Myers, "An O(ND) difference algorithm", 1986), after setting aside what
// is the same at both ends. Of each change what is taken out comes first.
func edits(a, b []string) []part {
	var out, tail []part
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		out = append(out, part{"", a[0]})
		a, b = a[1:], b[1:]
	}
	same := 0
	for same < len(a) && same < len(b) && a[len(a)-1-same] == b[len(b)-1-same] {
		same++
	}
	for _, t := range a[len(a)-same:] {
		tail = append(tail, part{"", t})
	}
	a, b = a[:len(a)-same], b[:len(b)-same]
	kept, ok := alike(a, b)
	if !ok {
		kept = nil
	}
	i, j := 0, 0
	for _, k := range append(kept, [2]int{len(a), len(b)}) {
		for ; i < k[0]; i++ {
			out = append(out, part{"del", a[i]})
		}
		for ; j < k[1]; j++ {
			out = append(out, part{"ins", b[j]})
		}
		if i < len(a) {
			out = append(out, part{"", a[i]})
		}
		i, j = i+1, j+1
	}
	return append(out, tail...)
}

// alike lists the pairs of places that are kept, or reports false where there are more than changesAtMost changes.
func alike(a, b []string) (kept [][2]int, ok bool) {
	most := min(len(a)+len(b), changesAtMost)
	// far[k+d] is how far into a the diagonal k, where i-j = k, is reached with d changes; one slice for each d.
	var trace [][]int32
	reached := func(far []int32, d, k int) int {
		if k < -d || k > d || far == nil {
			return -1
		}
		return int(far[k+d])
	}
	var before []int32
	for d := 0; d <= most; d++ {
		far := make([]int32, 2*d+1)
		for k := -d; k <= d; k += 2 {
			i := 0
			if d > 0 {
				i = max(reached(before, d-1, k+1), reached(before, d-1, k-1)+1)
			}
			j := i - k
			for i < len(a) && j >= 0 && j < len(b) && a[i] == b[j] {
				i, j = i+1, j+1
			}
			far[k+d] = int32(i) //nolint:gosec // G115: a text has fewer words
			if i >= len(a) && j >= len(b) {
				return walkBack(append(trace, far), a, b, reached), true
			}
		}
		// A diagonal that is not reached with d changes holds what is never taken for a way.
		for k := -d + 1; k < d; k += 2 {
			far[k+d] = -1
		}
		trace, before = append(trace, far), far
	}
	return nil, false
}

// walkBack finds the way that was taken, from its end.
func walkBack(trace [][]int32, a, b []string, reached func(far []int32, d, k int) int) [][2]int {
	var kept [][2]int
	i, j := len(a), len(b)
	for d := len(trace) - 1; d >= 0; d-- {
		k := i - j
		from := 0 // into a, where the run of kept ones on this diagonal begins
		down := false
		if d > 0 {
			put, taken := reached(trace[d-1], d-1, k+1), reached(trace[d-1], d-1, k-1)+1
			down = put >= taken
			from = max(put, taken)
		}
		for i > from {
			i, j = i-1, j-1
			kept = append(kept, [2]int{i, j})
		}
		if down {
			j--
		} else {
			i--
		}
	}
	slices.Reverse(kept)
	return kept
}

// fold leaves out unchanged lines that are far from any change, and says how many.
func fold(parts []part) []part {
	keep := make([]bool, len(parts))
	for i, p := range parts {
		if p.Kind == "" {
			continue
		}
		for j := max(0, i-around); j <= min(len(parts)-1, i+around); j++ {
			keep[j] = true
		}
	}
	var out []part
	for i := 0; i < len(parts); i++ {
		if keep[i] {
			out = append(out, parts[i])
			continue
		}
		n := 0
		for i+n < len(parts) && !keep[i+n] {
			n++
		}
		if n > around {
			out = append(out, part{"gap", fmt.Sprintf("%s unchanged", plural(n, "line"))})
		} else {
			out = append(out, parts[i:i+n]...)
		}
		i += n - 1
	}
	return out
}

// join puts neighbours of the same kind together.
func join(parts []part) []part {
	var out []part
	for _, p := range parts {
		if n := len(out); n > 0 && out[n-1].Kind == p.Kind && p.Kind != "gap" {
			out[n-1].Text += p.Text
		} else {
			out = append(out, p)
		}
	}
	return out
}
