package liaison

import (
	"fmt"
	"time"
)

// Profile is the set of rules that a group's terms of reference pin. Rules differ between groups and change with the
// years; they are values here, never branches in code.
type Profile struct {
	Name             string
	Purposes         []Purpose // offered to the drafter, in this order
	DeadlineFor      []Purpose // purposes that need a date by which a reply is required
	DrafterMayDecide bool      // whether who drafted may also be who approves; the record shows it either way
	NumberForm       string    // fmt verb %d for the number: "JCA-ML-LS%d"
	TimeZone         string    // IANA name; days begin and end here
	ApprovalLevel    string    // how the approval is named on the statement

	Approval    ApprovalRules
	Substantive []string     // fields of [Content], as [Compare] names them, whose change after the approval voids it; any other is editorial
	Replies     ReplyRules   // of what addressees owe
	Escalate    []Escalation // of a decision that waits, in the order of the days
	Reports     ReportRules  // of progress reports
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

// ApprovalRules say how a group decides.
type ApprovalRules struct {
	Modes       []ApprovalMode
	DeputyMay   bool // the vice-chair decides while the chair's absence or a delegation is recorded
	WindowDays  int  // calendar days of a correspondence or no-objection window, the last one inclusive
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
	NumberForm     string // fmt verb %d: "JCA-ML-R%d"
	PostedDays     int    // calendar days before the parent's meeting by which a report has to be posted
	RemindDays     []int  // days before that day
	MayProvisional bool   // it may leave before the group approved it, named as provisional
}

// Profiles are the rule sets that terms of reference can pin, by the name they cite.
var Profiles = map[string]Profile{
	"jca-a1-clause-5": {
		Name:             "JCA under Rec. ITU-T A.1 (2019), clause 5",
		Purposes:         []Purpose{ForAction, ForComment, ForInformation, InResponse, ForCopy},
		DeadlineFor:      []Purpose{ForAction},
		DrafterMayDecide: true, // no rule against it was found; shown on the record (rules of the field, edge case 17)
		NumberForm:       "JCA-ML-LS%d",
		TimeZone:         "Europe/Zurich", // the Union's seat, Geneva
		ApprovalLevel:    "JCA-ML Chair",
		Approval: ApprovalRules{
			Modes:     []ApprovalMode{ByOfficer, AtMeeting, ByCorrespondence},
			DeputyMay: true, WindowDays: 14, NoticeDays: 28, Agreed: true, ProxyEntry: true, Recusal: true, Consulted: true, MeetingItem: 9,
		},
		Substantive: []string{"source", "in_reply_to", "addressees", "deadline", "attachments"},
		Replies:     ReplyRules{AwaitedFor: []Purpose{ForAction, ForComment}, RemindDays: []int{14, 7, 4, 3, 2, 1, 0}, Overdue: 14},
		Escalate:    []Escalation{{7, OfficeChair}, {14, OfficeViceChair}, {21, OfficeSecretary}},
		Reports:     ReportRules{NumberForm: "JCA-ML-R%d", PostedDays: 7, RemindDays: []int{28, 14, 7, 3, 1, 0}, MayProvisional: true},
	},
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
	Profile    string // key of [Profiles]
	ReviewedBy Date   // continuation or closure is to be decided before this day
	Source     string
}
