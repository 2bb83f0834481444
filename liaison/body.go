package liaison

import (
	"regexp"
	"strings"
)

// Code names a body, unambiguously and for ever: the organization, then the part, in lower case, as in "itu-t/sg13",
// "iec/smb/sg11" (a Strategic Group of the IEC, never ITU-T Study Group 11) and "w3c".
type Code string

var codePattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*(/[a-z0-9]+(-[a-z0-9]+)*)*$`)

// hyphens that word processors put in place of U+002D; TSB Circular 72 itself writes JCA-ML with U+2011.
var hyphens = strings.NewReplacer("\u2010", "-", "\u2011", "-", "\u2012", "-", "\u2013", "-", "\u00ad", "")

// ParseCode normalizes s (case, surrounding space, typographic hyphens) and checks its form.
func ParseCode(s string) (Code, error) {
	c := strings.ToLower(strings.TrimSpace(hyphens.Replace(s)))
	if !codePattern.MatchString(c) || len(c) > MaxCode {
		return "", &Error{Code: Invalid, Message: "A body's code names the organization and then the part, as in itu-t/sg13."}
	}
	return Code(c), nil
}

// Organization is the organization that the code is of: "itu" for "itu-t/sg13", "iso" for "iso-iec/jtc1", "3gpp" for "3gpp/sa2".
func (c Code) Organization() string {
	first, _, _ := strings.Cut(string(c), "/")
	house, _, _ := strings.Cut(first, "-")
	return house
}

// Part is the last part of the code, by which a body is often named: "sg11" for "itu-t/sg11" and for "iec/smb/sg11".
func (c Code) Part() string { return string(c[strings.LastIndexByte(string(c), '/')+1:]) }

// BodyKind says whether a body is one of our own organization's groups or an organization outside it.
type BodyKind string

// The two kinds of body.
const (
	Group        BodyKind = "group"        // a study group, advisory group, JCA, bureau
	Organization BodyKind = "organization" // an external SDO, committee, consortium, forum
)

// BodyKinds lists every kind, as the database's CHECK does.
var BodyKinds = []BodyKind{Group, Organization}

// Body is a group or an organization that sends or receives statements. Bodies are never deleted: one that ends keeps
// its row, with the day, and names who took its work over.
type Body struct {
	Code      Code
	Kind      BodyKind
	Name      string // "Study Group 13"
	ShortName string // "SG13", as used in the address lines of statements
	Title     string // its subject: "Future networks and emerging network technologies"
	Parent    Code   // the parent group, for a JCA; the organization, for a part of one; or ""
	Email     string // the functional mailbox that statements go to
	From      Date   // first day in force, "" if not recorded
	Until     Date   // last day in force, "" while it is
	Successor Code   // who took its work over at Until
	Source    string // where these facts come from
	Language  string // of the fixed words of messages to it (BCP 47); "" is entered as "en"
	LinksOnly bool   // messages to it carry no files, only links to them
	Signed    bool   // messages to it are signed by S/MIME, or not sent
}

// InForce reports whether the body exists on day.
func (b Body) InForce(day Date) bool { return day.Within(b.From, b.Until) }

// Label is how the body is named where space is short.
func (b Body) Label() string {
	if b.ShortName != "" {
		return b.ShortName
	}
	return b.Name
}

// Resolve follows succession from code to the body in force on day. The notice says so when it moved, for the drafter
// to read; it is empty otherwise.
func Resolve(code Code, day Date, body func(Code) (Body, bool)) (b Body, notice string, err error) {
	first, ok := body(code)
	if !ok {
		return Body{}, "", Refuse(NotFound, "There is no body with the code %s. Choose one from the list of bodies.", code)
	}
	b = first
	for hops := 0; b.Until != "" && day > b.Until; hops++ {
		next, ok := body(b.Successor)
		if !ok || hops == 10 { // a loop in the data must not hang a page
			return Body{}, "", Refuse(Invalid, "%s ended on %s and no successor is recorded. Choose another body.", first.Label(), first.Until)
		}
		b = next
	}
	if b.Code != first.Code {
		notice = first.Label() + " ended on " + first.Until.String() + "; its work is with " + b.Label() + ", which is addressed instead."
	}
	return b, notice, nil
}
