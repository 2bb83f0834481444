package calendar_test

import (
	"strings"
	"testing"
	"time"

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
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	b := calendar.Write("Replies to JCA-ML", []calendar.Entry{{UID: "x@liaison.example", Title: "Reply to JCA-ML-LS1; due", URL: "https://liaison.example/a/x", Day: "2027-01-31"}, {UID: "none", Title: "no day"}}, at)
	got, err := calendar.Read(b, "w3c", "own", time.UTC)
	if err != nil || len(got) != 1 || got[0].From != "2027-01-31" || got[0].Until != "2027-01-31" || got[0].Title != "Reply to JCA-ML-LS1; due" {
		t.Errorf("%+v, %v:\n%s", got, err, b)
	}
}
