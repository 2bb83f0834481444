package web

import (
	"strings"
	"testing"

	"github.com/jba/templatecheck"

	"github.com/jca-ml/liaison/liaison"
)

func TestEveryTemplateFitsItsStruct(t *testing.T) {
	if len(checked) < 15 {
		t.Fatalf("only %d pages are registered", len(checked))
	}
	for _, p := range checked {
		t.Run(p.name, func(t *testing.T) {
			if err := templatecheck.CheckHTMLStrict(p.t, p.data); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestEveryStateHasItsMark(t *testing.T) {
	css := string(styleSheet)
	for _, x := range liaison.States {
		if !strings.Contains(css, ".state-"+string(x.State)+" ") && !strings.Contains(css, ".state-"+string(x.State)+":") && !strings.Contains(css, ".state-"+string(x.State)+",") {
			t.Errorf("the style sheet has no mark for the state %s", x.State)
		}
	}
	for _, x := range liaison.TransmissionStates {
		if !strings.Contains(css, ".sent-"+string(x.State)+" ") && !strings.Contains(css, ".sent-"+string(x.State)+":") && !strings.Contains(css, ".sent-"+string(x.State)+",") {
			t.Errorf("the style sheet has no mark for a message that is %s", x.State)
		}
	}
	for _, x := range liaison.ReplyStates {
		if !strings.Contains(css, ".owed-"+string(x.State)+" ") && !strings.Contains(css, ".owed-"+string(x.State)+":") && !strings.Contains(css, ".owed-"+string(x.State)+",") {
			t.Errorf("the style sheet has no mark for a reply that is %s", x.State)
		}
	}
	for _, l := range liaison.Letters {
		if l.Label() == string(l) {
			t.Errorf("the letter %s has no label", l)
		}
	}
}

func TestTheStyleSheetIsKeptForEver(t *testing.T) {
	b := newWorld(t).as("")
	sheet := b.at("/sign-in").find("link", "rel=stylesheet")
	got := b.at(attr(sheet, "href"))
	if got.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" || !strings.HasPrefix(got.Header.Get("Content-Type"), "text/css") {
		t.Errorf("the style sheet comes with %v", got.Header)
	}
}
