package parts

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"mime"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/charset"
	"github.com/emersion/go-message/mail"
	"github.com/emersion/go-message/textproto"
)

// ErrNoMessage means that the inbox holds no message of that id.
var ErrNoMessage = errors.New("no such message in the inbox")

const (
	// maxHeaderBytes bounds the header of a message or of a part when it is read for display.
	maxHeaderBytes = 1 << 20
	// maxParts and maxDepth bound how many MIME parts of a message are shown, and how deeply nested.
	maxParts, maxDepth = 500, 20
	// maxPage is the most that List returns at once, and what it returns when asked for 0.
	maxPage = 200
)

// Inbox keeps messages as files, SEQ.eml with the bytes and SEQ.json with the Summary, and an index of them in memory.
// A message exists once its .json does. All methods may be called from any goroutine.
type Inbox struct {
	dir string

	mu      sync.Mutex
	lastSeq uint64
	index   []Summary // ascending by seq
}

// Envelope is what SMTP says about a message, beside its bytes.
type Envelope struct {
	From       string
	Recipients []string
	// Special lists the special local parts among the recipients, sorted, such as "drop".
	Special []string
}

// Summary is a line of the inbox. Subject, From, To and MessageID are decoded from the header for display and may be
// anything a sender likes.
type Summary struct {
	ID           string    `json:"id"`
	EnvelopeFrom string    `json:"envelope_from"`
	Recipients   []string  `json:"recipients"`
	ReceivedAt   time.Time `json:"received_at"`
	Special      []string  `json:"special,omitempty"`
	Size         int64     `json:"size"` // bytes
	Subject      string    `json:"subject"`
	From         string    `json:"from"`
	To           string    `json:"to"`
	MessageID    string    `json:"message_id"` // without the angle brackets

	seq uint64
}

// Header is one field of a message's header.
type Header struct {
	Name string
	// Raw is the whole field as it came, folded lines and all, without the last line break.
	Raw string
	// Value is decoded (RFC 2047) and unfolded, without control characters.
	Value string
}

// Attachment is a part that is not the text of the message.
type Attachment struct {
	// Name is without directories and control characters, and never empty.
	Name string
	// Type is the media type without parameters, in lower case; a sender's claim.
	Type string
	// Size is len(Content).
	Size int64
	// Content is without its transfer encoding, else byte for byte what was sent.
	Content []byte
	// Inline says that the sender meant it to be shown within the text; ContentID is how the text refers to it.
	Inline    bool
	ContentID string
}

// Message is a message taken apart for display.
type Message struct {
	Summary
	Headers     []Header
	Text, HTML  string
	Attachments []Attachment
	// Problem says in plain words what could not be understood; "" if all could. What was understood is there all the same,
	// and Inbox.Raw always has the bytes.
	Problem string
}

// OpenInbox opens the inbox in dir, making the directory if absent, and removes what an interrupted Add left.
func OpenInbox(dir string) (*Inbox, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open the inbox: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("open the inbox: %w", err)
	}
	in := &Inbox{dir: dir}
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, "tmp-") {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				return nil, fmt.Errorf("open the inbox: remove an unfinished message: %w", err)
			}
			continue
		}
		seq, err := strconv.ParseUint(strings.TrimSuffix(name, filepath.Ext(name)), 10, 64)
		if err != nil {
			continue
		}
		in.lastSeq = max(in.lastSeq, seq) // of a lone .eml too: its number is not given out again
		if filepath.Ext(name) != ".json" {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, fmt.Errorf("open the inbox: %w", err)
		}
		s := Summary{}
		if err := json.Unmarshal(b, &s); err != nil {
			return nil, fmt.Errorf("open the inbox: %s is damaged, move it away: %w", filepath.Join(dir, name), err)
		}
		s.seq, s.ID = seq, messageID(seq)
		in.index = append(in.index, s)
	}
	slices.SortFunc(in.index, bySeq)
	return in, nil
}

func bySeq(a, b Summary) int { return cmp.Compare(a.seq, b.seq) }

func messageID(seq uint64) string { return fmt.Sprintf("%06d", seq) }

// Add stores a message and returns when it would survive a power cut. On an error nothing is stored.
func (in *Inbox) Add(env Envelope, r io.Reader) (Summary, error) {
	st, err := in.stage(r)
	if err != nil {
		return Summary{}, err
	}
	return in.commit(env, st)
}

// staged is a message on disk that is not yet part of the inbox.
type staged struct {
	file    string
	size    int64
	headers []Header
}

// stage writes the bytes to a temporary file and syncs it. An error of r is returned as it is.
func (in *Inbox) stage(r io.Reader) (*staged, error) {
	f, err := os.CreateTemp(in.dir, "tmp-*.eml")
	if err != nil {
		return nil, fmt.Errorf("store a message: %w", err)
	}
	st := &staged{file: f.Name()}
	src := &noteError{r: r}
	st.size, err = io.Copy(f, src)
	if src.err != nil {
		err = src.err
	} else if err == nil {
		err = f.Sync()
	}
	if err == nil {
		var head []byte
		if head, err = io.ReadAll(io.NewSectionReader(f, 0, maxHeaderBytes)); err == nil {
			st.headers, _ = splitHeaders(head)
		}
	}
	if err := errors.Join(err, f.Close()); err != nil {
		in.discard(st)
		if src.err != nil {
			return nil, src.err
		}
		return nil, fmt.Errorf("store a message: %w", err)
	}
	return st, nil
}

func (in *Inbox) discard(st *staged) { _ = os.Remove(st.file) } // else the next OpenInbox removes it

// noteError remembers an error of the source, to tell it from one of the disk.
type noteError struct {
	r   io.Reader
	err error
}

func (n *noteError) Read(b []byte) (int, error) {
	c, err := n.r.Read(b)
	if err != nil && err != io.EOF {
		n.err = err
	}
	return c, err
}

// commit gives a staged message its number and name.
func (in *Inbox) commit(env Envelope, st *staged) (Summary, error) {
	in.mu.Lock()
	in.lastSeq++
	seq := in.lastSeq
	in.mu.Unlock()

	s := Summary{
		ID: messageID(seq), seq: seq,
		EnvelopeFrom: env.From, Recipients: slices.Clone(env.Recipients), Special: slices.Clone(env.Special),
		ReceivedAt: time.Now().UTC().Truncate(time.Millisecond),
		Size:       st.size,
	}
	s.Subject, s.From, s.To = value(st.headers, "Subject"), value(st.headers, "From"), value(st.headers, "To")
	s.MessageID = strings.Trim(value(st.headers, "Message-Id"), "<>")
	if err := in.publish(s, st); err != nil {
		in.discard(st)
		return Summary{}, fmt.Errorf("store a message: %w", err)
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	at, _ := slices.BinarySearchFunc(in.index, s, bySeq)
	in.index = slices.Insert(in.index, at, s)
	return s, nil
}

func (in *Inbox) publish(s Summary, st *staged) error {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	tmp := filepath.Join(in.dir, "tmp-"+s.ID+".json")
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	// The bytes first: the .json makes the message exist.
	if err := os.Rename(st.file, in.file(s.ID, ".eml")); err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	err = os.Rename(tmp, in.file(s.ID, ".json"))
	if err == nil {
		err = syncDir(in.dir)
	}
	if err != nil {
		_ = os.Remove(tmp)
		return errors.Join(err, ignoreAbsent(os.Remove(in.file(s.ID, ".json"))), os.Remove(in.file(s.ID, ".eml")))
	}
	return nil
}

func ignoreAbsent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func (in *Inbox) file(id, ext string) string { return filepath.Join(in.dir, id+ext) }

// List returns at most limit messages, newest first, older than the message with id before ("" begins with the newest).
// next is the before of the following page, "" on the last. A limit of 0, or above 200, means 200.
func (in *Inbox) List(ctx context.Context, before string, limit int) (page []Summary, next string, err error) {
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	if limit <= 0 || limit > maxPage {
		limit = maxPage
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	end := len(in.index)
	if before != "" {
		seq, err := strconv.ParseUint(before, 10, 64)
		if err != nil {
			return nil, "", fmt.Errorf("page key %q: %w", before, ErrNoMessage)
		}
		end, _ = slices.BinarySearchFunc(in.index, Summary{seq: seq}, bySeq)
	}
	begin := max(0, end-limit)
	page = slices.Clone(in.index[begin:end])
	slices.Reverse(page)
	if begin > 0 {
		next = page[len(page)-1].ID
	}
	return page, next, nil
}

// Count is the number of messages.
func (in *Inbox) Count() int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return len(in.index)
}

// CountByRecipient is the number of messages for each envelope recipient, in lower case.
func (in *Inbox) CountByRecipient() map[string]int {
	in.mu.Lock()
	defer in.mu.Unlock()
	counts := map[string]int{}
	for _, s := range in.index {
		for _, r := range s.Recipients {
			counts[strings.ToLower(r)]++
		}
	}
	return counts
}

func (in *Inbox) summary(id string) (Summary, error) {
	seq, err := strconv.ParseUint(id, 10, 64)
	if err != nil || messageID(seq) != id {
		return Summary{}, ErrNoMessage
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	at, ok := slices.BinarySearchFunc(in.index, Summary{seq: seq}, bySeq)
	if !ok {
		return Summary{}, ErrNoMessage
	}
	return in.index[at], nil
}

// Raw is the message's bytes as they came.
func (in *Inbox) Raw(id string) ([]byte, error) {
	s, err := in.summary(id)
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(in.file(s.ID, ".eml"))
	if err != nil {
		return nil, fmt.Errorf("read message %s: %w", s.ID, err)
	}
	return b, nil
}

// Get is the message taken apart. A message that makes no sense as one is no error: see Message.Problem.
func (in *Inbox) Get(id string) (*Message, error) {
	s, err := in.summary(id)
	if err != nil {
		return nil, err
	}
	raw, err := in.Raw(id)
	if err != nil {
		return nil, err
	}
	m := parse(raw)
	m.Summary = s
	return m, nil
}

// ---- taking a message apart

// parse never fails: what it does not understand it names in Problem, and a message without sense is all text.
func parse(raw []byte) *Message {
	m := &Message{}
	var problem string
	if m.Headers, problem = splitHeaders(raw); problem != "" {
		m.problem("%s", problem)
	}
	br := bufio.NewReader(bytes.NewReader(raw))
	h, err := textproto.ReadHeader(br)
	if err != nil || len(m.Headers) == 0 {
		m.problem("this is not a well-formed message, so it is shown as it came")
		m.Text = clean(string(raw), true)
		return m
	}
	w := walker{m: m}
	w.part(message.Header{Header: h}, br, 0)
	return m
}

func (m *Message) problem(format string, args ...any) {
	if m.Problem == "" { // the first is enough to look at the raw message
		m.Problem = fmt.Sprintf(format, args...)
	}
}

type walker struct {
	m     *Message
	parts int
}

// part shows one MIME part (RFC 2045) and what is within it. It reads with textproto rather than message.Read, which would
// convert the character set of attachments too.
func (w *walker) part(h message.Header, body io.Reader, depth int) {
	if w.parts++; w.parts > maxParts || depth > maxDepth {
		w.m.problem("the message has too many parts to show them all")
		return
	}
	mediaType, params, err := h.ContentType()
	if err != nil {
		w.m.problem("a Content-Type could not be understood: %v", err)
		mediaType, params = "text/plain", nil // RFC 2045, section 5.2
	}
	mediaType = strings.ToLower(mediaType)
	if strings.HasPrefix(mediaType, "multipart/") && params["boundary"] != "" {
		w.multipart(textproto.NewMultipartReader(body, params["boundary"]), mediaType, depth)
		return
	}

	disposition, _, _ := h.ContentDisposition()
	name, _ := (&mail.AttachmentHeader{Header: h}).Filename()
	isText := mediaType == "text/plain" || mediaType == "text/html"
	attached := strings.EqualFold(disposition, "attachment") || name != "" || !isText

	cs := params["charset"]
	if strings.HasPrefix(mediaType, "text/") {
		h = h.Copy()
		h.SetContentType(mediaType, nil) // so that message.New undoes the transfer encoding only
	}
	e, err := message.New(h, body)
	if err != nil {
		w.m.problem("a part is encoded in a way that is not known: %v", err)
	}
	content, err := io.ReadAll(e.Body)
	if err != nil {
		w.m.problem("a part is damaged: %v", err)
	}
	if attached {
		w.m.Attachments = append(w.m.Attachments, Attachment{
			Name: fileName(name, mediaType, len(w.m.Attachments)+1), Type: mediaType, Size: int64(len(content)), Content: content,
			Inline:    strings.EqualFold(disposition, "inline"),
			ContentID: strings.Trim(h.Get("Content-Id"), "<> "),
		})
		return
	}
	if cs != "" && !strings.EqualFold(cs, "utf-8") && !strings.EqualFold(cs, "us-ascii") {
		if r, err := charset.Reader(cs, bytes.NewReader(content)); err != nil {
			w.m.problem("the character set %q is not known", cs)
		} else if converted, err := io.ReadAll(r); err == nil {
			content = converted
		}
	}
	text := clean(string(content), true)
	if mediaType == "text/html" {
		w.m.HTML += text
		return
	}
	if w.m.Text != "" {
		w.m.Text += "\n"
	}
	w.m.Text += text
}

func (w *walker) multipart(mr *textproto.MultipartReader, mediaType string, depth int) {
	for {
		p, err := mr.NextPart()
		if err == io.EOF {
			return
		}
		if err != nil {
			w.m.problem("a %s could not be read to its end: %v", mediaType, err)
			return
		}
		if w.parts >= maxParts {
			w.m.problem("the message has too many parts to show them all")
			return
		}
		w.part(message.Header{Header: p.Header}, p, depth+1)
	}
}

// splitHeaders takes the header apart into its fields, however malformed, in order.
func splitHeaders(raw []byte) (fields []Header, problem string) {
	for line := range bytes.Lines(raw[:min(len(raw), maxHeaderBytes)]) {
		s := strings.TrimRight(string(line), "\r\n")
		if s == "" {
			break
		}
		if (s[0] == ' ' || s[0] == '\t') && len(fields) > 0 {
			last := &fields[len(fields)-1]
			last.Raw += "\n" + s
			continue
		}
		name, _, ok := strings.Cut(s, ":")
		if !ok {
			if len(fields) == 0 {
				return nil, "the message has no header"
			}
			problem = "a line of the header is no header field"
			name = ""
		}
		fields = append(fields, Header{Name: clean(strings.TrimSpace(name), false), Raw: s})
	}
	decoder := mime.WordDecoder{CharsetReader: charset.Reader}
	for i := range fields {
		f := &fields[i]
		_, v, ok := strings.Cut(f.Raw, ":")
		if !ok {
			v = f.Raw
		}
		v = strings.ReplaceAll(strings.ReplaceAll(v, "\n", ""), "\t", " ")
		if decoded, err := decoder.DecodeHeader(v); err == nil {
			v = decoded
		}
		f.Value = clean(strings.TrimSpace(v), false)
		f.Raw = clean(f.Raw, true)
	}
	return fields, problem
}

// value is the first field of that name, "" without one.
func value(fields []Header, name string) string {
	for _, f := range fields {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// clean makes s valid UTF-8 without control characters, of which lines and tabs stay if it is text.
func clean(s string, text bool) string {
	if text {
		s = strings.ReplaceAll(s, "\r\n", "\n")
	}
	return strings.Map(func(r rune) rune {
		switch {
		case text && (r == '\n' || r == '\t'):
			return r
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// fileName is a name that is safe to suggest for saving.
func fileName(name, mediaType string, n int) string {
	name = clean(path.Base(strings.ReplaceAll(name, `\`, "/")), false)
	if name != "." && name != "/" && name != ".." && name != "" {
		return name
	}
	ext := map[string]string{
		"message/rfc822": ".eml", "message/delivery-status": ".txt", "text/plain": ".txt", "text/html": ".html", "application/pdf": ".pdf",
	}[mediaType]
	return fmt.Sprintf("part-%d%s", n, ext)
}

// specialOf are the special local parts among addresses, sorted and each once.
func specialOf(addresses []string) []string {
	found := map[string]bool{}
	for _, a := range addresses {
		if s := special(a); s != "" {
			found[s] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}
