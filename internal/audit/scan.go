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
func ReadLeaf(leaf []byte, e *liaison.Event) error {
	var r leafReader
	return r.read(leaf, e)
}

// leafReader reads leaves one after the other. A text that is the one of the leaf before is not made again, and most are.
type leafReader struct {
	last [members + 1]string // by the place of the member
}

const members = 27

// member is one that the cross-check uses: its place, from 1, and its field.
func member(name []byte) int {
	switch string(name) {
	case "id":
		return 1
	case "kind":
		return 2
	case "at":
		return 3
	case "statement":
		return 4
	case "version":
		return 5
	case "actor":
		return 6
	case "acting":
		return 7
	case "from":
		return 8
	case "to":
		return 9
	case "digest":
		return 10
	case "transmission":
		return 11
	case "letter":
		return 12
	case "message_digest":
		return 13
	case "attempt":
		return 14
	case "amends":
		return 15
	case "changed":
		return 16
	case "reply_from":
		return 17
	case "reply_to":
		return 18
	case "due":
		return 19
	case "body":
		return 20
	case "mode":
		return 21
	case "for":
		return 22
	case "for_as":
		return 23
	case "stands":
		return 24
	case "deputy":
		return 25
	case "on":
		return 26
	case "until":
		return 27
	}
	return 0
}

func setMember(e *liaison.Event, place int, value string) {
	switch place {
	case 1:
		e.ID = liaison.EventID(value)
	case 2:
		e.Kind = liaison.EventKind(value)
	case 3:
		e.At = leafTime(value)
	case 4:
		e.Statement = liaison.StatementID(value)
	case 5:
		e.Version = number(value)
	case 6:
		e.Actor = liaison.PersonID(value)
	case 7:
		e.Acting = liaison.Capacity(value)
	case 8:
		e.From = liaison.State(value)
	case 9:
		e.To = liaison.State(value)
	case 10:
		e.Digest = liaison.Digest(value)
	case 11:
		e.Transmission = liaison.TransmissionID(value)
	case 12:
		e.Letter = liaison.Letter(value)
	case 13:
		e.MessageDigest = liaison.Digest(value)
	case 14:
		e.Attempt = number(value)
	case 15:
		e.Amends = liaison.Digest(value)
	case 16:
		e.Changed = value
	case 17:
		e.ReplyFrom = liaison.ReplyState(value)
	case 18:
		e.ReplyTo = liaison.ReplyState(value)
	case 19:
		e.Due = liaison.Date(value)
	case 20:
		e.Body = liaison.Code(value)
	case 21:
		e.Mode = liaison.ApprovalMode(value)
	case 22:
		e.For = liaison.PersonID(value)
	case 23:
		e.ForAs = liaison.Capacity(value)
	case 24:
		e.Stands = liaison.AbsenceID(value)
	case 25:
		e.Deputy = liaison.PersonID(value)
	case 26:
		e.On = liaison.Date(value)
	case 27:
		e.Until = liaison.Date(value)
	}
}

// number is the value of a member; what is no number is 0, which agrees with nothing.
func number(value string) int { n, _ := strconv.Atoi(value); return n }

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
func (r *leafReader) read(leaf []byte, e *liaison.Event) error {
	*e = liaison.Event{}
	if r.quick(leaf, e) {
		return nil
	}
	*e = liaison.Event{}
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
			setMember(e, member([]byte(name)), x)
		case float64:
			setMember(e, member([]byte(name)), strconv.FormatFloat(x, 'f', -1, 64))
		}
	}
	return nil
}

// set sets the field that a member stands for.
func (r *leafReader) set(e *liaison.Event, name, value []byte) {
	place := member(name)
	if place == 0 {
		return
	}
	if r.last[place] != string(value) {
		r.last[place] = string(value)
	}
	setMember(e, place, r.last[place])
}

// quick reads {"name":value,…} where a value is a string without escapes, a number, true, or {"sha256":"…"}. It reports false
// for everything else.
func (r *leafReader) quick(b []byte, e *liaison.Event) bool {
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
			r.set(e, name, value)
			i = k
		case c >= '0' && c <= '9' || c == '-':
			k := j
			for k < end && b[k] != ',' {
				k++
			}
			r.set(e, name, b[j:k])
			i = k
		case c == 't' && end-j >= 4 && string(b[j:j+4]) == "true":
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
