package web

import (
	"net/http"
	"strings"
	"testing"

	"github.com/jca-ml/liaison/liaison"
)

func TestEmployersOfOfficers(t *testing.T) {
	w := newWorld(t)
	const register = "/employers?group=itu-t%2Fjca-ml"
	tsb, lee, carugi := w.as(secretary), w.as(chair), w.as(viceChair)
	tsb.at("/bodies/"+string(group)).holds(t, `href="`+register+`"`)
	page := tsb.at(register).says(t, "nobody is recused for an employer", "must not be employed by a body that it addresses")
	w.wellFormed(t, register, page)
	form := with(page.form(t, "/employers"), "person", string(chair), "body", "ieee", "from", "2020-01-01", "until", "2019-01-01", "evidence", "His own word of today.")
	again := tsb.send("POST", "/employers", form).is(t, http.StatusUnprocessableEntity).says(t, "is before the first", "His own word of today.")
	if kept := again.form(t, "/employers"); kept.Get("body") != "ieee" || kept.Get("person") != string(chair) {
		t.Errorf("what was typed is lost: %v", kept)
	}
	for range 2 { // sent twice, recorded once
		tsb.send("POST", "/employers", with(form, "until", "")).is(t, http.StatusSeeOther)
	}
	listed := tsb.at(register).says(t, "Kangchan Lee : IEEE , from 1 January 2020", "recorded by TSB Secretariat")
	w.wellFormed(t, register, listed)

	// The chair sees it and changes nothing; the person sees their own; nobody else sees any.
	lee.at(register).says(t, "IEEE").keepsQuiet(t, "Enter one", "End it")
	lee.at("/me").says(t, "Who you work for", "IEEE , from 1 January 2020")
	for _, b := range []*browser{carugi, w.as(editor), w.as(outsider)} {
		b.get(register).is(t, http.StatusNotFound).keepsQuiet(t, "IEEE")
		b.at("/me").says(t, "Nothing is written down of you.").keepsQuiet(t, "IEEE")
		if strings.Contains(b.at("/bodies/"+string(group)).body, "/employers") {
			t.Error("a link to what they may not see")
		}
	}
	carugi.send("POST", "/employers", form).is(t, http.StatusForbidden)

	// It bars from a decision until it ends, for a reason.
	id := w.bring(liaison.InReview, content("To my employer", liaison.Addressee{Body: "ieee", Purpose: liaison.ForAction}))
	lee.at(statementPath(id, "/review")).says(t, "Your employer, IEEE, is addressed").keepsQuiet(t, "Approve and dispatch")
	var path string
	for n := range listed.root.Descendants() {
		if a := attr(n, "action"); strings.HasPrefix(a, "/employers/") {
			path = a
		}
	}
	ending := with(listed.form(t, "/end"), "last", "2026-11-22", "reason", " ")
	w.wellFormed(t, path, tsb.send("POST", path, ending).is(t, http.StatusUnprocessableEntity).says(t, "Give a reason").holds(t, `value="2026-11-22"`))
	tsb.send("POST", path, with(ending, "last", "2019-01-01", "reason", "Retired.")).is(t, http.StatusUnprocessableEntity).says(t, "Give a last day from 1 January 2020 on", "Retired.")
	tsb.at(tsb.send("POST", path, with(ending, "reason", "Retired.")).location(t)).says(t, "from 1 January 2020 until 22 November 2026", "ended by TSB Secretariat : Retired.")
	lee.at(statementPath(id, "/review")).says(t, "Approve and dispatch")
	tsb.send("POST", path, with(ending, "reason", "Retired.")).is(t, http.StatusConflict)
}
