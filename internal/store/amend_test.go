package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// correct stores what change makes of the revision and gives the secretariat's correction to it.
func correct(t *testing.T, s *store.Store, id liaison.StatementID, change func(*liaison.Content)) (liaison.Command, error) {
	t.Helper()
	snap, err := s.Snapshot(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	c := snap.Content
	c.Addressees = append([]liaison.Addressee{}, c.Addressees...)
	c.Attachments = append([]liaison.Attachment{}, c.Attachments...)
	change(&c)
	canonical, err := liaison.Canonical(c)
	if err != nil {
		t.Fatal(err)
	}
	amended, err := s.PutBlob(t.Context(), canonical)
	if err != nil {
		t.Fatal(err)
	}
	cmd := liaison.Command{ID: newCommand(), Kind: liaison.DoAmend, Statement: id, Actor: seed.Secretary.ID, Digest: snap.Digest, Amended: amended, Reason: "A typing error."}
	_, err = s.Do(t.Context(), cmd)
	return cmd, err
}

func spelling(c *liaison.Content) { c.Text = strings.Replace(c.Text, "review", "please review", 1) }

// approvedWith is a statement that waits for its dispatch, with a file.
func approvedWith(t *testing.T, s *store.Store, file string) liaison.StatementID {
	t.Helper()
	id := draft(t, s, "w3c", "ieee")
	digest, err := s.PutBlob(t.Context(), []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	c := content("w3c", "ieee")
	c.Attachments = []liaison.Attachment{{Name: "list.csv", MediaType: "text/csv", Size: int64(len(file)), Digest: digest}}
	if _, err := s.Save(t.Context(), id, seed.Editor.ID, 1, c); err != nil {
		t.Fatal(err)
	}
	carry(t, s, id, liaison.DoSubmit, liaison.DoApprove)
	return id
}

// queued are the messages to addressees that wait, by revision.
func queued(t *testing.T, s *store.Store, id liaison.StatementID) map[int]int {
	t.Helper()
	ts, err := s.Transmissions(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	out := map[int]int{}
	for _, x := range ts {
		if x.Letter == liaison.LetterStatement && x.State == liaison.TransmissionQueued {
			out[x.Revision]++
		}
	}
	return out
}

// TestBetweenApprovalAndDispatch is what may happen to an approved statement before it leaves.
func TestBetweenApprovalAndDispatch(t *testing.T) {
	t.Parallel()

	t.Run("edge 10: an edit after the approval voids it", func(t *testing.T) {
		s, _ := open(t)
		id := draft(t, s, "w3c")
		carry(t, s, id, liaison.DoSubmit, liaison.DoApprove)
		before, _ := s.Snapshot(t.Context(), id)
		_, err := s.Save(t.Context(), id, seed.Editor.ID, before.DraftVersion, content("w3c", "ieee"))
		refused(t, err, liaison.Conflict) // nobody edits under an approval
		answer := do(t, s, liaison.Command{ID: newCommand(), Kind: liaison.DoReopen, Statement: id, Actor: seed.Editor.ID, Reason: "IEEE has to get it too."})
		snap, _ := s.Snapshot(t.Context(), id)
		if snap.State != liaison.Draft || snap.Leaving() != "" || snap.ApprovedBy != "" || snap.Ref != before.Ref || answer.Ref != before.Ref || !answer.Letters || len(queued(t, s, id)) != 0 {
			t.Fatalf("taken back it is %+v, the answer %+v, waiting %v", snap.Statement, answer, queued(t, s, id))
		}
		_, err = s.Do(t.Context(), give(t, s, id, liaison.DoDispatch))
		refused(t, err, liaison.Conflict)
		if _, err := s.Save(t.Context(), id, seed.Editor.ID, snap.DraftVersion, content("w3c", "ieee")); err != nil {
			t.Fatal(err)
		}
		carry(t, s, id, liaison.DoSubmit, liaison.DoApprove)
		snap, _ = s.Snapshot(t.Context(), id)
		if snap.Ref != before.Ref || snap.Number != before.Number || snap.Revision != 2 || queued(t, s, id)[2] != 2 {
			t.Errorf("approved again it is %s, revision %d, waiting %v; want %s", snap.Ref, snap.Revision, queued(t, s, id), before.Ref)
		}
		other := draft(t, s, "w3c")
		carry(t, s, other, liaison.DoSubmit, liaison.DoApprove)
		if next, _ := s.Snapshot(t.Context(), other); next.Number != before.Number+1 {
			t.Errorf("the next number is %d, want %d: approving again takes none", next.Number, before.Number+1)
		}
		verified(t, s)
	})

	t.Run("edge 11: an editorial change is logged and needs no new approval", func(t *testing.T) {
		s, pool := open(t)
		id := approvedWith(t, s, "a")
		before, _ := s.Snapshot(t.Context(), id)
		first, err := correct(t, s, id, spelling)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := correct(t, s, id, func(c *liaison.Content) { c.Title += " in networks" }); err != nil { // a second one, on top
			t.Fatal(err)
		}
		snap, _ := s.Snapshot(t.Context(), id)
		if snap.State != liaison.Approved || snap.Revision != 3 || snap.ApprovedDigest != before.ApprovedDigest || snap.ApprovedBy != seed.Chair.ID || snap.Leaving() != snap.Digest || snap.Ref != before.Ref {
			t.Fatalf("corrected it is %+v", snap.Statement)
		}
		if w := queued(t, s, id); w[3] != 2 || len(w) != 1 {
			t.Errorf("messages wait by revision: %v", w)
		}
		all, err := s.Amendments(t.Context(), id)
		if err != nil || len(all) != 2 || all[0].AmendsDigest != before.Digest || all[0].Digest != all[1].AmendsDigest || all[1].Digest != snap.Digest || all[0].Changed != "text" || all[1].Changed != "title" || all[0].Approved != 1 || all[1].Approved != 1 {
			t.Errorf("the chain is %+v, %v", all, err)
		}
		var told int
		if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM transmission WHERE letter = 'amended' AND person_id = $1`, seed.Chair.ID).Scan(&told); err != nil || told != 2 {
			t.Errorf("the chair is told %d times, %v", told, err)
		}
		again, err := s.Do(t.Context(), first) // the same correction, sent twice
		if err != nil || again.Revision != 2 {
			t.Errorf("the same command again: %+v, %v", again, err)
		}
		batch := carry(t, s, id, liaison.DoDispatch)
		ts, err := s.Batch(t.Context(), batch)
		if err != nil || len(ts) != 2 || ts[0].Revision != 3 {
			t.Fatalf("dispatched: %+v, %v", ts, err)
		}
		if err := s.Seal(t.Context(), batch, map[liaison.TransmissionID][]byte{ts[0].ID: []byte("x"), ts[1].ID: []byte("y")}); err != nil {
			t.Fatal(err)
		}
		attempt(t, s, ts[0].ID, liaison.TransmissionAccepted)
		verified(t, s)
	})

	for name, change := range map[string]func(*liaison.Content){
		"edge 12: another deadline is substantive":  func(c *liaison.Content) { c.Deadline = "2099-02-01" },
		"edge 12: another addressee is substantive": func(c *liaison.Content) { c.Addressees = c.Addressees[:1] },
		"edge 12: another purpose is substantive":   func(c *liaison.Content) { c.Addressees[0].Purpose = liaison.ForInformation },
		"edge 13: other bytes under the same name":  func(c *liaison.Content) { c.Attachments[0].Digest = liaison.DigestOf([]byte("b")) },
		"a file more":        func(c *liaison.Content) { c.Attachments = append(c.Attachments, c.Attachments[0]) },
		"what it relates to": func(c *liaison.Content) { c.Relations = []liaison.Relation{{Kind: liaison.RepliesTo, Ref: "SG13-LS1"}} },
		"substantive hidden behind an editorial change": func(c *liaison.Content) { spelling(c); c.Deadline = "2099-02-01" },
		"nothing at all": func(*liaison.Content) {},
		"something that the check list does not let leave":         func(c *liaison.Content) { c.Title = "" },
		"something that is over its limit":                         func(c *liaison.Content) { c.Title = strings.Repeat("x", liaison.MaxTitle+1) },
		"a mailbox of an addressee, which is part of the approved": func(c *liaison.Content) { c.Addressees[0].Email = "x@evil.example" },
	} {
		t.Run(name, func(t *testing.T) {
			s, pool := open(t)
			id := approvedWith(t, s, "a")
			before := count(t, pool)
			_, err := correct(t, s, id, change)
			refused(t, err, liaison.Invalid)
			if after := count(t, pool); after["revision"] != before["revision"] || after["event"] != before["event"] {
				t.Errorf("refused, and yet written: %v, before %v", after, before)
			}
		})
	}

	t.Run("only the secretariat corrects, only what is approved, only what it saw", func(t *testing.T) {
		s, _ := open(t)
		id := approvedWith(t, s, "a")
		cmd, err := correct(t, s, id, spelling)
		if err != nil {
			t.Fatal(err)
		}
		for name, test := range map[string]struct {
			change func(*liaison.Command)
			want   liaison.ErrorCode
		}{
			"the chair":             {func(c *liaison.Command) { c.Actor = seed.Chair.ID }, liaison.Forbidden},
			"the drafter":           {func(c *liaison.Command) { c.Actor = seed.Editor.ID }, liaison.Forbidden},
			"of an older revision":  {func(*liaison.Command) {}, liaison.Stale},
			"without a reason":      {func(c *liaison.Command) { c.Reason = " " }, liaison.Invalid},
			"without a text":        {func(c *liaison.Command) { c.Amended = "" }, liaison.Invalid},
			"of a text not stored":  {func(c *liaison.Command) { c.Amended = liaison.DigestOf([]byte("nowhere")) }, liaison.Invalid},
			"of some attached file": {func(c *liaison.Command) { c.Amended = liaison.DigestOf([]byte("a")) }, liaison.Invalid},
		} {
			again := cmd
			again.ID = newCommand()
			test.change(&again)
			_, err := s.Do(t.Context(), again)
			if liaison.CodeOf(err) != test.want {
				t.Errorf("%s: %v, want %s", name, err, test.want)
			}
		}
		carry(t, s, id, liaison.DoDispatch)
		_, err = correct(t, s, id, func(c *liaison.Content) { c.Title += "!" })
		refused(t, err, liaison.Conflict)
	})
}

// TestTheDatabaseKnowsWhatACorrectionIs gives as plain SQL what no command does.
func TestTheDatabaseKnowsWhatACorrectionIs(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	id := approvedWith(t, s, "a")
	if _, err := correct(t, s, id, spelling); err != nil {
		t.Fatal(err)
	}
	void := draft(t, s, "w3c")
	carry(t, s, void, liaison.DoSubmit, liaison.DoApprove)
	do(t, s, liaison.Command{ID: newCommand(), Kind: liaison.DoReopen, Statement: void, Actor: seed.Secretary.ID, Reason: "Not yet."})
	// other puts a third revision with another deadline behind the corrected one.
	const other = `WITH c AS (SELECT statement_id, convert_to(replace(convert_from(canonical, 'UTF8'), '2099-01-31', '2099-12-31'), 'UTF8') AS b FROM revision WHERE statement_id = $id AND number = 2)
		INSERT INTO revision SELECT statement_id, 3, encode(sha256(b), 'hex'), b, (SELECT id FROM person LIMIT 1), now() FROM c; `
	const same = `WITH c AS (SELECT statement_id, convert_to(replace(convert_from(canonical, 'UTF8'), 'Please', 'Do'), 'UTF8') AS b FROM revision WHERE statement_id = $id AND number = 2)
		INSERT INTO revision SELECT statement_id, 3, encode(sha256(b), 'hex'), b, (SELECT id FROM person LIMIT 1), now() FROM c; `
	const add = `INSERT INTO amendment (statement_id, revision, digest, amends, amends_digest, approval_id, approved_revision, changed, person_id, acting, reason, command_id, amended_at)
		SELECT m.statement_id, 3, r.digest, 2, m.digest, m.approval_id, %, 'text', m.person_id, m.acting, 'x', (SELECT id FROM command WHERE kind = 'submit' AND statement_id = $id), now()
		FROM amendment m JOIN revision r ON r.statement_id = m.statement_id AND r.number = 3 WHERE m.statement_id = $id`
	for name, test := range map[string]struct{ sql, constraint string }{
		"a correction of the deadline":           {other + strings.Replace(add, "%", "1", 1), "amendment_is_editorial"},
		"a correction that skips the one before": {same + strings.Replace(strings.Replace(add, "2, m.digest", "1, m.amends_digest", 1), "%", "1", 1), "amendment_follows"},
		"a correction of what was not approved":  {same + strings.Replace(add, "%", "2", 1), ""},
		"what leaves is not what was corrected":  {same + `UPDATE statement SET revision = 3, digest = (SELECT digest FROM revision WHERE statement_id = $id AND number = 3) WHERE id = $id`, "statement_approved_has_approval"},
		"a corrected digest out of nowhere":      {same + `UPDATE statement SET revision = 3, amended_digest = r.digest, digest = r.digest FROM revision r WHERE r.statement_id = $id AND r.number = 3 AND statement.id = $id; SET CONSTRAINTS ALL IMMEDIATE`, "statement_amended_revision"},
		"a message of another revision":          {`INSERT INTO addressee SELECT statement_id, 1, 9, 'ietf', 'IETF', 'x@ietf.example', 'action' FROM revision WHERE statement_id = $void; INSERT INTO transmission (id, statement_id, revision, letter, position, body_code, recipient_name, recipient_email, message_id, message_date, approval_id, approval_kind, approved_revision, state, changed_at, created_at) SELECT gen_random_uuid(), $id, 2, 'statement', 1, 'w3c', 'W3C', 'x@w3c.example', 'id@x', now(), d.id, 'approve', 1, 'queued', now(), now() FROM decision d WHERE d.statement_id = $void`, ""},
		"dispatching on a void approval":         {`UPDATE statement SET state = 'dispatching', dispatched_at = now() WHERE id = $void`, "statement_approved_has_approval"},
		"a draft under an approval":              {`UPDATE statement SET state = 'draft' WHERE id = $id`, "statement_draft_has_no_approval"},
		"sending what was taken back":            {`UPDATE transmission SET state = 'queued' WHERE statement_id = $void AND letter = 'statement'`, "transmission_settled"},
		"another reason":                         {`UPDATE amendment SET reason = 'y'`, "amendment_append_only"},
	} {
		t.Run(name, func(t *testing.T) {
			sql := strings.NewReplacer("$id", "'"+string(id)+"'", "$void", "'"+string(void)+"'").Replace(test.sql)
			err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error { return execAll(t.Context(), tx, sql) })
			pg, ok := errors.AsType[*pgconn.PgError](err)
			switch {
			case !ok:
				t.Errorf("done, or stopped by something else: %v", err)
			case pg.Code[:2] != "23":
				t.Errorf("stopped by %s %s, which is no constraint", pg.Code, pg.Message)
			case test.constraint != "" && pg.ConstraintName != test.constraint:
				t.Errorf("stopped by %q (%s), want %q", pg.ConstraintName, pg.Message, test.constraint)
			}
		})
	}
	verified(t, s)
}

func execAll(ctx context.Context, tx pgx.Tx, sql string) error {
	_, err := tx.Exec(ctx, sql)
	return err
}

// TestTheLogSeesAForgedCorrection changes what the register says of a correction, or the log's event, as who owns the database can.
func TestTheLogSeesAForgedCorrection(t *testing.T) {
	t.Parallel()
	for name, sql := range map[string]string{
		"another text was corrected":  `UPDATE amendment SET changed = 'title'`,
		"the correction is gone":      `UPDATE statement SET amended_digest = NULL; DELETE FROM amendment`,
		"the event names other bytes": `UPDATE event SET amends = repeat('0', 64) WHERE kind = 'amended'`,
		"the event names less":        `UPDATE event SET changed = '' WHERE kind = 'amended'`,
	} {
		t.Run(name, func(t *testing.T) {
			s, pool := open(t)
			id := approvedWith(t, s, "a")
			if _, err := correct(t, s, id, spelling); err != nil {
				t.Fatal(err)
			}
			verified(t, s)
			forge(t, pool, sql)
			report, err := s.Audit(t.Context(), nil)
			if err != nil || len(report.Problems) == 0 {
				t.Errorf("nothing is wrong with it: %+v, %v", report, err)
			}
		})
	}
}

// forge does as a superuser does, with all triggers and foreign keys off.
func forge(t *testing.T, pool *pgxpool.Pool, sql string) {
	t.Helper()
	err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), `SET LOCAL session_replication_role = replica; ALTER TABLE statement DROP CONSTRAINT statement_approved_has_approval; `+sql)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
