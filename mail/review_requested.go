package mail

import (
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail/catalogue"
)

// ReviewRequested tells the chair what waits for a decision.
type ReviewRequested struct {
	To       liaison.Person
	Group    liaison.Body
	Content  liaison.Content
	Revision int
	Digest   liaison.Digest // of the revision
	Drafter  string
	URL      string // the review page
	Settings string // the page where the reader chooses what comes at once; "" for none
}

func (ReviewRequested) kind() liaison.Letter { return liaison.LetterReview }
func (ReviewRequested) automatic() bool      { return true }

func (r ReviewRequested) in(c *catalogue.Catalogue) sheet {
	head := c.Say("review.head")
	return sheet{
		template: "review-requested", data: r,
		subject: c.Plain("about.subject", "number", r.Group.Label(), "head", head, "title", r.Content.Title),
		line: line{Head: head, Title: r.Content.Title, URL: r.URL,
			Lead: c.Say("review.lead", "drafter", r.Drafter, "group", r.Group.Label())},
	}
}
