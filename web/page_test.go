package web

import (
	"testing"

	"github.com/jba/templatecheck"
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
