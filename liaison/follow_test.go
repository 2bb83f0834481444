package liaison_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jca-ml/liaison/liaison"
)

// followUp is the draft of a follow-up of JCA-ML-LS12, ready to be submitted.
func followUp(kind liaison.RelationKind) (draft liaison.Snapshot, first liaison.Snapshot) {
	first = ready(liaison.Dispatched, liaison.DoClose)
	first.ID, first.Ref, first.Number, first.Content.Relations = "first", "JCA-ML-LS12", 12, nil
	draft = ready(liaison.Draft, liaison.DoSubmit)
	draft.Content = liaison.Follow(first, kind)
	if draft.Content.Abstract == "" {
		draft.Content.Abstract, draft.Content.Text = "Puts a date right.", "In JCA-ML-LS12, read 31 in place of 30."
	}
	if len(draft.Content.Addressees) == 0 {
		draft.Content.Addressees = first.Content.Addressees[1:]
	}
	draft.Related = []liaison.Related{{ID: "first", Group: jca, Kind: liaison.LiaisonStatement, State: liaison.Dispatched, Ref: "JCA-ML-LS12", Addressees: first.Content.Addressees}}
	return draft, first
}

func TestWhatAFollowUpBeginsWith(t *testing.T) {
	for _, kind := range []liaison.RelationKind{liaison.Revises, liaison.Corrects, liaison.Recalls, liaison.Forwards} {
		draft, first := followUp(kind)
		if diff := cmp.Diff([]liaison.Relation{{Kind: kind, Statement: "first", Ref: "JCA-ML-LS12"}}, draft.Content.Relations); diff != "" {
			t.Errorf("%s: %s", kind, diff)
		}
		if kind != liaison.Revises && !strings.Contains(draft.Content.Title, "JCA-ML-LS12") || kind == liaison.Revises && draft.Content.Text != first.Content.Text {
			t.Errorf("%s begins with %q", kind, draft.Content.Title)
		}
		for _, a := range draft.Content.Addressees {
			asks := draft.Profile.Awaits(draft.Content, a) == liaison.ReplyAwaiting
			switch kind {
			case liaison.Recalls, liaison.Corrects: // or each addressee would owe a second reply
				if asks || a.Purpose != liaison.ForInformation || draft.Content.Deadline != "" {
					t.Errorf("%s asks %s for %s by %q", kind, a.Name, a.Purpose, draft.Content.Deadline)
				}
			case liaison.Revises: // which takes its place, with what it asks for
				if first.Profile.Awaits(first.Content, a) == liaison.ReplyAwaiting && !asks {
					t.Errorf("a revision asks %s for nothing", a.Name)
				}
			}
		}
		if first.Content.Addressees[0].Purpose != liaison.ForAction {
			t.Fatalf("%s changed the first one", kind)
		}
		if _, err := liaison.Next(draft, command(liaison.DoSubmit, liaison.AsEditor)); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if errs := draft.Content.Limits(); len(errs) > 0 {
			t.Errorf("%s: %v", kind, errs[0])
		}
	}
	draft, original := followUp(liaison.Forwards)
	if want := original.Content.Text; want == "" || draft.Content.Text != "We forward JCA-ML-LS12. It reads:\n\n"+want || draft.Content.Abstract != original.Content.Abstract {
		t.Errorf("what forwards says %q, %q", draft.Content.Abstract, draft.Content.Text)
	}
	if diff := cmp.Diff(original.Content.Attachments, draft.Content.Attachments); diff != "" || len(draft.Content.Attachments) == 0 {
		t.Errorf("the files that go along (-want +got):\n%s", diff)
	}
	if c := liaison.Follow(original, liaison.Forwards); len(c.Addressees) > 0 || c.Deadline != "" {
		t.Errorf("it begins with %d addressees and the deadline %s", len(c.Addressees), c.Deadline)
	}
	original.Content.Text = strings.Repeat("ß", liaison.MaxText)
	if errs := liaison.Follow(original, liaison.Forwards).Limits(); len(errs) > 0 {
		t.Errorf("of the longest text: %v", errs[0])
	}
	first := ready(liaison.Dispatched, liaison.DoClose)
	first.Content.Title = strings.Repeat("ß", liaison.MaxTitle)
	if errs := liaison.Follow(first, liaison.Corrects).Limits(); len(errs) > 0 {
		t.Errorf("of the longest title: %v", errs[0])
	}
}

func TestWhatCanBeFollowedUp(t *testing.T) {
	mark := func(k liaison.RelationKind) []liaison.Mark {
		return []liaison.Mark{{Kind: k, Statement: "later", Ref: "JCA-ML-LS14", At: time.Now()}}
	}
	for name, test := range map[string]struct {
		kind   liaison.RelationKind
		change func(*liaison.Snapshot)
		says   string // "" for allowed
	}{
		"edge 55: a revision of what left":       {liaison.Revises, func(*liaison.Snapshot) {}, ""},
		"edge 54: a corrigendum of what left":    {liaison.Corrects, func(*liaison.Snapshot) {}, ""},
		"edge 53: a translation diverges":        {liaison.Corrects, func(s *liaison.Snapshot) { s.Content.Language, s.Content.OriginalLanguage = "fr", "en" }, ""},
		"a recall of what was superseded":        {liaison.Recalls, func(s *liaison.Snapshot) { s.Related[0].Marks = mark(liaison.Revises) }, ""},
		"a second corrigendum":                   {liaison.Corrects, func(s *liaison.Snapshot) { s.Related[0].Marks = mark(liaison.Corrects) }, ""},
		"a revision of what was closed":          {liaison.Revises, func(s *liaison.Snapshot) { s.Related[0].State = liaison.Closed }, ""},
		"of what has not left":                   {liaison.Corrects, func(s *liaison.Snapshot) { s.Related[0].State = liaison.Approved }, "has not left"},
		"of another group's":                     {liaison.Revises, func(s *liaison.Snapshot) { s.Related[0].Group = "itu-t/sg13" }, "for the group that sent it"},
		"of another group's that nobody may see": {liaison.Forwards, func(s *liaison.Snapshot) { s.Related[0].Group, s.Related[0].State = "itu-t/sg13", liaison.Draft }, "no such statement"},
		"of what is not in the register":         {liaison.Recalls, func(s *liaison.Snapshot) { s.Related = nil }, "no such statement"},
		"of what is cited by a number only":      {liaison.Recalls, func(s *liaison.Snapshot) { s.Content.Relations[0].Statement = "" }, "only a statement of this register"},
		"of itself":                              {liaison.Revises, func(s *liaison.Snapshot) { s.ID = "first" }, "no such statement"},
		"a corrigendum of what was superseded":   {liaison.Corrects, func(s *liaison.Snapshot) { s.Related[0].Marks = mark(liaison.Revises) }, "superseded by JCA-ML-LS14"},
		"a revision of what was recalled":        {liaison.Revises, func(s *liaison.Snapshot) { s.Related[0].Marks = mark(liaison.Recalls) }, "recalled by JCA-ML-LS14"},
		"a recall of what was recalled":          {liaison.Recalls, func(s *liaison.Snapshot) { s.Related[0].Marks = mark(liaison.Recalls) }, "recalled by JCA-ML-LS14"},
		"a statement that corrects a report":     {liaison.Corrects, func(s *liaison.Snapshot) { s.Related[0].Kind = liaison.ProgressReport }, "is a progress report"},
		"two at once": {liaison.Revises, func(s *liaison.Snapshot) {
			s.Content.Relations = append(s.Content.Relations, liaison.Relation{Kind: liaison.Corrects, Statement: "first"})
		}, "at once"},
		"a number that says that it is none":        {liaison.Corrects, func(s *liaison.Snapshot) { s.Number, s.Ref = 13, "JCA-ML-LS13" }, "JCA-ML-LS13"},
		"a number that says that it is one already": {liaison.Revises, func(s *liaison.Snapshot) { s.Number, s.CorrigendumNumber, s.Ref = 12, 1, "JCA-ML-LS12 Corr.1" }, "Corr.1"},
	} {
		t.Run(name, func(t *testing.T) {
			snap, _ := followUp(test.kind)
			test.change(&snap)
			_, err := liaison.Next(snap, command(liaison.DoSubmit, liaison.AsEditor))
			switch {
			case test.says == "" && err != nil:
				t.Errorf("refused: %v", err)
			case test.says != "" && (liaison.CodeOf(err) != liaison.Invalid || !strings.Contains(err.Error(), test.says)):
				t.Errorf("answered with %v, want %q", err, test.says)
			}
		})
	}
	snap, _ := followUp(liaison.Corrects)
	snap.Content.Addressees = snap.Content.Addressees[:1]
	found := snap.CheckRelations()
	if len(found) != 1 || found[0].Blocking || !strings.Contains(found[0].Message, "W3C") {
		t.Errorf("an addressee who would not learn of it: %+v", found)
	}
}

func TestWhoMayFollowUp(t *testing.T) {
	snap := ready(liaison.Dispatched, liaison.DoClose)
	all := []liaison.RelationKind{liaison.Revises, liaison.Corrects, liaison.Recalls, liaison.Forwards}
	for _, who := range []liaison.PersonID{"chair", "vice-chair", "secretary", "editor"} {
		if diff := cmp.Diff(all, liaison.MayFollow(snap, who, nil)); diff != "" {
			t.Errorf("%s: %s", who, diff)
		}
	}
	for _, who := range []liaison.PersonID{"author", "auditor", "somebody", ""} {
		if got := liaison.MayFollow(snap, who, nil); got != nil {
			t.Errorf("%q may %v", who, got)
		}
	}
	for kind, want := range map[liaison.RelationKind][]liaison.RelationKind{
		liaison.Revises: {liaison.Recalls, liaison.Forwards}, liaison.Recalls: {liaison.Forwards}, liaison.Corrects: all, liaison.RepliesTo: all,
	} {
		if diff := cmp.Diff(want, liaison.MayFollow(snap, "chair", []liaison.Mark{{Kind: kind}})); diff != "" {
			t.Errorf("of what is %s another: %s", kind, diff)
		}
	}
	snap.State = liaison.Approved
	if got := liaison.MayFollow(snap, "chair", nil); got != nil {
		t.Errorf("before it has left: %v", got)
	}
	for _, k := range liaison.RelationKinds {
		if k.Kind.Mark() == "" {
			t.Errorf("%s leaves no mark", k.Kind)
		}
	}
}

// TestHowAReportIsPutRight: a revised one takes the place of what was not presented or was returned; of what the parent group has, a
// corrigendum says what is to be read otherwise.
func TestHowAReportIsPutRight(t *testing.T) {
	for name, test := range map[string]struct {
		outcome     liaison.ReportOutcome
		corrigendum bool
		want        liaison.RelationKind
	}{
		"not presented":                {liaison.ReportOpen, false, liaison.Revises},
		"edge 65: returned":            {liaison.ReportReturned, false, liaison.Revises},
		"edge 54: presented":           {liaison.ReportPresented, false, liaison.Corrects},
		"noted":                        {liaison.ReportNoted, false, liaison.Corrects},
		"accepted":                     {liaison.ReportAccepted, false, liaison.Corrects},
		"a corrigendum":                {liaison.ReportOpen, true, liaison.Corrects},
		"a corrigendum that came back": {liaison.ReportReturned, true, liaison.Corrects},
	} {
		t.Run(name, func(t *testing.T) {
			first := ready(liaison.Dispatched, liaison.DoPresent)
			first.ID, first.Ref, first.Number, first.Outcome = "first", "JCA-ML-R3", 3, test.outcome
			if test.corrigendum {
				corrigendum(&first.Content)
			}
			may := liaison.MayFollow(first, "editor", nil)
			for _, kind := range []liaison.RelationKind{liaison.Revises, liaison.Corrects} {
				if slices.Contains(may, kind) != (kind == test.want) {
					t.Errorf("offered are %v", may)
				}
				draft := ready(liaison.Draft, liaison.DoSubmit)
				draft.Content = liaison.Follow(first, kind)
				draft.Content.Abstract = "Puts a date right."
				draft.Related = []liaison.Related{{ID: "first", Group: jca, Kind: liaison.ProgressReport, State: liaison.Dispatched, Outcome: test.outcome, Corrigendum: test.corrigendum, Ref: "JCA-ML-R3", Addressees: first.Content.Addressees}}
				_, err := liaison.Next(draft, command(liaison.DoSubmit, liaison.AsEditor))
				if (err == nil) != (kind == test.want) {
					t.Errorf("%s: %v", kind, err)
				}
				if got, id := draft.Content.Keeps(); got != kind || id != "first" || draft.Content.Kind() != liaison.ProgressReport {
					t.Errorf("%s keeps the number of %q, because it %s", kind, id, got)
				}
			}
		})
	}
	for want, got := range map[string]string{
		"JCA-ML-R3": liaison.Cite("JCA-ML-R3", 0, 0), "JCA-ML-R3 Rev.1": liaison.Cite("JCA-ML-R3", 1, 0), "JCA-ML-R3 Corr.2": liaison.Cite("JCA-ML-R3", 0, 2), "JCA-ML-R3 Rev.1 Corr.2": liaison.Cite("JCA-ML-R3", 1, 2),
	} {
		if got != want {
			t.Errorf("cited as %s, want %s", got, want)
		}
	}
}
