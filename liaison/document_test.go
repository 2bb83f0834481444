package liaison_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jca-ml/liaison/liaison"
)

var update = flag.Bool("update", false, "write docs/states.md anew")

// TestStatesDocument keeps docs/states.md what the table says.
func TestStatesDocument(t *testing.T) {
	name := filepath.Join("..", "docs", "states.md")
	got := statesDocument()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatalf("%v; run go test ./liaison -run TestStatesDocument -update", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("docs/states.md is not what the table says; run go test ./liaison -run TestStatesDocument -update (-file +table):\n%s", diff)
	}
}

func statesDocument() string {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	p("# States of an outgoing statement")
	p("")
	p("<!-- Made from liaison.Table by go test ./liaison -run TestStatesDocument -update. Do not edit. -->")
	p("")
	p("The procedure is written down once, in [`liaison/table.go`](../liaison/table.go). This page shows it.")
	p("")
	p("```mermaid")
	p("stateDiagram-v2")
	for _, s := range liaison.States {
		p("    state %q as %s", s.Label, ident(s.State))
	}
	for _, r := range liaison.Table {
		for _, from := range r.From {
			if from != r.To && !r.Stays {
				p("    %s --> %s: %s", ident(from), ident(r.To), r.Command)
			}
		}
	}
	for _, s := range liaison.States {
		if s.Final {
			p("    %s --> [*]", ident(s.State))
		}
	}
	p("```")
	p("")
	p("## States")
	p("")
	p("| state | means | waits for | every signed-in person may read it |")
	p("|---|---|---|---|")
	for _, s := range liaison.States {
		turn := words(s.Turn, liaison.Capacity.Label)
		switch {
		case s.Final:
			turn = "nobody: it is an end"
		case turn == "":
			turn = "nobody"
		}
		p("| %s `%s` | %s | %s | %s |", s.Label, s.State, s.Meaning, turn, yes(s.Public))
	}
	p("")
	p("## Commands")
	p("")
	p("| command | who | from | to | needs | mail |")
	p("|---|---|---|---|---|---|")
	for _, r := range liaison.Table {
		p("| %s `%s` | %s | %s | %s | %s | %s |", r.Label, r.Command, words(r.Who, liaison.Capacity.Label), words(r.From, label), to(r),
			words(r.Needs, func(n liaison.Need) string { return string(n) }, "; "), words(r.Letters(), func(l liaison.Letter) string { return "`" + string(l) + "`" }))
	}
	p("")
	p("\"Drafter\" is everyone who drafted or edited the statement, with or without an office. \"Liaison\" is the engine itself.")
	p("")
	p("## Who is told of what")
	p("")
	p("An event is looked up here when it is recorded; a letter that may wait comes at once or in the day's digest, as each person chooses. What others entered in a person's name never waits.")
	p("")
	p("| event | letter | to | may wait |")
	p("|---|---|---|---|")
	for _, n := range liaison.Notices {
		to := words(n.To, func(r liaison.Readership) string { return string(r) })
		if n.Others {
			to += ", but not who did it"
		}
		if n.Once {
			to += ", once for each message"
		}
		p("| %s `%s` | %s `%s` | %s | %s |", n.Event.Label(), n.Event, n.Letter.Label(), n.Letter, to, yes(n.Letter.MayWait()))
	}
	p("")
	p("## Who may do what, where")
	p("")
	p("A cell names who may give the command; an empty one means that it is not possible in that state, for anybody.")
	p("")
	kinds := liaison.Kinds()
	p("| | %s |", words(kinds, func(k liaison.CommandKind) string { return string(k) }, " | "))
	p("|---|%s", strings.Repeat("---|", len(kinds)))
	states := []liaison.State{liaison.None}
	for _, s := range liaison.States {
		states = append(states, s.State)
	}
	for _, s := range states {
		cells := make([]string, len(kinds))
		for i, k := range kinds {
			var who []liaison.Capacity
			for _, r := range liaison.Table {
				if r.Command == k && slices.Contains(r.From, s) {
					who = append(who, slices.DeleteFunc(slices.Clone(r.Who), func(c liaison.Capacity) bool { return slices.Contains(who, c) })...)
				}
			}
			cells[i] = words(who, liaison.Capacity.Label)
		}
		p("| **%s** | %s |", label(s), strings.Join(cells, " | "))
	}
	p("")
	p("## Transmissions")
	p("")
	p("Each addressee gets one message. Where it stands:")
	p("")
	p("```mermaid")
	p("stateDiagram-v2")
	for _, from := range liaison.TransmissionStates {
		for _, to := range liaison.TransmissionStates {
			if from.State.May(to.State) {
				p("    %s --> %s", from.State, to.State)
			}
		}
	}
	p("```")
	p("")
	p("| state | means | settled |")
	p("|---|---|---|")
	for _, s := range liaison.TransmissionStates {
		p("| %s `%s` | %s | %s |", s.Label, s.State, s.Meaning, yes(s.Settled))
	}
	repliesDocument(p)
	meetingsDocument(p)
	return b.String()
}

// repliesDocument shows what can happen to the reply of one addressee.
func repliesDocument(p func(string, ...any)) {
	mark := func(s liaison.ReplyState) string { return strings.ReplaceAll(string(s), "-", "_") }
	p("")
	p("## Replies")
	p("")
	p("From the dispatch on the reply of each addressee is tracked by itself, in [`liaison/reply.go`](../liaison/reply.go).")
	p("")
	p("```mermaid")
	p("stateDiagram-v2")
	for _, s := range liaison.ReplyStates {
		p("    state %q as %s", s.Label, mark(s.State))
	}
	for _, r := range liaison.ReplyTable {
		if r.Act == liaison.ReplyBegins {
			p("    [*] --> %s: %s", mark(r.To), r.Act)
		}
		for _, from := range r.From {
			if r.To != "" && r.To != from {
				p("    %s --> %s: %s", mark(from), mark(r.To), r.Act)
			}
		}
	}
	p("```")
	p("")
	p("| state | means | still expected |")
	p("|---|---|---|")
	for _, s := range liaison.ReplyStates {
		p("| %s `%s` | %s | %s |", s.Label, s.State, s.Meaning, yes(s.Open))
	}
	p("")
	p("| what happens | | from | to | command |")
	p("|---|---|---|---|---|")
	for _, r := range liaison.ReplyTable {
		to, command := r.To.Label(), ""
		switch {
		case r.ByDate:
			to = "where the date puts it"
		case r.To == "":
			to = "stays"
		}
		for _, k := range liaison.Kinds() {
			if liaison.AboutReplies[k] == r.Act {
				command = "`" + string(k) + "`"
			}
		}
		p("| %s | %s | %s | %s | %s |", r.Act, r.Words, words(r.From, liaison.ReplyState.Label), to, command)
	}
	p("")
	p("When nothing that was awaited is open any more, the statement closes itself.")
}

// meetingsDocument shows what can be done with a meeting.
func meetingsDocument(p func(string, ...any)) {
	mark := func(s liaison.MeetingState) string {
		if s == "" {
			return "[*]"
		}
		return string(s)
	}
	p("")
	p("## Meetings")
	p("")
	p("A group that decides at meetings has them here, in [`liaison/meeting.go`](../liaison/meeting.go): entered, opened and closed by %s of the group.", words(liaison.MeetingOfficers, func(c liaison.Capacity) string { return "the " + strings.ToLower(c.Label()) }, " or "))
	p("")
	p("```mermaid")
	p("stateDiagram-v2")
	for _, r := range liaison.MeetingTable {
		for _, from := range r.From {
			if r.To != "" {
				p("    %s --> %s: %s", mark(from), r.To, r.Act)
			}
		}
	}
	p("```")
	p("")
	p("| state | means |")
	p("|---|---|")
	for _, s := range liaison.MeetingStates {
		p("| %s `%s` | %s |", s.Label, s.State, s.Meaning)
	}
	p("")
	var acts []string
	for _, r := range liaison.ParentMeetingTable {
		acts = append(acts, string(r.Act))
	}
	p("The meetings of a parent group that decides nothing here are seen to by the same officers of a group that reports to it, who can %s them. Closing one says that it is over.", strings.Join(acts, ", "))
	p("")
	p("A meeting is not closed or cancelled while a statement is tabled for it. What was approved at it goes out when it is closed.")
}

// ident is a state as Mermaid takes it for an identifier.
func ident(s liaison.State) string {
	if s == liaison.None {
		return "[*]"
	}
	return strings.ReplaceAll(string(s), "-", "_")
}

func label(s liaison.State) string {
	if s == liaison.None {
		return "not there yet"
	}
	return s.Label()
}

// to is the state that a row leads to.
func to(r liaison.Rule) string {
	if r.Stays {
		return "stays"
	}
	return label(r.To)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func words[T any](list []T, word func(T) string, sep ...string) string {
	out := make([]string, len(list))
	for i, x := range list {
		out[i] = word(x)
	}
	if len(sep) > 0 {
		return strings.Join(out, sep[0])
	}
	return strings.Join(out, ", ")
}
