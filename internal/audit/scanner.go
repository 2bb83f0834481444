package audit

import (
	"encoding/json"
	"fmt"

	"github.com/jca-ml/liaison/liaison"
)

// scanner reads what leaves say, beside the goroutine that hashes them, in blocks, because reading what a leaf says costs about as
// much as hashing it.
type scanner struct {
	cross    *CrossCheck
	commits  map[string]string
	block    []byte
	ends     []int
	first    int64
	blocks   chan leafBlock
	spare    chan leafBlock
	done     chan struct{}
	problems []string
}

type leafBlock struct {
	bytes []byte
	ends  []int // of the leaves in it
	first int64 // index of the first
}

const blockSize = 256 << 10

// newScanner makes one that hands events to the cross-check. [scanner.finish] has to be called.
func newScanner(cross *CrossCheck, commits map[string]string) *scanner {
	s := &scanner{cross: cross, commits: commits, blocks: make(chan leafBlock, 4), spare: make(chan leafBlock, 8), done: make(chan struct{})}
	go s.run()
	return s
}

// add gives it the next leaf, which it copies.
func (s *scanner) add(index int64, leaf []byte) {
	if len(s.ends) == 0 {
		s.first = index
	}
	s.block = append(s.block, leaf...)
	s.ends = append(s.ends, len(s.block))
	if len(s.block) >= blockSize {
		s.send()
	}
}

func (s *scanner) send() {
	s.blocks <- leafBlock{s.block, s.ends, s.first}
	select {
	case b := <-s.spare:
		s.block, s.ends = b.bytes[:0], b.ends[:0]
	default:
		s.block, s.ends = make([]byte, 0, blockSize+8<<10), nil
	}
}

// finish waits for the last block and returns what is wrong with leaves.
func (s *scanner) finish(log int) []Problem {
	if len(s.ends) > 0 {
		s.send()
	}
	close(s.blocks)
	<-s.done
	var out []Problem
	for _, p := range s.problems {
		out = append(out, Problem{Message: fmt.Sprintf("log %d, %s", log, p)})
	}
	return out
}

func (s *scanner) run() {
	defer close(s.done)
	var e liaison.Event
	reader := newLeafReader(&e)
	for b := range s.blocks {
		start := 0
		for i, end := range b.ends {
			leaf := b.bytes[start:end]
			start = end
			if err := reader.read(leaf); err != nil {
				s.problems = append(s.problems, fmt.Sprintf("leaf %d: %v", b.first+int64(i), err))
				continue
			}
			s.cross.Event(&e)
			if s.commits != nil {
				s.remember(leaf, e.ID)
			}
		}
		select {
		case s.spare <- b:
		default:
		}
	}
}

// remember keeps the commitments of a leaf until the salts come.
func (s *scanner) remember(leaf []byte, id liaison.EventID) {
	var v map[string]json.RawMessage
	if json.Unmarshal(leaf, &v) != nil {
		return // reported already
	}
	for name, raw := range v {
		var c struct {
			SHA256 string `json:"sha256"`
		}
		if json.Unmarshal(raw, &c) == nil && c.SHA256 != "" {
			s.commits[string(id)+" "+name] = c.SHA256
		}
	}
}
