package mail

import (
	"cmp"
	"slices"

	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail/catalogue"
)

// Dispatched is the copy to the drafter and the secretariat: what each addressee's server answered. A server that
// accepted a message said no more than that, so nothing here is called delivered.
type Dispatched struct {
	To       liaison.Person
	Group    liaison.Body
	Ref      string
	Title    string
	Language string // of the title, "" if not known
	Complete bool   // every message was accepted
	Rows     []DispatchedRow
	URL      string // the statement
	Settings string // the page where the reader chooses what comes at once; "" for none
}

// DispatchedRow is the outcome for one addressee.
type DispatchedRow struct {
	Name    string
	Email   string
	Purpose string // by its label: "For action"
	State   liaison.TransmissionState
	Reply   string // the server's words, "" for none
}

func (Dispatched) kind() liaison.Letter { return liaison.LetterSent }
func (Dispatched) automatic() bool      { return true }

func (d Dispatched) in(c *catalogue.Catalogue) sheet {
	head, lead := d.Head(c), c.Say("dispatched.lead", "number", d.Ref)
	if !d.Complete {
		head = c.Say("dispatched.head-count", "failed", len(d.Rows)-d.Accepted(), "n", len(d.Rows))
		lead = c.Say("dispatched.lead-part", "number", d.Ref, "accepted", d.Accepted(), "n", len(d.Rows))
	}
	return sheet{
		template: "dispatched", data: d,
		subject: c.Plain("about.subject", "number", d.Ref, "head", head, "title", d.Title),
		line:    line{Head: head, Ref: d.Ref, Title: d.Title, Lead: lead, URL: d.URL},
	}
}

// Head says what happened in a word or three.
func (d Dispatched) Head(c *catalogue.Catalogue) string {
	if d.Complete {
		return c.Say("dispatched.head")
	}
	return c.Say("dispatched.head-part")
}

// Accepted counts the messages that their servers took over.
func (d Dispatched) Accepted() int {
	n := 0
	for _, r := range d.Rows {
		if r.State == liaison.TransmissionAccepted {
			n++
		}
	}
	return n
}

// Sorted is the rows with what needs a person first; within one state they keep their order.
func (d Dispatched) Sorted() []DispatchedRow {
	order := []liaison.TransmissionState{liaison.TransmissionRefused, liaison.TransmissionBounced, liaison.TransmissionUnknown, liaison.TransmissionDeferred,
		liaison.TransmissionCancelled, liaison.TransmissionAttempting, liaison.TransmissionQueued, liaison.TransmissionAssumed, liaison.TransmissionAccepted}
	rows := slices.Clone(d.Rows)
	slices.SortStableFunc(rows, func(a, b DispatchedRow) int {
		return cmp.Compare(slices.Index(order, a.State), slices.Index(order, b.State))
	})
	return rows
}

// Failed reports whether the row is one that a person has to look at.
func (r DispatchedRow) Failed() bool { return r.State != liaison.TransmissionAccepted }

// Label is the state in words.
func (r DispatchedRow) Label(c *catalogue.Catalogue) string {
	if key := "state." + string(r.State); c.Has(key) {
		return c.Say(key)
	}
	return r.State.Label()
}

// Meaning says what the state means where its label does not.
func (r DispatchedRow) Meaning(c *catalogue.Catalogue) string {
	if !r.Failed() {
		return ""
	}
	if key := "meaning." + string(r.State); c.Has(key) {
		return c.Say(key)
	}
	for _, x := range liaison.TransmissionStates {
		if x.State == r.State {
			return x.Meaning
		}
	}
	return ""
}
