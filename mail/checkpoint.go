package mail

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/mail"
	"strings"
)

// The headers that tie a message to the audit log. They are ours; RFC 6648 asks for no X-.
const (
	// HeaderCheckpoint carries the newest signed checkpoint of the log, base64 of its exact bytes in pieces. Every mailbox that
	// a message reaches so keeps a copy that nobody can take back.
	HeaderCheckpoint = "Liaison-Checkpoint"
	// HeaderReceipt is the address at which the message's receipt can be had.
	HeaderReceipt = "Liaison-Receipt"
)

// checkpointPiece is how long a piece is: with the header's name it stays on one line of 76 characters, which go-mail would
// otherwise fold in front of it.
const checkpointPiece = 52

// checkpointHeader writes a checkpoint as words short enough to fold between.
func checkpointHeader(note []byte) string {
	s := base64.StdEncoding.EncodeToString(note)
	var words []string
	for len(s) > checkpointPiece {
		words, s = append(words, s[:checkpointPiece]), s[checkpointPiece:]
	}
	return strings.Join(append(words, s), " ")
}

// proof is the headers that tie the message to the log.
func (e Envelope) proof() map[string]string {
	out := map[string]string{}
	if e.Checkpoint != nil {
		out[HeaderCheckpoint] = checkpointHeader(e.Checkpoint)
	}
	if e.Receipt != "" {
		out[HeaderReceipt] = e.Receipt
	}
	return out
}

// CheckpointOf returns the signed checkpoint that a message carries, as it was when it was sealed. It is not checked.
func CheckpointOf(message []byte) ([]byte, error) {
	m, err := mail.ReadMessage(strings.NewReader(string(message)))
	if err != nil {
		return nil, fmt.Errorf("read the message: %w", err)
	}
	value := m.Header.Get(HeaderCheckpoint)
	if value == "" {
		return nil, errors.New("the message has no header " + HeaderCheckpoint + ": no signer ran when it was sealed")
	}
	b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(value), ""))
	if err != nil {
		return nil, fmt.Errorf("read the header %s: %w", HeaderCheckpoint, err)
	}
	return b, nil
}
