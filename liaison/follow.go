package liaison

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// After the dispatch a statement does not change any more, ever. What was wrong with it is put right by another statement, with an
// approval of its own, that says in a relation what it does: revise it, correct it, recall it. The first one stays readable and is
// marked from the moment the other one is dispatched; the marks follow from the relations and are stored nowhere (rules of the
// field, 8.1 and 10, edge cases 21, 54 and 55).

// FollowUps lists what can follow up a statement that left, with the words of the button, what it is for, and how each end of the relation
// names the other.
var FollowUps = []followUp{
	{Revises, "Issue a revised statement", "Another one takes its place: a statement with a number of its own, a report with this number and Rev.1 behind it.", "Superseded by", true},
	{Corrects, "Issue a corrigendum", "It keeps the number, with Corr.1 behind it, and goes to the same addressees.", "Corrected by", false},
	{Recalls, "Recall it by a notice", "A new statement tells its addressees to disregard it.", "Recalled by", true},
	{Forwards, "Forward it", "A new statement sends its text and files on to others.", "Forwarded by", false},
	{RepliesTo, "", "", "Answered by", false}, // a reply is written to what came in, not to what we sent
}

type followUp = struct {
	Kind  RelationKind
	Label string // on the button
	Hint  string
	Mark  string // on the first statement: "Superseded by" the other one
	Ends  bool   // the first statement is not what counts any more, and nothing more of it is sent
}

// Mark is the relation as the statement at its other end shows it, or "".
func (k RelationKind) Mark() string {
	for _, f := range FollowUps {
		if f.Kind == k {
			return f.Mark
		}
	}
	return ""
}

// Mark is what another statement, which has left, did to this one.
type Mark struct {
	Kind      RelationKind
	Statement StatementID
	Ref       string
	At        time.Time // when its dispatch began
}

// Ended returns the first mark that says that the statement counts no more: it was superseded or recalled.
func Ended(marks []Mark) *Mark {
	for _, f := range FollowUps {
		if i := slices.IndexFunc(marks, func(m Mark) bool { return m.Kind == f.Kind }); f.Ends && i >= 0 {
			return &marks[i]
		}
	}
	return nil
}

// Ends reports whether the statement at the other end of the relation counts no more once this one's dispatch has begun.
func (k RelationKind) Ends() bool {
	return slices.ContainsFunc(FollowUps, func(f followUp) bool { return f.Kind == k && f.Ends })
}

// Overtaken says which statement took the place of another one, or took it back: "Recalled by JCA-ML-LS13". The number is "" where who reads of the
// other one may not know it.
func (k RelationKind) Overtaken(ref string) string {
	return k.Mark() + " " + cmp.Or(ref, "another statement")
}

// stillCounts refuses to send what was recalled or superseded: who got that notice, or the new version, first would take the old one,
// which comes last, for what counts.
func (s Snapshot) stillCounts() error {
	if s.Over == "" {
		return nil
	}
	return Refuse(Conflict, "Nothing more is sent of %s: it is %s, which counts now. Look on the page of that one whether it reached this body, and send that again if not.", s.Ref, strings.ToLower(s.Over.Overtaken("")))
}

// Related is a statement of this register that a content relates to.
type Related struct {
	ID           StatementID
	Group        Code
	Kind         StatementKind
	State        State
	Outcome      ReportOutcome // of a report
	Corrigendum  bool
	Ref          string
	Confidential bool
	Addressees   []Addressee
	Marks        []Mark
}

// Keeps names the statement under whose number this one goes out, and why: it corrects that one or, being a report, revises it. A statement
// of its own keeps none.
func (c Content) Keeps() (RelationKind, StatementID) {
	for _, r := range c.Relations {
		if r.Statement != "" && (r.Kind == Corrects || r.Kind == Revises && c.Report != nil) {
			return r.Kind, r.Statement
		}
	}
	return "", ""
}

// IsCorrigendum reports whether the content says what is to be read otherwise in another one, and nothing else.
func (c Content) IsCorrigendum() bool {
	kind, _ := c.Keeps()
	return kind == Corrects
}

// Cite is how what goes out under the number ref is cited: the revised report number rev, the corrigendum number corr, or both.
func Cite(ref string, rev, corr int) string {
	if rev > 0 {
		ref += fmt.Sprintf(" Rev.%d", rev)
	}
	if corr > 0 {
		ref += fmt.Sprintf(" Corr.%d", corr)
	}
	return ref
}

// keptAs is the relation that the statement's number, once given, speaks of.
func (s Statement) keptAs() RelationKind {
	switch {
	case s.CorrigendumNumber > 0:
		return Corrects
	case s.RevNumber > 0:
		return Revises
	}
	return ""
}

// follows reports whether the relation says that this statement takes up one that left, which only its own group can.
func follows(k RelationKind) bool { return k == Revises || k == Corrects || k == Recalls }

// CheckRelations is the check list's part that the register is needed for: what the content relates to is there, has left, and can be
// followed up so.
func (s Snapshot) CheckRelations() []Finding {
	var out []Finding
	must := func(format string, args ...any) {
		out = append(out, Finding{"relations", true, fmt.Sprintf(format, args...), ""})
	}
	taken := 0
	for _, r := range s.Content.Relations {
		if follows(r.Kind) {
			taken++
		}
		if r.Statement == "" {
			if follows(r.Kind) {
				must("%s %s: only a statement of this register can be followed up so. Begin from its page.", r.Kind.Label(), r.Ref)
			}
			continue
		}
		i := slices.IndexFunc(s.Related, func(x Related) bool { return x.ID == r.Statement })
		if i < 0 || r.Statement == s.ID || s.Related[i].Group != s.Group && (!s.Related[i].State.Public() || s.Related[i].Confidential) {
			must("%s: there is no such statement in the register. Take the relation out.", r.Kind.Label())
			continue
		}
		if follows(r.Kind) {
			out = append(out, s.checkFollowed(r.Kind, s.Related[i])...)
		}
	}
	if taken > 1 {
		must("It revises, corrects or recalls %d statements at once. Make one statement of each.", taken)
	}
	if kind, _ := s.Content.Keeps(); s.Number > 0 && kind != s.keptAs() {
		must("It has the number %s already, which says whether it revises or corrects another one. Take the relation back to what it was, or withdraw it and start another one.", s.Ref)
	}
	return out
}

func (s Snapshot) checkFollowed(kind RelationKind, x Related) []Finding {
	must := func(format string, args ...any) []Finding {
		return []Finding{{"relations", true, fmt.Sprintf(format, args...), ""}}
	}
	switch end := Ended(x.Marks); {
	case x.Group != s.Group:
		return must("%s %s: that is for the group that sent it.", kind.Label(), x.Ref)
	case !x.State.Public():
		return must("%s: the other statement has not left. Take it back for changes instead.", kind.Label())
	case end != nil && end.Kind == Recalls:
		return must("%s was recalled by %s, so there is nothing left to follow up.", x.Ref, end.Ref)
	case end != nil && kind != Recalls:
		return must("%s was superseded by %s. Follow that one up.", x.Ref, end.Ref)
	case kind != Recalls && x.Kind != s.Content.Kind():
		return must("%s is a %s: what revises or corrects it is one too. Begin from its page.", x.Ref, strings.ToLower(x.Kind.Label()))
	case kind != Recalls && x.Kind == ProgressReport && kind != x.Outcome.PutRight(x.Corrigendum):
		return must("%s is on the record as %s, so it is not %s. Begin from its page.", x.Ref, strings.ToLower(x.Outcome.Label()), map[RelationKind]string{Revises: "revised: a corrigendum puts it right", Corrects: "corrected: a revised report takes its place"}[kind])
	}
	var missing []string
	for _, a := range x.Addressees {
		if !slices.ContainsFunc(s.Content.Addressees, func(b Addressee) bool { return b.Body == a.Body }) {
			missing = append(missing, a.Name)
		}
	}
	if len(missing) > 0 {
		return []Finding{{"addressees", false, fmt.Sprintf("%s went to %s too, who would not learn of this.", x.Ref, list(missing)), ""}}
	}
	return nil
}

func list(words []string) string {
	switch n := len(words); n {
	case 0:
		return ""
	case 1:
		return words[0]
	case 2:
		return words[0] + " and " + words[1]
	default:
		return fmt.Sprintf("%s, %s and %d more", words[0], words[1], n-2)
	}
}

// MayFollow lists how the person may follow up the statement: whoever may draft for the group, once it has left and as long as it counts.
func MayFollow(s Snapshot, p PersonID, marks []Mark) []RelationKind {
	if _, _, err := entitled(Snapshot{Statement: Statement{Group: s.Group}, Officers: s.Officers, Today: s.Today, Profile: s.Profile}, rules(DoDraft)[0], p); err != nil || p == "" || !s.State.Public() {
		return nil
	}
	var out []RelationKind
	end := Ended(marks)
	for _, f := range FollowUps {
		if s.Content.Report != nil && (f.Kind == Revises || f.Kind == Corrects) && f.Kind != s.Outcome.PutRight(s.Content.IsCorrigendum()) {
			continue
		}
		if f.Label == "" || f.Kind == Recalls && end != nil && end.Kind == Recalls || (f.Kind == Revises || f.Kind == Corrects) && end != nil {
			continue
		}
		out = append(out, f.Kind)
	}
	return out
}

// Follow is the draft that a follow-up of the statement begins with: what is known is not typed again, and what has to be said anew is
// left open.
func Follow(s Snapshot, kind RelationKind) Content {
	c := s.Content
	c.Relations = []Relation{{Kind: kind, Statement: s.ID, Ref: s.Ref}}
	c.InReplyTo, c.Identifiers, c.Embargo = "", nil, ""
	if c.Deadline <= s.Today {
		c.Deadline = ""
	}
	if kind == Revises {
		c.InReplyTo = s.Content.InReplyTo
		return c
	}
	if kind != Forwards { // what is forwarded goes along, text and files
		c.Attachments, c.Links = nil, nil
		c.Abstract, c.Text = "", ""
	}
	correction := "In " + s.Ref + ", read\n\n\n\nin place of\n\n"
	if r := c.Report; r != nil && kind == Corrects {
		c.Report = &Report{Parent: r.Parent, Meeting: r.Meeting, MeetingName: r.MeetingName, MeetingFrom: r.MeetingFrom, From: r.From, Until: r.Until, AsOf: r.AsOf, AsOn: r.AsOn,
			Sections: []Section{}, Notes: []Note{{Text: correction}}}
		correction = ""
	} else {
		c.Report = nil
	}
	title := truncated(s.Content.Title, MaxTitle-80)
	if kind == Corrects || kind == Recalls { // they ask for nothing: a reply that the first one asked for is awaited of that one alone, or not at all
		c.Deadline, c.Addressees = "", slices.Clone(c.Addressees)
		for i := range c.Addressees {
			c.Addressees[i].Purpose = ForInformation
		}
	}
	switch kind {
	case Corrects:
		c.Title = "Corrigendum to " + s.Ref + ": " + title
		c.Text = correction
	case Recalls:
		c.Title = "Recall of " + s.Ref + ": " + title
		c.Text = s.Ref + " is recalled. Please disregard it. No reply to it is expected."
	case Forwards:
		c.Title, c.Addressees, c.Deadline = "Forwarding "+s.Ref+": "+title, nil, ""
		if before := "We forward " + s.Ref + ". It reads:\n\n"; c.Text != "" && utf8.RuneCountInString(before+c.Text) <= MaxText {
			c.Text = before + c.Text
		}
	}
	return c
}

func truncated(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
