// Package stamp gets time-stamp tokens of a time-stamping authority (RFC 3161) and checks them, with nothing but files.
//
// A token says that bytes existed at a time, in the words of somebody whom courts believe and who has nothing to do with us. What
// CMS is, github.com/digitorus/timestamp and pkcs7 know; what RFC 3161 asks of a token besides its signature is checked here.
package stamp

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha1" // an ESSCertID of RFC 2634 names a certificate by it, and nothing rests on that
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/digitorus/pkcs7"
	"github.com/digitorus/timestamp"
)

// Trust is what tokens are held against. Its zero value asks for no authority and no policy: then a token shows accidents and no
// forgery, because anybody can sign one with a certificate of their own.
type Trust struct {
	Roots  *x509.CertPool        // certificates that the signer's has to lead to; nil for any
	Policy asn1.ObjectIdentifier // that the token has to name; nil for any
}

// Token is what a token says, of the bytes that it was checked against.
type Token struct {
	At        time.Time     // when, by the authority's clock
	Accuracy  time.Duration // either way; 0 if the authority does not say
	Authority string        // subject of the certificate that signed it
	Serial    string        // its number there
	Policy    string        // under which it was given, as a dotted OID
	Expires   time.Time     // when that certificate ends; what is to last longer is stamped again before
}

var (
	oidTSTInfo      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidSigningCert1 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12}
	oidSigningCert2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	oidExtKeyUsage  = asn1.ObjectIdentifier{2, 5, 29, 37}
)

// Check checks a token over the message: its imprint (SHA-256), its one signature, the certificate that signed it, which has to be
// for time-stamping alone and named by the token, and, where trust says so, its chain at the token's own time and its policy. It asks
// nobody: whether the certificate had been revoked it cannot know.
func (t Trust) Check(token, message []byte) (Token, error) {
	ts, _, err := t.check(token, message)
	return ts, err
}

func (t Trust) check(token, message []byte) (Token, *big.Int, error) {
	fail := func(format string, args ...any) (Token, *big.Int, error) {
		return Token{}, nil, fmt.Errorf("the time-stamp token "+format, args...)
	}
	if err := der(token); err != nil {
		return fail("%w", err)
	}
	p7, err := pkcs7.Parse(token)
	if err != nil {
		return fail("cannot be read: %w", err)
	}
	signer := p7.GetOnlySigner()
	if signer == nil { // none, more than one, or its certificate is not there
		return fail("has not exactly one signer whose certificate is in it")
	}
	if p7.Signers[0].DigestAlgorithm.Algorithm.Equal(pkcs7.OIDDigestAlgorithmSHA1) {
		return fail("is signed over SHA-1")
	}
	ts, err := timestamp.Parse(token) // which checks the signature
	if err != nil {
		return fail("does not hold: %s", strings.Join(strings.Fields(err.Error()), " ")) // some are several lines
	}
	var kind asn1.ObjectIdentifier
	if err := p7.UnmarshalSignedAttribute(pkcs7.OIDAttributeContentType, &kind); err != nil || !kind.Equal(oidTSTInfo) {
		return fail("is a signature of something else than a time")
	}
	if sum := sha256.Sum256(message); ts.HashAlgorithm != crypto.SHA256 || !bytes.Equal(ts.HashedMessage, sum[:]) {
		return fail("is for other bytes")
	}
	if err := names(p7, signer); err != nil {
		return fail("%w", err)
	}
	if !forStampingAlone(signer) {
		return fail("is signed with the certificate of %s, which is not for time-stamping alone", signer.Subject)
	}
	if ts.Time.Before(signer.NotBefore) || ts.Time.After(signer.NotAfter) {
		return fail("is of %s, when the certificate that signed it was not valid", ts.Time.UTC().Format(time.RFC3339))
	}
	if t.Roots != nil {
		between := x509.NewCertPool()
		for _, c := range p7.Certificates {
			between.AddCert(c)
		}
		_, err := signer.Verify(x509.VerifyOptions{Roots: t.Roots, Intermediates: between, CurrentTime: ts.Time, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}})
		if err != nil {
			return fail("is of an authority that was not named: %w", err)
		}
	}
	if t.Policy != nil && !ts.Policy.Equal(t.Policy) {
		return fail("is given under the policy %s, not %s", ts.Policy, t.Policy)
	}
	return Token{
		At: ts.Time.UTC(), Accuracy: ts.Accuracy, Authority: signer.Subject.String(), Serial: ts.SerialNumber.String(), Policy: ts.Policy.String(), Expires: signer.NotAfter.UTC(),
	}, ts.Nonce, nil
}

// der refuses what is not exactly one value in DER. The library mends other encodings, takes very long over some, and passes over
// what stands behind; we take only what needs no mending.
func der(b []byte) error {
	if len(b) > maxToken {
		return fmt.Errorf("has more than %d bytes", maxToken)
	}
	return values(b, 1, maxDepth)
}

const maxDepth = 32 // a token with its certificates has a dozen

func values(b []byte, most, depth int) error {
	if depth == 0 {
		return errors.New("is nested too deeply")
	}
	for n := 0; len(b) > 0 || n == 0 && most == 1; n++ {
		var v asn1.RawValue
		rest, err := asn1.Unmarshal(b, &v) // which takes no indefinite and no needlessly long lengths
		if err != nil || n == most {
			return errors.New("is not one value in DER")
		}
		if v.IsCompound {
			if err := values(v.Bytes, len(v.Bytes), depth-1); err != nil {
				return err
			}
		}
		b = rest
	}
	return nil
}

// names checks that the token itself, under its signature, names the certificate that signed it (RFC 3161, 2.4.1; RFC 5816), so
// that another certificate of the same key cannot be put in its place.
func names(p7 *pkcs7.PKCS7, signer *x509.Certificate) error {
	var v2 struct {
		Certs []struct {
			Algorithm pkix.AlgorithmIdentifier `asn1:"optional"`
			Hash      []byte
			Issuer    asn1.RawValue `asn1:"optional"`
		}
		Policies asn1.RawValue `asn1:"optional"`
	}
	if err := p7.UnmarshalSignedAttribute(oidSigningCert2, &v2); err == nil && len(v2.Certs) > 0 {
		var sum []byte
		switch oid := v2.Certs[0].Algorithm.Algorithm; {
		case oid == nil, oid.Equal(pkcs7.OIDDigestAlgorithmSHA256):
			h := sha256.Sum256(signer.Raw)
			sum = h[:]
		case oid.Equal(pkcs7.OIDDigestAlgorithmSHA384):
			h := sha512.Sum384(signer.Raw)
			sum = h[:]
		case oid.Equal(pkcs7.OIDDigestAlgorithmSHA512):
			h := sha512.Sum512(signer.Raw)
			sum = h[:]
		}
		if sum != nil && bytes.Equal(v2.Certs[0].Hash, sum) {
			return nil
		}
		return errors.New("names another certificate than the one that signed it")
	}
	var v1 struct {
		Certs []struct {
			Hash   []byte
			Issuer asn1.RawValue `asn1:"optional"`
		}
		Policies asn1.RawValue `asn1:"optional"`
	}
	if err := p7.UnmarshalSignedAttribute(oidSigningCert1, &v1); err != nil || len(v1.Certs) == 0 {
		return errors.New("does not name the certificate that signed it")
	}
	if sum := sha1.Sum(signer.Raw); !bytes.Equal(v1.Certs[0].Hash, sum[:]) {
		return errors.New("names another certificate than the one that signed it")
	}
	return nil
}

// forStampingAlone reports whether the certificate is for time-stamping and nothing else, critically (RFC 3161, 2.3).
func forStampingAlone(c *x509.Certificate) bool {
	if len(c.ExtKeyUsage) != 1 || c.ExtKeyUsage[0] != x509.ExtKeyUsageTimeStamping || len(c.UnknownExtKeyUsage) > 0 {
		return false
	}
	return slices.ContainsFunc(c.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(oidExtKeyUsage) && e.Critical })
}

// Authority is a time-stamping authority that is asked over HTTP.
type Authority struct {
	URL string
	Trust
	Now func() time.Time // our clock; nil for the machine's
}

// Bounds on an authority's answer. A token with its chain has two to eight kilobytes.
const (
	maxToken = 64 << 10
	wait     = 30 * time.Second
	apart    = time.Hour // by which its clock and ours may differ
)

var client = &http.Client{
	Timeout:       wait,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// Stamp asks for a token over the message and checks it, with the nonce that was asked with. Without roots it refuses to ask.
func (a Authority) Stamp(ctx context.Context, message []byte) (token []byte, says Token, err error) {
	if a.Roots == nil {
		return nil, says, errors.New("no certificates were named that the authority is held against")
	}
	nonce, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, says, fmt.Errorf("make a nonce: %w", err)
	}
	sum := sha256.Sum256(message)
	ask, err := (&timestamp.Request{HashAlgorithm: crypto.SHA256, HashedMessage: sum[:], Certificates: true, Nonce: nonce, TSAPolicyOID: a.Policy}).Marshal()
	if err != nil {
		return nil, says, fmt.Errorf("make the request: %w", err)
	}
	answer, err := a.post(ctx, ask)
	if err != nil {
		return nil, says, fmt.Errorf("ask %s: %w", a.URL, err)
	}
	if err := der(answer); err != nil {
		return nil, says, fmt.Errorf("what %s gave %w", a.URL, err)
	}
	ts, err := timestamp.ParseResponse(answer)
	if err != nil {
		return nil, says, fmt.Errorf("%s gave no token: %w", a.URL, err)
	}
	says, got, err := a.check(ts.RawToken, message)
	if err != nil {
		return nil, Token{}, err
	}
	if got == nil || got.Cmp(nonce) != 0 {
		return nil, Token{}, errors.New("the time-stamp token is an answer to another request")
	}
	now := time.Now
	if a.Now != nil {
		now = a.Now
	}
	if d := now().Sub(says.At); d > apart || d < -apart {
		return nil, Token{}, fmt.Errorf("the time-stamp token is of %s, and our clock says %s: one of them is wrong", says.At.Format(time.RFC3339), now().UTC().Format(time.RFC3339))
	}
	return ts.RawToken, says, nil
}

func (a Authority) post(ctx context.Context, body []byte) (answer []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.URL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/timestamp-query")
	req.Header.Set("Accept", "application/timestamp-reply")
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answers %s", resp.Status)
	}
	if kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";"); strings.TrimSpace(kind) != "application/timestamp-reply" {
		return nil, fmt.Errorf("it answers with %q, which is no time-stamp", kind)
	}
	answer, err = io.ReadAll(io.LimitReader(resp.Body, maxToken+1))
	if err == nil && len(answer) > maxToken {
		err = fmt.Errorf("it answers with more than %d bytes", maxToken)
	}
	return answer, err
}

// ParseRoots reads certificates, as PEM.
func ParseRoots(pem []byte) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("there is no certificate in it; it takes PEM, as in -----BEGIN CERTIFICATE-----")
	}
	return pool, nil
}

// ParsePolicy reads an OID, as in 1.2.3.4; "" is none.
func ParsePolicy(s string) (asn1.ObjectIdentifier, error) {
	if s == "" {
		return nil, nil
	}
	var out asn1.ObjectIdentifier
	for part := range strings.SplitSeq(s, ".") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 {
			return nil, fmt.Errorf("%q is no OID; write it as in 1.2.3.4", s)
		}
		out = append(out, n)
	}
	if _, err := asn1.Marshal(out); err != nil {
		return nil, fmt.Errorf("%q is no OID; write it as in 1.2.3.4", s)
	}
	return out, nil
}
