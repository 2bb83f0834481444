package main

import (
	"context"
	"fmt"

	"github.com/jca-ml/liaison/migrations"
)

type migrateCmd struct{}

func (migrateCmd) Run(ctx context.Context, c *cli) error {
	cfg, _, err := c.load()
	if err != nil {
		return err
	}
	if err := cfg.Need("LIAISON_DATABASE_URL"); err != nil {
		return err
	}
	ran, err := migrations.Run(ctx, cfg.DatabaseURL)
	for _, step := range ran {
		fmt.Println("ran", step)
	}
	if err == nil && len(ran) == 0 {
		fmt.Println("nothing to do: the database has this program's schema")
		err = migrations.Grant(ctx, cfg.DatabaseURL) // a role may have been made since
	}
	return err
}
