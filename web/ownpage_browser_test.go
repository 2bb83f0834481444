package web

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/jca-ml/liaison/internal/testkit/chromium"
	"github.com/jca-ml/liaison/liaison"
)

// TestABodysOwnPageFits: with many messages, none, titles of 300 characters and in Arabic, on a phone and on a desk.
func TestABodysOwnPageFits(t *testing.T) {
	world := newWorld(t)
	w := chromium.Open(t, world.site.URL)
	const many = 12
	for i := range many {
		c := content(fmt.Sprintf("LS/o number %d on terms and definitions", i+1))
		switch i {
		case many - 1:
			c.Title = strings.Repeat("An-unbroken-title-that-never-ends", 10)[:300]
		case many - 2:
			c.Title, c.Language = "طلب معلومات عن بنود العمل الجارية المتعلقة بالتعلم الآلي", "ar"
		}
		world.bring(liaison.Dispatched, c)
	}
	own := func(body liaison.Code) string { return ownOf(t, body) }
	for name, path := range map[string]string{"many": own("itu-t/sg13"), "none": own("khronos")} {
		for _, width := range []int64{390, 1280} {
			w.Do(chromedp.EmulateViewport(width, 844), chromedp.Navigate(world.site.URL+path))
			over, err := chromedp.Run(w.Ctx, chromedp.Evaluate[int](`document.documentElement.scrollWidth - innerWidth`))
			if err != nil {
				t.Fatal(err)
			}
			if over > 0 {
				t.Errorf("%s is %d pixels too wide at %d", name, over, width)
			}
		}
	}
	world.as("").at(own("itu-t/sg13")).says(t, fmt.Sprintf("%d wait for an answer", many))
	world.as("").at(own("khronos")).says(t, "Nothing was sent to", "Nothing waits for an answer.")
	for _, page := range []string{"/feed.xml", "/calendar.ics"} {
		world.as("").at(own("itu-t/sg13")+page).says(t, "طلب معلومات")
		world.as("").get(own("khronos")+page).is(t, 200)
	}
}
