package web

import (
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/jca-ml/liaison/internal/testkit/chromium"
	"github.com/jca-ml/liaison/liaison"
)

func TestAnAddresseeAtTheKeyboard(t *testing.T) {
	world := newWorld(t)
	ts := world.messagesTo(world.brought(liaison.Dispatched, "Request for information"))
	w := chromium.Open(t, world.site.URL)
	w.Do(chromedp.EmulateViewport(390, 844), chromedp.Navigate(w.Site+linkPath(t, ts[0])))
	w.Do(chromium.Press(".answers summary"), chromedp.Focus("#f-acknowledged-name"), chromedp.KeyEvent("Irene Ahmed"))
	w.Leads(200, chromium.Press(".answers details[open] button"))
	w.Says("Your acknowledgement is recorded.")
	w.Says("Acknowledged by Irene Ahmed")
	w.Do(chromium.Press(".answers details:nth-of-type(3) summary"), chromedp.Focus("#f-extension-asked-name"), chromedp.KeyEvent("Irene Ahmed"))
	w.Leads(422, chromium.Press(".answers details[open] button"))
	w.Says("Choose the date that you ask for.")
}
