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

// PutOff tells the drafter and the secretariat that a meeting put off its decision, and why.
type PutOff struct {
	Matter
	Meeting string
	By      string // who put it off
	Acting  string // in which capacity, by its label: "Chair"
	Reason  string // in full, as it was written
}

func (PutOff) kind() liaison.Letter { return liaison.LetterPutOff }

func (p PutOff) in(c *catalogue.Catalogue) sheet {
	return p.sheet(c, notice{Head: c.Say("putoff.head"), Lead: c.Say("putoff.lead", "by", p.By, "office", office(c, p.Acting)),
		Facts: facts(fact{"label.meeting", c.Isolate(p.Meeting), true}), Quote: p.Reason, QuoteHead: c.Say("word.reason")})
}

// MeetingUnclosed tells the secretariat that the days of a meeting are over and that what hangs on it waits for its close. Its matter is the
// meeting.
type MeetingUnclosed struct {
	Matter
	From, Until liaison.Date
	Opened      bool
}

func (MeetingUnclosed) kind() liaison.Letter { return liaison.LetterMeetingUnclosed }

func (m MeetingUnclosed) in(c *catalogue.Catalogue) sheet {
	lead := c.Say("unclosed.lead-unopened")
	if m.Opened {
		lead = c.Say("unclosed.lead")
	}
	return m.sheet(c, notice{Head: c.Say("unclosed.head"), Lead: lead, Act: c.Say("unclosed.act"),
		Facts: facts(fact{"label.meeting", days(c, m.From, m.Until), true})})
}

// days is the first day, and the last one where that is another.
func days(c *catalogue.Catalogue, from, until liaison.Date) string {
	if from == until {
		return c.Date(from)
	}
	return c.Isolate(c.Date(from)) + " – " + c.Isolate(c.Date(until))
}

// CorrespondenceOpened asks those who may object to a statement, until the end of a day. By correspondence silence is never consent:
// after that day the chair decides. By no objection it is what the letter says that it is.
type CorrespondenceOpened struct {
	Matter
	Until liaison.Date
	Mode  liaison.ApprovalMode
	By    string // who opened the window
}

func (CorrespondenceOpened) kind() liaison.Letter { return liaison.LetterWindowOpened }

func (o CorrespondenceOpened) in(c *catalogue.Catalogue) sheet {
	lead := c.Say("correspondence.lead-opened", "date", o.Until)
	if o.Mode == liaison.ByNoObjection {
		lead = c.Say("correspondence.lead-opened-no-objection", "by", o.By, "date", o.Until)
	}
	return o.sheet(c, notice{Head: c.Say("correspondence.head-opened"), Lead: lead,
		Facts: facts(fact{"label.until", c.Date(o.Until), true})})
}

// CorrespondenceClosing reminds those who have said nothing.
type CorrespondenceClosing struct {
	Matter
	Until liaison.Date
	Days  int // left
	Mode  liaison.ApprovalMode
}

func (CorrespondenceClosing) kind() liaison.Letter { return liaison.LetterWindowClosing }

func (o CorrespondenceClosing) in(c *catalogue.Catalogue) sheet {
	lead := c.Say("correspondence.lead-closing", "date", o.Until)
	if o.Mode == liaison.ByNoObjection {
		lead = c.Say("correspondence.lead-closing-no-objection", "date", o.Until)
	}
	return o.sheet(c, notice{Head: c.Say("correspondence.head-closing", "n", o.Days), Lead: lead,
		Facts: facts(fact{"label.until", c.Date(o.Until), true})})
}

// CorrespondenceClosed tells how it ended, and in whose words.
type CorrespondenceClosed struct {
	Matter
	How   liaison.EventKind    // what ended it
	Mode  liaison.ApprovalMode // of an approval
	By    string               // who did it; of an approval by no objection, who opened the window
	Words string               // an objection, or the reason
}

func (CorrespondenceClosed) kind() liaison.Letter { return liaison.LetterWindowClosed }

func (o CorrespondenceClosed) in(c *catalogue.Catalogue) sheet {
	lead, words, who := c.Say("correspondence.lead-closed"), c.Say("word.reason"), ""
	switch o.How {
	case liaison.EventObjected:
		lead, words, who = c.Say("correspondence.lead-objections", "n", 1), c.Say("word.wrote"), c.Isolate(o.By)
	case liaison.EventWindowCancelled:
		lead = c.Say("correspondence.lead-cancelled", "by", o.By)
	case liaison.EventReturned:
		lead = c.Say("correspondence.lead-returned", "by", o.By)
	case liaison.EventRejected:
		lead = c.Say("correspondence.lead-rejected", "by", o.By)
	case liaison.EventWithdrawn:
		lead = c.Say("correspondence.lead-withdrawn", "by", o.By)
	case liaison.EventApproved:
		lead = c.Say("correspondence.lead-approved", "by", o.By, "number", o.number())
		if o.Mode == liaison.ByNoObjection {
			lead = c.Say("correspondence.lead-approved-no-objection", "by", o.By, "number", o.number())
		}
	}
	return o.sheet(c, notice{Head: c.Say("correspondence.head-closed"), Lead: lead, Facts: facts(fact{"label.from", who, true}), Quote: o.Words, QuoteHead: words})
}

// ObjectedLate tells of an objection that came when the time for objections was over.
type ObjectedLate struct {
	Matter
	By    string
	Words string
}

func (ObjectedLate) kind() liaison.Letter { return liaison.LetterObjectedLate }

func (o ObjectedLate) in(c *catalogue.Catalogue) sheet {
	return o.sheet(c, notice{Head: c.Say("correspondence.head-late"), Lead: c.Say("correspondence.lead-late", "by", o.By),
		Quote: o.Words, QuoteHead: c.Say("word.wrote")})
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
	Mode     liaison.ApprovalMode
}

func (Approved) kind() liaison.Letter { return liaison.LetterApproved }

func (a Approved) in(c *catalogue.Catalogue) sheet {
	if a.Mode == liaison.ByNoObjection {
		return a.sheet(c, notice{Head: c.Say("approved.head"),
			Lead: c.Say("approved.lead-no-objection", "by", a.By, "office", office(c, a.Acting), "number", a.number())})
	}
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
