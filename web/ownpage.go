package web

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/jca-ml/liaison/internal/calendar"
	"github.com/jca-ml/liaison/internal/inbound"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// ownPage is a body's own page: what it has received, what it was asked, what it has answered. Whoever has its link sees it; there
// is nothing to sign in to.
type ownPage struct {
	layout
	Body     liaison.Body
	Open     int // of the lines, that a reply or an answer is awaited to
	Closed   int // confidential ones, which have no line
	Lines    []receivedView
	Feed     string
	Calendar string
}

type receivedView struct {
	Address   string
	Kind      string
	Ref       string
	Title     string
	Group     string
	Purpose   liaison.Purpose
	Sent      moment
	Due       deadline
	Reply     liaison.ReplyState
	Said      string
	SaidAt    moment
	Proposals int
	Missing   int    // proposals without an answer
	Over      string // "superseded" or "recalled", "" for what counts
	waits     bool
}

var ownTemplate = newPage[ownPage]("own")

// errNoOwnPage is the one answer to every link that leads nowhere.
var errNoOwnPage = liaison.Refuse(liaison.NotFound, "There is nothing under this address. Copy the whole link from the page that it stood on.")

// own is who follows a body's link. Whoever has the link of any message to the body can come here, so what is confidential has neither a
// title nor a link: only its own message leads to it.
type own struct {
	body   liaison.Body
	base   string
	lines  []store.ReceivedLine
	closed int // how many are not among them
}

// bySecret serves what a secret address leads to, without anybody signing in: no robot lists it, and nobody tries many.
func bySecret[T any](s *server, follow func(*http.Request) (T, error), h func(http.ResponseWriter, *http.Request, T) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Robots-Tag", "noindex, nofollow")
		err := error(liaison.Refuse(liaison.Unavailable, "Too often at once. Wait a minute and open the page again."))
		if ok, _ := s.limits.visits.allow(caller(r)); ok {
			var x T
			if x, err = follow(r); err == nil {
				err = h(w, r, x)
			}
		}
		if err != nil {
			s.fault(w, r, err)
		}
	})
}

// byBodyLink serves what a body's own link leads to.
func (s *server) byBodyLink(h func(http.ResponseWriter, *http.Request, *own) error) http.Handler {
	return bySecret(s, s.followBody, h)
}

func (s *server) followBody(r *http.Request) (*own, error) {
	code, token := liaison.Code(strings.ReplaceAll(r.PathValue("code"), ".", "/")), r.PathValue("token")
	generation, err := s.store.LinkGeneration(r.Context(), code)
	if err != nil {
		return nil, err
	}
	if !s.keys.VerifyPage(token, inbound.BodyPage, string(code), generation) {
		return nil, errNoOwnPage
	}
	o := &own{base: "/own/" + r.PathValue("code") + "/" + strings.ToLower(token)}
	if o.body, err = s.store.Body(r.Context(), code); err != nil {
		return nil, err
	}
	all, err := s.store.Received(r.Context(), code)
	if err != nil {
		return nil, err
	}
	o.lines = slices.DeleteFunc(all, func(l store.ReceivedLine) bool { return l.Closed })
	o.closed = len(all) - len(o.lines)
	return o, nil
}

// ownAddress is a body's own page, "" where there are no keys. Slashes of its code become full stops, which no code has.
func (s *server) ownAddress(r *http.Request, body liaison.Code) (string, error) {
	if len(s.keys) == 0 {
		return "", nil
	}
	generation, err := s.store.LinkGeneration(r.Context(), body)
	if err != nil {
		return "", err
	}
	token, err := s.keys.PageToken(inbound.BodyPage, string(body), generation)
	if err != nil {
		return "", err
	}
	return "/own/" + strings.ReplaceAll(string(body), "/", ".") + "/" + token, nil
}

func (s *server) showOwn(w http.ResponseWriter, r *http.Request, o *own) error {
	zone := time.UTC
	today := liaison.DateOf(s.now(), zone)
	p := ownPage{layout: s.layout(r, "What "+o.body.Label()+" received"), Body: o.body, Closed: o.closed, Feed: o.base + "/feed.xml", Calendar: o.base + "/calendar.ics"}
	p.Me, p.Nav, p.Here = nil, nil, ""
	for _, l := range o.lines {
		address, err := s.linkOf(l.Transmission)
		if err != nil {
			return err
		}
		v := receivedView{Address: address, Kind: l.Kind.Label(), Ref: l.Ref, Title: titleOr(l.Title), Group: l.Group, Purpose: l.Purpose, Sent: momentOf(l.Sent, zone),
			Due: deadlineOf(l.Due, today, l.Reply.Open()), Reply: l.Reply, Said: l.Said.Label(), Proposals: l.Proposals, Missing: l.Proposals - l.Replies}
		if l.Answered != nil {
			v.SaidAt = momentOf(*l.Answered, zone)
		}
		if v.waits = l.Waits(); v.waits {
			p.Open++
		}
		if l.Over != "" {
			v.Over, _, _ = strings.Cut(strings.ToLower(l.Over.Mark()), " ")
			v.Due, v.Missing = deadline{}, 0
		}
		p.Lines = append(p.Lines, v)
	}
	slices.SortStableFunc(p.Lines, func(a, b receivedView) int { return boolOrder(a.waits, b.waits) })
	return ownTemplate.write(w, http.StatusOK, p)
}

// boolOrder puts what is true first.
func boolOrder(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// linkOf is the page of one message to an addressee.
func (s *server) linkOf(id liaison.TransmissionID) (string, error) {
	token, err := s.keys.Token(id)
	return "/a/" + token, err
}

// absolute is an address as another program reaches it.
func (s *server) absolute(r *http.Request, address string) string {
	if s.origin != "" {
		return s.origin + address
	}
	return "http://" + r.Host + address
}

// atom is the part of RFC 4287 that the feed needs.
type atom struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Author  string      `xml:"author>name"`
	Link    []atomLink  `xml:"link"`
	Entry   []atomEntry `xml:"entry"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Href string `xml:"href,attr"`
}

type atomEntry struct {
	ID      string   `xml:"id"`
	Title   string   `xml:"title"`
	Updated string   `xml:"updated"`
	Link    atomLink `xml:"link"`
	Summary string   `xml:"summary"`
}

func (s *server) ownFeed(w http.ResponseWriter, r *http.Request, o *own) error {
	f := atom{ID: s.absolute(r, o.base), Title: "Statements and reports for " + o.body.Label(), Author: "Liaison",
		Link: []atomLink{{"self", s.absolute(r, o.base+"/feed.xml")}, {"alternate", s.absolute(r, o.base)}}}
	var last time.Time
	for _, l := range o.lines {
		address, err := s.linkOf(l.Transmission)
		if err != nil {
			return err
		}
		at := l.Updated() // a reader fetches what is newer than what it has
		if at.After(last) {
			last = at
		}
		summary := l.Kind.Label() + " of " + l.Group + ", " + strings.ToLower(l.Purpose.Label()) + "."
		if l.Due != "" {
			summary += " Reply by " + l.Due.String() + ": " + strings.ToLower(l.Reply.Label()) + "."
		}
		if l.Over != "" {
			summary += " It is " + strings.ToLower(strings.Fields(l.Over.Mark())[0]) + " by another one."
		} else if l.Proposals > 0 {
			summary += fmt.Sprintf(" Proposals to you: %d, answered %d.", l.Proposals, l.Replies)
		}
		if l.Answered != nil {
			summary += " Answered on " + liaison.DateOf(*l.Answered, time.UTC).String() + ": " + strings.ToLower(l.Said.Label()) + "."
		}
		f.Entry = append(f.Entry, atomEntry{ID: "urn:uuid:" + string(l.Transmission), Title: l.Ref + ": " + titleOr(l.Title), Updated: at.UTC().Format(time.RFC3339), Link: atomLink{"alternate", s.absolute(r, address)}, Summary: summary})
	}
	f.Updated = last.UTC().Format(time.RFC3339)
	b, err := xml.MarshalIndent(f, "", " ")
	if err != nil {
		return fmt.Errorf("make the feed: %w", err)
	}
	w.Header().Set("Content-Type", "application/atom+xml; charset=utf-8")
	_, err = w.Write(append([]byte(xml.Header), b...))
	return err
}

func (s *server) ownCalendar(w http.ResponseWriter, r *http.Request, o *own) error {
	var entries []calendar.Entry
	for _, l := range o.lines {
		if l.Due == "" || !l.Reply.Open() || l.Over != "" {
			continue
		}
		address, err := s.linkOf(l.Transmission)
		if err != nil {
			return err
		}
		entries = append(entries, calendar.Entry{UID: deadlineUID(l.Transmission), Title: "Reply to " + l.Ref + ": " + titleOr(l.Title), URL: s.absolute(r, address), Day: l.Due, Changed: l.Changed})
	}
	serveCalendar(w, r, calendar.Write("Replies of "+o.body.Label(), entries))
	return nil
}

// revokeOwn makes the link to a body's own page worth nothing.
func (s *server) revokeOwn(w http.ResponseWriter, r *http.Request, me *visitor) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	code, err := liaison.ParseCode(r.PostFormValue("body"))
	if err != nil {
		return err
	}
	if err := s.store.RevokeBodyLink(r.Context(), code, me.ID()); err != nil {
		return err
	}
	http.Redirect(w, r, bodyAddress(code)+"?revoked", http.StatusSeeOther)
	return nil
}

// proposalForm is one proposal that the addressee of a report is asked to answer.
type proposalForm struct {
	proposalView
	Mine    *answeredView // what it said last
	Command string
	Answers []option
	Name    *input
	Words   string
	Error   string
}

// addProposals sets a report and what its addressee is asked to answer.
func (s *server) addProposals(r *http.Request, p *addresseePage, a *addressed, ps problems) (err error) {
	if p.Own, err = s.ownAddress(r, a.Body); err != nil {
		return err
	}
	if p.Report, err = s.reportViewOf(r.Context(), a.snap, a.content, nil); err != nil || p.Report == nil {
		return err
	}
	p.Answered = r.URL.Query().Has("answered")
	for i, x := range a.content.Report.Proposals {
		at := slices.Index(x.To, a.Body)
		if at < 0 {
			continue
		}
		f := proposalForm{proposalView: p.Report.Proposals[i], Command: newID(), Answers: answerOptions(""), Error: ps.Of(fmt.Sprintf("f-answer-%d", x.Number))}
		f.Name = &input{ID: fmt.Sprintf("f-name-%d", x.Number), Name: "name", Label: "Your name and office"}
		if said := p.Report.Proposals[i].Answers[at]; said.Answer != "" {
			f.Mine = &said
		}
		if f.Error != "" {
			f.Name.Value, f.Words, f.Answers, f.Command = r.PostFormValue("name"), textOf(r.PostFormValue("text")), answerOptions(liaison.ProposalAnswer(r.PostFormValue("answer"))), r.PostFormValue("command")
		}
		p.Asks = append(p.Asks, f)
	}
	return nil
}

// answerProposal takes what the addressee of a report says to one of its proposals.
func (s *server) answerProposal(w http.ResponseWriter, r *http.Request, a *addressed) error {
	if ok, wait := s.limits.says.allow(string(a.ID)); !ok {
		return tooOften{wait}
	}
	if err := readForm(w, r); err != nil {
		return err
	}
	command, err := commandID(r)
	if err != nil {
		return err
	}
	reply := liaison.ProposalReply{Answer: liaison.ProposalAnswer(r.PostFormValue("answer")), Name: r.PostFormValue("name"), Text: textOf(r.PostFormValue("text"))}
	if _, err := fmt.Sscan(r.PostFormValue("proposal"), &reply.Proposal); err != nil {
		return liaison.Refuse(liaison.Invalid, "The form was not made by this page. Open the page again and send it from there.")
	}
	if err := s.store.AnswerProposal(r.Context(), a.ID, command, reply); err != nil {
		e := refusal(err)
		if e == nil || e.Code == liaison.NotFound {
			return err
		}
		note(r.Context()).err = err
		return s.writeAddressee(w, r, statusOf(e.Code), a, liaison.Response{}, "", problems{{fmt.Sprintf("f-answer-%d", reply.Proposal), e.Message}})
	}
	http.Redirect(w, r, a.address+"?answered#asks", http.StatusSeeOther)
	return nil
}
