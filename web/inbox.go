package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/jca-ml/liaison/liaison"
)

// Inbox is the demo's mail server as its pages see it. Get refuses with [liaison.NotFound].
type Inbox interface {
	// List returns at most limit messages, newest first: those older than the message before, all when it is "", and only
	// those to recipient unless that is "". next is the before of the following page, "" at the end.
	List(ctx context.Context, recipient, before string, limit int) (lines []InboxLine, next string, err error)
	// Recipients lists every address that got something, with how much.
	Recipients(ctx context.Context) ([]InboxRecipient, error)
	Get(ctx context.Context, id string) (InboxMessage, error)
}

// InboxLine is a received message as a list shows it.
type InboxLine struct {
	ID           string
	EnvelopeFrom string
	Recipients   []string // of the envelope
	ReceivedAt   time.Time
	Subject      string
	From, To     string
}

// InboxRecipient is an address of the demo's world.
type InboxRecipient struct {
	Address string
	Count   int
}

// InboxMessage is a received message, taken apart.
type InboxMessage struct {
	InboxLine
	Headers     []InboxHeader
	Text, HTML  string
	Attachments []InboxAttachment
	Raw         []byte
	Problem     string // what of it could not be understood, or ""
}

// InboxHeader is one header, decoded.
type InboxHeader struct{ Name, Value string }

// InboxAttachment is a file of a received message.
type InboxAttachment struct {
	Name      string
	MediaType string
	Size      int64
	Content   []byte
}

type inboxPage struct {
	layout
	Lines     []inboxRow
	Boxes     []inboxBox
	Recipient string
	Next      string
	Later     bool
}

type inboxRow struct {
	InboxLine
	Address  string
	Received moment
}

type inboxBox struct {
	InboxRecipient
	Link    string
	Current bool
}

var (
	inboxTemplate = newPage[inboxPage]("inbox")
	mailTemplate  = newPage[mailPage]("mail")
)

func (s *server) showInbox(w http.ResponseWriter, r *http.Request, me *visitor) error {
	q := r.URL.Query()
	p := inboxPage{layout: s.layout(r, "Demo inbox"), Recipient: q.Get("to"), Later: q.Get("before") != ""}
	boxes, err := s.inbox.Recipients(r.Context())
	if err != nil {
		return err
	}
	for _, b := range boxes {
		p.Boxes = append(p.Boxes, inboxBox{b, inboxAddress(b.Address, ""), b.Address == p.Recipient})
	}
	lines, next, err := s.inbox.List(r.Context(), p.Recipient, q.Get("before"), 50)
	if err != nil {
		return err
	}
	for _, l := range lines {
		p.Lines = append(p.Lines, inboxRow{l, "/inbox/" + l.ID, momentOf(l.ReceivedAt, me.Zone)})
	}
	if next != "" {
		p.Next = inboxAddress(p.Recipient, next)
	}
	return inboxTemplate.write(w, http.StatusOK, p)
}

func inboxAddress(recipient, before string) string {
	q := url.Values{}
	if recipient != "" {
		q.Set("to", recipient)
	}
	if before != "" {
		q.Set("before", before)
	}
	if len(q) == 0 {
		return "/inbox"
	}
	return "/inbox?" + q.Encode()
}

type mailPage struct {
	layout
	Address     string
	Message     InboxMessage
	Received    moment
	Show        string // which of the tabs
	Tabs        []mailTab
	HTML        string // the address for the frame
	Raw         string // the text of the raw message, as far as it is shown
	Cut         bool   // the raw message is longer than what is shown
	RawLink     string
	Attachments []mailAttachment
}

type mailTab struct {
	Label, Link string
	Current     bool
}

type mailAttachment struct {
	Name, MediaType, Link string
	Size                  int64
}

// rawShown is how much of a raw message a page shows; the rest is for downloading.
const rawShown = 200 << 10

func (s *server) showMail(w http.ResponseWriter, r *http.Request, me *visitor) error {
	m, err := s.inbox.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	subject := m.Subject
	if subject == "" {
		subject = "Without a subject"
	}
	p := mailPage{layout: s.layout(r, subject), Address: "/inbox/" + m.ID, Message: m, Received: momentOf(m.ReceivedAt, me.Zone), RawLink: "/inbox/" + m.ID + "/raw", Show: r.FormValue("show")}
	tabs := []struct{ name, label string }{{"text", "Text"}, {"html", "HTML"}, {"headers", "Headers"}, {"raw", "Raw"}, {"attachments", "Attachments (" + strconv.Itoa(len(m.Attachments)) + ")"}}
	known := false
	for _, t := range tabs {
		known = known || t.name == p.Show
	}
	if !known {
		p.Show = "text"
		if m.Text == "" && m.HTML != "" {
			p.Show = "html"
		}
	}
	for _, t := range tabs {
		p.Tabs = append(p.Tabs, mailTab{t.label, p.Address + "?show=" + t.name, t.name == p.Show})
	}
	switch p.Show {
	case "html":
		if m.HTML != "" {
			p.HTML = p.Address + "/html"
		}
	case "raw":
		raw := m.Raw
		if p.Cut = len(raw) > rawShown; p.Cut {
			raw = raw[:rawShown]
		}
		p.Raw = string(raw)
	}
	for i, a := range m.Attachments {
		p.Attachments = append(p.Attachments, mailAttachment{a.Name, a.MediaType, p.Address + "/attachments/" + strconv.Itoa(i+1) + "/" + url.PathEscape(a.Name), a.Size})
	}
	return mailTemplate.write(w, http.StatusOK, p)
}

func (s *server) mailHTML(w http.ResponseWriter, r *http.Request, _ *visitor) error {
	m, err := s.inbox.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	writeMailHTML(w, m.HTML)
	return nil
}

func (s *server) mailRaw(w http.ResponseWriter, r *http.Request, _ *visitor) error {
	m, err := s.inbox.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	writeFile(w, "message-"+m.ID+".eml", "message/rfc822", m.Raw)
	return nil
}

func (s *server) mailAttachment(w http.ResponseWriter, r *http.Request, _ *visitor) error {
	m, err := s.inbox.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(r.PathValue("n"))
	if err != nil || n < 1 || n > len(m.Attachments) {
		return liaison.Refuse(liaison.NotFound, "The message has no such attachment.")
	}
	a := m.Attachments[n-1]
	writeFile(w, a.Name, a.MediaType, a.Content)
	return nil
}
