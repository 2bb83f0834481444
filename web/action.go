package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// actionView is something that this person may do now: a link to where it is done, or a form.
type actionView struct {
	Kind        liaison.CommandKind
	Label, Hint string
	Link        string // to the page where it is done, or
	To          string // where its form goes
	Command     string // the id of the command that it gives
	Reason      bool   // it is done here and needs a reason
	Typed       string
	Error       string
	Open        bool
	Grave       bool

	Message    liaison.TransmissionID // that it is about, or ""
	Position   int                    // of the addressee that it is about, or 0
	Address    bool                   // it needs an address
	TypedTo    string
	AddressBad string
	Back       string // the page to come back to, if not the statement's
}

// Field is the id of a field of the form, which no other form on the page has.
func (a actionView) Field(name string) string {
	id := "f-" + name + "-" + string(a.Kind)
	if a.Message != "" {
		id += "-" + string(a.Message)
	}
	return id
}

// hints say of a command about one message what it comes to.
var hints = map[liaison.CommandKind]string{
	liaison.DoTreatAsSent: "Nobody knows whether it arrived. It counts as sent on your word, and is not sent again.",
	liaison.DoSendAgain:   "The same bytes leave again. If the first one arrived after all, the addressee gets it twice; most mail systems drop the second.",
	liaison.DoAskBody:     "A message to the same address asks whether it is there, and what comes back to it stands beside it. Nothing is settled by it until you do. The body does not get the reason.",
	liaison.DoSendCopy:    "A message of its own to the same addressee, marked as a copy. The first one stays as it is.",
	liaison.DoCancel:      "It is taken back before anything of it has left.",
}

// actionExtra is a form that comes back: whose, what was typed, and what is wrong with it.
type actionExtra struct {
	kind     liaison.CommandKind
	command  string
	reason   string
	email    string
	problems problems
}

// aboutMessage are the buttons beside a message: what the domain says that this person may do with it now, and nothing else.
func aboutMessage(snap store.Snapshot, t store.Transmission, me *visitor, back string, x actionExtra) []actionView {
	var out []actionView
	for _, k := range liaison.MayAbout(snap.Snapshot, t.ID, me.ID()) {
		a := actionView{
			Kind: k, Label: k.Label(), Hint: hints[k], To: "/statements/" + string(snap.ID) + "/do", Command: newID(), Message: t.ID, Back: back,
			Reason: k.Requires(liaison.NeedReason), Address: k.Requires(liaison.NeedAddress), Grave: k == liaison.DoCancel,
		}
		if k == liaison.DoSendAgain && t.State == liaison.TransmissionRefused {
			a.Hint = "The same bytes are tried again at the same address."
		}
		if x.kind == k {
			a.Typed, a.TypedTo, a.Open, a.Command = x.reason, x.email, true, x.command
			a.Error, a.AddressBad = x.problems.Of(a.Field("reason")), x.problems.Of(a.Field("email"))
		}
		out = append(out, a)
	}
	return out
}

// testAction is the button by which a person has a message sent to their own mailbox, if they may.
func testAction(snap store.Snapshot, position int, me *visitor, back string) []actionView {
	if position < 1 || !slices.Contains(liaison.May(snap.Snapshot, me.ID()), liaison.DoTest) {
		return nil
	}
	return []actionView{{
		Kind: liaison.DoTest, Label: liaison.DoTest.Label(), To: "/statements/" + string(snap.ID) + "/do", Command: newID(), Position: position, Back: back,
		Hint: "It goes to " + me.Person.Email + ", marked as a test, and counts as nothing.",
	}}
}

// backTo is where a form leads when it is done: the page that it stood on, if that is one of ours that has such forms.
func backTo(r *http.Request, snap store.Snapshot) string {
	given, err := url.Parse(r.PostFormValue("back"))
	statement := "/statements/" + string(snap.ID)
	if err != nil || given.IsAbs() || given.Host != "" {
		return statement
	}
	switch path := given.Path; {
	case strings.HasPrefix(path, "/meetings/") && isID(strings.TrimPrefix(path, "/meetings/")):
		return path
	case path == "/dispatch", path == statement+"/review", strings.HasPrefix(path, statement+"/messages/") && isID(strings.TrimPrefix(path, statement+"/messages/")):
		return given.RequestURI()
	}
	return statement
}

// goBack leads there, and has the page say what the command came to.
func goBack(w http.ResponseWriter, r *http.Request, to string, command liaison.CommandID) {
	u, err := url.Parse(to)
	if err != nil {
		u = &url.URL{Path: "/"}
	}
	q := u.Query()
	q.Set("done", string(command))
	u.RawQuery = q.Encode()
	http.Redirect(w, r, u.RequestURI(), http.StatusSeeOther)
}

// did says of a command that left the statement where it was what it came to, "" for one that moved it.
func did(kind liaison.CommandKind, me *visitor) string {
	switch kind {
	case liaison.DoHold:
		return "Held: nothing leaves until somebody dispatches it."
	case liaison.DoTable:
		return "It is on the agenda."
	case liaison.DoDefer:
		return "Put off: it is in review again."
	case liaison.DoTest:
		return "A test is on its way to " + me.Person.Email + "."
	case liaison.DoTreatAsSent:
		return "It is treated as sent, on your word."
	case liaison.DoSendAgain:
		return "The identical message is sent again. Where it stands shows in a moment."
	case liaison.DoAskBody:
		return "The body is asked whether the message is there. Its answer shows in the mail about the statement."
	case liaison.DoSendCopy:
		return "A copy is on its way to the address that you gave."
	case liaison.DoCancel:
		return "The message is cancelled. Nothing of it has left."
	}
	return ""
}

// doneHere says what the command in the address came to, if it is of a kind that [did] has words for.
func (s *server) doneHere(r *http.Request, me *visitor) (string, error) {
	id := r.URL.Query().Get("done")
	if !isID(id) {
		return "", nil
	}
	kind, err := s.store.RecordedKind(r.Context(), liaison.CommandID(id))
	if err != nil {
		return "", err
	}
	return did(kind, me), nil
}
