package web

import (
	"embed"
	"html/template"
	"net/http"
	"time"

	"github.com/jca-ml/liaison/liaison"
)

// undoView is the moment of thought between an approval and its dispatch.
type undoView struct {
	At    string // when it leaves, in the group's zone, to the second
	Left  int    // seconds, when the page was made; 0 when it is due
	Frame string // a page that counts down
	Hold  []actionView
}

func undoViewOf(at, now time.Time, zone *time.Location, address string) undoView {
	return undoView{At: at.In(zone).Format("15:04:05"), Left: secondsUntil(at, now), Frame: address + "/undo"}
}

func secondsUntil(at, now time.Time) int {
	return max(0, int(at.Sub(now).Round(time.Second)/time.Second))
}

//go:embed templates/undo/countdown.html
var countdownFile embed.FS

// countdown is a page of its own in a frame: it counts down by a style that is made for it, which the policy of the pages around
// it does not allow them, and so works without JavaScript and disturbs nothing that is being typed beside it.
var countdown = template.Must(template.ParseFS(countdownFile, "templates/undo/countdown.html"))

// countdownPolicy allows it that style.
const countdownPolicy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

// showUndo counts down to the dispatch of an approved statement.
func (s *server) showUndo(w http.ResponseWriter, r *http.Request, me *visitor) error {
	snap, err := s.readable(r, me)
	if err != nil {
		return err
	}
	if !insider(snap, me) || snap.State != liaison.Approved || snap.DispatchAt == nil || snap.LeavesAfter != "" {
		return liaison.Refuse(liaison.NotFound, "Nothing is about to leave.")
	}
	w.Header().Set("Content-Security-Policy", countdownPolicy)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	return countdown.Execute(w, secondsUntil(*snap.DispatchAt, s.now()))
}
