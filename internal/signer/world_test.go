package signer_test

import (
	"context"
	"fmt"
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
	"github.com/jca-ml/liaison/migrations"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// register makes the database that every test gets a copy of: migrated, with the facts of the seed, one statement that was
// dispatched, and a few more events.
func register(ctx context.Context, url string) error {
	if err := migrations.Up(ctx, url); err != nil {
		return err
	}
	s, err := store.Open(ctx, url)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := seed.Register(ctx, s); err != nil {
		return err
	}
	return dispatchOne(ctx, s, sentStatement)
}

var noOptions store.AuditOptions

const sentStatement liaison.StatementID = "0190c0de-0000-7000-8000-00000000aaaa"

// dispatchOne takes a statement from its draft until every message is settled, by the store alone.
func dispatchOne(ctx context.Context, s *store.Store, id liaison.StatementID) error {
	content := liaison.Content{
		Source: seed.JCAML, Title: "Roadmap of standards on machine learning", Questions: "N/A", Deadline: "2099-01-31",
		Contacts: []liaison.Contact{{Name: seed.Chair.Name, Organization: "ETRI", Country: "Rep. of Korea", Email: seed.Chair.Email}},
		ReplyTo:  "jca-ml@liaison.example", Language: "en", Abstract: "Asks for entries of the roadmap.", Text: "Please review the entries of your group.",
		Addressees: []liaison.Addressee{{Body: "itu-t/sg17", Purpose: liaison.ForAction}, {Body: "w3c", Purpose: liaison.ForInformation}},
	}
	if _, err := s.Create(ctx, id, seed.Editor.ID, content); err != nil {
		return err
	}
	for _, step := range []struct {
		kind liaison.CommandKind
		who  liaison.PersonID
	}{{liaison.DoSubmit, seed.Editor.ID}, {liaison.DoApprove, seed.Chair.ID}, {liaison.DoDispatch, seed.Chair.ID}} {
		snap, err := s.Snapshot(ctx, id)
		if err != nil {
			return err
		}
		cmd := liaison.Command{ID: liaison.CommandID(uuid.NewString()), Kind: step.kind, Statement: id, Actor: step.who, Digest: snap.Digest, Consulted: seed.Consulted()}
		if _, err := s.Do(ctx, cmd); err != nil {
			return fmt.Errorf("%s: %w", step.kind, err)
		}
		if err := sendBatch(ctx, s, cmd.ID); err != nil {
			return err
		}
	}
	cmd := liaison.Command{ID: liaison.CommandID(uuid.NewString()), Kind: liaison.DoSettle, Statement: id}
	if _, err := s.Do(ctx, cmd); err != nil {
		return err
	}
	return sendBatch(ctx, s, cmd.ID)
}

// correctOne takes a statement through an approval that is voided, a second one, an editorial correction and its dispatch.
func correctOne(t testing.TB, s *store.Store) {
	t.Helper()
	ctx, id := t.Context(), liaison.StatementID(newUUID())
	content := liaison.Content{
		Source: seed.JCAML, Title: "Roadmap", Questions: "N/A", Contacts: []liaison.Contact{{Name: seed.Chair.Name, Email: seed.Chair.Email}},
		ReplyTo: "jca-ml@liaison.example", Language: "en", Abstract: "Asks.", Text: "Raodmap.", Addressees: []liaison.Addressee{{Body: "w3c", Purpose: liaison.ForInformation}},
	}
	if _, err := s.Create(ctx, id, seed.Editor.ID, content); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		kind liaison.CommandKind
		who  liaison.PersonID
	}{
		{liaison.DoSubmit, seed.Editor.ID}, {liaison.DoApprove, seed.Chair.ID}, {liaison.DoReopen, seed.Secretary.ID},
		{liaison.DoSubmit, seed.Editor.ID}, {liaison.DoApprove, seed.Chair.ID}, {liaison.DoAmend, seed.Secretary.ID}, {liaison.DoDispatch, seed.Chair.ID},
	} {
		snap, err := s.Snapshot(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		cmd := liaison.Command{ID: liaison.CommandID(uuid.NewString()), Kind: step.kind, Statement: id, Actor: step.who, Digest: snap.Digest, Reason: "A typing error.", Consulted: seed.Consulted()}
		if step.kind == liaison.DoAmend {
			snap.Content.Text = "Roadmap."
			canonical, err := liaison.Canonical(snap.Content)
			if err != nil {
				t.Fatal(err)
			}
			if cmd.Amended, err = s.PutBlob(ctx, canonical); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.Do(ctx, cmd); err != nil {
			t.Fatalf("%s: %v", step.kind, err)
		}
		if err := sendBatch(ctx, s, cmd.ID); err != nil {
			t.Fatal(err)
		}
	}
}

// sendBatch seals and hands over every message of a command, each accepted at once.
func sendBatch(ctx context.Context, s *store.Store, batch liaison.CommandID) error {
	ts, err := s.Batch(ctx, batch)
	if err != nil {
		return err
	}
	messages := map[liaison.TransmissionID][]byte{}
	for _, t := range ts {
		messages[t.ID] = fmt.Appendf(nil, "To: %s\r\nMessage-ID: <%s>\r\n\r\nHello\r\n", t.Email, t.MessageID)
	}
	if err := s.Seal(ctx, batch, messages); err != nil {
		return err
	}
	for _, t := range ts {
		c, err := s.Claim(ctx, t.ID, "a worker")
		if err != nil {
			return err
		}
		if err := s.Dot(ctx, c); err != nil {
			return err
		}
		if _, err := s.Record(ctx, c, store.Sent{Stage: liaison.StageDot, Code: 250, Enhanced: "2.0.0", Reply: "2.0.0 queued as 1", Relay: "relay.example"}, liaison.Retry{}); err != nil {
			return err
		}
	}
	return nil
}

func open(t testing.TB) (*store.Store, *pgxpool.Pool) {
	t.Helper()
	pool := testkit.Database(t, register)
	return store.New(pool), pool
}

// more appends n events of the dispatched statement, as the store would.
func more(t testing.TB, pool *pgxpool.Pool, n int) {
	t.Helper()
	if err := appendEvents(t.Context(), pool, sentStatement, n); err != nil {
		t.Fatal(err)
	}
}

func appendEvents(ctx context.Context, pool *pgxpool.Pool, id liaison.StatementID, n int) error {
	for n > 0 {
		k := min(n, 1000)
		n -= k
		tx, err := pool.Begin(ctx)
		if err != nil {
			return err
		}
		var ids []string
		var payloads [][]byte
		now := audit.Time(time.Now())
		b := &pgx.Batch{}
		for range k {
			e := liaison.Event{ID: liaison.EventID(uuid.Must(uuid.NewV7()).String()), Kind: liaison.EventEdited, At: now, Statement: id, Version: 5, Actor: seed.Editor.ID, Acting: liaison.AsEditor, Digest: liaison.DigestOf([]byte(uuid.NewString()))}
			payload, _ := audit.NewLeaf(e)
			ids, payloads = append(ids, string(e.ID)), append(payloads, payload)
			b.Queue(`INSERT INTO event (id, kind, at, statement_id, version, actor, acting, digest) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
				e.ID, e.Kind, e.At, e.Statement, e.Version, e.Actor, e.Acting, e.Digest)
		}
		b.Queue(`SELECT audit.append($1, $2)`, ids, payloads)
		if err := tx.SendBatch(ctx, b).Close(); err != nil {
			return err
		}
		if err := tx.Commit(ctx); err != nil {
			return err
		}
	}
	return nil
}

func itoa(n int64) string { return fmt.Sprint(n) }

func newUUID() string { return uuid.Must(uuid.NewV7()).String() }
