// Package audit makes the leaves of the audit log and checks the log.
//
// The log is an RFC 6962 Merkle tree over leaves. A leaf is a line of JSON:
//
//	{"format":"liaison-leaf/1","id":"…","kind":"approved","at":"2026-11-23T09:30:00.123456Z", … ,"reason":{"sha256":"…"}}
//
// Its members are the fields of [liaison.Event] in their order, by the tag of each field: kept as they are, committed to
// with a salt, or left out; empty ones are left out too. The hashed bytes are stored, never made again from their parts.
package audit

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/jca-ml/liaison/liaison"
)

const (
	leafFormat   = "liaison-leaf/1"
	commitPrefix = "liaison-commit/1\x00"
	saltSize     = 16
)

// Salts are the salts of one leaf's commitments by field. They are kept beside the log and can be deleted: the
// commitment then says nothing about the value any more, and the leaf stays what it was.
type Salts map[string][]byte

// Commitment is what a leaf says of a committed value: SHA-256 over a fixed prefix, the salt and the value.
func Commitment(salt []byte, value string) string {
	h := sha256.New()
	h.Write([]byte(commitPrefix))
	h.Write(salt)
	h.Write([]byte(value))
	return hex.EncodeToString(h.Sum(nil))
}

// plan is the field table of [liaison.Event].
var plan = fieldsOf(reflect.TypeFor[liaison.Event]())

type auditedField struct {
	index int
	name  string // as in the leaf
	fate  string // keep, commit, omit
	// what stands before its value in a leaf
	opening string
}

// fieldsOf reads the audit tags of a struct. A field without one stops the program: what the log says of it has to be
// decided by a person, not by default.
func fieldsOf(t reflect.Type) []auditedField {
	var out []auditedField
	for i := range t.NumField() {
		f := t.Field(i)
		fate := f.Tag.Get("audit")
		switch fate {
		case "keep", "omit":
		case "commit":
			if f.Type.Kind() != reflect.String {
				panic(fmt.Sprintf("audit: field %s of %s is to be committed and is not a string", f.Name, t))
			}
		default:
			panic(fmt.Sprintf("audit: field %s of %s has no audit tag: decide keep, commit or omit", f.Name, t))
		}
		out = append(out, auditedField{i, snake(f.Name), fate, `,"` + snake(f.Name) + `":`})
	}
	return out
}

// Committed lists the fields that leaves commit to, as the leaf and the register name them.
func Committed() []string { return committed }

var committed = func() (out []string) {
	for _, f := range plan {
		if f.fate == "commit" {
			out = append(out, f.name)
		}
	}
	return out
}()

// CommittedValues are what stands in those fields of the event, by their names.
func CommittedValues(e *liaison.Event) map[string]string {
	out := map[string]string{}
	v := reflect.ValueOf(e).Elem()
	for _, f := range plan {
		if f.fate == "commit" {
			out[f.name] = v.Field(f.index).String()
		}
	}
	return out
}

// snake turns MessageID into message_id.
func snake(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if unicode.IsUpper(r) && i > 0 && (unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// NewLeaf makes the leaf of an event with fresh salts.
func NewLeaf(e liaison.Event) (payload []byte, salts Salts) {
	salts = Salts{}
	v := reflect.ValueOf(e)
	for _, f := range plan {
		if f.fate == "commit" && !v.Field(f.index).IsZero() {
			salt := make([]byte, saltSize)
			rand.Read(salt) // never fails, by its contract since Go 1.24
			salts[f.name] = salt
		}
	}
	return Leaf(e, salts), salts
}

// Leaf makes the leaf of an event with given salts. A committed field whose salt is gone is left out.
func Leaf(e liaison.Event, salts Salts) []byte { return NewMaker(&e).Append(nil, salts) }

// Maker makes the leaves of events that are put into one place one after the other, as a check of a long log does: where each field
// lies is looked up once, and nothing is allocated for a leaf.
type Maker struct {
	fields []placedField
	buf    []byte
}

// placedField is a field that leaves have, and where its value lies; one of the pointers is set.
type placedField struct {
	*auditedField
	text   *string
	number *int
	yes    *bool
	at     *time.Time
}

// NewMaker makes the leaves of what e holds at the time.
func NewMaker(e *liaison.Event) *Maker { return &Maker{fields: placed(e)} }

// placed lists the fields of an event that leaves have, in their order.
func placed(e *liaison.Event) (out []placedField) {
	v := reflect.ValueOf(e).Elem()
	for i := range plan {
		f := placedField{auditedField: &plan[i]}
		if f.fate == "omit" {
			continue
		}
		switch p := v.Field(f.index).Addr(); x := p.Interface().(type) {
		case *int:
			f.number = x
		case *bool:
			f.yes = x
		case *time.Time:
			f.at = x
		default:
			f.text = p.Convert(reflect.TypeFor[*string]()).Interface().(*string) // panics for what leaves have no encoding of
		}
		out = append(out, f)
	}
	return out
}

// Unproven names a committed field that has a value and no salt, or is "". Whatever stands there is not what the leaf says.
func (m *Maker) Unproven(salts Salts) string {
	for i := range m.fields {
		if f := &m.fields[i]; f.fate == "commit" && *f.text != "" {
			if _, ok := salts[f.name]; !ok {
				return f.name
			}
		}
	}
	return ""
}

// Append appends the leaf to b. A committed field whose salt is gone is left out.
func (m *Maker) Append(b []byte, salts Salts) []byte {
	b = append(b, `{"format":"`+leafFormat+`"`...)
	for i := range m.fields {
		switch f := &m.fields[i]; {
		case f.text != nil:
			if *f.text == "" {
				continue
			}
			if f.fate == "keep" {
				b = quote(append(b, f.opening...), *f.text)
			} else if salt, ok := salts[f.name]; ok {
				m.buf = append(append(append(m.buf[:0], commitPrefix...), salt...), *f.text...)
				sum := sha256.Sum256(m.buf)
				b = append(append(b, f.opening...), `{"sha256":"`...)
				b = append(hex.AppendEncode(b, sum[:]), `"}`...)
			}
		case f.number != nil:
			if *f.number != 0 {
				b = strconv.AppendInt(append(b, f.opening...), int64(*f.number), 10)
			}
		case f.yes != nil:
			if *f.yes {
				b = append(append(b, f.opening...), "true"...)
			}
		default:
			if !f.at.IsZero() {
				b = append(appendTime(append(append(b, f.opening...), '"'), *f.at), '"')
			}
		}
	}
	return append(b, '}')
}

const timeFormat = "2006-01-02T15:04:05.000000Z"

// Time is t as the log and the database keep it: UTC, to the microsecond.
func Time(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// appendTime is AppendFormat of [Time] in timeFormat, which costs a check of a long log more than a leaf's hash does.
func appendTime(b []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	if year < 0 || year > 9999 {
		return Time(t).AppendFormat(b, timeFormat)
	}
	hour, minute, second := t.Clock()
	b = append(digits(digits(b, year/100), year%100), '-')
	b = append(digits(b, int(month)), '-')
	b = append(digits(b, day), 'T')
	b = append(digits(b, hour), ':')
	b = append(digits(b, minute), ':')
	b = append(digits(b, second), '.')
	micro := t.Nanosecond() / 1000
	return append(digits(digits(digits(b, micro/10000), micro/100%100), micro%100), 'Z')
}

// digits appends a number below a hundred.
func digits(b []byte, n int) []byte { return append(b, byte('0'+n/10), byte('0'+n%10)) }

func quote(b []byte, s string) []byte {
	if plain(s) {
		return append(append(append(b, '"'), s...), '"')
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		panic(err) // a string always encodes
	}
	return append(b, bytes.TrimSuffix(out.Bytes(), []byte("\n"))...)
}

// plain reports whether JSON writes s as it is; nearly everything in a leaf is so.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == '"' || s[i] == '\\' {
			return false
		}
	}
	return true
}
