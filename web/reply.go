package web

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// replyPage is the reply that one addressee owes: where it stands, what came in for it, and what can be done about it.
type replyPage struct {
	layout
	Address    string
	Statement  string // its address
	Ref        string
	Subject    string
	Addressee  liaison.Addressee
	Reply      replyView
	Redirected string // the name of the body where it belongs
	Links      []replyLinkView
	Forms      []replyForm
	Choices    []option // what came in and could be linked
	Bodies     []option
	Problems   problems
}

// replyView is a reply in a table.
type replyView struct {
	liaison.Reply
	Meaning string
	Due     deadline
	Moved   bool   // the date in force is another one than the statement's
	Address string // of its page
}

// replyLinkView is something that came in for a reply.
type replyLinkView struct {
	Kind    string // "reply" or "interim"
	Words   string
	From    string
	Address string // of the message, "" for what is not to be seen
	Came    liaison.Date
	Late    bool
	By      string
	Reason  string
	Stood   string // that the statement was at an end when it came, in words
	Forms   []replyForm
}

// replyForm is one thing that this person may do about a reply now.
type replyForm struct {
	Kind     liaison.CommandKind
	Label    string
	Hint     string
	Command  string
	Evidence string // of a form about one message
	Date     *input
	Choose   bool // a message
	Body     bool // a body, or none
	Reason   bool
	Typed    string
	Chosen   string
	Error    string
	Open     bool
	Grave    bool
}

var replyTemplate = newPage[replyPage]("reply")

// replyHints explain what each command does.
var replyHints = map[liaison.CommandKind]string{
	liaison.DoLinkReply:       "The message counts as the reply. One message can answer several statements.",
	liaison.DoMarkInterim:     "It says that the reply follows. The date stays; a statement that closed itself by it is open again.",
	liaison.DoUnlinkReply:     "It does not count any more, and the reply is awaited again; a statement that closed itself by it is open again.",
	liaison.DoGrantExtension:  "The addressee is told. Both dates stay on the record.",
	liaison.DoRefuseExtension: "The addressee is told, with your reason. The date stays.",
	liaison.DoWaive:           "Nothing more is expected of this addressee.",
	liaison.DoRedirect:        "Nothing is counted against this addressee any more; the reply is awaited from elsewhere.",
	liaison.DoAwaitAgain:      "The reply is expected by the date in force.",
}

func replyAddress(statement liaison.StatementID, position int) string {
	return "/statements/" + string(statement) + "/replies/" + strconv.Itoa(position)
}

func replyViewOf(statement liaison.StatementID, r liaison.Reply, today liaison.Date) replyView {
	v := replyView{Reply: r, Due: deadlineOf(r.Due, today, r.State.Counts()), Moved: r.Due != "" && r.Due != r.Deadline, Address: replyAddress(statement, r.Position)}
	for _, x := range liaison.ReplyStates {
		if x.State == r.State {
			v.Meaning = x.Meaning
		}
	}
	return v
}

// owed reads the reply of the address.
func (s *server) owed(r *http.Request, me *visitor) (store.Snapshot, liaison.Reply, error) {
	snap, err := s.readable(r, me)
	if err != nil {
		return snap, liaison.Reply{}, err
	}
	position, err := strconv.Atoi(r.PathValue("position"))
	i := slices.IndexFunc(snap.Replies, func(x liaison.Reply) bool { return x.Position == position })
	if err != nil || i < 0 {
		return snap, liaison.Reply{}, liaison.Refuse(liaison.NotFound, "No reply is awaited under this address. Look at the statement's page.")
	}
	return snap, snap.Replies[i], nil
}

func (s *server) showReply(w http.ResponseWriter, r *http.Request, me *visitor) error {
	snap, reply, err := s.owed(r, me)
	if err != nil {
		return err
	}
	return s.writeReply(w, r, me, http.StatusOK, snap, reply, liaison.Command{}, nil)
}

// writeReply shows the page; a form that was not accepted comes back with what was typed.
func (s *server) writeReply(w http.ResponseWriter, r *http.Request, me *visitor, status int, snap store.Snapshot, reply liaison.Reply, typed liaison.Command, ps problems) error {
	p := replyPage{
		layout: s.layout(r, "Reply of "+reply.Name), Statement: "/statements/" + string(snap.ID), Ref: snap.Ref, Subject: titleOr(snap.Content.Title),
		Addressee: snap.Content.Addressees[reply.Position-1], Reply: replyViewOf(snap.ID, reply, snap.Today), Problems: ps,
	}
	p.Address = p.Reply.Address
	bodies, err := s.store.Bodies(r.Context())
	if err != nil {
		return err
	}
	p.Bodies = append(p.Bodies, option{"", "not known, or not in the register", typed.Body == ""})
	for _, b := range bodies {
		p.Bodies = append(p.Bodies, option{string(b.Code), b.Label(), b.Code == typed.Body})
		if b.Code == reply.Redirected {
			p.Redirected = b.Label()
		}
	}
	may := liaison.MayAboutReply(snap.Snapshot, reply, me.ID())
	if err := s.addLinks(r, &p, snap, reply, me, may); err != nil {
		return err
	}
	for _, k := range may {
		if k == liaison.DoMarkInterim || k == liaison.DoUnlinkReply { // about one message, beside it
			continue
		}
		f := replyFormOf(k)
		switch k {
		case liaison.DoLinkReply:
			candidates, err := s.store.Candidates(r.Context(), me.ID(), snap.ID)
			if err != nil {
				return err
			}
			for _, c := range candidates {
				p.Choices = append(p.Choices, option{c.ID, candidateWords(c, me), c.ID == typed.Evidence})
			}
			f.Choose, f.Body = true, true
		case liaison.DoGrantExtension:
			f.Date = &input{ID: "f-date", Name: "date", Label: "The date that is granted", Kind: "date", Value: string(reply.Asked), Error: ps.Of("f-date")}
		case liaison.DoRedirect:
			f.Body = true
		case liaison.DoWaive:
			f.Grave = true
		}
		if typed.Kind == k {
			f.Typed, f.Open, f.Error, f.Command, f.Chosen = typed.Reason, true, ps.Of("f-reason-"+string(k)), string(typed.ID), typed.Evidence
			if f.Date != nil {
				f.Date.Value = string(typed.Date)
			}
		}
		p.Forms = append(p.Forms, f)
	}
	return replyTemplate.write(w, status, p)
}

func replyFormOf(k liaison.CommandKind) replyForm {
	return replyForm{Kind: k, Label: k.Label(), Hint: replyHints[k], Command: newID(), Reason: k.Requires(liaison.NeedReason)}
}

// candidateWords name something that came in.
func candidateWords(c store.Candidate, me *visitor) string {
	at := momentOf(c.At, me.Zone).Text
	if c.Said {
		return at + ": said by " + c.From + " for " + c.Subject + " about " + c.Of
	}
	about := "about nothing known"
	if c.Of != "" {
		about = "about " + c.Of
	}
	return at + ": from " + c.From + ", " + cmp.Or(c.Subject, "without a subject") + " (" + about + ")"
}

// addLinks adds what came in for the reply, to who works on the statement with what was said and what can be done about it.
func (s *server) addLinks(r *http.Request, p *replyPage, snap store.Snapshot, reply liaison.Reply, me *visitor, may []liaison.CommandKind) error {
	links, err := s.store.ReplyLinks(r.Context(), snap.ID)
	if err != nil {
		return err
	}
	inside := insider(snap, me)
	for _, l := range links {
		if l.Transmission != reply.Transmission || l.Kind == "none" {
			continue
		}
		v := replyLinkView{Kind: l.Kind, Words: "Counts as the reply", Came: l.Came, Late: l.Late && reply.State != liaison.ReplyNotAwaited}
		if l.Kind == "interim" {
			v.Words, v.Late = "Interim: the reply follows", false
		}
		switch l.Stood {
		case string(liaison.Closed), string(liaison.Withdrawn):
			v.Stood = "It came after the statement was " + l.Stood + "."
		case string(liaison.Recalls):
			v.Stood = "It came after the statement was recalled."
		case string(liaison.Revises):
			v.Stood = "It came after the statement was superseded."
		}
		if inside {
			v.By, v.Reason = l.By, l.Reason
			v.Address = p.Statement + "/messages/" + string(l.Transmission)
			if l.Inbound != "" {
				v.Address = "/inbound/" + string(l.Inbound)
			}
			for _, k := range may {
				if k == liaison.DoMarkInterim && l.Kind == "reply" || k == liaison.DoUnlinkReply && l.Kind == "reply" || k == liaison.DoLinkReply && l.Kind == "interim" {
					f := replyFormOf(k)
					f.Evidence = l.Evidence()
					if k == liaison.DoLinkReply {
						f.Label, f.Hint = "It is the reply", "It counts as the reply from now on."
					}
					v.Forms = append(v.Forms, f)
				}
			}
		}
		p.Links = append(p.Links, v)
	}
	return nil
}

// actOnReply carries out what the page offers.
func (s *server) actOnReply(w http.ResponseWriter, r *http.Request, me *visitor) error {
	snap, reply, err := s.owed(r, me)
	if err != nil {
		return err
	}
	if err := readForm(w, r); err != nil {
		return err
	}
	id, err := commandID(r)
	if err != nil {
		return err
	}
	cmd := liaison.Command{
		ID: id, Kind: liaison.CommandKind(r.PostFormValue("kind")), Statement: snap.ID, Actor: me.ID(), Transmission: reply.Transmission, Reason: textOf(r.PostFormValue("reason")),
		Date: liaison.Date(r.PostFormValue("date")), Body: liaison.Code(r.PostFormValue("body")), Evidence: r.PostFormValue("evidence"),
	}
	if _, ok := liaison.AboutReplies[cmd.Kind]; !ok {
		return liaison.Refuse(liaison.Invalid, "That is not done on this page.")
	}
	_, err = s.engine.Do(r.Context(), cmd)
	if err == nil {
		http.Redirect(w, r, replyViewOf(snap.ID, reply, snap.Today).Address, http.StatusSeeOther)
		return nil
	}
	e := refusal(err)
	if e == nil || e.Code == liaison.Forbidden || e.Code == liaison.NotFound {
		return err
	}
	note(r.Context()).err = err
	if e.Code == liaison.Conflict { // as it stands by now
		if snap, reply, err = s.owed(r, me); err != nil {
			return err
		}
	}
	field := map[string]string{"reason": "f-reason-" + string(cmd.Kind), "date": "f-date", "evidence": "f-evidence", "body": "f-body-" + string(cmd.Kind)}[e.Field]
	return s.writeReply(w, r, me, statusOf(e.Code), snap, reply, cmd, problems{{cmp.Or(field, "main"), unavailableWords(e)}})
}
