package store_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// doubting is one message whose first attempt got no answer, and what comes in about it.
type doubting struct {
	*testing.T
	s, pages *store.Store
	pool     *pgxpool.Pool
	id       liaison.StatementID
	x        store.Transmission
}

func newDoubting(t *testing.T) *doubting {
	t.Helper()
	s, pool := open(t)
	return (&doubting{T: t, s: s, pages: pagesOf(t, pool), pool: pool}).another(t)
}

// another is one more in the same register.
func (d *doubting) another(t *testing.T) *doubting {
	t.Helper()
	id, ts := dispatching(t, d.s, "itu-t/sg17")
	return &doubting{t, d.s, d.pages, d.pool, id, ts[0]}
}

// fresh is a mail that says nothing of what it is about.
func (d *doubting) fresh(headers string) store.InboundID {
	d.Helper()
	h := receive(d.T, d.s, "jca-ml@in.example", "From: Irene <irene@body.example>\r\nMessage-ID: <"+newID()+"@body.example>\r\n"+headers+"\r\nThe answer.\r\n")
	if h.Transmission != "" {
		d.Fatalf("it is about %s by %s", h.Transmission, h.MatchedBy)
	}
	return h.ID
}

func (d *doubting) linked(id store.InboundID) {
	d.Helper()
	if err := d.pages.LinkInbound(d.Context(), id, d.x.ID, seed.Secretary.ID, "It names the roadmap."); err != nil {
		d.Fatal(err)
	}
}

func (d *doubting) about(kind liaison.CommandKind, evidence store.InboundID) {
	d.Helper()
	if _, err := d.s.Do(d.Context(), liaison.Command{ID: newCommand(), Kind: kind, Statement: d.id, Actor: seed.Secretary.ID, Reason: "because", Transmission: d.x.ID, Evidence: string(evidence)}); err != nil {
		d.Fatalf("%s: %v", kind, err)
	}
}

func (d *doubting) said(kind liaison.ResponseKind) {
	d.Helper()
	if _, err := d.pages.Respond(d.Context(), d.x.ID, newCommand(), liaison.Response{Kind: kind, Name: "Irene", Text: "To SG11"}); err != nil {
		d.Fatal(err)
	}
}

// proofs are the ways in which it can become known that the message was taken over.
var proofs = map[string]func(d *doubting){
	"a report by mail": func(d *doubting) {
		receive(d.T, d.s, "b+"+tokenOf(d.T, d.x.ID)+"@in.example", report("delivered", "2.0.0", d.x.Email))
	},
	"a reply by mail": func(d *doubting) {
		receive(d.T, d.s, "r+"+tokenOf(d.T, d.x.ID)+"@in.example", "From: irene@body.example\r\nSubject: Re: x\r\n\r\nYes.\r\n")
	},
	"acknowledged on the page":     func(d *doubting) { d.said(liaison.RespondAcknowledged) },
	"misdirected, on the page":     func(d *doubting) { d.said(liaison.RespondMisdirected) },
	"a reply linked from the tray": func(d *doubting) { d.linked(d.fresh("Subject: Re: yours\r\nIn-Reply-To: <another@body.example>\r\n")) },
	"a report linked from the tray": func(d *doubting) {
		d.linked(receive(d.T, d.s, "us@in.example", report("delayed", "4.4.1", "x@y.example")).ID)
	},
	"linked as the reply":              func(d *doubting) { d.about(liaison.DoLinkReply, d.fresh("Subject: Our answer\r\n")) },
	"linked as an interim reply":       func(d *doubting) { d.about(liaison.DoMarkInterim, d.fresh("Subject: Our answer\r\n")) },
	"the copy that we name everywhere": func(d *doubting) { raw, to := copyOf(d.T, tokenKeys, d.x); receive(d.T, d.s, to, string(raw)) },
}

// later is the store when the window in which a copy would have come is over; canaries came back all the time.
func (d *doubting) later() *store.Store {
	return d.s.At(func() time.Time { return time.Now().Add(time.Hour) })
}

// canaries are sent and come back for longer than the window.
func (d *doubting) canaries() {
	d.Helper()
	begun := time.Now()
	for m := 1; m <= 56; m += 5 {
		then := d.s.At(func() time.Time { return begun.Add(time.Duration(m) * time.Minute) })
		canary, err := then.StartCanary(d.Context(), "relay:25", time.Minute)
		if canary == "" && err == nil { // for another message
			continue
		}
		if err == nil {
			err = then.EndCanary(d.Context(), canary, true, "queued")
		}
		if err == nil {
			err = then.CanaryArrived(d.Context(), canary)
		}
		if err != nil {
			d.Fatal(err)
		}
	}
}

// dots is how often the whole message was handed over.
func (d *doubting) dots() (n int) {
	d.Helper()
	attempts, err := d.s.Attempts(d.Context(), d.x.ID)
	if err != nil {
		d.Fatal(err)
	}
	for _, a := range attempts {
		if a.Dot != nil {
			n++
		}
	}
	return n
}

func (d *doubting) is(want liaison.TransmissionState) {
	d.Helper()
	if x := state(d.T, d.s, d.x.ID); x.State != want {
		d.Errorf("the ledger says %s, want %s", describe(x), want)
	}
}

// TestWhatComesInKeepsAMessageFromBeingSentTwice: whatever way it comes, and whenever: before the doubt is on the record, in doubt,
// when the message waits to be sent again, and while it is. It is handed over once, and accepted.
func TestWhatComesInKeepsAMessageFromBeingSentTwice(t *testing.T) {
	t.Parallel()
	moments := map[string]func(d *doubting, come func(*doubting)){
		"before the doubt is on the record": func(d *doubting, come func(*doubting)) {
			c := claim(d.T, d.s, d.x.ID)
			if err := d.s.Dot(d.Context(), c); err != nil {
				d.Fatal(err)
			}
			come(d)
			if got, err := d.s.Record(d.Context(), c, answers[liaison.TransmissionUnknown], retry); err != nil || got != liaison.TransmissionAccepted {
				d.Errorf("recorded as %s, %v", got, err)
			}
		},
		"before the worker is known to be gone": func(d *doubting, come func(*doubting)) {
			c := claim(d.T, d.s, d.x.ID)
			if err := d.s.Dot(d.Context(), c); err != nil {
				d.Fatal(err)
			}
			come(d)
			if got, err := d.s.Abandon(d.Context(), d.x.ID, retry); err != nil || got != liaison.TransmissionAccepted {
				d.Errorf("abandoned it is %s, %v", got, err)
			}
		},
		"in doubt, and settled when the window is over": func(d *doubting, come func(*doubting)) {
			inDoubt(d.T, d.s, d.x.ID, liaison.WitnessNamed)
			d.canaries()
			come(d)
			if got, err := d.later().Settle(d.Context(), d.x.ID, settling); err != nil || got.State != liaison.TransmissionAccepted {
				d.Errorf("settled as %+v, %v", got, err)
			}
		},
		"in doubt that nobody settles": func(d *doubting, come func(*doubting)) {
			inDoubt(d.T, d.s, d.x.ID, liaison.WitnessNone)
			come(d)
			d.takenUp()
		},
		"treated as sent": func(d *doubting, come func(*doubting)) {
			inDoubt(d.T, d.s, d.x.ID, liaison.WitnessNone)
			choose(d.T, d.s, d.id, liaison.DoTreatAsSent, d.x.ID, "")
			come(d)
			d.takenUp()
		},
		"waits to be sent again": func(d *doubting, come func(*doubting)) {
			d.waits()
			come(d)
			_, err := d.s.Claim(d.Context(), d.x.ID, "worker 2")
			refused(d.T, err, liaison.Conflict)
		},
		"waits to be sent again, behind others": func(d *doubting, come func(*doubting)) {
			d.waits()
			come(d)
			d.takenUp()
		},
		"waits to be sent again on a person's word": func(d *doubting, come func(*doubting)) {
			inDoubt(d.T, d.s, d.x.ID, liaison.WitnessNone)
			do(d.T, d.s, give(d.T, d.s, d.id, liaison.DoSettle))
			choose(d.T, d.s, d.id, liaison.DoSendAgain, d.x.ID, "")
			come(d)
			_, err := d.s.Claim(d.Context(), d.x.ID, "worker 2")
			refused(d.T, err, liaison.Conflict)
		},
		"on its way again, before the dot": func(d *doubting, come func(*doubting)) {
			d.waits()
			c := claim(d.T, d.s, d.x.ID)
			come(d)
			refused(d.T, d.s.Dot(d.Context(), c), liaison.Conflict)
			if got, err := d.s.Record(d.Context(), c, store.Sent{Stage: liaison.StageData, Error: "not handed over", Relay: "relay:25"}, retry); err != nil || got != liaison.TransmissionAccepted {
				d.Errorf("recorded as %s, %v", got, err)
			}
		},
		"on its way again, and the worker dies before the dot": func(d *doubting, come func(*doubting)) {
			d.waits()
			claim(d.T, d.s, d.x.ID)
			come(d)
			if got, err := d.s.Abandon(d.Context(), d.x.ID, retry); err != nil || got != liaison.TransmissionAccepted {
				d.Errorf("abandoned it is %s, %v", got, err)
			}
		},
	}
	for when, moment := range moments {
		t.Run(when, func(t *testing.T) {
			t.Parallel()
			all := newDoubting(t)
			for way, come := range proofs {
				t.Run(way, func(t *testing.T) {
					d := all.another(t)
					moment(d, come)
					d.is(liaison.TransmissionAccepted)
					if n := d.dots(); n != 1 {
						t.Errorf("it was handed over %d times", n)
					}
					if n, err := d.s.TakeUp(t.Context()); n != 0 || err != nil {
						t.Errorf("taken up again: %d, %v", n, err)
					}
					_, err := d.s.Claim(t.Context(), d.x.ID, "worker 3")
					refused(t, err, liaison.Conflict)
				})
			}
			verified(t, all.s)
		})
	}
}

// takenUp is what a worker does every few minutes.
func (d *doubting) takenUp() {
	d.Helper()
	if _, err := roleOf(d.T, d.pool, "liaison_worker").TakeUp(d.Context()); err != nil {
		d.Error(err)
	}
}

// TestWhatComesAfterTheSecondDot: what came too late to stop it is not held against the answer to it.
func TestWhatComesAfterTheSecondDot(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer, want liaison.TransmissionState
	}{
		"accepted": {liaison.TransmissionAccepted, liaison.TransmissionAccepted},
		"unknown":  {liaison.TransmissionUnknown, liaison.TransmissionAccepted},
		"deferred": {liaison.TransmissionDeferred, liaison.TransmissionAccepted},
		"refused":  {liaison.TransmissionRefused, liaison.TransmissionAccepted},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDoubting(t)
			d.waits()
			c := claim(t, d.s, d.x.ID)
			if err := d.s.Dot(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			proofs["a reply linked from the tray"](d)
			sent := answers[test.answer]
			sent.Stage = liaison.StageDot
			if got, err := d.s.Record(t.Context(), c, sent, retry); err != nil || got != test.want {
				t.Errorf("recorded as %s, %v", got, err)
			}
			verified(t, d.s)
		})
	}
}

// TestAnAnswerThatComesWhenALaterAttemptHasBegun: before its dot it does not leave again. After it, the next one does not.
func TestAnAnswerThatComesWhenALaterAttemptHasBegun(t *testing.T) {
	t.Parallel()
	for _, when := range []string{"before the dot", "after the dot", "after the outcome", "in doubt again"} {
		t.Run(when, func(t *testing.T) {
			t.Parallel()
			d := newDoubting(t)
			first := inDoubt(t, d.s, d.x.ID, liaison.WitnessNone)
			do(t, d.s, give(t, d.s, d.id, liaison.DoSettle))
			choose(t, d.s, d.id, liaison.DoSendAgain, d.x.ID, "")
			answer := func(want liaison.TransmissionState) {
				t.Helper()
				if got, err := d.s.Record(t.Context(), first, answers[liaison.TransmissionAccepted], retry); err != nil || got != want {
					t.Errorf("the late answer is recorded as %s, %v", got, err)
				}
			}
			second := claim(t, d.s, d.x.ID)
			end := func(sent store.Sent, want liaison.TransmissionState) {
				t.Helper()
				if got, err := d.s.Record(t.Context(), second, sent, retry); err != nil || got != want {
					t.Errorf("the second attempt is recorded as %s, %v", got, err)
				}
			}
			dots := 2
			switch when {
			case "before the dot":
				answer(liaison.TransmissionAttempting)
				refused(t, d.s.Dot(t.Context(), second), liaison.Conflict)
				end(store.Sent{Stage: liaison.StageData, Error: "not handed over", Relay: "relay:25"}, liaison.TransmissionAccepted)
				dots = 1
			case "after the dot":
				if err := d.s.Dot(t.Context(), second); err != nil {
					t.Fatal(err)
				}
				answer(liaison.TransmissionAttempting)
				end(store.Sent{Stage: liaison.StageDot, Code: 451, Reply: "try later", Relay: "relay:25"}, liaison.TransmissionAccepted)
			case "after the outcome":
				end(answers[liaison.TransmissionDeferred], liaison.TransmissionDeferred)
				answer(liaison.TransmissionAccepted)
				dots = 1
			case "in doubt again":
				if err := d.s.Dot(t.Context(), second); err != nil {
					t.Fatal(err)
				}
				end(answers[liaison.TransmissionUnknown], liaison.TransmissionUnknown)
				answer(liaison.TransmissionAccepted)
			}
			d.is(liaison.TransmissionAccepted)
			attempts, err := d.s.Attempts(t.Context(), d.x.ID)
			if err != nil || attempts[0].Outcome != liaison.TransmissionAccepted || attempts[0].Code != 250 {
				t.Errorf("on the record stand %+v, %v", attempts, err)
			}
			_, err = d.s.Claim(t.Context(), d.x.ID, "worker 3")
			refused(t, err, liaison.Conflict)
			if n := d.dots(); n != dots {
				t.Errorf("it was handed over %d times", n)
			}
			verified(t, d.s)
		})
	}
}

// TestAnAttemptThatWasRefusedAndAnEarlierOneThatArrived: that a person has it sent again sends nothing, because it is known by now.
func TestAnAttemptThatWasRefusedAndAnEarlierOneThatArrived(t *testing.T) {
	t.Parallel()
	d := newDoubting(t)
	inDoubt(t, d.s, d.x.ID, liaison.WitnessNone)
	do(t, d.s, give(t, d.s, d.id, liaison.DoSettle))
	choose(t, d.s, d.id, liaison.DoSendAgain, d.x.ID, "")
	attempt(t, d.s, d.x.ID, liaison.TransmissionRefused)
	proofs["linked as the reply"](d)
	d.takenUp()
	d.is(liaison.TransmissionRefused)
	choose(t, d.s, d.id, liaison.DoSendAgain, d.x.ID, "")
	_, err := d.s.Claim(t.Context(), d.x.ID, "worker 2")
	refused(t, err, liaison.Conflict)
	d.is(liaison.TransmissionAccepted)
	if n := d.dots(); n != 1 {
		t.Errorf("it was handed over %d times", n)
	}
	verified(t, d.s)
}

// TestWhatSpeaksForItAndProvesNothing is left to a person: a mail that somebody links and that no rule understands, and a reply
// that came in as the answer to another message of ours. The person then decides, knowing it.
func TestWhatSpeaksForItAndProvesNothing(t *testing.T) {
	t.Parallel()
	ways := map[string]func(d *doubting){
		"linked from the tray, and understood as nothing": func(d *doubting) { d.linked(d.fresh("Subject: The roadmap\r\n")) },
		"the answer to the question whether it arrived, linked as the reply": func(d *doubting) {
			var asked liaison.TransmissionID
			if err := d.pool.QueryRow(d.Context(), `SELECT id FROM transmission WHERE letter = 'arrival-asked'`).Scan(&asked); err != nil {
				d.Fatal(err)
			}
			h := receive(d.T, d.s, "r+"+tokenOf(d.T, asked)+"@in.example", "From: irene@body.example\r\nSubject: Re: x\r\n\r\nNo.\r\n")
			d.about(liaison.DoLinkReply, h.ID)
		},
	}
	for way, come := range ways {
		for _, when := range []string{"in doubt", "waits", "on its way"} {
			t.Run(way+", "+when, func(t *testing.T) {
				t.Parallel()
				d := newDoubting(t)
				inDoubt(t, d.s, d.x.ID, liaison.WitnessNamed)
				choose(t, d.s, d.id, liaison.DoAskBody, d.x.ID, "")
				var batch liaison.CommandID
				if err := d.pool.QueryRow(t.Context(), `SELECT batch FROM transmission WHERE letter = 'arrival-asked'`).Scan(&batch); err != nil {
					t.Fatal(err)
				}
				send(t, d.s, batch, liaison.TransmissionAccepted)
				d.canaries()
				switch when {
				case "in doubt":
					come(d)
					if got, err := d.later().Settle(t.Context(), d.x.ID, settling); err != nil || got.State != liaison.TransmissionUnknown || got.Wait != 0 {
						t.Errorf("settled as %+v, %v", got, err)
					}
				case "waits":
					d.absent()
					come(d)
					_, err := d.s.Claim(t.Context(), d.x.ID, "worker 2")
					refused(t, err, liaison.Conflict)
				case "on its way":
					d.absent()
					c := claim(t, d.s, d.x.ID)
					come(d)
					refused(t, d.s.Dot(t.Context(), c), liaison.Conflict)
					if got, err := d.s.Record(t.Context(), c, store.Sent{Stage: liaison.StageData, Error: "not handed over", Relay: "relay:25"}, retry); err != nil || got != liaison.TransmissionDeferred {
						t.Errorf("recorded as %s, %v", got, err)
					}
					_, err := d.s.Claim(t.Context(), d.x.ID, "worker 2")
					refused(t, err, liaison.Conflict)
				}
				d.takenUp()
				d.is(liaison.TransmissionUnknown)
				if n := d.dots(); n != 1 {
					t.Errorf("it was handed over %d times", n)
				}
				if got, err := d.later().Settle(t.Context(), d.x.ID, settling); err != nil || got.State != liaison.TransmissionUnknown || got.Wait != 0 {
					t.Errorf("settled again as %+v, %v", got, err)
				}
				verified(t, d.s)

				do(t, d.s, give(t, d.s, d.id, liaison.DoSettle))
				choose(t, d.s, d.id, liaison.DoSendAgain, d.x.ID, "")
				attempt(t, d.s, d.x.ID, liaison.TransmissionAccepted)
				verified(t, d.s)
			})
		}
	}
}

// waits makes a doubt, and has it settled so that the message is to be sent again.
func (d *doubting) waits() {
	d.Helper()
	inDoubt(d.T, d.s, d.x.ID, liaison.WitnessNamed)
	d.canaries()
	d.absent()
}

// absent has the message settled as not taken over, by canaries that came back.
func (d *doubting) absent() {
	d.Helper()
	if got, err := d.later().Settle(d.Context(), d.x.ID, settling); err != nil || got.State != liaison.TransmissionDeferred {
		d.Fatalf("settled as %+v, %v", got, err)
	}
}

// TestALinkThatIsTakenBackProvesNothing: somebody linked the wrong mail as the reply.
func TestALinkThatIsTakenBackProvesNothing(t *testing.T) {
	t.Parallel()
	d := newDoubting(t)
	inDoubt(t, d.s, d.x.ID, liaison.WitnessNamed)
	d.canaries()
	wrong := d.fresh("Subject: Something else\r\n")
	d.about(liaison.DoLinkReply, wrong)
	d.about(liaison.DoUnlinkReply, wrong)
	d.takenUp()
	d.is(liaison.TransmissionUnknown)
	d.absent()
	verified(t, d.s)
}

// TestALinkedReportOfFailureMovesTheMessage: then a copy can be sent elsewhere.
func TestALinkedReportOfFailureMovesTheMessage(t *testing.T) {
	t.Parallel()
	d := newDoubting(t)
	attempt(t, d.s, d.x.ID, liaison.TransmissionAccepted)
	do(t, d.s, give(t, d.s, d.id, liaison.DoSettle))
	d.linked(receive(t, d.s, "us@in.example", report("failed", "5.1.1", d.x.Email)).ID)
	d.takenUp()
	d.is(liaison.TransmissionBounced)
	snap, err := d.s.Snapshot(t.Context(), d.id)
	if err != nil {
		t.Fatal(err)
	}
	if may := liaison.MayAbout(snap.Snapshot, d.x.ID, seed.Secretary.ID); !slices.Contains(may, liaison.DoSendCopy) {
		t.Errorf("about it can be done %v", may)
	}
	verified(t, d.s)
}

// TestADotWaitsForALink: the link is being written when the second dot is asked for. Whichever is first, the message does not leave
// when the link is there.
func TestADotWaitsForALink(t *testing.T) {
	t.Parallel()
	d := newDoubting(t)
	d.waits()
	c := claim(t, d.s, d.x.ID)
	reply := d.fresh("Subject: Re: yours\r\nIn-Reply-To: <another@body.example>\r\n")
	release := holdLog(t, d.pool) // the link stops before its last step, with its fact written
	link := make(chan error, 1)
	go func() {
		link <- d.pages.LinkInbound(t.Context(), reply, d.x.ID, seed.Secretary.ID, "It names the roadmap.")
	}()
	waiting(t, d.pool, 1)
	dot := make(chan error, 1)
	go func() { dot <- d.s.Dot(t.Context(), c) }()
	waiting(t, d.pool, 2)
	release()
	if err := <-link; err != nil {
		t.Error(err)
	}
	refused(t, <-dot, liaison.Conflict)
	if n := d.dots(); n != 1 {
		t.Errorf("it was handed over %d times", n)
	}
}

// TestAReaderWhomAnotherLetterLedThere proves nothing of the message: reminders have its link, and earlier ones had its address. A
// mail system's word counts as before.
func TestAReaderWhomAnotherLetterLedThere(t *testing.T) {
	t.Parallel()
	for way, test := range map[string]struct {
		come func(d *desk, x, reminder store.Transmission)
		want liaison.TransmissionState
	}{
		"the reminder is answered": {func(d *desk, _, reminder store.Transmission) { d.mails(reminder.ID, "irene@sg17.example") }, liaison.TransmissionAssumed},
		"an earlier reminder, with the address of the message, is answered": {func(d *desk, x, _ store.Transmission) { d.mails(x.ID, "irene@sg17.example") }, liaison.TransmissionAssumed},
		"the link of the reminder is followed": {func(d *desk, x, _ store.Transmission) {
			d.says(x.Statement, 1, liaison.Response{Kind: liaison.RespondReplied, Text: "We never got it."})
		}, liaison.TransmissionAssumed},
		"a fresh mail is linked as the reply": {func(d *desk, x, _ store.Transmission) {
			d.must(d.about(x.Statement, 1, liaison.DoLinkReply, seed.Secretary, evidenceOf(d.untracked())))
		}, liaison.TransmissionAssumed},
		"a server reports": {func(d *desk, x, _ store.Transmission) {
			receive(d.T, d.Store, "b+"+tokenOf(d.T, x.ID)+"@in.example", report("delivered", "2.0.0", x.Email))
		}, liaison.TransmissionAccepted},
		"our copy comes": {func(d *desk, x, _ store.Transmission) {
			raw, to := copyOf(d.T, tokenKeys, x)
			receive(d.T, d.Store, to, string(raw))
		}, liaison.TransmissionAccepted},
	} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			id := liaison.StatementID(newID())
			c := content()
			c.Deadline, c.Addressees = replyBy, []liaison.Addressee{sg17}
			_, err := d.Create(t.Context(), id, seed.Editor.ID, c)
			d.must(err)
			carry(t, d.Store, id, liaison.DoSubmit, liaison.DoApprove)
			send(t, d.Store, carry(t, d.Store, id, liaison.DoDispatch), liaison.TransmissionUnknown)
			x := state(t, d.Store, d.reply(id, 1).Transmission)
			choose(t, d.Store, id, liaison.DoTreatAsSent, x.ID, "")
			carry(t, d.Store, id, liaison.DoSettle)
			d.on("2027-01-22")
			if got := d.remind(id); !slices.Contains(got, liaison.LetterReplyDue) {
				t.Fatalf("reminded by %v", got)
			}
			all, err := d.Transmissions(t.Context(), id)
			d.must(err)
			i := slices.IndexFunc(all, func(y store.Transmission) bool { return y.Letter == liaison.LetterReplyDue && y.Position == 1 })
			send(t, d.Store, all[i].Batch, liaison.TransmissionAccepted)
			d.on("2027-01-25")
			test.come(d, x, all[i])
			if _, err := d.TakeUp(t.Context()); err != nil {
				t.Error(err)
			}
			if got := state(t, d.Store, x.ID); got.State != test.want {
				t.Errorf("it is %s", describe(got))
			}
			if want := liaison.ReplyOnTime; strings.Contains(way, "answered") || strings.Contains(way, "link") {
				d.stands(id, want)
			}
			verified(t, d.Store)
		})
	}
}
