package workflows_test

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/jca-ml/liaison/activities"
	"github.com/jca-ml/liaison/internal/demo/parts"
	"github.com/jca-ml/liaison/internal/engine"
	"github.com/jca-ml/liaison/internal/post"
	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail"
	"github.com/jca-ml/liaison/migrations"
	"github.com/jca-ml/liaison/worker"
	"github.com/jca-ml/liaison/workflows"
)

var record = flag.Bool("record", false, "record the histories in testdata/replay anew, on a real Temporal server")

const recordings = "testdata/replay"

// situations are those in which a release meets workflows of the release before: waiting, and just finished.
var situations = map[string]struct {
	to    []liaison.Code
	kinds []liaison.CommandKind // a + behind approve holds the dispatch
	until liaison.State
}{
	"waiting_in_review":        {[]liaison.Code{"w3c"}, []liaison.CommandKind{"submit"}, liaison.InReview},
	"approved_held":            {[]liaison.Code{"w3c"}, []liaison.CommandKind{"submit", "approve+"}, liaison.Approved},
	"dispatched_with_deferral": {[]liaison.Code{"khronos", "w3c"}, []liaison.CommandKind{"submit", "approve"}, liaison.Dispatched}, // busy@ defers once
	"waiting_for_replies":      {[]liaison.Code{"itu-t/sg17"}, []liaison.CommandKind{"submit", "approve"}, liaison.Dispatched},
	"by_correspondence":        {[]liaison.Code{"w3c"}, []liaison.CommandKind{"submit", "open-window"}, liaison.InCorrespondence},
	"rejected":                 {[]liaison.Code{"w3c"}, []liaison.CommandKind{"submit", "reject"}, liaison.Rejected},
}

// TestReplay runs today's workflows over the histories of earlier ones. A difference means that statements which are waiting
// now would be stuck after an upgrade: put the change behind workflow.GetVersion. Record anew (go test ./workflows -run
// TestRecord -record) only what adds a situation; histories of releases that still run stay.
func TestReplay(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(recordings, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s is empty: nothing is replayed, %v", recordings, err)
	}
	for name := range situations {
		if want := filepath.Join(recordings, recording(name, "statement")); !slices.Contains(files, want) {
			t.Errorf("%s is not recorded", want)
		}
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			if err := replayer(workflows.Statement).ReplayWorkflowHistoryFromJSONFile(quiet(), file); err != nil {
				t.Errorf("statements that are in this situation now would be stuck: %v", err)
			}
		})
	}
}

// recording names the history of a workflow in a situation, by the procedure that it was started with: those of earlier ones stay.
func recording(situation, workflow string) string {
	return fmt.Sprintf("%s.p%d.%s.json", situation, workflows.Procedure, workflow)
}

// TestReplayFindsAnotherOrder changes the order of commands and sees that TestReplay would find it.
func TestReplayFindsAnotherOrder(t *testing.T) {
	file := filepath.Join(recordings, "waiting_in_review.statement.json")
	err := replayer(func(ctx workflow.Context, in workflows.StatementInput) error {
		if err := workflow.Sleep(ctx, time.Hour); err != nil {
			return err
		}
		return workflows.Statement(ctx, in)
	}).ReplayWorkflowHistoryFromJSONFile(quiet(), file)
	if err == nil {
		t.Error("another order of commands was replayed without a word")
	}
}

// TestRecordingsAreSmallAndOfNoMachine: they are read by people, and kept for years.
func TestRecordingsAreSmallAndOfNoMachine(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(recordings, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if len(b) > 64<<10 {
			t.Errorf("%s has %d bytes", file, len(b))
		}
		if strings.Contains(string(b), `"`+host+":") || strings.Contains(string(b), "@"+host) {
			t.Errorf("%s names the machine that it was recorded on", file)
		}
		for line := range strings.SplitSeq(string(b), "\n") {
			if i := strings.Index(line, `"identity":"`); i >= 0 && !strings.HasPrefix(line[i:], `"identity":"recorder"`) && !strings.HasPrefix(line[i:], `"identity":"history-service"`) {
				t.Errorf("%s names a process: %.60s", file, line[i:])
			}
		}
	}
}

func replayer(statement any) sdkworker.WorkflowReplayer {
	r := sdkworker.NewWorkflowReplayer()
	r.RegisterWorkflowWithOptions(statement, workflow.RegisterOptions{Name: workflows.StatementWorkflow})
	r.RegisterWorkflowWithOptions(workflows.Dispatch, workflow.RegisterOptions{Name: workflows.DispatchWorkflow})
	r.RegisterWorkflowWithOptions(workflows.Reconcile, workflow.RegisterOptions{Name: workflows.ReconcileWorkflow})
	return r
}

func quiet() log.Logger { return worker.Logger(slog.New(slog.DiscardHandler)) }

// TestRecord brings statements into the situations on real parts and writes their histories down.
func TestRecord(t *testing.T) {
	if !*record {
		return // nothing is tested here
	}
	e, s := start(t)
	for name, situation := range situations {
		id := liaison.StatementID(uuid.NewString())
		c := liaison.Content{
			Source: seed.JCAML, Title: "A recorded statement", Deadline: "2099-01-31", ReplyTo: "jca-ml@liaison.example", Language: "en", Abstract: "Recorded.", Text: "Text.",
			Contacts: []liaison.Contact{{Name: seed.Chair.Name, Email: seed.Chair.Email}},
		}
		for _, code := range situation.to {
			c.Addressees = append(c.Addressees, liaison.Addressee{Body: code, Purpose: liaison.ForAction})
		}
		if _, err := s.Create(t.Context(), id, seed.Editor.ID, c); err != nil {
			t.Fatal(err)
		}
		var batch liaison.CommandID
		for _, k := range situation.kinds {
			kind, hold := strings.CutSuffix(string(k), "+")
			snap, err := s.Snapshot(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			cmd := liaison.Command{ID: liaison.CommandID(name + "-" + kind), Kind: liaison.CommandKind(kind), Statement: id, Actor: seed.Chair.ID, Digest: snap.Digest, Reason: "because", Hold: hold, Consulted: seed.Consulted()}
			switch cmd.Kind {
			case liaison.DoSubmit:
				cmd.Actor = seed.Editor.ID
			case liaison.DoOpenWindow:
				cmd.Window = &liaison.Opening{Last: snap.Today.Plus(14)}
			}
			if _, err := e.Do(t.Context(), cmd); err != nil {
				t.Fatal(err)
			}
			if batch = cmd.ID; cmd.Kind == liaison.DoApprove {
				batch = workflows.DispatchCommandID(cmd.ID)
			}
			if hold {
				batch = liaison.CommandID(name + "-submit")
			}
		}
		testkit.Eventually(t, time.Minute, func() error {
			snap, err := s.Snapshot(t.Context(), id)
			if err != nil || snap.State != situation.until {
				return fmt.Errorf("%s, %v", snap.State, err)
			}
			ts, err := s.Transmissions(t.Context(), id)
			for _, x := range ts {
				if x.Batch != "" && !x.State.Settled() {
					return fmt.Errorf("%s to %s is %s", x.Letter, x.Email, x.State)
				}
			}
			return err
		})
		save(t, e.Temporal, workflows.StatementWorkflowID(id), recording(name, "statement"))
		if _, err := e.Temporal.DescribeWorkflowExecution(t.Context(), workflows.DispatchWorkflowID(id, batch), ""); err == nil { // what the first attempt left open
			save(t, e.Temporal, workflows.DispatchWorkflowID(id, batch), recording(name, "dispatch"))
		}
	}
}

// save writes the history of a workflow, one event in a line.
func save(t *testing.T, c client.Client, workflowID, name string) {
	t.Helper()
	var events []*historypb.HistoryEvent
	// The last events are written after the last activity's; a workflow that waits has been quiet when it has answered.
	testkit.Eventually(t, time.Minute, func() error {
		events = nil
		for it := c.GetWorkflowHistory(t.Context(), workflowID, "", false, 0); it.HasNext(); {
			e, err := it.Next()
			if err != nil {
				return err
			}
			events = append(events, e)
		}
		switch last := events[len(events)-1].EventType.String(); last {
		case "WorkflowTaskCompleted", "WorkflowExecutionCompleted", "ChildWorkflowExecutionCompleted", "WorkflowExecutionUpdateCompleted", "MarkerRecorded", "TimerStarted":
			return nil
		default:
			return fmt.Errorf("the last event is %s", last)
		}
	})
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	lines := make([]string, len(events))
	for i, e := range events {
		b, err := protojson.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		lines[i] = strings.ReplaceAll(strings.ReplaceAll(string(b), `": "`, `":"`), `"`+host+`:`, `"recorder:`) // a task queue of the worker's own
	}
	if err := os.MkdirAll(recordings, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(recordings, name), []byte("{\"events\":[\n"+strings.Join(lines, ",\n")+"\n]}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// start runs an engine and a worker on real parts, under a fixed name.
func start(t *testing.T) (*engine.Engine, *store.Store) {
	t.Helper()
	s := store.New(testkit.Database(t, migrations.Up))
	if err := seed.Register(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	address, namespace := testkit.Temporal(t)
	c, err := client.DialContext(t.Context(), client.Options{HostPort: address, Namespace: namespace, Identity: "recorder", Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	inbox, err := parts.OpenInbox(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	smtp, err := parts.StartMailServer(t.Context(), parts.MailServerOptions{Inbox: inbox})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := smtp.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	relay, err := mail.NewRelay(mail.RelayConfig{Address: smtp.Addr(), TLS: "none"})
	if err != nil {
		t.Fatal(err)
	}
	e := &engine.Engine{Temporal: c, Store: s}
	w := worker.New(c, &activities.Activities{
		Store: s, Relay: relay, Runs: e, From: "liaison@liaison.example", Worker: "recorder",
		Office: &post.Office{Store: s, From: "liaison@liaison.example", URL: "http://127.0.0.1"},
		Retry:  liaison.Retry{Delays: []time.Duration{time.Second}, GiveUp: time.Minute},
	})
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
	return e, s
}
