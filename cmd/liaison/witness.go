package main

import (
	"context"
	"errors"
	"log/slog"
	"os"

	"github.com/jca-ml/liaison/internal/receipt"
	"github.com/jca-ml/liaison/internal/witness"
)

// Run answers until ctx is cancelled. It reads no settings: who runs a witness for a partner has no other part of Liaison.
func (cmd witnessCmd) Run(ctx context.Context) (err error) {
	keys, err := readKeys(cmd.Log)
	if err != nil {
		return err
	}
	var logs []receipt.Key
	for _, k := range keys {
		if k.Type == receipt.LogKey {
			logs = append(logs, k)
		}
	}
	vkey, err := witness.Init(cmd.Dir, cmd.Name)
	if err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	w, err := witness.Open(witness.Config{Dir: cmd.Dir, Logs: logs, Logger: logger})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	logger.Info("witness started", "key", vkey, "logs", len(logs), "address", cmd.Listen)
	return listen(ctx, cmd.Listen, w)
}
