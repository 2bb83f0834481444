package store

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/liaison"
)

// notify queues the letters that follow from the transaction's events by [liaison.Notices]: each with its notice, which keeps
// the event that it is of, and each at once or, as its reader chose, for the day's digest. Events about a letter to a person
// lead to none.
func (t *tx) notify(ctx context.Context, b *pgx.Batch) error {
	for _, e := range t.events {
		rows := liaison.NoticesOn(e.Kind)
		if len(rows) == 0 || e.Statement == "" || e.Letter != "" && !e.Letter.Watched() {
			continue
		}
		if t.snap.ID != e.Statement { // the command's own, as it was judged, or what the register says now
			snap, _, err := snapshot(ctx, t, e.Statement, "", t.now, "")
			if err != nil {
				return err
			}
			t.snap = snap
		}
		for _, n := range rows {
			for _, p := range n.Readers(t.snap.Snapshot, e) {
				t.tell(b, n, e, p)
			}
		}
	}
	return nil
}

// tell adds one letter to one reader. What a command released has its batch; other letters have none, and the worker releases
// them. The pages may write neither batch nor state.
func (t *tx) tell(b *pgx.Batch, n liaison.Notice, e liaison.Event, p liaison.Person) {
	id, about := newID(), nullable(e.Transmission)
	atOnce := liaison.AtOncePerDay
	waits := n.MayWait(e, p.ID)
	if !waits {
		atOnce = math.MaxInt32
	}
	columns, values, batch := ``, ``, []any{}
	if t.batch != "" {
		columns, values, batch = `, batch`, `, $15`, []any{t.batch}
	}
	b.Queue(`
		INSERT INTO transmission (id, letter, person_id, statement_id, revision, recipient_name, recipient_email, message_id, message_date, changed_at, created_at`+columns+`)
		SELECT $1, $2, $3, $8, $9, $10, $11, $12, $13, $13, $13`+values+`
		WHERE NOT ($7 AND EXISTS (SELECT FROM notice WHERE about = $4 AND person_id = $3 AND letter = $2))
			AND NOT ($14 AND EXISTS (SELECT FROM notice_choice WHERE person_id = $3 AND letter = $2 AND pace = 'daily'))
			AND (SELECT count(*) FROM notice WHERE about = $4 AND person_id = $3 AND letter = $2 AND made_at > $5) < $6`,
		append([]any{id, n.Letter, p.ID, about, t.now.Add(-24 * time.Hour), atOnce, n.Once,
			e.Statement, e.Revision, p.Name, p.Email, messageID(t.snap.GroupBody), t.now, waits}, batch...)...)
	b.Queue(`
		INSERT INTO notice (id, letter, person_id, about, event_id, statement_id, made_at, transmission_id)
		SELECT $1, $2, $3, $4, $6, $7, $8, (SELECT id FROM transmission WHERE id = $1)
		WHERE NOT ($5 AND EXISTS (SELECT FROM notice WHERE about = $4 AND person_id = $3 AND letter = $2))`,
		id, n.Letter, p.ID, about, n.Once, e.ID, e.Statement, t.now)
}

// NoticeLine is one notice with what it tells of.
type NoticeLine struct {
	ID     string
	Letter liaison.Letter
	Event  liaison.Event
	About  Transmission // the message to an addressee, or none
	Said   *Response    // what the addressee said on the page, if that is what it tells of

	Subject string // of the mail that came in, if that is what it tells of
}

// NoticesIn lists what a letter tells of: its own notice, or those that a digest took along, oldest first.
func (s *Store) NoticesIn(ctx context.Context, letter liaison.TransmissionID) ([]NoticeLine, error) {
	if err := validID(string(letter)); err != nil {
		return nil, err
	}
	rows, err := s.pool.Query(ctx, `
		SELECT `+eventColumns+`, n.id, n.letter, coalesce(n.about::text, ''),
			coalesce((SELECT i.understood->>'subject' FROM transmission_fact f JOIN inbound_message i ON i.id = f.inbound_id WHERE f.event_id = event.id), '')
		FROM notice n JOIN event ON event.id = n.event_id
		WHERE n.transmission_id = $1 ORDER BY n.made_at, n.id`, letter)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read notices: %w", err))
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (NoticeLine, error) {
		var n NoticeLine
		err := row.Scan(append(eventFields(&n.Event), &n.ID, &n.Letter, &n.About.ID, &n.Subject)...)
		return n, err
	})
	if err != nil {
		return nil, unavailable(fmt.Errorf("read notices: %w", err))
	}
	for i, n := range out {
		if n.About.ID == "" {
			continue
		}
		if out[i].About, err = s.Transmission(ctx, n.About.ID); err != nil {
			return nil, err
		}
		said, err := s.responses(ctx, `WHERE r.event_id = $1`, n.Event.ID)
		if err != nil {
			return nil, err
		}
		if len(said) > 0 {
			out[i].Said = &said[0]
		}
	}
	return out, nil
}

// FirstLetter is the Message-ID of the first letter about the statement that the person got before another one, which puts
// all of them into one thread; "" if there was none.
func (s *Store) FirstLetter(ctx context.Context, t Transmission) (id string, err error) {
	rows, err := s.pool.Query(ctx, `
		SELECT message_id FROM transmission WHERE statement_id = $1 AND person_id = $2 AND letter NOT IN ('digest', 'test') AND (created_at, id) < ($3, $4)
		ORDER BY created_at, id LIMIT 1`, t.Statement, t.Person, t.Created, t.ID)
	if err != nil {
		return "", unavailable(fmt.Errorf("read letters: %w", err))
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(ids) == 0 {
		return "", unavailable(err)
	}
	return ids[0], nil
}

// release gives a batch to the letters of a statement that no command released, so that they are sent.
func (t *tx) release(ctx context.Context, id liaison.StatementID) error {
	rows, err := t.Query(ctx, `SELECT id FROM transmission WHERE statement_id = $1 AND batch IS NULL AND letter <> 'statement' AND state = 'queued' FOR UPDATE SKIP LOCKED`, id)
	if err != nil {
		return fmt.Errorf("read letters: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(ids) == 0 {
		return err
	}
	batch := &pgx.Batch{}
	command := "notify/" + newID()
	batch.Queue(`INSERT INTO command (id, statement_id, kind, answer, done_at) VALUES ($1, $2, 'notify', '{}', $3)`, command, id, t.now)
	batch.Queue(`UPDATE transmission SET batch = $2 WHERE id = ANY ($1)`, ids, command)
	if err := t.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("release letters: %w", err)
	}
	return nil
}

// Unreleased lists the statements with letters that no command released and nobody sends yet, and those that were approved at a meeting
// and may leave because it was closed just now; what is still there later is found by [Store.Ripe].
func (s *Store) Unreleased(ctx context.Context) ([]OpenStatement, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT s.id, s.state FROM statement s
		WHERE s.id IN (
			SELECT statement_id FROM transmission WHERE batch IS NULL AND letter <> 'statement' AND state = 'queued'
			UNION ALL
			SELECT a.id FROM statement a JOIN meeting m ON m.id = a.leaves_after WHERE a.leaves_after IS NOT NULL AND a.dispatch_at <= $1 AND m.state = 'closed' AND m.closed_at > $2)
		ORDER BY s.id LIMIT 200`, s.now(), s.now().Add(-10*time.Minute))
	if err != nil {
		return nil, unavailable(fmt.Errorf("read letters that wait: %w", err))
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[OpenStatement])
	return out, unavailable(err)
}
