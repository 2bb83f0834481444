package audit

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jca-ml/liaison/liaison"
)

// TestApprovalsByCorrespondence: what the log says of windows for objections, and what it must not say.
func TestApprovalsByCorrespondence(t *testing.T) {
	digest := liaison.DigestOf([]byte("the revision"))
	opened := func(mode liaison.ApprovalMode) liaison.Event {
		return liaison.Event{Kind: liaison.EventWindowOpened, From: liaison.InReview, To: liaison.InCorrespondence, Actor: "chair", Acting: liaison.AsChair, Mode: mode,
			On: "2026-11-09", Until: "2026-11-22", Window: "w", Digest: digest, People: "vice secretary", Rules: "silent version 1"}
	}
	approved := func(mode liaison.ApprovalMode) liaison.Event {
		e := liaison.Event{Kind: liaison.EventApproved, From: liaison.InCorrespondence, To: liaison.Approved, Actor: "chair", Acting: liaison.AsChair, Mode: mode, On: "2026-11-23", Window: "w", Digest: digest,
			At: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
		if mode == liaison.ByNoObjection {
			e.Actor, e.Acting, e.For, e.ForAs = "", liaison.AsEngine, "chair", liaison.AsChair
		}
		return e
	}
	late := liaison.Event{Kind: liaison.EventObjectedLate, From: liaison.InCorrespondence, To: liaison.InCorrespondence, Actor: "vice", Window: "w", On: "2026-11-23", Digest: digest}
	const both, silent = liaison.ByCorrespondence, liaison.ByNoObjection
	for name, x := range map[string]struct {
		mode  liaison.ApprovalMode
		spoil func(events []liaison.Event) []liaison.Event
		says  string // "" for nothing
	}{
		"by correspondence": {both, nil, ""},
		"by no objection":   {silent, nil, ""},
		"edge 24: by correspondence over a late objection": {both, func(es []liaison.Event) []liaison.Event { return slices.Insert(es, 1, late) }, ""},
		"by no objection over a late objection":            {silent, func(es []liaison.Event) []liaison.Event { return slices.Insert(es, 1, late) }, "somebody had objected"},
		"before the end":                                   {both, func(es []liaison.Event) []liaison.Event { es[1].On = "2026-11-22"; return es }, "until the end of 22 November 2026"},
		"other bytes":                                      {both, func(es []liaison.Event) []liaison.Event { es[1].Digest = liaison.DigestOf(nil); return es }, "other bytes than those that lay open"},
		"without a window":                                 {both, func(es []liaison.Event) []liaison.Event { es[1].Window = ""; return es }, "a window for objections that the log does not have"},
		"of another window":                                {both, func(es []liaison.Event) []liaison.Event { es[1].Window = "v"; return es }, "a window for objections that the log does not have"},
		"by no objection after a window of the chair's":    {silent, func(es []liaison.Event) []liaison.Event { es[0].Mode = both; return es }, "a window that the chair decides after"},
		"by no objection on another's word":                {silent, func(es []liaison.Event) []liaison.Event { es[1].For = "vice"; return es }, "vice, and chair opened the window"},
		"by no objection that the profile has not":         {silent, func(es []liaison.Event) []liaison.Event { es[0].Rules = "strict version 1"; return es }, "has no approval in that way"},
		"by no objection under rules that nobody knows":    {silent, func(es []liaison.Event) []liaison.Event { es[0].Rules = "lost version 1"; return es }, "not known here"},
		"over an objection": {both, func(es []liaison.Event) []liaison.Event {
			return slices.Insert(es, 1, liaison.Event{Kind: liaison.EventObjected, From: liaison.InCorrespondence, To: liaison.InReview, Actor: "vice", Window: "w", On: "2026-11-20", Digest: digest})
		}, "over an objection that stopped the window"},
		"edge 61: by nobody": {both, func(es []liaison.Event) []liaison.Event { es[1].Actor = ""; return es }, "approved by nobody"},
	} {
		t.Run(name, func(t *testing.T) {
			c := NewCrossCheck()
			c.Rules = func(cite string) (p liaison.Profile, ok bool) {
				p.Approval.Modes = []liaison.ApprovalMode{liaison.ByCorrespondence}
				if cite == "silent version 1" {
					p.Approval.Modes = append(p.Approval.Modes, liaison.ByNoObjection)
				}
				return p, cite == "silent version 1" || cite == "strict version 1"
			}
			events := []liaison.Event{opened(x.mode), approved(x.mode)}
			if x.spoil != nil {
				events = x.spoil(events)
			}
			said, stopped := 0, false
			for i := range events {
				e := &events[i]
				e.ID, e.Statement, e.Version = liaison.EventID(rune('a'+i)), "s", i+1
				c.window(e)
				if e.Kind == liaison.EventObjected || e.Kind == liaison.EventObjectedLate {
					said, stopped = said+1, stopped || e.Kind == liaison.EventObjected
				}
			}
			row, err := json.Marshal(windowRow{"w", "s", events[0].Digest, events[0].Mode, "chair", liaison.AsChair, events[0].Until, []string{"vice", "secretary"}, stopped, said})
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Row("window", row); err != nil {
				t.Fatal(err)
			}
			var found []string
			for _, p := range c.problems {
				found = append(found, p.Message)
			}
			all := strings.Join(found, "\n")
			if (x.says == "") != (all == "") || !strings.Contains(all, x.says) {
				t.Errorf("found %q, want %q", all, x.says)
			}
			// an earlier check's state carries the windows on
			state, err := c.State()
			if err != nil {
				t.Fatal(err)
			}
			if again, err := ResumeCrossCheck(state); err != nil || len(again.windows) != 1 {
				t.Errorf("resumed with %d windows, %v", len(again.windows), err)
			}
		})
	}
	t.Run("the register has another window than the log", func(t *testing.T) {
		c := NewCrossCheck()
		e := opened(silent)
		e.Statement = "s"
		c.window(&e)
		c.windowOf(windowRow{ID: "w", Statement: "s", Digest: digest, Mode: silent, By: "chair", As: liaison.AsChair, Last: "2026-11-23", Asked: []string{"vice", "secretary"}, Said: 1})
		c.windowOf(windowRow{ID: "v", Statement: "s"})
		if len(c.problems) != 3 {
			t.Errorf("found %+v", c.problems)
		}
	})
}
