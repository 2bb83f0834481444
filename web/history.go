package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

type historyPage struct {
	layout
	Address  string
	Heading  string
	State    liaison.State
	Zone     string
	Events   []eventView
	Readable bool // what it says is for the reader
	Evidence bool // the reader may have the evidence of it
	Hidden   int  // entries that are the group's own
}

// eventView is one event as it is told.
type eventView struct {
	At      moment
	Words   string
	Details []string
	Reason  string
	Digest  liaison.Digest // of what it was about
	Of      string         // what the digest is of
	Message string         // the address of the message it is about
	Move    bool           // it changed the state
	State   liaison.State  // to this
	Leaf    int64
	Payload string // of the leaf
}

var historyTemplate = newPage[historyPage]("history")

func (s *server) showHistory(w http.ResponseWriter, r *http.Request, me *visitor) error {
	snap, err := s.auditable(r, me)
	if err != nil {
		return err
	}
	zone, err := snap.Profile.Zone()
	if err != nil {
		return err
	}
	lines, err := s.store.History(r.Context(), snap.ID)
	if err != nil {
		return err
	}
	p := historyPage{layout: s.layout(r, "History"), Address: "/statements/" + string(snap.ID), Heading: headingOf(snap, me), State: snap.State, Zone: zoneName(s.now().In(zone))}
	inside := insider(snap, me)
	p.Readable = snap.MayRead(me.ID())
	p.Evidence = p.Readable && (inside || me.Auditor)
	for _, l := range lines {
		if !inside && !me.Auditor && !publicEvent(l.Kind, l.Transmission, l.Letter) {
			p.Hidden++
			continue
		}
		v := eventView{At: momentOf(l.At, zone), Words: eventWords(l, inside), Details: eventDetails(l), Leaf: l.Leaf, Payload: string(l.Payload), Move: l.To != "" && l.From != l.To, State: l.To}
		if inside {
			v.Reason = l.Reason
			v.Details = append(v.Details, insideDetails(l)...)
		}
		switch {
		case l.Kind == liaison.EventSealed:
			v.Digest, v.Of = l.MessageDigest, "the message"
		case l.Kind == liaison.EventDrafted, l.Kind == liaison.EventEdited:
			v.Digest, v.Of = l.Digest, "the draft"
		case l.Digest != "" && answerField(liaison.ResponseKind(l.Kind), "x") != "main":
			v.Digest, v.Of = l.Digest, "what was said"
		case l.Digest != "" && l.Actor != "":
			v.Digest, v.Of = l.Digest, "revision "+strconv.Itoa(l.Revision)
		}
		if l.Transmission != "" && p.Readable {
			v.Message = p.Address + "/messages/" + string(l.Transmission)
		}
		p.Events = append(p.Events, v)
	}
	return historyTemplate.write(w, http.StatusOK, p)
}

// publicEvent reports whether readers outside the group see the entry, and have its leaf: of messages those to addressees.
func publicEvent(kind liaison.EventKind, about liaison.TransmissionID, letter liaison.Letter) bool {
	return kind.Public() && (about == "" || letter == liaison.LetterStatement)
}

// eventWords tells an event: "Approved by Kangchan Lee as Chair".
func eventWords(l store.HistoryLine, inside bool) string {
	words := l.Kind.Label()
	if l.Transmission != "" {
		if x := said(l.Code, l.Reply, inside); x != "" {
			words += ": " + x
		}
		return words
	}
	if l.ActorName != "" {
		words += " by " + l.ActorName
		if l.Acting != "" {
			words += " as " + l.Acting.Label()
		}
	}
	return words
}

// said is what stands as the answer about a message: to readers outside the group only what the server said, which has a code.
// Other words are of what came in later: who wrote, what about, and the mailbox behind an address.
func said(code int, words string, inside bool) string {
	if code == 0 && !inside {
		return ""
	}
	return words
}

// insideDetails are those that only who works on the statement reads.
func insideDetails(l store.HistoryLine) (out []string) {
	if l.Reference != "" {
		out = append(out, "reference: "+l.Reference)
	}
	if l.Kind == liaison.EventWindowOpened {
		out = append(out, strings.ToLower(l.Mode.Label()), "until the end of "+l.Until.String(), plural(len(strings.Fields(l.People)), "person")+" asked", "under "+l.Rules)
	}
	if name := l.ForName + l.Named; name != "" && l.Window != "" && l.Kind != liaison.EventApproved {
		out = append(out, "said by "+name+" on "+l.On.String()+", entered with the evidence: "+l.Evidence)
	}
	return out
}

func eventDetails(l store.HistoryLine) []string {
	var out []string
	add := func(s string) { out = append(out, s) }
	if l.Transmission != "" {
		to := l.Recipient
		if l.BodyName != "" {
			to = l.BodyName + ", " + l.Recipient
		}
		about := l.Letter.Label()
		if l.Letter != liaison.LetterStatement {
			about = "letter “" + about + "”"
		} else {
			about = strings.ToLower(about)
		}
		add(about + " to " + to)
		if l.Attempt > 0 {
			add("attempt " + strconv.Itoa(l.Attempt))
		}
		if l.Stage != "" && l.Kind != liaison.EventAccepted {
			add("ended at " + strings.ToUpper(string(l.Stage)))
		}
		return out
	}
	if l.Kind == liaison.EventApproved && l.Ref != "" {
		add("numbered " + l.Ref)
		if l.Mode != "" {
			add(strings.ToLower(l.Mode.Label()))
		}
		if l.Consulted != "" {
			add(l.Consulted.Words())
		}
		if l.Mode == liaison.ByNoObjection {
			add("in the window that " + l.ForName + " opened as " + l.ForAs.Label())
		} else if l.ForName != "" {
			add("on the word of " + l.ForName + " as " + l.ForAs.Label() + ", given outside on " + l.On.String())
		}
		if l.Stands != "" {
			add("in the chair's place, by a recorded absence or delegation")
		}
	}
	if l.Kind == liaison.EventDispatching && l.ForName != "" {
		add("by itself, on the approval of " + l.ForName + " as " + l.ForAs.Label())
	}
	if l.Where != "" {
		at := l.Where
		switch {
		case l.Item > 0:
			at += ", agenda item " + strconv.Itoa(l.Item)
		case l.Kind == liaison.EventApproved:
			at += ", not on the agenda"
		}
		if l.Kind == liaison.EventApproved {
			at += ", " + l.On.String()
		}
		add(at)
	}
	if l.Kind == liaison.EventApproved && l.Amends != "" {
		add("with edits of what was tabled: " + strings.ReplaceAll(l.Changed, " ", ", "))
	}
	if l.Drafted && (l.Kind == liaison.EventApproved || l.Kind == liaison.EventReturned || l.Kind == liaison.EventRejected) {
		add("also a drafter of it")
	}
	return out
}
