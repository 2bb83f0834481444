package store

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"
)

// besideOf reads rows of an id and a word, as PostgreSQL would send them.
func besideOf(rows [][2]string) (b *beside, asked *int) {
	chunks := make(chan []byte, len(rows)/100+2)
	chunk := append(bytes.Clone(copySignature), 0, 0, 0, 0, 0, 0, 0, 0)
	everywhere := map[[16]byte][][][]byte{}
	for i, row := range rows {
		id := idOf(row[0])
		everywhere[id] = append(everywhere[id], [][]byte{id[:], []byte(row[1])})
		chunk = binary.BigEndian.AppendUint16(chunk, 2)
		chunk = append(binary.BigEndian.AppendUint32(chunk, 16), id[:]...)
		chunk = append(binary.BigEndian.AppendUint32(chunk, uint32(len(row[1]))), row[1]...)
		if i%100 == 99 {
			chunks <- chunk
			chunk = nil
		}
	}
	chunks <- append(chunk, 0xff, 0xff)
	close(chunks)
	asked = new(int)
	return &beside{rows: &stream{chunks: chunks, spare: make(chan []byte, 1), types: []uint32{pgtype.UUIDOID, pgtype.TextOID}}, ask: func(id []byte, use func([][]byte) error) error {
		*asked++
		for _, row := range everywhere[[16]byte(id)] {
			if err := use(row); err != nil {
				return err
			}
		}
		return nil
	}}, asked
}

func idOf(name string) (id [16]byte) { copy(id[:], name); return id }

// TestRowsBesideAreFoundInAnyOrder: whatever order rows lie in, each id gets its own, and no more rows are held than are allowed. In the
// order in which rows come to lie nothing is asked for by itself.
func TestRowsBesideAreFoundInAnyOrder(t *testing.T) {
	const n = 6 * readAhead
	name := func(i int) string { return string(binary.BigEndian.AppendUint32(nil, uint32(i))) + "row" }
	for order, test := range map[string]struct {
		place func(i int) int // what lies there
		asks  int             // at most
	}{
		"in order":           {func(i int) int { return i }, 0},
		"neighbours swapped": {func(i int) int { return i ^ 1 }, 0},
		"commits of others between": {func(i int) int { // blocks of 64, each mixed
			return i&^63 + (i*37+11)&63
		}, 0},
		"backwards":            {func(i int) int { return n - 1 - i }, n},
		"halves":               {func(i int) int { return (i + n/2) % n }, n},
		"the first at the end": {func(i int) int { return (i + 1) % n }, 1},
		"by chance":            {func() func(int) int { p := rand.New(rand.NewPCG(1, 2)).Perm(n); return func(i int) int { return p[i] } }(), n},
	} {
		t.Run(order, func(t *testing.T) {
			var rows [][2]string
			for i := range n {
				rows = append(rows, [2]string{name(test.place(i)), name(test.place(i)) + "!"})
			}
			b, asked := besideOf(rows)
			for i := range n {
				id, found := idOf(name(i)), 0
				err := b.rowsOf(id[:], func(row [][]byte) error {
					if string(row[1]) == name(i)+"!" {
						found++
					}
					return nil
				}, func() bool { return true })
				if err != nil || found != 1 {
					t.Fatalf("row %d was found %d times, %v", i, found, err)
				}
				if len(b.held) > readAhead || len(b.since) > 6*readAhead {
					t.Fatalf("%d rows are held, %d were", len(b.held), len(b.since))
				}
			}
			if *asked > test.asks {
				t.Errorf("%d rows were asked for by themselves, want at most %d", *asked, test.asks)
			}
			if read, err := b.rest(); err != nil || read != n {
				t.Errorf("%d rows were read, %v", read, err)
			}
		})
	}
	t.Run("two rows of an id, apart and together", func(t *testing.T) {
		b, asked := besideOf([][2]string{{"a", "1"}, {"a", "2"}, {"b", "1"}, {"c", "1"}, {"b", "2"}, {"c", "2"}})
		for _, x := range []struct {
			id   string
			asks int
		}{{"a", 0}, {"b", 1}, {"c", 2}, {"none", 3}} {
			words := map[string]bool{}
			id := idOf(x.id)
			if err := b.rowsOf(id[:], func(row [][]byte) error { words[string(row[1])] = true; return nil }, func() bool { return len(words) == 2 }); err != nil {
				t.Fatal(err)
			}
			if want := x.id != "none"; (len(words) == 2) != want || *asked != x.asks {
				t.Errorf("of %s it gives %v, after %d questions", x.id, words, *asked)
			}
		}
	})
}
