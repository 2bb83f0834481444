package liaison

import (
	"cmp"
	"slices"
	"time"
)

// State is where an outgoing statement stands. The set is in [States].
type State string

// The states of an outgoing statement.
const (
	None             State = "" // before the first draft
	Draft            State = "draft"
	InReview         State = "in-review"
	Approved         State = "approved"
	Dispatching      State = "dispatching"
	Dispatched       State = "dispatched"
	DispatchedInPart State = "dispatched-in-part"
	Closed           State = "closed"
	Rejected         State = "rejected"
	Withdrawn        State = "withdrawn"

	InCorrespondence State = "by-correspondence"
	Tabled           State = "tabled" // for a meeting; see meeting.go
)

// StateRow is one row of [States].
type StateRow struct {
	State   State
	Label   string
	Meaning string
	Turn    []Capacity   // who is waited for
	Final   bool         // an end: nobody is waited for, and nothing leads out of it but what takes back why it was closed
	Public  bool         // every signed-in person may read the statement from here on
	Mode    ApprovalMode // in which it is decided on here, "" where nothing is to be decided
}

// States lists every state in the order of the procedure, with its label, what it means to a reader, whose turn it is, whether it
// is an end, and in which way an approval is given from it. The database's CHECK, the pages' labels and docs/states.md follow this list, and a test compares them.
var States = []StateRow{
	{Draft, "Draft", "being written; nothing has been asked of anyone", []Capacity{AsDrafter}, false, false, ""},
	{InReview, "In review", "waits for the chair's decision on one exact revision", []Capacity{AsChair}, false, false, ByOfficer},
	{InCorrespondence, "By correspondence", "lies open for objections, or waits for the chair's decision after that", []Capacity{AsChair}, false, false, ByCorrespondence},
	{Tabled, "Tabled", "on the agenda of a meeting, which decides on one exact revision", []Capacity{AsChair}, false, false, AtMeeting},
	{Approved, "Approved", "approved and numbered; waits to be dispatched", []Capacity{AsSecretary}, false, false, ""},
	{Dispatching, "Dispatching", "messages are on their way; not every outcome is known", nil, false, true, ""},
	{Dispatched, "Dispatched", "every addressee's server accepted its message, or a person answers for it", nil, false, true, ""},
	{DispatchedInPart, "Dispatched in part", "at least one addressee's message was refused or its outcome is unknown", []Capacity{AsSecretary}, false, true, ""},
	{Closed, "Closed", "nothing more is expected", nil, true, true, ""},
	{Rejected, "Rejected", "the chair decided against sending it", nil, true, false, ""},
	{Withdrawn, "Withdrawn", "taken back before anything was sent; a number already given stays used", nil, true, false, ""},
}

// Label is the state in words.
func (s State) Label() string {
	for _, x := range States {
		if x.State == s {
			return x.Label
		}
	}
	return string(s)
}

// Final reports whether the state is an end, see [StateRow].
func (s State) Final() bool {
	for _, x := range States {
		if x.State == s {
			return x.Final
		}
	}
	return false
}

// Public reports whether every signed-in person may read a statement in this state.
func (s State) Public() bool {
	for _, x := range States {
		if x.State == s {
			return x.Public
		}
	}
	return false
}

// Out reports whether a statement in this state is with its addressees, or on its way to the last of them, and nothing has ended it: its replies
// count.
func (s State) Out() bool { return s.Public() && !s.Final() }

// Mode is the way in which a statement in the state is decided on, "" where nothing is to be decided.
func (s State) Mode() ApprovalMode {
	for _, x := range States {
		if x.State == s {
			return x.Mode
		}
	}
	return ""
}

// Statement is what the register holds of an outgoing statement, apart from what its revisions say.
type Statement struct {
	ID       StatementID
	Group    Code // whose statement it is
	State    State
	Version  int // counts the changes of state; each has one event and one leaf in the log
	Drafter  PersonID
	Revision int    // the latest submitted revision, 0 before the first
	Digest   Digest // of that revision, "" before the first
	Number   int    // within group and study period, 0 before approval
	Period   string // the study period of the number
	Ref      string // how it is cited: "JCA-ML-LS12", "" before approval

	RevNumber         int // of a revised report, and of what corrects it: the n of "JCA-ML-R3 Rev.n"; Number is that of the first one
	CorrigendumNumber int // of a corrigendum: the n of "JCA-ML-LS12 Corr.n"; Number is that of the statement it corrects

	ApprovedDigest Digest     // of the revision that was approved
	ApprovedBy     PersonID   // who approved it
	ApprovedAs     Capacity   // in which capacity
	ApprovedAt     *time.Time // also the Date of its messages
	AmendedDigest  Digest     // of the revision that the approved one became by editorial corrections, "" without any
	Approval       Approval   // how, once approved

	TabledFor   MeetingID // the meeting that it is tabled for, "" unless it is
	TabledItem  int       // of its agenda
	LeavesAfter MeetingID // approved at this meeting: it is dispatched when that is closed, "" for one that waits for none
}

// Leaving is the digest of the bytes that may leave on the approval: those that were approved, or what the secretariat's editorial
// corrections made of them; "" without an approval.
func (s Statement) Leaving() Digest {
	if s.ApprovedDigest == "" {
		return ""
	}
	return cmp.Or(s.AmendedDigest, s.ApprovedDigest)
}

// Snapshot is everything that [Next] needs to know of a statement to judge a command. The store fills it in the
// transaction that will also write the change.
type Snapshot struct {
	Statement
	Content       Content   // of the revision under decision; of the working draft while in Draft
	Proposed      Content   // what an editorial correction would make of it, while one is judged
	Related       []Related // the statements of this register that the content relates to
	Profile       Profile
	Officers      []Appointment // of the group, whenever they were or will be in office
	Drafters      []PersonID    // everyone who drafted or edited
	DrafterPerson Person        // who drafted it first; letters about it go there
	Today         Date          // in the group's zone
	Now           time.Time
	GroupUntil    Date  // the last day of the group, "" while it has none
	ReviewedBy    Date  // from its terms of reference
	Parent        Code  // whom it reports to, from the same
	Known         Known // for the check list

	// ApproverOutOfOffice says that the register does not show who approved in that office on the day of the approval.
	ApproverOutOfOffice bool

	Outcomes map[TransmissionState]int       // of the statement's messages to its addressees, once dispatching
	Messages map[TransmissionID]MessageState // each of them, and those that a copy was sent in place of

	Outcome ReportOutcome // of a progress report
	Replies []Reply       // what its addressees owe, in their order, from the dispatch on
	Cited   Cited         // what a command about a reply names, while one is judged
	Over    RelationKind  // [Recalls] or [Revises], if another statement that has left says that this one counts no more

	ClosedItself bool // closed by the engine, because every reply that was awaited was settled

	Absences    []Absence           // and delegations of the group's officers
	Employers   map[PersonID][]Code // of its officers, today
	Recused     map[PersonID]string // who declared an interest in this statement, and which
	SubmittedOn Date                // of the latest revision, in the group's zone
	SubmittedAt time.Time           // the same moment
	Escalated   int                 // how many offices were told that it waits, since it is in its state
	LeftBy      []AbsenceID         // of which who stands in was told, since it is in its state
	Since       time.Time           // when it came into its state

	Window *Window // in which these bytes, or those that were approved, lie or lay open for objections; nil for none

	DispatchAt *time.Time // when the dispatch of an approved statement begins by itself, at the earliest; nil for one that is held

	Meeting Meeting // that it is tabled for, or that a command names; without an ID for none
}

// MessageState is where one message to an addressee stands.
type MessageState struct {
	State  TransmissionState
	Copied bool // a copy was sent in its place, and it counts no more
}

// Capacity is in what quality somebody acts on a statement. It follows from the appointments of the day and is recorded
// with the act.
type Capacity string

// The capacities. Each office is one; the others follow from the statement itself.
const (
	AsChair     Capacity = "chair"
	AsViceChair Capacity = "vice-chair"
	AsSecretary Capacity = "secretary"
	AsEditor    Capacity = "editor"    // may draft for the group
	AsDrafter   Capacity = "drafter"   // drafted or edited this statement
	AsConsulted Capacity = "consulted" // was asked by correspondence about this revision
	AsEngine    Capacity = "engine"    // the workflow itself, recording what happened
	AsReader    Capacity = "reader"    // signed in, nothing more
)

// Capacities lists every capacity with its label.
var Capacities = []struct {
	Capacity Capacity
	Label    string
}{
	{AsChair, "Chair"},
	{AsViceChair, "Vice-chair"},
	{AsSecretary, "Secretariat"},
	{AsEditor, "Editor"},
	{AsDrafter, "Drafter"},
	{AsConsulted, "Consulted"},
	{AsEngine, "Liaison"},
	{AsReader, "Reader"},
}

// Label is the capacity in words.
func (c Capacity) Label() string {
	for _, x := range Capacities {
		if x.Capacity == c {
			return x.Label
		}
	}
	return string(c)
}

// Drafted reports whether the person drafted or edited the statement.
func (s Snapshot) Drafted(p PersonID) bool { return p == s.Drafter || slices.Contains(s.Drafters, p) }

// CapacitiesOf lists in which qualities the person can act on the statement today, strongest first. It always ends with
// [AsReader].
func (s Snapshot) CapacitiesOf(p PersonID) []Capacity {
	var out []Capacity
	for _, o := range Offices {
		if o.Office == OfficeAuditor {
			continue // an auditor acts on no statement
		}
		for _, a := range s.Officers {
			if a.Person.ID == p && a.Office == o.Office && a.Group == s.Group && s.Today.Within(a.From, a.Until) {
				out = append(out, Capacity(o.Office))
				break
			}
		}
	}
	if s.Drafted(p) {
		out = append(out, AsDrafter)
	}
	if s.Window.asked(p) {
		out = append(out, AsConsulted)
	}
	return append(out, AsReader)
}

// ActingAs is the strongest of these capacities that the person has today, [AsReader] for none.
func (s Snapshot) ActingAs(p PersonID, one ...Capacity) Capacity {
	for _, c := range s.CapacitiesOf(p) {
		if slices.Contains(one, c) {
			return c
		}
	}
	return AsReader
}

// HandlesMail is the capacity in which the person handles the statement's mail today: links what came in to one of its messages, or
// ends an addressee's link. It is [AsReader] for who may not.
func (s Snapshot) HandlesMail(p PersonID) Capacity {
	return s.ActingAs(p, AsChair, AsViceChair, AsSecretary)
}

// MayRead reports whether the person may see the statement: its drafters and the group's officers always, everybody
// else from the day it leaves, unless it is confidential.
func (s Snapshot) MayRead(p PersonID) bool {
	return s.State.Public() && s.Content.Confidentiality == Public || s.CapacitiesOf(p)[0] != AsReader
}

// InOffice lists the persons who hold the office today.
func (s Snapshot) InOffice(o Office) []Person {
	var out []Person
	for _, a := range s.Officers {
		if a.Office == o && s.Today.Within(a.From, a.Until) {
			out = append(out, a.Person)
		}
	}
	return out
}
