package liaison

import (
	"encoding/json"
	"strings"
)

// ResponseKind is what an addressee says about a statement on the page that its message links to. Nothing else is read into
// it: an acknowledgement is not a reply, and silence is nothing.
type ResponseKind string

// The kinds of response.
const (
	RespondAcknowledged   ResponseKind = "acknowledged"
	RespondMisdirected    ResponseKind = "misdirected"
	RespondExtensionAsked ResponseKind = "extension-asked"
	RespondDeclined       ResponseKind = "declined"
	RespondReplied        ResponseKind = "replied"
)

// Responses lists every kind with what it means. Each has an event of the same name, which has its label. The database's
// CHECK follows this list.
var Responses = []struct {
	Kind    ResponseKind
	Meaning string
}{
	{RespondAcknowledged, "a person at the addressee says that the statement was received"},
	{RespondMisdirected, "a person at the addressee says that it should go to somebody else"},
	{RespondExtensionAsked, "a person at the addressee asks for another date; the deadline stays what it is until somebody answers"},
	{RespondDeclined, "a person at the addressee says that it will not do what it is asked"},
	{RespondReplied, "a person at the addressee replied on the page, by text or files"},
}

// Event is the kind of event that records the response.
func (k ResponseKind) Event() EventKind { return EventKind(k) }

// Label is the kind in words.
func (k ResponseKind) Label() string { return k.Event().Label() }

// Fact is the fact that the response is besides, or "".
func (k ResponseKind) Fact() Fact {
	switch k {
	case RespondAcknowledged:
		return FactAcknowledged
	case RespondReplied:
		return FactReplied
	}
	return ""
}

// Response is one thing that an addressee said. Who said it is what they typed: whoever has the link speaks for the
// addressee.
type Response struct {
	Kind  ResponseKind `json:"kind"`
	Name  string       `json:"name"`            // of the person
	Text  string       `json:"text"`            // the reply, the reason, or whom it should go to
	Date  Date         `json:"date,omitempty"`  // asked for
	Files []Attachment `json:"files,omitempty"` // of a reply

	Interim bool `json:"interim,omitempty"` // of a reply: the one that counts follows
}

// Tidy returns the response as it is stored.
func (r Response) Tidy() Response {
	r.Name, r.Text = strings.TrimSpace(r.Name), tidy(r.Text)
	if r.Kind != RespondExtensionAsked {
		r.Date = ""
	}
	if r.Kind != RespondReplied {
		r.Files, r.Interim = nil, false
	}
	return r
}

// Check refuses a response that lacks what its kind needs. today is the day in the group's zone.
func (r Response) Check(today Date) []*Error {
	var errs []*Error
	bad := func(field, message string) {
		errs = append(errs, &Error{Code: Invalid, Field: field, Message: message})
	}
	known := false
	for _, x := range Responses {
		known = known || x.Kind == r.Kind
	}
	if !known {
		bad("", "Choose what you want to say.")
		return errs
	}
	if r.Name == "" {
		bad("name", "Write your name, so that the record says who answered.")
	} else if err := field("name", "The name", r.Name, MaxName, false); err != nil {
		errs = append(errs, err)
	}
	limit := MaxReason
	if r.Kind == RespondReplied {
		limit = MaxText
	}
	if err := field("text", "The text", r.Text, limit, true); err != nil {
		errs = append(errs, err)
	}
	blank := strings.TrimSpace(r.Text) == ""
	switch r.Kind {
	case RespondMisdirected:
		if blank {
			bad("text", "Write to whom it should go: a body, a group or an address.")
		}
	case RespondExtensionAsked:
		switch _, err := ParseDate(string(r.Date)); {
		case err != nil:
			bad("date", err.Error())
		case r.Date == "":
			bad("date", "Choose the date that you ask for.")
		case r.Date <= today:
			bad("date", "The date that you ask for is not in the future. Choose a later one.")
		}
		if blank {
			bad("text", "Write why you need another date.")
		}
	case RespondDeclined:
		if blank {
			bad("text", "Write why you decline.")
		}
	case RespondReplied:
		if blank && len(r.Files) == 0 {
			bad("text", "Write the reply or attach it.")
		}
		size := int64(0)
		for _, a := range r.Files {
			size += a.Size
			if err := field("attachments", "A file's name", a.Name, MaxFileName, false); err != nil {
				errs = append(errs, err)
			}
		}
		if len(r.Files) > MaxAttachments || size > MaxAttachmentBytes {
			bad("attachments", "There are too many files, or they are too large together.")
		}
	}
	return errs
}

// Canonical is the bytes that the response's digest is of: JSON in the order of the fields, without the escapes that HTML
// needs.
func (r Response) Canonical() ([]byte, error) {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(struct {
		Format string `json:"format"`
		Response
	}{"liaison-response/1", r})
	return []byte(strings.TrimSuffix(b.String(), "\n")), err
}

// Words is the response in one line and what was said, for the history.
func (r Response) Words() string {
	words := r.Name
	if r.Interim {
		words += ", for now"
	}
	if r.Date != "" {
		words += ", until " + r.Date.String()
	}
	if len(r.Files) > 0 {
		var names []string
		for _, a := range r.Files {
			names = append(names, a.Name)
		}
		words += " (" + strings.Join(names, ", ") + ")"
	}
	if r.Text != "" {
		words += ": " + r.Text
	}
	if runes := []rune(words); len(runes) > MaxReason {
		return string(runes[:MaxReason-1]) + "…"
	}
	return words
}
