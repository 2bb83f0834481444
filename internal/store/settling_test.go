package store_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/jca-ml/liaison/internal/inbound"
	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

var settling = liaison.Settling{Window: 30 * time.Minute, Canary: 5 * time.Minute}

// inDoubt makes an attempt of which no answer comes, with our own copy named.
func inDoubt(t *testing.T, s *store.Store, id liaison.TransmissionID, witness liaison.Witness) store.Claimed {
	t.Helper()
	c := claim(t, s, id)
	c.Witness = witness
	if err := s.Dot(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	sent := answers[liaison.TransmissionUnknown]
	sent.Witness = witness
	if got, err := s.Record(t.Context(), c, sent, retry); err != nil || got != liaison.TransmissionUnknown {
		t.Fatalf("recorded as %s, %v", got, err)
	}
	return c
}

// copyOf is our own copy of a message, as it comes back.
func copyOf(t *testing.T, keys inbound.Keys, x store.Transmission) (raw []byte, to string) {
	t.Helper()
	token, err := keys.Token(x.ID)
	if err != nil {
		t.Fatal(err)
	}
	return []byte("Received: from liaison by relay.example with ESMTP id 4QUEUE; Mon, 23 Nov 2026 12:00:00 +0000\r\nFrom: a@b.example\r\nMessage-ID: <" + x.MessageID + ">\r\n\r\nText\r\n"),
		inbound.Address(inbound.RoleWitness, token, "in.example")
}

func arrive(t *testing.T, s *store.Store, keys inbound.Keys, raw []byte, to string) {
	t.Helper()
	id, _, err := s.Receive(t.Context(), raw, to, "smtp")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.HandleInbound(t.Context(), id, keys); err != nil {
		t.Fatal(err)
	}
}

func keysForTest(t *testing.T) inbound.Keys {
	t.Helper()
	keys, err := inbound.ParseKeys(strings.Repeat("0a", 32))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// TestTheCopySettlesADoubt: before the doubt is on the record, after it, after a person treated the message as sent, and after it was
// proven absent and waits to be sent again. Each time it is accepted once, with the copy's own line as evidence.
func TestTheCopySettlesADoubt(t *testing.T) {
	keys := keysForTest(t)
	for _, when := range []string{"before", "after", "assumed", "waiting", "while it is sent again"} {
		t.Run(when, func(t *testing.T) {
			s, _ := open(t)
			id, ts := dispatching(t, s, "itu-t/sg17")
			raw, to := copyOf(t, keys, ts[0])
			n := 1
			switch when {
			case "before":
				c := claim(t, s, ts[0].ID)
				c.Witness = liaison.WitnessNamed
				if err := s.Dot(t.Context(), c); err != nil {
					t.Fatal(err)
				}
				arrive(t, s, keys, raw, to)
				if got, err := s.Record(t.Context(), c, answers[liaison.TransmissionUnknown], retry); err != nil || got != liaison.TransmissionAccepted {
					t.Fatalf("recorded as %s, %v", got, err)
				}
			case "after":
				inDoubt(t, s, ts[0].ID, liaison.WitnessNamed)
				arrive(t, s, keys, raw, to)
			case "assumed":
				inDoubt(t, s, ts[0].ID, liaison.WitnessNamed)
				choose(t, s, id, liaison.DoTreatAsSent, ts[0].ID, "")
				if x := state(t, s, ts[0].ID); x.State != liaison.TransmissionAssumed || x.State.Label() == "Accepted by the server" {
					t.Errorf("it is %s", x.State)
				}
				arrive(t, s, keys, raw, to)
			case "waiting":
				absent(t, s, ts[0].ID)
				arrive(t, s, keys, raw, to)
			case "while it is sent again":
				absent(t, s, ts[0].ID)
				c := claim(t, s, ts[0].ID)
				arrive(t, s, keys, raw, to)
				if got, err := s.Record(t.Context(), c, answers[liaison.TransmissionRefused], retry); err != nil || got != liaison.TransmissionAccepted {
					t.Fatalf("recorded as %s, %v", got, err)
				}
			}
			x := state(t, s, ts[0].ID)
			if x.State != liaison.TransmissionAccepted || !strings.Contains(x.Reply, "4QUEUE") || x.Code != 0 {
				t.Errorf("the ledger says %s", describe(x))
			}
			attempts, err := s.Attempts(t.Context(), x.ID)
			if err != nil || attempts[n-1].Outcome != liaison.TransmissionAccepted || attempts[n-1].Witness != liaison.WitnessNamed {
				t.Errorf("on the record stand %+v, %v", attempts, err)
			}
			_, err = s.Claim(t.Context(), x.ID, "worker 2")
			refused(t, err, liaison.Conflict)
			if a := do(t, s, give(t, s, id, liaison.DoSettle)); a.State != liaison.Dispatched {
				t.Errorf("settled as %s", a.State)
			}
			verified(t, s)
		})
	}
}

// absent makes a doubt of an hour ago, with canaries that came back ever since, and has it settled.
func absent(t *testing.T, s *store.Store, id liaison.TransmissionID) {
	t.Helper()
	inDoubt(t, s, id, liaison.WitnessNamed)
	noCopyComes(t, s, id)
}

// noCopyComes lets the window pass over a message in doubt, with canaries that come back.
func noCopyComes(t *testing.T, s *store.Store, id liaison.TransmissionID) {
	t.Helper()
	begun := time.Now()
	for m := 1; m <= 40; m += 5 {
		then := s.At(func() time.Time { return begun.Add(time.Duration(m) * time.Minute) })
		got, err := then.Settle(t.Context(), id, settling)
		if want := m < 31; err != nil || (got.State == liaison.TransmissionUnknown) != want || want && got.Wait == 0 {
			t.Fatalf("after %d minutes: %+v, %v", m, got, err)
		}
		canary, err := then.StartCanary(t.Context(), "relay:25", time.Minute)
		if err != nil || canary == "" {
			t.Fatalf("canary %q, %v", canary, err)
		}
		if again, err := then.StartCanary(t.Context(), "relay:25", time.Minute); err != nil || again != "" {
			t.Errorf("another one at once: %q, %v", again, err)
		}
		if err := errors.Join(then.EndCanary(t.Context(), canary, true, "queued"), then.CanaryArrived(t.Context(), canary)); err != nil {
			t.Fatal(err)
		}
	}
	if x := state(t, s, id); x.State != liaison.TransmissionDeferred || x.NextTry == nil || !strings.Contains(x.Reply, "No copy of it came back") {
		t.Fatalf("the ledger says %s", describe(x))
	}
}

// TestAbsentThoughTheWorkerIsGone: nobody is left to say through which relay the attempt was; the claim said it.
func TestAbsentThoughTheWorkerIsGone(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	_, ts := dispatching(t, s, "w3c")
	c, err := s.ClaimFor(t.Context(), ts[0].ID, "worker 1", "relay:25")
	if err != nil {
		t.Fatal(err)
	}
	c.Witness = liaison.WitnessNamed
	if err := s.Dot(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Abandon(t.Context(), c.ID, retry); err != nil || got != liaison.TransmissionUnknown {
		t.Fatalf("abandoned it is %s, %v", got, err)
	}
	noCopyComes(t, s, c.ID)
	verified(t, s)
}

// TestNoProofWithoutACopyThatCouldCome: the relay refused our own copy, or canaries do not come back, or mail that came in is not read
// yet. It stays unknown, and nothing is sent.
func TestNoProofWithoutACopyThatCouldCome(t *testing.T) {
	s, pool := open(t)
	_, ts := dispatching(t, s, "itu-t/sg17", "w3c")
	inDoubt(t, s, ts[0].ID, liaison.WitnessRefused)
	inDoubt(t, s, ts[1].ID, liaison.WitnessNamed)
	later := s.At(func() time.Time { return time.Now().Add(3 * time.Hour) })
	for _, x := range ts {
		if got, err := later.Settle(t.Context(), x.ID, settling); err != nil || got.State != liaison.TransmissionUnknown || got.Wait != 0 {
			t.Errorf("settled as %+v, %v", got, err)
		}
	}
	_, err := s.Claim(t.Context(), ts[1].ID, "worker 2")
	refused(t, err, liaison.Conflict)
	if a := do(t, s, give(t, s, ts[0].Statement, liaison.DoSettle)); a.State != liaison.DispatchedInPart {
		t.Errorf("settled as %s", a.State)
	}
	verified(t, s)

	// from here on the register says what no log has
	if _, err := pool.Exec(t.Context(), `UPDATE transmission SET state = 'cancelled' WHERE letter <> 'statement' AND state = 'queued'`); err != nil { // the letters that say so wait, too
		t.Fatal(err)
	}
	ripe, err := s.At(func() time.Time { return time.Now().Add(90 * time.Minute) }).Ripe(t.Context(), settling)
	if err != nil || len(ripe) != 0 {
		t.Errorf("ripe are %v, %v", ripe, err)
	}
}

// TestRipe: what was left behind, by whatever error, is found when the time is over in which somebody would have come to it, and
// not before.
func TestRipe(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		leave func(t *testing.T, s *store.Store) // a statement behind
		after time.Duration
	}{
		"deferred, and nobody tries again": {func(t *testing.T, s *store.Store) {
			_, ts := dispatching(t, s, "w3c")
			attempt(t, s, ts[0].ID, liaison.TransmissionDeferred)
		}, retry.Delays[0] + 3*settling.Canary},
		"attempted for longer than an attempt lasts": {func(t *testing.T, s *store.Store) {
			_, ts := dispatching(t, s, "w3c")
			claim(t, s, ts[0].ID)
		}, 20 * time.Minute},
		"never attempted": {func(t *testing.T, s *store.Store) { dispatching(t, s, "w3c") }, 30 * time.Minute},
		"all settled and still called dispatching": {func(t *testing.T, s *store.Store) {
			_, ts := dispatching(t, s, "w3c")
			attempt(t, s, ts[0].ID, liaison.TransmissionRefused)
		}, 3 * settling.Canary},
		"approved and not dispatched": {func(t *testing.T, s *store.Store) {
			id := draft(t, s, "w3c")
			carry(t, s, id, liaison.DoSubmit)
			cmd := give(t, s, id, liaison.DoApprove)
			cmd.Undo = time.Minute
			do(t, s, cmd)
		}, time.Minute + 3*settling.Canary},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := open(t)
			test.leave(t, s)
			for at, want := range map[time.Duration]int{test.after - 30*time.Second: 0, test.after + 30*time.Second: 1} {
				ripe, err := s.At(func() time.Time { return time.Now().Add(at) }).Ripe(t.Context(), settling)
				if err != nil || len(ripe) != want {
					t.Errorf("after %s ripe are %v, %v; want %d", at, ripe, err, want)
				}
				for _, st := range ripe { // and the workflow is told where
					batches, err := s.At(func() time.Time { return time.Now().Add(at) }).OpenBatches(t.Context(), st.ID)
					if late := slices.ContainsFunc(batches, func(b store.OpenBatch) bool { return b.Late }); err != nil || len(batches) == 0 || late != strings.HasPrefix(name, "deferred") {
						t.Errorf("open are %+v, %v", batches, err)
					}
				}
			}
		})
	}
}

// choose gives a command about one message as the secretary.
func choose(t *testing.T, s *store.Store, id liaison.StatementID, kind liaison.CommandKind, message liaison.TransmissionID, email string) liaison.Answer {
	t.Helper()
	a, err := s.Do(t.Context(), liaison.Command{ID: liaison.CommandID(uuid.NewString()), Kind: kind, Statement: id, Actor: seed.Secretary.ID, Reason: "because", Transmission: message, Email: email})
	if err != nil {
		t.Fatalf("%s: %v", kind, err)
	}
	return a
}

// TestAskTheBody: the question goes to where the message went, and settles nothing. What comes back to it counts neither as a reply to the
// statement nor as a proof; a question that has not left when the message is known to have arrived does not leave.
func TestAskTheBody(t *testing.T) {
	keys := keysForTest(t)
	s, _ := open(t)
	id, ts := dispatching(t, s, "itu-t/sg17", "w3c")
	for _, x := range ts {
		inDoubt(t, s, x.ID, liaison.WitnessNone)
	}
	asked := func(x store.Transmission) store.Transmission {
		t.Helper()
		if a := choose(t, s, id, liaison.DoAskBody, x.ID, ""); !a.Letters {
			t.Error("nobody is told to send the letter")
		}
		all, err := s.Transmissions(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		var letters []store.Transmission
		for _, y := range all {
			if y.Letter == liaison.LetterArrivalAsked && y.Position == x.Position {
				letters = append(letters, y)
			}
		}
		if len(letters) != 1 || letters[0].Email != x.Email || letters[0].Body != x.Body || letters[0].State != liaison.TransmissionQueued {
			t.Fatalf("asked by %+v", letters)
		}
		if about, err := s.AskedAbout(t.Context(), letters[0]); err != nil || about.ID != x.ID {
			t.Errorf("it asks about %s, %v, not about %s", about.ID, err, x.ID)
		}
		if got := state(t, s, x.ID).State; got != liaison.TransmissionUnknown {
			t.Errorf("asking about it made it %s", got)
		}
		if err := s.Seal(t.Context(), letters[0].Batch, map[liaison.TransmissionID][]byte{letters[0].ID: []byte("Did it arrive?\r\n")}); err != nil {
			t.Fatal(err)
		}
		return letters[0]
	}

	first := asked(ts[0])
	attempt(t, s, first.ID, liaison.TransmissionAccepted)
	answer(t, s, keys, first, "Subject: Re: Did it arrive?")
	arrive(t, s, keys, []byte("From: Irene <irene@body.example>\r\nMessage-ID: <no@body.example>\r\nReferences: <"+ts[0].MessageID+"> <"+first.MessageID+">\r\nSubject: No\r\n\r\nNo.\r\n"), "jca-ml@in.example")
	if got := state(t, s, ts[0].ID).State; got != liaison.TransmissionUnknown {
		t.Errorf("an answer to the question, which may be no, made the message %s", got)
	}
	snap, err := s.Snapshot(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if got := snap.Replies[0].State; got != liaison.ReplyAwaiting {
		t.Errorf("an answer to the question made the reply %s", got)
	}
	facts, err := s.Facts(t.Context(), id)
	if err != nil || len(facts) != 2 || slices.ContainsFunc(facts, func(f store.FactLine) bool { return f.Fact != liaison.FactReplied || f.Transmission != first.ID }) {
		t.Errorf("of the answer is kept %+v, %v", facts, err)
	}

	var told int
	all, err := s.Transmissions(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range all {
		if x.Letter == liaison.LetterReplied && x.Person == seed.Secretary.ID {
			told++
		}
	}
	if told != 2 {
		t.Errorf("the secretariat is told %d times that an answer came, want twice", told)
	}

	second := asked(ts[1])
	raw, to := copyOf(t, keys, ts[1])
	arrive(t, s, keys, raw, to)
	_, err = s.Claim(t.Context(), second.ID, "worker 1")
	refused(t, err, liaison.Conflict)
	if got := state(t, s, second.ID).State; got != liaison.TransmissionCancelled {
		t.Errorf("a question that is answered is %s", got)
	}
	if _, err := s.Do(t.Context(), liaison.Command{ID: newCommand(), Kind: liaison.DoAskBody, Statement: id, Actor: seed.Secretary.ID, Reason: "because", Transmission: ts[1].ID}); liaison.CodeOf(err) != liaison.Conflict {
		t.Errorf("what has arrived is asked about: %v", err)
	}
	verified(t, s)
}

// TestAPersonsChoices: one message was refused, one came to nothing known, one waits.
func TestAPersonsChoices(t *testing.T) {
	s, pool := open(t)
	id, ts := dispatching(t, s, "itu-t/sg17", "w3c", "ieee", "ietf")
	attempt(t, s, ts[0].ID, liaison.TransmissionRefused)
	inDoubt(t, s, ts[1].ID, liaison.WitnessNone)
	attempt(t, s, ts[3].ID, liaison.TransmissionRefused)
	choose(t, s, id, liaison.DoCancel, ts[2].ID, "")
	_, err := s.Claim(t.Context(), ts[2].ID, "worker")
	refused(t, err, liaison.Conflict)
	if a := do(t, s, give(t, s, id, liaison.DoSettle)); a.State != liaison.DispatchedInPart {
		t.Fatalf("settled as %s", a.State)
	}

	again := choose(t, s, id, liaison.DoSendAgain, ts[1].ID, "")
	if again.State != liaison.DispatchedInPart || !again.Letters || again.Batch == "" {
		t.Errorf("answered with %+v", again)
	}
	before, err := s.Message(t.Context(), ts[1].ID)
	if err != nil {
		t.Fatal(err)
	}
	c := attempt(t, s, ts[1].ID, liaison.TransmissionAccepted)
	if c.Attempts != 2 || string(c.Bytes) != string(before) || c.MessageID != ts[1].MessageID {
		t.Errorf("sent again as attempt %d under %s", c.Attempts, c.MessageID)
	}

	choose(t, s, id, liaison.DoSendCopy, ts[0].ID, "Corrected@itu-t.example")
	_, err = s.Do(t.Context(), liaison.Command{ID: "another", Kind: liaison.DoSendCopy, Statement: id, Actor: seed.Secretary.ID, Reason: "because", Transmission: ts[0].ID, Email: "x@itu-t.example"})
	refused(t, err, liaison.Conflict)
	first := state(t, s, ts[0].ID)
	made := state(t, s, first.CopiedBy)
	if made.CopyOf != first.ID || made.Email != "Corrected@itu-t.example" && made.Email != "corrected@itu-t.example" || made.MessageID == first.MessageID || made.State != liaison.TransmissionQueued {
		t.Errorf("the copy is %+v", made)
	}
	sealed(t, s, made.Batch)
	attempt(t, s, made.ID, liaison.TransmissionAccepted)
	choose(t, s, id, liaison.DoSendAgain, ts[3].ID, "")
	attempt(t, s, ts[3].ID, liaison.TransmissionAccepted)

	snap, err := s.Snapshot(t.Context(), id)
	if err != nil || snap.Outcomes[liaison.TransmissionRefused] != 0 || snap.Outcomes[liaison.TransmissionAccepted] != 3 {
		t.Errorf("counted are %v, %v", snap.Outcomes, err)
	}
	if _, err := pool.Exec(t.Context(), `UPDATE transmission SET state = 'deferred', next_try_at = now() WHERE id = $1`, ts[0].ID); err == nil {
		t.Error("what was refused was made to leave again without a command")
	}
	verified(t, s)
}

// TestHolds: of a relay, of a body, and of a relay by itself when it will have nothing from us.
func TestHolds(t *testing.T) {
	s, _ := open(t)
	_, ts := dispatching(t, s, "itu-t/sg17", "w3c", "ieee")
	if err := s.HoldBody(t.Context(), "w3c", "They move their mailbox.", seed.Secretary.ID); err != nil {
		t.Fatal(err)
	}
	refused(t, s.HoldBody(t.Context(), "w3c", "Again.", ""), liaison.Conflict)
	refused(t, s.HoldBody(t.Context(), "nobody", "Why not.", ""), liaison.NotFound)
	refused(t, s.HoldRelay(t.Context(), "relay:25", " ", ""), liaison.Invalid)
	if _, err := s.ClaimFor(t.Context(), ts[1].ID, "worker", "relay:25"); !errors.Is(err, store.ErrHeld) {
		t.Errorf("a message to a body that is held: %v", err)
	}
	if x := state(t, s, ts[1].ID); x.State != liaison.TransmissionQueued || x.Attempts != 0 {
		t.Errorf("it is %s", describe(x))
	}
	c, err := s.ClaimFor(t.Context(), ts[0].ID, "worker", "relay:25")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Record(t.Context(), c, store.Sent{Stage: liaison.StageConnect, Code: 535, Enhanced: "5.7.8", Reply: "who are you", Relay: "relay:25"}, retry); err != nil || got != liaison.TransmissionDeferred {
		t.Errorf("recorded as %s, %v", got, err)
	}
	if _, err := s.ClaimFor(t.Context(), ts[2].ID, "worker", "relay:25"); !errors.Is(err, store.ErrHeld) {
		t.Errorf("a message through a relay that is held: %v", err)
	}
	holds, err := s.Holds(t.Context())
	if err != nil || len(holds) != 2 || holds[1].Relay != "relay:25" || holds[1].By != "" || !strings.Contains(holds[1].Reason, "535 who are you") || holds[0].Waits != 1 {
		t.Fatalf("held are %+v, %v", holds, err)
	}
	for _, h := range holds {
		if waiting, err := s.Lift(t.Context(), h.ID, "It is put right.", seed.Secretary.ID); err != nil || len(waiting) == 0 {
			t.Errorf("lifted: %v, %v", waiting, err)
		}
		_, err := s.Lift(t.Context(), h.ID, "Again.", "")
		refused(t, err, liaison.NotFound)
	}
	if _, err := s.ClaimFor(t.Context(), ts[1].ID, "worker", "relay:25"); err != nil {
		t.Error(err)
	}
	verified(t, s)
}
