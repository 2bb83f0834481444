package receipt

import (
	"errors"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// Range is a tree by the roots of its complete subtrees, largest first: all that is needed to add leaves and to know the
// root. Its zero value is the empty tree.
type Range struct {
	Size   int64
	Hashes []tlog.Hash // one for each bit that is set in Size, the highest first
}

// Add adds a leaf by its hash.
func (r *Range) Add(leaf tlog.Hash) {
	h := leaf
	for n := r.Size; n&1 == 1; n >>= 1 {
		last := len(r.Hashes) - 1
		h = tlog.NodeHash(r.Hashes[last], h)
		r.Hashes = r.Hashes[:last]
	}
	r.Hashes = append(r.Hashes, h)
	r.Size++
}

// Root is the root hash of the tree.
func (r *Range) Root() tlog.Hash {
	if len(r.Hashes) == 0 {
		return EmptyRoot
	}
	root := r.Hashes[len(r.Hashes)-1]
	for i := len(r.Hashes) - 2; i >= 0; i-- {
		root = tlog.NodeHash(r.Hashes[i], root)
	}
	return root
}

// Clone is a copy that shares nothing.
func (r *Range) Clone() Range { return Range{r.Size, append([]tlog.Hash(nil), r.Hashes...)} }

// Check refuses a range that cannot be one.
func (r *Range) Check() error {
	if r.Size < 0 || bits.OnesCount64(uint64(r.Size)) != len(r.Hashes) {
		return errors.New("the size and the number of hashes do not belong together")
	}
	return nil
}
