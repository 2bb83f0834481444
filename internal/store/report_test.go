package store_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// jotted is what a person would note down of one addressee of one statement while it happens: the second, independent record
// that the figures of reports are held against.
type jotted struct {
	statement            int
	external, awaited    bool
	sent, answered       time.Time
	due                  liaison.Date
	refused, declined    bool
	approved, dispatched time.Time
}

// TestFiguresOfAStudyPeriod plays four years with three meetings a year, by real commands under a clock of its own, and recounts
// every report from notes taken beside.
func TestFiguresOfAStudyPeriod(t *testing.T) {
	t.Parallel()
	first, _ := open(t)
	zone, err := time.LoadLocation("Europe/Zurich")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2025, 1, 7, 10, 0, 0, 0, zone)
	s := first.At(func() time.Time { return now })
	random := rand.New(rand.NewPCG(13, 2025))
	titles := []string{ // of real liaison statements on machine learning
		"LS on results of ITU's work on machine learning for 5G networks", "LS/o on terms and definitions for machine learning",
		"LS/o on review of the AI standardization roadmap", "LS/o on deliverables of Focus Group ML5G",
	}
	addressees := []liaison.Code{"itu-t/sg13", "itu-t/sg17", "itu-t/sg11", "ieee", "w3c", "iso-iec/jtc1/sc42"}
	var notes []jotted
	statements := 0
	type pending struct {
		at      time.Time
		message liaison.TransmissionID
		note    int
		kind    liaison.ResponseKind
	}
	var waiting []pending
	// answer has those who meant to answer by now do so.
	answer := func(until time.Time) {
		slices.SortStableFunc(waiting, func(a, b pending) int { return a.at.Compare(b.at) })
		for len(waiting) > 0 && waiting[0].at.Before(until) {
			p := waiting[0]
			waiting = waiting[1:]
			now = p.at
			r := liaison.Response{Kind: p.kind, Name: "Irene", Text: "As asked."}
			if _, err := s.Respond(t.Context(), p.message, newCommand(), r); err != nil {
				t.Fatal(err)
			}
			notes[p.note].answered, notes[p.note].declined = p.at, p.kind == liaison.RespondDeclined
		}
	}
	send := func() {
		statements++
		id := liaison.StatementID(uuid.NewString())
		to := slices.Clone(addressees)
		random.Shuffle(len(to), func(i, j int) { to[i], to[j] = to[j], to[i] })
		c := content(to[:1+random.IntN(3)]...)
		c.Title = titles[random.IntN(len(titles))]
		c.Deadline = liaison.DateOf(now, zone).Plus(20 + random.IntN(60))
		for i := range c.Addressees {
			c.Addressees[i].Purpose = []liaison.Purpose{liaison.ForAction, liaison.ForComment, liaison.ForInformation}[random.IntN(3)]
		}
		c.Addressees[0].Purpose = liaison.ForAction
		if _, err := s.Create(t.Context(), id, seed.Editor.ID, c); err != nil {
			t.Fatal(err)
		}
		carry(t, s, id, liaison.DoSubmit)
		answer(now.Add(time.Duration(1+random.IntN(100)) * time.Hour))
		now = now.Add(time.Duration(1+random.IntN(100)) * time.Hour)
		submittedToApproved := now
		carry(t, s, id, liaison.DoApprove)
		batch := carry(t, s, id, liaison.DoDispatch)
		ts := sealed(t, s, batch)
		for i, x := range ts {
			n := jotted{statement: statements, external: !strings.HasPrefix(string(x.Body), "itu-t/"), approved: submittedToApproved, dispatched: now, sent: now,
				awaited: c.Addressees[i].Purpose != liaison.ForInformation, due: c.Deadline}
			outcome := liaison.TransmissionAccepted
			if random.IntN(10) == 0 {
				outcome, n.refused = liaison.TransmissionRefused, true
			}
			attempt(t, s, x.ID, outcome)
			notes = append(notes, n)
			if !n.refused && n.awaited && random.IntN(4) > 0 {
				kind := liaison.RespondReplied
				if random.IntN(8) == 0 {
					kind = liaison.RespondDeclined
				}
				waiting = append(waiting, pending{now.Add(time.Duration(24+random.IntN(110*24)) * time.Hour), x.ID, len(notes) - 1, kind})
			}
		}
		do(t, s, give(t, s, id, liaison.DoSettle))
	}

	from := liaison.Date("2025-01-01")
	var reports []liaison.Report
	for year := 2025; year <= 2028; year++ {
		for _, month := range []time.Month{3, 7, 11} {
			for range 4 {
				send()
				answer(now.Add(12 * 24 * time.Hour))
				now = now.Add(12 * 24 * time.Hour)
			}
			meeting := time.Date(year, month, 20, 10, 0, 0, 0, zone)
			answer(meeting)
			now = meeting
			day := liaison.DateOf(meeting, zone)
			m := liaison.Meeting{ID: liaison.MeetingID(uuid.NewString()), Group: seed.JCAML, Title: "Meeting of JCA-ML", Place: "Geneva", From: day, Until: day, State: liaison.MeetingClosed, Source: "test"}
			if err := s.EnterMeetings(t.Context(), []liaison.Meeting{m}); err != nil {
				t.Fatal(err)
			}
			r, err := s.Assemble(t.Context(), store.ReportFor{Group: seed.JCAML, From: from, Until: day, AsOf: now.Add(time.Hour)})
			if err != nil {
				t.Fatal(err)
			}
			recount(t, zone, notes, r)
			if held, _ := r.Table(liaison.TableMeetings); len(held.Rows) == 0 || held.Rows[len(held.Rows)-1].Cells[2].Date != day {
				t.Errorf("%s: the meetings held are %+v", day, held.Rows)
			}
			reports = append(reports, r)
			from = day.Plus(1)
			now = now.Add(24 * time.Hour)
		}
	}
	if statements != 48 || len(reports) != 12 {
		t.Fatalf("%d statements and %d reports", statements, len(reports))
	}
	// Each is the same when it is made again years later: what was recorded since is not in it.
	for i, r := range reports {
		again, err := s.Assemble(t.Context(), store.ReportFor{Group: seed.JCAML, From: r.From, Until: r.Until, AsOf: r.AsOf})
		if diff := cmp.Diff(r.Sections, withoutFuture(again.Sections, r)); err != nil || diff != "" {
			t.Errorf("report %d made again, %v (-then +now):\n%s", i+1, err, diff)
		}
	}
}

// withoutFuture leaves out of the meetings to come what was entered since: the calendar has no times of entry.
func withoutFuture(sections []liaison.Section, then liaison.Report) []liaison.Section {
	for i, s := range sections {
		if s.Key == liaison.SectionNext {
			for _, old := range then.Sections {
				if old.Key == s.Key {
					sections[i] = old
				}
			}
		}
	}
	return sections
}

// recount makes the figures of a report from the notes and nothing else.
func recount(t *testing.T, zone *time.Location, notes []jotted, r liaison.Report) {
	t.Helper()
	date := func(x time.Time) liaison.Date { return liaison.Date(x.In(zone).Format(time.DateOnly)) }
	in := func(x time.Time) bool { return !x.IsZero() && date(x) >= r.From && date(x) <= r.Until }
	sent, overdue, open, refused, handed, due, onTime := map[int]bool{}, 0, 0, 0, 0, 0, 0
	answers := []float64{}
	groups, externals := 0, 0
	for _, n := range notes {
		if n.sent.After(r.AsOf) {
			continue
		}
		if in(n.dispatched) {
			sent[n.statement] = true
			if n.external {
				externals++
			} else {
				groups++
			}
		}
		if in(n.sent) {
			handed++
			if n.refused {
				refused++
			}
		}
		if n.refused || !n.awaited {
			continue
		}
		answered := !n.answered.IsZero() && !n.answered.After(r.AsOf)
		if !answered || date(n.answered) > r.Until {
			open++
			if n.due < r.Until {
				overdue++
			}
		}
		if n.due >= r.From && n.due <= r.Until && !(answered && n.declined) {
			due++
			if answered && date(n.answered) <= n.due {
				onTime++
			}
		}
		if answered && in(n.answered) && !n.declined {
			answers = append(answers, n.answered.Sub(n.sent).Hours()/24)
		}
	}
	slices.Sort(answers)
	middle := 0.0
	if k := len(answers); k%2 == 1 {
		middle = answers[k/2]
	} else if k > 0 {
		middle = (answers[k/2-1] + answers[k/2]) / 2
	}
	want := []liaison.Figure{
		{Key: liaison.FigureSent, Count: len(sent)}, {Key: liaison.FigureOverdue, Count: overdue}, {Key: liaison.FigureOpen, Count: open},
		{Key: liaison.FigureBounced, Count: refused, Of: handed}, {Key: liaison.FigureOnTime, Count: onTime, Of: due},
		{Key: liaison.FigureToAnswer, Of: len(answers), Tenths: int(middle*10 + 0.5)},
	}
	for _, w := range want {
		if got, _ := r.Figure(w.Key); got != w {
			t.Errorf("%s to %s: %+v, recounted %+v", r.From, r.Until, got, w)
		}
	}
	months, _ := r.Table(liaison.TableByMonth)
	g, e := 0, 0
	for _, row := range months.Rows {
		g, e = g+*row.Cells[1].Number, e+*row.Cells[2].Number
	}
	if g != groups || e != externals {
		t.Errorf("%s to %s: by month %d to groups and %d outside, recounted %d and %d", r.From, r.Until, g, e, groups, externals)
	}
}

// TestReportsAreDueDraftedAndMissed: one is due for each meeting of the parent group and after each of our own; the engine begins
// the draft in time; a meeting that closed without it is written down.
func TestReportsAreDueDraftedAndMissed(t *testing.T) {
	t.Parallel()
	first, pool := open(t)
	if _, err := pool.Exec(t.Context(), `UPDATE meeting SET state = 'cancelled' WHERE id = $1`, seed.Meetings()[3].ID); err != nil { // one of ours, which would be due too
		t.Fatal(err)
	}
	now := time.Date(2027, 1, 10, 9, 0, 0, 0, time.UTC)
	s := first.At(func() time.Time { return now })
	reckon := func() []store.DueReport {
		t.Helper()
		for range 2 { // however often it runs
			if err := s.ReckonReports(t.Context(), seed.JCAML); err != nil {
				t.Fatal(err)
			}
		}
		due, err := s.DueReports(t.Context(), seed.JCAML)
		if err != nil {
			t.Fatal(err)
		}
		return due
	}
	due := reckon()
	if len(due) != 1 || due[0].Due != "2027-02-22" || due[0].Meeting.Group != "itu-t/sg13" || due[0].Statement != "" {
		t.Fatalf("due are %+v; want one, seven days before SG13 meets on 1 March 2027", due)
	}
	if ids, err := s.DraftReports(t.Context(), seed.JCAML); err != nil || len(ids) != 0 {
		t.Errorf("43 days ahead drafts were begun: %v, %v", ids, err)
	}
	now = time.Date(2027, 1, 26, 9, 0, 0, 0, time.UTC)
	ids, err := s.DraftReports(t.Context(), seed.JCAML)
	if err != nil || len(ids) != 1 {
		t.Fatalf("27 days ahead: %v, %v", ids, err)
	}
	if again, err := s.DraftReports(t.Context(), seed.JCAML); err != nil || len(again) != 0 {
		t.Errorf("a second draft was begun: %v, %v", again, err)
	}
	if _, err := s.BeginReport(t.Context(), liaison.StatementID(uuid.NewString()), seed.Secretary.ID, due[0].ID); liaison.CodeOf(err) != liaison.Conflict {
		t.Errorf("a second draft was begun by hand: %v", err)
	}
	snap, err := s.Snapshot(t.Context(), ids[0])
	if err != nil || snap.Content.Report == nil || snap.Content.Report.From != "2025-01-01" || snap.Content.Report.Until != "2027-01-26" || snap.Drafter != seed.Secretary.ID {
		t.Fatalf("the draft is %+v, %v", snap.Content.Report, err)
	}
	if a := snap.Content.Addressees; len(a) != 1 || a[0].Body != "itu-t/sg13" || a[0].Email == "" {
		t.Errorf("addressed to %+v", a)
	}
	history, err := s.History(t.Context(), ids[0])
	if err != nil || len(history) != 1 || history[0].Actor != "" || history[0].Acting != liaison.AsEngine {
		t.Errorf("who began it is recorded as %+v, %v", history, err)
	}
	if !snap.Content.Report.Nil() {
		t.Error("edge 63: without a meeting in the period it is no nil report")
	}
	now = time.Date(2027, 3, 13, 9, 0, 0, 0, time.UTC)
	if due = reckon(); due[0].Missed != "2027-03-12" {
		t.Errorf("the meeting is over and the report is %+v", due[0])
	}
	verified(t, s)
}

// reported is a report that was sent to SG13 and SG17, with a proposal to each.
func reported(t *testing.T, s *store.Store) (liaison.StatementID, []store.Transmission) {
	t.Helper()
	c, err := s.ReportContent(t.Context(), seed.JCAML, "0190c0de-0000-7000-8000-000000000203")
	if err != nil {
		t.Fatal(err)
	}
	c.Addressees = append(c.Addressees, liaison.Addressee{Body: "itu-t/sg17", Purpose: liaison.ForInformation, Reason: "proposal 2 concerns it"})
	c.Report.Proposals = []liaison.Proposal{
		{Title: "A common list of terms", Text: "To keep one.", To: []liaison.Code{"itu-t/sg13", "itu-t/sg17"}}, {Title: "A joint meeting", To: []liaison.Code{"itu-t/sg17"}},
	}
	c.Report.Notes = []liaison.Note{{Text: "In short."}}
	id := liaison.StatementID(uuid.NewString())
	if _, err := s.Create(t.Context(), id, seed.Editor.ID, c); err != nil {
		t.Fatal(err)
	}
	carry(t, s, id, liaison.DoSubmit, liaison.DoApprove)
	batch := carry(t, s, id, liaison.DoDispatch)
	ts := sealed(t, s, batch)
	for _, x := range ts {
		attempt(t, s, x.ID, liaison.TransmissionAccepted)
	}
	do(t, s, give(t, s, id, liaison.DoSettle))
	return id, ts
}

// TestReportThroughTheGate: a report has revisions, digest, number, files and an outcome like a statement, and a series of its own.
func TestReportThroughTheGate(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	id, _ := reported(t, s)
	snap, err := s.Snapshot(t.Context(), id)
	if err != nil || snap.Ref != "JCA-ML-R1" || snap.State != liaison.Dispatched {
		t.Fatalf("%s is %s, %v", snap.Ref, snap.State, err)
	}
	var names []string
	for _, a := range snap.Content.Attachments {
		b, err := s.Blob(t.Context(), a.Digest)
		if err != nil || int64(len(b)) != a.Size {
			t.Errorf("%s: %d bytes, %v", a.Name, len(b), err)
		}
		if !bytes.HasPrefix(b, []byte("%PDF-")) && !bytes.HasPrefix(b, []byte("PK")) {
			t.Errorf("%s begins %q", a.Name, b[:8])
		}
		names = append(names, a.Name)
	}
	if len(names) != 2 || !strings.HasSuffix(names[0], ".pdf") || !strings.HasSuffix(names[1], ".docx") {
		t.Errorf("attached are %q", names)
	}
	other := draft(t, s, "w3c")
	carry(t, s, other, liaison.DoSubmit, liaison.DoApprove)
	if snap, err := s.Snapshot(t.Context(), other); err != nil || snap.Ref != "JCA-ML-LS1" {
		t.Errorf("a statement after it is %s, %v", snap.Ref, err)
	}
	present := liaison.Command{ID: newCommand(), Kind: liaison.DoPresent, Statement: id, Actor: seed.Secretary.ID, Reason: "TD 151 (PLEN/13)"}
	if a := do(t, s, present); a.State != liaison.Dispatched {
		t.Errorf("presented led to %s", a.State)
	}
	if snap, err := s.Snapshot(t.Context(), id); err != nil || snap.Outcome != liaison.ReportPresented {
		t.Errorf("the outcome is %q, %v", snap.Outcome, err)
	}
	again := present
	again.ID = newCommand()
	if _, err := s.Do(t.Context(), again); liaison.CodeOf(err) != liaison.Conflict {
		t.Errorf("presented twice: %v", err)
	}
	if a := do(t, s, liaison.Command{ID: newCommand(), Kind: liaison.DoAccept, Statement: id, Actor: seed.Secretary.ID, Reason: "Report of SG13, clause 7"}); a.State != liaison.Closed {
		t.Errorf("accepted led to %s", a.State)
	}
	c := snap.Content
	c.Report = nil
	if _, err := s.Save(t.Context(), draftReport(t, s), seed.Editor.ID, 1, c); liaison.CodeOf(err) != liaison.Invalid {
		t.Errorf("a report was saved as a statement: %v", err)
	}
	verified(t, s)
}

func draftReport(t *testing.T, s *store.Store) liaison.StatementID {
	t.Helper()
	c, err := s.ReportContent(t.Context(), seed.JCAML, "")
	if err != nil {
		t.Fatal(err)
	}
	id := liaison.StatementID(uuid.NewString())
	if _, err := s.Create(t.Context(), id, seed.Editor.ID, c); err != nil {
		t.Fatal(err)
	}
	return id
}

func TestProposalsAreAnswered(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	id, ts := reported(t, s)
	pages := pagesOf(t, pool)
	yes := liaison.ProposalReply{Proposal: 1, Answer: liaison.ProposalAccepted, Name: "Irene, Q7/13", Text: "With pleasure."}
	command := newCommand()
	for range 2 { // the form, sent twice
		if err := pages.AnswerProposal(t.Context(), ts[0].ID, command, yes); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		r    liaison.ProposalReply
		code liaison.ErrorCode
	}{
		"a proposal made to another group": {liaison.ProposalReply{Proposal: 2, Answer: liaison.ProposalNoted, Name: "Irene"}, liaison.Invalid},
		"one that there is not":            {liaison.ProposalReply{Proposal: 3, Answer: liaison.ProposalNoted, Name: "Irene"}, liaison.Invalid},
		"no answer":                        {liaison.ProposalReply{Proposal: 1, Name: "Irene"}, liaison.Invalid},
		"nobody":                           {liaison.ProposalReply{Proposal: 1, Answer: liaison.ProposalNoted}, liaison.Invalid},
	} {
		if err := pages.AnswerProposal(t.Context(), ts[0].ID, newCommand(), test.r); liaison.CodeOf(err) != test.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	said := liaison.ProposalReply{Proposal: 1, Body: "itu-t/sg17", Answer: liaison.ProposalRejected, Name: "SG17 plenary", Evidence: "SG17-R4, clause 9"}
	if err := pages.RecordProposalAnswer(t.Context(), id, seed.Editor.ID, newCommand(), said); liaison.CodeOf(err) != liaison.Forbidden {
		t.Errorf("an editor recorded an answer: %v", err)
	}
	without := said
	without.Evidence = ""
	if err := pages.RecordProposalAnswer(t.Context(), id, seed.Secretary.ID, newCommand(), without); liaison.CodeOf(err) != liaison.Invalid {
		t.Errorf("without evidence: %v", err)
	}
	if err := pages.RecordProposalAnswer(t.Context(), id, seed.Secretary.ID, newCommand(), said); err != nil {
		t.Fatal(err)
	}
	all, err := s.ProposalAnswers(t.Context(), id)
	var got []string
	for _, a := range all {
		got = append(got, fmt.Sprintf("%d %s %s %s", a.Proposal, a.Body, a.Answer, a.Recorded))
	}
	if diff := cmp.Diff([]string{"1 itu-t/sg13 accepted ", "1 itu-t/sg17 rejected " + seed.Secretary.Name}, got); err != nil || diff != "" {
		t.Errorf("answers, %v (-want +got):\n%s", err, diff)
	}
	// What is not answered returns in the next report.
	c, err := s.ReportContent(t.Context(), seed.JCAML, "")
	if err != nil {
		t.Fatal(err)
	}
	open, _ := c.Report.Table(liaison.TableUnanswered)
	if len(open.Rows) != 1 || open.Rows[0].Cells[1].Text != "2. A joint meeting" || open.Rows[0].Body != "itu-t/sg17" || open.Rows[0].Cells[0].Text != "JCA-ML-R1" {
		t.Errorf("without an answer are %+v", open.Rows)
	}
	if f, _ := c.Report.Figure(liaison.FigureUnanswered); f.Count != 1 {
		t.Errorf("counted are %+v", f)
	}
	verified(t, s)
	if _, err := pool.Exec(t.Context(), `ALTER TABLE proposal_answer DISABLE TRIGGER ALL; UPDATE proposal_answer SET body_code = 'w3c' WHERE body_code = 'itu-t/sg17'`); err != nil {
		t.Fatal(err)
	}
	if r, err := s.Audit(t.Context(), nil); err != nil || len(r.Problems) != 1 || !strings.Contains(r.Problems[0].Message, "answer to proposal 1") {
		t.Errorf("a changed answer is found as %v, %v", r.Problems, err)
	}
}
