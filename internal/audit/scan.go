package audit

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/jca-ml/liaison/liaison"
)

// ReadLeaf reads what a leaf says in clear into e, which it empties first.
func ReadLeaf(leaf []byte, e *liaison.Event) error { return scanLeaf(leaf, e) }

// scanLeaf reads what a leaf says in clear into e, which it empties first. It is quick for the form that [Leaf] writes, and
// falls back on encoding/json for any other that is JSON.
func scanLeaf(leaf []byte, e *liaison.Event) error {
	*e = liaison.Event{}
	if quick(leaf, e) {
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
			set(e, name, x)
		case float64:
			set(e, name, strconv.FormatFloat(x, 'f', -1, 64))
		}
	}
	return nil
}

// set sets the field that a member of the leaf stands for, as far as the cross-check uses it.
func set(e *liaison.Event, name, value string) {
	number := func() int { n, _ := strconv.Atoi(value); return n } // what is no number is 0, which agrees with nothing
	switch name {
	case "id":
		e.ID = liaison.EventID(value)
	case "kind":
		e.Kind = liaison.EventKind(value)
	case "at":
		e.At, _ = time.Parse(timeFormat, value)
	case "statement":
		e.Statement = liaison.StatementID(value)
	case "version":
		e.Version = number()
	case "actor":
		e.Actor = liaison.PersonID(value)
	case "acting":
		e.Acting = liaison.Capacity(value)
	case "from":
		e.From = liaison.State(value)
	case "to":
		e.To = liaison.State(value)
	case "digest":
		e.Digest = liaison.Digest(value)
	case "transmission":
		e.Transmission = liaison.TransmissionID(value)
	case "letter":
		e.Letter = liaison.Letter(value)
	case "message_digest":
		e.MessageDigest = liaison.Digest(value)
	case "attempt":
		e.Attempt = number()
	case "amends":
		e.Amends = liaison.Digest(value)
	case "changed":
		e.Changed = value
	}
}

// quick reads {"name":value,…} where a value is a string without escapes, a number, true, or {"sha256":"…"}. It reports false
// for everything else.
func quick(b []byte, e *liaison.Event) bool {
	const head = `{"format":"` + leafFormat + `"`
	if len(b) < len(head)+1 || string(b[:len(head)]) != head || b[len(b)-1] != '}' {
		return false
	}
	str := func(i int) (string, int, bool) { // b[i] is the opening quote
		for j := i + 1; j < len(b); j++ {
			switch b[j] {
			case '"':
				return string(b[i+1 : j]), j + 1, true
			case '\\':
				return "", 0, false
			}
		}
		return "", 0, false
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
			set(e, name, value)
			i = k
		case c >= '0' && c <= '9' || c == '-':
			k := j
			for k < end && b[k] != ',' {
				k++
			}
			set(e, name, string(b[j:k]))
			i = k
		case c == 't' && end-j >= 4 && string(b[j:j+4]) == "true":
			i = j + 4
		case c == '{':
			k := j + 1
			for k < end && b[k] != '}' {
				k++
			}
			i = k + 1
		default:
			return false
		}
	}
	return true
}
