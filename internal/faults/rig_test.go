package faults

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/jca-ml/liaison/internal/demo/parts"
	"github.com/jca-ml/liaison/internal/engine"
	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/migrations"
	"github.com/jca-ml/liaison/worker"
	"github.com/jca-ml/liaison/workflows"
)

// soon is how long anything may take that must happen: a dead worker is noticed, its work taken over, a message settled.
const soon = 90 * time.Second

// rig is everything that runs, and who can kill it.
type rig struct {
	dir      string
	pg       *parts.Postgres
	temporal *parts.Temporal
	worker   *parts.Process
	peer     *peer
	proxy    *proxy
	gate     *gate
	control  string // the gate's address

	pool   *pgxpool.Pool
	store  *store.Store
	engine *engine.Engine

	env   []string // of every worker
	kills map[string]int
}

func start(t *testing.T, env ...string) *rig {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if (errors.Is(err, parts.ErrNoPostgres) || errors.Is(err, parts.ErrNoTemporal)) && os.Getenv("CI") == "" {
			t.Skipf("NOT TESTED, a part is missing: %v", err)
		} else if err != nil {
			t.Fatal(err)
		}
	}
	r := &rig{dir: testkit.Dir(t), gate: &gate{}, env: env, kills: map[string]int{}}
	var err error
	r.pg, err = parts.StartPostgres(ctx, parts.PostgresOptions{Dir: r.dir, NoFetch: true})
	must(err)
	t.Cleanup(func() { stop(t, r.pg) })
	must(r.pg.EnsureDatabase(ctx, "liaison"))
	must(migrations.Up(ctx, r.pg.URL("liaison")))
	r.temporal, err = parts.StartTemporal(ctx, parts.TemporalOptions{PostgresURL: r.pg.URL("postgres"), PostgresDB: "temporal", Dir: r.dir, Namespace: "liaison"})
	must(err)
	t.Cleanup(func() { stop(t, r.temporal) })

	r.pool, err = pgxpool.New(ctx, r.pg.URL("liaison"))
	must(err)
	t.Cleanup(r.pool.Close)
	r.store = store.New(r.pool)
	must(seed.Register(ctx, r.store))
	c, err := client.DialContext(ctx, client.Options{HostPort: r.temporal.Address(), Namespace: "liaison", Logger: worker.Logger(slog.New(slog.DiscardHandler))})
	must(err)
	t.Cleanup(c.Close)
	r.engine = &engine.Engine{Temporal: c, Store: r.store, Wait: 3 * time.Second}

	r.peer = startPeer(t, r.gate)
	u, err := url.Parse(r.pg.URL("liaison"))
	must(err)
	r.proxy = startProxy(t, u.Host)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	t.Cleanup(func() { l.Close() })
	r.control = l.Addr().String()
	go r.gate.serve(l)
	r.startWorker(t)
	t.Cleanup(func() {
		if err := r.worker.Kill(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("the worker's log ends:\n%s", r.worker.LogTail())
		}
	})
	return r
}

func stop(t *testing.T, p interface{ Stop(context.Context) error }) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	if err := p.Stop(ctx); err != nil {
		t.Error(err)
	}
}

// startWorker runs the worker and returns when it polls.
func (r *rig) startWorker(t *testing.T, env ...string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	database, err := url.Parse(r.pg.URL("liaison"))
	if err != nil {
		t.Fatal(err)
	}
	database.Host = r.proxy.l.Addr().String()
	polls, open := r.gate.hold(started, nil, 0, 1)
	defer open()
	r.worker, err = parts.StartProcess(parts.ProcessOptions{
		Name: "worker", Path: self, LogFile: filepath.Join(r.dir, "worker.log"),
		Env: append([]string{
			"PATH=" + os.Getenv("PATH"), asWorker + "=" + r.control,
			"LIAISON_DATABASE_URL=" + database.String(), "LIAISON_SMTP_ADDRESS=" + r.peer.address(), "LIAISON_SMTP_TLS=none",
			"LIAISON_MAIL_FROM=liaison@liaison.example", "LIAISON_MAIL_RETRY=1s", "LIAISON_MAIL_GIVE_UP=1h",
			"LIAISON_MAIL_CANARY=2s", // how often letters of no command are sent
			"TEMPORAL_ADDRESS=" + r.temporal.Address(), "TEMPORAL_NAMESPACE=liaison",
		}, append(env, r.env...)...),
	})
	if err != nil {
		t.Fatal(err)
	}
	r.await(t, polls, "the worker polls")
}

func (r *rig) await(t *testing.T, moment <-chan struct{}, what string) {
	t.Helper()
	bound := time.NewTimer(soon)
	defer bound.Stop()
	select {
	case <-moment:
	case <-r.worker.Done():
		t.Fatalf("waited until %s; the worker ended: %s", what, r.worker.LogTail())
	case <-bound.C:
		t.Fatalf("not within %s: %s", soon, what)
	}
}

// The parts that can be killed, in the order in which they are killed.
const (
	theWorker   = "worker"
	theTemporal = "Temporal"
	thePostgres = "PostgreSQL"
)

func (r *rig) kill(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		part := map[string]interface{ Kill() error }{theWorker: r.worker, theTemporal: r.temporal, thePostgres: r.pg}[name]
		if err := part.Kill(); err != nil {
			t.Fatal(err)
		}
		r.kills[name]++
	}
}

// takenOver reports whether attempts of a worker are still open.
func (r *rig) takenOver(ctx context.Context, pid int) error {
	var n int
	err := r.pool.QueryRow(ctx, `SELECT count(*) FROM attempt WHERE worker = $1 AND outcome IS NULL`, worker.Identity("faults", pid)).Scan(&n)
	if err == nil && n > 0 {
		err = fmt.Errorf("%d attempts of the stalled worker are open", n)
	}
	return err
}

// restart starts killed parts again, those that others need first.
func (r *rig) restart(t *testing.T, names ...string) {
	t.Helper()
	for i := len(names) - 1; i >= 0; i-- {
		var err error
		switch names[i] {
		case theWorker:
			r.startWorker(t)
		case theTemporal:
			err = r.temporal.Start(t.Context())
		case thePostgres:
			err = r.pg.Start(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func newCommand() liaison.CommandID { return liaison.CommandID(uuid.NewString()) }

// do gives a command until it is known what came of it, as a person would: the same one again.
func (r *rig) do(t *testing.T, cmd liaison.Command) liaison.Answer {
	t.Helper()
	var answer liaison.Answer
	testkit.Eventually(t, soon, func() (err error) {
		answer, err = r.engine.Do(t.Context(), cmd)
		if err != nil && liaison.CodeOf(err) != liaison.Unavailable {
			t.Fatalf("%s: %v", cmd.Kind, err)
		}
		return err
	})
	return answer
}

// twenty are the addressees of a dispatch.
const twenty = 20

// submitted drafts a statement to twenty bodies and submits it; the letter to the chair is through.
func (r *rig) submitted(t *testing.T) liaison.StatementID {
	t.Helper()
	id := r.drafted(t)
	r.do(t, liaison.Command{ID: newCommand(), Kind: liaison.DoSubmit, Statement: id, Actor: seed.Editor.ID})
	testkit.Eventually(t, soon, func() error { return r.settled(t.Context(), id, liaison.InReview) })
	return id
}

func (r *rig) drafted(t *testing.T) liaison.StatementID {
	t.Helper()
	c := liaison.Content{
		Source: seed.JCAML, Title: t.Name(), Questions: "N/A", Deadline: "2099-01-31",
		Contacts: []liaison.Contact{{Name: "Kangchan Lee", Organization: "ETRI", Email: "chair@jca-ml.example"}},
		ReplyTo:  "jca-ml@liaison.example", Language: "en", Abstract: "Asks for entries of the roadmap.",
		Text: "Please review the entries of your group.\n.\nA line that is only a dot came before this one.",
	}
	for _, b := range seed.Bodies() {
		if len(c.Addressees) < twenty && b.Email != "" && b.Until == "" && b.Code != seed.JCAML {
			c.Addressees = append(c.Addressees, liaison.Addressee{Body: b.Code, Purpose: liaison.ForAction})
		}
	}
	id := liaison.StatementID(uuid.NewString())
	if _, err := r.store.Create(t.Context(), id, seed.Editor.ID, c); err != nil {
		t.Fatal(err)
	}
	return id
}

// approval is the chair's command on what was submitted.
func (r *rig) approval(t *testing.T, id liaison.StatementID) liaison.Command {
	t.Helper()
	var snap store.Snapshot
	testkit.Eventually(t, soon, func() (err error) { // the database may just have come up again
		snap, err = r.store.Snapshot(t.Context(), id)
		return err
	})
	return liaison.Command{ID: newCommand(), Kind: liaison.DoApprove, Statement: id, Actor: seed.Chair.ID, Digest: snap.Digest, Consulted: seed.Consulted()}
}

// settled reports what is still open of a statement. Letters that wait to be released, for the digest of the day perhaps, are not.
func (r *rig) settled(ctx context.Context, id liaison.StatementID, states ...liaison.State) error {
	var state liaison.State
	var open, all int
	err := r.pool.QueryRow(ctx, `
		SELECT s.state, count(*) FILTER (WHERE t.batch IS NOT NULL AND t.state IN ('queued', 'attempting', 'deferred')), count(t.id)
		FROM statement s LEFT JOIN transmission t ON t.statement_id = s.id WHERE s.id = $1 GROUP BY s.id`, id).Scan(&state, &open, &all)
	if err != nil {
		return err
	}
	if open > 0 || all == 0 {
		var which []string
		if err := r.pool.QueryRow(ctx, `
			SELECT array_agg(concat_ws(' ', t.letter, t.state, t.attempts, a.worker, 'dot', a.dot_at::time, a.outcome)) FROM transmission t LEFT JOIN attempt a ON a.transmission_id = t.id AND a.n = t.attempts
			WHERE t.statement_id = $1 AND t.batch IS NOT NULL AND t.state IN ('queued', 'attempting', 'deferred')`, id).Scan(&which); err != nil {
			return err
		}
		return fmt.Errorf("%d of %d messages are open, the statement is %s: %q", open, all, state, which)
	}
	for _, s := range states {
		if s == state {
			return nil
		}
	}
	return fmt.Errorf("the statement is %s", state)
}

// of picks the messages of a statement. While the database is down it picks none.
func (r *rig) of(t *testing.T, id liaison.StatementID) func(messageID string) bool {
	ctx := t.Context()
	return func(messageID string) (is bool) {
		err := r.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM transmission WHERE statement_id = $1 AND message_id = $2)`, id, messageID).Scan(&is)
		return err == nil && is
	}
}

// caught reports whether everything that is open of a statement stands before a gate, so that nothing more can come there.
func (r *rig) caught(ctx context.Context, id liaison.StatementID) bool {
	standing := r.gate.standing()
	var open int
	err := r.pool.QueryRow(ctx, `SELECT count(*) FROM transmission WHERE statement_id = $1 AND state IN ('queued', 'attempting', 'deferred')`, id).Scan(&open)
	return err == nil && standing > 0 && open <= standing
}

// addressees are the mailboxes that a statement goes to.
func (r *rig) addressees(t *testing.T, id liaison.StatementID) []string {
	t.Helper()
	snap, err := r.store.Snapshot(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, a := range snap.Content.Addressees {
		out = append(out, a.Email)
	}
	return out
}

// noDoubt reports whether a message of a statement is in doubt.
func (r *rig) noDoubt(ctx context.Context, id liaison.StatementID) error {
	rows, err := r.pool.Query(ctx, `
		SELECT concat_ws(' ', t.letter, t.recipient_email, a.n, a.worker, 'dot', a.dot_at::time, 'ended', a.ended_at::time, a.stage, a.error)
		FROM transmission t JOIN attempt a ON a.transmission_id = t.id WHERE t.statement_id = $1 AND t.state = 'unknown'`, id)
	if err != nil {
		return err
	}
	doubts, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err == nil && len(doubts) > 0 {
		err = fmt.Errorf("in doubt: %q", doubts)
	}
	return err
}

// unknown are the messages to the addressees of a statement that are in doubt.
func (r *rig) unknown(t *testing.T, id liaison.StatementID) []liaison.TransmissionID {
	t.Helper()
	rows, err := r.pool.Query(t.Context(), `SELECT id FROM transmission WHERE statement_id = $1 AND letter = 'statement' AND state = 'unknown'`, id)
	if err != nil {
		t.Fatal(err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[liaison.TransmissionID])
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// finish waits until everything about a statement is settled.
func (r *rig) finish(t *testing.T, id liaison.StatementID) {
	t.Helper()
	testkit.Eventually(t, soon, func() error { return r.settled(t.Context(), id, liaison.Dispatched, liaison.DispatchedInPart) })
}

// examine asks the judge, the audit log, the register and the workflow about a finished statement, and closes it.
func (r *rig) examine(t *testing.T, id liaison.StatementID) (tally, []string) {
	t.Helper()
	ctx := t.Context()
	entries := r.entries(t, soon, underway, id)
	n, problems := judge(entries, r.peer.world(), r.peer.refusals())
	complain := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }

	var state liaison.State
	var letters, accepted, approvals, decisions, doubts int
	if err := r.pool.QueryRow(ctx, `
		SELECT s.state,
			(SELECT count(*) FROM transmission WHERE statement_id = s.id AND letter = 'statement'),
			(SELECT count(*) FROM transmission WHERE statement_id = s.id AND letter = 'statement' AND state = 'accepted'),
			(SELECT count(*) FROM event WHERE statement_id = s.id AND kind = 'approved'),
			(SELECT count(*) FROM decision WHERE statement_id = s.id),
			(SELECT count(*) FROM event WHERE statement_id = s.id AND kind = 'unknown' AND letter = 'statement')
		FROM statement s WHERE id = $1`, id).Scan(&state, &letters, &accepted, &approvals, &decisions, &doubts); err != nil {
		t.Fatal(err)
	}
	if letters != twenty {
		complain("there are %d messages to %d addressees", letters, twenty)
	}
	if approvals != 1 || decisions != 1 {
		complain("one approval is recorded as %d events and %d decisions", approvals, decisions)
	}
	switch {
	case accepted < letters && state != liaison.DispatchedInPart:
		complain("%d of %d were accepted and the statement is %s", accepted, letters, state)
	case accepted == letters && state != liaison.Dispatched && doubts == 0: // with a doubt the answer may have come after the settlement
		complain("every message was accepted and the statement is %s", state)
	}
	report, err := r.store.Audit(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range report.Problems {
		complain("the log: %v", p)
	}

	for _, x := range r.unknown(t, id) { // nothing is closed over a doubt: a person settles it
		r.do(t, liaison.Command{ID: newCommand(), Kind: liaison.DoTreatAsSent, Statement: id, Transmission: x, Actor: seed.Secretary.ID, Reason: "The end of a test."})
	}
	// The workflow takes the last command only if its state is the register's, and then all of its runs are at an end.
	closed := r.do(t, liaison.Command{ID: newCommand(), Kind: liaison.DoClose, Statement: id, Actor: seed.Secretary.ID, Reason: "The end of a test."})
	if closed.State != liaison.Closed {
		complain("closing it led to %s", closed.State)
	}
	runs := []string{workflows.StatementWorkflowID(id)}
	rows, err := r.pool.Query(ctx, `SELECT DISTINCT batch FROM transmission WHERE statement_id = $1 AND batch IS NOT NULL`, id)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var batch liaison.CommandID
		if err := rows.Scan(&batch); err != nil {
			t.Fatal(err)
		}
		runs = append(runs, workflows.DispatchWorkflowID(id, batch))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for _, run := range runs {
		testkit.Eventually(t, soon, func() error {
			d, err := r.engine.Temporal.DescribeWorkflowExecution(ctx, run, "")
			if _, none := errors.AsType[*serviceerror.NotFound](err); none && run != runs[0] {
				return nil // the first attempt was enough
			} else if err != nil {
				return err
			}
			if s := d.GetWorkflowExecutionInfo().GetStatus(); s != enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED {
				return fmt.Errorf("the workflow %s is %s", run, s)
			}
			return nil
		})
	}
	return n, problems
}
