package web

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
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

// addresseePage is what an addressee sees who follows the link in its message: the statement as it was approved, and what it
// can say about it. Whoever has the link is the addressee here; there is nothing to sign in to.
type addresseePage struct {
	layout
	Address   string
	Ref       string
	Addressee liaison.Addressee
	ReplyBy   deadline
	First     liaison.Date // the deadline of the statement, where another date was granted
	Asked     string       // what the addressee is asked, in a sentence
	Content   contentView
	Approval  *decisionView
	Level     string
	Others    []liaison.Addressee
	Digest    liaison.Digest
	Said      []responseView
	Forms     []answerForm
	Done      *responseView // what has just been said
	Marks     []markView    // what other statements that left did to this one
	Problems  problems
	MaxMiB    int
	Accept    string
	Report    *reportView // of a progress report
	Asks      []proposalForm
	Answered  bool   // a proposal has just been answered
	Own       string // the page of everything that this body was sent, "" for none
}

// responseView is something that an addressee said, as it is told.
type responseView struct {
	Kind  liaison.ResponseKind
	Label string
	Name  string
	Text  string
	Date  liaison.Date
	Files []fileView
	At    moment

	Interim bool // the reply that counts follows
}

// answerForm is one thing that can be said.
type answerForm struct {
	Kind    liaison.ResponseKind
	Label   string // on the button
	Summary string // what opens it
	Hint    string
	Command string
	Open    bool
	Name    input
	Date    *input
	Text    *textInput
	Files   *fileInput
	Interim bool // it can be said that the reply follows
	Follows bool // that was said
}

type textInput struct {
	ID, Label, Hint, Value, Error string
	Rows                          int
}

// Describe lists what explains the field to a screen reader.
func (i textInput) Describe() string { return input{ID: i.ID, Hint: i.Hint, Error: i.Error}.Describe() }

type fileInput struct {
	ID, Error, Accept string
	MaxMiB            int
	Kept              []fileView
}

var addresseeTemplate = newPage[addresseePage]("addressee")

// answers are the forms, in their order.
var answers = []struct {
	kind                  liaison.ResponseKind
	summary, label, hint  string
	text, textHint        string
	rows                  int
	date, files, textArea bool
}{
	{kind: liaison.RespondAcknowledged, summary: "Acknowledge receipt", label: "Acknowledge receipt", hint: "Says that it reached the right people. It is not a reply and agrees to nothing."},
	{kind: liaison.RespondReplied, summary: "Reply", label: "Send the reply", hint: "By text, by files, or both. Replying to the message by e-mail does the same.", text: "Reply", rows: 8, files: true, textArea: true},
	{kind: liaison.RespondExtensionAsked, summary: "Ask for another date", label: "Ask for this date", hint: "The deadline stays until somebody answers you.", text: "Why", rows: 3, date: true, textArea: true},
	{kind: liaison.RespondMisdirected, summary: "It should go to somebody else", label: "Say that it is misdirected", hint: "We find out and send it there; you need not forward it.", text: "To whom it should go", textHint: "A body, a group, a person or an address.", rows: 2, textArea: true},
	{kind: liaison.RespondDeclined, summary: "Decline", label: "Decline", hint: "Says that you will not do what is asked.", text: "Why", rows: 3, textArea: true},
}

// Limits of the addressee's page. A mail system that scans links, and a person with a large mailbox, stay far below.
const (
	visitsBurst, visitsEvery = 60, time.Second     // for one address
	linkBurst, linkEvery     = 40, 2 * time.Second // for one link
	saysBurst, saysEvery     = 12, 30 * time.Second
	mostCallers              = 4096
)

// addresseeLimits are those of one process.
type addresseeLimits struct{ visits, link, says *limiter }

func newAddresseeLimits(now func() time.Time) addresseeLimits {
	return addresseeLimits{newLimiter(visitsBurst, visitsEvery, mostCallers, now), newLimiter(linkBurst, linkEvery, mostCallers, now), newLimiter(saysBurst, saysEvery, mostCallers, now)}
}

// addressed is who follows a link.
type addressed struct {
	store.Transmission
	snap    store.Snapshot
	content liaison.Content
	digest  liaison.Digest
	zone    *time.Location
	address string
	sealer  *visitor // seals files between two requests
}

// tooOften is a refusal for now.
type tooOften struct{ wait time.Duration }

func (tooOften) Error() string { return "too many requests" }

// byLink serves what the link of a message leads to. Every link that leads nowhere gets the same answer after the same work.
func (s *server) byLink(h func(http.ResponseWriter, *http.Request, *addressed) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Robots-Tag", "noindex, nofollow")
		a, err := s.follow(r)
		if err == nil {
			err = h(w, r, a)
		}
		if often, ok := errors.AsType[tooOften](err); ok {
			note(r.Context()).err = err
			w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(often.wait.Seconds()))))
			s.showError(w, r, http.StatusTooManyRequests, "Too often at once", "Nothing was done. Wait a minute, go back and do it again; what you typed is still in your browser.")
			return
		}
		if err != nil {
			s.fault(w, r, err)
		}
	})
}

func (s *server) follow(r *http.Request) (*addressed, error) {
	ctx := r.Context()
	if ok, wait := s.limits.visits.allow(caller(r)); !ok {
		return nil, tooOften{wait}
	}
	id, _ := s.keys.Verify(r.PathValue("token")) // what is none is looked up too, as the id of nothing
	t, err := s.store.Addressed(ctx, id)
	if err != nil {
		return nil, err
	}
	if ok, wait := s.limits.link.allow(string(t.ID)); !ok {
		return nil, tooOften{wait}
	}
	snap, err := s.store.Snapshot(ctx, t.Statement)
	if err != nil {
		return nil, err
	}
	a := &addressed{Transmission: t, snap: snap, content: snap.Content, digest: snap.Digest, address: "/a/" + strings.ToLower(r.PathValue("token"))}
	if t.Revision != snap.Revision {
		revisions, err := s.store.Revisions(ctx, t.Statement)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(revisions, func(x store.Revision) bool { return x.Number == t.Revision })
		if i < 0 {
			return nil, fmt.Errorf("message %s is of revision %d, which is not there", t.ID, t.Revision)
		}
		a.content, a.digest = revisions[i].Content, revisions[i].Digest
	}
	if t.Position < 1 || t.Position > len(a.content.Addressees) {
		return nil, fmt.Errorf("message %s is to addressee %d of %d", t.ID, t.Position, len(a.content.Addressees))
	}
	if a.zone, err = snap.Profile.Zone(); err != nil {
		return nil, err
	}
	h := hmac.New(sha256.New, s.keys[0])
	h.Write([]byte("liaison-addressee-files/1\x00" + string(t.ID)))
	a.sealer = &visitor{key: h.Sum(nil)}
	return a, nil
}

func (s *server) showAddressee(w http.ResponseWriter, r *http.Request, a *addressed) error {
	return s.writeAddressee(w, r, http.StatusOK, a, liaison.Response{}, "", nil)
}

// writeAddressee shows the page; a form that was not accepted comes back with what was typed.
func (s *server) writeAddressee(w http.ResponseWriter, r *http.Request, status int, a *addressed, typed liaison.Response, command string, ps problems) error {
	to := a.content.Addressees[a.Position-1]
	p := addresseePage{
		layout: s.layout(r, titleOr(a.content.Title)), Address: a.address, Ref: a.snap.Ref, Addressee: to, Content: contentViewOf(a.Statement, a.content, a.snap),
		Level: a.snap.Profile.ApprovalLevel, Digest: a.digest, Problems: ps, MaxMiB: liaison.MaxAttachmentBytes >> 20, Accept: accepted(),
	}
	marks, err := s.store.Marks(r.Context(), a.Statement)
	if err != nil {
		return err
	}
	p.Marks = markViews(marks, a.zone)
	p.Me, p.Nav, p.Here = nil, nil, "" // whoever is signed in here as well, this page is the addressee's
	for i, x := range a.content.Attachments {
		p.Content.Files[i].Address = a.address + "/files/" + string(x.Digest) + "/" + url.PathEscape(x.Name)
	}
	for i, x := range a.content.Addressees {
		if i+1 != a.Position {
			p.Others = append(p.Others, x)
		}
	}
	by := mail.Statement{Content: a.content, Addressee: to}.ReplyBy()
	open := true
	if i := slices.IndexFunc(a.snap.Replies, func(r liaison.Reply) bool { return r.Position == a.Position && r.Due != "" }); i >= 0 && a.Revision == a.snap.Revision {
		r := a.snap.Replies[i]
		if open = r.State.Open(); r.Due != by {
			by, p.First = r.Due, by
		}
	}
	p.ReplyBy = deadlineOf(by, a.snap.Today, open)
	p.Asked = asked(to.Purpose, by)
	if err := s.addApproval(r, &p, a); err != nil {
		return err
	}
	if err := s.addProposals(r, &p, a, ps); err != nil {
		return err
	}
	said, err := s.store.ResponsesTo(r.Context(), a.ID)
	if err != nil {
		return err
	}
	done := r.URL.Query().Get("done")
	for _, x := range said {
		v := responseViewOf(x, a.zone, func(f liaison.Attachment) string {
			return a.address + "/files/" + string(f.Digest) + "/" + url.PathEscape(f.Name)
		})
		p.Said = append(p.Said, v)
		if isID(done) && string(x.Command) == done {
			p.Done = &v
		}
	}
	p.forms(a, typed, command, ps)
	return addresseeTemplate.write(w, status, p)
}

// asked says what a purpose asks of its addressee.
func asked(p liaison.Purpose, by liaison.Date) string {
	switch {
	case by != "" && p == liaison.ForAction:
		return "You are asked to act on it and to reply."
	case by != "" && p == liaison.ForComment:
		return "You are asked for your comments."
	case p == liaison.ForInformation:
		return "It is for your information; no reply is asked for."
	case p == liaison.InResponse:
		return "It answers something that you sent."
	}
	return ""
}

// addApproval says on whose word it was sent.
func (s *server) addApproval(r *http.Request, p *addresseePage, a *addressed) error {
	revisions, err := s.store.Revisions(r.Context(), a.Statement)
	if err != nil {
		return err
	}
	for _, x := range revisions {
		if x.Number == a.Revision && x.Decision != nil && x.Decision.Kind == liaison.DoApprove {
			d := decisionViewOf(*x.Decision, a.snap, a.zone)
			p.Approval = &d
		}
	}
	return nil
}

func responseViewOf(x store.Response, zone *time.Location, address func(liaison.Attachment) string) responseView {
	v := responseView{Kind: x.Kind, Label: x.Kind.Label(), Name: x.Name, Text: x.Text, Date: x.Date, At: momentOf(x.At, zone), Interim: x.Interim}
	for _, f := range x.Files {
		v.Files = append(v.Files, fileView{Name: f.Name, MediaType: f.MediaType, Size: f.Size, Digest: f.Digest, Address: address(f)})
	}
	return v
}

func (p *addresseePage) forms(a *addressed, typed liaison.Response, command string, ps problems) {
	for _, x := range answers {
		mine := typed.Kind == x.kind
		// The ids of fields carry the kind: five forms on a page ask for a name.
		id := func(field string) string { return "f-" + string(x.kind) + "-" + field }
		f := answerForm{Kind: x.kind, Label: x.label, Summary: x.summary, Hint: x.hint, Command: newID(), Open: mine}
		f.Name = input{ID: id("name"), Name: "name", Label: "Your name", Error: ps.Of(id("name"))}
		if x.textArea {
			f.Text = &textInput{ID: id("text"), Label: x.text, Hint: x.textHint, Rows: x.rows, Error: ps.Of(id("text"))}
		}
		if x.date {
			f.Date = &input{ID: id("date"), Name: "date", Label: "The date that you ask for", Kind: "date", Error: ps.Of(id("date"))}
		}
		if x.files {
			f.Interim = p.ReplyBy.Day != ""
			f.Files = &fileInput{ID: id("attachments"), Error: ps.Of(id("attachments")), Accept: p.Accept, MaxMiB: p.MaxMiB}
		}
		if mine {
			f.Name.Value, f.Command, f.Follows = typed.Name, command, typed.Interim
			if f.Text != nil {
				f.Text.Value = typed.Text
			}
			if f.Date != nil {
				f.Date.Value = string(typed.Date)
			}
			if f.Files != nil {
				for _, t := range typed.Files {
					f.Files.Kept = append(f.Files.Kept, fileView{Name: t.Name, Size: t.Size, Digest: t.Digest, Sealed: a.sealer.seal(a.Statement, t), Drop: string(t.Digest) + "/" + t.Name})
				}
			}
		}
		p.Forms = append(p.Forms, f)
	}
}

// answer takes what the addressee says.
func (s *server) answer(w http.ResponseWriter, r *http.Request, a *addressed) error {
	if ok, wait := s.limits.says.allow(string(a.ID)); !ok {
		return tooOften{wait}
	}
	var kept []liaison.Attachment
	lost := 0
	read := false
	keep := func(values url.Values) {
		if read {
			return
		}
		read = true
		for _, sealed := range values["file"] {
			if f, ok := a.sealer.unseal(a.Statement, sealed); !ok {
				lost++
			} else if !slices.Contains(values["drop"], string(f.Digest)+"/"+f.Name) && !slices.Contains(kept, f) {
				kept = append(kept, f)
			}
		}
	}
	before := func(values url.Values) (n int, size int64) {
		keep(values)
		for _, f := range kept {
			size += f.Size
		}
		return len(kept), size
	}
	u, err := readUploadInto(w, r, before, func(ctx context.Context, read url.Values, content []byte) (liaison.Digest, error) {
		if liaison.ResponseKind(read.Get("kind")) != liaison.RespondReplied {
			return "", liaison.Refuse(liaison.Invalid, "Files come with a reply. Use the form for it.")
		}
		return s.store.PutAnswer(ctx, a.ID, liaison.CommandID(read.Get("command")), content)
	})
	if err != nil {
		return err
	}
	keep(u.values)
	for _, f := range u.files {
		if !slices.Contains(kept, f) {
			kept = append(kept, f)
		}
	}
	command := u.values.Get("command")
	if !isID(command) {
		return liaison.Refuse(liaison.Invalid, "The form was not made by this page. Open the page again and send it from there.")
	}
	typed := liaison.Response{
		Kind: liaison.ResponseKind(u.values.Get("kind")), Name: u.values.Get("name"), Text: textOf(u.values.Get("text")), Date: liaison.Date(u.values.Get("date")), Files: kept, Interim: u.values.Get("interim") != "",
	}.Tidy()
	status := http.StatusUnprocessableEntity
	var ps problems
	add := func(field, message string) { ps = append(ps, problem{answerField(typed.Kind, field), message}) }
	for _, x := range u.problems {
		add("attachments", x.Message)
	}
	if lost > 0 {
		add("attachments", plural(lost, "file")+" could not be kept. Attach again what is missing.")
	}
	for _, e := range typed.Check(a.snap.Today) {
		if e.Field != "text" || len(u.problems) == 0 || typed.Kind != liaison.RespondReplied { // a reply whose file was refused lacks nothing else
			add(e.Field, e.Message)
		}
	}
	if len(ps) == 0 {
		_, err := s.store.Respond(r.Context(), a.ID, liaison.CommandID(command), typed)
		if err == nil {
			http.Redirect(w, r, a.address+"?"+url.Values{"done": {command}}.Encode(), http.StatusSeeOther)
			return nil
		}
		e := refusal(err)
		if e == nil || e.Code == liaison.NotFound {
			return err
		}
		note(r.Context()).err = err
		status = statusOf(e.Code)
		add(e.Field, e.Message)
	}
	if u.tooLarge {
		status = http.StatusRequestEntityTooLarge
		willLinger(w)
		defer linger(w, u.rest)
	}
	return s.writeAddressee(w, r, status, a, typed, command, ps)
}

// answerField is the id in the page of a field of one of the forms.
func answerField(kind liaison.ResponseKind, field string) string {
	known := slices.ContainsFunc(liaison.Responses, func(x struct {
		Kind    liaison.ResponseKind
		Meaning string
	}) bool {
		return x.Kind == kind
	})
	if field == "" || !known {
		return "main"
	}
	return "f-" + string(kind) + "-" + field
}

// addresseeFile sends a file of the statement, or of what this addressee answered.
func (s *server) addresseeFile(w http.ResponseWriter, r *http.Request, a *addressed) error {
	all := slices.Clone(a.content.Attachments)
	said, err := s.store.ResponsesTo(r.Context(), a.ID)
	if err != nil {
		return err
	}
	for _, x := range said {
		all = append(all, x.Files...)
	}
	for _, f := range all {
		if string(f.Digest) == r.PathValue("digest") && f.Name == r.PathValue("name") {
			content, err := s.store.Blob(r.Context(), f.Digest)
			if err != nil {
				return err
			}
			writeFile(w, f.Name, f.MediaType, content)
			return nil
		}
	}
	return errNoFile
}
