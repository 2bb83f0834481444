package web

import (
	"net/http"
	"testing"

	"github.com/jca-ml/liaison/liaison"
)

func TestAViceChairStandsInOnThePages(t *testing.T) {
	w := newWorld(t)
	id := w.brought(liaison.InReview, "While the chair travels")
	carugi, lee, tsb := w.as(viceChair), w.as(chair), w.as(secretary)
	carugi.at("/").says(t, "Nothing waits for you.")
	carugi.at(statementPath(id, "/review")).says(t, "A vice-chair decides only while the chair's absence or a delegation is recorded").keepsQuiet(t, "Approve and dispatch")

	// The chair delegates; a mistake comes back with what was typed.
	form := with(lee.at("/absences?group=itu-t%2Fjca-ml").form(t, "/absences"), "kind", "delegation", "person", string(chair), "deputy", string(viceChair), "from", "2026-11-23", "until", "2026-11-20", "evidence", "My mail of 22 November 2026.")
	lee.send("POST", "/absences", form).is(t, http.StatusUnprocessableEntity).says(t, "The last day, 20 November 2026, is before the first.", "My mail of 22 November 2026.")
	lee.at(lee.send("POST", "/absences", with(form, "until", "2026-11-30")).location(t)).says(t, "Delegation of Kangchan Lee , to Marco Carugi", "holds today")
	lee.send("POST", "/absences", with(form, "until", "2026-11-30")).is(t, http.StatusSeeOther) // the same form again

	carugi.at("/").says(t, "While the chair travels", "Review and decide")
	another := w.draft(editor, content("Drafted while the chair travels"))
	author := w.as(editor)
	author.at(statementPath(another, "/submit")).says(t, "Kangchan Lee and Marco Carugi will be asked to decide")
	author.at(author.send("POST", statementPath(another, "/submit"), author.at(statementPath(another, "/submit")).form(t, "/submit")).location(t)).says(t, "Kangchan Lee and Marco Carugi are asked to decide.")
	page := carugi.at(statementPath(id, "/review")).says(t, "You decide as Vice-chair , in the chair's place", "My mail of 22 November 2026.", "It waits since today")
	decided := carugi.send("POST", statementPath(id, "/review"), with(page.form(t, "/review"), "action", "hold", "consultation", "E-mail of 22 November 2026"))
	carugi.at(decided.location(t)).says(t, "JCA-ML Vice-chair, between meetings", "Marco Carugi as Vice-chair, by delegation of the chair")
	carugi.at(statementPath(id, "/history")).says(t, "Approved by Marco Carugi as Vice-chair", "in the chair's place")

	// It is ended early by the secretariat, for a reason, and by nobody else.
	a := w.snapshot(id).Absences
	if len(a) != 1 {
		t.Fatalf("%d delegations were recorded", len(a))
	}
	end := "/absences/" + string(a[0].ID) + "/end"
	tsb.send("POST", end, with(tsb.at("/absences?group=itu-t%2Fjca-ml").form(t, "/end"), "reason", " ")).is(t, http.StatusUnprocessableEntity).says(t, "Say why it ends early")
	carugi.send("POST", end, map[string][]string{"group": {string(group)}, "reason": {"no"}}).is(t, http.StatusForbidden)
	tsb.at(tsb.send("POST", end, map[string][]string{"group": {string(group)}, "reason": {"The chair is back."}}).location(t)).says(t, "ended early on 23 November 2026", "The chair is back.", "only the chair decides")
	carugi.at("/").says(t, "Nothing waits for you.")
	w.as(outsider).get("/absences?group=itu-t%2Fjca-ml").is(t, http.StatusNotFound).keepsQuiet(t, "The chair is back.")
}

func TestDeclaringAnInterest(t *testing.T) {
	w := newWorld(t)
	id := w.brought(liaison.InReview, "On our product")
	lee := w.as(chair)
	page := lee.at(statementPath(id, "/review"))
	form := with(page.form(t, "/do"), "kind", "recuse", "reason", "It is about our product.")
	lee.at(lee.send("POST", statementPath(id, "/do"), form).location(t)).says(t, "Your interest is on the record.").keepsQuiet(t, "Review and decide")
	lee.at(statementPath(id, "/review")).says(t, "You declared that you have an interest").keepsQuiet(t, "Approve and dispatch")
	decide := with(page.form(t, "/review"), "action", "approve", "consultation", "E-mail of 22 November 2026")
	lee.send("POST", statementPath(id, "/review"), decide).is(t, http.StatusForbidden)
	if got := w.snapshot(id).State; got != liaison.InReview {
		t.Errorf("it is %s", got)
	}
}

func TestEnteringAnApprovalOnThePage(t *testing.T) {
	w := newWorld(t)
	id := w.brought(liaison.InReview, "Approved on the telephone")
	tsb := w.as(secretary)
	page := tsb.at(statementPath(id, "/review")).says(t, "Enter an approval given outside").keepsQuiet(t, "Approve and dispatch")
	form := with(page.form(t, "/approval"), "action", "hold", "consultation", "E-mail of 22 November 2026")
	for name, tc := range map[string]struct {
		change []string
		says   string
	}{
		"no evidence":             {[]string{"evidence", ""}, "Give the evidence"},
		"tomorrow":                {[]string{"on", "2026-11-24", "evidence", "E-mail"}, "is not here yet"},
		"the vice-chair, nothing": {[]string{"by", string(viceChair), "evidence", "E-mail"}, "The vice-chair could not approve"},
	} {
		t.Run(name, func(t *testing.T) {
			tsb.upload(statementPath(id, "/approval"), with(form, tc.change...)).is(t, http.StatusUnprocessableEntity).says(t, tc.says)
		})
	}
	w.as(editor).upload(statementPath(id, "/approval"), with(form, "evidence", "x")).is(t, http.StatusForbidden)
	done := tsb.upload(statementPath(id, "/approval"), form, file{"call.txt", "Notes of the call of 23 November 2026, 09:30."})
	tsb.at(done.location(t)).says(t, "Kangchan Lee as Chair, 23 November 2026", "given outside, entered by TSB Secretariat", "Evidence: call.txt", "the file")
	tsb.at(statementPath(id, "/approval/"+string(w.snapshot(id).Approval.File))).says(t, "Notes of the call")
	w.as(outsider).get(statementPath(id, "/approval/"+string(w.snapshot(id).Approval.File))).is(t, http.StatusNotFound)
	tsb.at(statementPath(id, "/history")).says(t, "Approved by TSB Secretariat as Secretariat", "on the word of Kangchan Lee as Chair, given outside on 23 November 2026")
}
