// Liaison moves liaison statements through drafting, approval and dispatch. This is its one program; each subcommand is a
// file. Nothing is decided here: it wires the parts together.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	_ "time/tzdata" // groups have time zones; a small container has no table of them

	"github.com/alecthomas/kong"

	"github.com/jca-ml/liaison/internal/config"
	"github.com/jca-ml/liaison/internal/demo/parts"
	"github.com/jca-ml/liaison/liaison"
)

type cli struct {
	Config string `help:"File of KEY=value settings; the environment overrides it." env:"LIAISON_CONFIG" type:"existingfile" placeholder:"FILE"`

	Demo    demoCmd    `cmd:"" help:"Start everything on this machine, with an inbox to look at; nothing leaves it."`
	Serve   serveCmd   `cmd:"" help:"Serve the pages."`
	Worker  workerCmd  `cmd:"" help:"Run the workflows and send the mail."`
	Migrate migrateCmd `cmd:"" help:"Bring the database to this program's schema."`
	Audit   auditCmd   `cmd:"" help:"Check the audit log, export it, check receipts."`
	Signer  signerCmd  `cmd:"" help:"Sign what the audit log is, so that it cannot become something else."`
	Witness witnessCmd `cmd:"" help:"Cosign the checkpoints of other people's logs."`
	Inbound inboundCmd `cmd:"" help:"Take inbound mail: delivery reports, replies, statements."`
	Mail    mailCmd    `cmd:"" help:"Look at inbound messages; hold and resume the sending."`
	Profile profileCmd `cmd:"" help:"Look at rule profiles; check files of them."`
	Show    showCmd    `cmd:"" name:"config" help:"Show the effective settings and where each comes from."`
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == parts.FetchPostgresCommand { // run by the demo as another user
		if err := parts.RunFetchPostgres(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, "liaison:", err)
			os.Exit(1)
		}
		return
	}
	// The first signal asks to stop; a second one is not caught any more and ends the process.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer context.AfterFunc(ctx, stop)()

	var c cli
	k := kong.Parse(&c, kong.Name("liaison"), kong.Description("Liaison statements: drafted, approved, dispatched, and provably so."),
		kong.UsageOnError(), kong.BindTo(ctx, (*context.Context)(nil)))
	if err := k.Run(&c); err != nil && !(errors.Is(err, context.Canceled) && ctx.Err() != nil) {
		fmt.Fprintln(os.Stderr, "liaison:", err)
		os.Exit(exitCode(err))
	}
}

// exitCode maps an error to the status of the process: 1 for a failure, 2 for what the operator has to put right.
func exitCode(err error) int {
	if liaison.CodeOf(err) == liaison.Invalid {
		return 2
	}
	return 1
}

func (c *cli) load() (config.Config, []config.Setting, error) {
	cfg, settings, err := config.Load(c.Config, os.Environ())
	if err != nil {
		err = fmt.Errorf("the settings are not usable:\n%w", err)
	}
	return cfg, settings, err
}
