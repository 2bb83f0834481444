package liaison

import (
	"slices"
	"time"
)

// Letter is a kind of message that the engine sends. Each has one struct in package mail, and a template or the common one.
type Letter string

// The letters.
const (
	LetterStatement Letter = "statement" // the statement itself, one to each addressee
	LetterTest      Letter = "test"      // the same, marked as a test, to who asked for it
	LetterDigest    Letter = "digest"    // a day's notices in one

	LetterReview    Letter = "review-requested"
	LetterReturned  Letter = "returned"
	LetterRejected  Letter = "rejected"
	LetterApproved  Letter = "approved"
	LetterWaiting   Letter = "decision-waiting"
	LetterSent      Letter = "dispatched"
	LetterRefused   Letter = "refused"
	LetterBounced   Letter = "bounced"
	LetterUnknown   Letter = "unknown-outcome"
	LetterRelayHeld Letter = "relay-held"
	LetterVoided    Letter = "approval-void"
	LetterAmended   Letter = "amended"

	LetterAcknowledged   Letter = "acknowledged"
	LetterReplied        Letter = "replied"
	LetterMisdirected    Letter = "misdirected"
	LetterExtensionAsked Letter = "extension-asked"
	LetterDeclined       Letter = "declined"

	LetterReplyDue         Letter = "reply-due"         // to an addressee whose reply is awaited, and to who waits for it
	LetterOverdue          Letter = "overdue"           // the same after the date
	LetterExtensionGranted Letter = "extension-granted" // to the addressee that asked
	LetterExtensionRefused Letter = "extension-refused"
	LetterArrivalAsked     Letter = "arrival-asked" // to an addressee of whose message nobody knows whether it arrived
	LetterWindowOpened     Letter = "correspondence-opened"
	LetterWindowClosing    Letter = "correspondence-closing"
	LetterWindowClosed     Letter = "correspondence-closed"
	LetterObjectedLate     Letter = "objected-late"
	LetterReportDue        Letter = "report-due"
	LetterReportMissed     Letter = "report-missed"
	LetterReportLate       Letter = "report-late"
	LetterReportSubmitted  Letter = "report-submitted"
	LetterReportPresented  Letter = "report-presented"
	LetterProposalAnswered Letter = "proposal-answered"

	LetterTabled Letter = "tabled"
	LetterPutOff Letter = "put-off"

	LetterMeetingUnclosed Letter = "meeting-unclosed"
)

// Correspondence lists every letter, as the database's CHECK does, with its label and when it goes out. A person chooses for
// each that may wait whether it comes at once or in the day's digest.
var Correspondence = []struct {
	Letter  Letter
	Label   string
	When    string
	MayWait bool
}{
	{LetterStatement, "The statement", "it is dispatched; one to each addressee", false},
	{LetterReview, "Review requested", "a statement waits for your decision", true},
	{LetterReturned, "Returned", "a statement that you drafted came back for changes", true},
	{LetterRejected, "Rejected", "a statement that you drafted was rejected", true},
	{LetterSent, "Dispatched, for your records", "a statement was dispatched, with what each server answered", true},
	{LetterVoided, "Approval void", "an approved statement was taken back for changes", true},
	{LetterAmended, "Corrected editorially", "an approved statement was corrected under the same approval", true},
	{LetterTest, "Test of the statement", "you ask for it, to see it in your own mailbox", false},
	{LetterDigest, "Digest", "the hour of your day comes and notices wait", false},
	{LetterApproved, "Approved", "a statement was approved and numbered", true},
	{LetterWaiting, "Waits for a decision", "a statement has waited long for its decision", true},
	{LetterRefused, "Refused", "a server refused a message for good", true},
	{LetterBounced, "Bounced", "a message came back after its server had taken it over", true},
	{LetterUnknown, "Outcome unknown", "nobody can find out by itself whether an addressee has a message", true},
	{LetterRelayHeld, "Sending paused", "the relay takes nothing from us any more", false},
	{LetterAcknowledged, "Acknowledged", "an addressee says that a statement was received", true},
	{LetterReplied, "Reply received", "an addressee replied", true},
	{LetterMisdirected, "Misdirected", "an addressee says that a statement is for somebody else", true},
	{LetterExtensionAsked, "Another date asked for", "an addressee asks for more time", true},
	{LetterDeclined, "Declined", "an addressee will not do what it is asked", true},
	{LetterReplyDue, "Reply due", "the date of a reply comes near; to the addressee, and to who waits for it", true},
	{LetterOverdue, "Reply overdue", "the date of a reply has passed; to the addressee, and to who waits for it", true},
	{LetterExtensionGranted, "Another date granted", "an addressee gets the date that it asked for, or another one", false},
	{LetterExtensionRefused, "Another date refused", "an addressee does not get the date that it asked for", false},
	{LetterArrivalAsked, "Asked whether it arrived", "nobody can find out whether a message reached an addressee, and the secretariat asks it", false},
	{LetterWindowOpened, "Asked by correspondence", "you are asked whether you object to a statement", true},
	{LetterWindowClosing, "Days left to object", "the last day for objections comes near and you have said nothing", true},
	{LetterWindowClosed, "Correspondence over", "the time for objections is over, or was ended before", true},
	{LetterObjectedLate, "Late objection", "somebody objects when the time for objections is over", true},
	{LetterReportDue, "Progress report due", "a progress report is to be posted within days", true},
	{LetterReportLate, "Progress report overdue", "the day has passed by which a progress report is due", true},
	{LetterReportMissed, "Progress report missed", "a meeting closed without the progress report that was due for it", true},
	{LetterReportSubmitted, "Progress report sent", "a progress report is with the parent group", true},
	{LetterReportPresented, "Progress report presented", "the parent group took a progress report up", true},
	{LetterProposalAnswered, "Proposal answered", "a study group answered a proposal of a progress report", true},

	{LetterTabled, "Tabled", "a statement is on the agenda of a meeting, for decision", true},
	{LetterPutOff, "Put off", "a meeting puts off its decision on a statement", true},
	{LetterMeetingUnclosed, "Meeting not closed", "the days of a meeting are over, statements hang on it, and nobody closed it", true},
}

// Letters lists every kind.
var Letters = func() []Letter {
	var out []Letter
	for _, x := range Correspondence {
		out = append(out, x.Letter)
	}
	return out
}()

// Label is the letter in words.
func (l Letter) Label() string {
	for _, x := range Correspondence {
		if x.Letter == l {
			return x.Label
		}
	}
	return string(l)
}

// MayWait reports whether a person may have the letter in a daily digest instead of at once.
func (l Letter) MayWait() bool {
	for _, x := range Correspondence {
		if x.Letter == l {
			return x.MayWait
		}
	}
	return false
}

// Watched reports whether persons are told of what becomes of the letter: it went to an addressee, and somebody waits to hear.
func (l Letter) Watched() bool { return l == LetterStatement || l == LetterArrivalAsked }

// Readership is who of a statement's group a letter goes to.
type Readership string

// The readerships.
const (
	TheChair       Readership = "chair"
	WhoDecides     Readership = "who decides today" // the chair, and a vice-chair who stands in
	TheStandIn     Readership = "vice-chair who stands in"
	TheSecretariat Readership = "secretariat"
	TheDeputy      Readership = "vice-chair"
	TheDrafter     Readership = "drafter" // who drafted it first
	TheApprover    Readership = "who approved"
	TheActor       Readership = "who did it" // and asked for the letter by that
	OnWhoseWord    Readership = "on whose word an approval was entered"

	TheConsulted Readership = "consulted" // who was asked by correspondence
	TheSilent    Readership = "consulted and silent"
)

// Notice is one row of the table of notices: an event, the letter that tells of it, and to whom.
type Notice struct {
	Event  EventKind
	Letter Letter
	To     []Readership
	Others bool          // who did it is not told
	Once   bool          // one for each message to an addressee, however often the event comes
	Of     StatementKind // of statements of this kind only; "" for all
	From   State         // of events that end this state only; "" for all
	Rest   bool          // nobody whom another row of the event tells
}

// Notices says who is told of what. Every event that is recorded is looked up here, in the transaction that records it; to
// have somebody told of another one, add a row. Events about a letter to a person are never looked up, so no notice leads to
// another one, whatever comes back to it (RFC 3834, 2).
var Notices = []Notice{
	{Event: EventSubmitted, Letter: LetterReview, To: []Readership{WhoDecides}},
	{Event: EventReturned, Letter: LetterReturned, To: []Readership{TheDrafter}},
	{Event: EventRejected, Letter: LetterRejected, To: []Readership{TheDrafter}},
	{Event: EventApproved, Letter: LetterApproved, To: []Readership{OnWhoseWord, TheChair, TheDrafter, TheSecretariat}, Others: true},
	{Event: EventReopened, Letter: LetterVoided, To: []Readership{TheApprover, TheChair, TheDrafter, TheSecretariat}},
	{Event: EventAmended, Letter: LetterAmended, To: []Readership{TheApprover, TheChair}},
	{Event: EventWaitsChair, Letter: LetterWaiting, To: []Readership{TheChair}},
	{Event: EventWaitsDeputy, Letter: LetterWaiting, To: []Readership{TheDeputy}},
	{Event: EventWaitsSecretariat, Letter: LetterWaiting, To: []Readership{TheSecretariat}},
	{Event: EventLeftToDeputy, Letter: LetterWaiting, To: []Readership{TheStandIn}},
	{Event: EventWindowOpened, Letter: LetterWindowOpened, To: []Readership{TheConsulted}, Others: true},
	{Event: EventWindowClosing, Letter: LetterWindowClosing, To: []Readership{TheSilent}},
	{Event: EventWindowEnded, Letter: LetterWindowClosed, To: []Readership{WhoDecides, TheDrafter, TheSecretariat}},
	{Event: EventObjected, Letter: LetterWindowClosed, To: []Readership{TheConsulted, TheChair, TheDrafter, TheSecretariat}, Others: true},
	{Event: EventWindowCancelled, Letter: LetterWindowClosed, To: []Readership{TheConsulted, TheChair, TheDrafter, TheSecretariat}, Others: true},
	{Event: EventReturned, From: InCorrespondence, Letter: LetterWindowClosed, To: []Readership{TheConsulted}, Others: true, Rest: true},
	{Event: EventRejected, From: InCorrespondence, Letter: LetterWindowClosed, To: []Readership{TheConsulted}, Others: true, Rest: true},
	{Event: EventWithdrawn, From: InCorrespondence, Letter: LetterWindowClosed, To: []Readership{TheConsulted}, Others: true, Rest: true},
	{Event: EventApproved, From: InCorrespondence, Letter: LetterWindowClosed, To: []Readership{TheConsulted}, Others: true, Rest: true},
	{Event: EventObjectedLate, Letter: LetterObjectedLate, To: []Readership{TheChair, TheApprover, TheSecretariat}, Others: true},
	{Event: EventTested, Letter: LetterTest, To: []Readership{TheActor}},
	{Event: EventDispatched, Letter: LetterSent, To: []Readership{TheDrafter, TheSecretariat}},
	{Event: EventDispatchedInPart, Letter: LetterSent, To: []Readership{TheDrafter, TheSecretariat}},
	{Event: EventRefused, Letter: LetterRefused, To: []Readership{TheSecretariat}},
	{Event: EventUnsettled, Letter: LetterUnknown, To: []Readership{TheSecretariat}, Once: true},
	{Event: EventBounced, Letter: LetterBounced, To: []Readership{TheSecretariat}, Once: true},
	{Event: EventPaused, Letter: LetterRelayHeld, To: []Readership{TheSecretariat}},
	{Event: EventAcknowledged, Letter: LetterAcknowledged, To: []Readership{TheDrafter, TheSecretariat}},
	{Event: EventReplied, Letter: LetterReplied, To: []Readership{TheDrafter, TheSecretariat}},
	{Event: EventMisdirected, Letter: LetterMisdirected, To: []Readership{TheDrafter, TheSecretariat}},
	{Event: EventExtensionAsked, Letter: LetterExtensionAsked, To: []Readership{TheDrafter, TheSecretariat}},
	{Event: EventDeclined, Letter: LetterDeclined, To: []Readership{TheDrafter, TheSecretariat}},
	{Event: EventRemindedDue, Letter: LetterReplyDue, To: []Readership{TheDrafter, TheSecretariat}},
	{Event: EventRemindedOverdue, Letter: LetterOverdue, To: []Readership{TheDrafter, TheSecretariat}},
	{Event: EventReportDue, Letter: LetterReportDue, To: []Readership{TheChair, TheSecretariat, TheDrafter}},
	{Event: EventReportLateChair, Letter: LetterReportLate, To: []Readership{TheChair}},
	{Event: EventReportLateDeputy, Letter: LetterReportLate, To: []Readership{TheDeputy}},
	{Event: EventReportLateSecretariat, Letter: LetterReportLate, To: []Readership{TheSecretariat}},
	{Event: EventReportMissed, Letter: LetterReportMissed, To: []Readership{TheChair, TheSecretariat, TheDrafter}},
	{Event: EventDispatched, Letter: LetterReportSubmitted, To: []Readership{TheChair}, Of: ProgressReport},
	{Event: EventDispatchedInPart, Letter: LetterReportSubmitted, To: []Readership{TheChair}, Of: ProgressReport},
	{Event: EventPresented, Letter: LetterReportPresented, To: []Readership{TheChair, TheDrafter, TheSecretariat}, Others: true},
	{Event: EventNoted, Letter: LetterReportPresented, To: []Readership{TheChair, TheDrafter, TheSecretariat}, Others: true},
	{Event: EventAcceptedByParent, Letter: LetterReportPresented, To: []Readership{TheChair, TheDrafter, TheSecretariat}, Others: true},
	{Event: EventReturnedByParent, Letter: LetterReportPresented, To: []Readership{TheChair, TheDrafter, TheSecretariat}, Others: true},
	{Event: EventProposalAnswered, Letter: LetterProposalAnswered, To: []Readership{TheChair, TheSecretariat}, Others: true},

	{Event: EventTabled, Letter: LetterTabled, To: []Readership{TheDrafter, WhoDecides}, Others: true},
	{Event: EventPutOff, Letter: LetterPutOff, To: []Readership{TheDrafter, TheSecretariat}, Others: true},
	{Event: EventMeetingUnclosed, Letter: LetterMeetingUnclosed, To: []Readership{TheSecretariat}},
}

// AtOncePerDay is how many letters of one kind about one message a person gets at once within a day; what goes beyond waits
// for the digest. Whoever has an addressee's link or address can make events, and shall not be able to fill mailboxes.
const AtOncePerDay = 5

// NoticesOn lists the rows of an event.
func NoticesOn(kind EventKind) []Notice {
	var out []Notice
	for _, n := range Notices {
		if n.Event == kind {
			out = append(out, n)
		}
	}
	return out
}

// MayWait reports whether the person may have the row's letter about the event in a daily digest. What others entered in a person's
// name they are told at once, whatever they chose: only they know whether it is true.
func (n Notice) MayWait(e Event, p PersonID) bool { return n.Letter.MayWait() && e.For != p }

// Readers lists the persons whom the row's letter about the event goes to, each once: who holds the office today and has a
// mailbox, and nobody who may not read the statement.
func (n Notice) Readers(s Snapshot, e Event) []Person {
	var out []Person
	if n.Of != "" && n.Of != s.Content.Kind() || n.From != "" && n.From != e.From {
		return nil
	}
	var told []Person
	for _, other := range NoticesOn(e.Kind) {
		if n.Rest && !other.Rest {
			told = append(told, other.Readers(s, e)...)
		}
	}
	for _, to := range n.To {
		var people []Person
		switch to {
		case TheChair:
			people = s.InOffice(OfficeChair)
		case WhoDecides:
			people = s.Deciders()
		case TheStandIn:
			people = s.standInsBy(e.Stands)
		case TheDeputy:
			people = s.InOffice(OfficeViceChair)
		case TheSecretariat:
			people = s.InOffice(OfficeSecretary)
		case TheDrafter:
			people = []Person{s.DrafterPerson}
		case TheApprover:
			people = s.officer(s.ApprovedBy)
		case TheActor:
			people = s.insider(e.Actor)
		case OnWhoseWord:
			people = s.officer(e.For)
		case TheConsulted, TheSilent:
			people = s.consulted(to == TheSilent)
		}
		for _, p := range people {
			same := func(x Person) bool { return x.ID == p.ID }
			if p.Email != "" && s.MayRead(p.ID) && !(n.Others && p.ID == e.Actor) && !slices.ContainsFunc(out, same) && !slices.ContainsFunc(told, same) {
				out = append(out, p)
			}
		}
	}
	return out
}

// consulted lists who was asked by correspondence, or of those who have said nothing.
func (s Snapshot) consulted(silent bool) (out []Person) {
	if s.Window == nil {
		return nil
	}
	list := s.Window.Asked
	if silent {
		list = s.Window.Silent()
	}
	for _, c := range list {
		out = append(out, c.Person)
	}
	return out
}

// insider finds a person among those who work on the statement.
func (s Snapshot) insider(id PersonID) []Person {
	if id == s.DrafterPerson.ID {
		return []Person{s.DrafterPerson}
	}
	return s.officer(id)
}

// officer finds a person among those who hold an office today.
func (s Snapshot) officer(id PersonID) []Person {
	for _, a := range s.Officers {
		if a.Person.ID == id && s.Today.Within(a.From, a.Until) {
			return []Person{a.Person}
		}
	}
	return nil
}

// recipients says to which persons letters about what the command leads to go.
func recipients(s Snapshot, r Rule, cmd Command) []Recipient {
	e := Event{Kind: r.Event, Actor: cmd.Actor, From: s.State}
	if cmd.Given != nil {
		e.For = cmd.Given.By
	}
	if r.Command == DoEndWindow && r.Approves() {
		e.For = s.Window.OpenedBy.ID
	}
	var out []Recipient
	for _, n := range NoticesOn(e.Kind) {
		for _, p := range n.Readers(s, e) {
			out = append(out, Recipient{n.Letter, p})
		}
	}
	return out
}

// Letters lists what the row sends: the statement to its addressees, and notices of its event.
func (r Rule) Letters() []Letter {
	var out []Letter
	if r.Command.Sends() {
		out = append(out, LetterStatement)
	}
	for _, n := range NoticesOn(r.Event) {
		if n.From == "" || slices.Contains(r.From, n.From) {
			out = append(out, n.Letter)
		}
	}
	return out
}

// Pace is whether a notice comes at once or waits for the day's digest.
type Pace string

// The paces.
const (
	AtOnce Pace = "at-once"
	Daily  Pace = "daily"
)

// Paces lists them, as the database's CHECK does.
var Paces = []Pace{AtOnce, Daily}

// DigestTime is the hour of a person's day, in their zone, from which on the day's digest is sent.
type DigestTime struct {
	Hour int    // 0 to 23
	Zone string // of the IANA database: "Europe/Geneva" is none, "Europe/Zurich" is one
}

// Check refuses an hour or a zone that there is none of.
func (d DigestTime) Check() error {
	if d.Hour < 0 || d.Hour > 23 {
		return &Error{Code: Invalid, Field: "hour", Message: "Choose an hour of the day, from 0 to 23."}
	}
	if _, err := time.LoadLocation(d.Zone); err != nil || d.Zone == "" || d.Zone == "Local" {
		return &Error{Code: Invalid, Field: "zone", Message: "That is no time zone. Write it as in Europe/Zurich, Asia/Seoul or UTC."}
	}
	return nil
}

// Day is the day at that instant where the person is, and whether the hour of the digest has come on it.
func (d DigestTime) Day(now time.Time) (Date, bool, error) {
	zone, err := time.LoadLocation(d.Zone)
	if err != nil {
		return "", false, err
	}
	return DateOf(now, zone), now.In(zone).Hour() >= d.Hour, nil
}
