package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
	"golang.org/x/net/html"

	"github.com/jca-ml/liaison/liaison"
)

// twelve is the agenda of the first meeting of JCA-ML (TSB Circular 72, Annex 2), as somebody types it.
const twelve = "Opening, welcome, objectives of the meeting\r\nApproval of the agenda\r\nReview of the terms of reference\r\nWorking methods and tools\r\n" +
	"Appointment of representatives\r\nConsideration of input documents\r\nReview of current work\r\n\r\nFuture action plan\r\nApproval of outgoing liaison statements\r\n" +
	"Future meetings and activities\r\nAny other business\r\nClose of the meeting\r\n"

// enters types a meeting in and returns its address.
func (b *browser) enters(from, until string, more ...string) string {
	b.Helper()
	form := with(b.at("/meetings/new?group=itu-t/jca-ml").form(b, "/meetings"), append([]string{
		"title", "Second meeting of JCA-ML", "place", "Geneva", "from", from, "until", until, "announced", "2026-10-01", "source", "TSB Circular 90", "agenda", twelve}, more...)...)
	return b.send("POST", "/meetings", form).location(b)
}

// sits is a meeting that is in session today.
func (w *world) sits() string {
	w.Helper()
	address := w.as(secretary).enters("2026-11-22", "2026-11-24")
	w.move(address, liaison.OpenMeeting)
	return address
}

func (w *world) move(address string, act liaison.MeetingAct) {
	w.Helper()
	if err := w.store.MoveMeeting(w.Context(), secretary, meetingID(address), act, "because"); err != nil {
		w.Fatal(err)
	}
}

func meetingID(address string) liaison.MeetingID {
	return liaison.MeetingID(strings.TrimPrefix(address, "/meetings/"))
}

// tabled puts a new statement on item 9.
func (w *world) tabled(address, title string) liaison.StatementID {
	w.Helper()
	id := w.brought(liaison.InReview, title)
	w.do(id, liaison.DoTable, secretary, func(c *liaison.Command) { c.Meeting, c.Item = meetingID(address), 9 })
	return id
}

// batch is what a browser sends of the form of several, with these ticked.
func (s shown) batch(ids ...liaison.StatementID) url.Values {
	values := url.Values{}
	for n := range s.root.Descendants() {
		if n.Type == html.ElementNode && n.Data == "input" && attr(n, "form") == "batch" && attr(n, "type") == "hidden" {
			values.Add(attr(n, "name"), attr(n, "value"))
		}
	}
	for _, id := range ids {
		values.Add("statement", string(id))
	}
	return values
}

// card is the form of a statement on the meeting's page that has the button.
func (s shown) card(t testing.TB, id liaison.StatementID, action string) url.Values {
	t.Helper()
	for n := range s.root.Descendants() {
		if n.Type == html.ElementNode && n.Data == "form" && attr(n, "action") == statementPath(id, "/review") && find(n, "button", "value="+action) != nil {
			return with(fields(n), "action", action)
		}
	}
	t.Fatalf("the page has no button to %s %s:\n%s", action, id, text(s.find("main")))
	return nil
}

// TestANewcomerEntersTheFirstMeeting: from an empty page, without a calendar, with the agenda of twelve items.
func TestANewcomerEntersTheFirstMeeting(t *testing.T) {
	w := newWorld(t)
	b := w.as(secretary)
	empty := b.at("/meetings").says(t, "No meeting is ahead.", "Enter a meeting")
	to := attr(empty.find("a", "class=button primary", "href=/meetings/new?group=itu-t%2Fjca-ml"), "href")
	page := b.at(to).says(t, "Enter a meeting of JCA-ML", "statements are decided under item 9")
	form := with(page.form(t, "/meetings"), "title", "First meeting of JCA-ML", "place", "Geneva", "from", "2023-03-16", "until", "", "announced", "2023-02-08", "source", "TSB Circular 72", "agenda", twelve)

	b.send("POST", "/meetings", with(form, "title", "", "from", "16 March")).is(t, http.StatusUnprocessableEntity).says(t, "Give the meeting a title", "Give the first day", "Approval of outgoing liaison statements", "TSB Circular 72")
	b.send("POST", "/meetings", with(form, "agenda", strings.Repeat("x", 401))).is(t, http.StatusUnprocessableEntity).says(t, "at most 400 fit")
	address := b.send("POST", "/meetings", form).location(t)
	if again := b.send("POST", "/meetings", form).location(t); again != address {
		t.Errorf("sent again it is %s, and was %s", again, address)
	}
	shown := b.at(address).says(t, "First meeting of JCA-ML", "Geneva", "16 March 2023", "announced on 8 February 2023", "TSB Circular 72", "12 Close of the meeting")
	if text(shown.find("li", "id=item-9").FirstChild.NextSibling) != "9 Approval of outgoing liaison statements" {
		t.Errorf("item 9 is %q", text(shown.find("li", "id=item-9")))
	}
	b.at("/meetings").says(t, "First meeting of JCA-ML", "Over")
	// The next one begins with this agenda, and a late announcement is said and refuses nothing.
	next := b.at(to)
	if got := next.form(t, "/meetings").Get("agenda"); !strings.Contains(got, "Approval of outgoing liaison statements") {
		t.Errorf("the agenda of the next one begins with %q", got)
	}
	late := b.enters("2026-12-03", "2026-12-03", "announced", "2026-11-23")
	b.at(late).says(t, "announced on 23 November 2026, 10 days before it begins", "asks for 28", "Cancel the meeting")
	b.at("/meetings").says(t, "something is worth a look")
}

func TestChangingAMeeting(t *testing.T) {
	w := newWorld(t)
	b := w.as(secretary)
	address := b.enters("2026-11-22", "2026-11-24")
	id := w.tabled(address, "On the agenda")
	other := w.as(chair).at(address+"/edit").form(t, "/edit")
	b.send("POST", address+"/edit", with(b.at(address+"/edit").form(t, "/edit"), "place", "online", "agenda", twelve+"One more")).is(t, http.StatusSeeOther)
	b.at(address).says(t, "online", "13 One more")
	stale := w.as(chair).send("POST", address+"/edit", with(other, "place", "Seoul")).is(t, http.StatusConflict)
	stale.says(t, "Somebody changed this meeting", "What your form would change of it now", "Seoul", "online")
	w.as(chair).send("POST", address+"/edit", with(stale.form(t, "/edit"), "agenda", twelve+"One more")).is(t, http.StatusSeeOther)
	b.send("POST", address+"/edit", with(b.at(address+"/edit").form(t, "/edit"), "agenda", "Opening")).is(t, http.StatusConflict).says(t, "keeps its number and its title")

	// Cancelling needs a reason, and nothing tabled.
	cancel := url.Values{"kind": {"cancel"}, "reason": {"No quorum."}}
	b.send("POST", address+"/do", with(cancel, "reason", " ")).is(t, http.StatusUnprocessableEntity).says(t, "Give a reason")
	b.send("POST", address+"/do", cancel).is(t, http.StatusConflict).says(t, "still tabled", "No quorum.")
	w.do(id, liaison.DoDefer, chair)
	b.send("POST", address+"/do", cancel).is(t, http.StatusSeeOther)
	b.at(address).says(t, "Cancelled", "Put off, and in review again")
	for _, page := range []string{address + "/edit"} {
		b.get(page).is(t, http.StatusConflict)
	}
}

// TestRunningAMeeting is journey 4: tabled from the meeting's page, decided in agenda order, closed, gone out, and a report due.
func TestRunningAMeeting(t *testing.T) {
	w := newWorld(t)
	desk, lee := w.as(secretary), w.as(chair)
	address := desk.enters("2026-11-22", "2026-11-24")
	one, two, three := w.brought(liaison.InReview, "Statement one"), w.brought(liaison.InReview, "Statement two"), w.brought(liaison.InReview, "Statement three")
	for _, id := range []liaison.StatementID{one, two, three} {
		page := desk.at(address).says(t, "Waits in review")
		var form url.Values
		for n := range page.root.Descendants() {
			if n.Type == html.ElementNode && n.Data == "form" && attr(n, "action") == statementPath(id, "/do") {
				form = fields(n)
			}
		}
		if !strings.HasSuffix(form.Get("on"), " 9") {
			t.Fatalf("what is offered first is %q, want item 9", form.Get("on"))
		}
		if to := desk.send("POST", statementPath(id, "/do"), form).location(t); !strings.HasPrefix(to, address+"?done=") {
			t.Fatalf("tabling leads to %s", to)
		} else {
			desk.at(to).says(t, "It is on the agenda.")
		}
	}
	planned := lee.at(address).says(t, "3 to decide", "They are decided while the meeting is in session.", "SG13", "For action", "29 January 2027", "Statement one", "What it says")
	if planned.find("button", "value=approve") != nil || planned.find("button", "value=return") != nil {
		t.Error("it can be decided before the meeting is opened")
	}
	lee.at(statementPath(one, "/review")).says(t, "Tabled for a meeting", "Second meeting of JCA-ML, Geneva", "The meeting is planned")
	lee.at(statementPath(one, "")).says(t, "Tabled for")
	lee.at("/").says(t, "Decide at the meeting")
	w.as(editor).at(address).keepsQuiet(t, "Open the meeting", `value="approve"`, "Table it")

	desk.send("POST", address+"/do", with(planned.form(t, "/do"), "kind", "open")).is(t, http.StatusSeeOther)
	page := lee.at(address).says(t, "In session", "Approve what is ticked")
	to := lee.send("POST", statementPath(one, "/review"), page.card(t, one, "approve")).location(t)
	if !strings.HasPrefix(to, address) {
		t.Fatalf("an approval leads to %s", to)
	}
	lee.at(to).says(t, "2 to decide, 1 decided", "Approved as JCA-ML-LS1 : Statement one", "goes out when the meeting is closed")
	if got := w.snapshot(one); got.State != liaison.Approved || got.LeavesAfter != meetingID(address) {
		t.Errorf("approved it is %+v", got.Statement)
	}
	lee.at(statementPath(one, "")).says(t, "It goes out when the meeting is closed", "Second meeting of JCA-ML, Geneva, agenda item 9", "Hold the dispatch")
	desk.at("/dispatch").says(t, "leaves when the meeting that approved it is closed: Second meeting of JCA-ML")

	// With edits: looked at first, then approved in exactly those bytes.
	edits := lee.at(statementPath(two, "/edits")).says(t, "Approve with edits", "under item 9. Approval of outgoing liaison statements")
	lee.send("POST", statementPath(two, "/edits"), with(edits.form(t, "/edits"), "action", "look")).is(t, http.StatusUnprocessableEntity).says(t, "Nothing is edited")
	looked := lee.send("POST", statementPath(two, "/edits"), with(edits.form(t, "/edits"), "action", "look", "deadline", "2027-03-31", "title", "Statement two, edited")).is(t, http.StatusOK)
	looked.says(t, "What the meeting changes in revision 1", "2027-03-31", "Approve what stands here")
	to = lee.send("POST", statementPath(two, "/edits"), with(looked.form(t, "/edits"), "action", "approve-edited")).location(t)
	lee.at(to).says(t, "Approved with edits as JCA-ML-LS2 : Statement two, edited", "what was edited")
	if got := w.snapshot(two); got.Revision != 2 || got.Content.Deadline != "2027-03-31" || got.ApprovedDigest != got.Digest {
		t.Errorf("with edits it is %+v", got.Statement)
	}
	lee.at(statementPath(two, "/compare?from=1&to=2")).says(t, "Statement two", ", edited")
	lee.at(statementPath(two, "")).says(t, "with edits: revision 1 was tabled", "also a drafter of it")
	lee.at(statementPath(two, "/history")).says(t, "Tabled for a meeting by TSB Secretariat", "Second meeting of JCA-ML, Geneva, agenda item 9, 23 November 2026", "with edits of what was tabled: title, deadline")

	// What is returned needs a reason, which stays typed.
	refused := lee.send("POST", statementPath(three, "/review"), with(lee.at(address).card(t, three, "return"), "reason", " ")).is(t, http.StatusUnprocessableEntity)
	refused.says(t, "Give a reason")
	late := w.tabled(address, "Statement four")
	closing := with(desk.at(address).says(t, "2 statements are still to be decided", "Put off the rest and close").form(t, "/do"), "reason", "")
	desk.send("POST", address+"/do", closing).is(t, http.StatusUnprocessableEntity).says(t, "Give a reason")
	desk.send("POST", address+"/do", url.Values{"kind": {"close"}}).is(t, http.StatusConflict).says(t, "2 statements are still tabled")
	desk.send("POST", address+"/do", with(closing, "reason", "No time was left.")).is(t, http.StatusSeeOther)
	desk.at(address).says(t, "Closed", "No time was left.", "Put off, and in review again").keepsQuiet(t, "Close the meeting", "Table it")
	for _, id := range []liaison.StatementID{three, late} {
		if got := w.snapshot(id).State; got != liaison.InReview {
			t.Errorf("put off it is %s", got)
		}
	}
	open, err := w.store.Unreleased(t.Context())
	leaves := 0
	for _, x := range open {
		if x.ID == one || x.ID == two {
			leaves++
		}
	}
	if err != nil || leaves != 2 {
		t.Errorf("%d of what was approved are asked to leave, %v", leaves, err)
	}
	w.do(one, liaison.DoDispatch, secretary)
	w.as(outsider).at(statementPath(one, "")).says(t, "Second meeting of JCA-ML, Geneva, agenda item 9")
	w.as(outsider).at(statementPath(one, "/history")).says(t, "Approved by Kangchan Lee").keepsQuiet(t, "Tabled for a meeting")

	// The report on the meeting is due, and its draft is there, from the day after the meeting's last on.
	w.now = w.now.AddDate(0, 0, 3)
	if err := w.store.ReckonReports(t.Context(), group); err != nil {
		t.Fatal(err)
	}
	desk.at("/reports").says(t, "After: Second meeting of JCA-ML")
}

// TestAMeetingThatNobodyClosed says so on its page, with what waits for it.
func TestAMeetingThatNobodyClosed(t *testing.T) {
	w := newWorld(t)
	b := w.as(secretary)
	address := b.enters("2026-11-22", "2026-11-24")
	w.tabled(address, "Left on the agenda")
	b.send("POST", address+"/do", url.Values{"kind": {"open"}}).is(t, http.StatusSeeOther)
	b.at(address).keepsQuiet(t, "not closed")
	w.now = w.now.AddDate(0, 0, 2)
	w.as(secretary).at(address).says(t, "Over, not closed", "What it approved is dispatched only when it is closed.", "What is still tabled for it is put off first.", "Close the meeting")
}

// TestSeveralAtOnce: each is approved on its own, with the digest that was shown; one that cannot be hinders no other; sent again
// nothing more happens.
func TestSeveralAtOnce(t *testing.T) {
	w := newWorld(t)
	address := w.sits()
	first, changed, interest, last := w.tabled(address, "The first"), w.tabled(address, "Changed meanwhile"), w.tabled(address, "Of interest"), w.tabled(address, "The last")
	lee := w.as(chair)
	page := lee.at(address)
	lee.send("POST", address+"/approve", page.batch()).is(t, http.StatusUnprocessableEntity).says(t, "Choose the statements")
	form := page.batch(first, changed, interest, last)

	// Meanwhile one is another revision, and of another the chair declares an interest.
	w.do(changed, liaison.DoReturn, chair)
	if _, err := w.store.Save(t.Context(), changed, editor, w.snapshot(changed).DraftVersion, content("Changed it is")); err != nil {
		t.Fatal(err)
	}
	w.do(changed, liaison.DoSubmit, editor)
	w.do(changed, liaison.DoTable, secretary, func(c *liaison.Command) { c.Meeting, c.Item = meetingID(address), 9 })
	w.do(interest, liaison.DoRecuse, chair)

	outcome := lee.send("POST", address+"/approve", form).is(t, http.StatusOK)
	outcome.says(t, "What it came to", "Approved as JCA-ML-LS1; it goes out when the meeting is closed.", "The statement has changed since it was shown to you: revision 2", "You declared that you have an interest", "Approved as JCA-ML-LS2")
	want := map[liaison.StatementID]liaison.State{first: liaison.Approved, changed: liaison.Tabled, interest: liaison.Tabled, last: liaison.Approved}
	for id, state := range want {
		if got := w.snapshot(id).State; got != state {
			t.Errorf("%s is %s, want %s", w.snapshot(id).Content.Title, got, state)
		}
	}
	lee.send("POST", address+"/approve", form).is(t, http.StatusOK).says(t, "Approved as JCA-ML-LS1", "Approved as JCA-ML-LS2", "revision 2")
	if got := w.snapshot(last); got.Version != 4 || got.Ref != "JCA-ML-LS2" {
		t.Errorf("sent again it is %+v", got.Statement)
	}
	lee.at(address).says(t, "Changed since revision 1 was tabled", "Changed it is")

	if page := lee.at(address); page.find("input", "form=batch") != nil {
		t.Error("one alone can be ticked to be approved together with others")
	}
	w.tabled(address, "One more")

	// While the engine is away nothing is lost: what was ticked stays ticked, under the same commands.
	w.down = true
	away := lee.send("POST", address+"/approve", lee.at(address).batch(changed)).is(t, http.StatusOK)
	away.says(t, "Not done", "This cannot be recorded at the moment")
	if away.find("input", "name=statement", "value="+string(changed), "checked=") == nil {
		t.Error("it is not ticked any more")
	}
	w.down = false
	lee.send("POST", address+"/approve", away.batch(changed)).is(t, http.StatusOK).says(t, "Approved as JCA-ML-LS3")
	lee.send("POST", address+"/approve", url.Values{"statement": {uuid.NewString()}}).is(t, http.StatusOK).says(t, "The form was not made by this page")
}

// TestTheRecordOfWhatAMeetingDecided: entered by the secretariat with the minutes, on the agenda or not.
func TestTheRecordOfWhatAMeetingDecided(t *testing.T) {
	w := newWorld(t)
	address := w.sits()
	id := w.brought(liaison.InReview, "Not on the agenda")
	desk := w.as(secretary)
	page := desk.at(statementPath(id, "/review")).says(t, "Where it was given", "not on the agenda", "Table it for a meeting")
	form := with(page.form(t, "/approval"), "by", string(chair), "at", string(meetingID(address))+" 0", "evidence", "", "action", "enter")
	desk.upload(statementPath(id, "/approval"), form).is(t, http.StatusUnprocessableEntity).says(t, "reference of the minutes")
	form.Set("on", "2026-11-25")
	desk.upload(statementPath(id, "/approval"), with(form, "evidence", "Minutes, clause 9.2")).is(t, http.StatusUnprocessableEntity).says(t, "is not here yet")
	form.Set("on", "2026-11-23")
	desk.upload(statementPath(id, "/approval"), with(form, "evidence", "Minutes, clause 9.2")).is(t, http.StatusSeeOther)
	desk.at(statementPath(id, "")).says(t, "Second meeting of JCA-ML, Geneva, not on the agenda", "Minutes, clause 9.2", "entered by TSB Secretariat")
	desk.at(address).says(t, "Decided, and not on the agenda", "Not on the agenda")

	tabled := w.tabled(address, "On the agenda")
	desk.at(address).says(t, "Enter what the meeting decided, by its minutes")
	form = with(desk.at(statementPath(tabled, "/review")).says(t, "Enter what the meeting decided").form(t, "/approval"), "by", string(chair), "evidence", "Minutes, clause 9.1", "action", "enter")
	if form.Get("at") != string(meetingID(address))+" 9" {
		t.Errorf("offered first is %q", form.Get("at"))
	}
	desk.upload(statementPath(tabled, "/approval"), form).is(t, http.StatusSeeOther)
	if a := w.snapshot(tabled).Approval; a.Mode != liaison.AtMeeting || a.Item != 9 || a.Entered != secretary {
		t.Errorf("the record says %+v", a)
	}
}

// TestMeetingsAreTheGroupsOwn: what is tabled is nobody else's to see, and running a meeting is the secretariat's and the chair's.
func TestMeetingsAreTheGroupsOwn(t *testing.T) {
	w := newWorld(t)
	address := w.sits()
	id := w.tabled(address, "Not yours")
	w.as(outsider).at("/").keepsQuiet(t, `href="/meetings"`)
	for _, path := range []string{"/meetings", address, address + "/edit", "/meetings/new?group=itu-t/jca-ml", "/meetings/" + uuid.NewString(), "/meetings/x"} {
		w.as(outsider).get(path).is(t, http.StatusNotFound).keepsQuiet(t, "Not yours", "Second meeting")
	}
	w.as(editor).at(address).says(t, "Not yours")
	w.as(editor).get(address+"/edit").is(t, http.StatusForbidden)
	w.as(editor).get("/meetings/new?group=itu-t/jca-ml").is(t, http.StatusForbidden)
	for _, who := range []liaison.PersonID{editor, viceChair} {
		w.as(who).send("POST", address+"/do", url.Values{"kind": {"close"}}).is(t, http.StatusForbidden)
		w.as(who).send("POST", address+"/approve", url.Values{"statement": {string(id)}, "command." + string(id): {uuid.NewString()}, "digest." + string(id): {string(w.snapshot(id).Digest)}}).is(t, http.StatusOK).says(t, "Not done")
	}
	if got := w.snapshot(id).State; got != liaison.Tabled {
		t.Errorf("it is %s", got)
	}
	w.as(editor).get(statementPath(id, "/edits")).is(t, http.StatusForbidden)
}
