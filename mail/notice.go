package mail

import (
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail/catalogue"
)

// Matter is what a notice is about: the routing block that it begins with. Every letter below that embeds it has one form,
// letters/notice.*.tmpl: this block, one sentence, what somebody wrote, one link. They differ in data.
type Matter struct {
	To       liaison.Person // who reads it
	Group    liaison.Body
	Ref      string // "JCA-ML-LS12", "" before it has a number
	Title    string // of the statement or the report
	Language string // of the title, "" if not known
	URL      string // its page
	Settings string // the page where the reader chooses what comes at once; "" for none
}

// automatic is true of every notice: the engine writes them, and nobody has to answer.
func (Matter) automatic() bool { return true }

// notice is a matter with what happened to it.
type notice struct {
	Matter
	Head, Lead string // what happened: in a word or three, in a sentence
	Facts      []fact // what to know of it besides, below number and title
	Quote      string // what somebody wrote, in full, "" for nothing
	QuoteHead  string // what that is
	Code       bool   // it is a machine's words
	Act        string // what the link is for
	Made       string // who made it, and what to do with it
}

// fact is a labelled line.
type fact struct {
	Label  string // a key of the catalogue
	Value  string
	Strong bool
}

// facts leaves out what has no value.
func facts(all ...fact) []fact {
	var out []fact
	for _, f := range all {
		if f.Value != "" {
			out = append(out, f)
		}
	}
	return out
}

func (m Matter) sheet(c *catalogue.Catalogue, n notice) sheet {
	n.Matter = m
	if n.Act == "" {
		n.Act = c.Say("letter.open")
	}
	if n.Made == "" {
		n.Made = c.Say("letter.made", "group", m.Group.Label())
	}
	number := m.Ref
	if number == "" {
		number = m.Group.Label()
	}
	return sheet{
		template: "notice", data: n,
		subject: c.Plain("about.subject", "number", number, "head", n.Head, "title", m.Title),
		line:    line{Head: n.Head, Ref: m.Ref, Title: m.Title, Lead: n.Lead, URL: m.URL},
	}
}

// number is how a sentence names the matter.
func (m Matter) number() string {
	if m.Ref == "" {
		return m.Title
	}
	return m.Ref
}
