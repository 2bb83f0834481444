package web

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jca-ml/liaison/liaison"
)

// typed is what an editor types into the empty form.
func typed(form url.Values) url.Values {
	f := with(form, "title", "Request for ongoing work items", "abstract", "Asks for a list.", "text", "First line.\r\nSecond line.\r\n\r\nThe end.", "deadline", "2027-01-29", "action", "save")
	f["body"] = []string{"itu-t/sg13", "ieee", ""}
	f["purpose"] = []string{"action", "information", "action"}
	return f
}

func TestFromDraftToDispatch(t *testing.T) {
	w := newWorld(t)
	ada := w.as(editor)
	form := typed(ada.at("/statements/new").form(t, "/statements"))
	to := ada.upload("/statements", form, file{"Roadmap 2026.pdf", "%PDF-1.7 the roadmap"}).location(t)
	edit := ada.at(to).says(t, "Draft saved.", "Nothing is missing. It can be submitted.", "Roadmap 2026.pdf")
	path := strings.TrimSuffix(edit.Request.URL.Path, "/edit")

	got := ada.at(path+"/edit").form(t, "/edit")
	for field, want := range map[string]string{"title": "Request for ongoing work items", "text": "First line.\nSecond line.\n\nThe end.", "deadline": "2027-01-29", "contact_name": "Ada Editor", "reply_to": "tsbjcaml@itu.example"} {
		// a browser drops the newline that begins a textarea
		if g := strings.TrimPrefix(got.Get(field), "\n"); g != want {
			t.Errorf("%s is %q after saving, want %q", field, g, want)
		}
	}
	if to := ada.upload(path+"/edit", with(got, "action", "submit")).location(t); to != path+"/submit" {
		t.Fatalf("submitting leads to %s", to)
	}
	last := ada.at(path+"/submit").says(t, "Nothing is missing.", "Kangchan Lee will be asked to decide on exactly this.")
	done := ada.send("POST", path+"/submit", last.form(t, "/submit")).location(t)
	ada.at(done).says(t, "Submitted for approval. Kangchan Lee is asked to decide.", "In review")

	lee := w.as(chair)
	lee.at("/").says(t, "Review and decide", "Request for ongoing work items", "67 days left")
	review := lee.at(path+"/review").says(t, "Review and decide", `"SG13" <sg13@itu.example>`, "First line.", "Roadmap 2026.pdf", "Approve and dispatch")
	lee.at(path+"/review?to=2").says(t, `"IEEE" <liaison@ieee.example>`)
	frame := lee.at(attr(review.find("iframe"), "src"))
	if p := frame.Header.Get("Content-Security-Policy"); p != mailPolicy {
		t.Errorf("the e-mail in the frame has the policy %q", p)
	}
	decision := with(review.form(t, "/review"), "action", "approve", "consultation", "E-mail of 22 November 2026")
	flash := lee.send("POST", path+"/review", decision).location(t)
	lee.at(flash).says(t, "Approved as JCA-ML-LS1 and handed to dispatch.", "JCA-ML-LS1")
	if again := lee.send("POST", path+"/review", decision).location(t); again != flash {
		t.Errorf("the same decision again leads to %s, not to %s", again, flash)
	}
	id := liaison.StatementID(strings.TrimPrefix(path, "/statements/"))
	if n := w.snapshot(id).Number; n != 1 {
		t.Errorf("the number is %d", n)
	}

	w.send(id, false)
	w.do(id, liaison.DoSettle, "", func(c *liaison.Command) { c.Reason = "" })
	page := w.as(outsider).at(path).says(t, "Dispatched", "Accepted by the server", "250 2.0.0 Ok: queued as 4F1A", "JCA-ML Chair, between meetings: Kangchan Lee as Chair")
	raw := w.as(editor).at(attr(page.find("a", "class=plain"), "href") + "/raw")
	if !strings.HasPrefix(raw.Header.Get("Content-Disposition"), "attachment") || raw.Header.Get("Content-Type") != "message/rfc822" || !strings.Contains(raw.body, "\r\n\r\n") {
		t.Errorf("the raw message came as %q, %q", raw.Header.Get("Content-Type"), raw.Header.Get("Content-Disposition"))
	}
	lee.at(path+"/history").says(t, "Approved by Kangchan Lee as Chair", "numbered JCA-ML-LS1", "Accepted by the server: 250 2.0.0 Ok: queued as 4F1A", "2026-11-23 11:00:00 Europe/Zurich (UTC+01:00)")
}

func TestSavingTwiceIsOnce(t *testing.T) {
	w := newWorld(t)
	ada := w.as(editor)
	form := typed(ada.at("/statements/new").form(t, "/statements"))
	first, second := ada.upload("/statements", form).location(t), ada.upload("/statements", form).location(t)
	if first != second {
		t.Errorf("the same form leads to %s and to %s", first, second)
	}
	path, _, _ := strings.Cut(first, "/edit")
	change := with(ada.at(path+"/edit").form(t, "/edit"), "title", "Changed", "action", "save")
	ada.upload(path+"/edit", change).is(t, http.StatusSeeOther)
	ada.upload(path+"/edit", change).is(t, http.StatusSeeOther)
	if v := w.snapshot(liaison.StatementID(strings.TrimPrefix(path, "/statements/"))).DraftVersion; v != 2 {
		t.Errorf("the draft has version %d after one change that was sent twice", v)
	}
	// back to the first form, and something else typed into it: that is a change to the draft that it made, not lost
	ada.upload("/statements", with(form, "title", "From the old form")).is(t, http.StatusConflict).says(t, "What Ada Editor saved, and what you have")
}

func TestTwoClicksAtOnceAreOne(t *testing.T) {
	w := newWorld(t)
	ada := w.as(editor)
	form := typed(ada.at("/statements/new").form(t, "/statements"))
	var group sync.WaitGroup
	var led [4]string
	for i := range led {
		group.Go(func() {
			var body bytes.Buffer
			m := multipart.NewWriter(&body)
			for name, values := range form {
				for _, v := range values {
					_ = m.WriteField(name, v) // into memory
				}
			}
			_ = m.Close()
			r, _ := http.NewRequestWithContext(t.Context(), "POST", w.site.URL+"/statements", &body)
			r.Header.Set("Content-Type", m.FormDataContentType())
			r.Header.Set("Sec-Fetch-Site", "same-origin")
			if resp, err := ada.client.Do(r); err == nil {
				led[i] = resp.Status + resp.Header.Get("Location")
				_ = resp.Body.Close()
			}
		})
	}
	group.Wait()
	for _, to := range led {
		if to != led[0] || !strings.HasPrefix(to, "303") {
			t.Errorf("the same form, sent four times at once, leads to %q", led)
		}
	}
}

func TestAFormComesBackAsTyped(t *testing.T) {
	w := newWorld(t)
	ada := w.as(editor)
	form := typed(ada.at("/statements/new").form(t, "/statements"))
	bad := with(form, "title", "  "+strings.Repeat("x", 401), "reply_to", "group@example.org\r\nBcc: all@example.org", "deadline", "2027-02-30", "text", "kept <b>as is</b> & \"quoted\"\r\n")
	page := ada.upload("/statements", bad, file{"kept.txt", "kept"}).is(t, http.StatusUnprocessableEntity)
	page.says(t, "3 things to put right", "The title has 401 characters; at most 400 fit. Shorten it by 1.", `"2027-02-30" is not a date`, "is not an e-mail address", "kept.txt")
	back := page.form(t, "/statements")
	for name, want := range bad {
		if name == "action" || name == "file" || name == "body" || name == "purpose" || name == "reply_to" {
			continue
		}
		got := slices.Clone(back[name])
		for i := range got {
			got[i] = strings.TrimPrefix(got[i], "\n")
			want[i] = strings.ReplaceAll(want[i], "\r\n", "\n")
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s came back changed: %s", name, d)
		}
	}
	for _, id := range []string{"f-title", "f-reply-to", "f-deadline"} {
		if page.find("a", "href=#"+id) == nil || page.find("input", "id="+id, "aria-invalid=true") == nil || page.find("p", "id="+id+"-error") == nil {
			t.Errorf("the summary does not lead to the field %s, or the field does not say what is wrong", id)
		}
	}
	if !slices.Contains(strings.Fields(attr(page.find("input", "id=f-title"), "aria-describedby")), "f-title-error") {
		t.Error("the title's error is not described to a screen reader")
	}

	// put right, it is saved with the file that was uploaded with the failed one
	to := ada.upload("/statements", with(back, "title", "Short", "reply_to", "group@example.org", "deadline", "2027-02-28", "action", "save")).location(t)
	ada.at(to).says(t, "kept.txt", "Draft saved.")
}

func TestRowsAreAddedAndRemovedWithoutSaving(t *testing.T) {
	w := newWorld(t)
	ada := w.as(editor)
	form := typed(ada.at("/statements/new").form(t, "/statements"))
	more := ada.upload("/statements", with(form, "action", "add-addressee", "title", strings.Repeat("x", 500)), file{"a.pdf", "%PDF-1.4"}).is(t, http.StatusOK)
	back := more.form(t, "/statements")
	if len(back["body"]) <= len(form["body"]) || back["body"][0] != "itu-t/sg13" || back["purpose"][1] != "information" || back.Get("title") != strings.Repeat("x", 500) || len(back["file"]) != 1 {
		t.Errorf("after adding a row the form is %v", back)
	}
	if more.find("section", "class=summary") != nil {
		t.Error("adding a row complains about a form that is not finished")
	}
	less := ada.upload("/statements", with(back, "action", "remove-addressee:0")).is(t, http.StatusOK).form(t, "/statements")
	if less["body"][0] != "ieee" || less["purpose"][0] != "information" || len(less["file"]) != 1 {
		t.Errorf("after removing the first row the form has %v, %v", less["body"], less["purpose"])
	}
	contact := ada.upload("/statements", with(less, "action", "add-contact")).is(t, http.StatusOK).form(t, "/statements")
	if len(contact["contact_name"]) != 2 || contact["contact_name"][0] != "Ada Editor" {
		t.Errorf("after adding a contact there are %v", contact["contact_name"])
	}
	if page, err := w.store.Counts(t.Context(), editor); err != nil || len(page) != 0 {
		t.Errorf("something was stored: %v, %v", page, err)
	}
}

func TestASuccessorIsAddressedAndSaid(t *testing.T) {
	ada := newWorld(t).as(editor)
	form := typed(ada.at("/statements/new").form(t, "/statements"))
	form["body"] = []string{"itu-t/sg16", "ieee", ""}
	to := ada.upload("/statements", form).location(t)
	ada.at(to).says(t, "SG16 ended on 31 December 2024; its work is with SG21, which is addressed instead.")
	form = typed(ada.at("/statements/new").form(t, "/statements"))
	form["body"] = []string{"no/such", "ieee", ""}
	ada.upload("/statements", form).is(t, http.StatusUnprocessableEntity).says(t, "There is no body with the code no/such")
}

func TestAStaleSaveShowsBoth(t *testing.T) {
	w := newWorld(t)
	id := w.draft(editor, content("The title at first"))
	ada, ben := w.as(editor), w.as(colleague)
	hers, his := ada.at(statementPath(id, "/edit")).form(t, "/edit"), ben.at(statementPath(id, "/edit")).form(t, "/edit")
	ben.upload(statementPath(id, "/edit"), with(his, "title", "The title as Ben has it", "action", "save")).is(t, http.StatusSeeOther)
	page := ada.upload(statementPath(id, "/edit"), with(hers, "title", "The title as Ada has it", "action", "save")).is(t, http.StatusConflict)
	page.says(t, "What Ben Editor saved, and what you have", "Somebody saved this draft after you opened it")
	if got, want := text(page.find("del", "")), ""; got == want {
		t.Error("what was saved is not marked")
	}
	back := page.form(t, "/edit")
	if back.Get("title") != "The title as Ada has it" || back.Get("version") != "2" {
		t.Errorf("the form came back with %q, version %s", back.Get("title"), back.Get("version"))
	}
	ada.upload(statementPath(id, "/edit"), with(back, "action", "save")).is(t, http.StatusSeeOther)
	if got := w.snapshot(id).Content.Title; got != "The title as Ada has it" {
		t.Errorf("the title is %q", got)
	}
}

func TestSubmittingWhatSomebodyChangedIsRefused(t *testing.T) {
	w := newWorld(t)
	id := w.draft(editor, content("A title"))
	ada := w.as(editor)
	form := ada.at(statementPath(id, "/submit")).form(t, "/submit")
	if _, err := w.store.Save(t.Context(), id, colleague, 1, content("Another title")); err != nil {
		t.Fatal(err)
	}
	page := ada.send("POST", statementPath(id, "/submit"), form).is(t, http.StatusConflict).says(t, "Somebody saved this draft after you opened it", "Another title")
	ada.send("POST", statementPath(id, "/submit"), page.form(t, "/submit")).is(t, http.StatusSeeOther)
}

func TestAnIncompleteDraftIsNotSubmitted(t *testing.T) {
	w := newWorld(t)
	id := w.draft(editor, liaison.Content{Source: group, Language: "en"})
	ada := w.as(editor)
	page := ada.at(statementPath(id, "/submit")).says(t, "The title is missing", "Rec. ITU-T A.1 (2019), clause 1.5", "Complete the draft")
	if page.find("form", "action="+statementPath(id, "/submit")) != nil {
		t.Error("an incomplete draft has a button to submit it")
	}
	if page.find("a", "href="+statementPath(id, "/edit#f-title")) == nil {
		t.Error("the check list does not lead to the title")
	}
	form := url.Values{"command": {newID()}, "version": {"1"}}
	ada.send("POST", statementPath(id, "/submit"), form).is(t, http.StatusUnprocessableEntity).says(t, "The title is missing")
}
