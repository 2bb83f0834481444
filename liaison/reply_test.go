package liaison_test

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jca-ml/liaison/liaison"
)

// whatHappens is what the table of replies has to come to, written down a second time and by hand: the state that each act leads
// to, on the day of the deadline and on the day after. A dot stays, a blank is a refusal, d is where the date puts it.
const whatHappens = `
              reply         interim  unlink  ask  grant     refuse  decline   redirect    expect  waive   pass     end       cancel
not-awaited   .             .
awaiting      replied       .                .    extended  .       declined  redirected          waived  overdue  no-reply  not-awaited
extended      replied       .                .    extended  .       declined  redirected          waived  overdue  no-reply  not-awaited
overdue       replied       .                .    extended  .       declined  redirected          waived           no-reply  not-awaited
redirected    replied       .                                       declined  .           d       waived           no-reply
replied       .             .        d
replied-late  .             .        d
declined      replied       .                                                             d       waived
waived        replied       .                                                             d
no-reply      replied       .
`

func reply(state liaison.ReplyState) liaison.Reply {
	return liaison.Reply{Transmission: "m", Position: 1, Name: "ITU-T SG13", State: state, Deadline: "2027-01-31", Due: "2027-01-31", Asked: "2027-03-31", Reached: true}
}

// TestEveryReplyStateAndAct is the whole life of a reply: every state, everything that can happen to it, in time and late.
func TestEveryReplyStateAndAct(t *testing.T) {
	lines := strings.Split(strings.Trim(whatHappens, "\n"), "\n")
	acts := strings.Fields(lines[0])
	if len(lines)-1 != len(liaison.ReplyStates) {
		t.Fatalf("there are %d states, the expectation has %d: extend it", len(liaison.ReplyStates), len(lines)-1)
	}
	for _, r := range liaison.ReplyTable {
		if r.Act != liaison.ReplyBegins && !slices.Contains(acts, string(r.Act)) {
			t.Errorf("%s is not in the expectation: extend it", r.Act)
		}
		if r.Event.Label() == string(r.Event) || r.Words == "" {
			t.Errorf("%s has no words", r.Act)
		}
	}
	for _, line := range lines[1:] {
		state := liaison.ReplyState(strings.Fields(line)[0])
		for _, act := range acts {
			want := ""
			if at := strings.Index(lines[0], " "+act) + 1; at < len(line) {
				want, _, _ = strings.Cut(line[at:], " ")
			}
			for day, late := range map[liaison.Date]bool{"2027-01-31": false, "2027-02-01": true} {
				t.Run(strings.Join([]string{string(state), act, string(day)}, "/"), func(t *testing.T) {
					got, rule, err := reply(state).After(liaison.ReplyAct(act), liaison.ReplyDetail{Day: day, Date: "2027-02-28"})
					want := liaison.ReplyState(want)
					switch {
					case want == "" || act == "pass" && !late:
						if liaison.CodeOf(err) != liaison.Conflict || !strings.HasSuffix(err.Error(), ".") {
							t.Fatalf("answered with %v, want a conflict in a sentence", err)
						}
						return
					case want == ".":
						want = state
					case want == "d" && late:
						want = liaison.ReplyOverdue
					case want == "d":
						want = liaison.ReplyAwaiting
					case want == liaison.ReplyOnTime && late:
						want = liaison.ReplyLate
					}
					if err != nil || got.State != want || rule.Event == "" {
						t.Errorf("leads to %s with %q, %v; want %s", got.State, rule.Event, err, want)
					}
				})
			}
		}
	}
}

// TestEveryOpenReplyHasAnEnd: whatever is still expected can be replied to, waived, and ends when the statement is closed.
func TestEveryOpenReplyHasAnEnd(t *testing.T) {
	for _, s := range liaison.ReplyStates {
		for _, act := range []liaison.ReplyAct{liaison.ReplyComes, liaison.ReplyWaives, liaison.ReplyEnds} {
			after, _, err := reply(s.State).After(act, liaison.ReplyDetail{Day: "2027-01-01"})
			if s.Open && (err != nil || after.State.Open()) {
				t.Errorf("%s: after %s it is %s, %v", s.State, act, after.State, err)
			}
		}
	}
}

// TestOnlyWhatIsAskedByADateIsAwaited are the edge cases of who owes a reply at all.
func TestOnlyWhatIsAskedByADateIsAwaited(t *testing.T) {
	p := profile()
	for name, test := range map[string]struct {
		deadline liaison.Date
		purpose  liaison.Purpose
		want     liaison.ReplyState
	}{
		"edge 2: a deadline on what is only for information is a note": {"2027-01-31", liaison.ForInformation, liaison.ReplyNotAwaited},
		"edge 4: of mixed purposes, that for action is awaited":        {"2027-01-31", liaison.ForAction, liaison.ReplyAwaiting},
		"edge 4: of mixed purposes, that for information is not":       {"2027-01-31", liaison.ForInformation, liaison.ReplyNotAwaited},
		"edge 60: for information, a courtesy at most":                 {"", liaison.ForInformation, liaison.ReplyNotAwaited},
		"comments, where the profile awaits them":                      {"2027-01-31", liaison.ForComment, liaison.ReplyAwaiting},
		"comments without a date":                                      {"", liaison.ForComment, liaison.ReplyNotAwaited},
		"an answer awaits none":                                        {"2027-01-31", liaison.InResponse, liaison.ReplyNotAwaited},
	} {
		t.Run(name, func(t *testing.T) {
			if got := p.Awaits(liaison.Content{Deadline: test.deadline}, liaison.Addressee{Purpose: test.purpose}); got != test.want {
				t.Errorf("is %s, want %s", got, test.want)
			}
		})
	}
}

func TestWhatAnAddresseeSaysIsToItsReply(t *testing.T) {
	for name, test := range map[string]struct {
		said liaison.Response
		want liaison.ReplyAct
	}{
		"edge 58: an acknowledgement is not a reply": {liaison.Response{Kind: liaison.RespondAcknowledged}, ""},
		"edge 40: an interim reply is not the reply": {liaison.Response{Kind: liaison.RespondReplied, Interim: true}, liaison.ReplyInterim},
		"a reply":           {liaison.Response{Kind: liaison.RespondReplied}, liaison.ReplyComes},
		"asking for a date": {liaison.Response{Kind: liaison.RespondExtensionAsked}, liaison.ReplyAsks},
		"declining":         {liaison.Response{Kind: liaison.RespondDeclined}, liaison.ReplyDeclines},
		"edge 57: what is misdirected belongs elsewhere": {liaison.Response{Kind: liaison.RespondMisdirected}, liaison.ReplyRedirects},
	} {
		t.Run(name, func(t *testing.T) {
			if got := liaison.ReplyActOf(test.said); got != test.want {
				t.Errorf("is %q, want %q", got, test.want)
			}
		})
	}
}

func TestExtensionKeepsBothDates(t *testing.T) {
	asked, _, err := reply(liaison.ReplyOverdue).After(liaison.ReplyAsks, liaison.ReplyDetail{Day: "2027-02-10", Date: "2027-03-31"})
	if err != nil || asked.State != liaison.ReplyOverdue || asked.Due != "2027-01-31" || asked.Asked != "2027-03-31" {
		t.Fatalf("asking moved the date: %+v, %v", asked, err)
	}
	t.Run("edge 41: granted after it was overdue, both dates stand", func(t *testing.T) {
		got, _, err := asked.After(liaison.ReplyGrants, liaison.ReplyDetail{Day: "2027-02-11"})
		if err != nil || got.State != liaison.ReplyExtended || got.Deadline != "2027-01-31" || got.Due != "2027-03-31" || got.Asked != "" {
			t.Errorf("%+v, %v", got, err)
		}
		if got, _, err = got.After(liaison.ReplyComes, liaison.ReplyDetail{Day: "2027-03-31"}); err != nil || got.State != liaison.ReplyOnTime {
			t.Errorf("a reply on the granted day is %s, %v", got.State, err)
		}
	})
	t.Run("refused, the date stays", func(t *testing.T) {
		got, _, err := asked.After(liaison.ReplyRefuses, liaison.ReplyDetail{Day: "2027-02-11"})
		if err != nil || got.State != liaison.ReplyOverdue || got.Due != "2027-01-31" || got.Asked != "" {
			t.Errorf("%+v, %v", got, err)
		}
		if _, _, err := got.After(liaison.ReplyRefuses, liaison.ReplyDetail{Day: "2027-02-12"}); liaison.CodeOf(err) != liaison.Conflict {
			t.Errorf("refused once more: %v", err)
		}
	})
	for name, day := range map[string]liaison.Date{"the date in force": "2027-01-31", "an earlier one": "2027-01-15", "one that has passed": "2027-02-05", "no date": "2027-02-30"} {
		t.Run("granting "+name+" is refused", func(t *testing.T) {
			_, _, err := asked.After(liaison.ReplyGrants, liaison.ReplyDetail{Day: "2027-02-11", Date: day})
			if e, ok := errors.AsType[*liaison.Error](err); !ok || e.Code != liaison.Invalid || e.Field != "date" {
				t.Errorf("answered with %v", err)
			}
		})
	}
}

func TestUncountedReplyGivesWayToTheNext(t *testing.T) {
	d := liaison.ReplyDetail{Day: "2027-02-10"}
	for name, test := range map[string]struct {
		left []liaison.Date
		over bool
		want liaison.ReplyState
	}{
		"none is left":                         {nil, false, liaison.ReplyOverdue},
		"none is left, and nothing is awaited": {nil, true, liaison.ReplyMissing},
		"a late one is left":                   {[]liaison.Date{"2027-02-05"}, false, liaison.ReplyLate},
		"one in time is left":                  {[]liaison.Date{"2027-02-05", "2027-01-20"}, false, liaison.ReplyOnTime},
	} {
		t.Run(name, func(t *testing.T) {
			d.Over = test.over
			if got, _, err := reply(liaison.ReplyOnTime).Uncounted(d, test.left); err != nil || got.State != test.want {
				t.Errorf("is %s, %v; want %s", got.State, err, test.want)
			}
		})
	}
}

// TestRemindersOfADeadline goes through the days around a deadline by the hour, as a job that runs far too often would, over the
// beginning of summer time.
func TestRemindersOfADeadline(t *testing.T) {
	zone, err := profile().Zone()
	if err != nil {
		t.Fatal(err)
	}
	s := ready(liaison.Dispatched, liaison.DoWaive)
	s.Profile.Replies.Overdue = 3
	r := reply(liaison.ReplyAwaiting)
	r.Deadline, r.Due, r.Since = "2027-03-28", "2027-03-28", time.Date(2027, 3, 1, 12, 0, 0, 0, zone)
	var got []string
	for now := r.Since; now.Before(r.Since.AddDate(0, 2, 0)); now = now.Add(time.Hour) {
		s.Replies = []liaison.Reply{r}
		due, next, err := s.DueReplies(now)
		if err != nil {
			t.Fatal(err)
		}
		if len(due) > 0 != next.Equal(now) {
			t.Fatalf("at %s %d things are due and the next is at %s", now, len(due), next)
		}
		for _, d := range due {
			at := now.In(zone).Format("01-02 15:04")
			if d.Overdue {
				got = append(got, at+" overdue")
				r.State = liaison.ReplyOverdue
			}
			if d.Remind != nil {
				got = append(got, at+" "+strconv.Itoa(d.Days))
				r.Reminded = &d.Remind.Days
			}
		}
	}
	want := []string{"03-14 09:00 14", "03-21 09:00 7", "03-24 09:00 4", "03-25 09:00 3", "03-26 09:00 2", "03-27 09:00 1", "03-28 09:00 0",
		"03-29 00:00 overdue", "03-29 09:00 -1", "03-30 09:00 -2", "03-31 09:00 -3"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("reminders (-want +got):\n%s", diff)
	}
}

func TestWhatIsDueOfAReply(t *testing.T) {
	at := func(day int) time.Time { return time.Date(2027, 1, day, 12, 0, 0, 0, time.UTC) }
	one := 1
	for name, test := range map[string]struct {
		change func(*liaison.Snapshot, *liaison.Reply)
		now    time.Time
		want   string // the days of a reminder, "overdue", both, or nothing
		next   time.Time
	}{
		"edge 68: the job runs again on the day": {func(_ *liaison.Snapshot, r *liaison.Reply) { r.Reminded = &one }, at(30), "", time.Date(2027, 1, 31, 8, 0, 0, 0, time.UTC)},
		"nothing ran for days: the latest only":  {nil, at(29), "2", at(29)},
		"nothing ran until long after":           {nil, time.Date(2027, 2, 3, 12, 0, 0, 0, time.UTC), "overdue -3", time.Date(2027, 2, 3, 12, 0, 0, 0, time.UTC)},
		"dispatched after the reminder's time":   {func(_ *liaison.Snapshot, r *liaison.Reply) { r.Since = at(29) }, at(29), "", time.Date(2027, 1, 30, 8, 0, 0, 0, time.UTC)},
		"another one's message is on its way":    {func(s *liaison.Snapshot, _ *liaison.Reply) { s.State = liaison.Dispatching }, at(29), "2", at(29)},
		"approved":                               {func(s *liaison.Snapshot, _ *liaison.Reply) { s.State = liaison.Approved }, at(30), "", time.Time{}},
		"closed":                                 {func(s *liaison.Snapshot, _ *liaison.Reply) { s.State = liaison.Closed }, at(30), "", time.Time{}},
		"withdrawn":                              {func(s *liaison.Snapshot, _ *liaison.Reply) { s.State = liaison.Withdrawn }, at(30), "", time.Time{}},
		"edge 37: recalled":                      {func(s *liaison.Snapshot, _ *liaison.Reply) { s.Over = liaison.Recalls }, at(30), "", time.Time{}},
		"superseded":                             {func(s *liaison.Snapshot, _ *liaison.Reply) { s.Over = liaison.Revises }, at(30), "", time.Time{}},
		"replied":                                {func(_ *liaison.Snapshot, r *liaison.Reply) { r.State = liaison.ReplyOnTime }, at(30), "", time.Time{}},
		"declined":                               {func(_ *liaison.Snapshot, r *liaison.Reply) { r.State = liaison.ReplyDeclined }, at(30), "", time.Time{}},
		"waived":                                 {func(_ *liaison.Snapshot, r *liaison.Reply) { r.State = liaison.ReplyWaived }, at(30), "", time.Time{}},
		"edge 60: for information":               {func(_ *liaison.Snapshot, r *liaison.Reply) { r.State = liaison.ReplyNotAwaited }, at(30), "", time.Time{}},
		"edge 57: nothing is counted against the wrong": {func(_ *liaison.Snapshot, r *liaison.Reply) { r.State = liaison.ReplyRedirected }, time.Date(2027, 2, 5, 12, 0, 0, 0, time.UTC), "", time.Time{}},
		"it never got there":                            {func(_ *liaison.Snapshot, r *liaison.Reply) { r.Reached = false }, at(30), "", time.Time{}},
		"edge 40: an interim reply came": {func(_ *liaison.Snapshot, r *liaison.Reply) {
			*r, _, _ = r.After(liaison.ReplyInterim, liaison.ReplyDetail{Day: "2027-01-20"})
		}, at(30), "1", at(30)},
		"edge 61: silence is never agreement": {func(_ *liaison.Snapshot, r *liaison.Reply) { r.State = liaison.ReplyOverdue }, time.Date(2029, 1, 1, 0, 0, 0, 0, time.UTC), "-14", time.Date(2029, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		t.Run(name, func(t *testing.T) {
			s, r := ready(liaison.Dispatched, liaison.DoWaive), reply(liaison.ReplyAwaiting)
			if test.change != nil {
				test.change(&s, &r)
			}
			s.Replies = []liaison.Reply{r}
			due, next, err := s.DueReplies(test.now)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, d := range due {
				if d.Overdue {
					got = "overdue"
				}
				if d.Remind != nil {
					got = strings.TrimSpace(got + " " + strconv.Itoa(d.Remind.Days))
				}
			}
			if got != test.want || !next.Equal(test.next) {
				t.Errorf("due: %q, next at %s; want %q, next at %s", got, next, test.want, test.next)
			}
		})
	}
}

func TestStatementClosesWhenEveryAwaitedReplyIsSettled(t *testing.T) {
	for name, test := range map[string]struct {
		states []liaison.ReplyState
		want   bool
	}{
		"all replied, one late":                         {[]liaison.ReplyState{"replied", "replied-late", "not-awaited"}, true},
		"one waived, one declined":                      {[]liaison.ReplyState{"waived", "declined"}, true},
		"one is overdue":                                {[]liaison.ReplyState{"replied", "overdue"}, false},
		"one belongs elsewhere":                         {[]liaison.ReplyState{"replied", "redirected"}, false},
		"edge 60: nothing was awaited, a person closes": {[]liaison.ReplyState{"not-awaited"}, false},
		"nobody was asked":                              {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			var s liaison.Snapshot
			for _, x := range test.states {
				s.Replies = append(s.Replies, liaison.Reply{State: x})
			}
			if got := s.RepliesSettled(); got != test.want {
				t.Errorf("settled: %t", got)
			}
			for _, x := range liaison.TransmissionStates {
				s.Outcomes = map[liaison.TransmissionState]int{liaison.TransmissionAccepted: 1, x.State: 1}
				through := slices.Contains([]liaison.TransmissionState{"accepted", "assumed", "cancelled"}, x.State)
				if got := s.RepliesSettled(); got != (test.want && through) {
					t.Errorf("settled while a message is %s: %t", x.State, got)
				}
			}
		})
	}
}

// TestWhatClosedItselfOpensAgain: the engine closes a statement because of its replies alone, so what takes back a reply takes that back too. What a
// person closed, or another statement overtook, stays closed.
func TestWhatClosedItselfOpensAgain(t *testing.T) {
	for name, test := range map[string]struct {
		kind   liaison.CommandKind
		change func(*liaison.Snapshot)
		want   liaison.State
	}{
		"an interim reply closed it":               {liaison.DoMarkInterim, func(*liaison.Snapshot) {}, liaison.Dispatched},
		"what closed it was no reply":              {liaison.DoUnlinkReply, func(*liaison.Snapshot) {}, liaison.Dispatched},
		"it was waived":                            {liaison.DoAwaitAgain, func(*liaison.Snapshot) {}, liaison.Dispatched},
		"one addressee never got it":               {liaison.DoMarkInterim, func(s *liaison.Snapshot) { s.Outcomes[liaison.TransmissionRefused] = 1 }, liaison.DispatchedInPart},
		"another message counts as the reply":      {liaison.DoMarkInterim, func(s *liaison.Snapshot) { s.Cited.Left = []liaison.Date{"2027-01-20"} }, liaison.Closed},
		"the message never counted":                {liaison.DoMarkInterim, func(s *liaison.Snapshot) { s.Cited.Counts = false }, liaison.Closed},
		"a person closed it":                       {liaison.DoMarkInterim, func(s *liaison.Snapshot) { s.ClosedItself = false }, liaison.Closed},
		"it was recalled":                          {liaison.DoUnlinkReply, func(s *liaison.Snapshot) { s.Over = liaison.Recalls }, liaison.Closed},
		"it was waived, and a person closed it":    {liaison.DoAwaitAgain, func(s *liaison.Snapshot) { s.ClosedItself = false }, ""},
		"it was waived, and then superseded":       {liaison.DoAwaitAgain, func(s *liaison.Snapshot) { s.Over = liaison.Revises }, ""},
		"an addressee replied, and is not awaited": {liaison.DoAwaitAgain, func(s *liaison.Snapshot) { s.Replies[0].State = liaison.ReplyOnTime }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := ready(liaison.Closed, test.kind)
			test.change(&s)
			change, err := liaison.Next(s, command(test.kind, liaison.AsSecretary))
			if change.Rule.To != test.want || (err == nil) != (test.want != "") {
				t.Errorf("leads to %q, %v; want %q", change.Rule.To, err, test.want)
			}
			if err != nil && liaison.CodeOf(err) != liaison.Conflict {
				t.Errorf("refused with %v", err)
			}
			if offered := slices.Contains(liaison.MayAboutReply(s, s.Replies[0], "secretary"), test.kind); offered != (err == nil) {
				t.Errorf("is a button: %t", offered)
			}
		})
	}
}

// TestButtonsOfAReply: what may be done about one reply, by whom.
func TestButtonsOfAReply(t *testing.T) {
	s := ready(liaison.Dispatched, liaison.DoWaive)
	for name, test := range map[string]struct {
		who   liaison.PersonID
		state liaison.ReplyState
		want  []liaison.CommandKind
	}{
		"the chair, awaited":        {"chair", liaison.ReplyAwaiting, []liaison.CommandKind{"link-reply", "mark-interim", "grant-extension", "refuse-extension", "waive", "redirect"}},
		"the secretariat, awaited":  {"secretary", liaison.ReplyAwaiting, []liaison.CommandKind{"link-reply", "mark-interim", "grant-extension", "refuse-extension", "redirect"}},
		"the secretariat, replied":  {"secretary", liaison.ReplyOnTime, []liaison.CommandKind{"link-reply", "mark-interim", "unlink-reply"}},
		"the secretariat, declined": {"secretary", liaison.ReplyDeclined, []liaison.CommandKind{"link-reply", "mark-interim", "await-again"}},
		"the drafter":               {"author", liaison.ReplyAwaiting, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, liaison.MayAboutReply(s, reply(test.state), test.who)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
