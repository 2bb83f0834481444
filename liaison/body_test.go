package liaison_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jca-ml/liaison/liaison"
)

func TestParseCode(t *testing.T) {
	for in, want := range map[string]liaison.Code{
		"itu-t/sg13":             "itu-t/sg13",
		"  ITU-T/SG13\n":         "itu-t/sg13",
		"itu-t/jca\u2011ml":      "itu-t/jca-ml", // the hyphen that TSB Circular 72 writes it with
		"ITU\u2010T/JCA\u2013ML": "itu-t/jca-ml",
		"itu\u2012t/sg13":        "itu-t/sg13",
		"itu-t/jca\u00ad-ml":     "itu-t/jca-ml", // a soft hyphen shows nowhere
		"iec/smb/sg11":           "iec/smb/sg11",
		"iso-iec/jtc1/sc42":      "iso-iec/jtc1/sc42",
		"w3c":                    "w3c",
		strings.Repeat("a", 64):  liaison.Code(strings.Repeat("a", 64)),

		"":                      "",
		"IEC SMB SG 11":         "", // a name, not a code
		"itu-t/":                "",
		"/sg13":                 "",
		"itu-t//sg13":           "",
		"-itu/sg13":             "",
		"itu-/sg13":             "",
		"itu--t":                "",
		"itu_t":                 "",
		"itu-t/sg13\r\nx":       "",
		"itu-t/sg13\x00":        "",
		"itu\u2014t":            "", // a dash is no hyphen
		"іtu-t":                 "", // a Cyrillic letter
		"../sg13":               "",
		strings.Repeat("a", 65): "",
	} {
		got, err := liaison.ParseCode(in)
		if want == "" && liaison.CodeOf(err) != liaison.Invalid || want != "" && err != nil || got != want {
			t.Errorf("%q gave %q, %v; want %q", in, got, err, want)
		}
	}
	itu, _ := liaison.ParseCode("ITU-T/SG11")
	iec, _ := liaison.ParseCode("IEC/SMB/SG11")
	if itu == iec {
		t.Error("Study Group 11 of ITU-T and Strategic Group 11 of the IEC have one code")
	}
}

func FuzzParseCode(f *testing.F) {
	for _, s := range []string{"itu-t/sg13", "JCA\u2011ML", "IEC SMB SG 11", "a//b", "\u00ad", "İ/ı", strings.Repeat("a-", 40)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := liaison.ParseCode(s)
		if err != nil {
			return
		}
		if c == "" || len(c) > liaison.MaxCode || strings.ContainsFunc(string(c), func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '/'
		}) {
			t.Errorf("%q was taken as %q", s, c)
		}
		if again, err := liaison.ParseCode(string(c)); err != nil || again != c {
			t.Errorf("%q was taken as %q, and that as %q, %v", s, c, again, err)
		}
	})
}

func TestResolveFollowsSuccession(t *testing.T) {
	bodies := map[liaison.Code]liaison.Body{
		"itu-t/sg13": {Code: "itu-t/sg13", ShortName: "SG13"},
		"itu-t/sg16": {Code: "itu-t/sg16", ShortName: "SG16", Until: "2024-12-31", Successor: "itu-t/sg21"},
		"itu-t/sg21": {Code: "itu-t/sg21", ShortName: "SG21", From: "2025-01-01"},
		"itu-t/sg8":  {Code: "itu-t/sg8", Name: "Study Group 8", Until: "2000-12-31", Successor: "itu-t/sg16"},
		"gone":       {Code: "gone", Name: "Gone", Until: "2020-01-01"},
		"lost":       {Code: "lost", Name: "Lost", Until: "2020-01-01", Successor: "nobody"},
		"a":          {Code: "a", Name: "A", Until: "2020-01-01", Successor: "b"},
		"b":          {Code: "b", Name: "B", Until: "2020-01-01", Successor: "a"},
	}
	find := func(c liaison.Code) (liaison.Body, bool) { b, ok := bodies[c]; return b, ok }
	for name, test := range map[string]struct {
		code   liaison.Code
		day    liaison.Date
		want   liaison.Code
		notice string
		err    liaison.ErrorCode
	}{
		"in force":                      {"itu-t/sg13", "2026-11-23", "itu-t/sg13", "", ""},
		"on its last day":               {"itu-t/sg16", "2024-12-31", "itu-t/sg16", "", ""},
		"on the first day of the next":  {"itu-t/sg16", "2025-01-01", "itu-t/sg21", "SG16 ended on 31 December 2024; its work is with SG21, which is addressed instead.", ""},
		"through two":                   {"itu-t/sg8", "2026-11-23", "itu-t/sg21", "Study Group 8 ended on 31 December 2000", ""},
		"without a successor":           {"gone", "2026-11-23", "", "", liaison.Invalid},
		"with a successor nobody knows": {"lost", "2026-11-23", "", "", liaison.Invalid},
		"in a circle":                   {"a", "2026-11-23", "", "", liaison.Invalid},
		"nobody":                        {"itu-t/sg99", "2026-11-23", "", "", liaison.NotFound},
	} {
		b, notice, err := liaison.Resolve(test.code, test.day, find)
		if test.err != "" {
			if liaison.CodeOf(err) != test.err || !strings.HasSuffix(err.Error(), ".") {
				t.Errorf("%s: %v, want %s", name, err, test.err)
			}
			continue
		}
		if err != nil || b.Code != test.want || !strings.HasPrefix(notice, test.notice) || (test.notice == "") != (notice == "") {
			t.Errorf("%s: %s, %q, %v; want %s, %q", name, b.Code, notice, err, test.want, test.notice)
		}
	}
}

func TestDates(t *testing.T) {
	for in, ok := range map[string]bool{
		"": true, "2026-11-23": true, "2024-02-29": true, "1865-05-17": true, "9999-12-31": true,
		"2023-02-29": false, "2026-13-01": false, "2026-11-31": false, "2026-1-1": false, "26-11-23": false, "23.11.2026": false,
		"2026-11-23T00:00:00Z": false, " 2026-11-23": false, "1864-12-31": false, "10000-01-01": false, "२०२६-११-२३": false, "-026-11-23": false,
	} {
		d, err := liaison.ParseDate(in)
		if (err == nil) != ok || ok && string(d) != in {
			t.Errorf("%q gave %q, %v", in, d, err)
		}
	}
	if s := liaison.Date("2026-11-03").String(); s != "3 November 2026" {
		t.Errorf("a reader sees %q", s)
	}
	geneva, err := profile().Zone()
	if err != nil {
		t.Fatal(err)
	}
	// 23:30 in Geneva in winter and in summer, and the night of the change
	for at, want := range map[string]liaison.Date{
		"2026-11-23T22:30:00Z": "2026-11-23", "2026-11-23T23:00:00Z": "2026-11-24", "2026-07-01T21:59:59Z": "2026-07-01", "2026-07-01T22:00:00Z": "2026-07-02",
		"2026-10-25T00:30:00Z": "2026-10-25", "2026-10-25T22:59:00Z": "2026-10-25", "2026-10-25T23:00:00Z": "2026-10-26",
	} {
		moment, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := liaison.DateOf(moment, geneva); got != want {
			t.Errorf("%s is the %s in Geneva, want %s", at, got, want)
		}
	}
}

func TestStudyPeriodsAreContiguous(t *testing.T) {
	for i, p := range liaison.StudyPeriods {
		from, err := time.Parse(time.DateOnly, string(p.From))
		if err != nil {
			t.Fatal(err)
		}
		until, err := time.Parse(time.DateOnly, string(p.Until))
		if err != nil || !until.After(from) {
			t.Fatalf("%s ends on %s, %v", p.Name, p.Until, err)
		}
		if p.Name != p.From.String()[len(p.From.String())-4:]+"-"+p.Until.String()[len(p.Until.String())-4:] {
			t.Errorf("the period from %s until %s is called %s", p.From, p.Until, p.Name)
		}
		if i > 0 && string(liaison.StudyPeriods[i-1].Until) != from.AddDate(0, 0, -1).Format(time.DateOnly) {
			t.Errorf("%s does not begin on the day after %s ends", p.Name, liaison.StudyPeriods[i-1].Name)
		}
		for _, day := range []liaison.Date{p.From, p.Until} {
			if got, err := liaison.PeriodOn(day); err != nil || got != p {
				t.Errorf("%s falls in %s, %v; want %s", day, got.Name, err, p.Name)
			}
		}
	}
	for _, day := range []liaison.Date{"2016-12-31", "2033-01-01", ""} {
		if _, err := liaison.PeriodOn(day); liaison.CodeOf(err) != liaison.Invalid {
			t.Errorf("%q falls in a period, or the refusal is no refusal: %v", day, err)
		}
	}
	if _, err := liaison.PeriodOn(liaison.DateOf(time.Now().AddDate(1, 0, 0), time.UTC)); err != nil {
		t.Errorf("in a year no number can be given any more: %v", err)
	}
}
