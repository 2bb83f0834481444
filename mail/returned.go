package mail

import (
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail/catalogue"
)

// Returned tells the drafter that a revision came back for changes, and why.
type Returned struct {
	To       liaison.Person
	Group    liaison.Body
	Title    string
	Language string // of the title, "" if not known
	Revision int
	By       string // who returned it
	Acting   string // in which capacity, by its label: "Chair"
	Reason   string // in full, as it was written
	URL      string // the statement
	Settings string // the page where the reader chooses what comes at once; "" for none
}

func (Returned) kind() liaison.Letter { return liaison.LetterReturned }
func (Returned) automatic() bool      { return true }

func (r Returned) in(c *catalogue.Catalogue) sheet {
	head := c.Say("returned.head")
	return sheet{
		template: "returned", data: r,
		subject: c.Plain("about.subject", "number", r.Group.Label(), "head", head, "title", r.Title),
		line:    line{Head: head, Title: r.Title, URL: r.URL, Lead: c.Say("returned.lead", "by", r.By, "office", office(c, r.Acting))},
	}
}
