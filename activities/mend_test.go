package activities_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail"
)

// stubborn does not start the workflow of one statement, and takes down which others are asked for.
type stubborn struct {
	not liaison.StatementID

	mu    sync.Mutex
	asked map[liaison.StatementID]int
}

func (s *stubborn) Resume(context.Context, liaison.StatementID, liaison.State) error { return nil }

func (s *stubborn) Nudge(_ context.Context, id liaison.StatementID, _ liaison.State) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked[id]++
	if id == s.not {
		return errors.New("no answer")
	}
	return nil
}

// TestMendComesToAll: that one statement cannot be nudged is said, and keeps no other one waiting.
func TestMendComesToAll(t *testing.T) {
	a, env, _, _ := severalTo(t, &byAddress{answer: func(string, func() error) mail.Result { return mail.Result{} }}, "w3c")
	const more = 3
	for i := range more {
		id := liaison.StatementID(uuid.NewString())
		c := liaison.Content{
			Source: seed.JCAML, Title: fmt.Sprint("Roadmap ", i), Deadline: "2099-01-31", ReplyTo: "jca-ml@liaison.example", Language: "en", Abstract: "Asks.", Text: "Please review.",
			Contacts: []liaison.Contact{{Name: seed.Chair.Name, Email: seed.Chair.Email}}, Addressees: []liaison.Addressee{{Body: "w3c", Purpose: liaison.ForAction}},
		}
		if _, err := a.Store.Create(t.Context(), id, seed.Editor.ID, c); err != nil {
			t.Fatal(err)
		}
		if _, err := env.ExecuteActivity(a.Decide, liaison.Command{ID: liaison.CommandID(fmt.Sprint("submit ", i)), Kind: liaison.DoSubmit, Statement: id, Actor: seed.Editor.ID}); err != nil {
			t.Fatal(err)
		}
	}
	a.Store = a.Store.At(func() time.Time { return time.Now().Add(3 * time.Hour) }) // their letters were never sent
	ripe, err := a.Store.Ripe(t.Context(), a.Settling)
	if err != nil || len(ripe) != more+1 {
		t.Fatalf("ripe are %v, %v", ripe, err)
	}
	for _, st := range ripe { // whichever it is
		s := &stubborn{not: st.ID, asked: map[liaison.StatementID]int{}}
		a.Runs = s
		if _, err := env.ExecuteActivity(a.Mend); err == nil {
			t.Error("that one was not nudged is not said")
		}
		if len(s.asked) != more+1 {
			t.Errorf("asked for %v", s.asked)
		}
	}
}

// TestMendTellsWhoStandsIn: who comes to stand in for the chair while something waits is told without anybody giving a command.
func TestMendTellsWhoStandsIn(t *testing.T) {
	a, env, _, _ := severalTo(t, &byAddress{answer: func(string, func() error) mail.Result { return mail.Result{} }}, "w3c")
	id := liaison.StatementID(uuid.NewString())
	c := liaison.Content{
		Source: seed.JCAML, Title: "Roadmap", Deadline: "2099-01-31", ReplyTo: "jca-ml@liaison.example", Language: "en", Abstract: "Asks.", Text: "Please review.",
		Contacts: []liaison.Contact{{Name: seed.Chair.Name, Email: seed.Chair.Email}}, Addressees: []liaison.Addressee{{Body: "w3c", Purpose: liaison.ForAction}},
	}
	if _, err := a.Store.Create(t.Context(), id, seed.Editor.ID, c); err != nil {
		t.Fatal(err)
	}
	if _, err := env.ExecuteActivity(a.Decide, liaison.Command{ID: "submit one that waits", Kind: liaison.DoSubmit, Statement: id, Actor: seed.Editor.ID}); err != nil {
		t.Fatal(err)
	}
	begins := time.Now().AddDate(0, 0, 2)
	if err := a.Store.RecordAbsence(t.Context(), seed.Secretary.ID, liaison.Absence{
		ID: liaison.AbsenceID(uuid.NewString()), Group: seed.JCAML, Kind: liaison.Absent, Person: seed.Chair, Evidence: "E-mail",
		From: liaison.DateOf(begins, time.UTC), Until: liaison.DateOf(begins.AddDate(0, 0, 9), time.UTC),
	}); err != nil {
		t.Fatal(err)
	}
	a.Store, a.Runs = a.Store.At(func() time.Time { return begins.AddDate(0, 0, 2) }), &stubborn{asked: map[liaison.StatementID]int{}}
	for range 2 {
		if _, err := env.ExecuteActivity(a.Mend); err != nil {
			t.Fatal(err)
		}
	}
	history, err := a.Store.History(t.Context(), id)
	told := 0
	for _, e := range history {
		if e.Kind == liaison.EventLeftToDeputy {
			told++
		}
	}
	if err != nil || told != 1 {
		t.Errorf("who stands in was told %d times, %v", told, err)
	}
}
