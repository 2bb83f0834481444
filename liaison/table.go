package liaison

import "slices"

// CommandKind is something that can be done with a statement. The verbs are the liaison manager's.
type CommandKind string

// The commands.
const (
	DoDraft    CommandKind = "draft"
	DoEdit     CommandKind = "edit"
	DoSubmit   CommandKind = "submit"
	DoReturn   CommandKind = "return"
	DoApprove  CommandKind = "approve"
	DoReject   CommandKind = "reject"
	DoWithdraw CommandKind = "withdraw"
	DoDispatch CommandKind = "dispatch"
	DoSettle   CommandKind = "settle"
	DoClose    CommandKind = "close"
	DoReopen   CommandKind = "reopen" // what is approved and has not left; see amend.go
	DoAmend    CommandKind = "amend"

	DoHold        CommandKind = "hold"
	DoTreatAsSent CommandKind = "treat-as-sent"
	DoSendAgain   CommandKind = "send-again"
	DoSendCopy    CommandKind = "send-copy"
	DoAskBody     CommandKind = "ask-body"
	DoCancel      CommandKind = "cancel"

	// What the parent group does with a progress report; recorded with its evidence.
	DoPresent  CommandKind = "present"
	DoNote     CommandKind = "note"
	DoAccept   CommandKind = "accept"
	DoSendBack CommandKind = "send-back"

	DoTest CommandKind = "test"

	DoLinkReply       CommandKind = "link-reply"
	DoMarkInterim     CommandKind = "mark-interim"
	DoUnlinkReply     CommandKind = "unlink-reply"
	DoGrantExtension  CommandKind = "grant-extension"
	DoRefuseExtension CommandKind = "refuse-extension"
	DoWaive           CommandKind = "waive"
	DoRedirect        CommandKind = "redirect"
	DoAwaitAgain      CommandKind = "await-again"
	DoRemind          CommandKind = "remind"

	DoEnterApproval CommandKind = "enter-approval"
	DoRecuse        CommandKind = "recuse"
	DoEscalate      CommandKind = "escalate"

	// Asking by correspondence; see window.go.
	DoOpenWindow      CommandKind = "open-window"
	DoOpenNoObjection CommandKind = "open-no-objection"
	DoObject          CommandKind = "object"
	DoNoObjection     CommandKind = "no-objection"
	DoComment         CommandKind = "comment"
	DoCancelWindow    CommandKind = "cancel-window"
	DoRemindWindow    CommandKind = "remind-window"
	DoEndWindow       CommandKind = "end-window"
	// At a meeting; see meeting.go.
	DoTable         CommandKind = "table"
	DoDefer         CommandKind = "defer"
	DoApproveEdited CommandKind = "approve-edited"
)

// Need is a condition that a command has to meet besides state and capacity.
type Need string

// The conditions. Each is checked in [Next], in one place.
const (
	NeedReason      Need = "a reason"
	NeedDigest      Need = "the digest of the revision that was shown"
	NeedComplete    Need = "nothing missing on the check list"
	NeedEntitled    Need = "not to be the drafter, unless the profile allows it"
	NeedApproval    Need = "an approval of these very bytes by someone who was entitled on that day"
	NeedAllAccepted Need = "every message accepted"
	NeedSomeFailed  Need = "every outcome settled, at least one not accepted"
	NeedPending     Need = "a dispatch that has not begun yet"
	NeedReleased    Need = "where a meeting approved it: that the meeting is closed"
	NeedMessage     Need = "a message of which this can be done"
	NeedAddress     Need = "an address"
	NeedReport      Need = "a progress report that this can follow on"
	NeedEditorial   Need = "a difference, in nothing that the profile calls substantive"
	NeedAddressee   Need = "an addressee of the revision"
	NeedReply       Need = "a reply with which this can be done"
	NeedEvidence    Need = "the message that is the reply"
	NeedSettled     Need = "every reply that was awaited settled, and every message through or cancelled"
	NeedSent        Need = "no message on its way or in doubt"
	NeedReopened    Need = "a statement that closed itself, and still counts, of which the reply is awaited again by this"
	NeedDue         Need = "a date or a reminder that is due"
	NeedStandIn     Need = "of a vice-chair: a recorded absence of the chair, or a delegation, and not to be a drafter"
	NeedUnbiased    Need = "not to be recused"
	NeedGiven       Need = "who approved, when, and the evidence of it"
	NeedUndeclared  Need = "not to have declared it before"
	NeedTellChair   Need = "a decision that has waited so long that the profile has the chair told"
	NeedTellDeputy  Need = "a decision that has waited so long that the profile has the vice-chair told"
	NeedTellOffice  Need = "a decision that has waited so long that the profile has the secretariat told"

	NeedWindow    Need = "a last day for objections, within a year and before the deadline, and somebody to ask"
	NeedRunning   Need = "a window for objections that is not over"
	NeedOver      Need = "a window for objections that is over"
	NeedOpened    Need = "to have been up for objections"
	NeedInTime    Need = "an objection of a day on which one could be made"
	NeedLate      Need = "an objection that came after that"
	NeedUnopposed Need = "a window that can approve by itself, no objection, and that who opened it could approve today"
	NeedUnended   Need = "an end of the window that is not on record"
	NeedSilent    Need = "a reminder that is due, and somebody who has said nothing"
	NeedConsulted Need = "where the profile asks for it: how the management team was consulted"
	NeedMeeting   Need = "a meeting of the group that is planned or in session, and an item of its agenda"
	NeedSession   Need = "the meeting that it is tabled for in session, on one of its days"
	NeedEdited    Need = "a difference, in nothing that only the drafter changes"
)

// Rule is one row of the procedure.
type Rule struct {
	Command CommandKind
	From    []State
	To      State
	Stays   bool       // instead of To: the statement stays where it is; the command is about one of its messages, or about time
	Who     []Capacity // in the order in which a person's capacities are preferred
	Needs   []Need
	Label   string // on the button
	Done    string // in the history: "Approved by …"
	Event   EventKind
}

// Table is THE procedure of an outgoing statement. Rows of one command are tried in order; the first whose conditions
// hold applies. To add a state or a command, add it here; docs/architecture.md lists what follows.
//
// Sources: Rec. ITU-T A.1 (2019), clause 1.5 (who approves, what a statement carries); TSB Circular 72, Annex 1, clauses
// 3 and 5, and Annex 2, item 9; RFC 4052, section 4 (nothing leaves without its approver).
var Table = []Rule{
	{Command: DoDraft, From: []State{None}, To: Draft, Who: []Capacity{AsEditor, AsSecretary, AsChair, AsViceChair, AsEngine},
		Label: "Start a draft", Done: "Drafted", Event: EventDrafted},
	{Command: DoEdit, From: []State{Draft}, To: Draft, Who: []Capacity{AsDrafter, AsEditor, AsSecretary, AsChair, AsViceChair},
		Label: "Save", Done: "Draft saved", Event: EventEdited},
	{Command: DoSubmit, From: []State{Draft}, To: InReview, Who: []Capacity{AsDrafter, AsEditor, AsSecretary},
		Needs: []Need{NeedComplete},
		Label: "Submit for approval", Done: "Submitted for approval", Event: EventSubmitted},
	{Command: DoReturn, From: []State{InReview, InCorrespondence}, To: Draft, Who: []Capacity{AsChair, AsViceChair},
		Needs: []Need{NeedDigest, NeedReason, NeedStandIn, NeedUnbiased},
		Label: "Return for changes", Done: "Returned for changes", Event: EventReturned},
	{Command: DoApprove, From: []State{InReview}, To: Approved, Who: []Capacity{AsChair, AsViceChair},
		Needs: []Need{NeedDigest, NeedEntitled, NeedStandIn, NeedUnbiased, NeedConsulted, NeedComplete},
		Label: "Approve", Done: "Approved", Event: EventApproved},
	{Command: DoApprove, From: []State{InCorrespondence}, To: Approved, Who: []Capacity{AsChair, AsViceChair},
		Needs: []Need{NeedDigest, NeedEntitled, NeedStandIn, NeedUnbiased, NeedOver, NeedComplete},
		Label: "Approve", Done: "Approved by correspondence", Event: EventApproved},
	{Command: DoEnterApproval, From: []State{InReview}, To: Approved, Who: []Capacity{AsSecretary},
		Needs: []Need{NeedDigest, NeedGiven, NeedConsulted, NeedComplete},
		Label: "Enter an approval given outside", Done: "Approval entered", Event: EventApproved},
	{Command: DoEnterApproval, From: []State{InCorrespondence}, To: Approved, Who: []Capacity{AsSecretary},
		Needs: []Need{NeedDigest, NeedGiven, NeedOver, NeedComplete},
		Label: "Enter an approval given outside", Done: "Approval entered", Event: EventApproved},
	{Command: DoReject, From: []State{InReview, InCorrespondence}, To: Rejected, Who: []Capacity{AsChair, AsViceChair},
		Needs: []Need{NeedDigest, NeedReason, NeedStandIn, NeedUnbiased},
		Label: "Reject", Done: "Rejected", Event: EventRejected},
	{Command: DoRecuse, From: []State{InReview, InCorrespondence}, Stays: true, Who: []Capacity{AsChair, AsViceChair},
		Needs: []Need{NeedReason, NeedUndeclared},
		Label: "Declare an interest", Done: "Interest declared", Event: EventRecused},
	{Command: DoEscalate, From: []State{InReview, InCorrespondence, Tabled}, Stays: true, Who: []Capacity{AsEngine}, Needs: []Need{NeedTellChair},
		Label: "Escalate", Done: "The chair told that it waits", Event: EventWaitsChair},
	{Command: DoEscalate, From: []State{InReview, InCorrespondence, Tabled}, Stays: true, Who: []Capacity{AsEngine}, Needs: []Need{NeedTellDeputy},
		Label: "Escalate", Done: "The vice-chair told that it waits", Event: EventWaitsDeputy},
	{Command: DoEscalate, From: []State{InReview, InCorrespondence, Tabled}, Stays: true, Who: []Capacity{AsEngine}, Needs: []Need{NeedTellOffice},
		Label: "Escalate", Done: "The secretariat told that it waits", Event: EventWaitsSecretariat},
	{Command: DoWithdraw, From: []State{Draft, InReview, InCorrespondence, Approved}, To: Withdrawn, Who: []Capacity{AsDrafter, AsSecretary, AsChair},
		Needs: []Need{NeedReason},
		Label: "Withdraw", Done: "Withdrawn", Event: EventWithdrawn},
	{Command: DoDispatch, From: []State{Approved}, To: Dispatching, Who: []Capacity{AsEngine},
		Needs: []Need{NeedApproval, NeedPending, NeedReleased},
		Label: "Dispatch", Done: "Dispatch begun by itself, on the approval", Event: EventDispatching},
	{Command: DoDispatch, From: []State{Approved}, To: Dispatching, Who: []Capacity{AsChair, AsSecretary, AsViceChair},
		Needs: []Need{NeedApproval, NeedStandIn},
		Label: "Dispatch", Done: "Dispatch begun", Event: EventDispatching},
	{Command: DoSettle, From: []State{Dispatching}, To: Dispatched, Who: []Capacity{AsEngine},
		Needs: []Need{NeedAllAccepted},
		Label: "Settle", Done: "Dispatched: every server accepted its message", Event: EventDispatched},
	{Command: DoSettle, From: []State{Dispatching}, To: DispatchedInPart, Who: []Capacity{AsEngine},
		Needs: []Need{NeedSomeFailed},
		Label: "Settle", Done: "Dispatched in part: not every message was accepted", Event: EventDispatchedInPart},
	{Command: DoSettle, From: []State{DispatchedInPart}, To: Dispatched, Who: []Capacity{AsEngine},
		Needs: []Need{NeedAllAccepted},
		Label: "Settle", Done: "Dispatched: what was open is accepted by now", Event: EventDispatched},
	{Command: DoClose, From: []State{Dispatched, DispatchedInPart}, To: Closed, Who: []Capacity{AsSecretary, AsChair},
		Needs: []Need{NeedReason, NeedSent},
		Label: "Close", Done: "Closed", Event: EventClosed},
	{Command: DoReopen, From: []State{Approved}, To: Draft, Who: []Capacity{AsDrafter, AsEditor, AsSecretary, AsChair},
		Needs: []Need{NeedReason},
		Label: "Take back for changes", Done: "Taken back for changes, which voids the approval", Event: EventReopened},
	{Command: DoAmend, From: []State{Approved}, Stays: true, Who: []Capacity{AsSecretary},
		Needs: []Need{NeedDigest, NeedReason, NeedApproval, NeedEditorial, NeedComplete},
		Label: "Correct editorially", Done: "Corrected editorially, under the same approval", Event: EventAmended},
	{Command: DoClose, From: []State{Dispatched, DispatchedInPart}, To: Closed, Who: []Capacity{AsEngine},
		Needs: []Need{NeedReason, NeedSettled},
		Label: "Close", Done: "Closed: every reply that was awaited is settled", Event: EventClosed},
	{Command: DoHold, From: []State{Approved}, Stays: true, Who: []Capacity{AsSecretary, AsChair},
		Needs: []Need{NeedPending},
		Label: "Hold the dispatch", Done: "Dispatch held", Event: EventHeld},
	{Command: DoTreatAsSent, From: []State{Dispatching, Dispatched, DispatchedInPart}, Stays: true, Who: []Capacity{AsSecretary, AsChair},
		Needs: []Need{NeedReason, NeedMessage},
		Label: "Treat as sent", Done: "Treated as sent", Event: EventAssumed},
	{Command: DoSendAgain, From: []State{Dispatching, DispatchedInPart}, Stays: true, Who: []Capacity{AsSecretary, AsChair},
		Needs: []Need{NeedReason, NeedMessage},
		Label: "Send the identical message again", Done: "Sent again", Event: EventSentAgain},
	{Command: DoSendAgain, From: []State{Dispatched}, To: DispatchedInPart, Who: []Capacity{AsSecretary, AsChair},
		Needs: []Need{NeedReason, NeedMessage},
		Label: "Send the identical message again", Done: "Sent again", Event: EventSentAgain},
	{Command: DoSendCopy, From: []State{Dispatching, DispatchedInPart}, Stays: true, Who: []Capacity{AsSecretary},
		Needs: []Need{NeedReason, NeedMessage, NeedAddress},
		Label: "Send a copy to another address", Done: "Copy sent", Event: EventCopied},
	{Command: DoSendCopy, From: []State{Dispatched}, To: DispatchedInPart, Who: []Capacity{AsSecretary},
		Needs: []Need{NeedReason, NeedMessage, NeedAddress},
		Label: "Send a copy to another address", Done: "Copy sent", Event: EventCopied},
	{Command: DoAskBody, From: []State{Dispatching, Dispatched, DispatchedInPart}, Stays: true, Who: []Capacity{AsSecretary, AsChair},
		Needs: []Need{NeedReason, NeedMessage},
		Label: "Ask the body", Done: "Body asked whether it arrived", Event: EventArrivalAsked},
	{Command: DoCancel, From: []State{Dispatching, DispatchedInPart}, Stays: true, Who: []Capacity{AsSecretary, AsChair},
		Needs: []Need{NeedReason, NeedMessage},
		Label: "Cancel the message", Done: "Message cancelled", Event: EventCancelled},
	{Command: DoPresent, From: []State{Dispatched, DispatchedInPart}, Stays: true, Who: []Capacity{AsSecretary, AsChair},
		Needs: []Need{NeedReport, NeedReason},
		Label: "Record that it was presented", Done: "Presented to the parent group", Event: EventPresented},
	{Command: DoNote, From: []State{Dispatched, DispatchedInPart}, To: Closed, Who: []Capacity{AsSecretary, AsChair},
		Needs: []Need{NeedReport, NeedReason, NeedSent},
		Label: "Record that it was noted", Done: "Noted by the parent group", Event: EventNoted},
	{Command: DoAccept, From: []State{Dispatched, DispatchedInPart}, To: Closed, Who: []Capacity{AsSecretary, AsChair},
		Needs: []Need{NeedReport, NeedReason, NeedSent},
		Label: "Record that it was accepted", Done: "Accepted by the parent group", Event: EventAcceptedByParent},
	{Command: DoSendBack, From: []State{Dispatched, DispatchedInPart}, To: Closed, Who: []Capacity{AsSecretary, AsChair},
		Needs: []Need{NeedReport, NeedReason, NeedSent},
		Label: "Record that it was returned", Done: "Returned by the parent group", Event: EventReturnedByParent},
	{Command: DoTest, From: []State{InReview, InCorrespondence, Approved, Dispatching, Dispatched, DispatchedInPart}, Stays: true, Who: []Capacity{AsChair, AsViceChair, AsSecretary, AsEditor, AsDrafter},
		Needs: []Need{NeedAddressee},
		Label: "Send it to me as a test", Done: "Test message asked for", Event: EventTested},
	{Command: DoLinkReply, From: []State{Dispatching, Dispatched, DispatchedInPart, Closed, Withdrawn}, Stays: true, Who: []Capacity{AsSecretary, AsChair, AsViceChair},
		Needs: []Need{NeedReason, NeedReply, NeedEvidence},
		Label: "Link a reply", Done: "Reply linked", Event: EventReplyLinked},
	{Command: DoMarkInterim, From: []State{Closed}, To: Dispatched, Who: []Capacity{AsSecretary, AsChair, AsViceChair},
		Needs: []Need{NeedReason, NeedReply, NeedEvidence, NeedReopened, NeedAllAccepted},
		Label: "Mark as an interim reply", Done: "Marked as an interim reply, which opens the statement again", Event: EventReplyInterim},
	{Command: DoMarkInterim, From: []State{Closed}, To: DispatchedInPart, Who: []Capacity{AsSecretary, AsChair, AsViceChair},
		Needs: []Need{NeedReason, NeedReply, NeedEvidence, NeedReopened, NeedSomeFailed},
		Label: "Mark as an interim reply", Done: "Marked as an interim reply, which opens the statement again", Event: EventReplyInterim},
	{Command: DoMarkInterim, From: []State{Dispatching, Dispatched, DispatchedInPart, Closed, Withdrawn}, Stays: true, Who: []Capacity{AsSecretary, AsChair, AsViceChair},
		Needs: []Need{NeedReason, NeedReply, NeedEvidence},
		Label: "Mark as an interim reply", Done: "Marked as an interim reply", Event: EventReplyInterim},
	{Command: DoUnlinkReply, From: []State{Closed}, To: Dispatched, Who: []Capacity{AsSecretary, AsChair, AsViceChair},
		Needs: []Need{NeedReason, NeedReply, NeedEvidence, NeedReopened, NeedAllAccepted},
		Label: "It is no reply", Done: "Reply unlinked, which opens the statement again", Event: EventReplyUnlinked},
	{Command: DoUnlinkReply, From: []State{Closed}, To: DispatchedInPart, Who: []Capacity{AsSecretary, AsChair, AsViceChair},
		Needs: []Need{NeedReason, NeedReply, NeedEvidence, NeedReopened, NeedSomeFailed},
		Label: "It is no reply", Done: "Reply unlinked, which opens the statement again", Event: EventReplyUnlinked},
	{Command: DoUnlinkReply, From: []State{Dispatching, Dispatched, DispatchedInPart, Closed, Withdrawn}, Stays: true, Who: []Capacity{AsSecretary, AsChair, AsViceChair},
		Needs: []Need{NeedReason, NeedReply, NeedEvidence},
		Label: "It is no reply", Done: "Reply unlinked", Event: EventReplyUnlinked},
	{Command: DoGrantExtension, From: []State{Dispatching, Dispatched, DispatchedInPart}, Stays: true, Who: []Capacity{AsChair, AsSecretary},
		Needs: []Need{NeedReply},
		Label: "Grant another date", Done: "Another date granted", Event: EventReplyGranted},
	{Command: DoRefuseExtension, From: []State{Dispatching, Dispatched, DispatchedInPart}, Stays: true, Who: []Capacity{AsChair, AsSecretary},
		Needs: []Need{NeedReason, NeedReply},
		Label: "Refuse another date", Done: "Another date refused", Event: EventReplyRefused},
	{Command: DoWaive, From: []State{Dispatching, Dispatched, DispatchedInPart}, Stays: true, Who: []Capacity{AsChair},
		Needs: []Need{NeedReason, NeedReply},
		Label: "Waive the reply", Done: "Reply waived", Event: EventReplyWaived},
	{Command: DoRedirect, From: []State{Dispatching, Dispatched, DispatchedInPart}, Stays: true, Who: []Capacity{AsSecretary, AsChair},
		Needs: []Need{NeedReason, NeedReply},
		Label: "Note where it belongs", Done: "Redirected", Event: EventReplyRedirected},
	{Command: DoAwaitAgain, From: []State{Dispatching, Dispatched, DispatchedInPart}, Stays: true, Who: []Capacity{AsSecretary, AsChair},
		Needs: []Need{NeedReason, NeedReply},
		Label: "Await the reply again", Done: "Reply awaited again", Event: EventReplyExpected},
	{Command: DoAwaitAgain, From: []State{Closed}, To: Dispatched, Who: []Capacity{AsSecretary, AsChair},
		Needs: []Need{NeedReason, NeedReply, NeedReopened, NeedAllAccepted},
		Label: "Await the reply again", Done: "Reply awaited again, which opens the statement again", Event: EventReplyExpected},
	{Command: DoAwaitAgain, From: []State{Closed}, To: DispatchedInPart, Who: []Capacity{AsSecretary, AsChair},
		Needs: []Need{NeedReason, NeedReply, NeedReopened, NeedSomeFailed},
		Label: "Await the reply again", Done: "Reply awaited again, which opens the statement again", Event: EventReplyExpected},
	{Command: DoRemind, From: []State{Dispatching, Dispatched, DispatchedInPart}, Stays: true, Who: []Capacity{AsEngine},
		Needs: []Need{NeedDue},
		Label: "Remind", Done: "Replies that are due looked after", Event: EventReminded},

	// By correspondence; window.go says what it comes to.
	{Command: DoOpenWindow, From: []State{InReview}, To: InCorrespondence, Who: []Capacity{AsChair, AsViceChair, AsSecretary},
		Needs: []Need{NeedDigest, NeedStandIn, NeedUnbiased, NeedWindow, NeedComplete},
		Label: "Ask by correspondence", Done: "Up for objections, then for the chair to decide", Event: EventWindowOpened},
	{Command: DoOpenNoObjection, From: []State{InReview}, To: InCorrespondence, Who: []Capacity{AsChair, AsViceChair},
		Needs: []Need{NeedDigest, NeedEntitled, NeedStandIn, NeedUnbiased, NeedWindow, NeedComplete},
		Label: "Approve unless somebody objects", Done: "Up for objections, approved if there is none", Event: EventWindowOpened},
	{Command: DoObject, From: []State{InCorrespondence}, To: InReview, Who: mayObject,
		Needs: []Need{NeedReason, NeedOpened, NeedInTime},
		Label: "Object", Done: "Objected to", Event: EventObjected},
	{Command: DoObject, From: []State{InCorrespondence, Approved, Dispatching, Dispatched, DispatchedInPart, Closed}, Stays: true, Who: mayObject,
		Needs: []Need{NeedReason, NeedOpened, NeedLate},
		Label: "Object", Done: "Objected to when the window was over, which undoes nothing", Event: EventObjectedLate},
	{Command: DoNoObjection, From: []State{InCorrespondence}, Stays: true, Who: mayObject,
		Needs: []Need{NeedRunning},
		Label: "Say that there is no objection", Done: "No objection said", Event: EventNoObjection},
	{Command: DoComment, From: []State{InCorrespondence}, Stays: true, Who: mayObject,
		Needs: []Need{NeedReason, NeedRunning},
		Label: "Comment", Done: "Commented", Event: EventCommented},
	{Command: DoCancelWindow, From: []State{InCorrespondence}, To: InReview, Who: []Capacity{AsChair, AsViceChair, AsSecretary},
		Needs: []Need{NeedReason, NeedStandIn},
		Label: "Take the window back", Done: "Window taken back", Event: EventWindowCancelled},
	{Command: DoRemindWindow, From: []State{InCorrespondence}, Stays: true, Who: []Capacity{AsEngine},
		Needs: []Need{NeedRunning, NeedSilent},
		Label: "Remind of the window", Done: "Those reminded who have said nothing", Event: EventWindowClosing},
	{Command: DoEndWindow, From: []State{InCorrespondence}, To: Approved, Who: []Capacity{AsEngine},
		Needs: []Need{NeedOver, NeedUnopposed, NeedComplete},
		Label: "End the window", Done: "Approved by no objection", Event: EventApproved},
	{Command: DoEndWindow, From: []State{InCorrespondence}, Stays: true, Who: []Capacity{AsEngine},
		Needs: []Need{NeedOver, NeedUnended},
		Label: "End the window", Done: "Window over; the chair decides", Event: EventWindowEnded},
	// At a meeting (TSB Circular 72, Annex 2, item 9): tabled for it, and decided while it is in session.
	{Command: DoTable, From: []State{InReview}, To: Tabled, Who: []Capacity{AsSecretary, AsChair},
		Needs: []Need{NeedDigest, NeedMeeting},
		Label: "Table for a meeting", Done: "Tabled for a meeting", Event: EventTabled},
	{Command: DoApprove, From: []State{Tabled}, To: Approved, Who: []Capacity{AsChair, AsViceChair},
		Needs: []Need{NeedSession, NeedDigest, NeedEntitled, NeedStandIn, NeedUnbiased, NeedComplete},
		Label: "Approve", Done: "Approved", Event: EventApproved},
	{Command: DoApproveEdited, From: []State{Tabled}, To: Approved, Who: []Capacity{AsChair, AsViceChair},
		Needs: []Need{NeedSession, NeedDigest, NeedEntitled, NeedStandIn, NeedUnbiased, NeedEdited, NeedComplete},
		Label: "Approve with edits", Done: "Approved with edits", Event: EventApproved},
	{Command: DoEnterApproval, From: []State{Tabled}, To: Approved, Who: []Capacity{AsSecretary},
		Needs: []Need{NeedDigest, NeedGiven, NeedComplete},
		Label: "Enter what the meeting decided", Done: "Approval entered", Event: EventApproved},
	{Command: DoDefer, From: []State{Tabled}, To: InReview, Who: []Capacity{AsSecretary, AsChair, AsViceChair},
		Needs: []Need{NeedReason, NeedStandIn},
		Label: "Put off", Done: "Put off, and in review again", Event: EventPutOff},
	{Command: DoReturn, From: []State{Tabled}, To: Draft, Who: []Capacity{AsChair, AsViceChair},
		Needs: []Need{NeedSession, NeedDigest, NeedReason, NeedStandIn, NeedUnbiased},
		Label: "Return for changes", Done: "Returned for changes", Event: EventReturned},
	{Command: DoReject, From: []State{Tabled}, To: Rejected, Who: []Capacity{AsChair, AsViceChair},
		Needs: []Need{NeedSession, NeedDigest, NeedReason, NeedStandIn, NeedUnbiased},
		Label: "Reject", Done: "Rejected", Event: EventRejected},
	{Command: DoRecuse, From: []State{Tabled}, Stays: true, Who: []Capacity{AsChair, AsViceChair},
		Needs: []Need{NeedReason, NeedUndeclared},
		Label: "Declare an interest", Done: "Interest declared", Event: EventRecused},
	{Command: DoWithdraw, From: []State{Tabled}, To: Withdrawn, Who: []Capacity{AsDrafter, AsSecretary, AsChair},
		Needs: []Need{NeedReason},
		Label: "Withdraw", Done: "Withdrawn", Event: EventWithdrawn},
	{Command: DoTest, From: []State{Tabled}, Stays: true, Who: []Capacity{AsChair, AsViceChair, AsSecretary, AsEditor, AsDrafter},
		Needs: []Need{NeedAddressee},
		Label: "Send it to me as a test", Done: "Test message asked for", Event: EventTested},
}

// mayObject is who may object, and answer: whoever was asked, and everybody who holds an office of the group.
var mayObject = []Capacity{AsChair, AsViceChair, AsSecretary, AsEditor, AsConsulted}

// AboutMessages lists the commands about one message, with the states that it has to be in: what is unknown can be treated as
// sent, what certainly did not get through or may not have can be sent again as it is, of what nobody knows the body can be asked, what
// was refused or came back can be replaced by a copy, and what has not gone can be cancelled. The board's buttons follow it.
var AboutMessages = map[CommandKind][]TransmissionState{
	DoTreatAsSent: {TransmissionUnknown},
	DoSendAgain:   {TransmissionUnknown, TransmissionRefused},
	DoSendCopy:    {TransmissionRefused, TransmissionBounced},
	DoAskBody:     {TransmissionUnknown, TransmissionAssumed},
	DoCancel:      {TransmissionQueued, TransmissionDeferred},
}

// Sends reports whether the command releases messages to addressees.
func (k CommandKind) Sends() bool { return k == DoDispatch || k == DoSendAgain || k == DoSendCopy }

// Kinds lists every command once, in the order of the table.
func Kinds() []CommandKind {
	var out []CommandKind
	for _, r := range Table {
		if !slices.Contains(out, r.Command) {
			out = append(out, r.Command)
		}
	}
	return out
}

// rules returns the rows of a command.
func rules(kind CommandKind) []Rule {
	var out []Rule
	for _, r := range Table {
		if r.Command == kind {
			out = append(out, r)
		}
	}
	return out
}

// Requires reports whether the command has the condition in any of its rows, for a form that has to ask for it.
func (k CommandKind) Requires(n Need) bool {
	return slices.ContainsFunc(rules(k), func(r Rule) bool { return slices.Contains(r.Needs, n) })
}

// Who lists in which capacities somebody gives the command, from wherever.
func (k CommandKind) Who() []Capacity {
	var out []Capacity
	for _, r := range rules(k) {
		out = append(out, r.Who...)
	}
	return out
}

// Label is the command as it stands on a button, or "" for what is no command.
func (k CommandKind) Label() string {
	if rs := rules(k); len(rs) > 0 {
		return rs[0].Label
	}
	return ""
}
