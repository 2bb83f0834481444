package testkit

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// TSA is a time-stamping authority of its own on loopback: OpenSSL's, behind HTTP as RFC 3161, 3.4 has it.
type TSA struct {
	URL   string
	Roots string // file of its root certificate, PEM

	t    testing.TB
	dir  string
	bin  string
	mu   sync.Mutex
	hook func(query []byte, answer func(query []byte) []byte) (status int, reply []byte)
	asks int
}

// Policies that the authority knows; the first is the one that it gives when none is asked for.
const (
	TSAPolicy      = "1.3.6.1.4.1.99999.1"
	TSAOtherPolicy = "1.3.6.1.4.1.99999.2"
)

// NewTSA starts one with a root and a certificate for time-stamping under it.
func NewTSA(t testing.TB) *TSA {
	t.Helper()
	bin, err := exec.LookPath("openssl")
	if err != nil && os.Getenv("CI") == "" {
		t.Skip("NOT TESTED, a part is missing: openssl is not installed")
	} else if err != nil {
		t.Fatal(err)
	}
	a := &TSA{t: t, dir: t.TempDir(), bin: bin}
	write(t, filepath.Join(a.dir, "tsa.cnf"), strings.ReplaceAll(`
[req]
distinguished_name = dn
[dn]
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
[stamping]
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[tsa]
default_tsa = one
[one]
serial = DIR/serial
signer_cert = DIR/tsa.pem
certs = DIR/root.pem
signer_key = DIR/tsa.key
signer_digest = sha256
default_policy = `+TSAPolicy+`
other_policies = `+TSAOtherPolicy+`
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = no
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
`, "DIR", a.dir))
	write(t, filepath.Join(a.dir, "serial"), "01\n")
	a.Roots = a.file("root.pem")
	a.OpenSSL("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", a.file("root.key"), "-out", a.Roots, "-days", "3650",
		"-subj", "/O=Example/CN=Example Root", "-config", a.file("tsa.cnf"), "-extensions", "root")
	a.OpenSSL("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", a.file("tsa.key"), "-out", a.file("tsa.csr"),
		"-subj", "/O=Example/CN=Example Time-Stamping", "-config", a.file("tsa.cnf"))
	a.OpenSSL("x509", "-req", "-in", a.file("tsa.csr"), "-CA", a.Roots, "-CAkey", a.file("root.key"), "-CAcreateserial", "-out", a.file("tsa.pem"), "-days", "365",
		"-extfile", a.file("tsa.cnf"), "-extensions", "stamping")
	server := httptest.NewServer(http.HandlerFunc(a.serve))
	t.Cleanup(server.Close)
	a.URL = server.URL
	return a
}

func (a *TSA) file(name string) string { return filepath.Join(a.dir, name) }

// OpenSSL runs the program and returns what it said.
func (a *TSA) OpenSSL(args ...string) string {
	a.t.Helper()
	out, err := exec.Command(a.bin, args...).CombinedOutput()
	if err != nil {
		a.t.Fatalf("openssl %s: %v\n%s", args[0], err, out)
	}
	return string(out)
}

// Verify has OpenSSL, and not us, check a token over data against the root; it returns what OpenSSL said against it.
func (a *TSA) Verify(data, token []byte) error {
	a.t.Helper()
	write(a.t, a.file("verify.data"), string(data))
	write(a.t, a.file("verify.tst"), string(token))
	out, err := exec.Command(a.bin, "ts", "-verify", "-data", a.file("verify.data"), "-in", a.file("verify.tst"), "-token_in", "-CAfile", a.Roots).CombinedOutput()
	if err != nil {
		return fmt.Errorf("openssl ts -verify: %w: %s", err, out)
	}
	return nil
}

// Answer makes the authority do something else than answer, until it is called with nil. The function gets the query and what
// answers one.
func (a *TSA) Answer(f func(query []byte, answer func(query []byte) []byte) (status int, reply []byte)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.hook = f
}

// Asked is how often it was asked.
func (a *TSA) Asked() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.asks
}

func (a *TSA) serve(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asks++
	query, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/timestamp-query" {
		http.Error(w, "a time-stamp query by POST", http.StatusBadRequest)
		return
	}
	status, reply := http.StatusOK, []byte(nil)
	if a.hook != nil {
		status, reply = a.hook(query, a.answer)
	} else {
		reply = a.answer(query)
	}
	w.Header().Set("Content-Type", "application/timestamp-reply")
	w.WriteHeader(status)
	_, _ = w.Write(reply)
}

// answer has OpenSSL answer a query.
func (a *TSA) answer(query []byte) []byte {
	if err := os.WriteFile(a.file("query"), query, 0o600); err != nil {
		a.t.Error(err)
		return nil
	}
	out, err := exec.Command(a.bin, "ts", "-reply", "-config", a.file("tsa.cnf"), "-queryfile", a.file("query"), "-out", a.file("reply")).CombinedOutput()
	if err != nil {
		a.t.Errorf("openssl ts -reply: %v: %s", err, out)
		return nil
	}
	reply, err := os.ReadFile(a.file("reply"))
	if err != nil {
		a.t.Error(err)
	}
	return reply
}
