package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

type statementPage struct {
	layout
	Address    string
	State      liaison.State
	Meaning    string
	Ref        string
	Period     string
	Revision   int
	Digest     liaison.Digest
	Content    contentView
	Approval   *decisionView // on whose word it leaves
	Level      string        // the approval level as the statement names it
	Returned   *decisionView // why it came back to its drafter
	Rejected   *decisionView
	Drafter    string
	Dispatched moment
	Matrix     []matrixRow
	Letters    []*transmissionView // to persons
	Revisions  []revisionView
	Insider    bool
	Marks      []markView   // what other statements did to this one
	FollowUps  []followView // what can be done about it now that it has left
	Thread     []threadView
	Compare    bool // there is more than one revision to compare
	Actions    []actionView
	Late       string     // why it leaves too late for a reply in time, while it is approved
	Undo       *undoView  // while it is approved and about to leave
	Meeting    *tabledFor // that it is tabled for, or after which it leaves
	Problems   problems
	Report     *reportView // of a progress report
	Window     *windowView // in which it lies or lay open for objections
	Said       *saidForm   // to enter a late objection
}

// matrixRow is one addressee with what it is asked and where its message stands.
type matrixRow struct {
	liaison.Addressee
	Message *transmissionView
	Known   []knownView
	Reply   *replyView // from the dispatch on
}

type transmissionView struct {
	Address  string
	Name     string
	Email    string
	Letter   string
	State    liaison.TransmissionState
	Label    string
	Meaning  string
	Reply    string
	Attempts int
	NextTry  moment
	Changed  moment
}

type revisionView struct {
	Number    int
	Digest    liaison.Digest
	By        string
	At        moment
	Decision  *decisionView
	Submitted bool
	Void      bool            // the decision is an approval that holds no more
	Corrected *correctionView // by the secretariat, under the approval of an earlier revision
}

var statementTemplate = newPage[statementPage]("statement")

func (s *server) showStatement(w http.ResponseWriter, r *http.Request, me *visitor) error {
	snap, err := s.readable(r, me)
	if err != nil {
		return err
	}
	flash, err := s.doneHere(r, me)
	if err == nil && flash == "" {
		flash, err = s.flash(r, snap)
	}
	if err != nil {
		return err
	}
	return s.writeStatement(w, r, me, http.StatusOK, snap, statementExtra{flash: flash})
}

// statementExtra is what a failed or finished command adds to the page.
type statementExtra struct {
	flash    string
	problems problems
	kind     liaison.CommandKind // whose form comes back
	reason   string
	command  string
	said     *liaison.Command       // a late objection that was to be entered
	reply    *liaison.ProposalReply // an answer to a proposal that could not be recorded
}

func (s *server) writeStatement(w http.ResponseWriter, r *http.Request, me *visitor, status int, snap store.Snapshot, x statementExtra) error {
	zone, err := snap.Profile.Zone()
	if err != nil {
		return err
	}
	p := statementPage{
		layout: s.layout(r, titleOr(snap.Content.Title)), Address: "/statements/" + string(snap.ID), State: snap.State, Meaning: meaning(snap.State), Ref: snap.Ref, Period: snap.Period,
		Revision: snap.Revision, Digest: snap.Digest, Content: contentViewOf(snap.ID, snap.Content, snap), Level: snap.Profile.ApprovalLevel, Drafter: snap.DrafterPerson.Name,
		Insider: insider(snap, me), Problems: x.problems,
	}
	p.Flash = x.flash
	if err := s.addReport(r.Context(), &p, snap, me, x); err != nil {
		return err
	}
	if p.Insider && snap.Meeting.ID != "" {
		item, _ := snap.Meeting.Item(cmp.Or(snap.TabledItem, snap.Approval.Item))
		p.Meeting = &tabledFor{meetingAddress(snap.Meeting.ID), snap.Meeting.Where(), snap.Meeting.Days(), item.Cite(), snap.Meeting.InSession(snap.Today), strings.ToLower(snap.Meeting.State.Label())}
	}
	if late := snap.LeavesLate(); late != nil && p.Insider {
		p.Late = late.Message
	}
	if p.Insider && snap.State == liaison.Approved && snap.DispatchAt != nil && snap.LeavesAfter == "" {
		v := undoViewOf(*snap.DispatchAt, s.now(), zone, p.Address)
		p.Undo = &v
	}
	if snap.Dispatched != nil {
		p.Dispatched = momentOf(*snap.Dispatched, zone)
	}
	if err := s.addRevisions(r.Context(), &p, snap, zone); err != nil {
		return err
	}
	if p.Insider && snap.State == liaison.Draft && snap.Number > 0 && p.Returned == nil {
		if p.Returned, err = s.reopened(r.Context(), snap, zone); err != nil {
			return err
		}
	}
	if err := s.addMessages(r.Context(), &p, snap, zone, me); err != nil {
		return err
	}
	if err := s.addThread(r.Context(), &p, snap, zone, me); err != nil {
		return err
	}
	if p.Insider {
		p.Window = windowViewOf(snap, zone)
		if !reviewable(snap.State) {
			p.Said = saidFormOf(snap, me, liaison.May(snap.Snapshot, me.ID()), x.said, x.problems)
		}
	}
	p.Actions = actions(snap, me, p.Address, x)
	if i := slices.IndexFunc(p.Actions, func(a actionView) bool { return a.Kind == liaison.DoHold }); i >= 0 && p.Undo != nil {
		p.Undo.Hold = slices.Clone(p.Actions[i : i+1]) // it stands where the time that is left is told
		p.Actions = slices.Delete(p.Actions, i, i+1)
	}
	return statementTemplate.write(w, status, p)
}

func meaning(state liaison.State) string {
	for _, x := range liaison.States {
		if x.State == state {
			return x.Meaning
		}
	}
	return ""
}

func (s *server) addRevisions(ctx context.Context, p *statementPage, snap store.Snapshot, zone *time.Location) error {
	if snap.Revision == 0 {
		return nil
	}
	revisions, err := s.store.Revisions(ctx, snap.ID)
	if err != nil {
		return err
	}
	corrections := map[int]*correctionView{}
	amendments, err := s.store.Amendments(ctx, snap.ID)
	if err != nil {
		return err
	}
	for _, a := range amendments {
		corrections[a.Revision] = &correctionView{a.By, a.Acting.Label(), a.Reason, momentOf(a.At, zone)}
	}
	p.Compare = len(revisions) > 1 || snap.State == liaison.Draft
	approvedHere := false
	for _, r := range revisions {
		v := revisionView{Number: r.Number, Digest: r.Digest, By: r.SubmittedBy, At: momentOf(r.SubmittedAt, zone), Corrected: corrections[r.Number]}
		if r.Decision != nil {
			d := decisionViewOf(*r.Decision, snap, zone)
			v.Decision = &d
			switch {
			case d.Kind == liaison.DoApprove && (snap.ApprovedDigest == "" || approvedHere):
				v.Void = true // it was taken back for changes afterwards
			case d.Kind == liaison.DoApprove:
				p.Approval, approvedHere = &d, true
			case r.Number != snap.Revision:
			case d.Kind == liaison.DoReturn && snap.State == liaison.Draft:
				p.Returned = &d
			case d.Kind == liaison.DoReject:
				p.Rejected = &d
			}
		}
		if p.Insider || r.Number == snap.Revision && r.Digest == snap.Leaving() {
			p.Revisions = append(p.Revisions, v)
		}
	}
	return nil
}

// reopened says why an approved statement is a draft again.
func (s *server) reopened(ctx context.Context, snap store.Snapshot, zone *time.Location) (*decisionView, error) {
	history, err := s.store.History(ctx, snap.ID)
	if err != nil {
		return nil, err
	}
	for _, e := range slices.Backward(history) {
		if e.Kind == liaison.EventReopened {
			v := decisionViewOf(store.Decision{Kind: liaison.DoReopen, By: e.ActorName, Acting: e.Acting, Drafted: e.Drafted, Reason: e.Reason, At: e.At}, snap, zone)
			return &v, nil
		}
	}
	return nil, nil
}

func (s *server) addMessages(ctx context.Context, p *statementPage, snap store.Snapshot, zone *time.Location, me *visitor) error {
	ts, err := s.store.Transmissions(ctx, snap.ID)
	if err != nil {
		return err
	}
	known, err := s.known(ctx, snap, zone, p.Insider)
	if err != nil {
		return err
	}
	for _, a := range snap.Content.Addressees {
		p.Matrix = append(p.Matrix, matrixRow{Addressee: a})
	}
	for _, r := range snap.Replies {
		if r.Position <= len(p.Matrix) {
			v := replyViewOf(snap.ID, r, snap.Today)
			p.Matrix[r.Position-1].Reply = &v
		}
	}
	for _, t := range ts {
		v := transmissionViewOf(t, zone, p.Insider)
		switch {
		case t.Letter != liaison.LetterStatement && (p.Insider || t.Person == me.ID()):
			p.Letters = append(p.Letters, v)
		case t.Letter == liaison.LetterStatement && t.Revision == snap.Revision && t.Position >= 1 && t.Position <= len(p.Matrix):
			p.Matrix[t.Position-1].Message, p.Matrix[t.Position-1].Known = v, known[t.ID]
		}
	}
	return nil
}

func transmissionViewOf(t store.Transmission, zone *time.Location, inside bool) *transmissionView {
	v := &transmissionView{
		Address: "/statements/" + string(t.Statement) + "/messages/" + string(t.ID), Name: t.Name, Email: t.Email, Letter: t.Letter.Label(),
		State: t.State, Label: t.State.Label(), Reply: said(t.Code, t.Reply, inside), Attempts: t.Attempts, Changed: momentOf(t.Changed, zone),
	}
	for _, x := range liaison.TransmissionStates {
		if x.State == t.State {
			v.Meaning = x.Meaning
		}
	}
	if t.State == liaison.TransmissionQueued && t.Batch == "" {
		v.Label, v.Meaning = "Waits for dispatch", "nothing leaves before somebody dispatches the statement"
	}
	if t.NextTry != nil {
		v.NextTry = momentOf(*t.NextTry, zone)
	}
	return v
}

// actions are the buttons: what the domain says this person may do now, and nothing else.
func actions(snap store.Snapshot, me *visitor, address string, x statementExtra) []actionView {
	var out []actionView
	decide := false
	for _, k := range liaison.May(snap.Snapshot, me.ID()) {
		a := actionView{Kind: k, Label: k.Label(), To: address + "/do", Command: newID()}
		switch k {
		case liaison.DoEdit:
			a.Label, a.Link = "Edit the draft", address+"/edit"
		case liaison.DoSubmit:
			a.Label, a.Link = "Check and submit", address+"/submit"
		case liaison.DoApprove, liaison.DoReturn, liaison.DoReject, liaison.DoEnterApproval, liaison.DoApproveEdited, liaison.DoTable, liaison.DoOpenWindow, liaison.DoNoObjection:
			if decide {
				continue
			}
			decide = true
			a.Label, a.Link = "Review and decide", address+"/review"
			if snap.State == liaison.InCorrespondence && !snap.Window.Over(snap.Now) {
				a.Label = "Read it and answer"
			}
			switch k {
			case liaison.DoEnterApproval:
				a.Label = k.Label()
			case liaison.DoTable:
				a.Label = "Review and table"
			}
		case liaison.DoObject:
			if reviewable(snap.State) {
				continue // it is done on the review page, below what would leave
			}
			a.Label, a.Reason, a.Hint = "Object, late", true, "The time for objections is over: it goes on the record and undoes nothing. Say what you object to."
		case liaison.DoDefer:
			a.Reason, a.Hint = true, "It is taken off the agenda and is in review again."
		case liaison.DoRecuse:
			a.Reason, a.Hint = true, "You then decide on this statement no more. Say what the interest is."
		case liaison.DoHold:
			if snap.DispatchAt == nil {
				continue // nothing is about to leave
			}
			a.Hint = "Nothing leaves until somebody dispatches it."
		case liaison.DoDispatch:
			a.Hint = "One message goes to each addressee, now."
			if late := snap.LeavesLate(); late != nil {
				a.Hint += " " + late.Message
			}
		case liaison.DoWithdraw:
			a.Reason, a.Grave, a.Hint = true, true, "It is taken back for good. A number that it has stays used."
		case liaison.DoReopen:
			a.Reason, a.Hint = true, "The approval is void, the messages that wait are taken back, and it is a draft again under the same number."
		case liaison.DoAmend:
			a.Link = address + "/amend"
		case liaison.DoClose:
			a.Reason, a.Hint = true, "Nothing more is expected of anyone."
		case liaison.DoPresent, liaison.DoNote, liaison.DoAccept, liaison.DoSendBack:
			a.Reason, a.Hint = true, "Name the evidence: the document, the meeting, the clause of its report."
		default:
			continue
		}
		if x.kind == k {
			a.Typed, a.Open, a.Error, a.Command = x.reason, true, x.problems.Of(a.Field("reason")), x.command
		}
		out = append(out, a)
	}
	return out
}

// done goes on to the statement, which says what the command came to.
func (s *server) done(w http.ResponseWriter, r *http.Request, id liaison.StatementID, command liaison.CommandID, extra string) {
	q := url.Values{"done": {string(command)}}
	if extra != "" {
		q.Set("as", extra)
	}
	http.Redirect(w, r, "/statements/"+string(id)+"?"+q.Encode(), http.StatusSeeOther)
}

// flash says what the command in the address came to, as it is recorded; a made-up one came to nothing.
func (s *server) flash(r *http.Request, snap store.Snapshot) (string, error) {
	command := r.URL.Query().Get("done")
	if !isID(command) {
		return "", nil
	}
	answer, err := s.store.Recorded(r.Context(), liaison.CommandID(command))
	if err != nil || answer == nil || answer.Statement != snap.ID {
		return "", err
	}
	if r.URL.Query().Get("as") == "recuse" {
		return "Your interest is on the record. Somebody else decides on this statement.", nil
	}
	switch r.URL.Query().Get("as") {
	case "opened":
		if snap.Window != nil && answer.State == liaison.InCorrespondence {
			return "Up for objections until the end of " + snap.Window.Last.String() + ". " + plural(len(snap.Window.Asked), "person") + " asked by letter.", nil
		}
	case "said":
		if answer.State == liaison.InReview {
			return "The objection is on the record and stops it: the statement is in review again. Those who were asked are told.", nil
		}
		return "What was said is on the record.", nil
	case "back":
		return "The window for objections is taken back: the statement is in review again. Those who were asked are told.", nil
	}
	switch answer.State {
	case liaison.InReview:
		var asked []string
		for _, p := range snap.Deciders() {
			asked = append(asked, p.Name)
		}
		switch len(asked) {
		case 0:
			return "Submitted for approval. Nobody holds the chair today, so nobody was asked.", nil
		case 1:
			return "Submitted for approval. " + asked[0] + " is asked to decide.", nil
		}
		return "Submitted for approval. " + list(asked) + " are asked to decide.", nil
	case liaison.Approved:
		if r.URL.Query().Get("as") == "amended" {
			return "Corrected editorially, under the same approval. Who approved it is told.", nil
		}
		if r.URL.Query().Get("as") == "hold" {
			return "Approved as " + answer.Ref + " and held: nothing leaves until somebody dispatches it.", nil
		}
		if answer.After != "" {
			return "Approved as " + answer.Ref + ". It goes out when the meeting is closed.", nil
		}
		return "Approved as " + answer.Ref + " and handed to dispatch.", nil
	case liaison.Draft:
		if answer.Ref != "" {
			return "It is a draft again, and keeps its number " + answer.Ref + ". Who approved it is told, with your reason.", nil
		}
		return "Returned for changes. " + snap.DrafterPerson.Name + " is told, with your reason.", nil
	case liaison.Rejected:
		return "Rejected. " + snap.DrafterPerson.Name + " is told, with your reason.", nil
	case liaison.Dispatching, liaison.Dispatched, liaison.DispatchedInPart:
		return "Dispatch has begun. Where each message stands is in the table below.", nil
	default:
		return answer.State.Label() + ".", nil
	}
}

// decidedMeanwhile answers a command that came too late: it says who did what in the meantime, on the statement as it is.
func (s *server) decidedMeanwhile(w http.ResponseWriter, r *http.Request, me *visitor, e *liaison.Error) error {
	snap, err := s.readable(r, me)
	if err != nil {
		return err
	}
	note(r.Context()).err = e
	message := e.Message
	history, err := s.store.History(r.Context(), snap.ID)
	if err != nil {
		return err
	}
	for _, l := range slices.Backward(history) {
		if l.Actor != "" && l.From != l.To {
			zone, err := snap.Profile.Zone()
			if err != nil {
				return err
			}
			message = "Nothing was done. " + eventWords(l, insider(snap, me)) + ", on " + momentOf(l.At, zone).Text + ". " + e.Message
			break
		}
	}
	return s.writeStatement(w, r, me, statusOf(e.Code), snap, statementExtra{problems: problems{{"main", message}}})
}
