package main

import (
	"context"
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/jca-ml/liaison/internal/config"
	"github.com/jca-ml/liaison/internal/profile"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

type profileCmd struct {
	Check profileCheckCmd `cmd:"" help:"Read files of profiles and say what is wrong with them, by file, line and rule."`
	List  profileListCmd  `cmd:"" help:"List every version of every profile that this program would judge by."`
}

type profileCheckCmd struct {
	Files []string `arg:"" name:"file" help:"Files to check."`
}

func (cmd profileCheckCmd) Run() error {
	faulty := 0
	for _, file := range cmd.Files {
		p, err := profile.Check(file)
		if err != nil {
			fmt.Println(err)
			faulty++
			continue
		}
		fmt.Printf("%s: %s, %q, in force from %s, sha256 %s\n", file, p.Cite(), p.Name, p.From, p.Digest)
	}
	if faulty > 0 {
		return liaison.Refuse(liaison.Invalid, "%d of %d files cannot be used.", faulty, len(cmd.Files))
	}
	return nil
}

type profileListCmd struct{}

func (profileListCmd) Run(c *cli) error {
	cfg, _, err := c.load()
	if err != nil {
		return err
	}
	set, err := profiles(cfg)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	for _, p := range set.All() {
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\n", p.Key, p.Version, p.From, p.Name, p.Digest.Short())
	}
	return w.Flush()
}

func profiles(cfg config.Config) (*profile.Set, error) {
	set, err := profile.Load(cfg.Profiles)
	if err != nil {
		return nil, liaison.Refuse(liaison.Invalid, "The rule profiles cannot be used:\n%s", err)
	}
	return set, nil
}

// underProfiles lets the store judge by the configured profiles and publishes them. On an error the store is closed.
func underProfiles(ctx context.Context, s *store.Store, cfg config.Config) (*store.Store, error) {
	set, err := profiles(cfg)
	if err == nil {
		under := s.Under(set)
		if err = under.PublishProfiles(ctx); err == nil {
			return under, nil
		}
	}
	s.Close()
	return nil, err
}
