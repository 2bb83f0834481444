package web

import (
	"net/http"
	"strings"
	"testing"

	"github.com/jca-ml/liaison/liaison"
)

func TestAStaleDecisionShowsTheDifference(t *testing.T) {
	w := newWorld(t)
	id := w.brought(liaison.InReview, "Before")
	lee := w.as(chair)
	form := with(lee.at(statementPath(id, "/review")).form(t, "/review"), "action", "approve", "consultation", "E-mail of 22 November 2026", "reason", "As agreed.")

	// Somebody else returns it, and the editor submits another revision.
	w.do(id, liaison.DoReturn, chair)
	after := content("After")
	after.Deadline = "2027-02-15"
	if _, err := w.store.Save(t.Context(), id, editor, 1, after); err != nil {
		t.Fatal(err)
	}
	w.do(id, liaison.DoSubmit, editor)

	page := lee.send("POST", statementPath(id, "/review"), form).is(t, http.StatusConflict)
	page.says(t, "What changed since you saw revision 1", "Before", "After", "2027-02-15", "Your decision on revision 2", "As agreed.")
	fresh := page.form(t, "/review")
	if fresh.Get("digest") != string(w.snapshot(id).Digest) || fresh.Get("command") == form.Get("command") {
		t.Error("the fresh form is not about the current revision, or is the old command")
	}
	lee.send("POST", statementPath(id, "/review"), with(fresh, "action", "hold", "consultation", "E-mail of 22 November 2026")).is(t, http.StatusSeeOther)
	if got := w.snapshot(id); got.State != liaison.Approved || got.Content.Title != "After" {
		t.Errorf("after deciding again it is %s, %q", got.State, got.Content.Title)
	}
}

func TestDecisions(t *testing.T) {
	w := newWorld(t)
	lee := w.as(chair)
	for _, tc := range []struct {
		action, reason string
		status         int
		state          liaison.State
		says           string
	}{
		{"hold", "", http.StatusSeeOther, liaison.Approved, "and held: nothing leaves until somebody dispatches it."},
		{"return", "Name the group.", http.StatusSeeOther, liaison.Draft, "Returned for changes. Ada Editor is told, with your reason."},
		{"reject", "Out of scope.", http.StatusSeeOther, liaison.Rejected, "Rejected. Ada Editor is told, with your reason."},
		{"return", " ", http.StatusUnprocessableEntity, liaison.InReview, "Give a reason"},
		{"reject", strings.Repeat("x", liaison.MaxReason+1), http.StatusUnprocessableEntity, liaison.InReview, "at most 4000 fit"},
		{"dance", "", http.StatusUnprocessableEntity, liaison.InReview, "Use one of its buttons."},
	} {
		t.Run(tc.action+" "+http.StatusText(tc.status), func(t *testing.T) {
			id := w.brought(liaison.InReview, "Title")
			form := with(lee.at(statementPath(id, "/review")).form(t, "/review"), "action", tc.action, "consultation", "E-mail of 22 November 2026", "reason", tc.reason)
			page := lee.send("POST", statementPath(id, "/review"), form).is(t, tc.status)
			if tc.status == http.StatusSeeOther {
				page = lee.at(page.location(t))
			} else if area := page.find("textarea", "id=f-reason"); area != nil && strings.TrimSpace(text(area)) != strings.TrimSpace(tc.reason) {
				t.Errorf("the reason came back as %q", text(area))
			}
			page.says(t, tc.says)
			if got := w.snapshot(id).State; got != tc.state {
				t.Errorf("the state is %q, want %q", got, tc.state)
			}
		})
	}
}

func TestSomebodyElseDecidedMeanwhile(t *testing.T) {
	w := newWorld(t)
	id := w.brought(liaison.InReview, "Title")
	lee := w.as(chair)
	form := with(lee.at(statementPath(id, "/review")).form(t, "/review"), "action", "approve", "consultation", "E-mail of 22 November 2026")
	w.do(id, liaison.DoReject, chair)
	lee.send("POST", statementPath(id, "/review"), form).is(t, http.StatusConflict).says(t, "Nothing was done. Rejected by Kangchan Lee as Chair, on 23 November 2026")
	if to := lee.get(statementPath(id, "/review")).location(t); to != statementPath(id, "") {
		t.Errorf("the review of what is decided leads to %s", to)
	}
}

func TestOnlyTheChairDecides(t *testing.T) {
	w := newWorld(t)
	id := w.brought(liaison.InReview, "Title")
	form := with(w.as(chair).at(statementPath(id, "/review")).form(t, "/review"), "action", "approve", "consultation", "E-mail of 22 November 2026")
	for _, who := range []liaison.PersonID{editor, viceChair, secretary} {
		b := w.as(who)
		if b.at(statementPath(id, "/review")).find("form", "action="+statementPath(id, "/review")) != nil {
			t.Errorf("%s is offered the decision", who)
		}
		b.send("POST", statementPath(id, "/review"), form).is(t, http.StatusForbidden)
	}
	w.as(outsider).send("POST", statementPath(id, "/review"), form).is(t, http.StatusNotFound)
	if got := w.snapshot(id).State; got != liaison.InReview {
		t.Errorf("the state is %q", got)
	}
}

func TestWhatTheStatementPageOffers(t *testing.T) {
	w := newWorld(t)
	withdrawn := w.brought(liaison.Draft, "To withdraw")
	ada := w.as(editor)
	page := ada.at(statementPath(withdrawn, "")).says(t, "Edit the draft", "Check and submit", "Withdraw")
	form := page.form(t, "/do")
	again := ada.send("POST", statementPath(withdrawn, "/do"), with(form, "reason", "")).is(t, http.StatusUnprocessableEntity).says(t, "Give a reason")
	if again.find("details", "open=") == nil || again.form(t, "/do").Get("command") != form.Get("command") {
		t.Error("the form did not come back open, for the same command")
	}
	ada.at(ada.send("POST", statementPath(withdrawn, "/do"), with(form, "reason", "Not needed.")).location(t)).says(t, "Withdrawn.")

	approved := w.brought(liaison.Approved, "To dispatch")
	tsb := w.as(secretary)
	tsb.at("/").says(t, "Dispatch", "To dispatch")
	form = tsb.at(statementPath(approved, "")).says(t, "Waits for dispatch").form(t, "/do")
	if form.Get("kind") != "withdraw" && form.Get("kind") != "dispatch" {
		t.Fatalf("the first form is for %q", form.Get("kind"))
	}
	to := tsb.send("POST", statementPath(approved, "/do"), with(form, "kind", "dispatch")).location(t)
	tsb.at(to).says(t, "Dispatch has begun.")
	tsb.send("POST", statementPath(approved, "/do"), with(form, "kind", "approve", "command", newID())).is(t, http.StatusUnprocessableEntity)

	partly := w.brought(liaison.DispatchedInPart, "To close")
	tsb.at("/").says(t, "See what was not accepted", "To close")
	tsb.at(statementPath(partly, "")).says(t, "Refused", "550 5.1.1 No such mailbox here")
}

func TestTheEngineIsDown(t *testing.T) {
	w := newWorld(t)
	ada, lee := w.as(editor), w.as(chair)
	draft, inReview := w.brought(liaison.Draft, "A draft"), w.brought(liaison.InReview, "In review")
	submit := ada.at(statementPath(draft, "/submit")).form(t, "/submit")
	withdraw := ada.at(statementPath(draft, "")).form(t, "/do")
	decide := with(lee.at(statementPath(inReview, "/review")).form(t, "/review"), "action", "approve", "consultation", "E-mail of 22 November 2026", "reason", "Typed with care.")
	w.down = true

	page := lee.send("POST", statementPath(inReview, "/review"), decide).is(t, http.StatusServiceUnavailable).says(t, "Reading still works", "Typed with care.")
	back := page.form(t, "/review")
	if back.Get("command") != decide.Get("command") || back.Get("digest") != decide.Get("digest") {
		t.Error("trying again would be another command")
	}
	page = ada.send("POST", statementPath(draft, "/submit"), submit).is(t, http.StatusServiceUnavailable).says(t, "Reading still works")
	if page.form(t, "/submit").Get("command") != submit.Get("command") {
		t.Error("trying to submit again would be another command")
	}
	ada.send("POST", statementPath(draft, "/do"), with(withdraw, "reason", "Kept.")).is(t, http.StatusServiceUnavailable).says(t, "Reading still works", "Kept.")
	lee.at("/").says(t, "In review")
	lee.at(statementPath(inReview, ""))
	ada.upload(statementPath(draft, "/edit"), with(ada.at(statementPath(draft, "/edit")).form(t, "/edit"), "title", "Drafting works too", "action", "save")).is(t, http.StatusSeeOther)
	lee.get("/readyz").is(t, http.StatusServiceUnavailable).says(t, "down: engine")
	lee.get("/livez").is(t, http.StatusOK)

	w.down = false
	lee.get("/readyz").is(t, http.StatusOK)
	lee.at(lee.send("POST", statementPath(inReview, "/review"), with(back, "action", "approve", "consultation", "E-mail of 22 November 2026")).location(t)).says(t, "Approved as JCA-ML-LS1")
}
