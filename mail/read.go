package mail

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
)

// Header is one header of a message, unfolded and with its encoded words decoded, to be shown.
type Header struct{ Name, Value string }

// Headers lists the headers of a message in their order in it. It reads what it can of a message that is not well
// formed; a line that is no header is left out.
func Headers(message []byte) []Header {
	var out []Header
	for line := range bytes.Lines(message) {
		s := strings.TrimRight(string(line), "\r\n")
		if s == "" {
			break
		}
		if s[0] == ' ' || s[0] == '\t' {
			if len(out) > 0 {
				out[len(out)-1].Value += s
			}
			continue
		}
		if name, value, ok := strings.Cut(s, ":"); ok {
			out = append(out, Header{name, value})
		}
	}
	var decoder mime.WordDecoder
	for i := range out {
		out[i].Value = strings.TrimSpace(out[i].Value)
		if decoded, err := decoder.DecodeHeader(out[i].Value); err == nil {
			out[i].Value = decoded
		}
	}
	return out
}

// maxDepth bounds how deep parts of parts are read in a message from outside.
const maxDepth = 10

// Parts returns the first text and the first HTML part of a message that are not attachments, with LF line ends; "" for
// one that it does not have. The HTML of a message from outside is as hostile as its sender: show it in a sandbox.
func Parts(message []byte) (text, html string, err error) {
	m, err := netmail.ReadMessage(bytes.NewReader(message))
	if err != nil {
		return "", "", fmt.Errorf("read message: %w", err)
	}
	var p parts
	if err := p.read(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), "", m.Body, 0); err != nil {
		return "", "", fmt.Errorf("read message: %w", err)
	}
	return p.text, p.html, nil
}

type parts struct{ text, html string }

func (p *parts) read(contentType, encoding, disposition string, body io.Reader, depth int) error {
	if contentType == "" {
		contentType = "text/plain"
	}
	mediaType, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return fmt.Errorf("content type %q: %w", contentType, err)
	}
	if strings.HasPrefix(mediaType, "multipart/") && depth < maxDepth {
		r := multipart.NewReader(body, params["boundary"])
		for {
			part, err := r.NextRawPart()
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return fmt.Errorf("part of %s: %w", mediaType, err)
			}
			h := part.Header
			if err := p.read(h.Get("Content-Type"), h.Get("Content-Transfer-Encoding"), h.Get("Content-Disposition"), part, depth+1); err != nil {
				return err
			}
		}
	}
	var into *string
	switch mediaType {
	case "text/plain":
		into = &p.text
	case "text/html":
		into = &p.html
	}
	if kind, _, _ := strings.Cut(disposition, ";"); into == nil || *into != "" || strings.EqualFold(strings.TrimSpace(kind), "attachment") {
		return nil
	}
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	b, err := io.ReadAll(body)
	if err != nil {
		return fmt.Errorf("decode %s: %w", mediaType, err)
	}
	s := string(b)
	if strings.EqualFold(params["charset"], "iso-8859-1") {
		runes := make([]rune, len(b))
		for i, c := range b {
			runes[i] = rune(c)
		}
		s = string(runes)
	}
	*into = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	return nil
}
