//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"strconv"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/schema/sqlite"
	"go.temporal.io/server/temporal"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"google.golang.org/protobuf/types/known/durationpb"
)

// clusterName is written into the store with the namespaces: never change it.
const clusterName = "active"

// readyTimeout bounds the wait for a first answer: on a busy small machine a start takes seconds, never a minute.
const readyTimeout = 60 * time.Second

// settings are the server's dynamic configuration; --dynamic-config-value overrides them. "Measured" is with 500 workflows
// of three activities on two cores.
var settings = map[string]any{
	// The default of 20 a second for each shard makes every step of a lone workflow wait 50 ms. Measured: 200 ms a workflow
	// before, 40 to 60 after, same throughput.
	"history.transferProcessorMaxPollRPS": 1000,
	// How long a task waits in the store whose notice got lost, because the store went away in that moment. By default a minute, and
	// five for what is due at a time; a look costs one read of each shard.
	"history.transferProcessorMaxPollInterval": "10s",
	"history.timerProcessorMaxPollInterval":    "10s",
	// Limits that protect a shared database from a cluster; here they would only throttle a burst.
	"frontend.persistenceMaxQPS": 10_000,
	"history.persistenceMaxQPS":  45_000,
	"matching.persistenceMaxQPS": 10_000,
	"worker.persistenceMaxQPS":   10_000,
	// Ten list calls a second are too few for a test that polls.
	"frontend.namespaceRPS.visibility": 100,
	// Liaison's decisions are Updates, the first one an update-with-start. These are the defaults of this version; they
	// stand here so that a new version cannot turn them off unseen.
	"frontend.enableUpdateWorkflowExecution":              true,
	"frontend.enableUpdateWorkflowExecutionAsyncAccepted": true,
	// A search attribute is there as soon as it is registered; affordable with one client.
	"system.forceSearchAttributesCacheRefreshOnRead": true,
	// No calls to the outside.
	"frontend.enableServerVersionCheck": false,
	// Memory: made for thousands of workflows a second on a host of its own (128000 runs, 128 MiB of events, 512 workers for
	// each queue, four partitions for each task queue).
	"history.hostLevelCacheMaxSize":                               1024,
	"history.eventsHostLevelCacheMaxSizeBytes":                    16 << 20,
	"history.transferProcessorSchedulerWorkerCount":               64,
	"history.timerProcessorSchedulerWorkerCount":                  64,
	"history.visibilityProcessorSchedulerWorkerCount":             64,
	"history.archivalProcessorSchedulerWorkerCount":               8,
	"history.ReplicationProcessorSchedulerWorkerCount":            8,
	"history.ReplicationLowPriorityProcessorSchedulerWorkerCount": 8,
	"matching.numTaskqueueReadPartitions":                         1,
	"matching.numTaskqueueWritePartitions":                        1,
}

// A server is the running Temporal server.
type server struct {
	temporal temporal.Server
	address  string // of the frontend
}

// startServer registers the namespaces in the store and starts all four services.
func startServer(ctx context.Context, o options, st *store) (*server, error) {
	for _, name := range o.namespaces {
		if err := registerNamespace(name, o, st); err != nil {
			return nil, err
		}
	}
	logger := serverLogger(o)
	authorizer, err := authorization.GetAuthorizerFromConfig(&config.Authorization{})
	if err != nil {
		return nil, fmt.Errorf("authorizer: %w", err)
	}
	claims, err := authorization.GetClaimMapperFromConfig(&config.Authorization{}, logger)
	if err != nil {
		return nil, fmt.Errorf("claim mapper: %w", err)
	}
	ports, err := choosePorts(o)
	if err != nil {
		return nil, err
	}
	address := net.JoinHostPort(o.ip, strconv.Itoa(ports[primitives.FrontendService]))
	hosts := map[primitives.ServiceName]static.Hosts{}
	for service, port := range ports {
		hosts[service] = static.SingleLocalHost(net.JoinHostPort(o.ip, strconv.Itoa(port)))
	}
	s, err := temporal.NewServer(
		temporal.WithConfig(serverConfig(o.ip, address, ports, st)),
		temporal.ForServices(temporal.DefaultServices),
		// Without static hosts the services look for each other in the store, and after a kill the new process first meets
		// the addresses of the dead one ("not enough hosts to serve the request").
		temporal.WithStaticHosts(hosts),
		temporal.WithLogger(logger),
		temporal.WithAuthorizer(authorizer),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper { return claims }),
		temporal.WithDynamicConfigClient(dynamicConfig(o.dynamic)),
	)
	if err != nil {
		return nil, fmt.Errorf("configuring the server: %w", err)
	}
	srv := &server{temporal: s, address: address}
	started := make(chan error, 1)
	go func() { started <- s.Start() }()
	select {
	case err := <-started:
		if err != nil {
			return nil, errors.Join(fmt.Errorf("starting the server: %w", err), srv.stop())
		}
		return srv, nil
	case <-ctx.Done():
		// Starting and stopping at once can panic: the process ends without Stop, as a kill would end it.
		return nil, ctx.Err()
	}
}

// stop ends the server, waiting at most stopTimeout.
func (s *server) stop() error {
	stopped := make(chan error, 1)
	go func() { stopped <- s.temporal.Stop() }()
	timeout := time.NewTimer(stopTimeout)
	defer timeout.Stop()
	select {
	case err := <-stopped:
		if err != nil {
			return fmt.Errorf("stopping the server: %w", err)
		}
		return nil
	case <-timeout.C:
		return fmt.Errorf("the server did not stop within %s", stopTimeout)
	}
}

func serverConfig(ip, address string, ports map[primitives.ServiceName]int, st *store) *config.Config {
	c := &config.Config{
		Persistence: config.Persistence{
			DefaultStore:     "main",
			VisibilityStore:  "visibility",
			NumHistoryShards: st.shards,
			DataStores:       map[string]config.DataStore{"main": {SQL: st.main}, "visibility": {SQL: st.visibility}},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: address},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Services:            map[string]config.Service{},
		PublicClient:        config.PublicClient{HostPort: address},
	}
	c.Global.Membership = config.Membership{MaxJoinDuration: 30 * time.Second, BroadcastAddress: ip}
	c.Archival.History.State, c.Archival.Visibility.State = "disabled", "disabled"
	c.NamespaceDefaults.Archival.History.State, c.NamespaceDefaults.Archival.Visibility.State = "disabled", "disabled"
	for service, port := range ports {
		c.Services[string(service)] = config.Service{RPC: config.RPC{GRPCPort: port, BindOnIP: ip}}
	}
	return c
}

// choosePorts takes the frontend's port from the options and free ones for the rest. All are held open until all are
// known, so that none is given twice. Membership needs no port: the hosts are static.
func choosePorts(o options) (map[primitives.ServiceName]int, error) {
	ports := map[primitives.ServiceName]int{}
	want := map[primitives.ServiceName]int{
		primitives.FrontendService: o.port,
		primitives.HistoryService:  0,
		primitives.MatchingService: 0,
		primitives.WorkerService:   0,
	}
	for service, port := range want {
		l, err := net.Listen("tcp", net.JoinHostPort(o.ip, strconv.Itoa(port)))
		if err != nil {
			return nil, fmt.Errorf("port of the %s: %w", service, err)
		}
		defer l.Close()
		ports[service] = l.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}

func dynamicConfig(override map[string]any) dynamicconfig.StaticClient {
	c := dynamicconfig.StaticClient{}
	for k, v := range settings {
		c[dynamicconfig.MakeKey(k)] = v
	}
	for k, v := range override {
		c[dynamicconfig.MakeKey(k)] = v
	}
	return c
}

// serverLogger writes to stderr: stdout is for the ready line. While PostgreSQL is away every queue of every shard reports
// it at each retry, with a stack: measured 70 kB a second. So of each message only the first few in a while are written,
// and no stacks.
func serverLogger(o options) log.Logger {
	c := log.Config{Level: o.logLevel, Format: "console"}
	if c.Level == "never" {
		c.Level = "fatal"
	}
	if o.logFormat == "json" {
		c.Format = "json"
	}
	thin := func(core zapcore.Core) zapcore.Core {
		return zapcore.NewSamplerWithOptions(core, 10*time.Second, 3, 0)
	}
	return log.NewZapLogger(log.BuildZapLogger(c).WithOptions(zap.WrapCore(thin), zap.AddStacktrace(zap.FatalLevel)))
}

// registerNamespace writes a namespace into the store before the server is up, so that there is no moment at which the
// server answers and the namespace does not. One that is there already stays as it is; awaitReady brings it up to date.
func registerNamespace(name string, o options, st *store) error {
	ns, err := sqlite.NewNamespaceConfig(clusterName, name, false, maps.Clone(o.attributes))
	if err != nil {
		return fmt.Errorf("namespace %s: %w", name, err)
	}
	ns.Detail.Config.Retention = durationpb.New(o.retention)
	// The name says sqlite, the function works on every SQL store.
	if err := sqlite.CreateNamespaces(st.main, ns); err != nil {
		return fmt.Errorf("registering namespace %s: %w", name, err)
	}
	return nil
}

// awaitReady returns when a client can dial and every namespace answers with the retention and the search attributes that
// were asked for.
func (s *server) awaitReady(ctx context.Context, o options) error {
	ctx, cancel := context.WithTimeoutCause(ctx, readyTimeout, fmt.Errorf("no answer within %s", readyTimeout))
	defer cancel()
	c, err := client.NewLazyClient(client.Options{HostPort: s.address, Logger: silent{}})
	if err != nil {
		return fmt.Errorf("client: %w", err)
	}
	defer c.Close()
	for _, name := range o.namespaces {
		if err := awaitNamespace(ctx, c, name, o); err != nil {
			return err
		}
	}
	return nil
}

func awaitNamespace(ctx context.Context, c client.Client, name string, o options) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := updateNamespace(ctx, c, name, o)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for namespace %s: %w: last: %w", name, context.Cause(ctx), err)
		case <-tick.C:
		}
	}
}

// updateNamespace asks for the namespace and changes what differs from the options. A namespace made by an earlier start
// keeps its attributes: they are only added.
func updateNamespace(ctx context.Context, c client.Client, name string, o options) error {
	ns, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: name})
	if err != nil {
		return err
	}
	if ns.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration() != o.retention {
		_, err := c.WorkflowService().UpdateNamespace(ctx, &workflowservice.UpdateNamespaceRequest{
			Namespace: name,
			Config:    &namespacepb.NamespaceConfig{WorkflowExecutionRetentionTtl: durationpb.New(o.retention)},
		})
		if err != nil {
			return fmt.Errorf("retention: %w", err)
		}
	}
	if len(o.attributes) == 0 {
		return nil
	}
	has, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: name})
	if err != nil {
		return fmt.Errorf("search attributes: %w", err)
	}
	missing := map[string]enumspb.IndexedValueType{}
	for k, t := range o.attributes {
		if _, ok := has.GetCustomAttributes()[k]; !ok {
			missing[k] = t
		}
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{Namespace: name, SearchAttributes: missing})
	if err != nil {
		return fmt.Errorf("adding search attributes: %w", err)
	}
	return nil
}

// silent keeps the SDK from logging a line on stderr for each client.
type silent struct{}

var _ sdklog.Logger = silent{}

func (silent) Debug(string, ...any) {}
func (silent) Info(string, ...any)  {}
func (silent) Warn(string, ...any)  {}
func (silent) Error(string, ...any) {}
