package mail

import "github.com/jca-ml/liaison/liaison"

// Returned tells the drafter that a revision came back for changes, and why.
type Returned struct {
	To       liaison.Person
	Group    liaison.Body
	Title    string
	Revision int
	By       string // who returned it
	Acting   string // in which capacity: "Chair"
	Reason   string // in full, as it was written
	URL      string // the statement
}

func (Returned) kind() liaison.Letter { return liaison.LetterReturned }
func (Returned) automatic() bool      { return true }
func (r Returned) subject() string {
	return "[" + r.Group.Label() + "] Returned for changes: " + r.Title
}
