package liaison_test

import (
	"testing"

	"github.com/jca-ml/liaison/liaison"
)

func TestEveryFactHasItsEvent(t *testing.T) {
	seen := map[liaison.Fact]bool{}
	for _, f := range liaison.Facts {
		if f.Fact.Label() == string(f.Fact) || f.Meaning == "" || seen[f.Fact] {
			t.Errorf("%s has no label, no meaning, or stands twice", f.Fact)
		}
		seen[f.Fact] = true
	}
	for action, want := range map[string]liaison.Fact{
		"failed": "bounced", "delayed": "delayed", "relayed": "relayed", "expanded": "relayed", "delivered": "delivered",
		"": "", "displayed": "", "FAILED": "", "bounced": "",
	} {
		if got := liaison.FactOf(action); got != want || got != "" && !seen[got] {
			t.Errorf("the action %q is the fact %q, want %q", action, got, want)
		}
	}
}
