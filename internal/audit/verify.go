package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/jca-ml/liaison/liaison"
)

// Row is one leaf as it is stored, with the event it stands for and the salts that are left.
type Row struct {
	Index   int64
	Payload []byte
	Event   liaison.Event
	Salts   Salts
}

// Node is one stored hash of a complete subtree.
type Node struct {
	Level int
	Index int64
	Hash  []byte
}

// Problem is one thing that is wrong, named so that it can be found.
type Problem struct {
	Statement liaison.StatementID
	Event     liaison.EventID
	Message   string
}

func (p Problem) String() string {
	switch {
	case p.Event != "":
		return fmt.Sprintf("statement %s, event %s: %s", p.Statement, p.Event, p.Message)
	case p.Statement != "":
		return fmt.Sprintf("statement %s: %s", p.Statement, p.Message)
	}
	return p.Message
}

// Verifier checks a log leaf by leaf, in order, in constant memory. Give it every row with [Verifier.Add], then read
// [Verifier.Size], [Verifier.Root] and [Verifier.Problems].
//
// It checks that the leaves are numbered without a gap, that each stands for the event beside it, that the stored hashes
// of subtrees are those of the leaves. That nobody rewrote everything consistently it cannot see; only what has left the
// database shows that.
type Verifier struct {
	// Node returns the next stored node in the order in which [audit.append] makes them, false when there is none.
	Node func() (Node, bool, error)

	size     int64
	stack    []subtree // complete ones, largest first
	problems []Problem
	buf      []byte // a leaf behind its prefix
}

// subtree is a complete one.
type subtree struct {
	level int
	index int64
	hash  tlog.Hash
}

// Add checks the next row.
func (v *Verifier) Add(r Row) error {
	if msg := differs(r); msg != "" {
		v.problems = append(v.problems, Problem{r.Event.Statement, r.Event.ID, fmt.Sprintf("leaf %d: %s", r.Index, msg)})
	}
	return v.AddLeaf(r.Index, r.Payload, nil)
}

// AddLeaf checks the next leaf by its bytes, and the hash that is stored with it unless that is nil. Whether its event says the
// same, [Differs] tells.
func (v *Verifier) AddLeaf(index int64, payload, stored []byte) error {
	at := func(format string, args ...any) {
		var e liaison.Event
		_ = ReadLeaf(payload, &e) // what cannot be read has no name, and is reported where it is read
		v.problems = append(v.problems, Problem{e.Statement, e.ID, fmt.Sprintf(format, args...)})
	}
	if index != v.size {
		at("leaf %d is missing: the next one is numbered %d", v.size, index)
	}
	before := *v
	v.size = index + 1
	node := subtree{0, index, tlog.Hash{}}
	node.hash, v.buf = leafHash(v.buf, payload)
	if stored != nil && !bytes.Equal(stored, node.hash[:]) {
		at("leaf %d: the hash stored with it is not that of its bytes", index)
	}
	for node.index&1 == 1 && len(v.stack) > 0 {
		left := v.stack[len(v.stack)-1]
		v.stack = v.stack[:len(v.stack)-1]
		node = subtree{node.level + 1, node.index >> 1, tlog.NodeHash(left.hash, node.hash)}
		stored, ok, err := v.Node()
		if err != nil {
			v.size, v.stack = before.size, before.stack // as if it had not begun, so that another check can go on here
			return err
		}
		if !ok || stored.Level != node.level || stored.Index != node.index || !bytes.Equal(stored.Hash, node.hash[:]) {
			at("leaf %d: the stored hash of the subtree at level %d, index %d is not that of its leaves", index, node.level, node.index)
		}
	}
	v.stack = append(v.stack, node)
	return nil
}

// leafHash is SHA-256(0x00 || leaf) (RFC 6962, 2.1). It is [tlog.RecordHash] without its allocations, in a buffer that it returns.
func leafHash(buf, leaf []byte) (tlog.Hash, []byte) {
	buf = append(append(buf[:0], 0), leaf...)
	return sha256.Sum256(buf), buf
}

// Differs says how a leaf differs from what its event makes, or "".
func Differs(r Row) string { return differs(r) }

// differs compares a leaf with its event and says what is wrong, or "".
func differs(r Row) string {
	made := NewMaker(&r.Event)
	if field := made.Unproven(r.Salts); field != "" {
		return fmt.Sprintf("the event has a %s that no salt is left to prove", field)
	}
	own := made.Append(nil, r.Salts)
	if bytes.Equal(r.Payload, own) {
		return ""
	}
	var leaf, want map[string]any
	if err := json.Unmarshal(r.Payload, &leaf); err != nil {
		return "it is not JSON: " + err.Error()
	}
	if leaf["format"] != leafFormat {
		return fmt.Sprintf("its format is %q, this program reads %q", leaf["format"], leafFormat)
	}
	if err := json.Unmarshal(own, &want); err != nil {
		return err.Error()
	}
	erased := false
	for _, f := range plan {
		if _, salted := r.Salts[f.name]; f.fate == "commit" && !salted {
			erased = erased || leaf[f.name] != nil
			continue // erased: the commitment stands, the value is gone
		}
		if got, expect := fmt.Sprint(leaf[f.name]), fmt.Sprint(want[f.name]); got != expect {
			return fmt.Sprintf("it says %s = %s, the event says %s", f.name, got, expect)
		}
	}
	for name := range leaf {
		if _, ok := want[name]; !ok && !erasable(name) && name != "format" {
			return fmt.Sprintf("it has a member %q that the event has not", name)
		}
	}
	if !erased {
		return "its bytes are not those that its event makes"
	}
	return ""
}

func erasable(name string) bool {
	for _, f := range plan {
		if f.name == name {
			return f.fate == "commit"
		}
	}
	return false
}

// Size is the number of leaves seen.
func (v *Verifier) Size() int64 { return v.size }

// Root is the tree's root hash (RFC 6962, 2.1), of no leaves the hash of nothing.
func (v *Verifier) Root() tlog.Hash {
	if len(v.stack) == 0 {
		root, err := tlog.TreeHash(0, nil)
		if err != nil {
			panic(err)
		}
		return root
	}
	root := v.stack[len(v.stack)-1].hash
	for i := len(v.stack) - 2; i >= 0; i-- {
		root = tlog.NodeHash(v.stack[i].hash, root)
	}
	return root
}

// Problems is what was found wrong.
func (v *Verifier) Problems() []Problem { return v.problems }
