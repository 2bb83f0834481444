package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/google/uuid"

	"github.com/jca-ml/liaison/internal/testkit/chromium"
	"github.com/jca-ml/liaison/liaison"
)

// about sends the form of a command about a reply.
func (b *browser) about(page string, kind liaison.CommandKind, more url.Values) shown {
	b.Helper()
	form := url.Values{"command": {uuid.NewString()}, "kind": {string(kind)}, "reason": {"Because of the test."}}
	for name, values := range more {
		form[name] = values
	}
	return b.send("POST", page, form)
}

// holds fails the test unless the page has these in its markup.
func (s shown) holds(t testing.TB, parts ...string) shown {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(s.body, part) {
			t.Errorf("%s does not hold %q", s.Request.URL, part)
		}
	}
	return s
}

// said is what an addressee says, directly.
func (w *world) said(id liaison.StatementID, position int, r liaison.Response) {
	w.Helper()
	r.Name = "Irene Papadaki"
	for _, x := range w.messagesTo(id) {
		if x.Position == position {
			if _, err := w.store.Respond(w.Context(), x.ID, liaison.CommandID(uuid.NewString()), r); err != nil {
				w.Fatal(err)
			}
		}
	}
}

func TestAnotherDateIsAskedForAndGranted(t *testing.T) {
	w := newWorld(t)
	id := w.brought(liaison.Dispatched, "On dates") // SG13 for action, SG12 for information, IEEE for comment, by 29 January 2027
	page := statementPath(id, "/replies/1")
	boss, tsb := w.as(chair), w.as(secretary)
	boss.at("/deadlines").says(t, "On dates", "SG13", "IEEE", "29 January 2027", "Awaited").keepsQuiet(t, "SG12</bdi>")
	boss.at(statementPath(id, "")).says(t, "Awaited", "Not awaited").holds(t, page)

	w.said(id, 1, liaison.Response{Kind: liaison.RespondExtensionAsked, Text: "SG13 meets in March.", Date: "2027-03-31"})
	boss.at("/deadlines?show=ours").says(t, "31 March 2027 is asked for").keepsQuiet(t, "IEEE</bdi></a>")
	boss.at(page).says(t, "31 March 2027", "not answered yet").holds(t, `value="2027-03-31"`)

	tsb.about(page, liaison.DoRefuseExtension, url.Values{"reason": {" "}}).is(t, http.StatusUnprocessableEntity).says(t, "Give a reason")
	if got := tsb.about(page, liaison.DoGrantExtension, url.Values{"date": {"2027-01-01"}, "reason": {"Typed before."}}).is(t, http.StatusUnprocessableEntity); !strings.Contains(got.body, "Choose a later one") || !strings.Contains(got.body, "Typed before.") {
		t.Errorf("an earlier date: %s", got.body)
	}
	boss.at(boss.about(page, liaison.DoGrantExtension, url.Values{"date": {"2027-03-31"}}).location(t)).says(t, "Awaited, extended", "29 January 2027", "31 March 2027")
	boss.at("/deadlines").says(t, "was 29 January 2027")
	boss.at("/deadlines/calendar?month=2027-03").says(t, "March 2027", "SG13").holds(t, page)
	boss.at("/deadlines/calendar?month=2027-01").says(t, "IEEE").keepsQuiet(t, "SG13</bdi>")
	w.as("").at(linkPath(t, w.messagesTo(id)[0])).says(t, "31 March 2027", "instead of 29 January 2027")
	tsb.about(page, liaison.DoRefuseExtension, nil).is(t, http.StatusConflict).says(t, "has not asked for another date")
}

func TestAReplyIsLinkedCalledInterimAndUnlinked(t *testing.T) {
	w := newWorld(t)
	id := w.brought(liaison.Dispatched, "On links")
	page := statementPath(id, "/replies/1")
	tsb := w.as(secretary)
	tray := w.mail("", "Subject: Our answer\r\nFrom: irene@sg13.example\r\nMessage-ID: <z@sg13.example>\r\n\r\nHere.\r\n")
	tsb.at(page).says(t, "Nothing yet. Silence is not an answer", "irene@sg13.example", "about nothing known")
	tsb.about(page, liaison.DoLinkReply, nil).is(t, http.StatusUnprocessableEntity).says(t, "Choose the message")
	tsb.at(tsb.about(page, liaison.DoLinkReply, url.Values{"evidence": {tray}}).location(t)).says(t, "Counts as the reply", "linked by", "TSB Secretariat", "Replied").holds(t, "/inbound/"+tray)
	w.as(outsider).at(page).says(t, "Counts as the reply").keepsQuiet(t, "TSB Secretariat", "/inbound/"+tray, "Because of the test.", "irene@sg13.example")
	tsb.at(tsb.about(page, liaison.DoMarkInterim, url.Values{"evidence": {tray}}).location(t)).says(t, "Interim: the reply follows", "Awaited")
	tsb.at(tsb.about(page, liaison.DoLinkReply, url.Values{"evidence": {tray}}).location(t)).says(t, "Counts as the reply")
	tsb.at(tsb.about(page, liaison.DoUnlinkReply, url.Values{"evidence": {tray}}).location(t)).says(t, "Nothing yet")

	tsb.about(page, liaison.DoWaive, nil).is(t, http.StatusForbidden)
	for _, who := range []liaison.PersonID{editor, outsider} {
		w.as(who).at(page).keepsQuiet(t, `action="`+page+`"`)
		w.as(who).about(page, liaison.DoLinkReply, url.Values{"evidence": {tray}}).is(t, http.StatusForbidden)
	}
	tsb.about(page, liaison.DoClose, nil).is(t, http.StatusUnprocessableEntity)
	tsb.get(statementPath(id, "/replies/9")).is(t, http.StatusNotFound)
	w.as(outsider).get(statementPath(w.brought(liaison.InReview, "Not out"), "/replies/1")).is(t, http.StatusNotFound)
}

func TestAnInterimReplyOnTheAddresseesPage(t *testing.T) {
	w := newWorld(t)
	id := w.brought(liaison.Dispatched, "For now")
	link := linkPath(t, w.messagesTo(id)[0])
	addressee := w.as("")
	addressee.at(link).says(t, "This is for now; our reply follows.")
	w.said(id, 1, liaison.Response{Kind: liaison.RespondReplied, Text: "We look into it.", Interim: true})
	addressee.at(link).says(t, "Reply received", ", for now")
	w.as(chair).at(statementPath(id, "/replies/1")).says(t, "Interim: the reply follows", "Awaited")
	w.now = time.Date(2027, 2, 10, 10, 0, 0, 0, time.UTC)
	w.said(id, 1, liaison.Response{Kind: liaison.RespondReplied, Text: "The answer."})
	w.now = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC) // who is signed in stays so
	w.as(chair).at(statementPath(id, "/replies/1")).says(t, "Replied late", "Counts as the reply").holds(t, ">late<")
	w.as(chair).at("/deadlines?show=settled").says(t, "SG13", "Replied late")
}

// TestAnswersToWhatIsClosedAreFlagged: the thread shows that something came after the end.
func TestAnswersToWhatIsClosedAreFlagged(t *testing.T) {
	w := newWorld(t)
	id := w.brought(liaison.Closed, "Closed before the answer")
	w.as(chair).at(statementPath(id, "")).says(t, "No reply")
	w.said(id, 1, liaison.Response{Kind: liaison.RespondReplied, Text: "Late, but here."})
	w.as(chair).at(statementPath(id, "/replies/1")).says(t, "It came after the statement was closed.", "Replied")
}

func TestListOfDeadlinesPagesByKey(t *testing.T) {
	w := newWorld(t)
	for range 3 {
		w.brought(liaison.Dispatched, "Many")
	}
	b := w.as(outsider)
	b.at("/deadlines?body=ieee").says(t, "IEEE").keepsQuiet(t, "SG13</bdi>")
	b.get("/deadlines?show=nonsense").is(t, http.StatusNotFound)
	b.get("/deadlines?after=nonsense").is(t, http.StatusUnprocessableEntity)
	b.get("/deadlines?day=2027-13-01").is(t, http.StatusUnprocessableEntity)
	b.get("/deadlines/calendar?month=nonsense").is(t, http.StatusNotFound)
	b.at("/deadlines?day=2027-01-29").says(t, "SG13")
	b.at("/deadlines?day=2027-01-30").says(t, "There is none.")
	b.at("/deadlines?after=2027-01-29,ffffffff-ffff-ffff-ffff-ffffffffffff,9").says(t, "There is none.")
}

// TestTheChairGrantsADateAtTheKeyboard: from the list of deadlines to the granted date, in a browser in which no script runs.
func TestTheChairGrantsADateAtTheKeyboard(t *testing.T) {
	world := newWorld(t)
	w := chromium.Open(t, world.site.URL)
	id := world.brought(liaison.Dispatched, "On dates")
	world.said(id, 1, liaison.Response{Kind: liaison.RespondExtensionAsked, Text: "SG13 meets in March.", Date: "2027-03-31"})
	w.Do(chromedp.EmulateViewport(390, 844))
	w.SignIn(chair)
	w.Leads(200, chromium.Press(`a[href="/deadlines"]`))
	w.Leads(200, chromium.Press(`a[href="/deadlines?show=ours"]`))
	w.Says("31 March 2027 is asked for")
	w.Leads(200, chromium.Press(`tbody th a`))
	w.Says("not answered yet")
	w.Do(chromium.Press(`details:has(input[value="grant-extension"]) summary`))
	w.Leads(200, chromium.Press(`details:has(input[value="grant-extension"]) button`))
	w.Says("Awaited, extended")
	w.Says("31 March 2027")
	w.Says("29 January 2027")
}
