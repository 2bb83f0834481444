package web

import (
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/jca-ml/liaison/liaison"
)

func TestAnAddresseeAtTheKeyboard(t *testing.T) {
	world := newWorld(t)
	ts := world.messagesTo(world.brought(liaison.Dispatched, "Request for information"))
	w := window{t, chromium(t), world.site.URL}
	w.do(chromedp.EmulateViewport(390, 844), chromedp.Navigate(w.site+linkPath(t, ts[0])))
	w.do(press(".answers summary"), chromedp.Focus("#f-acknowledged-name"), chromedp.KeyEvent("Irene Ahmed"))
	w.leads(200, press(".answers details[open] button"))
	w.says("Your acknowledgement is recorded.")
	w.says("Acknowledged by Irene Ahmed")
	w.do(press(".answers details:nth-of-type(3) summary"), chromedp.Focus("#f-extension-asked-name"), chromedp.KeyEvent("Irene Ahmed"))
	w.leads(422, press(".answers details[open] button"))
	w.says("Choose the date that you ask for.")
}
