package signer

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/jca-ml/liaison/internal/receipt"
)

// witness is one that is asked for its cosignature (C2SP tlog-witness, add-checkpoint).
type witness struct {
	receipt.PolicyWitness
	http *http.Client
	size int64 // of the checkpoint that it cosigned last, as far as we know
}

const (
	witnessWait   = 10 * time.Second
	witnessAnswer = 64 << 10 // bytes that are read of an answer
)

func newWitness(w receipt.PolicyWitness) *witness {
	return &witness{PolicyWitness: w, http: &http.Client{
		Timeout:       witnessWait,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// cosign asks every witness, one after the other, and returns the signatures that were given and are right. What a witness
// refuses is logged: it may be the only one who noticed.
func (s *Signer) cosign(ctx context.Context, c receipt.Checkpoint) []receipt.Signature {
	var out []receipt.Signature
	for _, w := range s.witnesses {
		sig, err := s.ask(ctx, w, c)
		if err != nil {
			s.cfg.Logger.Warn("no cosignature", "witness", w.Name, "address", w.URL, "size", c.Size, "err", err)
			continue
		}
		out = append(out, sig)
	}
	return out
}

// errOldSize carries the size that the witness wants the proof to begin at.
type errOldSize int64

func (e errOldSize) Error() string {
	return fmt.Sprintf("the witness last saw %d leaves", int64(e))
}

func (s *Signer) ask(ctx context.Context, w *witness, c receipt.Checkpoint) (receipt.Signature, error) {
	sig, err := s.askOnce(ctx, w, c)
	if old, ok := errors.AsType[errOldSize](err); ok && int64(old) != w.size {
		if int64(old) > c.Size {
			return sig, fmt.Errorf("the witness has seen %d leaves, this signer knows of %d: another signer has the key, or the state is an old copy", int64(old), c.Size)
		}
		w.size = int64(old)
		sig, err = s.askOnce(ctx, w, c)
	}
	if err == nil {
		w.size = c.Size
	}
	return sig, err
}

func (s *Signer) askOnce(ctx context.Context, w *witness, c receipt.Checkpoint) (sig receipt.Signature, err error) {
	proof, err := s.cfg.Log.ProveConsistency(ctx, s.state.Log, min(w.size, c.Size), c.Size)
	if err != nil {
		return sig, err
	}
	var body strings.Builder
	fmt.Fprintf(&body, "old %d\n", min(w.size, c.Size))
	for _, h := range proof {
		body.WriteString(base64.StdEncoding.EncodeToString(h[:]) + "\n")
	}
	body.WriteString("\n" + s.state.Note)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(w.URL, "/")+"/add-checkpoint", strings.NewReader(body.String()))
	if err != nil {
		return sig, err
	}
	req.Header.Set("Content-Type", "text/plain; charset=utf-8")
	resp, err := w.http.Do(req)
	if err != nil {
		return sig, err
	}
	answer, err := io.ReadAll(io.LimitReader(resp.Body, witnessAnswer))
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return sig, err
	}
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusConflict:
		if old, err := strconv.ParseInt(string(bytes.TrimSuffix(answer, []byte("\n"))), 10, 64); err == nil && old >= 0 {
			return sig, errOldSize(old)
		}
		fallthrough
	default:
		return sig, fmt.Errorf("the witness answers %s", resp.Status)
	}
	for line := range strings.Lines(string(answer)) {
		if sig, err := receipt.ParseSignature(line); err == nil {
			if _, err := w.Key.Check(c.Text(), sig); err == nil {
				return sig, nil
			}
		}
	}
	return sig, errors.New("the witness answers without a right signature of the key that the policy names")
}
