package post_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/jca-ml/liaison/internal/inbound"
	"github.com/jca-ml/liaison/internal/post"
	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail"
)

// TestAtAMeeting: the drafter and the chair are told that it is tabled, and the drafter and the secretariat that it was put off, and what leaves says which meeting approved it, where and when;
// what an officer approved between meetings does not pass for that (rules of the field, edge case 27).
func TestAtAMeeting(t *testing.T) {
	s := store.New(testkit.Database(t, register)).At(func() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) })
	o := &post.Office{Store: s, From: "jca-ml@liaison.example", URL: "https://liaison.example"}
	m := liaison.Meeting{ID: liaison.MeetingID(uuid.NewString()), Group: seed.JCAML, Title: "Second meeting of JCA-ML", Place: "Geneva", From: "2026-11-22", Until: "2026-11-24", Agenda: seed.Meetings()[1].Agenda}
	if err := s.EnterMeeting(t.Context(), seed.Secretary.ID, m); err != nil {
		t.Fatal(err)
	}
	between, at := draft(t, s), draft(t, s)
	do(t, s, between, liaison.DoSubmit, seed.Editor)
	do(t, s, between, liaison.DoApprove, seed.Chair)
	do(t, s, at, liaison.DoSubmit, seed.Editor)
	tell := func(kind liaison.CommandKind, by liaison.Person) map[liaison.PersonID]string {
		t.Helper()
		cmd := liaison.Command{ID: liaison.CommandID(uuid.NewString()), Kind: kind, Statement: at, Actor: by.ID, Digest: snapshot(t, s, at).Digest}
		if cmd.Reason = "Two groups have not answered yet."; kind == liaison.DoTable {
			cmd.Meeting, cmd.Item, cmd.Reason = m.ID, 9, ""
		}
		if _, err := s.Do(t.Context(), cmd); err != nil {
			t.Fatal(err)
		}
		ts, err := s.Batch(t.Context(), cmd.ID)
		if err != nil {
			t.Fatal(err)
		}
		told := map[liaison.PersonID]string{}
		for _, x := range ts {
			message, err := o.Render(t.Context(), x)
			if err != nil {
				t.Fatal(err)
			}
			text, _, err := mail.Parts(message)
			if err != nil {
				t.Fatal(err)
			}
			told[x.Person] = strings.Join(strings.Fields(text), " ")
		}
		return told
	}
	told := tell(liaison.DoTable, seed.Secretary)
	for _, p := range []liaison.Person{seed.Chair, seed.Editor} {
		for _, want := range []string{"Second meeting of JCA-ML, Geneva, 22 November 2026 – 24 November 2026", "9. Approval of outgoing liaison statements", "/statements/" + string(at) + "/review"} {
			if !strings.Contains(told[p.ID], want) {
				t.Errorf("%s is not told %q:\n%s", p.Name, want, told[p.ID])
			}
		}
	}
	if len(told) != 2 {
		t.Errorf("%d persons are told, want the drafter and the chair", len(told))
	}
	if err := s.MoveMeeting(t.Context(), seed.Chair.ID, m.ID, liaison.OpenMeeting, ""); err != nil {
		t.Fatal(err)
	}
	off := tell(liaison.DoDefer, seed.Chair)
	for _, p := range []liaison.Person{seed.Editor, seed.Secretary} {
		for _, want := range []string{"put off its decision", "Kangchan Lee, chair", "Second meeting of JCA-ML, Geneva", "Two groups have not answered yet."} {
			if !strings.Contains(off[p.ID], want) {
				t.Errorf("%s is not told %q:\n%s", p.Name, want, off[p.ID])
			}
		}
	}
	if len(off) != 2 {
		t.Errorf("%d persons are told that it was put off, want the drafter and the secretariat", len(off))
	}
	tell(liaison.DoTable, seed.Secretary)
	do(t, s, at, liaison.DoApprove, seed.Chair)
	const line = "JCA-ML, Second meeting of JCA-ML, Geneva, 23 November 2026"
	for id, want := range map[liaison.StatementID]bool{at: true, between: false} {
		message, err := o.Preview(t.Context(), snapshot(t, s, id), 1)
		if err != nil {
			t.Fatal(err)
		}
		text, html, err := mail.Parts(message)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{strings.Join(strings.Fields(text), " "), html} {
			if strings.Contains(part, line) != want {
				t.Errorf("its approval reads otherwise (at the meeting: %t):\n%s", want, part)
			}
		}
	}
}

// TestLetterAboutAMeetingThatNobodyClosed renders what the secretariat is told, as a golden file: it is about the meeting, and leads there.
func TestLetterAboutAMeetingThatNobodyClosed(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	s := store.New(testkit.Database(t, register)).At(func() time.Time { return now })
	o := &post.Office{Store: s, From: "jca-ml@liaison.example", URL: "https://liaison.example", Addresses: inbound.Addresses{Keys: inbound.Keys{bytes.Repeat([]byte{7}, 32)}, Domain: "in.example"}}
	m := liaison.Meeting{ID: "0190c0de-0000-7000-8000-0000000000aa", Group: seed.JCAML, Title: "Second meeting of JCA-ML", Place: "Geneva", From: "2026-11-22", Until: "2026-11-24", Agenda: seed.Meetings()[1].Agenda}
	if err := s.EnterMeeting(t.Context(), seed.Secretary.ID, m); err != nil {
		t.Fatal(err)
	}
	if err := s.MoveMeeting(t.Context(), seed.Chair.ID, m.ID, liaison.OpenMeeting, ""); err != nil {
		t.Fatal(err)
	}
	id := draft(t, s)
	do(t, s, id, liaison.DoSubmit, seed.Editor)
	if _, err := s.Do(t.Context(), liaison.Command{ID: liaison.CommandID(uuid.NewString()), Kind: liaison.DoTable, Statement: id, Actor: seed.Secretary.ID, Digest: snapshot(t, s, id).Digest, Meeting: m.ID, Item: 9}); err != nil {
		t.Fatal(err)
	}
	do(t, s, id, liaison.DoApprove, seed.Chair)
	now = now.AddDate(0, 0, 2)
	if told, err := s.TellUnclosed(t.Context()); err != nil || len(told) != 1 {
		t.Fatalf("told of %v, %v", told, err)
	}
	if seen := rendered(t, s, o, id, "unclosed"); !seen[liaison.LetterMeetingUnclosed] {
		t.Errorf("rendered are %v", seen)
	}
}
