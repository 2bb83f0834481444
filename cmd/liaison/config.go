package main

import (
	"context"
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/jca-ml/liaison/internal/config"
	"github.com/jca-ml/liaison/internal/store"
)

type showCmd struct {
	Rights string `help:"Also ask the database what this process may do there beyond its role: app, worker, signer or auditor." enum:",app,worker,signer,auditor" default:"" placeholder:"ROLE"`
}

func (cmd showCmd) Run(ctx context.Context, c *cli) error {
	cfg, settings, err := c.load()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	for _, s := range settings {
		fmt.Fprintf(w, "%s\t%s\t(%s)\t%s\n", s.Key, s.Value, s.Origin, s.Help)
	}
	if err := w.Flush(); err != nil || cmd.Rights == "" {
		return err
	}
	return cmd.rights(ctx, cfg)
}

func (cmd showCmd) rights(ctx context.Context, cfg config.Config) error {
	if err := cfg.Need("LIAISON_DATABASE_URL"); err != nil {
		return err
	}
	s, err := store.Open(ctx, cfg.DatabaseURL)
	if err != nil {
		return err
	}
	defer s.Close()
	role := store.Role("liaison_" + cmd.Rights)
	r, err := s.Rights(ctx, role)
	if err != nil {
		return err
	}
	fmt.Printf("\ndatabase user %s, as %s\n", r.User, role)
	for _, list := range []struct {
		words string
		what  []string
	}{{"more than it needs", r.Excess}, {"less than it needs", r.Missing}, {"off on the server", r.Settings}} {
		for _, x := range list.what {
			fmt.Printf("  %s: %s\n", list.words, x)
		}
	}
	if len(r.Excess)+len(r.Missing)+len(r.Settings) == 0 {
		fmt.Println("  what it needs and no more")
	}
	return nil
}
