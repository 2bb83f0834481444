package liaison_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jca-ml/liaison/liaison"
)

func n(i int) *int { return &i }

// reportContent is a progress report that nothing is missing in.
func reportContent() liaison.Content {
	c := content()
	c.Title, c.InReplyTo, c.Text = "Progress report of JCA-ML", "", ""
	c.Deadline = ""
	for i := range c.Addressees {
		c.Addressees[i].Purpose, c.Addressees[i].Reason = liaison.ForInformation, "proposal 1 concerns it"
	}
	c.Report = &liaison.Report{
		Parent: "itu-t/sg13", Meeting: "m", MeetingName: "Study Group 13 meeting", MeetingFrom: "2027-03-01", From: "2026-07-01", Until: "2026-11-22",
		OfFrom: "2026-07-01", OfUntil: "2026-11-22",
		AsOf: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), AsOn: "2026-11-23", Provisional: true, Forms: []liaison.Digest{liaison.DigestOf([]byte("PDF"))},
		Notes: []liaison.Note{{Section: "", Text: "In short: three statements."}, {Section: liaison.SectionOverlaps, Text: "None was found."}},
		Sections: []liaison.Section{{
			Key: liaison.SectionOutgoing, Figures: []liaison.Figure{{Key: liaison.FigureOnTime, Count: 2, Of: 3, Tenths: 1}},
			Tables: []liaison.ReportTable{{Key: liaison.TableOutgoing, Rows: []liaison.Row{{
				Statement: "s", Body: "w3c", Cells: []liaison.Cell{{Text: "JCA-ML-LS1", Word: "state.closed", Date: "2026-10-01", Until: "2026-10-02", Number: n(4)}},
			}}}},
		}},
		Proposals: []liaison.Proposal{{Number: 1, Title: "A common list of terms", Text: "It is proposed to keep one.", To: []liaison.Code{"w3c"}}},
	}
	return c
}

func zurich(t *testing.T) *time.Location {
	t.Helper()
	zone, err := profile().Zone()
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// corrigendum makes the report one of another.
func corrigendum(c *liaison.Content) {
	c.Relations = []liaison.Relation{{Kind: liaison.Corrects, Statement: "first", Ref: "JCA-ML-R3"}}
	c.Report.Sections, c.Report.Proposals, c.Report.Provisional, c.Report.Notes = nil, nil, false, []liaison.Note{{Text: "In section 4, read 12 in place of 11."}}
}

func TestReportCheckList(t *testing.T) {
	for name, test := range map[string]struct {
		alter func(*liaison.Content)
		field string // of the only blocking finding; "" for none
	}{
		"complete":                              {func(*liaison.Content) {}, ""},
		"without the parent group":              {func(c *liaison.Content) { c.Addressees = c.Addressees[1:] }, "addressees"},
		"without a reason for another":          {func(c *liaison.Content) { c.Addressees[1].Reason = "" }, "addressees"},
		"a proposal without a title":            {func(c *liaison.Content) { c.Report.Proposals[0].Title = "" }, "report.proposal.0"},
		"a proposal to nobody":                  {func(c *liaison.Content) { c.Report.Proposals[0].To = nil }, "report.proposal.0"},
		"nothing of the register":               {func(c *liaison.Content) { c.Report.Sections = nil }, "report.period"},
		"another period than what stands in it": {func(c *liaison.Content) { c.Report.Until = "2026-11-21" }, "report.period"},
		"from before that was kept":             {func(c *liaison.Content) { c.Report.OfFrom, c.Report.OfUntil = "", "" }, ""},
		"a period that ends on the day on which the register was read": {func(c *liaison.Content) {
			c.Report.Until, c.Report.OfUntil = "2026-11-23", "2026-11-23"
		}, "report.period"},
		"one that ends on the day before, in the zone of the group": {func(c *liaison.Content) {
			c.Report.AsOf = time.Date(2026, 11, 22, 23, 30, 0, 0, time.UTC)
		}, ""},
		"no period": {func(c *liaison.Content) {
			c.Report.Until, c.Report.OfUntil = "tomorrow", "tomorrow"
		}, "report.period"},
		"a corrigendum": {func(c *liaison.Content) { corrigendum(c) }, ""},
		"a corrigendum that proposes something": {func(c *liaison.Content) {
			corrigendum(c)
			c.Report.Proposals = []liaison.Proposal{{Number: 1, Title: "One more", To: []liaison.Code{"w3c"}}}
		}, "report.note."},
		"a corrigendum that corrects nothing":                         {func(c *liaison.Content) { corrigendum(c); c.Report.Notes = nil }, "report.note."},
		"edge 64: a proposal to a group that does not get the report": {func(c *liaison.Content) { c.Report.Proposals[0].To = []liaison.Code{"itu-t/sg17"} }, "report.proposal.0"},
	} {
		t.Run(name, func(t *testing.T) {
			c := reportContent()
			test.alter(&c)
			var blocking []string
			for _, f := range c.Check(profile(), today) {
				if f.Blocking {
					blocking = append(blocking, f.Field)
				}
			}
			want := []string{test.field}
			if test.field == "" {
				want = nil
			}
			if diff := cmp.Diff(want, blocking); diff != "" {
				t.Errorf("what blocks (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("edge 62: provisional only where the profile allows it, and then said", func(t *testing.T) {
		p := profile()
		p.Reports.MayProvisional = false
		c := reportContent()
		fs := c.Check(p, today)
		if !slices.ContainsFunc(fs, func(f liaison.Finding) bool { return f.Blocking && f.Field == "report.provisional" }) {
			t.Errorf("nothing blocks it: %+v", fs)
		}
		fs = c.Check(profile(), today)
		if !slices.ContainsFunc(fs, func(f liaison.Finding) bool { return !f.Blocking && strings.Contains(f.Message, "provisional") }) {
			t.Errorf("nothing is said of it: %+v", fs)
		}
	})
}

func TestReportOutcomes(t *testing.T) {
	s := ready(liaison.Dispatched, liaison.DoPresent)
	for _, x := range liaison.ReportOutcomes {
		for _, next := range liaison.ReportOutcomes {
			if next.Command == "" {
				continue
			}
			s.Outcome = x.Outcome
			_, err := liaison.Next(s, command(next.Command, liaison.AsSecretary))
			if want := slices.Contains(x.Next, next.Outcome); (err == nil) != want {
				t.Errorf("%q after %q: %v", next.Outcome, x.Outcome, err)
			}
			if liaison.OutcomeOf(next.Command) != next.Outcome || liaison.OutcomeIn(next.Event) != next.Outcome {
				t.Errorf("%q is not found by its command or its event", next.Outcome)
			}
		}
	}
	s.Outcome, s.Content = "", content()
	if _, err := liaison.Next(s, command(liaison.DoNote, liaison.AsSecretary)); liaison.CodeOf(err) != liaison.Conflict {
		t.Errorf("a statement that is no report was noted by the parent group: %v", err)
	}
	if may := liaison.May(s, "secretary"); slices.Contains(may, liaison.DoPresent) {
		t.Errorf("buttons of a statement that is no report: %v", may)
	}
}

// TestAssemble holds every figure and table against what a person would count in six statements.
func TestAssemble(t *testing.T) {
	zone := zurich(t)
	at := func(day string) time.Time {
		x, err := time.ParseInLocation("2006-01-02 15:04", day+" 12:00", zone)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	sg := func(due liaison.Date, sent string, answer liaison.AnswerKind, answered string) liaison.OutAddressee {
		a := liaison.OutAddressee{Body: "itu-t/sg13", Name: "ITU-T SG13", Kind: liaison.Group, Purpose: liaison.ForAction, Sent: at(sent), Due: due, Answer: answer}
		if answered != "" {
			a.Answered = at(answered)
		}
		return a
	}
	ieee := liaison.OutAddressee{Body: "ieee", Name: "IEEE", Kind: liaison.Organization, Purpose: liaison.ForInformation, Sent: at("2026-08-01"), Failed: true}
	f := liaison.ReportFacts{
		Group: liaison.Body{Code: jca}, Parent: liaison.Body{Code: "itu-t/sg13"}, Profile: profile(), Zone: zone, From: "2026-07-01", Until: "2026-09-30", AsOf: at("2026-10-01"),
		Out: []liaison.OutFact{
			{ID: "before", Ref: "LS1", Approved: at("2026-05-01"), Submitted: at("2026-04-01"), Dispatched: at("2026-05-01"), State: liaison.Dispatched, To: []liaison.OutAddressee{
				sg("2026-06-15", "2026-05-01", liaison.AnswerNone, ""),             // overdue from before: 152 days old
				sg("2026-06-20", "2026-05-01", liaison.AnswerOnTime, "2026-06-01"), // of an earlier period
				sg("2026-06-25", "2026-05-01", liaison.AnswerLate, "2026-07-10"),   // late, answered in the period: 70 days
				sg("2026-07-01", "2026-05-01", liaison.AnswerOnTime, "2026-07-01"), // on its day: 61 days
				sg("2026-09-30", "2026-05-01", liaison.AnswerLate, "2026-10-01"),   // due on the last day and answered after it: open, not overdue
			}},
			{ID: "within", Ref: "LS2", Title: "Roadmap", Level: "JCA-ML Chair", Approved: at("2026-08-01"), Submitted: at("2026-07-30"), Dispatched: at("2026-08-01"), State: liaison.Dispatched, Approval: liaison.Approval{Mode: liaison.ByOfficer, As: liaison.AsViceChair, On: "2026-07-31", Entered: "secretary"}, Override: liaison.Override{Reason: "asked for by TSAG", Because: "TSAG decides", By: "Marco"}, To: []liaison.OutAddressee{
				sg("2026-09-15", "2026-08-01", liaison.AnswerDeclined, "2026-08-20"), ieee,
			}},
			{ID: "approved only", Ref: "LS3", Approved: at("2026-09-01"), Submitted: at("2026-08-28"), State: liaison.Approved},
			{ID: "after", Ref: "LS4", Approved: at("2026-10-01"), Submitted: at("2026-09-28"), Dispatched: at("2026-10-01"), To: []liaison.OutAddressee{sg("2026-11-01", "2026-10-01", liaison.AnswerNone, "")}},
		},
		In:      []liaison.InFact{{Received: at("2026-07-02"), From: "sg17@itu-t.example", Title: "LS/i", Disposition: "progress.disposition-unassigned"}, {Received: at("2026-10-02")}},
		Waiting: map[liaison.State]int{liaison.Draft: 2, liaison.Closed: 9},
		Meetings: []liaison.Meeting{
			{ID: "1", Title: "Meeting of JCA-ML", Place: "online", From: "2026-07-01", Until: "2026-07-01", State: liaison.MeetingClosed, Agenda: []liaison.AgendaItem{{Number: 9, Title: "Outgoing liaison statements"}}},
			{ID: "2", Title: "cancelled", From: "2026-08-01", Until: "2026-08-01", State: liaison.MeetingCancelled},
			{ID: "3", Title: "next", From: "2026-12-03", Until: "2026-12-03", State: liaison.MeetingPlanned},
		},
		ParentMeetings: []liaison.Meeting{{ID: "4", Title: "SG13", From: "2026-11-01", Until: "2026-11-12", State: liaison.MeetingPlanned}},
		Officers: []liaison.Appointment{
			{Person: person("chair"), Group: jca, Office: liaison.OfficeChair, From: "2023-02-08"},
			{Person: person("vice-chair"), Group: jca, Office: liaison.OfficeViceChair, From: "2026-09-01", Evidence: "SG13 meeting"},
			{Person: person("editor"), Group: jca, Office: liaison.OfficeEditor, From: "2026-09-01"},
		},
		Terms:      []liaison.TermsOfReference{{Group: jca, Version: 1, InForce: "2023-02-08", ReviewedBy: "2025-01-01", Source: "TSB Circular 72"}},
		Unanswered: []liaison.OpenProposal{{Statement: "r1", Ref: "JCA-ML-R1", Proposal: liaison.Proposal{Number: 2, Title: "Terms"}, Body: liaison.Body{Code: "itu-t/sg17", ShortName: "ITU-T SG17"}}},
	}
	r := liaison.Assemble(f)

	figures := map[liaison.FigureKey]liaison.Figure{}
	for _, x := range liaison.Figures {
		got, ok := r.Figure(x.Key)
		if !ok || got.Kind() != x.Kind {
			t.Errorf("the figure %s is not in the report", x.Key)
		}
		figures[x.Key] = got
	}
	want := map[liaison.FigureKey]liaison.Figure{
		"sent": {Key: "sent", Count: 1}, "received": {Key: "received", Count: 1},
		"to-approve": {Key: "to-approve", Of: 2, Tenths: 30}, // 2 and 4 days
		"to-answer":  {Key: "to-answer", Of: 2, Tenths: 655}, // 70 and 61 days
		"on-time":    {Key: "on-time", Count: 1, Of: 2},      // due on 1 July and on 30 September; the declined one is not counted
		"overdue":    {Key: "overdue", Count: 1}, "bounced": {Key: "bounced", Count: 1, Of: 2}, "open": {Key: "open", Count: 2}, "unanswered": {Key: "unanswered", Count: 1},
	}
	if diff := cmp.Diff(want, figures); diff != "" {
		t.Errorf("figures (-want +got):\n%s", diff)
	}
	for key, n := range map[liaison.FigureKey]int{"sent": 1, "received": 1, "to-approve": 2, "to-answer": 2, "on-time": 2, "overdue": 1, "bounced": 2, "open": 2, "unanswered": 1} {
		behind := liaison.FigureRows(f, key)
		if got, _ := r.Figure(key); len(behind.Rows) != n || got.Kind() == liaison.FigureCount && got.Count != n || got.Kind() != liaison.FigureCount && got.Of != n {
			t.Errorf("behind %s, %+v, stand %d rows, want %d", key, got, len(behind.Rows), n)
		}
		for _, row := range behind.Rows {
			if len(row.Cells) != len(liaison.TableColumns[liaison.TableBehind]) {
				t.Errorf("a row behind %s has %d cells", key, len(row.Cells))
			}
		}
	}
	closed := f
	closed.Out = slices.Clone(f.Out)
	closed.Out[1].Closed = true
	closed.In = slices.Clone(f.In)
	closed.In[0].Closed, closed.In[0].Statement = true, "within"
	of := liaison.Assemble(closed)
	b, err := json.Marshal([]any{of, liaison.FigureRows(closed, liaison.FigureReceived)})
	for _, secret := range []string{"Roadmap", "IEEE", "TSAG", "LS/i", "sg17@"} {
		if strings.Contains(string(b), secret) {
			t.Errorf("%q of a confidential statement stands in the report", secret)
		}
	}
	in, _ := of.Table(liaison.TableIncoming)
	if f, _ := of.Figure(liaison.FigureReceived); err != nil || f.Count != 1 || len(in.Rows) != 1 || in.Rows[0].Statement != "" || in.Rows[0].Cells[1].Word != "progress.confidential" {
		t.Errorf("of what came in about one stands %+v, counted as %d, %v", in.Rows, f.Count, err)
	}
	rows := map[liaison.TableKey][]string{}
	for _, s := range r.Sections {
		for _, table := range s.Tables {
			for _, row := range table.Rows {
				if len(row.Cells) != len(liaison.TableColumns[table.Key]) {
					t.Errorf("a row of %s has %d cells for %d columns", table.Key, len(row.Cells), len(liaison.TableColumns[table.Key]))
				}
				b, err := json.Marshal(row.Cells)
				if err != nil {
					t.Fatal(err)
				}
				rows[table.Key] = append(rows[table.Key], string(row.Statement)+string(row.Body)+string(b))
			}
		}
	}
	wantRows := map[liaison.TableKey][]string{
		"agenda":   {`[{"text":"Meeting of JCA-ML"},{"number":9},{"text":"Outgoing liaison statements"}]`},
		"meetings": {`[{"text":"Meeting of JCA-ML"},{"text":"online"},{"date":"2026-07-01"},{}]`},
		"officers": {`itu-t/jca-ml[{"text":"vice-chair"},{"word":"progress.office-vice-chair"},{"date":"2026-09-01"},{},{"text":"SG13 meeting"}]`},
		"incoming": {`[{"date":"2026-07-02"},{"text":"sg17@itu-t.example"},{"text":"LS/i"},{"word":"progress.disposition-unassigned"}]`},
		"outgoing": {`within[{"text":"LS2"},{"text":"Roadmap"},{"date":"2026-07-31"},{"text":"JCA-ML Chair"},{"word":"progress.way-entered-officer-vice-chair"},{"text":"ITU-T SG13; IEEE"},{"word":"progress.state-dispatched"}]`},
		"override": {`within[{"text":"LS2"},{"text":"Roadmap"},{"text":"asked for by TSAG"},{"text":"TSAG decides"},{"text":"Marco"},{"word":"progress.office-vice-chair"}]`},
		"by-month": {`[{"date":"2026-08-01"},{"number":1},{"number":1}]`},
		"awaited": {
			`beforeitu-t/sg13[{"text":"LS1"},{"text":"ITU-T SG13"},{"word":"purpose.action"},{"date":"2026-06-15"},{"word":"progress.answer-overdue"}]`,
			`beforeitu-t/sg13[{"text":"LS1"},{"text":"ITU-T SG13"},{"word":"purpose.action"},{"date":"2026-06-25"},{"word":"progress.answer-late"}]`,
			`beforeitu-t/sg13[{"text":"LS1"},{"text":"ITU-T SG13"},{"word":"purpose.action"},{"date":"2026-07-01"},{"word":"progress.answer-on-time"}]`,
			`withinitu-t/sg13[{"text":"LS2"},{"text":"ITU-T SG13"},{"word":"purpose.action"},{"date":"2026-09-15"},{"word":"progress.answer-declined"}]`,
			`beforeitu-t/sg13[{"text":"LS1"},{"text":"ITU-T SG13"},{"word":"purpose.action"},{"date":"2026-09-30"},{"word":"progress.answer-open"}]`,
		},
		"groups":      {`itu-t/sg13[{"text":"ITU-T SG13"},{"number":1},{"number":1},{"number":1},{"number":1},{"number":1}]`},
		"external":    {`ieee[{"text":"IEEE"},{"number":1},{"number":0},{"number":0},{"number":0},{"number":0}]`},
		"unanswered":  {`r1itu-t/sg17[{"text":"JCA-ML-R1"},{"text":"2. Terms"},{"text":"ITU-T SG17"}]`},
		"open-by-age": {`[{"word":"progress.age-0-30"},{"number":0}]`, `[{"word":"progress.age-31-60"},{"number":0}]`, `[{"word":"progress.age-61-90"},{"number":0}]`, `[{"word":"progress.age-over-90"},{"number":2}]`},
		"replies": {`[{"word":"progress.answer-on-time"},{"number":1}]`, `[{"word":"progress.answer-late"},{"number":1}]`, `[{"word":"progress.answer-declined"},{"number":1}]`,
			`[{"word":"progress.answer-waived"},{"number":0}]`, `[{"word":"progress.answer-no-reply"},{"number":0}]`, `[{"word":"progress.answer-open"},{"number":1}]`,
			`[{"word":"progress.answer-redirected"},{"number":0}]`, `[{"word":"progress.answer-overdue"},{"number":1}]`},
		"waiting":  {`[{"word":"progress.state-draft"},{"number":2}]`},
		"next":     {`[{"text":"SG13"},{},{"date":"2026-11-01","until":"2026-11-12"},{}]`, `[{"text":"next"},{},{"date":"2026-12-03"},{}]`},
		"lifetime": {`itu-t/jca-ml[{"number":1},{"date":"2025-01-01"},{"word":"progress.review-overdue"},{"text":"TSB Circular 72"}]`},
	}
	if diff := cmp.Diff(wantRows, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if r.Nil() {
		t.Error("it says that no meeting was held")
	}
	f.Meetings = nil
	if r := liaison.Assemble(f); !r.Nil() {
		t.Error("edge 63: without a meeting it is no nil report")
	}
	first, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	f.Meetings = nil
	for range 3 {
		again := liaison.Assemble(f)
		b, err := json.Marshal(again)
		if err != nil || string(b) == string(first) {
			t.Errorf("other facts made the same report, %v", err)
		}
		if diff := cmp.Diff(again, liaison.Assemble(f)); diff != "" {
			t.Errorf("the same facts made two reports:\n%s", diff)
		}
	}
}

// TestAReportGoesToTheParentOfTheDay: with another parent group that one is addressed, in the place of the former one and with its purpose. Who gets
// the report for a reason of its own still does.
func TestAReportGoesToTheParentOfTheDay(t *testing.T) {
	addressed := func(change func(*liaison.Content)) (out []string) {
		c := liaison.Content{Report: &liaison.Report{Parent: "itu-t/sg13"}, Addressees: []liaison.Addressee{
			{Body: "itu-t/sg13", Name: "ITU-T SG13", Purpose: liaison.ForAction}, {Body: "w3c", Purpose: liaison.ForInformation, Reason: "asked for it"},
		}}
		change(&c)
		got := c.Reassembled(liaison.Report{Parent: "itu-t/tsag"})
		if got.Report.Parent != "itu-t/tsag" || c.Report.Parent != "itu-t/sg13" {
			t.Errorf("the parent is %s, and was %s", got.Report.Parent, c.Report.Parent)
		}
		for _, a := range got.Addressees {
			out = append(out, string(a.Body)+" "+string(a.Purpose)+" "+a.Name)
		}
		return out
	}
	for name, test := range map[string]struct {
		change func(*liaison.Content)
		want   []string
	}{
		"in its place":               {func(*liaison.Content) {}, []string{"itu-t/tsag action ", "w3c information "}},
		"it is addressed already":    {func(c *liaison.Content) { c.Addressees[1].Body = "itu-t/tsag" }, []string{"itu-t/sg13 action ITU-T SG13", "itu-t/tsag information "}},
		"the former one has reasons": {func(c *liaison.Content) { c.Addressees[0].Reason = "asked for it" }, []string{"itu-t/sg13 action ITU-T SG13", "w3c information "}},
	} {
		if diff := cmp.Diff(test.want, addressed(test.change)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestReassembled: what the editor added is never lost by assembling again.
func TestReassembled(t *testing.T) {
	before := *reportContent().Report
	now := liaison.Report{Parent: before.Parent, From: before.From, Until: "2026-11-30", Sections: []liaison.Section{{Key: liaison.SectionFigures}}}
	got := before.Reassembled(now)
	if diff := cmp.Diff(before.Notes, got.Notes); diff != "" {
		t.Errorf("notes (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(before.Proposals, got.Proposals); diff != "" || !got.Provisional {
		t.Errorf("proposals (-before +after):\n%s", diff)
	}
	if got.Until != "2026-11-30" || len(got.Sections) != 1 {
		t.Errorf("it is not what the register says now: %+v", got)
	}
}

func TestEmptyFiguresAreNotKnown(t *testing.T) {
	r := liaison.Assemble(liaison.ReportFacts{Zone: time.UTC, From: "2026-01-01", Until: "2026-01-31"})
	for _, key := range []liaison.FigureKey{liaison.FigureOnTime, liaison.FigureToAnswer, liaison.FigureToApprove, liaison.FigureBounced} {
		if f, ok := r.Figure(key); !ok || f.Known() {
			t.Errorf("%s of nothing is %+v", key, f)
		}
	}
	if f, _ := r.Figure(liaison.FigureSent); !f.Known() {
		t.Error("that nothing was sent is not known")
	}
}

// TestEveryWayOfApprovingIsSaid: how a statement was approved has a word for each mode, and for what was entered on somebody's word.
func TestEveryWayOfApprovingIsSaid(t *testing.T) {
	zone := zurich(t)
	at := time.Date(2026, 8, 1, 12, 0, 0, 0, zone)
	said := map[string]bool{}
	for _, mode := range liaison.ApprovalModes {
		for _, as := range []liaison.Capacity{liaison.AsChair, liaison.AsViceChair} {
			for _, entered := range []liaison.PersonID{"", "secretary"} {
				r := liaison.Assemble(liaison.ReportFacts{Zone: zone, From: "2026-07-01", Until: "2026-09-30", AsOf: at, Out: []liaison.OutFact{{
					ID: "s", Approved: at, Dispatched: at, Approval: liaison.Approval{Mode: mode, As: as, Entered: entered},
				}}})
				table, _ := r.Table(liaison.TableOutgoing)
				way := table.Rows[0].Cells[4].Word
				if way == "" || strings.Contains(way, "entered") != (entered != "") {
					t.Errorf("%s by the %s, entered by %q, is said as %q", mode, as, entered, way)
				}
				said[way] = true
			}
		}
	}
	if len(said) != 10 { // five ways, each also entered
		t.Errorf("said are %v", said)
	}
}

// TestWithForms: the files of a report take the place of those made before, and never that of an attachment of the editor's.
func TestWithForms(t *testing.T) {
	file := func(name, content string) liaison.Attachment {
		return liaison.Attachment{Name: name, MediaType: "application/pdf", Size: int64(len(content)), Digest: liaison.DigestOf([]byte(content))}
	}
	names := func(c liaison.Content) (out []string) {
		for _, a := range c.Attachments {
			out = append(out, a.Name)
		}
		return out
	}
	c := reportContent()
	c.Report.Forms, c.Attachments = nil, []liaison.Attachment{file("progress-report-jca-ml-annex.pdf", "annex"), file("agenda.pdf", "agenda")}
	first, err := c.WithForms([]liaison.Attachment{file("progress-report-jca-ml-2026-11-22.pdf", "one")})
	if err != nil {
		t.Fatal(err)
	}
	second, err := first.WithForms([]liaison.Attachment{file("progress-report-jca-ml-2026-11-23.pdf", "two")})
	if diff := cmp.Diff([]string{"progress-report-jca-ml-annex.pdf", "agenda.pdf", "progress-report-jca-ml-2026-11-23.pdf"}, names(second)); err != nil || diff != "" {
		t.Errorf("attached, %v (-want +got):\n%s", err, diff)
	}
	c.Attachments = append(c.Attachments, file("Progress-Report-jca-ml-2026-11-22.PDF", "somebody's own"))
	if got, err := c.WithForms([]liaison.Attachment{file("progress-report-jca-ml-2026-11-22.pdf", "one")}); liaison.CodeOf(err) != liaison.Invalid || !strings.Contains(err.Error(), "another name") || !slices.Contains(names(got), "Progress-Report-jca-ml-2026-11-22.PDF") {
		t.Errorf("an attachment of that name is %v, %v", names(got), err)
	}
}
