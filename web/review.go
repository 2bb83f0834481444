package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail"
)

// reviewPage shows what would leave, and takes the decision on exactly that.
type reviewPage struct {
	layout
	Address   string
	Content   contentView
	Revision  int
	Digest    liaison.Digest
	Submitted string // by whom
	At        moment
	Blocking  []findingView
	Advice    []findingView
	Previous  int // the revision that Changes are since, 0 for none
	Changes   []difference
	Stale     bool // Changes are since the revision that was shown
	To        []previewTab
	Preview   preview
	May       decisions
	Drafted   bool // the person is also a drafter, which the record will show
	Command   string
	Reason    string
	Problems  problems
	Level     string
	Why       whyView
	Window    *windowView // in which it lies or lay open for objections
	Open      *openForm   // to put it up for objections
	Answer    *answerWindowForm
	Said      *saidForm
	TakeBack  []actionView // to take the window back
	Consulted *consultedForm
	Until     string        // when the chair can approve, while objections can be made
	Outside   *outsideForm  // to enter an approval that was given outside
	Recuse    string        // the id of the command that declares an interest, "" for who cannot
	Tabled    *tabledFor    // the meeting that decides, of what is tabled
	Table     []optionGroup // the agendas that it can be put on, for who may
	TableID   string        // of the command that does
	Edits     string        // where it is approved with edits
	Back      string        // the page that a decision leads back to, "" for the statement's
}

// tabledFor says for which meeting a statement is tabled, and whether that decides now.
type tabledFor struct {
	Address, Where, Days, Item string
	Sits                       bool
	State                      string
}

// addMeeting adds the meeting that a statement is tabled for, or those that it can be tabled for.
func (s *server) addMeeting(r *http.Request, p *reviewPage, snap store.Snapshot, may []liaison.CommandKind) error {
	if snap.State == liaison.Tabled {
		m := snap.Meeting
		item, _ := m.Item(snap.TabledItem)
		p.Tabled = &tabledFor{meetingAddress(m.ID), m.Where(), m.Days(), item.Cite(), m.InSession(snap.Today), strings.ToLower(m.State.Label())}
		p.Edits, p.Back = p.Address+"/edits", meetingAddress(m.ID)
	}
	if !slices.Contains(may, liaison.DoTable) {
		return nil
	}
	ahead, err := s.meetingsAhead(r, snap)
	if err != nil {
		return err
	}
	p.TableID = newID()
	for _, m := range ahead {
		if options := tablingOptions(m, snap.Profile); len(options) > 0 {
			p.Table = append(p.Table, optionGroup{m.Where() + ", " + m.Days(), options})
		}
	}
	return nil
}

// whyView says whose decision it is, and how long it waits.
type whyView struct {
	Acting   string // in which the person decides, "" for who cannot
	Stands   *absenceView
	Not      string // why they cannot
	Waits    string // "for 3 days"
	Absences string // the register of absences and delegations, for officers
}

type previewTab struct {
	Position int
	liaison.Addressee
	Link    string
	Current bool
}

// preview is the e-mail that one addressee would get.
type preview struct {
	Headers   []mail.Header
	Text      string
	HTML      string // the address of its HTML, "" when it has none
	Problem   string // why there is none to see
	Test      []actionView
	Addressee string
}

// decisions are those that the person may take.
type decisions struct{ Approve, Edit, Return, Reject, PutOff bool }

func (d decisions) Any() bool { return d.Approve || d.Edit || d.Return || d.Reject || d.PutOff }

var reviewTemplate = newPage[reviewPage]("review")

func (s *server) showReview(w http.ResponseWriter, r *http.Request, me *visitor) error {
	snap, err := s.readable(r, me)
	if err != nil {
		return err
	}
	if snap.State.Mode() == "" {
		http.Redirect(w, r, "/statements/"+string(snap.ID), http.StatusSeeOther)
		return nil
	}
	return s.writeReview(w, r, me, http.StatusOK, snap, reviewExtra{command: newID()})
}

// reviewExtra is what a failed decision adds to the page.
type reviewExtra struct {
	command  string
	reason   string
	problems problems
	shown    liaison.Digest // what the person had before them, when it is no longer what there is
	given    *liaison.Given // the approval that was to be entered

	consulted *liaison.Consultation
	opening   *liaison.Command // a window that was to be opened
	answer    *liaison.Command // what was to be said in it
	said      *liaison.Command // what was to be entered as said
	back      *liaison.Command // the window was to be taken back
}

func (s *server) writeReview(w http.ResponseWriter, r *http.Request, me *visitor, status int, snap store.Snapshot, x reviewExtra) error {
	zone, err := snap.Profile.Zone()
	if err != nil {
		return err
	}
	revisions, err := s.store.Revisions(r.Context(), snap.ID)
	if err != nil {
		return err
	}
	p := reviewPage{
		layout: s.layout(r, "Review: "+titleOr(snap.Content.Title)), Address: "/statements/" + string(snap.ID), Content: contentViewOf(snap.ID, snap.Content, snap),
		Revision: snap.Revision, Digest: snap.Digest, Drafted: snap.Drafted(me.ID()), Command: x.command, Reason: x.reason, Problems: x.problems, Level: snap.Profile.ApprovalLevel,
	}
	if p.Flash, err = s.doneHere(r, me); err != nil {
		return err
	}
	if p.Blocking, p.Advice, err = s.findings(r.Context(), snap.Content, snap, ""); err != nil {
		return err
	}
	for _, list := range [][]findingView{p.Blocking, p.Advice} {
		for i := range list {
			list[i].Link = "" // who decides edits nothing here
		}
	}
	for i, rev := range revisions {
		if rev.Digest == snap.Digest {
			p.Submitted, p.At = rev.SubmittedBy, momentOf(rev.SubmittedAt, zone)
		}
		since := x.shown == "" && i == 1 || x.shown != "" && rev.Digest == x.shown
		if since && rev.Digest != snap.Digest && p.Previous == 0 {
			p.Previous, p.Stale = rev.Number, x.shown != ""
			p.Changes = differences(liaison.Compare(rev.Content, snap.Content))
		}
	}
	may := liaison.May(snap.Snapshot, me.ID())
	p.May = decisionsOf(may)
	if err := s.addMeeting(r, &p, snap, may); err != nil {
		return err
	}
	p.Why = s.why(snap, me)
	if slices.Contains(may, liaison.DoEnterApproval) {
		if p.Outside, err = s.outsideFormOf(r, snap, me, x); err != nil {
			return err
		}
	}
	if slices.Contains(may, liaison.DoRecuse) {
		p.Recuse = newID()
	}
	if err := s.addPreview(r, &p, snap, me); err != nil {
		return err
	}
	p.Window = windowViewOf(snap, zone)
	if p.Window != nil && p.Window.Open {
		p.Until = snap.Window.Last.Plus(1).String()
	}
	p.Open, p.Answer, p.Said = openFormOf(snap, me, may, x), windowAnswerOf(snap, may, x), saidFormOf(snap, me, may, x.said, x.problems)
	p.Consulted = consultedFormOf(snap, me, "f-consulted", x.consulted, x.problems)
	if slices.Contains(may, liaison.DoCancelWindow) {
		back := actionView{Kind: liaison.DoCancelWindow, Label: liaison.DoCancelWindow.Label(), To: p.Address + "/do", Command: newID(), Reason: true, Hint: "It is in review again. Those who were asked are told."}
		if x.back != nil {
			back.Command, back.Typed, back.Open, back.Error = string(x.back.ID), x.back.Reason, true, x.problems.Of(back.Field("reason"))
		}
		p.TakeBack = []actionView{back}
	}
	if p.Preview.Problem != "" {
		p.May.Approve, p.Outside, p.Open = false, nil, nil // nobody approves what they could not see
	}
	return reviewTemplate.write(w, status, p)
}

// why says whose decision it is.
func (s *server) why(snap store.Snapshot, me *visitor) whyView {
	v := whyView{Waits: waiting(snap.SubmittedOn, snap.Today)}
	if officerOf(snap, me) {
		v.Absences = absencesAddress(snap.Group)
	}
	acting, stands, err := snap.Decides(me.ID())
	if err != nil {
		v.Not = err.Error()
		return v
	}
	v.Acting = acting.Label()
	if stands != nil {
		v.Stands = &absenceView{Absence: *stands, Label: stands.Kind.Label(), Today: true}
	}
	return v
}

// waiting says how long something has waited since a day.
func waiting(since, today liaison.Date) string {
	if n := daysBetween(since, today); n > 0 {
		return "for " + plural(n, "day")
	}
	return "since today"
}

func (s *server) addPreview(r *http.Request, p *reviewPage, snap store.Snapshot, me *visitor) error {
	to, err := strconv.Atoi(r.FormValue("to"))
	if err != nil || to < 1 || to > len(snap.Content.Addressees) {
		to = 1
	}
	for i, a := range snap.Content.Addressees {
		p.To = append(p.To, previewTab{i + 1, a, p.Address + "/review?to=" + strconv.Itoa(i+1) + "#mail", i+1 == to})
	}
	if len(p.To) == 0 {
		p.Preview.Problem = "There is no addressee, so there is no e-mail."
		return nil
	}
	p.Preview.Addressee = p.To[to-1].Name
	message, err := s.post.Preview(r.Context(), snap, to)
	if e := refusal(err); e != nil && e.Code != liaison.Unavailable {
		p.Preview.Problem = "The e-mail cannot be made: " + e.Message
		return nil
	} else if err != nil {
		return err
	}
	text, html, err := mail.Parts(message)
	if err != nil {
		return err
	}
	p.Preview.Test = testAction(snap, to, me, p.To[to-1].Link)
	p.Preview.Headers, p.Preview.Text = mail.Headers(message), text
	if html != "" {
		p.Preview.HTML = p.Address + "/preview/" + strconv.Itoa(to) + "/html?" + url.Values{"digest": {string(snap.Digest)}}.Encode()
	}
	return nil
}

// previewHTML is the HTML of an e-mail that would leave, for the frame on the review page. It is of the revision that the
// page was made of, or it is refused: what is looked at is what is decided on. Where nothing is to be decided there is none,
// and none for readers: of what has left it would be the sealed bytes, with the addressee's own link.
func (s *server) previewHTML(w http.ResponseWriter, r *http.Request, me *visitor) error {
	snap, err := s.readable(r, me)
	if err != nil {
		return err
	}
	if !insider(snap, me) || snap.State.Mode() == "" {
		return errNoPreview
	}
	if digest := liaison.Digest(r.FormValue("digest")); digest != "" && digest != snap.Digest {
		return liaison.Refuse(liaison.Stale, "The statement has changed since this page was opened. Open it again.")
	}
	position, err := strconv.Atoi(r.PathValue("position"))
	if err != nil || position < 1 || position > len(snap.Content.Addressees) {
		return liaison.Refuse(liaison.NotFound, "The statement has no such addressee.")
	}
	message, err := s.post.Preview(r.Context(), snap, position)
	if err != nil {
		return err
	}
	_, html, err := mail.Parts(message)
	if err != nil {
		return err
	}
	writeMailHTML(w, html)
	return nil
}

var errNoPreview = liaison.Refuse(liaison.NotFound, "There is no preview, because nothing is to be decided here. What was sent is on the page of each message.")

// writeMailHTML sends the HTML of an e-mail under a policy in which it can do nothing.
func writeMailHTML(w http.ResponseWriter, html string) {
	w.Header().Set("Content-Security-Policy", mailPolicy)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(html)) //nolint:gosec // G705: it is what its sender wrote, under a policy that runs nothing and has no origin
}

// decide carries the decision: the digest says on what, the command's id makes a repeat the same decision.
func (s *server) decide(w http.ResponseWriter, r *http.Request, me *visitor) error {
	snap, id, err := s.asked(w, r, me)
	if err != nil {
		return err
	}
	cmd := liaison.Command{
		ID: id, Statement: snap.ID, Actor: me.ID(),
		Digest: liaison.Digest(r.PostFormValue("digest")), Reason: textOf(r.PostFormValue("reason")),
	}
	cmd.Consulted = consultation(r.PostForm)
	extra := ""
	switch r.PostFormValue("action") {
	case "approve":
		cmd.Kind = liaison.DoApprove
	case "hold":
		cmd.Kind, cmd.Hold, extra = liaison.DoApprove, true, "hold"
	case "return":
		cmd.Kind = liaison.DoReturn
	case "defer":
		cmd.Kind = liaison.DoDefer
	case "reject":
		cmd.Kind = liaison.DoReject
	default:
		return liaison.Refuse(liaison.Invalid, "The form does not say what to decide. Use one of its buttons.")
	}
	if _, err = s.engine.Do(r.Context(), cmd); err == nil {
		if back := backTo(r, snap); strings.HasPrefix(back, "/meetings/") {
			goBack(w, r, back, id)
			return nil
		}
		s.done(w, r, snap.ID, id, extra)
		return nil
	}
	return s.notDecided(w, r, me, cmd, err)
}

// notDecided says why, on a page from which the person can go on, with the reason as it was typed.
func (s *server) notDecided(w http.ResponseWriter, r *http.Request, me *visitor, cmd liaison.Command, err error) error {
	e, err := s.notDone(w, r, me, err)
	if e == nil {
		return err
	}
	snap, again := s.readable(r, me)
	if again != nil {
		return again
	}
	if cmd.Said != nil {
		ps := problems{{"f-told-" + e.Field, unavailableWords(e)}}
		switch e.Field {
		case "reason":
			ps[0].ID = "f-told-words"
		case "":
			ps[0].ID = "said"
		}
		return s.writeSaid(w, r, me, statusOf(e.Code), snap, cmd, ps)
	}
	if snap.State.Mode() == "" {
		return s.decidedMeanwhile(w, r, me, e)
	}
	x := reviewExtra{command: string(cmd.ID), reason: cmd.Reason, consulted: cmd.Consulted, problems: problems{{"f-reason", unavailableWords(e)}}}
	switch {
	case cmd.Window != nil:
		x = reviewExtra{command: newID(), opening: &cmd, problems: problems{{cmp.Or(strings.TrimSuffix(fieldID(e.Field), "main"), "window-open"), unavailableWords(e)}}}
	case cmd.Kind == liaison.DoObject || cmd.Kind == liaison.DoNoObjection || cmd.Kind == liaison.DoComment:
		x = reviewExtra{command: newID(), answer: &cmd, problems: problems{{"f-said", unavailableWords(e)}}}
	case cmd.Kind == liaison.DoCancelWindow:
		x = reviewExtra{command: newID(), back: &cmd, problems: problems{{actionView{Kind: cmd.Kind}.Field("reason"), unavailableWords(e)}}}
	case e.Field == "consulted":
		x.problems[0].ID = "f-consulted"
	case e.Field != "reason":
		x.problems[0].ID = "decide"
	}
	if cmd.Given != nil {
		x.given, x.problems[0].ID = cmd.Given, "outside"
		switch e.Field {
		case "":
		case "reason":
			x.problems[0].ID = "f-why"
		case "consulted":
			x.problems[0].ID = "f-outside-consulted"
		case "meeting", "item":
			x.problems[0].ID = "f-at"
		default:
			x.problems[0].ID = fieldID(e.Field)
		}
	}
	if e.Code == liaison.Stale {
		if x.opening != nil {
			x.opening.ID = liaison.CommandID(newID())
		}
		x.shown, x.command = cmd.Digest, newID() // what is decided from here on is another decision
		x.problems[0].ID = "changes"
	}
	return s.writeReview(w, r, me, statusOf(e.Code), snap, x)
}
