package liaison

import "slices"

// Reports follow one another: what a day brought stands in one of them, and in one only. A person may see reason for something else,
// so an overlap or a gap is said and refuses nothing; decision 75.

// ReportPeriod is the period of a report that counts: one that is open, or was sent and not recalled, and is no corrigendum.
type ReportPeriod struct {
	Statement StatementID
	Keeps     StatementID // the report under whose number it goes out, which it revises, "" for none
	Ref       string      // "" while it has no number
	Sent      bool
	From      Date
	Until     Date
}

// cite names it as in "… is in JCA-ML-R3 too".
func (p ReportPeriod) cite() string {
	if p.Ref == "" {
		return "a report that has not left yet"
	}
	return p.Ref
}

// Counting leaves out what a revised report that was sent took the place of.
func Counting(all []ReportPeriod) []ReportPeriod {
	return slices.DeleteFunc(slices.Clone(all), func(p ReportPeriod) bool {
		return slices.ContainsFunc(all, func(by ReportPeriod) bool { return by.Keeps == p.Statement && by.Sent })
	})
}

// LastReported is the last day that any of the reports tells of, "" where there is none.
func LastReported(all []ReportPeriod) (last Date) {
	for _, p := range Counting(all) {
		last = max(last, p.Until)
	}
	return last
}

// ReportOn is the report that tells of a day, if there is one.
func ReportOn(all []ReportPeriod, day Date) (ReportPeriod, bool) {
	counting := Counting(all)
	i := slices.IndexFunc(counting, func(p ReportPeriod) bool { return day.Within(p.From, p.Until) })
	if i < 0 {
		return ReportPeriod{}, false
	}
	return counting[i], true
}

// checkPeriod says where the period of a report and those of the others overlap, or leave days between them that no report tells of.
// Reports under one number are one and the same to it.
func (s Snapshot) checkPeriod(l *checkList) {
	r := s.Content.Report
	if r == nil || s.Content.IsCorrigendum() || checkDays(r.From, r.Until) != nil {
		return
	}
	keeps := map[StatementID]StatementID{}
	for _, p := range s.Known.Periods {
		keeps[p.Statement] = p.Keeps
	}
	_, keeps[s.ID] = s.Content.Keeps()
	number := func(id StatementID) StatementID {
		for range len(keeps) {
			if keeps[id] == "" {
				break
			}
			id = keeps[id]
		}
		return id
	}
	var before, after ReportPeriod // the nearest
	early, late := false, false    // one that overlaps begins before it, or ends after it, so that no day lies between
	for _, p := range Counting(s.Known.Periods) {
		switch {
		case number(p.Statement) == number(s.ID):
		case p.Until < r.From:
			if p.Until > before.Until {
				before = p
			}
		case p.From > r.Until:
			if after.From == "" || p.From < after.From {
				after = p
			}
		default:
			early, late = early || p.From < r.From, late || p.Until > r.Until
			if p.From <= r.From && p.Until >= r.Until {
				l.should("report.period", "", "No day is left for this report: all of its period is in %s too (%s to %s). Choose another period, or withdraw the one that is not needed.", p.cite(), p.From, p.Until)
				continue
			}
			l.should("report.period", "", "%s to %s is in %s too (%s to %s), so what happened then is told of twice.", max(p.From, r.From), min(p.Until, r.Until), p.cite(), p.From, p.Until)
		}
	}
	if first := before.Until.Plus(1); before.Until != "" && first < r.From && !early {
		l.should("report.period", "", "%s to %s is in no report: %s ends on %s.", first, r.From.Plus(-1), before.cite(), before.Until)
	}
	if before.Until != "" && !before.Sent && !early {
		l.should("report.period", "", "%s to %s is in a report that has not left yet. If that one is withdrawn, let this one begin with its days.", before.From, before.Until)
	}
	if last := after.From.Plus(-1); after.From != "" && last > r.Until && !late {
		l.should("report.period", "", "%s to %s is in no report: %s begins on %s.", r.Until.Plus(1), last, after.cite(), after.From)
	}
}
