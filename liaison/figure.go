package liaison

import (
	"slices"
	"strconv"
	"time"
)

// FigureKey names a key figure.
type FigureKey string

// The key figures, each defined in [Figures].
const (
	FigureSent       FigureKey = "sent"
	FigureReceived   FigureKey = "received"
	FigureToApprove  FigureKey = "to-approve"
	FigureToAnswer   FigureKey = "to-answer"
	FigureOnTime     FigureKey = "on-time"
	FigureOverdue    FigureKey = "overdue"
	FigureBounced    FigureKey = "bounced"
	FigureOpen       FigureKey = "open"
	FigureUnanswered FigureKey = "unanswered"
)

// FigureKind is how a figure is said.
type FigureKind string

// The kinds of figure: a number of things, a share of a number of things, and a median of days.
const (
	FigureCount FigureKind = "count"
	FigureShare FigureKind = "share"
	FigureDays  FigureKind = "days"
)

// Figures lists every key figure in the order of the report, with its kind and its definition. The definitions are ours:
// the text of Appendix I of Rec. ITU-T A.18 (2025) was not at hand.
var Figures = []struct {
	Key        FigureKey
	Kind       FigureKind
	Definition string
}{
	{FigureSent, FigureCount, "statements whose dispatch began in the period"},
	{FigureReceived, FigureCount, "statements that came in during the period, to the group's mailbox or about a statement of the group"},
	{FigureToApprove, FigureDays, "days from the first submission to the approval: the median over the statements approved in the period"},
	{FigureToAnswer, FigureDays, "days from the dispatch until the reply came, whenever it was linked: the median over the replies that came in the period"},
	{FigureOnTime, FigureShare, "of the replies that were due in the period, those that came by their day; without those that were declined, waived, redirected or awaited no more on that day, and days that are not over"},
	{FigureOverdue, FigureCount, "replies that were due before the end of the period and that the addressee still owed then"},
	{FigureBounced, FigureShare, "of the messages to addressees that were handed over in the period, those that came back or were refused by its end"},
	{FigureOpen, FigureCount, "addressees that a reply was still awaited from at the end of the period, redirected ones too; a statement that was closed, recalled or superseded awaits none"},
	{FigureUnanswered, FigureCount, "proposals of earlier reports that a study group had not answered by the end of the period"},
}

// Figure is a key figure of one period. A share is Count of Of; a median of days is in tenths of a day, over Of values; with
// nothing to count it is not known, and no zero is made up.
type Figure struct {
	Key    FigureKey `json:"key"`
	Count  int       `json:"count"`
	Of     int       `json:"of,omitempty"`
	Tenths int       `json:"tenths,omitempty"`
}

// Kind is how the figure is said.
func (f Figure) Kind() FigureKind {
	for _, x := range Figures {
		if x.Key == f.Key {
			return x.Kind
		}
	}
	return FigureCount
}

// Known reports whether there was anything to count.
func (f Figure) Known() bool { return f.Kind() == FigureCount || f.Of > 0 }

// Figure returns a key figure of the report.
func (r Report) Figure(key FigureKey) (Figure, bool) {
	for _, s := range r.Sections {
		for _, f := range s.Figures {
			if f.Key == key {
				return f, true
			}
		}
	}
	return Figure{}, false
}

func (a assembly) figures() Section {
	var toApprove, toAnswer []time.Duration
	sent, received, due, onTime, overdue, handed, failed, open := 0, 0, 0, 0, 0, 0, 0, 0
	ages := [4]int{}
	replies := map[AnswerKind]int{}
	for _, s := range a.Out {
		if a.within(s.Dispatched) {
			sent++
		}
		if a.within(s.Approved) && !s.Submitted.IsZero() {
			toApprove = append(toApprove, s.Approved.Sub(s.Submitted))
		}
		for _, to := range s.To {
			if a.within(to.Sent) {
				handed++
				if to.Failed {
					failed++
				}
			}
			answer := a.awaited(s, to)
			if answer != AnswerNone {
				replies[answer]++
			}
			if a.dueWithin(s, to) {
				due++
				if a.stands(s, to) == AnswerOnTime {
					onTime++
				}
			}
			if answer == AnswerOverdue {
				overdue++
			}
			if answer.rule().Open {
				open++
				ages[ageOf(DateOf(to.Sent, a.Zone), a.Until)]++
			}
			if a.within(to.Answered) && to.Answer.rule().Replied && to.Due != "" {
				toAnswer = append(toAnswer, to.Answered.Sub(to.Sent))
			}
		}
	}
	for _, in := range a.In {
		if a.within(in.Received) {
			received++
		}
	}
	approve, answer := median(toApprove), median(toAnswer)
	byAge := ReportTable{Key: TableOpenByAge, Rows: []Row{}}
	for i, n := range ages {
		byAge.Rows = append(byAge.Rows, Row{Cells: []Cell{word("progress.age-" + ageWords[i]), number(n)}})
	}
	answers := ReportTable{Key: TableReplies, Rows: []Row{}}
	for _, x := range Answers {
		answers.Rows = append(answers.Rows, Row{Cells: []Cell{x.Kind.word(), number(replies[x.Kind])}})
	}
	waiting := ReportTable{Key: TableWaiting, Rows: []Row{}}
	for _, x := range States {
		if n := a.Waiting[x.State]; n > 0 && !x.Final {
			waiting.Rows = append(waiting.Rows, Row{Cells: []Cell{word("progress.state-" + string(x.State)), number(n)}})
		}
	}
	return Section{
		Figures: []Figure{
			{Key: FigureSent, Count: sent}, {Key: FigureReceived, Count: received},
			{Key: FigureToApprove, Of: len(toApprove), Tenths: approve}, {Key: FigureToAnswer, Of: len(toAnswer), Tenths: answer},
			{Key: FigureOnTime, Count: onTime, Of: due}, {Key: FigureOverdue, Count: overdue}, {Key: FigureBounced, Count: failed, Of: handed},
			{Key: FigureOpen, Count: open}, {Key: FigureUnanswered, Count: len(a.Unanswered)},
		},
		Tables: []ReportTable{byAge, answers, waiting},
	}
}

// FigureRows are the rows that a key figure was counted from, by the same rules, so that anybody can count again: of a share,
// those that count and then the others. It is empty for a figure that nothing was counted for.
func FigureRows(f ReportFacts, key FigureKey) ReportTable {
	a := assembly{ReportFacts: f}
	counted, rest := []Row{}, []Row{}
	add := func(s OutFact, to *OutAddressee, from, until time.Time, answer AnswerKind, counts bool) {
		row := Row{Statement: s.ID, Cells: []Cell{text(s.Ref), s.title(), {}, {}, {}, {}}}
		if to != nil {
			row.Body, row.Cells[2] = s.body(*to), s.told(to.Name)
		}
		if !from.IsZero() {
			row.Cells[3] = day(DateOf(from, a.Zone))
		}
		if !until.IsZero() {
			row.Cells[4] = day(DateOf(until, a.Zone))
		}
		row.Cells[5] = answer.word()
		if counts {
			counted = append(counted, row)
		} else {
			rest = append(rest, row)
		}
	}
	for _, s := range a.Out {
		switch {
		case key == FigureSent && a.within(s.Dispatched):
			add(s, nil, s.Approved, s.Dispatched, AnswerNone, true)
		case key == FigureToApprove && a.within(s.Approved) && !s.Submitted.IsZero():
			add(s, nil, s.Submitted, s.Approved, AnswerNone, true)
		}
		for _, to := range s.To {
			answer := a.stands(s, to)
			switch key {
			case FigureToAnswer:
				if a.within(to.Answered) && to.Answer.rule().Replied && to.Due != "" {
					add(s, &to, to.Sent, to.Answered, answer, true)
				}
			case FigureOnTime:
				if a.dueWithin(s, to) {
					add(s, &to, to.Sent, to.Answered, answer, answer == AnswerOnTime)
				}
			case FigureOverdue:
				if answer == AnswerOverdue {
					add(s, &to, to.Sent, time.Time{}, answer, true)
				}
			case FigureOpen:
				if answer.rule().Open {
					add(s, &to, to.Sent, time.Time{}, answer, true)
				}
			case FigureBounced:
				if a.within(to.Sent) {
					add(s, &to, to.Sent, time.Time{}, AnswerNone, to.Failed)
				}
			}
		}
	}
	if key == FigureReceived {
		for _, in := range a.In {
			if a.within(in.Received) {
				counted = append(counted, Row{Statement: in.about(), Cells: []Cell{{}, told(in.Closed, in.Title), told(in.Closed, in.From), day(DateOf(in.Received, a.Zone)), {}, word(in.Disposition)}})
			}
		}
	}
	if key == FigureUnanswered {
		for _, p := range a.Unanswered {
			counted = append(counted, Row{Statement: p.Statement, Body: p.Body.Code, Cells: []Cell{text(p.Ref), text(strconv.Itoa(p.Proposal.Number) + ". " + p.Proposal.Title), text(p.Body.Label()), {}, {}, {}}})
		}
	}
	return ReportTable{Key: TableBehind, Rows: append(counted, rest...)}
}

// dueWithin reports whether a reply was due in the period, on a day that was over at AsOf, and is one that is judged by its day. Of what
// ended by that day nothing was due on it.
func (a assembly) dueWithin(s OutFact, to OutAddressee) bool {
	answer := a.stands(s, to)
	return answer.rule().Judged && to.Due.Within(a.From, a.Until) && to.Due < DateOf(a.AsOf, a.Zone) &&
		(answer != AnswerMissing || DateOf(s.Ended, a.Zone) > to.Due)
}

// ageWords are the ages of an open question, in days since it was sent, as keys of the catalogue.
var ageWords = [4]string{"0-30", "31-60", "61-90", "over-90"}

func ageOf(sent, until Date) int {
	switch n := DaysBetween(sent, until); {
	case n <= 30:
		return 0
	case n <= 60:
		return 1
	case n <= 90:
		return 2
	default:
		return 3
	}
}

// median is that of the durations, in tenths of a day of 24 hours, half a tenth rounded up; the mean of the two in the
// middle of an even number.
func median(ds []time.Duration) int {
	if len(ds) == 0 {
		return 0
	}
	slices.Sort(ds)
	m := ds[len(ds)/2]
	if len(ds)%2 == 0 {
		m = (ds[len(ds)/2-1] + m) / 2
	}
	const tenth = 24 * time.Hour / 10
	return int((m + tenth/2) / tenth)
}

// MayReadRows refuses who may not see the rows behind the key figures of a report: some are of statements that have not left, so they
// are for those who work in the group.
func (s Snapshot) MayReadRows(p PersonID) error {
	if s.CapacitiesOf(p)[0] == AsReader {
		return Refuse(Forbidden, "The rows behind a figure are for the officers of the group: some are of statements that have not left.")
	}
	return nil
}
