package liaison

// StudyPeriod is one of ITU-T's study periods. Numbers of statements restart with each.
type StudyPeriod struct {
	Name  string // "2025-2028"
	From  Date
	Until Date
}

// StudyPeriods are those that statements of this register can fall in. A period begins after the WTSA that ends the one
// before; the days are those of 1 January and 31 December as the Union names the periods.
var StudyPeriods = []StudyPeriod{
	{"2017-2021", "2017-01-01", "2021-12-31"},
	{"2022-2024", "2022-01-01", "2024-12-31"},
	{"2025-2028", "2025-01-01", "2028-12-31"},
	{"2029-2032", "2029-01-01", "2032-12-31"},
}

// PeriodOn returns the study period that day falls in.
func PeriodOn(day Date) (StudyPeriod, error) {
	for _, p := range StudyPeriods {
		if day.Within(p.From, p.Until) {
			return p, nil
		}
	}
	return StudyPeriod{}, Refuse(Invalid, "No study period is recorded for %s. The operator adds one to the table of study periods.", day)
}
