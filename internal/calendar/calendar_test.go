package calendar_test

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/jca-ml/liaison/internal/calendar"
	"github.com/jca-ml/liaison/liaison"
)

func ical(entries ...string) []byte {
	return []byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//ITU//Meetings//EN\r\n" + strings.Join(entries, "") + "END:VCALENDAR\r\n")
}

func TestRead(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Zurich")
	if err != nil {
		t.Fatal(err)
	}
	got, err := calendar.Read(ical(
		"BEGIN:VEVENT\r\nUID:sg13-2027-03@itu.example\r\nDTSTAMP:20261101T000000Z\r\nDTSTART;VALUE=DATE:20270301\r\nDTEND;VALUE=DATE:20270313\r\nSUMMARY:Study Group 13\r\nLOCATION:Geneva\\, Switzerland\r\nEND:VEVENT\r\n",
		"BEGIN:VEVENT\r\nUID:evening\r\nDTSTAMP:20261101T000000Z\r\nDTSTART:20270531T223000Z\r\nDTEND:20270531T233000Z\r\nSUMMARY:Opening\r\nSTATUS:CANCELLED\r\nEND:VEVENT\r\n",
	), "itu-t/sg13", "sg13.ics", zone)
	if err != nil {
		t.Fatal(err)
	}
	want := []liaison.Meeting{
		{ID: got[0].ID, Group: "itu-t/sg13", Title: "Study Group 13", Place: "Geneva, Switzerland", From: "2027-03-01", Until: "2027-03-12", State: liaison.MeetingPlanned, UID: "sg13-2027-03@itu.example", Source: "sg13.ics"},
		{ID: got[1].ID, Group: "itu-t/sg13", Title: "Opening", From: "2027-06-01", Until: "2027-06-01", State: liaison.MeetingCancelled, UID: "evening", Source: "sg13.ics"}, // half past midnight in Geneva
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got[0].ID == got[1].ID {
		t.Error("two entries are one meeting")
	}
}

func TestRefusals(t *testing.T) {
	for name, test := range map[string]struct {
		content []byte
		says    string
	}{
		"no calendar":     {[]byte("<html>"), "no iCalendar file"},
		"nothing in it":   {ical(), "holds no meeting"},
		"no title":        {ical("BEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20270301\r\nEND:VEVENT\r\n"), "Entry 1"},
		"no day":          {ical("BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:SG13\r\nEND:VEVENT\r\n"), "no first day"},
		"ends too early":  {ical("BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:SG13\r\nDTSTART:20270305T100000Z\r\nDTEND:20270301T100000Z\r\nEND:VEVENT\r\n"), "ends before it begins"},
		"a broken second": {ical("BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:SG13\r\nDTSTART;VALUE=DATE:20270301\r\nEND:VEVENT\r\n", "BEGIN:VEVENT\r\nUID:2\r\nEND:VEVENT\r\n"), "Entry 2"},
	} {
		if got, err := calendar.Read(test.content, "itu-t/sg13", "sg13.ics", time.UTC); liaison.CodeOf(err) != liaison.Invalid || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, %v; want a refusal that says %q", name, got, err, test.says)
		}
	}
}

func TestWriteIsReadBack(t *testing.T) {
	changed := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	long := strings.Repeat("تنسيق معايير التعلم الآلي؛ ", 11) + "end"
	entries := []calendar.Entry{
		{UID: "x@liaison", Title: "Reply to JCA-ML-LS1; due, with \\ and \u0007a bell", Text: "One line,\nanother; BEGIN:VEVENT", URL: "https://liaison.example/a/x?a=1,2;b", Day: "2027-01-31", Changed: changed},
		{UID: "none@liaison", Title: "no day"},
		{UID: "y@liaison", Title: long, URL: "https://liaison.example/" + strings.Repeat("y", 200), Day: "2028-02-29", Changed: changed},
	}
	b := calendar.Write("Replies to JCA-ML", entries)
	got, err := calendar.Read(b, "w3c", "own", time.UTC)
	if err != nil || len(got) != 2 || got[0].From != "2027-01-31" || got[0].Until != "2027-01-31" || got[0].Title != `Reply to JCA-ML-LS1; due, with \ and a bell` || got[1].Title != strings.TrimSpace(long) || got[1].From != "2028-02-29" {
		t.Errorf("%+v, %v:\n%s", got, err, b)
	}
	if again := calendar.Write("Replies to JCA-ML", entries); string(again) != string(b) {
		t.Error("the same entries made other bytes")
	}
	// RFC 5545, 3.1: lines end with CRLF and have at most 75 octets, and no character is cut in two.
	for line := range strings.SplitSeq(strings.TrimSuffix(string(b), "\r\n"), "\r\n") {
		if len(line) > 75 || !utf8.ValidString(line) || strings.ContainsFunc(line, unicode.IsControl) {
			t.Errorf("%d octets: %q", len(line), line)
		}
	}
	// 3.6.1 and 3.7: what each has to have, once; no METHOD, which would ask for an ORGANIZER (RFC 5546, 3.2.1).
	unfolded := strings.ReplaceAll(string(b), "\r\n ", "")
	for line, n := range map[string]int{
		"BEGIN:VCALENDAR": 1, "VERSION:2.0": 1, "PRODID:-//Liaison//Deadlines//EN": 1, "BEGIN:VEVENT": 2, "END:VEVENT": 2, "DTSTAMP:20261123T090000Z": 2, "METHOD:PUBLISH": 0,
		"UID:x@liaison": 1, "DTSTART;VALUE=DATE:20270131": 1, "DTEND;VALUE=DATE:20270201": 1, "DTSTART;VALUE=DATE:20280229": 1, "TRANSP:TRANSPARENT": 2,
		`DESCRIPTION:One line\,\nanother\; BEGIN:VEVENT`: 1, "URL:https://liaison.example/a/x?a=1,2;b": 1, "REFRESH-INTERVAL;VALUE=DURATION:PT1H": 1,
	} {
		if got := strings.Count("\r\n"+unfolded, "\r\n"+line+"\r\n"); got != n {
			t.Errorf("%s stands there %d times, want %d", line, got, n)
		}
	}
	if t.Failed() {
		t.Logf("%s", b)
	}
}
