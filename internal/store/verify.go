package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/jca-ml/liaison/internal/audit"
	"github.com/jca-ml/liaison/internal/receipt"
	"github.com/jca-ml/liaison/internal/stamp"
	"github.com/jca-ml/liaison/liaison"
)

// AuditOptions say what a check of the log is held against, besides the database itself.
type AuditOptions struct {
	// Policy has the keys that checkpoints must be signed with. Without it the keys that the database names are taken, which
	// shows accidents and no forgery.
	Policy *receipt.Policy
	// Outside are signed checkpoints that left the system: from an e-mail's header, a receipt, a witness, the signer's file.
	// They are what a rewritten database cannot agree with.
	Outside [][]byte
	// Stamps are what time-stamp tokens are held against: without roots any authority will do, which shows accidents and no forgery.
	Stamps stamp.Trust
	// NoBytes leaves the bytes of messages, texts and files unread, which the report then says. They are most of a large database; the log
	// itself does not need them.
	NoBytes bool
	// Resume is what an earlier check had seen, whole or interrupted; nil for none.
	Resume *Seen
	// Progress is called from time to time with how many leaves have been seen, of how many.
	Progress func(seen, all int64)
}

// Seen is what a check has seen and found in order: where another can go on.
type Seen struct {
	Logs  map[int]receipt.Range `json:"logs"`
	Story json.RawMessage       `json:"story"` // of the cross-check
}

// AuditedLog is what a check found of one log.
type AuditedLog struct {
	Number      int
	Size        int64
	Root        tlog.Hash
	Checkpoints int // signed ones that agree with the leaves
	Stamps      int // time-stamp tokens over them that hold
	Range       receipt.Range
}

// AuditWith checks every log against itself, its checkpoints and the register, in one snapshot of the database and in
// constant memory, but for a story of each statement and message. If it is interrupted, the report's Seen tells how far it came, unless
// something was wrong before: then it has the problems.
func (s *Store) AuditWith(ctx context.Context, o AuditOptions) (report AuditReport, err error) {
	read := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, s.pool, read, func(t pgx.Tx) (err error) {
		report = AuditReport{}
		all, err := logs(ctx, t)
		if err != nil {
			return err
		}
		c := &checking{AuditOptions: o, store: s, tx: t, report: &report, cross: audit.NewCrossCheck(), ranges: map[int]receipt.Range{}}
		if err := c.resume(); err != nil {
			return err
		}
		c.cross.Rules, c.cross.Revisions = s.pool.rules().Cited, true
		// The logs are read on connections of their own, in this snapshot, and this one waits for as long.
		if err := t.QueryRow(ctx, `SELECT pg_export_snapshot(), set_config('idle_in_transaction_session_timeout', '0', true)`).Scan(&c.snapshot, nil); err != nil {
			return fmt.Errorf("take a snapshot: %w", err)
		}
		for _, l := range all {
			c.all += l.Size
			if seen := c.known(l.Number).Size; c.from.log == 0 && seen < l.Size {
				c.from.log, c.from.index = int64(l.Number), seen
			}
		}
		if err := c.openBeside(ctx); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, c.events.rows.close(), c.salted.rows.close()) }()
		if err := c.readOutside(); err != nil {
			return err
		}
		defer func() {
			if err != nil { // what was found is said, and what was seen kept for another check, wherever this one ends
				report.Problems = append(report.Problems, c.cross.SoFar()...)
				err = errors.Join(err, c.keep())
			}
		}()
		for _, l := range all {
			if err := c.log(ctx, l); err != nil {
				return err
			}
		}
		c.leftOver()
		last := report.Logs[len(report.Logs)-1]
		report.Size, report.Root = last.Size, last.Root
		more, err := c.uncounted(ctx)
		if err != nil {
			return err
		}
		problems, err := crossCheck(ctx, t, more...)
		if err != nil {
			return err
		}
		report.Problems = append(report.Problems, problems...)
		if err := c.guards(ctx); err != nil {
			return err
		}
		if err := c.bytes(ctx); err != nil {
			return err
		}
		if o.Resume != nil {
			c.notice("this check went on where an earlier one stopped; the leaves before were not read again")
		}
		for _, sql := range append(slices.Clone(registerRows), revisionRows) {
			if err := c.register(ctx, sql); err != nil {
				return err
			}
		}
		if err := c.keep(); err != nil {
			return err
		}
		report.Problems = append(report.Problems, c.cross.Problems()...)
		if len(report.Problems) > 0 {
			report.Seen = nil
		}
		return nil
	})
	return report, unavailable(err)
}

// checking is one check under way.
type checking struct {
	AuditOptions
	store     *Store
	tx        pgx.Tx
	snapshot  string
	report    *AuditReport
	seen, all int64
	from      struct{ log, index int64 } // the first leaf that is to be read
	events    *beside
	salted    *beside
	event     liaison.Event // of the leaf that is read now
	salts     audit.Salts
	scan      *scanner
	maker     *audit.Maker
	made      []byte
	matched   int64                    // leaves whose event was found
	rows      [len(besideEvents)]int64 // of them, those that have a row in each of these tables
	surplus   bool                     // there are stored hashes that no leaves make
	cross     *audit.CrossCheck
	ranges    map[int]receipt.Range // of each log, as far as it was read
	outside   []claim
	before    audit.Before // the log that was checked last
	key       string       // that the published checkpoints of the log that is checked are signed with
	keyBefore string       // and of the one before it
	published int64        // leaves under the largest published checkpoint of the log that is checked
	next      *claim       // the checkpoint of it that the first leaf of the log after it names, nil for none
}

// resume takes up what an earlier check has seen.
func (c *checking) resume() (err error) {
	if c.Resume == nil {
		return nil
	}
	maps.Copy(c.ranges, c.Resume.Logs) // what this check does not come to is known as it was
	c.cross, err = audit.ResumeCrossCheck(c.Resume.Story)
	return err
}

// known is what an earlier check has seen of a log.
func (c *checking) known(log int) receipt.Range {
	if c.Resume == nil {
		return receipt.Range{}
	}
	return c.Resume.Logs[log]
}

// keep notes what was seen, for a check that goes on behind it; nothing if something is wrong, because that would be forgotten.
func (c *checking) keep() (err error) {
	if len(c.report.Problems) > 0 || len(c.cross.SoFar()) > 0 {
		return nil
	}
	c.report.Seen = &Seen{Logs: c.ranges}
	c.report.Seen.Story, err = c.cross.State()
	return err
}

// claim is a checkpoint that the leaves have to agree with.
type claim struct {
	receipt.Checkpoint
	where string
	found bool
	// follows is set of the checkpoint that the next log names: what does not agree with it is judged there, by what that log declares.
	follows bool
	same    *bool
}

// agrees holds the root of so many leaves as they are now against the claim.
func (c *checking) agrees(x *claim, same bool, log int) {
	if x.found = true; x.follows {
		x.same = &same
	} else if !same {
		c.problem("%s has another root than the leaves of log %d have now: what was logged before it was signed has been changed", x.where, log)
	}
}

func (c *checking) problem(format string, args ...any) {
	c.report.Problems = append(c.report.Problems, audit.Problem{Message: fmt.Sprintf(format, args...)})
}

func (c *checking) notice(format string, args ...any) {
	c.report.Notices = append(c.report.Notices, fmt.Sprintf(format, args...))
}

func (c *checking) readOutside() error {
	for i, b := range c.Outside {
		cp, _, err := receipt.ParseCheckpoint(b)
		if err == nil && c.Policy != nil {
			_, _, err = c.Policy.Check(b)
		}
		if err != nil {
			return fmt.Errorf("the checkpoint given as number %d: %w", i+1, err)
		}
		c.outside = append(c.outside, claim{Checkpoint: cp, where: fmt.Sprintf("the checkpoint of %d leaves that was given", cp.Size)})
	}
	return nil
}

// log checks one log from its first leaf, or from where an earlier check stopped.
func (c *checking) log(ctx context.Context, l Log) (err error) {
	published, err := checkpoints(ctx, c.tx, l.Number)
	if err != nil {
		return err
	}
	claims, origin := c.signed(published)
	stamped, err := stamps(ctx, c.tx, l.Number)
	if err != nil {
		return err
	}
	held := c.stamps(stamped)
	v := &audit.Verifier{}
	r := c.known(l.Number)
	if r.Size > 0 {
		if err := r.Check(); err != nil {
			return fmt.Errorf("go on where the last check stopped: %w", err)
		}
		if r.Size > l.Size {
			c.problem("log %d has %d leaves; an earlier check saw %d: the last ones are gone", l.Number, l.Size, r.Size)
			return c.end(l, v, claims, held)
		}
		v.Resume(r)
		c.seen += r.Size
	}
	from := v.Size()
	defer func() {
		if err != nil { // else the end of the log says it
			c.report.Problems = append(c.report.Problems, v.Problems()...)
		}
	}()
	nodes, err := c.store.openStream(ctx, c.snapshot, fmt.Sprintf(`SELECT level, index, hash FROM audit.node WHERE log = %d AND ((index + 1) << level) > %d ORDER BY log, ((index + 1) << level), level`, l.Number, from))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, nodes.close()) }()
	v.Node = func() (audit.Node, bool, error) {
		f, ok, err := nodes.next()
		if err != nil || !ok {
			return audit.Node{}, false, err
		}
		return audit.Node{Level: int(integer(f[0])), Index: integer(f[1]), Hash: f[2]}, true, nil
	}
	if from == 0 && l.Number > 1 {
		if origin, err = c.begin(ctx, l.Number, v); err != nil {
			return err
		}
	}
	for i := range c.outside {
		if o := &c.outside[i]; origin == "" || o.Origin == origin {
			claims = append(claims, o)
		}
	}
	if err := c.following(ctx, l.Number+1); err != nil {
		return err
	}
	if c.next != nil && c.next.Size <= l.Size {
		claims = append(claims, c.next)
	}
	bySize := map[int64][]*claim{}
	for _, x := range claims {
		bySize[x.Size] = append(bySize[x.Size], x)
	}
	agree := func() {
		for _, x := range bySize[v.Size()] {
			c.agrees(x, x.Root == v.Root(), l.Number)
		}
	}
	agree() // the one that an earlier check stopped at
	err = c.leaves(ctx, l.Number, v, agree)
	if c.ranges[l.Number] = v.Range(); err != nil {
		return err
	}
	if _, more, err := nodes.next(); err != nil {
		return err
	} else if more {
		c.surplus = true
	}
	for _, x := range claims {
		if x.found || x.Size > from {
			continue
		}
		// an earlier check held it against the leaves, if it was there
		if err := c.proven(ctx, l.Number, x, r); err != nil {
			return err
		}
	}
	return c.end(l, v, claims, held)
}

// eventSQL reads events as [scanner] takes them. Most are empty in most columns; a group of columns that has nothing is one NULL, which
// costs PostgreSQL a third of what it costs to send them.
var eventSQL = func() string {
	var out []string
	for i, group := range eventTable {
		var names, empty []string
		for _, c := range group {
			names, empty = append(names, "event."+c.name), append(empty, c.empty())
		}
		if list := strings.Join(names, ", "); i == 0 {
			out = append(out, list)
		} else {
			out = append(out, `CASE WHEN `+strings.Join(empty, ` AND `)+` THEN NULL ELSE ROW(`+list+`) END`)
		}
	}
	return `SELECT ` + strings.Join(out, ", ") + ` FROM event WHERE `
}()

const saltSQL = `SELECT salt.event_id, salt.field, salt.salt FROM audit.salt WHERE `

// openBeside begins to read events and salts, from where the first leaf that is to be read may have its own.
func (c *checking) openBeside(ctx context.Context) (err error) {
	if c.events, err = c.alongside(ctx, "event", "id", eventSQL); err != nil {
		return err
	}
	c.salts, c.maker = audit.Salts{}, audit.NewMaker(&c.event)
	if c.scan, err = newScanner(c.events.rows.types, &c.event); err == nil {
		c.salted, err = c.alongside(ctx, "audit.salt", "event_id", saltSQL)
	}
	if err != nil {
		err = errors.Join(err, c.events.rows.close())
	}
	return err
}

// alongside opens what lies beside the leaves from a place on: the table's rows in the order in which they lie. The place is some pages
// before the first row of the next hundred leaves, for transactions do not end in the order in which they began, and rows may have been moved.
func (c *checking) alongside(ctx context.Context, table, key, sql string) (*beside, error) {
	var page int64
	if c.from.log > 1 || c.from.index > 0 {
		err := c.tx.QueryRow(ctx, `
			SELECT coalesce(greatest(0, min(split_part(trim('(' FROM place), ',', 1)::bigint) - 64), 0) FROM (
				SELECT t.ctid::text AS place FROM audit.leaf JOIN `+table+` t ON t.`+key+` = leaf.event_id
				WHERE (leaf.log, leaf.index) >= ($1, $2) ORDER BY leaf.log, leaf.index LIMIT 100) AS next`, c.from.log, c.from.index).Scan(&page)
		if err != nil {
			return nil, fmt.Errorf("find where to go on in %s: %w", table, err)
		}
	}
	column := table[strings.LastIndexByte(table, '.')+1:]
	rows, err := c.store.openStream(ctx, c.snapshot, fmt.Sprintf(`%s%s.ctid >= '(%d,0)'`, sql, column, page), asTheyLie...)
	if err != nil {
		return nil, err
	}
	return &beside{rows: rows, ask: func(id []byte, use func([][]byte) error) error {
		found, err := c.tx.Query(ctx, sql+column+`.`+key+` = $1`, pgx.QueryResultFormats{pgx.BinaryFormatCode}, pgtype.UUID{Bytes: [16]byte(id), Valid: true})
		if err != nil {
			return fmt.Errorf("read %s: %w", table, err)
		}
		defer found.Close()
		for found.Next() {
			if err := use(found.RawValues()); err != nil {
				return err
			}
		}
		return found.Err()
	}}, nil
}

// Leaves are read by their number; what lies beside them as it lies, by one process, from its beginning.
var (
	inOrder   = []string{"enable_sort = off", "enable_seqscan = off", "jit = off", "max_parallel_workers_per_gather = 0"}
	asTheyLie = []string{"synchronize_seqscans = off", "enable_indexscan = off", "enable_bitmapscan = off", "jit = off", "max_parallel_workers_per_gather = 0"}
)

// leaves hashes every leaf from its bytes, in the order of the log, and makes it again from its event and salts.
func (c *checking) leaves(ctx context.Context, log int, v *audit.Verifier, agree func()) (err error) {
	rows, err := c.store.openStream(ctx, c.snapshot, fmt.Sprintf(`SELECT index, payload, hash, event_id FROM audit.leaf WHERE log = %d AND index >= %d ORDER BY index`, log, v.Size()), inOrder...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.close()) }()
	var said liaison.Event
	for {
		f, ok, err := rows.next()
		if err != nil || !ok {
			return err
		}
		index, payload, hash, id := integer(f[0]), f[1], f[2], f[3]
		known := false
		if id != nil {
			if known, err = c.read(id); err != nil {
				return err
			}
		}
		if err := v.AddLeaf(index, payload, hash); err != nil {
			return err
		}
		agree()
		if c.seen++; c.Progress != nil && c.seen%10_000 == 0 {
			c.Progress(c.seen, c.all)
		}
		if !known {
			if err := audit.ReadLeaf(payload, &said); err == nil {
				c.cross.Event(&said)
			}
			c.report.Problems = append(c.report.Problems, audit.Problem{Statement: said.Statement, Event: said.ID, Message: fmt.Sprintf("leaf %d of log %d stands for an event that the register has not", index, log)})
			continue
		}
		c.matched++
		if c.event.Transmission != "" {
			for _, i := range besideKinds[c.event.Kind] {
				if !besideEvents[i].said || c.event.Digest != "" {
					c.rows[i]++
				}
			}
		}
		if c.made = c.maker.Append(c.made[:0], c.salts); bytes.Equal(c.made, payload) && c.maker.Unproven(c.salts) == "" {
			c.cross.Event(&c.event)
			continue
		}
		if msg := audit.Differs(audit.Row{Index: index, Payload: payload, Event: c.event, Salts: c.salts}); msg != "" { // "" after an erasure
			c.report.Problems = append(c.report.Problems, audit.Problem{Statement: c.event.Statement, Event: c.event.ID, Message: fmt.Sprintf("leaf %d: %s", index, msg)})
		}
		if err := audit.ReadLeaf(payload, &said); err == nil { // what cannot be read was reported just now
			c.cross.Event(&said)
		}
	}
}

// read reads the event of a leaf and the salts of its commitments into c.event and c.salts.
func (c *checking) read(id []byte) (known bool, err error) {
	if err := c.events.rowsOf(id, func(row [][]byte) error { known = true; return c.scan.scan(row) }, func() bool { return true }); err != nil || !known {
		return false, err
	}
	clear(c.salts)
	if c.maker.Unproven(c.salts) == "" {
		return true, nil
	}
	return true, c.salted.rowsOf(id, func(row [][]byte) error {
		for _, name := range audit.Committed() {
			if string(row[1]) == name {
				c.salts[name] = bytes.Clone(row[2])
			}
		}
		return nil
	}, func() bool { return c.maker.Unproven(c.salts) == "" })
}

// proven holds a checkpoint of before the place where this check goes on against what the earlier one had seen there, by a proof from
// stored hashes, which are believed only as far as the proof holds.
func (c *checking) proven(ctx context.Context, log int, x *claim, seen receipt.Range) error {
	proof, err := tlog.ProveTree(seen.Size, x.Size, hashReader(ctx, c.tx, log))
	if err != nil {
		return fmt.Errorf("prove %s: %w", x.where, err)
	}
	c.agrees(x, tlog.CheckTree(proof, seen.Size, seen.Root(), x.Size, x.Root) == nil, log)
	return nil
}

// end notes what the log came to.
func (c *checking) end(l Log, v *audit.Verifier, claims []*claim, stamps int) error {
	done := AuditedLog{Stamps: stamps, Number: l.Number, Size: v.Size(), Root: v.Root(), Range: v.Range()}
	c.before = audit.Before{Number: l.Number, Size: done.Size, Root: done.Root, Published: c.published}
	c.keyBefore, c.key, c.published = c.key, "", 0
	for _, x := range claims {
		if x.follows {
			c.before.Same = x.same
			continue
		}
		if x.Size >= c.before.Signed {
			c.before.Origin, c.before.Signed = x.Origin, x.Size
		}
		if !x.found && x.Size > v.Size() {
			c.problem("%s was signed over %d leaves, log %d has %d: the last ones were taken away, or the database is an older copy; after a restore run `liaison signer new-origin`", x.where, x.Size, l.Number, v.Size())
			x.found = true
		} else if x.found {
			done.Checkpoints++
		}
	}
	c.report.Problems = append(c.report.Problems, v.Problems()...)
	c.report.Logs = append(c.report.Logs, done)
	return nil
}

// signed reads the published checkpoints of a log and checks their form and signatures.
func (c *checking) signed(list []Signed) (claims []*claim, origin string) {
	for _, x := range list {
		where := fmt.Sprintf("the published checkpoint of log %d at %d leaves", x.Log, x.Size)
		policy := c.Policy
		if policy == nil {
			key, err := receipt.ParseKey(x.Key)
			if err != nil {
				c.problem("%s: %v", where, err)
				continue
			}
			own := receipt.KeysOnly(key)
			policy = &own
		}
		lenient := *policy
		lenient.IgnoreUnknown = true // a witness that is no longer in the policy
		cp, _, err := lenient.Check([]byte(x.Note))
		switch {
		case err != nil:
			c.problem("%s: %v", where, err)
			continue
		case cp.Size != x.Size || cp.Origin != x.Origin || !bytes.Equal(cp.Root[:], x.Root):
			c.problem("%s: its columns say other than what was signed", where)
			continue
		case origin != "" && cp.Origin != origin:
			c.problem("%s is of %s, those before it of %s", where, cp.Origin, origin)
			continue
		}
		origin, c.key, c.published = cp.Origin, x.Key, max(c.published, cp.Size)
		claims = append(claims, &claim{Checkpoint: cp, where: where})
	}
	return claims, origin
}

// stamps checks the time-stamp tokens over checkpoints, and says how many hold.
func (c *checking) stamps(list []Stamp) (held int) {
	for _, x := range list {
		where := fmt.Sprintf("the time-stamp of %s over the checkpoint of log %d at %d leaves", x.At.UTC().Format(time.RFC3339), x.Log, x.Size)
		says, err := c.Stamps.Check(x.Token, []byte(x.Note))
		switch {
		case err != nil:
			c.problem("%s: %v", where, err)
		case !says.At.Equal(x.At) || says.Authority != x.Authority:
			c.problem("%s: its columns say other than the token", where)
		default:
			held++
		}
	}
	return held
}

// first is the first leaf of a log that was begun after a restore, nil if there is none.
func (c *checking) first(ctx context.Context, number int) (leaf []byte, err error) {
	err = c.tx.QueryRow(ctx, `SELECT payload FROM audit.leaf WHERE log = $1 AND index = 0 AND event_id IS NULL`, number).Scan(&leaf)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("read the first leaf: %w", err)
	}
	return leaf, nil
}

// following looks what the next log says was signed of the one that is checked, so that its leaves are held against that as they come.
// What is wrong with that leaf itself is said when its log is checked.
func (c *checking) following(ctx context.Context, number int) error {
	c.next = nil
	leaf, err := c.first(ctx, number)
	if err != nil || leaf == nil {
		return err
	}
	b, err := audit.ParseBegin(leaf)
	if err != nil {
		return nil
	}
	if previous, _, err := receipt.ParseCheckpoint([]byte(b.Previous)); err == nil {
		c.next = &claim{Checkpoint: previous, follows: true}
	}
	return nil
}

// begin checks the first leaf of a log that was begun after a restore.
func (c *checking) begin(ctx context.Context, number int, v *audit.Verifier) (origin string, err error) {
	leaf, err := c.first(ctx, number)
	if err != nil {
		return "", err
	}
	if leaf == nil {
		c.problem("log %d has no first leaf that names the log before it", number)
		return "", nil
	}
	var r receipt.Range
	r.Add(tlog.RecordHash(leaf))
	v.Resume(r)
	c.seen++
	b, err := audit.ParseBegin(leaf)
	if err != nil {
		c.problem("log %d: %v", number, err)
		return "", nil
	}
	previous, err := audit.CheckPrevious(b, c.Policy, c.keyBefore)
	if err != nil {
		c.problem("log %d: the checkpoint in its first leaf: %v", number, err)
		return b.Origin, nil
	}
	problem, notice := b.Follow(number, previous, c.before)
	if problem != "" {
		c.problem("%s", problem)
	}
	if notice != "" {
		c.notice("%s", notice)
	}
	return b.Origin, nil
}

// leftOver reports checkpoints from outside that no log here has anything to say to.
func (c *checking) leftOver() {
	for _, o := range c.outside {
		if !o.found {
			c.problem("%s is of %s, which is not a log of this database", o.where, o.Origin)
		}
	}
}
