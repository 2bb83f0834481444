package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
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
	conn, err := pgx.ConnectConfig(ctx, s.pool.Config().ConnConfig)
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
	n, ok := r.number(2)
	if n == 0xffff {
		return nil, false, r.end()
	}
	r.fields = r.fields[:0]
	for range n {
		length, more := r.number(4)
		if ok = ok && more; length == 0xffffffff {
			r.fields = append(r.fields, nil)
			continue
		}
		if !ok || uint64(length) > uint64(len(r.rest)) {
			return nil, false, errors.New("read the log: a row is cut short")
		}
		r.fields, r.rest = append(r.fields, r.rest[:length:length]), r.rest[length:]
	}
	if !ok || len(r.fields) != len(r.types) {
		return nil, false, errors.New("read the log: a row is cut short")
	}
	return r.fields, true, nil
}

func (r *stream) number(width int) (uint32, bool) {
	if len(r.rest) < width {
		r.rest = nil
		return 0, false
	}
	var n uint32
	for _, b := range r.rest[:width] {
		n = n<<8 | uint32(b)
	}
	r.rest = r.rest[width:]
	return n, true
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

// scanner puts the fields of rows where they belong. A text that is the one of the row before is not made again, and most are.
type scanner struct{ columns []scanColumn }

type scanColumn struct {
	text *reflectString
	at   *time.Time
	n    *int
	yes  *bool
	oid  uint32
}

type reflectString struct {
	reflect.Value
	last []byte // as it came
}

// newScanner scans columns of the types into places as [eventFields] names them.
func newScanner(types []uint32, places []any) (*scanner, error) {
	s := &scanner{}
	for i, p := range places {
		c := scanColumn{oid: types[i]}
		fits := false
		switch p := p.(type) {
		case *time.Time:
			c.at, fits = p, c.oid == pgtype.TimestamptzOID
		case *int:
			c.n, fits = p, c.oid == pgtype.Int2OID || c.oid == pgtype.Int4OID || c.oid == pgtype.Int8OID
		case *bool:
			c.yes, fits = p, c.oid == pgtype.BoolOID
		default:
			v := reflect.ValueOf(p).Elem()
			c.text, fits = &reflectString{Value: v}, v.Kind() == reflect.String && (c.oid == pgtype.TextOID || c.oid == pgtype.UUIDOID || c.oid == pgtype.VarcharOID)
		}
		if !fits {
			return nil, fmt.Errorf("read the log: no way to read column %d, of type %d, into %T", i, c.oid, p)
		}
		s.columns = append(s.columns, c)
	}
	return s, nil
}

// postgresEpoch is what PostgreSQL counts microseconds from.
var postgresEpoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func (s *scanner) scan(fields [][]byte) error {
	for i := range s.columns {
		c, b := &s.columns[i], fields[i]
		switch {
		case b == nil:
			return fmt.Errorf("read the log: column %d is NULL", i)
		case c.text != nil:
			if bytes.Equal(c.text.last, b) && c.text.last != nil {
				continue
			}
			c.text.last = append(c.text.last[:0], b...)
			if c.oid == pgtype.UUIDOID {
				c.text.SetString(pgtype.UUID{Bytes: [16]byte(b), Valid: true}.String())
			} else {
				c.text.SetString(string(b))
			}
		case c.at != nil:
			*c.at = postgresEpoch.Add(time.Duration(binary.BigEndian.Uint64(b)) * time.Microsecond)
		case c.yes != nil:
			*c.yes = b[0] != 0
		default:
			*c.n = int(integer(b))
		}
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
