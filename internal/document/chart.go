package document

import (
	"fmt"
	"html"
	"slices"
	"strings"
)

// SVG draws a chart as horizontal bars, each with its number: they need no axis, are read without colour, and fit any width.
// The table below says the same, so the picture is one word to a screen reader.
func SVG(c Chart, rtl bool) string {
	const (
		width, label, bar, gap, group, value = 640, 190, 16, 3, 10, 46
	)
	most := c.most()
	legend := 0
	if len(c.Series) > 1 {
		legend = 24
	}
	each := len(c.Series)*(bar+gap) + group
	height := legend + len(c.Labels)*each
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-label="%s">`, width, height, width, height, html.EscapeString(c.Title))
	// x mirrors a box for scripts that run from right to left.
	x := func(at, w int) int {
		if rtl {
			return width - at - w
		}
		return at
	}
	anchor := func(end bool) string {
		if end != rtl {
			return "end"
		}
		return "start"
	}
	text := func(at, y int, end bool, s string) {
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="%s" font-size="12" fill="currentColor">%s</text>`, x(at, 0), y, anchor(end), html.EscapeString(s))
	}
	if legend > 0 {
		at := label
		for i, s := range c.Series {
			fmt.Fprintf(&b, `<rect class="s%d" x="%d" y="4" width="12" height="12" fill="%s"/>`, i, x(at, 12), fills[i%len(fills)])
			text(at+18, 15, false, s.Name)
			at += 30 + 9*len([]rune(s.Name))
		}
	}
	for i, name := range c.Labels {
		y := legend + i*each
		text(label-10, y+bar-3, true, shorten(name, 26))
		for j, s := range c.Series {
			n := s.Values[i]
			w := (width - label - value) * n / most
			if n > 0 {
				w = max(w, 2)
			}
			top := y + j*(bar+gap)
			fmt.Fprintf(&b, `<rect class="s%d" x="%d" y="%d" width="%d" height="%d" fill="%s"/>`, j, x(label, w), top, w, bar, fills[j%len(fills)])
			text(label+w+6, top+bar-3, false, fmt.Sprint(n))
		}
	}
	b.WriteString("</svg>")
	return b.String()
}

// most is the length of the longest bar, at least 1.
func (c Chart) most() int {
	most := 1
	for _, s := range c.Series {
		most = max(most, slices.Max(append([]int{0}, s.Values...)))
	}
	return most
}

// fills differ in lightness too, so that they are told apart on paper without colours.
var fills = []string{"#1f5f99", "#e0a030"}

func shorten(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
