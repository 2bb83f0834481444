package audit

import (
	"math/bits"

	"github.com/jca-ml/liaison/internal/receipt"
)

// Resume makes the verifier go on behind the leaves that an earlier one had seen; what it kept is [Verifier.Range].
func (v *Verifier) Resume(r receipt.Range) {
	v.size, v.stack = r.Size, nil
	at := int64(0)
	for i := range r.Hashes {
		level := bits.Len64(uint64(r.Size-at)) - 1
		v.stack = append(v.stack, subtree{level, at >> level, r.Hashes[i]})
		at += 1 << level
	}
}

// Range is what has been seen, in a few hashes.
func (v *Verifier) Range() receipt.Range {
	r := receipt.Range{Size: v.size}
	for _, n := range v.stack {
		r.Hashes = append(r.Hashes, n.hash)
	}
	return r
}
