package store_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// pagesOf is the store as the pages have it: with no more rights than their role.
func pagesOf(t *testing.T, pool *pgxpool.Pool) *store.Store {
	t.Helper()
	return roleOf(t, pool, "liaison_app")
}

// roleOf is the store with no more rights than a role.
func roleOf(t *testing.T, pool *pgxpool.Pool, role string) *store.Store {
	t.Helper()
	cfg := pool.Config().Copy()
	cfg.AfterConnect = func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, `SET ROLE `+role)
		return err
	}
	p, err := pgxpool.NewWithConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return store.New(p)
}

// TestFilesOfALinkAreBounded: whoever has the link cannot fill the database, however many send at once.
func TestFilesOfALinkAreBounded(t *testing.T) {
	s, pool := open(t)
	pages := pagesOf(t, pool)
	_, ts := dispatching(t, s, "itu-t/sg17", "w3c")
	for _, x := range ts {
		attempt(t, s, x.ID, liaison.TransmissionAccepted)
	}
	put := func(x store.Transmission, content string) error {
		_, err := pages.PutAnswer(t.Context(), x.ID, newCommand(), []byte(content))
		return err
	}
	count := func() (bytes int) {
		t.Helper()
		if err := pool.QueryRow(t.Context(), `SELECT bytes FROM link_upload WHERE transmission_id = $1`, ts[0].ID).Scan(&bytes); err != nil {
			t.Fatal(err)
		}
		return bytes
	}
	for range 3 { // the same file counts once
		if err := put(ts[0], "0123456789"); err != nil {
			t.Fatal(err)
		}
	}
	if n := count(); n != 10 {
		t.Errorf("%d bytes are counted", n)
	}
	if _, err := pool.Exec(t.Context(), `UPDATE link_upload SET bytes = $1`, store.MaxLinkBytes-15); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		all.Go(func() { errs[i] = put(ts[0], fmt.Sprintf("file %5d", i)) })
	}
	all.Wait()
	taken := 0
	for i, err := range errs {
		_, missing := s.Blob(t.Context(), liaison.DigestOf(fmt.Appendf(nil, "file %5d", i)))
		switch {
		case err == nil && missing == nil:
			taken++
		case liaison.CodeOf(err) != liaison.TooLarge || liaison.CodeOf(missing) != liaison.NotFound:
			t.Errorf("file %d: %v, and then it is there or not: %v", i, err, missing)
		}
	}
	if n := count(); taken != 1 || n != store.MaxLinkBytes-5 {
		t.Errorf("%d of 8 files are taken, %d bytes are left", taken, store.MaxLinkBytes-n)
	}
	if err := put(ts[0], "0123456789"); err != nil {
		t.Errorf("what is stored already: %v", err)
	}
	if err := put(ts[1], "by another link"); err != nil {
		t.Errorf("by another link: %v", err)
	}
}

func TestAnAddresseeAnswersThroughThePages(t *testing.T) {
	s, pool := open(t)
	pages := pagesOf(t, pool)
	id, ts := dispatching(t, s, "itu-t/sg17", "w3c")
	said := liaison.Response{Kind: liaison.RespondAcknowledged, Name: "Irene"}
	if _, err := pages.Respond(t.Context(), ts[0].ID, newCommand(), said); liaison.CodeOf(err) != liaison.NotFound {
		t.Errorf("something was said about a message that never left: %v", err)
	}
	attempt(t, s, ts[0].ID, liaison.TransmissionAccepted)
	attempt(t, s, ts[1].ID, liaison.TransmissionAccepted)

	command := newCommand()
	var all sync.WaitGroup
	fresh := make([]bool, 8)
	for i := range fresh {
		all.Go(func() {
			var err error
			if fresh[i], err = pages.Respond(t.Context(), ts[0].ID, command, said); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	n := 0
	for _, f := range fresh {
		if f {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d of 8 were fresh", n)
	}
	if _, err := pages.Respond(t.Context(), ts[1].ID, command, said); liaison.CodeOf(err) != liaison.Invalid {
		t.Errorf("the command of another message: %v", err)
	}
	for _, r := range []liaison.Response{
		{Kind: liaison.RespondMisdirected, Name: "Irene", Text: "To SG11"}, {Kind: liaison.RespondExtensionAsked, Name: "Irene", Text: "Why", Date: "2099-01-01"},
		{Kind: liaison.RespondDeclined, Name: "Irene", Text: "Why"}, {Kind: liaison.RespondReplied, Name: "Irene", Text: "Thank you"},
	} {
		if fresh, err := pages.Respond(t.Context(), ts[0].ID, newCommand(), r); err != nil || !fresh {
			t.Errorf("%s: %t, %v", r.Kind, fresh, err)
		}
	}
	if _, err := pages.Respond(t.Context(), ts[0].ID, newCommand(), liaison.Response{Kind: "approved", Name: "Irene"}); liaison.CodeOf(err) != liaison.Invalid {
		t.Errorf("something that nobody can say: %v", err)
	}
	list, err := pages.Responses(t.Context(), id)
	var kinds []liaison.ResponseKind
	for _, r := range list {
		kinds = append(kinds, r.Kind)
	}
	if diff := cmp.Diff([]liaison.ResponseKind{"acknowledged", "misdirected", "extension-asked", "declined", "replied"}, kinds); err != nil || diff != "" {
		t.Errorf("said was, %v (-want +got):\n%s", err, diff)
	}
	verified(t, s)

	for sql, constraint := range map[string]string{
		`UPDATE transmission_response SET person_name = 'x'`:         "transmission_response_append_only",
		`DELETE FROM transmission_response`:                          "transmission_response_append_only",
		`DELETE FROM transmission_response_file`:                     "",
		`TRUNCATE transmission_response CASCADE`:                     "append_only",
		`UPDATE transmission SET state = 'bounced' WHERE id IS NULL`: "",
	} {
		if _, err := pool.Exec(t.Context(), sql); constraint != "" && !strings.Contains(constraintOf(err), constraint) {
			t.Errorf("%s: %v, want %s", sql, err, constraint)
		}
	}
	// somebody who owns the database changes what was said
	tamper(t, pool, `UPDATE transmission_response SET kind = 'declined' WHERE kind = 'misdirected'`)
	if r, err := s.Audit(t.Context(), nil); err != nil || len(r.Problems) != 1 || !strings.Contains(r.Problems[0].Message, "is not what the log says") {
		t.Errorf("a changed answer is found as %v, %v", r.Problems, err)
	}
	// or takes away what was said, and what became known
	for sql, says := range map[string]string{
		`DELETE FROM transmission_response WHERE kind = 'extension-asked'`: "the log says extension-asked of the message " + string(ts[0].ID) + ", the register has no such answer",
		`DELETE FROM transmission_fact WHERE kind = 'acknowledged'`:        "the log says acknowledged of the message " + string(ts[0].ID) + ", the register has no such fact",
		`DELETE FROM reply_link`: "the log says reply-linked of the message " + string(ts[0].ID) + ", the register has no such link",
	} {
		tamper(t, pool, sql)
		if r, err := s.Audit(t.Context(), nil); err != nil || !strings.Contains(fmt.Sprint(r.Problems), says) {
			t.Errorf("%s is found as %v, %v", sql, r.Problems, err)
		}
	}
}

func TestWhatCanBeSaidIsBounded(t *testing.T) {
	s, _ := open(t)
	id, ts := dispatching(t, s, "itu-t/sg17")
	attempt(t, s, ts[0].ID, liaison.TransmissionAccepted)
	var err error
	for range 60 {
		if _, err = s.Respond(t.Context(), ts[0].ID, newCommand(), liaison.Response{Kind: liaison.RespondAcknowledged, Name: "Irene"}); err != nil {
			break
		}
	}
	if list, e := s.Responses(t.Context(), id); e != nil || len(list) != 50 || liaison.CodeOf(err) != liaison.Conflict {
		t.Errorf("%d answers, then %v, %v", len(list), err, e)
	}
}

func TestALinkIsRevokedForGood(t *testing.T) {
	s, pool := open(t)
	pages := pagesOf(t, pool)
	_, ts := dispatching(t, s, "itu-t/sg17", "w3c")
	attempt(t, s, ts[0].ID, liaison.TransmissionAccepted)
	attempt(t, s, ts[1].ID, liaison.TransmissionAccepted)
	for _, want := range []struct {
		by     liaison.PersonID
		reason string
		code   liaison.ErrorCode
	}{{seed.Editor.ID, "x", liaison.Forbidden}, {seed.Chair.ID, " ", liaison.Invalid}, {seed.Chair.ID, strings.Repeat("x", 4001), liaison.Invalid}} {
		if err := pages.RevokeLink(t.Context(), ts[0].ID, want.by, want.reason); liaison.CodeOf(err) != want.code {
			t.Errorf("%v, want %s", err, want.code)
		}
	}
	for range 2 {
		if err := pages.RevokeLink(t.Context(), ts[0].ID, seed.Chair.ID, "In other hands."); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := pages.Addressed(t.Context(), ts[0].ID); liaison.CodeOf(err) != liaison.NotFound {
		t.Errorf("a revoked link leads somewhere: %v", err)
	}
	if _, err := pages.Respond(t.Context(), ts[0].ID, newCommand(), liaison.Response{Kind: liaison.RespondAcknowledged, Name: "Irene"}); liaison.CodeOf(err) != liaison.NotFound {
		t.Errorf("something was said by a revoked link: %v", err)
	}
	if _, err := pages.Addressed(t.Context(), ts[1].ID); err != nil {
		t.Errorf("another link: %v", err)
	}
	verified(t, s)
	tamper(t, pool, `DELETE FROM transmission_token_revoked`)
	if r, err := s.Audit(t.Context(), nil); err != nil || !strings.Contains(fmt.Sprint(r.Problems), "the register has no such end of a link") {
		t.Errorf("a link that was opened again is found as %v, %v", r.Problems, err)
	}
}

// TestNothingIsMatchedToAMessageInOtherHands: who has it has its addresses and its Message-ID, too. Mail about it waits for a person.
func TestNothingIsMatchedToAMessageInOtherHands(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := d.sent(sg17, w3c)
	x, other := state(t, d.Store, d.reply(id, 1).Transmission), state(t, d.Store, d.reply(id, 2).Transmission)
	d.on("2027-01-22")
	reminders := func() []store.Transmission {
		all, err := d.Transmissions(t.Context(), id)
		d.must(err)
		return slices.DeleteFunc(all, func(y store.Transmission) bool { return y.Position != 1 || y.Letter == liaison.LetterStatement })
	}
	d.remind(id)
	send(t, d.Store, reminders()[0].Batch, liaison.TransmissionAccepted)
	early, _, err := d.Receive(t.Context(), []byte("From: irene@body.example\r\nSubject: Re: x\r\n\r\nWe look into it.\r\n"), "r+"+tokenOf(t, x.ID)+"@in.example", "smtp")
	d.must(err)
	pages := pagesOf(t, d.pool).At(func() time.Time { return d.now })
	before, err := d.LinkGeneration(t.Context(), "itu-t/sg17")
	d.must(err)
	d.now = d.now.Add(time.Minute)
	for range 2 {
		d.must(pages.RevokeLink(t.Context(), x.ID, seed.Chair.ID, "It was forwarded to a list."))
	}
	if now, err := d.LinkGeneration(t.Context(), "itu-t/sg17"); err != nil || now != before+1 {
		t.Errorf("the generation of the own page was %d and is %d, %v", before, now, err)
	}
	d.now = d.now.Add(time.Minute)

	answer := func(headers string) string {
		return "From: x@y.example\r\nMessage-ID: <" + newID() + "@y.example>\r\n" + headers + "\r\nOur answer.\r\n"
	}
	for name, mail := range map[string]struct{ to, message string }{
		"its address for the answer":     {"r+" + tokenOf(t, x.ID) + "@in.example", answer("")},
		"that and the reminder's number": {"r+" + tokenOf(t, x.ID) + "@in.example", answer("In-Reply-To: <" + reminders()[0].MessageID + ">\r\n")},
		"the reminder's address":         {"r+" + tokenOf(t, reminders()[0].ID) + "@in.example", answer("")},
		"its Message-ID":                 {"us@in.example", answer("In-Reply-To: <" + x.MessageID + ">\r\n")},
		"its thread":                     {"us@in.example", answer("References: <" + x.MessageID + ">\r\n")},
		"a report":                       {"b+" + tokenOf(t, x.ID) + "@in.example", report("failed", "5.1.1", x.Email)},
		"a report that returns it":       {"us@in.example", report("failed", "5.1.1", x.Email, "Message-ID: <"+x.MessageID+">")},
		"an out-of-office reply":         {"b+" + tokenOf(t, x.ID) + "@in.example", answer("Auto-Submitted: auto-replied\r\n")},
	} {
		if h := receive(t, d.Store, mail.to, mail.message); h.Statement != "" || h.MatchedBy != "" || len(h.Facts) > 0 {
			t.Errorf("%s: handled as %+v", name, h)
		}
	}
	d.stands(id, liaison.ReplyAwaiting, liaison.ReplyAwaiting)
	if got := state(t, d.Store, x.ID); got.State != liaison.TransmissionAccepted {
		t.Errorf("it is %s", describe(got))
	}
	tray, err := d.Tray(t.Context(), "", 20)
	if err != nil || len(tray) != 8 {
		t.Errorf("%d wait for a person, %v", len(tray), err)
	}
	raw, to := copyOf(t, tokenKeys, x)
	if h := receive(t, d.Store, to, string(raw)); h.Transmission != x.ID {
		t.Errorf("our own copy is handled as %+v", h)
	}
	if h := receive(t, d.Store, "r+"+tokenOf(t, other.ID)+"@in.example", answer("")); h.Transmission != other.ID {
		t.Errorf("an answer by another addressee is handled as %+v", h)
	}
	if h, err := d.HandleInbound(t.Context(), early, tokenKeys); err != nil || h.Transmission != x.ID { // it had come before
		t.Errorf("an answer from before is handled as %+v, %v", h, err)
	}
	verified(t, d.Store)
}

// TestALetterMadeAfterALinkEndedIsAnswered: it is in nobody else's hands.
func TestALetterMadeAfterALinkEndedIsAnswered(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := d.sent(sg17)
	x := d.reply(id, 1).Transmission
	d.must(d.RevokeLink(t.Context(), x, seed.Chair.ID, "It was forwarded to a list."))
	d.on("2027-01-22")
	d.remind(id)
	all, err := d.Transmissions(t.Context(), id)
	d.must(err)
	i := slices.IndexFunc(all, func(y store.Transmission) bool { return y.Letter == liaison.LetterReplyDue && y.Position == 1 })
	send(t, d.Store, all[i].Batch, liaison.TransmissionAccepted)
	if h := d.mails(all[i].ID, "irene@sg17.example"); h.Transmission != all[i].ID {
		t.Errorf("handled as %+v", h)
	}
	d.stands(id, liaison.ReplyOnTime)
}

func TestThePagesLinkWhatMatchedNothing(t *testing.T) {
	s, pool := open(t)
	pages := pagesOf(t, pool)
	_, ts := dispatching(t, s, "itu-t/sg17")
	h := receive(t, s, "jca-ml@liaison.example", "From: a@b.example\r\nSubject: Re: [JCA-ML-LS1] x\r\n\r\nThank you "+uuid.NewString())
	if err := pages.LinkInbound(t.Context(), h.ID, ts[0].ID, seed.Chair.ID, "It names the number."); liaison.CodeOf(err) != liaison.Conflict {
		t.Errorf("linked to a message that never left: %v", err)
	}
	attempt(t, s, ts[0].ID, liaison.TransmissionAccepted)
	if err := pages.LinkInbound(t.Context(), h.ID, ts[0].ID, seed.Editor.ID, "x"); liaison.CodeOf(err) != liaison.Forbidden {
		t.Errorf("by an editor: %v", err)
	}
	if err := pages.LinkInbound(t.Context(), h.ID, ts[0].ID, seed.Chair.ID, "It names the number."); err != nil {
		t.Fatal(err)
	}
	if err := pages.LinkInbound(t.Context(), h.ID, ts[0].ID, seed.Chair.ID, "Again."); liaison.CodeOf(err) != liaison.Conflict {
		t.Errorf("linked twice: %v", err)
	}
	verified(t, s)
}

// TestAnAnswerSettlesADoubt: who answers has the message, so it is not sent again.
func TestAnAnswerSettlesADoubt(t *testing.T) {
	s, pool := open(t)
	_, ts := dispatching(t, s, "itu-t/sg17")
	attempt(t, s, ts[0].ID, liaison.TransmissionUnknown)
	if _, err := pagesOf(t, pool).Respond(t.Context(), ts[0].ID, newCommand(), liaison.Response{Kind: liaison.RespondMisdirected, Name: "Irene", Text: "To SG11"}); err != nil {
		t.Fatal(err)
	}
	settled, err := s.Settle(t.Context(), ts[0].ID, liaison.Settling{})
	if err != nil || settled.State != liaison.TransmissionAccepted {
		t.Errorf("settled as %+v, %v", settled, err)
	}
	if x, err := s.Transmission(t.Context(), ts[0].ID); err != nil || x.State != liaison.TransmissionAccepted || !strings.Contains(x.Reply, "reported as misdirected") {
		t.Errorf("it is %s: %s, %v", x.State, x.Reply, err)
	}
	verified(t, s)
}
