package web

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/jca-ml/liaison/liaison"
)

func TestTheSecretariatKeepsHowABodyIsReached(t *testing.T) {
	w := newWorld(t)
	tsb, page := w.as(secretary), "/bodies/w3c"
	tsb.at(page).says(t, "Nothing is recorded besides its mailbox")
	form := tsb.at(page).form(t, page)
	filled := with(form, "channel", "tracker", "address", "https://w3c.example/issues", "copies", "itu-t/sg17", "sentence", "For the Team.", "formats", ".PDF, txt", "standing", "unqualified",
		"relationship", "Memorandum", "formerly", "W3 Consortium; ", "contacts", "Ann Other; W3C; ann@w3c.example; technical\nBen Other; W3C; ben@w3c.example; response", "confirmed", "2024-11-01", "source", "Its page", "publishes", "yes")
	w.as(editor).send("POST", page, filled).is(t, http.StatusForbidden)
	if w.as(editor).at(page).find("form", "action="+page) != nil {
		t.Error("an editor is offered the form")
	}
	tsb.send("POST", page, filled).is(t, http.StatusSeeOther)
	tsb.at(page).says(t, "Issue tracker", "https://w3c.example/issues", "itu-t/sg17", "For the Team.", "pdf, txt", "Not a qualified organization", "Memorandum", "Formerly W3 Consortium", "Technical contact Ann Other", "Response contact Ben Other",
		"last confirmed on 1 November 2024, longer than a year ago", "Versions (1)", "TSB Secretariat")
	stale := tsb.send("POST", page, with(filled, "sentence", "Another.")).is(t, http.StatusUnprocessableEntity).says(t, "Somebody changed this body's profile after you opened it")
	if got := stale.form(t, page).Get("sentence"); got != "Another." {
		t.Errorf("what was typed is gone: %q", got)
	}
	bad := tsb.send("POST", page, with(tsb.at(page).form(t, page), "formats", "p d f", "copies", "No Body", "contacts", "Ann; ; nobody")).is(t, http.StatusUnprocessableEntity)
	if back := bad.form(t, page); back.Get("formats") != "p d f" || back.Get("copies") != "No Body" {
		t.Errorf("what was typed is gone: %v", back)
	}
	for _, id := range []string{"f-reach-formats-error", "f-reach-copies-error", "f-reach-contacts-error"} {
		if bad.find("p", "id="+id) == nil {
			t.Errorf("no error at %s", id)
		}
	}
	tsb.send("POST", page, with(filled, "version", "none")).is(t, http.StatusUnprocessableEntity)
	tsb.send("POST", "/bodies/no/such", with(filled, "copies", "")).is(t, http.StatusNotFound)

	// A mailbox that is recorded is where the next draft goes, and what is in approval is held against it.
	before := w.brought(liaison.InReview, "Before it moved")
	moved := tsb.at("/bodies/ieee").form(t, "/bodies/ieee")
	wrong := tsb.send("POST", "/bodies/ieee", with(moved, "mailbox", "nobody")).is(t, http.StatusUnprocessableEntity)
	if wrong.find("p", "id=f-reach-mailbox-error") == nil || wrong.form(t, "/bodies/ieee").Get("mailbox") != "nobody" {
		t.Errorf("a mailbox that is none comes back as %q", wrong.form(t, "/bodies/ieee").Get("mailbox"))
	}
	tsb.send("POST", "/bodies/ieee", with(moved, "mailbox", " moved@ieee.example ")).is(t, http.StatusSeeOther)
	tsb.at("/bodies/ieee").says(t, "Mailbox moved@ieee.example", "Versions (1)")
	after := w.draft(editor, content("After it moved", liaison.Addressee{Body: "ieee", Purpose: liaison.ForAction}))
	if a := w.snapshot(after).Content.Addressees[0]; a.Email != "moved@ieee.example" {
		t.Errorf("addressed to %s", a.Email)
	}
	w.as(chair).at(statementPath(before, "/review")).says(t, "moved@ieee.example is recorded now")

	// what it asks for is on the check list of the next draft
	id := w.draft(editor, content("Reached", liaison.Addressee{Body: "w3c", Purpose: liaison.ForAction}))
	w.as(editor).at(statementPath(id, "/edit")).says(t, "is not a qualified organization", "https://w3c.example/issues", "By rule a copy goes to SG17")
}

func TestTheSecretariatEntersABody(t *testing.T) {
	w := newWorld(t)
	tsb := w.as(secretary)
	form := tsb.at("/bodies").form(t, "/bodies")
	w.as(editor).send("POST", "/bodies", with(form, "code", "openml/forum", "name", "OpenML forum", "email", "forum@openml.example")).is(t, http.StatusForbidden)
	if w.as(editor).at("/bodies").find("form", "action=/bodies") != nil {
		t.Error("an editor is offered the form")
	}
	tsb.send("POST", "/bodies", with(form, "code", "Open ML", "name", "OpenML forum")).is(t, http.StatusUnprocessableEntity).says(t, "A body's code names the organization")
	if to := tsb.send("POST", "/bodies", with(form, "code", "openml/forum", "name", "OpenML forum", "email", "forum@openml.example")).location(t); to != "/bodies/openml/forum" {
		t.Errorf("goes to %s", to)
	}
	page := "/bodies/openml/forum"
	tsb.at(page).says(t, "not in the address book")
	change := func(pairs ...string) url.Values { return with(tsb.at(page).form(t, page), pairs...) }
	tsb.send("POST", page, change("source", "a phone call")).is(t, http.StatusSeeOther)
	tsb.at(page).says(t, "not in the address book") // still nobody confirmed it
	tsb.send("POST", page, change("confirmed", "2026-11-01")).is(t, http.StatusSeeOther)
	tsb.at(page).keepsQuiet(t, "not in the address book")
}
