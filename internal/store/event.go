package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/internal/audit"
	"github.com/jca-ml/liaison/liaison"
)

// eventTable is how an event is written and read: the columns of its table, in groups of those that are empty together.
var eventTable = [][]eventColumn{
	{ // what every event has, or may have
		always("id", "uuid", func(e *liaison.Event) *liaison.EventID { return &e.ID }),
		text("kind", func(e *liaison.Event) *liaison.EventKind { return &e.Kind }),
		always("at", "timestamptz", func(e *liaison.Event) *time.Time { return &e.At }),
		maybe("statement_id", "uuid", func(e *liaison.Event) *liaison.StatementID { return &e.Statement }),
		always("version", "integer", func(e *liaison.Event) *int { return &e.Version }),
		text("command_id", func(e *liaison.Event) *liaison.CommandID { return &e.Command }),
		maybe("actor", "uuid", func(e *liaison.Event) *liaison.PersonID { return &e.Actor }),
		text("acting", func(e *liaison.Event) *liaison.Capacity { return &e.Acting }),
		always("drafted", "boolean", func(e *liaison.Event) *bool { return &e.Drafted }),
		text("from_state", func(e *liaison.Event) *liaison.State { return &e.From }),
		text("to_state", func(e *liaison.Event) *liaison.State { return &e.To }),
		always("revision", "integer", func(e *liaison.Event) *int { return &e.Revision }),
		text("digest", func(e *liaison.Event) *liaison.Digest { return &e.Digest }),
		text("ref", func(e *liaison.Event) *string { return &e.Ref }),
		text("reason", func(e *liaison.Event) *string { return &e.Reason }),
	},
	{ // what events about a message have
		maybe("transmission_id", "uuid", func(e *liaison.Event) *liaison.TransmissionID { return &e.Transmission }),
		text("letter", func(e *liaison.Event) *liaison.Letter { return &e.Letter }),
		text("body_code", func(e *liaison.Event) *liaison.Code { return &e.Body }),
		text("recipient", func(e *liaison.Event) *string { return &e.Recipient }),
		text("message_id", func(e *liaison.Event) *string { return &e.MessageID }),
		text("message_digest", func(e *liaison.Event) *liaison.Digest { return &e.MessageDigest }),
		always("attempt", "integer", func(e *liaison.Event) *int { return &e.Attempt }),
		text("stage", func(e *liaison.Event) *liaison.Stage { return &e.Stage }),
		always("code", "integer", func(e *liaison.Event) *int { return &e.Code }),
		text("reply", func(e *liaison.Event) *string { return &e.Reply }),
		text("relay", func(e *liaison.Event) *string { return &e.Relay }),
	},
	{ // what corrections and replies have
		text("amends", func(e *liaison.Event) *liaison.Digest { return &e.Amends }),
		text("changed", func(e *liaison.Event) *string { return &e.Changed }),
		text("reply_from", func(e *liaison.Event) *liaison.ReplyState { return &e.ReplyFrom }),
		text("reply_to", func(e *liaison.Event) *liaison.ReplyState { return &e.ReplyTo }),
		text("due", func(e *liaison.Event) *liaison.Date { return &e.Due }),
		text("asked", func(e *liaison.Event) *liaison.Date { return &e.Asked }),
	},
	{ // what approvals and absences have
		text("mode", func(e *liaison.Event) *liaison.ApprovalMode { return &e.Mode }),
		maybe("for_person", "uuid", func(e *liaison.Event) *liaison.PersonID { return &e.For }),
		text("for_as", func(e *liaison.Event) *liaison.Capacity { return &e.ForAs }),
		maybe("absence_id", "uuid", func(e *liaison.Event) *liaison.AbsenceID { return &e.Stands }),
		maybe("deputy", "uuid", func(e *liaison.Event) *liaison.PersonID { return &e.Deputy }),
		maybe("on_day", "date", func(e *liaison.Event) *liaison.Date { return &e.On }),
		maybe("until_day", "date", func(e *liaison.Event) *liaison.Date { return &e.Until }),
		maybe("meeting_id", "uuid", func(e *liaison.Event) *liaison.MeetingID { return &e.Meeting }),
		always("agenda_item", "integer", func(e *liaison.Event) *int { return &e.Item }),
		text("evidence", func(e *liaison.Event) *string { return &e.Evidence }),
		text("evidence_file", func(e *liaison.Event) *liaison.Digest { return &e.EvidenceFile }),
	},
	{ // what is about a window for objections, or a consultation
		maybe("window_id", "uuid", func(e *liaison.Event) *liaison.WindowID { return &e.Window }),
		text("people", func(e *liaison.Event) *string { return &e.People }),
		text("rules", func(e *liaison.Event) *string { return &e.Rules }),
		text("named", func(e *liaison.Event) *string { return &e.Named }),
		text("consulted", func(e *liaison.Event) *liaison.ConsultationKind { return &e.Consulted }),
		text("reference", func(e *liaison.Event) *string { return &e.Reference }),
	},
}

var eventList = slices.Concat(eventTable...)

type eventColumn struct {
	name, kind string
	maybe      bool                      // it is NULL where an event has nothing to say, because its type has no empty value
	values     func([]liaison.Event) any // what stands in it, of every event, in their order
	place      func(*liaison.Event) any  // what it is read into
}

// read is the column as it is read into its place.
func (c eventColumn) read() string {
	if c.maybe {
		return "coalesce(event." + c.name + "::text, '')"
	}
	return "event." + c.name
}

// empty tells that an event has nothing to say there.
func (c eventColumn) empty() string {
	if c.maybe {
		return "event." + c.name + " IS NULL"
	}
	return "event." + c.name + map[string]string{"text": " = ''", "integer": " = 0"}[c.kind]
}

func text[T ~string](name string, place func(*liaison.Event) *T) eventColumn {
	return columnOf(name, "text", place, func(v T) string { return string(v) })
}

func always[T any](name, kind string, place func(*liaison.Event) *T) eventColumn {
	return columnOf(name, kind, place, func(v T) T { return v })
}

func maybe[T ~string](name, kind string, place func(*liaison.Event) *T) eventColumn {
	c := columnOf(name, kind, place, nullable[T])
	c.maybe = true
	return c
}

func columnOf[T, V any](name, kind string, place func(*liaison.Event) *T, value func(T) V) eventColumn {
	return eventColumn{
		name: name, kind: kind,
		values: func(events []liaison.Event) any {
			out := make([]V, len(events))
			for i := range events {
				out[i] = value(*place(&events[i]))
			}
			return out
		},
		place: func(e *liaison.Event) any { return place(e) },
	}
}

// insertEvents writes any number of events, in their order.
var insertEvents = func() string {
	var names, arrays []string
	for i, c := range eventList {
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
	for _, c := range eventList {
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
	Where     string // the meeting that it names, with its place
	Leaf      int64  // index in the audit log
	Payload   []byte // its bytes there
}

// eventColumns are the columns of an event, for who scans them into [eventFields].
var eventColumns = func() string {
	var out []string
	for _, c := range eventList {
		out = append(out, c.read())
	}
	return strings.Join(out, ", ")
}()

// eventFields are the places that eventColumns are scanned into.
func eventFields(e *liaison.Event) []any {
	out := make([]any, len(eventList))
	for i, c := range eventList {
		out[i] = c.place(e)
	}
	return out
}

// History lists what happened to a statement, oldest first.
func (s *Store) History(ctx context.Context, id liaison.StatementID) ([]HistoryLine, error) {
	if err := validID(string(id)); err != nil {
		return nil, err
	}
	rows, err := s.pool.Query(ctx, `
		SELECT `+eventColumns+`, coalesce(person.name, ''), coalesce(nullif(body.short_name, ''), body.name, ''), coalesce(f.name, ''),
			coalesce(meeting.title || CASE meeting.place WHEN '' THEN '' ELSE ', ' || meeting.place END, ''), leaf.index, leaf.payload
		FROM event
		JOIN audit.leaf ON leaf.event_id = event.id
		LEFT JOIN person ON person.id = event.actor
		LEFT JOIN person f ON f.id = event.for_person
		LEFT JOIN body ON body.code = event.body_code
		LEFT JOIN meeting ON meeting.id = event.meeting_id
		WHERE event.statement_id = $1
		ORDER BY event.seq`, id)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read history: %w", err))
	}
	lines, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (HistoryLine, error) {
		var l HistoryLine
		err := row.Scan(append(eventFields(&l.Event), &l.ActorName, &l.BodyName, &l.ForName, &l.Where, &l.Leaf, &l.Payload)...)
		return l, err
	})
	if err != nil {
		return nil, unavailable(fmt.Errorf("read history: %w", err))
	}
	return lines, nil
}
