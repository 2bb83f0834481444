package main

import (
	"fmt"
	"os"
	"text/tabwriter"
)

type showCmd struct{}

func (showCmd) Run(c *cli) error {
	_, settings, err := c.load()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	for _, s := range settings {
		fmt.Fprintf(w, "%s\t%s\t(%s)\t%s\n", s.Key, s.Value, s.Origin, s.Help)
	}
	return w.Flush()
}
