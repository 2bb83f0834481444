package liaison

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Command asks for one thing to be done with one statement.
type Command struct {
	ID        CommandID
	Kind      CommandKind
	Statement StatementID
	Actor     PersonID // "" only for the engine itself
	Digest    Digest   // of the revision that the actor was shown, for a decision
	Reason    string
	Hold      bool // approve without dispatching at once
	Draft     int  // submit: the version of the working draft that the actor saw

	Transmission TransmissionID // the message that a command of [AboutMessages] is about
	Email        string         // the address that a copy goes to
	Amended      Digest         // amend, approve with edits: of the canonical bytes that the revision becomes; the register has them as a file
	Position     int            // test: the addressee whose message it is, from 1
	Date         Date           // granted, for a reply
	Body         Code           // where the reply is awaited from instead
	Evidence     string         // the id of the inbound message, or of what was said on the addressee's page, that a command about a reply is about
	Given        *Given         `json:",omitempty"` // the approval that is entered
	Window       *Opening       `json:",omitempty"` // that is opened
	Said         *Said          `json:",omitempty"` // outside, about a window
	Consulted    *Consultation  `json:",omitempty"` // how the management team was, before a decision between meetings
	Meeting      MeetingID      `json:",omitempty"` // table: for which meeting
	Item         int            `json:",omitempty"` // and under which item of its agenda
	Undo         time.Duration  // approve: how long behind it the dispatch begins; set by the engine, whoever gives the command
}

// Change is what a command does to a statement. The store writes it, whole or not at all.
type Change struct {
	Rule    Rule
	From    State
	Acting  Capacity // in which the actor acted
	Drafted bool     // the actor is also a drafter; shown on the record
	Letters []Recipient

	Stands   AbsenceID // the absence or delegation by which a vice-chair acted
	Approval *Approval // of a command that approves
	Window   *Window   // that is opened; its id is the store's
	Said     *Saying   // in or about a window
}

// Answer is what a command led to. It is recorded under the command's id, and a repeat of the command gets it again.
type Answer struct {
	Statement StatementID
	State     State
	Version   int
	Revision  int
	Ref       string // the number, once given
	Letters   bool   // messages are queued under the command's id

	DispatchAt time.Time `json:",omitzero"`  // approved and not held: when the dispatch begins
	Batch      CommandID `json:",omitempty"` // about one message: the batch that it was in before
	After      MeetingID `json:",omitempty"` // approved at this meeting: the dispatch begins when it is closed
}

// Recipient is one person that a [Letter] about a change goes to. Letters to addressees are not listed here; they follow
// from the revision.
type Recipient struct {
	Letter Letter
	Person Person
}

// Permit judges a command by state alone, with what a workflow carries: whether the table has a row for it, and whether
// the command brings what its row asks the actor for. Who may is judged by [Next], against the register.
func Permit(state State, cmd Command) error {
	rows := rules(cmd.Kind)
	if len(rows) == 0 {
		return Refuse(Invalid, "%q is not something that can be done with a statement.", cmd.Kind)
	}
	from := slices.ContainsFunc(rows, func(r Rule) bool { return slices.Contains(r.From, state) })
	if !from && cmd.Kind == DoWithdraw && state.Public() {
		return Refuse(Conflict, "Withdraw is not possible: the statement has left. Recall it by a notice: that begins on its page, and goes to the same addressees.")
	}
	if !from {
		return Refuse(Conflict, "%s is not possible: the statement is %s. %s", rows[0].Label, inWords(state), wayOn(state))
	}
	if cmd.ID != "" { // drafts are created and saved without one
		if err := cmd.ID.Check(); err != nil {
			return err
		}
	}
	if cmd.Kind.Requires(NeedReason) {
		if err := CheckReason(cmd.Reason); err != nil {
			return err
		}
	} else if err := field("reason", "The reason", cmd.Reason, MaxReason, true); err != nil {
		return err
	}
	if cmd.Kind.Proposes() && len(cmd.Amended) != 64 {
		return Refuse(Invalid, "The correction does not say what the text becomes. Open the page again and correct it there.")
	}
	if cmd.Kind.Requires(NeedDigest) && len(cmd.Digest) != 64 {
		return Refuse(Invalid, "The decision does not say which revision it is about. Open the review page again and decide there.")
	}
	return nil
}

// Next judges a command against everything that is known, in the transaction that will carry it out, and says what
// changes. It refuses with an [Error] whose message says what to do: [Conflict] for the state, [Forbidden] for the
// person, [Stale] for a revision that is no longer the one shown, [Invalid] for what is missing.
func Next(s Snapshot, cmd Command) (Change, error) {
	if err := Permit(s.State, cmd); err != nil {
		return Change{}, err
	}
	var refusal error
	may := false // in one of the rows: what stands in the way there says what to do, and not that another row is for others
	for _, r := range rules(cmd.Kind) {
		if !slices.Contains(r.From, s.State) {
			continue
		}
		acting, stands, err := entitled(s, r, cmd.Actor)
		if err != nil && may {
			continue
		}
		if err == nil {
			may = true
			err = meets(s, r, cmd)
		}
		if err == nil {
			err = s.mayGoOn(r, cmd)
		}
		var window *Window
		if err == nil && r.Event == EventWindowOpened {
			window, err = s.opens(r, cmd, acting, stands)
		}
		var said *Saying
		if err == nil && slices.Contains(saying, r.Event) {
			said, err = s.checkSaid(r, cmd, acting)
		}
		if err != nil {
			refusal = err
			continue
		}
		if r.Stays {
			r.To = s.State
		}
		change := Change{
			Rule: r, From: s.State, Acting: acting, Stands: stands,
			Drafted: cmd.Actor != "" && s.Drafted(cmd.Actor),
			Window:  window, Said: said,
		}
		judged := s
		if window != nil {
			judged.Window = window // who is asked is told
		}
		change.Letters = recipients(judged, r, cmd)
		if r.Approves() {
			change.Approval = s.approval(acting, stands, cmd)
			change.Drafted = s.Drafted(change.Approval.By) || cmd.Kind == DoApproveEdited
		}
		return change, nil
	}
	return Change{}, refusal
}

// May lists what the person may do with the statement now, in the order of the table: the pages' buttons.
func May(s Snapshot, p PersonID) []CommandKind {
	var out []CommandKind
	for _, r := range Table {
		if !slices.Contains(r.From, s.State) || slices.Contains(out, r.Command) || p == "" {
			continue
		}
		if slices.Contains(r.Needs, NeedReport) && reportOutcome(s, Command{Kind: r.Command}) != nil {
			continue
		}
		if slices.Contains(r.Needs, NeedReopened) && s.staysClosed() != nil {
			continue
		}
		if slices.Contains(r.Needs, NeedSession) && s.inSession() != nil || slices.Contains(r.Needs, NeedEdited) && s.Content.Report != nil {
			continue
		}
		if _, _, err := entitled(s, r, p); err == nil {
			out = append(out, r.Command)
		}
	}
	return out
}

// MayAbout lists what the person may do now with one of the statement's messages, in the order of the table: the buttons beside
// a message. Nothing may be done with one that a copy was sent in place of, and nothing more is sent of what counts no more.
func MayAbout(s Snapshot, id TransmissionID, p PersonID) []CommandKind {
	m, ok := s.Messages[id]
	if !ok || m.Copied {
		return nil
	}
	return slices.DeleteFunc(May(s, p), func(k CommandKind) bool {
		return !slices.Contains(AboutMessages[k], m.State) || k.Sends() && s.Over != ""
	})
}

// saying are the events of what is said in or about a window.
var saying = []EventKind{EventObjected, EventObjectedLate, EventNoObjection, EventCommented}

// entitled finds the capacity that the actor has for the row today, and by which absence or delegation.
func entitled(s Snapshot, r Rule, actor PersonID) (Capacity, AbsenceID, error) {
	if r.Approves() || r.Event == EventWindowOpened {
		if err := s.checkMode(r); err != nil {
			return "", "", err
		}
	}
	if actor == "" {
		if slices.Contains(r.Who, AsEngine) {
			return AsEngine, "", s.timed(r)
		}
		return "", "", Refuse(Forbidden, "%s needs a person.", r.Label)
	}
	mine := s.CapacitiesOf(actor)
	var refusal error
	for _, c := range r.Who {
		if !slices.Contains(mine, c) {
			continue
		}
		stands, err := barred(s, r, c, actor)
		if err == nil {
			return c, stands, nil
		}
		refusal = cmp.Or(refusal, err)
	}
	if refusal != nil {
		return "", "", refusal
	}
	return "", "", Refuse(Forbidden, "%s is for %s of %s; you act as %s here.", r.Label, capacitiesInWords(r.Who), strings.ToUpper(string(s.Group)), strings.ToLower(mine[0].Label()))
}

// barred says why the actor may not do it although they have the capacity, or by which absence or delegation they may.
func barred(s Snapshot, r Rule, c Capacity, actor PersonID) (stands AbsenceID, err error) {
	if slices.Contains(r.Needs, NeedUnbiased) {
		if err := s.recused(actor); err != nil {
			return "", err
		}
	}
	if r.Command == DoApproveEdited && !s.Profile.DrafterMayDecide {
		return "", Refuse(Forbidden, "Who edits a statement is a drafter of it, and the profile %q asks for a second person. Return it for changes, or put it off.", s.Profile.Name)
	}
	if slices.Contains(r.Needs, NeedEntitled) && s.Drafted(actor) && !s.Profile.DrafterMayDecide {
		return "", Refuse(Forbidden, "You drafted this statement, and the profile %q asks for a second person. Another approver has to decide.", s.Profile.Name)
	}
	if _, declared := s.Recused[actor]; declared && slices.Contains(r.Needs, NeedUndeclared) {
		return "", Refuse(Conflict, "You declared it before; the record has it.")
	}
	if err := s.timed(r); err != nil {
		return "", err
	}
	if c == AsViceChair && slices.Contains(r.Needs, NeedStandIn) {
		return s.standing(actor, s.Today)
	}
	return "", nil
}

func meets(s Snapshot, r Rule, cmd Command) error {
	for _, n := range r.Needs {
		switch n {
		case NeedReason, NeedEntitled, NeedStandIn, NeedUnbiased, NeedUndeclared: // judged in Permit and entitled
		case NeedWindow, NeedRunning, NeedOver, NeedOpened, NeedInTime, NeedLate: // and in timed, opens and checkSaid
		case NeedUnopposed:
			if _, _, err := s.unopposed(); err != nil {
				return err
			}
		case NeedUnended:
			if s.Window == nil || s.Window.Closed {
				return Refuse(Conflict, "The end of the window is on record.")
			}
		case NeedSilent:
			if kind, at := s.WindowDue(); kind != DoRemindWindow || s.Now.Before(at) {
				return Refuse(Conflict, "Nobody has to be reminded of the window.")
			}
		case NeedConsulted:
			if _, err := s.checkConsulted(cmd); err != nil {
				return err
			}
		case NeedMeeting:
			if err := s.checkTabling(cmd); err != nil {
				return err
			}
		case NeedSession:
			if err := s.inSession(); err != nil {
				return err
			}
		case NeedEdited:
			if _, err := Edits(s.Content, s.Proposed); err != nil {
				return err
			}
		case NeedGiven:
			if cmd.Given == nil {
				return Refuse(Invalid, "Say who approved, when, and what shows it.")
			}
			if _, _, err := s.checkGiven(*cmd.Given); err != nil {
				return err
			}
		case NeedDigest:
			if cmd.Digest != s.Digest {
				return Refuse(Stale, "The statement has changed since it was shown to you: revision %d is the one to decide on now. Look at what changed and decide again.", s.Revision)
			}
		case NeedComplete:
			content := s.Content
			if cmd.Kind.Proposes() {
				content = s.Proposed
			}
			judged := s
			judged.Content = content
			for _, f := range append(judged.Check(), s.CheckRelations()...) {
				if f.Blocking {
					return f.Refusal()
				}
			}
		case NeedApproval:
			if err := approvedBytes(s, s.Revision); err != nil {
				return err
			}
		case NeedEditorial:
			if _, err := Editorial(s.Profile, s.Content, s.Proposed); err != nil {
				return err
			}
		case NeedPending:
			if s.DispatchAt == nil {
				return Refuse(Conflict, "Nothing is about to be sent: the dispatch is held already, or waits for somebody to begin it.")
			}
		case NeedReleased:
			if s.LeavesAfter != "" && s.Meeting.State != MeetingClosed {
				return Refuse(Conflict, "It leaves when the meeting that approved it is closed.")
			}
		case NeedMessage:
			if err := aboutMessage(s, cmd); err != nil {
				return err
			}
		case NeedReport:
			if err := reportOutcome(s, cmd); err != nil {
				return err
			}
		case NeedReply:
			if err := aboutReply(s, cmd); err != nil {
				return err
			}
		case NeedEvidence:
			if cmd.Evidence == "" {
				return &Error{Code: Invalid, Field: "evidence", Message: "Choose the message that it is about."}
			}
		case NeedSettled:
			if !s.RepliesSettled() {
				return Refuse(Conflict, "A reply is still awaited, or a message did not get through yet.")
			}
		case NeedReopened:
			if err := s.reopens(cmd); err != nil {
				return err
			}
		case NeedTellChair, NeedTellDeputy, NeedTellOffice:
			if err := s.escalates(n); err != nil {
				return err
			}
		case NeedDue:
			due, _, err := s.DueReplies(s.Now)
			if err != nil {
				return err
			}
			if len(due) == 0 {
				return Refuse(Conflict, "No date and no reminder is due.")
			}
		case NeedAddress:
			if _, err := ParseEmail(cmd.Email); err != nil {
				return &Error{Code: Invalid, Field: "email", Message: "Give the address that the copy goes to, as in liaison@body.example."}
			}
		case NeedAddressee:
			if cmd.Position < 1 || cmd.Position > len(s.Content.Addressees) {
				return Refuse(NotFound, "The statement has no addressee number %d.", cmd.Position)
			}
			if len(recipients(s, r, cmd)) == 0 {
				return Refuse(Conflict, "The register knows no mailbox of yours, so nothing can be sent to you.")
			}
		case NeedSent:
			if open := s.outcomes(TransmissionState.underway) + s.Outcomes[TransmissionUnknown]; open > 0 {
				return Refuse(Conflict, "Messages that are on their way, or of which nobody knows what became: %d. Of what is closed nothing more is sent, so wait, or see to each of them first: cancel it, or treat it as sent.", open)
			}
		case NeedAllAccepted, NeedSomeFailed:
			open := s.outcomes(TransmissionState.underway)
			failed := s.outcomes(func(x TransmissionState) bool { return !x.underway() && !x.sent() })
			switch {
			case open > 0:
				return Refuse(Conflict, "%d messages are still on their way.", open)
			case n == NeedAllAccepted && failed > 0:
				return Refuse(Conflict, "%d messages were not accepted.", failed)
			case n == NeedSomeFailed && failed == 0:
				return Refuse(Conflict, "Every message was accepted.")
			}
		}
	}
	return nil
}

// outcomes counts the messages to addressees in the states that are meant.
func (s Snapshot) outcomes(meant func(TransmissionState) bool) (count int) {
	for x, n := range s.Outcomes {
		if meant(x) {
			count += n
		}
	}
	return count
}

// aboutMessage refuses unless the command can be carried out with the message as it stands.
func aboutMessage(s Snapshot, cmd Command) error {
	m, ok := s.Messages[cmd.Transmission]
	switch {
	case !ok:
		return Refuse(NotFound, "The statement has no such message to an addressee.")
	case m.Copied:
		return Refuse(Conflict, "A copy was sent in place of this message; what is to be done now is to be done with the copy.")
	case !slices.Contains(AboutMessages[cmd.Kind], m.State):
		return Refuse(Conflict, "%s is not possible: the message is %s by now.", rules(cmd.Kind)[0].Label, strings.ToLower(m.State.Label()))
	}
	if cmd.Kind.Sends() {
		if err := s.stillCounts(); err != nil {
			return err
		}
		return approvedBytes(s, s.Revision)
	}
	return nil
}

// reportOutcome refuses unless the statement is a report, and what the command records can follow what is recorded.
func reportOutcome(s Snapshot, cmd Command) error {
	next := OutcomeOf(cmd.Kind)
	switch {
	case s.Content.Report == nil:
		return Refuse(Conflict, "This is no progress report, so there is no parent group that it was put before.")
	case !s.Outcome.May(next):
		return Refuse(Conflict, "The report is on the record as %s already.", strings.ToLower(s.Outcome.Label()))
	}
	return nil
}

// approvedBytes refuses unless the revision is approved, in the bytes that it has, by someone who could.
func approvedBytes(s Snapshot, revision int) error {
	switch {
	case s.Leaving() == "" || s.Leaving() != s.Digest || s.Revision != revision:
		return Refuse(Conflict, "The approval is of other bytes than those that would leave. Nothing is sent; the statement has to be approved again.")
	case s.ApprovedBy == "" || s.ApproverOutOfOffice || !slices.Contains(approvers, s.ApprovedAs):
		return Refuse(Forbidden, "The recorded approval is not by someone entitled to approve. Nothing is sent.")
	}
	return nil
}

// mayGoOn refuses what no state and no capacity allows: new statements of a group that ended, dispatch before the embargo ends,
// an approval without a reason of what is outside the terms of reference (rules of the field, edge cases 29, 30, 51).
func (s Snapshot) mayGoOn(r Rule, cmd Command) error {
	if cmd.Kind == DoDraft || cmd.Kind == DoSubmit || r.Event == EventWindowOpened || r.Approves() {
		if err := s.inForce(); err != nil {
			return err
		}
	}
	switch {
	case cmd.Kind == DoDispatch && s.Embargoed():
		return Refuse(Conflict, "It is under embargo: nothing of it is sent before %s.", s.Content.Embargo)
	case r.Approves() && s.Content.OutsideScope != "" && strings.TrimSpace(cmd.Reason) == "":
		return &Error{Code: Invalid, Field: "reason", Message: "The statement is outside the terms of reference of the group. Say why it is approved all the same: the reason goes into the record and into the progress report. (" + s.Profile.Source + ")"}
	}
	return nil
}

// MayLeave asks once more, at the moment of sending, whether a message of the revision may leave: the statement is being
// dispatched, nothing that left after it says that it counts no more, and what is approved are these bytes.
func MayLeave(s Snapshot, revision int) error {
	if err := s.stillCounts(); err != nil {
		return err
	}
	if s.State != Dispatching && s.State != DispatchedInPart {
		return Refuse(Conflict, "The statement is %s; nothing of it is sent now.", inWords(s.State))
	}
	if s.Embargoed() {
		return Refuse(Conflict, "It is under embargo: nothing of it is sent before %s.", s.Content.Embargo)
	}
	return approvedBytes(s, revision)
}

func capacitiesInWords(cs []Capacity) string {
	words := make([]string, len(cs))
	for i, c := range cs {
		words[i] = strings.ToLower(c.Label())
	}
	if len(words) == 1 {
		return "the " + words[0]
	}
	return "the " + strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

func inWords(s State) string {
	if s == None {
		return "not drafted yet"
	}
	return strings.ToLower(s.Label())
}

// wayOn says what can be done from a state instead.
func wayOn(s State) string {
	var labels []string
	for _, r := range Table {
		if slices.Contains(r.From, s) && !slices.Contains(r.Who, AsEngine) && !slices.Contains(labels, r.Label) {
			labels = append(labels, r.Label)
		}
	}
	switch {
	case s.Final():
		return "Nothing more can be done with it; start a new statement if one is needed."
	case len(labels) == 0:
		return "Wait until every message is settled."
	default:
		return "From here: " + strings.ToLower(strings.Join(labels, ", ")) + "."
	}
}
