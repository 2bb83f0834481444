package liaison

import (
	"slices"
	"strings"
)

// Between the approval and the dispatch a statement changes in one of two ways, and by no third (rules of the field, 8.1 and 10, edge
// cases 10 to 13):
//
//   - reopen: the approval is void, the statement is a draft again. It keeps its number, which it leaves under when it is approved
//     again, in this study period or a later one; until then the list of numbers says so.
//   - amend: the secretariat corrects what is not substantive. The approval stays, of its own bytes; the correction is a revision of its
//     own that names the digest before and after, so that from what was approved to what leaves there is a chain of digests.

// alwaysSubstantive are the fields that no profile can give free: who is asked, what for and until when, and the attached bytes.
// All of a progress report is, too: its sections are what the register said, its proposals what the group decided.
// The database refuses a correction of them by itself (amendment_guard).
var alwaysSubstantive = []string{"source", "relations", "agreed", "addressees", "deadline", "confidentiality", "embargo", "attachments"}

// IsSubstantive reports whether a change of the field, as [Compare] names it, voids an approval under the profile.
func (p Profile) IsSubstantive(field string) bool {
	return slices.Contains(alwaysSubstantive, field) || strings.HasPrefix(field, "report.") || slices.Contains(p.Substantive, field)
}

// Editorial lists what differs from before to after, or refuses: where nothing differs with [Invalid], where a field is
// substantive with an error that names the first one.
func Editorial(p Profile, before, after Content) ([]Difference, error) {
	changes := Compare(before.Tidy(), after.Tidy())
	if len(changes) == 0 {
		return nil, Refuse(Invalid, "Nothing is corrected: the text is the one that was approved.")
	}
	for _, d := range changes {
		if p.IsSubstantive(d.Field) {
			return nil, &Error{Code: Invalid, Field: d.Field, Message: "A change of “" + d.Label + "” is substantive under the profile " + p.Name +
				", so it is no editorial correction. Take the statement back for changes: that voids the approval, and the chair decides again."}
		}
	}
	return changes, nil
}

// FieldsOf names the fields of the differences, with spaces between, as the log keeps them.
func FieldsOf(changes []Difference) string {
	names := make([]string, len(changes))
	for i, d := range changes {
		names[i] = d.Field
	}
	return strings.Join(names, " ")
}
