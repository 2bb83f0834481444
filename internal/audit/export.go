package audit

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/jca-ml/liaison/internal/receipt"
	"github.com/jca-ml/liaison/internal/stamp"
	"github.com/jca-ml/liaison/liaison"
)

// ExportFormat names the form of an export; docs/audit-format.md describes it.
const ExportFormat = "liaison-export/1"

// Outside are checkpoints that left the system, and the keys they and the exported ones are held against.
type Outside struct {
	// Policy has the keys that checkpoints must be signed with. Without it the keys that the export names are taken, which
	// shows accidents and no forgery.
	Policy *receipt.Policy
	// Stamps are what time-stamp tokens are held against: without roots any authority will do, which shows accidents and no forgery.
	Stamps stamp.Trust
	// Rules finds the version of a profile by its citation, to judge what a profile has to allow; nil leaves that unjudged.
	Rules func(cite string) (liaison.Profile, bool)
	// Checkpoints are signed ones from an e-mail's header, a receipt, a witness.
	Checkpoints [][]byte
}

// ExportReport is what the verification of an export came to.
type ExportReport struct {
	Made     time.Time
	Logs     []ExportedLog
	Problems []Problem
	Notices  []string
}

// ExportedLog is one log of an export.
type ExportedLog struct {
	Number      int
	Origin      string // "" if no checkpoint names it
	Size        int64
	Root        tlog.Hash
	Checkpoints int // that agree with the leaves
	Stamps      int // time-stamp tokens over them that hold
}

// VerifyExport checks an export as it streams by: every leaf, every checkpoint, and the register against the log. An error
// means that it could not be read to its end; what is wrong with it is in the report.
func VerifyExport(r io.Reader, o Outside, progress func(leaves int64)) (ExportReport, error) {
	v := &exportVerifier{Outside: o, in: bufio.NewReaderSize(r, 1<<20), cross: NewCrossCheck(), progress: progress, salts: map[string]int{}}
	v.cross.Rules = o.Rules
	if err := v.run(); err != nil {
		return v.report, fmt.Errorf("read the export: %w", err)
	}
	v.report.Problems = append(v.report.Problems, v.cross.Problems()...)
	return v.report, nil
}

type exportVerifier struct {
	Outside
	in       *bufio.Reader
	cross    *CrossCheck
	report   ExportReport
	progress func(int64)
	line     int64
	seen     int64 // leaves, of every log
	end      bool
	claims   []*exportClaim
	salts    map[string]int
	commits  map[string]string   // commitment by event and field, while the export brings salts
	before   Before              // the log that was read last
	roots    map[int64]tlog.Hash // of it, at the size of each checkpoint
	key      string              // that its checkpoints are signed with
}

type exportClaim struct {
	receipt.Checkpoint
	where string
	given bool
	found bool
}

// row is what every line that is not a leaf may hold.
type row struct {
	Export string    `json:"export"`
	Made   time.Time `json:"made"`
	Salts  bool      `json:"salts"`
	Number int       `json:"number"`
	Size   int64     `json:"size"`
	Log    int       `json:"log"`
	Key    string    `json:"key"`
	Note   string    `json:"note"`
	At     time.Time `json:"at"`
	Token  []byte    `json:"token"`
	Leaves int64     `json:"leaves"`
	Lines  int64     `json:"lines"`
	Event  string    `json:"event"`
	Field  string    `json:"field"`
	Salt   string    `json:"salt"`
	Value  string    `json:"value"`
}

func (v *exportVerifier) problem(format string, args ...any) {
	v.report.Problems = append(v.report.Problems, Problem{Message: fmt.Sprintf(format, args...)})
}

// next returns the next line without its newline. It is valid until the next call.
func (v *exportVerifier) next() ([]byte, error) {
	line, err := v.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		long := bytes.Clone(line)
		rest, rerr := v.in.ReadBytes('\n')
		line, err = append(long, rest...), rerr
	}
	if err != nil {
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return nil, io.EOF
		}
		return nil, fmt.Errorf("line %d: %w", v.line+1, err)
	}
	v.line++
	return line[:len(line)-1], nil
}

func (v *exportVerifier) read() (row, []byte, error) {
	line, err := v.next()
	if err != nil {
		return row{}, nil, err
	}
	var r row
	if err := json.Unmarshal(line, &r); err != nil {
		return row{}, nil, fmt.Errorf("line %d is not JSON: %w", v.line, err)
	}
	return r, line, nil
}

func (v *exportVerifier) run() error {
	first, _, err := v.read()
	if err != nil || first.Export != ExportFormat {
		return fmt.Errorf("the first line does not say %q; is this an export of `liaison audit export`?", ExportFormat)
	}
	v.report.Made = first.Made
	if first.Salts {
		v.commits = map[string]string{}
	}
	for i, b := range v.Checkpoints {
		c, _, err := receipt.ParseCheckpoint(b)
		if err == nil && v.Policy != nil {
			_, _, err = v.Policy.Check(b)
		}
		if err != nil {
			return fmt.Errorf("the checkpoint given as number %d: %w", i+1, err)
		}
		v.claims = append(v.claims, &exportClaim{Checkpoint: c, given: true, where: fmt.Sprintf("the checkpoint of %d leaves that was given", c.Size)})
	}
	for !v.end {
		r, line, err := v.read()
		if errors.Is(err, io.EOF) {
			return errors.New("it ends without its last line: the file was cut short")
		} else if err != nil {
			return err
		}
		switch r.Export {
		case "log":
			if err := v.log(r); err != nil {
				return err
			}
		case "salt":
			v.salt(r)
		case "end":
			v.end = true
			if r.Leaves != v.seen || r.Lines != v.line {
				v.problem("the export says that it has %d leaves in %d lines; it has %d in %d: something was taken out or put in", r.Leaves, r.Lines, v.seen, v.line)
			}
		default: // what this program does not know of is passed over: exports only grow
			if err := v.cross.Row(r.Export, line); err != nil {
				return fmt.Errorf("line %d: %w", v.line, err)
			}
		}
	}
	if _, err := v.next(); !errors.Is(err, io.EOF) {
		v.problem("there is something behind the last line")
	}
	for _, c := range v.claims {
		if c.given && !c.found {
			v.problem("%s is of %s, which is not a log of this export", c.where, c.Origin)
		}
	}
	return nil
}

// log reads one log: its checkpoints, then its leaves.
func (v *exportVerifier) log(head row) error {
	if head.Number != len(v.report.Logs)+1 {
		v.problem("log %d is missing; the next one is numbered %d", len(v.report.Logs)+1, head.Number)
	}
	out := ExportedLog{Number: head.Number}
	var own []*exportClaim
	var published int64
	var key string
	notes := map[int64]string{} // of the checkpoints, by size
	// checkpoints, tokens over them, and the line that says that leaves begin
	for {
		r, _, err := v.read()
		if err != nil {
			return noEOF(err)
		}
		if r.Export == "leaves" {
			break
		}
		if r.Export == "checkpoint" {
			if c := v.checkpoint(r, out.Origin); c != nil {
				own, out.Origin, key = append(own, c), c.Origin, r.Key
				published = max(published, c.Size)
			}
			notes[r.Size] = r.Note
		}
		if r.Export == "stamp" && v.stamp(r, notes[r.Size]) {
			out.Stamps++
		}
	}
	bySize := map[int64][]*exportClaim{}
	take := func(c *exportClaim) { bySize[c.Size] = append(bySize[c.Size], c) }
	for _, c := range own {
		take(c)
	}
	if out.Origin != "" {
		own = v.given(own, out.Origin, take)
	}
	leaves := newScanner(v.cross, v.commits)
	var tree receipt.Range
	var failed error
	roots := map[int64]tlog.Hash{}
	var buf []byte
	for tree.Size < head.Size {
		line, err := v.next()
		if err != nil {
			failed = noEOF(err)
			break
		}
		var h tlog.Hash
		h, buf = leafHash(buf, line)
		tree.Add(h)
		if tree.Size == 1 && head.Number > 1 {
			origin := v.begin(head.Number, line)
			if out.Origin == "" {
				out.Origin = origin
				own = v.given(own, origin, take)
			}
		} else {
			leaves.add(tree.Size-1, line)
		}
		for _, c := range bySize[tree.Size] {
			c.found = true
			roots[tree.Size] = tree.Root()
			if c.Root != roots[tree.Size] {
				v.problem("%s has another root than the leaves of log %d in this export: what was logged before it was signed has been changed", c.where, head.Number)
			} else {
				out.Checkpoints++
			}
		}
		if v.seen++; v.progress != nil && v.seen%100_000 == 0 {
			v.progress(v.seen)
		}
	}
	v.report.Problems = append(v.report.Problems, leaves.finish(head.Number)...)
	v.before, v.roots, v.key = Before{Number: head.Number, Origin: out.Origin, Size: tree.Size, Root: tree.Root(), Published: published}, roots, key
	for _, c := range own {
		if !c.found && failed == nil {
			c.found = true
			v.problem("%s was signed over %d leaves, log %d has %d here: the last ones were taken away, or the export is an older one", c.where, c.Size, head.Number, tree.Size)
		}
		v.before.Signed = max(v.before.Signed, c.Size)
	}
	out.Size, out.Root = tree.Size, tree.Root()
	v.report.Logs = append(v.report.Logs, out)
	return failed
}

// given adds the checkpoints from outside that are of the origin.
func (v *exportVerifier) given(own []*exportClaim, origin string, take func(*exportClaim)) []*exportClaim {
	for _, c := range v.claims {
		if c.given && c.Origin == origin {
			own = append(own, c)
			take(c)
		}
	}
	return own
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (v *exportVerifier) checkpoint(r row, origin string) *exportClaim {
	where := fmt.Sprintf("the checkpoint of log %d at %d leaves", r.Log, r.Size)
	policy := v.Policy
	if policy == nil {
		key, err := receipt.ParseKey(r.Key)
		if err != nil {
			v.problem("%s: %v", where, err)
			return nil
		}
		own := receipt.KeysOnly(key)
		policy = &own
	}
	lenient := *policy
	lenient.IgnoreUnknown = true
	c, _, err := lenient.Check([]byte(r.Note))
	switch {
	case err != nil:
		v.problem("%s: %v", where, err)
		return nil
	case c.Size != r.Size || origin != "" && c.Origin != origin:
		v.problem("%s is another one than the line says", where)
		return nil
	}
	return &exportClaim{Checkpoint: c, where: where}
}

// stamp checks a time-stamp token over a checkpoint.
func (v *exportVerifier) stamp(r row, note string) (ok bool) {
	says, err := v.Stamps.Check(r.Token, []byte(note))
	if err == nil && !says.At.Equal(r.At) {
		err = errors.New("the token says another time than its line")
	}
	if err != nil {
		v.problem("the time-stamp of %s over the checkpoint of log %d at %d leaves: %v", r.At.Format(time.RFC3339), r.Log, r.Size, err)
	}
	return err == nil
}

// begin checks the first leaf of a log that follows another.
func (v *exportVerifier) begin(number int, leaf []byte) (origin string) {
	b, err := ParseBegin(leaf)
	if err != nil {
		v.problem("log %d: %v", number, err)
		return ""
	}
	previous, err := CheckPrevious(b, v.Policy, v.key)
	if err != nil {
		v.problem("log %d: the checkpoint in its first leaf: %v", number, err)
		return b.Origin
	}
	if len(v.report.Logs) == 0 {
		return b.Origin
	}
	before := v.before
	if root, ok := v.roots[previous.Size]; ok {
		same := root == previous.Root
		before.Same = &same
	}
	problem, notice := b.Follow(number, previous, before)
	if problem != "" {
		v.problem("%s", problem)
	}
	if notice != "" {
		v.report.Notices = append(v.report.Notices, notice)
	}
	return b.Origin
}

// salt holds a value against its commitment.
func (v *exportVerifier) salt(r row) {
	salt, err := base64.StdEncoding.DecodeString(r.Salt)
	want, ok := v.commits[r.Event+" "+r.Field]
	if err != nil || !ok || Commitment(salt, r.Value) != want {
		v.report.Problems = append(v.report.Problems, Problem{Event: liaison.EventID(r.Event), Message: fmt.Sprintf("the %s that the export gives is not the one that the leaf commits to", r.Field)})
	}
}
