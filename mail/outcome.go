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

func (Bounced) kind() liaison.Letter { return liaison.LetterBounced }

func (b Bounced) in(c *catalogue.Catalogue) sheet {
	return b.sheet(c, notice{Head: c.Say("bounced.head"), Act: c.Say("bounced.act"),
		Lead:  c.Say("bounced.lead", "addressee", b.Addressee, "number", b.number()),
		Facts: facts(fact{"label.to", c.Isolate(b.Addressee), true}, fact{"label.address", c.Isolate(b.Address), false}),
		Quote: b.Words, QuoteHead: c.Say("word.server"), Code: true})
}

// Refused tells the secretariat that a message did not get through and is tried no more.
type Refused struct {
	Matter
	Addressee string
	Address   string
	Words     string // the last answer, in full
}

func (Refused) kind() liaison.Letter { return liaison.LetterRefused }

func (r Refused) in(c *catalogue.Catalogue) sheet {
	return r.sheet(c, notice{Head: c.Say("refused.head"), Act: c.Say("refused.act"),
		Lead:  c.Say("refused.lead", "addressee", r.Addressee, "number", r.number()),
		Facts: facts(fact{"label.to", c.Isolate(r.Addressee), true}, fact{"label.address", c.Isolate(r.Address), false}),
		Quote: r.Words, QuoteHead: c.Say("word.server"), Code: true})
}

// RelayHeld tells the secretariat that nothing is sent any more, because the relay refused us, with the message that it was
// about.
type RelayHeld struct {
	Matter
	Relay string
	Words string // its answer, in full
}

func (RelayHeld) kind() liaison.Letter { return liaison.LetterRelayHeld }

func (h RelayHeld) in(c *catalogue.Catalogue) sheet {
	return h.sheet(c, notice{Head: c.Say("relay-held.head"), Act: c.Say("relay-held.act"), Lead: c.Say("relay-held.lead"),
		Facts: facts(fact{"label.relay", c.Isolate(h.Relay), true}), Quote: h.Words, QuoteHead: c.Say("word.server"), Code: true})
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

func (UnknownOutcome) kind() liaison.Letter { return liaison.LetterUnknown }

func (u UnknownOutcome) in(c *catalogue.Catalogue) sheet {
	return u.sheet(c, notice{Head: c.Say("unknown.head"), Act: c.Say("unknown.act"),
		Lead: c.Say("unknown.lead", "addressee", u.Addressee, "number", u.number()),
		Facts: facts(fact{"label.to", c.Isolate(u.Addressee), true}, fact{"label.address", c.Isolate(u.Address), false},
			fact{"label.relay", c.Isolate(u.Relay), false}, fact{"label.handed-over", c.Isolate(u.HandedOver), false}),
		Quote: u.Known, QuoteHead: c.Say("word.known"), Code: true})
}

// ArrivalAsked asks an addressee whether it has a message of which nobody knows whether it arrived. It has no link: by what somebody
// says behind the message's own link it is known that they have the message.
type ArrivalAsked struct {
	Matter
	Address    string // that the message was sent to
	HandedOver string // when, in the group's zone
	MessageID  string // of the message, without angle brackets
}

func (ArrivalAsked) kind() liaison.Letter { return liaison.LetterArrivalAsked }

func (a ArrivalAsked) in(c *catalogue.Catalogue) sheet {
	return a.sheet(c, notice{Head: c.Say("arrival-asked.head"), Made: c.Say("arrival-asked.made", "group", a.Group.Label()),
		Lead: c.Say("arrival-asked.lead", "number", a.number(), "group", a.Group.Label()),
		Facts: facts(fact{"label.address", c.Isolate(a.Address), false},
			fact{"label.handed-over", c.Isolate(a.HandedOver), false}, fact{"label.message-id", c.Isolate(a.MessageID), true})})
}

// Acknowledged tells the drafter that somebody said an addressee has the statement. It is not a reply.
type Acknowledged struct {
	Matter
	Addressee string
	By        string // the person who said so
	On        liaison.Date
}

func (Acknowledged) kind() liaison.Letter { return liaison.LetterAcknowledged }

func (a Acknowledged) in(c *catalogue.Catalogue) sheet {
	return a.sheet(c, notice{Head: c.Say("acknowledged.head"),
		Lead:  c.Say("acknowledged.lead", "by", a.By, "date", a.On, "addressee", a.Addressee, "number", a.number()),
		Facts: facts(fact{"label.to", c.Isolate(a.Addressee), true})})
}

// Misdirected tells that somebody at an addressee says a statement is for somebody else.
type Misdirected struct {
	Matter
	Addressee string
	By        string
	Words     string // whom it should go to, in full
}

func (Misdirected) kind() liaison.Letter { return liaison.LetterMisdirected }

func (m Misdirected) in(c *catalogue.Catalogue) sheet {
	return m.sheet(c, notice{Head: c.Say("misdirected.head"), Lead: c.Say("misdirected.lead", "by", m.By, "addressee", m.Addressee, "number", m.number()),
		Facts: facts(fact{"label.to", c.Isolate(m.Addressee), true}), Quote: m.Words, QuoteHead: c.Say("word.wrote")})
}

// ExtensionAsked tells that somebody at an addressee asks for another date. It changes no deadline.
type ExtensionAsked struct {
	Matter
	Addressee string
	By        string
	Date      liaison.Date // asked for
	Deadline  liaison.Date // as it is; "" for none
	Words     string       // why, in full
}

func (ExtensionAsked) kind() liaison.Letter { return liaison.LetterExtensionAsked }

func (e ExtensionAsked) in(c *catalogue.Catalogue) sheet {
	return e.sheet(c, notice{Head: c.Say("extension-asked.head"), Lead: c.Say("extension-asked.lead", "by", e.By, "addressee", e.Addressee, "number", e.number(), "date", e.Date),
		Facts: facts(fact{"label.to", c.Isolate(e.Addressee), true}, fact{"label.deadline", c.Date(e.Deadline), false}), Quote: e.Words, QuoteHead: c.Say("word.reason")})
}

// Declined tells that somebody at an addressee says that it will not do what it is asked.
type Declined struct {
	Matter
	Addressee string
	By        string
	Words     string // why, in full
}

func (Declined) kind() liaison.Letter { return liaison.LetterDeclined }

func (d Declined) in(c *catalogue.Catalogue) sheet {
	return d.sheet(c, notice{Head: c.Say("declined.head"), Lead: c.Say("declined.lead", "by", d.By, "addressee", d.Addressee, "number", d.number()),
		Facts: facts(fact{"label.to", c.Isolate(d.Addressee), true}), Quote: d.Words, QuoteHead: c.Say("word.reason")})
}
