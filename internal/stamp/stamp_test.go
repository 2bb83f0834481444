package stamp_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/digitorus/timestamp"

	"github.com/jca-ml/liaison/internal/stamp"
	"github.com/jca-ml/liaison/internal/testkit"
)

var message = []byte("liaison.example/jca-ml/log1\n7\nAAAA\n")

func roots(t testing.TB, a *testkit.TSA) stamp.Trust {
	t.Helper()
	pem, err := os.ReadFile(a.Roots)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := stamp.ParseRoots(pem)
	if err != nil {
		t.Fatal(err)
	}
	return stamp.Trust{Roots: pool}
}

// TestStampIsWhatOpenSSLSays asks OpenSSL's authority, and has OpenSSL check what was given.
func TestStampIsWhatOpenSSLSays(t *testing.T) {
	a := testkit.NewTSA(t)
	trust := roots(t, a)
	for _, policy := range []string{"", testkit.TSAPolicy, testkit.TSAOtherPolicy} {
		oid, err := stamp.ParsePolicy(policy)
		if err != nil {
			t.Fatal(err)
		}
		trust.Policy = oid
		begin := time.Now().Truncate(time.Second)
		token, says, err := stamp.Authority{URL: a.URL, Trust: trust}.Stamp(t.Context(), message)
		if err != nil {
			t.Fatalf("policy %q: %v", policy, err)
		}
		if err := a.Verify(message, token); err != nil {
			t.Errorf("policy %q: %v", policy, err)
		}
		want := policy
		if want == "" {
			want = testkit.TSAPolicy
		}
		if says.At.Before(begin) || says.At.After(time.Now()) || says.Policy != want || says.Authority != "CN=Example Time-Stamping,O=Example" || says.Accuracy != time.Second || says.Serial == "" || !says.Expires.After(says.At.AddDate(0, 11, 0)) {
			t.Errorf("policy %q: it says %+v", policy, says)
		}
		again, err := trust.Check(token, message)
		if err != nil || again != says {
			t.Errorf("read again it says %+v, %v", again, err)
		}
		if _, err := trust.Check(token, append([]byte("x"), message...)); err == nil || !strings.Contains(err.Error(), "other bytes") {
			t.Errorf("for other bytes: %v", err)
		}
	}
}

// TestStampRefuses is every answer that is not a token for what was asked.
func TestStampRefuses(t *testing.T) {
	type answer = func(query []byte, answer func([]byte) []byte) (int, []byte)
	request := func(change func(*timestamp.Request)) answer {
		return func(query []byte, answer func([]byte) []byte) (int, []byte) {
			r, err := timestamp.ParseRequest(query)
			if err != nil {
				t.Error(err)
				return http.StatusBadRequest, nil
			}
			change(r)
			b, err := r.Marshal()
			if err != nil {
				t.Error(err)
			}
			return http.StatusOK, answer(b)
		}
	}
	other, err := stamp.ParsePolicy(testkit.TSAOtherPolicy)
	if err != nil {
		t.Fatal(err)
	}
	first, err := stamp.ParsePolicy(testkit.TSAPolicy)
	if err != nil {
		t.Fatal(err)
	}
	unknown := asn1.ObjectIdentifier{1, 2, 3, 4}
	for name, test := range map[string]struct {
		answer answer
		trust  func(stamp.Trust) stamp.Trust
		now    func() time.Time
		says   string
	}{
		"other bytes": {answer: request(func(r *timestamp.Request) { s := sha256.Sum256([]byte("y")); r.HashedMessage = s[:] }), says: "other bytes"},
		"another digest": {answer: request(func(r *timestamp.Request) {
			r.HashAlgorithm, r.HashedMessage = crypto.SHA512, make([]byte, 64)
		}), says: "other bytes"},
		"another nonce":         {answer: request(func(r *timestamp.Request) { r.Nonce = big.NewInt(1) }), says: "answer to another request"},
		"no nonce":              {answer: request(func(r *timestamp.Request) { r.Nonce = nil }), says: "answer to another request"},
		"no certificate":        {answer: request(func(r *timestamp.Request) { r.Certificates = false }), says: "not exactly one signer"},
		"another policy":        {answer: request(func(r *timestamp.Request) { r.TSAPolicyOID = other }), trust: func(t stamp.Trust) stamp.Trust { t.Policy = first; return t }, says: "under the policy"},
		"a policy it has not":   {trust: func(t stamp.Trust) stamp.Trust { t.Policy = unknown; return t }, says: "gave no token"},
		"another authority":     {trust: func(stamp.Trust) stamp.Trust { return stamp.Trust{Roots: x509.NewCertPool()} }, says: "authority that was not named"},
		"no authority named":    {trust: func(stamp.Trust) stamp.Trust { return stamp.Trust{} }, says: "no certificates were named"},
		"a clock that is wrong": {now: func() time.Time { return time.Now().AddDate(0, 0, -2) }, says: "one of them is wrong"},
		"an error":              {answer: func([]byte, func([]byte) []byte) (int, []byte) { return http.StatusServiceUnavailable, nil }, says: "503"},
		"a redirect":            {answer: func([]byte, func([]byte) []byte) (int, []byte) { return http.StatusFound, nil }, says: "302"},
		"rubbish":               {answer: func([]byte, func([]byte) []byte) (int, []byte) { return http.StatusOK, []byte("no") }, says: "not one value in DER"},
		"nothing":               {answer: func([]byte, func([]byte) []byte) (int, []byte) { return http.StatusOK, nil }, says: "not one value in DER"},
		"too much":              {answer: func([]byte, func([]byte) []byte) (int, []byte) { return http.StatusOK, make([]byte, 70<<10) }, says: "more than"},
		"a rejection": {answer: func([]byte, func([]byte) []byte) (int, []byte) {
			b, err := timestamp.CreateErrorResponse(timestamp.Rejection, timestamp.TimeNotAvailable)
			if err != nil {
				t.Error(err)
			}
			return http.StatusOK, b
		}, says: "time source is not available"},
	} {
		t.Run(name, func(t *testing.T) {
			a := testkit.NewTSA(t)
			a.Answer(test.answer)
			trust := roots(t, a)
			if test.trust != nil {
				trust = test.trust(trust)
			}
			token, says, err := stamp.Authority{URL: a.URL, Trust: trust, Now: test.now}.Stamp(t.Context(), message)
			if err == nil || !strings.Contains(err.Error(), test.says) || token != nil || says != (stamp.Token{}) {
				t.Errorf("%v, %+v; want %q", err, says, test.says)
			}
		})
	}
	t.Run("nobody there", func(t *testing.T) {
		a := testkit.NewTSA(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, _, err := (stamp.Authority{URL: a.URL, Trust: roots(t, a)}).Stamp(ctx, message); err == nil {
			t.Error("a token of nobody")
		}
	})
}

// made is a token that the library signs as we tell it, which OpenSSL would not do.
func made(t *testing.T, change func(*x509.Certificate, *timestamp.Timestamp)) (token []byte, trust stamp.Trust) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	usage, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	c := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "Somebody"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: usage}},
	}
	sum := sha256.Sum256(message)
	ts := &timestamp.Timestamp{HashAlgorithm: crypto.SHA256, HashedMessage: sum[:], Time: now.UTC().Truncate(time.Second), Policy: asn1.ObjectIdentifier{1, 2, 3}, AddTSACertificate: true}
	change(c, ts)
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	if c, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	answer, err := ts.CreateResponseWithOpts(c, key, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := timestamp.ParseResponse(answer)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(c)
	return parsed.RawToken, stamp.Trust{Roots: pool}
}

func TestTokensOfUnfitCertificates(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*x509.Certificate, *timestamp.Timestamp)
		says   string
	}{
		"a fit one":           {func(*x509.Certificate, *timestamp.Timestamp) {}, ""},
		"not critical":        {func(c *x509.Certificate, _ *timestamp.Timestamp) { c.ExtraExtensions[0].Critical = false }, "not for time-stamping alone"},
		"for everything":      {func(c *x509.Certificate, _ *timestamp.Timestamp) { c.ExtraExtensions = nil }, "not for time-stamping alone"},
		"for servers as well": {func(c *x509.Certificate, _ *timestamp.Timestamp) { c.ExtraExtensions[0].Value = usages(8, 1) }, "not for time-stamping alone"},
		"ended before":        {func(c *x509.Certificate, ts *timestamp.Timestamp) { ts.Time = c.NotAfter.Add(time.Minute) }, "was not valid"},
		"begun after":         {func(c *x509.Certificate, ts *timestamp.Timestamp) { ts.Time = c.NotBefore.Add(-time.Minute) }, "was not valid"},
	} {
		t.Run(name, func(t *testing.T) {
			token, trust := made(t, test.change)
			_, err := trust.Check(token, message)
			if test.says == "" && err != nil || test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)) {
				t.Errorf("%v; want %q", err, test.says)
			}
		})
	}
}

func usages(purposes ...int) []byte {
	var list []asn1.ObjectIdentifier
	for _, p := range purposes {
		list = append(list, asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, p})
	}
	b, err := asn1.Marshal(list)
	if err != nil {
		panic(err)
	}
	return b
}

// TestTokenOfACertificateThatEndedSince checks one that OpenSSL gave in 2023 with a certificate of thirty days: what counts is the
// token's own time. (Made once with faketime.)
func TestTokenOfACertificateThatEndedSince(t *testing.T) {
	read := func(name string) []byte {
		b, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	pool, err := stamp.ParseRoots(read("ended-root.pem"))
	if err != nil {
		t.Fatal(err)
	}
	says, err := stamp.Trust{Roots: pool}.Check(read("ended.tst"), message)
	if err != nil || says.At.Year() != 2023 || !says.Expires.Before(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v, %v", says, err)
	}
}

// TestEveryBitOfAToken flips each bit of a token: it is refused, or what it says is what it said. The second can be, because a
// signature does not cover all of CMS: the certificates beside the signer's, say.
func TestEveryBitOfAToken(t *testing.T) {
	a := testkit.NewTSA(t)
	trust := roots(t, a)
	token, says, err := stamp.Authority{URL: a.URL, Trust: trust}.Stamp(t.Context(), message)
	if err != nil {
		t.Fatal(err)
	}
	passed := 0
	for i := range len(token) * 8 {
		flipped := bytes.Clone(token)
		flipped[i/8] ^= 1 << (i % 8)
		got, err := trust.Check(flipped, message)
		if err == nil {
			passed++
			if got != says {
				t.Errorf("bit %d: it says %+v, it said %+v", i, got, says)
			}
		}
	}
	t.Logf("of %d bits of a token %d change nothing that it says", len(token)*8, passed)
	if passed > len(token)*8/4 {
		t.Errorf("%d of %d bits are not looked at", passed, len(token)*8)
	}
	for name, changed := range map[string][]byte{"cut short": token[:len(token)-1], "with something behind": append(bytes.Clone(token), 0), "empty": {}, "in BER": {0x30, 0x80, 0x00, 0x00}, "deep": bytes.Repeat([]byte{0x30, 0x7e}, 40), "too long": make([]byte, 70<<10)} {
		if _, err := trust.Check(changed, message); err == nil {
			t.Errorf("%s it is accepted", name)
		}
	}
}

func TestRootsAndPolicies(t *testing.T) {
	if _, err := stamp.ParseRoots([]byte("nothing")); err == nil {
		t.Error("roots without a certificate")
	}
	for s, ok := range map[string]bool{"": true, "1.2.3": true, "2.16.840.1.114412.7.1": true, "1": false, "x": false, "1.-2": false, "1..2": false, "9.1.1": false} {
		if _, err := stamp.ParsePolicy(s); (err == nil) != ok {
			t.Errorf("%q: %v", s, err)
		}
	}
}

// FuzzCheck looks for what makes the reading of a token fall over, which comes from outside, and for one that is taken and says
// something else than the one it was made of.
func FuzzCheck(f *testing.F) {
	token, err := os.ReadFile("testdata/ended.tst")
	if err != nil {
		f.Fatal(err)
	}
	says, err := stamp.Trust{}.Check(token, message)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(token)
	f.Fuzz(func(t *testing.T, token []byte) {
		if got, err := (stamp.Trust{}).Check(token, message); err == nil && got != says {
			t.Errorf("it says %+v", got)
		}
	})
}
