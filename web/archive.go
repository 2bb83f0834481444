package web

import (
	"archive/zip"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/jca-ml/liaison/internal/audit"
	"github.com/jca-ml/liaison/internal/receipt"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// pack is an archive of evidence on its way out. Its entries come in one order, with one time, so that the same evidence is the
// same archive. It keeps one entry at a time in memory, besides a line for each in its lists of digests and of names.
type pack struct {
	ctx   context.Context
	s     *server
	zip   *zip.Writer
	at    time.Time
	dir   string // that entries are put in
	sums  strings.Builder
	under map[place]string // checkpoints that receipts in it stand under
}

// place is a size of a log.
type place struct {
	log  int
	size int64
}

// sendPack sends an archive that fill makes.
func (s *server) sendPack(w http.ResponseWriter, r *http.Request, name string, at time.Time, words string, fill func(*pack) error) error {
	h := w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Security-Policy", filePolicy)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	if r.Method == http.MethodHead {
		return nil
	}
	p := &pack{ctx: r.Context(), s: s, zip: zip.NewWriter(unhurried(w)), at: at.UTC().Truncate(2 * time.Second), under: map[place]string{}}
	err := p.add("README.txt", []byte(words))
	if err == nil {
		err = fill(p)
	}
	if err == nil {
		err = p.end()
	}
	if err != nil {
		// Part of it may be on its way already: a broken connection says that it is not whole, a page would not.
		note(r.Context()).err = err
		panic(http.ErrAbortHandler)
	}
	return nil
}

// patience is how long an answer may stand still before it is given up.
const patience = 2 * time.Minute

// unhurried makes the bound on writing an answer one on each piece of it, for what may be long.
func unhurried(w http.ResponseWriter) io.Writer { return slow{w, http.NewResponseController(w)} }

type slow struct {
	io.Writer
	c *http.ResponseController
}

func (s slow) Write(b []byte) (int, error) {
	_ = s.c.SetWriteDeadline(time.Now().Add(patience)) // a connection that has none, as in tests, needs none
	return s.Writer.Write(b)
}

func (p *pack) add(name string, content []byte) error {
	return p.stream(name, func(w io.Writer) error { _, err := w.Write(content); return err })
}

// stream adds an entry that fill writes.
func (p *pack) stream(name string, fill func(io.Writer) error) error {
	name = p.dir + name
	sum := sha256.New()
	w, err := p.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: p.at})
	if err == nil {
		err = fill(io.MultiWriter(w, sum))
	}
	if err != nil {
		return fmt.Errorf("add %s to the evidence: %w", name, err)
	}
	p.sums.WriteString(hex.EncodeToString(sum.Sum(nil)) + "  " + name + "\n")
	return nil
}

func (p *pack) json(name string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return p.add(name, append(b, '\n'))
}

// end adds what covers the rest.
func (p *pack) end() error {
	w, err := p.zip.CreateHeader(&zip.FileHeader{Name: "SHA256SUMS", Method: zip.Deflate, Modified: p.at})
	if err == nil {
		_, err = w.Write([]byte(p.sums.String()))
	}
	if err != nil {
		return fmt.Errorf("add the digests to the evidence: %w", err)
	}
	return p.zip.Close()
}

func (p *pack) blob(name string, d liaison.Digest) error {
	b, err := p.s.store.Blob(p.ctx, d)
	if err != nil {
		return err
	}
	return p.add(name, b)
}

// plainName is a name that no program for archives takes for a directory.
func plainName(name string) string {
	return strings.NewReplacer("/", "_", `\`, "_", ":", "_").Replace(fileName(name))
}

type (
	packOpening struct {
		Salt  []byte `json:"salt"`
		Value string `json:"value"`
	}
	packEvent struct {
		Log     int                    `json:"log"`
		Index   int64                  `json:"index"`
		Words   string                 `json:"words"`
		Payload string                 `json:"payload"`
		Opens   map[string]packOpening `json:"opens,omitempty"`
	}
)

// eventLine writes an event and its leaf as a line, with what opens the leaf's commitments if the reader may see that.
func eventLine(w io.Writer, e store.LoggedEvent, open bool) error {
	v := packEvent{Log: e.Log, Index: e.Index, Words: e.Event.Kind.Label(), Payload: string(e.Payload), Opens: map[string]packOpening{}}
	if open {
		values := audit.CommittedValues(&e.Event)
		for field, salt := range e.Salts {
			v.Opens[field] = packOpening{salt, values[field]}
		}
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// receipt adds the receipt of a leaf, which carries the leaf; none while no checkpoint covers it.
func (p *pack) receipt(log int, index int64) error {
	proof, leaf, err := p.s.store.StampedReceipt(p.ctx, log, index)
	if liaison.CodeOf(err) == liaison.NotFound {
		return nil
	} else if err != nil {
		return err
	}
	c, _, err := receipt.ParseCheckpoint(proof.Checkpoint)
	if err != nil {
		return err
	}
	p.under[place{log, c.Size}] = string(proof.Checkpoint)
	proof.Leaf = leaf
	return p.add(fmt.Sprintf("receipts/%d-%d.tlog-proof", log, index), proof.Encode())
}

// checkpoints adds every checkpoint that a receipt stands under, the newest one, the time-stamps over them, and the keys.
func (p *pack) checkpoints() error {
	keys := map[int]string{}
	newest, err := p.s.store.Checkpoint(p.ctx)
	if err == nil {
		p.under[place{newest.Log, newest.Size}], keys[newest.Log] = newest.Note, newest.Key
	} else if liaison.CodeOf(err) != liaison.NotFound {
		return err
	}
	places := make([]place, 0, len(p.under))
	for x := range p.under {
		places = append(places, x)
	}
	slices.SortFunc(places, func(a, b place) int { return cmp.Or(cmp.Compare(a.log, b.log), cmp.Compare(a.size, b.size)) })
	for _, x := range places {
		if err := p.add(fmt.Sprintf("checkpoints/%d-%d.txt", x.log, x.size), []byte(p.under[x])); err != nil {
			return err
		}
		if _, ok := keys[x.log]; !ok {
			if keys[x.log], err = p.s.store.LogKey(p.ctx, x.log); err != nil {
				return err
			}
		}
	}
	for _, log := range slices.Sorted(maps.Keys(keys)) {
		if err := p.stamps(log); err != nil {
			return err
		}
	}
	lines := ""
	for _, log := range slices.Sorted(maps.Keys(keys)) {
		lines += keys[log] + "\n"
	}
	if lines == "" {
		return nil
	}
	return p.add("receipts/log.vkey", []byte(lines))
}

// stamps adds the time-stamps over checkpoints that are in the archive.
func (p *pack) stamps(log int) error {
	list, err := p.s.store.Stamps(p.ctx, log)
	if err != nil {
		return err
	}
	for _, x := range list {
		if _, ok := p.under[place{x.Log, x.Size}]; ok {
			if err := p.add(fmt.Sprintf("stamps/%d-%d-%s.tst", x.Log, x.Size, x.At.UTC().Format("20060102T150405Z")), x.Token); err != nil {
				return err
			}
		}
	}
	return nil
}
