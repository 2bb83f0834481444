// Package chromium is a person at a real browser, for tests.
package chromium

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/jca-ml/liaison/liaison"
)

// Window is a person at the keyboard. Whatever goes wrong ends the test.
type Window struct {
	*testing.T
	Ctx  context.Context
	Site string // its address, without a slash at the end
}

// Open starts a browser in which no script of a page runs, for three minutes at most. Without one on the machine the test skips; on
// CI it fails.
func Open(t *testing.T, site string) Window {
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
	w := Window{t, ctx, site}
	w.Scripts(false)
	return w
}

// Scripts says whether the scripts of pages run.
func (w Window) Scripts(run bool) {
	w.Helper()
	if _, err := chromedp.Call(w.Ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !run}); err != nil {
		w.Fatalf("start the browser: %v", err)
	}
}

// Do runs the steps.
func (w Window) Do(steps ...chromedp.Action[chromedp.Void]) {
	w.Helper()
	if err := chromedp.Do(w.Ctx, steps...); err != nil {
		w.Fatal(err)
	}
}

// Leads runs the steps, which lead to another page, and checks its status.
func (w Window) Leads(status int64, steps ...chromedp.Action[chromedp.Void]) {
	w.Helper()
	resp, err := chromedp.RunResponse(w.Ctx, steps...)
	if err != nil {
		w.Fatal(err)
	}
	if resp.Status != status {
		w.Fatalf("%s: status %d, want %d: %s", resp.URL, resp.Status, status, w.Words())
	}
}

// Words is what the page says.
func (w Window) Words() string {
	w.Helper()
	words, err := chromedp.Run(w.Ctx, chromedp.Text("main"))
	if err != nil {
		w.Fatal(err)
	}
	return words
}

// Says checks that the page says these words.
func (w Window) Says(words string) {
	w.Helper()
	if got := w.Words(); !strings.Contains(got, words) {
		w.Errorf("the page does not say %q: %s", words, got)
	}
}

// Press gives the element the focus and presses Enter.
func Press(selector string) chromedp.Action[chromedp.Void] {
	return chromedp.Steps(chromedp.Focus(selector), chromedp.KeyEvent(kb.Enter))
}

// SignIn signs in as the person, as the demo lets anybody.
func (w Window) SignIn(person liaison.PersonID) {
	w.Helper()
	w.Do(chromedp.Navigate(w.Site + "/sign-in"))
	w.Leads(200, chromedp.Focus(`input[value="`+string(person)+`"]`), chromedp.KeyEvent(" "), Press("main form .primary"))
}
