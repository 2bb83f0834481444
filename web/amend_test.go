package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/jca-ml/liaison/liaison"
)

// values is a form as the page has it, with changes.
func TestCorrectingEditorially(t *testing.T) {
	w := newWorld(t)
	id := w.brought(liaison.Approved, "Title of the raodmap")
	address := statementPath(id, "/amend")
	for _, who := range []liaison.PersonID{chair, editor} {
		w.as(who).get(address).is(t, http.StatusForbidden)
	}
	b := w.as(secretary)
	b.at(statementPath(id, "")).says(t, "Correct editorially", "Take back for changes")
	page := b.at(address)
	if page.find("input", "name=deadline") != nil || page.find("select", "name=body") != nil {
		t.Error("what is substantive can be typed in")
	}

	looked := b.send("POST", address, with(page.form(t, "/amend"), "title", "Title of the roadmap", "action", "look")).is(t, http.StatusOK)
	looked.says(t, "roadmap", "raodmap", "Correct it, under the same approval")
	if snap := w.snapshot(id); snap.Revision != 1 {
		t.Fatal("looking at it corrected it")
	}
	// Something else than what was looked at comes back to be looked at.
	b.send("POST", address, with(looked.form(t, "/amend"), "title", "Quite another title", "action", "amend", "reason", "x")).is(t, http.StatusOK).says(t, "Quite another")
	b.send("POST", address, with(looked.form(t, "/amend"), "action", "amend", "reason", "")).is(t, http.StatusUnprocessableEntity).says(t, "Give a reason")
	b.send("POST", address, with(page.form(t, "/amend"), "action", "look")).is(t, http.StatusUnprocessableEntity).says(t, "Nothing is corrected")

	done := with(looked.form(t, "/amend"), "action", "amend", "reason", "It was misspelt.")
	b.send("POST", address, done).is(t, http.StatusSeeOther)
	snap := w.snapshot(id)
	if snap.State != liaison.Approved || snap.Revision != 2 || snap.Content.Title != "Title of the roadmap" || snap.Leaving() != snap.Digest {
		t.Fatalf("corrected it is %+v, %q", snap.Statement, snap.Content.Title)
	}
	for who, sees := range map[liaison.PersonID]bool{chair: true, outsider: false} {
		got := w.as(who).get(statementPath(id, ""))
		if sees {
			got.is(t, http.StatusOK).says(t, "Corrected editorially by", "It was misspelt.", "Approved by", "Compare two revisions")
		} else {
			got.is(t, http.StatusNotFound)
		}
	}
	w.as(chair).at(statementPath(id, "/compare?from=1&to=2")).says(t, "[taken out: ", "raodmap", "Corrected editorially by", "It was misspelt.", "Editorial:")

	w.do(id, liaison.DoDispatch, secretary)
	w.send(id, false)
	public := w.as(outsider).at(statementPath(id, ""))
	public.says(t, "The approved revision", "Corrected editorially by")
	if strings.Contains(public.body, "It was misspelt.") || strings.Contains(public.body, "/compare") {
		t.Error("a reader from outside sees what went before")
	}
	w.as(outsider).get(statementPath(id, "/compare?from=1&to=2")).is(t, http.StatusNotFound)
	b.get(address).is(t, http.StatusConflict)
}

// corrected is a statement with an editorial correction by the secretariat.
func (w *world) corrected(c liaison.Content) liaison.StatementID {
	w.Helper()
	id := w.bring(liaison.Approved, c)
	next := w.snapshot(id).Content
	next.Text += "\n\nThank you."
	canonical, err := liaison.Canonical(next)
	if err != nil {
		w.Fatal(err)
	}
	amended, err := w.store.PutBlob(w.Context(), canonical)
	if err != nil {
		w.Fatal(err)
	}
	w.do(id, liaison.DoAmend, secretary, func(cmd *liaison.Command) { cmd.Amended = amended })
	return id
}

func TestTakingBackForChanges(t *testing.T) {
	w := newWorld(t)
	id := w.brought(liaison.Approved, "Title")
	ref := w.snapshot(id).Ref
	b := w.as(editor)
	form := url.Values{"command": {uuid.NewString()}, "kind": {"reopen"}, "reason": {""}}
	b.send("POST", statementPath(id, "/do"), form).is(t, http.StatusUnprocessableEntity).says(t, "Give a reason")
	form.Set("reason", "SG12 has to get it too.")
	to := b.send("POST", statementPath(id, "/do"), form).is(t, http.StatusSeeOther).Header.Get("Location")
	b.at(to).says(t, "It is a draft again, and keeps its number "+ref, "SG12 has to get it too.", "void since")
	b.at(statementPath(id, "/edit"))
	w.as(outsider).get(statementPath(id, "")).is(t, http.StatusNotFound)
	w.do(id, liaison.DoSubmit, editor)
	w.do(id, liaison.DoApprove, chair)
	if snap := w.snapshot(id); snap.Ref != ref || snap.Revision != 2 {
		t.Errorf("approved again it is %s, revision %d", snap.Ref, snap.Revision)
	}
	page := b.at(statementPath(id, ""))
	page.says(t, "void since")
}

func TestComparingRevisions(t *testing.T) {
	w := newWorld(t)
	c := content("عنوان خارطة الطريق")
	c.Language, c.Text = "ar", "يرجى مراجعة خارطة الطريق."
	put := func(text string) liaison.Attachment {
		d, err := w.store.PutBlob(t.Context(), []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return liaison.Attachment{Name: "list.csv", MediaType: "text/csv", Size: int64(len(text)), Digest: d}
	}
	c.Attachments = []liaison.Attachment{put("a")}
	id := w.draft(editor, c)
	w.as(editor).get(statementPath(id, "/compare")).is(t, http.StatusNotFound)
	w.do(id, liaison.DoSubmit, editor)
	w.do(id, liaison.DoReturn, chair)
	c.Text, c.Attachments = "يرجى استعراض خارطة الطريق.", []liaison.Attachment{put("bb")}
	if _, err := w.store.Save(t.Context(), id, editor, w.snapshot(id).DraftVersion, c); err != nil {
		t.Fatal(err)
	}
	w.as(editor).at(statementPath(id, "/compare")).says(t, "the working draft", "Other bytes under the same name")
	w.do(id, liaison.DoSubmit, editor)

	page := w.as(chair).at(statementPath(id, "/compare?from=1&to=2"))
	page.says(t, "مراجعة", "استعراض", "Other bytes under the same name", "Substantive:", "1 byte", "2 bytes")
	if page.find("del", "") == nil || page.find("ins", "") == nil || attr(page.find("dd", "dir=auto"), "dir") != "auto" {
		t.Error("what changed is not marked")
	}
	if strings.Contains(page.body, "taken out: </span>يرجى") {
		t.Error("words that stayed are marked")
	}
	w.as(chair).at(statementPath(id, "/compare?from=1&to=1")).says(t, "Nothing differs")
	w.as(chair).get(statementPath(id, "/compare?from=1&to=9")).is(t, http.StatusNotFound)
	w.as(outsider).get(statementPath(id, "/compare?from=1&to=2")).is(t, http.StatusNotFound)
}
