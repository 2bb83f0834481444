package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/jca-ml/liaison/liaison"
)

func TestFindingAndKeepingAView(t *testing.T) {
	w := newWorld(t)
	c := content("Review of the <roadmap>")
	c.Text = "Please review the roadmap of standards."
	secret := w.bring(liaison.Draft, c)
	sent := w.bring(liaison.Dispatched, content("Other"))
	b := w.as(chair)
	page := b.at("/statements?q=" + url.QueryEscape("reviewing roadmaps"))
	page.says(t, "1 statement found", "Review of the <roadmap>")
	if page.find("mark", "") == nil {
		t.Error("what was looked for is not marked")
	}
	w.as(outsider).at("/statements?q=roadmap").keepsQuiet(t, "Review of the <roadmap>", string(secret))
	b.at("/statements?q=JCA-ML-LS1").says(t, "Other")
	b.at("/statements?q=roadmap&state=closed").says(t, "No statement that you may read fits all of this")
	b.at("/statements?body=ieee&purpose=comment&waiting=drafter&since=2020-01-01&until=2099-01-01&due=2099-01-01")
	b.get("/statements?q=%22-%22").is(t, http.StatusUnprocessableEntity).says(t, "nothing in this to look for")
	for _, bad := range []string{"state=lost", "purpose=fun", "waiting=godot"} {
		b.get("/statements?"+bad).is(t, http.StatusNotFound)
	}
	b.get("/statements?since=yesterday").is(t, http.StatusUnprocessableEntity)
	b.get("/statements?q=x&after=r,x").is(t, http.StatusUnprocessableEntity)

	form := with(b.at("/statements?q=roadmap&state=draft").form(t, "/views"), "name", "Roadmap", "action", "save")
	if got := b.send("POST", "/statements/views", form).is(t, http.StatusSeeOther).location(t); got != "/statements?q=roadmap&state=draft" {
		t.Errorf("it leads to %s", got)
	}
	b.at("/statements").says(t, "Roadmap")
	w.as(editor).at("/statements").keepsQuiet(t, "Take out")
	b.send("POST", "/statements/views", with(form, "name", " ")).is(t, http.StatusUnprocessableEntity).says(t, "Give the view a name")
	b.send("POST", "/statements/views", with(form, "query", "state=lost")).is(t, http.StatusNotFound)
	b.send("POST", "/statements/views", url.Values{"name": {"Roadmap"}, "action": {"drop"}}).is(t, http.StatusSeeOther)
	b.at("/statements").keepsQuiet(t, "Take out")
	_ = sent
}

func TestNumbersAreExplained(t *testing.T) {
	w := newWorld(t)
	sent := w.brought(liaison.Dispatched, "The first")
	withdrawn := w.brought(liaison.Approved, "The second")
	w.do(withdrawn, liaison.DoWithdraw, secretary)
	reopened := w.brought(liaison.Approved, "The third")
	w.do(reopened, liaison.DoReopen, editor)
	w.as(outsider).at("/statements/numbers").says(t, "JCA-ML-LS1", "The first").keepsQuiet(t, "JCA-ML-LS2", "JCA-ML-LS3")
	w.brought(liaison.Dispatched, "The fourth")
	w.brought(liaison.Approved, "The fifth")

	page := w.as(chair).at("/statements/numbers").says(t, "JCA-ML 2025-2028", "JCA-ML-LS5", "waits to be dispatched", "Withdrawn before anything was sent. The number is not used again. Because of the test.",
		"The approval is void: it is being changed, and keeps the number.")
	if at := []int{strings.Index(page.body, "JCA-ML-LS4<"), strings.Index(page.body, "JCA-ML-LS3<"), strings.Index(page.body, "JCA-ML-LS2<"), strings.Index(page.body, "JCA-ML-LS1<")}; at[0] < 0 || at[0] > at[1] || at[1] > at[2] || at[2] > at[3] {
		t.Errorf("the order is %v", at)
	}
	w.as(outsider).at("/statements/numbers").says(t, "JCA-ML-LS2", "taken back before anything was sent", "Given, and not dispatched", "The fourth").
		keepsQuiet(t, "The second", "The third", "Because of the test", "JCA-ML-LS5", "The fifth")
	w.as(chair).get("/statements/numbers?group=itu-t/jca-ml&kind=statement&period=2017-2021").is(t, http.StatusNotFound)
	w.as(chair).at("/statements/numbers?group=itu-t/jca-ml&kind=statement&period=2025-2028&before=3").says(t, "JCA-ML-LS2").keepsQuiet(t, "JCA-ML-LS4")
	_ = sent
}
