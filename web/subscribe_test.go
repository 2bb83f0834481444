package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/jca-ml/liaison/liaison"
)

// calendars are the addresses that a person's page shows, in their order.
func (b *browser) calendars() []string {
	b.Helper()
	var out []string
	for n := range b.at("/me").root.Descendants() {
		if u, err := url.Parse(attr(n, "value")); err == nil && strings.HasSuffix(u.Path, ".ics") {
			out = append(out, u.Path)
		}
	}
	return out
}

func TestDeadlinesInACalendar(t *testing.T) {
	w := newWorld(t)
	err := w.store.Enter(t.Context(), nil, nil, []liaison.Appointment{{Person: liaison.Person{ID: outsider}, Group: group, Office: liaison.OfficeEditor, From: "2023-01-01", Until: "2026-12-31", Evidence: "test"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	title := strings.Repeat("ا,;", 99) + "end" // 300 characters
	sent := func(c liaison.Content) liaison.StatementID {
		id := w.draft(outsider, c)
		w.do(id, liaison.DoSubmit, outsider)
		w.do(id, liaison.DoApprove, chair)
		w.do(id, liaison.DoDispatch, secretary)
		w.send(id, false)
		w.do(id, liaison.DoSettle, "", func(c *liaison.Command) { c.Reason = "" })
		return id
	}
	id := sent(content(title))
	writer, boss, nobody := w.as(outsider), w.as(chair), w.as("")
	writer.at("/deadlines").holds(t, `href="/me#calendar"`)
	if got := writer.calendars(); len(got) != 0 {
		t.Fatalf("addresses that nobody asked for: %q", got)
	}
	ask := func(b *browser, do string) {
		form := with(b.at("/me").form(t, "/me/calendar"), "do", do)
		b.send("POST", "/me/calendar", form).is(t, http.StatusSeeOther)
		before := b.calendars()
		b.send("POST", "/me/calendar", form).is(t, http.StatusSeeOther) // the same form again
		if after := b.calendars(); !slices.Equal(before, after) {
			t.Errorf("the same form, sent twice, led to %q and to %q", before, after)
		}
	}
	ask(writer, "open")
	ask(boss, "open")
	w.wellFormed(t, "/me", writer.at("/me").says(t, "Statements of your groups", "Statements that you drafted"))
	groups, mine, bosses := writer.calendars()[0], writer.calendars()[1], boss.calendars()[1]

	first := nobody.at(groups)
	lines := strings.ReplaceAll(first.body, "\r\n ", "")
	for _, part := range []string{"UID:" + string(w.messagesTo(id)[0].ID) + "@liaison\r\n", "DTSTART;VALUE=DATE:20270129\r\n", "SUMMARY:Reply of SG13 to JCA-ML-LS1: " + strings.Repeat(`ا\,\;`, 99) + "end\r\n", "/statements/" + string(id) + "/replies/1\r\n"} {
		if !strings.Contains(lines, part) {
			t.Errorf("it does not say %q:\n%s", part, lines)
		}
	}
	if n := strings.Count(lines, "BEGIN:VEVENT"); n != 2 { // SG13 and IEEE are asked for something, SG12 is not
		t.Errorf("%d entries", n)
	}
	if h := first.Header; h.Get("Content-Type") != "text/calendar; charset=utf-8" || h.Get("Cache-Control") != "private, no-cache" || len(h["Set-Cookie"]) > 0 || h.Get("X-Robots-Tag") == "" {
		t.Errorf("headers: %v", h)
	}
	if strings.Count(nobody.at(mine).body, "BEGIN:VEVENT") != 2 || strings.Contains(nobody.at(bosses).body, "VEVENT") {
		t.Error("the statements of the drafter are not the drafter's, or also the chair's")
	}
	again, err := http.NewRequestWithContext(t.Context(), "GET", w.site.URL+groups, nil)
	if err != nil {
		t.Fatal(err)
	}
	again.Header.Set("If-None-Match", first.Header.Get("ETag"))
	nobody.request(again).is(t, http.StatusNotModified)

	// What is settled disappears; what moves says so, under the same UID.
	w.said(id, 1, liaison.Response{Kind: liaison.RespondReplied, Text: "Here they are."})
	after := nobody.at(groups)
	if strings.Contains(after.body, "Reply of SG13") || !strings.Contains(after.body, "Reply of IEEE") || after.Header.Get("ETag") == first.Header.Get("ETag") {
		t.Errorf("after a reply:\n%s", after.body)
	}
	w.said(id, 3, liaison.Response{Kind: liaison.RespondExtensionAsked, Text: "Later.", Date: "2027-03-31"})
	writer.about(statementPath(id, "/replies/3"), liaison.DoGrantExtension, nil).is(t, http.StatusForbidden)
	w.as(secretary).about(statementPath(id, "/replies/3"), liaison.DoGrantExtension, url.Values{"date": {"2027-03-31"}}).is(t, http.StatusSeeOther)
	if moved := nobody.at(groups).body; !strings.Contains(moved, "20270331") || !strings.Contains(moved, string(w.messagesTo(id)[2].ID)) || strings.Contains(moved, "DATE:20270129") {
		t.Errorf("after another date was granted:\n%s", moved)
	}

	// Whoever leaves office sees no more than everybody else, from that moment on.
	secret := content("Not for everybody")
	secret.Confidentiality = liaison.AmongMembers
	sent(secret)
	if !strings.Contains(nobody.at(mine).body, "Not for everybody") {
		t.Error("a confidential statement of their own group is not shown to its drafter")
	}
	w.now = w.now.AddDate(0, 0, 40)
	if left := nobody.at(mine).body; strings.Contains(left, "Not for everybody") || !strings.Contains(left, "Reply of IEEE to JCA-ML-LS1") {
		t.Errorf("after the term ended:\n%s", left)
	}
	if left := nobody.at(groups).body; strings.Contains(left, "VEVENT") {
		t.Errorf("the group of somebody without an office:\n%s", left)
	}

	// Other addresses lead nowhere, and end.
	for _, bad := range []string{groups[:len(groups)-len("a/group.ics")] + "/group.ics", strings.Replace(groups, "group.ics", "other.ics", 1), strings.Replace(groups, string(outsider), string(chair), 1), strings.Replace(groups, string(outsider), "x", 1)} {
		nobody.get(bad).is(t, http.StatusNotFound)
	}
	w.now = w.now.AddDate(0, 0, -40) // back, because the session has ended since
	ask(writer, "open")
	if renewed := writer.calendars()[0]; renewed == groups {
		t.Error("the new address is the old one")
	} else {
		nobody.at(renewed)
		ask(writer, "close")
		ask(writer, "close")
		nobody.get(renewed).is(t, http.StatusNotFound)
	}
	nobody.get(groups).is(t, http.StatusNotFound)
	if got := writer.calendars(); len(got) != 0 {
		t.Errorf("after the end: %q", got)
	}
	if strings.Contains(w.log.String(), strings.Split(groups, "/")[3]) {
		t.Error("the log holds a secret address")
	}
}
