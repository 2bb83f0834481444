package faults

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"golang.org/x/sync/errgroup"

	"github.com/jca-ml/liaison/activities"
	"github.com/jca-ml/liaison/internal/config"
	"github.com/jca-ml/liaison/internal/engine"
	"github.com/jca-ml/liaison/internal/inbound"
	"github.com/jca-ml/liaison/internal/post"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail"
	"github.com/jca-ml/liaison/worker"
)

// Under asWorker the test binary is the worker, until it is killed. The value is the address of the gate.
const (
	asWorker = "FAULTS_WORKER"
	asNaive  = "FAULTS_NAIVE" // the worker sends as the control run does

	// asForgetful keeps no workflow in memory. A worker that does is asked first, and waited for 5 s when it is dead; and one
	// that does not replays every workflow at every step.
	asForgetful = "FAULTS_FORGETFUL"

	asPatient = "FAULTS_PATIENT" // the worker waits as long as in production
)

func TestMain(m *testing.M) {
	if address := os.Getenv(asWorker); address != "" {
		fmt.Fprintln(os.Stderr, "worker ended:", work(context.Background(), address))
		os.Exit(1)
	}
	testkit.Main(m)
}

// work is `liaison worker` with a gate on the way of each message and shorter timeouts.
func work(ctx context.Context, address string) error {
	cfg, _, err := config.Load("", os.Environ())
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, cfg.DatabaseURL, store.ForWorker)
	if err != nil {
		return err
	}
	relay, err := mail.NewRelay(mail.RelayConfig{Address: cfg.SMTPAddress, TLS: cfg.SMTPTLS})
	if err != nil {
		return err
	}
	options, err := cfg.Temporal()
	if err != nil {
		return err
	}
	options.Logger = worker.Logger(slog.New(slog.NewTextHandler(os.Stderr, nil)))
	h := &haste{}
	if os.Getenv(asNaive) != "" {
		h.naive = &naive{store: s, relay: relay, from: cfg.MailFrom}
	}
	if os.Getenv(asPatient) == "" {
		options.Interceptors = []interceptor.ClientInterceptor{h}
	}
	c, err := client.NewLazyClient(options)
	if err != nil {
		return err
	}
	keys, err := cfg.InboundKeys()
	if err != nil {
		return err
	}
	e := &engine.Engine{Temporal: c, Store: s}
	worker.LimitMemory()
	if os.Getenv(asForgetful) != "" {
		sdkworker.SetStickyWorkflowCacheSize(0)
	}
	w := worker.New(c, &activities.Activities{
		Addresses: inbound.Addresses{Keys: keys, Domain: cfg.InboundDomain}, RelayName: relay.Address(), Settling: cfg.Settling(),
		Store: s, Relay: gated{mail.NewPool(relay, 0), address}, Runs: e, From: cfg.MailFrom, Retry: cfg.Retry(), Worker: worker.Identity("faults", os.Getpid()),
		Office: &post.Office{Store: s, From: cfg.MailFrom, URL: cfg.URL},
		AtOnce: cfg.SMTPConnections, Limits: &mail.Limits{AtOnce: cfg.MailAtOnce, PerMinute: cfg.MailPerMinute},
	})
	for e.Ready(ctx) != nil { // Temporal may come up after us; the client waits between its tries
	}
	if err := w.Start(); err != nil {
		return err
	}
	ask(address, started, "")
	var g errgroup.Group
	g.Go(func() error { return e.Schedule(ctx) })
	g.Go(func() error { return e.ScheduleMending(ctx, cfg.MailCanary) })
	g.Go(func() error {
		return e.SendLetters(ctx, 200*time.Millisecond, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	})
	return g.Wait()
}

// gated is the relay with the gate around it.
type gated struct {
	*mail.Pool
	gate string
}

func (g gated) Send(ctx context.Context, env mail.SMTPEnvelope, message []byte, beforeDot func(context.Context) error) mail.Result {
	id := messageID(message)
	ask(g.gate, claimed, id)
	result := g.Pool.Send(ctx, env, message, func(ctx context.Context) error {
		ask(g.gate, written, id)
		err := beforeDot(ctx)
		ask(g.gate, dotted, id)
		return err
	})
	ask(g.gate, answered, id)
	return result
}

// haste shortens what waits for a dead worker, so that a test need not; and for the control run it replaces the sender.
type haste struct {
	interceptor.InterceptorBase
	naive *naive
}

const (
	heartbeat = 4 * time.Second // 12 s in production; shorter ones call a worker dead on a machine that is only busy
	prepare   = 5 * time.Second // 2 min in production, for one try of what may be repeated
	record    = time.Second     // 30 s in production, for one try of a transaction
	pause     = time.Second     // 30 s in production, before an attempt that could not begin is tried again
)

func (h *haste) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	in := &hasty{h: h}
	in.Next = next
	return in
}

type hasty struct {
	interceptor.WorkflowInboundInterceptorBase
	h *haste
}

func (i *hasty) Init(out interceptor.WorkflowOutboundInterceptor) error {
	o := &hastyCalls{naive: i.h.naive != nil}
	o.Next = out
	return i.Next.Init(o)
}

type hastyCalls struct {
	interceptor.WorkflowOutboundInterceptorBase
	naive bool
}

func (o *hastyCalls) ExecuteActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	opts := workflow.GetActivityOptions(ctx)
	opts.HeartbeatTimeout = min(opts.HeartbeatTimeout, heartbeat)
	sends := name == "Transmit" || name == "TransmitSeveral" || name == "TransmitFirst"
	if !sends {
		opts.StartToCloseTimeout = min(opts.StartToCloseTimeout, prepare)
	}
	if o.naive && sends {
		opts.RetryPolicy = &temporal.RetryPolicy{InitialInterval: 100 * time.Millisecond} // else Temporal's default
	}
	return o.Next.ExecuteActivity(workflow.WithActivityOptions(ctx, opts), name, args...)
}

func (o *hastyCalls) ExecuteLocalActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	opts := workflow.GetLocalActivityOptions(ctx)
	opts.StartToCloseTimeout = min(opts.StartToCloseTimeout, record)
	return o.Next.ExecuteLocalActivity(workflow.WithLocalActivityOptions(ctx, opts), name, args...)
}

func (o *hastyCalls) AwaitWithTimeout(ctx workflow.Context, timeout time.Duration, condition func() bool) (bool, error) {
	return o.Next.AwaitWithTimeout(ctx, min(timeout, pause), condition)
}

// InterceptActivity puts the naive sender in the place of Transmit.
func (h *haste) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	if h.naive == nil {
		return next
	}
	in := &naiveActivities{naive: h.naive}
	in.Next = next
	return in
}

type naiveActivities struct {
	interceptor.ActivityInboundInterceptorBase
	naive *naive
}

func (a *naiveActivities) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	switch name := activity.GetInfo(ctx).ActivityType.Name; name {
	case "Transmit":
		id, ok := in.Args[0].(liaison.TransmissionID)
		if !ok {
			return nil, fmt.Errorf("%s was called with %T", name, in.Args[0])
		}
		return a.naive.transmit(ctx, id)
	case "TransmitFirst": // it leaves all of it to the workflow that tries again
		first, ok := in.Args[0].(activities.FirstInput)
		if !ok {
			return nil, fmt.Errorf("%s was called with %T", name, in.Args[0])
		}
		return first.Batches, nil
	case "TransmitSeveral":
		ids, ok := in.Args[0].([]liaison.TransmissionID)
		if !ok {
			return nil, fmt.Errorf("%s was called with %T", name, in.Args[0])
		}
		return a.naive.transmitSeveral(ctx, ids)
	}
	return a.Next.ExecuteActivity(ctx, in)
}

// naive sends first and writes down after, and has Temporal try again whatever went wrong: how it is mostly done.
type naive struct {
	store *store.Store
	relay *mail.Relay
	from  string
}

// transmitSeveral sends several at a time, and all that it has not written down again when one of them went wrong.
func (n *naive) transmitSeveral(ctx context.Context, ids []liaison.TransmissionID) ([]activities.Transmission, error) {
	out, errs := make([]activities.Transmission, len(ids)), make([]error, len(ids))
	var g errgroup.Group
	g.SetLimit(16)
	for i, id := range ids {
		g.Go(func() error {
			out[i], errs[i] = n.transmit(ctx, id)
			return nil
		})
	}
	return out, errors.Join(g.Wait(), errors.Join(errs...))
}

func (n *naive) transmit(ctx context.Context, id liaison.TransmissionID) (activities.Transmission, error) {
	over, stop := context.WithCancel(ctx) // the heartbeats' own: one that began with a context that ends stops those of all others
	defer stop()
	go func() {
		tick := time.NewTicker(heartbeat / 4)
		defer tick.Stop()
		for activity.RecordHeartbeat(ctx); ; activity.RecordHeartbeat(ctx) {
			select {
			case <-tick.C:
			case <-over.Done():
				return
			}
		}
	}()
	t, err := n.store.Transmission(ctx, id)
	if err != nil {
		return activities.Transmission{}, err
	}
	if t.State == liaison.TransmissionAccepted { // what it wrote down it does not send again: else no batch would ever end
		return activities.Transmission{ID: id, State: t.State}, nil
	}
	message, err := n.store.Message(ctx, id)
	if err != nil {
		return activities.Transmission{}, err
	}
	result := n.relay.Send(ctx, mail.SMTPEnvelope{From: n.from, To: t.Email}, message, nil)
	if result.Err != nil {
		return activities.Transmission{}, result.Err // Temporal tries again
	}
	claimed, err := n.store.Claim(ctx, id, "naive")
	if err == nil {
		err = n.store.Dot(ctx, claimed)
	}
	if err == nil {
		_, err = n.store.Record(ctx, claimed, store.Sent{Stage: result.Stage, Code: result.Code, Reply: result.Reply}, liaison.Retry{})
	}
	if liaison.CodeOf(err) == liaison.Conflict { // an earlier try wrote it down, or was killed while it did
		_, err = n.store.Abandon(ctx, id, liaison.Retry{})
	}
	return activities.Transmission{ID: id, State: liaison.TransmissionAccepted}, errors.Join(err)
}
