package web

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCompareTexts(t *testing.T) {
	words := strings.Repeat("word after word ", 3000)
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
		{"no spaces, as in Chinese", "机器学习", "机器翻译", []part{{"", "机器"}, {"del", "学习"}, {"ins", "翻译"}}},
		{"marks stay with their letter", "cafe\u0301 au lait", "cafe au lait", []part{{"del", "cafe\u0301"}, {"ins", "cafe"}, {"", " au lait"}}},
		{"from right to left", "يرجى مراجعة خارطة الطريق", "يرجى استعراض خارطة الطريق", []part{{"", "يرجى "}, {"del", "مراجعة"}, {"ins", "استعراض"}, {"", " خارطة الطريق"}}},
		{"two changes far apart in one long line", "a " + words + "b " + words + "c", "x " + words + "b " + words + "y", []part{
			{"del", "a"}, {"ins", "x"}, {"", " " + words + "b " + words}, {"del", "c"}, {"ins", "y"},
		}},
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

// TestEditsAreAsFewAsThereCanBe holds the comparison against the plain table of longest common subsequences, and against itself: the
// parts make both texts.
func TestEditsAreAsFewAsThereCanBe(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	list := func() []string {
		out := make([]string, random.IntN(30))
		for i := range out {
			out[i] = string(rune('a' + random.IntN(4)))
		}
		return out
	}
	for range 3000 {
		a, b := list(), list()
		var before, after []string
		changes := 0
		for _, p := range edits(a, b) {
			if p.Kind != "ins" {
				before = append(before, p.Text)
			}
			if p.Kind != "del" {
				after = append(after, p.Text)
			}
			if p.Kind != "" {
				changes++
			}
		}
		if !slices.Equal(a, before) || !slices.Equal(b, after) {
			t.Fatalf("of %q and %q the parts make %q and %q", a, b, before, after)
		}
		table := make([][]int, len(a)+1)
		for i := range table {
			table[i] = make([]int, len(b)+1)
		}
		for i := range a {
			for j := range b {
				if a[i] == b[j] {
					table[i+1][j+1] = table[i][j] + 1
				} else {
					table[i+1][j+1] = max(table[i][j+1], table[i+1][j])
				}
			}
		}
		if want := len(a) + len(b) - 2*table[len(a)][len(b)]; changes != want {
			t.Fatalf("%q to %q takes %d changes, %d are enough", a, b, changes, want)
		}
	}
}

// TestTextsWithNothingInCommonAreShownWhole: the bound is on what two texts differ in, not on their length.
func TestTextsWithNothingInCommonAreShownWhole(t *testing.T) {
	a, b := make([]string, changesAtMost), make([]string, changesAtMost)
	for i := range a {
		a[i], b[i] = fmt.Sprintf("a%d", i), fmt.Sprintf("b%d", i)
	}
	if got := edits(a, b); len(got) != 2*changesAtMost || got[0].Kind != "del" || got[changesAtMost].Kind != "ins" {
		t.Errorf("%d parts, the first is %+v", len(got), got[0])
	}
}
