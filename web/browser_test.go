package web

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/internal/testkit/chromium"
	"github.com/jca-ml/liaison/liaison"
)

func TestAPersonAtTheKeyboard(t *testing.T) {
	world := newWorld(t)
	w := chromium.Open(t, world.site.URL)
	w.Do(chromedp.EmulateViewport(390, 844))
	w.SignIn(editor)
	w.Leads(200, chromium.Press(`a[href="/statements/new"]`))
	w.Do(chromedp.Focus("#f-title"), chromedp.KeyEvent("Typed on the keyboard"))
	w.Leads(200, chromedp.KeyEvent(kb.Enter)) // in a field of one line: saves, and does nothing else
	w.Says("Draft saved.")
	w.Says("There is no addressee.")
	w.Do(
		chromedp.Focus("#body-0"), chromedp.KeyEvent("SG13"), chromedp.Focus("#f-deadline"), chromedp.KeyEvent("01292027"),
		chromedp.Focus("#f-abstract"), chromedp.KeyEvent("Asks for a list."), chromedp.Focus("#f-text"), chromedp.KeyEvent("Please send a list."),
	)
	w.Leads(200, chromium.Press(`.bar button[value="submit"]`))
	w.Says("Nothing is missing.")
	w.Leads(200, chromium.Press("#submit .primary"))
	w.Says("Submitted for approval. Kangchan Lee is asked to decide.")

	w.SignIn(chair)
	w.Says("Typed on the keyboard")
	w.Leads(200, chromium.Press(".queue .call"))
	w.Says("Please send a list.")
	w.Do(chromedp.Focus("#f-reason"), chromedp.KeyEvent("As agreed in Geneva."))
	w.Do(chromedp.Focus("#f-consulted"), chromedp.KeyEvent("E-mail of 22 November 2026"))
	w.Leads(200, chromium.Press(`#decide button[value="approve"]`))
	w.Says("Approved as JCA-ML-LS1 and handed to dispatch.")
	w.Says("29 January 2027")
}

func TestNoPageScrollsSideways(t *testing.T) {
	world := newWorld(t)
	w := chromium.Open(t, world.site.URL)
	long := content(strings.Repeat("An-unbroken-title-that-never-ends", 10) + strings.Repeat(" and words", 6))
	long.Text = strings.Repeat("x", 500)
	long.InReplyTo = strings.Repeat("COM16-LS124-E/", 20)
	for _, state := range []liaison.State{liaison.InReview, liaison.InCorrespondence, liaison.DispatchedInPart} {
		world.bring(state, long)
	}
	world.bring(liaison.Draft, liaison.Content{Source: group, Title: "طلب معلومات عن بنود العمل الجارية المتعلقة بالتعلم الآلي", Language: "ar"})
	paths := world.pages(t)
	list, err := world.store.Statements(t.Context(), chair, store.Filter{Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range list.Lines {
		for _, page := range []string{"", "/history", "/review", "/edit"} {
			if page != "/edit" || l.State == liaison.Draft {
				paths[statementPath(l.ID, page)] = nil
			}
		}
	}
	for _, cookie := range world.as(chair).client.Jar.Cookies(must(url.Parse(world.site.URL))) {
		if _, err := chromedp.Call(w.Ctx, network.SetCookie, network.SetCookieParams{Name: cookie.Name, Value: cookie.Value, URL: world.site.URL}); err != nil {
			t.Fatal(err)
		}
	}
	for _, width := range []int64{390, 1280} {
		w.Do(chromedp.EmulateViewport(width, 844))
		for path := range paths {
			if strings.HasSuffix(path, "/raw") || strings.HasSuffix(path, ".zip") || strings.Contains(path, "/files/") || strings.Contains(path, "/attachments/") || strings.HasSuffix(path, "/html") {
				continue
			}
			w.Do(chromedp.Navigate(world.site.URL + path))
			over, err := chromedp.Run(w.Ctx, chromedp.Evaluate[int](`document.documentElement.scrollWidth - innerWidth`))
			if err != nil {
				t.Fatal(err)
			}
			if over > 0 {
				t.Errorf("%s is %d pixels too wide at %d", path, over, width)
			}
		}
	}
}

// TestTheBoardsFormsFit: whatever stands beside a message, on a phone and on a desk, with every form open.
func TestTheBoardsFormsFit(t *testing.T) {
	world := newWorld(t)
	w := chromium.Open(t, world.site.URL)
	id, ts := world.inDoubt(strings.Repeat("An-unbroken-title-that-never-ends", 9))
	arabic := content("طلب معلومات عن بنود العمل الجارية المتعلقة بالتعلم الآلي")
	arabic.Language = "ar"
	world.bring(liaison.DispatchedInPart, arabic)
	world.brought(liaison.Dispatching, "On its way")
	undo := world.draft(editor, content("Think again"))
	world.do(undo, liaison.DoSubmit, editor)
	world.do(undo, liaison.DoApprove, chair, func(c *liaison.Command) { c.Undo = time.Minute })
	if err := world.store.HoldBody(t.Context(), "ieee", strings.Repeat("no-space-anywhere-", 30), secretary); err != nil {
		t.Fatal(err)
	}
	w.SignIn(secretary)
	for _, width := range []int64{390, 1280} {
		w.Do(chromedp.EmulateViewport(width, 844))
		for _, path := range []string{"/dispatch", "/dispatch?state=assumed", "/me", statementPath(undo, ""), statementPath(id, "/messages/"+string(ts[0].ID)), statementPath(id, "/messages/"+string(ts[1].ID))} {
			w.Do(chromedp.Navigate(world.site.URL + path))
			over, err := chromedp.Run(w.Ctx, chromedp.Evaluate[int](`document.querySelectorAll('details').forEach(d => d.open = true), document.documentElement.scrollWidth - innerWidth`))
			if err != nil {
				t.Fatal(err)
			}
			if over > 0 {
				t.Errorf("%s is %d pixels too wide at %d", path, over, width)
			}
		}
	}
}

// TestTheFormSavesByItself runs the one script there is: what was typed is stored when the page goes out of sight, and nothing
// was pressed.
func TestTheFormSavesByItself(t *testing.T) {
	world := newWorld(t)
	w := chromium.Open(t, world.site.URL)
	w.SignIn(editor)
	id := world.draft(editor, content("By itself"))
	w.Scripts(true)
	w.Do(chromedp.Navigate(w.Site+statementPath(id, "/edit")), chromedp.Focus("#f-title"), chromedp.KeyEvent(" and on"))
	if _, err := chromedp.Run(w.Ctx, chromedp.Evaluate[bool](`Object.defineProperty(document, "visibilityState", {value: "hidden"}), document.dispatchEvent(new Event("visibilitychange"))`)); err != nil {
		t.Fatal(err)
	}
	for said := ""; !strings.Contains(said, "Saved at"); {
		var err error
		if said, err = chromedp.Run(w.Ctx, chromedp.Text("#autosave")); err != nil {
			t.Fatalf("the page says %q: %v", said, err)
		}
		if strings.Contains(said, "Not saved") {
			t.Fatalf("the page says %q", said)
		}
	}
	if c := world.snapshot(id).Content; !strings.Contains(c.Title, "and on") {
		t.Errorf("stored as %q", c.Title)
	}
}
