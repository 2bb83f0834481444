package liaison

import (
	"slices"
)

// ReportOutcome is what the parent group did with a report.
type ReportOutcome string

// The outcomes.
const (
	ReportOpen      ReportOutcome = ""
	ReportPresented ReportOutcome = "presented"
	ReportNoted     ReportOutcome = "noted"
	ReportAccepted  ReportOutcome = "accepted"
	ReportReturned  ReportOutcome = "returned"
)

// ReportOutcomes lists every outcome with its label and what can follow, as the database's CHECK does.
var ReportOutcomes = []struct {
	Outcome ReportOutcome
	Label   string
	Command CommandKind // that records it, by an event
	Event   EventKind
	Next    []ReportOutcome
	right   RelationKind // what puts right a report that stands so
}{
	{ReportOpen, "Not presented yet", "", "", []ReportOutcome{ReportPresented, ReportNoted, ReportAccepted, ReportReturned}, Revises},
	{ReportPresented, "Presented", DoPresent, EventPresented, []ReportOutcome{ReportNoted, ReportAccepted, ReportReturned}, Corrects},
	{ReportNoted, "Noted by the parent group", DoNote, EventNoted, nil, Corrects},
	{ReportAccepted, "Accepted by the parent group", DoAccept, EventAcceptedByParent, nil, Corrects},
	{ReportReturned, "Returned by the parent group", DoSendBack, EventReturnedByParent, nil, Revises},
}

// PutRight is by what a report that stands so is put right: a revised one takes its place while it was not presented, and when it was
// returned; once the parent group has it, a corrigendum says what is to be read otherwise. A corrigendum is followed by another one.
func (o ReportOutcome) PutRight(corrigendum bool) RelationKind {
	if corrigendum {
		return Corrects
	}
	for _, x := range ReportOutcomes {
		if x.Outcome == o {
			return x.right
		}
	}
	return ""
}

// Label is the outcome in words.
func (o ReportOutcome) Label() string {
	for _, x := range ReportOutcomes {
		if x.Outcome == o {
			return x.Label
		}
	}
	return string(o)
}

// May reports whether next can follow o.
func (o ReportOutcome) May(next ReportOutcome) bool {
	for _, x := range ReportOutcomes {
		if x.Outcome == o {
			return slices.Contains(x.Next, next)
		}
	}
	return false
}

// OutcomeOf is the outcome that a command records, "" for any other command.
func OutcomeOf(k CommandKind) ReportOutcome {
	for _, x := range ReportOutcomes {
		if x.Command == k && k != "" {
			return x.Outcome
		}
	}
	return ReportOpen
}

// OutcomeIn is the outcome that an event records, "" for any other event.
func OutcomeIn(e EventKind) ReportOutcome {
	for _, x := range ReportOutcomes {
		if x.Event == e && e != "" {
			return x.Outcome
		}
	}
	return ReportOpen
}
