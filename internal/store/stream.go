package store

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/jca-ml/liaison/liaison"
)

// stream reads the rows of a query as PostgreSQL sends them (COPY, in binary), a chunk ahead of who reads them, on a connection of
// its own in the snapshot of another transaction. It is for reading a whole log: both ends work at the same time, and nothing is
// allocated for a row.
type stream struct {
	conn   *pgx.Conn
	stop   context.CancelFunc
	chunks chan []byte
	spare  chan []byte
	result error // of the copying; to be read when chunks is closed

	chunk  []byte // that is read now
	rest   []byte
	begun  bool
	ended  bool
	fields [][]byte // of the row that is read now; nil for NULL
	types  []uint32 // of the columns, by their OIDs
}

const chunkSize = 256 << 10

// openStream begins to read a query's rows. The settings are of this reading only.
func (s *Store) openStream(ctx context.Context, snapshot, sql string, settings ...string) (_ *stream, err error) {
	// Not from the pool: who waits for a second connection while holding a first one may wait for ever.
	cfg := s.pool.Config().ConnConfig
	cfg.BuildFrontend = func(r io.Reader, w io.Writer) *pgproto3.Frontend {
		return pgproto3.NewFrontend(bufio.NewReaderSize(r, chunkSize), w)
	}
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	ctx, stop := context.WithCancel(ctx)
	r := &stream{conn: conn, stop: stop, chunks: make(chan []byte, 2), spare: make(chan []byte, 4)}
	defer func() {
		if err != nil {
			stop()
			err = errors.Join(fmt.Errorf("read the log: %w", err), conn.Close(context.WithoutCancel(ctx)))
		}
	}()
	if _, err := conn.Exec(ctx, `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT '`+snapshot+`'`); err != nil {
		return nil, err
	}
	for _, x := range settings {
		if _, err := conn.Exec(ctx, `SET LOCAL `+x); err != nil {
			return nil, err
		}
	}
	described, err := conn.Prepare(ctx, "", sql)
	if err != nil {
		return nil, err
	}
	for _, f := range described.Fields {
		r.types = append(r.types, f.DataTypeOID)
	}
	go r.copy(ctx, sql)
	return r, nil
}

func (r *stream) copy(ctx context.Context, sql string) {
	defer close(r.chunks)
	w := &chunkWriter{ctx: ctx, r: r}
	_, r.result = r.conn.PgConn().CopyTo(ctx, w, `COPY (`+sql+`) TO STDOUT (FORMAT binary)`)
	if r.result == nil {
		r.result = w.flush()
	}
}

// chunkWriter gathers rows.
type chunkWriter struct {
	ctx context.Context
	r   *stream
	b   []byte
}

func (w *chunkWriter) Write(b []byte) (int, error) {
	if len(w.b) > 0 && len(w.b)+len(b) > chunkSize {
		if err := w.flush(); err != nil {
			return 0, err
		}
	}
	if w.b == nil {
		select {
		case spare := <-w.r.spare:
			w.b = spare[:0]
		default:
			w.b = make([]byte, 0, chunkSize)
		}
	}
	w.b = append(w.b, b...)
	return len(b), nil
}

func (w *chunkWriter) flush() error {
	select {
	case w.r.chunks <- w.b:
		w.b = nil
		return nil
	case <-w.ctx.Done():
		return w.ctx.Err()
	}
}

// close ends the reading, wherever it is.
func (r *stream) close() error {
	r.stop()
	for range r.chunks { // until the copying has ended
	}
	end, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return r.conn.Close(end)
}

var errCutShort = errors.New("read the log: a row is cut short")

var copySignature = []byte("PGCOPY\n\xff\r\n\x00")

// next returns the fields of the next row, which are valid until the following call; false at the end.
func (r *stream) next() (fields [][]byte, ok bool, err error) {
	if r.ended {
		return nil, false, nil
	}
	for len(r.rest) == 0 {
		if r.chunk != nil {
			select {
			case r.spare <- r.chunk:
			default:
			}
			r.chunk = nil
		}
		if r.chunk, ok = <-r.chunks; !ok {
			if r.result == nil {
				r.result = errors.New("the rows end without their end")
			}
			return nil, false, fmt.Errorf("read the log: %w", r.result)
		}
		r.rest = r.chunk
	}
	if !r.begun {
		// the signature, flags, and an extension of a length that follows
		if len(r.rest) < 19 || !bytes.HasPrefix(r.rest, copySignature) || binary.BigEndian.Uint32(r.rest[15:]) != 0 {
			return nil, false, errors.New("read the log: the rows do not begin as PostgreSQL's binary format does")
		}
		if r.rest, r.begun = r.rest[19:], true; len(r.rest) == 0 {
			return r.next()
		}
	}
	row := r.rest
	if len(row) < 2 {
		return nil, false, errCutShort
	}
	n := binary.BigEndian.Uint16(row)
	row = row[2:]
	if n == 0xffff {
		r.rest = row
		return nil, false, r.end()
	}
	if int(n) != len(r.types) {
		return nil, false, errCutShort
	}
	r.fields = r.fields[:0]
	for range n {
		if len(row) < 4 {
			return nil, false, errCutShort
		}
		length := binary.BigEndian.Uint32(row)
		row = row[4:]
		if length == 0xffffffff {
			r.fields = append(r.fields, nil)
			continue
		}
		if uint64(length) > uint64(len(row)) {
			return nil, false, errCutShort
		}
		r.fields, row = append(r.fields, row[:length:length]), row[length:]
	}
	r.rest = row
	return r.fields, true, nil
}

// end waits for the word that everything was sent.
func (r *stream) end() error {
	if len(r.rest) > 0 {
		return errors.New("read the log: there are rows behind the last one")
	}
	for range r.chunks {
		return errors.New("read the log: there are rows behind the last one")
	}
	if r.result != nil {
		return fmt.Errorf("read the log: %w", r.result)
	}
	r.ended = true
	return nil
}

// beside reads rows that lie in nearly the order in which they are asked for, by the UUID in their first column, so that no index is
// looked up for them. What lies elsewhere, because rows were moved, is asked for by itself: any order gives the same rows.
type beside struct {
	rows  *stream
	ask   func(id []byte, use func(row [][]byte) error) error // hands over the rows of an id, wherever they lie
	read  int64                                               // rows read
	asked int64
	head  [][]byte // the row that was read last and nobody has taken
	held  map[[16]byte][][][]byte
	since []heldRow // in the order in which they were put into held
}

type heldRow struct {
	id    [16]byte
	asked int64 // how many rows had been asked for
}

// readAhead is how many rows are held because another was asked for. Transactions that end in another order than they began lie apart by
// as many rows as they wrote.
const readAhead = 4096

// rowsOf hands over the rows of an id, each valid for the call only. Whether there are more, which lie elsewhere, enough tells when it
// is asked behind those that lie together.
func (b *beside) rowsOf(id []byte, use func(row [][]byte) error, enough func() bool) error {
	b.asked++
	key := [16]byte(id)
	found := false
	if rows, ok := b.held[key]; ok {
		found = true
		delete(b.held, key)
		for _, row := range rows {
			if err := use(row); err != nil {
				return err
			}
		}
	}
	for !found || !enough() {
		more, err := b.peek()
		switch {
		case err != nil:
			return err
		case more && bytes.Equal(b.head[0], id):
			found = true
			if err := use(b.head); err != nil {
				return err
			}
			b.head = nil
		case more && !found && len(b.held) < readAhead:
			b.hold(b.head)
			b.head = nil
		default:
			return b.ask(id, use)
		}
	}
	return nil
}

// peek reads the next row, unless it has.
func (b *beside) peek() (more bool, err error) {
	if b.head == nil {
		if b.head, more, err = b.rows.next(); err != nil || !more {
			b.head = nil
			return false, err
		}
		b.read++
	}
	return true, nil
}

// hold keeps a row, and forgets those that have been kept for so long that they were asked for by themselves, or never will be.
func (b *beside) hold(row [][]byte) {
	for len(b.since) > 0 && b.since[0].asked+4*readAhead < b.asked {
		delete(b.held, b.since[0].id)
		b.since = b.since[1:]
	}
	own := make([][]byte, len(row))
	for i, field := range row {
		own[i] = bytes.Clone(field)
	}
	if b.held == nil {
		b.held = map[[16]byte][][][]byte{}
	}
	id := [16]byte(row[0])
	b.held[id] = append(b.held[id], own)
	b.since = append(b.since, heldRow{id, b.asked})
}

// rest reads what is left, and says how many rows there were.
func (b *beside) rest() (rows int64, err error) {
	for {
		b.head = nil
		if more, err := b.peek(); err != nil || !more {
			return b.read, err
		}
	}
}

// scanner puts the fields of rows where they belong, as [eventSQL] has them. A text that is the one of the row before is not made again,
// and most are.
type scanner struct {
	columns []scanColumn
	groups  []scanGroup
}

// scanGroup are columns that come as one record, or as NULL when all of them are empty.
type scanGroup struct {
	columns []scanColumn
	empty   bool // they are already
}

type scanColumn struct {
	name  string
	oid   uint32
	maybe bool // it can be NULL, which is the empty text
	text  *string
	last  []byte // the text as it came
	at    *time.Time
	n     *int
	yes   *bool
}

var columnTypes = map[string]uint32{
	"uuid": pgtype.UUIDOID, "text": pgtype.TextOID, "timestamptz": pgtype.TimestamptzOID, "integer": pgtype.Int4OID, "boolean": pgtype.BoolOID, "date": pgtype.DateOID,
}

// newScanner scans rows of the types into one event.
func newScanner(types []uint32, e *liaison.Event) (*scanner, error) {
	s := &scanner{}
	for i, group := range eventTable {
		var columns []scanColumn
		for _, x := range group {
			c := scanColumn{name: x.name, oid: columnTypes[x.kind], maybe: x.maybe}
			fits := false
			switch p := x.place(e).(type) {
			case *time.Time:
				c.at, fits = p, c.oid == pgtype.TimestamptzOID
			case *int:
				c.n, fits = p, c.oid == pgtype.Int4OID
			case *bool:
				c.yes, fits = p, c.oid == pgtype.BoolOID
			default:
				c.text = reflect.ValueOf(p).Convert(reflect.TypeFor[*string]()).Interface().(*string)
				fits = c.oid == pgtype.TextOID || c.oid == pgtype.UUIDOID || c.oid == pgtype.DateOID
			}
			if !fits {
				return nil, fmt.Errorf("read the log: no way to read the column %s, which is %s", x.name, x.kind)
			}
			columns = append(columns, c)
		}
		if i == 0 {
			s.columns = columns
		} else {
			s.groups = append(s.groups, scanGroup{columns: columns})
		}
	}
	var want []uint32
	for _, c := range s.columns {
		want = append(want, c.oid)
	}
	if want = append(want, slices.Repeat([]uint32{pgtype.RecordOID}, len(s.groups))...); !slices.Equal(types, want) {
		return nil, errors.New("read the log: the columns of an event have other types than this program knows")
	}
	return s, nil
}

// postgresEpoch is what PostgreSQL counts microseconds and days from.
var postgresEpoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func (s *scanner) scan(fields [][]byte) error {
	for i := range s.columns {
		if err := s.columns[i].set(fields[i]); err != nil {
			return err
		}
	}
	for i := range s.groups {
		if err := s.groups[i].scan(fields[len(s.columns)+i]); err != nil {
			return err
		}
	}
	return nil
}

// scan reads a record as PostgreSQL sends it: how many columns, then of each its type, its length and its bytes.
func (g *scanGroup) scan(record []byte) error {
	if record == nil {
		if !g.empty {
			for i := range g.columns {
				g.columns[i].clear()
			}
			g.empty = true
		}
		return nil
	}
	g.empty = false
	if len(record) < 4 || int(binary.BigEndian.Uint32(record)) != len(g.columns) {
		return errCutShort
	}
	record = record[4:]
	for i := range g.columns {
		c := &g.columns[i]
		if len(record) < 8 || binary.BigEndian.Uint32(record) != c.oid {
			return errCutShort
		}
		length := binary.BigEndian.Uint32(record[4:])
		record = record[8:]
		var field []byte
		if length != 0xffffffff {
			if uint64(length) > uint64(len(record)) {
				return errCutShort
			}
			field, record = record[:length:length], record[length:]
		}
		if err := c.set(field); err != nil {
			return err
		}
	}
	return nil
}

func (c *scanColumn) clear() {
	switch {
	case c.text != nil:
		*c.text, c.last = "", c.last[:0]
	case c.n != nil:
		*c.n = 0
	case c.yes != nil:
		*c.yes = false
	default:
		*c.at = time.Time{}
	}
}

func (c *scanColumn) set(b []byte) error {
	switch {
	case b == nil && !c.maybe:
		return fmt.Errorf("read the log: %s of an event is NULL", c.name)
	case len(b) == 0:
		c.clear()
	case c.text != nil:
		if bytes.Equal(c.last, b) {
			return nil
		}
		c.last = append(c.last[:0], b...)
		switch c.oid {
		case pgtype.UUIDOID:
			*c.text = uuid.UUID(b).String()
		case pgtype.DateOID:
			*c.text = postgresEpoch.AddDate(0, 0, int(integer(b))).Format(time.DateOnly)
		default:
			*c.text = string(b)
		}
	case c.at != nil:
		*c.at = postgresEpoch.Add(time.Duration(integer(b)) * time.Microsecond)
	case c.yes != nil:
		*c.yes = b[0] != 0
	default:
		*c.n = int(integer(b))
	}
	return nil
}

// integer reads a number of PostgreSQL's, of two, four or eight bytes.
func integer(b []byte) int64 {
	switch len(b) {
	case 2:
		return int64(int16(binary.BigEndian.Uint16(b)))
	case 4:
		return int64(int32(binary.BigEndian.Uint32(b)))
	}
	return int64(binary.BigEndian.Uint64(b))
}
