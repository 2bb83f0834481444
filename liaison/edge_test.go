package liaison_test

import (
	"slices"
	"strings"
	"testing"

	files "github.com/jca-ml/liaison/internal/profile"
	"github.com/jca-ml/liaison/liaison"
)

// book is an address book: groups with their Questions, one that ended, and bodies with wishes of their own.
func book() liaison.Directory {
	d := liaison.Directory{Bodies: map[liaison.Code]liaison.Body{}, Reaches: map[liaison.Code]liaison.Reach{}}
	for _, b := range []liaison.Body{
		{Code: "itu-t/sg13", Kind: liaison.Group, ShortName: "ITU-T SG13", Email: "sg13@itu-t.example"},
		{Code: "itu-t/sg13/q7", Kind: liaison.Group, ShortName: "ITU-T Q7/13", Parent: "itu-t/sg13"},
		{Code: "itu-t/sg11", Kind: liaison.Group, ShortName: "ITU-T SG11", Email: "sg11@itu-t.example"},
		{Code: "itu-t/sg16", Kind: liaison.Group, ShortName: "ITU-T SG16", Email: "sg16@itu-t.example", Until: "2024-12-31", Successor: "itu-t/sg21"},
		{Code: "itu-t/sg21", Kind: liaison.Group, ShortName: "ITU-T SG21", Email: "sg21@itu-t.example", From: "2025-01-01"},
		{Code: "itu-t/tsb", Kind: liaison.Group, ShortName: "TSB", Email: "tsb@itu-t.example"},
		{Code: "iec/smb/sg11", Kind: liaison.Organization, ShortName: "IEC SMB SG 11", Email: "sg11@iec.example"},
		{Code: "w3c", Kind: liaison.Organization, ShortName: "W3C", Email: "team-liaisons@w3c.example"},
		{Code: "ietf", Kind: liaison.Organization, ShortName: "IETF", Email: "statements@ietf.example"},
		{Code: "ietf/secretariat", Kind: liaison.Organization, ShortName: "IETF Secretariat", Email: "secretariat@ietf.example"},
		{Code: "3gpp/sa2", Kind: liaison.Organization, ShortName: "3GPP SA2", Email: "sa2@3gpp.example"},
		{Code: "osc", Kind: liaison.Organization, Name: "A community", Email: "list@osc.example"},
	} {
		d.Bodies[b.Code] = b
	}
	d.Reaches["ietf"] = liaison.Reach{Channel: liaison.ByMail, Copies: []liaison.Code{"ietf/secretariat"}, Publishes: true, Standing: liaison.Qualified, Formats: []string{"pdf", "txt"}, Sentence: "This statement is of JCA-ML, not of ITU-T as a whole.", Confirmed: "2026-06-01"}
	d.Reaches["osc"] = liaison.Reach{Channel: liaison.ByTracker, Address: "https://osc.example/issues", Standing: liaison.Unqualified, Unlisted: true}
	d.Reaches["w3c"] = liaison.Reach{Channel: liaison.ByMail, Standing: liaison.Qualified, Confirmed: "2024-01-01"}
	return d
}

// review is a statement to the bodies, each with its purpose, as the check list sees it.
func review(t *testing.T, change func(*liaison.Snapshot), to ...liaison.Addressee) liaison.Snapshot {
	t.Helper()
	s := liaison.Snapshot{Statement: liaison.Statement{Group: jca, State: liaison.Draft}, Content: content(), Profile: profile(), Today: today, Known: liaison.Known{Directory: book()}}
	s.Content.Attachments, s.Content.Release, s.Content.WorkItem, s.Content.NextMeetings = nil, "", "", ""
	if len(to) > 0 {
		s.Content.Addressees = to
	}
	if change != nil {
		change(&s)
	}
	c, _, err := s.Known.Address(s.Content, s.Profile, s.Today)
	if err != nil {
		t.Fatal(err)
	}
	s.Content = c
	return s
}

func addressed(code liaison.Code, p liaison.Purpose) liaison.Addressee {
	return liaison.Addressee{Body: code, Purpose: p}
}

// TestEdgeCasesOfTheEnvelope are the edge cases of the rules of the field that the check list settles. Each is found by its number.
func TestEdgeCasesOfTheEnvelope(t *testing.T) {
	const (
		action      = liaison.ForAction
		information = liaison.ForInformation
	)
	attach := func(names ...string) func(*liaison.Snapshot) {
		return func(s *liaison.Snapshot) {
			for _, n := range names {
				s.Content.Attachments = append(s.Content.Attachments, liaison.Attachment{Name: n, MediaType: "application/octet-stream", Size: 1, Digest: liaison.DigestOf([]byte(n)), Status: liaison.ApprovedDoc})
			}
		}
	}
	for name, x := range map[string]struct {
		change   func(*liaison.Snapshot)
		to       []liaison.Addressee
		field    string
		blocking bool
		says     string
		rule     string // part of its source
	}{
		"edge 1: for action without a deadline":   {func(s *liaison.Snapshot) { s.Content.Deadline = "" }, []liaison.Addressee{addressed("itu-t/sg13", action)}, "deadline", true, "needs the date by which a reply is required", "A.1 (2019), clause 1.5"},
		"edge 2: a deadline for information only": {nil, []liaison.Addressee{addressed("itu-t/sg13", information)}, "deadline", false, "only a note", "A.1"},
		"edge 3: a deadline that is today":        {func(s *liaison.Snapshot) { s.Content.Deadline = today }, []liaison.Addressee{addressed("itu-t/sg13", action)}, "deadline", true, "not after today", "A.1"},
		"edge 3: before the addressee meets": {func(s *liaison.Snapshot) {
			s.Known.Meetings = map[liaison.Code]liaison.Meeting{"itu-t/sg13": {From: "2027-03-01"}}
		}, []liaison.Addressee{addressed("itu-t/sg13", action)}, "deadline", false, "meets next on 1 March 2027", "A.1"},
		"edge 5: one body for action and to know": {nil, []liaison.Addressee{addressed("itu-t/sg13", action), addressed("itu-t/sg13", information)}, "addressees", true, "addressed twice (For action and For information)", "A.1"},
		"edge 6: a group and its Question":        {nil, []liaison.Addressee{addressed("itu-t/sg13", action), addressed("itu-t/sg13/q7", information)}, "addressees", false, "ITU-T Q7/13 is a part of ITU-T SG13", "A.1"},
		"edge 7: nobody":                          {func(s *liaison.Snapshot) { s.Content.Addressees, s.Content.Deadline = nil, "" }, nil, "addressees", true, "no addressee", "A.1"},
		"edge 8: two organizations under the IETF's rules": {func(s *liaison.Snapshot) {
			p, err := files.Embedded().On("ietf-rfc4053", today)
			if err != nil {
				panic(err)
			}
			s.Profile, s.Content.Source, s.Content.Confidentiality = p, "ietf/wg", ""
		}, []liaison.Addressee{addressed("itu-t/sg13", action), addressed("w3c", information)}, "addressees", false, "goes to 2 organizations", "rfc4053bis"},
		"edge 9: not in the address book":         {nil, []liaison.Addressee{addressed("osc", information), addressed("itu-t/sg13", action)}, "addressees", false, "not in the address book", ""},
		"edge 28: technical content":              {func(s *liaison.Snapshot) { s.Content.Text = "Attached is a Draft Recommendation." }, []liaison.Addressee{addressed("itu-t/sg13", action)}, "outside_scope", false, "does no technical studies and writes no Recommendations", "A.1"},
		"edge 29: outside the terms of reference": {func(s *liaison.Snapshot) { s.Content.OutsideScope = "Asked for by the parent." }, []liaison.Addressee{addressed("itu-t/sg13", action)}, "outside_scope", false, "The chair has to give a reason", "A.1"},
		"edge 30: a group that ended":             {func(s *liaison.Snapshot) { s.GroupUntil = "2026-10-31" }, []liaison.Addressee{addressed("itu-t/sg13", action)}, "", true, "ended on 31 October 2026", "A.1"},
		"edge 31: a review that nobody decided":   {func(s *liaison.Snapshot) { s.ReviewedBy = "2025-01-01" }, []liaison.Addressee{addressed("itu-t/sg13", action)}, "", false, "due before 1 January 2025", "A.1"},
		"edge 44: the same title":                 {func(s *liaison.Snapshot) { s.Known.SameTitle = []string{"JCA-ML-LS7"} }, []liaison.Addressee{addressed("itu-t/sg13", action)}, "title", false, "JCA-ML-LS7 has the same title", ""},
		"edge 48: over the size that mail takes":  {func(s *liaison.Snapshot) { attach("a.pdf")(s); s.Content.Attachments[0].Size = 8 << 20 }, []liaison.Addressee{addressed("itu-t/sg13", action)}, "attachments", true, "at most 7 MiB", ""},
		"edge 49: one maker's form only":          {attach("figures.vsdx"), []liaison.Addressee{addressed("itu-t/sg13", action)}, "attachments", false, "Attach a PDF of the same name besides, figures.pdf", "RFC 4053"},
		"edge 50: a link for an attachment": {func(s *liaison.Snapshot) {
			s.Content.Links = []liaison.Link{{Title: "Roadmap", URL: "https://roadmap.example"}}
		}, []liaison.Addressee{addressed("itu-t/sg13", action)}, "links", false, "as an external document", "RFC 4053"},
		"edge 51: an embargo behind the deadline": {func(s *liaison.Snapshot) {
			s.Content.Embargo, s.Content.Deadline = "2027-02-01", "2027-01-31"
			s.Today = "2027-01-02"
		}, []liaison.Addressee{addressed("itu-t/sg13", action)}, "embargo", true, "ends after the reply is due", ""},
		"edge 52: confidential, to who publishes":    {func(s *liaison.Snapshot) { s.Content.Confidentiality = liaison.Confidential }, []liaison.Addressee{addressed("ietf", action)}, "confidentiality", true, "IETF publishes what it receives", "RFC 4053"},
		"edge 53: several languages and no original": {func(s *liaison.Snapshot) { s.Content.OtherLanguages, s.Content.OriginalLanguage = []string{"fr"}, "" }, []liaison.Addressee{addressed("itu-t/sg13", action)}, "original_language", true, "that one counts", ""},
		"a body without qualification":               {nil, []liaison.Addressee{addressed("osc", information), addressed("itu-t/sg13", action)}, "addressees", false, "not a qualified organization", "A.24"},
		"another channel":                            {nil, []liaison.Addressee{addressed("osc", information), addressed("itu-t/sg13", action)}, "addressees", false, "https://osc.example/issues", ""},
		"a form that the body does not take":         {attach("a.odt"), []liaison.Addressee{addressed("ietf", action)}, "attachments", false, "IETF takes pdf, txt only; a.odt is another form", "RFC 4053"},
		"not confirmed for long":                     {nil, []liaison.Addressee{addressed("w3c", action)}, "addressees", false, "last confirmed on 1 January 2024", ""},
		"3GPP without a release":                     {nil, []liaison.Addressee{addressed("3gpp/sa2", action)}, "release", true, "routes by release", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := review(t, x.change, x.to...)
			found := s.Check()
			i := slices.IndexFunc(found, func(f liaison.Finding) bool { return f.Field == x.field && strings.Contains(f.Message, x.says) })
			if i < 0 {
				t.Fatalf("found %+v, want %s with %q", found, x.field, x.says)
			}
			if f := found[i]; f.Blocking != x.blocking || !strings.Contains(f.Rule, x.rule) || x.rule == "" && f.Rule != "" && strings.HasPrefix(name, "edge") && x.field == "title" {
				t.Errorf("found %+v, want blocking = %t and the source %q", f, x.blocking, x.rule)
			}
			for _, f := range found {
				if f.Blocking && !x.blocking {
					t.Errorf("it blocks with %+v", f)
				}
			}
		})
	}
	t.Run("none of these", func(t *testing.T) {
		s := review(t, nil, addressed("itu-t/sg13", action))
		if found := s.Check(); len(found) > 0 {
			t.Errorf("a statement without a fault has findings: %+v", found)
		}
	})
	t.Run("edge 4: one statement, one deadline, replies of one of two", func(t *testing.T) {
		s := review(t, nil, addressed("itu-t/sg13", action), addressed("itu-t/sg11", information))
		if found := s.Check(); len(found) > 0 {
			t.Errorf("mixed purposes are found as %+v", found)
		}
	})
	t.Run("edge 49: a readable copy is there", func(t *testing.T) {
		s := review(t, attach("figures.docx", "Figures.PDF"), addressed("itu-t/sg13", action))
		if found := s.Check(); len(found) > 0 {
			t.Errorf("found %+v", found)
		}
	})
	t.Run("edge 50 and 53: sent all the same", func(t *testing.T) {
		s := review(t, func(s *liaison.Snapshot) { s.Content.OtherLanguages = []string{"fr"} }, addressed("itu-t/sg13", action))
		found := s.Check()
		if len(found) != 1 || found[0].Blocking || !strings.Contains(found[0].Message, "A translation is no new approval") {
			t.Errorf("found %+v", found)
		}
	})
}

// TestEdge33ABodyThatEndsWhileItWaits: what was submitted to it is not approved; what goes to a mailbox that was changed is pointed out.
func TestEdge33ABodyThatEndsWhileItWaits(t *testing.T) {
	moved := func(s *liaison.Snapshot) {
		b := s.Known.Bodies["itu-t/sg16"]
		b.Email = "sg16-new@itu-t.example"
		s.Known.Bodies["itu-t/sg16"] = b
	}
	for name, x := range map[string]struct {
		state    liaison.State
		on       liaison.Date
		change   func(*liaison.Snapshot)
		blocking bool
		says     string // "" for nothing
	}{
		"still in force":                {liaison.InReview, "2024-12-31", nil, false, ""},
		"ended, with a successor":       {liaison.InReview, "2025-01-01", nil, true, "ITU-T SG16 ended on 31 December 2024, after this was submitted; its work is with ITU-T SG21. Return it for changes"},
		"ended while it was tabled":     {liaison.Tabled, "2025-01-01", nil, true, "its work is with ITU-T SG21"},
		"ended without a successor":     {liaison.InReview, "2025-01-01", func(s *liaison.Snapshot) { delete(s.Known.Bodies, "itu-t/sg21") }, true, "no successor is recorded"},
		"another mailbox":               {liaison.InReview, "2024-12-31", moved, false, "it would go to sg16@itu-t.example, and sg16-new@itu-t.example is recorded now"},
		"a draft is worked out anew":    {liaison.Draft, "2025-01-01", nil, false, ""},
		"a draft, with another mailbox": {liaison.Draft, "2024-12-31", moved, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := review(t, func(s *liaison.Snapshot) { s.Today = "2024-12-20" }, addressed("itu-t/sg16", liaison.ForAction))
			s.State, s.Today = x.state, x.on
			if x.change != nil {
				x.change(&s)
			}
			found := slices.DeleteFunc(s.Check(), func(f liaison.Finding) bool { return f.Field != "addressees" })
			if x.says == "" && len(found) > 0 || x.says != "" && (len(found) != 1 || found[0].Blocking != x.blocking || !strings.Contains(found[0].Message, x.says) || found[0].Rule == "") {
				t.Errorf("found %+v, want %q, blocking: %t", found, x.says, x.blocking)
			}
		})
	}
}

func TestRefusalsGiveTheRuleAndItsSource(t *testing.T) {
	s := ready(liaison.Draft, liaison.DoSubmit)
	s.Content.Deadline = ""
	_, err := liaison.Next(s, liaison.Command{ID: "c", Kind: liaison.DoSubmit, Statement: "s", Actor: "author"})
	if liaison.CodeOf(err) != liaison.Invalid || !strings.Contains(err.Error(), "needs the date") || !strings.Contains(err.Error(), "Rec. ITU-T A.1 (2019), clause 1.5") {
		t.Errorf("submitting without a deadline: %v", err)
	}
	s = ready(liaison.InReview, liaison.DoApprove)
	s.Absences = nil
	_, err = liaison.Next(s, liaison.Command{ID: "c", Kind: liaison.DoApprove, Statement: "s", Actor: "vice-chair", Digest: s.Digest})
	if liaison.CodeOf(err) != liaison.Forbidden || !strings.Contains(err.Error(), "absence or a delegation is recorded") || !strings.Contains(err.Error(), "WTSA Resolution 1, 3.3") {
		t.Errorf("edge 16: %v", err)
	}
}

func TestEdgeCasesOfTheProcedure(t *testing.T) {
	approve := func(s liaison.Snapshot, reason string) error {
		_, err := liaison.Next(s, liaison.Command{ID: "c", Kind: liaison.DoApprove, Statement: "s", Actor: "chair", Digest: s.Digest, Reason: reason,
			Consulted: &liaison.Consultation{Kind: liaison.ConsultedOutside, Reference: "E-mail of 22 November 2026"}})
		return err
	}
	t.Run("edge 29: outside the terms of reference, by the chair and with a reason", func(t *testing.T) {
		s := ready(liaison.InReview, liaison.DoApprove)
		s.Content.OutsideScope = "The parent group asked for it."
		s.Digest = digestOf(s.Content)
		if err := approve(s, ""); liaison.CodeOf(err) != liaison.Invalid || !strings.Contains(err.Error(), "Say why it is approved all the same") || !strings.Contains(err.Error(), "A.1") {
			t.Errorf("without a reason: %v", err)
		}
		if err := approve(s, "Agreed with the parent's chair."); err != nil {
			t.Errorf("with a reason: %v", err)
		}
	})
	t.Run("edge 30: a group that ended sends nothing new", func(t *testing.T) {
		s := ready(liaison.InReview, liaison.DoApprove)
		s.GroupUntil = "2026-10-31"
		if err := approve(s, ""); err == nil || !strings.Contains(err.Error(), "sends no new statements") {
			t.Errorf("approve: %v", err)
		}
		for _, kind := range []liaison.CommandKind{liaison.DoDraft, liaison.DoSubmit} {
			from := liaison.Draft
			if kind == liaison.DoDraft {
				from = liaison.None
			}
			s := ready(from, kind)
			s.GroupUntil = today
			cmd := liaison.Command{ID: "c", Kind: kind, Statement: "s", Actor: "chair"}
			if kind == liaison.DoSubmit {
				cmd.Actor = "author"
			}
			if _, err := liaison.Next(s, cmd); err != nil {
				t.Errorf("%s on the last day: %v", kind, err)
			}
			s.GroupUntil = "2026-10-31"
			if _, err := liaison.Next(s, cmd); err == nil || !strings.Contains(err.Error(), "sends no new statements") {
				t.Errorf("%s of a group that ended: %v", kind, err)
			}
		}
		s = ready(liaison.Dispatched, liaison.DoClose) // what is out is brought to its end
		s.GroupUntil = "2026-10-31"
		if _, err := liaison.Next(s, liaison.Command{ID: "c", Kind: liaison.DoClose, Statement: "s", Actor: "secretary", Reason: "the group ended"}); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	t.Run("edge 31: with the review overdue it works on", func(t *testing.T) {
		s := ready(liaison.InReview, liaison.DoApprove)
		s.ReviewedBy = "2025-01-01"
		if err := approve(s, ""); err != nil || !s.ReviewOverdue() {
			t.Errorf("approve: %v; overdue %t", err, s.ReviewOverdue())
		}
	})
	t.Run("edge 51: nothing leaves before the embargo ends", func(t *testing.T) {
		s := ready(liaison.Approved, liaison.DoDispatch)
		s.Content.Embargo = "2026-12-15"
		cmd := liaison.Command{ID: "c", Kind: liaison.DoDispatch, Statement: "s", Actor: "chair"}
		if _, err := liaison.Next(s, cmd); liaison.CodeOf(err) != liaison.Conflict || !strings.Contains(err.Error(), "before 15 December 2026") {
			t.Errorf("dispatch: %v", err)
		}
		s.State = liaison.Dispatching
		if err := liaison.MayLeave(s, 1); liaison.CodeOf(err) != liaison.Conflict {
			t.Errorf("a message leaves: %v", err)
		}
		if s.Today = "2026-12-15"; liaison.MayLeave(s, 1) != nil || s.Embargoed() {
			t.Error("on the day itself it stays")
		}
	})
	t.Run("what was held until its deadline is pointed out, and leaves all the same", func(t *testing.T) {
		for name, test := range map[string]struct {
			change func(*liaison.Snapshot)
			want   bool
		}{
			"in time":                 {func(*liaison.Snapshot) {}, false},
			"on its last day":         {func(s *liaison.Snapshot) { s.Today = "2027-01-31" }, true},
			"after it":                {func(s *liaison.Snapshot) { s.Today = "2027-02-10" }, true},
			"by itself, after it":     {func(s *liaison.Snapshot) { at := s.Now.AddDate(0, 1, 0); s.DispatchAt = &at }, true},
			"for information only":    {func(s *liaison.Snapshot) { s.Today, s.Content.Addressees = "2027-02-10", s.Content.Addressees[1:] }, false},
			"without a deadline":      {func(s *liaison.Snapshot) { s.Today, s.Content.Deadline = "2027-02-10", "" }, false},
			"dispatched already":      {func(s *liaison.Snapshot) { s.Today, s.State = "2027-02-10", liaison.Dispatched }, false},
			"a draft, which is asked": {func(s *liaison.Snapshot) { s.Today, s.State = "2027-02-10", liaison.Draft }, false},
		} {
			s := ready(liaison.Approved, liaison.DoDispatch)
			test.change(&s)
			f := s.LeavesLate()
			if (f != nil) != test.want || f != nil && (f.Blocking || !strings.Contains(f.Message, "31 January 2027")) {
				t.Errorf("%s: %+v", name, f)
			}
			if _, err := liaison.Next(s, command(liaison.DoDispatch, liaison.AsSecretary)); s.State == liaison.Approved && test.want && liaison.CodeOf(err) == liaison.Invalid {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	t.Run("edge 52: confidential, it is for the group and its addressees", func(t *testing.T) {
		for _, degree := range liaison.ConfidentialityDegrees {
			s := ready(liaison.Dispatched, liaison.DoClose)
			s.Content.Confidentiality = degree.Degree
			if got := s.MayRead("nobody"); got != (degree.Degree == liaison.Public) {
				t.Errorf("%q: anybody reads it: %t", degree.Degree, got)
			}
			if !s.MayRead("chair") || !s.MayRead("author") {
				t.Errorf("%q: the group does not read it", degree.Degree)
			}
		}
	})
}

func TestEdgeCasesOfBodies(t *testing.T) {
	d := book()
	address := func(t *testing.T, rows ...liaison.Addressee) ([]liaison.Addressee, []string) {
		t.Helper()
		c := content()
		c.Addressees = rows
		c, notices, err := d.Address(c, profile(), today)
		if err != nil {
			t.Fatal(err)
		}
		return c.Addressees, notices
	}
	t.Run("edge 6: a Question has a message of its own, by its group's mailbox", func(t *testing.T) {
		rows, _ := address(t, addressed("itu-t/sg13", liaison.ForAction), addressed("itu-t/sg13/q7", liaison.ForAction))
		if len(rows) != 2 || rows[1].Name != "ITU-T Q7/13" || rows[1].Email != "sg13@itu-t.example" {
			t.Errorf("addressed as %+v", rows)
		}
	})
	t.Run("edge 33: a group that ended", func(t *testing.T) {
		rows, notices := address(t, addressed("itu-t/sg16", liaison.ForAction))
		if len(rows) != 1 || rows[0].Body != "itu-t/sg21" || len(notices) != 1 || !strings.Contains(notices[0], "ITU-T SG16 ended on 31 December 2024") {
			t.Errorf("addressed as %+v with %q", rows, notices)
		}
		if b, _ := d.Body("itu-t/sg16"); b.Label() != "ITU-T SG16" {
			t.Errorf("history calls it %q", b.Label())
		}
	})
	t.Run("edge 34: SG 11 of the IEC is not SG11 of ITU-T", func(t *testing.T) {
		rows, _ := address(t, addressed("iec/smb/sg11", liaison.ForAction), addressed("itu-t/sg11", liaison.ForAction))
		if len(rows) != 2 || rows[0].Email == rows[1].Email || rows[0].Name == rows[1].Name || rows[0].Body.Organization() == rows[1].Body.Organization() {
			t.Errorf("addressed as %+v", rows)
		}
	})
	t.Run("edge 35: JCA-ML with another hyphen", func(t *testing.T) {
		for _, s := range []string{"itu-t/jca\u2011ml", "ITU-T/JCA\u2011ML", "itu\u2011t/jca\u2010ml"} {
			if c, err := liaison.ParseCode(s); err != nil || c != jca {
				t.Errorf("%q is %q, %v", s, c, err)
			}
		}
	})
	t.Run("copies go along, once, and leave with whom they came for", func(t *testing.T) {
		rows, _ := address(t, addressed("ietf", liaison.ForAction), addressed("itu-t/sg13", liaison.ForAction))
		want := liaison.Addressee{Body: "ietf/secretariat", Name: "IETF Secretariat", Email: "secretariat@ietf.example", Purpose: liaison.ForCopy, CopyFor: "ietf", Sentence: d.Reaches["ietf"].Sentence}
		if len(rows) != 3 || rows[2] != want || rows[0].Sentence == "" || rows[1].Sentence != "" {
			t.Errorf("addressed as %+v", rows)
		}
		if again, _ := address(t, rows...); !slices.Equal(again, rows) {
			t.Errorf("the second time as %+v", again)
		}
		if left, _ := address(t, rows[1], rows[2]); len(left) != 1 || left[0].Body != "itu-t/sg13" {
			t.Errorf("without the IETF: %+v", left)
		}
		named, _ := address(t, addressed("ietf", liaison.ForAction), addressed("ietf/secretariat", liaison.ForInformation))
		if len(named) != 2 || named[1].Purpose != liaison.ForInformation {
			t.Errorf("who is addressed anyway gets no copy besides: %+v", named)
		}
	})
	t.Run("edge 33: a copy to a group that ended, whose successor is addressed or gets a copy", func(t *testing.T) {
		d := book()
		d.Reaches["w3c"] = liaison.Reach{Copies: []liaison.Code{"itu-t/sg16", "itu-t/sg21"}}
		address := func(t *testing.T, rows ...liaison.Addressee) ([]liaison.Addressee, []string) {
			t.Helper()
			c := content()
			c.Addressees = rows
			c, notices, err := d.Address(c, profile(), today)
			if err != nil {
				t.Fatal(err)
			}
			return c.Addressees, notices
		}
		if rows, notices := address(t, addressed("w3c", liaison.ForAction), addressed("itu-t/sg21", liaison.ForAction)); len(rows) != 2 || len(notices) != 0 {
			t.Errorf("addressed as %+v with %q", rows, notices)
		}
		rows, notices := address(t, addressed("w3c", liaison.ForAction))
		if len(rows) != 2 || rows[1].Body != "itu-t/sg21" || rows[1].CopyFor != "w3c" || len(notices) != 1 {
			t.Errorf("copied to %+v with %q", rows, notices)
		}
	})
	t.Run("copies of the group's own profile", func(t *testing.T) {
		p := profile()
		p.Copies, p.Sentence = []liaison.Code{"itu-t/tsb"}, "Of JCA-ML."
		c := content()
		c.Addressees = []liaison.Addressee{addressed("w3c", liaison.ForAction)}
		c, _, err := d.Address(c, p, today)
		if err != nil || len(c.Addressees) != 2 || c.Addressees[1].CopyFor != jca || c.Addressees[0].Sentence != "Of JCA-ML." {
			t.Errorf("addressed as %+v, %v", c.Addressees, err)
		}
		p.Copies = []liaison.Code{"itu-t/nobody"}
		if _, _, err := d.Address(c, p, today); liaison.CodeOf(err) != liaison.Invalid || !strings.Contains(err.Error(), "itu-t/nobody") {
			t.Errorf("a copy to a body that nobody knows: %v", err)
		}
	})
}

func TestReachLimits(t *testing.T) {
	good := liaison.Reach{Channel: liaison.ByList, Address: "https://lists.example/ls", Copies: []liaison.Code{"itu-t/tsb"}, Formats: []string{".PDF", " txt"}, Standing: liaison.Qualified, Confirmed: "2026-11-01",
		Contacts: []liaison.Contact{{Name: "A", Email: "a@b.example", Role: liaison.TechnicalContact}, {}}}
	if errs := good.Tidy().Limits(); len(errs) > 0 {
		t.Fatalf("refused: %+v", errs[0])
	}
	b, err := good.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	back, err := liaison.ParseReach(b)
	if err != nil || back.Formats[0] != "pdf" || len(back.Contacts) != 1 || back.Channel != liaison.ByList {
		t.Errorf("read back as %+v, %v", back, err)
	}
	if _, err := liaison.ParseReach([]byte(`{"format":"x"}`)); err == nil {
		t.Error("another format is read")
	}
	for field, set := range map[string]func(*liaison.Reach){
		"mailbox":      func(r *liaison.Reach) { r.Mailbox = "nobody" },
		"channel":      func(r *liaison.Reach) { r.Channel = "pigeon" },
		"address":      func(r *liaison.Reach) { r.Address = "" },
		"standing":     func(r *liaison.Reach) { r.Standing = "friends" },
		"confirmed":    func(r *liaison.Reach) { r.Confirmed = "lately" },
		"copies":       func(r *liaison.Reach) { r.Copies = []liaison.Code{"No Body"} },
		"formats":      func(r *liaison.Reach) { r.Formats = []string{"p d f"} },
		"sentence":     func(r *liaison.Reach) { r.Sentence = "a\nb" },
		"relationship": func(r *liaison.Reach) { r.Relationship = strings.Repeat("x", 401) },
		"contacts.0":   func(r *liaison.Reach) { r.Contacts[0].Email = "nobody" },
	} {
		r := good.Tidy()
		r.Contacts = slices.Clone(r.Contacts)
		set(&r)
		if errs := r.Limits(); len(errs) != 1 || errs[0].Field != field {
			t.Errorf("%s: refusals are %+v", field, errs)
		}
	}
}
