package web

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/jca-ml/liaison/internal/inbound"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// knownView is one thing that became known of a message after its server took it over: what a mail system reported, or what
// the addressee said.
type knownView struct {
	Kind    string // a fact or a response, for its mark
	Label   string
	Meaning string
	At      moment
	Words   string // the report's, or what was said
	Said    *responseView
	Inbound string // the address of the message that says so
}

// known reads the facts about a statement's messages and what their addressees said, by message, oldest first. Whoever does
// not work on the statement sees that something was said, and not by whom or what.
func (s *server) known(ctx context.Context, snap store.Snapshot, zone *time.Location, inside bool) (map[liaison.TransmissionID][]knownView, error) {
	facts, err := s.store.Facts(ctx, snap.ID)
	if err != nil {
		return nil, err
	}
	said, err := s.store.Responses(ctx, snap.ID)
	if err != nil {
		return nil, err
	}
	out := map[liaison.TransmissionID][]knownView{}
	add := func(id liaison.TransmissionID, v knownView) { out[id] = append(out[id], v) }
	meanings := map[liaison.Fact]string{}
	for _, f := range liaison.Facts {
		meanings[f.Fact] = f.Meaning
	}
	tell := func(x store.Response) {
		v := knownView{Kind: string(x.Kind), Label: x.Kind.Label(), At: momentOf(x.At, zone)}
		for _, k := range liaison.Responses {
			if k.Kind == x.Kind {
				v.Meaning = k.Meaning
			}
		}
		if inside {
			said := responseViewOf(x, zone, func(f liaison.Attachment) string {
				return "/statements/" + string(snap.ID) + "/messages/" + string(x.Transmission) + "/responses/" + x.ID + "/" + string(f.Digest)
			})
			v.Said = &said
		}
		add(x.Transmission, v)
	}
	for len(facts) > 0 || len(said) > 0 {
		if len(said) > 0 && (len(facts) == 0 || !said[0].At.After(facts[0].At)) {
			tell(said[0])
			said = said[1:]
			continue
		}
		f := facts[0]
		facts = facts[1:]
		if f.Inbound == "" { // said on the page, and told as what was said there
			continue
		}
		v := knownView{Kind: string(f.Fact), Label: f.Fact.Label(), Meaning: meanings[f.Fact], At: momentOf(f.At, zone)}
		if inside {
			v.Words, v.Inbound = strings.TrimSpace(f.Status+" "+f.Diagnostic), "/inbound/"+string(f.Inbound)
		}
		add(f.Transmission, v)
	}
	return out, nil
}

// responseFile sends a file that an addressee answered with, to who works on the statement.
func (s *server) responseFile(w http.ResponseWriter, r *http.Request, me *visitor) error {
	snap, t, err := s.letter(r, me)
	if err != nil {
		return err
	}
	if !insider(snap, me) {
		return errNoFile
	}
	said, err := s.store.ResponsesTo(r.Context(), t.ID)
	if err != nil {
		return err
	}
	for _, x := range said {
		for _, f := range x.Files {
			if x.ID == r.PathValue("response") && string(f.Digest) == r.PathValue("digest") {
				content, err := s.store.Blob(r.Context(), f.Digest)
				if err != nil {
					return err
				}
				writeFile(w, f.Name, f.MediaType, content)
				return nil
			}
		}
	}
	return errNoFile
}

// revokeLink ends the link of a message to an addressee.
func (s *server) revokeLink(w http.ResponseWriter, r *http.Request, me *visitor) error {
	snap, t, err := s.letter(r, me)
	if err != nil {
		return err
	}
	if err := readForm(w, r); err != nil {
		return err
	}
	if err := s.store.RevokeLink(r.Context(), t.ID, me.ID(), textOf(r.PostFormValue("reason"))); err != nil {
		return err
	}
	http.Redirect(w, r, "/statements/"+string(snap.ID)+"/messages/"+string(t.ID), http.StatusSeeOther)
	return nil
}

// hidden is a part of a message for who only reads the statement: without the token in its link and in its addresses,
// because whoever has it speaks for the addressee.
func (s *server) hidden(part string, t store.Transmission) string {
	for _, key := range s.keys { // it may have been made with an earlier one
		if token, err := (inbound.Keys{key}).Token(t.ID); err == nil {
			part = strings.ReplaceAll(part, token, strings.Repeat("*", len(token)))
		}
	}
	return part
}

// mayHaveBytes reports whether the person may have the exact bytes of a message, and with them its link.
func (s *server) mayHaveBytes(snap store.Snapshot, t store.Transmission, me *visitor) bool {
	return len(s.keys) == 0 || t.Letter != liaison.LetterStatement || insider(snap, me) || me.Auditor
}

// addKnown adds to a message's page what became known of it, and why it was not sent if it was not.
func (s *server) addKnown(r *http.Request, p *messagePage, snap store.Snapshot, t store.Transmission, me *visitor, zone *time.Location) error {
	inside := insider(snap, me)
	known, err := s.known(r.Context(), snap, zone, inside)
	if err != nil {
		return err
	}
	why, err := s.reasons(r.Context(), zone)
	if err != nil {
		return err
	}
	p.Known, p.WhyNot = known[t.ID], why.not(t, snap.State, snap.DispatchAt, waitsFor(snap))
	if inside {
		if err := s.addDecided(r, p, snap, t, zone); err != nil {
			return err
		}
	}
	if t.Letter != liaison.LetterStatement || len(s.keys) == 0 || !inside {
		return nil
	}
	revoked, err := s.store.LinkRevoked(r.Context(), t.ID)
	if err != nil {
		return err
	}
	if revoked != nil {
		p.Revoked = &revokedView{revoked.By, revoked.Reason, momentOf(revoked.At, zone)}
		return nil
	}
	if snap.HandlesMail(me.ID()) != liaison.AsReader {
		p.Revoke = p.Address + "/link/revoke"
	}
	return nil
}

// waitsFor is the meeting after which an approved statement leaves, or "".
func waitsFor(snap store.Snapshot) string {
	if snap.LeavesAfter == "" {
		return ""
	}
	return snap.Meeting.Title
}

// addDecided adds what people decided about a message, or about all that waited: treated as sent, sent again, cancelled,
// withdrawn.
func (s *server) addDecided(r *http.Request, p *messagePage, snap store.Snapshot, t store.Transmission, zone *time.Location) error {
	history, err := s.store.History(r.Context(), snap.ID)
	if err != nil {
		return err
	}
	for _, l := range history {
		about := l.Transmission == t.ID
		all := t.State == liaison.TransmissionCancelled && t.Letter == liaison.LetterStatement && (l.Kind == liaison.EventWithdrawn || l.Kind == liaison.EventReopened) && !l.At.Before(t.Created)
		if l.Actor == "" || l.Kind == liaison.EventLinkRevoked || !about && !all {
			continue
		}
		words := l.Kind.Label() + " by " + l.ActorName
		if l.Acting != "" {
			words += " as " + l.Acting.Label()
		}
		p.Decided = append(p.Decided, decidedView{words, l.Reason, momentOf(l.At, zone)})
	}
	return nil
}

// reasons are what keeps messages from being sent besides themselves: sending through a relay or to a body is paused.
type reasons struct {
	relay  *store.Hold
	bodies map[liaison.Code]store.Hold
	zone   *time.Location
	now    time.Time
}

func (s *server) reasons(ctx context.Context, zone *time.Location) (reasons, error) {
	out := reasons{bodies: map[liaison.Code]store.Hold{}, zone: zone, now: s.now()}
	holds, err := s.store.Holds(ctx)
	for _, h := range holds {
		switch {
		case h.Body != "":
			out.bodies[h.Body] = h
		case s.relay == "" || h.Relay == s.relay: // that of another is not in our way
			out.relay = &h
		}
	}
	return out, err
}

// not says why a message was not sent, or is not known to be; "" for one that its server took over. at is when the dispatch of
// its statement begins by itself, if it is about to, and after the meeting that it waits for, if it does.
func (x reasons) not(t store.Transmission, state liaison.State, at *time.Time, after string) string {
	if t.State == liaison.TransmissionQueued && t.Batch != "" || t.State == liaison.TransmissionDeferred {
		if h, ok := x.bodies[t.Body]; ok && t.Body != "" {
			return "Sending to " + t.Name + " is " + x.paused(h) + "It is sent when somebody resumes it."
		}
		if x.relay != nil && t.Letter != liaison.LetterRelayHeld {
			return "Sending through the relay " + x.relay.Relay + " is " + x.paused(*x.relay) + "It is sent when somebody resumes it."
		}
	}
	if t.State == liaison.TransmissionQueued && t.Batch == "" && state == liaison.Approved && at != nil && t.Letter == liaison.LetterStatement {
		if after != "" {
			return "It is approved and leaves when the meeting that approved it is closed: " + after + "."
		}
		return "It is approved and leaves by itself " + leavesAt(*at, x.now, x.zone) + "; until then the dispatch can be held."
	}
	words := whyNot(t, state)
	if t.CopiedBy != "" {
		words += " A copy was sent in its place."
	}
	return words
}

func (x reasons) paused(h store.Hold) string {
	by := ""
	if h.ByName != "" {
		by = " by " + h.ByName
	}
	return "paused" + by + " since " + momentOf(h.At, x.zone).Text + ": “" + strings.TrimSuffix(h.Reason, ".") + "”. "
}

// whyNot says why a message was not sent, or is not known to be; "" for one that its server took over.
func whyNot(t store.Transmission, state liaison.State) string {
	switch t.State {
	case liaison.TransmissionQueued:
		switch {
		case t.Batch == "" && t.Letter != liaison.LetterStatement:
			return "It was made just now and is about to be sent."
		case t.Batch == "" && state == liaison.Withdrawn:
			return "The statement was withdrawn before anything was sent."
		case t.Batch == "":
			return "It is approved and held: nobody has dispatched the statement yet."
		}
		return "It waits for its turn; no attempt was made yet."
	case liaison.TransmissionAttempting:
		return "It is being handed over just now, in attempt " + strconv.Itoa(t.Attempts) + "."
	case liaison.TransmissionDeferred:
		return "It did not reach the server, or the server asked to try later, in " + plural(t.Attempts, "attempt") + " so far. It is tried again by itself."
	case liaison.TransmissionRefused:
		if t.Overtaken != "" {
			return "The statement is " + overtaken(t) + " meanwhile, so it is not tried again. The answer to an earlier attempt was lost, so nobody can say that nothing of it was sent."
		}
		return "It was refused for good after " + plural(t.Attempts, "attempt") + ". It is not tried again by itself."
	case liaison.TransmissionUnknown:
		return "The whole message was handed over in attempt " + strconv.Itoa(t.Attempts) + " and the answer was lost. Not known whether the addressee has it; it is never sent again by itself, because it could then arrive twice."
	case liaison.TransmissionCancelled:
		if t.Letter == liaison.LetterRelayHeld {
			return "Sending was resumed before it got through, so it was taken back: it would not have been true any more."
		}
		if t.Overtaken != "" {
			return "It was taken back before anything was sent: the statement is " + overtaken(t) + ", which counts now."
		}
		return "It was taken back before anything was sent."
	case liaison.TransmissionAssumed:
		return "Nobody knows whether the server took it over; a person decided to treat it as sent, with a reason."
	case liaison.TransmissionBounced:
		return "The server accepted it and a mail system reported later that it could not be delivered."
	}
	return ""
}

// overtaken says, within a sentence, what the statement of the message was overtaken by.
func overtaken(t store.Transmission) string {
	return strings.ToLower(t.Overtaken[:1]) + t.Overtaken[1:]
}
