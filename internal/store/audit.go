package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/jca-ml/liaison/internal/audit"
)

// AuditReport is what a check of the whole log came to.
type AuditReport struct {
	Size     int64 // leaves
	Root     tlog.Hash
	Problems []audit.Problem
	Logs     []AuditedLog  // one, unless the database was restored; Size and Root are the last one's
	Bytes    []StoredBytes // that were hashed again; none with NoBytes
	Seen     *Seen         // where another check can go on; nil if something is wrong
	Notices  []string      // what is not wrong and a reader should know
}

// LogSize is the number of leaves in the log.
func (s *Store) LogSize(ctx context.Context) (n int64, err error) {
	err = s.pool.QueryRow(ctx, `SELECT coalesce(max(index) + 1, 0) FROM audit.leaf WHERE log = (SELECT max(number) FROM audit.log)`).Scan(&n)
	return n, unavailable(err)
}

// Audit checks the whole log against itself and the register against the log, in one snapshot of the database and in
// constant memory. progress is called with the number of leaves seen, from time to time. See [Store.AuditWith].
func (s *Store) Audit(ctx context.Context, progress func(int64)) (report AuditReport, err error) {
	o := AuditOptions{}
	if progress != nil {
		o.Progress = func(seen, _ int64) { progress(seen) }
	}
	return s.AuditWith(ctx, o)
}

// unloggedSQL names the events that nobody logged.
const unloggedSQL = `SELECT statement_id::text, id::text, 'the event ' || kind || ' has no leaf in the log' FROM event
	 WHERE NOT EXISTS (SELECT FROM audit.leaf WHERE leaf.event_id = event.id)`

// surplusSQL tells of more stored hashes than the leaves make.
const surplusSQL = `SELECT '', '', 'the log holds ' || count(*) || ' hashes of subtrees, its leaves make another number'
	 FROM audit.node HAVING count(*) <> (SELECT coalesce(sum((max + 1) >> l), 0) FROM (SELECT max(index) FROM audit.leaf GROUP BY log) m, generate_series(1, 62) l)`

// crossChecks are the questions that hold the register against the log. Each returns statement, event and what is wrong.
var crossChecks = []string{
	// a change of state that left no event, or an event that changed nothing
	`SELECT s.id::text, '', 'the register has version ' || s.version || ', its events make ' || coalesce(e.n, 0)
	 FROM statement s LEFT JOIN (SELECT statement_id, count(*) AS n FROM event WHERE from_state <> to_state AND to_state <> '' GROUP BY statement_id) e ON e.statement_id = s.id
	 WHERE s.version <> coalesce(e.n, 0)`,
	`SELECT s.id::text, '', 'the register says ' || s.state || ', the last event ' || e.to_state
	 FROM statement s JOIN LATERAL (SELECT to_state FROM event WHERE statement_id = s.id AND to_state <> '' AND from_state <> to_state ORDER BY version DESC LIMIT 1) e ON true
	 WHERE s.state <> e.to_state`,
	// dispatched without an earlier approval of the same bytes
	`SELECT d.statement_id::text, d.id::text, 'dispatch begun without an approval of these bytes before it' FROM event d
	 WHERE d.kind = 'dispatching' AND NOT EXISTS (SELECT FROM event a WHERE a.statement_id = d.statement_id AND a.kind IN ('approved', 'amended') AND a.digest = d.digest AND a.seq < d.seq
		AND NOT EXISTS (SELECT FROM event v WHERE v.statement_id = d.statement_id AND v.kind = 'reopened' AND v.seq BETWEEN a.seq AND d.seq))`,
	// an editorial correction that the register has and the log has not, or otherwise
	`SELECT m.statement_id::text, '', 'the correction that made revision ' || m.revision || ' is not what the log says' FROM amendment m
	 WHERE NOT EXISTS (SELECT FROM event e WHERE e.statement_id = m.statement_id AND e.kind = 'amended' AND e.command_id = m.command_id AND e.revision = m.revision
		AND e.digest = m.digest AND e.amends = m.amends_digest AND e.changed = m.changed AND e.actor = m.person_id)`,
	// a message that the ledger calls accepted and the log does not, or with other bytes
	`SELECT t.statement_id::text, '', 'the message ' || t.id || ' is ' || t.state || ' in the ledger and not in the log' FROM transmission t JOIN message m ON m.transmission_id = t.id
	 WHERE t.state IN ('accepted', 'refused', 'unknown', 'bounced') AND NOT EXISTS (SELECT FROM event e WHERE e.transmission_id = t.id AND e.kind = t.state AND e.message_digest = m.digest)`,
	`SELECT e.statement_id::text, e.id::text, 'the log says that the message ' || e.transmission_id || ' was accepted, the ledger says ' || t.state FROM event e JOIN transmission t ON t.id = e.transmission_id
	 WHERE e.kind = 'accepted' AND t.state NOT IN ('accepted', 'bounced')`,
	// a fact that the ledger has and the log has not, or otherwise
	`SELECT t.statement_id::text, f.event_id::text, 'the fact ' || f.kind || ' about the message ' || t.id || ' is not what the log says' FROM transmission_fact f JOIN transmission t ON t.id = f.transmission_id
	 WHERE NOT EXISTS (SELECT FROM event e WHERE e.id = f.event_id AND e.transmission_id = f.transmission_id AND e.kind = f.kind)`,
	// what an addressee said on its page, which the register has and the log has not, or otherwise
	`SELECT a.statement_id::text, a.event_id::text, 'the answer to proposal ' || a.number || ' is not what the log says' FROM proposal_answer a
	 LEFT JOIN event e ON e.id = a.event_id
	 WHERE e.id IS NULL OR e.kind <> 'proposal-answered' OR e.statement_id <> a.statement_id OR e.digest <> a.digest OR e.body_code <> a.body_code OR e.transmission_id IS DISTINCT FROM a.transmission_id OR e.actor IS DISTINCT FROM a.person_id`,
	`SELECT e.statement_id::text, e.id::text, 'the answer to a proposal that the log has is gone' FROM event e
	 WHERE e.kind = 'proposal-answered' AND NOT EXISTS (SELECT FROM proposal_answer a WHERE a.event_id = e.id)`,
	`SELECT t.statement_id::text, r.event_id::text, 'what was said about the message ' || t.id || ' is not what the log says' FROM transmission_response r JOIN transmission t ON t.id = r.transmission_id
	 WHERE NOT EXISTS (SELECT FROM event e WHERE e.id = r.event_id AND e.transmission_id = r.transmission_id AND e.kind = r.kind AND e.digest = r.digest)`,
	`SELECT t.statement_id::text, r.event_id::text, 'the end of the link of the message ' || t.id || ' is not what the log says' FROM transmission_token_revoked r JOIN transmission t ON t.id = r.transmission_id
	 WHERE NOT EXISTS (SELECT FROM event e WHERE e.id = r.event_id AND e.transmission_id = r.transmission_id AND e.kind = 'link-revoked' AND e.actor = r.person_id)`,
	// what an addressee owes, which the register has otherwise than the log's last word on it
	`SELECT r.statement_id::text, '', 'the reply of addressee ' || r.position || ' is ' || r.state || ', due ' || coalesce(r.due::text, 'never') || ' in the register; the log says ' || coalesce(e.reply_to, 'nothing')
	 FROM reply r LEFT JOIN LATERAL (SELECT reply_to, due FROM event WHERE event.transmission_id = r.transmission_id AND reply_to <> '' ORDER BY seq DESC LIMIT 1) e ON true
	 WHERE r.state <> coalesce(e.reply_to, 'not-awaited') OR coalesce(r.due::text, '') <> coalesce(e.due, '')`,
	`SELECT l.statement_id::text, l.event_id::text, 'what was linked to the reply of addressee ' || l.position || ' is not what the log says' FROM reply_link l JOIN reply r ON r.statement_id = l.statement_id AND r.position = l.position
	 WHERE NOT EXISTS (SELECT FROM event e WHERE e.id = l.event_id AND e.transmission_id = r.transmission_id AND e.kind IN ('reply-linked', 'reply-interim', 'reply-unlinked'))`,
	// how a body is reached, as the register has it and the log has not, or otherwise
	`SELECT '', r.event_id::text, 'how ' || r.body_code || ' is reached is not what the log says' FROM body_reach r
	 WHERE NOT EXISTS (SELECT FROM event e WHERE e.id = r.event_id AND e.kind = 'body-profile' AND e.body_code = r.body_code AND e.digest = r.digest)`,
	`SELECT '', e.id::text, 'the log says that the profile of ' || e.body_code || ' was changed, the register has no such version' FROM event e
	 WHERE e.kind = 'body-profile' AND NOT EXISTS (SELECT FROM body_reach r WHERE r.event_id = e.id)`,
	// numbers with a gap
	`SELECT '', '', group_code || ' ' || period || ': the number ' || n || ' was never given to a statement'
	 FROM number_series, generate_series(1, last) n
	 WHERE NOT EXISTS (SELECT FROM statement s WHERE s.group_code = number_series.group_code AND s.kind = number_series.kind AND s.period = number_series.period AND s.number = n)`,
	// what goes out under a number with something behind it, without the one before
	`SELECT s.id::text, '', s.ref || ': the one before it, under the same number, is not there' FROM statement s
	 WHERE (s.rev > 0 AND s.corrigendum = 0 AND NOT EXISTS (SELECT FROM statement b WHERE (b.group_code, b.kind, b.period, b.number, b.rev, b.corrigendum) = (s.group_code, s.kind, s.period, s.number, s.rev - 1, 0)))
		OR (s.corrigendum > 0 AND NOT EXISTS (SELECT FROM statement b WHERE (b.group_code, b.kind, b.period, b.number, b.rev, b.corrigendum) = (s.group_code, s.kind, s.period, s.number, s.rev, s.corrigendum - 1)))`,
}

func crossCheck(ctx context.Context, q querier, more ...string) ([]audit.Problem, error) {
	b := &pgx.Batch{}
	var out []audit.Problem
	for _, sql := range append(more, crossChecks...) {
		b.Queue(sql).Query(func(rows pgx.Rows) error {
			found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[audit.Problem])
			out = append(out, found...)
			return err
		})
	}
	if err := q.SendBatch(ctx, b).Close(); err != nil {
		return nil, fmt.Errorf("hold the register against the log: %w", err)
	}
	return out, nil
}
