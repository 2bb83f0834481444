package mail

import (
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail/catalogue"
)

// Bounced tells the secretariat that a message came back from one addressee. The others are not touched.
type Bounced struct {
	Matter
	Addressee string
	Address   string
	Words     string // the mail server's, in full
}

func (Bounced) kind() liaison.Letter { return "bounced" }

func (b Bounced) in(c *catalogue.Catalogue) sheet {
	return b.sheet(c, notice{Head: c.Say("bounced.head"), Act: c.Say("bounced.act"),
		Lead:  c.Say("bounced.lead", "addressee", b.Addressee, "number", b.number()),
		Facts: facts(fact{"label.to", c.Isolate(b.Addressee), true}, fact{"label.address", c.Isolate(b.Address), false}),
		Quote: b.Words, QuoteHead: c.Say("word.server"), Code: true})
}

// UnknownOutcome tells the secretariat that nobody knows whether an addressee has a message, with what is known.
type UnknownOutcome struct {
	Matter
	Addressee  string
	Address    string
	Relay      string // the server that it was handed to
	HandedOver string // when, in the group's zone
	Known      string // the evidence, a line each
}

func (UnknownOutcome) kind() liaison.Letter { return "unknown-outcome" }

func (u UnknownOutcome) in(c *catalogue.Catalogue) sheet {
	return u.sheet(c, notice{Head: c.Say("unknown.head"), Act: c.Say("unknown.act"),
		Lead: c.Say("unknown.lead", "addressee", u.Addressee, "number", u.number()),
		Facts: facts(fact{"label.to", c.Isolate(u.Addressee), true}, fact{"label.address", c.Isolate(u.Address), false},
			fact{"label.relay", c.Isolate(u.Relay), false}, fact{"label.handed-over", c.Isolate(u.HandedOver), false}),
		Quote: u.Known, QuoteHead: c.Say("word.known"), Code: true})
}

// Acknowledged tells the drafter that somebody said an addressee has the statement. It is not a reply.
type Acknowledged struct {
	Matter
	Addressee string
	By        string // the person who said so
	On        liaison.Date
}

func (Acknowledged) kind() liaison.Letter { return "acknowledged" }

func (a Acknowledged) in(c *catalogue.Catalogue) sheet {
	return a.sheet(c, notice{Head: c.Say("acknowledged.head"),
		Lead:  c.Say("acknowledged.lead", "by", a.By, "date", a.On, "addressee", a.Addressee, "number", a.number()),
		Facts: facts(fact{"label.to", c.Isolate(a.Addressee), true})})
}
