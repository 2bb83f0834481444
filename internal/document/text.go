package document

import (
	"strings"

	"github.com/jca-ml/liaison/mail/catalogue"
)

// textRows is how many rows of a table stand in an e-mail; the rest is in the attached document.
const textRows = 20

// Text is the document for an e-mail: complete in itself but for long tables, whose rest it counts. Lines are of width columns
// at the most where words allow it.
func Text(d Document, width int) string {
	c, _ := catalogue.For(d.Language)
	var b strings.Builder
	para := func(s string) {
		if s = strings.TrimSpace(s); s != "" {
			b.WriteString(catalogue.Wrap(s, width) + "\n\n")
		}
	}
	if d.Banner != "" {
		para(d.Banner)
	}
	for _, x := range d.Blocks {
		switch {
		case x.Heading != nil:
			line := "="
			if x.Heading.Level > 1 {
				line = "-"
			}
			title := catalogue.Wrap(x.Heading.Text, width)
			n := 0
			for part := range strings.SplitSeq(title, "\n") {
				n = max(n, catalogue.Width(part))
			}
			b.WriteString(title + "\n" + strings.Repeat(line, n) + "\n\n")
		case x.Table != nil:
			writeTable(&b, c, x.Table, width)
		case x.Paragraph != "":
			for part := range strings.SplitSeq(x.Paragraph, "\n\n") {
				para(part)
			}
		case x.Muted != "":
			para(x.Muted)
		}
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// writeTable writes a row as lines of labels and values: columns side by side break on a phone and are read out as noise.
func writeTable(b *strings.Builder, c *catalogue.Catalogue, t *Table, width int) {
	b.WriteString(catalogue.Wrap(c.Label(t.Caption), width) + "\n\n")
	for i, row := range t.Rows {
		if i == textRows {
			b.WriteString(catalogue.Wrap(c.Say("progress.more", "n", len(t.Rows)-i), width) + "\n\n")
			break
		}
		first := true
		for j, cell := range row.Cells {
			if cell == "" {
				continue
			}
			mark := "  "
			if first {
				mark, first = "- ", false
			}
			text := catalogue.Wrap(c.Label(t.Columns[j])+" "+c.Isolate(cell), width-2)
			b.WriteString(mark + strings.ReplaceAll(text, "\n", "\n  ") + "\n")
		}
		if len(row.Cells) > 3 || i == len(t.Rows)-1 || i == textRows-1 {
			b.WriteString("\n")
		}
	}
}
