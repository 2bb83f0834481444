// Package bench measures what a person waits for, each figure beside its floor, in one run on the same machine:
//
//	go test -run '^$' -bench . -benchtime 1x -timeout 60m ./internal/bench
//
//	Decisions      engine.Do, beside the same Temporal update with an activity that does nothing
//	Transmissions  dispatches to twenty addressees each, beside go-mail over one connection to the same sink; the same behind 50 ms
//	               of delay; what one costs, by who spends it; with 1,000 and 100,000 stored; the memory of a worker that sends large files
//	Pages          the pages with 10,000 statements stored, through HTTP
//	Search         search and lists with 1,000 and 100,000 stored; what the database alone takes, beside a list without a search
//	Waiting        10,000 statements, or LIAISON_BENCH_WAITING, that wait for a deadline: CPU over a minute and memory, beside the same
//	               processes with none
//	Memory         `liaison serve` and `liaison worker` after work, as the system counts it
//
// PostgreSQL is real and syncs; Temporal stores in it, as the embedded default does; the worker is a process of its own. Ours and
// floor take turns in short rounds, so that a neighbour's load falls on both. What is printed says how loaded the machine was;
// ratios stand better than absolute figures. It holds no tests.
package bench
