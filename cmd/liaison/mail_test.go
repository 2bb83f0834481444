package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func TestMailInspect(t *testing.T) {
	message := "Delivered-To: r+abc@in.example\r\nFrom: a@b.example\r\nIn-Reply-To: <x@y.example>\r\n\r\nText\r\n"
	var out bytes.Buffer
	if err := (mailInspectCmd{File: "-"}).inspect(strings.NewReader(message), &out); err != nil {
		t.Fatal(err)
	}
	want := `{"kind":"reply","recipients":[],"token":"abc","in_reply_to":"x@y.example","matched_by":"token"}` + "\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	out.Reset()
	if err := (mailInspectCmd{Recipient: "b+envelope@in.example"}).inspect(strings.NewReader(message), &out); err != nil || !strings.Contains(out.String(), `"token":"envelope"`) {
		t.Errorf("with the envelope's recipient: %s, %v", out.String(), err)
	}
	// Exactly the members of the description, and a list that is never null.
	var members map[string]any
	if err := json.Unmarshal(out.Bytes(), &members); err != nil {
		t.Fatal(err)
	}
	var names []string
	for name := range members {
		names = append(names, name)
	}
	slices.Sort(names)
	if diff := cmp.Diff([]string{"in_reply_to", "kind", "matched_by", "recipients", "token"}, names); diff != "" {
		t.Error(diff)
	}
}

func TestMailInspectRefuses(t *testing.T) {
	broken := errors.New("the disk is broken")
	for name, in := range map[string]io.Reader{"nothing": strings.NewReader(""), "what cannot be read": iotest.ErrReader(broken), "too much": endless{}} {
		var out bytes.Buffer
		if err := (mailInspectCmd{File: "x"}).inspect(in, &out); err == nil || out.Len() > 0 {
			t.Errorf("%s: %v, printed %q", name, err, out.String())
		}
	}
	if err := (mailInspectCmd{File: t.TempDir() + "/no such file"}).Run(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }
