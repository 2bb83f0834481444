package liaison_test

import (
	"strings"
	"testing"

	"github.com/jca-ml/liaison/liaison"
)

func TestResponses(t *testing.T) {
	const today liaison.Date = "2026-11-23"
	file := liaison.Attachment{Name: "a.pdf", MediaType: "application/pdf", Size: 1, Digest: liaison.DigestOf([]byte("a"))}
	for name, test := range map[string]struct {
		response liaison.Response
		field    string // that something is wrong with; "ok" for nothing
	}{
		"acknowledged":              {liaison.Response{Kind: "acknowledged", Name: "Irene"}, "ok"},
		"by nobody":                 {liaison.Response{Kind: "acknowledged", Name: " "}, "name"},
		"by two lines":              {liaison.Response{Kind: "acknowledged", Name: "a\nb"}, "name"},
		"what nobody can say":       {liaison.Response{Kind: "approved", Name: "Irene"}, ""},
		"silence":                   {liaison.Response{Name: "Irene"}, ""},
		"misdirected":               {liaison.Response{Kind: "misdirected", Name: "Irene", Text: "SG11"}, "ok"},
		"misdirected, to nobody":    {liaison.Response{Kind: "misdirected", Name: "Irene"}, "text"},
		"another date":              {liaison.Response{Kind: "extension-asked", Name: "Irene", Text: "Why", Date: "2026-11-24"}, "ok"},
		"today is no other date":    {liaison.Response{Kind: "extension-asked", Name: "Irene", Text: "Why", Date: today}, "date"},
		"a date that does not come": {liaison.Response{Kind: "extension-asked", Name: "Irene", Text: "Why", Date: "2027-02-29"}, "date"},
		"declined for no reason":    {liaison.Response{Kind: "declined", Name: "Irene", Text: " \n"}, "text"},
		"a reply by file":           {liaison.Response{Kind: "replied", Name: "Irene", Files: []liaison.Attachment{file}}, "ok"},
		"a reply of nothing":        {liaison.Response{Kind: "replied", Name: "Irene"}, "text"},
		"a long reply":              {liaison.Response{Kind: "replied", Name: "Irene", Text: strings.Repeat("x", liaison.MaxText)}, "ok"},
		"a reason that is too long": {liaison.Response{Kind: "declined", Name: "Irene", Text: strings.Repeat("x", liaison.MaxReason+1)}, "text"},
		"too large together":        {liaison.Response{Kind: "replied", Name: "Irene", Files: []liaison.Attachment{{Name: "x", Size: liaison.MaxAttachmentBytes + 1}}}, "attachments"},
	} {
		t.Run(name, func(t *testing.T) {
			errs := test.response.Tidy().Check(today)
			switch {
			case test.field == "ok" && len(errs) > 0:
				t.Errorf("refused: %v", errs)
			case test.field != "ok" && (len(errs) != 1 || errs[0].Field != test.field):
				t.Errorf("refused for %v, want one fault of %q", errs, test.field)
			}
		})
	}
	for _, x := range liaison.Responses {
		if x.Kind.Label() == string(x.Kind) || x.Meaning == "" {
			t.Errorf("%s has no event or no meaning", x.Kind)
		}
		if f := x.Kind.Fact(); f != "" && string(f) != string(x.Kind) {
			t.Errorf("%s is the fact %s", x.Kind, f)
		}
	}
	// What one kind asks for is not kept of another.
	if r := (liaison.Response{Kind: "acknowledged", Name: " Irene ", Date: "2027-01-01", Files: []liaison.Attachment{file}}).Tidy(); r.Name != "Irene" || r.Date != "" || r.Files != nil {
		t.Errorf("kept are %+v", r)
	}
	canonical, err := liaison.Response{Kind: "declined", Name: "Irene", Text: "a < b"}.Canonical()
	if want := `{"format":"liaison-response/1","kind":"declined","name":"Irene","text":"a < b"}`; err != nil || string(canonical) != want {
		t.Errorf("canonical is %s, %v, want %s", canonical, err, want)
	}
	long := liaison.Response{Kind: "replied", Name: "Irene", Text: strings.Repeat("é", liaison.MaxText)}
	if n := len([]rune(long.Words())); n != liaison.MaxReason {
		t.Errorf("the words have %d characters", n)
	}
}
