package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jca-ml/liaison/liaison"
)

// TestByCorrespondence is a window from its opening to the decision, by the people in front of the pages.
func TestByCorrespondence(t *testing.T) {
	w := newWorld(t)
	id := w.brought(liaison.InReview, "Asked by correspondence")
	review, address := statementPath(id, "/review"), statementPath(id, "")
	lee := w.as(chair)
	page := lee.at(review)
	form := page.form(t, "/window")
	if form.Get("last") != "2026-12-07" || form.Get("mode") != "correspondence" {
		t.Errorf("it proposes %v", form)
	}
	lee.send("POST", statementPath(id, "/window"), with(form, "action", "open", "last", "2026-11-23")).is(t, http.StatusUnprocessableEntity).says(t, "24 November 2026 at the earliest")
	lee.at(lee.send("POST", statementPath(id, "/window"), with(form, "action", "open", "last", "2026-11-26")).location(t)).says(t, "Up for objections until the end of 26 November 2026", "By correspondence", "has said nothing")

	t.Run("the chair waits for the end", func(t *testing.T) {
		got := lee.at(review).says(t, "3 days left", "The chair can approve it from 27 November 2026 on", "Return for changes")
		if got.find("button", "value=approve") != nil {
			t.Error("there is a button to approve it")
		}
		forged := with(got.form(t, "/review"), "action", "approve")
		lee.send("POST", review, forged).is(t, http.StatusConflict).says(t, "26 November 2026")
	})
	t.Run("edge 61: who was asked sees the exact bytes, and answers", func(t *testing.T) {
		carugi := w.as(viceChair)
		carugi.at("/").says(t, "Asked by correspondence", "Read it and answer")
		got := carugi.at(review).says(t, "Your answer to revision 1", "Saying nothing is no agreement", "The e-mail as it will be received")
		carugi.send("POST", statementPath(id, "/window"), with(got.form(t, "/window"), "action", "object", "reason", "")).is(t, http.StatusUnprocessableEntity).says(t, "Give a reason")
		carugi.at(carugi.send("POST", statementPath(id, "/window"), with(got.form(t, "/window"), "action", "comment", "reason", "The annex is long.")).location(t)).says(t, "What was said is on the record", "The annex is long.", "comments")
		carugi.at("/").keepsQuiet(t, "Read it and answer")
	})
	t.Run("the secretariat enters what somebody said, with evidence", func(t *testing.T) {
		tsb := w.as(secretary)
		got := tsb.at(review)
		said := with(got.form(t, "/said"), "kind", "no-objection", "by", "", "name", "A. Delegate", "reason", "Fine with us.")
		back := tsb.upload(statementPath(id, "/said"), with(said, "evidence", "")).is(t, http.StatusUnprocessableEntity).says(t, "Give the evidence")
		if f := back.form(t, "/said"); f.Get("name") != "A. Delegate" || !strings.Contains(f.Get("reason"), "Fine with us.") {
			t.Errorf("what was typed is lost: %v", f)
		}
		tsb.at(tsb.upload(statementPath(id, "/said"), with(said, "evidence", "E-mail of 23 November 2026")).location(t)).says(t, "A. Delegate", "has no objection", "entered by")
	})
	t.Run("a reader sees none of it", func(t *testing.T) {
		w.as(outsider).get(review).is(t, http.StatusNotFound)
		w.as(outsider).send("POST", statementPath(id, "/window"), with(form, "action", "object", "reason", "No.")).is(t, http.StatusNotFound)
	})

	w.now = time.Date(2026, 11, 26, 23, 0, 0, 0, time.UTC)
	w.do(id, liaison.DoEndWindow, "")
	got := lee.at(review).says(t, "The time for objections is over", "has said nothing", "The annex is long.")
	lee.at("/").says(t, "Asked by correspondence")
	lee.at(lee.send("POST", review, with(got.form(t, "/review"), "action", "hold")).location(t)).says(t, "by correspondence", "Approved by correspondence")

	late := w.as(viceChair)
	form = late.at(address).form(t, "/do")
	late.at(late.send("POST", statementPath(id, "/do"), with(form, "kind", "object", "reason", "Too late, I know.")).location(t)).says(t, "After the time for objections", "Too late, I know.", "they undo nothing", "Approved")
	w.as(editor).at(statementPath(id, "/history")).says(t, "Put up for objections", "Objected to when the window was over")
	w.do(id, liaison.DoDispatch, secretary)
	w.send(id, false)
	w.do(id, liaison.DoSettle, "", func(c *liaison.Command) { c.Reason = "" })
	w.as(outsider).at(address).says(t, "by correspondence").keepsQuiet(t, "Too late, I know.", "The annex is long.")
	w.as(outsider).at(statementPath(id, "/history")).keepsQuiet(t, "Objected", "Put up for objections")
}

// TestAnObjectionStopsIt: edge 24, on the pages.
func TestAnObjectionStopsIt(t *testing.T) {
	w := newWorld(t)
	id := w.brought(liaison.InCorrespondence, "Objected to")
	carugi := w.as(viceChair)
	form := carugi.at(statementPath(id, "/review")).form(t, "/window")
	carugi.at(carugi.send("POST", statementPath(id, "/window"), with(form, "action", "object", "reason", "It is not ours.")).location(t)).says(t, "stops it", "In review", "It is not ours.")
	lee := w.as(chair)
	got := lee.at(statementPath(id, "/review")).says(t, "It is not ours.", "objects", "This revision was up for objections")
	lee.at(lee.send("POST", statementPath(id, "/review"), with(got.form(t, "/review"), "action", "hold", "consulted", "window")).location(t)).says(t, "the management team was asked by correspondence", "between meetings")

	other := w.brought(liaison.InCorrespondence, "Taken back")
	back := lee.at(statementPath(other, "/review")).form(t, "/do")
	lee.send("POST", statementPath(other, "/do"), with(back, "kind", "cancel-window", "reason", "")).is(t, http.StatusUnprocessableEntity).says(t, "Give a reason")
	lee.at(lee.send("POST", statementPath(other, "/do"), with(back, "kind", "cancel-window", "reason", "A figure is wrong.")).location(t)).says(t, "taken back", "In review")
}

// TestConsultationOnThePages: between meetings the chair says how the management team was consulted, and nothing typed is lost.
func TestConsultationOnThePages(t *testing.T) {
	w := newWorld(t)
	id := w.brought(liaison.InReview, "Consulted")
	lee := w.as(chair)
	form := with(lee.at(statementPath(id, "/review")).form(t, "/review"), "action", "hold", "reason", "As agreed.")
	back := lee.send("POST", statementPath(id, "/review"), form).is(t, http.StatusUnprocessableEntity).says(t, "Give the reference of the consultation")
	again := back.form(t, "/review")
	if !strings.Contains(again.Get("reason"), "As agreed.") {
		t.Errorf("the reason is lost: %v", again)
	}
	lee.at(lee.send("POST", statementPath(id, "/review"), with(again, "action", "hold", "consultation", "Call of 20 November")).location(t)).says(t, "the management team was consulted outside", "Call of 20 November")
	w.as(editor).at(statementPath(id, "/history")).says(t, "consulted outside", "Call of 20 November")
}
