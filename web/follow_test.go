package web

import (
	"net/http"
	"strings"
	"testing"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// TestFollowingUpWhatLeft goes the way of a secretary who finds an error after the dispatch.
func TestFollowingUpWhatLeft(t *testing.T) {
	w := newWorld(t)
	first := w.bring(liaison.Dispatched, content("Title"))
	link := linkPath(t, w.messagesTo(first)[0])
	ref := w.snapshot(first).Ref
	b := w.as(secretary)
	page := b.at(statementPath(first, "")).says(t, "Issue a revised statement", "Issue a corrigendum", "Recall it by a notice", "Forward it")
	w.as(outsider).at(statementPath(first, "")).keepsQuiet(t, "Issue a corrigendum", "Thread")
	w.as(outsider).send("POST", statementPath(first, "/follow"), with(page.form(t, "/follow"), "kind", "corrects")).is(t, http.StatusForbidden)

	form := with(page.form(t, "/follow"), "kind", "corrects")
	edit := b.send("POST", statementPath(first, "/follow"), form).is(t, http.StatusSeeOther).location(t)
	if again := b.send("POST", statementPath(first, "/follow"), form).is(t, http.StatusSeeOther).location(t); again != edit {
		t.Errorf("pressed twice it makes %s and %s", edit, again)
	}
	id := liaison.StatementID(strings.Split(edit, "/")[2])
	form = with(b.at(edit).form(t, "/edit"), "abstract", "Puts a word right.", "text", "In "+ref+", read a in place of b.", "action", "save")
	b.send("POST", edit, form).is(t, http.StatusSeeOther)
	if r := w.snapshot(id).Content.Relations; len(r) != 1 || r[0].Statement != first {
		t.Fatalf("saved in the form it relates to %+v", r)
	}
	b.at(statementPath(id, "")).says(t, "Thread")
	w.do(id, liaison.DoSubmit, secretary)
	w.as(chair).at(statementPath(id, "/review"))
	w.do(id, liaison.DoApprove, chair)
	for _, path := range []string{statementPath(first, ""), link, "/statements"} {
		w.as(outsider).at(path).keepsQuiet(t, "Corrected by")
	}
	w.do(id, liaison.DoDispatch, secretary)
	w.as(outsider).at(statementPath(first, "")).says(t, "Corrected by", ref+" Corr.1", "Thread")
	w.as(outsider).at("/statements").says(t, "Corrected by "+ref+" Corr.1")
	w.as("").at(link).says(t, "Corrected by", "read "+ref+" Corr.1 with it")
	w.as(outsider).at(statementPath(id, "")).says(t, "Corrects", ref)

	form = with(b.at(statementPath(first, "")).form(t, "/follow"), "kind", "recalls")
	recall := liaison.StatementID(strings.Split(b.send("POST", statementPath(first, "/follow"), form).location(t), "/")[2])
	c := w.snapshot(recall).Content
	c.Abstract = "Recalls it."
	if _, err := w.store.Save(t.Context(), recall, secretary, 1, c); err != nil {
		t.Fatal(err)
	}
	w.do(recall, liaison.DoSubmit, secretary)
	w.do(recall, liaison.DoApprove, chair)
	w.do(recall, liaison.DoDispatch, secretary)
	w.as("").at(link).says(t, "Recalled by", "is not what counts any more")
	b.at(statementPath(first, "")).says(t, "Recalled by").keepsQuiet(t, "Issue a corrigendum")
	form.Set("kind", "corrects")
	b.send("POST", statementPath(first, "/follow"), with(form, "kind", "corrects", "command", newID())).is(t, http.StatusConflict).says(t, "recalled by")

	z := b.at(statementPath(first, "/evidence.zip"))
	if !strings.Contains(z.Header.Get("Content-Type"), "zip") {
		t.Error("no evidence")
	}
}

// TestTheBoardSaysThatItWasRecalled: what did not leave before the recall did says so, on the board and on its page.
func TestTheBoardSaysThatItWasRecalled(t *testing.T) {
	w := newWorld(t)
	first := w.brought(liaison.Dispatching, "Recalled before it had left")
	c := liaison.Follow(w.snapshot(first).Snapshot, liaison.Recalls)
	c.Abstract = "Recalls it."
	recall := w.bring(liaison.Dispatching, c)
	want := "It was taken back before anything was sent: the statement is recalled by " + w.snapshot(recall).Ref + ", which counts now."
	w.as(secretary).at("/dispatch?ref="+w.snapshot(first).Ref).says(t, want)
	for _, x := range w.messagesTo(first) {
		w.as(secretary).at(statementPath(first, "/messages/"+string(x.ID))).says(t, want)
	}
	if got := whyNot(store.Transmission{State: liaison.TransmissionRefused, Overtaken: "Superseded by JCA-ML-LS13"}, liaison.DispatchedInPart); !strings.Contains(got, "superseded by JCA-ML-LS13") {
		t.Errorf("of what was in doubt it says %q", got)
	}
}
