package web

import (
	"net/http"
	"strings"
	"testing"

	"github.com/jca-ml/liaison/liaison"
)

// wholeEnvelope is every further field of the form as it is typed, and as it comes back.
var wholeEnvelope = map[string]string{
	"working_parties": "WP1/13", "next_meetings": "JCA-ML, 3 December 2026\nJCA-ML, 16 March 2027", "action_holder": "Amina Diallo", "keywords": "machine learning, roadmap",
	"identifiers": "SG13 TD: TD268\n4711", "release": "Rel-19", "work_item": "FS_AIML", "outside_scope": "The parent group asked for it.", "confidentiality": "members",
	"agreed": "Rapporteur group for Q7/13 | Geneva | 2026-11-19", "embargo": "2026-12-15", "consensus": "rough-consensus", "original_language": "en", "other_languages": "fr, es", "links": "Roadmap | https://roadmap.example/ml\nhttps://other.example/x",
}

func TestTheFormHoldsTheWholeEnvelope(t *testing.T) {
	w := newWorld(t)
	id := w.draft(editor, content("Whole"))
	b := w.as(editor)
	page := statementPath(id, "/edit")
	form := b.at(page).form(t, page)
	for _, x := range moreFields {
		if _, typed := wholeEnvelope[x.name]; !typed {
			t.Errorf("the test types nothing into %s", x.name)
		}
		if _, offered := form[x.name]; !offered {
			t.Errorf("the form does not offer %s", x.name)
		}
		form.Set(x.name, wholeEnvelope[x.name])
	}
	form.Set("contact_role", "technical")
	b.send("POST", page, with(form, "action", "save")).is(t, http.StatusSeeOther)
	c := w.snapshot(id).Content
	if len(c.Identifiers) != 2 || c.Identifiers[0] != (liaison.Identifier{Scheme: "SG13 TD", Value: "TD268"}) || c.Identifiers[1].Value != "4711" ||
		len(c.Links) != 2 || c.Links[0].Title != "Roadmap" || len(c.Keywords) != 2 || c.OtherLanguages[1] != "es" || c.Contacts[0].Role != liaison.TechnicalContact {
		t.Errorf("stored as %+v", c)
	}
	if c.Agreed == nil || *c.Agreed != (liaison.Agreement{By: "Rapporteur group for Q7/13", Place: "Geneva", On: "2026-11-19"}) {
		t.Errorf("edge 27: agreed is stored as %+v", c.Agreed)
	}
	b.at(statementPath(id, "")).says(t, "agreed by Rapporteur group for Q7/13, Geneva, 19 November 2026; not an approval", "not approved yet")
	shown := b.at(page)
	again := shown.form(t, page)
	for name, want := range wholeEnvelope {
		if got := strings.Trim(again.Get(name), "\n"); got != want {
			t.Errorf("%s comes back as %q, want %q", name, got, want)
		}
	}
	shown.says(t, "A translation is no new approval", "It is neither sent nor shown outside the group before 15 December 2026")
	// what the check list says stands beside the field too
	if n := shown.find("p", "id=f-other-languages-warn"); n == nil || !strings.Contains(text(n), "no new approval") {
		t.Error("nothing stands beside the other languages")
	}
	// and the statement's own page shows all of it
	b.at(statementPath(id, "")).says(t, "WP1/13", "JCA-ML, 16 March 2027", "SG13 TD, TD268", "Rel-19", "Rough consensus of the group", "For members of the addressed bodies only", "https://roadmap.example/ml",
		"Technical contact", "was to be decided before 1 January 2025")
	// a form without these fields, as an older page sends it, loses nothing
	for _, x := range moreFields {
		again.Del(x.name)
	}
	b.send("POST", page, with(again, "action", "save", "title", "Whole again")).is(t, http.StatusSeeOther)
	if c := w.snapshot(id).Content; c.Title != "Whole again" || c.WorkingParties != "WP1/13" || len(c.Links) != 2 || c.Embargo != "2026-12-15" {
		t.Errorf("what was not sent is gone: %+v", c)
	}
	// what cannot be stored comes back as it was typed
	again = b.at(page).form(t, page)
	got := b.send("POST", page, with(again, "action", "save", "links", "javascript:alert(1)", "embargo", "soon", "consensus", "loud")).is(t, http.StatusUnprocessableEntity)
	back := got.form(t, page)
	if strings.Trim(back.Get("links"), "\n") != "javascript:alert(1)" || back.Get("embargo") != "soon" || back.Get("consensus") != "loud" {
		t.Errorf("typed text is gone: %q, %q, %q", back.Get("links"), back.Get("embargo"), back.Get("consensus"))
	}
	if got.find("p", "id=f-links-error") == nil || got.find("p", "id=f-embargo-error") == nil {
		t.Error("the errors do not stand at their fields")
	}
}

func TestCopiesByRuleAreShownInTheForm(t *testing.T) {
	w := newWorld(t)
	if err := w.store.SaveReach(t.Context(), "w3c", secretary, 0, liaison.Reach{Channel: liaison.ByMail, Copies: []liaison.Code{"itu-t/sg17"}, Sentence: "For the Team."}); err != nil {
		t.Fatal(err)
	}
	id := w.draft(editor, content("Copies", liaison.Addressee{Body: "w3c", Purpose: liaison.ForAction}))
	page := statementPath(id, "/edit")
	b := w.as(editor)
	shown := b.at(page).says(t, "By rule a copy goes to SG17 besides")
	form := shown.form(t, page)
	n := 0
	for _, body := range form["body"] {
		if body != "" {
			n++
		}
	}
	if n != 1 {
		t.Errorf("the copy is a row to edit: %v", form["body"])
	}
	b.send("POST", page, with(form, "action", "save", "title", "Copies still")).is(t, http.StatusSeeOther)
	if a := w.snapshot(id).Content.Addressees; len(a) != 2 || a[1].CopyFor != "w3c" || a[0].Sentence != "For the Team." {
		t.Errorf("addressed as %+v", a)
	}
}

func TestAutosave(t *testing.T) {
	w := newWorld(t)
	first := w.as(editor)
	page := first.at("/statements/new").is(t, http.StatusOK)
	if got := page.Header.Get("Content-Security-Policy"); got != composePolicy {
		t.Errorf("the form's policy is %q", got)
	}
	script := first.at(composeScriptAddress)
	if script.StatusCode != http.StatusOK || !strings.HasPrefix(script.Header.Get("Content-Type"), "text/javascript") {
		t.Errorf("the script: %d, %s", script.StatusCode, script.Header.Get("Content-Type"))
	}
	form := with(page.form(t, "/statements"), "action", "autosave", "title", "Typed and not saved")
	made := first.send("POST", "/statements", form).is(t, http.StatusOK)
	id := liaison.StatementID(form.Get("id"))
	edit := statementPath(id, "/edit")
	if made.Header.Get("Content-Type") != "application/json" || !strings.Contains(made.body, `"version":1`) || !strings.Contains(made.body, edit) || !strings.Contains(made.body, "Saved at ") {
		t.Errorf("answered with %s", made.body)
	}
	if c := w.snapshot(id); c.Content.Title != "Typed and not saved" || c.DraftVersion != 1 {
		t.Errorf("stored as %q, version %d", c.Content.Title, c.DraftVersion)
	}
	first.send("POST", edit, with(form, "version", "1")).is(t, http.StatusOK) // nothing changed: no new version, no event
	if v := w.snapshot(id).DraftVersion; v != 1 {
		t.Errorf("an unchanged form made version %d", v)
	}
	got := first.send("POST", edit, with(form, "version", "1", "title", "Typed on")).is(t, http.StatusOK)
	if !strings.Contains(got.body, `"version":2`) {
		t.Errorf("answered with %s", got.body)
	}

	// a second editor is told of the first, and saves; the first is told, by itself and then by the button, and loses nothing
	second := w.as(secretary)
	second.at(edit).says(t, "had this draft open in the last minutes")
	theirs := second.at(edit).form(t, edit)
	got = second.send("POST", edit, with(theirs, "action", "autosave", "abstract", "By the second.")).is(t, http.StatusOK)
	if !strings.Contains(got.body, "has this draft open too") {
		t.Errorf("the second is told %s", got.body)
	}
	got = first.send("POST", edit, with(form, "version", "2", "title", "Mine")).is(t, http.StatusConflict)
	if !strings.Contains(got.body, "Somebody else saved this draft meanwhile") {
		t.Errorf("the first is told %s", got.body)
	}
	if c := w.snapshot(id).Content; c.Title != "Typed on" || c.Abstract != "By the second." {
		t.Errorf("the second's text is gone: %+v", c)
	}
	both := first.send("POST", edit, with(form, "version", "2", "title", "Mine", "action", "save")).is(t, http.StatusConflict)
	both.says(t, "By the second.", "What", "saved, and what you have")
	if back := both.form(t, edit); back.Get("title") != "Mine" || back.Get("version") != "3" {
		t.Errorf("the first's form comes back with %q at version %s", back.Get("title"), back.Get("version"))
	}
	wrong := first.send("POST", edit, with(form, "version", "3", "title", strings.Repeat("x", 401))).is(t, http.StatusUnprocessableEntity)
	if !strings.Contains(wrong.body, "at most 400") {
		t.Errorf("a form over a limit is answered with %s", wrong.body)
	}
	w.as(outsider).send("POST", edit, with(form, "version", "3")).is(t, http.StatusNotFound)
}

// TestWarningsStandBesideTheirFields: what the check list says of the text, the abstract and the language stands there too, and not only
// in the list.
func TestWarningsStandBesideTheirFields(t *testing.T) {
	w := newWorld(t)
	c := content("Bare")
	c.Abstract, c.Text, c.Language = "", "", ""
	id := w.draft(editor, c)
	page := w.as(editor).at(statementPath(id, "/edit"))
	for _, link := range []string{"f-abstract", "f-text", "f-language"} {
		if page.find("a", "href=#"+link) == nil {
			t.Errorf("the check list has nothing of %s", link)
		}
		warn := page.find("p", "id="+link+"-warn")
		if warn == nil {
			t.Errorf("nothing stands at %s", link)
			continue
		}
		if !strings.Contains(attr(page.find("", "id="+link), "aria-describedby"), link+"-warn") {
			t.Errorf("%s is not described by its warning", link)
		}
	}
}
