package liaison

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// ReplyState is where the reply stands that one addressee owes. It is tracked from the dispatch on, for each addressee by
// itself: what one of them answers says nothing of another.
type ReplyState string

// The states of a reply.
const (
	ReplyNotAwaited ReplyState = "not-awaited"
	ReplyAwaiting   ReplyState = "awaiting"
	ReplyExtended   ReplyState = "extended"
	ReplyOverdue    ReplyState = "overdue"
	ReplyRedirected ReplyState = "redirected"
	ReplyOnTime     ReplyState = "replied"
	ReplyLate       ReplyState = "replied-late"
	ReplyDeclined   ReplyState = "declined"
	ReplyWaived     ReplyState = "waived"
	ReplyMissing    ReplyState = "no-reply"
)

// ReplyStates lists every state with its label, what it means, and whether a reply is still expected. The database's CHECK, the
// pages and docs/states.md follow this list. Silence is none of them: it is never an answer.
var ReplyStates = []struct {
	State   ReplyState
	Label   string
	Meaning string
	Open    bool
}{
	{ReplyNotAwaited, "Not awaited", "nothing is asked of this addressee by a date; what it sends nevertheless is kept, and an acknowledgement is a courtesy", false},
	{ReplyAwaiting, "Awaited", "a reply is awaited by the deadline of the statement", true},
	{ReplyExtended, "Awaited, extended", "a later date was asked for and granted; both dates stand on the record", true},
	{ReplyOverdue, "Overdue", "the date has passed without a reply", true},
	{ReplyRedirected, "Redirected", "the addressee says that it belongs elsewhere; a reply is awaited from there, and nothing is counted against this addressee", true},
	{ReplyOnTime, "Replied", "a reply came by the date that was in force", false},
	{ReplyLate, "Replied late", "a reply came after the date; it counts like any other", false},
	{ReplyDeclined, "Declined", "the addressee says that it will not reply or do what is asked", false},
	{ReplyWaived, "Waived", "the chair does without this reply, for a reason on the record", false},
	{ReplyMissing, "No reply", "the statement was closed and none had come", false},
}

// Label is the state in words.
func (s ReplyState) Label() string {
	for _, x := range ReplyStates {
		if x.State == s {
			return x.Label
		}
	}
	return string(s)
}

// Open reports whether a reply is still expected.
func (s ReplyState) Open() bool {
	for _, x := range ReplyStates {
		if x.State == s {
			return x.Open
		}
	}
	return false
}

// Counts reports whether the date counts: reminders go out, and without a reply it becomes overdue.
func (s ReplyState) Counts() bool { return s.Open() && s != ReplyRedirected }

// ReplyAct is something that happens to a reply that is owed.
type ReplyAct string

// The acts. A command about a reply has one of the same name, see [ReplyActOf]; the others are what an addressee says or sends,
// and what time and the statement's own course bring.
const (
	ReplyBegins    ReplyAct = "begin"    // the statement is dispatched
	ReplyComes     ReplyAct = "reply"    // the addressee's, or that of whom it was passed on to; acknowledging is not replying
	ReplyInterim   ReplyAct = "interim"  // says that the reply follows; it does not stop the clock
	ReplyUnlinked  ReplyAct = "unlink"   // the last reply that counted turns out to be none, or an interim one
	ReplyAsks      ReplyAct = "ask"      // for another date
	ReplyGrants    ReplyAct = "grant"    // that date, or another one
	ReplyRefuses   ReplyAct = "refuse"   // another date
	ReplyDeclines  ReplyAct = "decline"  // the addressee will not
	ReplyRedirects ReplyAct = "redirect" // it belongs elsewhere
	ReplyExpects   ReplyAct = "expect"   // nevertheless, or again
	ReplyWaives    ReplyAct = "waive"    // we do without
	ReplyPasses    ReplyAct = "pass"     // the date passes
	ReplyEnds      ReplyAct = "end"      // the statement is closed
	ReplyTakenBack ReplyAct = "cancel"   // the message was cancelled before it was sent: nobody was asked
)

// ReplyRule is one row of the table of replies.
type ReplyRule struct {
	Act    ReplyAct
	From   []ReplyState
	To     ReplyState // "" stays where it is
	ByDate bool       // To is where the date puts it: [ReplyAwaiting], [ReplyExtended] or [ReplyOverdue]
	Late   bool       // only after the date in force
	Event  EventKind
	Words  string // what happens, for docs/states.md
}

var (
	counted = []ReplyState{ReplyAwaiting, ReplyExtended, ReplyOverdue}
	owed    = []ReplyState{ReplyAwaiting, ReplyExtended, ReplyOverdue, ReplyRedirected}
	ended   = []ReplyState{ReplyDeclined, ReplyWaived, ReplyMissing}
)

// ReplyTable is what can happen to a reply, and when. Rows of one act are tried in order. A late reply is accepted whatever has
// happened meanwhile, also to the statement; that it is late goes with it. An interim reply does not stop the clock, and an
// acknowledgement is no reply (RFC 4053; rules of the field, edge cases 36, 37, 40, 41, 58 and 60).
var ReplyTable = []ReplyRule{
	{Act: ReplyBegins, To: ReplyAwaiting, Event: EventReplyAwaited, Words: "the statement is dispatched; a date is set and the profile awaits a reply for the purpose"},
	{Act: ReplyComes, From: slices.Concat(owed, ended), Late: true, To: ReplyLate, Event: EventReplyLinked, Words: "a reply comes after the date in force, by mail, on the addressee's page, or linked by a person"},
	{Act: ReplyComes, From: slices.Concat(owed, ended), To: ReplyOnTime, Event: EventReplyLinked, Words: "a reply comes by the date in force"},
	{Act: ReplyComes, From: []ReplyState{ReplyNotAwaited, ReplyOnTime, ReplyLate}, Event: EventReplyLinked, Words: "a reply that was not awaited, or one more"},
	{Act: ReplyInterim, From: slices.Concat(owed, ended, []ReplyState{ReplyNotAwaited, ReplyOnTime, ReplyLate}), Event: EventReplyInterim, Words: "an interim reply comes, or a person says that a message is one; the clock goes on"},
	{Act: ReplyUnlinked, From: []ReplyState{ReplyOnTime, ReplyLate}, ByDate: true, Event: EventReplyUnlinked, Words: "a person says that what counted as the reply is none, or an interim one"},
	{Act: ReplyAsks, From: counted, Event: EventReplyAsked, Words: "the addressee asks for another date; until somebody answers, the date stays"},
	{Act: ReplyGrants, From: counted, To: ReplyExtended, Event: EventReplyGranted, Words: "another date is granted; the addressee is told"},
	{Act: ReplyRefuses, From: counted, Event: EventReplyRefused, Words: "it is refused; the addressee is told"},
	{Act: ReplyDeclines, From: owed, To: ReplyDeclined, Event: EventReplyDeclined, Words: "the addressee declines"},
	{Act: ReplyRedirects, From: owed, To: ReplyRedirected, Event: EventReplyRedirected, Words: "the addressee says that it belongs elsewhere, or a person notes where"},
	{Act: ReplyExpects, From: []ReplyState{ReplyRedirected, ReplyDeclined, ReplyWaived}, ByDate: true, Event: EventReplyExpected, Words: "a person expects the reply nevertheless, or again"},
	{Act: ReplyWaives, From: slices.Concat(owed, []ReplyState{ReplyDeclined}), To: ReplyWaived, Event: EventReplyWaived, Words: "the chair does without it"},
	{Act: ReplyPasses, From: []ReplyState{ReplyAwaiting, ReplyExtended}, Late: true, To: ReplyOverdue, Event: EventReplyOverdue, Words: "the date passes"},
	{Act: ReplyEnds, From: owed, To: ReplyMissing, Event: EventReplyMissing, Words: "the statement is closed"},
	{Act: ReplyTakenBack, From: counted, To: ReplyNotAwaited, Event: EventReplyTakenBack, Words: "its message is cancelled before it was sent"},
}

// AboutReplies lists the commands about the reply of one addressee, with what each is to it.
var AboutReplies = map[CommandKind]ReplyAct{
	DoLinkReply: ReplyComes, DoMarkInterim: ReplyInterim, DoUnlinkReply: ReplyUnlinked,
	DoGrantExtension: ReplyGrants, DoRefuseExtension: ReplyRefuses, DoWaive: ReplyWaives, DoRedirect: ReplyRedirects, DoAwaitAgain: ReplyExpects,
}

// ReplyActOf is what an addressee's response is to the reply that it owes, "" for nothing: an acknowledgement is not a reply.
func ReplyActOf(r Response) ReplyAct {
	switch {
	case r.Kind == RespondReplied && r.Interim:
		return ReplyInterim
	case r.Kind == RespondReplied:
		return ReplyComes
	case r.Kind == RespondExtensionAsked:
		return ReplyAsks
	case r.Kind == RespondDeclined:
		return ReplyDeclines
	case r.Kind == RespondMisdirected:
		return ReplyRedirects
	}
	return ""
}

// Reply is the reply that one addressee owes.
type Reply struct {
	Transmission TransmissionID // the message to the addressee, the first where a copy was sent
	Position     int            // of the addressee
	Body         Code
	Name         string
	Purpose      Purpose
	State        ReplyState
	Deadline     Date      // of the statement
	Due          Date      // in force now; later than the deadline after an extension
	Asked        Date      // another date that was asked for and not answered yet
	Redirected   Code      // where it belongs, once a person has noted that
	Since        time.Time // the date counts from here on: the dispatch, or the latest extension
	Reached      bool      // the message, or the copy sent in its place, was taken over by the addressee's server
	Reminded     *int      // the step of the latest reminder for the date in force, see [ReplyRules.Step]; nil before the first
}

// Awaits says how the reply of an addressee begins: awaited if the profile awaits one for its purpose and the statement has a
// date.
func (p Profile) Awaits(c Content, a Addressee) ReplyState {
	if c.Deadline != "" && slices.Contains(p.Replies.AwaitedFor, a.Purpose) {
		return ReplyAwaiting
	}
	return ReplyNotAwaited
}

// ReplyDetail is what goes with an act.
type ReplyDetail struct {
	Day  Date // on which it happened, in the group's zone
	Date Date // asked for or granted
	Body Code // where it was passed on to
	Over bool // the statement is at an end, so nothing is awaited any more
}

// After is the reply after an act, with the row of the table that led there. It refuses with [Conflict] what cannot happen to
// the reply as it stands, and with [Invalid] a date that makes no sense.
func (r Reply) After(act ReplyAct, d ReplyDetail) (Reply, ReplyRule, error) {
	for _, rule := range ReplyTable {
		if rule.Act != act || act != ReplyBegins && !slices.Contains(rule.From, r.State) || rule.Late && !r.late(d.Day) {
			continue
		}
		switch act {
		case ReplyAsks:
			r.Asked = d.Date
		case ReplyGrants:
			day := cmp.Or(d.Date, r.Asked)
			switch _, err := ParseDate(string(day)); {
			case err != nil || day == "":
				return r, rule, &Error{Code: Invalid, Field: "date", Message: "Give the date that is granted."}
			case day <= r.Due:
				return r, rule, &Error{Code: Invalid, Field: "date", Message: "The date that is granted is not after the one in force, " + r.Due.String() + ". Choose a later one."}
			case day < d.Day:
				return r, rule, &Error{Code: Invalid, Field: "date", Message: "The date that is granted has passed already. Choose a later one."}
			}
			r.Due, r.Asked = day, ""
		case ReplyRefuses:
			if r.Asked == "" {
				return r, rule, Refuse(Conflict, "%s has not asked for another date, or was answered already.", r.Name)
			}
			r.Asked = ""
		case ReplyRedirects:
			r.Redirected = cmp.Or(d.Body, r.Redirected)
		case ReplyExpects:
			r.Redirected = ""
		}
		switch {
		case rule.ByDate && d.Over:
			r.State = ReplyMissing
		case rule.ByDate && r.late(d.Day):
			r.State = ReplyOverdue
		case rule.ByDate && r.Due != r.Deadline:
			r.State = ReplyExtended
		case rule.ByDate:
			r.State = ReplyAwaiting
		case rule.To != "":
			r.State = rule.To
		}
		if !r.State.Open() {
			r.Asked = ""
		}
		return r, rule, nil
	}
	return r, ReplyRule{}, Refuse(Conflict, "That is not possible: the reply of %s is %s by now.", r.Name, strings.ToLower(r.State.Label()))
}

// Uncounted is the reply when a message counts for it no more: by the first of those that still count, which came on the days
// left, or where the date puts it.
func (r Reply) Uncounted(d ReplyDetail, left []Date) (Reply, ReplyRule, error) {
	after, rule, err := r.After(ReplyUnlinked, d)
	if err != nil || len(left) == 0 {
		return after, rule, err
	}
	after, _, err = after.After(ReplyComes, ReplyDetail{Day: slices.Min(left)})
	return after, rule, err
}

func (r Reply) late(day Date) bool { return r.Due != "" && day > r.Due }

// ReplyOf finds the reply that a message to an addressee is about.
func (s Snapshot) ReplyOf(id TransmissionID) (Reply, bool) {
	i := slices.IndexFunc(s.Replies, func(r Reply) bool { return r.Transmission == id && id != "" })
	if i < 0 {
		return Reply{}, false
	}
	return s.Replies[i], true
}

// MayAboutReply lists what the person may do about the reply of one addressee now, in the order of the table: the pages' buttons.
func MayAboutReply(s Snapshot, r Reply, p PersonID) []CommandKind {
	var out []CommandKind
	for _, k := range May(s, p) {
		act, ok := AboutReplies[k]
		if !ok || k == DoRefuseExtension && r.Asked == "" {
			continue
		}
		if slices.ContainsFunc(ReplyTable, func(x ReplyRule) bool { return x.Act == act && slices.Contains(x.From, r.State) }) {
			out = append(out, k)
		}
	}
	return out
}

// aboutReply refuses unless the command can be carried out with the reply as it stands.
func aboutReply(s Snapshot, cmd Command) error {
	r, ok := s.ReplyOf(cmd.Transmission)
	if !ok {
		return Refuse(NotFound, "The statement awaits no reply under this message.")
	}
	d := ReplyDetail{Day: s.Today, Date: cmd.Date, Body: cmd.Body, Over: s.State.Final()}
	if cmd.Kind == DoLinkReply {
		d.Day = "" // the day on which the reply came decides, not the day on which somebody links it
	}
	_, _, err := r.After(AboutReplies[cmd.Kind], d)
	return err
}

// RepliesSettled reports whether replies were awaited and every one of them is settled, and every message got through or was cancelled: then the
// statement is closed by itself. While one is on its way, in doubt, refused or came back, something can still be done about it, and of
// what is closed nothing more is sent. One that awaits nothing of anybody is closed by a person.
func (s Snapshot) RepliesSettled() bool {
	if s.outcomes(func(x TransmissionState) bool { return !x.sent() && x != TransmissionCancelled }) > 0 {
		return false
	}
	awaited := false
	for _, r := range s.Replies {
		if r.State.Open() {
			return false
		}
		awaited = awaited || r.State != ReplyNotAwaited
	}
	return awaited
}

// staysClosed refuses to open again what a person closed, what was recalled or superseded, and everything that is no statement which closed
// itself: that follows from its replies alone, so it is taken back with what it followed from.
func (s Snapshot) staysClosed() error {
	switch {
	case s.Over != "":
		return Refuse(Conflict, "%s is %s, so nothing is awaited of it any more. What counts is that other one.", s.Ref, strings.ToLower(s.Over.Overtaken("")))
	case s.State != Closed || !s.ClosedItself:
		return Refuse(Conflict, "A person closed %s, so nothing is awaited of it any more. Write another statement if something is.", s.Ref)
	}
	return nil
}

// reopens refuses unless the command makes the reply of an addressee awaited again of a statement that closed itself.
func (s Snapshot) reopens(cmd Command) error {
	if err := s.staysClosed(); err != nil {
		return err
	}
	after, _ := s.ReplyOf(cmd.Transmission)
	d, err := ReplyDetail{Day: s.Today}, error(nil)
	switch act := AboutReplies[cmd.Kind]; {
	case act == ReplyExpects:
		after, _, err = after.After(act, d)
	case s.Cited.Counts:
		after, _, err = after.Uncounted(d, s.Cited.Left)
	}
	if err == nil && !after.State.Open() {
		err = Refuse(Conflict, "Nothing is awaited again by that.")
	}
	return err
}

// Cited is what the message that a command about a reply names is to that reply so far.
type Cited struct {
	Counts bool   // as the reply
	Left   []Date // the days on which the others came that do
}

// RemindHour is the hour of the group's day at which reminders go out.
const RemindHour = 9

// ReplyStep is one reminder: so many days before the date, negative after it.
type ReplyStep struct {
	Days int
	At   time.Time
}

// steps lists the reminders for a date, first to last.
func (r ReplyRules) steps(due Date, zone *time.Location) []ReplyStep {
	day, err := time.ParseInLocation(time.DateOnly, string(due), zone)
	if err != nil {
		return nil
	}
	var out []ReplyStep
	add := func(days int) {
		out = append(out, ReplyStep{days, time.Date(day.Year(), day.Month(), day.Day()-days, RemindHour, 0, 0, 0, zone)})
	}
	before := slices.Clone(r.RemindDays)
	slices.SortFunc(before, func(a, b int) int { return b - a })
	for _, days := range slices.Compact(before) {
		add(days)
	}
	for n := range r.Overdue {
		add(-n - 1)
	}
	return out
}

// Step is the reminder that is due for a date at that instant, nil for none, and when the next one will be, zero for none.
// Each step is sent at most once: last is the latest that was. Of those that were missed, because nothing ran, only the latest
// is sent; those before since, when the date began to count, never are.
func (r ReplyRules) Step(due Date, since time.Time, last *int, zone *time.Location, now time.Time) (step *ReplyStep, next time.Time) {
	for _, x := range r.steps(due, zone) {
		switch {
		case !x.At.After(since) || last != nil && x.Days >= *last:
		case x.At.After(now):
			return step, x.At
		default:
			step = &x
		}
	}
	return step, time.Time{}
}

// DueReply is what is due of one reply: that it becomes overdue, a reminder, or both.
type DueReply struct {
	Reply   Reply
	Overdue bool
	Remind  *ReplyStep
	Days    int // left until the date in force, negative after it
}

// DueReplies says what is due of the statement's replies at that instant, and when the next thing will be, zero for never. Nothing
// is due of an addressee whom the statement has not reached, nor while it is not out, nor once it was recalled or superseded. That a
// message to one of them is on its way for weeks is nothing to the others.
func (s Snapshot) DueReplies(now time.Time) (due []DueReply, next time.Time, err error) {
	if !s.State.Out() || s.Over != "" {
		return nil, time.Time{}, nil
	}
	zone, err := s.Profile.Zone()
	if err != nil {
		return nil, time.Time{}, err
	}
	soonest := func(t time.Time) {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	for _, r := range s.Replies {
		if !r.State.Counts() || !r.Reached {
			continue
		}
		day, err := time.ParseInLocation(time.DateOnly, string(r.Due), zone)
		if err != nil {
			return nil, time.Time{}, err
		}
		d := DueReply{Reply: r, Days: int(midday(string(r.Due)).Sub(midday(string(DateOf(now, zone)))).Hours() / 24)}
		over := time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, 0, zone) // the day itself counts
		if r.State != ReplyOverdue {
			if d.Overdue = !now.Before(over); !d.Overdue {
				soonest(over)
			}
		}
		step, then := s.Profile.Replies.Step(r.Due, r.Since, r.Reminded, zone, now)
		if d.Remind = step; d.Overdue || step != nil {
			due = append(due, d)
		}
		soonest(then)
	}
	if len(due) > 0 {
		next = now
	}
	return due, next, nil
}

// midday is the middle of a day in UTC, for counting days.
func midday(day string) time.Time {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return time.Time{}
	}
	return t.Add(12 * time.Hour)
}
