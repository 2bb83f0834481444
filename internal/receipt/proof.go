package receipt

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// Proof is a receipt: that a leaf stands in the log of a checkpoint (C2SP tlog-proof).
type Proof struct {
	Leaf       []byte // the leaf's exact bytes, carried as "extra"; nil when they travel beside the receipt
	Index      int64
	Hashes     []tlog.Hash // from the leaf's sibling up
	Checkpoint []byte      // signed
}

const (
	proofHeader = "c2sp.org/tlog-proof@v1"
	maxHashes   = 63
	maxLeaf     = 1 << 20
)

// Encode is the receipt as a file; the usual extension is .tlog-proof.
func (p Proof) Encode() []byte {
	var b strings.Builder
	b.WriteString(proofHeader + "\n")
	if p.Leaf != nil {
		b.WriteString("extra " + base64.StdEncoding.EncodeToString(p.Leaf) + "\n")
	}
	fmt.Fprintf(&b, "index %d\n", p.Index)
	for _, h := range p.Hashes {
		b.WriteString(base64.StdEncoding.EncodeToString(h[:]) + "\n")
	}
	b.WriteString("\n")
	b.Write(p.Checkpoint)
	return []byte(b.String())
}

// ParseProof reads a receipt, strictly, and checks nothing else; see [Policy.Verify].
func ParseProof(b []byte) (Proof, error) {
	if len(b) > maxNote+2*maxLeaf {
		return Proof{}, errors.New("read receipt: the file is too long to be one")
	}
	head, checkpoint, ok := strings.Cut(string(b), "\n\n")
	if !ok {
		return Proof{}, errors.New("read receipt: no empty line before the checkpoint")
	}
	lines := strings.Split(head, "\n")
	next := func(prefix string) (string, bool) {
		if len(lines) == 0 || !strings.HasPrefix(lines[0], prefix) {
			return "", false
		}
		rest := lines[0][len(prefix):]
		lines = lines[1:]
		return rest, true
	}
	if rest, ok := next(proofHeader); !ok || rest != "" {
		return Proof{}, fmt.Errorf("read receipt: the first line is not %q", proofHeader)
	}
	p := Proof{Checkpoint: []byte(checkpoint)}
	var err error
	if extra, ok := next("extra "); ok {
		if p.Leaf, err = base64.StdEncoding.DecodeString(extra); err != nil {
			return Proof{}, fmt.Errorf("read receipt: extra: %w", err)
		}
		if p.Leaf == nil {
			p.Leaf = []byte{}
		}
	}
	index, ok := next("index ")
	if p.Index, err = strconv.ParseInt(index, 10, 64); !ok || err != nil || p.Index < 0 {
		return Proof{}, errors.New("read receipt: no line with the index of the leaf")
	}
	if len(lines) > maxHashes {
		return Proof{}, fmt.Errorf("read receipt: %d hashes; no log needs more than %d", len(lines), maxHashes)
	}
	for _, l := range lines {
		h, err := parseHash(l)
		if err != nil {
			return Proof{}, fmt.Errorf("read receipt: %w", err)
		}
		p.Hashes = append(p.Hashes, h)
	}
	if string(p.Encode()) != string(b) {
		return Proof{}, errors.New("read receipt: it is not encoded as it must be")
	}
	return p, nil
}

// Verified is what a receipt that holds says.
type Verified struct {
	Checkpoint
	Index   int64
	Leaf    []byte
	Witness []Cosigned // who else saw this checkpoint, and when
}

// Cosigned is a witness's word: at that time this was the largest checkpoint of the log that it had seen, and consistent
// with every one before.
type Cosigned struct {
	Name string
	At   time.Time
}

// Verify checks a receipt for the leaf. leaf may be nil if the receipt carries it; if both are given they must be the same.
func (p Policy) Verify(receipt, leaf []byte) (Verified, error) {
	r, err := ParseProof(receipt)
	if err != nil {
		return Verified{}, err
	}
	switch {
	case leaf == nil && r.Leaf == nil:
		return Verified{}, errors.New("the receipt does not carry its leaf: give the leaf's file too")
	case leaf == nil:
		leaf = r.Leaf
	case r.Leaf != nil && string(r.Leaf) != string(leaf):
		return Verified{}, errors.New("the leaf given is not the one in the receipt")
	}
	c, witnesses, err := p.Check(r.Checkpoint)
	if err != nil {
		return Verified{}, err
	}
	if r.Index >= c.Size {
		return Verified{}, fmt.Errorf("the receipt is for leaf %d, the checkpoint has %d leaves", r.Index, c.Size)
	}
	if err := tlog.CheckRecord(tlog.RecordProof(r.Hashes), c.Size, c.Root, r.Index, tlog.RecordHash(leaf)); err != nil {
		return Verified{}, fmt.Errorf("the leaf is not the one that was logged as number %d, or the proof is not its own", r.Index)
	}
	return Verified{Checkpoint: c, Index: r.Index, Leaf: leaf, Witness: witnesses}, nil
}
