# Everything that a person or CI does here. `make demo` and `make test` are the two to know.

GO     ?= go
BIN    := $(CURDIR)/bin
SERVER := cmd/liaison-temporal

# Left out of the binaries: symbols and debug data, which double their size. -trimpath would compile everything anew.
LDFLAGS := -s -w

.PHONY: demo check-demo test check build postgresql chromium mailservers checkers fonts lint vet vuln workflowcheck docs bench faults clean

## demo: start everything on this machine and print the address to open
demo: postgresql build
	@$(BIN)/liaison demo

## check-demo: run the main job once through the pages, without a person
check-demo: postgresql build
	@$(BIN)/liaison demo --check

## test: all tests; what they need and cannot install by themselves they name
test: postgresql chromium mailservers checkers fonts build
	$(GO) vet ./...
	$(GO) test -timeout 30m $$($(GO) list ./... | grep -v /internal/faults)
	$(GO) test -timeout 30m ./internal/faults # whole processes with their own timeouts: nothing else runs beside them
	cd $(SERVER) && $(GO) test -timeout 10m ./...

## build: the program, and the Temporal server of the demo, in bin/
build: $(BIN)/liaison-temporal
	$(GO) build -ldflags '$(LDFLAGS)' -o $(BIN)/liaison ./cmd/liaison

$(BIN)/liaison-temporal: $(wildcard $(SERVER)/*.go) $(SERVER)/go.mod $(SERVER)/go.sum
	@echo "Building the Temporal server. The first time this takes several minutes and downloads 240 MB; later it is quick."
	cd $(SERVER) && $(GO) build -ldflags '$(LDFLAGS)' -o $@ .

## postgresql, chromium, mailservers, checkers, fonts: what is neither Go nor ours; all but the first are for tests only
postgresql chromium mailservers checkers fonts:
	@scripts/parts $@

## check: everything that CI runs
check: lint vuln workflowcheck test
	$(GO) test -race -timeout 30m ./liaison ./mail ./internal/audit ./internal/store ./activities ./workflows ./web

lint:
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "run gofmt -w on these"; exit 1; }
	$(GO) vet ./...
	$(GO) tool -modfile=tools/go.mod golangci-lint run

vuln:
	$(GO) tool -modfile=tools/go.mod govulncheck ./...

workflowcheck:
	$(GO) tool -modfile=tools/go.mod workflowcheck ./workflows/...

## docs: what is made from the code: docs/states.md, docs/schema.sql, golden files
docs:
	$(GO) test ./liaison ./migrations ./mail ./internal/document ./internal/inbound ./internal/post -update

## bench: figures side by side with their floors, in one run
bench: postgresql build
	$(GO) test -run '^$$' -bench . -benchtime 1x -timeout 60m ./internal/bench

## faults: what is promised of faults, in its full size, with the figures, one at a time; takes about an hour
faults: postgresql build
	LIAISON_FAULTS_FULL=1 $(GO) test -count 1 -v -parallel 1 -timeout 120m -run 'TestConnectionsCut|TestManyKills|TestInboundDown|TestManyStatements' ./internal/faults
	LIAISON_AUDIT_KILLS=100 $(GO) test -count 1 -v -timeout 60m -run TestDatabaseKilledDuringAppends ./internal/signer

clean:
	rm -rf $(BIN)
