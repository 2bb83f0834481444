package post_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/jca-ml/liaison/internal/inbound"
	"github.com/jca-ml/liaison/internal/post"
	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
)

// TestLetterAboutADecisionThatWaits renders what an office is told when a decision waits too long, as a golden file.
func TestLetterAboutADecisionThatWaits(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	s := store.New(testkit.Database(t, register)).At(func() time.Time { return now })
	keys := inbound.Keys{bytes.Repeat([]byte{7}, 32)}
	o := &post.Office{Store: s, From: "jca-ml@liaison.example", URL: "https://liaison.example", Addresses: inbound.Addresses{Keys: keys, Domain: "in.example"}}
	id := draft(t, s)
	do(t, s, id, liaison.DoSubmit, seed.Editor)
	now = now.AddDate(0, 0, 7)
	if _, err := s.Do(t.Context(), liaison.Command{ID: liaison.CommandID(uuid.NewString()), Kind: liaison.DoEscalate, Statement: id}); err != nil {
		t.Fatal(err)
	}
	if seen := rendered(t, s, o, id, "waiting"); !seen[liaison.LetterWaiting] {
		t.Error("nobody was told that it waits")
	}
}
