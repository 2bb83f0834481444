package store

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/jca-ml/liaison/internal/audit"
	"github.com/jca-ml/liaison/liaison"
)

// ExportOptions say what goes into an export.
type ExportOptions struct {
	Salts    bool // with names, addresses and free text, and what proves them; without, they are commitments only
	Progress func(leaves int64)
}

// registerRows are the rows of the register that an export carries and a check of the log is held against. Each row is one
// JSON object; "export" says which, and internal/audit reads them. None holds a name, an address or free text.
var registerRows = []string{
	`SELECT json_build_object('export', 'appointment', 'person', person_id, 'group', group_code, 'office', office, 'from', held_from, 'until', coalesce(held_until::text, '')) FROM appointment ORDER BY group_code, office, person_id, held_from`,
	`SELECT json_build_object('export', 'absence', 'id', id, 'group', group_code, 'kind', kind, 'person', person_id, 'deputy', coalesce(deputy_id::text, ''), 'from', held_from, 'until', held_until, 'ended', coalesce(ended_on::text, '')) FROM absence ORDER BY id`,
	`SELECT json_build_object('export', 'meeting', 'id', id, 'group', group_code, 'from', held_from, 'until', held_until, 'state', state) FROM meeting ORDER BY id`,
	`SELECT json_build_object('export', 'series', 'group', group_code, 'kind', kind, 'period', period, 'last', last) FROM number_series ORDER BY group_code, kind, period`,
	`SELECT json_build_object('export', 'statement', 'id', id, 'group', group_code, 'kind', kind, 'state', state, 'version', version, 'revision', revision, 'digest', coalesce(digest, ''),
		'number', coalesce(number, 0), 'rev', rev, 'corrigendum', corrigendum, 'period', coalesce(period, ''), 'approved_digest', coalesce(approved_digest, ''), 'approved_by', coalesce(approved_by::text, ''),
		'amended_digest', coalesce(amended_digest, '')) FROM statement ORDER BY id`,
	`SELECT json_build_object('export', 'decision', 'statement', statement_id, 'revision', revision, 'digest', digest, 'kind', kind, 'person', person_id, 'acting', acting, 'drafted', drafted, 'at', decided_at,
		'mode', coalesce(mode, ''), 'on', coalesce(given_on::text, ''), 'stands', coalesce(absence_id::text, ''), 'entered_by', coalesce(entered_by::text, ''), 'meeting', coalesce(meeting_id::text, ''), 'item', agenda_item,
		'window', coalesce(window_id::text, ''), 'consulted', coalesce(consulted, ''), 'profile', coalesce(profile, ''), 'profile_version', coalesce(profile_version, 0)) FROM decision ORDER BY statement_id, revision`,
	`SELECT json_build_object('export', 'window', 'id', w.id, 'statement', statement_id, 'revision', revision, 'digest', digest, 'mode', mode, 'opened_by', opened_by, 'opened_as', opened_as, 'last', last_day,
		'profile', profile, 'profile_version', profile_version, 'asked', (SELECT json_agg(person_id ORDER BY position) FROM correspondence_person p WHERE p.window_id = w.id),
		'stopped', EXISTS (SELECT FROM correspondence_saying s WHERE s.window_id = w.id AND s.kind = 'objected'), 'said', (SELECT count(id) FROM correspondence_saying s WHERE s.window_id = w.id)) FROM correspondence_window w ORDER BY id`,
	`SELECT json_build_object('export', 'amendment', 'statement', statement_id, 'revision', revision, 'digest', digest, 'amends', amends_digest, 'changed', changed, 'person', person_id, 'acting', acting, 'at', amended_at) FROM amendment ORDER BY statement_id, revision`,
	`SELECT json_build_object('export', 'transmission', 'id', t.id, 'statement', t.statement_id, 'revision', t.revision, 'letter', t.letter, 'state', t.state, 'attempts', t.attempts, 'message_digest', coalesce(m.digest, ''))
		FROM transmission t LEFT JOIN message m ON m.transmission_id = t.id ORDER BY t.id`,
	`SELECT json_build_object('export', 'reply', 'statement', statement_id, 'position', position, 'transmission', transmission_id, 'state', state, 'deadline', coalesce(deadline::text, ''), 'due', coalesce(due::text, '')) FROM reply ORDER BY statement_id, position`,
	`SELECT json_build_object('export', 'attempt', 'transmission', transmission_id, 'n', n, 'dot', dot_at IS NOT NULL, 'outcome', coalesce(outcome, ''), 'stage', coalesce(stage, ''), 'code', code) FROM attempt ORDER BY transmission_id, n`,
}

// revisionRows are held against the log beside them. An export has none, as it has nothing of the bytes.
const revisionRows = `SELECT json_build_object('export', 'revision', 'statement', statement_id, 'number', number, 'digest', digest) FROM revision ORDER BY statement_id, number`

// Export writes every log with its checkpoints and the register's side of it, in one snapshot of the database. The form is
// described in docs/audit-format.md; [audit.VerifyExport] reads it.
func (s *Store) Export(ctx context.Context, w io.Writer, o ExportOptions) error {
	read := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	e := &exporting{ExportOptions: o, out: bufio.NewWriterSize(w, 1<<20)}
	err := pgx.BeginTxFunc(ctx, s.pool, read, func(t pgx.Tx) error { return e.run(ctx, t, s.now()) })
	if err != nil {
		return unavailable(fmt.Errorf("export the log: %w", err))
	}
	return nil
}

type exporting struct {
	ExportOptions
	out           *bufio.Writer
	lines, leaves int64
}

func (e *exporting) line(b []byte) error {
	e.lines++
	if _, err := e.out.Write(b); err != nil {
		return err
	}
	return e.out.WriteByte('\n')
}

func (e *exporting) row(v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	return e.line(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

func (e *exporting) run(ctx context.Context, t pgx.Tx, now time.Time) error {
	if err := e.row(struct {
		Export string    `json:"export"`
		Made   time.Time `json:"made"`
		Salts  bool      `json:"salts"`
	}{audit.ExportFormat, audit.Time(now), e.Salts}); err != nil {
		return err
	}
	all, err := logs(ctx, t)
	if err != nil {
		return err
	}
	for _, l := range all {
		if err := e.log(ctx, t, l); err != nil {
			return err
		}
	}
	for _, sql := range registerRows {
		if err := e.rows(ctx, t, sql); err != nil {
			return err
		}
	}
	if e.Salts {
		if err := e.salts(ctx, t); err != nil {
			return err
		}
	}
	if err := e.row(struct {
		Export string `json:"export"`
		Leaves int64  `json:"leaves"`
		Lines  int64  `json:"lines"`
	}{"end", e.leaves, e.lines + 1}); err != nil {
		return err
	}
	return e.out.Flush()
}

func (e *exporting) log(ctx context.Context, t pgx.Tx, l Log) error {
	type head struct {
		Export string `json:"export"`
		Number int    `json:"number"`
		Size   int64  `json:"size"`
	}
	if err := e.row(head{"log", l.Number, l.Size}); err != nil {
		return err
	}
	published, err := checkpoints(ctx, t, l.Number)
	if err != nil {
		return err
	}
	for _, c := range published {
		if err := e.row(struct {
			Export string    `json:"export"`
			Log    int       `json:"log"`
			Size   int64     `json:"size"`
			Key    string    `json:"key"`
			At     time.Time `json:"at"`
			Note   string    `json:"note"`
		}{"checkpoint", c.Log, c.Size, c.Key, c.At.UTC(), c.Note}); err != nil {
			return err
		}
	}
	stamped, err := stamps(ctx, t, l.Number)
	if err != nil {
		return err
	}
	for _, s := range stamped {
		if err := e.row(struct {
			Export string    `json:"export"`
			Log    int       `json:"log"`
			Size   int64     `json:"size"`
			At     time.Time `json:"at"`
			Token  []byte    `json:"token"`
		}{"stamp", s.Log, s.Size, s.At.UTC(), s.Token}); err != nil {
			return err
		}
	}
	if err := e.row(head{"leaves", l.Number, l.Size}); err != nil {
		return err
	}
	rows, err := t.Query(ctx, `SELECT index, payload FROM audit.leaf WHERE log = $1 ORDER BY index`, l.Number)
	if err != nil {
		return err
	}
	defer rows.Close()
	next := int64(0)
	for rows.Next() {
		var index int64
		var payload pgtype.DriverBytes // valid until the next row
		if err := rows.Scan(&index, &payload); err != nil {
			return err
		}
		if index != next {
			return fmt.Errorf("leaf %d of log %d is missing; run `liaison audit verify`", next, l.Number)
		}
		if bytes.IndexByte(payload, '\n') >= 0 {
			return fmt.Errorf("leaf %d of log %d is not one line; run `liaison audit verify`", index, l.Number)
		}
		if err := e.line(payload); err != nil {
			return err
		}
		next++
		if e.leaves++; e.Progress != nil && e.leaves%100_000 == 0 {
			e.Progress(e.leaves)
		}
	}
	return rows.Err()
}

func (e *exporting) rows(ctx context.Context, t pgx.Tx, sql string) error {
	rows, err := t.Query(ctx, sql)
	if err != nil {
		return err
	}
	var line []byte
	_, err = pgx.ForEachRow(rows, []any{&line}, func() error { return e.line(line) })
	return err
}

// salts writes each committed value with its salt.
func (e *exporting) salts(ctx context.Context, t pgx.Tx) error {
	value := "CASE salt.field"
	for _, field := range audit.Committed() {
		value += " WHEN '" + field + "' THEN event." + field
	}
	rows, err := t.Query(ctx, `
		SELECT salt.event_id, salt.field, salt.salt, `+value+` END
		FROM audit.salt JOIN event ON event.id = salt.event_id ORDER BY event.seq, salt.field`)
	if err != nil {
		return err
	}
	v := struct {
		Export string          `json:"export"`
		Event  liaison.EventID `json:"event"`
		Field  string          `json:"field"`
		Salt   []byte          `json:"salt"`
		Value  *string         `json:"value"`
	}{Export: "salt"}
	_, err = pgx.ForEachRow(rows, []any{&v.Event, &v.Field, &v.Salt, &v.Value}, func() error { return e.row(v) })
	return err
}
