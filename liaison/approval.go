package liaison

import (
	"slices"
	"strings"
)

// modeLabels are the ways of deciding in words.
var modeLabels = map[ApprovalMode]string{
	ByOfficer:        "Between meetings",
	AtMeeting:        "At a meeting",
	ByCorrespondence: "By correspondence",
	ByNoObjection:    "By no objection",
}

// Label is the mode in words.
func (m ApprovalMode) Label() string {
	if label, ok := modeLabels[m]; ok {
		return label
	}
	return string(m)
}

// Approval is what the record says of how a statement was approved, besides on which bytes and when it was entered.
type Approval struct {
	Mode     ApprovalMode
	By       PersonID  // on whose word
	As       Capacity  // in which capacity
	On       Date      // the day, in the group's zone; earlier than that of the record for one that was given outside
	Stands   AbsenceID // the absence or delegation by which a vice-chair approved
	Entered  PersonID  // who entered what By decided, "" when By did so
	Evidence string    // what shows an approval that was given outside: a file's name or a reference; else the minute reference
	File     Digest    // of that file
	Meeting  MeetingID
	Item     int // of the meeting's agenda, 0 for none

	Window    WindowID     // after or by which it was approved
	Consulted Consultation // of a decision between meetings
}

// approvers are the capacities in which somebody approves.
var approvers = []Capacity{AsChair, AsViceChair}

// Approves reports whether the row is an approval, whoever gives or enters it.
func (r Rule) Approves() bool { return r.Event == EventApproved }

// Approves reports whether the command is a person's approval, whoever enters it.
func (k CommandKind) Approves() bool {
	return k == DoApprove || k == DoEnterApproval || k == DoApproveEdited
}

// Proposes reports whether the command brings another text, as [Snapshot].Proposed.
func (k CommandKind) Proposes() bool { return k == DoAmend || k == DoApproveEdited }

// Given is an approval that was given outside and is entered by the secretariat.
type Given struct {
	By       PersonID // who approved
	On       Date     // when, in the group's zone
	Evidence string   // a reference, or what the file is
	File     Digest   // of the file that shows it, "" for none

	Meeting MeetingID `json:",omitempty"` // that gave it, and not an officer between meetings; Evidence then refers to the minutes
	Item    int       `json:",omitempty"` // of its agenda, 0 if it was not on it
}

// checkGiven refuses an approval that is entered without saying on whose word, by somebody who could not give it then, or
// without evidence. It returns in which capacity it was given.
func (s Snapshot) checkGiven(g Given) (Capacity, AbsenceID, error) {
	bad := func(field, format string, args ...any) (Capacity, AbsenceID, error) {
		err := Refuse(Invalid, format, args...)
		err.Field = field
		return "", "", err
	}
	if !s.Profile.Approval.ProxyEntry {
		return "", "", Refuse(Forbidden, "The profile %q does not let the secretariat enter an approval that was given outside. Who approves has to do so here.", s.Profile.Name)
	}
	if g = s.given(g); g.Meeting == "" && s.State != InCorrespondence && !slices.Contains(s.Profile.Approval.Modes, ByOfficer) {
		return bad("meeting", "The profile %q has no approval between meetings. Choose the meeting that gave it.", s.Profile.Name)
	} else if g.Meeting != "" && !slices.Contains(s.Profile.Approval.Modes, AtMeeting) {
		return bad("meeting", "The profile %q has no approval at a meeting.", s.Profile.Name)
	}
	if g.By == "" {
		return bad("by", "Say who approved.")
	}
	switch _, err := ParseDate(string(g.On)); {
	case err != nil || g.On == "":
		return bad("on", "Give the day of the approval, as in 2026-11-23.")
	case g.On > s.Today:
		return bad("on", "The day of the approval, %s, is not here yet.", g.On)
	case s.State == InCorrespondence && s.Window != nil && g.On <= s.Window.Last:
		return bad("on", "Objections could be made until the end of %s; an approval of %s came before that.", s.Window.Last, g.On)
	case g.On < s.SubmittedOn:
		return bad("on", "Revision %d was submitted on %s; an approval of %s cannot be of it.", s.Revision, s.SubmittedOn, g.On)
	}
	if g.Meeting != "" {
		if err := s.checkMinuted(g); err != nil {
			return "", "", err
		}
	}
	if g.Evidence == "" && g.File == "" {
		return bad("evidence", "Give the evidence: a reference to the message or the minutes, or the file itself.")
	}
	if err := field("evidence", "The evidence", g.Evidence, MaxReason, true); err != nil {
		return "", "", err
	}
	if g.File != "" && !g.File.valid() {
		return bad("evidence", "The file of the evidence did not arrive. Attach it again.")
	}
	if err := s.recused(g.By); err != nil {
		return bad("by", "That person is recused from this statement: an employer is addressed, or an interest was declared. The approval cannot be entered.")
	}
	if s.Drafted(g.By) && !s.Profile.DrafterMayDecide {
		return bad("by", "That person drafted the statement, and the profile %q asks for a second person.", s.Profile.Name)
	}
	switch {
	case s.holds(g.By, OfficeChair, g.On):
		return AsChair, "", nil
	case s.holds(g.By, OfficeViceChair, g.On):
		id, err := s.standing(g.By, g.On)
		if err != nil {
			return bad("by", "The vice-chair could not approve on %s: no absence of the chair and no delegation was recorded for that day, or the vice-chair drafted the statement or was away too.", g.On)
		}
		return AsViceChair, id, nil
	}
	return bad("by", "That person held neither the chair nor a vice-chair on %s, so the approval is of nobody who could give it.", g.On)
}

// approval makes what the record will say, for a command that approves.
func (s Snapshot) approval(acting Capacity, stands AbsenceID, cmd Command) *Approval {
	a := &Approval{Mode: s.State.Mode(), By: cmd.Actor, As: acting, On: s.Today, Stands: stands}
	a.Consulted, _ = s.checkConsulted(cmd) // as below
	if s.Window != nil && (s.State == InCorrespondence || a.Consulted.Kind == ConsultedByWindow) {
		a.Window = s.Window.ID
	}
	if cmd.Kind == DoEndWindow && s.Window != nil { // on the word of who opened it
		a.Mode, a.By = ByNoObjection, s.Window.OpenedBy.ID
		a.As, a.Stands, _ = s.unopposed()
	}
	if cmd.Kind == DoEnterApproval && cmd.Given != nil {
		a.By, a.On, a.Entered, a.Evidence, a.File = cmd.Given.By, cmd.Given.On, cmd.Actor, cmd.Given.Evidence, cmd.Given.File
		a.As, a.Stands, _ = s.checkGiven(*cmd.Given) // it was checked before the command got here
		if g := s.given(*cmd.Given); g.Meeting != "" {
			a.Mode, a.Meeting, a.Item = AtMeeting, g.Meeting, g.Item
		}
	} else if a.Mode == AtMeeting {
		a.Meeting, a.Item = s.TabledFor, s.TabledItem
	}
	return a
}

// modeOf is the way in which the row decides, or has decided.
func (s Snapshot) modeOf(r Rule) ApprovalMode {
	switch {
	case r.Command == DoOpenNoObjection || r.Command == DoEndWindow:
		return ByNoObjection
	case r.Command == DoOpenWindow:
		return ByCorrespondence
	case s.State == InCorrespondence && s.Window != nil:
		return s.Window.Mode // where a window does not approve by itself the chair decides after it
	}
	return s.State.Mode()
}

// checkMode refuses an approval in a way that the group's profile does not have.
func (s Snapshot) checkMode(r Rule) error {
	modes := s.Profile.Approval.Modes
	if r.Command == DoEnterApproval && slices.Contains(modes, AtMeeting) { // with the minutes of a meeting, on its agenda or not
		return nil
	}
	if mode := s.modeOf(r); !slices.Contains(modes, mode) {
		return Refuse(Forbidden, "The profile %q has no approval %s. Decide in another way.", s.Profile.Name, strings.ToLower(mode.Label()))
	}
	return nil
}

// Decides says in which capacity the person can approve the statement as it stands, and by which absence or delegation, or why
// they cannot.
func (s Snapshot) Decides(p PersonID) (Capacity, *Absence, error) {
	for _, r := range rules(DoApprove) {
		if !slices.Contains(r.From, s.State) {
			continue
		}
		acting, stands, err := entitled(s, r, p)
		if err != nil {
			return "", nil, err
		}
		for i, a := range s.Absences {
			if a.ID == stands {
				return acting, &s.Absences[i], nil
			}
		}
		return acting, nil, nil
	}
	return "", nil, Refuse(Conflict, "The statement is %s: there is nothing to decide.", inWords(s.State))
}
