// Package faults kills what liaison runs on, in the middle of a dispatch, and asks an independent witness what the world
// received. It holds tests only. The processes are real: PostgreSQL, Temporal, and the test binary itself run again as the
// worker; they end by kill -9, as by the machine's power button.
//
//	test process ──────────────────────────────────────────────┐
//	  peer      an SMTP server that stores and syncs, then answers; what it stored is the truth about the world
//	  gate      holds the worker, or the peer, at a named moment until the test has done its harm
//	  proxy     between worker and PostgreSQL: loses commits, or the answers to them
//	  judge     compares ledger and world, by SQL of its own; a control run and planted faults prove that it can object
//	worker ─ PostgreSQL ─ Temporal: processes of their own ──────┘
//
// The timeouts of the workflows are shortened in the worker by an interceptor; nothing of the product is replaced, except
// in the control run, which is meant to send twice.
package faults
