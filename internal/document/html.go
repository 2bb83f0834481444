package document

import (
	"html/template"
	"strings"

	"github.com/jca-ml/liaison/mail/catalogue"
)

// place is where HTML is to stand; it decides on what links lead to and how much is shown.
type place struct {
	links bool   // rows lead to what they are about
	base  string // that their addresses begin with
	rows  int    // of a table; all where it is 0
	paper bool   // a heading stands on the page of what follows it
}

var funcs = template.FuncMap{
	"paragraphs": func(s string) []string {
		var out []string
		for p := range strings.SplitSeq(s, "\n\n") {
			if p = strings.TrimSpace(p); p != "" {
				out = append(out, p)
			}
		}
		return out
	},
	"less":    func(i int) int { return i - 1 },
	"picture": func(c *Chart, p pictured) template.HTML { return template.HTML(SVG(*c, p.RTL)) }, // made here, every word escaped
}

// view is the document at a place.
type view struct {
	Document
	place
	c *catalogue.Catalogue
}

// pictured is a chart where it stands.
type pictured struct {
	view
	*Chart
}

// Pictured is the chart at this place.
func (v view) Pictured(c *Chart) pictured { return pictured{v, c} }

// Bars are the bars of a chart in their order, each with the share of the longest one in percent.
func (p pictured) Bars() []bar {
	var out []bar
	most := p.most()
	for i, label := range p.Labels {
		for j, s := range p.Series {
			name := label
			if len(p.Series) > 1 {
				name += " · " + s.Name
			}
			out = append(out, bar{name, s.Values[i], 100 * s.Values[i] / most, fills[j%len(fills)]})
		}
	}
	return out
}

type bar struct {
	Name    string
	Value   int
	Percent int
	Fill    string
}

// Link is the address that a row leads to, "" for none.
func (v view) Link(r TableRow) string {
	if !v.links || r.Link == "" {
		return ""
	}
	return v.base + r.Link
}

// Shown are the rows of a table that stand here.
func (v view) Shown(t *Table) []TableRow {
	if v.rows > 0 && len(t.Rows) > v.rows {
		return t.Rows[:v.rows]
	}
	return t.Rows
}

// short is how many rows a table has at the most that is kept on one page with its heading.
const short = 8

// Keeps reports whether the block is a heading that is kept on one page with the block behind it.
func (v view) Keeps(at int) bool {
	if !v.paper || at < 0 || at+1 >= len(v.Blocks) || v.Blocks[at].Heading == nil {
		return false
	}
	next := v.Blocks[at+1]
	return next.Muted != "" || next.Paragraph != "" && len(next.Paragraph) < 1000 || next.Table != nil && len(next.Table.Rows) <= short
}

// More says how many rows do not.
func (v view) More(t *Table) string {
	if n := len(t.Rows) - len(v.Shown(t)); n > 0 {
		return v.c.Say("progress.more", "n", n)
	}
	return ""
}

// Contents are the headings of the sections.
func (v view) Contents() []Heading {
	var out []Heading
	for _, b := range v.Blocks {
		if b.Heading != nil && b.Heading.Level == 1 {
			out = append(out, *b.Heading)
		}
	}
	return out
}

// ContentsTitle is what they are called.
func (v view) ContentsTitle() string { return v.c.Say("progress.contents") }

// blocks are the blocks of a document. The picture of a chart is defined by where they stand: SVG on a page, boxes on paper,
// where the library knows no fonts in pictures.
var body = template.Must(template.New("body").Funcs(funcs).Parse(`
{{- range $at, $block := .Blocks}}{{if $.Keeps $at}}<div class="keep">{{end}}
{{- with .Heading}}{{if eq .Level 1}}<h2 id="{{.ID}}">{{.Text}}</h2>{{else}}<h3 id="{{.ID}}">{{.Text}}</h3>{{end}}
{{end}}
{{- with .Paragraph}}{{range paragraphs .}}<p class="prose" dir="auto">{{.}}</p>
{{end}}{{end}}
{{- with .Muted}}<p class="aside">{{.}}</p>
{{end}}
{{- with .Chart}}{{block "chart" $.Pictured .}}<figure>{{picture .Chart .}}<figcaption>{{.Chart.Title}}</figcaption></figure>{{end}}
{{end}}
{{- with .Table}}{{$t := .}}{{block "caption" .}}<table class="report {{.Key}}"><caption>{{.Caption}}</caption>
<thead>{{end}}<tr>{{range $i, $c := .Columns}}<th scope="col"{{if index $t.Numeric $i}} class="number"{{end}}>{{$c}}</th>{{end}}</tr></thead>
<tbody>{{range $row := $.Shown .}}<tr>{{range $i, $c := $row.Cells}}<td{{if index $t.Numeric $i}} class="number"{{end}} dir="auto">{{if and (eq $i 0) ($.Link $row)}}<a href="{{$.Link $row}}">{{$c}}</a>{{else}}{{$c}}{{end}}</td>{{end}}</tr>
{{end}}</tbody></table>
{{with $.More .}}<p class="aside">{{.}}</p>{{end}}
{{end}}{{if $.Keeps (less $at)}}</div>
{{end}}
{{- end}}`))

// HTML is the blocks of the document as they stand on a page or in an e-mail, without styles. With links, rows lead to what they
// are about, at addresses that begin with base; rows is how many of a table are shown, 0 for all.
func HTML(d Document, links bool, base string, rows int) (template.HTML, error) {
	return render(body, d, place{links: links, base: base, rows: rows})
}

func render(t *template.Template, d Document, at place) (template.HTML, error) {
	c, _ := catalogue.For(d.Language)
	var b strings.Builder
	if err := t.Execute(&b, view{d, at, c}); err != nil {
		return "", err
	}
	return template.HTML(b.String()), nil
}
