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
)

// contentView is what a revision or a draft says, as the paper form lays it out.
type contentView struct {
	Source     liaison.Body
	Title      string
	InReplyTo  string
	Questions  string
	Meeting    string
	Deadline   deadline
	Zone       string // whose days deadlines are
	Contacts   []liaison.Contact
	ReplyTo    string
	Language   string
	LangLabel  string
	Abstract   string
	Text       string
	Addressees []liaison.Addressee
	Files      []fileView
	More       []reachFact  // the rest of the envelope, as far as it is filled in
	Overdue    liaison.Date // the day before which continuing the group was to be decided, if it passed without a decision
}

// shownApart are the fields that a page shows in a form of their own.
var shownApart = []string{"source", "title", "in_reply_to", "questions", "meeting", "addressees", "deadline", "contacts", "reply_to", "language", "abstract", "text", "attachments", "relations"}

func contentViewOf(id liaison.StatementID, c liaison.Content, snap store.Snapshot) contentView {
	v := contentView{
		Source: snap.GroupBody, Title: titleOr(c.Title), InReplyTo: c.InReplyTo, Questions: c.Questions, Meeting: c.Meeting,
		Deadline: deadlineOf(c.Deadline, snap.Today, !snap.State.Final()), Zone: snap.Profile.TimeZone,
		Contacts: c.Contacts, ReplyTo: c.ReplyTo, Language: c.Language, LangLabel: c.Language, Abstract: c.Abstract, Text: c.Text, Addressees: c.Addressees,
	}
	if snap.ReviewOverdue() {
		v.Overdue = snap.ReviewedBy
	}
	for _, d := range liaison.Compare(liaison.Content{}, c) {
		if !slices.Contains(shownApart, d.Field) && !strings.HasPrefix(d.Field, "report") {
			v.More = append(v.More, reachFact{d.Label, d.After})
		}
	}
	for _, l := range languages {
		if l.Value == c.Language {
			v.LangLabel = l.Label
		}
	}
	for _, a := range c.Attachments {
		v.Files = append(v.Files, fileView{Name: a.Name, MediaType: a.MediaType, Size: a.Size, Digest: a.Digest, Address: fileAddress(id, a)})
	}
	return v
}

func fileAddress(id liaison.StatementID, a liaison.Attachment) string {
	return "/statements/" + string(id) + "/files/" + string(a.Digest) + "/" + url.PathEscape(a.Name)
}

// decisionView is a decision as it is told: "Approved by Kangchan Lee as Chair".
type decisionView struct {
	Kind    liaison.CommandKind
	Done    string
	By      string
	Acting  string
	Drafted bool
	Reason  string
	At      moment
	Level   string // of an approval: level, body, mode and place, as the statement names them
	On      liaison.Date
	Stands  string // why a vice-chair decided
	Entered string // who entered what was decided outside
	Shown   string // the evidence, or the minutes, in words
	File    liaison.Digest
	FileAt  string // its address
	Tabled  int    // the revision that was tabled, where a meeting approved another with edits

	Silent    bool   // nobody approved it: nobody objected in a window that By opened
	Consulted string // how the management team was, in words
	Reference string // to what shows that
}

// decisionViewOf tells a decision on a statement of the group.
func decisionViewOf(d store.Decision, snap store.Snapshot, zone *time.Location) decisionView {
	v := decisionView{Kind: d.Kind, By: d.By, Acting: d.Acting.Label(), Drafted: d.Drafted, Reason: d.Reason, At: momentOf(d.At, zone), On: d.On, Shown: d.Evidence, Tabled: d.Tabled}
	for _, r := range liaison.Table {
		if r.Command == d.Kind {
			v.Done = r.Done
			break
		}
	}
	switch {
	case d.Mode == liaison.ByNoObjection:
		v.Silent, v.Done = true, "Approved by no objection, in the window opened"
	case d.Mode == liaison.ByCorrespondence:
		v.Done = "Approved by correspondence"
	}
	if d.Kind == liaison.DoApprove {
		v.Level, v.Consulted, v.Reference = approvalLevel(d, snap), d.Consulted.Kind.Words(), d.Consulted.Reference
	}
	if v.Entered = d.EnteredBy; d.File != "" {
		v.File, v.FileAt = d.File, "/statements/"+string(snap.ID)+"/approval/"+string(d.File)
	}
	switch d.Stands {
	case liaison.Absent:
		v.Stands = "while the chair was absent"
	case liaison.Delegation:
		v.Stands = "by delegation of the chair"
	}
	return v
}

// approvalLevel is how the statement was approved, so that no way passes for another one.
func approvalLevel(d store.Decision, snap store.Snapshot) string {
	label := snap.GroupBody.Label()
	switch d.Mode {
	case liaison.AtMeeting:
		if d.Item > 0 {
			return label + ", " + d.Meeting + ", agenda item " + strconv.Itoa(d.Item)
		}
		return label + ", " + d.Meeting + ", not on the agenda"
	case liaison.ByCorrespondence:
		return label + ", by correspondence"
	case liaison.ByNoObjection:
		return label + ", by no objection"
	}
	level := snap.Profile.ApprovalLevel
	if d.Acting == liaison.AsViceChair {
		level = label + " " + d.Acting.Label()
	}
	if d.Mode == liaison.ByOfficer {
		level += ", between meetings"
	}
	return level
}

// readable reads the statement of the address, if the person may read it. To everybody else it does not exist.
func (s *server) readable(r *http.Request, me *visitor) (store.Snapshot, error) {
	return s.readableID(r.Context(), liaison.StatementID(r.PathValue("id")), me)
}

func (s *server) readableID(ctx context.Context, id liaison.StatementID, me *visitor) (store.Snapshot, error) {
	snap, err := s.store.Snapshot(ctx, id)
	if err == nil && !snap.MayRead(me.ID()) {
		err = errNoStatement
	} else if liaison.CodeOf(err) == liaison.NotFound {
		err = errNoStatement
	}
	return snap, err
}

// errNoStatement is the same for what is not there and for what is not for this person to see.
var errNoStatement = liaison.Refuse(liaison.NotFound, "There is no such statement, or it is not yours to read.")

// insider reports whether the person works on the statement: holds an office of its group or drafted it. Others read what
// left, and not what went before.
func insider(snap store.Snapshot, me *visitor) bool {
	return snap.CapacitiesOf(me.ID())[0] != liaison.AsReader
}
