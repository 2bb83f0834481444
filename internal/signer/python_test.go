package signer_test

import (
	"encoding/json"
	"log/slog"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jca-ml/liaison/internal/receipt"
	"github.com/jca-ml/liaison/internal/signer"
	"github.com/jca-ml/liaison/internal/stamp"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
)

// inPython runs the checker that shares no code with us, and says what it found and whether that was right.
func inPython(t testing.TB, args ...string) (said map[string]any, ok bool) {
	t.Helper()
	python, err := osexec.LookPath("python3")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("python3 is not installed")
		}
		t.Skip("NOT TESTED: python3 is not installed")
	}
	out, err := osexec.CommandContext(t.Context(), python, append([]string{"../../tests/audit/check.py"}, args...)...).Output()
	if err == nil {
		if err := json.Unmarshal(out, &said); err != nil {
			t.Fatalf("%s: %v", out, err)
		}
	} else if !strings.HasPrefix(string(out), "wrong:") {
		t.Fatalf("%s %v", out, err)
	}
	return said, err == nil
}

// TestCheckerInPython has a program that shares no code with us, written from docs/audit-format.md, check an export and
// receipts, and refuse changed ones.
func TestCheckerInPython(t *testing.T) {
	s, pool := open(t)
	sg, dir := newSigner(t, s, receipt.Policy{})
	policy, _ := newWitness(t, sg.Key(), "partner.example/witness")
	if err := sg.Close(); err != nil {
		t.Fatal(err)
	}
	sg = openSigner(t, s, dir, policy)
	step(t, sg)
	correctOne(t, s)
	more(t, pool, 50)
	step(t, sg)
	c, err := s.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tmp := t.TempDir()
	write := func(name, content string) string {
		name = filepath.Join(tmp, name)
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	check := func(args ...string) (map[string]any, bool) {
		t.Helper()
		return inPython(t, append(args, policy.Logs[0].Key.String(), policy.Witnesses[0].Key.String())...)
	}

	for _, salts := range []bool{false, true} {
		whole := string(export(t, s, salts))
		said, ok := check("export", write("export", whole), write("checkpoint", c.Note))
		db := verified(t, s, noOptions)
		if !ok || said["logs"].([]any)[0].(map[string]any)["root"] != db.Root.String() {
			t.Errorf("salts %v: it says %v, we say %s", salts, said, db.Root)
		}
	}
	// with a time-stamp over the checkpoint, and with one over another
	tsa := testkit.NewTSA(t)
	st := &signer.Stamper{Log: s, Key: sg.Key(), Logger: slog.New(slog.DiscardHandler), Now: time.Now, Authority: stamp.Authority{URL: tsa.URL, Trust: rootsOf(t, tsa)}}
	stampStep(t, st)
	x, err := s.NewestStamp(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	said, ok := check("export", write("export", string(export(t, s, false))))
	if stamps, _ := said["logs"].([]any)[0].(map[string]any)["stamps"].([]any); !ok || len(stamps) != 1 || stamps[0] != x.At.UTC().Format(time.RFC3339) {
		t.Errorf("of a time-stamp of %s it says %v", x.At, said)
	}
	if _, ok := check("stamp", write("token", string(x.Token)), write("other", c.Note+"x")); ok {
		t.Error("it accepts a time-stamp over something else")
	}

	whole := string(export(t, s, false))
	for name, changed := range map[string]string{
		"a leaf":         strings.Replace(whole, `"kind":"approved"`, `"kind":"approvad"`, 1),
		"a correction":   strings.Replace(whole, `"amends":"`, `"amends":"0`, 1),
		"a row":          strings.Replace(whole, `"state" : "accepted"`, `"state" : "refused"`, 1),
		"a signature":    strings.Replace(whole, `\n— liaison.example/jca-ml/log1 `, `\n— liaison.example/jca-ml/log1 A`, 1),
		"half of it":     whole[:len(whole)/2],
		"a line too few": strings.Replace(whole, strings.SplitAfter(whole, "\n")[len(strings.SplitAfter(whole, "\n"))-3], "", 1),
	} {
		if _, ok := check("export", write("changed", changed)); ok || changed == whole {
			t.Errorf("it accepts an export with %s changed", name)
		}
	}

	ts, err := s.Transmissions(t.Context(), sentStatement)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []liaison.EventKind{liaison.EventSealed, liaison.EventAccepted} {
		log, index, err := s.LeafOf(t.Context(), ts[1].ID, kind)
		if err != nil {
			t.Fatal(err)
		}
		p, leaf, err := s.Receipt(t.Context(), log, index)
		if err != nil {
			t.Fatal(err)
		}
		beside := string(p.Encode())
		said, ok := check("receipt", write("receipt", beside), write("leaf", string(leaf)))
		if !ok || said["leaf"].(map[string]any)["message_digest"] != string(ts[1].Digest) || len(said["witnesses"].(map[string]any)) != 1 {
			t.Errorf("it says %v", said)
		}
		p.Leaf = leaf
		if _, ok := check("receipt", write("receipt", string(p.Encode()))); !ok {
			t.Error("it refuses the receipt that carries its leaf")
		}
		for i := 0; i < len(beside); i += 101 { // one flipped bit in every 101 bytes; each costs a start of Python
			changed := []byte(beside)
			changed[i] ^= 1
			if _, ok := check("receipt", write("receipt", string(changed)), write("leaf", string(leaf))); ok {
				t.Errorf("it accepts the receipt with byte %d changed", i)
			}
		}
	}
}
