package signer_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jca-ml/liaison/internal/audit"
	"github.com/jca-ml/liaison/internal/receipt"
	"github.com/jca-ml/liaison/internal/store"
)

func export(t testing.TB, s *store.Store, salts bool) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := s.Export(t.Context(), &b, store.ExportOptions{Salts: salts}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestExportVerifies(t *testing.T) {
	s, pool := open(t)
	sg, dir := newSigner(t, s, receipt.Policy{})
	step(t, sg)
	more(t, pool, 50)
	step(t, sg)
	policy := receipt.KeysOnly(keyOf(t, dir))
	c, err := s.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, salts := range []bool{false, true} {
		b := export(t, s, salts)
		if has := bytes.Contains(b, []byte("@")); has != salts {
			t.Errorf("salts %v: the export holds addresses: %v", salts, has)
		}
		report, err := audit.VerifyExport(bytes.NewReader(b), audit.Outside{Policy: &policy, Checkpoints: [][]byte{[]byte(c.Note)}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range report.Problems {
			t.Errorf("salts %v: %s", salts, p)
		}
		db := verified(t, s, store.AuditOptions{Policy: &policy})
		if l := report.Logs[0]; l.Root != db.Root || l.Size != db.Size || l.Checkpoints != 3 || l.Origin != origin {
			t.Errorf("%+v, the database says %d %s", l, db.Size, db.Root)
		}
	}
}

// TestExportTampered changes an export line by line; each change is found, most of them by name.
func TestExportTampered(t *testing.T) {
	s, _ := open(t)
	sg, dir := newSigner(t, s, receipt.Policy{})
	step(t, sg)
	policy := receipt.KeysOnly(keyOf(t, dir))
	whole := string(export(t, s, true))
	problems := func(text string) ([]audit.Problem, error) {
		r, err := audit.VerifyExport(strings.NewReader(text), audit.Outside{Policy: &policy}, nil)
		return r.Problems, err
	}
	lines := strings.SplitAfter(strings.TrimSuffix(whole, "\n"), "\n")
	for i := range lines { // taken out, one at a time
		without := strings.Join(append(append([]string(nil), lines[:i]...), lines[i+1:]...), "")
		if found, err := problems(without); err == nil && len(found) == 0 {
			t.Errorf("line %d may be taken out: %s", i+1, lines[i])
		}
	}
	for name, test := range map[string]struct{ from, to, says string }{
		"another approver":     {`"kind":"approved"`, `"kind":"returned"`, "another root"},
		"accepted in register": {`"state" : "accepted"`, `"state" : "refused"`, "the ledger says refused"},
		"another version":      {`"version" : 5`, `"version" : 6`, "the register says dispatched, version 6"},
		"office ended":         {`"office" : "chair", "from" : "2023-02-08", "until" : ""`, `"office" : "chair", "from" : "2023-02-08", "until" : "2024-01-01"`, "did not hold that office"},
		"a reason":             {`"field":"reply","salt":`, `"field":"reply","value":"550 no","salt":`, ""},
		"bounced in register":  {`"state" : "accepted"`, `"state" : "bounced"`, "the log has no report of that"},
		"assumed in register":  {`"state" : "accepted"`, `"state" : "assumed"`, "is assumed in the ledger and accepted in the log"},
		"a number more":        {`"last" : 1`, `"last" : 2`, "the number 2 was never given"},
		"a checkpoint":         {`\n— liaison`, `\n\n— liaison`, "the checkpoint of log 1"},
	} {
		t.Run(name, func(t *testing.T) {
			changed := strings.Replace(whole, test.from, test.to, 1)
			if changed == whole {
				t.Fatalf("nothing to change: %s", test.from)
			}
			found, err := problems(changed)
			if test.says == "" {
				return
			}
			if err != nil || !strings.Contains(fmt.Sprint(found), test.says) {
				t.Errorf("%v, %v; want %q", found, err, test.says)
			}
		})
	}
	if _, err := problems(whole[:len(whole)/2]); err == nil {
		t.Error("half an export is read to its end")
	}
	if f := os.Getenv("LIAISON_KEEP_EXPORT"); f != "" { // for a look, and for the checker in Python
		_ = os.WriteFile(filepath.Join(f, "export.jsonl"), []byte(whole), 0o600)
	}
}

// TestExportWithRowsLeftOut leaves out rows of the register, one at a time, and says in the last line that there are as many: what the log has
// of messages, attempts, replies, decisions and corrections has to be there.
func TestExportWithRowsLeftOut(t *testing.T) {
	s, _ := open(t)
	sg, dir := newSigner(t, s, receipt.Policy{})
	correctOne(t, s)
	step(t, sg)
	key := keyOf(t, dir)
	policy := receipt.KeysOnly(key)
	lines := strings.SplitAfter(strings.TrimSuffix(string(export(t, s, false)), "\n"), "\n")
	last := len(lines) - 1
	tried, seen := 0, map[string]bool{}
	for i, line := range lines[:last] {
		var row struct {
			Export string `json:"export"`
			State  string `json:"state"`
			Digest string `json:"message_digest"`
		}
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatal(err)
		}
		switch {
		case row.Export == "reply" && row.State == "not-awaited", row.Export == "transmission" && row.Digest == "" && row.State == "queued":
			continue // of which the log has nothing
		case row.Export == "statement", row.Export == "decision", row.Export == "amendment", row.Export == "transmission", row.Export == "attempt", row.Export == "reply":
		default:
			continue
		}
		tried++
		end := strings.Replace(lines[last], fmt.Sprintf(`"lines":%d`, last+1), fmt.Sprintf(`"lines":%d`, last), 1)
		without := strings.Join(lines[:i], "") + strings.Join(lines[i+1:last], "") + end + "\n"
		r, err := audit.VerifyExport(strings.NewReader(without), audit.Outside{Policy: &policy}, nil)
		if err != nil || len(r.Problems) == 0 || strings.Contains(fmt.Sprint(r.Problems), "something was taken out") {
			t.Errorf("without %sit says %v, %v", line, r.Problems, err)
		}
		if seen[row.Export] {
			continue
		}
		seen[row.Export] = true
		file := filepath.Join(t.TempDir(), "export")
		if err := os.WriteFile(file, []byte(without), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, ok := inPython(t, "export", file, key.String()); ok {
			t.Errorf("the checker in Python accepts the export without %s", line)
		}
	}
	if tried < 12 || len(seen) != 6 {
		t.Errorf("%d rows were left out, of %v", tried, seen)
	}
}
