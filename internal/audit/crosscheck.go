package audit

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jca-ml/liaison/liaison"
)

// CrossCheck holds the log against itself over time and against the register: what had to happen before what, and whether the
// register says of each statement and message what the log says. Give it every leaf's event in order with
// [CrossCheck.Event], then every row of the register with [CrossCheck.Row], then read [CrossCheck.Problems].
//
// It is the same for the database and for an export. Of an event it uses nothing but what stands in the leaf in clear.
type CrossCheck struct {
	// Rules finds the version of a profile by its citation, for what a profile has to allow; nil leaves that unjudged.
	Rules func(cite string) (liaison.Profile, bool)
	// Revisions says that the rows of revisions are given too. An export has none, because it has not their bytes either.
	Revisions bool

	statements   map[liaison.StatementID]*statementStory
	messages     map[liaison.TransmissionID]*messageStory
	appointments map[string][]appointmentRow // by person and group
	absences     map[liaison.AbsenceID]absence
	windows      map[liaison.WindowID]*windowStory
	meetings     map[liaison.MeetingID]meeting
	held         map[liaison.MeetingID]meetingRow
	numbers      map[string]map[issue]bool // given, by group, kind and period
	series       []seriesRow
	rows         struct {
		statements []statementRow
		decisions  []decisionRow
		amendments []amendmentRow
		revisions  []revisionRow
	}
	problems []Problem
}

// The stories are kept by a check that is to go on later, so their members have names.
type statementStory struct {
	Version  int                                `json:"v"`
	State    liaison.State                      `json:"s"`
	Digest   liaison.Digest                     `json:"d,omitempty"`
	Approved map[liaison.Digest]approval        `json:"a,omitempty"`
	Earlier  map[liaison.Digest][]approval      `json:"b,omitempty"` // of the same bytes, void since
	Leaving  liaison.Digest                     `json:"g,omitempty"` // what the approval that stands now covers, "" without one
	Amended  map[liaison.Digest]liaison.EventID `json:"m,omitempty"` // what editorial corrections made
	Tabled   liaison.MeetingID                  `json:"t,omitempty"` // the meeting that it was tabled for last
	Shown    liaison.Digest                     `json:"h,omitempty"` // what was tabled
	Decided  []decided                          `json:"c,omitempty"` // every decision, in order
	Made     map[int]liaison.Digest             `json:"n,omitempty"` // its revisions
	Reported bool                               `json:"-"`           // its row was seen
}

// decided is one decision, of whatever kind.
type decided struct {
	Event    liaison.EventID  `json:"e"`
	Kind     string           `json:"k"` // as its row has it
	Revision int              `json:"n"`
	Digest   liaison.Digest   `json:"d"`
	Person   liaison.PersonID `json:"by"`
	As       liaison.Capacity `json:"as"`
}

type approval struct {
	Event liaison.EventID  `json:"e"`
	Actor liaison.PersonID `json:"by"`
	As    liaison.Capacity `json:"as"`
	At    time.Time        `json:"at"`

	On     liaison.Date `json:"on,omitempty"`     // the day that it was given, "" in leaves of before there was one
	Stands *absence     `json:"stands,omitempty"` // by which a vice-chair gave it
	Word   bool         `json:"word,omitempty"`   // it was entered by somebody else

	Mode    liaison.ApprovalMode `json:"mode,omitempty"`
	Meeting liaison.MeetingID    `json:"meeting,omitempty"`
	Item    int                  `json:"item,omitempty"`
}

// meeting is what the log says of a meeting, as far as it has leaves of it: those that were there from the beginning have none until
// they are changed or opened.
type meeting struct {
	Group liaison.Code         `json:"g"`
	From  liaison.Date         `json:"f"`
	Until liaison.Date         `json:"u"`
	State liaison.MeetingState `json:"s"`
}

type messageStory struct {
	Statement liaison.StatementID `json:"st"`
	Letter    liaison.Letter      `json:"l"`
	Sealed    liaison.Digest      `json:"d,omitempty"`
	Attempted []int               `json:"n,omitempty"`  // attempts that came to the final dot
	Tried     []int               `json:"t,omitempty"`  // attempts that ended before it
	Accepted  int                 `json:"ok,omitempty"` // the attempt that was accepted, 0 for none
	Outcome   liaison.EventKind   `json:"o,omitempty"`
	Last      liaison.EventID     `json:"e,omitempty"`

	Reply liaison.ReplyState `json:"r,omitempty"` // of the addressee, "" where nothing was ever awaited of it
	Due   liaison.Date       `json:"due,omitempty"`

	Assumed   bool `json:"as,omitempty"` // a person treats it as sent
	Bounced   bool `json:"b,omitempty"`  // a report says that it bounced
	Cancelled bool `json:"x,omitempty"`

	Reported bool  `json:"-"` // its row was seen
	Replied  bool  `json:"-"` // the row of its reply was seen
	Rows     []int `json:"-"` // attempts whose rows were seen
}

// crossState is what a cross-check has seen of the log, for another that goes on behind it.
type crossState struct {
	Statements map[liaison.StatementID]*statementStory  `json:"statements"`
	Messages   map[liaison.TransmissionID]*messageStory `json:"messages"`
	Absences   map[liaison.AbsenceID]absence            `json:"absences,omitempty"`
	Windows    map[liaison.WindowID]*windowStory        `json:"windows,omitempty"`
	Meetings   map[liaison.MeetingID]meeting            `json:"meetings,omitempty"`
}

// State is what was seen of the log, for [ResumeCrossCheck]. What was found wrong is not in it, so
// who keeps it has to look at [CrossCheck.SoFar] first.
func (c *CrossCheck) State() (json.RawMessage, error) {
	return json.Marshal(crossState{c.statements, c.messages, c.absences, c.windows, c.meetings})
}

// ResumeCrossCheck makes one that has seen what another had.
func ResumeCrossCheck(state json.RawMessage) (*CrossCheck, error) {
	c := NewCrossCheck()
	var v crossState
	if err := json.Unmarshal(state, &v); err != nil {
		return nil, fmt.Errorf("read what an earlier check has seen: %w", err)
	}
	if v.Statements == nil || v.Messages == nil {
		return nil, fmt.Errorf("read what an earlier check has seen: it is not whole")
	}
	for _, s := range v.Statements {
		if s == nil {
			return nil, fmt.Errorf("read what an earlier check has seen: it is not whole")
		}
	}
	for _, m := range v.Messages {
		if m == nil {
			return nil, fmt.Errorf("read what an earlier check has seen: it is not whole")
		}
	}
	c.statements, c.messages = v.Statements, v.Messages
	for _, w := range v.Windows {
		if w == nil {
			return nil, fmt.Errorf("read what an earlier check has seen: it is not whole")
		}
	}
	if v.Absences != nil {
		c.absences = v.Absences
	}
	if v.Windows != nil {
		c.windows = v.Windows
	}
	if v.Meetings != nil {
		c.meetings = v.Meetings
	}
	return c, nil
}

// NewCrossCheck makes one that has seen nothing.
func NewCrossCheck() *CrossCheck {
	return &CrossCheck{
		statements: map[liaison.StatementID]*statementStory{}, messages: map[liaison.TransmissionID]*messageStory{},
		appointments: map[string][]appointmentRow{}, numbers: map[string]map[issue]bool{}, absences: map[liaison.AbsenceID]absence{},
		windows:  map[liaison.WindowID]*windowStory{},
		meetings: map[liaison.MeetingID]meeting{}, held: map[liaison.MeetingID]meetingRow{},
	}
}

func (c *CrossCheck) problem(s liaison.StatementID, e liaison.EventID, format string, args ...any) {
	c.problems = append(c.problems, Problem{s, e, fmt.Sprintf(format, args...)})
}

// Event takes the next leaf.
func (c *CrossCheck) Event(e *liaison.Event) {
	if e.Statement == "" {
		c.register(e)
		return
	}
	s := c.statements[e.Statement]
	if s == nil {
		s = &statementStory{}
		c.statements[e.Statement] = s
	}
	if e.From != e.To {
		if e.Version != s.Version+1 {
			c.problem(e.Statement, e.ID, "the log jumps from version %d to %d: a change of state between them has no leaf", s.Version, e.Version)
		} else if e.From != s.State {
			c.problem(e.Statement, e.ID, "%s begins in the state %q, the event before left the statement in %q", e.Kind, e.From, s.State)
		}
		s.Version, s.State = e.Version, e.To
		if e.Digest != "" {
			s.Digest = e.Digest
		}
	} else if e.Version > s.Version {
		c.problem(e.Statement, e.ID, "%s is of version %d, which the log does not have yet", e.Kind, e.Version)
	}
	if e.Window != "" || e.Kind == liaison.EventApproved {
		c.window(e)
	}
	s.decision(e)
	switch e.Kind {
	case liaison.EventApproved:
		if s.Approved == nil {
			s.Approved = map[liaison.Digest]approval{}
		}
		c.atMeeting(s, e)
		if a, again := s.Approved[e.Digest]; again {
			if s.Earlier == nil {
				s.Earlier = map[liaison.Digest][]approval{}
			}
			s.Earlier[e.Digest] = append(s.Earlier[e.Digest], a)
		}
		s.Approved[e.Digest] = c.approval(e)
		s.Leaving = e.Digest
	case liaison.EventTabled:
		s.Tabled, s.Shown = e.Meeting, e.Digest
	case liaison.EventReopened:
		s.Leaving = ""
	case liaison.EventAmended:
		c.amended(s, e)
	case liaison.EventDispatching:
		if s.Leaving == "" || s.Leaving != e.Digest {
			c.problem(e.Statement, e.ID, "dispatch begun without an approval of these bytes before it")
		}
	}
	if e.Transmission != "" {
		c.message(s, e)
	}
}

// decisionKinds is what the row of a decision calls it.
var decisionKinds = map[liaison.EventKind]string{liaison.EventApproved: "approve", liaison.EventReturned: "return", liaison.EventRejected: "reject"}

// decision notes what has a row of its own: a decision, and the revision that an event made.
func (s *statementStory) decision(e *liaison.Event) {
	switch e.Kind {
	case liaison.EventApproved, liaison.EventReturned, liaison.EventRejected:
		d := decided{e.ID, decisionKinds[e.Kind], e.Revision, e.Digest, e.Actor, e.Acting}
		if e.For != "" {
			d.Person, d.As = e.For, e.ForAs
		}
		s.Decided = append(s.Decided, d)
	}
	switch e.Kind {
	case liaison.EventSubmitted, liaison.EventApproved, liaison.EventAmended:
		if s.Made == nil {
			s.Made = map[int]liaison.Digest{}
		}
		s.Made[e.Revision] = e.Digest
	}
}

// atMeeting takes an approval that a meeting gave: of what was tabled for it, while it was in session on one of its days; or entered
// afterwards by its minutes, which is held against the register's row of the meeting alone.
func (c *CrossCheck) atMeeting(s *statementStory, e *liaison.Event) {
	switch tabled := e.From == liaison.Tabled; {
	case e.Mode != liaison.AtMeeting:
		if tabled || e.Meeting != "" {
			c.problem(e.Statement, e.ID, "approved in the way %q although it was tabled for a meeting", e.Mode)
		}
		return
	case e.Meeting == "":
		c.problem(e.Statement, e.ID, "approved at a meeting that the log does not name")
	case tabled && s.Tabled != e.Meeting, !tabled && e.For == "":
		c.problem(e.Statement, e.ID, "approved at the meeting %s, for which it was not tabled", e.Meeting)
	case e.For == "":
		if m := c.meetings[e.Meeting]; m.State != liaison.MeetingOpen || !e.On.Within(m.From, m.Until) {
			c.problem(e.Statement, e.ID, "approved at the meeting %s, which was not in session on %s", e.Meeting, e.On)
		}
	}
	switch {
	case e.Amends != "" && (e.From != liaison.Tabled || e.For != "" || e.Digest == e.Amends):
		c.problem(e.Statement, e.ID, "approved with edits otherwise than at a meeting")
	case e.From == liaison.Tabled && cmp.Or(e.Amends, e.Digest) != s.Shown:
		c.problem(e.Statement, e.ID, "approved in other bytes than were tabled")
	}
}

// amended takes an editorial correction: of what the approval that stands covers, and in nothing that is always substantive.
func (c *CrossCheck) amended(s *statementStory, e *liaison.Event) {
	if e.Amends == "" || e.Amends != s.Leaving {
		c.problem(e.Statement, e.ID, "corrected editorially from bytes that no approval covers")
	}
	if e.From != liaison.Approved || e.To != liaison.Approved || e.Acting != liaison.AsSecretary {
		c.problem(e.Statement, e.ID, "corrected editorially by %s while the statement was %q", e.Acting, e.From)
	}
	for field := range strings.FieldsSeq(e.Changed) {
		if (liaison.Profile{}).IsSubstantive(field) {
			c.problem(e.Statement, e.ID, "the correction changed %s, which is no editorial matter", field)
		}
	}
	if s.Amended == nil {
		s.Amended = map[liaison.Digest]liaison.EventID{}
	}
	s.Amended[e.Digest] = e.ID
	s.Leaving, s.Digest = e.Digest, e.Digest
}

// register takes an event that is about no statement.
func (c *CrossCheck) register(e *liaison.Event) {
	switch e.Kind {
	case liaison.EventAbsenceRecorded:
		c.absences[e.Stands] = absence{e.Body, e.For, e.Deputy, e.On, e.Until}
	case liaison.EventAbsenceEnded:
		if a, ok := c.absences[e.Stands]; ok {
			a.Until = min(a.Until, dayBefore(e.Until))
			c.absences[e.Stands] = a
		}
	case liaison.EventMeetingEntered, liaison.EventMeetingChanged, liaison.EventMeetingOpened, liaison.EventMeetingClosed, liaison.EventMeetingCancelled:
		before := c.meetings[e.Meeting]
		m := meeting{e.Body, e.On, e.Until, meetingMoves[e.Kind]}
		if m.State == "" && before.State == liaison.MeetingOpen {
			m.State = before.State
		} else if m.State == "" { // a calendar can take a cancellation back
			m.State = liaison.MeetingPlanned
		}
		// One of a parent group is closed without having been opened, as nothing was decided at it; what is decided at one that was not opened is found there.
		// Of what stood in a calendar before meetings were entered here, or came with the register, the log begins with its end.
		ends := before.State == liaison.MeetingOpen || before.State == liaison.MeetingPlanned || before.Group == ""
		if before.Group != "" && before.Group != m.Group || before.State == liaison.MeetingClosed || e.Kind == liaison.EventMeetingClosed && !ends {
			c.problem("", e.ID, "%s of the meeting %s of %s, which was %s of %s", e.Kind, e.Meeting, m.Group, orNothing(string(before.State)), before.Group)
		}
		c.meetings[e.Meeting] = m
	}
}

// meetingMoves is the state that an event leads a meeting to; a change leaves it in session or planned.
var meetingMoves = map[liaison.EventKind]liaison.MeetingState{
	liaison.EventMeetingEntered: liaison.MeetingPlanned, liaison.EventMeetingOpened: liaison.MeetingOpen,
	liaison.EventMeetingClosed: liaison.MeetingClosed, liaison.EventMeetingCancelled: liaison.MeetingCancelled,
}

func dayBefore(d liaison.Date) liaison.Date {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return ""
	}
	return liaison.Date(t.AddDate(0, 0, -1).Format(time.DateOnly))
}

// approval reads what an event says of an approval, and what the log knew just then of the absence by which it was given.
func (c *CrossCheck) approval(e *liaison.Event) approval {
	a := approval{Event: e.ID, Actor: e.Actor, As: e.Acting, At: e.At, On: e.On, Mode: e.Mode, Meeting: e.Meeting, Item: e.Item}
	if e.For != "" {
		a.Actor, a.As, a.Word = e.For, e.ForAs, true
	}
	if x, ok := c.absences[e.Stands]; ok {
		a.Stands = &x
	}
	return a
}

func (c *CrossCheck) message(s *statementStory, e *liaison.Event) {
	m := c.messages[e.Transmission]
	if m == nil {
		m = &messageStory{Statement: e.Statement, Letter: e.Letter}
		c.messages[e.Transmission] = m
	}
	m.Last = e.ID
	bad := func(format string, args ...any) {
		c.problem(e.Statement, e.ID, "the message "+string(e.Transmission)+" "+format, args...)
	}
	if e.ReplyTo != "" {
		if before := e.ReplyFrom; before != m.Reply && !(m.Reply == "" && before == liaison.ReplyNotAwaited) {
			bad("is said to have had a reply that was %s, and the log had it as %s", orNothing(string(before)), orNothing(string(m.Reply)))
		}
		m.Reply, m.Due = e.ReplyTo, e.Due
	}
	switch e.Kind {
	case liaison.EventAttempted, liaison.EventAccepted, liaison.EventRefused, liaison.EventDeferred, liaison.EventUnknown:
		if e.MessageDigest != m.Sealed {
			bad("is %s with bytes that are not those sealed", e.Kind)
		}
	}
	switch e.Kind {
	case liaison.EventSealed:
		if m.Sealed != "" {
			bad("is sealed twice")
		}
		if e.Letter == liaison.LetterStatement && (s.Leaving == "" || s.Leaving != e.Digest) {
			bad("is sealed for a revision that was not approved before")
		}
		m.Sealed = e.MessageDigest
	case liaison.EventAttempted:
		if slices.Contains(m.Attempted, e.Attempt) {
			bad("is handed over twice in attempt %d", e.Attempt)
		}
		if m.Accepted != 0 {
			bad("is handed over again after it was accepted")
		}
		m.Attempted = append(m.Attempted, e.Attempt)
	case liaison.EventAccepted, liaison.EventUnknown:
		if !slices.Contains(m.Attempted, e.Attempt) {
			bad("is %s in attempt %d, which the log does not have", e.Kind, e.Attempt)
		}
		if e.Kind == liaison.EventAccepted {
			if m.Accepted != 0 {
				bad("is accepted twice")
			}
			m.Accepted = e.Attempt
		}
		m.Outcome = e.Kind
	case liaison.EventRefused, liaison.EventDeferred, liaison.EventCancelled:
		m.Outcome, m.Cancelled = e.Kind, e.Kind == liaison.EventCancelled
		if e.Kind != liaison.EventCancelled && !slices.Contains(m.Attempted, e.Attempt) && !slices.Contains(m.Tried, e.Attempt) {
			m.Tried = append(m.Tried, e.Attempt)
		}
	case liaison.EventAssumed:
		m.Assumed, m.Outcome = true, e.Kind
	case liaison.EventBounced:
		m.Bounced = true
	}
}

// SoFar lists what is wrong in the log itself, as far as it was read.
func (c *CrossCheck) SoFar() []Problem { return c.problems }

// Problems ends the check and lists what is wrong.
func (c *CrossCheck) Problems() []Problem {
	c.compareStatements()
	c.compareDecisions()
	c.compareMessages()
	c.compareNumbers()
	slices.SortFunc(c.problems, func(a, b Problem) int {
		return strings.Compare(string(a.Statement)+string(a.Event)+a.Message, string(b.Statement)+string(b.Event)+b.Message)
	})
	return c.problems
}

// compareStatements holds the statements and windows of the register against those of the log, and judges who approved.
func (c *CrossCheck) compareStatements() {
	for _, r := range c.rows.statements {
		s := c.statements[r.ID]
		if s == nil {
			c.problem(r.ID, "", "the register has this statement and the log has nothing of it")
			continue
		}
		s.Reported = true
		if s.Version != r.Version || s.State != r.State {
			c.problem(r.ID, "", "the register says %s, version %d; the log says %s, version %d", r.State, r.Version, s.State, s.Version)
		}
		if r.Digest != "" && s.Digest != r.Digest {
			c.problem(r.ID, "", "the register's revision %d has another digest than the log's last one", r.Revision)
		}
		if a, ok := s.Approved[r.Approved]; r.Approved != "" && (!ok || a.Actor != r.By) {
			c.problem(r.ID, a.Event, "the register says that %s approved %s, the log does not", r.By, r.Approved.Short())
		}
		if _, ok := s.Amended[r.Amended]; r.Amended != "" && !ok {
			c.problem(r.ID, "", "the register says that %s was approved and corrected editorially, the log does not", r.Amended.Short())
		}
		if r.Approved != "" && s.State != liaison.Withdrawn && cmp.Or(r.Amended, r.Approved) != s.Leaving {
			c.problem(r.ID, "", "the register's approval covers other bytes than the log's")
		}
		for _, a := range s.Approved {
			c.entitled(r, a)
		}
		for _, as := range s.Earlier {
			for _, a := range as {
				c.entitled(r, a)
			}
		}
	}
	for id, s := range c.statements {
		if !s.Reported {
			c.problem(id, "", "the log has this statement and the register has not")
		}
	}
	for id, w := range c.windows {
		if !w.Reported {
			c.problem(w.Statement, "", "the log has the window for objections %s, and the register has not", id)
		}
	}
}

// compareDecisions holds the approvals and corrections of the register against those of the log.
func (c *CrossCheck) compareDecisions() {
	for _, d := range c.rows.decisions {
		if s := c.statements[d.Statement]; s != nil && d.Kind == "approve" {
			a, ok := s.Approved[d.Digest]
			switch logged := append(slices.Clone(s.Earlier[d.Digest]), a); {
			case !ok || !slices.ContainsFunc(logged, func(a approval) bool { return a.Actor == d.Person && a.As == d.Acting }):
				c.problem(d.Statement, a.Event, "the register has an approval of revision %d by %s that the log has not", d.Revision, d.Person)
			case !slices.ContainsFunc(logged, func(a approval) bool { return a.Mode == d.Mode && a.Meeting == d.Meeting && a.Item == d.Item }):
				c.problem(d.Statement, a.Event, "the register has the approval of revision %d as given in another way, or at another meeting, than the log", d.Revision)
			}
		}
	}
	held := map[liaison.StatementID][]decided{}
	for _, d := range c.rows.decisions {
		held[d.Statement] = append(held[d.Statement], decided{"", d.Kind, d.Revision, d.Digest, d.Person, d.Acting})
	}
	for id, s := range c.statements {
		rows := held[id]
		for _, d := range s.Decided {
			event := d.Event
			d.Event = ""
			if i := slices.Index(rows, d); i >= 0 {
				rows = slices.Delete(rows, i, i+1)
			} else {
				c.problem(id, event, "the log has the decision to %s revision %d by %s, and the register has not", d.Kind, d.Revision, d.Person)
			}
		}
		for _, d := range rows {
			if d.Kind != "approve" { // of which more is said
				c.problem(id, "", "the register has a decision to %s revision %d by %s that the log has not", d.Kind, d.Revision, d.Person)
			}
		}
	}
	amended := map[liaison.StatementID]map[liaison.Digest]bool{}
	for _, m := range c.rows.amendments {
		if amended[m.Statement] == nil {
			amended[m.Statement] = map[liaison.Digest]bool{}
		}
		amended[m.Statement][m.Digest] = true
		if s := c.statements[m.Statement]; s != nil {
			if _, ok := s.Amended[m.Digest]; !ok {
				c.problem(m.Statement, "", "the register has a correction that made revision %d, the log has not", m.Revision)
			}
		}
	}
	for id, s := range c.statements {
		for digest, event := range s.Amended {
			if !amended[id][digest] {
				c.problem(id, event, "the log has the correction that made %s, and the register has not", digest.Short())
			}
		}
	}
	c.compareRevisions()
}

// compareRevisions holds the digests of revisions against those of the log. Whether the bytes beside a digest are its own is for who has
// them.
func (c *CrossCheck) compareRevisions() {
	if !c.Revisions {
		return
	}
	held := map[liaison.StatementID]map[int]bool{}
	for _, r := range c.rows.revisions {
		if held[r.Statement] == nil {
			held[r.Statement] = map[int]bool{}
		}
		held[r.Statement][r.Number] = true
		if s := c.statements[r.Statement]; s != nil && s.Made[r.Number] != r.Digest {
			c.problem(r.Statement, "", "the register's revision %d is not the one that the log has", r.Number)
		}
	}
	for id, s := range c.statements {
		for n := range s.Made {
			if !held[id][n] {
				c.problem(id, "", "the log has revision %d, and the register has not", n)
			}
		}
	}
}

// compareMessages finds what the log has of messages and the register has not.
func (c *CrossCheck) compareMessages() {
	for id, m := range c.messages {
		if !m.Reported {
			c.problem(m.Statement, m.Last, "the log has the message %s, and the ledger has not", id)
		}
		if m.Reply != "" && !m.Replied {
			c.problem(m.Statement, m.Last, "the log says that the reply to the message %s is %s, and the register has nothing of it", id, m.Reply)
		}
		for _, tries := range [...][]int{m.Attempted, m.Tried} {
			for _, n := range tries {
				if !slices.Contains(m.Rows, n) {
					c.problem(m.Statement, m.Last, "the log has attempt %d of the message %s, and the ledger has not", n, id)
				}
			}
		}
	}
}

// compareNumbers finds numbers that are missing in a series.
func (c *CrossCheck) compareNumbers() {
	for _, s := range c.series {
		for n := range s.Last {
			if !c.numbers[string(s.Group)+" "+s.Kind+" "+s.Period][issue{Number: n + 1}] {
				c.problem("", "", "%s %s: the number %d was never given to a %s", s.Group, s.Period, n+1, cmp.Or(s.Kind, "statement"))
			}
		}
	}
	for key, given := range c.numbers {
		for i := range given {
			if b, ok := i.before(); ok && !given[b] {
				c.problem("", "", "%s: number %d, Rev.%d Corr.%d was given, and the one before it was not", key, i.Number, i.Rev, i.Corrigendum)
			}
		}
	}
}

// entitled checks that who approved held the office on that day, and that somebody stood in by a record of before. Where the
// leaf does not give the day, it is the group's own, whose zone is not known here, so a day on either side is allowed.
func (c *CrossCheck) entitled(r statementRow, a approval) {
	first, last := a.On, a.On
	if a.On == "" {
		first, last = liaison.Date(a.At.AddDate(0, 0, -1).Format(time.DateOnly)), liaison.Date(a.At.AddDate(0, 0, 1).Format(time.DateOnly))
	}
	if a.Word && first > liaison.Date(a.At.AddDate(0, 0, 1).Format(time.DateOnly)) {
		c.problem(r.ID, a.Event, "entered before the day on which it says that it was given")
	}
	if a.Mode == liaison.AtMeeting {
		if m, ok := c.held[a.Meeting]; !ok || m.Group != r.Group || m.State == liaison.MeetingCancelled || !a.On.Within(m.From, m.Until) {
			c.problem(r.ID, a.Event, "approved on %s at %s, which is no meeting of %s of that day", a.On, a.Meeting, r.Group)
		}
	}
	held := slices.ContainsFunc(c.appointments[string(a.Actor)+" "+string(r.Group)], func(p appointmentRow) bool {
		return liaison.Capacity(p.Office) == a.As && p.From <= last && (p.Until == "" || p.Until >= first)
	})
	switch {
	case !held:
		c.problem(r.ID, a.Event, "approved by %s as %s, who did not hold that office of %s on %s", a.Actor, a.As, r.Group, a.At.Format(time.DateOnly))
	case a.As != liaison.AsChair && a.As != liaison.AsViceChair:
		c.problem(r.ID, a.Event, "approved by %s as %s, which is no office that approves", a.Actor, a.As)
	case a.As == liaison.AsViceChair && (a.Stands == nil || a.Stands.Group != r.Group || a.Stands.From > last || a.Stands.Until < first ||
		a.Stands.Deputy != "" && a.Stands.Deputy != a.Actor || a.Stands.Person == a.Actor):
		c.problem(r.ID, a.Event, "approved by %s as vice-chair, without an absence of the chair or a delegation that was on record for that day", a.Actor)
	}
}
