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

// What bounds a comparison: above cellsAtMost two texts are shown whole, and words are looked at only where at least
// alikeAtLeast of a hundred characters stay, because a text made of scraps explains nothing.
const (
	cellsAtMost  = 4_000_000
	alikeAtLeast = 40
	around       = 2 // unchanged lines shown round a change
)

// compareTexts compares by lines first, and what changed in them by words.
func compareTexts(before, after string) []part {
	if before == after {
		return nil
	}
	lines := fold(lcs(strings.SplitAfter(before, "\n"), strings.SplitAfter(after, "\n")))
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
	words := lcs(splitWords(before), splitWords(after))
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

// splitWords cuts a text into words and what is between them.
func splitWords(s string) []string {
	var out []string
	start, space := 0, false
	for i, r := range s {
		if now := unicode.IsSpace(r); i > start && (now != space || r == '\n') {
			out = append(out, s[start:i])
			start, space = i, now
		} else {
			space = now
		}
	}
	if start < len(s) {
		out = append(out, s[start:])
	}
	return out
}

// lcs compares two lists by their longest common subsequence, after setting aside what is the same at both ends.
func lcs(a, b []string) []part {
	var middle, tail []part
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		middle = append(middle, part{"", a[0]})
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
	if len(a)*len(b) > cellsAtMost {
		middle = append(middle, part{"del", strings.Join(a, "")}, part{"ins", strings.Join(b, "")})
		return append(middle, tail...)
	}
	width := len(b) + 1
	common := make([]int32, (len(a)+1)*width)
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i*width+j] = common[(i+1)*width+j+1] + 1
			} else {
				common[i*width+j] = max(common[(i+1)*width+j], common[i*width+j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			middle = append(middle, part{"", a[i]})
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && common[(i+1)*width+j] >= common[i*width+j+1]:
			middle = append(middle, part{"del", a[i]})
			i++
		default:
			middle = append(middle, part{"ins", b[j]})
			j++
		}
	}
	return append(middle, tail...)
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
