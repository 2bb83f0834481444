// Package calendar reads meetings from iCalendar files (RFC 5545), and writes deadlines into them.
package calendar

import (
	"bytes"
	"fmt"
	"strings"
	"time"
	"unicode"

	ics "github.com/arran4/golang-ical"
	"github.com/google/uuid"

	"github.com/jca-ml/liaison/liaison"
)

// space is what the ids of meetings are made in, from their calendar's UID: the same entry is the same meeting.
var space = uuid.MustParse("0190c0de-0000-7000-8000-00000000ca1e")

// Read returns the meetings of a group that a calendar holds, an entry each. Days are those of zone; the end of an entry of whole
// days is the day before its DTEND, as RFC 5545, 3.6.1 has it. What is no calendar, or an entry without a UID, a title or a day,
// is refused with which one.
func Read(content []byte, group liaison.Code, name string, zone *time.Location) ([]liaison.Meeting, error) {
	cal, err := ics.ParseCalendar(bytes.NewReader(content))
	if err != nil {
		return nil, liaison.Refuse(liaison.Invalid, "%s is no iCalendar file: %v. Export the calendar again as .ics.", name, err)
	}
	var out []liaison.Meeting
	for i, e := range cal.Events() {
		m, err := meeting(e, group, name, zone)
		if err != nil {
			return nil, liaison.Refuse(liaison.Invalid, "Entry %d of %s cannot be used: %v. Nothing was taken over.", i+1, name, err)
		}
		out = append(out, m)
	}
	if len(out) == 0 {
		return nil, liaison.Refuse(liaison.Invalid, "%s holds no meeting. Export the calendar with its entries.", name)
	}
	return out, nil
}

func meeting(e *ics.VEvent, group liaison.Code, name string, zone *time.Location) (liaison.Meeting, error) {
	text := func(p ics.ComponentProperty) string {
		if v := e.GetProperty(p); v != nil {
			return strings.TrimSpace(v.Value)
		}
		return ""
	}
	uid, title := text(ics.ComponentPropertyUniqueId), text(ics.ComponentPropertySummary)
	if uid == "" || title == "" {
		return liaison.Meeting{}, fmt.Errorf("it has no UID or no SUMMARY")
	}
	from, err := e.GetStartAt()
	whole := false
	if day, err2 := e.GetAllDayStartAt(); err2 == nil && !strings.Contains(text(ics.ComponentPropertyDtStart), "T") {
		from, err, whole = day, nil, true
	}
	if err != nil {
		return liaison.Meeting{}, fmt.Errorf("%q has no first day: %w", title, err)
	}
	until := from
	if end, err := e.GetEndAt(); err == nil {
		until = end
	}
	if whole {
		until = from
		if end, err := e.GetAllDayEndAt(); err == nil && end.After(from) {
			until = end.AddDate(0, 0, -1)
		}
	}
	m := liaison.Meeting{
		ID: liaison.MeetingID(uuid.NewSHA1(space, []byte(string(group)+"\x00"+uid)).String()), Group: group, Title: title, Place: text(ics.ComponentPropertyLocation),
		From: date(from, zone, whole), Until: date(until, zone, whole), State: liaison.MeetingPlanned, UID: uid, Source: name,
	}
	if strings.EqualFold(text(ics.ComponentPropertyStatus), string(ics.ObjectStatusCancelled)) {
		m.State = liaison.MeetingCancelled
	}
	if m.From > m.Until {
		return m, fmt.Errorf("%q ends before it begins", title)
	}
	return m, nil
}

// date is the day of t. A whole day is the same one in every zone.
func date(t time.Time, zone *time.Location, whole bool) liaison.Date {
	if whole {
		return liaison.Date(t.Format(time.DateOnly))
	}
	return liaison.DateOf(t, zone)
}

// Entry is a day to be written into a calendar.
type Entry struct {
	UID, Title, Text, URL string
	Day                   liaison.Date
	Changed               time.Time // when what it says was last changed
}

// Write makes a calendar of whole days, for a program that looks at it again and again (RFC 5545; without a METHOD, which would ask
// for an organizer). The same entries make the same bytes.
func Write(name string, entries []Entry) []byte {
	cal := ics.NewCalendarFor("Liaison")
	cal.SetProductId("-//Liaison//Deadlines//EN")
	cal.SetCalscale("GREGORIAN")
	cal.SetName(name)
	cal.SetXWRCalName(name)
	cal.SetRefreshInterval("PT1H")
	cal.SetXPublishedTTL("PT1H")
	for _, x := range entries {
		day, err := time.Parse(time.DateOnly, string(x.Day))
		if err != nil {
			continue // no day: nothing to put into a calendar
		}
		e := cal.AddEvent(x.UID)
		e.SetDtStampTime(x.Changed)
		e.SetAllDayStartAt(day)
		e.SetAllDayEndAt(day.AddDate(0, 0, 1))
		e.SetSummary(plain(x.Title))
		if x.Text != "" {
			e.SetDescription(plain(x.Text))
		}
		e.SetURL(x.URL)
		e.SetTimeTransparency(ics.TransparencyTransparent) // a deadline keeps nobody from meeting
	}
	return []byte(cal.Serialize(ics.WithNewLineWindows))
}

// plain leaves out what no text of a calendar may hold: control characters but the end of a line.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' {
			return -1
		}
		return r
	}, s)
}
