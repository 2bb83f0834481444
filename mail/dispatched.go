package mail

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/jca-ml/liaison/liaison"
)

// Dispatched is the copy to the drafter and the secretariat: what each addressee's server answered. A server that
// accepted a message said no more than that, so nothing here is called delivered.
type Dispatched struct {
	To       liaison.Person
	Group    liaison.Body
	Ref      string
	Title    string
	Complete bool // every message was accepted
	Rows     []DispatchedRow
	URL      string // the statement
}

// DispatchedRow is the outcome for one addressee.
type DispatchedRow struct {
	Name    string
	Email   string
	Purpose string // as a label: "For action"
	State   liaison.TransmissionState
	Reply   string // the server's words, "" for none
}

func (Dispatched) kind() liaison.Letter { return liaison.LetterSent }
func (Dispatched) automatic() bool      { return true }

func (d Dispatched) subject() string {
	if d.Complete {
		return "[" + d.Ref + "] Dispatched: " + d.Title
	}
	return fmt.Sprintf("[%s] Dispatched in part, %d of %d not accepted: %s", d.Ref, len(d.Rows)-d.Accepted(), len(d.Rows), d.Title)
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
	order := []liaison.TransmissionState{liaison.TransmissionRefused, liaison.TransmissionUnknown, liaison.TransmissionDeferred,
		liaison.TransmissionCancelled, liaison.TransmissionAttempting, liaison.TransmissionQueued, liaison.TransmissionAccepted}
	rows := slices.Clone(d.Rows)
	slices.SortStableFunc(rows, func(a, b DispatchedRow) int {
		return cmp.Compare(slices.Index(order, a.State), slices.Index(order, b.State))
	})
	return rows
}

// Failed reports whether the row is one that a person has to look at.
func (r DispatchedRow) Failed() bool { return r.State != liaison.TransmissionAccepted }

// Meaning says what the state means where its label does not.
func (r DispatchedRow) Meaning() string {
	if !r.Failed() {
		return ""
	}
	for _, x := range liaison.TransmissionStates {
		if x.State == r.State {
			return x.Meaning
		}
	}
	return ""
}
