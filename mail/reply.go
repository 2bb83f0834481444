package mail

import (
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail/catalogue"
)

// Awaited is a reply that somebody owes.
type Awaited struct {
	From      string // whose statement it is
	Addressee string // who is to reply; "" if it is the reader
	Purpose   liaison.Purpose
	Deadline  liaison.Date
}

func (a Awaited) facts(c *catalogue.Catalogue) []fact {
	return facts(fact{"label.from", c.Isolate(a.From), false}, fact{"label.to", c.Isolate(a.Addressee), false},
		fact{"label.purpose", purpose(c, a.Purpose), true}, fact{"label.deadline", c.Date(a.Deadline), true})
}

// say picks the sentence for the reader, or that for somebody else's reply.
func (a Awaited) say(c *catalogue.Catalogue, own, others string, values ...any) string {
	if a.Addressee == "" {
		return c.Say(own, values...)
	}
	return c.Say(others, append(values, "addressee", a.Addressee)...)
}

// answered says, to who owes the reply, how to reply.
func (a Awaited) answered(c *catalogue.Catalogue, m Matter, n notice) notice {
	if a.Addressee == "" {
		n.Made = c.Say("letter.answer", "group", m.Group.Label())
	}
	return n
}

// ReplyDue reminds who has to reply, or who waits for it. It goes out on the days of [ReplyDueDays] before the deadline.
type ReplyDue struct {
	Matter
	Awaited
	Days int // left; 0 is today
}

// ReplyDueDays are the days before a deadline on which [ReplyDue] is sent (the IETF Datatracker's).
var ReplyDueDays = []int{14, 7, 4, 3, 2, 1, 0}

func (ReplyDue) kind() liaison.Letter { return "reply-due" }

func (r ReplyDue) in(c *catalogue.Catalogue) sheet {
	n := notice{Facts: r.facts(c), Head: c.Say("reply-due.head-today"),
		Lead: r.say(c, "reply-due.lead-today", "reply-due.lead-of-today", "number", r.number(), "date", r.Deadline)}
	if r.Days > 0 {
		n.Head = c.Say("reply-due.head", "n", r.Days)
		n.Lead = r.say(c, "reply-due.lead", "reply-due.lead-of", "number", r.number(), "date", r.Deadline, "n", r.Days)
	}
	return r.sheet(c, r.answered(c, r.Matter, n))
}

// Overdue says that the deadline has passed.
type Overdue struct {
	Matter
	Awaited
	Days int // since the deadline
}

func (Overdue) kind() liaison.Letter { return "overdue" }

func (o Overdue) in(c *catalogue.Catalogue) sheet {
	return o.sheet(c, o.answered(c, o.Matter, notice{Facts: o.facts(c), Head: c.Say("overdue.head", "n", o.Days),
		Lead: o.say(c, "overdue.lead", "overdue.lead-of", "number", o.number(), "date", o.Deadline, "n", o.Days)}))
}

// Extension answers an addressee that asked for another date.
type Extension struct {
	Matter
	Deadline liaison.Date // of the statement
	Before   liaison.Date // in force until now
	Asked    liaison.Date // that was asked for
	Due      liaison.Date // in force from now on; Before, if it was refused
	Granted  bool
	Reason   string // in full, as it was written, "" for none
}

func (e Extension) kind() liaison.Letter {
	if e.Granted {
		return liaison.LetterExtensionGranted
	}
	return liaison.LetterExtensionRefused
}

func (e Extension) in(c *catalogue.Catalogue) sheet {
	first := e.Deadline
	if first == e.Due {
		first = ""
	}
	n := notice{Head: c.Say("extension.head-granted"), Quote: e.Reason, QuoteHead: c.Say("word.reason"),
		Made:  c.Say("letter.answer", "group", e.Group.Label()),
		Lead:  c.Say("extension.lead-granted", "group", e.Group.Label(), "number", e.number(), "date", e.Due, "before", e.Before),
		Facts: facts(fact{"label.from", c.Isolate(e.Group.Label()), false}, fact{"label.first-deadline", c.Date(first), false}, fact{"label.deadline", c.Date(e.Due), true})}
	if !e.Granted {
		n.Head = c.Say("extension.head-refused")
		n.Lead = c.Say("extension.lead-refused", "group", e.Group.Label(), "number", e.number(), "date", e.Due, "asked", e.Asked)
	}
	return e.sheet(c, n)
}

// Replied tells those who waited that a reply came.
type Replied struct {
	Matter
	Addressee string       // who replied
	Reply     string       // the reply's number or title
	Late      liaison.Date // the deadline that it missed, "" if none
	Words     string       // the reply itself where it came as text, in full
	Asked     bool         // it answers the question whether the statement arrived
}

func (Replied) kind() liaison.Letter { return liaison.LetterReplied }

func (r Replied) in(c *catalogue.Catalogue) sheet {
	lead := c.Say("replied.lead", "addressee", r.Addressee, "number", r.number())
	if r.Asked {
		lead = c.Say("replied.lead-asked", "addressee", r.Addressee, "number", r.number())
	} else if r.Late != "" {
		lead = c.Say("replied.lead-late", "addressee", r.Addressee, "number", r.number(), "date", r.Late)
	}
	return r.sheet(c, notice{Head: c.Say("replied.head"), Lead: lead,
		Facts: facts(fact{"label.from", c.Isolate(r.Addressee), true}, fact{"label.reply", c.Isolate(r.Reply), false}), Quote: r.Words, QuoteHead: c.Say("word.wrote")})
}
