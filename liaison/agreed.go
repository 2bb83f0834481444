package liaison

import "strings"

// Agreement says that a group of a lower level agreed a statement: a rapporteur group, a Question. It is the weaker level of Rec.
// ITU-T A.1 (2019), clause 1.5, and is always named so: what is agreed there is approved by the group whose statement it is, or not
// at all (rules of the field, edge case 27).
type Agreement struct {
	By    string `json:"by"`    // "Rapporteur group for Q4/15"
	Place string `json:"place"` // "London", or ""
	On    Date   `json:"on"`    // the day of its meeting
}

// String names it, so that it cannot pass for an approval; "" for none.
func (a *Agreement) String() string {
	if a == nil {
		return ""
	}
	return "agreed by " + listed(nonEmpty(a.By, a.Place, a.On.String())...) + "; not an approval"
}

func nonEmpty(values ...string) (out []string) {
	for _, v := range values {
		if v != "" {
			out = append(out, v)
		}
	}
	return out
}

// tidy returns the agreement as it is stored, nil when nothing is filled in.
func (a *Agreement) tidy() *Agreement {
	if a == nil {
		return nil
	}
	b := Agreement{strings.TrimSpace(a.By), strings.TrimSpace(a.Place), a.On}
	if b == (Agreement{}) {
		return nil
	}
	return &b
}

func (a *Agreement) limits() (errs []*Error) {
	if a == nil {
		return nil
	}
	for _, err := range []*Error{
		field("agreed", "Who agreed it", a.By, MaxName, false),
		field("agreed", "The place where it was agreed", a.Place, MaxName, false),
	} {
		if err != nil {
			errs = append(errs, err)
		}
	}
	if _, err := ParseDate(string(a.On)); err != nil {
		errs = append(errs, &Error{Code: Invalid, Field: "agreed", Message: "The day on which it was agreed: " + err.Error()})
	}
	return errs
}

// check says what is missing of an agreement, and that the profile knows none.
func (a *Agreement) check(l *checkList, p Profile, day Date) {
	switch source := p.sourceOf("approval.agreed"); {
	case a == nil:
	case !p.Approval.Agreed:
		l.must("agreed", source, "This group's statements are approved by the group and name no lower level that agreed them. Leave that out.")
	case a.By == "" || a.On == "":
		l.must("agreed", source, "Say who agreed it at a lower level, and on which day; or leave that out.")
	case a.On > day:
		l.must("agreed", source, "The day on which it was agreed, %s, is not here yet.", a.On)
	default:
		l.should("agreed", source, "It is named as agreed by %s. That is no approval: the group itself still has to approve it.", a.By)
	}
}
