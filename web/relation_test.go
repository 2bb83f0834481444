package web

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jca-ml/liaison/liaison"
)

// TestRelationsInTheForm: a relation is set, changed and taken out where the statement is written, by the number of ours or as theirs is cited.
func TestRelationsInTheForm(t *testing.T) {
	w := newWorld(t)
	first := w.bring(liaison.Dispatched, content("First"))
	ref := w.snapshot(first).Ref
	id := w.draft(editor, content("Second"))
	b := w.as(editor)
	edit := statementPath(id, "/edit")
	relate := func(form url.Values, rows ...string) url.Values {
		form = with(form)
		form["relation_kind"], form["relation_ref"] = nil, nil
		for i := 0; i < len(rows); i += 2 {
			form["relation_kind"], form["relation_ref"] = append(form["relation_kind"], rows[i]), append(form["relation_ref"], rows[i+1])
		}
		return form
	}
	saved := func(want ...liaison.Relation) {
		t.Helper()
		if diff := cmp.Diff(want, w.snapshot(id).Content.Relations); diff != "" {
			t.Errorf("relations (-want +got):\n%s", diff)
		}
	}
	form := b.at(edit).form(t, "/edit")
	const theirs = "ITU-T SG11, SG11-LS17, 1 April 2026"
	b.send("POST", edit, relate(form, "replies-to", theirs, "revises", " jca-ml-ls1 ", "replies-to", "")).is(t, http.StatusSeeOther)
	saved(liaison.Relation{Kind: liaison.RepliesTo, Ref: theirs}, liaison.Relation{Kind: liaison.Revises, Statement: first, Ref: ref})
	page := b.at(edit).says(t, "Relations to other statements")
	if got := page.form(t, "/edit")["relation_ref"]; cmp.Diff([]string{theirs, ref, ""}, got) != "" {
		t.Errorf("the form has %q", got)
	}

	// The one that it revises is recalled meanwhile: the check list says so beside the row, and the row can go.
	recall := w.draft(secretary, liaison.Follow(w.snapshot(first).Snapshot, liaison.Recalls))
	c := w.snapshot(recall).Content
	c.Abstract = "Recalls it."
	if _, err := w.store.Save(t.Context(), recall, secretary, 1, c); err != nil {
		t.Fatal(err)
	}
	w.do(recall, liaison.DoSubmit, secretary)
	w.do(recall, liaison.DoApprove, chair)
	w.do(recall, liaison.DoDispatch, secretary)
	page = b.at(edit).says(t, "was recalled by", "nothing left to follow up")
	form = with(page.form(t, "/edit"), "title", "Typed since")
	gone := b.send("POST", edit, with(form, "action", "remove-relation:1")).is(t, http.StatusOK)
	gone.keepsQuiet(t, "was recalled by")
	if got := gone.form(t, "/edit"); got.Get("title") != "Typed since" || cmp.Diff([]string{theirs, ""}, got["relation_ref"]) != "" {
		t.Errorf("the form has %q under %q", got["relation_ref"], got.Get("title"))
	}
	b.send("POST", edit, with(gone.form(t, "/edit"), "action", "save")).is(t, http.StatusSeeOther)
	saved(liaison.Relation{Kind: liaison.RepliesTo, Ref: theirs})

	// What cannot be stored, or followed up, comes back as it was typed.
	form = b.at(edit).form(t, "/edit")
	b.send("POST", edit, relate(form, "likes", "JCA-ML-LS1")).is(t, http.StatusUnprocessableEntity)
	b.send("POST", edit, relate(form, "corrects", "JCA-ML-LS99")).is(t, http.StatusSeeOther)
	b.at(edit).says(t, "only a statement of this register can be followed up so")

	// A form that was sent without any row, by an older page, leaves them as they are.
	old := with(b.at(edit).form(t, "/edit"))
	delete(old, "relation_ref")
	b.send("POST", edit, old).is(t, http.StatusSeeOther)
	saved(liaison.Relation{Kind: liaison.Corrects, Ref: "JCA-ML-LS99"})
	b.send("POST", edit, relate(b.at(edit).form(t, "/edit"), "replies-to", "")).is(t, http.StatusSeeOther)
	saved()
}

// TestARelationSaysNothingOfWhatNobodyMaySee: the number of a statement that the drafter may not read is taken as what it is, a few letters.
func TestARelationSaysNothingOfWhatNobodyMaySee(t *testing.T) {
	w := newWorld(t)
	c := content("Confidential")
	c.Confidentiality = liaison.Confidential
	hidden := w.bring(liaison.Dispatched, c)
	public := w.bring(liaison.Dispatched, content("Public"))
	got, err := w.store.Cited(t.Context(), outsider, []string{w.snapshot(hidden).Ref, w.snapshot(public).Ref})
	if err != nil || len(got) != 1 || got[w.snapshot(public).Ref].Statement != public {
		t.Errorf("an outsider finds %+v, %v", got, err)
	}
	if got, err = w.store.Cited(t.Context(), editor, []string{w.snapshot(hidden).Ref}); err != nil || got[w.snapshot(hidden).Ref].Statement != hidden {
		t.Errorf("an editor of the group finds %+v, %v", got, err)
	}
}

// TestForwarding begins with what is forwarded, its files among it.
func TestForwarding(t *testing.T) {
	w := newWorld(t)
	c := content("With a roadmap")
	digest, err := w.store.PutBlob(t.Context(), []byte("%PDF-1.7 roadmap"))
	if err != nil {
		t.Fatal(err)
	}
	c.Attachments = []liaison.Attachment{{Name: "roadmap.pdf", MediaType: "application/pdf", Size: 16, Digest: digest, Status: liaison.ApprovedDoc}}
	first := w.bring(liaison.Dispatched, c)
	b := w.as(secretary)
	form := with(b.at(statementPath(first, "")).form(t, "/follow"), "kind", "forwards")
	edit := b.send("POST", statementPath(first, "/follow"), form).is(t, http.StatusSeeOther).location(t)
	page := b.at(edit).says(t, "roadmap.pdf")
	typed := page.form(t, "/edit")
	if typed.Get("text") != "We forward JCA-ML-LS1. It reads:\n\n"+c.Text || typed.Get("relation_ref") != "JCA-ML-LS1" || typed.Get("relation_kind") != "forwards" {
		t.Errorf("the form begins with %q, %s %s", typed.Get("text"), typed.Get("relation_kind"), typed.Get("relation_ref"))
	}
	b.send("POST", edit, with(typed, "action", "save")).is(t, http.StatusSeeOther)
	b.at(edit).says(t, "roadmap.pdf")
}
