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

	"github.com/jca-ml/liaison/internal/inbound"
	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// jotted is what a person would note down of one addressee of one statement while it happens: the second, independent record
// that the figures of reports are held against.
type jotted struct {
	statement            liaison.StatementID
	position             int
	message              liaison.TransmissionID
	external, awaited    bool
	refused              bool
	dispatched           time.Time
	due, extended        liaison.Date // as first set; by an extension, "" for none
	granted              time.Time    // that extension
	came, linked         time.Time    // the reply; when the register was told of it
	late                 bool
	declined, redirected time.Time
	closed, over         time.Time // the statement: closed; recalled or superseded
}

// dueAt is the day by which the reply was awaited at a time.
func (n jotted) dueAt(at time.Time) liaison.Date {
	if n.extended != "" && !n.granted.After(at) {
		return n.extended
	}
	return n.due
}

// study is a register that years pass in, with the notes taken beside it and what people mean to do later.
type study struct {
	*desk
	zone    *time.Location
	notes   []*jotted
	sent    int
	planned []plan
}

type plan struct {
	at time.Time
	do func()
}

func newStudy(t *testing.T, now string) *study {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Zurich")
	if err != nil {
		t.Fatal(err)
	}
	s := &study{desk: newDesk(t), zone: zone}
	s.desk.now = s.at(now)
	return s
}

// at is ten o'clock of a day, or another time of it.
func (s *study) at(day string) time.Time {
	s.Helper()
	if len(day) == len(time.DateOnly) {
		day += " 10:00"
	}
	x, err := time.ParseInLocation("2006-01-02 15:04", day, s.zone)
	if err != nil {
		s.Fatal(err)
	}
	return x
}

func (s *study) later(at time.Time, do func()) { s.planned = append(s.planned, plan{at, do}) }

// until lets the time pass, and everybody do what they meant to.
func (s *study) until(now time.Time) {
	for {
		slices.SortStableFunc(s.planned, func(a, b plan) int { return a.at.Compare(b.at) })
		if len(s.planned) == 0 || !s.planned[0].at.Before(now) {
			break
		}
		next := s.planned[0]
		s.planned = s.planned[1:]
		if next.at.After(s.now) {
			s.now = next.at
		}
		next.do()
	}
	if now.After(s.now) {
		s.now = now
	}
}

// leaves carries a statement through the gate, so long after its submission, and notes each message; the server of an addressee that
// refused says so refuses it.
func (s *study) leaves(c liaison.Content, review time.Duration, refused func() bool) []*jotted {
	s.Helper()
	id := liaison.StatementID(uuid.NewString())
	if _, err := s.Create(s.Context(), id, seed.Editor.ID, c); err != nil {
		s.Fatal(err)
	}
	carry(s.T, s.Store, id, liaison.DoSubmit)
	s.until(s.now.Add(review))
	carry(s.T, s.Store, id, liaison.DoApprove)
	var out []*jotted
	for i, x := range sealed(s.T, s.Store, carry(s.T, s.Store, id, liaison.DoDispatch)) {
		n := &jotted{statement: id, position: i + 1, message: x.ID, external: !strings.HasPrefix(string(x.Body), "itu-t/"), dispatched: s.now,
			awaited: c.Deadline != "" && c.Addressees[i].Purpose != liaison.ForInformation, due: c.Deadline, refused: refused()}
		outcome := liaison.TransmissionAccepted
		if n.refused {
			outcome = liaison.TransmissionRefused
		}
		attempt(s.T, s.Store, x.ID, outcome)
		out = append(out, n)
	}
	do(s.T, s.Store, give(s.T, s.Store, id, liaison.DoSettle))
	s.notes, s.sent = append(s.notes, out...), s.sent+1
	return out
}

func never() bool { return false }

// says is the addressee on its page.
func (s *study) says(n *jotted, r liaison.Response) {
	s.Helper()
	r.Name, r.Text = "Irene", "As asked."
	if _, err := s.Respond(s.Context(), n.message, newCommand(), r); err != nil {
		s.Fatal(err)
	}
	switch {
	case r.Kind == liaison.RespondReplied:
		s.replied(n, s.now)
	case !n.closed.IsZero() || !n.came.IsZero(): // nothing is owed any more
	case r.Kind == liaison.RespondDeclined:
		n.declined = s.now
	case r.Kind == liaison.RespondMisdirected && n.declined.IsZero():
		n.redirected = s.now
	}
}

// replied notes that a reply which came at a time is known now. Of several that which was known first stands.
func (s *study) replied(n *jotted, came time.Time) {
	if n.came.IsZero() {
		n.came, n.linked = came, s.now
		n.late = liaison.DateOf(came, s.zone) > n.dueAt(s.now)
	}
}

// mailed brings a reply by mail that says not what it answers; the secretariat links it at a later time.
func (s *study) mailed(n *jotted, link time.Time) {
	s.Helper()
	came, h := s.now, s.untracked()
	s.later(link, func() {
		s.must(s.about(n.statement, n.position, liaison.DoLinkReply, seed.Secretary, evidenceOf(h)))
		s.replied(n, came)
	})
}

// extends grants another date.
func (s *study) extends(n *jotted, day liaison.Date) {
	s.Helper()
	s.must(s.about(n.statement, n.position, liaison.DoGrantExtension, seed.Chair, func(c *liaison.Command) { c.Date = day }))
	n.extended, n.granted = day, s.now
}

func (s *study) closes(id liaison.StatementID) {
	s.Helper()
	carry(s.T, s.Store, id, liaison.DoClose)
	for _, n := range s.notes {
		if n.statement == id {
			n.closed = s.now
		}
	}
}

// followedUp sends what recalls or supersedes a statement.
func (s *study) followedUp(id liaison.StatementID, kind liaison.RelationKind) []*jotted {
	s.Helper()
	snap, err := s.Snapshot(s.Context(), id)
	if err != nil {
		s.Fatal(err)
	}
	c := liaison.Follow(snap.Snapshot, kind)
	if c.Abstract = "Says what counts."; kind == liaison.Revises {
		c.Deadline = liaison.DateOf(s.now, s.zone).Plus(30)
	}
	out := s.leaves(c, 0, never)
	for _, n := range s.notes {
		if n.statement == id {
			n.over = s.now
		}
	}
	return out
}

// report assembles one of a period that is over, or as far as it is.
func (s *study) report(from, until liaison.Date) liaison.Report {
	s.Helper()
	r, err := s.Assemble(s.Context(), store.ReportFor{Group: seed.JCAML, From: from, Until: until})
	if err != nil {
		s.Fatal(err)
	}
	recount(s.T, s.zone, s.notes, r)
	return r
}

// TestFiguresOfAStudyPeriod plays four years with three meetings a year, by real commands under a clock of its own, and recounts
// every report from notes taken beside.
func TestFiguresOfAStudyPeriod(t *testing.T) {
	t.Parallel()
	s := newStudy(t, "2025-01-07")
	random := rand.New(rand.NewPCG(13, 2025))
	titles := []string{ // of real liaison statements on machine learning
		"LS on results of ITU's work on machine learning for 5G networks", "LS/o on terms and definitions for machine learning",
		"LS/o on review of the AI standardization roadmap", "LS/o on deliverables of Focus Group ML5G",
	}
	addressees := []liaison.Code{"itu-t/sg13", "itu-t/sg17", "itu-t/sg11", "ieee", "w3c", "iso-iec/jtc1/sc42"}
	within := func(days int) time.Time { return s.now.Add(time.Duration(24+random.IntN(days*24)) * time.Hour) }
	// answers is what an addressee does in the months after.
	answers := func(n *jotted) {
		say := func(kind liaison.ResponseKind) func() { return func() { s.says(n, liaison.Response{Kind: kind}) } }
		switch random.IntN(12) {
		case 0, 1: // never
		case 2:
			s.later(within(110), say(liaison.RespondDeclined))
		case 3: // declines, and replies after all
			at := within(60)
			s.later(at, say(liaison.RespondDeclined))
			s.later(at.Add(time.Duration(24*(1+random.IntN(40)))*time.Hour), say(liaison.RespondReplied))
		case 4: // passes it on; from there it may come
			at := within(60)
			s.later(at, say(liaison.RespondMisdirected))
			if random.IntN(2) == 0 {
				s.later(at.Add(time.Duration(24*(1+random.IntN(40)))*time.Hour), func() { s.mailed(n, s.now.Add(time.Hour)) })
			}
		case 5, 6, 7: // by mail that somebody links, at once or weeks later
			s.later(within(110), func() { s.mailed(n, s.now.Add(time.Duration(1+random.IntN(30*24))*time.Hour)) })
		default:
			s.later(within(110), say(liaison.RespondReplied))
		}
	}
	send := func() {
		to := slices.Clone(addressees)
		random.Shuffle(len(to), func(i, j int) { to[i], to[j] = to[j], to[i] })
		c := content(to[:1+random.IntN(3)]...)
		c.Title = titles[random.IntN(len(titles))]
		c.Deadline = liaison.DateOf(s.now, s.zone).Plus(20 + random.IntN(60))
		for i := range c.Addressees {
			c.Addressees[i].Purpose = []liaison.Purpose{liaison.ForAction, liaison.ForComment, liaison.ForInformation}[random.IntN(3)]
		}
		c.Addressees[0].Purpose = liaison.ForAction
		notes := s.leaves(c, time.Duration(1+random.IntN(100))*time.Hour, func() bool { return random.IntN(10) == 0 })
		for _, n := range notes {
			if n.awaited && !n.refused {
				answers(n)
			}
		}
		id := notes[0].statement
		switch random.IntN(8) {
		case 0:
			s.later(within(120), func() { s.closes(id) })
		case 1:
			s.later(within(60), func() { s.followedUp(id, liaison.Recalls) })
		case 2:
			s.later(within(60), func() {
				for _, n := range s.followedUp(id, liaison.Revises) {
					if n.awaited {
						answers(n)
					}
				}
			})
		}
	}

	from := liaison.Date("2025-01-01")
	var reports []liaison.Report
	for year := 2025; year <= 2028; year++ {
		for _, month := range []time.Month{3, 7, 11} {
			for range 4 {
				send()
				s.until(s.now.Add(12 * 24 * time.Hour))
			}
			s.until(time.Date(year, month, 20, 10, 0, 0, 0, s.zone))
			day := liaison.DateOf(s.now, s.zone)
			m := liaison.Meeting{ID: liaison.MeetingID(uuid.NewString()), Group: seed.JCAML, Title: "Meeting of JCA-ML", Place: "Geneva", From: day, Until: day, State: liaison.MeetingClosed, Source: "test"}
			if err := s.EnterMeetings(t.Context(), []liaison.Meeting{m}); err != nil {
				t.Fatal(err)
			}
			s.until(s.now.Add(time.Duration(1+random.IntN(12*24)) * time.Hour)) // the secretariat assembles it that day or later
			r := s.report(from, day)
			if held, _ := r.Table(liaison.TableMeetings); len(held.Rows) == 0 || held.Rows[len(held.Rows)-1].Cells[2].Date != day {
				t.Errorf("%s: the meetings held are %+v", day, held.Rows)
			}
			reports = append(reports, r)
			from = day.Plus(1)
		}
	}
	if s.sent < 48 || len(reports) != 12 {
		t.Fatalf("%d statements and %d reports", s.sent, len(reports))
	}
	// Each is the same when it is made again years later: what was recorded since is not in it.
	for i, r := range reports {
		again, err := s.Assemble(t.Context(), store.ReportFor{Group: seed.JCAML, From: r.From, Until: r.Until, AsOf: r.AsOf})
		if diff := cmp.Diff(r.Sections, withoutFuture(again.Sections, r)); err != nil || diff != "" {
			t.Errorf("report %d made again, %v (-then +now):\n%s", i+1, err, diff)
		}
	}
}

// TestWhatBecomesOfReplies: each way in which a reply can end, in the report of the month in which it ends and in the next ones, recounted.
func TestWhatBecomesOfReplies(t *testing.T) {
	for name, test := range map[string]struct {
		happens func(s *study, n *jotted) // to a statement of 7 January, due on 25 January
		want    []string                  // where it stands by the reports of January, February and March; "" where it is not in
	}{
		"nothing": {func(*study, *jotted) {}, []string{"overdue", "overdue", "overdue"}},
		"replied": {func(s *study, n *jotted) {
			s.later(s.at("2025-01-20"), func() { s.says(n, liaison.Response{Kind: liaison.RespondReplied}) })
		}, []string{"on-time", "", ""}},
		"closed without a reply": {func(s *study, n *jotted) { s.later(s.at("2025-02-10"), func() { s.closes(n.statement) }) }, []string{"overdue", "no-reply", ""}},
		"closed before its day":  {func(s *study, n *jotted) { s.later(s.at("2025-01-20"), func() { s.closes(n.statement) }) }, []string{"no-reply", "", ""}},
		"closed itself on what was an interim reply": {func(s *study, n *jotted) {
			s.later(s.at("2025-01-18"), func() {
				h := s.untracked()
				s.must(s.about(n.statement, n.position, liaison.DoLinkReply, seed.Secretary, evidenceOf(h)))
				do(s.T, s.Store, liaison.Command{ID: newCommand(), Kind: liaison.DoClose, Statement: n.statement, Reason: "Every reply is settled."})
				s.later(s.at("2025-01-19"), func() {
					s.must(s.about(n.statement, n.position, liaison.DoMarkInterim, seed.Secretary, evidenceOf(h)))
				})
			})
		}, []string{"overdue", "overdue", "overdue"}},
		"recalled": {func(s *study, n *jotted) {
			s.later(s.at("2025-02-10"), func() { s.followedUp(n.statement, liaison.Recalls) })
		}, []string{"overdue", "no-reply", ""}},
		"recalled before its day": {func(s *study, n *jotted) {
			s.later(s.at("2025-01-25"), func() { s.followedUp(n.statement, liaison.Recalls) })
		}, []string{"no-reply", "", ""}},
		"superseded": {func(s *study, n *jotted) {
			s.later(s.at("2025-02-10"), func() { s.followedUp(n.statement, liaison.Revises) })
		}, []string{"overdue", "no-reply", ""}},
		"recalled, and a reply comes after that": {func(s *study, n *jotted) {
			s.later(s.at("2025-02-10"), func() { s.followedUp(n.statement, liaison.Recalls) })
			s.later(s.at("2025-03-10"), func() { s.says(n, liaison.Response{Kind: liaison.RespondReplied}) })
		}, []string{"overdue", "no-reply", "late"}},
		"redirected": {func(s *study, n *jotted) {
			s.later(s.at("2025-01-20"), func() { s.says(n, liaison.Response{Kind: liaison.RespondMisdirected}) })
		}, []string{"redirected", "redirected", "redirected"}},
		"redirected after its day": {func(s *study, n *jotted) {
			s.later(s.at("2025-02-10"), func() { s.says(n, liaison.Response{Kind: liaison.RespondMisdirected}) })
		}, []string{"overdue", "redirected", "redirected"}},
		"linked weeks after it came": {func(s *study, n *jotted) {
			s.later(s.at("2025-01-20"), func() { s.mailed(n, s.at("2025-02-03 08:00")) })
		}, []string{"on-time", "", ""}},
		"linked after the report was made": {func(s *study, n *jotted) {
			s.later(s.at("2025-01-20"), func() { s.mailed(n, s.at("2025-02-12")) })
		}, []string{"overdue", "", ""}},
		"declined, and late after all": {func(s *study, n *jotted) {
			s.later(s.at("2025-01-20"), func() { s.says(n, liaison.Response{Kind: liaison.RespondDeclined}) })
			s.later(s.at("2025-02-03 07:00"), func() { s.mailed(n, s.at("2025-02-03 08:00")) })
		}, []string{"declined", "late", ""}},
		"extended after the end of the period": {func(s *study, n *jotted) {
			s.later(s.at("2025-02-03 08:00"), func() { s.extends(n, "2025-02-20") })
		}, []string{"overdue", "overdue", "overdue"}},
		"extended, and replied by the other date": {func(s *study, n *jotted) {
			s.later(s.at("2025-02-02"), func() { s.extends(n, "2025-02-20") })
			s.later(s.at("2025-02-18"), func() { s.says(n, liaison.Response{Kind: liaison.RespondReplied}) })
		}, []string{"overdue", "on-time", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStudy(t, "2025-01-07")
			c := content("itu-t/sg17")
			c.Deadline = "2025-01-25"
			n := s.leaves(c, 0, never)[0]
			test.happens(s, n)
			var got []string
			from := liaison.Date("2025-01-01")
			for _, made := range []string{"2025-02-03", "2025-03-03", "2025-04-03"} { // on the third of the month after
				s.until(s.at(made))
				r := s.report(from, liaison.Date(made[:8]+"01").Plus(-1))
				from = r.Until.Plus(1)
				stands := ""
				if awaited, _ := r.Table(liaison.TableAwaited); len(awaited.Rows) > 0 && awaited.Rows[0].Statement == n.statement {
					stands = strings.TrimPrefix(awaited.Rows[0].Cells[4].Word, "progress.answer-")
				}
				got = append(got, stands)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("the reply stands (-want +got):\n%s", diff)
			}
		})
	}
}

// TestAReportOfAPeriodThatIsOver: what happened since the period ended is not in its report, whenever that is assembled.
func TestAReportOfAPeriodThatIsOver(t *testing.T) {
	t.Parallel()
	s := newStudy(t, "2025-01-07")
	first, _ := reported(t, s.Store)
	c := content("itu-t/sg17", "w3c", "ieee")
	c.Deadline = "2025-01-25"
	out := s.leaves(c, 0, never)
	waiting := draft(t, s.Store, "w3c")
	s.until(s.at("2025-02-01 00:00"))
	then := s.report("2025-01-01", "2025-01-31")

	s.until(s.at("2025-02-03"))
	s.extends(out[0], "2025-03-20")
	receive(t, s.Store, inbound.Address(inbound.RoleBounce, tokenOf(t, out[1].message), "in.example"), report("failed", "5.1.1", state(t, s.Store, out[1].message).Email))
	s.says(out[2], liaison.Response{Kind: liaison.RespondDeclined})
	carry(t, s.Store, waiting, liaison.DoSubmit)
	said := liaison.ProposalReply{Proposal: 1, Body: "itu-t/sg17", Answer: liaison.ProposalNoted, Name: "SG17 plenary", Evidence: "SG17-R4, clause 9"}
	s.must(s.RecordProposalAnswer(t.Context(), first, seed.Secretary.ID, newCommand(), said))
	other, _ := reported(t, s.Store)
	s.until(s.at("2025-02-10"))
	s.closes(out[0].statement)
	now := s.report("2025-01-01", "2025-01-31")
	if diff := cmp.Diff(then.Sections, withoutFuture(now.Sections, then)); diff != "" {
		t.Errorf("of January, as of 1 and 10 February (-then +now):\n%s", diff)
	}
	if f, _ := now.Figure(liaison.FigureUnanswered); f.Count != 3 {
		t.Errorf("without an answer by the end of January are %+v", f)
	}
	out[1].refused = true
	if f, _ := s.report("2025-02-01", "2025-02-09").Figure(liaison.FigureUnanswered); f.Count != 5 {
		t.Errorf("and of February, with those of %s, %+v", other, f)
	}
}

// TestADayThatIsNotOver: what is due on the day on which a report is assembled, or later, is neither late nor overdue, nor in the share of those
// that came in time.
func TestADayThatIsNotOver(t *testing.T) {
	t.Parallel()
	s := newStudy(t, "2025-01-07")
	for _, due := range []liaison.Date{"2025-01-19", "2025-01-20", "2025-01-25"} {
		c := content("itu-t/sg17")
		c.Deadline = due
		s.leaves(c, 0, never)
	}
	s.until(s.at("2025-01-20 16:00"))
	r := s.report("2025-01-01", "2025-01-31")
	for key, want := range map[liaison.FigureKey]liaison.Figure{
		liaison.FigureOverdue: {Key: liaison.FigureOverdue, Count: 1}, liaison.FigureOpen: {Key: liaison.FigureOpen, Count: 3}, liaison.FigureOnTime: {Key: liaison.FigureOnTime, Of: 1},
	} {
		if got, _ := r.Figure(key); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	if r.AsOn != "2025-01-20" {
		t.Errorf("it is of %s", r.AsOn)
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
func recount(t *testing.T, zone *time.Location, notes []*jotted, r liaison.Report) {
	t.Helper()
	date := func(x time.Time) liaison.Date { return liaison.Date(x.In(zone).Format(time.DateOnly)) }
	by := func(x time.Time) bool { return !x.IsZero() && date(x) <= r.Until }
	in := func(x time.Time) bool { return by(x) && date(x) >= r.From }
	end, today := time.Date(2000, 1, 1, 0, 0, 0, 0, zone).AddDate(0, 0, liaison.DaysBetween("2000-01-01", r.Until)+1).Add(-time.Second), date(r.AsOf)
	sent, overdue, open, refused, handed, due, onTime := map[liaison.StatementID]bool{}, 0, 0, 0, 0, 0, 0
	answers := []float64{}
	groups, externals := 0, 0
	for _, n := range notes {
		if n.dispatched.After(r.AsOf) || !by(n.dispatched) {
			continue
		}
		if in(n.dispatched) {
			sent[n.statement] = true
			if n.external {
				externals++
			} else {
				groups++
			}
			handed++
			if n.refused {
				refused++
			}
		}
		if n.refused || !n.awaited {
			continue
		}
		until := n.dueAt(end)
		replied := by(n.came) && !n.linked.After(r.AsOf)
		dueIn := until >= r.From && until <= r.Until && until < today
		switch {
		case replied:
			if dueIn {
				due++
				if !n.late {
					onTime++
				}
			}
			if in(n.came) {
				answers = append(answers, n.came.Sub(n.dispatched).Hours()/24)
			}
		case by(n.declined):
		case by(n.closed) || by(n.over):
			ended := n.closed
			if ended.IsZero() || !n.over.IsZero() && n.over.Before(ended) {
				ended = n.over
			}
			if dueIn && date(ended) > until {
				due++
			}
		case by(n.redirected):
			open++
		default:
			open++
			if dueIn {
				due++
			}
			if until < r.Until && until < today {
				overdue++
			}
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

// TestWhatAReportSaysOfWhatCameIn: what concerns a confidential statement is counted and not told, what came to another group is that group's, and
// what was linked later was in the tray.
func TestWhatAReportSaysOfWhatCameIn(t *testing.T) {
	t.Parallel()
	s := newStudy(t, "2026-03-02")
	enterOthers(t, s.Store)
	statement := func(degree liaison.Confidentiality) *jotted {
		c := content("itu-t/sg17")
		c.Confidentiality, c.Deadline = degree, "2026-03-30"
		return s.leaves(c, 0, never)[0]
	}
	secret, open := statement(liaison.Confidential), statement(liaison.Public)
	snap, err := s.Snapshot(t.Context(), secret.statement)
	if err != nil {
		t.Fatal(err)
	}
	arrives := func(to, from, subject string) store.Handled {
		t.Helper()
		h := receive(t, s.Store, to, fmt.Sprintf("From: %s\r\nTo: %s\r\nSubject: %s\r\nMessage-ID: <%s@body.example>\r\n\r\nSee the title.\r\n", from, to, subject, uuid.NewString()))
		if h.Understood.Kind != inbound.Statement || h.Statement != "" {
			t.Fatalf("%q is understood as %+v", subject, h)
		}
		return h
	}
	const ours = "JCA-ML@liaison.example" // as somebody typed it
	link := func(h store.Handled, n *jotted) {
		t.Helper()
		s.must(s.about(n.statement, n.position, liaison.DoLinkReply, seed.Secretary, evidenceOf(h)))
		s.replied(n, s.at("2026-03-02"))
	}
	link(arrives(ours, "irene@sg17.example", "LS/r on the merger"), secret)
	link(arrives(ours, "ivan@sg17.example", "LS/r on the roadmap"), open)
	both := arrives(ours, "inge@sg17.example", "LS/r on the roadmap and the merger")
	link(both, open)
	link(both, secret)
	arrives(ours, "boris@sg11.example", "LS on ["+snap.Ref+"], the merger")
	tray := arrives(ours, "carla@sg11.example", "LS on terms")
	arrives("focus-group@liaison.example", "dora@sg11.example", "LS on another matter")
	link(arrives("anybody@liaison.example", "emil@w3c.example", "LS on the web"), open)

	told := func(r liaison.Report) (out []string) {
		table, _ := r.Table(liaison.TableIncoming)
		for _, row := range table.Rows {
			about := map[liaison.StatementID]string{"": "", open.statement: "open ", secret.statement: "secret "}[row.Statement]
			out = append(out, strings.Join([]string{about + row.Cells[1].Text + row.Cells[1].Word, row.Cells[2].Text + row.Cells[2].Word, strings.TrimPrefix(row.Cells[3].Word, "progress.disposition-")}, ", "))
		}
		if f, _ := r.Figure(liaison.FigureReceived); f.Count != len(out) {
			t.Errorf("counted are %d of %d", f.Count, len(out))
		}
		slices.Sort(out)
		return out
	}
	const withheld = "progress.confidential, progress.confidential, "
	want := []string{
		"carla@sg11.example, LS on terms, unassigned", "open emil@w3c.example, LS on the web, linked", "open ivan@sg17.example, LS/r on the roadmap, linked",
		withheld + "linked", withheld + "linked", withheld + "unassigned",
	}
	s.until(s.at("2026-03-02 11:00"))
	first := s.report("2026-03-01", "2026-03-02")
	if diff := cmp.Diff(want, told(first)); diff != "" {
		t.Errorf("what came in (-want +got):\n%s", diff)
	}
	s.until(s.at("2026-03-03"))
	link(tray, open)
	again, err := s.Assemble(t.Context(), store.ReportFor{Group: seed.JCAML, From: first.From, Until: first.Until, AsOf: first.AsOf})
	if diff := cmp.Diff(want, told(again)); err != nil || diff != "" {
		t.Errorf("made again after another one was linked, %v (-want +got):\n%s", err, diff)
	}
	want[0] = "open carla@sg11.example, LS on terms, linked"
	if diff := cmp.Diff(want, told(s.report("2026-03-01", "2026-03-02"))); diff != "" {
		t.Errorf("assembled after it was linked (-want +got):\n%s", diff)
	}
	theirs, err := s.Assemble(t.Context(), store.ReportFor{Group: otherGroup, From: "2026-03-01", Until: "2026-03-02"})
	if got := told(theirs); err != nil || len(got) != 0 {
		t.Errorf("another group's report tells of %q, %v", got, err)
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
	if err != nil || snap.Content.Report == nil || snap.Content.Report.From != "2025-01-01" || snap.Content.Report.Until != "2027-01-25" || snap.Drafter != seed.Secretary.ID {
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
	later := s.At(func() time.Time { return time.Now().AddDate(0, 0, 2) })
	c, err := later.ReportContent(t.Context(), seed.JCAML, "")
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
	tamper(t, pool, `UPDATE proposal_answer SET body_code = 'w3c' WHERE body_code = 'itu-t/sg17'`)
	if r, err := s.Audit(t.Context(), nil); err != nil || len(r.Problems) != 1 || !strings.Contains(r.Problems[0].Message, "answer to proposal 1") {
		t.Errorf("a changed answer is found as %v, %v", r.Problems, err)
	}
}
