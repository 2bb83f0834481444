package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/jca-ml/liaison/internal/inbound"
	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// told lists who was told of what about a statement, at once or waiting, as "letter to name" and "letter to name, daily".
func told(t *testing.T, pool *pgxpool.Pool, id liaison.StatementID) []string {
	t.Helper()
	rows, err := pool.Query(t.Context(), `
		SELECT n.letter || ' to ' || p.name || CASE WHEN n.transmission_id IS NULL THEN ', daily' ELSE '' END
		FROM notice n JOIN person p ON p.id = n.person_id WHERE n.statement_id = $1 AND n.letter NOT IN ('review-requested', 'approved', 'dispatched') ORDER BY n.made_at, n.id`, id)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		out = append(out, line)
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	slices.Sort(out)
	return out
}

// deliver releases what waits of a statement and sends it all.
func deliver(t *testing.T, s *store.Store, id liaison.StatementID) (sent []store.Transmission) {
	t.Helper()
	open, err := s.OpenBatches(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range open {
		if b.Statement {
			continue
		}
		for _, x := range sealed(t, s, b.Command) {
			if x.State == liaison.TransmissionQueued {
				attempt(t, s, x.ID, liaison.TransmissionAccepted)
				sent = append(sent, x)
			}
		}
	}
	return sent
}

// TestWhoIsToldOfWhat: what a server, an addressee or a report says leads to the letters of the table, in its transaction.
func TestWhoIsToldOfWhat(t *testing.T) {
	keys := keysForTest(t)
	const both = "Amina Diallo"
	for name, test := range map[string]struct {
		happens func(t *testing.T, s, pages *store.Store, x store.Transmission)
		want    []string
	}{
		"a server accepts": {func(t *testing.T, s, _ *store.Store, x store.Transmission) {
			attempt(t, s, x.ID, liaison.TransmissionAccepted)
		}, nil},
		"a server refuses": {func(t *testing.T, s, _ *store.Store, x store.Transmission) {
			attempt(t, s, x.ID, liaison.TransmissionRefused)
		}, []string{"refused to Tamar Okafor"}},
		"a server asks to wait": {func(t *testing.T, s, _ *store.Store, x store.Transmission) {
			attempt(t, s, x.ID, liaison.TransmissionDeferred)
		}, nil},
		"in doubt, and a copy can still come": {func(t *testing.T, s, _ *store.Store, x store.Transmission) {
			inDoubt(t, s, x.ID, liaison.WitnessNamed)
			settleOnce(t, s, x.ID)
		}, nil},
		"in doubt for a person, looked at twice": {func(t *testing.T, s, _ *store.Store, x store.Transmission) {
			inDoubt(t, s, x.ID, liaison.WitnessNone)
			settleOnce(t, s, x.ID)
			settleOnce(t, s, x.ID)
		}, []string{"unknown-outcome to Tamar Okafor"}},
		"it comes back, as two reports say": {func(t *testing.T, s, _ *store.Store, x store.Transmission) {
			attempt(t, s, x.ID, liaison.TransmissionAccepted)
			for i := range 2 {
				comesBack(t, s, keys, x, fmt.Sprint(i))
			}
		}, []string{"bounced to Tamar Okafor"}},
		"the addressee acknowledges on the page": {func(t *testing.T, s, pages *store.Store, x store.Transmission) {
			attempt(t, s, x.ID, liaison.TransmissionAccepted)
			say(t, pages, x.ID, liaison.Response{Kind: liaison.RespondAcknowledged, Name: "Irene"})
		}, []string{"acknowledged to " + both, "acknowledged to Tamar Okafor"}},
		"the same form twice": {func(t *testing.T, s, pages *store.Store, x store.Transmission) {
			attempt(t, s, x.ID, liaison.TransmissionAccepted)
			command := newCommand()
			for range 2 {
				if _, err := pages.Respond(t.Context(), x.ID, command, liaison.Response{Kind: liaison.RespondAcknowledged, Name: "Irene"}); err != nil {
					t.Error(err)
				}
			}
		}, []string{"acknowledged to " + both, "acknowledged to Tamar Okafor"}},
		"it is for somebody else": {func(t *testing.T, s, pages *store.Store, x store.Transmission) {
			attempt(t, s, x.ID, liaison.TransmissionAccepted)
			say(t, pages, x.ID, liaison.Response{Kind: liaison.RespondMisdirected, Name: "Irene", Text: "To SG11"})
		}, []string{"misdirected to " + both, "misdirected to Tamar Okafor"}},
		"another date": {func(t *testing.T, s, pages *store.Store, x store.Transmission) {
			attempt(t, s, x.ID, liaison.TransmissionAccepted)
			say(t, pages, x.ID, liaison.Response{Kind: liaison.RespondExtensionAsked, Name: "Irene", Text: "Why", Date: "2099-01-01"})
		}, []string{"extension-asked to " + both, "extension-asked to Tamar Okafor"}},
		"declined": {func(t *testing.T, s, pages *store.Store, x store.Transmission) {
			attempt(t, s, x.ID, liaison.TransmissionAccepted)
			say(t, pages, x.ID, liaison.Response{Kind: liaison.RespondDeclined, Name: "Irene", Text: "Why"})
		}, []string{"declined to " + both, "declined to Tamar Okafor"}},
		"a reply by mail": {func(t *testing.T, s, _ *store.Store, x store.Transmission) {
			attempt(t, s, x.ID, liaison.TransmissionAccepted)
			answer(t, s, keys, x, "Subject: Re: your statement")
		}, []string{"replied to " + both, "replied to Tamar Okafor"}},
		"an automatic reply": {func(t *testing.T, s, _ *store.Store, x store.Transmission) {
			attempt(t, s, x.ID, liaison.TransmissionAccepted)
			answer(t, s, keys, x, "Subject: Out of office\r\nAuto-Submitted: auto-replied")
		}, nil},
		"the relay will have nothing from us": {func(t *testing.T, s, _ *store.Store, x store.Transmission) {
			if _, err := s.Record(t.Context(), claim(t, s, x.ID), store.Sent{Stage: liaison.StageConnect, Code: 535, Reply: "who are you", Relay: "relay:25"}, retry); err != nil {
				t.Error(err)
			}
		}, []string{"relay-held to Tamar Okafor"}},
		"somebody floods the page": {func(t *testing.T, s, pages *store.Store, x store.Transmission) {
			attempt(t, s, x.ID, liaison.TransmissionAccepted)
			for range liaison.AtOncePerDay + 1 {
				say(t, pages, x.ID, liaison.Response{Kind: liaison.RespondAcknowledged, Name: "Irene"})
			}
		}, slices.Concat([]string{"acknowledged to " + both + ", daily", "acknowledged to Tamar Okafor, daily"},
			slices.Repeat([]string{"acknowledged to " + both, "acknowledged to Tamar Okafor"}, liaison.AtOncePerDay))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, pool := open(t)
			id, ts := dispatching(t, s, "itu-t/sg17")
			deliver(t, s, id) // what the way here led to
			test.happens(t, s, pagesOf(t, pool), ts[0])
			slices.Sort(test.want)
			if diff := cmp.Diff(test.want, told(t, pool, id)); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
			want := 0
			for _, line := range test.want {
				if !strings.HasSuffix(line, ", daily") {
					want++
				}
			}
			if sent := deliver(t, s, id); len(sent) != want {
				t.Errorf("%d letters left, want %d", len(sent), want)
			}
			if open, err := s.Unreleased(t.Context()); err != nil || len(open) != 0 {
				t.Errorf("letters still wait: %v, %v", open, err)
			}
			verified(t, s)
		})
	}
}

// TestNoNoticeOfANotice: whatever comes back to a letter to a person leads to no letter.
func TestNoNoticeOfANotice(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	keys := keysForTest(t)
	id, ts := dispatching(t, s, "itu-t/sg17")
	attempt(t, s, ts[0].ID, liaison.TransmissionRefused)
	notices := deliver(t, s, id)
	before := told(t, pool, id)
	if len(notices) == 0 || len(before) == 0 {
		t.Fatal("there is no notice to answer")
	}
	for _, x := range notices {
		answer(t, s, keys, x, "Subject: Re: your notice")
		answer(t, s, keys, x, "Subject: Out of office\r\nAuto-Submitted: auto-replied")
		comesBack(t, s, keys, x, "")
	}
	if diff := cmp.Diff(before, told(t, pool, id)); diff != "" {
		t.Errorf("what came back to notices led to (-before +after):\n%s", diff)
	}
	if open, err := s.Unreleased(t.Context()); err != nil || len(open) != 0 {
		t.Errorf("letters wait: %v, %v", open, err)
	}
	verified(t, s)
}

// TestThePagesSendNothingToAddressees: what the pages' role may write into the ledger is letters to persons, queued.
func TestThePagesSendNothingToAddressees(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	id, ts := dispatching(t, s, "itu-t/sg17")
	conn, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	for name, sql := range map[string]string{
		"a message to an addressee": `INSERT INTO transmission (id, statement_id, revision, letter, position, body_code, recipient_name, recipient_email, message_id, message_date, approval_id, approval_kind, changed_at, created_at)
			SELECT gen_random_uuid(), statement_id, revision, letter, position, body_code, recipient_name, recipient_email, 'another@x', message_date, approval_id, approval_kind, now(), now() FROM transmission WHERE id = $1`,
		"a letter that is called sent": `INSERT INTO transmission (id, statement_id, revision, letter, person_id, recipient_name, recipient_email, message_id, message_date, state, changed_at, created_at)
			SELECT gen_random_uuid(), statement_id, revision, 'declined', p.id, p.name, p.email, 'another@x', message_date, 'accepted', now(), now() FROM transmission t, person p WHERE t.id = $1 LIMIT 1`,
		"a batch of its own": `UPDATE transmission SET batch = 'x' WHERE id = $1`,
	} {
		if _, err := conn.Exec(t.Context(), `SET ROLE liaison_app`); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(t.Context(), sql, ts[0].ID); err == nil || !strings.Contains(err.Error(), "permission denied") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := conn.Exec(t.Context(), `RESET ROLE`); err != nil {
			t.Fatal(err)
		}
	}
	_ = id
}

// TestATestIsNoTransmissionOfTheStatement: it goes to who asked, and nothing is counted by it.
func TestATestIsNoTransmissionOfTheStatement(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	id := draft(t, s, "itu-t/sg17", "w3c")
	carry(t, s, id, liaison.DoSubmit)
	cmd := liaison.Command{ID: newCommand(), Kind: liaison.DoTest, Statement: id, Actor: seed.ViceChair.ID, Position: 2}
	if a := do(t, s, cmd); a.State != liaison.InReview || !a.Letters || a.Version != 2 {
		t.Fatalf("asking for a test led to %+v", a)
	}
	do(t, s, cmd) // again, by whatever mistake
	sent := sealed(t, s, cmd.ID)
	if len(sent) != 1 || sent[0].Letter != liaison.LetterTest || sent[0].Person != seed.ViceChair.ID || sent[0].Position != 0 || sent[0].Email != seed.ViceChair.Email {
		t.Fatalf("sent are %+v", sent)
	}
	attempt(t, s, sent[0].ID, liaison.TransmissionAccepted)
	lines, err := s.NoticesIn(t.Context(), sent[0].ID)
	if err != nil || len(lines) != 1 || lines[0].Event.Body != "w3c" || lines[0].Event.Kind != liaison.EventTested {
		t.Errorf("it is a test of %+v, %v", lines, err)
	}
	snap, err := s.Snapshot(t.Context(), id)
	if err != nil || len(snap.Messages) != 0 || len(snap.Outcomes) != 0 {
		t.Errorf("it counts as %v, %v", snap.Messages, err)
	}
	cmd.ID, cmd.Position = newCommand(), 3
	_, err = s.Do(t.Context(), cmd)
	refused(t, err, liaison.NotFound)
	var n int
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM transmission WHERE letter = 'test'`).Scan(&n); err != nil || n != 1 {
		t.Errorf("%d tests, %v", n, err)
	}
	verified(t, s)
}

// TestDigest: what a person chose to have daily waits for the hour of their day, and comes once, however often somebody looks.
func TestDigest(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	ctx := t.Context()
	seoul, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		t.Fatal(err)
	}
	choose := func(who liaison.Person, at liaison.DigestTime, daily ...liaison.Letter) {
		t.Helper()
		if err := pagesOf(t, pool).Choose(ctx, who.ID, daily, at); err != nil {
			t.Fatal(err)
		}
	}
	choose(seed.Chair, liaison.DigestTime{Hour: 8, Zone: "Asia/Seoul"}, liaison.LetterReview)
	choose(seed.Secretary, liaison.DigestTime{Hour: 23, Zone: "UTC"}, liaison.LetterApproved, liaison.LetterReview)
	refused(t, s.Choose(ctx, seed.Chair.ID, []liaison.Letter{liaison.LetterRelayHeld}, liaison.DigestTime{Zone: "UTC"}), liaison.Invalid)
	refused(t, s.Choose(ctx, seed.Chair.ID, nil, liaison.DigestTime{Hour: 24, Zone: "UTC"}), liaison.Invalid)
	refused(t, s.Choose(ctx, seed.Chair.ID, nil, liaison.DigestTime{Hour: 1, Zone: "Europe/Geneva"}), liaison.Invalid)
	if h, err := s.Habits(ctx, seed.Secretary.ID, "Europe/Zurich"); err != nil || h.Digest.Hour != 23 || !slices.Equal(h.Daily, []liaison.Letter{"approved", "review-requested"}) {
		t.Errorf("chosen is %+v, %v", h, err)
	}

	now := time.Date(2026, 11, 23, 7, 59, 0, 0, seoul)
	at := s.At(func() time.Time { return now })
	var ids []liaison.StatementID
	for range 2 {
		id := draft(t, at, "w3c")
		carry(t, at, id, liaison.DoSubmit)
		ids = append(ids, id)
	}
	if h, err := s.Habits(ctx, seed.Chair.ID, "UTC"); err != nil || h.Waits != 2 {
		t.Errorf("%+v, %v", h, err)
	}
	digests := func(when time.Time, want int) {
		t.Helper()
		now = when
		if n, err := at.Digests(ctx); err != nil || n != want {
			t.Errorf("at %s: %d digests, %v; want %d", when, n, err, want)
		}
	}
	digests(now, 0)                // the hour has not come
	digests(now.Add(time.Hour), 1) // the chair's has
	digests(now.Add(time.Minute), 0)
	var letters []store.Transmission
	for _, id := range ids {
		letters = append(letters, deliver(t, at, id)...)
	}
	if len(letters) != 1 || letters[0].Letter != liaison.LetterDigest || letters[0].Person != seed.Chair.ID {
		t.Fatalf("sent are %+v", letters)
	}
	lines, err := s.NoticesIn(ctx, letters[0].ID)
	if day, err2 := s.DigestDay(ctx, letters[0].ID); err != nil || err2 != nil || len(lines) != 2 || day != "2026-11-23" {
		t.Errorf("it tells of %d events of %s, %v", len(lines), day, err)
	}

	carry(t, at, draft(t, at, "w3c"), liaison.DoSubmit) // after the day's digest
	digests(now.Add(10*time.Hour), 0)
	digests(time.Date(2026, 11, 24, 8, 0, 0, 0, seoul), 1)
	verified(t, s)
}

// TestWithheld: a notice about a statement that its reader may not read any more goes out in no digest.
func TestWithheld(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	if err := s.Choose(t.Context(), seed.Secretary.ID, []liaison.Letter{liaison.LetterApproved}, liaison.DigestTime{Hour: 0, Zone: "UTC"}); err != nil {
		t.Fatal(err)
	}
	id := draft(t, s, "w3c")
	carry(t, s, id, liaison.DoSubmit, liaison.DoApprove)
	if got := undecided(t, pool); got != "1 waiting, 0 withheld" {
		t.Fatalf("%s", got)
	}
	if _, err := pool.Exec(t.Context(), `UPDATE appointment SET held_until = held_from WHERE person_id = $1`, seed.Secretary.ID); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if n, err := s.Digests(t.Context()); err != nil || n != 0 {
			t.Errorf("%d digests, %v", n, err)
		}
	}
	if got := undecided(t, pool); got != "0 waiting, 1 withheld" {
		t.Errorf("%s", got)
	}
}

func undecided(t *testing.T, pool *pgxpool.Pool) (out string) {
	t.Helper()
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FILTER (WHERE transmission_id IS NULL AND withheld_at IS NULL) || ' waiting, ' || count(withheld_at) || ' withheld' FROM notice`).Scan(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestPausing is on the record: who, when and why, in the log, which verifies with it.
func TestPausing(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	ctx := t.Context()
	refused(t, s.HoldBody(ctx, "w3c", "Because.", seed.Chair.ID), liaison.Forbidden)
	if err := pagesOf(t, pool).HoldBody(ctx, "w3c", "Their server moves today.", seed.Secretary.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.HoldRelay(ctx, "relay:25", "Upgrade.", ""); err != nil {
		t.Fatal(err)
	}
	holds, err := s.Holds(ctx)
	if err != nil || len(holds) != 2 || holds[0].ByName != seed.Secretary.Name || holds[1].ByName != "" {
		t.Fatalf("%+v, %v", holds, err)
	}
	_, err = s.Lift(ctx, holds[0].ID, "Done.", seed.Editor.ID)
	refused(t, err, liaison.Forbidden)
	if _, err := pagesOf(t, pool).Lift(ctx, holds[0].ID, "Done.", seed.Secretary.ID); err != nil {
		t.Fatal(err)
	}
	entries, _, err := s.AuditLog(ctx, store.LogFilter{Limit: 3})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, fmt.Sprintf("%s %s by %s for %q", e.Kind, e.Body, e.ActorName, e.Statement))
	}
	if diff := cmp.Diff([]string{`resumed w3c by Tamar Okafor for ""`, `paused  by  for ""`, `paused w3c by Tamar Okafor for ""`}, got); diff != "" {
		t.Errorf("the log (-want +got):\n%s", diff)
	}
	verified(t, s)
}

// TestResumingTakesBackWhatToldOfThePause: it would come when it is not true any more. Pages and worker have no more rights than
// their roles: the pages resume, and the worker takes back.
func TestResumingTakesBackWhatToldOfThePause(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	worker, pages := roleOf(t, pool, "liaison_worker"), pagesOf(t, pool)
	id, ts := dispatching(t, s, "itu-t/sg17", "w3c")
	deliver(t, s, id)
	refuse := func(x liaison.TransmissionID) store.Transmission {
		t.Helper()
		c, err := worker.ClaimFor(t.Context(), x, "worker", "relay:25")
		if err == nil {
			_, err = worker.Record(t.Context(), c, store.Sent{Stage: liaison.StageConnect, Code: 535, Reply: "who are you", Relay: "relay:25"}, retry)
		}
		if err != nil {
			t.Fatal(err)
		}
		open, err := worker.OpenBatches(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		letter := sealed(t, worker, open[len(open)-1].Command)[0]
		if letter.Letter != liaison.LetterRelayHeld {
			t.Fatalf("%+v", letter)
		}
		return letter
	}
	try := func(letter store.Transmission) error {
		t.Helper()
		_, err := worker.ClaimFor(t.Context(), letter.ID, "worker", "relay:25")
		if err == nil {
			_, err = worker.Abandon(t.Context(), letter.ID, retry)
		}
		return err
	}
	resume := func() {
		t.Helper()
		holds, err := pages.Holds(t.Context())
		if err != nil || len(holds) != 1 {
			t.Fatalf("%+v, %v", holds, err)
		}
		waiting, err := pages.Lift(t.Context(), holds[0].ID, "The password was wrong.", seed.Secretary.ID)
		if err != nil || len(waiting) == 0 {
			t.Fatalf("what waits is %v, %v", waiting, err)
		}
	}
	first := refuse(ts[0].ID)
	if err := try(first); err != nil { // it is tried all the same
		t.Fatal(err)
	}
	resume()
	second := refuse(ts[1].ID) // paused again before the first letter is looked at
	refused(t, try(first), liaison.Conflict)
	if x := state(t, s, first.ID); x.State != liaison.TransmissionCancelled {
		t.Errorf("what told of the first pause is %s", describe(x))
	}
	if err := try(second); err != nil {
		t.Errorf("what tells of the second pause: %v", err)
	}
	resume()
	refused(t, try(second), liaison.Conflict)
	if x := state(t, s, second.ID); x.State != liaison.TransmissionCancelled {
		t.Errorf("what told of the second pause is %s", describe(x))
	}
	if c, err := worker.ClaimFor(t.Context(), ts[1].ID, "worker", "relay:25"); err != nil || c.Attempts != 2 {
		t.Errorf("what waited is claimed as %+v, %v", c.Attempts, err)
	}
	verified(t, s)
}

func settleOnce(t *testing.T, s *store.Store, id liaison.TransmissionID) {
	t.Helper()
	if got, err := s.Settle(t.Context(), id, settling); err != nil || got.State != liaison.TransmissionUnknown {
		t.Errorf("settled as %+v, %v", got, err)
	}
}

func say(t *testing.T, s *store.Store, id liaison.TransmissionID, r liaison.Response) {
	t.Helper()
	if fresh, err := s.Respond(t.Context(), id, newCommand(), r); err != nil || !fresh {
		t.Errorf("%s: %t, %v", r.Kind, fresh, err)
	}
}

// answer is a message that comes back to a message's own address.
func answer(t *testing.T, s *store.Store, keys inbound.Keys, x store.Transmission, headers string) {
	t.Helper()
	token, err := keys.Token(x.ID)
	if err != nil {
		t.Fatal(err)
	}
	raw := "From: Irene <irene@body.example>\r\nMessage-ID: <" + string(newCommand()) + "@body.example>\r\nIn-Reply-To: <" + x.MessageID + ">\r\n" + headers + "\r\n\r\nText\r\n"
	arrive(t, s, keys, []byte(raw), inbound.Address(inbound.RoleReply, token, "in.example"))
}

// comesBack is a delivery report that a message failed.
func comesBack(t *testing.T, s *store.Store, keys inbound.Keys, x store.Transmission, more string) {
	t.Helper()
	token, err := keys.Token(x.ID)
	if err != nil {
		t.Fatal(err)
	}
	raw := strings.ReplaceAll(`From: MAILER-DAEMON@mx.example
Subject: Undelivered `+more+`
Message-ID: <`+string(newCommand())+`@mx.example>
Content-Type: multipart/report; report-type=delivery-status; boundary=B

--B
Content-Type: text/plain

It failed.
--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; `+more+x.Email+`
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 no such mailbox

--B--
`, "\n", "\r\n")
	arrive(t, s, keys, []byte(raw), inbound.Address(inbound.RoleBounce, token, "in.example"))
}
