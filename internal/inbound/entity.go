package inbound

import (
	"bytes"
	"io"
	"strings"

	"github.com/emersion/go-message"
)

// What is read of one message. A message from outside is as hostile as its sender: everything has a bound, and what lies
// beyond it is not looked at. The raw bytes are kept whole elsewhere.
const (
	maxDepth      = 8
	maxParts      = 100
	maxHeader     = 64 << 10 // bytes of one header block
	maxFields     = 500
	maxPartBytes  = 256 << 10 // decoded, of one part
	maxRecipients = 200
	maxIDs        = 50
	maxTokens     = 16
	maxValue      = 1000 // characters of a value that is shown or stored
)

// part is one leaf of a message's tree, decoded.
type part struct {
	kind     string // media type in lower case
	name     string // of the file, or ""
	attached bool
	body     []byte
}

// entity is a message read as far as it can be.
type entity struct {
	header message.Header
	parts  []part
	report bool // multipart/report at the top
}

// read takes a message apart. It never fails: what is not well formed is read as far as it goes.
func read(raw []byte) entity {
	header, body := splitHeader(raw)
	e := entity{header: header}
	kind, _, _ := header.ContentType()
	e.report = kind == "multipart/report"
	e.walk(header, body, 0)
	return e
}

// walk reads one entity and what is in it, but not what is in a message that is a part of this one: its sender is somebody
// else. go-message undoes the transfer encoding and the charset; the parts are found
// here, by their boundary lines alone, because a report with one broken header line is still a report.
func (e *entity) walk(header message.Header, body []byte, depth int) {
	if depth > maxDepth || len(e.parts) >= maxParts {
		return
	}
	kind, params, err := header.ContentType()
	if err != nil || kind == "" {
		kind, params = looseType(header.Get("Content-Type"))
	}
	if strings.HasPrefix(kind, "multipart/") {
		pieces := splitParts(body, params["boundary"])
		for _, piece := range pieces {
			h, b := splitHeader(piece)
			e.walk(h, b, depth+1)
		}
		if len(pieces) > 0 {
			return
		}
		kind = "text/plain" // no boundary, or one that never comes
	}
	decoded := decode(header, body)
	disposition, dparams, _ := header.ContentDisposition()
	p := part{kind: kind, attached: disposition == "attachment", body: decoded}
	for _, name := range []string{dparams["filename"], params["name"]} {
		if p.name == "" {
			p.name = oneLine(decodeWords(name), maxValue)
		}
	}
	// Some systems wrap the fields of a report in one more entity, without a type that says so.
	if strings.HasPrefix(kind, "message/") && strings.HasSuffix(kind, "-status") || strings.HasSuffix(kind, "disposition-notification") {
		if h, b := splitHeader(decoded); h.Has("Content-Type") {
			p.body = decode(h, b)
		}
	}
	e.parts = append(e.parts, p)
}

// decode returns the first maxPartBytes of a body, as they are read.
func decode(header message.Header, body []byte) []byte {
	limited := body
	if len(limited) > 4*maxPartBytes {
		limited = limited[:4*maxPartBytes]
	}
	// An error says that an encoding or a charset is unknown; the entity then holds the bytes as they came.
	ent, _ := message.New(header, bytes.NewReader(limited))
	if ent == nil || strings.HasPrefix(header.Get("Content-Type"), "multipart/") {
		return limited[:min(len(limited), maxPartBytes)]
	}
	out, _ := io.ReadAll(io.LimitReader(ent.Body, maxPartBytes)) // what came before a bad character stays
	return out
}

// splitParts finds the parts of a multipart body. A missing end is the end of the body.
func splitParts(body []byte, boundary string) [][]byte {
	if boundary == "" || len(boundary) > 200 {
		return nil
	}
	delimiter := []byte("--" + boundary)
	var out [][]byte
	start := -1
	for at := 0; at < len(body) && len(out) < maxParts; {
		end, next := len(body), len(body)
		if i := bytes.IndexByte(body[at:], '\n'); i >= 0 {
			end, next = at+i, at+i+1
		}
		line := bytes.TrimRight(body[at:end], " \t\r")
		if bytes.HasPrefix(line, delimiter) {
			rest := line[len(delimiter):]
			last := string(rest) == "--"
			if len(rest) == 0 || last {
				if start >= 0 {
					out = append(out, bytes.TrimSuffix(bytes.TrimSuffix(body[start:at], []byte("\n")), []byte("\r")))
				}
				start = next
				if last {
					start = -1
					break
				}
			}
		}
		at = next
	}
	if start >= 0 && start < len(body) && len(out) < maxParts {
		out = append(out, body[start:])
	}
	return out
}

// field is one line of a header or of a report, unfolded.
type field struct{ name, value string }

// splitHeader reads a header block and returns what follows its empty line. A line that is no field and no continuation
// is left out, and so is everything beyond the bounds.
func splitHeader(raw []byte) (message.Header, []byte) {
	fields, rest := readFields(raw)
	var h message.Header
	for i := len(fields) - 1; i >= 0; i-- { // Add puts in front
		h.Add(fields[i].name, fields[i].value)
	}
	return h, rest
}

func readFields(raw []byte) (fields []field, rest []byte) {
	size := 0
	var folded []string // the lines of the last field
	unfold := func() {
		if len(folded) > 1 {
			fields[len(fields)-1].value = strings.Join(folded, " ")
		}
	}
	defer func() { unfold() }()
	for len(raw) > 0 {
		line, next := raw, []byte(nil)
		if i := bytes.IndexByte(raw, '\n'); i >= 0 {
			line, next = raw[:i], raw[i+1:]
		}
		raw = next
		line = bytes.TrimSuffix(line, []byte("\r"))
		if len(bytes.TrimSpace(line)) == 0 {
			return fields, raw
		}
		if bytes.HasPrefix(line, []byte("--")) && bytes.IndexByte(line, ':') < 0 { // a boundary without its empty line
			return fields, raw
		}
		if size += len(line) + 1; size > maxHeader || len(fields) >= maxFields {
			continue
		}
		if line[0] == ' ' || line[0] == '\t' {
			if len(fields) > 0 {
				folded = append(folded, strings.ToValidUTF8(string(bytes.TrimSpace(line)), "\uFFFD"))
			}
			continue
		}
		if f, ok := asField(line); ok {
			unfold()
			fields, folded = append(fields, f), []string{f.value}
		}
	}
	return fields, nil
}

func asField(line []byte) (field, bool) {
	name, value, ok := bytes.Cut(line, []byte(":"))
	name = bytes.TrimRight(name, " \t")
	if !ok || len(name) == 0 || len(name) > 76 || bytes.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return field{}, false
	}
	return field{string(name), strings.ToValidUTF8(string(bytes.TrimSpace(value)), "\uFFFD")}, true
}

// looseType reads a Content-Type that does not follow the grammar.
func looseType(s string) (string, map[string]string) {
	kind, rest, _ := strings.Cut(s, ";")
	params := map[string]string{}
	for p := range strings.SplitSeq(rest, ";") {
		k, v, ok := strings.Cut(p, "=")
		if ok && len(params) < 20 {
			params[strings.ToLower(strings.TrimSpace(k))] = strings.Trim(strings.TrimSpace(v), `"`)
		}
	}
	kind = strings.ToLower(strings.TrimSpace(kind))
	if kind == "" {
		kind = "text/plain"
	}
	return kind, params
}
