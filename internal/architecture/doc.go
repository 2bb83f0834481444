// Package architecture holds the house rules as tests: which package may import which, what the database and the domain have
// to agree on, what no test and no file may contain. docs/architecture.md and CONTRIBUTING.md say why.
package architecture
