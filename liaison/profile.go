package liaison

import (
	"fmt"
	"strings"
	"time"
)

// Profile is one version of the set of rules that a group's terms of reference pin. Rules differ between groups and change
// with the years; they are values here, never branches in code. They are read from files (internal/profile), and a version
// that was published is never changed: what was decided under it stays judged by it.
type Profile struct {
	Key     string        // that terms of reference pin: "jca-a1-clause-5"
	Version int           // from 1
	From    Date          // the first day on which this version judges
	Digest  Digest        // of what the file says, without comments and notes
	Source  string        // where the rules come from
	Notes   []ProfileNote // where a single value comes from, and how sure that is

	Name             string
	Purposes         []Purpose // offered to the drafter, in this order
	DeadlineFor      []Purpose // purposes that need a date by which a reply is required
	DrafterMayDecide bool      // whether who drafted may also be who approves; the record shows it either way
	NumberForm       string    // fmt verb %d for the number: "JCA-ML-LS%d"
	TimeZone         string    // IANA name; days begin and end here
	ApprovalLevel    string    // how the approval is named on the statement

	Fields   []FieldRule // of the envelope, in the order of the form
	Copies   []Code      // bodies that get a copy of every statement
	Sentence string      // that every statement carries, "" for none
	Separate bool        // different organizations get statements of their own
	NoStudy  bool        // the group does no technical studies and writes no Recommendations

	OutOfMandate []string // words that make a statement of such a group look like one

	Approval    ApprovalRules
	Substantive []string     // fields of [Content], as [Compare] names them, whose change after the approval voids it; any other is editorial
	Replies     ReplyRules   // of what addressees owe
	Escalate    []Escalation // of a decision that waits, in the order of the days
	Reports     ReportRules  // of progress reports
}

// ProfileNote says of one value of a profile where it comes from.
type ProfileNote struct {
	Path       string // of the value in the file: "approval.notice_days"
	Source     string
	Confidence Confidence
	Note       string
}

// Confidence is how sure a value is.
type Confidence string

// The degrees. What no source was found for is a value that a group confirms before it leans on it.
const (
	Sourced Confidence = "sourced"
	High    Confidence = "high"
	Medium  Confidence = "medium"
	Low     Confidence = "low"
)

// FieldNeed is whether a field of the envelope has to be filled in.
type FieldNeed string

// The needs.
const (
	Mandatory   FieldNeed = "mandatory"
	Conditional FieldNeed = "conditional" // mandatory when the [Condition] holds
	Advised     FieldNeed = "advised"     // missing, it is on the check list and blocks nothing
	Optional    FieldNeed = "optional"
	Unused      FieldNeed = "unused" // the form does not offer it
)

// FieldNeeds lists every need.
var FieldNeeds = []FieldNeed{Mandatory, Conditional, Advised, Optional, Unused}

// FieldRule says of one field of the envelope whether it has to be filled in, and on what ground.
type FieldRule struct {
	Field      string // of [Content], as [Compare] names it
	Need       FieldNeed
	When       Condition // for [Conditional] and [Advised]; "" for always
	Source     string
	Confidence Confidence
}

// Rule is the profile's rule for the field; a field without one is optional.
func (p Profile) Rule(field string) FieldRule {
	for _, r := range p.Fields {
		if r.Field == field {
			return r
		}
	}
	return FieldRule{Field: field, Need: Optional}
}

// Cite names the profile's version, as a decision records it.
func (p Profile) Cite() string { return fmt.Sprintf("%s version %d", p.Key, p.Version) }

// For is the profile as it is for a group: {group} in the forms of its numbers and in the approval level is the group's label.
func (p Profile) For(group Body) Profile {
	label := strings.ReplaceAll(group.Label(), "%", "%%")
	p.NumberForm = strings.ReplaceAll(p.NumberForm, "{group}", label)
	p.Reports.NumberForm = strings.ReplaceAll(p.Reports.NumberForm, "{group}", label)
	p.ApprovalLevel = strings.ReplaceAll(p.ApprovalLevel, "{group}", group.Label())
	return p
}

// ApprovalMode is a way in which a group decides on a statement.
type ApprovalMode string

// The ways.
const (
	ByOfficer        ApprovalMode = "officer"        // by the chair, or who stands in, outside a meeting
	AtMeeting        ApprovalMode = "meeting"        // at a meeting, under an agenda item
	ByCorrespondence ApprovalMode = "correspondence" // by the chair, after a window in which anybody may object
	ByNoObjection    ApprovalMode = "no-objection"   // by the window itself, if nobody objected; always named as such
)

// ApprovalModes lists every way, as profiles name them.
var ApprovalModes = []ApprovalMode{ByOfficer, AtMeeting, ByCorrespondence, ByNoObjection}

// ApprovalRules say how a group decides.
type ApprovalRules struct {
	Modes      []ApprovalMode
	DeputyMay  bool // the vice-chair decides while the chair's absence or a delegation is recorded
	WindowDays int  // calendar days of a correspondence or no-objection window, the last one inclusive

	WindowRemindDays []int // days before the last one on which those are reminded who have said nothing

	NoticeDays  int  // calendar days between the announcement of a meeting and its beginning
	Agreed      bool // statements may come "agreed" from a lower level, which is never an approval
	ProxyEntry  bool // the secretariat may enter an approval that was given outside, with its evidence
	Recusal     bool // an approver whose employer is an addressee is recused
	Consulted   bool // a decision between meetings is made in consultation with the management team
	MeetingItem int  // number of the agenda item under which statements are decided, 0 for any
}

// ReplyRules say what is awaited of addressees and when they are reminded.
type ReplyRules struct {
	AwaitedFor []Purpose // purposes that a reply is awaited for, if the statement has a deadline
	RemindDays []int     // days before the deadline, 0 being the day itself
	Overdue    int       // notices after it, at most one a day
}

// Escalation tells an office of a decision that waits.
type Escalation struct {
	AfterDays int
	To        Office
}

// ReportRules are about the progress reports to the parent group (terms of reference of JCA-ML, clause 5).
type ReportRules struct {
	NumberForm     string       // fmt verb %d: "JCA-ML-R%d"
	PostedDays     int          // calendar days before the parent's meeting by which a report has to be posted
	AfterDays      int          // calendar days after a meeting of its own by which the group reports on it
	RemindDays     []int        // days before that day
	Overdue        []Escalation // whom to tell after it, in the order of the days
	MayProvisional bool         // it may leave before the group approved it, named as provisional
}

// Zone is the profile's time zone.
func (p Profile) Zone() (*time.Location, error) {
	zone, err := time.LoadLocation(p.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("profile %s: %w", p.Name, err)
	}
	return zone, nil
}

// Number writes the reference that the nth statement of a kind of a study period is cited by.
func (p Profile) Number(kind StatementKind, n int) string {
	if kind == ProgressReport {
		return fmt.Sprintf(p.Reports.NumberForm, n)
	}
	return fmt.Sprintf(p.NumberForm, n)
}

// TermsOfReference is one version of a group's terms of reference: who it reports to, what it is for, which rules it
// follows, until when.
type TermsOfReference struct {
	Group      Code
	Version    int
	InForce    Date // from this day
	Parent     Code
	Scope      string
	Profile    string // key of the [Profile] that it pins; which version judges follows from the day
	ReviewedBy Date   // continuation or closure is to be decided before this day
	Source     string
}
