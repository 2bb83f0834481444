package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/jca-ml/liaison/liaison"
)

// maxUpload bounds a form with files: all that may be attached, and room for the longest text.
const maxUpload = liaison.MaxAttachmentBytes + 4<<20

// upload is a form with files as it arrived.
type upload struct {
	values   url.Values
	files    []liaison.Attachment // stored already, under their digests
	problems problems
	tooLarge bool
	rest     io.ReadCloser // what was not read, once it is too large
}

// readUpload reads a form part by part and stores its files as they come, so that they are kept whatever is wrong with
// the rest. It stops reading where the limit is passed. before is asked when the first file begins, with the fields read so
// far: how many files and bytes are attached already.
func (s *server) readUpload(w http.ResponseWriter, r *http.Request, before func(url.Values) (n int, size int64)) (*upload, error) {
	return readUploadInto(w, r, before, func(ctx context.Context, _ url.Values, content []byte) (liaison.Digest, error) {
		return s.store.PutBlob(ctx, content)
	})
}

// putter stores a file of a form; it is given the fields that were read before. What it refuses becomes a problem of the form.
type putter func(ctx context.Context, read url.Values, content []byte) (liaison.Digest, error)

// readUploadInto is readUpload where files are not simply stored.
func readUploadInto(w http.ResponseWriter, r *http.Request, before func(url.Values) (n int, size int64), put putter) (*upload, error) {
	u := &upload{values: url.Values{}, rest: r.Body}
	r.Body = http.MaxBytesReader(w, r.Body, maxUpload)
	parts, err := r.MultipartReader()
	if errors.Is(err, http.ErrNotMultipart) {
		if err := readForm(w, r); err != nil {
			return nil, err
		}
		u.values = r.PostForm
		return u, nil
	} else if err != nil {
		return nil, liaison.Refuse(liaison.Invalid, "The form did not arrive whole. Go back and send it again.")
	}
	count, total := -1, int64(0)
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return u, nil
		}
		if err == nil && !isFile(part) {
			var value []byte
			if value, err = io.ReadAll(part); err == nil {
				u.values.Add(part.FormName(), string(value))
				continue
			}
		}
		if err == nil {
			if count < 0 {
				count, total = before(u.values)
			}
			err = readFile(r.Context(), u, part, &count, &total, put)
		}
		if _, over := errors.AsType[*http.MaxBytesError](err); over {
			u.tooMuch("The upload is larger than %d MiB and was not read to its end. What arrived before that is kept; leave the large file out or make it smaller.", maxUpload>>20)
			return u, nil
		} else if liaison.CodeOf(err) == liaison.Unavailable {
			return nil, err
		} else if err != nil {
			return nil, liaison.Refuse(liaison.Invalid, "The form did not arrive whole. Go back and send it again.")
		}
	}
}

func isFile(p *multipart.Part) bool {
	return strings.Contains(strings.ToLower(p.Header.Get("Content-Disposition")), "filename")
}

// readFile reads one file and stores it. What is wrong with the file becomes a problem of the form.
func readFile(ctx context.Context, u *upload, part *multipart.Part, count *int, total *int64, put putter) error {
	name := fileName(part.FileName())
	room := liaison.MaxAttachmentBytes - *total
	content, err := io.ReadAll(io.LimitReader(part, max(room, 0)+1))
	if err != nil {
		return err
	}
	refuse := func(format string, args ...any) error {
		u.problems = append(u.problems, problem{fieldID("attachments"), fmt.Sprintf(format, args...)})
		return nil
	}
	switch {
	case len(content) == 0 && part.FileName() == "": // nothing was chosen
		return nil
	case len(content) == 0:
		return refuse("%s is empty. Attach the file again once it has content.", name)
	case int64(len(content)) > room:
		u.tooMuch("%s does not fit: all attachments together may have %d MiB, of which %s are left. It was not attached; the rest of the form is kept.", name, liaison.MaxAttachmentBytes>>20, size(max(room, 0)))
		return nil
	case *count >= liaison.MaxAttachments:
		return refuse("%s is one file too many: at most %d can be attached.", name, liaison.MaxAttachments)
	}
	mediaType, ok := documentType(name, content)
	if !ok {
		return refuse("%s was not attached: it is none of the kinds of document that can be sent (%s), or its content is not what its name says.", name, kindsInWords())
	}
	digest, err := put(ctx, u.values, content)
	if e := refusal(err); e != nil && e.Code != liaison.Unavailable {
		return refuse("%s was not attached. %s", name, e.Message)
	} else if err != nil {
		return err
	}
	u.files = append(u.files, liaison.Attachment{Name: name, MediaType: mediaType, Size: int64(len(content)), Digest: digest})
	*count++
	*total += int64(len(content))
	return nil
}

func (u *upload) tooMuch(format string, args ...any) {
	u.tooLarge = true
	u.problems = append(u.problems, problem{fieldID("attachments"), fmt.Sprintf(format, args...)})
}

// How much of a refused upload is still taken off the wire after the answer, and for how long. A browser reads no answer
// before it has sent everything, and shows a broken connection instead if we just hang up.
const (
	lingerBytes = 64 << 20
	lingerTime  = 10 * time.Second
)

// linger sends the answer off and throws away what the browser is still sending.
func linger(w http.ResponseWriter, rest io.Reader) {
	c := http.NewResponseController(w)
	if err := c.Flush(); err != nil {
		return // it is a test's recorder, or gone
	}
	if err := c.SetReadDeadline(time.Now().Add(lingerTime)); err != nil {
		return
	}
	_, _ = io.CopyN(io.Discard, rest, lingerBytes) // nothing depends on it
}

// willLinger prepares an answer that is given before the request was read whole.
func willLinger(w http.ResponseWriter) {
	w.Header().Set("Connection", "close")
	_ = http.NewResponseController(w).EnableFullDuplex() // without it, as with HTTP/2, nothing more is needed
}

// fileName is the name that an uploaded file keeps: without directories and control characters, and of bearable length.
func fileName(name string) string {
	name = path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, "_"), `\`, "/"))
	name = strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), r == '\u2028', r == '\u2029', unicode.Is(unicode.Bidi_Control, r): // "fdp.exe" must not read "exe.pdf"
			return -1
		}
		return r
	}, name))
	if name == "" || name == "." || name == ".." || name == "/" {
		return "attachment"
	}
	if n := utf8.RuneCountInString(name); n > liaison.MaxFileName {
		ext := path.Ext(name)
		if len(ext) > 10 {
			ext = ""
		}
		name = string([]rune(name)[:liaison.MaxFileName-len(ext)]) + ext
	}
	return name
}

// documentKinds are the documents that standards bodies send one another, by the end of the name, and how each begins.
var documentKinds = []struct {
	ends      []string
	mediaType string
	begins    string // "" for text
}{
	{[]string{".pdf"}, "application/pdf", "%PDF-"},
	{[]string{".docx"}, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "PK\x03\x04"},
	{[]string{".xlsx"}, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "PK\x03\x04"},
	{[]string{".pptx"}, "application/vnd.openxmlformats-officedocument.presentationml.presentation", "PK\x03\x04"},
	{[]string{".odt"}, "application/vnd.oasis.opendocument.text", "PK\x03\x04"},
	{[]string{".ods"}, "application/vnd.oasis.opendocument.spreadsheet", "PK\x03\x04"},
	{[]string{".odp"}, "application/vnd.oasis.opendocument.presentation", "PK\x03\x04"},
	{[]string{".zip"}, "application/zip", "PK\x03\x04"},
	{[]string{".doc"}, "application/msword", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"},
	{[]string{".xls"}, "application/vnd.ms-excel", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"},
	{[]string{".ppt"}, "application/vnd.ms-powerpoint", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"},
	{[]string{".rtf"}, "application/rtf", `{\rtf`},
	{[]string{".png"}, "image/png", "\x89PNG\r\n\x1a\n"},
	{[]string{".jpg", ".jpeg"}, "image/jpeg", "\xFF\xD8\xFF"},
	{[]string{".txt", ".md"}, "text/plain", ""},
	{[]string{".csv"}, "text/csv", ""},
}

// documentType returns the media type of a document whose name and content agree.
func documentType(name string, content []byte) (mediaType string, ok bool) {
	ext := strings.ToLower(path.Ext(name))
	for _, k := range documentKinds {
		if !slices.Contains(k.ends, ext) {
			continue
		}
		if k.begins == "" {
			return k.mediaType, bytes.IndexByte(content, 0) < 0
		}
		return k.mediaType, bytes.HasPrefix(content, []byte(k.begins))
	}
	return "", false
}

// accepted is the accept attribute of the file input.
func accepted() string {
	var out []string
	for _, k := range documentKinds {
		out = append(out, k.ends...)
	}
	return strings.Join(out, ",")
}

func kindsInWords() string {
	var out []string
	for _, k := range documentKinds {
		out = append(out, strings.TrimPrefix(k.ends[0], "."))
	}
	return strings.Join(out, ", ")
}

// attached is the part of a form that has files.
type attached struct {
	Files     []fileView
	FileError string
	Accept    string
	MaxMiB    int
}

// attachedOf sets the files of a form for its statement; those that are stored with it can be read.
func attachedOf(id liaison.StatementID, files, stored []liaison.Attachment, me *visitor, ps problems) attached {
	out := attached{FileError: ps.Of("f-attachments"), Accept: accepted(), MaxMiB: liaison.MaxAttachmentBytes >> 20}
	for _, a := range files {
		key := string(a.Digest) + "/" + a.Name
		v := fileView{Name: a.Name, MediaType: a.MediaType, Size: a.Size, Digest: a.Digest, Sealed: me.seal(id, a), Drop: key}
		n := fmt.Sprint(len(out.Files))
		v.Title = input{ID: "file-title-" + n, Name: "file_title", Label: "Title", Value: a.Title}
		v.Status = input{ID: "file-status-" + n, Name: "file_status", Label: "Status of the document", Kind: "choice", Options: choose(documentStatuses(), string(a.Status))}
		if slices.ContainsFunc(stored, func(b liaison.Attachment) bool { return a.Digest == b.Digest && a.Name == b.Name }) {
			v.Address = fileAddress(id, a)
		}
		out.Files = append(out.Files, v)
	}
	return out
}
