package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// commandForm is the form of a page that gives the command about the message, "" for one about none.
func commandForm(t testing.TB, s shown, kind liaison.CommandKind, id liaison.TransmissionID) url.Values {
	t.Helper()
	if f := commandForms(s, kind, id); len(f) > 0 {
		return f[0]
	}
	t.Fatalf("%s has no form to %s %s", s.Request.URL, kind, id)
	return nil
}

func commandForms(s shown, kind liaison.CommandKind, id liaison.TransmissionID) (out []url.Values) {
	for n := range s.root.Descendants() {
		if n.Type != html.ElementNode || n.Data != "form" {
			continue
		}
		if values := fields(n); values.Get("kind") == string(kind) && values.Get("transmission") == string(id) {
			out = append(out, values)
		}
	}
	return out
}

// inDoubt is a dispatched statement whose first message is in doubt and whose second was refused.
func (w *world) inDoubt(title string) (liaison.StatementID, []store.Transmission) {
	w.Helper()
	id := w.brought(liaison.Dispatching, title)
	ts := w.messagesTo(id)
	for i, sent := range []store.Sent{{Stage: liaison.StageDot, Error: "connection reset"}, {Stage: liaison.StageRcpt, Code: 550, Reply: "550 5.1.1 No such mailbox here"}, {Stage: liaison.StageDot, Code: 250, Reply: "taken"}} {
		b, err := composer{w.store}.Preview(w.Context(), w.snapshot(id), ts[i].Position)
		if err == nil {
			err = w.store.Seal(w.Context(), ts[i].Batch, map[liaison.TransmissionID][]byte{ts[i].ID: b})
		}
		if err != nil {
			w.Fatal(err)
		}
		c, err := w.store.Claim(w.Context(), ts[i].ID, "test")
		if err == nil && sent.Stage == liaison.StageDot {
			err = w.store.Dot(w.Context(), c)
		}
		if err == nil {
			_, err = w.store.Record(w.Context(), c, sent, liaison.Retry{})
		}
		if err != nil {
			w.Fatal(err)
		}
	}
	w.do(id, liaison.DoSettle, "", func(c *liaison.Command) { c.Reason = "" })
	return id, w.messagesTo(id)
}

func (w *world) stateOf(id liaison.TransmissionID) liaison.TransmissionState {
	w.Helper()
	t, err := w.store.Transmission(w.Context(), id)
	if err != nil {
		w.Fatal(err)
	}
	return t.State
}

// TestButtonsBesideAMessage: on the board and on the message's page stands what may be done with it, by who may, and it does it.
func TestButtonsBesideAMessage(t *testing.T) {
	for name, test := range map[string]struct {
		kind  liaison.CommandKind
		which int
		extra []string
		then  liaison.TransmissionState
		says  string
	}{
		"treat as sent":            {liaison.DoTreatAsSent, 0, nil, liaison.TransmissionAssumed, "It is treated as sent, on your word."},
		"send what is in doubt":    {liaison.DoSendAgain, 0, nil, liaison.TransmissionDeferred, "The identical message is sent again."},
		"send what was refused":    {liaison.DoSendAgain, 1, nil, liaison.TransmissionDeferred, "The identical message is sent again."},
		"ask whether it arrived":   {liaison.DoAskBody, 0, nil, liaison.TransmissionUnknown, "The body is asked whether the message is there."},
		"copy to another address":  {liaison.DoSendCopy, 1, []string{"email", "correct@itu.example"}, liaison.TransmissionRefused, "A copy is on its way"},
		"cancel what is sent anew": {liaison.DoCancel, 1, nil, liaison.TransmissionCancelled, "The message is cancelled."},
	} {
		for _, where := range []string{"the board", "the message's page"} {
			t.Run(name+" on "+where, func(t *testing.T) {
				w := newWorld(t)
				id, ts := w.inDoubt("Title")
				x := ts[test.which]
				if test.kind == liaison.DoCancel {
					w.do(id, liaison.DoSendAgain, secretary, func(c *liaison.Command) { c.Transmission = x.ID })
				}
				page := "/dispatch?ref=JCA-ML-LS1"
				if where != "the board" {
					page = statementPath(id, "/messages/"+string(x.ID))
				}
				tsb := w.as(secretary)
				form := commandForm(t, tsb.at(page), test.kind, x.ID)
				missing := tsb.send("POST", statementPath(id, "/do"), with(form, "reason", "")).is(t, http.StatusUnprocessableEntity).says(t, "Give a reason")
				back := commandForm(t, missing, test.kind, x.ID)
				if back.Get("command") != form.Get("command") || missing.find("details", "open=") == nil {
					t.Error("the form did not come back open, for the same command")
				}
				if test.extra != nil {
					tsb.send("POST", statementPath(id, "/do"), with(form, "reason", "Why", "email", "no address")).is(t, http.StatusUnprocessableEntity).says(t, "Give the address")
				}
				form = with(form, append([]string{"reason", "They asked for it."}, test.extra...)...)
				to := tsb.send("POST", statementPath(id, "/do"), form).location(t)
				path, query, _ := strings.Cut(page, "?")
				if !strings.HasPrefix(to, path+"?") || !strings.Contains(to, query) {
					t.Errorf("leads to %s, not back to %s", to, page)
				}
				tsb.at(to).says(t, test.says)
				if got := w.stateOf(x.ID); got != test.then {
					t.Errorf("it is %s, want %s", got, test.then)
				}
				tsb.send("POST", statementPath(id, "/do"), form).is(t, http.StatusSeeOther) // pressed twice
				tsb.at(statementPath(id, "/messages/"+string(x.ID))).says(t, "What people decided", "They asked for it.")
				if test.kind == liaison.DoAskBody {
					letters, err := w.store.Batch(t.Context(), liaison.CommandID(form.Get("command")))
					if err != nil || len(letters) != 1 { // pressed twice, asked once
						t.Fatalf("asked by %+v, %v", letters, err)
					}
					tsb.at(statementPath(id, "/messages/"+string(letters[0].ID))).says(t, "Asked whether it arrived", x.Email)
					tsb.at("/dispatch?ref=JCA-ML-LS1").says(t, "Asked whether it arrived")
				}
				if test.kind == liaison.DoSendCopy {
					if all := w.messagesTo(id); len(all) != 4 || !slices.ContainsFunc(all, func(y store.Transmission) bool { return y.Email == "correct@itu.example" && y.CopyOf == x.ID }) {
						t.Errorf("there are %d messages, want one copy more", len(all))
					}
					tsb.at(statementPath(id, "/messages/"+string(x.ID))).says(t, "A copy was sent in its place.")
					if f := commandForms(tsb.at("/dispatch"), liaison.DoSendCopy, x.ID); len(f) != 0 {
						t.Error("what has a copy is offered to be copied again")
					}
				}
			})
		}
	}
}

// TestButtonsAreForWhoMay and vanish with what they are for.
func TestButtonsAreForWhoMay(t *testing.T) {
	w := newWorld(t)
	id, ts := w.inDoubt("Title")
	kinds := []liaison.CommandKind{liaison.DoTreatAsSent, liaison.DoSendAgain, liaison.DoSendCopy, liaison.DoAskBody, liaison.DoCancel}
	for who, want := range map[liaison.PersonID][]string{
		secretary: {"treat-as-sent 0", "ask-body 0", "send-again 0", "send-again 1", "send-copy 1"},
		chair:     {"treat-as-sent 0", "ask-body 0", "send-again 0", "send-again 1"},
		editor:    nil,
	} {
		b := w.as(who)
		page := b.at("/dispatch")
		var got []string
		for i, x := range ts {
			message := b.at(statementPath(id, "/messages/"+string(x.ID)))
			for _, k := range kinds {
				if len(commandForms(page, k, x.ID)) > 0 {
					got = append(got, string(k)+" "+string(rune('0'+i)))
				}
				if len(commandForms(page, k, x.ID)) != len(commandForms(message, k, x.ID)) {
					t.Errorf("%s: %s is on one of the board and the message's page, and not on the other", who, k)
				}
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s may %v, want %v", who, got, want)
		}
	}
	form := commandForm(t, w.as(secretary).at("/dispatch"), liaison.DoTreatAsSent, ts[0].ID)
	w.as(editor).send("POST", statementPath(id, "/do"), with(form, "reason", "Why")).is(t, http.StatusForbidden)
	w.as(outsider).send("POST", statementPath(id, "/do"), with(form, "reason", "Why")).is(t, http.StatusForbidden)

	w.do(id, liaison.DoTreatAsSent, chair, func(c *liaison.Command) { c.Transmission = ts[0].ID }) // somebody is quicker
	w.as(secretary).send("POST", statementPath(id, "/do"), with(form, "reason", "Why")).is(t, http.StatusConflict).says(t, "Nothing was done.", "the message is treated as sent by now")
	other := w.brought(liaison.Dispatched, "Another")
	w.as(secretary).send("POST", statementPath(other, "/do"), with(form, "reason", "Why", "command", newID())).is(t, http.StatusNotFound)
}

// TestAnEmbargoIsADay: what leaves on another day says which, and counts no seconds. What should have left says so.
func TestAnEmbargoIsADay(t *testing.T) {
	w := newWorld(t)
	c := content("Not before its day")
	c.Embargo = liaison.DateOf(w.now, time.UTC).Plus(3)
	id := w.draft(editor, c)
	w.do(id, liaison.DoSubmit, editor)
	w.do(id, liaison.DoApprove, chair)
	day, err := time.Parse(time.DateOnly, string(c.Embargo))
	if err != nil {
		t.Fatal(err)
	}
	at := "on " + day.Format("2 January 2006") + ", 00:00"
	tsb := w.as(secretary)
	tsb.at(statementPath(id, "")).says(t, "Its dispatch begins "+at, "Hold the dispatch").keepsQuiet(t, "left when this page was opened", "iframe")
	tsb.at("/dispatch").says(t, "leaves by itself "+at)
	w.now = w.snapshot(id).DispatchAt.Add(time.Minute)
	tsb.at(statementPath(id, "")).says(t, "Its dispatch begins now")
	w.now = w.now.Add(5 * time.Minute)
	tsb.at(statementPath(id, "")).says(t, "Its dispatch should have begun at 00:00:00", "It has not", "Dispatch", "Hold the dispatch")
	w.do(id, liaison.DoDispatch, "")
	tsb.at(statementPath(id, "/history")).says(t, "Dispatch begun", "by itself, on the approval of "+w.snapshot(id).Officers[0].Person.Name)
}

// TestHeldUntilItsDeadline: what is approved and held says that its deadline has come, and can be dispatched all the same.
func TestHeldUntilItsDeadline(t *testing.T) {
	w := newWorld(t)
	c := content("Held for too long")
	c.Deadline = liaison.DateOf(w.now, time.UTC).Plus(2)
	id := w.bring(liaison.Approved, c)
	tsb := w.as(secretary)
	tsb.at(statementPath(id, "")).keepsQuiet(t, "too late")
	w.now = w.now.AddDate(0, 0, 3)
	page := tsb.at(statementPath(id, "")).says(t, "It leaves too late for a reply in time", "A reply is required by "+c.Deadline.String())
	w.as(outsider).get(statementPath(id, "")).is(t, http.StatusNotFound)
	form := commandForm(t, page, liaison.DoDispatch, "")
	tsb.send("POST", statementPath(id, "/do"), form).is(t, http.StatusSeeOther)
	tsb.at(statementPath(id, "")).keepsQuiet(t, "too late")
}

// TestTheUndoMinute: how long is left is shown, and the dispatch can be held with one press.
func TestTheUndoMinute(t *testing.T) {
	w := newWorld(t)
	id := w.draft(editor, content("Think again"))
	w.do(id, liaison.DoSubmit, editor)
	w.do(id, liaison.DoApprove, chair, func(c *liaison.Command) { c.Undo = time.Minute })
	w.now = w.now.Add(18 * time.Second)
	tsb := w.as(secretary)
	page := tsb.at(statementPath(id, "")).says(t, "Its dispatch begins at 11:01:00", "42 seconds were left when this page was opened", "Hold the dispatch")
	if !strings.Contains(page.body, `<iframe title="Seconds left" src="`+statementPath(id, "/undo")+`"`) {
		t.Error("nothing counts down")
	}
	if got := tsb.at(statementPath(id, "/undo")); !strings.Contains(got.body, "--left: 42") || !strings.Contains(got.Header.Get("Content-Security-Policy"), "frame-ancestors 'self'") || strings.Contains(got.body, "<script") {
		t.Errorf("the countdown is\n%s", got.body)
	}
	x := w.messagesTo(id)[0]
	tsb.at(statementPath(id, "/messages/"+string(x.ID))).says(t, "It is approved and leaves by itself at 11:01:00")
	tsb.at("/dispatch").says(t, "leaves by itself at 11:01:00")
	w.as(outsider).get(statementPath(id, "/undo")).is(t, http.StatusNotFound)

	form := commandForm(t, page, liaison.DoHold, "")
	tsb.at(tsb.send("POST", statementPath(id, "/do"), form).location(t)).says(t, "Held: nothing leaves until somebody dispatches it.").keepsQuiet(t, "Its dispatch begins")
	tsb.send("POST", statementPath(id, "/do"), with(form, "command", newID())).is(t, http.StatusConflict).says(t, "Nothing is about to be sent")
	tsb.get(statementPath(id, "/undo")).is(t, http.StatusNotFound)
	tsb.at(statementPath(id, "/messages/"+string(x.ID))).says(t, "nobody has dispatched the statement yet")
	if len(commandForms(tsb.at(statementPath(id, "")), liaison.DoHold, "")) != 0 {
		t.Error("what is held can be held again")
	}
}

// TestATestToOneself from the review page and from a message's own.
func TestATestToOneself(t *testing.T) {
	w := newWorld(t)
	id := w.brought(liaison.InReview, "To be tried")
	b := w.as(chair)
	form := commandForm(t, b.at(statementPath(id, "/review?to=2")), liaison.DoTest, "")
	to := b.send("POST", statementPath(id, "/do"), form).location(t)
	if !strings.HasPrefix(to, statementPath(id, "/review?")) || !strings.Contains(to, "to=2") {
		t.Errorf("leads to %s", to)
	}
	b.at(to).says(t, "A test is on its way to chair@jca-ml.example.")
	b.send("POST", statementPath(id, "/do"), with(form, "position", "9", "command", newID())).is(t, http.StatusNotFound)
	b.send("POST", statementPath(id, "/do"), with(form, "position", "x", "command", newID())).is(t, http.StatusUnprocessableEntity)
	ts, err := w.store.Transmissions(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	var tests []store.Transmission
	for _, x := range ts {
		if x.Letter == liaison.LetterTest {
			tests = append(tests, x)
		}
	}
	if len(tests) != 1 || tests[0].Person != chair || tests[0].Position != 0 {
		t.Errorf("tests are %+v", tests)
	}
	sent := w.brought(liaison.Dispatched, "Sent")
	x := w.messagesTo(sent)[0]
	page := statementPath(sent, "/messages/"+string(x.ID))
	b.at(b.send("POST", statementPath(sent, "/do"), commandForm(t, b.at(page), liaison.DoTest, "")).location(t)).says(t, "A test is on its way")
	if got := w.stateOf(x.ID); got != liaison.TransmissionAccepted {
		t.Errorf("the real message is %s", got)
	}
	for _, back := range []string{"https://evil.example/dispatch", "//evil.example/dispatch", "/sign-out", "/statements/" + string(id) + "/review", "%"} {
		to := b.send("POST", statementPath(sent, "/do"), with(commandForm(t, b.at(page), liaison.DoTest, ""), "back", back)).location(t)
		if !strings.HasPrefix(to, statementPath(sent, "?")) {
			t.Errorf("back to %s leads to %s", back, to)
		}
	}
	if len(commandForms(w.as(outsider).at(page), liaison.DoTest, "")) != 0 {
		t.Error("somebody who only reads may have it sent")
	}
}

// TestPausingOnTheBoard: a secretariat pauses and resumes, everybody sees who, when and why, and what waits says it.
func TestPausingOnTheBoard(t *testing.T) {
	w := newWorld(t)
	id := w.brought(liaison.Dispatching, "On its way")
	x := w.messagesTo(id)[2]
	tsb := w.as(secretary)
	pause := url.Values{"what": {"body ieee"}, "reason": {"Their server moves today."}}
	tsb.send("POST", "/dispatch/paused", with(pause, "reason", " ")).is(t, http.StatusUnprocessableEntity).says(t, "Give a reason")
	if got := tsb.send("POST", "/dispatch/paused", with(pause, "what", "")).is(t, http.StatusUnprocessableEntity).says(t, "Choose what"); !strings.Contains(got.body, "Their server moves today.") {
		t.Error("the reason is lost")
	}
	tsb.send("POST", "/dispatch/paused", with(pause, "what", "relay elsewhere:25")).is(t, http.StatusUnprocessableEntity)
	tsb.send("POST", "/dispatch/paused", with(pause, "what", "body nobody")).is(t, http.StatusNotFound)
	w.as(chair).send("POST", "/dispatch/paused", pause).is(t, http.StatusForbidden)
	tsb.at(tsb.send("POST", "/dispatch/paused", pause).location(t)).says(t, "Sending is paused: IEEE", "Their server moves today.", "TSB Secretariat", "1 message waits")
	tsb.send("POST", "/dispatch/paused", pause).is(t, http.StatusConflict).says(t, "It is paused already.")
	for _, page := range []string{"/dispatch", statementPath(id, "/messages/"+string(x.ID))} {
		w.as(chair).at(page).says(t, "is paused by TSB Secretariat since 23 November 2026", "“Their server moves today”. It is sent when somebody resumes it.")
	}
	w.as(chair).at("/dispatch").keepsQuiet(t, "/resume", `action="/dispatch/paused"`)

	holds, err := w.store.Holds(t.Context())
	if err != nil || len(holds) != 1 {
		t.Fatal(holds, err)
	}
	resume := "/dispatch/paused/" + holds[0].ID + "/resume"
	tsb.send("POST", resume, url.Values{"reason": {""}}).is(t, http.StatusUnprocessableEntity).says(t, "Give a reason")
	w.as(chair).send("POST", resume, url.Values{"reason": {"Done."}}).is(t, http.StatusForbidden)
	tsb.at(tsb.send("POST", resume, url.Values{"reason": {"Done."}}).location(t)).keepsQuiet(t, "Sending is paused")
	tsb.send("POST", resume, url.Values{"reason": {"Done."}}).is(t, http.StatusNotFound)
}

// TestHowAPersonIsTold is that person's alone to choose.
func TestHowAPersonIsTold(t *testing.T) {
	w := newWorld(t)
	b := w.as(editor)
	b.at("/me").says(t, "Approved", "a statement was approved and numbered", "Europe/Zurich", "“Sending paused” always comes at once")
	form := url.Values{"pace-approved": {"daily"}, "pace-replied": {"at-once"}, "pace-relay-held": {"daily"}, "hour": {"18"}, "zone": {"Asia/Seoul"}}
	b.at(b.send("POST", "/me", form).location(t)).says(t, "Saved.")
	h, err := w.store.Habits(t.Context(), editor, "UTC")
	if err != nil || !slices.Equal(h.Daily, []liaison.Letter{liaison.LetterApproved}) || h.Digest != (liaison.DigestTime{Hour: 18, Zone: "Asia/Seoul"}) {
		t.Errorf("chosen is %+v, %v", h, err)
	}
	page := b.send("POST", "/me", with(form, "zone", "Europe/Geneva")).is(t, http.StatusUnprocessableEntity).says(t, "That is no time zone.")
	if !strings.Contains(page.body, "Europe/Geneva") {
		t.Error("what was typed is lost")
	}
	if h, err := w.store.Habits(t.Context(), chair, "UTC"); err != nil || len(h.Daily) != 0 {
		t.Errorf("the chair's are %+v, %v", h, err)
	}
	w.do(w.brought(liaison.InReview, "Title"), liaison.DoApprove, chair)
	b.at("/me").says(t, "1 notice waits for the next one.")
	w.as("").get("/me").is(t, http.StatusSeeOther)
}
