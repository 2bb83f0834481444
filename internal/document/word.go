package document

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
	"time"

	"github.com/jca-ml/liaison/mail/catalogue"
)

// Word makes an Office Open XML file (ECMA-376), the same bytes for the same document: headings by style, contents that lead to
// them, tables whose head is repeated on every page, numbered pages. Charts are tables of bars, which every reader shows.
func Word(d Document) ([]byte, error) {
	c, _ := catalogue.For(d.Language)
	w := &word{d: d, c: c}
	w.write()
	parts := []struct{ name, content string }{
		{"[Content_Types].xml", contentTypes},
		{"_rels/.rels", packageRels},
		{"docProps/core.xml", fmt.Sprintf(coreProperties, text(d.Title), text(d.Language))},
		{"word/_rels/document.xml.rels", documentRels},
		{"word/styles.xml", fmt.Sprintf(styles, text(d.Language), text(d.Language))},
		{"word/footer1.xml", footer},
		{"word/document.xml", xml.Header + `<w:document ` + namespace + `><w:body>` + w.b.String() + section + `</w:body></w:document>`},
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, p := range parts {
		f, err := z.CreateHeader(&zip.FileHeader{Name: p.name, Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)})
		if err != nil {
			return nil, fmt.Errorf("make a Word file: %w", err)
		}
		if _, err := f.Write([]byte(p.content)); err != nil {
			return nil, fmt.Errorf("make a Word file: %w", err)
		}
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("make a Word file: %w", err)
	}
	return out.Bytes(), nil
}

type word struct {
	d Document
	c *catalogue.Catalogue
	b strings.Builder
	n int // bookmarks so far
}

// isolates are for readers of text. Here every cell is a paragraph of its own, and no font has a sign for them.
var isolates = strings.NewReplacer("\u2068", "", "\u2069", "")

// text is s as XML has it; what XML cannot hold at all becomes U+FFFD.
func text(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(isolates.Replace(s))); err != nil { // a strings.Builder takes everything
		return ""
	}
	return b.String()
}

func (w *word) write() {
	w.paragraph("Title", w.d.Title)
	if w.d.Banner != "" {
		w.paragraph("Banner", w.d.Banner)
	}
	facts := &Table{Columns: []string{"", ""}, Numeric: []bool{false, false}}
	for _, f := range w.d.Facts {
		facts.Rows = append(facts.Rows, TableRow{Cells: []string{f.Label, f.Value}})
	}
	w.table(facts, []int{28, 72})
	w.paragraph("Strong", w.c.Say("progress.contents"))
	for _, b := range w.d.Blocks {
		if b.Heading != nil && b.Heading.Level == 1 {
			w.open("Contents")
			w.b.WriteString(`<w:hyperlink w:anchor="` + text(b.Heading.ID) + `">` + w.run(b.Heading.Text, "") + `</w:hyperlink></w:p>`)
		}
	}
	for _, b := range w.d.Blocks {
		switch {
		case b.Heading != nil:
			w.n++
			w.open(fmt.Sprintf("Heading%d", b.Heading.Level))
			fmt.Fprintf(&w.b, `<w:bookmarkStart w:id="%d" w:name="%s"/>%s<w:bookmarkEnd w:id="%d"/></w:p>`, w.n, text(b.Heading.ID), w.run(b.Heading.Text, ""), w.n)
		case b.Chart != nil:
			w.chart(b.Chart)
		case b.Table != nil:
			w.paragraph("Caption", b.Table.Caption)
			w.table(b.Table, b.Table.Widths)
		case b.Paragraph != "":
			for p := range strings.SplitSeq(b.Paragraph, "\n\n") {
				if p = strings.TrimSpace(p); p != "" {
					w.paragraph("", p)
				}
			}
		case b.Muted != "":
			w.paragraph("Quiet", b.Muted)
		}
	}
}

func (w *word) open(style string) {
	w.b.WriteString(`<w:p><w:pPr>`)
	if style != "" {
		w.b.WriteString(`<w:pStyle w:val="` + style + `"/>`)
	}
	if w.d.RTL {
		w.b.WriteString(`<w:bidi/>`)
	}
	w.b.WriteString(`</w:pPr>`)
}

func (w *word) paragraph(style, s string) {
	w.open(style)
	w.b.WriteString(w.run(s, "") + `</w:p>`)
}

// run is text with its line ends. Runs of right-to-left text say so; Word does not find out by itself.
func (w *word) run(s, properties string) string {
	var b strings.Builder
	for i, line := range strings.Split(s, "\n") {
		p := properties
		if strings.ContainsFunc(line, catalogue.RightToLeft) {
			p += "<w:rtl/>"
		}
		b.WriteString(`<w:r>`)
		if p != "" {
			b.WriteString(`<w:rPr>` + p + `</w:rPr>`)
		}
		if i > 0 {
			b.WriteString(`<w:br/>`)
		}
		b.WriteString(`<w:t xml:space="preserve">` + text(line) + `</w:t></w:r>`)
	}
	return b.String()
}

// table writes a table; widths are in percent, equal ones if nil. One without words for its columns has no head.
func (w *word) table(t *Table, widths []int) {
	w.b.WriteString(`<w:tbl><w:tblPr><w:tblStyle w:val="Grid"/><w:tblW w:w="5000" w:type="pct"/>`)
	if w.d.RTL {
		w.b.WriteString(`<w:bidiVisual/>`)
	}
	w.b.WriteString(`</w:tblPr><w:tblGrid>`)
	width := func(i int) int {
		if i < len(widths) {
			return widths[i]
		}
		return 100 / len(t.Columns)
	}
	for i := range t.Columns {
		fmt.Fprintf(&w.b, `<w:gridCol w:w="%d"/>`, 96*width(i))
	}
	w.b.WriteString(`</w:tblGrid>`)
	row := func(cells []string, head bool) {
		w.b.WriteString(`<w:tr><w:trPr><w:cantSplit/>`)
		if head {
			w.b.WriteString(`<w:tblHeader/>`)
		}
		w.b.WriteString(`</w:trPr>`)
		for i, cell := range cells {
			fmt.Fprintf(&w.b, `<w:tc><w:tcPr><w:tcW w:w="%d" w:type="pct"/>`, 50*width(i))
			style := "Cell"
			switch {
			case head:
				w.b.WriteString(`<w:shd w:val="clear" w:color="auto" w:fill="E8EEF4"/>`)
				style = "HeadCell"
			case i < len(t.Numeric) && t.Numeric[i]:
				style = "NumberCell"
			}
			w.b.WriteString(`</w:tcPr>`)
			w.paragraph(style, cell)
			w.b.WriteString(`</w:tc>`)
		}
		w.b.WriteString(`</w:tr>`)
	}
	if strings.Join(t.Columns, "") != "" {
		row(t.Columns, true)
	}
	for _, r := range t.Rows {
		row(r.Cells, false)
	}
	w.b.WriteString(`</w:tbl>`)
	w.paragraph("Gap", "")
}

// barSigns is how long the longest bar of a chart is.
const barSigns = 30

func (w *word) chart(c *Chart) {
	w.paragraph("Caption", c.Title)
	t := &Table{Columns: make([]string, 3), Numeric: []bool{false, false, true}}
	for _, b := range (pictured{Chart: c}).Bars() {
		sign := "█"
		if b.Fill != fills[0] {
			sign = "▒"
		}
		t.Rows = append(t.Rows, TableRow{Cells: []string{b.Name, strings.Repeat(sign, (barSigns*b.Percent+99)/100), fmt.Sprint(b.Value)}})
	}
	w.table(t, []int{35, 55, 10})
}

const (
	namespace = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"`

	section = `<w:sectPr><w:footerReference w:type="default" r:id="rId2"/><w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1134" w:right="1134" w:bottom="1134" w:left="1134" w:header="567" w:footer="567" w:gutter="0"/></w:sectPr>`

	contentTypes = xml.Header + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/><Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/><Override PartName="/word/footer1.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.footer+xml"/><Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>`

	packageRels = xml.Header + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>`

	documentRels = xml.Header + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/footer" Target="footer1.xml"/></Relationships>`

	coreProperties = xml.Header + `<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>%s</dc:title><dc:language>%s</dc:language></cp:coreProperties>`

	footer = xml.Header + `<w:ftr ` + namespace + `><w:p><w:pPr><w:pStyle w:val="Footer"/></w:pPr><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> PAGE </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>1</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p></w:ftr>`

	styles = xml.Header + `<w:styles ` + namespace + `>` +
		`<w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="Calibri" w:hAnsi="Calibri" w:cs="Arial" w:eastAsia="SimSun"/><w:sz w:val="21"/><w:szCs w:val="21"/><w:lang w:val="%s" w:bidi="%s"/></w:rPr></w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:after="120" w:line="264" w:lineRule="auto"/></w:pPr></w:pPrDefault></w:docDefaults>` +
		`<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>` +
		`<w:style w:type="paragraph" w:styleId="Title"><w:name w:val="Title"/><w:basedOn w:val="Normal"/><w:pPr><w:spacing w:after="200"/></w:pPr><w:rPr><w:b/><w:bCs/><w:color w:val="123A5C"/><w:sz w:val="36"/><w:szCs w:val="36"/></w:rPr></w:style>` +
		`<w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/><w:basedOn w:val="Normal"/><w:next w:val="Normal"/><w:pPr><w:keepNext/><w:spacing w:before="320" w:after="100"/><w:outlineLvl w:val="0"/></w:pPr><w:rPr><w:b/><w:bCs/><w:color w:val="123A5C"/><w:sz w:val="27"/><w:szCs w:val="27"/></w:rPr></w:style>` +
		`<w:style w:type="paragraph" w:styleId="Heading2"><w:name w:val="heading 2"/><w:basedOn w:val="Normal"/><w:next w:val="Normal"/><w:pPr><w:keepNext/><w:spacing w:before="200" w:after="60"/><w:outlineLvl w:val="1"/></w:pPr><w:rPr><w:b/><w:bCs/><w:sz w:val="23"/><w:szCs w:val="23"/></w:rPr></w:style>` +
		`<w:style w:type="paragraph" w:styleId="Strong"><w:name w:val="Contents title"/><w:basedOn w:val="Normal"/><w:rPr><w:b/><w:bCs/></w:rPr></w:style>` +
		`<w:style w:type="paragraph" w:styleId="Contents"><w:name w:val="toc 1"/><w:basedOn w:val="Normal"/><w:pPr><w:spacing w:after="20"/></w:pPr></w:style>` +
		`<w:style w:type="paragraph" w:styleId="Banner"><w:name w:val="Provisional"/><w:basedOn w:val="Normal"/><w:pPr><w:pBdr><w:top w:val="single" w:sz="12" w:space="4" w:color="A33A1A"/><w:left w:val="single" w:sz="12" w:space="4" w:color="A33A1A"/><w:bottom w:val="single" w:sz="12" w:space="4" w:color="A33A1A"/><w:right w:val="single" w:sz="12" w:space="4" w:color="A33A1A"/></w:pBdr></w:pPr><w:rPr><w:b/><w:bCs/><w:color w:val="A33A1A"/></w:rPr></w:style>` +
		`<w:style w:type="paragraph" w:styleId="Quiet"><w:name w:val="Quiet"/><w:basedOn w:val="Normal"/><w:rPr><w:color w:val="55606A"/></w:rPr></w:style>` +
		`<w:style w:type="paragraph" w:styleId="Caption"><w:name w:val="caption"/><w:basedOn w:val="Normal"/><w:pPr><w:keepNext/><w:spacing w:before="120" w:after="60"/></w:pPr><w:rPr><w:b/><w:bCs/><w:sz w:val="19"/><w:szCs w:val="19"/></w:rPr></w:style>` +
		`<w:style w:type="paragraph" w:styleId="Cell"><w:name w:val="Cell"/><w:basedOn w:val="Normal"/><w:pPr><w:spacing w:before="20" w:after="20" w:line="240" w:lineRule="auto"/></w:pPr><w:rPr><w:sz w:val="16"/><w:szCs w:val="16"/></w:rPr></w:style>` +
		`<w:style w:type="paragraph" w:styleId="HeadCell"><w:name w:val="Head cell"/><w:basedOn w:val="Cell"/><w:pPr><w:keepNext/></w:pPr><w:rPr><w:b/><w:bCs/></w:rPr></w:style>` +
		`<w:style w:type="paragraph" w:styleId="NumberCell"><w:name w:val="Number cell"/><w:basedOn w:val="Cell"/><w:pPr><w:jc w:val="right"/></w:pPr></w:style>` +
		`<w:style w:type="paragraph" w:styleId="Gap"><w:name w:val="Gap"/><w:basedOn w:val="Normal"/><w:pPr><w:spacing w:after="60" w:line="120" w:lineRule="exact"/></w:pPr></w:style>` +
		`<w:style w:type="paragraph" w:styleId="Footer"><w:name w:val="footer"/><w:basedOn w:val="Normal"/><w:pPr><w:jc w:val="center"/></w:pPr><w:rPr><w:color w:val="55606A"/><w:sz w:val="17"/><w:szCs w:val="17"/></w:rPr></w:style>` +
		`<w:style w:type="table" w:styleId="Grid"><w:name w:val="Table Grid"/><w:tblPr><w:tblBorders><w:top w:val="single" w:sz="4" w:color="B8C4D0"/><w:left w:val="single" w:sz="4" w:color="B8C4D0"/><w:bottom w:val="single" w:sz="4" w:color="B8C4D0"/><w:right w:val="single" w:sz="4" w:color="B8C4D0"/><w:insideH w:val="single" w:sz="4" w:color="B8C4D0"/><w:insideV w:val="single" w:sz="4" w:color="B8C4D0"/></w:tblBorders><w:tblCellMar><w:left w:w="80" w:type="dxa"/><w:right w:w="80" w:type="dxa"/></w:tblCellMar></w:tblPr></w:style>` +
		`</w:styles>`
)
