package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail"
)

// meetingPage is a meeting on one screen: its agenda with what is tabled under each item, what can be decided on it now, and what came
// of it so far. A planned meeting is prepared here, one in session is run, a closed one shows its outcome.
type meetingPage struct {
	layout
	Address  string
	Meeting  liaison.Meeting
	Group    liaison.Body
	Parent   bool // of a parent group, at which nothing is decided here
	With     string
	Advice   []string
	Change   string
	Open     bool
	Close    bool
	Cancel   bool
	Command  string
	Sits     bool // decisions are taken now
	Over     bool // its days are past and it was not opened here
	Items    []agendaView
	Off      []outcomeView // decided and not on the agenda
	Tabled   int
	Decided  int
	Several  bool // the person can approve more than one, and so several at once
	Review   []reviewedView
	Options  []option
	Outcomes []outcomeView // of what was just asked for several
	Reason   string
	Problems problems
}

type agendaView struct {
	liaison.AgendaItem
	Tabled  []tabledView
	Decided []outcomeView
}

// tabledView is one statement that waits for the meeting's decision.
type tabledView struct {
	ID       liaison.StatementID
	Address  string
	Title    string
	Language string
	Text     string
	Abstract string
	To       []liaison.Addressee
	Deadline deadline
	Drafter  string
	Revision int
	Digest   liaison.Digest
	Files    []fileView
	First    int // the revision that was tabled first, if it is another one
	Changes  []difference
	Blocking []findingView
	Advice   []findingView
	Command  string // of the single decisions
	Back     string // the meeting's page
	Batch    string // of an approval together with others
	Rest     string // of putting it off with all that is left
	Chosen   bool
	Several  bool // it can be approved together with others
	May      decisions
	Enter    bool
	Why      string // the person cannot decide
	Problem  string // why it cannot be approved from here
}

// outcomeView is what the meeting came to about one statement.
type outcomeView struct {
	Address, Title, Ref string
	Words               string
	Reason              string
	By                  string
	At                  moment
	Compare             string // where what was tabled is compared with what was approved
	Leaves              string // when it goes out, as long as it has not
	Failed              bool
}

// reviewedView is a statement that waits in review and can be tabled.
type reviewedView struct {
	Address, Title string
	Revision       int
	Digest         liaison.Digest
	Since          string
	Command        string
}

var meetingTemplate = newPage[meetingPage]("meeting")

func meetingAddress(id liaison.MeetingID) string { return "/meetings/" + string(id) }

// errNoMeeting is the same for what is not there and for what is not for this person to see: what is tabled is the group's own until
// it leaves.
var errNoMeeting = liaison.Refuse(liaison.NotFound, "There is no such meeting, or it is not yours to see.")

// meeting reads the meeting of the address with the group that sees to it, for an officer of that: its own, or of a parent that decides
// nothing here one that reports to it.
func (s *server) meeting(r *http.Request, me *visitor) (m liaison.Meeting, snap store.Snapshot, err error) {
	m, err = s.store.Meeting(r.Context(), liaison.MeetingID(r.PathValue("id")))
	if liaison.CodeOf(err) == liaison.NotFound {
		return m, snap, errNoMeeting
	} else if err != nil {
		return m, snap, err
	}
	snap, err = s.store.MeetingGroup(r.Context(), m.Group, me.ID())
	if liaison.CodeOf(err) == liaison.Invalid || liaison.CodeOf(err) == liaison.NotFound { // of a group that decides nothing here
		return m, snap, errNoMeeting
	}
	if err == nil && !officerOf(snap, me) {
		err = errNoMeeting
	}
	return m, snap, err
}

func (s *server) showMeeting(w http.ResponseWriter, r *http.Request, me *visitor) error {
	m, snap, err := s.meeting(r, me)
	if err != nil {
		return err
	}
	flash, err := s.doneHere(r, me)
	if err != nil {
		return err
	}
	return s.writeMeeting(w, r, me, http.StatusOK, m, snap, meetingExtra{flash: flash})
}

// meetingExtra is what something that was just done, or could not be, adds to the page.
type meetingExtra struct {
	flash    string
	problems problems
	outcomes []outcomeView
	reason   string
	batch    map[liaison.StatementID]string // the ids of approvals that are to be sent again as they were
	rest     map[liaison.StatementID]string // and of what was to be put off
}

func (s *server) writeMeeting(w http.ResponseWriter, r *http.Request, me *visitor, status int, m liaison.Meeting, group store.Snapshot, x meetingExtra) error {
	zone, err := group.Profile.Zone()
	if err != nil {
		return err
	}
	of, err := s.store.Body(r.Context(), m.Group)
	if err != nil {
		return err
	}
	p := meetingPage{
		layout: s.layout(r, m.Title), Address: meetingAddress(m.ID), Meeting: m, Group: of, Parent: m.Group != group.Group, Command: newID(), Sits: m.InSession(group.Today), Over: m.Tables() && m.Until < group.Today,
		Outcomes: x.outcomes, Problems: x.problems, Reason: x.reason,
	}
	p.Flash = x.flash
	with := liaison.Meeting{}
	if m.With != "" {
		if with, err = s.store.Meeting(r.Context(), m.With); err != nil {
			return err
		}
		p.With = with.Where() + ", " + with.Days()
	}
	if !p.Parent {
		p.Advice = m.Advice(group.Profile, with)
	}
	for _, act := range m.MayMeet(group.Snapshot, me.ID()) {
		switch act {
		case liaison.ChangeMeeting:
			p.Change = p.Address + "/edit"
		case liaison.OpenMeeting:
			p.Open = true
		case liaison.CloseMeeting:
			p.Close = true
		case liaison.CancelMeeting:
			p.Cancel = true
		}
	}
	if err := s.addAgenda(r, &p, group, me, zone, x); err != nil {
		return err
	}
	if m.Tables() && m.Until >= group.Today && !p.Parent {
		if err := s.addReviewed(r.Context(), &p, group, me); err != nil {
			return err
		}
	}
	return meetingTemplate.write(w, status, p)
}

// addAgenda adds the items in their order, with what is tabled under each and what was decided.
func (s *server) addAgenda(r *http.Request, p *meetingPage, group store.Snapshot, me *visitor, zone *time.Location, x meetingExtra) error {
	items := map[int]*agendaView{}
	p.Items = make([]agendaView, len(p.Meeting.Agenda))
	for i, a := range p.Meeting.Agenda {
		p.Items[i].AgendaItem = a
		items[a.Number] = &p.Items[i]
	}
	all, err := s.store.AtMeeting(r.Context(), p.Meeting.ID)
	if err != nil {
		return err
	}
	approvable := 0
	for _, o := range all {
		item := items[o.Item]
		if o.State == liaison.Tabled && o.Kind == liaison.EventTabled && item != nil {
			v, err := s.tabledView(r, o, me, x)
			if err != nil {
				return err
			}
			p.Tabled++
			if v.May.Approve {
				approvable++
			}
			item.Tabled = append(item.Tabled, v)
			continue
		}
		p.Decided++
		v := outcomeViewOf(o, p.Meeting, zone)
		if item == nil {
			p.Off = append(p.Off, v)
		} else {
			item.Decided = append(item.Decided, v)
		}
	}
	p.Several = approvable > 1 || approvable > 0 && len(x.batch) > 0
	for i := range p.Items {
		for j := range p.Items[i].Tabled {
			p.Items[i].Tabled[j].Several = p.Several
		}
	}
	return nil
}

// meetingWords say what the meeting did with a statement.
var meetingWords = map[liaison.EventKind]string{
	liaison.EventApproved: "Approved", liaison.EventReturned: "Returned for changes", liaison.EventRejected: "Rejected", liaison.EventPutOff: "Put off, and in review again",
	liaison.EventWithdrawn: "Withdrawn",
}

func outcomeViewOf(o store.AtMeeting, m liaison.Meeting, zone *time.Location) outcomeView {
	v := outcomeView{Address: "/statements/" + string(o.Statement), Title: titleOr(o.Title), Ref: o.Ref, Words: meetingWords[o.Kind], Reason: o.Reason, By: o.By, At: momentOf(o.At, zone)}
	if o.Waits {
		v.Leaves = "goes out when the meeting is closed"
		if m.State == liaison.MeetingClosed {
			v.Leaves = "goes out now"
		}
	}
	if o.Edited {
		v.Words = "Approved with edits"
		v.Compare = v.Address + "/compare?" + url.Values{"from": {strconv.Itoa(o.Revision - 1)}, "to": {strconv.Itoa(o.Revision)}}.Encode()
	}
	return v
}

// tabledView reads one statement that waits for the meeting's decision, with what the person may do about it now.
func (s *server) tabledView(r *http.Request, o store.AtMeeting, me *visitor, x meetingExtra) (tabledView, error) {
	snap, err := s.store.Snapshot(r.Context(), o.Statement)
	if err != nil {
		return tabledView{}, err
	}
	c := contentViewOf(snap.ID, snap.Content, snap)
	v := tabledView{
		ID: snap.ID, Address: "/statements/" + string(snap.ID), Title: c.Title, Language: c.Language, Text: c.Text, Abstract: c.Abstract, To: c.Addressees, Deadline: c.Deadline, Files: c.Files,
		Drafter: snap.DrafterPerson.Name, Back: meetingAddress(snap.TabledFor), Revision: snap.Revision, Digest: snap.Digest, Command: newID(), Batch: newID(), Rest: newID(),
	}
	if id, again := x.batch[snap.ID]; again {
		v.Batch, v.Chosen = id, true
	}
	if id, again := x.rest[snap.ID]; again {
		v.Rest = id
	}
	if v.Blocking, v.Advice, err = s.findings(r.Context(), snap.Content, snap, ""); err != nil {
		return v, err
	}
	for _, list := range [][]findingView{v.Blocking, v.Advice} {
		for i := range list {
			list[i].Link = "" // who decides edits nothing here
		}
	}
	if o.Tabled > 0 && o.Tabled < snap.Revision {
		revisions, err := s.store.Revisions(r.Context(), snap.ID)
		if err != nil {
			return v, err
		}
		for _, rev := range revisions {
			if rev.Number == o.Tabled {
				v.First, v.Changes = rev.Number, differences(liaison.Compare(rev.Content, snap.Content))
			}
		}
	}
	may := liaison.May(snap.Snapshot, me.ID())
	v.May = decisionsOf(may)
	v.Enter = slices.Contains(may, liaison.DoEnterApproval) && snap.Meeting.From <= snap.Today
	if _, _, err := snap.Decides(me.ID()); err != nil && snap.ActingAs(me.ID(), liaison.AsChair, liaison.AsViceChair) != liaison.AsReader {
		v.Why = err.Error()
	}
	if v.May.Approve {
		v.Problem = s.unseen(r.Context(), snap)
	}
	if v.Problem != "" || len(v.Blocking) > 0 {
		v.May.Approve = false
	}
	return v, nil
}

// unseen says why nobody can see the e-mail that would leave: then nobody approves it.
func (s *server) unseen(ctx context.Context, snap store.Snapshot) string {
	if len(snap.Content.Addressees) == 0 {
		return "There is no addressee, so there is no e-mail."
	}
	message, err := s.post.Preview(ctx, snap, 1)
	if err == nil {
		_, _, err = mail.Parts(message)
	}
	if err == nil {
		return ""
	}
	if e := refusal(err); e != nil {
		return "The e-mail cannot be made: " + e.Message
	}
	return "The e-mail cannot be made at the moment."
}

func decisionsOf(may []liaison.CommandKind) decisions {
	return decisions{
		Approve: slices.Contains(may, liaison.DoApprove), Edit: slices.Contains(may, liaison.DoApproveEdited), Return: slices.Contains(may, liaison.DoReturn),
		Reject: slices.Contains(may, liaison.DoReject), PutOff: slices.Contains(may, liaison.DoDefer),
	}
}

// addReviewed adds what waits in review and can be tabled, for who may.
func (s *server) addReviewed(ctx context.Context, p *meetingPage, group store.Snapshot, me *visitor) error {
	if p.Options = tablingOptions(p.Meeting, group.Profile); len(p.Options) == 0 || !slices.ContainsFunc(liaison.DoTable.Who(), func(c liaison.Capacity) bool { return slices.Contains(group.CapacitiesOf(me.ID()), c) }) {
		return nil
	}
	waiting, err := s.store.Reviewed(ctx, group.Group)
	if err != nil {
		return err
	}
	for _, x := range waiting {
		v := reviewedView{Address: "/statements/" + string(x.ID), Title: titleOr(x.Title), Revision: x.Revision, Digest: x.Digest, Command: newID()}
		v.Since = "submitted " + ago(x.Submitted, s.now().In(me.Zone))
		p.Review = append(p.Review, v)
	}
	return nil
}

// agendaOptions are the items of a meeting to choose from, by the value that [tablingOf] reads.
func agendaOptions(m liaison.Meeting) []option {
	var out []option
	for _, a := range m.Agenda {
		out = append(out, option{Value: string(m.ID) + " " + strconv.Itoa(a.Number), Label: a.Cite()})
	}
	return out
}

// tablingOptions are those of them under which the profile has statements decided.
func tablingOptions(m liaison.Meeting, p liaison.Profile) []option {
	if n := p.Approval.MeetingItem; n > 0 {
		m.Agenda = slices.DeleteFunc(slices.Clone(m.Agenda), func(a liaison.AgendaItem) bool { return a.Number != n })
	}
	return agendaOptions(m)
}

// tablingOf reads the meeting and the item that were chosen.
func tablingOf(value string) (liaison.MeetingID, int) {
	id, item, _ := strings.Cut(value, " ")
	n, err := strconv.Atoi(item)
	if err != nil || !isID(id) {
		return "", 0
	}
	return liaison.MeetingID(id), n
}
