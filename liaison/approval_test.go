package liaison_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jca-ml/liaison/liaison"
)

// delegation leaves decisions to the vice-chair on these days, on record before them.
func delegation() liaison.Absence {
	a := away("chair")
	a.ID, a.Kind, a.Deputy = "delegation", liaison.Delegation, person("vice-chair")
	return a
}

// TestWhoApproves is who may approve and who may not; the names begin with the number of the edge case in the rules of the field.
func TestWhoApproves(t *testing.T) {
	type situation = func(s *liaison.Snapshot, c *liaison.Command)
	vice := func(absences ...liaison.Absence) situation {
		return func(s *liaison.Snapshot, c *liaison.Command) { c.Actor, s.Absences = "vice-chair", absences }
	}
	with := func(f func(*liaison.Absence)) liaison.Absence {
		a := away("chair")
		f(&a)
		return a
	}
	employed := func(code liaison.Code) situation {
		return func(s *liaison.Snapshot, _ *liaison.Command) {
			s.Employers = map[liaison.PersonID][]liaison.Code{"chair": {code}}
		}
	}
	for name, test := range map[string]struct {
		change situation
		want   liaison.ErrorCode // "" for allowed
		says   string
		stands liaison.AbsenceID
	}{
		"edge 14: another text than the one shown": {change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Digest = digestOf(liaison.Content{}) }, want: liaison.Stale, says: "changed since"},
		"edge 15: the term ended yesterday":        {change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Officers[0].Until = "2026-11-22" }, want: liaison.Forbidden},
		"edge 15: the term begins tomorrow":        {change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Officers[0].From = "2026-11-24" }, want: liaison.Forbidden},

		"edge 16: the vice-chair with nothing on record":    {change: vice(), want: liaison.Forbidden, says: "only while the chair's absence or a delegation is recorded"},
		"edge 16: the vice-chair while the chair is away":   {change: vice(away("chair")), stands: "absence of chair"},
		"edge 16: the vice-chair by delegation":             {change: vice(delegation()), stands: "delegation"},
		"edge 16: a delegation before an absence":           {change: vice(away("chair"), delegation()), stands: "delegation"},
		"edge 16: the last day of the absence":              {change: vice(with(func(a *liaison.Absence) { a.Until = today })), stands: "absence of chair"},
		"edge 16: the day after the absence":                {change: vice(with(func(a *liaison.Absence) { a.Until = "2026-11-22" })), want: liaison.Forbidden},
		"edge 16: the day before the absence":               {change: vice(with(func(a *liaison.Absence) { a.From = "2026-11-24" })), want: liaison.Forbidden},
		"edge 16: recorded today":                           {change: vice(with(func(a *liaison.Absence) { a.RecordedOn = today })), stands: "absence of chair"},
		"edge 16: ended early, today":                       {change: vice(with(func(a *liaison.Absence) { a.EndedOn = today })), want: liaison.Forbidden},
		"edge 16: delegated to another vice-chair":          {change: vice(func() liaison.Absence { a := delegation(); a.Deputy = person("another"); return a }()), want: liaison.Forbidden},
		"edge 16: delegated by who holds the chair no more": {change: vice(func() liaison.Absence { a := delegation(); a.Person = person("former"); return a }()), want: liaison.Forbidden},
		"edge 16: both absent, the vice-chair":              {change: vice(away("chair"), away("vice-chair")), want: liaison.Forbidden, says: "the secretariat does not approve"},
		"edge 16: both absent, a delegation besides":        {change: vice(delegation(), away("vice-chair")), want: liaison.Forbidden},
		"edge 16: both absent, the secretariat": {change: func(s *liaison.Snapshot, c *liaison.Command) {
			vice(away("chair"), away("vice-chair"))(s, c)
			c.Actor = "secretary"
		}, want: liaison.Forbidden},
		"edge 16: a delegation to an editor is none": {change: func(s *liaison.Snapshot, c *liaison.Command) {
			a := delegation()
			a.Deputy = person("editor")
			s.Absences, c.Actor = []liaison.Absence{a}, "editor"
		}, want: liaison.Forbidden},
		"edge 16: the vice-chair drafted it": {change: func(s *liaison.Snapshot, c *liaison.Command) {
			vice(delegation())(s, c)
			s.Drafters = append(s.Drafters, "vice-chair")
		}, want: liaison.Forbidden, says: "never goes to a drafter"},
		"edge 16: the profile leaves it to the chair": {change: func(s *liaison.Snapshot, c *liaison.Command) {
			vice(delegation())(s, c)
			s.Profile.Approval.DeputyMay = false
		}, want: liaison.Forbidden},
		"edge 16: one of two chairs is away": {change: func(s *liaison.Snapshot, c *liaison.Command) {
			vice(away("chair"))(s, c)
			s.Officers = append(s.Officers, liaison.Appointment{Person: person("second"), Group: jca, Office: liaison.OfficeChair, From: "2023-02-08"})
		}, want: liaison.Forbidden},
		"edge 16: the chair decides although a delegation is there":   {change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Absences = []liaison.Absence{delegation()} }},
		"edge 17: the chair drafted it":                               {change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Drafter = "chair" }},
		"edge 17: the chair drafted it, a second person is asked for": {change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Drafter, s.Profile.DrafterMayDecide = "chair", false }, want: liaison.Forbidden},

		"edge 18: the employer is an addressee":        {change: employed("w3c"), want: liaison.Forbidden, says: "Your employer, W3C, is addressed"},
		"edge 18: a part of the employer is addressed": {change: employed("itu-t"), want: liaison.Forbidden},
		"edge 18: a name that only begins alike":       {change: employed("w3")},
		"edge 18: the employer is somebody else":       {change: employed("khronos")},
		"edge 18: the employer is an addressee, the profile allows": {change: func(s *liaison.Snapshot, c *liaison.Command) {
			employed("w3c")(s, c)
			s.Profile.Approval.Recusal = false
		}},
		"edge 18: an interest was declared": {change: func(s *liaison.Snapshot, _ *liaison.Command) {
			s.Recused = map[liaison.PersonID]string{"chair": "It is about our product."}
		}, want: liaison.Forbidden, says: "You declared"},
		"edge 18: an interest was declared, whatever the profile says": {change: func(s *liaison.Snapshot, _ *liaison.Command) {
			s.Recused, s.Profile.Approval.Recusal = map[liaison.PersonID]string{"chair": "It is."}, false
		}, want: liaison.Forbidden},
		"edge 18: the vice-chair's interest does not bind the chair": {change: func(s *liaison.Snapshot, _ *liaison.Command) {
			s.Recused = map[liaison.PersonID]string{"vice-chair": "It is."}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, kind := range []liaison.CommandKind{liaison.DoApprove, liaison.DoReturn, liaison.DoReject} {
				snap, cmd := ready(liaison.InReview, kind), command(kind, liaison.AsChair)
				test.change(&snap, &cmd)
				change, err := liaison.Next(snap, cmd)
				if strings.HasPrefix(name, "edge 17") && kind != liaison.DoApprove {
					continue // returning one's own draft is nobody's harm
				}
				if liaison.CodeOf(err) != test.want && !(err == nil && test.want == "") || err != nil && !strings.Contains(err.Error(), test.says) {
					t.Fatalf("%s answered with %v, want %s with %q", kind, err, test.want, test.says)
				}
				if err == nil && change.Stands != test.stands {
					t.Errorf("%s stands on %q, want %q", kind, change.Stands, test.stands)
				}
				if err == nil && kind == liaison.DoApprove {
					want := &liaison.Approval{Mode: liaison.ByOfficer, By: cmd.Actor, As: change.Acting, On: today, Stands: test.stands, Consulted: *cmd.Consulted}
					if diff := cmp.Diff(want, change.Approval); diff != "" {
						t.Errorf("the record (-want +got):\n%s", diff)
					}
				}
				if may := slices.Contains(liaison.May(snap, cmd.Actor), kind); may != (err == nil) && test.want == liaison.Forbidden {
					t.Errorf("the button is there: %t, and the answer is %v", may, err)
				}
			}
		})
	}
}

// TestApprovalInAWayOfTheProfile has a group that decides at meetings only: nobody approves between them, on anybody's word; the chair
// can still return and reject.
func TestApprovalInAWayOfTheProfile(t *testing.T) {
	for kind, want := range map[liaison.CommandKind]liaison.ErrorCode{
		liaison.DoApprove: liaison.Forbidden, liaison.DoEnterApproval: liaison.Invalid, liaison.DoReturn: "", liaison.DoReject: "",
	} {
		acting := liaison.AsChair
		if kind == liaison.DoEnterApproval {
			acting = liaison.AsSecretary
		}
		snap, cmd := ready(liaison.InReview, kind), command(kind, acting)
		snap.Profile.Approval.Modes = []liaison.ApprovalMode{liaison.AtMeeting}
		_, err := liaison.Next(snap, cmd)
		if liaison.CodeOf(err) != want && !(err == nil && want == "") || err != nil && !strings.Contains(err.Error(), "no approval between meetings") {
			t.Errorf("%s answered with %v, want %q", kind, err, want)
		}
		if may := slices.Contains(liaison.May(snap, cmd.Actor), kind); may != (want != liaison.Forbidden) { // what a meeting decided is entered
			t.Errorf("%s: the button is there: %t", kind, may)
		}
	}
	snap := ready(liaison.InReview, liaison.DoEnterApproval)
	snap.Profile.Approval.Modes = []liaison.ApprovalMode{liaison.ByCorrespondence}
	if _, err := liaison.Next(snap, command(liaison.DoEnterApproval, liaison.AsSecretary)); liaison.CodeOf(err) != liaison.Forbidden {
		t.Errorf("entered where neither an officer nor a meeting approves: %v", err)
	}
}

// TestAbsenceCheck is what can be entered into the register of absences and delegations, and by whom.
func TestAbsenceCheck(t *testing.T) {
	absence := func(id string) liaison.Absence {
		return liaison.Absence{ID: "a", Group: jca, Kind: liaison.Absent, Person: person(id), From: "2026-11-24", Until: "2026-11-30", Evidence: "e-mail of 20 November 2026"}
	}
	delegated := func(from, to string) liaison.Absence {
		a := absence(from)
		a.Kind, a.Deputy = liaison.Delegation, person(to)
		return a
	}
	with := func(a liaison.Absence, f func(*liaison.Absence)) liaison.Absence { f(&a); return a }
	for name, test := range map[string]struct {
		absence liaison.Absence
		by      liaison.PersonID
		change  func(*liaison.Snapshot)
		want    liaison.ErrorCode
		field   string
		acting  liaison.Capacity
	}{
		"the chair, of themselves":                {absence: absence("chair"), by: "chair", acting: liaison.AsChair},
		"the vice-chair, of themselves":           {absence: absence("vice-chair"), by: "vice-chair", acting: liaison.AsViceChair},
		"the secretariat, of the chair":           {absence: absence("chair"), by: "secretary", acting: liaison.AsSecretary},
		"edge 16: the vice-chair, of the chair":   {absence: absence("chair"), by: "vice-chair", want: liaison.Forbidden},
		"edge 16: an editor, of the chair":        {absence: absence("chair"), by: "editor", want: liaison.Forbidden},
		"a reader":                                {absence: absence("chair"), by: "nobody", want: liaison.Forbidden},
		"the chair delegates":                     {absence: delegated("chair", "vice-chair"), by: "chair", acting: liaison.AsChair},
		"the secretariat enters a delegation":     {absence: delegated("chair", "vice-chair"), by: "secretary", acting: liaison.AsSecretary},
		"edge 16: a vice-chair delegates on":      {absence: delegated("vice-chair", "editor"), by: "vice-chair", want: liaison.Invalid, field: "person"},
		"edge 16: to an editor":                   {absence: delegated("chair", "editor"), by: "chair", want: liaison.Invalid, field: "deputy"},
		"to oneself":                              {absence: delegated("chair", "chair"), by: "chair", want: liaison.Invalid, field: "deputy"},
		"longer than the chair's term":            {absence: delegated("chair", "vice-chair"), by: "chair", change: func(s *liaison.Snapshot) { s.Officers[0].Until = "2026-11-29" }, want: liaison.Invalid, field: "person"},
		"longer than the vice-chair's term":       {absence: delegated("chair", "vice-chair"), by: "chair", change: func(s *liaison.Snapshot) { s.Officers[1].Until = "2026-11-29" }, want: liaison.Invalid, field: "deputy"},
		"a delegation where the profile has none": {absence: delegated("chair", "vice-chair"), by: "chair", change: func(s *liaison.Snapshot) { s.Profile.Approval.DeputyMay = false }, want: liaison.Invalid, field: "kind"},
		"of who holds no office":                  {absence: absence("editor"), by: "secretary", want: liaison.Invalid, field: "person"},
		"without a last day":                      {absence: with(absence("chair"), func(a *liaison.Absence) { a.Until = "" }), by: "chair", want: liaison.Invalid, field: "until"},
		"the last day before the first":           {absence: with(absence("chair"), func(a *liaison.Absence) { a.Until = "2026-11-23" }), by: "chair", want: liaison.Invalid, field: "until"},
		"all of it past":                          {absence: with(absence("chair"), func(a *liaison.Absence) { a.From, a.Until = "2026-11-01", "2026-11-22" }), by: "chair", want: liaison.Invalid, field: "until"},
		"begun already":                           {absence: with(absence("chair"), func(a *liaison.Absence) { a.From = "2026-11-01" }), by: "secretary", acting: liaison.AsSecretary},
		"one day, today":                          {absence: with(absence("chair"), func(a *liaison.Absence) { a.From, a.Until = today, today }), by: "chair", acting: liaison.AsChair},
		"edge 26: 29 February of a leap year":     {absence: with(absence("chair"), func(a *liaison.Absence) { a.From, a.Until = "2028-02-28", "2028-02-29" }), by: "chair", acting: liaison.AsChair},
		"edge 26: 29 February of another year":    {absence: with(absence("chair"), func(a *liaison.Absence) { a.Until = "2027-02-29" }), by: "chair", want: liaison.Invalid, field: "until"},
		"no day at all":                           {absence: with(absence("chair"), func(a *liaison.Absence) { a.From = "soon" }), by: "chair", want: liaison.Invalid, field: "from"},
		"without evidence":                        {absence: with(absence("chair"), func(a *liaison.Absence) { a.Evidence = " " }), by: "chair", want: liaison.Invalid, field: "evidence"},
		"of no kind":                              {absence: with(absence("chair"), func(a *liaison.Absence) { a.Kind = "holiday" }), by: "chair", want: liaison.Invalid, field: "kind"},
		"the chair, when the term has ended":      {absence: absence("chair"), by: "chair", change: func(s *liaison.Snapshot) { s.Officers[0].Until = "2026-11-22" }, want: liaison.Forbidden},
	} {
		t.Run(name, func(t *testing.T) {
			snap := ready(liaison.None, liaison.DoDraft)
			if test.change != nil {
				test.change(&snap)
			}
			acting, err := test.absence.Check(snap, test.by)
			if test.want == "" {
				if err != nil || acting != test.acting {
					t.Fatalf("recorded as %q, %v; want as %q", acting, err, test.acting)
				}
				return
			}
			if liaison.CodeOf(err) != test.want || test.field != "" && err.(*liaison.Error).Field != test.field {
				t.Errorf("answered with %v, want %s about %q", err, test.want, test.field)
			}
		})
	}
}

// TestEnteringAnApproval is what the secretariat can enter of an approval that was given outside.
func TestEnteringAnApproval(t *testing.T) {
	for name, test := range map[string]struct {
		change func(s *liaison.Snapshot, c *liaison.Command)
		want   liaison.ErrorCode
		field  string
		as     liaison.Capacity
	}{
		"by the chair, today": {as: liaison.AsChair},
		"by the chair, some days ago": {as: liaison.AsChair, change: func(s *liaison.Snapshot, c *liaison.Command) {
			s.SubmittedOn, c.Given.On = "2026-11-01", "2026-11-20"
		}},
		"by the chair of that day, whose term has ended since": {as: liaison.AsChair, change: func(s *liaison.Snapshot, c *liaison.Command) {
			s.SubmittedOn, c.Given.On, s.Officers[0].Until = "2026-11-01", "2026-11-20", "2026-11-21"
		}},
		"edge 15: by a chair whose term had ended":   {want: liaison.Invalid, field: "by", change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Officers[0].Until = "2026-11-22" }},
		"by the vice-chair while the chair was away": {as: liaison.AsViceChair, change: func(_ *liaison.Snapshot, c *liaison.Command) { c.Given.By = "vice-chair" }},
		"edge 16: by the vice-chair, with nothing on record": {want: liaison.Invalid, field: "by", change: func(s *liaison.Snapshot, c *liaison.Command) {
			c.Given.By, s.Absences = "vice-chair", nil
		}},
		"edge 16: by the vice-chair, recorded after that day": {want: liaison.Invalid, field: "by", change: func(s *liaison.Snapshot, c *liaison.Command) {
			s.SubmittedOn, c.Given.On, c.Given.By, s.Absences[0].RecordedOn = "2026-11-01", "2026-11-22", "vice-chair", today
		}},
		"by an editor": {want: liaison.Invalid, field: "by", change: func(_ *liaison.Snapshot, c *liaison.Command) { c.Given.By = "editor" }},
		"by nobody":    {want: liaison.Invalid, field: "by", change: func(_ *liaison.Snapshot, c *liaison.Command) { c.Given.By = "" }},
		"edge 18: by who is recused": {want: liaison.Invalid, field: "by", change: func(s *liaison.Snapshot, _ *liaison.Command) {
			s.Recused = map[liaison.PersonID]string{"chair": "It is."}
		}},
		"by who drafted, where the profile asks for two": {want: liaison.Invalid, field: "by", change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Drafter, s.Profile.DrafterMayDecide = "chair", false }},
		"tomorrow":                      {want: liaison.Invalid, field: "on", change: func(_ *liaison.Snapshot, c *liaison.Command) { c.Given.On = "2026-11-24" }},
		"before the revision was there": {want: liaison.Invalid, field: "on", change: func(_ *liaison.Snapshot, c *liaison.Command) { c.Given.On = "2026-11-22" }},
		"on no day":                     {want: liaison.Invalid, field: "on", change: func(_ *liaison.Snapshot, c *liaison.Command) { c.Given.On = "" }},
		"without evidence":              {want: liaison.Invalid, field: "evidence", change: func(_ *liaison.Snapshot, c *liaison.Command) { c.Given.Evidence = "" }},
		"a file as evidence": {as: liaison.AsChair, change: func(_ *liaison.Snapshot, c *liaison.Command) {
			c.Given.Evidence, c.Given.File = "", digestOf(content())
		}},
		"a file that is none": {want: liaison.Invalid, field: "evidence", change: func(_ *liaison.Snapshot, c *liaison.Command) { c.Given.File = "abc" }},
		"outside the terms of reference, without a reason": {want: liaison.Invalid, field: "reason", change: func(s *liaison.Snapshot, c *liaison.Command) {
			s.Content.OutsideScope, c.Reason = "It is about quantum computing.", ""
			c.Digest = digestOf(s.Content)
			s.Digest = c.Digest
		}},
		"nothing said":                          {want: liaison.Invalid, change: func(_ *liaison.Snapshot, c *liaison.Command) { c.Given = nil }},
		"where the profile has no such thing":   {want: liaison.Forbidden, change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Profile.Approval.ProxyEntry = false }},
		"edge 14: of another text":              {want: liaison.Stale, change: func(s *liaison.Snapshot, _ *liaison.Command) { s.Digest = digestOf(liaison.Content{}) }},
		"entered by the chair, who can approve": {want: liaison.Forbidden, change: func(_ *liaison.Snapshot, c *liaison.Command) { c.Actor = "chair" }},
	} {
		t.Run(name, func(t *testing.T) {
			snap, cmd := ready(liaison.InReview, liaison.DoEnterApproval), command(liaison.DoEnterApproval, liaison.AsSecretary)
			if test.change != nil {
				test.change(&snap, &cmd)
			}
			change, err := liaison.Next(snap, cmd)
			if test.want != "" {
				if liaison.CodeOf(err) != test.want || test.field != "" && err.(*liaison.Error).Field != test.field {
					t.Errorf("answered with %v, want %s about %q", err, test.want, test.field)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			a := change.Approval
			if change.Acting != liaison.AsSecretary || a.By != cmd.Given.By || a.As != test.as || a.On != cmd.Given.On || a.Entered != "secretary" || a.Evidence != cmd.Given.Evidence || a.File != cmd.Given.File {
				t.Errorf("the record has %+v, entered as %s", a, change.Acting)
			}
		})
	}
}

// TestADispatchByItselfAsksForTheApprovalAlone: who approved may be out of office, and their absence over, when the day comes. Only that the approval
// was given by somebody entitled, of these bytes, and that nobody held it, counts then.
func TestADispatchByItselfAsksForTheApprovalAlone(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*liaison.Snapshot)
		want   liaison.ErrorCode
	}{
		"the approver is in office":   {func(*liaison.Snapshot) {}, ""},
		"the approver's term is over": {func(s *liaison.Snapshot) { s.Officers[0].Until = "2026-11-22" }, ""},
		"a vice-chair approved, and the chair is back": {func(s *liaison.Snapshot) {
			s.ApprovedBy, s.ApprovedAs, s.Absences = "vice-chair", liaison.AsViceChair, nil
		}, ""},
		"a meeting approved it, and is closed":       {func(s *liaison.Snapshot) { s.LeavesAfter, s.Meeting.State = s.Meeting.ID, liaison.MeetingClosed }, ""},
		"that meeting still sits":                    {func(s *liaison.Snapshot) { s.LeavesAfter = s.Meeting.ID }, liaison.Conflict},
		"it is held":                                 {func(s *liaison.Snapshot) { s.DispatchAt = nil }, liaison.Conflict},
		"it is under embargo":                        {func(s *liaison.Snapshot) { s.Content.Embargo = s.Today.Plus(1) }, liaison.Conflict},
		"the approval is of other bytes":             {func(s *liaison.Snapshot) { s.Digest = digestOf(liaison.Content{}) }, liaison.Conflict},
		"who approved was not in office on that day": {func(s *liaison.Snapshot) { s.ApproverOutOfOffice = true }, liaison.Forbidden},
	} {
		t.Run(name, func(t *testing.T) {
			s := ready(liaison.Approved, liaison.DoDispatch)
			test.change(&s)
			change, err := liaison.Next(s, command(liaison.DoDispatch, liaison.AsEngine))
			if test.want == "" && (err != nil || change.Acting != liaison.AsEngine || change.Rule.To != liaison.Dispatching) || test.want != "" && err == nil {
				t.Errorf("leads to %s as %s, %v; want %q", change.Rule.To, change.Acting, err, test.want)
			}
			_, err = liaison.Next(s, command(liaison.DoDispatch, liaison.AsViceChair))
			if name == "a vice-chair approved, and the chair is back" && liaison.CodeOf(err) != liaison.Forbidden {
				t.Errorf("that person could dispatch it: %v", err)
			}
		})
	}
}
