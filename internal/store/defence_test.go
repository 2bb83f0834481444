package store_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// TestTheDatabaseDefendsItself gives as plain SQL, with the rights of the owner, what no command does.
func TestTheDatabaseDefendsItself(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	ctx := t.Context()
	draftOnly := draft(t, s, "w3c")
	inReview := draft(t, s, "w3c")
	carry(t, s, inReview, "submit")
	held := draft(t, s, "w3c")
	carry(t, s, held, "submit", "approve")
	away, ts := dispatching(t, s, "itu-t/sg17", "w3c", "ieee", "ietf")
	attempt(t, s, ts[0].ID, liaison.TransmissionAccepted)
	attempt(t, s, ts[1].ID, liaison.TransmissionUnknown)
	attempt(t, s, ts[2].ID, liaison.TransmissionRefused)

	ids := strings.NewReplacer(
		"$draft", "'"+string(draftOnly)+"'", "$review", "'"+string(inReview)+"'", "$held", "'"+string(held)+"'", "$away", "'"+string(away)+"'",
		"$accepted", "'"+string(ts[0].ID)+"'", "$unknown", "'"+string(ts[1].ID)+"'", "$refused", "'"+string(ts[2].ID)+"'", "$queued", "'"+string(ts[3].ID)+"'",
	)
	tests := map[string]struct{ sql, constraint string }{
		"dispatch without approval":              {`UPDATE statement SET state = 'dispatching', dispatched_at = now() WHERE id = $review`, "statement_approved_has_approval"},
		"dispatch of a draft":                    {`UPDATE statement SET state = 'dispatching', dispatched_at = now() WHERE id = $draft`, ""},
		"dispatch without a time":                {`UPDATE statement SET state = 'dispatching' WHERE id = $held`, "statement_dispatched_has_time"},
		"approval of other bytes":                {`UPDATE statement SET approved_digest = encode(sha256('x'), 'hex') WHERE id = $held`, "statement_approved_has_approval"},
		"approval by nobody":                     {`UPDATE statement SET approved_by = NULL WHERE id = $held`, ""},
		"a digest of no revision":                {`UPDATE statement SET digest = encode(sha256('x'), 'hex') WHERE id = $review`, "statement_current_revision"},
		"a state outside the list":               {`UPDATE statement SET state = 'sent' WHERE id = $review`, "statement_state"},
		"a state without a revision":             {`UPDATE statement SET state = 'in-review' WHERE id = $draft`, "statement_decided_on_a_revision"},
		"a number twice":                         {`UPDATE statement SET number = (SELECT number FROM statement WHERE id = $held) WHERE id = $away`, "statement_number_once"},
		"a number without a period":              {`UPDATE statement SET number = 7 WHERE id = $review`, ""},
		"a title too long":                       {`UPDATE statement SET title = repeat('x', 401) WHERE id = $draft`, ""},
		"a statement that is gone":               {`DELETE FROM statement WHERE id = $away`, ""},
		"a transmission of what is not approved": {`INSERT INTO transmission (id, statement_id, revision, letter, position, body_code, recipient_name, recipient_email, message_id, message_date, state, changed_at, created_at) SELECT gen_random_uuid(), $review, 1, 'statement', 1, 'w3c', 'W3C', 'x@w3c.example', 'id@x', now(), 'queued', now(), now()`, "transmission_statement_is_approved"},
		"a transmission under another's approval": {`INSERT INTO transmission (id, statement_id, revision, letter, position, body_code, recipient_name, recipient_email, message_id, message_date, approval_id, approval_kind, state, changed_at, created_at)
			SELECT gen_random_uuid(), $review, 1, 'statement', 1, 'w3c', 'W3C', 'x@w3c.example', 'id@x', now(), approval_id, 'approve', 'queued', now(), now() FROM transmission WHERE id = $queued`, "transmission_under_its_approval"},
		"a transmission under a rejection": {`INSERT INTO decision (id, statement_id, revision, digest, kind, person_id, acting, drafted, reason, command_id, decided_at)
			SELECT gen_random_uuid(), $review, 1, s.digest, 'reject', s.drafter_id, 'chair', false, 'no', c.id, now() FROM statement s, command c WHERE s.id = $review AND c.statement_id = s.id;
			INSERT INTO transmission (id, statement_id, revision, letter, position, body_code, recipient_name, recipient_email, message_id, message_date, approval_id, approval_kind, state, changed_at, created_at)
			SELECT gen_random_uuid(), $review, 1, 'statement', 1, 'w3c', 'W3C', 'x@w3c.example', 'id@x', now(), d.id, 'approve', 'queued', now(), now() FROM decision d WHERE d.statement_id = $review`, "transmission_under_its_approval"},
		"a second message to an addressee": {`INSERT INTO transmission (id, statement_id, revision, letter, position, body_code, recipient_name, recipient_email, message_id, message_date, approval_id, approval_kind, batch, state, changed_at, created_at)
			SELECT gen_random_uuid(), statement_id, revision, letter, position, body_code, recipient_name, recipient_email, 'another@x', message_date, approval_id, approval_kind, batch, 'queued', now(), now() FROM transmission WHERE id = $accepted`, "transmission_one_per_addressee"},
		"a Message-ID twice":            {`UPDATE transmission SET message_id = (SELECT message_id FROM transmission WHERE id = $accepted) WHERE id = $queued`, ""},
		"another recipient":             {`UPDATE transmission SET recipient_email = 'x@evil.example' WHERE id = $queued`, "transmission_fixed"},
		"another statement":             {`UPDATE transmission SET statement_id = $held WHERE id = $queued`, "transmission_fixed"},
		"attempting what is accepted":   {`UPDATE transmission SET state = 'attempting' WHERE id = $accepted`, "transmission_settled"},
		"attempting what is refused":    {`UPDATE transmission SET state = 'attempting' WHERE id = $refused`, "transmission_settled"},
		"attempting what is unknown":    {`UPDATE transmission SET state = 'attempting' WHERE id = $unknown`, "transmission_not_twice"},
		"queueing what is accepted":     {`UPDATE transmission SET state = 'queued' WHERE id = $accepted`, "transmission_settled"},
		"attempting what is not sealed": {`UPDATE transmission SET state = 'attempting', batch = (SELECT id FROM command LIMIT 1) WHERE statement_id = $held AND letter = 'statement'`, "transmission_sealed_first"},
		"attempting what is not released": {`INSERT INTO message SELECT id, encode(sha256('x'), 'hex'), 'x' FROM transmission WHERE statement_id = $held AND letter = 'statement';
			UPDATE transmission SET state = 'attempting' WHERE statement_id = $held AND letter = 'statement'`, "transmission_released_before_sent"},
		"deferred without a time":          {`UPDATE transmission SET state = 'deferred' WHERE id = $queued`, "transmission_deferred_has_time"},
		"an unknown transmission state":    {`UPDATE transmission SET state = 'delivered' WHERE id = $queued`, "transmission_state"},
		"a transmission that is gone":      {`DELETE FROM transmission WHERE id = $queued`, "transmission_kept"},
		"an attempt that is gone":          {`DELETE FROM attempt WHERE transmission_id = $accepted`, "attempt_kept"},
		"an attempt of another outcome":    {`UPDATE attempt SET outcome = 'refused' WHERE transmission_id = $accepted`, "attempt_fixed"},
		"a dot that was never made":        {`UPDATE attempt SET dot_at = NULL WHERE transmission_id = $unknown`, "attempt_fixed"},
		"accepted before the dot":          {`INSERT INTO attempt (transmission_id, n, worker, started_at, ended_at, outcome, stage) VALUES ($queued, 9, 'x', now(), now(), 'accepted', 'data')`, "attempt_accepted_after_the_dot"},
		"a second decision":                {`INSERT INTO decision SELECT gen_random_uuid(), statement_id, revision, digest, kind, person_id, acting, drafted, reason, (SELECT id FROM command c WHERE NOT EXISTS (SELECT FROM decision d WHERE d.command_id = c.id) LIMIT 1), decided_at FROM decision WHERE statement_id = $held`, "decision_one_per_revision"},
		"a rejection without a reason":     {`INSERT INTO decision SELECT gen_random_uuid(), $review, 1, s.digest, 'reject', s.drafter_id, 'chair', false, '', (SELECT id FROM command WHERE statement_id = $review), now() FROM statement s WHERE s.id = $review`, "decision_negative_has_reason"},
		"two events of one change":         {`INSERT INTO event (id, kind, at, statement_id, version, from_state, to_state) SELECT gen_random_uuid(), kind, at, statement_id, version, from_state, to_state FROM event WHERE statement_id = $held AND kind = 'approved'`, "event_one_per_version"},
		"a revision of other bytes":        {`INSERT INTO revision SELECT statement_id, 2, digest, 'x', submitted_by, submitted_at FROM revision WHERE statement_id = $held`, ""},
		"a message of other bytes":         {`INSERT INTO message SELECT id, encode(sha256('x'), 'hex'), 'y' FROM transmission WHERE statement_id = $held`, ""},
		"a file of other bytes":            {`INSERT INTO blob VALUES (encode(sha256('x'), 'hex'), 'y')`, ""},
		"a body that succeeds itself":      {`UPDATE body SET in_force_until = '2026-01-01', successor = code WHERE code = 'w3c'`, ""},
		"a successor of what goes on":      {`UPDATE body SET successor = 'ieee' WHERE code = 'w3c'`, ""},
		"a body whose code is a name":      {`UPDATE body SET code = 'W3C' WHERE code = 'khronos'`, ""},
		"two people with one mailbox":      {`INSERT INTO person SELECT gen_random_uuid(), name, upper(email) FROM person`, "person_email"},
		"a term that ends before it began": {`UPDATE appointment SET held_until = '2000-01-01' WHERE office = 'chair'`, ""},
		"a leaf of other bytes":            {`INSERT INTO audit.leaf (index, event_id, payload, hash) VALUES (999, gen_random_uuid(), 'x', sha256('y'))`, ""},
	}
	// What was recorded is not changed or deleted, by anybody, in any of the three ways.
	for table, column := range map[string]string{
		"event": "reason", "decision": "reason", "revision": "submitted_at", "message": "bytes", "command": "kind", "addressee": "name", "blob": "bytes",
		"audit.leaf": "payload", "audit.node": "hash",
	} {
		constraint := table[strings.Index(table, ".")+1:] + "_append_only"
		if table == "blob" {
			if _, err := s.PutBlob(ctx, []byte("a file")); err != nil {
				t.Fatal(err)
			}
		}
		tests["update of "+table] = struct{ sql, constraint string }{`UPDATE ` + table + ` SET ` + column + ` = ` + column, constraint}
		tests["delete from "+table] = struct{ sql, constraint string }{`DELETE FROM ` + table, constraint}
		tests["truncate of "+table] = struct{ sql, constraint string }{`TRUNCATE ` + table + ` CASCADE`, ""}
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
				tag, err := tx.Exec(ctx, ids.Replace(test.sql))
				if err == nil && tag.RowsAffected() == 0 && !tag.Select() && !strings.HasPrefix(test.sql, "TRUNCATE") {
					t.Errorf("the statement meets no row, so nothing is tested")
				}
				return err
			})
			pg, ok := errors.AsType[*pgconn.PgError](err)
			switch {
			case !ok:
				t.Errorf("done, or stopped by something else: %v", err)
			case pg.Code[:2] != "23": // integrity constraint violation
				t.Errorf("stopped by %s %s, which is no constraint", pg.Code, pg.Message)
			case test.constraint != "" && pg.ConstraintName != test.constraint:
				t.Errorf("stopped by %q (%s), want %q", pg.ConstraintName, pg.Message, test.constraint)
			}
		})
	}
	verified(t, s)
}

// TestTheLogTakesLeavesOnlyInItsOwnWay goes at audit.append from a session that is not ours.
func TestTheLogTakesLeavesOnlyInItsOwnWay(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	ctx := t.Context()
	id := draft(t, s, "w3c")
	size := func() (n int64) {
		t.Helper()
		n, err := s.LogSize(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}

	t.Run("temporary tables take no leaf", func(t *testing.T) {
		before := size()
		conn, err := pool.Acquire(ctx)
		if err != nil {
			t.Fatal(err)
		}
		_, err = conn.Exec(ctx, `CREATE TEMPORARY TABLE leaf (LIKE audit.leaf); CREATE TEMPORARY TABLE node (LIKE audit.node); CREATE TEMPORARY TABLE pg_class (a int);
			CREATE FUNCTION pg_temp.sha256(bytea) RETURNS bytea LANGUAGE sql AS $$ SELECT 'x'::bytea $$; CREATE FUNCTION pg_temp.pg_advisory_xact_lock(bigint) RETURNS void LANGUAGE sql AS $$ SELECT $$;
			SET search_path = pg_temp, audit, public`)
		if err == nil {
			_, err = conn.Exec(ctx, `INSERT INTO public.event (id, kind, at, statement_id, version) SELECT gen_random_uuid(), 'edited', now(), id, version FROM public.statement;
				SELECT audit.append(array_agg(id), array_agg('x'::bytea)) FROM public.event WHERE NOT EXISTS (SELECT FROM audit.leaf WHERE event_id = event.id)`)
		}
		var swallowed int
		if err == nil {
			err = conn.QueryRow(ctx, `SELECT (SELECT count(*) FROM pg_temp.leaf) + (SELECT count(*) FROM pg_temp.node)`).Scan(&swallowed)
		}
		conn.Conn().Close(ctx)
		conn.Release()
		if err != nil || swallowed != 0 || size() != before+1 {
			t.Errorf("%d rows swallowed, the log grew from %d to %d, %v", swallowed, before, size(), err)
		}
	})

	for name, iso := range map[string]pgx.TxIsoLevel{"REPEATABLE READ": pgx.RepeatableRead, "SERIALIZABLE": pgx.Serializable} {
		t.Run(name+" is refused", func(t *testing.T) {
			err := pgx.BeginTxFunc(ctx, pool, pgx.TxOptions{IsoLevel: iso}, func(tx pgx.Tx) error {
				_, err := tx.Exec(ctx, `SELECT audit.append(ARRAY[gen_random_uuid()], ARRAY['x'::bytea])`)
				return err
			})
			if err == nil || !strings.Contains(err.Error(), "needs READ COMMITTED") {
				t.Errorf("answered with %v", err)
			}
		})
	}

	t.Run("what was answered is on disk", func(t *testing.T) {
		err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
			var set string
			if _, err := tx.Exec(ctx, `SET LOCAL synchronous_commit = off; INSERT INTO event (id, kind, at, statement_id, version) SELECT '0190c0de-0000-7000-8000-00000000aaaa', 'edited', now(), id, version FROM statement;
				SELECT audit.append(ARRAY['0190c0de-0000-7000-8000-00000000aaaa'::uuid], ARRAY['x'::bytea])`); err != nil {
				return err
			}
			if err := tx.QueryRow(ctx, `SHOW synchronous_commit`).Scan(&set); err != nil || set != "on" {
				t.Errorf("synchronous_commit is %q, %v", set, err)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})

	t.Run("leaves without events and events without leaves are refused", func(t *testing.T) {
		for _, args := range []string{
			`ARRAY[]::uuid[], ARRAY[]::bytea[]`, `NULL, NULL`, `ARRAY[gen_random_uuid()], ARRAY[]::bytea[]`,
			`ARRAY[gen_random_uuid()], ARRAY['x', 'y']::bytea[]`, `ARRAY[gen_random_uuid()], ARRAY[NULL]::bytea[]`, `ARRAY[gen_random_uuid()], ARRAY['x']::bytea[]`,
			`(SELECT ARRAY[id] FROM event LIMIT 1), ARRAY['x']::bytea[]`, // it has its leaf
		} {
			if _, err := pool.Exec(ctx, `SELECT audit.append(`+args+`)`); err == nil {
				t.Errorf("audit.append(%s) was taken", args)
			}
		}
	})

	t.Run("nobody else may call it", func(t *testing.T) {
		err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, `CREATE ROLE liaison_test_stranger; SET LOCAL ROLE liaison_test_stranger`); err != nil {
				t.Fatal(err)
			}
			_, err := tx.Exec(ctx, `SELECT audit.append(ARRAY[gen_random_uuid()], ARRAY['x'::bytea])`)
			return err
		})
		if pg, ok := errors.AsType[*pgconn.PgError](err); !ok || pg.Code != "42501" {
			t.Errorf("answered with %v", err)
		}
	})

	// What was put in by hand here is found: the payloads are not those of the events.
	report, err := s.Audit(ctx, nil)
	if err != nil || len(report.Problems) != 2 {
		t.Errorf("found %v, %v", report.Problems, err)
	}
	if _, err := s.Snapshot(ctx, id); err != nil {
		t.Error(err)
	}
}

func TestUnavailable(t *testing.T) {
	t.Parallel()
	s, err := store.Open(t.Context(), "postgres://nobody@127.0.0.1:1/nothing?connect_timeout=2")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for name, err := range map[string]error{
		"ping":     s.Ping(t.Context()),
		"snapshot": func() error { _, err := s.Snapshot(t.Context(), "0190c0de-0000-7000-8000-000000000001"); return err }(),
		"write": func() error {
			_, err := s.Do(t.Context(), liaison.Command{ID: "x", Kind: liaison.DoSubmit, Statement: "0190c0de-0000-7000-8000-000000000001"})
			return err
		}(),
	} {
		if liaison.CodeOf(err) != liaison.Unavailable || !strings.HasPrefix(err.Error(), "The database does not answer.") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := store.Open(t.Context(), "postgres://a:b@[::1/x"); err == nil || strings.Contains(err.Error(), "a:b") {
		t.Errorf("a URL that is none: %v", err)
	}
}
