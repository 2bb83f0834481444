package audit

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jca-ml/liaison/liaison"
)

// TestStoriesAreKeptWhole: what a cross-check has seen of the log comes back as it was, with every member that its stories have.
func TestStoriesAreKeptWhole(t *testing.T) {
	for _, story := range []reflect.Type{reflect.TypeFor[statementStory](), reflect.TypeFor[approval](), reflect.TypeFor[messageStory](), reflect.TypeFor[decided]()} {
		seen := map[string]bool{}
		for f := range story.Fields() {
			tag := f.Tag.Get("json")
			if tag == "-" { // of the register, which is read whole every time
				continue
			}
			if !f.IsExported() || tag == "" || seen[tag] {
				t.Errorf("%s.%s would be forgotten by a check that goes on: it needs a capital and a json tag of its own", story.Name(), f.Name)
			}
			seen[tag] = true
		}
	}
	c := NewCrossCheck()
	for _, e := range []liaison.Event{
		{ID: "1", Kind: liaison.EventDrafted, Statement: "s", Version: 1, From: "", To: liaison.Draft, Digest: "d"},
		{ID: "2", Kind: liaison.EventApproved, Statement: "s", Version: 2, From: liaison.Draft, To: liaison.Approved, Digest: "d", Actor: "p", Acting: liaison.AsChair},
		{ID: "3", Kind: liaison.EventSealed, Statement: "s", Version: 2, Digest: "d", Transmission: "t", Letter: liaison.LetterStatement, MessageDigest: "m"},
		{ID: "4", Kind: liaison.EventAttempted, Statement: "s", Version: 2, Transmission: "t", Letter: liaison.LetterStatement, MessageDigest: "m", Attempt: 1},
		{ID: "5", Kind: liaison.EventAccepted, Statement: "s", Version: 2, Transmission: "t", Letter: liaison.LetterStatement, MessageDigest: "m", Attempt: 1},
	} {
		c.Event(&e)
	}
	state, err := c.State()
	if err != nil {
		t.Fatal(err)
	}
	again, err := ResumeCrossCheck(state)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c.statements, again.statements) + cmp.Diff(c.messages, again.messages); diff != "" || len(c.problems) > 0 {
		t.Errorf("%v\n%s", c.problems, diff)
	}
	for _, broken := range []string{``, `{}`, `[]`, `{"statements":{},"messages":null}`, `{"statements":{"s":null},"messages":{}}`, `{"statements":{},"messages":{"m":null}}`} {
		if _, err := ResumeCrossCheck([]byte(broken)); err == nil {
			t.Errorf("%q is taken for what was seen", broken)
		}
	}
}
