package mail

import (
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail/catalogue"
)

// Tabled tells the drafter and the chair that a statement is on the agenda of a meeting.
type Tabled struct {
	Matter
	Meeting     string // with its place: "Second meeting of JCA-ML, Geneva"
	From, Until liaison.Date
	Item        string // of the agenda: "9. Approval of outgoing liaison statements"
}

func (Tabled) kind() liaison.Letter { return liaison.LetterTabled }

func (t Tabled) in(c *catalogue.Catalogue) sheet {
	return t.sheet(c, notice{Head: c.Say("tabled.head"), Lead: c.Say("tabled.lead"),
		Facts: facts(fact{"label.meeting", c.Isolate(t.Meeting) + c.Say("about.comma") + days(c, t.From, t.Until), true}, fact{"label.item", c.Isolate(t.Item), false})})
}

// days is the first day, and the last one where that is another.
func days(c *catalogue.Catalogue, from, until liaison.Date) string {
	if from == until {
		return c.Date(from)
	}
	return c.Isolate(c.Date(from)) + " – " + c.Isolate(c.Date(until))
}

// CorrespondenceOpened asks those who may object to a statement, until the end of a day. Silence is never consent: after
// that day the chair decides.
type CorrespondenceOpened struct {
	Matter
	Until liaison.Date
}

func (CorrespondenceOpened) kind() liaison.Letter { return "correspondence-opened" }

func (o CorrespondenceOpened) in(c *catalogue.Catalogue) sheet {
	return o.sheet(c, notice{Head: c.Say("correspondence.head-opened"), Lead: c.Say("correspondence.lead-opened", "date", o.Until),
		Facts: facts(fact{"label.until", c.Date(o.Until), true})})
}

// CorrespondenceClosing reminds them.
type CorrespondenceClosing struct {
	Matter
	Until liaison.Date
	Days  int // left
}

func (CorrespondenceClosing) kind() liaison.Letter { return "correspondence-closing" }

func (o CorrespondenceClosing) in(c *catalogue.Catalogue) sheet {
	return o.sheet(c, notice{Head: c.Say("correspondence.head-closing", "n", o.Days), Lead: c.Say("correspondence.lead-closing", "date", o.Until),
		Facts: facts(fact{"label.until", c.Date(o.Until), true})})
}

// CorrespondenceClosed tells the chair and the drafter how it ended.
type CorrespondenceClosed struct {
	Matter
	Objections int
}

func (CorrespondenceClosed) kind() liaison.Letter { return "correspondence-closed" }

func (o CorrespondenceClosed) in(c *catalogue.Catalogue) sheet {
	lead := c.Say("correspondence.lead-closed")
	if o.Objections > 0 {
		lead = c.Say("correspondence.lead-objections", "n", o.Objections)
	}
	return o.sheet(c, notice{Head: c.Say("correspondence.head-closed"), Lead: lead})
}

// Approved tells of a statement that it was approved and numbered; whoever is said to have approved it outside, by whom that was
// entered and what is said to show it.
type Approved struct {
	Matter
	By       string
	Acting   string // in which capacity, by its label: "Chair"
	Entered  string // who entered it, "" for an approval that was given in the register
	On       liaison.Date
	Evidence string // of an approval that was entered
}

func (Approved) kind() liaison.Letter { return liaison.LetterApproved }

func (a Approved) in(c *catalogue.Catalogue) sheet {
	if a.Entered == "" {
		return a.sheet(c, notice{Head: c.Say("approved.head"),
			Lead: c.Say("approved.lead", "by", a.By, "office", office(c, a.Acting), "number", a.number())})
	}
	return a.sheet(c, notice{Head: c.Say("approved.head-entered"),
		Lead:  c.Say("approved.lead-entered", "entered", a.Entered, "by", a.By, "office", office(c, a.Acting), "date", a.On, "number", a.number()),
		Facts: facts(fact{"label.evidence", c.Isolate(a.Evidence), true})})
}

// DecisionWaiting tells an office that a statement has waited long for its decision.
type DecisionWaiting struct {
	Matter
	Since liaison.Date
}

func (DecisionWaiting) kind() liaison.Letter { return liaison.LetterWaiting }

func (d DecisionWaiting) in(c *catalogue.Catalogue) sheet {
	return d.sheet(c, notice{Head: c.Say("waiting.head"), Lead: c.Say("waiting.lead", "date", d.Since)})
}
