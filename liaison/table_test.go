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

// procedure is what the table of states and commands has to come to, written down a second time and by hand: for each command
// the states in which it can be given, and by whom. A state that is not named is refused for the state, a letter that is not
// there for the person.
//
//	c chair  v vice-chair  s secretariat  e editor  d drafter without an office  q asked by correspondence  L the engine itself
const procedure = `
draft           none:cvseL
edit            draft:cvsed
submit          draft:sed
return          in-review:cv by-correspondence:cv tabled:cv
approve         in-review:cv by-correspondence:cv tabled:cv
enter-approval  in-review:s by-correspondence:s tabled:s
reject          in-review:cv by-correspondence:cv tabled:cv
recuse          in-review:cv by-correspondence:cv tabled:cv
escalate        in-review:L by-correspondence:L tabled:L
withdraw        draft:csd in-review:csd by-correspondence:csd tabled:csd approved:csd
dispatch        approved:csvL
settle          dispatching:L dispatched-in-part:L
close           dispatched:csL dispatched-in-part:csL
reopen          approved:cesd
amend           approved:s
hold            approved:cs
treat-as-sent   dispatching:cs dispatched:cs dispatched-in-part:cs
send-again      dispatching:cs dispatched:cs dispatched-in-part:cs
send-copy       dispatching:s dispatched:s dispatched-in-part:s
ask-body        dispatching:cs dispatched:cs dispatched-in-part:cs
cancel          dispatching:cs dispatched-in-part:cs
present         dispatched:cs dispatched-in-part:cs
note            dispatched:cs dispatched-in-part:cs
accept          dispatched:cs dispatched-in-part:cs
send-back       dispatched:cs dispatched-in-part:cs
test            in-review:cvsed by-correspondence:cvsed tabled:cvsed approved:cvsed dispatching:cvsed dispatched:cvsed dispatched-in-part:cvsed
link-reply        dispatching:csv dispatched:csv dispatched-in-part:csv closed:csv withdrawn:csv
mark-interim      dispatching:csv dispatched:csv dispatched-in-part:csv closed:csv withdrawn:csv
unlink-reply      dispatching:csv dispatched:csv dispatched-in-part:csv closed:csv withdrawn:csv
grant-extension   dispatching:cs dispatched:cs dispatched-in-part:cs
refuse-extension  dispatching:cs dispatched:cs dispatched-in-part:cs
waive             dispatching:c dispatched:c dispatched-in-part:c
redirect          dispatching:cs dispatched:cs dispatched-in-part:cs
await-again       dispatching:cs dispatched:cs dispatched-in-part:cs closed:cs
remind            dispatching:L dispatched:L dispatched-in-part:L
open-window       in-review:cvs
open-no-objection in-review:cv
object            by-correspondence:cvseq approved:cvseq dispatching:cvseq dispatched:cvseq dispatched-in-part:cvseq closed:cvseq
no-objection      by-correspondence:cvseq
comment           by-correspondence:cvseq
cancel-window     by-correspondence:cvs
remind-window     by-correspondence:L
end-window        by-correspondence:L
table           in-review:cs
approve-edited  tabled:cv
defer           tabled:csv
`

// leadsTo is the state that each command leads to; settle has two, by what became of the messages.
var leadsTo = map[liaison.CommandKind]liaison.State{
	"draft": "draft", "edit": "draft", "submit": "in-review", "return": "draft", "approve": "approved", "reject": "rejected",
	"withdraw": "withdrawn", "dispatch": "dispatching", "settle": "dispatched", "close": "closed",
	"reopen": "draft", "amend": "stays",
	"enter-approval": "approved", "recuse": "stays", "escalate": "stays",
	"hold": "stays", "treat-as-sent": "stays", "send-again": "stays", "send-copy": "stays", "ask-body": "stays", "cancel": "stays",
	"present": "stays", "note": "closed", "accept": "closed", "send-back": "closed", "test": "stays",
	"link-reply": "stays", "mark-interim": "stays", "unlink-reply": "stays", "grant-extension": "stays", "refuse-extension": "stays",
	"waive": "stays", "redirect": "stays", "await-again": "stays", "remind": "stays",
	"open-window": "by-correspondence", "open-no-objection": "by-correspondence", "object": "in-review", "no-objection": "stays", "comment": "stays",
	"cancel-window": "in-review", "remind-window": "stays", "end-window": "approved",
	"table": "tabled", "defer": "in-review", "approve-edited": "approved",
}

// reopens are the commands after which a statement that was dispatched is so in part, until what they send is settled.
var reopens = []liaison.CommandKind{"send-again", "send-copy"}

// opensAgain are the commands that lead out of what closed itself, because what they take back is why it was closed.
var opensAgain = []liaison.CommandKind{"mark-interim", "unlink-reply", "await-again"}

// happens is the event of each command, and sends the letters with the persons they go to.
var (
	happens = map[liaison.CommandKind]liaison.EventKind{
		"draft": "drafted", "edit": "edited", "submit": "submitted", "return": "returned", "approve": "approved", "reject": "rejected",
		"withdraw": "withdrawn", "dispatch": "dispatching", "settle": "dispatched", "close": "closed",
		"reopen": "reopened", "amend": "amended",
		"enter-approval": "approved", "recuse": "recused", "escalate": "waits-chair",
		"hold": "held", "treat-as-sent": "assumed", "send-again": "sent-again", "send-copy": "copied", "ask-body": "arrival-asked", "cancel": "cancelled",
		"present": "presented", "note": "noted", "accept": "accepted-by-parent", "send-back": "returned-by-parent", "test": "tested",
		"link-reply": "reply-linked", "mark-interim": "reply-interim", "unlink-reply": "reply-unlinked", "grant-extension": "extension-granted",
		"refuse-extension": "extension-refused", "waive": "reply-waived", "redirect": "reply-redirected", "await-again": "reply-expected", "remind": "reminded",
		"open-window": "window-opened", "open-no-objection": "window-opened", "object": "objected", "no-objection": "no-objection", "comment": "commented",
		"cancel-window": "window-cancelled", "remind-window": "window-closing", "end-window": "approved",
		"table": "tabled", "defer": "put-off", "approve-edited": "approved",
	}
	sends = map[liaison.CommandKind][]string{
		"submit": {"review-requested to chair", "review-requested to vice-chair"}, "return": {"returned to author"}, "reject": {"rejected to author"},
		"settle": {"dispatched to author", "dispatched to secretary"},
		"reopen": {"approval-void to chair", "approval-void to author", "approval-void to secretary"}, "amend": {"amended to chair"},
		"escalate": {"decision-waiting to chair"},
	}
	tellsOthers = map[liaison.CommandKind]string{ // chair, author and secretary, but for who did it
		"approve": "approved", "enter-approval": "approved", "approve-edited": "approved",
		"present": "report-presented", "note": "report-presented", "accept": "report-presented", "send-back": "report-presented",
	}
)

var letterOf = map[rune]liaison.Capacity{
	'c': liaison.AsChair, 'v': liaison.AsViceChair, 's': liaison.AsSecretary, 'e': liaison.AsEditor, 'd': liaison.AsDrafter, 'q': liaison.AsConsulted, 'L': liaison.AsEngine,
}

// expected reads the list above.
func expected(t *testing.T) (kinds []liaison.CommandKind, cells map[liaison.State]map[liaison.CommandKind][]liaison.Capacity) {
	t.Helper()
	cells = map[liaison.State]map[liaison.CommandKind][]liaison.Capacity{liaison.None: {}}
	for _, s := range liaison.States {
		cells[s.State] = map[liaison.CommandKind][]liaison.Capacity{}
	}
	for line := range strings.SplitSeq(strings.Trim(procedure, "\n"), "\n") {
		words := strings.Fields(line)
		kind := liaison.CommandKind(words[0])
		kinds = append(kinds, kind)
		for _, cell := range words[1:] {
			name, letters, _ := strings.Cut(cell, ":")
			state := liaison.State(name)
			if name == "none" {
				state = liaison.None
			}
			if cells[state] == nil {
				t.Fatalf("%s names the state %q, which there is not", kind, name)
			}
			for _, r := range letters {
				if letterOf[r] == "" {
					t.Fatalf("the cell of %s and %s holds %q", name, kind, letters)
				}
				cells[state][kind] = append(cells[state][kind], letterOf[r])
			}
		}
	}
	return kinds, cells
}

// TestEveryStateCommandAndCapacity is the whole procedure: every state, every command, everyone who could give it.
func TestEveryStateCommandAndCapacity(t *testing.T) {
	kinds, want := expected(t)
	states := []liaison.State{liaison.None}
	for _, s := range liaison.States {
		states = append(states, s.State)
	}
	if diff := cmp.Diff(liaison.Kinds(), kinds); diff != "" {
		t.Fatalf("the commands are others than those expected (-are +expected):\n%s", diff)
	}
	for _, state := range states {
		cells := want[state]
		for _, kind := range liaison.Kinds() {
			for _, c := range liaison.Capacities {
				t.Run(strings.Join([]string{string(state), string(kind), string(c.Capacity)}, "/"), func(t *testing.T) {
					snap, cmd := ready(state, kind), command(kind, c.Capacity)
					change, err := liaison.Next(snap, cmd)
					switch allowed := cells[kind]; {
					case len(allowed) == 0:
						if liaison.CodeOf(err) != liaison.Conflict {
							t.Fatalf("answered with %v, want a conflict", err)
						}
						if !strings.Contains(err.Error(), ". ") && !strings.HasSuffix(err.Error(), ".") {
							t.Errorf("the refusal is no sentence: %q", err)
						}
					case !slices.Contains(allowed, c.Capacity):
						if liaison.CodeOf(err) != liaison.Forbidden {
							t.Fatalf("answered with %v, want forbidden", err)
						}
					case err != nil:
						t.Fatalf("refused: %v", err)
					default:
						checkChange(t, change, state, kind, c.Capacity)
					}
					if may := slices.Contains(liaison.May(snap, cmd.Actor), kind); may != (err == nil && c.Capacity != liaison.AsEngine) {
						t.Errorf("May says %t, Next says %v", may, err)
					}
				})
			}
		}
	}
}

func checkChange(t *testing.T, got liaison.Change, from liaison.State, kind liaison.CommandKind, acting liaison.Capacity) {
	t.Helper()
	to := leadsTo[kind]
	switch {
	case slices.Contains(reopens, kind) && from == liaison.Dispatched:
		to = liaison.DispatchedInPart
	case slices.Contains(opensAgain, kind) && from == liaison.Closed:
		to = liaison.Dispatched
	case to == "stays":
		to = from
	}
	event := happens[kind]
	if kind == liaison.DoObject && from != liaison.InCorrespondence {
		to, event = from, liaison.EventObjectedLate
	}
	if got.From != from || got.Rule.To != to || got.Rule.Event != event {
		t.Errorf("leads from %s to %s with the event %s, want from %s to %s with %s", got.From, got.Rule.To, got.Rule.Event, from, to, event)
	}
	if got.Acting != acting {
		t.Errorf("acted as %s, want %s", got.Acting, acting)
	}
	if got.Drafted != (acting == liaison.AsDrafter || kind == liaison.DoApproveEdited) {
		t.Errorf("the record says drafted = %t", got.Drafted)
	}
	var letters []string
	for _, l := range got.Letters {
		letters = append(letters, string(l.Letter)+" to "+string(l.Person.ID))
	}
	want := sends[kind]
	if kind == liaison.DoTest { // to who asks for it
		want = []string{"test to " + string(command(kind, acting).Actor)}
	}
	if kind == liaison.DoTable { // to the drafter and who decides, but for who did it
		for _, who := range []string{"author", "chair", "vice-chair"} {
			if who != string(command(kind, acting).Actor) {
				want = append(want, "tabled to "+who)
			}
		}
	}
	if kind == liaison.DoDefer { // to the drafter and the secretariat, but for who did it
		for _, who := range []string{"author", "secretary"} {
			if who != string(command(kind, acting).Actor) {
				want = append(want, "put-off to "+who)
			}
		}
	}
	for _, who := range []string{"chair", "author", "secretary"} {
		if letter := tellsOthers[kind]; letter != "" && who != string(command(kind, acting).Actor) {
			want = append(want, letter+" to "+who)
		}
	}
	if from == liaison.InCorrespondence || kind == liaison.DoOpenWindow || kind == liaison.DoOpenNoObjection || event == liaison.EventObjectedLate {
		return // who is told of a window is in window_test.go
	}
	if diff := cmp.Diff(want, letters); diff != "" {
		t.Errorf("letters (-want +got):\n%s", diff)
	}
}

// ---- what the tests of this package judge

const (
	jca   liaison.Code = "itu-t/jca-ml"
	today liaison.Date = "2026-11-23"
)

// person is somebody who holds exactly the office of their name, or "author", who drafted the statement and holds none.
func person(id string) liaison.Person {
	return liaison.Person{ID: liaison.PersonID(id), Name: id, Email: id + "@jca-ml.example"}
}

func officers() []liaison.Appointment {
	var out []liaison.Appointment
	for _, o := range liaison.Offices {
		out = append(out, liaison.Appointment{Person: person(string(o.Office)), Group: jca, Office: o.Office, From: "2023-02-08"})
	}
	return out
}

func profile() liaison.Profile {
	p, err := files.Embedded().On("jca-a1-clause-5", today)
	if err != nil {
		panic(err)
	}
	return p.For(liaison.Body{ShortName: "JCA-ML"})
}

// content is a revision that nothing is missing in.
func content() liaison.Content {
	return liaison.Content{
		Source: jca, Title: "Roadmap of standards on machine learning", InReplyTo: "ITU-T SG13, SG13-LS165, August 2020", Questions: "N/A",
		Meeting: "JCA-ML, Geneva, 16 March 2023", WorkingParties: "WP1/13", NextMeetings: "JCA-ML, 3 December 2026, online",
		Relations: []liaison.Relation{{Kind: liaison.RepliesTo, Ref: "ITU-T SG13, SG13-LS165, August 2020"}, {Kind: liaison.Revises, Statement: "0190c0de-0000-7000-8000-00000000ffff"}},
		Addressees: []liaison.Addressee{
			{Body: "itu-t/sg13", Name: "ITU-T SG13", Email: "sg13@itu-t.example", Purpose: liaison.ForAction, Sentence: "Please answer by the record."},
			{Body: "w3c", Name: "W3C", Email: "team-liaisons@w3c.example", Purpose: liaison.ForInformation, CopyFor: "itu-t/sg13"},
		},
		ActionHolder: "Amina Diallo", OriginalLanguage: "en", Keywords: []string{"machine learning", "roadmap"},
		Release: "Rel-19", WorkItem: "FS_AIML", Identifiers: []liaison.Identifier{{Scheme: "SG13 TD", Value: "TD268"}},
		Consensus: liaison.ConsensusOfGroup,
		Deadline:  "2027-01-31",
		Contacts:  []liaison.Contact{{Name: "Kangchan Lee", Organization: "ETRI", Country: "Rep. of Korea", Email: "chair@jca-ml.example", Phone: "+82 42 860 0000", Role: liaison.ResponseContact}},
		ReplyTo:   "jca-ml@liaison.example", Language: "en", Abstract: "Asks for entries of the roadmap.",
		Text:        "Please review the entries of your group.\n\nNothing else is asked.",
		Attachments: []liaison.Attachment{{Name: "entries.csv", MediaType: "text/csv", Size: 12, Digest: liaison.DigestOf([]byte("entries")), Title: "Entries", Status: liaison.DraftDocument}},
	}
}

// corrected is that with a typing error put right.
func corrected() liaison.Content {
	c := content()
	c.Text = strings.Replace(c.Text, "review", "please review", 1)
	return c
}

// whole is a content in which no field is empty.
func whole() liaison.Content {
	c := content()
	c.OtherLanguages, c.Confidentiality, c.Embargo, c.OutsideScope = []string{"fr"}, liaison.AmongMembers, "2026-12-15", "The parent group asked for it."
	c.Agreed = &liaison.Agreement{By: "Rapporteur group for Q7/13", Place: "Geneva", On: "2026-11-19"}
	c.Links = []liaison.Link{{Title: "Roadmap", URL: "https://roadmap.example/ml"}}
	return c
}

func digestOf(c liaison.Content) liaison.Digest {
	b, err := liaison.Canonical(c)
	if err != nil {
		panic(err)
	}
	return liaison.DigestOf(b)
}

// ready is a statement in the state, of which everything that kind needs besides the person is there.
func ready(state liaison.State, kind liaison.CommandKind) liaison.Snapshot {
	c := content()
	s := liaison.Snapshot{
		Statement: liaison.Statement{ID: "s", Group: jca, State: state, Version: 3, Drafter: "author", Revision: 1, Digest: digestOf(c)},
		Content:   c, Profile: profile(), Officers: officers(), Drafters: []liaison.PersonID{"author"}, DrafterPerson: person("author"), Today: today,
		Window:      window(state, kind),
		SubmittedOn: today, SubmittedAt: time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC), Absences: []liaison.Absence{away("chair")},
	}
	s.Related = []liaison.Related{{ID: "0190c0de-0000-7000-8000-00000000ffff", Group: jca, Kind: liaison.LiaisonStatement, State: liaison.Dispatched, Ref: "JCA-ML-LS3", Addressees: c.Addressees}}
	s.Meeting = sitting()
	switch state {
	case liaison.Tabled:
		s.TabledFor, s.TabledItem, s.Proposed = s.Meeting.ID, 9, corrected()
	case liaison.None:
		s.ID, s.Version, s.Revision, s.Digest, s.Drafter, s.Drafters = "", 0, 0, "", "", nil
	case liaison.Approved, liaison.Dispatching, liaison.Dispatched, liaison.DispatchedInPart, liaison.Closed:
		at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
		s.ApprovedDigest, s.ApprovedBy, s.ApprovedAs, s.ApprovedAt = s.Digest, "chair", liaison.AsChair, &at
		s.Outcomes = map[liaison.TransmissionState]int{liaison.TransmissionAccepted: 2}
		s.DispatchAt = &at
		s.Proposed = corrected()
		message := map[liaison.CommandKind]liaison.TransmissionState{"treat-as-sent": "unknown", "send-again": "unknown", "send-copy": "bounced", "ask-body": "unknown", "cancel": "queued"}[kind]
		s.Messages = map[liaison.TransmissionID]liaison.MessageState{"m": {State: message}}
		if liaison.OutcomeOf(kind) != "" {
			s.Content = reportContent()
		}
	}
	reply := liaison.Reply{Transmission: "m", Position: 1, Name: "ITU-T SG13", Purpose: liaison.ForAction, Deadline: "2027-01-31", Due: "2027-01-31", Asked: "2027-02-28", State: liaison.ReplyAwaiting, Reached: true}
	if state == liaison.Closed {
		s.ClosedItself, s.Cited = true, liaison.Cited{Counts: true}
		if kind == liaison.DoMarkInterim {
			reply.State = liaison.ReplyOnTime
		}
	}
	switch kind {
	case liaison.DoUnlinkReply, liaison.DoClose:
		reply.State = liaison.ReplyOnTime
	case liaison.DoAwaitAgain:
		reply.State = liaison.ReplyWaived
	}
	s.Replies, s.Now = []liaison.Reply{reply}, time.Date(2027, 1, 30, 12, 0, 0, 0, time.UTC) // a reminder is due
	if kind == liaison.DoOpenNoObjection {
		s.Profile.Approval.Modes = append(slices.Clone(s.Profile.Approval.Modes), liaison.ByNoObjection)
	}
	if state == liaison.InCorrespondence {
		if s.Now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC); kind == liaison.DoEscalate {
			s.Now = s.Now.AddDate(0, 0, 30)
		}
		if kind == liaison.DoEndWindow {
			s.Profile.Approval.Modes = append(slices.Clone(s.Profile.Approval.Modes), liaison.ByNoObjection)
		}
	}
	return s
}

// window is one in which the statement lies or lay open, as the kind needs it: until yesterday, or until tomorrow.
func window(state liaison.State, kind liaison.CommandKind) *liaison.Window {
	w := &liaison.Window{
		ID: "w", Revision: 1, Digest: digestOf(content()), Mode: liaison.ByCorrespondence, OpenedBy: person("chair"), OpenedAs: liaison.AsChair,
		Opened: time.Date(2026, 11, 9, 9, 0, 0, 0, time.UTC), OpenedOn: "2026-11-09", Last: "2026-11-22",
		Asked: []liaison.Consulted{{Person: person("vice-chair"), Office: liaison.OfficeViceChair}, {Person: person("secretary"), Office: liaison.OfficeSecretary}, {Person: person("consulted"), Office: liaison.OfficeEditor}},
	}
	switch kind {
	case liaison.DoObject, liaison.DoNoObjection, liaison.DoComment, liaison.DoRemindWindow:
		if state == liaison.InCorrespondence {
			w.Last = "2026-11-24"
		}
	case liaison.DoEndWindow:
		w.Mode = liaison.ByNoObjection
	}
	switch state {
	case liaison.InCorrespondence, liaison.Approved, liaison.Dispatching, liaison.Dispatched, liaison.DispatchedInPart, liaison.Closed:
	default:
		return nil
	}
	zone, err := time.LoadLocation("Europe/Zurich")
	if err != nil {
		panic(err)
	}
	w.Ends = w.Last.Over(zone)
	return w
}

// sitting is a meeting of the group that is in session today.
func sitting() liaison.Meeting {
	m := liaison.Meeting{ID: "meeting", Group: jca, Title: "Second meeting of JCA-ML", Place: "Geneva", From: "2026-11-22", Until: "2026-11-24", State: liaison.MeetingOpen, Announced: "2026-10-01"}
	for range 12 {
		m.Agenda = append(m.Agenda, liaison.AgendaItem{Number: len(m.Agenda) + 1, Title: "Approval of outgoing liaison statements"})
	}
	return m
}

// away is an absence of a person on these days, on record before them.
func away(id liaison.PersonID) liaison.Absence {
	return liaison.Absence{ID: "absence of " + liaison.AbsenceID(id), Group: jca, Kind: liaison.Absent, Person: person(string(id)), From: "2026-11-20", Until: "2026-11-30", RecordedOn: "2026-11-19"}
}

// command is one of the kind, complete, given by somebody who has the capacity and no other.
func command(kind liaison.CommandKind, c liaison.Capacity) liaison.Command {
	actor := liaison.PersonID(c)
	switch c {
	case liaison.AsDrafter:
		actor = "author"
	case liaison.AsEngine:
		actor = ""
	}
	return liaison.Command{ID: "c", Kind: kind, Statement: "s", Actor: actor, Digest: digestOf(content()), Reason: "because", Transmission: "m", Email: "corrected@body.example", Amended: digestOf(corrected()), Position: 2, Evidence: "e",
		Window: &liaison.Opening{Last: "2026-12-07"}, Consulted: &liaison.Consultation{Kind: liaison.ConsultedOutside, Reference: "E-mail of 22 November 2026"},
		Meeting: "meeting", Item: 9,
		Given: &liaison.Given{By: "chair", On: today, Evidence: "e-mail of the chair of 23 November 2026"}}
}

func TestTableIsWhole(t *testing.T) {
	states := map[liaison.State]bool{liaison.None: true}
	for _, s := range liaison.States {
		states[s.State] = true
	}
	reached := map[liaison.State]bool{liaison.None: true}
	for _, r := range liaison.Table {
		if r.Label == "" || r.Done == "" || r.Event == "" || len(r.Who) == 0 || len(r.From) == 0 {
			t.Errorf("the row of %s has a gap: %+v", r.Command, r)
		}
		for _, s := range append(slices.Clone(r.From), r.To) {
			if !states[s] {
				t.Errorf("%s names the state %q, which is not in the list", r.Command, s)
			}
		}
		for _, s := range r.From {
			if s.Final() && !r.Stays && !slices.Contains(r.Needs, liaison.NeedReopened) {
				t.Errorf("%s leads out of %s, which is an end", r.Command, s)
			}
		}
		for _, c := range r.Who {
			if c.Label() == string(c) {
				t.Errorf("%s: the capacity %q has no label", r.Command, c)
			}
		}
		reached[r.To] = true
	}
	for s := range states {
		if !reached[s] {
			t.Errorf("no command leads to %s", s)
		}
	}
}

// TestEveryStateHasAWayOut walks backwards from the ends: a statement in any other state can come to one.
func TestEveryStateHasAWayOut(t *testing.T) {
	ends := map[liaison.State]bool{}
	for _, s := range liaison.States {
		ends[s.State] = s.Final
	}
	for range liaison.States {
		for _, r := range liaison.Table {
			for _, from := range r.From {
				ends[from] = ends[from] || ends[r.To]
			}
		}
	}
	for _, s := range liaison.States {
		if !ends[s.State] {
			t.Errorf("from %s no end is reached", s.State)
		}
		if !s.Final && len(s.Turn) == 0 && !slices.ContainsFunc(liaison.Table, func(r liaison.Rule) bool {
			return slices.Contains(r.From, s.State) && (slices.Contains(r.Who, liaison.AsEngine) || r.Command == liaison.DoClose)
		}) {
			t.Errorf("%s waits for nobody", s.State)
		}
	}
}

// TestTurnIsOfSomebodyWhoMayAct keeps the list of what waits for whom in step with the table.
func TestTurnIsOfSomebodyWhoMayAct(t *testing.T) {
	for _, s := range liaison.States {
		for _, c := range s.Turn {
			if !slices.ContainsFunc(liaison.Table, func(r liaison.Rule) bool {
				return slices.Contains(r.From, s.State) && slices.Contains(r.Who, c)
			}) {
				t.Errorf("%s waits for %s, who can do nothing with it", s.State, c)
			}
		}
	}
}
