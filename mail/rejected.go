package mail

import "github.com/jca-ml/liaison/liaison"

// Rejected tells the drafter that a statement will not be sent, and why.
type Rejected struct {
	To       liaison.Person
	Group    liaison.Body
	Title    string
	Revision int
	By       string // who rejected it
	Acting   string // in which capacity: "Chair"
	Reason   string // in full, as it was written
	URL      string // the statement
}

func (Rejected) kind() liaison.Letter { return liaison.LetterRejected }
func (Rejected) automatic() bool      { return true }
func (r Rejected) subject() string {
	return "[" + r.Group.Label() + "] Rejected: " + r.Title
}
