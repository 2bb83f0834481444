package web

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// packWords explain an evidence pack to somebody who has nothing else.
const packWords = `EVIDENCE OF ONE LIAISON STATEMENT

This archive holds what is known of how one liaison statement was sent. It can be read and checked without the program
that made it, and without asking anybody.

What is in it

  statement.json               what the register says of the statement
  revisions/N.json             each revision, in the exact bytes that were decided on: their SHA-256 is the revision's digest
  relations.json               statements that it is about, what later ones did to it (superseded, corrected or recalled it), and how
                               the secretariat corrected it between its approval and its dispatch
  files/                       attachments; each name begins with the SHA-256 of its bytes, as the revision names it
  messages/NN-BODY/            one directory for each addressee, in the order of the statement; then letters to persons
    message.eml                the exact bytes that were sent (RFC 5322); absent if none were made
    transmission.json          to whom, where it stands, Message-ID, digest of the bytes
    attempts.json              each attempt: when, by way of which relay, how far it came, and the words of the server's answer
    known.json                 what became known afterwards: delivery reports, automatic replies, replies, acknowledgements
    reports/ID.eml             the messages that say so, exactly as they came in
    responses/N.json           what the addressee said on its page, in the exact bytes that were logged
    responses/N-files/         files that it sent with that
`

// checkWords are about what every archive of evidence has, and how it is checked.
const checkWords = `  events.jsonl                 what happened, one event a line, with its leaf in the audit log
  receipts/LOG-INDEX.tlog-proof  proof that a leaf stands in the signed log (C2SP tlog-proof); absent where no signer has
                               signed a checkpoint that covers it yet
  receipts/log.vkey            the key that the log is signed with, as this server gives it
  checkpoints/LOG-SIZE.txt     the signed checkpoints that the receipts stand under, and the newest one
  stamps/LOG-SIZE-TIME.tst     time-stamp tokens (RFC 3161, DER) of an authority outside over the checkpoint of that name,
                               where one is configured
  SHA256SUMS                   digests of all of the above

How to check it

  1. Nothing is missing or changed since the archive was made:      sha256sum -c SHA256SUMS
  2. A message is the one that was logged: in events.jsonl the event of the kind "sealed" has its SHA-256 as message_digest.
  3. What was sent is what was approved: the events "approved" and "sealed" have the same digest, which is the SHA-256 of
     revisions/N.json; the revision names every attachment by its SHA-256.
  4. What the addressee said is what was logged: the digest of its event is the SHA-256 of responses/N.json.
  5. A leaf is what the log has: "payload" is its exact text. The Merkle tree hash of a leaf (RFC 6962, 2.1) is
     SHA-256(0x00 || payload); the receipt of the same LOG and INDEX proves that it stands under a signed checkpoint:
         liaison audit verify-receipt receipts/1-7.tlog-proof --key KEY
     docs/audit-format.md is enough to write a program that does the same.
  6. Names, addresses and free text stand in a leaf as {"sha256": ...} only. "opens" has salt (base64) and value:
     SHA-256("liaison-commit/1" || 0x00 || salt || value) is the number in the leaf.
  7. A checkpoint, and with it every leaf of a receipt under it, existed when the authority says so:
         openssl ts -verify -data checkpoints/1-40.txt -in stamps/1-40-TIME.tst -token_in -CAfile ROOTS
     with the certificates that the authority publishes.

Have the key of the log from the body that runs it, by a way of its own, and not from this archive.

What the words mean

  "accepted" is what the next server said: that it took the message over. Nobody says "delivered" but a delivery report. An
  acknowledgement is what a person at the addressee said; it is not a reply. Silence is nothing.

The messages hold the addressees' own links. Do not pass this archive on to who should not speak for them.
`

// evidencePack sends all that is known of how a statement was sent, for its officers and drafters, and for auditors who may
// read it.
func (s *server) evidencePack(w http.ResponseWriter, r *http.Request, me *visitor) error {
	snap, err := s.readable(r, me)
	if err != nil {
		return err
	}
	if !insider(snap, me) && !me.Auditor {
		return liaison.Refuse(liaison.Forbidden, "The evidence pack holds the addressees' links and answers, so it is for who works on the statement and for auditors.")
	}
	name := snap.Ref
	if name == "" {
		name = string(snap.ID)
	}
	return s.sendPack(w, r, name+"-dispatch.zip", snap.Changed, packWords+checkWords, func(p *pack) error {
		if err := p.statement(snap); err != nil {
			return err
		}
		return p.events(snap)
	})
}

// statement adds what a statement is and how it was sent.
func (p *pack) statement(snap store.Snapshot) error {
	if err := p.json("statement.json", map[string]any{
		"id": snap.ID, "group": snap.Group, "number": snap.Ref, "period": snap.Period, "state": snap.State, "version": snap.Version, "title": snap.Content.Title, "revision": snap.Revision, "digest": snap.Digest,
		"approved_digest": snap.ApprovedDigest, "amended_digest": snap.AmendedDigest, "approved_as": snap.ApprovedAs, "approved_at": snap.ApprovedAt,
		"approved_mode": snap.Approval.Mode, "approved_on": snap.Approval.On, "approved_meeting": snap.Approval.Meeting, "approved_item": snap.Approval.Item, "dispatched_at": snap.Dispatched, "created_at": snap.Created, "changed_at": snap.Changed,
	}); err != nil {
		return err
	}
	if err := p.relations(snap); err != nil {
		return err
	}
	if err := p.revisions(snap); err != nil {
		return err
	}
	return p.messages(snap)
}

// relations is what the statement says of others and what others that have left did to it, with how it was corrected before it left.
func (p *pack) relations(snap store.Snapshot) error {
	marks, err := p.s.store.Marks(p.ctx, snap.ID)
	if err != nil {
		return err
	}
	corrections, err := p.s.store.Amendments(p.ctx, snap.ID)
	if err != nil {
		return err
	}
	type mark struct {
		Words     string              `json:"words"`
		Statement liaison.StatementID `json:"statement"`
		Number    string              `json:"number"`
		At        time.Time           `json:"at"`
	}
	type correction struct {
		Revision int            `json:"revision"`
		Digest   liaison.Digest `json:"digest"`
		Corrects liaison.Digest `json:"corrects"`
		Changed  string         `json:"changed"`
		By       string         `json:"by"`
		Reason   string         `json:"reason"`
		At       time.Time      `json:"at"`
	}
	out := struct {
		Relations   []liaison.Relation `json:"relations"`
		Marks       []mark             `json:"marks"`
		Corrections []correction       `json:"corrections"`
	}{append([]liaison.Relation{}, snap.Content.Relations...), []mark{}, []correction{}}
	for _, m := range marks {
		out.Marks = append(out.Marks, mark{m.Kind.Mark(), m.Statement, m.Ref, m.At.UTC()})
	}
	for _, c := range corrections {
		out.Corrections = append(out.Corrections, correction{c.Revision, c.Digest, c.AmendsDigest, c.Changed, c.By, c.Reason, c.At.UTC()})
	}
	return p.json("relations.json", out)
}

func (p *pack) revisions(snap store.Snapshot) error {
	if snap.Revision == 0 {
		return nil
	}
	revisions, err := p.s.store.Revisions(p.ctx, snap.ID)
	if err != nil {
		return err
	}
	have := map[string]bool{}
	for _, r := range revisions {
		b, err := p.s.store.RevisionBytes(p.ctx, snap.ID, r.Number)
		if err != nil {
			return err
		}
		if err := p.add(fmt.Sprintf("revisions/%d.json", r.Number), b); err != nil {
			return err
		}
		for _, a := range r.Content.Attachments {
			name := "files/" + string(a.Digest) + "-" + plainName(a.Name)
			if have[name] {
				continue
			}
			have[name] = true
			if err := p.blob(name, a.Digest); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *pack) messages(snap store.Snapshot) error {
	ts, err := p.s.store.Transmissions(p.ctx, snap.ID)
	if err != nil {
		return err
	}
	facts, err := p.s.store.Facts(p.ctx, snap.ID)
	if err != nil {
		return err
	}
	came, err := p.s.store.InboundOf(p.ctx, snap.ID)
	if err != nil {
		return err
	}
	for i, t := range ts {
		who := string(t.Letter)
		if t.Body != "" {
			who = string(t.Body)
		}
		if err := p.message(fmt.Sprintf("messages/%02d-%s/", i+1, strings.ReplaceAll(who, "/", "-")), t, facts, came); err != nil {
			return err
		}
	}
	for _, m := range came { // about the statement, and about none of its messages
		if m.Transmission == "" {
			if err := p.report("reports/", m); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *pack) report(dir string, m store.Inbound) error {
	_, raw, err := p.s.store.InboundMessage(p.ctx, m.ID)
	if err != nil {
		return err
	}
	return p.add(dir+string(m.ID)+".eml", raw)
}

// The shapes of what stands in a pack as JSON. Members are only ever added.
type (
	packTransmission struct {
		ID        liaison.TransmissionID    `json:"id"`
		Revision  int                       `json:"revision"`
		Letter    liaison.Letter            `json:"letter"`
		Body      liaison.Code              `json:"body,omitempty"`
		Name      string                    `json:"name"`
		Email     string                    `json:"email"`
		MessageID string                    `json:"message_id"`
		Date      time.Time                 `json:"date"`
		Digest    liaison.Digest            `json:"message_digest,omitempty"`
		State     liaison.TransmissionState `json:"state"`
		Meaning   string                    `json:"meaning"`
		WhyNot    string                    `json:"why_not_sent,omitempty"`
		Code      int                       `json:"code,omitempty"`
		Reply     string                    `json:"reply,omitempty"`
		Attempts  int                       `json:"attempts"`
		NextTry   *time.Time                `json:"next_try,omitempty"`
		Changed   time.Time                 `json:"changed"`
	}
	packAttempt struct {
		N        int                       `json:"n"`
		Started  time.Time                 `json:"started"`
		Dot      *time.Time                `json:"whole_message_handed_over,omitempty"`
		Ended    *time.Time                `json:"ended,omitempty"`
		Outcome  liaison.TransmissionState `json:"outcome,omitempty"`
		Stage    liaison.Stage             `json:"ended_at_stage,omitempty"`
		Code     int                       `json:"code,omitempty"`
		Enhanced string                    `json:"enhanced_code,omitempty"`
		Reply    string                    `json:"reply,omitempty"`
		Error    string                    `json:"error,omitempty"`
		Relay    string                    `json:"relay,omitempty"`
		TLS      string                    `json:"tls,omitempty"`
	}
	packFact struct {
		Fact       liaison.Fact `json:"fact"`
		Label      string       `json:"label"`
		At         time.Time    `json:"at"`
		Report     string       `json:"report,omitempty"` // the file with the message that says so
		Recipient  string       `json:"recipient,omitempty"`
		Status     string       `json:"status,omitempty"`
		Diagnostic string       `json:"diagnostic,omitempty"`
	}
)

func (p *pack) message(dir string, t store.Transmission, facts []store.FactLine, came []store.Inbound) error {
	v := packTransmission{
		t.ID, t.Revision, t.Letter, t.Body, t.Name, t.Email, t.MessageID, t.Date.UTC(), t.Digest, t.State, "", whyNot(t, ""), t.Code, t.Reply, t.Attempts, t.NextTry, t.Changed.UTC(),
	}
	for _, x := range liaison.TransmissionStates {
		if x.State == t.State {
			v.Meaning = x.Meaning
		}
	}
	if t.Digest != "" && t.Letter != liaison.LetterDigest { // a digest tells of other statements too
		b, err := p.s.store.Message(p.ctx, t.ID)
		if err != nil {
			return err
		}
		if err := p.add(dir+"message.eml", b); err != nil {
			return err
		}
	}
	if err := p.json(dir+"transmission.json", v); err != nil {
		return err
	}
	list, err := p.s.store.Attempts(p.ctx, t.ID)
	if err != nil {
		return err
	}
	attempts := []packAttempt{}
	for _, a := range list {
		attempts = append(attempts, packAttempt{a.N, a.Started.UTC(), a.Dot, a.Ended, a.Outcome, a.Stage, a.Code, a.Enhanced, a.Reply, a.Error, a.Relay, a.TLS})
	}
	if err := p.json(dir+"attempts.json", attempts); err != nil {
		return err
	}
	known := []packFact{}
	for _, f := range facts {
		if f.Transmission == t.ID {
			x := packFact{f.Fact, f.Fact.Label(), f.At.UTC(), "", f.Recipient, f.Status, f.Diagnostic}
			if f.Inbound != "" {
				x.Report = "reports/" + string(f.Inbound) + ".eml"
			}
			known = append(known, x)
		}
	}
	if err := p.json(dir+"known.json", known); err != nil {
		return err
	}
	for _, m := range came {
		if m.Transmission == t.ID {
			if err := p.report(dir+"reports/", m); err != nil {
				return err
			}
		}
	}
	said, err := p.s.store.ResponsesTo(p.ctx, t.ID)
	if err != nil {
		return err
	}
	for i, r := range said {
		if err := p.add(fmt.Sprintf("%sresponses/%d.json", dir, i+1), r.Bytes); err != nil {
			return err
		}
		for k, f := range r.Files {
			if err := p.blob(fmt.Sprintf("%sresponses/%d-files/%d-%s", dir, i+1, k+1, plainName(f.Name)), f.Digest); err != nil {
				return err
			}
		}
	}
	return nil
}

// events adds what happened to a statement, with the proofs.
func (p *pack) events(snap store.Snapshot) error {
	events, err := p.s.store.LoggedEvents(p.ctx, snap.ID)
	if err != nil {
		return err
	}
	if err := p.stream("events.jsonl", func(w io.Writer) error {
		for _, e := range events {
			if err := eventLine(w, e, true); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return err
	}
	for _, e := range events {
		if err := p.receipt(e.Log, e.Index); err != nil {
			return err
		}
	}
	return p.checkpoints()
}
