package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/internal/audit"
	"github.com/jca-ml/liaison/liaison"
)

// LogFilter chooses entries of the audit log. Its zero value is all of them.
type LogFilter struct {
	Kind   liaison.EventKind
	Actor  liaison.PersonID
	Body   liaison.Code
	From   time.Time // entries at or after it; zero for no bound
	Until  time.Time // entries before it; zero for no bound
	Before string    // the key that the page before ended with
	Limit  int       // at most 200; 50 when not given
}

// LogEntry is one leaf as a reader of the log sees it. It holds nothing of what a statement says.
type LogEntry struct {
	Log       int
	Index     int64
	ID        liaison.EventID
	At        time.Time
	Kind      liaison.EventKind
	Statement liaison.StatementID
	Version   int
	Actor     liaison.PersonID
	ActorName string
	Acting    liaison.Capacity
	Body      liaison.Code
	Ref       string
	Digest    liaison.Digest // of the revision, or of the message
	Leaf      string
}

// AuditLog lists the log, newest first. It is for auditors; the caller sees to that.
func (s *Store) AuditLog(ctx context.Context, f LogFilter) (entries []LogEntry, next string, err error) {
	if f.Limit <= 0 || f.Limit > 200 {
		f.Limit = 50
	}
	log, index := int64(1<<15-1), int64(1<<62)
	if f.Before != "" {
		a, b, _ := strings.Cut(f.Before, ".")
		var err1, err2 error
		log, err1 = strconv.ParseInt(a, 10, 16)
		index, err2 = strconv.ParseInt(b, 10, 64)
		if err1 != nil || err2 != nil {
			return nil, "", liaison.Refuse(liaison.Invalid, "This page of the log does not exist. Begin with the first one.")
		}
	}
	if f.Actor != "" {
		if err := validID(string(f.Actor)); err != nil {
			return nil, "", err
		}
	}
	rows, err := s.pool.Query(ctx, `
		SELECT leaf.log, leaf.index, event.id, event.at, event.kind, coalesce(event.statement_id::text, ''), event.version, coalesce(event.actor::text, ''), coalesce(person.name, ''),
			event.acting, event.body_code, event.ref, coalesce(nullif(event.message_digest, ''), event.digest), convert_from(leaf.payload, 'UTF8')
		FROM audit.leaf JOIN event ON event.id = leaf.event_id LEFT JOIN person ON person.id = event.actor
		WHERE (leaf.log, leaf.index) < ($1, $2)
			AND ($3 = '' OR event.kind = $3) AND ($4::uuid IS NULL OR event.actor = $4) AND ($5 = '' OR event.body_code = $5)
			AND ($6::timestamptz IS NULL OR event.at >= $6) AND ($7::timestamptz IS NULL OR event.at < $7)
		ORDER BY leaf.log DESC, leaf.index DESC LIMIT $8`,
		log, index, f.Kind, nullable(f.Actor), f.Body, nullable(f.From), nullable(f.Until), f.Limit+1)
	if err != nil {
		return nil, "", unavailable(fmt.Errorf("read the log: %w", err))
	}
	entries, err = pgx.CollectRows(rows, pgx.RowToStructByPos[LogEntry])
	if err != nil {
		return nil, "", unavailable(fmt.Errorf("read the log: %w", err))
	}
	if len(entries) > f.Limit {
		entries = entries[:f.Limit]
		last := entries[f.Limit-1]
		next = fmt.Sprintf("%d.%d", last.Log, last.Index)
	}
	return entries, next, nil
}

// StatementLeaves lists the leaves of a statement, oldest first.
func (s *Store) StatementLeaves(ctx context.Context, id liaison.StatementID) ([]LeafRef, error) {
	if err := validID(string(id)); err != nil {
		return nil, err
	}
	return s.leafRefs(ctx, `WHERE event.statement_id = $1 ORDER BY leaf.log, leaf.index`, id)
}

// PeriodLeaves lists the leaves from a moment until another, oldest first, at most limit of them; more tells that there
// are more.
func (s *Store) PeriodLeaves(ctx context.Context, from, until time.Time, limit int) (refs []LeafRef, more bool, err error) {
	refs, err = s.leafRefs(ctx, `WHERE event.at >= $1 AND event.at < $2 ORDER BY leaf.log, leaf.index LIMIT $3`, from, until, limit+1)
	if len(refs) > limit {
		return refs[:limit], true, err
	}
	return refs, false, err
}

// LeafRef is where a leaf is, and what it is about.
type LeafRef struct {
	Log          int
	Index        int64
	Statement    liaison.StatementID // "" for what is about none, as a pause or an absence
	Kind         liaison.EventKind
	Letter       liaison.Letter
	Transmission liaison.TransmissionID
}

func (s *Store) leafRefs(ctx context.Context, where string, args ...any) ([]LeafRef, error) {
	rows, err := s.pool.Query(ctx, `SELECT leaf.log, leaf.index, coalesce(event.statement_id::text, ''), event.kind, event.letter, coalesce(event.transmission_id::text, '') FROM event JOIN audit.leaf ON leaf.event_id = event.id `+where, args...)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read leaves: %w", err))
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[LeafRef])
	return out, unavailable(err)
}

// Verification is what a check of the log, asked for on the pages, came to.
type Verification struct {
	At       time.Time
	By       string
	Size     int64
	Root     string
	Problems []string
	Notices  []string
}

// KeepVerification records a check that was asked for.
func (s *Store) KeepVerification(ctx context.Context, by liaison.PersonID, r AuditReport) error {
	problems, notices := []string{}, append([]string{}, r.Notices...)
	for _, p := range r.Problems {
		problems = append(problems, p.String())
	}
	_, err := s.pool.Exec(ctx, `INSERT INTO audit.verification (id, at, asked_by, size, root, problems, notices) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		newID(), audit.Time(s.now()), by, r.Size, r.Root.String(), problems, notices)
	if err != nil {
		return unavailable(fmt.Errorf("record the verification: %w", err))
	}
	return nil
}

// Verifications lists the latest checks that were asked for, newest first.
func (s *Store) Verifications(ctx context.Context, limit int) ([]Verification, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT v.at, p.name, v.size, v.root, v.problems, v.notices FROM audit.verification v JOIN person p ON p.id = v.asked_by ORDER BY v.at DESC LIMIT $1`, limit)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read verifications: %w", err))
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Verification])
	return out, unavailable(err)
}
