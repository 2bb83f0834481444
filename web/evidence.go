package web

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
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

// statementEvidence is the leaves and receipts of one statement, for who may read it and for auditors: of what its history shows
// them.
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
		if !inside && !publicEvent(x.Kind, x.Transmission, x.Letter) {
			continue // who drafted and who objected is theirs: a pseudonym is resolved by another leaf
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

// periodWords explain the evidence of some days.
const periodWords = `EVIDENCE OF SOME DAYS

This archive holds what the audit log has of these days, of every statement, and what the statements themselves are that who
asked for it may read. It can be read and checked without the program that made it, and without asking anybody.

What is in it

  period.json                  which days, of which time, and how many entries
  statements/NAME/             one directory for each statement that something happened to in these days and that may be read
                               by who asked; NAME is its number, else its id. All of it is there, also what is of other days:
    statement.json             what the register says of it
    revisions/N.json           each revision, in the exact bytes that were decided on
    files/                     attachments; each name begins with the SHA-256 of its bytes
    messages/                  each message in its exact bytes, its attempts, what became known, and what was answered
  withheld.txt                 ids of the statements that may not be read; what happened to them is here, what they say is not
`

// periodEvidence is what the log has of some days, with the statements that the auditor may read.
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
	refs, more, err := s.store.PeriodLeaves(r.Context(), from, until, maxPeriod)
	if err != nil {
		return err
	}
	if more {
		return liaison.Refuse(liaison.TooLarge, "These days have more than %d entries. Choose fewer days, or take the whole log with `liaison audit export`.", maxPeriod)
	}
	return s.sendPack(w, r, "evidence.zip", until, periodWords+checkWords, func(p *pack) error { return p.period(from, until, refs, me) })
}

// maxPeriod bounds how many entries one archive of a period holds: each has a receipt, and a program for archives has to open it.
const maxPeriod = 50_000

func (p *pack) period(from, until time.Time, refs []store.LeafRef, me *visitor) error {
	if err := p.json("period.json", map[string]any{"from": day(from), "before": until.UTC().Format(time.RFC3339), "entries": len(refs)}); err != nil {
		return err
	}
	readable := map[liaison.StatementID]bool{"": true} // a pause or an absence is about no statement, and an auditor sees it
	var withheld strings.Builder
	for _, x := range refs {
		if _, seen := readable[x.Statement]; seen {
			continue
		}
		snap, err := p.s.store.Snapshot(p.ctx, x.Statement)
		if err != nil {
			return err
		}
		if readable[x.Statement] = snap.MayRead(me.ID()); !readable[x.Statement] {
			withheld.WriteString(string(x.Statement) + "\n")
			continue
		}
		p.dir = "statements/" + string(snap.ID) + "/"
		if snap.Ref != "" {
			p.dir = "statements/" + plainName(snap.Ref) + "/"
		}
		err = p.statement(snap)
		if p.dir = ""; err != nil {
			return err
		}
	}
	if withheld.Len() > 0 {
		if err := p.add("withheld.txt", []byte(withheld.String())); err != nil {
			return err
		}
	}
	if err := p.stream("events.jsonl", func(w io.Writer) error {
		for part := range slices.Chunk(refs, 500) {
			events, err := p.s.store.LoggedEventsAt(p.ctx, part)
			if err != nil {
				return err
			}
			for _, e := range events {
				if err := eventLine(w, e, readable[e.Event.Statement]); err != nil {
					return err
				}
			}
		}
		return nil
	}); err != nil {
		return err
	}
	for _, x := range refs {
		if err := p.receipt(x.Log, x.Index); err != nil {
			return err
		}
	}
	return p.checkpoints()
}

// day writes a bound of a period; "" for none.
func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
