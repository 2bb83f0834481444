package web

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCompareTexts(t *testing.T) {
	paragraphs := strings.Repeat("The same.\n", 9)
	for _, tc := range []struct {
		name, before, after string
		want                []part
	}{
		{"nothing", "", "", nil},
		{"all new", "", "a b", []part{{"ins", "a b"}}},
		{"all gone", "a b", "", []part{{"del", "a b"}}},
		{"one word of a line", "for information only", "for action only", []part{{"", "for "}, {"del", "information"}, {"ins", "action"}, {"", " only"}}},
		{"hardly anything in common", "the first title", "a wholly different sentence", []part{{"del", "the first title"}, {"ins", "a wholly different sentence"}}},
		{"one line of many", paragraphs + "old end\n" + paragraphs, paragraphs + "new end\n" + paragraphs, []part{
			{"gap", "7 lines unchanged"}, {"", "The same.\nThe same.\n"}, {"del", "old"}, {"ins", "new"}, {"", " end\nThe same.\nThe same.\n"}, {"gap", "8 lines unchanged"},
		}},
		{"line added", "one\ntwo\n", "one\nand a half\ntwo\n", []part{{"", "one\n"}, {"ins", "and a half\n"}, {"", "two\n"}}},
		{"no spaces, as in Chinese", "机器学习", "机器翻译", []part{{"del", "机器学习"}, {"ins", "机器翻译"}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := compareTexts(tc.before, tc.after)
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Error(d)
			}
			if tc.name == "one line of many" {
				return // lines are left out
			}
			before, after := "", ""
			for _, p := range got {
				if p.Kind != "ins" {
					before += p.Text
				}
				if p.Kind != "del" {
					after += p.Text
				}
			}
			if before != tc.before || after != tc.after {
				t.Errorf("the parts make %q and %q", before, after)
			}
		})
	}
}
