package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/signer"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/migrations"
)

// TestSignerStampsAndOthersVerify runs the signer with a time-stamping authority as an operator configures it, and then what an auditor
// runs elsewhere, with files alone.
func TestSignerStampsAndOthersVerify(t *testing.T) {
	tsa, other := testkit.NewTSA(t), testkit.NewTSA(t)
	url := testkit.DatabaseURL(t, migrations.Up)
	s, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := seed.Register(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Create(t.Context(), liaison.StatementID(uuid.NewString()), seed.Editor.ID, liaison.Content{Source: seed.JCAML, Title: "T", Language: "en"}); err != nil {
		t.Fatal(err)
	}
	tmp := t.TempDir()
	dir := filepath.Join(tmp, "signer")
	const origin = "liaison.example/test/log1"
	key, err := signer.Init(dir, origin, 1)
	if err != nil {
		t.Fatal(err)
	}
	sg, err := signer.Open(t.Context(), signer.Config{Log: s, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sg.Step(t.Context()); err != nil { // so that there is something to stamp when the command begins
		t.Fatal(err)
	}
	if err := sg.Close(); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"LIAISON_DATABASE_URL": url, "LIAISON_LOG_ORIGIN": origin, "LIAISON_SIGNER_DIR": dir, "LIAISON_SIGNER_EVERY": "50ms", "LIAISON_LOG_LEVEL": "error",
		"LIAISON_TSA_URL": tsa.URL, "LIAISON_TSA_ROOTS": tsa.Roots, "LIAISON_TSA_POLICY": testkit.TSAPolicy,
	} {
		t.Setenv(name, value)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- signerRunCmd{}.Run(ctx, &cli{}) }()
	var x store.Stamp
	testkit.Eventually(t, 30*time.Second, func() (err error) {
		x, err = s.NewestStamp(t.Context())
		return err
	})
	cancel()
	<-done // it ends because it was told to

	t.Setenv("LIAISON_SIGNER_DIR", filepath.Join(tmp, "not-mounted"))
	short, end := context.WithTimeout(t.Context(), 20*time.Second)
	defer end()
	if err := (signerRunCmd{}).Run(short, &cli{}); liaison.CodeOf(err) != liaison.Conflict {
		t.Errorf("without its directory the signer of a signed log ends with %v", err)
	}
	t.Setenv("LIAISON_SIGNER_DIR", dir)

	write := func(name string, content []byte) string {
		name = filepath.Join(tmp, name)
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	says := func(err error, want string) {
		t.Helper()
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%v; want %q", err, want)
		}
	}
	state := filepath.Join(tmp, "state")
	for range 2 { // the second goes on behind the first
		says(auditVerifyCmd{Key: []string{key}, State: state}.Run(t.Context(), &cli{}), "")
	}
	says(auditVerifyCmd{TSARoots: other.Roots}.Run(t.Context(), &cli{}), "does not verify")
	export := filepath.Join(tmp, "export")
	says(auditExportCmd{File: export}.Run(t.Context(), &cli{}), "")
	proof, leaf, err := s.StampedReceipt(t.Context(), 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	proof.Leaf = leaf
	file, token := write("1.tlog-proof", proof.Encode()), write("1.tst", x.Token)

	// elsewhere: no settings
	for _, name := range []string{"LIAISON_DATABASE_URL", "LIAISON_LOG_ORIGIN", "LIAISON_SIGNER_DIR", "LIAISON_TSA_URL", "LIAISON_TSA_ROOTS", "LIAISON_TSA_POLICY"} {
		t.Setenv(name, "")
	}
	says(auditVerifyCmd{Export: export, Key: []string{key}, TSARoots: tsa.Roots}.Run(t.Context(), &cli{}), "")
	says(auditVerifyCmd{Export: export, Key: []string{key}}.Run(t.Context(), &cli{}), "")
	says(auditVerifyCmd{Export: export, TSARoots: other.Roots}.Run(t.Context(), &cli{}), "does not verify")
	receipts := auditVerifyReceiptCmd{File: file, Key: []string{key}, Stamp: token, TSARoots: tsa.Roots}
	says(receipts.Run(), "")
	receipts.TSARoots = other.Roots
	says(receipts.Run(), "authority that was not named")
	receipts.TSARoots = ""
	says(receipts.Run(), "--tsa-roots")
	receipts.TSARoots, receipts.Stamp = tsa.Roots, write("2.tst", x.Token[:len(x.Token)-1])
	says(receipts.Run(), "its time-stamp does not")
}

func TestSignerRefusesASettingOfTheAuthority(t *testing.T) {
	tsa := testkit.NewTSA(t)
	for name, test := range map[string]struct{ url, roots, policy, says string }{
		"no authority":       {"", "", "", ""},
		"a whole one":        {tsa.URL, tsa.Roots, "1.2.3", ""},
		"no roots":           {tsa.URL, "", "", "LIAISON_TSA_ROOTS is not"},
		"roots that are not": {tsa.URL, "audit_test.go", "", "no certificate"},
		"no file":            {tsa.URL, "not-there.pem", "", "read the certificates"},
		"no address":         {"tsa.example", tsa.Roots, "", "write it as https://"},
		"another protocol":   {"ftp://tsa.example", tsa.Roots, "", "write it as https://"},
		"no policy":          {tsa.URL, tsa.Roots, "one.two", "no OID"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("LIAISON_TSA_URL", test.url)
			t.Setenv("LIAISON_TSA_ROOTS", test.roots)
			t.Setenv("LIAISON_TSA_POLICY", test.policy)
			cfg, _, err := (&cli{}).load()
			if err != nil {
				t.Fatal(err)
			}
			a, err := stamping(cfg)
			if test.says == "" && (err != nil || (a == nil) != (test.url == "")) || test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)) {
				t.Errorf("%+v, %v; want %q", a, err, test.says)
			}
		})
	}
}
