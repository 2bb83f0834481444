package main

import (
	"fmt"
	"io"
	"os"

	"github.com/jca-ml/liaison/internal/inbound"
)

type mailCmd struct {
	Inspect mailInspectCmd `cmd:"" help:"Print as JSON what an inbound message is understood as. Nothing is stored and nobody is asked."`
	Held    mailHeldCmd    `cmd:"" help:"List the relays and bodies that nothing is sent through or to, and why."`
	Hold    mailHoldCmd    `cmd:"" help:"Stop sending through a relay or to a body."`
	Of      mailOfCmd      `cmd:"" help:"Say how a body wants its mail: files as links, messages signed. Needs the rights of the database's owner."`
	Resume  mailResumeCmd  `cmd:"" help:"Go on sending; what waits goes at once."`
}

type mailInspectCmd struct {
	File      string `arg:"" help:"The message as it came in; - reads standard input."`
	Recipient string `help:"Whom the envelope named, if that is known." placeholder:"ADDRESS"`
}

// maxInspected bounds what is read; what a listener takes is smaller.
const maxInspected = 64 << 20

func (m mailInspectCmd) Run() error {
	in := os.Stdin
	if m.File != "-" {
		f, err := os.Open(m.File)
		if err != nil {
			return fmt.Errorf("read the message: %w", err)
		}
		defer f.Close()
		in = f
	}
	return m.inspect(in, os.Stdout)
}

func (m mailInspectCmd) inspect(in io.Reader, out io.Writer) error {
	raw, err := io.ReadAll(io.LimitReader(in, maxInspected+1))
	if err != nil {
		return fmt.Errorf("read the message: %w", err)
	}
	if len(raw) > maxInspected {
		return fmt.Errorf("read the message: it has more than %d bytes", maxInspected)
	}
	if len(raw) == 0 {
		return fmt.Errorf("read the message: %s is empty", m.File)
	}
	_, err = fmt.Fprintln(out, inbound.Understand(raw, m.Recipient).Inspect())
	return err
}
