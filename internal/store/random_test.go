package store_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// walk gives random commands to a few statements, as anybody, with right and wrong digests, before and after messages have left.
type walk struct {
	*testing.T
	*rand.Rand
	s       *store.Store
	pool    *pgxpool.Pool
	ids     []liaison.StatementID
	carried map[liaison.StatementID]liaison.State // what the statement's workflow holds: the state of the last answer
	done    map[string]int
	meeting liaison.Meeting // in session
}

// TestRandomCommands: whatever is asked, in whatever order, the register says what the procedure says, and no promise is broken.
func TestRandomCommands(t *testing.T) {
	t.Parallel()
	done := map[string]int{}
	for n := range 3 {
		s, pool := open(t)
		now := noon()
		s = s.Under(under(t, t.TempDir(), []string{"version: 1", "version: 3", "from: 2019-09-13", "from: 2026-11-02", "[officer, meeting, correspondence]", "[officer, meeting, correspondence, no-objection]"})).
			At(func() time.Time { return now })
		w := &walk{t, rand.New(rand.NewPCG(uint64(n), 20)), s, pool, nil, map[liaison.StatementID]liaison.State{}, done, sitting(t, s)}
		for range 12 {
			id := draft(t, s, "w3c", "ieee")
			w.ids, w.carried[id] = append(w.ids, id), liaison.Draft
		}
		for step := range 900 {
			if now = now.Add(time.Second); step > 300 && w.IntN(20) == 0 { // the meeting has its day first
				now = now.AddDate(0, 0, 1)
			}
			id := w.ids[w.IntN(len(w.ids))]
			switch w.IntN(10) {
			case 0:
				w.write(id)
			case 1, 2:
				w.hand(id)
			default:
				w.command(id)
			}
			if t.Failed() {
				t.Fatalf("walk %d stopped at step %d", n, step)
			}
		}
		w.promises()
		verified(t, s)
	}
	for _, mode := range []string{"approved by correspondence", "approved by no-objection"} {
		if done[mode] == 0 {
			t.Errorf("no walk came to a statement %s: %v", mode, done)
		}
	}
	// A walk that gets nowhere proves nothing.
	for _, kind := range []liaison.CommandKind{liaison.DoSubmit, liaison.DoApprove, liaison.DoReturn, liaison.DoReopen, liaison.DoAmend, liaison.DoDispatch, liaison.DoSettle,
		liaison.DoOpenWindow, liaison.DoOpenNoObjection, liaison.DoObject, liaison.DoNoObjection, liaison.DoComment, liaison.DoCancelWindow, liaison.DoEndWindow,
		liaison.DoTable, liaison.DoApproveEdited, liaison.DoEnterApproval, liaison.DoDefer} {
		if done[string(kind)] == 0 {
			t.Errorf("no walk came to %s: %v", kind, done)
		}
	}
}

// command asks for something, and compares what it comes to with what the procedure says.
func (w *walk) command(id liaison.StatementID) {
	w.Helper()
	snap, err := w.s.Snapshot(w.Context(), id)
	if err != nil {
		w.Fatal(err)
	}
	kinds := slices.DeleteFunc(liaison.Kinds(), func(k liaison.CommandKind) bool {
		return k == liaison.DoDraft || k == liaison.DoEdit || k == liaison.DoClose || (k == liaison.DoReject || k == liaison.DoWithdraw || k == liaison.DoRecuse) && w.IntN(30) > 0 ||
			k == liaison.DoObject && w.IntN(4) > 0 // or no window comes to its end
	})
	who := []liaison.PersonID{seed.Chair.ID, seed.Chair.ID, seed.Chair.ID, seed.Secretary.ID, seed.Secretary.ID, seed.Editor.ID, seed.Editor.ID, seed.ViceChair.ID, seed.Reader.ID}
	cmd := liaison.Command{
		ID: newCommand(), Kind: kinds[w.IntN(len(kinds))], Statement: id, Actor: who[w.IntN(len(who))], Digest: snap.Digest, Reason: "At random.", Email: "copy@body.example", Hold: true,
		Consulted: seed.Consulted(), Window: &liaison.Opening{Last: snap.Today.Plus(1 + w.IntN(2))},
	}
	if may := liaison.May(snap.Snapshot, cmd.Actor); len(may) > 0 && w.IntN(6) > 0 { // mostly something that can be done
		if k := may[w.IntN(len(may))]; slices.Contains(kinds, k) {
			cmd.Kind = k
		}
	}
	if snap.State == liaison.Dispatching && w.IntN(3) == 0 { // the engine's own, which no person may
		cmd.Kind = liaison.DoSettle
	}
	switch few := w.IntN(5) == 0; { // of so many commands, those that one state allows
	case few && snap.State == liaison.Approved:
		cmd.Kind, cmd.Actor = liaison.DoAmend, seed.Secretary.ID
	case few && snap.State == liaison.InReview && w.IntN(2) == 0:
		cmd.Kind, cmd.Actor = liaison.DoEnterApproval, seed.Secretary.ID
	case few && snap.State == liaison.Tabled:
		cmd.Kind, cmd.Actor = liaison.DoApproveEdited, seed.Chair.ID
	}
	if snap.State == liaison.InCorrespondence && w.IntN(4) == 0 {
		cmd.Kind, cmd.Actor = []liaison.CommandKind{liaison.DoEndWindow, liaison.DoRemindWindow}[w.IntN(2)], ""
	}
	if snap.State == liaison.InReview && snap.Window != nil && w.IntN(3) == 0 { // what lay open is decided on
		cmd.Kind, cmd.Actor = liaison.DoApprove, seed.Chair.ID
	}
	if w.IntN(12) == 0 {
		cmd.Digest = liaison.DigestOf([]byte("something else"))
	}
	if cmd.Kind == liaison.DoSettle {
		cmd.Actor = ""
	}
	cmd.Meeting, cmd.Item = w.meeting.ID, 8+w.IntN(6) // of twelve
	if cmd.Kind == liaison.DoEnterApproval {
		cmd.Given = &liaison.Given{By: who[w.IntN(len(who))], On: days(0), Evidence: "the minutes"}
		if w.IntN(2) == 0 {
			cmd.Given.Meeting, cmd.Given.Item = w.meeting.ID, 9
		}
	}
	if cmd.Kind.Proposes() {
		c := snap.Content
		c.Text += fmt.Sprintf(" %d.", w.IntN(1000))
		if w.IntN(3) == 0 {
			c.Deadline = "2098-01-01"
		}
		b, err := liaison.Canonical(c)
		if err != nil {
			w.Fatal(err)
		}
		if cmd.Amended, err = w.s.PutBlob(w.Context(), b); err != nil {
			w.Fatal(err)
		}
	}
	if keys := slices.Sorted(maps.Keys(snap.Messages)); len(keys) > 0 {
		cmd.Transmission = keys[w.IntN(len(keys))]
	}
	before, err := w.s.SnapshotFor(w.Context(), cmd)
	if err != nil && liaison.CodeOf(err) != liaison.Invalid {
		w.Fatal(err)
	}
	change, want := liaison.Next(before.Snapshot, cmd)
	if a, b := liaison.Permit(w.carried[id], cmd), liaison.Permit(snap.State, cmd); (a == nil) != (b == nil) {
		w.Errorf("%s: the workflow holds %s and says %v, the register %s and says %v", cmd.Kind, w.carried[id], a, snap.State, b)
	}
	answer, err := w.s.Do(w.Context(), cmd)
	switch {
	case want == nil && err != nil && liaison.CodeOf(err) == liaison.Conflict && cmd.Kind == liaison.DoCancel: // an earlier attempt was in doubt
	case (want == nil) != (err == nil) || liaison.CodeOf(want) != liaison.CodeOf(err) && err != nil:
		w.Errorf("%s of %s by %s: the procedure says %v, the register %v", cmd.Kind, snap.State, cmd.Actor, want, err)
	case err == nil:
		w.carried[id] = answer.State
		w.done[string(cmd.Kind)]++
		if answer.State != change.Rule.To {
			w.Errorf("%s leads to %s, by the procedure to %s", cmd.Kind, answer.State, change.Rule.To)
		}
		again, err := w.s.Do(w.Context(), cmd) // sent twice it is once
		if err != nil || again.Version != answer.Version || again.Revision != answer.Revision {
			w.Errorf("%s again came to %+v, %v", cmd.Kind, again, err)
		}
	}
}

// write saves the draft with another text.
func (w *walk) write(id liaison.StatementID) {
	w.Helper()
	snap, err := w.s.Snapshot(w.Context(), id)
	if err != nil {
		w.Fatal(err)
	}
	c := content("w3c", "ieee")
	c.Text = fmt.Sprintf("Please look at number %d.", w.IntN(1000))
	_, err = w.s.Save(w.Context(), id, seed.Editor.ID, snap.DraftVersion, c)
	if (err == nil) != (snap.State == liaison.Draft) {
		w.Errorf("saved in %s: %v", snap.State, err)
	}
}

// hand seals a message that was released and hands it over, with any outcome.
func (w *walk) hand(id liaison.StatementID) {
	w.Helper()
	ts, err := w.s.Transmissions(w.Context(), id)
	if err != nil {
		w.Fatal(err)
	}
	for _, x := range ts {
		if x.Letter != liaison.LetterStatement || x.State != liaison.TransmissionQueued && x.State != liaison.TransmissionDeferred {
			continue
		}
		if x.Batch == "" { // not released: nothing may be handed over
			if _, err := w.s.Claim(w.Context(), x.ID, "random"); err == nil {
				w.Errorf("a message that nobody released was claimed")
			}
			continue
		}
		if x.Digest == "" {
			if err := w.s.Seal(w.Context(), x.Batch, map[liaison.TransmissionID][]byte{x.ID: []byte("message " + x.ID)}); err != nil {
				w.Fatal(err)
			}
		}
		outcomes := []liaison.TransmissionState{liaison.TransmissionAccepted, liaison.TransmissionAccepted, liaison.TransmissionRefused, liaison.TransmissionUnknown}
		attempt(w.T, w.s, x.ID, outcomes[w.IntN(len(outcomes))])
		w.done["handed over"]++
		return
	}
}

// promises are what may never be broken.
func (w *walk) promises() {
	w.Helper()
	numbers := map[int]int{}
	last := 0
	for _, id := range w.ids {
		snap, err := w.s.Snapshot(w.Context(), id)
		if err != nil {
			w.Fatal(err)
		}
		if snap.Number > 0 {
			numbers[snap.Number]++
			last = max(last, snap.Number)
		}
		if snap.State.Public() && (snap.Leaving() == "" || snap.Leaving() != snap.Digest) {
			w.Errorf("%s left in %s, approved is %s", id, snap.Digest.Short(), snap.Leaving().Short())
		}
		open := snap.State.Final()
		for _, p := range []liaison.PersonID{seed.Chair.ID, seed.Secretary.ID, seed.Editor.ID} {
			open = open || len(liaison.May(snap.Snapshot, p)) > 0
		}
		if !open && snap.State != liaison.Dispatching { // that one goes on by itself
			w.Errorf("%s is %s, and nobody can do anything", id, snap.State)
		}
	}
	for n := 1; n <= last; n++ {
		if numbers[n] != 1 {
			w.Errorf("the number %d was given to %d statements", n, numbers[n])
		}
	}
	// Silence approved nothing but what a window of that kind lay open for, to its end and without an objection.
	var early int
	if err := w.pool.QueryRow(w.Context(), `
		SELECT count(*) FROM decision d LEFT JOIN correspondence_window w ON w.id = d.window_id
		WHERE d.kind = 'approve' AND d.mode IN ('correspondence', 'no-objection') AND (w.id IS NULL OR d.decided_at < w.ends_at OR d.digest <> w.digest OR d.mode = 'no-objection' AND w.mode <> d.mode
			OR EXISTS (SELECT FROM correspondence_saying s WHERE s.window_id = w.id AND s.kind = 'objected'))`).Scan(&early); err != nil || early > 0 {
		w.Errorf("%d approvals came too early or over an objection, %v", early, err)
	}
	for _, mode := range []string{"correspondence", "no-objection"} {
		var n int
		if err := w.pool.QueryRow(w.Context(), `SELECT count(*) FROM decision WHERE kind = 'approve' AND mode = $1`, mode).Scan(&n); err != nil {
			w.Fatal(err)
		}
		w.done["approved by "+mode] += n
	}
	// Every message that was attempted is of a revision that its approval, or a correction under it, made leave.
	var wrong []string
	rows, err := w.pool.Query(w.Context(), `
		SELECT t.id::text FROM transmission t JOIN statement s ON s.id = t.statement_id JOIN attempt a ON a.transmission_id = t.id
		WHERE t.letter = 'statement' AND (s.approved_digest IS NULL OR t.revision <> s.revision
			OR NOT EXISTS (SELECT FROM decision d WHERE d.id = t.approval_id AND d.kind = 'approve' AND d.digest = s.approved_digest))`)
	if err != nil {
		w.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			w.Fatal(err)
		}
		wrong = append(wrong, id)
	}
	if rows.Err() != nil || len(wrong) > 0 {
		w.Errorf("handed over without an approval of these bytes: %s, %v", strings.Join(wrong, ", "), rows.Err())
	}
}
