package store_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/jca-ml/liaison/internal/audit"
	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
)

// lived makes a register in which something has happened: one statement dispatched in part, one in review, one rejected.
func lived(ctx context.Context, url string) error {
	if err := register(ctx, url); err != nil {
		return err
	}
	s, err := store.Open(ctx, url)
	if err != nil {
		return err
	}
	defer s.Close()
	for i, kinds := range [][]liaison.CommandKind{{"submit", "approve", "dispatch"}, {"submit"}, {"submit", "reject"}} {
		id := liaison.StatementID(fmt.Sprintf("0190c0de-0000-7000-8000-00000000010%d", i))
		if _, err := s.Create(ctx, id, seed.Editor.ID, content("itu-t/sg17", "w3c", "ieee")); err != nil {
			return err
		}
		for _, kind := range kinds {
			snap, err := s.Snapshot(ctx, id)
			if err != nil {
				return err
			}
			actor := seed.Chair.ID
			if kind == "submit" {
				actor = seed.Editor.ID
			}
			cmd := liaison.Command{ID: liaison.CommandID(fmt.Sprint("lived-", i, kind)), Kind: kind, Statement: id, Actor: actor, Digest: snap.Digest, Reason: "because", Consulted: seed.Consulted()}
			if _, err := s.Do(ctx, cmd); err != nil {
				return err
			}
		}
	}
	ts, err := s.Batch(ctx, "lived-0dispatch")
	if err != nil {
		return err
	}
	messages := map[liaison.TransmissionID][]byte{}
	for _, x := range ts {
		messages[x.ID] = []byte("To: " + x.Email + "\r\n\r\nText\r\n")
	}
	if err := s.Seal(ctx, "lived-0dispatch", messages); err != nil {
		return err
	}
	for i, outcome := range []liaison.TransmissionState{liaison.TransmissionAccepted, liaison.TransmissionRefused, liaison.TransmissionUnknown} {
		c, err := s.Claim(ctx, ts[i].ID, "worker 1")
		if err != nil {
			return err
		}
		if answers[outcome].Stage == liaison.StageDot {
			if err := s.Dot(ctx, c); err != nil {
				return err
			}
		}
		if _, err := s.Record(ctx, c, answers[outcome], retry); err != nil {
			return err
		}
	}
	_, err = s.Do(ctx, liaison.Command{ID: "lived-0settle", Kind: liaison.DoSettle, Statement: "0190c0de-0000-7000-8000-000000000100"})
	return err
}

// tamper does to the database what its owner can: triggers and foreign keys are switched off.
func tamper(t *testing.T, pool *pgxpool.Pool, sql string) {
	t.Helper()
	err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), `SET LOCAL session_replication_role = replica`); err != nil {
			return err
		}
		for one := range strings.SplitSeq(sql, ";\n") {
			tag, err := tx.Exec(t.Context(), one)
			if err != nil {
				return err
			}
			if tag.RowsAffected() == 0 && !strings.HasPrefix(one, "SET") && !strings.HasPrefix(one, "CREATE") && !strings.HasPrefix(one, "DROP") && !strings.HasPrefix(one, "ALTER") {
				return fmt.Errorf("meets no row: %s", one)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestWhatWasDoneToTheLogIsFound changes the database behind the program's back, once in each way, and says what the check
// has to name.
func TestWhatWasDoneToTheLogIsFound(t *testing.T) {
	t.Parallel()
	const (
		sent   = "0190c0de-0000-7000-8000-000000000100" // dispatched in part
		review = "0190c0de-0000-7000-8000-000000000101"
	)
	for name, test := range map[string]struct {
		sql  string
		says []string
	}{
		"nothing": {`SET LOCAL lock_timeout = 0`, nil},

		"a byte of a payload":         {`UPDATE audit.leaf SET payload = set_byte(payload, 100, 64), hash = sha256('\x00'::bytea || set_byte(payload, 100, 64)) WHERE index = 5`, []string{"leaf 5"}},
		"a byte of the last payload":  {`UPDATE audit.leaf SET payload = payload || ' '::bytea, hash = sha256('\x00'::bytea || payload || ' '::bytea) WHERE index = (SELECT max(index) FROM audit.leaf)`, []string{"its bytes are not those"}},
		"a payload and its event":     {"UPDATE event SET acting = 'editor' WHERE id = (SELECT event_id FROM audit.leaf WHERE index = 5);\nUPDATE audit.leaf SET payload = convert_to(regexp_replace(convert_from(payload, 'UTF8'), '\"acting\":\"[a-z]+\"', '\"acting\":\"editor\"'), 'UTF8') , hash = sha256('\\x00'::bytea || convert_to(regexp_replace(convert_from(payload, 'UTF8'), '\"acting\":\"[a-z]+\"', '\"acting\":\"editor\"'), 'UTF8')) WHERE index = 5", []string{"level 1, index 2"}},
		"a leaf deleted":              {`DELETE FROM audit.leaf WHERE index = 4`, []string{"leaf 4 is missing", "has no leaf in the log"}},
		"the last leaf deleted":       {`DELETE FROM audit.leaf WHERE index = (SELECT max(index) FROM audit.leaf)`, []string{"has no leaf in the log"}},
		"the first leaf deleted":      {`DELETE FROM audit.leaf WHERE index = 0`, []string{"leaf 0 is missing"}},
		"two leaves swapped":          {"UPDATE audit.leaf SET index = 1000 WHERE index = 2;\nUPDATE audit.leaf SET index = 2 WHERE index = 7;\nUPDATE audit.leaf SET index = 7 WHERE index = 1000", []string{"level 1, index 1"}},
		"two payloads swapped":        {"UPDATE audit.leaf SET payload = CASE index WHEN 2 THEN (SELECT payload FROM audit.leaf WHERE index = 7) ELSE (SELECT payload FROM audit.leaf WHERE index = 2) END, hash = CASE index WHEN 2 THEN (SELECT hash FROM audit.leaf WHERE index = 7) ELSE (SELECT hash FROM audit.leaf WHERE index = 2) END WHERE index IN (2, 7)", []string{"leaf 2", "leaf 7"}},
		"a stored hash changed":       {`UPDATE audit.node SET hash = sha256('x') WHERE level = 2 AND index = 0`, []string{"level 2, index 0"}},
		"a stored hash deleted":       {`DELETE FROM audit.node WHERE level = 1 AND index = 0`, []string{"level 1, index 0"}},
		"a stored hash added":         {`INSERT INTO audit.node SELECT (jsonb_populate_record(node, '{"level": 9, "index": 9}')).* FROM audit.node WHERE level = 1 AND index = 0`, []string{"hashes of subtrees"}},
		"an event deleted":            {`DELETE FROM event WHERE id = (SELECT event_id FROM audit.leaf WHERE index = 5)`, []string{"leaf 5"}},
		"an event and its leaf":       {"DELETE FROM event WHERE id = (SELECT event_id FROM audit.leaf WHERE index = 5);\nDELETE FROM audit.leaf WHERE index = 5", []string{"leaf 5 is missing"}},
		"an event without a leaf":     {`INSERT INTO event (id, kind, at, statement_id, version) SELECT gen_random_uuid(), 'edited', now(), '` + review + `', 2`, []string{review, "the event edited has no leaf"}},
		"an event with two leaves":    {`ALTER TABLE audit.leaf DROP CONSTRAINT leaf_event_id_key`, []string{"keeps an event from having two leaves"}},
		"who approved":                {`UPDATE event SET actor = '` + string(seed.Secretary.ID) + `' WHERE kind = 'approved'`, []string{sent, "actor"}},
		"in which capacity":           {`UPDATE event SET acting = 'vice-chair' WHERE kind = 'approved'`, []string{"acting = chair, the event says vice-chair"}},
		"when":                        {`UPDATE event SET at = at + interval '1 microsecond' WHERE kind = 'approved'`, []string{"it says at ="}},
		"which bytes":                 {`UPDATE event SET digest = encode(sha256('x'), 'hex') WHERE kind = 'approved'`, []string{"it says digest", "dispatch begun without an approval"}},
		"why":                         {`UPDATE event SET reason = 'another reason' WHERE kind = 'rejected'`, []string{"it says reason"}},
		"what the server said":        {`UPDATE event SET reply = '250 welcome' WHERE kind = 'refused'`, []string{"it says reply"}},
		"to whom":                     {`UPDATE event SET recipient = 'x@evil.example' WHERE kind = 'accepted'`, []string{"it says recipient"}},
		"a salt":                      {`UPDATE audit.salt SET salt = substring(sha256('x') FOR 16)  WHERE field = 'reason'`, []string{"it says reason"}},
		"a salt lost":                 {`DELETE FROM audit.salt WHERE field = 'reason'`, []string{"no salt is left to prove"}},
		"a salt lost and another why": {"DELETE FROM audit.salt WHERE field = 'reason';\nUPDATE event SET reason = 'another reason' WHERE kind = 'rejected'", []string{"no salt is left to prove"}},

		"a state without an event":         {`UPDATE statement SET state = 'closed' WHERE id = '` + sent + `'`, []string{sent, "the register says closed, the last event dispatched-in-part"}},
		"a version without an event":       {`UPDATE statement SET version = version + 1 WHERE id = '` + review + `'`, []string{review, "version 3, its events make 2"}},
		"a refused message made accepted":  {`UPDATE transmission SET state = 'accepted' WHERE state = 'refused'`, []string{sent, "is accepted in the ledger and not in the log"}},
		"an accepted message made refused": {`UPDATE transmission SET state = 'refused' WHERE state = 'accepted'`, []string{"was accepted, the ledger says refused"}},
		"an accepted message queued again": {`UPDATE transmission SET state = 'queued' WHERE state = 'accepted'`, []string{"was accepted, the ledger says queued"}},
		"other bytes under a message":      {`UPDATE message SET bytes = 'x', digest = encode(sha256('x'), 'hex') WHERE transmission_id = (SELECT id FROM transmission WHERE state = 'accepted')`, []string{"in the ledger and not in the log"}},
		"a number that nobody has":         {`UPDATE number_series SET last = last + 1`, []string{"the number 2 was never given"}},
		"a number taken away":              {`UPDATE statement SET number = 5 WHERE id = '` + sent + `'`, []string{"the number 1 was never given"}},

		"a message that was sent, taken away":  {`DELETE FROM transmission WHERE state = 'accepted'`, []string{sent, "and the ledger has not"}},
		"all of it taken away":                 {"DELETE FROM transmission;\nDELETE FROM attempt;\nDELETE FROM message;\nDELETE FROM reply", []string{"and the ledger has not", "the log has attempt 1 of the message", "and the register has nothing of it"}},
		"its bytes taken away":                 {`DELETE FROM message WHERE transmission_id = (SELECT id FROM transmission WHERE state = 'accepted')`, []string{"other bytes of the message"}},
		"an attempt taken away":                {`DELETE FROM attempt WHERE outcome = 'accepted'`, []string{"the log has attempt 1 of the message"}},
		"an attempt before the dot taken away": {`DELETE FROM attempt WHERE dot_at IS NULL`, []string{"the log has attempt 1 of the message"}},
		"a reply taken away":                   {`DELETE FROM reply WHERE position = 1`, []string{"the reply to the message"}},
		"the approval taken away":              {`DELETE FROM decision WHERE kind = 'approve'`, []string{"the log has the decision to approve revision 1"}},
		"a rejection taken away":               {`DELETE FROM decision WHERE kind = 'reject'`, []string{"the log has the decision to reject revision 1"}},
		"a rejection by somebody else":         {`UPDATE decision SET person_id = '` + string(seed.Secretary.ID) + `' WHERE kind = 'reject'`, []string{"the log has the decision to reject", "the register has a decision to reject"}},
		"a revision taken away":                {`DELETE FROM revision WHERE statement_id = '` + review + `'`, []string{review, "the log has revision 1, and the register has not"}},
		"a revision with another digest":       {"UPDATE revision SET canonical = 'x', digest = encode(sha256('x'), 'hex') WHERE statement_id = '" + review + "';\nSET LOCAL lock_timeout = 0", []string{review, "revision 1 is not the one that the log has"}},
		"a revision that was never submitted":  {`INSERT INTO revision (statement_id, number, digest, canonical, submitted_by, submitted_at) SELECT statement_id, 2, digest, canonical, submitted_by, submitted_at FROM revision WHERE statement_id = '` + review + `'`, []string{review, "revision 2 is not the one"}},
		"treated as sent by nobody":            {`UPDATE transmission SET state = 'assumed' WHERE state = 'unknown'`, []string{"is assumed in the ledger and unknown in the log"}},
		"bounced without a report":             {`UPDATE transmission SET state = 'bounced' WHERE state = 'accepted'`, []string{"the log has no report of that"}},
		"cancelled by nobody":                  {`UPDATE transmission SET state = 'cancelled' WHERE state = 'unknown'`, []string{"is cancelled in the ledger and unknown in the log"}},

		"other bytes beside a message's digest":    {"ALTER TABLE message DROP CONSTRAINT message_check;\nUPDATE message SET bytes = 'x' WHERE transmission_id = (SELECT id FROM transmission WHERE state = 'accepted')", []string{"the bytes of message", "the constraint that holds the digest of a row of message to its bytes was taken away"}},
		"and the constraint put back for new rows": {"ALTER TABLE message DROP CONSTRAINT message_check;\nUPDATE message SET bytes = 'x' WHERE transmission_id = (SELECT id FROM transmission WHERE state = 'accepted');\nALTER TABLE message ADD CONSTRAINT message_check CHECK (digest = encode(sha256(bytes), 'hex')) NOT VALID", []string{"the bytes of message", "the constraint message_check of message never looked at the rows", "a row of message to its bytes"}},
		"a constraint that holds nothing":          {"ALTER TABLE blob DROP CONSTRAINT blob_check;\nALTER TABLE blob ADD CONSTRAINT blob_check CHECK (digest = encode(sha256(bytes), 'hex') OR true)", []string{"a row of blob to its bytes"}},
		"another text beside a revision's digest":  {"ALTER TABLE revision DROP CONSTRAINT revision_check;\nUPDATE revision SET canonical = 'x' WHERE statement_id = '" + review + "'", []string{"the bytes of revision 1 of the statement " + review}},
		"another file":                  {"INSERT INTO blob (digest, bytes) VALUES (encode(sha256('a file'), 'hex'), 'a file');\nALTER TABLE blob DROP CONSTRAINT blob_check;\nUPDATE blob SET bytes = 'x'", []string{"the bytes of file 7365"}},
		"a function that finds nothing": {"ALTER TABLE message DROP CONSTRAINT message_check;\nUPDATE message SET bytes = 'x';\nALTER TABLE message ADD CONSTRAINT message_check CHECK (digest = encode(sha256(bytes), 'hex')) NOT VALID;\nUPDATE pg_constraint SET convalidated = true WHERE conname = 'message_check';\nCREATE OR REPLACE FUNCTION audit.rehash(OUT what text, OUT number bigint, OUT size bigint, OUT wrong text[]) RETURNS SETOF record LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ SELECT 'message', 3::bigint, 100::bigint, '{}'::text[] $$", []string{"the function audit.rehash"}},
		"a constraint said to hold":     {"ALTER TABLE message DROP CONSTRAINT message_check;\nUPDATE message SET bytes = 'x';\nALTER TABLE message ADD CONSTRAINT message_check CHECK (digest = encode(sha256(bytes), 'hex')) NOT VALID;\nUPDATE pg_constraint SET convalidated = true WHERE conname = 'message_check'", []string{"the bytes of message"}},
		"a guard switched off":          {`ALTER TABLE attempt DISABLE TRIGGER attempt_guard`, []string{"the triggers that keep rows of attempt"}},

		"a dispatch that nobody approved": {"INSERT INTO event (id, kind, at, statement_id, version, digest) SELECT gen_random_uuid(), 'dispatching', now(), id, version, digest FROM statement WHERE id = '" + review + "';\n" +
			"SELECT audit.append(array_agg(id), array_agg('{}'::bytea)) FROM event WHERE NOT EXISTS (SELECT FROM audit.leaf WHERE event_id = event.id)", []string{review, "dispatch begun without an approval"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := testkit.Database(t, lived)
			s := store.New(pool)
			tamper(t, pool, test.sql)
			report, err := s.Audit(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			var found []string
			for _, p := range report.Problems {
				found = append(found, p.String())
			}
			all := strings.Join(found, "\n")
			if test.says == nil && all != "" || test.says != nil && all == "" {
				t.Fatalf("found %q, want %q", found, test.says)
			}
			for _, s := range test.says {
				if !strings.Contains(all, s) {
					t.Errorf("nothing is said of %q:\n%s", s, all)
				}
			}
		})
	}
}

// TestStoredBytesAreHashedAgain: the report says of how many rows and bytes, and without it that nothing was looked at.
func TestStoredBytesAreHashedAgain(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t, lived)
	s := store.New(pool)
	report := verified(t, s)
	got := map[string]int64{}
	for _, x := range report.Bytes {
		if got[x.What] = x.Rows; x.Rows > 0 && x.Bytes < 10*x.Rows {
			t.Errorf("%d rows of kind %s have %d bytes", x.Rows, x.What, x.Bytes)
		}
	}
	if len(got) != 7 || got["message"] != 3 || got["revision"] != 3 || len(report.Notices) != 0 {
		t.Errorf("hashed again were %v; %q", got, report.Notices)
	}
	tamper(t, pool, "ALTER TABLE message DROP CONSTRAINT message_check;\nUPDATE message SET bytes = 'x';\nALTER TABLE message ADD CONSTRAINT message_check CHECK (digest = encode(sha256(bytes), 'hex')) NOT VALID;\nUPDATE pg_constraint SET convalidated = true WHERE conname = 'message_check'")
	without, err := s.AuditWith(t.Context(), store.AuditOptions{NoBytes: true})
	if err != nil || len(without.Problems) > 0 || len(without.Bytes) > 0 || len(without.Notices) != 1 || !strings.Contains(without.Notices[0], "was not looked at") {
		t.Errorf("without it the report says %v, %q, %v", without.Problems, without.Notices, err)
	}
	with, err := s.Audit(t.Context(), nil)
	if err != nil || len(with.Problems) != 3 {
		t.Errorf("three messages with other bytes are found as %v, %v", with.Problems, err)
	}
}

// TestEveryColumnOfAnEventIsHeldAgainstItsLeaf changes one column after the other, also those that are empty in most events.
func TestEveryColumnOfAnEventIsHeldAgainstItsLeaf(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t, lived)
	s := store.New(pool)
	tamper(t, pool, `CREATE TABLE kept AS SELECT * FROM event WHERE kind IN ('accepted', 'rejected');
DROP INDEX event_one_per_version`)
	rows, err := pool.Query(t.Context(), `SELECT attname, atttypid::regtype::text FROM pg_attribute WHERE attrelid = 'event'::regclass AND attnum > 0 AND NOT attisdropped AND attname NOT IN ('seq', 'relay')`)
	if err != nil {
		t.Fatal(err)
	}
	columns := map[string]string{}
	var name, kind string
	if _, err := pgx.ForEachRow(rows, []any{&name, &kind}, func() error { columns[name] = kind; return nil }); err != nil || len(columns) < 40 {
		t.Fatal(columns, err)
	}
	for name, kind := range columns {
		other := map[string]string{
			"text": `'x'`, "integer": name + ` + 1`, "boolean": `NOT ` + name, "uuid": `gen_random_uuid()`, "date": `date '2026-01-02'`, "timestamp with time zone": name + ` + interval '1 microsecond'`,
		}[kind]
		if name == "kind" {
			other = `'edited'`
		}
		tamper(t, pool, `UPDATE event SET `+name+` = `+other+` WHERE seq IN (SELECT min(seq) FROM kept GROUP BY kind)`) // of a message, and of none
		if r, err := s.Audit(t.Context(), nil); err != nil || strings.Count(fmt.Sprint(r.Problems), "leaf ") < 2 {
			t.Errorf("%s was changed in two events, and the check finds %v, %v", name, r.Problems, err)
		}
		tamper(t, pool, `UPDATE event SET `+name+` = kept.`+name+` FROM kept WHERE kept.seq = event.seq`)
	}
	verified(t, s)
	tamper(t, pool, `ALTER TABLE event DROP CONSTRAINT event_id_key CASCADE`)
	if r, err := s.Audit(t.Context(), nil); err != nil || !strings.Contains(fmt.Sprint(r.Problems), "keeps two events from being one") {
		t.Errorf("without the index of events it finds %v, %v", r.Problems, err)
	}
}

// TestErasureLeavesTheLogWhole: a value that is erased together with its salt (edge case 70) breaks nothing, and the root
// stays what it was.
func TestErasureLeavesTheLogWhole(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t, lived)
	s := store.New(pool)
	before := verified(t, s)
	tamper(t, pool, "DELETE FROM audit.salt;\nUPDATE event SET "+strings.Join(audit.Committed(), " = '', ")+" = ''")
	after := verified(t, s)
	if before.Root != after.Root || before.Size != after.Size {
		t.Errorf("the root was %s of %d, and is %s of %d", before.Root, before.Size, after.Root, after.Size)
	}
}

// TestTheDatabaseMakesTheKnownTree appends the leaves that implementations of RFC 6962 are compared by, and reads the hashes
// of the subtrees that the database made.
func TestTheDatabaseMakesTheKnownTree(t *testing.T) {
	t.Parallel()
	_, pool := open(t)
	err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), `SET LOCAL session_replication_role = replica`); err != nil { // the leaves stand for no events
			return err
		}
		var first, second int64
		if err := tx.QueryRow(t.Context(), `SELECT audit.append(ARRAY[gen_random_uuid(), gen_random_uuid(), gen_random_uuid()], ARRAY['\x', '\x00', '\x10']::bytea[])`).Scan(&first); err != nil {
			return err
		}
		if err := tx.QueryRow(t.Context(), `SELECT audit.append(array_agg(gen_random_uuid()), array_agg(x)) FROM unnest(ARRAY['\x2021', '\x3031', '\x40414243', '\x5051525354555657', '\x606162636465666768696a6b6c6d6e6f']::bytea[]) x`).Scan(&second); err != nil {
			return err
		}
		if first != 0 || second != 3 {
			t.Errorf("the leaves begin at %d and %d, want 0 and 3", first, second)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := pool.Query(t.Context(), `SELECT level, index, hash FROM audit.node`)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	var level, index int64
	var hash []byte
	if _, err := pgx.ForEachRow(rows, []any{&level, &index, &hash}, func() error { got[fmt.Sprint(level, "/", index)] = hex.EncodeToString(hash); return nil }); err != nil {
		t.Fatal(err)
	}
	for node, want := range map[string]string{ // the roots of the trees of two, four and eight leaves
		"1/0": "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		"2/0": "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		"3/0": "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
	} {
		if got[node] != want {
			t.Errorf("node %s is %s, want %s", node, got[node], want)
		}
	}
	if len(got) != 7 {
		t.Errorf("%d stored hashes, want 7", len(got))
	}
}

// TestCheckThatGoesOn: a check that is interrupted anywhere goes on there, finds the same, and finds what was done in the meantime, also
// to the story that began before.
func TestCheckThatGoesOn(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t, lived)
	s := store.New(pool)
	whole, err := s.Audit(t.Context(), nil)
	if err != nil || whole.Seen == nil {
		t.Fatal(err)
	}
	again, err := s.AuditWith(t.Context(), store.AuditOptions{Resume: whole.Seen})
	if err != nil || len(again.Problems) > 0 || again.Root != whole.Root || again.Size != whole.Size {
		t.Fatalf("%+v, %v", again, err)
	}
	n, err := s.LogSize(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	grow(t, pool, 30_000)
	ctx, stop := context.WithCancel(t.Context())
	cut, err := s.AuditWith(ctx, store.AuditOptions{Progress: func(seen, all int64) {
		if all < n+30_000 || seen < 10_000 || seen > all {
			t.Errorf("%d of %d leaves", seen, all)
		}
		stop()
	}})
	if err == nil || cut.Seen == nil || cut.Seen.Logs[1].Size < 10_000 || cut.Seen.Logs[1].Size >= n+30_000 {
		t.Fatalf("interrupted it saw %+v, %v", cut.Seen, err)
	}
	rest, err := s.AuditWith(t.Context(), store.AuditOptions{Resume: cut.Seen})
	full, ferr := s.Audit(t.Context(), nil)
	if err != nil || ferr != nil || len(rest.Problems) > 0 || rest.Root != full.Root || rest.Size != n+30_000 || len(rest.Notices) != 1 {
		t.Errorf("gone on it finds %+v, %v; from the beginning %s", rest, err, full.Root)
	}
	// Rows that lie far from their leaves, more than are held, are found all the same; and one that is nowhere is missed.
	tamper(t, pool, `UPDATE event SET version = version WHERE seq % 5 = 0`)
	if moved := verified(t, s); moved.Root != full.Root || moved.Size != full.Size {
		t.Errorf("with rows moved it finds %+v", moved)
	}
	gone, err := uuid.NewV7()
	if err != nil {
		t.Fatal(err)
	}
	tamper(t, pool, `UPDATE event SET id = '`+gone.String()+`' WHERE id = (SELECT event_id FROM audit.leaf WHERE index = 15000)`)
	if missed, err := s.Audit(t.Context(), nil); err != nil || len(missed.Problems) != 2 || !strings.Contains(fmt.Sprint(missed.Problems), "leaf 15000 of log 1 stands for an event that the register has not") || !strings.Contains(fmt.Sprint(missed.Problems), gone.String()) {
		t.Errorf("of an event that is gone it says %v, %v", missed.Problems, err)
	}
	tamper(t, pool, "UPDATE event SET id = (SELECT event_id FROM audit.leaf WHERE index = 15000) WHERE id = '"+gone.String()+"'")
	tamper(t, pool, `UPDATE statement SET state = 'closed' WHERE id = '0190c0de-0000-7000-8000-000000000100'`)
	rest, err = s.AuditWith(t.Context(), store.AuditOptions{Resume: cut.Seen})
	if err != nil || len(rest.Problems) == 0 || rest.Seen != nil {
		t.Errorf("of a state that was changed it says %v, %v", rest.Problems, err)
	}
}

// TestAnInterruptedCheckForgetsNothing: what was found before a check was cut off is said there, and the next one begins from the first
// leaf, because what is kept of a log that something is wrong with would say that nothing was.
func TestAnInterruptedCheckForgetsNothing(t *testing.T) {
	t.Parallel()
	const sent = "0190c0de-0000-7000-8000-000000000100"
	pool := testkit.Database(t, lived)
	s := store.New(pool)
	ts, err := s.Transmissions(t.Context(), sent)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(ts, func(x store.Transmission) bool { return x.State == liaison.TransmissionAccepted })
	// The log and the register agree on what the procedure forbids: both say that the message was handed over again.
	e := liaison.Event{
		ID: liaison.EventID(uuid.Must(uuid.NewV7()).String()), Kind: liaison.EventAttempted, At: audit.Time(time.Now()), Statement: sent, Version: 5, Acting: liaison.AsEngine,
		Transmission: ts[i].ID, Letter: ts[i].Letter, MessageDigest: ts[i].Digest, Attempt: 2,
	}
	payload, _ := audit.NewLeaf(e)
	err = pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		b := &pgx.Batch{}
		b.Queue(`INSERT INTO event (id, kind, at, statement_id, version, acting, transmission_id, letter, message_digest, attempt) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			e.ID, e.Kind, e.At, e.Statement, e.Version, e.Acting, e.Transmission, e.Letter, e.MessageDigest, e.Attempt)
		b.Queue(`INSERT INTO attempt (transmission_id, n, worker, started_at, dot_at) VALUES ($1, 2, 'w', now(), now())`, e.Transmission)
		b.Queue(`SELECT audit.append($1, $2)`, []string{string(e.ID)}, [][]byte{payload})
		return tx.SendBatch(t.Context(), b).Close()
	})
	if err != nil {
		t.Fatal(err)
	}
	grow(t, pool, 11_000)
	const says = "is handed over again after it was accepted"
	ctx, stop := context.WithCancel(t.Context())
	cut, err := s.AuditWith(ctx, store.AuditOptions{Progress: func(int64, int64) { stop() }})
	if err == nil || cut.Seen != nil || strings.Count(fmt.Sprint(cut.Problems), says) != 1 {
		t.Errorf("interrupted it keeps something: %v, and says %v, %v", cut.Seen != nil, cut.Problems, err)
	}
	whole, err := s.AuditWith(t.Context(), store.AuditOptions{Resume: cut.Seen})
	if err != nil || whole.Seen != nil || strings.Count(fmt.Sprint(whole.Problems), says) != 1 {
		t.Errorf("to its end it keeps something: %v, and says %v, %v", whole.Seen != nil, whole.Problems, err)
	}
}

// grow appends events that change nothing to the statement in review, a thousand in a transaction.
func grow(t *testing.T, pool *pgxpool.Pool, n int) {
	t.Helper()
	const id liaison.StatementID = "0190c0de-0000-7000-8000-000000000101"
	for ; n > 0; n -= 1000 {
		var ids []string
		var payloads [][]byte
		b := &pgx.Batch{}
		for range 1000 {
			e := liaison.Event{ID: liaison.EventID(uuid.Must(uuid.NewV7()).String()), Kind: liaison.EventEdited, At: audit.Time(time.Now()), Statement: id, Version: 2, Actor: seed.Editor.ID, Acting: liaison.AsEditor}
			payload, _ := audit.NewLeaf(e)
			ids, payloads = append(ids, string(e.ID)), append(payloads, payload)
			b.Queue(`INSERT INTO event (id, kind, at, statement_id, version, actor, acting) VALUES ($1, $2, $3, $4, $5, $6, $7)`, e.ID, e.Kind, e.At, e.Statement, e.Version, e.Actor, e.Acting)
		}
		b.Queue(`SELECT audit.append($1, $2)`, ids, payloads)
		if err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error { return tx.SendBatch(t.Context(), b).Close() }); err != nil {
			t.Fatal(err)
		}
	}
}
