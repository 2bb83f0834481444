package document

import (
	"fmt"
	"html/template"

	"github.com/carlos7ags/folio/document"
	"github.com/carlos7ags/folio/font"
	foliohtml "github.com/carlos7ags/folio/html"
)

// PDF makes a tagged PDF of A4 pages, the same bytes for the same document: headings become bookmarks, tables break across
// pages with their head repeated, the pages are numbered. Every letter has a font, see [typeset], or the document is refused with what
// to install: no PDF has boxes where letters should be.
func PDF(d Document) ([]byte, error) {
	page, err := render(paper, d, place{paper: true})
	if err != nil {
		return nil, fmt.Errorf("make a PDF: %w", err)
	}
	page, fonts, err := typeset(page, d.Language)
	if err != nil {
		return nil, err
	}
	doc := document.NewDocument(document.PageSizeA4)
	doc.Info.Title = d.Title
	doc.SetTagged(true)
	doc.SetAutoBookmarks(true)
	doc.SetFooter(func(ctx document.PageContext, p *document.Page) {
		p.AddText(fmt.Sprintf("%d / %d", ctx.PageIndex+1, ctx.TotalPages), font.Helvetica, 8, document.PageSizeA4.Width/2-10, 30)
	})
	if err := doc.AddHTML(string(page), &foliohtml.Options{
		BaseFS: fonts, FallbackFontPath: "text.ttf", PageWidth: document.PageSizeA4.Width, PageHeight: document.PageSizeA4.Height, DefaultFontSize: 10, StrictAssets: true,
	}); err != nil {
		return nil, fmt.Errorf("make a PDF: %w", err)
	}
	b, err := doc.ToBytesWithOptions(document.WriteOptions{Deterministic: true})
	if err != nil {
		return nil, fmt.Errorf("make a PDF: %w", err)
	}
	return b, nil
}

// paper is the page around the blocks. The library understands this much of CSS and no more.
var paper = template.Must(template.Must(body.Clone()).New("paper").Parse(`
{{- define "caption"}}<table>{{with .Widths}}<colgroup>{{range .}}<col style="width: {{.}}%">{{end}}</colgroup>{{end}}
<thead><tr><th class="caption" colspan="{{len .Columns}}">{{.Caption}}</th></tr>{{end}}
{{- define "chart"}}<p class="caption">{{.Chart.Title}}</p><table class="bars"><tbody>{{range .Bars}}<tr><td style="width: 34%">{{.Name}}</td>
<td style="width: 58%">{{if .Percent}}<div class="bar" style="width: {{.Percent}}%; background-color: {{.Fill}}"></div>{{end}}</td><td class="number" style="width: 8%">{{.Value}}</td></tr>{{end}}</tbody></table>{{end -}}
<!DOCTYPE html>
<html lang="{{.Language}}"{{if .RTL}} dir="rtl"{{end}}><head><meta charset="utf-8"><title>{{.Title}}</title><style>
@font-face { font-family: Text; src: url(text.ttf); font-weight: normal }
@font-face { font-family: Text; src: url(bold.ttf); font-weight: bold }
@font-face { font-family: Other; src: url(other.ttf) }
.other { font-family: Other }
@page { size: A4; margin: 20mm 18mm 22mm 18mm }
{{if .RTL}}body, h1, h2, h3, p, div { direction: rtl; text-align: right }
{{end}}body { font-family: Text; font-size: 9.5pt; line-height: 1.4; color: #16202a }
h1 { font-size: 17pt; line-height: 1.25; margin: 0 0 8pt 0; color: #123a5c }
h2 { font-size: 12.5pt; margin: 16pt 0 5pt 0; color: #123a5c; break-after: avoid }
h3 { font-size: 10.5pt; margin: 10pt 0 3pt 0; break-after: avoid }
p { margin: 0 0 6pt 0 }
.banner { border: 1.5pt solid #a33a1a; color: #a33a1a; font-weight: bold; padding: 6pt 8pt; margin: 0 0 10pt 0 }
.aside { color: #55606a }
table { border-collapse: collapse; width: 100%; margin: 4pt 0 12pt 0 }
.caption { font-weight: bold; font-size: 8.5pt; margin: 8pt 0 3pt 0; break-after: avoid }
th { font-size: 7.5pt; background-color: #e8eef4; text-align: {{if .RTL}}right{{else}}left{{end}}; padding: 3pt 4pt; border: 0.5pt solid #b8c4d0 }
td { word-break: break-word }
td { font-size: 7.5pt; padding: 3pt 4pt; border: 0.5pt solid #b8c4d0; vertical-align: top; text-align: {{if .RTL}}right{{else}}left{{end}} }
.number { text-align: right }
th.caption { border: none; background-color: #ffffff; padding: 6pt 0 3pt 0; font-size: 8.5pt }
.keep { break-inside: avoid }
.facts th { width: 28%; background-color: #f4f7fa }
.bars td { border: none; padding: 1.5pt 4pt }
.bar { height: 7pt }
.contents p { margin: 0 0 2pt 0 }
</style></head><body>
<h1>{{.Title}}</h1>
{{with .Banner}}<p class="banner">{{.}}</p>{{end}}
<table class="facts"><tbody>{{range .Facts}}<tr><th scope="row">{{.Label}}</th><td>{{.Value}}</td></tr>{{end}}</tbody></table>
<p><strong>{{.ContentsTitle}}</strong></p>
<div class="contents">{{range .Contents}}<p><a href="#{{.ID}}">{{.Text}}</a></p>{{end}}</div>
{{template "body" .}}
</body></html>`))
