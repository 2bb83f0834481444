package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/internal/post"
	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/web"
)

const stored = 10_000

// BenchmarkPages: each page from request to last byte, with 10,000 statements stored. Aim: the list under 50 ms (p99).
func BenchmarkPages(b *testing.B) {
	p := begin(b)
	p.startWorker(b)
	some := p.fill(b, stored)
	real := p.dispatched(b)
	out := newPage(b, fmt.Sprintf("PAGES (%d statements stored; as the chair, request to last byte)", stored))

	handler, err := web.New(web.Config{
		Store: p.store, Engine: p.engine, Demo: true, Log: slog.New(slog.DiscardHandler),
		Post: &post.Office{Store: p.store, From: "liaison@liaison.example", URL: "http://127.0.0.1"},
	})
	if err != nil {
		b.Fatal(err)
	}
	site := httptest.NewServer(handler)
	defer site.Close()
	browser := signIn(b, site.URL)

	after := url.QueryEscape(time.Now().Add(-stored/2*time.Minute).UTC().Format(time.RFC3339Nano) + ",ffffffff-ffff-ffff-ffff-ffffffffffff")
	out.add("%-42s %9s %9s %9s %9s", "page", "requests", "bytes", "p50 ms", "p99 ms")
	for _, page := range []struct{ name, metric, address string }{
		{"statements, first page", "list", "/statements"},
		{"statements, from the middle", "middle", "/statements?after=" + after},
		{"statements, closed only", "closed", "/statements?state=closed"},
		{"statements, in review only", "in-review", "/statements?state=in-review"},
		{"waiting for you", "waiting", "/"},
		{"a stored statement", "statement", "/statements/" + string(some)},
		{"a dispatched statement", "dispatched", "/statements/" + string(real)},
		{"its history", "history", "/statements/" + string(real) + "/history"},
		{"bodies", "bodies", "/bodies"},
	} {
		const requests, warm = 400, 20
		var samples []time.Duration
		var size int
		for i := range requests + warm {
			began := time.Now()
			size = get(b, browser, site.URL+page.address)
			if i >= warm {
				samples = append(samples, time.Since(began))
			}
		}
		out.add("%-42s %9d %9d %9.1f %9.1f", page.name, requests, size, ms(quantile(samples, .5)), ms(quantile(samples, .99)))
		b.ReportMetric(ms(quantile(samples, .99)), page.metric+"-p99-ms")
	}
}

// BenchmarkMemory: what `liaison serve` and `liaison worker` hold after work, with 10,000 statements stored. Aim: under 200 MB.
func BenchmarkMemory(b *testing.B) {
	p := begin(b)
	some := p.fill(b, stored)
	out := newPage(b, fmt.Sprintf("MEMORY (resident, %d statements stored)", stored))
	path := program(b, b.TempDir())
	listen := freeAddress(b)
	serve := p.run(b, "serve", path, []string{"serve"}, "LIAISON_DEMO=true", "LIAISON_LISTEN="+listen, "LIAISON_URL=http://"+listen)
	work := p.run(b, "liaison-worker", path, []string{"worker"})
	site := "http://" + listen
	testkit.Eventually(b, time.Minute, func() error {
		res, err := http.Get(site + "/readyz")
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("not ready: %s", res.Status)
		}
		return nil
	})
	out.add("%-42s %9s %9s %9s", "MB", "serve", "worker", "both")
	weigh := func(when string) float64 {
		s, w := resident(b, serve.Pid()), resident(b, work.Pid())
		out.add("%-42s %9.0f %9.0f %9.0f", when, s, w, s+w)
		return s + w
	}
	weigh("after the start")
	p.dispatched(b)
	browser := signIn(b, site)
	for range 500 {
		get(b, browser, site+"/statements")
		get(b, browser, site+"/")
		get(b, browser, site+"/statements/"+string(some))
	}
	weigh("after 1,500 pages and a dispatch to 20")
	codes := register(b, p, 200)
	for range 3 {
		p.dispatch(b, codes...)
	}
	b.ReportMetric(weigh("after three dispatches to 200 more"), "serve+worker-MB")
	out.add("%-42s %9s %9s %9.0f", "beside them: Temporal", "", "", resident(b, p.temporal.Pid()))
}

// dispatched takes a statement to twenty bodies all the way.
func (p *place) dispatched(b *testing.B) liaison.StatementID {
	b.Helper()
	var codes []liaison.Code
	for _, body := range seed.Bodies() {
		if len(codes) < 20 && body.Email != "" && body.Until == "" && body.Code != seed.JCAML {
			codes = append(codes, body.Code)
		}
	}
	return p.dispatch(b, codes...)
}

func (p *place) dispatch(b *testing.B, to ...liaison.Code) liaison.StatementID {
	b.Helper()
	id := p.draft(b, 5000, to...)
	p.do(b, liaison.Command{ID: newCommand(), Kind: liaison.DoSubmit, Statement: id, Actor: seed.Editor.ID})
	snap, err := p.store.Snapshot(b.Context(), id)
	if err != nil {
		b.Fatal(err)
	}
	p.do(b, liaison.Command{ID: newCommand(), Kind: liaison.DoApprove, Statement: id, Actor: seed.Chair.ID, Digest: snap.Digest, Consulted: seed.Consulted()})
	testkit.Eventually(b, 5*time.Minute, func() error {
		snap, err := p.store.Snapshot(b.Context(), id)
		if err == nil && snap.State != liaison.Dispatched {
			err = fmt.Errorf("the statement is %s", snap.State)
		}
		return err
	})
	p.quiet(b)
	return id
}

func signIn(b *testing.B, site string) *http.Client {
	b.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	res, err := browser.PostForm(site+"/sign-in", url.Values{"person": {string(seed.Chair.ID)}})
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	if text, err := io.ReadAll(res.Body); err != nil || res.StatusCode != http.StatusOK || !strings.Contains(string(text), seed.Chair.Name) {
		b.Fatalf("signing in gave %s, %v", res.Status, err)
	}
	return browser
}

// get reads a page to its end and returns its size.
func get(b *testing.B, browser *http.Client, address string) int {
	res, err := browser.Get(address)
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	n, err := io.Copy(io.Discard, res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		b.Fatalf("%s: %s, %v", address, res.Status, err)
	}
	return int(n)
}

// fill stores n statements as rows, in one transaction: one a minute back from now, in every state, each with four addressees and,
// where it left, its messages and events. They are consistent, but that no leaf of the log stands for them. It returns one that left.
func (p *place) fill(b *testing.B, n int) (left liaison.StatementID) {
	b.Helper()
	// Out of twenty: most of a register is closed. Of the others there is one each in 300, and three that left.
	states := append(slices.Repeat([]liaison.State{liaison.Closed}, 16), liaison.Withdrawn, liaison.Rejected, liaison.Draft, liaison.Draft)
	few := map[int]liaison.State{
		7: liaison.InReview, 107: liaison.Approved, 207: liaison.DispatchedInPart, 27: liaison.Dispatched, 127: liaison.Dispatched, 227: liaison.Dispatched,
	}
	to := []liaison.Code{"itu-t/sg11", "itu-t/sg17", "iso-iec/jtc1/sc42", "w3c"}
	var statements, drafts, drafters, revisions, addressees, commands, decisions, transmissions, events [][]any
	number := 0
	for i := range n {
		id := uuid.NewString()
		at := time.Now().Add(-time.Duration(i) * time.Minute).UTC().Truncate(time.Microsecond)
		state := states[i%len(states)]
		if s, ok := few[i%300]; ok {
			state = s
		}
		c := content(2000, to...)
		c.Title = fmt.Sprintf("LS/o on review of entry %d of the roadmap of standards on machine learning", i)
		for j := range c.Addressees {
			c.Addressees[j].Name, c.Addressees[j].Email = strings.ToUpper(string(to[j])), "liaisons@"+strings.ReplaceAll(string(to[j]), "/", ".")+".example"
		}
		canonical, err := liaison.Canonical(c)
		if err != nil {
			b.Fatal(err)
		}
		drafts = append(drafts, []any{id, 1, canonical, seed.Editor.ID, at})
		drafters = append(drafters, []any{id, seed.Editor.ID})
		var revision int
		var digest, num, period, ref, approvedBy, approvedAs, approvedAt, approvedDigest, dispatchedAt any
		event := func(kind, from, to string, version int, transmission any) {
			events = append(events, []any{uuid.NewString(), kind, at, id, version, from, to, transmission})
		}
		event("drafted", "", "draft", 1, nil)
		version := 1
		if state != liaison.Draft {
			revision, digest, version = 1, liaison.DigestOf(canonical), 2
			revisions = append(revisions, []any{id, 1, digest, canonical, seed.Editor.ID, at})
			for j, a := range c.Addressees {
				addressees = append(addressees, []any{id, 1, j + 1, a.Body, a.Name, a.Email, a.Purpose})
			}
			event("submitted", "draft", "in-review", 2, nil)
		}
		approved := state == liaison.Approved || state == liaison.Dispatched || state == liaison.DispatchedInPart || state == liaison.Closed
		if approved {
			number++
			num, period, ref = number, "2022-2024", fmt.Sprintf("JCA-ML-LS%d", number)
			approvedDigest, approvedBy, approvedAs, approvedAt = digest, seed.Chair.ID, liaison.AsChair, at
			command, decision := uuid.NewString(), uuid.NewString()
			answer, err := json.Marshal(liaison.Answer{Statement: liaison.StatementID(id), State: state})
			if err != nil {
				b.Fatal(err)
			}
			commands = append(commands, []any{command, id, "approve", answer, at})
			decisions = append(decisions, []any{decision, id, 1, digest, "approve", seed.Chair.ID, liaison.AsChair, false, "", command, at})
			event("approved", "in-review", "approved", 3, nil)
			version = 3
			for j, a := range c.Addressees {
				transmission, outcome := uuid.NewString(), "accepted"
				var batch any = command
				switch {
				case state == liaison.Approved:
					outcome, batch = "queued", nil
				case state == liaison.DispatchedInPart && j == 0:
					outcome = "refused"
				}
				transmissions = append(transmissions, []any{
					transmission, id, 1, "statement", j + 1, a.Body, a.Name, a.Email, uuid.NewString() + "@jca-ml.example", at, decision, "approve", batch, outcome, 1, 250, "2.0.0 OK", at, at,
				})
				if outcome != "queued" {
					event(outcome, "", "", 3, transmission)
				}
			}
			if state != liaison.Approved {
				dispatchedAt, left, version = at, liaison.StatementID(id), 4
			}
		}
		statements = append(statements, []any{
			id, seed.JCAML, state, version, seed.Editor.ID, c.Title, "2099-01-31", revision, digest, num, period, ref,
			approvedDigest, approvedBy, approvedAs, approvedAt, dispatchedAt, at, at,
		})
	}
	err := pgx.BeginFunc(b.Context(), p.pool, func(tx pgx.Tx) error {
		for _, t := range []struct {
			name    pgx.Identifier
			columns string
			rows    [][]any
		}{
			{pgx.Identifier{"statement"}, "id group_code state version drafter_id title deadline revision digest number period ref approved_digest approved_by approved_as approved_at dispatched_at created_at changed_at", statements},
			{pgx.Identifier{"draft"}, "statement_id version canonical saved_by saved_at", drafts},
			{pgx.Identifier{"drafter"}, "statement_id person_id", drafters},
			{pgx.Identifier{"revision"}, "statement_id number digest canonical submitted_by submitted_at", revisions},
			{pgx.Identifier{"addressee"}, "statement_id revision position body_code name email purpose", addressees},
			{pgx.Identifier{"command"}, "id statement_id kind answer done_at", commands},
			{pgx.Identifier{"decision"}, "id statement_id revision digest kind person_id acting drafted reason command_id decided_at", decisions},
			{pgx.Identifier{"transmission"}, "id statement_id revision letter position body_code recipient_name recipient_email message_id message_date approval_id approval_kind batch state attempts code reply changed_at created_at", transmissions},
			{pgx.Identifier{"event"}, "id kind at statement_id version from_state to_state transmission_id", events},
		} {
			if _, err := tx.CopyFrom(b.Context(), t.name, strings.Fields(t.columns), pgx.CopyFromRows(t.rows)); err != nil {
				return fmt.Errorf("fill %v: %w", t.name, err)
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	for _, sql := range []string{"VACUUM ANALYZE", "CHECKPOINT"} { // what storing so much at once leaves to be done
		if _, err := p.pool.Exec(b.Context(), sql); err != nil {
			b.Fatal(err)
		}
	}
	return left
}

func build(b *testing.B, path, pkg string) {
	b.Helper()
	if out, err := exec.CommandContext(b.Context(), "go", "build", "-o", path, pkg).CombinedOutput(); err != nil {
		b.Fatalf("build %s: %v\n%s", pkg, err, out)
	}
}

// resident is the memory that a process holds, in MB (Linux: proc_pid_status(5)).
func resident(b *testing.B, pid int) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Skipf("NOT MEASURED: %v", err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				b.Fatal(err)
			}
			return float64(kb) / 1024
		}
	}
	b.Fatalf("process %d is gone", pid)
	return 0
}
