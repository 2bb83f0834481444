package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/internal/audit"
	"github.com/jca-ml/liaison/liaison"
)

// eventTable is how an event is written: the columns of its table, each with its type and what stands in it.
var eventTable = []struct {
	name, kind string
	values     func([]liaison.Event) any // of every event, in their order
}{
	{"id", "uuid", column(func(e liaison.Event) liaison.EventID { return e.ID })},
	{"kind", "text", column(func(e liaison.Event) string { return string(e.Kind) })},
	{"at", "timestamptz", column(func(e liaison.Event) time.Time { return e.At })},
	{"statement_id", "uuid", column(func(e liaison.Event) *liaison.StatementID { return nullable(e.Statement) })},
	{"version", "integer", column(func(e liaison.Event) int { return e.Version })},
	{"command_id", "text", column(func(e liaison.Event) string { return string(e.Command) })},
	{"actor", "uuid", column(func(e liaison.Event) *liaison.PersonID { return nullable(e.Actor) })},
	{"acting", "text", column(func(e liaison.Event) string { return string(e.Acting) })},
	{"drafted", "boolean", column(func(e liaison.Event) bool { return e.Drafted })},
	{"from_state", "text", column(func(e liaison.Event) string { return string(e.From) })},
	{"to_state", "text", column(func(e liaison.Event) string { return string(e.To) })},
	{"revision", "integer", column(func(e liaison.Event) int { return e.Revision })},
	{"digest", "text", column(func(e liaison.Event) string { return string(e.Digest) })},
	{"ref", "text", column(func(e liaison.Event) string { return e.Ref })},
	{"reason", "text", column(func(e liaison.Event) string { return e.Reason })},
	{"transmission_id", "uuid", column(func(e liaison.Event) *liaison.TransmissionID { return nullable(e.Transmission) })},
	{"letter", "text", column(func(e liaison.Event) string { return string(e.Letter) })},
	{"body_code", "text", column(func(e liaison.Event) string { return string(e.Body) })},
	{"recipient", "text", column(func(e liaison.Event) string { return e.Recipient })},
	{"message_id", "text", column(func(e liaison.Event) string { return e.MessageID })},
	{"message_digest", "text", column(func(e liaison.Event) string { return string(e.MessageDigest) })},
	{"attempt", "integer", column(func(e liaison.Event) int { return e.Attempt })},
	{"stage", "text", column(func(e liaison.Event) string { return string(e.Stage) })},
	{"code", "integer", column(func(e liaison.Event) int { return e.Code })},
	{"reply", "text", column(func(e liaison.Event) string { return e.Reply })},
	{"relay", "text", column(func(e liaison.Event) string { return e.Relay })},
	{"amends", "text", column(func(e liaison.Event) string { return string(e.Amends) })},
	{"changed", "text", column(func(e liaison.Event) string { return e.Changed })},
	{"reply_from", "text", column(func(e liaison.Event) string { return string(e.ReplyFrom) })},
	{"reply_to", "text", column(func(e liaison.Event) string { return string(e.ReplyTo) })},
	{"due", "text", column(func(e liaison.Event) string { return string(e.Due) })},
	{"asked", "text", column(func(e liaison.Event) string { return string(e.Asked) })},
	{"mode", "text", column(func(e liaison.Event) string { return string(e.Mode) })},
	{"for_person", "uuid", column(func(e liaison.Event) *liaison.PersonID { return nullable(e.For) })},
	{"for_as", "text", column(func(e liaison.Event) string { return string(e.ForAs) })},
	{"absence_id", "uuid", column(func(e liaison.Event) *liaison.AbsenceID { return nullable(e.Stands) })},
	{"deputy", "uuid", column(func(e liaison.Event) *liaison.PersonID { return nullable(e.Deputy) })},
	{"on_day", "date", column(func(e liaison.Event) *liaison.Date { return nullable(e.On) })},
	{"until_day", "date", column(func(e liaison.Event) *liaison.Date { return nullable(e.Until) })},
	{"meeting_id", "uuid", column(func(e liaison.Event) *liaison.MeetingID { return nullable(e.Meeting) })},
	{"agenda_item", "integer", column(func(e liaison.Event) int { return e.Item })},
	{"evidence", "text", column(func(e liaison.Event) string { return e.Evidence })},
	{"evidence_file", "text", column(func(e liaison.Event) string { return string(e.EvidenceFile) })},
	{"window_id", "uuid", column(func(e liaison.Event) *liaison.WindowID { return nullable(e.Window) })},
	{"people", "text", column(func(e liaison.Event) string { return e.People })},
	{"rules", "text", column(func(e liaison.Event) string { return e.Rules })},
	{"named", "text", column(func(e liaison.Event) string { return e.Named })},
	{"consulted", "text", column(func(e liaison.Event) string { return string(e.Consulted) })},
	{"reference", "text", column(func(e liaison.Event) string { return e.Reference })},
}

func column[T any](field func(liaison.Event) T) func([]liaison.Event) any {
	return func(events []liaison.Event) any {
		out := make([]T, len(events))
		for i, e := range events {
			out[i] = field(e)
		}
		return out
	}
}

// insertEvents writes any number of events, in their order.
var insertEvents = func() string {
	var names, arrays []string
	for i, c := range eventTable {
		names, arrays = append(names, c.name), append(arrays, fmt.Sprintf("$%d::%s[]", i+1, c.kind))
	}
	list := strings.Join(names, ", ")
	return "INSERT INTO event (" + list + ") SELECT " + list + " FROM unnest(" + strings.Join(arrays, ", ") + ") WITH ORDINALITY AS e (" + list + ", n) ORDER BY n"
}()

// appendEvents writes, in one batch, the letters that tell of the transaction's events, the events and their salts and then, as
// the last statement before the commit, their leaves. A transaction that many messages share has many events, so each table is written by one statement.
func (t *tx) appendEvents(ctx context.Context) error {
	if len(t.events) == 0 {
		return nil
	}
	var payloads [][]byte
	var ids, salted, fields []string
	var salts [][]byte
	for _, e := range t.events {
		payload, fresh := audit.NewLeaf(e)
		ids, payloads = append(ids, string(e.ID)), append(payloads, payload)
		for field, salt := range fresh {
			salted, fields, salts = append(salted, string(e.ID)), append(fields, field), append(salts, salt)
		}
	}
	var values []any
	for _, c := range eventTable {
		values = append(values, c.values(t.events))
	}
	b := &pgx.Batch{}
	if err := t.notify(ctx, b); err != nil {
		return err
	}
	b.Queue(insertEvents, values...)
	if len(salts) > 0 {
		b.Queue(`INSERT INTO audit.salt (event_id, field, salt) SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[])`, salted, fields, salts)
	}
	b.Queue(`SELECT audit.append($1, $2)`, ids, payloads)
	if err := t.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("append events: %w", err)
	}
	return nil
}

// HistoryLine is one event as a reader sees it.
type HistoryLine struct {
	liaison.Event
	ActorName string
	BodyName  string
	ForName   string // of whom [liaison.Event.For] names
	Leaf      int64  // index in the audit log
	Payload   []byte // its bytes there
}

const eventColumns = `event.id, event.kind, event.at, coalesce(event.statement_id::text, ''), event.version, event.command_id,
	coalesce(event.actor::text, ''), event.acting, event.drafted, event.from_state, event.to_state, event.revision, event.digest,
	event.ref, event.reason, coalesce(event.transmission_id::text, ''), event.letter, event.body_code, event.recipient,
	event.message_id, event.message_digest, event.attempt, event.stage, event.code, event.reply, event.relay,
	event.mode, coalesce(event.for_person::text, ''), event.for_as, coalesce(event.absence_id::text, ''), coalesce(event.deputy::text, ''),
	coalesce(event.on_day::text, ''), coalesce(event.until_day::text, ''), coalesce(event.meeting_id::text, ''), event.agenda_item, event.evidence, event.evidence_file, event.amends, event.changed,
	event.reply_from, event.reply_to, event.due, event.asked,
	coalesce(event.window_id::text, ''), event.people, event.rules, event.named, event.consulted, event.reference`

// eventFields are the places that eventColumns are scanned into.
func eventFields(e *liaison.Event) []any {
	return []any{&e.ID, &e.Kind, &e.At, &e.Statement, &e.Version, &e.Command, &e.Actor, &e.Acting, &e.Drafted, &e.From, &e.To,
		&e.Revision, &e.Digest, &e.Ref, &e.Reason, &e.Transmission, &e.Letter, &e.Body, &e.Recipient,
		&e.MessageID, &e.MessageDigest, &e.Attempt, &e.Stage, &e.Code, &e.Reply, &e.Relay,
		&e.Mode, &e.For, &e.ForAs, &e.Stands, &e.Deputy, &e.On, &e.Until, &e.Meeting, &e.Item, &e.Evidence, &e.EvidenceFile, &e.Amends, &e.Changed, &e.ReplyFrom, &e.ReplyTo, &e.Due, &e.Asked,
		&e.Window, &e.People, &e.Rules, &e.Named, &e.Consulted, &e.Reference}
}

// History lists what happened to a statement, oldest first.
func (s *Store) History(ctx context.Context, id liaison.StatementID) ([]HistoryLine, error) {
	if err := validID(string(id)); err != nil {
		return nil, err
	}
	rows, err := s.pool.Query(ctx, `
		SELECT `+eventColumns+`, coalesce(person.name, ''), coalesce(nullif(body.short_name, ''), body.name, ''), coalesce(f.name, ''), leaf.index, leaf.payload
		FROM event
		JOIN audit.leaf ON leaf.event_id = event.id
		LEFT JOIN person ON person.id = event.actor
		LEFT JOIN person f ON f.id = event.for_person
		LEFT JOIN body ON body.code = event.body_code
		WHERE event.statement_id = $1
		ORDER BY event.seq`, id)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read history: %w", err))
	}
	lines, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (HistoryLine, error) {
		var l HistoryLine
		err := row.Scan(append(eventFields(&l.Event), &l.ActorName, &l.BodyName, &l.ForName, &l.Leaf, &l.Payload)...)
		return l, err
	})
	if err != nil {
		return nil, unavailable(fmt.Errorf("read history: %w", err))
	}
	return lines, nil
}
