package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jca-ml/liaison/liaison"
)

// formAt reads the form of a page that is sent to the address and holds all of the fields.
func formAt(t testing.TB, s shown, action string, with ...string) url.Values {
	t.Helper()
	for n := range s.root.Descendants() {
		if n.Data != "form" || attr(n, "action") != action {
			continue
		}
		v, all := fields(n), true
		for _, name := range with {
			all = all && v.Has(name)
		}
		if all {
			return v
		}
	}
	t.Fatalf("there is no form to %s with %q", action, with)
	return nil
}

const sg13Calendar = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//ITU//Meetings//EN\r\nBEGIN:VEVENT\r\nUID:sg13-2027-03@itu.example\r\nDTSTAMP:20261101T000000Z\r\n" +
	"DTSTART;VALUE=DATE:20270301\r\nDTEND;VALUE=DATE:20270313\r\nSUMMARY:Study Group 13 meeting\r\nLOCATION:Geneva\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"

// TestAReportFromTheCalendarToItsAnswer plays what five people do with a progress report, on the pages alone.
func TestAReportFromTheCalendarToItsAnswer(t *testing.T) {
	w := newWorld(t)
	desk := w.as(secretary)
	desk.at("/reports").says(t, "JCA-ML reports to SG13", "No report is due.")

	calendar := file{"sg13.ics", sg13Calendar}
	w.as(editor).uploadAs("calendar", "/reports/calendar", url.Values{"group": {string(group)}}, calendar).is(t, http.StatusForbidden)
	page := desk.uploadAs("calendar", "/reports/calendar", url.Values{"group": {string(group)}}, calendar).is(t, http.StatusOK).says(t, "1 meeting of the calendar", "Study Group 13 meeting", "22 February 2027")
	w.wellFormed(t, "/reports", page)

	own := strings.NewReplacer("20270301", "20261110", "20270313", "20261111", "sg13-2027-03", "jca-ml-2026-11", "Study Group 13 meeting", "Tenth meeting of JCA-ML").Replace(sg13Calendar)
	desk.uploadAs("calendar", "/reports/calendar", url.Values{"group": {string(group)}, "of": {"own"}}, file{"jca.ics", own}).is(t, http.StatusOK).says(t, "After: Tenth meeting of JCA-ML", "24 November 2026")

	begin := formAt(t, page, "/reports", "due")
	edit := desk.follow("/reports", begin).says(t, "Write the progress report", "Progress report of JCA-ML")
	w.wellFormed(t, "the report's form", edit)
	id := liaison.StatementID(begin.Get("command"))
	address := "/statements/" + string(id)
	w.wellFormed(t, "/reports with drafts", desk.at("/reports").says(t, "The meeting is told of in"))
	desk.follow("/reports", formAt(t, desk.at("/reports"), "/reports", "group")).says(t, "No day is left for this report") // another one, for no meeting, is another report

	f := formAt(t, edit, address+"/report", "version")
	f.Set("action", "add-proposal")
	f.Set("report.note.", "In short: nothing was overdue.")
	f = formAt(t, desk.follow(address+"/report", f).says(t, "Proposal 1"), address+"/report", "proposal_title")
	if f.Get("report.note.") != "In short: nothing was overdue." {
		t.Errorf("what was typed is lost: %q", f)
	}
	f.Set("proposal_title", "A common list of terms")
	f.Set("proposal_text", "To keep one.")
	f.Set("proposal_to_0", "itu-t/sg13")
	f.Set("provisional", "1")
	f.Set("action", "assemble")
	edit = desk.follow(address+"/report", f).says(t, "Draft saved")
	f = formAt(t, edit, address+"/report", "version")
	if f.Get("report.note.") != "In short: nothing was overdue." || f.Get("proposal_title") != "A common list of terms" {
		t.Errorf("assembling again lost what was written: %q", f)
	}
	annex := file{"progress-report-jca-ml-participants.txt", "Kangchan Lee\n"}
	if s := desk.uploadAs("attachments", address+"/report", f, annex); s.StatusCode != http.StatusSeeOther {
		t.Fatalf("with an annex: %d", s.StatusCode)
	}
	edit = desk.at(address+"/report").says(t, annex.name, "The register has no rows for this")
	f = formAt(t, edit, address+"/report", "version")
	desk.uploadAs("attachments", address+"/report", f, file{"virus.exe", "MZ"}).is(t, http.StatusUnprocessableEntity).says(t, "virus.exe was not attached", annex.name)
	stale := url.Values{}
	for k, v := range f {
		stale[k] = v
	}
	f.Set("action", "submit")
	submit := desk.follow(address+"/report", f)
	stale.Set("action", "save")
	stale.Set("report.note.", "Another one's introduction.")
	w.as(editor).follow(address+"/report", stale).is(t, http.StatusConflict).says(t, "Another one's introduction.", "and what you have")
	desk.follow(address+"/submit", formAt(t, submit, address+"/submit", "command")).says(t, "Submitted for approval")

	w.do(id, liaison.DoApprove, chair)
	w.do(id, liaison.DoDispatch, secretary)
	w.send(id, false)
	w.do(id, liaison.DoSettle, "", func(c *liaison.Command) { c.Reason = "" })
	read := desk.at(address).says(t, "Progress report", "JCA-ML-R1", "not yet approved by JCA-ML", "A common list of terms", "no answer", "Record an answer that was given elsewhere", "Record that it was presented", "progress-report-jca-ml-2026-11-22.pdf", annex.name)
	w.wellFormed(t, "the report", read)
	w.as(outsider).at(address).says(t, "A common list of terms").keepsQuiet(t, "Record an answer")

	desk.at(address+"/figures/unanswered").says(t, "Proposals without an answer", "it is the same")
	w.as(outsider).get(address+"/figures/unanswered").is(t, http.StatusForbidden)
	desk.get(address+"/figures/nonsense").is(t, http.StatusNotFound)

	// SG13 answers by its link.
	ts := w.messagesTo(id)
	nobody := w.as("")
	theirs := nobody.at(linkPath(t, ts[0])).says(t, "Progress report to SG13", "Proposals to you", "A common list of terms", "Everything sent to you")
	w.wellFormed(t, "/a/…", theirs)
	yes := formAt(t, theirs, linkPath(t, ts[0])+"/proposals", "proposal")
	yes.Set("name", "Irene Papadaki, Q7/13")
	again := nobody.follow(linkPath(t, ts[0])+"/proposals", yes).is(t, http.StatusUnprocessableEntity).says(t, "Choose one: accepted, noted or rejected.")
	if kept := formAt(t, again, linkPath(t, ts[0])+"/proposals", "proposal"); kept.Get("name") != "Irene Papadaki, Q7/13" {
		t.Errorf("what was typed is lost: %q", kept)
	}
	yes.Set("answer", "accepted")
	for range 2 { // sent twice, recorded once
		nobody.follow(linkPath(t, ts[0])+"/proposals", yes).says(t, "Your answer is recorded", "Accepted by Irene Papadaki, Q7/13")
	}
	desk.at(address).says(t, "Accepted by Irene Papadaki, Q7/13").keepsQuiet(t, "no answer")

	// Everything that SG13 received, and the end of that link.
	link := ""
	for n := range nobody.at(linkPath(t, ts[0])).root.Descendants() {
		if href := attr(n, "href"); strings.HasPrefix(href, "/own/") {
			link = href
		}
	}
	mine := nobody.at(link).says(t, "What SG13 received", "JCA-ML-R1", "1 proposal, all answered", "Proposal answered", "Nothing waits for an answer")
	w.wellFormed(t, "/own/…", mine)
	nobody.at(link+"/feed.xml").says(t, "JCA-ML-R1: Progress report of JCA-ML")
	nobody.at(link+"/calendar.ics").is(t, http.StatusOK)
	nobody.get(link[:len(link)-1]+"x").is(t, http.StatusNotFound)
	if strings.Contains(w.log.String(), strings.TrimPrefix(link, "/own/")) {
		t.Error("the link of a body stands in the log")
	}
	w.as(editor).follow("/bodies/link/revoke", url.Values{"body": {"itu-t/sg13"}}).is(t, http.StatusForbidden)
	desk.follow("/bodies/link/revoke", formAt(t, desk.at("/bodies/itu-t/sg13"), "/bodies/link/revoke", "body")).says(t, "The link to its own page is revoked.")
	nobody.get(link).is(t, http.StatusNotFound)

	// The parent group takes it up.
	present := formAt(t, desk.at(address), address+"/do", "kind", "reason")
	present.Set("kind", string(liaison.DoAccept))
	present.Set("reason", "Report of SG13, clause 7")
	accepted := desk.follow(address+"/do", present).says(t, "Closed", "Accepted by the parent group", "Issue a corrigendum").keepsQuiet(t, "Issue a revised statement")

	// A corrigendum says what is to be read otherwise, and goes out under the same number.
	correct := formAt(t, accepted, address+"/follow", "kind")
	for _, form := range forms(accepted, address+"/follow") {
		if form.Get("kind") == string(liaison.Corrects) {
			correct = form
		}
	}
	page = desk.follow(address+"/follow", correct)
	if page.StatusCode == http.StatusSeeOther {
		page = desk.get(page.Header.Get("Location"))
	}
	page.says(t, "Write the corrigendum to JCA-ML-R1", "What is to be read otherwise").keepsQuiet(t, "Assemble it again", "Add a proposal", "Key figures")
	w.wellFormed(t, "the corrigendum's form", page)
	second, _, _ := strings.Cut(strings.TrimPrefix(page.Request.URL.Path, "/statements/"), "/")
	there := "/statements/" + second
	f = formAt(t, page, there+"/report", "version")
	f.Set("abstract", "Puts a number right.")
	f.Set("report.note.", "In section 4, read 12 in place of 11.")
	f.Set("action", "submit")
	submit = desk.follow(there+"/report", f)
	desk.follow(there+"/submit", formAt(t, submit, there+"/submit", "command")).says(t, "Submitted for approval")
	w.do(liaison.StatementID(second), liaison.DoApprove, chair)
	w.do(liaison.StatementID(second), liaison.DoDispatch, secretary)
	desk.at(there).says(t, "JCA-ML-R1 Corr.1", "read 12 in place of 11").keepsQuiet(t, "Officers and terms of reference")
	desk.at(address).says(t, "Corrected by", "JCA-ML-R1 Corr.1")
	numbers := desk.at("/statements/numbers?group="+url.QueryEscape(string(group))+"&kind=report&period=2025-2028").says(t, "JCA-ML-R1 Corr.1", "under the number of what it corrects")
	w.wellFormed(t, "the numbers of reports", numbers)
}

// forms are all forms of a page that are sent to the address.
func forms(s shown, action string) (out []url.Values) {
	for n := range s.root.Descendants() {
		if n.Data == "form" && attr(n, "action") == action {
			out = append(out, fields(n))
		}
	}
	return out
}

// follow sends a form and goes where the answer leads.
func (b *browser) follow(path string, form url.Values) shown {
	b.Helper()
	s := b.send(http.MethodPost, path, form)
	if s.StatusCode == http.StatusSeeOther {
		return b.get(s.Header.Get("Location"))
	}
	return s
}

// TestAReportOfAnotherPeriod: whoever changes the period gets what the register says of that one, however the form is sent, and nobody
// submits a report of days that are not over. The world's day is 23 November 2026.
func TestAReportOfAnotherPeriod(t *testing.T) {
	w := newWorld(t)
	desk := w.as(secretary)
	begin := formAt(t, desk.at("/reports"), "/reports", "group")
	edit := desk.follow("/reports", begin).says(t, "to 22 November 2026")
	id := liaison.StatementID(begin.Get("command"))
	address := "/statements/" + string(id)
	report := func() liaison.Content {
		t.Helper()
		snap, err := w.store.Snapshot(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return snap.Content
	}
	first := report()
	if r := first.Report; r.Until != "2026-11-22" || r.OfUntil != "2026-11-22" {
		t.Fatalf("it begins with the period until %s, assembled until %s; want the last day that is over", r.Until, r.OfUntil)
	}

	for _, action := range []string{"save", "assemble", "submit"} {
		f := formAt(t, edit, address+"/report", "version")
		f.Set("action", action)
		f.Set("until", "2026-11-23")
		f.Set("report.note.", "Typed and not lost.")
		refused := desk.follow(address+"/report", f).is(t, http.StatusUnprocessableEntity).says(t, "that day was not over", "Let it end on 22 November 2026 at the latest")
		w.wellFormed(t, "the refused form", refused)
		if kept := formAt(t, refused, address+"/report", "version"); kept.Get("until") != "2026-11-23" || kept.Get("report.note.") != "Typed and not lost." {
			t.Errorf("%s: what was typed is lost: %q", action, kept)
		}
	}
	if diff := cmp.Diff(first, report()); diff != "" {
		t.Errorf("a refused period changed the draft (-want +got):\n%s", diff)
	}

	f := formAt(t, edit, address+"/report", "version")
	f.Set("action", "save")
	f.Set("until", "2026-10-31")
	f.Set("report.note.", "Until October.")
	edit = desk.follow(address+"/report", f).says(t, "Draft saved", "assembled anew", "Until October.")
	c := report()
	if r := c.Report; r.Until != "2026-10-31" || r.OfUntil != "2026-10-31" || r.AsOf.Before(first.Report.AsOf) {
		t.Errorf("saved until %s, assembled until %s", r.Until, r.OfUntil)
	}
	if !strings.Contains(c.Title, "31 October 2026") || !strings.Contains(c.Abstract, "31 October 2026") {
		t.Errorf("it is called %q, %q", c.Title, c.Abstract)
	}

	f = formAt(t, edit, address+"/report", "version")
	f.Set("title", "JCA-ML in the autumn")
	f.Set("until", "2026-09-30")
	f.Set("action", "submit")
	submit := desk.follow(address+"/report", f)
	if c = report(); c.Report.OfUntil != "2026-09-30" || c.Title != "JCA-ML in the autumn" || !strings.Contains(c.Abstract, "30 September 2026") {
		t.Errorf("submitted are the sections until %s, called %q, %q", c.Report.OfUntil, c.Title, c.Abstract)
	}
	desk.follow(address+"/submit", formAt(t, submit, address+"/submit", "command")).says(t, "Submitted for approval")
}

// TestNothingIsDueForACancelledMeeting: the calendar cancels it when the draft was begun, and the list says so.
func TestNothingIsDueForACancelledMeeting(t *testing.T) {
	w := newWorld(t)
	desk := w.as(secretary)
	bring := func(text string) shown {
		return desk.uploadAs("calendar", "/reports/calendar", url.Values{"group": {string(group)}}, file{"sg13.ics", text}).is(t, http.StatusOK)
	}
	desk.follow("/reports", formAt(t, bring(sg13Calendar), "/reports", "due"))
	page := bring(strings.Replace(sg13Calendar, "SUMMARY", "STATUS:CANCELLED\r\nSUMMARY", 1)).says(t, "not due any more", "The draft")
	w.wellFormed(t, "/reports with a cancelled meeting", page)
	if forms := forms(page, "/reports"); len(forms) != 1 || forms[0].Has("due") {
		t.Errorf("one can be begun for it: %v", forms)
	}
}

// TestAMeetingOfTheParentGroupIsEnteredByHand: where there is no calendar, the group that reports sees to it. The world's day is 23 November 2026.
func TestAMeetingOfTheParentGroupIsEnteredByHand(t *testing.T) {
	w := newWorld(t)
	desk := w.as(secretary)
	w.as(editor).at("/reports").keepsQuiet(t, "Enter a meeting of")
	w.as(editor).get("/meetings/new?group=itu-t/sg13").is(t, http.StatusForbidden)
	w.as(outsider).get("/meetings/new?group=itu-t/sg13").is(t, http.StatusNotFound)
	desk.get("/meetings/new?group=itu-t/sg17").is(t, http.StatusNotFound) // no parent of ours

	desk.at("/reports").says(t, "Enter a meeting of SG13")
	page := desk.at("/meetings/new?group=itu-t/sg13").says(t, "Enter a meeting of SG13").keepsQuiet(t, "Held together with")
	w.wellFormed(t, "the form for a meeting of the parent", page)
	wrong := with(page.form(t, "/meetings"), "title", "Study Group 13 meeting", "place", "Geneva", "from", "2026-12-04", "until", "2026-11-27", "source", "TSB Circular 90")
	kept := desk.send(http.MethodPost, "/meetings", wrong).is(t, http.StatusUnprocessableEntity).says(t, "The last day, 27 November 2026, is before the first")
	form := with(kept.form(t, "/meetings"), "from", "2026-11-27", "until", "2026-12-04")
	if form.Get("title") != "Study Group 13 meeting" {
		t.Errorf("what was typed is lost: %q", form)
	}
	address := desk.send(http.MethodPost, "/meetings", form).location(t)
	page = desk.at(address).says(t, "Study Group 13 meeting", "A progress report is due for it", "Cancel the meeting").keepsQuiet(t, "Open the meeting", "There is no agenda", "Waits in review")
	w.wellFormed(t, "a meeting of the parent", page)
	w.as(editor).at(address).keepsQuiet(t, "Cancel the meeting", "Change it")
	w.as(outsider).get(address).is(t, http.StatusNotFound)
	desk.at("/reports").says(t, "Study Group 13 meeting", "20 November 2026")

	change := with(desk.at(address+"/edit").form(t, address+"/edit"), "from", "2026-11-26")
	desk.send(http.MethodPost, address+"/edit", change).location(t)
	w.as(chair).at("/reports").says(t, "19 November 2026", "26 November 2026 to 4 December 2026")

	// It is over before its time; the report was not sent.
	over := formAt(t, desk.at(address), address+"/do", "kind")
	over.Set("kind", string(liaison.CloseMeeting))
	desk.send(http.MethodPost, address+"/do", over).is(t, http.StatusConflict).says(t, "today is 23 November 2026")
	w.now = w.now.AddDate(0, 0, 3)
	page = desk.at(address).says(t, "Record that it is over")
	desk.follow(address+"/do", over).says(t, "Closed").keepsQuiet(t, "Cancel the meeting")
	desk.at("/reports").says(t, "missed: the meeting closed on 4 December 2026 without it")

	// Another one is cancelled, for a reason.
	other := with(desk.at("/meetings/new?group=itu-t/sg13").form(t, "/meetings"), "title", "Extraordinary meeting", "from", "2027-06-07", "until", "2027-06-08")
	address = desk.send(http.MethodPost, "/meetings", other).location(t)
	desk.at("/reports").says(t, "31 May 2027")
	cancel := url.Values{"kind": {string(liaison.CancelMeeting)}}
	desk.send(http.MethodPost, address+"/do", cancel).is(t, http.StatusUnprocessableEntity).says(t, "Give a reason")
	cancel.Set("reason", "Merged with the one in July")
	desk.follow(address+"/do", cancel).says(t, "Cancelled")
	desk.at("/reports").keepsQuiet(t, "31 May 2027")
}
