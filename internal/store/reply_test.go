package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/jca-ml/liaison/internal/audit"
	"github.com/jca-ml/liaison/internal/inbound"
	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// desk is a register at a time that the test sets.
type desk struct {
	*testing.T
	*store.Store
	pool *pgxpool.Pool
	now  time.Time
}

const replyBy liaison.Date = "2027-01-29"

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{T: t, now: time.Date(2027, 1, 4, 10, 0, 0, 0, time.UTC)}
	s, pool := open(t)
	d.Store, d.pool = s.At(func() time.Time { return d.now }), pool
	return d
}

// on sets the day, at noon.
func (d *desk) on(day liaison.Date) {
	t, err := time.Parse(time.DateOnly, string(day))
	if err != nil {
		d.Fatal(err)
	}
	d.now = t.Add(12 * time.Hour)
}

// sent is a statement that every addressee's server took over; the purposes are those of the bodies.
func (d *desk) sent(to ...liaison.Addressee) liaison.StatementID {
	d.Helper()
	id := liaison.StatementID(uuid.NewString())
	c := content()
	c.Deadline, c.Addressees = replyBy, to
	if _, err := d.Create(d.Context(), id, seed.Editor.ID, c); err != nil {
		d.Fatal(err)
	}
	carry(d.T, d.Store, id, liaison.DoSubmit, liaison.DoApprove)
	send(d.T, d.Store, carry(d.T, d.Store, id, liaison.DoDispatch), liaison.TransmissionAccepted)
	carry(d.T, d.Store, id, liaison.DoSettle)
	return id
}

var (
	sg17 = liaison.Addressee{Body: "itu-t/sg17", Purpose: liaison.ForAction}
	w3c  = liaison.Addressee{Body: "w3c", Purpose: liaison.ForComment}
	ieee = liaison.Addressee{Body: "ieee", Purpose: liaison.ForInformation}
)

func (d *desk) reply(id liaison.StatementID, position int) liaison.Reply {
	d.Helper()
	snap, err := d.Snapshot(d.Context(), id)
	if err != nil {
		d.Fatal(err)
	}
	i := slices.IndexFunc(snap.Replies, func(r liaison.Reply) bool { return r.Position == position })
	if i < 0 {
		d.Fatalf("addressee %d has no reply: %+v", position, snap.Replies)
	}
	return snap.Replies[i]
}

// stands fails the test unless the replies of the statement stand so, in the order of its addressees.
func (d *desk) stands(id liaison.StatementID, want ...liaison.ReplyState) {
	d.Helper()
	snap, err := d.Snapshot(d.Context(), id)
	if err != nil {
		d.Fatal(err)
	}
	var got []liaison.ReplyState
	for _, r := range snap.Replies {
		got = append(got, r.State)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		d.Errorf("replies (-want +got):\n%s", diff)
	}
}

// about gives a command about the reply of an addressee.
func (d *desk) about(id liaison.StatementID, position int, kind liaison.CommandKind, by liaison.Person, change ...func(*liaison.Command)) error {
	d.Helper()
	cmd := liaison.Command{ID: newCommand(), Kind: kind, Statement: id, Actor: by.ID, Reason: "because", Transmission: d.reply(id, position).Transmission}
	for _, f := range change {
		f(&cmd)
	}
	_, err := d.Do(d.Context(), cmd)
	return err
}

func (d *desk) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

// says is the addressee on its page.
func (d *desk) says(id liaison.StatementID, position int, r liaison.Response) {
	d.Helper()
	r.Name = "Irene"
	fresh, err := d.Respond(d.Context(), d.reply(id, position).Transmission, newCommand(), r)
	if err != nil || !fresh {
		d.Fatalf("%s: %t, %v", r.Kind, fresh, err)
	}
}

// mails is a reply by e-mail to the address of a message.
func (d *desk) mails(to liaison.TransmissionID, from string) store.Handled {
	d.Helper()
	return receive(d.T, d.Store, inbound.Address(inbound.RoleReply, tokenOf(d.T, to), "in.example"),
		fmt.Sprintf("From: %s\r\nTo: r@in.example\r\nSubject: Re: the roadmap\r\nMessage-ID: <%s@body.example>\r\n\r\nOur answer.\r\n", from, uuid.NewString()))
}

// untracked is a reply that says nothing of what it answers.
func (d *desk) untracked() store.Handled {
	d.Helper()
	return receive(d.T, d.Store, "jca-ml@in.example",
		fmt.Sprintf("From: irene@body.example\r\nTo: jca-ml@in.example\r\nSubject: Our answer\r\nMessage-ID: <%s@body.example>\r\n\r\nThe answer.\r\n", uuid.NewString()))
}

// remind is what the statement's workflow does when something is due.
func (d *desk) remind(id liaison.StatementID) (letters []liaison.Letter) {
	d.Helper()
	cmd := liaison.Command{ID: newCommand(), Kind: liaison.DoRemind, Statement: id}
	if _, err := d.Do(d.Context(), cmd); liaison.CodeOf(err) == liaison.Conflict {
		return nil
	} else if err != nil {
		d.Fatal(err)
	}
	ts, err := d.Batch(d.Context(), cmd.ID)
	if err != nil {
		d.Fatal(err)
	}
	for _, x := range ts {
		if x.Position > 0 {
			letters = append(letters, x.Letter)
		}
	}
	return letters
}

func evidenceOf(h store.Handled) func(*liaison.Command) {
	return func(c *liaison.Command) { c.Evidence = string(h.ID) }
}

func (d *desk) closesItself(id liaison.StatementID, want bool) {
	d.Helper()
	plan, err := d.ReplyPlan(d.Context(), id)
	if err != nil || plan.Settled != want {
		d.Errorf("the statement is settled: %t, %v; want %t", plan.Settled, err, want)
	}
	ripe, err := d.Ripe(d.Context(), liaison.Settling{Window: time.Minute, Canary: time.Minute})
	if err != nil {
		d.Fatal(err)
	}
	// Letters that nobody sends here are a reason to look too, so only this direction tells.
	if want && !slices.ContainsFunc(ripe, func(x store.OpenStatement) bool { return x.ID == id }) {
		d.Errorf("its workflow is not told to look")
	}
	all, err := d.Transmissions(d.Context(), id)
	if err != nil {
		d.Fatal(err)
	}
	if !want && !slices.ContainsFunc(all, func(x store.Transmission) bool { return !x.State.Settled() }) && slices.ContainsFunc(ripe, func(x store.OpenStatement) bool { return x.ID == id }) {
		d.Errorf("its workflow is told to look for ever")
	}
	_, err = d.Do(d.Context(), liaison.Command{ID: newCommand(), Kind: liaison.DoClose, Statement: id, Reason: "Every reply that was awaited is settled."})
	if closed := err == nil; closed != want || err != nil && liaison.CodeOf(err) != liaison.Conflict {
		d.Errorf("the engine closes it: %v, want %t", err, want)
	}
}

// TestRepliesEdgeCases are the edge cases of the rules of the field that are about replies, each on a register of its own.
func TestRepliesEdgeCases(t *testing.T) {
	reply := liaison.Response{Kind: liaison.RespondReplied, Text: "Our answer."}
	ask := liaison.Response{Kind: liaison.RespondExtensionAsked, Text: "We meet in March.", Date: "2027-03-31"}
	for name, test := range map[string]func(d *desk){
		"one body is paused for weeks: the others are reminded and become overdue, and nothing closes before it has gone": func(d *desk) {
			id := liaison.StatementID(uuid.NewString())
			c := content()
			c.Deadline, c.Addressees = replyBy, []liaison.Addressee{sg17, w3c}
			_, err := d.Create(d.Context(), id, seed.Editor.ID, c)
			d.must(err)
			carry(d.T, d.Store, id, liaison.DoSubmit, liaison.DoApprove)
			d.must(d.HoldBody(d.Context(), "w3c", "Their mailbox moves.", seed.Secretary.ID))
			ts := sealed(d.T, d.Store, carry(d.T, d.Store, id, liaison.DoDispatch))
			attempt(d.T, d.Store, ts[0].ID, liaison.TransmissionAccepted)
			if plan, err := d.ReplyPlan(d.Context(), id); err != nil || plan.Next.IsZero() {
				d.Errorf("nothing is due of it: %+v, %v", plan, err)
			}
			d.on("2027-01-28")
			if diff := cmp.Diff([]liaison.Letter{liaison.LetterReplyDue}, d.remind(id)); diff != "" {
				d.Errorf("letters (-want +got):\n%s", diff)
			}
			d.on("2027-01-30")
			d.remind(id)
			d.stands(id, liaison.ReplyOverdue, liaison.ReplyAwaiting) // who was not reached owes nothing yet
			d.mails(ts[0].ID, "irene@sg17.example")
			d.must(d.about(id, 2, liaison.DoWaive, seed.Chair))
			d.closesItself(id, false)
			holds, err := d.Holds(d.Context())
			d.must(err)
			_, err = d.Lift(d.Context(), holds[0].ID, "It has moved.", seed.Secretary.ID)
			d.must(err)
			attempt(d.T, d.Store, ts[1].ID, liaison.TransmissionAccepted)
			carry(d.T, d.Store, id, liaison.DoSettle)
			d.closesItself(id, true)
		},
		"edge 4: of mixed purposes, only that for action becomes overdue": func(d *desk) {
			id := d.sent(sg17, ieee)
			d.stands(id, liaison.ReplyAwaiting, liaison.ReplyNotAwaited)
			d.on("2027-01-30")
			if diff := cmp.Diff([]liaison.Letter{liaison.LetterOverdue}, d.remind(id)); diff != "" {
				d.Errorf("letters (-want +got):\n%s", diff)
			}
			d.stands(id, liaison.ReplyOverdue, liaison.ReplyNotAwaited)
		},
		"edge 2: a deadline on what is only for information is never overdue": func(d *desk) {
			id := d.sent(ieee)
			d.on("2027-02-10")
			if got := d.remind(id); got != nil {
				d.Errorf("letters: %v", got)
			}
			d.stands(id, liaison.ReplyNotAwaited)
			d.closesItself(id, false)
		},
		"edge 36: a reply after the deadline is accepted and marked late": func(d *desk) {
			id := d.sent(sg17)
			d.on("2027-01-30")
			d.remind(id)
			d.mails(d.reply(id, 1).Transmission, "irene@sg17.example")
			d.stands(id, liaison.ReplyLate)
			d.closesItself(id, true)
		},
		"edge 36: it is late also where nothing looked after the date": func(d *desk) {
			id := d.sent(sg17)
			d.on("2027-01-30")
			d.says(id, 1, reply)
			d.stands(id, liaison.ReplyLate)
		},
		"the day of the deadline is in time, by the group's clock": func(d *desk) {
			id := d.sent(sg17, w3c)
			d.now = time.Date(2027, 1, 29, 22, 59, 0, 0, time.UTC) // 23:59 in Geneva
			d.says(id, 1, reply)
			d.now = d.now.Add(2 * time.Minute)
			d.says(id, 2, reply)
			d.stands(id, liaison.ReplyOnTime, liaison.ReplyLate)
		},
		"edge 37: a reply to a closed statement is accepted, and the thread flagged": func(d *desk) {
			id := d.sent(sg17, w3c)
			d.says(id, 2, reply)
			carry(d.T, d.Store, id, liaison.DoClose)
			d.stands(id, liaison.ReplyMissing, liaison.ReplyOnTime)
			d.on("2027-03-01")
			d.mails(d.reply(id, 1).Transmission, "irene@sg17.example")
			d.stands(id, liaison.ReplyLate, liaison.ReplyOnTime)
			links, err := d.ReplyLinks(d.Context(), id)
			if err != nil || len(links) != 2 || links[1].Stood != string(liaison.Closed) || !links[1].Late {
				d.Errorf("linked: %+v, %v", links, err)
			}
		},
		"edge 37: a reply to a withdrawn statement is accepted, and the thread flagged": func(d *desk) {
			id := liaison.StatementID(uuid.NewString())
			c := content("itu-t/sg17")
			_, err := d.Create(d.Context(), id, seed.Editor.ID, c)
			d.must(err)
			carry(d.T, d.Store, id, liaison.DoSubmit, liaison.DoApprove, liaison.DoWithdraw)
			h := d.untracked()
			d.must(d.about(id, 1, liaison.DoLinkReply, seed.Secretary, evidenceOf(h)))
			d.stands(id, liaison.ReplyNotAwaited)
			links, err := d.ReplyLinks(d.Context(), id)
			if err != nil || len(links) != 1 || links[0].Stood != string(liaison.Withdrawn) || links[0].By != seed.Secretary.Name {
				d.Errorf("linked: %+v, %v", links, err)
			}
		},
		"edge 37: a recalled statement is reminded of no more; a reply to it is accepted, and the thread flagged": func(d *desk) {
			id := d.sent(sg17)
			recall := liaison.StatementID(uuid.NewString())
			c := content("itu-t/sg17")
			c.Deadline, c.Relations = "", []liaison.Relation{{Kind: liaison.Recalls, Statement: id}}
			c.Addressees[0].Purpose = liaison.ForInformation
			_, err := d.Create(d.Context(), recall, seed.Editor.ID, c)
			d.must(err)
			carry(d.T, d.Store, recall, liaison.DoSubmit, liaison.DoApprove, liaison.DoDispatch)
			d.on("2027-01-28")
			if got := d.remind(id); got != nil {
				d.Errorf("letters: %v", got)
			}
			d.mails(d.reply(id, 1).Transmission, "irene@sg17.example")
			d.stands(id, liaison.ReplyOnTime)
			links, err := d.ReplyLinks(d.Context(), id)
			if err != nil || len(links) != 1 || links[0].Stood != string(liaison.Recalls) {
				d.Errorf("linked: %+v, %v", links, err)
			}
		},
		"edge 38: a reply without a reference waits for a person, who links it": func(d *desk) {
			id := d.sent(sg17)
			h := d.untracked()
			if h.Statement != "" {
				d.Fatalf("it was matched: %+v", h)
			}
			d.stands(id, liaison.ReplyAwaiting)
			d.must(d.about(id, 1, liaison.DoLinkReply, seed.Secretary, evidenceOf(h)))
			d.stands(id, liaison.ReplyOnTime)
			if m, _, err := d.InboundMessage(d.Context(), h.ID); err != nil || m.Statement != id || m.MatchedBy != inbound.ByPerson {
				d.Errorf("the message is of %s by %s, %v", m.Statement, m.MatchedBy, err)
			}
			refused(d.T, d.about(id, 1, liaison.DoLinkReply, seed.Secretary, evidenceOf(h)), liaison.Conflict)
		},
		"edge 38: from the tray it counts as well": func(d *desk) {
			id := d.sent(sg17)
			h := receive(d.T, d.Store, "jca-ml@in.example", "From: irene@body.example\r\nTo: jca-ml@in.example\r\nSubject: Re: yours\r\nIn-Reply-To: <another@body.example>\r\nMessage-ID: <x@body.example>\r\n\r\nThe answer.\r\n")
			d.must(d.LinkInbound(d.Context(), h.ID, d.reply(id, 1).Transmission, seed.Secretary.ID, "It names the roadmap."))
			d.stands(id, liaison.ReplyOnTime)
		},
		"edge 39: one reply answers two statements": func(d *desk) {
			one, two := d.sent(sg17, w3c), d.sent(sg17)
			h := d.mails(d.reply(one, 1).Transmission, "irene@sg17.example")
			d.must(d.about(two, 1, liaison.DoLinkReply, seed.Chair, evidenceOf(h)))
			d.must(d.about(one, 2, liaison.DoLinkReply, seed.Chair, evidenceOf(h), func(c *liaison.Command) { c.Body = "itu-t/sg17" }))
			d.stands(one, liaison.ReplyOnTime, liaison.ReplyOnTime)
			d.stands(two, liaison.ReplyOnTime)
			d.closesItself(one, true)
			d.closesItself(two, true)
		},
		"edge 40: an interim reply does not stop the clock": func(d *desk) {
			id := d.sent(sg17, w3c)
			d.says(id, 1, liaison.Response{Kind: liaison.RespondReplied, Text: "We look into it.", Interim: true})
			h := d.mails(d.reply(id, 2).Transmission, "team@w3c.example")
			d.stands(id, liaison.ReplyAwaiting, liaison.ReplyOnTime)
			d.must(d.about(id, 2, liaison.DoMarkInterim, seed.Secretary, evidenceOf(h)))
			d.stands(id, liaison.ReplyAwaiting, liaison.ReplyAwaiting)
			d.on("2027-01-30")
			if got := d.remind(id); len(got) != 2 {
				d.Errorf("letters: %v", got)
			}
			d.stands(id, liaison.ReplyOverdue, liaison.ReplyOverdue)
		},
		"edge 40: an interim reply that closed the statement is marked as one, and the clock goes on": func(d *desk) {
			id := d.sent(sg17)
			h := d.mails(d.reply(id, 1).Transmission, "irene@sg17.example")
			d.closesItself(id, true)
			d.must(d.about(id, 1, liaison.DoMarkInterim, seed.Secretary, evidenceOf(h)))
			snap, err := d.Snapshot(d.Context(), id)
			if err != nil || snap.State != liaison.Dispatched || snap.Replies[0].State != liaison.ReplyAwaiting || snap.Replies[0].Due != replyBy {
				d.Fatalf("it is %s, the reply %+v, %v", snap.State, snap.Replies, err)
			}
			if plan, err := d.ReplyPlan(d.Context(), id); err != nil || plan.Settled || plan.Next.IsZero() {
				d.Errorf("nothing is due of it: %+v, %v", plan, err)
			}
			d.on("2027-01-28")
			if diff := cmp.Diff([]liaison.Letter{liaison.LetterReplyDue}, d.remind(id)); diff != "" {
				d.Errorf("letters (-want +got):\n%s", diff)
			}
			d.says(id, 1, ask)
			d.must(d.about(id, 1, liaison.DoGrantExtension, seed.Chair))
			h = d.mails(d.reply(id, 1).Transmission, "irene@sg17.example")
			d.stands(id, liaison.ReplyOnTime)
			d.closesItself(id, true) // and again, as often as it takes
			d.must(d.about(id, 1, liaison.DoUnlinkReply, seed.Secretary, evidenceOf(h)))
			d.stands(id, liaison.ReplyExtended)
			d.must(d.about(id, 1, liaison.DoWaive, seed.Chair))
			d.closesItself(id, true)
			d.must(d.about(id, 1, liaison.DoAwaitAgain, seed.Chair))
			d.stands(id, liaison.ReplyExtended)
		},
		"edge 40: what a person closed, or what was recalled, stays closed": func(d *desk) {
			for _, end := range []func(liaison.StatementID){
				func(id liaison.StatementID) { carry(d.T, d.Store, id, liaison.DoClose) },
				func(id liaison.StatementID) {
					d.closesItself(id, true)
					carry(d.T, d.Store, followed(d.T, d.Store, id, liaison.Recalls), liaison.DoSubmit, liaison.DoApprove, liaison.DoDispatch)
				},
			} {
				id := d.sent(sg17)
				h := d.mails(d.reply(id, 1).Transmission, "irene@sg17.example")
				end(id)
				d.must(d.about(id, 1, liaison.DoMarkInterim, seed.Secretary, evidenceOf(h)))
				d.stands(id, liaison.ReplyMissing)
				if snap, err := d.Snapshot(d.Context(), id); err != nil || snap.State != liaison.Closed {
					d.Errorf("it is %s, %v", snap.State, err)
				}
			}
		},
		"edge 41: an extension after it was overdue keeps both dates": func(d *desk) {
			id := d.sent(sg17)
			d.on("2027-02-02")
			d.remind(id)
			d.says(id, 1, ask)
			if r := d.reply(id, 1); r.State != liaison.ReplyOverdue || r.Due != replyBy || r.Asked != "2027-03-31" {
				d.Errorf("asked for: %+v", r)
			}
			d.must(d.about(id, 1, liaison.DoGrantExtension, seed.Chair))
			if r := d.reply(id, 1); r.State != liaison.ReplyExtended || r.Deadline != replyBy || r.Due != "2027-03-31" || r.Asked != "" {
				d.Errorf("granted: %+v", r)
			}
			history, err := d.History(d.Context(), id)
			d.must(err)
			last := history[len(history)-1]
			if last.Kind != liaison.EventReplyGranted || last.ReplyFrom != liaison.ReplyOverdue || last.ReplyTo != liaison.ReplyExtended || last.Due != "2027-03-31" || last.Actor != seed.Chair.ID {
				d.Errorf("the event is %+v", last)
			}
			e, before, err := d.ExtensionAnswer(d.Context(), last.Command)
			if err != nil || before != replyBy || e.Due != "2027-03-31" {
				d.Errorf("the answer to the addressee: %s instead of %s, %v", e.Due, before, err)
			}
			d.on("2027-03-31")
			d.says(id, 1, reply)
			d.stands(id, liaison.ReplyOnTime)
		},
		"edge 41: refused, the addressee is told and the date stays": func(d *desk) {
			id := d.sent(sg17)
			d.says(id, 1, ask)
			refused(d.T, d.about(id, 1, liaison.DoRefuseExtension, seed.Chair, func(c *liaison.Command) { c.Reason = "" }), liaison.Invalid)
			d.must(d.about(id, 1, liaison.DoRefuseExtension, seed.Secretary))
			if r := d.reply(id, 1); r.State != liaison.ReplyAwaiting || r.Due != replyBy || r.Asked != "" {
				d.Errorf("refused: %+v", r)
			}
			ts, err := d.Transmissions(d.Context(), id)
			d.must(err)
			if !slices.ContainsFunc(ts, func(x store.Transmission) bool {
				return x.Letter == liaison.LetterExtensionRefused && x.Position == 1 && x.Batch != ""
			}) {
				d.Errorf("the addressee is not told: %+v", ts)
			}
		},
		"edge 42: a reply from another body settles the row of who passed it on": func(d *desk) {
			id := d.sent(sg17, w3c)
			d.says(id, 1, liaison.Response{Kind: liaison.RespondMisdirected, Text: "This is for SG13."})
			d.stands(id, liaison.ReplyRedirected, liaison.ReplyAwaiting)
			d.must(d.about(id, 1, liaison.DoRedirect, seed.Secretary, func(c *liaison.Command) { c.Body = "itu-t/sg13" }))
			refused(d.T, d.about(id, 1, liaison.DoRedirect, seed.Secretary, func(c *liaison.Command) { c.Body = "no/such/body" }), liaison.Invalid)
			d.mails(d.reply(id, 1).Transmission, "somebody@sg13.example") // forwarded, with our address in it
			d.stands(id, liaison.ReplyOnTime, liaison.ReplyAwaiting)
		},
		"edge 57: nothing is overdue of who it was not for": func(d *desk) {
			id := d.sent(sg17)
			d.says(id, 1, liaison.Response{Kind: liaison.RespondMisdirected, Text: "This is for SG13."})
			d.on("2027-02-10")
			if got := d.remind(id); got != nil {
				d.Errorf("letters: %v", got)
			}
			d.stands(id, liaison.ReplyRedirected)
			d.must(d.about(id, 1, liaison.DoAwaitAgain, seed.Secretary))
			d.stands(id, liaison.ReplyOverdue)
		},
		"edge 58: an acknowledgement is not a reply": func(d *desk) {
			id := d.sent(sg17)
			d.says(id, 1, liaison.Response{Kind: liaison.RespondAcknowledged})
			d.stands(id, liaison.ReplyAwaiting)
			d.closesItself(id, false)
		},
		"edge 59: an informal answer is linked with its evidence": func(d *desk) {
			id := d.sent(sg17)
			h := d.untracked()
			d.must(d.about(id, 1, liaison.DoLinkReply, seed.Secretary, evidenceOf(h), func(c *liaison.Command) { c.Reason = "Its chair answered informally." }))
			links, err := d.ReplyLinks(d.Context(), id)
			if err != nil || len(links) != 1 || links[0].Inbound != h.ID || links[0].Reason != "Its chair answered informally." {
				d.Errorf("linked: %+v, %v", links, err)
			}
			refused(d.T, d.about(id, 1, liaison.DoLinkReply, seed.Secretary, func(c *liaison.Command) { c.Evidence = uuid.NewString() }), liaison.Invalid)
		},
		"edge 60: what is for information is acknowledged by courtesy, and an answer is kept": func(d *desk) {
			id := d.sent(ieee)
			d.says(id, 1, liaison.Response{Kind: liaison.RespondAcknowledged})
			d.says(id, 1, reply)
			d.stands(id, liaison.ReplyNotAwaited)
			if links, err := d.ReplyLinks(d.Context(), id); err != nil || len(links) != 1 {
				d.Errorf("linked: %+v, %v", links, err)
			}
		},
		"edge 61: silence is never an answer": func(d *desk) {
			id := d.sent(sg17)
			for day := liaison.Date("2027-01-30"); day < "2027-03-01"; {
				d.on(day)
				d.remind(id)
				day = liaison.DateOf(d.now.AddDate(0, 0, 1), time.UTC)
			}
			d.stands(id, liaison.ReplyOverdue)
			d.closesItself(id, false)
		},
		"edge 68: the reminder of a day is made once, however often anything runs": func(d *desk) {
			id := d.sent(sg17, w3c)
			d.on("2027-01-22")
			if got := d.remind(id); len(got) != 2 {
				d.Errorf("letters: %v", got)
			}
			d.now = d.now.Add(3 * time.Hour)
			if got := d.remind(id); got != nil {
				d.Errorf("made again: %v", got)
			}
			r := d.reply(id, 1)
			_, err := d.pool.Exec(d.Context(), `INSERT INTO reminder (statement_id, position, due, step, days, command_id, transmission_id, at)
				SELECT statement_id, position, due, step, days, command_id, $2, at FROM reminder WHERE statement_id = $1 AND position = 1`, id, r.Transmission)
			if got := constraintOf(err); got != "reminder_once" {
				d.Errorf("the database took it again: %v", err)
			}
		},
		"a reply that was mistaken for one is unlinked, and the clock goes on": func(d *desk) {
			id := d.sent(sg17)
			h := d.mails(d.reply(id, 1).Transmission, "irene@sg17.example")
			refused(d.T, d.about(id, 1, liaison.DoUnlinkReply, seed.Editor, evidenceOf(h)), liaison.Forbidden)
			d.must(d.about(id, 1, liaison.DoUnlinkReply, seed.Secretary, evidenceOf(h)))
			d.stands(id, liaison.ReplyAwaiting)
			d.must(d.about(id, 1, liaison.DoLinkReply, seed.Secretary, evidenceOf(h)))
			d.stands(id, liaison.ReplyOnTime)
		},
		"of two replies the first counts, and the second when the first does not": func(d *desk) {
			id := d.sent(sg17)
			first := d.mails(d.reply(id, 1).Transmission, "irene@sg17.example")
			d.on("2027-02-10")
			d.mails(d.reply(id, 1).Transmission, "irene@sg17.example")
			d.stands(id, liaison.ReplyOnTime)
			d.must(d.about(id, 1, liaison.DoUnlinkReply, seed.Secretary, evidenceOf(first)))
			d.stands(id, liaison.ReplyLate)
		},
		"declined, and waived by the chair alone": func(d *desk) {
			id := d.sent(sg17, w3c)
			d.says(id, 1, liaison.Response{Kind: liaison.RespondDeclined, Text: "Not ours."})
			refused(d.T, d.about(id, 2, liaison.DoWaive, seed.Secretary), liaison.Forbidden)
			d.must(d.about(id, 2, liaison.DoWaive, seed.Chair))
			d.stands(id, liaison.ReplyDeclined, liaison.ReplyWaived)
			d.closesItself(id, true)
		},
		"an answer to a reminder is an answer to the statement": func(d *desk) {
			id := d.sent(sg17)
			d.on("2027-01-22")
			d.remind(id)
			ts, err := d.Transmissions(d.Context(), id)
			d.must(err)
			i := slices.IndexFunc(ts, func(x store.Transmission) bool { return x.Letter == liaison.LetterReplyDue && x.Position == 1 })
			if i < 0 {
				d.Fatalf("there is no reminder: %+v", ts)
			}
			sealed(d.T, d.Store, ts[i].Batch)
			attempt(d.T, d.Store, ts[i].ID, liaison.TransmissionAccepted)
			h := receive(d.T, d.Store, "jca-ml@in.example", "From: irene@sg17.example\r\nTo: jca-ml@in.example\r\nSubject: Re: reminder\r\nIn-Reply-To: <"+ts[i].MessageID+">\r\nMessage-ID: <y@body.example>\r\n\r\nHere.\r\n")
			if h.Transmission != ts[i].ID {
				d.Fatalf("matched as %+v", h)
			}
			d.stands(id, liaison.ReplyOnTime)
		},
		"a reminder that has not left is cancelled when the reply is there": func(d *desk) {
			id := d.sent(sg17)
			d.on("2027-01-22")
			d.remind(id)
			ts, err := d.Transmissions(d.Context(), id)
			d.must(err)
			i := slices.IndexFunc(ts, func(x store.Transmission) bool { return x.Letter == liaison.LetterReplyDue && x.Position == 1 })
			sealed(d.T, d.Store, ts[i].Batch)
			d.says(id, 1, reply)
			_, err = d.Claim(d.Context(), ts[i].ID, "worker")
			refused(d.T, err, liaison.Conflict)
			if x := state(d.T, d.Store, ts[i].ID); x.State != liaison.TransmissionCancelled || x.Attempts != 0 {
				d.Errorf("the reminder is %s after %d attempts", x.State, x.Attempts)
			}
		},
		"who was never reached is not reminded, and not overdue": func(d *desk) {
			id := d.sent(sg17)
			x := d.reply(id, 1).Transmission
			receive(d.T, d.Store, inbound.Address(inbound.RoleBounce, tokenOf(d.T, x), "in.example"), report("failed", "5.1.1", "sg17@itu.example"))
			d.on("2027-02-10")
			if got := d.remind(id); got != nil {
				d.Errorf("letters: %v", got)
			}
			d.stands(id, liaison.ReplyAwaiting)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			test(d)
			verified(t, d.Store)
		})
	}
}

// TestThePagesMoveNoDate: what an addressee says is written with the rights of the pages, and those move no date and make no
// reminder.
func TestThePagesMoveNoDate(t *testing.T) {
	d := newDesk(t)
	id := d.sent(sg17, w3c)
	pages := pagesOf(t, d.pool).At(func() time.Time { return d.now })
	for _, r := range []liaison.Response{
		{Kind: liaison.RespondExtensionAsked, Name: "Irene", Text: "Why", Date: "2027-03-31"}, {Kind: liaison.RespondReplied, Name: "Irene", Text: "Our answer."},
	} {
		if _, err := pages.Respond(t.Context(), d.reply(id, 1).Transmission, newCommand(), r); err != nil {
			t.Errorf("%s: %v", r.Kind, err)
		}
	}
	d.stands(id, liaison.ReplyOnTime, liaison.ReplyAwaiting)
	conn, err := d.pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	if _, err := conn.Exec(t.Context(), `SET ROLE liaison_app`); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{`UPDATE reply SET due = '2030-01-01'`, `DELETE FROM reply`, `INSERT INTO reminder SELECT * FROM reminder`, `UPDATE reply_link SET kind = 'none'`} {
		if _, err := conn.Exec(t.Context(), sql); err == nil || !strings.Contains(err.Error(), "permission denied") {
			t.Errorf("%s: %v", sql, err)
		}
	}
	if _, err := conn.Exec(t.Context(), `RESET ROLE`); err != nil {
		t.Fatal(err)
	}
	verified(t, d.Store)
}

// TestARegisterThatSaysOtherwiseIsFound: where a reply stands is held against the log, by the database and by an export.
func TestARegisterThatSaysOtherwiseIsFound(t *testing.T) {
	d := newDesk(t)
	id := d.sent(sg17, w3c)
	tamper(t, d.pool, `UPDATE reply SET state = 'waived' WHERE position = 1`)
	report, err := d.Audit(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Problems) == 0 || !slices.ContainsFunc(report.Problems, func(p audit.Problem) bool { return strings.Contains(p.Message, "waived") }) {
		t.Errorf("a reply of %s that nobody waived was not found: %v", id, report.Problems)
	}
}
