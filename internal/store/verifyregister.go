package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/liaison"
)

// What a verification asks of the register, when the leaves are read: whether anything is missing beside them, whether the guards of the
// database stand, and whether stored bytes are those of their digests.

// uncounted are the questions that the reading of the leaves has not answered by their number already: whether every event has a leaf,
// and every stored hash its leaves.
func (c *checking) uncounted(ctx context.Context) (more []string, err error) {
	// Numbers are enough as long as no two leaves can stand for one event, and no two events are one.
	events, err := c.events.rest()
	if err != nil {
		return nil, err
	}
	var missing []string
	if err := c.tx.QueryRow(ctx, `
		SELECT coalesce(array_agg(message), '{}') FROM (VALUES
			('audit.leaf', 'event_id', 'the index that keeps an event from having two leaves was taken away'),
			('event', 'id', 'the index that keeps two events from being one was taken away')) AS one (what, key, message)
		WHERE NOT EXISTS (SELECT FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
			WHERE indrelid = what::regclass AND attname = key AND indnatts = 1 AND indisunique AND indisvalid AND indpred IS NULL)`).Scan(&missing); err != nil {
		return nil, fmt.Errorf("look at the indexes: %w", err)
	}
	for _, message := range missing {
		c.problem("%s", message)
	}
	if c.Resume != nil || len(missing) > 0 || events != c.matched {
		more = append(more, unloggedSQL)
	}
	if c.Resume != nil || c.surplus {
		more = append(more, surplusSQL)
	}
	for i, x := range besideEvents {
		rows := int64(-1)
		if c.Resume == nil {
			if err := c.tx.QueryRow(ctx, `SELECT count(*) FROM (SELECT event_id FROM `+x.table+` GROUP BY event_id) AS one`).Scan(&rows); err != nil {
				return nil, fmt.Errorf("count rows beside events: %w", err)
			}
		}
		if rows != c.rows[i] {
			more = append(more, x.missing())
		}
	}
	return more, nil
}

// besideEvent is a table in which an event about a message has a row of its own. Every row is asked for its event ([crossChecks]); so as
// long as there are as many of the one as of the other, every event has its row too. Only else is the one that has none looked for, among
// all events.
type besideEvent struct {
	table string
	what  string
	said  bool // only of events with the digest of something that was said
	kinds []liaison.EventKind
}

var besideEvents = [...]besideEvent{
	{"transmission_fact", "fact", false, factEvents()},
	{"transmission_response", "answer", true, []liaison.EventKind{liaison.EventAcknowledged, liaison.EventReplied, liaison.EventMisdirected, liaison.EventExtensionAsked, liaison.EventDeclined}},
	{"reply_link", "link", false, []liaison.EventKind{liaison.EventReplyLinked, liaison.EventReplyInterim, liaison.EventReplyUnlinked}},
	{"transmission_token_revoked", "end of a link", false, []liaison.EventKind{liaison.EventLinkRevoked}},
}

// besideKinds is where the events of a kind have rows, by the place in besideEvents.
var besideKinds = func() map[liaison.EventKind][]int {
	out := map[liaison.EventKind][]int{}
	for i, x := range besideEvents {
		for _, kind := range x.kinds {
			out[kind] = append(out[kind], i)
		}
	}
	return out
}()

func factEvents() (kinds []liaison.EventKind) {
	for _, f := range liaison.Facts {
		kinds = append(kinds, f.Fact.Event())
	}
	return kinds
}

// missing is the question which events have no row.
func (x besideEvent) missing() string {
	list := ""
	for i, kind := range x.kinds {
		if i > 0 {
			list += ", "
		}
		list += "'" + string(kind) + "'"
	}
	said := ""
	if x.said {
		said = ` AND e.digest <> ''`
	}
	return `SELECT e.statement_id::text, e.id::text, 'the log says ' || e.kind || ' of the message ' || e.transmission_id || ', the register has no such ` + x.what + `' FROM event e
		WHERE e.transmission_id IS NOT NULL AND e.kind IN (` + list + `)` + said + ` AND NOT EXISTS (SELECT FROM ` + x.table + ` x WHERE x.event_id = e.id)`
}

// guards looks whether the triggers that keep rows as they are, and the constraints that hold digests to their bytes, are there and
// switched on. Who took them away may have put them back; the rows and the bytes are what is verified.
func (c *checking) guards(ctx context.Context) error {
	rows, err := c.tx.Query(ctx, `
		SELECT 'the triggers that keep rows of ' || what || ' as they are were switched off or taken away' FROM (
			SELECT DISTINCT what FROM (
				SELECT what, name FROM unnest(ARRAY['audit.leaf', 'audit.node', 'audit.log', 'audit.checkpoint', 'audit.stamp', 'event', 'command', 'decision', 'amendment', 'revision', 'addressee', 'message', 'blob',
					'body_reach', 'correspondence_person', 'correspondence_saying', 'correspondence_window', 'proposal_answer', 'recusal', 'relation', 'reminder', 'reply_link',
					'transmission_fact', 'transmission_response', 'transmission_response_file', 'transmission_token_revoked']) AS what, unnest(ARRAY['append_only', 'append_only_truncate']) AS name
				UNION ALL
				SELECT what, what || '_guard' FROM unnest(ARRAY['absence', 'attempt', 'inbound_message', 'meeting', 'reply', 'transmission']) AS what) AS all_of_them
			WHERE NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = to_regclass(what) AND tgname = name AND tgenabled IN ('O', 'A'))) AS off
		UNION ALL
		SELECT 'the constraint that holds the digest of a row of ' || what || ' to its bytes was taken away, or never looked at the rows' FROM (VALUES
			('message', 'bytes'), ('blob', 'bytes'), ('revision', 'canonical'), ('transmission_response', 'canonical'), ('proposal_answer', 'canonical'), ('body_reach', 'canonical'), ('inbound_message', 'raw')) AS kept (what, name)
		WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = to_regclass(what) AND contype = 'c' AND convalidated
			AND regexp_replace(pg_get_constraintdef(oid), '[() ]|::text', '', 'g') = 'CHECKdigest=encodesha256' || name || ',''hex''')
		UNION ALL
		SELECT 'the constraint ' || conname || ' of ' || conrelid::regclass || ' never looked at the rows' FROM pg_constraint
		WHERE NOT convalidated AND connamespace IN ('public'::regnamespace, 'audit'::regnamespace) ORDER BY 1`)
	if err != nil {
		return fmt.Errorf("look at the triggers and constraints: %w", err)
	}
	off, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for _, message := range off {
		c.problem("%s", message)
	}
	return err
}

// StoredBytes are the rows of one kind whose bytes were hashed again.
type StoredBytes struct {
	What  string
	Rows  int64
	Bytes int64
	Wrong []string // which are not what their digests say
}

// rehashText is the SHA-256 of audit.rehash as migration 0120 made it, its text and its settings: another one could say anything.
const rehashText = "bf1517fe80d0b90be257a5421b0204ce649bf6a440f5166cf6a9d7c9762c6b5e"

// bytes has everything that is kept beside its digest hashed again where it lies, because an auditor may have it checked and not read it.
// The digests themselves are held against the log with the rows that have them.
func (c *checking) bytes(ctx context.Context) error {
	if c.NoBytes {
		c.notice("the bytes of messages, texts and files were not read: whether they are still what their digests say was not looked at")
		return nil
	}
	var text string
	err := c.tx.QueryRow(ctx, `SELECT coalesce((SELECT encode(sha256(convert_to(prosrc || array_to_string(proconfig, ';'), 'UTF8')), 'hex') FROM pg_proc WHERE oid = to_regprocedure('audit.rehash()')), '')`).Scan(&text)
	if err != nil {
		return fmt.Errorf("look at what hashes stored bytes: %w", err)
	}
	if text != rehashText {
		c.problem("the function audit.rehash, which hashes stored bytes again, is not the one that this program knows (%s): what they are was not looked at", text)
		return nil
	}
	rows, err := c.tx.Query(ctx, `SELECT what, number, size, wrong FROM audit.rehash()`)
	if err != nil {
		return fmt.Errorf("hash stored bytes again: %w", err)
	}
	c.report.Bytes, err = pgx.CollectRows(rows, pgx.RowToStructByPos[StoredBytes])
	if err != nil {
		return fmt.Errorf("hash stored bytes again: %w", err)
	}
	for _, x := range c.report.Bytes {
		for _, id := range x.Wrong {
			c.problem("the bytes of %s %s are not those of its digest", x.What, id)
		}
	}
	return nil
}

// register hands rows of the register to the cross-check.
func (c *checking) register(ctx context.Context, sql string) error {
	rows, err := c.tx.Query(ctx, sql)
	if err != nil {
		return fmt.Errorf("read the register: %w", err)
	}
	var line []byte
	_, err = pgx.ForEachRow(rows, []any{&line}, func() error {
		var row struct {
			Export string `json:"export"`
		}
		if err := json.Unmarshal(line, &row); err != nil {
			return err
		}
		return c.cross.Row(row.Export, line)
	})
	if err != nil {
		return fmt.Errorf("read the register: %w", err)
	}
	return nil
}
