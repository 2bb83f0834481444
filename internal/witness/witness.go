// Package witness cosigns the checkpoints of other people's logs, so that their owners cannot show different logs to different
// people, nor go back. It is C2SP tlog-witness with Ed25519 cosignatures: add-checkpoint, and the latest checkpoint of each
// log to read. It needs no database and knows nothing of statements; bodies that exchange statements run one for each other.
//
//	POST /add-checkpoint ──known log? its signature? consistent with the last one?──> file on disk ──> cosignature with the time
//	GET  /<sha256 of the origin>/checkpoint    the last one that was cosigned
//
// Of C2SP it leaves out ML-DSA, sign-subtree, and checkpoints with extension lines, which it refuses.
package witness

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/jca-ml/liaison/internal/kept"
	"github.com/jca-ml/liaison/internal/receipt"
	"github.com/jca-ml/liaison/liaison"
)

const (
	keyFile   = "witness.key"  // secret, 0600
	publicKey = "witness.vkey" // for the policies of those who trust it
	maxBody   = 64 << 10
	maxProof  = 63 // lines, by the specification
)

// Config is what a witness works with. Dir and Logs are required.
type Config struct {
	Dir    string        // made by [Init]
	Logs   []receipt.Key // whose checkpoints are cosigned
	Logger *slog.Logger
	Now    func() time.Time
}

// Witness is an [http.Handler].
type Witness struct {
	http.Handler
	cfg  Config
	key  receipt.Secret
	logs map[string]*watched // by origin
}

// watched is one log and the last checkpoint of it that was cosigned.
type watched struct {
	mu   sync.Mutex // from the look at the last checkpoint until the next one is on the disk
	keys []receipt.Key
	file *kept.File
	last receipt.Checkpoint
}

// Init makes the witness's key in dir and returns its verifier key; a key that is there stays.
func Init(dir, name string) (vkey string, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make the witness's directory: %w", err)
	}
	if key, err := readKey(dir); err == nil {
		if key.Name != name {
			return "", liaison.Refuse(liaison.Invalid, "%s is the witness %s, not %s. Name another directory or the right name.", dir, key.Name, name)
		}
		return key.String(), nil
	} else if !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	key, err := receipt.NewSecret(name, receipt.WitnessKey)
	if err != nil {
		return "", liaison.Refuse(liaison.Invalid, "%s", err)
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

// Open takes the witness's files. [Witness.Close] gives them back.
func Open(cfg Config) (w *Witness, err error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	w = &Witness{cfg: cfg, logs: map[string]*watched{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.Close())
		}
	}()
	if w.key, err = readKey(cfg.Dir); err != nil {
		return w, err
	}
	for _, k := range cfg.Logs {
		if k.Type != receipt.LogKey {
			return w, liaison.Refuse(liaison.Invalid, "%s is not the key of a log.", k)
		}
		l := w.logs[k.Name]
		if l == nil {
			if l, err = open(cfg.Dir, k.Name); err != nil {
				return w, err
			}
			w.logs[k.Name] = l
		}
		l.keys = append(l.keys, k)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /add-checkpoint", w.add)
	mux.HandleFunc("GET /{origin}/checkpoint", w.show)
	mux.HandleFunc("GET /key", func(rw http.ResponseWriter, _ *http.Request) { plain(rw, http.StatusOK, w.key.Key.String()+"\n") })
	w.Handler = mux
	return w, nil
}

func originHash(origin string) string {
	sum := sha256.Sum256([]byte(origin))
	return hex.EncodeToString(sum[:])
}

func open(dir, origin string) (*watched, error) {
	f, err := kept.Open(filepath.Join(dir, originHash(origin)+".checkpoint"))
	if err != nil {
		return nil, err
	}
	l := &watched{file: f, last: receipt.Checkpoint{Origin: origin, Root: receipt.EmptyRoot}}
	if b := f.Bytes(); b != nil {
		if l.last, _, err = receipt.ParseCheckpoint(b); err == nil && l.last.Origin != origin {
			err = fmt.Errorf("the file kept for %s is of %s", origin, l.last.Origin)
		}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return l, nil
}

// Close gives the files back.
func (w *Witness) Close() error {
	var errs []error
	for _, l := range w.logs {
		errs = append(errs, l.file.Close())
	}
	return errors.Join(errs...)
}

// Key is the witness's verifier key.
func (w *Witness) Key() receipt.Key { return w.key.Key }

func plain(rw http.ResponseWriter, status int, body string) {
	rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
	rw.WriteHeader(status)
	_, _ = io.WriteString(rw, body) // who asked has gone away; there is nobody to tell
}

// request is the body of add-checkpoint.
type request struct {
	old   int64
	proof tlog.TreeProof
	note  []byte
}

func parse(body []byte) (r request, err error) {
	head, note, ok := strings.Cut(string(body), "\n\n")
	lines := strings.Split(head, "\n")
	old, isOld := strings.CutPrefix(lines[0], "old ")
	if r.old, err = strconv.ParseInt(old, 10, 64); !ok || !isOld || err != nil || r.old < 0 || strconv.FormatInt(r.old, 10) != old || len(lines) > 1+maxProof {
		return r, errors.New("the request needs a line \"old SIZE\", at most 63 hashes, an empty line and a checkpoint")
	}
	for _, l := range lines[1:] {
		h, err := base64.StdEncoding.DecodeString(l)
		if err != nil || len(h) != tlog.HashSize || base64.StdEncoding.EncodeToString(h) != l {
			return r, errors.New("a line of the proof is not a hash")
		}
		r.proof = append(r.proof, tlog.Hash(h))
	}
	r.note = []byte(note)
	return r, nil
}

func (w *Witness) add(rw http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(rw, req.Body, maxBody))
	if err != nil {
		plain(rw, http.StatusBadRequest, "the request is too long or was cut short\n")
		return
	}
	r, err := parse(body)
	if err != nil {
		plain(rw, http.StatusBadRequest, err.Error()+"\n")
		return
	}
	c, n, err := receipt.ParseCheckpoint(r.note)
	if err != nil {
		plain(rw, http.StatusBadRequest, err.Error()+"\n")
		return
	}
	l := w.logs[c.Origin]
	if l == nil {
		plain(rw, http.StatusNotFound, "this witness does not know the log\n")
		return
	}
	policy := receipt.KeysOnly(l.keys...)
	policy.IgnoreUnknown = true
	if _, _, err := policy.Check(r.note); err != nil {
		plain(rw, http.StatusForbidden, err.Error()+"\n")
		return
	}
	status, answer := w.cosign(l, r, c, n)
	if status != http.StatusOK {
		w.cfg.Logger.Warn("checkpoint not cosigned", "origin", c.Origin, "size", c.Size, "old", r.old, "status", status)
	}
	if status == http.StatusConflict {
		rw.Header().Set("Content-Type", "text/x.tlog.size")
		rw.WriteHeader(status)
		_, _ = io.WriteString(rw, answer)
		return
	}
	plain(rw, status, answer)
}

// cosign judges a checkpoint whose log signature is right. The new one is on the disk before the signature is returned.
func (w *Witness) cosign(l *watched, r request, c receipt.Checkpoint, n receipt.Note) (status int, answer string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case r.old > c.Size:
		return http.StatusBadRequest, "the old size is larger than the checkpoint's\n"
	case r.old != l.last.Size:
		return http.StatusConflict, fmt.Sprintf("%d\n", l.last.Size)
	case !consistent(l.last, c, r.proof):
		return http.StatusUnprocessableEntity, "the checkpoint does not continue the one that was cosigned last\n"
	}
	sig := w.key.Sign(n.Text, w.cfg.Now())
	kept := receipt.Note{Text: n.Text}
	for _, s := range n.Signatures { // of the log alone; the others we have not checked
		for _, k := range l.keys {
			if _, err := k.Check(n.Text, s); err == nil {
				kept.Signatures = append(kept.Signatures, s)
			}
		}
	}
	kept.Signatures = append(kept.Signatures, sig)
	if err := l.file.Swap(kept.Encode()); err != nil {
		w.cfg.Logger.Error("keep a checkpoint", "origin", c.Origin, "err", err)
		return http.StatusInternalServerError, "the checkpoint could not be kept, so it is not cosigned\n"
	}
	l.last = c
	return http.StatusOK, sig.Line()
}

func consistent(old, c receipt.Checkpoint, proof tlog.TreeProof) bool {
	switch old.Size {
	case 0:
		return len(proof) == 0
	case c.Size:
		return len(proof) == 0 && old.Root == c.Root
	}
	return tlog.CheckTree(proof, c.Size, c.Root, old.Size, old.Root) == nil
}

func (w *Witness) show(rw http.ResponseWriter, req *http.Request) {
	for origin, l := range w.logs {
		if originHash(origin) != req.PathValue("origin") {
			continue
		}
		l.mu.Lock()
		b := bytes.Clone(l.file.Bytes())
		l.mu.Unlock()
		if b != nil {
			plain(rw, http.StatusOK, string(b))
			return
		}
	}
	plain(rw, http.StatusNotFound, "this witness has cosigned no checkpoint of that log\n")
}
