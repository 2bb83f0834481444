package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jca-ml/liaison/internal/receipt"
	"github.com/jca-ml/liaison/liaison"
)

// auditVerifyReceiptCmd checks a receipt with nothing but files: no settings, no database, no network.
type auditVerifyReceiptCmd struct {
	File          string   `arg:"" help:"The receipt, a .tlog-proof file." type:"existingfile"`
	Leaf          string   `help:"The leaf's exact bytes, if the receipt does not carry them; else FILE with .leaf in place of .tlog-proof." type:"existingfile" placeholder:"FILE"`
	Key           []string `help:"Verifier key of the log or of a witness, or a file of them; else log.vkey beside the receipt." placeholder:"KEY|FILE"`
	Policy        string   `help:"Policy file (C2SP tlog-policy) with keys and the quorum of witnesses." type:"existingfile" placeholder:"FILE"`
	Message       string   `help:"The e-mail, as it was received, with every header: is it the one that the receipt is for?" type:"existingfile" placeholder:"FILE"`
	Stamp         string   `help:"Time-stamp token (RFC 3161, DER) over the receipt's checkpoint: since when has the leaf existed, by an authority's word?" type:"existingfile" placeholder:"FILE"`
	TSARoots      string   `name:"tsa-roots" help:"Certificates, PEM, of the authority that the token is held against." type:"existingfile" placeholder:"FILE"`
	IgnoreUnknown bool     `help:"Pass over signatures whose key was not given, as of a witness that you do not know."`
}

// besideReceipt is the well-known name of the file of keys beside receipts.
const besideReceipt = "log.vkey"

func (cmd auditVerifyReceiptCmd) Run() error {
	v, from, err := cmd.verify()
	if err != nil {
		return err
	}
	var stamped string
	if cmd.Stamp != "" {
		if stamped, err = cmd.stamped(); err != nil {
			return err
		}
	}
	fmt.Printf("This receipt holds.\n  leaf      %d of %d in the log %s\n", v.Index, v.Size, v.Origin)
	for _, w := range v.Witness {
		fmt.Printf("  seen by   %s at %s\n", w.Name, w.At.Format(time.RFC3339))
	}
	fmt.Print(stamped)
	fmt.Printf("  keys      %s\n  it says   %s\n", from, v.Leaf)
	var says struct {
		Kind   liaison.EventKind `json:"kind"`
		Digest liaison.Digest    `json:"message_digest"`
	}
	if err := json.Unmarshal(v.Leaf, &says); err != nil {
		return fmt.Errorf("read the leaf: %w", err)
	}
	if says.Kind == liaison.EventAccepted {
		fmt.Println("  mind      \"accepted\" is the word of the first server; it is not delivery, and nobody need have read it")
	}
	if cmd.Message == "" {
		return nil
	}
	message, err := os.ReadFile(cmd.Message)
	if err != nil {
		return err
	}
	if says.Digest == "" {
		return errors.New("the leaf is not about a message")
	}
	added, err := sealedBytes(message, says.Digest)
	if err != nil {
		return err
	}
	if len(added) == 0 {
		fmt.Println("  message   it is the one that was sealed, byte for byte")
		return nil
	}
	fmt.Println("  message   behind these lines, which servers put in front, it is the one that was sealed, byte for byte:")
	for _, line := range added {
		fmt.Printf("            %s\n", strings.ToValidUTF8(line, "?"))
	}
	return nil
}

// stamped checks the token over the receipt's checkpoint, and gives the line that tells what it says.
func (cmd auditVerifyReceiptCmd) stamped() (string, error) {
	if cmd.TSARoots == "" {
		return "", liaison.Refuse(liaison.Invalid, "give the certificates of the time-stamping authority with --tsa-roots; without them anybody's token would do.")
	}
	trust, err := stampTrust(cmd.TSARoots, "")
	if err != nil {
		return "", err
	}
	token, err := os.ReadFile(cmd.Stamp)
	if err != nil {
		return "", err
	}
	b, err := os.ReadFile(cmd.File)
	if err != nil {
		return "", err
	}
	p, err := receipt.ParseProof(b)
	if err != nil {
		return "", err
	}
	says, err := trust.Check(token, p.Checkpoint)
	if err != nil {
		return "", fmt.Errorf("the receipt holds, its time-stamp does not: %w", err)
	}
	return fmt.Sprintf("  stamped   by %s at %s\n", says.Authority, says.At.Format(time.RFC3339)), nil
}

// verify reads the files and checks the receipt. from says where the keys were found.
func (cmd auditVerifyReceiptCmd) verify() (v receipt.Verified, from string, err error) {
	policy, from, err := cmd.policy()
	if err != nil {
		return v, "", err
	}
	b, err := os.ReadFile(cmd.File)
	if err != nil {
		return v, "", err
	}
	leaf, err := cmd.leaf(b)
	if err != nil {
		return v, "", err
	}
	if v, err = policy.Verify(b, leaf); err != nil {
		err = fmt.Errorf("this receipt does not hold: %w", err)
	}
	return v, from, err
}

// policy is what the signatures are held against, and where it was found.
func (cmd auditVerifyReceiptCmd) policy() (p receipt.Policy, from string, err error) {
	beside := filepath.Join(filepath.Dir(cmd.File), besideReceipt)
	switch {
	case cmd.Policy != "":
		p, err = readPolicy(cmd.Policy)
		from = cmd.Policy
	case len(cmd.Key) > 0:
		var keys []receipt.Key
		keys, err = readKeys(cmd.Key)
		p, from = receipt.KeysOnly(keys...), "as given"
	default:
		keys, kerr := readKeys([]string{beside})
		if kerr != nil {
			return p, "", liaison.Refuse(liaison.Invalid, "give the log's verifier key with --key; there is no %s beside the receipt. docs/audit-format.md says where the key is published.", besideReceipt)
		}
		p, from = receipt.KeysOnly(keys...), beside+"; hold this file against the key that is published, whoever gave you the receipt can have written it"
	}
	p.IgnoreUnknown = cmd.IgnoreUnknown
	return p, from, err
}

// leaf reads the leaf's file; nil if the receipt carries the leaf and none was named.
func (cmd auditVerifyReceiptCmd) leaf(b []byte) ([]byte, error) {
	name := cmd.Leaf
	if name == "" {
		r, err := receipt.ParseProof(b)
		if err != nil {
			return nil, fmt.Errorf("this receipt does not hold: %w", err)
		}
		if r.Leaf != nil {
			return nil, nil
		}
		name = strings.TrimSuffix(cmd.File, ".tlog-proof") + ".leaf"
	}
	leaf, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, liaison.Refuse(liaison.Invalid, "the receipt does not carry its leaf, and there is no %s; name the leaf's file with --leaf.", name)
	}
	return leaf, err
}

// sealedBytes finds the sealed message, the one with the digest, in a message as it was received: each server adds its headers in
// front, so it is a suffix that begins at a header line. It returns those headers, and refuses what is not a server's to add: a
// mail program shows the first From or Subject that it meets, and reads the content by the first Content-Type.
func sealedBytes(message []byte, want liaison.Digest) (added []string, err error) {
	text := string(message)
	if !strings.Contains(text, "\r\n") { // as most programs save it
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	head, _, _ := strings.Cut(text, "\r\n\r\n")
	for i := 0; ; {
		if liaison.DigestOf([]byte(text[i:])) == want {
			return serversHeaders(text[:i], fieldNames(head[i:]))
		}
		n := strings.Index(head[i:], "\r\n")
		if n < 0 {
			return nil, fmt.Errorf("the message is not the one that was sealed: its bytes make %s, the leaf says %s", liaison.DigestOf(message).Short(), want.Short())
		}
		i += n + 2
	}
}

// said are the headers in which a message says from whom, to whom, when and what it is; with those of the same beginning. Only the
// sealed message says that.
var (
	said         = []string{"from", "sender", "reply-to", "to", "cc", "bcc", "apparently-to", "subject", "date", "message-id", "in-reply-to", "references", "mime-version", "comments", "keywords", "summary", "organization"}
	saidFamilies = []string{"content-", "resent-", "liaison-"}
	// traces are put in front by several servers, each its own, and nobody shows them as the message's.
	traces = []string{"received", "return-path", "delivered-to", "dkim-signature", "authentication-results", "received-spf"}
)

// serversHeaders are the headers that stand before the sealed message, whose own names are given.
func serversHeaders(front string, sealed []string) (added []string, err error) {
	if front == "" {
		return nil, nil
	}
	for i, line := range strings.Split(strings.TrimSuffix(front, "\r\n"), "\r\n") {
		name, _, header := strings.Cut(line, ":")
		name = strings.ToLower(strings.TrimRight(name, " \t"))
		folded := strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t")
		switch {
		case i == 0 && name != "from" && strings.HasPrefix(line, "From "): // of a mailbox file
		case strings.ContainsFunc(line, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
			return nil, fmt.Errorf("the message holds the sealed one, but line %d before it has control characters, and programs read it in different ways", i+1)
		case folded && len(added) > 0 && strings.TrimSpace(line) != "":
		case folded || !header || name == "" || strings.ContainsAny(name, " \t"):
			return nil, fmt.Errorf("the message holds the sealed one, but line %d before it is no header", i+1)
		case slices.Contains(said, name), slices.ContainsFunc(saidFamilies, func(f string) bool { return strings.HasPrefix(name, f) }),
			slices.Contains(sealed, name) && !slices.Contains(traces, name):
			return nil, fmt.Errorf("the message holds the sealed one, but somebody put %q in front of it, which a mail program shows in the place of the sealed one's", line)
		}
		added = append(added, line)
	}
	return added, nil
}

// fieldNames are the names of a message's headers, in lower case.
func fieldNames(head string) (out []string) {
	for line := range strings.SplitSeq(head, "\r\n") {
		if name, _, ok := strings.Cut(line, ":"); ok && !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "\t") {
			out = append(out, strings.ToLower(strings.TrimRight(name, " \t")))
		}
	}
	return out
}
