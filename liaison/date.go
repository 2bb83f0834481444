package liaison

import "time"

// Date is a day of the calendar as YYYY-MM-DD, without a time or a zone; "" is no date. Deadlines and terms of office
// are days, inclusive, in the group's own time zone. Dates compare as strings.
type Date string

// ParseDate accepts exactly YYYY-MM-DD and days that exist; "" is no date.
func ParseDate(s string) (Date, error) {
	if s == "" {
		return "", nil
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() < 1865 { // the Union's founding: nothing in the field is older
		return "", Refuse(Invalid, "%q is not a date: write year, month and day as in 2026-11-23.", s)
	}
	return Date(s), nil
}

// DateOf returns the day that t falls on in zone.
func DateOf(t time.Time, zone *time.Location) Date { return Date(t.In(zone).Format(time.DateOnly)) }

// String returns the day as a reader of a letter expects it, "23 November 2026", or "" for none.
func (d Date) String() string {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return string(d)
	}
	return t.Format("2 January 2006")
}

// Within reports whether d lies in the days from..until, both inclusive; an empty until has no end.
func (d Date) Within(from, until Date) bool { return from <= d && (until == "" || d <= until) }

// DaysBetween counts the days from a to b, negative if b is earlier; 0 if either is no date.
func DaysBetween(a, b Date) int {
	from, err1 := time.Parse(time.DateOnly, string(a))
	until, err2 := time.Parse(time.DateOnly, string(b))
	if err1 != nil || err2 != nil {
		return 0
	}
	return int(until.Sub(from).Hours() / 24)
}

// Plus is the day n days after d, or before it for a negative n; "" has none.
func (d Date) Plus(n int) Date {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return ""
	}
	return Date(t.AddDate(0, 0, n).Format(time.DateOnly))
}
