package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// autosaved is what the form's own script is told.
type autosaved struct {
	Message string `json:"message"`
	Version int    `json:"version,omitempty"` // of the draft now
	Address string `json:"address,omitempty"` // that the form is sent to from here on
}

// autosave stores the draft for the script of the form: the same checks as the button, and words instead of a page. A draft that
// somebody else saved meanwhile is refused; the button then shows both.
func (s *server) autosave(w http.ResponseWriter, r *http.Request, me *visitor, c composing, content, named liaison.Content) error {
	if len(c.problems) > 0 {
		return writeJSON(w, http.StatusUnprocessableEntity, autosaved{Message: "Not saved yet: " + c.problems[0].Message})
	}
	version := c.form.Version
	if c.new || len(liaison.Compare(c.snap.Content, named)) > 0 {
		var saved store.Saved
		var err error
		if c.new {
			saved, err = s.store.Create(r.Context(), c.form.ID, me.ID(), content)
		} else {
			saved, err = s.store.Save(r.Context(), c.form.ID, me.ID(), version, content)
		}
		version = saved.Version
		if e := refusal(err); e != nil && e.Code == liaison.Stale {
			return writeJSON(w, http.StatusConflict, autosaved{Message: "Somebody else saved this draft meanwhile. Press “Save draft”: both texts are shown then, and nothing of yours is lost."})
		} else if e != nil {
			return writeJSON(w, statusOf(e.Code), autosaved{Message: "Not saved: " + e.Message})
		} else if err != nil {
			return err
		}
	}
	others, err := s.store.Present(r.Context(), c.form.ID, me.ID())
	if err != nil {
		return err
	}
	zone, err := c.snap.Profile.Zone()
	if err != nil {
		return err
	}
	message := "Saved at " + time.Now().In(zone).Format("15:04") + "."
	if len(others) > 0 {
		message += " " + strings.Join(others, ", ") + " has this draft open too."
	}
	return writeJSON(w, http.StatusOK, autosaved{message, version, "/statements/" + string(c.form.ID) + "/edit"})
}

func writeJSON(w http.ResponseWriter, status int, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(b) // who asked has gone away; there is nobody to tell
	return nil
}
