package web

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jca-ml/liaison/internal/inbound"
	"github.com/jca-ml/liaison/liaison"
)

// ownOf is the address of a body's own page.
func ownOf(t testing.TB, body liaison.Code) string {
	t.Helper()
	token, err := linkKeys.PageToken(inbound.BodyPage, string(body), 0)
	if err != nil {
		t.Fatal(err)
	}
	return "/own/" + strings.ReplaceAll(string(body), "/", ".") + "/" + token
}

// TestAnOwnPageKeepsWhatIsConfidential: whoever was forwarded the link of one message finds neither titles nor links of confidential statements, on
// the page, in the feed and in the calendar; their own messages lead to them as before.
func TestAnOwnPageKeepsWhatIsConfidential(t *testing.T) {
	w := newWorld(t)
	nobody, own := w.as(""), ownOf(t, "itu-t/sg13")
	var secrets []string
	for i, degree := range []liaison.Confidentiality{liaison.Confidential, liaison.AmongMembers} {
		c := content(fmt.Sprintf("Merger, part %d", i+1))
		c.Confidentiality = degree
		id := w.bring(liaison.Dispatched, c)
		x := w.messagesTo(id)[0]
		secrets = append(secrets, c.Title, w.snapshot(id).Ref, linkPath(t, x), string(x.ID))
		nobody.at(linkPath(t, x)).says(t, c.Title)
		if i == 0 {
			nobody.at(own).says(t, "Nothing of what is listed waits for an answer.", "One more is confidential.").keepsQuiet(t, "Nothing was sent to")
		}
	}
	open := w.brought(liaison.Dispatched, "On the roadmap")
	w.wellFormed(t, "/own/…", nobody.at(own).says(t, "One waits for an answer.", "2 more are confidential.", "On the roadmap").holds(t, linkPath(t, w.messagesTo(open)[0])))
	for _, page := range []string{"", "/feed.xml", "/calendar.ics"} {
		body := strings.ReplaceAll(nobody.at(own+page).body, "\r\n ", "") // lines of a calendar are folded
		for _, secret := range secrets {
			if strings.Contains(body, secret) {
				t.Errorf("%s shows %q", own+page, secret)
			}
		}
		if !strings.Contains(body, "On the roadmap") {
			t.Errorf("%s does not show what is open", own+page)
		}
	}
}

// TestTheFeedOfAnOwnPageIsUpdated: a reader fetches again what has a later day of updating, so each thing that changes sets it, and is said.
func TestTheFeedOfAnOwnPageIsUpdated(t *testing.T) {
	w := newWorld(t)
	began := w.now
	first, second := w.brought(liaison.Dispatched, "On dates"), w.brought(liaison.Dispatched, "On terms") // SG13 for action, by 29 January 2027
	own := ownOf(t, "itu-t/sg13")
	type feed struct {
		Updated string `xml:"updated"`
		Entry   []struct {
			Title   string `xml:"title"`
			Updated string `xml:"updated"`
			Summary string `xml:"summary"`
		} `xml:"entry"`
	}
	// says fails the test unless the entry of that title is of that moment and says so, and the feed is as new as the newest.
	says := func(title string, at time.Time, parts ...string) {
		t.Helper()
		var f feed
		if err := xml.Unmarshal([]byte(w.as("").at(own+"/feed.xml").is(t, http.StatusOK).body), &f); err != nil {
			t.Fatal(err)
		}
		newest, found := "", false
		for _, e := range f.Entry {
			newest = max(newest, e.Updated)
			if e.Title != title {
				continue
			}
			found = true
			if want := at.UTC().Format(time.RFC3339); e.Updated != want {
				t.Errorf("%s is updated %s, want %s", title, e.Updated, want)
			}
			for _, part := range parts {
				if !strings.Contains(e.Summary, part) {
					t.Errorf("of %s it says %q, which has no %q", title, e.Summary, part)
				}
			}
		}
		if !found || f.Updated != newest {
			t.Errorf("the feed is updated %s, its newest entry %s; %s is in it: %t", f.Updated, newest, title, found)
		}
	}
	says("JCA-ML-LS1: On dates", began, "Reply by 29 January 2027: awaited.")
	next := func() time.Time { w.now = w.now.Add(24 * time.Hour); return w.now }

	at := next()
	w.said(first, 1, liaison.Response{Kind: liaison.RespondExtensionAsked, Text: "SG13 meets in March.", Date: "2027-03-31"})
	says("JCA-ML-LS1: On dates", at, "Answered on 24 November 2026: another date asked for.")
	at = next()
	w.as(secretary).about(statementPath(first, "/replies/1"), liaison.DoGrantExtension, map[string][]string{"date": {"2027-03-31"}}).is(t, http.StatusSeeOther)
	says("JCA-ML-LS1: On dates", at, "Reply by 31 March 2027: awaited, extended.")
	at = next()
	w.said(first, 1, liaison.Response{Kind: liaison.RespondReplied, Text: "Here they are."})
	says("JCA-ML-LS1: On dates", at, "Reply by 31 March 2027: replied.", "Answered on 26 November 2026: reply received.")
	says("JCA-ML-LS2: On terms", began)

	recall := liaison.Follow(w.snapshot(second).Snapshot, liaison.Recalls)
	recall.Abstract = "Recalled."
	at = next()
	w.bring(liaison.Dispatched, recall)
	says("JCA-ML-LS3: "+recall.Title, at)
	says("JCA-ML-LS2: On terms", at, "It is recalled by another one.")
	says("JCA-ML-LS1: On dates", at.Add(-24*time.Hour))
}
