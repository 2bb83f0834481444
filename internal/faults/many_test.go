package faults

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
)

// Two destinations that are no good: one takes long to answer for each message, the other asks to come again.
const (
	slowDomain = "slow.example"
	deadDomain = "dead.example"
	slowBy     = 2 * time.Second
)

// town is a relay that writes down what it took and when.
type town struct {
	l    net.Listener
	open sync.WaitGroup

	mu   sync.Mutex
	came map[string][]time.Time // by Message-ID
	put  int                    // how often it asked to come again
}

func startTown(t *testing.T) *town {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &town{l: l, came: map[string][]time.Time{}}
	w.open.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			w.open.Go(func() { w.talk(conn) })
		}
	})
	t.Cleanup(func() { l.Close(); w.open.Wait() })
	return w
}

func (w *town) talk(conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	say := func(s string) bool { _, err := io.WriteString(conn, s+"\r\n"); return err == nil }
	for ok := say("220 town.example ESMTP"); ok; {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch strings.ToUpper(verb) {
		case "EHLO":
			ok = say("250-town.example\r\n250 8BITMIME")
		case "RCPT":
			switch {
			case strings.Contains(rest, "@"+deadDomain):
				w.mu.Lock()
				w.put++
				w.mu.Unlock()
				ok = say("451 4.4.1 No answer from " + deadDomain)
				continue
			case strings.Contains(rest, "@"+slowDomain):
				<-time.After(slowBy)
			}
			ok = say("250 2.1.5 OK")
		case "DATA":
			if !say("354 Go on") {
				return
			}
			message, err := readMessage(r)
			if err != nil {
				return
			}
			id := messageID(message)
			w.mu.Lock()
			w.came[id] = append(w.came[id], time.Now())
			w.mu.Unlock()
			ok = say("250 2.0.0 Taken")
		case "QUIT":
			say("221 2.0.0 Bye")
			return
		default:
			ok = say("250 2.0.0 OK")
		}
	}
}

// TestManyStatementsAtOnce: statements to twenty addressees each, approved all at once; one addressee of each is slow and one dead. The
// others of every statement are not held up, statements are served in the order of their approvals, and the worker's memory does
// not grow with their number.
func TestManyStatementsAtOnce(t *testing.T) {
	t.Parallel()
	w := startTown(t)
	r := start(t, "LIAISON_SMTP_ADDRESS="+w.l.Addr().String(), "LIAISON_MAIL_RETRY=1h", asPatient+"=1")
	if err := r.store.Enter(t.Context(), []liaison.Body{
		{Code: "slow/one", Kind: liaison.Organization, Name: "Slow", Email: "liaisons@" + slowDomain, Source: "a test"},
		{Code: "dead/one", Kind: liaison.Organization, Name: "Dead", Email: "liaisons@" + deadDomain, Source: "a test"},
	}, nil, nil, nil); err != nil {
		t.Fatal(err)
	}
	statements := sized(1000, 40)
	without := r.manyApproved(t, w, max(statements/10, 20)) // nobody is slow or dead
	n := r.manyApproved(t, w, statements, "slow/one", "dead/one")
	t.Logf("FIGURES many at once: %d statements to %d each: %.1f messages/s to those that are well, %.2f of what it is where all are; the last of them came after %s, the last slow one after %s, and the dead one was tried %d times; a statement was at most %d places behind its turn (half of them at most %d); the worker had at most %.0f MB in the first quarter and %.0f MB in the last",
		statements, twenty, n.rate, n.rate/without.rate, n.well.Round(100*time.Millisecond), n.slow.Round(100*time.Millisecond), w.put, n.behind, n.behindHalf, n.early, n.late)
	if n.slow < slowBy || w.put < statements {
		t.Error("nobody was slow, or dead: this tested nothing")
	}
	if n.rate < without.rate/3 {
		t.Errorf("those that are well got %.1f messages/s beside a slow and a dead one, and %.1f without", n.rate, without.rate)
	}
	if most := max(5, statements/10); n.behindHalf > most || full && n.behind > 2*most { // among few, one that the machine held up is nearly the last
		t.Errorf("half of the statements were up to %d places behind their turn, one %d", n.behindHalf, n.behind)
	}
	if n.late > 1.4*n.early+10 || n.late > 150 {
		t.Errorf("the worker's memory grew from %.0f MB to %.0f MB", n.early, n.late)
	}
}

// many is how it went.
type many struct {
	rate               float64       // messages a second to those that are well
	well, slow         time.Duration // until the last of them had come
	behind, behindHalf int           // places in the order of the approvals
	early, late        float64       // MB that the worker has, at most
}

type message struct {
	statement liaison.StatementID
	id, email string
	approved  time.Time
}

// missing are those that have not come, of all but the dead one's. It looks at no more than the first hundred of them, so that asking
// again and again does not slow down what is asked about.
func (w *town) missing(messages []message) (left []message) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, m := range messages {
		if len(w.came[m.id]) == 0 && !strings.HasSuffix(m.email, "@"+deadDomain) {
			left = append(left, m)
		}
		if len(left) == 100 {
			return append(left, messages[i+1:]...)
		}
	}
	return left
}

// ledgerOf is what the ledger says of messages and of each attempt to send them.
func (r *rig) ledgerOf(t *testing.T, messages []message) string {
	t.Helper()
	var ids []string
	for _, m := range messages {
		ids = append(ids, m.id)
	}
	var out string
	err := r.pool.QueryRow(t.Context(), `
		SELECT string_agg(concat_ws(' ', t.message_id, t.state, t.reply, 'changed', t.changed_at, 'next', t.next_try_at,
			(SELECT string_agg(concat_ws(' ', 'attempt', a.n, 'begun', a.started_at, 'dot', a.dot_at, 'ended', a.ended_at, a.outcome, a.error), '; ' ORDER BY a.n) FROM attempt a WHERE a.transmission_id = t.id)), E'\n')
		FROM transmission t WHERE t.message_id = ANY ($1)`, ids).Scan(&out)
	if err != nil {
		return err.Error()
	}
	return out
}

// manyApproved submits and approves so many statements to twenty each, some of them instead of others, and waits until everything but what
// is dead has come.
func (r *rig) manyApproved(t *testing.T, w *town, statements int, instead ...liaison.Code) (n many) {
	t.Helper()
	ids, submits := make([]liaison.StatementID, statements), make([]liaison.Command, statements)
	for i := range ids {
		ids[i] = r.draftedTo(t, instead...)
		submits[i] = liaison.Command{ID: newCommand(), Kind: liaison.DoSubmit, Statement: ids[i], Actor: seed.Editor.ID}
	}
	if err := r.giveAll(t.Context(), submits); err != nil {
		t.Fatal(err)
	}
	approvals := make([]liaison.Command, statements)
	for i, id := range ids {
		approvals[i] = r.approval(t, id)
	}
	stop := make(chan struct{})
	sampled := make(chan []float64, 1)
	go func() {
		var all []float64
		defer func() { sampled <- all }()
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				all = append(all, resident(r.worker.Pid()))
			case <-stop:
				return
			}
		}
	}()
	began := time.Now()
	if err := r.giveAll(t.Context(), approvals); err != nil {
		t.Fatal(err)
	}
	var messages []message
	rows, err := r.pool.Query(t.Context(), `
		SELECT t.statement_id, t.message_id, t.recipient_email, s.approved_at FROM transmission t JOIN statement s ON s.id = t.statement_id
		WHERE t.statement_id = ANY ($1) AND t.letter = 'statement'`, ids)
	if err != nil {
		t.Fatal(err)
	}
	var m message
	if _, err := pgx.ForEachRow(rows, []any{&m.statement, &m.id, &m.email, &m.approved}, func() error { messages = append(messages, m); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(messages) != statements*twenty {
		t.Fatalf("there are %d messages", len(messages))
	}
	left := messages
	testkit.Eventually(t, time.Duration(statements)*time.Second+2*soon, func() error {
		switch left = w.missing(left); {
		case len(left) == 0:
			return nil
		case len(left) > 5:
			return fmt.Errorf("%d of %d messages have not come", len(left), len(messages))
		default:
			return fmt.Errorf("of %d messages have not come:\n%s", len(messages), r.ledgerOf(t, left))
		}
	})
	close(stop)
	testkit.Eventually(t, soon, func() error { return r.written(t.Context(), ids) })

	var wells int
	finished := map[liaison.StatementID]time.Time{}
	approved := map[liaison.StatementID]time.Time{}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range messages {
		dead := strings.HasSuffix(m.email, "@"+deadDomain)
		if times := len(w.came[m.id]); times > 1 || (times == 0) != dead {
			t.Errorf("the message %s to %s came %d times", m.id, m.email, times)
			continue
		}
		if dead {
			continue
		}
		at := w.came[m.id][0]
		if strings.HasSuffix(m.email, "@"+slowDomain) {
			n.slow = max(n.slow, at.Sub(began))
			continue
		}
		wells++
		n.well = max(n.well, at.Sub(began))
		approved[m.statement] = m.approved
		if at.After(finished[m.statement]) {
			finished[m.statement] = at
		}
	}
	n.rate = float64(wells) / n.well.Seconds()
	inTurn := slices.SortedFunc(slices.Values(ids), func(a, b liaison.StatementID) int { return approved[a].Compare(approved[b]) })
	asServed := slices.SortedFunc(slices.Values(ids), func(a, b liaison.StatementID) int { return finished[a].Compare(finished[b]) })
	served := map[liaison.StatementID]int{}
	for i, id := range asServed {
		served[id] = i
	}
	var behind []int
	for i, id := range inTurn {
		behind = append(behind, max(0, served[id]-i))
	}
	slices.Sort(behind)
	n.behind, n.behindHalf = behind[len(behind)-1], behind[len(behind)/2]
	if all := <-sampled; len(all) >= 4 {
		n.early, n.late = slices.Max(all[:len(all)/4]), slices.Max(all[len(all)*3/4:])
	}
	return n
}

// written reports whether the ledger has everything that came as accepted, and what is dead as deferred.
func (r *rig) written(ctx context.Context, ids []liaison.StatementID) error {
	var open, wrong int
	err := r.pool.QueryRow(ctx, `
		SELECT count(*) FILTER (WHERE state IN ('queued', 'attempting')),
			count(*) FILTER (WHERE state <> CASE WHEN recipient_email LIKE '%@`+deadDomain+`' THEN 'deferred' ELSE 'accepted' END)
		FROM transmission WHERE statement_id = ANY ($1) AND letter = 'statement'`, ids).Scan(&open, &wrong)
	if err == nil && wrong > 0 {
		err = fmt.Errorf("%d messages are not settled as they should be, %d of them on their way", wrong, open)
	}
	return err
}

// draftedTo drafts a statement to twenty bodies, these among them.
func (r *rig) draftedTo(t *testing.T, among ...liaison.Code) liaison.StatementID {
	t.Helper()
	c := liaison.Content{
		Source: seed.JCAML, Title: "Review of the roadmap", Questions: "N/A", Deadline: "2099-01-31",
		Contacts: []liaison.Contact{{Name: "Kangchan Lee", Organization: "ETRI", Email: "chair@jca-ml.example"}},
		ReplyTo:  "jca-ml@liaison.example", Language: "en", Abstract: "Asks for entries of the roadmap.", Text: strings.Repeat("Please review the entries of your group.\n", 50),
	}
	for _, code := range among {
		c.Addressees = append(c.Addressees, liaison.Addressee{Body: code, Purpose: liaison.ForAction})
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

// resident is how much memory a process has, in MB; 0 if the system does not say.
func resident(pid int) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			var kb float64
			if _, err := fmt.Sscanf(rest, "%f kB", &kb); err == nil {
				return kb * 1024 / 1e6
			}
		}
	}
	return 0
}
