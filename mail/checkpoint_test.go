package mail

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/jca-ml/liaison/internal/receipt"
	"github.com/jca-ml/liaison/liaison"
)

// TestCheckpointInTheHeader sends checkpoints of every length through the composer and reads them back.
func TestCheckpointInTheHeader(t *testing.T) {
	for cosigners := range 12 {
		log, err := receipt.NewSecret("liaison.example/jca-ml/log1", receipt.LogKey)
		if err != nil {
			t.Fatal(err)
		}
		text := receipt.Checkpoint{Origin: log.Name, Size: 1 << cosigners}.Text()
		n := receipt.Note{Text: text, Signatures: []receipt.Signature{log.Sign(text, time.Now())}}
		for i := range cosigners {
			w, err := receipt.NewSecret("witness.example/"+strings.Repeat("w", i+1), receipt.WitnessKey)
			if err != nil {
				t.Fatal(err)
			}
			n.Signatures = append(n.Signatures, w.Sign(text, time.Now()))
		}
		env := Envelope{
			FromName: "JCA-ML", FromEmail: "jca-ml@liaison.example", ToName: "W3C", ToEmail: "team@w3c.example", MessageID: "abc@liaison.example",
			Date: time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC), Checkpoint: n.Encode(),
			Receipt: "https://liaison.example/statements/0190c0de-0000-7000-8000-000000000001/messages/0190c0de-0000-7000-8000-000000000002/receipt",
		}
		b, err := Compose(Returned{To: liaison.Person{Name: "A", Email: "a@b.example"}, Title: "T", Revision: 1, By: "B", Acting: "Chair", Reason: "R", URL: "https://liaison.example/"}, env, nil)
		if err != nil {
			t.Fatalf("%d cosigners: %v", cosigners, err)
		}
		got, err := CheckpointOf(b)
		if err != nil || !bytes.Equal(got, env.Checkpoint) {
			t.Errorf("%d cosigners: came out as %q, %v", cosigners, got, err)
		}
		for line := range strings.SplitSeq(strings.SplitN(string(b), "\r\n\r\n", 2)[0], "\r\n") {
			if strings.Contains(line, "Liaison-Checkpoint") && len(line) > 78 {
				t.Errorf("a line of %d characters: %s", len(line), line)
			}
		}
	}
	if _, err := CheckpointOf([]byte("Subject: x\r\n\r\nHello")); err == nil {
		t.Error("a message without the header has a checkpoint")
	}
}
