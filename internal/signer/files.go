package signer

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/jca-ml/liaison/internal/kept"
	"github.com/jca-ml/liaison/internal/receipt"
	"github.com/jca-ml/liaison/liaison"
)

// The files of a signer's directory.
const (
	keyFile   = "log.key"   // secret, 0600
	publicKey = "log.vkey"  // to be handed to everybody who verifies
	stateFile = "log.state" // what was signed last; as precious as the key
)

const stateFormat = "liaison-signer/1"

// state is what the signer signed last. It is the only memory of it that the database's owner cannot change.
type state struct {
	Format string      `json:"format"`
	Log    int         `json:"log"`    // number in the database
	Origin string      `json:"origin"` // and its name
	Size   int64       `json:"size"`
	Root   tlog.Hash   `json:"root"`
	Hashes []tlog.Hash `json:"hashes"` // of the complete subtrees, to go on from
	Note   string      `json:"note"`   // the checkpoint, signed by us alone; "" while nothing is signed
}

func (s state) encode() []byte {
	b, err := json.MarshalIndent(s, "", "\t")
	if err != nil {
		panic(err) // numbers and strings always encode
	}
	return append(b, '\n')
}

func parseState(b []byte) (s state, err error) {
	if err := json.Unmarshal(b, &s); err != nil {
		return s, fmt.Errorf("read the signer's state: %w", err)
	}
	r := s.tree()
	if s.Format != stateFormat || r.Check() != nil || s.Size > 0 && r.Root() != s.Root || s.Log < 1 || s.Origin == "" || (s.Size > 0) != (s.Note != "") {
		return s, errors.New("read the signer's state: the file does not agree with itself; restore it from a copy of exactly this file, never from an older one")
	}
	if s.Note != "" {
		c, _, err := receipt.ParseCheckpoint([]byte(s.Note))
		if err != nil || c != (receipt.Checkpoint{Origin: s.Origin, Size: s.Size, Root: s.Root}) {
			return s, errors.New("read the signer's state: its checkpoint is not the one it describes")
		}
	}
	return s, nil
}

func (s state) tree() receipt.Range {
	return receipt.Range{Size: s.Size, Hashes: append([]tlog.Hash(nil), s.Hashes...)}
}

// Init makes the key and the state of a log that has signed nothing yet, in dir, and returns the verifier key. Where they
// are already, nothing is changed.
func Init(dir, origin string, log int) (vkey string, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make the signer's directory: %w", err)
	}
	f, err := kept.Open(filepath.Join(dir, stateFile))
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	key, err := readKey(dir)
	switch {
	case err == nil && f.Bytes() == nil:
		return "", liaison.Refuse(liaison.Invalid, "%s has the key of %s and no %s: what it signed last is not known, so it signs nothing. Restore that file.", dir, key.Name, stateFile)
	case err == nil:
		s, err := parseState(f.Bytes())
		if err == nil && (s.Origin != key.Name || s.Origin != origin) {
			err = liaison.Refuse(liaison.Invalid, "%s is the signer of %s, not of %s. Name another directory or the right origin.", dir, s.Origin, origin)
		}
		return key.String(), err
	case !errors.Is(err, os.ErrNotExist):
		return "", err
	}
	if b := f.Bytes(); b != nil {
		if s, err := parseState(b); err != nil || s.Size > 0 {
			return "", liaison.Refuse(liaison.Invalid, "%s has signed before and its %s is missing. Restore the key; a new one would not be believed.", dir, keyFile)
		}
	}
	if key, err = receipt.NewSecret(origin, receipt.LogKey); err != nil {
		return "", liaison.Refuse(liaison.Invalid, "%s", err)
	}
	if err := f.Swap(state{Format: stateFormat, Log: log, Origin: origin, Root: receipt.EmptyRoot}.encode()); err != nil {
		return "", err
	}
	if err := kept.Write(filepath.Join(dir, publicKey), []byte(key.String()+"\n"), 0o644); err != nil {
		return "", err
	}
	return key.String(), kept.Write(filepath.Join(dir, keyFile), []byte(key.Encode()+"\n"), 0o600)
}

func readKey(dir string) (receipt.Secret, error) {
	text, err := kept.Secret(filepath.Join(dir, keyFile))
	if err != nil {
		return receipt.Secret{}, err
	}
	return receipt.ParseSecret(text)
}
