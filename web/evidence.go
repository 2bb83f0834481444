package web

import (
	"archive/zip"
	"bytes"
	"fmt"
	"net/http"
	"time"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// bundle is a zip of leaves of the log with their receipts. What was sent, with its files, reports and answers, is in the
// evidence pack of the statement (pack.go), for who works on it and for auditors; this one holds nothing confidential.
type bundle struct {
	s    *server
	r    *http.Request
	zip  *zip.Writer
	buf  bytes.Buffer
	open int // leaves that no checkpoint covers yet
}

const bundleWords = `Evidence from the audit log of Liaison

leaves/N.leaf          what was logged, byte for byte; N counts the leaves of the log
leaves/N.tlog-proof    its receipt: that it stands in the log, signed
leaves/log.vkey        the key that the receipts are signed with, as this server gives it
checkpoint.txt         the newest signed checkpoint

To check a receipt, with the program or without it (docs/audit-format.md is enough to write another):

    liaison audit verify-receipt leaves/7.tlog-proof --key KEY

A message that you have belongs to the leaf whose message_digest is its SHA-256; say --message FILE to have that checked too.

Take KEY from the body that runs the log by a way of its own, not from this archive.
Names, addresses and free text stand in leaves as commitments only.
`

// maxBundle bounds how many leaves one archive holds.
const maxBundle = 5000

func (s *server) newBundle(r *http.Request) (*bundle, error) {
	b := &bundle{s: s, r: r}
	b.zip = zip.NewWriter(&b.buf)
	if err := b.add("README.txt", []byte(bundleWords)); err != nil {
		return nil, err
	}
	c, err := s.store.Checkpoint(r.Context())
	if liaison.CodeOf(err) == liaison.NotFound {
		return b, nil
	} else if err != nil {
		return nil, err
	}
	if err := b.add("checkpoint.txt", []byte(c.Note)); err != nil {
		return nil, err
	}
	return b, b.add("leaves/log.vkey", []byte(c.Key+"\n"))
}

func (b *bundle) add(name string, content []byte) error {
	w, err := b.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: b.s.now().UTC().Truncate(time.Second)})
	if err != nil {
		return fmt.Errorf("add %s to the evidence: %w", name, err)
	}
	_, err = w.Write(content)
	return err
}

// leaf adds a leaf and its receipt, if a checkpoint covers it.
func (b *bundle) leaf(x store.LeafRef) error {
	name := fmt.Sprintf("leaves/%d", x.Index)
	if x.Log > 1 {
		name = fmt.Sprintf("leaves/log%d-%d", x.Log, x.Index)
	}
	proof, leaf, err := b.s.store.Receipt(b.r.Context(), x.Log, x.Index)
	if liaison.CodeOf(err) == liaison.NotFound {
		b.open++
		if leaf, err = b.s.store.Leaf(b.r.Context(), x.Log, x.Index); err != nil {
			return err
		}
		return b.add(name+".leaf", leaf)
	} else if err != nil {
		return err
	}
	if err := b.add(name+".leaf", leaf); err != nil {
		return err
	}
	return b.add(name+".tlog-proof", proof.Encode())
}

func (b *bundle) write(w http.ResponseWriter, name string) error {
	if b.open > 0 {
		if err := b.add("NOT-SIGNED-YET.txt", fmt.Appendf(nil, "%d leaves here are not covered by a signed checkpoint yet and have no receipt. Ask again in a few seconds; if that does not help, no signer runs.\n", b.open)); err != nil {
			return err
		}
	}
	if err := b.zip.Close(); err != nil {
		return fmt.Errorf("end the evidence: %w", err)
	}
	writeFile(w, name, "application/zip", b.buf.Bytes())
	return nil
}

// statementEvidence is the leaves and receipts of one statement, for who may read it and for auditors.
func (s *server) statementEvidence(w http.ResponseWriter, r *http.Request, me *visitor) error {
	snap, err := s.auditable(r, me)
	if err != nil {
		return err
	}
	refs, err := s.store.StatementLeaves(r.Context(), snap.ID)
	if err != nil {
		return err
	}
	b, err := s.newBundle(r)
	if err != nil {
		return err
	}
	inside := insider(snap, me) || me.Auditor
	for _, x := range refs {
		if !inside && x.Transmission != "" && x.Letter != liaison.LetterStatement {
			continue // letters to persons
		}
		if err := b.leaf(x); err != nil {
			return err
		}
	}
	name := snap.Ref
	if name == "" {
		name = string(snap.ID)
	}
	return b.write(w, name+"-receipts.zip")
}

// periodEvidence is the leaves and receipts of some days, for an auditor.
func (s *server) periodEvidence(w http.ResponseWriter, r *http.Request, me *visitor) error {
	if !me.Auditor {
		return errNoAuditor
	}
	from, until, err := period(r.URL.Query())
	if err != nil {
		return err
	}
	if until.IsZero() {
		until = s.now()
	}
	refs, more, err := s.store.PeriodLeaves(r.Context(), from, until, maxBundle)
	if err != nil {
		return err
	}
	if more {
		return liaison.Refuse(liaison.TooLarge, "These days have more than %d entries. Choose fewer days, or take the whole log with `liaison audit export`.", maxBundle)
	}
	b, err := s.newBundle(r)
	if err != nil {
		return err
	}
	for _, x := range refs {
		if err := b.leaf(x); err != nil {
			return err
		}
	}
	return b.write(w, "evidence.zip")
}
