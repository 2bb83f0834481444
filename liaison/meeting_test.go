package liaison_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jca-ml/liaison/liaison"
)

// TestDecisionsAtAMeeting is what the rules ask of a decision that a meeting takes, each named by its edge case where it is one.
func TestDecisionsAtAMeeting(t *testing.T) {
	type change func(*liaison.Snapshot, *liaison.Command)
	for name, test := range map[string]struct {
		kind   liaison.CommandKind
		state  liaison.State
		by     liaison.Capacity
		change change
		want   liaison.ErrorCode // "" for allowed
		says   string
	}{
		"tabled by the secretariat":                       {kind: liaison.DoTable, state: liaison.InReview, by: liaison.AsSecretary, change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Meeting.State = liaison.MeetingPlanned }},
		"tabled while it sits":                            {kind: liaison.DoTable, state: liaison.InReview, by: liaison.AsChair},
		"tabled by a drafter":                             {kind: liaison.DoTable, state: liaison.InReview, by: liaison.AsDrafter, want: liaison.Forbidden, says: "for the secretariat or chair"},
		"tabled for no meeting":                           {kind: liaison.DoTable, state: liaison.InReview, by: liaison.AsChair, change: func(_ *liaison.Snapshot, c *liaison.Command) { c.Meeting = "" }, want: liaison.Invalid, says: "Choose a meeting"},
		"tabled for another meeting than was read":        {kind: liaison.DoTable, state: liaison.InReview, by: liaison.AsChair, change: func(_ *liaison.Snapshot, c *liaison.Command) { c.Meeting = "other" }, want: liaison.Invalid},
		"tabled for a meeting of the parent":              {kind: liaison.DoTable, state: liaison.InReview, by: liaison.AsChair, change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Meeting.Group = "itu-t/sg13" }, want: liaison.Invalid, says: "a meeting of ITU-T/JCA-ML"},
		"tabled for a closed meeting":                     {kind: liaison.DoTable, state: liaison.InReview, by: liaison.AsChair, change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Meeting.State = liaison.MeetingClosed }, want: liaison.Conflict, says: "is closed"},
		"tabled for a meeting that is over":               {kind: liaison.DoTable, state: liaison.InReview, by: liaison.AsChair, change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Meeting.Until = "2026-11-22" }, want: liaison.Conflict, says: "is over"},
		"tabled under an item that there is not":          {kind: liaison.DoTable, state: liaison.InReview, by: liaison.AsChair, change: func(_ *liaison.Snapshot, c *liaison.Command) { c.Item = 13 }, want: liaison.Invalid, says: "Choose an item of the agenda"},
		"tabled under another item than the profile's":    {kind: liaison.DoTable, state: liaison.InReview, by: liaison.AsChair, change: func(_ *liaison.Snapshot, c *liaison.Command) { c.Item = 8 }, want: liaison.Invalid, says: "under item 9 of the agenda"},
		"tabled under any item where the profile says so": {kind: liaison.DoTable, state: liaison.InReview, by: liaison.AsChair, change: func(s *liaison.Snapshot, c *liaison.Command) { c.Item, s.Profile.Approval.MeetingItem = 8, 0 }},
		"tabled where the profile has no meetings": {kind: liaison.DoTable, state: liaison.InReview, by: liaison.AsChair, change: func(s *liaison.Snapshot, _ *liaison.Command) {
			s.Profile.Approval.Modes = []liaison.ApprovalMode{liaison.ByOfficer}
		}, want: liaison.Forbidden, says: "no approval at a meeting"},
		"tabled in another revision than was shown": {kind: liaison.DoTable, state: liaison.InReview, by: liaison.AsChair, change: func(_ *liaison.Snapshot, c *liaison.Command) { c.Digest = digestOf(corrected()) }, want: liaison.Stale},

		"approved before the meeting is opened": {kind: liaison.DoApprove, change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Meeting.State = liaison.MeetingPlanned }, want: liaison.Conflict, says: "while the meeting is in session"},
		"approved after its last day":           {kind: liaison.DoApprove, change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Today = "2026-11-25" }, want: liaison.Conflict, says: "Change its days if it goes on"},
		"returned before it is opened":          {kind: liaison.DoReturn, change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Meeting.State = liaison.MeetingPlanned }, want: liaison.Conflict},
		"rejected before it is opened":          {kind: liaison.DoReject, change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Meeting.State = liaison.MeetingPlanned }, want: liaison.Conflict},
		"put off before it is opened":           {kind: liaison.DoDefer, by: liaison.AsSecretary, change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Meeting.State = liaison.MeetingPlanned }},
		"put off without a reason":              {kind: liaison.DoDefer, change: func(_ *liaison.Snapshot, c *liaison.Command) { c.Reason = "" }, want: liaison.Invalid, says: "Give a reason"},
		"put off by a chair with an interest":   {kind: liaison.DoDefer, change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Recused = map[liaison.PersonID]string{"chair": "x"} }},

		"edge 14: other bytes than those tabled":                 {kind: liaison.DoApprove, change: func(_ *liaison.Snapshot, c *liaison.Command) { c.Digest = digestOf(corrected()) }, want: liaison.Stale},
		"edge 14: other bytes than those tabled, with edits":     {kind: liaison.DoApproveEdited, change: func(_ *liaison.Snapshot, c *liaison.Command) { c.Digest = digestOf(corrected()) }, want: liaison.Stale},
		"edge 15: the chair's term ended":                        {kind: liaison.DoApprove, change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Officers[0].Until = "2026-11-22" }, want: liaison.Forbidden},
		"edge 16: the vice-chair without an absence":             {kind: liaison.DoApprove, by: liaison.AsViceChair, change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Absences = nil }, want: liaison.Forbidden, says: "absence or a delegation"},
		"edge 16: the secretariat never approves":                {kind: liaison.DoApprove, by: liaison.AsSecretary, want: liaison.Forbidden},
		"edge 17: a drafter where the profile asks for a second": {kind: liaison.DoApprove, change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Drafter, s.Profile.DrafterMayDecide = "chair", false }, want: liaison.Forbidden, says: "second person"},
		"edge 17: who edits drafts":                              {kind: liaison.DoApproveEdited, change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Profile.DrafterMayDecide = false }, want: liaison.Forbidden, says: "Who edits a statement is a drafter"},
		"edge 18: recused":                                       {kind: liaison.DoApprove, change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Recused = map[liaison.PersonID]string{"chair": "x"} }, want: liaison.Forbidden},
		"edge 69: the chair of before":                           {kind: liaison.DoApprove, change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Officers[0].Person = person("the next chair") }, want: liaison.Forbidden},

		"with edits that edit nothing":        {kind: liaison.DoApproveEdited, change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Proposed = s.Content }, want: liaison.Invalid, says: "Nothing is edited"},
		"with another deadline":               {kind: liaison.DoApproveEdited, change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Proposed.Deadline = "2027-03-01" }},
		"with a deadline that is past":        {kind: liaison.DoApproveEdited, change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Proposed.Deadline = "2026-11-01" }, want: liaison.Invalid, says: "not after today"},
		"with edits that leave the title out": {kind: liaison.DoApproveEdited, change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Proposed.Title = "" }, want: liaison.Invalid, says: "title is missing"},
		"with another addressee":              {kind: liaison.DoApproveEdited, change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Proposed.Addressees = s.Proposed.Addressees[:1] }, want: liaison.Invalid, says: "not changed at a meeting"},
		"with another file":                   {kind: liaison.DoApproveEdited, change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Proposed.Attachments = nil }, want: liaison.Invalid, says: "not changed at a meeting"},
		"with edits of a progress report":     {kind: liaison.DoApproveEdited, change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Content.Report = reportContent().Report }, want: liaison.Conflict, says: "files of a progress report"},
		"with edits that are not stored":      {kind: liaison.DoApproveEdited, change: func(_ *liaison.Snapshot, c *liaison.Command) { c.Amended = "" }, want: liaison.Invalid},

		"edge 23: entered though it was not on the agenda": {kind: liaison.DoEnterApproval, state: liaison.InReview, by: liaison.AsSecretary, change: minuted("meeting", 0)},
		"edge 23: entered without the minutes": {kind: liaison.DoEnterApproval, state: liaison.InReview, by: liaison.AsSecretary, change: func(_ *liaison.Snapshot, c *liaison.Command) {
			c.Given = &liaison.Given{By: "chair", On: today, Meeting: "meeting", File: digestOf(corrected())}
		}, want: liaison.Invalid, says: "reference of the minutes"},
		"edge 23: entered after it was closed":     {kind: liaison.DoEnterApproval, state: liaison.InReview, by: liaison.AsSecretary, change: both(minuted("meeting", 9), func(s *liaison.Snapshot, _ *liaison.Command) { s.Meeting.State = liaison.MeetingClosed })},
		"edge 23: entered though it was cancelled": {kind: liaison.DoEnterApproval, state: liaison.InReview, by: liaison.AsSecretary, change: both(minuted("meeting", 9), func(s *liaison.Snapshot, _ *liaison.Command) { s.Meeting.State = liaison.MeetingCancelled }), want: liaison.Invalid, says: "cancelled"},
		"entered of a day on which it was not held": {kind: liaison.DoEnterApproval, state: liaison.InReview, by: liaison.AsSecretary, change: both(minuted("meeting", 9), func(s *liaison.Snapshot, _ *liaison.Command) {
			s.Meeting.From, s.Meeting.Until = "2026-11-24", "2026-11-25"
		}), want: liaison.Invalid, says: "is not its own"},
		"entered of a meeting of another group":            {kind: liaison.DoEnterApproval, state: liaison.InReview, by: liaison.AsSecretary, change: both(minuted("meeting", 9), func(s *liaison.Snapshot, _ *liaison.Command) { s.Meeting.Group = "itu-t/sg13" }), want: liaison.Invalid, says: "Choose a meeting"},
		"entered under an item that there is not":          {kind: liaison.DoEnterApproval, state: liaison.InReview, by: liaison.AsSecretary, change: minuted("meeting", 13), want: liaison.Invalid, says: "has no item 13"},
		"entered of another meeting than it is tabled for": {kind: liaison.DoEnterApproval, by: liaison.AsSecretary, change: both(minuted("other", 9), func(s *liaison.Snapshot, _ *liaison.Command) { s.Meeting.ID = "other" }), want: liaison.Invalid, says: "Put it off first"},
		"entered where the profile has no meetings": {kind: liaison.DoEnterApproval, state: liaison.InReview, by: liaison.AsSecretary, change: both(minuted("meeting", 9), func(s *liaison.Snapshot, _ *liaison.Command) {
			s.Profile.Approval.Modes = []liaison.ApprovalMode{liaison.ByOfficer}
		}), want: liaison.Invalid, says: "no approval at a meeting"},
		"entered as given between meetings where there is none": {kind: liaison.DoEnterApproval, state: liaison.InReview, by: liaison.AsSecretary, change: func(s *liaison.Snapshot, _ *liaison.Command) {
			s.Profile.Approval.Modes = []liaison.ApprovalMode{liaison.AtMeeting}
		}, want: liaison.Invalid, says: "no approval between meetings"},
		"edge 27: between meetings where the group decides at meetings only": {kind: liaison.DoApprove, state: liaison.InReview, change: func(s *liaison.Snapshot, _ *liaison.Command) {
			s.Profile.Approval.Modes = []liaison.ApprovalMode{liaison.AtMeeting}
		}, want: liaison.Forbidden, says: "no approval between meetings"},
	} {
		t.Run(name, func(t *testing.T) {
			if test.state == "" {
				test.state = liaison.Tabled
			}
			if test.by == "" {
				test.by = liaison.AsChair
			}
			snap, cmd := ready(test.state, test.kind), command(test.kind, test.by)
			if test.change != nil {
				test.change(&snap, &cmd)
			}
			change, err := liaison.Next(snap, cmd)
			if test.want != "" {
				if liaison.CodeOf(err) != test.want || !strings.Contains(err.Error(), test.says) {
					t.Errorf("answered with %s %q, want %s with %q", liaison.CodeOf(err), err, test.want, test.says)
				}
				return
			}
			if err != nil {
				t.Fatalf("refused: %v", err)
			}
			if a := change.Approval; a != nil && (a.Mode != liaison.AtMeeting || a.Meeting != "meeting" || a.On != today) {
				t.Errorf("the record says %+v", a)
			}
		})
	}
}

func both(fs ...func(*liaison.Snapshot, *liaison.Command)) func(*liaison.Snapshot, *liaison.Command) {
	return func(s *liaison.Snapshot, c *liaison.Command) {
		for _, f := range fs {
			f(s, c)
		}
	}
}

// minuted is an approval that the secretariat enters with the minutes.
func minuted(m liaison.MeetingID, item int) func(*liaison.Snapshot, *liaison.Command) {
	return func(_ *liaison.Snapshot, c *liaison.Command) {
		c.Given = &liaison.Given{By: "chair", On: today, Evidence: "minutes, 9.2", Meeting: m, Item: item}
	}
}

// TestTheRecordNamesTheMeeting: who, in which capacity, at which meeting and item, on whose word.
func TestTheRecordNamesTheMeeting(t *testing.T) {
	change, err := liaison.Next(ready(liaison.Tabled, liaison.DoApprove), command(liaison.DoApprove, liaison.AsViceChair))
	want := &liaison.Approval{Mode: liaison.AtMeeting, By: "vice-chair", As: liaison.AsViceChair, On: today, Stands: "absence of chair", Meeting: "meeting", Item: 9}
	if err != nil || cmp.Diff(want, change.Approval) != "" {
		t.Errorf("at the meeting: %v\n%s", err, cmp.Diff(want, change.Approval))
	}
	cmd := command(liaison.DoEnterApproval, liaison.AsSecretary)
	minuted("meeting", 0)(nil, &cmd)
	change, err = liaison.Next(ready(liaison.InReview, liaison.DoEnterApproval), cmd)
	want = &liaison.Approval{Mode: liaison.AtMeeting, By: "chair", As: liaison.AsChair, On: today, Entered: "secretary", Evidence: "minutes, 9.2", Meeting: "meeting"}
	if err != nil || cmp.Diff(want, change.Approval) != "" {
		t.Errorf("by the minutes: %v\n%s", err, cmp.Diff(want, change.Approval))
	}
	change, err = liaison.Next(ready(liaison.Tabled, liaison.DoEnterApproval), command(liaison.DoEnterApproval, liaison.AsSecretary))
	if err != nil || change.Approval.Meeting != "meeting" || change.Approval.Item != 9 || change.Approval.Mode != liaison.AtMeeting {
		t.Errorf("what is tabled, by the minutes: %+v, %v", change.Approval, err)
	}
}

// TestTabledIsEscalatedAfterTheMeeting: it waits for its meeting and for nobody's mailbox, until the days of the meeting are over.
func TestTabledIsEscalatedAfterTheMeeting(t *testing.T) {
	s := ready(liaison.Tabled, liaison.DoEscalate) // tabled for a meeting until 24 November
	zone, err := s.Profile.Zone()
	if err != nil {
		t.Fatal(err)
	}
	step, due, waits := s.Escalation()
	if want := time.Date(2026, 12, 2, 0, 0, 0, 0, zone); !waits || step.To != liaison.OfficeChair || !due.Equal(want) {
		t.Errorf("%s is told at %s (%t), want the chair at %s", step.To, due, waits, want)
	}
	s.Now = due.Add(-time.Second)
	if _, err := liaison.Next(s, command(liaison.DoEscalate, liaison.AsEngine)); liaison.CodeOf(err) != liaison.Conflict {
		t.Errorf("a second early: %v", err)
	}
	s.Now = due
	if _, err := liaison.Next(s, command(liaison.DoEscalate, liaison.AsEngine)); err != nil {
		t.Errorf("when it is due: %v", err)
	}
}

// TestUnclosed: a meeting is to be closed from the morning after its last day on, wherever its group is.
func TestUnclosed(t *testing.T) {
	zone, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		t.Fatal(err)
	}
	morning := time.Date(2026, 11, 25, liaison.RemindHour, 0, 0, 0, zone)
	for name, x := range map[string]struct {
		state liaison.MeetingState
		at    time.Time
		want  bool
	}{
		"open on its last day":       {liaison.MeetingOpen, morning.AddDate(0, 0, -1), false},
		"in the night after":         {liaison.MeetingOpen, morning.Add(-time.Second), false},
		"open, in the morning after": {liaison.MeetingOpen, morning, true},
		"never opened":               {liaison.MeetingPlanned, morning, true},
		"closed":                     {liaison.MeetingClosed, morning, false},
		"cancelled":                  {liaison.MeetingCancelled, morning, false},
	} {
		t.Run(name, func(t *testing.T) {
			m := sitting() // until 24 November
			m.State = x.state
			if got := m.Unclosed(x.at, zone); got != x.want {
				t.Errorf("to be closed: %t, want %t", got, x.want)
			}
		})
	}
}

// TestEveryStateActAndCapacityOfAMeeting is all of what can be done with a meeting.
func TestEveryStateActAndCapacityOfAMeeting(t *testing.T) {
	leads := map[liaison.MeetingAct]map[liaison.MeetingState]liaison.MeetingState{
		liaison.EnterMeeting:  {"": liaison.MeetingPlanned},
		liaison.ChangeMeeting: {liaison.MeetingPlanned: "", liaison.MeetingOpen: ""},
		liaison.OpenMeeting:   {liaison.MeetingPlanned: liaison.MeetingOpen},
		liaison.CloseMeeting:  {liaison.MeetingOpen: liaison.MeetingClosed},
		liaison.CancelMeeting: {liaison.MeetingPlanned: liaison.MeetingCancelled},
	}
	if len(leads) != len(liaison.MeetingTable) {
		t.Fatalf("there are %d acts, the expectation has %d", len(liaison.MeetingTable), len(leads))
	}
	states := []liaison.MeetingState{""}
	for _, s := range liaison.MeetingStates {
		states = append(states, s.State)
	}
	snap := ready(liaison.None, liaison.DoDraft)
	for act, from := range leads {
		for _, state := range states {
			for _, c := range liaison.Capacities {
				m := sitting()
				m.State = state
				r, acting, err := m.Judge(snap, act, command("", c.Capacity).Actor, 0, "because")
				to, possible := from[state]
				want := liaison.ErrorCode("")
				switch {
				case c.Capacity != liaison.AsSecretary && c.Capacity != liaison.AsChair:
					want = liaison.Forbidden
				case !possible:
					want = liaison.Conflict
				}
				if got := liaison.CodeOf(err); err == nil && (want != "" || r.To != to || acting != c.Capacity) || err != nil && got != want {
					t.Errorf("%s of a meeting that is %q by %s: to %q as %s, %v", act, state, c.Capacity, r.To, acting, err)
				}
			}
		}
	}
	if got := sitting().MayMeet(snap, "secretary"); !slices.Equal(got, []liaison.MeetingAct{liaison.ChangeMeeting, liaison.CloseMeeting}) {
		t.Errorf("while it sits the secretariat may %v", got)
	}
}

func TestMeetingIsNotEndedOverWhatIsTabled(t *testing.T) {
	snap, m := ready(liaison.None, liaison.DoDraft), sitting()
	if _, _, err := m.Judge(snap, liaison.CloseMeeting, "chair", 2, ""); liaison.CodeOf(err) != liaison.Conflict || !strings.Contains(err.Error(), "2 statements are still tabled") {
		t.Errorf("closed over two statements: %v", err)
	}
	m.State = liaison.MeetingPlanned
	if _, _, err := m.Judge(snap, liaison.CancelMeeting, "chair", 1, "no quorum"); liaison.CodeOf(err) != liaison.Conflict || !strings.Contains(err.Error(), "One statement is still tabled") {
		t.Errorf("cancelled over one statement: %v", err)
	}
	if _, _, err := m.Judge(snap, liaison.CancelMeeting, "chair", 0, " "); liaison.CodeOf(err) != liaison.Invalid {
		t.Errorf("cancelled without a reason: %v", err)
	}
	for from, until := range map[liaison.Date]liaison.Date{"2026-11-24": "2026-11-25", "2026-11-20": "2026-11-22"} {
		m.From, m.Until = from, until
		if _, _, err := m.Judge(snap, liaison.OpenMeeting, "chair", 0, ""); liaison.CodeOf(err) != liaison.Conflict || !strings.Contains(err.Error(), "Change its days") {
			t.Errorf("opened on a day that is none of its own: %v", err)
		}
	}
}

// TestAnnouncementIsAdvice: too late is said and refuses nothing.
func TestAnnouncementIsAdvice(t *testing.T) {
	p := profile()
	for name, test := range map[string]struct {
		change func(*liaison.Meeting)
		with   liaison.Meeting
		says   []string
	}{
		"in time, to the day":    {change: func(m *liaison.Meeting) { m.Announced = "2026-10-25" }},
		"a day late":             {change: func(m *liaison.Meeting) { m.Announced = "2026-10-26" }, says: []string{"27 days before it begins", "asks for 28", "25 October 2026", "confidence: low"}},
		"nobody knows when":      {change: func(m *liaison.Meeting) { m.Announced = "" }, says: []string{"not said when it was announced"}},
		"no item for decisions":  {change: func(m *liaison.Meeting) { m.Agenda = m.Agenda[:8] }, says: []string{"under item 9"}},
		"beside the other's":     {with: liaison.Meeting{ID: "p", Title: "SG13", From: "2026-11-23", Until: "2026-12-01"}, says: []string{"held together with SG13"}},
		"within the other's":     {with: liaison.Meeting{ID: "p", Title: "SG13", From: "2026-11-20", Until: "2026-12-01"}},
		"over, nobody is warned": {change: func(m *liaison.Meeting) { m.Announced, m.State = "", liaison.MeetingClosed }},
	} {
		t.Run(name, func(t *testing.T) {
			m := sitting()
			if test.change != nil {
				test.change(&m)
			}
			if errs := m.Check(); len(errs) > 0 {
				t.Fatalf("refused: %v", errs[0])
			}
			got := strings.Join(m.Advice(p, test.with), "\n")
			if (got == "") != (len(test.says) == 0) {
				t.Errorf("advice is %q", got)
			}
			for _, want := range test.says {
				if !strings.Contains(got, want) {
					t.Errorf("advice is %q, want %q in it", got, want)
				}
			}
		})
	}
}

func TestMeetingCheck(t *testing.T) {
	for field, set := range map[string]func(*liaison.Meeting){
		"title":     func(m *liaison.Meeting) { m.Title = " " },
		"place":     func(m *liaison.Meeting) { m.Place = "Geneva\nor not" },
		"from":      func(m *liaison.Meeting) { m.From, m.Announced, m.Inputs = "16 March", "", "" },
		"until":     func(m *liaison.Meeting) { m.Until = "2026-11-21" },
		"announced": func(m *liaison.Meeting) { m.Announced = "2026-11-23" },
		"inputs":    func(m *liaison.Meeting) { m.Inputs = "2026-11-25" },
		"agenda.11": func(m *liaison.Meeting) { m.Agenda[11].Title = strings.Repeat("x", liaison.MaxTitle+1) },
		"agenda": func(m *liaison.Meeting) {
			for range liaison.MaxAgenda {
				m.Agenda = append(m.Agenda, liaison.AgendaItem{Title: "One more"})
			}
		},
	} {
		m := sitting()
		set(&m)
		m = m.Tidy()
		errs := m.Check()
		if len(errs) != 1 || errs[0].Field != field {
			t.Errorf("%s: refusals are %v", field, errs)
		}
	}
	m := sitting()
	m.Agenda = []liaison.AgendaItem{{7, "Opening "}, {2, " "}, {1, "Close"}}
	if m = m.Tidy(); cmp.Diff([]liaison.AgendaItem{{1, "Opening"}, {2, "Close"}}, m.Agenda) != "" {
		t.Errorf("the agenda is %+v", m.Agenda)
	}
}

// TestAMeetingOfTheParentGroup is seen to by the group that reports to it, which decides nothing at it.
func TestAMeetingOfTheParentGroup(t *testing.T) {
	snap := ready(liaison.None, liaison.DoDraft)
	snap.Parent = "itu-t/sg13"
	m := liaison.Meeting{ID: "m", Group: "itu-t/sg13", Title: "Study Group 13 meeting", From: "2026-11-20", Until: "2026-12-01", State: liaison.MeetingPlanned}
	want := []liaison.MeetingAct{liaison.ChangeMeeting, liaison.CloseMeeting, liaison.CancelMeeting}
	for _, c := range liaison.Capacities {
		got := m.MayMeet(snap, command("", c.Capacity).Actor)
		if officer := slices.Contains(liaison.MeetingOfficers, c.Capacity); officer && !slices.Equal(got, want) || !officer && len(got) > 0 {
			t.Errorf("the %s may %v", c.Capacity, got)
		}
	}
	if _, _, err := m.Judge(snap, liaison.OpenMeeting, "chair", 0, ""); liaison.CodeOf(err) != liaison.Conflict {
		t.Errorf("opened: %v", err)
	}
	ahead := m
	ahead.From = "2026-11-24"
	if _, _, err := ahead.Judge(snap, liaison.CloseMeeting, "chair", 0, ""); liaison.CodeOf(err) != liaison.Conflict {
		t.Errorf("over before it begins: %v", err)
	}
	snap.Parent = "itu-t/sg17"
	if may := m.MayMeet(snap, "chair"); len(may) > 0 {
		t.Errorf("of a group that is not the parent it may %v", may)
	}
}
