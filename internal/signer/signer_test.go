package signer_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/jca-ml/liaison/internal/audit"
	"github.com/jca-ml/liaison/internal/kept"
	"github.com/jca-ml/liaison/internal/receipt"
	"github.com/jca-ml/liaison/internal/signer"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/internal/witness"
	"github.com/jca-ml/liaison/liaison"
)

const origin = "liaison.example/jca-ml/log1"

// newSigner makes a signer of its own files for the log.
func newSigner(t testing.TB, s *store.Store, policy receipt.Policy) (*signer.Signer, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "signer")
	if _, err := signer.Init(dir, origin, 1); err != nil {
		t.Fatal(err)
	}
	return openSigner(t, s, dir, policy), dir
}

func openSigner(t testing.TB, s signer.Log, dir string, policy receipt.Policy) *signer.Signer {
	t.Helper()
	sg, err := signer.Open(t.Context(), signer.Config{Log: s, Dir: dir, Policy: policy})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sg.Close() })
	return sg
}

// newWitness starts a witness of the log's key and returns the policy that needs it.
func newWitness(t testing.TB, log receipt.Key, name string) (receipt.Policy, string) {
	t.Helper()
	dir := t.TempDir()
	vkey, err := witness.Init(dir, name)
	if err != nil {
		t.Fatal(err)
	}
	w, err := witness.Open(witness.Config{Dir: dir, Logs: []receipt.Key{log}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(w)
	t.Cleanup(func() { server.Close(); _ = w.Close() })
	p, err := receipt.ParsePolicy("log " + log.String() + "\nwitness w " + vkey + " " + server.URL + "\nquorum w\n")
	if err != nil {
		t.Fatal(err)
	}
	return p, server.URL
}

func step(t testing.TB, sg *signer.Signer) int64 {
	t.Helper()
	size, err := sg.Step(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return size
}

func verified(t testing.TB, s *store.Store, o store.AuditOptions) store.AuditReport {
	t.Helper()
	report, err := s.AuditWith(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range report.Problems {
		t.Errorf("the log does not verify: %s", p)
	}
	return report
}

func exec(t testing.TB, pool *pgxpool.Pool, sql string, args ...any) {
	t.Helper()
	if _, err := pool.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// keyOf reads the public key that Init left.
func keyOf(t testing.TB, dir string) receipt.Key {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "log.vkey"))
	if err != nil {
		t.Fatal(err)
	}
	k, err := receipt.ParseKey(strings.TrimSpace(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestSignerFollowsTheLog(t *testing.T) {
	s, pool := open(t)
	dir := filepath.Join(t.TempDir(), "signer")
	if _, err := signer.Init(dir, origin, 1); err != nil {
		t.Fatal(err)
	}
	key := keyOf(t, dir)
	policy, _ := newWitness(t, key, "partner.example/witness")
	sg := openSigner(t, s, dir, policy)
	if _, err := s.Checkpoint(t.Context()); liaison.CodeOf(err) != liaison.NotFound {
		t.Errorf("before the first step there is a checkpoint: %v", err)
	}
	first := step(t, sg)
	if again := step(t, sg); again != first {
		t.Errorf("nothing new and yet %d after %d", again, first)
	}
	for range 5 {
		more(t, pool, 7)
		if size := step(t, sg); size != first+7 {
			t.Fatalf("signed %d, want %d", size, first+7)
		}
		first += 7
	}
	c, err := s.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cp, cosigned, err := policy.Check([]byte(c.Note))
	if err != nil || cp.Size != first || len(cosigned) != 1 || time.Since(cosigned[0].At) > time.Minute {
		t.Errorf("the newest checkpoint: %+v %+v %v", cp, cosigned, err)
	}
	report := verified(t, s, store.AuditOptions{Policy: &policy, Outside: [][]byte{[]byte(c.Note)}})
	if report.Logs[0].Checkpoints != 7 { // six published, one of them given once more
		t.Errorf("%d checkpoints agree", report.Logs[0].Checkpoints)
	}

	// a second signer on the same files, and one that takes over after the first
	if _, err := signer.Open(t.Context(), signer.Config{Log: s, Dir: dir}); !errors.Is(err, kept.ErrBusy) {
		t.Errorf("a second signer at the same time: %v", err)
	}
	if err := sg.Close(); err != nil {
		t.Fatal(err)
	}
	more(t, pool, 3)
	if size := step(t, openSigner(t, s, dir, policy)); size != first+3 {
		t.Errorf("after a restart %d", size)
	}
}

func TestReceiptsOfADispatch(t *testing.T) {
	s, pool := open(t)
	sg, dir := newSigner(t, s, receipt.Policy{})
	policy := receipt.KeysOnly(keyOf(t, dir))
	ts, err := s.Transmissions(t.Context(), sentStatement)
	if err != nil {
		t.Fatal(err)
	}
	log, index, err := s.LeafOf(t.Context(), ts[0].ID, liaison.EventSealed)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Receipt(t.Context(), log, index); liaison.CodeOf(err) != liaison.NotFound {
		t.Errorf("a receipt without a checkpoint: %v", err)
	}
	step(t, sg)
	var before []byte
	for _, kind := range []liaison.EventKind{liaison.EventSealed, liaison.EventAccepted} {
		log, index, err := s.LeafOf(t.Context(), ts[0].ID, kind)
		if err != nil {
			t.Fatal(err)
		}
		p, leaf, err := s.Receipt(t.Context(), log, index)
		if err != nil {
			t.Fatal(err)
		}
		got, err := policy.Verify(p.Encode(), leaf)
		if err != nil || got.Index != index {
			t.Fatalf("%+v %v", got, err)
		}
		if !strings.Contains(string(leaf), string(ts[0].Digest)) || !strings.Contains(string(leaf), string(kind)) {
			t.Errorf("the leaf does not name the message: %s", leaf)
		}
		before = p.Encode()
	}
	more(t, pool, 100)
	step(t, sg)
	log, index, err = s.LeafOf(t.Context(), ts[0].ID, liaison.EventAccepted)
	if err != nil {
		t.Fatal(err)
	}
	if p, _, err := s.Receipt(t.Context(), log, index); err != nil || string(p.Encode()) != string(before) {
		t.Errorf("the receipt of a leaf changes while the log grows: %v", err)
	}
}

// failing is a log whose writes fail, before or after they were done (after sunlight's TestSequenceErrors).
type failing struct {
	*store.Store
	fail string
}

func (f *failing) AddCheckpoint(ctx context.Context, c store.Signed) error {
	switch f.fail {
	case "not done":
		return errors.New("not done")
	case "done":
		return errors.Join(f.Store.AddCheckpoint(ctx, c), errors.New("done, but the answer was lost"))
	}
	return f.Store.AddCheckpoint(ctx, c)
}

func TestPublishingFails(t *testing.T) {
	for _, fail := range []string{"not done", "done"} {
		t.Run(fail, func(t *testing.T) {
			s, pool := open(t)
			dir := filepath.Join(t.TempDir(), "signer")
			if _, err := signer.Init(dir, origin, 1); err != nil {
				t.Fatal(err)
			}
			policy := receipt.KeysOnly(keyOf(t, dir))
			f := &failing{s, fail}
			sg := openSigner(t, f, dir, receipt.Policy{})
			if _, err := sg.Step(t.Context()); err == nil {
				t.Fatal("nobody noticed")
			}
			if err := sg.Close(); err != nil { // and the signer is killed
				t.Fatal(err)
			}
			f.fail = ""
			more(t, pool, 5)
			size := step(t, openSigner(t, f, dir, receipt.Policy{}))
			report := verified(t, s, store.AuditOptions{Policy: &policy})
			if report.Size != size || report.Logs[0].Checkpoints == 0 {
				t.Errorf("%+v, signed %d", report.Logs, size)
			}
		})
	}
}

func TestStateFileIsTheOnlyOne(t *testing.T) {
	s, pool := open(t)
	sg, dir := newSigner(t, s, receipt.Policy{})
	step(t, sg)
	state := filepath.Join(dir, "log.state")
	old, err := os.ReadFile(state)
	if err != nil {
		t.Fatal(err)
	}
	more(t, pool, 1)
	if err := os.WriteFile(state, append(old, ' '), 0o600); err != nil { // behind its back
		t.Fatal(err)
	}
	if _, err := sg.Step(t.Context()); !errors.Is(err, kept.ErrChanged) {
		t.Errorf("a file that somebody else wrote is written over: %v", err)
	}
	_ = sg.Close()
	for name, spoil := range map[string]func() error{
		"without state":   func() error { return os.Remove(state) },
		"with half of it": func() error { return os.WriteFile(state, old[:len(old)/2], 0o600) },
		"key for others":  func() error { return os.Chmod(filepath.Join(dir, "log.key"), 0o644) },
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(state, old, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := spoil(); err != nil {
				t.Fatal(err)
			}
			if x, err := signer.Open(t.Context(), signer.Config{Log: s, Dir: dir}); err == nil {
				_ = x.Close()
				t.Error("it signs")
			}
			if name == "without state" {
				if _, err := signer.Init(dir, origin, 1); err == nil {
					t.Error("init makes a state that has forgotten what was signed")
				}
			}
			_ = os.Chmod(filepath.Join(dir, "log.key"), 0o600)
		})
	}
}

// TestWithoutItsDirectory: a signer whose files are gone, or are an old copy, does not become another signer of the same log.
func TestWithoutItsDirectory(t *testing.T) {
	s, pool := open(t)
	dir := filepath.Join(t.TempDir(), "signer")
	vkey, err := signer.Ready(t.Context(), s, dir, origin)
	if err != nil {
		t.Fatal(err)
	}
	old := keyOf(t, dir)
	before, err := os.ReadFile(filepath.Join(dir, "log.state"))
	if err != nil {
		t.Fatal(err)
	}
	sg := openSigner(t, s, dir, receipt.Policy{})
	size := step(t, sg)
	if err := sg.Close(); err != nil {
		t.Fatal(err)
	}
	if again, err := signer.Ready(t.Context(), s, dir, origin); err != nil || again != vkey {
		t.Errorf("with its files it has the key %s, %v", again, err)
	}
	moved := dir + "-lost"
	if err := os.Rename(dir, moved); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "signer2")
	const second = "liaison.example/jca-ml/log2"
	for name, in := range map[string]struct{ dir, origin string }{"not mounted": {dir, origin}, "under another name": {to, second}} {
		if vkey, err := signer.Ready(t.Context(), s, in.dir, in.origin); liaison.CodeOf(err) != liaison.Conflict || !strings.Contains(err.Error(), "new-origin --lost") {
			t.Errorf("%s: the key is %s, %v", name, vkey, err)
		}
		if _, err := os.Stat(filepath.Join(in.dir, "log.key")); err == nil {
			t.Errorf("%s: a key was made", name)
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil { // mounted, and emptied by somebody
		t.Fatal(err)
	}
	if _, err := signer.Ready(t.Context(), s, dir, origin); liaison.CodeOf(err) != liaison.Conflict {
		t.Errorf("an empty directory: %v", err)
	}
	key, err := os.ReadFile(filepath.Join(moved, "log.key"))
	if err == nil {
		err = errors.Join(os.WriteFile(filepath.Join(dir, "log.key"), key, 0o600), os.WriteFile(filepath.Join(dir, "log.state"), before, 0o600))
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := signer.Ready(t.Context(), s, dir, origin); liaison.CodeOf(err) != liaison.Conflict || !strings.Contains(err.Error(), "an old copy") {
		t.Errorf("its files of before it signed: %v", err)
	}

	if _, err := signer.NewOriginOfLost(t.Context(), s, to, origin, time.Now()); liaison.CodeOf(err) != liaison.Invalid {
		t.Errorf("a new log under the old name: %v", err)
	}
	if _, err := signer.NewOriginOfLost(t.Context(), s, moved, second, time.Now()); liaison.CodeOf(err) != liaison.Invalid {
		t.Errorf("a new log in the old directory: %v", err)
	}
	for range 2 { // the second time is after a crash
		if _, err := signer.NewOriginOfLost(t.Context(), s, to, second, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := signer.Ready(t.Context(), s, to, second); err != nil {
		t.Error(err)
	}
	more(t, pool, 3)
	step(t, openSigner(t, s, to, receipt.Policy{}))
	policy := receipt.KeysOnly(old, keyOf(t, to))
	if report := verified(t, s, store.AuditOptions{Policy: &policy}); len(report.Logs) != 2 || report.Logs[0].Size != size {
		t.Errorf("%+v", report.Logs)
	}
}

func TestWitnessRefuses(t *testing.T) {
	s, pool := open(t)
	sg, dir := newSigner(t, s, receipt.Policy{})
	policy, url := newWitness(t, sg.Key(), "partner.example/witness")
	_ = sg.Close()
	sg = openSigner(t, s, dir, policy)
	step(t, sg)
	c, err := s.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	own := strings.SplitAfter(c.Note, "\n")
	logOnly := strings.Join(own[:5], "")
	stranger, _ := receipt.NewSecret("stranger.example/log", receipt.LogKey)
	text := receipt.Checkpoint{Origin: "stranger.example/log", Size: 1}.Text()
	foreign := string(receipt.Note{Text: text, Signatures: []receipt.Signature{stranger.Sign(text, time.Now())}}.Encode())
	hash := strings.Repeat("A", 43) + "=\n"
	for name, test := range map[string]struct {
		body   string
		status int
	}{
		"again":            {"old " + own[1] + "\n" + logOnly, 200},
		"no old line":      {logOnly, 400},
		"old with a zero":  {"old 0" + own[1] + "\n" + logOnly, 400},
		"old too large":    {"old 1000000\n\n" + logOnly, 400},
		"old too small":    {"old 1\n\n" + logOnly, 409},
		"proof of nothing": {"old " + own[1] + hash + "\n" + logOnly, 422},
		"unknown log":      {"old 0\n\n" + foreign, 404},
		"unsigned":         {"old " + own[1] + "\n" + strings.Join(own[:4], "") + own[5], 403},
		"flipped":          {"old " + own[1] + "\n" + strings.Replace(logOnly, "log1\n"+own[1], "log1\n9"+own[1], 1), 403},
		"too many hashes":  {"old " + own[1] + strings.Repeat(hash, 64) + "\n" + logOnly, 400},
	} {
		resp, err := http.Post(url+"/add-checkpoint", "text/plain", strings.NewReader(test.body))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != test.status {
			t.Errorf("%s: %d, want %d", name, resp.StatusCode, test.status)
		}
	}
	more(t, pool, 10)
	step(t, sg)
	verified(t, s, store.AuditOptions{Policy: &policy})
}

func TestNewOrigin(t *testing.T) {
	s, pool := open(t)
	sg, dir := newSigner(t, s, receipt.Policy{})
	first := step(t, sg)
	more(t, pool, 5)
	step(t, sg)
	old := keyOf(t, dir)
	lost, err := s.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := sg.Close(); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "signer2")
	if _, err := signer.NewOrigin(t.Context(), s, dir, to, "liaison.example/jca-ml/log2", time.Now()); liaison.CodeOf(err) != liaison.Conflict {
		t.Errorf("a new log while the old one can go on: %v", err)
	}

	// the database is restored from a copy of before the five events
	exec(t, pool, `SET session_replication_role = replica; DELETE FROM audit.checkpoint WHERE size > `+itoa(first)+`; DELETE FROM audit.node WHERE ((index + 1) << level) > `+itoa(first)+`;
		DELETE FROM event WHERE id IN (SELECT event_id FROM audit.leaf WHERE index >= `+itoa(first)+`); DELETE FROM audit.leaf WHERE index >= `+itoa(first)+`; SET session_replication_role = origin`)
	verified(t, s, store.AuditOptions{}) // alone it cannot know
	if _, err := signer.Open(t.Context(), signer.Config{Log: s, Dir: dir}); !errors.Is(err, signer.ErrRollback) {
		t.Errorf("the signer opens on a database that lost what was signed: %v", err)
	}
	report, err := s.AuditWith(t.Context(), store.AuditOptions{Outside: [][]byte{[]byte(lost.Note)}})
	if err != nil || len(report.Problems) != 1 || !strings.Contains(report.Problems[0].Message, "older copy") {
		t.Errorf("with a checkpoint from outside: %v %v", report.Problems, err)
	}
	for range 2 { // the second time is after a crash
		if _, err := signer.NewOrigin(t.Context(), s, dir, to, "liaison.example/jca-ml/log2", time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	sg2 := openSigner(t, s, to, receipt.Policy{})
	more(t, pool, 12)
	if size := step(t, sg2); size != 13 {
		t.Errorf("the new log has %d leaves, want 13", size)
	}
	policy := receipt.KeysOnly(old, keyOf(t, to))
	report = verified(t, s, store.AuditOptions{Policy: &policy})
	if len(report.Logs) != 2 || report.Logs[0].Size != first || len(report.Notices) != 1 {
		t.Errorf("%+v %v", report.Logs, report.Notices)
	}
	// receipts of the old log hold for ever, and are still made
	ts, err := s.Transmissions(t.Context(), sentStatement)
	if err != nil {
		t.Fatal(err)
	}
	log, index, err := s.LeafOf(t.Context(), ts[0].ID, liaison.EventSealed)
	if err != nil {
		t.Fatal(err)
	}
	p, leaf, err := s.Receipt(t.Context(), log, index)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := policy.Verify(p.Encode(), leaf); err != nil || v.Origin != origin {
		t.Errorf("%+v %v", v, err)
	}
}

// TestWhatALaterLogFollows: the checkpoint that a later log names was signed, so it counts for the log before it like any other. A database
// that was restored and went on before anybody noticed has other leaves in the place of signed ones; whoever verifies it has to hear of
// that, and whoever rewrites a log cannot cover it by beginning another.
func TestWhatALaterLogFollows(t *testing.T) {
	const second = "liaison.example/jca-ml/log2"
	type scene struct {
		*store.Store
		pool            *pgxpool.Pool
		dir             string
		published, size int64 // leaves under the last checkpoint that is published, and under the last that was signed
		lost            store.Signed
	}
	begin := func(t *testing.T, w scene, b audit.Begin) {
		t.Helper()
		b.Origin, b.At = second, time.Now()
		if _, err := w.BeginLog(t.Context(), b.Leaf()); err != nil {
			t.Fatal(err)
		}
	}
	none := int64(0)
	for name, test := range map[string]struct {
		do     func(t *testing.T, w scene)
		wrong  string // what the check of the database says, "" for a notice
		export string // and of an export, "" for the same
	}{
		"declared by new-origin": {do: func(t *testing.T, w scene) {
			if _, err := signer.NewOrigin(t.Context(), w.Store, w.dir, filepath.Join(t.TempDir(), "signer2"), second, time.Now()); err != nil {
				t.Fatal(err)
			}
		}},
		"not declared": {do: func(t *testing.T, w scene) { begin(t, w, audit.Begin{Previous: w.lost.Note}) },
			wrong: "other leaves stand in its place", export: "none of those published there"},
		"declared, and more was published": {do: func(t *testing.T, w scene) { begin(t, w, audit.Begin{Previous: w.lost.Note, Kept: &none}) },
			wrong: "was published up to 0 leaves"},
		"declared, and then what is published taken away": {do: func(t *testing.T, w scene) {
			begin(t, w, audit.Begin{Previous: w.lost.Note, Kept: &w.published})
			exec(t, w.pool, `SET session_replication_role = replica; DELETE FROM audit.checkpoint; SET session_replication_role = origin`)
		}, wrong: "its largest published checkpoint is of 0"},
		"a checkpoint that was never signed": {do: func(t *testing.T, w scene) {
			begin(t, w, audit.Begin{Previous: strings.Replace(w.lost.Note, "\n"+itoa(w.size)+"\n", "\n"+itoa(w.published)+"\n", 1)})
		}, wrong: "the checkpoint in its first leaf"},
		"an older checkpoint": {do: func(t *testing.T, w scene) {
			all, err := w.Checkpoints(t.Context(), 1)
			if err != nil {
				t.Fatal(err)
			}
			begin(t, w, audit.Begin{Previous: all[0].Note})
		}, wrong: "but one of"},
	} {
		t.Run(name, func(t *testing.T) {
			s, pool := open(t)
			w := scene{Store: s, pool: pool}
			var sg *signer.Signer
			sg, w.dir = newSigner(t, s, receipt.Policy{})
			step(t, sg)
			more(t, pool, 3)
			w.published = step(t, sg)
			more(t, pool, 5)
			w.size = step(t, sg)
			var err error
			if w.lost, err = s.Checkpoint(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := sg.Close(); err != nil {
				t.Fatal(err)
			}
			// restored from a copy of before the last five, and written to before anybody notices
			n := itoa(w.published)
			exec(t, pool, `SET session_replication_role = replica; DELETE FROM audit.checkpoint WHERE size > `+n+`; DELETE FROM audit.node WHERE ((index + 1) << level) > `+n+`;
				DELETE FROM event WHERE id IN (SELECT event_id FROM audit.leaf WHERE index >= `+n+`); DELETE FROM audit.leaf WHERE index >= `+n+`; SET session_replication_role = origin`)
			more(t, pool, 12)
			if _, err := signer.Open(t.Context(), signer.Config{Log: s, Dir: w.dir}); !errors.Is(err, signer.ErrFork) {
				t.Fatalf("the signer opens on other leaves than it signed: %v", err)
			}
			test.do(t, w)

			key := keyOf(t, w.dir)
			policy := receipt.KeysOnly(key)
			whole := export(t, s, false)
			for _, policy := range []*receipt.Policy{&policy, nil} {
				db, err := s.AuditWith(t.Context(), store.AuditOptions{Policy: policy})
				if err != nil {
					t.Fatal(err)
				}
				file, err := audit.VerifyExport(bytes.NewReader(whole), audit.Outside{Policy: policy}, nil)
				if err != nil {
					t.Fatal(err)
				}
				for where, found := range map[string]struct {
					problems []audit.Problem
					notices  []string
					want     string
				}{"database": {db.Problems, db.Notices, test.wrong}, "export": {file.Problems, file.Notices, cmp.Or(test.export, test.wrong)}} {
					if test.wrong == "" {
						if len(found.problems) > 0 || len(found.notices) != 1 || !strings.Contains(found.notices[0], "of them the first "+n+" are still here") {
							t.Errorf("of the %s it says %v, and %q", where, found.problems, found.notices)
						}
					} else if !strings.Contains(fmt.Sprint(found.problems), found.want) {
						t.Errorf("of the %s it says %v, want %q", where, found.problems, found.want)
					}
				}
			}
			file := filepath.Join(t.TempDir(), "export")
			if err := os.WriteFile(file, whole, 0o600); err != nil {
				t.Fatal(err)
			}
			if said, ok := inPython(t, "export", file, key.String()); ok != (test.wrong == "") {
				t.Errorf("the checker in Python says %v, %v", ok, said)
			}
		})
	}
}
