package signer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/jca-ml/liaison/internal/audit"
	"github.com/jca-ml/liaison/internal/receipt"
	"github.com/jca-ml/liaison/internal/signer"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// events is how many events the attacks are tried on: 50,000 with LIAISON_AUDIT_EVENTS=50000, a few hundred otherwise.
func events(t testing.TB) int {
	n, err := strconv.Atoi(os.Getenv("LIAISON_AUDIT_EVENTS"))
	if err != nil || n < 300 {
		return 300
	}
	t.Logf("on %d events", n)
	return n
}

// crime is the scene of an attack: a log with its signer and witness, what has left the system, and a superuser who is the
// attacker.
type crime struct {
	*testing.T
	s       *store.Store
	pool    *pgxpool.Pool
	dir     string // of the signer, whose key may be stolen
	policy  receipt.Policy
	witness string // address

	mailed  []byte        // checkpoint in somebody's mailbox, from half-way
	latest  []byte        // the newest published one
	proof   receipt.Proof // a recipient's receipt
	leaf    []byte        // and its leaf
	message store.Transmission
}

func scene(t *testing.T) *crime {
	t.Helper()
	c := &crime{T: t}
	c.s, c.pool = open(t)
	sg, dir := newSigner(t, c.s, receipt.Policy{})
	c.dir = dir
	c.policy, c.witness = newWitness(t, sg.Key(), "partner.example/witness")
	if err := sg.Close(); err != nil {
		t.Fatal(err)
	}
	sg = openSigner(t, c.s, dir, c.policy)
	more(t, c.pool, events(t)/2)
	step(t, sg)
	c.mailed = c.newest()
	ts, err := c.s.Transmissions(t.Context(), sentStatement)
	if err != nil {
		t.Fatal(err)
	}
	c.message = ts[0]
	log, index, err := c.s.LeafOf(t.Context(), ts[0].ID, liaison.EventSealed)
	if err != nil {
		t.Fatal(err)
	}
	if c.proof, c.leaf, err = c.s.Receipt(t.Context(), log, index); err != nil {
		t.Fatal(err)
	}
	more(t, c.pool, events(t)-events(t)/2)
	step(t, sg)
	c.latest = c.newest()
	if err := sg.Close(); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *crime) newest() []byte {
	c.Helper()
	x, err := c.s.Checkpoint(c.Context())
	if err != nil {
		c.Fatal(err)
	}
	return []byte(x.Note)
}

// super runs SQL with every trigger and foreign key off, as a superuser can.
func (c *crime) super(sql string, args ...any) {
	c.Helper()
	err := pgx.BeginFunc(c.Context(), c.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(c.Context(), `SET LOCAL session_replication_role = replica`); err != nil {
			return err
		}
		_, err := tx.Exec(c.Context(), sql, args...)
		return err
	})
	if err != nil {
		c.Fatalf("%s: %v", sql, err)
	}
}

// rehash makes leaf hashes and subtrees anew from the leaves as they stand, numbering them without a gap, and forgets the
// published checkpoints: what a careful owner of the database does after changing something.
func (c *crime) rehash() {
	c.Helper()
	ctx := c.Context()
	err := pgx.BeginFunc(ctx, c.pool, func(tx pgx.Tx) error {
		for _, sql := range []string{
			`SET LOCAL session_replication_role = replica`,
			`DELETE FROM audit.checkpoint`, `DELETE FROM audit.node`,
			`UPDATE audit.leaf SET index = -n - 1 FROM (SELECT event_id AS e, row_number() OVER (ORDER BY index) - 1 AS n FROM audit.leaf) x WHERE x.e = event_id`,
		} {
			if sql[:6] == "UPDATE" { // through another table, because no index may be negative
				sql = `CREATE TEMP TABLE renumbered ON COMMIT DROP AS SELECT row_number() OVER (ORDER BY index) - 1 AS index, event_id, payload FROM audit.leaf;
					DELETE FROM audit.leaf; INSERT INTO audit.leaf (log, index, event_id, payload, hash) SELECT 1, index, event_id, payload, sha256('\x00'::bytea || payload) FROM renumbered`
			}
			if _, err := tx.Exec(ctx, sql); err != nil {
				return err
			}
		}
		rows, err := tx.Query(ctx, `SELECT hash FROM audit.leaf ORDER BY index`)
		if err != nil {
			return err
		}
		level, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
		if err != nil {
			return err
		}
		for l := 1; len(level) > 1; l++ {
			var up [][]byte
			for i := 0; i+1 < len(level); i += 2 {
				h := tlog.NodeHash(tlog.Hash(level[i]), tlog.Hash(level[i+1]))
				up = append(up, h[:])
			}
			if _, err := tx.CopyFrom(ctx, pgx.Identifier{"audit", "node"}, []string{"log", "level", "index", "hash"}, pgx.CopyFromSlice(len(up), func(i int) ([]any, error) {
				return []any{1, l, i, up[i]}, nil
			})); err != nil {
				return err
			}
			level = up
		}
		return nil
	})
	if err != nil {
		c.Fatal(err)
	}
}

// replace changes a text in leaves and in the tables that they are held against.
func (c *crime) replace(from, to string) {
	c.super(`UPDATE audit.leaf SET payload = convert_to(replace(convert_from(payload, 'UTF8'), $1, $2), 'UTF8'), hash = sha256('\x00'::bytea || convert_to(replace(convert_from(payload, 'UTF8'), $1, $2), 'UTF8')) WHERE position(convert_to($1, 'UTF8') IN payload) > 0`, from, to)
	c.super(`UPDATE event SET digest = replace(digest, $1, $2), message_digest = replace(message_digest, $1, $2) WHERE digest = $1 OR message_digest = $1`, from, to)
}

// stolen signs the log as it is now with the stolen key, publishes it and asks the witness, as the thief would. It returns
// the witness's status.
func (c *crime) stolen() (status int) {
	c.Helper()
	b, err := os.ReadFile(filepath.Join(c.dir, "log.key"))
	if err != nil {
		c.Fatal(err)
	}
	key, err := receipt.ParseSecret(strings.TrimSpace(string(b)))
	if err != nil {
		c.Fatal(err)
	}
	size, err := c.s.LogSize(c.Context())
	if err != nil {
		c.Fatal(err)
	}
	root, err := c.s.RootFromHashes(c.Context(), 1, size)
	if err != nil {
		c.Fatal(err)
	}
	cp := receipt.Checkpoint{Origin: origin, Size: size, Root: root}
	n := receipt.Note{Text: cp.Text(), Signatures: []receipt.Signature{key.Sign(cp.Text(), time.Now())}}
	if err := c.s.AddCheckpoint(c.Context(), store.Signed{Log: 1, Size: size, Origin: origin, Root: root[:], Key: key.Key.String(), Note: string(n.Encode()), At: time.Now()}); err != nil {
		c.Fatal(err)
	}
	last, _, err := receipt.ParseCheckpoint(c.latest)
	if err != nil {
		c.Fatal(err)
	}
	proof, err := c.s.ProveConsistency(c.Context(), 1, min(last.Size, size), size)
	if err != nil {
		c.Fatal(err)
	}
	var body strings.Builder
	fmt.Fprintf(&body, "old %d\n", min(last.Size, size))
	for _, h := range proof {
		fmt.Fprintln(&body, h)
	}
	body.WriteString("\n" + string(n.Encode()))
	resp, err := http.Post(c.witness+"/add-checkpoint", "text/plain", strings.NewReader(body.String()))
	if err != nil {
		c.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	return resp.StatusCode
}

// found says which part finds the attack.
type found struct {
	Self      bool // the check of the database against itself
	Outside   bool // that check with the checkpoint from half-way that somebody's mailbox kept
	Newest    bool // that check with the newest published checkpoint, kept
	Signer    bool // our own signer, at its next start
	Recipient bool // the recipient, who asks for a proof of their leaf in what is published now
	Witness   bool // a witness, when the thief of the log key asks it to cosign; without the key nobody can ask
}

func (c *crime) found(key bool) (f found) {
	c.Helper()
	problems := func(outside ...[]byte) bool {
		logOnly := receipt.KeysOnly(c.policy.Logs[0].Key, c.policy.Witnesses[0].Key)
		r, err := c.s.AuditWith(c.Context(), store.AuditOptions{Policy: &logOnly, Outside: outside})
		if err != nil {
			c.Fatal(err)
		}
		return len(r.Problems) > 0
	}
	if key {
		f.Witness = c.stolen() != http.StatusOK
	}
	f.Self, f.Outside, f.Newest = problems(), problems(c.mailed), problems(c.latest)
	sg, err := signer.Open(c.Context(), signer.Config{Log: c.s, Dir: c.dir})
	if f.Signer = err != nil; err == nil {
		_ = sg.Close()
	} else if !errors.Is(err, signer.ErrFork) && !errors.Is(err, signer.ErrRollback) && !strings.Contains(err.Error(), "is missing") {
		c.Errorf("the signer stops for another reason: %v", err)
	}
	f.Recipient = !c.stillThere()
	return f
}

// stillThere is what a recipient can ask for: the leaf of their receipt, at its number, in what is published now, and nothing
// shorter than they have seen.
func (c *crime) stillThere() bool {
	seen, _, err := receipt.ParseCheckpoint(c.proof.Checkpoint)
	if err != nil {
		c.Fatal(err)
	}
	all, err := c.s.Logs(c.Context())
	if err != nil {
		c.Fatal(err)
	}
	size := all[0].Size
	if size < seen.Size {
		return false
	}
	root, err := c.s.RootFromHashes(c.Context(), 1, size)
	if err != nil {
		return false
	}
	proof, err := c.s.ProveLeaf(c.Context(), 1, c.proof.Index, size)
	return err == nil && tlog.CheckRecord(proof, size, root, c.proof.Index, tlog.RecordHash(c.leaf)) == nil
}

// TestAttacks is table 1.4 of the reference, on the real tables, by a superuser.
func TestAttacks(t *testing.T) {
	digestOf := func(c *crime, where string) (digest string) {
		if err := c.pool.QueryRow(c.Context(), `SELECT event.digest FROM event JOIN audit.leaf ON leaf.event_id = event.id WHERE event.kind = 'edited' ORDER BY leaf.index `+where).Scan(&digest); err != nil {
			c.Fatal(err)
		}
		return digest
	}
	other := string(liaison.DigestOf([]byte("something else")))
	for _, test := range []struct {
		name string
		do   func(c *crime)
		key  bool // the thief has the log's key too
		want found
	}{
		{"nothing", func(*crime) {}, false, found{}},
		{"one byte edited", func(c *crime) {
			c.super(`UPDATE audit.leaf SET payload = overlay(payload PLACING '\x58' FROM 60), hash = sha256('\x00'::bytea || overlay(payload PLACING '\x58' FROM 60)) WHERE index = 40`)
		}, false, found{Self: true, Outside: true, Newest: true, Signer: true}},
		{"an event edited in the register alone", func(c *crime) {
			c.super(`UPDATE event SET digest = $1 WHERE digest = $2`, other, digestOf(c, "OFFSET 5 LIMIT 1"))
		}, false, found{Self: true, Outside: true, Newest: true}},
		{"the triggers switched off, and nothing else", func(c *crime) {
			exec(c, c.pool, `ALTER TABLE event DISABLE TRIGGER append_only`)
		}, false, found{Self: true, Outside: true, Newest: true}},
		{"edited and hashed again", func(c *crime) { c.replace(digestOf(c, "OFFSET 5 LIMIT 1"), other); c.rehash() }, false,
			found{Outside: true, Newest: true, Signer: true}},
		{"one taken out and hashed again", func(c *crime) {
			c.super(`WITH gone AS (DELETE FROM audit.leaf WHERE index = 60 RETURNING event_id) DELETE FROM event USING gone WHERE id = event_id`)
			c.rehash()
		}, false, found{Outside: true, Newest: true, Signer: true}},
		{"two swapped and hashed again", func(c *crime) {
			c.super(`UPDATE audit.leaf SET index = CASE index WHEN 60 THEN 1000000 ELSE 60 END WHERE index IN (60, 61) AND index = 60; UPDATE audit.leaf SET index = 60 WHERE index = 61; UPDATE audit.leaf SET index = 61 WHERE index = 1000000`)
			c.rehash()
		}, false, found{Outside: true, Newest: true, Signer: true}},
		{"the last hundred dropped and hashed again", func(c *crime) {
			c.super(`WITH gone AS (DELETE FROM audit.leaf WHERE index >= (SELECT max(index) - 99 FROM audit.leaf) RETURNING event_id) DELETE FROM event USING gone WHERE id = event_id`)
			c.rehash()
		}, false, found{Newest: true, Signer: true}}, // the mailbox's checkpoint is older than what was dropped
		{"the recipient's event edited, hashed again, signed with the stolen key", func(c *crime) {
			c.super(`UPDATE message SET bytes = convert_to('something else', 'UTF8'), digest = $1 WHERE transmission_id = $2`, other, c.message.ID)
			c.replace(string(c.message.Digest), other)
			c.rehash()
		}, true, found{Outside: true, Newest: true, Signer: true, Recipient: true, Witness: true}},
		{"another event edited, hashed again, signed with the stolen key", func(c *crime) { c.replace(digestOf(c, "OFFSET 5 LIMIT 1"), other); c.rehash() }, true,
			found{Outside: true, Newest: true, Signer: true, Witness: true}},
		{"an event behind every checkpoint in a mailbox edited, with the stolen key", func(c *crime) {
			c.replace(digestOf(c, "DESC LIMIT 1"), other)
			c.rehash()
		}, true, found{Newest: true, Signer: true, Witness: true}},
		{"an event that no checkpoint covers edited", func(c *crime) {
			more(c, c.pool, 1)
			kept := c.newestRows()
			c.replace(digestOf(c, "DESC LIMIT 1"), other)
			c.rehash()
			c.putBack(kept)
		}, false, found{}}, // nothing catches it: it had not left yet
		{"an event behind every checkpoint edited, key, state and witness stolen", func(c *crime) {
			c.replace(digestOf(c, "DESC LIMIT 1"), other)
			c.rehash()
			c.latest = c.mailed // and nobody kept the newest
			c.forgetState()
		}, false, found{}}, // nothing catches it: all who had seen it are one
		{"what the register has of a dispatch taken away, the log left", func(c *crime) {
			c.super(`WITH gone AS (SELECT id FROM transmission WHERE statement_id = $1), m AS (DELETE FROM message USING gone WHERE transmission_id = id), a AS (DELETE FROM attempt USING gone WHERE transmission_id = id)
				DELETE FROM transmission USING gone WHERE transmission.id = gone.id`, sentStatement)
		}, false, found{Self: true, Outside: true, Newest: true}},
		{"one attempt taken away", func(c *crime) {
			c.super(`DELETE FROM attempt WHERE transmission_id = $1`, c.message.ID)
		}, false, found{Self: true, Outside: true, Newest: true}},
		{"the approval taken away", func(c *crime) {
			c.super(`DELETE FROM decision WHERE statement_id = $1`, sentStatement)
		}, false, found{Self: true, Outside: true, Newest: true}},
		{"what an addressee owes taken away", func(c *crime) {
			c.super(`DELETE FROM reply WHERE statement_id = $1`, sentStatement)
		}, false, found{Self: true, Outside: true, Newest: true}},
		{"the bytes that were sent changed beside their digest", func(c *crime) {
			exec(c, c.pool, `ALTER TABLE message DROP CONSTRAINT message_check`)
			c.super(`UPDATE message SET bytes = convert_to('something else', 'UTF8') WHERE transmission_id = $1`, c.message.ID)
			c.super(`ALTER TABLE message ADD CONSTRAINT message_check CHECK (digest = encode(sha256(bytes), 'hex')) NOT VALID; UPDATE pg_constraint SET convalidated = true WHERE conname = 'message_check'`)
		}, false, found{Self: true, Outside: true, Newest: true}},
		{"the text that was approved changed beside its digest", func(c *crime) {
			exec(c, c.pool, `ALTER TABLE revision DROP CONSTRAINT revision_check`)
			c.super(`UPDATE revision SET canonical = convert_to('something else', 'UTF8') WHERE statement_id = $1`, sentStatement)
		}, false, found{Self: true, Outside: true, Newest: true}},
		{"the text that was approved changed with its digest", func(c *crime) {
			c.super(`UPDATE revision SET canonical = convert_to('something else', 'UTF8'), digest = $2 WHERE statement_id = $1`, sentStatement, other)
		}, false, found{Self: true, Outside: true, Newest: true}},
		{"the last fifty replaced by others, and another log begun over them", func(c *crime) {
			c.super(`WITH gone AS (DELETE FROM audit.leaf WHERE index >= (SELECT max(index) - 49 FROM audit.leaf) RETURNING event_id) DELETE FROM event USING gone WHERE id = event_id`)
			c.rehash()
			more(c, c.pool, 100)
			if _, err := c.s.BeginLog(c.Context(), audit.Begin{Origin: origin + "2", Previous: string(c.latest), At: time.Now()}.Leaf()); err != nil {
				c.Fatal(err)
			}
		}, false, found{Self: true, Outside: true, Newest: true, Signer: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := scene(t)
			test.do(c)
			if got := c.found(test.key); got != test.want {
				t.Errorf("found by\n%+v, want\n%+v", got, test.want)
			}
			// Whatever was done: a receipt that was given holds for ever.
			if _, err := receipt.KeysOnly(c.policy.Logs[0].Key, c.policy.Witnesses[0].Key).Verify(c.proof.Encode(), c.leaf); err != nil {
				t.Errorf("the receipt does not hold any more: %v", err)
			}
		})
	}
}

func (c *crime) newestRows() []store.Signed {
	c.Helper()
	rows, err := c.s.Checkpoints(c.Context(), 1)
	if err != nil {
		c.Fatal(err)
	}
	return rows
}

func (c *crime) putBack(rows []store.Signed) {
	c.Helper()
	for _, r := range rows {
		if err := c.s.AddCheckpoint(c.Context(), r); err != nil {
			c.Fatal(err)
		}
	}
}

// forgetState gives the thief the signer's state too: a new one for the forged log.
func (c *crime) forgetState() {
	c.Helper()
	dir := c.TempDir()
	if _, err := signer.Init(dir, origin, 1); err != nil {
		c.Fatal(err)
	}
	key, err := os.ReadFile(filepath.Join(c.dir, "log.key"))
	if err != nil {
		c.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "log.key"), key, 0o600); err != nil {
		c.Fatal(err)
	}
	c.dir = dir
}

// TestHonestSignerGoesOnAfterAThief: honest growth after a thief's attempt is still cosigned.
func TestHonestSignerGoesOnAfterAThief(t *testing.T) {
	c := scene(t)
	more(t, c.pool, 3)
	if status := c.stolen(); status != http.StatusOK { // the thief signs the true log: no harm, and the witness moves on
		t.Fatalf("the witness answers %d", status)
	}
	sg := openSigner(t, c.s, c.dir, c.policy)
	more(t, c.pool, 3)
	step(t, sg)
	if bytes.Equal(c.latest, c.newest()) {
		t.Error("nothing new was published")
	}
	keys := receipt.KeysOnly(c.policy.Logs[0].Key, c.policy.Witnesses[0].Key)
	verified(t, c.s, store.AuditOptions{Policy: &keys, Outside: [][]byte{c.mailed, c.latest}})
}

// login makes a login that is a member of the role, as an operator would, and connects as it.
func login(t *testing.T, pool *pgxpool.Pool, role store.Role) *pgxpool.Pool {
	t.Helper()
	name := fmt.Sprintf("liaison_test_%s_%d", strings.TrimPrefix(string(role), "liaison_"), time.Now().UnixNano())
	exec(t, pool, fmt.Sprintf(`CREATE ROLE %s LOGIN PASSWORD 'secret' IN ROLE %s`, name, role))
	cfg := pool.Config().Copy()
	cfg.ConnConfig.User, cfg.ConnConfig.Password = name, "secret"
	p, err := pgxpool.NewWithConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Close()
		_, err := pool.Exec(context.WithoutCancel(t.Context()), `DROP OWNED BY `+name+`; DROP ROLE `+name)
		if err != nil {
			t.Errorf("drop the login: %v", err)
		}
	})
	return p
}

// TestProcessesMayNotTouchTheLog: what each process must never be able to do, tried as that process.
func TestProcessesMayNotTouchTheLog(t *testing.T) {
	_, pool := open(t)
	exec(t, pool, `CALL grant_roles()`) // the database's own rights are not cloned with its template
	forbidden := []string{
		`UPDATE audit.leaf SET payload = 'x'`, `DELETE FROM audit.leaf`, `TRUNCATE audit.leaf CASCADE`, `INSERT INTO audit.leaf (log, index, event_id, payload, hash) SELECT 1, 1000, event_id, payload, hash FROM audit.leaf LIMIT 1`,
		`UPDATE audit.node SET hash = hash`, `DELETE FROM audit.node`, `INSERT INTO audit.node (log, level, index, hash) VALUES (1, 40, 0, sha256(''))`,
		`UPDATE audit.checkpoint SET note = ''`, `DELETE FROM audit.checkpoint`, `UPDATE audit.stamp SET token = 'x'`, `DELETE FROM audit.stamp`, `UPDATE audit.log SET number = 7`, `INSERT INTO audit.log VALUES (7, now())`,
		`UPDATE event SET reason = 'x'`, `DELETE FROM event`, `DELETE FROM statement`, `DELETE FROM transmission`,
		`ALTER TABLE audit.leaf DISABLE TRIGGER ALL`, `ALTER TABLE event DISABLE TRIGGER append_only`, `DROP TRIGGER append_only ON audit.leaf`, `DROP TABLE audit.leaf CASCADE`,
		`SET session_replication_role = replica`, `CREATE OR REPLACE FUNCTION audit.append(uuid[], bytea[]) RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint'`,
		`ALTER FUNCTION audit.append(uuid[], bytea[]) SET search_path = public`, `SELECT audit.add(1::smallint, 1000, NULL, 'x')`, `SELECT audit.begin('x')`,
		`SET ROLE postgres`, `SET SESSION AUTHORIZATION liaison`, `SET ROLE liaison`, `CREATE TEMP TABLE leaf (index bigint)`,
		`CREATE TABLE public.leaf (x int)`, `CREATE SCHEMA mine`, `CREATE FUNCTION public.sha256(bytea) RETURNS bytea LANGUAGE sql AS 'SELECT $1'`, `CREATE ROLE friend`, `COPY audit.leaf TO PROGRAM 'true'`,
	}
	own := map[store.Role][]string{
		store.RoleApp:     {`UPDATE transmission SET state = 'accepted'`, `INSERT INTO decision SELECT * FROM decision LIMIT 0`, `UPDATE statement SET state = 'approved'`, `INSERT INTO audit.checkpoint SELECT * FROM audit.checkpoint LIMIT 0`, `DELETE FROM audit.salt`},
		store.RoleWorker:  {`INSERT INTO audit.stamp SELECT * FROM audit.stamp LIMIT 0`, `SELECT * FROM session`, `UPDATE person SET email = email`, `UPDATE decision SET reason = 'x'`, `UPDATE message SET bytes = ''`, `INSERT INTO audit.checkpoint SELECT * FROM audit.checkpoint LIMIT 0`, `DELETE FROM audit.salt`},
		store.RoleSigner:  {`SELECT * FROM event`, `SELECT * FROM statement`, `SELECT * FROM person`, `SELECT * FROM audit.salt`, `SELECT audit.append('{}', '{}')`, `SELECT * FROM message`},
		store.RoleAuditor: {`SELECT canonical FROM revision`, `SELECT bytes FROM message`, `SELECT * FROM blob`, `SELECT * FROM draft`, `SELECT title FROM statement`, `SELECT * FROM session`, `SELECT audit.append('{}', '{}')`, `INSERT INTO draft SELECT * FROM draft LIMIT 0`, `INSERT INTO audit.checkpoint SELECT * FROM audit.checkpoint LIMIT 0`},
	}
	for role, more := range own {
		p := login(t, pool, role)
		for _, sql := range append(append([]string(nil), forbidden...), more...) {
			_, err := p.Exec(t.Context(), sql)
			if err == nil {
				t.Errorf("%s may: %s", role, sql)
			} else if !strings.Contains(err.Error(), "permission denied") && !strings.Contains(err.Error(), "must be") && !strings.Contains(err.Error(), "does not exist") {
				t.Errorf("%s: %s is refused for another reason: %v", role, sql, err)
			}
		}
		r, err := store.New(p).Rights(t.Context(), role)
		if err != nil || len(r.Excess)+len(r.Missing) > 0 {
			t.Errorf("%s: %+v %v", role, r, err)
		}
		other, err := store.New(p).Rights(t.Context(), map[store.Role]store.Role{store.RoleApp: store.RoleSigner, store.RoleWorker: store.RoleApp, store.RoleSigner: store.RoleApp, store.RoleAuditor: store.RoleWorker}[role])
		if err != nil || len(other.Excess)+len(other.Missing) == 0 {
			t.Errorf("%s passes for another role: %v", role, err)
		}
	}
	r, err := store.New(pool).Rights(t.Context(), store.RoleApp)
	if err != nil || len(r.Excess) < 5 || !strings.Contains(strings.Join(r.Excess, ","), "superuser") {
		t.Errorf("the superuser's rights: %+v %v", r, err)
	}
}

// TestProcessesCanWork: with no more than its role each process does its part.
func TestProcessesCanWork(t *testing.T) {
	s, pool := open(t)
	work := store.New(login(t, pool, store.RoleWorker))
	if err := dispatchOne(t.Context(), work, "0190c0de-0000-7000-8000-00000000bbbb"); err != nil {
		t.Errorf("the worker: %v", err)
	}
	pages := store.New(login(t, pool, store.RoleApp))
	id := liaison.StatementID("0190c0de-0000-7000-8000-00000000cccc")
	snap, err := s.Snapshot(t.Context(), sentStatement)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pages.Create(t.Context(), id, snap.Drafter, snap.Content); err != nil {
		t.Errorf("the pages draft: %v", err)
	}
	if _, err := pages.Save(t.Context(), id, snap.Drafter, 1, snap.Content); err != nil {
		t.Errorf("the pages save: %v", err)
	}
	if _, err := pages.PutBlob(t.Context(), []byte("a file")); err != nil {
		t.Errorf("the pages store a file: %v", err)
	}
	if err := pages.CommitSession(t.Context(), "token", []byte("x"), time.Now().Add(time.Hour)); err != nil {
		t.Errorf("the pages keep a session: %v", err)
	}
	if err := pages.DeleteSession(t.Context(), "token"); err != nil {
		t.Errorf("the pages end a session: %v", err)
	}
	sg, dir := newSigner(t, store.New(login(t, pool, store.RoleSigner)), receipt.Policy{})
	step(t, sg)
	policy := receipt.KeysOnly(keyOf(t, dir))
	auditor := store.New(login(t, pool, store.RoleAuditor))
	verified(t, auditor, store.AuditOptions{Policy: &policy})
	var b bytes.Buffer
	if err := auditor.Export(t.Context(), &b, store.ExportOptions{Salts: true}); err != nil {
		t.Errorf("the auditor exports: %v", err)
	}
}

// TestTraps are those of section 1.5 that are about the function itself.
func TestTraps(t *testing.T) {
	s, pool := open(t)
	ctx := t.Context()
	size := func() int64 {
		n, err := s.LogSize(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	appendIn := func(p *pgxpool.Pool, o pgx.TxOptions, before string, check func(pgx.Tx)) error {
		return pgx.BeginTxFunc(ctx, p, o, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, before); err != nil {
				return err
			}
			id := newUUID()
			if _, err := tx.Exec(ctx, `INSERT INTO public.event (id, kind, at, statement_id, version) VALUES ($1, 'edited', now(), $2, 5)`, id, sentStatement); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `SELECT audit.append($1, $2)`, []string{id}, [][]byte{[]byte(`{}`)})
			if err == nil && check != nil {
				check(tx)
			}
			return err
		})
	}
	for _, level := range []pgx.TxIsoLevel{pgx.RepeatableRead, pgx.Serializable} {
		if err := appendIn(pool, pgx.TxOptions{IsoLevel: level}, `SELECT 1`, nil); err == nil || !strings.Contains(err.Error(), "READ COMMITTED") {
			t.Errorf("append in %s: %v", level, err)
		}
	}

	// Temporary tables of the same names, before everything else in search_path, for a role that was given TEMP after all.
	app := login(t, pool, store.RoleApp)
	exec(t, pool, `DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO liaison_app', current_database()); END $$`)
	before := size()
	shadows := `CREATE TEMP TABLE leaf (LIKE audit.leaf); CREATE TEMP TABLE node (LIKE audit.node); CREATE TEMP TABLE log (LIKE audit.log); CREATE TEMP TABLE event (id uuid); CREATE TEMP TABLE pg_class (x int);
		INSERT INTO pg_temp.log VALUES (9, now()); SET LOCAL search_path = pg_temp, audit, public`
	err := appendIn(app, pgx.TxOptions{}, shadows, func(tx pgx.Tx) {
		var n int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM pg_temp.leaf`).Scan(&n); err != nil || n > 0 {
			t.Errorf("%d leaves went to a temporary table, %v", n, err)
		}
	})
	if err != nil || size() != before+1 {
		t.Errorf("with temporary tables in the way the log grew by %d: %v", size()-before, err)
	}

	err = appendIn(app, pgx.TxOptions{}, `SET LOCAL synchronous_commit = off`, func(tx pgx.Tx) {
		var value string
		if err := tx.QueryRow(ctx, `SHOW synchronous_commit`).Scan(&value); err != nil || value != "on" {
			t.Errorf("synchronous_commit is %s at the commit, %v", value, err)
		}
	})
	if err != nil {
		t.Error(err)
	}
	for _, sql := range []string{`SELECT audit.append(ARRAY[gen_random_uuid()], ARRAY['x']::bytea[])`, `SELECT audit.append('{}', '{}')`, `SELECT audit.append(ARRAY[NULL]::uuid[], ARRAY['x']::bytea[])`, `SELECT audit.append(NULL, NULL)`,
		`SELECT audit.append(ARRAY[(SELECT id FROM event LIMIT 1)], ARRAY['x']::bytea[])`} {
		if _, err := app.Exec(ctx, sql); err == nil {
			t.Errorf("the log takes: %s", sql)
		}
	}
}
