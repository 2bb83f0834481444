package liaison

import (
	"slices"
	"time"
)

// TransmissionState is where one message to one recipient stands. "Accepted" is what its server said; it is never called
// delivered, because nobody told us so.
type TransmissionState string

// The states of a transmission.
const (
	TransmissionQueued     TransmissionState = "queued"
	TransmissionAttempting TransmissionState = "attempting"
	TransmissionAccepted   TransmissionState = "accepted"
	TransmissionRefused    TransmissionState = "refused"
	TransmissionDeferred   TransmissionState = "deferred"
	TransmissionUnknown    TransmissionState = "unknown"
	TransmissionCancelled  TransmissionState = "cancelled"
	TransmissionBounced    TransmissionState = "bounced"
	TransmissionAssumed    TransmissionState = "assumed"
)

// TransmissionStates lists every state with its label and meaning. The database's CHECK and the pages follow it.
var TransmissionStates = []struct {
	State   TransmissionState
	Label   string
	Meaning string
	Settled bool // nothing more will happen without a person
}{
	{TransmissionQueued, "Queued", "waits to be sent", false},
	{TransmissionAttempting, "Sending", "a connection to the server is open", false},
	{TransmissionAccepted, "Accepted by the server", "the server answered that it took the message over", true},
	{TransmissionRefused, "Refused", "the server refused it for good; a person has to look", true},
	{TransmissionDeferred, "Deferred", "the server asked to try later, or the message certainly did not reach it; tried again", false},
	{TransmissionUnknown, "Unknown", "the connection was lost after the whole message was handed over and before the answer; sent again only when it is proven not to have been taken over, or by a person", true},
	{TransmissionCancelled, "Cancelled", "taken back before anything was sent", true},
	{TransmissionBounced, "Bounced", "accepted by the server and later reported as not delivered; a person has to look", true},
	{TransmissionAssumed, "Treated as sent", "nobody knows whether the server took it over; a person decided to treat it as sent", true},
}

// Label is the state in words.
func (s TransmissionState) Label() string {
	for _, x := range TransmissionStates {
		if x.State == s {
			return x.Label
		}
	}
	return string(s)
}

// Settled reports whether nothing more will happen to the transmission without a person.
func (s TransmissionState) Settled() bool {
	for _, x := range TransmissionStates {
		if x.State == s {
			return x.Settled
		}
	}
	return false
}

// underway reports whether something will happen to it by itself.
func (s TransmissionState) underway() bool { return !s.Settled() }

// sent reports whether the message counts as sent: a server took it over, or a person answers for it.
func (s TransmissionState) sent() bool { return s == TransmissionAccepted || s == TransmissionAssumed }

// transmissionMoves says which state may follow which. Unknown is left by evidence: an answer that came late, our own copy,
// a report; by proof that the message was not taken over (see [Settling]); or by a person's word. A deferred message may
// turn out to have been accepted after all, by what comes in about an attempt that was in doubt, or be in doubt again, by
// what somebody links to it. Accepted is left only by
// the report of a mail system that the message could not be delivered, refused only by a person who has it sent again.
var transmissionMoves = map[TransmissionState][]TransmissionState{
	TransmissionQueued:     {TransmissionAttempting, TransmissionCancelled},
	TransmissionDeferred:   {TransmissionAttempting, TransmissionCancelled, TransmissionRefused, TransmissionAccepted, TransmissionUnknown},
	TransmissionAttempting: {TransmissionAccepted, TransmissionRefused, TransmissionDeferred, TransmissionUnknown},
	TransmissionUnknown:    {TransmissionAccepted, TransmissionRefused, TransmissionDeferred, TransmissionAssumed},
	TransmissionAssumed:    {TransmissionAccepted, TransmissionRefused},
	TransmissionRefused:    {TransmissionDeferred},
	TransmissionAccepted:   {TransmissionBounced},
}

// May reports whether the transmission may move from s to next.
func (s TransmissionState) May(next TransmissionState) bool {
	return slices.Contains(transmissionMoves[s], next)
}

// Stage is how far an SMTP transaction had come when it ended. It decides what is certain (RFC 5321, 4.2.5; RFC 1047).
type Stage string

// The stages, in order. Before the final dot is written nothing can have been accepted; after it only a reply tells.
const (
	StageConnect Stage = "connect" // dial, banner, EHLO, STARTTLS, AUTH
	StageMail    Stage = "mail"
	StageRcpt    Stage = "rcpt"
	StageData    Stage = "data" // the command and the bytes before the final dot
	StageDot     Stage = "dot"  // the final dot was written
)

// Stages lists every stage, as the database's CHECK does.
var Stages = []Stage{StageConnect, StageMail, StageRcpt, StageData, StageDot}

// Classify says what is known of an attempt that ended at stage with the server's reply code,
// 0 when there was no reply.
//
// A permanent refusal before RCPT is about us (our relay, our credentials, our sender), not about the recipient: the
// message is deferred for the operator to put right, and no addressee is blamed for it.
func Classify(stage Stage, code int) TransmissionState {
	switch {
	case code/100 == 2 && stage == StageDot:
		return TransmissionAccepted
	case stage == StageDot && code/100 != 4 && code/100 != 5: // no reply, or one that makes no sense here
		return TransmissionUnknown
	case code/100 == 5 && (stage == StageRcpt || stage == StageData || stage == StageDot):
		return TransmissionRefused
	default:
		return TransmissionDeferred
	}
}

// Retry says when a deferred message is tried again: after Delays[n-1] behind the nth attempt, the last one from then
// on, until GiveUp has passed since the message was queued (RFC 5321, 4.5.4.1: at least 30 minutes apart, four to five
// days).
type Retry struct {
	Delays []time.Duration
	GiveUp time.Duration
}

// After returns how long to wait behind the nth attempt of a message that was queued age ago; false means to give up.
func (r Retry) After(n int, age time.Duration) (time.Duration, bool) {
	if len(r.Delays) == 0 || n < 1 || age >= r.GiveUp {
		return 0, false
	}
	return r.Delays[min(n, len(r.Delays))-1], true
}
