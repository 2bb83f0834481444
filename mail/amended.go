package mail

import (
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail/catalogue"
)

// ApprovalVoid tells who approved a statement that it was taken back for changes before it left, so that the approval holds no more.
type ApprovalVoid struct {
	Matter
	By     string // who took it back
	Acting string // in which capacity, by its label: "Secretariat"
	Reason string // in full, as it was written
}

func (ApprovalVoid) kind() liaison.Letter { return liaison.LetterVoided }

func (v ApprovalVoid) in(c *catalogue.Catalogue) sheet {
	return v.sheet(c, notice{Head: c.Say("voided.head"), Lead: c.Say("voided.lead", "by", v.By, "office", office(c, v.Acting), "number", v.number()),
		Quote: v.Reason, QuoteHead: c.Say("word.reason")})
}

// Amended tells who approved a statement that the secretariat corrected it editorially, under the same approval, and where the
// difference is seen, word by word.
type Amended struct {
	Matter
	By     string
	Acting string
	Reason string
}

func (Amended) kind() liaison.Letter { return liaison.LetterAmended }

func (a Amended) in(c *catalogue.Catalogue) sheet {
	return a.sheet(c, notice{Head: c.Say("amended.head"), Lead: c.Say("amended.lead", "by", a.By, "office", office(c, a.Acting), "number", a.number()),
		Quote: a.Reason, QuoteHead: c.Say("word.reason"), Act: c.Say("amended.act")})
}
