package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

const beginFormat = "liaison-log/1"

// Begin is the first leaf of a log that was begun after a restore. It names the last checkpoint of the log before, which no
// restored database can hold: it comes from the signer's own file.
type Begin struct {
	Origin   string    // of the new log
	Previous string    // the last checkpoint of the log before, signed
	At       time.Time // when it was begun
}

type beginLeaf struct {
	Format   string `json:"format"`
	Kind     string `json:"kind"`
	At       string `json:"at"`
	Origin   string `json:"origin"`
	Previous string `json:"previous"`
}

// Leaf is its bytes.
func (b Begin) Leaf() []byte {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(beginLeaf{beginFormat, "log-begun", Time(b.At).Format(timeFormat), b.Origin, b.Previous}); err != nil {
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
	b := Begin{Origin: v.Origin, Previous: v.Previous, At: at}
	if err != nil || v.Format != beginFormat || !bytes.Equal(b.Leaf(), leaf) {
		return Begin{}, fmt.Errorf("the first leaf of the log does not say which log it follows")
	}
	return b, nil
}
