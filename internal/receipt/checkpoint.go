package receipt

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint is what a log says of itself: how many leaves it has and their root hash (C2SP tlog-checkpoint). We write no
// extension lines and refuse them.
type Checkpoint struct {
	Origin string // the log's name; of its key too
	Size   int64
	Root   tlog.Hash
}

// Text is the part that is signed.
func (c Checkpoint) Text() string {
	return fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, base64.StdEncoding.EncodeToString(c.Root[:]))
}

// ParseCheckpoint reads a signed checkpoint, strictly. The signatures are read and not checked; [Policy.Check] does.
func ParseCheckpoint(b []byte) (Checkpoint, Note, error) {
	n, err := ParseNote(b)
	if err != nil {
		return Checkpoint{}, Note{}, err
	}
	c, err := parseText(n.Text)
	return c, n, err
}

func parseText(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" || !validName(lines[0]) {
		return Checkpoint{}, errors.New("read checkpoint: it needs three lines: origin, size, root hash")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 {
		return Checkpoint{}, fmt.Errorf("read checkpoint: %q is not a size", lines[1])
	}
	root, err := parseHash(lines[2])
	if err != nil {
		return Checkpoint{}, fmt.Errorf("read checkpoint: %w", err)
	}
	c := Checkpoint{lines[0], size, root}
	if c.Text() != text {
		return Checkpoint{}, errors.New("read checkpoint: it is not encoded as it must be")
	}
	if size == 0 && root != EmptyRoot {
		return Checkpoint{}, errors.New("read checkpoint: a log without leaves has the hash of nothing as its root")
	}
	return c, nil
}

// EmptyRoot is the root of a tree without leaves: SHA-256 of nothing (RFC 6962, 2.1).
var EmptyRoot = func() tlog.Hash {
	h, err := tlog.TreeHash(0, nil)
	if err != nil {
		panic(err)
	}
	return h
}()

func parseHash(s string) (tlog.Hash, error) {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil || len(b) != tlog.HashSize || base64.StdEncoding.EncodeToString(b) != s {
		return tlog.Hash{}, fmt.Errorf("%q is not a hash: 32 bytes in base64", s)
	}
	return tlog.Hash(b), nil
}
