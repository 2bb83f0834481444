package main

import (
	"context"
	"fmt"
	"os"

	"github.com/jca-ml/liaison/internal/store"
)

type auditCmd struct {
	Verify auditVerifyCmd `cmd:"" help:"Check every leaf, every stored hash, and the register against the log."`
}

type auditVerifyCmd struct{}

func (auditVerifyCmd) Run(ctx context.Context, c *cli) error {
	cfg, _, err := c.load()
	if err != nil {
		return err
	}
	if err := cfg.Need("LIAISON_DATABASE_URL"); err != nil {
		return err
	}
	s, err := store.Open(ctx, cfg.DatabaseURL)
	if err != nil {
		return err
	}
	defer s.Close()
	report, err := s.Audit(ctx, func(n int64) { fmt.Fprintf(os.Stderr, "%d leaves checked\n", n) })
	if err != nil {
		return err
	}
	for _, p := range report.Problems {
		fmt.Println(p)
	}
	fmt.Printf("size %d\nroot %s\n", report.Size, report.Root)
	if len(report.Problems) > 0 {
		return fmt.Errorf("the log does not verify: %d problems", len(report.Problems))
	}
	fmt.Println("the log verifies; compare its root with one that left this machine earlier, because a consistent forgery cannot be seen from here")
	return nil
}
