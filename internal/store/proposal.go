package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/liaison"
)

// AnsweredProposal is one answer to a proposal of a report.
type AnsweredProposal struct {
	liaison.ProposalReply
	Digest   liaison.Digest // of its canonical bytes, as in the log
	At       time.Time
	Recorded string // who recorded it, "" for an answer by the link
	Command  liaison.CommandID
	Event    liaison.EventID
}

// AnswerProposal records what the addressee of a message says to a proposal of the report that it carried. A repeat of the
// command is the first one again.
func (s *Store) AnswerProposal(ctx context.Context, id liaison.TransmissionID, command liaison.CommandID, r liaison.ProposalReply) error {
	x, err := s.Addressed(ctx, id)
	if err != nil {
		return err
	}
	r.Body, r.Evidence = x.Body, ""
	return s.answerProposal(ctx, x.Statement, x, "", command, r)
}

// RecordProposalAnswer records what a study group said to a proposal elsewhere, with the evidence for it. The group's
// secretariat and chair may.
func (s *Store) RecordProposalAnswer(ctx context.Context, id liaison.StatementID, by liaison.PersonID, command liaison.CommandID, r liaison.ProposalReply) error {
	if err := validID(string(id)); err != nil {
		return err
	}
	return s.answerProposal(ctx, id, Transmission{}, by, command, r)
}

// answerProposal records an answer, given by the link of a message or recorded by a person, after judging it by what the register says
// in the same transaction.
func (s *Store) answerProposal(ctx context.Context, id liaison.StatementID, x Transmission, by liaison.PersonID, command liaison.CommandID, r liaison.ProposalReply) error {
	if err := validID(string(command)); err != nil {
		return liaison.Refuse(liaison.Invalid, "The form was not made by this page. Open the page again and send it from there.")
	}
	r = r.Tidy()
	canonical, err := r.Canonical()
	if err != nil {
		return err
	}
	err = s.write(ctx, func(t *tx) error {
		snap, _, err := snapshot(ctx, t, id, "", t.now, " FOR UPDATE OF s")
		if err != nil {
			return err
		}
		e := liaison.Event{Kind: liaison.EventProposalAnswered, Statement: id, Version: snap.Version, Revision: snap.Revision, Body: r.Body, Digest: liaison.DigestOf(canonical), Reason: r.Text}
		if e.Transmission, e.Letter, e.Actor = x.ID, x.Letter, by; by != "" {
			if e.Acting, err = snap.RecordsAnswers(by); err != nil {
				return err
			}
		}
		if snap.Content.Report == nil || snap.Dispatched == nil {
			return liaison.Refuse(liaison.Conflict, "This is no progress report that was sent, so there are no proposals to answer.")
		}
		for _, e := range r.Check(*snap.Content.Report, by != "") {
			return e
		}
		var said int
		if err := t.QueryRow(ctx, `SELECT count(*) FROM proposal_answer WHERE statement_id = $1 AND number = $2 AND body_code = $3`, id, r.Proposal, r.Body).Scan(&said); err != nil {
			return fmt.Errorf("read answers: %w", err)
		}
		if said >= maxResponses {
			return liaison.Refuse(liaison.Conflict, "Too much was said to this proposal already. Write to the address that the message came from.")
		}
		_, err = t.Exec(ctx, `
			INSERT INTO proposal_answer (id, statement_id, number, body_code, answer, canonical, digest, transmission_id, person_id, at, command_id, event_id)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
			newID(), id, r.Proposal, r.Body, r.Answer, canonical, liaison.DigestOf(canonical), nullable(x.ID), nullable(by), t.now, command, t.record(e))
		if err != nil {
			return fmt.Errorf("record the answer: %w", err)
		}
		return nil
	})
	if violates(err, "proposal_answer_once") { // the same form, twice
		return nil
	}
	return err
}

// ProposalAnswers lists what was said to the proposals of a report, oldest first; of two answers of one group to one proposal
// the later counts.
func (s *Store) ProposalAnswers(ctx context.Context, id liaison.StatementID) ([]AnsweredProposal, error) {
	if err := validID(string(id)); err != nil {
		return nil, err
	}
	rows, err := s.pool.Query(ctx, `
		SELECT a.canonical, a.digest, a.at, coalesce(p.name, ''), a.command_id, a.event_id FROM proposal_answer a LEFT JOIN person p ON p.id = a.person_id
		WHERE a.statement_id = $1 ORDER BY a.at, a.id`, id)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read answers: %w", err))
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (AnsweredProposal, error) {
		var a AnsweredProposal
		var canonical []byte
		if err := row.Scan(&canonical, &a.Digest, &a.At, &a.Recorded, &a.Command, &a.Event); err != nil {
			return a, err
		}
		return a, json.Unmarshal(canonical, &a.ProposalReply)
	})
	return out, unavailable(err)
}
