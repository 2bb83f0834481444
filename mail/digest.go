package mail

import (
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail/catalogue"
)

// Digest is a day's letters to one person in one message, for who asked for that. Each stands in it in short.
type Digest struct {
	To       liaison.Person
	Group    liaison.Body
	Day      liaison.Date
	Letters  []Letter // any but statements and digests, which have no short form and are left out
	Settings string   // the page where this is changed
}

func (Digest) kind() liaison.Letter { return liaison.LetterDigest }
func (Digest) automatic() bool      { return true }

// digestPage is a digest in the words of one language.
type digestPage struct {
	Digest
	Head  string
	Lines []line
}

func (d Digest) in(c *catalogue.Catalogue) sheet {
	page := digestPage{Digest: d}
	for _, l := range d.Letters {
		if short := l.in(c).line; short.Head != "" {
			page.Lines = append(page.Lines, short)
		}
	}
	page.Head = c.Say("digest.head", "n", len(page.Lines))
	return sheet{template: "digest", data: page,
		subject: c.Plain("about.subject", "number", d.Group.Label(), "head", page.Head, "title", c.Date(d.Day))}
}
