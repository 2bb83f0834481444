package audit_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jca-ml/liaison/internal/audit"
	"github.com/jca-ml/liaison/liaison"
)

// TestApprovalsAtMeetings holds approvals against the meetings of the log and of the register, each time with one thing forged.
func TestApprovalsAtMeetings(t *testing.T) {
	const digest, edited = liaison.Digest("d1"), liaison.Digest("d2")
	type log struct {
		events []liaison.Event
		rows   map[string]string
	}
	at := func() log {
		n := 0
		event := func(e liaison.Event) liaison.Event {
			n++
			e.ID, e.At = liaison.EventID(rune('a'+n)), time.Date(2026, 11, 23, 9, n, 0, 0, time.UTC)
			return e
		}
		statement := func(kind liaison.EventKind, from, to liaison.State, version int, e liaison.Event) liaison.Event {
			e.Kind, e.Statement, e.From, e.To, e.Version, e.Revision = kind, "s", from, to, version, 1
			if e.Digest == "" {
				e.Digest = digest
			}
			return event(e)
		}
		meeting := func(kind liaison.EventKind) liaison.Event {
			return event(liaison.Event{Kind: kind, Body: "jca", Meeting: "m", On: "2026-11-22", Until: "2026-11-24", Actor: "chair", Acting: liaison.AsChair})
		}
		return log{[]liaison.Event{
			meeting(liaison.EventMeetingEntered),
			statement(liaison.EventDrafted, "", liaison.Draft, 1, liaison.Event{}),
			statement(liaison.EventSubmitted, liaison.Draft, liaison.InReview, 2, liaison.Event{}),
			statement(liaison.EventTabled, liaison.InReview, liaison.Tabled, 3, liaison.Event{Meeting: "m", Item: 9}),
			meeting(liaison.EventMeetingOpened),
			statement(liaison.EventApproved, liaison.Tabled, liaison.Approved, 4, liaison.Event{Actor: "chair", Acting: liaison.AsChair, Mode: liaison.AtMeeting, On: "2026-11-23", Meeting: "m", Item: 9}),
			meeting(liaison.EventMeetingClosed),
		}, map[string]string{
			"appointment": `{"export":"appointment","person":"chair","group":"jca","office":"chair","from":"2023-01-01","until":""}`,
			"statement":   `{"export":"statement","id":"s","group":"jca","kind":"","state":"approved","version":4,"revision":1,"digest":"d1","number":1,"period":"2025-2028","approved_digest":"d1","approved_by":"chair"}`,
			"decision":    `{"export":"decision","statement":"s","revision":1,"digest":"d1","kind":"approve","person":"chair","acting":"chair","mode":"meeting","meeting":"m","item":9}`,
			"meeting":     `{"export":"meeting","id":"m","group":"jca","from":"2026-11-22","until":"2026-11-24","state":"closed"}`,
		}}
	}
	const opened, approved, closed = 4, 5, 6
	for name, test := range map[string]struct {
		forge func(*log)
		says  string // "" for nothing wrong
	}{
		"as it was":                    {func(*log) {}, ""},
		"before it was opened":         {func(l *log) { l.events[opened], l.events[approved] = l.events[approved], l.events[opened] }, "not in session"},
		"after it was closed":          {func(l *log) { l.events[closed], l.events[approved] = l.events[approved], l.events[closed] }, "not in session"},
		"on a day that is not its own": {func(l *log) { l.events[approved].On = "2026-11-25" }, "not in session on"},
		"at another meeting":           {func(l *log) { l.events[approved].Meeting = "other" }, "for which it was not tabled"},
		"at no meeting":                {func(l *log) { l.events[approved].Meeting = "" }, "does not name"},
		"as between meetings":          {func(l *log) { l.events[approved].Mode = liaison.ByOfficer }, "although it was tabled"},
		"though it was not tabled": {func(l *log) {
			l.events = append(l.events[:3], l.events[4:]...)
			l.events[4].From, l.events[4].Version = liaison.InReview, 3
			l.rows["statement"] = strings.Replace(l.rows["statement"], `"version":4`, `"version":3`, 1)
		}, "for which it was not tabled"},
		"of another group": {func(l *log) {
			l.rows["meeting"] = strings.Replace(l.rows["meeting"], "jca", "sg13", 1)
			for i := range l.events {
				if l.events[i].Body != "" {
					l.events[i].Body = "sg13"
				}
			}
		}, "no meeting of jca of that day"},
		"the register's meeting cancelled": {func(l *log) { l.rows["meeting"] = strings.Replace(l.rows["meeting"], "closed", "cancelled", 1) }, "otherwise than the log"},
		"the register's days moved":        {func(l *log) { l.rows["meeting"] = strings.Replace(l.rows["meeting"], "11-24", "11-26", 1) }, "otherwise than the log"},
		"the register's meeting gone":      {func(l *log) { delete(l.rows, "meeting") }, "no meeting of jca of that day"},
		"the decision's item another":      {func(l *log) { l.rows["decision"] = strings.Replace(l.rows["decision"], `"item":9`, `"item":10`, 1) }, "in another way, or at another meeting"},
		"with edits":                       {func(l *log) { edit(l.events, l.rows, approved, edited, digest) }, ""},
		"other bytes than were tabled":     {func(l *log) { edit(l.events, l.rows, approved, edited, "") }, "other bytes than were tabled"},
		"edited from something else":       {func(l *log) { edit(l.events, l.rows, approved, edited, "d3") }, "other bytes than were tabled"},
		"with edits of itself":             {func(l *log) { edit(l.events, l.rows, approved, edited, edited) }, "with edits otherwise"},
		"by the minutes": {func(l *log) {
			e := &l.events[approved]
			e.Actor, e.Acting, e.For, e.ForAs = "secretary", liaison.AsSecretary, "chair", liaison.AsChair
			l.events[closed], l.events[approved] = l.events[approved], l.events[closed] // entered afterwards
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			l := at()
			test.forge(&l)
			c := audit.NewCrossCheck()
			for i := range l.events {
				c.Event(&l.events[i])
			}
			if test.says == "" { // what was seen is gone on from
				state, err := c.State()
				if err != nil {
					t.Fatal(err)
				}
				if c, err = audit.ResumeCrossCheck(state); err != nil {
					t.Fatal(err)
				}
			}
			for kind, row := range l.rows {
				if err := c.Row(kind, []byte(row)); err != nil {
					t.Fatal(err)
				}
			}
			var said []string
			for _, p := range c.Problems() {
				said = append(said, p.Message)
			}
			got := strings.Join(said, "\n")
			if (got == "") != (test.says == "") || !strings.Contains(got, test.says) {
				t.Errorf("found %q, want %q", got, test.says)
			}
		})
	}
}

func edit(events []liaison.Event, rows map[string]string, approved int, to, from liaison.Digest) {
	events[approved].Digest, events[approved].Amends = to, from
	for kind, row := range rows {
		rows[kind] = strings.ReplaceAll(row, `"d1"`, `"`+string(to)+`"`)
	}
}

// TestTheEndOfAMeeting: one of a parent group is closed without having been opened, and no meeting ends twice or before it is there.
func TestTheEndOfAMeeting(t *testing.T) {
	entered, opened, closed, cancelled := liaison.EventMeetingEntered, liaison.EventMeetingOpened, liaison.EventMeetingClosed, liaison.EventMeetingCancelled
	for name, test := range map[string]struct {
		events []liaison.EventKind
		fine   bool
	}{
		"opened and closed":            {[]liaison.EventKind{entered, opened, closed}, true},
		"closed and never opened":      {[]liaison.EventKind{entered, closed}, true},
		"closed though cancelled":      {[]liaison.EventKind{entered, cancelled, closed}, false},
		"closed and never entered":     {[]liaison.EventKind{closed}, true}, // it stood in a calendar
		"closed twice":                 {[]liaison.EventKind{entered, closed, closed}, false},
		"cancelled when it was closed": {[]liaison.EventKind{entered, closed, cancelled}, false},
	} {
		c := audit.NewCrossCheck()
		for i, kind := range test.events {
			c.Event(&liaison.Event{ID: liaison.EventID(rune('a' + i)), Kind: kind, Body: "sg13", Meeting: "m", On: "2027-03-01", Until: "2027-03-12", Actor: "secretary", Acting: liaison.AsSecretary})
		}
		if got := c.Problems(); (len(got) == 0) != test.fine {
			t.Errorf("%s: found %v", name, got)
		}
	}
}
