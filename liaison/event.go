package liaison

import "time"

// EventKind is what happened.
type EventKind string

// The kinds of event.
const (
	EventDrafted          EventKind = "drafted"
	EventEdited           EventKind = "edited"
	EventSubmitted        EventKind = "submitted"
	EventReturned         EventKind = "returned"
	EventApproved         EventKind = "approved"
	EventRejected         EventKind = "rejected"
	EventWithdrawn        EventKind = "withdrawn"
	EventDispatching      EventKind = "dispatching"
	EventSealed           EventKind = "sealed"
	EventAttempted        EventKind = "attempted"
	EventAccepted         EventKind = "accepted"
	EventRefused          EventKind = "refused"
	EventDeferred         EventKind = "deferred"
	EventUnknown          EventKind = "unknown"
	EventCancelled        EventKind = "cancelled"
	EventDispatched       EventKind = "dispatched"
	EventDispatchedInPart EventKind = "dispatched-in-part"
	EventClosed           EventKind = "closed"

	// What was settled about a message, or decided by a person; see [Settling].
	EventAbsent       EventKind = "absent"
	EventAssumed      EventKind = "assumed"
	EventArrivalAsked EventKind = "arrival-asked"
	EventSentAgain    EventKind = "sent-again"
	EventCopied       EventKind = "copied"
	EventHeld         EventKind = "held"

	// What happens to an approved statement before it leaves; see amend.go.
	EventReopened EventKind = "reopened"
	EventAmended  EventKind = "amended"

	EventUnsettled EventKind = "unsettled" // nothing settles the outcome of a message by itself: a person has to
	EventTested    EventKind = "tested"

	// Sending through a relay or to a body. Who pauses it is a person, or the engine when the relay refuses us; only then is
	// there a statement, that of the message which it refused.
	EventPaused  EventKind = "paused"
	EventResumed EventKind = "resumed"

	// What became known of a message after its server took it over; each is a [Fact] of the same name.
	EventWitnessed    EventKind = "witnessed"
	EventDelayed      EventKind = "delayed"
	EventRelayed      EventKind = "relayed"
	EventDelivered    EventKind = "delivered"
	EventBounced      EventKind = "bounced"
	EventDisplayed    EventKind = "displayed"
	EventAutoReplied  EventKind = "auto-replied"
	EventReplied      EventKind = "replied"
	EventAcknowledged EventKind = "acknowledged"

	// What an addressee says on the page that its message links to; each is a [ResponseKind] of the same name.
	EventMisdirected    EventKind = "misdirected"
	EventExtensionAsked EventKind = "extension-asked"
	EventDeclined       EventKind = "declined"

	// What happens to the reply of one addressee; each is named by a row of [ReplyTable].
	EventReplyAwaited    EventKind = "reply-awaited"
	EventReplyLinked     EventKind = "reply-linked"
	EventReplyInterim    EventKind = "reply-interim"
	EventReplyUnlinked   EventKind = "reply-unlinked"
	EventReplyAsked      EventKind = "reply-asked"
	EventReplyGranted    EventKind = "extension-granted"
	EventReplyRefused    EventKind = "extension-refused"
	EventReplyDeclined   EventKind = "reply-declined"
	EventReplyRedirected EventKind = "reply-redirected"
	EventReplyExpected   EventKind = "reply-expected"
	EventReplyWaived     EventKind = "reply-waived"
	EventReplyOverdue    EventKind = "reply-overdue"
	EventReplyMissing    EventKind = "reply-missing"
	EventReplyTakenBack  EventKind = "reply-taken-back"
	EventReminded        EventKind = "reminded"
	EventRemindedDue     EventKind = "reminded-due"
	EventRemindedOverdue EventKind = "reminded-overdue"
	EventBodyProfile     EventKind = "body-profile" // how a body is reached was entered or changed; about no statement
	EventBodyAdded       EventKind = "body-added"
	// A decision waits too long: an office is told, as the profile says; see [Snapshot.Escalation].
	EventWaitsChair       EventKind = "waits-chair"
	EventWaitsDeputy      EventKind = "waits-vice-chair"
	EventWaitsSecretariat EventKind = "waits-secretary"

	// An absence or a delegation begins while a decision waits: who stands in is told; see [Snapshot.LeftToDeputy].
	EventLeftToDeputy EventKind = "left-to-vice-chair"

	// What happens while a statement is up for objections; see window.go.
	EventWindowOpened    EventKind = "window-opened"
	EventWindowClosing   EventKind = "window-closing"
	EventWindowEnded     EventKind = "window-ended"
	EventWindowCancelled EventKind = "window-cancelled"
	EventObjected        EventKind = "objected"
	EventObjectedLate    EventKind = "objected-late"
	EventNoObjection     EventKind = "no-objection"
	EventCommented       EventKind = "commented"

	EventRecused         EventKind = "recused"
	EventAbsenceRecorded EventKind = "absence-recorded" // or a delegation; about a group and no statement
	EventAbsenceEnded    EventKind = "absence-ended"

	EventEmployerRecorded EventKind = "employer-recorded" // of an officer; about a group and no statement
	EventEmployerEnded    EventKind = "employer-ended"

	EventLinkRevoked EventKind = "link-revoked"
	EventLinked      EventKind = "linked" // a person said what an inbound message is about

	// What the parent group did with a progress report; see [ReportOutcomes].
	EventPresented        EventKind = "presented"
	EventNoted            EventKind = "noted"
	EventAcceptedByParent EventKind = "accepted-by-parent"
	EventReturnedByParent EventKind = "returned-by-parent"

	EventProposalAnswered EventKind = "proposal-answered"
	EventReportDue        EventKind = "report-due"
	EventReportMissed     EventKind = "report-missed"

	// The day by which a report is due has passed: an office is told, as the profile says; see [ReportRules.Reminders].
	EventReportLateChair       EventKind = "report-late-chair"
	EventReportLateDeputy      EventKind = "report-late-vice-chair"
	EventReportLateSecretariat EventKind = "report-late-secretary"

	// At a meeting, and what happens to a meeting, which is about no statement; see meeting.go.
	EventTabled           EventKind = "tabled"
	EventPutOff           EventKind = "put-off"
	EventMeetingUnclosed  EventKind = "meeting-unclosed" // of a statement that hangs on it; see [Meeting.Unclosed]
	EventMeetingEntered   EventKind = "meeting-entered"
	EventMeetingChanged   EventKind = "meeting-changed"
	EventMeetingOpened    EventKind = "meeting-opened"
	EventMeetingClosed    EventKind = "meeting-closed"
	EventMeetingCancelled EventKind = "meeting-cancelled"
)

// Events lists every kind with the words that the history uses, and who reads it.
var Events = []struct {
	Kind   EventKind
	Label  string
	Public bool // readers outside the group see it in the history of a statement that has left, and have its leaf
}{
	{EventDrafted, "Drafted", false},
	{EventEdited, "Draft saved", false},
	{EventSubmitted, "Submitted for approval", false},
	{EventReturned, "Returned for changes", false},
	{EventApproved, "Approved", true},
	{EventRejected, "Rejected", false},
	{EventWithdrawn, "Withdrawn", false},
	{EventDispatching, "Dispatch begun", true},
	{EventSealed, "Message sealed", true},
	{EventAttempted, "Message handed to the relay", true},
	{EventAccepted, "Accepted by the server", true},
	{EventRefused, "Refused by the server", true},
	{EventDeferred, "Deferred", true},
	{EventUnknown, "Outcome unknown", true},
	{EventCancelled, "Message cancelled", true},
	{EventDispatched, "Dispatched", true},
	{EventDispatchedInPart, "Dispatched in part", true},
	{EventClosed, "Closed", true},
	{EventAbsent, "Proven not taken over: no copy came back although test messages did", true},
	{EventAssumed, "Treated as sent, on a person's word", true},
	{EventArrivalAsked, "Body asked whether the message arrived", true},
	{EventSentAgain, "Sent again, on a person's word", true},
	{EventCopied, "Copy sent in place of a message that did not get through", true},
	{EventHeld, "Dispatch held", true},
	{EventReopened, "Taken back for changes; the approval is void", true},
	{EventAmended, "Corrected editorially, under the same approval", true},
	{EventUnsettled, "Outcome left for a person to settle", true},
	{EventTested, "Test message asked for", false},
	{EventPaused, "Sending paused", false},
	{EventResumed, "Sending resumed", false},
	{EventWitnessed, "Our own copy arrived", true},
	{EventDelayed, "Reported as delayed", true},
	{EventRelayed, "Reported as passed on to a server that sends no reports", true},
	{EventDelivered, "Reported as delivered", true},
	{EventBounced, "Bounced", true},
	{EventDisplayed, "Reported as displayed", true},
	{EventAutoReplied, "Automatic reply received", true},
	{EventReplied, "Reply received", true},
	{EventAcknowledged, "Acknowledged", true},
	{EventMisdirected, "Reported as misdirected", true},
	{EventExtensionAsked, "Another date asked for", true},
	{EventDeclined, "Declined", true},
	{EventReplyAwaited, "Reply awaited", true},
	{EventReplyLinked, "Reply counted", true},
	{EventReplyInterim, "Interim reply noted", true},
	{EventReplyUnlinked, "Reply not counted any more", true},
	{EventReplyAsked, "Another date noted as asked for", true},
	{EventReplyGranted, "Another date granted", true},
	{EventReplyRefused, "Another date refused", true},
	{EventReplyDeclined, "Reply not awaited any more: declined", true},
	{EventReplyRedirected, "Reply awaited from elsewhere", true},
	{EventReplyExpected, "Reply awaited again", true},
	{EventReplyWaived, "Reply waived", true},
	{EventReplyOverdue, "Reply overdue", true},
	{EventReplyMissing, "Closed without a reply", true},
	{EventReplyTakenBack, "Reply not awaited: nothing was sent", true},
	{EventReminded, "Replies that are due looked after", true},
	{EventRemindedDue, "Addressees reminded of the reply that is due", true},
	{EventRemindedOverdue, "Addressees told that the reply is overdue", true},
	{EventBodyProfile, "Profile of a body changed", false},
	{EventBodyAdded, "Body added to the address book", false},
	{EventWaitsChair, "Waits for a decision: the chair told", false},
	{EventWaitsDeputy, "Waits for a decision: the vice-chair told", false},
	{EventWaitsSecretariat, "Waits for a decision: the secretariat told", false},
	{EventLeftToDeputy, "Left to a vice-chair, who is told that it waits", false},
	{EventWindowOpened, "Put up for objections", false},
	{EventWindowClosing, "Window for objections: those reminded who have said nothing", false},
	{EventWindowEnded, "Window for objections over; the chair decides", false},
	{EventWindowCancelled, "Window for objections taken back", false},
	{EventObjected, "Objected to; in review again", false},
	{EventObjectedLate, "Objected to when the window was over; undoes nothing", false},
	{EventNoObjection, "No objection said", false},
	{EventCommented, "Commented", false},
	{EventRecused, "Interest declared", false},
	{EventAbsenceRecorded, "Absence or delegation recorded", false},
	{EventAbsenceEnded, "Absence or delegation ended early", false},
	{EventEmployerRecorded, "Employer of an officer recorded", false},
	{EventEmployerEnded, "Employer of an officer ended", false},
	{EventLinkRevoked, "Addressee's link revoked", true},
	{EventLinked, "Inbound message linked", true},
	{EventPresented, "Presented to the parent group", true},
	{EventNoted, "Noted by the parent group", true},
	{EventAcceptedByParent, "Accepted by the parent group", true},
	{EventReturnedByParent, "Returned by the parent group", true},
	{EventProposalAnswered, "Proposal answered", true},
	{EventReportDue, "Reminded of the day by which it is due", true},
	{EventReportMissed, "The meeting that it was due for closed without it", true},
	{EventReportLateChair, "Not there on the day by which it is due: the chair told", false},
	{EventReportLateDeputy, "Not there on the day by which it is due: the vice-chair told", false},
	{EventReportLateSecretariat, "Not there on the day by which it is due: the secretariat told", false},

	{EventTabled, "Tabled for a meeting", false},
	{EventPutOff, "Put off, and in review again", false},
	{EventMeetingUnclosed, "The days of the meeting are over and it is not closed: the secretariat told", false},
	{EventMeetingEntered, "Meeting entered", false},
	{EventMeetingChanged, "Meeting changed", false},
	{EventMeetingOpened, "Meeting opened", false},
	{EventMeetingClosed, "Meeting closed", false},
	{EventMeetingCancelled, "Meeting cancelled", false},
}

// Public reports whether readers outside the group see the entry in the history of a statement that has left: from the approval on.
func (k EventKind) Public() bool {
	for _, x := range Events {
		if x.Kind == k {
			return x.Public
		}
	}
	return false
}

// Label is the kind in words.
func (k EventKind) Label() string {
	for _, x := range Events {
		if x.Kind == k {
			return x.Label
		}
	}
	return string(k)
}

// Event is one thing that happened, as it goes into the history and, leaf by leaf, into the audit log.
//
// The audit tag decides for every field what the log says of it: "keep" stands in the leaf as it is, "commit" only as a
// salted commitment (names, addresses, free text: erasable without breaking the log), "omit" not at all. A field without
// a tag stops the program at start.
type Event struct {
	ID        EventID     `audit:"keep"`
	Kind      EventKind   `audit:"keep"`
	At        time.Time   `audit:"keep"`
	Statement StatementID `audit:"keep"`
	Version   int         `audit:"keep"` // of the statement after this event; unchanged by events that move no state
	Command   CommandID   `audit:"keep"`
	Actor     PersonID    `audit:"keep"` // a pseudonym: the person behind it is in a table of its own
	Acting    Capacity    `audit:"keep"`
	Drafted   bool        `audit:"keep"` // the actor was also a drafter
	From      State       `audit:"keep"`
	To        State       `audit:"keep"`
	Revision  int         `audit:"keep"`
	Digest    Digest      `audit:"keep"` // of the revision; of the working draft's bytes for an edit; of a response's for what an addressee says
	Ref       string      `audit:"keep"` // the number given
	Reason    string      `audit:"commit"`

	Transmission  TransmissionID `audit:"keep"`
	Letter        Letter         `audit:"keep"`
	Body          Code           `audit:"keep"`
	Recipient     string         `audit:"commit"` // address
	MessageID     string         `audit:"commit"`
	MessageDigest Digest         `audit:"keep"` // of the exact bytes of the message
	Attempt       int            `audit:"keep"`
	Stage         Stage          `audit:"keep"`
	Code          int            `audit:"keep"`   // the server's reply code, 0 for none
	Reply         string         `audit:"commit"` // the server's words: they can hold addresses
	Relay         string         `audit:"omit"`   // our own configuration

	Amends       Digest       `audit:"keep"`   // of the revision that an editorial correction changed, or that was tabled where a meeting approved it with edits; Digest is of what it became
	Changed      string       `audit:"keep"`   // the fields that it changed, by their names in [Content], with spaces between
	ReplyFrom    ReplyState   `audit:"keep"`   // where the reply of the addressee stood
	ReplyTo      ReplyState   `audit:"keep"`   // where it stands after this
	Due          Date         `audit:"keep"`   // the date in force after this, by which that reply is awaited
	Asked        Date         `audit:"keep"`   // the other date that was asked for, or granted or refused
	Mode         ApprovalMode `audit:"keep"`   // how it was approved
	For          PersonID     `audit:"keep"`   // on whose word, where the actor only entered it; whose absence or delegation it is
	ForAs        Capacity     `audit:"keep"`   // in which capacity that person gave it
	Stands       AbsenceID    `audit:"keep"`   // the absence or delegation that it is about, or by which a vice-chair acted
	Deputy       PersonID     `audit:"keep"`   // to whom is delegated
	On           Date         `audit:"keep"`   // the day of an approval, in the group's zone; the first day of an absence, an employment or a meeting
	Until        Date         `audit:"keep"`   // the last day of an absence, an employment or a meeting
	Meeting      MeetingID    `audit:"keep"`   // at which it was decided, or that it was tabled for; that it is about
	Item         int          `audit:"keep"`   // of its agenda
	Evidence     string       `audit:"commit"` // reference to what shows it, or to the minutes
	EvidenceFile Digest       `audit:"keep"`   // of the file that shows it

	Window    WindowID         `audit:"keep"`   // for objections, that it is about or by which it was approved
	People    string           `audit:"keep"`   // who was asked, by their ids with spaces between
	Rules     string           `audit:"keep"`   // the version of the profile under which a window was opened
	Named     string           `audit:"commit"` // who said it, of somebody who is not in the register
	Consulted ConsultationKind `audit:"keep"`   // how the management team was, before a decision between meetings
	Reference string           `audit:"commit"` // to what shows that
}
