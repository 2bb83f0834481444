package mail

import (
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail/catalogue"
)

// Rejected tells the drafter that a statement will not be sent, and why.
type Rejected struct {
	To       liaison.Person
	Group    liaison.Body
	Title    string
	Language string // of the title, "" if not known
	Revision int
	By       string // who rejected it
	Acting   string // in which capacity, by its label: "Chair"
	Reason   string // in full, as it was written
	URL      string // the statement
	Settings string // the page where the reader chooses what comes at once; "" for none
}

func (Rejected) kind() liaison.Letter { return liaison.LetterRejected }
func (Rejected) automatic() bool      { return true }

func (r Rejected) in(c *catalogue.Catalogue) sheet {
	head := c.Say("rejected.head")
	return sheet{
		template: "rejected", data: r,
		subject: c.Plain("about.subject", "number", r.Group.Label(), "head", head, "title", r.Title),
		line:    line{Head: head, Title: r.Title, URL: r.URL, Lead: c.Say("rejected.lead", "by", r.By, "office", office(c, r.Acting))},
	}
}
