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
	At    string // when it leaves, in the group's zone: "at 11:01:00", or on which day
	Left  int    // seconds, when the page was made; 0 when it is due
	Soon  bool   // so few that they are counted
	Late  bool   // it should have left
	Frame string // a page that counts down
	Hold  []actionView
}

func undoViewOf(at, now time.Time, zone *time.Location, address string) undoView {
	left := secondsUntil(at, now)
	return undoView{At: leavesAt(at, now, zone), Left: left, Soon: left <= int(time.Hour/time.Second), Late: now.Sub(at) > undoPatience, Frame: address + "/undo"}
}

// undoPatience is how long after its time a dispatch is taken to be just about to begin.
const undoPatience = 2 * time.Minute

// leavesAt says when something leaves by itself: to the second on the same day, and else by its day.
func leavesAt(at, now time.Time, zone *time.Location) string {
	if liaison.DateOf(at, zone) == liaison.DateOf(now, zone) {
		return "at " + at.In(zone).Format("15:04:05")
	}
	return "on " + at.In(zone).Format("2 January 2006, 15:04")
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
