package engine_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
)

// TestWhatAMeetingApprovedGoesOutWhenItIsClosed, on real parts. The close is one transaction of the store and tells the engine nothing, as
// if the process had died behind it: what looks for open work finds it, and each message leaves once.
func TestWhatAMeetingApprovedGoesOutWhenItIsClosed(t *testing.T) {
	e, s, _ := start(t)
	ctx := t.Context()
	day := func(n int) liaison.Date { return liaison.DateOf(time.Now().AddDate(0, 0, n), time.UTC) }
	m := liaison.Meeting{ID: liaison.MeetingID(uuid.NewString()), Group: seed.JCAML, Title: "Second meeting of JCA-ML", Place: "Geneva", From: day(-1), Until: day(2), Agenda: seed.Meetings()[1].Agenda}
	if err := s.EnterMeeting(ctx, seed.Secretary.ID, m); err != nil {
		t.Fatal(err)
	}
	give := func(id liaison.StatementID, kind liaison.CommandKind, by liaison.Person) liaison.Answer {
		t.Helper()
		snap, err := s.Snapshot(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		return do(t, e, liaison.Command{ID: newCommand(), Kind: kind, Statement: id, Actor: by.ID, Digest: snap.Digest, Meeting: m.ID, Item: 9, Reason: "because"})
	}
	ids := []liaison.StatementID{draft(t, s, "w3c", "ieee"), draft(t, s, "w3c"), draft(t, s, "ietf")}
	for _, id := range ids {
		give(id, liaison.DoSubmit, seed.Editor)
		give(id, liaison.DoTable, seed.Secretary)
	}
	if err := s.MoveMeeting(ctx, seed.Secretary.ID, m.ID, liaison.OpenMeeting, ""); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids[:2] {
		if a := give(id, liaison.DoApprove, seed.Chair); a.State != liaison.Approved || a.After != m.ID {
			t.Fatalf("approved it is %+v", a)
		}
	}
	give(ids[2], liaison.DoDefer, seed.Chair)
	states := func() (out []liaison.State) {
		t.Helper()
		for _, id := range ids {
			snap, err := s.Snapshot(ctx, id)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, snap.State)
		}
		return out
	}
	if err := e.Nudge(ctx, ids[0], liaison.Approved); err != nil { // somebody looks while it still sits
		t.Fatal(err)
	}
	give(ids[2], liaison.DoTable, seed.Secretary) // the engine goes on meanwhile
	give(ids[2], liaison.DoDefer, seed.Chair)
	if got := states(); !slices.Equal(got, []liaison.State{liaison.Approved, liaison.Approved, liaison.InReview}) {
		t.Fatalf("before the close they are %v", got)
	}

	if err := s.MoveMeeting(ctx, seed.Secretary.ID, m.ID, liaison.CloseMeeting, ""); err != nil {
		t.Fatal(err)
	}
	looking, stop := context.WithCancel(ctx)
	stopped := make(chan error, 2)
	for range 2 { // every worker looks
		go func() { stopped <- e.SendLetters(looking, 50*time.Millisecond, slog.New(slog.DiscardHandler)) }()
	}
	testkit.Eventually(t, time.Minute, func() error {
		if got := states(); !slices.Equal(got, []liaison.State{liaison.Dispatched, liaison.Dispatched, liaison.InReview}) {
			return fmt.Errorf("they are %v", got)
		}
		return nil
	})
	for _, id := range ids[:2] {
		if err := e.Nudge(ctx, id, liaison.Dispatched); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	for range 2 {
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	}
	for i, want := range []int{2, 1, 0} {
		ts, err := s.Transmissions(ctx, ids[i])
		if err != nil {
			t.Fatal(err)
		}
		sent := 0
		for _, x := range ts {
			if x.Letter == liaison.LetterStatement {
				sent++
				if x.Attempts != 1 || x.State != liaison.TransmissionAccepted {
					t.Errorf("a message to %s is %s after %d attempts", x.Name, x.State, x.Attempts)
				}
			}
		}
		if sent != want {
			t.Errorf("statement %d has %d messages to addressees, want %d", i+1, sent, want)
		}
	}
	report, err := s.Audit(ctx, nil)
	if err != nil || len(report.Problems) > 0 {
		t.Errorf("the log has these problems: %v, %v", report.Problems, err)
	}
}
