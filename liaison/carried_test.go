package liaison

import (
	"fmt"
	"testing"
)

func TestCarried(t *testing.T) {
	file := func(n int64) Attachment { return Attachment{Name: fmt.Sprint(n), Size: n} }
	for _, tt := range []struct {
		name             string
		budget           int64
		files            []Attachment
		attached, linked string
	}{
		{"none", 10, nil, "", ""},
		{"all fit to the byte", 10, []Attachment{file(4), file(6)}, "4 6 ", ""},
		{"one byte over", 9, []Attachment{file(4), file(6)}, "4 ", "6 "},
		{"what fits behind a large one is carried", 10, []Attachment{file(11), file(6), file(5), file(4)}, "6 4 ", "11 5 "},
		{"links only", 0, []Attachment{file(0), file(6)}, "", "0 6 "},
		{"as it is by default", DefaultBudget, []Attachment{file(7 << 20), file(1)}, "7340032 ", "1 "},
	} {
		attached, linked := Carried(tt.files, tt.budget)
		names := func(fs []Attachment) (out string) {
			for _, f := range fs {
				out += f.Name + " "
			}
			return out
		}
		if names(attached) != tt.attached || names(linked) != tt.linked {
			t.Errorf("%s: attached %q, linked %q", tt.name, names(attached), names(linked))
		}
	}
}
