package mail

import (
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail/catalogue"
)

// Incoming is a statement that reached us.
type Incoming struct {
	Sender   string // the body it is from
	Purpose  liaison.Purpose
	Deadline liaison.Date // by which it asks for a reply, "" for none
}

func (i Incoming) facts(c *catalogue.Catalogue) []fact {
	return facts(fact{"label.from", c.Isolate(i.Sender), true}, fact{"label.purpose", purpose(c, i.Purpose), true},
		fact{"label.deadline", c.Date(i.Deadline), false})
}

// IncomingRegistered tells the chair and the secretariat of a new incoming statement.
type IncomingRegistered struct {
	Matter
	Incoming
}

func (IncomingRegistered) kind() liaison.Letter { return "incoming-registered" }

func (i IncomingRegistered) in(c *catalogue.Catalogue) sheet {
	return i.sheet(c, notice{Facts: i.facts(c), Head: c.Say("incoming.head-registered"),
		Lead: c.Say("incoming.lead-registered", "sender", i.Sender, "number", i.number())})
}

// IncomingAssigned tells somebody that it is theirs to prepare.
type IncomingAssigned struct {
	Matter
	Incoming
	Due liaison.Date // ours, before the sender's deadline; "" for none
}

func (IncomingAssigned) kind() liaison.Letter { return "incoming-assigned" }

func (i IncomingAssigned) in(c *catalogue.Catalogue) sheet {
	lead := c.Say("incoming.lead-assigned-undated", "number", i.number(), "sender", i.Sender, "group", i.Group.Label())
	if i.Due != "" {
		lead = c.Say("incoming.lead-assigned", "number", i.number(), "sender", i.Sender, "group", i.Group.Label(), "date", i.Due)
	}
	return i.sheet(c, notice{Facts: i.facts(c), Head: c.Say("incoming.head-assigned"), Lead: lead})
}

// IncomingRedirected tells the sender and the new addressee that it was meant for somebody else.
type IncomingRedirected struct {
	Matter
	Incoming
	Addressee string // whom it was passed on to
	Reason    string // in full, as it was written
}

func (IncomingRedirected) kind() liaison.Letter { return "incoming-redirected" }

func (i IncomingRedirected) in(c *catalogue.Catalogue) sheet {
	return i.sheet(c, notice{Head: c.Say("incoming.head-redirected"), Quote: i.Reason, QuoteHead: c.Say("word.reason"),
		Facts: append(facts(fact{"label.to", c.Isolate(i.Addressee), true}), i.facts(c)...),
		Lead:  c.Say("incoming.lead-redirected", "number", i.number(), "sender", i.Sender, "group", i.Group.Label(), "addressee", i.Addressee)})
}
