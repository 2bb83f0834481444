// Package signer signs what the audit log is, so that it cannot become something else.
//
//	leaves ──read again, hashed again──> root ──consistent with what was signed last?──> state file ──> signature
//	                                                                                                       │
//	                    everybody <── published in audit.checkpoint <── cosignatures of witnesses <────────┘
//
// A signer is a process of its own with its own key, its own role in the database (it reads leaves and writes checkpoints)
// and its own file of what it signed last. It never signs a tree that is smaller, or that does not begin with the one it
// signed before: then it stops, and a person decides. The file is on the disk before the signature leaves, so a crash at any
// moment leaves it knowing at least what anybody else knows.
package signer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/jca-ml/liaison/internal/kept"
	"github.com/jca-ml/liaison/internal/receipt"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// Log is what a signer needs of the database; [store.Store] has it.
type Log interface {
	Logs(ctx context.Context) ([]store.Log, error)
	Leaves(ctx context.Context, log int, from int64, fn func(leaf []byte) error) (size int64, err error)
	RootFromHashes(ctx context.Context, log int, size int64) (tlog.Hash, error)
	ProveConsistency(ctx context.Context, log int, old, size int64) (tlog.TreeProof, error)
	AddCheckpoint(ctx context.Context, c store.Signed) error
}

// Reasons for which a signer signs nothing. They are [liaison.Conflict]: a person has to look.
var (
	// ErrRollback means that leaves which were signed are gone.
	ErrRollback = errors.New("leaves that were signed are gone")
	// ErrFork means that leaves which were signed have been replaced.
	ErrFork = errors.New("leaves that were signed are not what they were")
	// ErrCorrupt means that stored hashes are not those of the leaves.
	ErrCorrupt = errors.New("the stored hashes are not those of the leaves")
)

// Config is what a signer works with. Log and Dir are required.
type Config struct {
	Log    Log
	Dir    string         // made by [Init]
	Policy receipt.Policy // its witnesses with an address are asked; its quorum has to be met before a checkpoint is published
	Logger *slog.Logger
	Now    func() time.Time
}

// Signer signs one log.
type Signer struct {
	cfg       Config
	key       receipt.Secret
	file      *kept.File
	state     state
	witnesses []*witness
	unpub     bool // the last signed checkpoint is perhaps not published

	mu     sync.Mutex
	newest []byte // the last published one
}

// Open takes the signer's files and checks that everything signed so far is still in the log, leaf by leaf.
func Open(ctx context.Context, cfg Config) (s *Signer, err error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	key, err := readKey(cfg.Dir)
	if err != nil {
		return nil, err
	}
	file, err := kept.Open(filepath.Join(cfg.Dir, stateFile))
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, file.Close())
		}
	}()
	s = &Signer{cfg: cfg, key: key, file: file}
	if file.Bytes() == nil {
		return nil, liaison.Refuse(liaison.Invalid, "%s has no %s: what was signed last is not known, so nothing is signed. Restore that file.", cfg.Dir, stateFile)
	}
	if s.state, err = parseState(s.file.Bytes()); err != nil {
		return nil, err
	}
	if s.state.Origin != s.key.Name {
		return nil, liaison.Refuse(liaison.Invalid, "the key in %s is that of %s, the state that of %s.", cfg.Dir, s.key.Name, s.state.Origin)
	}
	for _, w := range cfg.Policy.Witnesses {
		if w.URL != "" {
			s.witnesses = append(s.witnesses, newWitness(w))
		}
	}
	s.unpub = s.state.Size > 0
	return s, s.recheck(ctx)
}

// Close gives the files back.
func (s *Signer) Close() error { return s.file.Close() }

// Key is the log's verifier key.
func (s *Signer) Key() receipt.Key { return s.key.Key }

// refusal is one of the reasons in words that an operator can act on.
type refusal struct {
	words *liaison.Error
	why   error
}

func (r refusal) Error() string   { return r.words.Error() }
func (r refusal) Unwrap() []error { return []error{r.words, r.why} }

func refuse(why error, format string, args ...any) error {
	return refusal{liaison.Refuse(liaison.Conflict, format, args...), why}
}

// recheck reads every leaf that was signed and holds the root against the state.
func (s *Signer) recheck(ctx context.Context) error {
	if s.state.Size == 0 {
		return nil
	}
	if err := s.current(ctx); err != nil {
		return err
	}
	var r receipt.Range
	stop := errors.New("enough")
	_, err := s.cfg.Log.Leaves(ctx, s.state.Log, 0, func(leaf []byte) error {
		if r.Size == s.state.Size {
			return stop
		}
		r.Add(tlog.RecordHash(leaf))
		return nil
	})
	if err != nil && !errors.Is(err, stop) {
		return err
	}
	if r.Size < s.state.Size {
		return s.rollback(r.Size)
	}
	if r.Root() != s.state.Root {
		return s.fork()
	}
	return nil
}

func (s *Signer) rollback(size int64) error {
	return refuse(ErrRollback, "The log has %d leaves, %d were signed. The database is an older copy, or leaves were taken away. Nothing is signed. If it was restored on purpose, run `liaison signer new-origin`.", size, s.state.Size)
}

func (s *Signer) fork() error {
	return refuse(ErrFork, "The first %d leaves of the log are not those that were signed. Somebody changed them. Nothing is signed; keep the database and %s as they are, and run `liaison audit verify`.", s.state.Size, filepath.Join(s.cfg.Dir, stateFile))
}

// current refuses when the log that we sign is not the one that is appended to.
func (s *Signer) current(ctx context.Context) error {
	all, err := s.cfg.Log.Logs(ctx)
	if err != nil {
		return err
	}
	if n := len(all); n == 0 || all[n-1].Number != s.state.Log {
		return refuse(ErrFork, "This signer signs log %d (%s), the database appends to another one. Use the directory that `liaison signer new-origin` made.", s.state.Log, s.state.Origin)
	}
	return nil
}

// Step signs what is new, if anything is, and publishes it. An error of the code [liaison.Conflict] is for a person; after
// any other the next step tries again.
func (s *Signer) Step(ctx context.Context) (size int64, err error) {
	if err := s.current(ctx); err != nil {
		return s.state.Size, err
	}
	tree := s.state.tree()
	if _, err := s.cfg.Log.Leaves(ctx, s.state.Log, tree.Size, func(leaf []byte) error {
		tree.Add(tlog.RecordHash(leaf))
		return nil
	}); err != nil {
		return s.state.Size, err
	}
	stored, err := s.cfg.Log.RootFromHashes(ctx, s.state.Log, tree.Size)
	if err != nil {
		return s.state.Size, s.shorter(ctx, err)
	}
	if tree.Size == s.state.Size {
		if s.state.Size > 0 && stored != s.state.Root {
			return s.state.Size, s.fork()
		}
	} else if err := s.sign(ctx, tree, stored); err != nil {
		return s.state.Size, err
	}
	if !s.unpub {
		return s.state.Size, nil
	}
	return s.state.Size, s.publish(ctx)
}

// shorter says whether an error of reading hashes is because leaves are gone.
func (s *Signer) shorter(ctx context.Context, err error) error {
	all, lerr := s.cfg.Log.Logs(ctx)
	if lerr != nil {
		return err
	}
	if size := all[len(all)-1].Size; size < s.state.Size {
		return s.rollback(size)
	}
	return err
}

// sign signs the tree, made of the leaves' own bytes, after it agreed with the hashes that the database keeps and those were
// proven to continue what was signed last. The state is on the disk when it returns nil.
func (s *Signer) sign(ctx context.Context, tree receipt.Range, stored tlog.Hash) error {
	root := tree.Root()
	proof, err := s.cfg.Log.ProveConsistency(ctx, s.state.Log, s.state.Size, tree.Size)
	if err != nil {
		return s.shorter(ctx, err)
	}
	if s.state.Size > 0 {
		if tlog.CheckTree(proof, tree.Size, stored, s.state.Size, s.state.Root) != nil {
			return s.fork()
		}
	}
	if stored != root {
		return refuse(ErrCorrupt, "The hashes that the database keeps of leaves %d to %d are not those of their bytes. Nothing is signed; run `liaison audit verify`.", s.state.Size, tree.Size-1)
	}
	c := receipt.Checkpoint{Origin: s.state.Origin, Size: tree.Size, Root: root}
	n := receipt.Note{Text: c.Text(), Signatures: []receipt.Signature{s.key.Sign(c.Text(), s.cfg.Now())}}
	if _, err := s.key.Check(n.Text, n.Signatures[0]); err != nil {
		return fmt.Errorf("check what was just signed: %w", err) // a fault of this machine must not leave it
	}
	next := s.state
	next.Size, next.Root, next.Hashes, next.Note = tree.Size, root, tree.Hashes, string(n.Encode())
	if err := s.file.Swap(next.encode()); err != nil {
		return fmt.Errorf("keep what is signed: %w", err)
	}
	s.state, s.unpub = next, true
	return nil
}

// publish collects the cosignatures and stores the checkpoint for everybody.
func (s *Signer) publish(ctx context.Context) error {
	c, n, err := receipt.ParseCheckpoint([]byte(s.state.Note))
	if err != nil {
		return err
	}
	n.Signatures = append(n.Signatures, s.cosign(ctx, c)...)
	note := n.Encode()
	mine := s.cfg.Policy
	mine.Logs = []receipt.PolicyLog{{Key: s.key.Key}}
	if mine.Quorum == "" {
		mine.Quorum = "none"
	}
	if _, _, err := mine.Check(note); err != nil {
		return fmt.Errorf("publish the checkpoint of %d leaves: %w", c.Size, err)
	}
	err = s.cfg.Log.AddCheckpoint(ctx, store.Signed{
		Log: s.state.Log, Size: c.Size, Origin: c.Origin, Root: bytes.Clone(c.Root[:]), Key: s.key.String(), Note: string(note), At: s.cfg.Now().UTC(),
	})
	if err != nil {
		return err
	}
	s.unpub = false
	s.mu.Lock()
	s.newest = note
	s.mu.Unlock()
	s.cfg.Logger.Debug("checkpoint published", "origin", c.Origin, "size", c.Size, "signatures", len(n.Signatures))
	return nil
}

// Newest is the checkpoint that this signer published last, nil before the first.
func (s *Signer) Newest() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.newest
}

// Run signs every so often until ctx is cancelled. It goes on after a database or a witness that does not answer, and ends
// with an error when a person has to look.
func (s *Signer) Run(ctx context.Context, every time.Duration) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for said := ""; ; {
		_, err := s.Step(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case liaison.CodeOf(err) == liaison.Conflict, errors.Is(err, kept.ErrChanged):
			return err
		case err != nil && err.Error() != said:
			s.cfg.Logger.Warn("nothing published; trying again", "origin", s.state.Origin, "err", err)
		}
		if said = ""; err != nil {
			said = err.Error()
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
