package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/jca-ml/liaison/liaison"
)

// ReadLeaf reads what a leaf says in clear into e, which it empties first.
func ReadLeaf(leaf []byte, e *liaison.Event) error { return newLeafReader(e).read(leaf) }

// leafReader reads leaves into one event, one after the other. A text that is the one of the leaf before is not made again, and most
// are.
type leafReader struct {
	event  *liaison.Event
	fields []placedField
	last   []string // texts, by field
	next   int      // the field behind the one that was read last, because members stand in the order of fields
}

func newLeafReader(e *liaison.Event) *leafReader {
	r := &leafReader{event: e, fields: placed(e)}
	r.last = make([]string, len(r.fields))
	return r
}

// set sets the field that a member stands for. What is no number or no time is zero, which agrees with nothing.
func (r *leafReader) set(name, value []byte) {
	for range r.fields {
		i := r.next
		if r.next++; r.next == len(r.fields) {
			r.next = 0
		}
		f := &r.fields[i]
		if f.name != string(name) {
			continue
		}
		switch {
		case f.fate != "keep":
		case f.text != nil:
			if r.last[i] != string(value) {
				r.last[i] = string(value)
			}
			*f.text = r.last[i]
		case f.number != nil:
			*f.number, _ = strconv.Atoi(string(value))
		case f.yes != nil:
			*f.yes = string(value) == "true"
		default:
			*f.at = leafTime(string(value))
		}
		return
	}
}

// leafTime reads a time as leaves write it; what is none is the zero time, which agrees with nothing.
func leafTime(s string) time.Time {
	if len(s) == len(timeFormat) && s[4] == '-' && s[7] == '-' && s[10] == 'T' && s[13] == ':' && s[16] == ':' && s[19] == '.' && s[26] == 'Z' {
		digits := func(from, to int) (n int) {
			for _, c := range []byte(s[from:to]) {
				n = n*10 + int(c-'0')
			}
			return n
		}
		t := time.Date(digits(0, 4), time.Month(digits(5, 7)), digits(8, 10), digits(11, 13), digits(14, 16), digits(17, 19), digits(20, 26)*1000, time.UTC)
		if month, day, hour, minute, second := t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(); int(month) == digits(5, 7) && day == digits(8, 10) && hour == digits(11, 13) && minute == digits(14, 16) && second == digits(17, 19) {
			return t
		}
	}
	t, _ := time.Parse(timeFormat, s)
	return t
}

// read is quick for the form that [Leaf] writes, and falls back on encoding/json for any other that is JSON.
func (r *leafReader) read(leaf []byte) error {
	*r.event, r.next = liaison.Event{}, 0
	if r.quick(leaf) {
		return nil
	}
	*r.event = liaison.Event{}
	var v map[string]any
	if err := json.Unmarshal(leaf, &v); err != nil {
		return fmt.Errorf("it is not JSON: %w", err)
	}
	if v["format"] != leafFormat {
		return fmt.Errorf("its format is %v, this program reads %q", v["format"], leafFormat)
	}
	for name, value := range v {
		switch x := value.(type) {
		case string:
			r.set([]byte(name), []byte(x))
		case float64:
			r.set([]byte(name), strconv.AppendFloat(nil, x, 'f', -1, 64))
		case bool:
			r.set([]byte(name), strconv.AppendBool(nil, x))
		}
	}
	return nil
}

// quick reads {"name":value,…} where a value is a string without escapes, a number, true, or {"sha256":"…"}. It reports false
// for everything else.
func (r *leafReader) quick(b []byte) bool {
	const head = `{"format":"` + leafFormat + `"`
	if len(b) < len(head)+1 || string(b[:len(head)]) != head || b[len(b)-1] != '}' {
		return false
	}
	str := func(i int) (value []byte, end int, ok bool) { // b[i] is the opening quote
		n := bytes.IndexByte(b[i+1:], '"')
		if n < 0 || bytes.IndexByte(b[i+1:i+1+n], '\\') >= 0 {
			return nil, 0, false
		}
		return b[i+1 : i+1+n], i + n + 2, true
	}
	end := len(b) - 1
	for i := len(head); i < end; {
		if b[i] != ',' || b[i+1] != '"' {
			return false
		}
		name, j, ok := str(i + 1)
		if !ok || j >= end || b[j] != ':' {
			return false
		}
		j++
		switch c := b[j]; {
		case c == '"':
			value, k, ok := str(j)
			if !ok {
				return false
			}
			r.set(name, value)
			i = k
		case c >= '0' && c <= '9' || c == '-':
			k := j
			for k < end && b[k] != ',' {
				k++
			}
			r.set(name, b[j:k])
			i = k
		case c == 't' && end-j >= 4 && string(b[j:j+4]) == "true":
			r.set(name, b[j:j+4])
			i = j + 4
		case c == '{':
			n := bytes.IndexByte(b[j:end], '}')
			if n < 0 {
				return false
			}
			i = j + n + 1
		default:
			return false
		}
	}
	return true
}
