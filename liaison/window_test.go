package liaison_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	files "github.com/jca-ml/liaison/internal/profile"
	"github.com/jca-ml/liaison/liaison"
)

// TestWindowDays: a window is days of the group's calendar, the last one inclusive to its end, whatever the clocks do.
func TestWindowDays(t *testing.T) {
	for name, x := range map[string]struct {
		zone, day, over string
	}{
		"edge 25: inclusive to 23:59, in Geneva":                       {"Europe/Zurich", "2026-11-27", "2026-11-27T23:00:00Z"},
		"edge 25: in another time zone":                                {"Asia/Seoul", "2026-11-27", "2026-11-27T15:00:00Z"},
		"edge 25: that ends on a Saturday, which is a day like others": {"Europe/Zurich", "2026-11-28", "2026-11-28T23:00:00Z"},
		"edge 26: the day on which the clocks go back":                 {"Europe/Zurich", "2026-10-25", "2026-10-25T23:00:00Z"},
		"edge 26: the day before":                                      {"Europe/Zurich", "2026-10-24", "2026-10-24T22:00:00Z"},
		"edge 26: the day on which they go forward":                    {"Europe/Zurich", "2027-03-28", "2027-03-28T22:00:00Z"},
		"edge 26: they go forward at midnight, which there is none of": {"Africa/Cairo", "2026-04-23", "2026-04-23T22:00:00Z"},
		"edge 26: they go forward at midnight, west of Greenwich":      {"America/Asuncion", "2023-09-30", "2023-10-01T04:00:00Z"},
		"edge 26: a 29 February":                                       {"Europe/Zurich", "2028-02-29", "2028-02-29T23:00:00Z"},
		"the last day of a year":                                       {"Pacific/Kiritimati", "2026-12-31", "2026-12-31T10:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			zone, err := time.LoadLocation(x.zone)
			if err != nil {
				t.Fatal(err)
			}
			over := liaison.Date(x.day).Over(zone)
			if got := over.UTC().Format(time.RFC3339); got != x.over {
				t.Errorf("it is over at %s, want %s", got, x.over)
			}
			if before := over.Add(-time.Second); liaison.DateOf(before, zone) != liaison.Date(x.day) || liaison.DateOf(over, zone) <= liaison.Date(x.day) {
				t.Errorf("a second before it is %s there, then %s", liaison.DateOf(before, zone), liaison.DateOf(over, zone))
			}
		})
	}
	for name, x := range map[string]struct {
		deadline, first, last, proposed liaison.Date
	}{
		"the profile's days":             {"2027-06-30", "2026-11-24", "2027-06-28", "2026-12-07"},
		"no deadline":                    {"", "2026-11-24", "2027-11-23", "2026-12-07"},
		"a deadline that leaves less":    {"2026-12-01", "2026-11-24", "2026-11-29", "2026-11-29"},
		"a deadline that leaves one day": {"2026-11-26", "2026-11-24", "2026-11-24", "2026-11-24"},
		"a deadline that leaves no day":  {"2026-11-25", "2026-11-24", "2026-11-23", "2026-11-24"},
		"a deadline that is years away":  {"2032-01-01", "2026-11-24", "2027-11-23", "2026-12-07"},
	} {
		t.Run(name, func(t *testing.T) {
			s := ready(liaison.InReview, liaison.DoOpenWindow)
			s.Content.Deadline = x.deadline
			first, last, proposed := s.WindowDays()
			if first != x.first || last != x.last || proposed != x.proposed {
				t.Errorf("from %s to %s, proposed %s; want %s, %s, %s", first, last, proposed, x.first, x.last, x.proposed)
			}
			if may := slices.Contains(liaison.May(s, "chair"), liaison.DoOpenWindow); may != (first <= last) {
				t.Errorf("the button is there: %t", may)
			}
		})
	}
}

// TestOpeningAWindow is who may ask by correspondence, until when and whom.
func TestOpeningAWindow(t *testing.T) {
	type situation = func(s *liaison.Snapshot, c *liaison.Command)
	last := func(d liaison.Date) situation {
		return func(_ *liaison.Snapshot, c *liaison.Command) { c.Window.Last = d }
	}
	for name, x := range map[string]struct {
		kind   liaison.CommandKind
		change situation
		want   liaison.ErrorCode
		says   string
	}{
		"as proposed":                     {change: last("2026-12-07")},
		"shorter than a day":              {change: last(today), want: liaison.Invalid, says: "24 November 2026 at the earliest"},
		"the shortest":                    {change: last("2026-11-24")},
		"the longest that a deadline has": {change: last("2027-01-29")},
		"too near the deadline":           {change: last("2027-01-30"), want: liaison.Invalid, says: "a day is needed to decide before that"},
		"longer than a year": {change: func(s *liaison.Snapshot, c *liaison.Command) {
			s.Content.Deadline, c.Window.Last = "2029-01-01", "2027-11-24"
			s.Digest = digestOf(s.Content)
			c.Digest = s.Digest
		}, want: liaison.Invalid, says: "at most a year ahead"},
		"no day":                            {change: last(""), want: liaison.Invalid, says: "Give the last day"},
		"no day that exists":                {change: last("2026-02-30"), want: liaison.Invalid, says: "Give the last day"},
		"another revision":                  {change: func(_ *liaison.Snapshot, c *liaison.Command) { c.Digest = digestOf(liaison.Content{}) }, want: liaison.Stale},
		"an editor asked besides":           {change: func(_ *liaison.Snapshot, c *liaison.Command) { c.Window.Also = []liaison.PersonID{"editor"} }},
		"a stranger asked besides":          {change: func(_ *liaison.Snapshot, c *liaison.Command) { c.Window.Also = []liaison.PersonID{"nobody"} }, want: liaison.Invalid, says: "holds an office"},
		"an auditor asked besides":          {change: func(_ *liaison.Snapshot, c *liaison.Command) { c.Window.Also = []liaison.PersonID{"auditor"} }, want: liaison.Invalid},
		"nobody to ask":                     {change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Officers = s.Officers[:1] }, want: liaison.Invalid, says: "nobody would be asked"},
		"by the secretariat":                {change: func(_ *liaison.Snapshot, c *liaison.Command) { c.Actor = "secretary" }},
		"by a vice-chair, standing in":      {change: func(_ *liaison.Snapshot, c *liaison.Command) { c.Actor = "vice-chair" }},
		"by a vice-chair, not standing":     {change: func(s *liaison.Snapshot, c *liaison.Command) { c.Actor, s.Absences = "vice-chair", nil }, want: liaison.Forbidden},
		"in a way that the profile has not": {kind: liaison.DoOpenNoObjection, change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Profile = profile() }, want: liaison.Forbidden, says: "no approval by no objection"},
		"no objection, by the secretariat":  {kind: liaison.DoOpenNoObjection, change: func(_ *liaison.Snapshot, c *liaison.Command) { c.Actor = "secretary" }, want: liaison.Forbidden},
		"no objection, by a drafter of a profile that asks for a second person": {kind: liaison.DoOpenNoObjection, change: func(s *liaison.Snapshot, _ *liaison.Command) {
			s.Drafter, s.Profile.DrafterMayDecide = "chair", false
		}, want: liaison.Forbidden, says: "second person"},
		"no objection, outside the terms of reference": {kind: liaison.DoOpenNoObjection, change: func(s *liaison.Snapshot, c *liaison.Command) {
			s.Content.OutsideScope = "The parent asked."
			s.Digest = digestOf(s.Content)
			c.Digest = s.Digest
		}, want: liaison.Invalid, says: "never by no objection"},
		"of a group that ended": {change: func(s *liaison.Snapshot, _ *liaison.Command) { s.GroupUntil = "2026-10-31" }, want: liaison.Invalid, says: "sends no new statements"},
	} {
		t.Run(name, func(t *testing.T) {
			if x.kind == "" {
				x.kind = liaison.DoOpenWindow
			}
			s, c := ready(liaison.InReview, x.kind), command(x.kind, liaison.AsChair)
			c.Window = &liaison.Opening{Last: "2026-12-07"}
			x.change(&s, &c)
			change, err := liaison.Next(s, c)
			if x.want != "" {
				if liaison.CodeOf(err) != x.want || !strings.Contains(err.Error(), x.says) {
					t.Errorf("answered with %v, want %s with %q", err, x.want, x.says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			w := change.Window
			if w.Digest != s.Digest || w.OpenedOn != today || w.Last != c.Window.Last || w.OpenedBy.ID != c.Actor {
				t.Errorf("opened %+v", w)
			}
			var told, asked []string
			for _, l := range change.Letters {
				told = append(told, string(l.Letter)+" to "+string(l.Person.ID))
			}
			for _, p := range w.Asked {
				asked = append(asked, "correspondence-opened to "+string(p.ID))
				if p.ID == c.Actor {
					t.Error("who opens it is asked")
				}
			}
			if diff := cmp.Diff(asked, told); diff != "" || len(told) < 2 {
				t.Errorf("told (-asked +told):\n%s", diff)
			}
		})
	}
}

// in is a statement that lies open until tomorrow, or lay open until yesterday.
func in(mode liaison.ApprovalMode, over bool) liaison.Snapshot {
	kind := liaison.DoObject
	if over {
		kind = liaison.DoApprove
	}
	s := ready(liaison.InCorrespondence, kind)
	s.Window.Mode = mode
	s.Profile.Approval.Modes = []liaison.ApprovalMode{liaison.ByCorrespondence, liaison.ByNoObjection}
	return s
}

func letters(change liaison.Change) (out []string) {
	for _, l := range change.Letters {
		out = append(out, string(l.Letter)+" to "+string(l.Person.ID))
	}
	return out
}

func TestObjections(t *testing.T) {
	object := func(s liaison.Snapshot, actor liaison.PersonID) (liaison.Change, error) {
		return liaison.Next(s, liaison.Command{ID: "c", Kind: liaison.DoObject, Statement: "s", Actor: actor, Reason: "The second question is not for them."})
	}
	for _, mode := range []liaison.ApprovalMode{liaison.ByCorrespondence, liaison.ByNoObjection} {
		t.Run("edge 24: one objection stops it, "+string(mode), func(t *testing.T) {
			for _, who := range []liaison.PersonID{"vice-chair", "secretary", "consulted", "editor", "chair"} { // asked, or in office
				change, err := object(in(mode, false), who)
				if err != nil || change.Rule.To != liaison.InReview || change.Said.Kind != liaison.EventObjected || change.Said.By.ID != who {
					t.Fatalf("%s: %+v, %v", who, change, err)
				}
				var want []string
				for _, p := range []string{"vice-chair", "secretary", "consulted", "chair", "author"} {
					if p != string(who) {
						want = append(want, "correspondence-closed to "+p)
					}
				}
				if diff := cmp.Diff(want, letters(change)); diff != "" {
					t.Errorf("%s: told (-want +got):\n%s", who, diff)
				}
			}
			for _, who := range []liaison.PersonID{"nobody", "author", "auditor"} {
				if _, err := object(in(mode, false), who); liaison.CodeOf(err) != liaison.Forbidden {
					t.Errorf("%s: %v", who, err)
				}
			}
			if _, err := liaison.Next(in(mode, false), liaison.Command{ID: "c", Kind: liaison.DoObject, Statement: "s", Actor: "consulted"}); liaison.CodeOf(err) != liaison.Invalid {
				t.Errorf("without a reason: %v", err)
			}
		})
	}
	t.Run("edge 24: an objection on the last day, a second before its end", func(t *testing.T) {
		s := in(liaison.ByCorrespondence, true)
		s.Today, s.Now = s.Window.Last, s.Window.Ends.Add(-time.Second)
		if change, err := object(s, "consulted"); err != nil || change.Rule.To != liaison.InReview {
			t.Errorf("%+v, %v", change.Rule, err)
		}
	})
	t.Run("edge 24: a late objection is recorded and undoes nothing", func(t *testing.T) {
		for _, state := range []liaison.State{liaison.InCorrespondence, liaison.Approved, liaison.Dispatching, liaison.Dispatched, liaison.DispatchedInPart, liaison.Closed} {
			s := ready(state, liaison.DoApprove)
			s.Approval.By = s.ApprovedBy
			change, err := object(s, "consulted")
			if err != nil || change.Rule.To != state || change.Said.Kind != liaison.EventObjectedLate {
				t.Errorf("%s: %+v, %v", state, change.Rule, err)
			}
			if got := letters(change); !slices.Contains(got, "objected-late to chair") || !slices.Contains(got, "objected-late to secretary") {
				t.Errorf("%s: told %v", state, got)
			}
		}
		s := ready(liaison.Approved, liaison.DoApprove)
		s.Window = nil
		if _, err := object(s, "chair"); liaison.CodeOf(err) != liaison.Conflict || slices.Contains(liaison.May(s, "chair"), liaison.DoObject) {
			t.Errorf("what never lay open is objected to: %v", err)
		}
	})
	t.Run("entered by the secretariat", func(t *testing.T) {
		enter := func(s liaison.Snapshot, actor liaison.PersonID, said liaison.Said) (liaison.Change, error) {
			return liaison.Next(s, liaison.Command{ID: "c", Kind: liaison.DoObject, Statement: "s", Actor: actor, Reason: "Not ours.", Said: &said})
		}
		for name, x := range map[string]struct {
			actor liaison.PersonID
			said  liaison.Said
			over  bool
			want  liaison.ErrorCode
			to    liaison.State
			says  string
		}{
			"of a person who was asked":                      {"secretary", liaison.Said{By: "consulted", On: today, Evidence: "E-mail"}, false, "", liaison.InReview, ""},
			"of somebody who is not in the register":         {"secretary", liaison.Said{Name: "A. Delegate", On: today, Evidence: "Letter"}, false, "", liaison.InReview, ""},
			"that came in time and is entered the day after": {"secretary", liaison.Said{Name: "A. Delegate", On: "2026-11-22", Evidence: "Letter"}, true, "", liaison.InReview, ""},
			"that came late":                                 {"secretary", liaison.Said{Name: "A. Delegate", On: today, Evidence: "Letter"}, true, "", liaison.InCorrespondence, ""},
			"by an editor":                                   {"editor", liaison.Said{By: "consulted", On: today, Evidence: "E-mail"}, false, liaison.Forbidden, "", "by the secretariat"},
			"of nobody":                                      {"secretary", liaison.Said{On: today, Evidence: "E-mail"}, false, liaison.Invalid, "", "who said it"},
			"of two at once":                                 {"secretary", liaison.Said{By: "consulted", Name: "A. Delegate", On: today, Evidence: "E-mail"}, false, liaison.Invalid, "", "who said it"},
			"of somebody without an office":                  {"secretary", liaison.Said{By: "nobody", On: today, Evidence: "E-mail"}, false, liaison.Invalid, "", "Write the name"},
			"of oneself":                                     {"secretary", liaison.Said{By: "secretary", On: today, Evidence: "E-mail"}, false, liaison.Invalid, "", "under your own name"},
			"without evidence":                               {"secretary", liaison.Said{By: "consulted", On: today}, false, liaison.Invalid, "", "Give the evidence"},
			"of a day to come":                               {"secretary", liaison.Said{By: "consulted", On: "2026-11-24", Evidence: "E-mail"}, false, liaison.Invalid, "", "not here yet"},
			"of before the window":                           {"secretary", liaison.Said{By: "consulted", On: "2026-11-08", Evidence: "E-mail"}, false, liaison.Invalid, "", "opened on"},
			"of no day":                                      {"secretary", liaison.Said{By: "consulted", Evidence: "E-mail"}, false, liaison.Invalid, "", "Give the day"},
		} {
			t.Run(name, func(t *testing.T) {
				change, err := enter(in(liaison.ByCorrespondence, x.over), x.actor, x.said)
				if x.want != "" {
					if liaison.CodeOf(err) != x.want || !strings.Contains(err.Error(), x.says) {
						t.Errorf("answered with %v, want %s with %q", err, x.want, x.says)
					}
				} else if err != nil || change.Rule.To != x.to || change.Said.Entered.ID != "secretary" || change.Said.Evidence == "" {
					t.Errorf("%+v, %v; want to %s", change, err, x.to)
				}
			})
		}
	})
}

// TestTheEndOfAWindow: by correspondence the chair decides after it, and by no objection the window does, if it may.
func TestTheEndOfAWindow(t *testing.T) {
	approve := func(s liaison.Snapshot, who liaison.PersonID) (liaison.Change, error) {
		return liaison.Next(s, liaison.Command{ID: "c", Kind: liaison.DoApprove, Statement: "s", Actor: who, Digest: s.Digest})
	}
	end := func(s liaison.Snapshot) (liaison.Change, error) {
		return liaison.Next(s, liaison.Command{ID: "c", Kind: liaison.DoEndWindow, Statement: "s"})
	}
	t.Run("before the end there is no button and no approval", func(t *testing.T) {
		s := in(liaison.ByCorrespondence, false)
		_, err := approve(s, "chair")
		if liaison.CodeOf(err) != liaison.Conflict || !strings.Contains(err.Error(), "until the end of 24 November 2026") || !strings.Contains(err.Error(), "from 25 November 2026 on") {
			t.Errorf("%v", err)
		}
		if may := liaison.May(s, "chair"); slices.Contains(may, liaison.DoApprove) || !slices.Contains(may, liaison.DoReturn) || !slices.Contains(may, liaison.DoCancelWindow) {
			t.Errorf("the chair may %v", may)
		}
		if _, err := end(s); liaison.CodeOf(err) != liaison.Conflict {
			t.Errorf("it is ended early: %v", err)
		}
		enter := command(liaison.DoEnterApproval, liaison.AsSecretary)
		if _, err := liaison.Next(s, enter); liaison.CodeOf(err) != liaison.Conflict {
			t.Errorf("an approval is entered: %v", err)
		}
		s = in(liaison.ByCorrespondence, true)
		enter.Given.On = s.Window.Last
		if _, err := liaison.Next(s, enter); liaison.CodeOf(err) != liaison.Invalid || !strings.Contains(err.Error(), "came before that") {
			t.Errorf("an approval of the last day is entered: %v", err)
		}
	})
	t.Run("the chair decides after the end, with the digest", func(t *testing.T) {
		s := in(liaison.ByCorrespondence, true)
		change, err := approve(s, "chair")
		if err != nil || change.Approval.Mode != liaison.ByCorrespondence || change.Approval.Window != "w" || change.Approval.By != "chair" {
			t.Fatalf("%+v, %v", change.Approval, err)
		}
		if diff := cmp.Diff([]string{"approved to author", "approved to secretary", "correspondence-closed to vice-chair", "correspondence-closed to consulted"}, letters(change)); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
		s.Digest = digestOf(liaison.Content{})
		if _, err := liaison.Next(s, liaison.Command{ID: "c", Kind: liaison.DoApprove, Statement: "s", Actor: "chair", Digest: digestOf(content())}); liaison.CodeOf(err) != liaison.Stale {
			t.Errorf("other bytes: %v", err)
		}
	})
	t.Run("edge 69: the chair changed in mid-window: the new one approves", func(t *testing.T) {
		s := in(liaison.ByCorrespondence, true)
		s.Officers[0].Until = "2026-11-15"
		s.Officers = append(s.Officers, liaison.Appointment{Person: person("new"), Group: jca, Office: liaison.OfficeChair, From: "2026-11-16"})
		if _, err := approve(s, "chair"); liaison.CodeOf(err) != liaison.Forbidden {
			t.Errorf("who held the chair before: %v", err)
		}
		if change, err := approve(s, "new"); err != nil || change.Approval.By != "new" {
			t.Errorf("the new one: %v", err)
		}
		s.Window.Mode = liaison.ByNoObjection
		if change, err := end(s); err != nil || change.Rule.To != liaison.InCorrespondence || change.Rule.Event != liaison.EventWindowEnded {
			t.Errorf("by no objection, on the word of who is in office no more: %+v, %v", change.Rule, err)
		}
	})
	t.Run("edge 61: silence approves nothing by correspondence", func(t *testing.T) {
		s := in(liaison.ByCorrespondence, true)
		change, err := end(s)
		if err != nil || change.Approval != nil || change.Rule.To != liaison.InCorrespondence {
			t.Fatalf("%+v, %v", change, err)
		}
		if diff := cmp.Diff([]string{"correspondence-closed to chair", "correspondence-closed to vice-chair", "correspondence-closed to author", "correspondence-closed to secretary"}, letters(change)); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
		if len(s.Window.Silent()) != 3 || len(s.Window.Said) != 0 {
			t.Errorf("who said nothing is %v", s.Window.Silent())
		}
		s.Window.Closed = true
		if _, err := end(s); liaison.CodeOf(err) != liaison.Conflict {
			t.Errorf("the end is recorded twice: %v", err)
		}
	})
	t.Run("edge 61: by no objection the record names it so, and on whose window", func(t *testing.T) {
		change, err := end(in(liaison.ByNoObjection, true))
		want := &liaison.Approval{Mode: liaison.ByNoObjection, By: "chair", As: liaison.AsChair, On: today, Window: "w"}
		if err != nil || cmp.Diff(want, change.Approval) != "" || change.Acting != liaison.AsEngine {
			t.Errorf("%v: %s", err, cmp.Diff(want, change.Approval))
		}
	})
	for name, spoil := range map[string]func(s *liaison.Snapshot){
		"the profile has it no more":                       func(s *liaison.Snapshot) { s.Profile.Approval.Modes = []liaison.ApprovalMode{liaison.ByCorrespondence} },
		"who opened it holds the chair no more":            func(s *liaison.Snapshot) { s.Officers[0].Until = "2026-11-22" },
		"who opened it declared an interest":               func(s *liaison.Snapshot) { s.Recused = map[liaison.PersonID]string{"chair": "It is ours."} },
		"who opened it is a vice-chair, the chair is back": func(s *liaison.Snapshot) { s.Window.OpenedBy, s.Absences = person("vice-chair"), nil },
		"a late objection came before the end was recorded": func(s *liaison.Snapshot) {
			s.Window.Said = []liaison.Saying{{Kind: liaison.EventObjectedLate, By: person("consulted"), Text: "No."}}
		},
		"its deadline has come": func(s *liaison.Snapshot) { s.Today = "2027-01-31" },
		"the group ended":       func(s *liaison.Snapshot) { s.GroupUntil = "2026-11-20" },
	} {
		t.Run("by no objection it is left to the chair when "+name, func(t *testing.T) {
			s := in(liaison.ByNoObjection, true)
			spoil(&s)
			change, err := end(s)
			if err != nil || change.Approval != nil || change.Rule.Event != liaison.EventWindowEnded {
				t.Errorf("%+v, %v", change, err)
			}
		})
	}
	t.Run("a no-objection window is decided on by the chair by correspondence, where that is left to the chair", func(t *testing.T) {
		s := in(liaison.ByNoObjection, true)
		s.Window.Closed = true
		change, err := approve(s, "chair")
		if err != nil || change.Approval.Mode != liaison.ByCorrespondence {
			t.Errorf("%+v, %v", change.Approval, err)
		}
	})
	t.Run("it ends early with the revision, and those who were asked are told", func(t *testing.T) {
		for kind, actor := range map[liaison.CommandKind]liaison.Capacity{
			liaison.DoReturn: liaison.AsChair, liaison.DoReject: liaison.AsChair, liaison.DoWithdraw: liaison.AsDrafter, liaison.DoCancelWindow: liaison.AsSecretary,
		} {
			change, err := liaison.Next(in(liaison.ByNoObjection, false), command(kind, actor))
			if err != nil || !slices.Contains(letters(change), "correspondence-closed to consulted") || !slices.Contains(letters(change), "correspondence-closed to vice-chair") {
				t.Errorf("%s: %v, told %v", kind, err, letters(change))
			}
		}
	})
}

// TestWindowInTime is what a window asks for by itself: reminders at nine, each once, of those who are silent, and its end.
func TestWindowInTime(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Zurich")
	if err != nil {
		t.Fatal(err)
	}
	at := func(s string) time.Time {
		x, err := time.ParseInLocation("2006-01-02 15:04", s, zone)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	for name, x := range map[string]struct {
		now, reminded string
		kind          liaison.CommandKind
		at            string
		change        func(s *liaison.Snapshot)
	}{
		"days before":                       {"2026-11-10 09:00", "", liaison.DoRemindWindow, "2026-11-20 09:00", nil},
		"two days before the end":           {"2026-11-20 09:00", "", liaison.DoRemindWindow, "2026-11-20 09:00", nil},
		"once only":                         {"2026-11-20 09:01", "2026-11-20 09:00", liaison.DoRemindWindow, "2026-11-21 09:00", nil},
		"the one that was missed":           {"2026-11-21 08:00", "", liaison.DoRemindWindow, "2026-11-20 09:00", nil},
		"of two that were missed, the last": {"2026-11-21 10:00", "", liaison.DoRemindWindow, "2026-11-21 09:00", nil},
		"the last day":                      {"2026-11-22 10:00", "2026-11-21 09:00", liaison.DoEndWindow, "2026-11-23 00:00", nil},
		"over":                              {"2026-11-23 00:00", "2026-11-21 09:00", liaison.DoEndWindow, "2026-11-23 00:00", nil},
		"over, and on record":               {"2026-11-24 00:00", "", "", "", func(s *liaison.Snapshot) { s.Window.Closed = true }},
		"everybody has said something": {"2026-11-21 10:00", "", liaison.DoEndWindow, "2026-11-23 00:00", func(s *liaison.Snapshot) {
			for _, c := range s.Window.Asked {
				s.Window.Said = append(s.Window.Said, liaison.Saying{Kind: liaison.EventNoObjection, By: c.Person})
			}
		}},
		"opened after the last reminder": {"2026-11-21 18:00", "", liaison.DoEndWindow, "2026-11-23 00:00", func(s *liaison.Snapshot) { s.Window.Opened = at("2026-11-21 17:00") }},
		"decided":                        {"2026-11-21 10:00", "", "", "", func(s *liaison.Snapshot) { s.State = liaison.Approved }},
	} {
		t.Run(name, func(t *testing.T) {
			s := in(liaison.ByCorrespondence, true)
			if s.Now = at(x.now); x.reminded != "" {
				s.Window.Reminded = at(x.reminded)
			}
			if x.change != nil {
				x.change(&s)
			}
			kind, when := s.WindowDue()
			if kind != x.kind || x.at != "" && !when.Equal(at(x.at)) {
				t.Errorf("%s at %s, want %s at %s", kind, when, x.kind, x.at)
			}
			if kind == liaison.DoRemindWindow && !when.After(s.Now) {
				if change, err := liaison.Next(s, liaison.Command{ID: "c", Kind: kind, Statement: "s"}); err != nil || len(change.Letters) != 3 {
					t.Errorf("reminded %v, %v", letters(change), err)
				}
			}
		})
	}
	t.Run("who has answered is not reminded", func(t *testing.T) {
		s := in(liaison.ByCorrespondence, true)
		s.Now = at("2026-11-21 10:00")
		s.Window.Said = []liaison.Saying{{Kind: liaison.EventNoObjection, By: person("vice-chair")}}
		change, err := liaison.Next(s, liaison.Command{ID: "c", Kind: liaison.DoRemindWindow, Statement: "s"})
		if err != nil || cmp.Diff([]string{"correspondence-closing to secretary", "correspondence-closing to consulted"}, letters(change)) != "" {
			t.Errorf("reminded %v, %v", letters(change), err)
		}
	})
	t.Run("a decision that waits is escalated by the days since the end", func(t *testing.T) {
		s := in(liaison.ByCorrespondence, true)
		for told, want := range []string{"2026-11-30 00:00", "2026-12-07 00:00", "2026-12-14 00:00"} {
			s.Escalated = told
			if _, due, ok := s.Escalation(); !ok || !due.Equal(at(want)) {
				t.Errorf("after %d were told the next is on %s (%t), want %s", told, due, ok, want)
			}
		}
		s = in(liaison.ByCorrespondence, false)
		if _, _, ok := s.Escalation(); ok {
			t.Error("it is escalated while objections can be made")
		}
		s = ready(liaison.InReview, liaison.DoEscalate)
		s.Since = at("2026-11-20 15:00") // an objection brought it back
		if _, due, _ := s.Escalation(); !due.Equal(at("2026-11-27 15:00")) {
			t.Errorf("back in review, it is due on %s", due)
		}
	})
}

// TestConsultation: between meetings a decision says how the management team was consulted, where the profile asks for that.
func TestConsultation(t *testing.T) {
	for name, x := range map[string]struct {
		consulted *liaison.Consultation
		change    func(*liaison.Snapshot)
		want      liaison.Consultation
		says      string
	}{
		"outside, with a reference":    {consulted: &liaison.Consultation{Kind: liaison.ConsultedOutside, Reference: " Call of 20 November "}, want: liaison.Consultation{Kind: liaison.ConsultedOutside, Reference: "Call of 20 November"}},
		"outside, without a reference": {consulted: &liaison.Consultation{Kind: liaison.ConsultedOutside}, says: "Give the reference"},
		"not said":                     {says: "in consultation with it"},
		"not said, and not asked for":  {change: func(s *liaison.Snapshot) { s.Profile.Approval.Consulted = false }},
		"not said, and nobody to ask":  {change: func(s *liaison.Snapshot) { s.Officers = s.Officers[:1] }},
		"a window that there was not":  {consulted: &liaison.Consultation{Kind: liaison.ConsultedByWindow}, says: "was not up for objections"},
		"a window that came back": {consulted: &liaison.Consultation{Kind: liaison.ConsultedByWindow}, change: func(s *liaison.Snapshot) {
			s.Window = window(liaison.Approved, liaison.DoApprove)
			s.Window.Said = []liaison.Saying{{Kind: liaison.EventObjected, By: person("vice-chair")}}
		}, want: liaison.Consultation{Kind: liaison.ConsultedByWindow}},
		"edge 61: a window that was taken back before anybody had said anything": {consulted: &liaison.Consultation{Kind: liaison.ConsultedByWindow}, change: func(s *liaison.Snapshot) {
			s.Window = window(liaison.Approved, liaison.DoApprove)
			s.Window.Said = nil
		}, says: "before anybody had said anything"},
		"no way that there is": {consulted: &liaison.Consultation{Kind: "silence"}, says: "Say how"},
	} {
		t.Run(name, func(t *testing.T) {
			s, c := ready(liaison.InReview, liaison.DoApprove), command(liaison.DoApprove, liaison.AsChair)
			if c.Consulted = x.consulted; x.change != nil {
				x.change(&s)
			}
			change, err := liaison.Next(s, c)
			if x.says != "" {
				if liaison.CodeOf(err) != liaison.Invalid || !strings.Contains(err.Error(), x.says) {
					t.Errorf("answered with %v, want %q", err, x.says)
				}
			} else if err != nil || change.Approval.Consulted != x.want {
				t.Errorf("%+v, %v", change.Approval, err)
			}
		})
	}
}

func TestAgreedAtALowerLevel(t *testing.T) {
	check := func(p string, a *liaison.Agreement) (out []liaison.Finding) {
		s := review(t, func(s *liaison.Snapshot) { s.Content.Agreed = a }, addressed("itu-t/sg13", liaison.ForAction))
		if p != "" {
			var err error
			if s.Profile, err = files.Embedded().On(p, today); err != nil {
				t.Fatal(err)
			}
		}
		return slices.DeleteFunc(s.Check(), func(f liaison.Finding) bool { return f.Field != "agreed" })
	}
	whole := &liaison.Agreement{By: "Rapporteur group for Q4/15", Place: "London", On: "2017-10-06"}
	t.Run("edge 27: what a rapporteur group agreed is named so and is no approval", func(t *testing.T) {
		found := check("", whole)
		if len(found) != 1 || found[0].Blocking || !strings.Contains(found[0].Message, "That is no approval") || !strings.Contains(found[0].Rule, "A.1") {
			t.Errorf("found %+v", found)
		}
		s := ready(liaison.Draft, liaison.DoSubmit)
		for _, x := range []string{whole.String(), liaison.Compare(liaison.Content{}, liaison.Content{Agreed: whole})[0].After} {
			if !strings.HasPrefix(x, "agreed by Rapporteur group for Q4/15, London, 6 October 2017") || !strings.Contains(x, "not an approval") {
				t.Errorf("named %q", x)
			}
		}
		s.Content.Agreed = whole
		if _, err := liaison.Next(s, command(liaison.DoApprove, liaison.AsChair)); liaison.CodeOf(err) != liaison.Conflict {
			t.Errorf("agreed, and approved without a submission: %v", err)
		}
	})
	for name, x := range map[string]struct {
		profile string
		agreed  liaison.Agreement
		says    string
	}{
		"without a day":              {"", liaison.Agreement{By: "Q4/15"}, "on which day"},
		"without a name":             {"", liaison.Agreement{Place: "London", On: "2017-10-06"}, "Say who agreed it"},
		"of a day to come":           {"", liaison.Agreement{By: "Q4/15", On: "2027-10-06"}, "not here yet"},
		"where the profile has none": {"ietf-rfc4053", liaison.Agreement{By: "Q4/15", On: "2017-10-06"}, "no lower level"},
	} {
		t.Run(name, func(t *testing.T) {
			found := check(x.profile, &x.agreed)
			if !slices.ContainsFunc(found, func(f liaison.Finding) bool { return f.Blocking && strings.Contains(f.Message, x.says) }) {
				t.Errorf("found %+v", found)
			}
		})
	}
	if c := (liaison.Content{Agreed: &liaison.Agreement{By: " ", Place: ""}}).Tidy(); c.Agreed != nil {
		t.Errorf("an empty agreement stays: %+v", c.Agreed)
	}
}
