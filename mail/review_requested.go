package mail

import "github.com/jca-ml/liaison/liaison"

// ReviewRequested tells the chair what waits for a decision.
type ReviewRequested struct {
	To       liaison.Person
	Group    liaison.Body
	Content  liaison.Content
	Revision int
	Digest   liaison.Digest // of the revision
	Drafter  string
	URL      string // the review page
}

func (ReviewRequested) kind() liaison.Letter { return liaison.LetterReview }
func (ReviewRequested) automatic() bool      { return true }
func (r ReviewRequested) subject() string {
	return "[" + r.Group.Label() + "] For your decision: " + r.Content.Title
}
