package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/jca-ml/liaison/internal/receipt"
)

const beginFormat = "liaison-log/1"

// Begin is the first leaf of a log that was begun after a restore. It names the last checkpoint of the log before, which no
// restored database can hold: it comes from the signer's own file.
type Begin struct {
	Origin   string    // of the new log
	Previous string    // the last checkpoint of the log before, signed
	At       time.Time // when it was begun
	// Kept is how many leaves the largest checkpoint of the log before covers that the restored database still had published. What
	// was signed behind them is lost, and if the program ran on before anybody noticed, other leaves stand there. Logs that were
	// begun before this was written say nothing of it (nil), and are believed only as long as nothing stands in a lost leaf's place.
	Kept *int64
}

type beginLeaf struct {
	Format   string `json:"format"`
	Kind     string `json:"kind"`
	At       string `json:"at"`
	Origin   string `json:"origin"`
	Previous string `json:"previous"`
	Kept     *int64 `json:"kept,omitempty"`
}

// Leaf is its bytes.
func (b Begin) Leaf() []byte {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(beginLeaf{beginFormat, "log-begun", Time(b.At).Format(timeFormat), b.Origin, b.Previous, b.Kept}); err != nil {
		panic(err) // strings always encode
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

// ParseBegin reads a first leaf back and refuses what [Begin.Leaf] does not write.
func ParseBegin(leaf []byte) (Begin, error) {
	var v beginLeaf
	if err := json.Unmarshal(leaf, &v); err != nil {
		return Begin{}, fmt.Errorf("read the first leaf of the log: %w", err)
	}
	at, err := time.Parse(timeFormat, v.At)
	b := Begin{Origin: v.Origin, Previous: v.Previous, At: at, Kept: v.Kept}
	if err != nil || v.Format != beginFormat || v.Kept != nil && *v.Kept < 0 || !bytes.Equal(b.Leaf(), leaf) {
		return Begin{}, fmt.Errorf("the first leaf of the log does not say which log it follows")
	}
	return b, nil
}

// CheckPrevious reads the checkpoint that a first leaf names and checks its signature: by the policy, or else by the key that the
// checkpoints of the log before are signed with; without either it is only read.
func CheckPrevious(b Begin, policy *receipt.Policy, key string) (receipt.Checkpoint, error) {
	if policy == nil && key != "" {
		k, err := receipt.ParseKey(key)
		if err != nil {
			return receipt.Checkpoint{}, err
		}
		own := receipt.KeysOnly(k)
		policy = &own
	}
	if policy == nil {
		c, _, err := receipt.ParseCheckpoint([]byte(b.Previous))
		return c, err
	}
	lenient := *policy
	lenient.IgnoreUnknown = true // a witness that is no longer in the policy
	c, _, err := lenient.Check([]byte(b.Previous))
	return c, err
}

// Before is a log that another one follows, as its own check found it.
type Before struct {
	Number    int
	Origin    string // "" if no checkpoint names it
	Size      int64
	Root      tlog.Hash
	Signed    int64 // leaves under the largest checkpoint of it, published or brought from outside
	Published int64 // under the largest published one
	// Same is whether the root at the size of the checkpoint that the later log names is that checkpoint's; nil if that is not known.
	Same *bool
}

// Follow holds the checkpoint that the first leaf of a log names against the log before it. The checkpoint was signed, so it is a claim
// on that log at its own size like every other: what does not agree with it is wrong, unless the leaf declares what a restore has lost.
func (b Begin) Follow(number int, previous receipt.Checkpoint, before Before) (problem, notice string) {
	if before.Origin != "" && before.Origin != previous.Origin || before.Signed > previous.Size {
		return fmt.Sprintf("log %d follows the checkpoint of %s at %d leaves, but one of %s at %d leaves was signed", number, previous.Origin, previous.Size, before.Origin, before.Signed), ""
	}
	if b.Kept != nil && *b.Kept != before.Published {
		return fmt.Sprintf("log %d says that log %d was published up to %d leaves when it was restored; its largest published checkpoint is of %d", number, before.Number, *b.Kept, before.Published), ""
	}
	same := before.Same
	if previous.Size == before.Size {
		equal := previous.Root == before.Root
		same = &equal
	}
	switch declared := fmt.Sprintf("as the first leaf of log %d says", number); {
	case previous.Size > before.Size && b.Kept != nil && *b.Kept < before.Size:
		return "", fmt.Sprintf("log %d was signed with %d leaves and has %d: the last ones were lost when the database was restored, %s; those behind the first %d, which a published checkpoint covers, are not shown to be the ones that were signed", before.Number, previous.Size, before.Size, declared, *b.Kept)
	case previous.Size > before.Size:
		return "", fmt.Sprintf("log %d was signed with %d leaves and has %d: the last %d were lost when the database was restored, %s", before.Number, previous.Size, before.Size, previous.Size-before.Size, declared)
	case same != nil && *same:
		return "", ""
	case b.Kept != nil:
		return "", fmt.Sprintf("log %d was signed with %d leaves; of them the first %d are still here, and those behind were lost when the database was restored, %s: the %d leaves that stand there now are others", before.Number, previous.Size, *b.Kept, declared, before.Size-*b.Kept)
	case same != nil:
		return fmt.Sprintf("log %d follows a checkpoint of log %d at %d leaves with another root than those leaves have now: what was signed was taken away, and other leaves stand in its place", number, before.Number, previous.Size), ""
	}
	return fmt.Sprintf("log %d follows a checkpoint of log %d at %d leaves that is none of those published there, and that log has %d", number, before.Number, previous.Size, before.Size), ""
}
