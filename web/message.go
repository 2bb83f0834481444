package web

import (
	"net/http"
	"strings"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail"
)

// messagePage is one message to one recipient: where it stands, each attempt, and its exact bytes.
type messagePage struct {
	layout
	Address   string
	Statement string
	Ref       string
	Subject   string
	Message   *transmissionView
	MessageID string
	Digest    liaison.Digest // of its bytes, "" until they are fixed
	Preview   bool           // it is not sealed; what is shown is what it would be
	Attempts  []attemptView
	Headers   []mail.Header
	Text      string
	HTML, Raw string // addresses
	Receipts  []receiptLink
	Hidden    bool // its link, and so its exact bytes, are not for this reader
	Known     []knownView
	WhyNot    string // why it was not sent; "" if it was
	Revoke    string // where its link is ended, for who may
	Revoked   *revokedView
	Actions   []actionView
	Test      []actionView
	Decided   []decidedView // what people decided about it
	Problems  problems
	Size      int64
	Problem   string
}

type attemptView struct {
	N             int
	Started       moment
	Outcome       liaison.TransmissionState
	Stage         string
	Reply, Error  string
	Code          int
	Relay, Secure string
}

// decidedView is what somebody decided about one message, with their reason.
type decidedView struct {
	Words, Reason string
	At            moment
}

type revokedView struct {
	By, Reason string
	At         moment
}

var messageTemplate = newPage[messagePage]("message")

var errNoMessage = liaison.Refuse(liaison.NotFound, "There is no such message, or it is not yours to read.")

// letter reads the message of the address, if the person may: who reads the statement reads what went to its addressees;
// letters to persons are for who works on the statement, and for who got them.
func (s *server) letter(r *http.Request, me *visitor) (store.Snapshot, store.Transmission, error) {
	snap, err := s.readable(r, me)
	if err != nil {
		return snap, store.Transmission{}, err
	}
	id := r.PathValue("transmission")
	if id == "" { // a form about it, which goes to the statement
		id = r.PostFormValue("transmission")
	}
	t, err := s.store.Transmission(r.Context(), liaison.TransmissionID(id))
	switch {
	case liaison.CodeOf(err) == liaison.NotFound:
		return snap, t, errNoMessage
	case err != nil:
		return snap, t, err
	case t.Statement != snap.ID, t.Letter != liaison.LetterStatement && !insider(snap, me) && t.Person != me.ID():
		return snap, t, errNoMessage
	}
	return snap, t, nil
}

// sealedFrom reports whether what the message says is not for the person, although where it stands is: a digest tells of
// other statements too.
func sealedFrom(t store.Transmission, me *visitor) bool {
	return t.Letter == liaison.LetterDigest && t.Person != me.ID()
}

// messageBytes are the sealed bytes, or what they would be; nil when that is not known yet.
func (s *server) messageBytes(r *http.Request, snap store.Snapshot, t store.Transmission) (b []byte, sealed bool, err error) {
	if t.Digest != "" {
		b, err = s.store.Message(r.Context(), t.ID)
		return b, true, err
	}
	if t.Letter == liaison.LetterStatement && t.Revision == snap.Revision {
		b, err = s.post.Preview(r.Context(), snap, t.Position)
	}
	return b, false, err
}

func (s *server) showMessage(w http.ResponseWriter, r *http.Request, me *visitor) error {
	snap, t, err := s.letter(r, me)
	if err != nil {
		return err
	}
	return s.writeMessage(w, r, me, http.StatusOK, snap, t, actionExtra{})
}

func (s *server) writeMessage(w http.ResponseWriter, r *http.Request, me *visitor, status int, snap store.Snapshot, t store.Transmission, x actionExtra) error {
	zone, err := snap.Profile.Zone()
	if err != nil {
		return err
	}
	inside := insider(snap, me)
	v := transmissionViewOf(t, zone, inside)
	p := messagePage{
		layout: s.layout(r, "Message to "+t.Name), Address: v.Address, Statement: "/statements/" + string(snap.ID), Ref: snap.Ref, Subject: titleOr(snap.Content.Title),
		Message: v, MessageID: t.MessageID, Digest: t.Digest, Problems: x.problems, Actions: aboutMessage(snap, t, me, v.Address, x),
	}
	if t.Letter == liaison.LetterStatement && t.Revision == snap.Revision {
		p.Test = testAction(snap, t.Position, me, v.Address)
	}
	if p.Flash, err = s.doneHere(r, me); err != nil {
		return err
	}
	attempts, err := s.store.Attempts(r.Context(), t.ID)
	if err != nil {
		return err
	}
	for _, a := range attempts {
		v := attemptView{
			N: a.N, Started: momentOf(a.Started, zone), Outcome: a.Outcome, Stage: strings.ToUpper(string(a.Stage)), Code: a.Code, Reply: said(a.Code, a.Reply, inside), Error: a.Error, Relay: a.Relay, Secure: a.TLS,
		}
		p.Attempts = append(p.Attempts, v)
	}
	if err := s.addKnown(r, &p, snap, t, me, zone); err != nil {
		return err
	}
	if sealedFrom(t, me) {
		p.Problem = "A digest tells of several statements and is shown to its reader alone. Where it stands is told here."
		return messageTemplate.write(w, status, p)
	}
	message, sealed, err := s.messageBytes(r, snap, t)
	if e := refusal(err); e != nil && e.Code != liaison.Unavailable {
		p.Problem = e.Message
		return messageTemplate.write(w, status, p)
	} else if err != nil {
		return err
	}
	p.Preview, p.Size = !sealed, int64(len(message))
	if message == nil {
		p.Problem = "The message is not written yet; that happens just before it is sent."
		return messageTemplate.write(w, status, p)
	}
	text, html, err := mail.Parts(message)
	if err != nil {
		return err
	}
	p.Headers, p.Text = mail.Headers(message), text
	if p.Hidden = !s.mayHaveBytes(snap, t, me); p.Hidden {
		for i := range p.Headers {
			p.Headers[i].Value = s.hidden(p.Headers[i].Value, t)
		}
		p.Text = s.hidden(p.Text, t)
	}
	if html != "" {
		p.HTML = p.Address + "/html"
	}
	if sealed {
		if !p.Hidden {
			p.Raw = p.Address + "/raw"
		}
		p.Receipts = receiptsOf(p.Address, t)
	}
	return messageTemplate.write(w, status, p)
}

func (s *server) messageHTML(w http.ResponseWriter, r *http.Request, me *visitor) error {
	snap, t, err := s.letter(r, me)
	if err != nil {
		return err
	}
	if sealedFrom(t, me) {
		return errNoMessage
	}
	message, _, err := s.messageBytes(r, snap, t)
	if err != nil {
		return err
	}
	if message == nil {
		return errNoMessage
	}
	_, html, err := mail.Parts(message)
	if err != nil {
		return err
	}
	if !s.mayHaveBytes(snap, t, me) {
		html = s.hidden(html, t)
	}
	writeMailHTML(w, html)
	return nil
}

// messageRaw is the message exactly as it was sealed.
func (s *server) messageRaw(w http.ResponseWriter, r *http.Request, me *visitor) error {
	snap, t, err := s.letter(r, me)
	if err != nil {
		return err
	}
	if sealedFrom(t, me) {
		return errNoMessage
	}
	if !s.mayHaveBytes(snap, t, me) {
		return liaison.Refuse(liaison.Forbidden, "The exact bytes hold the addressee's own link, so they are for who works on the statement.")
	}
	message, err := s.store.Message(r.Context(), t.ID)
	if err != nil {
		return err
	}
	name := strings.ReplaceAll(string(t.Body), "/", "-")
	if name == "" {
		name = string(t.Letter)
	}
	if snap.Ref != "" {
		name = snap.Ref + "-" + name
	}
	writeFile(w, name+".eml", "message/rfc822", message)
	return nil
}
