package web

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/jca-ml/liaison/internal/inbound"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail"
)

// boardPage is every message of the statements that the person works on, with what is known of it.
type boardPage struct {
	layout
	Filters  []sentFilter
	State    liaison.TransmissionState
	Meaning  string
	Bodies   []option
	Ref      string
	Lines    []boardLine
	Next     string
	Later    bool
	First    string
	Tray     int          // what came in and matched nothing
	Trays    bool         // the person may see it
	Piles    []sentFilter // what needs a person: unknown, refused, bounced
	Holds    []holdView
	Pause    *pauseForm // for who may
	Problems problems
}

type sentFilter struct {
	Label, Address string
	State          liaison.TransmissionState
	Count          int
	Current        bool
}

type boardLine struct {
	*transmissionView
	Statement string // its address
	Ref       string
	Title     string
	WhyNot    string
	Actions   []actionView
	Facts     []liaison.Fact
	Said      []liaison.ResponseKind
}

var (
	boardTemplate   = newPage[boardPage]("board")
	trayTemplate    = newPage[trayPage]("tray")
	inboundTemplate = newPage[inboundPage]("inbound")
)

var errNoBoard = liaison.Refuse(liaison.Forbidden, "The dispatch board is for who holds an office of a group. What happened to a message stands on its statement.")

func (s *server) showBoard(w http.ResponseWriter, r *http.Request, me *visitor) error {
	return s.writeBoard(w, r, me, http.StatusOK, pauseExtra{})
}

func (s *server) writeBoard(w http.ResponseWriter, r *http.Request, me *visitor, status int, x pauseExtra) error {
	if len(me.Offices) == 0 {
		return errNoBoard
	}
	ctx, q := r.Context(), r.URL.Query()
	f := store.BoardFilter{State: liaison.TransmissionState(q.Get("state")), Body: liaison.Code(q.Get("body")), Ref: q.Get("ref"), After: q.Get("after")}
	p := boardPage{layout: s.layout(r, "Dispatch"), State: f.State, Ref: f.Ref, Later: f.After != "", Trays: mayTray(me), Problems: x.problems}
	var err error
	if p.Flash, err = s.doneHere(r, me); err != nil {
		return err
	}
	if f.State != "" {
		i := slices.IndexFunc(liaison.TransmissionStates, func(x sentRow) bool { return x.State == f.State })
		if i < 0 {
			return liaison.Refuse(liaison.NotFound, "There is no state called %q. Choose one on the dispatch board.", f.State)
		}
		p.Meaning = liaison.TransmissionStates[i].Meaning
	}
	lines, next, err := s.store.Board(ctx, me.ID(), f)
	if err != nil {
		return err
	}
	why, err := s.reasons(ctx, me.Zone)
	if err != nil {
		return err
	}
	snaps := map[liaison.StatementID]store.Snapshot{}
	for _, l := range lines {
		for _, k := range l.Said { // what was said on the page is a fact besides
			l.Facts = slices.DeleteFunc(l.Facts, func(f liaison.Fact) bool { return f == k.Fact() })
		}
		actions, err := s.boardActions(r, l.Transmission, me, snaps)
		if err != nil {
			return err
		}
		p.Lines = append(p.Lines, boardLine{
			transmissionViewOf(l.Transmission, me.Zone, true), "/statements/" + string(l.Transmission.Statement), l.Ref, titleOr(l.Title),
			why.not(l.Transmission, l.StatementState, l.DispatchAt, l.LeavesAfter), actions, l.Facts, l.Said,
		})
	}
	address := func(state liaison.TransmissionState, after string) string {
		v := url.Values{}
		for name, value := range map[string]string{"state": string(state), "body": string(f.Body), "ref": f.Ref, "after": after} {
			if value != "" {
				v.Set(name, value)
			}
		}
		if len(v) == 0 {
			return "/dispatch"
		}
		return "/dispatch?" + v.Encode()
	}
	p.First = address(f.State, "")
	if next != "" {
		p.Next = address(f.State, next)
	}
	if err := s.boardFilters(r, &p, me, f, address, x); err != nil {
		return err
	}
	return boardTemplate.write(w, status, p)
}

// boardActions are the buttons of a line. The statement is read only where a button is possible at all, and once.
func (s *server) boardActions(r *http.Request, t store.Transmission, me *visitor, snaps map[liaison.StatementID]store.Snapshot) ([]actionView, error) {
	possible := false
	for _, states := range liaison.AboutMessages {
		possible = possible || slices.Contains(states, t.State)
	}
	if !possible || t.Letter != liaison.LetterStatement || t.CopiedBy != "" {
		return nil, nil
	}
	snap, ok := snaps[t.Statement]
	if !ok {
		var err error
		if snap, err = s.store.Snapshot(r.Context(), t.Statement); err != nil {
			return nil, err
		}
		snaps[t.Statement] = snap
	}
	back := "/dispatch"
	if r.Method == http.MethodGet {
		back = r.URL.RequestURI()
	}
	return aboutMessage(snap, t, me, back, actionExtra{}), nil
}

// sentRow is the type of an entry of [liaison.TransmissionStates].
type sentRow = struct {
	State   liaison.TransmissionState
	Label   string
	Meaning string
	Settled bool
}

func (s *server) boardFilters(r *http.Request, p *boardPage, me *visitor, f store.BoardFilter, address func(liaison.TransmissionState, string) string, x pauseExtra) error {
	ctx := r.Context()
	counts, err := s.store.BoardCounts(ctx, me.ID())
	if err != nil {
		return err
	}
	total := 0
	for _, state := range []liaison.TransmissionState{liaison.TransmissionUnknown, liaison.TransmissionRefused, liaison.TransmissionBounced} {
		p.Piles = append(p.Piles, sentFilter{state.Label(), address(state, ""), state, counts[state], state == f.State})
	}
	for _, x := range liaison.TransmissionStates {
		total += counts[x.State]
		if pile := slices.ContainsFunc(p.Piles, func(y sentFilter) bool { return y.State == x.State }); !pile && (counts[x.State] > 0 || x.State == f.State) {
			p.Filters = append(p.Filters, sentFilter{x.Label, address(x.State, ""), x.State, counts[x.State], x.State == f.State})
		}
	}
	p.Filters = append([]sentFilter{{Label: "All", Address: address("", ""), Count: total, Current: f.State == ""}}, p.Filters...)
	bodies, err := s.store.Bodies(ctx)
	if err != nil {
		return err
	}
	p.Bodies = append(p.Bodies, option{"", "every addressee", f.Body == ""})
	for _, b := range bodies {
		p.Bodies = append(p.Bodies, option{string(b.Code), b.Label(), b.Code == f.Body})
	}
	if p.Trays {
		if p.Tray, err = s.store.TrayCount(ctx); err != nil {
			return err
		}
	}
	return s.addPauses(r, p, me, bodies, x)
}

// mayTray reports whether the person looks after what came in and matched nothing: it is no group's, so every secretariat's
// and chair's.
func mayTray(me *visitor) bool {
	return slices.ContainsFunc(me.Offices, func(o store.Office) bool {
		return o.Office == liaison.OfficeChair || o.Office == liaison.OfficeViceChair || o.Office == liaison.OfficeSecretary
	})
}

type trayPage struct {
	layout
	Lines []inboundLine
	Next  string
	Later bool
}

type inboundLine struct {
	Address       string
	Kind          string
	From, Subject string
	To            string
	Received      moment
}

// kindLabel is what an inbound message is understood as, in words.
func kindLabel(k inbound.Kind) string {
	for _, x := range inbound.Kinds {
		if x.Kind == k {
			return x.Label
		}
	}
	return "Not read yet"
}

func (s *server) showTray(w http.ResponseWriter, r *http.Request, me *visitor) error {
	if !mayTray(me) {
		return errNoBoard
	}
	const shown = 50
	after := store.InboundID(r.URL.Query().Get("after"))
	list, err := s.store.Tray(r.Context(), after, shown+1)
	if err != nil {
		return err
	}
	p := trayPage{layout: s.layout(r, "Unmatched mail"), Later: after != ""}
	if len(list) > shown {
		list = list[:shown]
		p.Next = "/dispatch/unmatched?after=" + url.QueryEscape(string(list[shown-1].ID))
	}
	for _, m := range list {
		p.Lines = append(p.Lines, inboundLine{"/inbound/" + string(m.ID), kindLabel(m.Understood.Kind), m.Understood.From, m.Understood.Subject, m.EnvelopeRecipient, momentOf(m.Received, me.Zone)})
	}
	return trayTemplate.write(w, http.StatusOK, p)
}

// inboundPage is a message that came in: what it is understood as, what it is about, and its bytes.
type inboundPage struct {
	layout
	Address    string
	Message    inboundLine
	Digest     liaison.Digest
	Size       int64
	Source     string
	MatchedBy  string
	Statement  string // the address of what it is about
	Recipients []inbound.Recipient
	Suggested  string // our number, as the subject has it
	Headers    []mail.Header
	Text       string
	HTML, Raw  string
	Problem    string
	Problems   problems
	LinkRef    input
	Choices    []option // the messages of the statement that it is to be linked to
	Reason     string
	Error      string
	Ask        bool // it can be linked
}

var errNoInbound = liaison.Refuse(liaison.NotFound, "There is no such inbound message, or it is not yours to read.")

// came reads the message of the address, if the person may: who works on the statement that it is about; what matched
// nothing is for secretariats and chairs.
func (s *server) came(r *http.Request, me *visitor) (store.Inbound, []byte, error) {
	m, raw, err := s.store.InboundMessage(r.Context(), store.InboundID(r.PathValue("id")))
	switch {
	case liaison.CodeOf(err) == liaison.NotFound:
		return m, nil, errNoInbound
	case err != nil:
		return m, nil, err
	case m.Statement == "" && mayTray(me):
		return m, raw, nil
	case m.Statement == "":
		return m, nil, errNoInbound
	}
	snap, err := s.store.Snapshot(r.Context(), m.Statement)
	if err != nil {
		return m, nil, err
	}
	if !insider(snap, me) {
		return m, nil, errNoInbound
	}
	return m, raw, nil
}

func (s *server) showInbound(w http.ResponseWriter, r *http.Request, me *visitor) error {
	m, raw, err := s.came(r, me)
	if err != nil {
		return err
	}
	return s.writeInbound(w, r, me, http.StatusOK, m, raw, r.URL.Query().Get("ref"), "", nil)
}

func (s *server) writeInbound(w http.ResponseWriter, r *http.Request, me *visitor, status int, m store.Inbound, raw []byte, ref, reason string, ps problems) error {
	u := m.Understood
	subject := u.Subject
	if subject == "" {
		subject = "Without a subject"
	}
	p := inboundPage{
		layout: s.layout(r, subject), Address: "/inbound/" + string(m.ID), Digest: m.Digest, Size: int64(len(raw)), Source: m.Source, Recipients: u.Recipients, Suggested: u.SubjectRef,
		Message: inboundLine{"/inbound/" + string(m.ID), kindLabel(u.Kind), u.From, subject, m.EnvelopeRecipient, momentOf(m.Received, me.Zone)}, Problems: ps, Reason: reason,
		Error: ps.Of("f-reason"), Ask: m.Statement == "" && m.Handled != nil,
	}
	p.Raw, p.Headers = p.Address+"/raw", mail.Headers(raw)
	text, html, err := mail.Parts(raw)
	if err != nil {
		p.Problem = "Its parts cannot be read as mail programs would. The exact bytes can be downloaded."
	}
	if p.Text = text; html != "" {
		p.HTML = p.Address + "/html"
	}
	if m.Statement != "" {
		p.Statement, p.MatchedBy = "/statements/"+string(m.Statement), string(m.MatchedBy)
		if m.Transmission != "" {
			p.Statement += "/messages/" + string(m.Transmission)
		}
	}
	if p.Ask {
		if ref == "" {
			ref = u.SubjectRef
		}
		p.LinkRef = input{ID: "ref", Name: "ref", Label: "Number of the statement", Hint: "As in JCA-ML-LS12.", Value: ref, Error: ps.Of("ref")}
		if ref != "" {
			lines, _, err := s.store.Board(r.Context(), me.ID(), store.BoardFilter{Ref: ref, Limit: 200})
			if err != nil {
				return err
			}
			for _, l := range lines {
				if l.Attempts > 0 && l.Letter == liaison.LetterStatement {
					p.Choices = append(p.Choices, option{string(l.ID), l.Ref + " to " + l.Name, false})
				}
			}
		}
	}
	return inboundTemplate.write(w, status, p)
}

func (s *server) inboundHTML(w http.ResponseWriter, r *http.Request, me *visitor) error {
	_, raw, err := s.came(r, me)
	if err != nil {
		return err
	}
	_, html, err := mail.Parts(raw)
	if err != nil {
		return errNoInbound
	}
	writeMailHTML(w, html)
	return nil
}

func (s *server) inboundRaw(w http.ResponseWriter, r *http.Request, me *visitor) error {
	m, raw, err := s.came(r, me)
	if err != nil {
		return err
	}
	writeFile(w, "inbound-"+string(m.ID)+".eml", "message/rfc822", raw)
	return nil
}

// linkInbound says which message of ours it is about.
func (s *server) linkInbound(w http.ResponseWriter, r *http.Request, me *visitor) error {
	m, raw, err := s.came(r, me)
	if err != nil {
		return err
	}
	if err := readForm(w, r); err != nil {
		return err
	}
	ref, to, reason := r.PostFormValue("ref"), liaison.TransmissionID(r.PostFormValue("transmission")), textOf(r.PostFormValue("reason"))
	if !isID(string(to)) {
		return s.writeInbound(w, r, me, http.StatusUnprocessableEntity, m, raw, ref, reason, problems{{"ref", "Choose the message that it is about."}})
	}
	err = s.store.LinkInbound(r.Context(), m.ID, to, me.ID(), reason)
	if e := refusal(err); e != nil && e.Field == "reason" {
		return s.writeInbound(w, r, me, http.StatusUnprocessableEntity, m, raw, ref, reason, problems{problemOf(e)})
	} else if err != nil {
		return err
	}
	http.Redirect(w, r, "/inbound/"+string(m.ID), http.StatusSeeOther)
	return nil
}
