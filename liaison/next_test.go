package liaison_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jca-ml/liaison/liaison"
)

func TestNextRefuses(t *testing.T) {
	type change func(*liaison.Snapshot, *liaison.Command)
	approve := func(f change) (liaison.Snapshot, liaison.Command, change) {
		return ready(liaison.InReview, liaison.DoApprove), command(liaison.DoApprove, liaison.AsChair), f
	}
	term := func(s *liaison.Snapshot, from, until liaison.Date) {
		s.Officers = []liaison.Appointment{{Person: person("chair"), Group: jca, Office: liaison.OfficeChair, From: from, Until: until}}
	}
	for name, test := range map[string]struct {
		kind   liaison.CommandKind
		state  liaison.State
		change change
		want   liaison.ErrorCode // "" for allowed
		says   string
	}{
		"the term ends today":               {change: func(s *liaison.Snapshot, _ *liaison.Command) { term(s, "2023-02-08", today) }},
		"the term ended yesterday":          {change: func(s *liaison.Snapshot, _ *liaison.Command) { term(s, "2023-02-08", "2026-11-22") }, want: liaison.Forbidden, says: "for the chair or vice-chair of ITU-T/JCA-ML"},
		"the term begins today":             {change: func(s *liaison.Snapshot, _ *liaison.Command) { term(s, today, "") }},
		"the term begins tomorrow":          {change: func(s *liaison.Snapshot, _ *liaison.Command) { term(s, "2026-11-24", "") }, want: liaison.Forbidden},
		"chair of another group":            {change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Officers[0].Group = "itu-t/sg13" }, want: liaison.Forbidden, says: "you act as reader"},
		"office is not of the person":       {change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Officers[0].Person = person("somebody else") }, want: liaison.Forbidden},
		"the vice-chair without delegation": {change: func(s *liaison.Snapshot, c *liaison.Command) { c.Actor, s.Absences = "vice-chair", nil }, want: liaison.Forbidden},
		"the secretariat never approves":    {change: func(_ *liaison.Snapshot, c *liaison.Command) { c.Actor = "secretary" }, want: liaison.Forbidden},
		"a person nobody knows":             {change: func(_ *liaison.Snapshot, c *liaison.Command) { c.Actor = "nobody" }, want: liaison.Forbidden},
		"no person at all":                  {change: func(_ *liaison.Snapshot, c *liaison.Command) { c.Actor = "" }, want: liaison.Forbidden, says: "needs a person"},

		"the chair drafted it, the profile allows": {change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Drafter = "chair" }},
		"the chair drafted it, the profile does not": {change: func(s *liaison.Snapshot, _ *liaison.Command) {
			s.Drafter, s.Profile.DrafterMayDecide = "chair", false
		}, want: liaison.Forbidden, says: "second person"},
		"the chair edited it, the profile does not allow": {change: func(s *liaison.Snapshot, _ *liaison.Command) {
			s.Drafters, s.Profile.DrafterMayDecide = append(s.Drafters, "chair"), false
		}, want: liaison.Forbidden, says: "second person"},
		"somebody else drafted it, the profile asks for that": {change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Profile.DrafterMayDecide = false }},

		"the digest is of another revision": {change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Digest, s.Revision = digestOf(liaison.Content{}), 2 }, want: liaison.Stale, says: "revision 2"},
		"the digest is missing":             {change: func(_ *liaison.Snapshot, c *liaison.Command) { c.Digest = "" }, want: liaison.Invalid, says: "which revision"},
		"the digest is cut off":             {change: func(_ *liaison.Snapshot, c *liaison.Command) { c.Digest = c.Digest[:12] }, want: liaison.Invalid},
		"the digest is in capitals": {change: func(_ *liaison.Snapshot, c *liaison.Command) {
			c.Digest = liaison.Digest(strings.ToUpper(string(c.Digest)))
		}, want: liaison.Stale},
		"the deadline has passed since": {change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Today = "2027-02-01" }, want: liaison.Invalid, says: "31 January 2027"},
		"the deadline is today":         {change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Today = "2027-01-31" }, want: liaison.Invalid, says: "not after today"},
		"the deadline is tomorrow":      {change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Today = "2027-01-30" }},
		"a reason is welcome":           {change: func(_ *liaison.Snapshot, c *liaison.Command) { c.Reason = "" }},
		"the reason is too long":        {change: func(_ *liaison.Snapshot, c *liaison.Command) { c.Reason = strings.Repeat("é", 4001) }, want: liaison.Invalid, says: "4001 characters"},
		"the reason fits just":          {change: func(_ *liaison.Snapshot, c *liaison.Command) { c.Reason = strings.Repeat("é", 4000) }},
		"the reason has a NUL":          {change: func(_ *liaison.Snapshot, c *liaison.Command) { c.Reason = "a\x00b" }, want: liaison.Invalid},
		"the reason is not text":        {change: func(_ *liaison.Snapshot, c *liaison.Command) { c.Reason = "\xff" }, want: liaison.Invalid},
		"the id is too long": {change: func(_ *liaison.Snapshot, c *liaison.Command) {
			c.ID = liaison.CommandID(strings.Repeat("x", liaison.MaxCommandID+1))
		}, want: liaison.Invalid},
		"the id has a line end": {change: func(_ *liaison.Snapshot, c *liaison.Command) { c.ID = "a\nb" }, want: liaison.Invalid},

		"return without a reason":   {kind: liaison.DoReturn, change: func(_ *liaison.Snapshot, c *liaison.Command) { c.Reason = " \n\t" }, want: liaison.Invalid, says: "Give a reason"},
		"return of a stale digest":  {kind: liaison.DoReturn, change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Digest = digestOf(liaison.Content{}) }, want: liaison.Stale},
		"return past the deadline":  {kind: liaison.DoReturn, change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Today = "2028-01-01" }},
		"reject without a reason":   {kind: liaison.DoReject, change: func(_ *liaison.Snapshot, c *liaison.Command) { c.Reason = "" }, want: liaison.Invalid},
		"withdraw without a reason": {kind: liaison.DoWithdraw, change: func(_ *liaison.Snapshot, c *liaison.Command) { c.Actor, c.Reason = "author", "" }, want: liaison.Invalid},
		"submit with a gap":         {kind: liaison.DoSubmit, state: liaison.Draft, change: func(s *liaison.Snapshot, c *liaison.Command) { c.Actor = "author"; s.Content.Title = "" }, want: liaison.Invalid, says: "title is missing"},
		"submit twice":              {kind: liaison.DoSubmit, change: func(_ *liaison.Snapshot, c *liaison.Command) { c.Actor = "author" }, want: liaison.Conflict, says: "in review"},

		"dispatch of other bytes":        {kind: liaison.DoDispatch, state: liaison.Approved, change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Digest = digestOf(liaison.Content{}) }, want: liaison.Conflict, says: "other bytes"},
		"dispatch without approval":      {kind: liaison.DoDispatch, state: liaison.Approved, change: func(s *liaison.Snapshot, _ *liaison.Command) { s.ApprovedDigest = "" }, want: liaison.Conflict},
		"dispatch approved by nobody":    {kind: liaison.DoDispatch, state: liaison.Approved, change: func(s *liaison.Snapshot, _ *liaison.Command) { s.ApprovedBy = "" }, want: liaison.Forbidden},
		"dispatch approved by an editor": {kind: liaison.DoDispatch, state: liaison.Approved, change: func(s *liaison.Snapshot, _ *liaison.Command) { s.ApprovedAs = liaison.AsEditor }, want: liaison.Forbidden, says: "not by someone entitled"},
		"withdraw after dispatch":        {kind: liaison.DoWithdraw, state: liaison.Dispatched, change: func(*liaison.Snapshot, *liaison.Command) {}, want: liaison.Conflict, says: "Recall it by a notice"},
		"no such command":                {kind: "recall", change: func(*liaison.Snapshot, *liaison.Command) {}, want: liaison.Invalid, says: "recall"},
	} {
		t.Run(name, func(t *testing.T) {
			snap, cmd, _ := approve(nil)
			if test.kind != "" {
				if test.state == "" {
					test.state = liaison.InReview
				}
				snap, cmd = ready(test.state, test.kind), command(test.kind, liaison.AsChair)
			}
			test.change(&snap, &cmd)
			_, err := liaison.Next(snap, cmd)
			if test.want == "" {
				if err != nil {
					t.Fatalf("refused: %v", err)
				}
				return
			}
			if liaison.CodeOf(err) != test.want || !strings.Contains(err.Error(), test.says) {
				t.Errorf("answered with %s %q, want %s with %q", liaison.CodeOf(err), err, test.want, test.says)
			}
		})
	}
}

func TestTheRecordShowsThatTheChairDrafted(t *testing.T) {
	snap := ready(liaison.InReview, liaison.DoApprove)
	snap.Drafters = append(snap.Drafters, "chair")
	change, err := liaison.Next(snap, command(liaison.DoApprove, liaison.AsChair))
	if err != nil || !change.Drafted || change.Acting != liaison.AsChair {
		t.Errorf("acted as %s, drafted = %t, %v; want as chair, drafted", change.Acting, change.Drafted, err)
	}
}

func TestSettleFollowsTheOutcomes(t *testing.T) {
	for name, test := range map[string]struct {
		outcomes map[liaison.TransmissionState]int
		want     liaison.State
		says     string
	}{
		"all accepted":          {map[liaison.TransmissionState]int{liaison.TransmissionAccepted: 3}, liaison.Dispatched, ""},
		"one refused":           {map[liaison.TransmissionState]int{liaison.TransmissionAccepted: 2, liaison.TransmissionRefused: 1}, liaison.DispatchedInPart, ""},
		"one unknown":           {map[liaison.TransmissionState]int{liaison.TransmissionAccepted: 2, liaison.TransmissionUnknown: 1}, liaison.DispatchedInPart, ""},
		"all refused":           {map[liaison.TransmissionState]int{liaison.TransmissionRefused: 2}, liaison.DispatchedInPart, ""},
		"one queued":            {map[liaison.TransmissionState]int{liaison.TransmissionAccepted: 2, liaison.TransmissionQueued: 1}, "", "1 messages are still on their way"},
		"one deferred":          {map[liaison.TransmissionState]int{liaison.TransmissionRefused: 2, liaison.TransmissionDeferred: 1}, "", "still on their way"},
		"one being sent":        {map[liaison.TransmissionState]int{liaison.TransmissionUnknown: 1, liaison.TransmissionAttempting: 2}, "", "2 messages"},
		"one that nobody knows": {map[liaison.TransmissionState]int{"lost": 1}, "", "still on their way"},
	} {
		t.Run(name, func(t *testing.T) {
			snap := ready(liaison.Dispatching, liaison.DoSettle)
			snap.Outcomes = test.outcomes
			change, err := liaison.Next(snap, command(liaison.DoSettle, liaison.AsEngine))
			if test.want == "" {
				if liaison.CodeOf(err) != liaison.Conflict || !strings.Contains(err.Error(), test.says) {
					t.Errorf("answered with %v, want a conflict with %q", err, test.says)
				}
			} else if err != nil || change.Rule.To != test.want {
				t.Errorf("led to %s, %v; want %s", change.Rule.To, err, test.want)
			}
		})
	}
}

// TestNothingIsClosedOverAMessage: of what is closed nothing more is sent, so nobody closes while a message still has to go or may have to go
// again: a person, what the parent group did with a report, and least of all the engine.
func TestNothingIsClosedOverAMessage(t *testing.T) {
	for _, kind := range []liaison.CommandKind{liaison.DoClose, liaison.DoNote, liaison.DoAccept, liaison.DoSendBack} {
		for _, x := range liaison.TransmissionStates {
			snap := ready(liaison.DispatchedInPart, kind)
			snap.Outcomes = map[liaison.TransmissionState]int{liaison.TransmissionAccepted: 1, x.State: 1}
			want := !slices.Contains([]liaison.TransmissionState{"queued", "attempting", "deferred", "unknown"}, x.State)
			_, err := liaison.Next(snap, command(kind, liaison.AsSecretary))
			if (err == nil) != want || err != nil && liaison.CodeOf(err) != liaison.Conflict {
				t.Errorf("%s while a message is %s: %v", kind, x.State, err)
			}
		}
	}
}

func TestMayLeave(t *testing.T) {
	for _, s := range liaison.States {
		snap := ready(s.State, liaison.DoSettle)
		want := s.State == liaison.Dispatching || s.State == liaison.DispatchedInPart
		if err := liaison.MayLeave(snap, 1); (err == nil) != want {
			t.Errorf("%s: %v", s.State, err)
		}
		if err := liaison.MayLeave(snap, 2); err == nil {
			t.Errorf("%s: a message of a revision that was not approved may leave", s.State)
		}
	}
}

// TestNothingMoreIsSentOfWhatCountsNoMore: once what recalls or supersedes a statement has left, nothing more of it does, by itself or by
// hand; of what was corrected, forwarded or answered everything still does.
func TestNothingMoreIsSentOfWhatCountsNoMore(t *testing.T) {
	for _, f := range liaison.FollowUps {
		if f.Kind.Ends() != f.Ends {
			t.Errorf("%s ends: %t", f.Kind, f.Kind.Ends())
		}
		if !f.Ends {
			continue
		}
		for _, kind := range []liaison.CommandKind{liaison.DoSendAgain, liaison.DoSendCopy} {
			snap := ready(liaison.DispatchedInPart, kind)
			cmd := command(kind, liaison.AsSecretary)
			offered := func() bool { return slices.Contains(liaison.MayAbout(snap, cmd.Transmission, cmd.Actor), kind) }
			if _, err := liaison.Next(snap, cmd); err != nil || !offered() {
				t.Fatalf("%s is not possible before: %v", kind, err)
			}
			snap.Over, snap.Ref = f.Kind, "JCA-ML-LS12"
			if err := liaison.MayLeave(snap, 1); liaison.CodeOf(err) != liaison.Conflict || !strings.Contains(err.Error(), strings.ToLower(f.Mark)) {
				t.Errorf("%s: a message may leave: %v", f.Kind, err)
			}
			if _, err := liaison.Next(snap, cmd); liaison.CodeOf(err) != liaison.Conflict || !strings.Contains(err.Error(), "Look on the page of that one") {
				t.Errorf("%s of what is %s: %v", kind, f.Mark, err)
			}
			if offered() {
				t.Errorf("%s of what is %s is a button", kind, f.Mark)
			}
		}
	}
}

func TestMayRead(t *testing.T) {
	for _, s := range liaison.States {
		snap := ready(s.State, liaison.DoEdit)
		for who, always := range map[liaison.PersonID]bool{"chair": true, "vice-chair": true, "secretary": true, "editor": true, "author": true, "nobody": false} {
			if got := snap.MayRead(who); got != (always || s.Public) {
				t.Errorf("%s may read a statement that is %s: %t", who, s.State, got)
			}
		}
	}
}

// TestLettersGoToWhoIsInOfficeToday also finds that nobody gets the same letter twice, and that a person without a mailbox
// stops nothing.
func TestLettersGoToWhoIsInOfficeToday(t *testing.T) {
	snap := ready(liaison.Dispatching, liaison.DoSettle)
	snap.Drafter, snap.DrafterPerson = "secretary", person("secretary")
	former := liaison.Appointment{Person: person("former"), Group: jca, Office: liaison.OfficeSecretary, From: "2020-01-01", Until: "2026-11-22"}
	mute := liaison.Appointment{Person: liaison.Person{ID: "mute"}, Group: jca, Office: liaison.OfficeSecretary, From: "2020-01-01"}
	snap.Officers = append(snap.Officers, former, mute)
	change, err := liaison.Next(snap, command(liaison.DoSettle, liaison.AsEngine))
	if err != nil || len(change.Letters) != 1 || change.Letters[0].Person.ID != "secretary" {
		t.Errorf("letters go to %v, %v; want one, to the secretary", change.Letters, err)
	}
}

// world is a register as small as the rules allow, to see what they let happen.
type world struct {
	snap     liaison.Snapshot
	approved []liaison.Digest // what a chair said yes to, by its bytes
	sent     []liaison.Digest
	objected bool // in the window that is there
	wrong    []string
	modes    map[liaison.ApprovalMode]int
}

func (w *world) do(cmd liaison.Command) {
	change, err := liaison.Next(w.snap, cmd)
	if err != nil {
		return
	}
	s := &w.snap
	if from := s.State; from == liaison.Tabled && cmd.Kind.Approves() && cmd.Kind != liaison.DoEnterApproval && !s.Meeting.InSession(s.Today) {
		w.wrong = append(w.wrong, "approved at a meeting that was not in session")
	}
	s.State = change.Rule.To
	if change.From != change.Rule.To {
		s.Version++
	}
	if x := change.Window; x != nil {
		x.ID, s.Window = "w", x
	}
	if x := change.Said; x != nil {
		said := *s.Window
		said.Said = append(slices.Clone(said.Said), *x)
		s.Window = &said
		w.objected = w.objected || x.Kind == liaison.EventObjected || x.Kind == liaison.EventObjectedLate
	}
	if s.Window != nil && change.Rule.Event == liaison.EventWindowEnded {
		closed := *s.Window
		closed.Closed = true
		s.Window = &closed
	}
	if a := change.Approval; a != nil && (a.Mode == liaison.ByCorrespondence || a.Mode == liaison.ByNoObjection) {
		if a.Window != "w" || s.Window == nil || !s.Window.Over(s.Now) || s.Window.Digest != s.Digest || a.Mode == liaison.ByNoObjection && len(s.Window.Said) > 0 && w.objected {
			w.wrong = append(w.wrong, "approved "+string(a.Mode)+" before its time, or over an objection")
		}
		w.modes[a.Mode]++
	}
	if change.Rule.Event == liaison.EventWindowOpened {
		w.objected = false
	}
	switch cmd.Kind {
	case liaison.DoSubmit:
		s.Revision++
		s.Digest, s.Window = digestOf(s.Content), nil
	case liaison.DoTable:
		s.TabledFor, s.TabledItem = cmd.Meeting, cmd.Item
	case liaison.DoApproveEdited:
		s.Content, s.Revision, s.Digest = s.Proposed, s.Revision+1, digestOf(s.Proposed)
		fallthrough
	case liaison.DoApprove, liaison.DoEnterApproval, liaison.DoEndWindow:
		if !change.Rule.Approves() {
			break
		}
		s.ApprovedDigest, s.ApprovedBy, s.ApprovedAs = s.Digest, change.Approval.By, change.Approval.As
		w.approved = append(w.approved, digestOf(s.Content))
	case liaison.DoDispatch:
		w.sent = append(w.sent, digestOf(s.Content))
		s.Outcomes = map[liaison.TransmissionState]int{liaison.TransmissionQueued: len(s.Content.Addressees)}
	}
}

// TestRandomCommandsNeverSendWhatWasNotApproved gives commands without any sense, by anybody, with digests old and new, while
// the draft changes underneath.
func TestRandomCommandsNeverSendWhatWasNotApproved(t *testing.T) {
	kinds := append(liaison.Kinds(), "nonsense")
	actors := []liaison.PersonID{"chair", "vice-chair", "secretary", "editor", "author", "nobody", ""}
	reached, modes := map[liaison.State]int{}, map[liaison.ApprovalMode]int{}
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 1))
		w := &world{snap: ready(liaison.Draft, liaison.DoEdit), modes: modes}
		w.snap.Profile.Approval.Modes = liaison.ApprovalModes
		w.snap.Now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
		w.snap.Revision, w.snap.Digest = 0, ""
		digests := []liaison.Digest{"", digestOf(content())}
		for range 200 {
			before := w.snap
			switch r.IntN(6) {
			case 0: // a form that was opened before and is sent now
				if w.snap.State == liaison.Draft {
					w.snap.Content.Text += "."
				}
			case 1:
				outcomes := []liaison.TransmissionState{liaison.TransmissionAccepted, liaison.TransmissionAccepted, liaison.TransmissionAccepted,
					liaison.TransmissionRefused, liaison.TransmissionUnknown, liaison.TransmissionDeferred}
				if w.snap.Outcomes != nil {
					w.snap.Outcomes = map[liaison.TransmissionState]int{outcomes[r.IntN(6)]: 1, outcomes[r.IntN(6)]: 1}
				}
			}
			w.snap.Proposed = w.snap.Content
			if r.IntN(3) > 0 {
				w.snap.Proposed.Text += " Edited."
			}
			if r.IntN(4) == 0 {
				w.snap.Meeting.State = liaison.MeetingStates[r.IntN(len(liaison.MeetingStates))].State
			}
			digests = append(digests, w.snap.Digest)
			cmd := liaison.Command{ID: "c", Kind: kinds[r.IntN(len(kinds))], Actor: actors[r.IntN(len(actors))], Digest: digests[len(digests)-1-r.IntN(min(2, len(digests)))]}
			if r.IntN(3) > 0 {
				cmd.Reason = "because"
			}
			if r.IntN(3) > 0 {
				cmd.Window, cmd.Consulted = &liaison.Opening{Last: "2026-12-07"}, &liaison.Consultation{Kind: liaison.ConsultedOutside, Reference: "E-mail"}
			}
			if w.snap.State == liaison.InCorrespondence && r.IntN(8) == 0 { // the day passes
				w.snap.Now, w.snap.Today = w.snap.Now.AddDate(0, 0, 20), w.snap.Today.Plus(20)
			}
			cmd.Meeting, cmd.Item, cmd.Amended = "meeting", 7+r.IntN(3), digests[1]
			if r.IntN(2) > 0 {
				cmd.Given = &liaison.Given{By: actors[r.IntN(len(actors))], On: today, Evidence: "minutes, 9.2", Meeting: []liaison.MeetingID{"", "meeting"}[r.IntN(2)], Item: r.IntN(14)}
			}
			w.do(cmd)
			if before.State.Final() && (w.snap.State != before.State || w.snap.Version != before.Version) {
				t.Fatalf("seed %d: %s led from %s to %s", seed, cmd.Kind, before.State, w.snap.State)
			}
			reached[w.snap.State]++
		}
		for _, d := range w.sent {
			if !slices.Contains(w.approved, d) {
				t.Fatalf("seed %d: bytes left that nobody approved", seed)
			}
		}
		if len(w.wrong) > 0 {
			t.Fatalf("seed %d: %v", seed, w.wrong)
		}
		if len(w.sent) > 1 {
			t.Fatalf("seed %d: dispatched %d times", seed, len(w.sent))
		}
	}
	for _, m := range []liaison.ApprovalMode{liaison.ByCorrespondence, liaison.ByNoObjection} {
		if modes[m] == 0 {
			t.Errorf("no sequence came to an approval by %s", m)
		}
	}
	for _, s := range liaison.States {
		if reached[s.State] == 0 {
			t.Errorf("no sequence came to %s: the test does not test it", s.State)
		}
	}
}

func TestRetry(t *testing.T) {
	r := liaison.Retry{Delays: []time.Duration{5 * time.Minute, time.Hour, 4 * time.Hour}, GiveUp: 96 * time.Hour}
	for name, test := range map[string]struct {
		n    int
		age  time.Duration
		want time.Duration
		ok   bool
	}{
		"behind the first":       {1, 0, 5 * time.Minute, true},
		"behind the second":      {2, 6 * time.Minute, time.Hour, true},
		"behind the third":       {3, 2 * time.Hour, 4 * time.Hour, true},
		"the last from then on":  {30, 95 * time.Hour, 4 * time.Hour, true},
		"just before giving up":  {9, 96*time.Hour - 1, 4 * time.Hour, true},
		"given up":               {9, 96 * time.Hour, 0, false},
		"no attempt was made":    {0, 0, 0, false},
		"a clock that went back": {1, -time.Hour, 5 * time.Minute, true},
	} {
		if got, ok := r.After(test.n, test.age); got != test.want || ok != test.ok {
			t.Errorf("%s: %v, %t; want %v, %t", name, got, ok, test.want, test.ok)
		}
	}
	if _, ok := (liaison.Retry{GiveUp: time.Hour}).After(1, 0); ok {
		t.Error("a schedule without delays tries for ever")
	}
}

// TestClassify is every stage with every class of reply.
func TestClassify(t *testing.T) {
	const (
		a = liaison.TransmissionAccepted
		r = liaison.TransmissionRefused
		d = liaison.TransmissionDeferred
		u = liaison.TransmissionUnknown
	)
	codes := []int{0, 220, 250, 354, 421, 450, 452, 500, 535, 550, 554}
	for stage, want := range map[liaison.Stage][]liaison.TransmissionState{
		liaison.StageConnect: {d, d, d, d, d, d, d, d, d, d, d}, // a refusal of ours is not the addressee's
		liaison.StageMail:    {d, d, d, d, d, d, d, d, d, d, d},
		liaison.StageRcpt:    {d, d, d, d, d, d, d, r, r, r, r},
		liaison.StageData:    {d, d, d, d, d, d, d, r, r, r, r}, // a 2xx without the dot accepts nothing
		liaison.StageDot:     {u, a, a, u, d, d, d, r, r, r, r}, // 354 after the dot tells nothing
	} {
		for i, code := range codes {
			if got := liaison.Classify(stage, code); got != want[i] {
				t.Errorf("%d at %s: %s, want %s", code, stage, got, want[i])
			}
		}
	}
	if len(liaison.Stages) != 5 {
		t.Errorf("there are %d stages, the table has 5", len(liaison.Stages))
	}
}

// TestTransmissionMoves is every pair of states of a transmission.
func TestTransmissionMoves(t *testing.T) {
	want := map[liaison.TransmissionState]string{
		"queued": "attempting cancelled", "attempting": "accepted refused deferred unknown", "deferred": "attempting accepted refused cancelled unknown",
		"unknown": "accepted refused deferred assumed", "accepted": "bounced", "refused": "deferred", "cancelled": "", "bounced": "", "assumed": "accepted refused",
	}
	if len(want) != len(liaison.TransmissionStates) {
		t.Fatalf("there are %d states, the expectation has %d", len(liaison.TransmissionStates), len(want))
	}
	for _, from := range liaison.TransmissionStates {
		for _, to := range liaison.TransmissionStates {
			if got := from.State.May(to.State); got != slices.Contains(strings.Fields(want[from.State]), string(to.State)) {
				t.Errorf("from %s to %s: %t", from.State, to.State, got)
			}
		}
		if from.Settled && from.State.May(liaison.TransmissionAttempting) {
			t.Errorf("%s is settled and may be attempted", from.State)
		}
	}
}
