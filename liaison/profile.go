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
}

// Profiles are the rule sets that terms of reference can pin, by the name they cite.
var Profiles = map[string]Profile{
	"jca-a1-clause-5": {
		Name:             "JCA under Rec. ITU-T A.1 (2019), clause 5",
		Purposes:         []Purpose{ForAction, ForComment, ForInformation, InResponse},
		DeadlineFor:      []Purpose{ForAction},
		DrafterMayDecide: true, // no rule against it was found; shown on the record (rules of the field, edge case 17)
		NumberForm:       "JCA-ML-LS%d",
		TimeZone:         "Europe/Zurich", // the Union's seat, Geneva
		ApprovalLevel:    "JCA-ML Chair",
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

// Number writes the reference that the nth statement of a study period is cited by.
func (p Profile) Number(n int) string { return fmt.Sprintf(p.NumberForm, n) }

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
