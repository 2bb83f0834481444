package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/jca-ml/liaison/internal/receipt"
	"github.com/jca-ml/liaison/liaison"
)

// Log is the number and the size of an audit log. There is more than one only after a restore.
type Log struct {
	Number int
	Size   int64
	Begun  time.Time
}

// Logs lists the audit logs, the first one first; leaves are appended to the last.
func (s *Store) Logs(ctx context.Context) ([]Log, error) { return logs(ctx, s.pool) }

func logs(ctx context.Context, q querier) ([]Log, error) {
	rows, err := q.Query(ctx, `
		SELECT number, coalesce((SELECT max(leaf.index) + 1 FROM audit.leaf WHERE leaf.log = log.number), 0), begun_at
		FROM audit.log ORDER BY number`)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read logs: %w", err))
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Log])
	if err != nil {
		return nil, unavailable(fmt.Errorf("read logs: %w", err))
	}
	return out, nil
}

// Leaves calls fn with the bytes of each leaf of the log from the index on, in order, without a gap, and returns how many
// there are now.
func (s *Store) Leaves(ctx context.Context, log int, from int64, fn func(leaf []byte) error) (size int64, err error) {
	size = from
	rows, err := s.pool.Query(ctx, `SELECT index, payload FROM audit.leaf WHERE log = $1 AND index >= $2 ORDER BY index`, log, from)
	if err != nil {
		return size, unavailable(fmt.Errorf("read leaves: %w", err))
	}
	var index int64
	var payload []byte
	_, err = pgx.ForEachRow(rows, []any{&index, &payload}, func() error {
		if index != size {
			return fmt.Errorf("leaf %d of log %d is missing; the next one is numbered %d", size, log, index)
		}
		size++
		return fn(payload)
	})
	return size, unavailable(err)
}

// Leaf is the bytes of one leaf, or [liaison.NotFound].
func (s *Store) Leaf(ctx context.Context, log int, index int64) ([]byte, error) {
	var b []byte
	err := s.pool.QueryRow(ctx, `SELECT payload FROM audit.leaf WHERE log = $1 AND index = $2`, log, index).Scan(&b)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, liaison.Refuse(liaison.NotFound, "The log has no leaf %d.", index)
	}
	return b, unavailable(err)
}

// hashReader reads the stored hashes of a log as [tlog] numbers them.
func hashReader(ctx context.Context, q querier, log int) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		levels, numbers := make([]int16, len(indexes)), make([]int64, len(indexes))
		for i, x := range indexes {
			level, n := tlog.SplitStoredHashIndex(x)
			levels[i], numbers[i] = int16(level), n
		}
		rows, err := q.Query(ctx, `
			SELECT coalesce(leaf.hash, node.hash) FROM unnest($2::smallint[], $3::bigint[]) WITH ORDINALITY AS want (level, index, n)
			LEFT JOIN audit.leaf ON want.level = 0 AND leaf.log = $1 AND leaf.index = want.index
			LEFT JOIN audit.node ON want.level > 0 AND node.log = $1 AND node.level = want.level AND node.index = want.index
			ORDER BY want.n`, log, levels, numbers)
		if err != nil {
			return nil, err
		}
		stored, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
		if err != nil {
			return nil, err
		}
		out := make([]tlog.Hash, len(stored))
		for i, h := range stored {
			if len(h) != tlog.HashSize {
				return nil, fmt.Errorf("log %d lacks the hash at level %d, index %d", log, levels[i], numbers[i])
			}
			out[i] = tlog.Hash(h)
		}
		return out, nil
	})
}

// RootFromHashes is the root of the log's first size leaves as its stored hashes make it. It reads some two dozen rows and
// proves nothing about the leaves.
func (s *Store) RootFromHashes(ctx context.Context, log int, size int64) (tlog.Hash, error) {
	h, err := tlog.TreeHash(size, hashReader(ctx, s.pool, log))
	return h, unavailable(err)
}

// ProveConsistency proves, from stored hashes, that the log of size leaves begins with the old one (RFC 6962, 2.1.2).
func (s *Store) ProveConsistency(ctx context.Context, log int, old, size int64) (tlog.TreeProof, error) {
	if old == 0 || old == size {
		return nil, nil
	}
	p, err := tlog.ProveTree(size, old, hashReader(ctx, s.pool, log))
	return p, unavailable(err)
}

// ProveLeaf proves, from stored hashes, that the leaf stands in the log of size leaves (RFC 6962, 2.1.1).
func (s *Store) ProveLeaf(ctx context.Context, log int, index, size int64) (tlog.RecordProof, error) {
	p, err := tlog.ProveRecord(size, index, hashReader(ctx, s.pool, log))
	return p, unavailable(err)
}

// BeginLog begins a new log with the leaf and returns its number. It takes the rights of the database's owner: it is done
// once after a restore, by a person.
func (s *Store) BeginLog(ctx context.Context, leaf []byte) (number int, err error) {
	err = s.write(ctx, func(t *tx) error { return t.QueryRow(ctx, `SELECT audit.begin($1)`, leaf).Scan(&number) })
	return number, err
}

// Signed is a checkpoint as it is published.
type Signed struct {
	Log    int
	Size   int64
	Origin string
	Root   []byte
	Key    string // the log's verifier key, as the signer gave it
	Note   string
	At     time.Time
}

const signedSQL = `SELECT log, size, origin, root, vkey, note, signed_at FROM audit.checkpoint `

// AddCheckpoint publishes a checkpoint. One that is there already, with the same signed text, stays as it is.
func (s *Store) AddCheckpoint(ctx context.Context, c Signed) error {
	_, err := s.pool.Exec(ctx, `
		INSERT INTO audit.checkpoint (log, size, origin, root, vkey, note, signed_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
		c.Log, c.Size, c.Origin, c.Root, c.Key, c.Note, c.At)
	if err != nil {
		return unavailable(fmt.Errorf("publish checkpoint: %w", err))
	}
	return nil
}

// Checkpoint is the newest published checkpoint of the newest log, or [liaison.NotFound] while none is.
func (s *Store) Checkpoint(ctx context.Context) (Signed, error) {
	return s.checkpoint(ctx, `WHERE log = (SELECT max(number) FROM audit.log) ORDER BY size DESC LIMIT 1`)
}

// SignedBefore is the newest published checkpoint of the log, or under the origin, or [liaison.NotFound].
func (s *Store) SignedBefore(ctx context.Context, log int, origin string) (Signed, error) {
	return s.checkpoint(ctx, `WHERE log = $1 OR origin = $2 ORDER BY log DESC, size DESC LIMIT 1`, log, origin)
}

// LogKey is the verifier key of a log, as its newest published checkpoint names it, or [liaison.NotFound].
func (s *Store) LogKey(ctx context.Context, log int) (string, error) {
	c, err := s.checkpoint(ctx, `WHERE log = $1 ORDER BY size DESC LIMIT 1`, log)
	return c.Key, err
}

// Checkpoints lists the published checkpoints of a log, smallest first.
func (s *Store) Checkpoints(ctx context.Context, log int) ([]Signed, error) {
	return checkpoints(ctx, s.pool, log)
}

func checkpoints(ctx context.Context, q querier, log int) ([]Signed, error) {
	rows, err := q.Query(ctx, signedSQL+`WHERE log = $1 ORDER BY size`, log)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read checkpoints: %w", err))
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Signed])
	return out, unavailable(err)
}

func (s *Store) checkpoint(ctx context.Context, where string, args ...any) (Signed, error) {
	rows, err := s.pool.Query(ctx, signedSQL+where, args...)
	if err != nil {
		return Signed{}, unavailable(fmt.Errorf("read checkpoint: %w", err))
	}
	c, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Signed])
	if errors.Is(err, pgx.ErrNoRows) {
		return Signed{}, liaison.Refuse(liaison.NotFound, "No checkpoint that covers this has been signed yet. A signer does it within seconds; if none runs, nobody does.")
	}
	return c, unavailable(err)
}

// Receipt makes the proof that the leaf stands in the log, in the smallest published checkpoint that covers it, so that the
// same leaf has the same receipt whenever it is asked for. The leaf's bytes are returned beside it.
func (s *Store) Receipt(ctx context.Context, log int, index int64) (receipt.Proof, []byte, error) {
	c, err := s.checkpoint(ctx, `WHERE log = $1 AND size > $2 ORDER BY size LIMIT 1`, log, index)
	if err != nil {
		return receipt.Proof{}, nil, err
	}
	return s.receiptIn(ctx, c, index)
}

// StampedReceipt is as [Store.Receipt], under the smallest checkpoint that covers the leaf and has a time-stamp, if one has: so that the
// receipt and the token together say since when the leaf existed.
func (s *Store) StampedReceipt(ctx context.Context, log int, index int64) (receipt.Proof, []byte, error) {
	c, err := s.checkpoint(ctx, `WHERE log = $1 AND size = (SELECT min(size) FROM audit.stamp WHERE log = $1 AND size > $2)`, log, index)
	if liaison.CodeOf(err) == liaison.NotFound {
		return s.Receipt(ctx, log, index)
	} else if err != nil {
		return receipt.Proof{}, nil, err
	}
	return s.receiptIn(ctx, c, index)
}

func (s *Store) receiptIn(ctx context.Context, c Signed, index int64) (receipt.Proof, []byte, error) {
	leaf, err := s.Leaf(ctx, c.Log, index)
	if err != nil {
		return receipt.Proof{}, nil, err
	}
	hashes, err := s.ProveLeaf(ctx, c.Log, index, c.Size)
	if err != nil {
		return receipt.Proof{}, nil, err
	}
	return receipt.Proof{Index: index, Hashes: hashes, Checkpoint: []byte(c.Note)}, leaf, nil
}

// LeafOf finds the leaf of what happened to a message, the first of its kind, or [liaison.NotFound].
func (s *Store) LeafOf(ctx context.Context, id liaison.TransmissionID, kind liaison.EventKind) (log int, index int64, err error) {
	if err := validID(string(id)); err != nil {
		return 0, 0, err
	}
	err = s.pool.QueryRow(ctx, `
		SELECT leaf.log, leaf.index FROM event JOIN audit.leaf ON leaf.event_id = event.id
		WHERE event.transmission_id = $1 AND event.kind = $2 ORDER BY event.seq LIMIT 1`, id, kind).Scan(&log, &index)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, 0, liaison.Refuse(liaison.NotFound, "Nothing of this kind is recorded of this message.")
	}
	return log, index, unavailable(err)
}

// SealedMessage is a message with the leaf that says with which bytes it was sealed.
type SealedMessage struct {
	ID        liaison.TransmissionID
	Statement liaison.StatementID
	Letter    liaison.Letter
	Body      liaison.Code
	Log       int
	Index     int64
}

// Sealed lists every sealed message, in the order of the log.
func (s *Store) Sealed(ctx context.Context) ([]SealedMessage, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT event.transmission_id, event.statement_id, event.letter, event.body_code, leaf.log, leaf.index
		FROM event JOIN audit.leaf ON leaf.event_id = event.id WHERE event.kind = 'sealed' ORDER BY leaf.log, leaf.index`)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read sealed messages: %w", err))
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[SealedMessage])
	return out, unavailable(err)
}
