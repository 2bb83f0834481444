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
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

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
	Widths  []int  // of the columns on paper, in percent of the whole
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
		{o.say("as-of"), o.c.Date(cmp.Or(o.r.AsOn, liaison.DateOf(o.r.AsOf, time.UTC)))},
	}
	if kind, other := content.Keeps(); other != "" {
		for _, r := range content.Relations {
			if r.Statement == other {
				out = slices.Insert(out, 1, Fact{o.say(string(kind)), r.Ref})
			}
		}
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
	intro := Heading{1, o.say("introduction"), "introduction"}
	if content.IsCorrigendum() {
		intro.Text = o.say("corrections")
	}
	if note := o.r.NoteOf(""); note != "" || content.Text != "" {
		add(Block{Heading: &intro})
		for _, text := range []string{note, content.Text} {
			if text != "" {
				add(Block{Paragraph: text})
			}
		}
	}
	if content.IsCorrigendum() {
		return out
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
		if key == liaison.SectionAnnexes {
			add(o.annexes(content)...)
		}
		switch {
		case len(out) > before:
		case slices.Contains(liaison.EditorsSections, key): // the register cannot say that there is nothing
			add(Block{Muted: o.say("editor-" + string(key))})
		default:
			add(Block{Muted: o.say("nothing")})
		}
	}
	return out
}

func (o outline) section(s liaison.Section) []Block {
	var out []Block
	if len(s.Figures) > 0 {
		t := Table{Key: "figures", Caption: o.say("section-figures"), Columns: []string{o.say("column-figure"), o.say("column-value"), o.say("column-definition")}, Widths: []int{28, 24, 48}, Numeric: []bool{false, false, false}}
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
	out.Widths = shares(out, liaison.TableColumns[t.Key])
	return out
}

// weights are how much of the room that is left a column gets on paper beside the others; one that is not named gets 10.
var weights = map[string]int{
	"number": 5, "title": 40, "addressees": 20, "addressee": 20, "reason": 30, "because": 30, "proposal": 50, "source": 20, "meeting": 30, "document": 40, "from-address": 20,
	"approved": 5, "level": 5, "days": 20, "item": 2, "version": 2, "report": 5, "state": 5, "count": 5,
}

// shares are the widths of the table's columns in percent, which are 100 together: room for the longest word of each, and more for those
// that have more to say.
func shares(t *Table, columns []string) []int {
	const whole, padding, letter, bold = 1000, 18, 10, 11 // in tenths of a percent of a page of A4, at the size of letters that the PDF has
	out, all, weight := make([]int, len(columns)), 0, 0
	for i, name := range columns {
		out[i] = longest(t.Columns[i])*bold + padding
		for _, row := range t.Rows {
			if i < len(row.Cells) {
				out[i] = max(out[i], longest(row.Cells[i])*letter+padding)
			}
		}
		all, weight = all+out[i], weight+cmp.Or(weights[name], 10)
	}
	left := whole - all
	for i, name := range columns {
		if left > 0 {
			out[i] = (out[i] + left*cmp.Or(weights[name], 10)/weight) / 10
		} else {
			out[i] = 100 * out[i] / all
		}
	}
	if len(out) > 0 {
		rest := 100
		for _, n := range out {
			rest -= n
		}
		out[0] += rest // what rounding left over
	}
	return out
}

// longest is how many columns of letters the longest word takes that is not broken; what is longer than 18 may be.
func longest(s string) int {
	n := 0
	for word := range strings.FieldsSeq(s) {
		if strings.ContainsFunc(word, ideographic) { // which break anywhere
			word = "6 wide"
		}
		n = max(n, min(catalogue.Width(word), 18))
	}
	return n
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

// annexes are the documents that the editor attached.
func (o outline) annexes(content liaison.Content) []Block {
	t := liaison.ReportTable{Key: liaison.TableAnnexes}
	for _, a := range o.r.Own(content.Attachments) {
		t.Rows = append(t.Rows, liaison.Row{Cells: []liaison.Cell{{Text: a.Name}, {Text: a.Title}}})
	}
	if len(t.Rows) == 0 {
		return nil
	}
	return []Block{{Table: o.table(t)}}
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
