package mail

import (
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail/catalogue"
)

// ReportDue reminds the chair of the progress report to the parent group.
type ReportDue struct {
	Matter
	Parent string // "ITU-T SG13"
	Due    liaison.Date
	Days   int // left; 0 is today
}

func (ReportDue) kind() liaison.Letter { return liaison.LetterReportDue }

func (r ReportDue) in(c *catalogue.Catalogue) sheet {
	head := c.Say("report.head-due-today")
	if r.Days > 0 {
		head = c.Say("report.head-due", "n", r.Days)
	}
	return r.sheet(c, notice{Head: head, Lead: c.Say("report.lead-due", "group", r.Group.Label(), "parent", r.Parent, "date", r.Due),
		Facts: facts(fact{"label.parent", c.Isolate(r.Parent), false}, fact{"label.deadline", c.Date(r.Due), true})})
}

// ReportLate tells an office that the day has passed by which the progress report was due, and that it is not posted.
type ReportLate struct {
	Matter
	Parent string
	Due    liaison.Date
	Days   int // ago, at least 1
}

func (ReportLate) kind() liaison.Letter { return liaison.LetterReportLate }

func (r ReportLate) in(c *catalogue.Catalogue) sheet {
	return r.sheet(c, notice{Head: c.Say("report.head-late", "n", r.Days), Lead: c.Say("report.lead-late", "group", r.Group.Label(), "parent", r.Parent, "date", r.Due),
		Facts: facts(fact{"label.parent", c.Isolate(r.Parent), false}, fact{"label.deadline", c.Date(r.Due), true})})
}

// ReportMissed tells that a meeting of the parent group closed without the report that was due for it.
type ReportMissed struct {
	Matter
	Parent string
	Closed liaison.Date // the last day of the meeting
}

func (ReportMissed) kind() liaison.Letter { return liaison.LetterReportMissed }

func (r ReportMissed) in(c *catalogue.Catalogue) sheet {
	return r.sheet(c, notice{Head: c.Say("report.head-missed"), Lead: c.Say("report.lead-missed", "group", r.Group.Label(), "parent", r.Parent, "date", r.Closed),
		Facts: facts(fact{"label.parent", c.Isolate(r.Parent), true})})
}

// ProposalAnswered tells what a study group said to a proposal.
type ProposalAnswered struct {
	Matter
	Proposal  int
	Addressee string // the group
	By        string
	Answer    liaison.ProposalAnswer
	Words     string // what goes with it, "" for nothing
}

func (ProposalAnswered) kind() liaison.Letter { return liaison.LetterProposalAnswered }

func (p ProposalAnswered) in(c *catalogue.Catalogue) sheet {
	lead := c.Say("answered.head") // in words of its own where the answer is none that there are words for
	if key := "answered.lead-" + string(p.Answer); c.Has(key) {
		lead = c.Say(key, "by", p.By, "addressee", p.Addressee, "number", p.Proposal, "report", p.number())
	}
	return p.sheet(c, notice{Head: c.Say("answered.head"), Quote: p.Words, QuoteHead: c.Say("word.text"), Lead: lead,
		Facts: facts(fact{"label.from", c.Isolate(p.Addressee), true})})
}

// ReportSubmitted tells the group's officers that the report is with the parent group.
type ReportSubmitted struct {
	Matter
	Parent      string
	Document    string // its number there: "TD 151 (PLEN/13)"
	Provisional bool   // sent before the group approved it
}

func (ReportSubmitted) kind() liaison.Letter { return liaison.LetterReportSubmitted }

func (r ReportSubmitted) in(c *catalogue.Catalogue) sheet {
	key := "report.lead-submitted"
	if r.Provisional {
		key = "report.lead-provisional"
	}
	return r.sheet(c, notice{Head: c.Say("report.head-submitted"), Lead: c.Say(key, "group", r.Group.Label(), "parent", r.Parent),
		Facts: facts(fact{"label.parent", c.Isolate(r.Parent), false}, fact{"label.document", c.Isolate(r.Document), true})})
}

// ReportPresented tells them what the parent group did with it.
type ReportPresented struct {
	Matter
	Parent   string
	Document string
	Meeting  string
	Outcome  string // in the parent group's words, "" if there are none
}

func (ReportPresented) kind() liaison.Letter { return liaison.LetterReportPresented }

func (r ReportPresented) in(c *catalogue.Catalogue) sheet {
	return r.sheet(c, notice{Head: c.Say("report.head-presented"), Quote: r.Outcome, QuoteHead: c.Say("word.outcome"),
		Lead: c.Say("report.lead-presented", "group", r.Group.Label(), "parent", r.Parent),
		Facts: facts(fact{"label.parent", c.Isolate(r.Parent), false}, fact{"label.document", c.Isolate(r.Document), false},
			fact{"label.meeting", c.Isolate(r.Meeting), true})})
}

// LifetimeReview reminds the group and its parent that the group's continuation is to be decided. It goes out on the days
// of [LifetimeReviewDays] before that date. Title is the group's name.
type LifetimeReview struct {
	Matter
	Parent   string
	ReviewBy liaison.Date
	Days     int // left
}

// LifetimeReviewDays are the days before the review date on which [LifetimeReview] is sent.
var LifetimeReviewDays = []int{180, 90, 30}

func (LifetimeReview) kind() liaison.Letter { return "lifetime-review" }

func (l LifetimeReview) in(c *catalogue.Catalogue) sheet {
	return l.sheet(c, notice{Head: c.Say("lifetime.head", "n", l.Days), Act: c.Say("lifetime.act"),
		Lead:  c.Say("lifetime.lead", "group", l.Group.Label(), "date", l.ReviewBy, "parent", l.Parent),
		Facts: facts(fact{"label.parent", c.Isolate(l.Parent), false}, fact{"label.review-by", c.Date(l.ReviewBy), true})})
}
