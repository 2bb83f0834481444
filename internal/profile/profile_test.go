package profile_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jca-ml/liaison/internal/profile"
	"github.com/jca-ml/liaison/liaison"
)

var update = flag.Bool("update", false, "write the golden file anew")

// TestPublishedVersionsStay fixes the digest of every version that comes with the program: a change of one is a new version.
func TestPublishedVersionsStay(t *testing.T) {
	var got strings.Builder
	for _, p := range profile.Embedded().All() {
		fmt.Fprintf(&got, "%s %d %s %s\n", p.Key, p.Version, p.From, p.Digest)
	}
	file := filepath.Join("testdata", "published.txt")
	if *update {
		if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("a version that was published changed; write a new version (-want +got):\n%s", diff)
	}
}

func TestEmbeddedProfiles(t *testing.T) {
	all := profile.Embedded().All()
	var keys []string
	for i, p := range all {
		if i+1 < len(all) && all[i+1].Key == p.Key {
			continue // a later version says more
		}
		keys = append(keys, p.Key)
		if a, b := p.Number(liaison.LiaisonStatement, 1), p.Number(liaison.LiaisonStatement, 22); a == b || !strings.HasSuffix(b, "22") || strings.Contains(b, "%!") {
			t.Errorf("%s numbers statements %q and %q", p.Key, a, b)
		}
		if _, err := p.Zone(); err != nil {
			t.Error(err)
		}
		for _, x := range liaison.Envelope { // nothing is forgotten: every row of the form has its rule
			found := slices.ContainsFunc(p.Fields, func(r liaison.FieldRule) bool { return r.Field == x.Field })
			if !found && (x.Field != "outside_scope" || p.NoStudy) {
				t.Errorf("%s says nothing of %s", p.Key, x.Field)
			}
		}
	}
	if diff := cmp.Diff([]string{"3gpp", "ietf-rfc4053", "jca-a1-clause-5", "jca-a18"}, keys); diff != "" {
		t.Errorf("profiles (-want +got):\n%s", diff)
	}
	jca, err := profile.Embedded().On("jca-a1-clause-5", "2026-11-26")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range jca.Notes {
		if n.Path == "approval.notice_days" && n.Confidence == liaison.Low && n.Note != "" {
			return
		}
	}
	t.Errorf("the notice of a meeting is not marked as a guess: %+v", jca.Notes)
}

// TestWhomToTellOfALateReport: every profile says it, from its fourth version on; the number 3 is left to those of tests and of installations, and that nobody knows it from a source.
func TestWhomToTellOfALateReport(t *testing.T) {
	for _, key := range []string{"3gpp", "ietf-rfc4053", "jca-a1-clause-5", "jca-a18"} {
		p, ok := profile.Embedded().Version(key, 4)
		guess := slices.ContainsFunc(p.Notes, func(n liaison.ProfileNote) bool { return n.Path == "reports.overdue" && n.Confidence == liaison.Low })
		if !ok || len(p.Reports.Overdue) != 3 || !guess {
			t.Errorf("%s tells %+v, marked as a guess: %t", key, p.Reports.Overdue, guess)
		}
		if before, ok := profile.Embedded().Version(key, 2); !ok || len(before.Reports.Overdue) != 0 {
			t.Errorf("a published version of %s changed", key)
		}
	}
}

const least = `profile: mine
version: 1
name: Mine
from: 2024-01-01
source: rules
sources: {rules: House rules}
purposes: [action, information]
deadline_for: [action]
drafter_may_decide: true
number_form: "{group}-LS%d"
time_zone: UTC
approval_level: Chair
fields:
  - {field: title, need: mandatory, source: rules}
  - {field: addressees, need: mandatory, source: rules}
approval: {modes: [officer], deputy_may: true, window_days: 7, notice_days: 28, agreed: false, proxy_entry: false, recusal: false, consulted: false, meeting_item: 0}
substantive: [addressees]
replies: {awaited_for: [action], remind_days: [7, 0], overdue: 3}
escalate: [{after_days: 7, to: chair}]
reports: {number_form: "R%d", posted_days: 7, after_days: 14, remind_days: [7], may_provisional: false}
`

func TestParse(t *testing.T) {
	p, problems := profile.Parse("mine.yaml", []byte(least))
	if len(problems) > 0 {
		t.Fatalf("the least profile is refused: %v", problems)
	}
	if p.Key != "mine" || p.Version != 1 || p.From != "2024-01-01" || p.Replies.Overdue != 3 || p.Escalate[0].To != liaison.OfficeChair || p.Source != "House rules" {
		t.Errorf("read as %+v", p)
	}

	// Every fault with its line and the rule that it breaks.
	for name, x := range map[string]struct{ old, new, want string }{
		"an unknown key":                        {"name: Mine", "name: Mine\nnmae: Mine", "mine.yaml:4: known keys: \"nmae\""},
		"an unknown purpose":                    {"[action, information]", "[action, consent]", "mine.yaml:7: known purposes: purposes[1] is \"consent\""},
		"a purpose twice":                       {"[action, information]", "[action, action]", "mine.yaml:7: nothing twice"},
		"a purpose not offered":                 {"deadline_for: [action]", "deadline_for: [comment]", "mine.yaml:8: known purposes: deadline_for: \"comment\" is not among"},
		"an unknown mode":                       {"modes: [officer]", "modes: [acclamation]", "mine.yaml:16: known modes"},
		"no mode":                               {"modes: [officer]", "modes: []", "mine.yaml:16: known modes: a group decides in at least one way"},
		"a bad zone":                            {"time_zone: UTC", "time_zone: Mars/Olympus", "mine.yaml:11: time zones"},
		"a number form without one":             {"{group}-LS%d", "{group}-LS", "mine.yaml:10: form of numbers"},
		"a number form with two":                {"{group}-LS%d", "{group}-%d-%d", "mine.yaml:10: form of numbers"},
		"a number form of a text":               {"{group}-LS%d", "{group}-LS%s", "mine.yaml:10: form of numbers"},
		"an unknown placeholder":                {"{group}-LS%d", "{gruop}-LS%d", "mine.yaml:10: form of numbers"},
		"days that are words":                   {"window_days: 7", "window_days: seven", "mine.yaml:16: days and numbers"},
		"negative days":                         {"window_days: 7", "window_days: -7", "mine.yaml:16: days and numbers"},
		"days that go up":                       {"[7, 0]", "[0, 7]", "mine.yaml:18: days and numbers"},
		"a day that does not exist":             {"from: 2024-01-01", "from: 2024-02-30", "mine.yaml:4: days and numbers"},
		"an unknown field":                      {"field: title,", "field: titel,", "mine.yaml:14: known fields"},
		"an unknown need":                       {"field: title, need: mandatory", "field: title, need: nice", "mine.yaml:14: known needs"},
		"a condition too many":                  {"field: title, need: mandatory", "field: title, when: reply, need: mandatory", "mine.yaml:14: conditions"},
		"a condition missing":                   {"field: title, need: mandatory", "field: title, need: conditional", "mine.yaml:14: conditions"},
		"no mandatory title":                    {"field: title, need: mandatory", "field: title, need: optional", "mine.yaml:13: known fields: \"title\" is mandatory"},
		"an unknown source":                     {"need: mandatory, source: rules", "need: mandatory, source: hearsay", "mine.yaml:14: known sources"},
		"neither source nor guess":              {"need: mandatory, source: rules", "need: mandatory", "mine.yaml:14: source or confidence"},
		"a value without either":                {"drafter_may_decide: true", "drafter_may_decide: {value: true}", "mine.yaml:9: source or confidence"},
		"an unknown confidence":                 {"drafter_may_decide: true", "drafter_may_decide: {value: true, confidence: total}", "mine.yaml:9: known confidences"},
		"maybe":                                 {"drafter_may_decide: true", "drafter_may_decide: maybe", "mine.yaml:9: yes or no"},
		"an unknown office":                     {"to: chair", "to: king", "mine.yaml:19: known offices"},
		"an office that none tells":             {"to: chair", "to: editor", "mine.yaml:19: known offices: escalate[0].to is \"editor\"; there are chair, vice-chair, secretary"},
		"an auditor, who is no one":             {"to: chair", "to: auditor", "mine.yaml:19: known offices"},
		"an office that is not told of reports": {"remind_days: [7], may", "remind_days: [7], overdue: [{after_days: 1, to: editor}], may", "mine.yaml:20: known offices: reports.overdue[0].to is \"editor\""},
		"late reports told of at once":          {"remind_days: [7], may", "remind_days: [7], overdue: [{after_days: 3, to: chair}, {after_days: 3, to: secretary}], may", "mine.yaml:20: days and numbers"},
		"a key missing":                         {"time_zone: UTC\n", "", "mine.yaml:1: required keys: the file has no \"time_zone\""},
		"a key twice":                           {"name: Mine", "name: Mine\nname: Yours", "mine.yaml:4: no key twice"},
		"an anchor":                             {"name: Mine", "name: &x Mine", "mine.yaml:3: plain values"},
		"no YAML":                               {"name: Mine", "name: \"Mine", "YAML"},
		"a list for a text":                     {"name: Mine", "name: [Mine]", "mine.yaml:3: form of the value"},
		"a text for a list":                     {"[action, information]", "action", "mine.yaml:7: form of the value"},
		"a key of another form":                 {"profile: mine", "profile: My Rules", "mine.yaml:1: form of the key"},
		"words without the mandate":             {"name: Mine", "name: Mine\nout_of_mandate: [specification]", "mine.yaml:4: conditions"},
		"a code that is a name":                 {"name: Mine", "name: Mine\ncopies: [IETF Secretariat]", "mine.yaml:4: codes of bodies"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(least, x.old, x.new, 1)
			if text == least {
				t.Fatal("nothing was changed")
			}
			_, problems := profile.Parse("mine.yaml", []byte(text))
			if !slices.ContainsFunc(problems, func(p profile.Problem) bool { return strings.Contains(p.Error(), x.want) }) {
				t.Errorf("found %v, want %q", problems, x.want)
			}
		})
	}
}

func TestADigestIsOfWhatTheFileSays(t *testing.T) {
	digest := func(text string) liaison.Digest {
		t.Helper()
		p, problems := profile.Parse("mine.yaml", []byte(text))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		return p.Digest
	}
	first := digest(least)
	for name, same := range map[string]string{
		"a comment":           "# kept by the secretariat\n" + least,
		"a note and a source": strings.Replace(least, "drafter_may_decide: true", "drafter_may_decide: {value: true, confidence: low, note: nobody knows}", 1),
		"the order of keys":   strings.Replace(strings.Replace(least, "time_zone: UTC\n", "", 1), "name: Mine\n", "time_zone: UTC\nname: Mine\n", 1),
	} {
		if digest(same) != first {
			t.Errorf("%s changes the digest", name)
		}
	}
	for name, other := range map[string]string{
		"a value":        strings.Replace(least, "overdue: 3", "overdue: 4", 1),
		"a rule dropped": strings.Replace(least, "substantive: [addressees]", "substantive: []", 1),
		"the first day":  strings.Replace(least, "2024-01-01", "2024-01-02", 1),
	} {
		if digest(other) == first {
			t.Errorf("%s does not change the digest", name)
		}
	}
}

func TestVersionsByDay(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("one.yaml", least)
	second := strings.NewReplacer("version: 1", "version: 2", "from: 2024-01-01", "from: 2025-06-01", "overdue: 3", "overdue: 30").Replace(least)
	write("two.yaml", second)
	s, err := profile.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	for day, want := range map[liaison.Date]int{"2024-01-01": 1, "2025-05-31": 1, "2025-06-01": 2, "2030-01-01": 2} {
		if p, err := s.On("mine", day); err != nil || p.Version != want {
			t.Errorf("on %s judges version %d, %v; want %d", day, p.Version, err, want)
		}
	}
	if _, err := s.On("mine", "2023-12-31"); liaison.CodeOf(err) != liaison.Invalid || !strings.Contains(err.Error(), "1 January 2024") {
		t.Errorf("before the first version: %v", err)
	}
	if _, err := s.On("theirs", "2026-01-01"); liaison.CodeOf(err) != liaison.Invalid {
		t.Errorf("a profile that nobody wrote: %v", err)
	}
	if p, ok := s.Version("mine", 1); !ok || p.Replies.Overdue != 3 {
		t.Errorf("the old version is read as %+v, %t", p, ok)
	}

	write("two.yaml", strings.Replace(second, "2025-06-01", "2023-06-01", 1))
	if _, err := profile.Load(dir); err == nil || !strings.Contains(err.Error(), "versions follow one another") {
		t.Errorf("a later version that begins earlier: %v", err)
	}
	write("two.yaml", least)
	if _, err := profile.Load(dir); err == nil || !strings.Contains(err.Error(), "one file for each version") {
		t.Errorf("a version in two files: %v", err)
	}
	if _, err := profile.Load(filepath.Join(dir, "missing")); err == nil {
		t.Error("a directory that is not there holds profiles")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(least))
	f.Add([]byte("profile: {value: {value: x}}"))
	f.Add([]byte("- a\n- b"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, problems := profile.Parse("f", b)
		if len(problems) == 0 && (p.Key == "" || len(p.Purposes) == 0 || p.Digest == "") {
			t.Errorf("accepted with gaps: %+v", p)
		}
	})
}
