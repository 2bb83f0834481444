// Package document makes a progress report readable: one outline, and from it a text, HTML, a PDF and a Word file.
//
//	liaison.Content ──Outline──> Document ─┬─ Text   in the e-mail
//	                                       ├─ HTML   on the page and in the e-mail
//	                                       ├─ PDF    attached
//	                                       └─ Word   attached
//
// The fixed words are the catalogue's, in the language of the report; what people wrote stands as it was written. The forms
// are made when a report is submitted, so that their bytes are part of what is approved.
package document

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail/catalogue"
)

// Document is a report as a reader goes through it.
type Document struct {
	Title    string
	Language string // BCP 47
	RTL      bool
	Banner   string // "" or what has to be seen first: that it is provisional
	Facts    []Fact
	Blocks   []Block
}

// Fact is one labelled line above the text.
type Fact struct{ Label, Value string }

// Block is a piece of it: exactly one of the fields is set.
type Block struct {
	Heading   *Heading
	Paragraph string // lines end with "\n"; a blank one begins a new paragraph
	Muted     string // a line that stands for something that is not there
	Table     *Table
	Chart     *Chart
}

// Heading begins a section (level 1), or something within one (level 2).
type Heading struct {
	Level int
	Text  string
	ID    string
}

// Table is a table with its caption and the words of its columns.
type Table struct {
	Key     string // of the catalogue's words, stable over languages
	Caption string
	Columns []string
	Numeric []bool // columns of numbers
	Rows    []TableRow
}

// TableRow is a row; Link leads to what it is about, from the root of the pages, "" for none.
type TableRow struct {
	Cells []string
	Link  string
}

// Chart is a picture of a table, which always stands below it.
type Chart struct {
	Title  string
	Labels []string
	Series []Series
}

// Series is a row of bars.
type Series struct {
	Name   string
	Values []int
}

// About is what the outline says besides what was approved.
type About struct {
	Group  liaison.Body
	Parent liaison.Body
	Ref    string              // "" before there is a number
	Report liaison.StatementID // that it is, so that figures lead to what they were counted from; "" for no such links
	Bodies map[liaison.Code]liaison.Body
}

// Title names a report in its language, and Abstract says in one sentence what it holds.
func Title(r liaison.Report, group liaison.Body, language string) string {
	c, _ := catalogue.For(language)
	return c.Plain("progress.title-of", "group", group.Label(), "from", r.From, "until", r.Until)
}

// Abstract says in one sentence what a report holds.
func Abstract(r liaison.Report, group, parent liaison.Body, language string) string {
	c, _ := catalogue.For(language)
	return c.Plain("progress.abstract-of", "group", group.Label(), "parent", parent.Label(), "from", r.From, "until", r.Until)
}

// Outline is the whole report. It refuses content that is none.
func Outline(content liaison.Content, about About) (Document, error) {
	if content.Report == nil {
		return Document{}, fmt.Errorf("outline: %q is no progress report", content.Title)
	}
	c, _ := catalogue.For(content.Language)
	o := outline{c: c, r: *content.Report, about: about}
	d := Document{Title: content.Title, Language: c.Tag(), RTL: c.RTL()}
	if o.r.Provisional {
		d.Banner = c.Say("progress.provisional", "group", about.Group.Label())
	}
	d.Facts = o.facts(content)
	d.Blocks = o.blocks(content)
	return d, nil
}

type outline struct {
	c     *catalogue.Catalogue
	r     liaison.Report
	about About
}

func (o outline) say(key string, values ...any) string { return o.c.Say("progress."+key, values...) }

func (o outline) days(from, until liaison.Date) string {
	if until == "" || until == from {
		return o.c.Date(from)
	}
	return o.say("from-to", "from", from, "until", until)
}

func (o outline) facts(content liaison.Content) []Fact {
	number := o.about.Ref
	if number == "" {
		number = o.say("number-later")
	}
	out := []Fact{
		{o.say("column-number"), number},
		{o.c.Say("label.from"), o.about.Group.Name},
		{o.c.Say("label.parent"), o.about.Parent.Label()},
		{o.say("period"), o.days(o.r.From, o.r.Until)},
		{o.say("as-of"), o.c.Date(liaison.Date(o.r.AsOf.Format("2006-01-02")))},
	}
	if o.r.MeetingName != "" {
		out = append(out, Fact{o.say("for-meeting"), o.r.MeetingName + ", " + o.c.Date(o.r.MeetingFrom)})
	}
	if a := content.Agreed; a != nil { // never an approval
		who := a.By
		for _, x := range []string{a.Place, o.c.Date(a.On)} {
			if x != "" {
				who += o.c.Say("about.comma") + x
			}
		}
		out = append(out, Fact{o.c.Say("label.agreed"), o.c.Say("word.agreed", "who", who)})
	}
	if content.Abstract != "" {
		out = append(out, Fact{o.c.Say("word.abstract"), content.Abstract})
	}
	return out
}

func (o outline) blocks(content liaison.Content) []Block {
	var out []Block
	add := func(b ...Block) { out = append(out, b...) }
	if note := o.r.NoteOf(""); note != "" || content.Text != "" {
		add(Block{Heading: &Heading{1, o.say("introduction"), "introduction"}})
		for _, text := range []string{note, content.Text} {
			if text != "" {
				add(Block{Paragraph: text})
			}
		}
	}
	for i, key := range liaison.Sections {
		add(Block{Heading: &Heading{1, fmt.Sprintf("%d. %s", i+1, o.say("section-"+string(key))), string(key)}})
		before := len(out)
		if key == liaison.SectionMeetings && o.r.Nil() {
			add(Block{Paragraph: o.say("nil", "group", o.about.Group.Label())})
		}
		if note := o.r.NoteOf(key); note != "" {
			add(Block{Paragraph: note})
		}
		for _, s := range o.r.Sections {
			if s.Key == key {
				add(o.section(s)...)
			}
		}
		if key == liaison.SectionProposals {
			add(o.proposals()...)
		}
		if len(out) == before {
			add(Block{Muted: o.say("nothing")})
		}
	}
	return out
}

func (o outline) section(s liaison.Section) []Block {
	var out []Block
	if len(s.Figures) > 0 {
		t := Table{Key: "figures", Caption: o.say("section-figures"), Columns: []string{o.say("column-figure"), o.say("column-value"), o.say("column-definition")}, Numeric: []bool{false, false, false}}
		for _, f := range s.Figures {
			t.Rows = append(t.Rows, TableRow{Cells: []string{o.say("figure-" + string(f.Key)), o.figure(f), o.say("means-" + string(f.Key))}, Link: o.behind(f)})
		}
		out = append(out, Block{Table: &t})
	}
	for _, t := range s.Tables {
		if len(t.Rows) == 0 {
			continue
		}
		if chart := o.chart(t); chart != nil {
			out = append(out, Block{Chart: chart})
		}
		out = append(out, Block{Table: o.table(t)})
	}
	return out
}

// behind leads to the rows that a figure was counted from.
func (o outline) behind(f liaison.Figure) string {
	if o.about.Report == "" {
		return ""
	}
	return "/statements/" + string(o.about.Report) + "/figures/" + string(f.Key)
}

// Behind is the table of the rows that a figure was counted from, in the language of the report.
func Behind(t liaison.ReportTable, language string) *Table {
	c, _ := catalogue.For(language)
	return outline{c: c}.table(t)
}

// FigureWords are a figure's name, value and definition in the language of the report.
func FigureWords(f liaison.Figure, language string) (name, value, definition string) {
	c, _ := catalogue.For(language)
	o := outline{c: c}
	return o.say("figure-" + string(f.Key)), o.figure(f), o.say("means-" + string(f.Key))
}

// figure says a key figure: a number, a share with its percentage, a median of days; or that it is not known.
func (o outline) figure(f liaison.Figure) string {
	switch {
	case !f.Known():
		return o.say("unknown")
	case f.Kind() == liaison.FigureShare:
		return o.say("share", "count", f.Count, "of", f.Of, "percent", (200*f.Count+f.Of)/(2*f.Of)) // half a percent rounded up
	case f.Kind() == liaison.FigureDays:
		return o.say("days", "days", o.c.Number(int64(f.Tenths/10))+decimal(o.c)+fmt.Sprint(f.Tenths%10), "of", f.Of)
	}
	return o.c.Number(int64(f.Count))
}

// decimal is the sign before a fraction: the Union writes a comma in French, Spanish, Russian and Arabic.
func decimal(c *catalogue.Catalogue) string {
	if slices.Contains([]string{"en", "zh-Hans"}, c.Tag()) {
		return "."
	}
	return ","
}

func (o outline) table(t liaison.ReportTable) *Table {
	out := &Table{Key: string(t.Key), Caption: o.say("table-" + string(t.Key))}
	for _, name := range liaison.TableColumns[t.Key] {
		out.Columns = append(out.Columns, o.say("column-"+name))
	}
	out.Numeric = make([]bool, len(out.Columns))
	for _, row := range t.Rows {
		r := TableRow{Link: linkOf(row)}
		for i, cell := range row.Cells {
			r.Cells = append(r.Cells, o.cell(t.Key, cell))
			if cell.Number != nil && i < len(out.Numeric) {
				out.Numeric[i] = true
			}
		}
		out.Rows = append(out.Rows, r)
	}
	return out
}

func linkOf(row liaison.Row) string {
	switch {
	case row.Statement != "":
		return "/statements/" + string(row.Statement)
	case row.Body != "":
		return "/bodies/" + string(row.Body)
	}
	return ""
}

func (o outline) cell(key liaison.TableKey, c liaison.Cell) string {
	switch {
	case c.Text != "":
		return c.Text
	case c.Word != "":
		return o.word(c.Word)
	case c.Date != "" && key == liaison.TableByMonth:
		return string(c.Date[:7])
	case c.Date != "":
		return o.days(c.Date, c.Until)
	case c.Number != nil:
		return o.c.Number(int64(*c.Number))
	}
	return ""
}

// word says a key of the catalogue. A report of an earlier program can hold one that is no more; what it named is then
// better than nothing.
func (o outline) word(key string) string {
	if o.c.Has(key) {
		return o.c.Say(key)
	}
	_, name, _ := strings.Cut(key, "-")
	return name
}

// charts are the tables that have a picture, with the columns that it draws.
var charts = map[liaison.TableKey][]int{liaison.TableByMonth: {1, 2}, liaison.TableReplies: {1}, liaison.TableWaiting: {1}}

func (o outline) chart(t liaison.ReportTable) *Chart {
	columns, ok := charts[t.Key]
	if !ok {
		return nil
	}
	chart := &Chart{Title: o.say("table-" + string(t.Key))}
	some := false
	for _, i := range columns {
		chart.Series = append(chart.Series, Series{Name: o.say("column-" + liaison.TableColumns[t.Key][i])})
	}
	for _, row := range t.Rows {
		chart.Labels = append(chart.Labels, o.cell(t.Key, row.Cells[0]))
		for s, i := range columns {
			n := 0
			if i < len(row.Cells) && row.Cells[i].Number != nil {
				n = *row.Cells[i].Number
			}
			some = some || n > 0
			chart.Series[s].Values = append(chart.Series[s].Values, n)
		}
	}
	if !some {
		return nil
	}
	return chart
}

func (o outline) proposals() []Block {
	var out []Block
	for _, p := range o.r.Proposals {
		names := make([]string, len(p.To))
		for i, code := range p.To {
			names[i] = strings.ToUpper(string(code))
			if b, ok := o.about.Bodies[code]; ok {
				names[i] = b.Label()
			}
		}
		out = append(out,
			Block{Heading: &Heading{2, o.c.Label(o.say("proposal", "number", p.Number)) + " " + p.Title, fmt.Sprintf("proposal-%d", p.Number)}},
			Block{Muted: o.say("proposal-to", "bodies", strings.Join(names, ", "))})
		if p.Text != "" {
			out = append(out, Block{Paragraph: p.Text})
		}
	}
	if len(out) > 0 {
		out = append(out, Block{Muted: o.say("proposal-ask")})
	}
	return out
}
