package audit

import (
	"slices"
	"strings"

	"github.com/jca-ml/liaison/liaison"
)

// windowStory is a window for objections as the log tells of it.
type windowStory struct {
	Statement liaison.StatementID  `json:"st"`
	Digest    liaison.Digest       `json:"d"`
	Mode      liaison.ApprovalMode `json:"m"`
	Opener    liaison.PersonID     `json:"by"`
	As        liaison.Capacity     `json:"as"`
	Last      liaison.Date         `json:"l"`
	Asked     string               `json:"a"`
	Rules     string               `json:"r"`
	Stopped   bool                 `json:"s,omitempty"` // by an objection
	Late      int                  `json:"o,omitempty"` // objections that came when it was over
	Said      int                  `json:"n,omitempty"` // how many things were said in or about it
	Reported  bool                 `json:"-"`           // its row was seen
}

// window takes an event about a window for objections. An approval that came from one is judged by what the log said before it.
func (c *CrossCheck) window(e *liaison.Event) {
	if e.Kind == liaison.EventWindowOpened {
		if c.windows[e.Window] != nil {
			c.problem(e.Statement, e.ID, "the window %s is opened twice", e.Window)
		}
		if e.Until <= e.On {
			c.problem(e.Statement, e.ID, "the window %s has no whole day", e.Window)
		}
		c.windows[e.Window] = &windowStory{Statement: e.Statement, Digest: e.Digest, Mode: e.Mode, Opener: e.Actor, As: e.Acting, Last: e.Until, Asked: e.People, Rules: e.Rules}
		return
	}
	approved := e.Kind == liaison.EventApproved && (e.From == liaison.InCorrespondence || e.Mode == liaison.ByCorrespondence || e.Mode == liaison.ByNoObjection)
	w := c.windows[e.Window]
	if w == nil || w.Statement != e.Statement {
		if approved || e.Window != "" {
			c.problem(e.Statement, e.ID, "%s is about a window for objections that the log does not have", e.Kind)
		}
		return
	}
	switch e.Kind {
	case liaison.EventObjected:
		if w.Stopped = true; e.On > w.Last {
			c.problem(e.Statement, e.ID, "the objection that stopped the window came after its last day, %s", w.Last)
		}
		w.Said++
	case liaison.EventObjectedLate:
		w.Late, w.Said = w.Late+1, w.Said+1
	case liaison.EventNoObjection, liaison.EventCommented:
		w.Said++
	}
	if approved {
		c.afterWindow(e, w)
	}
}

// afterWindow judges an approval by correspondence or by no objection.
func (c *CrossCheck) afterWindow(e *liaison.Event, w *windowStory) {
	bad := func(format string, args ...any) { c.problem(e.Statement, e.ID, format, args...) }
	if e.Digest != w.Digest {
		bad("approved in other bytes than those that lay open for objections")
	}
	if e.On <= w.Last {
		bad("approved on %s, when objections could be made until the end of %s", e.On, w.Last)
	}
	if w.Stopped {
		bad("approved over an objection that stopped the window")
	}
	switch {
	case e.Mode != liaison.ByNoObjection && e.Actor == "":
		bad("approved by nobody")
	case e.Mode != liaison.ByNoObjection:
	case w.Mode != liaison.ByNoObjection:
		bad("approved by no objection after a window that the chair decides after")
	case e.For != w.Opener:
		bad("approved by no objection on the word of %s, and %s opened the window", e.For, w.Opener)
	case w.Late > 0:
		bad("approved by no objection, and somebody had objected")
	}
	if e.Mode == liaison.ByNoObjection && c.Rules != nil {
		switch p, ok := c.Rules(w.Rules); {
		case !ok:
			bad("approved by no objection under the profile %s, which is not known here: whether it allows that cannot be told", orNothing(w.Rules))
		case !slices.Contains(p.Approval.Modes, liaison.ByNoObjection):
			bad("approved by no objection, and the profile %s has no approval in that way", w.Rules)
		}
	}
}

// windowRow is the register's side.
type windowRow struct {
	ID        liaison.WindowID     `json:"id"`
	Statement liaison.StatementID  `json:"statement"`
	Digest    liaison.Digest       `json:"digest"`
	Mode      liaison.ApprovalMode `json:"mode"`
	By        liaison.PersonID     `json:"opened_by"`
	As        liaison.Capacity     `json:"opened_as"`
	Last      liaison.Date         `json:"last"`
	Asked     []string             `json:"asked"`
	Stopped   bool                 `json:"stopped"`
	Said      int                  `json:"said"`
}

func (c *CrossCheck) windowOf(r windowRow) {
	w := c.windows[r.ID]
	if w == nil {
		c.problem(r.Statement, "", "the register has the window for objections %s, and the log has not", r.ID)
		return
	}
	if w.Statement != r.Statement || w.Digest != r.Digest || w.Mode != r.Mode || w.Opener != r.By || w.As != r.As || w.Last != r.Last || w.Asked != strings.Join(r.Asked, " ") {
		c.problem(r.Statement, "", "the register has the window for objections %s otherwise than the log", r.ID)
	}
	if w.Stopped != r.Stopped || w.Said != r.Said {
		c.problem(r.Statement, "", "in the register %d things were said in the window %s, in the log %d", r.Said, r.ID, w.Said)
	}
	w.Reported = true
}
