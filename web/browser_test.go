package web

import (
	"context"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// chromium starts a browser in which no script of a page runs. Without one the test skips, on CI it fails.
func chromium(t *testing.T) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("no chromium on PATH: CI needs one")
		}
		t.Skip("NOT TESTED in a browser: no chromium on PATH")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("lang", "en-US"))
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	return ctx
}

// window is a person at the keyboard.
type window struct {
	*testing.T
	ctx  context.Context
	site string
}

func (w window) do(steps ...chromedp.Action[chromedp.Void]) {
	w.Helper()
	if err := chromedp.Do(w.ctx, steps...); err != nil {
		w.Fatal(err)
	}
}

// leads runs the steps, which lead to another page, and checks its status.
func (w window) leads(status int64, steps ...chromedp.Action[chromedp.Void]) {
	w.Helper()
	resp, err := chromedp.RunResponse(w.ctx, steps...)
	if err != nil {
		w.Fatal(err)
	}
	if resp.Status != status {
		w.Fatalf("%s: status %d, want %d: %s", resp.URL, resp.Status, status, w.words())
	}
}

func (w window) words() string {
	w.Helper()
	words, err := chromedp.Run(w.ctx, chromedp.Text("main"))
	if err != nil {
		w.Fatal(err)
	}
	return words
}

func (w window) says(words string) {
	w.Helper()
	if got := w.words(); !strings.Contains(got, words) {
		w.Errorf("the page does not say %q: %s", words, got)
	}
}

// press gives the element the focus and presses Enter.
func press(selector string) chromedp.Action[chromedp.Void] {
	return chromedp.Steps(chromedp.Focus(selector), chromedp.KeyEvent(kb.Enter))
}

func (w window) signIn(person liaison.PersonID) {
	w.Helper()
	w.do(chromedp.Navigate(w.site + "/sign-in"))
	w.leads(200, chromedp.Focus(`input[value="`+string(person)+`"]`), chromedp.KeyEvent(" "), press("main form .primary"))
}

func TestAPersonAtTheKeyboard(t *testing.T) {
	world := newWorld(t)
	w := window{t, chromium(t), world.site.URL}
	w.do(chromedp.EmulateViewport(390, 844))
	w.signIn(editor)
	w.leads(200, press(`a[href="/statements/new"]`))
	w.do(chromedp.Focus("#f-title"), chromedp.KeyEvent("Typed on the keyboard"))
	w.leads(200, chromedp.KeyEvent(kb.Enter)) // in a field of one line: saves, and does nothing else
	w.says("Draft saved.")
	w.says("There is no addressee.")
	w.do(
		chromedp.Focus("#body-0"), chromedp.KeyEvent("SG13"), chromedp.Focus("#f-deadline"), chromedp.KeyEvent("01292027"),
		chromedp.Focus("#f-abstract"), chromedp.KeyEvent("Asks for a list."), chromedp.Focus("#f-text"), chromedp.KeyEvent("Please send a list."),
	)
	w.leads(200, press(`.bar button[value="submit"]`))
	w.says("Nothing is missing.")
	w.leads(200, press("#submit .primary"))
	w.says("Submitted for approval. Kangchan Lee is asked to decide.")

	w.signIn(chair)
	w.says("Typed on the keyboard")
	w.leads(200, press(".queue .call"))
	w.says("Please send a list.")
	w.do(chromedp.Focus("#f-reason"), chromedp.KeyEvent("As agreed in Geneva."))
	w.do(chromedp.Focus("#f-consulted"), chromedp.KeyEvent("E-mail of 22 November 2026"))
	w.leads(200, press(`#decide button[value="approve"]`))
	w.says("Approved as JCA-ML-LS1 and handed to dispatch.")
	w.says("29 January 2027")
}

func TestNoPageScrollsSideways(t *testing.T) {
	world := newWorld(t)
	w := window{t, chromium(t), world.site.URL}
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
		if _, err := chromedp.Call(w.ctx, network.SetCookie, network.SetCookieParams{Name: cookie.Name, Value: cookie.Value, URL: world.site.URL}); err != nil {
			t.Fatal(err)
		}
	}
	for _, width := range []int64{390, 1280} {
		w.do(chromedp.EmulateViewport(width, 844))
		for path := range paths {
			if strings.HasSuffix(path, "/raw") || strings.HasSuffix(path, ".zip") || strings.Contains(path, "/files/") || strings.Contains(path, "/attachments/") || strings.HasSuffix(path, "/html") {
				continue
			}
			w.do(chromedp.Navigate(world.site.URL + path))
			over, err := chromedp.Run(w.ctx, chromedp.Evaluate[int](`document.documentElement.scrollWidth - innerWidth`))
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
	w := window{t, chromium(t), world.site.URL}
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
	w.signIn(secretary)
	for _, width := range []int64{390, 1280} {
		w.do(chromedp.EmulateViewport(width, 844))
		for _, path := range []string{"/dispatch", "/dispatch?state=assumed", "/me", statementPath(undo, ""), statementPath(id, "/messages/"+string(ts[0].ID)), statementPath(id, "/messages/"+string(ts[1].ID))} {
			w.do(chromedp.Navigate(world.site.URL + path))
			over, err := chromedp.Run(w.ctx, chromedp.Evaluate[int](`document.querySelectorAll('details').forEach(d => d.open = true), document.documentElement.scrollWidth - innerWidth`))
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
	w := window{t, chromium(t), world.site.URL}
	w.signIn(editor)
	id := world.draft(editor, content("By itself"))
	if _, err := chromedp.Call(w.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: false}); err != nil {
		t.Fatal(err)
	}
	w.do(chromedp.Navigate(w.site+statementPath(id, "/edit")), chromedp.Focus("#f-title"), chromedp.KeyEvent(" and on"))
	if _, err := chromedp.Run(w.ctx, chromedp.Evaluate[bool](`Object.defineProperty(document, "visibilityState", {value: "hidden"}), document.dispatchEvent(new Event("visibilitychange"))`)); err != nil {
		t.Fatal(err)
	}
	for said := ""; !strings.Contains(said, "Saved at"); {
		var err error
		if said, err = chromedp.Run(w.ctx, chromedp.Text("#autosave")); err != nil {
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
