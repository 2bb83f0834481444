package audit

import (
	"encoding/hex"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/jca-ml/liaison/liaison"
)

// event has a value in every field, so that a field added later is in these tests without a word.
func event(t *testing.T) liaison.Event {
	t.Helper()
	var e liaison.Event
	v := reflect.ValueOf(&e).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); f.Interface().(type) {
		case time.Time:
			f.Set(reflect.ValueOf(time.Date(2026, 11, 23, 10, 30, 0, 123456789, time.FixedZone("", 3600))))
		default:
			switch f.Kind() {
			case reflect.String:
				f.SetString("the " + v.Type().Field(i).Name)
			case reflect.Int:
				f.SetInt(int64(100 + i))
			case reflect.Bool:
				f.SetBool(true)
			default:
				t.Fatalf("%s is a %s, which neither this test nor a leaf knows", v.Type().Field(i).Name, f.Kind())
			}
		}
	}
	return e
}

func fixedSalts() Salts {
	salts := Salts{}
	for _, f := range plan {
		if f.fate == "commit" {
			salts[f.name] = []byte("0123456789abcdef")
		}
	}
	return salts
}

// TestLeafBytes fixes the form of a leaf. It may only grow: leaves of earlier years are made again from their events.
func TestLeafBytes(t *testing.T) {
	c := func(value string) string { return `{"sha256":"` + Commitment([]byte("0123456789abcdef"), value) + `"}` }
	want := `{"format":"liaison-leaf/1","id":"the ID","kind":"the Kind","at":"2026-11-23T09:30:00.123456Z","statement":"the Statement","version":104,` +
		`"command":"the Command","actor":"the Actor","acting":"the Acting","drafted":true,"from":"the From","to":"the To","revision":111,"digest":"the Digest",` +
		`"ref":"the Ref","reason":` + c("the Reason") + `,"transmission":"the Transmission","letter":"the Letter","body":"the Body","recipient":` + c("the Recipient") +
		`,"message_id":` + c("the MessageID") + `,"message_digest":"the MessageDigest","attempt":121,"stage":"the Stage","code":123,"reply":` + c("the Reply") +
		`,"amends":"the Amends","changed":"the Changed","reply_from":"the ReplyFrom","reply_to":"the ReplyTo","due":"the Due","asked":"the Asked","mode":"the Mode","for":"the For","for_as":"the ForAs","stands":"the Stands","deputy":"the Deputy","on":"the On","until":"the Until","meeting":"the Meeting","item":140` +
		`,"evidence":` + c("the Evidence") + `,"evidence_file":"the EvidenceFile"` +
		`,"window":"the Window","people":"the People","rules":"the Rules","named":` + c("the Named") + `,"consulted":"the Consulted","reference":` + c("the Reference") + `}`
	if diff := cmp.Diff(want, string(Leaf(event(t), fixedSalts()))); diff != "" {
		t.Errorf("leaf (-want +got):\n%s", diff)
	}
	// SHA-256("liaison-commit/1\x00" + "0123456789abcdef" + "the Reason"), by sha256sum
	if got := Commitment([]byte("0123456789abcdef"), "the Reason"); got != "fc8d7aec8538e849eaeb54352fe9d971b02a39adfee78247912fb4ddb1dcefef" {
		t.Errorf("commitment %s", got)
	}
	if got := string(Leaf(liaison.Event{ID: "x", Ref: "<&\u2028é\n\""}, nil)); got != `{"format":"liaison-leaf/1","id":"x","ref":"<&\u2028é\n\""}` {
		t.Errorf("an event with little in it makes %s", got)
	}
}

// TestNoPersonalDataInLeaves says once more, by hand, which fields can hold names, addresses or free text.
func TestNoPersonalDataInLeaves(t *testing.T) {
	leaf := string(Leaf(event(t), fixedSalts()))
	for _, field := range []string{"Reason", "Recipient", "MessageID", "Reply", "Relay"} {
		if strings.Contains(leaf, "the "+field+`"`) {
			t.Errorf("%s stands in the leaf as it is", field)
		}
	}
}

func TestEveryFieldIsDecided(t *testing.T) {
	if len(plan) != reflect.TypeFor[liaison.Event]().NumField() {
		t.Errorf("%d fields are decided of %d", len(plan), reflect.TypeFor[liaison.Event]().NumField())
	}
	for name, x := range map[string]any{
		"without a tag": struct{ A string }{},
		"with an unknown tag": struct {
			A string `audit:"hide"`
		}{},
		"a commitment to a number": struct {
			A int `audit:"commit"`
		}{},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("a field that nobody decided on does not stop the program")
				}
			}()
			fieldsOf(reflect.TypeOf(x))
		})
	}
	names := map[string]bool{}
	for _, f := range plan {
		if names[f.name] || f.name == "format" {
			t.Errorf("two members are called %s", f.name)
		}
		names[f.name] = true
	}
	for in, want := range map[string]string{"ID": "id", "MessageID": "message_id", "MessageDigest": "message_digest", "At": "at", "TLSVersion": "tls_version"} {
		if got := snake(in); got != want {
			t.Errorf("%s becomes %s, want %s", in, got, want)
		}
	}
}

// TestLeafDependsOnEveryField changes one field after the other.
func TestLeafDependsOnEveryField(t *testing.T) {
	salts := fixedSalts()
	payload := Leaf(event(t), salts)
	for _, f := range plan {
		e := event(t)
		field := reflect.ValueOf(&e).Elem().Field(f.index)
		field.SetZero()
		problem := differs(Row{Payload: payload, Event: e, Salts: salts})
		if (problem == "") != (f.fate == "omit") {
			t.Errorf("%s (%s) taken out: %q", f.name, f.fate, problem)
		}
		if f.fate != "omit" && !strings.Contains(problem, f.name) {
			t.Errorf("the problem does not name %s: %s", f.name, problem)
		}
	}
}

func TestSaltsAreFreshAndErasable(t *testing.T) {
	e := event(t)
	payload, salts := NewLeaf(e)
	again, others := NewLeaf(e)
	if string(payload) == string(again) || string(salts["reason"]) == string(others["reason"]) || len(salts["reason"]) != 16 {
		t.Error("two leaves of the same event have the same salt, or a short one")
	}
	if len(salts) != 7 {
		t.Errorf("salts of %d fields, want 7", len(salts))
	}
	if _, none := NewLeaf(liaison.Event{ID: "x"}); len(none) != 0 {
		t.Errorf("empty fields have salts: %v", none)
	}
	for name, test := range map[string]struct {
		change func(*liaison.Event, Salts)
		says   string
	}{
		"nothing erased":        {func(*liaison.Event, Salts) {}, ""},
		"value and salt erased": {func(e *liaison.Event, s Salts) { e.Reason = ""; delete(s, "reason") }, ""},
		"everything erasable erased": {func(e *liaison.Event, s Salts) {
			e.Reason, e.Recipient, e.MessageID, e.Reply, e.Evidence, e.Named, e.Reference = "", "", "", "", "", "", ""
			clear(s)
		}, ""},
		"only the value erased":           {func(e *liaison.Event, _ Salts) { e.Reason = "" }, "reason"},
		"only the salt erased":            {func(_ *liaison.Event, s Salts) { delete(s, "reason") }, "no salt is left to prove"},
		"salt erased, value made up":      {func(e *liaison.Event, s Salts) { e.Reason = "he agreed"; delete(s, "reason") }, "no salt is left to prove"},
		"value changed":                   {func(e *liaison.Event, _ Salts) { e.Reply = "250 ok" }, "reply"},
		"another salt":                    {func(_ *liaison.Event, s Salts) { s["reply"] = make([]byte, 16) }, "reply"},
		"erased, and another one changed": {func(e *liaison.Event, s Salts) { e.Reason = ""; delete(s, "reason"); e.To = "closed" }, "to = the To"},
	} {
		t.Run(name, func(t *testing.T) {
			e, salts := event(t), fixedSalts()
			payload := Leaf(e, salts)
			test.change(&e, salts)
			if got := differs(Row{Payload: payload, Event: e, Salts: salts}); test.says == "" && got != "" || !strings.Contains(got, test.says) {
				t.Errorf("found %q, want %q", got, test.says)
			}
		})
	}
}

func TestLeafOfOtherBytesIsFound(t *testing.T) {
	e, salts := event(t), fixedSalts()
	payload := string(Leaf(e, salts))
	for name, other := range map[string]string{
		"a space":         payload + " ",
		"another order":   strings.Replace(payload, `"id":"the ID","kind":"the Kind"`, `"kind":"the Kind","id":"the ID"`, 1),
		"a member twice":  strings.Replace(payload, `"id":"the ID"`, `"id":"the ID","id":"the ID"`, 1),
		"one more member": strings.TrimSuffix(payload, "}") + `,"more":1}`,
		"another format":  strings.Replace(payload, "leaf/1", "leaf/2", 1),
		"no JSON":         payload[1:],
		"nothing":         "",
	} {
		if differs(Row{Payload: []byte(other), Event: e, Salts: salts}) == "" {
			t.Errorf("%s is not found", name)
		}
	}
}

// log is a log in memory, with the nodes in the order in which the database makes them.
type log struct {
	rows  []Row
	nodes []Node
}

func (l *log) append(payload []byte, e liaison.Event, salts Salts) {
	index := int64(len(l.rows))
	l.rows = append(l.rows, Row{Index: index, Payload: payload, Event: e, Salts: salts})
	h := tlog.RecordHash(payload)
	for level, i := 0, index; i&1 == 1; {
		var left tlog.Hash
		if level == 0 {
			left = tlog.RecordHash(l.rows[i-1].Payload)
		}
		for _, n := range l.nodes {
			if n.Level == level && n.Index == i-1 {
				copy(left[:], n.Hash)
			}
		}
		h = tlog.NodeHash(left, h)
		level, i = level+1, i>>1
		l.nodes = append(l.nodes, Node{level, i, append([]byte{}, h[:]...)})
	}
}

func (l *log) verify(t *testing.T) *Verifier {
	t.Helper()
	n := 0
	v := &Verifier{Node: func() (Node, bool, error) {
		if n == len(l.nodes) {
			return Node{}, false, nil
		}
		n++
		return l.nodes[n-1], true, nil
	}}
	for _, r := range l.rows {
		if err := v.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	return v
}

// TestRootsOfTheKnownTree are the eight leaves and their roots that implementations of RFC 6962 are compared by.
func TestRootsOfTheKnownTree(t *testing.T) {
	l := &log{}
	if got := l.verify(t).Root(); hex.EncodeToString(got[:]) != "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" {
		t.Errorf("root of no leaves: %x", got)
	}
	for i, test := range []struct{ leaf, root string }{
		{"", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
		{"00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
		{"10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
		{"2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
		{"3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
		{"40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
		{"5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
		{"606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"},
	} {
		payload, err := hex.DecodeString(test.leaf)
		if err != nil {
			t.Fatal(err)
		}
		l.append(payload, liaison.Event{}, nil)
		v := l.verify(t)
		if got := v.Root(); hex.EncodeToString(got[:]) != test.root || v.Size() != int64(i+1) {
			t.Errorf("root of %d leaves: %x, want %s", v.Size(), got, test.root)
		}
		for _, p := range v.Problems() {
			if strings.Contains(p.Message, "stored hash") {
				t.Errorf("%d leaves: %s", i+1, p)
			}
		}
	}
}

func TestVerifierFindsWhatWasDone(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*log)
		says   string
	}{
		"nothing":             {func(*log) {}, ""},
		"a byte of a payload": {func(l *log) { l.rows[3].Payload[40] ^= 1 }, "leaf 3"},
		"a leaf and its event": {func(l *log) {
			l.rows[4].Event.To = "closed"
			l.rows[4].Payload = Leaf(l.rows[4].Event, l.rows[4].Salts)
		}, "subtree at level 1, index 2"},
		"a leaf is gone":         {func(l *log) { l.rows = append(l.rows[:2], l.rows[3:]...) }, "leaf 2 is missing"},
		"the first leaf is gone": {func(l *log) { l.rows = l.rows[1:] }, "leaf 0 is missing"},
		"two leaves swapped":     {func(l *log) { a, b := &l.rows[1], &l.rows[6]; a.Payload, b.Payload = b.Payload, a.Payload }, "leaf 1"},
		"two whole rows swapped": {func(l *log) { l.rows[1], l.rows[6] = l.rows[6], l.rows[1]; l.rows[1].Index, l.rows[6].Index = 1, 6 }, "level 1, index 0"},
		"a node changed":         {func(l *log) { l.nodes[2].Hash[0] ^= 1 }, "level 2, index 0"},
		"a node gone":            {func(l *log) { l.nodes = append(l.nodes[:1], l.nodes[2:]...) }, "level 1, index 1"},
		"an event changed":       {func(l *log) { l.rows[5].Event.Actor = "somebody" }, "the event says somebody"},
	} {
		t.Run(name, func(t *testing.T) {
			l := &log{}
			for i := range 11 {
				e := event(t)
				e.ID, e.Version = liaison.EventID(fmt.Sprint("e", i)), i+1
				payload, salts := NewLeaf(e)
				l.append(payload, e, salts)
			}
			test.change(l)
			var found []string
			for _, p := range l.verify(t).Problems() {
				found = append(found, p.String())
			}
			if test.says == "" && len(found) > 0 || !strings.Contains(strings.Join(found, "\n"), test.says) {
				t.Errorf("found %q, want %q", found, test.says)
			}
		})
	}
}
